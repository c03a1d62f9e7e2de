"""What must always be true of the books, checked from the rows alone; each finding names book and entry.

The books are taken in spans, by their ids: one large book, or many small ones together. The entries of a span are
walked, then each of the `rules` is put to it: neither the memory nor the work for an entry grows with the books.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import union_all

from ledger import memos
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import line_table as line
from ledger.ground_rules import within
from ledger.rules import ACROSS
from ledger.rules import RULES
from ledger.tables import metadata
from ledger.walk import STREAMED
from ledger.walk import Limits
from ledger.walk import walk

SPAN, BOOKS = 20_000, 5_000
"""A span has about so many entries, and at most so many books."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: in which book, at which entry (0: the book as a whole), and what."""

    book: str
    entry: int
    what: str

    def __str__(self) -> str:
        """`shop:17 entry 42: the chain is broken here`."""
        return f"{self.book} entry {self.entry}: {self.what}" if self.entry else f"{self.book}: {self.what}"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to check: entries to be walked, and lines that the rules are put to."""

    entries: int
    lines: int

    @property
    def steps(self) -> int:
        """The progress that `check` will have made in the end."""
        return self.entries + self.lines


_EXTENT = select(
    *(select(func.count()).select_from(table).where(within(table)).scalar_subquery() for table in (entry, line))
)
# Put to each span, whatever a rule reads: it tells of the span's books only.
_RULES, _ACROSS = (
    [(what, select(rows).where(within(rows))) for what, rule in some.items() for rows in [rule.subquery()]]
    for some in (RULES, ACROSS)
)
_NAMES = [book.c.id, *(table.c.book for table in metadata.sorted_tables if "book" in table.c)]
"""Wherever a book is named; somebody may have put rows into one that has no row of its own."""


def _of_all(best: Any, *wanted: Callable[[ColumnElement[str]], ColumnElement[bool]]) -> Any:
    """The lowest or the highest name of a book, as the database orders them."""
    some = union_all(*(select(best(name).label("book")).where(*(each(name) for each in wanted)) for name in _NAMES))
    return select(best(some.subquery().c.book))


_LOWEST, _HIGHEST = _of_all(func.min), _of_all(func.max)
_NEXT = _of_all(func.min, lambda name: name > bindparam("last"))
_KNOWN = _of_all(func.min, lambda name: name == bindparam("book"))
_FROM = select(book.c.id, book.c.entries).where(book.c.id >= bindparam("first")).order_by(book.c.id).limit(BOOKS)


def check(db: Connection, only: str | None = None) -> Iterator[Finding | int]:
    """Check all books, or one: gives a Finding for each thing wrong and, as progress, the steps done so far."""
    done = 0
    for span in _spans(db, only):
        size, limits = _size(db, span), Limits()
        for step in chain(walk(db, span, limits), memos.limits(db, span, limits), memos.agreements(db, span)):
            yield done + step if isinstance(step, int) else Finding(*step)
        done += size.entries
        for place, (what, query) in enumerate(_RULES, 1):
            yield from _put(db, what, query, span)
            yield done + size.lines * place // len(_RULES)
        done += size.lines
    for what, query in _ACROSS:
        yield from _put(db, what, query, _whole(db, only))


def _whole(db: Connection, only: str | None) -> dict[str, Any]:
    """All books as one span, or the one."""
    if only is not None:
        return {"first": only, "last": only}
    return {"first": db.execute(_LOWEST).scalar(), "last": db.execute(_HIGHEST).scalar()}


def _put(db: Connection, what: str, query: Any, span: Mapping[str, str]) -> Iterator[Finding]:
    for row in db.execute(query, span, execution_options=STREAMED):
        values = dict(row._mapping)
        where = values.pop("book"), values.pop("entry", 0)
        detail = ", ".join(f"{name} {value}" for name, value in values.items())
        yield Finding(*where, f"{what} ({detail})" if detail else what)


def extent(db: Connection, only: str | None = None) -> Extent:
    """How much `check` will go through."""
    return _size(db, _whole(db, only))


def _size(db: Connection, span: Mapping[str, str]) -> Extent:
    return Extent(*db.execute(_EXTENT, span).one())


def known(db: Connection, name: str) -> bool:
    """Whether there is a book of this name, or at least a row of one."""
    return db.execute(_KNOWN, {"book": name}).scalar() is not None


def _spans(db: Connection, only: str | None) -> Iterator[dict[str, Any]]:
    """The first and the last book of each span; no name of a book lies between two spans."""
    first, last = _whole(db, only).values()
    while first is not None:
        end = last if only is not None else _end(db, first) or last
        yield {"first": first, "last": end}
        first = db.execute(_NEXT, {"last": end}).scalar() if only is None else None


def _end(db: Connection, first: str) -> str | None:
    """Where a span ends that begins with some book; None: there is not enough to fill it."""
    books = db.execute(_FROM, {"first": first}).all()
    entries = 0
    for row in books:
        entries += row.entries
        if entries >= SPAN:
            return str(row.id)
    return str(books[-1].id) if len(books) == BOOKS else None
