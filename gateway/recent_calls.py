"""Calls that run, or ended a moment ago: what is still known of them as a whole, the texts of a demonstration too."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from gateway import demo
from gateway.dialogues import LAPSED
from gateway.dialogues import dialogue_table
from gateway.dialogues import hop_table
from gateway.past_calls import screens
from ledger.members import handset_table
from ledger.members import member_table
from ledger.tables import Instant
from ledger.tables import Names
from ledger.tables import names


@dataclass(frozen=True, slots=True)
class RecentCall:
    """A call as it stands: the first member on its phone, its last screen, when it began and (if it did) ended."""

    id: int
    member: int
    names: Names
    code: str
    number: str
    started_at: datetime
    last_at: datetime
    ended_at: datetime | None
    status: str
    screen: str

    def runs(self, now: datetime) -> bool:
        """Whether it may still go on."""
        return self.ended_at is None and self.last_at > now - LAPSED


@dataclass(frozen=True, slots=True)
class Step:
    """One screen of it: name, seconds until the answer, and what was shown, of a demonstration's phone only."""

    screen: str
    seconds: float | None
    text: str | None


_first = (
    select(func.min(member_table.c.id))
    .join(handset_table, handset_table.c.member == member_table.c.id)
    .where(handset_table.c.number == dialogue_table.c.number, member_table.c.programme == bindparam("programme"))
    .correlate(dialogue_table)
    .scalar_subquery()
)
_screen = (
    select(hop_table.c.screen)
    .where(hop_table.c.dialogue == dialogue_table.c.id, hop_table.c.position == dialogue_table.c.hops - 1)
    .correlate(dialogue_table)
    .scalar_subquery()
)
_COLUMNS = ("id", "number", "started_at", "last_at", "ended_at", "status")
_CALLS = (
    select(
        *(dialogue_table.c[name] for name in _COLUMNS),
        func.coalesce(_screen, "").label("screen"),
        member_table.c.id.label("member"),
        member_table.c.name_bn,
        member_table.c.name_latn,
        member_table.c.code,
    )
    .join_from(dialogue_table, member_table, member_table.c.id == _first)
    # What was blanked is among the past calls.
    .where(dialogue_table.c.state.is_not(None), dialogue_table.c.last_at > bindparam("since", type_=Instant))
    .order_by(dialogue_table.c.last_at.desc())
    .limit(bindparam("most"))
)
_in_groups = member_table.c.group.in_(bindparam("groups", expanding=True))
_LISTS: Mapping[bool, Select[Any]] = {False: _CALLS, True: _CALLS.where(_in_groups)}
_ONES = {scoped: rows.where(dialogue_table.c.id == bindparam("id")) for scoped, rows in _LISTS.items()}
_HOPS = (
    select(hop_table.c.screen, hop_table.c.ends, hop_table.c.at, hop_table.c.reply)
    .where(hop_table.c.dialogue == bindparam("dialogue"))
    .order_by(hop_table.c.position)
)


def _values(programme: int, groups: Sequence[int] | None, now: datetime, most: int) -> dict[str, Any]:
    found: dict[str, Any] = {"programme": programme, "since": now - 2 * LAPSED, "most": most}
    return found | ({} if groups is None else {"groups": list(groups)})


def _call(row: Any) -> RecentCall:
    return RecentCall(
        row.id, row.member, names(row), row.code, row.number, row.started_at, row.last_at, row.ended_at,
        row.status or "", row.screen,
    )  # fmt: skip


def page(db: Connection, programme: int, groups: Sequence[int] | None, now: datetime, most: int) -> list[RecentCall]:
    """Up to `most` calls that run or ended a moment ago, of a programme or of members of some groups, newest first."""
    values = _values(programme, groups, now, most)
    return [_call(row) for row in db.execute(_LISTS[groups is not None], values)]


def get(db: Connection, programme: int, groups: Sequence[int] | None, now: datetime, call: int) -> RecentCall | None:
    """One of them, if it is still known as a whole and theirs."""
    values = _values(programme, groups, now, 1) | {"id": call}
    row = db.execute(_ONES[groups is not None], values).one_or_none()
    return _call(row) if row else None


def steps(db: Connection, call: RecentCall) -> list[Step]:
    """Its screens; the texts only of the demo programme's phones: what others read is theirs."""
    hops = db.execute(_HOPS, {"dialogue": call.id}).all()
    ended = call.ended_at if hops and not hops[-1].ends and call.status != "Lapsed" else None
    shown = open_to_all(db, call.number)
    path = zip(screens(hops, ended), hops, strict=True)
    return [Step(each.screen, each.seconds, hop.reply if shown else None) for each, hop in path]


def open_to_all(db: Connection, number: str) -> bool:
    """Whether a number is one of the demonstration's, whose PINs anybody may know."""
    return number in {each.number for each in demo.HANDSETS} and demo.found(db) is not None


_RUNNING = (
    select(func.count(dialogue_table.c.id.distinct()))
    .join(handset_table, handset_table.c.number == dialogue_table.c.number)
    .join(member_table, member_table.c.id == handset_table.c.member)
    .where(
        dialogue_table.c.ended_at.is_(None),
        dialogue_table.c.last_at > bindparam("since", type_=Instant),
        member_table.c.programme == bindparam("programme"),
    )
)


def running(db: Connection, programme: int, now: datetime) -> int:
    """How many of a programme's phones are in a call now."""
    return int(db.execute(_RUNNING, {"programme": programme, "since": now - LAPSED}).scalar_one())
