"""An old group joins: its sheet is one balanced entry, its loans run on, and it can be seen before it is posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import partial

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

from ledger import cutoff
from ledger import fines
from ledger import loans
from ledger import repayments
from ledger import reversals
from ledger import savings
from ledger.cutoff import OldLoan
from ledger.cutoff import Sheet
from ledger.cutoff import Standing
from ledger.errors import Conflict
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms

# Ayesha still owes 300 in three parts, the first of them late; Salma 500 by the passbook.
LATE = Terms(
    300_00, Fraction(2, 100), 3, Every(1, "month"), "declining-equal-principal", date(2026, 9, 10), date(2026, 10, 10)
)
BOOKED = Terms(500_00, Fraction(2, 100), 1, Every(10, "month"), PASSBOOK, date(2026, 8, 10), per="month")


def old_group(world: World) -> Sheet:
    """Three women with savings of every kind, two loans, a fine and an overpayment; the group owes a bank Tk 1,000."""
    return Sheet(
        world.ayesha.group_book,
        cash=120_00,
        bank=2_000_00,
        wallet=5_00,
        social=70_00,
        borrowed=1_000_00,
        members=(
            Standing(world.rahima.id, compulsory=600_00, share=200_00, overpaid=1_50),
            Standing(world.salma.id, compulsory=400_00, loans=(OldLoan(BOOKED, interest=10_00),)),
            Standing(world.ayesha.id, voluntary=90_00, fines=15_00, loans=(OldLoan(LATE, interest=6_00),)),
        ),
    )


def shown(world: World) -> list[str]:
    """The accounts that the sheet of the old group touches."""
    a, s, r = world.ayesha.id, world.salma.id, world.rahima.id
    return ["1010", "1020", "1030", "2040", "2050", f"1120.{a}", f"2010.{r}", f"2010.{s}", f"2020.{a}", f"2030.{r}",
            f"2070.{r}", "3030"]  # fmt: skip


@BOTH
def test_a_sheet_is_posted_as_it_was_shown(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    sheet = old_group(world)
    assert {name: str(amount) for name, amount in cutoff.totals(sheet).items() if amount} == {
        "cash": "BDT 120.00", "bank": "BDT 2000.00", "wallet": "BDT 5.00", "loans": "BDT 800.00", "fines": "BDT 15.00",
        "social": "BDT 70.00", "borrowed": "BDT 1000.00", "compulsory": "BDT 1000.00", "voluntary": "BDT 90.00",
        "share": "BDT 200.00", "overpaid": "BDT 1.50",
    }  # fmt: skip
    assert cutoff.balance_of(sheet) == taka(578.50)
    entry = cutoff.join(db, sheet, world.origin("joins"))
    assert entry.number == 1
    assert [each.partition(": ")[2] for each in balances(db, sheet.book, *shown(world)).split(", ")] == [
        "120.00", "2000.00", "5.00", "70.00", "1000.00", "15.00", "600.00", "400.00", "90.00", "200.00", "1.50",
        "578.50",
    ]  # fmt: skip
    assert fines.owed(db, world.ayesha) == taka(15)
    assert cutoff.join(db, old_group(world), world.origin("joins")) == entry
    with pytest.raises(Conflict):
        cutoff.join(db, replace(sheet, cash=121_00), world.origin("joins"))
    assert db.info["facts"] == []
    assert findings(db) == []


@BOTH
def test_a_group_that_owes_more_than_it_has(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    sheet = replace(old_group(world), bank=0)
    assert cutoff.balance_of(sheet) == taka(-1421.50)
    cutoff.join(db, sheet, world.origin())
    assert balances(db, sheet.book, "3030") == "3030: -1421.50"
    assert findings(db) == []


@BOTH
def test_the_loans_of_a_sheet_run_on(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    cutoff.join(db, old_group(world), world.origin())
    (late,), (booked,) = loans.running(db, world.ayesha), loans.running(db, world.salma)
    assert [(each.number, str(each.due), each.principal_left, each.interest_left) for each in late.unpaid] == [
        (0, "2026-11-21", taka(0), taka(6)),
        (1, "2026-10-10", taka(100), taka(6)),
        (2, "2026-11-10", taka(100), taka(4)),
        (3, "2026-12-10", taka(100), taka(2)),
    ]
    assert [each.number for each in late.overdue(DAY)] == [0, 1, 2]
    assert [(each.number, each.left) for each in booked.unpaid] == [(1, taka(510))]
    repayments.repay(db, world.ayesha, late.id, taka(62), world.origin())
    assert [each.left for each in loans.get(db, world.ayesha, late.id).unpaid] == [taka(50), taka(104), taka(102)]
    # A month later: another Tk 10 of interest beside that on the sheet.
    act = partial(repayments.repay, db, world.salma, booked.id, taka(520), world.origin(on=date(2026, 12, 22)))
    assert refusal(db, act) == "done"
    assert loans.running(db, world.salma) == []
    assert findings(db) == []


@BOTH
def test_many_loans_of_one_woman(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    some = tuple(OldLoan(replace(LATE, principal=owed)) for owed in (30_00, 60_00, 90_00))
    sheet = Sheet(world.ayesha.group_book, members=(Standing(world.ayesha.id, loans=some),))
    cutoff.join(db, sheet, world.origin())
    assert [each.left for each in loans.running(db, world.ayesha)] == [taka(30), taka(60), taka(90)]
    assert cutoff.balance_of(sheet) == taka(180)
    assert findings(db) == []


@BOTH
def test_a_group_joins_once(db: Connection, codes: Callable[[], str]) -> None:
    """A sheet that was wrong is reversed, and then the right one is posted."""
    world = open_world(db, codes)
    sheet = old_group(world)
    wrong = cutoff.join(db, replace(sheet, cash=7_00), world.origin())
    before = everything(db)
    again = partial(cutoff.join, db, sheet, world.origin())
    assert refusal(db, again) == f"book-begun book={wrong.book} entry=1"
    assert everything(db) == before
    reversals.reverse(db, wrong.book, wrong.number, "a slip", replace(world.origin(), actor="officer"))
    assert refusal(db, again) == "done"
    assert balances(db, sheet.book, "1010", "3030") == "1010: 120.00, 3030: 578.50"
    assert [loan.cycle for loan in loans.running(db, world.ayesha)] == [1]
    assert findings(db) == []


@BOTH
def test_a_book_that_has_begun_takes_no_sheet(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.ayesha, taka(5), world.origin())
    act = partial(cutoff.join, db, old_group(world), world.origin())
    assert refusal(db, act) == f"book-begun book={world.ayesha.group_book.id} entry=1"
    assert findings(db) == []


# What is changed on the sheet, and what the books say to it; nothing is left of it.
WRONG = {
    "below zero": (lambda sheet, world: replace(sheet, cash=-1), "takes no sum below zero"),
    "a member below zero": (
        lambda sheet, world: replace(sheet, members=(Standing(world.ayesha.id, share=-1),)),
        "takes no sum below zero",
    ),
    "interest below zero": (
        lambda sheet, world: replace(sheet, members=(Standing(world.ayesha.id, loans=(OldLoan(LATE, -1),)),)),
        "less than no interest",
    ),
    "a member twice": (
        lambda sheet, world: replace(sheet, members=(*sheet.members, Standing(world.ayesha.id))),
        "stands on a sheet once",
    ),
    "impossible terms": (
        lambda sheet, world: replace(
            sheet, members=(Standing(world.ayesha.id, loans=(OldLoan(replace(LATE, principal=0)),)),)
        ),
        "needs a principal",
    ),
    "nothing at all": (lambda sheet, world: Sheet(sheet.book), "of nothing"),
    "unknown": (lambda sheet, world: replace(sheet, members=(Standing(99),)), "unknown-member member=99"),
    "elsewhere": (
        lambda sheet, world: replace(sheet, book=replace(sheet.book, owner=sheet.book.owner + 1)),
        "not-in-group member={rahima}",
    ),
}


@BOTH
@pytest.mark.parametrize("wrong", WRONG)
def test_a_sheet_that_cannot_be(db: Connection, codes: Callable[[], str], wrong: str) -> None:
    world = open_world(db, codes)
    change, said = WRONG[wrong]
    sheet, before = change(old_group(world), world), everything(db)
    if said.endswith(("}", "99")):
        act = partial(cutoff.join, db, sheet, world.origin())
        assert refusal(db, act) == said.format(rahima=world.rahima.id)
        assert everything(db) == before
    else:
        with pytest.raises(ValueError, match=said):
            cutoff.join(db, sheet, world.origin())
