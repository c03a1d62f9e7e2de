"""Requests as an office reads them: a page of those that are pending, by scope, kind and state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger.approvals import approval_table
from ledger.groups import group_table
from ledger.members import member_table
from ledger.money import Money
from ledger.tables import Instant
from ledger.tables import Names


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is pending: of which group, its kind and state, about whom (None: the whole group), until when."""

    id: int
    group: int
    group_names: Names
    kind: str
    state: str
    names: Names | None
    code: str
    amount: Money
    started_at: datetime
    until: datetime


_PAGE = (
    select(
        approval_table,
        group_table.c.name_bn.label("group_bn"),
        group_table.c.name_latn.label("group_latn"),
        member_table.c.name_bn,
        member_table.c.name_latn,
        member_table.c.code,
    )
    .join_from(approval_table, group_table, group_table.c.id == approval_table.c.group)
    .outerjoin(member_table, member_table.c.id == approval_table.c.about)
    .where(
        approval_table.c.pending == 1,
        approval_table.c.state.in_(bindparam("states", expanding=True)),
        approval_table.c.kind.in_(bindparam("kinds", expanding=True)),
        approval_table.c.until > bindparam("now", type_=Instant),
        group_table.c.programme == bindparam("programme"),
        approval_table.c.id > bindparam("after"),
    )
    .order_by(approval_table.c.id)
    .limit(bindparam("most"))
)
_in_groups = approval_table.c.group.in_(bindparam("groups", expanding=True))
_about_her = approval_table.c.about == bindparam("about")
_PAGES: dict[tuple[bool, bool], Select[Any]] = {
    (False, False): _PAGE,
    (True, False): _PAGE.where(_in_groups),
    (False, True): _PAGE.where(_about_her),
    (True, True): _PAGE.where(_in_groups, _about_her),
}
"""By whether they are of some groups, and about one member."""

_COUNTS = {some: select(func.count()).select_from(_PAGES[some, False].subquery()) for some in (False, True)}


def page(
    db: Connection,
    programme: int,
    groups: Sequence[int] | None,
    kinds: Sequence[str],
    states: Sequence[str],
    now: datetime,
    after: int,
    most: int,
    *,
    about: int | None = None,
) -> list[Asked]:
    """Up to `most` requests of a programme or of some of its groups, in time, after number `after`, oldest first.

    With `about` only those about one member.
    """
    values = _values(programme, groups, kinds, states, now) | {"after": after, "most": most}
    if about is not None:
        values["about"] = about
    return [_asked(row) for row in db.execute(_PAGES[groups is not None, about is not None], values)]


def count(
    db: Connection,
    programme: int,
    groups: Sequence[int] | None,
    kinds: Sequence[str],
    states: Sequence[str],
    now: datetime,
    most: int,
) -> int:
    """How many there are, `most` at most."""
    values = _values(programme, groups, kinds, states, now) | {"after": 0, "most": most}
    found: int = db.execute(_COUNTS[groups is not None], values).scalar_one()
    return found


def _values(
    programme: int, groups: Sequence[int] | None, kinds: Sequence[str], states: Sequence[str], now: datetime
) -> dict[str, Any]:
    values: dict[str, Any] = {"programme": programme, "kinds": list(kinds), "states": list(states), "now": now}
    return values if groups is None else values | {"groups": list(groups)}


def _asked(row: Any) -> Asked:
    whose = Names(row.name_bn, row.name_latn) if row.name_bn is not None else None
    return Asked(
        row.id, row.group, Names(row.group_bn, row.group_latn), row.kind, row.state, whose, row.code or "",
        Money(row.amount, row.currency), row.started_at, row.until,
    )  # fmt: skip
