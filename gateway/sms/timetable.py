"""What the clock tells: the explicit table of what, when and whom, and how the facts of each line are found.

A line goes its round through a programme at its hours, page by page; a page is read in one transaction and told in
others. What a day missed is told later only as long as the line says.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection

from gateway.rounds import Key
from gateway.sms import groups_told
from gateway.sms.unreached import PURPOSE
from gateway.sms.unreached import unreached
from ledger import groups
from ledger import groups_due
from ledger import hubs
from ledger import members
from ledger import programmes
from ledger import reminders
from ledger import shops
from ledger.books import Book
from ledger.chart import LENDER
from ledger.day_facts import NotReached
from ledger.facts import EmiDue
from ledger.facts import EmiLate
from ledger.facts import MonthMade
from ledger.facts import Told
from ledger.members import Member
from ledger.programmes import Programme
from ledger.reminders import Owed

MORNING = (8,)
BEFORE = (3, 1, 0)
"""Days before an instalment of an item is due."""

AFTER = (1, 8, 15, 22)
"""Days after it; then it is for the hub to go and see her."""

MONTH_LATE = 1
"""For so many days the figures of a month are told when the first of the next was missed."""

WALK = timedelta(days=2)
"""How long ago an SMS failed to arrive when it is still worth walking there; and no member twice in a week."""

NAMED = 3
"""Members that a leader is told of in one round; the last SMS counts the others."""

PAGE = 50
"""Instalments, agents or messages that one page looks at."""

GROUPS = 500
"""Groups that one page looks at."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a round goes, through which programme, and when the last one went that came to its end."""

    now: datetime
    programme: Programme
    since: datetime | None

    @property
    def today(self) -> date:
        """The day in the programme."""
        return programmes.day(self.now, self.programme.timezone)

    def days(self, late: int) -> list[date]:
        """Today and, as far as no round came to its end since, up to so many days before."""
        whole = programmes.day(self.since, self.programme.timezone) if self.since else date.min
        days = (self.today - timedelta(days=ago) for ago in range(late + 1))
        return [day for day in days if day > whole or day == self.today]


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be told of one page, after what the next one begins (None: that was all), how many it looked at."""

    told: Sequence[Told]
    after: Key | None
    seen: int


Find = Callable[[Connection, Moment, Key], Page]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: its name, at which hours of the programme it goes, how a page of it is found."""

    name: str
    hours: Sequence[int]
    find: Find


# Groups


def _of_groups(db: Connection, moment: Moment, after: Key) -> Page:
    found = groups.some(db, moment.programme.id, after[0] if after else 0, GROUPS)
    some = groups_told.Some(
        {each.id: each for each in found}, moment.now, moment.today, moment.programme.currency,
        moment.programme.timezone, members.leading(db, [each.id for each in found]),
    )  # fmt: skip
    told = [fact for tell in groups_told.LINES.values() for fact in tell(db, some)]
    return Page(told, (found[-1].id,) if len(found) == GROUPS else None, len(found))


def _lent(db: Connection, moment: Moment, after: Key) -> Page:
    days = [moment.today + timedelta(days=ahead) for ahead in groups.REMINDERS["loan"]]

    def of(lender: int, after: Key) -> Page:
        book = Book(LENDER, lender, moment.programme.currency)
        owed = groups_due.lent(db, book, moment.programme.id, days, after, PAGE)
        told = [groups_told.loan_due(each, moment.today) for each in owed if groups_told.reminded(each, moment.today)]
        return Page(told, owed[-1].key if len(owed) == PAGE else None, len(owed))

    return _one_after_the_other(groups_due.lenders(db), after, of)


def _one_after_the_other(owners: Sequence[int], after: Key, find: Callable[[int, Key], Page]) -> Page:
    """A page of the first owner of a book that is not through yet."""
    left = [owner for owner in owners if not after or owner >= after[0]]
    if not left:
        return Page((), None, 0)
    page = find(left[0], after[1:] if after and after[0] == left[0] else ())
    if page.after is not None:
        return Page(page.told, (left[0], *page.after), page.seen)
    return Page(page.told, (left[1],) if left[1:] else None, page.seen)


# Agents


def _hubs(db: Connection, moment: Moment) -> list[int]:
    return sorted(hub.book.owner for hub in hubs.every(db) if hub.programme == moment.programme.id)


def _emi_due(db: Connection, moment: Moment, after: Key) -> Page:
    days = [moment.today + timedelta(days=ahead) for ahead in BEFORE]

    def of(hub: int, after: Key) -> Page:
        owed = reminders.due(db, hubs.get(db, hub).book, days, _pair(after), PAGE)
        return Page([_due(each, moment.today) for each in owed], _next(owed), len(owed))

    return _one_after_the_other(_hubs(db, moment), after, of)


def _due(owed: Owed, today: date) -> EmiDue:
    ahead = (owed.due - today).days
    about = f"{owed.contract}-{owed.number}-{ahead}"
    return EmiDue(owed.member, about, owed.amount, owed.due, today=not ahead)


def _emi_late(db: Connection, moment: Moment, after: Key) -> Page:
    days = [moment.today - timedelta(days=late) for late in AFTER]

    def of(hub: int, after: Key) -> Page:
        owed = reminders.late(db, hubs.get(db, hub).book, days, moment.today, _pair(after), PAGE)
        return Page([_late(each, moment.today) for each in owed], _next(owed), len(owed))

    return _one_after_the_other(_hubs(db, moment), after, of)


def _late(owed: Owed, today: date) -> EmiLate:
    about = f"{owed.contract}-{owed.number}-{(today - owed.due).days}"
    return EmiLate(owed.member, about, owed.amount, owed.due)


def _pair(after: Key) -> tuple[int, int]:
    contract, number = after or (0, -1)
    return contract, number


def _next(owed: Sequence[Owed]) -> Key | None:
    return owed[-1].key if len(owed) == PAGE else None


def _month(db: Connection, moment: Moment, after: Key) -> Page:
    if not any(day.day == 1 for day in moment.days(MONTH_LATE)):
        return Page((), None, 0)
    last = moment.today.replace(day=1) - timedelta(days=1)
    asked = reminders.asked_for_month(db, moment.programme.id, after[0] if after else 0, PAGE)
    made = [_made(db, member, last) for member in asked]
    told = [each for each in made if each.sales or each.made]
    return Page(told, (asked[-1],) if len(asked) == PAGE else None, len(asked))


def _made(db: Connection, member: int, last: date) -> MonthMade:
    """What she sold and made in the month that ended with `last`."""
    first = last.replace(day=1)
    results = shops.results(db, members.get(db, member), first, last)
    return MonthMade(member, f"{first:%Y-%m}", first, results.sales, results.made)


# Messages that did not arrive


def _unreached(db: Connection, moment: Moment, after: Key) -> Page:
    since = max(moment.since or moment.now - WALK, moment.now - WALK)
    missed = unreached(db, moment.programme.id, since, moment.now, after[0] if after else 0, PAGE)
    by_group: dict[int, list[Member]] = {}
    for each in members.in_groups(db, missed):
        by_group.setdefault(each.group_book.owner, []).append(each)
    wanted = [each.id for each in groups.these(db, list(by_group)) if PURPOSE in each.rules.reminders]
    leading = members.leading(db, wanted)
    told = [fact for group in wanted for fact in _to_see(by_group[group], leading.get(group, []), moment.today)]
    return Page(told, (missed[-1],) if len(missed) == PAGE else None, len(missed))


def _to_see(missed: Sequence[Member], leaders: Sequence[int], today: date) -> Iterator[NotReached]:
    """One for each of the first members, to each leader but herself; the last one counts the others."""
    for place, each in enumerate(missed[:NAMED], 1):
        more = len(missed) - NAMED if place == NAMED else 0
        for leader in leaders:
            if leader != each.id:
                yield NotReached(leader, f"{each.id}-{today:%G-%V}", each.names, more)


TIMETABLE = (
    Line("groups", MORNING, _of_groups),
    Line("loans-lent", MORNING, _lent),
    Line("emi-due", MORNING, _emi_due),
    Line("emi-late", MORNING, _emi_late),
    Line("month", MORNING, _month),
    Line("undelivered", (8, 12, 16), _unreached),
)
"""What goes its round, in this order; what `groups` asks of each group is in `groups_told.LINES`.

line         when                          whom                    fact
loan         T-3, T-1, T-0 or as agreed    the member              LoanDue
meeting      T-1, T-0 or as agreed         the leaders             MeetingAhead
overdue      weekly, the day after         the leaders             InstalmentsLate
approvals    daily, up to three times      who may speak to it     ApprovalsStillWait
loans-lent   as loan, owed to a lender     the member              LoanDue
emi-due      T-3, T-1, T-0                 the member              EmiDue
emi-late     1, 8, 15, 22 days late        the member              EmiLate
month        on the first, or the second   the agent who asked     MonthMade
undelivered  three times a day             the leaders             NotReached
"""
