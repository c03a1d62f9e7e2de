"""Suppliers at the desk: goods in with their bill, claims for what is short, what the hub owes and pays."""

from __future__ import annotations

import click

from gateway.office import desk
from gateway.office.desk import NUMBER
from gateway.office.desk import Desk
from gateway.office.desk import Goods
from gateway.office.desk import Sum
from gateway.office.desk import bill_option
from gateway.office.desk import by_option
from gateway.office.desk import hub_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from ledger import catalogue
from ledger import suppliers
from ledger.money import Money
from ledger.suppliers import Received

BILLED = Goods("CODE:PIECES:COST[:SHORT]", optional=1, sums=(2,))


@click.command("goods-in")
@click.argument("supplier", type=NUMBER)
@click.argument("goods", nargs=-1, required=True, type=BILLED)
@hub_option
@bill_option
@by_option
@pass_desk
def goods_in(
    at: Desk, supplier: int, goods: tuple[tuple[int, ...], ...], number: int | None, bill: str, by: str
) -> None:
    """Take GOODS of a SUPPLIER in: CODE:PIECES:COST, the cost of the whole line of his bill.

    A fourth number is how many he billed and did not bring: they are claimed from him.
    """
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        where = desk.origin(hub.timezone, by, f"bill-{hub.id}-{supplier}-{bill}")
        lines = [
            # What was ordered from him while it was sold comes all the same.
            Received(catalogue.by_code(db, hub.programme, code, where.on, unsold=True).id, pieces, cost, short)
            for code, pieces, cost, short in (tuple([*each, 0][:4]) for each in goods)
        ]
        _check(lines)
        whom = desk.the_supplier(db, hub, supplier)
        suppliers.goods_in(db, hub.book, whom, lines, where, bill=bill)
    short = sum(each.short for each in lines)
    claimed = f", {short} short and claimed" if short else ""
    click.echo(f"{sum(each.pieces for each in lines)} pieces are in{claimed}.")


def _check(lines: list[Received]) -> None:
    if len({each.item for each in lines}) < len(lines):
        raise click.UsageError("a bill has each item once.")
    if any(not each.pieces + each.short for each in lines):
        raise click.UsageError("a line of a bill has at least one piece, brought or short.")


@click.group()
def claim() -> None:
    """Claims on a supplier for goods that were short."""


@claim.command()
@click.argument("supplier", type=NUMBER)
@click.option("--deducted", default="0", type=Sum(least=0), help="Taken off what the hub owes him.")
@click.option("--paid", default="0", type=Sum(least=0), help="Paid into the hub's wallet.")
@hub_option
@by_option
@operation_option
@pass_desk
def met(at: Desk, supplier: int, deducted: int, paid: int, number: int | None, by: str, operation: str | None) -> None:
    """A SUPPLIER makes good what is claimed from him."""
    if not deducted + paid:
        raise click.UsageError("say --deducted or --paid.")
    op = desk.named(operation)
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        whom = desk.the_supplier(db, hub, supplier)
        off, into = Money(deducted, hub.currency), Money(paid, hub.currency)
        suppliers.claim_met(db, hub.book, whom, desk.origin(hub.timezone, by, op), deducted=off, paid=into)
    click.echo("The claim is met.")


@claim.command()
@click.argument("supplier", type=NUMBER)
@click.argument("amount", type=Sum())
@click.option("--reason", required=True, help="What he says, for the books.")
@hub_option
@by_option
@operation_option
@pass_desk
def refused(
    at: Desk, supplier: int, amount: int, reason: str, number: int | None, by: str, operation: str | None
) -> None:
    """A SUPPLIER will not make AMOUNT good: it is lost."""
    op = desk.named(operation)
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        whom = desk.the_supplier(db, hub, supplier)
        lost = Money(amount, hub.currency)
        suppliers.claim_refused(db, hub.book, whom, lost, reason, desk.origin(hub.timezone, by, op))
    click.echo("The loss is in the books.")


@click.command("pay-supplier")
@click.argument("supplier", type=NUMBER)
@click.argument("amount", type=Sum())
@hub_option
@by_option
@operation_option
@pass_desk
def pay_supplier(at: Desk, supplier: int, amount: int, number: int | None, by: str, operation: str | None) -> None:
    """Pay a SUPPLIER out of the hub's wallet."""
    op = desk.named(operation)
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        whom = desk.the_supplier(db, hub, supplier)
        suppliers.pay(db, hub.book, whom, Money(amount, hub.currency), desk.origin(hub.timezone, by, op))
    click.echo("The supplier is paid.")


@click.command("suppliers")
@hub_option
@pass_desk
def standings(at: Desk, number: int | None) -> None:
    """What the hub owes each supplier and claims from him."""
    with at.reading() as db:
        found = suppliers.standings(db, desk.the_hub(db, number).book)
    for each in found:
        if each.owed or each.claimed:
            click.echo(f"{each.names.bn_Latn}: owed {desk.taka(each.owed)}, claimed {desk.taka(each.claimed)}")


COMMANDS = (goods_in, claim, pay_supplier, standings)
