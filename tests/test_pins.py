"""PINs: counted before they are looked at, locked for longer and longer, never written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
from conftest import BOTH
from ledger_world import NOON
from ledger_world import PEPPERS
from ledger_world import PIN
from ledger_world import at_once
from ledger_world import open_world
from sqlalchemy import Connection
from sqlalchemy import select

from gateway.backend import Database
from ledger import facts
from ledger import pins
from ledger.facts import PinChanged
from ledger.facts import PinResetCode
from ledger.members import member_table
from ledger.pins import Peppers
from ledger.pins import Verdict

OTHERS = Peppers({1: b"another pepper"})


def said(verdict: Verdict) -> str:
    if verdict.right:
        return "right"
    if not verdict.locked:
        return f"{verdict.left} left"
    return f"locked until {verdict.until:%d %H:%M}" if verdict.until else "locked"


# Noon in Dhaka is 06:00 UTC on the 22nd.
SCRIPTS = {
    "a right PIN takes the count back": """
        06:00 00000    4 left
        06:00 11111    3 left
        06:00 22222    2 left
        06:00 33333    1 left
        06:00 52907    right
        06:00 00000    4 left
    """,
    "five lock for half an hour, and then each one for twice as long; ten for good": """
        06:00 00000    4 left
        06:00 00000    3 left
        06:00 00000    2 left
        06:00 00000    1 left
        06:00 00000    locked until 22 06:30
        06:10 52907    locked until 22 06:30
        06:29 00000    locked until 22 06:30
        06:30 00000    locked until 22 07:30
        07:30 00000    locked until 22 09:30
        09:30 00000    locked until 22 13:30
        13:30 00000    locked until 22 21:30
        21:30 00000    locked
        21:30 52907    locked
        30:30 52907    locked
    """,
    "when the time is up the right one opens": """
        06:00 00000    4 left
        06:00 00000    3 left
        06:00 00000    2 left
        06:00 00000    1 left
        06:00 00000    locked until 22 06:30
        06:30 52907    right
        06:30 00000    4 left
    """,
}


@BOTH
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_tries(db: Connection, codes: Callable[[], str], script: str) -> None:
    rahima = open_world(db, codes).rahima
    for line in script.strip().splitlines():
        clock, pin, answer = line.split(maxsplit=2)
        hours, minutes = map(int, clock.split(":"))
        now = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=hours, minutes=minutes)
        assert (clock, pin, said(pins.verify(db, PEPPERS, rahima.id, pin, now))) == (clock, pin, answer)


@BOTH
def test_one_members_tries_are_not_anothers(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    for _ in range(5):
        pins.verify(db, PEPPERS, world.rahima.id, "00000", NOON)
    assert said(pins.verify(db, PEPPERS, world.salma.id, PIN, NOON)) == "right"


def test_a_locked_pin_is_not_looked_at(
    db: Connection, codes: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rahima = open_world(db, codes).rahima
    for _ in range(5):
        pins.verify(db, PEPPERS, rahima.id, "00000", NOON)
    monkeypatch.delattr(pins, "matches")
    assert said(pins.verify(db, PEPPERS, rahima.id, PIN, NOON)) == "locked until 22 06:30"


@BOTH
def test_many_at_once_have_no_more_tries_than_one_after_another(
    database: Database, codes: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    monkeypatch.setattr(pins, "matches", lambda peppers, stored, pin: looked.append(pin))
    with database.writing(60) as db:
        rahima = open_world(db, codes).rahima
    verdicts = at_once(database, 40, lambda db, _: said(pins.verify(db, PEPPERS, rahima.id, "00000", NOON)))
    assert sorted(set(verdicts)) == ["1 left", "2 left", "3 left", "4 left", "locked until 22 06:30"]
    assert verdicts.count("locked until 22 06:30") == 36
    assert len(looked) == 5
    with database.reading() as db:
        assert db.execute(select(member_table.c.pin_failures).where(member_table.c.id == rahima.id)).scalar() == 5


@BOTH
def test_a_new_pin_begins_anew(db: Connection, codes: Callable[[], str]) -> None:
    rahima = open_world(db, codes).rahima
    for _ in range(5):
        pins.verify(db, PEPPERS, rahima.id, "00000", NOON)
    pins.change(db, PEPPERS, rahima.id, "86420")
    assert said(pins.verify(db, PEPPERS, rahima.id, PIN, NOON)) == "4 left"
    assert said(pins.verify(db, PEPPERS, rahima.id, "86420", NOON)) == "right"
    assert facts.collect(db) == [PinChanged(rahima.id)]


@BOTH
def test_the_code_of_a_reset_opens_for_a_day_until_she_has_a_pin(db: Connection, codes: Callable[[], str]) -> None:
    rahima = open_world(db, codes).rahima
    for _ in range(10):
        pins.verify(db, PEPPERS, rahima.id, "00000", NOON + timedelta(days=_))
    assert said(pins.verify(db, PEPPERS, rahima.id, PIN, NOON + timedelta(days=20))) == "locked"
    pins.reset(db, PEPPERS, rahima.id, NOON)
    (fact,) = facts.collect(db)
    assert isinstance(fact, PinResetCode)
    code, stored = fact.code, db.execute(select(member_table.c.pin_hash).where(member_table.c.id == rahima.id)).scalar()
    assert (len(code), code.isdigit(), code in repr(fact), code in str(stored)) == (6, True, False, False)
    day = timedelta(hours=24)
    for after, pin, verdict in (
        (timedelta(0), PIN, "4 left"),
        (timedelta(0), code, "right once"),
        # The call dropped before she chose: the same code again.
        (day - timedelta(seconds=1), code, "right once"),
        (day, code, "4 left"),
        (day + day, code, "3 left"),
    ):
        found = pins.verify(db, PEPPERS, rahima.id, pin, NOON + after)
        assert said(found) + " once" * found.once == verdict
    pins.change(db, PEPPERS, rahima.id, "86420")
    assert said(pins.verify(db, PEPPERS, rahima.id, code, NOON)) == "4 left"
    assert pins.verify(db, PEPPERS, rahima.id, "86420", NOON + day) == Verdict(right=True)


@BOTH
def test_each_reset_draws_another_code(db: Connection, codes: Callable[[], str]) -> None:
    rahima = open_world(db, codes).rahima
    for minute in range(5):
        pins.reset(db, PEPPERS, rahima.id, NOON + timedelta(minutes=minute))
    drawn = facts.collect(db)
    assert len({fact.code for fact in drawn}) == len({fact.about for fact in drawn}) == 5


def test_where_there_is_nobody_one_pin_is_checked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """One check each time, always against the same stored hash: making one anew would cost a second."""
    checked: list[tuple[str, str]] = []
    monkeypatch.setattr(pins, "matches", lambda peppers, stored, pin: checked.append((stored, pin)))
    for pin in (PIN, "00000"):
        pins.pretend(PEPPERS, pin)
    assert [pin for _, pin in checked] == [PIN, "00000"]
    assert len({stored for stored, _ in checked}) == 1


def test_what_is_stored_tells_nothing() -> None:
    stored = pins.hashed(PEPPERS, PIN)
    # cheap on purpose: the pepper and the lock protect five digits, not the cost
    assert stored.startswith("1:$argon2id$v=19$m=2048,t=1,p=1$")
    assert len(stored) <= member_table.c.pin_hash.type.length
    assert PIN not in stored
    assert pins.hashed(PEPPERS, PIN) != stored
    assert "tests" not in repr(PEPPERS)


def test_peppers_turn_over() -> None:
    newer = Peppers({1: PEPPERS.keys[1], 2: b"the next one"}, current=2)
    old, new = pins.hashed(PEPPERS, PIN), pins.hashed(newer, PIN)
    assert new.startswith("2:")
    assert [pins.matches(newer, stored, PIN) for stored in (old, new)] == [True, True]
    assert [pins.matches(newer, stored, "52908") for stored in (old, new)] == [False, False]
    assert not pins.matches(OTHERS, old, PIN)


def test_a_fingerprint_is_of_one_pin_of_one_member_here() -> None:
    mark = pins.fingerprint(PEPPERS, 1, PIN)
    assert mark == pins.fingerprint(PEPPERS, 1, PIN)
    assert PIN not in mark
    others = [(PEPPERS, 1, "52908"), (PEPPERS, 2, PIN), (OTHERS, 1, PIN)]
    assert mark not in [pins.fingerprint(*each) for each in others]


NUMBERS = ["+8801711000001", "+8801711052907"]


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("00000", "repeat"),
        ("7777", "repeat"),
        ("12345", "run"),
        ("98765", "run"),
        ("89012", "run"),
        ("21098", "run"),
        ("4321", "run"),
        ("1971", "year"),
        ("19710", "year"),
        ("01971", "year"),
        ("20293", "year"),
        ("52907", "phone"),
        ("00001", "phone"),
        ("86420", None),
        ("12354", None),
        ("11112", None),
        ("19390", None),
        ("20305", None),
        ("2907", "phone"),
    ],
)
def test_weak_pins(pin: str, why: str | None) -> None:
    assert pins.weakness(pin, NUMBERS) == why
