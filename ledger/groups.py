"""Groups: the women who save and lend together, and the rules they gave themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from datetime import time
from fractions import Fraction
from typing import Any

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from ledger.books import Book
from ledger.books import Draft
from ledger.books import Origin
from ledger.chart import GROUP
from ledger.errors import NotFound
from ledger.journal import begin
from ledger.journal import post
from ledger.programmes import Programme
from ledger.tables import Id
from ledger.tables import Names
from ledger.tables import metadata
from ledger.tables import name_columns
from ledger.tables import names

group_table = Table(
    "member_group",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False, index=True),
    Column("district", String(40), nullable=False),
    Column("short_bn", String(12), nullable=False),
    Column("short_latn", String(12), nullable=False),
    Column("rules", Text, nullable=False),
    *name_columns(english=False),
)

REMINDERS: Mapping[str, Sequence[int]] = {
    "loan": range(8),
    "meeting": range(8),
    "overdue": range(1, 8),
    "approvals": (),
    "undelivered": (),
}
"""What a group may be reminded of, and on how many days before, if that counts; `overdue`: after its weekday.

A rule says it as `loan-3` or `approvals`.
"""

KNOWN = {f"{name}-{day}" for name, days in REMINDERS.items() for day in days} | {
    name for name, days in REMINDERS.items() if not days
}
"""Every one that a rule may say."""

USUAL = ("loan-3", "loan-1", "loan-0", "meeting-1", "meeting-0", "overdue-1", "approvals", "undelivered")
"""The reminders of a group that chose none."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a group agreed on; sums are minor units, nothing stands for "none".

    `saving` and `social` are due of each member at each meeting; `absent_fine` is charged to who does not come,
    `late_fine` once on an instalment that its meeting did not bring. A sum that is not what was due clears `first`
    "saving" or "loan"; what it leaves goes to `rest`, "voluntary" savings or the "loan". Loans cost `loan_rate` a month
    (a fraction), their instalments are rounded to `loan_unit`; all her instalments together may take `income_share`
    per cent of what a member says she earns (50: RBI, Regulatory Framework for Microfinance Loans, 2022). The group
    meets every so many `weeks` on a `weekday` (0 is Monday) `at` an hour of the programme. A request waits
    `approval_days` for its approvers, what they approved `payout_days` to be fetched. `reminders` as in `REMINDERS`.
    """

    saving: int = 0
    social: int = 0
    absent_fine: int = 0
    late_fine: int = 0
    first: str = "saving"
    rest: str = "voluntary"
    loan_rate: str = "2/100"
    loan_method: str = "declining-equal-instalment"
    loan_unit: int = 100
    most_instalments: int = 24
    most_loan: int = 0
    income_share: int = 50
    approval_days: int = 7
    payout_days: int = 30
    weekday: int | None = None
    at: str = "10:00"
    weeks: int = 1
    reminders: tuple[str, ...] = USUAL

    def days(self, what: str) -> list[int]:
        """On which days before, or after, the group is reminded of something."""
        return [int(day) for name, _, day in (each.partition("-") for each in self.reminders) if name == what and day]


@dataclass(frozen=True, slots=True)
class Group:
    """A group; `short` (at most 12 units) is what its SMS call it."""

    id: int
    programme: int
    district: str
    names: Names
    short: Names
    rules: Rules


_GROUP = select(group_table).where(group_table.c.id == bindparam("id"))
_CALLED = (
    select(group_table)
    .where(
        or_(
            group_table.c.name_bn == bindparam("name"),
            func.lower(group_table.c.name_latn) == func.lower(bindparam("name")),
            group_table.c.short_bn == bindparam("name"),
            func.lower(group_table.c.short_latn) == func.lower(bindparam("name")),
        )
    )
    .order_by(group_table.c.id)
)
_SOME = (
    select(group_table)
    .where(group_table.c.programme == bindparam("programme"), group_table.c.id > bindparam("after"))
    .order_by(group_table.c.id)
    .limit(bindparam("most"))
)
_THESE = select(group_table).where(group_table.c.id.in_(bindparam("ids", expanding=True))).order_by(group_table.c.id)
_EVERY = select(group_table).where(group_table.c.programme == bindparam("programme")).order_by(group_table.c.name_latn)


def from_row(row: Any) -> Group:
    """A group out of a row of its table."""
    short = Names(row.short_bn, row.short_latn)
    return Group(row.id, row.programme, row.district, names(row), short, read_rules(row.rules))


def read_rules(text: str) -> Rules:
    """The rules as they are kept; what they do not say is as usual."""
    said = json.loads(text)
    return Rules(**said | {"reminders": tuple(said.get("reminders", USUAL))})


def get(db: Connection, group: int) -> Group:
    """A group by its id; NotFound when there is none."""
    row = db.execute(_GROUP, {"id": group}).one_or_none()
    if row is None:
        raise NotFound("unknown-group", group=group)
    return from_row(row)


def called(db: Connection, name: str) -> list[Group]:
    """The groups of any programme that are called so, whole or short, in either script."""
    return [from_row(row) for row in db.execute(_CALLED, {"name": name})]


def every(db: Connection, programme: int) -> list[Group]:
    """All groups of a programme, by name."""
    return [from_row(row) for row in db.execute(_EVERY, {"programme": programme})]


def some(db: Connection, programme: int, after: int, most: int) -> list[Group]:
    """Up to `most` groups of a programme by id, after the last of the page before."""
    return [from_row(row) for row in db.execute(_SOME, {"programme": programme, "after": after, "most": most})]


def these(db: Connection, ids: Sequence[int]) -> list[Group]:
    """Groups by their ids."""
    return [from_row(row) for row in db.execute(_THESE, {"ids": list(ids)})]


def rules(db: Connection, group: int) -> Rules:
    """The rules of a group; NotFound when there is none."""
    return get(db, group).rules


def start(
    db: Connection, programme: Programme, name: Names, short: Names, district: str, rules: Rules | None = None
) -> Group:
    """Open a group; its book begins with its first posting."""
    values = {
        "programme": programme.id,
        "district": district,
        "name_bn": name.bn,
        "name_latn": name.bn_Latn,
        "short_bn": short.bn,
        "short_latn": short.bn_Latn,
        "rules": _written(rules or Rules()),
    }
    made = db.execute(group_table.insert().values(values).returning(group_table.c.id)).scalar_one()
    return get(db, made)


def set_rules(db: Connection, group: Group, rules: Rules, currency: str, origin: Origin) -> Group:
    """Change the rules of a group, as an entry of its book that says what they are from then on."""
    written = _written(rules)
    if begin(db, origin, "rules.set", group=group.id, rules=written) is None:
        post(db, origin, Draft(Book(GROUP, group.id, currency), "rules.set", memo={"rules": written}))
        db.execute(group_table.update().where(group_table.c.id == group.id).values(rules=written))
    return get(db, group.id)


def _written(rules: Rules) -> str:
    _check(rules)
    return json.dumps(asdict(rules), sort_keys=True)


def _check(rules: Rules) -> None:
    """ValueError for rules that no group can keep."""
    sums = (rules.saving, rules.social, rules.absent_fine, rules.late_fine, rules.most_loan)
    choices = rules.first in ("saving", "loan") and rules.rest in ("voluntary", "loan")
    counts = min(rules.most_instalments, rules.approval_days, rules.payout_days, rules.weeks, rules.loan_unit) > 0
    days = rules.weekday is None or 0 <= rules.weekday <= 6
    hour = time.fromisoformat(rules.at)
    if min(sums) < 0 or not choices or not counts or not days or hour.second or Fraction(rules.loan_rate) < 0:
        raise ValueError(f"rules that no group can keep: {rules}")
    if not 0 < rules.income_share <= 100:
        raise ValueError(f"{rules.income_share} per cent of an income")
    if wrong := [each for each in rules.reminders if each not in KNOWN]:
        raise ValueError(f"no such reminders: {wrong}")
