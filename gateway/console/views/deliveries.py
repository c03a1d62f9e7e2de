"""An order at its end: handed over in whole or in part, or not at all; and goods of it that come back unsold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.goods import typed_pieces
from gateway.console.views.looking import agreed
from gateway.console.views.looking import seen
from gateway.console.views.orders import OrderLine
from gateway.console.views.orders import found
from gateway.console.views.orders import lines
from ledger import catalogue
from ledger import deliveries
from ledger import handovers
from ledger import members
from ledger import steps
from ledger.deliveries import BACK
from ledger.deliveries import CLAIMED
from ledger.deliveries import LOST
from ledger.deliveries import Missing as Gone
from ledger.hubs import Hub
from ledger.journal import lock
from ledger.money import Money
from ledger.money import total
from ledger.orders import Order
from locales import Phrase
from locales import phrase
from locales.numerals import to_latin

FATES: Mapping[str, Phrase] = {
    BACK: phrase("came back to the hub"),
    LOST: phrase("is lost, nobody makes it good"),
    CLAIMED: phrase("a supplier or carrier has to make it good"),
}
"""What becomes of pieces that do not arrive."""

WITH, WITHOUT = "code", "note"
"""How it is known that she has the goods."""

TOO_MANY = phrase("Of {code} only {most} pieces were sent.")
WHOSE = phrase("Choose who has to make it good.")
HOW = phrase("Choose how it is known that she has the goods.")
CODE_NEEDED = phrase("Type the four digits that she gave.")
NOTE_NEEDED = phrase("Write how you know that she has the goods.")
NOTHING = phrase("Type how many pieces come back.")


@dataclass(frozen=True, slots=True)
class Handed:
    """What a form says of a delivery: pieces that arrived by item, what became of the others, and what that comes to.

    `sold` is what she buys, of which `ahead` was prepaid and `owed` is on credit.
    """

    arrived: Mapping[int, int]
    missing: tuple[Gone, ...]
    sold: Money
    ahead: Money
    owed: Money

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared."""
        gone = [(each.item, each.pieces, each.how, each.supplier) for each in self.missing]
        return f"{self.sold.minor} {self.owed.minor} {sorted(self.arrived.items())} {gone}"


def _handed(db: Connection, visit: Visit, hub: Hub, order: Order, sent: list[OrderLine]) -> Handed:
    arrived, missing = {}, []
    for line in sent:
        code = line.item.code
        pieces = typed_pieces(visit.typed, f"arrived-{code}") if visit.typed else line.quantity
        if pieces > line.quantity:
            raise Mistaken(TOO_MANY, f"arrived-{code}", code=f"{code}", most=line.quantity)
        arrived[line.item.id] = pieces
        if pieces < line.quantity:
            missing.append(_gone(db, visit, hub, line, line.quantity - pieces))
    return _worth(db, order, sent, arrived, tuple(missing))


def _gone(db: Connection, visit: Visit, hub: Hub, line: OrderLine, pieces: int) -> Gone:
    how = visit.typed.get(f"fate-{line.item.code}", BACK)
    if how != CLAIMED:
        return Gone(line.item.id, pieces, LOST if how == LOST else BACK)
    ids = {f"{number}": id_ for number, id_ in catalogue.supplier_ids(db, hub.programme).items()}
    if visit.typed.get("supplier", "") not in ids:
        raise Mistaken(WHOSE, "supplier")
    return Gone(line.item.id, pieces, CLAIMED, ids[visit.typed["supplier"]])


def _worth(
    db: Connection, order: Order, sent: list[OrderLine], arrived: Mapping[int, int], missing: tuple[Gone, ...]
) -> Handed:
    currency = order.hub.currency
    sold = total((line.price * arrived[line.item.id] for line in sent), currency)
    owed = Money(deliveries.on_credit(db, order, sold.minor), currency)
    return Handed(arrived, missing, sold, sold - owed, owed)


def show(db: Connection, visit: Visit) -> Shown:
    """The form: all has arrived, unless something else is typed; what that comes to."""
    hub, order = found(db, visit)
    sent = lines(db, order, visit)
    return Shown("order_deliver.html", _values(db, hub, order, sent, _as_typed(db, visit, hub, order, sent)))


def _as_typed(db: Connection, visit: Visit, hub: Hub, order: Order, sent: list[OrderLine]) -> Handed:
    """What was typed, as far as it can be read; else that all of it arrived."""
    try:
        return _handed(db, visit, hub, order, sent)
    except Mistaken:
        return _worth(db, order, sent, {line.item.id: line.quantity for line in sent}, ())


def _values(db: Connection, hub: Hub, order: Order, sent: list[OrderLine], handed: Handed) -> dict[str, object]:
    return {
        "order": order,
        "hub": hub,
        "lines": sent,
        "agent": members.get(db, order.agent),
        "open": order.state in steps.AFTER["delivered"],
        "handed": handed,
        "fates": FATES,
        "suppliers": catalogue.suppliers(db, hub.programme),
        "tries": None,
    }


def hand_over(db: Connection, visit: Visit) -> Done:
    """Deliver what arrived, with the agent's code or a note; if nothing did, the order is refused."""
    lock(db, [found(db, visit)[0].book])
    hub, order = found(db, visit)
    sent = lines(db, order, visit)
    handed = _handed(db, visit, hub, order, sent)
    where, about = {"hub": hub.id, "number": order.number}, f"hub {hub.id} order {order.number}"
    if not handed.sold and not any(handed.arrived.values()):
        agreed(visit, handed, lambda would: would.mark)
        missing = [each for each in handed.missing if each.how != BACK]
        deliveries.refuse(db, hub.book, order.number, visit.origin(db), missing=missing)
        return Done("order", where, "order.refused", about, said="order-refused")
    proof = _proof(visit)
    agreed(visit, handed, lambda would: would.mark)
    if proof == WITH and (wrong := _tried(db, visit, hub, order)) is not None:
        values = _values(db, hub, order, sent, handed)
        shown = Shown("order_deliver.html", values | {"tries": wrong})
        return Done("order", where, "order.code-wrong", about, said="code-wrong", shown=shown)
    arrived = {item: pieces for item, pieces in handed.arrived.items() if pieces}
    origin = visit.origin(db)
    deliveries.deliver(db, hub.book, order.number, arrived, origin, missing=handed.missing, proof=proof)
    detail = visit.words.say(phrase("{sum}, by: {proof}"), sum=handed.sold, proof=proof)
    return Done("order", where, "order.delivered", about, detail, said="order-delivered")


def _proof(visit: Visit) -> str:
    """`WITH` her code, or what was written instead."""
    how = visit.typed.get("proof", "")
    if how == WITHOUT:
        note = text(visit.typed, "note", 160, needed=False)
        if not note:
            raise Mistaken(NOTE_NEEDED, "note")
        return note
    if how != WITH:
        raise Mistaken(HOW, "proof")
    if not visit.typed.get("delivery", "").strip():
        raise Mistaken(CODE_NEEDED, "delivery")
    return WITH


def _tried(db: Connection, visit: Visit, hub: Hub, order: Order) -> int | None:
    """None if the code is the order's; else how many more may be tried. A wrong one is kept, so nothing is raised."""
    tried = handovers.check(db, hub.book, order.number, to_latin(visit.typed["delivery"].strip()))
    return None if tried.right else tried.left


# ---- goods that come back ----


@dataclass(frozen=True, slots=True)
class Returned:
    """Pieces that come back by item, and what she had bought them for."""

    pieces: Mapping[int, int]
    price: Money

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared."""
        return f"{self.price.minor} {sorted(self.pieces.items())}"


def show_return(db: Connection, visit: Visit) -> Shown:
    """The form: nothing comes back, unless it is typed."""
    hub, order = found(db, visit)
    values = {
        "order": order,
        "hub": hub,
        "lines": [line for line in lines(db, order, visit) if line.arrived],
        "agent": members.get(db, order.agent),
        "open": order.state in steps.AFTER["returned"],
        "returned": seen(visit),
    }
    return Shown("order_return.html", values)


def take_back(db: Connection, visit: Visit) -> Done:
    """Take unsold goods of a delivery back, at what she bought them for."""
    hub, order = found(db, visit)
    pieces, price = {}, Money(0, hub.currency)
    for line in lines(db, order, visit):
        field = f"back-{line.item.code}"
        some = typed_pieces(visit.typed, field)
        if some > line.arrived:
            raise Mistaken(TOO_MANY, field, code=f"{line.item.code}", most=line.arrived)
        if some:
            pieces[line.item.id] = some
            price += line.price * some
    if not pieces:
        raise Mistaken(NOTHING)
    agreed(visit, Returned(pieces, price), lambda would: would.mark)
    deliveries.take_back(db, hub.book, order.number, pieces, visit.origin(db))
    where, about = {"hub": hub.id, "number": order.number}, f"hub {hub.id} order {order.number}"
    detail = visit.words.say(phrase("{sum}"), sum=price)
    return Done("order", where, "order.returned", about, detail, said="goods-back")
