"""The audit: sound books give no finding, and whatever is changed behind the books' back is found and named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from conftest import NIGHTLY
from conftest import Templates
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
from ledger_world import undone
from sqlalchemy import Connection
from sqlalchemy import select

from gateway import schema
from gateway.backend import Database
from gateway.backend import open_database
from ledger import audit
from ledger import facts
from ledger import journal
from ledger import loans
from ledger import orders
from ledger import sales
from ledger import savings
from ledger.books import Draft
from ledger.books import HoldEnd
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import credit
from ledger.books import debit
from ledger.chart import natural
from ledger.errors import Conflict
from ledger.errors import LedgerError
from ledger.money import Money
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.schedules import schedule

# What somebody with the database's password does -> what is found, each with its book and entry (none: the whole book).
TAMPERING = {
    # entries and what they carry
    "UPDATE line SET amount = amount + 1 WHERE book = 'shop:1' AND entry = 4 AND position = 0": (
        r"shop:1 entry 4: the chain is broken",
        r"shop:1 entry 4: debits and credits differ",
        r"shop:1 entry 4: a running balance",
        r"shop:1 entry \d+: an account's balance is not the sum of its lines \(code 1310\)",
    ),
    "UPDATE line SET amount = amount + 1 WHERE book = 'shop:1' AND entry = 4": (
        r"shop:1 entry 4: the chain is broken",
        r"shop:1 entry 4: a running balance",
    ),
    "UPDATE line SET party = 2 WHERE book = 'shop:1' AND entry = 5 AND code = 1330": (
        r"shop:1 entry 5: the chain is broken",
        r"shop:1 entry \d+: an account's balance",
    ),
    "UPDATE line SET code = 4220 WHERE book = 'shop:1' AND entry = 5 AND code = 4210": (
        r"shop:1 entry 5: the chain is broken",
        r"shop:1 entry 5: lines without their account \(code 4220\)",
    ),
    "UPDATE line SET side = CASE side WHEN 'D' THEN 'C' ELSE 'D' END WHERE book = 'group:1' AND entry = 7": (
        r"group:1 entry 7: the chain is broken",
        r"group:1 entry 7: a running balance",
    ),
    "UPDATE line SET balance = balance + 1 WHERE book = 'group:2' AND entry = 9 AND position = 1": (
        r"group:2 entry 9: the chain is broken",
        r"group:2 entry 9: a running balance",
    ),
    "DELETE FROM line WHERE book = 'group:1' AND entry = 50": (
        r"group:1 entry 50: the chain is broken",
        r"group:1 entry \d+: an account's balance",
    ),
    "INSERT INTO line VALUES ('group:1', 50, 2, 1010, 0, 'D', 5, 5), ('group:1', 50, 3, 2040, 0, 'C', 5, -5)": (
        r"group:1 entry 50: the chain is broken",
        r"group:1 entry 50: lines without their account \(code 2040\)",
    ),
    # a pair of lines that no entry has, and balances to go with it
    """
    INSERT INTO line VALUES ('shop:1', 99, 0, 1310, 0, 'D', 5000, 16000);
    INSERT INTO line VALUES ('shop:1', 99, 1, 3310, 0, 'C', 5000, -1806200);
    UPDATE account SET balance = balance + 5000 WHERE book = 'shop:1' AND code = 1310;
    UPDATE account SET balance = balance - 5000 WHERE book = 'shop:1' AND code = 3310
    """: (r"shop:1 entry 99: rows of line without their entry",),
    "INSERT INTO hold_end VALUES ('hub:1', 99, 3, 'voided', 29000);"
    "UPDATE account SET pending = pending - 29000 WHERE book = 'hub:1' AND party = 1": (
        r"hub:1 entry 99: rows of hold_end without their entry",
    ),
    "INSERT INTO hold VALUES ('hub:1', 99, 1220, 1, 1);"
    "UPDATE account SET pending = pending + 1 WHERE book = 'hub:1' AND party = 1": (
        r"hub:1 entry 99: rows of hold without their entry",
    ),
    "INSERT INTO move VALUES ('shop:1', 99, 1, 1, 0);"
    "UPDATE stock SET quantity = quantity + 1 WHERE book = 'shop:1' AND item = 1": (
        r"shop:1 entry 99: rows of move without their entry",
    ),
    "UPDATE entry SET memo = '{\"customer\": 2}' WHERE book = 'shop:1' AND number = 5": (
        r"shop:1 entry 5: the chain is broken",
    ),
    "UPDATE entry SET kind = 'grant' WHERE book = 'shop:5' AND number = 5": (r"shop:5 entry 5: the chain is broken",),
    "UPDATE entry SET actor = 'somebody' WHERE book = 'hub:2' AND number = 1": (r"hub:2 entry 1: the chain is broken",),
    "UPDATE entry SET channel = 'console' WHERE book = 'hub:2' AND number = 8": (
        r"hub:2 entry 8: the chain is broken",
    ),
    "UPDATE entry SET reverses = 1 WHERE book = 'shop:9' AND number = 3": (r"shop:9 entry 3: the chain is broken",),
    "UPDATE entry SET created_at = '2026-11-13 04:00:01.000000' WHERE book = 'shop:1' AND number = 3": (
        r"shop:1 entry 3: the chain is broken",
    ),
    "UPDATE entry SET operation = 'demo-200' WHERE book = 'shop:1' AND number = 3": (
        r"shop:1 entry 3: the chain is broken",
    ),
    "UPDATE entry SET event_on = '2026-11-15' WHERE book = 'shop:1' AND number = 4;"
    "UPDATE entry SET event_on = '2026-11-14' WHERE book = 'shop:1' AND number = 5": (
        r"shop:1 entry 4: the chain is broken",
        r"shop:1 entry 5: the chain is broken",
    ),
    "UPDATE entry SET hash = previous WHERE book = 'shop:1' AND number = 6": (
        r"shop:1 entry 6: the chain is broken",
        r"shop:1 entry 7: the chain is broken",
    ),
    # entries gone
    "DELETE FROM line WHERE book = 'group:1' AND entry = 60;DELETE FROM entry WHERE book = 'group:1' AND number = 60": (
        r"group:1 entry 61: entries are missing before it, the last one is 59",
        r"group:1 entry 61: the chain is broken",
    ),
    "DELETE FROM line WHERE book = 'shop:1' AND entry = 11; DELETE FROM entry WHERE book = 'shop:1' AND number = 11": (
        r"shop:1 entry 10: the book counts 11 entries and the last one there is 10",
    ),
    "DELETE FROM line WHERE book = 'shop:1'; DELETE FROM entry WHERE book = 'shop:1'": (
        r"shop:1: the book counts 11 entries and the last one there is 0",
    ),
    "DELETE FROM entry WHERE book = 'shop:1' AND number = 1": (
        r"shop:1 entry 2: entries are missing before it, the last one is 0",
    ),
    "DELETE FROM book WHERE id = 'shop:1'": (r"shop:1 entry 11: entries without their book",),
    "DELETE FROM operation WHERE id = 'demo-200'": (r"hub:1 entry 3: entries without their operation",),
    "UPDATE book SET head = previous FROM entry WHERE book.id = 'shop:1' AND book = 'shop:1' AND number = 11": (
        r"shop:1 entry 11: the book counts 11 entries .* or its head hash differs",
    ),
    "UPDATE book SET entries = 12 WHERE id = 'shop:1'": (r"shop:1 entry 11: the book counts 12 entries",),
    # accounts
    "UPDATE account SET balance = balance + 100 WHERE book = 'group:1' AND code = 2030 AND party = 3": (
        r"group:1 entry 3: an account's balance is not the sum of its lines \(code 2030\)",
    ),
    "UPDATE account SET pending = 0 WHERE book = 'hub:1' AND party = 5": (
        r"hub:1 entry 6: an account's pending sum is not the sum of its holds \(code 1220\)",
    ),
    "DELETE FROM account WHERE book = 'hub:1' AND party = 5": (
        r"hub:1 entry 6: holds without their account \(code 1220\)",
    ),
    "DELETE FROM account WHERE book = 'shop:1' AND code = 1310": (
        r"shop:1 entry \d+: lines without their account \(code 1310\)",
    ),
    "UPDATE book SET ceiling = ceiling * 10 WHERE id = 'hub:1'": (
        r"hub:1 entry 2: a credit limit is not the one that was set",
    ),
    "UPDATE account SET ceiling = 90000000 WHERE book = 'hub:2' AND party = 11": (
        r"hub:2: a credit limit is not the one that was set \(code 1220, party 11\)",
    ),
    # holds and orders
    "UPDATE hold SET amount = amount - 1 WHERE book = 'hub:1' AND entry = 3": (
        r"hub:1 entry 3: the chain is broken",
        r"hub:1 entry 4: an account's pending sum",
        r"hub:1 entry 3: a hold and its order differ",
    ),
    "UPDATE stock_order SET total = total - 1 WHERE book = 'hub:1' AND number = 3": (
        r"hub:1 entry 3: a hold and its order differ",
        r"hub:1 entry 3: an order's total is not the sum of its lines",
    ),
    "UPDATE order_line SET price = price - 1 WHERE book = 'hub:1' AND number = 4 AND item = 1": (
        r"hub:1 entry 4: an order's total is not the sum of its lines",
    ),
    "UPDATE stock_order SET agent = 5 WHERE book = 'hub:1' AND number = 3": (
        r"hub:1 entry 3: a hold and its order differ",
    ),
    "UPDATE stock_order SET state = 'done' WHERE book = 'hub:1' AND number = 3": (
        r"hub:1: reserved goods are not those of the open orders \(item 1\)",
    ),
    "DELETE FROM order_line WHERE book = 'hub:1' AND number = 4;"
    "DELETE FROM stock_order WHERE book = 'hub:1' AND number = 4": (r"hub:1 entry 4: a hold and its order differ",),
    "INSERT INTO stock_order VALUES ('hub:1', 1, 1, 'done', 0, '2026-11-22 00:00:00.000000', 'x')": (
        r"hub:1 entry 1: an order without its hold",
    ),
    # goods
    "UPDATE stock SET quantity = quantity + 1 WHERE book = 'shop:1' AND item = 1": (
        r"shop:1 entry \d+: goods on hand are not the sum of their moves \(item 1\)",
    ),
    "UPDATE stock SET value = value - 1 WHERE book = 'hub:1' AND item = 1": (
        r"hub:1 entry 1: goods on hand are not the sum of their moves \(item 1\)",
        r"hub:1 entry 1: goods on hand and their account differ in value \(code 1210\)",
    ),
    "UPDATE stock SET reserved = reserved - 1 WHERE book = 'hub:1' AND item = 3": (
        r"hub:1: reserved goods are not those of the open orders \(item 3\)",
    ),
    "DELETE FROM stock WHERE book = 'shop:1' AND item = 3": (
        r"shop:1 entry \d+: goods on hand and their account differ in value \(code 1320\)",
    ),
    "UPDATE move SET quantity = -2 WHERE book = 'shop:1' AND entry = 2": (
        r"shop:1 entry 2: the chain is broken",
        r"shop:1 entry \d+: goods on hand are not the sum of their moves",
    ),
    # sales
    "UPDATE sale SET total = total - 1 WHERE book = 'shop:1' AND number = 3": (
        r"shop:1 entry 3: a sale and its entry differ",
    ),
    "UPDATE sale SET cost = cost + 1 WHERE book = 'shop:1' AND number = 3": (
        r"shop:1 entry 3: a sale and its entry differ",
    ),
    "UPDATE sale SET customer = 1 WHERE book = 'shop:1' AND number = 3": (
        r"shop:1 entry 3: a sale and its entry differ",
    ),
    "UPDATE sale SET event_on = '2026-11-01' WHERE book = 'shop:1' AND number = 3": (
        r"shop:1 entry 3: a sale and its entry differ",
    ),
    "UPDATE sale_line SET price = price + 1 WHERE book = 'shop:1' AND number = 3": (
        r"shop:1 entry 3: a sale and its entry differ",
    ),
    "DELETE FROM sale_line WHERE book = 'shop:1' AND number = 3;"
    "DELETE FROM sale WHERE book = 'shop:1' AND number = 3": (r"shop:1 entry 3: the entry of a sale without the sale",),
    # loans
    "UPDATE instalment SET principal_paid = principal WHERE loan = 2 AND number = 2": (
        r"group:1 entry 188: a loan's account and its unpaid instalments differ \(loan 2\)",
    ),
    "UPDATE instalment SET principal = principal - 1 WHERE loan = 2 AND number = 4": (
        r"group:1 entry 188: a loan's account and its unpaid instalments differ \(loan 2\)",
        r"group:1: a loan is not the sum of its instalments \(loan 2\)",
    ),
    "DELETE FROM instalment WHERE loan = 4": (
        r"group:1 entry 194: a loan's account and its unpaid instalments differ \(loan 4\)",
    ),
    "UPDATE loan SET principal = principal - 1 WHERE id = 4": (
        r"group:1: a loan is not the sum of its instalments \(loan 4\)",
    ),
    "UPDATE loan SET closed_on = '2026-11-22' WHERE id = 4": (
        r"group:1 entry 194: a loan's account and its unpaid instalments differ \(loan 4\)",
    ),
    "DELETE FROM instalment WHERE loan = 4; DELETE FROM loan WHERE id = 4": (
        r"group:1 entry 194: a loan's account without its loan \(loan 4\)",
    ),
    # receipts
    "UPDATE receipt SET amount = amount * 10 WHERE book = 'group:2' AND entry = 5": (
        r"group:2 entry 5: a receipt and its entry differ",
    ),
    "UPDATE receipt SET event_on = '2026-01-01' WHERE book = 'hub:1' AND entry = 3": (
        r"hub:1 entry 3: a receipt and its entry differ",
    ),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def demo(
    request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """One copy of the demo programme for all tests here: each takes back what it did."""
    database = open_database(templates.copy(request.param, True, tmp_path_factory.mktemp("demo")))
    yield database
    database.dispose()


@pytest.fixture
def books(demo: Database) -> Iterator[Connection]:
    with demo.writing(60) as db, undone(db):
        yield db


def attack(db: Connection, statements: str) -> None:
    """Run raw SQL as somebody can who has the database's password: without triggers and foreign keys."""
    for guarded in schema.APPEND_ONLY:
        for trigger in ("update", "delete", "replace") if db.dialect.name == "sqlite" else ("change", "truncate"):
            where = "" if db.dialect.name == "sqlite" else f"ON {guarded.table}"
            db.exec_driver_sql(f"DROP TRIGGER {guarded.table}_no_{trigger} {where}")
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    else:
        db.exec_driver_sql("SET LOCAL session_replication_role = replica")
    for statement in statements.split(";"):
        assert db.exec_driver_sql(statement).rowcount != 0


def test_the_demo_programme_is_sound(books: Connection) -> None:
    *steps, last = audit.check(books)
    assert [each for each in steps if isinstance(each, audit.Finding)] == []
    assert last == audit.count(books) > 400
    assert list(audit.check(books, "shop:1")) == [audit.count(books, "shop:1")] == [11]
    assert list(audit.check(books, "shop:99")) == [0]


@pytest.mark.parametrize(
    ("statements", "expected"), TAMPERING.items(), ids=[" ".join(each.split()) for each in TAMPERING]
)
def test_tampering_is_found_and_named(books: Connection, statements: str, expected: tuple[str, ...]) -> None:
    attack(books, statements)
    found = findings(books)
    assert [each for each in expected if not any(re.match(each, line) for line in found)] == [], found
    # it is that book's trouble and nobody else's
    book = expected[0].partition(" ")[0].rstrip(":")
    assert {line.partition(" ")[0].rstrip(":") for line in found} == {book}


def test_one_book_is_checked_alone(books: Connection) -> None:
    attack(books, "UPDATE account SET balance = balance + 1 WHERE code = 1310 AND book IN ('shop:1', 'shop:5')")
    assert sorted(findings(books)) == sorted(findings(books, "shop:1") + findings(books, "shop:5")) != []
    assert findings(books, "shop:19") == []


def test_a_finding_reads_as_a_sentence() -> None:
    assert str(audit.Finding("shop:17", 42, "gone")) == "shop:17 entry 42: gone"
    assert str(audit.Finding("shop:17", 0, "gone")) == "shop:17: gone"


def test_after_a_check_the_connection_is_as_it_was(books: Connection) -> None:
    before = books.get_execution_options()
    findings(books)
    assert books.get_execution_options() == before


# Whatever is done in whatever order, the books stay sound and agree with a model of plain integers.

SUMS = st.integers(1, 900_00)
PIECES = st.integers(1, 4)
WOMEN = st.sampled_from(["rahima", "salma", "ayesha"])
AGENTS = st.sampled_from(["rahima", "salma"])
ITEMS = st.sampled_from(["soap", "oil", "lamp"])
CUSTOMERS = st.integers(0, 2)
METHODS = st.sampled_from(["declining-equal-instalment", "flat"])
HEADS = st.sampled_from([1010, 2040, 3030, 5030])


class Programme(RuleBasedStateMachine):
    """`posted` and `held` are by account, seen from its normal side; `goods` are [pieces, value] by book and item."""

    db: Connection
    codes: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.undo = self.db.begin_nested()
        self.world = open_world(self.db, self.codes)
        self.group = self.world.rahima.group_book
        self.posted: Counter[str] = Counter({f"{self.world.hub.id} {code}": 7400_00 for code in (1210, 3030)})
        self.held: Counter[str] = Counter()
        self.goods = {(self.world.hub.id, "soap"): [100, 4200_00], (self.world.hub.id, "oil"): [20, 2600_00]}
        self.goods[self.world.hub.id, "lamp"] = [1, 600_00]
        self.reserved: Counter[str] = Counter()
        self.holds: list[tuple[int, str, list[int]]] = []
        self.loans: dict[str, list[tuple[int, list[list[int]]]]] = {"rahima": [], "salma": [], "ayesha": []}
        self.kept: list[tuple[Origin, Callable[[Origin], object]]] = []
        for agent in (self.world.rahima, self.world.salma):
            self.world.stock(self.db, agent.shop, (self.world.soap, 10, 480_00), (self.world.oil, 3, 100_00))
            self.posted.update({f"{agent.shop.id} {code}": 580_00 for code in (1320, 3310)})
            self.goods |= {(agent.shop.id, "soap"): [10, 480_00], (agent.shop.id, "oil"): [3, 100_00]}
            for number in (1, 2):
                sales.name_customer(self.db, agent, number, "")

    def teardown(self) -> None:
        self.undo.rollback()

    def attempt(self, expected: str, act: Callable[[Origin], Any], sums: dict[str, int]) -> Any:
        """Do it as a call does; it is refused as the model says and then leaves no trace, or moves these sums."""
        origin = self.world.origin()
        if expected != "done":
            before = everything(self.db)
            with pytest.raises(LedgerError, match=expected), facts.attempt(self.db):
                act(origin)
            assert everything(self.db) == before
            return None
        result = act(origin)
        self.posted.update(sums)
        self.kept.append((origin, act))
        return result

    def post(self, draft: Draft) -> Callable[[Origin], None]:
        def act(origin: Origin) -> None:
            if journal.begin(self.db, origin, draft.kind):
                journal.post(self.db, origin, draft)

        return act

    @rule(who=WOMEN, amount=SUMS, kind=st.sampled_from(sorted(savings.KINDS)))
    def save(self, who: str, amount: int, kind: str) -> None:
        member = getattr(self.world, who)
        sums = {f"{self.group.id} 1010": amount, f"{self.group.id} {savings.KINDS[kind]}.{member.id}": amount}
        self.attempt("done", lambda origin: savings.deposit(self.db, member, Money(amount), origin, kind), sums)

    @rule(debited=HEADS, credited=HEADS, amount=SUMS)
    def transfer(self, debited: int, credited: int, amount: int) -> None:
        draft = Draft(self.group, "transfer", (debit(debited, amount), credit(credited, amount)))
        sums: Counter[str] = Counter()
        for line in draft.lines:
            sums[f"{self.group.id} {line.code}"] += natural(line.code, line.signed)
        short = any(self.posted[name] + change < 0 for name, change in sums.items() if name[-4:] in ("1010", "2040"))
        self.attempt("account-short" if short else "done", self.post(draft), sums)

    @rule(who=WOMEN, amount=SUMS, count=st.integers(1, 5), method=METHODS)
    def lend(self, who: str, amount: int, count: int, method: str) -> None:
        member = getattr(self.world, who)
        terms = Terms(amount + 100, Fraction(2, 100), count, Every(1, "month"), method, DAY)
        short = self.posted[f"{self.group.id} 1010"] < terms.principal
        sums = {f"{self.group.id} 1010": -terms.principal}
        said = "account-short" if short else "done"
        loan = self.attempt(said, lambda origin: loans.disburse(self.db, member, terms, origin), sums)
        if loan:
            self.posted[f"{self.group.id} 1100.{loan.id}"] += terms.principal
            self.loans[who].append((loan.id, [[each.interest, each.principal] for each in schedule(terms)]))

    @precondition(lambda self: any(self.loans.values()))
    @rule(data=st.data(), amount=SUMS)
    def repay(self, data: st.DataObject, amount: int) -> None:
        who = data.draw(st.sampled_from([who for who, some in self.loans.items() if some]))
        member, (loan, rows) = getattr(self.world, who), data.draw(st.sampled_from(self.loans[who]))
        paid, rest = [0, 0], amount
        for row in rows:
            for place, due in enumerate(row):
                part = min(due, rest)
                row[place] -= part
                paid[place] += part
                rest -= part
        sums = {"1010": amount, "4010": paid[0], f"1100.{loan}": -paid[1], f"2070.{member.id}": rest}
        named = {f"{self.group.id} {name}": change for name, change in sums.items()}
        self.attempt("done", lambda origin: loans.repay(self.db, member, loan, Money(amount), origin), named)

    @rule(who=AGENTS, name=ITEMS, pieces=PIECES)
    def order(self, who: str, name: str, pieces: int) -> None:
        agent, basket = getattr(self.world, who), self.world.basket(f"{pieces} {name}")
        owes, hub = f"{self.world.hub.id} 1220.{agent.id}", self.world.hub.id
        said = "done"
        if self.posted[owes] + self.held[owes] + basket[0].sum > LIMIT:
            said = "credit-limit"
        elif pieces > self.goods[hub, name][0] - self.reserved[name]:
            said = "stock-left"
        order = self.attempt(said, lambda origin: orders.place(self.db, agent, basket, origin), {})
        if order:
            self.held[owes] += basket[0].sum
            self.reserved[name] += pieces
            self.holds.append((order.number, owes, [basket[0].sum]))

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), amount=SUMS, how=st.sampled_from(["settled", "voided", "expired"]))
    def end(self, data: st.DataObject, amount: int, how: str) -> None:
        number, owes, left = data.draw(st.sampled_from(self.holds))
        agent = int(owes.rpartition(".")[2])
        lines = (debit(1220, amount, agent), credit(4110, amount)) if how == "settled" else ()
        draft = Draft(self.world.hub, "end", lines, ends=[HoldEnd(number, how, amount)])
        sums = {owes: amount, f"{self.world.hub.id} 4110": amount} if lines else {}
        said = "hold-ended" if amount > left[0] else "done"
        self.attempt(said, self.post(draft), sums)
        if said == "done":
            left[0] -= amount
            self.held[owes] -= amount

    @rule(who=AGENTS, name=ITEMS, pieces=PIECES, price=st.integers(0, 200), customer=CUSTOMERS)
    def sell(self, who: str, name: str, pieces: int, price: int, customer: int) -> None:
        agent, basket = getattr(self.world, who), self.world.basket(f"{pieces} {name} @ {price}")
        goods = self.goods.get((agent.shop.id, name), [0, 0])
        said = "not-on-hand" if pieces > goods[0] else "done"
        cost = round(Fraction(goods[1] * pieces, goods[0])) if said == "done" else 0
        due = f"1330.{customer}" if customer else "1310"
        sums = {due: basket[0].sum, "4210": basket[0].sum, "1320": -cost, "5210": cost}
        named = {f"{agent.shop.id} {code}": change for code, change in sums.items()}
        sale = partial(sales.record, self.db, agent, basket, customer=customer)
        self.attempt(said, lambda origin: sale(origin=origin), named)
        if said == "done":
            goods[:] = [goods[0] - pieces, goods[1] - cost]

    @rule(who=AGENTS, customer=st.integers(1, 2), amount=SUMS)
    def collect(self, who: str, customer: int, amount: int) -> None:
        agent = getattr(self.world, who)
        owes = f"{agent.shop.id} 1330.{customer}"
        said = "owes-less" if amount > self.posted[owes] else "done"
        sums = {owes: -amount, f"{agent.shop.id} 1310": amount}
        self.attempt(said, lambda origin: sales.collect(self.db, agent, customer, Money(amount), origin), sums)

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        origin, act = data.draw(st.sampled_from(self.kept))
        before = everything(self.db)
        act(origin)
        with pytest.raises(Conflict):
            journal.begin(self.db, origin, "something else")
        assert everything(self.db) == before

    @invariant()
    def the_books_are_sound_and_as_the_model(self) -> None:
        assert findings(self.db) == []
        rows = self.db.execute(select(account_table)).all()
        names = {row: f"{row.book} {row.code}" + (f".{row.party}" if row.party else "") for row in rows}
        assert {name: natural(row.code, row.balance) for row, name in names.items() if row.balance} == +self.posted | {
            name: sum for name, sum in self.posted.items() if sum < 0
        }
        assert {name: row.pending for row, name in names.items() if row.pending} == +self.held


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)], indirect=True)
def test_whatever_is_done_the_books_stay_sound(db: Connection, codes: Callable[[], str]) -> None:
    machine = type("Programme", (Programme,), {"db": db, "codes": staticmethod(codes)})
    size = (
        {"max_examples": 100, "stateful_step_count": 40} if NIGHTLY else {"max_examples": 25, "stateful_step_count": 12}
    )
    run_state_machine_as_test(machine, settings=settings(deadline=None, **size))
