"""What an agent reads of her own shop: how some days went, how she stands with her hub, what of today can be undone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import accounts
from ledger import agents
from ledger import commissions
from ledger import orders
from ledger.books import Book
from ledger.books import entry_table
from ledger.books import line_table
from ledger.books import move_table
from ledger.members import Member
from ledger.money import Money
from ledger.orders import Pick
from ledger.sales import COST
from ledger.sales import DUES
from ledger.sales import INCOME
from ledger.sales import sale_line_table
from ledger.sales import sale_table

CHANNELS = ("doorstep", "k-shop", "fair")
"""Where she sells."""

COMMISSION, LOST = 4220, 5220

WORTH = {
    "sale": INCOME,
    "due.collect": DUES,
    "goods.own-use": 3320,
    "goods.lost": LOST,
    "goods.bought": 1320,
}
"""The kinds of entries that she may undo by herself, each with the account whose line is its sum."""


@dataclass(frozen=True, slots=True)
class Results:
    """Some days of a shop: sold for, cost of the goods sold, cost of goods lost, commission received."""

    sales: Money
    cost: Money
    lost: Money
    commission: Money

    @property
    def profit(self) -> Money:
        """Sales less the cost of what was sold."""
        return self.sales - self.cost

    @property
    def made(self) -> Money:
        """What the shop made in all: profit and commission less what was lost; below zero it lost money."""
        return self.profit + self.commission - self.lost


@dataclass(frozen=True, slots=True)
class Standing:
    """How an agent stands with her hub: what she owes, has paid ahead, can order on credit, is to get as commission."""

    owes: Money
    ahead: Money
    credit_left: Money
    commission: Money


@dataclass(frozen=True, slots=True)
class Deed:
    """An entry of a shop that its owner may undo: number, kind, sum, customer (0: none) and goods.

    Goods that were not sold have the price 0.
    """

    number: int
    kind: str
    sum: Money
    customer: int
    goods: tuple[Pick, ...]


_LAST_CHANNEL = (
    select(sale_table.c.channel)
    .where(sale_table.c.book == bindparam("book"))
    .order_by(sale_table.c.number.desc())
    .limit(1)
)
_undo = entry_table.alias("undo")
_DEEDS = (
    select(entry_table.c.number, entry_table.c.kind, entry_table.c.memo)
    .where(
        entry_table.c.book == bindparam("book"),
        entry_table.c.event_on == bindparam("on"),
        entry_table.c.kind.in_(list(WORTH)),
        ~select(_undo.c.number)
        .where(_undo.c.book == entry_table.c.book, _undo.c.reverses == entry_table.c.number)
        .exists(),
    )
    .order_by(entry_table.c.number.desc())
    .limit(bindparam("most"))
)
_SUMS = select(line_table.c.entry, line_table.c.code, line_table.c.amount).where(
    line_table.c.book == bindparam("book"), line_table.c.entry.in_(bindparam("entries", expanding=True))
)
_SOLD = (
    select(sale_line_table)
    .where(
        sale_line_table.c.book == bindparam("book"), sale_line_table.c.number.in_(bindparam("entries", expanding=True))
    )
    .order_by(sale_line_table.c.item)
)
_MOVED = (
    select(move_table)
    .where(move_table.c.book == bindparam("book"), move_table.c.entry.in_(bindparam("entries", expanding=True)))
    .order_by(move_table.c.item)
)


def usual_channel(db: Connection, agent: Member) -> str:
    """Where she sells unless she says otherwise: where she sold last, else at the doorstep."""
    return db.execute(_LAST_CHANNEL, {"book": agent.shop.id}).scalar() or CHANNELS[0]


def results(db: Connection, agent: Member, first: date, last: date) -> Results:
    """How some programme days of her shop went, both ends included."""
    moved = accounts.turnover(db, agent.shop, first, last)
    nothing = Money(0, agent.currency)
    return Results(*(moved.get(code, nothing) for code in (INCOME, COST, LOST, COMMISSION)))


def standing(db: Connection, agent: Member) -> Standing:
    """How an agent stands with her hub."""
    return Standing(
        agents.owes(db, agent),
        agents.deposit(db, agent),
        orders.credit_left(db, agent),
        commissions.unpaid(db, agent.hub_book, agent.id),
    )


def deeds(db: Connection, agent: Member, on: date, most: int) -> list[Deed]:
    """What she may still undo of a day: the newest `most`, newest first."""
    rows = db.execute(_DEEDS, {"book": agent.shop.id, "on": on, "most": most}).all()
    wanted = {"book": agent.shop.id, "entries": [row.number for row in rows]}
    if not rows:
        return []
    lines = db.execute(_SUMS, wanted).all()
    goods = _goods(db, wanted)
    return [_deed(row, lines, goods.get(row.number, ()), agent.shop) for row in rows]


def _deed(row: Any, lines: Sequence[Any], goods: Sequence[Pick], shop: Book) -> Deed:
    worth = sum(line.amount for line in lines if (line.entry, line.code) == (row.number, WORTH[row.kind]))
    customer = json.loads(row.memo).get("customer", 0)
    return Deed(row.number, row.kind, Money(worth, shop.currency), customer, tuple(goods))


def _goods(db: Connection, wanted: dict[str, Any]) -> dict[int, list[Pick]]:
    """What each entry sold, at its price; else what it moved."""
    sold: dict[int, list[Pick]] = {}
    for row in db.execute(_SOLD, wanted):
        sold.setdefault(row.number, []).append(Pick(row.item, row.quantity, row.price))
    moved: dict[int, list[Pick]] = {}
    for row in db.execute(_MOVED, wanted):
        moved.setdefault(row.entry, []).append(Pick(row.item, abs(row.quantity), 0))
    return moved | sold
