"""Her goods: what she has with its cost, what she takes for herself, what is lost, what she buys elsewhere."""

from __future__ import annotations

from fractions import Fraction

from ledger import stock
from ledger.books import Move
from ledger.money import Money
from ledger.money import half_even
from ledger.money import total
from locales import phrase
from menus import answers
from menus.answers import CHOOSE
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.refusals import NONE_ON_HAND
from menus.refusals import ON_HAND_LEFT
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.customers import typed_sum
from menus.screens.orders import CHANGE_PIECES
from menus.screens.orders import item_asked
from menus.screens.orders import item_name
from menus.screens.orders import item_of_code

OUT = {
    "own-use": phrase("For yourself"),
    "broken": phrase("Broken or spoilt"),
    "stolen": phrase("Stolen or lost"),
}
"""How goods go without being sold."""


def pieces_of(turn: Turn, item: int) -> int:
    """How many pieces of an item she has."""
    return stock.free(turn.db, turn.member.shop, [item]).get(item, 0)


def on_hand(turn: Turn) -> list[Row]:
    """Her goods; the code is the key, the pieces she has stand behind the name."""
    return [
        Row(
            str(has.item.code),
            {"item": item_name(turn, has.item), "quantity": has.quantity},
            {"item": has.item.id},
        )
        for has in stock.on_hand(turn.db, turn.member.shop, turn.today)
    ]


def _cost(turn: Turn, pieces: int) -> Money:
    """What so many pieces of the item cost her, on average."""
    (move,) = stock.costs_out(turn.db, turn.member.shop, {turn.answers["item"]: pieces})
    return Money(-move.value, turn.member.currency)


def _worth(turn: Turn) -> Values:
    goods = stock.on_hand(turn.db, turn.member.shop, turn.today)
    worth = total((Money(has.value, turn.member.currency) for has in goods), turn.member.currency)
    return {"worth": worth or None}


def _other(turn: Turn, text: str) -> Taken:
    """The code of an item that she has none of; a code that nothing has is refused by the books."""
    code = answers.code(text)
    if isinstance(code, Mistake):
        return Mistake(CHOOSE)
    return turn.dialogue.go("goods.item", item=item_of_code(turn, code).id)


def _has(turn: Turn) -> bool:
    return pieces_of(turn, turn.answers["item"]) > 0


def _item(turn: Turn) -> Values:
    item = item_asked(turn)
    pieces = pieces_of(turn, item.id)
    name = item_name(turn, item)
    if not pieces:
        return {"item": None, "pieces": None, "worth": None, "thing": name, "none": True}
    return {"item": name, "pieces": pieces, "worth": _cost(turn, pieces), "thing": None, "none": None}


def _less(turn: Turn, text: str) -> int | Mistake:
    """Pieces that go, no more than there are."""
    pieces = answers.number(text)
    if isinstance(pieces, Mistake):
        return pieces
    has = pieces_of(turn, turn.answers["item"])
    return pieces if pieces <= has else Mistake(ON_HAND_LEFT, {"pieces": has})


def _to_out(turn: Turn, pieces: int) -> Taken:
    return turn.dialogue.go("goods.out.confirm", wanted=pieces)


def _out_values(turn: Turn) -> Values:
    """What goes and what it cost; when another call has taken of it since, what there is."""
    item, wanted = item_asked(turn), turn.answers["wanted"]
    has = pieces_of(turn, item.id)
    values = {"item": item_name(turn, item), "why": turn.words.say(OUT[turn.answers["why"]])}
    if wanted > has:
        return values | {"quantity": None, "worth": None, "pieces": has}
    return values | {"quantity": wanted, "worth": _cost(turn, wanted), "pieces": None}


def _out(turn: Turn) -> Dialogue:
    """Take them for herself, or write them off as lost."""
    goods, why = {turn.answers["item"]: turn.answers["wanted"]}, turn.answers["why"]
    if why == "own-use":
        stock.own_use(turn.db, turn.member, goods, turn.origin())
    else:
        stock.lose(turn.db, turn.member.shop, goods, why, turn.origin())
    return turn.dialogue.go("goods.done")


def _left(turn: Turn) -> Values:
    item = item_asked(turn)
    return {"item": item_name(turn, item), "pieces": pieces_of(turn, item.id)}


def _item_name(turn: Turn) -> Values:
    return {"item": item_name(turn, item_asked(turn)), "quantity": turn.answers.get("bought")}


def _bought(turn: Turn, text: str) -> int | Mistake:
    return answers.number(text)


def _to_sum(turn: Turn, pieces: int) -> Taken:
    return turn.dialogue.go("goods.buy.sum", bought=pieces)


def _to_buy(turn: Turn, amount: Money) -> Taken:
    return turn.dialogue.go("goods.buy.confirm", spent=amount.minor)


def _buy_values(turn: Turn) -> Values:
    """One piece's price stands beside the sum: it shows when one was typed for the other."""
    pieces, spent, currency = turn.answers["bought"], turn.answers["spent"], turn.member.currency
    return {
        "item": item_name(turn, item_asked(turn)),
        "quantity": pieces,
        "sum": Money(spent, currency),
        "price": Money(half_even(Fraction(spent, pieces)), currency),
    }


def _buy(turn: Turn) -> Dialogue:
    """Take them in; in the middle of a sale she goes on with it, and the way back does not lead here again."""
    goods = [Move(turn.answers["item"], turn.answers["bought"], turn.answers["spent"])]
    stock.buy_elsewhere(turn.db, turn.member, goods, turn.origin())
    if "credit" in turn.answers:
        return turn.dialogue.go("sale.bought").cut("sale.short")
    return turn.dialogue.go("goods.done")


ELSEWHERE = phrase("I bought some elsewhere")
WRITE = phrase("Record")
NONE = When("none", NONE_ON_HAND)
HAS = phrase("{item}: {pieces}, cost {worth}")
HAVE = phrase("Recorded. {item}: you have {pieces}")

SCREENS: dict[str, Screen] = {
    "goods": Choice(
        title=[phrase("My goods: {worth}")],
        values=_worth,
        row=[phrase("{item}: {quantity}")],
        rows=on_hand,
        then="goods.item",
        other=_other,
        empty=phrase("You have no goods on hand"),
    ),
    "goods.item": Choice(
        title=[HAS, phrase("{thing}"), NONE],
        values=_item,
        options=[
            Option("1", OUT["own-use"], "goods.out", {"why": "own-use"}, when=_has),
            Option("2", OUT["broken"], "goods.out", {"why": "broken"}, when=_has),
            Option("3", OUT["stolen"], "goods.out", {"why": "stolen"}, when=_has),
            Option("4", ELSEWHERE, "goods.buy"),
        ],
        absent=(("none", "thing"), ("item", "pieces", "worth")),
    ),
    "goods.out": Ask(
        title=[HAS, phrase("{thing}"), NONE],
        prompt=phrase("How many pieces?"),
        says=(answers.NUMBERS_ONLY, ON_HAND_LEFT),
        values=_item,
        absent=(("none", "thing"), ("item", "pieces", "worth")),
        parse=_less,
        then=_to_out,
        exits=("goods.out.confirm",),
    ),
    "goods.out.confirm": Confirm(
        title=[phrase("{why}: {item}"), phrase("Pieces: {quantity}, cost {worth}"), ON_HAND_LEFT],
        values=_out_values,
        absent=(("pieces",), ("quantity", "worth")),
        yes=WRITE,
        act=_out,
        refused=Option("1", CHANGE_PIECES, "goods.out"),
        exits=("goods.done",),
        shortens=("item",),
    ),
    "goods.done": End(title=[HAVE], values=_left, shortens=("item",)),
    "goods.buy": Ask(
        title=[phrase("{item}")],
        prompt=phrase("How many did you buy elsewhere?"),
        says=(answers.NUMBERS_ONLY,),
        values=_item_name,
        parse=_bought,
        then=_to_sum,
        exits=("goods.buy.sum",),
    ),
    "goods.buy.sum": Ask(
        title=[phrase("{item}")],
        prompt=phrase("What did you pay for all {quantity}?"),
        says=(answers.SUM_ONLY,),
        values=_item_name,
        parse=typed_sum,
        then=_to_buy,
        exits=("goods.buy.confirm",),
    ),
    "goods.buy.confirm": Confirm(
        title=[phrase("Bought: {item}"), phrase("Pieces: {quantity}, {sum}"), phrase("One costs {price}")],
        values=_buy_values,
        yes=WRITE,
        act=_buy,
        exits=("goods.done", "sale.bought"),
        shortens=("item",),
    ),
}
