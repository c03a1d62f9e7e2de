"""How often a password or a code may be tried: for an operator and for an address, with pauses that double.

A try is counted, and committed, before it is looked at, so that many at once do not slip through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import delete
from sqlalchemy import select
from sqlalchemy import update

from gateway.console.tables import try_table
from ledger.tables import Instant
from ledger.tables import insert_new

PAUSE, LONGEST = timedelta(minutes=1), timedelta(hours=1)
"""The first pause, and the longest: nobody can be locked out for good by a stranger."""

REMEMBERED = timedelta(hours=24)
SOME = 500


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries without success are free; the next ones each bring a pause."""

    free: int


OPERATOR, ADDRESS = Limit(5), Limit(30)

_about = try_table.c.about == bindparam("b_about")
_now = bindparam("now", type_=Instant)
_COUNT = (
    update(try_table)
    .where(_about, (try_table.c.locked_until.is_(None)) | (try_table.c.locked_until <= _now))
    .values(
        failures=case((try_table.c.last_at < bindparam("stale", type_=Instant), 1), else_=try_table.c.failures + 1),
        last_at=_now,
        locked_until=None,
    )
    .returning(try_table.c.failures)
)
_LOCK = update(try_table).where(_about).values(locked_until=bindparam("until", type_=Instant))
_LOCKED = select(try_table.c.locked_until).where(_about)
_FORGET_ONE = delete(try_table).where(_about)
_TAKE_BACK = (
    update(try_table)
    .where(_about, try_table.c.failures > 0)
    .values(failures=try_table.c.failures - 1, locked_until=None)
)
_OLD = select(try_table.c.about).where(try_table.c.last_at < bindparam("before", type_=Instant)).limit(SOME)
_FORGET = delete(try_table).where(try_table.c.about.in_(_OLD))


def of_operator(name: str) -> str:
    """What is counted for a name that was typed; hashed, because people type passwords there."""
    return f"o:{sha256(name.strip().lower().encode()).hexdigest()[:40]}"


def of_address(address: str) -> str:
    """What is counted for an address."""
    return f"a:{address}"


def count(db: Connection, about: str, limit: Limit, now: datetime) -> datetime | None:
    """Count a try; until when none is allowed, if it came during a pause: then it was not counted."""
    fresh = {"about": about, "failures": 0, "last_at": now, "locked_until": None}
    db.execute(insert_new(try_table)[db.dialect.name], fresh)
    failures = db.execute(_COUNT, {"b_about": about, "now": now, "stale": now - REMEMBERED}).scalar_one_or_none()
    if failures is None:
        until: datetime | None = db.execute(_LOCKED, {"b_about": about}).scalar_one()
        return until
    if failures >= limit.free:
        pause = min(PAUSE * 2 ** min(failures - limit.free, 12), LONGEST)
        db.execute(_LOCK, {"b_about": about, "until": now + pause})
    return None


def clear(db: Connection, about: str) -> None:
    """Forget the tries of an operator who is in."""
    db.execute(_FORGET_ONE, {"b_about": about})


def take_back(db: Connection, about: str) -> None:
    """Do not count the last try of an address: it was right. Those before it stay: they may be about others."""
    db.execute(_TAKE_BACK, {"b_about": about})


def forget(db: Connection, now: datetime) -> None:
    """Drop some of what is too old to matter."""
    db.execute(_FORGET, {"before": now - REMEMBERED})
