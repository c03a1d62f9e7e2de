"""What happened, told upwards: frozen facts recorded on the connection of the transaction they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from ledger.money import Money
from ledger.tables import Names


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

    amount: Money
    first_due: date


@dataclass(frozen=True)
class LoanRepaid(Fact):
    """A member paid `amount` on her loan; `left` is the principal still owed."""

    amount: Money
    left: Money


@dataclass(frozen=True)
class Short:
    """An item of which less arrived than was ordered."""

    item: Names
    ordered: int
    arrived: int


@dataclass(frozen=True)
class OrderDelivered(Fact):
    """Goods of an order worth `total` were handed over; of what is in `short` fewer pieces came than ordered."""

    number: int
    total: Money
    short: tuple[Short, ...]
    own: bool


@dataclass(frozen=True)
class GoodsReturned(Fact):
    """An agent gave unsold goods worth `amount` back; she still `owes` the hub so much."""

    amount: Money
    owes: Money
    own: bool


@dataclass(frozen=True)
class HubPaid(Fact):
    """An agent paid her hub `amount`; she still `owes` it so much, and has paid so much `ahead`."""

    amount: Money
    owes: Money
    ahead: Money


@dataclass(frozen=True)
class HubPrepaid(Fact):
    """An agent paid her hub `amount` ahead, and so much `ahead` in all."""

    amount: Money
    ahead: Money


@dataclass(frozen=True)
class HubRefunded(Fact):
    """The hub gave an agent `amount` back that she had paid ahead."""

    amount: Money


@dataclass(frozen=True)
class CommissionPaid(Fact):
    """Commission was paid out to an agent, or `set_off` against what she owes."""

    amount: Money
    set_off: bool


@dataclass(frozen=True)
class EmiPaid(Fact):
    """A member paid `amount` on an item on instalments; `left` is still to be paid."""

    amount: Money
    left: Money


@dataclass(frozen=True)
class PinChanged:
    """A member has a new PIN."""

    member: int


@dataclass(frozen=True)
class Told:
    """Something a member is told that has no receipt; `about` and `member` make it one thing, told once."""

    member: int
    about: str


@dataclass(frozen=True)
class OrderStep(Told):
    """Order `number` of an agent went a step further; `own`: by herself, in her own call."""

    number: int
    own: bool


@dataclass(frozen=True)
class OrderAccepted(OrderStep):
    """The hub will serve an order."""


@dataclass(frozen=True)
class OrderDispatched(OrderStep):
    """The goods of an order are on their way; whoever brings them is given the `delivery` code for them."""

    delivery: str


@dataclass(frozen=True)
class OrderRefused(OrderStep):
    """Nothing of an order was taken at the door."""


@dataclass(frozen=True)
class OrderCancelled(OrderStep):
    """An order was given up before it was dispatched; `left` can be ordered on credit."""

    left: Money


@dataclass(frozen=True)
class CommissionEarned(Told):
    """An agent earned commission; `unpaid` is all that she has not got yet."""

    amount: Money
    unpaid: Money


@dataclass(frozen=True)
class EmiDue(Told):
    """An instalment of an item falls due on a day, `today` or soon."""

    amount: Money
    due: date
    today: bool


@dataclass(frozen=True)
class EmiLate(Told):
    """Instalments of an item should have been paid from the day `since` on; `amount` in all."""

    amount: Money
    since: date


@dataclass(frozen=True)
class MonthMade(Told):
    """What an agent sold in the month that began on `first`, and made by it; below zero she lost."""

    first: date
    sales: Money
    made: Money


AnyFact = Fact | Told | PinChanged


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
