"""Each page of the console on a year of a big programme, beside the page that shows nothing of it.

The reference is the account page of the same run: signed in, one transaction, one template, no books. Every page is
asked for by one browser at a time, by turns; what counts is the median.
"""

from __future__ import annotations

import http.client
import re
import shutil
import signal
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

import bench
from bench import year
from gateway import schema
from gateway.console import operators
from gateway.console import signins
from gateway.console import totp
from gateway.console.operators import Wanted
from gateway.console.pages import PAGES
from gateway.console.tables import ADMIN
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.settings import load
from gateway.transaction import reading
from gateway.transaction import transaction

REFERENCE = "account"
BOUND = 300.0
"""Milliseconds of a median that a page may take at most."""


@dataclass
class Timed:
    """A page's answers: milliseconds of each, octets of the last, what was wrong."""

    path: str
    times: list[float] = field(default_factory=list)
    octets: int = 0
    status: int = 0

    @property
    def median(self) -> float:
        """Milliseconds in which half of them came."""
        return statistics.median(self.times)


def paths(things: Mapping[str, object]) -> dict[str, str]:
    """The address of every page that an administrator may open, where the year has what stands in its route."""
    found = {}
    for page in PAGES:
        named = _NAMED.findall(page.route)
        if ADMIN in page.who and (page.show or page.give) and set(named) <= things.keys():
            found[page.name] = _NAMED.sub(lambda name: str(things[name[1]]), page.route)
    return found


_NAMED = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


def signed_in(runtime: Runtime) -> str:
    """The cookie of an administrator who is in."""
    now = datetime.now(UTC)
    with transaction(runtime, tell=False) as db:
        name = f"bench{time.time_ns()}"[:30]
        who, _ = operators.add(db, runtime.peppers, name, Wanted(1, "Bench", ADMIN, "bn"), now)
        operators.set_password(db, runtime.peppers, who, "four quiet ducks swim")
        operators.set_totp(db, who, totp.half(runtime.peppers), 0)
        again = operators.named(db, name)
        assert again is not None
        token = signins.begin(db, again, True, "127.0.0.1", "bench", now)
    return f"somiti={token}"


def measure(port: int, cookie: str, wanted: Mapping[str, str], rounds: int) -> dict[str, Timed]:
    """Ask for every page, by turns; the first turn is not counted."""
    timed = {name: Timed(path) for name, path in wanted.items()}
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for turn in bar.track(range(rounds + 1), description="pages"):
            for each in timed.values():
                took = _ask(port, cookie, each)
                if turn:
                    each.times.append(took)
    return timed


def _ask(port: int, cookie: str, page: Timed) -> float:
    """Milliseconds until the whole answer was there."""
    wire = http.client.HTTPConnection(bench.HOST, port, timeout=60)
    began = time.perf_counter()
    wire.request("GET", f"/console{page.path}", headers={"Cookie": cookie})
    answer = wire.getresponse()
    page.octets, page.status = len(answer.read()), answer.status
    took = (time.perf_counter() - began) * 1000
    wire.close()
    return took


def report(timed: Mapping[str, Timed]) -> Mapping[str, Timed]:
    """Print the figures, the slowest first; those that are wrong or above the bound."""
    reference = timed[REFERENCE].median
    table = bench.table(f"Median of each page; {REFERENCE}: {reference:.1f} ms", "ms", "ratio", "kB", "status")
    for name, page in sorted(timed.items(), key=lambda each: -each[1].median):
        ratio = bench.ratio(page.median, reference)
        table.add_row(name, f"{page.median:.1f}", f"{ratio:.1f}", f"{page.octets / 1000:.0f}", str(page.status))
    Console().print(table)
    return {name: page for name, page in timed.items() if page.status != 200 or page.median > BOUND}


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--groups", default=350, type=click.IntRange(2), help="Groups of 86.")
@click.option("--weeks", default=52, type=click.IntRange(2), help="Weeks that have passed.")
@click.option("--rounds", default=15, type=click.IntRange(1), help="How often each page is asked for.")
@click.option(
    "--year", "kept", type=click.Path(path_type=Path), help="Keep the year in this folder, or use the one there."
)
@click.option("--quick", is_flag=True, help="Whether all runs: the figures mean nothing.")
def main(groups: int, weeks: int, rounds: int, kept: Path | None, quick: bool) -> None:
    """Every page of the console on a year of a programme of 30,000 members."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if quick:
        groups, weeks, rounds = 2, 3, 1
    try:
        with bench.scratch() as folder:
            env = bench.environment(folder)
            if kept and (kept / "somiti.db").exists():
                shutil.copy(kept / "somiti.db", folder / "somiti.db")
            runtime = open_runtime(load(env))
            schema.migrate(runtime.database)
            if not kept or not (kept / "somiti.db").exists():
                _fill(runtime, year.Size(groups=groups, weeks=weeks))
            cookie = signed_in(runtime)
            with reading(runtime) as db:
                wanted = paths(year.things(db))
            runtime.close()
            if kept and not (kept / "somiti.db").exists():
                kept.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / "somiti.db", kept / "somiti.db")
            slow = _served(folder, env, cookie, wanted, rounds, quick)
    except bench.Broken as error:
        raise click.ClickException(str(error)) from None
    sys.exit(bool(slow))


def _fill(runtime: Runtime, size: year.Size) -> None:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("a year", total=None)
        for step in year.fill(runtime, datetime.now(UTC).date(), size):
            bar.update(line, description=f"a year: {step}")


def _served(
    folder: Path, env: dict[str, str], cookie: str, wanted: Mapping[str, str], rounds: int, quick: bool
) -> bool:
    """Whether something was wrong; in a quick run a slow page is not."""
    port = bench.free_port()
    command = [bench.SOMITI, "serve", "--port", str(port)]
    with bench.running(command, env, port, folder / "server.log"):
        bad = report(measure(port, cookie, wanted, rounds))
    for name, page in bad.items():
        print(f"{name}: {page.status}, {page.median:.0f} ms")
    return any(page.status != 200 or not quick for page in bad.values())


if __name__ == "__main__":
    main()
