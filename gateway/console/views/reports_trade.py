"""Reports about goods: what hubs and their agents sold and earned, and which agents are active."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from gateway.console import charts
from gateway.console.charts import Chart
from gateway.console.charts import Series
from gateway.console.shape import Visit
from gateway.console.views.reporting import COUNT
from gateway.console.views.reporting import SHARE
from gateway.console.views.reporting import SUM
from gateway.console.views.reporting import Asked
from gateway.console.views.reporting import Column
from gateway.console.views.reporting import Part
from gateway.console.views.reporting import Report
from gateway.console.views.reporting import Row
from gateway.console.views.reporting import asked
from gateway.console.views.reporting import hubs_chosen
from gateway.console.views.reporting import month_said
from gateway.console.views.reports_groups import money_chart
from ledger import breakdowns
from ledger import month_series
from ledger import months
from ledger.breakdowns import BANDS
from ledger.indicators import Figure
from ledger.month_series import Trade
from locales import phrase

HUBS, AGENTS = phrase("Sold by hubs to agents"), phrase("Sold by agents to customers")
SALES, COST, PROFIT = phrase("Sales"), phrase("Cost of goods"), phrase("Profit")
CHARGES, COMMISSION, LOST = phrase("Service charges"), phrase("Commission"), phrase("Goods lost")

MEANINGS = (
    (
        HUBS,
        phrase("Orders delivered to agents in the month at their prices, less goods that came back; phones sold too."),
    ),
    (AGENTS, phrase("Sales that agents recorded in the month, in cash and on credit, less sales that were undone.")),
    (
        PROFIT,
        phrase(
            "Sales, for hubs with the service charges of phones paid by instalments, less the cost of the goods sold."
            " Commission and lost goods stand beside it and are not taken off."
        ),
    ),
    (COMMISSION, phrase("What hubs gave their agents for deliveries; agents have it once it is paid or set off.")),
)

_BANDS = {
    7: phrase("Active in 7 days"),
    30: phrase("Active in 30 days"),
    90: phrase("Active in 90 days"),
}


def _rows(visit: Visit, of: Asked, values: Mapping[int, Sequence[int]]) -> list[Row]:
    return [
        Row(
            month_said(visit.words, month),
            [of.money(value) for value in values[month]],
            f"{months.first_day(month):%Y-%m}",
        )
        for month in reversed(of.months)
    ]


def _drawn(visit: Visit, of: Asked, found: Mapping[int, Trade], key: str) -> Any:
    series = [(SALES, [each.sales for each in found.values()]), (PROFIT, [each.profit for each in found.values()])]
    return charts.columns(money_chart(visit, of, phrase("Sales and profit"), series), key)


def sales(db: Connection, visit: Visit) -> Report:
    """Sales and profit by month: of hubs, and of their agents."""
    of = asked(db, visit)
    mine, hub = hubs_chosen(db, visit)
    ids = [each.id for each in mine if hub in (None, each.id)]
    sold, resold = (read(db, ids, of.first, of.last) for read in (month_series.hubs, month_series.shops))
    hub_columns = [Column(each, SUM) for each in (SALES, CHARGES, COST, PROFIT, COMMISSION, LOST)]
    shop_columns = [column for column in hub_columns if column.label != CHARGES]
    at_hubs = {
        month: [each.sales, each.charges, each.cost, each.profit, each.commission, each.lost]
        for month, each in sold.items()
    }
    at_shops = {
        month: [each.sales, each.cost, each.profit, each.commission, each.lost] for month, each in resold.items()
    }
    parts = (
        Part(HUBS, hub_columns, _rows(visit, of, at_hubs), [_drawn(visit, of, sold, "hubs")]),
        Part(AGENTS, shop_columns, _rows(visit, of, at_shops), [_drawn(visit, of, resold, "shops")]),
    )
    links: list[tuple[str, str, Mapping[str, Any]]] = [
        ("orders", phrase("The orders, one by one"), {}),
        ("agents", phrase("The agents, one by one"), {}),
        ("report-agents", phrase("Which agents are active"), {"hub": hub} if hub else {}),
    ]
    return Report(of, parts, MEANINGS, hubs=mine, hub=hub, links=links)


def agents(db: Connection, visit: Visit) -> Report:
    """How many agents of each hub did something in the last days."""
    of = asked(db, visit)
    mine, hub = hubs_chosen(db, visit)
    counted = {each.id: breakdowns.active_agents(db, each, of.today) for each in mine if hub in (None, each.id)}
    rows = [
        Row(
            each.names.written(visit.words.language),
            [counted[each.id][0], *counted[each.id][1].values(), Figure(counted[each.id][1][30], counted[each.id][0])],
            page="report-idle",
            args={"hub": each.id, "days": 30},
        )
        for each in mine
        if each.id in counted
    ]
    everyone = sum(each[0] for each in counted.values())
    totals = [sum(each[1][days] for each in counted.values()) for days in BANDS]
    if len(rows) > 1:
        together = [everyone, *totals, Figure(totals[BANDS.index(30)], everyone)]
        rows.append(Row(visit.words.say(phrase("All hubs")), together))
    columns = (
        Column(phrase("Agents"), COUNT),
        *(Column(each, COUNT) for each in _BANDS.values()),
        Column(phrase("Share active in 30 days"), SHARE),
    )
    part = Part(phrase("Active agents"), columns, rows, [_bands(visit, everyone, totals)], first=phrase("Hub"))
    meanings = [
        (
            phrase("Active"),
            phrase("Part: agents with an order or a sale in the last days, today's included. Whole: all agents."),
        )
    ]
    links = [
        ("report-idle", phrase("The agents who are idle, one by one"), {"days": 30, **({"hub": hub} if hub else {})})
    ]
    return Report(of, (part,), meanings, hubs=mine, hub=hub, links=links, period="")


def _bands(visit: Visit, everyone: int, totals: Sequence[int]) -> Any:
    say = visit.words.say
    labels = [say(phrase("All agents")), *(say(each) for each in _BANDS.values())]
    chart = Chart(
        say(phrase("Active agents")),
        say(phrase("How many agents ordered or sold something. The table has the same figures.")),
        labels,
        [Series("", [everyone, *totals])],
        visit.words.number,
    )
    return charts.bars(chart, "agents")
