"""The catalogue, and what a book has of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from conftest import BOTH
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import World
from ledger_world import at_once
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import post
from ledger_world import refusal
from ledger_world import taka
from ledger_world import undone
from sqlalchemy import Connection
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from gateway.backend import Database
from ledger import catalogue
from ledger import listings
from ledger import orders
from ledger import programmes
from ledger import stock
from ledger.books import Draft
from ledger.books import Move
from ledger.books import credit
from ledger.books import debit
from ledger.catalogue import Category
from ledger.catalogue import Item
from ledger.catalogue import NewItem
from ledger.catalogue import item_table
from ledger.catalogue import price_table
from ledger.listings import Listing
from ledger.money import Money
from ledger.orders import Pick
from ledger.tables import Names


@BOTH
def test_items_are_found_by_code_by_id_and_by_category(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    programme = world.programme.id
    assert catalogue.by_code(db, programme, 101, DAY) == world.soap
    assert (world.soap.price, world.soap.retail) == (taka(48), taka(55))
    assert catalogue.by_ids(db, [world.lamp.id, world.oil.id, 10**9], DAY) == {
        world.oil.id: world.oil,
        world.lamp.id: world.lamp,
    }
    assert catalogue.by_ids(db, [], DAY) == {}
    assert catalogue.in_category(db, programme, 1, DAY) == [world.soap, world.oil, world.lamp]
    assert catalogue.in_category(db, programme, 2, DAY) == []
    catalogue.add_categories(db, programme, [Category(9, Names("ঝ", "Jh", "J")), Category(2, Names("খ", "Kh", "K"))])
    assert [each.number for each in catalogue.categories(db, programme)] == [1, 2, 9]


@BOTH
def test_what_is_no_longer_sold_is_known_but_not_offered(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    db.execute(item_table.update().where(item_table.c.id == world.oil.id).values(active=False))
    programme = world.programme.id
    assert catalogue.in_category(db, programme, 1, DAY) == [world.soap, world.lamp]
    assert not catalogue.by_ids(db, [world.oil.id], DAY)[world.oil.id].active
    for code in (102, 999):
        assert refusal(db, lambda code=code: catalogue.by_code(db, programme, code, DAY)) == f"unknown-item code={code}"
    assert refusal(db, lambda: catalogue.by_code(db, programme + 1, 101, DAY)) == "unknown-item code=101"
    assert catalogue.by_code(db, programme, 102, DAY, unsold=True) == replace(world.oil, active=False)


@BOTH
def test_goods_on_hand(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    has = [(each.item.code, each.quantity, each.value) for each in stock.on_hand(db, world.hub, DAY)]
    assert has == [(101, 100, 4_200_00), (102, 20, 2_600_00), (103, 1, 600_00)]
    assert stock.on_hand(db, world.rahima.shop, DAY) == []
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
        post(db, Draft(book, "goods.lost", lines, moves=moves))
    assert stock.on_hand(db, book, DAY) == []
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
    opened = stock.open_with(db, [world.rahima.shop, world.salma.shop], goods, origin)
    assert len(opened) == 2
    assert stock.open_with(db, [world.rahima.shop, world.salma.shop], goods, origin) == opened
    assert [each.quantity for each in stock.on_hand(db, world.salma.shop, DAY)] == [5]
    assert findings(db) == []


DAYS = [DAY + timedelta(days=each) for each in range(-1, 10)]


def reprice(db: Connection, world: World, item: Item, price: float, retail: float, on: date) -> None:
    """Enter a price from a day on, in taka."""
    known = listings.listing(db, world.programme.id, on).items[item.code]
    new = replace(known, price=taka(price).minor, retail=taka(retail).minor)
    listings.revise(db, world.programme.id, Listing({}, {}, {item.code: new}), on, NOON)


def prices(db: Connection, world: World, *days: date, code: int = 101) -> str:
    """`48 55, 50 55`: price and retail on each day."""
    items = [catalogue.by_code(db, world.programme.id, code, day) for day in days]
    return ", ".join(f"{each.price.minor // 100} {each.retail.minor // 100}" for each in items)


@BOTH
def test_a_price_holds_from_its_day_until_the_next(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    programme, soap, oil = world.programme.id, world.soap, world.oil
    before, today, second, fifth, later = DAYS[0], DAYS[1], DAYS[3], DAYS[6], DAYS[10]
    reprice(db, world, soap, 60, 66, fifth)
    assert prices(db, world, before, today, second, fifth, later) == "48 55, 48 55, 48 55, 60 66, 60 66"
    reprice(db, world, soap, 50, 55, second)
    assert prices(db, world, before, today, second, fifth, later) == "48 55, 48 55, 50 55, 60 66, 60 66"
    reprice(db, world, soap, 52, 58, second)
    assert prices(db, world, before, today, second, fifth, later) == "48 55, 48 55, 52 58, 60 66, 60 66"
    assert prices(db, world, before, later, code=102) == "150 170, 150 170"
    assert catalogue.by_ids(db, [soap.id, oil.id], second)[soap.id].price == taka(52)
    assert catalogue.by_ids(db, [soap.id, oil.id], second)[oil.id] == oil
    assert [each.price.minor for each in catalogue.in_category(db, programme, 1, fifth)] == [6000, 15000, 70000]
    planned = [(each.code, each.from_on, each.price) for each in listings.planned(db, programme, today)]
    assert planned == [(101, second, 5000), (101, second, 5200), (101, fifth, 6000)]
    assert listings.planned(db, programme, fifth) == []
    assert findings(db) == []


@BOTH
def test_an_order_at_five_past_midnight_has_the_price_of_the_day(db: Connection, codes: Callable[[], str]) -> None:
    """Chosen at the old price the evening before, it is refused at the confirm, with the new one."""
    world = open_world(db, codes)
    first = date(2026, 12, 1)
    reprice(db, world, world.soap, 50, 55, first)
    late = datetime(2026, 12, 1, 0, 5, tzinfo=ZoneInfo("Asia/Dhaka"))
    origin = world.origin(on=programmes.day(late, world.programme.timezone), at=late)
    with time_machine.travel(late, tick=False):
        chosen = [Pick(world.soap.id, 2, 48_00)]
        said = refusal(db, lambda: orders.place(db, world.rahima, chosen, origin))
        assert said == f"price-changed item={world.soap.id} price=BDT 50.00"
        order = orders.place(db, world.rahima, [Pick(world.soap.id, 2, 50_00)], origin)
    assert order.total == taka(100)
    assert findings(db) == []


@BOTH
def test_a_list_for_a_day_to_come_holds_on_it_whatever_changes_until_then(
    db: Connection, codes: Callable[[], str]
) -> None:
    """December's list has soap at 48 as it is; it goes to 50 in November, and in December it is 48."""
    world = open_world(db, codes)
    december = date(2026, 12, 1)
    reprice(db, world, world.soap, 48, 55, december)
    reprice(db, world, world.soap, 50, 55, DAY)
    assert prices(db, world, DAYS[0], DAY, DAYS[9], december) == "48 55, 50 55, 50 55, 48 55"
    whole = everything(db)
    reprice(db, world, world.soap, 50, 55, DAY)
    reprice(db, world, world.soap, 48, 55, december)
    assert everything(db) == whole


@BOTH
def test_prices_are_only_ever_added(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    reprice(db, world, world.soap, 50, 55, DAY)
    row = {"item": world.soap.id, "number": 2, "from_on": DAY, "price": 1, "retail": 1, "entered_at": NOON}
    for change in (
        price_table.update().values(price=1),
        price_table.delete(),
        price_table.insert().values(row | {"number": 1}),
        price_table.insert().values(row | {"price": 0}),
        price_table.insert().values(row | {"retail": -1}),
    ):
        with undone(db), pytest.raises(DBAPIError):
            db.execute(change)
    with pytest.raises(ValueError, match="a price is above zero"):
        reprice(db, world, world.soap, 0, 55, DAY)


NEW = Listing(
    {1: Names("ঘর", "Ghor", "House"), 7: Names("মাঠ", "Math", "Field")},
    {1: Names("কল", "Kol"), 4: Names("চাষি", "Chashi")},
    {
        101: NewItem(101, 7, 4, Names("সাবান ২", "Saban 2", "Soap 2"), 50_00, 55_00),
        102: NewItem(102, 1, 1, Names("তেল", "Tel", "Oil"), 150_00, 170_00, active=False),
        104: NewItem(104, 7, 4, Names("বীজ", "Bij"), 10_00, 12_00),
    },
)


@BOTH
def test_a_list_revises_the_catalogue_once(db: Connection, codes: Callable[[], str]) -> None:
    """Names, places and what is sold change at once, known prices from their day; what is not named stays."""
    world = open_world(db, codes)
    programme, later = world.programme.id, DAYS[5]
    lamp = listings.listing(db, programme, DAY).items[103]
    assert listings.revise(db, programme, NEW, later, NOON)
    after = listings.listing(db, programme, later)
    assert after == Listing(NEW.categories, NEW.suppliers, {**NEW.items, 103: lamp})
    now = listings.listing(db, programme, DAY)
    assert now.items == {**after.items, 101: replace(NEW.items[101], price=48_00)}
    assert catalogue.in_category(db, programme, 7, DAY)[1].price == taka(10)
    assert refusal(db, lambda: catalogue.by_code(db, programme, 102, DAY)) == "unknown-item code=102"
    whole = everything(db)
    assert not listings.revise(db, programme, NEW, later, NOON)
    assert everything(db) == whole
    back = replace(NEW.items[102], active=True)
    listings.revise(db, programme, Listing({}, {}, {102: back}), DAY, NOON)
    assert catalogue.by_code(db, programme, 102, DAY).names == back.names
    assert findings(db) == []


@BOTH
def test_another_programmes_catalogue_is_another(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    other = programmes.start(db, "Another", currency="INR", timezone="Asia/Kolkata")
    mine = listings.listing(db, world.programme.id, DAY)
    assert listings.listing(db, other.id, DAY) == Listing({}, {}, {})
    listings.revise(db, other.id, NEW, DAY, NOON)
    assert listings.listing(db, other.id, DAY) == NEW
    assert listings.listing(db, world.programme.id, DAY) == mine
    assert catalogue.by_code(db, other.id, 104, DAY).price == Money(10_00, "INR")
    assert [each.name for each in programmes.every(db)] == ["Another", "Somiti"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_lists_at_once_wait_for_each_other(database: Database, codes: Callable[[], str]) -> None:
    """Eight offices enter a price of one item for one day: none fails, all are kept, the last one holds."""
    with database.writing(60) as db:
        world = open_world(db, codes)
    done = at_once(database, 8, lambda db, number: reprice(db, world, world.soap, 50 + number, 70, DAY))
    assert done == [None] * 8
    with database.reading(60) as db:
        rows = db.execute(select(price_table).order_by(price_table.c.number)).all()
        assert [row.number for row in rows] == list(range(1, 9))
        assert sorted(row.price for row in rows) == [(50 + number) * 100 for number in range(8)]
        assert catalogue.by_code(db, world.programme.id, 101, DAY).price.minor == rows[-1].price


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(entered=st.lists(st.tuples(st.sampled_from(DAYS[1:]), st.integers(47, 49), st.integers(54, 56)), max_size=8))
@BOTH
def test_any_prices_in_any_order(
    db: Connection, codes: Callable[[], str], entered: list[tuple[date, int, int]]
) -> None:
    """Against a plain list: on each day the last entry of the last day that has one."""
    with undone(db):
        world = open_world(db, codes)
        known: dict[date, str] = {}
        for on, price, retail in entered:
            reprice(db, world, world.soap, price, retail, on)
            known[on] = f"{price} {retail}"
        first = "48 55"
        for day in DAYS:
            first = known.get(day, first)
            assert prices(db, world, day) == first
