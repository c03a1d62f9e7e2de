"""How the journal's rows reach the tables: in few statements, heard by listeners, with SQLAlchemy's errors."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import BOTH
from ledger_world import balances
from ledger_world import findings
from ledger_world import open_world
from ledger_world import origin
from ledger_world import post
from sqlalchemy import Connection
from sqlalchemy import event
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.backend import Database
from gateway.backend import TooSlow
from gateway.backend import contended
from gateway.backend import lost
from ledger import journal
from ledger.books import Book
from ledger.books import Draft
from ledger.books import credit
from ledger.books import debit

GROUP = Book("group", 1, "BDT")
POSTGRESQL = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


def saving(*members: int) -> Draft:
    lines = [credit(2010, 5, member) for member in members]
    return Draft(GROUP, "saving.deposit", [debit(1010, 5 * len(members)), *lines])


TOGETHER = ["INSERT INTO operation", "SELECT book.id", "SELECT account.book", "WITH part0 AS (INSERT INTO entry"]
ONE_BY_ONE = [*TOGETHER[:3], "INSERT INTO entry", "INSERT INTO line", "INSERT INTO account", "INSERT INTO book"]


@pytest.mark.parametrize(
    ("dialect", "statements"), [("sqlite", ONE_BY_ONE), ("postgresql", TOGETHER)], indirect=["dialect"]
)
def test_a_posting_takes_few_statements_and_listeners_hear_each(db: Connection, statements: list[str]) -> None:
    post(db, saving(3))
    heard: list[str] = []
    event.listen(db, "before_cursor_execute", lambda _db, _cursor, statement, *_: heard.append(statement))
    post(db, saving(3))
    assert [said[: len(began)] for said, began in zip(heard, statements, strict=True)] == statements


@BOTH
def test_one_entry_may_touch_a_thousand_accounts(db: Connection, codes) -> None:
    book = open_world(db, codes).ayesha.group_book
    for _ in range(2):
        post(db, replace(saving(*range(1, 1001)), book=book))
    assert balances(db, book, "1010", "2010.1", "2010.1000") == "1010: 100.00, 2010.1: 0.10, 2010.1000: 0.10"
    assert findings(db) == []


@POSTGRESQL
def test_a_posting_keeps_the_deadline(database: Database) -> None:
    with database.writing() as db:
        db.info["deadline"] = 0
        with pytest.raises(TooSlow):
            post(db, saving(3))


@POSTGRESQL
def test_a_book_that_stays_locked_is_contention(database: Database) -> None:
    with database.writing(60) as db:
        post(db, saving(3))
    with database.writing(60) as holder, database.writing(60) as db:
        journal.lock(holder, [GROUP])
        db.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(DBAPIError) as refused:
            post(db, saving(3))
    assert contended(refused.value)
    assert not lost(refused.value)
    assert "1001" not in str(refused.value)


@POSTGRESQL
def test_a_connection_that_goes_away_is_seen_to_be_lost(database: Database) -> None:
    with pytest.raises(DBAPIError) as refused, database.writing(60) as db:  # noqa: PT012
        pid = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with database.writing(60) as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        post(db, saving(3))
    assert lost(refused.value)
    with database.writing(60) as db:
        (entry,) = journal.enter(db, origin(), saving(3))
    assert entry.number == 1
