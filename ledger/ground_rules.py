"""The rules of the ground as queries: books, entries, lines, accounts, holds, goods, instalments, reversals.

A rule gives the rows that break it, and none on sound books. A row names its book and, where it can, the entry
(`entry`); what else it holds is shown as detail. Rules are put to the books from `first` to `last`, by id: a rule reads
large tables `within` these, by an index, so that its work grows with their lines and with nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import FromClause
from sqlalchemy import Integer
from sqlalchemy import Select
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import union_all

from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import hold_end_table as hold_end
from ledger.books import hold_table as hold
from ledger.books import line_table as line
from ledger.books import move_table as move
from ledger.books import operation_table as operation
from ledger.books import stock_table as stock
from ledger.chain import PARTS as TABLES
from ledger.chart import CHART
from ledger.chart import CREDIT
from ledger.chart import DEBIT
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.chart import STOCK
from ledger.groups import group_table
from ledger.members import member_table
from ledger.programmes import hub_table
from ledger.programmes import programme_table


def signed(of: FromClause) -> ColumnElement[int]:
    """A line's sum, debit positive, credit negative."""
    return case((of.c.side == DEBIT, of.c.amount), else_=-of.c.amount)


SIGNED = signed(line)


def within(table: FromClause, column: str = "book") -> ColumnElement[bool]:
    """Whether a row belongs to one of the books that a rule is put to."""
    return table.c[column].between(bindparam("first", type_=String), bindparam("last", type_=String))


def uneven(keys: Sequence[str], sums: Sequence[str], *parts: Select[Any]) -> Select[Any]:
    """The keys for which a sum over all parts is not zero; each part has the columns `keys`, `entry` and `sums`.

    What should be equal comes with the sign turned in one part, so that a row missing on either side is found, too.
    """
    both = union_all(*parts).subquery()
    wrong = or_(*(func.sum(both.c[name]) != 0 for name in sums))
    last = [] if "entry" in keys else [func.max(both.c.entry).label("entry")]
    return select(*(both.c[name] for name in keys), *last).group_by(*(both.c[name] for name in keys)).having(wrong)


NO_ENTRY = literal(0, Integer).label("entry")
ACCOUNT = ("book", "code", "party")


def columns(table: FromClause, names: Sequence[str]) -> list[ColumnElement[Any]]:
    """Some columns of a table."""
    return [table.c[name] for name in names]


def same(one: FromClause, other: FromClause, names: Sequence[str]) -> ColumnElement[bool]:
    """Whether two rows agree in some columns."""
    return and_(*(one.c[name] == other.c[name] for name in names))


def of_entry(part: FromClause, of: FromClause = entry) -> ColumnElement[bool]:
    """Whether a row belongs to an entry."""
    return and_(part.c.book == of.c.book, part.c.entry == of.c.number)


_OWNERS = {GROUP: group_table, HUB: hub_table, SHOP: member_table}
PROGRAMME = case(
    *(
        (book.c.kind == kind, select(of.c.programme).where(of.c.id == book.c.owner).correlate(book).scalar_subquery())
        for kind, of in _OWNERS.items()
    )
)
"""The programme of whoever owns a book."""


def _owners() -> Select[Any]:
    """Books whose id, owner and currency do not agree."""
    named = book.c.id == book.c.kind + ":" + cast(book.c.owner, String)
    paid_in = select(programme_table.c.currency).where(programme_table.c.id == PROGRAMME).scalar_subquery()
    owned = book.c.kind.not_in(_OWNERS) | (func.coalesce(paid_in, "") == book.c.currency)
    return select(book.c.id.label("book")).where(within(book, "id"), ~(named & owned))


def _heads() -> Select[Any]:
    """Books whose row does not name their last entry: entries cut off at the end, or the book's row altered."""
    last = select(func.max(entry.c.number)).where(entry.c.book == book.c.id).scalar_subquery()
    head = select(entry.c.number).where(
        entry.c.book == book.c.id, entry.c.number == book.c.entries, entry.c.hash == book.c.head
    )
    nothing = (book.c.entries == 0) & (book.c.head == "0" * 64)
    sound = (func.coalesce(last, 0) == book.c.entries) & (nothing | head.exists())
    return select(
        book.c.id.label("book"), func.coalesce(last, 0).label("entry"), book.c.entries.label("counted")
    ).where(~sound)


def _lost_books() -> Select[Any]:
    used = (
        select(entry.c.book, func.max(entry.c.number).label("entry"))
        .where(within(entry))
        .group_by(entry.c.book)
        .subquery()
    )
    return select(used).where(~select(book.c.id).where(book.c.id == used.c.book).exists())


def _lost_operations() -> Select[Any]:
    """Entries without their operation, or of another moment than it."""
    known = select(operation.c.id).where(
        operation.c.id == entry.c.operation, operation.c.created_at == entry.c.created_at
    )
    return select(entry.c.book, entry.c.number.label("entry")).where(within(entry), ~known.exists())


def _lost_rows(part: Table) -> Select[Any]:
    return (
        select(part.c.book, part.c.entry)
        .where(within(part), ~select(entry.c.number).where(of_entry(part)).exists())
        .group_by(part.c.book, part.c.entry)
    )


def _unbalanced() -> Select[Any]:
    sums = select(line.c.book, line.c.entry).where(within(line)).group_by(line.c.book, line.c.entry)
    return sums.having(func.sum(SIGNED) != 0)


def _running() -> Select[Any]:
    before = func.lag(line.c.balance, 1, 0).over(
        partition_by=columns(line, ACCOUNT), order_by=(line.c.entry, line.c.position)
    )
    off = (line.c.balance - before - SIGNED).label("off")
    each = select(line.c.book, line.c.entry, line.c.code, off).where(within(line)).subquery()
    return select(each.c.book, each.c.entry, each.c.code).where(each.c.off != 0)


def _balances() -> Select[Any]:
    keys = columns(line, ACCOUNT)
    posted = select(*keys, func.max(line.c.entry).label("entry"), func.sum(SIGNED).label("sum"))
    kept = select(*columns(account, ACCOUNT), NO_ENTRY, -account.c.balance)
    return uneven(ACCOUNT, ("sum",), posted.where(within(line)).group_by(*keys), kept.where(within(account)))


def _lost_accounts(part: Table) -> Select[Any]:
    keys = columns(part, ACCOUNT)
    used = select(*keys, func.max(part.c.entry).label("entry")).where(within(part)).group_by(*keys).subquery()
    known = select(account.c.code).where(same(account, used, ACCOUNT))
    return select(used.c.book, used.c.entry, used.c.code).where(~known.exists())


def _pending() -> Select[Any]:
    taken = select(*columns(hold, ACCOUNT), hold.c.entry, hold.c.amount.label("sum")).where(within(hold))
    ended = (
        select(*columns(hold, ACCOUNT), hold_end.c.entry, -hold_end.c.amount)
        .join(hold_end, (hold_end.c.book == hold.c.book) & (hold_end.c.hold == hold.c.entry))
        .where(within(hold))
    )
    kept = select(*columns(account, ACCOUNT), NO_ENTRY, -account.c.pending).where(within(account))
    return uneven(ACCOUNT, ("sum",), taken, ended, kept)


_GUARDED = {side: [code for code, head in CHART.items() if head.guarded and head.side == side] for side in "DC"}
_LIMITED = [code for code, head in CHART.items() if head.limited]


def _below_zero() -> Select[Any]:
    wrong = (line.c.code.in_(_GUARDED[DEBIT]) & (line.c.balance < 0)) | (
        line.c.code.in_(_GUARDED[CREDIT]) & (line.c.balance > 0)
    )
    # Within one entry an account may pass below zero: what counts is its last line there.
    later = line.alias()
    last = later.c.position > line.c.position
    later_one = select(later.c.position).where(same(later, line, ("book", "entry", "code", "party")), last).exists()
    return select(line.c.book, line.c.entry, line.c.code).where(within(line), wrong, ~later_one)


def _overheld() -> Select[Any]:
    """Accounts that hold more than they have; those with a credit limit are watched by the walk."""
    held = account.c.code.not_in(_LIMITED) & (account.c.pending > 0)
    short = (account.c.code.in_(_GUARDED[DEBIT]) & (account.c.balance < account.c.pending)) | (
        account.c.code.in_(_GUARDED[CREDIT]) & (-account.c.balance < account.c.pending)
    )
    return select(account.c.book, account.c.code, account.c.party).where(
        within(account), held & short | (account.c.pending < 0)
    )


def _overended() -> Select[Any]:
    """Holds of which more was ended than was held."""
    ended = select(func.sum(hold_end.c.amount)).where(hold_end.c.book == hold.c.book, hold_end.c.hold == hold.c.entry)
    return select(hold.c.book, hold.c.entry).where(within(hold), ended.scalar_subquery() > hold.c.amount)


def _goods() -> Select[Any]:
    keys, both = ("book", "item"), ("quantity", "value")
    moved = select(*columns(move, keys), move.c.entry, *columns(move, both)).where(within(move))
    kept = select(*columns(stock, keys), NO_ENTRY, *(-stock.c[name] for name in both)).where(within(stock))
    return uneven(keys, both, moved, kept)


def _goods_short() -> Select[Any]:
    short = (stock.c.reserved > stock.c.quantity) | (stock.c.reserved < 0) | (stock.c.value < 0)
    return select(stock.c.book, stock.c.item).where(within(stock), short)


def _goods_value() -> Select[Any]:
    """Entries whose lines on the account of the goods are not the value of what they move."""
    keys = ("book", "entry")
    moved = select(*columns(move, keys), move.c.value.label("value")).where(within(move))
    posted = select(*columns(line, keys), -SIGNED).where(within(line), line.c.code.in_(STOCK.values()))
    return uneven(keys, ("value",), moved, posted)


GROUND: Mapping[str, Select[Any]] = {
    "a book and its owner or currency differ": _owners(),
    "a book's row does not name its last entry": _heads(),
    "entries without their book": _lost_books(),
    "an entry without its operation, or of another moment": _lost_operations(),
    **{f"rows of {table.name} without their entry": _lost_rows(table) for table, _, _ in TABLES},
    "debits and credits differ": _unbalanced(),
    "a running balance is not the one before plus the line": _running(),
    "an account's balance is not the sum of its lines": _balances(),
    "lines without their account": _lost_accounts(line),
    "holds without their account": _lost_accounts(hold),
    "an account's pending sum is not the sum of its holds": _pending(),
    "an account is below zero": _below_zero(),
    "more is held on an account than it has": _overheld(),
    "more of a hold was ended than was held": _overended(),
    "goods on hand are not the sum of their moves": _goods(),
    "more goods are reserved than there are, or they cost less than nothing": _goods_short(),
    "an entry and the value of the goods it moves differ": _goods_value(),
}
"""What must be true of books, entries, lines, accounts, holds and goods, with the query for what is not."""
