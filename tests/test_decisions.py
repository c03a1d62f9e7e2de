"""Every kind that leaders decide, from the asking to its end; and that a leader can never move money alone."""

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
from ledger_world import PEPPERS
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
from ledger import applications
from ledger import approvals
from ledger import decisions
from ledger import facts
from ledger import fines
from ledger import loans
from ledger import payouts
from ledger import pins
from ledger import repayments
from ledger import reversals
from ledger import savings
from ledger import shareout
from ledger import treasury
from ledger.applications import Wish
from ledger.approvals import KINDS
from ledger.approvals import Approval
from ledger.errors import Conflict
from ledger.members import Member
from ledger.schedules import Every
from ledger.schedules import Terms

BOX = "1010: 2800, 2020: 800"


def kinds(db: Connection, village: Village, leader: Member) -> list[str]:
    return [each.approval.kind for each in decisions.waiting(db, leader, NOON)]


# --- what each leader sees ------------------------------------------------------------------------------------------


@BOTH
def test_what_waits_for_whom(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    withdrawal = decisions.ask_withdrawal(db, village.ayesha, taka(200), village.by(village.ayesha))
    decisions.ask_pin_reset(db, village.rahima, village.bina, village.by(village.rahima))
    decisions.ask_leave(db, village.bina, village.salma, village.by(village.bina))
    seen = {name: kinds(db, village, getattr(village, name)) for name in ("rahima", "bina", "champa", "nila", "salma")}
    assert seen == {
        "rahima": ["withdrawal", "leave"],
        "bina": ["withdrawal"],
        "champa": ["withdrawal", "pin-reset", "leave"],
        "nila": [],
        "salma": [],
    }
    village.say(db, withdrawal.id, "champa yes")
    assert kinds(db, village, village.champa) == ["pin-reset", "leave"]
    (first, *_) = decisions.waiting(db, village.rahima, NOON)
    assert (first.names, first.code, first.approval.amount, first.approval.started_by, len(first.voices)) == (
        village.ayesha.names, "1003", taka(200), f"member:{village.ayesha.id}", 1,
    )  # fmt: skip
    assert decisions.waiting(db, village.rahima, NOON + timedelta(days=7)) == []
    mine = {
        name: [each.kind for each in decisions.mine(db, getattr(village, name))]
        for name in ("ayesha", "rahima", "bina", "champa")
    }
    assert mine == {"ayesha": ["withdrawal"], "rahima": ["pin-reset"], "bina": ["pin-reset", "leave"], "champa": []}


@BOTH
def test_more_than_she_has_free(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    before = everything(db)
    ask = partial(decisions.ask_withdrawal, db, village.ayesha, taka(500.01), village.by(village.ayesha))
    assert refusal(db, ask) == "savings-short left=BDT 500.00"
    assert (everything(db), facts.collect(db)) == (before, [])


# --- taking back ----------------------------------------------------------------------------------------------------


@BOTH
def test_who_may_take_what_back(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    asked = {
        "withdrawal": decisions.ask_withdrawal(db, village.ayesha, taka(200), village.by("officer:Mina")),
        "pin-reset": decisions.ask_pin_reset(db, village.rahima, village.ayesha, village.by(village.rahima)),
        "leave": decisions.ask_leave(db, village.rahima, village.champa, village.by(village.rahima)),
    }
    for kind, who, said in (
        ("withdrawal", village.salma, "unknown-approval"),
        ("withdrawal", village.bina, "unknown-approval"),
        # What a leader asked for about her is not hers to stop, but for leaving.
        ("pin-reset", village.ayesha, "unknown-approval"),
        ("pin-reset", village.rahima, "done"),
        ("withdrawal", village.ayesha, "done"),
        ("leave", village.champa, "done"),
    ):
        back = partial(decisions.take_back, db, who, asked[kind].id, village.by(who))
        assert (kind, refusal(db, back).split()[0]) == (kind, said)
    assert savings.free(db, village.ayesha) == taka(500)
    assert refusal(db, partial(decisions.take_back, db, village.bina, 99, village.by(village.bina))).startswith(
        "unknown"
    )
    assert findings(db) == []


# --- reversal -------------------------------------------------------------------------------------------------------


@BOTH
def test_a_reversal_is_done_by_the_last_yes(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    made = savings.deposit(db, village.ayesha, taka(70), village.by(village.rahima), "voluntary")
    # Whoever wrote it down may ask for it herself.
    found = decisions.ask_reversal(
        db, village.rahima, village.ayesha, made.number, "twice", village.by(village.rahima, "ask")
    )
    assert (found.about, found.amount, found.wanted.reason) == (village.ayesha.id, taka(70), "twice")
    assert decisions.waiting(db, village.bina, NOON)[0].undoes == "saving.deposit"
    facts.collect(db)
    assert village.say(db, found.id, "bina yes") == "open 1"
    assert village.money(db) == "1010: 2870, 2020: 870"
    assert village.say(db, found.id, "champa yes") == "done 0"
    assert village.money(db) == BOX
    assert told(db, village)[:2] == ["ayesha RequestApproved", "rahima RequestApproved"]
    assert approvals.get(db, found.id).state == "done"
    assert findings(db) == []


@BOTH
def test_reversals_that_are_not_asked_for(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    made = savings.deposit(db, village.ayesha, taka(70), village.by(village.rahima), "voluntary")
    held = savings.ask(db, village.salma, taka(1), village.by(village.salma))
    before = everything(db)

    def ask(who: Member, number: int, about: Member | None = None) -> str:
        return refusal(db, partial(decisions.ask_reversal, db, who, about, number, "so", village.by(who))).split()[0]

    assert ask(village.salma, made.number) == "not-a-leader"
    assert ask(village.bina, 99) == "unknown-entry"
    assert ask(village.bina, made.number, village.bina) == "not-her-entry"
    assert ask(village.bina, held.number, village.salma) == "undo-otherwise"
    assert ask(village.nila, made.number) == "unknown-entry"
    assert everything(db) == before
    reversals.reverse(db, village.book.id, made.number, "so", village.by("officer:Mina"))
    assert ask(village.bina, made.number, village.ayesha) == "already-reversed"
    assert findings(db) == []


@BOTH
def test_whom_an_entry_is_about(db: Connection, codes: Callable[[], str]) -> None:
    """By her accounts, her loans, or the memo; of several, or none, the whole group's."""
    village = open_village(db, codes)
    book, by = village.book, village.by(village.rahima)
    terms = Terms(100_00, Fraction(0), 1, Every(1, "month"), "flat", DAY)
    lent = loans.disburse(db, village.ayesha, terms, village.by(village.rahima))
    entries = {
        "her loan": (
            repayments.repay(db, village.ayesha, lent.id, taka(5), village.by(village.rahima)),
            village.ayesha,
        ),
        "the memo": (treasury.pay_social(db, village.salma, taka(5), village.by(village.rahima)), village.salma),
        "a fine": (fines.charge(db, village.bina, taka(5), "late", village.by(village.rahima)), village.bina),
        "all": (
            savings.interest(
                db, book, {village.bina.id: taka(1), village.ayesha.id: taka(1)}, village.by(village.rahima)
            ),
            None,
        ),
        "the box": (treasury.spend(db, book, taka(1), "tea", by), None),
    }
    for name, (entry, whose) in entries.items():
        asked = decisions.ask_reversal(db, village.champa, whose, entry.number, name, village.by(village.champa))
        assert (name, asked.about) == (name, whose.id if whose else 0)
        decisions.take_back(db, village.champa, asked.id, village.by(village.champa))
    assert findings(db) == []


@BOTH
def test_a_reversal_that_the_books_refuse_by_now(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    made = savings.deposit(db, village.ayesha, taka(70), village.by(village.rahima), "voluntary")
    found = decisions.ask_reversal(db, village.bina, village.ayesha, made.number, "so", village.by(village.bina))
    village.lead(db, "rahima", "bina", "champa", "salma")
    village.say(db, found.id, "champa yes")
    reversals.reverse(db, village.book.id, made.number, "so", village.by("officer:Mina"))
    before = everything(db)
    assert refusal(db, partial(village.say, db, found.id, "salma yes")).startswith("already-reversed")
    assert everything(db) == before
    assert approvals.get(db, found.id).state == "open"


# --- a new PIN ------------------------------------------------------------------------------------------------------


@BOTH
def test_a_new_pin(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = decisions.ask_pin_reset(db, village.rahima, village.ayesha, village.by(village.rahima))
    facts.collect(db)
    village.say(db, found.id, "bina yes")
    without = partial(decisions.decide, db, village.champa, found.id, True, village.by(village.champa))
    with pytest.raises(ValueError, match="peppers"):
        refusal(db, without)
    assert village.say(db, found.id, "champa yes") == "done 0"
    approved, code = facts.collect(db)
    assert (type(approved), approved.member) == (facts.RequestApproved, village.rahima.id)
    assert isinstance(code, facts.PinResetCode)
    assert code.member == village.ayesha.id
    assert code.code not in repr(code)
    assert pins.verify(db, PEPPERS, village.ayesha.id, code.code, NOON).once
    assert findings(db) == []


@BOTH
def test_a_new_pin_needs_a_number(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    village.without_number(db, village.ayesha)
    for who, whom, said in (
        (village.rahima, village.ayesha, "no-number"),
        (village.rahima, village.nila, "not-in-group"),
        (village.salma, village.bina, "not-a-leader"),
        (village.nila, village.salma, "not-in-group"),
    ):
        assert refusal(db, partial(decisions.ask_pin_reset, db, who, whom, village.by(who))).split()[0] == said


# --- leaving --------------------------------------------------------------------------------------------------------


@BOTH
def test_who_can_not_leave_is_told_at_once(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    held = savings.ask(db, village.salma, taka(1), village.by(village.salma))
    fines.charge(db, village.champa, taka(5), "late", village.by(village.rahima))
    terms = Terms(100_00, Fraction(0), 1, Every(1, "month"), "flat", DAY)
    loans.disburse(db, village.ayesha, terms, village.by(village.rahima))
    before = everything(db)
    for who, said in (
        (village.salma, f"request-open request={held.number}"),
        (village.champa, f"fines-open member={village.champa.id} owes=BDT 5.00"),
        (village.nila, f"not-in-group member={village.nila.id} group={village.book.owner}"),
    ):
        assert refusal(db, partial(decisions.ask_leave, db, village.bina, who, village.by(village.bina))) == said
    ask = partial(decisions.ask_leave, db, village.bina, village.ayesha, village.by(village.bina))
    assert refusal(db, ask).startswith("loan-open")
    assert everything(db) == before
    # An empty box is no reason: she is paid on another day.
    treasury.move(db, village.book, taka(2700), "cash", "bank", village.by("officer:Mina"))
    leave = decisions.ask_leave(db, village.champa, village.bina, village.by(village.champa))
    assert leave.amount == taka(2000)
    assert findings(db) == []


# --- share-out ------------------------------------------------------------------------------------------------------


def cycle(db: Connection, codes: Callable[[], str]) -> Village:
    """Ayesha has Tk 100 of shares and Salma 200; the cycle earned 30; Bina took her savings out."""
    village = open_village(db, codes)
    for who, amount in ((village.ayesha, 100), (village.salma, 200)):
        savings.deposit(db, who, taka(amount), village.by(village.rahima), "share")
    treasury.take_grant(db, village.book, taka(30), "a friend", village.by("officer:Mina"), money="cash")
    facts.collect(db)
    return village


def asked(db: Connection, village: Village, *, on: date = DAY) -> Approval:
    return decisions.ask_share_out(db, village.rahima, village.by(village.rahima, on=on))


@BOTH
def test_a_share_out(db: Connection, codes: Callable[[], str]) -> None:
    village = cycle(db, codes)
    terms = Terms(50_00, Fraction(0), 1, Every(1, "month"), "flat", DAY)
    loans.disburse(db, village.salma, terms, village.by(village.rahima))
    facts.collect(db)
    found = asked(db, village)
    assert (found.about, found.amount, len(found.subject)) == (0, taka(280), 64)
    assert told(db, village) == ["bina ApprovalWaits", "champa ApprovalWaits"]
    assert decisions.waiting(db, village.bina, NOON)[0].names is None
    assert village.say(db, found.id, "bina yes", "champa yes") == "done 0"
    assert told(db, village) == ["rahima RequestApproved"]
    assert village.money(db) == "1010: 3080, 2020: 800, 2080: 280"
    to_pay = payouts.to_pay(db, village.book, NOON)
    assert [(each.kind, each.code, each.amount, each.approval) for each in to_pay] == [
        ("share-out", "1002", taka(170), 0),
        ("share-out", "1003", taka(110), 0),
    ]
    origin = village.by(village.bina, "hand over")
    paid = payouts.pay_share(db, village.bina, village.salma, origin)
    assert payouts.pay_share(db, village.bina, village.salma, origin) == paid
    assert facts.collect(db) == [facts.PaidOut(village.salma.id, paid.receipt, "share-out", taka(170))]
    assert village.money(db) == "1010: 2910, 2020: 800, 2080: 110"
    for who, whom, said in (
        (village.bina, village.salma, "nothing-payable"),
        (village.salma, village.ayesha, "not-a-leader"),
        (village.bina, village.bina, "for-yourself"),
        (village.bina, village.nila, "not-in-group"),
    ):
        assert refusal(db, partial(payouts.pay_share, db, who, whom, village.by(who))).split()[0] == said
    assert findings(db) == []


@BOTH
def test_a_share_out_of_another_sum_is_not_what_was_approved(db: Connection, codes: Callable[[], str]) -> None:
    village = cycle(db, codes)
    found = asked(db, village)
    village.say(db, found.id, "bina yes")
    savings.deposit(db, village.ayesha, taka(1), village.by(village.rahima), "share")
    before = everything(db)
    assert refusal(db, partial(village.say, db, found.id, "champa yes")) == f"proposal-changed approval={found.id}"
    assert everything(db) == before
    assert refusal(db, partial(asked, db, village)).startswith("approval-pending")
    decisions.take_back(db, village.rahima, found.id, village.by(village.rahima))
    village.agree(db, asked(db, village).id)
    assert shareout.proposal(db, village.book, DAY).surplus == taka(0)
    assert findings(db) == []


@BOTH
def test_a_share_out_that_could_not_be_posted(db: Connection, codes: Callable[[], str]) -> None:
    village = cycle(db, codes)
    fines.charge(db, village.salma, taka(5), "late", village.by(village.rahima))
    before = everything(db)
    assert refusal(db, partial(asked, db, village)).startswith("fines-open")
    ask = partial(decisions.ask_share_out, db, village.salma, village.by(village.salma))
    assert refusal(db, ask).startswith("not-a-leader")
    assert everything(db) == before


# --- the same again, and many at once -------------------------------------------------------------------------------


@BOTH
def test_the_same_operation_again(db: Connection, codes: Callable[[], str]) -> None:
    village = cycle(db, codes)
    made = savings.deposit(db, village.ayesha, taka(70), village.by(village.bina), "voluntary")
    rahima, origins = village.rahima, {kind: village.by(village.rahima, kind) for kind in KINDS}
    acts: dict[str, Callable[[], Approval]] = {
        "reversal": partial(
            decisions.ask_reversal, db, rahima, village.ayesha, made.number, "twice", origins["reversal"]
        ),
        "pin-reset": partial(decisions.ask_pin_reset, db, rahima, village.ayesha, origins["pin-reset"]),
        "leave": partial(decisions.ask_leave, db, rahima, village.champa, origins["leave"]),
        "share-out": partial(decisions.ask_share_out, db, rahima, origins["share-out"]),
    }
    first = {kind: act() for kind, act in acts.items()}
    kept = everything(db)
    facts.collect(db)
    assert {kind: act() for kind, act in acts.items()} == first
    assert {kind: found.kind for kind, found in first.items()} == {kind: kind for kind in first}
    assert (everything(db), facts.collect(db)) == (kept, [])
    with pytest.raises(Conflict):
        decisions.ask_leave(db, rahima, village.salma, origins["leave"])


@BOTH
def test_the_last_yes_at_once_is_done_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        village = open_village(db, codes)
        village.lead(db, "rahima", "bina", "champa", "salma")
        made = savings.deposit(db, village.ayesha, taka(70), village.by("officer:Mina"), "voluntary")
        found = decisions.ask_reversal(db, village.rahima, None, made.number, "so", village.by(village.rahima))
        village.say(db, found.id, "salma yes")

    def yes(db: Connection, number: int) -> str:
        leader = (village.bina, village.champa)[number % 2]
        return decisions.decide(db, leader, found.id, True, village.by(leader)).state

    said = sorted(at_once(database, 4, yes))
    assert said == [f"approval-over approval={found.id} state=done"] * 3 + ["done"]
    with database.reading() as db:
        assert (village.money(db), findings(db)) == (BOX, [])


# --- a leader alone -------------------------------------------------------------------------------------------------


@BOTH
def test_a_leader_can_never_move_money_alone(db: Connection, codes: Callable[[], str]) -> None:
    """Whatever Rahima asks for and says by herself: box, savings and loans stay as they are."""
    village = cycle(db, codes)
    rahima = village.rahima
    savings.deposit(db, rahima, taka(100), village.by(village.bina), "voluntary")
    made = savings.deposit(db, village.ayesha, taka(70), village.by(village.bina), "voluntary")
    others = decisions.ask_withdrawal(db, village.ayesha, taka(20), village.by(village.ayesha))
    before = village.money(db)

    def alone(act: Callable[..., object], *inputs: object, **more: object) -> str:
        said = refusal(db, lambda: act(db, rahima, *inputs, village.by(rahima), **more))
        assert village.money(db) == before, act
        return said.split()[0]

    assert alone(decisions.ask_withdrawal, taka(50)) == "done"
    assert alone(applications.apply, Wish(100_00, 2, 1, income=1000_00)) == "done"
    assert alone(decisions.ask_reversal, village.ayesha, made.number, "mine") == "done"
    assert alone(decisions.ask_pin_reset, village.bina) == "done"
    assert alone(decisions.ask_leave, village.champa) == "done"
    assert alone(decisions.ask_share_out) == "done"
    pending = [each.id for each in approvals.in_group(db, village.book.owner)]
    assert len(pending) == 7
    spoken = {number: alone(decisions.decide, number, True, peppers=PEPPERS, reason="I say so") for number in pending}
    assert spoken.pop(others.id) == "done"
    assert set(spoken.values()) == {"own-request", "for-yourself"}
    assert {alone(decisions.decide, number, True, peppers=PEPPERS) for number in pending} == {
        "said-already", "own-request", "for-yourself",
    }  # fmt: skip
    assert {alone(payouts.pay_out, number) for number in pending} == {"not-approved", "for-yourself"}
    assert {alone(payouts.pay_share, who) for who in (rahima, village.ayesha)} == {"for-yourself", "nothing-payable"}
    assert {alone(decisions.take_back, number) for number in pending} == {"done", "unknown-approval"}
    assert decisions.expire(db, NOON + timedelta(days=400), 100) == 1
    assert village.money(db) == before
    assert findings(db) == []


@BOTH
def test_one_leader_and_an_officer_are_two(db: Connection, codes: Callable[[], str]) -> None:
    """The only leader of a group asks for herself: an officer decides, and an officer hands the cash over."""
    village = open_village(db, codes)
    village.lead(db, "rahima")
    savings.deposit(db, village.rahima, taka(100), village.by("officer:Mina"), "voluntary")
    found = decisions.ask_withdrawal(db, village.rahima, taka(100), village.by(village.rahima))
    assert refusal(db, partial(village.say, db, found.id, "rahima yes")).startswith("for-yourself")
    assert village.say(db, found.id, "officer Mina yes") == "approved 0"
    pay = partial(payouts.pay_out, db, village.rahima, found.id, village.by(village.rahima))
    assert refusal(db, pay).startswith("for-yourself")
    assert payouts.officer_pays_out(db, "Mina", found.id, village.by("officer:Mina")).amount == taka(100)
    other = decisions.ask_withdrawal(db, village.ayesha, taka(5), village.by(village.ayesha))
    village.say(db, other.id, "rahima yes", "officer Mina yes")
    pays = partial(payouts.officer_pays_out, db, "Mina", other.id, village.by("officer:Mina"))
    assert refusal(db, pays) == f"leaders-pay approval={other.id}"
    assert findings(db) == []


@BOTH
def test_the_clock_takes_so_many_at_a_time(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    for who in (village.ayesha, village.salma):
        decisions.ask_withdrawal(db, who, taka(5), village.by(who))
    decisions.ask_pin_reset(db, village.rahima, village.bina, village.by(village.rahima))
    late = NOON + timedelta(days=7)
    facts.collect(db)
    assert [decisions.expire(db, late, 2), decisions.expire(db, late, 2), decisions.expire(db, late, 2)] == [2, 1, 0]
    assert sorted(told(db, village)) == [f"{who} RequestExpired" for who in ("ayesha", "bina", "rahima", "salma")]
    assert approvals.in_group(db, village.book.owner) == []
    assert findings(db) == []
