"""What waits for approval in a group, and the word of an officer where too few leaders may say theirs."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime

import click
from sqlalchemy import Connection

from gateway.office import desk
from gateway.office.desk import NUMBER
from gateway.office.desk import Desk
from gateway.office.desk import by_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from ledger import approvals as requests
from ledger import decisions
from ledger import groups
from ledger import members
from ledger import payouts
from ledger import programmes
from ledger import voices
from ledger.approvals import Approval
from ledger.errors import NotAllowed
from ledger.programmes import Programme
from ledger.templates import PLACES


@click.command("approvals")
@click.argument("group")
@pass_desk
def list_approvals(at: Desk, group: str) -> None:
    """List what waits in a GROUP for approval or to be paid out, oldest first, and who has spoken to it."""
    now = datetime.now(UTC)
    with at.reading() as db:
        of = desk.the_group(db, group)
        timezone = programmes.get(db, of.programme).timezone
        for each in requests.in_group(db, of.id):
            until = programmes.day(each.until, timezone)
            amount = f", {desk.taka(each.wanted.amount)}" if each.wanted.amount else ""
            reason = f", {each.wanted.reason}" if each.wanted.reason else ""
            click.echo(f"{each.id:>6}  {each.kind} {_whose(db, each)}{amount}{reason}: {each.at(now)} until {until}")
            for voice in voices.of(db, each.id):
                said = "yes" if voice.yes else "no"
                because = f", {voice.reason}" if voice.reason else ""
                click.echo(f"        {programmes.day(voice.at, timezone)}  {said} by {_who(db, voice.who)}{because}")


def _whose(db: Connection, found: Approval) -> str:
    return _who(db, f"member:{found.about}") if found.about else "of the whole group"


def _who(db: Connection, actor: str) -> str:
    kind, _, number = actor.partition(":")
    if kind != "member" or not number.isdecimal():
        return actor
    who = members.get(db, int(number))
    return f"{who.code} {who.names.bn_Latn}"


def _programme(db: Connection, approval: int) -> Programme:
    return programmes.get(db, groups.get(db, requests.get(db, approval).group).programme)


@click.command()
@click.argument("approval", type=NUMBER)
@click.option("--no", is_flag=True, help="Say no: one no ends it.")
@click.option("--reason", default="", help="Why, for the books and for whom it concerns.")
@by_option
@operation_option
@pass_desk
def approve(at: Desk, approval: int, no: bool, reason: str, by: str, operation: str | None) -> None:
    """Say yes, as an officer, to what waits (its number), where a group has fewer than two leaders who may."""
    if len(reason) > 160:
        raise click.UsageError("a reason has up to 160 characters.")
    op = desk.named(operation)
    with at.enrolling() as (db, peppers):
        where = desk.origin(_programme(db, approval).timezone, by, op)
        # An entry that the office made has her as its maker, too.
        if requests.get(db, approval).wanted.maker == where.actor:
            raise NotAllowed("own-entry", approval=approval)
        done = decisions.officer_decides(db, by, approval, not no, where, reason=reason, peppers=peppers)
    more = f": {done.needed} more must say yes" if done.needed else ""
    click.echo(f"Request {approval} is {done.state}{more}.")


@click.command("pay-out")
@click.argument("approval", type=NUMBER)
@click.option("--from", "money", type=click.Choice(list(PLACES)), default="cash", show_default=True)
@by_option
@operation_option
@pass_desk
def pay_out(at: Desk, approval: int, money: str, by: str, operation: str | None) -> None:
    """Hand over what was approved (its number), where the group has no leader but whom it is for."""
    op = desk.named(operation)
    with at.writing() as db:
        where = desk.origin(_programme(db, approval).timezone, by, op)
        paid = payouts.officer_pays_out(db, by, approval, where, money=money)
    click.echo(f"Request {approval} is paid: {desk.taka(paid.amount)}.")


COMMANDS = (list_approvals, approve, pay_out)
