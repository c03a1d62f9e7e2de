"""Reminders: what has its day is told once, however often the clock comes by and however many clocks there are.

An instalment of an item is told three days before it is due, the day before and on the day, then once a week for four
weeks; what an agent made in a month on the first of the next. Only what is for today is told: a clock that stood
still does not make up for what it missed.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection

from gateway.backend import JOB
from gateway.runtime import Runtime
from gateway.telling import by_day
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import facts
from ledger import hubs
from ledger import members
from ledger import programmes
from ledger import reminders
from ledger import shops
from ledger.books import Book
from ledger.facts import EmiDue
from ledger.facts import EmiLate
from ledger.facts import MonthMade
from ledger.programmes import Programme
from ledger.reminders import Key
from ledger.reminders import Owed

BEFORE = (3, 1, 0)
"""Days before an instalment is due."""

AFTER = (1, 8, 15, 22)
"""Days after it; then it is for the hub to go and see her."""

MONTH_UNTIL = 2
"""The last day of a month on which the month before is told: the clock may have stood still on the first."""

PAGE = 50
"""How much is told in one transaction; on SQLite nobody else writes meanwhile."""

Told = Callable[[Connection, Key], tuple[Sequence[facts.Told], Key | None]]
"""What is to be told after a key, and the key after which it goes on; None at the end."""


def remind(runtime: Runtime, now: datetime) -> None:
    """Tell what is for today, in every programme where nobody sleeps now."""
    with reading(runtime, patience=JOB) as db:
        awake = [each for each in programmes.every(db) if by_day(now, each.timezone)]
        mine = {each.id: [hub.book for hub in hubs.every(db) if hub.programme == each.id] for each in awake}
    for programme in awake:
        today = programmes.day(now, programme.timezone)
        for hub in mine[programme.id]:
            _page_by_page(runtime, now, _falling_due(hub, today))
            _page_by_page(runtime, now, _overdue(hub, today))
        if today.day <= MONTH_UNTIL:
            _page_by_page(runtime, now, _last_month(programme, today))


def _page_by_page(runtime: Runtime, now: datetime, told: Told) -> None:
    after: Key | None = (0, -1)
    while after is not None:
        with transaction(runtime, now=now, patience=JOB) as db:
            some, after = told(db, after)
            for fact in some:
                facts.record(db, fact)


def _falling_due(hub: Book, today: date) -> Told:
    days = [today + timedelta(days=ahead) for ahead in BEFORE]

    def page(db: Connection, after: Key) -> tuple[list[EmiDue], Key | None]:
        owed = reminders.due(db, hub, days, after, PAGE)
        return [_due(each, today) for each in owed], _next(owed)

    return page


def _due(owed: Owed, today: date) -> EmiDue:
    ahead = (owed.due - today).days
    about = f"{owed.contract}-{owed.number}-{ahead}"
    return EmiDue(owed.member, about, owed.amount, owed.due, today=not ahead)


def _overdue(hub: Book, today: date) -> Told:
    days = [today - timedelta(days=late) for late in AFTER]

    def page(db: Connection, after: Key) -> tuple[list[EmiLate], Key | None]:
        owed = reminders.late(db, hub, days, today, after, PAGE)
        return [_late(each, today) for each in owed], _next(owed)

    return page


def _late(owed: Owed, today: date) -> EmiLate:
    about = f"{owed.contract}-{owed.number}-{(today - owed.due).days}"
    return EmiLate(owed.member, about, owed.amount, owed.due)


def _next(owed: Sequence[Owed]) -> Key | None:
    return owed[-1].key if len(owed) == PAGE else None


def _last_month(programme: Programme, today: date) -> Told:
    last = today.replace(day=1) - timedelta(days=1)

    def page(db: Connection, after: Key) -> tuple[list[MonthMade], Key | None]:
        asked = reminders.asked_for_month(db, programme.id, after[0], PAGE)
        made = [_made(db, member, last) for member in asked]
        return [each for each in made if each.sales or each.made], (asked[-1], 0) if len(asked) == PAGE else None

    return page


def _made(db: Connection, member: int, last: date) -> MonthMade:
    """What she sold and made in the month that ended with `last`."""
    first = last.replace(day=1)
    results = shops.results(db, members.get(db, member), first, last)
    return MonthMade(member, f"{first:%Y-%m}", first, results.sales, results.made)
