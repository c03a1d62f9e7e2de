"""Ordering and what comes of it as transcripts, in three languages: the basket, my orders, goods came, cancelled.

The transcripts are in `tests/transcripts`; `SOMITI_WRITE=1` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from conftest import BOTH
from conftest import TODAY
from handsets import Phone
from test_calls import RAHIMA

from gateway import demo
from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.transaction import transaction
from ledger import accounts
from ledger import agents
from ledger import audit
from ledger import catalogue
from ledger import deliveries
from ledger import listings
from ledger import members
from ledger import orders
from ledger import steps
from ledger import stock
from ledger.books import Origin
from ledger.catalogue import Item
from ledger.listings import Listing
from ledger.members import Member
from ledger.money import Money
from ledger.orders import Order
from locales import LANGUAGES
from locales import words
from locales.alphabet import octets
from menus.answers import CHOOSE
from menus.layout import ROOM

# What a key stands for: `_` is a blank inside an answer, `{order}` the number of her newest order; what begins with
# `!` is done by the hub meanwhile.
CALLS = [
    ("no order that could be had again", f"{RAHIMA} 1 1 !cancel-all 4 3 1"),
    ("nothing is on its way", f"{RAHIMA} 1 3 0"),
    ("five items typed at once", f"{RAHIMA} 1 1 2 101_3_102_2_103_1_104_5_105_2 98 1"),
    ("what she always takes", f"{RAHIMA} 1 1 3 1 98 1"),
    ("the last order again", f"{RAHIMA} 1 1 4 1"),
    ("more at the last look", f"{RAHIMA} 1 1 2 101 3 7 113x2,104x5 101x4 1"),
    ("more through the menu", f"{RAHIMA} 1 1 2 101 3 2 2 113 2 1"),
    ("codes among the items of a category", f"{RAHIMA} 1 1 1 2 116.2,143.1 1"),
    ("other pieces, and one left out", f"{RAHIMA} 1 1 2 101x3,102x2,104x1 2 5 1 102 4 2 5 2 104 1"),
    ("other pieces of the only item", f"{RAHIMA} 1 1 2 101 3 2 5 1 4 1"),
    ("codes and pieces that are none", f"{RAHIMA} 1 1 2 101,3,105 101x0 101x1000 soap_3 999x1 999"),
    ("more kinds than one order takes", f"{RAHIMA} 1 1 2 101x1,102x1,103x1,104x1,105x1,106x1,107x1,108x1,109x1,110x1 "
     "111x1 1 2 2 111 1 0 102x1,103x1,104x1,105x1,106x1,107x1,108x1,109x1,110x1,111x1,112x1"),
    ("out of stock and no longer sold", f"{RAHIMA} 1 1 2 !out:103 !unsold:106 103 103x2 106 106x1 0 1 1 98 98 103"),
    ("what of five can be had", f"{RAHIMA} 1 1 2 101x3,103x2,106x1,999x4,239x9 1 98 1"),
    ("the usual things, one of them gone", f"{RAHIMA} 1 1 3 98 103 1 1 0 0"),
    ("the last order, some of it gone", f"{RAHIMA} 1 1 4 0 4 1 1"),
    ("the price changes before she confirms", f"{RAHIMA} 1 1 2 101x3,104x5 !price:101:50 1 1 1"),
    ("all of it goes before she confirms", f"{RAHIMA} 1 1 2 238 2 !out:238 1 1 2 2 101x1 1"),
    ("fewer are left than she saw", f"{RAHIMA} 1 1 2 237 5 !left:237:3 1 1 1"),
    ("several items above the limit", f"{RAHIMA} 1 1 2 146x90,144x20 1 1 146 10 1"),
    ("nothing paid ahead", f"{RAHIMA} 1 1 2 101 3 2 5 3 2 1 1"),
    ("paid ahead, in part", f"{RAHIMA} 1 1 2 101 3 !prepay:100 2 5 3 2 102x2 1"),
    ("on credit after all", f"{RAHIMA} 1 1 2 101 1 !prepay:60 2 5 3 2 2 5 3 1 1"),
    ("paid ahead, and given back meanwhile", f"{RAHIMA} 1 1 2 101 1 2 5 3 2 !refund:60 1 1 3 1 1"),
    ("my orders, and one of them", f"{RAHIMA} 1 2 {{order}} 98 0 0"),
    ("cancelled from my orders", f"{RAHIMA} 1 2 {{order}} 2 1"),
    ("cancelled from the menu", f"{RAHIMA} 1 1 4 1 !again 1 4 {{order}} 1"),
    ("packed and dispatched while she cancels", f"{RAHIMA} 1 1 2 101#3#102#2# 1 !again "
     "1 4 {order} !pack !dispatch 1 0"),
    ("everything came", f"{RAHIMA} 1 3 4 0 1 1"),
    ("an order that came", f"{RAHIMA} 1 2 {{order}} 0"),
    ("what came is paid ahead in part", f"{RAHIMA} 1 1 2 101 3 !prepay:100 2 5 3 2 1 !dispatch !again 1 3 1 1"),
    ("paid ahead as the last time", f"{RAHIMA} !prepay:30 1 1 2 101 1 2 5 3 2 1"),
    ("three of five came, the carrier has the rest", f"{RAHIMA} 1 1 2 101x5,105x2 1 !dispatch !again "
     "1 3 2 101 9 many 2 1 1"),
    ("the order that came in part", f"{RAHIMA} 1 2 {{order}} 98 0"),
    ("some of it was not there", f"{RAHIMA} 1 1 2 101x5,105x2 1 !dispatch !again 1 3 2 101 2 3 105 2 2 1"),
    ("some broken, some not there, typed at once", f"{RAHIMA} 1 1 2 101x5,105x2,102x1 1 !dispatch !again "
     "1 3 2 101x2,105 101x6 999x1 101x2,105x1,102x1 98 4 999 101.102 98 1"),
    ("nothing of it was there", f"{RAHIMA} 1 1 2 101 5 1 !dispatch !again 1 3 2 101 5 2 1"),
    ("she takes nothing of it", f"{RAHIMA} 1 1 2 101 5 1 !dispatch !again 1 3 3 1"),
    ("two on their way", f"{RAHIMA} 1 1 2 101 1 1 !dispatch !again 1 1 2 102 1 1 !dispatch !again 1 3 {{order}} 1 1"),
    ("delivered by the hub while she looks", f"{RAHIMA} 1 3 1 !deliver 1"),
    ("what she ordered before is closed", f"{RAHIMA} 1 2 !close 0 2"),
    ("no order to cancel any more", f"{RAHIMA} 1 4 98 !cancel-all 0 0 4"),
]  # fmt: skip


class Hub:
    """What the hub does meanwhile, and what is said of it in the transcript."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.scene = runtime, demo.Scene(None, TODAY, runtime.peppers, random.Random(5), "hub")

    def does(self, what: str) -> str:
        """Take a step such as `dispatch` or `price:101:50`, in a transaction of its own."""
        verb, *words = what.split(":")
        with transaction(self.runtime) as self.db:
            rahima = members.by_code(self.db, "1001")
            assert rahima
            said = getattr(self, f"do_{verb.replace('-', '_')}")(rahima, *words)
        return f"! {said}"

    def origin(self) -> Origin:
        return replace(self.scene.origin(TODAY), actor="staff:test")

    def newest(self, agent: Member, *states: str) -> Order:
        return next(each for each in orders.recent(self.db, agent, 10) if not states or each.state in states)

    def item(self, agent: Member, code: str) -> Item:
        return catalogue.by_code(self.db, agent.programme, int(code), TODAY)

    def order(self) -> int:
        with self.runtime.database.reading(60) as self.db:
            rahima = members.by_code(self.db, "1001")
            assert rahima
            return self.newest(rahima).number

    def _step(self, agent: Member, verb: Callable[..., object], *states: str) -> str:
        order = self.newest(agent, *states)
        verb(self.db, order.hub, order.number, self.origin())
        return f"the hub: {verb.__name__} {order.number}"

    def do_pack(self, agent: Member) -> str:
        return self._step(agent, steps.pack)

    def do_dispatch(self, agent: Member) -> str:
        return self._step(agent, deliveries.dispatch)

    def do_close(self, agent: Member) -> str:
        return self._step(agent, steps.close, "delivered")

    def do_deliver(self, agent: Member) -> str:
        order = self.newest(agent, "dispatched")
        arrived = {line.item: line.quantity for line in orders.lines(self.db, order)}
        deliveries.deliver(self.db, order.hub, order.number, arrived, self.origin(), proof="code")
        return f"the hub: deliver {order.number}"

    def do_cancel_all(self, agent: Member) -> str:
        for order in orders.recent(self.db, agent, 100):
            if order.state in orders.OPEN:
                steps.cancel(self.db, order.hub, order.number, self.origin())
        return "the hub: cancel all"

    def do_out(self, agent: Member, code: str) -> str:
        return self.do_left(agent, code, "0")

    def do_left(self, agent: Member, code: str, pieces: str) -> str:
        item = self.item(agent, code).id
        gone = stock.free(self.db, agent.hub_book, [item])[item] - int(pieces)
        stock.lose(self.db, agent.hub_book, {item: gone}, "broken", self.origin())
        return f"the hub has {pieces} of {code}"

    def do_unsold(self, agent: Member, code: str) -> str:
        return self._revise(agent, code, active=False)

    def do_price(self, agent: Member, code: str, taka: str) -> str:
        return self._revise(agent, code, price=int(taka) * 100)

    def _revise(self, agent: Member, code: str, **different: object) -> str:
        known = listings.listing(self.db, agent.programme, TODAY).items[int(code)]
        changed = Listing({}, {}, {int(code): replace(known, **different)})
        origin = self.origin()
        listings.revise(self.db, agent.programme, changed, TODAY, origin.at)
        return f"the list: {code} {different}"

    def do_prepay(self, agent: Member, taka: str) -> str:
        agents.prepay(self.db, agent, Money(int(taka) * 100), self.origin())
        return f"she pays {taka} ahead"

    def do_refund(self, agent: Member, taka: str) -> str:
        agents.refund(self.db, agent, Money(int(taka) * 100), self.origin())
        return f"the hub gives {taka} back"


def played(hub: Hub, dial: Callable[[], Phone], name: str, keys: str) -> str:
    """One call as text, or several when she dials again: what was typed, what was shown, what the hub did."""
    caller = dial()
    lines = [f"== {name}", caller.dial()]
    for key in keys.split():
        if key == "!again":
            caller = dial()
            lines += ["-- she dials again", caller.dial(RAHIMA)]
        elif key.startswith("!"):
            lines.append(hub.does(key[1:]))
        else:
            assert not caller.ended, f"{name}: the call ended before {key}"
            typed = key.replace("_", " ").format(order=hub.order())
            lines += [f"> {typed}", caller.answer(typed)]
            assert octets(caller.shown) <= ROOM, caller.shown
    return "\n".join([*lines, "-- end" if caller.ended else "-- open", ""])


@pytest.mark.parametrize("language", LANGUAGES)
def test_calls(runtime: Runtime, language: str) -> None:
    with transaction(runtime) as db:
        rahima = members.by_code(db, "1001")
        assert rahima
        members.set_words(db, rahima.id, language=language, digits=LANGUAGES[language].digits)
    client, hub = create_app(runtime).test_client(), Hub(runtime)

    def dial() -> Phone:
        return Phone(client, runtime.settings, "+8801711000001", None)

    with time_machine.travel(f"{TODAY}T06:00:00+00:00", tick=False):
        text = "\n".join(played(hub, dial, name, keys) for name, keys in CALLS)
    kept = Path(__file__).parent / "transcripts" / f"orders.{language}.txt"
    if os.environ.get("SOMITI_WRITE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
    with runtime.database.reading(60) as db:
        assert [found for found in audit.check(db) if not isinstance(found, int)] == []
        shop = accounts.balance(db, rahima.shop, 2210)
        assert shop == accounts.balance(db, rahima.hub_book, orders.RECEIVABLE, rahima.id)


def test_what_the_carrier_took_back_is_the_hubs_again(runtime: Runtime) -> None:
    """Of two items that are missing she says of which: one is at the hub again, the other is lost."""
    client, hub = create_app(runtime).test_client(), Hub(runtime)

    def free(*codes: str) -> list[int]:
        with runtime.database.reading(60) as hub.db:
            agent = members.by_code(hub.db, "1001")
            assert agent
            items = [hub.item(agent, code).id for code in codes]
            left = stock.free(hub.db, agent.hub_book, items)
        return [left[item] for item in items]

    with time_machine.travel(f"{TODAY}T06:00:00+00:00", tick=False):
        before = free("101", "105")
        Phone(client, runtime.settings, "+8801711000001", None).dial(f"{RAHIMA} 1 1 2 101x5,105x2 1")
        hub.does("dispatch")
        caller = Phone(client, runtime.settings, "+8801711000001", None)
        caller.dial(f"{RAHIMA} 1 3 2 101x2,105x1 4 101 1")
        assert caller.screen == "came.done"
    assert free("101", "105") == [before[0] - 3, before[1] - 2]
    with runtime.database.reading(60) as db:
        assert [found for found in audit.check(db) if not isinstance(found, int)] == []


@BOTH
def test_two_order_the_last_one_at_once(runtime: Runtime) -> None:
    """Both have it on their last look: one gets it, the other is told, and can go on with nothing else."""
    client, hub = create_app(runtime).test_client(), Hub(runtime)
    with time_machine.travel(f"{TODAY}T06:00:00+00:00", tick=False):
        hub.does("left:239:1")
        rahima, other = (Phone(client, runtime.settings, f"+880171100000{last}", None) for last in (1, 4))
        rahima.dial(f"{RAHIMA} 1 1 2 239 1")
        other.dial(f"{demo.CROWD_PIN} 1 1 2 239 1")
        other.type("1")
        rahima.type("1")
        assert (other.screen, rahima.screen) == ("order.done", "order.notes")
        assert rahima.type("1").startswith(words("bn").say(CHOOSE))
    with runtime.database.reading(60) as db:
        agent = members.by_code(db, "1001")
        assert agent
        item = catalogue.by_code(db, agent.programme, 239, TODAY).id
        assert stock.free(db, agent.hub_book, [item]) == {item: 0}
        assert [found for found in audit.check(db) if not isinstance(found, int)] == []
