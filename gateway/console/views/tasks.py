"""Long tasks: those that a person started (an administrator and an auditor see all), how far one is, stopping it."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.sheet_words import told
from gateway.console.tables import OFFICER
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_before
from gateway.console.views.listing import paged
from gateway.console.words import TASK_KINDS
from gateway.console.words import TASK_STATES
from gateway.tasks import life
from gateway.tasks.life import Task
from ledger.errors import NotFound


def every(db: Connection, visit: Visit) -> Shown:
    """The tasks that she may see, the newest first."""
    who = visit.operator
    mine = who.id if who.role == OFFICER else None
    rows = life.page(db, who.programme, mine, number_before(visit.query), PAGE + 1)
    return Shown("tasks.html", paged(rows, lambda row: row.id) | {"kinds": TASK_KINDS, "states": TASK_STATES})


def _found(db: Connection, visit: Visit) -> Task:
    who = visit.operator
    try:
        found = life.get(db, who.programme, visit.args["task"])
    except NotFound:
        raise Missing from None
    if who.role == OFFICER and found.operator != who.id:
        raise Missing
    return found


def one(db: Connection, visit: Visit) -> Shown:
    """How far a task is, and what it has to tell."""
    found = _found(db, visit)
    said = [told(visit.words, each) for each in found.told]
    values = {"task": found, "told": said, "kind": TASK_KINDS[found.kind], "state": TASK_STATES[found.state]}
    return Shown("task.html", values | {"open": found.state == life.RUNNING})


def stop(db: Connection, visit: Visit) -> Done:
    """Stop it where it is."""
    found = _found(db, visit)
    stopped = life.stop(db, found, visit.now)
    said, act = ("task-stopped", "task.stopped") if stopped else ("task-over", "")
    return Done("task", {"task": found.id}, act=act, about=f"{found.kind} {found.id}", detail=found.about, said=said)
