"""Goods that come and go otherwise than by orders and sales: lost, used, bought elsewhere; what is reserved stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import World
from ledger_world import at_once
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select
from trade_scripts import Trade

from gateway.backend import Database
from ledger import facts
from ledger import orders
from ledger import receipts
from ledger import stock
from ledger.books import Move
from ledger.books import stock_table
from ledger.errors import Conflict
from ledger.facts import Fact
from ledger.facts import GoodsBought
from ledger.facts import GoodsTaken
from ledger.facts import Undone
from ledger.receipts import Receipt

SCRIPTS = {
    "lost at the hub": """
        lose 3 soap, 1 lamp
        hub 1210 5130                      6674.00 726.00
        lose 98 soap                       not-on-hand item={soap} pieces=97
        lose 1 lamp                        not-on-hand item={lamp} pieces=0
    """,
    "what is reserved is not lost": """
        order 10 soap                      1
        lose 91 soap                       not-on-hand item={soap} pieces=90
        lose 90 soap
        free soap                          0
        dispatch 1
        hub 1210 1215                      3200.00 420.00
        lose 1 soap                        not-on-hand item={soap} pieces=0
    """,
    "goods in keep the average": """
        get 50 soap for 2400
        hub 1210 2110                      9800.00 2400.00
        lose 1 soap
        hub 1210 5130                      9756.00 44.00
        get 1 soap for 100.01 and 1 short
        hub 1210 1240 2110                 9806.00 50.01 2500.01
    """,
    "bought elsewhere, used, sold": """
        buy 3 soap for 100
        shop 1310 1320 3310                0.00 100.00 100.00
        use 1 soap
        shop 1320 3320                     66.67 33.33
        use 3 soap                         not-on-hand item={soap} pieces=2
        use 1 oil                          not-on-hand item={oil} pieces=0
        sell 1 soap @ 50
        shop 1310 1320 5210 4210           50.00 33.33 33.34 50.00
        buy 1 oil for 70
        shop 1310 1320 3310                0.00 103.33 120.00
        reverse
        shop 1310 1320 3310                50.00 33.33 100.00
        use 1 soap
        shop 1320 3320                     0.00 66.66
    """,
}


@BOTH
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_goods(db: Connection, codes: Callable[[], str], script: str) -> None:
    world = open_world(db, codes)
    ids = {name: getattr(world, name).id for name in ("soap", "oil", "lamp")}
    Trade(db, world).run(script.format(**ids))
    assert findings(db) == []


@BOTH
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    rahima, soap = world.rahima, world.soap.id
    opened = [Move(soap, 10, 100_00)]

    def all_of_it(pieces: int = 1) -> list[object]:
        return [
            stock.open_with(db, [rahima.shop, world.salma.shop], opened, world.origin("open"), cash=taka(pieces)),
            stock.lose(db, rahima.shop, {soap: pieces}, "fell", world.origin("lose")),
            stock.own_use(db, rahima, {soap: pieces}, world.origin("use")),
            stock.buy_elsewhere(db, rahima, [Move(soap, pieces, 20_00)], world.origin("buy")),
        ]

    first = all_of_it()
    assert balances(db, rahima.shop, "1310", "1320", "3310", "3320", "5220") == (
        "1310: 0.00, 1320: 100.00, 3310: 120.00, 3320: 10.00, 5220: 10.00"
    )
    before = everything(db)
    assert all_of_it() == first
    for act in (
        lambda: stock.open_with(db, [rahima.shop], opened, world.origin("open")),
        lambda: stock.lose(db, rahima.shop, {soap: 1}, "stolen", world.origin("lose")),
        lambda: stock.own_use(db, rahima, {soap: 2}, world.origin("use")),
        lambda: stock.buy_elsewhere(db, rahima, [Move(soap, 1, 21_00)], world.origin("buy")),
    ):
        with pytest.raises(Conflict):
            act()
    assert everything(db) == before
    assert findings(db) == []


def test_our_own_mistakes(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    soap = world.soap.id
    for pieces in ({soap: 0}, {soap: -1}):
        with pytest.raises(ValueError, match="by the piece"), db.begin_nested():
            stock.lose(db, world.hub, pieces, "", world.origin())
        with pytest.raises(ValueError, match="by the piece"), db.begin_nested():
            stock.buy_elsewhere(db, world.rahima, [Move(soap, pieces[soap], 1)], world.origin())
    for act in (
        lambda: stock.lose(db, world.hub, {}, "", world.origin()),
        lambda: stock.buy_elsewhere(db, world.rahima, [], world.origin()),
    ):
        with pytest.raises(ValueError, match="of nothing"), db.begin_nested():
            act()
    with pytest.raises(ValueError, match="set aside"):
        stock.release(db, world.hub, {soap: 1})


def last_lamp(world: World) -> Callable[[Connection, int], str]:
    """In turn: somebody orders the last lamp, or the hub loses it."""

    def turn(db: Connection, number: int) -> str:
        origin = world.origin(f"turn-{number}")
        if number % 3 == 2:
            stock.lose(db, world.hub, {world.lamp.id: 1}, "broken", origin)
            return "lost"
        orders.place(db, (world.rahima, world.salma)[number % 3], world.basket("1 lamp"), origin)
        return "ordered"

    return turn


@BOTH
def test_the_last_piece_goes_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world = open_world(db, codes)
    answers = at_once(database, 12, last_lamp(world))
    assert len([each for each in answers if each in ("lost", "ordered")]) == 1
    refused = {each for each in answers if " " in each}
    none = {f"{code} item={world.lamp.id} pieces=0" for code in ("stock-left", "not-on-hand")}
    assert refused <= none
    with database.reading(60) as db:
        (row,) = db.execute(
            select(stock_table).where(stock_table.c.book == world.hub.id, stock_table.c.item == world.lamp.id)
        ).all()
        assert row.quantity - row.reserved == 0
        assert findings(db) == []


@BOTH
def test_she_is_told_of_every_change_of_her_goods(db: Connection, codes: Callable[[], str]) -> None:
    """Used, lost, bought, and what was undone of it; the hub's own loss is nobody's news."""
    world = open_world(db, codes)
    trade = Trade(db, world)
    world.stock(db, world.rahima.shop, (world.soap, 10, 480_00))
    trade.run("""
        use 1 soap
        buy 1 oil for 70
        reverse
        lose 1 soap
    """)
    lost = stock.lose(db, world.rahima.shop, {world.soap.id: 2}, "stolen", world.origin())
    told, who = facts.collect(db), world.rahima.id
    codes_told = [fact.code for fact in told if isinstance(fact, Fact)]
    assert told == [
        GoodsTaken(who, codes_told[0], taka(48), lost=False),
        GoodsBought(who, codes_told[1], taka(70)),
        Undone(who, codes_told[2], codes_told[1], taka(70), own=False),
        GoodsTaken(who, codes_told[3], taka(96), lost=True),
    ]
    receipt = receipts.of_entry(db, lost)
    assert receipt == Receipt(codes_told[3], "goods.lost", taka(96), DAY)
    assert findings(db) == []
