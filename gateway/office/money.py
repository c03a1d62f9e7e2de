"""Money at the desk: an agent's credit limit, what she pays, pays ahead and gets back, and her commission."""

from __future__ import annotations

from collections.abc import Callable

import click
from sqlalchemy import Connection

from gateway.office import desk
from gateway.office.desk import NUMBER
from gateway.office.desk import Desk
from gateway.office.desk import Sum
from gateway.office.desk import by_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from ledger import agents
from ledger import commissions
from ledger import journal
from ledger import orders
from ledger import shops
from ledger.books import Entry
from ledger.books import Origin
from ledger.members import Member
from ledger.money import Money

Verb = Callable[[Connection, Member, Money, Origin], Entry]


def _giving(name: str, verb: Verb, help_: str) -> click.Command:
    """A command by which a sum goes from or to an agent; then it is said how she stands."""

    @click.command(name, help=help_)
    @click.argument("agent")
    @click.argument("amount", type=Sum())
    @by_option
    @operation_option
    @pass_desk
    def giving(at: Desk, agent: str, amount: int, by: str, operation: str | None) -> None:
        op = desk.named(operation)
        with at.writing() as db:
            who = desk.the_member(db, agent)
            verb(db, who, Money(amount, who.currency), desk.origin(who.timezone, by, op))
            said = standing(db, who)
        click.echo(said)

    return giving


def standing(db: Connection, who: Member) -> str:
    """How an agent stands with her hub, on one line."""
    stands = shops.standing(db, who)
    return (
        f"{who.names.written('en')} {who.code}: owes {desk.taka(stands.owes)}, paid ahead {desk.taka(stands.ahead)}, "
        f"credit left {desk.taka(stands.credit_left)}, commission not paid {desk.taka(stands.commission)}"
    )


@click.command()
@click.argument("agent")
@click.argument("amount", type=Sum(least=0))
@by_option
@operation_option
@pass_desk
def limit(at: Desk, agent: str, amount: int, by: str, operation: str | None) -> None:
    """Let an AGENT (her member code) owe the hub up to AMOUNT."""
    op = desk.named(operation)
    with at.writing() as db:
        who = desk.the_member(db, agent)
        where = desk.origin(who.timezone, by, op)
        journal.set_ceiling(db, where, who.hub_book, amount, orders.RECEIVABLE, who.id)
        said = standing(db, who)
    click.echo(said)


@click.command()
@click.argument("agent")
@pass_desk
def agent(at: Desk, agent: str) -> None:
    """Say how an AGENT stands with her hub."""
    with at.reading() as db:
        said = standing(db, desk.the_member(db, agent))
    click.echo(said)


@click.group()
def commission() -> None:
    """Commission of an agent: earned, paid out, set off against what she owes."""


@commission.command()
@click.argument("agent")
@click.argument("amount", type=Sum())
@click.option("--order", type=NUMBER, help="For which delivered order of hers; once for each.")
@by_option
@operation_option
@pass_desk
def earn(at: Desk, agent: str, amount: int, order: int | None, by: str, operation: str | None) -> None:
    """An AGENT has earned AMOUNT."""
    op = operation or (None if order else desk.named(None))
    with at.writing() as db:
        who = desk.the_member(db, agent)
        where = desk.origin(who.timezone, by, op or f"{who.hub_book.owner}-{order}-commission")
        commissions.earn(db, who, Money(amount, who.currency), where, order=order or 0)
        said = standing(db, who)
    click.echo(said)


commission.add_command(_giving("pay", commissions.pay, "Pay AMOUNT of commission out to an AGENT."))
commission.add_command(_giving("set-off", commissions.set_off, "Take AMOUNT of commission off what an AGENT owes."))

COMMANDS = (
    agent,
    limit,
    _giving("pay", agents.pay, "An AGENT (her member code) pays AMOUNT; what is more than she owes is paid ahead."),
    _giving("prepay", agents.prepay, "An AGENT pays AMOUNT ahead, for an order to come."),
    _giving("refund", agents.refund, "Give AMOUNT back that an AGENT paid ahead."),
    commission,
)
