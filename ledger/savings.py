"""Savings of a member in her group: compulsory, voluntary and shares."""

from __future__ import annotations

from sqlalchemy import Connection

from ledger import accounts
from ledger import facts
from ledger import receipts
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import credit
from ledger.books import debit
from ledger.journal import begin
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.money import total

KINDS = {"compulsory": 2010, "voluntary": 2020, "share": 2030}
"""What a member can save towards, with its account."""


def deposit(db: Connection, member: Member, amount: Money, origin: Origin, kind: str = "compulsory") -> Entry | None:
    """Take a deposit into the cash box of her group; None when this operation was done before."""
    book, code = member.group_book, KINDS[kind]
    if not begin(db, origin, "saving.deposit", member=member.id, amount=amount.minor, kind=kind):
        return None
    lines = (debit(1010, amount.minor), credit(code, amount.minor, member.id))
    (entry,) = post(db, origin, Draft(book, "saving.deposit", lines, memo={"member": member.id}))
    receipt = receipts.issue(db, origin, member.programme, entry, "saving.deposit", amount)
    facts.record(db, facts.SavingReceived(member.id, receipt, book.owner, amount, balance(db, member)))
    return entry


def balance(db: Connection, member: Member) -> Money:
    """All a member has saved in her group, shares included."""
    book = member.group_book
    return total((accounts.balance(db, book, code, member.id) for code in KINDS.values()), book.currency)


def last(db: Connection, member: Member, most: int) -> list[accounts.Posted]:
    """The newest movements of a member's savings, newest first."""
    return accounts.last_lines(db, member.group_book, list(KINDS.values()), member.id, most)
