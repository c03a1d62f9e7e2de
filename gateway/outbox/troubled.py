"""Messages that wait for somebody: of those nobody knows, or they failed lately. Counted, and a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import tuple_

from gateway.outbox.tables import IN_DOUBT
from gateway.outbox.tables import LOST
from gateway.outbox.tables import message_table
from ledger.members import member_table
from ledger.tables import Instant
from ledger.tables import Names

RECENT = timedelta(days=30)
"""How far back a message that failed is still shown as waiting for somebody."""

UNSURE, FAILED = "unsure", "failed"


@dataclass(frozen=True, slots=True)
class Troubled:
    """A message that failed, or of which nobody knows; who it was for, as far as it was for a member."""

    id: int
    changed_at: datetime
    to: Names | None
    code: str
    purpose: str
    text: str | None
    state: str
    reason: str
    provider: str


_PLAIN = ("id", "changed_at", "purpose", "text", "state", "reason", "provider")


def _messages(which: Any) -> Select[Any]:
    columns = [message_table.c[name] for name in _PLAIN]
    return (
        select(*columns, member_table.c.name_bn, member_table.c.name_latn, member_table.c.code)
        .join_from(message_table, member_table, member_table.c.id == message_table.c.member, isouter=True)
        .where(
            which,
            message_table.c.programme == bindparam("programme"),
            message_table.c.changed_at > bindparam("since", type_=Instant),
            tuple_(message_table.c.changed_at, message_table.c.id)
            < tuple_(bindparam("before", type_=Instant), bindparam("before_id")),
        )
        .order_by(message_table.c.changed_at.desc(), message_table.c.id.desc())
        .limit(bindparam("most"))
    )


_TROUBLED = {UNSURE: _messages(IN_DOUBT), FAILED: _messages(LOST)}
_in_groups = member_table.c.group.in_(bindparam("groups", expanding=True))
_TROUBLED_IN = {name: statement.where(_in_groups) for name, statement in _TROUBLED.items()}


_COUNTED = {
    id(each): select(func.count()).select_from(each.subquery())
    for each in (*_TROUBLED.values(), *_TROUBLED_IN.values())
}


def _asked(
    programme: int,
    groups: Sequence[int] | None,
    which: str,
    now: datetime,
    before: tuple[datetime, int] | None,
    most: int,
) -> tuple[Select[Any], dict[str, Any]]:
    at, number = before or (now + timedelta(days=1), 0)
    values = {"programme": programme, "before": at, "before_id": number, "most": most}
    # What is in doubt stays so until somebody decides; what failed long ago waits for nobody.
    values |= {"since": now - (RECENT if which == FAILED else timedelta(days=3650))}
    if groups is None:
        return _TROUBLED[which], values
    return _TROUBLED_IN[which], values | {"groups": list(groups)}


def count(db: Connection, programme: int, groups: Sequence[int] | None, which: str, now: datetime, most: int) -> int:
    """How many messages of a programme (of some groups' members) are `UNSURE` or have `FAILED`, `most` at most."""
    statement, values = _asked(programme, groups, which, now, None, most)
    found: int = db.execute(_COUNTED[id(statement)], values).scalar_one()
    return found


def page(
    db: Connection,
    programme: int,
    groups: Sequence[int] | None,
    which: str,
    now: datetime,
    before: tuple[datetime, int] | None,
    most: int,
) -> list[Troubled]:
    """Up to `most` of them, the newest first, after the last of the page before."""
    statement, values = _asked(programme, groups, which, now, before, most)
    return [
        Troubled(to=_whose(row), code=row.code or "", **{name: getattr(row, name) for name in _PLAIN})
        for row in db.execute(statement, values)
    ]


def _whose(row: Any) -> Names | None:
    return Names(row.name_bn, row.name_latn) if row.name_bn is not None else None
