"""Her orders: what became of each, and giving one up while it is not dispatched."""

from __future__ import annotations

from collections.abc import Sequence

from ledger import orders
from ledger import programmes
from ledger import steps
from ledger.books import Book
from ledger.chart import HUB
from ledger.errors import NotFound
from ledger.orders import Order
from ledger.orders import Ordered
from ledger.orders import Pick
from locales import phrase
from menus.dialogue import Dialogue
from menus.dialogue import Turn
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


def chosen(turn: Turn) -> Order:
    """The order she chose; it is one of hers."""
    hub = Book(HUB, turn.answers["hub"], turn.member.currency)
    order = orders.get(turn.db, hub, turn.answers["order"])
    if order.agent != turn.member.id:
        raise NotFound("unknown-order", order=order.number)
    return order


def _row(turn: Turn, order: Order) -> Row:
    """An order in a list: its number is its key."""
    return Row(str(order.number), head(turn, order), {"order": order.number, "hub": order.hub.owner})


def head(turn: Turn, order: Order) -> dict[str, object]:
    """What a list, a title or a last look says of an order."""
    return {
        "order": str(order.number),
        "day": programmes.day(order.placed_at, turn.member.timezone),
        "total": order.total,
        "state": turn.words.say(ORDER_STATES[order.state]),
    }


def listed(turn: Turn, states: Sequence[str] = ()) -> list[Row]:
    """Her newest orders, of all states or of some."""
    return [_row(turn, order) for order in orders.recent(turn.db, turn.member, RECENT, states)]


def _open(turn: Turn) -> list[Row]:
    """What can be given up: nothing of it is on its way."""
    return listed(turn, orders.OPEN)


def one(turn: Turn) -> Values:
    """The order she chose, and what of it she paid ahead."""
    order = chosen(turn)
    return head(turn, order) | {"ahead": order.prepaid or None}


def _is_coming(turn: Turn) -> bool:
    return chosen(turn).state in COMING


def _is_open(turn: Turn) -> bool:
    return chosen(turn).state in orders.OPEN


def _lines(turn: Turn) -> list[Row]:
    """What was ordered; where less of it came, how much; and whom to ask about what she cannot sell."""
    order = chosen(turn)
    came, lines = order.state in CAME, orders.lines(turn.db, order)
    rows = []
    for line, values in zip(lines, shown(turn, lines), strict=True):
        short = {"came": line.arrived, "price": None} if came and line.arrived < line.quantity else {"came": None}
        rows.append(Row("", values | short | {"unsold": None}))
    nothing = dict.fromkeys(("item", "quantity", "price", "came"))
    return [*rows, Row("", nothing | {"unsold": True})] if came else rows


def shown(turn: Turn, lines: Sequence[Ordered]) -> list[dict[str, object]]:
    """What is said of the items of an order."""
    return pick_values(turn, [Pick(line.item, line.quantity, line.price) for line in lines])


def _cancel(turn: Turn) -> Dialogue:
    order = chosen(turn)
    steps.cancel(turn.db, order.hub, order.number, turn.origin())
    return turn.dialogue.go("cancel.done")


def _freed(turn: Turn) -> Values:
    return {"order": str(turn.answers["order"]), "left": orders.credit_left(turn.db, turn.member)}


def coming(turn: Turn) -> list[Row]:
    """Her orders that are on their way."""
    return listed(turn, COMING)


def _came(turn: Turn) -> Taken:
    """To the order that is on its way; to the list of them when it is not the only one."""
    rows = coming(turn)
    return turn.dialogue.go("came.order", **rows[0].answers) if len(rows) == 1 else turn.dialogue.go("came")


UNSOLD = When("unsold", phrase("Unsold goods? Ask the hub to take them back."))
ORDER_LINE = phrase("{day} {total} {state}")
TITLE = phrase("Order {order}: {state}")
NUMBER_AND_TOTAL = phrase("Order {order}, total {total}")
DAY_AND_TOTAL = phrase("{day}, total {total}")
CAME_OF = phrase("{item}: {came} of {quantity} came")
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
    "order.list": Choice(row=[ORDER_LINE], rows=listed, then="order.one", empty=NO_ORDERS),
    "order.one": Choice(
        title=[TITLE, DAY_AND_TOTAL, phrase("Paid ahead {ahead}")],
        values=one,
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
        values=one,
        yes=CANCEL,
        act=_cancel,
        exits=("cancel.done",),
    ),
    "cancel.done": End(
        title=[phrase("Order {order} is cancelled"), phrase("Credit left {left}")],
        values=_freed,
    ),
}
