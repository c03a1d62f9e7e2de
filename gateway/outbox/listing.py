"""Messages as the office lists and opens them: a page of those of a scope, and one with its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select
from sqlalchemy import tuple_

from gateway.outbox.tables import attempt_table
from gateway.outbox.tables import message_table
from ledger.members import member_table
from ledger.tables import Instant
from ledger.tables import Names


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages are listed: of a programme (some of its groups), written from `since` to before `until`.

    What is empty, or None, is not asked for.
    """

    programme: int
    groups: tuple[int, ...] | None
    since: datetime
    until: datetime
    state: str = ""
    purpose: str = ""
    provider: str = ""
    member: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A message in a list; `to` and `code` are the member's that it was for, `price` in ten-thousandths."""

    id: int
    created_at: datetime
    to: Names | None
    code: str
    purpose: str
    text: str | None
    parts: int
    price: int
    currency: str
    state: str
    reason: str
    provider: str


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt: by whom, when it began and was over, what came of it, the provider's id and word."""

    number: int
    provider: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    provider_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A message with everything about it; `group` is her group that it was for."""

    id: int
    programme: int | None
    member: int | None
    group: int | None
    to: Names | None
    code: str
    number: str | None
    purpose: str
    once_key: str
    language: str
    template: str
    text: str | None
    encoding: str
    units: int
    parts: int
    price: int
    currency: str
    cost: str
    state: str
    reason: str
    provider: str
    repeats: int
    evidence: int | None
    created_at: datetime
    changed_at: datetime
    due_at: datetime
    expires_at: datetime


_WHOSE = (member_table.c.name_bn, member_table.c.name_latn, member_table.c.code)
_PLAIN = ("id", "created_at", "purpose", "text", "parts", "price", "currency", "state", "reason", "provider")
_key = (message_table.c.created_at, message_table.c.id)
_LISTED = (
    select(*(message_table.c[name] for name in _PLAIN), *_WHOSE)
    .outerjoin_from(message_table, member_table, member_table.c.id == message_table.c.member)
    .where(
        message_table.c.programme == bindparam("programme"),
        message_table.c.created_at >= bindparam("since", type_=Instant),
        message_table.c.created_at < bindparam("until", type_=Instant),
    )
    .order_by(message_table.c.created_at.desc(), message_table.c.id.desc())
    .limit(bindparam("most"))
)
_ASKED = {
    "state": message_table.c.state == bindparam("state"),
    "purpose": message_table.c.purpose == bindparam("purpose"),
    "provider": message_table.c.provider == bindparam("provider"),
    "member": message_table.c.member == bindparam("member"),
    "groups": member_table.c.group.in_(bindparam("groups", expanding=True)),
    "before": tuple_(*_key) < tuple_(bindparam("before", type_=Instant), bindparam("before_id")),
}
"""What more may be asked for, by its name."""

_OWN = [column for column in message_table.c if column.name in Whole.__slots__]
_WHOLE = (
    select(*_OWN, *_WHOSE, member_table.c.group)
    .outerjoin_from(message_table, member_table, member_table.c.id == message_table.c.member)
    .where(message_table.c.id == bindparam("id"), message_table.c.programme == bindparam("programme"))
)
_TRIED = (
    select(*(attempt_table.c[name] for name in Tried.__slots__))
    .where(attempt_table.c.message == bindparam("message"))
    .order_by(attempt_table.c.number, attempt_table.c.id)
    .limit(bindparam("most"))
)


def page(db: Connection, wanted: Wanted, before: tuple[datetime, int] | None, most: int) -> list[Listed]:
    """Up to `most` of the messages that are wanted, the newest first, before the last of the page before."""
    asked: dict[str, Any] = {name: getattr(wanted, name) for name in ("state", "purpose", "provider", "member")}
    asked = {name: value for name, value in asked.items() if value}
    if wanted.groups is not None:
        asked["groups"] = list(wanted.groups)
    if before:
        asked["before"] = before[0]
    more = {"before_id": before[1]} if before else {}
    values = {"programme": wanted.programme, "since": wanted.since, "until": wanted.until, "most": most}
    rows = db.execute(_LISTED.where(*(_ASKED[name] for name in asked)), values | asked | more)
    return [_listed(row) for row in rows]


def _listed(row: Any) -> Listed:
    return Listed(
        to=_names(row), code=row.code or "", **{name: getattr(row, name) for name in _PLAIN}
    )  # fmt: skip


def _names(row: Any) -> Names | None:
    return Names(row.name_bn, row.name_latn) if row.name_bn is not None else None


def whole(db: Connection, programme: int, message: int) -> Whole | None:
    """A message of a programme, if there is one."""
    row = db.execute(_WHOLE, {"id": message, "programme": programme}).one_or_none()
    if row is None:
        return None
    own = {column.name: getattr(row, column.name) for column in _OWN}
    return Whole(**own, group=row.group, to=_names(row), code=row.code or "")


def attempts(db: Connection, message: int, most: int = 50) -> Sequence[Tried]:
    """The first attempts of a message, in their order."""
    return [Tried(**row._mapping) for row in db.execute(_TRIED, {"message": message, "most": most})]
