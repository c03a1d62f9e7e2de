"""The rules of the books as queries (see `ground_rules`), all of them in one table; here those of single nouns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select
from sqlalchemy import Table
from sqlalchemy import func
from sqlalchemy import select

from ledger.approval_rules import APPROVALS
from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import hold_table as hold
from ledger.books import line_table as line
from ledger.chart import GROUP
from ledger.event_rules import EVENTS
from ledger.ground_rules import GROUND
from ledger.ground_rules import PROGRAMME
from ledger.ground_rules import of_entry
from ledger.ground_rules import within
from ledger.loans import PRINCIPAL
from ledger.loans import loan_table as loan
from ledger.meetings import attendance_table as attendance
from ledger.orders import order_table as order
from ledger.receipts import receipt_table as receipt
from ledger.schedule_rules import SCHEDULES
from ledger.trade_rules import ACROSS as TRADE_ACROSS
from ledger.trade_rules import TRADE


def _lost_loans() -> Select[Any]:
    known = select(loan.c.id).where(loan.c.book == account.c.book, loan.c.id == account.c.party)
    return select(account.c.book, account.c.party.label("loan")).where(
        within(account), account.c.code == PRINCIPAL, ~known.exists()
    )


def _rolls() -> Select[Any]:
    """Rolls of meetings that name an entry which collected nothing from anybody."""
    collected = select(entry.c.number).where(
        entry.c.book == book.c.id, entry.c.number == attendance.c.entry, entry.c.kind == "collection"
    )
    its_book = (book.c.kind == GROUP) & (book.c.owner == attendance.c.group)
    return (
        select(book.c.id.label("book"), attendance.c.entry, attendance.c.member)
        .join(attendance, its_book)
        .where(within(book, "id"), attendance.c.entry.is_not(None), ~collected.exists())
    )


def _receipts() -> Select[Any]:
    """Receipts that say another kind, day, sum or currency than their entry, or are of another programme.

    A receipt stays true when its entry is undone: it says what was done then.
    """

    def has(part: Table) -> Any:
        mine = (part.c.book == receipt.c.book, part.c.entry == receipt.c.entry, part.c.amount == receipt.c.amount)
        return select(part.c.entry).where(*mine).exists()

    same = (
        select(entry.c.number)
        .join(book, book.c.id == entry.c.book)
        .where(
            of_entry(receipt),
            entry.c.kind == receipt.c.kind,
            entry.c.event_on == receipt.c.event_on,
            book.c.currency == receipt.c.currency,
            func.coalesce(PROGRAMME, receipt.c.programme) == receipt.c.programme,
        )
    )
    # An order that is prepaid holds less than its sum, or nothing.
    ordered = select(order.c.number).where(
        order.c.book == receipt.c.book, order.c.number == receipt.c.entry, order.c.total == receipt.c.amount
    )
    true_sum = (receipt.c.amount == 0) | has(line) | has(hold) | ordered.exists()
    wrong = ~(same.exists() & true_sum)
    return select(receipt.c.book, receipt.c.entry, receipt.c.code).where(within(receipt), wrong)


RULES: Mapping[str, Select[Any]] = {
    **GROUND,
    **SCHEDULES,
    **EVENTS,
    **TRADE,
    "a loan's account without its loan": _lost_loans(),
    "a receipt and its entry differ": _receipts(),
    "a meeting's roll and what was collected differ": _rolls(),
}
"""What must be true, with the query for what is not."""

ACROSS: Mapping[str, Select[Any]] = {**TRADE_ACROSS, **APPROVALS}
"""The same of what no span of books shows: both halves of what two books share, and requests beside the books."""
