"""From the outbox to a provider and back: what is sent once, again, never, and what nobody can know."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from test_outbox import DRAFT
from test_outbox import NOON

from gateway import outbox
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.outbox import Draft
from gateway.outbox import Settlement
from gateway.outbox import State
from gateway.outbox import Try
from gateway.outbox import attempt_table
from gateway.outbox import message_table
from gateway.providers.contract import Outcome
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent
from gateway.providers.simulator import Simulator
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.sms import delivery
from gateway.sms.delivery import BACKOFF
from gateway.sms.delivery import backoff
from gateway.sms.delivery import decide

SECOND = timedelta(seconds=1)
TRANSIENT = SendError("http-503", Outcome.TRANSIENT)
PERMANENT = SendError("InvalidPhoneNumber", Outcome.PERMANENT, "status 403")
AMBIGUOUS = SendError("ReadTimeout", Outcome.AMBIGUOUS, "no answer")


def highest() -> float:
    """A dice that always shows the most, so that waits are the longest there are."""
    return 1.0


@dataclass
class Stub:
    """A provider that keeps its own ledger of what it took and does what it is told to, in turn, then accepts."""

    script: list[Exception | Callable[[], object]] = field(default_factory=list)
    honours_key: bool = False
    name: str = "stub"
    posts: list[tuple[str, str, str, str]] = field(default_factory=list)
    honoured: timedelta = timedelta(days=1)
    carried: str = ""

    def key_until(self, first: datetime) -> datetime:
        return first + self.honoured if self.honours_key else first

    def carries(self, number: str, text: str) -> bool:
        return number.startswith(self.carried)

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        self.posts.append((number, text, sender, key))
        act = self.script.pop(0) if self.script else None
        if isinstance(act, Exception):
            raise act
        if act is not None:
            act()
        return Sent(f"stub-{len(self.posts)}", "BDT 0.3500")


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def runtime(database: Database, stub: Stub, tmp_path: Path) -> Runtime:
    return Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {"stub": stub})


def queued(runtime: Runtime, draft: Draft = DRAFT) -> int:
    with runtime.database.writing() as db:
        message = outbox.queue(db, draft, NOON)
    assert message is not None
    return message


def state(runtime: Runtime, message: int) -> tuple[str, str]:
    columns = (message_table.c.state, message_table.c.reason)
    with runtime.database.reading() as db:
        row = db.execute(select(*columns).where(message_table.c.id == message)).one()
    return row.state, row.reason


def due_at(runtime: Runtime, message: int) -> datetime:
    with runtime.database.reading() as db:
        return db.execute(select(message_table.c.due_at).where(message_table.c.id == message)).scalar_one()


def attempts(runtime: Runtime) -> list[tuple[str, str]]:
    columns = (attempt_table.c.outcome, attempt_table.c.detail)
    with runtime.database.reading() as db:
        return [(row.outcome, row.detail) for row in db.execute(select(*columns).order_by(attempt_table.c.id))]


def test_a_message_goes_out_once(runtime: Runtime, stub: Stub) -> None:
    message = queued(runtime)
    for _ in range(3):
        delivery.deliver(runtime, message, NOON)
    assert stub.posts == [("+8801711000001", DRAFT.text, "", DRAFT.once_key)]
    assert state(runtime, message) == ("accepted", "")
    with runtime.database.reading() as db:
        row = db.execute(select(message_table)).one()
        attempt = db.execute(select(attempt_table)).one()
    assert (row.provider, row.provider_id, row.cost, row.attempts) == ("stub", "stub-1", "BDT 0.3500", 1)
    assert (attempt.outcome, attempt.provider_id, attempt.started_at) == ("accepted", "stub-1", NOON)
    assert NOON <= attempt.finished_at < NOON + 2 * SECOND


def test_while_the_provider_is_called_no_transaction_is_open_and_the_attempt_is_on_disk(
    runtime: Runtime, stub: Stub
) -> None:
    seen: list[object] = []

    def look() -> None:
        seen.append(attempts(runtime))
        with runtime.database.writing(0.5) as db:
            seen.append(db.execute(select(message_table.c.state)).scalar_one())

    stub.script = [look]
    delivery.deliver(runtime, queued(runtime), NOON)
    assert seen == [[("", "")], "sending"]


def test_the_simulator_delivers_at_once(runtime: Runtime) -> None:
    message = queued(runtime)
    delivery.deliver(replace(runtime, providers={"simulator": Simulator()}), message, NOON)
    assert state(runtime, message) == ("delivered", "")
    with runtime.database.reading() as db:
        (shown,) = outbox.recent(db, "+8801711000001")
        assert len(db.execute(select(message_table.c.provider_id)).scalar_one()) == 32
    assert (shown.text, shown.state, shown.units) == (DRAFT.text, "delivered", 22)


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 30), (2, 120), (3, 600), (4, 1800), (5, 3600), (6, 7200), (7, 7200), (99, 7200)]
)
def test_the_waits_grow_and_spread(attempt: int, longest: int) -> None:
    assert backoff(attempt, highest) == longest * SECOND
    assert backoff(attempt, lambda: 0.25) == longest / 4 * SECOND
    assert backoff(attempt, lambda: 0.0) == 0 * SECOND


FIRST = Try(1, 1, "stub", "receipt", 1, NOON + timedelta(hours=24), NOON)
LAST = replace(FIRST, expires_at=NOON + 30 * SECOND)
BOUND = replace(FIRST, bound_until=NOON + timedelta(hours=1))
REMINDER = replace(FIRST, purpose="emi-due")
ACCOUNT = SendError("InsufficientBalance", Outcome.TRANSIENT, account=True)
NO_KEY, KEY, ENDING = NOON, NOON + timedelta(hours=1), NOON + 30 * SECOND
"""Until when the provider honours the key: not at all, for an hour, just not until the next try."""


@pytest.mark.parametrize(
    ("result", "tried", "key_until", "to", "reason"),
    [
        (Sent("x"), FIRST, NO_KEY, State.ACCEPTED, ""),
        (Sent("x", status="delivered"), FIRST, NO_KEY, State.DELIVERED, ""),
        (Sent("x"), LAST, NO_KEY, State.ACCEPTED, ""),
        (PERMANENT, FIRST, NO_KEY, State.FAILED, "InvalidPhoneNumber"),
        (TRANSIENT, FIRST, NO_KEY, State.QUEUED, "http-503"),
        (TRANSIENT, FIRST, KEY, State.QUEUED, "http-503"),
        (TRANSIENT, LAST, NO_KEY, State.DROPPED, "expired"),
        # Past its use, but an earlier attempt may have sent it: that is not "dropped".
        (TRANSIENT, replace(LAST, bound_until=NOON), NO_KEY, State.UNSURE, "expired"),
        (TRANSIENT, replace(LAST, repeats=1), NO_KEY, State.UNSURE, "expired"),
        (AMBIGUOUS, FIRST, NO_KEY, State.UNSURE, "ReadTimeout"),
        (AMBIGUOUS, FIRST, KEY, State.QUEUED, "ReadTimeout"),
        (AMBIGUOUS, FIRST, ENDING, State.UNSURE, "ReadTimeout"),
        (AMBIGUOUS, LAST, NO_KEY, State.UNSURE, "ReadTimeout"),
        (AMBIGUOUS, LAST, KEY, State.UNSURE, "ReadTimeout"),
        (AMBIGUOUS, REMINDER, NO_KEY, State.QUEUED, "ReadTimeout"),
        (AMBIGUOUS, replace(REMINDER, repeats=1), NO_KEY, State.UNSURE, "ReadTimeout"),
        (AMBIGUOUS, replace(REMINDER, expires_at=LAST.expires_at), NO_KEY, State.UNSURE, "ReadTimeout"),
        (AMBIGUOUS, replace(FIRST, purpose="pin"), NO_KEY, State.UNSURE, "ReadTimeout"),
        (AMBIGUOUS, replace(FIRST, purpose="pin"), KEY, State.QUEUED, "ReadTimeout"),
        (AMBIGUOUS, replace(FIRST, purpose="nobody thought of"), NO_KEY, State.UNSURE, "ReadTimeout"),
    ],
)
def test_where_a_message_goes(
    result: Sent | SendError, tried: Try, key_until: datetime, to: State, reason: str
) -> None:
    decided = decide(result, tried, NOON, highest, key_until=key_until)
    assert (decided.state, decided.reason) == (to, reason)
    assert decided.due_at == (NOON + 30 * SECOND if to is State.QUEUED else None)
    assert decided.outcome == (Outcome.ACCEPTED if isinstance(result, Sent) else result.outcome)


@pytest.mark.parametrize(
    ("result", "tried", "key_until", "bound", "again"),
    [
        (TRANSIENT, FIRST, KEY, None, False),
        (TRANSIENT, BOUND, KEY, BOUND.bound_until, False),
        (AMBIGUOUS, FIRST, KEY, KEY, False),
        # Past its use nothing is sent again; so long the key need not be remembered.
        (AMBIGUOUS, replace(FIRST, expires_at=NOON + 60 * SECOND), KEY, NOON + 60 * SECOND, False),
        (AMBIGUOUS, REMINDER, NO_KEY, None, True),
        (AMBIGUOUS, REMINDER, KEY, KEY, False),
    ],
)
def test_what_binds_it_and_what_counts_as_a_repeat(
    result: SendError, tried: Try, key_until: datetime, bound: datetime | None, again: bool
) -> None:
    decided = decide(result, tried, NOON, highest, key_until=key_until)
    assert (decided.state, decided.bound_until, decided.again) == (State.QUEUED, bound, again)


def test_an_account_in_trouble_holds_a_message_up_for_no_time() -> None:
    assert decide(ACCOUNT, replace(FIRST, attempts=6), NOON, highest, key_until=NO_KEY).due_at == NOON


def test_what_was_not_sent_is_tried_until_it_is_past_its_use(runtime: Runtime, stub: Stub) -> None:
    stub.script = [TRANSIENT] * 99
    message, now, waits = queued(runtime), NOON, []
    while state(runtime, message)[0] == "queued":
        delivery.deliver(runtime, message, now, highest)
        waits.append(round((due_at(runtime, message) - now).total_seconds()))
        now = due_at(runtime, message) + SECOND
    assert state(runtime, message) == ("dropped", "expired")
    assert waits[:7] == [30, 120, 600, 1800, 3600, 7200, 7200]
    assert len(stub.posts) == len(waits) == 17
    assert sum(waits[:-1]) < 24 * 3600


def test_what_was_not_sent_waits_its_time(runtime: Runtime, stub: Stub) -> None:
    stub.script = [TRANSIENT]
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON, highest)
    delivery.sweep(runtime, NOON + 29 * SECOND)
    assert (len(stub.posts), state(runtime, message)[0]) == (1, "queued")
    delivery.sweep(runtime, NOON + 32 * SECOND)
    assert (len(stub.posts), state(runtime, message)[0]) == (2, "accepted")
    assert attempts(runtime) == [("transient", "http-503 (transient)"), ("accepted", "")]


@pytest.mark.parametrize("trouble", [AMBIGUOUS, ZeroDivisionError("our own bug")])
def test_what_may_have_been_sent_is_not_sent_again(runtime: Runtime, stub: Stub, trouble: Exception) -> None:
    stub.script = [trouble]
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON)
    for hours in range(30):
        delivery.sweep(runtime, NOON + timedelta(hours=hours))
    assert (len(stub.posts), state(runtime, message)[0]) == (1, "unsure")


def test_what_may_have_been_sent_goes_again_where_the_provider_honours_the_key(runtime: Runtime, stub: Stub) -> None:
    stub.script, stub.honours_key = [AMBIGUOUS], True
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON, highest)
    delivery.sweep(runtime, NOON + 32 * SECOND)
    assert state(runtime, message) == ("accepted", "")
    assert [key for _, _, _, key in stub.posts] == [DRAFT.once_key] * 2


def test_a_refusal_is_final(runtime: Runtime, stub: Stub) -> None:
    stub.script = [PERMANENT]
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON)
    delivery.sweep(runtime, NOON + timedelta(hours=5))
    assert state(runtime, message) == ("failed", "InvalidPhoneNumber")
    assert attempts(runtime) == [("permanent", "InvalidPhoneNumber (permanent): status 403")]


@pytest.mark.parametrize(("honours_key", "ends"), [(False, "unsure"), (True, "queued")])
def test_a_worker_that_died_leaves_what_nobody_can_know(
    runtime: Runtime, stub: Stub, honours_key: bool, ends: str
) -> None:
    stub.honours_key = honours_key
    message = queued(runtime)
    with runtime.database.writing() as db:
        outbox.claim(db, message, "stub", NOON)
    delivery.sweep(runtime, NOON + outbox.LEASE - SECOND, dice=highest)
    assert state(runtime, message)[0] == "sending"
    delivery.sweep(runtime, NOON + outbox.LEASE, dice=highest)
    assert state(runtime, message) == (ends, "lease-ran-out")
    assert attempts(runtime) == [("ambiguous", "lease-ran-out (ambiguous)")]
    assert stub.posts == []


def test_an_attempt_of_a_provider_that_is_no_longer_configured_lapses_too(runtime: Runtime) -> None:
    message = queued(runtime)
    with runtime.database.writing() as db:
        outbox.claim(db, message, "gone", NOON)
    delivery.sweep(runtime, NOON + outbox.LEASE)
    assert state(runtime, message)[0] == "unsure"


def test_a_provider_that_answers_after_the_lease_is_believed(runtime: Runtime, stub: Stub) -> None:
    message = queued(runtime)
    stub.script = [lambda: delivery.sweep(runtime, NOON + outbox.LEASE)]
    delivery.deliver(runtime, message, NOON)
    assert state(runtime, message) == ("accepted", "")
    assert attempts(runtime) == [("accepted", "")]


def test_the_sweep_sends_what_is_due_and_drops_what_is_past_its_use(runtime: Runtime, stub: Stub) -> None:
    due = [queued(runtime, replace(DRAFT, once_key=f"due {n}")) for n in range(3)]
    later = queued(runtime, replace(DRAFT, once_key="later", due_at=NOON + timedelta(hours=1)))
    stale = queued(runtime, replace(DRAFT, once_key="stale", due_at=NOON - SECOND, expires_at=NOON))
    delivery.sweep(runtime, NOON)
    assert [state(runtime, each)[0] for each in due] == ["accepted"] * 3
    assert state(runtime, later) == ("queued", "")
    assert state(runtime, stale) == ("dropped", "expired")
    assert sorted(key for _, _, _, key in stub.posts) == ["due 0", "due 1", "due 2"]


def test_the_sweep_leaves_off_when_told_to(runtime: Runtime, stub: Stub) -> None:
    stop = threading.Event()
    for n in range(5):
        queued(runtime, replace(DRAFT, once_key=str(n)))
    stub.script = [lambda: None, stop.set]
    delivery.sweep(runtime, NOON, stop=stop)
    assert len(stub.posts) == 2


def test_many_workers_send_each_message_once(runtime: Runtime, stub: Stub) -> None:
    for n in range(40):
        queued(runtime, replace(DRAFT, once_key=f"{n:02}"))
    stub.script = [TRANSIENT] * 5
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda turn: delivery.sweep(runtime, NOON + turn * SECOND, dice=lambda: 0.0), range(12)))
    # What was put back by a sweep whose clock ran ahead of the others'.
    delivery.sweep(runtime, NOON + 60 * SECOND)
    keys = [key for _, _, _, key in stub.posts]
    assert (len(keys), len(set(keys))) == (45, 40)
    with runtime.database.reading() as db:
        assert outbox.counts(db) == {"accepted": 40}


KILLED = """
    import os, signal, sys
    from datetime import datetime
    from gateway.backend import ThreadJobs, open_database
    from gateway.runtime import Runtime
    from gateway.settings import load
    from gateway.sms import delivery

    class Deadly:
        name, honours_key = "stub", False
        def carries(self, number, text):
            return True
        def send(self, *message):
            os.kill(os.getpid(), signal.SIGKILL)

    url, var, message, now = sys.argv[1:]
    runtime = Runtime(load({"SOMITI_VAR": var}), open_database(url), ThreadJobs(), {"stub": Deadly()})
    delivery.deliver(runtime, int(message), datetime.fromisoformat(now))
"""


def test_a_process_killed_in_the_middle_of_a_send(runtime: Runtime, stub: Stub, tmp_path: Path) -> None:
    message = queued(runtime)
    with runtime.database.reading() as db:
        url = db.engine.url.render_as_string(hide_password=False)
    script = [sys.executable, "-c", textwrap.dedent(KILLED), url, str(tmp_path), str(message), NOON.isoformat()]
    died = subprocess.run(script, cwd=Path(__file__).parents[1], env=os.environ, check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert state(runtime, message)[0] == "sending"
    delivery.sweep(runtime, NOON + outbox.LEASE)
    assert state(runtime, message) == ("unsure", "lease-ran-out")
    assert stub.posts == []


def test_a_settlement_is_tried_again_when_others_are_in_the_way(
    runtime: Runtime, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the lock while the provider answers; the patience of the first try is made short."""
    monkeypatch.setattr(delivery, "JOB", 0.3)
    message = queued(runtime)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with runtime.database.writing(30) as db:
            db.execute(select(message_table).where(message_table.c.id == message).with_for_update())
            held.set()
            done.wait(0.4)

    holder = threading.Thread(target=hold)
    stub.script = [lambda: (holder.start(), held.wait(5))]
    delivery.deliver(runtime, message, NOON)
    holder.join()
    assert state(runtime, message)[0] == "accepted"


@pytest.mark.parametrize(("times", "to"), [(2, "accepted"), (3, "sending")])
def test_an_answer_waits_for_a_database_that_is_away(
    runtime: Runtime, stub: Stub, monkeypatch: pytest.MonkeyPatch, times: int, to: str
) -> None:
    monkeypatch.setattr(delivery, "SETTLE_WAITS", (0.0, 0.0))
    message, writing, away = queued(runtime), Database.writing, list[int]()

    def failing(database: Database, patience: float) -> AbstractContextManager[Connection]:
        for _ in away[:1]:
            away.pop()
            raise OperationalError("", None, RuntimeError("the server is starting up"))
        return writing(database, patience)

    monkeypatch.setattr(Database, "writing", failing)
    stub.script = [lambda: away.extend(range(times))]
    with suppress(OperationalError):
        delivery.deliver(runtime, message, NOON)
    assert state(runtime, message)[0] == to


def test_a_settlement_names_its_reason_whatever_its_length(runtime: Runtime, stub: Stub) -> None:
    stub.script = [SendError("x" * 300, Outcome.PERMANENT, "y" * 3000)]
    message = queued(runtime)
    delivery.deliver(runtime, message, NOON)
    assert state(runtime, message) == ("failed", "x" * 40)


def test_a_settlement_is_kept_whatever_the_length_of_the_id(runtime: Runtime) -> None:
    message = queued(runtime)
    with runtime.database.writing() as db:
        claim = outbox.claim(db, message, "stub", NOON)
        assert claim is not None
        outbox.settle(db, claim.attempt, Settlement(Outcome.ACCEPTED, State.ACCEPTED, provider_id="i" * 300), NOON)
    assert state(runtime, message) == ("accepted", "")


def test_the_waits_are_those_of_the_design() -> None:
    assert [wait.total_seconds() / 60 for wait in BACKOFF] == [0.5, 2, 10, 30, 60, 120]
