"""What happened, told upwards: frozen facts recorded on the connection of the transaction they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
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
class EmiOpened(Fact):
    """A member bought an item on instalments; `left` is to be paid in all, down payment and service charge included."""

    item: Names
    left: Money


@dataclass(frozen=True)
class GoodsTaken(Fact):
    """Goods that had cost `amount` left an agent's shop unsold: `lost`, or taken for her own use."""

    amount: Money
    lost: bool


@dataclass(frozen=True)
class GoodsBought(Fact):
    """An agent bought goods for `amount` otherwise than from her hub."""

    amount: Money


@dataclass(frozen=True)
class Undone(Fact):
    """What the receipt `undone` says was undone; `own`: by herself, in her own call."""

    undone: str
    amount: Money
    own: bool


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


@dataclass(frozen=True)
class Collected(Fact):
    """A member brought `amount` to her group: of it `saved`, for `instalments`, for `fines`, for the `social` fund."""

    group: int
    amount: Money
    saved: Money
    instalments: Money
    fines: Money
    social: Money


@dataclass(frozen=True)
class NumberChanged(Told):
    """A phone number of a member was added, changed or taken away; she is told where she was reached before."""

    number: str


@dataclass(frozen=True)
class MeetingClosed(Told):
    """A leader's meeting is over: what came in, what stays unpaid, how many were absent, what the cash box is `off` by.

    `head` are the first eight digits of the chain, by which a leader can prove what the books were.
    """

    group: int
    collected: Money
    unpaid: Money
    absent: int
    off: Money
    head: str


@dataclass(frozen=True)
class PaidOut(Fact):
    """A member was paid `amount` by her group; `kind` says what for: withdrawal, leave or share-out."""

    kind: str
    amount: Money


@dataclass(frozen=True)
class Request(Told):
    """A request that two leaders must approve went a step further; `kind` as in `approvals.KINDS`."""

    kind: str
    amount: Money


@dataclass(frozen=True)
class ApprovalWaits(Request):
    """A request waits for this leader's word; `whose` is None where it is about the whole group."""

    whose: Names | None


@dataclass(frozen=True)
class RequestApproved(Request):
    """A request was approved; its money, if it is about any, waits to be fetched."""


@dataclass(frozen=True)
class RequestRefused(Request):
    """A leader said no to a request; her `reason` may be empty."""

    reason: str


@dataclass(frozen=True)
class RequestExpired(Request):
    """A request was not decided, or what was approved not fetched, in time."""


@dataclass(frozen=True)
class LoanFound(Told):
    """What stands against a loan that a member asked for: the code of a finding and its values."""

    amount: Money
    code: str
    values: Mapping[str, Money | int]


@dataclass(frozen=True)
class LoanRefused(LoanFound):
    """A member can not have the loan she asked for."""


@dataclass(frozen=True)
class LoanWarned(LoanFound):
    """The loan that a member asked for may be more than she can bear; her leaders decide."""


@dataclass(frozen=True)
class PinResetCode(Told):
    """Two leaders gave a member a new PIN: a code that opens once, for her to choose her own; it never shows itself."""

    code: str = field(repr=False)


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
