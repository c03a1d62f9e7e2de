"""The rules of the books as queries: each gives the rows that break it, and none on sound books.

A row names its book and, where it can, the entry (`entry`); what else it holds is shown as detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select

from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import hold_end_table as hold_end
from ledger.books import hold_table as hold
from ledger.books import line_table as line
from ledger.books import move_table as move
from ledger.books import operation_table as operation
from ledger.books import stock_table as stock
from ledger.chart import CHART
from ledger.chart import CREDIT
from ledger.chart import DEBIT
from ledger.chart import STOCK
from ledger.loans import instalment_table as instalment
from ledger.loans import loan_table as loan
from ledger.orders import OPEN
from ledger.orders import order_line_table as order_line
from ledger.orders import order_table as order
from ledger.receipts import receipt_table as receipt
from ledger.sales import CASH
from ledger.sales import COST
from ledger.sales import DUES
from ledger.sales import INCOME
from ledger.sales import sale_line_table as sale_line
from ledger.sales import sale_table as sale

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


def _lost_accounts(part: Table) -> Select[Any]:
    known = select(account.c.code).where(*(account.c[name] == part.c[name] for name in ("book", "code", "party")))
    return (
        select(part.c.book, func.max(part.c.entry).label("entry"), part.c.code)
        .where(~known.exists())
        .group_by(part.c.book, part.c.code)
    )


def _lost_books() -> Select[Any]:
    known = select(book.c.id).where(book.c.id == entry.c.book)
    return select(entry.c.book, func.max(entry.c.number).label("entry")).where(~known.exists()).group_by(entry.c.book)


def _lost_operations() -> Select[Any]:
    known = select(operation.c.id).where(operation.c.id == entry.c.operation)
    return select(entry.c.book, entry.c.number.label("entry")).where(~known.exists())


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
    # Within one entry an account may pass below zero: what counts is its last line there.
    later = line.alias()
    same = (later.c[name] == line.c[name] for name in ("book", "entry", "code", "party"))
    later_one = select(later.c.position).where(*same, later.c.position > line.c.position).exists()
    return select(line.c.book, line.c.entry, line.c.code).where(wrong, ~later_one)


def _unordered() -> Select[Any]:
    known = select(order.c.number).where(order.c.book == hold.c.book, order.c.number == hold.c.entry)
    same = known.where(order.c.total == hold.c.amount, order.c.agent == hold.c.party)
    of_order = select(entry.c.number).where(
        entry.c.book == hold.c.book, entry.c.number == hold.c.entry, entry.c.kind == "order.place"
    )
    return select(hold.c.book, hold.c.entry).where(of_order.exists(), ~same.exists())


def _unheld() -> Select[Any]:
    held = select(hold.c.entry).where(hold.c.book == order.c.book, hold.c.entry == order.c.number)
    return select(order.c.book, order.c.number.label("entry")).where(~held.exists())


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
    closed_early = loan.c.closed_on.is_not(None) & (unpaid != 0)
    return select(loan.c.book, last.label("entry"), loan.c.id.label("loan")).where((unpaid != owed) | closed_early)


def _loan_sums() -> Select[Any]:
    should = select(func.coalesce(func.sum(instalment.c.principal), 0)).where(instalment.c.loan == loan.c.id)
    return select(loan.c.book, loan.c.id.label("loan")).where(loan.c.principal != should.scalar_subquery())


def _lost_loans() -> Select[Any]:
    known = select(loan.c.id).where(loan.c.book == account.c.book, loan.c.id == account.c.party)
    last = select(func.coalesce(func.max(line.c.entry), 0)).where(_OF_ACCOUNT).scalar_subquery()
    return select(account.c.book, last.label("entry"), account.c.party.label("loan")).where(
        account.c.code == 1100, ~known.exists()
    )


def _receipts() -> Select[Any]:
    def has(part: Table) -> Any:
        mine = (part.c.book == receipt.c.book, part.c.entry == receipt.c.entry, part.c.amount == receipt.c.amount)
        return select(part.c.entry).where(*mine).exists()

    same = select(entry.c.number).where(
        entry.c.book == receipt.c.book,
        entry.c.number == receipt.c.entry,
        entry.c.kind == receipt.c.kind,
        entry.c.event_on == receipt.c.event_on,
    )
    true_sum = (receipt.c.amount == 0) | has(line) | has(hold)
    return select(receipt.c.book, receipt.c.entry, receipt.c.code).where(~(same.exists() & true_sum))


def _sales() -> Select[Any]:
    """Sales that are not what their entry posted: day, customer, sum, cost; or not the sum of their items."""

    def posted(code: int) -> Any:
        mine = (line.c.book == sale.c.book, line.c.entry == sale.c.number, line.c.code == code)
        return select(func.coalesce(func.sum(line.c.amount), 0)).where(*mine).scalar_subquery()

    mine = and_(sale_line.c.book == sale.c.book, sale_line.c.number == sale.c.number)
    items = select(func.coalesce(func.sum(sale_line.c.quantity * sale_line.c.price), 0)).where(mine).scalar_subquery()
    wrong = (sale.c.total != posted(INCOME)) | (sale.c.cost != posted(COST)) | (sale.c.total != items)
    same_day = select(entry.c.number).where(
        entry.c.book == sale.c.book, entry.c.number == sale.c.number, entry.c.event_on == sale.c.event_on
    )
    paid = case((sale.c.customer == 0, CASH), else_=DUES)
    paid_by_her = select(line.c.entry).where(
        line.c.book == sale.c.book,
        line.c.entry == sale.c.number,
        line.c.code == paid,
        line.c.party == sale.c.customer,
    )
    sound = same_day.exists() & ((sale.c.total == 0) | paid_by_her.exists())
    return select(sale.c.book, sale.c.number.label("entry")).where(wrong | ~sound)


def _lost_sales() -> Select[Any]:
    known = select(sale.c.number).where(sale.c.book == entry.c.book, sale.c.number == entry.c.number)
    return select(entry.c.book, entry.c.number.label("entry")).where(entry.c.kind == "sale", ~known.exists())


RULES: Mapping[str, Select[Any]] = {
    "debits and credits differ": _unbalanced(),
    "a running balance is not the one before plus the line": _running(),
    "an account's balance is not the sum of its lines": _balances(),
    "lines without their account": _lost_accounts(line),
    "holds without their account": _lost_accounts(hold),
    "entries without their book": _lost_books(),
    "entries without their operation": _lost_operations(),
    "an account's pending sum is not the sum of its holds": _pending(),
    "an account is below zero": _below_zero(),
    "a hold and its order differ": _unordered(),
    "an order without its hold": _unheld(),
    "an order's total is not the sum of its lines": _order_sums(),
    "goods on hand are not the sum of their moves": _goods(),
    "goods on hand and their account differ in value": _goods_value(),
    "reserved goods are not those of the open orders": _reserved(),
    "a sale and its entry differ": _sales(),
    "the entry of a sale without the sale": _lost_sales(),
    "a loan's account and its unpaid instalments differ": _loans(),
    "a loan is not the sum of its instalments": _loan_sums(),
    "a loan's account without its loan": _lost_loans(),
    "a receipt and its entry differ": _receipts(),
}
"""What must be true, with the query for what is not."""
