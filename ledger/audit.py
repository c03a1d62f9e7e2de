"""What must always be true of the books, checked from the rows alone; each finding names book and entry.

The chain is verified by walking all entries once, in constant memory; everything else is a query of `rules`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Connection
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import select
from sqlalchemy import true

from ledger.books import GENESIS
from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import hold_end_table as hold_end
from ledger.books import hold_table as hold
from ledger.books import line_table as line
from ledger.books import move_table as move
from ledger.journal import chain
from ledger.rules import RULES


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: in which book, at which entry (0: the book as a whole), and what."""

    book: str
    entry: int
    what: str

    def __str__(self) -> str:
        """`shop:17 entry 42: the chain is broken here`."""
        return f"{self.book} entry {self.entry}: {self.what}" if self.entry else f"{self.book}: {self.what}"


_STREAMED = {"yield_per": 1000}


def check(db: Connection, only: str | None = None) -> Iterator[Finding | int]:
    """Check all books, or one: gives a Finding for each thing wrong and, as progress, the entries walked so far."""
    yield from _limits(db, only)
    yield from _walk(db, only)
    for what, statement in RULES.items():
        rows = statement.subquery()
        limited = select(rows).where(rows.c.book == only if only else true())
        for row in db.execute(limited, execution_options=_STREAMED):
            values = dict(row._mapping)
            where = Finding(values.pop("book"), values.pop("entry", 0), what)
            detail = ", ".join(f"{name} {value}" for name, value in values.items())
            yield Finding(where.book, where.entry, f"{what} ({detail})" if detail else what)


def count(db: Connection, only: str | None = None) -> int:
    """How many entries `check` will walk."""
    return db.execute(
        select(func.count()).select_from(entry).where(entry.c.book == only if only else true())
    ).scalar_one()


class _Parts:
    """The rows of one table in (book, entry) order, handed out entry by entry."""

    def __init__(self, db: Connection, table: Table, only: str | None, order_by: str) -> None:
        wanted = select(table).where(table.c.book == only if only else true())
        ordered = wanted.order_by(table.c.book, table.c.entry, table.c[order_by])
        self.rows = iter(db.execute(ordered, execution_options=_STREAMED).mappings())
        self.ahead = next(self.rows, None)
        self.name, self.strays = table.name, set[tuple[str, int]]()

    def of(self, key: tuple[str, int]) -> list[Mapping[Any, Any]]:
        found: list[Mapping[Any, Any]] = []
        while self.ahead is not None and (of := (self.ahead["book"], self.ahead["entry"])) <= key:
            if of == key:
                found.append(self.ahead)
            else:
                self.strays.add(of)
            self.ahead = next(self.rows, None)
        return found

    def lost(self) -> Iterator[Finding]:
        """Rows of no entry, once all entries are walked."""
        rest = [self.ahead, *self.rows] if self.ahead is not None else []
        for where in sorted(self.strays | {(row["book"], row["entry"]) for row in rest}):
            yield Finding(where[0], where[1], f"rows of {self.name} without their entry")


_PARTS = ((line, "position"), (hold, "entry"), (hold_end, "hold"), (move, "item"))
"""The tables that an entry's hash covers, in the order of `journal.chain`, with what orders their rows."""


def _walk(db: Connection, only: str | None) -> Iterator[Finding | int]:
    """Follow each book's chain from its first entry to the head its row names."""
    parts = [_Parts(db, table, only, order_by) for table, order_by in _PARTS]
    wanted = select(entry).where(entry.c.book == only if only else true()).order_by(entry.c.book, entry.c.number)
    current, number, head, done = "", 0, GENESIS, 0
    for row in db.execute(wanted, execution_options=_STREAMED).mappings():
        if row["book"] != current:
            current, number, head = row["book"], 0, GENESIS
        rows = [each.of((row["book"], row["number"])) for each in parts]
        if row["number"] != number + 1:
            yield Finding(current, row["number"], f"entries are missing before it, the last one is {number}")
        if row["previous"] != head or chain(row, *rows) != row["hash"]:
            yield Finding(current, row["number"], "the chain is broken here: the entry is not what was posted")
        number, head, done = row["number"], row["hash"], done + 1
        if done % 1000 == 0:
            yield done
    for each in parts:
        yield from each.lost()
    yield done
    yield from _heads(db, only)


def _heads(db: Connection, only: str | None) -> Iterator[Finding]:
    """Books whose row does not name their last entry: entries cut off at the end, or a book's row altered."""
    top = select(entry.c.book, func.max(entry.c.number).label("number")).group_by(entry.c.book).subquery()
    rows = (
        select(book.c.id, book.c.entries, func.coalesce(top.c.number, 0).cast(BigInteger).label("last"))
        .outerjoin(top, top.c.book == book.c.id)
        .outerjoin(entry, and_(entry.c.book == top.c.book, entry.c.number == top.c.number))
        .where(
            (book.c.entries != func.coalesce(top.c.number, 0)) | (book.c.head != func.coalesce(entry.c.hash, GENESIS))
        )
        .where(book.c.id == only if only else true())
    )
    for row in db.execute(rows):
        what = f"the book counts {row.entries} entries and the last one there is {row.last}, or its head hash differs"
        yield Finding(row.id, row.last, what)


def _limits(db: Connection, only: str | None) -> Iterator[Finding]:
    """Credit limits that are not what the last entry about them set."""
    setting = select(entry.c.book, entry.c.number, entry.c.memo).where(entry.c.kind == "limit.set")
    should: dict[tuple[str, int, int], tuple[int, int]] = {}
    for row in db.execute(setting.order_by(entry.c.book, entry.c.number)):
        try:
            memo = json.loads(row.memo)
            should[row.book, memo["code"], memo["party"]] = (memo["limit"], row.number)
        except (ValueError, LookupError):
            yield Finding(row.book, row.number, "an entry about a credit limit cannot be read")
    own = select(account.c.book, account.c.code, account.c.party, account.c.ceiling)
    of_book = select(book.c.id, literal(0), literal(0), book.c.ceiling)
    known = own.where(account.c.ceiling.is_not(None)).union_all(of_book.where(book.c.ceiling.is_not(None)))
    have = {(row[0], row[1], row[2]): row[3] for row in db.execute(known)}
    for key in sorted(should.keys() | have.keys()):
        limit, number = should.get(key, (None, 0))
        if have.get(key) != limit and only in (None, key[0]):
            yield Finding(key[0], number, f"a credit limit is not the one that was set (code {key[1]}, party {key[2]})")
