"""Who is in a group: joining, numbers, roles, who may leave, coming back."""

from __future__ import annotations

from collections.abc import Callable

import click
from sqlalchemy import Connection

from gateway.joining import LANGUAGES
from gateway.joining import registration
from gateway.office import desk
from gateway.office.desk import Desk
from gateway.office.desk import by_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from gateway.office.sentences import sentence
from ledger import members
from ledger import membership
from ledger import programmes
from ledger import savings
from ledger.books import Origin
from ledger.members import Member
from ledger.money import total
from ledger.tables import Names
from locales.numerals import to_latin
from locales.phones import e164
from locales.script import canonical

Verb = Callable[[Connection, Member, Origin], None]


def phone(typed: str, timezone: str) -> str:
    """A phone number as it is typed, as E.164."""
    number = e164(typed, timezone)
    if number is None:
        raise click.UsageError(f"{typed!r} is no phone number: type it as +8801711000001.")
    return number


def the_member(db: Connection, code: str) -> Member:
    """The member with a code, also one who left."""
    found = members.by_code(db, to_latin(code.strip()), left=True)
    if found is None:
        raise click.ClickException(f"no member has the code {code}")
    return found


def named(who: Member) -> str:
    """Her code and name."""
    return f"{who.code} {who.names.bn_Latn}"


@click.command("add-member")
@click.argument("group")
@click.option("--code", help="Her member code; without it, the next one that is free.")
@click.option("--name-bn", required=True, help="Her given name in Bangla script.")
@click.option("--name-latn", required=True, help="Her given name in Latin letters.")
@click.option("--number", "numbers", multiple=True, help="Her phone number; may be repeated, SMS go to the first.")
@click.option("--role", type=click.Choice(membership.ROLES), default=membership.MEMBER, show_default=True)
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="bn", show_default=True)
@by_option
@operation_option
@pass_desk
def add_member(
    at: Desk,
    group: str,
    code: str | None,
    name_bn: str,
    name_latn: str,
    numbers: tuple[str, ...],
    role: str,
    language: str,
    by: str,
    operation: str | None,
) -> None:
    """Make somebody a member of a GROUP; her PIN is drawn by chance and shown once."""
    if code is not None and not to_latin(code).isdecimal():
        raise click.UsageError("a member code has digits only.")
    op = desk.named(operation)
    with at.enrolling() as (db, peppers):
        of = desk.the_group(db, group)
        programme = programmes.get(db, of.programme)
        reached = [phone(each, programme.timezone) for each in dict.fromkeys(numbers)]
        if len(reached) > membership.MOST_NUMBERS:
            raise click.UsageError(f"a member has at most {membership.MOST_NUMBERS} numbers.")
        hers, names = to_latin(code) if code else "", Names(canonical(name_bn), canonical(name_latn))
        free = hers or f"{membership.free_code(db)}"
        who, pin = registration(peppers, programme, free, names, reached, group=of.id, role=role, language=language)
        made = membership.join(db, programme.id, who, desk.origin(programme.timezone, by, op))
    click.echo(f"{made.names.bn_Latn} {made.code}: PIN {pin}")


@click.group()
def number() -> None:
    """The phone numbers of a member."""


@number.command("list")
@click.argument("code")
@pass_desk
def list_numbers(at: Desk, code: str) -> None:
    """Show the numbers of the member with this CODE, SMS go to the first, and what was changed of her and by whom."""
    with at.reading() as db:
        who = the_member(db, code)
        found, history = members.numbers(db, who.id), membership.changes(db, who)
        click.echo(f"{named(who)}: {', '.join(found) or 'no number'}")
        for each in history:
            day = programmes.day(each.at, who.timezone)
            click.echo(f"{day}  {each.what}  {each.old or '-'} -> {each.new or '-'}  by {each.actor}")


def _changing(name: str, arguments: tuple[str, ...], verb: Callable[..., None], help_: str) -> click.Command:
    """A command that changes the numbers of a member: each argument is a number."""

    @click.command(name, help=help_)
    @click.argument("code")
    @by_option
    @operation_option
    @pass_desk
    def changing(at: Desk, /, code: str, by: str, operation: str | None, **said: str | bool) -> None:
        op = desk.named(operation)
        with at.writing() as db:
            who = the_member(db, code)
            numbers = [phone(str(said[each]), who.timezone) for each in arguments]
            more = {key: value for key, value in said.items() if key not in arguments}
            verb(db, who, *numbers, desk.origin(who.timezone, by, op), **more)
            has = members.numbers(db, who.id)
        click.echo(f"{named(who)}: {', '.join(has) or 'no number'}")

    for each in arguments:
        changing = click.argument(each)(changing)
    return changing


number.add_command(_changing("add", ("new",), membership.add_number, "The member with this CODE has one more number."))
number.add_command(
    _changing("change", ("old", "new"), membership.change_number, "She has a NEW number in place of an OLD one.")
)
number.add_command(_changing("first", ("hers",), membership.prefer_number, "SMS go to this one of HERS from now on."))
_remove = _changing("remove", ("old",), membership.remove_number, "She has an OLD number no more.")
_last = click.option("--last", is_flag=True, help="Also if it is her only one: no SMS reaches her then.")
number.add_command(_last(_remove))


def _once(name: str, verb: Verb, done: str, help_: str) -> click.Command:
    """A command that does something to a member and asks nothing more."""

    @click.command(name, help=help_)
    @click.argument("code")
    @by_option
    @operation_option
    @pass_desk
    def doing(at: Desk, code: str, by: str, operation: str | None) -> None:
        op = desk.named(operation)
        with at.writing() as db:
            who = the_member(db, code)
            verb(db, who, desk.origin(who.timezone, by, op))
        click.echo(f"{named(who)} {done}.")

    return doing


@click.command()
@click.argument("code")
@click.argument("role", type=click.Choice(membership.ROLES))
@by_option
@operation_option
@pass_desk
def role(at: Desk, code: str, role: str, by: str, operation: str | None) -> None:
    """Make the member with this CODE a leader, or a member like others."""
    op = desk.named(operation)
    with at.writing() as db:
        who = the_member(db, code)
        membership.set_role(db, who, role, desk.origin(who.timezone, by, op))
    click.echo(f"{named(who)} is a {role}.")


@click.command("leave-check")
@click.argument("code")
@pass_desk
def leave_check(at: Desk, code: str) -> None:
    """Say what keeps the member with this CODE from leaving, and what she would be paid; nothing is done."""
    with at.reading() as db:
        who = the_member(db, code)
        sums = savings.hers(db, who)
        obstacles = [sentence(db, each) for each in savings.obstacles(db, who)]
    for each in obstacles:
        click.echo(each)
    parts = ", ".join(f"{name} {desk.taka(amount)}" for name, amount in sums.items() if amount)
    paid = desk.taka(total(sums.values(), who.currency))
    ready = "cannot leave yet" if obstacles else "can leave"
    click.echo(f"{named(who)} {ready}; her group has {paid} of hers{f': {parts}' if parts else ''}.")


COMMANDS = (
    add_member,
    number,
    role,
    leave_check,
    _once("back", membership.come_back, "is a member again", "Who left is a member of her group again (her CODE)."),
)
