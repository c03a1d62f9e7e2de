"""The basket of an order: what is otherwise than she asked for, the last look, what of it is changed, how it is paid.

What changed since she was shown it (a price, what the hub has) is told before anything is posted, and she looks again.
"""

from __future__ import annotations

from dataclasses import replace

from ledger import orders
from ledger.money import Money
from locales import phrase
from menus import answers
from menus.answers import CHOOSE
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.refusals import NOTHING_LEFT
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.orders import CHANGE
from menus.screens.orders import CHANGE_PIECES
from menus.screens.orders import CHOSEN
from menus.screens.orders import CONFIRMS
from menus.screens.orders import LEAVE_OUT
from menus.screens.orders import LINE
from menus.screens.orders import NOTES
from menus.screens.orders import PIECES
from menus.screens.orders import basket
from menus.screens.orders import has_basket
from menus.screens.orders import note_values
from menus.screens.orders import noted
from menus.screens.orders import pick_values
from menus.screens.orders import several
from menus.screens.orders import step
from menus.screens.orders import typed
from menus.screens.orders import weigh


def _notes(turn: Turn) -> list[Row]:
    return [Row("", values) for values in note_values(turn, [tuple(note) for note in turn.answers["notes"]])]


def _look(turn: Turn) -> Taken:
    """On to the confirm screen; the way back from there does not tell it all again."""
    to, said = step(turn, basket(turn))
    return turn.dialogue.go(to, **said).cut("order.notes")


def _lines(turn: Turn) -> list[Row]:
    return [Row("", values) for values in pick_values(turn, basket(turn))]


def _worth(turn: Turn) -> Money:
    return orders.value(basket(turn), turn.member.currency)


def _total(turn: Turn) -> Values:
    return {"total": _worth(turn), "lines": len(basket(turn))}


def _ahead(turn: Turn) -> Money:
    """What of this order is taken from what she paid ahead."""
    return Money(turn.answers["ahead"], turn.member.currency)


def _paid(turn: Turn) -> Values:
    return {"ahead": _ahead(turn), "rest": _worth(turn) - _ahead(turn)}


def _more(turn: Turn, text: str) -> Taken:
    """Codes with pieces typed at the last look go into the basket; one number alone is only a wrong key."""
    numbers = answers.numbers(text)
    return Mistake(CHOOSE) if isinstance(numbers, Mistake) or len(numbers) < 2 else typed(turn, text)


def _place(turn: Turn) -> Dialogue:
    """Place it as she saw it; where that is no longer so she is told, and looks at it again."""
    picks = basket(turn)
    made, notes = weigh(turn, {pick.item: pick.quantity for pick in picks}, {pick.item: pick.price for pick in picks})
    if notes:
        return noted(turn, made, notes)
    order = orders.place(turn.db, turn.member, picks, turn.origin(), prepaid=_ahead(turn))
    return turn.dialogue.go("order.done", order=order.number, total=order.total.minor)


def _done(turn: Turn) -> Values:
    return {
        "order": str(turn.answers["order"]),
        "total": Money(turn.answers["total"], turn.member.currency),
        "left": orders.credit_left(turn.db, turn.member),
    }


def _single(turn: Turn) -> bool:
    return len(basket(turn)) == 1


def _in_basket(turn: Turn) -> list[Row]:
    """What is in the basket; the code is the key."""
    picks = basket(turn)
    shown = zip(picks, pick_values(turn, picks), strict=True)
    return [Row(str(values["code"]), values, {"item": pick.item}) for pick, values in shown]


def _without(turn: Turn) -> list[Row]:
    """What is in the basket; each key goes on without that item."""
    rows = []
    for row in _in_basket(turn):
        to, said = step(turn, [pick for pick in basket(turn) if pick.item != row.answers["item"]])
        rows.append(Row(row.key, row.values, said, to))
    return rows


def _means(turn: Turn) -> Values:
    """What she can pay with."""
    ahead = orders.deposit_left(turn.db, turn.member.hub_book, turn.member.id)
    left = orders.credit_left(turn.db, turn.member)
    return {"left": left, "ahead": ahead or None, "none": None if ahead else True}


def _has_ahead(turn: Turn) -> bool:
    return bool(orders.deposit_left(turn.db, turn.member.hub_book, turn.member.id))


def _on_credit(turn: Turn) -> Taken:
    to, said = step(turn, basket(turn), ahead=False)
    return turn.dialogue.go(to, **said)


def _from_ahead(turn: Turn) -> Taken:
    to, said = step(turn, basket(turn), ahead=True)
    return turn.dialogue.go(to, **said)


ADD_OR_CHANGE = Option("2", phrase("Add or change"), "order.new")
LAST_LOOK = Confirm(
    row=[LINE],
    rows=_lines,
    yes=phrase("Place the order"),
    act=_place,
    other=_more,
    options=[ADD_OR_CHANGE],
    refused=Option("1", CHANGE_PIECES, "order.pieces"),
    exits=("order.done", *CHOSEN),
    shortens=("item",),
)

SCREENS: dict[str, Screen] = {
    "order.notes": Choice(
        title=[phrase("Please note")],
        row=[When(said, sentence) for said, sentence in NOTES.items()],
        rows=_notes,
        options=[Option("1", phrase("See the order"), "order.basket", when=has_basket, leads=_look), ADD_OR_CHANGE],
        exits=CONFIRMS,
    ),
    "order.confirm": replace(
        LAST_LOOK, row=[phrase("{item}"), PIECES], refused=Option("1", CHANGE_PIECES, "order.quantity")
    ),
    "order.basket": replace(LAST_LOOK, title=[phrase("{lines} items, total {total}")], values=_total),
    "order.ahead": replace(
        LAST_LOOK,
        title=[phrase("Paid ahead {ahead}, on credit {rest}")],
        values=_paid,
        options=[Option("2", CHANGE, "order.new")],
        refused=Option("1", CHANGE, "order.change"),
    ),
    "order.change": Choice(
        options=[
            Option("1", CHANGE_PIECES, "order.quantity", when=_single),
            Option("1", CHANGE_PIECES, "order.pieces", when=several),
            Option("2", LEAVE_OUT, "order.without", when=several),
            Option("3", phrase("How it is paid"), "order.pay"),
        ],
    ),
    "order.pieces": Choice(
        title=[phrase("Which item? Type its code")],
        row=[phrase("{item}: {quantity}")],
        rows=_in_basket,
        then="order.quantity",
        other=typed,
        exits=CHOSEN,
    ),
    "order.without": Choice(
        title=[LEAVE_OUT],
        row=[phrase("{item}: {quantity}")],
        rows=_without,
        exits=CONFIRMS,
    ),
    "order.pay": Choice(
        title=[
            phrase("Credit left {left}"),
            phrase("You paid ahead {ahead}"),
            When("none", NOTHING_LEFT["deposit-left"]),
        ],
        values=_means,
        absent=(("none",), ("ahead",)),
        options=[
            Option("1", phrase("On credit"), "order.basket", leads=_on_credit),
            Option("2", phrase("From what I paid ahead"), "order.ahead", when=_has_ahead, leads=_from_ahead),
        ],
        exits=CONFIRMS,
    ),
    "order.done": End(
        title=[phrase("Order placed. No. {order}"), phrase("Total {total}"), phrase("Credit left {left}")],
        values=_done,
    ),
}
