"""A hub's goods: what it has and what is low, a supplier's bill with what came, and what broke or went missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.goods import NO_HUB
from gateway.console.views.goods import hub_of
from gateway.console.views.goods import one_hub
from gateway.console.views.goods import typed_item
from gateway.console.views.goods import typed_pieces
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from gateway.console.views.looking import agreed
from gateway.console.views.looking import amount
from gateway.console.views.looking import seen
from gateway.console.views.looking import today
from ledger import catalogue
from ledger import hubs
from ledger import stock
from ledger import suppliers
from ledger.catalogue import Item
from ledger.hubs import Hub
from ledger.journal import lock
from ledger.money import Money
from ledger.suppliers import Received
from locales import phrase

LATELY = 14
"""An item is low when fewer pieces are free than were ordered in so many days."""

MOST_BILLED = 300
"""Items of one supplier that a bill's form shows."""

_BILL = re.compile("[!-~]{1,30}")

WHOSE = phrase("Choose whose goods came.")
BILL_NUMBER = phrase("The number of a bill has up to 30 letters and digits and no blanks.")
BILL_THERE = phrase("This bill is in the books already.")
NOTHING = phrase("Type how many pieces came.")
NO_COST = phrase("Type what the whole line of {code} costs.")
NO_PIECES = phrase("Type how many pieces.")
WHY = phrase("Say why: it is written into the books.")


def every(db: Connection, visit: Visit) -> Shown:
    """What a hub has of each item, or only what is low."""
    mine, hub = one_hub(db, visit)
    if hub is None:
        return NO_HUB
    low, since = visit.query.get("low", "") == "1", visit.now - timedelta(days=LATELY)
    rows = hubs.shelves(db, hub, since, low=low, after=number_after(visit.query), most=PAGE + 1)
    values = {"hubs": mine, "hub": hub, "low": low, "days": LATELY}
    return Shown("stock.html", paged(rows, lambda row: row.code) | values)


# ---- goods in ----


@dataclass(frozen=True, slots=True)
class Bill:
    """A supplier's bill as it was typed: its number, its lines with their items, what it comes to, what is short."""

    number: str
    lines: Sequence[tuple[Item, Received]]
    total: Money
    claimed: Money

    @property
    def pieces(self) -> int:
        """All pieces that came."""
        return sum(line.pieces for _, line in self.lines)

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared."""
        return f"{self.number} {[(line.item, line.pieces, line.cost, line.short) for _, line in self.lines]}"


def _supplier(db: Connection, visit: Visit, hub: Hub) -> int | None:
    """The number of the supplier whom the address asks for, `?supplier=3`."""
    said = visit.query.get("supplier", "")
    if said and said not in map(str, catalogue.supplier_ids(db, hub.programme)):
        raise Missing
    return int(said) if said else None


def show_bill(db: Connection, visit: Visit) -> Shown:
    """Choose a supplier; then his items, to be filled in from his bill."""
    hub = hub_of(db, visit, visit.args["hub"])
    number, known = _supplier(db, visit, hub), catalogue.suppliers(db, hub.programme)
    items = catalogue.of_supplier(db, hub.programme, number, today(db, visit), MOST_BILLED) if number else []
    values = {"hub": hub, "suppliers": known, "supplier": number, "items": items, "would": seen(visit)}
    return Shown("goods_in.html", values)


def goods_in(db: Connection, visit: Visit) -> Done:
    """Take in what came with a bill, and claim what he billed and did not bring; a bill is taken in once."""
    hub = hub_of(db, visit, visit.args["hub"])
    number = _supplier(db, visit, hub)
    if number is None:
        raise Mistaken(WHOSE, "supplier")
    bill = _bill(db, visit, hub, number)
    agreed(visit, bill, lambda would: would.mark)
    origin = visit.origin(db)
    # As at the command line: whoever types it, a bill is one operation.
    once = replace(origin, operation=f"office:bill-{hub.id}-{number}-{bill.number}")
    who = catalogue.supplier_ids(db, hub.programme)[number]
    lock(db, [hub.book])
    if suppliers.is_in(db, once):
        raise Mistaken(BILL_THERE, "bill")
    suppliers.goods_in(db, hub.book, who, [line for _, line in bill.lines], once, bill=bill.number)
    detail = visit.words.say(phrase("{sum}"), sum=bill.total)
    about = f"hub {hub.id} supplier {number} bill {bill.number}"
    return Done("stock", {"hub": hub.id}, "goods.in", about, detail, said="goods-in")


def _bill(db: Connection, visit: Visit, hub: Hub, supplier: int) -> Bill:
    number = text(visit.typed, "bill", 30)
    if not _BILL.fullmatch(number):
        raise Mistaken(BILL_NUMBER, "bill")
    found = []
    for item in catalogue.of_supplier(db, hub.programme, supplier, today(db, visit), MOST_BILLED):
        pieces, short = (typed_pieces(visit.typed, f"{field}-{item.code}") for field in ("pieces", "short"))
        cost = visit.typed.get(f"cost-{item.code}", "").strip()
        if not pieces and not short:
            if cost:
                raise Mistaken(NOTHING, f"pieces-{item.code}")
            continue
        if not cost:
            raise Mistaken(NO_COST, f"cost-{item.code}", code=f"{item.code}")
        sum_ = amount(visit, f"cost-{item.code}", hub.currency)
        found.append((item, Received(item.id, pieces, sum_.minor, short)))
    if not found:
        raise Mistaken(NOTHING)
    total = Money(sum(line.cost for _, line in found), hub.currency)
    came = Money(sum(line.came for _, line in found), hub.currency)
    return Bill(number, found, total, total - came)


# ---- goods lost ----


@dataclass(frozen=True, slots=True)
class Loss:
    """Pieces of an item that are gone, what they had cost, and what is said of it."""

    item: Item
    pieces: int
    worth: Money

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared."""
        return f"{self.item.id} {self.pieces} {self.worth.minor}"


def show_loss(db: Connection, visit: Visit) -> Shown:
    """The form of goods that broke or went missing."""
    return Shown("goods_lost.html", {"hub": hub_of(db, visit, visit.args["hub"]), "would": seen(visit)})


def lose(db: Connection, visit: Visit) -> Done:
    """Write goods of the hub off that broke, or that a count did not find."""
    hub = hub_of(db, visit, visit.args["hub"])
    item, pieces = typed_item(db, visit, "code"), typed_pieces(visit.typed, "pieces")
    reason = text(visit.typed, "reason", 160, needed=False)
    if not pieces:
        raise Mistaken(NO_PIECES, "pieces")
    if not reason:
        raise Mistaken(WHY, "reason")
    lock(db, [hub.book])
    moves = stock.costs_out(db, hub.book, {item.id: pieces})
    loss = Loss(item, pieces, Money(-sum(move.value for move in moves), hub.currency))
    agreed(visit, loss, lambda would: would.mark)
    stock.lose(db, hub.book, {item.id: pieces}, reason, visit.origin(db))
    about = f"hub {hub.id} item {item.code}"
    return Done("stock", {"hub": hub.id}, "goods.lost", about, f"{pieces}: {reason}", said="goods-lost")
