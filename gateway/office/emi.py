"""Items on instalments at the desk: sold, paid, closed early, and who is late."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import click

from gateway.loan_schedule import read_day
from gateway.loan_schedule import read_every
from gateway.loan_schedule import read_rate
from gateway.office import desk
from gateway.office.desk import NUMBER
from gateway.office.desk import Desk
from gateway.office.desk import Sum
from gateway.office.desk import by_option
from gateway.office.desk import hub_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from ledger import catalogue
from ledger import emi as contracts
from ledger import members
from ledger.emi import Contract
from ledger.money import Money
from ledger.schedules import MOST
from ledger.schedules import Every
from ledger.schedules import Terms

METHODS = ("flat", "declining-equal-instalment", "declining-equal-principal")


@click.group()
def emi() -> None:
    """Items on instalments: sell, take payments, see who is late."""


@emi.command("open", context_settings={"show_default": True})
@click.argument("member")
@click.argument("item", type=NUMBER)
@click.option("--price", type=Sum(), help="What it costs, down payment included; without it, its price to customers.")
@click.option("--down", default="0", type=Sum(least=0), help="Down payment, due today.")
@click.option("--instalments", required=True, type=click.IntRange(1, MOST), help="How many.")
@click.option("--every", default="1month", type=read_every, metavar="TIME", help="1week, 15days, 1month …")
@click.option("--rate", default="0%/month", type=read_rate, metavar="RATE", help="Service charge: 2%/month, 24%/year …")
@click.option("--method", default="flat", type=click.Choice(METHODS), help="How it is paid off.")
@click.option("--first-due", type=read_day, metavar="DAY", help="First due day; else one period from today.")
@hub_option
@by_option
@operation_option
@pass_desk
def open_(
    at: Desk,
    member: str,
    item: int,
    price: int | None,
    down: int,
    instalments: int,
    every: Every,
    rate: tuple[Fraction, str],
    method: str,
    first_due: date | None,
    number: int | None,
    by: str,
    operation: str | None,
) -> None:
    """Sell one piece of an ITEM (its code) to a MEMBER on instalments."""
    op = desk.named(operation)
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        where = desk.origin(hub.timezone, by, op)
        sold = catalogue.by_code(db, hub.programme, item, where.on)
        principal = (price or sold.retail.minor) - down
        if principal <= 0:
            raise click.UsageError("the down payment is less than the price.")
        share, per = rate
        terms = Terms(principal, share, instalments, every, method, where.on, first_due, per=per)
        buyer = desk.the_member(db, member)
        try:
            made = contracts.open_contract(db, hub.book, buyer, sold.id, Money(down, hub.currency), terms, where)
        except ValueError as error:
            raise click.UsageError(f"{error}.") from None
    click.echo(f"Contract {made.id}: {sold.names.written('en')} for {buyer.names.written('en')} {buyer.code}")
    _show(made)


def _show(contract: Contract) -> None:
    for each in contract.instalments:
        name = "down" if each.number == contracts.DOWN else str(each.number)
        click.echo(f"{name:>4}  {each.due}  left {desk.taka(each.left)}")
    click.echo(f"Left: {desk.taka(contract.left)}")


@emi.command()
@click.argument("contract", type=NUMBER)
@click.argument("amount", type=Sum())
@hub_option
@by_option
@operation_option
@pass_desk
def pay(at: Desk, contract: int, amount: int, number: int | None, by: str, operation: str | None) -> None:
    """Take a payment of AMOUNT on a CONTRACT."""
    op = desk.named(operation)
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        contracts.pay(db, hub.book, contract, Money(amount, hub.currency), desk.origin(hub.timezone, by, op))
        left = contracts.get(db, hub.book, contract).left
    click.echo(f"Left: {desk.taka(left)}")


@emi.command()
@click.argument("contract", type=NUMBER)
@hub_option
@by_option
@pass_desk
def close(at: Desk, contract: int, number: int | None, by: str) -> None:
    """Take what closes a CONTRACT today (`show` says how much)."""
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        contracts.close_early(db, hub.book, contract, desk.origin(hub.timezone, by, f"emi-{contract}-close"))
    click.echo(f"Contract {contract} is closed.")


@emi.command()
@click.argument("contract", type=NUMBER)
@hub_option
@pass_desk
def show(at: Desk, contract: int, number: int | None) -> None:
    """Show the instalments of a CONTRACT, and what would close it today."""
    with at.reading() as db:
        hub = desk.the_hub(db, number)
        found = contracts.get(db, hub.book, contract)
    _show(found)
    if found.unpaid:
        click.echo(f"Closes today with {desk.taka(contracts.to_close(found, desk.today(hub.timezone)))}")


@emi.command()
@hub_option
@pass_desk
def late(at: Desk, number: int | None) -> None:
    """List who has instalments that should have been paid before today."""
    with at.reading() as db:
        hub = desk.the_hub(db, number)
        on = desk.today(hub.timezone)
        for each in contracts.arrears(db, hub.book, on):
            who, owed = members.get(db, each.member), each.overdue(on)
            name = f"{who.code} {who.names.written('en')}"
            sum_ = Money(sum(part.left.minor for part in owed), hub.currency)
            click.echo(f"contract {each.id}: {name}, {desk.taka(sum_)} since {owed[0].due}")


COMMANDS = (emi,)
