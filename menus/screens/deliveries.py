"""Goods that came of an order: all, some or nothing of it.

She says herself, in her own call, what she has in her hands; what is missing of an order is said piece by piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

from ledger import accounts
from ledger import deliveries
from ledger import orders
from ledger.deliveries import BACK
from ledger.deliveries import LOST
from ledger.deliveries import Missing
from ledger.money import Money
from ledger.orders import Order
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
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.orders import BASKET_FULL
from menus.screens.orders import NOTES
from menus.screens.orders import by_code
from menus.screens.placed import CAME_OF
from menus.screens.placed import NUMBER_AND_TOTAL
from menus.screens.placed import ORDER_LINE
from menus.screens.placed import chosen
from menus.screens.placed import coming
from menus.screens.placed import head
from menus.screens.placed import one
from menus.screens.placed import shown


def _whole(turn: Turn) -> Values:
    """A delivery as it was ordered, and what she owes after it."""
    return head(turn, chosen(turn)) | _owing(turn, {})


def _in_part(turn: Turn) -> Values:
    return _owing(turn, _missing(turn))


def _owing(turn: Turn, missing: Mapping[int, int]) -> dict[str, object]:
    """What taking an order in, all but `missing`, adds to what she owes that hub, and what that is then in all."""
    order = chosen(turn)
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
    lines, missing = orders.lines(turn.db, chosen(turn)), _missing(turn)
    rows = []
    for line, values in zip(lines, shown(turn, lines), strict=True):
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
    ordered = {line.item: line.quantity for line in orders.lines(turn.db, chosen(turn))}
    return answers.number(text, most=ordered[turn.answers["item"]])


def _note(turn: Turn, pieces: int) -> Taken:
    """On with the pieces that are missing of this item."""
    missing = _missing(turn) | {turn.answers["item"]: pieces}
    return turn.dialogue.go("came.rest", missing=[list(each) for each in missing.items()])


def _at_once(turn: Turn, text: str) -> Taken:
    """Codes of the order, each with the pieces that are missing."""
    numbers = answers.numbers(text)
    if isinstance(numbers, Mistake) or len(numbers) == 1:
        return Mistake(CHOOSE)
    wanted = by_code(numbers, BASKET_FULL)
    if isinstance(wanted, Mistake):
        return wanted
    ordered = {row.key: row for row in _pieces(turn)}
    missing = _missing(turn)
    for code, pieces in wanted.items():
        if (row := ordered.get(str(code))) is None:
            return Mistake(NOTES["unknown"], {"code": str(code)})
        if isinstance(wrong := answers.number(str(pieces), most=int(str(row.values["quantity"]))), Mistake):
            return wrong
        missing[row.answers["item"]] = pieces
    return turn.dialogue.go("came.rest", missing=[list(each) for each in missing.items()])


def _several(turn: Turn) -> bool:
    return len(_missing(turn)) > 1


def _rest(turn: Turn) -> Values:
    """What is missing: the one item, or how many different ones."""
    short = _short(turn)
    if len(short) == 1:
        return {**short[0].values, "lines": None}
    return dict.fromkeys(("item", "came", "quantity")) | {"lines": len(short)}


def _gone(turn: Turn) -> list[Row]:
    """The items of which some is missing, with how much; a key says that the carrier took just that one back."""
    missing = _missing(turn)
    return [
        Row(row.key, {**row.values, "quantity": missing[row.answers["item"]]}, _back([row.answers["item"]]))
        for row in _pieces(turn)
        if row.answers["item"] in missing
    ]


def _some_back(turn: Turn, text: str) -> Taken:
    """Several codes: the carrier took all these back."""
    numbers, gone = answers.numbers(text), {row.key: row.answers["back"] for row in _gone(turn)}
    if isinstance(numbers, Mistake) or not {str(code) for code in numbers} <= set(gone):
        return Mistake(CHOOSE)
    return turn.dialogue.go("came.part", **_back([item for code in numbers for item in gone[str(code)]]))


def _back(items: Sequence[int]) -> dict[str, object]:
    return {"how": LOST, "back": list(items)}


def _another(turn: Turn) -> Taken:
    """Back to the items of the order: of another one something is missing, too."""
    return turn.dialogue.go("came.short").cut("came.short")


def _take_all(turn: Turn) -> Dialogue:
    order = chosen(turn)
    arrived = {line.item: line.quantity for line in orders.lines(turn.db, order)}
    deliveries.deliver(turn.db, order.hub, order.number, arrived, turn.origin())
    return turn.dialogue.go("came.done")


def _take_part(turn: Turn) -> Dialogue:
    """Take what came; an order of which nothing came is over without a delivery."""
    order, missing, back = chosen(turn), _missing(turn), turn.answers["back"]
    lines = orders.lines(turn.db, order)
    arrived = {line.item: line.quantity - missing.get(line.item, 0) for line in lines}
    how = {item: BACK if item in back else turn.answers["how"] for item in missing}
    gone = [Missing(item, pieces, how[item]) for item, pieces in missing.items()]
    if not any(arrived.values()):
        deliveries.refuse(turn.db, order.hub, order.number, turn.origin(), missing=gone)
        return turn.dialogue.go("came.back")
    deliveries.deliver(turn.db, order.hub, order.number, arrived, turn.origin(), missing=gone)
    return turn.dialogue.go("came.done")


def _take_none(turn: Turn) -> Dialogue:
    order = chosen(turn)
    deliveries.refuse(turn.db, order.hub, order.number, turn.origin())
    return turn.dialogue.go("came.back")


def _after(turn: Turn) -> Values:
    """What is said once the goods are in her hands, or went back."""
    owes = _owes(turn, chosen(turn))
    return {"order": str(turn.answers["order"]), "owes": owes or None, "clear": None if owes else True}


OWE_MORE = phrase("You will owe {sum} more, {owes} in all")
OWES = (phrase("You owe the hub {owes}"), When("clear", phrase("You owe the hub nothing")))

SCREENS: dict[str, Screen] = {
    "came": Choice(
        title=[phrase("Which order came?")],
        row=[ORDER_LINE],
        rows=coming,
        then="came.order",
        empty=phrase("No goods are on their way to you"),
    ),
    "came.order": Choice(
        title=[NUMBER_AND_TOTAL],
        values=one,
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
        title=[phrase("What is missing? Code, or code and pieces")],
        row=[When("whole", phrase("{item}: {quantity}")), CAME_OF],
        rows=_pieces,
        absent=(("whole",), ("came",)),
        then="came.missing",
        other=_at_once,
        exits=("came.rest",),
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
        title=[CAME_OF, phrase("{lines} different items are missing")],
        values=_rest,
        absent=(("lines",), ("item", "came", "quantity")),
        options=[
            Option("1", phrase("The carrier took it back"), "came.part", {"how": BACK, "back": []}),
            Option("2", phrase("It was not there"), "came.part", {"how": LOST, "back": []}),
            Option("3", phrase("More is missing"), "came.short", leads=_another),
            Option("4", phrase("Some of both"), "came.took", when=_several),
        ],
        shortens=("item",),
    ),
    "came.took": Choice(
        title=[phrase("What did the carrier take back? Type its code")],
        row=[phrase("{item}: {quantity}")],
        rows=_gone,
        then="came.part",
        other=_some_back,
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
        values=one,
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
