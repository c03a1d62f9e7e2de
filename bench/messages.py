"""Messages through the outbox and its workers to the provider stub, beside the stub alone, by turns.

The stub alone is sent the same messages by the same wire, with as many processes as there are workers and nothing
else: no row, no claim, no settlement. Both are timed by the stub's own ledger, from the first request to the last.
Afterwards it must have every message once, and the outbox must know it.
"""

from __future__ import annotations

import signal
import sqlite3
import statistics
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import ExitStack
from contextlib import closing
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import click
from redis import Redis
from rich.console import Console
from rich.progress import Progress

import bench
from bench import Tally
from gateway import outbox
from gateway import schema
from gateway.backend import JOB
from gateway.outbox import Draft
from gateway.outbox import State
from gateway.providers.africastalking import AfricasTalkingSms
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.settings import load
from gateway.stub import FILE
from gateway.stub.ledger import Ledger

SQLITE, POSTGRESQL = "sqlite", "postgresql"
NUMBER = "+8801711000001"
WARM = 40
"""Messages sent before anything is timed."""

PATIENCE = 300.0
"""Seconds that a turn may take."""

_SPAN = "SELECT count(*), julianday(max(at)) - julianday(min(at)) FROM request WHERE text LIKE ?"
_DAY = 86400

console = Console(highlight=False)


@dataclass(frozen=True)
class Case:
    """One row of the table: so many workers on a database; SQLite has one, PostgreSQL rings them by Redis."""

    dialect: str
    workers: int

    def __str__(self) -> str:
        """`postgresql, 4 workers`."""
        return f"{self.dialect}, {self.workers} worker{'s' * (self.workers > 1)}"


@dataclass(frozen=True)
class Bare:
    """Messages for processes that only send."""

    url: str
    name: str
    count: int
    clients: int
    until: float

    def run(self, number: int) -> Tally:
        """The part of one process."""
        wire, tally = AfricasTalkingSms("bench", "key", base_url=f"{self.url}/version1"), Tally()
        times = tally.times.setdefault("", array("d"))
        for place in range(number, self.count, self.clients):
            if time.monotonic() >= self.until:
                break
            began = time.monotonic()
            try:
                wire.send(NUMBER, f"{self.name} {place}", "", "")
            except Exception as error:
                tally.errors[f"stub alone: {error!r}"] += 1
            else:
                times.append((time.monotonic() - began) * 1000)
        return tally


@dataclass
class Side:
    """What one side did in each round: messages a second; the processor's milliseconds for a message."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


@dataclass
class Figures:
    """Both sides of a case."""

    alone: Side = field(default_factory=Side)
    somiti: Side = field(default_factory=Side)

    @property
    def ratio(self) -> float:
        """The middle one of the rounds' ratios: noise that meets one round leaves it alone."""
        pairs = zip(self.somiti.rates, self.alone.rates, strict=True)
        return statistics.median(bench.ratio(ours, alone) for ours, alone in pairs)


@dataclass(frozen=True)
class Place:
    """Where a case is measured: the stub's address and its ledger, our runtime, the workers' process groups."""

    url: str
    ledger: Path
    runtime: Runtime
    groups: tuple[int, ...]

    def busy(self) -> float:
        """Seconds of a processor that the workers have used."""
        return sum(map(bench.processor_seconds, self.groups))

    def rate(self, name: str) -> float:
        """Messages a second that the stub got of those whose text begins so."""
        with closing(sqlite3.connect(self.ledger, timeout=10)) as db:
            count, days = db.execute(_SPAN, (f"{name} %",)).fetchone()
        return bench.ratio(count - 1, (days or 0.0) * _DAY)


@contextmanager
def database(dialect: str, folder: Path) -> Iterator[dict[str, str]]:
    """The settings of an empty database, on a server that syncs what it commits, with a Redis as the bell."""
    if dialect == SQLITE:
        yield {"DATABASE_URL": f"sqlite:///{folder / 'somiti.db'}"}
        return
    with ExitStack() as stack:
        servers = stack.enter_context(bench.test_servers())
        url = servers.fresh_database(stack.enter_context(servers.postgres(fsync=True)))
        stack.callback(servers.drop_database, url)
        redis = stack.enter_context(servers.redis_server())
        yield {"DATABASE_URL": url, "REDIS_URL": redis.url}


@contextmanager
def place(case: Case, folder: Path, stub: str, ledger: Path) -> Iterator[Place]:
    """An empty outbox and its workers, ready to send."""
    with ExitStack() as stack:
        settings = stack.enter_context(database(case.dialect, folder))
        env = bench.environment(folder) | settings
        env |= {"SMS_PROVIDERS": "africastalking", "AT_USERNAME": "bench", "AT_API_KEY": "key", "AT_URL": stub}
        runtime = open_runtime(load(env))
        stack.callback(runtime.close)
        schema.migrate(runtime.database)
        groups = [
            stack.enter_context(bench.running([bench.SOMITI, "worker"], env, 0, folder / f"worker-{number}"))
            for number in range(case.workers)
        ]
        if redis := env.get("REDIS_URL"):
            _await_workers(redis, case.workers)
        yield Place(stub, ledger, runtime, tuple(groups))


def _await_workers(url: str, workers: int) -> None:
    """Until so many listen: they import for some seconds."""
    limit = time.monotonic() + bench.START
    with Redis.from_url(url) as redis:
        while int(redis.scard("rq:workers")) < workers:
            if time.monotonic() > limit:
                raise bench.Broken("the workers do not listen")
            time.sleep(0.05)


def through(at: Place, name: str, count: int) -> None:
    """Queue messages, ring for them, and wait until none is on its way to the provider."""
    now = datetime.now(UTC)
    with at.runtime.database.writing(JOB) as db:
        ids = [outbox.queue(db, draft(f"{name} {number}", now), now) for number in range(count)]
    at.runtime.jobs.wake([each for each in ids if each is not None])
    limit = time.monotonic() + PATIENCE
    while True:
        with at.runtime.database.reading(JOB) as db:
            if not {State.QUEUED, State.SENDING} & set(outbox.counts(db)):
                return
        if time.monotonic() > limit:
            raise bench.Broken(f"{name}: messages are stuck")
        time.sleep(0.1)


def draft(text: str, now: datetime) -> Draft:
    """A message that may go at any hour."""
    return Draft(
        once_key=f"bench:{text}",
        purpose="bench",
        programme=None,
        member=None,
        number=NUMBER,
        language="en",
        text=text,
        encoding="gsm7",
        units=len(text),
        parts=1,
        due_at=now,
        expires_at=now + timedelta(days=1),
    )


def alone(at: Place, name: str, count: int, workers: int, clients: bench.Clients) -> Tally:
    """Send messages without an outbox."""
    return clients.do(Bare(at.url, name, count, workers, time.monotonic() + PATIENCE))


def measure(case: Case, at: Place, rounds: int, count: int, clients: bench.Clients, wrong: Counter[str]) -> Figures:
    """Warm up, then the two by turns, now the one first, now the other; then count."""
    figures, names = Figures(), []
    through(at, f"{case} warm", WARM)
    alone(at, f"{case} warm alone", WARM, case.workers, clients)
    for number in range(rounds):
        for ours in (number % 2 == 0, number % 2 == 1):
            name = f"{case} {number} {'outbox' if ours else 'alone'}"
            names.append(name)
            before, tally = at.busy(), Tally()
            if ours:
                through(at, name, count)
            else:
                tally = alone(at, name, count, case.workers, clients)
            side, busy = (figures.somiti, at.busy() - before) if ours else (figures.alone, tally.busy)
            side.rates.append(at.rate(name))
            side.costs.append(bench.ratio(busy * 1000, count))
            wrong.update(tally.errors)
    wrong.update(faults(case, at, [f"{name} {each}" for name in names for each in range(count)]))
    return figures


def faults(case: Case, at: Place, texts: list[str]) -> Iterator[str]:
    """What the stub has not once, and what the outbox does not know."""
    ledger = Ledger(at.ledger)
    taken = Counter(message.text for message in ledger.taken())
    ledger.close()
    yield from (f"{case}: lost" for text in texts if not taken[text])
    yield from (f"{case}: doubled" for text in texts if taken[text] > 1)
    with at.runtime.database.reading(JOB) as db:
        states: Mapping[str, int] = outbox.counts(db)
    yield from (f"{case}: {state}" for state, count in states.items() if state != State.ACCEPTED for _ in range(count))


def report(figures: Mapping[Case, Figures], wrong: Counter[str]) -> None:
    """Print the table, and what was wrong, the commonest first."""
    columns = "alone/s", "Somiti/s", "ratio", "alone CPU ms", "Somiti CPU ms"
    made = bench.table("Messages to the stub", *columns)
    for case, of in figures.items():
        rates = [f"{statistics.median(side.rates):,.0f}" for side in (of.alone, of.somiti)]
        costs = [f"{statistics.median(side.costs):.2f}" for side in (of.alone, of.somiti)]
        made.add_row(str(case), *rates, f"{of.ratio:.2f}", *costs)
    console.print(
        made, "Alone is without an outbox; the CPU is the senders'.", "" if wrong else "Every message was taken once."
    )
    for fault, count in wrong.most_common(10):
        console.print(f"{count} x {fault}", style="red", markup=False, soft_wrap=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--rounds", default=5, type=click.IntRange(1), help="Turns of each side in each case.")
@click.option("--messages", default=500, type=click.IntRange(2), help="Messages in each turn.")
@click.option("--workers", default=4, type=click.IntRange(2, 64), help="Workers at once; also measured with one.")
@click.option("--latency", default=0.0, type=click.FloatRange(0, 60), help="Seconds before every answer of the stub.")
@click.option("--on", "dialects", multiple=True, default=(SQLITE, POSTGRESQL), type=click.Choice((SQLITE, POSTGRESQL)))
@click.option("--quick", is_flag=True, help="Whether all runs: the figures mean nothing.")
def main(rounds: int, messages: int, workers: int, latency: float, dialects: tuple[str, ...], quick: bool) -> None:
    """Messages through outbox and workers to the provider stub, and to the stub alone, in one run."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if quick:
        rounds, messages, workers = 1, 20, 2
    every = (Case(SQLITE, 1), Case(POSTGRESQL, 1), Case(POSTGRESQL, workers))
    cases = [case for case in every if case.dialect in dialects]
    # Forked before there is a connection or a thread that the clients would take along.
    clients, wrong, figures = bench.Clients(workers), Counter[str](), dict[Case, Figures]()
    try:
        with bench.scratch() as folder, Progress(console=Console(stderr=True), transient=True) as bar:
            port = bench.free_port()
            options = ["--port", str(port), "--var", str(folder), "--latency", str(latency)]
            command = [bench.SOMITI, "provider-stub", *options]
            with bench.running(command, bench.environment(folder), port, folder / "stub.log"):
                for number, case in enumerate(bar.track(cases, description="messages")):
                    (here := folder / str(number)).mkdir()
                    with place(case, here, f"http://{bench.HOST}:{port}", folder / FILE) as at:
                        figures[case] = measure(case, at, rounds, messages, clients, wrong)
    except bench.Broken as error:
        raise click.ClickException(str(error)) from None
    report(figures, wrong)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
