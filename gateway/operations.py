"""How the installation does: queue, providers, clock, workers, tasks, database, backup, the last check of the books.

One look for the console's page, for `/health` and for `/metrics`; everything is read from the database, so it does not
matter which process is asked. A minute's age is no trouble; what is `LATE` is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from gateway import books_checks
from gateway import jobs
from gateway import outbox
from gateway import standing
from gateway.books_checks import Checked
from gateway.jobs import lease_table
from gateway.outbox import Queue
from gateway.runtime import Runtime
from gateway.standing import Standing
from gateway.tasks.life import RUNNING
from gateway.tasks.life import task_table
from ledger.tables import SIZES

LATE = timedelta(minutes=15)
"""A message that has been due for so long, or a job of the clock that so long ago should have begun, is trouble."""

WORKERS = timedelta(minutes=3)
"""A worker that said nothing for so long is not counted."""

MOST_FILES = 1000
"""Files of the backup's folder that are looked at."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A job of the clock: when it last began (None: never), and after how many seconds it begins again."""

    job: str
    at: datetime | None
    every: int

    def late(self, now: datetime) -> bool:
        """Whether it should have begun long ago; one that never did is not late: there may be no clock yet."""
        return self.at is not None and now > self.at + timedelta(seconds=self.every) + LATE


@dataclass(frozen=True, slots=True)
class Operations:
    """The look. `octets` is the database's size, `backup_at` when the newest file of the backup was written."""

    queue: Queue
    providers: Sequence[Standing]
    ticks: Sequence[Tick]
    workers: Sequence[str]
    tasks: Mapping[str, int]
    octets: int
    embedded: bool
    backup_wanted: bool
    backup_at: datetime | None
    checked: Checked | None

    def overdue(self, now: datetime) -> bool:
        """Whether a message has been due for too long."""
        return self.queue.oldest is not None and now > self.queue.oldest + LATE

    def late(self, now: datetime) -> list[Tick]:
        """The jobs of the clock that are late."""
        return [tick for tick in self.ticks if tick.late(now)]

    @property
    def last_tick(self) -> datetime | None:
        """When the clock last did anything."""
        return max((tick.at for tick in self.ticks if tick.at), default=None)


_LEASES = (
    select(lease_table)
    .where(or_(lease_table.c.name.in_(bindparam("names", expanding=True)), lease_table.c.name.like(bindparam("like"))))
    .order_by(lease_table.c.name)
)
_TASKS = select(task_table.c.kind, func.count()).where(task_table.c.state == RUNNING).group_by(task_table.c.kind)


def look(db: Connection, runtime: Runtime, now: datetime) -> Operations:
    """How everything does at this moment."""
    settings = runtime.settings
    leases = db.execute(_LEASES, {"names": list(jobs.TIMETABLE), "like": f"{jobs.WORKER}%"}).all()
    known = standing.read(db, settings.sms_providers, now)
    return Operations(
        outbox.depth(db, now),
        [known[name] for name in settings.sms_providers],
        _ticks(leases),
        [row.holder for row in leases if row.name.startswith(jobs.WORKER) and row.until > now - WORKERS],
        dict(db.execute(_TASKS).all()),
        int(db.execute(SIZES[db.dialect.name]).scalar_one()),
        settings.embedded,
        settings.backup is not None,
        newest_file(settings.backup) if settings.backup else None,
        books_checks.last(db),
    )


def _ticks(leases: Sequence[Any]) -> list[Tick]:
    """When each job of the clock last began: its lease was taken then, and lasts until it begins again."""
    until = {row.name: row.until for row in leases}
    return [
        Tick(name, until[name] - timedelta(seconds=every) if name in until else None, every)
        for name, every in jobs.TIMETABLE.items()
    ]


def newest_file(place: Path) -> datetime | None:
    """When the newest file of a folder, or the file itself, was written; None when there is none that can be seen."""
    newest = None
    with suppress(OSError):
        files = [place] if place.is_file() else [Path(each) for each in list(os.scandir(place))[:MOST_FILES]]
        newest = max((each.stat().st_mtime for each in files if each.is_file()), default=None)
    return datetime.fromtimestamp(newest, UTC) if newest is not None else None
