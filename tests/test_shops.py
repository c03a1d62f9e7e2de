"""What an agent reads of her shop: how days went, how she stands with her hub, what of today she can undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import World
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection

from ledger import agents
from ledger import catalogue
from ledger import commissions
from ledger import orders
from ledger import reversals
from ledger import sales
from ledger import shops
from ledger import stock
from ledger.books import Move
from ledger.books import Origin
from ledger.shops import Deed
from ledger.shops import Results
from ledger.shops import Standing


def open_shop(db: Connection, codes: Callable[[], str]) -> World:
    """Rahima has ten soaps that cost Tk 48 each, three oils that cost Tk 100 together, and one customer."""
    world = open_world(db, codes)
    world.stock(db, world.rahima.shop, (world.soap, 10, 480_00), (world.oil, 3, 100_00))
    sales.name_customer(db, world.rahima, 1, "Mina")
    return world


def hers(world: World, days: int = 0) -> Origin:
    """Rahima does it herself, some days from today."""
    return replace(world.origin(on=DAY + timedelta(days=days)), actor=f"member:{world.rahima.id}")


def told(db: Connection, world: World, on: int = 0, most: int = 9) -> list[str]:
    """What she can undo of a day: `sale 110.00 of 1: 2 soap @ 55`."""
    items = {item.id: name for name in ("soap", "oil", "lamp") for item in [getattr(world, name)]}

    def said(deed: Deed) -> str:
        goods = ", ".join(f"{pick.quantity} {items[pick.item]} @ {pick.price / 100:g}" for pick in deed.goods)
        return f"{deed.kind} {deed.sum.minor / 100:.2f} of {deed.customer}: {goods}".rstrip(": ")

    return [said(deed) for deed in shops.deeds(db, world.rahima, DAY + timedelta(days=on), most)]


@BOTH
def test_what_she_can_undo_of_today_the_last_first(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima = world.rahima
    assert told(db, world) == []
    sales.record(db, rahima, world.basket("1 soap @ 55"), hers(world, -1))
    sales.record(db, rahima, world.basket("2 soap @ 55"), hers(world))
    sales.record(db, rahima, world.basket("1 soap @ 60, 1 oil @ 50"), hers(world), customer=1, paid=taka(10))
    sales.collect(db, rahima, 1, taka(40), hers(world))
    stock.own_use(db, rahima, {world.soap.id: 1}, hers(world))
    stock.lose(db, rahima.shop, {world.oil.id: 1}, "broken", hers(world))
    stock.buy_elsewhere(db, rahima, [Move(world.lamp.id, 2, 900_00)], hers(world))
    assert told(db, world) == [
        "goods.bought 900.00 of 0: 2 lamp @ 0",
        "goods.lost 33.34 of 0: 1 oil @ 0",
        "goods.own-use 48.00 of 0: 1 soap @ 0",
        "due.collect 40.00 of 1",
        "sale 110.00 of 1: 1 soap @ 60, 1 oil @ 50",
        "sale 110.00 of 0: 2 soap @ 55",
    ]
    assert told(db, world, most=1) == ["goods.bought 900.00 of 0: 2 lamp @ 0"]
    assert told(db, world, -1) == ["sale 55.00 of 0: 1 soap @ 55"]
    assert findings(db) == []


@BOTH
def test_each_is_undone_in_turn_and_no_longer_there(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima = world.rahima
    sales.record(db, rahima, world.basket("2 soap @ 55"), hers(world), customer=1)
    sales.collect(db, rahima, 1, taka(40), hers(world))
    stock.own_use(db, rahima, {world.soap.id: 1}, hers(world))
    left = []
    while deeds := shops.deeds(db, rahima, DAY, 9):
        left.append(len(deeds))
        undo = partial(reversals.reverse, db, rahima.shop.id, deeds[0].number, "slip")
        tomorrow = hers(world, 1)
        assert refusal(db, partial(undo, tomorrow)) == f"own-entry book={rahima.shop.id} entry={deeds[0].number}"
        undo(hers(world))
    assert left == [3, 2, 1]
    nothing = taka(0)
    assert shops.results(db, rahima, DAY, DAY) == Results(nothing, nothing, nothing, nothing)
    assert [(each.item.code, each.quantity, each.value) for each in stock.on_hand(db, rahima.shop, DAY)] == [
        (101, 10, 480_00),
        (102, 3, 100_00),
    ]
    assert findings(db) == []


@BOTH
def test_how_some_days_went(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima = world.rahima
    sales.record(db, rahima, world.basket("2 soap @ 55"), hers(world, -1))
    sales.record(db, rahima, world.basket("1 soap @ 60"), hers(world), customer=1)
    stock.lose(db, rahima.shop, {world.soap.id: 1}, "stolen", hers(world))
    stock.own_use(db, rahima, {world.soap.id: 2}, hers(world))
    agents.prepay(db, rahima, taka(100), world.origin())
    commissions.earn(db, rahima, taka(9), world.origin())
    commissions.pay(db, rahima, taka(4), world.origin())
    today = shops.results(db, rahima, DAY, DAY)
    assert today == Results(taka(60), taka(48), taka(48), taka(4))
    assert (today.profit, today.made) == (taka(12), taka(-32))
    both = shops.results(db, rahima, DAY - timedelta(days=1), DAY)
    assert (both.sales, both.profit, both.made) == (taka(170), taka(26), taka(-18))
    assert shops.standing(db, rahima) == Standing(taka(0), taka(100), taka(2_000), taka(5))
    orders.place(db, rahima, world.basket("10 soap"), world.origin())
    assert shops.standing(db, rahima).credit_left == taka(1_520)
    assert findings(db) == []


@BOTH
@pytest.mark.parametrize("channel", shops.CHANNELS)
def test_she_sells_where_she_sold_last(db: Connection, codes: Callable[[], str], channel: str) -> None:
    world = open_shop(db, codes)
    assert shops.usual_channel(db, world.rahima) == "doorstep"
    sales.record(db, world.rahima, world.basket("1 soap @ 55"), hers(world), channel=channel)
    assert shops.usual_channel(db, world.rahima) == channel
    assert shops.usual_channel(db, world.salma) == "doorstep"
    assert catalogue.by_ids(db, [world.soap.id], DAY)[world.soap.id].retail == taka(55)
