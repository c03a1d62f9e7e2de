"""Fines of a member: charged for something she did or missed, or on an instalment that is late; paid, waived.

All she owes stands on 1120.member of the book. The part that was charged on instalments is paid and waived with the
loan (`repayments`); what is left of the balance is hers to pay here.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import accounts
from ledger import loans
from ledger import receipts
from ledger.books import CHARGED
from ledger.books import Allocation
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import instalment_table
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.loans import PRINCIPAL
from ledger.loans import loan_table
from ledger.members import Member
from ledger.money import Money
from ledger.templates import draft

FINES = 1120

_ON_INSTALMENTS = (
    select(func.coalesce(func.sum(instalment_table.c.fine - instalment_table.c.fine_cleared), 0))
    .join(
        loan_table,
        (loan_table.c.book == instalment_table.c.book) & (loan_table.c.id == instalment_table.c.party),
    )
    .where(
        instalment_table.c.book == bindparam("book"),
        instalment_table.c.code == PRINCIPAL,
        loan_table.c.member == bindparam("member"),
    )
)


def owed(db: Connection, member: Member, book: Book | None = None) -> Money:
    """The fines that a member owes her group, or the lender whose book it is, beside those on instalments."""
    book = book or member.group_book
    on_instalments = db.execute(_ON_INSTALMENTS, {"book": book.id, "member": member.id}).scalar_one()
    return accounts.balance(db, book, FINES, member.id) - Money(int(on_instalments), book.currency)


def charge(
    db: Connection,
    member: Member,
    amount: Money,
    reason: str,
    origin: Origin,
    *,
    book: Book | None = None,
    loan: int | None = None,
    instalment: int | None = None,
) -> Entry:
    """Charge a fine in the book of her group or of a lender; it is income at once.

    With a `loan` (by its id, the book is the loan's) it sits on an instalment, the oldest unpaid one unless its
    number is given: a payment on the loan then pays it first. NotFound for a loan or instalment that she does not have.
    """
    found = loans.get(db, member, loan) if loan else None
    book = found.book if found else book or member.group_book
    inputs = {"book": book.id, "member": member.id, "amount": amount.minor, "reason": reason}
    if (done := begin(db, origin, "fine.charge", **inputs, loan=loan, instalment=instalment)) is not None:
        return done[0]
    lock(db, [book])
    on: Sequence[Allocation] = [_on_instalment(db, member, loan, instalment, amount)] if loan else []
    memo = {"member": member.id, "reason": reason}
    more = {"member": member.id, "allocations": on, "memo": memo | ({"loan": loan} if loan else {})}
    (entry,) = post(db, origin, draft("fine.charge", book, {"fine": amount}, **more))
    return entry


def _on_instalment(db: Connection, member: Member, loan: int, number: int | None, amount: Money) -> Allocation:
    found = loans.get(db, member, loan)
    if not found.unpaid:
        raise NotAllowed("loan-closed", loan=loan)
    number = found.unpaid[0].number if number is None else number
    if number not in {each.number for each in found.instalments}:
        raise NotFound("unknown-instalment", loan=loan, instalment=number)
    return Allocation(PRINCIPAL, loan, number, CHARGED, fine=amount.minor)


def pay(
    db: Connection, member: Member, amount: Money, origin: Origin, *, book: Book | None = None, money: str = "cash"
) -> Entry:
    """Take what a member pays of her fines beside those on instalments; more than she owes is a Shortfall."""
    book = book or member.group_book
    inputs = {"book": book.id, "member": member.id, "amount": amount.minor, "money": money}
    if (done := begin(db, origin, "fine.pay", **inputs)) is not None:
        return done[0]
    _check_owed(db, member, amount, book)
    memo = {"member": member.id}
    (entry,) = post(db, origin, draft("fine.pay", book, {"fine": amount}, member=member.id, money=money, memo=memo))
    receipts.issue(db, origin, member.programme, entry, "fine.pay", amount)
    return entry


def waive(
    db: Connection, member: Member, amount: Money, reason: str, origin: Origin, *, book: Book | None = None
) -> Entry:
    """Forgive fines of a member beside those on instalments; more than she owes is a Shortfall."""
    book = book or member.group_book
    inputs = {"book": book.id, "member": member.id, "amount": amount.minor, "reason": reason}
    if (done := begin(db, origin, "fine.waive", **inputs)) is not None:
        return done[0]
    _check_owed(db, member, amount, book)
    memo = {"member": member.id, "reason": reason}
    (entry,) = post(db, origin, draft("fine.waive", book, {"fine": amount}, member=member.id, memo=memo))
    return entry


def _check_owed(db: Connection, member: Member, amount: Money, book: Book) -> None:
    lock(db, [book])
    if amount > (owes := owed(db, member, book)):
        raise Shortfall("owes-less", owes=owes)
