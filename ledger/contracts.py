"""Goods on instalments as an office reads them: a page of contracts by hub and state, and whose one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select

from ledger.books import book_table
from ledger.books import instalment_table
from ledger.catalogue import item_table
from ledger.chart import HUB
from ledger.emi import RECEIVABLE
from ledger.emi import contract_table
from ledger.members import member_table
from ledger.money import Money
from ledger.programmes import hub_table
from ledger.tables import Names

RUNNING, BEHIND, PAID = "running", "behind", "paid"
STATES = (RUNNING, BEHIND, PAID)
"""Something is left of it; some of that should have been paid before today; nothing is left of it."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A contract in a list: whose, which item, of which hub, what is left of it and what is overdue, since when."""

    id: int
    member: int
    names: Names
    code: str
    item: Names
    hub: Names
    left: Money
    late: Money
    late_since: date | None


_left = (
    instalment_table.c.principal
    - instalment_table.c.principal_cleared
    + instalment_table.c.interest
    - instalment_table.c.interest_cleared
)
_late = and_(instalment_table.c.due < bindparam("on"), _left > 0)
_its = and_(
    instalment_table.c.book == contract_table.c.book,
    instalment_table.c.code == RECEIVABLE,
    instalment_table.c.party == contract_table.c.id,
)


def _has(condition: Any) -> Any:
    return select(instalment_table.c.number).where(_its, condition).exists()


_STATE = {RUNNING: _has(_left > 0), BEHIND: _has(_late), PAID: ~_has(_left > 0)}
_PAGE = (
    select(
        contract_table.c.id,
        contract_table.c.book,
        contract_table.c.member,
        member_table.c.name_bn,
        member_table.c.name_latn,
        member_table.c.code,
        *(item_table.c[f"name_{each}"].label(f"item_{each}") for each in ("bn", "latn", "en")),
        *(hub_table.c[f"name_{each}"].label(f"hub_{each}") for each in ("bn", "latn", "en")),
        book_table.c.currency,
    )
    .join_from(contract_table, book_table, book_table.c.id == contract_table.c.book)
    .join(hub_table, and_(book_table.c.kind == HUB, hub_table.c.id == book_table.c.owner))
    .join(member_table, member_table.c.id == contract_table.c.member)
    .join(item_table, item_table.c.id == contract_table.c.item)
    # One whose sale was undone has no instalments.
    .where(
        hub_table.c.programme == bindparam("programme"),
        contract_table.c.id < bindparam("before"),
        _has(instalment_table.c.principal > 0),
    )
    .order_by(contract_table.c.id.desc())
    .limit(bindparam("most"))
)
_of_hub = hub_table.c.id == bindparam("hub")
_PAGES = {
    (narrow, state): _PAGE.where(*([_of_hub] if narrow else []), *([_STATE[state]] if state else []))
    for narrow in (False, True)
    for state in ("", *STATES)
}
_FIGURES = (
    select(
        instalment_table.c.party,
        func.sum(_left).label("left"),
        func.sum(case((_late, _left), else_=0)).label("late"),
        func.min(case((_late, instalment_table.c.due))).label("late_since"),
    )
    .where(
        instalment_table.c.book.in_(bindparam("books", expanding=True)),
        instalment_table.c.code == RECEIVABLE,
        instalment_table.c.party.in_(bindparam("contracts", expanding=True)),
    )
    .group_by(instalment_table.c.party)
)
_HUB = (
    select(hub_table.c.id)
    .join_from(contract_table, book_table, book_table.c.id == contract_table.c.book)
    .join(hub_table, and_(book_table.c.kind == HUB, hub_table.c.id == book_table.c.owner))
    .where(contract_table.c.id == bindparam("id"))
)


def page(db: Connection, programme: int, hub: int | None, state: str, on: date, before: int, most: int) -> list[Bought]:
    """Up to `most` contracts before the one numbered `before`, the newest first; of one hub or (None) of all."""
    values: dict[str, Any] = {"programme": programme, "before": before, "most": most}
    values |= ({"hub": hub} if hub is not None else {}) | ({"on": on} if state == BEHIND else {})
    rows = db.execute(_PAGES[hub is not None, state], values).all()
    if not rows:
        return []
    of = {"books": sorted({row.book for row in rows}), "contracts": [row.id for row in rows], "on": on}
    figures = {row.party: row for row in db.execute(_FIGURES, of)}
    return [_one(row, figures[row.id]) for row in rows]


def _one(row: Any, figures: Any) -> Bought:
    since = figures.late_since
    return Bought(
        row.id, row.member, Names(row.name_bn, row.name_latn), row.code,
        Names(row.item_bn, row.item_latn, row.item_en), Names(row.hub_bn, row.hub_latn, row.hub_en),
        Money(int(figures.left), row.currency), Money(int(figures.late), row.currency),
        # The smallest of some days that a CASE chose has lost its type on SQLite.
        date.fromisoformat(since) if isinstance(since, str) else since,
    )  # fmt: skip


def hub_of(db: Connection, contract: int) -> int | None:
    """The number of the hub that a contract is with, if there is one."""
    found: int | None = db.execute(_HUB, {"id": contract}).scalar()
    return found
