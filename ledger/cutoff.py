"""An old group joins: the sheet of what it and its members have and owe on a day, posted as the first entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import loans
from ledger import members
from ledger.books import Allocation
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import entry_table
from ledger.errors import NotAllowed
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.money import Money
from ledger.schedules import PASSBOOK
from ledger.schedules import Terms
from ledger.schedules import written
from ledger.templates import Sum
from ledger.templates import draft


@dataclass(frozen=True, slots=True)
class OldLoan:
    """A loan that runs already: its principal is what is left of it, its instalments are those still to come.

    One that is late has a first instalment before the cut-off. `interest` (minor units) is due and unpaid beside that.
    """

    terms: Terms
    interest: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member (by id) has in her group and owes it, in minor units."""

    member: int
    compulsory: int = 0
    voluntary: int = 0
    share: int = 0
    overpaid: int = 0
    fines: int = 0
    loans: tuple[OldLoan, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a group has and owes on the day of the cut-off, in minor units, and how its members stand."""

    book: Book
    cash: int = 0
    bank: int = 0
    wallet: int = 0
    social: int = 0
    borrowed: int = 0
    members: tuple[Standing, ...] = ()


_POOLED = ("cash", "bank", "wallet", "social", "borrowed")
_EACH = ("fines", "compulsory", "voluntary", "share", "overpaid")
OWNED = ("cash", "bank", "wallet", "loans", "fines")
"""The sums that are the group's, or owed to it; all others it owes."""


def totals(sheet: Sheet) -> dict[str, Money]:
    """The sums of a sheet by their names: cash, loans, compulsory …"""
    sums = {name: getattr(sheet, name) for name in _POOLED}
    sums |= {name: sum(getattr(each, name) for each in sheet.members) for name in _EACH}
    sums["loans"] = sum(loan.terms.principal for each in sheet.members for loan in each.loans)
    return {name: Money(amount, sheet.book.currency) for name, amount in sums.items()}


def balance_of(sheet: Sheet) -> Money:
    """What the group owns less what it owes: its opening equity (3030), below zero when it owes more.

    Interest that is due is no part of it: it is income on the day it is paid.
    """
    sums = totals(sheet)
    signed = (amount.minor if name in OWNED else -amount.minor for name, amount in sums.items())
    return Money(sum(signed), sheet.book.currency)


_reversal = entry_table.alias("reversal")
_IN_FORCE = (
    select(entry_table.c.number)
    .where(
        entry_table.c.book == bindparam("book"),
        entry_table.c.reverses.is_(None),
        entry_table.c.kind != "rules.set",
        ~select(_reversal.c.number)
        .where(_reversal.c.book == entry_table.c.book, _reversal.c.reverses == entry_table.c.number)
        .exists(),
    )
    .order_by(entry_table.c.number)
    .limit(1)
)


def begun(db: Connection, book: Book) -> int | None:
    """The first entry for which a book takes no sheet; None for one that may join."""
    return db.execute(_IN_FORCE, {"book": book.id}).scalar()


def join(db: Connection, sheet: Sheet, origin: Origin) -> Entry:
    """Post a sheet as one entry, the loans with their instalments; the difference is the group's opening equity.

    Refused when the book has an entry that was not reversed, but for the group's rules; and for who is no member of the
    group. ValueError for sums below zero, a member twice, an empty sheet and impossible terms.
    """
    book = sheet.book
    if (done := begin(db, origin, "cut-off", sheet=repr(sheet))) is not None:
        return done[0]
    lock(db, [book])
    if (number := begun(db, book)) is not None:
        raise NotAllowed("book-begun", book=book.id, entry=number)
    _check_members(db, sheet)
    opened = list(_open_loans(db, sheet, origin))
    sums: dict[str, Sum] = {name: getattr(sheet, name) for name in _POOLED}
    sums |= {name: {each.member: getattr(each, name) for each in sheet.members} for name in _EACH}
    sums["loans"] = {loan: old.terms.principal for loan, _, old, _ in opened}
    memo: dict[str, str | int] = {"members": len(sheet.members)}
    for loan, member, old, _ in opened:
        memo |= {f"member of loan {loan}": member, f"terms of loan {loan}": written(old.terms)}
    plan = [each for _, _, _, some in opened for each in some]
    return post(db, origin, draft("cut-off", book, sums, allocations=plan, memo=memo))[0]


def _check_members(db: Connection, sheet: Sheet) -> None:
    listed = [each.member for each in sheet.members]
    if len(set(listed)) < len(listed):
        raise ValueError("a member stands on a sheet once")
    for member in listed:
        if members.get(db, member).group != sheet.book.owner:
            raise NotAllowed("not-in-group", member=member)


def _open_loans(db: Connection, sheet: Sheet, origin: Origin) -> Iterator[tuple[int, int, OldLoan, list[Allocation]]]:
    """Open the loans of a sheet: each one's id, its member, the loan, and what charges its instalments."""
    running = [(each.member, loan) for each in sheet.members for loan in each.loans]
    for member, old in running:
        loan, plan = loans.open_account(db, sheet.book, members.get(db, member), old.terms, origin)
        yield loan, member, old, _with_interest_due(plan, old, origin.on)


def _with_interest_due(plan: list[Allocation], old: OldLoan, on: date) -> list[Allocation]:
    """The plan and interest that was due before the cut-off: an instalment 0; a passbook has it in its only one."""
    if old.interest < 0:
        raise ValueError("nobody is owed less than no interest")
    if not old.interest:
        return plan
    if old.terms.method == PASSBOOK:
        return [replace(plan[0], interest=old.interest)]
    due = on - timedelta(days=1)
    return [replace(plan[0], number=0, principal=0, interest=old.interest, due=due), *plan]
