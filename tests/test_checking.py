"""Checking a receipt by its code: what is read out, and who tries too often."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select

from gateway.backend import Database
from ledger import checking
from ledger import facts
from ledger import programmes
from ledger import receipts
from ledger import reversals
from ledger import sales
from ledger import savings
from ledger.checking import Checked
from ledger.checking import code_try_table
from ledger.receipts import receipt_table
from ledger.tables import Names

SHARED, AYESHA, STRANGER = "+8801711000001", "+8801711000002", "+8801799999999"
MINUTE = timedelta(minutes=1)
WRONG = [receipts.completed(f"ZZZZ{letter}") for letter in "ABCDEFGH"]


def codes_of(db: Connection) -> list[str]:
    return list(
        db.execute(select(receipt_table.c.code).order_by(receipt_table.c.book, receipt_table.c.entry)).scalars()
    )


@BOTH
def test_the_record_behind_a_code(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    world.stock(db, world.rahima.shop, (world.soap, 10, 400_00))
    savings.deposit(db, world.ayesha, taka(50), world.origin())
    sales.record(db, world.rahima, world.basket("2 soap @ 55"), world.origin())
    saved_code, sold_code = codes_of(db)
    shapla = Names("শাপলা", "Shapla")
    for number in (SHARED, AYESHA, STRANGER):
        assert checking.check(db, number, saved_code, NOON) == Checked(
            saved_code, "saving.deposit", taka(50), DAY, shapla, False
        )
        assert checking.check(db, number, sold_code, NOON) == Checked(sold_code, "sale", taka(110), DAY, shapla, False)
    entry = db.execute(select(receipt_table.c.entry).where(receipt_table.c.code == sold_code)).scalar_one()
    reversals.reverse(db, world.rahima.shop.id, entry, "a mistake", replace(world.origin(), actor="the hub"))
    checked = checking.check(db, SHARED, sold_code, NOON)
    assert checked is not None
    assert checked.undone
    assert findings(db) == []


@BOTH
@pytest.mark.parametrize("code", ["", "A", "A7K2M", "0OI1LL", "ZZZZZA", "সাবান", "' OR 1=1", *WRONG[:1]])
def test_a_wrong_code_is_no_receipt(db: Connection, codes: Callable[[], str], code: str) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.ayesha, taka(50), world.origin())
    assert checking.check(db, SHARED, checking.typed(code), NOON) is None
    assert findings(db) == []


def test_a_code_as_it_is_typed() -> None:
    typed = {"a7k2m9": "A7K2M9", " A7K 2M9 ": "A7K2M9", "A7K-2M9.": "A7K2M9", "": ""}
    assert {text: checking.typed(text) for text in typed} == typed


@BOTH
def test_her_phone_asks_her_programme_and_a_stranger_s_all(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    other = programmes.start(db, "Another")
    assert checking.programmes(db, SHARED) == [world.programme.id]
    assert checking.programmes(db, STRANGER) == [world.programme.id, other.id]
    savings.deposit(db, world.ayesha, taka(50), world.origin())
    (code,) = codes_of(db)
    assert checking.check(db, SHARED, code, NOON, within=[other.id]) is None
    assert checking.check(db, SHARED, code, NOON, within=[world.programme.id]) is not None
    assert findings(db) == []


@BOTH
def test_five_wrong_ones_an_hour_from_one_number(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.ayesha, taka(50), world.origin())
    (right,) = codes_of(db)
    steps = [
        (0, SHARED, WRONG[0], "none"),
        (1, SHARED, right, "found"),
        (2, SHARED, WRONG[1], "none"),
        (3, SHARED, WRONG[0], "none"),
        (4, SHARED, WRONG[2], "none"),
        (5, SHARED, right, "found"),
        (6, SHARED, WRONG[3], "none"),
        (7, SHARED, right, "too-many-codes wrong=5"),
        (8, SHARED, WRONG[4], "too-many-codes wrong=5"),
        (9, AYESHA, right, "found"),
        # An hour after the first wrong one, not after the last.
        (59, SHARED, right, "too-many-codes wrong=5"),
        (60, SHARED, right, "found"),
        (61, SHARED, WRONG[0], "none"),
    ]
    for minutes, number, code, said in steps:
        found: list[object] = []

        def look(number: str = number, code: str = code, minutes: int = minutes, found: list[object] = found) -> None:
            found.append(checking.check(db, number, code, NOON + minutes * MINUTE))

        refused = refusal(db, look)
        assert (refused if refused != "done" else "found" if found[0] else "none") == said, minutes
    checking.forget(db, NOON + 119 * MINUTE)
    assert db.execute(select(code_try_table.c.number)).scalars().all() == [SHARED]
    checking.forget(db, NOON + 120 * MINUTE)
    assert db.execute(select(code_try_table.c.number)).scalars().all() == []
    assert findings(db) == []


@BOTH
def test_many_at_once_cannot_try_more_often(database: Database) -> None:
    def one(number: int) -> str:
        with database.writing(60) as db:
            facts.start(db)
            return refusal(db, lambda: checking.check(db, STRANGER, WRONG[number % len(WRONG)], NOON))

    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(one, range(12)))
    assert said == ["done"] * 5 + ["too-many-codes wrong=5"] * 7
    with database.reading() as db:
        assert findings(db) == []
