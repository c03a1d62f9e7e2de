"""Commission: earned at the hub, paid out or set off, in both books; taken back with goods (see test_deliveries)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import BOTH
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from trade_scripts import Trade

from ledger import commissions
from ledger import receipts
from ledger.errors import Conflict

SCRIPTS = {
    "earned, then paid out": """
        earn 30
        hub 2120 5120                30.00 30.00
        shop 4220                    0.00
        pay-out 10                   account-short account=1030 missing=BDT 10.00
        prepay 100
        pay-out 30.01                commission-left left=BDT 30.00
        pay-out 10
        hub 2120 5120 1030           20.00 30.00 90.00
        shop 1310 4220               10.00 10.00
        salma pay-out 1              commission-left left=BDT 0.00
    """,
    "set off against what she owes": """
        order 1 soap                 1
        dispatch 1
        deliver 1
        earn 60 1
        set-off 60                   owes-less owes=BDT 48.00
        set-off 48
        hub 1220 2120 5120           0.00 12.00 60.00
        shop 2210 4220               0.00 48.00
        set-off 12                   owes-less owes=BDT 0.00
        reverse
        hub 1220 2120                48.00 60.00
        shop 2210 4220               48.00 0.00
    """,
    "for an order of hers that was delivered": """
        order 1 soap                 1
        earn 5 1                     order-state order=3 state=placed
        dispatch 1
        earn 5 1                     order-state order=3 state=dispatched
        deliver 1
        salma earn 5 1               unknown-order order=3
        earn 5 1
        state 1                      delivered
        earn 2 1
        close 1
        earn 1 1
        hub 2120                     8.00
    """,
    "what was earned by mistake is not taken back again": """
        order 2 soap                 1
        dispatch 1
        deliver 1
        earn 10 1
        reverse
        hub 2120 5120                0.00 0.00
        return 1 1 soap
        hub 2120 5120 1220           0.00 0.00 48.00
    """,
    "of an odd sum the last piece takes the rest back": """
        order 3 soap                 1
        dispatch 1
        deliver 1
        earn 1 1
        return 1 1 soap
        hub 2120                     0.67
        return 1 1 soap
        hub 2120                     0.33
        return 1 1 soap
        hub 2120 5120                0.00 0.00
    """,
}


@BOTH
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_commissions(db: Connection, codes: Callable[[], str], script: str) -> None:
    Trade(db, open_world(db, codes)).run(script)
    assert findings(db) == []


@BOTH
def test_the_same_again_is_done_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    Trade(db, world).run("order 1 soap  1\ndispatch 1\ndeliver 1\nprepay 50")
    verbs = (commissions.earn, commissions.pay, commissions.set_off)

    def all_of_it(sums: tuple[int, ...] = (30, 10, 20)) -> list[object]:
        return [
            verb(db, world.rahima, taka(amount), world.origin(verb.__name__))
            for verb, amount in zip(verbs, sums, strict=True)
        ]

    first = all_of_it()
    before = everything(db)
    assert all_of_it() == first
    for sums in ((31, 10, 20), (30, 11, 20), (30, 10, 21)):
        with pytest.raises(Conflict):
            all_of_it(sums)
    assert everything(db) == before
    kinds = [receipt and (receipt.kind, receipt.amount) for receipt in (receipts.of_entry(db, each) for each in first)]
    assert kinds == [None, ("commission.pay", taka(10)), ("commission.set-off", taka(20))]
    assert findings(db) == []


@BOTH
def test_who_is_no_agent_earns_none(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    act = lambda: commissions.earn(db, world.ayesha, taka(1), world.origin())  # noqa: E731
    assert refusal(db, act) == f"no-hub member={world.ayesha.id}"
