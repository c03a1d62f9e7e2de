"""What is written stays written: raw SQL on a fresh connection, without our pragmas, changes nothing in the books."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from conftest import BOTH
from conftest import TODAY
from ledger_world import NOON
from ledger_world import origin
from ledger_world import taka
from sqlalchemy import Connection

from gateway import schema
from gateway.console import trail
from gateway.providers.contract import Receipt
from gateway.runtime import Runtime
from gateway.sms import receipts as reports
from ledger import approvals
from ledger import catalogue
from ledger import emi
from ledger import members
from ledger import membership
from ledger import reversals
from ledger import steps
from ledger.approvals import Wanted
from ledger.books import Book
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.voices import voice_table

KEYS = {guarded.table: guarded.keys for guarded in schema.APPEND_ONLY}

# {t} the table, {all} its columns, {fresh} the same with a new value in the key's last place, {c} its last column,
# {key} a unique key, {where} one row of it.
EVERYWHERE = [
    "UPDATE {t} SET {c} = {c}",
    "UPDATE {t} SET {c} = {c} WHERE {where}",
    "DELETE FROM {t}",
    "DELETE FROM {t} WHERE {where}",
    "INSERT INTO {t} ({all}) SELECT {all} FROM {t} WHERE {where}",
    "INSERT INTO {t} ({all}) SELECT {all} FROM {t} WHERE {where} ON CONFLICT ({key}) DO UPDATE SET {c} = excluded.{c}",
]
ATTACKS = {
    "sqlite": [
        *EVERYWHERE,
        "UPDATE OR REPLACE {t} SET {c} = {c}",
        "INSERT OR REPLACE INTO {t} ({all}) SELECT {all} FROM {t} WHERE {where}",
        "REPLACE INTO {t} ({all}) SELECT {all} FROM {t} WHERE {where}",
        "REPLACE INTO {t} ({all}) SELECT {all} FROM {t}",
        "REPLACE INTO {t} (rowid, {all}) SELECT rowid, {fresh} FROM {t} WHERE {where}",
        "INSERT INTO {t} ({all}) SELECT {all} FROM {t} WHERE {where} ON CONFLICT DO UPDATE SET {c} = excluded.{c}",
    ],
    "postgresql": [
        *EVERYWHERE,
        "TRUNCATE {t} CASCADE",
        "TRUNCATE book, programme CASCADE",
        "WITH gone AS (DELETE FROM {t} RETURNING *) SELECT count(*) FROM gone",
        "MERGE INTO {t} USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE",
        "MERGE INTO {t} USING (SELECT 1) one ON true WHEN MATCHED THEN UPDATE SET {c} = {t}.{c}",
        "SET session_replication_role = replica; UPDATE {t} SET {c} = {c}",
        "SET session_replication_role = replica; DELETE FROM {t}",
        "SET session_replication_role = replica; TRUNCATE {t} CASCADE",
    ],
}


@contextmanager
def raw(runtime: Runtime) -> Iterator[Any]:
    """A connection that knows nothing of us and keeps each statement at once; SQLite's pragmas are as they come."""
    url = runtime.settings.database_url
    if url.startswith("sqlite"):
        connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    else:
        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    yield connection
    connection.close()


def everything(connection: Any, table: str) -> list[str]:
    return sorted(map(repr, connection.execute(f"SELECT * FROM {table}").fetchall()))


def tried(connection: Any, statement: str) -> str:
    """What the database answered."""
    try:
        connection.execute(statement)
    except (sqlite3.Error, psycopg.Error) as error:
        return str(error).partition("\n")[0]
    return "done"


def add_more(db: Connection) -> None:
    """What the demo has none of: orders cancelled, entries undone, contracts, changed prices, voices, reports."""
    agent = members.get(db, 1)
    for number in ("+8801911000003", "+8801911000004"):
        membership.change_number(db, agent, members.numbers(db, agent.id)[0], number, origin())
    for number in (3, 4):
        trail.note(db, 1, None, "operator.added", NOON, about="nobody")
        steps.cancel(db, agent.hub_book, number, origin())
        undo = replace(origin(codes=lambda number=number: f"22222{number}"), actor="1002")
        reversals.reverse(db, agent.group_book.id, number, "counted twice", undo)
        terms = Terms(100_00, Fraction(0), 2, Every(1, "month"), "flat", TODAY)
        sold = origin(codes=lambda number=number: f"33333{number}")
        emi.open_contract(db, agent.hub_book, agent, 1, taka(0), terms, sold)
        price = {"item": 1, "number": number, "from_on": TODAY, "price": 1, "retail": 2, "entered_at": NOON}
        db.execute(catalogue.price_table.insert(), price)
        asked = approvals.start(db, agent.group_book, Wanted("leave", number, "", taka(0)), origin())
        told = Receipt("africastalking", f"ATXid_{number}", "+8801911000003", "delivered", "Success", f"r{number}")
        reports.take(db, told, "secret", NOON)
        said = {"approval": asked.id, "who": "member:2", "yes": True, "reason": "", "needed": 1}
        db.execute(voice_table.insert(), said | {"at": NOON, "operation": f"said {number}"})


@BOTH
@pytest.mark.parametrize("table", KEYS)
def test_raw_sql_changes_nothing(runtime: Runtime, dialect: str, table: str) -> None:
    with runtime.database.writing(60) as db:
        add_more(db)
    columns = [column.name for column in schema.METADATA.tables[table].columns]
    with raw(runtime) as connection:
        before = everything(connection, table)
        assert len(before) > 1
        for key in KEYS[table]:
            row = connection.execute(f"SELECT {', '.join(key)} FROM {table} WHERE {key[-1]} IS NOT NULL").fetchone()
            where = " AND ".join(f"{name} = {value!r}" for name, value in zip(key, row, strict=True))
            fresh = [f"{name} || '9'" if name == key[-1] else name for name in columns]
            for attack in ATTACKS[dialect]:
                names = {"all": ", ".join(columns), "fresh": ", ".join(fresh), "key": ", ".join(key)}
                statement = attack.format(t=table, c=columns[-1], where=where, **names)
                answer = tried(connection, statement)
                assert answer.endswith("is append-only") or "duplicate key value" in answer, statement
                assert everything(connection, table) == before, statement


@BOTH
@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE"])
def test_an_operation_has_one_entry_in_a_book(runtime: Runtime, dialect: str, verb: str) -> None:
    columns = [column.name for column in schema.METADATA.tables["entry"].columns]
    moved = ["99" if name == "number" else name for name in columns]
    with raw(runtime) as connection:
        before = everything(connection, "entry")
        verb = verb if dialect == "sqlite" else "INSERT"
        rest = f"({', '.join(columns)}) SELECT {', '.join(moved)} FROM entry WHERE book = 'shop:1' AND number = 3"
        assert tried(connection, f"{verb} INTO entry {rest}") != "done"
        assert everything(connection, "entry") == before


@BOTH
def test_adding_goes_on(runtime: Runtime) -> None:
    with runtime.database.writing(60) as db:
        assert steps.cancel(db, Book("hub", 1, "BDT"), 3, origin()).number == 9
