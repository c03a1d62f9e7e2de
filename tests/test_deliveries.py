"""Deliveries: whole, in part, refused, taken back; the hub's half and the agent's half agree to the poisha."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import BOTH
from ledger_world import World
from ledger_world import at_once
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from trade_scripts import Trade

from gateway.backend import Database
from ledger import deliveries
from ledger import orders
from ledger import receipts
from ledger import steps
from ledger.deliveries import Missing
from ledger.deliveries import cut
from ledger.errors import Conflict

# A soap costs the hub Tk 42 and an agent 48, an oil 130 and 150, the lamp 600 and 700; she may owe Tk 2,000.
SCRIPTS = {
    "all of it, on credit": """
        order 5 soap                                1
        hub 1210 1215 1220                          7400.00 0.00 0.00
        credit                                      1760.00
        free soap                                   95
        dispatch 1
        hub 1210 1215 1220 4110                     7190.00 210.00 0.00 0.00
        free soap                                   95
        held 1                                      240.00
        deliver 1
        hub 1210 1215 1220 2130 4110 5110           7190.00 0.00 240.00 0.00 240.00 210.00
        shop 1320 2210 1340                         240.00 240.00 0.00
        has soap                                    5
        held 1                                      0.00
        credit                                      1760.00
        state 1                                     delivered
        close 1
        state 1                                     closed
    """,
    "three of five arrive, one comes back, one is lost": """
        order 5 soap, 1 oil                         1
        dispatch 1
        deliver 1 3 soap, 1 oil, 1 soap back, 1 soap lost
        hub 1210 1215 1220 4110 5110 5130           7102.00 0.00 294.00 294.00 256.00 42.00
        shop 1320 2210                              294.00 294.00
        has soap oil                                3 1
        free soap oil                               96 19
        held 1                                      0.00
        credit                                      1706.00
    """,
    "nothing of an item arrives, the supplier has to make it good": """
        order 5 soap, 1 lamp                        1
        dispatch 1
        deliver 1 5 soap, 1 lamp claimed
        hub 1210 1215 1220 4110 5110 1240           6590.00 0.00 240.00 240.00 210.00 600.00
        shop 1320 2210                              240.00 240.00
        free lamp                                   0
    """,
    "the cost is cut to the poisha": """
        get 7 soap for 100
        order 7 soap                                1
        dispatch 1
        hub 1215                                    281.31
        deliver 1 3 soap, 2 soap back, 1 soap claimed, 1 soap lost
        hub 1215 5110 1240 5130 1210                0.00 120.56 40.19 40.19 7299.06
    """,
    "partly prepaid: what she paid ahead goes first": """
        prepay 100
        deposit                                     100.00
        order 5 soap prepaid 100                    1
        deposit                                     0.00
        held 1                                      140.00
        dispatch 1
        deliver 1 3 soap, 2 soap back
        hub 1220 2130 4110 1030                     44.00 0.00 144.00 100.00
        shop 1320 2210 1340 3310                    144.00 44.00 0.00 100.00
        held 1                                      0.00
    """,
    "wholly prepaid: nothing is held, what is left over stays hers": """
        prepay 240
        order 5 soap prepaid 240                    1
        held 1                                      0.00
        credit                                      2000.00
        dispatch 1
        deliver 1 4 soap, 1 soap lost
        hub 1220 2130 4110                          0.00 48.00 192.00
        shop 2210 1340 1320                         0.00 48.00 192.00
        deposit                                     48.00
        refund 48.01                                deposit-left left=BDT 48.00
        refund 48
        hub 2130 1030                               0.00 192.00
        shop 1340 1310                              0.00 48.00
    """,
    "refused at the door: all comes back and no sale is made": """
        prepay 10
        order 5 soap, 1 lamp prepaid 10             1
        dispatch 1
        refuse 1
        state 1                                     refused
        hub 1210 1215 1220 2130 4110 5110           7400.00 0.00 0.00 10.00 0.00 0.00
        free soap lamp                              100 1
        held 1                                      0.00
        credit                                      2000.00
        deposit                                     10.00
        deliver 1                                   order-state order=4 state=refused
    """,
    "refused, and on the way back not all is there": """
        order 5 soap, 1 lamp                        1
        dispatch 1
        refuse 1 2 soap lost, 1 lamp claimed
        hub 1210 1215 1240 5130                     6716.00 0.00 600.00 84.00
        free soap lamp                              98 0
    """,
    "pieces have to add up to the order": """
        order 5 soap, 1 oil                         1
        deliver 1                                   order-state order=3 state=placed
        dispatch 1
        dispatch 1                                  order-state order=3 state=dispatched
        deliver 1 5 soap                            pieces-differ item={oil} ordered=1 told=0
        deliver 1 4 soap, 2 oil                     pieces-differ item={soap} ordered=5 told=4
        deliver 1 6 soap, 1 oil                     pieces-differ item={soap} ordered=5 told=6
        deliver 1 5 soap, 1 oil, 1 lamp             not-ordered item={lamp}
        deliver 1 5 soap, 1 oil, 1 oil lost         pieces-differ item={oil} ordered=1 told=2
        deliver 1 5 soap back, 1 oil lost           nothing-arrived order=3
        refuse 1 6 soap lost                        pieces-differ item={soap} ordered=5 told=6
        cancel 1                                    order-state order=3 state=dispatched
        state 1                                     dispatched
        hub 1215                                    340.00
        deliver 1
        deliver 1                                   order-state order=3 state=delivered
        refuse 1                                    order-state order=3 state=delivered
    """,
    "unsold goods come back and clear what she owes": """
        order 5 soap, 2 oil                         1
        dispatch 1
        deliver 1
        hub 1210 1220 4110 5110                     6930.00 540.00 540.00 470.00
        return 1 2 soap, 1 oil
        hub 1210 1220 2130 4110 5110                7144.00 294.00 0.00 294.00 256.00
        shop 1320 2210 1340 5210                    294.00 294.00 0.00 0.00
        return 1 4 soap                             not-on-hand item={soap} pieces=3
        return 1 3 soap
        return 1 1 oil
        return 1 1 oil                              not-on-hand item={oil} pieces=0
        hub 1210 1220 4110 5110                     7400.00 0.00 0.00 0.00
        shop 1320 2210 5210                         0.00 0.00 0.00
        state 1                                     delivered
        close 1
        return 1 1 oil                              order-state order=3 state=closed
    """,
    "what was paid for goods that come back is paid ahead": """
        order 5 soap                                1
        dispatch 1
        deliver 1
        pay 200
        hub 1220 2130                               40.00 0.00
        return 1 2 soap
        hub 1220 2130                               0.00 56.00
        shop 2210 1340 3310                         0.00 56.00 200.00
        order 1 soap prepaid 48                     2
        deposit                                     8.00
    """,
    "goods come back at that delivery's cost, out of her shop at average": """
        order 2 soap                                1
        dispatch 1
        deliver 1
        get 98 soap for 9800
        order 2 soap                                2
        dispatch 2
        hub 1215                                    142.00
        deliver 2
        hub 1210                                    16974.00
        return 2 2 soap
        hub 1210 5110                               17116.00 84.00
        return 2 1 soap                             delivered-less item={soap} pieces=0
        return 1 1 soap
        hub 1210 5110                               17158.00 42.00
    """,
    "a difference between her average and the price is her cost of goods": """
        order 2 soap                                1
        dispatch 1
        deliver 1
        buy 2 soap for 80
        shop 1320 3310                              176.00 80.00
        return 1 1 soap
        shop 1320 5210 2210                         132.00 -4.00 48.00
    """,
    "commission on goods that come back is taken back, first what is not paid": """
        order 5 soap                                1
        dispatch 1
        deliver 1
        earn 12 1
        hub 2120 5120                               12.00 12.00
        return 1 2 soap
        hub 2120 5120 1220                          7.20 7.20 144.00
        pay-out 7.20                                account-short account=1030 missing=BDT 7.20
        pay 100
        pay-out 5
        shop 4220 1310                              5.00 5.00
        return 1 3 soap
        hub 2120 5120 1220 2130                     0.00 0.00 0.00 95.00
        shop 4220 2210 1340 1310                    0.00 0.00 95.00 5.00
    """,
    "what is owed already clears what comes back before it is paid ahead": """
        order 5 soap                                1
        dispatch 1
        deliver 1
        earn 12 1
        set-off 12
        hub 1220 2120                               228.00 0.00
        shop 2210 4220                              228.00 12.00
        return 1 5 soap
        hub 1220 2130 5120                          0.00 0.00 0.00
        shop 2210 1340 4220                         0.00 0.00 0.00
    """,
    "a return can be undone, and done again": """
        order 5 soap                                1
        dispatch 1
        deliver 1
        earn 12 1
        return 1 5 soap
        reverse
        hub 1210 1220 4110 5110 2120                7190.00 240.00 240.00 210.00 12.00
        shop 1320 2210                              240.00 240.00
        return 1 5 soap
        hub 1210 1220 2120                          7400.00 0.00 0.00
    """,
    "a delivery is not undone by a reversal": """
        order 5 soap                                1
        dispatch 1
        reverse                                     undo-otherwise entry=4 kind=order.dispatch verb=deliveries.refuse
        deliver 1
        reverse                                     undo-otherwise entry=5 kind=order.deliver verb=deliveries.take_back
    """,
    "what she paid ahead and took out again is on credit": """
        pay 100
        order 5 soap prepaid 100                    1
        undo pay
        held 1                                      140.00
        dispatch 1
        deliver 1
        hub 1220 2130                               240.00 0.00
        shop 2210 1340                              240.00 0.00
    """,
}


@BOTH
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_deliveries(db: Connection, codes: Callable[[], str], script: str) -> None:
    world = open_world(db, codes)
    names = {name: getattr(world, name).id for name in ("soap", "oil", "lamp")}
    Trade(db, world).run(script.format(**names))
    assert findings(db) == []


@pytest.mark.parametrize(
    ("cost", "pieces", "parts"),
    [
        (500, [3, 2], [300, 200]),
        (100, [1, 1, 1], [33, 33, 34]),
        (281_31, [3, 2, 1, 1], [12056, 8037, 4019, 4019]),
        (5, [1, 1], [2, 3]),
        (1, [1, 1], [0, 1]),
        (3, [1, 0, 1], [2, 0, 1]),
        (7, [0, 2, 0], [0, 7, 0]),
        (7, [2], [7]),
        (0, [2, 3], [0, 0]),
        # each fifth of 3 is rounded up to 1: there is not more than 3
        (3, [1, 1, 1, 1, 1], [1, 1, 1, 0, 0]),
    ],
)
def test_the_last_part_takes_the_rest(cost: int, pieces: list[int], parts: list[int]) -> None:
    assert cut(cost, pieces) == parts
    assert sum(parts) == cost


def on_its_way(db: Connection, codes: Callable[[], str], wanted: str = "5 soap, 1 oil") -> tuple[World, int]:
    """A world in which an order of Rahima's is dispatched."""
    world = open_world(db, codes)
    trade = Trade(db, world)
    trade.run(f"order {wanted}  1\ndispatch 1")
    return world, trade.numbers[0]


@BOTH
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    hub, soap = world.hub, world.soap.id
    number = orders.place(db, world.rahima, world.basket("5 soap"), world.origin()).number
    lost = [Missing(soap, 1, "lost")]
    acts = {
        "accept": lambda name: steps.accept(db, hub, number, world.origin(name)),
        "pack": lambda name: steps.pack(db, hub, number, world.origin(name)),
        "dispatch": lambda name: deliveries.dispatch(db, hub, number, world.origin(name)),
        "deliver": lambda name: deliveries.deliver(db, hub, number, {soap: 4}, world.origin(name), missing=lost),
        "return": lambda name: deliveries.take_back(db, hub, number, {soap: 1}, world.origin(name)),
        "close": lambda name: steps.close(db, hub, number, world.origin(name)),
    }
    first = {name: act(name) for name, act in acts.items()}
    before, told = everything(db), list(db.info["facts"])
    assert {name: act(name) for name, act in acts.items()} == first
    for other in (
        lambda: steps.pack(db, hub, number, world.origin("accept")),
        lambda: deliveries.deliver(db, hub, number, {soap: 4}, world.origin("deliver")),
        lambda: deliveries.take_back(db, hub, number, {soap: 2}, world.origin("return")),
    ):
        with pytest.raises(Conflict):
            other()
    assert (everything(db), db.info["facts"]) == (before, told)
    receipt = receipts.of_entry(db, first["deliver"])
    assert receipt is not None
    assert (receipt.kind, receipt.amount) == ("order.deliver", taka(192))
    order = orders.get(db, hub, number)
    assert [step.step for step in steps.steps(db, order)] == [
        *("placed", "accepted", "packed", "dispatched", "delivered", "returned", "closed"),
    ]
    assert [(line.quantity, line.arrived, line.cost) for line in orders.lines(db, order)] == [(5, 4, 168_00)]
    assert findings(db) == []


@pytest.mark.parametrize(
    ("arrived", "missing", "why"),
    [
        ({1: -1}, [], "by the piece"),
        ({1: 1}, [Missing(1, 0, "lost")], "by the piece"),
        ({1: 1}, [Missing(1, 1, "eaten")], "come back"),
        ({1: 1}, [Missing(1, 1, "claimed")], "come back"),
        ({1: 1}, [Missing(1, 1, "lost", 1)], "come back"),
    ],
)
def test_our_own_mistakes(
    db: Connection, codes: Callable[[], str], arrived: dict[int, int], missing: list[Missing], why: str
) -> None:
    world, number = on_its_way(db, codes)
    with pytest.raises(ValueError, match=why):
        deliveries.deliver(db, world.hub, number, arrived, world.origin(), missing=missing)


@BOTH
def test_what_is_not_there(db: Connection, codes: Callable[[], str]) -> None:
    world, number = on_its_way(db, codes, "5 soap")
    hub, soap = world.hub, world.soap.id
    before = everything(db)
    gone = [Missing(soap, 1, "claimed", 999)]
    for act, said in (
        (lambda: deliveries.dispatch(db, hub, 99, world.origin()), "unknown-order order=99"),
        (lambda: steps.cancel(db, hub, 1, world.origin()), "unknown-order order=1"),
        (
            lambda: deliveries.deliver(db, hub, number, {soap: 4}, world.origin(), missing=gone),
            "unknown-supplier supplier=999",
        ),
    ):
        assert refusal(db, act) == said
        assert everything(db) == before


@BOTH
def test_goods_that_cost_nothing(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    trade = Trade(db, world)
    trade.run("""
        lose 100 soap
        get 10 soap for 0
        free soap                                   10
        order 5 soap                                1
        dispatch 1
        deliver 1 4 soap, 1 soap lost
        hub 1215 1220 4110 5110 5130                0.00 192.00 192.00 0.00 4200.00
        return 1 4 soap
        free soap                                   9
    """)
    assert findings(db) == []


@BOTH
def test_one_delivery_at_once(database: Database, codes: Callable[[], str]) -> None:
    with database.writing(60) as db:
        world, number = on_its_way(db, codes, "5 soap")
    hub, soap = world.hub, world.soap.id

    def turn(db: Connection, number_of_turn: int) -> str:
        origin = world.origin(f"turn-{number_of_turn}")
        if number_of_turn % 2:
            deliveries.refuse(db, hub, number, origin)
            return "refused"
        deliveries.deliver(db, hub, number, {soap: 5}, origin)
        return "delivered"

    answers = at_once(database, 12, turn)
    (done,) = [each for each in answers if " " not in each]
    assert [each for each in answers if each != done] == [f"order-state order={number} state={done}"] * 11
    with database.reading(60) as db:
        assert orders.get(db, hub, number).state == done
        assert balances(db, hub, "1215") == "1215: 0.00"
        assert findings(db) == []
