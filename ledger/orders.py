"""Orders of stock: an agent orders from her hub on credit; price times pieces is held against her limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
from ledger.books import Draft
from ledger.books import Hold
from ledger.books import Origin
from ledger.catalogue import Item
from ledger.catalogue import by_ids
from ledger.catalogue import item_from
from ledger.catalogue import item_table
from ledger.errors import LedgerError
from ledger.errors import NotFound
from ledger.journal import begin
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.money import total
from ledger.programmes import programme_table
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import Minor
from ledger.tables import metadata

RECEIVABLE = 1220

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
    PrimaryKeyConstraint("book", "number"),
    ForeignKeyConstraint(["book", "number"], ["entry.book", "entry.number"]),
    Index(None, "agent", "placed_at"),
)

order_line_table = Table(
    "order_line",
    metadata,
    Column("book", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("item", ForeignKey("item.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price", Minor, nullable=False),
    PrimaryKeyConstraint("book", "number", "item"),
    ForeignKeyConstraint(["book", "number"], ["stock_order.book", "stock_order.number"]),
)

OPEN = ("placed",)
"""States in which an order still reserves goods and credit."""


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
    """An order: its number at the hub, its state, its total and when it was placed."""

    number: int
    state: str
    total: Money
    placed_at: datetime


_BY_OPERATION = select(order_table).where(order_table.c.operation == bindparam("operation"))
_RECENT = (
    select(order_table)
    .where(order_table.c.agent == bindparam("agent"))
    .order_by(order_table.c.placed_at.desc(), order_table.c.number.desc())
    .limit(bindparam("most"))
)
_USUAL = (
    select(item_table, programme_table.c.currency)
    .join(order_line_table, order_line_table.c.item == item_table.c.id)
    .join(
        order_table,
        (order_table.c.book == order_line_table.c.book) & (order_table.c.number == order_line_table.c.number),
    )
    .join(programme_table, programme_table.c.id == item_table.c.programme)
    .where(order_table.c.agent == bindparam("agent"), item_table.c.active)
    .group_by(*item_table.c, programme_table.c.currency)
    .order_by(func.count().desc(), func.sum(order_line_table.c.quantity).desc(), item_table.c.code)
    .limit(bindparam("most"))
)


def place(db: Connection, agent: Member, basket: Sequence[Pick], origin: Origin) -> Order:
    """Place an order on credit at the prices she was shown; the same operation again gives the same order.

    Refused: an item no longer sold, a changed price (with the new one), fewer pieces at the hub (with how many),
    a sum above what is left of her limit (with what is left).
    """
    check_basket(basket)
    hub = agent.hub_book
    picks = [[pick.item, pick.quantity, pick.price] for pick in basket]
    if not begin(db, origin, "order.place", agent=agent.id, basket=picks):
        return _order(db.execute(_BY_OPERATION, {"operation": origin.operation}).one(), agent.currency)
    _check(basket, by_ids(db, [pick.item for pick in basket]))
    amount = Money(sum(pick.sum for pick in basket), agent.currency)
    hold = Hold(RECEIVABLE, agent.id, amount.minor)
    (entry,) = post(db, origin, Draft(hub, "order.place", hold=hold, memo={"agent": agent.id}))
    stock.reserve(db, hub, {pick.item: pick.quantity for pick in basket})
    key = {"book": hub.id, "number": entry.number}
    head = key | {"agent": agent.id, "state": "placed", "total": amount.minor, "placed_at": origin.at}
    db.execute(order_table.insert(), head | {"operation": origin.operation})
    rows = [key | {"item": pick.item, "quantity": pick.quantity, "price": pick.price} for pick in basket]
    db.execute(order_line_table.insert(), rows)
    receipt = receipts.issue(db, origin, agent.programme, entry, "order.place", amount)
    facts.record(db, facts.OrderPlaced(agent.id, receipt, entry.number, amount, credit_left(db, agent)))
    return Order(entry.number, "placed", amount, origin.at)


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


def _order(row: object, currency: str) -> Order:
    return Order(row.number, row.state, Money(row.total, currency), row.placed_at)  # type: ignore[attr-defined]


def of_operation(db: Connection, agent: Member, operation: str) -> Order | None:
    """The order that an operation placed, if it did."""
    row = db.execute(_BY_OPERATION, {"operation": operation}).one_or_none()
    return _order(row, agent.currency) if row else None


def recent(db: Connection, agent: Member, most: int) -> list[Order]:
    """An agent's newest orders, newest first."""
    return [_order(row, agent.currency) for row in db.execute(_RECENT, {"agent": agent.id, "most": most})]


def usual(db: Connection, agent: Member, most: int) -> list[Item]:
    """What an agent orders most often, that first; only items still sold."""
    return [item_from(row) for row in db.execute(_USUAL, {"agent": agent.id, "most": most})]


def credit_left(db: Connection, agent: Member) -> Money:
    """What an agent can still order on credit."""
    return accounts.credit_left(db, agent.hub_book, RECEIVABLE, agent.id)


def value(basket: Sequence[Pick], currency: str) -> Money:
    """The sum of a basket."""
    return total((Money(pick.sum, currency) for pick in basket), currency)
