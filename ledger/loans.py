"""Loans of a group to its members: paid out, repaid oldest instalment first, what is left and what is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import facts
from ledger import receipts
from ledger.books import Draft
from ledger.books import Origin
from ledger.books import credit
from ledger.books import debit
from ledger.errors import NotFound
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.money import total
from ledger.schedules import Terms
from ledger.schedules import schedule
from ledger.tables import Id
from ledger.tables import Minor
from ledger.tables import metadata

loan_table = Table(
    "loan",
    metadata,
    Column("id", Id, primary_key=True),
    Column("book", String(40), nullable=False),
    Column("member", Id, ForeignKey("member.id"), nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("principal", Minor, nullable=False),
    Column("rate", String(40), nullable=False),
    Column("method", String(32), nullable=False),
    Column("disbursed_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("operation", String(64), nullable=False, unique=True),
    Index(None, "member"),
)

instalment_table = Table(
    "instalment",
    metadata,
    Column("loan", ForeignKey("loan.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("due", Date, nullable=False),
    Column("principal", Minor, nullable=False),
    Column("interest", Minor, nullable=False),
    Column("principal_paid", Minor, nullable=False),
    Column("interest_paid", Minor, nullable=False),
    PrimaryKeyConstraint("loan", "number"),
)


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment of a loan and what is paid of it."""

    number: int
    due: date
    principal: Money
    interest: Money
    principal_paid: Money
    interest_paid: Money

    @property
    def left(self) -> Money:
        """What is still to be paid of it."""
        return self.principal - self.principal_paid + self.interest - self.interest_paid


@dataclass(frozen=True, slots=True)
class Loan:
    """A running loan: which of hers it is (cycle 1, 2 …) and its instalments."""

    id: int
    cycle: int
    principal: Money
    disbursed_on: date
    instalments: tuple[Instalment, ...]

    @property
    def left(self) -> Money:
        """Principal still owed."""
        unpaid = (each.principal - each.principal_paid for each in self.instalments)
        return total(unpaid, self.principal.currency)

    @property
    def unpaid(self) -> list[Instalment]:
        """Instalments not yet paid whole, oldest first."""
        return [each for each in self.instalments if each.left]

    def overdue(self, on: date) -> list[Instalment]:
        """Instalments that should have been paid before a day."""
        return [each for each in self.unpaid if each.due < on]


_LOANS = (
    select(loan_table)
    .where(
        loan_table.c.member == bindparam("member"),
        loan_table.c.book == bindparam("book"),
        loan_table.c.closed_on.is_(None),
    )
    .order_by(loan_table.c.cycle)
)
_LOAN = select(loan_table).where(
    loan_table.c.id == bindparam("id"),
    loan_table.c.member == bindparam("member"),
    loan_table.c.book == bindparam("book"),
)
_CYCLES = select(loan_table.c.id).where(loan_table.c.member == bindparam("member"))
_INSTALMENTS = (
    select(instalment_table)
    .where(instalment_table.c.loan.in_(bindparam("loans", expanding=True)))
    .order_by(instalment_table.c.loan, instalment_table.c.number)
)
_PAY = (
    instalment_table.update()
    .where(instalment_table.c.loan == bindparam("b_loan"), instalment_table.c.number == bindparam("b_number"))
    .values(
        principal_paid=instalment_table.c.principal_paid + bindparam("b_principal"),
        interest_paid=instalment_table.c.interest_paid + bindparam("b_interest"),
    )
)


def running(db: Connection, member: Member) -> list[Loan]:
    """A member's open loans of her group, in the order of their cycles, each with all its instalments."""
    rows = db.execute(_LOANS, {"member": member.id, "book": member.group_book.id}).all()
    return _whole(db, rows, member.currency)


def _whole(db: Connection, rows: Sequence[Any], currency: str) -> list[Loan]:
    parts: dict[int, list[Instalment]] = {row.id: [] for row in rows}
    for row in db.execute(_INSTALMENTS, {"loans": list(parts)}) if parts else ():
        sums = [Money(sum, currency) for sum in (row.principal, row.interest, row.principal_paid, row.interest_paid)]
        parts[row.loan].append(Instalment(row.number, row.due, *sums))
    return [
        Loan(row.id, row.cycle, Money(row.principal, currency), row.disbursed_on, tuple(parts[row.id])) for row in rows
    ]


def get(db: Connection, member: Member, loan: int) -> Loan:
    """A member's loan of her group by id, with all its instalments; NotFound when she has no such loan."""
    rows = db.execute(_LOAN, {"id": loan, "member": member.id, "book": member.group_book.id}).all()
    if not rows:
        raise NotFound("unknown-loan", loan=loan)
    return _whole(db, rows, member.currency)[0]


def disburse(db: Connection, member: Member, terms: Terms, origin: Origin) -> Loan:
    """Pay a loan out of the group's cash box, nothing deducted; the same operation again gives the same loan."""
    book, plan = member.group_book, schedule(terms)
    if not begin(db, origin, "loan.disburse", member=member.id, terms=repr(terms)):
        done = select(loan_table.c.id).where(loan_table.c.operation == origin.operation)
        return get(db, member, db.execute(done).scalar_one())
    lock(db, [book])
    values = {
        "book": book.id,
        "member": member.id,
        "cycle": len(db.execute(_CYCLES, {"member": member.id}).all()) + 1,
        "principal": terms.principal,
        "rate": str(terms.rate),
        "method": terms.method,
        "disbursed_on": terms.disbursed,
        "operation": origin.operation,
    }
    loan = db.execute(loan_table.insert().values(values).returning(loan_table.c.id)).scalar_one()
    rows = [
        {
            "loan": loan,
            "number": each.number,
            "due": each.due,
            "principal": each.principal,
            "interest": each.interest,
        }
        | {"principal_paid": 0, "interest_paid": 0}
        for each in plan
    ]
    db.execute(instalment_table.insert(), rows)
    lines = (debit(1100, terms.principal, loan), credit(1010, terms.principal))
    (entry,) = post(db, origin, Draft(book, "loan.disburse", lines, memo={"loan": loan, "member": member.id}))
    amount = Money(terms.principal, member.currency)
    receipt = receipts.issue(db, origin, member.programme, entry, "loan.disburse", amount)
    facts.record(db, facts.LoanDisbursed(member.id, receipt, book.owner, amount, plan[0].due))
    return get(db, member, loan)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a payment goes into one instalment, in minor units."""

    number: int
    principal: int
    interest: int


def allocate(loan: Loan, amount: int) -> tuple[list[Part], int]:
    """Share a payment out, oldest instalment first, in it interest before principal; the rest is overpaid."""
    parts = []
    for each in loan.unpaid:
        interest = min(amount, (each.interest - each.interest_paid).minor)
        principal = min(amount - interest, (each.principal - each.principal_paid).minor)
        amount -= interest + principal
        if interest + principal:
            parts.append(Part(each.number, principal, interest))
    return parts, amount


def repay(db: Connection, member: Member, loan: int, amount: Money, origin: Origin) -> Loan:
    """Take a payment on a loan into the cash box; it runs ahead into later instalments, beyond them it is overpaid."""
    book = member.group_book
    if not begin(db, origin, "loan.repay", member=member.id, loan=loan, amount=amount.minor):
        return get(db, member, loan)
    lock(db, [book])
    before = get(db, member, loan)
    parts, over = allocate(before, amount.minor)
    principal, interest = sum(part.principal for part in parts), sum(part.interest for part in parts)
    shares = (credit(4010, interest), credit(1100, principal, loan), credit(2070, over, member.id))
    lines = (debit(1010, amount.minor), *(line for line in shares if line.amount))
    (entry,) = post(db, origin, Draft(book, "loan.repay", lines, memo={"loan": loan, "member": member.id}))
    paid = [
        {"b_loan": loan, "b_number": part.number, "b_principal": part.principal, "b_interest": part.interest}
        for part in parts
    ]
    if paid:
        db.execute(_PAY, paid)
    after = get(db, member, loan)
    if before.unpaid and not after.unpaid:
        db.execute(loan_table.update().where(loan_table.c.id == loan).values(closed_on=origin.on))
    receipt = receipts.issue(db, origin, member.programme, entry, "loan.repay", amount)
    facts.record(db, facts.LoanRepaid(member.id, receipt, book.owner, amount, after.left))
    return after
