"""The trail: what every person of the office did, kept for good; triggers refuse every change of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select
from sqlalchemy import tuple_

from gateway.chance import draw_operation
from gateway.console.operators import Operator
from gateway.console.tables import operator_table
from gateway.console.tables import trail_table
from ledger.tables import Instant
from locales import Phrase
from locales import phrase

ACTS: Mapping[str, Phrase] = {
    "sign-in": phrase("Signed in"),
    "sign-in.wrong": phrase("A wrong password was typed"),
    "sign-in.stale": phrase("A drawn password came too late"),
    "sign-in.disabled": phrase("Tried to sign in, but is disabled"),
    "code.wrong": phrase("A wrong code was typed"),
    "again.wrong": phrase("A wrong password was typed to confirm something"),
    "sign-out": phrase("Signed out"),
    "sign-in.ended": phrase("Ended sign-ins"),
    "password.changed": phrase("Changed the own password"),
    "totp.set": phrase("Set up the authenticator app"),
    "refused": phrase("Was refused a page"),
    "operator.added": phrase("Added an operator"),
    "operator.changed": phrase("Changed an operator"),
    "operator.disabled": phrase("Disabled an operator"),
    "operator.enabled": phrase("Let an operator in again"),
    "password.reset": phrase("Reset a password"),
    "totp.reset": phrase("Reset an authenticator app"),
    "task.stopped": phrase("Stopped a task"),
    "second.yes": phrase("Said yes as the second person"),
    "second.no": phrase("Said no as the second person"),
}
"""Everything that is ever noted, and how it reads."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the trail; `operator` is the name she signs in with, nobody for the command line."""

    id: str
    at: datetime
    operator: str | None
    display: str | None
    act: str
    about: str
    detail: str
    address: str


_key = (trail_table.c.at, trail_table.c.id)
_PAGE = (
    select(trail_table, operator_table.c.name.label("name"), operator_table.c.display)
    .outerjoin(operator_table, operator_table.c.id == trail_table.c.operator)
    .where(trail_table.c.programme == bindparam("programme"))
    .order_by(trail_table.c.at.desc(), trail_table.c.id.desc())
    .limit(bindparam("most"))
)
_BEFORE = _PAGE.where(tuple_(*_key) < tuple_(bindparam("at", type_=Instant), bindparam("id")))


def note(
    db: Connection,
    programme: int,
    operator: Operator | None,
    act: str,
    now: datetime,
    *,
    about: str = "",
    detail: str = "",
    address: str = "",
) -> None:
    """Write a line; ValueError (our mistake) for an act that has no words."""
    if act not in ACTS:
        raise ValueError(f"no words for the act {act}")
    row = {"id": draw_operation(), "at": now, "programme": programme, "operator": operator.id if operator else None}
    more = {"act": act, "about": about[:80], "detail": detail[:400], "address": address[:45]}
    db.execute(trail_table.insert(), row | more)


def page(db: Connection, programme: int, before: tuple[datetime, str] | None, most: int) -> list[Note]:
    """Up to `most` lines of a programme, the newest first, before the last of the page before."""
    values: dict[str, Any] = {"programme": programme, "most": most}
    rows = db.execute(_BEFORE, values | {"at": before[0], "id": before[1]}) if before else db.execute(_PAGE, values)
    return [Note(row.id, row.at, row.name, row.display, row.act, row.about, row.detail, row.address) for row in rows]
