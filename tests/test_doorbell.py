"""Redis is a doorbell: what lies in it, and what may be lost, repeated, forged or left by the dead without harm."""

from __future__ import annotations

import json
import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BOTH
from redis import Redis
from rq import Queue
from rq.job import Callback
from rq.job import Job
from rq.serializers import JSONSerializer
from test_jobs import at_work
from test_jobs import delivered
from test_jobs import queued

import servers
from gateway import jobs
from gateway.backend import QUEUE
from gateway.backend import RedisJobs
from gateway.providers.contract import Sent
from gateway.providers.simulator import Simulator
from gateway.runtime import Runtime

Open = Callable[..., Runtime]


@pytest.fixture
def bell() -> Iterator[str]:
    """A Redis of the test's own."""
    with servers.redis_server() as server:
        yield server.url


@pytest.fixture
def sends(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each key went to the provider, which takes its time."""
    counted, send = Counter[str](), Simulator.send

    def slowly(self: Simulator, number: str, text: str, sender: str, key: str) -> Sent:
        counted[key] += 1
        time.sleep(0.005)
        return send(self, number, text, sender, key)

    monkeypatch.setattr(Simulator, "send", slowly)
    return counted


def only_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sweep: what is sent was rung for."""
    monkeypatch.setattr("gateway.backend.REDIS_SWEEP", 60.0)


def test_a_job_holds_nothing_but_ids_as_json(bell: str) -> None:
    RedisJobs(bell).wake(list(range(1, 121)))
    with Redis.from_url(bell) as redis:
        ids = [name.decode() for name in redis.lrange(f"rq:queue:{QUEUE}", 0, -1)]
        kept = [redis.hgetall(f"rq:job:{job}") for job in ids]
        said = [json.loads(Job.fetch(job, redis, JSONSerializer).data) for job in ids]
    assert [(name, instance, more) for name, instance, _, more in said] == [("gateway.jobs.run", None, {})] * 3
    assert [job for job, _ in (each[2] for each in said)] == ["send"] * 3
    assert [part for _, part in (each[2] for each in said)] == [
        list(range(1, 51)), list(range(51, 101)), list(range(101, 121))
    ]  # fmt: skip
    # RQ must not run a job again by itself: a long one ran twice at once.
    assert all(b"retries_left" not in each for each in kept)


def test_a_worker_has_one_queue_and_reads_json_alone(bell: str) -> None:
    worker = RedisJobs(bell)._worker(threading.Event())
    assert (worker.queue_names(), worker.serializer) == ([QUEUE], JSONSerializer)


@BOTH
def test_flushed_in_the_middle_nothing_is_lost_or_doubled(
    open_demo: Open, bell: str, sends: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.backend.REDIS_SWEEP", 0.3)
    runtime = open_demo(REDIS_URL=bell)
    with at_work(jobs.work, runtime), Redis.from_url(bell) as redis:
        messages = []
        for part in range(8):
            messages += (some := [queued(runtime, f"{part} {n}") for n in range(15)])
            runtime.jobs.wake(some)
            redis.flushall()
        assert all(delivered(runtime, message, within=20) for message in messages)
    assert (len(sends), set(sends.values())) == (120, {1})


def test_what_a_worker_popped_and_took_to_its_grave_is_swept(
    open_demo: Open, bell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.backend.REDIS_SWEEP", 0.3)
    runtime = open_demo(REDIS_URL=bell)
    message = queued(runtime, "popped")
    runtime.jobs.wake([message])
    with Redis.from_url(bell) as redis:
        assert redis.lpop(f"rq:queue:{QUEUE}")
    with at_work(jobs.work, runtime):
        assert delivered(runtime, message, within=5)


@BOTH
def test_rung_for_many_times_a_message_goes_once(
    open_demo: Open, bell: str, sends: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    only_rung(monkeypatch)
    one, other = open_demo(REDIS_URL=bell), open_demo(REDIS_URL=bell)
    with at_work(jobs.work, one), at_work(jobs.work, other):
        messages = [queued(one, str(n)) for n in range(30)]
        for _ in range(4):
            one.jobs.wake(messages)
        assert all(delivered(one, message, within=10) for message in messages)
    assert (len(sends), set(sends.values())) == (30, {1})


class Stranger:
    """What a pickle would run where it is read."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, ...]:
        return Path.mkdir, (self.place,)


def test_a_job_of_a_stranger_is_not_run(
    open_demo: Open, bell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_rung(monkeypatch)
    runtime, place = open_demo(REDIS_URL=bell), tmp_path / "made by a stranger"
    with Redis.from_url(bell) as redis:
        queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        queue.enqueue("os.mkdir", str(place))
        queue.enqueue("gateway.jobs.run", "send", [], on_success=Callback("pathlib.Path.cwd"))
        unread = queue.enqueue("gateway.jobs.run", "send", [])
        redis.hset(f"rq:job:{unread.id}", "data", pickle.dumps(Stranger(place)))
        with at_work(jobs.work, runtime):
            message = queued(runtime, "after the strangers")
            runtime.jobs.wake([message])
            assert delivered(runtime, message, within=10)
    assert not place.exists()
