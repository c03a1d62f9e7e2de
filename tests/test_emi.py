"""Items on instalments: down payment, schedule, payments, closed early, arrears; goods and sums in the hub's book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import partial

import pytest
from conftest import BOTH
from ledger_world import World
from ledger_world import at_once
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection

from gateway.backend import Database
from ledger import emi
from ledger import facts
from ledger import orders
from ledger import receipts
from ledger import reversals
from ledger.books import Entry
from ledger.catalogue import item_table
from ledger.emi import Contract
from ledger.errors import Conflict
from ledger.facts import EmiOpened
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms

SOLD = date(2026, 11, 22)
TERMS = Terms(600_00, Fraction(2, 100), 3, Every(1, "month"), "flat", SOLD)
"""Tk 600 in three months, Tk 12 service charge in each: 212 · 212 · 212."""


def open_phone(db: Connection, world: World, terms: Terms = TERMS, down: float = 200) -> Contract:
    """Ayesha gets the lamp, which cost the hub Tk 600, for Tk 800."""
    return emi.open_contract(db, world.hub, world.ayesha, world.lamp.id, taka(down), terms, world.origin("phone"))


def plan(contract: Contract) -> str:
    """What is left of each instalment: `0: 22 Nov 200.00 + 0.00, …`."""
    return ", ".join(
        f"{each.number}: {each.due:%d %b} {each.principal_left.minor / 100:g} + {each.interest_left.minor / 100:g}"
        for each in contract.unpaid
    )


@BOTH
def test_a_contract_is_a_sale_and_a_plan(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    contract = open_phone(db, world)
    assert plan(contract) == "0: 22 Nov 200 + 0, 1: 22 Dec 200 + 12, 2: 22 Jan 200 + 12, 3: 22 Feb 200 + 12"
    assert (contract.price, contract.left, contract.due(SOLD)) == (taka(800), taka(836), taka(200))
    (fact,) = facts.collect(db)
    assert fact == EmiOpened(world.ayesha.id, fact.code, world.lamp.names, taka(836))
    sums = balances(db, world.hub, "1210", f"1230.{contract.id}", "4110", "5110", "4130")
    assert sums == f"1210: 6800.00, 1230.{contract.id}: 800.00, 4110: 800.00, 5110: 600.00, 4130: 0.00"
    assert emi.of_member(db, world.ayesha) == [contract] == [emi.get(db, world.hub, contract.id)]
    assert findings(db) == []


# What is paid (taka) and what is then left of the plan.
PAID = [
    (200, "1: 22 Dec 200 + 12, 2: 22 Jan 200 + 12, 3: 22 Feb 200 + 12", 0),
    (5, "1: 22 Dec 200 + 7, 2: 22 Jan 200 + 12, 3: 22 Feb 200 + 12", 5),
    (10, "1: 22 Dec 197 + 0, 2: 22 Jan 200 + 12, 3: 22 Feb 200 + 12", 12),
    (300, "2: 22 Jan 109 + 0, 3: 22 Feb 200 + 12", 24),
    (320.99, "3: 22 Feb 0.01 + 0", 36),
    (0.01, "", 36),
]


@BOTH
def test_it_is_paid_the_oldest_first(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    contract, paid = open_phone(db, world), 0.0
    for amount, left, earned in PAID:
        entry = emi.pay(db, world.hub, contract.id, taka(amount), world.origin())
        paid += amount
        contract = emi.get(db, world.hub, contract.id)
        assert plan(contract) == left
        assert balances(db, world.hub, "1030", "4130") == f"1030: {paid:.2f}, 4130: {earned:.2f}"
        receipt = receipts.of_entry(db, entry)
        assert receipt is not None
        assert (receipt.kind, receipt.amount) == ("emi.pay", taka(amount))
    assert balances(db, world.hub, f"1230.{contract.id}") == f"1230.{contract.id}: 0.00"
    assert emi.of_member(db, world.ayesha) == []
    more = partial(emi.pay, db, world.hub, contract.id, taka(0.01), world.origin())
    assert refusal(db, more) == "owes-less owes=BDT 0.00"
    assert refusal(db, lambda: emi.close_early(db, world.hub, contract.id, world.origin())) == (
        f"contract-closed contract={contract.id}"
    )
    assert findings(db) == []


@BOTH
@pytest.mark.parametrize(
    ("paid", "on", "rebate", "closes", "earned"),
    [
        (200, SOLD, Fraction(1), 612, 12),
        (0, SOLD, Fraction(1), 812, 12),
        (200, date(2026, 12, 22), Fraction(1), 612, 12),
        (200, date(2026, 12, 23), Fraction(1), 624, 24),
        (412, date(2026, 12, 23), Fraction(1), 412, 24),
        (412, date(2026, 12, 23), Fraction(0), 424, 36),
        (412, date(2026, 12, 23), Fraction(1, 2), 418, 30),
        (412, date(2027, 3, 1), Fraction(1), 424, 36),
        (736, date(2026, 12, 1), Fraction(1), 100, 36),
    ],
)
def test_it_is_closed_early(
    db: Connection, codes: Callable[[], str], paid: float, on: date, rebate: Fraction, closes: float, earned: float
) -> None:
    world = open_world(db, codes)
    contract = open_phone(db, world, replace(TERMS, rebate=rebate))
    if paid:
        emi.pay(db, world.hub, contract.id, taka(paid), world.origin())
    assert emi.to_close(emi.get(db, world.hub, contract.id), on) == taka(closes)
    emi.close_early(db, world.hub, contract.id, world.origin(on=on))
    assert emi.get(db, world.hub, contract.id).unpaid == []
    assert balances(db, world.hub, f"1230.{contract.id}", "1030", "4130") == (
        f"1230.{contract.id}: 0.00, 1030: {paid + closes:.2f}, 4130: {earned:.2f}"
    )
    assert findings(db) == []


@BOTH
def test_who_is_late(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    contract = open_phone(db, world)
    for on, late, due in (
        (SOLD, [], 200),
        (date(2026, 11, 23), [0], 200),
        (date(2026, 12, 22), [0], 412),
        (date(2026, 12, 23), [0, 1], 412),
        (date(2027, 3, 1), [0, 1, 2, 3], 836),
    ):
        assert [each.number for each in contract.overdue(on)] == late
        assert contract.due(on) == taka(due)
        assert emi.arrears(db, world.hub, on) == ([contract] if late else [])
    emi.pay(db, world.hub, contract.id, taka(412), world.origin())
    assert emi.arrears(db, world.hub, date(2026, 12, 23)) == []
    assert [each.id for each in emi.arrears(db, world.hub, date(2027, 1, 23))] == [contract.id]


@BOTH
def test_without_a_down_payment_and_with_declining_interest(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    terms = replace(TERMS, principal=800_00, method="declining-equal-instalment")
    contract = open_phone(db, world, terms, down=0)
    # 800 × 0.02 / (1 − 1.02⁻³) = 277.40
    assert plan(contract) == "1: 22 Dec 261.4 + 16, 2: 22 Jan 266.63 + 10.77, 3: 22 Feb 271.97 + 5.44"
    emi.pay(db, world.hub, contract.id, contract.left, world.origin())
    assert balances(db, world.hub, "4130", f"1230.{contract.id}") == f"4130: 32.21, 1230.{contract.id}: 0.00"
    assert findings(db) == []


@BOTH
def test_what_is_refused_and_why(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    db.execute(item_table.update().where(item_table.c.id == world.oil.id).values(active=False))
    orders.place(db, world.rahima, world.basket("1 lamp"), world.origin())
    before = everything(db)

    def sell(item: int, terms: Terms = TERMS) -> str:
        act = partial(emi.open_contract, db, world.hub, world.ayesha, item, taka(1), terms, world.origin())
        return refusal(db, act)

    assert sell(world.lamp.id) == f"not-on-hand item={world.lamp.id} pieces=0"
    assert sell(world.oil.id) == "unknown-item code=102"
    assert sell(10**6) == "unknown-item code=1000000"
    assert refusal(db, lambda: emi.pay(db, world.hub, 9, taka(1), world.origin())) == "unknown-contract contract=9"
    assert everything(db) == before
    for terms in (replace(TERMS, method=PASSBOOK), replace(TERMS, instalments=0)):
        with pytest.raises(ValueError, match=r"schedule|instalment"), db.begin_nested():
            sell(world.soap.id, terms)


@BOTH
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    contract = open_phone(db, world)
    paid = emi.pay(db, world.hub, contract.id, taka(300), world.origin("pay"))
    closed = emi.close_early(db, world.hub, contract.id, world.origin("close"))
    before = everything(db)
    assert open_phone(db, world).id == contract.id
    assert emi.pay(db, world.hub, contract.id, taka(300), world.origin("pay")) == paid
    assert emi.close_early(db, world.hub, contract.id, world.origin("close")) == closed
    for act in (
        lambda: open_phone(db, world, down=201),
        lambda: emi.pay(db, world.hub, contract.id, taka(301), world.origin("pay")),
        lambda: emi.close_early(db, world.hub, contract.id + 1, world.origin("close")),
    ):
        with pytest.raises(Conflict):
            act()
    assert everything(db) == before
    assert findings(db) == []


@BOTH
def test_payments_and_the_contract_are_undone_last_in_first_out(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    contract = open_phone(db, world)
    opened = Entry(world.hub.id, 3, "")
    paid = emi.pay(db, world.hub, contract.id, taka(300), world.origin())
    closed = emi.close_early(db, world.hub, contract.id, world.origin())

    def undo(entry: Entry) -> str:
        origin = replace(world.origin(), actor="1009")
        return refusal(db, lambda: reversals.reverse(db, entry.book, entry.number, "wrong", origin))

    assert undo(paid) == f"reverse-first book={closed.book} entry={closed.number}"
    assert undo(closed) == "done"
    assert plan(emi.get(db, world.hub, contract.id)) == "1: 22 Dec 112 + 0, 2: 22 Jan 200 + 12, 3: 22 Feb 200 + 12"
    assert undo(paid) == "done"
    assert emi.get(db, world.hub, contract.id) == contract
    assert undo(opened) == "done"
    assert emi.of_member(db, world.ayesha) == []
    assert balances(db, world.hub, "1210", "1030", "4110", "4130") == (
        "1210: 7400.00, 1030: 0.00, 4110: 0.00, 4130: 0.00"
    )
    assert findings(db) == []


@BOTH
def test_a_due_is_paid_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
        contract = open_phone(db, world)

    def turn(db: Connection, number: int) -> bool:
        return bool(emi.pay(db, world.hub, contract.id, taka(300), world.origin(f"turn-{number}")))

    answers = at_once(database, 8, turn)
    assert (answers.count(True), answers.count("owes-less owes=BDT 236.00")) == (2, 6)
    with database.reading(60) as db:
        assert emi.get(db, world.hub, contract.id).left == taka(236)
        assert findings(db) == []
