"""The servers that the tests run on are real, keep what they promise, and leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

import servers

HELD = """
import servers, time
with servers.postgres_server() as books, servers.redis_server() as bell:
    print(books.folder, books.process.pid, bell.folder, bell.process.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with servers.postgres() as url:
        yield url


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as db:
        row = db.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def write(url: str, *statements: str) -> None:
    with psycopg.connect(url) as db:
        for statement in statements:
            db.execute(statement.encode())


def test_postgres_answers_and_is_no_antique(url: str) -> None:
    assert int(str(one(url, "SHOW server_version_num"))) >= servers.OLDEST_POSTGRES * 10_000
    assert one(url, "SHOW server_encoding") == "UTF8"


def test_databases_are_apart_copied_with_their_rows_and_dropped(url: str) -> None:
    first = servers.fresh_database(url)
    write(first, "CREATE TABLE words (word text)", "INSERT INTO words VALUES ('সমিতি')")
    copy = servers.fresh_database(url, template=first)
    write(copy, "DELETE FROM words")
    assert one(first, "SELECT word FROM words") == "সমিতি"
    assert one(copy, "SELECT count(*) FROM words") == 0
    for database in (first, copy, copy):
        servers.drop_database(database)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        one(first, "SELECT 1")


def test_a_driver_in_the_url_is_kept_for_sqlalchemy(url: str) -> None:
    named = servers.fresh_database(url.replace("postgresql:", "postgresql+psycopg:"))
    assert named.startswith("postgresql+psycopg:")
    servers.drop_database(named)


def test_redis_answers_and_its_databases_are_apart() -> None:
    with servers.redis() as url:
        one, two = (redis_client.Redis.from_url(servers.fresh_redis(url, number)) for number in (1, 2))
        with one, two:
            one.set("bell", "rung")
            assert one.get("bell") == b"rung"
            assert two.get("bell") is None
            with redis_client.Redis.from_url(servers.fresh_redis(url, 1)) as emptied:
                assert emptied.get("bell") is None


def test_urls_from_the_environment_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://elsewhere/tests")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://elsewhere/1")
    with servers.postgres() as books, servers.redis() as bell:
        assert (books, bell) == ("postgresql://elsewhere/tests", "redis://elsewhere/1")


def test_a_durable_postgres_keeps_what_was_committed_when_killed() -> None:
    with servers.postgres_server() as server:
        assert one(server.url, "SHOW fsync") == "on"
        write(server.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            one(server.url, "SELECT 1")
        server.start()
        assert one(server.url, "SELECT n FROM kept") == 7
        server.stop()
        server.start()
        assert one(server.url, "SELECT n FROM kept") == 7
    assert not server.folder.exists()


def test_redis_forgets_when_killed_unless_durable() -> None:
    for durable, expected in ((False, None), (True, b"rung")):
        with servers.redis_server(durable=durable) as server:
            client = redis_client.Redis.from_url(server.url)
            client.set("bell", "rung")
            server.kill()
            server.start()
            assert client.get("bell") == expected
            client.close()


def test_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "STARTS", 1)
    server = servers.postgres_server(settings=["no_such_setting=1"])
    with pytest.raises(servers.NoServer, match="no_such_setting"):
        server.__enter__()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_nothing_outlives_a_killed_run() -> None:
    tests = Path(__file__).parent
    command = [sys.executable, "-c", HELD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tests) as run:
        assert run.stdout is not None
        books, books_pid, bell, bell_pid = run.stdout.readline().split()
        run.send_signal(signal.SIGKILL)
    for pid in (books_pid, bell_pid):
        assert gone(int(pid)), (tests, pid)
    with servers.redis_server():
        assert not Path(books).exists()
        assert not Path(bell).exists()


def gone(pid: int) -> bool:
    """Whether a process ends within five seconds; a zombie that nobody has reaped yet has ended."""
    for _ in range(250):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False
