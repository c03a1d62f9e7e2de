"""What is told of a page of groups on a day: loans that fall due, meetings, what is overdue, requests that wait."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ledger import approvals
from ledger import groups_due
from ledger import meetings
from ledger import programmes
from ledger import voices
from ledger.approvals import Approval
from ledger.books import Book
from ledger.chart import GROUP
from ledger.day_facts import ApprovalsStillWait
from ledger.day_facts import InstalmentsLate
from ledger.day_facts import LoanDue
from ledger.day_facts import MeetingAhead
from ledger.facts import Told
from ledger.groups import Group
from ledger.groups_due import LoanOwed

SUNDAY = 6
"""The weekday of a group that agreed on none, as far as what is overdue goes: its week begins with it."""

ASKED = 3
"""How many days a leader is told that a request still waits, after that on which it began."""


@dataclass(frozen=True, slots=True)
class Some:
    """A page of groups by their ids, with their leaders, at a moment of their programme."""

    groups: Mapping[int, Group]
    now: datetime
    today: date
    currency: str
    timezone: str
    leaders: Mapping[int, Sequence[int]]

    @property
    def led(self) -> dict[int, Group]:
        """Those that have a leader."""
        return {group: each for group, each in self.groups.items() if group in self.leaders}

    def books(self, some: Mapping[int, object]) -> dict[int, Book]:
        """The books of some of the groups."""
        return {group: Book(GROUP, group, self.currency) for group in some}

    def at(self, group: Group, day: date) -> datetime:
        """When a group meets on a day."""
        return datetime.combine(day, time.fromisoformat(group.rules.at), ZoneInfo(self.timezone))


def reminded(owed: LoanOwed, today: date) -> bool:
    """Whether an instalment is one to be told of today."""
    return (owed.due - today).days in owed.reminded


def loan_due(owed: LoanOwed, today: date) -> LoanDue:
    """That an instalment falls due."""
    ahead = (owed.due - today).days
    return LoanDue(owed.member, f"{owed.loan}-{owed.number}-{owed.due}-{ahead}", owed.amount, owed.due, today=not ahead)


def _loans(db: Connection, some: Some) -> Iterator[Told]:
    ahead = sorted({day for group in some.groups.values() for day in group.rules.days("loan")})
    days = [some.today + timedelta(days=day) for day in ahead]
    for each in groups_due.falling_due(db, some.groups, some.books(some.groups), days) if days else ():
        if reminded(each, some.today):
            yield loan_due(each, some.today)


def _meetings(db: Connection, some: Some) -> Iterator[Told]:
    by_day: dict[date, list[Group]] = {}
    for group, day in _meeting(db, some):
        by_day.setdefault(day, []).append(group)
    for day, those in sorted(by_day.items()):
        ids = {group.id: group for group in those}
        due = groups_due.to_bring(db, ids, some.books(ids), day)
        for group in those:
            for leader in some.leaders[group.id]:
                about = f"{group.id}-{day}-{(day - some.today).days}"
                sums = due[group.id].members, due[group.id].amount
                yield MeetingAhead(
                    leader, about, group.id, (day - some.today).days, day, some.at(group, day), *sums
                )  # fmt: skip


def _meeting(db: Connection, some: Some) -> Iterator[tuple[Group, date]]:
    """The groups with leaders that are to be told today of a meeting, and its day; none that has begun."""
    dated = {group: each for group, each in some.led.items() if each.rules.weekday is not None}
    last = meetings.last_days(db, list(dated)) if dated else {}
    for group in dated.values():
        day = meetings.upcoming(group.rules, last.get(group.id), some.today)
        if day and some.at(group, day) > some.now and (day - some.today).days in group.rules.days("meeting"):
            yield group, day


def _overdue(db: Connection, some: Some) -> Iterator[Told]:
    those = {group: each for group, each in some.led.items() if _is_its_day(each, some.today)}
    late = groups_due.overdue(db, some.books(those), some.today) if those else {}
    for group, due in late.items():
        for leader in some.leaders[group]:
            yield InstalmentsLate(leader, f"{group}-{some.today}", group, due.members, due.amount)


def _is_its_day(group: Group, today: date) -> bool:
    weekday = SUNDAY if group.rules.weekday is None else group.rules.weekday
    return any((weekday + after) % 7 == today.weekday() for after in group.rules.days("overdue"))


def _approvals(db: Connection, some: Some) -> Iterator[Told]:
    those = [group for group, each in some.led.items() if "approvals" in each.rules.reminders]
    waiting = approvals.waiting(db, those, some.now) if those else []
    asked = [each for each in waiting if 1 <= _days(each, some) <= ASKED]
    spoken = voices.spoken(db, [each.id for each in asked]) if asked else set()
    counts: dict[int, int] = {}
    for each in asked:
        barred = approvals.barred(each)
        for leader in some.leaders[each.group]:
            who = approvals.actor_of(leader)
            if who not in barred and (each.id, who) not in spoken:
                counts[leader] = counts.get(leader, 0) + 1
    for leader, count in counts.items():
        yield ApprovalsStillWait(leader, f"wait {some.today}", count)


def _days(each: Approval, some: Some) -> int:
    return (some.today - programmes.day(each.started_at, some.timezone)).days


LINES: Mapping[str, Callable[[Connection, Some], Iterator[Told]]] = {
    "loan": _loans,
    "meeting": _meetings,
    "overdue": _overdue,
    "approvals": _approvals,
}
"""What is asked of every group, by the name that its rules have for it."""
