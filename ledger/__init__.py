"""The books: money, double entry, holds, members, loans, stock. No web, no wire, no words.

Every verb takes `db`, the connection inside a transaction, first, and never commits. What happened leaves as
facts (`facts`), what was refused as a `LedgerError` with a code. Rows leave as small frozen dataclasses.

    money errors tables facts     the ground: values, refusals, columns, what happened
    chart books journal accounts  the chart of accounts; the shape of the books; the only writer of money; readers
    programmes groups members pins receipts
                                  who: programme and hub, group, member and handset, PIN, receipt codes
    catalogue stock savings schedules loans
                                  single nouns
    orders sales                  composites: they touch several nouns at once
    rules audit                   what must always be true, checked from the rows alone
"""
