"""The ground under every table: metadata, column types, names in three scripts, triggers of append-only tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import DateTime
from sqlalchemy import Dialect
from sqlalchemy import Integer
from sqlalchemy import MetaData
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import TypeDecorator
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
"""A row's number; it carries no order."""

Minor = BigInteger
"""A sum in minor units (poisha, paisa)."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC with microseconds; a naive datetime is refused, because its zone would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take an aware moment to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a timezone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware moment in UTC back, whatever the database kept."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Names:
    """A name in the three scripts of the screens; a script without its own form falls back to a readable one."""

    bn: str
    bn_Latn: str  # noqa: N815 (a language code)
    en: str = ""

    def written(self, language: str) -> str:
        """The name as a reader of `language` (bn, bn_Latn, en) wants it."""
        if language == "bn":
            return self.bn
        return (self.en or self.bn_Latn) if language == "en" else self.bn_Latn


def name_columns(length: int = 60, *, english: bool = True) -> Iterator[Column[Any]]:
    """The columns that hold `Names`; people and groups have no English name of their own."""
    yield Column("name_bn", String(length), nullable=False)
    yield Column("name_latn", String(length), nullable=False)
    if english:
        yield Column("name_en", String(length), nullable=False)


def names(row: Any) -> Names:
    """`Names` out of a row that has the name columns."""
    return Names(row.name_bn, row.name_latn, getattr(row, "name_en", ""))


def insert_new(table: Table) -> Any:
    """By dialect: an INSERT that leaves an existing row alone; SQLite and PostgreSQL spell it the same."""
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing(),
    }


@dataclass(frozen=True)
class AppendOnly:
    """A table whose rows are only ever added, with each of its unique keys."""

    table: str
    keys: tuple[tuple[str, ...], ...]


def sqlite_guard(guarded: AppendOnly) -> Iterator[str]:
    """SQLite triggers that refuse UPDATE, DELETE and REPLACE on a table, on any connection.

    REPLACE deletes without a delete trigger unless `recursive_triggers` is on, so an INSERT that meets an
    existing key, or an existing rowid, is refused before it can replace anything.
    """
    name = guarded.table
    for verb in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
            f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
        )
    # Not `IS`: a key with nothing in it (an entry that reverses none) meets no other, and REPLACE leaves it alone too.
    matches = [" AND ".join(f"{column} = NEW.{column}" for column in key) for key in (*guarded.keys, ("rowid",))]
    taken = " OR ".join(f"EXISTS (SELECT 1 FROM {name} WHERE {match})" for match in matches)  # noqa: S608 (names from our own tables)
    yield (
        f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {taken} "
        f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
    )


def postgresql_guard(guarded: AppendOnly) -> Iterator[str]:
    """PostgreSQL triggers that refuse UPDATE, DELETE and TRUNCATE; a duplicate INSERT fails on its key."""
    name = guarded.table
    yield (
        f"CREATE FUNCTION {name}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name} is append-only'; END $$"
    )
    yield (
        f"CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE ON {name} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}_append_only()"
    )
    yield (
        f"CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}_append_only()"
    )
    # Also where session_replication_role is replica and plain triggers sleep.
    for what in ("change", "truncate"):
        yield f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {name}_no_{what}"


GUARDS = {"sqlite": sqlite_guard, "postgresql": postgresql_guard}

SIZES = {
    "sqlite": text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"),
    "postgresql": text("SELECT pg_database_size(current_database())"),
}
"""By dialect: how many octets the database takes."""
