"""Postings of a two-line entry beside the raw driver that writes the same rows, by turns, on both databases.

The raw driver is `sqlite3` or `psycopg` with prepared, hand-written SQL and nothing else: claim the operation, lock
the book, two balances, the entry, its lines, the book's head; it makes the same hashes. Each side has a database of
its own with the product's schema and settings. Afterwards both must be sound, and hold what was counted.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import sqlite3
import statistics
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from itertools import product
from pathlib import Path
from threading import Lock
from threading import Thread
from typing import Any
from typing import Protocol

import click
import psycopg
from psycopg.types.numeric import Int8Dumper
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func
from sqlalchemy import make_url
from sqlalchemy import select

import bench
from bench import Tally
from gateway import schema
from gateway.backend import JOB
from gateway.backend import contended
from gateway.backend import open_database
from ledger import audit
from ledger import journal
from ledger import programmes
from ledger.books import GENESIS
from ledger.books import Book
from ledger.books import Origin
from ledger.books import entry_table
from ledger.chart import GROUP
from ledger.groups import group_table
from ledger.money import Money
from ledger.templates import draft

MEMBERS = 20
"""Members of each group; each has an account of her own."""

AIM = 0.6
"""What postings should reach of the raw driver's rate."""

SQLITE, POSTGRESQL = "sqlite", "postgresql"
RAW, SOMITI = "raw", "Somiti"

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Saving:
    """A deposit to post: minor units of a member into the cash box of her group."""

    operation: str
    group: int
    member: int
    amount: int
    at: datetime


class Poster(Protocol):
    """One way to post: a transaction for each saving, or one for many."""

    def post(self, *savings: Saving) -> None:
        """Post and commit."""

    def close(self) -> None:
        """Close the connection."""


class Ours:
    """The product: its transaction, its template, its journal."""

    def __init__(self, url: str) -> None:
        self._database = open_database(url)

    def post(self, *savings: Saving) -> None:
        """Post and commit."""
        with self._database.writing() as db:
            for saving in savings:
                origin = Origin(saving.operation, "1001", "bench", saving.at, saving.at.date(), str)
                sums, memo = {"compulsory": Money(saving.amount, "BDT")}, {"member": saving.member}
                book = Book(GROUP, saving.group, "BDT")
                journal.enter(db, origin, draft("saving.deposit", book, sums, member=saving.member, memo=memo))

    def close(self) -> None:
        """Close the connection."""
        self._database.dispose()


# The five statements that write; each `?` is a `%s` for psycopg. A balance comes back from where it is kept.
BOOK = "INSERT INTO book (id, kind, owner, currency, entries, head) VALUES (?, 'group', ?, 'BDT', 0, ?)"
HEAD = "SELECT entries, head FROM book WHERE id = ?"
OPERATION = "INSERT INTO operation (id, kind, digest, created_at) VALUES (?, 'saving.deposit', ?, ?)"
BALANCES = (
    "INSERT INTO account (book, code, party, balance, pending) VALUES (?, 2010, ?, ?, 0), (?, 1010, 0, ?, 0) "
    "ON CONFLICT (book, code, party) DO UPDATE SET balance = account.balance + excluded.balance RETURNING balance"
)
ENTRY = (
    "INSERT INTO entry (book, number, operation, kind, event_on, created_at, actor, channel, memo, previous, hash) "
    "VALUES (?, ?, ?, 'saving.deposit', ?, ?, '1001', 'bench', ?, ?, ?)"
)
LINES = (
    "INSERT INTO line (book, entry, position, code, party, side, amount, balance) "
    "VALUES (?, ?, 0, 2010, ?, 'C', ?, ?), (?, ?, 1, 1010, 0, 'D', ?, ?)"
)
MOVE_ON = "UPDATE book SET entries = ?, head = ? WHERE id = ?"


def write(run: Callable[..., list[Any]], saving: Saving, lock: str, day: Any, at: Any) -> None:
    """The statements of one posting, with the day and the moment as the driver takes them."""
    book, member, amount = f"group:{saving.group}", saving.member, saving.amount
    inputs = json.dumps(["saving.deposit", book, member, amount])
    run(OPERATION, saving.operation, hashlib.sha256(inputs.encode()).hexdigest(), at)
    if not (kept := run(HEAD + lock, book)):
        run(BOOK, book, saving.group, GENESIS)
        kept = run(HEAD + lock, book)
    ((entries, head),), memo = kept, json.dumps({"member": member})
    number = entries + 1
    (saved,), (cash,) = run(BALANCES, book, member, -amount, book, amount)
    content = [
        *(book, str(number), saving.operation, "saving.deposit", str(saving.at.date()), "1001", "bench", "None"),
        *(memo, head, saving.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
        *([[2010, member, "C", amount, saved], [1010, 0, "D", amount, cash]], [], [], [], []),
    ]
    link = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    run(ENTRY, book, number, saving.operation, day, at, memo, head, link)
    run(LINES, book, number, member, amount, saved, book, number, amount, cash)
    run(MOVE_ON, number, link, book)


class RawSqlite:
    """One connection as the product's writer has it, for whichever thread holds the lock."""

    def __init__(self, url: str) -> None:
        self._lock = Lock()
        self._db = sqlite3.connect(make_url(url).database or "", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            self._db.execute(f"PRAGMA {pragma}")

    def post(self, *savings: Saving) -> None:
        """Post and commit."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            for saving in savings:
                at = saving.at.strftime("%Y-%m-%d %H:%M:%S.%f")
                write(self._run, saving, "", at[:10], at)
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _run(self, statement: str, *values: Any) -> list[Any]:
        return self._db.execute(statement, values).fetchall()


class RawPostgresql:
    """One connection whose statements are prepared at their first use."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url.replace("+psycopg", ""), prepare_threshold=0)
        # An int's size would otherwise be part of its type, and one statement many to prepare.
        self._db.adapters.register_dumper(int, Int8Dumper)

    def post(self, *savings: Saving) -> None:
        """Post and commit."""
        for saving in savings:
            write(self._run, saving, " FOR UPDATE", saving.at.date(), saving.at)
        self._db.commit()

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _run(self, statement: str, *values: Any) -> list[Any]:
        cursor = self._db.execute(statement.replace("?", "%s"), values)
        return cursor.fetchall() if cursor.description else []


DRIVERS: dict[tuple[str, str], Callable[[str], Poster]] = {
    (SQLITE, RAW): RawSqlite,
    (POSTGRESQL, RAW): RawPostgresql,
    (SQLITE, SOMITI): Ours,
    (POSTGRESQL, SOMITI): Ours,
}

_opened: dict[str, Poster] = {}
"""What a client's process has connected, by URL: it lasts from turn to turn."""


@dataclass(frozen=True)
class Case:
    """One row of the table: so many clients at once post to so many groups."""

    dialect: str
    clients: int
    groups: int

    def __str__(self) -> str:
        """`sqlite, 1,000 books, 1 client`."""
        some = ((self.groups, "book"), (self.clients, "client"))
        return ", ".join([self.dialect, *(f"{count:,} {what}{'s' * (count > 1)}" for count, what in some)])


@dataclass(frozen=True)
class Turn:
    """What clients are to do with one driver: post savings until the time (monotonic) is up."""

    case: Case
    driver: str
    url: str
    name: str
    until: float

    @property
    def threads(self) -> int:
        """Threads in one process share the one writer of SQLite, as in the product."""
        return self.case.clients if self.case.dialect == SQLITE else 1

    @property
    def clients(self) -> int:
        """Processes."""
        return self.case.clients // self.threads

    def run(self, number: int) -> Tally:
        """The part of one client's process."""
        poster = _opened.get(self.url)
        if poster is None:
            poster = _opened[self.url] = DRIVERS[self.case.dialect, self.driver](self.url)
        whole, tallies = Tally(), [Tally() for _ in range(self.threads)]
        work = [Thread(target=self._work, args=(poster, each, f"{number}/{n}")) for n, each in enumerate(tallies)]
        for thread in work:
            thread.start()
        for thread, tally in zip(work, tallies, strict=True):
            thread.join()
            whole.add(tally)
        return whole

    def _work(self, poster: Poster, tally: Tally, name: str) -> None:
        # The same name gives the same savings: both drivers post them.
        savings, times = some(f"{self.name}/{name}", self.case.groups), tally.times.setdefault("", array("d"))
        saving = next(savings)
        while (began := time.monotonic()) < self.until:
            try:
                poster.post(saving)
            except Exception as error:
                if contended(error):
                    continue  # the same again, as a hop does
                tally.errors[f"{self.case.dialect} {self.driver}: {error!r}"] += 1
            else:
                times.append((time.monotonic() - began) * 1000)
            saving = next(savings)


def some(name: str, groups: int) -> Iterator[Saving]:
    """Savings without end, the same for the same name."""
    chance = random.Random(name)
    at, count = datetime.now(UTC), 0
    while True:
        count += 1
        group = chance.randint(1, groups)
        member = (group - 1) * MEMBERS + chance.randint(1, MEMBERS)
        yield Saving(f"{name}/{count}", group, member, chance.randint(1, 500) * 100, at)


@dataclass
class Figures:
    """What each driver did in each round of a case; the first one only warms up."""

    rounds: dict[str, list[Tally]] = field(default_factory=lambda: {RAW: [], SOMITI: []})

    def rate(self, driver: str) -> float:
        """Postings a second in the middle one of the rounds."""
        return statistics.median(tally.rate for tally in self.rounds[driver][1:])

    def whole(self, driver: str) -> Tally:
        """All rounds together."""
        together = Tally()
        for tally in self.rounds[driver]:
            together.add(tally)
        return together

    @property
    def ratio(self) -> float:
        """The middle one of the rounds' ratios: noise that meets one round leaves it alone."""
        pairs = zip(self.rounds[SOMITI][1:], self.rounds[RAW][1:], strict=True)
        return statistics.median(bench.ratio(ours.rate, raw.rate) for ours, raw in pairs)


Urls = dict[tuple[str, str], str]


@contextmanager
def databases(folder: Path, dialects: tuple[str, ...]) -> Iterator[Urls]:
    """An empty database for each driver, by dialect and driver, on a server that syncs what it commits."""
    urls: Urls = {(SQLITE, driver): f"sqlite:///{folder / driver}.db" for driver in (RAW, SOMITI)}
    with ExitStack() as stack:
        if POSTGRESQL in dialects:
            servers = stack.enter_context(bench.test_servers())
            server = stack.enter_context(servers.postgres(fsync=True))
            for driver in (RAW, SOMITI):
                made = servers.fresh_database(server)
                stack.callback(servers.drop_database, made)
                urls[POSTGRESQL, driver] = made.replace("postgresql://", "postgresql+psycopg://", 1)
        yield {key: url for key, url in urls.items() if key[0] in dialects}


def fill(driver: tuple[str, str], url: str, savings: list[Saving]) -> None:
    """Make the tables and the groups that savings name, and post them."""
    database = open_database(url)
    schema.migrate(database)
    name = {"name_bn": "শাপলা", "name_latn": "Shapla", "short_bn": "শাপলা", "short_latn": "Shapla"}
    with database.writing(JOB) as db:
        programme = programmes.start(db, "Bench").id
        ids = sorted({saving.group for saving in savings})
        rows = [{"id": group, "programme": programme, "district": "Jashore", "rules": "{}", **name} for group in ids]
        db.execute(group_table.insert(), rows)
    database.dispose()
    poster = DRIVERS[driver](url)
    for start in range(0, len(savings), 100):
        poster.post(*savings[start : start + 100])
    poster.close()


def measure(cases: list[Case], rounds: int, seconds: float, urls: Urls, clients: bench.Clients) -> dict[Case, Figures]:
    """Warm up, then the two drivers by turns, now the one first, now the other."""
    figures = {case: Figures() for case in cases}
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for case, place in bar.track(list(product(cases, range(rounds + 1))), description="postings"):
            for driver in (RAW, SOMITI) if place % 2 else (SOMITI, RAW):
                url, name = urls[case.dialect, driver], f"{case.clients}/{case.groups}/{place}"
                tally = clients.do(Turn(case, driver, url, name, time.monotonic() + seconds))
                figures[case].rounds[driver].append(tally)
    return figures


def faults(url: str, expected: int) -> list[str]:
    """What is wrong with the books of a database that should hold so many entries."""
    database = open_database(url)
    with database.reading(3600) as db:
        found = [str(each) for each in audit.check(db) if isinstance(each, audit.Finding)]
        count = db.execute(select(func.count()).select_from(entry_table)).scalar_one()
    database.dispose()
    return found if count == expected else [*found, f"{expected} postings were counted, {count} entries are there"]


def report(figures: dict[Case, Figures], wrong: Counter[str]) -> None:
    """Print the table, and what was wrong, the commonest first."""
    columns = f"{RAW}/s", f"{SOMITI}/s", "ratio", f"{RAW} CPU ms", f"{SOMITI} CPU ms"
    made = bench.table("Postings of two lines, each committed", *columns)
    for case, of in figures.items():
        rates = [f"{of.rate(driver):,.0f}" for driver in (RAW, SOMITI)]
        whole = [of.whole(driver) for driver in (RAW, SOMITI)]
        costs = [f"{bench.ratio(tally.busy * 1000, tally.hops):.2f}" for tally in whole]
        style = "" if of.ratio >= AIM else "red"
        made.add_row(str(case), *rates, f"{of.ratio:.2f}", *costs, style=style)
    console.print(made, f"The aim is {AIM}; the CPU is the clients'.", "" if wrong else "All books are sound.")
    for fault, count in wrong.most_common(10):
        console.print(f"{count} x {fault}", style="red", markup=False, soft_wrap=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--rounds", default=7, type=click.IntRange(1), help="Turns of each driver in each case.")
@click.option("--seconds", default=1.0, type=click.FloatRange(0.1, 3600), help="Time for each turn.")
@click.option("--clients", default=8, type=click.IntRange(2, 64), help="Clients at once; also measured with one.")
@click.option("--books", default=1000, type=click.IntRange(2), help="Books posted to; also measured with one.")
@click.option("--on", "dialects", multiple=True, default=(SQLITE, POSTGRESQL), type=click.Choice((SQLITE, POSTGRESQL)))
@click.option("--quick", is_flag=True, help="Whether all runs: the figures mean nothing.")
def main(rounds: int, seconds: float, clients: int, books: int, dialects: tuple[str, ...], quick: bool) -> None:
    """Postings by the product and by the raw driver, in one run; TEST_DATABASE_URL names a PostgreSQL to use."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if quick:
        rounds, seconds, clients, books = 1, 0.3, 2, 5
    cases = [Case(*each) for each in product(dialects, (1, clients), (1, books))]
    # Forked before there is a connection or a thread that the clients would take along.
    workers = bench.Clients(clients)
    try:
        with bench.scratch() as folder, databases(folder, dialects) as urls:
            opening = [Saving(f"open/{n}", n, n * MEMBERS, 100, datetime.now(UTC)) for n in range(1, books + 1)]
            for key, url in urls.items():
                fill(key, url, opening)
            figures = measure(cases, rounds, seconds, urls, workers)
            wrong, posted = Counter[str](), Counter(dict.fromkeys(urls, books))
            for (case, of), driver in product(figures.items(), (RAW, SOMITI)):
                posted[case.dialect, driver] += of.whole(driver).hops
                wrong += of.whole(driver).errors
            for key, url in urls.items():
                wrong.update(f"{' '.join(key)}: {fault}" for fault in faults(url, posted[key]))
    except bench.Broken as error:
        raise click.ClickException(str(error)) from None
    report(figures, wrong)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
