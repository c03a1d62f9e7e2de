"""An item sold on instalments: down payment, schedule, payments, closed early; each contract has an account (1230).

The price less the down payment is the principal of its terms, the service charge their interest, income when it comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import facts
from ledger import loans
from ledger import programmes
from ledger import receipts
from ledger import stock
from ledger.books import CHARGED
from ledger.books import Allocation
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import book_table
from ledger.books import instalment_table
from ledger.catalogue import Item
from ledger.catalogue import by_ids
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.loans import Instalment
from ledger.members import Member
from ledger.members import get as get_member
from ledger.money import Money
from ledger.money import total
from ledger.repayments import allocate
from ledger.repayments import closing
from ledger.repayments import sums_of
from ledger.schedules import PASSBOOK
from ledger.schedules import Planned
from ledger.schedules import Terms
from ledger.schedules import read
from ledger.schedules import schedule
from ledger.schedules import written
from ledger.tables import AppendOnly
from ledger.tables import Id
from ledger.tables import metadata
from ledger.templates import draft

RECEIVABLE = 1230
DOWN = 0
"""The number of the instalment that is the down payment."""

MOST = 10**15
"""The most that a contract comes to, in minor units: far above any price, far below what an account can hold."""

contract_table = Table(
    "emi_contract",
    metadata,
    Column("id", Id, primary_key=True),
    Column("book", String(40), nullable=False),
    Column("member", Id, ForeignKey("member.id"), nullable=False),
    Column("item", ForeignKey("item.id"), nullable=False),
    Column("terms", Text, nullable=False),
    Column("operation", String(64), nullable=False, unique=True),
    Index(None, "member"),
    Index(None, "book"),
)

APPEND_ONLY = (AppendOnly("emi_contract", (("id",), ("operation",))),)


@dataclass(frozen=True, slots=True)
class Contract:
    """An item on instalments: whose it is, what was agreed, and its instalments; number 0 is the down payment."""

    id: int
    book: Book
    member: int
    item: int
    terms: Terms
    instalments: tuple[Instalment, ...]

    @property
    def code(self) -> int:
        """The head of its account."""
        return RECEIVABLE

    @property
    def price(self) -> Money:
        """What the item costs, the service charge apart."""
        return total((each.principal for each in self.instalments), self.book.currency)

    @property
    def unpaid(self) -> list[Instalment]:
        """Instalments not yet cleared whole, oldest first."""
        return [each for each in self.instalments if each.left]

    @property
    def left(self) -> Money:
        """What is still to be paid by the plan, service charge included."""
        return total((each.left for each in self.unpaid), self.book.currency)

    def due(self, on: date) -> Money:
        """What is to be paid up to a day and has not been."""
        return total((each.left for each in self.unpaid if each.due <= on), self.book.currency)

    def overdue(self, on: date) -> list[Instalment]:
        """Instalments that should have been paid before a day."""
        return [each for each in self.unpaid if each.due < on]


_WITH_BOOK = select(contract_table, book_table.c.kind, book_table.c.owner, book_table.c.currency).join(
    book_table, book_table.c.id == contract_table.c.book
)
_ONE = _WITH_BOOK.where(contract_table.c.book == bindparam("book"), contract_table.c.id == bindparam("id"))
_LATE = (
    select(instalment_table.c.number)
    .where(
        instalment_table.c.book == contract_table.c.book,
        instalment_table.c.code == RECEIVABLE,
        instalment_table.c.party == contract_table.c.id,
        (instalment_table.c.principal > instalment_table.c.principal_cleared)
        | (instalment_table.c.interest > instalment_table.c.interest_cleared),
        instalment_table.c.due < bindparam("on"),
    )
    .exists()
)
_OF_MEMBER = _WITH_BOOK.where(contract_table.c.member == bindparam("member"), _LATE).order_by(contract_table.c.id)
_ARREARS = _WITH_BOOK.where(contract_table.c.book == bindparam("book"), _LATE).order_by(contract_table.c.id)
_OF_OPERATION = select(contract_table.c.id).where(contract_table.c.operation == bindparam("operation"))


def open_contract(
    db: Connection, hub: Book, member: Member, item: int, down: Money, terms: Terms, origin: Origin
) -> Contract:
    """Sell one piece of an item on instalments: `down` today, the principal of the terms by their schedule.

    The same operation again gives the same contract. Refused: an item that is not sold, or of which the hub has none.
    """
    inputs = {"hub": hub.id, "member": member.id, "item": item, "down": down.minor, "terms": written(terms)}
    if begin(db, origin, "emi.open", **inputs) is not None:
        return get(db, hub, db.execute(_OF_OPERATION, {"operation": origin.operation}).scalar_one())
    known, plan = _sold(db, hub, member, item, origin.on), _plan(terms)
    lock(db, [hub])
    values = {"book": hub.id, "member": member.id, "item": item, "terms": written(terms), "operation": origin.operation}
    contract = db.execute(contract_table.insert().values(values).returning(contract_table.c.id)).scalar_one()
    charges = [
        Allocation(RECEIVABLE, contract, each.number, CHARGED, each.principal, each.interest, due=each.due)
        for each in plan
    ]
    if down:
        charges.append(Allocation(RECEIVABLE, contract, DOWN, CHARGED, down.minor, due=origin.on))
    sums = {"price": terms.principal + down.minor}
    memo = {"contract": contract, "member": member.id, "item": item, "terms": written(terms)}
    moves = stock.costs_out(db, hub, {item: 1})
    (entry,) = post(
        db, origin, draft("emi.open", hub, sums, contract=contract, moves=moves, allocations=charges, memo=memo)
    )
    return _opened(db, get(db, hub, contract), known, entry, origin)


def _sold(db: Connection, hub: Book, member: Member, item: int, on: date) -> Item:
    """The item, if it is sold, and to a member of the hub's programme."""
    if programmes.of_hub(db, hub.owner) != member.programme:
        raise NotFound("unknown-member", member=member.code)
    known = by_ids(db, [item], on).get(item)
    if known is None or not known.active:
        raise NotFound("unknown-item", code=known.code if known else item)
    return known


def _opened(db: Connection, contract: Contract, item: Item, entry: Entry, origin: Origin) -> Contract:
    programme = get_member(db, contract.member).programme
    code = receipts.issue(db, origin, programme, entry, "emi.open", contract.price)
    facts.record(db, facts.EmiOpened(contract.member, code, item.names, contract.left))
    return contract


def _plan(terms: Terms) -> list[Planned]:
    if terms.method == PASSBOOK:
        raise ValueError("an item is sold on a schedule")
    plan = schedule(terms)
    if sum(each.sum for each in plan) > MOST:
        raise ValueError("the service charge is more than the books can hold")
    return plan


def pay(db: Connection, hub: Book, contract: int, amount: Money, origin: Origin) -> Entry:
    """Take a payment: the oldest instalment first, ahead into later ones. More than is left is refused (Shortfall)."""
    if (done := begin(db, origin, "emi.pay", hub=hub.id, contract=contract, amount=amount.minor)) is not None:
        return done[0]
    before = _locked(db, hub, contract)
    parts, over = allocate(before, amount.minor, origin.on)
    if over:
        raise Shortfall("owes-less", owes=before.left)
    return _take(db, "emi.pay", before, parts, origin)


def to_close(contract: Contract, on: date) -> Money:
    """What closes a contract on a day: all of the price, and the service charge of the period begun."""
    return Money(sum(sums_of(closing(contract, on)).values()), contract.book.currency)


def close_early(db: Connection, hub: Book, contract: int, origin: Origin) -> Entry:
    """Take what closes a contract today (`to_close`); the service charge of later periods is waived as agreed."""
    if (done := begin(db, origin, "emi.close-early", hub=hub.id, contract=contract)) is not None:
        return done[0]
    before = _locked(db, hub, contract)
    if not before.unpaid:
        raise NotAllowed("contract-closed", contract=contract)
    return _take(db, "emi.close-early", before, closing(before, origin.on), origin)


def _locked(db: Connection, hub: Book, contract: int) -> Contract:
    lock(db, [hub])
    return get(db, hub, contract)


def _take(db: Connection, kind: str, contract: Contract, parts: list[Allocation], origin: Origin) -> Entry:
    """Post what a payment clears, and give its receipt."""
    sums = sums_of(parts)
    del sums["fine"]
    memo = {"contract": contract.id, "member": contract.member}
    (entry,) = post(db, origin, draft(kind, contract.book, sums, contract=contract.id, allocations=parts, memo=memo))
    paid = Money(sum(sums.values()), contract.book.currency)
    code = receipts.issue(db, origin, get_member(db, contract.member).programme, entry, kind, paid)
    facts.record(db, facts.EmiPaid(contract.member, code, paid, get(db, contract.book, contract.id).left))
    return entry


def get(db: Connection, hub: Book, contract: int) -> Contract:
    """A contract of a hub with all its instalments; NotFound when it has no such contract."""
    row = db.execute(_ONE, {"book": hub.id, "id": contract}).one_or_none()
    if row is None:
        raise NotFound("unknown-contract", contract=contract)
    return _whole(db, row)


def _whole(db: Connection, row: Any) -> Contract:
    book = Book(row.kind, row.owner, row.currency)
    parts = loans.instalments(db, book, RECEIVABLE, row.id)
    return Contract(row.id, book, row.member, row.item, read(row.terms), parts)


def of_member(db: Connection, member: Member) -> list[Contract]:
    """A member's contracts that are not paid off, oldest first."""
    return [_whole(db, row) for row in db.execute(_OF_MEMBER, {"member": member.id, "on": date.max}).all()]


def arrears(db: Connection, hub: Book, on: date) -> list[Contract]:
    """The contracts of a hub that have instalments which should have been paid before a day."""
    return [_whole(db, row) for row in db.execute(_ARREARS, {"book": hub.id, "on": on}).all()]
