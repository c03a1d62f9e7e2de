"""Receipts: six characters that anybody can check against the true record: kind, sum, day; no name, no total."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Index
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.books import Entry
from ledger.books import Origin
from ledger.money import Money
from ledger.tables import AppendOnly
from ledger.tables import Id
from ledger.tables import Minor
from ledger.tables import metadata

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""The characters of a code: no 0, O, 1 or I."""

receipt_table = Table(
    "receipt",
    metadata,
    Column("programme", Id, ForeignKey("programme.id"), nullable=False),
    Column("code", String(6), nullable=False),
    Column("book", String(40), nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("amount", Minor, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("event_on", Date, nullable=False),
    PrimaryKeyConstraint("programme", "code"),
    ForeignKeyConstraint(["book", "entry"], ["entry.book", "entry.number"]),
    Index(None, "book", "entry"),
)

APPEND_ONLY = (AppendOnly("receipt", (("programme", "code"),)),)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The true record behind a code."""

    code: str
    kind: str
    amount: Money
    on: date


def check_character(body: str) -> str:
    """The sixth character for the first five, so that one wrong or any two swapped ones show.

    Letters count as elements of the field of 32, and each place weighs twice the next one; a plain weighted sum
    modulo 32 would not see two letters swapped that are 16 apart.
    """
    total = 0
    for letter in body:
        total ^= LETTERS.index(letter)
        # Twice, modulo x⁵ + x² + 1.
        total = total << 1 ^ (0b100101 if total & 0b10000 else 0)
    return LETTERS[total]


def completed(body: str) -> str:
    """A whole code out of its first five characters."""
    return body + check_character(body)


def well_formed(code: str) -> bool:
    """Whether six characters can be a code at all."""
    return len(code) == 6 and all(c in LETTERS for c in code) and completed(code[:5]) == code


_TAKEN = select(receipt_table.c.code).where(
    receipt_table.c.programme == bindparam("programme"), receipt_table.c.code == bindparam("code")
)


def issue(db: Connection, origin: Origin, programme: int, entry: Entry, kind: str, amount: Money) -> str:
    """Write a receipt for an entry and give its code, drawn from the origin's source until one is free."""
    code = origin.codes()
    while db.execute(_TAKEN, {"programme": programme, "code": code}).first():
        code = origin.codes()
    values = {
        "programme": programme,
        "code": code,
        "book": entry.book,
        "entry": entry.number,
        "kind": kind,
        "amount": amount.minor,
        "currency": amount.currency,
        "event_on": origin.on,
    }
    db.execute(receipt_table.insert(), values)
    return code


def of_entry(db: Connection, entry: Entry) -> Receipt | None:
    """The receipt of an entry, if it has one."""
    match = (receipt_table.c.book == entry.book, receipt_table.c.entry == entry.number)
    row = db.execute(select(receipt_table).where(*match)).one_or_none()
    return Receipt(row.code, row.kind, Money(row.amount, row.currency), row.event_on) if row else None
