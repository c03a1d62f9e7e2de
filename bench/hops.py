"""Complete calls against a running server, beside a bare Flask view under the same server settings.

Every reply is checked, and afterwards the books: what a caller saw end well is there, and nothing is there twice.
Loopback only; all that it makes lies in a temporary folder, or in the empty database that --database names.
"""

from __future__ import annotations

import math
import os
import random
import secrets
import signal
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from urllib.parse import urlencode

import click
from flask import Flask
from flask import Response
from flask import request
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func
from sqlalchemy import select

import bench
from bench import Tally
from bench import Wire
from bench import ratio
from gateway import demo
from gateway import schema
from gateway import server
from gateway import settings
from gateway.backend import JOB
from gateway.backend import Database
from gateway.backend import open_database
from ledger.books import book_table
from ledger.chart import SHOP
from ledger.members import handset_table
from ledger.orders import order_table
from ledger.sales import sale_table
from locales.alphabet import octets
from menus.layout import ROOM

ROUNDS = 3
"""The two servers are measured by turns, so that whatever else the machine does meets both."""

console = Console(highlight=False)


@dataclass(frozen=True)
class Call:
    """A call to make: what is typed after dialling; the screen after dialling and after each answer.

    `posts` is what it leaves in the books; a call about savings and loans is made by a member of a `group`.
    """

    keys: str
    screens: str
    posts: str = ""
    group: bool = False

    def hops(self) -> Iterator[tuple[str, str, str]]:
        """For each hop the whole transcript, the screen that must come, and its name in the figures."""
        typed = ["", *self.keys.split()]
        for place, screen in enumerate(self.screens.split()):
            label = f"{screen} (PIN)" if typed[place] == demo.CROWD_PIN else screen
            yield "*".join(typed[1 : place + 1]), screen, label


ORDER = "pin home order order.new order.code order.quantity order.confirm order.done"
SALE = "pin home sale sale.item sale.quantity sale.confirm sale.done"
PASSBOOK = "pin home savings savings.balance savings savings.last home loan loan.balance"
CALLS = (
    Call("52907 1 1 2 101 1 1", ORDER, posts="order"),
    Call("52907 2 1 101 1 1", SALE, posts="sale"),
    Call("52907 1 2 00 2 4", "pin home order order.list home sale sale.today"),
    Call("52907 3 1 0 2 00 4 1", PASSBOOK, group=True),
    Call("52907 7 1 3 1", "pin home settings settings.language settings.read home"),
)
"""Made by turns: an order by code, a sale in cash, her orders and takings, a passbook, her language."""

LAST = ("order.done", "sale.done")


@dataclass(frozen=True)
class Calls:
    """What clients are to do: calls to one server until so many are made or the time (monotonic) is up.

    `bare` is the view that knows one page; `twice` is the share of hops that are sent twice.
    """

    port: int
    path: str
    clients: int
    calls: int
    until: float
    members: int
    bare: bool = False
    twice: float = 0.0

    def run(self, number: int) -> Tally:
        """The part of one client."""
        return Client(self, number).run()


class Client:
    """Makes one call after another."""

    def __init__(self, task: Calls, number: int) -> None:
        self.task, self.number = task, number
        self.tally = Tally()
        self.chance = random.Random(number)
        self.wire: Wire | None = None

    def run(self) -> Tally:
        """Make the calls that fall to this client."""
        task = self.task
        for turn in range(self.number, task.calls, task.clients):
            if time.monotonic() >= task.until:
                break
            # Each client is at another place in the list, so that the mix is the same at any moment.
            self._call(CALLS[(self.number + turn // task.clients) % len(CALLS)], turn)
        self._hang_up()
        return self.tally

    def _call(self, call: Call, turn: int) -> None:
        phone = number_in_group(turn) if call.group else number_in_crowd(turn % self.task.members + 1)
        form = {"sessionId": f"ATUid_{secrets.token_hex(16)}", "phoneNumber": phone, "serviceCode": "*384*27#"}
        for text, screen, label in call.hops():
            try:
                well = self._hop(urlencode(form | {"networkCode": "99999", "text": text}).encode(), screen, label)
            except (OSError, ValueError, LookupError) as error:
                self._hang_up()
                self.tally.errors[f"{screen}: {type(error).__name__}"] += 1
                well = False
            if not well:
                self.tally.unsure[phone, call.posts] += screen in LAST
                return
        self.tally.calls += 1
        if call.posts:
            self.tally.posted[phone, call.posts] += 1

    def _hop(self, form: bytes, screen: str, label: str) -> bool:
        """Whether all was well with a hop, and with its copy: sent at the same time, or after the reply."""
        twice = self.chance.random() < self.task.twice
        at_once = twice and self.chance.random() < 0.5
        self.wire = self.wire or Wire(self.task.port, self.task.path)
        other = Wire(self.task.port, self.task.path) if at_once else self.wire
        began = time.perf_counter()
        self.wire.send(form)
        if at_once:
            other.send(form)
        reply = self.wire.read()
        took = time.perf_counter() - began
        if not self._checked(*reply, screen):
            return False
        self.tally.times.setdefault(label, array("d")).append(took * 1000)
        return not twice or self._same(other, form, reply, at_once)

    def _checked(self, status: str, shown: str, body: str, screen: str) -> bool:
        said, text = body[:4], body[4:]
        if status != "200" or said not in ("CON ", "END "):
            self.tally.errors[f"{screen}: {status} {body[:40]!r}"] += 1
        elif octets(text) > ROOM:
            self.tally.errors[f"{screen}: {octets(text)} octets"] += 1
        elif self.task.bare or (shown, said) == (screen, "END " if screen in LAST else "CON "):
            return True
        else:
            self.tally.wrong[f"{screen}: {said}{shown}"] += 1
        return False

    def _same(self, other: Wire, form: bytes, reply: tuple[str, str, str], at_once: bool) -> bool:
        self.tally.copies += 1
        if not at_once:
            other.send(form)
        copy = other.read()
        if at_once:
            other.close()
        if copy == reply:
            return True
        self.tally.wrong[f"{reply[1]}: another reply to the copy, {copy[0]} {copy[2][:20]!r}"] += 1
        return False

    def _hang_up(self) -> None:
        if self.wire:
            self.wire.close()
        self.wire = None


def number_in_crowd(place: int) -> str:
    """The handset of a member for load tests, from 1 on."""
    return f"+8801{900_000_000 + place}"


def number_in_group(turn: int) -> str:
    """The handset of a member of a group who has the crowd's PIN: any but the demo's three."""
    return f"+88017110{3 + turn % (demo.GROUPS * demo.PER_GROUP - 3):05d}"


def bare() -> Flask:
    """The least that Flask can do for a hop: read the form, answer a page."""
    app = Flask("bare")
    headers = {"Content-Type": "text/plain; charset=utf-8"}

    @app.post("/ussd/<provider>/<secret>")
    def hop(provider: str, secret: str) -> Response:
        request.form.to_dict(flat=False)
        return Response("CON Find it by\n1 Category\n2 Code\n3 Usual basket\n0 Back", 200, headers)

    return app


def serve_bare(port: int) -> None:
    """Serve the bare view as the product is served, so that gunicorn has exactly the same settings."""
    server.run(bare, bench.HOST, port, server.processes(settings.load()))


@dataclass(frozen=True)
class Size:
    """How much is to be done against each server, at most; `twice` is a share."""

    members: int
    calls: int
    clients: int
    seconds: float
    twice: float


@dataclass
class Results:
    """The tallies of a run, and what the books say to them."""

    bare: Tally = field(default_factory=Tally)
    somiti: Tally = field(default_factory=Tally)
    alone: Tally = field(default_factory=Tally)
    twice: Tally = field(default_factory=Tally)
    warm: Tally = field(default_factory=Tally)
    whole: Tally = field(default_factory=Tally)
    lost: int = 0
    doubled: int = 0
    books: str = ""
    complaints: list[str] = field(default_factory=list)

    @property
    def faults(self) -> Counter[str]:
        """All that was wrong with replies and books."""
        return self.whole.errors + self.whole.wrong + self.bare.errors


def phases(size: Size, ports: tuple[int, int], path: str) -> Iterator[tuple[str, Callable[[], Calls]]]:
    """What is done, in order: the name of its tally in Results, and its task, made when it is its turn."""
    product, beside = ports

    def calls(port: int, most: int, seconds: float, clients: int = size.clients, twice: float = 0) -> Calls:
        until = time.monotonic() + seconds
        return Calls(port, path, clients, most, until, size.members, bare=port == beside, twice=twice)

    share, seconds = math.ceil(size.calls / ROUNDS), size.seconds / ROUNDS
    warm = min(4 * len(CALLS) * size.clients, share)
    yield "", lambda: calls(beside, warm, seconds)
    yield "warm", lambda: calls(product, warm, seconds)
    yield "alone", lambda: calls(product, min(6 * len(CALLS), share), seconds, clients=1)
    for _ in range(ROUNDS):
        yield "bare", lambda: calls(beside, share, seconds)
        yield "somiti", lambda: calls(product, share, seconds)
    if size.twice:
        yield "twice", lambda: calls(product, math.ceil(size.calls / 2), size.seconds / 2, twice=size.twice)


def measure(size: Size, env: Mapping[str, str], folder: Path, database: Database, clients: bench.Clients) -> Results:
    """Start both servers, drive them by turns, stop them, look into the books."""
    results, before = Results(), posted(database)
    path, ports = f"/ussd/africastalking/{env['CALLBACK_SECRET']}", (bench.free_port(), bench.free_port())
    commands = [bench.SOMITI, "serve", "--port"], [sys.executable, __file__, "--serve-bare"]
    with ExitStack() as servers:
        groups = {}
        for port, command in zip(ports, commands, strict=True):
            groups[port] = servers.enter_context(bench.running([*command, str(port)], env, port, folder / str(port)))
        with Progress(console=Console(stderr=True), transient=True) as bar:
            for name, make in bar.track(list(phases(size, ports, path)), description="calls"):
                task = make()
                earlier = bench.processor_seconds(groups[task.port])
                tally = clients.do(task)
                tally.served = bench.processor_seconds(groups[task.port]) - earlier
                if name:
                    getattr(results, name).add(tally)
    results.complaints = bench.complaints(folder / str(ports[0]))
    for part in (results.warm, results.alone, results.somiti, results.twice):
        results.whole.add(part)
    compare(results, posted(database) - before)
    try:
        results.books = bench.somiti(env, "check-books")
    except bench.Broken as error:
        results.whole.errors[str(error)] += 1
    return results


def compare(results: Results, found: Counter[tuple[str, str]]) -> None:
    """Count what callers saw end well and the books lack, and what the books have and nobody can have seen."""
    sure, unsure = results.whole.posted, results.whole.unsure
    for key in sure | unsure | found:
        results.lost += max(sure[key] - found[key], 0)
        results.doubled += max(found[key] - sure[key] - unsure[key], 0)


def posted(database: Database) -> Counter[tuple[str, str]]:
    """How many orders and sales the books have, by handset of the crowd."""
    member, number = handset_table.c.member, handset_table.c.number
    counted = select(number, func.count()).where(number > number_in_crowd(0)).group_by(number)
    shop_id, shop = book_table.c.id, (book_table.c.kind == SHOP) & (book_table.c.owner == member)
    statements = {
        "order": counted.join_from(handset_table, order_table, order_table.c.agent == member),
        "sale": counted.join_from(handset_table, book_table, shop).join(sale_table, sale_table.c.book == shop_id),
    }
    with database.reading(JOB) as db:
        return Counter({(phone, kind): count for kind, some in statements.items() for phone, count in db.execute(some)})


def report(results: Results, size: Size) -> None:
    """Print the tables, what was wrong (the commonest first), and what the books say."""
    hops = bench.table("Hops", "hops/s", "p50 ms", "p99 ms", "CPU ms", "hops", "errors", "wrong screens")
    rows = [("bare Flask", results.bare), ("Somiti", results.somiti), ("with copies", results.twice)]
    for name, tally in rows[: 3 if size.twice else 2]:
        figures = tally.quantile(0.5), tally.quantile(0.99), tally.cost
        counts = tally.hops, tally.errors.total(), tally.wrong.total()
        hops.add_row(name, f"{tally.rate:,.0f}", *(f"{each:.2f}" for each in figures), *map(str, counts))
    ratios = ratio(results.somiti.rate, results.bare.rate), ratio(results.bare.cost, results.somiti.cost)
    hops.add_row("ratio", f"{ratios[0]:.3f}", "", "", f"{ratios[1]:.3f}", style="bold")
    screens = bench.table("Screen by screen", "hops", "one client: p50 ms", "p50 ms", "p99 ms")
    for screen in dict.fromkeys(label for call in CALLS for _, _, label in call.hops()):
        loaded = (results.somiti.quantile(share, screen) for share in (0.5, 0.99))
        count = len(results.somiti.times.get(screen, ()))
        screens.add_row(screen, str(count), *(f"{each:.2f}" for each in (results.alone.quantile(0.5, screen), *loaded)))
    console.print(hops, screens)
    busy = ratio(results.bare.busy + results.somiti.busy, results.bare.wall + results.somiti.wall)
    console.print(f"{size.clients} clients at once, which took {busy:.2f} of {os.cpu_count()} cores.")
    for fault, count in results.faults.most_common(10):
        console.print(f"{count} x {fault}", style="red", markup=False)
    for line in results.complaints:
        console.print(line, style="red", markup=False, soft_wrap=True)
    ended, copies, unsure = results.whole.posted.total(), results.whole.copies, results.whole.unsure.total()
    console.print(f"{ended} orders and sales ended well, {copies} hops were sent twice:", end=" ")
    console.print(f"{results.lost} lost, {results.doubled} doubled, {unsure} unsure.", results.books)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--members", default=2000, type=click.IntRange(1, 1_000_000), help="Callers, one handset each.")
@click.option("--calls", default=3000, type=click.IntRange(1), help="Calls to each server, at most.")
@click.option("--clients", default=8, type=click.IntRange(1, 256), help="Callers at once.")
@click.option("--seconds", default=15.0, type=click.FloatRange(0.1, 3600), help="Time for each server, at most.")
@click.option("--redeliver", default=30.0, type=click.FloatRange(0, 100), help="Percent of hops sent twice at last.")
@click.option("--database", help="An empty database instead of SQLite in a temporary folder.")
@click.option("--serve-bare", "port", type=int, hidden=True)
def main(
    members: int, calls: int, clients: int, seconds: float, redeliver: float, database: str | None, port: int | None
) -> None:
    """Complete calls against `somiti serve`, and the same POSTs to a bare Flask view, in one run."""
    if port is not None:
        serve_bare(port)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    size = Size(members, calls, clients, seconds, redeliver / 100)
    try:
        with bench.scratch() as folder:
            results = run(size, bench.environment(folder, database), folder)
    except (bench.Broken, settings.SettingsError) as error:
        raise click.ClickException(str(error)) from None
    report(results, size)
    sys.exit(bool(results.faults or results.lost or results.doubled))


def run(size: Size, env: Mapping[str, str], folder: Path) -> Results:
    """Fill an empty database and measure on it."""
    # Forked before there is a connection or a thread that the clients would take along.
    clients = bench.Clients(size.clients)
    database = open_database(settings.load(env).database_url)
    try:
        if not schema.is_new(database):
            raise bench.Broken("the database must be empty: it will be full of members and sales of no use")
        bench.somiti(env, "demo", "--members", str(size.members))
        return measure(size, env, folder, database, clients)
    finally:
        database.dispose()


if __name__ == "__main__":
    main()
