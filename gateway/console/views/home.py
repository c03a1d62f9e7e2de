"""Home: what waits for her, each a count with a list behind it; and those lists."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.console import seconds
from gateway.console import waits
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from gateway.console.views.listing import moment_before
from gateway.console.views.listing import moment_key
from gateway.console.views.listing import number_after
from gateway.console.views.listing import order_after
from gateway.console.views.listing import paged
from locales import Phrase
from locales import phrase

PACKERS = frozenset({ADMIN, KEEPER, AUDITOR})
APPROVERS = frozenset({ADMIN, OFFICER, AUDITOR})
TELLERS = frozenset({ADMIN, OFFICER, AUDITOR})
DECIDERS = frozenset({ADMIN, OFFICER, KEEPER, AUDITOR})
"""Whose work each list is; the auditor reads it."""

ORDER_STATES: Mapping[str, Phrase] = {"placed": phrase("placed"), "accepted": phrase("accepted")}

REQUEST_KINDS: Mapping[str, Phrase] = {
    "withdrawal": phrase("withdraw savings"),
    "loan": phrase("a loan"),
    "reversal": phrase("undo an entry"),
    "pin-reset": phrase("a new PIN"),
    "leave": phrase("leave the group"),
    "share-out": phrase("share out"),
}

MESSAGE_STATES: Mapping[str, Phrase] = {
    "unsure": phrase("nobody knows whether it arrived"),
    "failed": phrase("failed"),
    "expired": phrase("the phone could not be reached in time"),
    "unknown": phrase("the provider fell silent"),
}


@dataclass(frozen=True, slots=True)
class Waits:
    """One line of home: what waits, how many, and the page with its list."""

    what: Phrase
    page: str
    count: int

    @property
    def more(self) -> bool:
        """Whether there may be more than was counted."""
        return self.count >= waits.MOST


LINES: tuple[tuple[str, Phrase, frozenset[str], Callable[[Connection, Visit], int]], ...] = (
    (
        "orders-to-pack",
        phrase("Orders to pack"),
        PACKERS,
        lambda db, visit: waits.count_orders(db, visit.operator.scope),
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
        lambda db, visit: waits.count_requests(db, visit.operator.scope, visit.now),
    ),
    (
        "messages-unsure",
        phrase("Messages in doubt"),
        TELLERS,
        lambda db, visit: waits.count_messages(db, visit.operator.scope, waits.UNSURE, visit.now),
    ),
    (
        "messages-failed",
        phrase("Messages that failed, 30 days"),
        TELLERS,
        lambda db, visit: waits.count_messages(db, visit.operator.scope, waits.FAILED, visit.now),
    ),
)
"""What home looks at: page of the list, words, for whom, count. A new kind of work is a row here."""


def home(db: Connection, visit: Visit) -> Shown:
    """What waits for her."""
    role = visit.operator.role
    lines = [Waits(what, page, count(db, visit)) for page, what, who, count in LINES if role in who]
    return Shown("home.html", {"lines": lines})


def orders(db: Connection, visit: Visit) -> Shown:
    """The orders that are to be packed."""
    rows = waits.orders(db, visit.operator.scope, order_after(visit.query))
    return Shown("orders.html", paged(rows, lambda row: f"{row.book}-{row.number}") | {"states": ORDER_STATES})


def requests(db: Connection, visit: Visit) -> Shown:
    """The requests that wait for the leaders of her groups."""
    rows = waits.requests(db, visit.operator.scope, visit.now, number_after(visit.query))
    return Shown("requests.html", paged(rows, lambda row: row.id) | {"kinds": REQUEST_KINDS})


def _messages(db: Connection, visit: Visit, which: str) -> Shown:
    before = moment_before(visit.query, "[0-9]{1,18}")
    after = (before[0], int(before[1])) if before else None
    rows = waits.messages(db, visit.operator.scope, which, visit.now, after)
    return Shown(
        "messages.html", paged(rows, lambda row: moment_key(row.changed_at, row.id)) | {"states": MESSAGE_STATES}
    )


def unsure(db: Connection, visit: Visit) -> Shown:
    """The messages of which nobody knows whether they arrived."""
    return _messages(db, visit, waits.UNSURE)


def failed(db: Connection, visit: Visit) -> Shown:
    """The messages of the last days that did not arrive."""
    return _messages(db, visit, waits.FAILED)
