"""The database and the bell in both modes, on real files and real servers."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from threading import Thread

import psycopg
import pytest
from redis import Redis
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Integer
from sqlalchemy import MetaData
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

import servers
from gateway import backend
from gateway.backend import HOP
from gateway.backend import Database
from gateway.backend import RedisJobs
from gateway.backend import ThreadJobs
from gateway.backend import contended
from gateway.backend import open_database

purse = Table("purse", MetaData(), Column("name", String(8), primary_key=True), Column("coins", Integer))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'purses.db'}"
        return
    made = servers.fresh_database(request.getfixturevalue("postgresql_url"))
    yield made.replace("postgresql:", "postgresql+psycopg:")
    servers.drop_database(made)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    with opened.writing() as db:
        purse.create(db)
        db.execute(purse.insert(), [{"name": "a", "coins": 0}, {"name": "b", "coins": 0}])
    yield opened
    opened.dispose()


def coins(database: Database, name: str = "a") -> int:
    with database.reading() as db:
        return db.execute(select(purse.c.coins).where(purse.c.name == name)).scalar_one()


def put(database: Database, name: str = "a", patience: float = HOP) -> None:
    with database.writing(patience) as db:
        wanted = select(purse.c.coins).where(purse.c.name == name).with_for_update()
        had = db.execute(wanted).scalar_one()
        db.execute(update(purse).where(purse.c.name == name).values(coins=had + 1))


@contextmanager
def holding(url: str, name: str = "a", seconds: float = 60) -> Iterator[None]:
    """Somebody else, with a connection of their own, holds the purse's lock for so long, or to the end of the block."""
    held, done = Event(), Event()

    def hold() -> None:
        if url.startswith("sqlite"):
            other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
        else:
            other = psycopg.connect(url.replace("+psycopg", ""))
            other.execute("SELECT 1 FROM purse WHERE name = %s FOR UPDATE", [name])
        held.set()
        done.wait(seconds)
        other.rollback()
        other.close()

    thread = Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def takes(least: float, most: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    spent = time.monotonic() - began
    assert least <= spent <= most, f"took {spent:.2f} s"


def test_what_is_written_stays_and_what_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as db:
            db.execute(update(purse).values(coins=99))
            raise RuntimeError

    put(database)
    with pytest.raises(RuntimeError):
        fail()
    assert coins(database) == 1


def test_a_savepoint_is_undone_alone(database: Database) -> None:
    def fail(db: Connection) -> None:
        with db.begin_nested():
            db.execute(update(purse).values(coins=99))
            raise RuntimeError

    with database.writing() as db:
        db.execute(update(purse).values(coins=1))
        with pytest.raises(RuntimeError):
            fail(db)
    assert coins(database) == 1


def test_no_update_is_lost_between_threads(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: put(database), range(400)))
    assert coins(database) == 400


def test_no_update_is_lost_between_two_processes_worth_of_connections(url: str, database: Database) -> None:
    other = open_database(url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda turn: put(other if turn % 2 else database), range(200)))
    other.dispose()
    assert coins(database) == 200


def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), database.reading() as db:
        db.execute(update(purse).values(coins=99))
    put(database)
    assert coins(database) == 1


def test_reading_sees_one_moment(database: Database) -> None:
    with database.reading() as db:
        before = db.execute(select(purse.c.coins).where(purse.c.name == "a")).scalar_one()
        put(database)
        assert db.execute(select(purse.c.coins).where(purse.c.name == "a")).scalar_one() == before
    assert coins(database) == before + 1


def test_a_hop_waits_two_seconds_for_a_lock_and_no_longer(url: str, database: Database) -> None:
    with holding(url), takes(1.4, 2.3), pytest.raises(DBAPIError) as refused:
        put(database)
    assert contended(refused.value)
    put(database)
    assert coins(database) == 1


def test_a_second_try_of_a_hop_waits_only_for_what_is_left(url: str, database: Database) -> None:
    with holding(url), takes(0.4, 0.8), pytest.raises(DBAPIError) as refused:
        put(database, patience=0.5)
    assert contended(refused.value)


def test_a_hop_gets_a_lock_that_comes_free_in_time(url: str, database: Database) -> None:
    with holding(url, seconds=0.5), takes(0.4, 1.9):
        put(database)
    assert coins(database) == 1


def test_a_job_waits_longer(url: str, database: Database) -> None:
    with holding(url, seconds=2.5), takes(2.3, 3.5):
        put(database, patience=10)
    assert coins(database) == 1


def test_the_writers_of_one_process_wait_two_seconds_for_each_other(database: Database) -> None:
    """On SQLite they queue for the one connection; on PostgreSQL for the row."""
    taken, done = Event(), Event()

    def keep() -> None:
        with database.writing(10) as db:
            db.execute(update(purse).values(coins=5))
            taken.set()
            done.wait(10)

    thread = Thread(target=keep)
    thread.start()
    taken.wait()
    with takes(1.4, 2.3), pytest.raises(Exception) as refused:  # noqa: PT011 (three libraries' errors)
        put(database)
    done.set()
    thread.join()
    assert contended(refused.value)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
class TestPostgresql:
    def test_two_waits_of_a_hop_share_its_two_seconds(self, url: str, database: Database) -> None:
        def take_both() -> None:
            with database.writing() as db:
                db.execute(update(purse).where(purse.c.name == "a").values(coins=1))
                db.execute(update(purse).where(purse.c.name == "b").values(coins=1))

        with holding(url, "a", seconds=1.2), holding(url, "b"), takes(1.7, 2.3):
            with pytest.raises(DBAPIError) as refused:
                take_both()
            assert contended(refused.value)
        assert (coins(database, "a"), coins(database, "b")) == (0, 0)

    def test_a_hop_that_used_up_its_time_runs_no_further_statement(self, url: str, database: Database) -> None:
        with database.writing() as db:
            time.sleep(HOP)
            with pytest.raises(backend.TooSlow) as refused:
                db.execute(update(purse).values(coins=1))
        assert contended(refused.value)
        assert coins(database) == 0

    def test_a_job_may_take_its_time(self, url: str, database: Database) -> None:
        with database.writing(10) as db:
            db.execute(text("SELECT pg_sleep(2.2)"))
            db.execute(update(purse).values(coins=1))
        assert coins(database) == 1

    def test_the_limits_of_a_job_do_not_outlive_it(self, url: str, database: Database) -> None:
        with database.writing(10) as db:
            assert db.execute(text("SHOW statement_timeout")).scalar_one() == "0"
            assert db.execute(text("SHOW lock_timeout")).scalar_one() == "10s"
        with database.writing() as db:
            assert db.execute(text("SHOW statement_timeout")).scalar_one() == "1750ms"
            assert db.execute(text("SHOW lock_timeout")).scalar_one() == "1500ms"
            assert db.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
        with database.reading() as db:
            assert db.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
            assert db.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"

    def test_a_deadlock_is_contention(self, url: str, database: Database) -> None:
        both = threading.Barrier(2, timeout=10)

        def cross(names: str) -> BaseException | None:
            try:
                with database.writing(10) as db:
                    db.execute(update(purse).where(purse.c.name == names[0]).values(coins=1))
                    both.wait()
                    db.execute(update(purse).where(purse.c.name == names[1]).values(coins=1))
            except DBAPIError as error:
                return error
            return None

        with ThreadPoolExecutor(2) as pool:
            lost = [error for error in pool.map(cross, ["ab", "ba"]) if error]
        assert [contended(error) for error in lost] == [True]

    def test_the_pool_survives_a_restart_of_the_server(self, url: str) -> None:
        with servers.postgres_server(fsync=False) as server:
            database = open_database(server.url.replace("postgresql:", "postgresql+psycopg:"))
            with database.writing() as db:
                purse.create(db)
            server.stop()
            server.start()
            with database.reading() as db:
                assert db.execute(select(purse)).all() == []
            database.dispose()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
class TestSqlite:
    @pytest.mark.parametrize(
        ("pragma", "value"),
        [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("recursive_triggers", 1)],
    )
    def test_how_it_is_opened(self, database: Database, pragma: str, value: object) -> None:
        with database.writing() as db:
            assert db.execute(text(f"PRAGMA {pragma}")).scalar_one() == value

    def test_a_page_reads_while_a_call_writes(self, database: Database) -> None:
        with database.writing() as db:
            db.execute(update(purse).values(coins=7))
            with takes(0, 0.5):
                assert coins(database) == 0

    def test_ddl_is_part_of_the_transaction(self, database: Database) -> None:
        def fail() -> None:
            with database.writing() as db:
                db.execute(text("CREATE TABLE half (done INTEGER)"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        with database.reading() as db:
            assert db.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'half'")).scalar_one() == 0


@pytest.mark.parametrize(
    "error", [ValueError("no"), sqlite3.IntegrityError("no"), psycopg.errors.UniqueViolation("no")]
)
def test_other_errors_are_not_contention(error: Exception) -> None:
    assert not contended(error)


def listening(jobs: ThreadJobs | RedisJobs, stop: Event, sweep: Callable[[], None]) -> Thread:
    thread = Thread(target=jobs.listen, args=(stop, sweep))
    thread.start()
    return thread


def test_a_thread_that_listens_wakes_at_once_and_stops() -> None:
    jobs, stop, swept = ThreadJobs(), Event(), threading.Semaphore(0)
    thread = listening(jobs, stop, swept.release)
    assert swept.acquire(timeout=5)
    jobs.wake([1])
    with takes(0, 0.5):
        assert swept.acquire(timeout=5)
    stop.set()
    jobs.wake([])
    with takes(0, 0.5):
        thread.join()


def test_redis_that_is_gone_costs_a_call_next_to_nothing() -> None:
    jobs = RedisJobs("redis://127.0.0.1:1/0")
    with takes(0, 0.6):
        jobs.wake([1, 2])
    with takes(0, 0.01):
        jobs.wake([3])


def test_redis_that_hangs_costs_a_call_half_a_second_once() -> None:
    with servers.redis_server() as server:
        jobs = RedisJobs(server.url)
        jobs.wake([1])
        with Redis.from_url(server.url) as operator:
            operator.execute_command("CLIENT", "PAUSE", "3000")
        with takes(0.3, 1.2):
            jobs.wake([2])
        with takes(0, 0.01):
            jobs.wake([3])


def test_a_job_in_redis_is_json_and_holds_ids_only() -> None:
    with servers.redis_server() as server:
        RedisJobs(server.url).wake([11, 12])
        with Redis.from_url(server.url) as redis:
            (key,) = redis.keys("rq:job:*")
            job = redis.hgetall(key)
    assert json.loads(zlib.decompress(job[b"data"])) == ["gateway.jobs.run", None, ["send", [11, 12]], {}]
