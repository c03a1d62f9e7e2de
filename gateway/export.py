"""`somiti export`: the books as a journal of hledger or beancount, or as CSV, to standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import click

from gateway import schema
from gateway.backend import JOB
from gateway.runtime import Runtime
from gateway.transaction import reading
from ledger import export
from ledger.errors import NotFound


def command(opened: Callable[[], AbstractContextManager[Runtime]]) -> click.Command:
    """The command, given how a command opens a runtime."""

    @click.command("export")
    @click.argument("form", type=click.Choice(list(export.FORMS)))
    @click.option("--book", default=None, help="Only this book, as shop:17.")
    def exporting(form: str, book: str | None) -> None:
        """Print the books in the FORM of another tool: a journal of hledger or beancount, or CSV."""
        # Bytes: the file is UTF-8 and the same on every terminal.
        out = sys.stdout.buffer
        with opened() as runtime:
            if schema.is_new(runtime.database):
                raise click.ClickException("there are no books yet: run `somiti migrate`")
            with reading(runtime, patience=JOB * 120) as db:
                try:
                    out.writelines(line.encode() for line in export.text(db, form, book))
                except NotFound:
                    raise click.ClickException(f"there is no book {book}") from None
        out.flush()

    return exporting
