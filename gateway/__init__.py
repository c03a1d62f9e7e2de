"""The outside world: wires, web, console, SMS, jobs, the command. The only layer that commits.

settings log runtime backend what the environment says; what a process holds open; the mode
transaction telling notices outbox
                             facts become messages in the commit they belong to
dialogues callbacks          USSD: a hop is answered exactly once
past_calls recent_calls      what is left of calls, and those that run: screens by name, seconds, how they ended
sms optouts standing dlt     sending, outside every transaction; who wants none; how providers stand; India's register
jobs rounds tasks counting   workers and the clock; how far it came; long work for a person; what reports read
console                      the office's pages
imports                      sheets that people send, as rows of plain text
catalogue_check catalogue_changes catalogue_import
                             a price list: its rows read, what they would change, the command
cutoff_check cutoff_posting cutoff_import
                             an old group's books: their rows read, what is posted of them, the command
joining members_roll members_check
                             new members: one of them; what a sheet of them is held against, its rows read
books_checks operations metrics
                             how the installation does: the console's page, /health, /metrics
providers                    wires, one file each
simulator handset stub       handsets in a browser and in a terminal; a provider for tests
office picking               what a hub's people do from the shell, and print
messages_desk check_books export loan_schedule
                             other commands, each a file
chance                       the system's source of codes and ids
demo                         the programme everybody can try
schema migrations            all tables
app server cli               the web application, its server, the `somiti` command
"""
