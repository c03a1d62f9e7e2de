"""The sheet of a meeting, filled in on paper and entered whole: who came, what each brought, what the box had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import collection
from ledger import meetings
from ledger.books import Book
from ledger.books import Origin
from ledger.books import line_table
from ledger.chart import CREDIT
from ledger.collection import Closing
from ledger.errors import NotAllowed
from ledger.groups import Group
from ledger.meetings import Meeting
from ledger.meetings import attendance_table
from ledger.members import Member
from ledger.money import Money
from ledger.money import total

_SAVED, _SOCIAL, _FINES, _LENT = (2010, 2020), (2040,), (1120,), (4010, 1100)
_BROUGHT = (
    select(line_table.c.entry, line_table.c.code, func.sum(line_table.c.amount).label("amount"))
    .join(attendance_table, attendance_table.c.entry == line_table.c.entry)
    .where(
        attendance_table.c.group == bindparam("group"),
        attendance_table.c.meeting == bindparam("meeting"),
        line_table.c.book == bindparam("book"),
        line_table.c.side == CREDIT,
    )
    .group_by(line_table.c.entry, line_table.c.code)
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the sheet: who, how she came (`meetings.HOW`), what she brought."""

    member: Member
    how: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Brought:
    """What a member brought to a meeting, by what it paid; fines are those of her loans, too."""

    saved: Money
    social: Money
    fine: Money
    instalments: Money

    @property
    def total(self) -> Money:
        """The whole sum."""
        return total((self.saved, self.social, self.fine, self.instalments), self.saved.currency)


def brought(db: Connection, meeting: Meeting, book: Book) -> dict[int, Brought]:
    """What was brought to a meeting, by the number of the entry that took it; undone or not."""
    found: dict[int, dict[int, int]] = {}
    for row in db.execute(_BROUGHT, {"group": meeting.group, "meeting": meeting.number, "book": book.id}):
        found.setdefault(row.entry, {})[row.code] = int(row.amount)
    return {
        entry: Brought(
            *(
                Money(sum(sums.get(code, 0) for code in codes), book.currency)
                for codes in (_SAVED, _SOCIAL, _FINES, _LENT)
            )
        )
        for entry, sums in found.items()
    }


def write(
    db: Connection,
    group: Group,
    on: date,
    recorder: Member,
    marks: Sequence[Mark],
    counted: Money,
    origin: Origin,
    *,
    shown: Money | None = None,
) -> tuple[Meeting, Closing]:
    """Enter the whole sheet of a group's meeting on a day, today or before, and close it; what closing it came to.

    The meeting that is open is gone on with; else one of that day is opened. Who stands on no line counts as absent.
    Refused: a day to come (`day-to-come`), an open meeting of another day (`meeting-open`), and whatever opening,
    collecting and closing refuse; then nothing of it is written. ValueError for a member on two lines.
    """
    if len({mark.member.id for mark in marks}) < len(marks):
        raise ValueError("a member stands on one line of the sheet")
    if on > origin.on:
        raise NotAllowed("day-to-come", day=on)
    there = replace(origin, on=on)
    meeting = meetings.under_way(db, group.id)
    if meeting is None:
        meeting = meetings.open_next(db, group, recorder, there.part("open"))
    elif meeting.held_on != on:
        raise NotAllowed("meeting-open", meeting=meeting.number)
    for mark in marks:
        if mark.amount:
            of = there.part(str(mark.member.id))
            collection.collect(db, meeting, mark.member, mark.amount, of, how=mark.how)
        else:
            meetings.mark(db, meeting, mark.member, mark.how)
    closing = collection.at_end(db, meeting, recorder.group_book, counted)
    collection.close(db, meeting, recorder, counted, there.part("close"), shown=shown)
    return meetings.get(db, group.id, meeting.number), closing
