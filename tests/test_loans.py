"""Loans: paid out whole, repaid oldest instalment first, closed with the last poisha."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from conftest import BOTH
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import World
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection

from ledger import loans
from ledger import receipts
from ledger import repayments
from ledger import savings
from ledger.books import Book
from ledger.books import Entry
from ledger.errors import Conflict
from ledger.errors import NotFound
from ledger.facts import LoanDisbursed
from ledger.facts import LoanRepaid
from ledger.loans import Instalment
from ledger.loans import Loan
from ledger.money import Money
from ledger.schedules import Every
from ledger.schedules import Terms

# The worked example: 2,911.49 + 240.00 · 2,969.72 + 181.77 · 3,029.11 + 122.38 · 3,089.68 + 61.79.
TERMS = Terms(12_000_00, Fraction(2, 100), 4, Every(1, "month"), "declining-equal-instalment", date(2011, 9, 20))


def lend(db: Connection, codes: Callable[[], str], cash: float = 20_000) -> tuple[World, Loan]:
    """The group has saved, and Ayesha has the loan of the worked example."""
    world = open_world(db, codes)
    savings.deposit(db, world.salma, taka(cash), world.origin())
    return world, loans.disburse(db, world.ayesha, TERMS, world.origin("loan", on=TERMS.disbursed))


@BOTH
def test_a_loan_is_paid_out_whole(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    assert (loan.cycle, loan.principal, loan.left, loan.disbursed_on) == (
        1,
        taka(12_000),
        taka(12_000),
        TERMS.disbursed,
    )
    assert [(each.number, str(each.due), each.left) for each in loan.unpaid] == [
        (1, "2011-10-20", taka(3151.49)),
        (2, "2011-11-20", taka(3151.49)),
        (3, "2011-12-20", taka(3151.49)),
        (4, "2012-01-20", taka(3151.47)),
    ]
    book = world.ayesha.group_book
    assert balances(db, book, "1010", f"1100.{loan.id}") == f"1010: 8000.00, 1100.{loan.id}: 12000.00"
    told = db.info["facts"][-1]
    assert told == LoanDisbursed(world.ayesha.id, told.code, taka(12_000), date(2011, 10, 20))
    assert receipts.of_entry(db, Entry(book.id, 2, "")).amount == taka(12_000)
    assert loans.running(db, world.ayesha) == [loan]
    assert loans.running(db, world.salma) == []
    assert findings(db) == []


@BOTH
def test_a_fee_is_taken_beside_the_loan(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    paid = loans.take_fee(db, world.ayesha, loan.id, taka(50), world.origin("fee"))
    assert loans.take_fee(db, world.ayesha, loan.id, taka(50), world.origin("fee")) == paid, "the same again"
    book = world.ayesha.group_book
    assert balances(db, book, "1010", f"1100.{loan.id}") == f"1010: 8050.00, 1100.{loan.id}: 12000.00"
    assert findings(db) == []


# Ayesha pays on the worked example -> what of it goes where, what she still owes.
PAYMENTS = {
    "on the day, to the poisha": [
        (3151.49, "1: 2911.49 + 240.00", 9088.51),
        (3151.49, "2: 2969.72 + 181.77", 6118.79),
        (3151.49, "3: 3029.11 + 122.38", 3089.68),
        (3151.47, "4: 3089.68 + 61.79", 0),
    ],
    "too little: interest first, the rest next time": [
        (200, "1: 0.00 + 200.00", 12_000),
        (100, "1: 60.00 + 40.00", 11_940),
        (2851.49, "1: 2851.49 + 0.00", 9088.51),
    ],
    "more runs ahead": [
        (4000, "1: 2911.49 + 240.00, 2: 666.74 + 181.77", 8421.77),
        (5454.47, "2: 2302.98 + 0.00, 3: 3029.11 + 122.38", 3089.68),
    ],
    "all at once": [
        (12605.94, "1: 2911.49 + 240.00, 2: 2969.72 + 181.77, 3: 3029.11 + 122.38, 4: 3089.68 + 61.79", 0),
    ],
    "more than the whole loan": [
        (12_600, "1: 2911.49 + 240.00, 2: 2969.72 + 181.77, 3: 3029.11 + 122.38, 4: 3083.74 + 61.79", 5.94),
        (10, "4: 5.94 + 0.00, over 4.06", 0),
    ],
}


@BOTH
@pytest.mark.parametrize("payments", PAYMENTS.values(), ids=PAYMENTS)
def test_where_a_payment_goes(
    db: Connection, codes: Callable[[], str], payments: list[tuple[float, str, float]]
) -> None:
    world, loan = lend(db, codes)
    for amount, expected, left in payments:
        parts, over = repayments.allocate(loan, taka(amount).minor, date(2011, 10, 20))
        shown = [f"{part.number}: {part.principal / 100:.2f} + {part.interest / 100:.2f}" for part in parts]
        assert ", ".join(shown + ([f"over {over / 100:.2f}"] if over else [])) == expected
        repayments.repay(db, world.ayesha, loan.id, taka(amount), world.origin(on=date(2011, 10, 20)))
        loan = loans.get(db, world.ayesha, loan.id)
        assert loan.left == taka(left)
        assert db.info["facts"][-1].left == taka(left)
    paid = sum((taka(amount) for amount, _, _ in payments), taka(0))
    interest = sum((each.interest_cleared for each in loan.instalments), taka(0))
    over = paid - interest - (loan.principal - loan.left)
    named = ("1010", f"1100.{loan.id}", "4010", f"2070.{world.ayesha.id}")
    sums = (taka(8000) + paid, loan.left, interest, over)
    assert balances(db, world.ayesha.group_book, *named) == ", ".join(
        f"{name}: {str(each).removeprefix('BDT ')}" for name, each in zip(named, sums, strict=True)
    )
    assert loans.running(db, world.ayesha) == ([loan] if loan.unpaid else [])
    assert findings(db) == []


@BOTH
def test_a_payment_is_told_with_its_receipt(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    repayments.repay(db, world.ayesha, loan.id, taka(3151.49), world.origin())
    receipt = receipts.of_entry(db, Entry(world.ayesha.group_book.id, 3, ""))
    assert (receipt.kind, receipt.amount) == ("loan.repay", taka(3151.49))
    told = LoanRepaid(world.ayesha.id, receipt.code, taka(3151.49), taka(9088.51))
    assert db.info["facts"][-1] == told


@BOTH
def test_what_is_overdue(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    repayments.repay(db, world.ayesha, loan.id, taka(4000), world.origin())
    loan = loans.get(db, world.ayesha, loan.id)
    for day, late in ((date(2011, 11, 20), []), (date(2011, 11, 21), [2]), (date(2012, 3, 1), [2, 3, 4])):
        assert [each.number for each in loan.overdue(day)] == late


@BOTH
def test_the_box_must_hold_what_is_lent(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.salma, taka(11_999.99), world.origin())
    before = everything(db)
    for terms, said in (
        (TERMS, "account-short account=1010 missing=BDT 0.01"),
        (replace(TERMS, principal=11_999_99), "done"),
    ):
        assert refusal(db, lambda terms=terms: loans.disburse(db, world.ayesha, terms, world.origin())) == said
        assert (everything(db) == before) == (said != "done")
    assert findings(db) == []


@BOTH
def test_the_same_loan_and_the_same_payment_again(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    ayesha = world.ayesha
    assert loans.disburse(db, ayesha, TERMS, world.origin("loan")) == loan
    paid = repayments.repay(db, ayesha, loan.id, taka(100), world.origin("payment"))
    before, told = everything(db), list(db.info["facts"])
    assert repayments.repay(db, ayesha, loan.id, taka(100), world.origin("payment")) == paid
    for act in (
        lambda: loans.disburse(db, ayesha, replace(TERMS, instalments=5), world.origin("loan")),
        lambda: loans.disburse(db, world.salma, TERMS, world.origin("loan")),
        lambda: repayments.repay(db, ayesha, loan.id, taka(101), world.origin("payment")),
        lambda: repayments.repay(db, world.salma, loan.id, taka(100), world.origin("payment")),
    ):
        with pytest.raises(Conflict):
            act()
    assert everything(db) == before
    assert db.info["facts"] == told


@BOTH
def test_a_payment_belongs_to_the_borrower_and_her_loan(db: Connection, codes: Callable[[], str]) -> None:
    world, loan = lend(db, codes)
    before = everything(db)
    for who, number in ((world.ayesha, 10**6), (world.salma, loan.id)):
        with pytest.raises(NotFound, match="unknown-loan"), db.begin_nested():
            repayments.repay(db, who, number, taka(100), world.origin())
    assert everything(db) == before


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_payment(db: Connection, codes: Callable[[], str], amount: int) -> None:
    world, loan = lend(db, codes)
    with pytest.raises(ValueError, match="nothing"):
        repayments.repay(db, world.ayesha, loan.id, taka(amount), world.origin())


@BOTH
def test_her_loans_are_counted(db: Connection, codes: Callable[[], str]) -> None:
    world, first = lend(db, codes, 30_000)
    other = loans.disburse(db, world.salma, replace(TERMS, principal=100_00), world.origin())
    repayments.repay(db, world.ayesha, first.id, taka(12605.94), world.origin())
    second = loans.disburse(db, world.ayesha, TERMS, world.origin())
    third = loans.disburse(db, world.ayesha, replace(TERMS, principal=500_00), world.origin())
    assert [each.cycle for each in (first, other, second, third)] == [1, 1, 2, 3]
    assert loans.running(db, world.ayesha) == [second, third]


@given(
    rows=st.lists(st.tuples(st.integers(1, 999), st.integers(0, 99)), min_size=1, max_size=6),
    amount=st.integers(0, 9999),
)
def test_a_payment_is_shared_out_whole(rows: list[tuple[int, int]], amount: int) -> None:
    instalments = tuple(
        Instalment(number, TERMS.disbursed, Money(principal), Money(interest), *[Money(0)] * 4)
        for number, (principal, interest) in enumerate(rows, 1)
    )
    loan = Loan(1, Book("group", 1, "BDT"), 1, 1, TERMS, instalments)
    parts, over = repayments.allocate(loan, amount, TERMS.disbursed)
    assert sum(part.principal + part.interest for part in parts) + over == amount
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    for part, each in zip(parts[:-1], loan.instalments, strict=False):
        assert part.principal + part.interest == each.left.minor, "only the last one is paid in part"
    assert over == 0 or len(parts) == len(rows)
