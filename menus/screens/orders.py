"""Order stock: find it by category, by code, among the usual things or in the last order, and say how many.

Wherever goods are chosen, codes with pieces may be typed at once: `101 3 105 2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from ledger import catalogue
from ledger import orders
from ledger import stock
from ledger.catalogue import Item
from ledger.errors import NotFound
from ledger.money import Money
from ledger.orders import Pick
from locales import Phrase
from locales import phrase
from menus import answers
from menus.answers import CHOOSE
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.refusals import OUT_OF_STOCK
from menus.refusals import STOCK_LEFT
from menus.refusals import UNKNOWN_ITEM
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When

MOST_LINES = 10
"""Different items in one basket."""

USUAL, FIRST = 20, 5
"""Items in the list of the usual things, and how many of them are taken at once."""

RECENT = 10
"""Orders that are looked back on."""

MEANT = (*orders.HELD, "delivered", "closed")
"""States of an order that was not given up."""

BASKET_FULL = phrase("At most {most} items in one order")
PAIRS = phrase("Code, then pieces: 101 3 105 2")
NO_ORDERS = phrase("No orders yet")
UNSOLD = phrase("It is no longer sold")

NOTES: dict[str, Phrase] = {
    "none": phrase("{item}: none left"),
    "few": phrase("{item}: only {pieces} left"),
    "unsold": phrase("{item}: no longer sold"),
    "repriced": phrase("{item}: {price} each now"),
    "unknown": phrase("{code}: no such code"),
    "full": phrase("{item}: too many kinds"),
}
"""What is otherwise than she asked for or was shown."""

Note = tuple[str, int, int]
"""One of NOTES, the item's id (of a code that is not there, the code), and the pieces left or the price."""


def basket(turn: Turn) -> list[Pick]:
    """What she has put together so far."""
    return [Pick(*pick) for pick in turn.answers.get("basket", ())]


def several(turn: Turn) -> bool:
    """Whether there is more than one item in it."""
    return len(basket(turn)) > 1


def item_asked(turn: Turn) -> Item:
    """The item that she is asked about, with its prices of today."""
    return catalogue.by_ids(turn.db, [turn.answers["item"]], turn.today)[turn.answers["item"]]


def item_of_code(turn: Turn, code: int) -> Item:
    """The item of a code, also one that is no longer sold; a code that nothing has is refused by the books."""
    return catalogue.by_code(turn.db, turn.member.programme, code, turn.today, unsold=True)


def item_name(turn: Turn, item: Item) -> str:
    """An item's name in the language of the screens."""
    return item.names.written(turn.words.language)


def pick_values(turn: Turn, picks: Sequence[Pick]) -> list[dict[str, object]]:
    """What a list or a last look says of each item: its code and name, pieces, price, sum."""
    items, currency = catalogue.by_ids(turn.db, [pick.item for pick in picks], turn.today), turn.member.currency
    return [
        {
            "code": str(items[pick.item].code),
            "item": item_name(turn, items[pick.item]),
            "quantity": pick.quantity,
            "price": Money(pick.price, currency),
            "sum": Money(pick.sum, currency),
        }
        for pick in picks
    ]


def note_values(turn: Turn, notes: Sequence[Note]) -> list[dict[str, object]]:
    """The values that each note is said with; those of the others are None."""
    items = catalogue.by_ids(turn.db, [about for said, about, _ in notes if said != "unknown"], turn.today)
    every = dict.fromkeys(("item", "pieces", "price", "code", *NOTES))
    shown = []
    for said, about, number in notes:
        named = {"code": str(about)} if said == "unknown" else {"item": item_name(turn, items[about])}
        shown.append(every | named | {said: True, "pieces": number, "price": Money(number, turn.member.currency)})
    return shown


def weigh(turn: Turn, wanted: Mapping[int, int], shown: Mapping[int, int]) -> tuple[list[Pick], list[Note]]:
    """What of `wanted` (pieces by item) can be had today, and what of it is otherwise.

    `shown` are the prices that she was shown, in minor units by item.
    """
    items = catalogue.by_ids(turn.db, list(wanted), turn.today)
    left = stock.free(turn.db, turn.member.hub_book, list(wanted))
    picks: list[Pick] = []
    notes: list[Note] = []
    for item, pieces in wanted.items():
        has, price = max(left.get(item, 0), 0), items[item].price.minor
        if not items[item].active or not has:
            notes.append(("none" if items[item].active else "unsold", item, 0))
            continue
        picks.append(Pick(item, min(pieces, has), price))
        if pieces > has:
            notes.append(("few", item, has))
        if shown.get(item, price) != price:
            notes.append(("repriced", item, price))
    return picks, notes


def step(turn: Turn, picks: Sequence[Pick], ahead: bool | None = None) -> tuple[str, dict[str, Any]]:
    """The confirm screen for a basket, and its answers: what is taken from what she paid ahead is settled here.

    `ahead` is whether she wants that; without it, as she said before, else as she paid for her last order.
    """
    wants = _pays_ahead(turn) if ahead is None else ahead
    worth = orders.value(picks, turn.member.currency).minor
    left = orders.deposit_left(turn.db, turn.member.hub_book, turn.member.id).minor if wants else 0
    said = {
        "basket": [[pick.item, pick.quantity, pick.price] for pick in picks],
        "item": picks[-1].item,
        "prepay": wants,
        "ahead": min(worth, left),
    }
    return "order.ahead" if said["ahead"] else "order.confirm" if len(picks) == 1 else "order.basket", said


def _pays_ahead(turn: Turn) -> bool:
    if "prepay" in turn.answers:
        return bool(turn.answers["prepay"])
    return any(order.prepaid for order in orders.recent(turn.db, turn.member, 1, MEANT))


def add(turn: Turn, wanted: Mapping[int, int], before: Sequence[Note] = ()) -> Taken:
    """Put pieces by item into the basket, as far as they can be had; what cannot is told before the confirm screen."""
    if not wanted and not before:
        return Mistake(NO_ORDERS)
    picks, notes = weigh(turn, wanted, {})
    made = {pick.item: pick for pick in basket(turn)}
    told = [*before, *notes]
    for pick in picks:
        if pick.item in made or len(made) < MOST_LINES:
            made[pick.item] = pick
        else:
            told.append(("full", pick.item, 0))
    if len(told) == 1 and not picks:
        (values,) = note_values(turn, told)
        return Mistake(NOTES[told[0][0]], values)
    if told:
        return noted(turn, list(made.values()), told)
    to, said = step(turn, list(made.values()))
    return turn.dialogue.go(to, **said)


def noted(turn: Turn, picks: Sequence[Pick], notes: Sequence[Note]) -> Dialogue:
    """Tell what is otherwise; the basket is what is left."""
    said = step(turn, picks)[1] if picks else {"basket": []}
    return turn.dialogue.go("order.notes", notes=[list(note) for note in notes], **said)


def typed(turn: Turn, text: str) -> Taken:
    """A code, which leads to its pieces, or codes with their pieces; a code that nothing has is refused."""
    numbers = answers.numbers(text)
    if isinstance(numbers, Mistake):
        return numbers
    if len(numbers) == 1:
        return _ask_pieces(turn, item_of_code(turn, numbers[0]))
    pieces = by_code(numbers, BASKET_FULL)
    return pieces if isinstance(pieces, Mistake) else _at_once(turn, pieces)


def by_code(numbers: Sequence[int], full: Phrase) -> dict[int, int] | Mistake:
    """Pieces by code, of codes that each have their pieces behind them; `full` says that these are too many items."""
    if len(numbers) % 2:
        return Mistake(PAIRS)
    if len(numbers) > 2 * MOST_LINES:
        return Mistake(full, {"most": MOST_LINES})
    for pieces in map(str, numbers[1::2]):
        if isinstance(wrong := answers.number(pieces), Mistake):
            return wrong
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


def _among(turn: Turn, text: str) -> Taken:
    """What is typed over a list: a code that stands there or not, codes with their pieces; else no key at all."""
    try:
        return typed(turn, text)
    except NotFound:
        return Mistake(CHOOSE)


def _ask_pieces(turn: Turn, item: Item) -> Taken:
    """On to the quantity; what is no longer sold, or has run out at the hub, is said at once."""
    if not item.active:
        return Mistake(UNSOLD)
    return turn.dialogue.go("order.quantity", item=item.id) if _left(turn, item.id) else Mistake(OUT_OF_STOCK)


def _at_once(turn: Turn, pieces: Mapping[int, int]) -> Taken:
    """Several items by code with their pieces."""
    wanted, unknown = {}, []
    for code, many in pieces.items():
        try:
            wanted[item_of_code(turn, code).id] = many
        except NotFound:
            unknown.append(("unknown", code, 0))
    return add(turn, wanted, unknown)


def _left(turn: Turn, item: int) -> int:
    return max(stock.free(turn.db, turn.member.hub_book, [item]).get(item, 0), 0)


def _again(turn: Turn) -> Taken:
    """What the last order had, into the basket at today's prices."""
    last = orders.recent(turn.db, turn.member, 1, MEANT)
    return add(turn, {line.item: line.quantity for line in orders.lines(turn.db, last[0])} if last else {})


def _first_ones(turn: Turn) -> Taken:
    """The first of the usual things, of each as many as she ordered last."""
    items = [item.id for item in orders.usual(turn.db, turn.member, FIRST, turn.today)]
    pieces: dict[int, int] = {}
    for order in orders.recent(turn.db, turn.member, RECENT, MEANT):
        if len(pieces) < len(items):
            pieces = {line.item: line.quantity for line in orders.lines(turn.db, order) if line.item in items} | pieces
    return add(turn, {item: pieces[item] for item in items if item in pieces})


def has_basket(turn: Turn) -> bool:
    """Whether there is something in the basket."""
    return bool(basket(turn))


def _categories(turn: Turn) -> list[Row]:
    listed = catalogue.categories(turn.db, turn.member.programme)
    return [
        Row(str(each.number), {"category": each.names.written(turn.words.language)}, {"category": each.number})
        for each in listed
    ]


def _items(turn: Turn) -> list[Row]:
    """The items of a category that the hub can still give; what has run out is not offered."""
    items = catalogue.in_category(turn.db, turn.member.programme, turn.answers["category"], turn.today)
    left = stock.free(turn.db, turn.member.hub_book, [item.id for item in items])
    return [_item_row(turn, item) for item in items if left.get(item.id, 0) > 0]


def _item_row(turn: Turn, item: Item) -> Row:
    """An item in a list: its code is its key."""
    values = {"item": item_name(turn, item), "price": item.price, "code": None, "some": None}
    return Row(str(item.code), values, {"item": item.id})


def _usual(turn: Turn) -> list[Row]:
    """What she orders most, the first of it by one key; she would miss what has run out, so that is shown, too."""
    items = orders.usual(turn.db, turn.member, USUAL, turn.today)
    left = stock.free(turn.db, turn.member.hub_book, [item.id for item in items])
    rows = [(_item_row(turn, item), left.get(item.id, 0) > 0) for item in items]
    shown = [row if there else Row("", {**row.values, "price": None, "code": row.key}) for row, there in rows]
    first = Row("1", {"some": True, "item": None, "price": None, "code": None}, leads=_first_ones)
    return [first, *shown] if shown else []


def _item_values(turn: Turn) -> Values:
    item = item_asked(turn)
    return {"item": item_name(turn, item), "price": item.price}


def _quantity(turn: Turn, text: str) -> int | Mistake:
    """Pieces, no more than the hub has free; that is said here, before anything is confirmed."""
    pieces = answers.number(text)
    if isinstance(pieces, Mistake):
        return pieces
    left = _left(turn, turn.answers["item"])
    if not left:
        return Mistake(OUT_OF_STOCK)
    return pieces if pieces <= left else Mistake(STOCK_LEFT, {"pieces": left})


def _add(turn: Turn, pieces: int) -> Taken:
    item, others = turn.answers["item"], [pick.item for pick in basket(turn)]
    if item not in others and len(others) >= MOST_LINES:
        return Mistake(BASKET_FULL, {"most": MOST_LINES})
    return add(turn, {item: pieces})


ITEM_LINE = phrase("{item} {price:bare}")
GONE_LINE = phrase("{code} {item}: none left")
NOTHING_HERE = phrase("Nothing here now")
LINE = phrase("{item}: {quantity} x {price:bare}")
CHANGE, CHANGE_PIECES, LEAVE_OUT = phrase("Change"), phrase("Change quantity"), phrase("Leave one out")
PIECES = phrase("{quantity} x {price:bare} = {sum}")

CONFIRMS = ("order.confirm", "order.basket", "order.ahead")
"""The last look at one item, at several, and at an order that is paid ahead in part."""

CHOSEN = ("order.quantity", "order.notes", *CONFIRMS)
"""Where codes lead that were typed where goods are chosen."""

SCREENS: dict[str, Screen] = {
    "order.new": Choice(
        title=[phrase("Find it by")],
        options=[
            Option("1", phrase("Category"), "order.categories"),
            Option("2", phrase("Code"), "order.code"),
            Option("3", phrase("Usual basket"), "order.usual"),
            Option("4", phrase("Last order again"), "order.basket", leads=_again),
            Option("5", CHANGE, "order.change", when=has_basket),
        ],
        exits=("order.notes", *CONFIRMS),
    ),
    "order.categories": Choice(row=[phrase("{category}")], rows=_categories, then="order.items"),
    "order.items": Choice(
        row=[ITEM_LINE],
        rows=_items,
        then="order.quantity",
        other=_among,
        exits=CHOSEN,
        empty=NOTHING_HERE,
    ),
    "order.usual": Choice(
        row=[When("some", phrase("Take as always")), ITEM_LINE, GONE_LINE],
        rows=_usual,
        absent=(("some", "code"), ("some", "price"), ("item", "price", "code")),
        then="order.quantity",
        other=_among,
        exits=CHOSEN,
        empty=NOTHING_HERE,
    ),
    "order.code": Ask(
        prompt=phrase("Item code, or codes and pieces: 101 3 105 2"),
        again=phrase("Type the item's code (e.g. 101)"),
        says=(answers.DIGITS_ONLY, answers.NUMBERS_ONLY, PAIRS, BASKET_FULL, UNKNOWN_ITEM, UNSOLD, OUT_OF_STOCK,
              NOTES["none"], NOTES["unsold"], NOTES["unknown"]),
        then=typed,
        exits=CHOSEN,
    ),
    "order.quantity": Ask(
        title=[phrase("{item}"), phrase("Price {price}")],
        prompt=phrase("How many?"),
        says=(answers.NUMBERS_ONLY, STOCK_LEFT, OUT_OF_STOCK, BASKET_FULL),
        values=_item_values,
        parse=_quantity,
        then=_add,
        exits=("order.notes", *CONFIRMS),
    ),
}  # fmt: skip
