"""The books: money, double entry, holds, members, loans, stock. No web, no wire, no words.

Every verb takes `db`, the connection inside a transaction, first, and never commits. What happened leaves as
facts (`facts`), what was refused as a `LedgerError` with a code. Rows leave as small frozen dataclasses.

    money errors tables driver facts
                                  the ground: values, refusals, columns, plain statements, what happened
    chart books templates         the chart of accounts; the shape of the books; what each operation debits and credits
    journal writing chain totals accounts
                                  the only writer of money; its rows; the hash chain; what follows from them; readers
    programmes groups federation members membership pins receipts
                                  who: programme and hub, group and what is above it, member and handset, who came and
                                  went, PIN, receipt codes
    catalogue stock suppliers savings fines treasury schedules loans repayments
                                  single nouns
    approvals voices indebtedness applications decisions payouts
                                  what members ask for, who has spoken to it, what a loan's burden is, what follows
    collection meetings cutoff shareout sheets orders steps handovers deliveries agents commissions emi sales reversals
    corrections shops checking listings
                                  composites: they touch several nouns at once
    day_facts groups_due reminders
                                  what a day brings: as facts, of many groups, of instalments for goods
    statements passbooks lending contracts asking indicators export
                                  what the office reads: passbook, trial balance, arrears, figures with their meaning
    people                        who is where, by name, number or code: lists of members and groups
    months month_series month_figures breakdowns
                                  what reports read: sums and indicators by month, and what stands behind them
    registers entries             the books looked up: which there are, accounts, lines, an entry with all of it
    hubs activity                 what a hub reads: its orders, what to pick, who has been idle
    ground_rules schedule_rules event_rules trade_rules approval_rules rules
                                  what must always be true, as queries for what is not
    walk memos audit              what only the entries in their order say, and their memos; all of it together
"""
