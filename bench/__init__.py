"""What the benches share: a place that goes away, servers that are always stopped, clients and their tallies."""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from array import array
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from types import ModuleType
from typing import Any
from typing import Protocol

from rich.table import Table

HOST = "127.0.0.1"
SOMITI = str(Path(sys.executable).with_name("somiti"))

START = 60.0
"""Seconds that a server may take to listen."""

STOP = 10.0
"""Seconds that it may take to leave before it is killed."""

REPLY = 10.0
"""Seconds after which a reply counts as missing."""

_ELSEWHERE = {"DATABASE_URL", "REDIS_URL", "SIMULATOR", "SMS_PROVIDERS", "USSD_CODE"}
_SECRETS = ("SECRET_KEY", "PIN_PEPPER", "CALLBACK_SECRET")


class Broken(Exception):
    """A command, server or client of ours did not do; the text says what it printed."""


def _disk() -> str:
    """Where a file is on a disk: /tmp may lie in memory, where a commit costs nothing."""
    return "/var/tmp" if os.access("/var/tmp", os.W_OK | os.X_OK) else tempfile.gettempdir()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one run, on a disk."""
    with tempfile.TemporaryDirectory(prefix="somiti-bench-", dir=_disk()) as name:
        yield Path(name)


@contextmanager
def test_servers() -> Iterator[ModuleType]:
    """The tests' own module that starts servers of every kind, for this block with their data on a disk."""
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    import servers

    usual, servers.TEMPORARY = servers.TEMPORARY, _disk()
    try:
        yield servers
    except servers.NoServer as error:
        raise Broken(str(error)) from None
    finally:
        servers.TEMPORARY = usual


def environment(folder: Path, database: str | None = None) -> dict[str, str]:
    """An environment for the product: everything in `folder`, fresh secrets, no setting from outside."""
    kept = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    made = {name: secrets.token_urlsafe(48) for name in _SECRETS}
    return kept | made | {"SOMITI_VAR": str(folder)} | ({"DATABASE_URL": database} if database else {})


def somiti(env: Mapping[str, str], *arguments: str) -> str:
    """What a `somiti` command prints; Broken when it fails."""
    done = subprocess.run([SOMITI, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Broken(f"somiti {' '.join(arguments)}:\n{done.stdout}")
    return done.stdout.strip()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str], port: int, log: Path) -> Iterator[int]:
    """A server that listens on `port` (0: nowhere), in a process group of its own, whose id this gives.

    It is stopped in any case.
    """
    with log.open("wb") as kept:
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=kept, start_new_session=True, preexec_fn=_dies_with_us()
        )
    try:
        if port:
            _wait_for(process, port, log)
        yield process.pid
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, how)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOP)


def complaints(log: Path) -> list[str]:
    """The last lines of a server's log that are more than information."""
    return [line for line in log.read_text(errors="replace").splitlines() if '"level": "info"' not in line][-5:]


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    limit = time.monotonic() + START
    while process.poll() is None and time.monotonic() < limit:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Broken(f"{process.args!r} does not listen:\n{log.read_text(errors='replace')[-2000:]}")


def _dies_with_us() -> Callable[[], Any] | None:
    """Run in the child: the kernel stops it when the bench ends, even by kill -9 (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(1, signal.SIGTERM)


def processor_seconds(group: int) -> float:
    """The processor time that a process group has used so far; not a number where there is no /proc."""
    ticks, seen = 0, False
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks, seen = ticks + int(fields[11]) + int(fields[12]), True
    return ticks / os.sysconf("SC_CLK_TCK") if seen else math.nan


class Wire:
    """A keep-alive connection that costs the client little; it reads replies with a Content-Length only."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=REPLY)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        kind = "Content-Type: application/x-www-form-urlencoded"
        self._head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{kind}\r\nContent-Length: ".encode()

    def send(self, form: bytes) -> None:
        """Post a form."""
        self._socket.sendall(self._head + str(len(form)).encode() + b"\r\n\r\n" + form)

    def read(self) -> tuple[str, str, str]:
        """Status, screen and body of the reply to what was sent."""
        got = self._more(b"")
        while b"\r\n\r\n" not in got:
            got = self._more(got)
        head, _, body = got.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        while len(body) < int(headers["content-length"]):
            body = self._more(body)
        return first.split(" ")[1], headers.get("at-ussd-hop-metadata", ""), body.decode()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _more(self, got: bytes) -> bytes:
        some = self._socket.recv(65536)
        if not some:
            raise ConnectionError("closed")
        return got + some


def ratio(one: float, other: float) -> float:
    """One by the other; not a number where there is nothing to divide by."""
    return one / other if other else math.nan


@dataclass
class Tally:
    """What came of some work: milliseconds of each good hop by screen, what was posted, whatever was wrong.

    In seconds: `busy`, the clients' time on a processor; `served`, the server's; `wall`, on the clock.
    """

    times: dict[str, array[float]] = field(default_factory=dict)
    calls: int = 0
    copies: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    posted: Counter[tuple[str, str]] = field(default_factory=Counter)
    unsure: Counter[tuple[str, str]] = field(default_factory=Counter)
    busy: float = 0.0
    served: float = 0.0
    wall: float = 0.0
    ended: float = 0.0

    @property
    def hops(self) -> int:
        """Hops that were answered as they must be; copies are not counted."""
        return sum(map(len, self.times.values()))

    @property
    def rate(self) -> float:
        """Those hops in a second."""
        return ratio(self.hops, self.wall)

    @property
    def cost(self) -> float:
        """Milliseconds of the server's processor for a hop; on a busy machine steadier than the rate."""
        return ratio(self.served * 1000, self.hops)

    def quantile(self, share: float, screen: str = "") -> float:
        """Milliseconds in which this share of the hops (to one screen) was answered."""
        some = [self.times.get(screen, ())] if screen else self.times.values()
        ordered = sorted(each for times in some for each in times)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else math.nan

    def add(self, other: Tally) -> None:
        """Add another one's counts and seconds."""
        for screen, times in other.times.items():
            self.times.setdefault(screen, array("d")).extend(times)
        for name in ("errors", "wrong", "posted", "unsure"):
            getattr(self, name).update(getattr(other, name))
        for name in ("calls", "copies", "busy", "served", "wall"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Task(Protocol):
    """Work for clients: how many of them, and until when (monotonic) at most."""

    @property
    def clients(self) -> int:
        """How many take part."""

    @property
    def until(self) -> float:
        """When no more is begun."""

    def run(self, number: int) -> Tally:
        """The part of client `number`, done in its process."""


class Clients:
    """A process for each client, waiting for tasks; they end with this one, however it ends."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("fork")
        self._pipes: list[Pipe] = []
        for number in range(count):
            ours, theirs = context.Pipe()
            context.Process(target=_work, args=(theirs, number, [*self._pipes, ours]), daemon=True).start()
            theirs.close()
            self._pipes.append(ours)

    def do(self, task: Task) -> Tally:
        """Have a task done by as many clients as it wants, at the same time."""
        began, together = time.monotonic(), Tally()
        pipes = self._pipes[: task.clients]
        for pipe in pipes:
            pipe.send(task)
        for pipe in pipes:
            if not pipe.poll(max(task.until - time.monotonic(), 0) + 6 * REPLY):
                raise Broken("a client is stuck")
            tally = pipe.recv()
            together.add(tally)
            together.ended = max(together.ended, tally.ended)
        together.wall = together.ended - began
        return together


def _work(pipe: Pipe, number: int, others: Sequence[Pipe]) -> None:
    """A client's process: do what comes through the pipe, until its other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in others:
        other.close()
    with suppress(EOFError, OSError):
        while True:
            task = pipe.recv()
            busy = time.process_time()
            tally = task.run(number)
            tally.busy, tally.ended = time.process_time() - busy, time.monotonic()
            pipe.send(tally)


def table(title: str, *columns: str) -> Table:
    """A table whose first column names the row; the others are figures."""
    made = Table(title=title)
    made.add_column(no_wrap=True)
    for name in columns:
        made.add_column(name, justify="right")
    return made
