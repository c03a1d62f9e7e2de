"""What becomes of a loan, told as scripts: each step, what is owed after it, and what of it went where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from conftest import BOTH
from ledger_world import World
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection

from ledger import fines
from ledger import loans
from ledger import repayments
from ledger import savings
from ledger import treasury
from ledger.books import Book
from ledger.errors import Conflict
from ledger.loans import Loan
from ledger.members import Member
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms

START = date(2026, 1, 10)
FLAT = Terms(1_200_00, Fraction(2, 100), 4, Every(1, "month"), "flat", START, per="month")
"""Four instalments of 300 and 24 interest on the 10th of February, March, April and May."""
EQUAL = replace(FLAT, method="declining-equal-instalment")
"""Interest of 24, 18.18, 12.24, 6.18 in four instalments of 315.15, the last one 315.14."""


class Script:
    """One loan of Ayesha's; a step is a verb, its values, and the day (month-day of 2026) on which it happens."""

    def __init__(self, db: Connection, world: World, terms: Terms) -> None:
        self.db, self.world, self.who = db, world, world.ayesha
        savings.deposit(db, world.salma, taka(5_000), world.origin(on=terms.disbursed))
        self.loan = loans.disburse(db, self.who, terms, world.origin(on=terms.disbursed))

    def do(self, step: str) -> str:
        """Do a step: what was refused, or what is owed after it as principal + interest + fine."""
        verb, *values, day = step.split()
        origin = self.world.origin(on=date(2026, *map(int, day.split("-"))))
        said = refusal(self.db, lambda: getattr(self, verb)(*values, origin))
        if said != "done":
            return said
        owed = loans.get(self.db, self.who, self.loan.id)
        parts = [sum(getattr(each, f"{part}_left").minor for each in owed.instalments) for part in PARTS]
        return " + ".join(f"{part / 100:g}" for part in parts)

    def pay(self, amount: str, origin: object) -> None:
        paid, _, fine = amount.partition("/")
        charged = taka(float(fine)) if fine else None
        repayments.repay(self.db, self.who, self.loan.id, taka(float(paid)), origin, fine=charged)

    def fine(self, amount: str, number: str, origin: object) -> None:
        fines.charge(self.db, self.who, taka(float(amount)), "late", origin, loan=self.loan.id, instalment=int(number))

    def forgive(self, part: str, amount: str, origin: object) -> None:
        repayments.waive(self.db, self.who, self.loan.id, "flood", origin, **{part: taka(float(amount))})

    def close(self, origin: object) -> None:
        repayments.close_early(self.db, self.who, self.loan.id, origin)

    def write_off(self, origin: object) -> None:
        repayments.write_off(self.db, self.who, self.loan.id, "died", origin)

    def recover(self, amount: str, origin: object) -> None:
        repayments.recover(self.db, self.who, self.loan.id, taka(float(amount)), origin)


PARTS = ("principal", "interest", "fine")
ACCOUNTS = ("1010", "1100.{loan}", "1120.{member}", "2070.{member}", "4010", "4020", "4060", "5040")

SCRIPTS = {
    "on the day": (
        FLAT,
        """
        pay 324 02-10          900 + 72 + 0
        pay 324 03-10          600 + 48 + 0
        pay 324 04-10          300 + 24 + 0
        pay 324 05-10          0 + 0 + 0
        """,
        "5096 0 0 0 96 0 0 0",
    ),
    "in parts, then ahead, then too much": (
        FLAT,
        """
        pay 10 02-10           1200 + 86 + 0
        pay 20 02-17           1194 + 72 + 0
        pay 700 03-10          542 + 24 + 0
        pay 600 03-11          0 + 0 + 0
        pay 5 03-12            0 + 0 + 0
        """,
        None,
    ),
    "late with a fine: fine, then interest, then principal": (
        FLAT,
        """
        fine 20 1 02-20        1200 + 96 + 20
        pay 30 02-20           1200 + 86 + 0
        pay 314 02-21          900 + 72 + 0
        """,
        "4144 900 0 0 24 20 0 0",
    ),
    "a fine charged and paid in one breath": (
        FLAT,
        """
        pay 334/10 02-17       900 + 72 + 0
        pay 5/10 02-17         fine-above-payment fine=BDT 10.00
        """,
        "4134 900 0 0 24 10 0 0",
    ),
    "interest first: all interest that is due, then the oldest": (
        replace(FLAT, order="interest-first"),
        """
        pay 60 03-15           1188 + 48 + 0
        pay 10 03-20           1178 + 48 + 0
        fine 5 1 03-20         1178 + 48 + 5
        pay 30 04-11           1177 + 24 + 0
        """,
        None,
    ),
    "the order oldest first, on the same days": (
        FLAT,
        """
        pay 60 03-15           1164 + 72 + 0
        pay 10 03-20           1154 + 72 + 0
        fine 5 1 03-20         1154 + 72 + 5
        pay 30 04-11           1129 + 72 + 0
        """,
        None,
    ),
    "closed early: principal and the interest of the period begun": (
        EQUAL,
        """
        pay 315.15 02-10       908.85 + 36.6 + 0
        close 03-01            0 + 0 + 0
        close 03-02            loan-closed loan={loan}
        """,
        "5042.18 0 0 0 42.18 0 0 0",
    ),
    "closed early on the due day, with a fine": (
        EQUAL,
        """
        fine 7 1 02-10         1200 + 60.6 + 7
        close 02-10            0 + 0 + 0
        """,
        "5031 0 0 0 24 7 0 0",
    ),
    "a flat loan that forgives half of the later interest": (
        replace(FLAT, rebate=Fraction(1, 2)),
        """
        close 02-10            0 + 0 + 0
        """,
        "5060 0 0 0 60 0 0 0",
    ),
    "a flat loan that forgives nothing": (
        replace(FLAT, rebate=Fraction(0)),
        """
        close 01-11            0 + 0 + 0
        """,
        "5096 0 0 0 96 0 0 0",
    ),
    "waived in part": (
        FLAT,
        """
        fine 20 1 02-20        1200 + 96 + 20
        forgive interest 30 02-20   1200 + 66 + 20
        forgive fine 20 02-20       1200 + 66 + 0
        forgive fine 1 02-20        owes-less owes=BDT 0.00
        forgive interest 66.01 02-20  owes-less owes=BDT 66.00
        pay 300 02-20          900 + 66 + 0
        """,
        "4100 900 0 0 0 0 0 0",
    ),
    "given up, and some of it comes back": (
        FLAT,
        """
        recover 5 02-01        not-written-off loan={loan}
        pay 324 02-10          900 + 72 + 0
        fine 20 2 03-20        900 + 72 + 20
        write_off 06-01        0 + 0 + 0
        write_off 06-02        loan-closed loan={loan}
        recover 50 07-01       0 + 0 + 0
        """,
        "4174 0 0 0 24 0 50 900",
    ),
    # Saves 25 a month from March; 500 lent in August: the figures of the design, without the savings.
    "the passbook rule": (
        Terms(500_00, Fraction(2, 100), 12, Every(1, "month"), PASSBOOK, date(2026, 1, 5), per="month"),
        """
        pay 110 02-10          400 + 0 + 0
        pay 108 03-08          300 + 0 + 0
        pay 6 04-30            300 + 0 + 0
        pay 206 05-01          100 + 0 + 0
        pay 104 07-20          0 + 0 + 0
        """,
        "5034 0 0 0 34 0 0 0",
    ),
    "the passbook rule: less than the interest, twice in a month, closed": (
        Terms(500_00, Fraction(2, 100), 12, Every(1, "month"), PASSBOOK, date(2026, 1, 31), per="month"),
        """
        pay 4 02-10            500 + 6 + 0
        pay 10 02-11           496 + 0 + 0
        forgive interest 5 03-01    496 + 4.92 + 0
        close 04-15            0 + 0 + 0
        """,
        "5024.84 0 0 0 24.84 0 0 0",
    ),
}  # fmt: skip


@BOTH
@pytest.mark.parametrize(("terms", "script", "books"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_loan(db: Connection, codes: Callable[[], str], terms: Terms, script: str, books: str | None) -> None:
    world = open_world(db, codes)
    story = Script(db, world, terms)
    for line in script.strip().splitlines():
        step, expected = line.strip().split("  ", 1)
        before = everything(db)
        said = story.do(step)
        assert (step, said) == (step, expected.strip().format(loan=story.loan.id))
        if "=" in said:
            assert everything(db) == before, "a refusal leaves no row"
        assert findings(db) == []
    if books is not None:
        names = [name.format(loan=story.loan.id, member=world.ayesha.id) for name in ACCOUNTS]
        sums = [f"{name}: {float(sum):.2f}" for name, sum in zip(names, books.split(), strict=True)]
        assert balances(db, world.ayesha.group_book, *names) == ", ".join(sums)
    open_now = [each.id for each in loans.running(db, world.ayesha)]
    assert open_now == ([story.loan.id] if loans.get(db, world.ayesha, story.loan.id).unpaid else [])


def test_what_closes_a_loan_is_said_before(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    story = Script(db, world, EQUAL)
    for day, sum in (
        (START, 1224),
        (date(2026, 2, 10), 1224),
        (date(2026, 2, 11), 1242.18),
        (date(2027, 1, 1), 1260.6),
    ):
        assert repayments.to_close(db, story.loan, day) == taka(sum)


def rescheduled(db: Connection, world: World, loan: Loan, principal: float, operation: str | None = None) -> Loan:
    terms = replace(EQUAL, principal=taka(principal).minor, instalments=6, disbursed=date(2026, 4, 1))
    return repayments.reschedule(db, world.ayesha, loan.id, terms, world.origin(operation, on=date(2026, 4, 1)))


@BOTH
def test_rescheduling_is_a_new_loan_that_pays_off_the_old_one(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    old = Script(db, world, EQUAL).loan
    fines.charge(db, world.ayesha, taka(10), "late", world.origin(), loan=old.id, instalment=1)
    # 1200 + 24 + 18.18 + 12.24 interest of the periods begun + 10 fine
    before = everything(db)
    said = refusal(db, lambda: rescheduled(db, world, old, 1264.41))
    assert (said, everything(db)) == ("loan-too-small missing=BDT 0.01", before)
    new = rescheduled(db, world, old, 1300, "anew")
    assert rescheduled(db, world, old, 1300, "anew") == new
    with pytest.raises(Conflict):
        rescheduled(db, world, old, 1301, "anew")
    assert (new.cycle, new.left, len(new.instalments)) == (2, taka(1300), 6)
    assert loans.running(db, world.ayesha) == [new]
    names = ("1010", f"1100.{old.id}", f"1100.{new.id}", "4010", "4020", f"1120.{world.ayesha.id}")
    sums = (5000 - 1200 - 35.58, 0, 1300, 54.42, 10, 0)
    assert balances(db, world.ayesha.group_book, *names) == ", ".join(
        f"{name}: {sum:.2f}" for name, sum in zip(names, sums, strict=True)
    )
    assert findings(db) == []


@BOTH
def test_the_same_again_is_the_same(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    ayesha, loan = world.ayesha, Script(db, world, EQUAL).loan.id
    verbs: list[Callable[[Member, str], object]] = [
        lambda who, op: repayments.repay(db, who, loan, taka(5), world.origin(op)),
        lambda who, op: repayments.waive(db, who, loan, "why", world.origin(op), interest=taka(1)),
        lambda who, op: repayments.write_off(db, who, loan, "why", world.origin(op)),
        lambda who, op: repayments.recover(db, who, loan, taka(1), world.origin(op)),
    ]
    for number, verb in enumerate(verbs):
        first, rows = verb(ayesha, f"op {number}"), everything(db)
        assert verb(ayesha, f"op {number}") == first
        with pytest.raises(Conflict):
            verb(world.salma, f"op {number}")
        assert everything(db) == rows
    assert findings(db) == []


@BOTH
def test_a_lender_lends_from_its_own_book(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    lender = Book("lender", 1, "BDT")
    treasury.take_capital(db, lender, taka(3_000), world.origin())
    loan = loans.disburse(db, world.ayesha, FLAT, world.origin(on=START), book=lender)
    repayments.repay(db, world.ayesha, loan.id, taka(324), world.origin(on=START), money="wallet")
    (running,) = loans.running(db, world.ayesha)
    assert (running.book, running.left) == (lender, taka(900))
    assert balances(db, lender, "1010", "1030", "4010") == "1010: 1800.00, 1030: 324.00, 4010: 24.00"
    assert balances(db, world.ayesha.group_book, "1010") == "1010: 0.00"
    assert findings(db) == []
