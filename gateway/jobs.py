"""Jobs: what runs outside a call, by name; workers for what is rung for, a clock for what has its time."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from functools import partial
from threading import Event
from threading import Thread
from typing import Any

import structlog
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import text

from gateway import counting
from gateway import dialogues
from gateway import past_calls
from gateway.backend import JOB
from gateway.log import configure
from gateway.providers.contract import ListeningProvider
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.settings import load
from gateway.sms import delivery
from gateway.sms import inbound
from gateway.sms import incoming
from gateway.sms import later
from gateway.sms import reminders
from gateway.tasks import running
from gateway.transaction import transaction
from ledger import checking
from ledger import decisions
from ledger.tables import Instant
from ledger.tables import metadata

log = structlog.get_logger(__name__)

SOME = 50
"""Requests that one transaction ends."""

LOOK = 1.0
"""Seconds between two looks at the timetable."""

lease_table = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("until", Instant, nullable=False),
)

WORKER = "worker "
"""Leases of this beginning are not for anything to be done: each says that a worker was at work."""

SEEN = timedelta(minutes=1)
"""How often a worker says so."""

# One statement on either database: whoever writes the row acts, everybody else waits for its end.
_TAKE = text(
    "INSERT INTO lease (name, holder, until) VALUES (:name, :holder, :until) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until "
    "WHERE lease.until <= :now RETURNING name"
).bindparams(bindparam("until", type_=Instant), bindparam("now", type_=Instant))
_GONE = lease_table.delete().where(
    lease_table.c.name.like(bindparam("like")), lease_table.c.until < bindparam("before", type_=Instant)
)


def _send(runtime: Runtime, ids: list[int]) -> None:
    for message in ids:
        delivery.deliver(runtime, message, datetime.now(UTC))


def _sweep(runtime: Runtime) -> None:
    delivery.sweep(runtime, datetime.now(UTC))


def _forget(runtime: Runtime) -> None:
    now, blanked = datetime.now(UTC), dialogues.BLANKED
    while blanked == dialogues.BLANKED:
        with runtime.database.writing(JOB) as db:
            blanked = dialogues.forget(db, now, past_calls.keep)
    with runtime.database.writing(JOB) as db:
        past_calls.forget(db, now)
        checking.forget(db, now)
        db.execute(_GONE, {"like": f"{WORKER}%", "before": now - timedelta(days=1)})


def _lapse(runtime: Runtime) -> None:
    """End the requests that nobody decided in time, some in a transaction."""
    while True:
        with transaction(runtime, patience=JOB) as db:
            if decisions.expire(db, datetime.now(UTC), SOME) < SOME:
                return


def _later(runtime: Runtime) -> None:
    later.pass_time(runtime, datetime.now(UTC))


def _blank(runtime: Runtime) -> None:
    now = datetime.now(UTC)
    later.blank(runtime, now)
    with runtime.database.writing(JOB) as db:
        inbound.forget(db, now - timedelta(days=runtime.settings.sms_keep_days))


def _remind(runtime: Runtime) -> None:
    reminders.remind(runtime, datetime.now(UTC))


def _count(runtime: Runtime) -> None:
    counting.count(runtime, datetime.now(UTC))


JOBS: Mapping[str, Callable[..., None]] = {
    "send": _send,
    "sweep": _sweep,
    "forget": _forget,
    "later": _later,
    "blank": _blank,
    "lapse": _lapse,
    "remind": _remind,
    "count": _count,
}
"""Every job; the arguments after the runtime are JSON: ids and names, never a text or a number."""


TIMETABLE: Mapping[str, int] = {
    "forget": 60,
    "later": 60,
    "blank": 3600,
    "lapse": 600,
    "remind": 60,
    "count": 300,
}
"""What the clock starts: a job without arguments, and after how many seconds again."""

# By process: a fork inherits the table, but must not use its parent's connections.
_OPENED: dict[int, Runtime] = {}


def run(name: str, *arguments: Any) -> None:
    """Run a job by its name, as a worker of RQ does; an unknown name is a KeyError."""
    JOBS[name](_own(), *arguments)


def _own() -> Runtime:
    """The runtime of this process, opened by the first job that needs one."""
    process = os.getpid()
    if process not in _OPENED:
        settings = load()
        configure(settings.hidden)
        _OPENED[process] = open_runtime(settings)
    return _OPENED[process]


def work(runtime: Runtime, stop: Event) -> None:
    """Send messages until `stop`: when rung and by sweeping, whatever happens to one sweep; do tasks beside it."""
    # What is rung for comes in through `run`, which has nothing but the job's name.
    _OPENED[os.getpid()] = runtime

    due = datetime.min.replace(tzinfo=UTC)

    def sweep() -> None:
        nonlocal due
        try:
            if (now := datetime.now(UTC)) >= due:
                due = now + SEEN
                _seen(runtime, now)
            while delivery.sweep(runtime, datetime.now(UTC), stop=stop) == delivery.BATCH and not stop.is_set():
                pass
        except Exception:
            log.exception("sweep failed")

    listening = [
        Thread(target=provider.listen, args=(stop, partial(_told, runtime)), name=name)
        for name, provider in runtime.providers.items()
        if isinstance(provider, ListeningProvider)
    ]
    listening.append(Thread(target=running.work, args=(runtime, stop), name="tasks"))
    for thread in listening:
        thread.start()
    runtime.jobs.listen(stop, sweep)
    for thread in listening:
        thread.join()


def _told(runtime: Runtime, news: incoming.News) -> None:
    incoming.take(runtime, news, datetime.now(UTC))


def _seen(runtime: Runtime, now: datetime) -> None:
    """Write down, once in a while, that this worker is at work."""
    with runtime.database.writing(JOB) as db:
        take_lease(db, f"{WORKER}{_holder()}"[:40], now, SEEN)


def clock(runtime: Runtime, stop: Event) -> None:
    """Start what the timetable says until `stop`; any number of clocks may run, each tick happens once."""
    due = dict.fromkeys(TIMETABLE, datetime.min.replace(tzinfo=UTC))
    while not stop.is_set():
        now = datetime.now(UTC)
        for name in [name for name, at in due.items() if at <= now]:
            due[name] = now + timedelta(seconds=TIMETABLE[name])
            tick(runtime, name, now)
        stop.wait(LOOK)


def tick(runtime: Runtime, name: str, now: datetime) -> bool:
    """Run one line of the timetable unless another process has it; whether it ran."""
    try:
        with runtime.database.writing(JOB) as db:
            mine = take_lease(db, name, now, timedelta(seconds=TIMETABLE[name]))
        if mine:
            JOBS[name](runtime)
        return mine
    except Exception:
        log.exception("tick failed", name=name)
        return False


def take_lease(db: Connection, name: str, now: datetime, length: timedelta) -> bool:
    """Whether this process now has the lease of this name; nobody gets it again before its end."""
    values = {"name": name, "holder": _holder(), "until": now + length, "now": now}
    return db.execute(_TAKE, values).first() is not None


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:80]
