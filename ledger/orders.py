"""Orders of stock: an agent orders from her hub, on credit or out of what she paid ahead.

The part that is not prepaid is held against her limit until the order is delivered or given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import accounts
from ledger import facts
from ledger import receipts
from ledger import stock
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Hold
from ledger.books import Origin
from ledger.books import book_table
from ledger.catalogue import Item
from ledger.catalogue import by_ids
from ledger.catalogue import item_table
from ledger.chart import SHOP
from ledger.errors import LedgerError
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.money import total
from ledger.tables import AppendOnly
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import Minor
from ledger.tables import metadata
from ledger.templates import draft

RECEIVABLE, DEPOSIT = 1220, 2130

order_table = Table(
    "stock_order",
    metadata,
    Column("book", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("agent", Id, ForeignKey("member.id"), nullable=False),
    Column("state", String(12), nullable=False),
    Column("total", Minor, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("operation", String(64), nullable=False, unique=True),
    Column("prepaid", Minor, nullable=False),
    PrimaryKeyConstraint("book", "number"),
    ForeignKeyConstraint(["book", "number"], ["entry.book", "entry.number"]),
    Index(None, "agent", "placed_at"),
    Index(None, "book", "state", "number"),
)

order_line_table = Table(
    "order_line",
    metadata,
    Column("book", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("item", ForeignKey("item.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price", Minor, nullable=False),
    Column("arrived", Integer, nullable=False),
    Column("cost", Minor, nullable=False),
    PrimaryKeyConstraint("book", "number", "item"),
    ForeignKeyConstraint(["book", "number"], ["stock_order.book", "stock_order.number"]),
)

order_step_table = Table(
    "order_step",
    metadata,
    Column("book", String(40), nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("step", String(12), nullable=False),
    PrimaryKeyConstraint("book", "entry"),
    ForeignKeyConstraint(["book", "entry"], ["entry.book", "entry.number"]),
    ForeignKeyConstraint(["book", "number"], ["stock_order.book", "stock_order.number"]),
    Index(None, "book", "number"),
)

APPEND_ONLY = (AppendOnly("order_step", (("book", "entry"),)),)

OPEN = ("placed", "accepted", "packed")
"""States in which an order still reserves goods."""

HELD = (*OPEN, "dispatched")
"""States in which it still holds credit, and counts on her deposit."""


@dataclass(frozen=True, slots=True)
class Pick:
    """An item in a basket with the price per piece she was shown, in minor units."""

    item: int
    quantity: int
    price: int

    @property
    def sum(self) -> int:
        """Price times pieces, in minor units."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Order:
    """An order: its number at the hub, its state, its total, when it was placed and by whom, what of it is prepaid."""

    number: int
    state: str
    total: Money
    placed_at: datetime
    prepaid: Money
    agent: int
    hub: Book

    @property
    def shop(self) -> Book:
        """The book of the agent's shop."""
        return Book(SHOP, self.agent, self.hub.currency)


@dataclass(frozen=True, slots=True)
class Ordered:
    """An item of an order: pieces ordered at a price; pieces that arrived, and what they had cost the hub.

    Sums are in minor units.
    """

    item: int
    quantity: int
    price: int
    arrived: int
    cost: int


_ORDER = select(order_table, book_table.c.kind, book_table.c.owner, book_table.c.currency).join(
    book_table, book_table.c.id == order_table.c.book
)
_BY_OPERATION = _ORDER.where(order_table.c.operation == bindparam("operation"))
_BY_NUMBER = _ORDER.where(order_table.c.book == bindparam("book"), order_table.c.number == bindparam("number"))
_LINES = (
    select(order_line_table)
    .where(order_line_table.c.book == bindparam("book"), order_line_table.c.number == bindparam("number"))
    .order_by(order_line_table.c.item)
)
_COUNTED_ON = select(func.coalesce(func.sum(order_table.c.prepaid), 0)).where(
    order_table.c.book == bindparam("book"), order_table.c.agent == bindparam("agent"), order_table.c.state.in_(HELD)
)
_RECENT = (
    _ORDER.where(order_table.c.agent == bindparam("agent"))
    .order_by(order_table.c.placed_at.desc(), order_table.c.number.desc())
    .limit(bindparam("most"))
)
_RECENT_IN = _RECENT.where(order_table.c.state.in_(bindparam("states", expanding=True)))
_USUAL = (
    select(item_table.c.id)
    .join(order_line_table, order_line_table.c.item == item_table.c.id)
    .join(
        order_table,
        (order_table.c.book == order_line_table.c.book) & (order_table.c.number == order_line_table.c.number),
    )
    .where(order_table.c.agent == bindparam("agent"), order_table.c.state != "cancelled", item_table.c.active)
    .group_by(item_table.c.id, item_table.c.code)
    .order_by(func.count().desc(), func.sum(order_line_table.c.quantity).desc(), item_table.c.code)
    .limit(bindparam("most"))
)


def place(
    db: Connection, agent: Member, basket: Sequence[Pick], origin: Origin, *, prepaid: Money | None = None
) -> Order:
    """Place an order at the prices she was shown; the same operation again gives the same order.

    `prepaid` of it is to come out of her deposit, the rest is on credit. Refused: an item no longer sold, a changed
    price (with the new one), fewer pieces at the hub (with how many), a sum above what is left of her limit or of her
    deposit (with what is left).
    """
    check_basket(basket)
    hub, ahead = agent.hub_book, prepaid or Money(0, agent.currency)
    picks = [[pick.item, pick.quantity, pick.price] for pick in basket]
    if begin(db, origin, "order.place", agent=agent.id, basket=picks, prepaid=ahead.minor) is not None:
        return _order(db.execute(_BY_OPERATION, {"operation": origin.operation}).one())
    _check(basket, by_ids(db, [pick.item for pick in basket], origin.on))
    amount = Money(sum(pick.sum for pick in basket), agent.currency)
    if ahead:
        _check_prepaid(db, hub, agent, ahead, amount)
    hold = Hold(RECEIVABLE, agent.id, (amount - ahead).minor) if amount > ahead else None
    (entry,) = post(db, origin, draft("order.place", hub, hold=hold, memo={"agent": agent.id, "prepaid": ahead.minor}))
    stock.reserve(db, hub, {pick.item: pick.quantity for pick in basket})
    _write(db, agent, basket, entry, amount, ahead, origin)
    receipt = receipts.issue(db, origin, agent.programme, entry, "order.place", amount)
    facts.record(db, facts.OrderPlaced(agent.id, receipt, entry.number, amount, credit_left(db, agent)))
    return get(db, hub, entry.number)


def _check_prepaid(db: Connection, hub: Book, agent: Member, ahead: Money, amount: Money) -> None:
    """What she wants to have prepaid is part of the order, and there; the book is locked from here on."""
    if ahead > amount or ahead.minor < 0:
        raise NotAllowed("prepaid-above-order", total=amount)
    lock(db, [hub])
    if (left := deposit_left(db, hub, agent.id)) < ahead:
        raise Shortfall("deposit-left", left=left)


def _write(
    db: Connection, agent: Member, basket: Sequence[Pick], entry: Entry, amount: Money, ahead: Money, origin: Origin
) -> None:
    """The rows of a new order."""
    key = {"book": entry.book, "number": entry.number}
    head = {"agent": agent.id, "state": "placed", "total": amount.minor, "placed_at": origin.at}
    db.execute(order_table.insert(), key | head | {"operation": origin.operation, "prepaid": ahead.minor})
    nothing = {"arrived": 0, "cost": 0}
    rows = [{"item": pick.item, "quantity": pick.quantity, "price": pick.price} for pick in basket]
    db.execute(order_line_table.insert(), [key | row | nothing for row in rows])
    db.execute(order_step_table.insert(), key | {"entry": entry.number, "step": "placed"})


def check_basket(basket: Sequence[Pick]) -> None:
    """ValueError (our mistake) for a basket that is empty, names an item twice or has less than one piece of it."""
    once = len({pick.item for pick in basket}) == len(basket)
    if not basket or not once or any(pick.quantity < 1 or pick.price < 0 for pick in basket):
        raise ValueError("a basket has each item once, and at least one piece of it")


def _check(basket: Sequence[Pick], items: dict[int, Item]) -> None:
    for pick in basket:
        item = items.get(pick.item)
        if item is None or not item.active:
            raise NotFound("unknown-item", code=item.code if item else pick.item)
        if item.price.minor != pick.price:
            raise LedgerError("price-changed", item=item.id, price=item.price)


def _order(row: Any) -> Order:
    hub = Book(row.kind, row.owner, row.currency)
    total, prepaid = Money(row.total, row.currency), Money(row.prepaid, row.currency)
    return Order(row.number, row.state, total, row.placed_at, prepaid, row.agent, hub)


def get(db: Connection, hub: Book, number: int) -> Order:
    """An order by its number at a hub; NotFound when there is none."""
    row = db.execute(_BY_NUMBER, {"book": hub.id, "number": number}).one_or_none()
    if row is None:
        raise NotFound("unknown-order", order=number)
    return _order(row)


def lines(db: Connection, order: Order) -> list[Ordered]:
    """The items of an order."""
    rows = db.execute(_LINES, {"book": order.hub.id, "number": order.number})
    return [Ordered(row.item, row.quantity, row.price, row.arrived, row.cost) for row in rows]


def recent(db: Connection, agent: Member, most: int, states: Sequence[str] = ()) -> list[Order]:
    """An agent's newest orders, newest first; only those in some states, if any are named."""
    values = {"agent": agent.id, "most": most}
    rows = db.execute(_RECENT_IN, values | {"states": list(states)}) if states else db.execute(_RECENT, values)
    return [_order(row) for row in rows]


def usual(db: Connection, agent: Member, most: int, on: date) -> list[Item]:
    """What an agent orders most often, that first, at the prices of a day; only items still sold."""
    ids = list(db.execute(_USUAL, {"agent": agent.id, "most": most}).scalars())
    items = by_ids(db, ids, on)
    return [items[item] for item in ids]


def credit_left(db: Connection, agent: Member) -> Money:
    """What an agent can still order on credit."""
    return accounts.credit_left(db, agent.hub_book, RECEIVABLE, agent.id)


def deposit_left(db: Connection, hub: Book, agent: int) -> Money:
    """What an agent has paid a hub ahead and no order of hers counts on."""
    counted_on = int(db.execute(_COUNTED_ON, {"book": hub.id, "agent": agent}).scalar_one())
    return Money(max(accounts.balance(db, hub, DEPOSIT, agent).minor - counted_on, 0), hub.currency)


def value(basket: Sequence[Pick], currency: str) -> Money:
    """The sum of a basket."""
    return total((Money(pick.sum, currency) for pick in basket), currency)
