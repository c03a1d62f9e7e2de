"""What follows from goods moved and instalments allocated, carried along with each posting: stock and instalments."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.books import CHARGED
from ledger.books import PARTS
from ledger.books import instalment_table
from ledger.books import stock_table
from ledger.errors import Shortfall
from ledger.tables import insert_new

_MOVE_STOCK = (
    stock_table.update()
    .where(stock_table.c.book == bindparam("b_book"), stock_table.c.item == bindparam("b_item"))
    .values(quantity=stock_table.c.quantity + bindparam("moved"), value=stock_table.c.value + bindparam("cost"))
)
_SHORT_STOCK = select(stock_table.c.item, stock_table.c.quantity).where(
    stock_table.c.book == bindparam("book"),
    stock_table.c.item.in_(bindparam("items", expanding=True)),
    (stock_table.c.quantity < stock_table.c.reserved) | (stock_table.c.value < 0),
)
_NEW_STOCK = insert_new(stock_table)


def move_goods(db: Connection, moves: Sequence[Mapping[str, Any]]) -> None:
    """Carry goods and their cost in and out of the stock rows; more out than there is, or is free, is a Shortfall."""
    fresh = [{"book": m["book"], "item": m["item"], "quantity": 0, "value": 0, "reserved": 0} for m in moves]
    db.execute(_NEW_STOCK[db.dialect.name], fresh)
    rows = [{"b_book": m["book"], "b_item": m["item"], "moved": m["quantity"], "cost": m["value"]} for m in moves]
    db.execute(_MOVE_STOCK, rows)
    out: dict[str, list[int]] = {}
    for move in moves:
        if move["quantity"] < 0:
            out.setdefault(move["book"], []).append(move["item"])
    for book, items in out.items():
        short = db.execute(_SHORT_STOCK, {"book": book, "items": items}).first()
        if short:
            raise Shortfall("stock-short", item=short.item)


_KEY = ("book", "code", "party", "number")
_CHANGE_INSTALMENT = (
    instalment_table.update()
    .where(*(instalment_table.c[name] == bindparam(f"b_{name}") for name in _KEY))
    .values(
        {
            name: instalment_table.c[name] + bindparam(f"b_{name}")
            for part in PARTS
            for name in (part, f"{part}_cleared")
        }
    )
)


def allocate(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Carry what was charged and cleared into the instalments; the table itself refuses to clear more than is due."""
    nothing = {f"{part}_cleared": 0 for part in PARTS}
    fresh = [{name: row[name] for name in (*_KEY, "due", *PARTS)} | nothing for row in rows if row["due"]]
    if fresh:
        db.execute(instalment_table.insert(), fresh)
    changes: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in (row for row in rows if not row["due"]):
        key = tuple(row[name] for name in _KEY)
        # Charged and cleared in one statement: no instalment may hold more cleared than charged, not for a moment.
        change = changes.setdefault(key, {f"b_{part}{end}": 0 for part in PARTS for end in ("", "_cleared")})
        change |= {f"b_{name}": row[name] for name in _KEY}
        for part in PARTS:
            change[f"b_{part}{'' if row['how'] == CHARGED else '_cleared'}"] += row[part]
    if changes:
        db.execute(_CHANGE_INSTALMENT, list(changes.values()))
