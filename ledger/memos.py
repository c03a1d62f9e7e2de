"""Rows that must agree with what the memo of an entry says: credit limits, loans and contracts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import literal
from sqlalchemy import select

from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.emi import contract_table as contract
from ledger.ground_rules import within
from ledger.loans import loan_table as loan
from ledger.walk import STREAMED
from ledger.walk import Fault
from ledger.walk import Limits

_LIMITS = (
    select(account.c.book, account.c.code, account.c.party, account.c.ceiling)
    .where(within(account), account.c.ceiling.is_not(None))
    .union_all(
        select(book.c.id, literal(0), literal(0), book.c.ceiling).where(within(book, "id"), book.c.ceiling.is_not(None))
    )
)


def limits(db: Connection, span: Mapping[str, str], said: Limits) -> Iterator[Fault]:
    """Credit limits that are not what the last entry about them set; empties `said`."""
    what = "a credit limit is not the one that was set"
    for name, code, party, ceiling in db.execute(_LIMITS, span, execution_options=STREAMED):
        limit, number = said.pop((name, code, party), (None, 0))
        if ceiling != limit:
            yield name, number, f"{what} (code {code}, party {party})"
    for (name, code, party), (_, number) in sorted(said.items()):
        yield name, number, f"{what} (code {code}, party {party})"


@dataclass(frozen=True)
class _Agreement:
    """What is agreed once: its rows, the kinds of entries that open one, and what their memo says of it."""

    noun: str
    table: Table
    kinds: frozenset[str]
    says: tuple[str, ...]

    @cached_property
    def query(self) -> Select[Any]:
        """Its rows with the entry that opened each."""
        rows = self.table
        opened = and_(entry.c.operation == rows.c.operation, entry.c.book == rows.c.book)
        return select(rows, entry.c.number, entry.c.kind, entry.c.memo).outerjoin(entry, opened).where(within(rows))

    def agrees(self, row: Any) -> bool:
        """Whether the memo of the entry that opened it says what the row does."""
        try:
            said = json.loads(row.memo)
            # An old group brings many at once.
            names = {name: f"{name} of {self.noun} {row.id}" if row.kind == "cut-off" else name for name in self.says}
            own = row.kind in self.kinds and (row.kind == "cut-off" or said[self.noun] == row.id)
            return own and all(said[names[name]] == getattr(row, name) for name in self.says)
        except (ValueError, LookupError, TypeError):
            return False


_AGREEMENTS = (
    _Agreement("loan", loan, frozenset(("loan.disburse", "loan.reschedule", "cut-off")), ("member", "terms")),
    _Agreement("contract", contract, frozenset(("emi.open",)), ("member", "item", "terms")),
)


def agreements(db: Connection, span: Mapping[str, str]) -> Iterator[Fault]:
    """Loans and contracts without the entry that opened them, or that are not what its memo says."""
    for each in _AGREEMENTS:
        for row in db.execute(each.query, span, execution_options=STREAMED):
            if row.number is None:
                yield row.book, 0, f"a {each.noun} without the entry that opened it ({each.noun} {row.id})"
            elif not each.agrees(row):
                yield row.book, row.number, f"a {each.noun} and the entry that opened it differ ({each.noun} {row.id})"
