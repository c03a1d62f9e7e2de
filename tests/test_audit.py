"""The audit: sound books give no finding, and whatever is changed behind the books' back is found and named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from conftest import TODAY
from conftest import Templates
from ledger_world import findings
from ledger_world import taka
from ledger_world import undone
from sqlalchemy import Connection
from sqlalchemy import event
from sqlalchemy import select

from gateway import schema
from gateway.backend import Database
from gateway.backend import open_database
from ledger import agents
from ledger import audit
from ledger import deliveries
from ledger import emi
from ledger import fines
from ledger import members
from ledger import receipts
from ledger import reversals
from ledger import savings
from ledger.books import GENESIS
from ledger.books import Origin
from ledger.ground_rules import within
from ledger.rules import RULES
from ledger.schedules import Every
from ledger.schedules import Terms

# What somebody with the database's password does -> what is found, each with its book and entry (none: the whole book).
TAMPERING = {
    # entries and what they carry
    "UPDATE line SET amount = amount + 1 WHERE book = 'shop:1' AND entry = 4 AND position = 0": (
        r"shop:1 entry 4: the chain is broken",
        r"shop:1 entry 4: debits and credits differ",
        r"shop:1 entry 4: a running balance",
        r"shop:1 entry \d+: an account's balance is not the sum of its lines \(code 1310, party 0\)",
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
        r"shop:1 entry 5: sale does not touch such accounts \(code 4220\)",
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
    "INSERT INTO line VALUES ('', 1, 0, 1310, 0, 'D', 5000, 5000)": (r" entry 1: rows of line without their entry",),
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
    "UPDATE entry SET kind = 'grant' WHERE book = 'shop:5' AND number = 5": (
        r"shop:5 entry 5: the chain is broken",
        r"shop:5 entry 5: there is no entry of the kind grant in such a book",
    ),
    "UPDATE entry SET kind = 'reversal' WHERE book = 'shop:9' AND number = 5": (
        r"shop:9 entry 5: the chain is broken",
        r"shop:9 entry 5: a reversal is none",
    ),
    "UPDATE line SET code = 1010 WHERE book = 'shop:9' AND entry = 5 AND code = 4210": (
        r"shop:9 entry 5: the chain is broken",
        r"shop:9 entry 5: its book has no such account \(code 1010, party 0\)",
    ),
    "UPDATE entry SET event_on = '2027-11-15' WHERE book = 'shop:9' AND number = 11": (
        r"shop:9 entry 11: the chain is broken",
        r"shop:9 entry 11: it was entered before the day on which it happened",
    ),
    "UPDATE operation SET created_at = '2026-11-13 04:00:01.000000' WHERE id = 'demo-200'": (
        r"hub:1 entry 3: an entry without its operation, or of another moment",
    ),
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
        r"shop:1 entry 10: a book's row does not name its last entry \(counted 11\)",
    ),
    "DELETE FROM line WHERE book = 'shop:1'; DELETE FROM entry WHERE book = 'shop:1'": (
        r"shop:1: a book's row does not name its last entry \(counted 11\)",
    ),
    "DELETE FROM entry WHERE book = 'shop:1' AND number = 1": (
        r"shop:1 entry 2: entries are missing before it, the last one is 0",
    ),
    "DELETE FROM book WHERE id = 'shop:1'": (r"shop:1 entry 11: entries without their book",),
    "DELETE FROM operation WHERE id = 'demo-200'": (r"hub:1 entry 3: an entry without its operation",),
    "UPDATE book SET head = previous FROM entry WHERE book.id = 'shop:1' AND book = 'shop:1' AND number = 11": (
        r"shop:1 entry 11: a book's row does not name its last entry \(counted 11\)",
    ),
    "UPDATE book SET entries = 12 WHERE id = 'shop:1'": (
        r"shop:1 entry 11: a book's row does not name its last entry \(counted 12\)",
    ),
    "UPDATE book SET owner = 2 WHERE id = 'shop:1'": (r"shop:1: a book and its owner or currency differ",),
    "UPDATE book SET kind = 'lender' WHERE id = 'group:1'": (r"group:1: a book and its owner or currency differ",),
    "UPDATE book SET currency = 'INR' WHERE id = 'shop:1'": (r"shop:1: a book and its owner or currency differ",),
    f"INSERT INTO book VALUES ('shop:4711', 'shop', 4711, 'BDT', 0, '{GENESIS}', NULL, NULL)": (
        r"shop:4711: a book and its owner or currency differ",
    ),
    # accounts
    "UPDATE account SET balance = balance + 100 WHERE book = 'group:1' AND code = 2030 AND party = 3": (
        r"group:1 entry 3: an account's balance is not the sum of its lines \(code 2030, party 3\)",
    ),
    "UPDATE account SET pending = 0 WHERE book = 'hub:1' AND party = 5": (
        r"hub:1 entry 6: an account's pending sum is not the sum of its holds \(code 1220, party 5\)",
    ),
    "DELETE FROM account WHERE book = 'hub:1' AND code = 1220 AND party = 5": (
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
    "UPDATE entry SET memo = '{}' WHERE book = 'hub:2' AND number = 2": (
        r"hub:2 entry 2: the chain is broken",
        r"hub:2 entry 2: an entry about a credit limit cannot be read",
        r"hub:2 entry 3: it goes above the credit limit \(code 1220, party 11\)",
        r"hub:2: a credit limit is not the one that was set \(code 0, party 0\)",
    ),
    # holds and orders
    "UPDATE hold SET amount = amount * 1000 WHERE book = 'hub:1' AND entry = 4": (
        r"hub:1 entry 4: the chain is broken",
        r"hub:1 entry 4: it goes above the credit limit \(code 1220, party 1\)",
        r"hub:1 entry 4: an account's pending sum",
    ),
    "UPDATE account SET pending = 99999 WHERE book = 'group:2' AND code = 2020 AND party = 12": (
        r"group:2: more is held on an account than it has \(code 2020, party 12\)",
        r"group:2 entry 193: an account's pending sum is not the sum of its holds",
    ),
    "UPDATE hold_end SET amount = amount + 1 WHERE book = 'hub:2'": (
        r"hub:2 entry 10: the chain is broken",
        r"hub:2 entry 3: more of a hold was ended than was held",
    ),
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
    "INSERT INTO stock_order VALUES ('hub:1', 1, 1, 'done', 0, '2026-11-22 00:00:00.000000', 'x', 0)": (
        r"hub:1 entry 1: an order without its hold",
    ),
    # goods
    "UPDATE stock SET quantity = quantity + 1 WHERE book = 'shop:1' AND item = 1": (
        r"shop:1 entry \d+: goods on hand are not the sum of their moves \(item 1\)",
    ),
    "UPDATE stock SET value = value - 1 WHERE book = 'hub:1' AND item = 5": (
        r"hub:1 entry 1: goods on hand are not the sum of their moves \(item 5\)",
    ),
    "UPDATE stock SET reserved = reserved - 1 WHERE book = 'hub:1' AND item = 3": (
        r"hub:1: reserved goods are not those of the open orders \(item 3\)",
    ),
    "DELETE FROM stock WHERE book = 'shop:1' AND item = 3": (
        r"shop:1 entry \d+: goods on hand are not the sum of their moves \(item 3\)",
    ),
    "UPDATE move SET quantity = -2 WHERE book = 'shop:1' AND entry = 2": (
        r"shop:1 entry 2: the chain is broken",
        r"shop:1 entry \d+: goods on hand are not the sum of their moves",
    ),
    "UPDATE move SET value = value - 1 WHERE book = 'shop:1' AND entry = 2": (
        r"shop:1 entry 2: the chain is broken",
        r"shop:1 entry 2: an entry and the value of the goods it moves differ",
    ),
    "UPDATE stock SET reserved = quantity + 1 WHERE book = 'hub:1' AND item = 4": (
        r"hub:1: more goods are reserved than there are",
        r"hub:1: reserved goods are not those of the open orders \(item 4\)",
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
    # instalments: what is charged and cleared
    "UPDATE allocation SET principal = principal - 1, interest = interest + 1 WHERE book = 'group:1' AND entry = 188": (
        r"group:1 entry 188: the chain is broken",
        r"group:1 entry 188: an instalment is not the sum of what was charged .* \(code 1100, party 2, number 1\)",
        r"group:1 entry 188: an entry and what it allocates to instalments differ \(code 1100, party 2\)",
        r"group:1 entry 188: an entry and the interest it clears differ",
    ),
    "DELETE FROM allocation WHERE book = 'group:1' AND entry = 188": (
        r"group:1 entry 188: the chain is broken",
        r"group:1 entry 187: an instalment is not the sum .* \(code 1100, party 2, number 1\)",
        r"group:1 entry 188: an entry and what it allocates to instalments differ",
    ),
    "UPDATE allocation SET how = 'waived' WHERE book = 'group:1' AND entry = 188": (
        r"group:1 entry 188: the chain is broken",
        r"group:1 entry 188: an entry and the interest it clears differ",
    ),
    "UPDATE allocation SET due = '2027-01-01' WHERE book = 'group:1' AND entry = 187 AND number = 2": (
        r"group:1 entry 187: the chain is broken",
        r"group:1 entry 187: an instalment is due on another day than was agreed \(.* party 2, number 2\)",
    ),
    "UPDATE allocation SET fine = fine - 1 WHERE book = 'group:2' AND entry = 194": (
        r"group:2 entry 194: the chain is broken",
        r"group:2 entry 194: an entry and the fines it clears differ",
    ),
    "INSERT INTO allocation VALUES ('group:1', 999, 1100, 2, 2, 'paid', NULL, 74243, 4544, 0);"
    "UPDATE instalment SET principal_cleared = principal, interest_cleared = interest WHERE party = 2 AND number = 2;"
    "UPDATE account SET balance = balance - 74243 WHERE book = 'group:1' AND code = 1100 AND party = 2": (
        r"group:1 entry 999: rows of allocation without their entry",
        r"group:1 entry 999: an entry and what it allocates to instalments differ",
    ),
    "UPDATE instalment SET principal_cleared = principal WHERE party = 2 AND number = 2": (
        r"group:1: an account and its unpaid instalments differ \(code 1100, party 2\)",
        r"group:1 entry 187: an instalment is not the sum .* \(code 1100, party 2, number 2\)",
    ),
    "UPDATE instalment SET interest = interest + 1 WHERE party = 2 AND number = 4": (
        r"group:1 entry 187: an instalment is not the sum .* \(code 1100, party 2, number 4\)",
    ),
    "UPDATE instalment SET fine_cleared = 1, fine = 1 WHERE party = 2 AND number = 4": (
        r"group:1 entry 187: an instalment is not the sum .* \(code 1100, party 2, number 4\)",
    ),
    "UPDATE instalment SET due = '2027-01-01' WHERE party = 2 AND number = 2": (
        r"group:1 entry 187: an instalment is due on another day than was agreed \(.* party 2, number 2\)",
    ),
    "INSERT INTO instalment VALUES ('group:1', 1100, 2, 5, '2027-01-01', 0, 0, 0, 0, 0, 0)": (
        r"group:1: an instalment is not the sum .* \(code 1100, party 2, number 5\)",
    ),
    "DELETE FROM instalment WHERE party = 4": (
        r"group:1: an account and its unpaid instalments differ \(code 1100, party 4\)",
        r"group:1 entry 194: an instalment is not the sum .* \(code 1100, party 4, number 1\)",
    ),
    # loans
    "UPDATE loan SET terms = replace(terms, '300000', '299999') WHERE id = 2": (
        r"group:1 entry 187: a loan and the entry that opened it differ \(loan 2\)",
    ),
    "UPDATE loan SET terms = replace(terms, '2026-08-14', '2026-09-14') WHERE id = 2": (
        r"group:1 entry 187: a loan and the entry that opened it differ \(loan 2\)",
    ),
    "UPDATE loan SET member = 6 WHERE id = 2": (r"group:1 entry 187: a loan and the entry that opened it differ",),
    "UPDATE loan SET operation = 'another' WHERE id = 2": (
        r"group:1: a loan without the entry that opened it \(loan 2\)",
    ),
    "UPDATE entry SET memo = replace(memo, '300000', '299999') WHERE book = 'group:1' AND number = 187": (
        r"group:1 entry 187: the chain is broken",
        r"group:1 entry 187: a loan and the entry that opened it differ \(loan 2\)",
    ),
    "UPDATE emi_contract SET item = 2": (
        r"hub:1 entry 12: a contract and the entry that opened it differ \(contract 1\)",
    ),
    "DELETE FROM loan WHERE id = 4": (r"group:1: a loan's account without its loan \(loan 4\)",),
    # reversals, and events in two books
    "UPDATE entry SET reverses = 189 WHERE book = 'group:2' AND number = 191": (
        r"group:2 entry 191: the chain is broken",
        r"group:2 entry 191: a reversal's lines are not those it takes back",
        r"group:2 entry 191: a reversal's allocations are not those it takes back",
    ),
    "UPDATE entry SET reverses = NULL WHERE book = 'group:2' AND number = 191": (
        r"group:2 entry 191: the chain is broken",
        r"group:2 entry 191: a reversal is none",
    ),
    "UPDATE entry SET reverses = 192 WHERE book = 'group:2' AND number = 191": (
        r"group:2 entry 191: the chain is broken",
        r"group:2 entry 191: a reversal is none",
    ),
    "UPDATE line SET amount = amount - 1 WHERE book = 'group:2' AND entry = 191": (
        r"group:2 entry 191: the chain is broken",
        r"group:2 entry 191: a reversal's lines are not those it takes back",
    ),
    "DELETE FROM line WHERE book = 'shop:5' AND entry = 13; DELETE FROM entry WHERE book = 'shop:5' AND number = 13": (
        r"shop:5 entry 14: entries are missing before it, the last one is 12",
        r"hub:1 entry 10: only one half of an event is undone",
        r"hub:1 entry 10: the hub's and the agent's half of an event differ \(agent 5\)",
    ),
    "UPDATE line SET party = 1 WHERE book = 'hub:1' AND entry = 11 AND code = 2130": (
        r"hub:1 entry 11: the chain is broken",
        r"hub:1 entry 11: the hub's and the agent's half of an event differ \(agent 1\)",
        r"shop:5 entry 14: the hub's and the agent's half of an event differ \(agent 5\)",
    ),
    "UPDATE account SET balance = balance - 1 WHERE book = 'shop:5' AND code = 1340": (
        r"shop:5 entry 14: an account's balance is not the sum of its lines \(code 1340, party 0\)",
        r"shop:5: an agent and her hubs do not agree on what she owes",
    ),
    # orders and their delivery codes
    "DELETE FROM handover": (r"hub:2 entry 3: an order that was sent and its delivery code differ",),
    "UPDATE handover SET failures = 6": (r"hub:2 entry 3: an order that was sent and its delivery code differ",),
    "UPDATE handover SET number = 4": (
        r"hub:2 entry 3: an order that was sent and its delivery code differ",
        r"hub:2 entry 4: an order that was sent and its delivery code differ",
    ),
    # meetings
    "INSERT INTO meeting VALUES (1, 1, '2026-11-20', '2026-11-19', 3, '2026-11-20 04:00:00.000000', NULL, 'roll');"
    "INSERT INTO attendance VALUES (1, 1, 2, 'present', 5)": (
        r"group:1 entry 5: a meeting's roll and what was collected differ",
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
    """One copy of the demo programme for all tests here, with some more entries: each test takes back what it did."""
    database = open_database(templates.copy(request.param, True, tmp_path_factory.mktemp("demo")))
    with database.writing(60) as db:
        more(db)
    yield database
    database.dispose()


def more(db: Connection) -> None:
    """What the demo has none of: something undone, asked for, fined, sold on instalments; events in two books."""
    codes = iter(receipts.completed(f"2222{letter}") for letter in receipts.LETTERS)

    def origin(operation: str, actor: str = "1001") -> Origin:
        at = datetime(TODAY.year, TODAY.month, TODAY.day, 6, tzinfo=UTC)
        return Origin(operation, actor, "ussd", at, TODAY, lambda: next(codes))

    agent, member, borrower, other = (members.get(db, number) for number in (5, 12, 15, 11))
    saved = savings.deposit(db, member, taka(100), origin("saved"))
    reversals.reverse(db, saved.book, saved.number, "counted twice", origin("not saved", "1002"))
    savings.deposit(db, member, taka(50), origin("spare"), "voluntary")
    savings.ask(db, member, taka(20), origin("asked"))
    fines.charge(db, borrower, taka(5), "late", origin("late"), loan=6)
    paid = agents.pay(db, agent, taka(50), origin("paid"))
    reversals.reverse(db, paid.book, paid.number, "another's", origin("not paid", "1002"))
    agents.prepay(db, agent, taka(30), origin("ahead"))
    terms = Terms(40_00, Fraction(0), 2, Every(1, "month"), "flat", TODAY)
    emi.open_contract(db, agent.hub_book, agent, 1, taka(8), terms, origin("phone"))
    deliveries.dispatch(db, other.hub_book, 3, origin("sent"))
    deliveries.deliver(db, other.hub_book, 3, {1: 2, 2: 2, 3: 2}, origin("there"))


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
    steps, size = list(audit.check(books)), audit.extent(books)
    assert [each for each in steps if isinstance(each, audit.Finding)] == []
    assert steps == sorted(steps)
    assert steps[-1] == size.steps
    assert size.entries > 400
    assert size.lines > 2 * size.entries
    assert list(audit.check(books, "shop:1"))[-1] == audit.extent(books, "shop:1").steps == 11 + 42
    assert not audit.known(books, "shop:99")


@pytest.mark.parametrize(("entries", "most"), [(1, 100), (50, 3), (10**9, 4)])
def test_it_does_not_matter_how_many_books_are_taken_at_once(
    books: Connection, monkeypatch: pytest.MonkeyPatch, entries: int, most: int
) -> None:
    attack(
        books, "UPDATE account SET balance = balance + 1 WHERE code IN (1310, 1340); DELETE FROM book WHERE owner = 9"
    )
    before = sorted(findings(books))
    monkeypatch.setattr(audit, "SPAN", entries)
    monkeypatch.setattr(audit, "BOOKS", most)
    assert sorted(findings(books)) == before != []
    assert max(step for step in audit.check(books) if isinstance(step, int)) == audit.extent(books).steps


@pytest.mark.parametrize(
    ("statements", "expected"), TAMPERING.items(), ids=[" ".join(each.split()) for each in TAMPERING]
)
def test_tampering_is_found_and_named(books: Connection, statements: str, expected: tuple[str, ...]) -> None:
    attack(books, statements)
    found = findings(books)
    assert [each for each in expected if not any(re.match(each, line) for line in found)] == [], found
    # it is these books' trouble and nobody else's
    assert {named(line) for line in found} == {named(line) for line in expected}


def named(finding: str) -> str:
    """The book that a finding names."""
    return finding.partition(" ")[0].rstrip(":")


def test_one_book_is_checked_alone(books: Connection) -> None:
    attack(books, "UPDATE account SET balance = balance + 1 WHERE code = 1310 AND book IN ('shop:1', 'shop:5')")
    assert sorted(findings(books)) == sorted(findings(books, "shop:1") + findings(books, "shop:5")) != []
    assert findings(books, "shop:19") == []


def test_a_book_whose_row_is_gone_is_still_known(books: Connection) -> None:
    attack(books, "DELETE FROM book WHERE id = 'shop:1'")
    assert audit.known(books, "shop:1")
    assert any("entries without their book" in line for line in findings(books, "shop:1"))


def test_a_finding_reads_as_a_sentence() -> None:
    assert str(audit.Finding("shop:17", 42, "gone")) == "shop:17 entry 42: gone"
    assert str(audit.Finding("shop:17", 0, "gone")) == "shop:17: gone"


@pytest.mark.parametrize("demo", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET created_at = 'yesterday' WHERE book = 'shop:1' AND number = 3",
        "UPDATE entry SET event_on = 7 WHERE book = 'shop:1' AND number = 3",
        "UPDATE allocation SET due = 'soon' WHERE book = 'group:1' AND entry = 187",
        "UPDATE hold SET amount = 'much' WHERE book = 'hub:1' AND entry = 3",
    ],
)
def test_what_cannot_be_read_is_a_finding_too(books: Connection, statement: str) -> None:
    """Only SQLite keeps such values."""
    attack(books, statement)
    assert any(line.endswith("cannot be read, and no later one was walked") for line in findings(books)), findings(
        books
    )


def test_after_a_check_the_connection_is_as_it_was(books: Connection) -> None:
    before = books.get_execution_options()
    findings(books)
    assert books.get_execution_options() == before


ONE = re.compile(r"(book>. AND book<.|id>. AND id<.)|\b(entry|number|hold|operation|id|party|item|reverses|rowid)=")
"""How a table may be read: once, from the first to the last of the books; or, for a row, what belongs to that row."""


@pytest.mark.parametrize("what", RULES)
def test_the_work_of_a_rule_grows_with_the_rows_and_no_faster(db: Connection, what: str) -> None:
    """So says the plan of SQLite, which takes the tables as it finds them."""
    asked: list[tuple[str, Any]] = []
    event.listen(db, "before_cursor_execute", lambda _db, _cursor, text, values, *_: asked.append((text, values)))
    rows = RULES[what].subquery()
    db.execute(select(rows).where(within(rows)), {"first": "shop:1", "last": "shop:9"})
    text, values = asked[0]
    plan = [step.detail for step in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
    reads = [
        step for step in plan if step.startswith(("SCAN", "SEARCH")) and "anon_" not in step and "subq" not in step
    ]
    slow = [step for step in reads if not ONE.search(step)]
    # The highest number of a book is one look into the index; the roll of a group is read once for its book.
    assert slow == [] or what in (
        "a book's row does not name its last entry",
        "a meeting's roll and what was collected differ",
    )
