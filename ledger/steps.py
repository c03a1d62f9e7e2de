"""The steps of an order: placed, accepted, packed, dispatched, delivered, closed; or cancelled, or refused at the door.

Each step is an entry of the hub's book; the order's row follows by compare-and-swap. Those that move goods or money
are the verbs of `deliveries`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import accounts
from ledger import facts
from ledger import stock
from ledger.books import Book
from ledger.books import Entry
from ledger.books import HoldEnd
from ledger.books import Origin
from ledger.books import entry_table
from ledger.errors import NotAllowed
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.members import herself
from ledger.orders import OPEN
from ledger.orders import RECEIVABLE
from ledger.orders import Order
from ledger.orders import get
from ledger.orders import lines
from ledger.orders import order_step_table
from ledger.orders import order_table
from ledger.templates import draft

AFTER = {
    "accepted": ("placed",),
    "packed": ("placed", "accepted"),
    "dispatched": OPEN,
    "delivered": ("dispatched",),
    "refused": ("dispatched",),
    "returned": ("delivered",),
    "commission": ("delivered", "closed"),
    "closed": ("delivered",),
    "cancelled": OPEN,
}
"""From which states each step may be taken; a hub that keeps fewer steps leaves some out before the dispatch."""

SAME = ("returned", "commission")
"""Steps that leave the order in the state it is in."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an order: which, the entry that recorded it, when and by whom."""

    step: str
    entry: int
    at: datetime
    actor: str


_STEPS = (
    select(order_step_table.c.step, order_step_table.c.entry, entry_table.c.created_at, entry_table.c.actor)
    .join(
        entry_table,
        (entry_table.c.book == order_step_table.c.book) & (entry_table.c.number == order_step_table.c.entry),
    )
    .where(order_step_table.c.book == bindparam("book"), order_step_table.c.number == bindparam("number"))
    .order_by(order_step_table.c.entry)
)
_MOVE_ON = (
    order_table.update()
    .where(
        order_table.c.book == bindparam("b_book"),
        order_table.c.number == bindparam("b_number"),
        order_table.c.state == bindparam("state"),
    )
    .values(state=bindparam("after"))
)


def accept(db: Connection, hub: Book, number: int, origin: Origin) -> Entry:
    """The hub has seen an order and will serve it."""
    return _step(db, hub, number, "order.accept", "accepted", origin)


def pack(db: Connection, hub: Book, number: int, origin: Origin) -> Entry:
    """The goods of an order stand ready."""
    return _step(db, hub, number, "order.pack", "packed", origin)


def close(db: Connection, hub: Book, number: int, origin: Origin) -> Entry:
    """Nothing more is to come of a delivered order: no goods of it are taken back from then on."""
    return _step(db, hub, number, "order.close", "closed", origin)


def _step(db: Connection, hub: Book, number: int, kind: str, step: str, origin: Origin) -> Entry:
    """A step that moves neither money nor goods."""
    if (done := begin(db, origin, kind, book=hub.id, order=number)) is not None:
        return done[0]
    order = before(db, hub, number, step)
    (entry,) = post(db, origin, draft(kind, hub, memo={"order": number, "agent": order.agent}))
    move_on(db, order, step, entry)
    if step == "accepted":
        facts.record(db, facts.OrderAccepted(**taken(order, step, origin)))
    return entry


def taken(order: Order, step: str, origin: Origin) -> dict[str, Any]:
    """What every fact about a step of an order says."""
    about = f"{order.hub.owner}-{order.number}-{step}"
    return {"member": order.agent, "about": about, "number": order.number, "own": herself(origin, order.agent)}


def cancel(db: Connection, hub: Book, number: int, origin: Origin, *, reason: str = "") -> Entry:
    """Give up an order that is not dispatched: its goods and its credit are free again, what she prepaid is hers."""
    if (done := begin(db, origin, "order.cancel", book=hub.id, order=number, reason=reason)) is not None:
        return done[0]
    order = before(db, hub, number, "cancelled")
    stock.release(db, hub, {line.item: line.quantity for line in lines(db, order)})
    memo = {"order": number, "agent": order.agent, "reason": reason}
    (entry,) = post(db, origin, draft("order.cancel", hub, ends=ends(db, order, 0), memo=memo))
    move_on(db, order, "cancelled", entry)
    left = accounts.credit_left(db, hub, RECEIVABLE, order.agent)
    facts.record(db, facts.OrderCancelled(**taken(order, "cancelled", origin), left=left))
    return entry


def before(db: Connection, hub: Book, number: int, step: str, *, shop: bool = False) -> Order:
    """The order that is about to take a step, its hub's book locked and, if wanted, her shop's.

    Refused (`order-state`, with the state it is in) where the step does not follow.
    """
    order = get(db, hub, number)
    lock(db, [hub, order.shop] if shop else [hub])
    order = get(db, hub, number)
    if order.state not in AFTER[step]:
        raise NotAllowed("order-state", order=number, state=order.state)
    return order


def move_on(db: Connection, order: Order, step: str, entry: Entry) -> None:
    """Record the step that an entry made; refused when the order was moved on meanwhile."""
    key = {"b_book": order.hub.id, "b_number": order.number}
    after = order.state if step in SAME else step
    if db.execute(_MOVE_ON, key | {"state": order.state, "after": after}).rowcount == 0:
        raise NotAllowed("order-state", order=order.number, state=get(db, order.hub, order.number).state)
    row = {"book": entry.book, "entry": entry.number, "number": order.number, "step": step}
    db.execute(order_step_table.insert(), row)


def ends(db: Connection, order: Order, settled: int) -> list[HoldEnd]:
    """The end of what an order holds: `settled` of it (minor units, or as much as is held), the rest voided."""
    held = accounts.held(db, order.hub, order.number)
    parts = {"settled": min(settled, held), "voided": held - min(settled, held)}
    return [HoldEnd(order.number, how, part) for how, part in parts.items() if part]


def steps(db: Connection, order: Order) -> list[Step]:
    """What became of an order, step by step."""
    return [Step(*row) for row in db.execute(_STEPS, {"book": order.hub.id, "number": order.number})]
