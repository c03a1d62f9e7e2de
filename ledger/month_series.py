"""Series by month out of what moved: savings and loans of groups, sales and profit of hubs and of agents' shops.

Sums are minor units. A month without an entry has zeros, and the balance of the month before.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ledger import months
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.loans import PRINCIPAL
from ledger.months import Moved
from ledger.sales import COST
from ledger.sales import INCOME
from ledger.savings import KINDS
from ledger.shops import COMMISSION
from ledger.shops import LOST

SAVED = tuple(KINDS.values())
INTEREST = 4010
GROUP_HEADS = (*SAVED, PRINCIPAL, INTEREST)

DEPOSITS = frozenset({"saving.deposit", "collection"})
WITHDRAWALS = frozenset({"saving.withdraw", "member.leave"})
REPAYMENTS = frozenset({"collection", "loan.repay", "loan.close-early", "share-out.set-off"})
"""Kinds of entry; whatever else moves savings or principal is shown as other."""

HUB_SALES, CHARGES, HUB_COST, EARNED, HUB_LOST = 4110, 4130, 5110, 5120, 5130

BEGINNING = 0
"""Earlier than any month."""


@dataclass(frozen=True, slots=True)
class Savings:
    """A month of savings, all three kinds: at its end, paid in, taken out, and what else changed it (net)."""

    balance: int
    deposited: int
    withdrawn: int
    other: int


@dataclass(frozen=True, slots=True)
class Loans:
    """A month of loans: principal owed at its end, lent, repaid, written off, other (net); interest received."""

    owed: int
    lent: int
    repaid: int
    written_off: int
    other: int
    interest: int


@dataclass(frozen=True, slots=True)
class Trade:
    """A month of sales: sold for, cost of that, goods lost; charges of instalments, commission given or received."""

    sales: int
    cost: int
    lost: int
    charges: int = 0
    commission: int = 0

    @property
    def profit(self) -> int:
        """Sales and charges less the cost of the goods sold."""
        return self.sales + self.charges - self.cost


def _sum(rows: Iterable[Moved], codes: Collection[int], of: Callable[[Moved], int]) -> int:
    return sum(of(row) for row in rows if row.code in codes)


def _debits(kinds: Collection[str]) -> Callable[[Moved], int]:
    return lambda row: row.debit if row.kind in kinds else 0


def _credits(kinds: Collection[str]) -> Callable[[Moved], int]:
    return lambda row: row.credit if row.kind in kinds else 0


def _rise(row: Moved) -> int:
    """Credits less debits."""
    return row.credit - row.debit


def _fall(row: Moved) -> int:
    return row.debit - row.credit


def savings_of(rows: Sequence[Moved], before: int) -> Savings:
    """A month of savings out of what moved in it and what there was before."""
    deposited, withdrawn = _sum(rows, SAVED, _credits(DEPOSITS)), _sum(rows, SAVED, _debits(WITHDRAWALS))
    rise = _sum(rows, SAVED, _rise)
    return Savings(before + rise, deposited, withdrawn, rise - deposited + withdrawn)


def loans_of(rows: Sequence[Moved], before: int) -> Loans:
    """A month of loans out of what moved in it and what was owed before."""
    only = (PRINCIPAL,)
    lent, repaid = _sum(rows, only, _debits({"loan.disburse"})), _sum(rows, only, _credits(REPAYMENTS))
    written_off, change = _sum(rows, only, _credits({"loan.write-off"})), _sum(rows, only, _fall)
    interest = sum(_rise(row) for row in rows if row.code == INTEREST and row.kind != "share-out.close")
    return Loans(before + change, lent, repaid, written_off, change - lent + repaid + written_off, interest)


def groups(db: Connection, ids: Sequence[int], first: int, last: int) -> dict[int, tuple[Savings, Loans]]:
    """Savings and loans of some groups together by month, from a first to a last one."""
    rows = months.moved(db, GROUP, ids, GROUP_HEADS, BEGINNING, last)
    saved = _sum((row for row in rows if row.month < first), SAVED, _rise)
    owed = _sum((row for row in rows if row.month < first), (PRINCIPAL,), _fall)
    found = {}
    for month in months.between(first, last):
        here = [row for row in rows if row.month == month]
        found[month] = savings_of(here, saved), loans_of(here, owed)
        saved, owed = found[month][0].balance, found[month][1].owed
    return found


def hubs(db: Connection, ids: Sequence[int], first: int, last: int) -> dict[int, Trade]:
    """What some hubs sold by month, from a first to a last one; commission is what they gave."""
    rows = months.moved(db, HUB, ids, (HUB_SALES, CHARGES, HUB_COST, EARNED, HUB_LOST), first, last)

    def trade(here: Sequence[Moved]) -> Trade:
        sums = [_sum(here, (code,), _fall) for code in (HUB_COST, HUB_LOST, EARNED)]
        charges, sales = (_sum(here, (code,), _rise) for code in (CHARGES, HUB_SALES))
        return Trade(sales, sums[0], sums[1], charges, sums[2])

    return {month: trade([row for row in rows if row.month == month]) for month in months.between(first, last)}


def shops(db: Connection, hubs: Sequence[int], first: int, last: int) -> dict[int, Trade]:
    """What the agents of some hubs sold by month, from a first to a last one; commission is what they received."""
    rows = months.moved(db, SHOP, hubs, (INCOME, COST, LOST, COMMISSION), first, last)

    def trade(here: Sequence[Moved]) -> Trade:
        sales, commission = (_sum(here, (code,), _rise) for code in (INCOME, COMMISSION))
        cost, lost = (_sum(here, (code,), _fall) for code in (COST, LOST))
        return Trade(sales, cost, lost, 0, commission)

    return {month: trade([row for row in rows if row.month == month]) for month in months.between(first, last)}
