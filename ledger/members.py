"""Members and handsets: who may be calling from a number, and where a member is told things.

A number used by several members is a place to be called, not an identity; a member may also call from any number
by her member code. Who left her group is in none; she is not called, and her records stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from ledger.books import Book
from ledger.books import Origin
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.errors import NotFound
from ledger.programmes import programme_table
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import Names
from ledger.tables import metadata
from ledger.tables import name_columns
from ledger.tables import names

member_table = Table(
    "member",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("group", ForeignKey("member_group.id"), index=True),
    Column("hub", ForeignKey("hub.id")),
    Column("code", String(12), nullable=False, unique=True),
    *name_columns(english=False),
    Column("role", String(12), nullable=False),
    Column("language", String(8), nullable=False),
    Column("digits", String(8), nullable=False),
    Column("sms", String(8), nullable=False),
    Column("month_sms", Boolean, nullable=False),
    Column("pin_hash", String(160), nullable=False),
    Column("pin_failures", Integer, nullable=False),
    Column("pin_locked_until", Instant),
    Column("pin_once_until", Instant),
    Column("left_on", Date),
    Index(None, "programme", "name_latn", "id"),
    Index(None, "hub"),
)

handset_table = Table(
    "handset",
    metadata,
    Column("number", String(20), nullable=False),
    Column(
        "member",
        Id,
        ForeignKey("member.id"),
        nullable=False,
        index=True,
    ),
    Column("position", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    PrimaryKeyConstraint("number", "member"),
)


@dataclass(frozen=True, slots=True)
class Member:
    """A member: her group and, when she is a sales agent, her hub; how screens and SMS speak to her.

    `digits` is "bn" or "latin"; `sms` is "full" or "quiet" (no sums); `role` is "member" or "leader"; `month_sms`
    is whether an agent asked to be told by SMS what she made in the month. Who left her group, on `left_on`, has none;
    an agent sells on for her hub.
    """

    id: int
    programme: int
    group: int | None
    hub: int | None
    code: str
    names: Names
    role: str
    language: str
    digits: str
    sms: str
    month_sms: bool
    currency: str
    timezone: str
    pin_length: int
    left_on: date | None = None

    @property
    def shop(self) -> Book:
        """The book of her own shop."""
        return Book(SHOP, self.id, self.currency)

    @property
    def hub_book(self) -> Book:
        """The book of the hub she orders from; NotFound for who is no sales agent."""
        if self.hub is None:
            raise NotFound("no-hub", member=self.id)
        return Book(HUB, self.hub, self.currency)

    @property
    def group_book(self) -> Book:
        """The book of her group; NotFound for who is in none."""
        if self.group is None:
            raise NotFound("no-group", member=self.id)
        return Book(GROUP, self.group, self.currency)


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a member gets her SMS; a `shared` number belongs to several members."""

    number: str
    shared: bool


@dataclass(frozen=True)
class Registration:
    """What is needed to register a member; `numbers` are E.164, `pin_hash` comes from `pins.hashed`."""

    code: str
    names: Names
    pin_hash: str
    group: int | None = None
    hub: int | None = None
    role: str = "member"
    language: str = "bn"
    digits: str = "bn"
    sms: str = "full"
    numbers: Sequence[str] = ()


_MEMBER = select(
    member_table, programme_table.c.currency, programme_table.c.timezone, programme_table.c.pin_length
).join(programme_table, programme_table.c.id == member_table.c.programme)
IN_GROUP = member_table.c.left_on.is_(None)
"""The condition that a member has not left her group."""

HERE = or_(IN_GROUP, member_table.c.hub.is_not(None))
"""The condition that somebody may call: she has not left, or she is an agent still."""

_BY_ID = _MEMBER.where(member_table.c.id == bindparam("id"))
_BY_IDS = _MEMBER.where(member_table.c.id.in_(bindparam("ids", expanding=True)))
_BY_CODE = _MEMBER.where(member_table.c.code == bindparam("code"))
_BY_CODES = _MEMBER.where(member_table.c.code.in_(bindparam("codes", expanding=True)))
_HERE_BY_CODE = _BY_CODE.where(HERE)
_BY_NUMBER = (
    _MEMBER.join(handset_table, handset_table.c.member == member_table.c.id)
    .where(handset_table.c.number == bindparam("number"), HERE)
    .order_by(handset_table.c.position, member_table.c.id)
)
_OF_GROUP = _MEMBER.where(member_table.c.group == bindparam("group")).order_by(
    func.length(member_table.c.code), member_table.c.code
)
_IN_GROUP = _OF_GROUP.where(IN_GROUP)
_LEADERS = _IN_GROUP.where(member_table.c.role == "leader")
_SOME_IN_GROUPS = _MEMBER.where(
    member_table.c.id.in_(bindparam("ids", expanding=True)), member_table.c.group.is_not(None), IN_GROUP
).order_by(member_table.c.id)
_LEADING = (
    select(member_table.c.id, member_table.c.group)
    .where(member_table.c.group.in_(bindparam("groups", expanding=True)), IN_GROUP, member_table.c.role == "leader")
    .order_by(member_table.c.id)
)
_NUMBERS = (
    select(handset_table.c.number)
    .where(handset_table.c.member == bindparam("member"))
    .order_by(handset_table.c.place, handset_table.c.number)
)
_NUMBERS_OF = (
    select(handset_table.c.member, handset_table.c.number)
    .where(handset_table.c.member.in_(bindparam("members", expanding=True)))
    .order_by(handset_table.c.place, handset_table.c.number)
)
_OTHER = handset_table.alias("other")
_USERS = select(func.count()).select_from(_OTHER).where(_OTHER.c.number == handset_table.c.number).scalar_subquery()
_CONTACT = (
    select(handset_table.c.number, _USERS.label("users"))
    .where(handset_table.c.member == bindparam("member"))
    .order_by(handset_table.c.place, handset_table.c.number)
    .limit(1)
)


def _member(row: Any) -> Member:
    group = row.group if row.left_on is None else None
    return Member(
        row.id, row.programme, group, row.hub, row.code, names(row), row.role, row.language, row.digits, row.sms,
        row.month_sms, row.currency, row.timezone, row.pin_length, row.left_on,
    )  # fmt: skip


def get(db: Connection, member: int) -> Member:
    """A member by id; NotFound when there is none."""
    row = db.execute(_BY_ID, {"id": member}).one_or_none()
    if row is None:
        raise NotFound("unknown-member", member=member)
    return _member(row)


def these(db: Connection, ids: Sequence[int]) -> dict[int, Member]:
    """Some members by their ids, also who left; who is not known is left out."""
    return {row.id: _member(row) for row in db.execute(_BY_IDS, {"ids": list(ids)})}


def by_code(db: Connection, code: str, *, left: bool = False) -> Member | None:
    """A member by her member code, as `1001`, if there is one; with `left` also who is gone and calls no more."""
    row = db.execute(_BY_CODE if left else _HERE_BY_CODE, {"code": code}).one_or_none()
    return _member(row) if row else None


def by_codes(db: Connection, codes: Sequence[str]) -> dict[str, Member]:
    """Members by their codes, also those who are gone."""
    return {row.code: _member(row) for row in db.execute(_BY_CODES, {"codes": list(codes)})}


def of_group(db: Connection, group: int, *, left: bool = False) -> list[Member]:
    """The members of a group by code; with `left` also those who left it."""
    return [_member(row) for row in db.execute(_OF_GROUP if left else _IN_GROUP, {"group": group})]


def leaders(db: Connection, group: int) -> list[Member]:
    """The leaders of a group, by code."""
    return [_member(row) for row in db.execute(_LEADERS, {"group": group})]


def in_groups(db: Connection, ids: Sequence[int]) -> list[Member]:
    """Those of some members who are in a group, by id."""
    return [_member(row) for row in db.execute(_SOME_IN_GROUPS, {"ids": list(ids)})]


def leading(db: Connection, groups: Sequence[int]) -> dict[int, list[int]]:
    """The leaders of each of some groups that has any, by id."""
    found: dict[int, list[int]] = {}
    for row in db.execute(_LEADING, {"groups": list(groups)}):
        found.setdefault(row.group, []).append(row.id)
    return found


def on_number(db: Connection, number: str) -> list[Member]:
    """All members of a phone number (E.164) in the order in which they are listed."""
    return [_member(row) for row in db.execute(_BY_NUMBER, {"number": number})]


def numbers(db: Connection, member: int) -> list[str]:
    """All phone numbers of a member in the order in which they were given."""
    return list(db.execute(_NUMBERS, {"member": member}).scalars())


def numbers_of(db: Connection, some: Sequence[int]) -> dict[int, list[str]]:
    """The phone numbers of each of some members who has any, in the order in which they were given."""
    found: dict[int, list[str]] = {}
    for row in db.execute(_NUMBERS_OF, {"members": list(some)}):
        found.setdefault(row.member, []).append(row.number)
    return found


def contact(db: Connection, member: int) -> Contact | None:
    """Where SMS to a member go: her first number, if she has one."""
    row = db.execute(_CONTACT, {"member": member}).one_or_none()
    return Contact(row.number, row.users > 1) if row else None


def register(db: Connection, programme: int, who: Sequence[Registration]) -> list[int]:
    """Register members in the order given and list each one last on her numbers; their ids."""
    rows = [_row(programme, each) for each in who]
    insert = member_table.insert().returning(member_table.c.id, sort_by_parameter_order=True)
    ids = list(db.execute(insert, rows).scalars())
    last = db.execute(select(func.coalesce(func.max(handset_table.c.position), 0))).scalar_one()
    pairs = [
        {"number": number, "member": member, "place": place}
        for member, each in zip(ids, who, strict=True)
        for place, number in enumerate(each.numbers, 1)
    ]
    listed = [pair | {"position": position} for position, pair in enumerate(pairs, last + 1)]
    if listed:
        db.execute(handset_table.insert(), listed)
    return ids


def _row(programme: int, who: Registration) -> dict[str, Any]:
    return {
        "programme": programme,
        "group": who.group,
        "hub": who.hub,
        "code": who.code,
        "name_bn": who.names.bn,
        "name_latn": who.names.bn_Latn,
        "role": who.role,
        "language": who.language,
        "digits": who.digits,
        "sms": who.sms,
        "month_sms": False,
        "pin_hash": who.pin_hash,
        "pin_failures": 0,
    }


def set_words(db: Connection, member: int, *, language: str, digits: str) -> None:
    """Choose the language (bn, bn_Latn, en) and the digits ("bn", "latin") of a member's screens."""
    db.execute(member_table.update().where(member_table.c.id == member).values(language=language, digits=digits))


def herself(origin: Origin, member: int) -> bool:
    """Whether a member does something herself, in her own call; else somebody does it for her."""
    return origin.actor == f"member:{member}"


def set_month_sms(db: Connection, member: int, *, wanted: bool) -> None:
    """Choose whether an agent is told on the first of a month what she made in the month before."""
    db.execute(member_table.update().where(member_table.c.id == member).values(month_sms=wanted))
