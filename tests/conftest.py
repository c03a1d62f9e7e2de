"""Fixtures: real servers started once, a migrated database for each test, a runtime with the demo programme."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from handsets import Phone
from handsets import Server
from sqlalchemy import Connection

import servers
from gateway import demo
from gateway import schema
from gateway.app import create_app
from gateway.backend import Database
from gateway.backend import open_database
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.settings import Settings
from gateway.settings import load
from gateway.transaction import transaction
from ledger import receipts

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPEN = pytest.StashKey[ExitStack]()
TODAY = date(2026, 11, 22)
"""The day on which the demo programme of the tests is built."""
NIGHTLY = bool(os.environ.get("SOMITI_NIGHTLY"))
SECRETS = {
    "SECRET_KEY": "test-secret-key-of-more-than-thirty-two-characters",
    "PIN_PEPPER": "test-pepper-of-more-than-thirty-two-characters-too",
    "CALLBACK_SECRET": "test-callback-secret-of-more-than-thirty-two-characters",
}


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL and Redis once, in the controller; the workers inherit their addresses."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    config.stash[OPEN] = opened = ExitStack()
    os.environ["TEST_DATABASE_URL"] = opened.enter_context(servers.postgres())
    os.environ["TEST_REDIS_URL"] = opened.enter_context(servers.redis())


def pytest_unconfigure(config: pytest.Config) -> None:
    if opened := config.stash.get(OPEN, None):
        opened.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason="a long profile: ./dev test --nightly")
    for item in items:
        if "nightly" in item.keywords and not NIGHTLY:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    return os.environ["TEST_DATABASE_URL"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    return os.environ["TEST_REDIS_URL"]


def settings_for(var: Path, **more: str) -> Settings:
    """Settings of a test installation: fixed secrets, everything in `var`."""
    return load({"SOMITI_VAR": str(var), **SECRETS, **more})


def as_psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


class Templates:
    """Migrated databases, plain and with the demo programme, made once by each worker and copied for each test."""

    def __init__(self, folder: Path, postgresql_url: str) -> None:
        self.folder, self.postgresql_url = folder, postgresql_url
        self.made: dict[tuple[str, bool], str] = {}
        self.opened: dict[str, Database] = {}

    def shared(self, dialect: str) -> Database:
        """The one empty database of this worker, for tests that take back what they did."""
        if dialect not in self.opened:
            self.opened[dialect] = open_database(self.copy(dialect, False, self.folder / "shared"))
        return self.opened[dialect]

    def copy(self, dialect: str, filled: bool, var: Path) -> str:
        """The URL of a fresh copy."""
        template = self.made.get((dialect, filled)) or self._make(dialect, filled)
        if dialect == "postgresql":
            return as_psycopg(servers.fresh_database(self.postgresql_url, template=template))
        var.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, var / "somiti.db")
        return f"sqlite:///{var / 'somiti.db'}"

    def _make(self, dialect: str, filled: bool) -> str:
        var = self.folder / f"{dialect}-{filled}"
        var.mkdir()
        if dialect == "postgresql":
            place = servers.fresh_database(self.postgresql_url)
            url = as_psycopg(place)
        else:
            place = str(var / "somiti.db")
            url = f"sqlite:///{place}"
        runtime = open_runtime(settings_for(var, DATABASE_URL=url))
        schema.migrate(runtime.database)
        if filled:
            with transaction(runtime, tell=False, patience=60) as db:
                for _ in demo.build(db, TODAY, runtime.peppers, 2):
                    pass
        runtime.close()
        if dialect == "sqlite":
            with sqlite3.connect(place) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.close()
        self.made[dialect, filled] = place
        return place


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, postgresql_url: str) -> Iterator[Templates]:
    templates = Templates(tmp_path_factory.mktemp("templates"), postgresql_url)
    yield templates
    for database in templates.opened.values():
        database.dispose()


BOTH = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
"""Run a test on both databases."""


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "sqlite")


@pytest.fixture
def database(templates: Templates, dialect: str, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty database; SQLite unless the test is marked BOTH."""
    url = templates.copy(dialect, False, tmp_path / "var")
    database = open_database(url)
    yield database
    database.dispose()
    _drop(url)


@pytest.fixture
def db(templates: Templates, dialect: str) -> Iterator[Connection]:
    """A writing transaction on an empty database, taken back in the end."""
    with templates.shared(dialect).writing(60) as db:
        db.info["facts"] = []
        yield db
        db.rollback()


@pytest.fixture
def open_demo(templates: Templates, dialect: str, tmp_path: Path) -> Iterator[Callable[..., Runtime]]:
    """Opens runtimes on one copy of the demo programme (two groups), as several processes would."""
    url = templates.copy(dialect, True, tmp_path / "var")
    opened: list[Runtime] = []

    def opening(**more: str) -> Runtime:
        opened.append(open_runtime(settings_for(tmp_path / "var", DATABASE_URL=url, **more)))
        return opened[-1]

    yield opening
    for runtime in opened:
        runtime.close()
    _drop(url)


def _drop(url: str) -> None:
    if url.startswith("postgresql"):
        servers.drop_database(url.replace("postgresql+psycopg://", "postgresql://", 1))


@pytest.fixture
def runtime(open_demo: Callable[..., Runtime]) -> Runtime:
    """A runtime on the demo programme; SQLite unless the test is marked BOTH."""
    return open_demo()


@pytest.fixture
def phone(runtime: Runtime) -> Callable[..., Phone]:
    """Phones that dial the demo programme: `phone()` is the shared handset of 1001 and 1002."""
    client = create_app(runtime).test_client()

    def ring(number: str = "+8801711000001", session: str | None = None) -> Phone:
        return Phone(client, runtime.settings, number, session)

    return ring


@pytest.fixture
def codes() -> Callable[[], str]:
    """A source of receipt codes that is the same in every run."""
    chance = random.Random(7)

    def draw() -> str:
        return receipts.completed("".join(chance.choices(receipts.LETTERS, k=5)))

    return draw


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser; what needs it is skipped loudly where there is none."""
    import eyes

    with eyes.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def live_server(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server, as `somiti serve` starts it, on a copy of the demo programme."""
    var = tmp_path_factory.mktemp("live")
    templates.copy("sqlite", True, var)
    with Server(var, SECRETS) as server:
        yield server.url
