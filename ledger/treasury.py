"""The group's own money: social fund, money moved and counted, bank interest, grants, costs, loans from a bank."""

from __future__ import annotations

from sqlalchemy import Connection

from ledger import accounts
from ledger import receipts
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Origin
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import enter
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.templates import PLACES
from ledger.templates import draft

BORROWED = 2050


def pay_social(db: Connection, member: Member, amount: Money, origin: Origin, *, money: str = "cash") -> Entry:
    """Take what a member pays into the social fund of her group."""
    memo = {"member": member.id}
    of = draft("social-fund.in", member.group_book, {"paid": amount}, money=money, memo=memo)
    return _with_receipt(db, member, of, amount, origin)


def grant_social(
    db: Connection, member: Member, amount: Money, reason: str, origin: Origin, *, money: str = "cash"
) -> Entry:
    """Help a member out of the social fund; more than is in it is a Shortfall."""
    memo = {"member": member.id, "reason": reason}
    of = draft("social-fund.grant", member.group_book, {"paid": amount}, money=money, memo=memo)
    return _with_receipt(db, member, of, amount, origin)


def _with_receipt(db: Connection, member: Member, of: Draft, amount: Money, origin: Origin) -> Entry:
    if (done := begin(db, origin, of.kind, draft=repr(of))) is not None:
        return done[0]
    (entry,) = post(db, origin, of)
    receipts.issue(db, origin, member.programme, entry, of.kind, amount)
    return entry


def move(db: Connection, book: Book, amount: Money, source: str, target: str, origin: Origin) -> Entry:
    """Carry money of a group or a lender from one place to another: cash, bank, wallet, collector."""
    if source == target:
        raise ValueError(f"money does not move from {source} to {target}")
    return enter(db, origin, draft("money.move", book, {"moved": amount}, source=source, target=target))[0]


def hand_in(db: Connection, book: Book, amount: Money, origin: Origin) -> Entry:
    """Take into the cash box what a collector carried; more than he took from the members is a Shortfall."""
    return move(db, book, amount, "collector", "cash", origin)


def difference(db: Connection, book: Book, counted: Money) -> Money:
    """What was counted in the cash box less what the books say; below zero: some of it is missing."""
    return counted - accounts.balance(db, book, PLACES["cash"])


def count(db: Connection, book: Book, counted: Money, origin: Origin) -> Entry:
    """Write down what was counted in the cash box; a difference is posted, found or missing.

    An entry without lines says that the box was right. Counted and difference stand in its memo, in minor units.
    """
    if (done := begin(db, origin, "money.counted", book=book.id, counted=counted.minor)) is not None:
        return done[0]
    if counted.minor < 0:
        raise ValueError("nobody counts less than nothing")
    lock(db, [book])
    off = difference(db, book, counted)
    memo = {"counted": counted.minor, "difference": off.minor}
    if not off:
        return post(db, origin, Draft(book, "money.counted", memo=memo))[0]
    sums = {"found": off} if off.minor > 0 else {"missing": -off}
    return post(db, origin, draft("money.counted", book, sums, memo=memo))[0]


def earn_interest(db: Connection, book: Book, amount: Money, origin: Origin) -> Entry:
    """Take in what the bank paid on the group's account."""
    return enter(db, origin, draft("bank.interest", book, {"earned": amount}))[0]


def take_capital(db: Connection, lender: Book, amount: Money, origin: Origin, *, money: str = "cash") -> Entry:
    """Take what a lender is given to lend out."""
    return enter(db, origin, draft("capital.in", lender, {"paid": amount}, money=money))[0]


def take_grant(db: Connection, book: Book, amount: Money, giver: str, origin: Origin, *, money: str = "bank") -> Entry:
    """Take a gift in that is not to be paid back."""
    return enter(db, origin, draft("grant.in", book, {"given": amount}, money=money, memo={"giver": giver}))[0]


def spend(db: Connection, book: Book, amount: Money, purpose: str, origin: Origin, *, money: str = "cash") -> Entry:
    """Pay a cost of the group's meetings."""
    return enter(db, origin, draft("meeting.cost", book, {"spent": amount}, money=money, memo={"purpose": purpose}))[0]


def borrow(db: Connection, book: Book, amount: Money, lender: str, origin: Origin, *, money: str = "bank") -> Entry:
    """Take a loan from a bank or a federation to the group as a whole."""
    return enter(db, origin, draft("linkage.in", book, {"borrowed": amount}, money=money, memo={"lender": lender}))[0]


def repay(
    db: Connection, book: Book, principal: Money, interest: Money, origin: Origin, *, money: str = "bank"
) -> Entry:
    """Pay principal and interest of what the group borrowed; more principal than it owes is a Shortfall."""
    inputs = {"book": book.id, "principal": principal.minor, "interest": interest.minor, "money": money}
    if (done := begin(db, origin, "linkage.repay", **inputs)) is not None:
        return done[0]
    lock(db, [book])
    if principal > (owes := accounts.balance(db, book, BORROWED)):
        raise Shortfall("owes-less", owes=owes)
    sums = {"principal": principal, "interest": interest}
    return post(db, origin, draft("linkage.repay", book, sums, money=money))[0]
