"""Whatever is ordered, delivered, returned and paid in whatever order: hub and agents agree, and no piece is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any

import pytest
from conftest import NIGHTLY
from hypothesis import HealthCheck
from hypothesis import event
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import initialize
from hypothesis.stateful import invariant
from hypothesis.stateful import precondition
from hypothesis.stateful import rule
from hypothesis.stateful import run_state_machine_as_test
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from sqlalchemy import Connection
from sqlalchemy import select

from ledger import accounts
from ledger import agents
from ledger import commissions
from ledger import deliveries
from ledger import journal
from ledger import orders
from ledger import reversals
from ledger import sales
from ledger import steps
from ledger import stock
from ledger.books import Book
from ledger.books import Entry
from ledger.books import account_table
from ledger.books import stock_table
from ledger.deliveries import Missing
from ledger.members import Member
from ledger.money import Money
from ledger.orders import HELD
from ledger.orders import OPEN
from ledger.orders import Pick

AGENTS = st.sampled_from(["rahima", "salma"])
ITEMS = st.sampled_from(["soap", "oil", "soap", "oil", "lamp"])
"""Most orders are of what there is enough of."""
SUMS = st.integers(1, 400_00)
PIECES = st.integers(1, 4)
BASKETS = st.dictionaries(ITEMS, PIECES, min_size=1)


@dataclass
class Ordered:
    """An order as the model knows it: pieces by item, and what of them arrived and was not returned."""

    agent: str
    pieces: dict[str, int]
    total: int
    prepaid: int
    state: str = "placed"
    arrived: Counter[str] = field(default_factory=Counter)


class Trade(RuleBasedStateMachine):
    """`owes` and `ahead` are what each agent owes and has paid ahead; `goods` are pieces by place and item."""

    db: Connection
    codes: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.undo = self.db.begin_nested()
        self.world = open_world(self.db, self.codes)
        self.hub = self.world.hub
        self.orders: dict[int, Ordered] = {}
        self.owes: Counter[str] = Counter()
        self.ahead: Counter[str] = Counter()
        self.goods: Counter[tuple[str, str]] = Counter({("hub", "soap"): 100, ("hub", "oil"): 20, ("hub", "lamp"): 1})
        journal.set_ceiling(self.db, self.world.origin(), self.hub, 4_000_00)
        for who in ("rahima", "salma"):
            agents.prepay(self.db, self.member(who), Money(300_00), self.world.origin())
            self.ahead[who] = 300_00

    def teardown(self) -> None:
        self.undo.rollback()

    def member(self, who: str) -> Member:
        member: Member = getattr(self.world, who)
        return member

    def item(self, name: str) -> int:
        number: int = getattr(self.world, name).id
        return number

    def price(self, name: str) -> int:
        minor: int = getattr(self.world, name).price.minor
        return minor

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Do it as a call does: what it gave, or None when it was refused and left no trace."""
        before, given = everything(self.db), []
        said = refusal(self.db, lambda: given.append(act()))
        event(said.partition(" ")[0])
        if said != "done":
            assert everything(self.db) == before
        return given[0] if given else None

    def chosen(self, data: st.DataObject, *states: str) -> tuple[int, Ordered]:
        """An order in one of these states."""
        known = [number for number, order in self.orders.items() if order.state in states]
        number = data.draw(st.sampled_from(known))
        return number, self.orders[number]

    @initialize(some=st.lists(st.tuples(AGENTS, BASKETS, st.integers(0, 2)), min_size=2, max_size=3))
    def some_orders_are_on_their_way(self, some: list[tuple[str, dict[str, int], int]]) -> None:
        for who, wanted, part in some:
            self.order(who, wanted, part, send=True)

    @rule(who=AGENTS, wanted=BASKETS, part=st.integers(0, 2), send=st.booleans())
    def order(self, who: str, wanted: dict[str, int], part: int, send: bool) -> None:
        basket = [
            Pick(self.item(name), pieces, getattr(self.world, name).price.minor) for name, pieces in wanted.items()
        ]
        total = sum(pick.sum for pick in basket)
        prepaid = min(total, orders.deposit_left(self.db, self.hub, self.member(who).id).minor) * part // 2
        placed = self.attempt(
            lambda: orders.place(
                self.db, self.member(who), basket, self.world.origin(), prepaid=Money(prepaid) if part else None
            )
        )
        if placed:
            self.orders[placed.number] = Ordered(who, wanted, total, prepaid)
            if send:
                assert self.take(placed.number, "dispatch")

    def take(self, number: int, verb: str) -> bool:
        """Take a step of an order; whether it was taken."""
        order = self.orders[number]
        after = {"accept": "accepted", "pack": "packed", "cancel": "cancelled", "close": "closed"}
        act = deliveries.dispatch if verb == "dispatch" else getattr(steps, verb)
        done = self.attempt(lambda: act(self.db, self.hub, number, self.world.origin()))
        state = after.get(verb, "dispatched")
        assert bool(done) == (order.state in steps.AFTER[state])
        if done:
            order.state = state
            for name, pieces in order.pieces.items():
                self.goods["hub", name] -= pieces if verb == "dispatch" else 0
        return bool(done)

    @precondition(lambda self: any(order.state in (*OPEN, "delivered") for order in self.orders.values()))
    @rule(data=st.data(), verb=st.sampled_from(["dispatch", "accept", "pack", "cancel", "close"]))
    def step(self, data: st.DataObject, verb: str) -> None:
        self.take(self.chosen(data, *OPEN, "delivered")[0], verb)

    @precondition(lambda self: any(order.state == "dispatched" for order in self.orders.values()))
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        number, order = self.chosen(data, "dispatched")
        arrived = {name: pieces - data.draw(st.integers(0, pieces)) for name, pieces in order.pieces.items()}
        gone = {name: order.pieces[name] - some for name, some in arrived.items()}
        back = {name: data.draw(st.integers(0, some)) for name, some in gone.items()}
        missing = [Missing(self.item(name), some, "back") for name, some in back.items() if some]
        missing += [
            Missing(self.item(name), gone[name] - back[name], "lost") for name in gone if gone[name] > back[name]
        ]
        here = {self.item(name): some for name, some in arrived.items()}
        done = self.attempt(
            lambda: deliveries.deliver(self.db, self.hub, number, here, self.world.origin(), missing=missing)
        )
        assert bool(done) == any(arrived.values())
        if not done:
            self.refuse(number)
        else:
            sold = sum(some * self.price(name) for name, some in arrived.items())
            paid = min(sold, order.prepaid)
            self.ahead[order.agent] -= paid
            self.owes[order.agent] += sold - paid
            order.state, order.arrived = "delivered", Counter(arrived)
            for name in order.pieces:
                self.goods["hub", name] += back[name]
                self.goods[order.agent, name] += arrived[name]

    def refuse(self, number: int) -> None:
        assert self.attempt(lambda: deliveries.refuse(self.db, self.hub, number, self.world.origin()))
        self.orders[number].state = "refused"
        for name, pieces in self.orders[number].pieces.items():
            self.goods["hub", name] += pieces

    @precondition(lambda self: self.served())
    @rule(data=st.data(), undo=st.booleans())
    def take_back(self, data: st.DataObject, undo: bool) -> None:
        number, order = self.chosen(data, "delivered", "closed")
        pieces = {name: some - data.draw(st.integers(0, some)) for name, some in order.arrived.items()}
        wanted = {self.item(name): some for name, some in pieces.items() if some}
        if not wanted:
            return
        done = self.attempt(lambda: deliveries.take_back(self.db, self.hub, number, wanted, self.world.origin()))
        here = all(self.goods[order.agent, name] >= some for name, some in pieces.items())
        assert bool(done) == (here and order.state == "delivered")
        if done and not (undo and self.reversed(done)):
            for name, some in pieces.items():
                order.arrived[name] -= some
                self.goods["hub", name] += some
                self.goods[order.agent, name] -= some
            price = sum(some * self.price(name) for name, some in pieces.items())
            self.settle(order.agent, price)

    def reversed(self, entry: Entry) -> bool:
        """Whether an entry could be undone at once."""
        origin = replace(self.world.origin(), actor="1009")
        return bool(self.attempt(lambda: reversals.reverse(self.db, entry.book, entry.number, "wrong", origin)))

    def settle(self, who: str, amount: int) -> None:
        """What comes in clears what she owes, the rest is paid ahead; commission taken back shows in the books."""
        member = self.member(who)
        before = self.owes[who] - self.ahead[who]
        self.owes[who] = self.balance(self.hub, 1220, member.id)
        self.ahead[who] = self.balance(self.hub, 2130, member.id)
        back = self.owes[who] - self.ahead[who] - (before - amount)
        assert 0 <= back <= amount

    @rule(who=AGENTS, amount=SUMS, verb=st.sampled_from(["pay", "prepay", "refund"]), undo=st.booleans())
    def money(self, who: str, amount: int, verb: str, undo: bool) -> None:
        act = getattr(agents, verb)
        done = self.attempt(lambda: act(self.db, self.member(who), Money(amount), self.world.origin()))
        if done and not (undo and self.reversed(done)):
            owed = min(amount, self.owes[who]) if verb == "pay" else 0
            self.owes[who] -= owed
            self.ahead[who] += -amount if verb == "refund" else amount - owed

    @precondition(lambda self: self.served())
    @rule(data=st.data(), amount=st.integers(1, 50_00))
    def commission(self, data: st.DataObject, amount: int) -> None:
        number, order = self.chosen(data, "delivered", "closed")
        earned = {"earn": {"order": number}, "pay": {}, "set_off": {}}
        verb = data.draw(st.sampled_from(sorted(earned)))
        act, agent = getattr(commissions, verb), self.member(order.agent)
        if self.attempt(lambda: act(self.db, agent, Money(amount), self.world.origin(), **earned[verb])):
            self.owes[order.agent] -= amount if verb == "set_off" else 0

    def served(self) -> bool:
        return any(order.state in ("delivered", "closed") for order in self.orders.values())

    @rule(who=AGENTS, name=ITEMS, pieces=PIECES, how=st.sampled_from(["sell", "use", "lose", "lose at the hub"]))
    def out(self, who: str, name: str, pieces: int, how: str) -> None:
        agent, goods = self.member(who), {self.item(name): pieces}
        acts: dict[str, Callable[[], Entry]] = {
            "sell": lambda: sales.record(self.db, agent, [Pick(self.item(name), pieces, 50_00)], self.world.origin()),
            "use": lambda: stock.own_use(self.db, agent, goods, self.world.origin()),
            "lose": lambda: stock.lose(self.db, agent.shop, goods, "", self.world.origin()),
            "lose at the hub": lambda: stock.lose(self.db, self.hub, goods, "", self.world.origin()),
        }
        place = "hub" if how == "lose at the hub" else who
        has = self.goods[place, name] - (self.reserved(name) if place == "hub" else 0)
        done = self.attempt(acts[how])
        assert bool(done) == (pieces <= has)
        if done:
            self.goods[place, name] -= pieces

    def reserved(self, name: str) -> int:
        return sum(order.pieces.get(name, 0) for order in self.orders.values() if order.state in OPEN)

    def balance(self, book: Book, code: int, party: int = 0) -> int:
        return accounts.balance(self.db, book, code, party).minor

    @invariant()
    def hub_and_agents_agree(self) -> None:
        for who in ("rahima", "salma"):
            member = self.member(who)
            at_hub = [self.balance(self.hub, code, member.id) for code in (1220, 2130)]
            in_shop = [self.balance(member.shop, code) for code in (2210, 1340)]
            assert at_hub == in_shop == [self.owes[who], self.ahead[who]]

    @invariant()
    def no_piece_is_lost(self) -> None:
        names = {self.item(name): name for name in ("soap", "oil", "lamp")}
        places = {self.hub.id: "hub"} | {self.member(who).shop.id: who for who in ("rahima", "salma")}
        rows = self.db.execute(select(stock_table)).all()
        has = {(places[row.book], names[row.item]): row.quantity for row in rows if row.quantity}
        assert has == {key: pieces for key, pieces in self.goods.items() if pieces}
        set_aside = {names[row.item]: row.reserved for row in rows if row.reserved}
        assert set_aside == {name: self.reserved(name) for name in names.values() if self.reserved(name)}

    @invariant()
    def what_is_held_is_what_open_orders_owe(self) -> None:
        held: Counter[int] = Counter()
        for order in self.orders.values():
            held[self.member(order.agent).id] += order.total - order.prepaid if order.state in HELD else 0
        rows = self.db.execute(select(account_table).where(account_table.c.pending != 0)).all()
        assert {(row.code, row.party): row.pending for row in rows} == {
            (1220, agent): amount for agent, amount in held.items() if amount
        }

    @invariant()
    def the_books_are_sound(self) -> None:
        assert findings(self.db) == []


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)], indirect=True)
def test_whatever_is_traded_hub_and_agents_agree(db: Connection, codes: Callable[[], str]) -> None:
    machine = type("Trade", (Trade,), {"db": db, "codes": staticmethod(codes)})
    size = (
        {"max_examples": 60, "stateful_step_count": 30} if NIGHTLY else {"max_examples": 40, "stateful_step_count": 15}
    )
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(machine, settings=settings(deadline=None, suppress_health_check=slow, **size))
