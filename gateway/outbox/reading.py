"""What people look at: the tray of a number, how many are where, what is in doubt; and what is blanked in time."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update

from gateway.outbox.states import State
from gateway.outbox.tables import IN_DOUBT
from gateway.outbox.tables import INFERRED
from gateway.outbox.tables import NUMBERED
from gateway.outbox.tables import WAITING
from gateway.outbox.tables import Message
from gateway.outbox.tables import attempt_table
from gateway.outbox.tables import message_table
from ledger.tables import Instant


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt at a message in doubt."""

    provider: str
    started_at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A message of which we do not know, or only infer, whether it arrived, and the evidence: all its attempts.

    `evidence` is the delivery report from which its state was inferred.
    """

    message: int
    purpose: str
    member: int | None
    number: str | None
    state: str
    reason: str
    evidence: int | None
    changed_at: datetime
    attempts: tuple[Attempted, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Messages of one provider in one state: how many, their parts, their price in ten-thousandths of the currency."""

    provider: str
    state: str
    messages: int
    parts: int
    price: int
    currency: str


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits to be sent: all of it, what is due, since when the oldest that is due waits (None: nothing is due)."""

    waiting: int
    due: int
    oldest: datetime | None


_SHOWN = [message_table.c[name] for name in Message.__slots__]
_RECENT = (
    select(*_SHOWN)
    .where(message_table.c.number == bindparam("number"))
    .order_by(message_table.c.created_at.desc(), message_table.c.id.desc())
    .limit(bindparam("limit"))
)
_COUNTS = select(message_table.c.state, func.count()).group_by(message_table.c.state)
_due = message_table.c.due_at <= bindparam("now", type_=Instant)
_QUEUE = select(
    func.count(), func.count(message_table.c.id).filter(_due), func.min(message_table.c.due_at).filter(_due)
).where(WAITING)
_STATES = (
    select(message_table.c.state, func.count())
    .where(
        NUMBERED, message_table.c.created_at >= bindparam("since"), message_table.c.programme == bindparam("programme")
    )
    .group_by(message_table.c.state)
)
_BY_PROVIDER = (
    select(
        message_table.c.provider,
        message_table.c.state,
        func.count().label("messages"),
        func.sum(message_table.c.parts).label("parts"),
        func.sum(message_table.c.price).label("price"),
        message_table.c.currency,
    )
    .where(message_table.c.created_at >= bindparam("since"))
    .group_by(message_table.c.provider, message_table.c.state, message_table.c.currency)
    .order_by(message_table.c.provider, message_table.c.state, message_table.c.currency)
)
_IN_DOUBT = (
    select(
        message_table.c.id.label("message"),
        *(message_table.c[each.name] for each in fields(InDoubt) if each.name not in ("message", "attempts")),
    )
    .where(or_(IN_DOUBT, INFERRED))
    .order_by(message_table.c.changed_at.desc(), message_table.c.id.desc())
    .limit(bindparam("limit"))
)
_ATTEMPTS = (
    select(attempt_table)
    .where(attempt_table.c.message.in_(bindparam("messages", expanding=True)))
    .order_by(attempt_table.c.message, attempt_table.c.number)
)
_OLD = (
    select(message_table.c.id)
    .where(
        NUMBERED,
        message_table.c.created_at <= bindparam("before"),
        message_table.c.state.not_in((State.QUEUED, State.SENDING)),
    )
    .limit(bindparam("limit"))
)
_BLANK = update(message_table).where(message_table.c.id.in_(_OLD)).values(text=None, number=None)


def recent(db: Connection, number: str, limit: int = 20) -> list[Message]:
    """The latest messages to a number, newest first."""
    return [Message(**row._mapping) for row in db.execute(_RECENT, {"number": number, "limit": limit})]


def counts(db: Connection) -> dict[str, int]:
    """How many messages are in each state that has any."""
    return dict(db.execute(_COUNTS).all())


def depth(db: Connection, now: datetime) -> Queue:
    """What waits to be sent."""
    return Queue(*db.execute(_QUEUE, {"now": now}).one())


def by_state(db: Connection, programme: int, since: datetime) -> dict[str, int]:
    """How many messages of a programme since then are in each state; those without a number were never to go."""
    return dict(db.execute(_STATES, {"programme": programme, "since": since}).all())


def sums(db: Connection, since: datetime) -> list[Sum]:
    """Messages since then by provider and state."""
    rows = db.execute(_BY_PROVIDER, {"since": since})
    return [Sum(row.provider, row.state, row.messages, int(row.parts), int(row.price), row.currency) for row in rows]


def in_doubt(db: Connection, limit: int = 100) -> list[InDoubt]:
    """The messages that stay unsure or were inferred from a report, newest first, each with its attempts."""
    rows = db.execute(_IN_DOUBT, {"limit": limit}).all()
    tried: dict[int, list[Attempted]] = {row.message: [] for row in rows}
    for each in db.execute(_ATTEMPTS, {"messages": list(tried)}):
        tried[each.message].append(Attempted(each.provider, each.started_at, each.outcome, each.detail))
    return [InDoubt(**row._mapping, attempts=tuple(tried[row.message])) for row in rows]


def blank(db: Connection, before: datetime, limit: int) -> int:
    """Blank text and number of up to `limit` messages from before then that wait no more; how many."""
    return db.execute(_BLANK, {"before": before, "limit": limit}).rowcount
