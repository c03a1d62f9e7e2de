"""What SMS cost by our own list: a price for each part, by provider, shown before many are sent."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gateway.settings import Price
from locales.alphabet import measure

UNIT = 10_000
"""Prices are in ten-thousandths of the currency."""


@dataclass(frozen=True)
class Estimate:
    """Texts before they are sent: how many, their parts, and what they would cost by each provider with a price."""

    messages: int
    parts: int
    prices: Mapping[str, Price]


def estimate(texts: Iterable[str], prices: Mapping[str, Price]) -> Estimate:
    """Count texts as they are given, one by one."""
    messages = parts = 0
    for text in texts:
        messages += 1
        parts += measure(text).parts
    return Estimate(messages, parts, {name: Price(each.amount * parts, each.currency) for name, each in prices.items()})


def written(price: Price) -> str:
    """A price as a person reads it: `BDT 0.35`."""
    return f"{price.currency} {Decimal(price.amount) / UNIT:,.2f}" if price.amount else f"{price.currency} 0"
