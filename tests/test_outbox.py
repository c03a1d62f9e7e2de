"""The life of a message, row by row, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy import update

from gateway import outbox
from gateway.backend import Database
from gateway.outbox import NEXT
from gateway.outbox import Claim
from gateway.outbox import Draft
from gateway.outbox import Settlement
from gateway.outbox import State
from gateway.outbox import attempt_table
from gateway.outbox import message_table
from gateway.providers.contract import Outcome

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DRAFT = Draft(
    once_key="receipt:1:A7K2M9:1001",
    purpose="receipt",
    programme=1,
    member=1001,
    number="+8801711000001",
    language="bn",
    text="লেখা হয়েছে। কোড A7K2M9",
    encoding="ucs2",
    units=22,
    parts=1,
    due_at=NOON,
    expires_at=NOON + timedelta(hours=24),
)
ACCEPTED = Settlement(Outcome.ACCEPTED, State.ACCEPTED, provider_id="ATXid_1", cost="BDT 0.3500")
LATER = Settlement(Outcome.TRANSIENT, State.QUEUED, reason="http-503", due_at=NOON + 30 * SECOND)
UNSURE = Settlement(Outcome.AMBIGUOUS, State.UNSURE, reason="ReadTimeout")
REFUSED = Settlement(Outcome.PERMANENT, State.FAILED, reason="InvalidPhoneNumber", detail="status 403")


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def queued(database: Database, draft: Draft = DRAFT) -> int:
    with database.writing() as db:
        message = outbox.queue(db, draft, NOON)
    assert message is not None
    return message


def claimed(database: Database, message: int, now: datetime = NOON) -> Claim | None:
    with database.writing() as db:
        return outbox.claim(db, message, "stub", now)


def taken(database: Database, message: int, now: datetime = NOON) -> Claim:
    claim = claimed(database, message, now)
    assert claim is not None
    return claim


def settled(database: Database, attempt: int, what: Settlement, now: datetime = NOON) -> bool:
    with database.writing() as db:
        return outbox.settle(db, attempt, what, now)


def row(database: Database, message: int) -> dict[str, object]:
    with database.reading() as db:
        found = db.execute(select(message_table).where(message_table.c.id == message)).one()
    return dict(found._mapping)


def state(database: Database, message: int) -> str:
    return str(row(database, message)["state"])


def attempts(database: Database) -> list[tuple[object, ...]]:
    columns = (attempt_table.c.number, attempt_table.c.outcome, attempt_table.c.provider_id, attempt_table.c.detail)
    with database.reading() as db:
        return [tuple(each) for each in db.execute(select(*columns).order_by(attempt_table.c.id))]


def due(database: Database, now: datetime = NOON) -> list[int]:
    with database.reading() as db:
        return outbox.due(db, now, 10)


def test_the_table_of_moves_is_whole() -> None:
    assert set(NEXT) == set(State)
    # What the provider took never goes back to where it could be sent again.
    ours = {State.QUEUED, State.SENDING, State.UNSURE, State.DROPPED}
    assert {state for state in ours if State.QUEUED in NEXT[state]} == {State.SENDING, State.UNSURE}
    for taken_by_provider in set(State) - ours:
        assert not NEXT[taken_by_provider] & ours
        assert taken_by_provider == State.DELIVERED or State.DELIVERED in NEXT[taken_by_provider]
    # And so it always comes to rest: there is no way round in a circle.
    reached: dict[State, set[State]] = {each: set(NEXT[each]) - ours for each in State}
    for _ in State:
        reached = {each: then.union(*(reached[after] for after in then)) for each, then in reached.items()}
    assert [each for each in set(State) - ours if each in reached[each]] == []


def test_a_new_message_waits(database: Database) -> None:
    message = queued(database)
    found = row(database, message)
    assert (found["state"], found["text"], found["attempts"]) == ("queued", DRAFT.text, 0)
    assert (found["due_at"], found["created_at"], found["lease_until"]) == (NOON, NOON, None)
    assert due(database) == [message]


def test_the_same_thing_is_said_once(database: Database) -> None:
    queued(database)
    with database.writing() as db:
        assert outbox.queue(db, replace(DRAFT, text="again"), NOON) is None
        other = outbox.queue(db, replace(DRAFT, once_key="receipt:1:A7K2M9:1002"), NOON)
    assert other is not None
    with database.reading() as db:
        assert outbox.counts(db) == {"queued": 2}


def test_a_message_that_could_not_be_rendered_is_kept_and_not_sent(database: Database) -> None:
    message = queued(database, replace(DRAFT, text=None, encoding="", units=0, parts=0))
    found = row(database, message)
    assert (found["state"], found["reason"], found["text"]) == ("dropped", "unrendered", None)
    assert due(database) == []
    assert claimed(database, message) is None


@pytest.mark.parametrize(
    ("due_at", "now", "found"),
    [
        (NOON, NOON - SECOND, False),
        (NOON, NOON, True),
        (NOON + SECOND, NOON, False),
        (NOON, NOON + timedelta(hours=24) - SECOND, True),
        (NOON, NOON + timedelta(hours=24), False),
    ],
)
def test_a_claim_needs_its_time(database: Database, due_at: datetime, now: datetime, found: bool) -> None:
    message = queued(database, replace(DRAFT, due_at=due_at))
    assert (claimed(database, message, now) is not None) is found


def test_a_claim_opens_an_attempt_and_a_lease(database: Database) -> None:
    message = queued(database)
    claim = taken(database, message)
    assert (claim.message, claim.number, claim.text) == (message, DRAFT.number, DRAFT.text)
    assert (claim.once_key, claim.purpose, claim.attempts) == (DRAFT.once_key, "receipt", 1)
    found = row(database, message)
    assert (found["state"], found["provider"], found["lease_until"]) == ("sending", "stub", NOON + outbox.LEASE)
    assert attempts(database) == [(1, "", "", "")]
    assert due(database) == []


def test_of_many_only_one_claims(database: Database) -> None:
    messages = [queued(database, replace(DRAFT, once_key=f"receipt:{each}")) for each in range(20)]
    with ThreadPoolExecutor(8) as pool:
        claims = [each for each in pool.map(lambda message: claimed(database, message), messages * 8) if each]
    assert sorted(each.message for each in claims) == sorted(messages)
    assert len(attempts(database)) == 20


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (ACCEPTED, ("accepted", "", "ATXid_1", "BDT 0.3500", NOON)),
        (replace(ACCEPTED, state=State.DELIVERED), ("delivered", "", "ATXid_1", "BDT 0.3500", NOON)),
        (LATER, ("queued", "http-503", "", "", NOON + 30 * SECOND)),
        (UNSURE, ("unsure", "ReadTimeout", "", "", NOON)),
        (REFUSED, ("failed", "InvalidPhoneNumber", "", "", NOON)),
        (Settlement(Outcome.TRANSIENT, State.DROPPED, "expired"), ("dropped", "expired", "", "", NOON)),
    ],
)
def test_an_attempt_is_settled_once(database: Database, what: Settlement, told: tuple[object, ...]) -> None:
    message = queued(database)
    claim = taken(database, message)
    assert settled(database, claim.attempt, what)
    found = row(database, message)
    assert tuple(found[name] for name in ("state", "reason", "provider_id", "cost", "due_at")) == told
    assert found["lease_until"] is None
    assert attempts(database) == [(1, what.outcome, what.provider_id, what.detail)]
    if what.outcome is not Outcome.AMBIGUOUS:
        assert not settled(database, claim.attempt, REFUSED)
        assert state(database, message) == told[0]


def test_a_message_that_was_not_sent_is_claimed_again_when_it_is_due(database: Database) -> None:
    message = queued(database)
    settled(database, taken(database, message).attempt, LATER)
    assert claimed(database, message, NOON + 29 * SECOND) is None
    assert taken(database, message, NOON + 30 * SECOND).attempts == 2


def test_a_lease_that_runs_out_leaves_an_open_attempt(database: Database) -> None:
    message = queued(database)
    claim = taken(database, message)
    with database.reading() as db:
        assert outbox.lapsed(db, NOON + outbox.LEASE - SECOND, 10) == []
        (open_one,) = outbox.lapsed(db, NOON + outbox.LEASE, 10)
    assert (open_one.attempt, open_one.message, open_one.provider) == (claim.attempt, message, "stub")
    assert (open_one.purpose, open_one.attempts) == ("receipt", 1)


@pytest.mark.parametrize(
    ("late", "ends", "outcome"),
    [
        (ACCEPTED, "accepted", "accepted"),
        (LATER, "queued", "transient"),
        (REFUSED, "failed", "permanent"),
        (UNSURE, "unsure", "ambiguous"),
    ],
)
def test_a_late_word_about_an_attempt_given_up_counts(
    database: Database, late: Settlement, ends: str, outcome: str
) -> None:
    message = queued(database)
    claim = taken(database, message)
    settled(database, claim.attempt, UNSURE, NOON + outbox.LEASE)
    settled(database, claim.attempt, late, NOON + 2 * outbox.LEASE)
    assert state(database, message) == ends
    assert [each[1] for each in attempts(database)] == [outcome]


@pytest.mark.parametrize(
    ("late", "ends"), [(ACCEPTED, "accepted"), (LATER, "sending"), (REFUSED, "sending"), (UNSURE, "sending")]
)
def test_an_older_attempt_speaks_for_a_newer_one_only_when_it_arrived(
    database: Database, late: Settlement, ends: str
) -> None:
    message = queued(database)
    first = taken(database, message)
    again = Settlement(Outcome.AMBIGUOUS, State.QUEUED, due_at=NOON)
    settled(database, first.attempt, again)
    second = taken(database, message, NOON + SECOND)
    settled(database, first.attempt, late)
    assert state(database, message) == ends
    settled(database, second.attempt, ACCEPTED)
    assert state(database, message) == "accepted"


def test_what_is_past_its_use_is_dropped(database: Database) -> None:
    stale = queued(database, replace(DRAFT, once_key="a", expires_at=NOON + SECOND))
    fresh = queued(database, replace(DRAFT, once_key="b"))
    busy = queued(database, replace(DRAFT, once_key="c", expires_at=NOON + SECOND))
    taken(database, busy)
    with database.writing() as db:
        assert outbox.expire(db, NOON + SECOND) == 1
    assert (state(database, stale), row(database, stale)["reason"]) == ("dropped", "expired")
    assert (state(database, fresh), state(database, busy)) == ("queued", "sending")
    with database.reading() as db:
        assert outbox.counts(db) == {"dropped": 1, "queued": 1, "sending": 1}


def test_every_move_follows_the_table(database: Database) -> None:
    message = queued(database)
    attempt = taken(database, message).attempt
    reopen = update(attempt_table).values(finished_at=None)
    with database.writing() as db:
        for start in State:
            for to in State:
                db.execute(reopen)
                db.execute(update(message_table).values(state=start))
                moved = outbox.settle(db, attempt, Settlement(Outcome.ACCEPTED, to), NOON)
                after = db.execute(select(message_table.c.state)).scalar_one()
                assert (moved, after) == ((True, to) if to in NEXT[start] else (False, start)), (start, to)


def test_the_longest_due_goes_first(database: Database) -> None:
    messages = [queued(database, replace(DRAFT, once_key=str(n), due_at=NOON - n * SECOND)) for n in range(5)]
    with database.reading() as db:
        assert outbox.due(db, NOON, 3) == list(reversed(messages))[:3]


def test_the_tray_shows_the_newest_first(database: Database) -> None:
    with database.writing() as db:
        for n in range(4):
            outbox.queue(db, replace(DRAFT, once_key=str(n), text=f"no. {n}"), NOON + n * SECOND)
        outbox.queue(db, replace(DRAFT, once_key="other", number="+8801711000002"), NOON)
    with database.reading() as db:
        shown = outbox.recent(db, "+8801711000001", limit=3)
    assert [(each.text, each.state, each.parts) for each in shown] == [(f"no. {n}", "queued", 1) for n in (3, 2, 1)]
    assert shown[0].created_at == NOON + 3 * SECOND


def settle(database: Database, message: int, *, bound: bool = False, again: bool = False) -> None:
    """Send it once, ambiguously, and put it back."""
    back = Settlement(Outcome.AMBIGUOUS, State.QUEUED, due_at=NOON, again=again)
    what = replace(back, bound_until=NOON + 60 * SECOND) if bound else back
    assert settled(database, taken(database, message).attempt, what)


@pytest.mark.parametrize(
    ("bound", "again", "ends"), [(False, False, "dropped"), (True, False, "unsure"), (False, True, "unsure")]
)
def test_what_may_have_been_sent_is_never_dropped(database: Database, bound: bool, again: bool, ends: str) -> None:
    given_up, expired = queued(database), queued(database, replace(DRAFT, once_key="b"))
    for message in (given_up, expired):
        settle(database, message, bound=bound, again=again)
    with database.writing() as db:
        assert outbox.give_up(db, given_up, "opted-out", NOON) == ends
        assert outbox.give_up(db, given_up, "opted-out", NOON) is None
        assert outbox.expire(db, DRAFT.expires_at) == 1
    found = row(database, given_up)
    assert (found["state"], found["reason"], found["bound_to"]) == (ends, "opted-out", "")
    assert (state(database, expired), row(database, expired)["reason"]) == (ends, "expired")


def test_an_ambiguous_attempt_binds_the_message_until_it_is_settled(database: Database) -> None:
    message = queued(database)
    settle(database, message, bound=True)
    found = row(database, message)
    assert (found["bound_to"], found["bound_until"], found["repeats"]) == ("stub", NOON + 60 * SECOND, 0)
    with database.reading() as db:
        waits = outbox.waiting(db, message, NOON)
    assert waits is not None
    assert (waits.bound_to, waits.bound_until) == ("stub", NOON + 60 * SECOND)
    claim = taken(database, message)
    assert (claim.bound_until, claim.doubtful, claim.key) == (NOON + 60 * SECOND, True, DRAFT.once_key)
    settled(database, claim.attempt, ACCEPTED)
    assert (row(database, message)["bound_to"], row(database, message)["bound_until"]) == ("", None)


def test_what_goes_again_by_policy_goes_under_another_key(database: Database) -> None:
    message = queued(database)
    settle(database, message, again=True)
    claim = taken(database, message)
    assert (claim.repeats, claim.doubtful, claim.key) == (1, True, f"{DRAFT.once_key}/1")


def test_a_claim_writes_down_what_the_parts_cost(database: Database) -> None:
    message = queued(database, replace(DRAFT, parts=3))
    with database.writing() as db:
        outbox.claim(db, message, "stub", NOON, price=2_500, currency="BDT")
    assert (row(database, message)["price"], row(database, message)["currency"]) == (7_500, "BDT")
    with database.reading() as db:
        assert outbox.sums(db, NOON) == [outbox.Sum("stub", "sending", 1, 3, 7_500, "BDT")]
        assert outbox.sums(db, NOON + SECOND) == []


@pytest.mark.parametrize(
    ("now", "due_at", "expires_at", "found"),
    [
        (NOON, NOON, NOON + SECOND, True),
        (NOON, NOON + SECOND, NOON + 2 * SECOND, False),
        (NOON, NOON, NOON, False),
    ],
)
def test_what_waits_is_looked_at_when_it_could_be_claimed(
    database: Database, now: datetime, due_at: datetime, expires_at: datetime, found: bool
) -> None:
    message = queued(database, replace(DRAFT, due_at=due_at, expires_at=expires_at))
    with database.reading() as db:
        assert (outbox.waiting(db, message, now) is not None) is found


def test_what_is_put_off_waits(database: Database) -> None:
    message = queued(database)
    with database.writing() as db:
        outbox.postpone(db, message, NOON + SECOND)
    assert (due(database), due(database, NOON + SECOND)) == ([], [message])


def test_what_is_not_to_be_sent_is_written_down(database: Database) -> None:
    message = queued(database, replace(DRAFT, dropped="opted-out"))
    assert (state(database, message), row(database, message)["reason"]) == ("dropped", "opted-out")
