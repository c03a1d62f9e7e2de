"""Order stock: find it by category, by code or among the usual things, say how many, confirm."""

from __future__ import annotations

from collections.abc import Sequence

from ledger import catalogue
from ledger import orders
from ledger import programmes
from ledger import stock
from ledger.catalogue import Item
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
from menus.kinds import Pages
from menus.refusals import OUT_OF_STOCK
from menus.refusals import STOCK_LEFT
from menus.refusals import UNKNOWN_ITEM
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values

MOST_LINES = 10
"""Different items in one basket."""

BASKET_FULL = phrase("At most {most} items in one order")

STATES = {"placed": phrase("waiting")}


def _basket(turn: Turn) -> list[Pick]:
    """What she has put together so far."""
    return [Pick(*pick) for pick in turn.answers.get("basket", ())]


def item_name(turn: Turn, item: Item) -> str:
    """An item's name in the language of the screens."""
    return item.names.written(turn.words.language)


def _item_row(turn: Turn, item: Item) -> Row:
    """An item in a list: its code is its key."""
    return Row(str(item.code), {"item": item_name(turn, item), "price": item.price}, {"item": item.id})


def chosen(turn: Turn) -> Item:
    """The item she is asked about."""
    return catalogue.by_ids(turn.db, [turn.answers["item"]])[turn.answers["item"]]


def _categories(turn: Turn) -> list[Row]:
    listed = catalogue.categories(turn.db, turn.member.programme)
    return [
        Row(str(each.number), {"category": each.names.written(turn.words.language)}, {"category": each.number})
        for each in listed
    ]


def _items(turn: Turn) -> list[Row]:
    return _in_stock(turn, catalogue.in_category(turn.db, turn.member.programme, turn.answers["category"]))


def _usual(turn: Turn) -> list[Row]:
    return _in_stock(turn, orders.usual(turn.db, turn.member, 20))


def _in_stock(turn: Turn, items: Sequence[Item]) -> list[Row]:
    """The items that the hub can still give; what has run out is not offered."""
    left = stock.free(turn.db, turn.member.hub_book, [item.id for item in items])
    return [_item_row(turn, item) for item in items if left.get(item.id, 0) > 0]


def _item_code(turn: Turn, text: str) -> Item | Mistake:
    """The item of a typed code; a code that nothing has is refused by the books."""
    code = answers.code(text)
    return code if isinstance(code, Mistake) else catalogue.by_code(turn.db, turn.member.programme, code)


def _item_values(turn: Turn) -> Values:
    item = chosen(turn)
    return {"item": item_name(turn, item), "price": item.price}


def _left(turn: Turn, item: int) -> int:
    return stock.free(turn.db, turn.member.hub_book, [item]).get(item, 0)


def _quantity(turn: Turn, text: str) -> int | Mistake:
    """Pieces, no more than the hub has free; that is said here, before anything is confirmed."""
    pieces = answers.number(text)
    if isinstance(pieces, Mistake):
        return pieces
    left = _left(turn, turn.answers["item"])
    if left <= 0:
        return Mistake(OUT_OF_STOCK)
    return pieces if pieces <= left else Mistake(STOCK_LEFT, {"pieces": left})


def _add(turn: Turn, pieces: int) -> Taken:
    item = chosen(turn)
    others = [pick for pick in _basket(turn) if pick.item != item.id]
    if len(others) >= MOST_LINES:
        return Mistake(BASKET_FULL, {"most": MOST_LINES})
    picks = [*others, Pick(item.id, pieces, item.price.minor)]
    return turn.dialogue.go("order.confirm", basket=[[pick.item, pick.quantity, pick.price] for pick in picks])


def pick_values(turn: Turn, picks: Sequence[Pick]) -> list[dict[str, object]]:
    """What a confirm screen says of each item: its name, pieces, price, sum."""
    items, currency = catalogue.by_ids(turn.db, [pick.item for pick in picks]), turn.member.currency
    return [
        {
            "item": item_name(turn, items[pick.item]),
            "quantity": pick.quantity,
            "price": Money(pick.price, currency),
            "sum": Money(pick.sum, currency),
        }
        for pick in picks
    ]


def _confirm_rows(turn: Turn) -> list[Row]:
    return [Row("", values) for values in pick_values(turn, _basket(turn))]


def _confirm_values(turn: Turn) -> Values:
    picks = _basket(turn)
    several = len(picks) > 1
    total = orders.value(picks, turn.member.currency) if several else None
    return {"total": total, "lines": len(picks) if several else None}


def _place(turn: Turn) -> Dialogue:
    order = orders.place(turn.db, turn.member, _basket(turn), turn.origin())
    return turn.dialogue.go("order.done", order=order.number, total=order.total.minor)


def _done(turn: Turn) -> Values:
    return {
        "order": str(turn.answers["order"]),
        "total": Money(turn.answers["total"], turn.member.currency),
        "left": orders.credit_left(turn.db, turn.member),
    }


def _orders(turn: Turn) -> list[Row]:
    listed = orders.recent(turn.db, turn.member, 10)
    return [
        Row(
            "",
            {
                "order": str(order.number),
                "day": programmes.day(order.placed_at, turn.member.timezone),
                "total": order.total,
                "state": turn.words.say(STATES[order.state]),
            },
        )
        for order in listed
    ]


def _take_code(turn: Turn, item: Item) -> Taken:
    """On to the quantity; what the hub has none of is said at once."""
    if _left(turn, item.id) <= 0:
        return Mistake(OUT_OF_STOCK)
    return turn.dialogue.go("order.quantity", item=item.id)


ITEM_LINE = phrase("{item} {price:bare}")
NOTHING_HERE = phrase("Nothing here now")
PIECES = phrase("{quantity} x {price:bare} = {sum}")

SCREENS: dict[str, Screen] = {
    "order": Choice(
        title=[phrase("Order stock")],
        options=[
            Option("1", phrase("New order"), "order.new"),
            Option("2", phrase("My orders"), "order.list"),
        ],
    ),
    "order.new": Choice(
        title=[phrase("Find it by")],
        options=[
            Option("1", phrase("Category"), "order.categories"),
            Option("2", phrase("Code"), "order.code"),
            Option("3", phrase("Usual basket"), "order.usual"),
        ],
    ),
    "order.categories": Choice(row=[phrase("{category}")], rows=_categories, then="order.items"),
    "order.items": Choice(
        row=[ITEM_LINE],
        rows=_items,
        then="order.quantity",
        empty=NOTHING_HERE,
    ),
    "order.usual": Choice(
        row=[ITEM_LINE],
        rows=_usual,
        then="order.quantity",
        empty=NOTHING_HERE,
    ),
    "order.code": Ask(
        prompt=phrase("Type the item's code (e.g. 101)"),
        says=(answers.DIGITS_ONLY, UNKNOWN_ITEM, OUT_OF_STOCK),
        parse=_item_code,
        then=_take_code,
        exits=("order.quantity",),
    ),
    "order.quantity": Ask(
        title=[phrase("{item}"), phrase("Price {price}")],
        prompt=phrase("How many?"),
        says=(answers.NUMBERS_ONLY, STOCK_LEFT, OUT_OF_STOCK, BASKET_FULL),
        values=_item_values,
        parse=_quantity,
        then=_add,
        exits=("order.confirm",),
    ),
    "order.confirm": Confirm(
        row=[phrase("{item}"), PIECES],
        rows=_confirm_rows,
        title=[phrase("{lines} items, total {total}")],
        values=_confirm_values,
        absent=(("total", "lines"),),
        yes=phrase("Place the order"),
        act=_place,
        options=[Option("2", phrase("Add another item"), "order.new")],
        refused=Option("1", phrase("Change quantity"), "order.quantity"),
        exits=("order.done",),
        shortens=("item",),
    ),
    "order.done": End(
        title=[phrase("Order placed. No. {order}"), phrase("Total {total}"), phrase("Credit left {left}")],
        values=_done,
    ),
    "order.list": Pages(
        row=[phrase("{order}: {day} {total} {state}")],
        rows=_orders,
        empty=phrase("No orders yet"),
    ),
}
