"""The main menu. Its numbers are the contract with the printed card: a key keeps its meaning for ever."""

from __future__ import annotations

from locales import phrase
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Refused
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Values


def sells(turn: Turn) -> bool:
    """Shown to sales agents."""
    return turn.member.hub is not None


def saves(turn: Turn) -> bool:
    """Shown to members of a group."""
    return turn.member.group is not None


def leads(turn: Turn) -> bool:
    """Shown to the leaders of a group."""
    return saves(turn) and turn.member.role == "leader"


def _pays_off(turn: Turn) -> bool:
    """Shown to whom something can be lent, or sold on instalments."""
    return saves(turn) or sells(turn)


def _reason(turn: Turn) -> Values:
    return {"reason": turn.answers["reason"]}


SCREENS: dict[str, Screen] = {
    "home": Choice(
        options=[
            Option("1", phrase("Order stock"), "order", when=sells),
            Option("2", phrase("Log a sale"), "sale", when=sells),
            Option("3", phrase("Savings"), "savings", when=saves),
            Option("4", phrase("Loans"), "loan", when=_pays_off),
            Option("5", phrase("My group"), "group", when=saves),
            Option("7", phrase("Settings"), "settings"),
            Option("8", phrase("Group's books"), "leader", when=leads),
        ],
        back=None,
    ),
    "refused": Refused(values=_reason),
}
