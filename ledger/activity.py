"""Who is active: an agent who ordered or sold something in some days; the others are to be asked what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy import String
from sqlalchemy import bindparam
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import select

from ledger import programmes
from ledger.chart import SHOP
from ledger.hubs import Hub
from ledger.members import member_table
from ledger.orders import order_table
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


_shop = literal(f"{SHOP}:") + cast(member_table.c.id, String)
_ordered = order_table.c.agent == member_table.c.id
_sold = sale_table.c.book == _shop
_IDLE = (
    select(
        member_table,
        select(func.max(order_table.c.placed_at)).where(_ordered).scalar_subquery().label("ordered_at"),
        select(func.max(sale_table.c.event_on)).where(_sold).scalar_subquery().label("sold_on"),
    )
    .where(
        member_table.c.hub == bindparam("hub"),
        member_table.c.id > bindparam("after"),
        ~select(order_table.c.number).where(_ordered, order_table.c.placed_at >= bindparam("since_at")).exists(),
        ~select(sale_table.c.number).where(_sold, sale_table.c.event_on >= bindparam("since_on")).exists(),
    )
    .order_by(member_table.c.id)
    .limit(bindparam("most"))
)


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
