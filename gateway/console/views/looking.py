"""What the pages of a group's money have in common: whose things they are, sums as typed, and the look before a click.

A click that moves money is looked at first: the page comes back with what would be posted and what was typed, and
nothing is written. Only what was shown is then written: `shown` comes back with the form and is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import OFFICER
from gateway.console.views import typed
from ledger import groups
from ledger import members
from ledger import programmes
from ledger.errors import NotFound
from ledger.groups import Group
from ledger.members import Member
from ledger.money import Money
from ledger.programmes import Programme
from ledger.templates import PLACES
from locales import phrase

READERS = frozenset({ADMIN, OFFICER, AUDITOR})
WRITERS = frozenset({ADMIN, OFFICER})
"""Who sees a group's money, and who may write in its books."""

LOOK = phrase("Nothing is written yet. Look at it, then write it.")
MEANWHILE = phrase("Somebody changed this meanwhile. Compare what you typed with how it is now, then save it.")
NO_DAY = phrase("Write a day as 2026-11-22.")


class Look(Mistaken):
    """Nothing is wrong, and nothing was written: the page is shown again with what would be, which is `seen`."""

    def __init__(self, seen: Any) -> None:
        """`seen` is what the page's own `show` needs to say what would be posted."""
        super().__init__(LOOK, status=200)
        self.seen = seen


def seen(visit: Visit) -> Any:
    """What was worked out by the click before, if it was a look."""
    return visit.problem.seen if isinstance(visit.problem, Look) else None


def agreed(visit: Visit, would: Any, mark: Callable[[Any], str]) -> None:
    """Go on only if what would be posted is what was shown and agreed to; else let it be looked at."""
    if visit.typed.get("step") != "write" or visit.typed.get("shown") != mark(would):
        raise Look(would)


def known(what: Any) -> str:
    """What stands in the books or lists when a form is made, as one word: it travels with the form as `known`."""
    return sha256(repr(what).encode()).hexdigest()


def unchanged(visit: Visit, what: Any) -> None:
    """Go on only if nobody changed it since the form was made; nothing that somebody else did is undone unseen."""
    if visit.typed.get("known", known(what)) != known(what):
        raise Mistaken(MEANWHILE, status=409)


def mark(parts: Mapping[str, Money]) -> str:
    """What a sum goes to as one word, to be compared."""
    return "-".join(str(each.minor) for each in parts.values())


def programme(db: Connection, visit: Visit) -> Programme:
    """The programme that she works for."""
    return programmes.get(db, visit.operator.programme)


def today(db: Connection, visit: Visit) -> date:
    """Her programme's day."""
    return programmes.day(visit.now, programme(db, visit).timezone)


def covers(visit: Visit, programme: int, group: int | None) -> bool:
    """Whether something of a programme and a group (None: of no group) is in her scope."""
    scope = visit.operator.scope
    return programme == scope.programme and (scope.groups is None or group in scope.groups)


def the_group(db: Connection, visit: Visit) -> Group:
    """The group in the address; Missing unless it is in her scope."""
    try:
        found = groups.get(db, visit.args["group"])
    except NotFound:
        raise Missing from None
    if not covers(visit, found.programme, found.id):
        raise Missing
    return found


def the_member(db: Connection, visit: Visit) -> Member:
    """The member in the address; Missing unless she is in a group of her scope."""
    try:
        found = members.get(db, visit.args["member"])
    except NotFound:
        raise Missing from None
    if found.group is None or not covers(visit, found.programme, found.group):
        raise Missing
    return found


def amount(visit: Visit, field: str, currency: str, least: int = 1) -> Money:
    """A sum as typed, of `least` minor units or more; nothing typed is nothing, where that may be."""
    found = typed.minor(visit.typed, field)
    if found < least:
        raise Mistaken(typed.NO_SUM, field)
    return Money(found, currency)


def day(said: str, field: str) -> date:
    """A day as typed or chosen."""
    found = typed.as_day(said)
    if found is None:
        raise Mistaken(NO_DAY, field)
    return found


def place(visit: Visit) -> str:
    """Where the money comes from or goes to."""
    return typed.choice(visit.typed, "money", PLACES)
