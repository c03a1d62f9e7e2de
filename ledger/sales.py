"""Sales of an agent from her own shop: in cash, on credit to a customer of hers, and the dues she collects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import accounts
from ledger import facts
from ledger import orders
from ledger import receipts
from ledger import stock
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import account_table
from ledger.errors import Conflict
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.orders import Pick
from ledger.orders import check_basket
from ledger.tables import Id
from ledger.tables import Minor
from ledger.tables import metadata
from ledger.templates import draft

DUES, INCOME, COST = 1330, 4210, 5210

customer_table = Table(
    "customer",
    metadata,
    Column("shop", Id, ForeignKey("member.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", String(24), nullable=False),
    PrimaryKeyConstraint("shop", "number"),
)

sale_table = Table(
    "sale",
    metadata,
    Column("book", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("customer", Integer, nullable=False),
    Column("channel", String(12), nullable=False),
    Column("total", Minor, nullable=False),
    Column("cost", Minor, nullable=False),
    Column("event_on", Date, nullable=False),
    Column("owed", Minor, nullable=False),
    PrimaryKeyConstraint("book", "number"),
    ForeignKeyConstraint(["book", "number"], ["entry.book", "entry.number"]),
    Index(None, "book", "event_on"),
)

sale_line_table = Table(
    "sale_line",
    metadata,
    Column("book", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("item", ForeignKey("item.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price", Minor, nullable=False),
    PrimaryKeyConstraint("book", "number", "item"),
    ForeignKeyConstraint(["book", "number"], ["sale.book", "sale.number"]),
)


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of one agent: her number in that shop for ever, her name (may be empty), what she owes."""

    number: int
    name: str
    owes: Money


@dataclass(frozen=True, slots=True)
class Takings:
    """Some days of a shop: sales, profit (sales less cost of goods), and all dues open now."""

    sales: Money
    profit: Money
    dues: Money


_CUSTOMERS = (
    select(customer_table.c.number, customer_table.c.name, account_table.c.balance)
    .outerjoin(
        account_table,
        (account_table.c.book == bindparam("book"))
        & (account_table.c.code == DUES)
        & (account_table.c.party == customer_table.c.number),
    )
    .where(customer_table.c.shop == bindparam("shop"))
    .order_by(customer_table.c.number)
)
_LAST_CUSTOMER = (
    select(sale_table.c.customer)
    .where(sale_table.c.book == bindparam("book"), sale_table.c.customer > 0)
    .order_by(sale_table.c.number.desc())
    .limit(1)
)
_DUES = select(func.sum(account_table.c.balance)).where(
    account_table.c.book == bindparam("book"), account_table.c.code == DUES
)


def customers(db: Connection, agent: Member) -> list[Customer]:
    """All customers of an agent by number, with what each owes."""
    rows = db.execute(_CUSTOMERS, {"book": agent.shop.id, "shop": agent.id})
    return [Customer(row.number, row.name, Money(row.balance or 0, agent.currency)) for row in rows]


def usual_customer(db: Connection, agent: Member) -> int:
    """Whom a sale on credit is for unless she says otherwise: the last one who bought on credit, else number 1."""
    return db.execute(_LAST_CUSTOMER, {"book": agent.shop.id}).scalar() or 1


def name_customer(db: Connection, agent: Member, number: int, name: str) -> None:
    """Add the next customer: `number` is one more than the last. Conflict when another sale was quicker."""
    known = len(customers(db, agent))
    if number != known + 1:
        raise Conflict("customer-taken", customer=number) if 1 <= number <= known else _unknown(number)
    db.execute(customer_table.insert().values(shop=agent.id, number=number, name=name))


def _unknown(number: int) -> NotFound:
    return NotFound("unknown-customer", customer=number)


def record(
    db: Connection,
    agent: Member,
    basket: Sequence[Pick],
    origin: Origin,
    *,
    customer: int = 0,
    new_name: str | None = None,
    channel: str = "doorstep",
    paid: Money | None = None,
) -> Entry:
    """Record a sale of pieces at given prices: in cash (customer 0) or on credit, `paid` of it in cash.

    `new_name` (may be empty) adds the customer with it, under the book's lock. Refused: more pieces than she has (a
    Shortfall that says how many those are), more paid than it costs.
    """
    check_basket(basket)
    book = agent.shop
    picks = [[pick.item, pick.quantity, pick.price] for pick in basket]
    total = orders.value(basket, agent.currency)
    cash = (paid or Money(0, agent.currency)) if customer else total
    inputs = {"basket": picks, "customer": customer, "new_name": new_name, "channel": channel, "paid": cash.minor}
    if (done := begin(db, origin, "sale", agent=agent.id, **inputs)) is not None:
        return done[0]
    if cash > total:
        raise NotAllowed("paid-above-sale", total=total)
    lock(db, [book])
    if new_name is not None:
        name_customer(db, agent, customer, new_name)
    elif customer and customer not in {each.number for each in customers(db, agent)}:
        raise _unknown(customer)
    moves = stock.costs_out(db, book, {pick.item: pick.quantity for pick in basket})
    sums = {"cash": cash, "owed": total - cash}
    (entry,) = post(db, origin, draft("sale", book, sums, customer=customer, moves=moves, memo={"customer": customer}))
    cost = -sum(move.value for move in moves)
    head = {"customer": customer, "channel": channel, "total": total.minor, "owed": (total - cash).minor, "cost": cost}
    _write(db, entry, head | {"event_on": origin.on}, basket)
    receipt = receipts.issue(db, origin, agent.programme, entry, "sale", total)
    facts.record(db, facts.SaleRecorded(agent.id, receipt, total, total - cash))
    return entry


def _write(db: Connection, entry: Entry, head: dict[str, Any], basket: Sequence[Pick]) -> None:
    """The rows of a sale."""
    key = {"book": entry.book, "number": entry.number}
    db.execute(sale_table.insert(), key | head)
    rows = [key | {"item": pick.item, "quantity": pick.quantity, "price": pick.price} for pick in basket]
    db.execute(sale_line_table.insert(), rows)


def collect(db: Connection, agent: Member, customer: int, amount: Money, origin: Origin) -> Entry:
    """Take (part of) what a customer owes; more than she owes is refused."""
    book = agent.shop
    if (done := begin(db, origin, "due.collect", agent=agent.id, customer=customer, amount=amount.minor)) is not None:
        return done[0]
    lock(db, [book])
    owes = accounts.balance(db, book, DUES, customer)
    if amount.minor > owes.minor:
        raise Shortfall("owes-less", owes=owes)
    (entry,) = post(
        db, origin, draft("due.collect", book, {"paid": amount}, customer=customer, memo={"customer": customer})
    )
    receipt = receipts.issue(db, origin, agent.programme, entry, "due.collect", amount)
    facts.record(db, facts.DueCollected(agent.id, receipt, amount, owes - amount))
    return entry


def takings(db: Connection, agent: Member, first: date, last: date) -> Takings:
    """Sales and profit of some programme days, both ends included, and the dues open now."""
    moved = accounts.turnover(db, agent.shop, first, last)
    nothing = Money(0, agent.currency)
    sold = moved.get(INCOME, nothing)
    dues = int(db.execute(_DUES, {"book": agent.shop.id}).scalar() or 0)
    return Takings(sold, sold - moved.get(COST, nothing), Money(dues, agent.currency))
