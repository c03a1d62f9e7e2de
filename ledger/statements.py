"""Readers of the books, for a member, a group and an accountant: balance on a day, passbook, day book, trial balance.

"On a day" goes by the day on which things happened (`event_on`), whenever they were entered: a balance on a day is that
of now less all that happened later, so it costs what has happened since and not the whole history.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter
from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from ledger.books import Book
from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import line_table as line
from ledger.chart import CHART
from ledger.chart import DEBIT
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import LENDER
from ledger.chart import SHOP
from ledger.chart import natural
from ledger.federation import books_under
from ledger.groups import group_table
from ledger.loans import loan_table as loan
from ledger.members import member_table as member
from ledger.money import Money
from ledger.programmes import hub_table

SIGNED = case((line.c.side == DEBIT, line.c.amount), else_=-line.c.amount)
"""A line as it changes a stored balance: debits less credits."""

STREAMED = {"yield_per": 1000}
"""Rows come as they are asked for, so that a walk through a book needs the same memory however long it is."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which books a figure is about: `by` "book" the one named, "node" all under it, "programme" all of a programme."""

    by: str
    value: str | int


def of_book(of: Book) -> Scope:
    """One book."""
    return Scope("book", of.id)


def of_programme(programme: int) -> Scope:
    """All books of a programme: of its groups, hubs, agents' shops and of the lenders its members deal with."""
    return Scope("programme", programme)


def of_node(node: int) -> Scope:
    """The books of all groups under a node of the federation's tree, at any depth; no lender's, who serves many."""
    return Scope("node", node)


def _of_programme() -> Select[Any]:
    programme: BindParameter[Any] = bindparam("scope")
    owners = {GROUP: group_table, HUB: hub_table, SHOP: member}
    owned = [
        and_(book.c.kind == kind, book.c.owner.in_(select(table.c.id).where(table.c.programme == programme)))
        for kind, table in owners.items()
    ]
    hers = [code for code, head in CHART.items() if head.per == "member" and LENDER in head.books]
    customers = (
        select(account.c.book)
        .join(member, member.c.id == account.c.party)
        .where(account.c.code.in_(hers), member.c.programme == programme)
    )
    borrowers = select(loan.c.book).join(member, member.c.id == loan.c.member).where(member.c.programme == programme)
    lent = and_(book.c.kind == LENDER, or_(book.c.id.in_(customers), book.c.id.in_(borrowers)))
    return select(book.c.id).where(or_(*owned, lent))


Within = Callable[[ColumnElement[str]], ColumnElement[bool]]
"""Narrows a statement: the column that names the book must be one of the scope (bind parameter `scope`)."""


def by_scope(make: Callable[[Within], Any]) -> dict[str, Any]:
    """A statement, made once for each way to say which books it is about."""
    programme, node = _of_programme(), books_under(bindparam("scope"))
    return {
        "book": make(lambda column: column == bindparam("scope")),
        "node": make(lambda column: column.in_(node)),
        "programme": make(lambda column: column.in_(programme)),
    }


# A balance on a day.

_LATER = (
    select(func.coalesce(func.sum(SIGNED), 0))
    .join(entry, and_(entry.c.book == line.c.book, entry.c.number == line.c.entry))
    .where(
        line.c.book == account.c.book,
        line.c.code == account.c.code,
        line.c.party == account.c.party,
        entry.c.book == account.c.book,
        entry.c.event_on > bindparam("on"),
    )
    .correlate(account)
    .scalar_subquery()
)
_BALANCE = select(account.c.balance - _LATER).where(
    account.c.book == bindparam("book"), account.c.code == bindparam("code"), account.c.party == bindparam("party")
)


def balance(db: Connection, of: Book, code: int, party: int, on: date) -> Money:
    """What an account held at the end of a day, seen from its normal side."""
    stored = db.execute(_BALANCE, {"book": of.id, "code": code, "party": party, "on": on}).scalar()
    return Money(natural(code, int(stored or 0)), of.currency)


# The trial balance.


@dataclass(frozen=True, slots=True)
class Balance:
    """A line of a trial balance: a head (of one party, where asked for) with its sum on the side where it stands.

    Over several books debits and credits of one head are added up apart. `book` and `party` are empty for sums of many.
    """

    book: str
    code: int
    party: int
    debit: Money
    credit: Money


def _standing(within: Within) -> Any:
    """Balance of each account of the scope at the end of the day `on`."""
    key = ("book", "code", "party")
    # An outer join has the entries of those days looked up first, and then their lines, instead of all lines there are.
    later = (
        select(*(line.c[name] for name in key), func.sum(SIGNED).label("moved"))
        .select_from(entry)
        .outerjoin(line, and_(line.c.book == entry.c.book, line.c.entry == entry.c.number))
        .where(within(entry.c.book), entry.c.event_on > bindparam("on"))
        .group_by(*(line.c[name] for name in key))
        .subquery()
    )
    stood = (account.c.balance - func.coalesce(later.c.moved, 0)).label("balance")
    return (
        select(*(account.c[name] for name in key), book.c.currency, stood)
        .join(book, book.c.id == account.c.book)
        .outerjoin(later, and_(*(later.c[name] == account.c[name] for name in key)))
        .where(within(account.c.book))
        .subquery()
    )


def _by_party(within: Within) -> Select[Any]:
    rows = _standing(within)
    return select(rows).where(rows.c.balance != 0).order_by(rows.c.book, rows.c.code, rows.c.party)


def _by_head(within: Within) -> Select[Any]:
    rows = _standing(within)
    key = (rows.c.book, rows.c.code, rows.c.currency)
    heads = select(*key, func.sum(rows.c.balance).label("balance")).group_by(*key).subquery()
    debit = func.sum(case((heads.c.balance > 0, heads.c.balance), else_=0)).label("debit")
    credit = func.sum(case((heads.c.balance < 0, -heads.c.balance), else_=0)).label("credit")
    return (
        select(heads.c.code, heads.c.currency, debit, credit)
        .where(heads.c.balance != 0)
        .group_by(heads.c.code, heads.c.currency)
        .order_by(heads.c.code, heads.c.currency)
    )


_HEADS, _PARTIES = by_scope(_by_head), by_scope(_by_party)


def trial_balance(db: Connection, scope: Scope, on: date) -> list[Balance]:
    """The heads of a book or of many that are not nil at the end of a day, by code; both columns add up alike."""
    rows = db.execute(_HEADS[scope.by], {"scope": scope.value, "on": on})
    name = str(scope.value) if scope.by == "book" else ""
    return [
        Balance(name, row.code, 0, Money(int(row.debit), row.currency), Money(int(row.credit), row.currency))
        for row in rows
    ]


def trial_balance_by_party(db: Connection, scope: Scope, on: date) -> Iterator[Balance]:
    """The same account by account, by book, code and party, in constant memory."""
    for row in db.execute(_PARTIES[scope.by], {"scope": scope.value, "on": on}, execution_options=STREAMED):
        debit, credit = max(int(row.balance), 0), max(-int(row.balance), 0)
        yield Balance(row.book, row.code, row.party, Money(debit, row.currency), Money(credit, row.currency))


# The day book, and the whole book.


@dataclass(frozen=True, slots=True)
class Leg:
    """One line of a recorded entry; one of the two sums is nil."""

    code: int
    party: int
    debit: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry with its lines: its book and number, the programme day, what, by which operation, by whom and how."""

    book: Book
    number: int
    on: date
    kind: str
    operation: str
    actor: str
    channel: str
    reverses: int | None
    lines: tuple[Leg, ...]


_WITH_LINES = (
    select(
        *(
            entry.c[name]
            for name in ("book", "number", "event_on", "kind", "operation", "actor", "channel", "reverses")
        ),
        *(book.c.kind.label("of"), book.c.owner, book.c.currency),
        *(line.c[name] for name in ("code", "party", "side", "amount")),
    )
    .join(book, book.c.id == entry.c.book)
    .outerjoin(line, and_(line.c.book == entry.c.book, line.c.entry == entry.c.number))
)
_ALL = _WITH_LINES.order_by(entry.c.book, entry.c.number, line.c.position)
_WHOLE = _ALL.where(entry.c.book == bindparam("book"))
_DAYS = _WITH_LINES.where(
    entry.c.book == bindparam("book"), entry.c.event_on.between(bindparam("first"), bindparam("last"))
).order_by(entry.c.event_on, entry.c.number, line.c.position)


def day_book(db: Connection, of: Book, first: date, last: date) -> Iterator[Recorded]:
    """The entries of some days of a book (both ends included) by day and number, each with its lines."""
    return _recorded(db, _DAYS, {"book": of.id, "first": first, "last": last})


def entries(db: Connection, only: str | None = None) -> Iterator[Recorded]:
    """All entries of all books, or of one, by book and number; in constant memory."""
    return _recorded(db, _WHOLE if only else _ALL, {"book": only} if only else {})


def _recorded(db: Connection, statement: Select[Any], values: dict[str, Any]) -> Iterator[Recorded]:
    rows = db.execute(statement, values, execution_options=STREAMED)
    for _, group in groupby(rows, key=lambda row: (row.book, row.number)):
        lines = list(group)
        first = lines[0]
        yield Recorded(
            Book(first.of, first.owner, first.currency), first.number, first.event_on, first.kind, first.operation,
            first.actor, first.channel, first.reverses, tuple(_leg(row) for row in lines if row.code),
        )  # fmt: skip


def _leg(row: Any) -> Leg:
    nothing, amount = Money(0, row.currency), Money(row.amount, row.currency)
    return Leg(row.code, row.party, *((amount, nothing) if row.side == DEBIT else (nothing, amount)))
