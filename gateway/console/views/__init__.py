"""The views, one file per noun: each a function of a transaction and a visit.

What several have in common: `listing` (pages of a list), `typed` (what people type), `looking` (a group's money:
whose it is, the look before the click), `goods` (hubs), `search` (members and groups), `imports` (files), `reporting`
(reports), `book_words` and `money_words`.
"""
