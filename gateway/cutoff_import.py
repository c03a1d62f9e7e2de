"""`somiti import cutoff`: an old group joins by a sheet, told row by row first, then posted whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from functools import partial
from pathlib import Path

import click
from sqlalchemy import Connection

from gateway import cutoff_posting as posting
from gateway import imports
from gateway import schema
from gateway.backend import JOB
from gateway.catalogue_check import plain
from gateway.catalogue_import import Opened
from gateway.catalogue_import import Unusable
from gateway.chance import draw_operation
from gateway.cutoff_check import EQUITY
from gateway.cutoff_check import OPTIONAL
from gateway.cutoff_check import POOLED
from gateway.cutoff_check import REQUIRED
from gateway.cutoff_check import Checked
from gateway.cutoff_check import Known
from gateway.cutoff_check import NewMember
from gateway.cutoff_check import Person
from gateway.cutoff_check import check
from gateway.imports import Sheet
from gateway.imports import Unreadable
from gateway.joining import LANGUAGES
from gateway.office import desk
from gateway.office.desk import Sum
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import cutoff
from ledger import members
from ledger import programmes
from ledger.books import Book
from ledger.chart import GROUP
from ledger.groups import Group
from ledger.programmes import Programme
from ledger.schedules import schedule


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    group: str
    on: date
    dry: bool
    by: str | None
    equity: int | None
    language: str
    pooled: dict[str, int]


def command(opened: Opened) -> click.Command:
    """The command, given how a command opens a runtime."""

    @click.command("cutoff")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--group", required=True, help="Which group: its number or its name.")
    @click.option("--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day of the cut-off.")
    @click.option("--dry-run", "dry", is_flag=True, help="Only say what is wrong and what would be posted.")
    @desk.by_if_done_option
    @click.option(
        "--equity", type=Sum(desk.BELOW), help="The group's own by the paper: owned less owed; below zero as -5."
    )
    @click.option("--language", type=click.Choice(list(LANGUAGES)), default="bn", help="Of members that are new.")
    @_pooled_options
    def joining(
        file: Path,
        group: str,
        on: datetime,
        dry: bool,
        by: str | None,
        equity: int | None,
        language: str,
        **pooled: int | None,
    ) -> None:
        """Post what an old group has and owes on a day, by FILE, a sheet in CSV (UTF-8) or XLSX: a row for each member.

        Its heading names the columns code, compulsory and any of name_bn, name_latn, number, role, voluntary, share,
        overpaid, fines, loan, instalments, next_due, rate, interest_due, instalment, every, method, amount. Rows with
        the code cash, bank, wallet, social, borrowed, equity or total are about the group as a whole.

        If any row is bad, all bad rows are listed, nothing is posted, and the exit code is 1.
        """
        if not dry and by is None:
            raise click.UsageError("say --by: who does it stays in the books.")
        sums = {name: amount for name, amount in pooled.items() if amount is not None}
        wish = Wish(group, on.date(), dry, by, equity, language, sums)
        try:
            sheet = imports.read(file, REQUIRED + OPTIONAL, REQUIRED)
        except Unreadable as error:
            raise Unusable(f"{file.name}: {error}") from None
        if not sheet.lines:
            raise Unusable(f"{file.name}: there is nothing under the heading")
        _join(opened, sheet, wish)

    return joining


_SAY = {
    "cash": "In the cash box.",
    "bank": "At the bank.",
    "wallet": "In the mobile-money wallet.",
    "social": "Of the cash and the bank, what is the social fund's.",
    "borrowed": "Owed to a bank or federation.",
}
"""An option for each sum of the group as a whole, where the sheet has no row for it."""


def _pooled_options(joining: Callable[..., None]) -> Callable[..., None]:
    for name in reversed(POOLED):
        joining = click.option(f"--{name}", type=Sum(least=0), help=_SAY[name])(joining)
    return joining


def _join(opened: Opened, sheet: Sheet, wish: Wish) -> None:
    with opened() as runtime:
        if schema.is_new(runtime.database):
            raise Unusable("there is no group yet: run `somiti migrate`")
        opening = reading(runtime, patience=JOB) if wish.dry else transaction(runtime, tell=False, patience=JOB)
        with opening as db, desk.saying(db):
            told = _bring(runtime, db, sheet, wish)
    for text in told:
        click.echo(text)


def _bring(runtime: Runtime, db: Connection, sheet: Sheet, wish: Wish) -> list[str]:
    """Check the sheet and, unless it is a dry run, post it; what is to be said once it is committed."""
    group = desk.the_group(db, wish.group)
    programme = programmes.get(db, group.programme)
    book = Book(GROUP, group.id, programme.currency)
    if wish.on > desk.today(programme.timezone):
        raise Unusable(f"--on: {wish.on} is yet to come")
    if (entry := cutoff.begun(db, book)) is not None:
        raise click.ClickException(f"the book of {group.names.bn_Latn} has begun: entry {entry}; nothing was posted")
    find = partial(members.by_code, db, left=True)
    checked = check(sheet.lines, Known(group, programme.timezone, wish.on, find))
    _tell_findings(sheet, checked)
    if checked.bad:
        raise _refusal(checked, len(sheet.lines))
    wanted = _wanted(book, checked, wish.pooled)
    for text in _told(checked.people, wanted):
        click.echo(text)
    _check_equity(wanted, checked, wish)
    if wish.dry:
        return ["Dry run: nothing was posted."]
    return _post(runtime, db, group, programme, checked.people, wanted, wish)


def _tell_findings(sheet: Sheet, checked: Checked) -> None:
    for note in sheet.notes:
        click.echo(f"note: {note}")
    for warning in checked.warnings:
        click.echo(f"warning: {warning}")
    for finding in checked.bad:
        click.echo(str(finding))


def _refusal(checked: Checked, rows: int) -> click.ClickException:
    bad = len({finding.row for finding in checked.bad})
    return click.ClickException(f"{bad} of {rows} rows {'is' if bad == 1 else 'are'} bad; nothing was posted")


def _wanted(book: Book, checked: Checked, pooled: dict[str, int]) -> cutoff.Sheet:
    for name in pooled:
        if name in checked.pooled:
            raise Unusable(f"{name} is in the sheet and after --{name}: say it once")
    return posting.wanted(book, checked, pooled)


def _told(people: Sequence[Person], wanted: cutoff.Sheet) -> Iterator[str]:
    """What would be posted: who is new, whose loans run on, and the sums of the whole."""
    for each in people:
        who = each.who
        name = f"{who.code or 'a free code'} {who.names.bn_Latn}"
        if isinstance(who, NewMember):
            yield f"new {who.role} {name}, {who.number or 'no number'}"
        for loan in each.standing.loans:
            first, *rest = schedule(loan.terms)
            last = f", last {rest[-1].due}" if rest else ""
            yield (
                f"loan of {name}: {plain(loan.terms.principal)} in {len(rest) + 1}, first {plain(first.sum)} on "
                f"{first.due}{last}, interest due {plain(loan.interest)}"
            )
    sums = {name: amount for name, amount in cutoff.totals(wanted).items() if amount}
    for title, names in (("owned", cutoff.OWNED), ("owed", [name for name in sums if name not in cutoff.OWNED])):
        parts = [f"{name} {_signed(sums[name].minor)}" for name in names if name in sums]
        whole = sum(sums[name].minor for name in names if name in sums)
        yield f"{title} {plain(whole)}: {', '.join(parts) or 'nothing'}"
    yield f"{EQUITY} {_signed(cutoff.balance_of(wanted).minor)}: what is owned less what is owed"


def _signed(minor: int) -> str:
    return f"-{plain(-minor)}" if minor < 0 else plain(minor)


def _check_equity(wanted: cutoff.Sheet, checked: Checked, wish: Wish) -> None:
    """The difference must be the paper's: what was said of it, or nothing."""
    if wish.equity is not None and checked.equity is not None and wish.equity != checked.equity:
        raise Unusable(f"the sheet says equity {_signed(checked.equity)}, --equity says {_signed(wish.equity)}")
    said = wish.equity if wish.equity is not None else checked.equity
    difference = cutoff.balance_of(wanted).minor
    if said is None and difference and not wish.dry:
        raise click.ClickException(
            f"owned and owed differ by {_signed(difference)}; if the paper says the same, say --equity "
            f"{_signed(difference)}; nothing was posted"
        )
    if said is not None and (by := posting.differs(wanted, said)):
        raise click.ClickException(
            f"the paper says equity {_signed(said)}, the rows come to {_signed(difference)}: they differ by "
            f"{_signed(by)}; nothing was posted"
        )


def _post(
    runtime: Runtime,
    db: Connection,
    group: Group,
    programme: Programme,
    people: Sequence[Person],
    wanted: cutoff.Sheet,
    wish: Wish,
) -> list[str]:
    """Register who is new and post the sheet; the PINs of new members, to be shown once, and what was done."""
    where = replace(desk.origin(programme.timezone, wish.by or "", draw_operation()), on=wish.on)
    entry, enrolled = posting.post(db, runtime.peppers, group, programme, people, wanted, wish.language, where)
    secrets = [f"{each.names.bn_Latn} {each.code}: PIN {each.pin}" for each in enrolled]
    return [*secrets, f"Posted: entry {entry.number} of {group.names.bn_Latn}, {len(people)} members on {wish.on}."]
