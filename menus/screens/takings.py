"""What she made: today, this week, this month; and how she stands with her hub."""

from __future__ import annotations

from datetime import date
from datetime import timedelta

from ledger import sales
from ledger import shops
from locales import phrase
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Pages
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Values
from menus.screens.deliveries import OWES

WEEK_BEGINS = 5
"""Saturday (Monday is 0): in Bangladesh Friday is the day of rest, and the days are told off from Saturday."""


def _today(turn: Turn) -> Values:
    takings = sales.takings(turn.db, turn.member, turn.today, turn.today)
    return {"sales": takings.sales, "profit": takings.profit, "dues": takings.dues}


def _since(turn: Turn, first: date) -> Values:
    """The days from `first` to today; loss and commission only where there was any, and then what it all comes to."""
    results = shops.results(turn.db, turn.member, first, turn.today)
    dues = sales.takings(turn.db, turn.member, turn.today, turn.today).dues
    more = bool(results.lost or results.commission)
    return {
        "day": first,
        "sales": results.sales,
        "cost": results.cost,
        "profit": results.profit,
        "lost": results.lost or None,
        "earned": results.commission or None,
        "made": results.made if more else None,
        "dues": dues,
    }


def _week(turn: Turn) -> Values:
    return _since(turn, turn.today - timedelta(days=(turn.today.weekday() - WEEK_BEGINS) % 7))


def _month(turn: Turn) -> Values:
    return _since(turn, turn.today.replace(day=1))


def _hub(turn: Turn) -> Values:
    standing = shops.standing(turn.db, turn.member)
    return {
        "owes": standing.owes or None,
        "clear": None if standing.owes else True,
        "ahead": standing.ahead or None,
        "earned": standing.commission or None,
        "left": standing.credit_left,
    }


SALES, PROFIT, DUES = phrase("Sales {sales}"), phrase("Profit {profit}"), phrase("Owed to you {dues}")
REST = [
    SALES,
    phrase("Goods cost {cost}"),
    PROFIT,
    phrase("Lost goods {lost}"),
    phrase("Commission {earned}"),
    phrase("You made {made}"),
    DUES,
]

SCREENS: dict[str, Screen] = {
    "sale.today": Choice(
        title=[phrase("Today"), SALES, PROFIT, DUES],
        values=_today,
        options=[
            Option("1", phrase("This week"), "sale.week"),
            Option("2", phrase("This month"), "sale.month"),
            Option("3", phrase("With the hub"), "sale.hub"),
        ],
    ),
    "sale.week": Pages(title=[phrase("This week, from {day}"), *REST], values=_week),
    "sale.month": Pages(title=[phrase("This month, from {day}"), *REST], values=_month),
    "sale.hub": Pages(
        title=[
            *OWES,
            phrase("Paid ahead {ahead}"),
            phrase("Commission to come {earned}"),
            phrase("Credit left {left}"),
        ],
        values=_hub,
        absent=(("clear",), ("owes", "ahead", "earned")),
    ),
}
