"""Meetings of a group: opened on their day, attendance marked while they are open, closed for good.

Whoever was not marked when a meeting closes was absent, so that no member can be left out of the count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import CheckConstraint
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import UniqueConstraint
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import or_
from sqlalchemy import select

from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.groups import Group
from ledger.groups import Rules
from ledger.journal import begin
from ledger.journal import lock
from ledger.members import IN_GROUP
from ledger.members import Member
from ledger.members import member_table
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import Names
from ledger.tables import metadata
from ledger.tables import names

PRESENT, LATE, ABSENT, EXCUSED = "present", "late", "absent", "excused"
HOW = (PRESENT, LATE, ABSENT, EXCUSED)
"""How a member came to a meeting; who came late was there, who is excused was not and pays no fine for it."""
THERE = (PRESENT, LATE)

NIGHT = timedelta(days=1)
"""A meeting may go on over midnight, and no longer: what it takes is dated to its own day."""

meeting_table = Table(
    "meeting",
    metadata,
    Column("group", Id, ForeignKey("member_group.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("since", Date, nullable=False),
    Column("recorder", Id, ForeignKey("member.id"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("operation", String(64), nullable=False, unique=True),
    PrimaryKeyConstraint("group", "number"),
    UniqueConstraint("group", "held_on"),
)

attendance_table = Table(
    "attendance",
    metadata,
    Column("group", Id, nullable=False),
    Column("meeting", Integer, nullable=False),
    Column("member", Id, ForeignKey("member.id"), nullable=False),
    Column("how", String(8), nullable=False),
    Column("entry", BigInteger),
    CheckConstraint(f"how IN ({', '.join(map(repr, HOW))})", name="how"),
    PrimaryKeyConstraint("group", "meeting", "member"),
    ForeignKeyConstraint(["group", "meeting"], ["meeting.group", "meeting.number"]),
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting: of which group, its number there, its day, who records it, and since when it is closed.

    `since` is the day of the meeting before it, of a first one the day before it: what came after is for this meeting.
    """

    group: int
    number: int
    held_on: date
    since: date
    recorder: int
    opened_at: datetime
    closed_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether attendance may still be marked."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Called:
    """A member on the roll of a meeting: her place (1, 2, …), how she came (None: not called yet), what she paid by.

    `entry` is the number of the entry in the group's book, None when she paid nothing.
    """

    place: int
    member: int
    code: str
    names: Names
    how: str | None
    entry: int | None


_OF_GROUP = select(meeting_table).where(meeting_table.c.group == bindparam("group"))
_ONE = _OF_GROUP.where(meeting_table.c.number == bindparam("number"))
_LOCKED = _ONE.with_for_update()
_NEWEST = _OF_GROUP.order_by(meeting_table.c.number.desc()).limit(bindparam("most"))
_BEFORE = _NEWEST.where(meeting_table.c.number < bindparam("before"))
_LAST_DAYS = (
    select(meeting_table.c.group, func.max(meeting_table.c.held_on).label("held_on"))
    .where(meeting_table.c.group.in_(bindparam("groups", expanding=True)))
    .group_by(meeting_table.c.group)
)
_BY_OPERATION = select(meeting_table).where(meeting_table.c.operation == bindparam("operation"))
_CLOSE = (
    meeting_table.update()
    .where(meeting_table.c.group == bindparam("of"), meeting_table.c.number == bindparam("nth"))
    .values(closed_at=bindparam("at"))
)
_MINE = (
    attendance_table.c.group == bindparam("of"),
    attendance_table.c.meeting == bindparam("nth"),
)
_MARKED = select(attendance_table.c.member, attendance_table.c.how).where(*_MINE)
_HERS = (*_MINE, attendance_table.c.member == bindparam("who"))
_PAID_BY = select(attendance_table.c.entry).where(*_HERS)
_MARK_AGAIN = attendance_table.update().where(*_HERS).values(how=bindparam("came"), entry=bindparam("paid"))
_UNMARK = attendance_table.delete().where(*_HERS)
_EXPECTED = select(func.count()).select_from(member_table).where(member_table.c.group == bindparam("of"), IN_GROUP)
_ROLL = (
    select(member_table, attendance_table.c.how, attendance_table.c.entry)
    .outerjoin(attendance_table, and_(*_MINE, attendance_table.c.member == member_table.c.id))
    # Who left while it was open stays on its roll, if she was called.
    .where(member_table.c.group == bindparam("of"), or_(IN_GROUP, attendance_table.c.how.is_not(None)))
    .order_by(func.length(member_table.c.code), member_table.c.code)
)
_MARK_THE_REST = attendance_table.insert().from_select(
    ["group", "meeting", "member", "how"],
    select(member_table.c.group, bindparam("nth", type_=Integer), member_table.c.id, literal(ABSENT)).where(
        member_table.c.group == bindparam("of"),
        IN_GROUP,
        ~select(attendance_table.c.how).where(*_MINE, attendance_table.c.member == member_table.c.id).exists(),
    ),
)


def _meeting(row: Any) -> Meeting:
    return Meeting(row.group, row.number, row.held_on, row.since, row.recorder, row.opened_at, row.closed_at)


def get(db: Connection, group: int, number: int) -> Meeting:
    """A meeting of a group by its number; NotFound when there is none."""
    row = db.execute(_ONE, {"group": group, "number": number}).one_or_none()
    if row is None:
        raise NotFound("unknown-meeting", group=group, meeting=number)
    return _meeting(row)


def newest(db: Connection, group: int, most: int) -> list[Meeting]:
    """The newest meetings of a group, newest first; the first one may still be open."""
    return [_meeting(row) for row in db.execute(_NEWEST, {"group": group, "most": most})]


def before(db: Connection, group: int, number: int, most: int) -> list[Meeting]:
    """The newest meetings of a group before the one with a number, newest first."""
    return [_meeting(row) for row in db.execute(_BEFORE, {"group": group, "before": number, "most": most})]


def last_days(db: Connection, groups: Sequence[int]) -> dict[int, date]:
    """The day of the last meeting of each of some groups that met."""
    return {row.group: row.held_on for row in db.execute(_LAST_DAYS, {"groups": list(groups)})}


def under_way(db: Connection, group: int) -> Meeting | None:
    """The meeting of a group that is open now, if there is one."""
    return next((each for each in newest(db, group, 1) if each.open), None)


def attendance(db: Connection, meeting: Meeting) -> dict[int, str]:
    """How each member came to a meeting, by member; while it is open, those marked so far."""
    rows = db.execute(_MARKED, {"of": meeting.group, "nth": meeting.number})
    return {row.member: row.how for row in rows}


def upcoming(rules: Rules, last: date | None, today: date) -> date | None:
    """The day of the next meeting by a group's rules, from today on and after the `last` one; None: no weekday."""
    if rules.weekday is None:
        return None
    first = last + timedelta(days=1) if last else today
    found = first + timedelta(days=(rules.weekday - first.weekday()) % 7)
    every = timedelta(weeks=rules.weeks)
    if last:
        found += every - timedelta(weeks=1)
    return found if found >= today else found + -(-(today - found) // every) * every


def next_day(db: Connection, group: Group, today: date) -> date | None:
    """The day of a group's next meeting; today while one of today is open."""
    last = next(iter(newest(db, group.id, 1)), None)
    if last and last.open and last.held_on >= today:
        return last.held_on
    return upcoming(group.rules, last.held_on if last else None, today)


def expected(db: Connection, group: int) -> int:
    """How many members would be on the roll of a meeting of a group that is opened now."""
    return db.execute(_EXPECTED, {"of": group}).scalar_one()


def roll(db: Connection, meeting: Meeting) -> list[Called]:
    """Who is called at a meeting, in the order of the member codes, each with how she came so far."""
    rows = db.execute(_ROLL, {"of": meeting.group, "nth": meeting.number})
    return [Called(place, row.id, row.code, names(row), row.how, row.entry) for place, row in enumerate(rows, 1)]


def attendance_of(db: Connection, meeting: Meeting, member: Member) -> Called | None:
    """How a member came to a meeting, None if she is not on its roll."""
    return next((each for each in roll(db, meeting) if each.member == member.id), None)


def open_next(db: Connection, group: Group, recorder: Member, origin: Origin) -> Meeting:
    """Open the next meeting of a group on the programme day of the origin; the same operation again: the same meeting.

    Refused: a recorder of another group, a meeting while one is open, a day not after that of the last meeting.
    """
    if begin(db, origin, "meeting.open", group=group.id, recorder=recorder.id) is not None:
        return _meeting(db.execute(_BY_OPERATION, {"operation": origin.operation}).one())
    _check_member(recorder, group.id)
    lock(db, [recorder.group_book])
    last = next(iter(newest(db, group.id, 1)), None)
    if last and last.open:
        raise NotAllowed("meeting-open", meeting=last.number)
    if last and last.held_on >= origin.on:
        raise NotAllowed("meeting-too-early", last=last.held_on)
    number = last.number + 1 if last else 1
    row = {
        "group": group.id,
        "number": number,
        "held_on": origin.on,
        "since": last.held_on if last else origin.on - timedelta(days=1),
        "recorder": recorder.id,
        "opened_at": origin.at,
        "operation": origin.operation,
    }
    db.execute(meeting_table.insert(), row)
    return get(db, group.id, number)


def mark(db: Connection, meeting: Meeting, member: Member, how: str, *, entry: int | None = None) -> None:
    """Say how a member came (`HOW`) and what she paid by; until the meeting is closed the last word counts.

    Refused: a closed meeting, a member of another group, one whose payment would be lost from the roll.
    """
    _check_member(member, meeting.group)
    hold_open(db, meeting)
    hers = {"of": meeting.group, "nth": meeting.number, "who": member.id}
    if entry is None and db.execute(_PAID_BY, hers).scalar() is not None:
        raise NotAllowed("called-already", member=member.id)
    key = {"group": meeting.group, "meeting": meeting.number, "member": member.id}
    if db.execute(_MARK_AGAIN, hers | {"came": how, "paid": entry}).rowcount == 0:
        db.execute(attendance_table.insert(), key | {"how": how, "entry": entry})


def unmark(db: Connection, meeting: Meeting, member: Member) -> None:
    """Take back how a member came: she is called again. Refused: a closed meeting."""
    hold_open(db, meeting)
    db.execute(_UNMARK, {"of": meeting.group, "nth": meeting.number, "who": member.id})


def end(db: Connection, meeting: Meeting, origin: Origin) -> Meeting:
    """Close a meeting; who was not marked was absent. Refused: a meeting that is closed already."""
    hold_open(db, meeting)
    key = {"of": meeting.group, "nth": meeting.number}
    db.execute(_MARK_THE_REST, key)
    db.execute(_CLOSE, key | {"at": origin.at})
    return get(db, meeting.group, meeting.number)


def _check_member(member: Member, group: int) -> None:
    if member.group != group:
        raise NotAllowed("not-in-group", member=member.id, group=group)


def lasts(meeting: Meeting, on: date) -> bool:
    """Whether a meeting that is open still takes money on a programme day: its own, and the night after."""
    return on <= meeting.held_on + NIGHT


def check_lasts(meeting: Meeting, on: date) -> None:
    """Refuse what would be dated back to a meeting that somebody forgot to close."""
    if not lasts(meeting, on):
        raise NotAllowed("meeting-old", day=meeting.held_on)


def hold_open(db: Connection, meeting: Meeting) -> None:
    """Hold the row of a meeting until the transaction ends, so that nobody closes it meanwhile; it must be open."""
    row = db.execute(_LOCKED, {"group": meeting.group, "number": meeting.number}).one_or_none()
    if row is None:
        raise NotFound("unknown-meeting", group=meeting.group, meeting=meeting.number)
    if row.closed_at is not None:
        raise NotAllowed("meeting-closed", meeting=meeting.number)
