"""Running tasks: a worker takes one that is free, does step after step, each in one transaction with its note."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from threading import Event

import structlog
from sqlalchemy import Connection

from gateway.backend import JOB
from gateway.backend import contended
from gateway.runtime import Runtime
from gateway.tasks import broadcast
from gateway.tasks import importing
from gateway.tasks import life
from gateway.tasks.life import Stepped
from gateway.tasks.life import Task
from gateway.transaction import transaction

log = structlog.get_logger(__name__)

LOOK = 1.0
"""Seconds between two looks for a task."""

Step = Callable[[Runtime, Connection, Task, datetime], Stepped]

STEPS: Mapping[str, Step] = {broadcast.KIND: broadcast.step, importing.KIND: importing.step}
"""Every kind, and what one step of it does in the transaction that notes it."""


class _Overtaken(Exception):
    """The task was stopped, or another worker has it: what this step did is taken back."""


def some(runtime: Runtime, stop: Event) -> bool:
    """Take a task and work on it until its end, its trouble or `stop`; whether there was one."""
    with runtime.database.writing(JOB) as db:
        task = life.claim(db, datetime.now(UTC))
    if task is None:
        return False
    while task is not None and not stop.is_set():
        task = _step(runtime, task)
    return True


def _step(runtime: Runtime, task: Task) -> Task | None:
    """One step; the task as it is then, None when this worker leaves it."""
    now = datetime.now(UTC)
    try:
        with transaction(runtime, patience=JOB) as db:
            stepped = STEPS[task.kind](runtime, db, task, now)
            if not life.move(db, task, stepped, now):
                raise _Overtaken
            moved = life.get(db, task.programme, task.id)
    except _Overtaken:
        return None
    except Exception as error:
        # Where others were busy, it is free again after `HELD`: that is no fault of the task.
        if not contended(error):
            log.exception("task failed", task=task.id, kind=task.kind)
            _stumbled(runtime, task, error)
        return None
    return moved if moved.state == life.RUNNING else None


def _stumbled(runtime: Runtime, task: Task, error: Exception) -> None:
    with runtime.database.writing(JOB) as db:
        life.stumble(db, task, type(error).__name__, datetime.now(UTC))


def work(runtime: Runtime, stop: Event) -> None:
    """Look for tasks until `stop`, whatever happens to one of them."""
    while not stop.is_set():
        try:
            while some(runtime, stop) and not stop.is_set():
                pass
        except Exception:
            log.exception("tasks failed")
        stop.wait(LOOK)
