"""People and groups as lists: by name, by a part of a name, by number or code, with what a list shows of each.

A list gives some rows after the last of the page before, in the order of names; nothing here reads a book.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import tuple_

from ledger.groups import Group
from ledger.groups import from_row
from ledger.groups import group_table
from ledger.members import IN_GROUP
from ledger.members import handset_table
from ledger.members import member_table
from ledger.tables import Names
from ledger.tables import names

MOST_TEXT = 60
"""Characters of a name that are looked for."""


@dataclass(frozen=True, slots=True)
class Within:
    """Whose members and groups a list has: all of a programme, those of some groups, or the agents of a hub."""

    programme: int
    groups: tuple[int, ...] | None = None
    hub: int | None = None

    @property
    def kind(self) -> str:
        """Which statement finds them."""
        return "hub" if self.hub is not None else "all" if self.groups is None else "groups"

    @property
    def values(self) -> dict[str, Any]:
        """What that statement needs."""
        more: dict[str, Any] = {"groups": list(self.groups)} if self.groups is not None else {}
        return {"programme": self.programme} | ({"hub": self.hub} if self.hub is not None else more)


@dataclass(frozen=True, slots=True)
class Listed:
    """A member as a list shows her; `group` is also the one that she left, on `left_on`; `hub` is an agent's."""

    id: int
    code: str
    names: Names
    group: int | None
    group_names: Names | None
    hub: int | None
    role: str
    left_on: date | None


@dataclass(frozen=True, slots=True)
class Size:
    """How many members a group has, and how many of them lead it."""

    members: int
    leaders: int


_LISTED = (
    select(
        member_table.c.id,
        member_table.c.code,
        member_table.c.name_bn,
        member_table.c.name_latn,
        member_table.c.group,
        member_table.c.hub,
        member_table.c.role,
        member_table.c.left_on,
        group_table.c.name_bn.label("group_bn"),
        group_table.c.name_latn.label("group_latn"),
    )
    .outerjoin(group_table, group_table.c.id == member_table.c.group)
    .where(member_table.c.programme == bindparam("programme"))
)
_OURS: Mapping[str, Select[Any]] = {
    "all": _LISTED,
    "groups": _LISTED.where(member_table.c.group.in_(bindparam("groups", expanding=True))),
    "hub": _LISTED.where(member_table.c.hub == bindparam("hub")),
}
_key = (member_table.c.name_latn, member_table.c.id)
_BY_NAME = {
    kind: ours.where(tuple_(*_key) > tuple_(bindparam("name"), bindparam("id")))
    .order_by(*_key)
    .limit(bindparam("most"))
    for kind, ours in _OURS.items()
}
_first = case(
    (or_(func.lower(member_table.c.name_latn).like(bindparam("start"), escape="\\"),
         member_table.c.name_bn.like(bindparam("start"), escape="\\")), 0),
    else_=1,
)  # fmt: skip
_CALLED = {
    kind: ours.where(
        or_(
            func.lower(member_table.c.name_latn).like(bindparam("inside"), escape="\\"),
            member_table.c.name_bn.like(bindparam("inside"), escape="\\"),
        )
    )
    .order_by(_first, *_key)
    .limit(bindparam("most"))
    for kind, ours in _OURS.items()
}
_OF_CODE = {kind: ours.where(member_table.c.code == bindparam("code")) for kind, ours in _OURS.items()}
_OF_ID = {kind: ours.where(member_table.c.id == bindparam("id")) for kind, ours in _OURS.items()}
_ON_NUMBER = {
    kind: ours.join(handset_table, handset_table.c.member == member_table.c.id)
    .where(handset_table.c.number == bindparam("number"))
    .order_by(handset_table.c.position, member_table.c.id)
    .limit(bindparam("most"))
    for kind, ours in _OURS.items()
}


def _listed(row: Any) -> Listed:
    group = Names(row.group_bn, row.group_latn) if row.group is not None else None
    return Listed(row.id, row.code, names(row), row.group, group, row.hub, row.role, row.left_on)


def by_name(db: Connection, within: Within, after: tuple[str, int], most: int) -> list[Listed]:
    """Up to `most` members by their Latin names, after a name and an id; ("", 0) is the beginning."""
    values = within.values | {"name": after[0], "id": after[1], "most": most}
    return [_listed(row) for row in db.execute(_BY_NAME[within.kind], values)]


def called(db: Connection, within: Within, text: str, most: int) -> list[Listed]:
    """Up to `most` members whose name has some text in it, in either script; names that begin with it come first."""
    found = db.execute(_CALLED[within.kind], within.values | _patterns(text) | {"most": most})
    return [_listed(row) for row in found]


def of_code(db: Connection, within: Within, code: str) -> list[Listed]:
    """The member with a code, if she is there; also who left."""
    return [_listed(row) for row in db.execute(_OF_CODE[within.kind], within.values | {"code": code})]


def one(db: Connection, within: Within, member: int) -> Listed | None:
    """A member by her id, if she is there; also who left."""
    row = db.execute(_OF_ID[within.kind], within.values | {"id": member}).one_or_none()
    return _listed(row) if row else None


def on_number(db: Connection, within: Within, number: str, most: int) -> list[Listed]:
    """Up to `most` of the members of a phone number (E.164), in the order in which they are listed."""
    found = db.execute(_ON_NUMBER[within.kind], within.values | {"number": number, "most": most})
    return [_listed(row) for row in found]


def _patterns(text: str) -> dict[str, str]:
    plain = text[:MOST_TEXT].lower()
    for sign in ("\\", "%", "_"):
        plain = plain.replace(sign, f"\\{sign}")
    return {"start": f"{plain}%", "inside": f"%{plain}%"}


# Groups

_IN_PROGRAMME = select(group_table).where(group_table.c.programme == bindparam("programme"))
_GROUPS: Mapping[str, Select[Any]] = {
    "all": _IN_PROGRAMME,
    "groups": _IN_PROGRAMME.where(group_table.c.id.in_(bindparam("groups", expanding=True))),
}
_group_key = (group_table.c.name_latn, group_table.c.id)
_GROUPS_BY_NAME = {
    kind: ours.where(tuple_(*_group_key) > tuple_(bindparam("name"), bindparam("id")))
    .order_by(*_group_key)
    .limit(bindparam("most"))
    for kind, ours in _GROUPS.items()
}
_GROUPS_CALLED = {
    kind: ours.where(
        or_(
            func.lower(group_table.c.name_latn).like(bindparam("inside"), escape="\\"),
            group_table.c.name_bn.like(bindparam("inside"), escape="\\"),
        )
    )
    .order_by(*_group_key)
    .limit(bindparam("most"))
    for kind, ours in _GROUPS.items()
}
_SIZES = (
    select(
        member_table.c.group,
        func.count().label("members"),
        func.sum(case((member_table.c.role == "leader", 1), else_=0)).label("leaders"),
    )
    .where(member_table.c.group.in_(bindparam("groups", expanding=True)), IN_GROUP)
    .group_by(member_table.c.group)
)


def groups_by_name(db: Connection, within: Within, after: tuple[str, int], most: int) -> list[Group]:
    """Up to `most` groups by their Latin names, after a name and an id; none of a hub's."""
    if within.hub is not None:
        return []
    values = within.values | {"name": after[0], "id": after[1], "most": most}
    return [from_row(row) for row in db.execute(_GROUPS_BY_NAME[within.kind], values)]


def groups_called(db: Connection, within: Within, text: str, most: int) -> list[Group]:
    """Up to `most` groups whose name has some text in it, in either script; none of a hub's."""
    if within.hub is not None:
        return []
    values = within.values | {"inside": _patterns(text)["inside"], "most": most}
    return [from_row(row) for row in db.execute(_GROUPS_CALLED[within.kind], values)]


def sizes(db: Connection, groups: Sequence[int]) -> dict[int, Size]:
    """How many are in each of some groups that anybody is in."""
    found = db.execute(_SIZES, {"groups": list(groups)})
    return {row.group: Size(row.members, int(row.leaders)) for row in found}
