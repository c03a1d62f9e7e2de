"""The one file that knows the mode: SQLite and threads, or PostgreSQL and Redis with RQ.

SQLite has one writing connection and a separate pool of readers; PostgreSQL one pool with READ COMMITTED.
Redis is a doorbell: when it is gone, messages go out with the next sweep, and no call notices.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from threading import Event
from threading import Thread
from time import monotonic
from typing import Any
from typing import Protocol
from typing import cast

import psycopg
import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.retry import Retry
from rq import Queue
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from sqlalchemy import Connection
from sqlalchemy import Engine
from sqlalchemy import create_engine
from sqlalchemy import event
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.settings import Settings
from ledger.driver import run

log = structlog.get_logger(__name__)

HOP = 2.0
"""Seconds that all the waiting of one hop together may take."""
JOB = 30.0
"""Seconds that a job may wait for a lock."""

READERS = 16
"""Connections for reading SQLite, and all connections to PostgreSQL, of one process."""


class TooSlow(Exception):
    """A transaction used up its patience; nothing of it was written."""


@dataclass(frozen=True)
class Database:
    """The database of a process: one writer at a time on SQLite, row locks on PostgreSQL."""

    dialect: str
    _writer: Engine
    _reader: Engine

    @contextmanager
    def writing(self, patience: float = HOP) -> Iterator[Connection]:
        """A transaction that commits on leaving and rolls back on an error.

        With the patience of a hop, or less, all waiting and all statements together end after so many seconds;
        with more, each lock may take `patience` seconds and the statements as long as they need.
        """
        with _begun(self._writer, patience) as db:
            yield db

    @contextmanager
    def reading(self, patience: float = HOP) -> Iterator[Connection]:
        """A transaction that sees one moment of the database and cannot write; patience as in `writing`."""
        with _begun(self._reader, patience) as db:
            yield db

    def dispose(self) -> None:
        """Close every connection."""
        self._writer.dispose()
        self._reader.dispose()


def open_database(url: str) -> Database:
    """The database at a SQLAlchemy URL (sqlite or postgresql+psycopg), connected at the first use."""
    return _DATABASES[make_url(url).get_backend_name()](url)


def contended(error: BaseException) -> bool:
    """Whether it failed only because others were busy, and the same transaction may be tried again."""
    if isinstance(error, PoolTimeout | TooSlow):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        # The low byte is the error, the rest says more about it.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return isinstance(cause, psycopg.Error) and cause.sqlstate in _CONTENDED


def lost(error: BaseException) -> bool:
    """Whether the connection went away, so that nobody knows whether a commit under way was done."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


@contextmanager
def _begun(engine: Engine, patience: float) -> Iterator[Connection]:
    deadline = monotonic() + patience
    with _checked_out(engine, deadline) as db:
        # The listeners below find it here; it is kept with the connection, so every transaction sets its own.
        db.info["patience"], db.info["deadline"] = patience, deadline
        with db.begin():
            yield db


def _checked_out(engine: Engine, deadline: float) -> Connection:
    """A connection of the pool, asked for until the deadline: one wait of a pool ends after `HOP`."""
    while True:
        try:
            return engine.connect()
        except PoolTimeout:
            if monotonic() >= deadline:
                raise


# SQLite. By default no transaction begins before the first write, and so updates get lost: the driver is told
# to begin none (isolation_level None), and we begin each one by hand. Never together with `autocommit`.
# Every engine hides the parameters of a statement that failed: they may be what a caller typed or owns.


def _open_sqlite(url: str) -> Database:
    writer = create_engine(
        url, hide_parameters=True, pool_size=1, max_overflow=0, pool_timeout=HOP, connect_args={"timeout": HOP}
    )
    reader = create_engine(
        url, hide_parameters=True, pool_size=READERS, max_overflow=0, pool_timeout=HOP, connect_args={"timeout": HOP}
    )
    _on_connect(writer, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
    _on_connect(reader, "query_only=ON")
    event.listen(writer, "begin", _begin_immediate)
    event.listen(reader, "begin", _begin)
    return Database("sqlite", writer, reader)


def _on_connect(engine: Engine, *pragmas: str) -> None:
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)


def _begin_immediate(db: Connection) -> None:
    # A deferred BEGIN would fail at its first write, without waiting, when another process wrote in between.
    left = max(0, round((db.info["deadline"] - monotonic()) * 1000))
    run(db, f"PRAGMA busy_timeout={left}")
    run(db, "BEGIN IMMEDIATE")


def _begin(db: Connection) -> None:
    db.exec_driver_sql("BEGIN")


# PostgreSQL. The limits of a hop come with the connection and cost nothing; a job, and a hop that has waited
# already, sets its own.

_LOCK_WAIT = 1.5
_STATEMENT = 1.75
_SLACK = HOP - _STATEMENT
_CONTENDED = {"40001", "40P01", "55P03", "57014"}
"""Serialisation failure, deadlock, lock time-out, and the statement time-out a lock wait may end in."""


def _open_postgresql(url: str) -> Database:
    limits = f"-c lock_timeout={_ms(_LOCK_WAIT)} -c statement_timeout={_ms(_STATEMENT)}"
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=HOP,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "options": f"{make_url(url).query.get('options', '')} {limits}",
            "connect_timeout": 3,
            # A server that vanished without a word must not hold a hop until TCP gives up.
            "tcp_user_timeout": 4000,
        },
    )
    event.listen(engine, "begin", _own_limits)
    event.listen(engine, "before_cursor_execute", _keep_deadline)
    # One pool for both; a page reads one moment of the database, as it does on SQLite.
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database("postgresql", engine, reader)


def _own_limits(db: Connection) -> None:
    patience = db.info["patience"]
    if patience > HOP:
        # Without a deadline first: the statement that sets the limits is the first to be checked against it.
        db.info["deadline"] = inf
        db.exec_driver_sql(f"SET LOCAL lock_timeout = {_ms(patience)}")
        db.exec_driver_sql("SET LOCAL statement_timeout = 0")
    elif patience < HOP:
        db.exec_driver_sql(f"SET LOCAL statement_timeout = {_ms(patience)}")


def _keep_deadline(db: Connection, cursor: Any, *_statement: object) -> None:
    left = db.info["deadline"] - monotonic()
    if left <= 0:
        raise TooSlow
    # At first the connection's own limits do; when time has gone by, only what is left of it may be spent.
    if left < db.info["patience"] - _SLACK:
        cursor.connection.execute(f"SET LOCAL statement_timeout = {_ms(left)}")


def _ms(seconds: float) -> int:
    # 0 would mean no limit at all.
    return max(1, round(seconds * 1000))


_DATABASES: Mapping[str, Callable[[str], Database]] = {"sqlite": _open_sqlite, "postgresql": _open_postgresql}


class Jobs(Protocol):
    """How workers hear that there is something to send."""

    def wake(self, ids: Sequence[int]) -> None:
        """Ring for these messages, after the commit; never raises and never waits for long."""

    def listen(self, stop: Event, sweep: Callable[[], None]) -> None:
        """Work until `stop`: `sweep` runs when the bell rings and at least every few seconds."""


SWEEP = 1.0
"""Seconds between two looks at the outbox when nobody rings."""


class ThreadJobs:
    """A bell inside the process: a listening thread wakes up at once, another process looks every second."""

    def __init__(self) -> None:
        """Nobody has rung yet."""
        self._rung = Event()

    def wake(self, ids: Sequence[int]) -> None:
        """Ring; the listener finds the messages by itself."""
        self._rung.set()

    def listen(self, stop: Event, sweep: Callable[[], None]) -> None:
        """Sweep when rung and every second, until `stop`."""
        while not stop.is_set():
            sweep()
            self._rung.wait(SWEEP)
            self._rung.clear()


QUEUE, RUN = "sms", "gateway.jobs.run"
BATCH = 50
"""Messages in one job: more would make one worker's work of a whole broadcast."""
REDIS_SWEEP = 5.0
"""Seconds between two looks at the outbox beside Redis: retries, and whatever a lost job left."""
RING_TIMEOUT = 0.5
SILENCE = 5.0
"""Seconds without a ring after one failed, so that a Redis that is gone costs one hop in many a moment."""
JOB_TIMEOUT = 900


class RedisJobs:
    """A queue of RQ as a bell between processes: ids only, as JSON; what Redis loses, the sweep finds."""

    def __init__(self, url: str) -> None:
        """Connects at the first ring."""
        self._url = url
        # No retries: a hop is waiting.
        ringing = Redis.from_url(
            url,
            socket_timeout=RING_TIMEOUT,
            socket_connect_timeout=RING_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        self._queue = Queue(QUEUE, connection=ringing, serializer=JSONSerializer)
        self._silent_until = 0.0

    def wake(self, ids: Sequence[int]) -> None:
        """Put jobs into the queue; Redis gone is a line in the log."""
        if monotonic() < self._silent_until:
            return
        try:
            for start in range(0, len(ids), BATCH):
                self._enqueue(list(ids[start : start + BATCH]))
        except Exception as error:  # the messages are committed: nothing here may fail their transaction
            self._silent_until = monotonic() + SILENCE
            log.warning("no bell: messages wait for the sweep", error=type(error).__name__, messages=len(ids))

    def _enqueue(self, ids: list[int]) -> None:
        self._queue.enqueue_call(
            RUN,
            args=("send", ids),
            timeout=JOB_TIMEOUT,
            result_ttl=0,
            ttl=3600,
            failure_ttl=3600,
        )

    def listen(self, stop: Event, sweep: Callable[[], None]) -> None:
        """Be an RQ worker on the one queue, with the sweep in a thread beside it, until `stop`."""
        sweeper = Thread(target=_every, args=(REDIS_SWEEP, stop, sweep), name="sweep")
        sweeper.start()
        while not stop.is_set():
            try:
                self._worker(stop).work(logging_level="WARNING")
            except Exception as error:  # Redis is away or restarting: the sweep goes on meanwhile
                log.warning("no queue: only the sweep sends", error=type(error).__name__)
            # RQ's worker leaves when Redis does.
            stop.wait(SWEEP)
        sweeper.join()

    def _worker(self, stop: Event) -> _Worker:
        # A connection of its own: a worker sets long time-outs on the one that it blocks on.
        waiting = Redis.from_url(self._url, socket_connect_timeout=3)
        worker = _Worker(
            [QUEUE],
            connection=waiting,
            serializer=JSONSerializer,
            job_class=_Job,
            maintenance_interval=30,
            worker_ttl=_Worker.patience,
            log_job_description=False,
        )
        worker.stop = stop
        return worker


class _Job(Job):
    """A job that runs ours by name and nothing else: who can write to Redis must not choose a function."""

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name != RUN or self.instance:
            raise PermissionError("a job that we did not make")
        return cast(Callable[..., Any], super().func)


class _NoPenalty(BaseDeathPenalty):
    """No alarm: every call of a job has its own limit, and an alarm could strike between send and settle."""

    def setup_death_penalty(self) -> None:
        pass

    def cancel_death_penalty(self) -> None:
        pass


class _Worker(SimpleWorker):
    """RQ's worker without a fork (a killed one leaves no orphan at work), signals and remote commands."""

    death_penalty_class = _NoPenalty
    # RQ blocks for 15 s less than this: two seconds, then it looks whether to stop.
    patience = 17
    stop: Event

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        super().heartbeat(timeout, pipeline)
        if self.stop.is_set():
            raise StopRequested

    def subscribe(self) -> None:
        pass

    def _install_signal_handlers(self) -> None:
        pass


def _every(seconds: float, stop: Event, act: Callable[[], None]) -> None:
    while not stop.is_set():
        act()
        stop.wait(seconds)


def open_jobs(settings: Settings) -> Jobs:
    """The bell that the settings ask for: Redis where there is one, else a thread's."""
    return RedisJobs(settings.redis_url) if settings.redis_url else ThreadJobs()
