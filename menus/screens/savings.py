"""Savings in her group: the balance, the last five movements, what she asks for."""

from __future__ import annotations

from ledger import savings
from locales import phrase
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Pages
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Values
from menus.screens import withdraw
from menus.screens.requests import requests


def _balance(turn: Turn) -> Values:
    last = savings.last(turn.db, turn.member, 1)
    return {
        "balance": savings.balance(turn.db, turn.member),
        "day": last[0].on if last else None,
        "sum": last[0].change if last else None,
    }


def _last(turn: Turn) -> list[Row]:
    return [Row("", {"day": each.on, "sum": each.change}) for each in savings.last(turn.db, turn.member, 5)]


SCREENS: dict[str, Screen] = {
    "savings": Choice(
        title=[phrase("Savings")],
        options=[
            Option("1", phrase("Balance"), "savings.balance"),
            Option("2", phrase("Last five"), "savings.last"),
            Option("3", phrase("Ask to withdraw"), "withdraw", leads=withdraw.enter),
            requests("4", loans=False),
        ],
    ),
    "savings.balance": Pages(
        title=[phrase("Your savings"), phrase("{balance}"), phrase("Last: {day}, {sum}")],
        values=_balance,
    ),
    "savings.last": Pages(
        row=[phrase("{day}: {sum}")],
        rows=_last,
        empty=phrase("Nothing saved yet"),
    ),
}
