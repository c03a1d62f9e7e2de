"""Home: what waits for her, each a count with a list behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway import books_checks
from gateway.console import seconds
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from gateway.console.views import requests
from gateway.console.views.listing import MOST
from gateway.outbox import troubled
from ledger import hubs
from locales import Phrase
from locales import phrase

PACKERS = frozenset({ADMIN, KEEPER, AUDITOR})
APPROVERS = frozenset({ADMIN, OFFICER, AUDITOR})
TELLERS = frozenset({ADMIN, OFFICER, AUDITOR})
DECIDERS = frozenset({ADMIN, OFFICER, KEEPER, AUDITOR})
CHECKERS = frozenset({ADMIN, AUDITOR})
"""Whose work each list is; the auditor reads it."""


@dataclass(frozen=True, slots=True)
class Waits:
    """One line of home: what waits, how many, and the page with its list."""

    what: Phrase
    page: str
    count: int

    @property
    def more(self) -> bool:
        """Whether there may be more than was counted."""
        return self.count >= MOST


def _to_pack(db: Connection, visit: Visit) -> int:
    scope = visit.operator.scope
    return hubs.count_to_pack(db, scope.programme, scope.hub, MOST)


def _troubled(db: Connection, visit: Visit, which: str) -> int:
    scope = visit.operator.scope
    return troubled.count(db, scope.programme, scope.groups, which, visit.now, MOST)


LINES: tuple[tuple[str, Phrase, frozenset[str], Callable[[Connection, Visit], int]], ...] = (
    (
        "orders",
        phrase("Orders to pack"),
        PACKERS,
        _to_pack,
    ),
    (
        "seconds",
        phrase("Waiting for a second person"),
        DECIDERS,
        lambda db, visit: len(seconds.waiting(db, visit.operator.scope, visit.operator.role, visit.now)),
    ),
    (
        "requests",
        phrase("Requests that wait for a group's leaders"),
        APPROVERS,
        lambda db, visit: requests.count(db, visit, requests.WAITING),
    ),
    (
        "to-pay",
        phrase("Approved money that is to be handed over"),
        APPROVERS,
        lambda db, visit: requests.count(db, visit, requests.TO_PAY),
    ),
    (
        "messages-unsure",
        phrase("Messages in doubt"),
        TELLERS,
        lambda db, visit: _troubled(db, visit, troubled.UNSURE),
    ),
    (
        "messages-failed",
        phrase("Messages that failed, 30 days"),
        TELLERS,
        lambda db, visit: _troubled(db, visit, troubled.FAILED),
    ),
    (
        "operations",
        phrase("Wrong in the books, by the last check of all"),
        CHECKERS,
        lambda db, visit: found.wrong if (found := books_checks.last(db)) else 0,
    ),
)
"""What home looks at: page of the list, words, for whom, count. A new kind of work is a row here."""


def home(db: Connection, visit: Visit) -> Shown:
    """What waits for her."""
    role = visit.operator.role
    lines = [Waits(what, page, count(db, visit)) for page, what, who, count in LINES if role in who]
    return Shown("home.html", {"lines": lines})
