"""Share-out: nothing open, the proposal to the poisha, then closed, shared, set off and paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from datetime import timedelta
from fractions import Fraction
from functools import partial

import pytest
from conftest import BOTH
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import DAY
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
from ledger import cutoff
from ledger import fines
from ledger import loans
from ledger import receipts
from ledger import repayments
from ledger import reversals
from ledger import savings
from ledger import shareout
from ledger import treasury
from ledger.cutoff import Sheet
from ledger.cutoff import Standing
from ledger.errors import Conflict
from ledger.loans import Loan
from ledger.money import apportion
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.shareout import Proposal


@pytest.mark.parametrize(
    ("whole", "weights", "shares"),
    [
        (100, {1: 1, 2: 1, 3: 1}, {1: 34, 2: 33, 3: 33}),
        (101, {3: 1, 2: 1, 1: 1}, {1: 34, 2: 34, 3: 33}),
        (10, {1: 1, 2: 2, 3: 4}, {1: 1, 2: 3, 3: 6}),
        (1, {1: 1, 2: 2}, {1: 0, 2: 1}),
        (-100, {1: 1, 2: 1, 3: 1}, {1: -34, 2: -33, 3: -33}),
        (0, {1: 5, 2: 0}, {1: 0, 2: 0}),
        (7, {1: 0, 2: 3}, {1: 0, 2: 7}),
        (0, {}, {}),
        (0, {1: 0}, {1: 0}),
    ],
)
def test_largest_remainder(whole: int, weights: dict[int, int], shares: dict[int, int]) -> None:
    assert apportion(whole, weights) == shares


@given(st.integers(-(10**12), 10**12), st.dictionaries(st.integers(1, 10**6), st.integers(0, 10**12), min_size=1))
def test_shares_add_up_and_nobody_is_off_by_a_poisha(whole: int, weights: dict[int, int]) -> None:
    everything = sum(weights.values())
    if not everything:
        weights, everything = {1: 1}, 1
    shares = apportion(whole, weights)
    assert sum(shares.values()) == whole
    assert shares.keys() == weights.keys()
    for member, share in shares.items():
        assert abs(share - Fraction(whole * weights[member], everything)) < 1


@pytest.mark.parametrize(("whole", "weights"), [(5, {}), (5, {1: 0}), (5, {1: 2, 2: -1})])
def test_nothing_to_go_by(whole: int, weights: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="shared out by weights"):
        apportion(whole, weights)


TERMS = Terms(300_00, Fraction(2, 100), 3, Every(1, "month"), "declining-equal-principal", DAY - timedelta(days=20))


def cycle(db: Connection, codes: Callable[[], str], kind: str = "share") -> World:
    """Rahima put in Tk 100, Salma 200 and Ayesha 400; the cycle earned Tk 100 and cost 0.01; 50 are social fund."""
    world = open_world(db, codes)
    begun = DAY - timedelta(days=99)
    for who, amount in ((world.rahima, 100), (world.salma, 200), (world.ayesha, 400)):
        savings.deposit(db, who, taka(amount), world.origin(on=begun), kind)
    treasury.take_grant(db, world.ayesha.group_book, taka(100), "a friend", world.origin(on=begun), money="cash")
    treasury.spend(db, world.ayesha.group_book, taka(0.01), "tea", world.origin(on=begun))
    treasury.pay_social(db, world.ayesha, taka(50), world.origin(on=begun))
    return world


def told(found: Proposal) -> list[str]:
    """Each claim: key, share + gain = payable − set off = payout, in taka."""
    return [
        f"{each.key.minor / 100:g}: {each.share.minor / 100:g} + {each.gain.minor / 100:g} = "
        f"{each.payable.minor / 100:g} - {each.set_off.minor / 100:g} = {each.payout.minor / 100:g}"
        for each in found.claims
    ]


BY_SHARE = [
    "100: 100 + 14.28 = 114.28 - 0 = 114.28",
    "200: 200 + 28.57 = 228.57 - 0 = 228.57",
    "400: 400 + 57.14 = 457.14 - 0 = 457.14",
]


@BOTH
def test_a_share_out_from_first_to_last(db: Connection, codes: Callable[[], str]) -> None:
    world = cycle(db, codes)
    book = world.ayesha.group_book
    found = shareout.proposal(db, book, DAY)
    assert (found.surplus, found.by, found.payout, told(found)) == (taka(99.99), "share", taka(799.99), BY_SHARE)
    closed = shareout.close(db, book, world.origin("close"))
    assert balances(db, book, "4050", "5030", "3010") == "4050: 0.00, 5030: 0.00, 3010: 99.99"
    assert shareout.proposal(db, book, DAY) == found
    shared = shareout.share(db, book, world.origin("share"))
    assert balances(db, book, "3010", *(f"2080.{who.id}" for who in (world.rahima, world.salma, world.ayesha))) == (
        f"3010: 0.00, 2080.{world.rahima.id}: 114.28, 2080.{world.salma.id}: 228.57, 2080.{world.ayesha.id}: 457.14"
    )
    after = shareout.proposal(db, book, DAY)
    assert [each.payout for each in after.claims] == [each.payout for each in found.claims]
    assert refusal(db, partial(shareout.set_off, db, book, world.origin())) == "nothing-to-set-off"
    paid = [shareout.pay(db, who, world.origin(f"pay {who.id}")) for who in (world.rahima, world.salma, world.ayesha)]
    assert [receipts.of_entry(db, entry).amount for entry in paid] == [taka(114.28), taka(228.57), taka(457.14)]
    assert balances(db, book, "1010", "2040") == "1010: 50.00, 2040: 50.00"
    assert refusal(db, partial(shareout.pay, db, world.salma, world.origin())) == "nothing-payable"
    before = everything(db)
    assert shareout.close(db, book, world.origin("close")) == closed
    assert shareout.share(db, book, world.origin("share")) == shared
    assert shareout.pay(db, world.salma, world.origin(f"pay {world.salma.id}")) == paid[1]
    for act in (
        partial(shareout.close, db, replace(book, owner=book.owner + 1), world.origin("close")),
        partial(shareout.share, db, book, world.origin("close")),
        partial(shareout.pay, db, world.ayesha, world.origin(f"pay {world.salma.id}")),
        partial(shareout.pay, db, world.salma, world.origin(f"pay {world.salma.id}"), money="bank"),
    ):
        with pytest.raises(Conflict):
            act()
    assert everything(db) == before
    assert findings(db) == []


@BOTH
def test_every_account_of_a_cycle_is_closed(db: Connection, codes: Callable[[], str]) -> None:
    """Income and costs of every kind, opening equity too; cash that was found lies on the other side of its account."""
    world = open_world(db, codes)
    book = world.ayesha.group_book
    sheet = Sheet(book, cash=500_00, bank=50_00, members=(Standing(world.ayesha.id, share=400_00, fines=7_00),))
    cutoff.join(db, sheet, world.origin())
    fines.pay(db, world.ayesha, taka(7), world.origin())
    fines.charge(db, world.ayesha, taka(3), "late", world.origin())
    fines.pay(db, world.ayesha, taka(3), world.origin())
    treasury.earn_interest(db, book, taka(4), world.origin())
    treasury.borrow(db, book, taka(10), "the bank", world.origin())
    treasury.repay(db, book, taka(10), taka(1), world.origin())
    treasury.count(db, book, taka(512), world.origin())
    treasury.move(db, book, taka(50), "bank", "cash", world.origin())
    savings.interest(db, book, {world.salma.id: taka(6)}, world.origin())
    assert balances(db, book, "3030", "5060") == "3030: 157.00, 5060: -2.00"
    assert shareout.proposal(db, book, DAY).surplus == taka(157 + 3 + 4 - 1 + 2 - 6)
    shareout.close(db, book, world.origin())
    ended = ("3030", "4020", "4040", "5010", "5020", "5060", "3010")
    assert [each.partition(": ")[2] for each in balances(db, book, *ended).split(", ")] == ["0.00"] * 6 + ["159.00"]
    assert findings(db) == []


def _lend(db: Connection, world: World, terms: Terms = TERMS) -> Loan:
    return loans.disburse(db, world.ayesha, terms, world.origin(on=terms.disbursed))


@BOTH
def test_what_is_open_is_named(db: Connection, codes: Callable[[], str]) -> None:
    world = cycle(db, codes)
    book, ayesha = world.ayesha.group_book, world.ayesha
    loan = _lend(db, world, replace(TERMS, disbursed=DAY - timedelta(days=31)))
    fines.charge(db, world.salma, taka(2), "absent", world.origin())
    savings.deposit(db, world.rahima, taka(9), world.origin(), money="collector")
    treasury.move(db, book, taka(200), "cash", "bank", world.origin())
    # What the books say to `close` and `share`, and how it is put right.
    for said, then in (
        (f"interest-open loan={loan.id} interest=BDT 6.00",
         lambda: repayments.repay(db, ayesha, loan.id, taka(6), world.origin())),
        (f"fines-open member={world.salma.id} owes=BDT 2.00",
         lambda: fines.pay(db, world.salma, taka(2), world.origin())),
        ("collector-open carried=BDT 9.00", lambda: treasury.hand_in(db, book, taka(9), world.origin())),
        # 800 + 7.99 to pay out, less 300 of the loan, and 366.99 in the box.
        ("cash-short missing=BDT 141.00", lambda: treasury.move(db, book, taka(141), "bank", "cash", world.origin())),
    ):  # fmt: skip
        for verb in (shareout.close, shareout.share):
            before = everything(db)
            assert refusal(db, partial(verb, db, book, world.origin())) == said
            assert everything(db) == before
        then()
    assert refusal(db, partial(shareout.share, db, book, world.origin())) == "close-first"
    shareout.close(db, book, world.origin())
    assert refusal(db, partial(shareout.close, db, book, world.origin())) == "nothing-to-close"
    shareout.share(db, book, world.origin())
    assert refusal(db, partial(shareout.share, db, book, world.origin())) == "nothing-to-share"
    assert findings(db) == []


@BOTH
def test_interest_of_a_passbook_is_open_once_a_month_has_passed(db: Connection, codes: Callable[[], str]) -> None:
    world = cycle(db, codes)
    lent = date(2026, 10, 30)
    terms = Terms(100_00, Fraction(2, 100), 1, Every(10, "month"), PASSBOOK, lent, per="month")
    loan = _lend(db, world, terms)
    act = partial(shareout.close, db, world.ayesha.group_book, world.origin())
    assert refusal(db, act) == f"interest-open loan={loan.id} interest=BDT 2.00"
    repayments.repay(db, world.ayesha, loan.id, taka(1), world.origin())
    assert refusal(db, act) == f"interest-open loan={loan.id} interest=BDT 1.00"
    repayments.repay(db, world.ayesha, loan.id, taka(1), world.origin())
    assert refusal(db, act) == "done"
    assert findings(db) == []


@BOTH
def test_loans_are_set_off_oldest_instalment_first(db: Connection, codes: Callable[[], str]) -> None:
    """Ayesha's loan of 300 is cleared whole, Salma's of 600 as far as hers goes, from the oldest instalment on."""
    world = cycle(db, codes)
    book = world.ayesha.group_book
    treasury.borrow(db, book, taka(900), "the bank", world.origin(), money="cash")
    whole = _lend(db, world)
    part = loans.disburse(db, world.salma, replace(TERMS, principal=600_00), world.origin(on=TERMS.disbursed))
    assert told(shareout.proposal(db, book, DAY)) == [
        BY_SHARE[0],
        "200: 200 + 28.57 = 228.57 - 228.57 = 0",
        "400: 400 + 57.14 = 457.14 - 300 = 157.14",
    ]
    shareout.close(db, book, world.origin())
    shareout.share(db, book, world.origin())
    act = partial(shareout.pay, db, world.ayesha, world.origin())
    assert refusal(db, act) == f"set-off-first loan={whole.id}"
    entry = shareout.set_off(db, book, world.origin("set off"))
    assert shareout.set_off(db, book, world.origin("set off")) == entry
    with pytest.raises(Conflict):
        shareout.set_off(db, replace(book, owner=book.owner + 1), world.origin("set off"))
    # The interest of the month that has begun is still due, that of later ones is forgiven.
    assert [(each.number, each.left) for each in loans.get(db, world.ayesha, whole.id).unpaid] == [(1, taka(6))]
    left = loans.get(db, world.salma, part.id).unpaid
    assert [(each.number, each.principal_left, each.interest_left) for each in left] == [
        (1, taka(0), taka(12)),
        (2, taka(171.43), taka(8)),
        (3, taka(200), taka(4)),
    ]
    assert refusal(db, partial(shareout.pay, db, world.salma, world.origin())) == "nothing-payable"
    assert refusal(db, act) == "done"
    assert balances(db, book, f"2080.{world.ayesha.id}", f"1100.{whole.id}", f"1100.{part.id}") == (
        f"2080.{world.ayesha.id}: 0.00, 1100.{whole.id}: 0.00, 1100.{part.id}: 371.43"
    )
    assert findings(db) == []


@BOTH
def test_two_loans_of_one_woman_the_older_first(db: Connection, codes: Callable[[], str]) -> None:
    world = cycle(db, codes)
    book = world.ayesha.group_book
    treasury.borrow(db, book, taka(900), "the bank", world.origin(), money="cash")
    both = [_lend(db, world), _lend(db, world)]
    shareout.close(db, book, world.origin())
    shareout.share(db, book, world.origin())
    entry = shareout.set_off(db, book, world.origin())
    assert [loans.get(db, world.ayesha, loan.id).left for loan in both] == [taka(0), taka(142.86)]
    reversals.reverse(db, entry.book, entry.number, "not yet", replace(world.origin(), actor="officer"))
    assert [loans.get(db, world.ayesha, loan.id) for loan in both] == both
    assert findings(db) == []


@BOTH
def test_a_loss_is_taken_from_the_shares(db: Connection, codes: Callable[[], str]) -> None:
    world = cycle(db, codes)
    book = world.ayesha.group_book
    treasury.spend(db, book, taka(400), "a thief", world.origin())
    found = shareout.proposal(db, book, DAY)
    assert (found.surplus, told(found)) == (
        taka(-300.01),
        [
            "100: 100 + -42.86 = 57.14 - 0 = 57.14",
            "200: 200 + -85.72 = 114.28 - 0 = 114.28",
            "400: 400 + -171.43 = 228.57 - 0 = 228.57",
        ],
    )
    shareout.close(db, book, world.origin())
    assert balances(db, book, "3010") == "3010: -300.01"
    shareout.share(db, book, world.origin())
    assert balances(db, book, "3010", f"2030.{world.ayesha.id}", f"2080.{world.ayesha.id}") == (
        f"3010: 0.00, 2030.{world.ayesha.id}: 0.00, 2080.{world.ayesha.id}: 228.57"
    )
    assert findings(db) == []


@BOTH
@pytest.mark.parametrize(
    ("kind", "spent", "said"),
    [
        ("share", 799.99, "done"),
        ("share", 800, "loss-above-shares loss=BDT 700.01 shares=BDT 700.00"),
        ("compulsory", 100, "loss-above-shares loss=BDT 0.01 shares=BDT 0.00"),
        ("compulsory", 99.99, "done"),
        ("voluntary", 50, "nobody-to-share surplus=BDT 49.99"),
    ],
)
def test_a_loss_has_its_limits(db: Connection, codes: Callable[[], str], kind: str, spent: float, said: str) -> None:
    world = cycle(db, codes, kind)
    treasury.spend(db, world.ayesha.group_book, taka(spent), "a thief", world.origin())
    assert refusal(db, partial(shareout.close, db, world.ayesha.group_book, world.origin())) == said
    assert findings(db) == []


# Without shares: who saved how much on which day of a cycle of 100 days -> the average, and her part of Tk 99.99.
AVERAGES = {
    "all from the first day": ([(0, 0, 100), (1, 0, 200), (2, 0, 400)], [(100, 14.28), (200, 28.57), (400, 57.14)]),
    "half of the time counts half": ([(0, 0, 100), (1, 50, 200)], [(100, 50), (100, 49.99)]),
    "the last day counts as one": ([(0, 0, 1), (1, 99, 100)], [(1, 50), (1, 49.99)]),
    "week by week": (
        [*((0, week * 7, 10) for week in range(10)), (1, 0, 68.5)],
        [(68.5, 50), (68.5, 49.99)],
    ),
    "tomorrow does not count": ([(0, 0, 100), (1, 100, 500), (1, 0, 100)], [(100, 50), (100, 49.99)]),
    "written down late": ([(0, 50, 200), (0, 0, 100), (1, 0, 200)], [(200, 50), (200, 49.99)]),
}


@BOTH
@pytest.mark.parametrize("case", AVERAGES)
def test_without_shares_by_average_savings(db: Connection, codes: Callable[[], str], case: str) -> None:
    world, (deposits, expected) = open_world(db, codes), AVERAGES[case]
    book, who, begun = world.ayesha.group_book, (world.rahima, world.salma, world.ayesha), DAY - timedelta(days=99)
    treasury.take_grant(db, book, taka(99.99), "a friend", world.origin(on=begun), money="cash")
    for index, day, amount in deposits:
        savings.deposit(db, who[index], taka(amount), world.origin(on=begun + timedelta(days=day)))
    found = shareout.proposal(db, book, DAY)
    assert found.by == "average"
    assert [(each.key, each.gain, each.share) for each in found.claims] == [
        (taka(key), taka(gain), taka(0)) for key, gain in expected
    ]
    shareout.close(db, book, world.origin())
    shareout.share(db, book, world.origin())
    saved = sum(amount for _, _, amount in deposits)
    assert sum((savings.balance(db, each) for each in who), taka(0)) == taka(saved)
    assert findings(db) == []


@BOTH
def test_the_next_cycle_begins_after_the_last(db: Connection, codes: Callable[[], str]) -> None:
    """Ten days later: who saved before counts with all of it, who began half-way with half; who left gets nothing."""
    world = cycle(db, codes, "compulsory")
    book = world.ayesha.group_book
    for act in (shareout.close, shareout.share):
        act(db, book, world.origin())
    for who in (world.rahima, world.salma, world.ayesha):
        shareout.pay(db, who, world.origin())
    end = DAY + timedelta(days=10)
    savings.deposit(db, world.salma, taka(400), world.origin(on=DAY + timedelta(days=6)))
    treasury.take_grant(db, book, taka(8), "a friend", world.origin(on=end), money="cash")
    assert told(shareout.proposal(db, book, end)) == [
        "100: 0 + 0.89 = 0.89 - 0 = 0.89",
        "400: 0 + 3.56 = 3.56 - 0 = 3.56",
        "400: 0 + 3.55 = 3.55 - 0 = 3.55",
    ]
    savings.leave(db, world.ayesha, world.origin(on=end))
    assert [each.member for each in shareout.proposal(db, book, end).claims] == [world.rahima.id, world.salma.id]
    assert findings(db) == []


@BOTH
def test_what_was_not_paid_is_paid_later(db: Connection, codes: Callable[[], str]) -> None:
    """A share-out goes on top of what an earlier one still owes; and who leaves is paid it too."""
    world = cycle(db, codes)
    book = world.ayesha.group_book
    for act in (shareout.close, shareout.share):
        act(db, book, world.origin())
    savings.deposit(db, world.ayesha, taka(100), world.origin(), "share")
    found = shareout.proposal(db, book, DAY)
    assert [each.payable for each in found.claims] == [taka(114.28), taka(228.57), taka(557.14)]
    entry = savings.leave(db, world.ayesha, world.origin())
    assert receipts.of_entry(db, entry).amount == taka(557.14)
    assert findings(db) == []


@BOTH
def test_many_pay_the_same_woman_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = cycle(db, codes)
        for act in (shareout.close, shareout.share):
            act(db, world.ayesha.group_book, world.origin())
    said = at_once(database, 8, lambda db, turn: shareout.pay(db, world.ayesha, world.origin(f"turn-{turn}")).number)
    assert sorted(map(str, said)) == ["9", *["nothing-payable"] * 7]
    with database.reading(60) as db:
        assert balances(db, world.ayesha.group_book, "1010") == "1010: 392.85"
        assert findings(db) == []


@BOTH
def test_an_empty_book_has_nothing_to_share(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    book = world.ayesha.group_book
    assert shareout.proposal(db, book, DAY) == Proposal(DAY, taka(0), "average", ())
    assert refusal(db, partial(shareout.close, db, book, world.origin())) == "nothing-to-close"
    assert refusal(db, partial(shareout.share, db, book, world.origin())) == "nothing-to-share"
