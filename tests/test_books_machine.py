"""Whatever is done in whatever order, the books stay sound and agree with a model of plain integers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from conftest import NIGHTLY
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import invariant
from hypothesis.stateful import precondition
from hypothesis.stateful import rule
from hypothesis.stateful import run_state_machine_as_test
from ledger_world import DAY
from ledger_world import LIMIT
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from sqlalchemy import Connection
from sqlalchemy import func
from sqlalchemy import select

from ledger import collection
from ledger import facts
from ledger import groups
from ledger import journal
from ledger import loans
from ledger import orders
from ledger import repayments
from ledger import reversals
from ledger import sales
from ledger import savings
from ledger import treasury
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import entry_table
from ledger.chart import CHART
from ledger.chart import natural
from ledger.errors import Conflict
from ledger.errors import LedgerError
from ledger.groups import Rules
from ledger.members import Member
from ledger.money import Money
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.schedules import schedule

SUMS = st.integers(1, 900_00)
PIECES = st.integers(1, 4)
WOMEN = st.sampled_from(["rahima", "salma", "ayesha"])
AGENTS = st.sampled_from(["rahima", "salma"])
ITEMS = st.sampled_from(["soap", "oil", "lamp"])
CUSTOMERS = st.integers(0, 2)
METHODS = st.sampled_from(["declining-equal-instalment", "flat"])
PLACES = {"cash": 1010, "bank": 1020, "wallet": 1030}
FINE, INTEREST, PRINCIPAL = 0, 1, 2
SAVING = 50_00
"""What the rules of the group say that a member saves at a meeting."""

Sums = dict[str, int]


@dataclass
class Model:
    """What the books should hold: sums by account from its normal side, what is left of each loan, goods.

    `loans` has [fine, interest, principal] still to be paid by loan and instalment; `goods` [pieces, value].
    """

    posted: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    loans: dict[int, list[list[int]]] = field(default_factory=dict)
    goods: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    reserved: Counter[str] = field(default_factory=Counter)


@dataclass
class Done:
    """Something that was done: how to do it again, what it moved, which loan or goods it touched, what those were."""

    origin: Origin
    act: Callable[[Origin], Any]
    entry: Entry
    sums: Sums
    touched: dict[Any, Any]
    undoable: bool
    undone: bool = False


class Programme(RuleBasedStateMachine):
    db: Connection
    codes: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.before_all = self.db.begin_nested()
        self.world = open_world(self.db, self.codes)
        self.group, self.hub = self.world.rahima.group_book, self.world.hub.id
        self.model = Model(Counter({f"{self.hub} {code}": 7400_00 for code in (1210, 3030)}))
        self.model.goods = {
            (self.hub, "soap"): [100, 4200_00],
            (self.hub, "oil"): [20, 2600_00],
            (self.hub, "lamp"): [1, 600_00],
        }
        groups.set_rules(self.db, self.world.group, Rules(saving=SAVING, rest="loan"), "BDT", self.world.origin())
        self.borrowers: dict[int, Member] = {}
        self.orders: dict[int, tuple[str, str, int, int]] = {}
        self.done: list[Done] = []
        for agent in (self.world.rahima, self.world.salma):
            self.world.stock(self.db, agent.shop, (self.world.soap, 10, 480_00), (self.world.oil, 3, 100_00))
            self.model.posted.update({f"{agent.shop.id} {code}": 580_00 for code in (1320, 3310)})
            self.model.goods |= {(agent.shop.id, "soap"): [10, 480_00], (agent.shop.id, "oil"): [3, 100_00]}
            for number in (1, 2):
                sales.name_customer(self.db, agent, number, "")

    def teardown(self) -> None:
        self.before_all.rollback()

    def attempt(
        self,
        expected: str,
        act: Callable[[Origin], Any],
        sums: Sums,
        book: Book | None = None,
        touched: dict[Any, Any] | None = None,
        *,
        undoable: bool = True,
    ) -> Any:
        """Do it as a call does: it is refused as the model says and leaves no trace, or moves these sums."""
        origin, book = self.world.origin(), book or self.group
        if expected != "done":
            self.refused(expected, lambda: act(origin))
            return None
        result = act(origin)
        self.model.posted.update({f"{book.id} {name}": change for name, change in sums.items()})
        self.done.append(Done(origin, act, self.newest(book), sums, deepcopy(touched or {}), undoable))
        return result

    def refused(self, expected: str, act: Callable[[], Any]) -> None:
        before = everything(self.db)
        with pytest.raises(LedgerError, match=expected), facts.attempt(self.db):
            act()
        assert everything(self.db) == before

    def newest(self, book: Book) -> Entry:
        number = self.db.execute(
            select(func.max(entry_table.c.number)).where(entry_table.c.book == book.id)
        ).scalar_one()
        return Entry(book.id, number, "")

    def has(self, name: str, book: Book | None = None) -> int:
        """What an account holds, less what is held on it (no limit is held on in a group)."""
        account = f"{(book or self.group).id} {name}"
        return self.model.posted[account] - (0 if "1220" in name else self.model.held[account])

    # The group.

    @rule(who=WOMEN, amount=SUMS, kind=st.sampled_from(sorted(savings.KINDS)), place=st.sampled_from(sorted(PLACES)))
    def save(self, who: str, amount: int, kind: str, place: str) -> None:
        member = getattr(self.world, who)
        sums = {f"{PLACES[place]}": amount, f"{savings.KINDS[kind]}.{member.id}": amount}
        saving = partial(savings.deposit, self.db, member, Money(amount), kind=kind, money=place)
        self.attempt("done", lambda origin: saving(origin=origin), sums)

    @rule(who=WOMEN, amount=SUMS)
    def bring(self, who: str, amount: int) -> None:
        """A sum shared out by the rules: compulsory savings first, then her loans, the oldest first, then voluntary."""
        member, rest = getattr(self.world, who), max(0, amount - SAVING)
        hers = [loan for loan, whose in self.borrowers.items() if whose == member and loan in self.model.loans]
        after = {loan: deepcopy(self.model.loans[loan]) for loan in hers}
        sums = {"1010": amount, f"2010.{member.id}": min(amount, SAVING), f"1120.{member.id}": 0, "4010": 0}
        touched = {}
        for loan, rows in sorted(after.items()):
            paid = [0, 0, 0]
            for row in rows:
                for part, due in enumerate(row):
                    now = min(due, rest)
                    row[part] -= now
                    paid[part] += now
                    rest -= now
            if any(paid):
                touched[loan] = self.model.loans[loan]
                sums[f"1100.{loan}"] = -paid[PRINCIPAL]
                sums[f"1120.{member.id}"] -= paid[FINE]
                sums["4010"] += paid[INTEREST]
        sums[f"2020.{member.id}"] = rest
        taking = partial(collection.take, self.db, member, Money(amount), money="cash")
        self.attempt("done", lambda origin: taking(origin=origin), sums, touched=touched)
        self.model.loans |= after

    @rule(way=st.permutations(sorted(PLACES)), amount=SUMS)
    def move_money(self, way: list[str], amount: int) -> None:
        source, target, _ = way
        said = "account-short" if amount > self.has(f"{PLACES[source]}") else "done"
        act = partial(treasury.move, self.db, self.group, Money(amount), source, target)
        sums = {f"{PLACES[source]}": -amount, f"{PLACES[target]}": amount}
        self.attempt(said, lambda origin: act(origin=origin), sums)

    @rule(who=WOMEN, amount=SUMS, count=st.integers(1, 5), method=METHODS)
    def lend(self, who: str, amount: int, count: int, method: str) -> None:
        member = getattr(self.world, who)
        terms = Terms(amount + 100, Fraction(2, 100), count, Every(1, "month"), method, DAY)
        said = "account-short" if self.has("1010") < terms.principal else "done"
        loan = self.attempt(
            said, lambda origin: loans.disburse(self.db, member, terms, origin), {"1010": -terms.principal}
        )
        if loan:
            self.opened(loan.id, member, terms, f"1100.{loan.id}")

    def opened(self, loan: int, member: Member, terms: Terms, account: str) -> None:
        """A loan that the last thing done opened."""
        done = self.done[-1]
        done.sums[account] = terms.principal
        done.touched[loan] = []
        self.model.posted[f"{self.group.id} {account}"] += terms.principal
        self.model.loans[loan] = [[0, each.interest, each.principal] for each in schedule(terms)]
        self.borrowers[loan] = member

    def a_loan(self, data: st.DataObject) -> tuple[int, Member, list[list[int]]]:
        loan = data.draw(st.sampled_from(sorted(self.model.loans)))
        return loan, self.borrowers[loan], self.model.loans[loan]

    @precondition(lambda self: self.model.loans)
    @rule(data=st.data(), amount=SUMS, fine=st.integers(0, 20_00))
    def repay(self, data: st.DataObject, amount: int, fine: int) -> None:
        loan, member, rows = self.a_loan(data)
        after, paid, rest = deepcopy(rows), [0, 0, 0], amount
        for row in after:
            for part, due in enumerate(row):
                now = min(due, rest)
                row[part] -= now
                paid[part] += now
                rest -= now
        sums = {
            "1010": amount + fine,
            "4020": fine,
            f"1120.{member.id}": -paid[FINE],
            "4010": paid[INTEREST],
            f"1100.{loan}": -paid[PRINCIPAL],
            f"2070.{member.id}": rest,
        }
        repaying = partial(repayments.repay, self.db, member, loan, Money(amount + fine), fine=Money(fine))
        # What is paid on a closed loan is overpaid: it touches no instalment.
        touched = {loan: rows} if any(paid) else {}
        self.attempt("done", lambda origin: repaying(origin=origin), sums, touched=touched)
        self.model.loans[loan] = after

    @precondition(lambda self: self.model.loans)
    @rule(data=st.data())
    def close_early(self, data: st.DataObject) -> None:
        loan, member, rows = self.a_loan(data)
        said = "done" if any(map(sum, rows)) else "loan-closed"
        # Everything is done on the day of disbursement: the first period has begun, the later interest is forgiven.
        sums = self.closing(loan, member, rows)
        sums["1010"] = sum(rows[0]) + sum(row[FINE] + row[PRINCIPAL] for row in rows[1:])
        self.attempt(
            said, lambda origin: repayments.close_early(self.db, member, loan, origin), sums, touched={loan: rows}
        )
        self.model.loans[loan] = [[0, 0, 0] for _ in rows]

    def closing(self, loan: int, member: Member, rows: list[list[int]]) -> Sums:
        return {
            f"1120.{member.id}": -sum(row[FINE] for row in rows),
            "4010": rows[0][INTEREST],
            f"1100.{loan}": -sum(row[PRINCIPAL] for row in rows),
        }

    @precondition(lambda self: self.model.loans)
    @rule(data=st.data(), amount=SUMS)
    def reschedule(self, data: st.DataObject, amount: int) -> None:
        loan, member, rows = self.a_loan(data)
        terms = Terms(amount + 100, Fraction(2, 100), 3, Every(1, "month"), "flat", DAY)
        sums = self.closing(loan, member, rows)
        settled = rows[0][INTEREST] + sum(row[FINE] + row[PRINCIPAL] for row in rows)
        sums["1010"] = settled - terms.principal
        said = "done" if any(map(sum, rows)) else "loan-closed"
        if said == "done" and settled > terms.principal:
            said = "loan-too-small"
        elif said == "done" and self.has("1010") < terms.principal - settled:
            said = "account-short"
        act = partial(repayments.reschedule, self.db, member, loan, terms)
        new = self.attempt(said, lambda origin: act(origin=origin), sums, touched={loan: rows})
        if new:
            self.opened(new.id, member, terms, f"1100.{new.id}")
            self.model.loans[loan] = [[0, 0, 0] for _ in rows]

    @precondition(lambda self: self.model.loans)
    @rule(data=st.data())
    def write_off(self, data: st.DataObject) -> None:
        loan, member, rows = self.a_loan(data)
        said = "done" if any(map(sum, rows)) else "loan-closed"
        principal, fine = (sum(row[part] for row in rows) for part in (PRINCIPAL, FINE))
        sums = {"5040": principal, f"1100.{loan}": -principal, "4020": -fine, f"1120.{member.id}": -fine}
        act = partial(repayments.write_off, self.db, member, loan, "gone")
        self.attempt(said, lambda origin: act(origin=origin), sums, touched={loan: rows})
        self.model.loans[loan] = [[0, 0, 0] for _ in rows]

    @precondition(lambda self: self.model.loans)
    @rule(data=st.data(), amount=SUMS)
    def forgive(self, data: st.DataObject, amount: int) -> None:
        loan, member, rows = self.a_loan(data)
        after, rest = deepcopy(rows), amount
        for row in after:
            now = min(row[INTEREST], rest)
            row[INTEREST] -= now
            rest -= now
        act = partial(repayments.waive, self.db, member, loan, "flood", interest=Money(amount))
        self.attempt("owes-less" if rest else "done", lambda origin: act(origin=origin), {}, touched={loan: rows})
        if not rest:
            self.model.loans[loan] = after

    # The hub and the shops.

    @rule(who=AGENTS, name=ITEMS, pieces=PIECES)
    def order(self, who: str, name: str, pieces: int) -> None:
        agent, basket = getattr(self.world, who), self.world.basket(f"{pieces} {name}")
        owes = f"{self.hub} 1220.{agent.id}"
        said = "done"
        if self.model.posted[owes] + self.model.held[owes] + basket[0].sum > LIMIT:
            said = "credit-limit"
        elif pieces > self.model.goods[self.hub, name][0] - self.model.reserved[name]:
            said = "stock-left"
        act = partial(orders.place, self.db, agent, basket)
        order = self.attempt(said, lambda origin: act(origin=origin), {}, self.world.hub, undoable=False)
        if order:
            self.model.held[owes] += basket[0].sum
            self.model.reserved[name] += pieces
            self.orders[order.number] = (who, name, pieces, basket[0].sum)

    @rule(who=AGENTS, name=ITEMS, pieces=PIECES, price=st.integers(0, 200), customer=CUSTOMERS)
    def sell(self, who: str, name: str, pieces: int, price: int, customer: int) -> None:
        agent, basket = getattr(self.world, who), self.world.basket(f"{pieces} {name} @ {price}")
        key = (agent.shop.id, name)
        goods = self.model.goods.get(key, [0, 0])
        said = "not-on-hand" if pieces > goods[0] else "done"
        cost = round(Fraction(goods[1] * pieces, goods[0])) if said == "done" else 0
        due = f"1330.{customer}" if customer else "1310"
        sums = {due: basket[0].sum, "4210": basket[0].sum, "1320": -cost, "5210": cost}
        sale = partial(sales.record, self.db, agent, basket, customer=customer)
        self.attempt(said, lambda origin: sale(origin=origin), sums, agent.shop, {key: goods})
        if said == "done":
            self.model.goods[key] = [goods[0] - pieces, goods[1] - cost]

    @rule(who=AGENTS, customer=st.integers(1, 2), amount=SUMS)
    def collect(self, who: str, customer: int, amount: int) -> None:
        agent = getattr(self.world, who)
        said = "owes-less" if amount > self.has(f"1330.{customer}", agent.shop) else "done"
        sums = {f"1330.{customer}": -amount, "1310": amount}
        act = partial(sales.collect, self.db, agent, customer, Money(amount))
        self.attempt(said, lambda origin: act(origin=origin), sums, agent.shop)

    # What may happen to anything that was done.

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        done = data.draw(st.sampled_from(self.done))
        before = everything(self.db)
        done.act(done.origin)
        with pytest.raises(Conflict):
            journal.begin(self.db, done.origin, "something else")
        assert everything(self.db) == before

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.done) - 1))
        done = self.done[place]
        origin = replace(self.world.origin(), actor="1002")
        act = partial(reversals.reverse, self.db, done.entry.book, done.entry.number, "slip", origin)
        if expected := self.why_not(place):
            self.refused(expected, act)
            return
        act()
        done.undone = True
        for name, change in done.sums.items():
            self.model.posted[f"{done.entry.book} {name}"] -= change
        for key, before in done.touched.items():
            if isinstance(key, tuple):
                self.model.goods[key] = before
            elif before:
                self.model.loans[key] = before
            else:
                del self.model.loans[key]

    def why_not(self, place: int) -> str:
        """What a reversal is refused with, or nothing."""
        done = self.done[place]
        later = [
            each for each in self.done[place + 1 :] if not each.undone and each.touched.keys() & done.touched.keys()
        ]
        if done.undone:
            return "already-reversed"
        if not done.undoable:
            return "undo-otherwise"
        if later:
            return f"reverse-first book={done.entry.book} entry={later[-1].entry.number}"
        for name, change in done.sums.items():
            account = f"{done.entry.book} {name}"
            if CHART[int(name.partition(".")[0])].guarded and change > 0 and self.model.posted[account] < change:
                return "account-short"
        return ""

    @invariant()
    def the_books_are_sound_and_as_the_model(self) -> None:
        assert findings(self.db) == []
        rows = self.db.execute(select(account_table)).all()
        names = {row: f"{row.book} {row.code}" + (f".{row.party}" if row.party else "") for row in rows}
        posted = {name: natural(row.code, row.balance) for row, name in names.items() if row.balance}
        assert posted == {name: sum for name, sum in self.model.posted.items() if sum}
        assert {name: row.pending for row, name in names.items() if row.pending} == +self.model.held

    @invariant()
    def every_loan_is_as_the_model(self) -> None:
        for loan, rows in self.model.loans.items():
            found = loans.get(self.db, self.borrowers[loan], loan).instalments
            assert [
                [each.fine_left.minor, each.interest_left.minor, each.principal_left.minor] for each in found
            ] == rows


EXAMPLES, STEPS = (2000, 10) if NIGHTLY else (40, 12)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)], indirect=True)
def test_whatever_is_done_the_books_stay_sound(db: Connection, codes: Callable[[], str]) -> None:
    machine = type("Programme", (Programme,), {"db": db, "codes": staticmethod(codes)})
    run_state_machine_as_test(
        machine, settings=settings(deadline=None, print_blob=True, max_examples=EXAMPLES, stateful_step_count=STEPS)
    )
