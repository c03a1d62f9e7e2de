"""What is due of many groups at once: what a meeting is to bring, what is overdue, instalments of some days.

Every reader takes a page of groups, as their books by their ids, and needs the same few statements for any number.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BindParameter
from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import tuple_

from ledger.books import PARTS
from ledger.books import Book
from ledger.books import account_table
from ledger.books import book_table
from ledger.books import instalment_table
from ledger.chart import LENDER
from ledger.fines import FINES
from ledger.groups import Group
from ledger.groups import group_table
from ledger.groups import read_rules
from ledger.loans import PRINCIPAL
from ledger.loans import loan_table
from ledger.members import IN_GROUP
from ledger.members import member_table
from ledger.money import Money
from ledger.repayments import interest_since
from ledger.repayments import last_visits
from ledger.schedules import PASSBOOK
from ledger.schedules import read

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """How many members of a group owe something, and the sum of it."""

    members: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Owes:
    """What a member of a group owes by a day: fines, and instalments without theirs."""

    fines: Money
    instalments: Money


@dataclass(frozen=True, slots=True)
class LoanOwed:
    """An instalment of a loan that is not paid: whose it is, the day it is due, what is left of it.

    `reminded` is on which days before her group is reminded of one; who is in no group, as usual.
    """

    member: int
    loan: int
    number: int
    due: date
    amount: Money
    reminded: Collection[int]

    @property
    def key(self) -> Key:
        """After which the next page begins."""
        return self.loan, self.number


_books: BindParameter[str] = bindparam("books", expanding=True)
_on: BindParameter[date] = bindparam("on")
_principal, _interest, _fine = (instalment_table.c[part] - instalment_table.c[f"{part}_cleared"] for part in PARTS)
_left: ColumnElement[int] = _principal + _interest + _fine
_of_loan = and_(
    loan_table.c.id == instalment_table.c.party,
    loan_table.c.book == instalment_table.c.book,
    instalment_table.c.code == PRINCIPAL,
)


def _sum(of: ColumnElement[int]) -> ColumnElement[int]:
    return func.sum(of)


_MEMBERS = (
    select(member_table.c.group, func.count().label("members"))
    .where(member_table.c.group.in_(bindparam("groups", expanding=True)), IN_GROUP)
    .group_by(member_table.c.group)
)
_FINES = (
    select(account_table.c.book, member_table.c.group, account_table.c.party.label("member"), account_table.c.balance)
    .join(member_table, member_table.c.id == account_table.c.party)
    .where(account_table.c.book.in_(_books), account_table.c.code == FINES, account_table.c.balance > 0, IN_GROUP)
)
_LOANS = (
    select(
        loan_table.c.id,
        loan_table.c.book,
        loan_table.c.member,
        loan_table.c.terms,
        member_table.c.group,
        _sum(case((instalment_table.c.due <= _on, _left), else_=0)).label("due"),
        _sum(_principal).label("principal"),
        _sum(_interest).label("interest"),
        _sum(_fine).label("fine"),
    )
    .join_from(instalment_table, loan_table, _of_loan)
    .join(member_table, member_table.c.id == loan_table.c.member)
    .where(instalment_table.c.book.in_(_books), _left > 0, IN_GROUP)
    .group_by(loan_table.c.id, loan_table.c.book, loan_table.c.member, loan_table.c.terms, member_table.c.group)
)
_OVERDUE = (
    select(
        loan_table.c.book,
        func.count(loan_table.c.member.distinct()).label("members"),
        _sum(_principal + _interest).label("amount"),
    )
    .join_from(instalment_table, loan_table, _of_loan)
    .where(instalment_table.c.book.in_(_books), instalment_table.c.due < _on, _principal + _interest > 0)
    .group_by(loan_table.c.book)
)


def _falling_due(*columns: Any) -> Select[Any]:
    of = loan_table.c
    return (
        select(of.member, of.id, instalment_table.c.number, instalment_table.c.due, _left.label("amount"), *columns)
        .join_from(instalment_table, loan_table, _of_loan)
        .join(member_table, member_table.c.id == of.member)
        .where(instalment_table.c.due.in_(bindparam("days", expanding=True)), _left > 0)
    )


_DUE = _falling_due(member_table.c.group).where(instalment_table.c.book.in_(_books), IN_GROUP)
# Not the bare columns: by their index all that was ever due would be gone through, and not the days alone.
_key = (loan_table.c.id + 0, instalment_table.c.number + 0)
_LENT = (
    _falling_due(group_table.c.rules)
    .outerjoin(group_table, and_(group_table.c.id == member_table.c.group, IN_GROUP))
    .where(
        instalment_table.c.book == bindparam("book"),
        member_table.c.programme == bindparam("programme"),
        tuple_(*_key) > tuple_(bindparam("loan"), bindparam("number")),
    )
    .order_by(*_key)
    .limit(bindparam("most"))
)
_LENDERS = select(book_table.c.owner).where(book_table.c.kind == LENDER).order_by(book_table.c.owner)


def to_bring(db: Connection, groups: Mapping[int, Group], books: Mapping[int, Book], on: date) -> dict[int, Due]:
    """What the members of each group are to bring to a meeting on a day: the sums of `collection.proposed`.

    Savings and social fund by the rules of a group, fines, instalments due by that day with what passbook loans cost.
    """
    owed = _owed(db, books, on)
    counts = {row.group: row.members for row in db.execute(_MEMBERS, {"groups": list(books)})}
    found = {}
    for group, book in books.items():
        each = groups[group].rules.saving + groups[group].rules.social
        hers = [fines + loans for fines, loans in owed.get(group, {}).values() if fines + loans > 0]
        members = counts.get(group, 0)
        total = members * each + sum(hers)
        found[group] = Due(members if each else len(hers), Money(total, book.currency))
    return found


def owed(db: Connection, book: Book, on: date) -> dict[int, Owes]:
    """The fines and instalments that each member of one group owes it by a day, where there are any."""
    found = _owed(db, {book.owner: book}, on).get(book.owner, {})
    return {member: Owes(*(Money(each, book.currency) for each in hers)) for member, hers in found.items()}


def _owed(db: Connection, books: Mapping[int, Book], on: date) -> dict[int, dict[int, tuple[int, int]]]:
    """Fines and instalments due by a day, by group and member, in minor units."""
    names = {book.id: group for group, book in books.items()}
    owed: dict[int, dict[int, tuple[int, int]]] = {}

    def add(row: Any, fines: int, instalments: int) -> None:
        # Who is in another group by now owes it to her old one, and brings it to none of its meetings.
        if names[row.book] == row.group:
            hers = owed.setdefault(row.group, {})
            before = hers.get(row.member, (0, 0))
            hers[row.member] = (before[0] + fines, before[1] + instalments)

    for row in db.execute(_FINES, {"books": list(names)}):
        add(row, row.balance, 0)
    running = [(row, read(row.terms)) for row in db.execute(_LOANS, {"books": list(names), "on": on})]
    passbooks = {row.id: row.book for row, terms in running if terms.method == PASSBOOK}
    visits = last_visits(db, passbooks) if passbooks else {}
    for row, terms in running:
        due = row.due
        if row.id in passbooks:
            more = interest_since(terms, int(row.principal), visits.get(row.id), on) if row.principal else 0
            due = row.interest + row.fine + more
        # The fines on its instalments are in the balance of her fines, too.
        add(row, 0, int(due) - int(row.fine))
    return owed


def overdue(db: Connection, books: Mapping[int, Book], on: date) -> dict[int, Due]:
    """What should have been paid on the loans of each group before a day, without fines; only where there is any."""
    names = {book.id: (group, book) for group, book in books.items()}
    found = {}
    for row in db.execute(_OVERDUE, {"books": list(names), "on": on}):
        group, book = names[row.book]
        found[group] = Due(row.members, Money(int(row.amount), book.currency))
    return found


def falling_due(
    db: Connection, groups: Mapping[int, Group], books: Mapping[int, Book], days: Sequence[date]
) -> list[LoanOwed]:
    """The unpaid instalments that fall due on some days, of the members of some groups to these groups."""
    names = {book.id: book for book in books.values()}
    rows = db.execute(_DUE, {"books": list(names), "days": list(days)})
    return [
        LoanOwed(
            row.member, row.id, row.number, row.due, Money(int(row.amount), books[row.group].currency),
            groups[row.group].rules.days("loan"),
        )
        for row in rows if row.group in books
    ]  # fmt: skip


def lenders(db: Connection) -> list[int]:
    """All lenders that have a book."""
    return list(db.execute(_LENDERS).scalars())


def lent(db: Connection, lender: Book, programme: int, days: Sequence[date], after: Key, most: int) -> list[LoanOwed]:
    """Up to `most` unpaid instalments to a lender that fall due on some days, of the members of a programme."""
    loan, number = after or (0, -1)
    values = {"book": lender.id, "programme": programme, "days": list(days), "most": most}
    rows = db.execute(_LENT, values | {"loan": loan, "number": number})
    return [
        LoanOwed(
            row.member, row.id, row.number, row.due, Money(int(row.amount), lender.currency),
            read_rules(row.rules or "{}").days("loan"),
        )
        for row in rows
    ]  # fmt: skip
