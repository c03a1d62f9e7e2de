"""Loans: what is left, the next instalment or what is overdue, the schedule."""

from __future__ import annotations

from ledger import loans
from ledger.loans import Loan
from ledger.money import total
from locales import phrase
from locales import phrases
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Pages
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import When
from menus.screens import apply
from menus.screens.home import saves
from menus.screens.requests import requests


def _loan(turn: Turn, loan: Loan) -> Row:
    """One loan: how much is left, then the arrears if there are any, else the next instalment."""
    late, following = loan.overdue(turn.today), loan.unpaid[:1]
    values: dict[str, object] = {"left": loan.left, "n": None, "owed": None, "day": None, "sum": None}
    if late:
        values |= {"n": len(late), "owed": total((each.left for each in late), turn.member.currency)}
    elif following:
        values |= {"day": following[0].due, "sum": following[0].left}
    return Row("", values)


def _balances(turn: Turn) -> list[Row]:
    return [_loan(turn, loan) for loan in loans.running(turn.db, turn.member)]


def _schedule(turn: Turn) -> list[Row]:
    return [
        Row("", {"day": each.due, "sum": each.left})
        for loan in loans.running(turn.db, turn.member)
        for each in loan.unpaid
    ]


NO_LOAN = phrase("You have no loan")

SCREENS: dict[str, Screen] = {
    "loan": Choice(
        title=[phrase("Loans")],
        options=[
            Option("1", phrase("Balance, next instalment"), "loan.balance"),
            Option("2", phrase("Schedule"), "loan.schedule"),
            Option("3", phrase("Ask for a loan"), "apply", when=saves, leads=apply.enter),
            Option("4", phrase("Phone on instalments"), "emi"),
            requests("5", loans=True),
        ],
    ),
    "loan.balance": Pages(
        row=[
            phrase("Loan: {left} left"),
            phrase("Next: {day}"),
            phrase("{sum}"),
            phrases("{n} instalment overdue", "{n} instalments overdue"),
            phrase("{owed}"),
            When("n", phrase("Talk to your leader")),
        ],
        rows=_balances,
        absent=(("day", "sum"), ("n", "owed")),
        empty=NO_LOAN,
    ),
    "loan.schedule": Pages(
        title=[phrase("Still to pay")],
        row=[phrase("{day}: {sum}")],
        rows=_schedule,
        empty=NO_LOAN,
    ),
}
