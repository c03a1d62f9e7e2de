"""What may be put right: the newest entries about a member in her group's book that a reversal can undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import union

from ledger.books import Book
from ledger.books import allocation_table
from ledger.books import entry_table
from ledger.books import line_table
from ledger.chart import CHART
from ledger.chart import DEBIT
from ledger.errors import NotFound
from ledger.loans import PRINCIPAL
from ledger.loans import loan_table
from ledger.members import Member
from ledger.money import Money

KINDS = (
    "collection",
    "saving.deposit",
    "saving.withdraw",
    "loan.disburse",
    "loan.repay",
    "loan.close-early",
    "fine.charge",
    "fine.pay",
    "fine.waive",
    "overpayment.refund",
)
"""Entries about one member that a reversal undoes."""


@dataclass(frozen=True, slots=True)
class Written:
    """An entry about a member: its number in her group's book, kind, programme day and sum."""

    number: int
    kind: str
    on: date
    sum: Money


_MEMBERS = [code for code, head in CHART.items() if head.per == "member"]
_undo = entry_table.alias("undo")
_loans = select(loan_table.c.id).where(
    loan_table.c.book == bindparam("book"), loan_table.c.member == bindparam("member")
)
_about = union(
    select(line_table.c.entry).where(
        line_table.c.book == bindparam("book"),
        line_table.c.code.in_(_MEMBERS),
        line_table.c.party == bindparam("member"),
    ),
    select(line_table.c.entry).where(
        line_table.c.book == bindparam("book"), line_table.c.code == PRINCIPAL, line_table.c.party.in_(_loans)
    ),
    # Interest alone leaves no line on the account of its loan.
    select(allocation_table.c.entry).where(
        allocation_table.c.book == bindparam("book"),
        allocation_table.c.code == PRINCIPAL,
        allocation_table.c.party.in_(_loans),
    ),
).subquery()
_LAST = (
    select(entry_table.c.number, entry_table.c.kind, entry_table.c.event_on, func.sum(line_table.c.amount).label("sum"))
    .join(line_table, (line_table.c.book == entry_table.c.book) & (line_table.c.entry == entry_table.c.number))
    .where(
        entry_table.c.book == bindparam("book"),
        entry_table.c.number.in_(select(_about.c.entry)),
        entry_table.c.kind.in_(KINDS),
        line_table.c.side == DEBIT,
        ~select(_undo.c.number)
        .where(_undo.c.book == entry_table.c.book, _undo.c.reverses == entry_table.c.number)
        .exists(),
    )
    .group_by(entry_table.c.number, entry_table.c.kind, entry_table.c.event_on)
    .order_by(entry_table.c.number.desc())
    .limit(bindparam("most"))
)
_ONE = (
    select(entry_table.c.number, entry_table.c.kind, entry_table.c.event_on, func.sum(line_table.c.amount).label("sum"))
    .join(line_table, (line_table.c.book == entry_table.c.book) & (line_table.c.entry == entry_table.c.number))
    .where(
        entry_table.c.book == bindparam("book"),
        entry_table.c.number == bindparam("number"),
        line_table.c.side == DEBIT,
    )
    .group_by(entry_table.c.number, entry_table.c.kind, entry_table.c.event_on)
)


def last(db: Connection, member: Member, most: int) -> list[Written]:
    """The newest entries about a member that were not undone, newest first; what speaks against it is not asked."""
    book = member.group_book
    rows = db.execute(_LAST, {"book": book.id, "member": member.id, "most": most})
    return [_written(row, book) for row in rows]


def get(db: Connection, book: Book, number: int) -> Written:
    """Entry `number` of a book; NotFound for one that is not there, or that moved nothing."""
    row = db.execute(_ONE, {"book": book.id, "number": number}).one_or_none()
    if row is None:
        raise NotFound("unknown-entry", book=book.id, entry=number)
    return _written(row, book)


def _written(row: Any, book: Book) -> Written:
    return Written(row.number, row.kind, row.event_on, Money(int(row.sum), book.currency))
