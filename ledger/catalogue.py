"""The catalogue: categories, suppliers and items with the hub's price and the price a customer usually pays.

An item begins with a price; `price` has what came after it, each from a day on. The price in force on a day is that of
the last row from that day or before, so that a list can be entered ahead and holds from midnight in the programme's
timezone without anybody's doing. Readers take that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean
from sqlalchemy import CheckConstraint
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import Table
from sqlalchemy import UniqueConstraint
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger.errors import NotFound
from ledger.money import Money
from ledger.programmes import programme_table
from ledger.tables import AppendOnly
from ledger.tables import Id
from ledger.tables import Instant
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

# `number` counts the prices of an item as they were entered: of two from the same day the later one holds.
price_table = Table(
    "price",
    metadata,
    Column("item", ForeignKey("item.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("price", Minor, nullable=False),
    Column("retail", Minor, nullable=False),
    Column("entered_at", Instant, nullable=False),
    PrimaryKeyConstraint("item", "number"),
    CheckConstraint("price > 0 AND retail > 0", name="above_zero"),
)

APPEND_ONLY = (AppendOnly("price", (("item", "number"),)),)


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
class Price:
    """A price and the usual retail price of an item from a day on, and when they were entered."""

    from_on: date
    price: Money
    retail: Money
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Category:
    """A category; its number is its key on the screens for ever."""

    number: int
    names: Names


_dated = price_table.alias("dated")
_IN_FORCE = (
    select(_dated.c.number)
    .where(_dated.c.item == item_table.c.id, _dated.c.from_on <= bindparam("on", type_=Date))
    .order_by(_dated.c.from_on.desc(), _dated.c.number.desc())
    .limit(1)
    .correlate(item_table)
    .scalar_subquery()
)
ITEMS = (
    select(
        *(column for column in item_table.c if column.name not in ("price", "retail")),
        func.coalesce(price_table.c.price, item_table.c.price).label("price"),
        func.coalesce(price_table.c.retail, item_table.c.retail).label("retail"),
        programme_table.c.currency,
    )
    .join_from(item_table, programme_table, programme_table.c.id == item_table.c.programme)
    .outerjoin(price_table, and_(price_table.c.item == item_table.c.id, price_table.c.number == _IN_FORCE))
)
"""Items with the prices in force on the day `on`; join and narrow it, and give each row to `item_from`."""

_OF_PROGRAMME = ITEMS.where(item_table.c.programme == bindparam("programme"))
_BY_CODE = _OF_PROGRAMME.where(item_table.c.code == bindparam("code"))
_BY_IDS = ITEMS.where(item_table.c.id.in_(bindparam("ids", expanding=True)))
_IN_CATEGORY = _OF_PROGRAMME.where(
    item_table.c.category == bindparam("category"),
    item_table.c.active,
).order_by(item_table.c.code)
_SOME = _OF_PROGRAMME.where(item_table.c.code > bindparam("after")).order_by(item_table.c.code).limit(bindparam("most"))
_OF_SUPPLIER = (
    _OF_PROGRAMME.join(supplier_table, supplier_table.c.id == item_table.c.supplier)
    .where(supplier_table.c.number == bindparam("supplier"))
    .order_by(item_table.c.code)
    .limit(bindparam("most"))
)
_SOME_OF = _SOME.where(item_table.c.category == bindparam("category"))
_PRICES = (
    select(price_table, programme_table.c.currency)
    .join(item_table, item_table.c.id == price_table.c.item)
    .join(programme_table, programme_table.c.id == item_table.c.programme)
    .where(price_table.c.item == bindparam("item"))
    .order_by(price_table.c.from_on.desc(), price_table.c.number.desc())
    .limit(bindparam("most"))
)
_CATEGORIES = (
    select(category_table).where(category_table.c.programme == bindparam("programme")).order_by(category_table.c.number)
)
_SUPPLIERS = (
    select(supplier_table).where(supplier_table.c.programme == bindparam("programme")).order_by(supplier_table.c.number)
)


def item_from(row: Any) -> Item:
    """An `Item` out of a row that has the item's columns and a currency."""
    price, retail = Money(row.price, row.currency), Money(row.retail, row.currency)
    return Item(row.id, row.code, row.category, names(row), price, retail, row.active)


def by_code(db: Connection, programme: int, code: int, on: date, *, unsold: bool = False) -> Item:
    """The item with a short code; NotFound for a code that is not there or, but for `unsold`, no longer sold."""
    values = {"programme": programme, "code": code, "on": on}
    row = db.execute(_BY_CODE, values).one_or_none()
    if row is None or not (row.active or unsold):
        raise NotFound("unknown-item", code=code)
    return item_from(row)


def by_ids(db: Connection, ids: Sequence[int], on: date) -> dict[int, Item]:
    """Items by id, also those no longer sold."""
    if not ids:
        return {}
    return {row.id: item_from(row) for row in db.execute(_BY_IDS, {"ids": list(ids), "on": on})}


def categories(db: Connection, programme: int) -> list[Category]:
    """All categories of a programme in the order of their numbers."""
    rows = db.execute(_CATEGORIES, {"programme": programme})
    return [Category(row.number, names(row)) for row in rows]


def in_category(db: Connection, programme: int, category: int, on: date) -> list[Item]:
    """The items of a category that are sold now, by code."""
    values = {"programme": programme, "category": category, "on": on}
    return [item_from(row) for row in db.execute(_IN_CATEGORY, values)]


def some(
    db: Connection, programme: int, on: date, *, category: int | None = None, after: int = 0, most: int = 50
) -> list[Item]:
    """Up to `most` items by code after `after`, also those no longer sold; of one category, or of all."""
    values = {"programme": programme, "on": on, "after": after, "most": most}
    if category is None:
        return [item_from(row) for row in db.execute(_SOME, values)]
    return [item_from(row) for row in db.execute(_SOME_OF, values | {"category": category})]


def of_supplier(db: Connection, programme: int, supplier: int, on: date, most: int) -> list[Item]:
    """Up to `most` items of a supplier (his number) by code, also those no longer sold."""
    values = {"programme": programme, "supplier": supplier, "on": on, "most": most}
    return [item_from(row) for row in db.execute(_OF_SUPPLIER, values)]


def prices(db: Connection, item: int, most: int) -> list[Price]:
    """The prices entered for an item since its first one, the last day first; those for days to come are there."""
    return [
        Price(row.from_on, Money(row.price, row.currency), Money(row.retail, row.currency), row.entered_at)
        for row in db.execute(_PRICES, {"item": item, "most": most})
    ]


@dataclass(frozen=True)
class NewItem:
    """An item as a list has it; `category` and `supplier` are numbers of the programme, sums in minor units."""

    code: int
    category: int
    supplier: int
    names: Names
    price: int
    retail: int
    active: bool = True


def named(name: Names) -> dict[str, str]:
    """The name columns of a category or an item."""
    return {"name_bn": name.bn, "name_latn": name.bn_Latn, "name_en": name.en}


def supplier_named(name: Names) -> dict[str, str]:
    """The name columns of a supplier, who has no English name."""
    return {"name_bn": name.bn, "name_latn": name.bn_Latn}


def add_categories(db: Connection, programme: int, some: Sequence[Category]) -> None:
    """Add categories."""
    rows = [{"programme": programme, "number": each.number} | named(each.names) for each in some]
    db.execute(category_table.insert(), rows)


def add_suppliers(db: Connection, programme: int, some: dict[int, Names]) -> None:
    """Add suppliers by their number."""
    rows = [{"programme": programme, "number": number} | supplier_named(name) for number, name in some.items()]
    db.execute(supplier_table.insert(), rows)


def suppliers(db: Connection, programme: int) -> dict[int, Names]:
    """The names of all suppliers of a programme by number."""
    return {row.number: names(row) for row in db.execute(_SUPPLIERS, {"programme": programme})}


def supplier_ids(db: Connection, programme: int) -> dict[int, int]:
    """The ids of all suppliers of a programme by number."""
    return {row.number: row.id for row in db.execute(_SUPPLIERS, {"programme": programme})}


def add_items(db: Connection, programme: int, some: Sequence[NewItem]) -> None:
    """Add items whose categories and suppliers are there; what each costs here is its first price."""
    ids = supplier_ids(db, programme)
    rows = [
        {"programme": programme, "code": each.code, "price": each.price, "retail": each.retail} | described(each, ids)
        for each in some
    ]
    db.execute(item_table.insert(), rows)


def described(item: NewItem, ids: dict[int, int]) -> dict[str, Any]:
    """What an item's row says of it beside its code and prices; `ids` are those of the suppliers by number."""
    return {"category": item.category, "supplier": ids[item.supplier], "active": item.active} | named(item.names)
