"""Tasks: each step once, whatever dies between them; one worker at a time; what fails is tried again, then given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from threading import Event
from threading import Thread

import pytest
from conftest import BOTH
from office import Browser
from office import add
from office import answer_of
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Integer
from sqlalchemy import MetaData
from sqlalchemy import Table
from sqlalchemy import select
from sqlalchemy import update

from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.tasks import life
from gateway.tasks import running
from gateway.tasks.life import Stepped
from gateway.tasks.life import Task
from gateway.tasks.life import task_table
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger.books import Origin

NOW = datetime.now(UTC)
STAY = Event()

counted = Table("counted", MetaData(), Column("number", Integer))
"""What the tasks of this test do: a row for each number, in steps of ten; a number twice would be seen."""


@pytest.fixture(autouse=True)
def counting(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    with runtime.database.writing(5) as db:
        counted.create(db)
    monkeypatch.setitem(running.STEPS, "import", _count)  # type: ignore[index]


def _count(runtime: Runtime, db: Connection, task: Task, now: datetime) -> Stepped:
    first = int(task.after or 0)
    last = min(first + 10, task.total)
    db.execute(counted.insert(), [{"number": number} for number in range(first, last)])
    return Stepped(None if last == task.total else str(last), last - first, (f"to {last}",))


def begin(runtime: Runtime, total: int = 35, name: str = "counting") -> Task:
    who = add(runtime, "admin", name)
    origin = Origin(name, f"officer:{name}", "console", NOW, NOW.date(), lambda: "")
    with transaction(runtime) as db:
        first = life.start(db, 1, who.id, "import", "numbers", total, origin, sheet=b"1\n2\n", per=10)
        assert life.start(db, 1, who.id, "import", "numbers", total, origin) == first, "the same click again"
        assert life.sheet(db, first) == b"1\n2\n"
    return first


def now_is(runtime: Runtime, task: Task) -> Task:
    with reading(runtime) as db:
        return life.get(db, 1, task.id)


def numbers(runtime: Runtime) -> list[int]:
    with reading(runtime) as db:
        return list(db.execute(select(counted.c.number).order_by(counted.c.number)).scalars())


def free(runtime: Runtime) -> None:
    """Let a minute pass: what a worker that died had is free again."""
    with transaction(runtime) as db:
        db.execute(update(task_table).values(held_until=NOW - timedelta(minutes=1)))


@BOTH
def test_a_task_is_done_step_by_step(runtime: Runtime) -> None:
    task = begin(runtime)
    assert running.some(runtime, STAY)
    found = now_is(runtime, task)
    assert (found.state, found.done, found.total, found.told) == ("done", 35, 35, ["to 10", "to 20", "to 30", "to 35"])
    assert numbers(runtime) == list(range(35))
    assert not running.some(runtime, STAY)
    with reading(runtime) as db:
        assert life.sheet(db, found) == b"", "names and numbers are not kept"


@BOTH
@pytest.mark.parametrize("dies", ["before the note", "after the step"])
def test_a_worker_that_dies_is_followed_by_another_one(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    """What it had not committed is as if it had never been; the next one goes on there, when the minute is over."""
    task = begin(runtime)

    class Killed(BaseException):
        pass

    def kill(runtime: Runtime, db: Connection, task: Task, now: datetime) -> Stepped:
        stepped = _count(runtime, db, task, now)
        if task.done == 20:
            if dies == "after the step":
                life.move(db, task, stepped, now)
            raise Killed
        return stepped

    monkeypatch.setitem(running.STEPS, "import", kill)  # type: ignore[index]
    with pytest.raises(Killed):
        running.some(runtime, STAY)
    assert (now_is(runtime, task).done, numbers(runtime)) == (20, list(range(20)))
    monkeypatch.setitem(running.STEPS, "import", _count)  # type: ignore[index]
    assert not running.some(runtime, STAY), "it may still be at work"
    free(runtime)
    assert running.some(runtime, STAY)
    assert (now_is(runtime, task).state, numbers(runtime)) == ("done", list(range(35)))


@BOTH
def test_two_workers_never_do_a_step_twice(runtime: Runtime, open_demo: Callable[..., Runtime]) -> None:
    """The slower one believed that the other was dead: its step is taken back."""
    task = begin(runtime)
    with runtime.database.writing(5) as db:
        mine = life.claim(db, datetime.now(UTC))
    assert mine == task
    free(runtime)
    assert running.some(runtime, STAY)
    assert running._step(runtime, mine) is None
    assert (now_is(runtime, task).done, numbers(runtime)) == (35, list(range(35)))


@BOTH
def test_many_workers_on_some_tasks(runtime: Runtime) -> None:
    tasks = [begin(runtime, 30 + each, f"clerk{each}") for each in range(3)]
    workers = [Thread(target=lambda: [running.some(runtime, STAY) for _ in range(3)]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while running.some(runtime, STAY):
        pass
    assert [now_is(runtime, each).done for each in tasks] == [30, 31, 32]
    assert len(numbers(runtime)) == 93


def test_what_fails_is_tried_again_and_then_given_up(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(runtime: Runtime, db: Connection, task: Task, now: datetime) -> Stepped:
        _count(runtime, db, task, now)
        raise OSError("the disk")

    monkeypatch.setitem(running.STEPS, "import", fail)  # type: ignore[index]
    task = begin(runtime)
    for tries in range(1, life.TRIES + 1):
        assert running.some(runtime, STAY)
        found = now_is(runtime, task)
        assert (found.tries, found.trouble, found.done) == (tries, "OSError", 0)
        assert found.state == ("failed" if tries == life.TRIES else "running")
        assert not running.some(runtime, STAY), "not at once"
        free(runtime)
    assert not running.some(runtime, STAY)
    assert numbers(runtime) == []


def test_she_stops_it_and_what_was_done_stays(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the button of its page, while a worker is at it: the step that was under way is taken back."""
    task = begin(runtime)
    browser = Browser(create_app(runtime)).enter(runtime, add(runtime, "admin"))

    def stopped(runtime: Runtime, db: Connection, task: Task, now: datetime) -> Stepped:
        stepped = _count(runtime, db, task, now)
        if task.done == 10:
            life.stop(db, task, now)
        return stepped

    assert "0 of 35" in (browser.get(f"/tasks/{task.id}"), browser.text)[1]
    monkeypatch.setitem(running.STEPS, "import", stopped)  # type: ignore[index]
    running.some(runtime, STAY)
    assert (now_is(runtime, task).done, numbers(runtime)) == (10, list(range(10)))
    browser.send(f"/tasks/{task.id}")
    browser.get(answer_of(browser).headers["Location"])
    assert "Stopped. What was done stays." in browser.text
    assert "was stopped" in browser.text
    free(runtime)
    assert not running.some(runtime, STAY)
    assert "10 of 35" in (browser.get("/tasks"), browser.text)[1]


def test_an_officer_sees_her_own_tasks_only(runtime: Runtime) -> None:
    task = begin(runtime)
    browser = Browser(create_app(runtime)).enter(runtime, add(runtime, "officer"))
    assert browser.get(f"/tasks/{task.id}").status_code == 404
    assert "Nothing runs." in (browser.get("/tasks"), browser.text)[1]
    other = Browser(create_app(runtime)).enter(runtime, add(runtime, "auditor"))
    assert other.get(f"/tasks/{task.id}").status_code == 200
    assert other.get("/tasks/99999999999999999999").status_code == 404


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(runtime: Runtime) -> None:
    task = begin(runtime)
    browser = Browser(create_app(runtime)).enter(runtime, add(runtime, "auditor"))
    page = browser.get(f"/tasks/{task.id}").get_data(as_text=True)
    assert f'hx-get="/console/tasks/{task.id}" hx-trigger="every 2s" hx-select="#task"' in page
    browser.client.delete_cookie("somiti", domain="127.0.0.1")
    answer = browser.get(f"/tasks/{task.id}", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
