"""The desk: what is typed is read, a transaction is opened, and what the books refuse is said in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import AbstractContextManager
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

import click
from sqlalchemy import Connection

from gateway import schema
from gateway.backend import JOB
from gateway.chance import draw_code
from gateway.chance import draw_operation
from gateway.office.sentences import sentence
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import catalogue
from ledger import groups
from ledger import hubs
from ledger import members
from ledger import programmes
from ledger.books import Origin
from ledger.errors import LedgerError
from ledger.errors import NotFound
from ledger.groups import Group
from ledger.hubs import Hub
from ledger.members import Member
from ledger.money import Money
from ledger.pins import Peppers
from locales import words
from locales.numerals import to_latin
from locales.script import canonical

Opened = Callable[[], AbstractContextManager[Runtime]]
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

LONGEST = 40
"""Characters of an operation id or a bill's number."""

NUMBER = click.IntRange(1, 999_999_999)
"""The number of an order, a contract, a supplier or an item."""

_SUM = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,2}))?")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,30}")
_ID = re.compile(rf"[!-~]{{1,{LONGEST}}}")


BELOW = -(10**12)
"""Less than any sum is below zero."""


class Sum(click.ParamType[int]):
    """A sum as 48 or 48.50, in minor units."""

    name = "SUM"

    def __init__(self, least: int = 1) -> None:
        """From `least` minor units on; BELOW lets it be below zero."""
        self.least = least

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it, in either numerals."""
        found = _SUM.fullmatch(to_latin(value.strip()))
        if not found or (found[1] and self.least >= 0):
            self.fail(f"say a sum as 48 or 48.50, not {value!r}.", param, ctx)
        minor = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
        if minor < self.least:
            self.fail("say a sum above zero.", param, ctx)
        return -minor if found[1] else minor


class Goods(click.ParamType[tuple[int, ...]]):
    """Pieces of an item as `101:3`, and more numbers behind it, if the form has them."""

    def __init__(self, form: str, optional: int = 0, *, sums: Sequence[int] = ()) -> None:
        """`form` as `CODE:PIECES`, its last `optional` parts optional; `sums` are the places of sums."""
        self.name, self.most = form, form.count(":") + 1
        self.optional, self.sums = optional, sums

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Read it, in either numerals."""
        parts = to_latin(value.strip()).split(":")
        if not self.most - self.optional <= len(parts) <= self.most:
            self.fail(f"say {self.name}, not {value!r}.", param, ctx)
        return tuple(self._part(place, part, value, param, ctx) for place, part in enumerate(parts))

    def _part(self, place: int, part: str, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if place in self.sums:
            return Sum().convert(part, param, ctx)
        if not re.fullmatch("[0-9]{1,7}", part):
            self.fail(f"say {self.name}, not {value!r}.", param, ctx)
        return int(part)


def _matched(pattern: re.Pattern[str], say: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
        if value is not None and not pattern.fullmatch(value):
            raise click.BadParameter(say)
        return value

    return check


def _by(*, required: bool) -> Decorator:
    check = _matched(_NAME, "a name has up to 30 letters.")
    return click.option("--by", required=required, metavar="NAME", help="Who does it.", callback=check)


by_option, by_if_done_option = _by(required=True), _by(required=False)
"""Who does something; where there is a dry run, nobody has to."""

operation_option = click.option(
    "--operation",
    metavar="ID",
    help="The id of this very operation; the same again is done once.",
    callback=_matched(_ID, f"an id has up to {LONGEST} letters and digits and no blanks."),
)
bill_option = click.option(
    "--bill",
    required=True,
    metavar="NUMBER",
    help="The number of the supplier's bill; the same again is done once.",
    callback=_matched(_ID, f"a bill's number has up to {LONGEST} letters and digits and no blanks."),
)
hub_option = click.option("--hub", "number", type=int, metavar="N", help="Which hub; needed when there are several.")


@dataclass(frozen=True)
class Desk:
    """Where the commands work, on hubs or on groups: it opens transactions and turns refusals into sentences."""

    opened: Opened
    what: str = "hub"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A moment of the database to read from."""
        with self._runtime() as runtime, reading(runtime, patience=JOB) as db, saying(db):
            yield db

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits on leaving; who has to hear of it is told."""
        with self._runtime() as runtime, transaction(runtime, patience=JOB) as db, saying(db):
            yield db

    @contextmanager
    def enrolling(self) -> Iterator[tuple[Connection, Peppers]]:
        """The same, and the keys with which the PINs of new members are kept."""
        with self._runtime() as runtime, transaction(runtime, patience=JOB) as db, saying(db):
            yield db, runtime.peppers

    @contextmanager
    def _runtime(self) -> Iterator[Runtime]:
        with self.opened() as runtime:
            if schema.is_new(runtime.database):
                raise click.ClickException(f"there is no {self.what} yet: run `somiti migrate`")
            yield runtime


@contextmanager
def saying(db: Connection) -> Iterator[None]:
    """What the books refuse inside ends the command with a sentence."""
    try:
        yield
    except LedgerError as error:
        raise click.ClickException(sentence(db, error)) from None


pass_desk = click.make_pass_decorator(Desk)


def origin(timezone: str, by: str, operation: str) -> Origin:
    """Where something done at the desk comes from."""
    now = datetime.now(UTC)
    return Origin(f"office:{operation}", f"office:{by}", "office", now, programmes.day(now, timezone), draw_code)


def named(operation: str | None) -> str:
    """The operation id that was given, or a new one, said before anything is done."""
    if operation is None:
        operation = draw_operation()
        click.echo(f"operation {operation}", err=True)
    return operation


def today(timezone: str) -> date:
    """The day in a timezone."""
    return programmes.day(datetime.now(UTC), timezone)


def the_hub(db: Connection, number: int | None) -> Hub:
    """The hub with a number, or the only one there is."""
    if number is not None:
        return hubs.get(db, number)
    found = hubs.every(db)
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.ClickException("there is no hub yet")
    listed = ", ".join(f"{hub.id} ({hub.names.written('en')})" for hub in found)
    raise click.ClickException(f"say which with --hub: {listed}")


def the_member(db: Connection, code: str) -> Member:
    """The member with a code."""
    found = members.by_code(db, to_latin(code))
    if found is None:
        raise click.ClickException(f"no member has the code {code}")
    return found


def the_group(db: Connection, said: str) -> Group:
    """The group with a number or a name, whole or short, in either script."""
    text = to_latin(said.strip())
    if re.fullmatch("[0-9]{1,9}", text):
        return groups.get(db, int(text))
    found = groups.called(db, canonical(said.strip()))
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.ClickException(f"no group is called {said}")
    listed = ", ".join(f"{each.id} ({each.names.bn_Latn}, {each.district})" for each in found)
    raise click.ClickException(f"several groups are called {said}, say which by its number: {listed}")


def the_supplier(db: Connection, hub: Hub, number: int) -> int:
    """The id of the supplier with a number."""
    found = catalogue.supplier_ids(db, hub.programme).get(number)
    if found is None:
        raise NotFound("unknown-supplier", supplier=number)
    return found


def taka(amount: Money) -> str:
    """A sum as the office reads it."""
    return words("en").money(amount)
