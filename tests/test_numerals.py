"""Bangla digits and ASCII digits, one for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales.numerals import BANGLA
from locales.numerals import LATIN
from locales.numerals import to_bangla
from locales.numerals import to_latin

PAIRS = [
    ("", ""),
    ("0123456789", "০১২৩৪৫৬৭৮৯"),
    ("9,99,999.99", "৯,৯৯,৯৯৯.৯৯"),
    ("-5", "-৫"),
    ("0123", "০১২৩"),
    ("12 নভেম্বর", "১২ নভেম্বর"),
]


@pytest.mark.parametrize(("latin", "bangla"), PAIRS)
def test_digits_change_and_nothing_else(latin: str, bangla: str) -> None:
    assert (to_bangla(latin), to_latin(bangla)) == (bangla, latin)


@pytest.mark.parametrize("foreign", ["٣", "३", "３", "³", "Ⅲ"])
def test_digits_of_other_scripts_are_left_alone(foreign: str) -> None:
    assert (to_bangla(foreign), to_latin(foreign)) == (foreign, foreign)


@given(st.text())
def test_there_and_back(text: str) -> None:
    assert to_latin(to_bangla(text)) == to_latin(text)
    assert to_bangla(to_latin(text)) == to_bangla(text)
    assert not set(to_bangla(text)) & set(LATIN)
    assert not set(to_latin(text)) & set(BANGLA)
    assert len(to_bangla(text)) == len(text)
