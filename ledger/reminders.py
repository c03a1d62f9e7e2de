"""Who is to be reminded: instalments of items that fall due or were not paid, and who wants to hear of her month.

Readers give a page at a time, after the last of the page before, so that there may be any number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import FromClause
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import tuple_

from ledger.books import PARTS
from ledger.books import Book
from ledger.books import instalment_table
from ledger.emi import RECEIVABLE
from ledger.emi import contract_table
from ledger.members import member_table
from ledger.money import Money

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Owed:
    """An instalment of a contract that is not paid: whose it is, the day it is due, and what is to be paid."""

    member: int
    contract: int
    number: int
    due: date
    amount: Money

    @property
    def key(self) -> Key:
        """After which the next page begins."""
        return self.contract, self.number


def _left(table: FromClause) -> ColumnElement[int]:
    principal, interest, fine = (table.c[part] - table.c[f"{part}_cleared"] for part in PARTS)
    return principal + interest + fine


_due, _other = instalment_table, instalment_table.alias("other")
_same = and_(_other.c.book == _due.c.book, _other.c.code == _due.c.code, _other.c.party == _due.c.party)
# Not the bare columns: by their index all that was ever due would be gone through, and not the days alone.
_key = (_due.c.party + 0, _due.c.number + 0)
_NEXT = (
    select(
        contract_table.c.member,
        contract_table.c.id.label("contract"),
        _due.c.number,
        _due.c.due,
        _left(_due).label("amount"),
    )
    .join_from(_due, contract_table, contract_table.c.id == _due.c.party)
    .where(
        _due.c.book == bindparam("book"),
        _due.c.due.in_(bindparam("days", expanding=True)),
        _due.c.code == RECEIVABLE,
        _left(_due) > 0,
        tuple_(*_key) > tuple_(bindparam("contract"), bindparam("number")),
    )
    .order_by(*_key)
    .limit(bindparam("most"))
)
_OLDEST = _NEXT.where(
    ~select(_other.c.number).where(_same, _other.c.number < _due.c.number, _left(_other) > 0).exists()
)
_OVERDUE = (
    select(_due.c.party, func.sum(case((_due.c.due < bindparam("on"), _left(_due)), else_=0)).label("amount"))
    .where(
        _due.c.book == bindparam("book"),
        _due.c.code == RECEIVABLE,
        _due.c.party.in_(bindparam("contracts", expanding=True)),
    )
    .group_by(_due.c.party)
)
_ASKED = (
    select(member_table.c.id)
    .where(
        member_table.c.programme == bindparam("programme"),
        member_table.c.month_sms,
        member_table.c.hub.is_not(None),
        member_table.c.id > bindparam("after"),
    )
    .order_by(member_table.c.id)
    .limit(bindparam("most"))
)


def due(db: Connection, hub: Book, days: Sequence[date], after: Key, most: int) -> list[Owed]:
    """Up to `most` unpaid instalments of items that fall due on any of some days, with what is left of each."""
    return _page(db, _NEXT, hub, days, after, most)


def late(db: Connection, hub: Book, days: Sequence[date], on: date, after: Key, most: int) -> list[Owed]:
    """Up to `most` contracts whose oldest unpaid instalment fell due on any of some days, with all owed before `on`."""
    found = _page(db, _OLDEST, hub, days, after, most)
    wanted = {"book": hub.id, "contracts": [each.contract for each in found], "on": on}
    sums = {row.party: Money(int(row.amount), hub.currency) for row in db.execute(_OVERDUE, wanted)}
    return [replace(each, amount=sums[each.contract]) for each in found]


def _page(db: Connection, statement: Any, hub: Book, days: Sequence[date], after: Key, most: int) -> list[Owed]:
    values = {"book": hub.id, "days": list(days), "contract": after[0], "number": after[1], "most": most}
    rows = db.execute(statement, values)
    return [Owed(row.member, row.contract, row.number, row.due, Money(int(row.amount), hub.currency)) for row in rows]


def asked_for_month(db: Connection, programme: int, after: int, most: int) -> list[int]:
    """Up to `most` agents of a programme who want to be told what they made in a month, by id."""
    return list(db.execute(_ASKED, {"programme": programme, "after": after, "most": most}).scalars())
