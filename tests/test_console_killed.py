"""A real process is killed -9 in the middle of an import and of a broadcast: nobody is doubled, nobody is lost."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from conftest import BOTH
from conftest import NIGHTLY
from conftest import SECRETS
from fault_series import Family
from fault_series import free_port
from fault_series import patiently
from group_money import audited
from office import Browser
from office import add
from sqlalchemy import select
from sqlalchemy import update
from test_console_messages import ask
from test_console_messages import say
from test_console_messages import write
from test_console_people import hidden
from test_console_people import look

import servers
from gateway.app import create_app
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.tasks import life
from gateway.tasks.life import task_table
from gateway.transaction import reading
from ledger.members import member_table

SEED = os.environ.get("SOMITI_CRASH_SEED") or str(time.time_ns())
"""Printed when a test fails; given in the environment, the same moments are drawn again."""
KILLED = 12 if NIGHTLY else 1
"""How often the process dies in the middle of each task."""
NEW = 1500 if NIGHTLY else 100
"""Rows of the sheet; all of them are written to then."""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    family = Family(tmp_path)
    yield family
    family.close()


def task_of(runtime: Runtime, task: int) -> life.Task:
    with reading(runtime) as db:
        return life.get(db, 1, task)


def killed_in(runtime: Runtime, task: int, start: Callable[[], None], kill: Callable[[], None], chance: Random) -> None:
    """Let a process work on a task, killed again and again between its steps and in them; the last one ends it."""
    for _ in range(KILLED):
        before = task_of(runtime, task)
        if before.state != life.RUNNING:
            break
        start()
        assert patiently(lambda was=before: task_of(runtime, task) != was, 30), "it does not begin"  # type: ignore[misc]
        time.sleep(chance.random() * 0.1)
        kill()
        print(f"SOMITI_CRASH_SEED={SEED}: killed after {task_of(runtime, task).done} of {before.total}")
        with runtime.database.writing(30) as db:
            # As if the minute of who died were over.
            db.execute(update(task_table).values(held_until=datetime(2026, 1, 1, tzinfo=UTC)))
    start()
    assert patiently(lambda: task_of(runtime, task).state != life.RUNNING, 120), "it does not end"
    kill()
    found = task_of(runtime, task)
    assert (found.state, found.done) == (life.DONE, found.total)


def per_number(runtime: Runtime, purpose: str) -> Counter[str]:
    with reading(runtime) as db:
        rows = db.execute(select(message_table.c.number).where(message_table.c.purpose == purpose))
        return Counter(rows.scalars())


@BOTH
def test_killed_in_an_import_and_in_a_broadcast(
    runtime: Runtime, family: Family, dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    redis = servers.fresh_redis(request.getfixturevalue("redis_url"), 7) if dialect == "postgresql" else ""
    url = runtime.settings.database_url
    environ = {**SECRETS, "PATH": os.environ["PATH"], "HOME": str(tmp_path), "SOMITI_VAR": str(tmp_path / "var")}
    environ |= {"DATABASE_URL": url, "REDIS_URL": redis}
    command = ("worker",) if redis else ("serve", "--port", str(free_port()))
    chance = Random(SEED)

    def start() -> None:
        family.start("somiti", environ, *command)

    def kill() -> None:
        family.kill("somiti")

    app = create_app(runtime)
    admin, other = (Browser(app).enter(runtime, add(runtime, "admin", name)) for name in ("admin", "other"))
    rows = "".join(f"নাম,Nam,{20000 + i},01811{i:06}\n" for i in range(NEW))
    look(admin, "/members/import", "name_bn,name_latn,code,number\n" + rows, group="2", codes="yes")
    form = {**hidden(admin), "group": "2", "codes": "yes", "step": "write"}
    assert admin.post("/members/import", form).status_code == 303, admin.text
    killed_in(runtime, 1, start, kill, chance)
    with reading(runtime) as db:
        codes = Counter(db.execute(select(member_table.c.code)).scalars())
    assert [codes[str(20000 + i)] for i in range(NEW)] == [1] * NEW
    numbers = {f"+8801811{i:06}" for i in range(NEW)}
    told = per_number(runtime, "pin")
    assert {number: told[number] for number in numbers} == dict.fromkeys(numbers, 1)

    ask(admin, write(admin))
    assert say(other) == 303
    killed_in(runtime, 2, start, kill, chance)
    got = per_number(runtime, "broadcast")
    assert {number: got[number] for number in numbers} == dict.fromkeys(numbers, 1)
    assert set(got.values()) == {1}
    assert audited(runtime) == []
