"""Orders: goods are reserved and credit is held, or nothing happens and she is told why."""

from __future__ import annotations

from collections.abc import Callable

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
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select

from gateway.backend import Database
from ledger import journal
from ledger import orders
from ledger import programmes
from ledger import receipts
from ledger import stock
from ledger.books import Entry
from ledger.books import hold_table
from ledger.catalogue import item_table
from ledger.errors import Conflict
from ledger.errors import NotFound
from ledger.facts import OrderPlaced
from ledger.orders import Order
from ledger.orders import Pick


@BOTH
def test_an_order_holds_credit_reserves_goods_and_tells(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    order = orders.place(db, world.rahima, world.basket("5 soap, 2 oil"), world.origin("order"))
    assert order == Order(order.number, "placed", taka(540), NOON)
    assert programmes.day(order.placed_at, "Asia/Dhaka") == DAY
    assert orders.credit_left(db, world.rahima) == taka(1460)
    assert orders.credit_left(db, world.salma) == taka(2000)
    left = {world.soap.id: 95, world.oil.id: 18, world.lamp.id: 1}
    assert stock.free(db, world.hub, list(left)) == left
    held = db.execute(select(hold_table)).one()
    assert (held.book, held.entry, held.code, held.party, held.amount) == (
        *(world.hub.id, order.number, 1220, world.rahima.id, 540_00),
    )
    receipt = receipts.of_entry(db, Entry(world.hub.id, order.number, ""))
    assert (receipt.kind, receipt.amount, receipt.on) == ("order.place", taka(540), DAY)
    assert db.info["facts"] == [OrderPlaced(world.rahima.id, receipt.code, order.number, taka(540), taka(1460))]
    assert orders.of_operation(db, world.rahima, "order") == order
    assert orders.of_operation(db, world.rahima, "other") is None
    assert findings(db) == []


# After an order of 20 soap (Tk 960 of Tk 2,000) somebody wants:
@BOTH
@pytest.mark.parametrize(
    ("who", "wanted", "said"),
    [
        ("rahima", "1 lamp, 2 oil", "done"),
        ("rahima", "1 lamp, 3 oil", "credit-limit left=BDT 1040.00"),
        ("salma", "41 soap", "done"),
        ("salma", "42 soap", "credit-limit left=BDT 2000.00"),
        ("salma", "2 lamp", "stock-left item={lamp} pieces=1"),
        ("salma", "1 soap, 21 oil", "credit-limit left=BDT 2000.00"),
        ("salma", "2 oil @ 149", "price-changed item={oil} price=BDT 150.00"),
        ("salma", "1 soap, 1 oil @ 151", "price-changed item={oil} price=BDT 150.00"),
        ("ayesha", "1 soap", "no-hub member={ayesha}"),
    ],
)
def test_what_is_refused_and_why(db: Connection, codes: Callable[[], str], who: str, wanted: str, said: str) -> None:
    world = open_world(db, codes)
    orders.place(db, world.rahima, world.basket("20 soap"), world.origin())
    before, told = everything(db), len(db.info["facts"])
    ids = {name: getattr(world, name).id for name in ("lamp", "oil", "ayesha")}
    answer = refusal(db, lambda: orders.place(db, getattr(world, who), world.basket(wanted), world.origin()))
    assert answer == said.format(**ids)
    if said != "done":
        assert everything(db) == before
        assert len(db.info["facts"]) == told
    assert findings(db) == []


@BOTH
def test_an_item_that_is_not_sold(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    db.execute(item_table.update().where(item_table.c.id == world.oil.id).values(active=False))
    for pick, code in ((Pick(world.oil.id, 1, 150_00), 102), (Pick(10**6, 1, 150_00), 10**6)):
        with pytest.raises(NotFound, match=f"unknown-item code={code}"):
            orders.place(db, world.rahima, [pick], world.origin())


@pytest.mark.parametrize("wanted", ["0 soap", "-1 soap", "5 soap, -1 oil", "1 soap, 2 soap"])
def test_a_basket_that_is_our_own_mistake(db: Connection, codes: Callable[[], str], wanted: str) -> None:
    world = open_world(db, codes)
    before = everything(db)
    with pytest.raises(ValueError, match="basket"), db.begin_nested():
        orders.place(db, world.rahima, world.basket(wanted), world.origin())
    with pytest.raises(ValueError, match="basket"), db.begin_nested():
        orders.place(db, world.rahima, [], world.origin())
    assert everything(db) == before


@BOTH
def test_the_same_order_again_is_the_same_order(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    first = orders.place(db, world.rahima, world.basket("5 soap"), world.origin("order"))
    db.execute(item_table.update().where(item_table.c.id == world.soap.id).values(price=1, active=False))
    before = everything(db)
    assert orders.place(db, world.rahima, world.basket("5 soap"), world.origin("order")) == first
    for who, wanted in ((world.rahima, "6 soap"), (world.rahima, "5 soap @ 47"), (world.salma, "5 soap")):
        with pytest.raises(Conflict):
            orders.place(db, who, world.basket(wanted), world.origin("order"))
    assert everything(db) == before
    assert len(db.info["facts"]) == 1


def both_of(world: World, wanted: str) -> Callable[[Connection, int], object]:
    """Rahima and Salma in turn, each time a new operation."""
    agents = (world.rahima, world.salma)
    return lambda db, turn: orders.place(db, agents[turn % 2], world.basket(wanted), world.origin(f"turn-{turn}"))


@BOTH
@pytest.mark.parametrize(
    ("wanted", "said", "got", "left"),
    [
        ("1 lamp", "stock-left item={lamp} pieces=0", 1, 0),
        ("30 soap", "credit-limit left=BDT 560.00", 2, 40),
    ],
)
def test_two_agents_at_once_do_not_get_the_same_piece(
    database: Database, codes: Callable[[], str], wanted: str, said: str, got: int, left: int
) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
    said = said.format(lamp=world.lamp.id)
    answers = at_once(database, 16, both_of(world, wanted))
    with database.reading() as db:
        assert [answer for answer in answers if not isinstance(answer, Order)] == [said] * (16 - got)
        item = world.basket(wanted)[0].item
        assert stock.free(db, world.hub, [item]) == {item: left}
        assert findings(db) == []


@BOTH
def test_the_same_order_many_times_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
    order = world.basket("1 lamp")
    answers = at_once(database, 16, lambda db, _: orders.place(db, world.rahima, order, world.origin("order")))
    assert set(answers) == {Order(3, "placed", taka(700), NOON)}
    with database.reading() as db:
        assert findings(db) == []


@BOTH
def test_recent_and_usual(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    journal.set_ceiling(db, world.origin(), world.hub, 10_000_00)
    for wanted in ("1 soap", "9 oil, 1 soap", "1 lamp, 1 oil"):
        orders.place(db, world.rahima, world.basket(wanted), world.origin())
    orders.place(db, world.salma, world.basket("7 soap"), world.origin())
    assert [each.total for each in orders.recent(db, world.rahima, 2)] == [taka(850), taka(1398)]
    # two orders each; more pieces of oil
    assert orders.usual(db, world.rahima, 9) == [world.oil, world.soap, world.lamp]
    assert orders.usual(db, world.rahima, 1) == [world.oil]
    db.execute(item_table.update().where(item_table.c.id == world.oil.id).values(active=False))
    assert [each.code for each in orders.usual(db, world.rahima, 9)] == [101, 103]
    assert orders.value(world.basket("5 soap, 2 oil"), "BDT") == taka(540)
