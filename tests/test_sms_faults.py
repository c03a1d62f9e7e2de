"""Kill -9 of worker, web, Redis and database while the provider makes trouble: nothing lost, doubled unseen, or stuck.

SOMITI_FAULT_SEED repeats a series: the same plan and the same trouble; the threads are the machine's.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import fault_series
import pytest
from conftest import NIGHTLY
from conftest import as_psycopg
from conftest import settings_for
from fault_series import MARK
from fault_series import MEMBERS
from fault_series import Books
from fault_series import Family
from fault_series import Series
from fault_series import Told
from fault_series import World
from fault_series import fate
from fault_series import plans
from fault_series import promised

import servers
from gateway import demo
from gateway import schema
from gateway.runtime import open_runtime
from gateway.stub.ledger import Message
from gateway.stub.ledger import Report
from gateway.transaction import transaction
from ledger import pins

SEED = os.environ.get("SOMITI_FAULT_SEED") or str(time.time_ns() // 1000 % 10**9)
ROUNDS = int(os.environ.get("SOMITI_FAULT_ROUNDS") or (60 if NIGHTLY else 2))
ALONE = max(1, ROUNDS // 4)
"""Rounds of the one process, which can only be killed whole."""

TODAY = date(2026, 11, 22)


@pytest.fixture(params=["sqlite", "postgresql"])
def series(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Series]:
    """A world of its own: servers that may be killed, the product's processes, a provider that makes trouble."""
    with ExitStack() as opened:
        family = Family(tmp_path)
        opened.callback(family.close)
        url, database, redis = f"sqlite:///{tmp_path / 'somiti.db'}", None, None
        if request.param == "postgresql":
            # What one process wrote survives its death; only a power cut needs a sync.
            database = opened.enter_context(servers.postgres_server(settings=["fsync=off"]))
            redis = opened.enter_context(servers.redis_server())
            url = as_psycopg(database.url)
        world = World(family, SEED, url, database, redis)
        opened.callback(world.close)
        runtime = open_runtime(settings_for(tmp_path, **world.settings))
        opened.callback(runtime.close)
        schema.migrate(runtime.database)
        with transaction(runtime, tell=False, patience=60) as db:
            for _ in demo.build(db, TODAY, runtime.peppers, 1):
                pass
            demo.crowd(db, TODAY, runtime.peppers, 1, MEMBERS, pins.hashed(runtime.peppers, demo.CROWD_PIN))
        world.open()
        yield Series(world, runtime)


@pytest.mark.timeout(3600)
def test_nothing_is_lost_or_doubled_unseen_or_stuck(series: Series) -> None:
    rounds = ROUNDS if series.world.redis else ALONE
    print(f"SOMITI_FAULT_SEED={SEED} SOMITI_FAULT_ROUNDS={ROUNDS}")
    for plan in plans(SEED, rounds, series.world.victims):
        series.round(plan)
    series.end()
    verdict = series.verdict()
    print(*fault_series.table(series.rows, verdict), *verdict.faults, sep="\n")
    assert verdict.faults == [], series.world.family.logs()


NUMBER = "+8801900000001"
Row = dict[str, object]


def told(state: str, purpose: str = "receipt", **more: object) -> Row:
    """A message as the outbox has it."""
    usual = {"id": 1, "once_key": "fault:1", "number": NUMBER, "text": "Hello", "attempts": 1, "repeats": 0}
    return usual | {"purpose": purpose, "state": state, "reason": "", "due_at": None} | more


def attempt(number: int, outcome: str, provider_id: str = "") -> Row:
    return {"message": 1, "number": number, "outcome": outcome, "provider_id": provider_id, "detail": outcome}


def stub(text: str, act: str = "take", message_id: str = "id") -> Message:
    return Message("africastalking", NUMBER, text, "", "", act, "" if act == "refuse" else message_id)


def said(word: str, answer: str = "200", message_id: str = "id") -> Report:
    return Report("africastalking", message_id, word, "once", answer)


ACCEPTED, AMBIGUOUS = attempt(1, "accepted", "id"), attempt(1, "ambiguous")
ONE, MARKED_COPY = [stub("Hello")], [stub("Hello"), stub(f"{MARK}Hello", message_id="other")]


@pytest.mark.parametrize(
    ("message", "attempts", "asked", "reports", "fault"),
    [
        (told("accepted"), [ACCEPTED], ONE, [], ""),
        (told("delivered"), [ACCEPTED], ONE, [said("sent"), said("delivered")], ""),
        (told("failed"), [ACCEPTED], ONE, [said("failed")], ""),
        (told("failed"), [attempt(1, "permanent")], [stub("Hello", "refuse")], [], ""),
        (told("unsure", "pin"), [AMBIGUOUS], [], [], ""),
        (told("unsure", "pin"), [AMBIGUOUS], ONE, [], ""),
        (told("unsure", repeats=1, attempts=2, text=f"{MARK}Hello"), [AMBIGUOUS], MARKED_COPY, [], ""),
        (told("accepted", "loan", repeats=1, attempts=2), [AMBIGUOUS], ONE * 2, [], ""),
        # What no provider has.
        (told("accepted"), [ACCEPTED], [], [], "lost"),
        (told("unknown"), [ACCEPTED], [], [], "lost"),
        (told("failed"), [attempt(1, "permanent")], [], [], "lost"),
        (told("dropped", reason="expired"), [], [], [], "lost"),
        (told("unsure", "pin"), [attempt(1, "transient")], [], [], "lost"),
        # Copies that nobody allowed, or that do not say that they are copies.
        (told("accepted"), [ACCEPTED], ONE * 2, [], "doubled"),
        (told("accepted", "loan", repeats=1, attempts=2), [ACCEPTED], ONE * 3, [], "doubled"),
        (told("accepted", "pin", repeats=1, attempts=2), [ACCEPTED], ONE * 2, [], "doubled"),
        (told("accepted", repeats=1, attempts=2), [ACCEPTED], ONE * 2, [], "doubled"),
        # What never comes to rest, or waits for its repeat for ever.
        (told("queued"), [], [], [], "stuck"),
        (told("sending"), [attempt(1, "")], ONE, [], "stuck"),
        (told("unsure"), [AMBIGUOUS], ONE, [], "stuck"),
        # Receipts that were answered well and not applied, or applied and not said.
        (told("accepted"), [ACCEPTED], ONE, [said("delivered")], "behind"),
        (told("accepted"), [ACCEPTED], ONE, [said("delivered", "503")], ""),
        (told("sent"), [ACCEPTED], ONE, [said("failed")], "behind"),
        (told("delivered"), [ACCEPTED], ONE, [said("sent")], "misled"),
    ],
)
def test_the_comparison_sees_what_it_is_there_to_see(
    message: dict[str, object],
    attempts: list[dict[str, object]],
    asked: list[Message],
    reports: list[Report],
    fault: str,
) -> None:
    books = Books(attempts, [each for each in asked if each.id], asked, reports, listed={1})
    assert [each.partition(":")[0] for each in fate(message, books).faults] == ([fault] if fault else [])


def test_what_is_unsure_must_be_listed() -> None:
    books = Books([AMBIGUOUS], [], [], [], listed=set())
    assert fate(told("unsure", "pin"), books).has("lost")


@pytest.mark.parametrize(("messages", "ended", "faults"), [(1, 0, 0), (1, 1, 0), (0, 0, 0), (0, 1, 1), (2, 1, 1)])
def test_what_a_caller_was_told_is_held_against_the_outbox(messages: int, ended: int, faults: int) -> None:
    heard = Told(Counter({NUMBER: 1}), Counter({NUMBER: ended}))
    rows = [told("accepted", once_key=f"receipt:{number}") for number in range(messages)]
    assert len(list(promised(rows, heard))) == faults


def test_what_was_committed_must_be_there() -> None:
    assert len(list(promised([told("accepted")], Told(queued={"fault:1", "fault:2"})))) == 1


def test_every_victim_has_its_turn() -> None:
    assert sorted(plan.victim for plan in plans("a seed", 4, ("a", "b"))) == ["a", "a", "b", "b"]
    assert [plan.victim for plan in plans("a seed", 4, "ab")] == [plan.victim for plan in plans("a seed", 4, "ab")]
