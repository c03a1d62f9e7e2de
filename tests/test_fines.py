"""Fines: for something she missed, or on an instalment that is late; paid, waived, never more than is owed."""

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
from ledger import fines
from ledger import loans
from ledger import receipts
from ledger import repayments
from ledger import reversals
from ledger import savings
from ledger.books import Book
from ledger.chart import LENDER
from ledger.errors import Conflict
from ledger.loans import Loan
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms

TERMS = Terms(400_00, Fraction(0), 4, Every(1, "month"), "declining-equal-principal", date(2026, 9, 20))


def lend(db: Connection, codes: Callable[[], str]) -> tuple[World, Loan]:
    """The group has Tk 1,000 in its box; Ayesha has borrowed Tk 400 of it, to be paid back in four parts of 100."""
    world = open_world(db, codes)
    savings.deposit(db, world.salma, taka(1000), world.origin())
    return world, loans.disburse(db, world.ayesha, TERMS, world.origin("loan"))


def stands(db: Connection, world: World, loan: Loan) -> str:
    """Fines of her own and on each instalment, and the balances of 1120 and of the income."""
    parts = "+".join(str(each.fine_left.minor // 100) for each in loans.get(db, world.ayesha, loan.id).instalments)
    both = balances(db, world.ayesha.group_book, f"1120.{world.ayesha.id}", "4020").split(", ")
    own = fines.owed(db, world.ayesha).minor // 100
    return f"{own} {parts} = {both[0].partition(': ')[2]}, {both[1].partition(': ')[2]}"


# What happens, what the books say, and then: her own fines, those on instalments, 1120, 4020.
STORY = [
    ("charge 30", "done", "30 0+0+0+0 = 30.00, 30.00"),
    ("late 20", "done", "30 20+0+0+0 = 50.00, 50.00"),
    ("late 5 on 2", "done", "30 20+5+0+0 = 55.00, 55.00"),
    ("late 5 on 5", "unknown-instalment loan={loan} instalment=5", "30 20+5+0+0 = 55.00, 55.00"),
    ("pay 31", "owes-less owes=BDT 30.00", "30 20+5+0+0 = 55.00, 55.00"),
    ("pay 10", "done", "20 20+5+0+0 = 45.00, 55.00"),
    ("waive 21", "owes-less owes=BDT 20.00", "20 20+5+0+0 = 45.00, 55.00"),
    ("waive 5", "done", "15 20+5+0+0 = 40.00, 50.00"),
    ("repay 15", "done", "15 5+5+0+0 = 25.00, 50.00"),
    ("forgive 7", "done", "15 0+3+0+0 = 18.00, 43.00"),
    ("pay 15", "done", "0 0+3+0+0 = 3.00, 43.00"),
    ("pay 1", "owes-less owes=BDT 0.00", "0 0+3+0+0 = 3.00, 43.00"),
    ("repay 403", "done", "0 0+0+0+0 = 0.00, 43.00"),
    ("late 20", "loan-closed loan={loan}", "0 0+0+0+0 = 0.00, 43.00"),
]


@BOTH
def test_fines_of_her_own_and_on_instalments(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    ayesha = world.ayesha
    for did, said, then in STORY:
        verb, amount, number = (*did.replace(" on", "").split(), None)[:3]
        where, on = world.origin(), int(number) if number else None
        sum = taka(int(amount))
        act = {
            "charge": partial(fines.charge, db, ayesha, sum, "absent", where),
            "late": partial(fines.charge, db, ayesha, sum, "late", where, loan=loan.id, instalment=on),
            "pay": partial(fines.pay, db, ayesha, sum, where),
            "waive": partial(fines.waive, db, ayesha, sum, "she was ill", where),
            "repay": partial(repayments.repay, db, ayesha, loan.id, sum, where),
            "forgive": partial(repayments.waive, db, ayesha, loan.id, "she was ill", where, fine=sum),
        }[verb]
        before = everything(db)
        assert refusal(db, act) == said.format(loan=loan.id), did
        assert said == "done" or everything(db) == before
        assert stands(db, world, loan) == then, did
        assert findings(db) == []


@BOTH
def test_what_is_paid_lies_where_she_put_it(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    fines.charge(db, world.ayesha, taka(30), "absent", world.origin())
    entry = fines.pay(db, world.ayesha, taka(30), world.origin(), money="collector")
    assert balances(db, world.ayesha.group_book, "1010", "1040") == "1010: 0.00, 1040: 30.00"
    slip = receipts.of_entry(db, entry)
    assert (slip.kind, slip.amount) == ("fine.pay", taka(30))
    assert findings(db) == []


@BOTH
def test_a_lender_fines_in_its_own_book(db: Connection, codes: Callable[[], str]) -> None:
    world, bank = open_world(db, codes), Book(LENDER, 1, "BDT")
    savings.deposit(db, world.ayesha, taka(1000), world.origin(), book=bank)
    loan = loans.disburse(db, world.ayesha, TERMS, world.origin(), book=bank)
    fines.charge(db, world.ayesha, taka(3), "absent", world.origin(), book=bank)
    fines.charge(db, world.ayesha, taka(20), "late", world.origin(), loan=loan.id)
    assert (fines.owed(db, world.ayesha, bank), fines.owed(db, world.ayesha)) == (taka(3), taka(0))
    fines.pay(db, world.ayesha, taka(1), world.origin(), book=bank)
    fines.waive(db, world.ayesha, taka(2), "a gift", world.origin(), book=bank)
    assert balances(db, bank, f"1120.{world.ayesha.id}", "4020") == f"1120.{world.ayesha.id}: 20.00, 4020: 21.00"
    assert fines.owed(db, world.ayesha, bank) == taka(0)
    assert findings(db) == []


@BOTH
def test_a_fine_on_another_womans_loan_is_refused(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    act = partial(fines.charge, db, world.salma, taka(5), "late", world.origin(), loan=loan.id)
    assert refusal(db, act) == f"unknown-loan loan={loan.id}"


@BOTH
def test_a_fine_on_an_instalment_is_reversed_with_it(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    entry = fines.charge(db, world.ayesha, taka(20), "late", world.origin(), loan=loan.id)
    officer = replace(world.origin(), actor="officer")
    reversals.reverse(db, entry.book, entry.number, "she was there", officer)
    assert stands(db, world, loan) == "0 0+0+0+0 = 0.00, 0.00"
    assert loans.get(db, world.ayesha, loan.id) == loan
    assert findings(db) == []


@BOTH
def test_a_fine_does_not_count_as_a_visit_of_the_passbook(db: Connection, codes: Callable[[], str]) -> None:
    """Interest of the months before and after it is charged all the same."""
    world = open_world(db, codes)
    savings.deposit(db, world.salma, taka(1000), world.origin())
    terms = Terms(500_00, Fraction(2, 100), 1, Every(10, "month"), PASSBOOK, date(2026, 8, 10), per="month")
    loan = loans.disburse(db, world.ayesha, terms, world.origin(on=terms.disbursed))
    fines.charge(db, world.ayesha, taka(5), "late", world.origin(on=date(2026, 10, 10)), loan=loan.id)
    found = repayments.accrued(db, loans.get(db, world.ayesha, loan.id), date(2026, 11, 10))
    assert [each.interest for each in found] == [30_00]


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_is_no_fine(db: Connection, codes: Callable[[], str], amount: int) -> None:
    world = open_world(db, codes)
    fines.charge(db, world.ayesha, taka(30), "absent", world.origin())
    for act in (
        partial(fines.charge, db, world.ayesha, taka(amount), "absent"),
        partial(fines.pay, db, world.ayesha, taka(amount)),
        partial(fines.waive, db, world.ayesha, taka(amount), "absent"),
    ):
        with pytest.raises(ValueError, match=r"of nothing|does not go into"):
            act(world.origin())


REPEATS = {
    "charge": lambda db, who, amount, where, **more: fines.charge(db, who, amount, "absent", where, **more),
    "late": lambda db, who, amount, where, instalment=1: fines.charge(
        db, who, amount, "late", where, loan=loans.running(db, who)[0].id, instalment=instalment
    ),
    "pay": lambda db, who, amount, where, **more: fines.pay(db, who, amount, where, **more),
    "waive": lambda db, who, amount, where, reason="ill", **more: fines.waive(db, who, amount, reason, where, **more),
}


@BOTH
@pytest.mark.parametrize(
    ("verb", "other"),
    [
        ("charge", {"book": Book(LENDER, 1, "BDT")}),
        ("late", {"instalment": 2}),
        ("pay", {"money": "wallet"}),
        ("waive", {"reason": "poor"}),
    ],
)
def test_the_same_again_is_done_once(
    db: Connection, codes: Callable[[], str], verb: str, other: dict[str, object]
) -> None:
    world, _ = lend(db, codes)
    fines.charge(db, world.ayesha, taka(30), "absent", world.origin())
    act = partial(REPEATS[verb], db)
    first = act(world.ayesha, taka(5), world.origin("one"))
    before = everything(db)
    assert act(world.ayesha, taka(5), world.origin("one")) == first
    for again in (
        lambda: act(world.ayesha, taka(6), world.origin("one")),
        lambda: act(world.ayesha, taka(5), world.origin("one"), **other),
    ):
        with pytest.raises(Conflict):
            again()
    assert everything(db) == before
    assert findings(db) == []


@BOTH
def test_a_fine_is_paid_once_by_many_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
        fines.charge(db, world.ayesha, taka(30), "absent", world.origin())
    said = at_once(
        database, 10, lambda db, turn: fines.pay(db, world.ayesha, taka(10), world.origin(f"turn-{turn}")).number
    )
    assert sorted(map(str, said)) == ["2", "3", "4", *["owes-less owes=BDT 0.00"] * 7]
    with database.reading(60) as db:
        assert fines.owed(db, world.ayesha) == taka(0)
        assert findings(db) == []
