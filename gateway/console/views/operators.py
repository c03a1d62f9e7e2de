"""Operators, for the administrator: who works in the office, in which role, on what; letting in and keeping out."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from gateway.console import operators
from gateway.console import signins
from gateway.console.forms import text
from gateway.console.operators import NAME
from gateway.console.operators import Operator
from gateway.console.operators import Wanted
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from gateway.console.tables import ROLES
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import paged
from gateway.console.words import LANGUAGES
from ledger import groups
from ledger import hubs
from ledger.hubs import Hub
from ledger.tables import Names
from locales import phrase

MOST_GROUPS = 200

BAD_NAME = phrase("A name to sign in with has 2 to 30 of these: a-z 0-9 . _ -, and begins with a letter.")
TAKEN = phrase("Somebody has this name already.")
CHOOSE = phrase("Choose one.")
NEEDS_HUB = phrase("A hub keeper needs a hub.")
NEEDS_GROUPS = phrase("An officer needs groups: write the name of each on a line of its own.")
MANY_GROUPS = phrase("At most {most} groups.")
NO_SUCH_GROUP = phrase("No group, or more than one, is called {name}.")
NOT_YOURSELF = phrase("Not for yourself: another administrator does that.")


def scope_shown(db: Connection, who: Operator) -> list[Names]:
    """The groups or the hub that somebody works on, for people; empty: the whole programme."""
    if who.role == OFFICER:
        return [each.names for each in groups.these(db, who.groups)]
    return [hubs.get(db, who.hub).names] if who.hub is not None else []


def every(db: Connection, visit: Visit) -> Shown:
    """The operators of her programme."""
    rows = operators.every(db, visit.operator.programme, visit.query.get("after", "")[:40], PAGE + 1)
    return Shown("operators.html", paged(rows, lambda row: row.name))


def _found(db: Connection, visit: Visit) -> Operator:
    found = operators.get(db, visit.args["operator"])
    if found is None or found.programme != visit.operator.programme:
        raise Missing
    return found


def one(db: Connection, visit: Visit) -> Shown:
    """An operator, her sign-ins, and what can be done about her."""
    found = _found(db, visit)
    rows = signins.open_ones(db, found, visit.now)
    return Shown("operator.html", {"operator": found, "rows": rows, "scope": scope_shown(db, found)})


def _form(db: Connection, visit: Visit, found: Operator | None) -> Shown:
    """The form of an operator: what was typed, else what is."""
    typed = dict(visit.typed)
    if not typed and found is not None:
        names = [each.bn_Latn for each in scope_shown(db, found)] if found.role == OFFICER else []
        typed = {"display": found.display, "role": found.role, "hub": str(found.hub or ""), "groups": "\n".join(names)}
    mine = [each for each in hubs.every(db) if each.programme == visit.operator.programme]
    values = {"operator": found, "values": typed, "hubs": mine, "roles": ROLES}
    return Shown("operator_form.html", values)


def show_new(db: Connection, visit: Visit) -> Shown:
    """An empty form."""
    return _form(db, visit, None)


def show_change(db: Connection, visit: Visit) -> Shown:
    """A filled form."""
    return _form(db, visit, _found(db, visit))


def wanted(db: Connection, visit: Visit) -> Wanted:
    """What the form says somebody is to be; Mistaken by the field that does not do."""
    display, role = text(visit.typed, "display", 60), visit.typed.get("role", "")
    if role not in ROLES:
        raise Mistaken(CHOOSE, "role")
    programme, hub = visit.operator.programme, None
    mine: tuple[int, ...] = ()
    if role == KEEPER:
        hub = _hub(hubs.every(db), visit)
    if role == OFFICER:
        mine = group_ids(db, programme, text(visit.typed, "groups", 20_000, needed=False).splitlines())
    language = visit.typed.get("language", "bn")
    return Wanted(programme, display, role, language if language in LANGUAGES else "bn", hub, mine)


def _hub(every_: list[Hub], visit: Visit) -> int:
    mine = {str(each.id): each.id for each in every_ if each.programme == visit.operator.programme}
    if visit.typed.get("hub", "") not in mine:
        raise Mistaken(NEEDS_HUB, "hub")
    return mine[visit.typed["hub"]]


def group_ids(db: Connection, programme: int, lines: list[str]) -> tuple[int, ...]:
    """The groups of a programme that are called so; Mistaken for a name that is nobody's, or of several."""
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not names:
        raise Mistaken(NEEDS_GROUPS, "groups")
    if len(names) > MOST_GROUPS:
        raise Mistaken(MANY_GROUPS, "groups", most=MOST_GROUPS)
    ids = []
    for name in names:
        found = [each.id for each in groups.called(db, name) if each.programme == programme]
        if len(found) != 1:
            raise Mistaken(NO_SUCH_GROUP, "groups", name=name[:60])
        ids += found
    return tuple(sorted(set(ids)))


def add(db: Connection, visit: Visit) -> Done:
    """Add an operator; her password is drawn, shown once, and must be changed."""
    name = text(visit.typed, "name", 30).lower()
    if not NAME.fullmatch(name):
        raise Mistaken(BAD_NAME, "name")
    if operators.named(db, name) is not None:
        raise Mistaken(TAKEN, "name")
    made, drawn = operators.add(db, visit.runtime.peppers, name, wanted(db, visit), visit.now)
    return _drawn(made, drawn, "operator.added", made.role)


def _drawn(who: Operator, drawn: str, act: str, detail: str = "") -> Done:
    shown = Shown("drawn.html", {"operator": who, "drawn": drawn})
    return Done("operator", {"operator": who.id}, act, who.name, detail, said="done-before", shown=shown)


def change(db: Connection, visit: Visit) -> Done:
    """Call her otherwise, give her another role or scope; not oneself another role."""
    found, to_be = _found(db, visit), wanted(db, visit)
    if found.id == visit.operator.id and to_be.role != found.role:
        raise Mistaken(NOT_YOURSELF, "role")
    operators.change(db, found, to_be)
    detail = f"{_as_noted(found.role, found.groups, found.hub)} -> {_as_noted(to_be.role, to_be.groups, to_be.hub)}"
    return Done("operator", {"operator": found.id}, "operator.changed", found.name, detail, said="saved")


def _as_noted(role: str, groups_: tuple[int, ...], hub: int | None) -> str:
    """A role and its scope by numbers, as the trail keeps them."""
    return " ".join([role, *(f"group:{each}" for each in groups_), *([f"hub:{hub}"] if hub is not None else [])])


def _disable(db: Connection, visit: Visit, found: Operator) -> Done:
    operators.disable(db, found, visit.now)
    return Done("operator", {"operator": found.id}, "operator.disabled", found.name, said="disabled")


def _enable(db: Connection, visit: Visit, found: Operator) -> Done:
    operators.enable(db, found)
    return Done("operator", {"operator": found.id}, "operator.enabled", found.name, said="enabled")


def _new_password(db: Connection, visit: Visit, found: Operator) -> Done:
    drawn = operators.draw_password(db, visit.runtime.peppers, found, visit.now)
    return _drawn(found, drawn, "password.reset")


def _no_totp(db: Connection, visit: Visit, found: Operator) -> Done:
    reset_totp(db, found, visit.now)
    return Done("operator", {"operator": found.id}, "totp.reset", found.name, said="totp-reset")


def _end(db: Connection, visit: Visit, found: Operator) -> Done:
    operators.end_sign_ins(db, found, visit.now)
    return Done("operator", {"operator": found.id}, "sign-in.ended", found.name, said="ended")


def reset_totp(db: Connection, found: Operator, now: datetime) -> None:
    """Take her second factor away, and end her sign-ins; the app is set up anew at the next one."""
    operators.set_totp(db, found, None, 0)
    operators.end_sign_ins(db, found, now)


DEEDS: Mapping[str, Callable[[Connection, Visit, Operator], Done]] = {
    "disable": _disable,
    "enable": _enable,
    "password": _new_password,
    "totp": _no_totp,
    "end": _end,
}
"""What an administrator can do about another one."""


def deed(db: Connection, visit: Visit) -> Done:
    """Do one of `DEEDS` about somebody else."""
    found, do = _found(db, visit), DEEDS.get(visit.typed.get("deed", ""))
    if do is None:
        raise Mistaken(CHOOSE, "deed")
    if found.id == visit.operator.id:
        raise Mistaken(NOT_YOURSELF, "deed")
    return do(db, visit, found)
