"""`somiti import catalogue`: a price list from a sheet, told line by line first, then written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from dataclasses import replace
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
from gateway.catalogue_check import OPTIONAL
from gateway.catalogue_check import REQUIRED
from gateway.catalogue_check import Checked
from gateway.catalogue_check import check
from gateway.catalogue_check import plain
from gateway.imports import Line
from gateway.imports import Sheet
from gateway.imports import Unreadable
from gateway.imports import shown
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import listings
from ledger import programmes
from ledger.catalogue import NewItem
from ledger.listings import DESCRIPTION
from ledger.listings import PRICES
from ledger.listings import Listing
from ledger.listings import differing
from ledger.programmes import Programme
from ledger.tables import Names

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
            wanted = _without_missing(known, checked.wanted) if wish.discontinue else checked.wanted
            for text in (*told(known, wanted, on), *_planned(db, programme.id, wanted, on)):
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


def _without_missing(known: Listing, wanted: Listing) -> Listing:
    """The same, and everything that it does not name is no longer sold."""
    return replace(wanted, items={**_ended(known, wanted), **wanted.items})


def _ended(known: Listing, wanted: Listing) -> dict[int, NewItem]:
    """What is sold and not named, as it would be if it were no longer sold."""
    return {
        code: replace(item, active=False)
        for code, item in known.items.items()
        if item.active and code not in wanted.items
    }


def told(known: Listing, wanted: Listing, on: date) -> Iterator[str]:
    """What would change, a line for each category, supplier and item."""
    for what, old, new in (
        ("category", known.categories, wanted.categories),
        ("supplier", known.suppliers, wanted.suppliers),
    ):
        yield from _told_names(what, old, new)
    for code, item in sorted(wanted.items.items()):
        kind = fate(known, item)
        if kind == "new":
            yield f"new {code} {item.names.bn_Latn}: {plain(item.price)}, retail {plain(item.retail)}"
        elif kind != "unchanged":
            yield f"{kind} {code} {item.names.bn_Latn}: " + ", ".join(_differences(known.items[code], item, on))


def _told_names(what: str, known: Mapping[int, Names], wanted: Mapping[int, Names]) -> Iterator[str]:
    for number, names in sorted(wanted.items()):
        if number not in known:
            yield f"new {what} {number} {names.bn_Latn}"
        elif names != known[number]:
            yield f"changed {what} {number} {names.bn_Latn}: " + ", ".join(_renamed(f"{what}_", known[number], names))


def fate(known: Listing, item: NewItem) -> str:
    """What becomes of an item: new, changed, discontinued or unchanged."""
    old = known.items.get(item.code)
    if old is None:
        return "new"
    if old.active and not item.active:
        return "discontinued"
    return "unchanged" if old == item else "changed"


def _differences(old: NewItem, new: NewItem, on: date) -> Iterator[str]:
    prices = [
        f"{name} {plain(getattr(old, name))} → {plain(getattr(new, name))}" for name in differing(old, new, PRICES)
    ]
    if prices:
        yield f"{', '.join(prices)} from {on}"
    for name in differing(old, new, DESCRIPTION):
        if name == "names":
            yield from _renamed("name_", old.names, new.names)
        elif name == "active":
            yield "sold again" if new.active else "no longer sold"
        else:
            yield f"{name} {getattr(old, name)} → {getattr(new, name)}"


def _renamed(prefix: str, old: Names, new: Names) -> Iterator[str]:
    for script, before, after in (("bn", old.bn, new.bn), ("latn", old.bn_Latn, new.bn_Latn), ("en", old.en, new.en)):
        if before != after:
            yield f"{prefix}{script} {shown(before)} → {shown(after)}"


def _planned(db: Connection, programme: int, wanted: Listing, on: date) -> Iterator[str]:
    """Of the items in the list, the other prices that will replace these on a later day."""
    last = {(each.code, each.from_on): each for each in listings.planned(db, programme, on)}
    for (code, from_on), each in last.items():
        item = wanted.items.get(code)
        if item and (item.price, item.retail) != (each.price, each.retail):
            prices = f"{plain(each.price)}, retail {plain(each.retail)}"
            yield f"note: {code} keeps the prices planned from {from_on}: {prices}"


def summary(known: Listing, wanted: Listing) -> str:
    """`3 new, 5 changed, 1 discontinued, 125 unchanged`, and how many are sold and not in the list."""
    fates = [fate(known, item) for item in wanted.items.values()]
    counts = ", ".join(f"{fates.count(kind)} {kind}" for kind in ("new", "changed", "discontinued", "unchanged"))
    left = len(_ended(known, wanted))
    return f"{counts}" + (f"; {left} not in the file stay as they are" if left else "")
