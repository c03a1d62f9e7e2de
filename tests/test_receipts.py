"""Receipts: codes that anybody can check, and one wrong or two swapped characters show."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from conftest import BOTH
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import DAY
from ledger_world import open_world
from ledger_world import taka
from sqlalchemy import Connection

from ledger import receipts
from ledger import savings
from ledger.receipts import LETTERS
from ledger.receipts import Receipt

BODIES = st.text(LETTERS, min_size=5, max_size=5)


def test_the_letters_cannot_be_mistaken_for_each_other() -> None:
    assert len(set(LETTERS)) == 32
    assert set("0O1I") & set(LETTERS) == set()


@pytest.mark.parametrize("code", ["", "22222", "2222222", "222220", "abcdef", "22223A", "২২২২২২"])
def test_what_cannot_be_a_code(code: str) -> None:
    assert not receipts.well_formed(code)


@given(BODIES, st.integers(0, 5), st.sampled_from(LETTERS))
def test_one_wrong_character_shows(body: str, place: int, letter: str) -> None:
    code = body + receipts.check_character(body)
    assert receipts.well_formed(code)
    wrong = code[:place] + letter + code[place + 1 :]
    assert receipts.well_formed(wrong) == (wrong == code)


@given(BODIES)
def test_two_swapped_characters_show(body: str) -> None:
    code = body + receipts.check_character(body)
    for one, other in combinations(range(6), 2):
        swapped = list(code)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert receipts.well_formed("".join(swapped)) == (code[one] == code[other])


@BOTH
def test_a_receipt_says_kind_sum_and_day(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    entry = savings.deposit(db, world.ayesha, taka(50), world.origin())
    told = db.info["facts"][-1]
    assert receipts.of_entry(db, entry) == Receipt(told.code, "saving.deposit", taka(50), DAY)
    assert receipts.well_formed(told.code)


@BOTH
def test_a_code_that_is_taken_is_drawn_again(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    drawn = iter(["AAAAAA", "AAAAAA", "AAAAAA", "BBBBBB"])
    world.codes = lambda: next(drawn)
    for _ in range(2):
        savings.deposit(db, world.ayesha, taka(50), world.origin())
    assert [each.code for each in db.info["facts"]] == ["AAAAAA", "BBBBBB"]


def test_an_entry_without_a_receipt(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    entry = savings.deposit(db, world.ayesha, taka(50), world.origin())
    assert receipts.of_entry(db, type(entry)(entry.book, 99, "")) is None
