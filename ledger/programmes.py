"""Programmes and their hubs: who runs the service in one currency and timezone, and the depots agents order from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.books import Book
from ledger.chart import HUB
from ledger.errors import NotFound
from ledger.tables import Id
from ledger.tables import Names
from ledger.tables import metadata
from ledger.tables import name_columns

programme_table = Table(
    "programme",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(60), nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("timezone", String(40), nullable=False),
    Column("pin_length", Integer, nullable=False),
)

hub_table = Table(
    "hub",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    *name_columns(),
)


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme: its currency (ISO 4217), timezone (IANA) and the length of its PINs."""

    id: int
    name: str
    currency: str
    timezone: str
    pin_length: int


def day(at: datetime, timezone: str) -> date:
    """The day that a moment falls on in a programme's timezone."""
    return at.astimezone(ZoneInfo(timezone)).date()


_PROGRAMME = select(programme_table).where(programme_table.c.id == bindparam("id"))
_OF_HUB = select(hub_table.c.programme).where(hub_table.c.id == bindparam("hub"))
_EVERY = select(programme_table).order_by(programme_table.c.name)


def get(db: Connection, programme: int) -> Programme:
    """A programme by its id; NotFound when there is none."""
    row = db.execute(_PROGRAMME, {"id": programme}).one_or_none()
    if row is None:
        raise NotFound("unknown-programme", programme=programme)
    return Programme(**row._mapping)


def of_hub(db: Connection, hub: int) -> int:
    """The programme that a hub belongs to; NotFound when there is no such hub."""
    programme: int | None = db.execute(_OF_HUB, {"hub": hub}).scalar()
    if programme is None:
        raise NotFound("unknown-hub", hub=hub)
    return programme


def found(db: Connection, name: str) -> Programme | None:
    """A programme by its name, if there is one."""
    row = db.execute(select(programme_table).where(programme_table.c.name == name)).one_or_none()
    return Programme(**row._mapping) if row else None


def exist(db: Connection) -> bool:
    """Whether there is any programme."""
    return db.execute(select(programme_table.c.id).limit(1)).first() is not None


def every(db: Connection) -> list[Programme]:
    """All programmes by name."""
    return [Programme(**row._mapping) for row in db.execute(_EVERY)]


def start(
    db: Connection, name: str, *, currency: str = "BDT", timezone: str = "Asia/Dhaka", pin_length: int = 5
) -> Programme:
    """Open a programme."""
    values = {"name": name, "currency": currency, "timezone": timezone, "pin_length": pin_length}
    made = db.execute(programme_table.insert().values(values).returning(programme_table.c.id)).scalar_one()
    return get(db, made)


def open_hub(db: Connection, programme: Programme, name: Names) -> Book:
    """Open a hub of a programme; its book begins with its first posting."""
    values = {"programme": programme.id, "name_bn": name.bn, "name_latn": name.bn_Latn, "name_en": name.en}
    made = db.execute(hub_table.insert().values(values).returning(hub_table.c.id)).scalar_one()
    return Book(HUB, made, programme.currency)
