"""What a hub's people read: their hub, its orders by state, and what of whom is to be picked for them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.books import Book
from ledger.catalogue import item_table
from ledger.catalogue import supplier_table
from ledger.chart import HUB
from ledger.errors import NotFound
from ledger.members import member_table
from ledger.money import Money
from ledger.orders import Order
from ledger.orders import order_line_table
from ledger.orders import order_table
from ledger.programmes import hub_table
from ledger.programmes import programme_table
from ledger.tables import Names
from ledger.tables import names

PICKED = ("accepted", "packed")
"""The states of an order whose goods are got together, or stand ready."""

STREAMED = {"yield_per": 500}
"""How rows are fetched, however many there are."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub: its names, whose it is, its currency and timezone."""

    id: int
    names: Names
    programme: int
    currency: str
    timezone: str

    @property
    def book(self) -> Book:
        """Its book."""
        return Book(HUB, self.id, self.currency)


@dataclass(frozen=True, slots=True)
class Listed:
    """An order in the hub's list, and whose it is."""

    order: Order
    code: str
    names: Names


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of an order to be picked: pieces of an item of a supplier, for an agent; `packed`: they stand ready."""

    supplier: int
    supplier_names: Names
    item: int
    item_names: Names
    order: int
    agent: str
    agent_names: Names
    pieces: int
    packed: bool


_HUBS = (
    select(hub_table, programme_table.c.currency, programme_table.c.timezone)
    .join(programme_table, programme_table.c.id == hub_table.c.programme)
    .order_by(hub_table.c.id)
)
_AGENT = [member_table.c.code, member_table.c.name_bn, member_table.c.name_latn]
_ORDERS = (
    select(order_table, *_AGENT)
    .join(member_table, member_table.c.id == order_table.c.agent)
    .where(order_table.c.book == bindparam("book"))
    .order_by(order_table.c.number)
)
_OF_STATES = _ORDERS.where(order_table.c.state.in_(bindparam("states", expanding=True)))
_LINES = (
    select(
        supplier_table.c.number.label("supplier"),
        supplier_table.c.name_bn.label("supplier_bn"),
        supplier_table.c.name_latn.label("supplier_latn"),
        item_table.c.code.label("item"),
        item_table.c.name_bn.label("item_bn"),
        item_table.c.name_latn.label("item_latn"),
        item_table.c.name_en.label("item_en"),
        order_table.c.number.label("order"),
        *_AGENT,
        order_line_table.c.quantity,
        order_table.c.state,
    )
    .join_from(
        order_table,
        order_line_table,
        (order_line_table.c.book == order_table.c.book) & (order_line_table.c.number == order_table.c.number),
    )
    .join(item_table, item_table.c.id == order_line_table.c.item)
    .join(supplier_table, supplier_table.c.id == item_table.c.supplier)
    .join(member_table, member_table.c.id == order_table.c.agent)
    .where(order_table.c.book == bindparam("book"), order_table.c.state.in_(PICKED))
    .order_by(supplier_table.c.number, item_table.c.code, order_table.c.number)
)
_LINES_OF = _LINES.where(supplier_table.c.number == bindparam("supplier"))


def every(db: Connection) -> list[Hub]:
    """All hubs, in the order in which they were opened."""
    return [Hub(row.id, names(row), row.programme, row.currency, row.timezone) for row in db.execute(_HUBS)]


def get(db: Connection, hub: int) -> Hub:
    """A hub by its number; NotFound when there is none."""
    found = [each for each in every(db) if each.id == hub]
    if not found:
        raise NotFound("unknown-hub", hub=hub)
    return found[0]


def orders_of(db: Connection, hub: Hub, states: Sequence[str] = ()) -> Iterator[Listed]:
    """The orders of a hub in any of some states (of none: in whatever state), oldest first; a page at a time."""
    only = {"states": states} if states else {}
    for row in _rows(db, _OF_STATES if states else _ORDERS, {"book": hub.book.id, **only}):
        total, prepaid = Money(row.total, hub.currency), Money(row.prepaid, hub.currency)
        order = Order(row.number, row.state, total, row.placed_at, prepaid, row.agent, hub.book)
        yield Listed(order, row.code, names(row))


def to_pick(db: Connection, hub: Hub, supplier: int | None = None) -> Iterator[Wanted]:
    """The lines of the accepted and packed orders of a hub, by supplier, item and order; of one supplier by number."""
    only = {} if supplier is None else {"supplier": supplier}
    for row in _rows(db, _LINES if supplier is None else _LINES_OF, {"book": hub.book.id, **only}):
        yield Wanted(
            row.supplier,
            Names(row.supplier_bn, row.supplier_latn),
            row.item,
            Names(row.item_bn, row.item_latn, row.item_en),
            row.order,
            row.code,
            names(row),
            row.quantity,
            row.state == "packed",
        )


def _rows(db: Connection, statement: Any, values: dict[str, Any]) -> Iterator[Any]:
    yield from db.execute(statement, values, execution_options=STREAMED)
