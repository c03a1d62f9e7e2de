"""The audit: sound books give no finding, and whatever is changed behind the books' back is found and named."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from conftest import Templates
from ledger_world import findings
from ledger_world import undone
from sqlalchemy import Connection

from gateway import schema
from gateway.backend import Database
from gateway.backend import open_database
from ledger import audit

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
    INSERT INTO line VALUES ('shop:1', 99, 0, 1310, 0, 'D', 5000, 16000), ('shop:1', 99, 1, 3310, 0, 'C', 5000, -1806200);
    UPDATE account SET balance = balance + 5000 WHERE book = 'shop:1' AND code = 1310;
    UPDATE account SET balance = balance - 5000 WHERE book = 'shop:1' AND code = 3310
    """: (r"shop:1 entry 99: lines without their entry",),
    "INSERT INTO hold_end VALUES ('hub:1', 99, 3, 'voided', 29000);"
    "UPDATE account SET pending = pending - 29000 WHERE book = 'hub:1' AND party = 1": (
        r"hub:1 entry 99: ends of holds without their entry",
    ),
    "INSERT INTO hold VALUES ('hub:1', 99, 1220, 1, 1);"
    "UPDATE account SET pending = pending + 1 WHERE book = 'hub:1' AND party = 1": (
        r"hub:1 entry 99: holds without their entry",
    ),
    "INSERT INTO move VALUES ('shop:1', 99, 1, 1, 0);"
    "UPDATE stock SET quantity = quantity + 1 WHERE book = 'shop:1' AND item = 1": (
        r"shop:1 entry 99: moves without their entry",
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
    "UPDATE entry SET event_on = CASE number WHEN 4 THEN '2026-11-15' ELSE '2026-11-14' END "
    "WHERE book = 'shop:1' AND number IN (4, 5)": (
        r"shop:1 entry 4: the chain is broken",
        r"shop:1 entry 5: the chain is broken",
    ),
    "UPDATE entry SET hash = previous WHERE book = 'shop:1' AND number = 6": (
        r"shop:1 entry 6: the chain is broken",
        r"shop:1 entry 7: the chain is broken",
    ),
    # entries gone
    "DELETE FROM line WHERE book = 'group:1' AND entry = 60; DELETE FROM entry WHERE book = 'group:1' AND number = 60": (
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
    assert {re.split("[ :]+", line)[0] + ":" + re.split("[ :]+", line)[1] for line in found} == {book}
    assert findings(books, book) == found
    assert findings(books, "shop:19") == []


def test_a_finding_reads_as_a_sentence() -> None:
    assert str(audit.Finding("shop:17", 42, "gone")) == "shop:17 entry 42: gone"
    assert str(audit.Finding("shop:17", 0, "gone")) == "shop:17: gone"


def test_after_a_check_the_connection_is_as_it_was(books: Connection) -> None:
    before = books.get_execution_options()
    findings(books)
    assert books.get_execution_options() == before
