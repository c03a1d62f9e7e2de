"""What two leaders approved is paid out: a leader hands the cash over, never to herself, and only then money moves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import applications
from ledger import approvals
from ledger import facts
from ledger import members
from ledger import receipts
from ledger import savings
from ledger import shareout
from ledger.approvals import Approval
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import entry_table
from ledger.chart import natural
from ledger.decisions import all_hers
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.journal import begin
from ledger.journal import lock
from ledger.members import Member
from ledger.money import Money
from ledger.tables import Names


@dataclass(frozen=True, slots=True)
class ToPay:
    """Cash that waits for a member: what it is for, how much, until when. A share-out payment has no approval (0)."""

    approval: int
    kind: str
    member: int
    names: Names
    code: str
    amount: Money
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Payment:
    """What was handed over: what for, to whom, how much, and its receipt; who left with nothing has none (empty)."""

    kind: str
    member: int
    amount: Money
    receipt: str


_PAYABLE = (
    select(account_table.c.party, account_table.c.balance)
    .where(
        account_table.c.book == bindparam("book"),
        account_table.c.code == shareout.PAYABLE,
        account_table.c.balance != 0,
    )
    .order_by(account_table.c.party)
)
_POSTED = select(entry_table.c.book, entry_table.c.number, entry_table.c.hash).where(
    entry_table.c.operation == bindparam("operation"), entry_table.c.book == bindparam("book")
)


def to_pay(db: Connection, book: Book, now: datetime) -> list[ToPay]:
    """What a group has approved and not paid yet, oldest first; then what a share-out left to pay, by member."""
    approved = [each for each in approvals.in_group(db, book.owner) if each.at(now) == approvals.APPROVED]
    waiting = [_to_pay(db, each.about, each.kind, _sum(db, each), each.id, each.until) for each in approved]
    rows = db.execute(_PAYABLE, {"book": book.id}).all()
    owed = {row.party: Money(natural(shareout.PAYABLE, row.balance), book.currency) for row in rows}
    return waiting + [_to_pay(db, member, approvals.SHARE_OUT, amount) for member, amount in owed.items()]


def _sum(db: Connection, found: Approval) -> Money:
    """What it comes to today: who leaves may have saved since it was asked."""
    return all_hers(db, found.book, found.about) if found.kind == approvals.LEAVE else found.amount


def _to_pay(
    db: Connection, member: int, kind: str, amount: Money, approval: int = 0, until: datetime | None = None
) -> ToPay:
    hers = members.get(db, member)
    return ToPay(approval, kind, member, hers.names, hers.code, amount, until)


def pay_out(db: Connection, leader: Member, approval: int, origin: Origin, *, money: str = "cash") -> Payment:
    """Hand over what was approved: a withdrawal, a loan with its terms counted from today, all of who leaves.

    Refused: who is no leader of the group, a leader about herself, what was not approved, is over or out of time; and
    whatever the verb itself refuses (cash that is short, a loan that something blocks by now, fines of who leaves).
    """
    found = approvals.get(db, approval)
    if found.group != leader.group:
        raise NotFound("unknown-approval", approval=approval)
    if begin(db, origin, "approval.pay-out", who=leader.id, approval=approval, money=money) is None:
        found = approvals.locked(db, approval)
        _check_hands(db, leader, found.about)
        _pay_out(db, found, origin, money)
    return _payment(db, found.book, found.kind, found.about, origin)


def officer_pays_out(db: Connection, name: str, approval: int, origin: Origin, *, money: str = "cash") -> Payment:
    """The same by an officer of the programme, where the group has no other leader than whom it is for."""
    if begin(db, origin, "approval.pay-out", who=name, approval=approval, money=money) is None:
        found = approvals.locked(db, approval)
        if {leader.id for leader in members.leaders(db, found.group)} - {found.about}:
            raise NotAllowed("leaders-pay", approval=approval)
        _pay_out(db, found, origin, money)
    found = approvals.get(db, approval)
    return _payment(db, found.book, found.kind, found.about, origin)


def _pay_out(db: Connection, found: Approval, origin: Origin, money: str) -> None:
    if (state := found.at(origin.at)) == approvals.OPEN:
        raise NotAllowed("not-approved", approval=found.id)
    elif state != approvals.APPROVED:
        raise NotAllowed("approval-over", approval=found.id, state=state)
    PAYS[found.kind](db, members.get(db, found.about), found, origin.part("pay"), money)
    approvals.end(db, found, approvals.DONE)
    _tell(db, _payment(db, found.book, found.kind, found.about, origin))


def pay_share(db: Connection, leader: Member, member: Member, origin: Origin, *, money: str = "cash") -> Payment:
    """Hand over what a share-out gave a member; refused like `pay_out`, and by `shareout.pay`."""
    book = leader.group_book
    if begin(db, origin, "share-out.hand-over", leader=leader.id, member=member.id, money=money) is None:
        lock(db, [book])
        _check_hands(db, leader, member.id)
        if member.group != leader.group:
            raise NotAllowed("not-in-group", member=member.id, group=leader.group)
        shareout.pay(db, member, origin.part("pay"), money=money)
        _tell(db, _payment(db, book, approvals.SHARE_OUT, member.id, origin))
    return _payment(db, book, approvals.SHARE_OUT, member.id, origin)


def _check_hands(db: Connection, leader: Member, beneficiary: int) -> None:
    """Cash goes through the hands of a leader of the group, and not into her own."""
    if leader.id not in {each.id for each in members.leaders(db, leader.group_book.owner)}:
        raise NotAllowed("not-a-leader", group=leader.group)
    if leader.id == beneficiary:
        raise NotAllowed("for-yourself", member=beneficiary)


def _payment(db: Connection, book: Book, kind: str, member: int, origin: Origin) -> Payment:
    row = db.execute(_POSTED, {"operation": origin.part("pay").operation, "book": book.id}).one()
    receipt = receipts.of_entry(db, Entry(*row))
    return Payment(kind, member, *((receipt.amount, receipt.code) if receipt else (Money(0, book.currency), "")))


def _tell(db: Connection, paid: Payment) -> None:
    # A loan tells of itself, with its first instalment.
    if paid.receipt and paid.kind != approvals.LOAN:
        facts.record(db, facts.PaidOut(paid.member, paid.receipt, paid.kind, paid.amount))


def _withdraw(db: Connection, member: Member, found: Approval, origin: Origin, money: str) -> None:
    savings.withdraw(db, member, int(found.subject), origin, money=money)


def _lend(db: Connection, member: Member, found: Approval, origin: Origin, money: str) -> None:
    applications.pay(db, member, int(found.subject), origin, money=money)


def _let_go(db: Connection, member: Member, found: Approval, origin: Origin, money: str) -> None:
    savings.leave(db, member, origin, money=money)


PAYS: Mapping[str, Callable[[Connection, Member, Approval, Origin, str], None]] = {
    approvals.WITHDRAWAL: _withdraw,
    approvals.LOAN: _lend,
    approvals.LEAVE: _let_go,
}
"""How each kind is paid out that waits for its cash."""
