"""Somebody becomes a member: the form, and her PIN, which is drawn by chance and shown once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.views.members import MEMBER_ROLES
from gateway.console.views.members import SPOKEN
from gateway.console.views.search import NO_GROUP
from gateway.console.views.search import group_called
from gateway.console.views.typed import choice
from gateway.console.views.typed import given_name
from gateway.console.views.typed import phone
from gateway.joining import LANGUAGES
from gateway.joining import registration
from ledger import hubs
from ledger import membership
from ledger import programmes
from ledger.hubs import Hub
from ledger.membership import MEMBER
from ledger.membership import ROLES
from locales import phrase
from locales.numerals import to_latin

BAD_CODE = phrase("A member's code has digits only, up to nine.")
NO_HUB = phrase("Choose a hub of the list.")

LONGEST_CODE = 9


def show_new(db: Connection, visit: Visit) -> Shown:
    """An empty form; `?group=` fills in the group."""
    asked = visit.query.get("group", "")
    known = group_called(db, visit, asked) if asked.isascii() and asked.isdigit() else None
    if asked and known is None:
        raise Missing
    first = {"group": known.names.written(visit.words.language) if known else "", "role": MEMBER, "language": "bn"}
    values: dict[str, Any] = {"values": {**first, **visit.typed}, "roles": MEMBER_ROLES, "spoken": SPOKEN}
    return Shown("member_new.html", values | {"hubs": _hubs(db, visit)})


def _hubs(db: Connection, visit: Visit) -> list[Hub]:
    """The hubs whose agent she may be made; only an administrator makes agents."""
    if visit.operator.role != ADMIN:
        return []
    return [each for each in hubs.every(db) if each.programme == visit.operator.programme]


def add(db: Connection, visit: Visit) -> Done:
    """Make somebody a member of a group of the visitor's; her PIN is shown once."""
    typed = visit.typed
    group = group_called(db, visit, text(typed, "group", 60))
    if group is None:
        raise Mistaken(NO_GROUP, "group")
    names = given_name(typed)
    programme = programmes.get(db, group.programme)
    number = phone(typed, "number", programme.timezone, needed=False)
    role, language = choice(typed, "role", ROLES), choice(typed, "language", LANGUAGES)
    hub = _hub(typed.get("hub", ""), _hubs(db, visit))
    code = _code(typed) or str(membership.free_code(db))
    reached = [number] if number else []
    more: dict[str, Any] = {"group": group.id, "hub": hub, "role": role, "language": language}
    who, pin = registration(visit.runtime.peppers, programme, code, names, reached, **more)
    made = membership.join(db, programme.id, who, visit.origin(db))
    shown = Shown("member_made.html", {"member": made, "group": group, "pin": pin})
    about = {"member": made.id}
    return Done("member", about, "member.joined", made.code, f"group:{group.id}", said="done-before", shown=shown)


def _code(typed: Any) -> str:
    """The code that was typed, "" for the next free one."""
    code = to_latin(text(typed, "code", LONGEST_CODE, needed=False))
    if code and not code.isdecimal():
        raise Mistaken(BAD_CODE, "code")
    return code


def _hub(said: str, offered: list[Hub]) -> int | None:
    known = {str(each.id): each.id for each in offered}
    if said and said not in known:
        raise Mistaken(NO_HUB, "hub")
    return known.get(said)
