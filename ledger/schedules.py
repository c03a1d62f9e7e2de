"""Loan schedules: pure arithmetic in minor units and exact fractions, no database."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from datetime import timedelta
from fractions import Fraction

from ledger.money import half_even


@dataclass(frozen=True, slots=True)
class Every:
    """The distance between instalments: `count` of "day", "week" or "month"."""

    count: int
    unit: str

    def after(self, start: date, times: int) -> date:
        """The day `times` periods after `start`; months keep the day of `start` where the month has it."""
        steps = self.count * times
        if self.unit != "month":
            return start + timedelta(days=steps * (7 if self.unit == "week" else 1))
        years, month = divmod(start.month - 1 + steps, 12)
        year = start.year + years
        return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a schedule is made from: principal in minor units, the rate of one period, how many instalments.

    `method` is a key of METHODS; instalment k falls k periods after `disbursed`, or k − 1 after `first_due`.
    """

    principal: int
    rate: Fraction
    instalments: int
    every: Every
    method: str
    disbursed: date
    first_due: date | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment: its number from 1, due day, principal and interest in minor units."""

    number: int
    due: date
    principal: int
    interest: int

    @property
    def sum(self) -> int:
        """What she pays, in minor units."""
        return self.principal + self.interest


def _equal_instalment(terms: Terms) -> Iterator[tuple[int, int]]:
    """Declining balance, equal instalments E = round(P·i / (1 − (1+i)^−n)); the last principal is the balance."""
    rate, balance = terms.rate, terms.principal
    factor = rate / (1 - (1 + rate) ** -terms.instalments) if rate else Fraction(1, terms.instalments)
    equal = half_even(balance * factor)
    for number in range(1, terms.instalments + 1):
        interest = half_even(balance * rate)
        principal = balance if number == terms.instalments else equal - interest
        if principal <= 0:
            raise ValueError("the instalment does not even pay the interest")
        balance -= principal
        yield principal, interest


def _flat(terms: Terms) -> Iterator[tuple[int, int]]:
    """Interest on the whole principal for the whole time, both in equal parts; the last takes the rest."""
    count = terms.instalments
    whole = half_even(terms.principal * terms.rate * count)
    principal, interest = half_even(Fraction(terms.principal, count)), half_even(Fraction(whole, count))
    for _ in range(count - 1):
        yield principal, interest
    yield terms.principal - principal * (count - 1), whole - interest * (count - 1)


METHODS: dict[str, Callable[[Terms], Iterator[tuple[int, int]]]] = {
    "declining-equal-instalment": _equal_instalment,
    "flat": _flat,
}


def schedule(terms: Terms) -> list[Instalment]:
    """The instalments of a loan; their principals add up to the loan to the poisha. ValueError for impossible terms."""
    if terms.principal <= 0 or terms.instalments < 1 or terms.rate < 0:
        raise ValueError("a loan needs a principal, an instalment and no negative rate")
    rows = METHODS[terms.method](terms)
    start, shift = (terms.first_due, 0) if terms.first_due else (terms.disbursed, 1)
    return [
        Instalment(index + 1, terms.every.after(start, index + shift), principal, interest)
        for index, (principal, interest) in enumerate(rows)
    ]
