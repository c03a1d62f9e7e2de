"""Goods on hand: what a book has of each item at moving average cost, and what of it is reserved for orders."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Move
from ledger.books import Origin
from ledger.books import credit
from ledger.books import debit
from ledger.books import stock_table
from ledger.catalogue import Item
from ledger.catalogue import item_from
from ledger.catalogue import item_table
from ledger.chart import STOCK
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import post
from ledger.money import half_even
from ledger.programmes import programme_table


@dataclass(frozen=True, slots=True)
class OnHand:
    """An item a book has: pieces, and their cost in minor units."""

    item: Item
    quantity: int
    value: int


_ROWS = select(stock_table).where(
    stock_table.c.book == bindparam("book"), stock_table.c.item.in_(bindparam("items", expanding=True))
)
_ON_HAND = (
    select(item_table, programme_table.c.currency, stock_table.c.quantity, stock_table.c.value)
    .join(stock_table, stock_table.c.item == item_table.c.id)
    .join(programme_table, programme_table.c.id == item_table.c.programme)
    .where(stock_table.c.book == bindparam("book"), stock_table.c.quantity > 0)
    .order_by(item_table.c.code)
)
_RESERVE = (
    stock_table.update()
    .where(
        stock_table.c.book == bindparam("b_book"),
        stock_table.c.item == bindparam("b_item"),
        stock_table.c.quantity - stock_table.c.reserved >= bindparam("pieces"),
    )
    .values(reserved=stock_table.c.reserved + bindparam("pieces"))
)


def on_hand(db: Connection, book: Book) -> list[OnHand]:
    """All a book has, by item code."""
    return [OnHand(item_from(row), row.quantity, row.value) for row in db.execute(_ON_HAND, {"book": book.id})]


def free(db: Connection, book: Book, items: Sequence[int]) -> dict[int, int]:
    """Pieces by item that a book has and that no order has reserved; an item it never had is not there."""
    return {row.item: row.quantity - row.reserved for row in db.execute(_ROWS, {"book": book.id, "items": list(items)})}


def costs_out(db: Connection, book: Book, wanted: Mapping[int, int]) -> list[Move]:
    """The moves that take `wanted` pieces by item out of a book at average cost; the last piece takes the rest.

    Call it with the book locked. More than is on hand is a Shortfall that says how many there are.
    """
    rows = {row.item: row for row in db.execute(_ROWS, {"book": book.id, "items": list(wanted)})}
    moves = []
    for item, pieces in wanted.items():
        has = rows[item].quantity if item in rows else 0
        if pieces > has:
            raise Shortfall("not-on-hand", item=item, pieces=has)
        moves.append(Move(item, -pieces, -half_even(Fraction(rows[item].value * pieces, has))))
    return moves


def reserve(db: Connection, book: Book, wanted: Mapping[int, int]) -> None:
    """Set pieces by item aside for an order; fewer left is a Shortfall that says how many."""
    for item in sorted(wanted):
        row = {"b_book": book.id, "b_item": item, "pieces": wanted[item]}
        if db.execute(_RESERVE, row).rowcount == 0:
            raise Shortfall("stock-left", item=item, pieces=max(free(db, book, [item]).get(item, 0), 0))


def open_with(
    db: Connection, books: Sequence[Book], goods: Sequence[Move], against: int, origin: Origin
) -> list[Entry]:
    """Begin books with the same goods, at cost, against an equity account (3310 of a shop, 3030 of a hub)."""
    names = [book.id for book in books]
    if not begin(db, origin, "stock.open", books=names, goods=[[m.item, m.quantity, m.value] for m in goods]):
        return []
    value = sum(move.value for move in goods)
    return post(
        db,
        origin,
        *(
            Draft(book, "stock.open", (debit(STOCK[book.kind], value), credit(against, value)), moves=goods)
            for book in books
        ),
    )
