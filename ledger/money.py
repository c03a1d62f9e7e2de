"""Money: an integer number of minor units (poisha, paisa) in one currency; never a float."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An exact sum: `minor` hundredths of `currency` (ISO 4217), negative allowed."""

    minor: int
    currency: str = "BDT"

    def __add__(self, other: Money) -> Money:
        """Add a sum of the same currency; another one is a ValueError."""
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        """Subtract a sum of the same currency; another one is a ValueError."""
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        """Less than a sum of the same currency; another one is a ValueError."""
        return self.minor < self._same(other)

    def __neg__(self) -> Money:
        """The same sum owed the other way."""
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> Money:
        """The sum taken a whole number of times."""
        return Money(self.minor * times, self.currency)

    def __bool__(self) -> bool:
        """False for nothing at all."""
        return self.minor != 0

    def __str__(self) -> str:
        """`BDT 1234.50`, for logs and checks, never for a screen."""
        sign = "-" if self.minor < 0 else ""
        return f"{self.currency} {sign}{abs(self.minor) // 100}.{abs(self.minor) % 100:02d}"

    def split(self, parts: int) -> list[Money]:
        """Cut into `parts` sums that differ by at most one minor unit and add up to the whole."""
        share, rest = divmod(self.minor, parts)
        return [Money(share + (1 if part < rest else 0), self.currency) for part in range(parts)]

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.minor


def total(sums: Iterable[Money], currency: str) -> Money:
    """Add up sums of one currency; nothing at all is zero of that currency."""
    result = Money(0, currency)
    for each in sums:
        result += each
    return result


def half_even(value: Fraction | int, unit: int = 1) -> int:
    """Round to a multiple of `unit` minor units, halves to the even one."""
    return round(Fraction(value) / unit) * unit


def apportion(whole: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Share minor units out by weights (none below zero), by largest remainder: to the poisha, no one off by a whole.

    What rounding down leaves goes, one each, to the largest fractions; among equal ones to the lowest id. A sum below
    zero is shared out as the same sum above it. ValueError when there is something to share and nothing to go by.
    """
    if whole < 0:
        return {key: -share for key, share in apportion(-whole, weights).items()}
    everything = sum(weights.values())
    if min(weights.values(), default=0) < 0 or (whole and not everything):
        raise ValueError("a sum is shared out by weights that are not below zero and not all nothing")
    parts = {key: divmod(whole * weight, everything or 1) for key, weight in weights.items()}
    rest = whole - sum(share for share, _ in parts.values())
    first = set(sorted(parts, key=lambda key: (-parts[key][1], key))[:rest])
    return {key: share + (key in first) for key, (share, _) in parts.items()}
