"""The rows of tasks: started once, claimed by one worker at a time, stepped forward, stopped, finished."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import LargeBinary
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.books import Origin
from ledger.errors import NotFound
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata

RUNNING, DONE, STOPPED, FAILED = "running", "done", "stopped", "failed"
STATES = (RUNNING, DONE, STOPPED, FAILED)

HELD = timedelta(seconds=60)
"""How long a worker has a task after each step; one that died leaves it to the others then."""

MOST_TOLD = 200
"""Sentences that a task keeps for its starter."""

TRIES = 5
"""After so many failures in a row at one place a task is given up."""

task_table = Table(
    "task",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("operator", ForeignKey("operator.id"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("about", String(80), nullable=False),
    Column("inputs", Text, nullable=False),
    Column("sheet", LargeBinary),
    Column("state", String(8), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("after", String(60), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("told", Text, nullable=False),
    Column("trouble", String(80), nullable=False),
    Column("held_until", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("operation", String(64), nullable=False, unique=True),
    CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),
    Index(None, "state", "held_until"),
    Index(None, "programme", "id"),
)
"""`inputs` is JSON that its kind understands, `sheet` the file it goes through, until it is over; `after` is where the
next step begins; `told` is JSON: sentences, or codes, that its kind reads again."""


@dataclass(frozen=True)
class Task:
    """A task as it stands; without its sheet, which `sheet()` reads."""

    id: int
    programme: int
    operator: int
    kind: str
    about: str
    inputs: Mapping[str, Any]
    state: str
    done: int
    total: int
    after: str
    tries: int
    told: Sequence[Any]
    trouble: str
    created_at: datetime
    changed_at: datetime
    operation: str


@dataclass(frozen=True)
class Stepped:
    """What a step did: where the next one begins (None: that was the last), how many more are done, what to tell."""

    after: str | None
    done: int
    told: Sequence[Any] = field(default_factory=tuple)


_COLUMNS = [column for column in task_table.c if column.name not in ("sheet", "held_until")]
_ONE = select(*_COLUMNS).where(task_table.c.id == bindparam("id"))
_OF_OPERATION = select(*_COLUMNS).where(task_table.c.operation == bindparam("operation"))
_SHEET = select(task_table.c.sheet).where(task_table.c.id == bindparam("id"))
_EVERY = (
    select(*_COLUMNS)
    .where(task_table.c.programme == bindparam("programme"), task_table.c.id < bindparam("before"))
    .order_by(task_table.c.id.desc())
    .limit(bindparam("most"))
)
_OF_OPERATOR = _EVERY.where(task_table.c.operator == bindparam("operator"))
_FREE = (
    select(task_table.c.id)
    .where(task_table.c.state == RUNNING, task_table.c.held_until <= bindparam("now", type_=Instant))
    .order_by(task_table.c.held_until)
    .limit(1)
)
_it = (task_table.c.id == bindparam("b_id"), task_table.c.state == RUNNING)
_CLAIM = (
    task_table.update()
    .where(*_it, task_table.c.held_until <= bindparam("now", type_=Instant))
    .values(held_until=bindparam("until", type_=Instant))
)
_MOVE = task_table.update().where(
    *_it, task_table.c.after == bindparam("b_after"), task_table.c.done == bindparam("b_done")
)
_STOP = task_table.update().where(*_it).values(state=STOPPED, sheet=None, changed_at=bindparam("now", type_=Instant))

# A sheet has names and numbers of people: it is not kept for longer than it is read.
_OVER: dict[str, Any] = {"sheet": None}


def _task(row: Any) -> Task:
    values = dict(row._mapping)
    return Task(**values | {"inputs": json.loads(row.inputs), "told": json.loads(row.told)})


def start(
    db: Connection,
    programme: int,
    operator: int,
    kind: str,
    about: str,
    total: int,
    origin: Origin,
    *,
    sheet: bytes | None = None,
    **inputs: Any,
) -> Task:
    """Start a task of a kind; the same operation again gives the same task. `total`: what there is to do, counted."""
    if before := db.execute(_OF_OPERATION, {"operation": origin.operation}).one_or_none():
        return _task(before)
    row = {
        "programme": programme,
        "operator": operator,
        "kind": kind,
        "about": about[:80],
        "inputs": json.dumps(inputs, sort_keys=True),
        "sheet": sheet,
        "state": RUNNING,
        "done": 0,
        "total": total,
        "after": "",
        "tries": 0,
        "told": "[]",
        "trouble": "",
        "held_until": origin.at,
        "created_at": origin.at,
        "changed_at": origin.at,
        "operation": origin.operation,
    }
    db.execute(task_table.insert(), row)
    return _task(db.execute(_OF_OPERATION, {"operation": origin.operation}).one())


def get(db: Connection, programme: int, task: int) -> Task:
    """A task of a programme; NotFound when there is none."""
    row = db.execute(_ONE, {"id": task}).one_or_none()
    if row is None or row.programme != programme:
        raise NotFound("unknown-task", task=task)
    return _task(row)


def sheet(db: Connection, task: Task) -> bytes:
    """The file that a task goes through; empty where it has none."""
    kept: bytes | None = db.execute(_SHEET, {"id": task.id}).scalar_one()
    return kept or b""


def page(db: Connection, programme: int, operator: int | None, before: int, most: int) -> list[Task]:
    """Up to `most` tasks of a programme, or of one of its operators, the newest first, before one of them."""
    values = {"programme": programme, "before": before, "most": most}
    if operator is None:
        return [_task(row) for row in db.execute(_EVERY, values)]
    return [_task(row) for row in db.execute(_OF_OPERATOR, values | {"operator": operator})]


def claim(db: Connection, now: datetime) -> Task | None:
    """Take a task that nobody works on, for `HELD`; None when there is none, or another worker was faster."""
    task: int | None = db.execute(_FREE, {"now": now}).scalar_one_or_none()
    if task is None:
        return None
    taken = db.execute(_CLAIM, {"b_id": task, "now": now, "until": now + HELD}).rowcount == 1
    return _task(db.execute(_ONE, {"id": task}).one()) if taken else None


def move(db: Connection, task: Task, stepped: Stepped, now: datetime) -> bool:
    """Note a step in its own transaction; False, and the step must be taken back, when the task is elsewhere by now."""
    told = [*task.told, *stepped.told][:MOST_TOLD]
    values = {
        "state": DONE if stepped.after is None else RUNNING,
        "done": task.done + stepped.done,
        "after": task.after if stepped.after is None else stepped.after,
        "told": json.dumps(told),
        "tries": 0,
        "trouble": "",
        "held_until": now + HELD,
        "changed_at": now,
    }
    where = {"b_id": task.id, "b_after": task.after, "b_done": task.done}
    return db.execute(_MOVE.values(values | (_OVER if stepped.after is None else {})), where).rowcount == 1


def stumble(db: Connection, task: Task, trouble: str, now: datetime) -> None:
    """Note that a step failed by our mistake: it is tried again later, or given up after `TRIES`."""
    tries = task.tries + 1
    wait = timedelta(seconds=2**tries)
    values: dict[str, Any] = {
        "state": RUNNING,
        "tries": tries,
        "trouble": trouble[:80],
        "held_until": now + wait,
        "changed_at": now,
    }
    if tries >= TRIES:
        values |= _OVER | {"state": FAILED}
    db.execute(_MOVE.values(values), {"b_id": task.id, "b_after": task.after, "b_done": task.done})


def stop(db: Connection, task: Task, now: datetime) -> bool:
    """Stop a task where it is; what it did stays. False when it was over already."""
    return db.execute(_STOP, {"b_id": task.id, "now": now}).rowcount == 1
