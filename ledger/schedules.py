"""Loan schedules: pure arithmetic in minor units and exact fractions, no database.

The rules are those of the books' design, section 5: equal instalments, equal or fixed parts of the principal, flat
interest, the day counts that lenders use, the passbook rule of village groups and what closes a loan early.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields
from datetime import date
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from ledger.money import half_even

MOST = 1_000
"""Instalments a loan may have: daily ones for nearly three years, weekly ones for nineteen."""

PER_YEAR = {"day": 365, "week": 52, "month": 12, "year": 1}
"""Nominal conversion of rates and periods: a year is 365 days, or 52 weeks, or 12 months."""

DAY_COUNTS = ("nominal", "actual/365", "7/364", "7/365", "15/360", "30/360")
"""How a period becomes a part of a year: by PER_YEAR, by its real days, or as days of a fixed year as in Fineract."""

_PIECES = {"7/364": (7, 364), "7/365": (7, 365), "15/360": (15, 360), "30/360": (1, 360)}
"""The days a period must be a whole number of, and the days of the year; only 30/360 says how long a month is."""

_DAYS = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True, slots=True)
class Every:
    """The distance between instalments: `count` of "day", "week" or "month"."""

    count: int
    unit: str

    def __str__(self) -> str:
        """As it is typed: 1month, 2weeks."""
        return f"{self.count}{self.unit}{'s' if self.count > 1 else ''}"

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
    """What a schedule is made from: principal in minor units, the rate, how many instalments, how often, which method.

    `method` is a key of METHODS; instalment k falls k periods after `disbursed`, or k − 1 after `first_due`.
    `rate` is for one `per`: "period", or "day", "week", "month", "year", which `day_count` turns into that of a period.
    The first `grace` instalments are interest only. `share` is the part of the principal that an instalment pays, where
    the method takes one. Every amount is rounded half-even to `unit` minor units, the last one takes the rest.
    `order` says what a payment clears first, `rebate` which part of the later interest an early close forgives.
    """

    principal: int
    rate: Fraction
    instalments: int
    every: Every
    method: str
    disbursed: date
    first_due: date | None = None
    per: str = "period"
    day_count: str = "nominal"
    grace: int = 0
    share: Fraction | None = None
    unit: int = 1
    order: str = "oldest-first"
    rebate: Fraction = Fraction(1)

    @property
    def paying(self) -> int:
        """How many instalments pay principal."""
        return self.instalments - self.grace


ORDERS = ("oldest-first", "interest-first")
"""What a payment clears first: the oldest instalment, in it fine, interest, principal; or all interest that is due."""

PASSBOOK = "passbook"
"""The method of village groups: no plan but the day by which it should be back, interest by `passbook_interest`."""


def written(terms: Terms) -> str:
    """Terms as a line of JSON that `read` takes back; fractions and days as text."""
    values = {each.name: getattr(terms, each.name) for each in fields(terms)}
    values["every"] = [terms.every.count, terms.every.unit]
    return json.dumps(values, sort_keys=True, default=str)


def read(text: str) -> Terms:
    """The terms that `written` wrote."""
    values = json.loads(text)
    for name in ("rate", "share", "rebate"):
        values[name] = None if values[name] is None else Fraction(values[name])
    for name in ("disbursed", "first_due"):
        values[name] = None if values[name] is None else date.fromisoformat(values[name])
    return Terms(**values | {"every": Every(*values["every"])})


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned instalment: number from 1, due day, principal, interest and the balance after it in minor units."""

    number: int
    due: date
    principal: int
    interest: int
    balance: int

    @property
    def sum(self) -> int:
        """What she pays, in minor units."""
        return self.principal + self.interest


def schedule(terms: Terms) -> list[Planned]:
    """The instalments of a loan; their principals add up to the loan to the poisha. ValueError for impossible terms."""
    for fault in _faults(terms):
        raise ValueError(fault)
    if terms.method == PASSBOOK:
        return [Planned(1, due_days(terms)[-1], terms.principal, 0, 0)]
    rows, balance = [], terms.principal
    parts = METHODS[terms.method](terms, period_rates(terms))
    for number, (due, (principal, interest)) in enumerate(zip(due_days(terms), parts, strict=True), 1):
        balance -= principal
        rows.append(Planned(number, due, principal, interest, balance))
    _check(terms, rows)
    return rows


def due_days(terms: Terms) -> list[date]:
    """The day of each instalment; months step from the first day, not from the last: 31 Jan, 28 Feb, 31 Mar."""
    start, shift = (terms.first_due, 0) if terms.first_due else (terms.disbursed, 1)
    try:
        return [terms.every.after(start, index + shift) for index in range(terms.instalments)]
    except (OverflowError, ValueError):
        raise ValueError("the last instalment would fall due after the year 9999") from None


def period_rates(terms: Terms) -> list[Fraction]:
    """The exact rate of each instalment's period; only actual/365 looks at the calendar."""
    if terms.per == "period":
        return [terms.rate] * terms.instalments
    annual = terms.rate * PER_YEAR[terms.per]
    if terms.day_count == "actual/365":
        days = pairwise([terms.disbursed, *due_days(terms)])
        return [annual * (end - start).days / 365 for start, end in days]
    return [annual * part_of_year(terms.every, terms.day_count)] * terms.instalments


def part_of_year(every: Every, day_count: str) -> Fraction:
    """A period as a part of a year: 2 weeks are 2/52, or 14/364 by 7/364. ValueError where the two do not fit."""
    if day_count == "nominal":
        return Fraction(every.count, PER_YEAR[every.unit])
    piece, year = _PIECES[day_count]
    days = every.count * _DAYS[every.unit]
    if days % piece or (every.unit == "month" and day_count != "30/360"):
        raise ValueError(f"the day count {day_count} does not fit instalments every {every}")
    return Fraction(days, year)


def _faults(terms: Terms) -> Iterator[str]:
    """What is wrong with the terms, a sentence each, before anything is calculated."""
    if terms.principal <= 0 or terms.instalments < 1 or terms.rate < 0:
        yield "a loan needs a principal, an instalment and no negative rate"
    if terms.instalments > MOST:
        yield f"a loan has at most {MOST} instalments"
    if terms.method not in (*METHODS, PASSBOOK) or terms.day_count not in DAY_COUNTS:
        yield "instalments know no such method or day count"
    if terms.order not in ORDERS or not 0 <= terms.rebate <= 1:
        yield "payments know no such order, or the rebate is no part of the interest"
    if terms.every.unit not in _DAYS or terms.per not in ("period", *PER_YEAR):
        yield "instalments and rates know no such time"
    if terms.every.count < 1 or terms.unit < 1:
        yield "the time between instalments and the unit of rounding must be more than zero"
    if terms.first_due and terms.first_due <= terms.disbursed:
        yield "the first instalment must fall due after the day of disbursement"
    if not 0 <= terms.grace < terms.instalments:
        yield "at least one instalment must pay principal: the grace must be shorter than the loan"
    if terms.per == "period" and terms.day_count != "nominal":
        yield "a rate that is already that of a period takes no day count"
    yield from _share_faults(terms)


def _share_faults(terms: Terms) -> Iterator[str]:
    if terms.share is None:
        if terms.method == "declining-fixed-principal":
            yield f"{terms.method} needs the percent of the principal that each instalment pays"
    elif terms.method not in ("declining-fixed-principal", "flat"):
        yield f"{terms.method} takes no percent of the principal"
    elif not 0 < terms.share <= 1:
        yield "an instalment pays more than 0 and at most 100 percent of the principal"


def _check(terms: Terms, rows: Sequence[Planned]) -> None:
    """Refuse what rounding has made impossible; a loan that closes before its last instalment most of all."""
    last = rows[-1]
    if last.principal <= 0:
        raise ValueError("the earlier instalments pay the whole loan before the last: take a smaller unit or percent")
    if min(row.principal for row in rows[terms.grace :]) <= 0:
        raise ValueError("rounded, an instalment pays no principal: take a smaller unit or fewer instalments")
    if last.interest < 0:
        raise ValueError("rounded, the earlier instalments pay more than the whole interest: take a smaller unit")


Parts = Iterable[tuple[int, int]]
"""Principal and interest of each instalment, in minor units."""


def _equal_instalment(terms: Terms, rates: list[Fraction]) -> Parts:
    """Declining balance, equal instalments: E, in it the interest on the balance; the last principal is the balance."""
    equal = half_even(terms.principal / _annuity(rates[terms.grace :]), terms.unit)
    if equal <= half_even(terms.principal * rates[terms.grace], terms.unit):
        raise ValueError("the rounded instalment does not pay more than its interest")
    balance = terms.principal
    for number, rate in enumerate(rates, 1):
        interest = half_even(balance * rate, terms.unit)
        paid = 0 if number <= terms.grace else equal - interest
        principal = balance if number == len(rates) else paid
        balance -= principal
        yield principal, interest


def _annuity(rates: Iterable[Fraction]) -> Fraction:
    """What 1 at the end of every period is worth today: (1 − (1+i)^−n) / i where all rates are the same i, n where 0.

    Real days make the rates differ; then this keeps the instalments equal still.
    """
    # Fractions would look for common divisors at every step; a thousand steps want whole numbers.
    top, bottom = 0, 1
    for rate in reversed(list(rates)):
        top = (top + bottom) * rate.denominator
        bottom *= rate.denominator + rate.numerator
    return Fraction(top, bottom)


def _even_principal(terms: Terms, rates: list[Fraction]) -> Parts:
    """Declining balance: parts of the principal that are the same but for the last, and interest on the balance."""
    balance = terms.principal
    for principal, rate in zip(_principals(terms), rates, strict=True):
        yield principal, half_even(balance * rate, terms.unit)
        balance -= principal


def _flat(terms: Terms, rates: list[Fraction]) -> Parts:
    """Interest on the whole principal for the whole time, in parts that are the same but for the last."""
    whole = half_even(terms.principal * sum(rates), terms.unit)
    each = half_even(Fraction(whole, terms.instalments), terms.unit)
    return zip(_principals(terms), _and_rest(whole, each, terms.instalments), strict=True)


def _principals(terms: Terms) -> list[int]:
    share = terms.share or Fraction(1, terms.paying)
    return [0] * terms.grace + _and_rest(terms.principal, half_even(terms.principal * share, terms.unit), terms.paying)


def _and_rest(whole: int, each: int, count: int) -> list[int]:
    return [each] * (count - 1) + [whole - each * (count - 1)]


METHODS: dict[str, Callable[[Terms, list[Fraction]], Parts]] = {
    "declining-equal-instalment": _equal_instalment,
    "declining-equal-principal": _even_principal,
    "declining-fixed-principal": _even_principal,
    "flat": _flat,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A payment by the passbook rule: its day, principal and interest paid, what is owed after it, in minor units."""

    on: date
    principal: int
    interest: int
    balance: int


def monthly(terms: Terms) -> Fraction:
    """The rate of a month, for the passbook rule; a rate that is already that of a period counts as a month's."""
    return terms.rate if terms.per == "period" else terms.rate * PER_YEAR[terms.per] / 12


def passbook_interest(balance: int, rate: Fraction, last: date, on: date, unit: int = 1) -> int:
    """Interest of a village loan: `rate` a month on the opening balance, for the calendar months since the last time.

    Meeting days move about, so a month counts once the calendar says the next one; a missed month still accrues.
    """
    months = (on.year - last.year) * 12 + on.month - last.month
    return half_even(balance * rate * months, unit)


def passbook(
    principal: int, rate: Fraction, lent: date, payments: Iterable[tuple[date, int]], unit: int = 1
) -> list[Visit]:
    """A loan by the passbook rule from the day and the principal of each payment; she pays the interest beside it."""
    visits, balance, last = [], principal, lent
    for on, paid in payments:
        if on < last or not 0 <= paid <= balance:
            raise ValueError("payments follow each other and pay no more principal than is owed")
        interest = passbook_interest(balance, rate, last, on, unit)
        balance, last = balance - paid, on
        visits.append(Visit(on, paid, interest, balance))
    return visits


def early_close(
    rows: Sequence[Planned],
    on: date,
    principal_paid: int = 0,
    interest_paid: int = 0,
    rebate: Fraction | int = 1,
    unit: int = 1,
) -> tuple[int, int]:
    """Principal and interest that close a loan on a day: all principal left, interest to the end of that day's period.

    `rebate` is the part of the later interest that is forgiven: all of it for a declining loan, for a flat one what the
    product says. Interest that she has paid ahead counts; it is never given back.
    """
    if not 0 <= rebate <= 1:
        raise ValueError("a rebate is a part of the interest, from 0 to 1")
    begun = 1 + sum(row.due < on for row in rows)
    due, later = (sum(row.interest for row in part) for part in (rows[:begun], rows[begun:]))
    interest = due + half_even(later * (1 - rebate), unit) - interest_paid
    return sum(row.principal for row in rows) - principal_paid, max(0, interest)
