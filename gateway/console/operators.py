"""Operators: the people of the office, what each may do, and for which groups or which hub."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import delete
from sqlalchemy import select
from sqlalchemy import update

from gateway.console import passwords
from gateway.console.tables import KEEPER
from gateway.console.tables import MONEY
from gateway.console.tables import OFFICER
from gateway.console.tables import ROLES
from gateway.console.tables import operator_group_table
from gateway.console.tables import operator_table
from gateway.console.tables import sign_in_table
from ledger.pins import Peppers
from ledger.tables import Instant

NAME = re.compile(r"[a-z][a-z0-9._-]{1,29}")
"""A name to sign in with."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a programme somebody works on: some groups, one hub, or all of it (None)."""

    programme: int
    groups: tuple[int, ...] | None = None
    hub: int | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody of the office; `totp` is half of her second factor, `password_until` until when a drawn password opens.

    `groups` are an officer's, `hub` a hub keeper's.
    """

    id: int
    programme: int
    name: str
    display: str
    role: str
    hub: int | None
    language: str
    password: str
    password_until: datetime | None
    totp: str | None
    totp_step: int
    created_at: datetime
    disabled_at: datetime | None
    groups: tuple[int, ...] = ()

    @property
    def moves_money(self) -> bool:
        """Whether she needs a second factor."""
        return self.role in MONEY

    @property
    def scope(self) -> Scope:
        """What she works on."""
        return Scope(self.programme, self.groups if self.role == OFFICER else None, self.hub)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is to be: name, how she is called, role, and its scope."""

    programme: int
    display: str
    role: str
    language: str
    hub: int | None = None
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """ValueError (our mistake) for a scope that is not of the role."""
        if self.role not in ROLES or (self.hub is not None) != (self.role == KEEPER):
            raise ValueError("a hub keeper, and nobody else, has a hub")
        if self.groups and self.role != OFFICER:
            raise ValueError("only officers have groups")


_ONE = select(operator_table).where(operator_table.c.id == bindparam("id"))
_NAMED = select(operator_table).where(operator_table.c.name == bindparam("name"))
_GROUPS = (
    select(operator_group_table.c.group)
    .where(operator_group_table.c.operator == bindparam("operator"))
    .order_by(operator_group_table.c.group)
)
_EVERY = (
    select(operator_table)
    .where(operator_table.c.programme == bindparam("programme"), operator_table.c.name > bindparam("after"))
    .order_by(operator_table.c.name)
    .limit(bindparam("most"))
)
_DISPLAYED = select(operator_table.c.name, operator_table.c.display).where(
    operator_table.c.name.in_(bindparam("names", expanding=True))
)
_ALL = select(operator_table).order_by(operator_table.c.name)
_this = operator_table.c.id == bindparam("b_id")
_CHANGE = (
    update(operator_table)
    .where(_this)
    .values(display=bindparam("b_display"), role=bindparam("b_role"), hub=bindparam("b_hub"))
)
_PASSWORD = (
    update(operator_table)
    .where(_this)
    .values(password=bindparam("hash"), password_until=bindparam("until", type_=Instant))
)
_TOTP = update(operator_table).where(_this).values(totp=bindparam("half"), totp_step=bindparam("step"))
_USED = (
    update(operator_table)
    .where(_this, operator_table.c.totp_step < bindparam("step", type_=BigInteger))
    .values(totp_step=bindparam("step", type_=BigInteger))
)
_DISABLE = update(operator_table).where(_this).values(disabled_at=bindparam("at", type_=Instant))
_LANGUAGE = update(operator_table).where(_this).values(language=bindparam("b_language"))
_NO_GROUPS = delete(operator_group_table).where(operator_group_table.c.operator == bindparam("b_id"))
_END = (
    update(sign_in_table)
    .where(sign_in_table.c.operator == bindparam("b_id"), sign_in_table.c.ended_at.is_(None))
    .values(ended_at=bindparam("at", type_=Instant))
)


def from_row(row: Any, groups: Sequence[int] = ()) -> Operator:
    """An operator out of a row of her table."""
    columns = {name: getattr(row, name) for name in Operator.__slots__ if name != "groups"}
    return Operator(**columns, groups=tuple(groups))


def _whole(db: Connection, row: Any) -> Operator:
    groups = db.execute(_GROUPS, {"operator": row.id}).scalars().all() if row.role == OFFICER else ()
    return from_row(row, groups)


def displayed(db: Connection, names: Sequence[str]) -> dict[str, str]:
    """How some of the office are called, by the names they sign in with; who is not known is left out."""
    return {row.name: row.display for row in db.execute(_DISPLAYED, {"names": list(names)})}


def get(db: Connection, operator: int) -> Operator | None:
    """An operator by her id, if there is one."""
    row = db.execute(_ONE, {"id": operator}).one_or_none()
    return _whole(db, row) if row else None


def named(db: Connection, name: str) -> Operator | None:
    """An operator by the name that she signs in with, in any case of letters."""
    row = db.execute(_NAMED, {"name": name.strip().lower()[:31]}).one_or_none()
    return _whole(db, row) if row else None


def every(db: Connection, programme: int, after: str, most: int) -> list[Operator]:
    """Up to `most` operators of a programme by name, after the last of the page before; without their groups."""
    return [from_row(row) for row in db.execute(_EVERY, {"programme": programme, "after": after, "most": most})]


def everywhere(db: Connection) -> list[Operator]:
    """The operators of all programmes, for the command line."""
    return [from_row(row) for row in db.execute(_ALL)]


def add(db: Connection, peppers: Peppers, name: str, wanted: Wanted, now: datetime) -> tuple[Operator, str]:
    """Add an operator, with a drawn password that she must change; the name is free and fits `NAME`."""
    drawn = passwords.draw()
    values = {
        "programme": wanted.programme,
        "name": name,
        "display": wanted.display,
        "role": wanted.role,
        "hub": wanted.hub,
        "language": wanted.language,
        "password": passwords.hashed(peppers, drawn),
        "password_until": now + passwords.DRAWN_FOR,
        "totp_step": 0,
        "created_at": now,
    }
    made = db.execute(operator_table.insert().values(values).returning(operator_table.c.id)).scalar_one()
    _write_groups(db, made, wanted.groups)
    found = get(db, made)
    assert found is not None  # noqa: S101 (it was added a line before)
    return found, drawn


def change(db: Connection, operator: Operator, wanted: Wanted) -> None:
    """Call her otherwise, give her another role or scope; her programme stays."""
    values = {"b_id": operator.id, "b_display": wanted.display, "b_role": wanted.role, "b_hub": wanted.hub}
    db.execute(_CHANGE, values)
    db.execute(_NO_GROUPS, {"b_id": operator.id})
    _write_groups(db, operator.id, wanted.groups)


def _write_groups(db: Connection, operator: int, groups: Sequence[int]) -> None:
    if groups:
        db.execute(operator_group_table.insert(), [{"operator": operator, "group": group} for group in groups])


def set_password(db: Connection, peppers: Peppers, operator: Operator, password: str) -> None:
    """Give her the password that she chose."""
    db.execute(_PASSWORD, {"b_id": operator.id, "hash": passwords.hashed(peppers, password), "until": None})


def draw_password(db: Connection, peppers: Peppers, operator: Operator, now: datetime) -> str:
    """Draw a password that she must change; all her sign-ins end."""
    drawn = passwords.draw()
    until = now + passwords.DRAWN_FOR
    db.execute(_PASSWORD, {"b_id": operator.id, "hash": passwords.hashed(peppers, drawn), "until": until})
    end_sign_ins(db, operator, now)
    return drawn


def set_totp(db: Connection, operator: Operator, half: str | None, step: int) -> None:
    """Give her a second factor whose code of that step was used, or (None) take it away."""
    db.execute(_TOTP, {"b_id": operator.id, "half": half, "step": step})


def use_step(db: Connection, operator: Operator, step: int) -> bool:
    """Use up the codes up to a time step; False if somebody was quicker."""
    return db.execute(_USED, {"b_id": operator.id, "step": step}).rowcount == 1


def disable(db: Connection, operator: Operator, now: datetime) -> None:
    """Let her in no more; all her sign-ins end."""
    db.execute(_DISABLE, {"b_id": operator.id, "at": now})
    end_sign_ins(db, operator, now)


def enable(db: Connection, operator: Operator) -> None:
    """Let her in again."""
    db.execute(_DISABLE, {"b_id": operator.id, "at": None})


def speak(db: Connection, operator: Operator, language: str) -> None:
    """Speak to her in another language."""
    db.execute(_LANGUAGE, {"b_id": operator.id, "b_language": language})


def end_sign_ins(db: Connection, operator: Operator, now: datetime) -> None:
    """End every sign-in of hers."""
    db.execute(_END, {"b_id": operator.id, "at": now})
