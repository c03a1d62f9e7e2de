"""Trade as a script: one step a line, what was said to it or what was read behind two blanks.

    order 5 soap                    1
    dispatch 1
    deliver 1 3 soap, 2 soap back
    shop 1320 2210                  144.00 144.00
    deliver 1 5 soap                order-state state=delivered

Orders are numbered from 1 as they were placed. Rahima does it all, at the world's hub; a line beginning with `salma`
is hers. A step that is done says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ledger_world import DAY
from ledger_world import World
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection

from ledger import accounts
from ledger import agents
from ledger import commissions
from ledger import deliveries
from ledger import orders
from ledger import reversals
from ledger import sales
from ledger import steps
from ledger import stock
from ledger import suppliers
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Move
from ledger.catalogue import Item
from ledger.deliveries import Missing
from ledger.money import Money
from ledger.orders import Order
from ledger.suppliers import Received


def short(amount: Money) -> str:
    """A sum without its currency."""
    return str(amount).removeprefix("BDT ")


class Trade:
    """Runs scripts on a world; `numbers` are the orders placed, in order."""

    def __init__(self, db: Connection, world: World) -> None:
        self.db, self.world, self.agent = db, world, world.rahima
        self.numbers: list[int] = []
        self.last: Entry | None = None
        self.paid: Entry | None = None

    def run(self, script: str) -> None:
        """Take every step, and compare what was said."""
        lines = [line.strip() for line in script.strip().splitlines() if line.strip()]
        wanted = [tuple(part.strip() for part in (line + "  ").split("  ", 1)) for line in lines]
        for did, expected in wanted:
            said = self.step(did)
            assert said == expected, f"{did}: {said or 'done'} instead of {expected or 'done'}"

    def step(self, did: str) -> str:
        """Take one step; what was said."""
        verb, *words = did.split()
        self.agent = self.world.rahima
        if verb == "salma":
            self.agent, verb, words = self.world.salma, words[0], words[1:]
        said: list[str] = []

        def act() -> None:
            said.append(getattr(self, f"do_{verb.replace('-', '_')}")(*words) or "")

        answer = refusal(self.db, act)
        return said[0] if answer == "done" else answer

    def order(self, number: str) -> Order:
        """An order by its number in the script."""
        return orders.get(self.db, self.world.hub, self.numbers[int(number) - 1])

    def goods(self, words: tuple[str, ...]) -> dict[int, int]:
        """`3 soap, 1 oil` as pieces by item."""
        parts = [part.split() for part in " ".join(words).split(",") if part.strip()]
        return {self.item(part[1]).id: int(part[0]) for part in parts}

    def item(self, name: str) -> Item:
        item: Item = getattr(self.world, name)
        return item

    def mill(self) -> int:
        """The only supplier there is."""
        return suppliers.standings(self.db, self.world.hub)[0].supplier

    def missing(self, parts: list[list[str]]) -> list[Missing]:
        known = {"back": ("back", 0), "lost": ("lost", 0), "claimed": ("claimed", self.mill())}
        return [Missing(self.item(name).id, int(pieces), *known[how]) for pieces, name, how in parts]

    # What can be done.

    def do_order(self, *words: str) -> str:
        wanted, _, prepaid = " ".join(words).partition(" prepaid ")
        order = orders.place(
            self.db, self.agent, self.world.basket(wanted), self.world.origin(),
            prepaid=taka(float(prepaid)) if prepaid else None,
        )  # fmt: skip
        self.numbers.append(order.number)
        return str(len(self.numbers))

    def _step(self, verb: Callable[..., Entry], number: str) -> None:
        order = self.order(number)
        self.last = verb(self.db, order.hub, order.number, self.world.origin())

    def do_accept(self, number: str) -> None:
        self._step(steps.accept, number)

    def do_pack(self, number: str) -> None:
        self._step(steps.pack, number)

    def do_close(self, number: str) -> None:
        self._step(steps.close, number)

    def do_cancel(self, number: str) -> None:
        self._step(steps.cancel, number)

    def do_dispatch(self, number: str) -> None:
        self._step(deliveries.dispatch, number)

    def do_deliver(self, number: str, *words: str) -> None:
        """`deliver 1 3 soap, 1 soap back, 1 soap lost`; alone: all of it."""
        order = self.order(number)
        parts = [part.split() for part in " ".join(words).split(",") if part.strip()]
        arrived = {self.item(part[1]).id: int(part[0]) for part in parts if len(part) == 2}
        if not parts:
            arrived = {line.item: line.quantity for line in orders.lines(self.db, order)}
        missing = self.missing([part for part in parts if len(part) == 3])
        self.last = deliveries.deliver(self.db, order.hub, order.number, arrived, self.world.origin(), missing=missing)

    def do_refuse(self, number: str, *words: str) -> None:
        order = self.order(number)
        missing = self.missing([part.split() for part in " ".join(words).split(",") if part.strip()])
        self.last = deliveries.refuse(self.db, order.hub, order.number, self.world.origin(), missing=missing)

    def do_return(self, number: str, *words: str) -> None:
        order = self.order(number)
        self.last = deliveries.take_back(self.db, order.hub, order.number, self.goods(words), self.world.origin())

    def do_pay(self, amount: str) -> None:
        self.last = self.paid = agents.pay(self.db, self.agent, taka(float(amount)), self.world.origin())

    def do_prepay(self, amount: str) -> None:
        self.last = agents.prepay(self.db, self.agent, taka(float(amount)), self.world.origin())

    def do_refund(self, amount: str) -> None:
        self.last = agents.refund(self.db, self.agent, taka(float(amount)), self.world.origin())

    def do_earn(self, amount: str, number: str = "") -> None:
        order = self.order(number).number if number else 0
        self.last = commissions.earn(self.db, self.agent, taka(float(amount)), self.world.origin(), order=order)

    def do_pay_out(self, amount: str) -> None:
        self.last = commissions.pay(self.db, self.agent, taka(float(amount)), self.world.origin())

    def do_set_off(self, amount: str) -> None:
        self.last = commissions.set_off(self.db, self.agent, taka(float(amount)), self.world.origin())

    def do_get(self, pieces: str, name: str, _for: str, cost: str, _and: str = "", less: str = "0", *_: str) -> None:
        """The mill brings goods: `get 3 soap for 150`, `get 3 soap for 200 and 1 short`."""
        goods = [Received(self.item(name).id, int(pieces), taka(float(cost)).minor, int(less))]
        self.last = suppliers.goods_in(self.db, self.world.hub, self.mill(), goods, self.world.origin())

    def do_lose(self, *words: str) -> None:
        """The hub loses goods."""
        self.last = stock.lose(self.db, self.world.hub, self.goods(words), "wet", self.world.origin())

    def do_buy(self, pieces: str, name: str, _for: str, cost: str) -> None:
        """She buys goods elsewhere."""
        goods = [Move(self.item(name).id, int(pieces), taka(float(cost)).minor)]
        self.last = stock.buy_elsewhere(self.db, self.agent, goods, self.world.origin())

    def do_sell(self, *words: str) -> None:
        """`sell 2 soap @ 50`, in cash; `sell 2 soap @ 50 to 1`, on credit; `sell 2 soap @ 50 to 1 paid 20`."""
        wanted, _, rest = " ".join(words).partition(" to ")
        customer, _, paid = rest.partition(" paid ")
        self.last = sales.record(
            self.db, self.agent, self.world.basket(wanted), self.world.origin(),
            customer=int(customer or 0), paid=taka(float(paid)) if paid else None,
        )  # fmt: skip

    def do_use(self, *words: str) -> None:
        self.last = stock.own_use(self.db, self.agent, self.goods(words), self.world.origin())

    def do_reverse(self) -> None:
        """Undo the last step, by somebody else."""
        self._undo(self.last)

    def do_undo(self, _pay: str) -> None:
        """Undo the last payment."""
        self._undo(self.paid)

    def _undo(self, entry: Entry | None) -> None:
        assert entry
        reversals.reverse(self.db, entry.book, entry.number, "wrong", replace(self.world.origin(), actor="1009"))

    # What can be read.

    def do_state(self, number: str) -> str:
        return self.order(number).state

    def do_free(self, *names: str) -> str:
        left = stock.free(self.db, self.world.hub, [self.item(name).id for name in names])
        return " ".join(str(left.get(self.item(name).id, 0)) for name in names)

    def do_has(self, *names: str) -> str:
        """Pieces in her shop."""
        has = {each.item.id: each.quantity for each in stock.on_hand(self.db, self.agent.shop, DAY)}
        return " ".join(str(has.get(self.item(name).id, 0)) for name in names)

    def do_credit(self) -> str:
        return short(orders.credit_left(self.db, self.agent))

    def do_held(self, number: str) -> str:
        order = self.order(number)
        return short(Money(accounts.held(self.db, order.hub, order.number)))

    def do_deposit(self) -> str:
        return short(orders.deposit_left(self.db, self.world.hub, self.agent.id))

    def do_hub(self, *codes: str) -> str:
        return self._balances(self.world.hub, codes)

    def do_shop(self, *codes: str) -> str:
        return self._balances(self.agent.shop, codes)

    def _balances(self, book: Book, codes: tuple[str, ...]) -> str:
        party = {"1220": self.agent.id, "2130": self.agent.id, "2120": self.agent.id}
        party |= dict.fromkeys(("1240", "2110"), self.mill())
        found = (accounts.balance(self.db, book, int(code), party.get(code, 0)) for code in codes)
        return " ".join(short(each) for each in found)
