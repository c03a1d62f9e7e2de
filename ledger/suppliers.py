"""Suppliers of a hub: goods that come in, what is short and claimed, what the hub owes and pays.

A carrier that loses goods is kept as a supplier too: a claim is on either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import FromClause
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import accounts
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Move
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import operation_table
from ledger.catalogue import by_ids
from ledger.catalogue import supplier_table
from ledger.chart import natural
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.money import Money
from ledger.money import half_even
from ledger.programmes import hub_table
from ledger.tables import Names
from ledger.tables import names
from ledger.templates import draft

CLAIM, PAYABLE = 1240, 2110


@dataclass(frozen=True, slots=True)
class Received:
    """A line of a supplier's bill: pieces that came, what he asks for the whole line (minor units), pieces short."""

    item: int
    pieces: int
    cost: int
    short: int = 0

    @property
    def came(self) -> int:
        """The cost of the pieces that came; those that are short carry the rest."""
        return half_even(Fraction(self.cost * self.pieces, self.pieces + self.short))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a hub stands with a supplier: what it owes him, and what it claims from him."""

    supplier: int
    names: Names
    owed: Money
    claimed: Money


_owed, _claimed = account_table.alias("owed"), account_table.alias("claimed")


def _is(account: FromClause, code: int) -> ColumnElement[bool]:
    return and_(account.c.book == bindparam("book"), account.c.code == code, account.c.party == supplier_table.c.id)


_OF_HUB = (
    select(supplier_table, _owed.c.balance.label("owed"), _claimed.c.balance.label("claimed"))
    .outerjoin(_owed, _is(_owed, PAYABLE))
    .outerjoin(_claimed, _is(_claimed, CLAIM))
    .join(hub_table, hub_table.c.programme == supplier_table.c.programme)
    .where(hub_table.c.id == bindparam("hub"))
    .order_by(supplier_table.c.number)
)
_DONE = select(operation_table.c.id).where(operation_table.c.id == bindparam("id"))
_ONE = _OF_HUB.where(supplier_table.c.id == bindparam("supplier"))


def check(db: Connection, hub: Book, supplier: int) -> None:
    """NotFound for a supplier that the hub's programme does not have."""
    if db.execute(_ONE, {"hub": hub.owner, "book": hub.id, "supplier": supplier}).first() is None:
        raise NotFound("unknown-supplier", supplier=supplier)


def is_in(db: Connection, origin: Origin) -> bool:
    """Whether the operation of an origin, a bill's, was carried out before."""
    return db.execute(_DONE, {"id": origin.operation}).first() is not None


def goods_in(
    db: Connection, hub: Book, supplier: int, goods: Sequence[Received], origin: Origin, *, bill: str = ""
) -> Entry:
    """Take a supplier's goods into the hub at cost, and claim what he billed and did not bring; he is owed it all."""
    lines = [list(asdict(each).values()) for each in goods]
    inputs = {"hub": hub.id, "supplier": supplier, "goods": lines, "bill": bill}
    if (done := begin(db, origin, "goods.in", **inputs)) is not None:
        return done[0]
    _check_bill(db, hub, supplier, goods, origin.on)
    moves = [Move(each.item, each.pieces, each.came) for each in goods if each.pieces]
    claimed = sum(each.cost - each.came for each in goods)
    memo = {"supplier": supplier, "bill": bill}
    sums = {"claimed": claimed}
    (entry,) = post(db, origin, draft("goods.in", hub, sums, supplier=supplier, moves=moves, memo=memo))
    return entry


def _check_bill(db: Connection, hub: Book, supplier: int, goods: Sequence[Received], on: date) -> None:
    check(db, hub, supplier)
    once = len({each.item for each in goods}) == len(goods)
    if not once or any(min(each.pieces, each.short, each.cost) < 0 or not each.pieces + each.short for each in goods):
        raise ValueError("a bill has each item once, and at least one piece of it")
    known = by_ids(db, [each.item for each in goods], on)
    if unknown := [each.item for each in goods if each.item not in known]:
        raise NotFound("unknown-item", code=unknown[0])


def claim_met(
    db: Connection,
    hub: Book,
    supplier: int,
    origin: Origin,
    *,
    deducted: Money | None = None,
    paid: Money | None = None,
) -> Entry:
    """A supplier makes good what is claimed: deducted from what the hub owes him, paid into the wallet, or both.

    More than is claimed, or deducted than is owed, is a Shortfall with what that is.
    """
    sums = {"deducted": deducted or Money(0, hub.currency), "paid": paid or Money(0, hub.currency)}
    minor = {name: sum.minor for name, sum in sums.items()}
    if (done := begin(db, origin, "claim.met", hub=hub.id, supplier=supplier, **minor)) is not None:
        return done[0]
    lock(db, [hub])
    _at_most(db, hub, CLAIM, supplier, sums["deducted"] + sums["paid"])
    _at_most(db, hub, PAYABLE, supplier, sums["deducted"])
    (entry,) = post(db, origin, draft("claim.met", hub, sums, supplier=supplier, memo={"supplier": supplier}))
    return entry


def claim_refused(db: Connection, hub: Book, supplier: int, lost: Money, reason: str, origin: Origin) -> Entry:
    """A supplier will not make good (a part of) what is claimed: it is lost. More than is claimed is a Shortfall."""
    inputs = {"hub": hub.id, "supplier": supplier, "lost": lost.minor, "reason": reason}
    if (done := begin(db, origin, "claim.refused", **inputs)) is not None:
        return done[0]
    lock(db, [hub])
    _at_most(db, hub, CLAIM, supplier, lost)
    memo = {"supplier": supplier, "reason": reason}
    (entry,) = post(db, origin, draft("claim.refused", hub, {"lost": lost}, supplier=supplier, memo=memo))
    return entry


def pay(db: Connection, hub: Book, supplier: int, amount: Money, origin: Origin) -> Entry:
    """The hub pays a supplier out of its wallet; more than it owes him is a Shortfall with what that is."""
    if (done := begin(db, origin, "supplier.pay", hub=hub.id, supplier=supplier, amount=amount.minor)) is not None:
        return done[0]
    lock(db, [hub])
    _at_most(db, hub, PAYABLE, supplier, amount)
    (entry,) = post(
        db, origin, draft("supplier.pay", hub, {"paid": amount}, supplier=supplier, memo={"supplier": supplier})
    )
    return entry


def _at_most(db: Connection, hub: Book, code: int, supplier: int, amount: Money) -> None:
    open_ = accounts.balance(db, hub, code, supplier)
    if amount > open_:
        raise Shortfall("owes-less", owes=open_)


def standings(db: Connection, hub: Book) -> list[Standing]:
    """How a hub stands with each supplier of its programme, by number."""
    return [
        Standing(
            row.id,
            names(row),
            Money(natural(PAYABLE, row.owed or 0), hub.currency),
            Money(natural(CLAIM, row.claimed or 0), hub.currency),
        )
        for row in db.execute(_OF_HUB, {"hub": hub.owner, "book": hub.id})
    ]
