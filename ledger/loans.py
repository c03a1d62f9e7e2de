"""Loans of a group or a lender to members: what was agreed, the instalments, what is left; paid out, rescheduled.

What a loan owes are the instalments of its account (1100.loan); whether it runs is read from them, never stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from typing import Protocol

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import facts
from ledger import receipts
from ledger.books import CHARGED
from ledger.books import WRITTEN_OFF
from ledger.books import Allocation
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import allocation_table
from ledger.books import book_table
from ledger.books import instalment_table
from ledger.errors import NotFound
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.money import total
from ledger.schedules import Terms
from ledger.schedules import read
from ledger.schedules import schedule
from ledger.schedules import written
from ledger.tables import Id
from ledger.tables import metadata
from ledger.templates import draft

PRINCIPAL = 1100

loan_table = Table(
    "loan",
    metadata,
    Column("id", Id, primary_key=True),
    Column("book", String(40), nullable=False),
    Column("member", Id, ForeignKey("member.id"), nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("terms", Text, nullable=False),
    Column("operation", String(64), nullable=False, index=True),
    Index(None, "member"),
    Index(None, "book"),
)


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment of a loan: what is due of it, fines charged on it, and what of each is cleared."""

    number: int
    due: date
    principal: Money
    interest: Money
    fine: Money
    principal_cleared: Money
    interest_cleared: Money
    fine_cleared: Money

    @property
    def principal_left(self) -> Money:
        """Principal still to be paid."""
        return self.principal - self.principal_cleared

    @property
    def interest_left(self) -> Money:
        """Interest still to be paid."""
        return self.interest - self.interest_cleared

    @property
    def fine_left(self) -> Money:
        """Fines still to be paid."""
        return self.fine - self.fine_cleared

    @property
    def left(self) -> Money:
        """What is still to be paid of it, fines included."""
        return self.principal_left + self.interest_left + self.fine_left


class Scheduled(Protocol):
    """What is owed by instalments on account `code`.`id` of a book: a loan, or another contract."""

    @property
    def code(self) -> int:
        """The account head."""

    @property
    def id(self) -> int:
        """The party of the account."""

    @property
    def book(self) -> Book:
        """Whose book it is in."""

    @property
    def terms(self) -> Terms:
        """What was agreed."""

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """All of them; number 0 is a part paid down, not the end of a period."""

    @property
    def unpaid(self) -> list[Instalment]:
        """Those not yet cleared whole, oldest first."""


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan: whose it is, which of hers (cycle 1, 2 …), what was agreed, and its instalments."""

    id: int
    book: Book
    member: int
    cycle: int
    terms: Terms
    instalments: tuple[Instalment, ...]

    @property
    def code(self) -> int:
        """The head of its account."""
        return PRINCIPAL

    @property
    def principal(self) -> Money:
        """What was lent."""
        return Money(self.terms.principal, self.book.currency)

    @property
    def disbursed_on(self) -> date:
        """The day on which it was paid out."""
        return self.terms.disbursed

    @property
    def left(self) -> Money:
        """Principal still owed."""
        return total((each.principal_left for each in self.instalments), self.book.currency)

    @property
    def unpaid(self) -> list[Instalment]:
        """Instalments not yet cleared whole, oldest first."""
        return [each for each in self.instalments if each.left]

    def overdue(self, on: date) -> list[Instalment]:
        """Instalments that should have been paid before a day."""
        return [each for each in self.unpaid if each.due < on]


_OPEN = (
    select(instalment_table.c.number)
    .where(
        instalment_table.c.book == loan_table.c.book,
        instalment_table.c.code == PRINCIPAL,
        instalment_table.c.party == loan_table.c.id,
        (instalment_table.c.principal > instalment_table.c.principal_cleared)
        | (instalment_table.c.interest > instalment_table.c.interest_cleared)
        | (instalment_table.c.fine > instalment_table.c.fine_cleared),
    )
    .exists()
)
_WITH_BOOK = select(loan_table, book_table.c.kind, book_table.c.owner, book_table.c.currency).join(
    book_table, book_table.c.id == loan_table.c.book
)
_RUNNING = _WITH_BOOK.where(loan_table.c.member == bindparam("member"), _OPEN).order_by(loan_table.c.id)
_LOAN = _WITH_BOOK.where(loan_table.c.id == bindparam("id"), loan_table.c.member == bindparam("member"))
_PAID_OUT = (
    select(instalment_table.c.number)
    .where(
        instalment_table.c.book == loan_table.c.book,
        instalment_table.c.code == PRINCIPAL,
        instalment_table.c.party == loan_table.c.id,
        instalment_table.c.principal > 0,
    )
    .exists()
)
_CYCLES = (
    select(func.count())
    .select_from(loan_table)
    .where(loan_table.c.member == bindparam("member"), loan_table.c.book == bindparam("book"), _PAID_OUT)
)
_OF_OPERATION = select(loan_table.c.id).where(loan_table.c.operation == bindparam("operation"))
_WRITTEN_OFF = select(func.sum(allocation_table.c.principal)).where(
    allocation_table.c.book == bindparam("book"),
    allocation_table.c.code == PRINCIPAL,
    allocation_table.c.party == bindparam("loan"),
    allocation_table.c.how == WRITTEN_OFF,
)
_INSTALMENTS = (
    select(instalment_table)
    .where(
        instalment_table.c.book == bindparam("book"),
        instalment_table.c.code == bindparam("code"),
        instalment_table.c.party == bindparam("party"),
    )
    .order_by(instalment_table.c.number)
)


def running(db: Connection, member: Member) -> list[Loan]:
    """A member's open loans, of her group and of lenders, oldest first, each with all its instalments."""
    return [_whole(db, row) for row in db.execute(_RUNNING, {"member": member.id}).all()]


def get(db: Connection, member: Member, loan: int) -> Loan:
    """A member's loan by id, with all its instalments; NotFound when she has no such loan."""
    row = db.execute(_LOAN, {"id": loan, "member": member.id}).one_or_none()
    if row is None:
        raise NotFound("unknown-loan", loan=loan)
    return _whole(db, row)


def _whole(db: Connection, row: Any) -> Loan:
    book = Book(row.kind, row.owner, row.currency)
    return Loan(row.id, book, row.member, row.cycle, read(row.terms), instalments(db, book, PRINCIPAL, row.id))


def instalments(db: Connection, book: Book, code: int, party: int) -> tuple[Instalment, ...]:
    """The instalments of an account, in order."""
    rows = db.execute(_INSTALMENTS, {"book": book.id, "code": code, "party": party})
    return tuple(Instalment(row.number, row.due, *(Money(sum, book.currency) for sum in row[5:])) for row in rows)


def disburse(
    db: Connection, member: Member, terms: Terms, origin: Origin, *, book: Book | None = None, money: str = "cash"
) -> Loan:
    """Pay a loan out, nothing deducted, by her group or the lender whose book it is; again: the same loan."""
    book, agreed = book or member.group_book, written(terms)
    if begin(db, origin, "loan.disburse", book=book.id, member=member.id, terms=agreed, money=money) is not None:
        return of_operation(db, member, origin.operation)
    lock(db, [book])
    loan, plan = open_account(db, book, member, terms, origin)
    paid_out = Money(terms.principal, book.currency)
    sums = {"lent": paid_out}
    memo = {"loan": loan, "member": member.id, "terms": agreed}
    (entry,) = post(db, origin, draft("loan.disburse", book, sums, loan=loan, money=money, allocations=plan, memo=memo))
    tell_disbursed(db, member, paid_out, plan, entry, "loan.disburse", origin)
    return get(db, member, loan)


def take_fee(db: Connection, member: Member, loan: int, amount: Money, origin: Origin, *, money: str = "cash") -> Entry:
    """Take a fee for a loan: an operation of its own, never deducted from what is paid out."""
    inputs = {"member": member.id, "loan": loan, "amount": amount.minor, "money": money}
    if (done := begin(db, origin, "loan.fee", **inputs)) is not None:
        return done[0]
    memo = {"loan": loan, "member": member.id}
    made = draft("loan.fee", get(db, member, loan).book, {"fee": amount}, money=money, memo=memo)
    (entry,) = post(db, origin, made)
    receipts.issue(db, origin, member.programme, entry, "loan.fee", amount)
    return entry


def tell_disbursed(
    db: Connection, member: Member, lent: Money, plan: Sequence[Allocation], entry: Entry, kind: str, origin: Origin
) -> None:
    """Give the receipt of a loan, and say when its first instalment is due."""
    receipt = receipts.issue(db, origin, member.programme, entry, kind, lent)
    first = min(each.due for each in plan if each.due)
    facts.record(db, facts.LoanDisbursed(member.id, receipt, lent, first))


def open_account(
    db: Connection, book: Book, member: Member, terms: Terms, origin: Origin
) -> tuple[int, list[Allocation]]:
    """The row of a new loan, and the charges that make its plan; the caller posts them. ValueError for bad terms."""
    plan = schedule(terms)
    values = {
        "book": book.id,
        "member": member.id,
        "cycle": next_cycle(db, book, member),
        "terms": written(terms),
        "operation": origin.operation,
    }
    loan = db.execute(loan_table.insert().values(values).returning(loan_table.c.id)).scalar_one()
    return loan, [
        Allocation(PRINCIPAL, loan, each.number, CHARGED, each.principal, each.interest, due=each.due) for each in plan
    ]


def next_cycle(db: Connection, book: Book, member: Member) -> int:
    """Which of her loans in a book the next one will be: 1, 2 …"""
    return int(db.execute(_CYCLES, {"member": member.id, "book": book.id}).scalar_one()) + 1


def of_operation(db: Connection, member: Member, operation: str) -> Loan:
    """The loan that an operation opened."""
    return get(db, member, db.execute(_OF_OPERATION, {"operation": operation}).scalar_one())


def written_off(db: Connection, loan: Loan) -> bool:
    """Whether a loan was written off and that was not reversed."""
    return bool(db.execute(_WRITTEN_OFF, {"book": loan.book.id, "loan": loan.id}).scalar())
