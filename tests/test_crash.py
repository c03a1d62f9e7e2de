"""Killed between any two statements, a process loses nothing it said is done; doing it again doubles nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import crash_series
import pytest
from conftest import NIGHTLY
from conftest import Templates
from conftest import as_psycopg
from crash_series import COMMITTED
from crash_series import Step
from ledger_world import findings
from ledger_world import open_world
from sqlalchemy import select

import servers
from gateway import schema
from gateway.backend import open_database
from gateway.runtime import Runtime
from ledger import facts
from ledger import sales

SEED = os.environ.get("SOMITI_CRASH_SEED") or str(time.time_ns())
"""Printed when a test fails; given in the environment, the same series are killed at the same points again."""
POINTS = 250 if NIGHTLY else 12

NUMBERED = frozenset(("id", "party", "loan", "hash", "previous", "head", "memo", "digest"))
"""Columns that hang on the ids of rows: PostgreSQL does not give one out again that a dead transaction took."""

Shape = dict[str, list[str]]


def shape(runtime: Runtime) -> Shape:
    """All rows of all tables, but for their ids."""
    with runtime.database.reading(60) as db:
        return {
            table.name: sorted(map(repr, db.execute(select(*(c for c in table.c if c.name not in NUMBERED)))))
            for table in schema.METADATA.sorted_tables
        }


@dataclass
class World:
    """One database with the small world, copied for each test."""

    dialect: str
    place: str
    folder: Path
    postgresql_url: str

    def copy(self, name: str) -> str:
        if self.dialect == "postgresql":
            return as_psycopg(servers.fresh_database(self.postgresql_url, template=self.place))
        shutil.copy(self.place, self.folder / name)
        return f"sqlite:///{self.folder / name}"

    def drop(self, *urls: str) -> None:
        """Throw copies away; those of a test that failed stay to be looked at."""
        for url in urls:
            if self.dialect == "postgresql":
                servers.drop_database(url.replace("postgresql+psycopg://", "postgresql://", 1))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory, postgresql_url: str
) -> World:
    folder = tmp_path_factory.mktemp("crash")
    url = templates.copy(request.param, False, folder)
    codes = iter(f"2222{number}" for number in range(1000))
    database = open_database(url)
    with database.writing(60) as db:
        facts.start(db)
        world = open_world(db, lambda: next(codes))
        for agent in (world.rahima, world.salma):
            world.stock(db, agent.shop, (world.soap, 10, 480_00))
            sales.name_customer(db, agent, 1, "Mina")
    database.dispose()
    place = url.replace("postgresql+psycopg://", "postgresql://", 1)
    if request.param == "sqlite":
        place = str(folder / "somiti.db")
        with sqlite3.connect(place) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    return World(request.param, place, folder, postgresql_url)


@pytest.fixture(scope="module")
def victims() -> Iterator[subprocess.Popen[str]]:
    """The process that forks those who are killed."""
    with subprocess.Popen(
        [sys.executable, crash_series.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def killed(victims: subprocess.Popen[str], url: str, seed: str, point: int) -> list[str]:
    """What a process says it has done before it is killed at a point of its series."""
    assert victims.stdin
    assert victims.stdout
    victims.stdin.write(f"{url} {seed} {point}\n")
    victims.stdin.flush()
    done = []
    for line in victims.stdout:
        if line.startswith("end"):
            assert line == f"end {-signal.SIGKILL}\n", "it was not killed"
            return done
        done.append(line.strip())
    raise AssertionError("the process that forks them is gone")


def unharmed(url: str, steps: list[Step]) -> tuple[list[Shape], list[str]]:
    """How the database looks before and after each operation when nobody is killed, and all points passed."""
    runtime, watcher, points = crash_series.opened(url), crash_series.opened(url), list[str]()
    crash_series.watch(runtime, points.append)
    shapes = [shape(watcher)]
    shapes += [shape(watcher) for _ in crash_series.run(runtime, steps)]
    runtime.close()
    watcher.close()
    return shapes, points


@pytest.mark.parametrize("place", range(POINTS))
def test_killed_anywhere_nothing_is_lost_or_doubled(world: World, victims: subprocess.Popen[str], place: int) -> None:
    seed = f"{SEED}/{place}"
    steps = crash_series.series(seed)
    shapes, points = unharmed(whole := world.copy(f"whole-{place}.db"), steps)
    point = Random(seed).randrange(len(points))
    committed = points[: point + 1].count(COMMITTED)
    print(
        f"SOMITI_CRASH_SEED={SEED}, {place}: killed {points[point]} ({point} of {len(points)}), {committed} committed"
    )
    print(*(f"{step.operation}: {step.says}" for step in steps), sep="\n")

    said = killed(victims, url := world.copy(f"killed-{place}.db"), seed, point)
    runtime = crash_series.opened(url)
    assert said == [step.operation for step in steps[: len(said)]]
    # A refused operation changes nothing, any other one at least its own row.
    assert committed - changes(shapes[: len(said) + 1]) in (0, 1)
    # What was done is there once; of what was under way there is nothing, or all when it was killed after the COMMIT.
    assert shape(runtime) == shapes[reached(shapes, committed)]
    assert wrong(runtime) == []
    # And so when everything comes a second time, as from a provider that heard no answer. What was refused does not:
    # later deposits may have made it possible.
    refused = [step for step, (one, other) in zip(steps, pairwise(shapes), strict=True) if one == other]
    for _ in crash_series.run(runtime, steps, but=refused):
        pass
    assert shape(runtime) == shapes[-1]
    assert wrong(runtime) == []
    runtime.close()
    world.drop(whole, url)


def changes(shapes: list[Shape]) -> int:
    return sum(one != other for one, other in pairwise(shapes))


def reached(shapes: list[Shape], committed: int) -> int:
    """The first place in the series where so much is committed."""
    return next(place for place in range(len(shapes)) if changes(shapes[: place + 1]) == committed)


def wrong(runtime: Runtime) -> list[str]:
    with runtime.database.reading(60) as db:
        return findings(db)
