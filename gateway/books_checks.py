"""What the last check of the books found: one row for each book that was checked alone, one for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select
from sqlalchemy import text

from ledger.audit import Extent
from ledger.tables import Instant
from ledger.tables import metadata

ALL = ""
"""Instead of a book's name: all of them."""

books_check_table = Table(
    "books_check",
    metadata,
    Column("book", String(40), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("wrong", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A check: of which book ("": of all), when it ended, entries and lines gone through, how many things wrong."""

    book: str
    at: datetime
    entries: int
    lines: int
    wrong: int


_LAST = select(books_check_table).where(books_check_table.c.book == bindparam("book"))
# One statement on either database.
_NOTE = text(
    "INSERT INTO books_check (book, at, entries, lines, wrong) VALUES (:book, :at, :entries, :lines, :wrong) "
    "ON CONFLICT (book) DO UPDATE SET at = excluded.at, entries = excluded.entries, lines = excluded.lines, "
    "wrong = excluded.wrong"
).bindparams(bindparam("at", type_=Instant))


def note(db: Connection, book: str | None, size: Extent, wrong: int, now: datetime) -> None:
    """Write down what a check of a book, or (None) of all, found; it takes the place of the one before."""
    values = {"book": book or ALL, "at": now, "entries": size.entries, "lines": size.lines, "wrong": wrong}
    db.execute(_NOTE, values)


def last(db: Connection, book: str = ALL) -> Checked | None:
    """The last check of a book alone, or of all of them; None if there was none."""
    row = db.execute(_LAST, {"book": book}).one_or_none()
    return Checked(*row) if row else None
