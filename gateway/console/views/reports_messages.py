"""The report about messages: what they cost and how many arrived, by month and provider."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from gateway.console import charts
from gateway.console.shape import Visit
from gateway.console.views.reporting import COUNT
from gateway.console.views.reporting import SHARE
from gateway.console.views.reporting import TEXT
from gateway.console.views.reporting import UNITS
from gateway.console.views.reporting import Asked
from gateway.console.views.reporting import Column
from gateway.console.views.reporting import Part
from gateway.console.views.reporting import Report
from gateway.console.views.reporting import Row
from gateway.console.views.reporting import asked
from gateway.console.views.reporting import month_said
from gateway.console.views.reporting import tenths
from gateway.console.views.reports_groups import money_chart
from gateway.console.views.reports_groups import share_chart
from gateway.outbox import ARRIVED
from gateway.outbox import State
from gateway.outbox import by_month
from gateway.outbox.by_month import Sent
from gateway.sms.pricing import UNIT
from ledger import months
from ledger.indicators import Figure
from ledger.money import Money
from ledger.money import half_even
from locales import phrase

DELIVERED = phrase("Delivered")
NOT_SENT = phrase("Not taken by a provider")
OTHERS = phrase("others")
MOST_SERIES = 3

MEANINGS = (
    (
        phrase("Sent"),
        phrase("Messages that were queued in the month, by the provider that took them, or was tried last."),
    ),
    (
        DELIVERED,
        phrase(
            "Part: messages that a receipt says arrived. Whole: messages that a provider took, or said no to; what"
            " still waits here, and what was given up before it was sent, is left out."
        ),
    ),
    (phrase("Cost"), phrase("Parts sent, at the price of our own list when they went; not the provider's bill.")),
)

_GONE = frozenset({*ARRIVED, State.FAILED, State.EXPIRED, State.UNKNOWN, State.UNSURE})
_FAILED = frozenset({State.FAILED, State.EXPIRED})


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages of one provider in one month: all, delivered, failed, in doubt or silent, gone at all; parts and prices.

    Prices are in ten-thousandths, by currency.
    """

    messages: int
    delivered: Figure
    failed: int
    open: int
    parts: int
    prices: Mapping[str, int]


def tally(rows: Sequence[Sent]) -> Tally:
    """Add up rows of one provider and month."""

    def many(states: frozenset[str]) -> int:
        return sum(row.messages for row in rows if row.state in states)

    delivered, failed = many(frozenset({State.DELIVERED})), many(_FAILED)
    prices: dict[str, int] = {}
    for row in rows:
        if row.price:
            prices[row.currency] = prices.get(row.currency, 0) + row.price
    messages = sum(row.messages for row in rows)
    parts = sum(row.parts for row in rows)
    return Tally(messages, Figure(delivered, many(_GONE)), failed, messages - delivered - failed, parts, prices)


def cost(visit: Visit, prices: Mapping[str, int]) -> str:
    """Prices as people read them, to the hundredth; of a currency that the words do not know with its code."""
    said = [
        visit.words.money(Money(_hundredths(price), code)) if code in UNITS else f"{code} {Decimal(price) / UNIT:,.2f}"
        for code, price in sorted(prices.items())
    ]
    return ", ".join(said) or "–"


def _hundredths(price: int) -> int:
    return half_even(Fraction(price * 100, UNIT))


def messages(db: Connection, visit: Visit) -> Report:
    """What messages cost and how many arrived, by month and provider."""
    of = asked(db, visit)
    rows = by_month.kept(db, of.programme.id, of.first, of.last)
    providers = _by_weight(rows)
    found = {
        (month, name): tally(some)
        for month in of.months
        for name in providers
        if (some := [row for row in rows if (row.month, row.provider) == (month, name)])
    }
    columns = (
        Column(phrase("Provider"), TEXT),
        Column(phrase("Messages"), COUNT),
        Column(DELIVERED, COUNT),
        Column(phrase("Share"), SHARE),
        Column(phrase("Failed"), COUNT),
        Column(phrase("Open or unknown"), COUNT),
        Column(phrase("Parts"), COUNT),
        Column(phrase("Cost"), TEXT),
    )
    drawn = [_costs(visit, of, providers, found), _delivered(visit, of, providers, found)]
    part = Part(phrase("Messages by month and provider"), columns, _table(visit, of, providers, found), drawn)
    links: list[tuple[str, str, Mapping[str, Any]]] = [("messages", phrase("The messages, one by one"), {})]
    as_of = by_month.as_of(db, of.programme.id, of.first, of.last)
    return Report(of, (part,), MEANINGS, as_of=as_of, links=links)


def _by_weight(rows: Sequence[Sent]) -> list[str]:
    """The providers, that with the most messages first; what none took comes last."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.provider] = sums.get(row.provider, 0) + row.messages
    return sorted(sums, key=lambda name: (not name, -sums[name], name))


def _table(visit: Visit, of: Asked, providers: Sequence[str], found: Mapping[tuple[int, str], Tally]) -> list[Row]:
    return [
        Row(
            month_said(visit.words, month),
            [
                name or visit.words.say(NOT_SENT),
                each.messages,
                each.delivered.part,
                each.delivered,
                each.failed,
                each.open,
                each.parts,
                cost(visit, each.prices),
            ],
            f"{months.first_day(month):%Y-%m}",
        )
        for month in reversed(of.months)
        for name in providers
        if (each := found.get((month, name)))
    ]


def _minor(of: Asked, each: Tally | None) -> int:
    """What messages cost in minor units of the programme's currency."""
    return _hundredths(each.prices.get(of.programme.currency, 0)) if each else 0


def _costs(visit: Visit, of: Asked, providers: Sequence[str], found: Mapping[tuple[int, str], Tally]) -> Any:
    paid = [name for name in providers if any(_minor(of, found.get((month, name))) for month in of.months)]
    most = MOST_SERIES if len(paid) <= MOST_SERIES else MOST_SERIES - 1
    series = [(name, [_minor(of, found.get((month, name))) for month in of.months]) for name in paid[:most]]
    if paid[most:]:
        rest = [sum(_minor(of, found.get((month, name))) for name in paid[most:]) for month in of.months]
        series.append((OTHERS, rest))
    return charts.columns(money_chart(visit, of, phrase("Cost of messages"), series), "costs")


def _delivered(visit: Visit, of: Asked, providers: Sequence[str], found: Mapping[tuple[int, str], Tally]) -> Any:
    series = [
        (name, [tenths(each.delivered) if (each := found.get((month, name))) else None for month in of.months])
        for name in providers[:4]
        if name
    ]
    return charts.lines(share_chart(visit, of, phrase("Delivered, by provider"), series), "delivered")
