"""Her customers: who owes her what, collecting dues part by part, what each bought on credit and paid."""

from __future__ import annotations

from ledger import accounts
from ledger import sales
from ledger.errors import NotFound
from ledger.money import Money
from ledger.money import total
from ledger.sales import DUES
from ledger.sales import Customer
from ledger.templates import REVERSAL
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
from menus.refusals import OWES_LESS
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When

NUMBERED = phrase("Customer {number}")


def customer_name(turn: Turn, number: int, name: str) -> str:
    """Her name where this handset can show it: one Bangla letter would make a Latin page twice as dear."""
    readable = turn.words.language == "bn" or is_gsm(name)
    return name if name and readable else turn.words.say(NUMBERED, number=number)


def typed_sum(turn: Turn, text: str) -> Money | Mistake:
    """A sum that she types, in her currency."""
    return answers.amount(text, turn.member.currency)


def known(turn: Turn, number: int) -> Customer | None:
    """A customer by her number, if there is one."""
    return next((each for each in sales.customers(turn.db, turn.member) if each.number == number), None)


def _chosen(turn: Turn) -> Customer:
    number = turn.answers["customer"]
    customer = known(turn, number)
    if customer is None:
        raise NotFound("unknown-customer", customer=number)
    return customer


def _owing(turn: Turn) -> list[Customer]:
    """Who owes something, the largest sum first."""
    owing = [each for each in sales.customers(turn.db, turn.member) if each.owes]
    return sorted(owing, key=lambda each: -each.owes.minor)


def _owing_rows(turn: Turn) -> list[Row]:
    return [
        Row(
            str(each.number),
            {"customer": customer_name(turn, each.number, each.name), "owes": each.owes},
            {"customer": each.number},
        )
        for each in _owing(turn)
    ]


def _all_dues(turn: Turn) -> Values:
    dues = total((each.owes for each in _owing(turn)), turn.member.currency)
    return {"dues": dues or None}


def _due_values(turn: Turn) -> Values:
    customer = _chosen(turn)
    values: dict[str, object] = {
        "customer": customer_name(turn, customer.number, customer.name),
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


def _to_collect(turn: Turn, amount: Money) -> Taken:
    customer = known(turn, turn.answers["customer"])
    if customer and amount > customer.owes:
        return Mistake(OWES_LESS, {"owes": customer.owes})
    return turn.dialogue.go("due.confirm", amount=amount.minor)


def _collect(turn: Turn) -> Dialogue:
    amount = Money(turn.answers["amount"], turn.member.currency)
    sales.collect(turn.db, turn.member, turn.answers["customer"], amount, turn.origin())
    return turn.dialogue.go("due.done")


def _everyone(turn: Turn) -> list[Row]:
    """All her customers by number; a sum stands only where one is owed."""
    rows = []
    for each in sales.customers(turn.db, turn.member):
        name = customer_name(turn, each.number, each.name)
        values: dict[str, object] = {"customer": None, "owes": None, "name": name}
        if each.owes:
            values = {"customer": name, "owes": each.owes, "name": None}
        rows.append(Row(str(each.number), values, {"customer": each.number}))
    return rows


def _one(turn: Turn) -> Values:
    customer = _chosen(turn)
    values = {"customer": customer_name(turn, customer.number, customer.name), "owes": customer.owes, "clear": None}
    return values if customer.owes else values | {"owes": None, "clear": True}


def _owes(turn: Turn) -> bool:
    return bool(_chosen(turn).owes)


def _last_five(turn: Turn) -> list[Row]:
    """What she took on credit, what she paid, and what of both was undone."""
    lines = accounts.last_lines(turn.db, turn.member.shop, [DUES], turn.answers["customer"], 5)
    none = dict.fromkeys(MOVED.values())
    return [
        Row("", {"day": each.on} | none | {MOVED.get(each.kind, "undone"): max(each.change, -each.change)})
        for each in lines
    ]


MOVED = {"sale": "owed", "due.collect": "paid", REVERSAL: "undone"}
"""How what a customer owes changed, by the kind of entry."""

CLEAR = When("clear", phrase("{customer} owes nothing more"))
STANDS = (phrase("{customer} owes {owes}"), CLEAR)

SCREENS: dict[str, Screen] = {
    "due": Choice(
        title=[phrase("Owed to you {dues}. Who pays?")],
        values=_all_dues,
        row=[phrase("{customer} {owes}")],
        rows=_owing_rows,
        then="due.amount",
        empty=phrase("Nobody owes you anything"),
    ),
    "due.amount": Ask(
        title=[phrase("{customer} owes {owes}")],
        prompt=phrase("How much did she pay?"),
        says=(answers.SUM_ONLY, OWES_LESS),
        values=_due_values,
        parse=typed_sum,
        then=_to_collect,
        exits=("due.confirm",),
    ),
    "due.confirm": Confirm(
        title=[phrase("{customer} pays {sum}"), phrase("Then she owes {rest}")],
        values=_due_values,
        yes=phrase("Record it"),
        act=_collect,
        refused=Option("1", phrase("Another sum"), "due.amount"),
        shortens=("customer",),
        exits=("due.done",),
    ),
    "due.done": End(
        title=[phrase("Recorded: {sum}"), phrase("{customer} still owes {owes}"), CLEAR],
        values=_paid,
        absent=(("clear",), ("owes",)),
    ),
    "customers": Choice(
        row=[phrase("{customer} {owes}"), phrase("{name}")],
        rows=_everyone,
        then="customer",
        empty=phrase("You have no customers yet"),
    ),
    "customer": Choice(
        title=STANDS,
        values=_one,
        absent=(("clear",), ("owes",)),
        options=[
            Option("1", phrase("Sell on credit"), "sale.item", {"credit": True, "new": False, "name": ""}),
            Option("2", phrase("Collect dues"), "due.amount", when=_owes),
            Option("3", phrase("Last entries"), "customer.last"),
        ],
    ),
    "customer.last": Pages(
        title=STANDS,
        values=_one,
        row=[
            phrase("{day}: on credit {owed}"),
            phrase("{day}: paid {paid}"),
            phrase("{day}: undone {undone}"),
        ],
        rows=_last_five,
    ),
}
