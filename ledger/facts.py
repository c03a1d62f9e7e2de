"""What happened, told upwards: frozen facts recorded on the connection of the transaction they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from ledger.money import Money


@dataclass(frozen=True)
class Fact:
    """Something that happened to one member's money or goods; `code` is its receipt code."""

    member: int
    code: str


@dataclass(frozen=True)
class OrderPlaced(Fact):
    """An agent ordered stock; the sum is held against her limit, `left` of it remains."""

    number: int
    total: Money
    left: Money


@dataclass(frozen=True)
class SaleRecorded(Fact):
    """An agent sold goods worth `total`; `owed` of it on credit."""

    total: Money
    owed: Money


@dataclass(frozen=True)
class DueCollected(Fact):
    """A customer paid `amount` of what she owed the agent; `left` is still open."""

    amount: Money
    left: Money


@dataclass(frozen=True)
class SavingReceived(Fact):
    """A member saved `amount` in her group; `balance` is all she has saved there."""

    group: int
    amount: Money
    balance: Money


@dataclass(frozen=True)
class LoanDisbursed(Fact):
    """A loan was paid out; the first instalment is due on `first_due`."""

    group: int
    amount: Money
    first_due: date


@dataclass(frozen=True)
class LoanRepaid(Fact):
    """A member paid `amount` on her loan; `left` is the principal still owed."""

    group: int
    amount: Money
    left: Money


@dataclass(frozen=True)
class PinChanged:
    """A member has a new PIN."""

    member: int


AnyFact = Fact | PinChanged


def start(db: Connection) -> None:
    """Begin with no facts; the transaction that owns the connection calls it first."""
    db.info["facts"] = []


def record(db: Connection, fact: AnyFact) -> None:
    """Remember a fact until the transaction collects it; a rolled back attempt forgets it."""
    db.info.setdefault("facts", []).append(fact)


def collect(db: Connection) -> list[AnyFact]:
    """Take all facts recorded since the last call, in order."""
    taken: list[AnyFact] = db.info.get("facts", [])
    db.info["facts"] = []
    return taken


@contextmanager
def attempt(db: Connection) -> Iterator[None]:
    """Try something whole: if it raises, rows and facts are as they were before, and the error goes on."""
    known = len(db.info.setdefault("facts", []))
    try:
        with db.begin_nested():
            yield
    except BaseException:
        del db.info["facts"][known:]
        raise
