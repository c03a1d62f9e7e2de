"""Goods handed over at the door: an agent gives the code of her order to who brings them, for that proves it.

The code is drawn when the goods go on their way and told to her alone. After five wrong ones it is no longer taken,
and the hub has to hear from her in another way.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger.books import Book
from ledger.books import Origin
from ledger.errors import NotFound
from ledger.orders import Order
from ledger.receipts import LETTERS
from ledger.tables import metadata

DIGITS = 4
TRIES = 5
"""Wrong codes for one order, after which not even the right one is taken."""

handover_table = Table(
    "handover",
    metadata,
    Column("book", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("code", String(DIGITS), nullable=False),
    Column("failures", Integer, nullable=False),
    PrimaryKeyConstraint("book", "number"),
    ForeignKeyConstraint(["book", "number"], ["stock_order.book", "stock_order.number"]),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a code: whether it was the right one, and how many more may be tried."""

    right: bool
    left: int


_MINE = (handover_table.c.book == bindparam("b_book"), handover_table.c.number == bindparam("b_number"))
_CODE = select(handover_table.c.code).where(*_MINE)
_TRY = (
    handover_table.update()
    .where(*_MINE, handover_table.c.failures < TRIES)
    .values(failures=handover_table.c.failures + 1)
    .returning(handover_table.c.code, handover_table.c.failures)
)
_FORGIVE = handover_table.update().where(*_MINE).values(failures=0)


def draw(db: Connection, order: Order, origin: Origin) -> str:
    """Give an order its code: four digits out of the origin's source of receipt codes, kept with the order."""
    drawn = 0
    for letter in origin.codes():
        drawn = drawn * len(LETTERS) + LETTERS.index(letter)
    code = f"{drawn % 10**DIGITS:0{DIGITS}d}"
    db.execute(handover_table.insert().values(book=order.hub.id, number=order.number, code=code, failures=0))
    return code


def code(db: Connection, order: Order) -> str | None:
    """The code of an order, for the eyes of its agent alone; None before the goods are on their way."""
    found: str | None = db.execute(_CODE, _key(order.hub, order.number)).scalar()
    return found


def check(db: Connection, hub: Book, number: int, typed: str) -> Tried:
    """Try a code for an order; NotFound when none was drawn.

    A wrong one is a value and not a refusal, for it counts: the caller has to commit, and may deliver when it is right.
    """
    key = _key(hub, number)
    row = db.execute(_TRY, key).one_or_none()
    if row is None:
        if db.execute(_CODE, key).first() is None:
            raise NotFound("no-delivery-code", order=number)
        return Tried(right=False, left=0)
    if not hmac.compare_digest(row.code.encode(), typed.encode()):
        return Tried(right=False, left=TRIES - row.failures)
    db.execute(_FORGIVE, key)
    return Tried(right=True, left=TRIES)


def _key(hub: Book, number: int) -> dict[str, str | int]:
    return {"b_book": hub.id, "b_number": number}
