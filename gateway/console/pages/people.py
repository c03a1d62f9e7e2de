"""Members and groups: who they are, joining, their numbers and roles."""

from __future__ import annotations

from gateway.console.shape import Page
from gateway.console.tables import ADMIN
from gateway.console.views import cutoffs
from gateway.console.views import groups
from gateway.console.views import imports
from gateway.console.views import joining
from gateway.console.views import members
from gateway.console.views import search
from locales import phrase

_ADMIN = frozenset({ADMIN})

PEOPLE: tuple[Page, ...] = (
    Page("members", "/members", phrase("Members"), search.READERS, search.members, menu=True),
    Page("groups", "/groups", phrase("Groups"), groups.READERS, groups.every, menu=True),
    Page("member-new", "/members/new", phrase("A new member"), groups.WRITERS, joining.show_new, joining.add),
    Page(
        "members-import",
        "/members/import",
        phrase("Many new members"),
        groups.WRITERS,
        imports.show_members,
        imports.members,
        room=imports.ROOM,
    ),
    Page("member", "/members/<int:member>", phrase("Member"), search.READERS, members.one),
    Page(
        "member-numbers",
        "/members/<int:member>/numbers",
        phrase("Phone numbers"),
        groups.WRITERS,
        members.show_numbers,
        members.numbers,
    ),
    Page(
        "member-change",
        "/members/<int:member>/change",
        phrase("Role and language"),
        groups.WRITERS,
        members.show_change,
        members.change,
    ),
    Page(
        "member-leave",
        "/members/<int:member>/leave",
        phrase("Leave the group"),
        groups.WRITERS,
        members.show_leave,
        members.leave,
    ),
    Page("member-pin", "/members/<int:member>/pin", phrase("A new PIN"), groups.WRITERS, members.show_pin, members.pin),
    Page("group-new", "/groups/new", phrase("A new group"), _ADMIN, groups.show_new, groups.add),
    Page("group", "/groups/<int:group>", phrase("Group"), groups.READERS, groups.one),
    Page(
        "group-rules",
        "/groups/<int:group>/rules",
        phrase("Change the rules"),
        groups.WRITERS,
        groups.show_rules,
        groups.set_rules,
    ),
    Page(
        "group-cutoff",
        "/groups/<int:group>/cutoff",
        phrase("Take over its old books"),
        groups.WRITERS,
        cutoffs.show,
        cutoffs.take_over,
        room=imports.ROOM,
    ),
    Page(
        "group-place", "/groups/<int:group>/place", phrase("Where it belongs"), _ADMIN, groups.show_place, groups.hang
    ),
)
