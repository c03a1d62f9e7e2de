"""Whether a message goes now, and by whom: STOP, the night, keys, registered texts, providers in trouble, turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from test_delivery import ACCOUNT
from test_delivery import AMBIGUOUS
from test_delivery import PERMANENT
from test_delivery import TRANSIENT
from test_delivery import Stub
from test_delivery import highest
from test_delivery import queued
from test_delivery import state
from test_outbox import DRAFT
from test_outbox import NOON

from gateway import dlt
from gateway import optouts
from gateway import outbox
from gateway import standing
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.dlt import Register
from gateway.dlt import Registered
from gateway.outbox import message_table
from gateway.providers.contract import Outcome
from gateway.providers.contract import SendError
from gateway.providers.sslwireless import SslWireless
from gateway.runtime import Runtime
from gateway.settings import SettingsError
from gateway.settings import load
from gateway.sms import delivery
from gateway.sms.delivery import Done

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DHAKA = "Asia/Dhaka"
NIGHT = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
"""23:00 in Dhaka."""
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""08:00 in Dhaka."""


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    return runtime_with(database, tmp_path, Stub())


def runtime_with(database: Database, var: Path, *stubs: Any, **more: str) -> Runtime:
    return Runtime(load({"SOMITI_VAR": str(var), **more}), database, ThreadJobs(), {each.name: each for each in stubs})


def posts(runtime: Runtime, name: str = "stub") -> int:
    return len(runtime.providers[name].posts)  # type: ignore[attr-defined]


def row(runtime: Runtime, message: int) -> Mapping[str, Any]:
    with runtime.database.reading() as db:
        return db.execute(select(message_table).where(message_table.c.id == message)).one()._mapping


@pytest.mark.parametrize("stopped", [False, True])
def test_stop_is_heard_to_the_last_moment(runtime: Runtime, stopped: bool) -> None:
    message = queued(runtime)
    if stopped:
        with runtime.database.writing() as db:
            optouts.stop(db, "+8801711000001", "keyword", NOON)
    done = delivery.deliver(runtime, message, NOON)
    expected = (Done.LEFT, ("dropped", "opted-out"), 0) if stopped else (Done.TRIED, ("accepted", ""), 1)
    assert (done, state(runtime, message), posts(runtime)) == expected


@pytest.mark.parametrize(
    ("code", "listed"),
    [
        ("UserInBlacklist", True),
        ("DoNotDisturbRejection", True),
        ("BlockedMsisdn", True),
        ("InvalidPhoneNumber", False),
    ],
)
def test_who_is_on_a_provider_s_list_is_on_ours(database: Database, tmp_path: Path, code: str, listed: bool) -> None:
    runtime = runtime_with(database, tmp_path, Stub([SendError(code, Outcome.PERMANENT)]))
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON)
    assert state(runtime, message) == ("failed", code)
    with database.reading() as db:
        assert optouts.stopped(db, "+8801711000001") is listed


@pytest.mark.parametrize(
    ("now", "timezone", "wakes_until", "use", "ends"),
    [
        (NIGHT, DHAKA, None, 24 * HOUR, ("queued", MORNING)),
        (NIGHT, DHAKA, NIGHT, 24 * HOUR, ("accepted", NIGHT)),
        (NIGHT, DHAKA, NIGHT - SECOND, 24 * HOUR, ("queued", MORNING)),
        (NIGHT, DHAKA, NIGHT + 10 * MINUTE, 24 * HOUR, ("accepted", NIGHT)),
        # Not worth anything any more in the morning.
        (NIGHT, DHAKA, None, 9 * HOUR, ("dropped", NIGHT)),
        (NIGHT, DHAKA, None, 9 * HOUR + SECOND, ("queued", MORNING)),
        # Elsewhere it is day.
        (NIGHT, "America/New_York", None, 24 * HOUR, ("accepted", NIGHT)),
        (NOON, DHAKA, None, 24 * HOUR, ("accepted", NOON)),
        # 20:59:59 and 21:00, 07:59:59 and 08:00.
        (NIGHT - 2 * HOUR - SECOND, DHAKA, None, 24 * HOUR, ("accepted", NIGHT - 2 * HOUR - SECOND)),
        (NIGHT - 2 * HOUR, DHAKA, None, 24 * HOUR, ("queued", MORNING)),
        (MORNING - SECOND, DHAKA, None, 24 * HOUR, ("queued", MORNING)),
        (MORNING, DHAKA, None, 24 * HOUR, ("accepted", MORNING)),
    ],
)
def test_at_night_it_waits_or_is_dropped(
    runtime: Runtime,
    now: datetime,
    timezone: str,
    wakes_until: datetime | None,
    use: timedelta,
    ends: tuple[str, datetime],
) -> None:
    draft = replace(DRAFT, due_at=now, expires_at=now + use, timezone=timezone, wakes_until=wakes_until)
    message = queued(runtime, draft)
    delivery.deliver(runtime, message, now)
    found = row(runtime, message)
    assert (found["state"], found["due_at"]) == ends
    assert found["reason"] == ("night" if ends[0] == "dropped" else "")


def test_what_was_put_off_at_her_call_does_not_go_later_that_night(database: Database, tmp_path: Path) -> None:
    runtime = runtime_with(database, tmp_path, Stub([TRANSIENT]))
    awake = replace(DRAFT, due_at=NIGHT, expires_at=NIGHT + 24 * HOUR, timezone=DHAKA, wakes_until=NIGHT + 10 * MINUTE)
    message = queued(runtime, awake)
    delivery.deliver(runtime, message, NIGHT, highest)
    delivery.deliver(runtime, message, NIGHT + 11 * MINUTE)
    assert (posts(runtime), row(runtime, message)["due_at"]) == (1, MORNING)


def test_what_no_provider_carries_is_dropped_with_an_alarm(database: Database, tmp_path: Path) -> None:
    runtime = runtime_with(database, tmp_path, Stub(carried="+254"))
    message = queued(runtime)
    with structlog.testing.capture_logs() as logs:
        delivery.deliver(runtime, message, NOON)
    assert state(runtime, message) == ("dropped", "no-route")
    assert [(each["log_level"], each["to"]) for each in logs] == [("error", "…001")]


def test_only_who_carries_it_is_asked(database: Database, tmp_path: Path) -> None:
    runtime = runtime_with(database, tmp_path, Stub(name="kenya", carried="+254"), Stub(name="bangladesh"))
    for n in range(10):
        delivery.deliver(runtime, queued(runtime, replace(DRAFT, once_key=str(n))), NOON)
    assert (posts(runtime, "kenya"), posts(runtime, "bangladesh")) == (0, 10)


@pytest.mark.parametrize(
    ("troubles", "expected"),
    [
        ({}, {"one": 50, "two": 50}),
        ({"one": 5}, {"one": 33, "two": 67}),
        ({"one": 10}, {"one": 0, "two": 100}),
        ({"one": 10, "two": 9}, {"one": 0, "two": 100}),
        # Where all are at nothing, all are tried.
        ({"one": 10, "two": 10}, {"one": 50, "two": 50}),
    ],
)
def test_a_provider_is_drawn_by_its_points(
    database: Database, tmp_path: Path, troubles: dict[str, int], expected: dict[str, int]
) -> None:
    runtime = runtime_with(database, tmp_path, Stub(name="one"), Stub(name="two"))
    with database.writing() as db:
        for name, times in troubles.items():
            for _ in range(times):
                standing.trouble(db, name, NOON)
    drawn = Counter[str]()
    for n in range(100):
        message = queued(runtime, replace(DRAFT, once_key=str(n)))
        delivery.deliver(runtime, message, NOON, dice=lambda n=n: n / 100)
        drawn[row(runtime, message)["provider"]] += 1
    assert {name: drawn[name] for name in expected} == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(
    ("result", "points"),
    [(TRANSIENT, 90), (AMBIGUOUS, 90), (PERMANENT, 100), (ACCOUNT, 100), (ZeroDivisionError("our own"), 100)],
)
def test_what_counts_as_trouble(database: Database, tmp_path: Path, result: Exception, points: int) -> None:
    runtime = runtime_with(database, tmp_path, Stub([result]))
    delivery.deliver(runtime, queued(runtime), NOON)
    with database.reading() as db:
        assert standing.read(db, ["stub"], NOON)["stub"].points == points


def test_a_worker_that_died_is_no_trouble_of_its_provider(runtime: Runtime) -> None:
    with runtime.database.writing() as db:
        outbox.claim(db, _queued(db), "stub", NOON)
    delivery.sweep(runtime, NOON + outbox.LEASE)
    with runtime.database.reading() as db:
        assert standing.read(db, ["stub"], NOON)["stub"].points == 100


def _queued(db: Any) -> int:
    message = outbox.queue(db, DRAFT, NOON)
    assert message is not None
    return message


def test_an_account_in_trouble_stops_its_provider_and_another_takes_over(database: Database, tmp_path: Path) -> None:
    broke, other = Stub([ACCOUNT], name="broke"), Stub(name="other")
    runtime = runtime_with(database, tmp_path, broke, other)
    messages = [queued(runtime, replace(DRAFT, once_key=str(n))) for n in range(3)]
    with structlog.testing.capture_logs() as logs:
        for at in (NOON, NOON + MINUTE):
            for message in messages:
                delivery.deliver(runtime, message, at, dice=lambda: 0.0)
    assert (len(broke.posts), len(other.posts)) == (1, 3)
    assert "provider stopped: its account needs a person" in [
        each["event"] for each in logs if each["log_level"] == "error"
    ]


def test_when_all_are_stopped_messages_wait_and_nothing_is_lost(database: Database, tmp_path: Path) -> None:
    stub = Stub([ACCOUNT, ACCOUNT])
    runtime = runtime_with(database, tmp_path, stub)
    messages = [queued(runtime, replace(DRAFT, once_key=str(n))) for n in range(5)]
    at = NOON
    while at < NOON + 40 * MINUTE:
        delivery.sweep(runtime, at)
        at += MINUTE
    # One finds out after each stop, and the third time it works.
    assert [state(runtime, message)[0] for message in messages] == ["accepted"] * 5
    assert len(stub.posts) == 7


def test_a_provider_goes_on_at_once_when_somebody_says_so(database: Database, tmp_path: Path) -> None:
    runtime = runtime_with(database, tmp_path, Stub([ACCOUNT]))
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON)
    delivery.deliver(runtime, message, NOON + SECOND)
    with database.writing() as db:
        standing.resume(db, "stub")
    delivery.deliver(runtime, message, NOON + 2 * MINUTE)
    assert (state(runtime, message)[0], posts(runtime)) == ("accepted", 2)


def test_ambiguous_it_stays_with_the_provider_that_knows_its_key(database: Database, tmp_path: Path) -> None:
    keyed, other = Stub([AMBIGUOUS], honours_key=True, name="keyed"), Stub(name="other")
    runtime = runtime_with(database, tmp_path, keyed, other)
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON, dice=lambda: 0.0)
    with database.writing() as db:
        for _ in range(20):
            standing.trouble(db, "keyed", NOON)
    delivery.deliver(runtime, message, NOON + MINUTE, dice=lambda: 0.99)
    assert [key for *_, key in keyed.posts] == [DRAFT.once_key] * 2
    assert (other.posts, state(runtime, message)[0]) == ([], "accepted")


@pytest.mark.parametrize("trouble", ["key over", "provider gone", "opted out"])
def test_when_it_cannot_go_again_it_is_in_doubt_and_not_dropped(
    database: Database, tmp_path: Path, trouble: str
) -> None:
    keyed = Stub([AMBIGUOUS], honours_key=True, honoured=5 * MINUTE, name="keyed")
    runtime = runtime_with(database, tmp_path, keyed)
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON, highest)
    later = NOON + MINUTE
    if trouble == "key over":
        later = NOON + 5 * MINUTE
    elif trouble == "provider gone":
        runtime = runtime_with(database, tmp_path, Stub(name="other"))
    else:
        with database.writing() as db:
            optouts.stop(db, "+8801711000001", "keyword", NOON)
    delivery.deliver(runtime, message, later)
    assert state(runtime, message) == ("unsure", "opted-out" if trouble == "opted out" else "key-expired")
    assert len(keyed.posts) == 1


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-11-22 12:00", "queued"),
        ("2026-11-22 23:59", "queued"),
        # Half a minute later it is another day in Dhaka, where the same key is another message.
        ("2026-11-22 23:59:45", "unsure"),
        ("2026-11-23 00:00", "queued"),
    ],
)
def test_for_ssl_wireless_nothing_is_repeated_across_midnight_in_dhaka(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, ends: str
) -> None:
    wire = SslWireless("token", "sid")

    def send(*_: str) -> None:
        raise AMBIGUOUS

    monkeypatch.setattr(wire, "send", send)
    runtime = runtime_with(database, tmp_path, wire)
    now = datetime.fromisoformat(f"{at}+06:00")
    message = queued(runtime, replace(DRAFT, due_at=now, expires_at=now + 24 * HOUR))
    delivery.deliver(runtime, message, now, highest)
    assert state(runtime, message)[0] == ends


def test_a_reminder_goes_once_more_and_a_code_never(database: Database, tmp_path: Path) -> None:
    tries = {"emi-due": 2, "approval": 2, "pin": 1, "order": 1, "answer": 1, "receipt": 1, "unknown": 1}
    for purpose, times in tries.items():
        stub = Stub([AMBIGUOUS] * 9)
        runtime = runtime_with(database, tmp_path, stub)
        message = queued(runtime, replace(DRAFT, once_key=purpose, purpose=purpose))
        for minutes in range(0, 24 * 60, 7):
            delivery.deliver(runtime, message, NOON + minutes * MINUTE)
        assert (len(stub.posts), state(runtime, message)[0]) == (times, "unsure"), purpose
        assert len({key for *_, key in stub.posts}) == times


def test_turns_are_waited_for_and_shared(database: Database, tmp_path: Path) -> None:
    runtime = runtime_with(database, tmp_path, Stub(name="simulator"), SMS_RATES="simulator=2")
    messages = [queued(runtime, replace(DRAFT, once_key=f"{n:02}")) for n in range(16)]
    waited: list[float] = []
    done = [delivery.deliver(runtime, message, NOON, pause=waited.append) for message in messages]
    assert done == [Done.TRIED] * 12 + [Done.BUSY] * 4
    assert waited == [each / 2 for each in range(1, 11)]
    # What found no turn is as it was, with no attempt.
    assert [(row(runtime, each)["state"], row(runtime, each)["attempts"]) for each in messages[12:]] == [
        ("queued", 0)
    ] * 4
    assert delivery.sweep(runtime, NOON, pause=waited.append) == 0
    assert delivery.sweep(runtime, NOON + 10 * SECOND, pause=waited.append) == 4


def test_the_price_is_that_of_the_provider_it_goes_by(database: Database, tmp_path: Path) -> None:
    runtime = runtime_with(database, tmp_path, Stub(name="simulator"), Stub(), SMS_PRICES="simulator=0.35 BDT")
    priced, unpriced = queued(runtime, replace(DRAFT, parts=2)), queued(runtime, replace(DRAFT, once_key="b"))
    delivery.deliver(runtime, priced, NOON, dice=lambda: 0.0)
    delivery.deliver(runtime, unpriced, NOON, dice=lambda: 0.99)
    found = [(row(runtime, each)["price"], row(runtime, each)["currency"]) for each in (priced, unpriced)]
    assert found == [(7_000, "BDT"), (0, "")]


REGISTERED = Registered("1101", "SOMITI", "1107", str(DRAFT.text).replace("A7K2M9", "{#var#}"))
REGISTER = Register({("AAAAAA", "bn"): REGISTERED})


@pytest.mark.parametrize(
    ("number", "template", "language", "text", "header"),
    [
        ("+919811000001", "AAAAAA", "bn", DRAFT.text, "SOMITI"),
        ("+919811000001", "AAAAAA", "bn", f"{DRAFT.text} ", "SOMITI"),
        ("+919811000001", "AAAAAA", "bn", f"{DRAFT.text}{'9' * 40}", None),
        ("+919811000001", "AAAAAA", "bn", f"পুনরায়: {DRAFT.text}", None),
        ("+919811000001", "AAAAAA", "en", DRAFT.text, None),
        ("+919811000001", "BBBBBB", "bn", DRAFT.text, None),
        ("+8801711000001", "BBBBBB", "bn", DRAFT.text, ""),
    ],
)
def test_to_india_only_registered_texts_go(
    database: Database, tmp_path: Path, number: str, template: str, language: str, text: str, header: str | None
) -> None:
    stub = Stub()
    runtime = replace(runtime_with(database, tmp_path, stub), dlt=REGISTER)
    message = queued(runtime, replace(DRAFT, number=number, template=template, language=language, text=text))
    delivery.deliver(runtime, message, NOON)
    assert [sender for _, _, sender, _ in stub.posts] == ([] if header is None else [header])
    assert state(runtime, message) == (("dropped", "dlt-mismatch") if header is None else ("accepted", ""))


HEAD = "template,language,entity,header,registered,text"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([HEAD, f"AAAAAA,bn,1101,SOMITI,1107,{REGISTERED.text}"], None),
        (["template,language"], "DLT_FILE must begin with the columns"),
        ([HEAD, "AAAAAA,bn,1101,SOMITI,1107"], "DLT_FILE line 2"),
        ([HEAD, "AAAAAA,bn,1101,SOMITI,,text"], "DLT_FILE line 2"),
        ([HEAD, "AAAAAA,bn,1101,SOMITI,1107,text,more"], "DLT_FILE line 2"),
        ([HEAD, "AAAAAA,bn,1,S,2,text", "AAAAAA,bn,1,S,3,text"], "DLT_FILE line 3"),
        (None, "DLT_FILE: FileNotFoundError"),
    ],
)
def test_the_register_is_a_file(tmp_path: Path, lines: list[str] | None, said: str | None) -> None:
    path = tmp_path / "dlt.csv"
    if lines is not None:
        path.write_text("\n".join(lines), encoding="utf-8")
    if said is None:
        assert dlt.load(path) == REGISTER
    else:
        with pytest.raises(SettingsError, match=said):
            dlt.load(path)


def test_without_a_register_india_is_like_everywhere() -> None:
    assert dlt.load(None).registered("+919811000001", "X", "bn", "whatever") == ""
