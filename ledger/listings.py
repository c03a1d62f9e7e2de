"""The catalogue as a list: read whole for a day, compared with a new list, and revised by it in one go."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select

from ledger import programmes
from ledger.catalogue import ITEMS
from ledger.catalogue import Category
from ledger.catalogue import NewItem
from ledger.catalogue import add_categories
from ledger.catalogue import add_items
from ledger.catalogue import add_suppliers
from ledger.catalogue import categories
from ledger.catalogue import category_table
from ledger.catalogue import described
from ledger.catalogue import item_table
from ledger.catalogue import named
from ledger.catalogue import price_table
from ledger.catalogue import supplier_ids
from ledger.catalogue import supplier_named
from ledger.catalogue import supplier_table
from ledger.catalogue import suppliers
from ledger.programmes import programme_table
from ledger.tables import Names
from ledger.tables import names


@dataclass(frozen=True)
class Listing:
    """A catalogue, or what is to be of one, by number and code; suppliers have no English name."""

    categories: Mapping[int, Names]
    suppliers: Mapping[int, Names]
    items: Mapping[int, NewItem]


@dataclass(frozen=True, slots=True)
class Planned:
    """A price entered for a day that is still to come, in minor units."""

    code: int
    from_on: date
    price: int
    retail: int


_LISTED = (
    ITEMS.add_columns(supplier_table.c.number.label("supplier_number"))
    .join(supplier_table, supplier_table.c.id == item_table.c.supplier)
    .where(item_table.c.programme == bindparam("programme"))
    .order_by(item_table.c.code)
)
_PLANNED = (
    select(item_table.c.code, price_table.c.from_on, price_table.c.price, price_table.c.retail)
    .join(item_table, item_table.c.id == price_table.c.item)
    .where(item_table.c.programme == bindparam("programme"), price_table.c.from_on > bindparam("on"))
    .order_by(item_table.c.code, price_table.c.from_on, price_table.c.number)
)
_PRICED = (
    select(
        item_table.c.code,
        item_table.c.id,
        func.max(price_table.c.number).label("last"),
        func.count(case((price_table.c.from_on == bindparam("on"), 1))).label("entered"),
    )
    .outerjoin(price_table, price_table.c.item == item_table.c.id)
    .where(item_table.c.programme == bindparam("programme"))
    .group_by(item_table.c.id, item_table.c.code)
)
# Not against rows that only refer to the programme: while a list is written, people go on ordering.
_HOLD = (
    select(programme_table.c.id).where(programme_table.c.id == bindparam("programme")).with_for_update(key_share=True)
)
_RENAME_CATEGORY = category_table.update().where(
    category_table.c.programme == bindparam("programme_"), category_table.c.number == bindparam("number_")
)
_RENAME_SUPPLIER = supplier_table.update().where(
    supplier_table.c.programme == bindparam("programme_"), supplier_table.c.number == bindparam("number_")
)
_DESCRIBE = item_table.update().where(
    item_table.c.programme == bindparam("programme_"), item_table.c.code == bindparam("code_")
)

DESCRIPTION = ("category", "supplier", "names", "active")
"""What an item is; a revision changes it at once."""

PRICES = ("price", "retail")
"""What a revision changes from a day on."""


def listing(db: Connection, programme: int, on: date) -> Listing:
    """The whole catalogue with the prices in force on a day; what is no longer sold is there, too."""
    items = {
        row.code: NewItem(row.code, row.category, row.supplier_number, names(row), row.price, row.retail, row.active)
        for row in db.execute(_LISTED, {"programme": programme, "on": on})
    }
    named_ = {each.number: each.names for each in categories(db, programme)}
    return Listing(named_, suppliers(db, programme), items)


def planned(db: Connection, programme: int, on: date) -> list[Planned]:
    """The prices entered for days after `on`, by code and day; of two for one day the last will hold."""
    return [Planned(*row) for row in db.execute(_PLANNED, {"programme": programme, "on": on})]


def hold(db: Connection, programme: int) -> None:
    """Until the end of the transaction nobody else revises this catalogue."""
    db.execute(_HOLD, {"programme": programme})


def revise(db: Connection, programme: int, wanted: Listing, on: date, at: datetime) -> bool:
    """Make a catalogue as `wanted` says: names and what is sold at once, prices from day `on`; whether it was not so.

    What is not named stays; the same again changes nothing. A price entered for a later day stays planned. ValueError
    (our mistake) for a price of nothing.
    """
    if any(item.price < 1 or item.retail < 1 for item in wanted.items.values()):
        raise ValueError("a price is above zero")
    hold(db, programme)
    known = listing(db, programme, on)
    described_ = _name(db, programme, known, wanted) + _describe(db, programme, known, wanted)
    return described_ + _price(db, programme, known, wanted, on, at) > 0


def differing(old: NewItem, new: NewItem, fields: Sequence[str]) -> list[str]:
    """Those of the fields in which two items differ."""
    return [name for name in fields if getattr(old, name) != getattr(new, name)]


def _name(db: Connection, programme: int, known: Listing, wanted: Listing) -> int:
    """Add and rename categories and suppliers; how many."""
    groups = {number: name for number, name in wanted.categories.items() if known.categories.get(number) != name}
    for number, name in groups.items():
        if number not in known.categories:
            add_categories(db, programme, [Category(number, name)])
        else:
            db.execute(_RENAME_CATEGORY, {"programme_": programme, "number_": number} | named(name))
    sources = {number: name for number, name in wanted.suppliers.items() if known.suppliers.get(number) != name}
    for number, name in sources.items():
        if number not in known.suppliers:
            add_suppliers(db, programme, {number: name})
        else:
            db.execute(_RENAME_SUPPLIER, {"programme_": programme, "number_": number} | supplier_named(name))
    return len(groups) + len(sources)


def _describe(db: Connection, programme: int, known: Listing, wanted: Listing) -> int:
    """Add items and change what they are; how many."""
    new = [item for code, item in wanted.items.items() if code not in known.items]
    if new:
        add_items(db, programme, new)
    ids = supplier_ids(db, programme)
    other = [
        item
        for code, item in wanted.items.items()
        if code in known.items and differing(known.items[code], item, DESCRIPTION)
    ]
    for item in other:
        db.execute(_DESCRIBE, {"programme_": programme, "code_": item.code} | described(item, ids))
    return len(new) + len(other)


def _price(db: Connection, programme: int, known: Listing, wanted: Listing, on: date, at: datetime) -> int:
    """Enter prices, numbered on from the last of each item; how many.

    A list for a day to come enters unchanged prices, too: it holds on its day, whatever changes until then.
    """
    ahead = on > programmes.day(at, programmes.get(db, programme).timezone)
    priced = {row.code: row for row in db.execute(_PRICED, {"programme": programme, "on": on})}
    rows = [
        {"item": priced[code].id, "number": (priced[code].last or 0) + 1, "from_on": on}
        | {"price": item.price, "retail": item.retail, "entered_at": at}
        for code, item in wanted.items.items()
        if (ahead and not priced[code].entered) or (code in known.items and differing(known.items[code], item, PRICES))
    ]
    if rows:
        db.execute(price_table.insert(), rows)
    return len(rows)
