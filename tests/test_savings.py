"""Savings: what a member put into the box of her group, asked for and was paid; interest; how she leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from functools import partial

import pytest
from conftest import BOTH
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import DAY
from ledger_world import TAKA
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
from ledger import treasury
from ledger.books import Book
from ledger.chart import LENDER
from ledger.errors import Conflict
from ledger.errors import NotFound
from ledger.facts import SavingReceived
from ledger.money import Money
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.templates import PLACES


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
def test_a_deposit_lies_where_it_was_put(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    for amount, money in enumerate(PLACES, 1):
        savings.deposit(db, world.ayesha, taka(amount), world.origin(), money=money)
    assert balances(db, world.ayesha.group_book, "1010", "1020", "1030", "1040") == (
        "1010: 1.00, 1020: 2.00, 1030: 3.00, 1040: 4.00"
    )
    assert findings(db) == []


@BOTH
def test_a_lender_keeps_compulsory_savings_only(db: Connection, codes: Callable[[], str]) -> None:
    world, bank = open_world(db, codes), Book(LENDER, 1, "BDT")
    entry = savings.deposit(db, world.ayesha, taka(50), world.origin(), book=bank, money="collector")
    assert balances(db, bank, "1040", f"2010.{world.ayesha.id}") == f"1040: 50.00, 2010.{world.ayesha.id}: 50.00"
    assert receipts.of_entry(db, entry).amount == taka(50)
    assert savings.balance(db, world.ayesha) == taka(0)
    assert db.info["facts"] == []
    for kind in ("voluntary", "share"):
        with pytest.raises(ValueError, match=f"no sum {kind}"):
            savings.deposit(db, world.ayesha, taka(50), world.origin(), kind, book=bank)
    assert findings(db) == []


@BOTH
def test_a_deposit_is_told_with_its_receipt(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.ayesha, taka(1500), world.origin(), "share")
    entry = savings.deposit(db, world.ayesha, taka(50), world.origin())
    code = receipts.of_entry(db, entry).code
    told = SavingReceived(world.ayesha.id, code, world.group.id, taka(50), taka(1550))
    assert db.info["facts"][-1] == told


@pytest.mark.parametrize("amount", [0, -50])
def test_nothing_is_no_deposit(db: Connection, codes: Callable[[], str], amount: int) -> None:
    world = open_world(db, codes)
    with pytest.raises(ValueError, match=r"of nothing|does not go into"):
        savings.deposit(db, world.ayesha, taka(amount), world.origin())


@BOTH
def test_a_meeting_that_saves_all_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
    who = (world.rahima, world.salma, world.ayesha)
    at_once(database, 30, lambda db, turn: savings.deposit(db, who[turn % 3], taka(50), world.origin(f"turn-{turn}")))
    with database.reading(60) as db:
        assert [savings.balance(db, member) for member in who] == [taka(500)] * 3
        assert balances(db, world.ayesha.group_book, "1010") == "1010: 1500.00"
        assert findings(db) == []


def saved(db: Connection, codes: Callable[[], str]) -> World:
    """Ayesha has Tk 100 of compulsory and Tk 300 of voluntary savings, Salma Tk 40 of voluntary ones."""
    world = open_world(db, codes)
    for who, amount, kind in (
        (world.ayesha, 100, "compulsory"),
        (world.ayesha, 300, "voluntary"),
        (world.salma, 40, "voluntary"),
    ):
        savings.deposit(db, who, taka(amount), world.origin(), kind)
    return world


def asked(db: Connection, world: World) -> str:
    """What Ayesha has asked for, what is free, and what the box and her account hold."""
    waits = " + ".join(f"{each.amount.minor // TAKA}" for each in savings.requests(db, world.ayesha)) or "nothing"
    left = balances(db, world.ayesha.group_book, "1010", f"2020.{world.ayesha.id}").split(", ")
    return f"{waits}; free {savings.free(db, world.ayesha).minor // TAKA}; {left[0][6:]}; {left[1].partition(': ')[2]}"


# What is done with Ayesha's savings (a request by its place: first 4, second 5), what the books say, and what stands.
REQUESTS = [
    ("ask 400", "savings-short left=BDT 300.00", "nothing; free 300; 440.00; 300.00"),
    ("ask 200", "done", "200; free 100; 440.00; 300.00"),
    ("ask 101", "savings-short left=BDT 100.00", "200; free 100; 440.00; 300.00"),
    ("ask 100", "done", "200 + 100; free 0; 440.00; 300.00"),
    ("withdraw 4", "done", "100; free 0; 240.00; 100.00"),
    ("withdraw 4", "hold-ended hold=4", "100; free 0; 240.00; 100.00"),
    ("voided 4", "hold-ended hold=4", "100; free 0; 240.00; 100.00"),
    ("withdraw 9", "unknown-hold hold=9", "100; free 0; 240.00; 100.00"),
    ("withdraw 1", "unknown-hold hold=1", "100; free 0; 240.00; 100.00"),
    ("voided 5", "done", "nothing; free 100; 240.00; 100.00"),
    ("withdraw 5", "hold-ended hold=5", "nothing; free 100; 240.00; 100.00"),
    ("ask 60", "done", "60; free 40; 240.00; 100.00"),
    ("expired 8", "done", "nothing; free 100; 240.00; 100.00"),
    ("ask 100", "done", "100; free 0; 240.00; 100.00"),
    ("lend 200", "done", "100; free 0; 40.00; 100.00"),
    ("withdraw 10", "account-short account=1010 missing=BDT 60.00", "100; free 0; 40.00; 100.00"),
    ("return 60", "done", "100; free 0; 100.00; 100.00"),
    ("withdraw 10", "done", "nothing; free 0; 0.00; 0.00"),
]


@BOTH
def test_voluntary_savings_are_asked_for_and_paid(db: Connection, codes: Callable[[], str]) -> None:
    world = saved(db, codes)
    book, ayesha = world.ayesha.group_book, world.ayesha
    for did, said, stands in REQUESTS:
        verb, number = did.split()
        act = {
            "ask": lambda n: savings.ask(db, ayesha, taka(n), world.origin()),
            "withdraw": lambda n: savings.withdraw(db, ayesha, n, world.origin()),
            "voided": lambda n: savings.refuse(db, ayesha, n, world.origin()),
            "expired": lambda n: savings.refuse(db, ayesha, n, world.origin(), how="expired"),
            "lend": lambda n: treasury.move(db, book, taka(n), "cash", "bank", world.origin()),
            "return": lambda n: treasury.move(db, book, taka(n), "bank", "cash", world.origin()),
        }[verb]
        before = everything(db)
        assert refusal(db, partial(act, int(number))) == said, did
        assert said == "done" or everything(db) == before
        assert asked(db, world) == stands, did
    assert findings(db) == []


@BOTH
def test_what_is_paid_has_a_receipt_and_where_it_came_from(db: Connection, codes: Callable[[], str]) -> None:
    world = saved(db, codes)
    treasury.move(db, world.ayesha.group_book, taka(200), "cash", "bank", world.origin())
    request = savings.ask(db, world.ayesha, taka(200), world.origin()).number
    waits = savings.requests(db, world.ayesha)
    assert [(each.number, each.on, each.amount) for each in waits] == [(request, DAY, taka(200))]
    entry = savings.withdraw(db, world.ayesha, request, world.origin(), money="bank")
    assert receipts.of_entry(db, entry).amount == taka(200)
    assert balances(db, world.ayesha.group_book, "1020") == "1020: 0.00"
    assert findings(db) == []


@BOTH
def test_a_request_is_hers_alone(db: Connection, codes: Callable[[], str]) -> None:
    world = saved(db, codes)
    request = savings.ask(db, world.ayesha, taka(20), world.origin()).number
    for act in (savings.withdraw, savings.refuse):
        assert refusal(db, partial(act, db, world.salma, request, world.origin())) == f"unknown-hold hold={request}"
    with pytest.raises(ValueError, match="voided or expires"):
        savings.refuse(db, world.ayesha, request, world.origin(), how="settled")


@BOTH
def test_what_is_held_cannot_be_taken_back(db: Connection, codes: Callable[[], str]) -> None:
    """The deposit it came from is not reversed, nor is the request itself; a payment is, and she has it again."""
    world = saved(db, codes)
    book = world.ayesha.group_book.id

    def undo(number: int) -> str:
        officer = replace(world.origin(), actor="officer")
        return refusal(db, partial(reversals.reverse, db, book, number, "a slip", officer))

    request = savings.ask(db, world.ayesha, taka(250), world.origin()).number
    assert undo(2) == "account-short account=2020 missing=BDT 250.00"
    assert undo(request) == f"undo-otherwise entry={request} kind=saving.ask verb=savings.refuse"
    paid = savings.withdraw(db, world.ayesha, request, world.origin()).number
    assert undo(paid) == "done"
    assert asked(db, world) == "nothing; free 300; 440.00; 300.00"
    assert findings(db) == []


@BOTH
def test_many_ask_at_once_for_the_same_savings(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = saved(db, codes)
    said = at_once(
        database, 10, lambda db, turn: savings.ask(db, world.ayesha, taka(100), world.origin(f"turn-{turn}")).number
    )
    assert sorted(each for each in said if isinstance(each, int)) == [4, 5, 6]
    assert [each for each in said if isinstance(each, str)] == ["savings-short left=BDT 0.00"] * 7
    again = at_once(
        database, 10, lambda db, turn: savings.withdraw(db, world.ayesha, 4, world.origin(f"pay-{turn}")).number
    )
    assert sorted(map(str, again)) == ["7", *["hold-ended hold=4"] * 9]
    with database.reading(60) as db:
        assert asked(db, world) == "100 + 100; free 0; 340.00; 200.00"
        assert findings(db) == []


# Balance, yearly rate, time -> interest; 7 % of Tk 365 for one day is 7 poisha, halves go to the even poisha.
@pytest.mark.parametrize(
    ("balance", "percent", "time", "expected"),
    [
        (1200, 6, {"months": 12}, 72),
        (1200, 6, {"months": 1}, 6),
        (365, 7, {"days": 1}, 0.07),
        (1000, 6, {"days": 30}, 4.93),
        (1.25, 12, {"months": 1}, 0.01),
        (0.50, 12, {"months": 1}, 0),
        (1.50, 12, {"months": 1}, 0.02),
        (1000, 6, {"months": 1, "days": 15}, 7.47),
        (1000, 6, {}, 0),
        (0, 6, {"months": 5}, 0),
    ],
)
def test_interest_on_savings(balance: float, percent: int, time: dict[str, int], expected: float) -> None:
    assert savings.interest_on(taka(balance), Fraction(percent, 100), **time) == taka(expected)


@given(st.integers(0, 10**12), st.fractions(0, 1), st.integers(0, 400), st.integers(0, 400))
def test_interest_is_exact_to_half_a_poisha(balance: int, rate: Fraction, months: int, days: int) -> None:
    exact = balance * rate * (Fraction(months, 12) + Fraction(days, 365))
    found = savings.interest_on(Money(balance), rate, months=months, days=days)
    assert abs(found.minor - exact) <= Fraction(1, 2)


@BOTH
def test_interest_for_many_members_at_once(db: Connection, codes: Callable[[], str]) -> None:
    world = saved(db, codes)
    book, ayesha, salma = world.ayesha.group_book, world.ayesha.id, world.salma.id
    entry = savings.interest(db, book, {ayesha: taka(1.50), salma: taka(0.25)}, world.origin("interest"), "voluntary")
    savings.interest(db, book, {ayesha: taka(0.5)}, world.origin())
    named = ("5020", f"2010.{ayesha}", f"2020.{ayesha}", f"2020.{salma}")
    assert balances(db, book, *named) == (
        f"5020: 2.25, 2010.{ayesha}: 100.50, 2020.{ayesha}: 301.50, 2020.{salma}: 40.25"
    )
    again = {salma: taka(0.25), ayesha: taka(1.50)}
    assert savings.interest(db, book, again, world.origin("interest"), "voluntary") == entry
    with pytest.raises(Conflict):
        savings.interest(db, book, again, world.origin("interest"))
    with pytest.raises(ValueError, match="of nothing"):
        savings.interest(db, book, {ayesha: taka(0)}, world.origin())
    elsewhere = Book("group", world.group.id + 1, "BDT")
    assert (
        refusal(db, partial(savings.interest, db, elsewhere, again, world.origin())) == f"not-in-group member={salma}"
    )
    assert findings(db) == []


def overpaid(db: Connection, world: World, amount: float) -> None:
    """Ayesha pays her loan of Tk 100 back, and so much beyond."""
    terms = Terms(100_00, Fraction(0), 1, Every(1, "month"), "declining-equal-principal", DAY)
    loan = loans.disburse(db, world.ayesha, terms, world.origin())
    repayments.repay(db, world.ayesha, loan.id, taka(100 + amount), world.origin())


@BOTH
def test_an_overpayment_is_given_back(db: Connection, codes: Callable[[], str]) -> None:
    world = saved(db, codes)
    overpaid(db, world, 30)
    first = savings.refund(db, world.ayesha, taka(10), world.origin())
    assert receipts.of_entry(db, first).amount == taka(10)
    act = partial(savings.refund, db, world.ayesha, taka(20.01), world.origin())
    assert refusal(db, act) == "overpaid-less left=BDT 20.00"
    savings.refund(db, world.ayesha, taka(20), world.origin())
    assert balances(db, world.ayesha.group_book, "1010", f"2070.{world.ayesha.id}") == (
        f"1010: 440.00, 2070.{world.ayesha.id}: 0.00"
    )
    assert findings(db) == []


@BOTH
def test_who_leaves_takes_everything(db: Connection, codes: Callable[[], str]) -> None:
    world = saved(db, codes)
    savings.deposit(db, world.ayesha, taka(500), world.origin(), "share")
    overpaid(db, world, 5)
    entry = savings.leave(db, world.ayesha, world.origin("leave"))
    assert receipts.of_entry(db, entry).amount == taka(905)
    assert balances(db, world.ayesha.group_book, "1010") == "1010: 40.00"
    assert savings.balance(db, world.ayesha) == taka(0)
    assert savings.leave(db, world.ayesha, world.origin("leave")) == entry
    assert receipts.of_entry(db, savings.leave(db, world.rahima, world.origin())) is None
    assert findings(db) == []


@BOTH
def test_who_owes_does_not_leave(db: Connection, codes: Callable[[], str]) -> None:
    world = saved(db, codes)
    ayesha, book = world.ayesha, world.ayesha.group_book
    terms = Terms(100_00, Fraction(0), 1, Every(1, "month"), "declining-equal-principal", DAY)
    loan = loans.disburse(db, ayesha, terms, world.origin())
    fines.charge(db, ayesha, taka(10), "late", world.origin())
    request = savings.ask(db, ayesha, taka(10), world.origin()).number
    treasury.move(db, book, taka(100), "cash", "bank", world.origin())
    for said, then in (
        (f"loan-open loan={loan.id}", lambda: repayments.repay(db, ayesha, loan.id, taka(100), world.origin())),
        (f"fines-open member={ayesha.id} owes=BDT 10.00", lambda: fines.pay(db, ayesha, taka(10), world.origin())),
        (f"request-open request={request}", lambda: savings.refuse(db, ayesha, request, world.origin())),
        (
            "account-short account=1010 missing=BDT 50.00",
            lambda: treasury.move(db, book, taka(100), "bank", "cash", world.origin()),
        ),
        ("done", lambda: None),
    ):
        before = everything(db)
        assert refusal(db, partial(savings.leave, db, ayesha, world.origin())) == said
        assert said == "done" or everything(db) == before
        then()
    assert findings(db) == []


REPEATS = {
    "deposit": (
        lambda db, world, who, amount, where: savings.deposit(db, who, amount, where),
        lambda db, world, where: savings.deposit(db, world.ayesha, taka(5), where, money="bank"),
    ),
    "share": (
        lambda db, world, who, amount, where: savings.deposit(db, who, amount, where, "share"),
        lambda db, world, where: savings.deposit(db, world.ayesha, taka(5), where, "voluntary"),
    ),
    "ask": (
        lambda db, world, who, amount, where: savings.ask(db, who, amount, where),
        lambda db, world, where: savings.deposit(db, world.ayesha, taka(5), where),
    ),
    "withdraw": (
        lambda db, world, who, amount, where: savings.withdraw(db, who, 3 + amount.minor // 500, where),
        lambda db, world, where: savings.withdraw(db, world.ayesha, 4, where, money="bank"),
    ),
    "refuse": (
        lambda db, world, who, amount, where: savings.refuse(db, who, 3 + amount.minor // 500, where),
        lambda db, world, where: savings.refuse(db, world.ayesha, 4, where, how="expired"),
    ),
    "refund": (
        lambda db, world, who, amount, where: savings.refund(db, who, amount, where),
        lambda db, world, where: savings.refund(db, world.ayesha, taka(5), where, money="bank"),
    ),
    "leave": (
        lambda db, world, who, amount, where: savings.leave(db, who, where),
        lambda db, world, where: savings.leave(db, world.ayesha, where, money="bank"),
    ),
}


@BOTH
@pytest.mark.parametrize("verb", REPEATS)
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str], verb: str) -> None:
    world = saved(db, codes)
    act, otherwise = REPEATS[verb]
    if verb != "leave":
        savings.ask(db, world.ayesha, taka(20), world.origin())
        overpaid(db, world, 30)
    first = act(db, world, world.ayesha, taka(5), world.origin("one"))
    before, told = everything(db), len(db.info["facts"])
    assert act(db, world, world.ayesha, taka(5), world.origin("one")) == first
    others = [lambda: act(db, world, world.salma, taka(5), world.origin("one"))]
    others += [] if verb == "leave" else [lambda: act(db, world, world.ayesha, taka(10), world.origin("one"))]
    for other in (*others, lambda: otherwise(db, world, world.origin("one"))):
        with pytest.raises(Conflict):
            other()
    assert everything(db) == before
    assert len(db.info["facts"]) == told
    assert findings(db) == []


def test_who_is_in_no_group_saves_nowhere(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    with pytest.raises(NotFound, match="no-group"):
        savings.deposit(db, replace(world.ayesha, group=None), taka(5), world.origin())
