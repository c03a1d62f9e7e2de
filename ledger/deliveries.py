"""Goods on their way to an agent: dispatched, delivered in whole or in part, refused at the door, taken back unsold.

A delivery is one event in two books: what the hub sells for so much, her shop gets for so much.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import astuple
from dataclasses import dataclass
from dataclasses import field
from fractions import Fraction

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import accounts
from ledger import agents
from ledger import commissions
from ledger import facts
from ledger import handovers
from ledger import orders
from ledger import steps
from ledger import stock
from ledger import suppliers
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Move
from ledger.books import Origin
from ledger.books import entry_table
from ledger.books import move_table
from ledger.catalogue import by_ids
from ledger.errors import LedgerError
from ledger.errors import NotAllowed
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import post
from ledger.members import herself
from ledger.money import Money
from ledger.money import half_even
from ledger.orders import Order
from ledger.orders import Ordered
from ledger.orders import order_line_table
from ledger.orders import order_step_table
from ledger.templates import draft

BACK, CLAIMED, LOST = "back", "claimed", "lost"
"""What becomes of pieces that do not arrive: they come back, somebody has to make them good, or nobody does."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Pieces of an item that did not arrive, and what became of them; claimed from a supplier (or carrier) by id."""

    item: int
    pieces: int
    how: str
    supplier: int = 0


@dataclass
class _Cost:
    """What dispatched goods had cost, by where they are: arrived (by item), back, claimed (by supplier), lost."""

    arrived: dict[int, int] = field(default_factory=dict)
    back: list[Move] = field(default_factory=list)
    claimed: dict[int, int] = field(default_factory=dict)
    lost: int = 0


_undo = entry_table.alias("undo")
_MOVED = (
    select(
        move_table.c.item,
        func.sum(move_table.c.quantity).label("quantity"),
        func.sum(move_table.c.value).label("value"),
    )
    .join(
        order_step_table,
        (order_step_table.c.book == move_table.c.book) & (order_step_table.c.entry == move_table.c.entry),
    )
    .where(
        order_step_table.c.book == bindparam("book"),
        order_step_table.c.number == bindparam("number"),
        order_step_table.c.step == bindparam("step"),
        ~select(_undo.c.number)
        .where(_undo.c.book == move_table.c.book, _undo.c.reverses == move_table.c.entry)
        .exists(),
    )
    .group_by(move_table.c.item)
)
_ARRIVED = (
    order_line_table.update()
    .where(
        order_line_table.c.book == bindparam("b_book"),
        order_line_table.c.number == bindparam("b_number"),
        order_line_table.c.item == bindparam("b_item"),
    )
    .values(arrived=bindparam("pieces"), cost=bindparam("worth"))
)


def dispatch(db: Connection, hub: Book, number: int, origin: Origin) -> Entry:
    """Send the goods of an order on their way, out of the hub's stock at average cost; they are no longer reserved."""
    if (done := begin(db, origin, "order.dispatch", book=hub.id, order=number)) is not None:
        return done[0]
    order = steps.before(db, hub, number, "dispatched")
    pieces = {line.item: line.quantity for line in orders.lines(db, order)}
    stock.release(db, hub, pieces)
    memo = {"order": number, "agent": order.agent}
    (entry,) = post(db, origin, draft("order.dispatch", hub, moves=stock.costs_out(db, hub, pieces), memo=memo))
    steps.move_on(db, order, "dispatched", entry)
    code = handovers.draw(db, order, origin)
    facts.record(db, facts.OrderDispatched(**steps.taken(order, "dispatched", origin), delivery=code))
    return entry


def deliver(
    db: Connection,
    hub: Book,
    number: int,
    arrived: Mapping[int, int],
    origin: Origin,
    *,
    missing: Sequence[Missing] = (),
    proof: str = "",
) -> Entry:
    """Hand over what arrived, pieces by item; `missing` says what became of every other piece of the order.

    `proof`, how the hub knows that she has them if she does not say so in her own call, is written down with it.
    What arrived is sold at the order's price: out of what she has prepaid, as far as that goes, then on credit.
    Refused: pieces that do not add up to the order's, and a delivery of nothing (`refuse` is for that).
    """
    known = {"proof": proof} if proof else {}
    inputs = {"book": hub.id, "order": number, **_told(arrived, missing), **known}
    if (done := begin(db, origin, "order.deliver", **inputs)) is not None:
        return done[0]
    order = steps.before(db, hub, number, "delivered", shop=True)
    lines = orders.lines(db, order)
    cost = _shared(db, order, lines, arrived, missing)
    here = [(line, arrived[line.item]) for line in lines if arrived.get(line.item)]
    if not here:
        raise NotAllowed("nothing-arrived", order=number)
    sold = sum(line.price * pieces for line, pieces in here)
    owed = on_credit(db, order, sold)
    sums = {"ahead": sold - owed, "owed": owed, "sold": sold, "cost": sum(cost.arrived.values()), "lost": cost.lost}
    ends = steps.ends(db, order, owed)
    memo = {"order": number, "agent": order.agent, **known}
    entry = agents.both(
        db,
        origin,
        draft(
            "order.deliver", hub, {**sums, "claimed": cost.claimed},
            agent=order.agent, moves=cost.back, ends=ends, memo=memo,
        ),
        draft(
            "order.deliver", order.shop, {"ahead": sold - owed},
            moves=[Move(line.item, pieces, line.price * pieces) for line, pieces in here],
            memo={"order": number, "hub": hub.owner},
        ),
        Money(sold, hub.currency),
        lambda code: _delivered(db, order, lines, arrived, code, sold, origin),
    )  # fmt: skip
    key = {"b_book": hub.id, "b_number": number}
    rows = [{"b_item": line.item, "pieces": pieces, "worth": cost.arrived[line.item]} for line, pieces in here]
    db.execute(_ARRIVED, [key | row for row in rows])
    steps.move_on(db, order, "delivered", entry)
    return entry


def on_credit(db: Connection, order: Order, sold: int) -> int:
    """What she owes of goods of an order sold for so much, in minor units: what she prepaid for it goes first."""
    return sold - accounts.up_to(db, order.hub, orders.DEPOSIT, min(sold, order.prepaid.minor), order.agent)


def _delivered(
    db: Connection,
    order: Order,
    lines: Sequence[Ordered],
    arrived: Mapping[int, int],
    code: str,
    sold: int,
    origin: Origin,
) -> facts.OrderDelivered:
    less = [line for line in lines if arrived.get(line.item, 0) < line.quantity]
    named = by_ids(db, [line.item for line in less], origin.on)
    short = tuple(facts.Short(named[line.item].names, line.quantity, arrived.get(line.item, 0)) for line in less)
    own, total = herself(origin, order.agent), Money(sold, order.hub.currency)
    return facts.OrderDelivered(order.agent, code, order.number, total, short, own)


def refuse(db: Connection, hub: Book, number: int, origin: Origin, *, missing: Sequence[Missing] = ()) -> Entry:
    """Nothing of an order was taken at the door: it is over, and all comes back but what `missing` says."""
    if (done := begin(db, origin, "order.refuse", book=hub.id, order=number, **_told({}, missing))) is not None:
        return done[0]
    order = steps.before(db, hub, number, "refused")
    lines = orders.lines(db, order)
    left = {line.item: line.quantity - sum(each.pieces for each in missing if each.item == line.item) for line in lines}
    back = [Missing(item, pieces, BACK) for item, pieces in left.items() if pieces > 0]
    cost = _shared(db, order, lines, {}, [*missing, *back])
    sums = {"claimed": cost.claimed, "lost": cost.lost}
    memo = {"order": number, "agent": order.agent}
    ends = steps.ends(db, order, 0)
    (entry,) = post(db, origin, draft("order.refuse", hub, sums, moves=cost.back, ends=ends, memo=memo))
    steps.move_on(db, order, "refused", entry)
    facts.record(db, facts.OrderRefused(**steps.taken(order, "refused", origin)))
    return entry


def _told(arrived: Mapping[int, int], missing: Sequence[Missing]) -> dict[str, object]:
    """What was told of a delivery, as the inputs of an operation."""
    if any(pieces < 0 for pieces in arrived.values()) or any(each.pieces < 1 for each in missing):
        raise ValueError("goods arrive by the piece")
    if any(each.how not in (BACK, CLAIMED, LOST) or bool(each.supplier) != (each.how == CLAIMED) for each in missing):
        raise ValueError("goods come back, are claimed from somebody or are lost")
    return {"arrived": sorted(arrived.items()), "missing": [astuple(each) for each in missing]}


def _shared(
    db: Connection, order: Order, lines: Sequence[Ordered], arrived: Mapping[int, int], missing: Sequence[Missing]
) -> _Cost:
    """The cost of the goods dispatched, shared out to where the pieces are; refused where they do not add up."""
    for supplier in sorted({each.supplier for each in missing if each.supplier}):
        suppliers.check(db, order.hub, supplier)
    if unknown := {*arrived, *(each.item for each in missing)} - {line.item for line in lines}:
        raise LedgerError("not-ordered", item=min(unknown))
    spent, cost = _moved(db, order, "dispatched"), _Cost()
    for line in lines:
        gone = [each for each in missing if each.item == line.item]
        here = arrived.get(line.item, 0)
        told = here + sum(each.pieces for each in gone)
        if told != line.quantity:
            raise LedgerError("pieces-differ", item=line.item, ordered=line.quantity, told=told)
        worth = cut(-spent[line.item][1], [here, *(each.pieces for each in gone)])
        cost.arrived[line.item] = worth[0]
        _put(cost, gone, worth[1:])
    cost.back = _together(cost.back)
    return cost


def _put(cost: _Cost, gone: Sequence[Missing], worth: Sequence[int]) -> None:
    for each, value in zip(gone, worth, strict=True):
        if each.how == BACK:
            cost.back.append(Move(each.item, each.pieces, value))
        elif each.how == CLAIMED:
            cost.claimed[each.supplier] = cost.claimed.get(each.supplier, 0) + value
        else:
            cost.lost += value


def _together(moves: Sequence[Move]) -> list[Move]:
    """One move of each item."""
    made: dict[int, Move] = {}
    for move in moves:
        before = made.get(move.item, Move(move.item, 0, 0))
        made[move.item] = Move(move.item, before.quantity + move.quantity, before.value + move.value)
    return list(made.values())


def cut(cost: int, pieces: Sequence[int]) -> list[int]:
    """The cost (minor units) of some parts of goods, rounded half-even for each; the last part takes the rest."""
    parts, left = [], cost
    last = max((place for place, some in enumerate(pieces) if some), default=0)
    for place, some in enumerate(pieces):
        # Never more than there is, however many parts were rounded up.
        part = left if place == last else min(left, half_even(Fraction(cost * some, sum(pieces))))
        parts.append(part)
        left -= part
    return parts


def _moved(db: Connection, order: Order, step: str) -> dict[int, tuple[int, int]]:
    """Pieces and cost by item that a step of an order moved at the hub, as far as it was not reversed."""
    rows = db.execute(_MOVED, {"book": order.hub.id, "number": order.number, "step": step})
    return {row.item: (int(row.quantity), int(row.value)) for row in rows}


def take_back(db: Connection, hub: Book, number: int, pieces: Mapping[int, int], origin: Origin) -> Entry:
    """Unsold goods of a delivery come back, pieces by item: at that order's price and at that delivery's cost.

    What she paid for them first clears what she owes, the rest is paid ahead; commission earned on them is taken back.
    More pieces than were delivered and not returned, or than she has, is a Shortfall with how many those are.
    """
    wanted = dict(sorted(pieces.items()))
    if (done := begin(db, origin, "order.return", book=hub.id, order=number, pieces=list(wanted.items()))) is not None:
        return done[0]
    order = steps.before(db, hub, number, "returned", shop=True)
    out = stock.costs_out(db, order.shop, wanted)
    back, price, left = _back(db, order, wanted)
    earned = half_even(Fraction(commissions.of_order(db, order) * price, left)) if left else 0
    unpaid = accounts.up_to(db, hub, commissions.PAYABLE, earned, order.agent)
    # What is claimed back from her is owed first: a return never adds to what she owes.
    owed = min(price, accounts.balance(db, hub, orders.RECEIVABLE, order.agent).minor + earned - unpaid)
    split = {"owed": owed, "ahead": price - owed, "paid": earned - unpaid}
    memo = {"order": number, "agent": order.agent}
    at_hub = draft(
        "order.return", hub, {**split, "price": price, "unpaid": unpaid}, agent=order.agent, moves=back, memo=memo
    )
    in_shop = draft("order.return", order.shop, split, moves=out, memo={"order": number, "hub": hub.owner})
    entry = agents.both(
        db, origin, at_hub, in_shop, Money(price, hub.currency), lambda code: _returned(db, order, code, price, origin)
    )
    steps.move_on(db, order, "returned", entry)
    return entry


def _returned(db: Connection, order: Order, code: str, price: int, origin: Origin) -> facts.GoodsReturned:
    owes = accounts.balance(db, order.hub, orders.RECEIVABLE, order.agent)
    amount = Money(price, order.hub.currency)
    return facts.GoodsReturned(order.agent, code, amount, owes, herself(origin, order.agent))


def _back(db: Connection, order: Order, wanted: Mapping[int, int]) -> tuple[list[Move], int, int]:
    """The goods that come back at their cost, what they were sold for, and what all that had not come back was."""
    lines = {line.item: line for line in orders.lines(db, order)}
    before = _moved(db, order, "returned")
    left = {item: line.arrived - before.get(item, (0, 0))[0] for item, line in lines.items()}
    moves = []
    for item, pieces in wanted.items():
        if pieces > left.get(item, 0):
            raise Shortfall("delivered-less", item=item, pieces=left.get(item, 0))
        worth = lines[item].cost - before.get(item, (0, 0))[1]
        moves.append(Move(item, pieces, half_even(Fraction(worth * pieces, left[item]))))
    price = sum(lines[item].price * pieces for item, pieces in wanted.items())
    return moves, price, sum(lines[item].price * pieces for item, pieces in left.items())
