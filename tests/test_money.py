"""Money: exact, of one currency, split without loss."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from ledger.money import half_even
from ledger.money import total

MINOR = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("minor", "shown"),
    [(0, "BDT 0.00"), (5, "BDT 0.05"), (-5, "BDT -0.05"), (123450, "BDT 1234.50"), (-123456789, "BDT -1234567.89")],
)
def test_a_sum_is_written_for_logs(minor: int, shown: str) -> None:
    assert str(Money(minor)) == shown


def test_sums_add_up() -> None:
    assert Money(150) + Money(75) - Money(25) == Money(200)
    assert -Money(5) * 3 == Money(-15)
    assert bool(Money(-1))
    assert not Money(0)
    assert Money(1) < Money(2) <= Money(2) < max(Money(3), Money(1))
    assert total([Money(1), Money(2)], "BDT") == Money(3)
    assert total([], "INR") == Money(0, "INR")


@pytest.mark.parametrize(
    "act",
    [
        lambda: Money(1) + Money(1, "INR"),
        lambda: Money(1) - Money(1, "INR"),
        lambda: total([Money(1)], "INR"),
        lambda: Money(1) < Money(2, "INR"),
        lambda: max(Money(1), Money(2, "INR")),
    ],
)
def test_other_currencies_do_not_add_up(act: object) -> None:
    with pytest.raises(ValueError, match="do not add up"):
        act()


@pytest.mark.parametrize(
    ("whole", "parts", "each"),
    [
        (1000, 3, [334, 333, 333]),
        (9, 3, [3, 3, 3]),
        (2, 4, [1, 1, 0, 0]),
        (-10, 3, [-3, -3, -4]),
        (7, 1, [7]),
    ],
)
def test_splitting_gives_the_first_parts_the_rest(whole: int, parts: int, each: list[int]) -> None:
    assert [part.minor for part in Money(whole, "INR").split(parts)] == each


@given(MINOR, st.integers(1, 400))
def test_splitting_loses_nothing(whole: int, parts: int) -> None:
    shares = Money(whole).split(parts)
    assert len(shares) == parts
    assert total(shares, "BDT") == Money(whole)
    assert max(shares).minor - min(shares).minor <= 1


@pytest.mark.parametrize(
    ("value", "unit", "rounded"),
    [
        (Fraction(5, 2), 1, 2),
        (Fraction(7, 2), 1, 4),
        (Fraction(-5, 2), 1, -2),
        (Fraction(251, 100), 1, 3),
        (150, 100, 200),
        (250, 100, 200),
        (251, 100, 300),
    ],
)
def test_halves_go_to_the_even_one(value: Fraction, unit: int, rounded: int) -> None:
    assert half_even(value, unit) == rounded


@given(st.fractions(), st.sampled_from([1, 100]))
def test_rounding_is_off_by_half_a_unit_at_most(value: Fraction, unit: int) -> None:
    rounded = half_even(value, unit)
    assert rounded % unit == 0
    assert abs(rounded - value) * 2 <= unit
