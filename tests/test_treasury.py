"""The group's own money: social fund, money moved and counted, interest, grants, costs, a loan from the bank."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from conftest import BOTH
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select

from ledger import receipts
from ledger import savings
from ledger import treasury
from ledger.books import Book
from ledger.books import entry_table
from ledger.chart import LENDER
from ledger.errors import Conflict

# What happens, what the books say, and then: cash, bank, wallet, collector, social fund, borrowed, cash difference.
STORY = [
    ("social 40", "done", "140 0 0 60 40 0 0"),
    ("help 41", "account-short account=2040 missing=BDT 1.00", "140 0 0 60 40 0 0"),
    ("help 25", "done", "115 0 0 60 15 0 0"),
    ("cash>bank 116", "account-short account=1010 missing=BDT 1.00", "115 0 0 60 15 0 0"),
    ("cash>bank 100", "done", "15 100 0 60 15 0 0"),
    ("bank>wallet 30", "done", "15 70 30 60 15 0 0"),
    ("wallet>cash 31", "account-short account=1030 missing=BDT 1.00", "15 70 30 60 15 0 0"),
    ("wallet>cash 10", "done", "25 70 20 60 15 0 0"),
    ("hand-in 61", "account-short account=1040 missing=BDT 1.00", "25 70 20 60 15 0 0"),
    ("hand-in 60", "done", "85 70 20 0 15 0 0"),
    ("interest 3", "done", "85 73 20 0 15 0 0"),
    ("grant 500", "done", "85 573 20 0 15 0 0"),
    ("spend 12", "done", "73 573 20 0 15 0 0"),
    ("spend 74", "account-short account=1010 missing=BDT 1.00", "73 573 20 0 15 0 0"),
    ("count 70", "done", "70 573 20 0 15 0 3"),
    ("count 70", "done", "70 573 20 0 15 0 3"),
    ("count 75", "done", "75 573 20 0 15 0 -2"),
    ("count 0", "done", "0 573 20 0 15 0 73"),
    ("borrow 1000", "done", "0 1573 20 0 15 1000 73"),
    ("repay 1001+5", "owes-less owes=BDT 1000.00", "0 1573 20 0 15 1000 73"),
    ("repay 200+5", "done", "0 1368 20 0 15 800 73"),
    ("repay 0+9", "done", "0 1359 20 0 15 800 73"),
    ("repay 800+600", "account-short account=1020 missing=BDT 41.00", "0 1359 20 0 15 800 73"),
    ("repay 800+0", "done", "0 559 20 0 15 0 73"),
]


@BOTH
def test_the_money_of_a_group(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    book, ayesha = world.ayesha.group_book, world.ayesha
    savings.deposit(db, ayesha, taka(100), world.origin())
    savings.deposit(db, ayesha, taka(60), world.origin(), money="collector")
    for did, said, then in STORY:
        verb, amount = did.split()
        sums, (source, _, target), where = (
            [taka(int(n)) for n in amount.split("+")],
            verb.partition(">"),
            world.origin(),
        )
        act = {
            "social": partial(treasury.pay_social, db, ayesha, *sums, where),
            "help": partial(treasury.grant_social, db, ayesha, *sums, "a flood", where),
            "hand-in": partial(treasury.hand_in, db, book, *sums, where),
            "interest": partial(treasury.earn_interest, db, book, *sums, where),
            "grant": partial(treasury.take_grant, db, book, *sums, "a friend", where),
            "spend": partial(treasury.spend, db, book, *sums, "tea", where),
            "count": partial(treasury.count, db, book, *sums, where),
            "borrow": partial(treasury.borrow, db, book, *sums, "the bank", where),
            "repay": partial(treasury.repay, db, book, *sums, where),
        }.get(verb) or partial(treasury.move, db, book, *sums, source, target, where)
        before = everything(db)
        assert refusal(db, act) == said, did
        assert said == "done" or everything(db) == before
        named = balances(db, book, "1010", "1020", "1030", "1040", "2040", "2050", "5060").split(", ")
        assert " ".join(each.partition(": ")[2].removesuffix(".00") for each in named) == then, did
    assert balances(db, book, "4040", "4050", "5010", "5030") == "4040: 3.00, 4050: 500.00, 5010: 14.00, 5030: 12.00"
    assert findings(db) == []


@BOTH
def test_every_count_is_written_down(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    book = world.ayesha.group_book
    savings.deposit(db, world.ayesha, taka(100), world.origin())
    assert [treasury.difference(db, book, taka(n)) for n in (98, 100, 103.5)] == [taka(-2), taka(0), taka(3.5)]
    for counted in (98, 98, 103.5):
        treasury.count(db, book, taka(counted), world.origin())
    wanted = select(entry_table.c.memo).where(entry_table.c.kind == "money.counted").order_by(entry_table.c.number)
    assert list(db.execute(wanted).scalars()) == [
        '{"counted": 9800, "difference": -200}',
        '{"counted": 9800, "difference": 0}',
        '{"counted": 10350, "difference": 550}',
    ]
    with pytest.raises(ValueError, match="less than nothing"):
        treasury.count(db, book, taka(-1), world.origin())
    assert findings(db) == []


@BOTH
def test_a_member_has_a_receipt_of_the_social_fund(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    paid = treasury.pay_social(db, world.ayesha, taka(40), world.origin(), money="wallet")
    helped = treasury.grant_social(db, world.salma, taka(15), "a birth", world.origin(), money="wallet")
    slips = [receipts.of_entry(db, entry) for entry in (paid, helped)]
    assert [(each.kind, each.amount) for each in slips] == [
        ("social-fund.in", taka(40)),
        ("social-fund.grant", taka(15)),
    ]
    assert findings(db) == []


@BOTH
def test_a_lender_moves_its_money_too(db: Connection, codes: Callable[[], str]) -> None:
    world, bank = open_world(db, codes), Book(LENDER, 1, "BDT")
    savings.deposit(db, world.ayesha, taka(50), world.origin(), book=bank, money="collector")
    treasury.hand_in(db, bank, taka(50), world.origin())
    treasury.move(db, bank, taka(20), "cash", "bank", world.origin())
    assert balances(db, bank, "1010", "1020", "1040") == "1010: 30.00, 1020: 20.00, 1040: 0.00"
    assert findings(db) == []


@pytest.mark.parametrize(("source", "target"), [("cash", "cash"), ("cash", "pocket"), ("pocket", "cash")])
def test_money_moves_from_one_place_to_another(
    db: Connection, codes: Callable[[], str], source: str, target: str
) -> None:
    world = open_world(db, codes)
    with pytest.raises(ValueError, match="does not"):
        treasury.move(db, world.ayesha.group_book, taka(5), source, target, world.origin())


# Each verb with a sum, and what makes it another operation.
VERBS = {
    "pay_social": (lambda db, who, sum, where, m="cash": treasury.pay_social(db, who, sum, where, money=m), "bank"),
    "grant_social": (lambda db, who, sum, where, m="ill": treasury.grant_social(db, who, sum, m, where), "poor"),
    "move": (lambda db, who, sum, where, m="bank": treasury.move(db, who.group_book, sum, "cash", m, where), "wallet"),
    "hand_in": (lambda db, who, sum, where: treasury.hand_in(db, who.group_book, sum, where), None),
    "count": (lambda db, who, sum, where: treasury.count(db, who.group_book, sum, where), None),
    "earn_interest": (lambda db, who, sum, where: treasury.earn_interest(db, who.group_book, sum, where), None),
    "take_grant": (lambda db, who, sum, where, m="A": treasury.take_grant(db, who.group_book, sum, m, where), "B"),
    "spend": (lambda db, who, sum, where, m="tea": treasury.spend(db, who.group_book, sum, m, where), "rent"),
    "borrow": (lambda db, who, sum, where, m="A": treasury.borrow(db, who.group_book, sum, m, where), "B"),
    "repay": (lambda db, who, sum, where, m=0: treasury.repay(db, who.group_book, sum, taka(m), where), 2),
}


@BOTH
@pytest.mark.parametrize("verb", VERBS)
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str], verb: str) -> None:
    world = open_world(db, codes)
    treasury.pay_social(db, world.salma, taka(100), world.origin())
    savings.deposit(db, world.salma, taka(100), world.origin(), money="collector")
    treasury.borrow(db, world.salma.group_book, taka(100), "the bank", world.origin())
    act, other = VERBS[verb]
    first = act(db, world.ayesha, taka(5), world.origin("one"))
    before = everything(db)
    assert act(db, world.ayesha, taka(5), world.origin("one")) == first
    for more in [(taka(6), world.origin("one")), *([(taka(5), world.origin("one"), other)] if other else [])]:
        with pytest.raises(Conflict):
            act(db, world.ayesha, *more)
    assert everything(db) == before
    assert findings(db) == []


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "count"])
def test_nothing_is_no_operation(db: Connection, codes: Callable[[], str], verb: str) -> None:
    world = open_world(db, codes)
    for amount in (0, -5):
        with pytest.raises(ValueError, match=r"of nothing|does not go into"):
            VERBS[verb][0](db, world.ayesha, taka(amount), world.origin())
