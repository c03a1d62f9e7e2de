"""`somiti check-books`: what must always be true of the books, verified; names book and entry of what is not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC
from datetime import datetime

import click
import structlog
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway import books_checks
from gateway import schema
from gateway.backend import JOB
from gateway.runtime import Runtime
from gateway.transaction import reading
from ledger import audit
from ledger.audit import Extent
from ledger.audit import Finding

log = structlog.get_logger(__name__)


class _NothingToCheck(click.ClickException):
    """There is nothing that could be called sound or not; exit code 2."""

    exit_code = 2


def command(opened: Callable[[], AbstractContextManager[Runtime]]) -> click.Command:
    """The command, given how a command opens a runtime."""

    @click.command("check-books")
    @click.option("--book", default=None, help="Only this book, as shop:17.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object: sound, entries, lines, findings.")
    def checking(book: str | None, as_json: bool) -> None:
        """Verify what must always be true of the books; exit code 1 and a line for each thing that is not."""
        with opened() as runtime:
            if schema.is_new(runtime.database):
                raise _NothingToCheck("there are no books yet: run `somiti migrate`")
            with reading(runtime, patience=JOB * 120) as db:
                if book is not None and not audit.known(db, book):
                    raise _NothingToCheck(f"there is no book {book}")
                size = audit.extent(db, book)
                wrong = (_json if as_json else _text)(_found(db, book, size), size)
            _note(runtime, book, size, wrong)
        if wrong:
            click.get_current_context().exit(1)

    return checking


def _note(runtime: Runtime, book: str | None, size: Extent, wrong: int) -> None:
    """Write down what was found; books that can only be read are checked all the same."""
    try:
        with runtime.database.writing(JOB) as db:
            books_checks.note(db, book, size, wrong, datetime.now(UTC))
    except SQLAlchemyError as error:
        log.warning("the result of the check could not be written down", error=type(error).__name__)


def _found(db: Connection, book: str | None, size: Extent) -> Iterator[Finding]:
    """What is wrong, one after the other, with a bar on standard error that moves on meanwhile."""
    # Rich would take what goes to a file along to the terminal of the bar.
    with Progress(
        console=Console(stderr=True, highlight=False), transient=True, redirect_stdout=sys.stdout.isatty()
    ) as bar:
        task = bar.add_task("checking", total=size.steps)
        for step in audit.check(db, book):
            if isinstance(step, int):
                bar.update(task, completed=step)
            else:
                yield step


def _text(found: Iterator[Finding], size: Extent) -> int:
    wrong = 0
    for wrong, each in enumerate(found, 1):  # noqa: B007 (the last number counts them)
        click.echo(str(each))
    if wrong:
        click.echo(f"Error: {wrong} things are wrong in the books", err=True)
    else:
        click.echo(f"The books are sound: {size.entries} entries, {size.lines} lines.")
    return wrong


def _json(found: Iterator[Finding], size: Extent) -> int:
    # Written as it is found: there may be more than the memory holds.
    wrong = 0
    click.echo('{"findings": [', nl=False)
    for wrong, each in enumerate(found, 1):
        click.echo(("," if wrong > 1 else "") + "\n  " + json.dumps(asdict(each), ensure_ascii=False), nl=False)
    rest = {"sound": not wrong, "entries": size.entries, "lines": size.lines}
    click.echo("],\n" + json.dumps(rest)[1:])
    return wrong
