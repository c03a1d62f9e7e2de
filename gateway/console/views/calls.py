"""Calls: the menu as it is used, the calls that run and those that are over, one of them screen by screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from gateway import past_calls
from gateway import recent_calls
from gateway.console import menu_picture
from gateway.console.shape import Missing
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import OFFICER
from gateway.console.tables import TRAINER
from gateway.console.views.listing import LAST
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from gateway.console.views.looking import today
from gateway.past_calls import Use
from locales import Phrase
from locales import phrase
from menus import graph

LOOKERS = frozenset({ADMIN, OFFICER, AUDITOR, TRAINER})
"""Who sees how the menu is used; nobody's name is in that."""

READERS = frozenset({ADMIN, OFFICER, AUDITOR})
"""Who sees calls; an officer those of her groups' members."""

DAYS = (1, 7, 30, 90)
"""So many days may be looked at together."""

RECENT = 20
"""Calls shown of those that run or ended a moment ago."""

PARTS: Mapping[str, Phrase] = {
    menu_picture.DOOR: phrase("Before the main menu"),
    "order": phrase("1 Order stock"),
    "sale": phrase("2 Sales"),
    "savings": phrase("3 Savings"),
    "loan": phrase("4 Loan"),
    "group": phrase("5 My group"),
    "settings": phrase("7 Settings"),
    "leader": phrase("8 For leaders"),
}
"""The parts of the menu, by their first screens."""

FIGURES = phrase("shown {shown}, left {left}, {seconds} s")
UNANSWERED = phrase("shown {shown}, left {left}")
UNUSED = phrase("not shown")


def menu(db: Connection, visit: Visit) -> Shown:
    """One part of the menu as a picture and as a table: how often each screen was shown, left, how long it took."""
    part, days = visit.query.get("part", menu_picture.DOOR), visit.query.get("days", "7")
    if part not in PARTS or days not in map(str, DAYS):
        raise Missing
    last = today(db, visit)
    uses = past_calls.uses(db, visit.operator.programme, last - timedelta(days=int(days) - 1), last)
    screens = [each.screen for each in menu_picture.tree(part)]
    values = {
        "nouns": PARTS,
        "part": part,
        "days": int(days),
        "choices": DAYS,
        "picture": menu_picture.picture(part, uses, visit.words.say(PARTS[part]), lambda use: figures(visit, use)),
        "rows": [(screen, uses.get(screen, menu_picture.NOTHING)) for screen in screens],
        "running": recent_calls.running(db, visit.operator.programme, visit.now),
        "mermaid": graph.mermaid(),
        "simulator": visit.runtime.settings.simulator,
    }
    return Shown("calls_menu.html", values)


def figures(visit: Visit, use: Use) -> str:
    """The figures of a screen in words."""
    if not use.shown:
        return visit.words.say(UNUSED)
    if use.median is None:
        return visit.words.say(UNANSWERED, shown=use.shown, left=use.left)
    return visit.words.say(FIGURES, shown=use.shown, left=use.left, seconds=use.median)


def every(db: Connection, visit: Visit) -> Shown:
    """The calls that run or ended a moment ago, then those that are over, the newest first."""
    scope, before = visit.operator.scope, number_after(visit.query)
    rows = past_calls.page(db, scope.programme, scope.groups, before or LAST, PAGE + 1)
    recent = [] if before else recent_calls.page(db, scope.programme, scope.groups, visit.now, RECENT)
    return Shown(
        "calls.html", paged(rows, lambda row: row.id) | {"recent": recent, "now": visit.now, "first": not before}
    )


def one(db: Connection, visit: Visit) -> Shown:
    """A call that is over: its screens by name with the seconds on each, and how it ended."""
    scope = visit.operator.scope
    found = past_calls.get(db, scope.programme, scope.groups, visit.args["call"])
    if found is None:
        raise Missing
    return Shown("call.html", {"call": found, "steps": found.path, "live": False})


def recent(db: Connection, visit: Visit) -> Shown:
    """A call that runs, or ended a moment ago; with its texts if it is a demonstration's."""
    scope = visit.operator.scope
    found = recent_calls.get(db, scope.programme, scope.groups, visit.now, visit.args["running"])
    if found is None:
        raise Missing
    steps = recent_calls.steps(db, found)
    shown = recent_calls.open_to_all(db, found.number)
    values = {"call": found, "steps": steps, "live": True, "runs": found.runs(visit.now), "texts": shown}
    return Shown("call.html", values)
