"""The passbook of a member, to read and to print."""

from __future__ import annotations

from datetime import date
from datetime import timedelta

from sqlalchemy import Connection

from gateway.console.shape import Missing
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import OFFICER
from gateway.console.views import book_words
from gateway.console.views.entries import the_day
from gateway.console.views.listing import number_after
from gateway.console.views.looking import today
from ledger import entries
from ledger import groups
from ledger import members
from ledger import passbooks
from ledger import people
from ledger.books import Book
from ledger.chart import GROUP
from ledger.members import Member
from ledger.people import Within

READERS = frozenset({ADMIN, OFFICER, AUDITOR})

YEAR = timedelta(days=365)

MOST = 150
"""Entries of a page: what a year of weekly meetings brings, so that a year is printed at once."""


def _whose(db: Connection, visit: Visit) -> tuple[Member, int]:
    """The member in the address and the group that her passbook is of, which she may have left; Missing otherwise."""
    scope = visit.operator.scope
    listed = people.one(db, Within(scope.programme, scope.groups), visit.args["member"])
    if listed is None or listed.group is None:
        raise Missing
    return members.get(db, listed.id), listed.group


def passbook(db: Connection, visit: Visit) -> Shown:
    """Her entries since a day (a year ago, unless another one is asked for), with what stood after each."""
    member, group = _whose(db, visit)
    book = Book(GROUP, group, member.currency)
    since = the_day(visit, lambda: _a_year_before(today(db, visit)))
    after = number_after(visit.query) or entries.last_before(db, book, since)
    rows = passbooks.passbook(db, member, MOST + 1, after=after, book=book)
    more = str(rows[MOST - 1].number) if len(rows) > MOST else ""
    shown = rows[:MOST]
    some = {name: any(getattr(row, name) for row in shown) for name in ("fine", "fines", "given_up", "due_to_her")}
    values = {"member": member, "group": groups.get(db, group), "since": since, "rows": shown, "next": more}
    return Shown(
        "passbook.html",
        values
        | {"some": some, "on": today(db, visit), "entry_kinds": book_words.KINDS, "dated": visit.words.day_and_year},
    )


def _a_year_before(day: date) -> date:
    return day - YEAR
