"""Loan schedules: the worked example to the poisha, days that step right, sums that add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.schedules import schedule

MONTH = Every(1, "month")
METHODS = ["declining-equal-instalment", "declining-equal-principal", "flat"]
TERMS = Terms(12_000_00, Fraction(2, 100), 4, MONTH, "declining-equal-instalment", date(2011, 9, 20))


def table(terms: Terms) -> list[str]:
    """Each instalment as a passbook shows it: day, principal + interest, in poisha."""
    return [f"{each.due}: {each.principal:,} + {each.interest:,}" for each in schedule(terms)]


def test_the_worked_example_of_the_books() -> None:
    assert table(TERMS) == [
        "2011-10-20: 291,149 + 24,000",
        "2011-11-20: 296,972 + 18,177",
        "2011-12-20: 302,911 + 12,238",
        "2012-01-20: 308,968 + 6,179",
    ]
    rows = schedule(TERMS)
    assert sum(row.interest for row in rows) == 60_594
    assert rows[0].sum - rows[-1].sum == 2


def test_flat() -> None:
    assert table(replace(TERMS, principal=1_000_00, method="flat", instalments=3, rate=Fraction(1, 100))) == [
        "2011-10-20: 33,333 + 1,000",
        "2011-11-20: 33,333 + 1,000",
        "2011-12-20: 33,334 + 1,000",
    ]


@pytest.mark.parametrize("method", METHODS)
def test_a_loan_for_nothing_and_one_instalment(method: str) -> None:
    terms = replace(TERMS, method=method, principal=10, instalments=3)
    assert table(replace(terms, rate=Fraction(0)))[-1] == "2011-12-20: 4 + 0"
    assert table(replace(terms, principal=100_00, instalments=1)) == ["2011-10-20: 10,000 + 200"]


@pytest.mark.parametrize(
    ("every", "start", "days"),
    [
        (MONTH, "2026-01-31", "2026-02-28 2026-03-31 2026-04-30 2026-05-31"),
        (MONTH, "2027-12-31", "2028-01-31 2028-02-29 2028-03-31"),
        (Every(2, "month"), "2026-11-30", "2027-01-30 2027-03-30 2027-05-30"),
        (Every(1, "week"), "2026-12-24", "2026-12-31 2027-01-07"),
        (Every(2, "week"), "2026-11-22", "2026-12-06 2026-12-20"),
        (Every(15, "day"), "2028-02-20", "2028-03-06 2028-03-21"),
    ],
)
def test_instalments_step_from_the_first_day_not_from_the_last(every: Every, start: str, days: str) -> None:
    expected = [date.fromisoformat(day) for day in days.split()]
    terms = replace(TERMS, every=every, disbursed=date.fromisoformat(start), instalments=len(expected))
    assert [each.due for each in schedule(terms)] == expected
    later = schedule(replace(terms, disbursed=date(2020, 1, 1), first_due=expected[0]))
    assert later[0].due == expected[0]


def test_a_first_day_of_its_own_is_where_months_step_from() -> None:
    rows = schedule(replace(TERMS, disbursed=date(2026, 1, 20), first_due=date(2026, 1, 31)))
    assert [str(row.due) for row in rows] == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


@pytest.mark.parametrize(
    "terms",
    [
        replace(TERMS, principal=0),
        replace(TERMS, principal=-1),
        replace(TERMS, instalments=0),
        replace(TERMS, rate=Fraction(-1, 100)),
        # the equal instalment rounds to nothing beside its interest
        replace(TERMS, principal=2, rate=Fraction(1, 2), instalments=9),
        # rounded instalments would pay more than the loan
        replace(TERMS, principal=3, rate=Fraction(0), instalments=5),
        replace(TERMS, principal=3, rate=Fraction(0), instalments=5, method="flat"),
        # and more than its interest: Tk 12.22 in 52 parts
        replace(TERMS, principal=100_00, rate=Fraction(1222, 52 * 100_00), instalments=52, method="flat"),
    ],
)
def test_impossible_terms(terms: Terms) -> None:
    with pytest.raises(ValueError, match="instalment"):
        schedule(terms)


@given(
    principal=st.integers(1, 10**9),
    rate=st.fractions(0, Fraction(1, 5), max_denominator=36500),
    instalments=st.integers(1, 60),
    every=st.sampled_from([MONTH, Every(1, "week"), Every(2, "week"), Every(1, "day")]),
    method=st.sampled_from(METHODS),
    disbursed=st.dates(date(2020, 1, 1), date(2060, 1, 1)),
)
def test_every_schedule_pays_exactly_the_loan(
    principal: int, rate: Fraction, instalments: int, every: Every, method: str, disbursed: date
) -> None:
    try:
        rows = schedule(Terms(principal, rate, instalments, every, method, disbursed))
    except ValueError:
        return
    assert [row.number for row in rows] == list(range(1, instalments + 1))
    assert sum(row.principal for row in rows) == principal
    assert min(row.principal for row in rows) > 0
    assert min(row.interest for row in rows) >= 0
    assert [row.due for row in rows] == sorted({row.due for row in rows})
    assert rows[0].due > disbursed
    assert [row.balance for row in rows][-1] == 0
    # all but the last are the same: what she pays, or the principal in it
    assert len({row.sum if method == METHODS[0] else row.principal for row in rows[:-1]}) <= 1
