"""How each SMS provider stands: its weight when one is chosen, when it may send next, and whether it is stopped.

It is in the database, so that all workers know the same. Moments are microseconds since 1970, so that every database
counts with them in the same way.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import select
from sqlalchemy import update

from ledger.tables import Instant
from ledger.tables import insert_new
from ledger.tables import metadata

FULL = 100
"""The points of a provider without trouble."""

TROUBLE = 10
"""What one trouble takes."""

QUIET, GAIN = timedelta(minutes=5), 10
"""What so long without trouble gives back."""

STOP = timedelta(minutes=15)
"""How long a provider whose account is in trouble is left alone; then one message finds out."""

FARTHEST = timedelta(seconds=5)
"""How long a worker may wait for its turn at a provider; when more are waiting, the message stays in the queue."""

standing_table = Table(
    "standing",
    metadata,
    Column("provider", String(24), primary_key=True),
    Column("points", Integer, nullable=False),
    Column("troubled_at", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("stopped_until", Instant),
    Column("stopped_for", String(40), nullable=False),
)

_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_now = bindparam("now_us", type_=BigInteger)
_recovered = standing_table.c.points + GAIN * ((_now - standing_table.c.troubled_at) // (QUIET // _MICROSECOND))
_points = case((_recovered > FULL, FULL), else_=_recovered)
_left = case((_points > TROUBLE, _points - TROUBLE), else_=0)
_from = case((standing_table.c.next_at > _now, standing_table.c.next_at), else_=_now)

_mine = standing_table.c.provider == bindparam("name")
_SHOWN = select(standing_table)
_KNOWN = select(standing_table.c.provider).where(_mine)
_TROUBLE = update(standing_table).where(_mine).values(points=_left, troubled_at=_now)
_STOP = (
    update(standing_table)
    .where(_mine)
    .values(stopped_until=bindparam("until", type_=Instant), stopped_for=bindparam("why"))
)
# One UPDATE takes a turn, so that any number of workers together keep to the rate.
_TURN = (
    update(standing_table)
    .where(_mine, standing_table.c.next_at <= bindparam("farthest", type_=BigInteger))
    .values(next_at=_from + bindparam("step", type_=BigInteger))
    .returning(standing_table.c.next_at)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One provider: its points, from 0 to 100, and until when it is stopped, for what."""

    provider: str
    points: int
    stopped_until: datetime | None
    stopped_for: str

    def stopped(self, now: datetime) -> bool:
        """Whether nothing may go to it now."""
        return self.stopped_until is not None and now < self.stopped_until


def read(db: Connection, providers: Collection[str], now: datetime) -> Mapping[str, Standing]:
    """How these providers stand; one that is not known yet begins without trouble."""
    rows = {row.provider: row for row in db.execute(_SHOWN)}
    return {name: _standing(name, rows.get(name), now) for name in providers}


def _standing(name: str, row: Any, now: datetime) -> Standing:
    if row is None:
        return Standing(name, FULL, None, "")
    quiet = max(_micros(now) - row.troubled_at, 0) // (QUIET // _MICROSECOND)
    return Standing(name, min(row.points + GAIN * quiet, FULL), row.stopped_until, row.stopped_for)


def trouble(db: Connection, provider: str, now: datetime) -> None:
    """Take points from a provider that could not take a message, or did not say."""
    _known(db, provider)
    db.execute(_TROUBLE, {"name": provider, "now_us": _micros(now)})


def stop(db: Connection, provider: str, why: str, now: datetime) -> None:
    """Send nothing to a provider for a while: its account needs a person."""
    _known(db, provider)
    db.execute(_STOP, {"name": provider, "until": now + STOP, "why": why[:40]})


def resume(db: Connection, provider: str) -> bool:
    """Let a stopped provider send again; whether there is one of this name that was ever used."""
    return db.execute(_STOP, {"name": provider, "until": None, "why": ""}).rowcount == 1


def turn(db: Connection, provider: str, rate: int, now: datetime) -> timedelta | None:
    """Take the next turn of a provider that takes `rate` messages a second: how long to wait for it.

    As many as it takes in a second may go at once after a pause. None when the turn is too far off: it was not taken.
    """
    _known(db, provider)
    # A bucket that holds one second's messages, kept as the moment at which it would be full again.
    step = _SECOND // rate // _MICROSECOND
    ahead = (rate - 1) * step
    farthest = _micros(now) + FARTHEST // _MICROSECOND + ahead
    values = {"name": provider, "now_us": _micros(now), "farthest": farthest, "step": step}
    taken: int | None = db.execute(_TURN, values).scalar_one_or_none()
    if taken is None:
        return None
    return max(taken - step - ahead - _micros(now), 0) * _MICROSECOND


def _known(db: Connection, provider: str) -> None:
    """See to it that the provider has a row."""
    fresh = {"provider": provider, "points": FULL, "troubled_at": 0, "next_at": 0, "stopped_for": ""}
    if db.execute(_KNOWN, {"name": provider}).first() is None:
        db.execute(insert_new(standing_table)[db.dialect.name], fresh)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
