"""The books as an office looks them up: which there are, what they hold, the accounts of one, the lines of an account.

Whose books somebody may see is her `Reach`; everything comes a page at a time.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import String
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import tuple_

from ledger.books import Book
from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import line_table as line
from ledger.catalogue import supplier_table
from ledger.chart import CHART
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import LENDER
from ledger.chart import SHOP
from ledger.chart import natural
from ledger.emi import contract_table
from ledger.errors import NotFound
from ledger.groups import group_table
from ledger.loans import loan_table
from ledger.members import member_table as member
from ledger.money import Money
from ledger.programmes import hub_table
from ledger.tables import Names
from ledger.tables import names

KINDS = (GROUP, HUB, SHOP, LENDER)
LAST = 2**62
"""More than the number of any entry."""

MONEY, GOODS, OWED, OWES = "money", "goods", "owed", "owes"
SUMS: Mapping[str, tuple[int, ...]] = {
    MONEY: (1010, 1020, 1030, 1040, 1310),
    GOODS: (1210, 1215, 1320),
    OWED: (1100, 1120, 1220, 1230, 1240, 1330, 1340),
    OWES: tuple(code for code in CHART if 2000 <= code < 3000),
}
"""What a book is told by: its money, its goods at cost, what others owe it, what it owes others."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose books: of some kinds in a programme; of its groups these (None: all), of its hubs one and its shops."""

    programme: int
    kinds: frozenset[str]
    groups: tuple[int, ...] | None = None
    hub: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A book: whose (a lender has no name), her code where it is a shop, entries, until when it is closed, its sums."""

    book: Book
    names: Names | None
    code: str
    entries: int
    closed_on: str | None
    sums: Mapping[str, Money]


@dataclass(frozen=True, slots=True)
class Total:
    """A head of a book's chart: all its accounts together from the normal side, what is held there, how many."""

    code: int
    balance: Money
    held: Money
    accounts: int


@dataclass(frozen=True, slots=True)
class Who:
    """Whose an account is: her name, and the member code or the number of her loan or contract."""

    names: Names
    code: str
    member: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """One account of a head that has many: its party, whose it is, what it holds from its normal side."""

    party: int
    who: Who | None
    balance: Money


@dataclass(frozen=True, slots=True)
class Written:
    """A line of an account: its entry and place, day, kind, by whom; one sum is nil; what then stood (normal side)."""

    number: int
    position: int
    on: date
    kind: str
    actor: str
    debit: Money
    credit: Money
    stood: Money


# Which books there are.


def _id_of(kind: str, owner: Any) -> Any:
    return literal(f"{kind}:") + cast(owner, String)


_programme: Any = bindparam("programme")
_in_groups: Any = bindparam("groups", expanding=True)
_wanted: Any = bindparam("wanted")


def _like(column: Any) -> Any:
    return func.lower(column).like(bindparam("alike"), escape="\\")


def _owned(kind: str, table: Any, code: Any, scoped: Any) -> dict[tuple[bool, bool], Select[Any]]:
    """The books of the owners in a table, by id: all or of a scope, all or those called like what is wanted."""
    made = {}
    called = [table.c[name] for name in ("name_bn", "name_latn", "name_en") if name in table.c]
    for narrow in (False, True):
        for search in (False, True):
            rows = (
                select(book, *called, code.label("code"))
                .join_from(table, book, book.c.id == _id_of(kind, table.c.id))
                .where(table.c.programme == _programme, table.c.id > bindparam("after"))
                .order_by(table.c.id)
                .limit(bindparam("most"))
            )
            rows = rows.where(scoped) if narrow else rows
            alike = or_(*(_like(name) for name in called), code == _wanted)
            made[narrow, search] = rows.where(alike) if search else rows
    return made


_customers = [code for code, head in CHART.items() if head.per == "member" and LENDER in head.books]


def _dealing(ours: Any) -> Any:
    """A lender's book in which some member of our programme, or of another one, has an account or a loan."""
    accounts = (
        select(account.c.party)
        .join(member, member.c.id == account.c.party)
        .where(account.c.book == book.c.id, account.c.code.in_(_customers), ours)
    )
    loans = (
        select(loan_table.c.id)
        .join(member, member.c.id == loan_table.c.member)
        .where(loan_table.c.book == book.c.id, ours)
    )
    return or_(accounts.exists(), loans.exists())


# A lender who deals with two programmes is seen by neither: its lines name members of both.
_LENDERS = (
    select(book, literal("").label("code"))
    .where(
        book.c.id.between(f"{LENDER}:", f"{LENDER};"),
        book.c.owner > bindparam("after"),
        _dealing(member.c.programme == _programme),
        ~_dealing(member.c.programme != _programme),
    )
    .order_by(book.c.owner)
    .limit(bindparam("most"))
)
_nothing = literal("")
_KEPT: Mapping[str, Mapping[tuple[bool, bool], Select[Any]]] = {
    GROUP: _owned(GROUP, group_table, _nothing, group_table.c.id.in_(_in_groups)),
    HUB: _owned(HUB, hub_table, _nothing, hub_table.c.id == bindparam("hub")),
    SHOP: {
        key: rows.where(member.c.hub.is_not(None))
        for key, rows in _owned(SHOP, member, member.c.code, member.c.hub == bindparam("hub")).items()
    },
    LENDER: {(narrow, search): _LENDERS for narrow in (False, True) for search in (False, True)},
}
_SUMS = (
    select(account.c.book, account.c.code, func.sum(account.c.balance).label("balance"))
    .where(account.c.book.in_(bindparam("books", expanding=True)))
    .group_by(account.c.book, account.c.code)
)


def kept(db: Connection, reach: Reach, kind: str, wanted: str = "", after: int = 0, most: int = 50) -> list[Kept]:
    """Up to `most` books of a kind in reach, by their owner's number; those called like `wanted`, if that is not empty.

    A book begins with its first entry; who has none has no book yet.
    """
    if kind not in reach.kinds:
        return []
    scope = {GROUP: reach.groups, HUB: reach.hub, SHOP: reach.hub}.get(kind)
    values: dict[str, Any] = {"programme": reach.programme, "after": after, "most": most}
    values |= {"wanted": wanted, "alike": f"%{_plain(wanted.lower())}%"}
    values |= {"groups": list(reach.groups or ())} if kind == GROUP else {"hub": reach.hub}
    rows = db.execute(_KEPT[kind][scope is not None, bool(wanted)], _named_in(kind, scope, wanted, values)).all()
    sums = _sums(db, rows)
    return [_kept(row, sums[row.id]) for row in rows]


def _named_in(kind: str, scope: Any, wanted: str, values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values that the statement asks for."""
    unused = set()
    if scope is None or kind == LENDER:
        unused |= {"groups", "hub"}
    if not wanted or kind == LENDER:
        unused |= {"wanted", "alike"}
    return {name: value for name, value in values.items() if name not in unused}


def _plain(wanted: str) -> str:
    """A text in which LIKE sees no signs of its own."""
    return re.sub(r"([%_\\])", r"\\\1", wanted)


def _sums(db: Connection, rows: Iterable[Any]) -> Mapping[str, Mapping[int, int]]:
    found: dict[str, dict[int, int]] = defaultdict(dict)
    if ids := [row.id for row in rows]:
        for row in db.execute(_SUMS, {"books": ids}):
            found[row.book][row.code] = int(row.balance)
    return found


def _kept(row: Any, sums: Mapping[int, int]) -> Kept:
    known = names(row) if row.kind != LENDER else None
    told = {
        name: Money(sum(natural(code, sums.get(code, 0)) for code in codes), row.currency)
        for name, codes in SUMS.items()
    }
    return Kept(Book(row.kind, row.owner, row.currency), known, row.code, row.entries, row.closed_on, told)


def find(db: Connection, reach: Reach, kind: str, owner: int) -> Kept:
    """One book in reach; NotFound for any other."""
    inside = kind in reach.kinds
    if kind == GROUP and reach.groups is not None:
        inside = inside and owner in reach.groups
    found = kept(db, reach, kind, "", owner - 1, 1) if inside and owner > 0 else []
    if not found or found[0].book.owner != owner:
        raise NotFound("unknown-book", book=f"{kind}:{owner}")
    return found[0]


# The accounts of a book.

_TOTALS = (
    select(
        account.c.code,
        func.sum(account.c.balance).label("balance"),
        func.sum(account.c.pending).label("pending"),
        func.count().label("accounts"),
    )
    .where(account.c.book == bindparam("book"))
    .group_by(account.c.code)
)


def chart(db: Connection, of: Book) -> list[Total]:
    """Every head that a book of this kind has, by code, with what it holds."""
    rows = {row.code: row for row in db.execute(_TOTALS, {"book": of.id})}
    codes = [code for code, head in CHART.items() if of.kind in head.books or code in rows]
    return [_total(code, rows.get(code), of.currency) for code in sorted(codes)]


def _total(code: int, row: Any, currency: str) -> Total:
    if row is None:
        return Total(code, Money(0, currency), Money(0, currency), 0)
    return Total(
        code, Money(natural(code, int(row.balance)), currency), Money(int(row.pending), currency), row.accounts
    )


_HELD = (
    select(account.c.party, account.c.balance)
    .where(
        account.c.book == bindparam("book"), account.c.code == bindparam("code"), account.c.party > bindparam("after")
    )
    .order_by(account.c.party)
    .limit(bindparam("most"))
)


def accounts(db: Connection, of: Book, code: int, after: int, most: int) -> list[Held]:
    """Up to `most` accounts of one head of a book, by party, with whose they are."""
    rows = db.execute(_HELD, {"book": of.id, "code": code, "after": after, "most": most}).all()
    who = whose(db, [(code, row.party) for row in rows])
    return [Held(row.party, who.get((code, row.party)), Money(natural(code, row.balance), of.currency)) for row in rows]


# Whose an account is.

_ids: Any = bindparam("ids", expanding=True)
_person = (member.c.id.label("member"), member.c.name_bn, member.c.name_latn, member.c.code)
_WHO: Mapping[str, Select[Any]] = {
    "member": select(member.c.id.label("party"), *_person).where(member.c.id.in_(_ids)),
    "loan": select(loan_table.c.id.label("party"), *_person)
    .join(member, member.c.id == loan_table.c.member)
    .where(loan_table.c.id.in_(_ids)),
    "contract": select(contract_table.c.id.label("party"), *_person)
    .join(member, member.c.id == contract_table.c.member)
    .where(contract_table.c.id.in_(_ids)),
    "supplier": select(
        supplier_table.c.id.label("party"),
        literal(None).label("member"),
        *(column for column in supplier_table.c if column.name.startswith("name_")),
        cast(supplier_table.c.number, String).label("code"),
    ).where(supplier_table.c.id.in_(_ids)),
}
_PERSONS = {"agent": "member", "customer": "member"}
"""Parties that are members under another name."""


def whose(db: Connection, some: Collection[tuple[int, int]]) -> dict[tuple[int, int], Who]:
    """Whose accounts these are, each a code and a party; a head with one account belongs to nobody."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for code, party in some:
        if party and (per := CHART[code].per):
            wanted[_PERSONS.get(per, per)].add(party)
    found = {
        (per, row.party): Who(names(row), row.code if per in ("member", "supplier") else str(row.party), row.member)
        for per, ids in wanted.items()
        for row in db.execute(_WHO[per], {"ids": sorted(ids)})
    }
    pers = {(code, party): _PERSONS.get(CHART[code].per, CHART[code].per) for code, party in some}
    return {key: found[per, key[1]] for key, per in pers.items() if (per, key[1]) in found}


# The lines of an account.

_LINES = (
    select(
        line.c.entry, line.c.position, line.c.side, line.c.amount, line.c.balance,
        entry.c.event_on, entry.c.kind, entry.c.actor,
    )
    .join(entry, and_(entry.c.book == line.c.book, entry.c.number == line.c.entry))
    .where(
        line.c.book == bindparam("book"),
        line.c.code == bindparam("code"),
        line.c.party == bindparam("party"),
        # The index goes by entry; the place within one only parts the lines of it.
        line.c.entry <= bindparam("number"),
        tuple_(line.c.entry, line.c.position) < tuple_(bindparam("number"), bindparam("position")),
    )
    .order_by(line.c.entry.desc(), line.c.position.desc())
    .limit(bindparam("most"))
)  # fmt: skip


def lines(
    db: Connection, of: Book, code: int, party: int, most: int, before: tuple[int, int] = (LAST, 0)
) -> list[Written]:
    """Up to `most` lines of an account before an entry and a place in it, the newest first, with what then stood."""
    values = {"book": of.id, "code": code, "party": party, "most": most, "number": before[0], "position": before[1]}
    return [_written(row, code, of.currency) for row in db.execute(_LINES, values)]


def _written(row: Any, code: int, currency: str) -> Written:
    sums = (row.amount, 0) if row.side == "D" else (0, row.amount)
    debit, credit = (Money(each, currency) for each in sums)
    stood = Money(natural(code, row.balance), currency)
    return Written(row.entry, row.position, row.event_on, row.kind, row.actor, debit, credit, stood)
