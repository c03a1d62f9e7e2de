"""Workers and the clock, in a thread and beside a real Redis that is rung, flushed, stopped and started."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from threading import Event
from threading import Thread

import pytest
from conftest import BOTH
from redis import Redis
from sqlalchemy import select
from test_outbox import DRAFT

import servers
from gateway import jobs
from gateway import outbox
from gateway.backend import QUEUE
from gateway.backend import RedisJobs
from gateway.jobs import JOBS
from gateway.jobs import TIMETABLE
from gateway.outbox import message_table
from gateway.providers.contract import Inbound
from gateway.providers.contract import Receipt
from gateway.providers.simulator import Simulator
from gateway.runtime import Runtime
from gateway.sms.receipts import report_table

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def queued(runtime: Runtime, key: str) -> int:
    now = datetime.now(UTC)
    draft = replace(DRAFT, once_key=key, due_at=now, expires_at=now + timedelta(hours=24))
    with runtime.database.writing(10) as db:
        message = outbox.queue(db, draft, now)
    assert message is not None
    return message


def delivered(runtime: Runtime, message: int, within: float) -> bool:
    limit = time.monotonic() + within
    while time.monotonic() < limit:
        with runtime.database.reading() as db:
            state = db.execute(select(message_table.c.state).where(message_table.c.id == message)).scalar_one()
        if state == "delivered":
            return True
        time.sleep(0.02)
    return False


@contextmanager
def at_work(work: Callable[[Runtime, Event], None], runtime: Runtime) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=work, args=(runtime, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()


def test_a_thread_sends_at_once_when_rung(runtime: Runtime) -> None:
    with at_work(jobs.work, runtime):
        time.sleep(0.2)
        message = queued(runtime, "rung")
        runtime.jobs.wake([message])
        assert delivered(runtime, message, within=0.7)


def test_a_thread_finds_what_nobody_rang_for(runtime: Runtime) -> None:
    with at_work(jobs.work, runtime):
        assert delivered(runtime, queued(runtime, "not rung"), within=3)


def test_a_thread_survives_a_sweep_that_fails(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = iter([RuntimeError("the database is away")])
    sweep = jobs.delivery.sweep

    def first_fails(*arguments: object, **more: object) -> int:
        for error in failing:
            raise error
        return sweep(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs.delivery, "sweep", first_fails)
    with at_work(jobs.work, runtime):
        assert delivered(runtime, queued(runtime, "after trouble"), within=4)


@BOTH
def test_a_worker_of_rq_sends_what_it_is_rung_for(
    open_demo: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.backend.REDIS_SWEEP", 60.0)
    with servers.redis_server() as server:
        runtime = open_demo(REDIS_URL=server.url)
        assert isinstance(runtime.jobs, RedisJobs)
        with at_work(jobs.work, runtime):
            time.sleep(1)
            messages = [queued(runtime, f"rung {n}") for n in range(120)]
            runtime.jobs.wake(messages)
            assert all(delivered(runtime, message, within=10) for message in messages)
            with Redis.from_url(server.url) as redis:
                # The last job is tidied up a moment after its last message has gone.
                deadline = time.monotonic() + 5
                while redis.keys("rq:job:*") and time.monotonic() < deadline:
                    time.sleep(0.02)
                assert redis.keys("rq:job:*") == []
                assert redis.llen(f"rq:queue:{QUEUE}") == 0


def test_beside_redis_the_sweep_finds_what_was_lost(
    open_demo: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.backend.REDIS_SWEEP", 0.3)
    with servers.redis_server() as server:
        runtime = open_demo(REDIS_URL=server.url)
        lost = queued(runtime, "flushed")
        runtime.jobs.wake([lost])
        with Redis.from_url(server.url) as redis:
            redis.flushall()
        with at_work(jobs.work, runtime):
            assert delivered(runtime, lost, within=5)
            server.stop()
            assert delivered(runtime, queued(runtime, "while redis is down"), within=5)
            server.start()
            monkeypatch.setattr("gateway.backend.SILENCE", 0.0)
            back = queued(runtime, "redis is back")
            runtime.jobs.wake([back])
            assert delivered(runtime, back, within=5)


def test_a_worker_starts_without_redis(open_demo: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.backend.REDIS_SWEEP", 0.3)
    runtime = open_demo(REDIS_URL="redis://127.0.0.1:1/0")
    with at_work(jobs.work, runtime):
        assert delivered(runtime, queued(runtime, "no redis at all"), within=5)


def test_what_a_provider_tells_over_its_own_wire_is_taken(runtime: Runtime) -> None:
    """The worker listens; what is told comes to the same place as a callback."""

    class Wire(Simulator):
        def listen(self, stop: Event, take: Callable[[Receipt | Inbound], None]) -> None:
            take(Inbound("simulator", "1", "+8801711000001", "16327", "HELP", ""))
            take(Receipt("simulator", "nobody's", "+8801711000001", "delivered", "DELIVRD", ""))
            heard.set()
            stop.wait(5)

    heard = Event()
    listening = replace(runtime, providers={"simulator": Wire()})
    with at_work(jobs.work, listening):
        assert heard.wait(5)
    with runtime.database.reading() as db:
        assert len(outbox.recent(db, "+8801711000001")) == 1
        assert len(db.execute(select(report_table)).all()) == 1


def test_every_line_of_the_timetable_is_a_job() -> None:
    assert set(TIMETABLE) <= set(JOBS)


@BOTH
def test_of_two_clocks_one_acts(open_demo: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = open_demo(), open_demo()
    ran: list[Runtime] = []
    monkeypatch.setattr(jobs, "JOBS", {"forget": ran.append})
    second = timedelta(seconds=1)
    turns = [(one, 0), (other, 0), (other, 59), (one, 60), (other, 60), (other, 119), (other, 120)]
    acted = [jobs.tick(runtime, "forget", NOON + at * second) for runtime, at in turns]
    assert acted == [True, False, False, True, False, False, True]
    assert ran == [one, one, other]


@BOTH
def test_of_many_clocks_at_once_one_acts(open_demo: Callable[..., Runtime], monkeypatch: pytest.MonkeyPatch) -> None:
    runtimes = [open_demo() for _ in range(4)]
    ran: list[Runtime] = []
    monkeypatch.setattr(jobs, "JOBS", {"forget": ran.append})
    together = threading.Barrier(4)

    def tick(runtime: Runtime) -> None:
        together.wait()
        jobs.tick(runtime, "forget", NOON)

    threads = [Thread(target=tick, args=(runtime,)) for runtime in runtimes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ran) == 1


def test_a_job_that_fails_does_not_stop_the_clock(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_runtime: Runtime) -> None:
        raise RuntimeError("our own bug")

    ran = Event()
    monkeypatch.setattr(jobs, "TIMETABLE", {"broken": 60, "sound": 60})
    monkeypatch.setattr(jobs, "JOBS", {"broken": fail, "sound": lambda _runtime: ran.set()})
    with at_work(jobs.clock, runtime):
        assert ran.wait(3)


@BOTH
def test_the_real_timetable_runs(runtime: Runtime) -> None:
    assert [name for name in TIMETABLE if not jobs.tick(runtime, name, NOON)] == []
