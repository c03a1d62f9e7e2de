"""Goods on hand: what a book has of each item at moving average cost, and what of it is reserved for orders.

Goods also go otherwise than by a sale: lost, or taken for her own use; and come otherwise than from the hub.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import accounts
from ledger import facts
from ledger import members
from ledger import receipts
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Move
from ledger.books import Origin
from ledger.books import stock_table
from ledger.catalogue import Item
from ledger.catalogue import by_ids
from ledger.chart import SHOP
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import enter
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.money import half_even
from ledger.templates import draft

CASH = 1310
"""The cash of a shop."""


@dataclass(frozen=True, slots=True)
class OnHand:
    """An item a book has: pieces, and their cost in minor units."""

    item: Item
    quantity: int
    value: int


_ROWS = select(stock_table).where(
    stock_table.c.book == bindparam("book"), stock_table.c.item.in_(bindparam("items", expanding=True))
)
_ON_HAND = select(stock_table).where(stock_table.c.book == bindparam("book"), stock_table.c.quantity > 0)
_RESERVE = (
    stock_table.update()
    .where(
        stock_table.c.book == bindparam("b_book"),
        stock_table.c.item == bindparam("b_item"),
        stock_table.c.quantity - stock_table.c.reserved >= bindparam("pieces"),
    )
    .values(reserved=stock_table.c.reserved + bindparam("pieces"))
)
_RELEASE = (
    stock_table.update()
    .where(
        stock_table.c.book == bindparam("b_book"),
        stock_table.c.item == bindparam("b_item"),
        stock_table.c.reserved >= bindparam("pieces"),
    )
    .values(reserved=stock_table.c.reserved - bindparam("pieces"))
)


def on_hand(db: Connection, book: Book, on: date) -> list[OnHand]:
    """All a book has, by item code, with the prices in force on a day."""
    rows = db.execute(_ON_HAND, {"book": book.id}).all()
    items = by_ids(db, [row.item for row in rows], on)
    has = [OnHand(items[row.item], row.quantity, row.value) for row in rows]
    return sorted(has, key=lambda each: each.item.code)


def free(db: Connection, book: Book, items: Sequence[int]) -> dict[int, int]:
    """Pieces by item that a book has and that no order has reserved; an item it never had is not there."""
    return {row.item: row.quantity - row.reserved for row in db.execute(_ROWS, {"book": book.id, "items": list(items)})}


def costs_out(db: Connection, book: Book, wanted: Mapping[int, int]) -> list[Move]:
    """The moves that take `wanted` pieces by item out of a book at average cost; the last piece takes the rest.

    Call it with the book locked. More than is on hand and not reserved is a Shortfall that says how many there are.
    ValueError (our mistake) for less than one piece.
    """
    if any(pieces < 1 for pieces in wanted.values()):
        raise ValueError("goods go out by the piece")
    rows = {row.item: row for row in db.execute(_ROWS, {"book": book.id, "items": list(wanted)})}
    moves = []
    for item, pieces in wanted.items():
        has = rows[item].quantity - rows[item].reserved if item in rows else 0
        if pieces > has:
            raise Shortfall("not-on-hand", item=item, pieces=has)
        moves.append(Move(item, -pieces, -half_even(Fraction(rows[item].value * pieces, rows[item].quantity))))
    return moves


def reserve(db: Connection, book: Book, wanted: Mapping[int, int]) -> None:
    """Set pieces by item aside for an order; fewer left is a Shortfall that says how many."""
    for item in sorted(wanted):
        row = {"b_book": book.id, "b_item": item, "pieces": wanted[item]}
        if db.execute(_RESERVE, row).rowcount == 0:
            raise Shortfall("stock-left", item=item, pieces=max(free(db, book, [item]).get(item, 0), 0))


def release(db: Connection, book: Book, held: Mapping[int, int]) -> None:
    """Free pieces by item that an order had set aside; ValueError (our mistake) for more than are."""
    for item in sorted(held):
        row = {"b_book": book.id, "b_item": item, "pieces": held[item]}
        if db.execute(_RELEASE, row).rowcount == 0:
            raise ValueError(f"{book.id} has not so many pieces of item {item} set aside")


def open_with(
    db: Connection, books: Sequence[Book], goods: Sequence[Move], origin: Origin, *, cash: Money | None = None
) -> list[Entry]:
    """Begin books with the same goods, at cost, and money, against the owner's capital or the hub's opening equity."""
    sums = {"cash": cash} if cash else {}
    return enter(db, origin, *(draft("stock.open", book, sums, moves=goods) for book in books))


def lose(db: Connection, book: Book, pieces: Mapping[int, int], reason: str, origin: Origin) -> Entry:
    """Goods of a shop or a hub that broke or went missing: a loss at average cost; what is reserved stays."""
    return _out(db, "goods.lost", book, pieces, {"reason": reason}, origin)


def own_use(db: Connection, agent: Member, pieces: Mapping[int, int], origin: Origin) -> Entry:
    """Goods that an agent takes from her shop for herself, at average cost."""
    return _out(db, "goods.own-use", agent.shop, pieces, {}, origin)


def _out(
    db: Connection, kind: str, book: Book, pieces: Mapping[int, int], memo: Mapping[str, str], origin: Origin
) -> Entry:
    wanted = dict(sorted(pieces.items()))
    if (done := begin(db, origin, kind, book=book.id, pieces=list(wanted.items()), **memo)) is not None:
        return done[0]
    lock(db, [book])
    moves = costs_out(db, book, wanted)
    (entry,) = post(db, origin, draft(kind, book, moves=moves, memo=memo))
    if book.kind == SHOP:
        worth = Money(-sum(move.value for move in moves), book.currency)
        code = receipts.issue(db, origin, members.get(db, book.owner).programme, entry, kind, worth)
        facts.record(db, facts.GoodsTaken(book.owner, code, worth, lost=kind == "goods.lost"))
    return entry


def buy_elsewhere(db: Connection, agent: Member, goods: Sequence[Move], origin: Origin) -> Entry:
    """Goods that an agent buys otherwise than from her hub, at cost, out of her shop's cash and beyond it her own.

    ValueError (our mistake) for less than one piece.
    """
    if any(move.quantity < 1 or move.value < 0 for move in goods):
        raise ValueError("goods come in by the piece")
    bought = [[move.item, move.quantity, move.value] for move in goods]
    if (done := begin(db, origin, "goods.bought", agent=agent.id, goods=bought)) is not None:
        return done[0]
    lock(db, [agent.shop])
    spent = Money(sum(move.value for move in goods), agent.currency)
    cash = accounts.up_to(db, agent.shop, CASH, spent.minor)
    (entry,) = post(db, origin, draft("goods.bought", agent.shop, {"cash": cash}, moves=goods))
    code = receipts.issue(db, origin, agent.programme, entry, "goods.bought", spent)
    facts.record(db, facts.GoodsBought(agent.id, code, spent))
    return entry
