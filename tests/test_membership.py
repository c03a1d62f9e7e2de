"""Members come and go: numbers, roles, leaving and coming back, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import PEPPERS
from ledger_world import PIN
from ledger_world import World
from ledger_world import at_once
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection

from gateway.backend import Database
from ledger import facts
from ledger import meetings
from ledger import members
from ledger import membership
from ledger import pins
from ledger import reversals
from ledger import savings
from ledger.errors import Conflict
from ledger.errors import NotFound
from ledger.members import Contact
from ledger.members import Registration
from ledger.tables import Names

SHARED, OWN, NEW, THIRD = "+8801711000001", "+8801711000002", "+8801911000003", "+8801811000004"


def known(db: Connection, world: World, name: str) -> list[tuple[str, str, str]]:
    return [(each.what, each.old, each.new) for each in membership.changes(db, getattr(world, name))]


# Numbers


@BOTH
def test_a_second_number_and_a_new_one(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    ayesha = world.ayesha
    membership.add_number(db, ayesha, NEW, world.origin())
    assert members.numbers(db, ayesha.id) == [OWN, NEW]
    assert members.contact(db, ayesha.id) == Contact(OWN, shared=False), "SMS go where they went"
    assert members.on_number(db, NEW) == [ayesha]
    membership.change_number(db, ayesha, OWN, THIRD, world.origin())
    assert members.numbers(db, ayesha.id) == [THIRD, NEW]
    assert members.contact(db, ayesha.id) == Contact(THIRD, shared=False), "the new one stands in the old one's place"
    assert members.on_number(db, OWN) == []
    membership.remove_number(db, ayesha, THIRD, world.origin())
    assert members.numbers(db, ayesha.id) == [NEW]
    assert known(db, world, "ayesha") == [("number", THIRD, ""), ("number", OWN, THIRD), ("number", "", NEW)]
    told = [each for each in facts.collect(db) if isinstance(each, facts.NumberChanged)]
    assert [each.number for each in told] == [OWN, OWN, THIRD], "she is told where she was reached before"
    assert findings(db) == []


@BOTH
def test_a_number_that_others_have_stays_theirs(db: Connection, codes: Callable[[], str]) -> None:
    """Who comes last to a shared number is listed last: nobody's key changes."""
    world = open_world(db, codes)
    membership.change_number(db, world.ayesha, OWN, SHARED, world.origin())
    assert [each.code for each in members.on_number(db, SHARED)] == ["1001", "1002", "1003"]
    assert members.contact(db, world.ayesha.id) == Contact(SHARED, shared=True)
    membership.change_number(db, world.rahima, SHARED, NEW, world.origin())
    assert [each.code for each in members.on_number(db, SHARED)] == ["1002", "1003"]
    membership.add_number(db, world.rahima, SHARED, world.origin())
    assert [each.code for each in members.on_number(db, SHARED)] == ["1002", "1003", "1001"]
    assert members.contact(db, world.rahima.id) == Contact(NEW, shared=False)
    assert findings(db) == []


WRONG = {
    "hers already": (
        lambda db, w, o: membership.add_number(db, w.ayesha, OWN, o),
        "number-there member={ayesha} number=" + OWN,
    ),
    "changed to itself": (
        lambda db, w, o: membership.change_number(db, w.ayesha, OWN, OWN, o),
        "number-there member={ayesha} number=" + OWN,
    ),
    "changed, not hers": (
        lambda db, w, o: membership.change_number(db, w.ayesha, SHARED, NEW, o),
        "unknown-number member={ayesha} number=" + SHARED,
    ),
    "removed, not hers": (
        lambda db, w, o: membership.remove_number(db, w.ayesha, SHARED, o),
        "unknown-number member={ayesha} number=" + SHARED,
    ),
    "her last": (lambda db, w, o: membership.remove_number(db, w.ayesha, OWN, o), "last-number member={ayesha}"),
    "a role she has": (
        lambda db, w, o: membership.set_role(db, w.rahima, "leader", o),
        "role-there member={rahima} role=leader",
    ),
    "back, never gone": (lambda db, w, o: membership.come_back(db, w.ayesha, o), "has-not-left member={ayesha}"),
}


@BOTH
@pytest.mark.parametrize("what", WRONG)
def test_what_is_refused_leaves_nothing(db: Connection, codes: Callable[[], str], what: str) -> None:
    world = open_world(db, codes)
    act, said = WRONG[what]
    before = everything(db)
    ids = {"ayesha": world.ayesha.id, "rahima": world.rahima.id}
    assert refusal(db, lambda: act(db, world, world.origin())) == said.format(**ids)
    assert everything(db) == before


@BOTH
def test_a_last_number_goes_only_when_that_is_said(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    membership.remove_number(db, world.ayesha, OWN, world.origin(), last=True)
    assert members.contact(db, world.ayesha.id) is None
    numbers = [NEW, THIRD, "+8801511000005", "+8801611000006"]
    act = [partial(membership.add_number, db, world.ayesha, number, world.origin()) for number in numbers]
    assert [refusal(db, each) for each in act] == ["done"] * 3 + ["numbers-full most=3"]
    for wrong in ("01711000001", "+880 1711", "", "8801711000001"):
        with pytest.raises(ValueError, match=r"E\.164"):
            membership.add_number(db, world.ayesha, wrong, world.origin())
    assert findings(db) == []


@BOTH
def test_who_changed_what_and_when_is_kept(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    where = replace(world.origin(), actor="office:Karim", channel="office")
    membership.change_number(db, world.ayesha, OWN, NEW, where)
    (change,) = membership.changes(db, world.ayesha)
    assert (change.actor, change.channel, change.at) == ("office:Karim", "office", NOON)


@BOTH
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    ayesha = world.ayesha
    steps = [
        lambda where: membership.add_number(db, ayesha, NEW, where),
        lambda where: membership.change_number(db, ayesha, NEW, THIRD, where),
        lambda where: membership.remove_number(db, ayesha, THIRD, where),
        lambda where: membership.set_role(db, ayesha, "leader", where),
        lambda where: savings.leave(db, ayesha, where),
        lambda where: membership.come_back(db, ayesha, where),
    ]
    for nth, step in enumerate(steps):
        step(world.origin(f"step-{nth}"))
        before = everything(db)
        step(world.origin(f"step-{nth}"))
        assert everything(db) == before
    with pytest.raises(Conflict):
        steps[0](world.origin("step-1"))
    assert findings(db) == []


@BOTH
def test_two_change_her_numbers_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
        membership.add_number(db, world.ayesha, NEW, world.origin())

    def act(db: Connection, turn: int) -> str:
        membership.remove_number(db, world.ayesha, (OWN, NEW)[turn], world.origin(f"turn-{turn}"))
        return "gone"

    assert sorted(at_once(database, 2, act)) == ["gone", f"last-number member={world.ayesha.id}"]


# Roles, codes


@BOTH
def test_leaders_come_and_go(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    membership.set_role(db, world.ayesha, "leader", world.origin())
    assert [each.code for each in members.leaders(db, world.group.id)] == ["1001", "1003"]
    membership.set_role(db, world.rahima, "member", world.origin())
    assert [each.code for each in members.leaders(db, world.group.id)] == ["1003"]
    assert known(db, world, "rahima") == [("role", "leader", "member")]
    with pytest.raises(ValueError, match="nobody is queen"):
        membership.set_role(db, world.ayesha, "queen", world.origin())


@BOTH
def test_the_next_free_code(db: Connection, codes: Callable[[], str]) -> None:
    assert membership.free_code(db) == 1001
    world = open_world(db, codes)
    assert membership.free_code(db) == 1004
    new = [Registration(code, Names("ক", "K"), "1:x") for code in ("999", "K70000", "10070")]
    members.register(db, world.programme.id, new)
    assert membership.free_code(db) == 10071


# Leaving


@BOTH
def test_who_left_is_called_no_more_and_her_records_stay(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    ayesha, book = world.ayesha, world.ayesha.group_book
    membership.set_role(db, ayesha, "leader", world.origin())
    savings.deposit(db, ayesha, taka(100), world.origin())
    savings.leave(db, ayesha, world.origin("leave"))
    gone = members.get(db, ayesha.id)
    assert (gone.left_on, gone.group, gone.role) == (DAY, None, "member")
    assert members.on_number(db, OWN) == []
    assert members.by_code(db, "1003") is None
    assert members.by_code(db, "1003", left=True) == gone
    assert not pins.verify(db, PEPPERS, ayesha.id, PIN, NOON).right
    assert members.leaders(db, world.group.id) == [world.rahima]
    assert [each.code for each in members.of_group(db, world.group.id)] == ["1001", "1002"]
    assert [each.code for each in members.of_group(db, world.group.id, left=True)] == ["1001", "1002", "1003"]
    with pytest.raises(NotFound, match="no-group"):
        savings.deposit(db, gone, taka(5), world.origin())
    # Who still holds her as she was before gets no further than the row.
    assert refusal(db, partial(savings.leave, db, ayesha, world.origin())) == f"has-left member={ayesha.id} on={DAY}"
    assert balances(db, book, "1010", f"2010.{ayesha.id}") == f"1010: 0.00, 2010.{ayesha.id}: 0.00"
    assert len(savings.last(db, ayesha, 5)) == 2
    assert known(db, world, "ayesha") == [("left", "leader", "2026-11-22"), ("role", "member", "leader")]
    assert findings(db) == []


@BOTH
def test_an_agent_who_leaves_her_group_sells_on(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.leave(db, world.salma, world.origin())
    (_, salma) = members.on_number(db, SHARED)
    assert (salma.code, salma.group, salma.hub_book) == ("1002", None, world.hub)
    assert pins.verify(db, PEPPERS, salma.id, PIN, NOON).right
    assert refusal(db, partial(membership.set_role, db, salma, "leader", world.origin())).startswith("no-group")
    assert findings(db) == []


@BOTH
def test_who_left_is_on_no_new_roll(db: Connection, codes: Callable[[], str]) -> None:
    """Who was called before she left stays on that meeting's roll."""
    world = open_world(db, codes)
    held = meetings.open_next(db, world.group, world.rahima, world.origin())
    meetings.mark(db, held, world.ayesha, "present")
    savings.leave(db, world.ayesha, world.origin())
    savings.leave(db, world.salma, world.origin())
    assert [each.code for each in meetings.roll(db, held)] == ["1001", "1003"]
    meetings.end(db, held, world.origin())
    assert meetings.attendance(db, held) == {world.rahima.id: "absent", world.ayesha.id: "present"}
    assert findings(db) == []


@BOTH
def test_a_leaving_that_was_a_slip_is_reversed(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.deposit(db, world.ayesha, taka(100), world.origin())
    entry = savings.leave(db, world.ayesha, world.origin())
    reversals.reverse(db, entry.book, entry.number, "a slip", replace(world.origin("undo"), actor="officer"))
    assert members.by_code(db, "1003") == world.ayesha
    assert savings.balance(db, world.ayesha) == taka(100)
    assert known(db, world, "ayesha")[0] == ("left", "2026-11-22", "")
    assert findings(db) == []


@BOTH
def test_who_comes_back_is_a_member_again(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    savings.leave(db, world.ayesha, world.origin())
    membership.come_back(db, world.ayesha, world.origin())
    assert members.by_code(db, "1003") == world.ayesha
    savings.deposit(db, world.ayesha, taka(5), world.origin())
    savings.leave(db, world.ayesha, world.origin())
    assert findings(db) == []


@BOTH
def test_two_pay_her_out_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
        savings.deposit(db, world.ayesha, taka(100), world.origin())
        savings.deposit(db, world.salma, taka(100), world.origin())

    def act(db: Connection, turn: int) -> str:
        return f"entry {savings.leave(db, world.ayesha, world.origin(f'turn-{turn}')).number}"

    said = at_once(database, 4, act)
    assert sorted(said) == ["entry 3", *[f"has-left member={world.ayesha.id} on={DAY}"] * 3]


# Interest for all


@BOTH
def test_interest_for_every_member(db: Connection, codes: Callable[[], str]) -> None:
    """6 % a year for six months: 3 on 100; of who left and who has nothing there is none."""
    world = open_world(db, codes)
    book = world.ayesha.group_book
    for who, amount in ((world.rahima, 100), (world.salma, 33.33), (world.ayesha, 500)):
        savings.deposit(db, who, taka(amount), world.origin())
    savings.leave(db, world.ayesha, world.origin())
    rate = Fraction(6, 100)
    due = savings.interest_due(db, book, rate, 6)
    assert due == {world.rahima.id: taka(3), world.salma.id: taka(1)}
    entry = savings.interest_for_all(db, book, rate, 6, world.origin("year"))
    assert balances(db, book, f"2010.{world.rahima.id}", "5020") == f"2010.{world.rahima.id}: 103.00, 5020: 4.00"
    assert savings.interest_for_all(db, book, rate, 6, world.origin("year")) == entry
    with pytest.raises(Conflict):
        savings.interest_for_all(db, book, rate, 12, world.origin("year"))
    act = partial(savings.interest_for_all, db, book, rate, 6, world.origin(), "share")
    assert refusal(db, act) == "no-interest"
    assert findings(db) == []
