"""The federation's tree: where a group hangs, what is refused, and figures that add up along it in one statement."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from conftest import BOTH
from ledger_world import World
from ledger_world import at_once
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import origin
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import event

from gateway.backend import Database
from ledger import federation
from ledger import groups
from ledger import indicators
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import programmes
from ledger import repayments
from ledger import savings
from ledger import statements
from ledger.errors import Conflict
from ledger.federation import Node
from ledger.groups import Group
from ledger.indicators import INDICATORS
from ledger.indicators import Figure
from ledger.members import Registration
from ledger.programmes import Programme
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.tables import Names

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
TERMS = Terms(100_00, Fraction(0), 1, Every(1, "month"), "flat", date(2026, 3, 1))


def named(name: str) -> Names:
    return Names(name, name, name)


def new_node(db: Connection, programme: Programme, level: str, name: str, parent: Node | None = None) -> Node:
    return federation.add(db, programme.id, level, named(name), origin(), parent)


class State:
    """Assam ▸ Barpeta ▸ Ekota and Disha ▸ villages, three each with a group and two without; Bihar beside it."""

    def __init__(self, db: Connection, world: World) -> None:
        add = partial(new_node, db, world.programme)
        self.db, self.world = db, world
        self.state, self.other = add("state", "Assam"), add("state", "Bihar")
        self.block = add("block", "Barpeta", self.state)
        self.federations = [add("federation", name, self.block) for name in ("Ekota", "Disha")]
        self.villages = [add("village", f"V{n}", self.federations[n % 2]) for n in range(3)]
        self.groups = [world.group, *(self.group(f"G{n}") for n in range(2))]
        for group, village in zip(self.groups, self.villages, strict=True):
            federation.hang(db, group, village, origin())

    def group(self, name: str) -> Group:
        return groups.start(self.db, self.world.programme, named(name), named(name), "Jashore")

    def live(self, nth: int, saved: int, back: int) -> None:
        """A member of the n-th group saves, borrows Tk 100 for a month and pays so much back; the group meets."""
        group = self.groups[nth]
        who = [Registration(f"70{nth}", named(f"M{nth}"), "no PIN", group.id)]
        member = members.get(self.db, members.register(self.db, group.programme, who)[0])
        savings.deposit(self.db, member, taka(saved), self.world.origin(on=date(2026, 2, 1)))
        lent = loans.disburse(self.db, member, TERMS, self.world.origin(on=date(2026, 3, 1)))
        if back:
            repayments.repay(self.db, member, lent.id, taka(back), self.world.origin(on=date(2026, 3, 20)))
        met = meetings.open_next(self.db, group, member, self.world.origin(on=date(2026, 3, 20)))
        meetings.mark(self.db, met, member, "present")
        meetings.end(self.db, met, origin())


def figures(db: Connection, scope: Any) -> dict[str, Figure]:
    return indicators.figures(db, scope, FIRST, LAST)


def short(found: dict[str, Figure]) -> str:
    """Meetings/groups, recovered/due, late/owed."""
    shown = [found["meetings held"], found["recovery"], found["at risk, 90 days"]]
    return ", ".join(f"{each.part}/{each.whole}" for each in shown)


@BOTH
def test_figures_add_up_along_the_tree(db: Connection, codes: Callable[[], str]) -> None:
    """V0 and V2 are under Ekota, V1 is under Disha; a group that hangs nowhere counts for the programme only."""
    world = open_world(db, codes)
    tree = State(db, world)
    tree.groups.append(tree.group("Alone"))
    for nth, (saved, back) in enumerate([(200, 100), (300, 40), (400, 0), (500, 100)]):
        tree.live(nth, saved, back)
    assert {
        node.names.en: short(figures(db, statements.of_node(node.id)))
        for node in (*tree.villages, *tree.federations, tree.block, tree.state, tree.other)
    } == {
        "V0": "1/1, 10000/10000, 0/0",
        "V1": "1/1, 4000/10000, 6000/6000",
        "V2": "1/1, 0/10000, 10000/10000",
        "Ekota": "2/2, 10000/20000, 10000/10000",
        "Disha": "1/1, 4000/10000, 6000/6000",
        "Barpeta": "3/3, 14000/30000, 16000/16000",
        "Assam": "3/3, 14000/30000, 16000/16000",
        "Bihar": "0/0, 0/0, 0/0",
    }
    assert short(figures(db, statements.of_programme(world.programme.id))) == "4/4, 24000/40000, 16000/16000"
    books = [statements.of_book(members.by_code(db, f"70{nth}").group_book) for nth in range(3)]
    whole = figures(db, statements.of_node(tree.state.id))
    for name, figure in whole.items():
        apart = [figures(db, book)[name] for book in books]
        assert figure == Figure(sum(each.part for each in apart), sum(each.whole for each in apart)), name
    heads = statements.trial_balance(db, statements.of_node(tree.state.id), LAST)
    assert {each.code: each.credit for each in heads}[2010] == taka(900)
    assert findings(db) == []


@BOTH
def test_a_branch_that_moves_takes_its_groups_along(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    tree = State(db, world)
    tree.live(0, 200, 100)
    tree.live(1, 300, 40)
    there = new_node(db, world.programme, "block", "Araria", tree.other)
    disha = federation.move(db, tree.federations[1], there, origin())
    assert disha.parent == there.id
    federation.hang(db, tree.groups[0], tree.villages[1], origin())
    assert [each.names.en for each in federation.place(db, tree.groups[0].id)] == ["V1", "Disha", "Araria", "Bihar"]
    assert short(figures(db, statements.of_node(tree.other.id))) == "2/2, 14000/20000, 6000/6000"
    assert short(figures(db, statements.of_node(tree.state.id))) == "0/0, 0/0, 0/0"
    assert findings(db) == []


@contextmanager
def counted(db: Connection) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    run: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        run.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    yield run
    event.remove(db.engine, "before_cursor_execute", hear)


@BOTH
def test_a_figure_of_a_state_is_one_statement_however_many_groups_it_has(
    db: Connection, codes: Callable[[], str]
) -> None:
    world = open_world(db, codes)
    tree = State(db, world)
    for more in (0, 20):
        for n in range(more):
            federation.hang(db, tree.group(f"More {n}"), tree.villages[n % 3], origin())
        for each in INDICATORS:
            with counted(db) as run:
                each.of(db, statements.of_node(tree.state.id), FIRST, LAST)
            assert len(run) == 1, each.name
        with counted(db) as run:
            found = figures(db, statements.of_node(tree.state.id))
        assert len(run) == 5, "meetings, attendance, savers, what fell due, what is at risk"
        assert list(found) == [each.name for each in INDICATORS]


@BOTH
def test_lists_are_in_the_order_of_names(db: Connection, codes: Callable[[], str]) -> None:
    """Whoever pays back best: nobody is ranked by credit."""
    world = open_world(db, codes)
    tree = State(db, world)
    for nth, (saved, back) in enumerate([(200, 0), (300, 40), (400, 100)]):
        tree.live(nth, saved, back)
    assert [each.names.en for each in federation.tops(db, world.programme.id)] == ["Assam", "Bihar"]
    assert [each.names.en for each in federation.children(db, tree.block)] == ["Disha", "Ekota"]
    for name in ("zinnia", "Beli", "aparajita"):
        federation.hang(db, tree.group(name), tree.villages[0], origin())
    listed = federation.groups_of(db, tree.villages[0])
    assert [each.names.bn_Latn for each in listed] == ["aparajita", "Beli", "Shapla", "zinnia"]
    assert federation.place(db, tree.group("Alone").id) == []


WRONG = {
    "a village under a block": (lambda db, t: new_node(db, t.world.programme, "village", "X", t.block), "wrong-level"),
    "a state under a state": (lambda db, t: new_node(db, t.world.programme, "state", "X", t.state), "wrong-level"),
    "a block under its village": (lambda db, t: federation.move(db, t.block, t.villages[0], origin()), "wrong-level"),
    "a block under itself": (lambda db, t: federation.move(db, t.block, t.block, origin()), "wrong-level"),
    "a state under its block": (lambda db, t: federation.move(db, t.state, t.block, origin()), "wrong-level"),
    "a group on a federation": (
        lambda db, t: federation.hang(db, t.groups[0], t.federations[0], origin()),
        "wrong-level",
    ),
    "a name that is there": (
        lambda db, t: new_node(db, t.world.programme, "village", "V0", t.federations[0]),
        "name-there",
    ),
    "a top that is there": (lambda db, t: new_node(db, t.world.programme, "state", "Bihar"), "name-there"),
    "a node that is not": (lambda db, t: federation.get(db, 10**9), "unknown-node"),
}


@BOTH
@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_fit_is_refused(db: Connection, codes: Callable[[], str], what: str) -> None:
    tree = State(db, open_world(db, codes))
    act, code = WRONG[what]
    before = everything(db)
    assert refusal(db, lambda: act(db, tree)).split()[0] == code
    assert everything(db) == before


@BOTH
def test_programmes_do_not_mix(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    tree = State(db, world)
    abroad = programmes.start(db, "Kudumbam")
    theirs = groups.start(db, abroad, named("Mala"), named("Mala"), "Kollam")
    village, block = (new_node(db, abroad, level, "X") for level in ("village", "block"))
    before = everything(db)
    for act in (
        lambda: new_node(db, abroad, "federation", "Y", tree.block),
        lambda: federation.hang(db, theirs, tree.villages[0], origin()),
        lambda: federation.hang(db, tree.groups[0], village, origin()),
        lambda: federation.move(db, tree.federations[0], block, origin()),
        lambda: federation.move(db, block, tree.state, origin()),
    ):
        assert refusal(db, act).split()[0] == "other-programme"
    assert everything(db) == before
    assert [each.id for each in federation.tops(db, abroad.id)] == [village.id, block.id]


@BOTH
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    tree = State(db, world)
    spare = new_node(db, world.programme, "block", "Nalbari", tree.state)
    steps = [
        lambda name: federation.add(db, world.programme.id, "village", named("New"), origin(operation=name)),
        lambda name: federation.move(db, tree.federations[0], spare, origin(operation=name)),
        lambda name: federation.hang(db, tree.groups[0], tree.villages[1], origin(operation=name)),
    ]
    for nth, step in enumerate(steps):
        first = step(f"step-{nth}")
        before = everything(db)
        assert step(f"step-{nth}") == first
        assert everything(db) == before
    with pytest.raises(Conflict):
        steps[0]("step-1")
    with pytest.raises(ValueError, match="no level"):
        new_node(db, world.programme, "district", "X")
    assert findings(db) == []


@BOTH
def test_two_of_one_name_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        tree = State(db, open_world(db, codes))

    def act(db: Connection, turn: int) -> str:
        return new_node(db, tree.world.programme, "village", "Twice", tree.federations[0]).names.en

    said = at_once(database, 4, act)
    assert sorted(each.split()[0] for each in said) == ["Twice", *["name-there"] * 3]
