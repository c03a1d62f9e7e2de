"""A small world for the tests of the books: a programme with one hub, one group, three members and three items."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import select

from gateway import schema
from gateway.backend import Database
from ledger import accounts
from ledger import audit
from ledger import catalogue
from ledger import facts
from ledger import groups
from ledger import journal
from ledger import members
from ledger import pins
from ledger import programmes
from ledger import stock
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Move
from ledger.books import Origin
from ledger.catalogue import Category
from ledger.catalogue import Item
from ledger.catalogue import NewItem
from ledger.errors import LedgerError
from ledger.groups import Group
from ledger.members import Member
from ledger.members import Registration
from ledger.money import Money
from ledger.orders import Pick
from ledger.pins import Peppers
from ledger.programmes import Programme
from ledger.tables import Names

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
"""Noon in Dhaka."""
PEPPERS = Peppers({1: b"a pepper that only the tests know"})
PIN = "52907"
TAKA = 100
"""Poisha."""
LIMIT = 2_000 * TAKA
"""What an agent may owe the hub."""

_numbers = count(1)


def taka(amount: float) -> Money:
    """A sum as the tests write it: 42.5 is 42 taka 50."""
    return Money(round(amount * TAKA), "BDT")


def origin(
    codes: Callable[[], str] = lambda: "", operation: str | None = None, *, on: date = DAY, at: datetime | None = None
) -> Origin:
    """Where an operation comes from, at noon of its day; a new one each time unless it is named."""
    at = at or datetime.combine(on, NOON.timetz())
    return Origin(operation or f"operation-{next(_numbers)}", "1001", "ussd", at, on, codes)


def post(db: Connection, *drafts: Draft, operation: str | None = None) -> list[Entry]:
    """Claim an operation and post."""
    where = origin(operation=operation)
    journal.begin(db, where, drafts[0].kind)
    return journal.post(db, where, *drafts)


@dataclass
class World:
    """Rahima sells soap, oil and the only lamp for the hub and leads the group; Salma sells too; Ayesha only saves."""

    codes: Callable[[], str]
    programme: Programme
    hub: Book
    group: Group
    rahima: Member
    salma: Member
    ayesha: Member
    soap: Item
    oil: Item
    lamp: Item

    def origin(self, operation: str | None = None, *, on: date = DAY, at: datetime | None = None) -> Origin:
        return origin(self.codes, operation, on=on, at=at)

    def basket(self, wanted: str) -> list[Pick]:
        """`2 soap, 1 lamp` at the hub's prices; `2 soap @ 50` at another one, in taka."""
        return [self._pick(*part.split()) for part in wanted.split(", ")]

    def _pick(self, pieces: str, name: str, _at: str = "", price: str = "") -> Pick:
        item: Item = getattr(self, name)
        return Pick(item.id, int(pieces), taka(float(price)).minor if price else item.price.minor)

    def stock(self, db: Connection, book: Book, *goods: tuple[Item, int, int]) -> None:
        """Begin a book with goods: item, pieces, cost of them all in poisha."""
        moves = [Move(item.id, pieces, cost) for item, pieces, cost in goods]
        stock.open_with(db, [book], moves, self.origin())


def open_world(db: Connection, codes: Callable[[], str]) -> World:
    """Build the world."""
    programme = programmes.start(db, "Somiti")
    catalogue.add_categories(db, programme.id, [Category(1, Names("ঘর", "Ghor", "Home"))])
    catalogue.add_suppliers(db, programme.id, {1: Names("মিল", "Mill")})
    catalogue.add_items(
        db,
        programme.id,
        [
            NewItem(101, 1, 1, Names("সাবান", "Saban", "Soap"), 48_00, 55_00),
            NewItem(102, 1, 1, Names("তেল", "Tel", "Oil"), 150_00, 170_00),
            NewItem(103, 1, 1, Names("বাতি", "Bati", "Lamp"), 700_00, 800_00),
        ],
    )
    hub = programmes.open_hub(db, programme, Names("ডিপো", "Depot", "Depot"))
    group = groups.start(db, programme, Names("শাপলা", "Shapla"), Names("শাপলা", "Shapla"), "Jashore")
    pin = pins.hashed(PEPPERS, PIN)
    ids = members.register(
        db,
        programme.id,
        [
            Registration(
                "1001", Names("রহিমা", "Rahima"), pin, group.id, hub.owner, "leader", numbers=["+8801711000001"]
            ),
            Registration("1002", Names("সালমা", "Salma"), pin, group.id, hub.owner, numbers=["+8801711000001"]),
            Registration("1003", Names("আয়েশা", "Ayesha"), pin, group.id, numbers=["+8801711000002"]),
        ],
    )
    who = [members.get(db, member) for member in ids]
    items = [catalogue.by_code(db, programme.id, code, DAY) for code in (101, 102, 103)]
    world = World(codes, programme, hub, group, *who, *items)
    world.stock(db, hub, *zip(items, (100, 20, 1), (4_200_00, 2_600_00, 600_00), strict=True))
    journal.set_ceiling(db, world.origin(), hub, LIMIT)
    facts.start(db)
    return world


def balances(db: Connection, book: Book, *accounts_: str) -> str:
    """`1010: 45.00, 2010.7: 5.00`, each from its normal side."""
    return ", ".join(f"{name}: {_taka(balance(db, book, name).minor)}" for name in accounts_)


def balance(db: Connection, book: Book, name: str) -> Money:
    """The balance of `1010` or `2010.7`."""
    code, _, party = name.partition(".")
    return accounts.balance(db, book, int(code), int(party or 0))


def _taka(minor: int) -> str:
    return str(Money(minor)).removeprefix("BDT ")


def refusal(db: Connection, act: Callable[[], object]) -> str:
    """Try something as a call does: what the books said to it, or "done"."""
    try:
        with facts.attempt(db):
            act()
    except LedgerError as error:
        return str(error)
    return "done"


def everything(db: Connection) -> dict[str, list[str]]:
    """All rows of all tables."""
    return {
        table.name: sorted(repr(tuple(row)) for row in db.execute(select(table)))
        for table in schema.METADATA.sorted_tables
    }


def findings(db: Connection, only: str | None = None) -> list[str]:
    """What the audit finds wrong."""
    return [str(each) for each in audit.check(db, only) if isinstance(each, audit.Finding)]


def at_once(database: Database, times: int, act: Callable[[Connection, int], Any]) -> list[Any]:
    """Do something in so many transactions at once, each numbered; their results, a refusal as its text."""

    def one(number: int) -> Any:
        try:
            with database.writing(60) as db:
                facts.start(db)
                return act(db, number)
        except LedgerError as error:
            return str(error)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


@contextmanager
def undone(db: Connection) -> Iterator[None]:
    """Whatever happens inside is rolled back in the end."""
    inside = db.begin_nested()
    try:
        yield
    finally:
        inside.rollback()
