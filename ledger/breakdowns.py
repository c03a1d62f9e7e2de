"""What stands behind the figures of many groups and hubs: which groups those are, loans in arrears, meetings, agents.

Lists are in the order of names or numbers, never of a figure: nobody is ranked by credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter
from sqlalchemy import Connection
from sqlalchemy import String
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import tuple_

from ledger.books import book_table as book
from ledger.books import instalment_table as instalment
from ledger.chart import GROUP
from ledger.chart import SHOP
from ledger.federation import LEVELS
from ledger.federation import Node
from ledger.federation import groups_under
from ledger.federation import node_table
from ledger.groups import group_table
from ledger.hubs import Hub
from ledger.loans import PRINCIPAL
from ledger.loans import loan_table
from ledger.meetings import THERE
from ledger.meetings import attendance_table as attendance
from ledger.meetings import meeting_table as meeting
from ledger.members import member_table
from ledger.orders import order_table
from ledger.sales import sale_table
from ledger.tables import Names
from ledger.tables import names

TOGETHER = 100
"""Groups whose loans are looked through at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """A group in a list."""

    id: int
    names: Names


@dataclass(frozen=True, slots=True)
class Late:
    """A loan with a late instalment: whose, of which group, principal owed (minor units), the day of the oldest one."""

    loan: int
    member: int
    code: str
    names: Names
    group: Place
    owed: int
    oldest: date


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting that was held and closed: how many were expected and how many came, late or not."""

    group: Place
    number: int
    on: date
    expected: int
    there: int


_GROUPS = select(group_table.c.id, group_table.c.name_bn, group_table.c.name_latn).where(
    group_table.c.programme == bindparam("programme")
)
_BY_NAME = _GROUPS.order_by(func.lower(group_table.c.name_latn), group_table.c.id)
_UNDER = _BY_NAME.where(group_table.c.id.in_(groups_under(bindparam("node"))))
_NODES = select(node_table).where(node_table.c.programme == bindparam("programme"))


def groups_of(db: Connection, programme: int, node: int | None = None) -> list[Place]:
    """The groups of a programme, or those of them under a node, by name."""
    values = {"programme": programme} if node is None else {"programme": programme, "node": node}
    rows = db.execute(_BY_NAME if node is None else _UNDER, values)
    return [Place(row.id, names(row)) for row in rows]


def nodes_of(db: Connection, programme: int) -> list[Node]:
    """All nodes of a programme's tree, the highest level first, by name."""
    rows = db.execute(_NODES, {"programme": programme})
    found = [Node(row.id, row.programme, row.parent, row.level, names(row)) for row in rows]
    return sorted(found, key=lambda each: (-LEVELS.index(each.level), each.names.bn_Latn.casefold(), each.id))


# Loans in arrears.

_i = instalment.c
_unpaid = or_(_i.principal > _i.principal_cleared, _i.interest > _i.interest_cleared)
_owed = func.sum(_i.principal - _i.principal_cleared)
_oldest = func.min(case((_unpaid, _i.due)))
_books: BindParameter[Any] = bindparam("books", expanding=True)
_LATE = (
    select(book.c.owner, _i.party, _owed.label("owed"), _oldest.label("oldest"))
    .join_from(instalment, book, book.c.id == _i.book)
    .where(
        _i.book.in_(_books), _i.code == PRINCIPAL, or_(book.c.owner != bindparam("group"), _i.party > bindparam("loan"))
    )
    .group_by(book.c.owner, _i.party)
    .having(and_(_owed > 0, _oldest < bindparam("before")))
    .order_by(book.c.owner, _i.party)
    .limit(bindparam("most"))
)
_WHOSE = (
    select(
        loan_table.c.id,
        member_table.c.id.label("member"),
        member_table.c.code,
        member_table.c.name_bn,
        member_table.c.name_latn,
        group_table.c.id.label("group"),
        group_table.c.name_bn.label("group_bn"),
        group_table.c.name_latn.label("group_latn"),
    )
    .join(member_table, member_table.c.id == loan_table.c.member)
    .join(group_table, loan_table.c.book == literal(f"{GROUP}:") + cast(group_table.c.id, String))
    .where(loan_table.c.id.in_(bindparam("loans", expanding=True)))
)


def late_loans(db: Connection, groups: Sequence[int], before: date, after: tuple[int, int], most: int) -> list[Late]:
    """Up to `most` loans of some groups that owe principal and have an instalment due before a day not paid whole.

    By group and loan, those after `after`; a statement for each `TOGETHER` groups that must be looked at, and one. They
    are the part of `indicators.at_risk` as it is today.
    """
    rest = sorted(group for group in groups if group >= after[0])
    rows: list[Any] = []
    for first in range(0, len(rest), TOGETHER):
        books = [f"{GROUP}:{group}" for group in rest[first : first + TOGETHER]]
        values = {"books": books, "group": after[0], "loan": after[1], "before": before, "most": most - len(rows)}
        rows += db.execute(_LATE, values)
        if len(rows) == most:
            break
    whose = {row.id: row for row in db.execute(_WHOSE, {"loans": [row.party for row in rows]})}
    return [_late(row, whose[row.party]) for row in rows]


def _late(row: Any, whose: Any) -> Late:
    group = Place(whose.group, Names(whose.group_bn, whose.group_latn))
    oldest = row.oldest if isinstance(row.oldest, date) else date.fromisoformat(row.oldest)
    return Late(row.party, whose.member, whose.code, names(whose), group, int(row.owed), oldest)


# Meetings held.

_came = func.sum(case((attendance.c.how.in_(THERE), 1), else_=0))
_HELD = (
    select(
        meeting.c.group,
        meeting.c.number,
        meeting.c.held_on,
        group_table.c.name_bn,
        group_table.c.name_latn,
        func.count(attendance.c.member).label("expected"),
        func.coalesce(_came, 0).label("there"),
    )
    .join(group_table, group_table.c.id == meeting.c.group)
    .outerjoin(attendance, and_(attendance.c.group == meeting.c.group, attendance.c.meeting == meeting.c.number))
    .where(
        meeting.c.group.in_(bindparam("groups", expanding=True)),
        meeting.c.closed_at.is_not(None),
        meeting.c.held_on.between(bindparam("first"), bindparam("last")),
        tuple_(meeting.c.group, meeting.c.number) > tuple_(bindparam("group"), bindparam("number")),
    )
    .group_by(meeting.c.group, meeting.c.number, meeting.c.held_on, group_table.c.name_bn, group_table.c.name_latn)
    .order_by(meeting.c.group, meeting.c.number)
    .limit(bindparam("most"))
)


def meetings_held(
    db: Connection, groups: Sequence[int], first: date, last: date, after: tuple[int, int], most: int
) -> list[Held]:
    """Up to `most` meetings of some groups held from a first to a last day and closed, by group and number."""
    values = {"groups": list(groups), "first": first, "last": last, "group": after[0], "number": after[1]}
    rows = db.execute(_HELD, values | {"most": most})
    return [Held(Place(row.group, names(row)), row.number, row.held_on, row.expected, int(row.there)) for row in rows]


# Agents.

BANDS = (7, 30, 90)
"""Days, today's last, within which an agent did something last."""


def _active(days: int) -> Any:
    """Whether an agent ordered or sold something in so many days."""
    shop = literal(f"{SHOP}:") + cast(member_table.c.id, String)
    ordered = select(order_table.c.number).where(
        order_table.c.agent == member_table.c.id, order_table.c.placed_at >= bindparam(f"at_{days}")
    )
    sold = select(sale_table.c.number).where(
        sale_table.c.book == shop, sale_table.c.event_on >= bindparam(f"on_{days}")
    )
    return or_(ordered.exists(), sold.exists())


def _counts() -> Any:
    sums = [func.sum(case((_active(days), 1), else_=0)).label(f"in_{days}") for days in BANDS]
    return select(func.count().label("all"), *sums).where(member_table.c.hub == bindparam("hub"))


_ACTIVE = _counts()


def active_agents(db: Connection, hub: Hub, on: date) -> tuple[int, dict[int, int]]:
    """How many agents a hub has, and how many of them ordered or sold in the last days, by BANDS; `on` is the last."""
    values: dict[str, Any] = {"hub": hub.id}
    for days in BANDS:
        since = date.fromordinal(on.toordinal() - days + 1)
        values |= {f"on_{days}": since, f"at_{days}": datetime.combine(since, time(), ZoneInfo(hub.timezone))}
    row = db.execute(_ACTIVE, values).one()
    return row.all, {days: int(getattr(row, f"in_{days}") or 0) for days in BANDS}
