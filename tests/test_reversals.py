"""Reversal: last in, first out; both halves; instalments, goods and sums as they were before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import World
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select

from ledger import agents
from ledger import facts
from ledger import loans
from ledger import orders
from ledger import receipts
from ledger import repayments
from ledger import reversals
from ledger import sales
from ledger import savings
from ledger import stock
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import entry_table
from ledger.books import instalment_table
from ledger.books import stock_table
from ledger.errors import Conflict
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms

TERMS = Terms(1_200_00, Fraction(2, 100), 4, Every(1, "month"), "flat", date(2026, 7, 1))


def by(world: World, who: str, *, on: date = DAY) -> Origin:
    """An origin of somebody else than 1001, who makes the entries."""
    return replace(world.origin(on=on), actor=who)


def undo(db: Connection, world: World, entry: Entry, who: str = "1002") -> str:
    """Reverse an entry: "done", or what was said to it."""
    return refusal(db, lambda: reversals.reverse(db, entry.book, entry.number, "wrong sum", by(world, who)))


def what_counts(db: Connection) -> list[list[str]]:
    """Everything that a reversal must bring back: balances, instalments that are charged, goods on hand."""
    parts = (
        select(account_table).where(account_table.c.balance != 0),
        select(instalment_table).where(instalment_table.c.principal + instalment_table.c.interest > 0),
        select(stock_table).where(stock_table.c.quantity > 0),
    )
    return [sorted(repr(tuple(row)) for row in db.execute(part)) for part in parts]


def last(db: Connection, book: str) -> Entry:
    row = db.execute(
        select(entry_table).where(entry_table.c.book == book).order_by(entry_table.c.number.desc())
    ).first()
    assert row is not None
    return Entry(row.book, row.number, row.hash)


@BOTH
def test_everything_undone_in_turn_leaves_what_was_there(db: Connection, codes: Callable[[], str]) -> None:
    """A story of a group, undone step by step from its end; after each step the books are what they were then."""
    world = open_world(db, codes)
    ayesha, group = world.ayesha, world.ayesha.group_book
    village, larger = replace(TERMS, method=PASSBOOK, instalments=12), replace(TERMS, principal=2_000_00)
    story: list[Callable[[], Any]] = [
        lambda: savings.deposit(db, world.salma, taka(9_000), world.origin()),
        lambda: loans.disburse(db, ayesha, TERMS, world.origin("loan")),
        lambda: repayments.repay(db, ayesha, first(), taka(500), world.origin(), fine=taka(7)),
        lambda: repayments.waive(db, ayesha, first(), "flood", world.origin(), interest=taka(3)),
        lambda: repayments.repay(db, ayesha, first(), taka(2_000), world.origin()),
        lambda: loans.disburse(db, world.rahima, village, world.origin("village")),
        lambda: repayments.repay(db, world.rahima, of("village"), taka(100), world.origin()),
        lambda: repayments.close_early(db, world.rahima, of("village"), world.origin()),
        lambda: loans.disburse(db, ayesha, TERMS, world.origin("second")),
        lambda: repayments.reschedule(db, ayesha, of("second"), larger, world.origin("third")),
        lambda: repayments.write_off(db, ayesha, of("third"), "gone", world.origin()),
        lambda: repayments.recover(db, ayesha, of("third"), taka(5), world.origin()),
    ]  # fmt: skip

    def of(operation: str) -> int:
        return int(
            db.execute(select(loans.loan_table.c.id).where(loans.loan_table.c.operation == operation)).scalar_one()
        )

    def first() -> int:
        return of("loan")

    states = []
    for step in story:
        states.append(what_counts(db))
        step()
        states[-1:] = [(states[-1], last(db, group.id))]
    for before, entry in reversed(states):
        assert undo(db, world, entry) == "done"
        assert what_counts(db) == before
        assert findings(db) == []
    assert loans.running(db, ayesha) == loans.running(db, world.rahima) == []


@BOTH
def test_the_entry_that_closed_a_loan_is_undone(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.salma, taka(5_000), world.origin())
    loan = loans.disburse(db, world.ayesha, TERMS, world.origin())
    paid = repayments.repay(db, world.ayesha, loan.id, taka(1_296), world.origin())
    assert loans.running(db, world.ayesha) == []
    assert undo(db, world, paid) == "done"
    assert loans.running(db, world.ayesha) == [loan]
    assert balances(db, world.ayesha.group_book, "1010", f"1100.{loan.id}", "4010") == (
        f"1010: 3800.00, 1100.{loan.id}: 1200.00, 4010: 0.00"
    )
    again = loans.disburse(db, world.salma, TERMS, world.origin())
    assert undo(db, world, last(db, paid.book)) == "done"
    assert loans.disburse(db, world.salma, TERMS, world.origin()).cycle == again.cycle, "an undone loan was no cycle"
    assert findings(db) == []


@BOTH
def test_last_in_first_out_of_a_loan(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.salma, taka(5_000), world.origin())
    loan = loans.disburse(db, world.ayesha, TERMS, world.origin())
    out = last(db, world.ayesha.group_book.id)
    one = repayments.repay(db, world.ayesha, loan.id, taka(10), world.origin())
    two = repayments.repay(db, world.ayesha, loan.id, taka(20), world.origin())
    other = savings.deposit(db, world.ayesha, taka(1), world.origin())
    before = everything(db)
    for entry, first in ((out, two), (one, two)):
        assert undo(db, world, entry) == f"reverse-first book={entry.book} entry={first.number}"
    assert everything(db) == before
    assert [undo(db, world, entry) for entry in (two, one, out, other)] == ["done"] * 4
    assert findings(db) == []


@BOTH
def test_last_in_first_out_of_an_item(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    world.stock(db, world.rahima.shop, (world.soap, 10, 333_33), (world.oil, 2, 260_00))
    before = what_counts(db)
    one = sales.record(db, world.rahima, world.basket("3 soap, 1 oil"), world.origin())
    two = sales.record(db, world.rahima, world.basket("2 soap"), world.origin())
    three = sales.record(db, world.rahima, world.basket("1 oil"), world.origin())
    assert undo(db, world, one) == f"reverse-first book={one.book} entry={three.number}"
    assert undo(db, world, two) == undo(db, world, three) == undo(db, world, one) == "done"
    assert what_counts(db) == before
    assert findings(db) == []


@BOTH
def test_what_cannot_be_undone_by_a_reversal(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    group = world.ayesha.group_book
    saved = savings.deposit(db, world.ayesha, taka(50), world.origin())
    order = orders.place(db, world.rahima, world.basket("1 soap"), world.origin())
    assert undo(db, world, Entry(group.id, 99, "")) == f"unknown-entry book={group.id} entry=99"
    assert undo(db, world, Entry(world.hub.id, order.number, "")) == (
        f"undo-otherwise entry={order.number} kind=order.place verb=steps.cancel"
    )
    assert undo(db, world, saved, "1001") == f"own-entry book={group.id} entry=1"
    assert undo(db, world, saved) == "done"
    for number in (1, 2):
        assert undo(db, world, Entry(group.id, number, "")) == f"already-reversed book={group.id} entry={number}"
    assert findings(db) == []


@BOTH
def test_what_was_spent_since_is_missing(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    saved = savings.deposit(db, world.ayesha, taka(1_300), world.origin())
    loans.disburse(db, world.salma, TERMS, world.origin())
    before = everything(db)
    assert undo(db, world, saved) == "account-short account=1010 missing=BDT 1200.00"
    assert everything(db) == before


@BOTH
def test_in_her_own_shop_she_undoes_her_sale_on_the_same_day(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    world.stock(db, world.rahima.shop, (world.soap, 10, 420_00))
    herself = f"member:{world.rahima.id}"
    sale = sales.record(db, world.rahima, world.basket("3 soap @ 55"), by(world, herself), customer=1, new_name="Asma")
    undoing = f"own-entry book={sale.book} entry={sale.number}"
    tomorrow = by(world, herself, on=date(2026, 11, 23))
    assert refusal(db, lambda: reversals.reverse(db, sale.book, sale.number, "slip", tomorrow)) == undoing
    assert undo(db, world, sale, herself) == "done"
    assert [has.quantity for has in stock.on_hand(db, world.rahima.shop, DAY)] == [10]
    assert sales.takings(db, world.rahima, DAY, DAY) == sales.Takings(taka(0), taka(0), taka(0))
    assert findings(db) == []


@BOTH
def test_the_same_reversal_again(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    saved = savings.deposit(db, world.ayesha, taka(50), world.origin())
    asked = replace(world.origin("undo"), actor="1002")
    done = reversals.reverse(db, saved.book, saved.number, "slip", asked)
    rows = everything(db)
    assert reversals.reverse(db, saved.book, saved.number, "slip", asked) == done
    with pytest.raises(Conflict):
        reversals.reverse(db, saved.book, saved.number, "another reason", asked)
    assert everything(db) == rows
    (row,) = db.execute(select(entry_table).where(entry_table.c.operation == "undo"))
    assert (row.kind, row.reverses) == ("reversal", saved.number)
    assert row.memo == '{"kind": "saving.deposit", "reason": "slip"}'
    assert balances(db, world.ayesha.group_book, "1010") == "1010: 0.00"


@BOTH
def test_who_got_a_receipt_gets_one_for_its_undoing(db: Connection, codes: Callable[[], str]) -> None:
    """In her own shop, at the hub, in the group; once, however often it is asked for."""
    world = open_world(db, codes)
    world.stock(db, world.rahima.shop, (world.soap, 10, 480_00))
    origin = replace(world.origin(), actor=f"member:{world.rahima.id}")
    paid = agents.pay(db, world.rahima, taka(50), world.origin())
    sold = sales.record(db, world.rahima, world.basket("2 soap @ 55"), origin)
    saved = savings.deposit(db, world.ayesha, taka(20), world.origin())
    first = [receipts.of_entry(db, entry).code for entry in (sold, paid, saved)]
    facts.collect(db)
    for entry, where in ((sold, origin), (paid, by(world, "1002")), (saved, by(world, "1002"))):
        again = replace(where, operation=f"undo {entry.book} {entry.number}")
        assert reversals.reverse(db, entry.book, entry.number, "wrong", again) == reversals.reverse(
            db, entry.book, entry.number, "wrong", again
        )
    told = [(fact.member, fact.undone, fact.amount, fact.own) for fact in facts.collect(db)]
    rahima, ayesha = world.rahima.id, world.ayesha.id
    assert told == [
        (rahima, first[0], taka(110), True),
        (rahima, first[1], taka(50), False),
        (ayesha, first[2], taka(20), False),
    ]
    assert findings(db) == []
