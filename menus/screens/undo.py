"""Undo what she wrote by mistake today in her own shop: a sale, a due, goods that came or went; by a reversal."""

from __future__ import annotations

from ledger import catalogue
from ledger import reversals
from ledger import shops
from ledger.errors import NotAllowed
from ledger.errors import Shortfall
from ledger.money import Money
from ledger.sales import DUES
from ledger.shops import Deed
from ledger.stock import CASH
from locales import phrase
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Values
from menus.screen import When
from menus.screens.customers import customer_name
from menus.screens.customers import known
from menus.screens.orders import basket
from menus.screens.orders import item_name
from menus.screens.orders import pick_values
from menus.screens.orders import several
from menus.screens.sales import ONE_OF_MANY
from menus.screens.sales import PIECES_BARE
from menus.screens.sales import TOTAL
from menus.screens.sales import pick_rows

MOST = 5
"""How far back she can go; mistakes are noticed at once or at the end of the day."""

WHAT = {
    "sale": phrase("Sale"),
    "due.collect": phrase("Due paid"),
    "goods.own-use": phrase("For yourself"),
    "goods.lost": phrase("Goods lost"),
    "goods.bought": phrase("Bought elsewhere"),
}
"""What she can undo, as the screens say it."""

AND_MORE = phrase("{item} + {lines}")

SPENT = {DUES: "paid-since", CASH: "cash-spent"}
"""What it means that an account has not enough to give the sum back."""


def _customer(turn: Turn, number: int) -> str:
    customer = known(turn, number)
    return customer_name(turn, number, customer.name if customer else "")


def _about(turn: Turn, deed: Deed) -> str:
    """What tells it from the others: the customer who paid, or the item and how many more there are."""
    if not deed.goods:
        return _customer(turn, deed.customer)
    (item,) = catalogue.by_ids(turn.db, [deed.goods[0].item], turn.today).values()
    more = len(deed.goods) - 1
    return turn.words.say(AND_MORE, item=item_name(turn, item), lines=more) if more else item_name(turn, item)


def _deeds(turn: Turn) -> list[Row]:
    """What she wrote today, the last one first. Each key carries what it shows, so that she undoes what she saw."""
    rows = []
    for key, deed in enumerate(shops.deeds(turn.db, turn.member, turn.today, MOST), 1):
        goods = [[pick.item, pick.quantity, pick.price] for pick in deed.goods]
        what, about = turn.words.say(WHAT[deed.kind]), _about(turn, deed)
        said = {"about": about, "what": None} if deed.kind == "sale" else {"about": None, "what": what}
        values = said | {"thing": about, "sum": deed.sum}
        deed_answers = {"entry": deed.number, "kind": deed.kind, "worth": deed.sum.minor, "customer": deed.customer}
        rows.append(Row(str(key), values, deed_answers | {"basket": goods}))
    return rows


def _worth(turn: Turn) -> Money:
    return Money(turn.answers["worth"], turn.member.currency)


def _rows(turn: Turn) -> list[Row]:
    """The goods of it: what was sold with its price, else the pieces."""
    if turn.answers["kind"] == "sale":
        return [Row("", {**row.values, "pieces": None}) for row in pick_rows(turn, basket(turn))]
    said = {"price": None, "thing": None, "worth": None}
    return [Row("", values | said | {"pieces": values["quantity"]}) for values in pick_values(turn, basket(turn))]


def _values(turn: Turn) -> Values:
    kind, worth = turn.answers["kind"], _worth(turn)
    customer = _customer(turn, turn.answers["customer"]) if turn.answers["customer"] else None
    values: dict[str, object] = dict.fromkeys(("sale", "customer", "total", "name", "paid", "what", "cost"))
    if kind == "sale":
        return values | {"sale": True, "customer": customer, "total": worth if several(turn) else None}
    if kind == "due.collect":
        return values | {"name": customer, "paid": worth}
    return values | {"what": turn.words.say(WHAT[kind]), "cost": worth}


def _undo(turn: Turn) -> Dialogue:
    """Reverse it in her own shop, on the same day; what it takes back may be gone since."""
    try:
        reversals.reverse(turn.db, turn.member.shop.id, turn.answers["entry"], "her own mistake", turn.origin())
    except Shortfall as short:
        if (code := SPENT.get(int(str(short.values.get("account", 0))))) is None:
            raise
        raise NotAllowed(code) from short
    return turn.dialogue.go("sale.undo.done")


def _undone(turn: Turn) -> Values:
    return {"what": turn.words.say(WHAT[turn.answers["kind"]]), "sum": _worth(turn)}


SCREENS: dict[str, Screen] = {
    "sale.undo": Choice(
        title=[phrase("Which of today?")],
        row=[phrase("{about} {sum:bare}"), phrase("{what}: {thing} {sum:bare}")],
        rows=_deeds,
        then="sale.undo.confirm",
        absent=(("what", "thing"), ("about",)),
        empty=phrase("You wrote nothing today that can be undone"),
    ),
    "sale.undo.confirm": Confirm(
        title=[
            When("sale", phrase("Undo this sale?")),
            phrase("{customer}"),
            TOTAL,
            phrase("Undo: {name} paid {paid}"),
            phrase("Undo: {what}, {cost}"),
        ],
        row=[phrase("{item}"), PIECES_BARE, ONE_OF_MANY, phrase("Pieces: {pieces}")],
        rows=_rows,
        values=_values,
        absent=(
            ("total", "name", "paid", "what", "thing", "pieces"),
            ("sale", "customer", "total", "what", "item", "price", "pieces"),
            ("sale", "customer", "total", "name", "price"),
        ),
        yes=phrase("Undo it"),
        act=_undo,
        shortens=("item", "thing", "customer", "name"),
        exits=("sale.undo.done",),
    ),
    "sale.undo.done": End(title=[phrase("Undone: {what} {sum}. All is as it was before.")], values=_undone),
}
