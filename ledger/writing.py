"""How the journal reads and writes its rows: in as few steps as each database allows.

PostgreSQL lies behind a wire, so all rows of a posting go there at once, in one statement. SQLite lies in the
process and has no such statement; there they go table by table. Every statement is made once and kept as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Dialect
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import exists
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg

from ledger.books import account_table
from ledger.books import book_table
from ledger.books import operation_table
from ledger.driver import run
from ledger.tables import insert_new

Row = dict[str, Any]
"""A row by column, with its values as Python has them; what a table has no column for is left out."""

Key = tuple[str, int, int]
"""An account: book, code, party."""

_SQLITE, _POSTGRESQL = "sqlite", "postgresql"
_DRIVERS: Mapping[str, Dialect] = {
    _SQLITE: sqlite.dialect(paramstyle="named"),
    _POSTGRESQL: psycopg.dialect(),  # type: ignore[no-untyped-call]
}

_KEY = ("book", "code", "party")
_CHANGING = {account_table: (_KEY, ("balance", "pending")), book_table: (("id",), ("entries", "head"))}
"""The tables whose rows change: their key, and what a posting changes. All others only grow."""

_SET_APART = ("ceiling", "closed_on")
"""What a posting heeds and never sets."""

_MOST = 300
"""Accounts that one statement asks for."""


def claim(db: Connection, row: Row) -> bool:
    """Add an operation, or False when its id is there already; waits for another transaction that adds it."""
    name = db.dialect.name
    return bool(run(db, _text(name, _claim, name), _stored(name, operation_table, row)).rowcount)


def _claim(name: str) -> Any:
    # Asked for in the same breath: on SQLite the trigger that keeps REPLACE off comes before ON CONFLICT.
    values = [bindparam(column.name, type_=column.type) for column in operation_table.c]
    free = ~exists().where(operation_table.c.id == bindparam("id"))
    return insert_new(operation_table)[name].from_select(operation_table.c.keys(), select(*values).where(free))


def locked(db: Connection, ids: Sequence[str]) -> list[Row]:
    """Lock those of the books that there are, in the order of their ids: their rows."""
    values = {f"id{n}": name for n, name in enumerate(ids)}
    found = run(db, _text(db.dialect.name, _books, len(ids)), values).fetchall()
    return [dict(zip(book_table.c.keys(), row, strict=True)) for row in found]


def _books(count: int) -> Any:
    ids = [bindparam(f"id{n}", type_=book_table.c.id.type) for n in range(count)]
    return select(book_table).where(book_table.c.id.in_(ids)).order_by(book_table.c.id).with_for_update()


def accounts(db: Connection, keys: Sequence[Key]) -> dict[Key, tuple[int, int, int | None]]:
    """Balance, pending sum and ceiling of those of the accounts that there are; their books must be locked before."""
    found: list[Any] = []
    for start in range(0, len(keys), _MOST):
        some = keys[start : start + _MOST]
        values = {f"{name}{n}": part for n, key in enumerate(some) for name, part in zip(_KEY, key, strict=True)}
        found += run(db, _text(db.dialect.name, _accounts, len(some)), values).fetchall()
    return {(book, code, party): (balance, pending, ceiling) for book, code, party, balance, pending, ceiling in found}


def _accounts(count: int) -> Any:
    columns = account_table.c
    some = (and_(*(columns[name] == bindparam(f"{name}{n}") for name in _KEY)) for n in range(count))
    return select(account_table).where(or_(*some))


def write(db: Connection, rows: Mapping[Table, Sequence[Row]]) -> None:
    """Add rows, those that others refer to first; an account or a book that is there already is changed."""
    name, rows = db.dialect.name, {table: some for table, some in rows.items() if some}
    if name == _SQLITE:
        for table, some in rows.items():
            run(db, _one_by_one(table), [_stored(name, table, row) for row in some], many=True)
    else:
        run(db, _together(tuple(rows)), {table.name: _json(some) for table, some in rows.items()})


@cache
def _one_by_one(table: Table) -> str:
    names = [column.name for column in _columns(table)]
    values = f"VALUES (:{', :'.join(names)})"
    return f"INSERT INTO {table.name} ({', '.join(names)}) {values}{_else_change(table)}"


@cache
def _together(tables: Sequence[Table]) -> str:
    inserts = []
    for table in tables:
        names = ", ".join(column.name for column in _columns(table))
        typed = ", ".join(f"{column.name} {column.type.compile(_DRIVERS[_POSTGRESQL])}" for column in _columns(table))
        given = f"SELECT {names} FROM json_to_recordset(%({table.name})s) AS given({typed})"  # noqa: S608 (our names)
        inserts.append(f"INSERT INTO {table.name} ({names}) {given}{_else_change(table)}")
    *first, last = inserts
    return f"WITH {', '.join(f'part{n} AS ({each})' for n, each in enumerate(first))} {last}"


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name not in _SET_APART]


def _else_change(table: Table) -> str:
    if table not in _CHANGING:
        return ""
    key, changed = _CHANGING[table]
    changes = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"


_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _stored(name: str, table: Table, row: Row) -> Row:
    """The row as a driver takes it: days and moments as the column types keep them."""
    processors = _processors(name, table)
    return row | {each: process(row[each]) for each, process in processors.items()} if processors else row


@cache
def _processors(name: str, table: Table) -> Mapping[str, Callable[[Any], Any]]:
    driver = _DRIVERS[name]
    made = {column.name: column.type.dialect_impl(driver).bind_processor(driver) for column in table.c}
    return {name: process for name, process in made.items() if process}


@cache
def _text(name: str, make: Callable[[Any], Any], of: Any) -> str:
    return str(make(of).compile(dialect=_DRIVERS[name]))
