"""Rounds: how far the clock has come in going through everybody for one thing, so that it goes on where it stopped.

One row for each thing and programme, of its latest round. A step forward is one UPDATE that names where it was: of two
clocks in one round, the slower one finds out and leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import insert_new
from ledger.tables import metadata

Key = tuple[int, ...]
"""After which the next page begins; nothing at the beginning."""

round_table = Table(
    "round",
    metadata,
    Column("name", String(20), nullable=False),
    Column("programme", Id, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("whole_since", Instant),
    Column("after", String(60), nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("told", Integer, nullable=False),
    PrimaryKeyConstraint("name", "programme"),
)


@dataclass(frozen=True, slots=True)
class Trip:
    """The latest round for a thing in a programme: when it began, after what it goes on, how much it has seen and told.

    `whole_since` is when the last round before it began that came to its end.
    """

    name: str
    programme: int
    began_at: datetime
    whole_since: datetime | None = None
    after: Key = ()
    finished: bool = False
    seen: int = 0
    told: int = 0


_EVERY = select(round_table)
_mine = (round_table.c.name == bindparam("b_name"), round_table.c.programme == bindparam("b_programme"))
_was = round_table.c.began_at == bindparam("b_began_at", type_=Instant)
_ONE = _EVERY.where(*_mine)
# By what comes back: after an INSERT the count of rows is not always known.
_FIRST = {name: insert.returning(round_table.c.name) for name, insert in insert_new(round_table).items()}
_AGAIN = round_table.update().where(*_mine, _was)
_STEP = round_table.update().where(
    *_mine, _was, round_table.c.after == bindparam("b_after"), round_table.c.finished.is_(False)
)


def _row(trip: Trip) -> dict[str, Any]:
    values = {name: getattr(trip, name) for name in Trip.__slots__}
    return values | {"after": _written(trip.after)}


def _trip(row: Any) -> Trip:
    values = dict(row._mapping)
    return Trip(**values | {"after": tuple(int(part) for part in row.after.split(",") if part)})


def _written(key: Key) -> str:
    return ",".join(map(str, key))


def every(db: Connection) -> Mapping[tuple[str, int], Trip]:
    """The latest round for each thing in each programme."""
    return {(row.name, row.programme): _trip(row) for row in db.execute(_EVERY)}


def begin(db: Connection, name: str, programme: int, known: Trip | None, now: datetime) -> Trip | None:
    """Begin a round after the one that is known, whether that came to its end or not; None: another clock did."""
    if known is None:
        made = Trip(name, programme, now)
        return made if db.execute(_FIRST[db.dialect.name], _row(made)).first() else None
    made = Trip(name, programme, now, known.began_at if known.finished else known.whole_since)
    where = {"b_name": name, "b_programme": programme, "b_began_at": known.began_at}
    return made if db.execute(_AGAIN.values(_row(made)), where).rowcount == 1 else None


def step(db: Connection, trip: Trip, after: Key | None, *, seen: int, told: int) -> Trip | None:
    """Go on to the next page, or to the end (None); the round as it then is, None where another clock was faster."""
    made = replace(
        trip, after=after or trip.after, finished=after is None, seen=trip.seen + seen, told=trip.told + told
    )
    where = {
        "b_name": trip.name,
        "b_programme": trip.programme,
        "b_began_at": trip.began_at,
        "b_after": _written(trip.after),
    }
    return made if db.execute(_STEP.values(_row(made)), where).rowcount == 1 else None
