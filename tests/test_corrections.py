"""What can be put right of a member: her newest entries that nobody undid, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

from conftest import BOTH
from ledger_world import DAY
from ledger_world import findings
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from village import open_village

from ledger import corrections
from ledger import loans
from ledger import repayments
from ledger import reversals
from ledger import savings
from ledger.schedules import Every
from ledger.schedules import Terms


@BOTH
def test_the_newest_entries_of_a_member(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    ayesha, lent = village.ayesha, DAY - timedelta(days=31)
    terms = Terms(1_000_00, Fraction(2, 100), 4, Every(1, "month"), "declining-equal-instalment", lent)
    loan = loans.disburse(db, ayesha, terms, village.by(village.rahima, on=lent))
    # Interest alone: no line stands on the loan's own account.
    repayments.repay(db, ayesha, loan.id, taka(20), village.by(village.rahima))
    wrong = savings.deposit(db, ayesha, taka(70), village.by(village.rahima))
    savings.deposit(db, village.salma, taka(80), village.by(village.rahima))
    held = savings.ask(db, ayesha, taka(30), village.by(ayesha))
    savings.withdraw(db, ayesha, held.number, village.by(village.rahima))
    shown = [(each.kind, each.sum) for each in corrections.last(db, ayesha, 5)]
    assert shown == [
        ("saving.withdraw", taka(30)),
        ("saving.deposit", taka(70)),
        ("loan.repay", taka(20)),
        ("loan.disburse", taka(1000)),
        ("saving.deposit", taka(500)),
    ]
    reversals.reverse(db, village.book.id, wrong.number, "twice", village.by(village.bina))
    assert wrong.number not in [each.number for each in corrections.last(db, ayesha, 5)]
    assert [each.kind for each in corrections.last(db, ayesha, 2)] == ["saving.withdraw", "loan.repay"]
    assert corrections.get(db, village.book, wrong.number).sum == taka(70)
    assert refusal(db, lambda: corrections.get(db, village.book, 999)).startswith("unknown-entry")
    assert findings(db) == []
