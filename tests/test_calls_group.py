"""What members ask for and what their leaders decide: as transcripts in three languages, as races, as a random walk.

The transcripts are in `tests/transcripts`; `SOMITI_WRITE=1` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from conftest import NIGHTLY
from conftest import TODAY
from handsets import Phone
from sqlalchemy import Connection

from gateway import demo
from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.transaction import transaction
from ledger import accounts
from ledger import approvals
from ledger import audit
from ledger import decisions
from ledger import groups
from ledger import loans
from ledger import members
from ledger import receipts
from ledger import repayments
from ledger import savings
from ledger import treasury
from ledger import voices
from ledger.books import Origin
from ledger.members import Member
from ledger.money import Money
from locales import LANGUAGES
from locales.alphabet import octets
from menus import refusals
from menus.layout import ROOM

SHARED = "+8801711000001"
CROWD = demo.CROWD_PIN
CALLERS = {
    "Rahima": (SHARED, f"1 {CROWD}"),
    "Salma": (SHARED, "2 41863"),
    "Ayesha": ("+8801711000002", "70394"),
    "Lokkhi": ("+8801711000003", CROWD),
    "Khadija": ("+8801711000005", CROWD),
    "Purnima": ("+8801711000006", CROWD),
    "Nasrin": ("+8801711000008", CROWD),
    "Minoti": ("+8801711000009", CROWD),
    "Rahima, from her second number": ("+8801812345678", CROWD),
}
"""The number of each caller, and what she types until she is in. Ayesha, Lokkhi and Purnima lead."""

# A call: who, on which day, what she types after her PIN (`_` is a blank). Without a caller: what is in the box.
CALLS = [
    ("Rahima", 0, "asks for her savings", "3 3 soap 600 200 1"),
    ("Rahima", 0, "asks again, and looks where it is", "3 3 4 1 0"),
    ("Khadija", 0, "has nothing to withdraw and asked for nothing", "3 3 4"),
    ("Ayesha", 0, "says the first yes", "8 3 1 1 1"),
    ("Ayesha", 0, "has said it; nothing is to be paid yet", "8 3 0 6"),
    ("Lokkhi", 0, "says the second yes", "8 3 1 1 1"),
    ("Rahima", 0, "sees that it is approved", "3 4 1"),
    ("", 0, "", "50"),
    ("Ayesha", 0, "finds too little in the box", "8 6 1 1"),
    ("", 0, "", "8000"),
    ("Ayesha", 0, "pays it out", "8 6 1 1"),
    ("Khadija", 0, "asks for a loan", "4 3 5000_12 1 000_8000 1"),
    ("Khadija", 0, "asks for another one, and looks where it is", "4 3 5 1"),
    ("Lokkhi", 0, "says yes to the loan", "8 3 1 1 1"),
    ("Purnima", 0, "says yes to the loan", "8 3 1 1 1"),
    ("Purnima", 0, "pays the loan out", "8 6 1 1"),
    ("Minoti", 0, "types it bit by bit and knows no income", "4 3 soap 0 3 9000 99 6 5 000 000 1 1"),
    ("Ayesha", 0, "says yes and why", "8 3 1 1 1 1"),
    ("Lokkhi", 0, "says no and why", "8 3 1 2 2 1"),
    ("Salma", 0, "has a loan still", "4 3 1000_4 1"),
    ("Nasrin", 0, "wants more than the group lends, then much of her income", "4 3 20000_12 0 6000_2 4 1000_9000 1 1"),
    ("Nasrin", 0, "takes it back", "4 5 1 1"),
    ("Nasrin", 0, "wants too much of everything", "4 3 6000_30 5_24 6000_2 4 1000_7000"),
    ("Ayesha", 0, "asks for a loan herself", "4 3 2000_4 3 000_9000 1"),
    ("Ayesha", 0, "has no word about herself", "8 3"),
    ("Lokkhi", 0, "says yes to her", "8 3 1 1 1"),
    ("Purnima", 0, "says yes to her", "8 3 1 1 1"),
    ("Ayesha", 0, "does not pay herself", "8 6"),
    ("Lokkhi", 0, "pays her", "8 6 1 1"),
    ("Ayesha", 0, "takes money between meetings", "8 5 1 9999 soap 1001 1"),
    ("Ayesha", 0, "takes another sum", "8 5 1 1001 200 1"),
    ("Ayesha", 0, "puts it into the box, once", "8 5 2 1"),
    ("Ayesha", 0, "has no more of it", "8 5 2"),
    ("Ayesha", 0, "would put right what is in the box already", "8 7 1001 1 1 1"),
    ("Ayesha", 0, "takes from the wrong member", "8 5 1 1006 55 1"),
    ("Ayesha", 0, "would have that put right", "8 7 1006 1 2 1"),
    ("Ayesha", 0, "sees among hers what she began", "3 4 1"),
    ("Lokkhi", 0, "says yes to the correction", "8 3 1 1 1"),
    ("Purnima", 0, "says yes to the correction", "8 3 1 1 1"),
    ("Ayesha", 0, "asks for a new PIN for Salma", "8 8 1 1002 1"),
    ("Lokkhi", 0, "says yes to the new PIN", "8 3 1 1 1"),
    ("Purnima", 0, "says yes to the new PIN", "8 3 1 1 1"),
    ("Ayesha", 0, "lets nobody go who owes", "8 8 2 1002 1010 1"),
    ("Ayesha", 0, "lets nobody go twice", "8 8 2 1010 1"),
    ("Lokkhi", 0, "says yes to who leaves", "8 3 1 1 1"),
    ("Purnima", 0, "says yes to who leaves", "8 3 1 1 1"),
    ("", 0, "", "5000"),
    ("Ayesha", 0, "pays who leaves", "8 6 1 1"),
    ("Ayesha", 0, "would share out while interest is open", "8 8 3 1"),
    ("Rahima", 0, "asks and lets it lie", "3 3 100 1"),
    ("Lokkhi", 8, "has nothing to decide: the time is up", "8 3"),
    ("Rahima", 8, "asks anew", "3 4 0 3 100 1"),
    ("Rahima", 8, "has a second number", "7 3 1 soap 01711000001 01812345678 1"),
    ("Rahima", 8, "has no longer the first", "7 3 2 1 1"),
    ("Rahima, from her second number", 8, "keeps the last one", "7 3 2 1 1"),
]  # fmt: skip


def office(at: datetime) -> Origin:
    """Something the office does; no two in the same second."""
    chance = random.Random(at.timestamp())

    def code() -> str:
        return receipts.completed("".join(chance.choices(receipts.LETTERS, k=5)))

    return Origin(f"office-{at.timestamp()}", "office", "office", at, TODAY, code)


def set_up(db: Connection, language: str = "en") -> Member:
    """All speak a language; Rahima has voluntary savings, and the group lends 10,000 at most. Rahima is given back."""
    found = {code: members.by_code(db, str(code)) for code in range(1001, 1011)}
    for member in found.values():
        assert member
        members.set_words(db, member.id, language=language, digits=LANGUAGES[language].digits)
    rahima = members.get(db, found[1001].id)  # type: ignore[union-attr]
    first = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    savings.deposit(db, rahima, Money(500_00), replace(office(first), on=TODAY - timedelta(days=1)), "voluntary")
    agreed(db, rahima, most_loan=10_000_00)
    return rahima


def agreed(db: Connection, member: Member, **changed: object) -> None:
    """Her group has other rules."""
    group = groups.get(db, member.group_book.owner)
    rules = replace(group.rules, **changed)  # type: ignore[arg-type]
    origin = replace(office(datetime(2026, 11, 21, 5, len(changed), tzinfo=UTC)), on=TODAY - timedelta(days=1))
    groups.set_rules(db, group, rules, "BDT", origin)


def put_in_box(db: Connection, member: Member, taka: int, at: datetime) -> None:
    """So much is in the box, the rest in the bank."""
    off = accounts.balance(db, member.group_book, 1010) - Money(taka * 100)
    places = ("cash", "bank") if off.minor > 0 else ("bank", "cash")
    treasury.move(db, member.group_book, max(off, -off), *places, office(at))


def played(caller: Phone, title: str, keys: str) -> str:
    """One call as text; what she types until she is in is left out."""
    lines = [f"== {title}", caller.shown]
    for key in keys.split():
        assert not caller.ended, f"{title}: the call ended before {key}"
        text = key.replace("_", " ")
        lines += [f"> {text}", caller.answer(text)]
        assert octets(caller.shown) <= ROOM, caller.shown
        assert caller.screen not in ("sorry", "gone"), title
    return "\n".join([*lines, "-- end" if caller.ended else "-- open", ""])


def moment(place: int, day: int) -> datetime:
    """A moment of a day of the tests: each call a minute after the one before."""
    return datetime(2026, 11, 22, 6, tzinfo=UTC) + timedelta(days=day, minutes=place)


@pytest.mark.parametrize("language", LANGUAGES)
def test_calls(runtime: Runtime, language: str) -> None:
    with transaction(runtime) as db:
        rahima = set_up(db, language)
    client = create_app(runtime).test_client()
    said = []
    for place, (who, day, what, keys) in enumerate(CALLS):
        with time_machine.travel(moment(place, day), tick=False):
            if not who:
                with transaction(runtime) as db:
                    put_in_box(db, rahima, int(keys), moment(place, day))
                continue
            number, way_in = CALLERS[who]
            caller = Phone(client, runtime.settings, number, None)
            caller.dial(way_in)
            said.append(played(caller, f"{who} {what}", keys))
    text = "\n".join(said)
    kept = Path(__file__).parent / "transcripts" / f"group.{language}.txt"
    if os.environ.get("SOMITI_WRITE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
    assert faults(runtime) == []


def faults(runtime: Runtime) -> list[object]:
    """What the audit finds."""
    with runtime.database.reading(60) as db:
        return [found for found in audit.check(db) if not isinstance(found, int)]


@pytest.fixture
def ring(runtime: Runtime) -> Callable[[str, str], Phone]:
    """Rings as a caller who typed her PIN, and types some keys."""
    with transaction(runtime) as db:
        set_up(db)
    client = create_app(runtime).test_client()

    def call(who: str, keys: str) -> Phone:
        number, way_in = CALLERS[who]
        caller = Phone(client, runtime.settings, number, None)
        caller.dial(f"{way_in} {keys}")
        return caller

    return call


Ring = Callable[[str, str], Phone]


def test_who_comes_too_late_is_told(runtime: Runtime, ring: Ring) -> None:
    ring("Rahima", "3 3 200 1")
    ayesha, again, purnima = (ring(who, "8 3 1 1") for who in ("Ayesha", "Ayesha", "Purnima"))
    looking = ring("Purnima", "8 3 1")
    back = ring("Rahima", "3 4 1")
    assert ayesha.answer("1").startswith("Your yes is written. 1 more")
    assert again.answer("1").startswith("You have said it already")
    assert ring("Lokkhi", "8 3 1 2 3 1").shown.startswith("Refused.")
    assert purnima.answer("1").startswith("That was decided already")
    assert looking.answer("1").startswith("That was decided already")
    assert back.answer("1").startswith("That was decided already")
    assert faults(runtime) == []


def test_what_was_taken_back_is_not_paid(runtime: Runtime, ring: Ring) -> None:
    ring("Rahima", "3 3 200 1")
    ring("Ayesha", "8 3 1 1 1")
    ring("Lokkhi", "8 3 1 1 1")
    paying = ring("Ayesha", "8 6 1")
    ring("Rahima", "3 4 1 1")
    assert paying.answer("1").startswith("That was decided already")
    assert ring("Lokkhi", "8 6").shown.startswith("Nobody waits for money")
    assert faults(runtime) == []


def test_nobody_borrows_twice_from_two_calls(runtime: Runtime, ring: Ring) -> None:
    first, second = (ring("Khadija", "4 3 5000 12 1 000 8000") for _ in range(2))
    assert first.answer("1").startswith("You asked for Tk 5,000")
    assert second.answer("1").startswith("One like it waits already")
    assert faults(runtime) == []


def test_a_loan_that_something_blocks_by_now_is_told_by_sms(runtime: Runtime, ring: Ring) -> None:
    asking = ring("Khadija", "4 3 5000 12 1 000 8000")
    with transaction(runtime) as db:
        khadija = members.by_code(db, "1006")
        assert khadija
        agreed(db, khadija, most_loan=1_000_00, weeks=2)
    assert asking.answer("1").startswith("No loan now.")
    blocked = ring("Nasrin", "4 3 2000 4")
    assert blocked.shown.startswith("The group lends Tk 1,000 at most")
    with transaction(runtime) as db:
        agreed(db, khadija, most_loan=0, weeks=2, payout_days=20)
    assert blocked.answer("1").startswith("What is it for?")
    assert faults(runtime) == []


def test_where_nothing_is_due_the_sum_is_asked_for(runtime: Runtime, ring: Ring) -> None:
    with transaction(runtime) as db:
        rahima = members.by_code(db, "1001")
        assert rahima
        agreed(db, rahima, saving=0, social=0)
    call = ring("Ayesha", "8 5 1 1001")
    assert call.shown.startswith("Rahima owes nothing today\nHow much does she give?")
    assert call.answer("soap").startswith("Type a sum")
    assert call.type("75 1").startswith("Recorded: Rahima Tk 75\nNot in the box yet: Tk 75")
    assert faults(runtime) == []


def test_a_share_out_by_three_phones(runtime: Runtime, ring: Ring) -> None:
    with transaction(runtime) as db:
        clear(db, "1002", "1005", "1008")
    assert ring("Ayesha", "8 8 3").shown.startswith("Profit ")
    assert ring("Ayesha", "8 8 3 1").shown.startswith("It is asked.")
    ring("Lokkhi", "8 3 1 1 1")
    assert ring("Purnima", "8 3 1 1 1").shown.startswith("Approved and done.")
    call = ring("Purnima", "8 6")
    assert "1 Rahima: Share-out" in call.shown
    assert call.type("1 1").startswith("Recorded: Rahima got")
    assert "Rahima" not in ring("Purnima", "8 6").shown
    assert faults(runtime) == []


def clear(db: Connection, *codes: str) -> None:
    """These members pay back all they owe."""
    for place, code in enumerate(codes):
        member = members.by_code(db, code)
        assert member
        for loan in loans.running(db, member):
            repayments.close_early(db, member, loan.id, office(datetime(2026, 11, 22, 1, place, tzinfo=UTC)))


# Every refusal has its words

RAISED = re.compile(r"(?:NotAllowed|Shortfall|NotFound|LedgerError)\(\s*\"([a-z-]+)\"")
SILENT = {
    "unknown-member", "unknown-group", "unknown-programme", "no-group", "no-hub", "unknown-application",
    "unknown-hold", "nothing-to-close", "nothing-to-set-off", "leaders-decide", "undo-otherwise", "role-there",
    "has-not-left", "overpaid-less", "leaders-pay", "code-taken", "no-interest",
    "number-first",
}  # fmt: skip
"""What no caller can meet: told by its own screen, of the office, or a fault of ours."""


@pytest.mark.parametrize(
    "name",
    ["approvals", "voices", "applications", "decisions", "payouts", "members", "membership", "savings", "shareout"],
)
def test_every_refusal_has_its_sentence(name: str) -> None:
    source = (Path(approvals.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    assert set(RAISED.findall(source)) - SILENT <= set(refusals.REFUSALS)


# One leader alone

PLAUSIBLE = [
    "1001", "1002", "1005", "1006", "1010", "9999", "55", "100", "2000", "5000 12", "3000 4", "000 8000", "500 3000",
    "000", "01812345678", "01912345678", "soap", "0", "00", "98", "7", "8",
]  # fmt: skip
STEPS = 3000 if NIGHTLY else 600
SAVINGS = (2010, 2020, 2030)


def way_in(caller: Phone) -> None:
    """To Ayesha's menu, whatever number she still has."""
    caller.dial()
    for _ in range(4):
        if caller.screen == "home":
            return
        caller.answer({"pin": "70394", "code": "1003", "code.pin": "70394", "who": "0"}[caller.screen])


def next_key(caller: Phone, chance: random.Random) -> str:
    """A key that is shown, more often than not; where only the way back is, something that may be meant."""
    if caller.screen == "home" and chance.random() < 0.7:
        return chance.choice("3488")
    shown = [key for key in re.findall(r"^([0-9]+) ", caller.shown, re.MULTILINE) if key != "0"]
    if caller.screen == "refused" or chance.random() < 0.05:
        return chance.choice(("0", "00"))
    return chance.choice(shown if shown and chance.random() < 0.85 else PLAUSIBLE)


@pytest.mark.parametrize("seed", range(4 if NIGHTLY else 2))
def test_one_leader_alone_moves_nobodys_money(runtime: Runtime, seed: int) -> None:
    chance = random.Random(seed)
    with transaction(runtime) as db:
        rahima = set_up(db)
        before = wait_for_her(db, rahima)
    client = create_app(runtime).test_client()
    seen: set[str] = set()
    caller = Phone(client, runtime.settings, "+8801711000002", None)
    way_in(caller)
    for _ in range(STEPS):
        if caller.ended or len(caller.answers) > 60:
            caller = Phone(client, runtime.settings, "+8801711000002", None)
            way_in(caller)
        caller.answer(next_key(caller, chance))
        seen.add(caller.screen)
        assert caller.screen not in ("sorry", "gone"), (seed, caller.answers)
        assert 0 < octets(caller.shown) <= ROOM, (seed, caller.answers)
    assert len(seen) > 35, sorted(seen)
    with runtime.database.reading(60) as db:
        check_alone(db, members.get(db, rahima.id), before, seed)
    assert faults(runtime) == []


def wait_for_her(db: Connection, rahima: Member) -> int:
    """Two requests wait for her word, one approved by the others waits for cash; the last entry of the book."""
    khadija, lokkhi, purnima = (members.by_code(db, code) for code in ("1006", "1004", "1007"))
    assert khadija
    assert lokkhi
    assert purnima
    at = datetime.now(UTC) - timedelta(hours=1)

    def by(who: Member, place: int) -> Origin:
        return replace(office(at + timedelta(seconds=place)), actor=f"member:{who.id}")

    asked = decisions.ask_withdrawal(db, rahima, Money(100_00), by(rahima, 1))
    decisions.decide(db, lokkhi, asked.id, True, by(lokkhi, 2))
    decisions.decide(db, purnima, asked.id, True, by(purnima, 3))
    decisions.ask_pin_reset(db, lokkhi, khadija, by(lokkhi, 4))
    return int(db.exec_driver_sql(f"SELECT max(number) FROM entry WHERE book = '{rahima.group_book.id}'").scalar_one())


def check_alone(db: Connection, rahima: Member, before: int, seed: int) -> None:
    """What left box, bank or savings since: what two others approved, what she took in herself, what was miscounted."""
    book = rahima.group_book
    rows = db.exec_driver_sql(
        "SELECT entry.number, entry.kind, entry.memo, entry.reverses, entry.actor FROM entry"
        f" WHERE book = '{book.id}' AND number > {before} AND EXISTS (SELECT 1 FROM line WHERE line.book = entry.book"
        " AND line.entry = entry.number AND (code IN (1010, 1020) AND side = 'C' OR code IN (2010, 2020, 2030)"
        " AND side = 'D'))"
    ).all()
    paid = {found.subject for found in decided(db) if found.kind == approvals.WITHDRAWAL}
    for row in rows:
        if row.kind == "saving.withdraw":
            assert str(json.loads(row.memo)["request"]) in paid, (seed, row)
        elif row.kind == "reversal":
            undone = db.exec_driver_sql(
                f"SELECT kind, actor, number FROM entry WHERE book = '{book.id}' AND number = {row.reverses}"
            ).one()
            assert (undone.kind, undone.actor, undone.number > before) == ("collection", row.actor, True), (seed, row)
        else:
            assert row.kind == "money.counted", (seed, row)


def decided(db: Connection) -> list[approvals.Approval]:
    """The requests to which two said yes who neither asked nor gain."""
    ids = db.exec_driver_sql("SELECT id FROM approval").scalars()
    found = [approvals.get(db, each) for each in ids]
    return [each for each in found if sum(voice.yes for voice in voices.of(db, each.id)) >= voices.VOICES]
