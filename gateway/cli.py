"""The `somiti` command: serve and dial, worker and clock, demo, books, PINs, loans, menu."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from threading import Event

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import OperationalError

from gateway import catalogue_import
from gateway import check_books
from gateway import cutoff_import
from gateway import demo
from gateway import export
from gateway import handset
from gateway import jobs
from gateway import log
from gateway import messages_desk
from gateway import office
from gateway import schema
from gateway import server
from gateway.backend import JOB
from gateway.console import command as operator_command
from gateway.loan_schedule import loan_schedule
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.settings import SettingsError
from gateway.settings import load
from gateway.stub import provider_stub
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import members
from ledger import pins
from ledger import programmes
from menus import graph

console = Console(highlight=False)
progress_console = Console(stderr=True, highlight=False)


@contextmanager
def _opened(*, quiet: bool = True) -> Iterator[Runtime]:
    """A runtime by the environment; a wrong setting ends the command with exit code 2 and its name."""
    try:
        settings = load()
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    log.configure(settings.hidden, level=30 if quiet else 20)
    try:
        runtime = open_runtime(settings)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    try:
        yield runtime
    except OperationalError as error:
        raise click.ClickException(f"the database cannot be used: {error.orig}") from None
    finally:
        runtime.close()


def _ready(runtime: Runtime) -> None:
    """In embedded mode bring the schema up to date; a trial (simulator alone) begins with the demo programme."""
    if not runtime.settings.embedded:
        return
    schema.migrate(runtime.database)
    with reading(runtime, patience=JOB) as db:
        empty = not programmes.exist(db)
    if empty and runtime.settings.simulator:
        _build_demo(runtime, demo.GROUPS)


@contextmanager
def _opened_with_schema() -> Iterator[Runtime]:
    """The same, in embedded mode with its schema up to date: the first command may come before the first start."""
    with _opened() as runtime:
        _ready(runtime)
        yield runtime


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="somiti")
def main() -> None:
    """Somiti: the group's and the sales agent's books on any phone."""
    # What this process writes (books, secrets, logs) is its owner's alone.
    os.umask(0o077)
    # A terminal may know no Bangla.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve callbacks and simulator; in embedded mode with worker and clock as threads."""
    with _opened(quiet=False) as runtime:
        _ready(runtime)
        settings = runtime.settings
    console.print(f"Somiti on http://{host}:{port}", "(simulator at /)" if settings.simulator else "")
    server.serve(settings, host, port)


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with _opened() as runtime:
        schema.migrate(runtime.database)
    console.print("The schema is up to date.")


@main.command("demo")
@click.option("--groups", "count", default=demo.GROUPS, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--members", default=0, show_default=True, type=click.IntRange(0, 99_999_999), help="Members for load tests."
)
def demo_command(count: int, members: int) -> None:
    """Load the demo programme; with --members as many more members, one handset each, from +8801900000001."""
    with _opened() as runtime:
        schema.migrate(runtime.database)
        _build_demo(runtime, count)
        _add_crowd(runtime, members)
    for phone in demo.HANDSETS:
        console.print(f"{phone.number}  {phone.who}  PIN {phone.pin}  {phone.language}")


def _build_demo(runtime: Runtime, count: int) -> None:
    with transaction(runtime, tell=False, patience=JOB) as db:
        if demo.found(db):
            console.print("The demo programme is there already.")
            return
        with Progress(console=progress_console, transient=True) as bar:
            task = bar.add_task("demo programme", total=count + 2)
            for _ in demo.build(db, datetime.now(UTC).date(), runtime.peppers, count):
                bar.advance(task)
    console.print(f"The demo programme is loaded: {count} groups.")


def _add_crowd(runtime: Runtime, wanted: int) -> None:
    with reading(runtime) as db:
        there = demo.crowd_size(db)
    if there >= wanted:
        return
    peppers, today = runtime.peppers, datetime.now(UTC).date()
    one_hash = pins.hashed(peppers, demo.CROWD_PIN)
    with Progress(console=progress_console, transient=True) as bar:
        task = bar.add_task("members", total=wanted - there)
        for first in range(there + 1, wanted + 1, demo.CROWD_HUB):
            last = min(first + demo.CROWD_HUB - 1, wanted)
            with transaction(runtime, tell=False, patience=JOB) as db:
                demo.crowd(db, today, peppers, first, last, one_hash)
            bar.advance(task, last - first + 1)
    console.print(f"{wanted} members from +8801900000001 on, PIN {demo.CROWD_PIN}.")


@main.command()
@click.argument("code")
@click.option("--phone", required=True, help="The caller's number, as +8801711000001.")
@click.option("--keys", default=None, help='Answers separated by spaces, as "1 52907 3 1"; without it, you type.')
def dial(code: str, phone: str, keys: str | None) -> None:
    """Dial CODE as a phone would, through the same callback; prints every screen with its octets."""
    with _opened() as runtime:
        _ready(runtime)
        typed = iter(keys.split()) if keys is not None else _typed()
        try:
            ended = handset.dial(runtime, code, phone, typed, click.echo)
        except handset.Refused as error:
            raise click.ClickException(str(error)) from None
    if keys is not None and not ended:
        progress_console.print("(the call is still open: no keys left)")


def _typed() -> Iterator[str]:
    """Answers from the terminal until the caller hangs up with an end of file."""
    while True:
        try:
            yield input("> ")
        except (EOFError, KeyboardInterrupt):
            return


@contextmanager
def _until_signal() -> Iterator[Event]:
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    yield stop


@main.command()
def worker() -> None:
    """Send messages until stopped."""
    with _opened(quiet=False) as runtime, _until_signal() as stop:
        jobs.work(runtime, stop)


@main.command()
def clock() -> None:
    """Start what has its time until stopped; any number of clocks may run."""
    with _opened(quiet=False) as runtime, _until_signal() as stop:
        jobs.clock(runtime, stop)


@main.command("reset-pin")
@click.argument("code")
def reset_pin(code: str) -> None:
    """Give the member with this code a new PIN, drawn by chance and shown once; she is told by SMS."""
    with _opened() as runtime, transaction(runtime) as db:
        member = members.by_code(db, code)
        if member is None:
            raise click.ClickException(f"no member has the code {code}")
        pin = pins.draw(member.pin_length, members.numbers(db, member.id))
        pins.change(db, runtime.peppers, member.id, pin)
    click.echo(f"{member.names.bn_Latn} {code}: {pin}")


main.add_command(loan_schedule)
main.add_command(provider_stub)
main.add_command(check_books.command(_opened))
main.add_command(export.command(_opened))
importing = catalogue_import.command(_opened)
importing.add_command(cutoff_import.command(_opened))
main.add_command(importing)
main.add_command(messages_desk.command(_opened))
main.add_command(operator_command.command(_opened_with_schema))
main.add_command(office.command(_opened))
main.add_command(office.group_command(_opened))


@main.group()
def menu() -> None:
    """The menu: its graph and its lint."""


@menu.command("graph")
@click.option("--format", "form", type=click.Choice(["mermaid", "dot"]), default="mermaid", show_default=True)
def menu_graph(form: str) -> None:
    """Print the menu as a graph."""
    click.echo(graph.mermaid() if form == "mermaid" else graph.dot())


@menu.command("lint")
def menu_lint() -> None:
    """Check every screen in every language with the longest values; exit code 1 if one does not fit."""
    faults = list(graph.lint())
    for fault in faults:
        click.echo(str(fault))
    if faults:
        raise click.ClickException(f"{len(faults)} faults in the menu")
    for row in graph.summary():
        click.echo(row)
