"""Messages by calendar month, provider and state, with parts and price: kept in a table, since there are many.

A month is that of the programme in which a message was queued. It is counted anew while its messages may still change;
`FINAL` months later it is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import select

from gateway.outbox.tables import message_table
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import Minor
from ledger.tables import metadata

FINAL = 2
"""So many months after its own a month is counted for the last time."""

message_month_table = Table(
    "message_month",
    metadata,
    Column("programme", Id, nullable=False),
    Column("month", Integer, nullable=False),
    Column("provider", String(24), nullable=False),
    Column("state", String(12), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("parts", BigInteger, nullable=False),
    Column("price", Minor, nullable=False),
    PrimaryKeyConstraint("programme", "month", "provider", "state", "currency"),
)
"""`month` as 202611; `price` in ten-thousandths of the currency, as in `message`."""

message_counted_table = Table(
    "message_counted",
    metadata,
    Column("programme", Id, nullable=False),
    Column("month", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("programme", "month"),
)
"""When a month was counted last."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Messages of a month by one provider (empty: none took them yet) in one state: how many, their parts and price."""

    month: int
    provider: str
    state: str
    currency: str
    messages: int
    parts: int
    price: int


_m = message_table.c
_KEY = (_m.provider, _m.state, _m.currency)
_TALLY = (
    select(
        *_KEY,
        func.count().label("messages"),
        func.sum(_m.parts).label("parts"),
        func.sum(_m.price).label("price"),
    )
    .where(
        _m.programme == bindparam("programme"),
        _m.created_at >= bindparam("first", type_=Instant),
        _m.created_at < bindparam("until", type_=Instant),
    )
    .group_by(*_KEY)
)
_OLDEST = select(func.min(_m.created_at)).where(_m.programme == bindparam("programme"))
_COUNTED = select(message_counted_table.c.month).where(message_counted_table.c.programme == bindparam("programme"))
_kept = message_month_table.c
_FORGET = [
    delete(table).where(table.c.programme == bindparam("of"), table.c.month == bindparam("in_month"))
    for table in (message_month_table, message_counted_table)
]
_OF = select(message_month_table).where(
    _kept.programme == bindparam("programme"), _kept.month.between(bindparam("first"), bindparam("last"))
)
_AS_OF = select(func.min(message_counted_table.c.at)).where(
    message_counted_table.c.programme == bindparam("programme"),
    message_counted_table.c.month >= bindparam("first"),
    message_counted_table.c.month <= bindparam("last"),
)


def oldest(db: Connection, programme: int) -> datetime | None:
    """When the first message of a programme was queued, None if there is none."""
    found: datetime | None = db.execute(_OLDEST, {"programme": programme}).scalar()
    return found


def counted(db: Connection, programme: int) -> set[int]:
    """The months that have been counted."""
    return set(db.execute(_COUNTED, {"programme": programme}).scalars())


def tally(db: Connection, programme: int, month: int, first: datetime, until: datetime) -> list[Sent]:
    """Count the messages queued from `first` to before `until`, which is the month, by provider, state and currency."""
    rows = db.execute(_TALLY, {"programme": programme, "first": first, "until": until})
    return [
        Sent(month, row.provider, row.state, row.currency, row.messages, int(row.parts), int(row.price)) for row in rows
    ]


def keep(db: Connection, programme: int, month: int, rows: Sequence[Sent], now: datetime) -> None:
    """Put what was counted in the place of what was kept."""
    for statement in _FORGET:
        db.execute(statement, {"of": programme, "in_month": month})
    if rows:
        names = Sent.__slots__
        values = [{"programme": programme} | {name: getattr(each, name) for name in names} for each in rows]
        db.execute(message_month_table.insert(), values)
    db.execute(message_counted_table.insert(), {"programme": programme, "month": month, "at": now})


def kept(db: Connection, programme: int, first: int, last: int) -> list[Sent]:
    """What was counted from a first to a last month, both included."""
    rows = db.execute(_OF, {"programme": programme, "first": first, "last": last})
    return [
        Sent(row.month, row.provider, row.state, row.currency, row.messages, int(row.parts), int(row.price))
        for row in rows
    ]


def as_of(db: Connection, programme: int, first: int, last: int) -> datetime | None:
    """When the one of some months that was counted first was counted, None if none was."""
    found: datetime | None = db.execute(_AS_OF, {"programme": programme, "first": first, "last": last}).scalar()
    return found
