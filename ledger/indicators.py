"""Figures about groups and those above them, each with its meaning in words: meetings, savings, repayment, risk.

Everything goes by the day on which it happened, so a figure of the past comes out the same later, but for what was
entered late. A reversal undoes an entry from the reversal's own day on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from ledger.books import CHARGED
from ledger.books import PAID
from ledger.books import allocation_table as allocation
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import instalment_table as instalment
from ledger.books import line_table as line
from ledger.chart import CREDIT
from ledger.chart import GROUP
from ledger.loans import PRINCIPAL
from ledger.meetings import THERE
from ledger.meetings import attendance_table as attendance
from ledger.meetings import meeting_table as meeting
from ledger.savings import KINDS
from ledger.statements import Scope
from ledger.statements import Within
from ledger.statements import by_scope

DAYS_LATE = (1, 30, 60, 90)
"""Of the portfolio at risk: more than so many days late."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`part` of `whole`: counts, or sums in minor units."""

    part: int
    whole: int

    @property
    def share(self) -> Fraction | None:
        """Part by whole; None where there is no whole, which is shown as a dash."""
        return Fraction(self.part, self.whole) if self.whole else None


# Portfolio at risk.

_KEY = ("book", "code", "party", "number")


def _at_risk(within: Within) -> Select[Any]:
    """What was owed at the end of the day `on`, and what of it on loans with an instalment due before each `late_n`.

    The instalments are those of today less what happened to them later, so it costs what has happened since that day.
    """
    charged = allocation.c.how == CHARGED
    parts = [(part, end) for part in ("principal", "interest") for end in ("", "_cleared")]
    later = (
        select(
            *(allocation.c[name] for name in _KEY),
            *(
                func.sum(case((~charged if end else charged, allocation.c[part]), else_=0)).label(part + end)
                for part, end in parts
            ),
        )
        # As in the trial balance: first the entries of those days, then what they allocate.
        .select_from(entry)
        .outerjoin(allocation, and_(allocation.c.book == entry.c.book, allocation.c.entry == entry.c.number))
        .where(within(entry.c.book), entry.c.event_on > bindparam("on"))
        .group_by(*(allocation.c[name] for name in _KEY))
        .subquery()
    )

    def left(part: str) -> ColumnElement[int]:
        then = [instalment.c[name] - func.coalesce(later.c[name], 0) for name in (part, f"{part}_cleared")]
        return then[0] - then[1]

    each = (
        select(
            *(instalment.c[name] for name in ("book", "party", "due")),
            left("principal").label("principal"),
            left("interest").label("interest"),
        )
        .outerjoin(later, and_(*(later.c[name] == instalment.c[name] for name in _KEY)))
        .where(within(instalment.c.book), instalment.c.code == PRINCIPAL)
        .subquery()
    )
    unpaid = case((or_(each.c.principal > 0, each.c.interest > 0), each.c.due))
    loans = (
        select(func.sum(each.c.principal).label("owed"), func.min(unpaid).label("oldest"))
        .group_by(each.c.book, each.c.party)
        .having(func.sum(each.c.principal) > 0)
        .subquery()
    )
    late = [func.sum(case((loans.c.oldest < bindparam(f"late_{days}"), loans.c.owed), else_=0)) for days in DAYS_LATE]
    return select(*(func.coalesce(part, 0) for part in (func.sum(loans.c.owed), *late)))


_AT_RISK = by_scope(_at_risk)


def at_risk(db: Connection, scope: Scope, on: date) -> dict[int, Figure]:
    """Portfolio at risk at the end of a day by DAYS_LATE, in minor units of principal; INDICATORS say what it means."""
    limits = {f"late_{days}": on - timedelta(days=days) for days in DAYS_LATE}
    owed, *late = map(int, db.execute(_AT_RISK[scope.by], {"scope": scope.value, "on": on} | limits).one())
    return {days: Figure(part, owed) for days, part in zip(DAYS_LATE, late, strict=True)}


def _risk(db: Connection, scope: Scope, first: date, last: date) -> list[Figure]:
    found = at_risk(db, scope, last)
    return [found[days] for days in DAYS_LATE]


# Repayment of what fell due.


def _fallen_due(within: Within) -> Select[Any]:
    """Of the instalments due from `first` to `last`: sums due and paid, how many there are, how many paid in time."""
    undone = entry.alias("undone")
    # A reversal belongs to the day of what it undoes, so that the two cancel each other out.
    day = func.coalesce(undone.c.event_on, entry.c.event_on)
    amount = case((entry.c.number.is_not(None), allocation.c.principal + allocation.c.interest), else_=0)
    made = and_(
        entry.c.book == allocation.c.book,
        entry.c.number == allocation.c.entry,
        entry.c.event_on <= bindparam("last"),
    )
    paid = allocation.c.how == PAID
    forgiven = and_(allocation.c.how.not_in((CHARGED, PAID)), day < instalment.c.due)

    def total(what: ColumnElement[bool], name: str) -> Any:
        return func.sum(case((what, amount), else_=0)).label(name)

    each = (
        select(
            func.sum(case((allocation.c.how == CHARGED, amount), (forgiven, -amount), else_=0)).label("due"),
            total(paid, "paid"),
            total(and_(paid, day <= instalment.c.due), "in_time"),
        )
        # Outer joins, so that each instalment's own entries are looked up and not those of the whole book.
        .select_from(instalment)
        .outerjoin(allocation, and_(*(allocation.c[name] == instalment.c[name] for name in _KEY)))
        .outerjoin(entry, made)
        .outerjoin(undone, and_(undone.c.book == entry.c.book, undone.c.number == entry.c.reverses))
        .where(
            within(instalment.c.book),
            instalment.c.code == PRINCIPAL,
            instalment.c.due.between(bindparam("first"), bindparam("last")),
        )
        .group_by(*(instalment.c[name] for name in _KEY))
        .subquery()
    )
    whole_in_time = case((each.c.in_time >= each.c.due, 1), else_=0)
    sums = (func.sum(each.c.due), func.sum(each.c.paid), func.count(), func.sum(whole_in_time))
    return select(*(func.coalesce(part, 0) for part in sums)).where(each.c.due > 0)


_FALLEN_DUE = by_scope(_fallen_due)


def _repayment(db: Connection, scope: Scope, first: date, last: date) -> list[Figure]:
    """Instalments paid by their day, and what was paid of what fell due."""
    row = db.execute(_FALLEN_DUE[scope.by], {"scope": scope.value, "first": first, "last": last}).one()
    due, paid, count, in_time = map(int, row)
    return [Figure(in_time, count), Figure(paid, due)]


def recovery(db: Connection, scope: Scope, first: date, last: date) -> Figure:
    """Recovery of what fell due in a period (both ends included), in minor units; INDICATORS say what it means."""
    return _repayment(db, scope, first, last)[1]


def on_time(db: Connection, scope: Scope, first: date, last: date) -> Figure:
    """Instalments of a period that were paid by their day; INDICATORS say what it means."""
    return _repayment(db, scope, first, last)[0]


# Meetings.


def _held(within: Within) -> Any:
    """The meetings of the scope held from `first` to `last`."""
    return (
        select(meeting.c.group, meeting.c.number, meeting.c.held_on, meeting.c.since, book.c.id.label("book"))
        .join(book, and_(book.c.kind == GROUP, book.c.owner == meeting.c.group))
        .where(
            within(book.c.id),
            meeting.c.closed_at.is_not(None),
            meeting.c.held_on.between(bindparam("first"), bindparam("last")),
        )
        .subquery("held")
    )


def _of(held: Any) -> ColumnElement[bool]:
    return and_(attendance.c.group == held.c.group, attendance.c.meeting == held.c.number)


def _count_meetings(within: Within) -> Select[Any]:
    groups = select(func.count()).select_from(book).where(book.c.kind == GROUP, within(book.c.id)).scalar_subquery()
    return select(func.count(), groups).select_from(_held(within))


def _count_attendance(within: Within) -> Any:
    held = _held(within)
    there = func.coalesce(func.sum(case((attendance.c.how.in_(THERE), 1), else_=0)), 0)
    return select(there, func.count()).select_from(attendance.join(held, _of(held)))


def _count_savers(within: Within) -> Any:
    """Of members and the meetings they were expected at, those with a deposit since the meeting before."""
    held, undo = _held(within), entry.alias("undo")
    undone = select(undo.c.number).where(
        undo.c.book == entry.c.book, undo.c.reverses == entry.c.number, undo.c.event_on <= bindparam("last")
    )
    days = and_(entry.c.event_on > held.c.since, entry.c.event_on <= held.c.held_on)
    saved = (
        select(held.c.group, held.c.number, line.c.party)
        .distinct()
        .select_from(held)
        .join(entry, and_(entry.c.book == held.c.book, days))
        .join(line, and_(line.c.book == entry.c.book, line.c.entry == entry.c.number))
        .where(
            entry.c.kind.in_(("saving.deposit", "collection")),
            line.c.code.in_(KINDS.values()),
            line.c.side == CREDIT,
            ~undone.exists(),
        )
        .subquery()
    )
    hers = and_(_of(saved), saved.c.party == attendance.c.member)
    rolls = attendance.join(held, _of(held)).outerjoin(saved, hers)
    return select(func.count(saved.c.party), func.count()).select_from(rolls)


_MEETINGS, _ATTENDANCE, _SAVERS = (by_scope(each) for each in (_count_meetings, _count_attendance, _count_savers))


def _counted(statements: dict[str, Any], db: Connection, scope: Scope, first: date, last: date) -> list[Figure]:
    row = db.execute(statements[scope.by], {"scope": scope.value, "first": first, "last": last}).one()
    return [Figure(*map(int, row))]


Reader = Callable[[Connection, Scope, date, date], list[Figure]]
"""Reads figures for a scope from a first to a last day, both included, in one statement."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure with its meaning, the one at a `place` of what its reader reads.

    `unit` says what it counts: "counts", "sums" in minor units, or "per group": so many parts for each of the whole.
    """

    name: str
    meaning: str
    read: Reader
    place: int = 0
    unit: str = "counts"

    def of(self, db: Connection, scope: Scope, first: date, last: date) -> Figure:
        """The figure for a scope from a first to a last day, both included."""
        return self.read(db, scope, first, last)[self.place]


_LATE_MEANING = (
    "Principal still owed on the last day by loans with an instalment more than {} late, as part of all principal"
    " owed. An instalment is late while principal or interest of it is unpaid. Loans written off are left out."
)

INDICATORS = (
    Indicator(
        "meetings held",
        "Meetings that were opened in the period and closed, for each group that has books.",
        partial(_counted, _MEETINGS),
        unit="per group",
    ),
    Indicator(
        "attendance",
        "Of all members expected at the meetings held in the period, the part that came, late or not.",
        partial(_counted, _ATTENDANCE),
    ),
    Indicator(
        "savings regularity",
        "Of all members expected at the meetings held in the period, the part that had saved since the meeting before."
        " At a group's first meeting only savings of that day count. A deposit that was reversed does not count.",
        partial(_counted, _SAVERS),
    ),
    Indicator(
        "on-time repayment",
        "Of the instalments that fell due in the period, the part that was paid whole on its day or before, principal"
        " and interest. What was forgiven or given up before its day never fell due.",
        _repayment,
    ),
    Indicator(
        "recovery",
        "Of the principal and interest that fell due in the period, the part that was paid by its end. What was paid"
        " in advance counts when it falls due. What was forgiven or given up before its day never fell due; after its"
        " day it stays due and unpaid.",
        _repayment,
        1,
        "sums",
    ),
    *(
        Indicator(
            f"at risk, {days} day{'s' * (days > 1)}",
            _LATE_MEANING.format(f"{days} day{'s' * (days > 1)}"),
            _risk,
            place,
            "sums",
        )
        for place, days in enumerate(DAYS_LATE)
    ),
)
"""Every indicator, in the order in which a page shows them."""


def figures(db: Connection, scope: Scope, first: date, last: date) -> dict[str, Figure]:
    """All indicators by name, for a scope from a first to a last day, both included; each reader reads once."""
    read = {reader: reader(db, scope, first, last) for reader in dict.fromkeys(each.read for each in INDICATORS)}
    return {each.name: read[each.read][each.place] for each in INDICATORS}
