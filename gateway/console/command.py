"""`somiti operator …`: the first administrator, and what an administrator would do who cannot sign in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC
from datetime import datetime

import click
from sqlalchemy import Connection

from gateway.backend import JOB
from gateway.console import operators
from gateway.console import trail
from gateway.console.operators import NAME
from gateway.console.operators import Operator
from gateway.console.operators import Wanted
from gateway.console.shape import Mistaken
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from gateway.console.tables import ROLES
from gateway.console.views.operators import group_ids
from gateway.console.views.operators import reset_totp
from gateway.console.words import LANGUAGES
from gateway.console.words import spoken
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import hubs
from ledger import programmes
from locales.script import canonical

Opened = Callable[[], AbstractContextManager[Runtime]]


def command(opened: Opened) -> click.Group:
    """The commands, given how a command opens a runtime whose schema is there."""

    @click.group()
    def operator() -> None:
        """Operators: the people who sign in to the console at /console/."""

    for make in (_add, _list, _disable, _reset_password, _reset_totp):
        operator.add_command(make(opened))
    return operator


def _add(opened: Opened) -> click.Command:
    @click.command("add")
    @click.argument("name")
    @click.option("--display", default="", help="How she is called on pages; her name unless said.")
    @click.option("--role", type=click.Choice(ROLES), default="admin", show_default=True)
    @click.option("--programme", default="", help="The programme's name, where there are several.")
    @click.option("--hub", type=click.IntRange(1), help="The hub of a keeper, by its number.")
    @click.option("--group", "names", multiple=True, help="A group of an officer, by its name; may be repeated.")
    @click.option("--language", type=click.Choice(list(LANGUAGES)), default="bn", show_default=True)
    def add(
        name: str, display: str, role: str, programme: str, hub: int | None, names: tuple[str, ...], language: str
    ) -> None:
        """Add an operator NAME; her first password is drawn and shown once."""
        if not NAME.fullmatch(name):
            raise click.BadParameter("2 to 30 of a-z 0-9 . _ -, beginning with a letter.", param_hint="NAME")
        if (hub is not None) != (role == KEEPER):
            raise click.UsageError("--hub belongs to --role keeper, and a keeper needs it.")
        if bool(names) != (role == OFFICER):
            raise click.UsageError("--group belongs to --role officer, and an officer needs one.")
        with opened() as runtime, transaction(runtime, patience=JOB) as db:
            of = _programme(db, programme)
            if operators.named(db, name):
                raise click.ClickException(f"somebody is called {name} already")
            wanted = Wanted(
                of, canonical(display or name)[:60], role, language, _hub(db, of, hub), _groups(db, of, names)
            )
            made, drawn = operators.add(db, runtime.peppers, name, wanted, _now())
            trail.note(db, of, None, "operator.added", _now(), about=name, detail=role)
        _tell(made, drawn)

    return add


def _tell(who: Operator, drawn: str) -> None:
    click.echo(f"{who.name} ({who.role})  password {drawn}")
    click.echo("It opens for three days and is replaced at the first sign-in, at /console/sign-in.", err=True)


def _now() -> datetime:
    return datetime.now(UTC)


def _programme(db: Connection, name: str) -> int:
    every = programmes.every(db)
    found = [each.id for each in every if not name or each.name == name]
    if len(found) != 1:
        known = ", ".join(each.name for each in every) or "none: load one first, as `somiti demo` does"
        raise click.ClickException(f"say which programme with --programme; there is {known}")
    return found[0]


def _hub(db: Connection, programme: int, hub: int | None) -> int | None:
    if hub is not None and hub not in [each.id for each in hubs.every(db) if each.programme == programme]:
        raise click.ClickException(f"the programme has no hub {hub}")
    return hub


def _groups(db: Connection, programme: int, names: tuple[str, ...]) -> tuple[int, ...]:
    try:
        return group_ids(db, programme, [canonical(name) for name in names]) if names else ()
    except Mistaken as error:
        raise click.ClickException(spoken("en").say(error.said, **error.values)) from None


def _named(db: Connection, name: str) -> Operator:
    found = operators.named(db, name)
    if found is None:
        raise click.ClickException(f"no operator is called {name}")
    return found


def _list(opened: Opened) -> click.Command:
    @click.command("list")
    def list_() -> None:
        """List the operators: name, role, what they sign in with, how they are called."""
        with opened() as runtime, reading(runtime, patience=JOB) as db:
            for each in operators.everywhere(db):
                factor = "totp" if each.totp else "no totp"
                state = "disabled" if each.disabled_at else "drawn password" if each.password_until else "in use"
                click.echo(f"{each.name:<16}  {each.role:<8}  {factor:<8}  {state:<14}  {each.display}")

    return list_


def _disable(opened: Opened) -> click.Command:
    @click.command("disable")
    @click.argument("name")
    @click.option("--back", is_flag=True, help="Let her in again.")
    def disable(name: str, back: bool) -> None:
        """Let an operator in no more; her sign-ins end."""
        with opened() as runtime, transaction(runtime, patience=JOB) as db:
            found = _named(db, name)
            if back:
                operators.enable(db, found)
            else:
                operators.disable(db, found, _now())
            act = "operator.enabled" if back else "operator.disabled"
            trail.note(db, found.programme, None, act, _now(), about=found.name)
        click.echo(f"{found.name} {'can sign in again' if back else 'is disabled'}.")

    return disable


def _reset_password(opened: Opened) -> click.Command:
    @click.command("reset-password")
    @click.argument("name")
    def reset_password(name: str) -> None:
        """Draw a password for an operator, shown once; her sign-ins end."""
        with opened() as runtime, transaction(runtime, patience=JOB) as db:
            found = _named(db, name)
            drawn = operators.draw_password(db, runtime.peppers, found, _now())
            trail.note(db, found.programme, None, "password.reset", _now(), about=found.name)
        _tell(found, drawn)

    return reset_password


def _reset_totp(opened: Opened) -> click.Command:
    @click.command("reset-totp")
    @click.argument("name")
    def reset(name: str) -> None:
        """Take an operator's authenticator app away: it is set up anew at her next sign-in."""
        with opened() as runtime, transaction(runtime, patience=JOB) as db:
            found = _named(db, name)
            reset_totp(db, found, _now())
            trail.note(db, found.programme, None, "totp.reset", _now(), about=found.name)
        click.echo(f"{found.name} sets the app up at the next sign-in.")

    return reset
