"""The outbox: every message as a row, written with what it tells and claimed, sent and settled afterwards.

A message moves only along `NEXT`, by one UPDATE that names the states it may come from: that is the lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy import update

from gateway.providers.contract import Outcome
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata

LEASE = timedelta(seconds=60)
"""How long one attempt may take; its provider call gives up long before."""


class State(StrEnum):
    """Where a message is; `expired` is the provider's word, `dropped` ours, with a reason."""

    QUEUED = "queued"
    SENDING = "sending"
    UNSURE = "unsure"
    ACCEPTED = "accepted"
    SENT = "sent"
    BUFFERED = "buffered"
    UNKNOWN = "unknown"
    FAILED = "failed"
    EXPIRED = "expired"
    DELIVERED = "delivered"
    DROPPED = "dropped"


# A message that the provider took only goes up, and a delivery outranks whatever was said before it.
_SURE = frozenset({State.FAILED, State.EXPIRED, State.DELIVERED})
ARRIVED = frozenset({State.ACCEPTED, State.SENT, State.BUFFERED, State.DELIVERED})
"""Where a message is once its provider took it: any attempt may say so, and only the latest anything else."""

NEXT: Mapping[State, frozenset[State]] = {
    # Word of an earlier attempt may come while the message waits for the next one, or after we gave it up.
    State.QUEUED: ARRIVED | {State.SENDING, State.DROPPED},
    State.SENDING: ARRIVED | _SURE | {State.QUEUED, State.UNSURE, State.DROPPED},
    State.UNSURE: ARRIVED | _SURE | {State.QUEUED, State.DROPPED},
    State.ACCEPTED: _SURE | {State.SENT, State.BUFFERED, State.UNKNOWN},
    State.SENT: _SURE | {State.BUFFERED, State.UNKNOWN},
    State.BUFFERED: _SURE | {State.UNKNOWN},
    State.UNKNOWN: _SURE,
    State.FAILED: frozenset({State.DELIVERED}),
    State.EXPIRED: frozenset({State.DELIVERED}),
    State.DROPPED: ARRIVED,
    State.DELIVERED: frozenset(),
}
"""Every move there is; until the provider took it a message may go back, from `unsure` only by policy."""

SOURCES: Mapping[State, list[State]] = {to: [state for state in State if to in NEXT[state]] for to in State}
"""The same table read backwards: from where a message may come."""

message_table = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once_key", String(80), nullable=False, unique=True),
    Column("purpose", String(24), nullable=False),
    Column("programme", Id, nullable=False),
    Column("member", Id),
    Column("number", String(20)),
    Column("language", String(8), nullable=False),
    Column("text", Text),
    Column("encoding", String(8), nullable=False),
    Column("units", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("provider", String(24), nullable=False),
    Column("provider_id", String(100), nullable=False),
    Column("cost", String(24), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "number", "created_at"),
)
# Of years of messages only the few that still wait are looked for, so only they are in these indexes.
_waiting = message_table.c.state == State.QUEUED
_leased = message_table.c.state == State.SENDING
Index("ix_message_waiting", message_table.c.due_at, sqlite_where=_waiting, postgresql_where=_waiting)
Index("ix_message_leased", message_table.c.lease_until, sqlite_where=_leased, postgresql_where=_leased)

attempt_table = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message", ForeignKey("message.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("provider", String(24), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", String(12), nullable=False),
    Column("provider_id", String(100), nullable=False),
    Column("detail", String(200), nullable=False),
)


@dataclass(frozen=True)
class Draft:
    """A message to be, once for its `once_key`; one that could not be rendered has no text."""

    once_key: str
    purpose: str
    programme: int
    member: int | None
    number: str | None
    language: str
    text: str | None
    encoding: str
    units: int
    parts: int
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt, the `attempts`-th of its message, counted from 1."""

    attempt: int
    message: int
    provider: str
    purpose: str
    attempts: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claim(Try):
    """The right to send a message until the lease ends."""

    once_key: str
    number: str
    text: str


@dataclass(frozen=True)
class Settlement:
    """What became of an attempt, and where its message goes: with a `due_at` when back to the queue."""

    outcome: Outcome
    state: State
    reason: str = ""
    provider_id: str = ""
    cost: str = ""
    detail: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a person is shown it; a text that could not be rendered is None."""

    created_at: datetime
    text: str | None
    encoding: str
    units: int
    parts: int
    state: str


_SHOWN = [message_table.c[name] for name in Message.__slots__]
_TRIED = [message_table.c[name] for name in ("purpose", "attempts", "expires_at")]
_NEW_COLUMNS = [column for column in message_table.c if column.name != "id"]

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
    .where(_waiting, message_table.c.due_at <= bindparam("now"))
    .order_by(message_table.c.due_at)
    .limit(bindparam("limit"))
)
_EXPIRE = (
    update(message_table)
    .where(_waiting, message_table.c.expires_at <= bindparam("now"))
    .values(state=State.DROPPED, reason="expired", changed_at=bindparam("now"))
)
_CLAIMABLE = (
    select(message_table.c.id)
    .where(
        message_table.c.id == bindparam("message"),
        _waiting,
        message_table.c.due_at <= bindparam("now"),
        message_table.c.expires_at > bindparam("now"),
    )
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(message_table)
    .where(message_table.c.id == _CLAIMABLE.scalar_subquery(), _waiting)
    .values(
        state=State.SENDING,
        provider=bindparam("by"),
        attempts=message_table.c.attempts + 1,
        lease_until=bindparam("lease"),
        changed_at=bindparam("now"),
    )
    .returning(*_TRIED, *(message_table.c[name] for name in ("once_key", "number", "text")))
)
_ATTEMPT = attempt_table.insert().returning(attempt_table.c.id)
_LAPSED = (
    select(attempt_table.c.id.label("attempt"), attempt_table.c.message, attempt_table.c.provider, *_TRIED)
    .join(attempt_table, attempt_table.c.message == message_table.c.id)
    .where(
        _leased,
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
        lease_until=None,
        changed_at=bindparam("now"),
    )
)
_MOVE_BY_LATEST = _MOVE.where(message_table.c.attempts == bindparam("latest"))
_RECENT = (
    select(*_SHOWN)
    .where(message_table.c.number == bindparam("number"))
    .order_by(message_table.c.created_at.desc(), message_table.c.id.desc())
    .limit(bindparam("limit"))
)
_COUNTS = select(message_table.c.state, func.count()).group_by(message_table.c.state)


def queue(db: Connection, draft: Draft, now: datetime) -> int | None:
    """Write a message to send at its `due_at`; its id, or None when its once-key was used before."""
    rendered = draft.text is not None
    values: dict[str, Any] = asdict(draft) | {
        "state": State.QUEUED if rendered else State.DROPPED,
        "reason": "" if rendered else "unrendered",
        "provider": "",
        "provider_id": "",
        "cost": "",
        "attempts": 0,
        "lease_until": None,
        "created_at": now,
        "changed_at": now,
    }
    return db.execute(_QUEUE, values).scalar_one_or_none()


def due(db: Connection, now: datetime, limit: int) -> list[int]:
    """The ids of up to `limit` messages that wait and may go now, longest due first."""
    return list(db.execute(_DUE, {"now": now, "limit": limit}).scalars())


def expire(db: Connection, now: datetime) -> int:
    """Drop what waits and is past its use; how many."""
    return db.execute(_EXPIRE, {"now": now}).rowcount


def claim(db: Connection, message: int, provider: str, now: datetime) -> Claim | None:
    """Take a message for one attempt and open the attempt's row; None when it is not due, or another's."""
    values = {"message": message, "by": provider, "now": now, "lease": now + LEASE}
    row = db.execute(_CLAIM, values).one_or_none()
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
    return Claim(opened, message, provider, **row._mapping)


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
        "now": now,
    }
    if what.state in ARRIVED:
        return db.execute(_MOVE, move).rowcount == 1
    return db.execute(_MOVE_BY_LATEST, move | {"latest": closed.number}).rowcount == 1


def recent(db: Connection, number: str, limit: int = 20) -> list[Message]:
    """The latest messages to a number, newest first."""
    return [Message(**row._mapping) for row in db.execute(_RECENT, {"number": number, "limit": limit})]


def counts(db: Connection) -> dict[str, int]:
    """How many messages are in each state that has any."""
    return dict(db.execute(_COUNTS).all())
