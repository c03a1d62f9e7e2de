"""The catalogue: categories, suppliers and items with the hub's price and the price a customer usually pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import Table
from sqlalchemy import UniqueConstraint
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.errors import NotFound
from ledger.money import Money
from ledger.programmes import programme_table
from ledger.tables import Id
from ledger.tables import Minor
from ledger.tables import Names
from ledger.tables import metadata
from ledger.tables import name_columns
from ledger.tables import names

category_table = Table(
    "category",
    metadata,
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("number", Integer, nullable=False),
    *name_columns(),
    PrimaryKeyConstraint("programme", "number"),
)

supplier_table = Table(
    "supplier",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("number", Integer, nullable=False),
    *name_columns(english=False),
    UniqueConstraint("programme", "number"),
)

item_table = Table(
    "item",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("code", Integer, nullable=False),
    Column("category", Integer, nullable=False),
    Column("supplier", ForeignKey("supplier.id"), nullable=False),
    *name_columns(),
    Column("price", Minor, nullable=False),
    Column("retail", Minor, nullable=False),
    Column("active", Boolean, nullable=False),
    UniqueConstraint("programme", "code"),
    ForeignKeyConstraint(["programme", "category"], ["category.programme", "category.number"]),
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item: its short code, what an agent pays the hub for one piece and what her customer usually pays her."""

    id: int
    code: int
    category: int
    names: Names
    price: Money
    retail: Money
    active: bool


@dataclass(frozen=True, slots=True)
class Category:
    """A category; its number is its key on the screens for ever."""

    number: int
    names: Names


_ITEM = select(item_table, programme_table.c.currency).join(
    programme_table, programme_table.c.id == item_table.c.programme
)
_BY_CODE = _ITEM.where(item_table.c.programme == bindparam("programme"), item_table.c.code == bindparam("code"))
_BY_IDS = _ITEM.where(item_table.c.id.in_(bindparam("ids", expanding=True)))
_IN_CATEGORY = _ITEM.where(
    item_table.c.programme == bindparam("programme"),
    item_table.c.category == bindparam("category"),
    item_table.c.active,
).order_by(item_table.c.code)
_CATEGORIES = (
    select(category_table).where(category_table.c.programme == bindparam("programme")).order_by(category_table.c.number)
)


def item_from(row: Any) -> Item:
    """An `Item` out of a row that has the item's columns and a currency."""
    price, retail = Money(row.price, row.currency), Money(row.retail, row.currency)
    return Item(row.id, row.code, row.category, names(row), price, retail, row.active)


def by_code(db: Connection, programme: int, code: int) -> Item:
    """The item with a short code; NotFound for a code that is not there or no longer sold."""
    row = db.execute(_BY_CODE, {"programme": programme, "code": code}).one_or_none()
    if row is None or not row.active:
        raise NotFound("unknown-item", code=code)
    return item_from(row)


def by_ids(db: Connection, ids: Sequence[int]) -> dict[int, Item]:
    """Items by id, also those no longer sold."""
    return {row.id: item_from(row) for row in db.execute(_BY_IDS, {"ids": list(ids)})}


def categories(db: Connection, programme: int) -> list[Category]:
    """All categories of a programme in the order of their numbers."""
    rows = db.execute(_CATEGORIES, {"programme": programme})
    return [Category(row.number, names(row)) for row in rows]


def in_category(db: Connection, programme: int, category: int) -> list[Item]:
    """The items of a category that are sold now, by code."""
    rows = db.execute(_IN_CATEGORY, {"programme": programme, "category": category})
    return [item_from(row) for row in rows]


@dataclass(frozen=True)
class NewItem:
    """An item to be added; `category` and `supplier` are numbers of the programme, sums in minor units."""

    code: int
    category: int
    supplier: int
    names: Names
    price: int
    retail: int


def _named(name: Names) -> dict[str, str]:
    return {"name_bn": name.bn, "name_latn": name.bn_Latn, "name_en": name.en}


def add_categories(db: Connection, programme: int, some: Sequence[Category]) -> None:
    """Add categories."""
    rows = [{"programme": programme, "number": each.number} | _named(each.names) for each in some]
    db.execute(category_table.insert(), rows)


def add_suppliers(db: Connection, programme: int, some: dict[int, Names]) -> None:
    """Add suppliers by their number."""
    rows = [
        {"programme": programme, "number": number, "name_bn": name.bn, "name_latn": name.bn_Latn}
        for number, name in some.items()
    ]
    db.execute(supplier_table.insert(), rows)


def add_items(db: Connection, programme: int, some: Sequence[NewItem]) -> None:
    """Add items whose categories and suppliers are there."""
    known = select(supplier_table.c.number, supplier_table.c.id).where(supplier_table.c.programme == programme)
    suppliers = {row.number: row.id for row in db.execute(known)}
    rows = [
        {
            "programme": programme,
            "code": each.code,
            "category": each.category,
            "supplier": suppliers[each.supplier],
            "price": each.price,
            "retail": each.retail,
            "active": True,
        }
        | _named(each.names)
        for each in some
    ]
    db.execute(item_table.insert(), rows)
