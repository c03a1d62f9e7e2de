"""Collection at a meeting: what is due of a member, how another sum is shared out, the meeting's end and its fines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from conftest import BOTH
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
from ledger import collection
from ledger import facts
from ledger import fines
from ledger import groups
from ledger import indicators
from ledger import loans
from ledger import meetings
from ledger import passbooks
from ledger import receipts
from ledger import repayments
from ledger import reversals
from ledger import savings
from ledger import statements
from ledger import treasury
from ledger.books import Origin
from ledger.collection import Split
from ledger.errors import LedgerError
from ledger.groups import Rules
from ledger.loans import Loan
from ledger.meetings import Meeting
from ledger.members import Member
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.tables import Names

RULES = Rules(saving=50_00, social=5_00, absent_fine=10_00, late_fine=20_00)


def group_of_three(db: Connection, codes: Callable[[], str], **rules: Any) -> World:
    """The world, its rules, and enough in the box to lend."""
    world = open_world(db, codes)
    groups.set_rules(db, world.group, replace(RULES, **rules), "BDT", world.origin())
    savings.deposit(db, world.ayesha, taka(20_000), world.origin(on=DAY - timedelta(days=90)), "voluntary")
    facts.collect(db)
    return world


def by(member: Member, origin: Origin) -> Origin:
    return replace(origin, actor=f"member:{member.id}")


def opened(db: Connection, world: World) -> Meeting:
    return meetings.open_next(db, world.group, world.rahima, by(world.rahima, world.origin()))


def lent(db: Connection, world: World, member: Member, amount: int = 4_000, *, days: int = 40, **of: Any) -> Loan:
    """A loan of so long ago over four months at 2 % a month, or by the passbook rule."""
    on = DAY - timedelta(days=days)
    terms = Terms(
        taka(amount).minor, Fraction(2, 100), 4, Every(1, "month"), "declining-equal-instalment", on, unit=100
    )
    return loans.disburse(db, member, replace(terms, **of), world.origin(on=on))


def said(split: Split) -> str:
    """`50 compulsory, 1,051 instalments`: what of a sum goes where."""
    parts = ("compulsory", "voluntary", "social", "fine", "instalments")
    sums = {name: getattr(split, name).minor for name in parts}
    assert sum(sums.values()) == split.total.minor
    return ", ".join(f"{amount / 100:,g} {name}" for name, amount in sums.items() if amount)


def collect(db: Connection, world: World, meeting: Meeting, member: Member, amount: float) -> collection.Entry:
    return collection.collect(db, meeting, member, taka(amount), by(world.rahima, world.origin()))


@BOTH
def test_what_is_due_of_a_member(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    lent(db, world, world.salma)
    fines.charge(db, world.salma, taka(10), "absent", world.origin())
    assert said(collection.proposed(db, world.ayesha, DAY)) == "50 compulsory, 5 social"
    assert said(collection.proposed(db, world.salma, DAY)) == "50 compulsory, 5 social, 10 fine, 1,050 instalments"
    # Before its first instalment is due, a loan asks for nothing.
    assert "instalments" not in said(collection.proposed(db, world.salma, DAY - timedelta(days=20)))


@pytest.mark.parametrize(
    ("rules", "amount", "parts"),
    [
        ({}, 1_115, "50 compulsory, 5 social, 10 fine, 1,050 instalments"),
        ({}, 30, "30 compulsory"),
        ({}, 60, "50 compulsory, 5 social, 5 fine"),
        ({}, 565, "50 compulsory, 5 social, 10 fine, 500 instalments"),
        ({}, 1_300, "50 compulsory, 185 voluntary, 5 social, 10 fine, 1,050 instalments"),
        ({"first": "loan"}, 300, "10 fine, 290 instalments"),
        ({"first": "loan"}, 1_100, "40 compulsory, 10 fine, 1,050 instalments"),
        ({"rest": "loan"}, 1_300, "50 compulsory, 5 social, 10 fine, 1,235 instalments"),
        ({"rest": "loan"}, 9_000, "50 compulsory, 4,732 voluntary, 5 social, 10 fine, 4,203 instalments"),
    ],
)
@BOTH
def test_another_sum_is_shared_out_by_the_rules(
    db: Connection, codes: Callable[[], str], rules: dict[str, str], amount: float, parts: str
) -> None:
    world = group_of_three(db, codes, **rules)
    lent(db, world, world.salma)
    fines.charge(db, world.salma, taka(10), "absent", world.origin())
    assert said(collection.split(db, world.salma, taka(amount), DAY)) == parts
    meeting = opened(db, world)
    collect(db, world, meeting, world.salma, amount)
    assert findings(db) == []


@BOTH
def test_a_passbook_loan_takes_what_she_brings(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    loan = lent(db, world, world.salma, 500, days=31, method=PASSBOOK, instalments=1, unit=1)
    assert said(collection.proposed(db, world.salma, DAY)) == "50 compulsory, 5 social, 10 instalments"
    assert said(collection.split(db, world.salma, taka(165), DAY)) == "50 compulsory, 5 social, 110 instalments"
    collect(db, world, opened(db, world), world.salma, 165)
    assert loans.get(db, world.salma, loan.id).left == taka(400)
    assert findings(db) == []


@BOTH
def test_one_visit_is_one_entry_and_one_receipt(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    loan = lent(db, world, world.salma)
    fines.charge(db, world.salma, taka(10), "absent", world.origin())
    meeting = opened(db, world)
    facts.collect(db)
    entry = collect(db, world, meeting, world.salma, 1_115)
    (fact,) = facts.collect(db)
    receipt = receipts.of_entry(db, entry)
    assert isinstance(fact, facts.Collected)
    assert receipt
    assert (receipt.kind, receipt.amount, receipt.code) == ("collection", taka(1_115), fact.code)
    assert (fact.amount, fact.saved, fact.instalments, fact.fines, fact.social) == tuple(
        map(taka, (1_115, 50, 1_050, 10, 5))
    )
    book, salma = world.salma.group_book, world.salma.id
    assert balances(db, book, f"2010.{salma}", "2040", f"1120.{salma}", "4010", f"1100.{loan.id}") == (
        f"2010.{salma}: 50.00, 2040: 5.00, 1120.{salma}: 0.00, 4010: 80.00, 1100.{loan.id}: 3030.00"
    )
    assert [called.entry for called in meetings.roll(db, meeting)] == [None, entry.number, None]
    (row,) = [each for each in passbooks.passbook(db, world.salma, 20) if each.kind == "collection"]
    assert (row.saved, row.repaid, row.interest, row.fine) == tuple(map(taka, (50, 970, 80, 10)))
    assert collection.paid(db, book, entry.number) == taka(1_115)
    assert findings(db) == []


@BOTH
def test_what_is_refused(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    meeting = opened(db, world)
    collect(db, world, meeting, world.salma, 55)
    home, lotus = (
        world.group.id,
        groups.start(db, world.programme, Names("পদ্ম", "Podmo"), Names("পদ্ম", "Podmo"), "Jashore"),
    )
    stranger, before = replace(world.ayesha, group=lotus.id), everything(db)
    for act, why in (
        (lambda: collect(db, world, meeting, world.salma, 55), f"called-already member={world.salma.id}"),
        (lambda: collect(db, world, meeting, stranger, 55), f"not-in-group member={stranger.id} group={home}"),
    ):
        assert refusal(db, act) == why
        assert everything(db) == before
    collection.close(db, meeting, world.rahima, taka(20_055), by(world.rahima, world.origin()))
    assert refusal(db, lambda: collect(db, world, meeting, world.ayesha, 55)) == "meeting-closed meeting=1"
    late = by(world.rahima, world.origin(on=DAY - timedelta(days=1)))
    said_ = refusal(db, lambda: collection.take(db, world.ayesha, taka(55), late))
    assert said_ == f"period-closed book=group:{world.group.id} day={DAY}"
    assert findings(db) == []


@BOTH
def test_the_recorder_corrects_while_the_meeting_is_open(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    loan = lent(db, world, world.salma)
    meeting = opened(db, world)
    before = everything(db)["account"], everything(db)["instalment"]
    collect(db, world, meeting, world.salma, 1_105)

    def mine() -> Origin:
        return by(world.rahima, world.origin())

    reversals.call_again(db, meeting, world.salma, "another sum", mine())
    assert meetings.roll(db, meeting)[1].how is None
    assert {row for row in everything(db)["account"] if "1100" in row} == {row for row in before[0] if "1100" in row}
    assert everything(db)["instalment"] == before[1]
    collect(db, world, meeting, world.salma, 55)
    assert loans.get(db, world.salma, loan.id).left == taka(4_000)
    # Not marked by an entry: only how she came is taken back.
    meetings.mark(db, meeting, world.ayesha, "absent")
    assert reversals.call_again(db, meeting, world.ayesha, "she came", mine()) == []
    collection.close(db, meeting, world.rahima, taka(16_055), mine())
    again = by(world.ayesha, world.origin())
    assert refusal(db, lambda: reversals.call_again(db, meeting, world.salma, "x", again)) == "meeting-closed meeting=1"
    entry = meetings.roll(db, meeting)[1].entry
    undo = lambda who: reversals.reverse(  # noqa: E731
        db, world.salma.group_book.id, entry or 0, "wrong", by(who, world.origin())
    )
    assert refusal(db, lambda: undo(world.rahima)).startswith("own-entry")
    undo(world.ayesha)
    assert findings(db) == []


@BOTH
def test_the_end_of_a_meeting(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    loan = lent(db, world, world.salma)
    meeting = opened(db, world)
    collect(db, world, meeting, world.rahima, 55)
    facts.collect(db)
    counted = taka(16_040)
    closing = collection.at_end(db, meeting, world.rahima.group_book, counted)
    # Salma and Ayesha did not come; Salma's instalment is late: 2 × 50 saved, 1,050 of the loan.
    assert closing == collection.Closing(taka(55), taka(1_150), 2, taka(40), taka(-15))
    origin = by(world.rahima, world.origin("the end"))
    entry = collection.close(db, meeting, world.rahima, counted, origin)
    (told,) = facts.collect(db)
    assert isinstance(told, facts.MeetingClosed)
    assert (told.member, told.collected, told.absent, told.off) == (world.rahima.id, taka(55), 2, taka(-15))
    assert entry.hash.startswith(told.head)
    assert (fines.owed(db, world.salma), fines.owed(db, world.ayesha)) == (taka(10), taka(10))
    assert loans.get(db, world.salma, loan.id).unpaid[0].fine == taka(20)
    assert balances(db, world.rahima.group_book, "1010", "5060") == "1010: 16040.00, 5060: 15.00"
    assert not meetings.get(db, world.group.id, 1).open
    before = everything(db)
    assert collection.close(db, meeting, world.rahima, counted, origin) == entry
    assert everything(db) == before
    # The next meeting asks for the fines, and no instalment is fined twice.
    due = collection.proposed(db, world.salma, DAY + timedelta(days=7))
    assert said(due) == "50 compulsory, 5 social, 10 fine, 1,070 instalments"
    week = replace(by(world.rahima, world.origin(on=DAY + timedelta(days=7))))
    second = meetings.open_next(db, world.group, world.rahima, week)
    box = treasury.difference(db, world.rahima.group_book, taka(0))
    assert collection.at_end(db, second, world.rahima.group_book, -box).fined == taka(30)
    assert findings(db) == []


@BOTH
def test_who_is_excused_pays_no_fine(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    meeting = opened(db, world)
    meetings.mark(db, meeting, world.salma, "excused")
    meetings.mark(db, meeting, world.ayesha, "late")
    meetings.mark(db, meeting, world.rahima, "present")
    collection.close(db, meeting, world.rahima, taka(20_000), by(world.rahima, world.origin()))
    assert fines.owed(db, world.salma) == taka(0)
    came = {each.name: each for each in indicators.INDICATORS}["attendance"]
    of = came.of(db, statements.of_book(world.rahima.group_book), DAY, DAY)
    assert (of.part, of.whole) == (2, 3)
    assert findings(db) == []


@BOTH
def test_a_collector_hands_in_later(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    entry = collection.take(db, world.salma, taka(55), world.origin("round"))
    assert collection.take(db, world.salma, taka(55), world.origin("round")) == entry
    book = world.salma.group_book
    assert balances(db, book, "1010", "1040") == "1010: 20000.00, 1040: 55.00"
    treasury.hand_in(db, book, taka(55), world.origin())
    assert balances(db, book, "1010", "1040") == "1010: 20055.00, 1040: 0.00"
    assert findings(db) == []


@BOTH
def test_two_leaders_at_once_take_it_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = group_of_three(db, codes)
        meeting = opened(db, world)
    said_ = at_once(database, 4, lambda db, _: type(collect(db, world, meeting, world.salma, 55)).__name__)
    assert sorted(said_) == ["Entry", *[f"called-already member={world.salma.id}"] * 3]
    with database.reading(60) as db:
        assert balances(db, world.salma.group_book, "1010") == "1010: 20055.00"
        assert findings(db) == []


@BOTH
def test_rules_are_kept_in_the_book(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    assert groups.rules(db, world.group.id) == RULES
    changed = groups.set_rules(db, world.group, replace(RULES, saving=60_00), "BDT", world.origin("more"))
    assert groups.set_rules(db, world.group, replace(RULES, saving=60_00), "BDT", world.origin("more")) == changed
    assert groups.rules(db, world.group.id).saving == 60_00
    for wrong in ({"saving": -1}, {"first": "soap"}, {"weeks": 0}, {"weekday": 7}, {"at": "noon"}, {"income_share": 0}):
        with pytest.raises(ValueError, match=r"rules|per cent|isoformat"):
            groups.set_rules(db, world.group, replace(RULES, **wrong), "BDT", world.origin())
    assert findings(db) == []


def test_a_collection_is_not_more_than_the_sum(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    with pytest.raises((ValueError, LedgerError)):
        collect(db, world, opened(db, world), world.salma, 0)
    assert repayments.sums_of(()) == {"principal": 0, "interest": 0, "fine": 0}


# Two leaders at once, and what happens while a meeting is open


@BOTH
def test_who_has_paid_is_not_marked_otherwise(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    meeting = opened(db, world)
    entry = collect(db, world, meeting, world.salma, 55)
    why = refusal(db, lambda: meetings.mark(db, meeting, world.salma, "absent"))
    assert why == f"called-already member={world.salma.id}"
    assert meetings.roll(db, meeting)[1].entry == entry.number


@BOTH
def test_what_two_leaders_undid_is_taken_anew(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    meeting, book = opened(db, world), world.salma.group_book
    entry = collect(db, world, meeting, world.salma, 55)
    reversals.reverse(db, book.id, entry.number, "wrong", by(world.ayesha, world.origin()))
    end = collection.at_end(db, meeting, book, taka(20_000))
    assert (end.collected, end.unpaid) == (taka(0), taka(150))
    assert reversals.call_again(db, meeting, world.salma, "again", by(world.rahima, world.origin())) == []
    collect(db, world, meeting, world.salma, 55)
    assert balances(db, book, "1010", f"2010.{world.salma.id}") == f"1010: 20055.00, 2010.{world.salma.id}: 50.00"
    assert findings(db) == []


@BOTH
def test_who_left_during_a_meeting_is_not_fined(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    meeting, book = opened(db, world), world.rahima.group_book
    meetings.mark(db, meeting, world.salma, "absent")
    savings.leave(db, world.salma, world.origin())
    end = collection.at_end(db, meeting, book, taka(20_000))
    assert (end.absent, end.fined) == (2, taka(20))
    collection.close(db, meeting, world.rahima, taka(20_000), by(world.rahima, world.origin()))
    # A fine that nobody could pay would keep the group from its share-out for good.
    assert balances(db, book, f"1120.{world.salma.id}") == f"1120.{world.salma.id}: 0.00"
    assert findings(db) == []


@BOTH
def test_a_meeting_that_nobody_closed_takes_no_money(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    meeting = opened(db, world)
    night, later = (by(world.rahima, world.origin(on=DAY + timedelta(days=days))) for days in (1, 2))
    collection.collect(db, meeting, world.salma, taka(55), night)
    for act in (
        lambda: collection.collect(db, meeting, world.ayesha, taka(55), later),
        lambda: reversals.call_again(db, meeting, world.salma, "wrong", later),
    ):
        assert refusal(db, act) == f"meeting-old day={DAY}"
    collection.close(db, meeting, world.rahima, taka(20_055), later)
    assert findings(db) == []


@BOTH
def test_taken_and_taken_back_by_many_at_once(database: Database, codes: Callable[[], str]) -> None:
    """Everybody locks the book first, then the meeting: nobody waits for ever, and the roll says what the books do."""
    with database.writing(60) as db:
        world = group_of_three(db, codes)
        meeting = opened(db, world)

    def act(db: Connection, number: int) -> object:
        if number % 2:
            return reversals.call_again(db, meeting, world.salma, "wrong", by(world.rahima, world.origin()))
        return collect(db, world, meeting, world.salma, 55)

    for _ in range(4):
        at_once(database, 8, act)
        with database.reading(60) as db:
            called = meetings.roll(db, meeting)[1].how is not None
            assert collection.collected(db, meeting, world.salma.group_book) == taka(55 if called else 0)
            assert findings(db) == []


@BOTH
def test_only_the_sum_and_the_difference_that_were_shown_are_written(db: Connection, codes: Callable[[], str]) -> None:
    world = group_of_three(db, codes)
    loan, meeting = lent(db, world, world.salma), opened(db, world)
    origin = by(world.rahima, world.origin("off"))
    close = repayments.to_close(db, loan, DAY)
    before = everything(db)
    less = close - taka(1)
    assert refusal(db, lambda: collection.pay_off(db, meeting, world.salma, loan.id, less, origin)).startswith("sum-")
    assert everything(db) == before
    entry = collection.pay_off(db, meeting, world.salma, loan.id, close, origin)
    assert collection.pay_off(db, meeting, world.salma, loan.id, close, origin) == entry
    assert loans.running(db, world.salma) == []
    book, end = world.rahima.group_book, by(world.rahima, world.origin())
    box = -treasury.difference(db, book, taka(0))
    before = everything(db)

    def closed(shown: float) -> str:
        return refusal(db, lambda: collection.close(db, meeting, world.rahima, box, end, shown=taka(shown)))

    assert closed(-5).startswith("difference-changed")
    assert everything(db) == before
    assert closed(0) == "done"
    assert findings(db) == []
