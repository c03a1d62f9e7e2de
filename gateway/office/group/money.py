"""Interest on the savings of a whole group."""

from __future__ import annotations

from fractions import Fraction

import click

from gateway.loan_schedule import read_rate
from gateway.office import desk
from gateway.office.desk import Desk
from gateway.office.desk import by_if_done_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from ledger import members
from ledger import programmes
from ledger import savings
from ledger.books import Book
from ledger.chart import GROUP
from ledger.money import total
from ledger.savings import KINDS
from ledger.schedules import PER_YEAR


@click.command()
@click.argument("group")
@click.option("--rate", required=True, type=read_rate, metavar="RATE", help="6%/year, 0.5%/month …")
@click.option("--months", required=True, type=click.IntRange(1, 120), help="For how many months.")
@click.option("--kind", type=click.Choice(list(KINDS)), default="compulsory", show_default=True)
@click.option("--dry-run", "dry", is_flag=True, help="Only say what each would get.")
@by_if_done_option
@operation_option
@pass_desk
def interest(
    at: Desk,
    group: str,
    rate: tuple[Fraction, str],
    months: int,
    kind: str,
    dry: bool,
    by: str | None,
    operation: str | None,
) -> None:
    """Add interest to the savings of every member of a GROUP, on what each has today."""
    if not dry and by is None:
        raise click.UsageError("say --by: who does it stays in the books.")
    yearly = rate[0] * PER_YEAR[rate[1]]
    op = "" if dry else desk.named(operation)
    with at.reading() if dry else at.writing() as db:
        of = desk.the_group(db, group)
        programme = programmes.get(db, of.programme)
        book = Book(GROUP, of.id, programme.currency)
        if dry:
            due = savings.interest_due(db, book, yearly, months, kind)
            for member, gain in due.items():
                who = members.get(db, member)
                click.echo(f"{who.code:>6}  {who.names.bn_Latn}  {desk.taka(gain)}")
            said = f"Dry run: {desk.taka(total(due.values(), book.currency))} for {len(due)} members."
        else:
            where = desk.origin(programme.timezone, by or "", op)
            entry = savings.interest_for_all(db, book, yearly, months, where, kind)
            said = f"Interest is added: entry {entry.number} of {of.names.bn_Latn}."
    click.echo(said)


COMMANDS = (interest,)
