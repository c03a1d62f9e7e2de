"""All screens by name: the explicit table, checked complete at import."""

from __future__ import annotations

from menus.screen import Screen
from menus.screens import door
from menus.screens import home
from menus.screens import loans
from menus.screens import orders
from menus.screens import sales
from menus.screens import savings
from menus.screens import settings

SCREENS: dict[str, Screen] = {
    **door.SCREENS,
    **home.SCREENS,
    **orders.SCREENS,
    **sales.SCREENS,
    **savings.SCREENS,
    **loans.SCREENS,
    **settings.SCREENS,
}


def _check_complete() -> None:
    missing = {to for screen in SCREENS.values() for _, to in screen.targets()} - set(SCREENS)
    if missing:
        raise LookupError(f"screens that are led to but not there: {', '.join(sorted(missing))}")


_check_complete()
