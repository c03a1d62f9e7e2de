"""Her phone on instalments: what is left, the next instalment, what closes it today; it is paid at the hub."""

from __future__ import annotations

from ledger import catalogue
from ledger import emi
from ledger.emi import Contract
from ledger.money import total
from locales import phrase
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Pages
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Values
from menus.screen import When
from menus.screens.orders import item_name


def _contract(turn: Turn) -> Contract | None:
    """The contract she looks at: the one she chose, else her oldest that is not paid off."""
    running = emi.of_member(turn.db, turn.member)
    chosen = [each for each in running if each.id == turn.answers.get("contract")]
    return next(iter(chosen or running), None)


def _item(turn: Turn, contract: Contract) -> str:
    return item_name(turn, catalogue.by_ids(turn.db, [contract.item], turn.today)[contract.item])


def _values(turn: Turn) -> Values:
    """What is left and what comes next; what was not paid in time is said as what is to be paid now, and since when."""
    names = ("item", "left", "owed", "since", "day", "sum", "close", "none")
    values: dict[str, object] = dict.fromkeys(names)
    contract = _contract(turn)
    if contract is None:
        return values | {"none": True}
    values |= {"item": _item(turn, contract), "left": contract.left, "close": emi.to_close(contract, turn.today)}
    if late := contract.overdue(turn.today):
        owed = total((each.left for each in late), turn.member.currency)
        return values | {"owed": owed, "since": late[0].due}
    following = contract.unpaid[0]
    return values | {"day": following.due, "sum": following.left}


def _others(turn: Turn) -> list[Row]:
    """Her other contracts; `1` is the schedule of the one that is shown."""
    shown = _contract(turn)
    others = [each for each in emi.of_member(turn.db, turn.member) if shown and each.id != shown.id]
    return [
        Row(str(key), {"item": _item(turn, each), "left": each.left}, {"contract": each.id})
        for key, each in enumerate(others, 2)
    ]


def _has(turn: Turn) -> bool:
    return _contract(turn) is not None


def _schedule(turn: Turn) -> list[Row]:
    contract = _contract(turn)
    return [Row("", {"day": each.due, "sum": each.left}) for each in contract.unpaid] if contract else []


NO_CONTRACT = phrase("You have nothing on instalments")

SCREENS: dict[str, Screen] = {
    "emi": Choice(
        title=[
            When("none", NO_CONTRACT),
            phrase("{item}: {left} left"),
            phrase("To pay since {since}: {owed}"),
            phrase("Next: {day}, {sum}"),
            phrase("All of it today: {close}"),
            When("left", phrase("You pay at the hub")),
        ],
        values=_values,
        row=[phrase("{item}: {left} left")],
        rows=_others,
        then="emi",
        options=[Option("1", phrase("Schedule"), "emi.schedule", when=_has)],
        absent=(("none", "owed", "since"), ("none", "day", "sum")),
    ),
    "emi.schedule": Pages(
        title=[phrase("Still to pay")],
        row=[phrase("{day}: {sum}")],
        rows=_schedule,
        empty=NO_CONTRACT,
    ),
}
