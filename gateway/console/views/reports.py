"""The first page of the reports: the key figures of this month beside those of the last one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from gateway.console.shape import Visit
from gateway.console.views import reports_messages
from gateway.console.views import reports_trade
from gateway.console.views.reporting import COUNT
from gateway.console.views.reporting import OF_ALL
from gateway.console.views.reporting import OF_GROUPS
from gateway.console.views.reporting import OF_HUBS
from gateway.console.views.reporting import SHARE
from gateway.console.views.reporting import SUM
from gateway.console.views.reporting import TEXT
from gateway.console.views.reporting import Asked
from gateway.console.views.reporting import Chosen
from gateway.console.views.reporting import Column
from gateway.console.views.reporting import Part
from gateway.console.views.reporting import Report
from gateway.console.views.reporting import Row
from gateway.console.views.reporting import asked
from gateway.console.views.reporting import groups_chosen
from gateway.console.views.reporting import hubs_chosen
from gateway.console.views.reporting import month_said
from gateway.console.views.reporting import written
from gateway.console.views.reports_groups import DEPOSITED
from gateway.console.views.reports_groups import LENT
from gateway.console.views.reports_groups import MEANS
from gateway.console.views.reports_groups import OWED
from gateway.console.views.reports_groups import REPAID
from gateway.console.views.reports_groups import means
from gateway.outbox import by_month
from ledger import breakdowns
from ledger import month_figures
from ledger import month_series
from ledger.indicators import Figure
from locales import Phrase
from locales import phrase

BESIDE = phrase("The last two months side by side. The month that runs is counted up to today.")


@dataclass(frozen=True, slots=True)
class Key:
    """A key figure: what it is, its report, what it holds, this month and the month before (None: there is none)."""

    label: Phrase
    page: str
    unit: str
    now: Any
    before: Any


def overview(db: Connection, visit: Visit) -> Report:
    """The key figures that are hers to see, this month beside the last one."""
    # Nothing is chosen here: this month, all that is hers.
    visit = replace(visit, query={})
    of, role = asked(db, visit, 2), visit.operator.role
    keys: list[Key] = []
    chosen: Chosen | None = None
    if role in OF_GROUPS:
        chosen = groups_chosen(db, visit)
        keys += _of_groups(db, of, chosen)
    if role in OF_HUBS:
        keys += _of_hubs(db, visit, of)
    if role in OF_ALL:
        keys += _of_messages(db, visit, of)
    months_said = [month_said(visit.words, month) for month in (of.last, of.first)]
    columns = [Column(each, TEXT) for each in months_said]
    rows = [
        Row(
            visit.words.say(each.label),
            [_said(visit, each.unit, value) for value in (each.now, each.before)],
            page=each.page,
        )
        for each in keys
    ]
    part = Part(phrase("Key figures"), columns, rows, first=phrase("Figure"))
    as_of = month_figures.counted(db, chosen.ids).at if chosen else None
    meanings = means(*_MEANT) if chosen else []
    meanings += reports_trade.MEANINGS if role in OF_HUBS else ()
    meanings += reports_messages.MEANINGS if role in OF_ALL else ()
    return Report(of, (part,), meanings, as_of=as_of, notes=[(BESIDE, {})], period="", sheet=False)


_MEANT = ("balance", "deposited", "owed", "lent", "repaid", "risk", "recovery", "attendance")


def _said(visit: Visit, unit: str, value: Any) -> str:
    """A figure as it stands among others of other kinds: a sum with its currency."""
    return visit.words.money(value) if unit == SUM else written(visit.words, unit, value)


def _of_groups(db: Connection, of: Asked, chosen: Chosen) -> Iterator[Key]:
    series = month_series.groups(db, chosen.ids, of.first, of.last)
    (saved, loans), (saved_before, loans_before) = series[of.last], series[of.first]
    sums = (
        (MEANS["balance"][0], saved.balance, saved_before.balance),
        (DEPOSITED, saved.deposited, saved_before.deposited),
        (OWED, loans.owed, loans_before.owed),
        (LENT, loans.lent, loans_before.lent),
        (REPAID, loans.repaid, loans_before.repaid),
    )
    for label, now, before in sums:
        yield Key(label, "report-money", SUM, of.money(now), of.money(before))
    found = month_figures.by_month(db, chosen.ids, of.first, of.last)
    for label, page, name in _INDICATORS:
        now_, before_ = (found.get(month, {}).get(name) for month in (of.last, of.first))
        yield Key(label, page, SHARE, now_, before_)


_INDICATORS = (
    (phrase("Portfolio at risk, more than 30 days late"), "report-risk", "at risk, 30 days"),
    (MEANS["recovery"][0], "report-recovery", "recovery"),
    (MEANS["attendance"][0], "report-meetings", "attendance"),
)


def _of_hubs(db: Connection, visit: Visit, of: Asked) -> Iterator[Key]:
    mine, _ = hubs_chosen(db, visit)
    ids = [each.id for each in mine]
    sold, resold = (read(db, ids, of.first, of.last) for read in (month_series.hubs, month_series.shops))
    for label, found, name in (
        (phrase("Sales of hubs"), sold, "sales"),
        (phrase("Profit of hubs"), sold, "profit"),
        (phrase("Sales of agents"), resold, "sales"),
        (phrase("Profit of agents"), resold, "profit"),
    ):
        now, before = (of.money(getattr(found[month], name)) for month in (of.last, of.first))
        yield Key(label, "report-sales", SUM, now, before)
    counted = [breakdowns.active_agents(db, each, of.today) for each in mine]
    active = Figure(sum(each[1][30] for each in counted), sum(each[0] for each in counted))
    yield Key(phrase("Agents active in 30 days"), "report-agents", SHARE, active, None)


def _of_messages(db: Connection, visit: Visit, of: Asked) -> Iterator[Key]:
    rows = by_month.kept(db, of.programme.id, of.first, of.last)
    now, before = (reports_messages.tally([row for row in rows if row.month == month]) for month in (of.last, of.first))
    yield Key(phrase("Messages"), "report-messages", COUNT, now.messages, before.messages)
    yield Key(phrase("Messages delivered"), "report-messages", SHARE, now.delivered, before.delivered)
    costs = [reports_messages.cost(visit, each.prices) for each in (now, before)]
    yield Key(phrase("Cost of messages"), "report-messages", TEXT, *costs)
