"""What `2` changes on the last look at a sale: price, customer, items, where it is sold, what is paid at once."""

from __future__ import annotations

from ledger import sales
from ledger.money import Money
from ledger.orders import Pick
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.refusals import ABOVE_SALE
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screens.customers import NUMBERED
from menus.screens.customers import customer_name
from menus.screens.customers import typed_sum
from menus.screens.orders import LEAVE_OUT
from menus.screens.orders import basket
from menus.screens.orders import pick_values
from menus.screens.orders import several
from menus.screens.sales import PLACES
from menus.screens.sales import TOTAL
from menus.screens.sales import given
from menus.screens.sales import item_values
from menus.screens.sales import last_look
from menus.screens.sales import on_credit
from menus.screens.sales import to_confirm
from menus.screens.sales import worth


def _in_sale(turn: Turn) -> list[Row]:
    """The items of this sale, numbered."""
    rows = enumerate(zip(basket(turn), pick_values(turn, basket(turn)), strict=True), 1)
    return [Row(str(place), values, {"item": pick.item}) for place, (pick, values) in rows]


def _without(turn: Turn) -> list[Row]:
    """The items of this sale; each key goes on without that one."""
    picks, to = basket(turn), last_look(turn)
    return [
        Row(row.key, row.values, given(turn, [pick for pick in picks if pick.item != row.answers["item"]]), to)
        for row in _in_sale(turn)
    ]


def _to_price(turn: Turn) -> Taken:
    """Of several items, which one?"""
    return turn.dialogue.go("sale.priced" if several(turn) else "sale.price")


def _new_price(turn: Turn, price: Money) -> Taken:
    """The last look anew with another price; the way back leads to before the one with the old price."""
    item = turn.answers["item"]
    picks = [Pick(pick.item, pick.quantity, price.minor) if pick.item == item else pick for pick in basket(turn)]
    return to_confirm(turn, picks).cut(last_look(turn))


def _places(turn: Turn) -> list[Row]:
    return [
        Row(str(key), {"place": turn.words.say(said)}, {"channel": channel}, to=last_look(turn))
        for key, (channel, said) in enumerate(PLACES.items(), 1)
    ]


def _where(turn: Turn) -> Values:
    return {"where": turn.words.say(PLACES[turn.answers["channel"]])}


def _whole(turn: Turn) -> Values:
    return {"total": worth(turn, basket(turn))}


def _part(turn: Turn, paid: Money) -> Taken:
    """Part of it paid now, the rest on credit."""
    whole = worth(turn, basket(turn))
    if paid > whole:
        return Mistake(ABOVE_SALE, {"total": whole})
    return turn.dialogue.go("credit.confirm", paid=paid.minor).cut("credit.confirm")


def _customers(turn: Turn) -> list[Row]:
    """Her customers by their number; the next number is a new one."""
    everyone = sales.customers(turn.db, turn.member)
    rows = [
        Row(
            str(each.number),
            {"customer": customer_name(turn, each.number, each.name)},
            {"customer": each.number, "new": False, "name": ""},
            to="credit.confirm",
        )
        for each in everyone
    ]
    new = len(everyone) + 1
    return [*rows, Row(str(new), {"customer": turn.words.say(NEW_CUSTOMER)}, {"customer": new, "new": True})]


def _customer(turn: Turn) -> Values:
    return {"number": turn.answers["customer"]}


def _name(turn: Turn, text: str) -> str | Mistake:
    return "" if text == "1" else answers.name(text)


def _named(turn: Turn, name: str) -> Taken:
    return turn.dialogue.go("credit.confirm", name=name).cut("credit.confirm")


NEW_CUSTOMER = phrase("New customer")

SCREENS: dict[str, Screen] = {
    "sale.change": Choice(
        options=[
            Option("1", phrase("Another price"), "sale.price", leads=_to_price),
            Option("2", phrase("Another customer"), "credit.customer", when=on_credit),
            Option("3", phrase("Another item too"), "sale.item"),
            Option("4", phrase("Where you sell"), "sale.place"),
            Option("5", phrase("Part is paid now"), "credit.part", when=on_credit),
            Option("6", LEAVE_OUT, "sale.less", when=several),
        ],
        exits=("sale.priced",),
    ),
    "sale.priced": Choice(row=[phrase("{item} {price:bare}")], rows=_in_sale, then="sale.price"),
    "sale.less": Choice(
        title=[LEAVE_OUT],
        row=[phrase("{item}: {quantity}")],
        rows=_without,
        exits=("sale.confirm", "credit.confirm"),
    ),
    "sale.place": Choice(
        title=[phrase("It is now: {where}")],
        values=_where,
        row=[phrase("{place}")],
        rows=_places,
        exits=("sale.confirm", "credit.confirm"),
    ),
    "sale.price": Ask(
        title=[phrase("{item}")],
        prompt=phrase("Price of one piece? (now {price})"),
        says=(answers.SUM_ONLY,),
        values=item_values,
        parse=typed_sum,
        then=_new_price,
        exits=("sale.confirm", "credit.confirm"),
    ),
    "credit.part": Ask(
        title=[TOTAL],
        prompt=phrase("How much does she pay now?"),
        says=(answers.SUM_ONLY, ABOVE_SALE),
        values=_whole,
        parse=typed_sum,
        then=_part,
        exits=("credit.confirm",),
    ),
    "credit.customer": Choice(
        row=[phrase("{customer}")],
        rows=_customers,
        then="credit.name",
        exits=("credit.confirm",),
    ),
    "credit.name": Ask(
        title=[NUMBERED],
        prompt=phrase("Type her name, or 1 for none"),
        says=(answers.NAME_ONLY,),
        values=_customer,
        parse=_name,
        then=_named,
        exits=("credit.confirm",),
    ),
}
