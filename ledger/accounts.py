"""Readers of accounts: a balance, what is left of a credit limit, the newest lines, what moved in some days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger.books import Book
from ledger.books import account_table
from ledger.books import book_table
from ledger.books import entry_table
from ledger.books import hold_end_table
from ledger.books import hold_table
from ledger.books import line_table
from ledger.chart import CHART
from ledger.chart import natural
from ledger.money import Money

_BALANCE = select(account_table.c.balance).where(
    account_table.c.book == bindparam("book"),
    account_table.c.code == bindparam("code"),
    account_table.c.party == bindparam("party"),
)


_BY_HEAD = (
    select(account_table.c.code, func.sum(account_table.c.balance).label("balance"))
    .where(account_table.c.book == bindparam("book"))
    .group_by(account_table.c.code)
)


def balance(db: Connection, book: Book, code: int, party: int = 0) -> Money:
    """What an account holds, seen from its normal side; an account never used holds nothing."""
    stored = db.execute(_BALANCE, {"book": book.id, "code": code, "party": party}).scalar()
    return Money(natural(code, stored or 0), book.currency)


def heads(db: Connection, book: Book) -> dict[int, Money]:
    """What each account head of a book holds, all its parties together, from its normal side."""
    rows = db.execute(_BY_HEAD, {"book": book.id})
    return {row.code: Money(natural(row.code, int(row.balance)), book.currency) for row in rows}


def up_to(db: Connection, book: Book, code: int, amount: int, party: int = 0) -> int:
    """As much of `amount` (minor units) as an account holds."""
    return min(amount, max(balance(db, book, code, party).minor, 0))


_LEFT = (
    select(
        account_table.c.balance,
        account_table.c.pending,
        account_table.c.ceiling,
        book_table.c.ceiling.label("default"),
    )
    .select_from(
        book_table.outerjoin(
            account_table,
            (account_table.c.book == book_table.c.id)
            & (account_table.c.code == bindparam("code"))
            & (account_table.c.party == bindparam("party")),
        )
    )
    .where(book_table.c.id == bindparam("book"))
)


def credit_left(db: Connection, book: Book, code: int, party: int) -> Money:
    """How much a limited account may still rise: its limit less what is posted and what is held; never below zero."""
    row = db.execute(_LEFT, {"book": book.id, "code": code, "party": party}).one_or_none()
    if row is None:
        return Money(0, book.currency)
    ceiling = row.ceiling if row.ceiling is not None else row.default
    return Money(max((ceiling or 0) - (row.balance or 0) - (row.pending or 0), 0), book.currency)


_HELD = (
    select(hold_table.c.amount - func.coalesce(func.sum(hold_end_table.c.amount), 0))
    .outerjoin(
        hold_end_table, (hold_end_table.c.book == hold_table.c.book) & (hold_end_table.c.hold == hold_table.c.entry)
    )
    .where(hold_table.c.book == bindparam("book"), hold_table.c.entry == bindparam("entry"))
    .group_by(hold_table.c.amount)
)


def held(db: Connection, book: Book, entry: int) -> int:
    """What is still held of the hold that an entry took, in minor units; 0 when it took none."""
    return int(db.execute(_HELD, {"book": book.id, "entry": entry}).scalar() or 0)


@dataclass(frozen=True, slots=True)
class Posted:
    """One line as a statement shows it: programme day, kind of entry, change seen from the normal side."""

    on: date
    kind: str
    code: int
    change: Money


_LAST = (
    select(entry_table.c.event_on, entry_table.c.kind, line_table.c.code, line_table.c.side, line_table.c.amount)
    .join(entry_table, (entry_table.c.book == line_table.c.book) & (entry_table.c.number == line_table.c.entry))
    .where(
        line_table.c.book == bindparam("book"),
        line_table.c.code.in_(bindparam("codes", expanding=True)),
        line_table.c.party == bindparam("party"),
    )
    .order_by(line_table.c.entry.desc(), line_table.c.position.desc())
    .limit(bindparam("most"))
)


def last_lines(db: Connection, book: Book, codes: Sequence[int], party: int, most: int) -> list[Posted]:
    """The newest `most` lines of some accounts of one party, newest first."""
    rows = db.execute(_LAST, {"book": book.id, "codes": list(codes), "party": party, "most": most})
    return [
        Posted(
            row.event_on,
            row.kind,
            row.code,
            Money(row.amount if row.side == CHART[row.code].side else -row.amount, book.currency),
        )
        for row in rows
    ]


_TURNOVER = (
    select(line_table.c.code, line_table.c.side, func.sum(line_table.c.amount).label("amount"))
    .join(entry_table, (entry_table.c.book == line_table.c.book) & (entry_table.c.number == line_table.c.entry))
    .where(
        entry_table.c.book == bindparam("book"),
        entry_table.c.event_on.between(bindparam("first"), bindparam("last")),
    )
    .group_by(line_table.c.code, line_table.c.side)
)


def turnover(db: Connection, book: Book, first: date, last: date) -> dict[int, Money]:
    """What each account head of a book moved by in some programme days (both ends included), from its normal side."""
    moved: dict[int, Money] = {}
    for row in db.execute(_TURNOVER, {"book": book.id, "first": first, "last": last}):
        signed = int(row.amount) if row.side == CHART[row.code].side else -int(row.amount)
        moved[row.code] = moved.get(row.code, Money(0, book.currency)) + Money(signed, book.currency)
    return moved
