"""What is done when a second person agrees to sending to many: the long task that writes the messages begins."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.console import operators
from gateway.console.operators import Scope
from gateway.console.second import Second
from gateway.sms import audience
from gateway.sms import broadcasts
from gateway.sms.broadcasts import Broadcast
from gateway.tasks import life
from ledger.books import Origin
from ledger.errors import NotAllowed

KIND = "broadcast"

LONGEST = 60
"""Characters of a text that say which broadcast it is."""


def send(db: Connection, asked: Second, origin: Origin) -> None:
    """Begin to send `broadcast`; refused to an officer of other groups, or when many more would get it than told."""
    of = broadcasts.locked(db, asked.programme, asked.inputs["broadcast"])
    who = operators.named(db, origin.actor.removeprefix("officer:"))
    if who is None or not within(who.scope, of):
        raise NotAllowed("second-not-yours")
    found = audience.shares(db, of.audience)
    if broadcasts.grown(of, sum(each.goes for each in found)):
        raise NotAllowed("broadcast-grown")
    everybody = sum(each.goes + each.numberless + each.stopped + each.shared for each in found)
    task = life.start(db, of.programme, of.operator, KIND, called(of), everybody, origin, broadcast=of.id)
    broadcasts.begun(db, of, task.id, origin.at)


def covers(db: Connection, scope: Scope, asked: Second) -> bool:
    """Whether all whom the `broadcast` of a request is for are in the groups of a scope."""
    of = broadcasts.find(db, asked.programme, asked.inputs["broadcast"])
    return of is not None and within(scope, of)


def within(scope: Scope, of: Broadcast) -> bool:
    """Whether all whom it is for are in the groups of a scope."""
    groups = of.audience.groups
    return scope.groups is None or (groups is not None and set(groups) <= set(scope.groups))


def called(of: Broadcast) -> str:
    """How it begins."""
    line = " ".join((of.text_bn or of.text_en).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
