"""The books as text for other tools: a journal of hledger, one of beancount, a table in CSV; line by line.

An account is named after what it is, its book, its code, its head and its party, so that it sorts as the chart does:

    Assets:Group-1:1100-Member-loan-principal:Loan-7

Debits are above zero and credits below, as both tools have it; income and what is owed to others are below zero.
Nothing is held back until the end: a book of any length takes the same memory.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger.books import Book
from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import line_table as line
from ledger.chart import CHART
from ledger.errors import NotFound
from ledger.statements import STREAMED
from ledger.statements import Leg
from ledger.statements import Recorded
from ledger.statements import entries

CATEGORIES = {1: "Assets", 2: "Liabilities", 3: "Equity", 4: "Income", 5: "Expenses"}
"""What the first digit of a code says."""

_BOOK = select(book.c.id).where(book.c.id == bindparam("book"))
_BEGUN = select(func.min(entry.c.event_on)).where(entry.c.book == book.c.id).correlate(book).scalar_subquery()
_used = select(line.c.entry).where(
    line.c.book == account.c.book, line.c.code == account.c.code, line.c.party == account.c.party
)
_ACCOUNTS = (
    select(account.c.code, account.c.party, book.c.kind, book.c.owner, book.c.currency, _BEGUN.label("begun"))
    .join(book, and_(book.c.id == account.c.book))
    .where(_used.exists())
    .order_by(account.c.book, account.c.code, account.c.party)
)
_CURRENCIES = select(book.c.currency).distinct().order_by(book.c.currency)
_STATEMENTS = {
    False: (_ACCOUNTS, _CURRENCIES),
    True: (_ACCOUNTS.where(account.c.book == bindparam("book")), _CURRENCIES.where(book.c.id == bindparam("book"))),
}


def text(db: Connection, form: str, only: str | None = None) -> Iterator[str]:
    """All books, or one, in a form of FORMS, as lines with their ends; NotFound for a book that is not there."""
    if only and db.execute(_BOOK, {"book": only}).first() is None:
        raise NotFound("unknown-book", book=only)
    return FORMS[form](db, only)


@lru_cache(maxsize=10_000)
def account_name(of: Book, code: int, party: int) -> str:
    """An account as hledger and beancount name it: parts begin with a capital or a digit and hold no spaces."""
    head = CHART[code]
    parts = [CATEGORIES[code // 1000], f"{of.kind.title()}-{of.owner}", f"{code}-{_word(head.name)}"]
    return ":".join([*parts, f"{head.per.title()}-{party}"] if head.per else parts)


def _word(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name)


def _accounts(db: Connection, only: str | None) -> Iterator[tuple[str, str, date]]:
    """Name, currency and first day of each account that has lines."""
    values = {"book": only} if only else {}
    for row in db.execute(_STATEMENTS[bool(only)][0], values, execution_options=STREAMED):
        yield account_name(Book(row.kind, row.owner, row.currency), row.code, row.party), row.currency, row.begun


def _currencies(db: Connection, only: str | None) -> list[str]:
    return list(db.execute(_STATEMENTS[bool(only)][1], {"book": only} if only else {}).scalars())


def _amount(leg: Leg) -> str:
    minor = leg.debit.minor - leg.credit.minor
    return f"{_decimal(minor)} {leg.debit.currency}"


def _decimal(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _plain(value: str) -> str:
    """A text on one line: whatever could end the line becomes a space."""
    return "".join(each if each.isprintable() else " " for each in value)


def _facts(each: Recorded) -> dict[str, int | str]:
    """What goes with an entry beside its day, kind and lines."""
    facts: dict[str, int | str] = {
        "book": each.book.id,
        "number": each.number,
        "operation": _plain(each.operation),
    }
    return facts | ({"reverses": each.reverses} if each.reverses else {})


def _hledger(db: Connection, only: str | None) -> Iterator[str]:
    for currency in _currencies(db, only):
        yield f"commodity 1000.00 {currency}\n"
    for name, _, _ in _accounts(db, only):
        yield f"account {name}\n"
    for each in entries(db, only):
        yield f"\n{each.on} * ({each.number}) {each.kind}\n"
        for key, value in _facts(each).items():
            yield f"    ; {key}: {value}\n"
        for leg in each.lines:
            yield f"    {account_name(each.book, leg.code, leg.party)}  {_amount(leg)}\n"


def _beancount(db: Connection, only: str | None) -> Iterator[str]:
    for currency in _currencies(db, only):
        yield f'option "operating_currency" "{currency}"\n'
    for name, currency, begun in _accounts(db, only):
        yield f"{begun} open {name} {currency}\n"
    for each in entries(db, only):
        yield f"\n{each.on} * {_quoted(each.kind)}\n"
        for key, value in _facts(each).items():
            yield f"  {key}: {_quoted(value) if isinstance(value, str) else value}\n"
        for leg in each.lines:
            yield f"  {account_name(each.book, leg.code, leg.party)}  {_amount(leg)}\n"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_COLUMNS = (
    "book", "entry", "day", "kind", "operation", "actor", "channel", "reverses", "code", "account", "party", "debit",
    "credit", "currency",
)  # fmt: skip


class _Echo:
    """A file for `csv.writer` that hands each row back."""

    def write(self, row: str) -> str:
        return row


def _csv(db: Connection, only: str | None) -> Iterator[str]:
    # Ends as RFC 4180 has them; with others the writer would leave a bare carriage return in a text unquoted.
    write: Callable[[Any], Any] = csv.writer(_Echo(), lineterminator="\r\n").writerow
    yield write(_COLUMNS)
    for each in entries(db, only):
        head = [
            cell(each.book.id), each.number, each.on, cell(each.kind), cell(each.operation), cell(each.actor),
            cell(each.channel), each.reverses or "",
        ]  # fmt: skip
        for leg in each.lines:
            sums = [_decimal(sum_.minor) if sum_ else "" for sum_ in (leg.debit, leg.credit)]
            yield write([*head, leg.code, cell(CHART[leg.code].name), leg.party or "", *sums, leg.debit.currency])


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, at once or after it has cut off blanks."""


def cell(value: str) -> str:
    """A text that a spreadsheet shows and never calculates."""
    return f"'{value}" if value.startswith(_FORMULA) else value


FORMS: Mapping[str, Callable[[Connection, str | None], Iterator[str]]] = {
    "hledger": _hledger,
    "beancount": _beancount,
    "csv": _csv,
}
"""Every form of export by its name."""
