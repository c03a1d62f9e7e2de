"""Log a sale from her own shop: one item or several, in cash or on credit to a customer of hers, part paid now."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

from ledger import orders
from ledger import sales
from ledger import shops
from ledger.errors import NotFound
from ledger.money import Money
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
from menus.refusals import ON_HAND_LEFT
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.customers import customer_name
from menus.screens.customers import known
from menus.screens.goods import ELSEWHERE
from menus.screens.goods import HAVE
from menus.screens.goods import NONE
from menus.screens.goods import WRITE
from menus.screens.goods import on_hand
from menus.screens.goods import pieces_of
from menus.screens.orders import CHANGE_PIECES
from menus.screens.orders import MOST_LINES
from menus.screens.orders import NOTES
from menus.screens.orders import PIECES
from menus.screens.orders import basket
from menus.screens.orders import by_code
from menus.screens.orders import item_asked
from menus.screens.orders import item_name
from menus.screens.orders import item_of_code
from menus.screens.orders import pick_values
from menus.screens.orders import several

PLACES = {
    "doorstep": phrase("doorstep"),
    "k-shop": phrase("K-shop"),
    "fair": phrase("fair"),
}
"""Where she sells, as the screens say it."""

SALE_FULL = phrase("At most {most} items in one sale")
SHORT_OF = phrase("{item}: you have only {pieces}")
NONE_OF = phrase("{item}: you have none")


def worth(turn: Turn, picks: Sequence[Pick]) -> Money:
    """What these come to."""
    return orders.value(picks, turn.member.currency)


def on_credit(turn: Turn) -> bool:
    """Whether the sale is on credit, whole or in part."""
    return bool(turn.answers["credit"])


def _price(turn: Turn) -> Money:
    """What one piece of the item costs in this sale: as she said, else what it usually costs."""
    item = item_asked(turn)
    said = [pick.price for pick in basket(turn) if pick.item == item.id]
    return Money(said[0], turn.member.currency) if said else item.retail


def item_values(turn: Turn) -> Values:
    """The item she is asked about and what one piece costs in this sale."""
    return {"item": item_name(turn, item_asked(turn)), "price": _price(turn)}


def _which(turn: Turn) -> Values:
    """That she can type several at once she hears when she adds to a sale: before, the room is for her goods."""
    more = bool(basket(turn))
    return {"first": None if more else True, "more": True if more else None}


def _typed(turn: Turn, text: str) -> Taken:
    """A code that is not among her goods, which she may have bought elsewhere; or codes with their pieces."""
    numbers = answers.numbers(text)
    if isinstance(numbers, Mistake):
        return Mistake(answers.CHOOSE)
    if len(numbers) == 1:
        return turn.dialogue.go("sale.short", item=item_of_code(turn, numbers[0]).id)
    pieces = by_code(numbers, SALE_FULL)
    return pieces if isinstance(pieces, Mistake) else _at_once(turn, pieces)


def _at_once(turn: Turn, wanted: Mapping[int, int]) -> Taken:
    """Several items by code with their pieces, all of them or none: she has to have them all."""
    picks = {pick.item: pick for pick in basket(turn)}
    for code, pieces in wanted.items():
        try:
            item = item_of_code(turn, code)
        except NotFound:
            return Mistake(NOTES["unknown"], {"code": str(code)})
        if pieces > (has := pieces_of(turn, item.id)):
            return Mistake(SHORT_OF if has else NONE_OF, {"item": item_name(turn, item), "pieces": has})
        price = picks[item.id].price if item.id in picks else item.retail.minor
        picks[item.id] = Pick(item.id, pieces, price)
    return _into_sale(turn, list(picks.values()))


def _into_sale(turn: Turn, picks: Sequence[Pick]) -> Taken:
    return to_confirm(turn, picks) if len(picks) <= MOST_LINES else Mistake(SALE_FULL, {"most": MOST_LINES})


def _quantity(turn: Turn, text: str) -> int | Mistake:
    return answers.number(text)


def _add(turn: Turn, pieces: int) -> Taken:
    """Into the sale, unless that is more than she has."""
    item = turn.answers["item"]
    if pieces > pieces_of(turn, item):
        return turn.dialogue.go("sale.short")
    others = [pick for pick in basket(turn) if pick.item != item]
    return _into_sale(turn, [*others, Pick(item, pieces, _price(turn).minor)])


def _short(turn: Turn) -> Values:
    item = item_asked(turn)
    pieces = pieces_of(turn, item.id)
    return {"item": item_name(turn, item), "pieces": pieces or None, "none": None if pieces else True}


def _has(turn: Turn) -> bool:
    return pieces_of(turn, turn.answers["item"]) > 0


def _bought(turn: Turn) -> Values:
    item = item_asked(turn)
    return {"item": item_name(turn, item), "pieces": pieces_of(turn, item.id)}


def given(turn: Turn, picks: Sequence[Pick]) -> dict[str, object]:
    """The answers of a sale of these; what is paid now is asked anew where it would be more than the sale.

    What she did not say (customer, place) is settled here, so that what she sees is what is recorded.
    """
    paid = turn.answers.get("paid", 0)
    said: dict[str, object] = {
        "basket": [[pick.item, pick.quantity, pick.price] for pick in picks],
        "item": picks[-1].item,
        "paid": paid if paid <= worth(turn, picks).minor else 0,
    }
    if "channel" not in turn.answers:
        said["channel"] = shops.usual_channel(turn.db, turn.member)
    if on_credit(turn) and "customer" not in turn.answers:
        customer = sales.usual_customer(turn.db, turn.member)
        said |= {"customer": customer, "new": known(turn, customer) is None, "name": ""}
    return said


def to_confirm(turn: Turn, picks: Sequence[Pick]) -> Dialogue:
    """On to the last look at a sale of these."""
    return turn.dialogue.go(last_look(turn), **given(turn, picks))


def last_look(turn: Turn) -> str:
    """The screen on which this sale is confirmed."""
    return "credit.confirm" if on_credit(turn) else "sale.confirm"


def _place(turn: Turn) -> str | None:
    """Where it is sold, when that is not at the doorstep."""
    channel = turn.answers["channel"]
    return None if channel == "doorstep" else turn.words.say(PLACES[channel])


def pick_rows(turn: Turn, picks: Sequence[Pick]) -> list[Row]:
    """What a last look says of each item: the one item over two lines, several on a line each."""
    said = pick_values(turn, picks)
    if len(said) == 1:
        return [Row("", values | {"thing": None, "worth": None}) for values in said]
    return [Row("", values | {"thing": values["item"], "worth": values["sum"]} | ONLY_ONE) for values in said]


def _rows(turn: Turn) -> list[Row]:
    return pick_rows(turn, basket(turn))


def _confirm_values(turn: Turn) -> Values:
    """What it comes to where that does not stand beside the one item."""
    picks = basket(turn)
    total, paid = worth(turn, picks), Money(turn.answers["paid"], turn.member.currency)
    many, place = several(turn), _place(turn)
    if not on_credit(turn):
        return {"place": place, "plain": None if place else True, "total": total if many else None}
    customer = customer_name(turn, turn.answers["customer"], _name_of(turn))
    return {"customer": customer, "rest": total - paid, "total": total if many and paid else None}


def _name_of(turn: Turn) -> str:
    """The name of the customer; of one who is new with this sale, what she was called just now."""
    customer = None if turn.answers["new"] else known(turn, turn.answers["customer"])
    return customer.name if customer else turn.answers["name"]


def _record(turn: Turn) -> Dialogue:
    """Record it, in cash or to a customer's debt; a new customer is added with it."""
    credit = on_credit(turn)
    number = turn.answers["customer"] if credit else 0
    name = turn.answers["name"] if credit and turn.answers["new"] else None
    paid = Money(turn.answers["paid"], turn.member.currency) if credit else None
    sales.record(
        turn.db,
        turn.member,
        basket(turn),
        turn.origin(),
        customer=number,
        new_name=name,
        channel=turn.answers["channel"],
        paid=paid,
    )
    return turn.dialogue.go("sale.done")


def _done(turn: Turn) -> Values:
    """What came in, what is owed, and how much is left of the one item."""
    picks = basket(turn)
    sold: dict[str, object] = dict.fromkeys(("cash", "owed", "paid", "rest", "item", "pieces", "lines"))
    sold |= _money(turn, worth(turn, picks)) | {"place": None if turn.answers["paid"] else _place(turn)}
    if len(picks) > 1:
        return sold | {"lines": len(picks)}
    (said,) = pick_values(turn, picks)
    return sold | {"item": said["item"], "pieces": pieces_of(turn, picks[0].item)}


def _money(turn: Turn, total: Money) -> dict[str, object]:
    """What was paid of it and what is owed."""
    if not on_credit(turn):
        return {"cash": total}
    paid = Money(turn.answers["paid"], total.currency)
    return {"paid": paid, "rest": total - paid} if paid else {"owed": total}


CHANGE = phrase("Add or change")
TOTAL = phrase("Total {total}")
ONLY_ONE: dict[str, object] = {"item": None, "sum": None}
"""Values that are said of a single item only."""
DIFFERENT = phrase("{lines} different items")
PIECES_BARE = phrase("{quantity} x {price:bare} = {sum:bare}")
ONE_OF_MANY = phrase("{thing}: {quantity} x {price:bare} = {worth:bare}")

SCREENS: dict[str, Screen] = {
    "sale": Choice(
        title=[phrase("Log a sale")],
        options=[
            Option("1", phrase("Cash"), "sale.item", {"credit": False}),
            Option("2", phrase("On credit"), "sale.item", {"credit": True}),
            Option("3", phrase("Collect dues"), "due"),
            Option("4", phrase("Today"), "sale.today"),
            Option("5", phrase("Undo a mistake"), "sale.undo"),
            Option("6", phrase("My goods"), "goods"),
            Option("7", phrase("My customers"), "customers"),
        ],
    ),
    "sale.item": Choice(
        title=[
            When("first", phrase("Which item? Type its code")),
            When("more", phrase("Type a code, or codes with pieces: 101 2 105 1")),
        ],
        values=_which,
        row=[phrase("{item}: {quantity}")],
        rows=on_hand,
        then="sale.quantity",
        other=_typed,
        exits=("sale.short", "sale.confirm", "credit.confirm"),
        empty=phrase("You have no goods on hand"),
    ),
    "sale.quantity": Ask(
        title=[phrase("{item}"), phrase("Price {price}")],
        prompt=phrase("How many sold?"),
        says=(answers.NUMBERS_ONLY, SALE_FULL),
        values=item_values,
        parse=_quantity,
        then=_add,
        exits=("sale.confirm", "credit.confirm", "sale.short"),
    ),
    "sale.short": Choice(
        title=[phrase("{item}"), ON_HAND_LEFT, NONE],
        values=_short,
        options=[
            Option("1", CHANGE_PIECES, "sale.quantity", when=_has),
            Option("2", ELSEWHERE, "goods.buy"),
        ],
        absent=(("none",), ("pieces",)),
    ),
    "sale.bought": Choice(
        title=[HAVE],
        values=_bought,
        options=[Option("1", phrase("Go on with the sale"), "sale.quantity")],
    ),
    "sale.confirm": Confirm(
        title=[When("plain", phrase("Cash")), phrase("Cash, {place}"), TOTAL],
        row=[phrase("{item}"), PIECES, ONE_OF_MANY],
        rows=_rows,
        values=_confirm_values,
        absent=(("place", "total", "thing", "worth"), ("plain", "total", "thing", "worth")),
        yes=WRITE,
        act=_record,
        options=[Option("2", CHANGE, "sale.change")],
        refused=Option("1", CHANGE_PIECES, "sale.quantity"),
        exits=("sale.done",),
        shortens=("item",),
    ),
    "credit.confirm": Confirm(
        title=[phrase("{customer}: on credit {rest}"), TOTAL],
        row=[phrase("{item}"), PIECES_BARE, ONE_OF_MANY],
        rows=_rows,
        values=_confirm_values,
        absent=(("total", "thing", "worth"),),
        yes=WRITE,
        act=_record,
        options=[Option("2", CHANGE, "sale.change")],
        refused=Option("1", CHANGE_PIECES, "sale.quantity"),
        exits=("sale.done",),
        shortens=("item", "thing", "customer"),
    ),
    "sale.done": End(
        title=[
            phrase("Recorded. Cash {cash}"),
            phrase("Recorded. On credit {owed}"),
            phrase("Recorded. Cash {paid}, on credit {rest}"),
            phrase("{item}: {pieces} left"),
            DIFFERENT,
            phrase("Sold at: {place}"),
        ],
        values=_done,
        absent=(
            ("owed", "paid", "rest", "lines"),
            ("cash", "paid", "rest", "lines"),
            ("cash", "owed", "lines", "place"),
            ("owed", "paid", "rest", "item", "pieces"),
        ),
        shortens=("item",),
    ),
}
