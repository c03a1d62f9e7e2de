"""After the send: what receipts say moves a message forward, what they let us infer, and what long silence means."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select
from sqlalchemy import true
from sqlalchemy import update

from gateway.outbox.states import ARRIVED
from gateway.outbox.states import NEXT
from gateway.outbox.states import SOURCES
from gateway.outbox.states import State
from gateway.outbox.tables import IN_DOUBT
from gateway.outbox.tables import SILENT
from gateway.outbox.tables import attempt_table
from gateway.outbox.tables import message_table
from gateway.providers.contract import Outcome
from ledger.tables import Instant


@dataclass(frozen=True, slots=True)
class Held:
    """An attempt that has the id of a receipt, and the number that its message went to, blanked after some days."""

    attempt: int
    message: int
    number: str | None
    latest: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """The latest attempt of a message that may have been sent, and whose id we do not know."""

    attempt: int
    message: int
    state: State
    latest: bool


@dataclass(frozen=True, slots=True)
class Unsure:
    """A message that may have been sent and must go again or not: what of it is needed to decide."""

    message: int
    number: str
    text: str
    language: str
    template: str


_HELD = (
    select(
        attempt_table.c.id.label("attempt"),
        attempt_table.c.message,
        message_table.c.number,
        (attempt_table.c.number == message_table.c.attempts).label("latest"),
    )
    .join(message_table, message_table.c.id == attempt_table.c.message)
    .where(
        attempt_table.c.provider_id == bindparam("provider_id"),
        attempt_table.c.provider == bindparam("provider"),
    )
    .order_by(attempt_table.c.id)
)
_WITHOUT_ID = (
    select(
        attempt_table.c.id.label("attempt"),
        attempt_table.c.message,
        message_table.c.state,
        (attempt_table.c.number == message_table.c.attempts).label("latest"),
    )
    .join(message_table, message_table.c.id == attempt_table.c.message)
    .where(
        message_table.c.number == bindparam("number"),
        attempt_table.c.provider == bindparam("provider"),
        attempt_table.c.provider_id == "",
        attempt_table.c.outcome.in_(("", Outcome.AMBIGUOUS, Outcome.ACCEPTED)),
        attempt_table.c.started_at >= bindparam("since"),
    )
    .order_by(attempt_table.c.message, attempt_table.c.id)
    # A settlement under way has its message locked; this waits for it, and what it wrote can be read afterwards.
    .with_for_update(of=message_table)
)
_REPORT = (
    update(message_table)
    .where(
        message_table.c.id == bindparam("message"),
        message_table.c.state.in_(bindparam("sources", expanding=True)),
    )
    .values(state=bindparam("to"), reason=bindparam("why"), lease_until=None, changed_at=bindparam("now"))
)
_INFER = _REPORT.values(evidence=bindparam("by"), provider_id=bindparam("found"), bound_to="", bound_until=None)
_FIND = update(attempt_table).where(attempt_table.c.id == bindparam("attempt")).values(provider_id=bindparam("found"))
_SILENT = (
    select(message_table.c.id)
    .where(SILENT, message_table.c.changed_at <= bindparam("before"))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_FALL_SILENT = (
    update(message_table)
    .where(message_table.c.id.in_(_SILENT), SILENT)
    .values(state=State.UNKNOWN, reason="silence", changed_at=bindparam("now"))
)
_UNSURE = (
    select(
        message_table.c.id.label("message"),
        *(message_table.c[name] for name in ("number", "text", "language", "template")),
    )
    .where(
        IN_DOUBT,
        message_table.c.changed_at <= bindparam("before"),
        message_table.c.expires_at > bindparam("now"),
        message_table.c.repeats == 0,
        message_table.c.text.is_not(None),
        message_table.c.number.is_not(None),
        message_table.c.purpose.in_(bindparam("purposes", expanding=True)),
    )
    .order_by(message_table.c.changed_at)
    .limit(bindparam("limit"))
)
_AGAIN = (
    update(message_table)
    .where(message_table.c.id == bindparam("message"), IN_DOUBT)
    .values(
        state=State.QUEUED,
        reason="repeat",
        repeats=message_table.c.repeats + 1,
        text=bindparam("as_text"),
        encoding=bindparam("as_encoding"),
        units=bindparam("as_units"),
        parts=bindparam("as_parts"),
        due_at=bindparam("now"),
        changed_at=bindparam("now"),
    )
    .returning(true())
)
_REPEAT = _AGAIN.where(message_table.c.repeats == 0)
_SEND_AGAIN = _AGAIN.values(expires_at=bindparam("until", type_=Instant))


def held(db: Connection, provider: str, provider_id: str) -> Held | None:
    """The first attempt that has this id of this provider, if there is one."""
    row = db.execute(_HELD, {"provider": provider, "provider_id": provider_id}).first()
    return Held(**row._mapping) if row else None


def without_id(db: Connection, provider: str, number: str, since: datetime) -> list[Doubt]:
    """Messages to a number that the provider may have, by attempts since then whose id we do not know; locked."""
    rows = db.execute(_WITHOUT_ID, {"provider": provider, "number": number, "since": since})
    latest = {row.message: Doubt(row.attempt, row.message, State(row.state), row.latest) for row in rows}
    return list(latest.values())


def report(db: Connection, of: Held, state: State, why: str, now: datetime) -> bool:
    """Move a message to what a receipt of one of its attempts says, forward only; whether it moved.

    That an older attempt than the latest failed says nothing about the message.
    """
    if state not in ARRIVED and not of.latest:
        return False
    values = {"message": of.message, "sources": SOURCES[state], "to": state, "why": why[:40], "now": now}
    return db.execute(_REPORT, values).rowcount == 1


def infer(db: Connection, doubt: Doubt, state: State, why: str, evidence: int, provider_id: str, now: datetime) -> bool:
    """Move a message to what a receipt says that can be no other's, and keep that receipt as evidence.

    As in `report`, only the latest attempt can have failed.
    """
    if state not in ARRIVED and not doubt.latest:
        return False
    values = {"message": doubt.message, "sources": SOURCES[state], "to": state, "why": why[:40], "now": now}
    if db.execute(_INFER, values | {"by": evidence, "found": provider_id}).rowcount == 0:
        return False
    db.execute(_FIND, {"attempt": doubt.attempt, "found": provider_id})
    return True


def fall_silent(db: Connection, before: datetime, now: datetime, limit: int) -> int:
    """Call up to `limit` messages unknown that were taken and not heard of since `before`; how many."""
    return db.execute(_FALL_SILENT, {"before": before, "now": now, "limit": limit}).rowcount


def unsure(db: Connection, purposes: Collection[str], before: datetime, now: datetime, limit: int) -> list[Unsure]:
    """Messages of some purposes, still of use, that are unsure since before then and went once."""
    values = {"purposes": list(purposes), "before": before, "now": now, "limit": limit}
    return [Unsure(**row._mapping) for row in db.execute(_UNSURE, values)]


def repeat(db: Connection, message: int, text: str, size: tuple[str, int, int], now: datetime) -> bool:
    """Queue an unsure message once more with a text that says so, of that encoding, units and parts; whether it was."""
    encoding, units, parts = size
    values = {"as_text": text, "as_encoding": encoding, "as_units": units, "as_parts": parts}
    return db.execute(_REPEAT, values | {"message": message, "now": now}).first() is not None


def close(db: Connection, message: int, state: State, why: str, now: datetime) -> bool:
    """Move a message to where a person says that it is, forward only; whether it moved."""
    sources = [each for each in (State.UNSURE, State.UNKNOWN) if state in NEXT[each]]
    values = {"message": message, "sources": sources, "to": state, "why": why[:40], "now": now}
    return db.execute(_REPORT, values).rowcount == 1


def send_again(
    db: Connection, message: int, text: str, size: tuple[str, int, int], use: timedelta, now: datetime
) -> bool:
    """Queue an unsure message once more because a person says so, worth sending for `use`; whether it was."""
    encoding, units, parts = size
    values = {"as_text": text, "as_encoding": encoding, "as_units": units, "as_parts": parts}
    return db.execute(_SEND_AGAIN, values | {"message": message, "until": now + use, "now": now}).first() is not None
