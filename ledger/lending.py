"""Loans as an office reads them: a page of them by scope and state, whose one is, what was posted on it.

A loan belongs to the group whose book it is in; one of a lender to the group that the member is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from ledger.books import CHARGED
from ledger.books import PAID as PAID_IN
from ledger.books import PARTS
from ledger.books import WAIVED
from ledger.books import WRITTEN_OFF
from ledger.books import allocation_table
from ledger.books import book_table
from ledger.books import entry_table
from ledger.books import instalment_table
from ledger.chart import GROUP
from ledger.chart import LENDER
from ledger.groups import group_table
from ledger.loans import PRINCIPAL
from ledger.loans import Loan
from ledger.loans import loan_table
from ledger.members import member_table
from ledger.money import Money
from ledger.schedules import read
from ledger.tables import Names

RUNNING, BEHIND, PAID = "running", "behind", "paid"
STATES = (RUNNING, BEHIND, PAID)
"""Something is left of it; some of that should have been paid before today; nothing is left of it."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A loan in a list: whose, in which group she is, what was lent and when, principal left, what is overdue.

    `late_since` is the day of the oldest instalment that is overdue, `next_due` that of the next one to come. `group`
    is None where she is in none, `lender` says whether a lender gave it.
    """

    id: int
    member: int
    names: Names
    code: str
    group: int | None
    group_names: Names | None
    lender: bool
    lent: Money
    on: date
    left: Money
    late: Money
    late_since: date | None
    next_due: date | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which loans: of a programme, of some of its groups (None: all), of lenders only, of one member, in one state."""

    programme: int
    groups: Sequence[int] | None = None
    lenders: bool = False
    member: int | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """What an entry did to a loan: its number, day and kind, what it charged, what it paid, what it gave up.

    `reverses` is the entry that it undoes; then the sums are below zero. `given_up` was waived or written off.
    """

    number: int
    on: date
    kind: str
    reverses: int | None
    charged: Money
    principal: Money
    interest: Money
    fine: Money
    given_up: Money


_left = [instalment_table.c[part] - instalment_table.c[f"{part}_cleared"] for part in PARTS]
_open = or_(*(each > 0 for each in _left))
_late = and_(instalment_table.c.due < bindparam("on"), _left[0] + _left[1] > 0)
_hers = and_(
    instalment_table.c.book == loan_table.c.book,
    instalment_table.c.code == PRINCIPAL,
    instalment_table.c.party == loan_table.c.id,
)


def _has(condition: Any) -> Any:
    return select(instalment_table.c.number).where(_hers, condition).exists()


_STATE = {RUNNING: _has(_open), BEHIND: _has(_late), PAID: ~_has(_open)}
_lent = _has(instalment_table.c.principal > 0)
"""One whose paying out was undone is no loan."""

_PAGE = (
    select(
        loan_table.c.id,
        loan_table.c.book,
        loan_table.c.terms,
        loan_table.c.member,
        member_table.c.name_bn,
        member_table.c.name_latn,
        member_table.c.code,
        book_table.c.kind,
        book_table.c.currency,
        group_table.c.id.label("group"),
        group_table.c.name_bn.label("group_bn"),
        group_table.c.name_latn.label("group_latn"),
    )
    .join_from(loan_table, member_table, member_table.c.id == loan_table.c.member)
    .join(book_table, book_table.c.id == loan_table.c.book)
    .outerjoin(
        group_table,
        group_table.c.id == case((book_table.c.kind == GROUP, book_table.c.owner), else_=member_table.c.group),
    )
    .where(member_table.c.programme == bindparam("programme"), loan_table.c.id < bindparam("before"), _lent)
    .order_by(loan_table.c.id.desc())
    .limit(bindparam("most"))
)
_IN_GROUPS = or_(
    loan_table.c.book.in_(bindparam("books", expanding=True)),
    and_(book_table.c.kind == LENDER, member_table.c.group.in_(bindparam("groups", expanding=True))),
)


def _narrowed(in_groups: bool, lenders: bool, hers: bool, state: str) -> Select[Any]:
    statement = _PAGE.where(_IN_GROUPS) if in_groups else _PAGE
    statement = statement.where(book_table.c.kind == LENDER) if lenders else statement
    statement = statement.where(loan_table.c.member == bindparam("member")) if hers else statement
    return statement.where(_STATE[state]) if state else statement


_PAGES = {
    (grouped, lenders, hers, state): _narrowed(grouped, lenders, hers, state)
    for grouped, lenders, hers in product((False, True), repeat=3)
    for state in ("", *STATES)
}
_FIGURES = (
    select(
        instalment_table.c.party,
        func.sum(_left[0]).label("left"),
        func.sum(case((_late, _left[0] + _left[1]), else_=0)).label("late"),
        func.min(case((_late, instalment_table.c.due))).label("late_since"),
        func.min(case((and_(_open, instalment_table.c.due >= bindparam("on")), instalment_table.c.due))).label("next"),
    )
    .where(
        instalment_table.c.book.in_(bindparam("books", expanding=True)),
        instalment_table.c.code == PRINCIPAL,
        instalment_table.c.party.in_(bindparam("loans", expanding=True)),
    )
    .group_by(instalment_table.c.party)
)
_WHOSE = (
    select(loan_table.c.member, book_table.c.kind, book_table.c.owner, member_table.c.programme, member_table.c.group)
    .join_from(loan_table, book_table, book_table.c.id == loan_table.c.book)
    .join(member_table, member_table.c.id == loan_table.c.member)
    .where(loan_table.c.id == bindparam("id"))
)


def _of_way(ways: Sequence[str], *parts: str) -> Any:
    """The sum of some parts of the allocations of some ways."""
    each = sum((allocation_table.c[part] for part in parts[1:]), allocation_table.c[parts[0]])
    return func.sum(case((allocation_table.c.how.in_(ways), each), else_=0))


_POSTED = (
    select(
        entry_table.c.number,
        entry_table.c.event_on,
        entry_table.c.kind,
        entry_table.c.reverses,
        _of_way((CHARGED,), *PARTS).label("charged"),
        *(_of_way((PAID_IN,), part).label(part) for part in PARTS),
        _of_way((WAIVED, WRITTEN_OFF), *PARTS).label("given_up"),
    )
    .join(
        entry_table,
        and_(entry_table.c.book == allocation_table.c.book, entry_table.c.number == allocation_table.c.entry),
    )
    .where(
        allocation_table.c.book == bindparam("book"),
        allocation_table.c.code == PRINCIPAL,
        allocation_table.c.party == bindparam("loan"),
        allocation_table.c.entry < bindparam("before"),
    )
    .group_by(entry_table.c.number, entry_table.c.event_on, entry_table.c.kind, entry_table.c.reverses)
    .order_by(entry_table.c.number.desc())
    .limit(bindparam("most"))
)


def page(db: Connection, wanted: Wanted, on: date, before: int, most: int) -> list[Lent]:
    """Up to `most` loans before the one numbered `before`, the newest first, with what is left and overdue on a day."""
    statement = _PAGES[wanted.groups is not None, wanted.lenders, wanted.member is not None, wanted.state]
    rows = db.execute(statement, _values(wanted, on) | {"before": before, "most": most}).all()
    if not rows:
        return []
    of = {"books": sorted({row.book for row in rows}), "loans": [row.id for row in rows], "on": on}
    figures = {row.party: row for row in db.execute(_FIGURES, of)}
    return [_one(row, figures[row.id]) for row in rows]


def _values(wanted: Wanted, on: date) -> dict[str, Any]:
    """What the statement of what is wanted needs."""
    values: dict[str, Any] = {"programme": wanted.programme}
    if wanted.groups is not None:
        values |= {"groups": list(wanted.groups), "books": [f"{GROUP}:{each}" for each in wanted.groups]}
    if wanted.member is not None:
        values["member"] = wanted.member
    return values | ({"on": on} if wanted.state == BEHIND else {})


def _one(row: Any, figures: Any) -> Lent:
    terms = read(row.terms)
    lent, left, late = (Money(int(each), row.currency) for each in (terms.principal, figures.left, figures.late))
    return Lent(
        row.id, row.member, Names(row.name_bn, row.name_latn), row.code, row.group,
        Names(row.group_bn, row.group_latn) if row.group is not None else None, row.kind == LENDER,
        lent, terms.disbursed, left, late, _day(figures.late_since), _day(figures.next),
    )  # fmt: skip


def _day(value: date | str | None) -> date | None:
    # The smallest of some days that a CASE chose has lost its type on SQLite.
    return date.fromisoformat(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a loan is: the member and her programme, the group that answers for it (None: none), whether a lender's."""

    member: int
    programme: int
    group: int | None
    lender: bool


def whose(db: Connection, loan: int) -> Whose | None:
    """Whose a loan is, if there is one."""
    row = db.execute(_WHOSE, {"id": loan}).one_or_none()
    if row is None:
        return None
    return Whose(row.member, row.programme, row.owner if row.kind == GROUP else row.group, row.kind == LENDER)


def posted(db: Connection, loan: Loan, before: int, most: int) -> list[Posted]:
    """What entries before number `before` did to a loan, the newest first."""
    rows = db.execute(_POSTED, {"book": loan.book.id, "loan": loan.id, "before": before, "most": most})
    return [Posted(*row[:4], *(Money(int(some), loan.book.currency) for some in row[4:])) for row in rows]
