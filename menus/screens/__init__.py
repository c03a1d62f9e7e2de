"""All screens by name: the explicit table, checked complete at import."""

from __future__ import annotations

from menus.screen import Screen
from menus.screens import basket
from menus.screens import changes
from menus.screens import customers
from menus.screens import deliveries
from menus.screens import door
from menus.screens import emi
from menus.screens import goods
from menus.screens import home
from menus.screens import loans
from menus.screens import orders
from menus.screens import sales
from menus.screens import savings
from menus.screens import settings
from menus.screens import takings
from menus.screens import telling
from menus.screens import undo

SCREENS: dict[str, Screen] = {
    **door.SCREENS,
    **home.SCREENS,
    **orders.SCREENS,
    **basket.SCREENS,
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
}


def _check_complete() -> None:
    missing = {to for screen in SCREENS.values() for _, to in screen.targets()} - set(SCREENS)
    if missing:
        raise LookupError(f"screens that are led to but not there: {', '.join(sorted(missing))}")


_check_complete()
