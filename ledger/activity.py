"""Who is active: an agent who ordered or sold something in some days; the others are to be asked what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import FromClause
from sqlalchemy import String
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import select

from ledger import programmes
from ledger.books import account_table
from ledger.books import book_table
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.chart import natural
from ledger.hubs import Hub
from ledger.members import IN_GROUP
from ledger.members import member_table
from ledger.money import Money
from ledger.orders import DEPOSIT
from ledger.orders import RECEIVABLE
from ledger.orders import order_table
from ledger.programmes import programme_table
from ledger.sales import sale_table
from ledger.tables import Names
from ledger.tables import names


@dataclass(frozen=True, slots=True)
class Idle:
    """An agent who has been idle, and the programme day of her last order or sale; None when there was none ever."""

    member: int
    code: str
    names: Names
    last: date | None


@dataclass(frozen=True, slots=True)
class Seller:
    """An agent as her hub lists her: what she owes and holds of her limit, has paid ahead; the day she was last active.

    `held` is what her open orders take of her limit.
    """

    member: int
    code: str
    names: Names
    hub: int
    group: int | None
    owes: Money
    held: Money
    limit: Money
    ahead: Money
    last: date | None


_shop = literal(f"{SHOP}:") + cast(member_table.c.id, String)
_ordered = order_table.c.agent == member_table.c.id
_sold = sale_table.c.book == _shop
_QUIET = (
    ~select(order_table.c.number).where(_ordered, order_table.c.placed_at >= bindparam("since_at")).exists(),
    ~select(sale_table.c.number).where(_sold, sale_table.c.event_on >= bindparam("since_on")).exists(),
)
_IDLE = (
    select(
        member_table,
        select(func.max(order_table.c.placed_at)).where(_ordered).scalar_subquery().label("ordered_at"),
        select(func.max(sale_table.c.event_on)).where(_sold).scalar_subquery().label("sold_on"),
    )
    .where(
        member_table.c.hub == bindparam("hub"),
        member_table.c.id > bindparam("after"),
        *_QUIET,
    )
    .order_by(member_table.c.id)
    .limit(bindparam("most"))
)

_hub = literal(f"{HUB}:") + cast(member_table.c.hub, String)
_owes, _ahead = account_table.alias("owes"), account_table.alias("ahead")


def _is(account: FromClause, code: int) -> ColumnElement[bool]:
    return and_(account.c.book == _hub, account.c.code == code, account.c.party == member_table.c.id)


_SELLERS = (
    select(
        member_table,
        programme_table.c.currency,
        programme_table.c.timezone,
        func.coalesce(_owes.c.balance, 0).label("owes"),
        func.coalesce(_owes.c.pending, 0).label("held"),
        func.coalesce(_owes.c.ceiling, book_table.c.ceiling, 0).label("ceiling"),
        func.coalesce(_ahead.c.balance, 0).label("ahead"),
        select(func.max(order_table.c.placed_at)).where(_ordered).scalar_subquery().label("ordered_at"),
        select(func.max(sale_table.c.event_on)).where(_sold).scalar_subquery().label("sold_on"),
    )
    .join_from(member_table, programme_table, programme_table.c.id == member_table.c.programme)
    .outerjoin(book_table, book_table.c.id == _hub)
    .outerjoin(_owes, _is(_owes, RECEIVABLE))
    .outerjoin(_ahead, _is(_ahead, DEPOSIT))
    .where(
        member_table.c.hub.in_(bindparam("hubs", expanding=True)),
        member_table.c.id > bindparam("after"),
    )
    .order_by(member_table.c.id)
    .limit(bindparam("most"))
)
_in_groups = (IN_GROUP, member_table.c.group.in_(bindparam("groups", expanding=True)))
_PAGES = {
    (some, idle_): _SELLERS.where(*(_in_groups if some else ()), *(_QUIET if idle_ else ()))
    for some in (False, True)
    for idle_ in (False, True)
}
_SELLER = _SELLERS.where(member_table.c.id == bindparam("member"))


def sellers(
    db: Connection,
    hubs: Sequence[int],
    *,
    groups: Sequence[int] | None = None,
    idle_since: datetime | None = None,
    after: int = 0,
    most: int = 50,
) -> list[Seller]:
    """Up to `most` agents of some hubs, by member id after `after`; only those of some groups, if not None.

    `idle_since`, the beginning of a day where the hubs are: only those without an order or a sale from that day on.
    """
    values: dict[str, Any] = {"hubs": list(hubs), "after": after, "most": most}
    if groups is not None:
        values["groups"] = list(groups)
    if idle_since is not None:
        values |= {"since_at": idle_since, "since_on": idle_since.date()}
    return [_seller(row) for row in db.execute(_PAGES[groups is not None, idle_since is not None], values)]


def seller(db: Connection, hubs: Sequence[int], member: int) -> Seller | None:
    """An agent of some hubs, if she is one of theirs."""
    row = db.execute(_SELLER, {"hubs": list(hubs), "after": 0, "most": 1, "member": member}).one_or_none()
    return _seller(row) if row else None


def _seller(row: Any) -> Seller:
    owes, held, limit = (Money(minor, row.currency) for minor in (row.owes, row.held, row.ceiling))
    ahead = Money(natural(DEPOSIT, row.ahead), row.currency)
    last = _last(row.ordered_at, row.sold_on, row.timezone)
    return Seller(row.id, row.code, names(row), row.hub, row.group, owes, held, limit, ahead, last)


def idle(db: Connection, hub: Hub, on: date, days: int, *, after: int = 0, most: int = 500) -> list[Idle]:
    """Up to `most` agents of a hub without an order or sale in the last `days` days, `on` the last of them.

    By member id, those after `after`: the last one of a page begins the next.
    """
    since = on - timedelta(days=days - 1)
    at = datetime.combine(since, time(), ZoneInfo(hub.timezone))
    rows = db.execute(_IDLE, {"hub": hub.id, "after": after, "since_at": at, "since_on": since, "most": most})
    return [Idle(row.id, row.code, names(row), _last(row.ordered_at, row.sold_on, hub.timezone)) for row in rows]


def _last(ordered_at: datetime | None, sold_on: date | None, timezone: str) -> date | None:
    days = [sold_on, programmes.day(ordered_at, timezone) if ordered_at else None]
    return max((day for day in days if day), default=None)
