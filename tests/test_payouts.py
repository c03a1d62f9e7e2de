"""Cash that two leaders approved: through another's hands, once, in time; only then does money move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import at_once
from ledger_world import everything
from ledger_world import findings
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from village import Village
from village import open_village
from village import told

from gateway.backend import Database
from ledger import approvals
from ledger import decisions
from ledger import facts
from ledger import members
from ledger import payouts
from ledger import receipts
from ledger import savings
from ledger import treasury
from ledger.approvals import Approval
from ledger.errors import Conflict
from ledger.members import Member

BOX = "1010: 2800, 2020: 800"


def approved(db: Connection, village: Village, who: Member | None = None, amount: float = 200) -> Approval:
    """A withdrawal of Ayesha's, or of another one, that Bina and Champa have approved."""
    who = who or village.ayesha
    found = decisions.ask_withdrawal(db, who, taka(amount), village.by(who))
    village.agree(db, found.id)
    facts.collect(db)
    return found


def listed(db: Connection, village: Village, *, at: timedelta = timedelta(0)) -> list[str]:
    return [f"{each.kind} {each.code} {each.amount}" for each in payouts.to_pay(db, village.book, NOON + at)]


@BOTH
def test_a_withdrawal(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = approved(db, village)
    assert (village.money(db), listed(db, village)) == (BOX, ["withdrawal 1003 BDT 200.00"])
    paid = payouts.pay_out(db, village.rahima, found.id, village.by(village.rahima))
    assert (paid.kind, paid.member, paid.amount) == ("withdrawal", village.ayesha.id, taka(200))
    assert receipts.well_formed(paid.receipt)
    assert village.money(db) == "1010: 2600, 2020: 600"
    assert facts.collect(db) == [facts.PaidOut(village.ayesha.id, paid.receipt, "withdrawal", taka(200))]
    assert (approvals.get(db, found.id).state, listed(db, village)) == ("done", [])
    assert refusal(db, partial(payouts.pay_out, db, village.bina, found.id, village.by(village.bina))) == (
        f"approval-over approval={found.id} state=done"
    )
    assert decisions.mine(db, village.ayesha) == []
    assert findings(db) == []


@BOTH
def test_who_approved_or_asked_may_hand_it_over(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    savings.deposit(db, village.bina, taka(50), village.by(village.rahima), "voluntary")
    found = decisions.ask_withdrawal(db, village.bina, taka(50), village.by(village.bina))
    village.say(db, found.id, "rahima yes", "champa yes")
    pay = partial(payouts.pay_out, db, village.bina, found.id, village.by(village.bina))
    assert refusal(db, pay) == f"for-yourself member={village.bina.id}"
    assert payouts.pay_out(db, village.champa, found.id, village.by(village.champa)).amount == taka(50)


@BOTH
def test_who_may_not(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = approved(db, village)
    waiting = decisions.ask_withdrawal(db, village.salma, taka(5), village.by(village.salma))
    kept = everything(db)
    facts.collect(db)
    for who, approval, at, said in (
        (village.salma, found.id, NOON, "not-a-leader"),
        (village.nila, found.id, NOON, "unknown-approval"),
        (village.rahima, waiting.id, NOON, "not-approved"),
        (village.rahima, 99, NOON, "unknown-approval"),
        (village.rahima, found.id, NOON + timedelta(days=30), "approval-over"),
    ):
        pay = partial(payouts.pay_out, db, who, approval, village.by(who, at=at))
        assert refusal(db, pay).split()[0] == said
    assert (everything(db), facts.collect(db)) == (kept, [])


@BOTH
def test_an_empty_box_pays_later(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = approved(db, village)
    treasury.move(db, village.book, taka(2700), "cash", "bank", village.by("officer:Mina"))
    pay = partial(payouts.pay_out, db, village.rahima, found.id, village.by(village.rahima))
    assert refusal(db, pay).startswith("account-short")
    paid = payouts.pay_out(db, village.rahima, found.id, village.by(village.rahima), money="bank")
    assert paid.amount == taka(200)
    assert findings(db) == []


@BOTH
def test_what_nobody_fetches_expires(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = approved(db, village)
    month = timedelta(days=30)
    assert listed(db, village, at=month - timedelta(seconds=1)) == ["withdrawal 1003 BDT 200.00"]
    assert listed(db, village, at=month) == []
    assert savings.free(db, village.ayesha) == taka(300)
    assert decisions.expire(db, NOON + month, 10) == 1
    assert (savings.free(db, village.ayesha), village.money(db)) == (taka(500), BOX)
    assert told(db, village) == ["ayesha RequestExpired"]
    assert approvals.get(db, found.id).state == "expired"
    assert findings(db) == []


@BOTH
def test_she_takes_back_what_was_approved(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = approved(db, village)
    origin = village.by(village.ayesha, "back")
    assert decisions.take_back(db, village.ayesha, found.id, origin).state == "taken-back"
    assert decisions.take_back(db, village.ayesha, found.id, origin).state == "taken-back"
    assert (savings.free(db, village.ayesha), listed(db, village)) == (taka(500), [])
    pay = partial(payouts.pay_out, db, village.rahima, found.id, village.by(village.rahima))
    assert refusal(db, pay) == f"approval-over approval={found.id} state=taken-back"
    back = partial(decisions.take_back, db, village.ayesha, found.id, village.by(village.ayesha))
    assert refusal(db, back) == f"approval-over approval={found.id} state=taken-back"
    assert findings(db) == []


@BOTH
def test_the_office_was_quicker(db: Connection, codes: Callable[[], str]) -> None:
    """A hold that somebody ended otherwise is not ended twice, and does not stop the clock."""
    village = open_village(db, codes)
    found = approved(db, village)
    savings.refuse(db, village.ayesha, int(found.subject), village.by("officer:Mina"))
    pay = partial(payouts.pay_out, db, village.rahima, found.id, village.by(village.rahima))
    assert refusal(db, pay).startswith("hold-ended")
    assert decisions.expire(db, NOON + timedelta(days=30), 10) == 1
    assert findings(db) == []


@BOTH
def test_a_member_leaves(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = decisions.ask_leave(db, village.rahima, village.ayesha, village.by(village.rahima))
    assert found.amount == taka(500)
    village.agree(db, found.id)
    savings.deposit(db, village.ayesha, taka(20), village.by(village.rahima))
    assert listed(db, village) == ["leave 1003 BDT 520.00"]
    facts.collect(db)
    paid = payouts.pay_out(db, village.bina, found.id, village.by(village.bina))
    assert (paid.kind, paid.amount) == ("leave", taka(520))
    assert members.get(db, village.ayesha.id).left_on == DAY
    assert facts.PaidOut(village.ayesha.id, paid.receipt, "leave", taka(520)) in facts.collect(db)
    assert findings(db) == []


@BOTH
def test_who_leaves_with_nothing_has_no_receipt(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = decisions.ask_leave(db, village.bina, village.champa, village.by(village.bina))
    village.say(db, found.id, "rahima yes", "officer Mina yes")
    facts.collect(db)
    origin = village.by(village.bina, "pay")
    paid = payouts.pay_out(db, village.bina, found.id, origin)
    assert (paid.amount, paid.receipt) == (taka(0), "")
    assert [fact for fact in facts.collect(db) if isinstance(fact, facts.PaidOut)] == []
    assert payouts.pay_out(db, village.bina, found.id, origin) == paid


@BOTH
def test_the_same_operation_again(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = approved(db, village)
    origin = village.by(village.rahima, "pay")
    paid = payouts.pay_out(db, village.rahima, found.id, origin)
    kept = everything(db)
    facts.collect(db)
    assert payouts.pay_out(db, village.rahima, found.id, origin) == paid
    for act in (
        partial(payouts.pay_out, db, village.bina, found.id, origin),
        partial(payouts.pay_out, db, village.rahima, found.id, origin, money="bank"),
    ):
        with pytest.raises(Conflict):
            act()
    assert (everything(db), facts.collect(db)) == (kept, [])


@BOTH
def test_two_leaders_at_the_box_pay_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        village = open_village(db, codes)
        found = approved(db, village)

    def pay(db: Connection, number: int) -> str:
        leader = village.leaders[number % 3]
        return str(payouts.pay_out(db, leader, found.id, village.by(leader)).amount)

    said = sorted(at_once(database, 6, pay))
    assert said == ["BDT 200.00"] + [f"approval-over approval={found.id} state=done"] * 5
    with database.reading() as db:
        assert (village.money(db), findings(db)) == ("1010: 2600, 2020: 600", [])


@BOTH
def test_paid_and_taken_back_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        village = open_village(db, codes)
        found = approved(db, village)

    def act(db: Connection, number: int) -> str:
        if number % 2:
            return decisions.take_back(db, village.ayesha, found.id, village.by(village.ayesha)).state
        return str(payouts.pay_out(db, village.rahima, found.id, village.by(village.rahima)).amount)

    at_once(database, 4, act)
    with database.reading() as db:
        state = approvals.get(db, found.id).state
        assert (state, village.money(db)) in [("done", "1010: 2600, 2020: 600"), ("taken-back", BOX)]
        assert findings(db) == []
