"""Until the provider has it: queue, look what is due, claim, put off, give up, settle."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy import update

from gateway.outbox.states import ARRIVED
from gateway.outbox.states import SOURCES
from gateway.outbox.states import State
from gateway.outbox.tables import LEASED
from gateway.outbox.tables import WAITING
from gateway.outbox.tables import Claim
from gateway.outbox.tables import Draft
from gateway.outbox.tables import Settlement
from gateway.outbox.tables import Try
from gateway.outbox.tables import Waiting
from gateway.outbox.tables import attempt_table
from gateway.outbox.tables import message_table
from gateway.providers.contract import Outcome
from ledger.tables import Id
from ledger.tables import Instant

LEASE = timedelta(seconds=60)
"""How long one attempt may take; its provider call gives up long before."""

_TRIED = [message_table.c[name] for name in ("purpose", "attempts", "expires_at", "repeats", "bound_until")]
_NEW_COLUMNS = [column for column in message_table.c if column.name != "id"]
_FRESH = {
    "provider": "",
    "provider_id": "",
    "cost": "",
    "price": 0,
    "currency": "",
    "attempts": 0,
    "repeats": 0,
    "bound_to": "",
    "bound_until": None,
    "evidence": None,
    "lease_until": None,
}

# The one INSERT that a second copy of the same thing passes without an error, on every database we use.
_QUEUE = (
    text(
        f"INSERT INTO message ({', '.join(column.name for column in _NEW_COLUMNS)}) "  # noqa: S608 (our own names)
        f"VALUES ({', '.join(f':{column.name}' for column in _NEW_COLUMNS)}) "
        "ON CONFLICT (once_key) DO NOTHING RETURNING id"
    )
    .bindparams(*(bindparam(column.name, type_=column.type) for column in _NEW_COLUMNS))
    .columns(id=Id)
)
_DUE = (
    select(message_table.c.id)
    .where(WAITING, message_table.c.due_at <= bindparam("now"))
    .order_by(message_table.c.due_at)
    .limit(bindparam("limit"))
)
# What goes no more is dropped; but what may have been sent before is not: that stays open.
_doubtful = or_(message_table.c.repeats > 0, message_table.c.bound_to != "")
_GIVE_UP = (
    update(message_table)
    .where(WAITING)
    .values(
        state=case((_doubtful, State.UNSURE), else_=State.DROPPED),
        reason=bindparam("why"),
        bound_to="",
        bound_until=None,
        changed_at=bindparam("now"),
    )
)
_EXPIRE = _GIVE_UP.where(message_table.c.expires_at <= bindparam("now"))
_GIVE_UP_ONE = _GIVE_UP.where(message_table.c.id == bindparam("message")).returning(message_table.c.state)
_POSTPONE = (
    update(message_table)
    .where(message_table.c.id == bindparam("message"), WAITING)
    .values(due_at=bindparam("until", type_=Instant))
)
_claimable = (
    message_table.c.id == bindparam("message"),
    WAITING,
    message_table.c.due_at <= bindparam("now"),
    message_table.c.expires_at > bindparam("now"),
)
_WAITING = select(
    message_table.c.id.label("message"),
    *(message_table.c[name] for name in Waiting.__slots__ if name != "message"),
).where(*_claimable)
_CLAIMABLE = select(message_table.c.id).where(*_claimable).with_for_update(skip_locked=True)
_CLAIM = (
    update(message_table)
    .where(message_table.c.id == _CLAIMABLE.scalar_subquery(), WAITING)
    .values(
        state=State.SENDING,
        provider=bindparam("by"),
        price=message_table.c.parts * bindparam("each"),
        currency=bindparam("in_currency"),
        attempts=message_table.c.attempts + 1,
        lease_until=bindparam("lease"),
        changed_at=bindparam("now"),
    )
    .returning(*_TRIED, *(message_table.c[name] for name in ("once_key", "number", "text")))
)
_ATTEMPT = attempt_table.insert().returning(attempt_table.c.id)
_LAPSED = (
    select(
        attempt_table.c.id.label("attempt"),
        *(attempt_table.c[name] for name in ("message", "provider", "started_at")),
        *_TRIED,
    )
    .join(attempt_table, attempt_table.c.message == message_table.c.id)
    .where(
        LEASED,
        message_table.c.lease_until <= bindparam("now"),
        attempt_table.c.number == message_table.c.attempts,
    )
    .limit(bindparam("limit"))
)
# An attempt is open, or was given up as ambiguous and now its process tells what really happened.
_FINISH = (
    update(attempt_table)
    .where(
        attempt_table.c.id == bindparam("attempt"),
        or_(attempt_table.c.finished_at.is_(None), attempt_table.c.outcome == Outcome.AMBIGUOUS),
    )
    .values(
        finished_at=bindparam("now"),
        outcome=bindparam("as_outcome"),
        provider_id=bindparam("as_provider_id"),
        detail=bindparam("as_detail"),
    )
    .returning(attempt_table.c.message, attempt_table.c.number)
)
_bound_until = bindparam("as_bound_until", type_=Instant)
_MOVE = (
    update(message_table)
    .where(
        message_table.c.id == bindparam("message"),
        message_table.c.state.in_(bindparam("sources", expanding=True)),
    )
    .values(
        state=bindparam("to"),
        reason=bindparam("as_reason"),
        provider_id=bindparam("as_provider_id"),
        cost=bindparam("as_cost"),
        due_at=func.coalesce(bindparam("as_due_at", type_=Instant), message_table.c.due_at),
        repeats=message_table.c.repeats + bindparam("as_again"),
        bound_to=case((_bound_until.is_not(None), message_table.c.provider), else_=""),
        bound_until=_bound_until,
        evidence=None,
        lease_until=None,
        changed_at=bindparam("now"),
    )
)
_MOVE_BY_LATEST = _MOVE.where(message_table.c.attempts == bindparam("latest"))


def queue(db: Connection, draft: Draft, now: datetime) -> int | None:
    """Write a message to send at its `due_at`; its id, or None when its once-key was used before."""
    values: dict[str, Any] = asdict(draft)
    why = values.pop("dropped") or ("" if draft.text is not None else "unrendered")
    values |= {"state": State.DROPPED if why else State.QUEUED, "reason": why, "created_at": now, "changed_at": now}
    return db.execute(_QUEUE, values | _FRESH).scalar_one_or_none()


def due(db: Connection, now: datetime, limit: int) -> list[int]:
    """The ids of up to `limit` messages that wait and may go now, longest due first."""
    return list(db.execute(_DUE, {"now": now, "limit": limit}).scalars())


def waiting(db: Connection, message: int, now: datetime) -> Waiting | None:
    """A message that could be claimed now; None when it is not due, past its use, or another's."""
    row = db.execute(_WAITING, {"message": message, "now": now}).one_or_none()
    return Waiting(**row._mapping) if row else None


def expire(db: Connection, now: datetime) -> int:
    """Give up what waits and is past its use; how many."""
    return db.execute(_EXPIRE, {"why": "expired", "now": now}).rowcount


def give_up(db: Connection, message: int, why: str, now: datetime) -> State | None:
    """Send a waiting message no more: it is dropped, or unsure where it may have been sent before; None if it moved."""
    state = db.execute(_GIVE_UP_ONE, {"message": message, "why": why[:40], "now": now}).scalar_one_or_none()
    return State(state) if state else None


def postpone(db: Connection, message: int, until: datetime) -> None:
    """Let a waiting message wait until then."""
    db.execute(_POSTPONE, {"message": message, "until": until})


def claim(
    db: Connection, message: int, provider: str, now: datetime, *, price: int = 0, currency: str = ""
) -> Claim | None:
    """Take a message for one attempt and open the attempt's row; None when it is not due, or another's.

    `price` is what this provider takes for a part, in ten-thousandths of `currency`.
    """
    values = {"message": message, "by": provider, "now": now, "lease": now + LEASE}
    row = db.execute(_CLAIM, values | {"each": price, "in_currency": currency}).one_or_none()
    if row is None:
        return None
    attempt = {
        "message": message,
        "number": row.attempts,
        "provider": provider,
        "started_at": now,
        "outcome": "",
        "provider_id": "",
        "detail": "",
    }
    opened = db.execute(_ATTEMPT, attempt).scalar_one()
    return Claim(opened, message, provider, started_at=now, **row._mapping)


def lapsed(db: Connection, now: datetime, limit: int) -> list[Try]:
    """Up to `limit` attempts still open after their lease: nobody knows what was sent."""
    return [Try(**row._mapping) for row in db.execute(_LAPSED, {"now": now, "limit": limit})]


def settle(db: Connection, attempt: int, what: Settlement, now: datetime) -> bool:
    """Close an attempt and move its message; False when that was closed before or is further already.

    An attempt given up as ambiguous may still be settled, and an older one than the latest counts when its
    provider took the message.
    """
    # Cut to their columns: a provider's long word must not keep an attempt open.
    provider_id = what.provider_id[:100]
    values = {
        "attempt": attempt,
        "now": now,
        "as_outcome": what.outcome,
        "as_provider_id": provider_id,
        "as_detail": what.detail[:200],
    }
    closed = db.execute(_FINISH, values).one_or_none()
    if closed is None:
        return False
    move = {
        "message": closed.message,
        "sources": SOURCES[what.state],
        "to": what.state,
        "as_reason": what.reason[:40],
        "as_provider_id": provider_id,
        "as_cost": what.cost[:24],
        "as_due_at": what.due_at,
        "as_again": int(what.again),
        "as_bound_until": what.bound_until,
        "now": now,
    }
    if what.state in ARRIVED:
        return db.execute(_MOVE, move).rowcount == 1
    return db.execute(_MOVE_BY_LATEST, move | {"latest": closed.number}).rowcount == 1
