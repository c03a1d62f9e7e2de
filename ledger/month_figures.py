"""The indicators of each group for each calendar month, kept in a table and worked out again where they may differ.

An indicator of a month depends on entries that happened up to its last day and on the meetings held in it. So a group's
months are worked out anew from the first one that a new entry, or a meeting closed since, reaches back to; the month
that runs also every day. What is kept equals `indicators.figures` of that month for that book; sums over groups are the
sums of parts and wholes.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import BindParameter
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from ledger import indicators
from ledger.books import Book
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.chart import GROUP
from ledger.groups import group_table
from ledger.indicators import INDICATORS
from ledger.indicators import Figure
from ledger.meetings import meeting_table as meeting
from ledger.months import after
from ledger.months import between
from ledger.months import first_day
from ledger.months import month_of
from ledger.statements import of_book
from ledger.tables import Instant
from ledger.tables import Minor
from ledger.tables import insert_new
from ledger.tables import metadata

NAMES: Mapping[str, str] = {
    "meetings held": "meetings",
    "attendance": "attendance",
    "savings regularity": "savers",
    "on-time repayment": "in_time",
    "recovery": "recovery",
    "at risk, 1 day": "late_1",
    "at risk, 30 days": "late_30",
    "at risk, 60 days": "late_60",
    "at risk, 90 days": "late_90",
}
"""Each indicator, and how its two columns begin."""

_PARTS = [f"{name}_{end}" for name in NAMES.values() for end in ("part", "whole")]

month_figures_table = Table(
    "month_figures",
    metadata,
    Column("book", String(40), nullable=False),
    Column("month", Integer, nullable=False),
    *(Column(name, Minor, nullable=False) for name in _PARTS),
    PrimaryKeyConstraint("book", "month"),
)

figures_counted_table = Table(
    "figures_counted",
    metadata,
    Column("book", String(40), ForeignKey("book.id"), primary_key=True),
    Column("entries", BigInteger, nullable=False),
    Column("on", Date, nullable=False),
    Column("at", Instant, nullable=False),
)
"""With how many of its entries, on which programme day and when the months of a book were worked out last."""

COMMITTED = timedelta(hours=1)
"""A meeting is committed this long after its moment at the latest."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A group's book whose figures are to be worked out again: with how many entries, from which month on."""

    book: Book
    entries: int
    first: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of some groups have books, how many of those no figures yet, since when the oldest are (None: none)."""

    groups: int
    missing: int
    at: datetime | None


_mark = figures_counted_table.c
_closed = select(meeting.c.number).where(meeting.c.group == book.c.owner, meeting.c.closed_at > _mark.at)
_STALE = (
    select(
        book.c.id,
        book.c.owner,
        book.c.currency,
        book.c.entries,
        _mark.entries.label("counted"),
        _mark.on,
        _mark.at,
    )
    .join_from(group_table, book, and_(book.c.kind == GROUP, book.c.owner == group_table.c.id))
    .outerjoin(figures_counted_table, _mark.book == book.c.id)
    .where(
        group_table.c.programme == bindparam("programme"),
        or_(_mark.book.is_(None), _mark.entries < book.c.entries, _mark.on < bindparam("today"), _closed.exists()),
    )
    .order_by(book.c.id)
    .limit(bindparam("most"))
)
_FIRST = select(func.min(entry.c.event_on)).where(
    entry.c.book == bindparam("book"), entry.c.number > bindparam("counted")
)
_FIRST_CLOSED = select(func.min(meeting.c.held_on)).where(
    meeting.c.group == bindparam("group"), meeting.c.closed_at > bindparam("since", type_=Instant)
)
_FIRST_HELD = select(func.min(meeting.c.held_on)).where(meeting.c.group == bindparam("group"))
_FORGET = delete(month_figures_table).where(
    month_figures_table.c.book == bindparam("of"), month_figures_table.c.month >= bindparam("since")
)
_NEW_MARK = insert_new(figures_counted_table)
_MARK = (
    figures_counted_table.update()
    .where(_mark.book == bindparam("b_book"))
    .values(entries=bindparam("b_entries"), on=bindparam("b_on", type_=Date), at=bindparam("b_at", type_=Instant))
)


def stale(db: Connection, programme: int, today: date, most: int) -> list[Stale]:
    """Up to `most` groups of a programme whose figures may have changed; `today` is the programme's day."""
    rows = db.execute(_STALE, {"programme": programme, "today": today, "most": most}).all()
    return [Stale(Book(GROUP, row.owner, row.currency), row.entries, _since(db, row, today)) for row in rows]


def _since(db: Connection, row: Any, today: date) -> int:
    """The first month that may differ."""
    days = [today, db.execute(_FIRST, {"book": row.id, "counted": row.counted or 0}).scalar()]
    if row.counted is None:
        days.append(db.execute(_FIRST_HELD, {"group": row.owner}).scalar())
    else:
        closed = {"group": row.owner, "since": row.at - COMMITTED}
        days += [row.on, db.execute(_FIRST_CLOSED, closed).scalar()]
    return month_of(min(day for day in days if day is not None))


def work_out(db: Connection, of: Stale, today: date) -> list[dict[str, Any]]:
    """The rows of a group's months from the first one that may differ to that of today, which ends today."""
    rows = []
    for month in between(of.first, month_of(today)):
        last = min(first_day(after(month)) - timedelta(days=1), today)
        found = indicators.figures(db, of_book(of.book), first_day(month), last)
        row: dict[str, Any] = {"book": of.book.id, "month": month}
        for name, column in NAMES.items():
            row |= {f"{column}_part": found[name].part, f"{column}_whole": found[name].whole}
        rows.append(row)
    return rows


def keep(db: Connection, of: Stale, rows: Sequence[dict[str, Any]], today: date, now: datetime) -> None:
    """Put the rows in the place of those that may differ."""
    db.execute(_NEW_MARK[db.dialect.name], {"book": of.book.id, "entries": 0, "on": today, "at": now})
    db.execute(_MARK, {"b_book": of.book.id, "b_entries": of.entries, "b_on": today, "b_at": now})
    db.execute(_FORGET, {"of": of.book.id, "since": of.first})
    db.execute(month_figures_table.insert(), list(rows))


# Reading.

_books: BindParameter[Any] = bindparam("books", expanding=True)
_BY_MONTH = (
    select(
        month_figures_table.c.month,
        *(func.sum(month_figures_table.c[name]).label(name) for name in _PARTS),
    )
    .where(
        month_figures_table.c.book.in_(_books),
        month_figures_table.c.month.between(bindparam("first"), bindparam("last")),
    )
    .group_by(month_figures_table.c.month)
)
_OF_MONTH = select(month_figures_table).where(
    month_figures_table.c.book.in_(_books), month_figures_table.c.month == bindparam("month")
)
_COUNTED = (
    select(func.count(book.c.id), func.count(_mark.book), func.min(_mark.at))
    .outerjoin_from(book, figures_counted_table, _mark.book == book.c.id)
    .where(book.c.id.in_(_books))
)


def _figures(row: Any) -> dict[str, Figure]:
    return {
        each.name: Figure(int(getattr(row, f"{NAMES[each.name]}_part")), int(getattr(row, f"{NAMES[each.name]}_whole")))
        for each in INDICATORS
    }


def _ids(groups: Sequence[int]) -> list[str]:
    return [f"{GROUP}:{group}" for group in groups]


def by_month(db: Connection, groups: Sequence[int], first: int, last: int) -> dict[int, dict[str, Figure]]:
    """The indicators of some groups together by month and name, as kept; a month without any is not there."""
    rows = db.execute(_BY_MONTH, {"books": _ids(groups), "first": first, "last": last})
    return {row.month: _figures(row) for row in rows}


def of_month(db: Connection, groups: Sequence[int], month: int) -> dict[int, dict[str, Figure]]:
    """The indicators of a month by group and name, as kept."""
    rows = db.execute(_OF_MONTH, {"books": _ids(groups), "month": month})
    return {int(row.book.partition(":")[2]): _figures(row) for row in rows}


def counted(db: Connection, groups: Sequence[int]) -> Counted:
    """How far some groups are counted."""
    count, done, at = db.execute(_COUNTED, {"books": _ids(groups)}).one()
    return Counted(count, count - done, at)
