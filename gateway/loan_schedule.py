"""`somiti loan-schedule`: the schedule of any loan, as a table or as JSON, by the arithmetic the books use."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ledger.schedules import DAY_COUNTS
from ledger.schedules import METHODS
from ledger.schedules import MOST
from ledger.schedules import Every
from ledger.schedules import Planned
from ledger.schedules import Terms
from ledger.schedules import schedule

UNITS = {"0.01": 1, "1": 100, "100": 10_000}
"""What amounts are rounded to, as typed, in minor units."""

_AMOUNT = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,2}))?")
_DECIMAL = r"[0-9]{1,6}(?:\.[0-9]{1,12}|/[1-9][0-9]{0,8})?"
_RATE = re.compile(rf"({_DECIMAL})\s*%\s*/\s*(day|week|month|year)")
_PERCENT = re.compile(rf"({_DECIMAL})\s*%?")
_EVERY = re.compile(r"([1-9][0-9]{0,3})(day|week|month)s?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Sentence(click.ClickException):
    """What is wrong, in one sentence without the usage above it; exit code 2."""

    exit_code = 2


class _Plain(click.Command):
    """A command whose wrong parameters, too, are one sentence."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the command line; what cannot be read is said in one sentence."""
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as error:
            raise _Sentence(error.format_message()) from None


def _read(pattern: re.Pattern[str], typed: str, say: str) -> re.Match[str]:
    found = pattern.fullmatch(typed.strip())
    if not found:
        raise click.BadParameter(f"say {say}, not {typed!r}.")
    return found


def _amount(typed: str) -> int:
    whole, cents = _read(_AMOUNT, typed, "an amount as 12000 or 12000.50").groups(default="")
    minor = int(whole) * 100 + int(cents.ljust(2, "0"))
    if not minor:
        raise click.BadParameter("a loan of nothing has no schedule.")
    return minor


def read_rate(typed: str) -> tuple[Fraction, str]:
    """A rate with its time as it is typed: 2%/month."""
    percent, per = _read(_RATE, typed, "a rate with its time, as 2%/month, 12.5%/year or 0.1%/day").groups()
    return Fraction(percent) / 100, per


def _percent(typed: str) -> Fraction:
    share = Fraction(_read(_PERCENT, typed, "a percentage as 5 or 12.5")[1]) / 100
    if not 0 < share <= 1:
        raise click.BadParameter(f"say more than 0 and at most 100, not {typed!r}.")
    return share


def read_every(typed: str) -> Every:
    """A period as it is typed: 15days."""
    count, unit = _read(_EVERY, typed, "a time as 1week, 15days or 2months").groups()
    return Every(int(count), unit)


def read_day(typed: str) -> date:
    """A day as it is typed: 2011-09-20."""
    say = "a day as 2011-09-20"
    try:
        return date.fromisoformat(_read(_DAY, typed, say)[0])
    except ValueError:
        raise click.BadParameter(f"say {say}, not {typed!r}.") from None


@click.command("loan-schedule", cls=_Plain, context_settings={"show_default": True})
@click.option("--principal", required=True, type=_amount, metavar="AMOUNT", help="What is lent, as 12000 or 12000.50.")
@click.option("--rate", required=True, type=read_rate, metavar="RATE", help="2%/month, 24%/year, 0.5%/week, 0.1%/day")
@click.option("--instalments", required=True, type=click.IntRange(1, MOST), metavar="N", help="How many instalments.")
@click.option("--every", required=True, type=read_every, metavar="TIME", help="1week, 15days, 1month, 2months ...")
@click.option("--method", required=True, type=click.Choice(list(METHODS)), help="How principal and interest are paid.")
@click.option("--disbursed", required=True, type=read_day, metavar="DAY", help="Day of disbursement, as 2011-09-20.")
@click.option("--first-due", type=read_day, metavar="DAY", help="First due day; else one period after disbursement.")
@click.option("--day-count", default="nominal", type=click.Choice(DAY_COUNTS), help="What part of a year a period is.")
@click.option(
    "--grace-principal", "grace", default=0, type=click.IntRange(0), metavar="N", help="Interest-only ones first."
)
@click.option(
    "--principal-percent", "share", type=_percent, metavar="PERCENT", help="Of the principal, each instalment."
)
@click.option("--unit", default="0.01", type=click.Choice(list(UNITS)), help="What amounts are rounded to.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of rows, amounts as strings.")
def loan_schedule(
    principal: int,
    rate: tuple[Fraction, str],
    instalments: int,
    every: Every,
    method: str,
    disbursed: date,
    first_due: date | None,
    day_count: str,
    grace: int,
    share: Fraction | None,
    unit: str,
    as_json: bool,
) -> None:
    """Calculate the schedule of a loan, exact to the poisha."""
    number, per = rate
    terms = Terms(
        principal, number, instalments, every, method, disbursed, first_due,
        per=per, day_count=day_count, grace=grace, share=share, unit=UNITS[unit],
    )  # fmt: skip
    try:
        rows = schedule(terms)
    except ValueError as error:
        raise _Sentence(f"{error}.") from None
    if as_json:
        click.echo(json.dumps([_row(row) for row in rows], indent=2))
    else:
        # A pipe has no width; a table narrower than its figures would cut them.
        Console(highlight=False, width=120).print(_table(rows))


def decimal(minor: int) -> str:
    """An amount in minor units with its two decimals: 1234.50."""
    return f"{minor // 100}.{minor % 100:02d}"


def _row(row: Planned) -> dict[str, int | str]:
    return {
        "number": row.number,
        "due": row.due.isoformat(),
        "principal": decimal(row.principal),
        "interest": decimal(row.interest),
        "total": decimal(row.sum),
        "balance": decimal(row.balance),
    }


def _table(rows: Sequence[Planned]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_footer=True)
    table.add_column("No.", justify="right")
    table.add_column("Due", "Total")
    for title in ("principal", "interest", "sum"):
        total = decimal(sum(getattr(row, title) for row in rows))
        table.add_column("Total" if title == "sum" else title.title(), total, justify="right", no_wrap=True)
    table.add_column("Balance", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(str, _row(row).values()))
    return table
