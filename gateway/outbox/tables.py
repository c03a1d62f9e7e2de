"""The two tables of the outbox, messages and attempts, and the values that go in and come out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import ColumnElement
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam

from gateway.outbox.states import ON_ITS_WAY
from gateway.outbox.states import State
from gateway.providers.contract import Outcome
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata

message_table = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("once_key", String(80), nullable=False, unique=True),
    Column("purpose", String(24), nullable=False),
    Column("programme", Id),
    Column("member", Id),
    Column("number", String(20)),
    Column("language", String(8), nullable=False),
    Column("template", String(8), nullable=False),
    Column("text", Text),
    Column("encoding", String(8), nullable=False),
    Column("units", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("provider", String(24), nullable=False),
    Column("provider_id", String(100), nullable=False),
    Column("cost", String(24), nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("bound_to", String(24), nullable=False),
    Column("bound_until", Instant),
    Column("evidence", Id),
    Column("timezone", String(40), nullable=False),
    Column("wakes_until", Instant),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "number", "created_at"),
    Index(None, "created_at", "id"),
    Index(None, "member", "created_at", "id"),
)
"""`price` is what the parts cost by our own list, in ten-thousandths of the currency; `cost` the provider's word.

An attempt that ended ambiguous binds the message to its provider, `bound_to`, as long as that honours the key of the
first such attempt, `bound_until`. `evidence` is the receipt from which the state was inferred. Number and text are
blanked after some days.
"""


def _one_of(states: Collection[State]) -> ColumnElement[bool]:
    """The condition to be in one of some states, written out: SQLite takes no partial index for bound ones."""
    values = [state.value for state in sorted(states)]
    return message_table.c.state.in_(bindparam(None, values, expanding=True, literal_execute=True))


WAITING = message_table.c.state == State.QUEUED
LEASED = message_table.c.state == State.SENDING
IN_DOUBT = message_table.c.state == State.UNSURE
SILENT = _one_of(ON_ITS_WAY)
LOST = _one_of((State.FAILED, State.EXPIRED, State.UNKNOWN))
INFERRED = message_table.c.evidence.is_not(None)
NUMBERED = message_table.c.number.is_not(None)

# Of years of messages only the few that something is still to be done with are looked for: only they are indexed.
for _name, _column, _some in (
    ("waiting", message_table.c.due_at, WAITING),
    ("leased", message_table.c.lease_until, LEASED),
    ("unsure", message_table.c.changed_at, IN_DOUBT),
    ("inferred", message_table.c.changed_at, INFERRED),
    ("silent", message_table.c.changed_at, SILENT),
    ("lost", message_table.c.changed_at, LOST),
    ("numbered", message_table.c.created_at, NUMBERED),
):
    Index(f"ix_message_{_name}", _column, sqlite_where=_some, postgresql_where=_some)

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
    Index(None, "provider_id", "provider"),
)


@dataclass(frozen=True)
class Draft:
    """A message to be, once for its `once_key`; one that could not be rendered has no text.

    At night in `timezone` it goes only until `wakes_until`; without a timezone nobody's night is kept. `dropped` is why
    it is written down and not sent.
    """

    once_key: str
    purpose: str
    programme: int | None
    member: int | None
    number: str | None
    language: str
    text: str | None
    encoding: str
    units: int
    parts: int
    due_at: datetime
    expires_at: datetime
    template: str = ""
    timezone: str = ""
    wakes_until: datetime | None = None
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message whose time has come, as far as it is looked at before it is claimed."""

    message: int
    number: str
    text: str
    language: str
    template: str
    timezone: str
    wakes_until: datetime | None
    expires_at: datetime
    bound_to: str
    bound_until: datetime | None


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt, the `attempts`-th of its message, counted from 1.

    `repeats` counts the times that it went again by policy. `bound_until` is set when an earlier attempt of the same
    key ended ambiguous.
    """

    attempt: int
    message: int
    provider: str
    purpose: str
    attempts: int
    expires_at: datetime
    started_at: datetime
    repeats: int = 0
    bound_until: datetime | None = None

    @property
    def doubtful(self) -> bool:
        """Whether an earlier attempt may have sent it."""
        return self.repeats > 0 or self.bound_until is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Try):
    """The right to send a message until the lease ends."""

    once_key: str
    number: str
    text: str

    @property
    def key(self) -> str:
        """What the provider may know the message by: another one for what goes again by policy."""
        return f"{self.once_key}/{self.repeats}" if self.repeats else self.once_key


@dataclass(frozen=True)
class Settlement:
    """What became of an attempt, and where its message goes: with a `due_at` when back to the queue.

    `bound_until` keeps it with its provider; `again` counts one more repeat.
    """

    outcome: Outcome
    state: State
    reason: str = ""
    provider_id: str = ""
    cost: str = ""
    detail: str = ""
    due_at: datetime | None = None
    bound_until: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a person is shown it; a text that could not be rendered, or was blanked, is None."""

    created_at: datetime
    text: str | None
    encoding: str
    units: int
    parts: int
    state: str
