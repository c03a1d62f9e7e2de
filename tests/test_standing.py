"""How providers stand: points lost and won, turns that many workers share, a stop and its end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from gateway import optouts
from gateway import standing
from gateway.backend import Database
from gateway.standing import Standing

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def points(db: Connection, now: datetime) -> int:
    return standing.read(db, ["one"], now)["one"].points


def test_a_provider_begins_without_trouble(db: Connection) -> None:
    assert standing.read(db, ["one", "two"], NOON) == {
        "one": Standing("one", 100, None, ""),
        "two": Standing("two", 100, None, ""),
    }


@pytest.mark.parametrize(
    ("troubles", "after", "left"),
    [
        ([0], 0, 90),
        ([0], 4, 90),
        ([0], 5, 100),
        ([0], 500, 100),
        ([0, 0, 0], 0, 70),
        ([0, 0, 0], 5, 80),
        ([0, 0, 0], 14, 90),
        ([0, 0, 0], 15, 100),
        # Four minutes are not five: what is quiet begins anew with each trouble.
        ([0, 4], 8, 80),
        ([0, 4], 9, 90),
        ([0, 5], 5, 90),
        ([0] * 12, 0, 0),
        ([0] * 12, 5, 10),
    ],
)
def test_trouble_takes_ten_points_and_five_quiet_minutes_give_them_back(
    db: Connection, troubles: list[int], after: int, left: int
) -> None:
    for at in troubles:
        standing.trouble(db, "one", NOON + at * MINUTE)
    standing.trouble(db, "two", NOON)
    assert points(db, NOON + after * MINUTE) == left


def test_many_workers_lose_no_trouble(database: Database) -> None:
    def trouble(_: int) -> None:
        with database.writing(60) as db:
            standing.trouble(db, "one", NOON)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(trouble, range(7)))
    with database.reading() as db:
        assert points(db, NOON) == 30


def test_a_provider_is_stopped_and_goes_on_by_itself_or_by_hand(db: Connection) -> None:
    assert not standing.resume(db, "one")
    standing.stop(db, "one", "InsufficientBalance", NOON)
    found = standing.read(db, ["one", "two"], NOON)
    assert (found["one"].stopped(NOON), found["one"].stopped_for) == (True, "InsufficientBalance")
    assert not found["two"].stopped(NOON)
    assert found["one"].stopped(NOON + standing.STOP - SECOND)
    assert not found["one"].stopped(NOON + standing.STOP)
    assert standing.resume(db, "one")
    assert not standing.read(db, ["one"], NOON)["one"].stopped(NOON)


def turns(take: Callable[[datetime], timedelta | None], *at: float) -> list[float | None]:
    taken = [take(NOON + timedelta(seconds=each)) for each in at]
    return [None if wait is None else wait.total_seconds() for wait in taken]


@pytest.mark.parametrize(
    ("rate", "at", "waits"),
    [
        # One second's messages at once, then one after the other.
        (4, [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0.25, 0.5]),
        (4, [0, 0, 0, 0, 0.25, 0.5], [0, 0, 0, 0, 0, 0]),
        # A pause fills the bucket, and no more than that.
        (2, [0, 0, 100, 100, 100], [0, 0, 0, 0, 0.5]),
        (1, [0, 0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5, None, None]),
        # A turn that was not taken is not lost.
        (1, [0, 0, 0, 0, 0, 0, 0, 1], [0, 1, 2, 3, 4, 5, None, 5]),
        (1000, [0] * 4, [0] * 4),
    ],
)
def test_a_provider_gives_turns_at_its_rate(
    db: Connection, rate: int, at: list[float], waits: list[float | None]
) -> None:
    assert turns(lambda now: standing.turn(db, "one", rate, now), *at) == waits
    assert turns(lambda now: standing.turn(db, "two", rate, now), at[-1]) == [0]


def test_many_workers_keep_to_one_rate(database: Database) -> None:
    def take(_: int) -> timedelta | None:
        with database.writing(60) as db:
            return standing.turn(db, "one", 10, NOON)

    with ThreadPoolExecutor(6) as pool:
        waits = sorted(wait for wait in pool.map(take, range(30)) if wait is not None)
    assert [wait.total_seconds() for wait in waits] == [0] * 10 + [each / 10 for each in range(1, 21)]


def test_the_list_of_those_who_want_no_sms(db: Connection) -> None:
    number = "+8801711000001"
    steps = [
        (lambda: optouts.stopped(db, number), False),
        (lambda: optouts.start(db, number), False),
        (lambda: optouts.stop(db, number, "keyword", NOON), True),
        (lambda: optouts.stop(db, number, "africastalking", NOON), False),
        (lambda: optouts.stopped(db, number), True),
        (lambda: optouts.stopped(db, "+8801711000002"), False),
        (lambda: optouts.count(db), 1),
        (lambda: optouts.start(db, number), True),
        (lambda: optouts.stopped(db, number), False),
    ]
    assert [step() for step, _ in steps] == [expected for _, expected in steps]
