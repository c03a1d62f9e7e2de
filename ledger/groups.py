"""Groups: the women who save and lend together."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.errors import NotFound
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
    *name_columns(english=False),
)


@dataclass(frozen=True, slots=True)
class Group:
    """A group; `short` (at most 12 units) is what its SMS call it."""

    id: int
    programme: int
    district: str
    names: Names
    short: Names


_GROUP = select(group_table).where(group_table.c.id == bindparam("id"))


def get(db: Connection, group: int) -> Group:
    """A group by its id; NotFound when there is none."""
    row = db.execute(_GROUP, {"id": group}).one_or_none()
    if row is None:
        raise NotFound("unknown-group", group=group)
    return Group(row.id, row.programme, row.district, names(row), Names(row.short_bn, row.short_latn))


def start(db: Connection, programme: Programme, name: Names, short: Names, district: str) -> Group:
    """Open a group; its book begins with its first posting."""
    values = {
        "programme": programme.id,
        "district": district,
        "name_bn": name.bn,
        "name_latn": name.bn_Latn,
        "short_bn": short.bn,
        "short_latn": short.bn_Latn,
    }
    made = db.execute(group_table.insert().values(values).returning(group_table.c.id)).scalar_one()
    return get(db, made)
