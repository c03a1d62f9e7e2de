"""Commission of an agent: earned when goods were delivered, then paid out or set off against what she owes the hub.

The hub's cost is when she earns it, her income when she gets it.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select

from ledger import accounts
from ledger import agents
from ledger import facts
from ledger import steps
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import entry_table
from ledger.books import line_table
from ledger.chart import DEBIT
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.orders import RECEIVABLE
from ledger.orders import Order
from ledger.orders import order_step_table
from ledger.templates import draft

PAYABLE, EXPENSE = 2120, 5120

_undo = entry_table.alias("undo")
_OF_ORDER = (
    select(func.sum(case((line_table.c.side == DEBIT, line_table.c.amount), else_=-line_table.c.amount)))
    .join(
        order_step_table,
        (order_step_table.c.book == line_table.c.book) & (order_step_table.c.entry == line_table.c.entry),
    )
    .where(
        order_step_table.c.book == bindparam("book"),
        order_step_table.c.number == bindparam("number"),
        line_table.c.code == EXPENSE,
        ~select(_undo.c.number)
        .where(_undo.c.book == line_table.c.book, _undo.c.reverses == line_table.c.entry)
        .exists(),
    )
)


def earn(
    db: Connection, agent: Member, amount: Money, origin: Origin, *, hub: Book | None = None, order: int = 0
) -> Entry:
    """An agent earns commission, for a delivered order of hers (its number at the hub) or without one (0)."""
    book = hub or agent.hub_book
    inputs = {"agent": agent.id, "hub": book.id, "amount": amount.minor, "order": order}
    if (done := begin(db, origin, "commission.earn", **inputs)) is not None:
        return done[0]
    served = steps.before(db, book, order, "commission") if order else None
    if served and served.agent != agent.id:
        raise NotFound("unknown-order", order=order)
    memo = {"agent": agent.id, "order": order}
    (entry,) = post(db, origin, draft("commission.earn", book, {"earned": amount}, agent=agent.id, memo=memo))
    if served:
        steps.move_on(db, served, "commission", entry)
    about = f"{book.owner}-{entry.number}"
    facts.record(db, facts.CommissionEarned(agent.id, about, amount, unpaid(db, book, agent.id)))
    return entry


def pay(db: Connection, agent: Member, amount: Money, origin: Origin, *, hub: Book | None = None) -> Entry:
    """The hub pays commission out; more than she has earned is a Shortfall with what that is."""
    return _give(db, "commission.pay", agent, amount, hub or agent.hub_book, origin)


def set_off(db: Connection, agent: Member, amount: Money, origin: Origin, *, hub: Book | None = None) -> Entry:
    """Commission clears what she owes the hub; more than she owes or has earned is a Shortfall with what that is."""
    return _give(db, "commission.set-off", agent, amount, hub or agent.hub_book, origin)


def _give(db: Connection, kind: str, agent: Member, amount: Money, hub: Book, origin: Origin) -> Entry:
    if (done := begin(db, origin, kind, agent=agent.id, hub=hub.id, amount=amount.minor)) is not None:
        return done[0]
    lock(db, [hub, agent.shop])
    if (left := unpaid(db, hub, agent.id)) < amount:
        raise Shortfall("commission-left", left=left)
    owes = accounts.balance(db, hub, RECEIVABLE, agent.id)
    if kind == "commission.set-off" and owes < amount:
        raise Shortfall("owes-less", owes=owes)
    at_hub = draft(kind, hub, {"paid": amount}, agent=agent.id, memo={"agent": agent.id})
    in_shop = draft(kind, agent.shop, {"paid": amount}, memo={"hub": hub.owner})
    set_off = kind == "commission.set-off"
    return agents.both(
        db, origin, at_hub, in_shop, amount,
        lambda code: facts.CommissionPaid(agent.id, code, amount, set_off),
    )  # fmt: skip


def unpaid(db: Connection, hub: Book, agent: int) -> Money:
    """Commission that an agent has earned at a hub and not yet got."""
    return accounts.balance(db, hub, PAYABLE, agent)


def of_order(db: Connection, order: Order) -> int:
    """Commission earned on an order and not taken back since, in minor units."""
    earned = db.execute(_OF_ORDER, {"book": order.hub.id, "number": order.number}).scalar()
    return max(int(earned or 0), 0)
