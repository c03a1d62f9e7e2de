"""Who wants no SMS: numbers that said STOP, or that a provider reported; the list stands until START."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import select

from ledger.tables import Instant
from ledger.tables import insert_new
from ledger.tables import metadata

BLACKLISTED = frozenset({"UserInBlacklist", "DoNotDisturbRejection", "BlockedMsisdn"})
"""What a provider calls the refusal of a message to somebody who wants none."""

optout_table = Table(
    "optout",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("source", String(40), nullable=False),
    Column("since", Instant, nullable=False),
)

_ADD = {dialect: insert.returning(optout_table.c.number) for dialect, insert in insert_new(optout_table).items()}
_FIND = select(optout_table.c.since).where(optout_table.c.number == bindparam("number"))
_COUNT = select(func.count()).select_from(optout_table)
_DROP = delete(optout_table).where(optout_table.c.number == bindparam("number"))


def stop(db: Connection, number: str, source: str, now: datetime) -> bool:
    """Put a number on the list; whether it was not there before. `source` is who said so."""
    values = {"number": number, "source": source[:40], "since": now}
    return db.execute(_ADD[db.dialect.name], values).first() is not None


def start(db: Connection, number: str) -> bool:
    """Take a number off the list; whether it was on it."""
    return db.execute(_DROP, {"number": number}).rowcount == 1


def stopped(db: Connection, number: str) -> bool:
    """Whether no SMS may go to a number."""
    return db.execute(_FIND, {"number": number}).first() is not None


def count(db: Connection) -> int:
    """How many numbers are on the list."""
    return int(db.execute(_COUNT).scalar_one())
