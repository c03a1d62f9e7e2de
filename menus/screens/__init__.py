"""All screens by name: the explicit table, checked complete at import."""

from __future__ import annotations

from menus.screen import Screen
from menus.screens import apply
from menus.screens import approve
from menus.screens import asked
from menus.screens import basket
from menus.screens import changes
from menus.screens import checking
from menus.screens import closing
from menus.screens import collector
from menus.screens import correct
from menus.screens import customers
from menus.screens import deliveries
from menus.screens import door
from menus.screens import due
from menus.screens import emi
from menus.screens import goods
from menus.screens import group
from menus.screens import home
from menus.screens import leader
from menus.screens import loans
from menus.screens import meeting
from menus.screens import numbers
from menus.screens import orders
from menus.screens import payoff
from menus.screens import payout
from menus.screens import people
from menus.screens import placed
from menus.screens import requests
from menus.screens import sales
from menus.screens import savings
from menus.screens import settings
from menus.screens import takings
from menus.screens import telling
from menus.screens import undo
from menus.screens import withdraw

SCREENS: dict[str, Screen] = {
    **door.SCREENS,
    **home.SCREENS,
    **orders.SCREENS,
    **basket.SCREENS,
    **placed.SCREENS,
    **deliveries.SCREENS,
    **sales.SCREENS,
    **changes.SCREENS,
    **customers.SCREENS,
    **takings.SCREENS,
    **undo.SCREENS,
    **goods.SCREENS,
    **savings.SCREENS,
    **loans.SCREENS,
    **emi.SCREENS,
    **settings.SCREENS,
    **telling.SCREENS,
    **group.SCREENS,
    **checking.SCREENS,
    **leader.SCREENS,
    **due.SCREENS,
    **meeting.SCREENS,
    **closing.SCREENS,
    **payoff.SCREENS,
    **asked.SCREENS,
    **withdraw.SCREENS,
    **requests.SCREENS,
    **apply.SCREENS,
    **approve.SCREENS,
    **collector.SCREENS,
    **payout.SCREENS,
    **correct.SCREENS,
    **people.SCREENS,
    **numbers.SCREENS,
}


def _check_complete() -> None:
    missing = {to for screen in SCREENS.values() for _, to in screen.targets()} - set(SCREENS)
    if missing:
        raise LookupError(f"screens that are led to but not there: {', '.join(sorted(missing))}")


_check_complete()
