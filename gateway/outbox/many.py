"""Messages that were sent together: their once-keys begin alike. How they stand, holding what waits, giving it up."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update

from gateway.outbox.states import State
from gateway.outbox.tables import WAITING
from gateway.outbox.tables import message_table
from ledger.tables import Instant


@dataclass(frozen=True, slots=True)
class Together:
    """Messages of a programme written in some time whose once-keys begin with `stem`, as `broadcast:7:`."""

    programme: int
    stem: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of them are in a state, with their parts and their price in ten-thousandths of the currency."""

    state: str
    messages: int
    parts: int
    price: int
    currency: str


_them = (
    message_table.c.programme == bindparam("b_programme"),
    message_table.c.created_at >= bindparam("b_since", type_=Instant),
    message_table.c.created_at <= bindparam("b_until", type_=Instant),
    message_table.c.once_key.like(bindparam("b_stem")),
)
_COUNTED = (
    select(
        message_table.c.state,
        func.count().label("messages"),
        func.sum(message_table.c.parts).label("parts"),
        func.sum(message_table.c.price).label("price"),
        func.max(message_table.c.currency).label("currency"),
    )
    .where(*_them)
    .group_by(message_table.c.state)
    .order_by(message_table.c.state)
)
_REACHED = select(message_table.c.number).where(
    *_them, message_table.c.number.in_(bindparam("numbers", expanding=True))
)
_HOLD = (
    update(message_table)
    .where(*_them, WAITING)
    .values(due_at=bindparam("due", type_=Instant), expires_at=bindparam("expires", type_=Instant))
)
# As everywhere: what may have been sent before stays open.
_doubtful = or_(message_table.c.repeats > 0, message_table.c.bound_to != "")
_GIVE_UP = (
    update(message_table)
    .where(*_them, WAITING)
    .values(
        state=case((_doubtful, State.UNSURE), else_=State.DROPPED),
        reason=bindparam("why"),
        bound_to="",
        bound_until=None,
        changed_at=bindparam("now", type_=Instant),
    )
)


def _values(those: Together) -> dict[str, object]:
    return {
        "b_programme": those.programme,
        "b_stem": f"{those.stem}%",
        "b_since": those.since,
        "b_until": those.until,
    }


def counted(db: Connection, those: Together) -> Sequence[Counted]:
    """How they stand, by state."""
    rows = db.execute(_COUNTED, _values(those))
    return [Counted(row.state, row.messages, int(row.parts), int(row.price), row.currency) for row in rows]


def reached(db: Connection, those: Together, numbers: Collection[str]) -> set[str]:
    """Those of some numbers that one of them goes to."""
    return set(db.execute(_REACHED, _values(those) | {"numbers": list(numbers)}).scalars())


def put_off(db: Connection, those: Together, until: datetime, use: timedelta) -> int:
    """Let what waits of them wait until then, and be worth sending for `use` after it; how many."""
    return db.execute(_HOLD, _values(those) | {"due": until, "expires": until + use}).rowcount


def give_up_all(db: Connection, those: Together, why: str, now: datetime) -> int:
    """Send no more of them; how many did wait."""
    return db.execute(_GIVE_UP, _values(those) | {"why": why[:40], "now": now}).rowcount
