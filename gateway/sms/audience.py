"""Whom something is sent to at once: members, leaders or agents of some groups or hubs, in one language or in all.

Who has no number, or wants no SMS, is left out; of members who share a phone only one is sent it.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select

from gateway.optouts import optout_table
from ledger.members import HERE
from ledger.members import IN_GROUP
from ledger.members import handset_table
from ledger.members import member_table
from locales import LANGUAGES
from locales import sms_language

MEMBERS, LEADERS, AGENTS = "members", "leaders", "agents"
KINDS = (MEMBERS, LEADERS, AGENTS)

SPOKEN = tuple(dict.fromkeys(sms_language(each) for each in LANGUAGES))
"""The languages of SMS."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who: of `KINDS`, of some groups (None: of all), agents of some hubs, who are sent SMS in `language` ("": any)."""

    programme: int
    kind: str
    groups: tuple[int, ...] | None = None
    hubs: tuple[int, ...] = ()
    language: str = ""

    def __post_init__(self) -> None:
        """ValueError (our mistake) for nobody that there is."""
        if self.kind not in KINDS or bool(self.hubs) != (self.kind == AGENTS) or self.language not in ("", *SPOKEN):
            raise ValueError(f"no such audience: {self}")

    def as_kept(self) -> dict[str, Any]:
        """For a row: what `from_kept` reads."""
        return asdict(self)


def from_kept(kept: Mapping[str, Any]) -> Audience:
    """An audience as it was kept."""
    groups = kept["groups"]
    return Audience(**{**kept, "groups": None if groups is None else tuple(groups), "hubs": tuple(kept["hubs"])})


@dataclass(frozen=True, slots=True)
class Receiver:
    """A member of an audience: the language of her SMS, her first number if she has one, whether she wants none."""

    member: int
    language: str
    number: str | None
    stopped: bool


@dataclass(frozen=True, slots=True)
class Share:
    """Of an audience those with one language of SMS, in India or not: how many it goes to, how many are left out."""

    language: str
    india: bool
    goes: int
    numberless: int
    stopped: int
    shared: int


_NUMBER = (
    select(handset_table.c.number)
    .where(handset_table.c.member == member_table.c.id)
    .order_by(handset_table.c.place, handset_table.c.number)
    .limit(1)
    .scalar_subquery()
)
_WHO = {
    MEMBERS: and_(IN_GROUP, member_table.c.group.is_not(None)),
    LEADERS: and_(IN_GROUP, member_table.c.group.is_not(None), member_table.c.role == "leader"),
    AGENTS: and_(HERE, member_table.c.hub.in_(bindparam("hubs", expanding=True))),
}
# Not by the index of a programme's names: a page of its members goes on by id, and ends with it.
_by_id = func.coalesce(member_table.c.programme, 0)
_in_groups = and_(IN_GROUP, member_table.c.group.in_(bindparam("groups", expanding=True)))


def _people(kind: str, within: bool) -> Any:
    """The members of an audience with their languages and numbers."""
    found = select(member_table.c.id, member_table.c.language, _NUMBER.label("number")).where(
        _by_id == bindparam("programme"),
        member_table.c.language.in_(bindparam("languages", expanding=True)),
        _WHO[kind],
    )
    return found.where(_in_groups) if within else found


def _some(kind: str, within: bool) -> Any:
    people = _people(kind, within).where(member_table.c.id > bindparam("after"))
    people = people.order_by(member_table.c.id).limit(bindparam("most")).subquery()
    return (
        select(people, optout_table.c.since.is_not(None).label("stopped"))
        .outerjoin(optout_table, optout_table.c.number == people.c.number)
        .order_by(people.c.id)
    )


def _shares(kind: str, within: bool) -> Any:
    # Each number is looked up once, not again for each thing that is asked about it.
    people = _people(kind, within).cte("people").prefix_with("MATERIALIZED")
    turn = func.row_number().over(partition_by=people.c.number, order_by=people.c.id)
    each = (
        select(
            people.c.language,
            people.c.number,
            optout_table.c.since.is_not(None).label("stopped"),
            turn.label("turn"),
            func.coalesce(people.c.number.like("+91%"), False).label("india"),
        )
        .outerjoin(optout_table, optout_table.c.number == people.c.number)
        .subquery()
    )
    has = each.c.number.is_not(None)
    wants = and_(has, ~each.c.stopped)
    return (
        select(
            each.c.language,
            each.c.india,
            _sum(and_(wants, each.c.turn == 1)).label("goes"),
            _sum(~has).label("numberless"),
            _sum(and_(has, each.c.stopped)).label("stopped"),
            _sum(and_(wants, each.c.turn > 1)).label("shared"),
        )
        .group_by(each.c.language, each.c.india)
        .order_by(each.c.language, each.c.india)
    )


def _sum(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


_SOME = {(kind, within): _some(kind, within) for kind in KINDS for within in (False, True)}
_SHARES = {(kind, within): _shares(kind, within) for kind in KINDS for within in (False, True)}


def _values(who: Audience) -> dict[str, Any]:
    languages = [each for each in LANGUAGES if who.language in ("", sms_language(each))]
    values: dict[str, Any] = {"programme": who.programme, "languages": languages}
    if who.kind == AGENTS:
        values["hubs"] = list(who.hubs)
    return values | ({"groups": list(who.groups)} if who.groups is not None else {})


def shares(db: Connection, who: Audience) -> Sequence[Share]:
    """How many an audience are, by the language of their SMS."""
    found: dict[tuple[str, bool], list[int]] = {}
    for row in db.execute(_SHARES[who.kind, who.groups is not None], _values(who)):
        sums = found.setdefault((sms_language(row.language), bool(row.india)), [0, 0, 0, 0])
        for place, count in enumerate((row.goes, row.numberless, row.stopped, row.shared)):
            sums[place] += int(count)
    return [Share(language, india, *sums) for (language, india), sums in sorted(found.items())]


def some(db: Connection, who: Audience, after: int, most: int) -> Sequence[Receiver]:
    """Up to `most` of an audience by member, after the last of the page before."""
    rows = db.execute(_SOME[who.kind, who.groups is not None], _values(who) | {"after": after, "most": most})
    return [Receiver(row.id, sms_language(row.language), row.number, bool(row.stopped)) for row in rows]
