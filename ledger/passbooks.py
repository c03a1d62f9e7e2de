"""The passbook of a member in a book: what she saved, borrowed and paid back, entry by entry, with what then stood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from typing import Any

from sqlalchemy import BindParameter
from sqlalchemy import Connection
from sqlalchemy import Integer
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from ledger.books import CHARGED
from ledger.books import PAID
from ledger.books import WRITTEN_OFF
from ledger.books import Book
from ledger.books import allocation_table as allocation
from ledger.books import entry_table as entry
from ledger.books import line_table as line
from ledger.chart import CHART
from ledger.loans import PRINCIPAL
from ledger.loans import loan_table as loan
from ledger.members import Member
from ledger.money import Money
from ledger.savings import KINDS
from ledger.statements import SIGNED
from ledger.templates import TEMPLATES

_FINES, _FINE_INCOME = 1120, 4020
_HERS = [code for code, head in CHART.items() if head.per == "member"]
_SAVINGS = tuple(KINDS.values())
_DUE_TO_HER = (2070, 2080)

_pays = {
    kind: ({code for code, _ in row.debit}, {code for code, _ in row.credit}) for (kind, _), row in TEMPLATES.items()
}
_FINE_PAID = frozenset(kind for kind, (dr, cr) in _pays.items() if str(_FINES) in cr and str(_FINE_INCOME) not in dr)
"""Kinds of entry that take what was owed for fines, and do not forgive it."""
_FINE_AT_ONCE = frozenset(kind for kind, (dr, cr) in _pays.items() if str(_FINE_INCOME) in cr and str(_FINES) not in dr)
"""Kinds of entry that charge a fine and take it in one."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as her passbook shows it: what changed, and what stood after it. A reversal has sums below zero.

    Changed: `saved` (all kinds, less what she took out), `lent`, `repaid`, `interest` and `fine` as paid, `given_up`
    (principal written off). After it: `savings`, `owed` (principal of all her loans), `fines` (charged and not paid),
    `due_to_her` (overpaid, or share-out not yet paid).
    """

    number: int
    on: date
    kind: str
    saved: Money
    lent: Money
    repaid: Money
    interest: Money
    fine: Money
    given_up: Money
    savings: Money
    owed: Money
    fines: Money
    due_to_her: Money


_MY_LOANS = select(loan.c.id).where(loan.c.book == bindparam("book"), loan.c.member == bindparam("member"))
_OF_LOANS = and_(
    allocation.c.book == bindparam("book"), allocation.c.code == PRINCIPAL, allocation.c.party.in_(_MY_LOANS)
)
_OF_HER = and_(line.c.book == bindparam("book"), line.c.code.in_(_HERS), line.c.party == bindparam("member"))
_TOUCHED = (
    select(line.c.entry)
    .where(_OF_HER, line.c.entry > bindparam("after"))
    .union(select(allocation.c.entry).where(_OF_LOANS, allocation.c.entry > bindparam("after")))
    .subquery()
)
_undone = entry.alias("undone")
_PAGE = (
    select(entry.c.number, entry.c.event_on, entry.c.kind, func.coalesce(_undone.c.kind, entry.c.kind).label("about"))
    .join(_TOUCHED, _TOUCHED.c.entry == entry.c.number)
    .outerjoin(_undone, and_(_undone.c.book == entry.c.book, _undone.c.number == entry.c.reverses))
    .where(entry.c.book == bindparam("book"))
    .order_by(entry.c.number)
    .limit(bindparam("most", type_=Integer))
)
_ON_PAGE: BindParameter[Any] = bindparam("page", expanding=True)
_LINES = (
    select(line.c.entry, line.c.code, func.sum(SIGNED).label("moved"))
    .where(
        line.c.book == bindparam("book"),
        line.c.entry.in_(_ON_PAGE),
        or_(line.c.code == _FINE_INCOME, and_(line.c.code.in_(_HERS), line.c.party == bindparam("member"))),
    )
    .group_by(line.c.entry, line.c.code)
)
_ALLOCATED = (
    select(
        allocation.c.entry,
        allocation.c.how,
        func.sum(allocation.c.principal).label("principal"),
        func.sum(allocation.c.interest).label("interest"),
    )
    .where(_OF_LOANS, allocation.c.entry.in_(_ON_PAGE))
    .group_by(allocation.c.entry, allocation.c.how)
)
_STOOD = (
    select(line.c.code, func.sum(SIGNED).label("balance"))
    .where(_OF_HER, line.c.entry <= bindparam("after"))
    .group_by(line.c.code)
)
_OWED = select(
    func.coalesce(
        func.sum(case((allocation.c.how == CHARGED, allocation.c.principal), else_=-allocation.c.principal)), 0
    )
).where(_OF_LOANS, allocation.c.entry <= bindparam("after"))


@dataclass
class _Change:
    """What an entry does to her accounts: lines by code, principal of her loans by how, interest paid."""

    moved: Counter[int] = field(default_factory=Counter)
    principal: Counter[str] = field(default_factory=Counter)
    interest: int = 0


def passbook(db: Connection, member: Member, most: int, *, after: int = 0, book: Book | None = None) -> list[Row]:
    """The next `most` entries after number `after` that touch a member's accounts and loans, oldest first.

    In the book of her group, or the one given (a lender's). They come in the order in which they were entered; a
    back-dated one shows its day.
    """
    book = book or member.group_book
    values = {"book": book.id, "member": member.id, "after": after}
    page = db.execute(_PAGE, values | {"most": most}).all()
    changes = _changes(db, values | {"page": [each.number for each in page]})
    stood = Counter({row.code: int(row.balance) for row in db.execute(_STOOD, values)})
    stood[PRINCIPAL] = int(db.execute(_OWED, values).scalar_one())
    rows = []
    for each in page:
        change = changes[each.number]
        for code in _HERS:
            stood[code] += change.moved[code]
        lent = change.principal[CHARGED]
        cleared = change.principal.total() - lent
        stood[PRINCIPAL] += lent - cleared
        rows.append(_row(each, change, stood, book.currency))
    return rows


def _changes(db: Connection, page: dict[str, Any]) -> dict[int, _Change]:
    changes: dict[int, _Change] = {number: _Change() for number in page["page"]}
    if not changes:
        return changes
    for row in db.execute(_LINES, page):
        changes[row.entry].moved[row.code] = int(row.moved)
    for part in db.execute(_ALLOCATED, page):
        change = changes[part.entry]
        change.principal[part.how] = int(part.principal)
        change.interest += int(part.interest) if part.how == PAID else 0
    return changes


def _row(each: Any, change: _Change, stood: Counter[int], currency: str) -> Row:
    fine = -change.moved[_FINES] if each.about in _FINE_PAID else 0
    fine -= change.moved[_FINE_INCOME] if each.about in _FINE_AT_ONCE else 0
    by_how = change.principal
    changed = (-_sum(change.moved, _SAVINGS), by_how[CHARGED], by_how[PAID], change.interest, fine, by_how[WRITTEN_OFF])
    after = (-_sum(stood, _SAVINGS), stood[PRINCIPAL], stood[_FINES], -_sum(stood, _DUE_TO_HER))
    return Row(each.number, each.event_on, each.kind, *(Money(some, currency) for some in (*changed, *after)))


def _sum(sums: Counter[int], codes: Iterable[int]) -> int:
    return sum(sums[code] for code in codes)
