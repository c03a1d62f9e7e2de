"""Finding somebody: one box for a name, a phone number, a code or an order's number; and the members by name."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from gateway.console.shape import Missing
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from gateway.console.views.goods import her_hubs
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import paged
from ledger import groups
from ledger import hubs
from ledger import people
from ledger import programmes
from ledger.groups import Group
from ledger.people import Listed
from ledger.people import Within
from locales import phrase
from locales.numerals import to_latin
from locales.phones import e164
from locales.script import canonical

READERS = frozenset({ADMIN, OFFICER, KEEPER, AUDITOR})
"""Who finds members: an officer those of her groups, a hub keeper the agents of her hub."""

NO_GROUP = phrase("No group of yours, or more than one, is called so. Type its name, or its number.")

MOST_GROUPS = 10
MOST_ORDERS = 10

_DIGITS = re.compile(r"\+?[0-9][0-9 ()-]{0,22}")
_CODE = re.compile("[0-9]{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def within(visit: Visit) -> Within:
    """Whose members and groups a visitor may see."""
    scope = visit.operator.scope
    return Within(scope.programme, scope.groups, scope.hub)


def the_member(db: Connection, visit: Visit) -> Listed:
    """The member whom the address names; Missing if she is not the visitor's to see."""
    found = people.one(db, within(visit), visit.args["member"])
    if found is None:
        raise Missing
    return found


def the_group(db: Connection, visit: Visit, number: int | None = None) -> Group:
    """The group whom the address names, or with a number; Missing if it is not the visitor's to see."""
    scope, wanted = visit.operator.scope, visit.args["group"] if number is None else number
    if scope.groups is not None and wanted not in scope.groups:
        raise Missing
    found = groups.these(db, [wanted])
    if not found or found[0].programme != scope.programme or scope.hub is not None:
        raise Missing
    return found[0]


def group_called(db: Connection, visit: Visit, said: str) -> Group | None:
    """The one group of the visitor's with a number or a name, in either script; None if there is none, or several."""
    number, ours = to_latin(said), within(visit)
    found = groups.these(db, [int(number)]) if _CODE.fullmatch(number) else groups.called(db, said)
    mine = [each for each in found if each.programme == ours.programme]
    mine = [each for each in mine if ours.groups is None or each.id in ours.groups]
    return mine[0] if len(mine) == 1 else None


def members(db: Connection, visit: Visit) -> Shown:
    """What was looked for; else all members whom she may see, by name."""
    said = asked(visit)
    if not said:
        return _everybody(db, visit)
    found, more = _people(db, visit, said)
    values = {"rows": found, "more": more, "find": said, "groups": _groups(db, visit, said), "next": ""}
    return Shown("members.html", values | {"orders": _orders(db, visit, said)})


def asked(visit: Visit) -> str:
    """What was looked for, in one spelling; what no name has is left out."""
    plain = _CONTROL.sub(" ", canonical(visit.query.get("find", "")))
    return " ".join(plain.split())[: people.MOST_TEXT]


def name_after(visit: Visit) -> tuple[str, int]:
    """`?after=12-Salma`: where a page of a list by names begins; Missing for anything else."""
    after = visit.query.get("after", "")
    found = re.fullmatch(r"([0-9]{1,18})-(.{0,60})", after)
    if (after and not found) or _CONTROL.search(after):
        raise Missing
    return (found[2], int(found[1])) if found else ("", 0)


def name_key(row: Listed | Group) -> str:
    """What stands in the address for the page after a row."""
    return f"{row.id}-{row.names.bn_Latn}"


def _everybody(db: Connection, visit: Visit) -> Shown:
    rows = people.by_name(db, within(visit), name_after(visit), PAGE + 1)
    return Shown("members.html", paged(rows, name_key) | {"find": "", "more": False, "groups": [], "orders": []})


def _people(db: Connection, visit: Visit, said: str) -> tuple[list[Listed], bool]:
    """The members with a code, on a number, or called so; whether there are more."""
    ours, digits = within(visit), to_latin(said)
    if not _DIGITS.fullmatch(digits):
        found = people.called(db, ours, said, PAGE + 1)
        return found[:PAGE], len(found) > PAGE
    found = people.of_code(db, ours, digits) if _CODE.fullmatch(digits) else []
    number = e164(digits, programmes.get(db, ours.programme).timezone)
    known = {each.id for each in found}
    found += [each for each in (people.on_number(db, ours, number, PAGE) if number else []) if each.id not in known]
    return found, False


def _groups(db: Connection, visit: Visit, said: str) -> list[Group]:
    digits = to_latin(said)
    if _DIGITS.fullmatch(digits):
        return []
    return people.groups_called(db, within(visit), said, MOST_GROUPS)


def _orders(db: Connection, visit: Visit, said: str) -> list[hubs.Listed]:
    """The orders with a number that she may see: at her hub, or of the agents of her groups."""
    number, scope = to_latin(said), visit.operator.scope
    if not _CODE.fullmatch(number):
        return []
    found = hubs.numbered(db, [each.book for each in her_hubs(db, visit)], int(number))[:MOST_ORDERS]
    if scope.groups is None:
        return found
    return [each for each in found if people.one(db, within(visit), each.order.agent)]
