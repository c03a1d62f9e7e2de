"""Orders: goods are reserved and credit is held, or nothing happens and she is told why; prepaid orders; the steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import World
from ledger_world import at_once
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select
from trade_scripts import Trade

from gateway.backend import Database
from ledger import agents
from ledger import deliveries
from ledger import journal
from ledger import members
from ledger import orders
from ledger import programmes
from ledger import receipts
from ledger import steps
from ledger import stock
from ledger.books import Entry
from ledger.books import hold_table
from ledger.catalogue import item_table
from ledger.errors import Conflict
from ledger.errors import NotFound
from ledger.facts import OrderPlaced
from ledger.members import member_table
from ledger.orders import Order
from ledger.orders import Ordered
from ledger.orders import Pick
from ledger.tables import Names


@BOTH
def test_an_order_holds_credit_reserves_goods_and_tells(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    order = orders.place(db, world.rahima, world.basket("5 soap, 2 oil"), world.origin("order"))
    assert order == Order(order.number, "placed", taka(540), NOON, taka(0), world.rahima.id, world.hub)
    assert orders.lines(db, order) == [
        Ordered(world.soap.id, 5, 48_00, arrived=0, cost=0),
        Ordered(world.oil.id, 2, 150_00, arrived=0, cost=0),
    ]
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
    assert orders.recent(db, world.rahima, 5) == [order]
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
    with database.reading(60) as db:
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
    assert set(answers) == {Order(3, "placed", taka(700), NOON, taka(0), world.rahima.id, world.hub)}
    with database.reading(60) as db:
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
    assert orders.usual(db, world.rahima, 9, DAY) == [world.oil, world.soap, world.lamp]
    assert orders.usual(db, world.rahima, 1, DAY) == [world.oil]
    db.execute(item_table.update().where(item_table.c.id == world.oil.id).values(active=False))
    assert [each.code for each in orders.usual(db, world.rahima, 9, DAY)] == [101, 103]
    assert orders.value(world.basket("5 soap, 2 oil"), "BDT") == taka(540)


SCRIPTS = {
    "step by step": """
        order 2 soap                 1
        state 1                      placed
        close 1                      order-state order=3 state=placed
        accept 1
        accept 1                     order-state order=3 state=accepted
        state 1                      accepted
        free soap                    98
        pack 1
        accept 1                     order-state order=3 state=packed
        pack 1                       order-state order=3 state=packed
        free soap                    98
        held 1                       96.00
        dispatch 1
        pack 1                       order-state order=3 state=dispatched
        close 1                      order-state order=3 state=dispatched
        deliver 1
        close 1
        close 1                      order-state order=3 state=closed
    """,
    "a hub may leave steps out": """
        order 2 soap                 1
        order 2 soap                 2
        pack 1
        dispatch 1
        dispatch 2
        state 2                      dispatched
    """,
    "given up at any step before it is dispatched": """
        order 2 soap                 1
        order 2 soap                 2
        order 2 soap                 3
        accept 2
        pack 3
        credit                       1712.00
        free soap                    94
        cancel 1
        cancel 2
        cancel 3
        cancel 3                     order-state order=5 state=cancelled
        pack 1                       order-state order=3 state=cancelled
        dispatch 1                   order-state order=3 state=cancelled
        credit                       2000.00
        free soap                    100
        held 1                       0.00
        state 3                      cancelled
    """,
    "what one gives up another can have": """
        order 1 lamp                 1
        salma order 1 lamp           stock-left item={lamp} pieces=0
        cancel 1
        salma order 1 lamp           2
        order 1 lamp                 stock-left item={lamp} pieces=0
    """,
    "only what is not prepaid is on credit": """
        prepay 500
        order 41 soap, 2 oil         credit-limit left=BDT 2000.00
        order 41 soap, 2 oil prepaid 268   1
        credit                       0.00
        deposit                      232.00
        order 1 soap                 credit-limit left=BDT 0.00
        order 5 soap prepaid 240     deposit-left left=BDT 232.00
        order 5 soap prepaid 239.99  deposit-left left=BDT 232.00
        order 5 soap prepaid 232     credit-limit left=BDT 0.00
        order 4 soap prepaid 192     2
        held 2                       0.00
        deposit                      40.00
        salma deposit                0.00
        salma order 1 soap prepaid 1   deposit-left left=BDT 0.00
    """,
    "no more can be prepaid than it costs": """
        prepay 500
        order 1 soap prepaid 48.01   prepaid-above-order total=BDT 48.00
        order 1 soap prepaid -1      prepaid-above-order total=BDT 48.00
    """,
    "what was prepaid is hers again when the order is given up": """
        prepay 100
        order 5 soap prepaid 100     1
        refund 1                     deposit-left left=BDT 0.00
        hub 1030 2130                100.00 100.00
        cancel 1
        deposit                      100.00
        held 1                       0.00
        refund 30
        hub 1030 2130 1220           70.00 70.00 0.00
        shop 1310 1340 3310          30.00 70.00 100.00
        order 1 soap prepaid 48      2
        refund 22.01                 deposit-left left=BDT 22.00
        refund 22
    """,
    "she pays out of her shop's cash as far as it goes, then her own": """
        buy 2 soap for 10
        sell 2 soap @ 50
        prepay 30
        shop 1310 1340 3310          70.00 30.00 10.00
        order 5 soap                 1
        dispatch 1
        deliver 1
        pay 100
        shop 1310 2210 1340 3310     0.00 140.00 30.00 40.00
        hub 1030 1220 2130           130.00 140.00 30.00
        pay 150
        shop 1310 2210 1340 3310     0.00 0.00 40.00 190.00
        hub 1030 1220 2130           280.00 0.00 40.00
    """,
    "a payment can be undone in both books": """
        order 5 soap                 1
        dispatch 1
        deliver 1
        pay 300
        hub 1030 1220 2130           300.00 0.00 60.00
        reverse
        hub 1030 1220 2130           0.00 240.00 0.00
        shop 2210 1340 3310          240.00 0.00 0.00
        prepay 10
        reverse                      undo-otherwise entry=8 kind=order.prepay verb=agents.refund
    """,
}


@BOTH
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_steps_and_prepaid_orders(db: Connection, codes: Callable[[], str], script: str) -> None:
    world = open_world(db, codes)
    Trade(db, world).run(script.format(lamp=world.lamp.id))
    assert findings(db) == []


@BOTH
def test_an_order_of_another_hub_than_hers_now(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    old = Trade(db, world)
    old.run("order 5 soap  1\norder 1 oil  2\ndispatch 1")
    other = programmes.open_hub(db, world.programme, Names("নতুন", "Notun", "New"))
    world.stock(db, other, (world.soap, 10, 400_00))
    journal.set_ceiling(db, world.origin(), other, 2_000_00)
    db.execute(member_table.update().where(member_table.c.id == world.rahima.id).values(hub=other.owner))
    moved = members.get(db, world.rahima.id)
    first, second = (orders.get(db, world.hub, number) for number in old.numbers)
    deliveries.deliver(db, first.hub, first.number, {world.soap.id: 5}, world.origin())
    steps.cancel(db, second.hub, second.number, world.origin())
    agents.pay(db, moved, taka(100), world.origin())
    agents.pay(db, moved, taka(40), world.origin(), hub=world.hub)
    assert balances(db, world.hub, f"1220.{moved.id}") == f"1220.{moved.id}: 200.00"
    assert balances(db, other, f"2130.{moved.id}") == f"2130.{moved.id}: 100.00"
    assert balances(db, moved.shop, "2210", "1340") == "2210: 200.00, 1340: 100.00"
    order = orders.place(db, moved, world.basket("2 soap"), world.origin(), prepaid=taka(96))
    deliveries.dispatch(db, other, order.number, world.origin())
    deliveries.deliver(db, other, order.number, {world.soap.id: 2}, world.origin())
    assert balances(db, moved.shop, "2210", "1340", "1320") == "2210: 200.00, 1340: 4.00, 1320: 336.00"
    assert findings(db) == []


@BOTH
def test_an_order_is_not_given_up_and_dispatched_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
        number = orders.place(db, world.rahima, world.basket("5 soap"), world.origin()).number

    def turn(db: Connection, number_of_turn: int) -> str:
        verb = (steps.cancel, deliveries.dispatch)[number_of_turn % 2]
        verb(db, world.hub, number, world.origin(f"turn-{number_of_turn}"))
        return ("cancelled", "dispatched")[number_of_turn % 2]

    answers = at_once(database, 12, turn)
    (done,) = [each for each in answers if " " not in each]
    assert [each for each in answers if each != done] == [f"order-state order={number} state={done}"] * 11
    with database.reading(60) as db:
        assert stock.free(db, world.hub, [world.soap.id]) == {world.soap.id: 100 if done == "cancelled" else 95}
        assert findings(db) == []


@BOTH
def test_a_deposit_is_counted_on_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
        agents.prepay(db, world.rahima, taka(100), world.origin())

    def turn(db: Connection, number: int) -> object:
        origin = world.origin(f"turn-{number}")
        if number % 2:
            return agents.refund(db, world.rahima, taka(48), origin)
        return orders.place(db, world.rahima, world.basket("1 soap"), origin, prepaid=taka(48))

    answers = at_once(database, 10, turn)
    assert [each for each in answers if isinstance(each, str)] == ["deposit-left left=BDT 4.00"] * 8
    with database.reading(60) as db:
        assert orders.deposit_left(db, world.hub, world.rahima.id) == taka(4)
        assert findings(db) == []
