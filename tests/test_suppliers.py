"""Suppliers: goods in, also short ones, claims met and refused, what the hub owes and pays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import World
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection

from ledger import reversals
from ledger import stock
from ledger import suppliers
from ledger.books import Origin
from ledger.errors import Conflict
from ledger.money import Money
from ledger.suppliers import Received


class Mill:
    """What a hub does with its only supplier, with sums in taka; what was said to it."""

    def __init__(self, db: Connection, world: World) -> None:
        self.db, self.hub, self.world = db, world.hub, world
        self.id = suppliers.standings(db, world.hub)[0].supplier

    def __call__(self, verb: str, *values: Any, origin: Origin | None = None, **more: Money) -> str:
        act = getattr(self, verb)
        return refusal(self.db, lambda: act(*values, origin or self.world.origin(), **more))

    def goods_in(self, goods: list[Received], origin: Origin) -> object:
        return suppliers.goods_in(self.db, self.hub, self.id, goods, origin, bill="B-17")

    def met(self, deducted: float, paid: float, origin: Origin) -> object:
        return suppliers.claim_met(self.db, self.hub, self.id, origin, deducted=taka(deducted), paid=taka(paid))

    def refused(self, lost: float, origin: Origin) -> object:
        return suppliers.claim_refused(self.db, self.hub, self.id, taka(lost), "no proof", origin)

    def pay(self, amount: float, origin: Origin) -> object:
        return suppliers.pay(self.db, self.hub, self.id, taka(amount), origin)

    def sums(self) -> str:
        return balances(self.db, self.hub, "1210", f"1240.{self.id}", f"2110.{self.id}", "1030", "5130").replace(
            f".{self.id}", ""
        )


@BOTH
def test_goods_in_and_what_is_short(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    mill = Mill(db, world)
    stock.open_with(db, [world.hub], [], world.origin(), cash=taka(1000))
    soap, oil, lamp = world.soap.id, world.oil.id, world.lamp.id
    # 20 soaps for Tk 800, 3 of 5 oils for Tk 649.99, no lamp of one for Tk 600
    goods = [Received(soap, 20, 800_00), Received(oil, 3, 649_99, short=2), Received(lamp, 0, 600_00, short=1)]
    assert mill("goods_in", goods) == "done"
    assert [(each.item.code, each.quantity, each.value) for each in stock.on_hand(db, world.hub, DAY)] == [
        (101, 120, 5_000_00),
        (102, 23, 2_989_99),
        (103, 1, 600_00),
    ]
    for verb, values, said, sums in (
        (None, (), "", "1210: 8589.99, 1240: 860.00, 2110: 2049.99, 1030: 1000.00, 5130: 0.00"),
        ("met", (860.01, 0), "owes-less owes=BDT 860.00", ""),
        ("met", (800, 60.01), "owes-less owes=BDT 860.00", ""),
        ("met", (200, 60), "done", "1210: 8589.99, 1240: 600.00, 2110: 1849.99, 1030: 1060.00, 5130: 0.00"),
        ("refused", (600.01,), "owes-less owes=BDT 600.00", ""),
        ("refused", (100,), "done", "1210: 8589.99, 1240: 500.00, 2110: 1849.99, 1030: 1060.00, 5130: 100.00"),
        ("met", (0, 500), "done", "1210: 8589.99, 1240: 0.00, 2110: 1849.99, 1030: 1560.00, 5130: 100.00"),
        ("pay", (1849.99,), "account-short account=1030 missing=BDT 289.99", ""),
        ("pay", (1500,), "done", "1210: 8589.99, 1240: 0.00, 2110: 349.99, 1030: 60.00, 5130: 100.00"),
        ("pay", (350,), "owes-less owes=BDT 349.99", ""),
        ("refused", (0.01,), "owes-less owes=BDT 0.00", ""),
    ):
        before = mill.sums()
        if verb:
            assert (verb, values, mill(verb, *values)) == (verb, values, said)
        assert mill.sums() == (sums or before)
    (standing,) = suppliers.standings(db, world.hub)
    assert (standing.names.bn, standing.owed, standing.claimed) == ("মিল", taka(349.99), taka(0))
    assert findings(db) == []


@BOTH
def test_a_claim_is_deducted_from_no_more_than_is_owed(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    mill = Mill(db, world)
    stock.open_with(db, [world.hub], [], world.origin(), cash=taka(1000))
    mill("goods_in", [Received(world.soap.id, 5, 200_00, short=5)])
    mill("pay", 150)
    assert mill("met", 50.01, 0) == "owes-less owes=BDT 50.00"
    assert mill("met", 50, 50) == "done"
    assert mill.sums() == "1210: 7500.00, 1240: 0.00, 2110: 0.00, 1030: 900.00, 5130: 0.00"
    assert findings(db) == []


@pytest.mark.parametrize(
    "goods",
    [
        [],
        [Received(1, 0, 100)],
        [Received(1, -1, 100, short=2)],
        [Received(1, 1, 100, short=-1)],
        [Received(1, 1, -100)],
        [Received(1, 1, 100), Received(1, 2, 100)],
    ],
)
def test_a_bill_that_is_our_own_mistake(db: Connection, codes: Callable[[], str], goods: list[Received]) -> None:
    world = open_world(db, codes)
    with pytest.raises(ValueError, match=r"bill|nothing"):
        suppliers.goods_in(db, world.hub, Mill(db, world).id, goods, world.origin())


@BOTH
def test_who_and_what_is_not_known(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    mill = Mill(db, world)
    before = everything(db)
    goods = [Received(10**6, 1, 100)]
    assert mill("goods_in", goods) == "unknown-item code=1000000"
    other = partial(suppliers.goods_in, db, world.hub, 99, [Received(world.soap.id, 1, 100)], world.origin())
    assert refusal(db, other) == "unknown-supplier supplier=99"
    assert everything(db) == before


@BOTH
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    mill = Mill(db, world)
    stock.open_with(db, [world.hub], [], world.origin(), cash=taka(1000))
    goods = [Received(world.soap.id, 5, 200_00, short=5)]

    def all_of_it(more: int) -> list[object]:
        return [
            mill.goods_in([Received(world.soap.id, 5, 200_00 + more, short=5)], world.origin("in")),
            mill.met(10 + more, 20, world.origin("met")),
            mill.refused(10 + more, world.origin("refused")),
            mill.pay(30 + more, world.origin("pay")),
        ]

    first = all_of_it(0)
    before = everything(db)
    assert all_of_it(0) == first
    assert everything(db) == before
    for act in (
        lambda: mill.goods_in([*goods, Received(world.oil.id, 1, 1)], world.origin("in")),
        lambda: mill.met(11, 20, world.origin("met")),
        lambda: mill.refused(11, world.origin("refused")),
        lambda: mill.pay(31, world.origin("pay")),
    ):
        with pytest.raises(Conflict):
            act()
    assert findings(db) == []


@BOTH
def test_goods_in_are_undone_as_long_as_they_are_free(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    mill = Mill(db, world)
    entry = suppliers.goods_in(db, world.hub, mill.id, [Received(world.lamp.id, 2, 900_00)], world.origin())
    stock.reserve(db, world.hub, {world.lamp.id: 2})
    origin = Origin("undo", "1009", "console", world.origin().at, world.origin().on, codes)
    undo = partial(reversals.reverse, db, entry.book, entry.number, "never came", origin)
    assert refusal(db, undo) == f"stock-short item={world.lamp.id}"
    stock.release(db, world.hub, {world.lamp.id: 2})
    assert refusal(db, undo) == "done"
    assert mill.sums() == "1210: 7400.00, 1240: 0.00, 2110: 0.00, 1030: 0.00, 5130: 0.00"
    assert findings(db) == []
