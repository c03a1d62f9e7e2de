"""What a hub's people read: their hub, its orders by state, and what of whom is to be picked for them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import tuple_

from ledger.books import Book
from ledger.books import book_table
from ledger.books import stock_table
from ledger.catalogue import item_table
from ledger.catalogue import supplier_table
from ledger.chart import HUB
from ledger.errors import NotFound
from ledger.members import IN_GROUP
from ledger.members import member_table
from ledger.money import Money
from ledger.orders import Order
from ledger.orders import order_line_table
from ledger.orders import order_table
from ledger.programmes import hub_table
from ledger.programmes import programme_table
from ledger.tables import Instant
from ledger.tables import Names
from ledger.tables import names

PICKED = ("accepted", "packed")
"""The states of an order whose goods are got together, or stand ready."""

TO_PACK = ("placed", "accepted")
"""The states of an order that somebody is to pack."""

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


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a hub has of an item: pieces, those set aside for orders, their cost, pieces ordered lately."""

    code: int
    names: Names
    active: bool
    pieces: int
    reserved: int
    value: Money
    ordered: int

    @property
    def free(self) -> int:
        """Pieces that no order has reserved."""
        return self.pieces - self.reserved

    @property
    def low(self) -> bool:
        """Whether none is free, or fewer than were ordered lately."""
        return self.free < max(self.ordered, 1)


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
_TO_PACK = (
    select(order_table.c.number)
    .join_from(order_table, book_table, book_table.c.id == order_table.c.book)
    .join(hub_table, hub_table.c.id == book_table.c.owner)
    .where(book_table.c.kind == HUB, hub_table.c.programme == bindparam("programme"), order_table.c.state.in_(TO_PACK))
    .limit(bindparam("most"))
)
_COUNT_TO_PACK = select(func.count()).select_from(_TO_PACK.subquery())
_COUNT_TO_PACK_AT = select(func.count()).select_from(_TO_PACK.where(hub_table.c.id == bindparam("hub")).subquery())
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

_place = tuple_(order_table.c.book, order_table.c.number)
_beyond = tuple_(bindparam("after_book"), bindparam("after_number"))
_HERE = (
    select(order_table, book_table.c.owner, book_table.c.currency, *_AGENT)
    .join_from(order_table, book_table, book_table.c.id == order_table.c.book)
    .join(member_table, member_table.c.id == order_table.c.agent)
    .where(order_table.c.book.in_(bindparam("books", expanding=True)))
)
_NUMBERED = _HERE.where(order_table.c.number == bindparam("number")).order_by(order_table.c.book)


def _pages(newest: bool, of_state: bool, of_groups: bool) -> Select[Any]:
    """Orders after the last of the page before, the oldest or the newest first; maybe of a state or some groups."""
    found = _HERE.where(_place < _beyond if newest else _place > _beyond)
    if of_state:
        found = found.where(order_table.c.state == bindparam("state"))
    if of_groups:
        found = found.where(IN_GROUP, member_table.c.group.in_(bindparam("groups", expanding=True)))
    columns = (order_table.c.book, order_table.c.number)
    return found.order_by(*(each.desc() if newest else each for each in columns)).limit(bindparam("most"))


_PAGES = {which: _pages(*which) for which in product((False, True), repeat=3)}
_FIRST = {False: ("", 0), True: ("zzzz", 2**62)}
"""Where a list begins: before every book, or behind every one."""

_lately = (
    select(order_line_table.c.item, func.sum(order_line_table.c.quantity).label("pieces"))
    .join(
        order_table,
        (order_table.c.book == order_line_table.c.book) & (order_table.c.number == order_line_table.c.number),
    )
    .where(
        order_table.c.book == bindparam("book"),
        order_table.c.placed_at >= bindparam("since", type_=Instant),
        order_table.c.state != "cancelled",
    )
    .group_by(order_line_table.c.item)
    .subquery("lately")
)
_has = func.coalesce(stock_table.c.quantity, 0)
_reserved = func.coalesce(stock_table.c.reserved, 0)
_ordered = func.coalesce(_lately.c.pieces, 0)
_SHELVES = (
    select(
        item_table,
        _has.label("pieces"),
        _reserved.label("reserved"),
        func.coalesce(stock_table.c.value, 0).label("value"),
        _ordered.label("ordered"),
    )
    .join_from(
        item_table,
        stock_table,
        (stock_table.c.book == bindparam("book")) & (stock_table.c.item == item_table.c.id),
        isouter=True,
    )
    .outerjoin(_lately, _lately.c.item == item_table.c.id)
    .where(
        item_table.c.programme == bindparam("programme"),
        item_table.c.code > bindparam("after"),
        or_(item_table.c.active, _has > 0),
    )
    .order_by(item_table.c.code)
    .limit(bindparam("most"))
)
_HAVING = select(stock_table).where(
    stock_table.c.book.in_(bindparam("books", expanding=True)), stock_table.c.item == bindparam("item")
)
# As in `Shelf.low`.
_LOW = _SHELVES.where(item_table.c.active, or_(_has - _reserved < 1, _has - _reserved < _ordered))


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


def count_to_pack(db: Connection, programme: int, hub: int | None, most: int) -> int:
    """How many orders of a programme's hubs, or of one of them, are to be packed, `most` at most."""
    values: dict[str, Any] = {"programme": programme, "most": most} | ({} if hub is None else {"hub": hub})
    found: int = db.execute(_COUNT_TO_PACK if hub is None else _COUNT_TO_PACK_AT, values).scalar_one()
    return found


def orders_page(
    db: Connection,
    books: Sequence[Book],
    states: Sequence[str] = (),
    *,
    groups: Sequence[int] | None = None,
    after: tuple[str, int] | None = None,
    newest: bool = False,
    most: int = 50,
) -> list[Listed]:
    """Up to `most` orders of some hubs, by hub and number, after (hub's book, number): the oldest or the newest first.

    Only those in some states, if any are named, and only those of agents of some groups, if not None.
    """
    book, number = after or _FIRST[newest]
    values: dict[str, Any] = {"books": [each.id for each in books], "after_book": book, "after_number": number}
    if groups is not None:
        values["groups"] = list(groups)
    statement = _PAGES[newest, bool(states), groups is not None]
    # A state at a time: so the index gives them in their order, and few of many are found at once.
    found = [row for state in states or [""] for row in db.execute(statement, values | {"state": state, "most": most})]
    found.sort(key=lambda row: (row.book, row.number), reverse=newest)
    return [_listed(row) for row in found[:most]]


def numbered(db: Connection, books: Sequence[Book], number: int) -> list[Listed]:
    """The orders with a number, one at each of some hubs at most."""
    return [_listed(row) for row in db.execute(_NUMBERED, {"books": [each.id for each in books], "number": number})]


def _listed(row: Any) -> Listed:
    total, prepaid = Money(row.total, row.currency), Money(row.prepaid, row.currency)
    book = Book(HUB, row.owner, row.currency)
    order = Order(row.number, row.state, total, row.placed_at, prepaid, row.agent, book)
    return Listed(order, row.code, names(row))


def shelves(
    db: Connection, hub: Hub, since: datetime, *, low: bool = False, after: int = 0, most: int = 50
) -> list[Shelf]:
    """Up to `most` items that a hub has or sells, by code after `after`, with what was ordered of each since a moment.

    `low`: only those that are sold and of which none is free, or fewer than were ordered.
    """
    values = {"book": hub.book.id, "programme": hub.programme, "since": since, "after": after, "most": most}
    return [
        Shelf(row.code, names(row), row.active, row.pieces, row.reserved, Money(row.value, hub.currency), row.ordered)
        for row in db.execute(_LOW if low else _SHELVES, values)
    ]


def having(db: Connection, some: Sequence[Hub], item: int) -> dict[int, tuple[int, int]]:
    """By hub, of those that ever had an item: its pieces, and how many of them are free."""
    owners = {each.book.id: each.id for each in some}
    rows = db.execute(_HAVING, {"books": list(owners), "item": item})
    return {owners[row.book]: (row.quantity, row.quantity - row.reserved) for row in rows}


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
