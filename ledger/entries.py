"""Entries as an office looks at them: one with everything that hangs on it, those of a day, those of an operation."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger.books import Book
from ledger.books import allocation_table
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import hold_end_table
from ledger.books import hold_table
from ledger.books import line_table as line
from ledger.books import move_table
from ledger.catalogue import item_table
from ledger.chart import DEBIT
from ledger.chart import natural
from ledger.errors import NotFound
from ledger.money import Money
from ledger.receipts import Receipt
from ledger.receipts import receipt_table
from ledger.tables import Names
from ledger.tables import names


@dataclass(frozen=True, slots=True)
class Side:
    """A line: account, the sum on its side (the other is nil), and what then stood there from its normal side."""

    code: int
    party: int
    debit: Money
    credit: Money
    stood: Money


@dataclass(frozen=True, slots=True)
class Reserved:
    """A sum reserved on an account (`how` is empty), or the end of one: settled, voided or expired."""

    code: int
    party: int
    amount: Money
    how: str
    taken_by: int


@dataclass(frozen=True, slots=True)
class Goods:
    """Pieces of an item that came, or went (below zero), with their cost."""

    code: int
    names: Names
    pieces: int
    value: Money


@dataclass(frozen=True, slots=True)
class Cleared:
    """What happened to an instalment of a loan or a contract: charged, paid, waived or written off, by its parts."""

    code: int
    party: int
    number: int
    how: str
    principal: Money
    interest: Money
    fine: Money


@dataclass(frozen=True, slots=True)
class Whole:
    """An entry with all that hangs on it. `also` are the other entries of its operation: their books and numbers."""

    book: Book
    number: int
    on: date
    at: datetime
    kind: str
    operation: str
    actor: str
    channel: str
    memo: Mapping[str, Any]
    hash: str
    reverses: int | None
    reversed_by: int | None
    lines: tuple[Side, ...]
    reserved: tuple[Reserved, ...]
    goods: tuple[Goods, ...]
    cleared: tuple[Cleared, ...]
    receipts: tuple[Receipt, ...]
    also: tuple[tuple[Book, int], ...]

    @property
    def sum(self) -> Money:
        """What it moved: all its debits."""
        return Money(sum(each.debit.minor for each in self.lines), self.book.currency)


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry in a day book, with its lines; `reversed_by` is the entry that undid it."""

    number: int
    on: date
    kind: str
    actor: str
    reverses: int | None
    reversed_by: int | None
    lines: tuple[Side, ...]


_undo = entry.alias("undo")
_UNDONE_BY = (
    select(_undo.c.number)
    .where(_undo.c.book == entry.c.book, _undo.c.reverses == entry.c.number)
    .correlate(entry)
    .scalar_subquery()
    .label("reversed_by")
)
_key: tuple[Any, Any] = (bindparam("book"), bindparam("number"))


def _hung(table: Any, *more: Any) -> Any:
    """What hangs on an entry in one of the tables."""
    rows = select(table, *more).where(table.c.book == _key[0], table.c.entry == _key[1])
    return rows.order_by(*table.primary_key)


_ONE = select(entry, _UNDONE_BY).where(entry.c.book == _key[0], entry.c.number == _key[1])
_LINES, _HOLDS, _CLEARED = _hung(line), _hung(hold_table), _hung(allocation_table)
_ENDS = _hung(hold_end_table, hold_table.c.code, hold_table.c.party).join(
    hold_table, and_(hold_table.c.book == hold_end_table.c.book, hold_table.c.entry == hold_end_table.c.hold)
)
_GOODS = _hung(
    move_table, item_table.c.code, *(column for column in item_table.c if column.name.startswith("name_"))
).join(item_table, item_table.c.id == move_table.c.item)
_RECEIPTS = _hung(receipt_table)
_ALSO = (
    select(entry.c.number, book.c.kind, book.c.owner, book.c.currency)
    .join(book, book.c.id == entry.c.book)
    .where(entry.c.operation == bindparam("operation"), entry.c.book != bindparam("book"))
    .order_by(entry.c.book)
)


def whole(db: Connection, of: Book, number: int) -> Whole:
    """Entry `number` of a book with all that hangs on it; NotFound when there is none."""
    key = {"book": of.id, "number": number}
    row = db.execute(_ONE, key).one_or_none()
    if row is None:
        raise NotFound("unknown-entry", book=of.id, entry=number)
    money = of.currency
    return Whole(
        of, number, row.event_on, row.created_at, row.kind, row.operation, row.actor, row.channel,
        json.loads(row.memo), row.hash, row.reverses, row.reversed_by,
        tuple(_side(each, money) for each in db.execute(_LINES, key)),
        tuple(_reserved(db, key, number, money)),
        tuple(_goods(each, money) for each in db.execute(_GOODS, key)),
        tuple(_cleared(each, money) for each in db.execute(_CLEARED, key)),
        tuple(
            Receipt(each.code, each.kind, Money(each.amount, each.currency), each.event_on)
            for each in db.execute(_RECEIPTS, key)
        ),
        tuple(
            (Book(each.kind, each.owner, each.currency), each.number)
            for each in db.execute(_ALSO, {"operation": row.operation, "book": of.id})
        ),
    )  # fmt: skip


def _side(row: Any, currency: str) -> Side:
    sums = (row.amount, 0) if row.side == DEBIT else (0, row.amount)
    debit, credit = (Money(each, currency) for each in sums)
    return Side(row.code, row.party, debit, credit, Money(natural(row.code, row.balance), currency))


def _reserved(db: Connection, key: Mapping[str, Any], number: int, currency: str) -> Iterable[Reserved]:
    for row in db.execute(_HOLDS, key):
        yield Reserved(row.code, row.party, Money(row.amount, currency), "", number)
    for row in db.execute(_ENDS, key):
        yield Reserved(row.code, row.party, Money(row.amount, currency), row.how, row.hold)


def _goods(row: Any, currency: str) -> Goods:
    return Goods(row.code, names(row), row.quantity, Money(row.value, currency))


def _cleared(row: Any, currency: str) -> Cleared:
    parts = (Money(each, currency) for each in (row.principal, row.interest, row.fine))
    return Cleared(row.code, row.party, row.number, row.how, *parts)


# Those of a day.

_on = bindparam("on", type_=Date)
_OF_DAY = (
    select(entry.c.number, entry.c.event_on, entry.c.kind, entry.c.actor, entry.c.reverses, _UNDONE_BY)
    .where(entry.c.book == bindparam("book"), entry.c.event_on == _on, entry.c.number > bindparam("after"))
    .order_by(entry.c.number)
    .limit(bindparam("most"))
)
_THEIR_LINES = (
    select(line)
    .where(line.c.book == bindparam("book"), line.c.entry.in_(bindparam("entries", expanding=True)))
    .order_by(line.c.entry, line.c.position)
)
_AROUND = select(
    *(
        select(best(entry.c.event_on)).where(entry.c.book == bindparam("book"), side).scalar_subquery().label(name)
        for name, best, side in (
            ("before", func.max, entry.c.event_on < _on),
            ("after", func.min, entry.c.event_on > _on),
        )
    )
)
_NEWEST = select(func.max(entry.c.event_on)).where(entry.c.book == bindparam("book"))


def of_day(db: Connection, of: Book, on: date, after: int, most: int) -> list[Listed]:
    """Up to `most` entries of a day of a book by number, after the last of the page before."""
    rows = db.execute(_OF_DAY, {"book": of.id, "on": on, "after": after, "most": most}).all()
    sides: dict[int, list[Side]] = defaultdict(list)
    for each in db.execute(_THEIR_LINES, {"book": of.id, "entries": [row.number for row in rows]}):
        sides[each.entry].append(_side(each, of.currency))
    return [Listed(*row, lines=tuple(sides[row.number])) for row in rows]


def around(db: Connection, of: Book, on: date) -> tuple[date | None, date | None]:
    """The nearest days with entries before and after a day."""
    row = db.execute(_AROUND, {"book": of.id, "on": on}).one()
    return row.before, row.after


def newest_day(db: Connection, of: Book) -> date | None:
    """The last day that has an entry; None for a book that has none."""
    found: date | None = db.execute(_NEWEST, {"book": of.id}).scalar()
    return found


# Where a page of somebody's passbook begins.

_BEFORE = select(func.coalesce(func.max(entry.c.number), 0)).where(
    entry.c.book == bindparam("book"), entry.c.event_on < _on
)


def last_before(db: Connection, of: Book, on: date) -> int:
    """The number of the last entry of the days before a day; 0 when there is none."""
    return int(db.execute(_BEFORE, {"book": of.id, "on": on}).scalar_one())


def accounts_of(lines: Sequence[Side]) -> list[tuple[int, int]]:
    """The accounts that some lines touch, each a code and a party."""
    return sorted({(each.code, each.party) for each in lines})
