"""Savings: what a member put into the box of her group, and what she has there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import at_once
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import taka
from sqlalchemy import Connection

from gateway.backend import Database
from ledger import receipts
from ledger import savings
from ledger.errors import Conflict
from ledger.facts import SavingReceived


@BOTH
def test_deposits_of_every_kind(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    ayesha, book = world.ayesha, world.ayesha.group_book
    passbook = ((50, "compulsory"), (20, "voluntary"), (1500, "share"), (50, "compulsory"))
    for week, (amount, kind) in enumerate(passbook):
        savings.deposit(db, ayesha, taka(amount), world.origin(on=DAY + timedelta(weeks=week)), kind)
    savings.deposit(db, world.salma, taka(75), world.origin())
    assert savings.balance(db, ayesha) == taka(1620)
    assert savings.balance(db, world.salma) == taka(75)
    assert savings.balance(db, world.rahima) == taka(0)
    accounts = ("1010", *(f"{code}.{ayesha.id}" for code in (2010, 2020, 2030)))
    assert [each.partition(": ")[2] for each in balances(db, book, *accounts).split(", ")] == [
        *("1695.00", "100.00", "20.00", "1500.00"),
    ]
    assert [f"{each.on} {each.code} {each.change}" for each in savings.last(db, ayesha, 3)] == [
        "2026-12-13 2010 BDT 50.00",
        "2026-12-06 2030 BDT 1500.00",
        "2026-11-29 2020 BDT 20.00",
    ]
    assert findings(db) == []


@BOTH
def test_a_deposit_is_told_with_its_receipt(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.ayesha, taka(1500), world.origin(), "share")
    entry = savings.deposit(db, world.ayesha, taka(50), world.origin())
    code = receipts.of_entry(db, entry).code
    told = SavingReceived(world.ayesha.id, code, world.group.id, taka(50), taka(1550))
    assert db.info["facts"][-1] == told


@BOTH
def test_the_same_deposit_again(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    assert savings.deposit(db, world.ayesha, taka(50), world.origin("one")) is not None
    before = everything(db)
    assert savings.deposit(db, world.ayesha, taka(50), world.origin("one")) is None
    for who, amount, kind in (
        (world.ayesha, 51, "compulsory"),
        (world.ayesha, 50, "share"),
        (world.salma, 50, "compulsory"),
    ):
        with pytest.raises(Conflict):
            savings.deposit(db, who, taka(amount), world.origin("one"), kind)
    assert everything(db) == before
    assert len(db.info["facts"]) == 1


@pytest.mark.parametrize("amount", [0, -50])
def test_nothing_is_no_deposit(db: Connection, codes: Callable[[], str], amount: int) -> None:
    world = open_world(db, codes)
    with pytest.raises(ValueError, match="does not belong"):
        savings.deposit(db, world.ayesha, taka(amount), world.origin())


@BOTH
def test_a_meeting_that_saves_all_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
    who = (world.rahima, world.salma, world.ayesha)
    at_once(database, 30, lambda db, turn: savings.deposit(db, who[turn % 3], taka(50), world.origin(f"turn-{turn}")))
    with database.reading() as db:
        assert [savings.balance(db, member) for member in who] == [taka(500)] * 3
        assert balances(db, world.ayesha.group_book, "1010") == "1010: 1500.00"
        assert findings(db) == []
