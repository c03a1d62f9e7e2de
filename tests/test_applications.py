"""Loans that members ask for: the instalment shown before, what blocks, what leaders must give a reason for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from datetime import timedelta
from fractions import Fraction
from functools import partial

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import everything
from ledger_world import findings
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select
from village import Village
from village import open_village
from village import told

from ledger import applications
from ledger import approvals
from ledger import decisions
from ledger import emi
from ledger import facts
from ledger import fines
from ledger import loans
from ledger import payouts
from ledger import repayments
from ledger import treasury
from ledger.applications import PURPOSES
from ledger.applications import Application
from ledger.applications import Wish
from ledger.approvals import approval_table
from ledger.books import Book
from ledger.chart import LENDER
from ledger.errors import Conflict
from ledger.indebtedness import WARN
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms

WISH = Wish(1200_00, 4, 1, income=2000_00)


def apply(db: Connection, village: Village, wish: Wish = WISH, *, on: date = DAY) -> Application:
    return applications.apply(db, village.ayesha, wish, village.by(village.ayesha, on=on))


def codes_of(some: Application | applications.Assessment) -> list[str]:
    return [f"{each.severity} {each.code}" for each in some.findings]


@BOTH
def test_she_sees_the_instalment_before_she_asks(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    before = everything(db)
    found = applications.assess(db, village.ayesha, WISH, DAY)
    # 12,000 at 2 % in 4 is the example of the books' design; here a tenth of it, rounded to the taka.
    assert [(each.due.isoformat(), each.sum) for each in found.plan] == [
        ("2026-12-22", 315_00), ("2027-01-22", 315_00), ("2027-02-22", 315_00), ("2027-03-22", 315_00),
    ]  # fmt: skip
    assert (found.first.sum, found.monthly, found.findings, found.blocked) == (315_00, taka(315), (), None)
    assert everything(db) == before


@BOTH
@pytest.mark.parametrize(
    ("changed", "first", "monthly"),
    [
        ({}, 315_00, 315),
        ({"loan_method": "flat"}, 324_00, 324),
        ({"loan_method": "declining-equal-principal"}, 324_00, 324),
        ({"loan_rate": "0"}, 300_00, 300),
        ({"loan_unit": 1}, 315_15, 315.15),
        # By the passbook rule nothing but the day is planned: an even part and a month's interest.
        ({"loan_method": PASSBOOK}, 1200_00, 324),
    ],
)
def test_by_the_groups_rules(
    db: Connection, codes: Callable[[], str], changed: dict[str, object], first: int, monthly: float
) -> None:
    village = open_village(db, codes)
    village.rules(db, **changed)
    found = applications.assess(db, village.ayesha, WISH, DAY)
    assert (found.first.sum, found.monthly) == (first, taka(monthly))


@BOTH
@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(1200_00, 25, 1), "too-many-instalments most=24"),
        (Wish(5_00, 24, 1), "loan-too-small-for-instalments instalments=24"),
        (Wish(1, 1, 1), "loan-too-small-for-instalments instalments=1"),
    ],
)
def test_what_no_schedule_fits(db: Connection, codes: Callable[[], str], wish: Wish, said: str) -> None:
    village = open_village(db, codes)
    before = everything(db)
    assert refusal(db, partial(apply, db, village, wish)) == said
    assert (everything(db), facts.collect(db)) == (before, [])


@pytest.mark.parametrize(
    "wish", [Wish(0, 4, 1), Wish(100_00, 0, 1), Wish(100_00, 1, 10), Wish(100_00, 1, 1, -1), Wish(100_00, 1, 1, 0, -1)]
)
def test_what_is_no_wish(db: Connection, codes: Callable[[], str], wish: Wish) -> None:
    village = open_village(db, codes)
    with pytest.raises(ValueError, match="is no wish"):
        apply(db, village, wish)


def test_nine_keys_for_a_purpose() -> None:
    assert list(PURPOSES) == list(range(1, 10))
    assert max(map(len, PURPOSES.values())) <= 12


@BOTH
def test_from_the_wish_to_the_second_loan(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    made = apply(db, village)
    assert (made.cycle, made.purpose, made.findings, made.loan) == (1, "poultry", (), None)
    assert told(db, village) == [f"{who} ApprovalWaits" for who in ("rahima", "bina", "champa")]
    (waits,) = decisions.waiting(db, village.bina, NOON)
    assert (waits.approval.kind, waits.names, waits.code, waits.approval.amount) == (
        "loan", village.ayesha.names, "1003", taka(1200),
    )  # fmt: skip
    before = village.money(db)
    village.agree(db, waits.approval.id)
    assert village.money(db) == before
    paid_on = DAY + timedelta(days=5)
    paid = payouts.pay_out(db, village.bina, waits.approval.id, village.by(village.bina, on=paid_on))
    assert village.money(db) == "1010: 1600, 1100: 1200, 2020: 800"
    loan = loans.get(db, village.ayesha, applications.get(db, made.id).loan or 0)
    # The day of the pay-out counts, not that of the wish.
    assert (loan.disbursed_on, loan.instalments[0].due, paid.amount) == (paid_on, date(2026, 12, 27), taka(1200))
    assert told(db, village) == ["ayesha RequestApproved", "ayesha LoanDisbursed"]
    again = apply(db, village, on=paid_on)
    assert (again.cycle, codes_of(again)) == (2, ["block loan-running", "warn instalments-heavy"])
    repayments.close_early(db, village.ayesha, loan.id, village.by(village.bina, on=paid_on))
    assert apply(db, village, on=paid_on).blocked is None
    assert findings(db) == []


@BOTH
def test_what_blocks_is_kept_and_told_once_a_day(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    village.rules(db, most_loan=1000_00)
    made = apply(db, village)
    assert made.blocked
    assert (made.blocked.code, made.blocked.shown("BDT")) == ("loan-above-bound", {"most": taka(1000)})
    apply(db, village)
    first, second = facts.collect(db)
    assert first == second
    assert first == facts.LoanRefused(
        village.ayesha.id, f"loan-above-bound {DAY}", taka(1200), "loan-above-bound", {"most": taka(1000)}
    )
    assert db.execute(select(approval_table)).all() == []
    assert findings(db) == []


@BOTH
def test_a_loan_that_is_late_anywhere_blocks(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    lender = Book(LENDER, 1, "BDT")
    treasury.take_capital(db, lender, taka(5000), village.by("officer:Mina"))
    terms = Terms(400_00, Fraction(0), 4, Every(1, "week"), "flat", DAY)
    lent = loans.disburse(db, village.ayesha, terms, village.by("officer:Mina"), book=lender)
    # A week's instalment of 100 is 433.33 a month.
    found = applications.assess(db, village.ayesha, WISH, DAY + timedelta(days=7))
    assert (found.monthly, codes_of(found)) == (taka(748.33), ["warn instalments-heavy"])
    late = applications.assess(db, village.ayesha, WISH, DAY + timedelta(days=8))
    assert late.blocked
    assert (late.blocked.code, late.blocked.values) == ("arrears", {"late": 100_00})
    fines.charge(db, village.ayesha, taka(5), "late", village.by("officer:Mina"), loan=lent.id)
    late = applications.assess(db, village.ayesha, WISH, DAY + timedelta(days=15))
    assert late.blocked
    assert late.blocked.values == {"late": 205_00}


@BOTH
def test_an_item_on_instalments_counts(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    terms = Terms(600_00, Fraction(0), 6, Every(1, "month"), "flat", DAY)
    lamp = village.world.lamp
    emi.open_contract(db, village.world.hub, village.ayesha, lamp.id, taka(200), terms, village.by("officer:Mina"))
    assert applications.assess(db, village.ayesha, WISH, DAY).monthly == taka(415)
    late = applications.assess(db, village.ayesha, WISH, DAY + timedelta(days=40))
    assert codes_of(late)[0] == "block arrears"


@BOTH
def test_what_needs_a_reason_of_each_leader(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    made = apply(db, village, Wish(1200_00, 4, 3, elsewhere=1000_00, income=2000_00))
    assert codes_of(made) == ["override instalments-above-share", "warn loans-elsewhere"]
    *waits, warned = facts.collect(db)
    assert [type(fact) for fact in waits] == [facts.ApprovalWaits] * 3
    assert warned == facts.LoanWarned(
        village.ayesha.id,
        f"application {made.id}",
        taka(1200),
        "instalments-above-share",
        {"monthly": taka(1315), "income": taka(2000), "share": 50},
    )
    (waiting,) = decisions.waiting(db, village.bina, NOON)
    assert waiting.findings == made.findings
    number = waiting.approval.id
    assert refusal(db, partial(village.say, db, number, "bina yes")) == f"reason-needed approval={number}"
    assert village.say(db, number, "bina yes her son works", "champa yes the cow is sold") == "approved 0"


@BOTH
def test_an_income_she_did_not_say_needs_one_too(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    assert codes_of(apply(db, village, Wish(1200_00, 4, 9))) == ["override income-unknown"]


@BOTH
def test_a_warning_needs_none(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    made = apply(db, village, Wish(1200_00, 4, 2, elsewhere=500_00, income=2000_00))
    assert {each.severity for each in made.findings} == {WARN}
    (waiting,) = decisions.waiting(db, village.bina, NOON)
    assert village.say(db, waiting.approval.id, "bina yes", "champa yes") == "approved 0"
    assert "ayesha LoanWarned" in told(db, village)


@BOTH
def test_what_came_in_between_blocks_at_the_box(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    apply(db, village)
    (waiting,) = decisions.waiting(db, village.bina, NOON)
    village.agree(db, waiting.approval.id)
    terms = Terms(100_00, Fraction(0), 1, Every(1, "month"), "flat", DAY)
    loans.disburse(db, village.ayesha, terms, village.by("officer:Mina"))
    before = everything(db)
    pay = partial(payouts.pay_out, db, village.bina, waiting.approval.id, village.by(village.bina))
    assert refusal(db, pay).startswith("loan-running")
    assert everything(db) == before
    assert approvals.get(db, waiting.approval.id).state == "approved"
    assert findings(db) == []


@BOTH
def test_the_terms_are_those_of_the_day_she_asked(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    made = apply(db, village)
    (waiting,) = decisions.waiting(db, village.bina, NOON)
    village.rules(db, loan_rate="5/100", loan_method="flat")
    village.agree(db, waiting.approval.id)
    payouts.pay_out(db, village.bina, waiting.approval.id, village.by(village.bina))
    loan = loans.get(db, village.ayesha, applications.get(db, made.id).loan or 0)
    assert (loan.terms.rate, loan.terms.method) == (Fraction(2, 100), "declining-equal-instalment")


@BOTH
def test_the_same_operation_again(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    origin = village.by(village.ayesha, "ask")
    made = applications.apply(db, village.ayesha, WISH, origin)
    before = everything(db)
    facts.collect(db)
    assert applications.apply(db, village.ayesha, WISH, origin) == made
    assert (everything(db), facts.collect(db)) == (before, [])
    with pytest.raises(Conflict):
        applications.apply(db, village.ayesha, Wish(1200_00, 5, 1), origin)
    assert refusal(db, partial(apply, db, village)).startswith("approval-pending")
    assert refusal(db, lambda: applications.get(db, 99)) == "unknown-application application=99"
