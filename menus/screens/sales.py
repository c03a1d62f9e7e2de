"""Log a sale from her own shop: in cash, on credit to a customer of hers; collect dues; today's takings."""

from __future__ import annotations

from dataclasses import replace

from ledger import sales
from ledger import stock
from ledger.errors import NotFound
from ledger.money import Money
from ledger.orders import Pick
from ledger.sales import Customer
from locales import phrase
from locales.alphabet import is_gsm
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.kinds import Pages
from menus.refusals import ON_HAND_LEFT
from menus.refusals import OWES_LESS
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.orders import PIECES
from menus.screens.orders import chosen
from menus.screens.orders import item_name
from menus.screens.orders import pick_values

NUMBERED = phrase("Customer {number}")


def _on_hand(turn: Turn) -> list[Row]:
    """Her goods; the code is the key, the pieces she has stand behind the name."""
    return [
        Row(
            str(has.item.code),
            {"item": item_name(turn, has.item), "quantity": has.quantity},
            {"item": has.item.id, "price": has.item.retail.minor, "has": has.quantity},
        )
        for has in stock.on_hand(turn.db, turn.member.shop)
    ]


def _item_values(turn: Turn) -> Values:
    currency = turn.member.currency
    return {"item": item_name(turn, chosen(turn)), "price": Money(turn.answers["price"], currency)}


def _quantity(turn: Turn, text: str) -> int | Mistake:
    pieces = answers.number(text)
    if isinstance(pieces, Mistake):
        return pieces
    has = turn.answers["has"]
    return pieces if pieces <= has else Mistake(ON_HAND_LEFT, {"pieces": has})


def _to_confirm(turn: Turn, pieces: int) -> Taken:
    if not turn.answers["credit"]:
        return turn.dialogue.go("sale.confirm", quantity=pieces)
    customer = sales.usual_customer(turn.db, turn.member)
    new = _known(turn, customer) is None
    return turn.dialogue.go("credit.confirm", quantity=pieces, customer=customer, new=new, name="")


def _customer_name(turn: Turn, number: int, name: str) -> str:
    """Her name where this handset can show it: one Bangla letter would make a Latin page twice as dear."""
    readable = turn.words.language == "bn" or is_gsm(name)
    return name if name and readable else turn.words.say(NUMBERED, number=number)


def _known(turn: Turn, number: int) -> Customer | None:
    return next((each for each in sales.customers(turn.db, turn.member) if each.number == number), None)


def _confirm_values(turn: Turn) -> Values:
    (values,) = pick_values(turn, [_pick(turn)])
    number = turn.answers.get("customer")
    if number:
        values["customer"] = _customer_name(turn, number, _name_of(turn, number))
    return values


def _name_of(turn: Turn, number: int) -> str:
    """The name of a customer; of one who is new with this sale, what she was called just now."""
    known = None if turn.answers["new"] else _known(turn, number)
    return known.name if known else turn.answers["name"]


def _pick(turn: Turn) -> Pick:
    return Pick(turn.answers["item"], turn.answers["quantity"], turn.answers["price"])


def _record(turn: Turn) -> Dialogue:
    """Record it, in cash or to a customer's debt; a new customer is added with it."""
    number = turn.answers["customer"] if turn.answers["credit"] else 0
    name = turn.answers["name"] if number and turn.answers["new"] else None
    sales.record(turn.db, turn.member, [_pick(turn)], turn.origin(), customer=number, new_name=name)
    return turn.dialogue.go("sale.done")


def _done(turn: Turn) -> Values:
    left = {has.item.id: has.quantity for has in stock.on_hand(turn.db, turn.member.shop)}
    values = _confirm_values(turn)
    sold = (
        {"cash": values["sum"], "owed": None} if not turn.answers["credit"] else {"cash": None, "owed": values["sum"]}
    )
    return sold | {"item": values["item"], "pieces": left.get(turn.answers["item"], 0)}


def _new_price(turn: Turn, price: Money) -> Taken:
    """The confirm screen anew with another price; the way back leads to before the one with the old price."""
    screen = "credit.confirm" if turn.answers["credit"] else "sale.confirm"
    return _anew(turn, turn.dialogue.go(screen, price=price.minor))


def _anew(turn: Turn, dialogue: Dialogue) -> Dialogue:
    """A confirm screen reached through its own change keys, without the screens passed since it was first shown."""
    screens = [place.screen for place in turn.dialogue.trail]
    return replace(dialogue, trail=turn.dialogue.trail[: screens.index(dialogue.screen)])


def _customers(turn: Turn) -> list[Row]:
    """Her customers by their number; the next number is a new one."""
    known = sales.customers(turn.db, turn.member)
    rows = [
        Row(
            str(each.number),
            {"customer": _customer_name(turn, each.number, each.name)},
            {"customer": each.number, "new": False, "name": ""},
            to="credit.confirm",
        )
        for each in known
    ]
    new = len(known) + 1
    return [*rows, Row(str(new), {"customer": turn.words.say(NEW_CUSTOMER)}, {"customer": new, "new": True})]


def _customer(turn: Turn) -> Values:
    return {"number": turn.answers["customer"]}


def _name(turn: Turn, text: str) -> str | Mistake:
    return "" if text == "1" else answers.name(text)


def _named(turn: Turn, name: str) -> Taken:
    return _anew(turn, turn.dialogue.go("credit.confirm", name=name))


def _owing(turn: Turn) -> list[Row]:
    return [
        Row(
            str(each.number),
            {"customer": _customer_name(turn, each.number, each.name), "owes": each.owes},
            {"customer": each.number},
        )
        for each in sales.customers(turn.db, turn.member)
        if each.owes
    ]


def _due_values(turn: Turn) -> Values:
    number = turn.answers["customer"]
    customer = _known(turn, number)
    if customer is None:
        raise NotFound("unknown-customer", customer=number)
    values: dict[str, object] = {
        "customer": _customer_name(turn, number, customer.name),
        "owes": customer.owes,
    }
    if "amount" in turn.answers:
        values["sum"] = Money(turn.answers["amount"], turn.member.currency)
        values["rest"] = customer.owes - Money(turn.answers["amount"], turn.member.currency)
    return values


def _paid(turn: Turn) -> Values:
    """What is said after a due was taken: what is still open, or that nothing is."""
    values = dict(_due_values(turn))
    if not values["owes"]:
        return values | {"owes": None, "clear": True}
    return values | {"clear": None}


def _sum(turn: Turn, text: str) -> Money | Mistake:
    return answers.amount(text, turn.member.currency)


def _to_collect(turn: Turn, amount: Money) -> Taken:
    known = _known(turn, turn.answers["customer"])
    if known and amount.minor > known.owes.minor:
        return Mistake(OWES_LESS, {"owes": known.owes})
    return turn.dialogue.go("due.confirm", amount=amount.minor)


def _collect(turn: Turn) -> Dialogue:
    amount = Money(turn.answers["amount"], turn.member.currency)
    sales.collect(turn.db, turn.member, turn.answers["customer"], amount, turn.origin())
    return turn.dialogue.go("due.done")


def _today(turn: Turn) -> Values:
    takings = sales.takings(turn.db, turn.member, turn.today, turn.today)
    return {"sales": takings.sales, "profit": takings.profit, "dues": takings.dues}


NEW_CUSTOMER = phrase("New customer")
RECORD = phrase("Record it")
ANOTHER_PRICE = phrase("Another price")

SCREENS: dict[str, Screen] = {
    "sale": Choice(
        title=[phrase("Log a sale")],
        options=[
            Option("1", phrase("Cash"), "sale.item", {"credit": False}),
            Option("2", phrase("On credit"), "sale.item", {"credit": True}),
            Option("3", phrase("Collect dues"), "due"),
            Option("4", phrase("Today"), "sale.today"),
        ],
    ),
    "sale.item": Choice(
        title=[phrase("Which item? Type its code")],
        row=[phrase("{item}: {quantity}")],
        rows=_on_hand,
        then="sale.quantity",
        empty=phrase("You have no goods on hand"),
    ),
    "sale.quantity": Ask(
        title=[phrase("{item}"), phrase("Price {price}")],
        prompt=phrase("How many sold?"),
        says=(answers.NUMBERS_ONLY, ON_HAND_LEFT),
        values=_item_values,
        parse=_quantity,
        then=_to_confirm,
        exits=("sale.confirm", "credit.confirm"),
    ),
    "sale.confirm": Confirm(
        title=[phrase("Cash: {item}"), PIECES],
        values=_confirm_values,
        yes=RECORD,
        act=_record,
        options=[Option("2", ANOTHER_PRICE, "sale.price")],
        refused=Option("1", phrase("Change quantity"), "sale.quantity"),
        exits=("sale.done",),
        shortens=("item",),
    ),
    "credit.confirm": Confirm(
        title=[phrase("{customer} owes: {item}"), PIECES],
        values=_confirm_values,
        yes=phrase("Record"),
        act=_record,
        options=[Option("2", phrase("Name or price"), "credit.change")],
        refused=Option("1", phrase("Change quantity"), "sale.quantity"),
        exits=("sale.done",),
        shortens=("item", "customer"),
    ),
    "credit.change": Choice(
        options=[
            Option("1", ANOTHER_PRICE, "sale.price"),
            Option("2", phrase("Another customer"), "credit.customer"),
        ],
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
    "sale.price": Ask(
        title=[phrase("{item}")],
        prompt=phrase("Price of one piece? (now {price})"),
        says=(answers.SUM_ONLY,),
        values=_item_values,
        parse=_sum,
        then=_new_price,
        exits=("sale.confirm", "credit.confirm"),
    ),
    "sale.done": End(
        title=[
            phrase("Recorded. Cash {cash}"),
            phrase("Recorded. On credit {owed}"),
            phrase("{item}: {pieces} left"),
        ],
        values=_done,
        absent=(("cash",), ("owed",)),
        shortens=("item",),
    ),
    "due": Choice(
        title=[phrase("Who pays?")],
        row=[phrase("{customer} {owes}")],
        rows=_owing,
        then="due.amount",
        empty=phrase("Nobody owes you anything"),
    ),
    "due.amount": Ask(
        title=[phrase("{customer} owes {owes}")],
        prompt=phrase("How much did she pay?"),
        says=(answers.SUM_ONLY, OWES_LESS),
        values=_due_values,
        parse=_sum,
        then=_to_collect,
        exits=("due.confirm",),
    ),
    "due.confirm": Confirm(
        title=[phrase("{customer} pays {sum}"), phrase("Then she owes {rest}")],
        values=_due_values,
        yes=RECORD,
        act=_collect,
        refused=Option("1", phrase("Another sum"), "due.amount"),
        shortens=("customer",),
        exits=("due.done",),
    ),
    "due.done": End(
        title=[
            phrase("Recorded: {sum}"),
            phrase("{customer} still owes {owes}"),
            When("clear", phrase("{customer} owes nothing more")),
        ],
        values=_paid,
        absent=(("clear",), ("owes",)),
    ),
    "sale.today": Pages(
        title=[
            phrase("Today"),
            phrase("Sales {sales}"),
            phrase("Profit {profit}"),
            phrase("Owed to you {dues}"),
        ],
        values=_today,
    ),
}
