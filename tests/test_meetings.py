"""Meetings: one at a time, marked until they close, closed for good; who was not marked was absent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from datetime import timedelta

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import World
from ledger_world import at_once
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from sqlalchemy import Connection

from gateway.backend import Database
from ledger import groups
from ledger import meetings
from ledger.errors import Conflict
from ledger.errors import NotFound
from ledger.meetings import Meeting


def names(db: Connection, world: World, meeting: Meeting) -> str:
    """Who came how: `Rahima present, Salma late`."""
    who = {member.id: member.names.bn_Latn for member in (world.rahima, world.salma, world.ayesha)}
    came = meetings.attendance(db, meeting)
    return ", ".join(f"{name} {came[member]}" for member, name in who.items() if member in came)


def opened(db: Connection, world: World, *, on: date = DAY) -> Meeting:
    return meetings.open_next(db, world.group, world.rahima, world.origin(on=on))


@BOTH
def test_a_meeting_from_beginning_to_end(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    assert meetings.under_way(db, world.group.id) is None
    first = opened(db, world)
    assert first == Meeting(world.group.id, 1, DAY, DAY - timedelta(days=1), world.rahima.id, NOON, None)
    assert meetings.under_way(db, world.group.id) == first
    assert names(db, world, first) == ""
    meetings.mark(db, first, world.rahima, "present")
    meetings.mark(db, first, world.salma, "absent")
    assert names(db, world, first) == "Rahima present, Salma absent"
    meetings.mark(db, first, world.salma, "late")
    assert names(db, world, first) == "Rahima present, Salma late"
    closed = meetings.end(db, first, world.origin())
    assert closed == replace(first, closed_at=NOON)
    assert not closed.open
    assert names(db, world, first) == "Rahima present, Salma late, Ayesha absent"
    assert meetings.under_way(db, world.group.id) is None
    second = opened(db, world, on=DAY + timedelta(days=7))
    assert (second.number, second.since, names(db, world, second)) == (2, DAY, "")
    assert meetings.newest(db, world.group.id, 5) == [second, closed]
    assert meetings.newest(db, world.group.id, 1) == [second]
    assert meetings.get(db, world.group.id, 1) == closed
    with pytest.raises(NotFound, match="unknown-meeting"):
        meetings.get(db, world.group.id, 3)
    assert findings(db) == []


@BOTH
def test_what_is_refused_and_why(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    stranger = replace(world.ayesha, group=None)
    first, before = opened(db, world), everything(db)
    nobodys = replace(first, number=9)
    late = world.origin(on=DAY + timedelta(days=1))
    for act, said in (
        (lambda: opened(db, world), "meeting-open meeting=1"),
        (lambda: meetings.open_next(db, world.group, stranger, late), f"not-in-group member={stranger.id} group=1"),
        (lambda: meetings.mark(db, first, stranger, "present"), f"not-in-group member={stranger.id} group=1"),
        (lambda: meetings.mark(db, nobodys, world.salma, "present"), "unknown-meeting group=1 meeting=9"),
        (lambda: meetings.end(db, nobodys, world.origin()), "unknown-meeting group=1 meeting=9"),
    ):
        assert refusal(db, act) == said.replace("group=1", f"group={world.group.id}")
        assert everything(db) == before
    meetings.end(db, first, world.origin())
    before = everything(db)
    for act, said in (
        (lambda: meetings.mark(db, first, world.salma, "present"), "meeting-closed meeting=1"),
        (lambda: meetings.end(db, first, world.origin()), "meeting-closed meeting=1"),
        (lambda: opened(db, world), f"meeting-too-early last={DAY}"),
        (lambda: opened(db, world, on=DAY - timedelta(days=1)), f"meeting-too-early last={DAY}"),
    ):
        assert refusal(db, act) == said
        assert everything(db) == before
    assert findings(db) == []


@BOTH
def test_the_same_again(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    first = meetings.open_next(db, world.group, world.rahima, world.origin("open"))
    meetings.mark(db, first, world.salma, "late")
    meetings.mark(db, first, world.salma, "late")
    closed = meetings.end(db, first, world.origin())
    before = everything(db)
    assert meetings.open_next(db, world.group, world.rahima, world.origin("open")) == closed
    with pytest.raises(Conflict):
        meetings.open_next(db, world.group, world.salma, world.origin("open"))
    assert everything(db) == before


@BOTH
def test_one_of_many_opens_the_meeting(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
    said = at_once(database, 6, lambda db, _: opened(db, world).number)
    assert sorted(map(str, said)) == ["1", *["meeting-open meeting=1"] * 5]


@BOTH
def test_nobody_is_marked_once_it_is_closed(database: Database, codes: Callable[[], str]) -> None:
    """Marks and the close at once: a mark is either in time or refused, and it is never lost or doubled."""
    with database.writing(60) as db:
        world = open_world(db, codes)
        first = opened(db, world)

    def act(db: Connection, number: int) -> str:
        if number == 3:
            return str(meetings.end(db, first, world.origin()).open)
        meetings.mark(db, first, (world.salma, world.ayesha)[number % 2], "present")
        return "marked"

    said = at_once(database, 6, act)
    assert set(said) <= {"marked", "False", "meeting-closed meeting=1"}
    with database.reading(60) as db:
        came = meetings.attendance(db, first)
        assert sorted(came) == [world.rahima.id, world.salma.id, world.ayesha.id]
        assert [came[member.id] == "present" for member in (world.salma, world.ayesha)] == [
            any(said[each] == "marked" for each in range(6) if each % 2 == place and each != 3) for place in (0, 1)
        ]


@BOTH
def test_the_next_meeting_is_never_in_the_past(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    opened(db, world)
    group = groups.set_rules(db, world.group, groups.Rules(weekday=DAY.weekday()), "BDT", world.origin())
    days = [meetings.next_day(db, group, DAY + timedelta(days=days)) for days in (0, 1, 9)]
    assert days == [DAY, DAY + timedelta(days=7), DAY + timedelta(days=14)]
