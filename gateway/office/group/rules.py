"""Groups that begin, and what they agreed on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from dataclasses import replace
from fractions import Fraction
from typing import Any

import click

from gateway.catalogue_import import the_programme
from gateway.loan_schedule import UNITS
from gateway.office import desk
from gateway.office.desk import Desk
from gateway.office.desk import Sum
from gateway.office.desk import by_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from ledger import groups
from ledger import programmes
from ledger.groups import Group
from ledger.groups import Rules
from ledger.money import Money
from ledger.schedules import METHODS
from ledger.schedules import PASSBOOK
from ledger.tables import Names
from locales.script import canonical

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)\s*%?")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_SUMS = ("saving", "social", "absent_fine", "late_fine", "most_loan")


def _percent(typed: str) -> str:
    """2.5% as the fraction of text that rules have."""
    found = _PERCENT.fullmatch(typed.strip())
    if not found:
        raise click.BadParameter(f"say a rate for a month as 2%, not {typed!r}.")
    return f"{Fraction(found[1]) / 100}"


def _hour(typed: str) -> str:
    if not _HOUR.fullmatch(typed):
        raise click.BadParameter(f"say an hour as 10:00, not {typed!r}.")
    return typed


def _reminders(typed: str) -> tuple[str, ...]:
    """`loan-3, meeting-1, approvals` or `none`."""
    said = () if typed.strip() == "none" else tuple(dict.fromkeys(each.strip() for each in typed.split(",")))
    if wrong := [each for each in said if each not in groups.KNOWN]:
        raise click.BadParameter(f"no such reminder: {wrong[0]!r}.")
    return said


OPTIONS: dict[str, tuple[Any, str]] = {
    "saving": (Sum(least=0), "Due of each member at each meeting."),
    "social": (Sum(least=0), "For the social fund, of each at each meeting."),
    "absent_fine": (Sum(least=0), "Of who does not come."),
    "late_fine": (Sum(least=0), "Once on an instalment that its meeting did not bring."),
    "first": (click.Choice(["saving", "loan"]), "What a sum clears first."),
    "rest": (click.Choice(["voluntary", "loan"]), "What becomes of the rest."),
    "loan_rate": (_percent, "For a month, as 2%."),
    "loan_method": (click.Choice([*METHODS, PASSBOOK]), "How loans are paid back."),
    "loan_unit": (click.Choice(list(UNITS)), "What instalments are rounded to."),
    "most_instalments": (click.IntRange(1, 1000), "Of one loan."),
    "most_loan": (Sum(least=0), "The largest loan; 0 for no bound."),
    "income_share": (click.IntRange(1, 100), "Per cent of her income that her instalments may take."),
    "approval_days": (click.IntRange(1, 365), "How long a request waits for approval."),
    "payout_days": (click.IntRange(1, 365), "How long an approved sum waits to be fetched."),
    "weekday": (click.Choice([*DAYS, "none"]), "Day of the meetings."),
    "at": (_hour, "Hour of the meetings, as 10:00."),
    "weeks": (click.IntRange(1, 52), "From one meeting to the next."),
    "reminders": (
        _reminders,
        "SMS by the clock, as loan-3,loan-1,meeting-0: loan and meeting so many days before (0 to 7), overdue after the"
        " weekday of its meetings (1 to 7), approvals, undelivered; or none.",
    ),
}
"""The rules by the names of their fields: how each is typed, and what it is."""


@click.group()
def rules() -> None:
    """What a group agreed on."""


@rules.command("show")
@click.argument("group")
@pass_desk
def show_rules(at: Desk, group: str) -> None:
    """Show the rules of a GROUP."""
    with at.reading() as db:
        of = desk.the_group(db, group)
        currency = programmes.get(db, of.programme).currency
    for text in told(of.rules, currency):
        click.echo(text)


def told(agreed: Rules, currency: str) -> list[str]:
    """Each rule on a line, as it is typed."""
    return [f"{name.replace('_', '-')}: {_shown(name, value, currency)}" for name, value in asdict(agreed).items()]


def _shown(name: str, value: Any, currency: str) -> str:
    if name in _SUMS:
        return desk.taka(Money(value, currency))
    if name == "weekday":
        return "none" if value is None else DAYS[value]
    if name == "reminders":
        return ", ".join(value) or "none"
    if name == "loan_unit":
        return next((text for text, unit in UNITS.items() if unit == value), f"{value}")
    if name == "loan_rate":
        percent = Fraction(value) * 100
        return f"{percent.numerator}{f'/{percent.denominator}' * (percent.denominator > 1)}% a month"
    return f"{value}"


def _setting(command: Callable[..., None]) -> Callable[..., None]:
    for name, (kind, help_) in reversed(OPTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", type=kind, help=help_)(command)
    return command


@rules.command("set")
@click.argument("group")
@_setting
@by_option
@operation_option
@pass_desk
def set_rules(at: Desk, /, group: str, by: str, operation: str | None, **said: Any) -> None:
    """Change the rules of a GROUP; what is not said stays."""
    given = {name: _kept(name, value) for name, value in said.items() if value is not None}
    if not given:
        raise click.UsageError("say at least one rule.")
    op = desk.named(operation)
    with at.writing() as db:
        of = desk.the_group(db, group)
        programme = programmes.get(db, of.programme)
        where = desk.origin(programme.timezone, by, op)
        done = groups.set_rules(db, of, replace(of.rules, **given), programme.currency, where)
    for text in told(done.rules, programme.currency):
        if text.partition(":")[0].replace("-", "_") in given:
            click.echo(text)


def _kept(name: str, value: Any) -> Any:
    if name == "weekday":
        return None if value == "none" else DAYS.index(value)
    return UNITS[value] if name == "loan_unit" else value


@click.command()
@click.option("--programme", help="Of which programme; needed when there are several.")
@click.option("--name-bn", required=True, help="Its name in Bangla script.")
@click.option("--name-latn", required=True, help="Its name in Latin letters.")
@click.option("--short-bn", required=True, help="What SMS call it, up to 12 characters.")
@click.option("--short-latn", required=True, help="The same in Latin letters.")
@click.option("--district", required=True, help="Its district.")
@pass_desk
def start(
    at: Desk, programme: str | None, name_bn: str, name_latn: str, short_bn: str, short_latn: str, district: str
) -> None:
    """Begin a group; members are added to it, or it joins with a sheet (`somiti import cutoff`)."""
    name, short = (Names(canonical(bn), canonical(latn)) for bn, latn in ((name_bn, name_latn), (short_bn, short_latn)))
    for text, most in ((name.bn, 60), (name.bn_Latn, 60), (short.bn, 12), (short.bn_Latn, 12), (district, 40)):
        if not 0 < len(text) <= most:
            raise click.UsageError(f"{text!r} has {len(text)} characters, not 1 to {most}.")
    with at.writing() as db:
        of = the_programme(db, programme)
        if there := [each for each in groups.called(db, name.bn_Latn) if each.programme == of.id]:
            raise click.ClickException(f"group {there[0].id} is called {name.bn_Latn} already")
        made: Group = groups.start(db, of, name, short, district)
    click.echo(f"Group {made.id}: {made.names.bn_Latn}")


COMMANDS = (start, rules)
