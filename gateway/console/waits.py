"""What waits for somebody of the office: orders, messages in trouble. Counts stop at `MOST`.

Lists give a page at a time, after the last of the page before; every statement is bounded.
"""

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

from gateway.console.operators import Scope
from gateway.outbox import message_table
from gateway.outbox.tables import IN_DOUBT
from gateway.outbox.tables import LOST
from ledger.books import book_table
from ledger.chart import HUB
from ledger.members import member_table
from ledger.orders import order_table
from ledger.programmes import hub_table
from ledger.tables import Instant
from ledger.tables import Names

MOST = 1000
"""Up to so many are counted."""

PAGE = 50
"""Rows of a list."""

RECENT = timedelta(days=30)
"""How far back a message that failed is still shown as waiting for somebody."""

TO_PACK = ("placed", "accepted")
UNSURE, FAILED = "unsure", "failed"


@dataclass(frozen=True, slots=True)
class Troubled:
    """A message that failed, or of which nobody knows; who it was for, as far as it was for a member."""

    id: int
    changed_at: datetime
    to: Names | None
    code: str
    text: str | None
    state: str
    reason: str
    provider: str


_ORDERS = (
    select(order_table.c.number)
    .join_from(order_table, book_table, book_table.c.id == order_table.c.book)
    .join(hub_table, hub_table.c.id == book_table.c.owner)
    .where(
        book_table.c.kind == HUB,
        hub_table.c.programme == bindparam("programme"),
        order_table.c.state.in_(TO_PACK),
    )
    .limit(bindparam("most"))
)
_ORDERS_AT = _ORDERS.where(hub_table.c.id == bindparam("hub"))


def _messages(which: Any) -> Select[Any]:
    columns = [message_table.c[name] for name in ("id", "changed_at", "text", "state", "reason", "provider")]
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


def _counted(statement: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(statement.subquery())


_COUNTED = {id(each): _counted(each) for each in (_ORDERS, _ORDERS_AT, *_TROUBLED.values(), *_TROUBLED_IN.values())}


def _rows(db: Connection, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
    return db.execute(statement, values).all()


def _count(db: Connection, statement: Select[Any], values: dict[str, Any]) -> int:
    found: int = db.execute(_COUNTED[id(statement)], values).scalar_one()
    return found


def _troubled_of(
    scope: Scope, which: str, now: datetime, before: tuple[datetime, int] | None, most: int
) -> tuple[Select[Any], dict[str, Any]]:
    at, number = before or (now + timedelta(days=1), 0)
    values = {"programme": scope.programme, "before": at, "before_id": number, "most": most}
    # What is in doubt stays so until somebody decides; what failed long ago waits for nobody.
    values |= {"since": now - (RECENT if which == FAILED else timedelta(days=3650))}
    if scope.groups is None:
        return _TROUBLED[which], values
    return _TROUBLED_IN[which], values | {"groups": list(scope.groups)}


def count_orders(db: Connection, scope: Scope) -> int:
    """How many orders of a scope are to be packed, `MOST` at most."""
    values: dict[str, Any] = {"programme": scope.programme, "most": MOST}
    if scope.hub is not None:
        return _count(db, _ORDERS_AT, values | {"hub": scope.hub})
    return _count(db, _ORDERS, values)


def count_messages(db: Connection, scope: Scope, which: str, now: datetime) -> int:
    """How many messages of a scope are `UNSURE` or have `FAILED`, `MOST` at most."""
    return _count(db, *_troubled_of(scope, which, now, None, MOST))


def _whose(row: Any) -> Names | None:
    return Names(row.name_bn, row.name_latn) if row.name_bn is not None else None


def messages(
    db: Connection, scope: Scope, which: str, now: datetime, before: tuple[datetime, int] | None, most: int = PAGE + 1
) -> list[Troubled]:
    """A page of the messages of a scope in trouble of one kind, the newest first."""
    return [
        Troubled(row.id, row.changed_at, _whose(row), row.code or "", row.text, row.state, row.reason, row.provider)
        for row in _rows(db, *_troubled_of(scope, which, now, before, most))
    ]
