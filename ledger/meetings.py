"""Meetings of a group: opened on their day, attendance marked while they are open, closed for good.

Whoever was not marked when a meeting closes was absent, so that no member can be left out of the count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

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
from sqlalchemy import bindparam
from sqlalchemy import literal
from sqlalchemy import select

from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.groups import Group
from ledger.journal import begin
from ledger.journal import lock
from ledger.members import Member
from ledger.members import member_table
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata

PRESENT, LATE, ABSENT = "present", "late", "absent"
HOW = (PRESENT, LATE, ABSENT)
"""How a member came to a meeting; who came late was there."""

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
    closed_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether attendance may still be marked."""
        return self.closed_at is None


_OF_GROUP = select(meeting_table).where(meeting_table.c.group == bindparam("group"))
_ONE = _OF_GROUP.where(meeting_table.c.number == bindparam("number"))
_LOCKED = _ONE.with_for_update()
_NEWEST = _OF_GROUP.order_by(meeting_table.c.number.desc()).limit(bindparam("most"))
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
_MARK_AGAIN = (
    attendance_table.update().where(*_MINE, attendance_table.c.member == bindparam("who")).values(how=bindparam("came"))
)
_MARK_THE_REST = attendance_table.insert().from_select(
    ["group", "meeting", "member", "how"],
    select(member_table.c.group, bindparam("nth", type_=Integer), member_table.c.id, literal(ABSENT)).where(
        member_table.c.group == bindparam("of"),
        ~select(attendance_table.c.how).where(*_MINE, attendance_table.c.member == member_table.c.id).exists(),
    ),
)


def _meeting(row: Any) -> Meeting:
    return Meeting(row.group, row.number, row.held_on, row.since, row.recorder, row.closed_at)


def get(db: Connection, group: int, number: int) -> Meeting:
    """A meeting of a group by its number; NotFound when there is none."""
    row = db.execute(_ONE, {"group": group, "number": number}).one_or_none()
    if row is None:
        raise NotFound("unknown-meeting", group=group, meeting=number)
    return _meeting(row)


def newest(db: Connection, group: int, most: int) -> list[Meeting]:
    """The newest meetings of a group, newest first; the first one may still be open."""
    return [_meeting(row) for row in db.execute(_NEWEST, {"group": group, "most": most})]


def under_way(db: Connection, group: int) -> Meeting | None:
    """The meeting of a group that is open now, if there is one."""
    return next((each for each in newest(db, group, 1) if each.open), None)


def attendance(db: Connection, meeting: Meeting) -> dict[int, str]:
    """How each member came to a meeting, by member; while it is open, those marked so far."""
    rows = db.execute(_MARKED, {"of": meeting.group, "nth": meeting.number})
    return {row.member: row.how for row in rows}


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


def mark(db: Connection, meeting: Meeting, member: Member, how: str) -> None:
    """Say how a member came (`HOW`); until the meeting is closed it may be said again, the last word counts.

    Refused: a closed meeting, a member of another group.
    """
    _check_member(member, meeting.group)
    _still_open(db, meeting)
    key = {"group": meeting.group, "meeting": meeting.number, "member": member.id}
    again = {"of": meeting.group, "nth": meeting.number, "who": member.id, "came": how}
    if db.execute(_MARK_AGAIN, again).rowcount == 0:
        db.execute(attendance_table.insert(), key | {"how": how})


def close(db: Connection, meeting: Meeting, origin: Origin) -> Meeting:
    """Close a meeting; who was not marked was absent. The same operation again: the same meeting.

    Refused: a meeting that is closed already.
    """
    if begin(db, origin, "meeting.close", group=meeting.group, meeting=meeting.number) is None:
        _still_open(db, meeting)
        key = {"of": meeting.group, "nth": meeting.number}
        db.execute(_MARK_THE_REST, key)
        db.execute(_CLOSE, key | {"at": origin.at})
    return get(db, meeting.group, meeting.number)


def _check_member(member: Member, group: int) -> None:
    if member.group != group:
        raise NotAllowed("not-in-group", member=member.id, group=group)


def _still_open(db: Connection, meeting: Meeting) -> None:
    """Hold the meeting's row until the transaction ends: it is not closed while somebody is marked."""
    row = db.execute(_LOCKED, {"group": meeting.group, "number": meeting.number}).one_or_none()
    if row is None:
        raise NotFound("unknown-meeting", group=meeting.group, meeting=meeting.number)
    if row.closed_at is not None:
        raise NotAllowed("meeting-closed", meeting=meeting.number)
