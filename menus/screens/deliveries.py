"""Her orders: what became of each, giving one up while it is not dispatched, and the goods that came.

She says herself, in her own call, what she has in her hands; what is missing of an order is said piece by piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

from ledger import accounts
from ledger import deliveries
from ledger import orders
from ledger import programmes
from ledger import steps
from ledger.books import Book
from ledger.chart import HUB
from ledger.deliveries import BACK
from ledger.deliveries import LOST
from ledger.deliveries import Missing
from ledger.errors import NotFound
from ledger.money import Money
from ledger.orders import Order
from ledger.orders import Ordered
from ledger.orders import Pick
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.refusals import ORDER_STATES
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.orders import LINE
from menus.screens.orders import NO_ORDERS
from menus.screens.orders import RECENT
from menus.screens.orders import pick_values

COMING, CAME = ("dispatched",), ("delivered", "closed")
"""States of an order whose goods are on their way, and were handed over."""


def _order(turn: Turn) -> Order:
    """The order she chose; it is one of hers."""
    hub = Book(HUB, turn.answers["hub"], turn.member.currency)
    order = orders.get(turn.db, hub, turn.answers["order"])
    if order.agent != turn.member.id:
        raise NotFound("unknown-order", order=order.number)
    return order


def _row(turn: Turn, order: Order) -> Row:
    """An order in a list: its number is its key."""
    return Row(str(order.number), _head(turn, order), {"order": order.number, "hub": order.hub.owner})


def _head(turn: Turn, order: Order) -> dict[str, object]:
    return {
        "order": str(order.number),
        "day": programmes.day(order.placed_at, turn.member.timezone),
        "total": order.total,
        "state": turn.words.say(ORDER_STATES[order.state]),
    }


def _listed(turn: Turn, states: Sequence[str] = ()) -> list[Row]:
    """Her newest orders, of all states or of some."""
    return [_row(turn, order) for order in orders.recent(turn.db, turn.member, RECENT, states)]


def _open(turn: Turn) -> list[Row]:
    """What can be given up: nothing of it is on its way."""
    return _listed(turn, orders.OPEN)


def _coming(turn: Turn) -> list[Row]:
    return _listed(turn, COMING)


def _came(turn: Turn) -> Taken:
    """To the order that is on its way; to the list of them when it is not the only one."""
    coming = _coming(turn)
    return turn.dialogue.go("came.order", **coming[0].answers) if len(coming) == 1 else turn.dialogue.go("came")


def _one(turn: Turn) -> Values:
    order = _order(turn)
    return _head(turn, order) | {"ahead": order.prepaid or None}


def _is_coming(turn: Turn) -> bool:
    return _order(turn).state in COMING


def _is_open(turn: Turn) -> bool:
    return _order(turn).state in orders.OPEN


def _lines(turn: Turn) -> list[Row]:
    """What was ordered; where less of it came, how much; and whom to ask about what she cannot sell."""
    order = _order(turn)
    came, lines = order.state in CAME, orders.lines(turn.db, order)
    rows = []
    for line, values in zip(lines, _shown(turn, lines), strict=True):
        short = {"came": line.arrived, "price": None} if came and line.arrived < line.quantity else {"came": None}
        rows.append(Row("", values | short | {"unsold": None}))
    nothing = dict.fromkeys(("item", "quantity", "price", "came"))
    return [*rows, Row("", nothing | {"unsold": True})] if came else rows


def _shown(turn: Turn, lines: Sequence[Ordered]) -> list[dict[str, object]]:
    return pick_values(turn, [Pick(line.item, line.quantity, line.price) for line in lines])


def _cancel(turn: Turn) -> Dialogue:
    order = _order(turn)
    steps.cancel(turn.db, order.hub, order.number, turn.origin())
    return turn.dialogue.go("cancel.done")


def _freed(turn: Turn) -> Values:
    return {"order": str(turn.answers["order"]), "left": orders.credit_left(turn.db, turn.member)}


def _whole(turn: Turn) -> Values:
    """A delivery as it was ordered, and what she owes after it."""
    return _head(turn, _order(turn)) | _owing(turn, {})


def _in_part(turn: Turn) -> Values:
    return _owing(turn, _missing(turn))


def _owing(turn: Turn, missing: Mapping[int, int]) -> dict[str, object]:
    """What taking an order in, all but `missing`, adds to what she owes that hub, and what that is then in all."""
    order = _order(turn)
    sold = sum(line.price * (line.quantity - missing.get(line.item, 0)) for line in orders.lines(turn.db, order))
    more = Money(deliveries.on_credit(turn.db, order, sold), turn.member.currency)
    return {"sum": more, "owes": _owes(turn, order) + more}


def _owes(turn: Turn, order: Order) -> Money:
    """What she owes the hub of an order, which need not be the one she orders from today."""
    return accounts.balance(turn.db, order.hub, orders.RECEIVABLE, turn.member.id)


def _missing(turn: Turn) -> dict[int, int]:
    """The pieces by item that she said are missing."""
    return dict(turn.answers.get("missing", ()))


def _pieces(turn: Turn) -> list[Row]:
    """The items of the order by code, with what came of each where some is missing."""
    lines, missing = orders.lines(turn.db, _order(turn)), _missing(turn)
    rows = []
    for line, values in zip(lines, _shown(turn, lines), strict=True):
        short = {"came": line.quantity - missing[line.item], "whole": None} if line.item in missing else {"came": None}
        rows.append(Row(str(values["code"]), {**values, "whole": True, **short}, {"item": line.item}))
    return rows


def _short(turn: Turn) -> list[Row]:
    return [Row("", row.values) for row in _pieces(turn) if row.values["came"] is not None]


def _asked(turn: Turn) -> Values:
    (row,) = [row for row in _pieces(turn) if row.answers["item"] == turn.answers["item"]]
    return row.values


def _how_many(turn: Turn, text: str) -> int | Mistake:
    """Pieces that are missing, no more than were ordered."""
    ordered = {line.item: line.quantity for line in orders.lines(turn.db, _order(turn))}
    return answers.number(text, most=ordered[turn.answers["item"]])


def _note(turn: Turn, pieces: int) -> Taken:
    """On with the pieces that are missing of this item."""
    missing = _missing(turn) | {turn.answers["item"]: pieces}
    return turn.dialogue.go("came.rest", missing=[list(each) for each in missing.items()])


def _another(turn: Turn) -> Taken:
    """Back to the items of the order: of another one something is missing, too."""
    return turn.dialogue.go("came.short").cut("came.short")


def _take_all(turn: Turn) -> Dialogue:
    order = _order(turn)
    arrived = {line.item: line.quantity for line in orders.lines(turn.db, order)}
    deliveries.deliver(turn.db, order.hub, order.number, arrived, turn.origin())
    return turn.dialogue.go("came.done")


def _take_part(turn: Turn) -> Dialogue:
    """Take what came; an order of which nothing came is over without a delivery."""
    order, missing, how = _order(turn), _missing(turn), turn.answers["how"]
    lines = orders.lines(turn.db, order)
    arrived = {line.item: line.quantity - missing.get(line.item, 0) for line in lines}
    gone = [Missing(item, pieces, how) for item, pieces in missing.items()]
    if not any(arrived.values()):
        deliveries.refuse(turn.db, order.hub, order.number, turn.origin(), missing=gone)
        return turn.dialogue.go("came.back")
    deliveries.deliver(turn.db, order.hub, order.number, arrived, turn.origin(), missing=gone)
    return turn.dialogue.go("came.done")


def _take_none(turn: Turn) -> Dialogue:
    order = _order(turn)
    deliveries.refuse(turn.db, order.hub, order.number, turn.origin())
    return turn.dialogue.go("came.back")


def _after(turn: Turn) -> Values:
    """What is said once the goods are in her hands, or went back."""
    owes = _owes(turn, _order(turn))
    return {"order": str(turn.answers["order"]), "owes": owes or None, "clear": None if owes else True}


UNSOLD = When("unsold", phrase("Unsold goods? Ask the hub to take them back."))
ORDER_LINE = phrase("{day} {total} {state}")
TITLE = phrase("Order {order}: {state}")
NUMBER_AND_TOTAL = phrase("Order {order}, total {total}")
DAY_AND_TOTAL = phrase("{day}, total {total}")
CAME_OF = phrase("{item}: {came} of {quantity} came")
OWE_MORE = phrase("You will owe {sum} more, {owes} in all")
OWES = (phrase("You owe the hub {owes}"), When("clear", phrase("You owe the hub nothing")))
CANCEL = phrase("Cancel it")

SCREENS: dict[str, Screen] = {
    "order": Choice(
        title=[phrase("Order stock")],
        options=[
            Option("1", phrase("New order"), "order.new"),
            Option("2", phrase("My orders"), "order.list"),
            Option("3", phrase("Goods came"), "came", leads=_came),
            Option("4", phrase("Cancel"), "cancel"),
        ],
        exits=("came.order",),
    ),
    "order.list": Choice(row=[ORDER_LINE], rows=_listed, then="order.one", empty=NO_ORDERS),
    "order.one": Choice(
        title=[TITLE, DAY_AND_TOTAL, phrase("Paid ahead {ahead}")],
        values=_one,
        absent=((), ("ahead", "came", "unsold"), ("price", "unsold"), ("item",)),
        row=[LINE, CAME_OF, UNSOLD],
        rows=_lines,
        options=[
            Option("1", phrase("Goods came"), "came.order", when=_is_coming),
            Option("2", CANCEL, "cancel.confirm", when=_is_open),
        ],
    ),
    "cancel": Choice(
        title=[phrase("Cancel which order?")],
        row=[ORDER_LINE],
        rows=_open,
        then="cancel.confirm",
        empty=phrase("No order can be cancelled"),
    ),
    "cancel.confirm": Confirm(
        title=[NUMBER_AND_TOTAL],
        values=_one,
        yes=CANCEL,
        act=_cancel,
        exits=("cancel.done",),
    ),
    "cancel.done": End(
        title=[phrase("Order {order} is cancelled"), phrase("Credit left {left}")],
        values=_freed,
    ),
    "came": Choice(
        title=[phrase("Which order came?")],
        row=[ORDER_LINE],
        rows=_coming,
        then="came.order",
        empty=phrase("No goods are on their way to you"),
    ),
    "came.order": Choice(
        title=[NUMBER_AND_TOTAL],
        values=_one,
        options=[
            Option("1", phrase("Everything came"), "came.all"),
            Option("2", phrase("Missing or damaged"), "came.short"),
            Option("3", phrase("I take nothing of it"), "came.none"),
            Option("4", phrase("See it"), "order.one"),
        ],
    ),
    "came.all": Confirm(
        title=[phrase("Order {order}: everything came"), OWE_MORE],
        values=_whole,
        yes=phrase("That is right"),
        act=_take_all,
        exits=("came.done",),
    ),
    "came.short": Choice(
        title=[phrase("What is missing? Type its code")],
        row=[When("whole", phrase("{item}: {quantity}")), CAME_OF],
        rows=_pieces,
        absent=(("whole",), ("came",)),
        then="came.missing",
    ),
    "came.missing": Ask(
        title=[phrase("{item}: {quantity}")],
        prompt=phrase("How many missing or damaged?"),
        says=(answers.NUMBERS_ONLY,),
        values=_asked,
        parse=_how_many,
        then=_note,
        exits=("came.rest",),
    ),
    "came.rest": Choice(
        title=[CAME_OF],
        values=_asked,
        options=[
            Option("1", phrase("The carrier took it back"), "came.part", {"how": BACK}),
            Option("2", phrase("It was not there"), "came.part", {"how": LOST}),
            Option("3", phrase("More is missing"), "came.short", leads=_another),
        ],
        shortens=("item",),
    ),
    "came.part": Confirm(
        row=[CAME_OF],
        rows=_short,
        title=[OWE_MORE],
        values=_in_part,
        yes=phrase("That is right"),
        act=_take_part,
        shortens=("item",),
        exits=("came.done", "came.back"),
    ),
    "came.none": Confirm(
        title=[phrase("Order {order}: all of it goes back"), phrase("You owe nothing for it")],
        values=_one,
        yes=phrase("That is right"),
        act=_take_none,
        exits=("came.back",),
    ),
    "came.done": End(
        title=[phrase("Goods of order {order} recorded"), *OWES], values=_after, absent=(("clear",), ("owes",))
    ),
    "came.back": End(
        title=[phrase("Order {order} is over. You owe nothing for it."), *OWES],
        values=_after,
        absent=(("clear",), ("owes",)),
    ),
}
