"""Checking a receipt: what the true record behind a code says; who tries codes at random is stopped.

Anybody who holds a receipt may ask. The answer names kind, sum, day and place, never a person or a balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import delete
from sqlalchemy import exists
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update

from ledger import groups
from ledger import members
from ledger import programmes as all_programmes
from ledger.books import entry_table
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.errors import NotAllowed
from ledger.members import Member
from ledger.money import Money
from ledger.programmes import hub_table
from ledger.receipts import receipt_table
from ledger.receipts import well_formed
from ledger.tables import Instant
from ledger.tables import Names
from ledger.tables import insert_new
from ledger.tables import metadata
from ledger.tables import names

WRONG = 5
"""Wrong codes that one number may try within `WITHIN` of the first one."""

WITHIN = timedelta(hours=1)

code_try_table = Table(
    "code_try",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("since", Instant, nullable=False, index=True),
    Column("wrong", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a code stands for: the kind of entry, the sum, the day, and the group or hub where it was written.

    What was `undone` since stands for nothing any more.
    """

    code: str
    kind: str
    amount: Money
    on: date
    place: Names
    undone: bool


_mine = code_try_table.c.number == bindparam("by")
_over = code_try_table.c.since <= bindparam("before")
# Counted before the look and taken back after a right one: calls at the same time cannot try more often.
_TRY = (
    update(code_try_table)
    .where(_mine, or_(_over, code_try_table.c.wrong < WRONG))
    .values(
        wrong=case((_over, 1), else_=code_try_table.c.wrong + 1),
        since=case((_over, bindparam("now", type_=Instant)), else_=code_try_table.c.since),
    )
)
_RIGHT = update(code_try_table).where(_mine).values(wrong=code_try_table.c.wrong - 1)
_FORGET = delete(code_try_table).where(_over)
_undone = exists().where(entry_table.c.book == receipt_table.c.book, entry_table.c.reverses == receipt_table.c.entry)
_FIND = select(receipt_table, _undone.label("undone")).where(
    receipt_table.c.code == bindparam("code"), receipt_table.c.programme.in_(bindparam("programmes", expanding=True))
)
_HUB = select(hub_table).where(hub_table.c.id == bindparam("hub"))


def typed(text: str) -> str:
    """A code as it was meant: capital letters, nothing between them."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def programmes(db: Connection, number: str) -> list[int]:
    """The programmes whose receipts a phone may ask for: those of its members; all of them for a stranger's."""
    hers = {member.programme for member in members.on_number(db, number)}
    return sorted(hers or {each.id for each in all_programmes.every(db)})


def check(db: Connection, number: str, code: str, now: datetime, *, within: Sequence[int] = ()) -> Checked | None:
    """The record behind a code, asked for from a number, of the programmes `within` or those that it may ask.

    None when there is none. After five wrong ones in an hour NotAllowed("too-many-codes"), and no code is looked at.
    """
    _count(db, number, now)
    where = list(within) or programmes(db, number)
    found = db.execute(_FIND, {"code": code, "programmes": where}).first() if well_formed(code) else None
    if found is None:
        return None
    db.execute(_RIGHT, {"by": number})
    kind, _, owner = found.book.partition(":")
    place = _place(db, kind, int(owner)) or _named(all_programmes.get(db, found.programme).name)
    amount = Money(found.amount, found.currency)
    return Checked(found.code, found.kind, amount, found.event_on, place, bool(found.undone))


def forget(db: Connection, now: datetime) -> None:
    """Drop the counts, and with them the numbers, whose hour is over."""
    db.execute(_FORGET, {"before": now - WITHIN})


def _count(db: Connection, number: str, now: datetime) -> None:
    db.execute(insert_new(code_try_table)[db.dialect.name], {"number": number, "since": now, "wrong": 0})
    if db.execute(_TRY, {"by": number, "now": now, "before": now - WITHIN}).rowcount == 0:
        raise NotAllowed("too-many-codes", wrong=WRONG)


def _place(db: Connection, kind: str, owner: int) -> Names | None:
    """The group of a book, or the hub of one that has no group."""
    if kind == GROUP:
        return groups.get(db, owner).short
    if kind == HUB:
        return names(db.execute(_HUB, {"hub": owner}).one())
    return _of_agent(db, members.get(db, owner)) if kind == SHOP else None


def _of_agent(db: Connection, agent: Member) -> Names | None:
    if agent.group is not None:
        return groups.get(db, agent.group).short
    return _place(db, HUB, agent.hub) if agent.hub is not None else None


def _named(name: str) -> Names:
    return Names(name, name)
