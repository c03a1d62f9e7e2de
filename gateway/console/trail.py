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
    "member.joined": phrase("Registered a member"),
    "member.number": phrase("Changed a member's numbers"),
    "member.changed": phrase("Changed a member's role or language"),
    "member.leave": phrase("Asked that a member leave"),
    "member.back": phrase("Took a member back into her group"),
    "members.import": phrase("Began an import of members"),
    "pin.asked": phrase("Asked for a new PIN"),
    "group.added": phrase("Began a group"),
    "group.rules": phrase("Changed the rules of a group"),
    "group.hung": phrase("Put a group under a village organisation"),
    "group.cutoff": phrase("Took over the old books of a group"),
    "message.arrived": phrase("Said that a message arrived"),
    "message.again": phrase("Sent a message in doubt again"),
    "message.left": phrase("Left a message in doubt"),
    "broadcast.written": phrase("Wrote to many"),
    "broadcast.asked": phrase("Asked to send to many"),
    "broadcast.held": phrase("Paused a sending to many"),
    "broadcast.let-go": phrase("Went on with a sending to many"),
    "broadcast.stopped": phrase("Stopped a sending to many"),
    "reminders.changed": phrase("Changed the reminders of a group"),
    "provider.resumed": phrase("Let a provider send again"),
    "undo.asked": phrase("Asked for an entry to be undone"),
    "loan.asked": phrase("Asked for a loan in a member's name"),
    "loan.repaid": phrase("Took an instalment"),
    "loan.closed": phrase("Closed a loan early"),
    "request.yes": phrase("Said yes to a request of a group"),
    "request.no": phrase("Said no to a request of a group"),
    "request.paid": phrase("Wrote down that money was handed over"),
    "money.taken": phrase("Took money of a member"),
    "withdrawal.asked": phrase("Asked for savings in a member's name"),
    "emi.sold": phrase("Sold an item on instalments"),
    "emi.paid": phrase("Took an instalment for goods"),
    "emi.closed": phrase("Closed goods on instalments early"),
    "share.paid": phrase("Wrote down that a share was handed over"),
    "fine.charged": phrase("Charged a fine"),
    "fine.waived": phrase("Forgave a fine"),
    "meeting.written": phrase("Entered the sheet of a meeting"),
    "second.yes": phrase("Said yes as the second person"),
    "second.no": phrase("Said no as the second person"),
    "order.accepted": phrase("Accepted an order"),
    "order.packed": phrase("Packed an order"),
    "order.dispatched": phrase("Sent an order on its way"),
    "order.delivered": phrase("Delivered an order"),
    "order.refused": phrase("Took a whole order back at the door"),
    "order.code-wrong": phrase("Typed a wrong code for an order"),
    "order.returned": phrase("Took goods of an order back"),
    "order.closed": phrase("Closed an order"),
    "order.cancelled": phrase("Cancelled an order"),
    "item.priced": phrase("Entered a price"),
    "item.changed": phrase("Changed an item"),
    "item.added": phrase("Added an item"),
    "catalogue.read": phrase("Took in a price list"),
    "goods.in": phrase("Took goods in"),
    "goods.lost": phrase("Wrote goods off"),
    "supplier.paid": phrase("Paid a supplier"),
    "claim.deducted": phrase("Took a claim off what a supplier is owed"),
    "claim.paid": phrase("Took in what a supplier paid for a claim"),
    "claim.refused": phrase("Wrote a claim off"),
    "agent.paid": phrase("Took what an agent paid"),
    "agent.prepaid": phrase("Took what an agent paid ahead"),
    "agent.refunded": phrase("Gave back what an agent had paid ahead"),
    "commission.earned": phrase("Entered commission of an agent"),
    "commission.paid": phrase("Paid commission to an agent"),
    "commission.set-off": phrase("Set commission off against what an agent owes"),
    "limit.asked": phrase("Asked for another limit of an agent"),
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
