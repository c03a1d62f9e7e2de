"""A group as it stands, and the indicators of a group, of a node of the federation or of a programme."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from gateway.catalogue_import import the_programme
from gateway.loan_schedule import decimal
from gateway.loan_schedule import read_day
from gateway.office import desk
from gateway.office.desk import NUMBER
from gateway.office.desk import Desk
from gateway.office.desk import pass_desk
from ledger import federation
from ledger import groups
from ledger import indicators
from ledger import meetings
from ledger import members
from ledger import programmes
from ledger import statements
from ledger.books import Book
from ledger.chart import CHART
from ledger.chart import GROUP
from ledger.groups import Group
from ledger.indicators import INDICATORS
from ledger.indicators import Figure
from ledger.money import half_even
from ledger.programmes import Programme
from ledger.statements import Scope


@click.command("list")
@click.option("--programme", help="Of which programme; needed when there are several.")
@pass_desk
def list_groups(at: Desk, programme: str | None) -> None:
    """List the groups of a programme by name."""
    with at.reading() as db:
        found = groups.every(db, the_programme(db, programme).id)
    for each in found:
        click.echo(f"{each.id:>6}  {each.names.bn_Latn}  {each.district}")


@click.command()
@click.argument("group")
@click.option("--left", is_flag=True, help="Name those who left, too.")
@pass_desk
def show(at: Desk, group: str, left: bool) -> None:
    """Show a GROUP: where it hangs, what it has and owes, its last meeting, its members."""
    with at.reading() as db:
        of = desk.the_group(db, group)
        programme = programmes.get(db, of.programme)
        click.echo(f"Group {of.id}: {of.names.bn_Latn} ({of.names.bn}), {of.district}, {programme.name}")
        above = " > ".join(f"{each.level} {each.names.bn_Latn}" for each in federation.place(db, of.id))
        click.echo(f"Hangs on: {above or 'nothing yet'}")
        _show_books(db, of, programme)
        for meeting in meetings.newest(db, of.id, 1):
            state = "open" if meeting.open else "closed"
            click.echo(f"Last meeting: {meeting.number} on {meeting.held_on}, {state}")
        for who in members.of_group(db, of.id, left=left):
            reached = ", ".join(members.numbers(db, who.id)) or "no number"
            gone = f", left on {who.left_on}" if who.left_on else ""
            click.echo(f"{who.code:>6}  {who.names.bn_Latn}  {who.role}  {reached}{gone}")


def _show_books(db: Connection, of: Group, programme: Programme) -> None:
    book = Book(GROUP, of.id, programme.currency)
    for each in statements.trial_balance(db, statements.of_book(book), desk.today(programme.timezone)):
        debit, credit = desk.taka(each.debit), desk.taka(each.credit)
        click.echo(f"{each.code}  {CHART[each.code].name}: {f'{debit} debit' if each.debit else f'{credit} credit'}")


@click.command("indicators")
@click.option("--group", help="Of one group, by its number or name.")
@click.option("--node", type=NUMBER, help="Of all groups under a node of the federation.")
@click.option("--programme", help="Of a whole programme, also what its members owe lenders; without all three, this.")
@click.option(
    "--from", "first", type=read_day, metavar="DAY", help="First day; else the first of the last day's month."
)
@click.option("--to", "last", type=read_day, metavar="DAY", help="Last day; else today.")
@click.option("--parts", is_flag=True, help="Also each node or group right under the node, by name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; sums and shares as strings.")
@pass_desk
def show_indicators(
    at: Desk,
    group: str | None,
    node: int | None,
    programme: str | None,
    first: date | None,
    last: date | None,
    parts: bool,
    as_json: bool,
) -> None:
    """Show the indicators with what each means. Parts are in the order of names: nobody is ranked by credit."""
    if sum(each is not None for each in (group, node, programme)) > 1:
        raise click.UsageError("say one of --group, --node and --programme.")
    if parts and node is None:
        raise click.UsageError("--parts are those of a --node.")
    with at.reading() as db:
        of, name, scope = _scope(db, group, node, programme)
        last = last or desk.today(of.timezone)
        first = first or last.replace(day=1)
        if last < first:
            raise click.UsageError(f"{last} is before {first}.")
        scopes = {name: scope} | (_parts(db, node, of.currency) if parts and node is not None else {})
        found = {each: indicators.figures(db, scope, first, last) for each, scope in scopes.items()}
    if as_json:
        click.echo(json.dumps(_json(found, first, last, of.currency), ensure_ascii=False, indent=2))
    else:
        _print(found, first, last)


def _scope(db: Connection, group: str | None, node: int | None, programme: str | None) -> tuple[Programme, str, Scope]:
    """Of which programme, what it is called, and which books it is about."""
    if group is not None:
        of = desk.the_group(db, group)
        whole = programmes.get(db, of.programme)
        return whole, _called(of), statements.of_book(Book(GROUP, of.id, whole.currency))
    if node is not None:
        found = federation.get(db, node)
        return programmes.get(db, found.programme), _called(found), statements.of_node(node)
    whole = the_programme(db, programme)
    return whole, whole.name, statements.of_programme(whole.id)


def _called(of: Group | federation.Node) -> str:
    kind = "group" if isinstance(of, Group) else of.level
    return f"{kind} {of.id} {of.names.bn_Latn}"


def _parts(db: Connection, node: int, currency: str) -> dict[str, Scope]:
    of = federation.get(db, node)
    below = {_called(each): statements.of_node(each.id) for each in federation.children(db, of)}
    hung = federation.groups_of(db, of)
    return below | {_called(each): statements.of_book(Book(GROUP, each.id, currency)) for each in hung}


def share(figure: Figure, unit: str) -> str:
    """A part by the whole as people read it: per cent, or so many for each; a dash where there is no whole."""
    if figure.share is None:
        return "–"
    tenths = half_even(figure.share * (10 if unit == "per group" else 1000))
    return f"{tenths // 10}.{tenths % 10}{'' if unit == 'per group' else '%'}"


def _print(found: dict[str, dict[str, Figure]], first: date, last: date) -> None:
    # A pipe has no width; a table narrower than its figures would cut them.
    console = Console(highlight=False, width=120)
    for name, figures in found.items():
        table = Table(box=box.SIMPLE_HEAD, title=f"{name}, {first} to {last}", title_justify="left")
        table.add_column("Indicator")
        for title in ("Part", "Whole", "Share"):
            table.add_column(title, justify="right", no_wrap=True)
        for each in INDICATORS:
            figure = figures[each.name]
            sums = [(decimal if each.unit == "sums" else str)(part) for part in (figure.part, figure.whole)]
            table.add_row(each.name, *sums, share(figure, each.unit))
        console.print(table)
    for each in INDICATORS:
        click.echo(f"{each.name}: {each.meaning}")


def _json(found: dict[str, dict[str, Figure]], first: date, last: date, currency: str) -> dict[str, Any]:
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "currency": currency,
        "meanings": {each.name: each.meaning for each in INDICATORS},
        "figures": [
            {"of": name, "indicators": {each.name: _figure(figures[each.name], each.unit) for each in INDICATORS}}
            for name, figures in found.items()
        ],
    }


def _figure(figure: Figure, unit: str) -> dict[str, Any]:
    if unit == "sums":
        return {"part": decimal(figure.part), "whole": decimal(figure.whole), "share": _exact(figure.share)}
    return {"part": figure.part, "whole": figure.whole, "share": _exact(figure.share)}


def _exact(part: Fraction | None) -> str | None:
    """A share with four decimals; nothing where there is no whole."""
    if part is None:
        return None
    digits = half_even(part * 10_000)
    return f"{digits // 10_000}.{digits % 10_000:04d}"


COMMANDS = (list_groups, show, show_indicators)
