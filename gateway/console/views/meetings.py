"""Meetings: which groups meet when, those of one group, one of them, its sheet to print and to enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import time
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views import looking
from gateway.console.views import typed
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from gateway.console.views.money_words import HOW
from ledger import accounts
from ledger import collection
from ledger import groups
from ledger import groups_due
from ledger import meetings
from ledger import members
from ledger import sheets
from ledger.books import Book
from ledger.chart import GROUP
from ledger.collection import Closing
from ledger.errors import NotFound
from ledger.groups import Group
from ledger.meetings import Meeting
from ledger.members import Member
from ledger.money import Money
from ledger.money import total
from ledger.sheets import Mark
from ledger.tables import Names
from ledger.templates import PLACES
from locales import phrase

LAST = 2**31 - 1
"""More than the number of any meeting."""

WHO_WROTE = phrase("Choose who wrote the sheet.")
COUNTED = phrase("Write what was counted in the cash box, 0 if it was empty.")


def every(db: Connection, visit: Visit) -> Shown:
    """The groups of her scope with the day of their last and of their next meeting."""
    scope, after = visit.operator.scope, number_after(visit.query)
    if scope.groups is None:
        found = groups.some(db, scope.programme, after, PAGE + 1)
    else:
        found = [each for each in groups.these(db, scope.groups) if each.id > after][: PAGE + 1]
    on, last = looking.today(db, visit), meetings.last_days(db, [each.id for each in found])
    rows = [(each, last.get(each.id), meetings.upcoming(each.rules, last.get(each.id), on)) for each in found]
    return Shown("meetings.html", paged(rows, lambda row: row[0].id) | {"today": on})


def of_group(db: Connection, visit: Visit) -> Shown:
    """The meetings of a group, the newest first, and the day of the next one."""
    group = looking.the_group(db, visit)
    before = number_after(visit.query) or LAST
    rows = meetings.before(db, group.id, before, PAGE + 1)
    next_day = meetings.next_day(db, group, looking.today(db, visit))
    under_way = meetings.under_way(db, group.id)
    hour = visit.words.hour(time.fromisoformat(group.rules.at))
    values = {"group": group, "next_day": next_day, "hour": hour, "under_way": under_way}
    return Shown("group_meetings.html", paged(rows, lambda row: row.number) | values)


def _book(db: Connection, visit: Visit, group: Group) -> Book:
    return Book(GROUP, group.id, looking.programme(db, visit).currency)


def one(db: Connection, visit: Visit) -> Shown:
    """A meeting: who came, what each brought and what that paid."""
    group = looking.the_group(db, visit)
    if visit.args["meeting"] > LAST:
        raise Missing
    try:
        meeting = meetings.get(db, group.id, visit.args["meeting"])
    except NotFound:
        raise Missing from None
    book = _book(db, visit, group)
    roll = meetings.roll(db, meeting)
    counts = {how: sum(each.how == how for each in roll) for how in meetings.HOW}
    values = {
        "group": group,
        "meeting": meeting,
        "recorder": members.get(db, meeting.recorder).names,
        "roll": roll,
        "brought": sheets.brought(db, meeting, book),
        "collected": collection.collected(db, meeting, book),
        "counts": counts,
        "how": HOW,
    }
    return Shown("meeting.html", values)


# ---- the sheet ----


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the sheet: a member, what is due of her in parts, and what is marked already (None: nothing yet)."""

    member: int
    code: str
    names: Names
    saving: Money
    social: Money
    fines: Money
    instalments: Money
    how: str | None

    @property
    def due(self) -> Money:
        """All of it."""
        return total((self.saving, self.social, self.fines, self.instalments), self.saving.currency)


@dataclass(frozen=True, slots=True)
class Paper:
    """The sheet of a meeting of a group on a day; `meeting` is the one that is open, if one is."""

    group: Group
    book: Book
    on: date
    meeting: Meeting | None
    lines: tuple[Line, ...]


def _paper(db: Connection, visit: Visit) -> Paper:
    """The sheet of the meeting that is open, else of one on the day that was chosen, else of today."""
    group = looking.the_group(db, visit)
    book, meeting = _book(db, visit, group), meetings.under_way(db, group.id)
    said = visit.typed.get("day") or visit.query.get("day", "")
    on = meeting.held_on if meeting else typed.as_day(said) or looking.today(db, visit)
    owed = groups_due.owed(db, book, on)
    if meeting:
        people = [(each.member, each.code, each.names, each.how) for each in meetings.roll(db, meeting)]
    else:
        people = [(each.id, each.code, each.names, None) for each in members.of_group(db, group.id)]
    nothing = Money(0, book.currency)
    saving, social = Money(group.rules.saving, book.currency), Money(group.rules.social, book.currency)
    none = groups_due.Owes(nothing, nothing)
    lines = [
        Line(member, code, names, saving, social, hers.fines, hers.instalments, how)
        for member, code, names, how in people
        for hers in (owed.get(member, none),)
    ]
    return Paper(group, book, on, meeting, tuple(lines))


def blank(db: Connection, visit: Visit) -> Shown:
    """The sheet to print: who is called and what is due of each; the rest is written by hand."""
    paper = _paper(db, visit)
    parts = ("saving", "social", "fines", "instalments", "due")
    sums = {name: total((getattr(each, name) for each in paper.lines), paper.book.currency) for name in parts}
    return Shown("sheet_print.html", {"paper": paper, "sums": sums})


def show_sheet(db: Connection, visit: Visit) -> Shown:
    """The sheet to fill in, with what is due of each; after the look it says what writing it would come to."""
    paper, would = _paper(db, visit), looking.seen(visit)
    values: dict[str, Any] = {
        "paper": paper,
        "how": HOW,
        "recorders": _recorders(db, paper.group),
        "would": would.closing if would else None,
        "shown": would.mark if would else "",
        "today": looking.today(db, visit),
        "box": accounts.balance(db, paper.book, PLACES["cash"]),
    }
    return Shown("sheet.html", values)


def _recorders(db: Connection, group: Group) -> dict[str, Member]:
    """Who may have written a sheet, by their ids: the leaders, in a group without any all members."""
    return {str(each.id): each for each in members.leaders(db, group.id) or members.of_group(db, group.id)}


@dataclass(frozen=True, slots=True)
class Written:
    """What writing a sheet would come to, and what was filled in as one word, to be compared."""

    closing: Closing
    mark: str


def _written(paper: Paper, recorder: Member, marks: Sequence[Mark], counted: Money, would: Closing) -> Written:
    lines = [(each.member.id, each.how, each.amount.minor) for each in marks]
    filled = (paper.on, recorder.id, counted.minor, lines)
    sums = [each.minor for each in (would.collected, would.unpaid, would.fined, would.off)]
    return Written(would, sha256(f"{filled} {would.absent} {sums}".encode()).hexdigest())


def write(db: Connection, visit: Visit) -> Done:
    """Write the whole sheet and close the meeting, as it was shown."""
    paper = _paper(db, visit)
    recorder = _recorders(db, paper.group).get(visit.typed.get("recorder", ""))
    if recorder is None:
        raise Mistaken(WHO_WROTE, "recorder")
    if not visit.typed.get("counted", "").strip():
        raise Mistaken(COUNTED, "counted")
    if not paper.meeting:
        looking.day(visit.typed.get("day", ""), "day")
    counted = looking.amount(visit, "counted", paper.book.currency, 0)
    marks, origin = _marks(db, visit, paper), visit.origin(db)
    # It is written, and taken back with the whole click if it is not what was shown.
    meeting, would = sheets.write(db, paper.group, paper.on, recorder, marks, counted, origin)
    looking.agreed(visit, _written(paper, recorder, marks, counted, would), lambda each: each.mark)
    to = {"group": paper.group.id, "meeting": meeting.number}
    about = f"group {paper.group.id} meeting {meeting.number}"
    return Done("meeting", to, "meeting.written", about, str(would.collected), "sheet-written")


def _marks(db: Connection, visit: Visit, paper: Paper) -> list[Mark]:
    """The lines that were filled in, of those who were not called before."""
    people = {each.id: each for each in members.of_group(db, paper.group.id)}
    marks = []
    for line in paper.lines:
        if line.how is None and line.member in people:
            how = typed.choice(visit.typed, f"how-{line.member}", HOW)
            brought = looking.amount(visit, f"sum-{line.member}", paper.book.currency, 0)
            marks.append(Mark(people[line.member], how, brought))
    return marks
