"""`somiti import catalogue`: a price list from a sheet, told line by line first, then written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Connection

from gateway import imports
from gateway import schema
from gateway.backend import JOB
from gateway.catalogue_changes import planned
from gateway.catalogue_changes import summary
from gateway.catalogue_changes import told
from gateway.catalogue_changes import without_missing
from gateway.catalogue_check import OPTIONAL
from gateway.catalogue_check import REQUIRED
from gateway.catalogue_check import Checked
from gateway.catalogue_check import check
from gateway.imports import Line
from gateway.imports import Sheet
from gateway.imports import Unreadable
from gateway.imports import shown
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import listings
from ledger import programmes
from ledger.listings import Listing
from ledger.programmes import Programme

LARGE = 1000
"""Rows from which on a bar shows how far it is."""

Opened = Callable[[], AbstractContextManager[Runtime]]


class Unusable(click.ClickException):
    """The command cannot begin: its file, an option or the database is not what it needs; exit code 2."""

    exit_code = 2


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line; without a day, today's in the programme's timezone."""

    programme: str | None
    on: date | None
    dry: bool
    discontinue: bool


def command(opened: Opened) -> click.Group:
    """The command, given how a command opens a runtime."""

    @click.group("import")
    def importing() -> None:
        """Take in what an office keeps in sheets."""

    @importing.command("catalogue")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--programme", help="Whose catalogue; needed when there are several.")
    @click.option(
        "--from", "on", type=click.DateTime(["%Y-%m-%d"]), help="Day from which its prices hold; without it, today."
    )
    @click.option("--dry-run", "dry", is_flag=True, help="Only say what is wrong and what would change.")
    @click.option("--discontinue-missing", "discontinue", is_flag=True, help="End what is sold and not in the file.")
    def catalogue(file: Path, programme: str | None, on: datetime | None, dry: bool, discontinue: bool) -> None:
        """Bring the catalogue to what FILE says, a sheet in CSV (UTF-8) or XLSX.

        Its heading names the columns code, name_bn, name_latn, name_en, category, category_bn, category_latn,
        category_en, supplier, supplier_bn, supplier_latn, price, retail, active.

        If any row is bad, all bad rows are listed, nothing is written, and the exit code is 1.
        """
        wish = Wish(programme, on.date() if on else None, dry, discontinue)
        try:
            sheet = imports.read(file, REQUIRED + OPTIONAL, REQUIRED)
        except Unreadable as error:
            raise Unusable(f"{file.name}: {error}") from None
        if not sheet.lines:
            raise Unusable(f"{file.name}: there is nothing under the heading")
        _bring(opened, sheet, wish)

    return importing


def _bring(opened: Opened, sheet: Sheet, wish: Wish) -> None:
    at = datetime.now(UTC)
    with opened() as runtime:
        if schema.is_new(runtime.database):
            raise Unusable("there is no catalogue yet: run `somiti migrate`")
        with reading(runtime, patience=JOB) if wish.dry else transaction(runtime, tell=False, patience=JOB) as db:
            programme = the_programme(db, wish.programme)
            on = _from(wish.on, programmes.day(at, programme.timezone))
            if not wish.dry:
                listings.hold(db, programme.id)
            known = listings.listing(db, programme.id, on)
            checked = _check(sheet.lines, known, programme.currency)
            _tell_findings(sheet, checked)
            if checked.bad:
                raise _refusal(checked, len(sheet.lines))
            wanted = without_missing(known, checked.wanted) if wish.discontinue else checked.wanted
            for text in (*told(known, wanted, on), *planned(db, programme.id, wanted, on)):
                click.echo(text)
            written = not wish.dry and listings.revise(db, programme.id, wanted, on, at)
    click.echo(summary(known, wanted))
    nothing = "Dry run: nothing was written." if wish.dry else "There was nothing to write."
    click.echo(f"Written; the prices hold from {on}." if written else nothing)


def the_programme(db: Connection, name: str | None) -> Programme:
    """The programme with a name, or the only one there is; Unusable when that is none."""
    there = programmes.every(db)
    named = [each for each in there if name in (None, each.name)]
    if len(named) == 1:
        return named[0]
    if not there:
        raise Unusable("there is no programme yet")
    names = ", ".join(each.name for each in there)
    raise Unusable(
        f"no programme is called {shown(name)}; there are: {names}" if name else f"--programme: one of {names}"
    )


def _from(asked: date | None, today: date) -> date:
    """The day from which prices hold; what was in force on a day that is over stays as it was."""
    if asked and asked < today:
        raise Unusable(f"--from: {asked} is over; today is {today}")
    return asked or today


def _check(lines: Sequence[Line], known: Listing, currency: str) -> Checked:
    with Progress(console=Console(stderr=True), transient=True, disable=len(lines) < LARGE) as bar:
        task = bar.add_task("rows", total=len(lines))
        return check(lines, known, currency, lambda: bar.advance(task))


def _tell_findings(sheet: Sheet, checked: Checked) -> None:
    for note in sheet.notes:
        click.echo(f"note: {note}")
    for warning in checked.warnings:
        click.echo(f"warning: {warning}")
    for finding in checked.bad:
        click.echo(str(finding))


def _refusal(checked: Checked, rows: int) -> click.ClickException:
    bad = len({finding.row for finding in checked.bad})
    return click.ClickException(f"{bad} of {rows} rows {'is' if bad == 1 else 'are'} bad; nothing was written")
