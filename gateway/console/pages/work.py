"""What waits, and what another person asked for."""

from __future__ import annotations

from gateway.console.shape import EVERY_ROLE
from gateway.console.shape import Page
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import OFFICER
from gateway.console.views import home
from gateway.console.views import seconds
from gateway.console.views import tasks
from locales import phrase

_STARTERS = frozenset({ADMIN, OFFICER})

WORK: tuple[Page, ...] = (
    Page("home", "/", phrase("What waits"), EVERY_ROLE, home.home, menu=True),
    Page("seconds", "/seconds", phrase("Second person"), home.DECIDERS, seconds.every, menu=True),
    Page(
        "second",
        "/seconds/<int:second>",
        phrase("Second person"),
        home.DECIDERS,
        seconds.one,
        seconds.decide,
        acts=home.DECIDERS - {AUDITOR},
    ),
    Page("tasks", "/tasks", phrase("Long tasks"), _STARTERS | {AUDITOR}, tasks.every, menu=True),
    Page(
        "task", "/tasks/<int:task>", phrase("Long task"), _STARTERS | {AUDITOR}, tasks.one, tasks.stop, acts=_STARTERS
    ),
)
