"""What waits for a second person: the list, one of them, and the answer to it."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.console import seconds
from gateway.console.forms import text
from gateway.console.second import Second
from gateway.console.seconds import KINDS
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import WAITING
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from ledger.errors import NotFound
from locales import phrase

CHOOSE = phrase("Choose yes or no.")


def every(db: Connection, visit: Visit) -> Shown:
    """The requests that wait, of her scope."""
    who = visit.operator
    rows = seconds.waiting(db, who.scope, who.role, visit.now, number_after(visit.query), PAGE + 1)
    return Shown("seconds.html", paged(rows, lambda row: row.id) | {"kinds": KINDS})


def _found(db: Connection, visit: Visit) -> Second:
    try:
        return seconds.get(db, visit.operator.scope, visit.args["second"])
    except NotFound:
        raise Missing from None


def one(db: Connection, visit: Visit) -> Shown:
    """A request, with a form for who may decide it."""
    found = _found(db, visit)
    open_ = found.at(visit.now) == WAITING
    may = open_ and seconds.may_decide(visit.operator, found)
    return Shown("second.html", {"second": found, "kind": KINDS[found.kind], "open": open_, "may": may})


def decide(db: Connection, visit: Visit) -> Done:
    """Say yes or no; a yes carries it out."""
    found = _found(db, visit)
    answer = visit.typed.get("answer")
    if answer not in ("yes", "no"):
        raise Mistaken(CHOOSE, "answer")
    reason = text(visit.typed, "reason", 160, needed=False)
    peppers = visit.runtime.peppers
    state = seconds.decide(db, visit.operator, found, answer == "yes", reason, visit.origin(db), peppers)
    about = f"{found.kind} {found.subject}"
    return Done("seconds", act=f"second.{state}", about=about, detail=reason, said=f"second-{state}")
