"""What stands behind the reports: a month by group, loans in arrears, meetings held, agents who are idle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import Connection

from gateway.console.shape import Missing
from gateway.console.shape import Visit
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.reporting import COUNT
from gateway.console.views.reporting import DAY
from gateway.console.views.reporting import SHARE
from gateway.console.views.reporting import SUM
from gateway.console.views.reporting import TEXT
from gateway.console.views.reporting import Asked
from gateway.console.views.reporting import Column
from gateway.console.views.reporting import Part
from gateway.console.views.reporting import Report
from gateway.console.views.reporting import Row
from gateway.console.views.reporting import asked
from gateway.console.views.reporting import groups_chosen
from gateway.console.views.reporting import hubs_chosen
from gateway.console.views.reporting import month_in
from gateway.console.views.reports_groups import ATTENDANCE
from gateway.console.views.reports_groups import DEPOSITED
from gateway.console.views.reports_groups import LENT
from gateway.console.views.reports_groups import RECOVERY
from gateway.console.views.reports_groups import REPAID
from gateway.console.views.reports_groups import WITHDRAWN
from gateway.console.views.reports_groups import means
from ledger import activity
from ledger import breakdowns
from ledger import month_figures
from ledger import month_series
from ledger import months
from ledger.breakdowns import BANDS
from ledger.breakdowns import Place
from ledger.indicators import DAYS_LATE
from ledger.indicators import Figure
from ledger.month_series import GROUP_HEADS
from ledger.months import Moved
from locales import phrase

GROUP, MEMBER, AGENT, HUB = phrase("Group"), phrase("Member"), phrase("Agent"), phrase("Hub")
OWES, OLDEST = phrase("Principal owed"), phrase("Late since")

ALL = 100_000
"""Rows of a file."""

_Item = TypeVar("_Item")


def _most(visit: Visit) -> int:
    """A page and the one row that says whether there is more; everything in a file."""
    return ALL if "form" in visit.args else PAGE + 1


def _paged(visit: Visit, rows: Sequence[_Item]) -> tuple[Sequence[_Item], bool]:
    """The rows of this page, and whether there is a next one."""
    return (rows, False) if "form" in visit.args else (rows[:PAGE], len(rows) > PAGE)


def month_of(db: Connection, visit: Visit) -> Asked:
    """The one month in the address; that of today if there is none."""
    of = asked(db, visit)
    month = month_in(visit, "month", months.month_of(of.today))
    return Asked(month, month, of.today, of.programme)


# ---- a month by group ----

_BY_GROUP = (
    Column(DEPOSITED, SUM),
    Column(WITHDRAWN, SUM),
    Column(LENT, SUM),
    Column(REPAID, SUM),
    Column(phrase("At risk, more than 30 days"), SHARE),
    Column(RECOVERY, SHARE),
    Column(ATTENDANCE, SHARE),
)
_INDICATORS = ("at risk, 30 days", "recovery", "attendance")


def by_group(db: Connection, visit: Visit) -> Report:
    """The figures of a month for each group, by the groups' names."""
    of, chosen = month_of(db, visit), groups_chosen(db, visit)
    after = number_after(visit.query)
    at = next((at for at, each in enumerate(chosen.groups, 1) if each.id == after), 0)
    shown, more = _paged(visit, chosen.groups[at : at + _most(visit)])
    ids = [each.id for each in shown]
    moved = months.moved_each(db, ids, GROUP_HEADS, of.first)
    figures = month_figures.of_month(db, ids, of.first)
    rows = [_group_row(visit, of, each, moved[each.id], figures.get(each.id, {})) for each in shown]
    next_ = str(shown[-1].id) if more else ""
    part = Part(phrase("The month by group, in the order of names"), _BY_GROUP, rows, first=GROUP, next=next_)
    meanings = means("deposited", "withdrawn", "lent", "repaid", "risk", "recovery", "attendance")
    counted = month_figures.counted(db, ids)
    return Report(of, (part,), meanings, chosen, as_of=counted.at, period="month")


def _group_row(visit: Visit, of: Asked, place: Place, moved: Sequence[Moved], figures: Mapping[str, Figure]) -> Row:
    saved, lent = month_series.savings_of(moved, 0), month_series.loans_of(moved, 0)
    sums = [of.money(each) for each in (saved.deposited, saved.withdrawn, lent.lent, lent.repaid)]
    shares = [figures.get(name) for name in _INDICATORS]
    name = place.names.written(visit.words.language)
    return Row(name, [*sums, *shares], page="group", args={"group": place.id})


# ---- loans in arrears ----


def _days(visit: Visit, choices: Sequence[int], usual: int) -> int:
    typed = visit.query.get("days", str(usual))
    if typed not in map(str, choices):
        raise Missing
    return int(typed)


def late(db: Connection, visit: Visit) -> Report:
    """The loans with an instalment more than so many days late as of today."""
    of, chosen, days = asked(db, visit), groups_chosen(db, visit), _days(visit, DAYS_LATE, 30)
    before = of.today - timedelta(days=days)
    found = breakdowns.late_loans(db, chosen.ids, before, _pair_after(visit), _most(visit))
    shown, more = _paged(visit, found)
    rows = [
        Row(
            f"{each.names.written(visit.words.language)} {each.code}",
            [each.group.names.written(visit.words.language), of.money(each.owed), each.oldest],
            page="loan",
            args={"loan": each.loan},
        )
        for each in shown
    ]
    next_ = f"{shown[-1].group.id}-{shown[-1].loan}" if more else ""
    columns = (Column(GROUP, TEXT), Column(OWES, SUM), Column(OLDEST, DAY))
    part = Part(phrase("Loans in arrears, by group"), columns, rows, first=MEMBER, next=next_)
    return Report(of, (part,), means("risk"), chosen, period="days", choices=DAYS_LATE, days=days)


# ---- meetings held ----


def held(db: Connection, visit: Visit) -> Report:
    """The meetings that were held in a month and closed."""
    of, chosen = month_of(db, visit), groups_chosen(db, visit)
    last = months.first_day(months.after(of.last)) - timedelta(days=1)
    days = months.first_day(of.first), last
    found = breakdowns.meetings_held(db, chosen.ids, *days, _pair_after(visit), _most(visit))
    shown, more = _paged(visit, found)
    rows = [
        Row(
            each.group.names.written(visit.words.language),
            [each.number, each.on, each.expected, each.there, Figure(each.there, each.expected)],
            page="meeting",
            args={"group": each.group.id, "meeting": each.number},
        )
        for each in shown
    ]
    next_ = f"{shown[-1].group.id}-{shown[-1].number}" if more else ""
    columns = (
        Column(phrase("Meeting"), COUNT),
        Column(phrase("Day"), DAY),
        Column(phrase("Expected"), COUNT),
        Column(phrase("Came"), COUNT),
        Column(ATTENDANCE, SHARE),
    )
    part = Part(phrase("Meetings held, by group"), columns, rows, first=GROUP, next=next_)
    return Report(of, (part,), means("attendance"), chosen, period="month")


def _pair_after(visit: Visit) -> tuple[int, int]:
    """`?after=7-12`."""
    found = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", visit.query.get("after", "0-0"))
    if not found:
        raise Missing
    return int(found[1]), int(found[2])


# ---- agents who are idle ----


def idle(db: Connection, visit: Visit) -> Report:
    """The agents of a hub without an order or a sale in so many days."""
    of, days = asked(db, visit), _days(visit, BANDS, 30)
    mine, hub = hubs_chosen(db, visit)
    at = next((each for each in mine if each.id == hub), mine[0] if mine else None)
    chosen = at.id if at else None
    found = activity.idle(db, at, of.today, days, after=number_after(visit.query), most=_most(visit)) if at else []
    shown, more = _paged(visit, found)
    rows = [
        Row(
            f"{each.names.written(visit.words.language)} {each.code}",
            [each.last],
            page="member",
            args={"member": each.member},
        )
        for each in shown
    ]
    next_ = str(shown[-1].member) if more else ""
    part = Part(
        phrase("Agents who are idle"), [Column(phrase("Last order or sale"), DAY)], rows, first=AGENT, next=next_
    )
    return Report(of, (part,), [IDLE_MEANS], hubs=mine, hub=chosen, period="days", choices=BANDS, days=days)


IDLE_MEANS = (
    phrase("Idle"),
    phrase("An agent without an order and without a sale in these days, today the last of them."),
)
