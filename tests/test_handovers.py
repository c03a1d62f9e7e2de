"""The code for the goods: drawn when they go on their way, told to her alone, taken five times wrong and not again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import BOTH
from ledger_world import World
from ledger_world import at_once
from ledger_world import findings
from ledger_world import open_world
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select
from trade_scripts import Trade

from gateway.backend import Database
from ledger import deliveries
from ledger import facts
from ledger import handovers
from ledger import orders
from ledger import steps
from ledger.errors import NotFound
from ledger.facts import AnyFact
from ledger.facts import CommissionEarned
from ledger.facts import CommissionPaid
from ledger.facts import Fact
from ledger.facts import GoodsReturned
from ledger.facts import HubPaid
from ledger.facts import HubPrepaid
from ledger.facts import HubRefunded
from ledger.facts import OrderAccepted
from ledger.facts import OrderCancelled
from ledger.facts import OrderDelivered
from ledger.facts import OrderDispatched
from ledger.facts import OrderPlaced
from ledger.facts import OrderRefused
from ledger.facts import Short
from ledger.handovers import Tried
from ledger.handovers import handover_table
from ledger.orders import Order


def sent(db: Connection, world: World, operation: str = "dispatch") -> Order:
    """An order of five soap on its way."""
    order = orders.place(db, world.rahima, world.basket("5 soap"), world.origin())
    deliveries.dispatch(db, world.hub, order.number, world.origin(operation))
    return order


@BOTH
def test_a_code_is_drawn_once_when_the_goods_go(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    order = orders.place(db, world.rahima, world.basket("5 soap"), world.origin())
    assert handovers.code(db, order) is None
    with pytest.raises(NotFound, match=f"no-delivery-code order={order.number}"):
        handovers.check(db, world.hub, order.number, "1234")
    for _ in range(2):
        deliveries.dispatch(db, world.hub, order.number, world.origin("dispatch"))
    code = handovers.code(db, order)
    assert code is not None
    assert (len(code), code.isdecimal()) == (4, True)
    told = [fact.delivery for fact in facts.collect(db) if isinstance(fact, OrderDispatched)]
    assert told == [code]
    assert findings(db) == []


def test_codes_are_spread_out(db: Connection, codes: Callable[[], str]) -> None:
    """Ten thousand codes, and of 300 draws no digit at any place comes much more often than any other."""
    world = open_world(db, codes)
    order = sent(db, world)
    drawn = []
    for _ in range(300):
        db.execute(handover_table.delete())
        drawn.append(handovers.draw(db, order, world.origin()))
    assert len(set(drawn)) > 280
    assert max(Counter(code[place] for code in drawn for place in range(4)).values()) < 2 * 120


@BOTH
def test_a_wrong_code_counts_and_the_right_one_wipes_it_out(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    order = sent(db, world)
    right = handovers.code(db, order) or ""

    def check(typed: str) -> Tried:
        return handovers.check(db, world.hub, order.number, typed)

    assert [check("x").left, check(right[:3]).left, check("").left] == [4, 3, 2]
    assert check(right) == Tried(right=True, left=5)
    assert [check(f"{right}0").left, *(check("১২৩৪").left for _ in range(4))] == [4, 3, 2, 1, 0]
    assert check(right) == Tried(right=False, left=0)
    other = sent(db, world, "other")
    assert handovers.check(db, world.hub, other.number, handovers.code(db, other) or "").right


@BOTH
def test_of_many_codes_at_once_five_are_tried(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
        order = sent(db, world)
        right = handovers.code(db, order) or ""
    wrong = [f"{(int(right) + more) % 10_000:04d}" for more in range(1, 21)]
    tried = at_once(database, 20, lambda db, n: handovers.check(db, world.hub, order.number, wrong[n]))
    assert sorted(each.left for each in tried) == [0] * 16 + [1, 2, 3, 4]
    with database.reading(60) as db:
        assert db.execute(select(handover_table.c.failures)).scalar_one() == 5


SCRIPT = """
    prepay 100
    order 5 soap prepaid 100            1
    accept 1
    pack 1
    dispatch 1
    deliver 1 3 soap, 2 soap back
    earn 7.20 1
    set-off 1
    return 1 1 soap
    pay 30
    refund 10
    order 1 oil                         2
    cancel 2
    order 1 lamp                        3
    dispatch 3
    refuse 3
    earn 5
    pay-out 5
"""


@BOTH
def test_what_is_told_of_each_step(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    trade = Trade(db, world)
    trade.run(SCRIPT)
    told, who = facts.collect(db), world.rahima.id
    first, second, third = trade.numbers
    about = {(number, step): f"{world.hub.owner}-{number}-{step}" for number in trade.numbers for step in steps.AFTER}
    drawn = [fact.delivery for fact in told if isinstance(fact, OrderDispatched)]
    earned = [fact.about for fact in told if isinstance(fact, CommissionEarned)]
    plain: list[AnyFact] = [replace(fact, code="") if isinstance(fact, Fact) else fact for fact in told]
    soap = Short(world.soap.names, 5, 3)
    assert plain == [
        HubPrepaid(who, "", taka(100), taka(100)),
        OrderPlaced(who, "", first, taka(240), taka(1860)),
        OrderAccepted(who, about[first, "accepted"], first, own=False),
        OrderDispatched(who, about[first, "dispatched"], first, own=False, delivery=drawn[0]),
        OrderDelivered(who, "", first, taka(144), (soap,), own=False),
        CommissionEarned(who, earned[0], taka(7.2), taka(7.2)),
        CommissionPaid(who, "", taka(1), set_off=True),
        GoodsReturned(who, "", taka(48), taka(0), own=False),
        HubPaid(who, "", taka(30), taka(0), taka(35)),
        HubRefunded(who, "", taka(10)),
        OrderPlaced(who, "", second, taka(150), taka(1850)),
        OrderCancelled(who, about[second, "cancelled"], second, own=False, left=taka(2000)),
        OrderPlaced(who, "", third, taka(700), taka(1300)),
        OrderDispatched(who, about[third, "dispatched"], third, own=False, delivery=drawn[1]),
        OrderRefused(who, about[third, "refused"], third, own=False),
        CommissionEarned(who, earned[1], taka(5), taka(8.8)),
        CommissionPaid(who, "", taka(5), set_off=False),
    ]
    assert len({fact.code for fact in told if isinstance(fact, Fact)}) == sum(isinstance(fact, Fact) for fact in told)
    assert findings(db) == []


@BOTH
def test_what_she_does_herself_is_said_so(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    mine, other = (replace(world.origin(), actor=f"member:{who.id}") for who in (world.rahima, world.salma))
    for where, own in ((mine, True), (other, False)):
        order = sent(db, world, f"dispatch-{own}")
        deliveries.deliver(db, world.hub, order.number, {world.soap.id: 5}, where)
        assert [fact.own for fact in facts.collect(db) if isinstance(fact, OrderDelivered)] == [own]
