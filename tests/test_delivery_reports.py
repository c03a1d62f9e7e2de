"""What delivery reports do: forward only, early ones, orphans, forged ones, copies; and what silence does."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy import update
from sqlalchemy.exc import DatabaseError
from test_delivery import AMBIGUOUS
from test_delivery import TRANSIENT
from test_delivery import Stub
from test_delivery import queued
from test_outbox import DRAFT
from test_outbox import NOON

from gateway import outbox
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.dlt import Register
from gateway.dlt import Registered
from gateway.outbox import NEXT
from gateway.outbox import State
from gateway.outbox import attempt_table
from gateway.outbox import message_table
from gateway.providers.contract import Receipt
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.sms import delivery
from gateway.sms import incoming
from gateway.sms import later
from gateway.sms import receipts
from gateway.sms.receipts import report_table

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NUMBER = "+8801711000001"


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def runtime(database: Database, stub: Stub, tmp_path: Path) -> Runtime:
    return Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {"stub": stub})


def sent(runtime: Runtime, key: str = DRAFT.once_key, at: datetime = NOON, **more: Any) -> int:
    """A message that was offered to the provider once."""
    message = queued(runtime, replace(DRAFT, once_key=key, **more))
    delivery.deliver(runtime, message, at)
    return message


def told(
    runtime: Runtime, provider_id: str, status: str, at: datetime = NOON, *, phone: str = NUMBER, provider: str = "stub"
) -> None:
    receipt = Receipt(provider, provider_id, phone, status, status.capitalize() or "Puzzled", "")
    incoming.take(runtime, receipt, at)


def row(runtime: Runtime, message: int) -> Mapping[str, Any]:
    with runtime.database.reading() as db:
        return db.execute(select(message_table).where(message_table.c.id == message)).one()._mapping


def state(runtime: Runtime, message: int) -> str:
    return str(row(runtime, message)["state"])


def reports(runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        return len(db.execute(select(report_table)).all())


@pytest.mark.parametrize(
    ("told_in_turn", "ends"),
    [
        (["sent"], "sent"),
        (["sent", "delivered"], "delivered"),
        (["delivered"], "delivered"),
        # Out of order, and copies: what came first is not taken back.
        (["delivered", "sent"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["buffered", "sent"], "buffered"),
        (["sent", "sent", "sent"], "sent"),
        (["failed", "sent"], "failed"),
        (["failed", "expired"], "failed"),
        # A delivery outranks what was said before.
        (["failed", "delivered"], "delivered"),
        (["expired", "delivered"], "delivered"),
        # What is not documented says nothing.
        ([""], "accepted"),
    ],
)
def test_a_message_goes_forward_only(runtime: Runtime, told_in_turn: list[str], ends: str) -> None:
    message = sent(runtime)
    for minutes, status in enumerate(told_in_turn):
        told(runtime, "stub-1", status, NOON + minutes * MINUTE)
    assert state(runtime, message) == ends
    assert reports(runtime) == len(set(told_in_turn))


def test_whatever_the_order_it_ends_delivered_or_never_back(runtime: Runtime) -> None:
    statuses = ["sent", "buffered", "failed", "delivered"]
    for number, order in enumerate(itertools.permutations(statuses)):
        message = sent(runtime, f"key {number}")
        provider_id, before = f"stub-{number + 1}", State.ACCEPTED
        for status in order:
            told(runtime, provider_id, status)
            after = State(state(runtime, message))
            assert after is before or after in NEXT[before]
            before = after
        assert before is State.DELIVERED


@pytest.mark.parametrize(
    ("provider_id", "phone", "provider"),
    [
        ("stub-1", "+8801711000002", "stub"),
        ("stub-2", NUMBER, "stub"),
        ("stub-1", NUMBER, "another"),
        ("None", NUMBER, "stub"),
    ],
)
def test_a_forged_receipt_is_kept_and_moves_nothing(
    runtime: Runtime, provider_id: str, phone: str, provider: str
) -> None:
    message = sent(runtime)
    told(runtime, provider_id, "delivered", phone=phone, provider=provider)
    assert (state(runtime, message), reports(runtime)) == ("accepted", 1)


def test_a_receipt_of_a_blanked_message_moves_nothing(runtime: Runtime) -> None:
    message = sent(runtime)
    later.blank(runtime, NOON + timedelta(days=8))
    told(runtime, "stub-1", "delivered", NOON + timedelta(days=8))
    assert state(runtime, message) == "accepted"


def test_reports_are_kept_for_ever_without_the_number(runtime: Runtime, dialect: str) -> None:
    sent(runtime)
    told(runtime, "stub-1", "delivered")
    with runtime.database.reading() as db:
        kept = db.execute(select(report_table)).one()
    assert kept.who == receipts.mark(runtime.settings.secret_key, NUMBER)
    assert NUMBER[1:] not in repr(kept)
    for statement in ("UPDATE delivery_report SET status = ''", "DELETE FROM delivery_report"):
        with pytest.raises(DatabaseError, match="append-only"), runtime.database.writing() as db:
            db.execute(sql(statement))


@pytest.mark.parametrize("statuses", [["sent"], ["sent", "delivered"], ["delivered"], ["failed"]])
def test_a_receipt_may_come_before_the_answer(runtime: Runtime, stub: Stub, statuses: list[str]) -> None:
    stub.script = [lambda: [told(runtime, "stub-1", status) for status in statuses]]
    message = sent(runtime)
    found = row(runtime, message)
    assert (found["state"], found["provider_id"], found["evidence"]) == (statuses[-1], "stub-1", None)


def test_a_receipt_before_the_answer_for_another_number_is_not_matched(runtime: Runtime, stub: Stub) -> None:
    stub.script = [lambda: told(runtime, "stub-1", "delivered", phone="+8801711000002")]
    assert state(runtime, sent(runtime)) == "accepted"


def test_a_receipt_may_come_with_the_answer(runtime: Runtime, stub: Stub) -> None:
    """Settlement and receipt meet in the database: whichever waits for the other sees what it did."""
    for number in range(8):
        together = Barrier(2)
        stub.script = [together.wait]

        def tell(provider_id: str = f"stub-{number + 1}", together: Barrier = together) -> None:
            together.wait()
            told(runtime, provider_id, "delivered")

        with ThreadPoolExecutor(1) as pool:
            telling = pool.submit(tell)
            message = sent(runtime, f"key {number}")
            telling.result()
        assert state(runtime, message) == "delivered"


def test_the_same_receipt_many_times_at_once_counts_once(runtime: Runtime) -> None:
    message = sent(runtime)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: told(runtime, "stub-1", "delivered"), range(12)))
    assert (state(runtime, message), reports(runtime)) == ("delivered", 1)


# After an ambiguous send.


@pytest.mark.parametrize(("status", "ends"), [("sent", "sent"), ("delivered", "delivered"), ("failed", "failed")])
def test_an_orphan_settles_the_one_message_that_may_be_meant(
    runtime: Runtime, stub: Stub, status: str, ends: str
) -> None:
    stub.script = [AMBIGUOUS]
    message = sent(runtime)
    told(runtime, "orphan-1", status, NOON + 29 * MINUTE)
    found = row(runtime, message)
    with runtime.database.reading() as db:
        evidence = db.execute(select(report_table.c.id)).scalar_one()
    assert (found["state"], found["evidence"], found["provider_id"]) == (ends, evidence, "orphan-1")
    # From now on that id is its own.
    told(runtime, "orphan-1", "delivered", NOON + 2 * HOUR)
    assert state(runtime, message) == "delivered"


def test_an_orphan_settles_what_waits_for_another_try_and_it_is_not_sent_again(runtime: Runtime, stub: Stub) -> None:
    stub.script, stub.honours_key = [AMBIGUOUS], True
    message = sent(runtime)
    assert state(runtime, message) == "queued"
    told(runtime, "orphan-1", "delivered", NOON + SECOND)
    delivery.sweep(runtime, NOON + HOUR)
    assert (state(runtime, message), len(stub.posts)) == ("delivered", 1)


@pytest.mark.parametrize(
    ("case", "ends"),
    [
        ("too late", "unsure"),
        ("another number", "unsure"),
        ("another provider", "unsure"),
        ("two in doubt", "unsure"),
        ("one is being sent", "unsure"),
        ("another was never sent", "delivered"),
        ("another is accepted", "delivered"),
        ("another is to another number", "delivered"),
        ("an old one is in doubt", "delivered"),
    ],
)
def test_an_orphan_settles_nothing_where_it_is_not_certain(runtime: Runtime, stub: Stub, case: str, ends: str) -> None:
    stub.script = [AMBIGUOUS]
    message = sent(runtime)
    at, phone, provider = NOON + MINUTE, NUMBER, "stub"
    if case == "too late":
        at = NOON + 31 * MINUTE
    elif case == "another number":
        phone = "+8801711000002"
    elif case == "another provider":
        provider = "another"
    elif case == "two in doubt":
        stub.script = [AMBIGUOUS]
        sent(runtime, "b")
    elif case == "one is being sent":
        with runtime.database.writing() as db:
            outbox.claim(db, outbox.queue(db, replace(DRAFT, once_key="b"), NOON) or 0, "stub", NOON)
    elif case == "another was never sent":
        stub.script = [TRANSIENT]
        sent(runtime, "b")
    elif case == "another is accepted":
        sent(runtime, "b")
    elif case == "another is to another number":
        stub.script = [AMBIGUOUS]
        sent(runtime, "b", number="+8801711000002")
    else:
        stub.script = [AMBIGUOUS]
        sent(runtime, "b", NOON - HOUR, due_at=NOON - HOUR)
    told(runtime, "orphan-1", "delivered", at, phone=phone, provider=provider)
    assert state(runtime, message) == ends


@pytest.mark.parametrize(
    ("orphans", "ends"),
    [
        ([("orphan-1", "sent"), ("orphan-1", "delivered")], "delivered"),
        ([("orphan-1", "failed")], "failed"),
        # Of two ids nobody knows which is meant.
        ([("orphan-1", "delivered"), ("orphan-2", "delivered")], "unsure"),
        ([], "unsure"),
    ],
)
def test_an_orphan_may_come_before_the_attempt_ends_ambiguous(
    runtime: Runtime, stub: Stub, orphans: list[tuple[str, str]], ends: str
) -> None:
    def both() -> None:
        for provider_id, status in orphans:
            told(runtime, provider_id, status)
        raise AMBIGUOUS

    stub.script = [both]
    message = sent(runtime)
    assert state(runtime, message) == ends
    assert (row(runtime, message)["evidence"] is not None) is (ends != "unsure")


def test_the_word_of_the_attempt_itself_may_still_come(runtime: Runtime, stub: Stub) -> None:
    """A worker that was slow settles what the sweep gave up and an orphan decided."""
    stub.script = [lambda: (delivery.sweep(runtime, NOON + outbox.LEASE), told(runtime, "stub-1", "sent"))]
    message = sent(runtime)
    found = row(runtime, message)
    assert (found["state"], found["provider_id"]) == ("sent", "stub-1")
    with runtime.database.reading() as db:
        assert db.execute(select(attempt_table.c.outcome)).scalar_one() == "accepted"
    told(runtime, "stub-1", "delivered")
    assert state(runtime, message) == "delivered"


@pytest.mark.parametrize(
    ("status", "ends"), [("failed", "accepted"), ("expired", "accepted"), ("delivered", "delivered")]
)
def test_an_orphan_of_the_first_try_says_that_it_arrived_or_nothing(
    runtime: Runtime, stub: Stub, status: str, ends: str
) -> None:
    stub.script = [AMBIGUOUS]
    message = sent(runtime, purpose="emi-due")
    delivery.deliver(runtime, message, NOON + MINUTE)
    told(runtime, "orphan-1", status, NOON + 2 * MINUTE)
    assert state(runtime, message) == ends


def test_where_only_registered_texts_go_nothing_is_marked_as_a_repeat(runtime: Runtime, stub: Stub) -> None:
    stub.script = [AMBIGUOUS]
    text = str(DRAFT.text)
    register = Register({("AAAAAA", "bn"): Registered("1", "SOMITI", "2", text)})
    india = replace(runtime, dlt=register)
    message = sent(india, number="+919811000001", template="AAAAAA")
    assert state(india, message) == "unsure"
    later.pass_time(india, NOON + HOUR)
    assert (state(india, message), len(stub.posts)) == ("unsure", 1)


def test_that_an_older_attempt_failed_says_nothing_of_a_newer(runtime: Runtime, stub: Stub) -> None:
    stub.script = [AMBIGUOUS]
    message = sent(runtime, purpose="emi-due")
    with runtime.database.writing() as db:
        db.execute(update(attempt_table).values(provider_id="first"))
    delivery.deliver(runtime, message, NOON + HOUR)
    told(runtime, "first", "failed", NOON + HOUR)
    assert state(runtime, message) == "accepted"
    told(runtime, "first", "delivered", NOON + HOUR)
    assert state(runtime, message) == "delivered"


# What time alone does.


@pytest.mark.parametrize("last", ["accepted", "sent", "buffered"])
def test_after_72_hours_without_a_word_nobody_knows(runtime: Runtime, last: str) -> None:
    message = sent(runtime)
    if last != "accepted":
        told(runtime, "stub-1", last)
    later.pass_time(runtime, NOON + 72 * HOUR - SECOND)
    assert state(runtime, message) == last
    later.pass_time(runtime, NOON + 72 * HOUR + SECOND)
    assert (state(runtime, message), row(runtime, message)["reason"]) == ("unknown", "silence")
    told(runtime, "stub-1", "sent" if last == "buffered" else "buffered", NOON + 80 * HOUR)
    assert state(runtime, message) == "unknown"
    told(runtime, "stub-1", "delivered", NOON + 80 * HOUR)
    assert state(runtime, message) == "delivered"


@pytest.mark.parametrize("state_", [each for each in State if each not in outbox.ON_ITS_WAY])
def test_silence_says_nothing_of_the_others(runtime: Runtime, state_: State) -> None:
    message = queued(runtime, replace(DRAFT, expires_at=NOON))
    with runtime.database.writing() as db:
        db.execute(update(message_table).values(state=state_))
    later.pass_time(runtime, NOON + 1000 * HOUR)
    assert state(runtime, message) == state_


def test_an_unsure_receipt_goes_once_more_and_says_so(runtime: Runtime, stub: Stub) -> None:
    stub.script = [AMBIGUOUS] * 2
    message = sent(runtime)
    later.pass_time(runtime, NOON + 29 * MINUTE)
    assert state(runtime, message) == "unsure"
    later.pass_time(runtime, NOON + 31 * MINUTE)
    later.pass_time(runtime, NOON + 31 * MINUTE)
    found = row(runtime, message)
    assert (found["state"], found["text"], found["repeats"]) == ("queued", f"পুনরায়: {DRAFT.text}", 1)
    assert (found["encoding"], found["units"], found["parts"]) == ("ucs2", len(str(DRAFT.text)) + len("পুনরায়: "), 1)
    delivery.sweep(runtime, NOON + 31 * MINUTE)
    assert [(text, key) for _, text, _, key in stub.posts] == [
        (DRAFT.text, DRAFT.once_key),
        (f"পুনরায়: {DRAFT.text}", f"{DRAFT.once_key}/1"),
    ]
    # Ambiguous again: twice is enough, it stays listed.
    later.pass_time(runtime, NOON + 5 * HOUR)
    delivery.sweep(runtime, NOON + 5 * HOUR)
    assert (state(runtime, message), len(stub.posts)) == ("unsure", 2)


def test_in_english_it_says_repeat(runtime: Runtime, stub: Stub) -> None:
    stub.script = [AMBIGUOUS]
    message = sent(runtime, language="en", text="Recorded. Code A7K2M9", encoding="gsm7")
    later.pass_time(runtime, NOON + HOUR)
    assert row(runtime, message)["text"] == "Repeat: Recorded. Code A7K2M9"


@pytest.mark.parametrize(
    ("purpose", "report", "at", "ends"),
    [
        ("receipt", None, NOON + HOUR, "queued"),
        ("meeting", None, NOON + HOUR, "queued"),
        ("pin", None, NOON + HOUR, "unsure"),
        ("answer", None, NOON + HOUR, "unsure"),
        # Past its use.
        ("receipt", None, NOON + 24 * HOUR, "unsure"),
        # It arrived after all.
        ("receipt", "delivered", NOON + HOUR, "delivered"),
        ("receipt", "failed", NOON + HOUR, "failed"),
    ],
)
def test_what_goes_again_after_waiting_for_a_report(
    runtime: Runtime, stub: Stub, purpose: str, report: str | None, at: datetime, ends: str
) -> None:
    stub.script = [AMBIGUOUS]
    message = sent(runtime, purpose=purpose)
    if report:
        told(runtime, "orphan-1", report, NOON + 5 * MINUTE)
    later.pass_time(runtime, at)
    assert state(runtime, message) == ends


def test_text_and_number_go_after_seven_days_and_the_counts_stay(runtime: Runtime, stub: Stub) -> None:
    stub.script = [AMBIGUOUS]
    unsure, done = sent(runtime), sent(runtime, "b")
    waiting = queued(runtime, replace(DRAFT, once_key="c", due_at=NOON + timedelta(days=30)))
    week = NOON + timedelta(days=7)
    assert later.blank(runtime, week - SECOND) == 0
    assert later.blank(runtime, week) == 2
    assert later.blank(runtime, week) == 0
    shown = [(row(runtime, each)["text"], row(runtime, each)["number"]) for each in (unsure, done, waiting)]
    assert shown == [(None, None), (None, None), (DRAFT.text, NUMBER)]
    kept = row(runtime, done)
    assert (kept["cost"], kept["parts"], kept["state"], kept["units"]) == ("BDT 0.3500", 1, "accepted", 22)
    with runtime.database.reading() as db:
        (listed,) = outbox.in_doubt(db)
    assert (listed.message, listed.number, listed.attempts[0].outcome) == (unsure, None, "ambiguous")


def test_how_long_they_are_kept_is_a_setting(database: Database, tmp_path: Path) -> None:
    settings = load({"SOMITI_VAR": str(tmp_path), "SMS_KEEP_DAYS": "2"})
    runtime = Runtime(settings, database, ThreadJobs(), {"stub": Stub()})
    sent(runtime)
    assert later.blank(runtime, NOON + timedelta(days=2)) == 1


def test_what_is_in_doubt_is_listed_with_its_evidence(runtime: Runtime, stub: Stub) -> None:
    stub.script = [AMBIGUOUS, AMBIGUOUS, AMBIGUOUS]
    first, second = sent(runtime), sent(runtime, "b", purpose="emi-due")
    delivery.sweep(runtime, NOON + HOUR)
    with runtime.database.reading() as db:
        listed = outbox.in_doubt(db)
    assert [(each.message, each.purpose, each.reason, len(each.attempts)) for each in listed] == [
        (second, "emi-due", "ReadTimeout", 2),
        (first, "receipt", "ReadTimeout", 1),
    ]
    assert listed[1].attempts[0].detail == "ReadTimeout (ambiguous): no answer"
