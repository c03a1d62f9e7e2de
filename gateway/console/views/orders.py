"""Orders: those of a state, one of them with all that became of it, its next step, and what is to be picked."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from gateway import picking
from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Download
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views import book_words
from gateway.console.views.goods import NO_HUB
from gateway.console.views.goods import agent_of
from gateway.console.views.goods import chosen
from gateway.console.views.goods import her_hubs
from gateway.console.views.goods import hub_of
from gateway.console.views.goods import one_hub
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import order_after
from gateway.console.views.listing import paged
from gateway.console.views.looking import today
from ledger import catalogue
from ledger import deliveries
from ledger import hubs
from ledger import members
from ledger import orders
from ledger import programmes
from ledger import steps
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.errors import NotFound
from ledger.hubs import TO_PACK
from ledger.hubs import Hub
from ledger.hubs import Listed
from ledger.money import Money
from ledger.orders import Order
from ledger.steps import AFTER
from locales import Phrase
from locales import phrase
from locales.numerals import to_latin

STATES: Mapping[str, Phrase] = {
    "placed": phrase("placed"),
    "accepted": phrase("accepted"),
    "packed": phrase("packed"),
    "dispatched": phrase("on the way"),
    "delivered": phrase("delivered"),
    "closed": phrase("closed"),
    "refused": phrase("sent back"),
    "cancelled": phrase("cancelled"),
}

STEPS: Mapping[str, Phrase] = {
    **STATES,
    "dispatched": phrase("sent on its way"),
    "returned": phrase("goods came back"),
    "commission": phrase("commission earned"),
}
"""What became of an order, as its history says it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A list of orders: what it is called, of which states (none named: all), the newest first?"""

    called: Phrase
    states: tuple[str, ...]
    newest: bool = False


LISTS: Mapping[str, Choice] = {
    "to-pack": Choice(phrase("to pack"), TO_PACK),
    "packed": Choice(phrase("packed"), ("packed",)),
    "dispatched": Choice(phrase("on the way"), ("dispatched",)),
    "delivered": Choice(phrase("delivered"), ("delivered",), newest=True),
    "closed": Choice(phrase("closed"), ("closed",), newest=True),
    "refused": Choice(phrase("sent back"), ("refused",), newest=True),
    "cancelled": Choice(phrase("cancelled"), ("cancelled",), newest=True),
    "all": Choice(phrase("all"), (), newest=True),
}

MOST_PICKED = 2000
"""Lines of a picking list that one page shows."""

CHOOSE = phrase("Choose one.")
WHY = phrase("Say why: it is written into the books.")


def every(db: Connection, visit: Visit) -> Shown:
    """The orders of her scope: of a state, of one of her hubs or all of them, or those with a number."""
    mine_ = her_hubs(db, visit)
    only, kind = chosen(visit, mine_), visit.query.get("state", "to-pack")
    number = to_latin(visit.query.get("number", "").strip())
    if kind not in LISTS or not re.fullmatch("[0-9]{0,15}", number):
        raise Missing
    books = [each.book for each in ([only] if only else mine_)]
    found = _numbered(db, visit, books, int(number)) if number else _page(db, visit, books, LISTS[kind])
    values = {"hubs": {each.id: each for each in mine_}, "hub": only, "kind": kind, "lists": LISTS, "states": STATES}
    first = not number and "after" not in visit.query
    return Shown("orders.html", paged(found, _key) | values | {"number": number, "first": first})


def _key(row: Listed) -> str:
    return f"{row.order.hub.id}-{row.order.number}"


def _page(db: Connection, visit: Visit, books: list[Book], kind: Choice) -> list[Listed]:
    groups, after = visit.operator.scope.groups, order_after(visit.query)
    begins = after if after[0] else None
    more = {"after": begins, "newest": kind.newest, "most": PAGE + 1}
    return hubs.orders_page(db, books, kind.states, groups=groups, **more)  # type: ignore[arg-type]


def _numbered(db: Connection, visit: Visit, books: list[Book], number: int) -> list[Listed]:
    found = []
    for each in hubs.numbered(db, books, number):
        try:
            agent_of(db, visit, each.order.agent)
        except Missing:
            continue
        found.append(each)
    return found


# ---- one order ----


@dataclass(frozen=True, slots=True)
class Deed:
    """A step that an order may take by a click: as the ledger calls it, its verb, its button, its line of the trail.

    `said` is what is told then, `effect` what is told before.
    """

    step: str
    verb: Callable[[Connection, Book, int, Origin], Entry]
    called: Phrase
    act: str
    said: str
    effect: Phrase


DEEDS: Mapping[str, Deed] = {
    "accept": Deed(
        "accepted",
        steps.accept,
        phrase("Accept"),
        "order.accepted",
        "order-accepted",
        phrase("The agent is told by SMS that her order is being packed."),
    ),
    "pack": Deed(
        "packed",
        steps.pack,
        phrase("It is packed"),
        "order.packed",
        "order-packed",
        phrase("All of its goods stand ready."),
    ),
    "dispatch": Deed(
        "dispatched",
        deliveries.dispatch,
        phrase("Send it on its way"),
        "order.dispatched",
        "order-dispatched",
        phrase("Its goods leave the hub's stock. The agent is sent the code that she gives to who brings them."),
    ),
    "close": Deed(
        "closed",
        steps.close,
        phrase("Close it"),
        "order.closed",
        "order-closed",
        phrase("From then on none of its goods are taken back."),
    ),
}


def found(db: Connection, visit: Visit) -> tuple[Hub, Order]:
    """The order of the address and its hub; Missing when it is not of her scope."""
    hub = hub_of(db, visit, visit.args["hub"])
    try:
        order = orders.get(db, hub.book, visit.args["number"])
    except NotFound:
        raise Missing from None
    if visit.operator.scope.groups is not None:
        agent_of(db, visit, order.agent)
    return hub, order


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An item of an order as a page shows it."""

    item: catalogue.Item
    quantity: int
    price: Money
    arrived: int

    @property
    def sum(self) -> Money:
        """Price times pieces."""
        return self.price * self.quantity


def lines(db: Connection, order: Order, visit: Visit) -> list[OrderLine]:
    """The items of an order, by code."""
    rows = orders.lines(db, order)
    items = catalogue.by_ids(db, [row.item for row in rows], today(db, visit))
    made = [OrderLine(items[row.item], row.quantity, Money(row.price, order.hub.currency), row.arrived) for row in rows]
    return sorted(made, key=lambda line: line.item.code)


def one(db: Connection, visit: Visit) -> Shown:
    """An order: whose, what of, what became of it, and what can be done."""
    hub, order = found(db, visit)
    may = {name: deed for name, deed in DEEDS.items() if order.state in AFTER[deed.step]}
    taken = steps.steps(db, order)
    values = {
        "order": order,
        "hub": hub,
        "lines": lines(db, order, visit),
        "steps": taken,
        "did": book_words.did(db, visit.words, {each.actor for each in taken}),
        "deeds": may,
        "after": {name: order.state in from_ for name, from_ in AFTER.items()},
        "states": STATES,
        "named": STEPS,
    }
    return Shown("order.html", values | _agent(db, order))


def _agent(db: Connection, order: Order) -> dict[str, object]:
    """Who ordered, and what she can still take on credit."""
    agent = members.get(db, order.agent)
    return {"agent": agent, "left": orders.credit_left(db, agent) if agent.hub == order.hub.owner else None}


def deed(db: Connection, visit: Visit) -> Done:
    """Take the step that was clicked."""
    hub, order = found(db, visit)
    name = visit.typed.get("deed", "")
    about = f"hub {hub.id} order {order.number}"
    where = {"hub": hub.id, "number": order.number}
    if name == "cancel":
        reason = text(visit.typed, "reason", 160, needed=False)
        if not reason:
            raise Mistaken(WHY, "reason")
        steps.cancel(db, hub.book, order.number, visit.origin(db), reason=reason)
        return Done("order", where, "order.cancelled", about, reason, said="order-cancelled")
    if name not in DEEDS:
        raise Mistaken(CHOOSE, "deed")
    do = DEEDS[name]
    do.verb(db, hub.book, order.number, visit.origin(db))
    return Done("order", where, do.act, about, said=do.said)


# ---- picking ----


def _to_pick(db: Connection, visit: Visit, hub: Hub) -> tuple[dict[int, object], int | None]:
    """The suppliers of a hub by number, and the one that is asked for."""
    known = catalogue.suppliers(db, hub.programme)
    said = visit.query.get("supplier", "")
    if said and (not re.fullmatch("[0-9]{1,9}", said) or int(said) not in known):
        raise Missing
    return dict(known), int(said) if said else None


def pick(db: Connection, visit: Visit) -> Shown:
    """What is to be got together for the orders that a hub has accepted, a sheet for each supplier."""
    mine_, hub = one_hub(db, visit)
    if hub is None:
        return NO_HUB
    suppliers, only = _to_pick(db, visit, hub)
    rows = list(islice(hubs.to_pick(db, hub, only), MOST_PICKED + 1))
    sheets = [(number, names, list(items)) for number, names, items in picking.sheets(rows[:MOST_PICKED])]
    values = {"hubs": mine_, "hub": hub, "suppliers": suppliers, "supplier": only, "sheets": sheets}
    on = programmes.day(visit.now, hub.timezone)
    return Shown("picking.html", values | {"on": on, "more": len(rows) > MOST_PICKED})


def pick_csv(db: Connection, visit: Visit) -> Download:
    """The same as CSV, whole."""
    _, hub = one_hub(db, visit)
    if hub is None:
        return Download("picking.csv", "text/csv; charset=utf-8", [])
    _, only = _to_pick(db, visit, hub)
    on = programmes.day(visit.now, hub.timezone)
    rows = picking.sheet(hub, hubs.to_pick(db, hub, only), on)
    return Download(f"picking-{hub.id}-{on}.csv", "text/csv; charset=utf-8", (row.encode() for row in rows))
