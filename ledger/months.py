"""What moved in each calendar month, by place, account head and kind of entry, for reports over many books and years.

The sums are kept in a table that is caught up with the books now and then: entries are numbered without a gap and
never change, so for each book the number of the last one counted says all. What came after it is read from the books
themselves, so a report is of this moment whenever the table was caught up last; it only costs more the longer ago.

A reversal takes away from the kind of entry that it undoes, in its own month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import BindParameter
from sqlalchemy import Column
from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import Select
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import extract
from sqlalchemy import func
from sqlalchemy import select

from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import line_table as line
from ledger.chart import CREDIT
from ledger.chart import DEBIT
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.members import member_table as member
from ledger.tables import Minor
from ledger.tables import insert_new
from ledger.tables import metadata

month_sum_table = Table(
    "month_sum",
    metadata,
    Column("place", String(40), nullable=False),
    Column("code", Integer, nullable=False),
    Column("month", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("debit", Minor, nullable=False),
    Column("credit", Minor, nullable=False),
    PrimaryKeyConstraint("place", "code", "month", "kind"),
)
"""`place` is a book, but for agents' shops all those of a hub together; `month` as 202611."""

month_counted_table = Table(
    "month_counted",
    metadata,
    Column("book", String(40), ForeignKey("book.id"), primary_key=True),
    Column("entries", BigInteger, nullable=False),
)
"""How many entries of a book are in the sums, from its first one on."""

SOME_BOOKS = 200
"""Books that are looked at in one go."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What entries of a kind moved on an account head in a month, in minor units; below zero where more was undone."""

    month: int
    code: int
    kind: str
    debit: int
    credit: int


def month_of(day: date) -> int:
    """The month of a day as a number: 202611."""
    return day.year * 100 + day.month


def first_day(month: int) -> date:
    """The first day of a month."""
    return date(month // 100, month % 100, 1)


def after(month: int, months: int = 1) -> int:
    """The month so many months later, or earlier."""
    years, rest = divmod(month % 100 - 1 + months, 12)
    return (month // 100 + years) * 100 + rest + 1


def between(first: int, last: int) -> list[int]:
    """All months from a first to a last one, both included."""
    count = (last // 100 - first // 100) * 12 + last % 100 - first % 100 + 1
    return [after(first, step) for step in range(count)]


_undone = entry.alias("undone")
_month = extract("year", entry.c.event_on) * 100 + extract("month", entry.c.event_on)
_kind = func.coalesce(_undone.c.kind, entry.c.kind)
_KEY = [line.c.code, _month.label("month"), _kind.label("kind")]


def _side(side: str) -> ColumnElement[int]:
    plain = _undone.c.number.is_(None)
    amount = case(
        (and_(plain, line.c.side == side), line.c.amount), (and_(~plain, line.c.side != side), -line.c.amount), else_=0
    )
    return func.sum(amount)


_SUMS = [_side(DEBIT).label("debit"), _side(CREDIT).label("credit")]
_OF_ENTRY = and_(line.c.book == entry.c.book, line.c.entry == entry.c.number)
_UNDOES = and_(_undone.c.book == entry.c.book, _undone.c.number == entry.c.reverses)

# Catching up.

_counted = func.coalesce(month_counted_table.c.entries, 0)
_BEHIND = (
    select(book.c.id, book.c.kind, book.c.entries, _counted.label("counted"), member.c.hub)
    .outerjoin(month_counted_table, month_counted_table.c.book == book.c.id)
    .outerjoin(member, and_(book.c.kind == SHOP, member.c.id == book.c.owner))
    .where(book.c.entries > _counted)
    .order_by(book.c.id)
    .limit(SOME_BOOKS)
)
_COUNT = (
    select(*_KEY, *_SUMS)
    .join_from(entry, line, _OF_ENTRY)
    .outerjoin(_undone, _UNDOES)
    .where(
        entry.c.book == bindparam("book"), entry.c.number > bindparam("counted"), entry.c.number <= bindparam("upto")
    )
    .group_by(*_KEY)
)
_BEGIN = insert_new(month_counted_table)
_MARK = (
    month_counted_table.update()
    .where(month_counted_table.c.book == bindparam("b_book"), month_counted_table.c.entries == bindparam("b_counted"))
    .values(entries=bindparam("b_upto"))
)
_NEW_SUM = insert_new(month_sum_table)
_ADD = (
    month_sum_table.update()
    .where(*(month_sum_table.c[name] == bindparam(f"b_{name}") for name in ("place", "code", "month", "kind")))
    .values({name: month_sum_table.c[name] + bindparam(f"b_{name}") for name in ("debit", "credit")})
)


def catch_up(db: Connection, most: int) -> int:
    """Count entries that are not counted yet, `most` of them at most; how many it counted: 0 when all are."""
    left = most
    for row in db.execute(_BEHIND).all():
        upto = min(row.entries, row.counted + left)
        _count(db, row, upto)
        left -= upto - row.counted
        if not left:
            break
    return most - left


def _count(db: Connection, row: Any, upto: int) -> None:
    db.execute(_BEGIN[db.dialect.name], {"book": row.id, "entries": 0})
    # Whoever else counts the same book at the same time was quicker or waits here, and then finds it counted.
    if db.execute(_MARK, {"b_book": row.id, "b_counted": row.counted, "b_upto": upto}).rowcount == 0:
        return
    place = f"shops:{row.hub}" if row.kind == SHOP else row.id
    found = db.execute(_COUNT, {"book": row.id, "counted": row.counted, "upto": upto}).all()
    rows = [
        {"place": place, "code": each.code, "month": int(each.month), "kind": each.kind}
        | {"debit": int(each.debit), "credit": int(each.credit)}
        for each in found
    ]
    if rows:
        rows.sort(key=lambda each: (each["code"], each["month"], each["kind"]))
        db.execute(_NEW_SUM[db.dialect.name], [each | {"debit": 0, "credit": 0} for each in rows])
        db.execute(_ADD, [{f"b_{name}": value for name, value in each.items()} for each in rows])


# Reading.

_OWNERS: BindParameter[Any] = bindparam("owners", expanding=True)
_CODES: BindParameter[Any] = bindparam("codes", expanding=True)
_MONTHS: tuple[BindParameter[Any], BindParameter[Any]] = bindparam("first"), bindparam("last")

_kept = month_sum_table.c


def _counted_sums(*key: Any) -> Select[Any]:
    return (
        select(*key, func.sum(_kept.debit).label("debit"), func.sum(_kept.credit).label("credit"))
        .where(
            _kept.place.in_(bindparam("places", expanding=True)), _kept.code.in_(_CODES), _kept.month.between(*_MONTHS)
        )
        .group_by(*key)
    )


def _behind(kind: str) -> Select[Any]:
    """The books of some owners that have entries which are not counted yet."""
    of_hubs = select(member.c.id).where(member.c.hub.in_(_OWNERS))
    return (
        select(book.c.id)
        .outerjoin(month_counted_table, month_counted_table.c.book == book.c.id)
        .where(book.c.kind == kind, book.c.owner.in_(of_hubs if kind == SHOP else _OWNERS), book.c.entries > _counted)
    )


def _tail(*key: Any) -> Select[Any]:
    """The sums of the entries of some books that are not counted yet."""
    return (
        select(*key, *_SUMS)
        .select_from(book)
        .outerjoin(month_counted_table, month_counted_table.c.book == book.c.id)
        .join(entry, and_(entry.c.book == book.c.id, entry.c.number > _counted))
        # An outer join, and no word of the head, so that the few entries are looked up first and then their lines.
        .outerjoin(line, _OF_ENTRY)
        .outerjoin(_undone, _UNDOES)
        .where(book.c.id.in_(bindparam("books", expanding=True)), _month.between(*_MONTHS))
        .group_by(*key)
    )


_KEPT = _counted_sums(_kept.code, _kept.month, _kept.kind)
_KEPT_EACH = _counted_sums(_kept.place, _kept.code, _kept.month, _kept.kind)
_BOOKS_BEHIND = {kind: _behind(kind) for kind in (GROUP, HUB, SHOP)}
_TAIL = _tail(*_KEY)
_TAIL_EACH = _tail(book.c.id.label("place"), *_KEY)
_PLACES = {GROUP: "group:{}", HUB: "hub:{}", SHOP: "shops:{}"}


def moved(db: Connection, kind: str, owners: Sequence[int], codes: Sequence[int], first: int, last: int) -> list[Moved]:
    """What moved on some account heads from a first to a last month, both included, in the books of some owners.

    `kind` GROUP: books of the groups `owners`; HUB: of these hubs; SHOP: of the shops of the agents of these hubs. A
    key may come twice: as counted, and what came after.
    """
    return [_moved(row) for row in _both(db, _KEPT, _TAIL, kind, owners, codes, first, last)]


def moved_each(db: Connection, groups: Sequence[int], codes: Sequence[int], month: int) -> dict[int, list[Moved]]:
    """The same of a month for each of some groups by itself."""
    found: dict[int, list[Moved]] = {group: [] for group in groups}
    for row in _both(db, _KEPT_EACH, _TAIL_EACH, GROUP, groups, codes, month, month):
        found[int(row.place.partition(":")[2])].append(_moved(row))
    return found


def _both(
    db: Connection,
    kept: Select[Any],
    tail: Select[Any],
    kind: str,
    owners: Sequence[int],
    codes: Sequence[int],
    first: int,
    last: int,
) -> list[Any]:
    values = {"codes": list(codes), "first": first, "last": last}
    places = [_PLACES[kind].format(owner) for owner in owners]
    rows = list(db.execute(kept, values | {"places": places}))
    # Which books have more is asked by itself: it is few of them, and no plan has to guess that.
    behind = db.execute(_BOOKS_BEHIND[kind], {"owners": list(owners)}).scalars().all()
    if behind:
        more = db.execute(tail, {"books": behind, "first": first, "last": last})
        rows += [row for row in more if row.code in codes]
    return rows


def _moved(row: Any) -> Moved:
    return Moved(int(row.month), row.code, row.kind, int(row.debit), int(row.credit))
