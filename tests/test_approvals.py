"""Approvals: who may speak, how many must, one no, what is over; and many who speak at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from conftest import BOTH
from ledger_world import NOON
from ledger_world import at_once
from ledger_world import everything
from ledger_world import findings
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from village import WEEK
from village import Village
from village import open_village
from village import told

from gateway.backend import Database
from ledger import approvals
from ledger import decisions
from ledger import facts
from ledger import payouts
from ledger import savings
from ledger import voices
from ledger.approvals import Approval
from ledger.approvals import approval_table
from ledger.errors import Conflict
from ledger.errors import LedgerError
from ledger.voices import voice_table


def asked(db: Connection, village: Village, amount: float = 200) -> Approval:
    """Ayesha asks for some of her savings."""
    return decisions.ask_withdrawal(db, village.ayesha, taka(amount), village.by(village.ayesha))


def answer(db: Connection, village: Village, approval: int, *words: str, **more: object) -> str:
    """What the words came to, or why the last one was refused."""
    said = ""

    def speak(word: str) -> None:
        nonlocal said
        said = village.say(db, approval, word, **more)  # type: ignore[arg-type]

    for word in words:
        if (refused := refusal(db, partial(speak, word))) != "done":
            return refused.split()[0]
    return said


@BOTH
def test_two_leaders_approve_what_a_member_asked(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = asked(db, village)
    assert (found.kind, found.about, found.amount, found.state) == ("withdrawal", village.ayesha.id, taka(200), "open")
    assert found.until == NOON + WEEK
    assert told(db, village) == ["rahima ApprovalWaits", "bina ApprovalWaits", "champa ApprovalWaits"]
    assert village.say(db, found.id, "rahima yes") == "open 1"
    assert told(db, village) == []
    assert village.say(db, found.id, "champa yes") == "approved 0"
    assert told(db, village) == ["ayesha RequestApproved"]
    now = approvals.get(db, found.id)
    assert (now.state, now.until) == ("approved", NOON + timedelta(days=30))
    assert {(voice.who, voice.yes) for voice in voices.of(db, found.id)} == {
        (f"member:{village.rahima.id}", True),
        (f"member:{village.champa.id}", True),
    }
    assert findings(db) == []


@BOTH
def test_the_first_no_ends_it_and_says_why(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = asked(db, village)
    facts.collect(db)
    assert village.say(db, found.id, "rahima yes", "bina no too much at once") == "rejected 0"
    (fact,) = facts.collect(db)
    assert isinstance(fact, facts.RequestRefused)
    assert (fact.member, fact.kind, fact.amount, fact.reason) == (
        village.ayesha.id, "withdrawal", taka(200), "too much at once",
    )  # fmt: skip
    assert answer(db, village, found.id, "champa yes") == "approval-over"
    assert savings.free(db, village.ayesha) == taka(500)
    assert findings(db) == []


@BOTH
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("salma yes", "not-a-leader"),
        ("salma no", "not-a-leader"),
        ("ayesha yes", "for-yourself"),
        ("nila yes", "unknown-approval"),
        ("officer Mina yes", "leaders-decide"),
        ("officer Mina no", "leaders-decide"),
        ("bina yes, bina yes", "said-already"),
        ("bina yes, bina no", "said-already"),
        ("bina yes, champa yes, rahima yes", "approval-over"),
        ("bina yes, champa yes, rahima no", "approval-over"),
        ("bina no, bina yes", "approval-over"),
    ],
)
def test_who_may_not_speak(db: Connection, codes: Callable[[], str], words: str, said: str) -> None:
    village = open_village(db, codes)
    found = asked(db, village)
    *before, last = words.split(", ")
    for word in before:
        village.say(db, found.id, word)
    kept = everything(db)
    assert answer(db, village, found.id, last) == said
    assert everything(db) == kept
    assert findings(db) == []


@BOTH
def test_neither_starter_nor_beneficiary_nor_maker(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    made = savings.deposit(db, village.bina, taka(10), village.by(village.rahima))
    found = decisions.ask_reversal(db, village.champa, village.bina, made.number, "twice", village.by(village.champa))
    assert [leader.id for leader in approvals.approvers(db, found)] == []
    assert answer(db, village, found.id, "champa yes") == "own-request"
    assert answer(db, village, found.id, "champa no") == "own-request"
    assert answer(db, village, found.id, "bina yes") == "for-yourself"
    assert answer(db, village, found.id, "rahima yes") == "own-entry"
    assert answer(db, village, found.id, "officer Mina yes") == "done 0"
    assert findings(db) == []


# Who leads, who asks for Ayesha's savings, what is said: what becomes of it after each word.
SCRIPTS = {
    "three leaders": ("rahima bina champa", "rahima yes: open 1, bina yes: approved 0"),
    "two leaders": ("rahima bina", "rahima yes: open 1, officer Mina yes: leaders-decide, bina yes: approved 0"),
    "two of them, one the beneficiary": ("rahima ayesha", "rahima yes: open 1, officer Mina yes: approved 0"),
    "the officer first": ("rahima", "officer Mina yes: open 1, officer Lata yes: open 1, rahima yes: approved 0"),
    "the officer says no": ("rahima", "rahima yes: open 1, officer Mina no: rejected 0"),
    "an officer is not enough where a leader is": (
        "rahima",
        "officer Mina yes: open 1, officer Mina yes: said-already",
    ),
    "no leader": ("", "salma yes: not-a-leader, officer Mina yes: approved 0"),
}


@BOTH
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_how_many_must_agree(db: Connection, codes: Callable[[], str], script: tuple[str, str]) -> None:
    leaders, words = script
    village = open_village(db, codes)
    village.lead(db, *leaders.split())
    found = asked(db, village)
    for line in words.split(", "):
        word, _, said = line.partition(": ")
        assert (word, answer(db, village, found.id, word)) == (word, said)
    assert findings(db) == []


@BOTH
def test_the_officer_is_not_the_starter(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    village.lead(db)
    found = decisions.ask_withdrawal(db, village.ayesha, taka(5), village.by("officer:Mina"))
    assert answer(db, village, found.id, "officer Mina yes") == "own-request"
    assert answer(db, village, found.id, "officer Lata yes") == "approved 0"
    assert told(db, village) == ["ayesha RequestApproved"]


@BOTH
def test_the_officer_is_not_whoever_did_it_at_the_desk(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    village.lead(db, "champa")
    made = savings.deposit(db, village.bina, taka(10), village.by("office:Mina"))
    found = decisions.ask_reversal(db, village.champa, village.bina, made.number, "twice", village.by(village.champa))
    assert answer(db, village, found.id, "officer Mina yes") == "own-entry"
    assert answer(db, village, found.id, "officer Lata yes") == "done 0"


@BOTH
def test_a_leader_looks_at_what_she_may_decide(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = asked(db, village)
    for leader, sees in ((village.rahima, True), (village.bina, True), (village.nila, False), (village.ayesha, False)):
        assert (decisions.look(db, leader, found.id, NOON) is not None) is sees
    village.say(db, found.id, "rahima yes")
    assert decisions.look(db, village.rahima, found.id, NOON) is None
    assert decisions.look(db, village.bina, found.id, NOON + 8 * timedelta(days=1)) is None


@BOTH
def test_who_leads_is_asked_when_it_is_decided(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = asked(db, village)
    village.say(db, found.id, "rahima yes")
    village.lead(db, "rahima", "salma")
    assert answer(db, village, found.id, "bina yes") == "not-a-leader"
    assert answer(db, village, found.id, "salma yes") == "approved 0"


@BOTH
def test_a_yes_may_need_a_reason(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    wanted = approvals.Wanted("loan", village.ayesha.id, "0", taka(1), reasoned=True)
    found = approvals.start(db, village.book, wanted, village.by(village.ayesha))
    assert answer(db, village, found.id, "bina yes") == "reason-needed"
    assert answer(db, village, found.id, "bina yes she has a cow", "champa yes") == "reason-needed"
    assert answer(db, village, found.id, "champa yes her brother helps") == "approved 0"
    assert sorted(voice.reason for voice in voices.of(db, found.id)) == ["her brother helps", "she has a cow"]


@BOTH
def test_one_of_a_kind_is_pending_for_a_member(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    first = asked(db, village)
    before = everything(db)
    said = f"approval-pending approval={first.id} kind=withdrawal"
    assert refusal(db, partial(asked, db, village)) == said
    assert everything(db) == before
    decisions.ask_withdrawal(db, village.salma, taka(5), village.by(village.salma))
    decisions.ask_pin_reset(db, village.rahima, village.ayesha, village.by(village.rahima))
    village.agree(db, first.id)
    assert refusal(db, partial(asked, db, village)) == said
    decisions.take_back(db, village.ayesha, first.id, village.by(village.ayesha))
    assert asked(db, village).state == "open"
    assert findings(db) == []


@BOTH
def test_the_database_keeps_it_to_one(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    row = dict(db.execute(select(approval_table).where(approval_table.c.id == asked(db, village).id)).one()._mapping)
    del row["id"]
    for change in ({}, {"pending": 2}, {"pending": None}, {"state": "done"}, {"state": "lost"}, {"kind": "lost"}):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(approval_table.insert(), row | {"operation": "another"} | change)
    ended = {"state": "done", "pending": None}
    for number in (1, 2):
        db.execute(approval_table.insert(), row | ended | {"operation": f"another {number}"})


@BOTH
def test_time_is_up_to_the_second(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    found = asked(db, village)
    late = NOON + WEEK
    assert answer(db, village, found.id, "bina yes", at=late - timedelta(seconds=1)) == "open 1"
    assert refusal(db, partial(village.say, db, found.id, "champa yes", at=late)) == (
        f"approval-over approval={found.id} state=expired"
    )
    assert approvals.get(db, found.id).state == "open"
    assert decisions.expire(db, late - timedelta(seconds=1), 10) == 0
    facts.collect(db)
    assert decisions.expire(db, late, 10) == 1
    assert told(db, village) == ["ayesha RequestExpired"]
    assert (approvals.get(db, found.id).state, savings.free(db, village.ayesha)) == ("expired", taka(500))
    assert decisions.expire(db, late, 10) == 0
    assert findings(db) == []


@BOTH
def test_one_that_is_late_makes_room_before_the_clock_comes(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    old = asked(db, village, 400)
    late = village.by(village.ayesha, on=(NOON + WEEK).date())
    new = decisions.ask_withdrawal(db, village.ayesha, taka(450), late)
    assert [approvals.get(db, each.id).state for each in (old, new)] == ["expired", "open"]
    decisions.ask_pin_reset(db, village.rahima, village.salma, village.by(village.rahima))
    again = decisions.ask_pin_reset(db, village.rahima, village.salma, village.by(village.rahima, on=late.on))
    assert approvals.get(db, again.id).state == "open"
    assert findings(db) == []


@BOTH
def test_the_same_operation_again(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    ask = village.by(village.ayesha, "ask")
    found = decisions.ask_withdrawal(db, village.ayesha, taka(200), ask)
    assert decisions.ask_withdrawal(db, village.ayesha, taka(200), ask) == found
    bina, champa = village.by(village.bina, "bina"), village.by(village.champa, "champa")
    first = decisions.decide(db, village.bina, found.id, True, bina)
    last = decisions.decide(db, village.champa, found.id, True, champa)
    kept = everything(db)
    facts.collect(db)
    # What the first yes came to then, not what has become of the request since.
    assert decisions.decide(db, village.bina, found.id, True, bina) == first == voices.Outcome("open", 1)
    assert decisions.decide(db, village.champa, found.id, True, champa) == last == voices.Outcome("approved", 0)
    for act in (
        partial(decisions.ask_withdrawal, db, village.ayesha, taka(201), ask),
        partial(decisions.decide, db, village.bina, found.id, False, bina),
        partial(decisions.decide, db, village.bina, found.id, True, bina, reason="so"),
        partial(decisions.decide, db, village.champa, found.id, True, bina),
    ):
        with pytest.raises(Conflict):
            act()
    assert (everything(db), facts.collect(db)) == (kept, [])


@BOTH
def test_what_is_not_there(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    assert answer(db, village, 99, "bina yes") == "unknown-approval"
    assert answer(db, village, 99, "officer Mina yes") == "unknown-approval"


def ready(database: Database, codes: Callable[[], str]) -> tuple[Village, int]:
    with database.writing(60) as db:
        village = open_village(db, codes)
        return village, asked(db, village).id


@BOTH
def test_leaders_who_approve_at_once(database: Database, codes: Callable[[], str]) -> None:
    village, approval = ready(database, codes)

    def yes(db: Connection, number: int) -> str:
        leader = village.leaders[number]
        outcome = decisions.decide(db, leader, approval, True, village.by(leader))
        return f"{outcome.state} {outcome.needed}"

    said = sorted(at_once(database, 3, yes))
    assert said == [f"approval-over approval={approval} state=approved", "approved 0", "open 1"]
    with database.reading() as db:
        assert (len(voices.of(db, approval)), findings(db)) == (2, [])


@BOTH
def test_a_yes_and_a_no_at_once(database: Database, codes: Callable[[], str]) -> None:
    village, approval = ready(database, codes)

    def word(db: Connection, number: int) -> str:
        leader = village.leaders[number]
        return decisions.decide(db, leader, approval, number != 1, village.by(leader)).state

    said = sorted(each.split()[-1] for each in at_once(database, 3, word))
    with database.reading() as db:
        state = approvals.get(db, approval).state
        assert findings(db) == []
        assert savings.free(db, village.ayesha) == taka(500 if state == "rejected" else 300)
    assert said in (
        ["open", "rejected", "state=rejected"],
        ["rejected", "state=rejected", "state=rejected"],
        ["approved", "open", "state=approved"],
    )


@BOTH
def test_the_same_yes_many_times_at_once(database: Database, codes: Callable[[], str]) -> None:
    village, approval = ready(database, codes)

    def yes(db: Connection, number: int) -> object:
        origin = village.by(village.bina, "the same")
        return decisions.decide(db, village.bina, approval, True, origin)

    assert set(at_once(database, 8, yes)) == {voices.Outcome("open", 1)}
    with database.reading() as db:
        assert len(db.execute(select(voice_table)).all()) == 1


@BOTH
def test_one_leader_twice_at_once_is_one_voice(database: Database, codes: Callable[[], str]) -> None:
    village, approval = ready(database, codes)

    def yes(db: Connection, number: int) -> str:
        return decisions.decide(db, village.bina, approval, True, village.by(village.bina)).state

    said = sorted(at_once(database, 6, yes))
    assert said == ["open"] + [f"said-already approval={approval}"] * 5


@BOTH
def test_many_requests_at_once_are_one(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        village = open_village(db, codes)
    said = at_once(database, 6, lambda db, number: asked(db, village, 10).state)
    assert sorted(each.split()[0] for each in said) == ["approval-pending"] * 5 + ["open"]
    with database.reading() as db:
        assert (savings.free(db, village.ayesha), findings(db)) == (taka(490), [])


@BOTH
def test_expired_and_approved_at_once(database: Database, codes: Callable[[], str]) -> None:
    """The clock and the last yes at the edge: one of them wins, and the hold agrees with it."""
    village, approval = ready(database, codes)
    with database.writing(60) as db:
        facts.start(db)
        village.say(db, approval, "bina yes")
    edge = NOON + WEEK

    def act(db: Connection, number: int) -> str:
        if number % 2:
            return f"{decisions.expire(db, edge, 5)} expired"
        leader = village.champa
        return decisions.decide(db, leader, approval, True, village.by(leader, at=edge - timedelta(seconds=1))).state

    said = at_once(database, 4, act)
    with database.reading() as db:
        state = approvals.get(db, approval).state
        assert findings(db) == []
        assert savings.free(db, village.ayesha) == taka(500 if state == "expired" else 300)
    assert ("1 expired" in said) == (state == "expired")


TAMPERED = {
    "UPDATE approval SET state = 'approved' WHERE id = {open}": "a request does not stand as its leaders said",
    "UPDATE approval SET state = 'open' WHERE id = {approved}": "a request does not stand as its leaders said",
    "UPDATE approval SET state = 'rejected', pending = NULL WHERE id = {leave}": (
        "a request does not stand as its leaders said"
    ),
    "UPDATE approval SET about = {bina} WHERE id = {approved}": "somebody decided what she may not",
    "UPDATE approval SET started_by = 'member:{champa}' WHERE id = {approved}": "somebody decided what she may not",
    "UPDATE approval SET maker = 'member:{champa}' WHERE id = {approved}": "somebody decided what she may not",
    "UPDATE approval SET state = 'expired', pending = NULL WHERE id = {open}": (
        "a request that is over still holds savings"
    ),
    "UPDATE approval SET state = 'expired' WHERE id = {paid}": (
        "savings were paid and their request was not, or the other way round"
    ),
    "UPDATE approval SET state = 'done', pending = NULL WHERE id = {approved}": (
        "savings were paid and their request was not, or the other way round"
    ),
}


@BOTH
@pytest.mark.parametrize("statement", TAMPERED)
def test_tampering_with_requests_is_found(db: Connection, codes: Callable[[], str], statement: str) -> None:
    village = open_village(db, codes)
    paid = asked(db, village, 1)
    village.agree(db, paid.id)
    payouts.pay_out(db, village.bina, paid.id, village.by(village.bina))
    approved = asked(db, village, 1)
    village.agree(db, approved.id)
    waiting = decisions.ask_withdrawal(db, village.salma, taka(1), village.by(village.salma))
    leave = decisions.ask_leave(db, village.rahima, village.champa, village.by(village.rahima))
    assert findings(db) == []
    named = {"open": waiting.id, "approved": approved.id, "paid": paid.id, "leave": leave.id}
    named |= {"bina": village.bina.id, "champa": village.champa.id}
    db.exec_driver_sql(statement.format(**named))
    found = findings(db)
    assert any(TAMPERED[statement] in each for each in found), found
    assert all(each.startswith(village.book.id) for each in found)


def test_actors_are_not_mistaken(db: Connection, codes: Callable[[], str]) -> None:
    """A request about the whole group is about nobody; the actor of a request need not be a member."""
    village = open_village(db, codes)
    wanted = approvals.Wanted("share-out", 0, "", taka(1))
    found = approvals.start(db, village.book, wanted, village.by("clock"))
    assert len(approvals.approvers(db, found)) == 3
    facts.collect(db)
    assert village.leaders
    approvals.expire(db, found)
    assert facts.collect(db) == []
    assert not replace(found, state="done").pending
    with pytest.raises(LedgerError, match="unknown-approval"):
        approvals.get(db, 99)
