"""Sales from an agent's own shop: in cash and on credit, at average cost, and the dues that come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from conftest import BOTH
from ledger_world import DAY
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
from ledger import receipts
from ledger import reversals
from ledger import sales
from ledger import stock
from ledger.books import Origin
from ledger.errors import Conflict
from ledger.facts import DueCollected
from ledger.facts import SaleRecorded
from ledger.sales import Customer
from ledger.sales import Takings


def open_shop(db: Connection, codes: Callable[[], str]) -> World:
    """Rahima has ten soaps that cost Tk 48 each, three oils that cost Tk 100 together, and two customers."""
    world = open_world(db, codes)
    world.stock(db, world.rahima.shop, (world.soap, 10, 480_00), (world.oil, 3, 100_00))
    for number, name in enumerate(("Mina", "Aleya"), 1):
        sales.name_customer(db, world.rahima, number, name)
    return world


@BOTH
def test_a_sale_in_cash_and_one_on_credit(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    shop = world.rahima.shop
    cash = sales.record(db, world.rahima, world.basket("2 soap @ 55"), world.origin())
    assert balances(db, shop, "1310", "1320", "4210", "5210") == (
        "1310: 110.00, 1320: 484.00, 4210: 110.00, 5210: 96.00"
    )
    due = sales.record(db, world.rahima, world.basket("1 soap @ 60, 1 oil @ 50"), world.origin(), customer=2)
    assert balances(db, shop, "1310", "1330.2", "1320", "4210", "5210") == (
        "1310: 110.00, 1330.2: 110.00, 1320: 402.67, 4210: 220.00, 5210: 177.33"
    )
    assert [(each.item.code, each.quantity, each.value) for each in stock.on_hand(db, shop, DAY)] == [
        (101, 7, 336_00),
        (102, 2, 66_67),
    ]
    slips = [receipts.of_entry(db, entry) for entry in (cash, due)]
    assert [(each.kind, each.amount, each.on) for each in slips] == [("sale", taka(110), DAY)] * 2
    assert db.info["facts"] == [
        SaleRecorded(world.rahima.id, slips[0].code, taka(110), taka(0)),
        SaleRecorded(world.rahima.id, slips[1].code, taka(110), taka(110)),
    ]
    assert findings(db) == []


@BOTH
def test_the_last_piece_takes_the_rest_of_the_cost(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    costs = []
    for _ in range(3):
        before = sales.takings(db, world.rahima, DAY, DAY).profit
        sales.record(db, world.rahima, world.basket("1 oil @ 50"), world.origin())
        costs.append((taka(50) - (sales.takings(db, world.rahima, DAY, DAY).profit - before)).minor)
    assert costs == [33_33, 33_34, 33_33]
    assert balances(db, world.rahima.shop, "1320") == "1320: 480.00"
    assert findings(db) == []


@BOTH
@pytest.mark.parametrize("wanted", ["1 oil @ 50, 2 soap @ 55", "2 soap @ 55, 1 oil @ 50"])
def test_a_basket_in_any_order_is_sound(db: Connection, codes: Callable[[], str], wanted: str) -> None:
    world = open_shop(db, codes)
    sales.record(db, world.rahima, world.basket(wanted), world.origin())
    assert findings(db) == []


@BOTH
@pytest.mark.parametrize(
    ("wanted", "customer", "said"),
    [
        ("10 soap", 0, "done"),
        ("11 soap", 0, "not-on-hand item={soap} pieces=10"),
        ("1 soap, 4 oil", 1, "not-on-hand item={oil} pieces=3"),
        ("1 lamp", 0, "not-on-hand item={lamp} pieces=0"),
        ("1 soap", 2, "done"),
        ("1 soap", 3, "unknown-customer customer=3"),
        ("1 soap", -1, "unknown-customer customer=-1"),
        ("1 soap @ 0", 1, "done"),
    ],
)
def test_what_is_refused_and_why(
    db: Connection, codes: Callable[[], str], wanted: str, customer: int, said: str
) -> None:
    world = open_shop(db, codes)
    before = everything(db)
    basket, ids = world.basket(wanted), {name: getattr(world, name).id for name in ("soap", "oil", "lamp")}
    answer = refusal(db, lambda: sales.record(db, world.rahima, basket, world.origin(), customer=customer))
    assert answer == said.format(**ids)
    assert (everything(db) == before) == (said != "done")
    assert findings(db) == []


@pytest.mark.parametrize("wanted", ["0 soap", "-1 soap", "5 soap, -1 oil", "1 soap, 2 soap"])
def test_a_basket_that_is_our_own_mistake(db: Connection, codes: Callable[[], str], wanted: str) -> None:
    world = open_shop(db, codes)
    before = everything(db)
    with pytest.raises(ValueError, match="basket"), db.begin_nested():
        sales.record(db, world.rahima, world.basket(wanted), world.origin())
    with pytest.raises(ValueError, match="basket"), db.begin_nested():
        sales.record(db, world.rahima, [], world.origin())
    assert everything(db) == before


@BOTH
def test_a_sale_partly_in_cash(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima, basket = world.rahima, world.basket("2 soap @ 55")

    def sell(paid: float, customer: int = 1) -> str:
        act = partial(sales.record, db, rahima, basket, world.origin(), customer=customer, paid=taka(paid))
        return refusal(db, act)

    assert sell(110.01) == "paid-above-sale total=BDT 110.00"
    assert sell(40) == "done"
    assert balances(db, rahima.shop, "1310", "1330.1", "4210") == "1310: 40.00, 1330.1: 70.00, 4210: 110.00"
    assert sell(110) == "done"
    assert sell(0, customer=2) == "done"
    assert sell(40, customer=0) == "done"  # a sale to nobody is in cash
    assert balances(db, rahima.shop, "1310", "1330.1", "1330.2") == "1310: 260.00, 1330.1: 70.00, 1330.2: 110.00"
    told = [each.owed for each in db.info["facts"] if isinstance(each, SaleRecorded)]
    assert told == [taka(70), taka(0), taka(110), taka(0)]
    assert findings(db) == []


@BOTH
def test_a_sale_is_undone_by_a_reversal(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima = world.rahima

    def by_her() -> Origin:
        return replace(world.origin(), actor=f"member:{rahima.id}")

    sold = sales.record(db, rahima, world.basket("1 oil @ 50, 2 soap @ 55"), by_her(), customer=1, paid=taka(60))
    later = sales.record(db, rahima, world.basket("1 oil @ 50"), by_her())
    undo = partial(reversals.reverse, db, sold.book, sold.number, "wrong customer", by_her())
    assert refusal(db, undo) == f"reverse-first book={sold.book} entry={later.number}"
    reversals.reverse(db, later.book, later.number, "first", by_her())
    assert refusal(db, undo) == "done"
    assert balances(db, rahima.shop, "1310", "1320", "1330.1", "4210", "5210") == (
        "1310: 0.00, 1320: 580.00, 1330.1: 0.00, 4210: 0.00, 5210: 0.00"
    )
    assert [(each.quantity, each.value) for each in stock.on_hand(db, rahima.shop, DAY)] == [(10, 480_00), (3, 100_00)]
    assert sales.takings(db, rahima, DAY, DAY) == Takings(taka(0), taka(0), taka(0))
    assert findings(db) == []


@BOTH
def test_dues_come_in_part_by_part(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima = world.rahima
    sales.record(db, rahima, world.basket("2 soap @ 55"), world.origin(), customer=1)

    def collect(amount: float, customer: int = 1) -> str:
        return refusal(db, lambda: sales.collect(db, rahima, customer, taka(amount), world.origin()))

    assert collect(110.01) == "owes-less owes=BDT 110.00"
    assert collect(1, customer=2) == "owes-less owes=BDT 0.00"
    assert collect(1, customer=9) == "owes-less owes=BDT 0.00"
    assert collect(30) == "done"
    assert collect(80.01) == "owes-less owes=BDT 80.00"
    assert [(each.number, each.owes) for each in sales.customers(db, rahima)] == [(1, taka(80)), (2, taka(0))]
    assert collect(80) == "done"
    assert collect(0.01) == "owes-less owes=BDT 0.00"
    assert balances(db, rahima.shop, "1310", "1330.1", "4210") == "1310: 110.00, 1330.1: 0.00, 4210: 110.00"
    told = [each for each in db.info["facts"] if isinstance(each, DueCollected)]
    assert [(each.amount, each.left) for each in told] == [(taka(30), taka(80)), (taka(80), taka(0))]
    assert findings(db) == []


@BOTH
def test_the_same_sale_and_the_same_due_again(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima, basket = world.rahima, world.basket("2 soap @ 55")
    sale = sales.record(db, rahima, basket, world.origin("sale"), customer=1)
    due = sales.collect(db, rahima, 1, taka(110), world.origin("due"))
    before, told = everything(db), list(db.info["facts"])
    assert sales.record(db, rahima, basket, world.origin("sale"), customer=1) == sale
    assert sales.collect(db, rahima, 1, taka(110), world.origin("due")) == due
    for act in (
        lambda: sales.record(db, rahima, basket, world.origin("sale"), customer=2),
        lambda: sales.record(db, rahima, basket, world.origin("sale"), customer=1, channel="haat"),
        lambda: sales.record(db, rahima, basket, world.origin("sale"), customer=1, paid=taka(1)),
        lambda: sales.record(db, rahima, basket, world.origin("sale"), customer=1, new_name="Moyna"),
        lambda: sales.record(db, world.salma, basket, world.origin("sale"), customer=1),
        lambda: sales.collect(db, rahima, 1, taka(109), world.origin("due")),
        lambda: sales.collect(db, rahima, 1, taka(110), world.origin("sale")),
    ):
        with pytest.raises(Conflict):
            act()
    assert everything(db) == before
    assert db.info["facts"] == told


@BOTH
def test_the_last_soaps_are_sold_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_shop(db, codes)
    basket = world.basket("2 soap @ 55")
    answers = at_once(
        database, 12, lambda db, turn: sales.record(db, world.rahima, basket, world.origin(f"turn-{turn}")) is not None
    )
    assert answers.count(True) == 5
    assert answers.count(f"not-on-hand item={world.soap.id} pieces=0") == 7
    with database.reading(60) as db:
        assert balances(db, world.rahima.shop, "1310", "1320") == "1310: 550.00, 1320: 100.00"
        assert findings(db) == []


@BOTH
def test_customers_are_numbered_for_ever(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima, one = world.rahima, world.basket("1 soap")
    assert sales.usual_customer(db, rahima) == 1
    sales.record(db, rahima, one, world.origin(), customer=3, new_name="Moyna")
    assert sales.usual_customer(db, rahima) == 3
    sales.record(db, rahima, one, world.origin())
    assert sales.usual_customer(db, rahima) == 3, "a sale in cash is nobody's"
    sales.record(db, rahima, one, world.origin(), customer=4, new_name="")
    assert sales.customers(db, rahima) == [
        Customer(1, "Mina", taka(0)),
        Customer(2, "Aleya", taka(0)),
        Customer(3, "Moyna", taka(48)),
        Customer(4, "", taka(48)),
    ]
    before = everything(db)
    for number, name, said in (
        (0, "X", "unknown-customer customer=0"),
        (6, "X", "unknown-customer customer=6"),
        (-1, "X", "unknown-customer customer=-1"),
        (3, "X", "customer-taken customer=3"),
    ):
        sale = partial(sales.record, db, rahima, one, world.origin(), customer=number, new_name=name)
        assert refusal(db, sale) == said
        assert everything(db) == before
    assert sales.customers(db, world.salma) == []
    assert findings(db) == []


@BOTH
def test_the_takings_of_some_days(db: Connection, codes: Callable[[], str]) -> None:
    world = open_shop(db, codes)
    rahima = world.rahima
    yesterday, tomorrow = DAY - timedelta(days=1), DAY + timedelta(days=1)
    sales.record(db, rahima, world.basket("1 soap @ 55"), world.origin(on=yesterday), customer=1)
    sales.record(db, rahima, world.basket("2 soap @ 55"), world.origin())
    sales.record(db, rahima, world.basket("1 soap @ 40"), world.origin(), customer=2)
    sales.collect(db, rahima, 1, taka(15), world.origin())
    due = taka(80)
    assert sales.takings(db, rahima, DAY, DAY) == Takings(taka(150), taka(6), due)
    assert sales.takings(db, rahima, yesterday, DAY) == Takings(taka(205), taka(13), due)
    assert sales.takings(db, rahima, tomorrow, tomorrow) == Takings(taka(0), taka(0), due)
    assert sales.takings(db, world.salma, yesterday, tomorrow) == Takings(taka(0), taka(0), taka(0))
