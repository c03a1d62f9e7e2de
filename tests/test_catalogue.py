"""The catalogue, and what a book has of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import BOTH
from ledger_world import findings
from ledger_world import open_world
from ledger_world import post
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection

from ledger import catalogue
from ledger import stock
from ledger.books import Draft
from ledger.books import Move
from ledger.books import credit
from ledger.books import debit
from ledger.catalogue import Category
from ledger.catalogue import item_table
from ledger.tables import Names


@BOTH
def test_items_are_found_by_code_by_id_and_by_category(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    programme = world.programme.id
    assert catalogue.by_code(db, programme, 101) == world.soap
    assert (world.soap.price, world.soap.retail) == (taka(48), taka(55))
    assert catalogue.by_ids(db, [world.lamp.id, world.oil.id, 10**9]) == {
        world.oil.id: world.oil,
        world.lamp.id: world.lamp,
    }
    assert catalogue.by_ids(db, []) == {}
    assert catalogue.in_category(db, programme, 1) == [world.soap, world.oil, world.lamp]
    assert catalogue.in_category(db, programme, 2) == []
    catalogue.add_categories(db, programme, [Category(9, Names("ঝ", "Jh", "J")), Category(2, Names("খ", "Kh", "K"))])
    assert [each.number for each in catalogue.categories(db, programme)] == [1, 2, 9]


@BOTH
def test_what_is_no_longer_sold_is_known_but_not_offered(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    db.execute(item_table.update().where(item_table.c.id == world.oil.id).values(active=False))
    programme = world.programme.id
    assert catalogue.in_category(db, programme, 1) == [world.soap, world.lamp]
    assert not catalogue.by_ids(db, [world.oil.id])[world.oil.id].active
    for code in (102, 999):
        assert refusal(db, lambda code=code: catalogue.by_code(db, programme, code)) == f"unknown-item code={code}"
    assert refusal(db, lambda: catalogue.by_code(db, programme + 1, 101)) == "unknown-item code=101"


@BOTH
def test_goods_on_hand(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    has = [(each.item.code, each.quantity, each.value) for each in stock.on_hand(db, world.hub)]
    assert has == [(101, 100, 4_200_00), (102, 20, 2_600_00), (103, 1, 600_00)]
    assert stock.on_hand(db, world.rahima.shop) == []
    assert stock.free(db, world.rahima.shop, [world.soap.id]) == {}
    stock.reserve(db, world.hub, {world.soap.id: 60})
    left = {world.soap.id: 40, world.lamp.id: 1}
    assert stock.free(db, world.hub, list(left)) == left
    goods = {world.soap.id: 40, world.lamp.id: 2}
    assert refusal(db, lambda: stock.reserve(db, world.hub, goods)) == f"stock-left item={world.lamp.id} pieces=1"
    assert stock.free(db, world.hub, list(left)) == left
    goods = {world.soap.id: 41}
    assert refusal(db, lambda: stock.reserve(db, world.hub, goods)) == f"stock-left item={world.soap.id} pieces=40"


@pytest.mark.parametrize(
    ("pieces", "value", "sold", "costs"),
    [
        (3, 1000, [1, 1, 1], [333, 334, 333]),
        (3, 1000, [2, 1], [667, 333]),
        (4, 10, [1, 1, 1, 1], [2, 3, 2, 3]),
        (3, 1, [1, 1, 1], [0, 0, 1]),
        (100, 4200, [1, 99], [42, 4158]),
    ],
)
def test_goods_go_out_at_their_average_cost_and_the_last_takes_the_rest(
    db: Connection, codes: Callable[[], str], pieces: int, value: int, sold: list[int], costs: list[int]
) -> None:
    world = open_world(db, codes)
    book, item = world.salma.shop, world.soap.id
    world.stock(db, book, (world.soap, pieces, value))
    for wanted, cost in zip(sold, costs, strict=True):
        moves = stock.costs_out(db, book, {item: wanted})
        assert moves == [Move(item, -wanted, -cost)]
        lines = (debit(5220, cost), credit(1320, cost)) if cost else ()
        post(db, Draft(book, "loss", lines, moves=moves))
    assert stock.on_hand(db, book) == []
    assert findings(db) == []


@BOTH
def test_more_than_is_there_does_not_go_out(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    for wanted, said in (({world.lamp.id: 2}, f"item={world.lamp.id} pieces=1"), ({10**6: 1}, "item=1000000 pieces=0")):
        out = refusal(db, lambda wanted=wanted: stock.costs_out(db, world.hub, wanted))
        assert out == f"not-on-hand {said}"


@BOTH
def test_opening_a_shop_twice_is_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    goods, origin = [Move(world.soap.id, 5, 240_00)], world.origin("open")
    assert len(stock.open_with(db, [world.rahima.shop, world.salma.shop], goods, 3310, origin)) == 2
    assert stock.open_with(db, [world.rahima.shop, world.salma.shop], goods, 3310, origin) == []
    assert [each.quantity for each in stock.on_hand(db, world.salma.shop)] == [5]
    assert findings(db) == []
