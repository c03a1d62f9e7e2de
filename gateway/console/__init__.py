"""The console: the office's pages, rendered on the server, with nothing from elsewhere; they work without scripts.

tables                     operators, sign-ins, tries, one-time form keys, the trail, second persons
shape words                what a page, a visit and an answer are; their words
passwords totp tries       the first factor, the second, and how often they may be tried
operators signins trail    each its rows and verbs
reach                      whose books a role sees
seconds second             what one asks for and another one agrees to; the request itself
bulk limits pin_resets undoing
                           what is done then, one file per kind
forms                      the one field that is CSRF token and one-time key at once; what was typed
views                      one file per noun: pure functions from a transaction and a visit to what is shown
message_words sheet_words  how messages are called; what is said of a sheet that was sent
sheets charts menu_picture files to keep (CSV, XLSX); pictures of figures, and of the phones' menu
pages guard                THE table of pages, a file for each section, and who may open which; the guard reads it
browser web                the only files that know Flask: what a request says, cookies, headers; dispatch, errors
command                    `somiti operator`

A click: guard, then one transaction with the one-time key, the verb and its note in the trail, then 303.
"""
