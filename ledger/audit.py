"""What must always be true of the books, checked from the rows alone; each finding names book and entry.

The chain is verified by walking all entries once, in constant memory; everything else is a query that gives the
rows that break a rule, and gives none on sound books.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import true

from ledger.books import GENESIS
from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import hold_end_table as hold_end
from ledger.books import hold_table as hold
from ledger.books import line_table as line
from ledger.books import move_table as move
from ledger.books import stock_table as stock
from ledger.chart import CHART
from ledger.chart import CREDIT
from ledger.chart import DEBIT
from ledger.chart import STOCK
from ledger.journal import chain
from ledger.loans import instalment_table as instalment
from ledger.loans import loan_table as loan
from ledger.orders import OPEN
from ledger.orders import order_line_table as order_line
from ledger.orders import order_table as order


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: in which book, at which entry (0: the book as a whole), and what."""

    book: str
    entry: int
    what: str

    def __str__(self) -> str:
        """`shop:17 entry 42: the chain is broken here`."""
        return f"{self.book} entry {self.entry}: {self.what}" if self.entry else f"{self.book}: {self.what}"


_SIGNED = case((line.c.side == DEBIT, line.c.amount), else_=-line.c.amount)
_OF_ACCOUNT = and_(line.c.book == account.c.book, line.c.code == account.c.code, line.c.party == account.c.party)


def _unbalanced() -> Select[Any]:
    return select(line.c.book, line.c.entry).group_by(line.c.book, line.c.entry).having(func.sum(_SIGNED) != 0)


def _running() -> Select[Any]:
    account_of = (line.c.book, line.c.code, line.c.party)
    before = func.lag(line.c.balance, 1, 0).over(partition_by=account_of, order_by=(line.c.entry, line.c.position))
    each = select(line.c.book, line.c.entry, line.c.code, (line.c.balance - before - _SIGNED).label("off")).subquery()
    return select(each.c.book, each.c.entry, each.c.code).where(each.c.off != 0)


def _balances() -> Select[Any]:
    should = select(func.coalesce(func.sum(_SIGNED), 0)).where(_OF_ACCOUNT).scalar_subquery()
    last = select(func.coalesce(func.max(line.c.entry), 0)).where(_OF_ACCOUNT).scalar_subquery()
    return select(account.c.book, last.label("entry"), account.c.code).where(account.c.balance != should)


def _lost_accounts() -> Select[Any]:
    known = select(account.c.code).where(_OF_ACCOUNT).exists()
    return (
        select(line.c.book, func.max(line.c.entry).label("entry"), line.c.code)
        .where(~known)
        .group_by(line.c.book, line.c.code)
    )


def _pending() -> Select[Any]:
    mine = and_(hold.c.book == account.c.book, hold.c.code == account.c.code, hold.c.party == account.c.party)
    taken = select(func.coalesce(func.sum(hold.c.amount), 0)).where(mine).scalar_subquery()
    ended = (
        select(func.coalesce(func.sum(hold_end.c.amount), 0))
        .select_from(hold_end.join(hold, and_(hold.c.book == hold_end.c.book, hold.c.entry == hold_end.c.hold)))
        .where(mine)
        .scalar_subquery()
    )
    last = select(func.coalesce(func.max(hold.c.entry), 0)).where(mine).scalar_subquery()
    return select(account.c.book, last.label("entry"), account.c.code).where(account.c.pending != taken - ended)


def _below_zero() -> Select[Any]:
    debits = [code for code, head in CHART.items() if head.guarded and head.side == DEBIT]
    credits = [code for code, head in CHART.items() if head.guarded and head.side == CREDIT]
    wrong = and_(line.c.code.in_(debits), line.c.balance < 0) | and_(line.c.code.in_(credits), line.c.balance > 0)
    return select(line.c.book, line.c.entry, line.c.code).where(wrong)


def _unordered() -> Select[Any]:
    known = select(order.c.number).where(order.c.book == hold.c.book, order.c.number == hold.c.entry)
    same = known.where(order.c.total == hold.c.amount, order.c.agent == hold.c.party)
    of_order = select(entry.c.number).where(
        entry.c.book == hold.c.book, entry.c.number == hold.c.entry, entry.c.kind == "order.place"
    )
    return select(hold.c.book, hold.c.entry).where(of_order.exists(), ~same.exists())


def _order_sums() -> Select[Any]:
    mine = and_(order_line.c.book == order.c.book, order_line.c.number == order.c.number)
    should = select(func.coalesce(func.sum(order_line.c.quantity * order_line.c.price), 0)).where(mine)
    return select(order.c.book, order.c.number.label("entry")).where(order.c.total != should.scalar_subquery())


def _goods() -> Select[Any]:
    mine = and_(move.c.book == stock.c.book, move.c.item == stock.c.item)
    pieces = select(func.coalesce(func.sum(move.c.quantity), 0)).where(mine).scalar_subquery()
    value = select(func.coalesce(func.sum(move.c.value), 0)).where(mine).scalar_subquery()
    last = select(func.coalesce(func.max(move.c.entry), 0)).where(mine).scalar_subquery()
    return select(stock.c.book, last.label("entry"), stock.c.item).where(
        (stock.c.quantity != pieces) | (stock.c.value != value) | (stock.c.quantity < 0) | (stock.c.value < 0)
    )


def _goods_value() -> Select[Any]:
    worth = select(func.coalesce(func.sum(stock.c.value), 0)).where(stock.c.book == account.c.book).scalar_subquery()
    last = select(func.coalesce(func.max(line.c.entry), 0)).where(_OF_ACCOUNT).scalar_subquery()
    return select(account.c.book, last.label("entry"), account.c.code).where(
        account.c.code.in_(STOCK.values()), account.c.balance != worth
    )


def _reserved() -> Select[Any]:
    open_lines = (
        select(func.coalesce(func.sum(order_line.c.quantity), 0))
        .select_from(
            order_line.join(order, and_(order.c.book == order_line.c.book, order.c.number == order_line.c.number))
        )
        .where(order_line.c.book == stock.c.book, order_line.c.item == stock.c.item, order.c.state.in_(OPEN))
        .scalar_subquery()
    )
    return select(stock.c.book, stock.c.item).where(stock.c.reserved != open_lines)


def _loans() -> Select[Any]:
    unpaid = (
        select(func.coalesce(func.sum(instalment.c.principal - instalment.c.principal_paid), 0))
        .where(instalment.c.loan == loan.c.id)
        .scalar_subquery()
    )
    mine = and_(account.c.book == loan.c.book, account.c.code == 1100, account.c.party == loan.c.id)
    owed = select(func.coalesce(func.sum(account.c.balance), 0)).where(mine).scalar_subquery()
    of_loan = and_(line.c.book == loan.c.book, line.c.code == 1100, line.c.party == loan.c.id)
    last = select(func.coalesce(func.max(line.c.entry), 0)).where(of_loan).scalar_subquery()
    return select(loan.c.book, last.label("entry"), loan.c.id.label("loan")).where(unpaid != owed)


RULES: Mapping[str, Select[Any]] = {
    "debits and credits differ": _unbalanced(),
    "a running balance is not the one before plus the line": _running(),
    "an account's balance is not the sum of its lines": _balances(),
    "lines without their account": _lost_accounts(),
    "an account's pending sum is not the sum of its holds": _pending(),
    "an account is below zero": _below_zero(),
    "a hold and its order differ": _unordered(),
    "an order's total is not the sum of its lines": _order_sums(),
    "goods on hand are not the sum of their moves": _goods(),
    "goods on hand and their account differ in value": _goods_value(),
    "reserved goods are not those of the open orders": _reserved(),
    "a loan's account and its unpaid instalments differ": _loans(),
}


def check(db: Connection, only: str | None = None) -> Iterator[Finding | int]:
    """Check all books, or one: gives a Finding for each thing wrong and, as progress, the entries walked so far."""
    yield from _walk(db, only)
    for what, statement in RULES.items():
        rows = statement.subquery()
        limited = select(rows).where(rows.c.book == only if only else true())
        for row in db.execution_options(yield_per=1000).execute(limited):
            values = dict(row._mapping)
            where = Finding(values.pop("book"), values.pop("entry", 0), what)
            detail = ", ".join(f"{name} {value}" for name, value in values.items())
            yield Finding(where.book, where.entry, f"{what} ({detail})" if detail else what)


def count(db: Connection, only: str | None = None) -> int:
    """How many entries `check` will walk."""
    return db.execute(
        select(func.count()).select_from(entry).where(entry.c.book == only if only else true())
    ).scalar_one()


class _Parts:
    """The rows of one table in (book, entry) order, handed out entry by entry."""

    def __init__(self, db: Connection, table: Table, only: str | None, order_by: str) -> None:
        wanted = select(table).where(table.c.book == only if only else true())
        rows = db.execution_options(yield_per=1000).execute(
            wanted.order_by(table.c.book, table.c.entry, table.c[order_by])
        )
        self.rows = iter(rows.mappings())
        self.ahead = next(self.rows, None)

    def of(self, key: tuple[str, int]) -> list[Mapping[Any, Any]]:
        found: list[Mapping[Any, Any]] = []
        while self.ahead is not None and (self.ahead["book"], self.ahead["entry"]) <= key:
            if (self.ahead["book"], self.ahead["entry"]) == key:
                found.append(self.ahead)
            self.ahead = next(self.rows, None)
        return found


_PARTS = ((line, "position"), (hold, "entry"), (hold_end, "hold"), (move, "item"))
"""The tables that an entry's hash covers, in the order of `journal.chain`, with what orders their rows."""


def _walk(db: Connection, only: str | None) -> Iterator[Finding | int]:
    """Follow each book's chain from its first entry to the head its row names."""
    parts = [_Parts(db, table, only, order_by) for table, order_by in _PARTS]
    wanted = select(entry).where(entry.c.book == only if only else true()).order_by(entry.c.book, entry.c.number)
    current, number, head, done = "", 0, GENESIS, 0
    for row in db.execution_options(yield_per=1000).execute(wanted).mappings():
        if row["book"] != current:
            current, number, head = row["book"], 0, GENESIS
        rows = [each.of((row["book"], row["number"])) for each in parts]
        if row["number"] != number + 1:
            yield Finding(current, row["number"], f"entries are missing before it, the last one is {number}")
        if row["previous"] != head or chain(row, *rows) != row["hash"]:
            yield Finding(current, row["number"], "the chain is broken here: the entry is not what was posted")
        number, head, done = row["number"], row["hash"], done + 1
        if done % 1000 == 0:
            yield done
    yield done
    yield from _heads(db, only)


def _heads(db: Connection, only: str | None) -> Iterator[Finding]:
    """Books whose row does not name their last entry: entries cut off at the end, or a book's row altered."""
    top = select(entry.c.book, func.max(entry.c.number).label("number")).group_by(entry.c.book).subquery()
    rows = (
        select(book.c.id, book.c.entries, func.coalesce(top.c.number, 0).cast(BigInteger).label("last"))
        .outerjoin(top, top.c.book == book.c.id)
        .outerjoin(entry, and_(entry.c.book == top.c.book, entry.c.number == top.c.number))
        .where(
            (book.c.entries != func.coalesce(top.c.number, 0)) | (book.c.head != func.coalesce(entry.c.hash, GENESIS))
        )
        .where(book.c.id == only if only else true())
    )
    for row in db.execute(rows):
        what = f"the book counts {row.entries} entries and the last one there is {row.last}, or its head hash differs"
        yield Finding(row.id, row.last, what)
