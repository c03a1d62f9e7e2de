"""The demo programme: deterministic, with handsets, PINs and passbooks that everybody can try.

The data files beside this module are its catalogue, people and groups.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ledger import catalogue
from ledger import groups
from ledger import journal
from ledger import loans
from ledger import members
from ledger import orders
from ledger import pins
from ledger import programmes
from ledger import receipts
from ledger import repayments
from ledger import sales
from ledger import savings
from ledger import stock
from ledger.books import Book
from ledger.books import Move
from ledger.books import Origin
from ledger.catalogue import Category
from ledger.catalogue import Item
from ledger.catalogue import NewItem
from ledger.chart import SHOP
from ledger.groups import Group
from ledger.groups import Rules
from ledger.members import Member
from ledger.members import Registration
from ledger.money import Money
from ledger.orders import Pick
from ledger.pins import Peppers
from ledger.programmes import Programme
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.tables import Names

NAME = "Somiti demo"
HERE = Path(__file__).parent

GROUPS, PER_GROUP = 6, 10
WEEKS = 20
RULES = Rules(saving=50_00, social=5_00, absent_fine=10_00, late_fine=20_00)
LEADERS, FIRST_LEADERS = (0, 3, 6), (2, 3, 6)
"""The places of the three leaders of a group; in the first one Ayesha is among them."""
LIMIT = 20_000_00
"""Minor units an agent may owe her hub."""

FEW = (5, 0)
"""Pieces of the last two items: nearly and quite out of stock."""

CROWD_PIN = "52907"
CROWD_HUB = 1000
"""Members of the crowd to one hub: a hub's book is written by one at a time."""
PLENTY = 1_000_000
"""Pieces that no bench uses up."""


@dataclass(frozen=True)
class Handset:
    """A phone to try: its number, whose it is, her PIN and the language of her screens."""

    number: str
    name: str
    code: str
    pin: str
    language: str

    @property
    def who(self) -> str:
        """Her name and member code."""
        return f"{self.name} {self.code}"


HANDSETS = (
    Handset("+8801711000001", "Rahima", "1001", "52907", "বাংলা"),
    Handset("+8801711000001", "Salma", "1002", "41863", "Bangla"),
    Handset("+8801711000002", "Ayesha", "1003", "70394", "English"),
)

_SPEAK = {"বাংলা": ("bn", "bn"), "Bangla": ("bn_Latn", "latin"), "English": ("en", "latin")}
"""Language and digits of those three handsets' screens."""


@dataclass
class Scene:
    """What the demo is made with: a day, PIN keys, and its own seeded chance, so that it is always the same."""

    db: Connection
    today: date
    peppers: Peppers
    chance: random.Random
    prefix: str = "demo"
    step: int = 0

    def origin(self, on: date) -> Origin:
        """An operation of the demo on some day, at ten in the morning in Dhaka."""
        self.step += 1
        at = datetime.combine(on, time(10), ZoneInfo("Asia/Dhaka")).astimezone(UTC)
        return Origin(f"{self.prefix}-{self.step}", "demo", "demo", at, on, self.code)

    def code(self) -> str:
        """A receipt code."""
        return receipts.completed("".join(self.chance.choices(receipts.LETTERS, k=5)))


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _names(row: dict[str, str]) -> Names:
    return Names(row["name_bn"], row["name_latn"], row.get("name_en", ""))


def _minor(taka: str) -> int:
    return int(Decimal(taka) * 100)


def found(db: Connection) -> Programme | None:
    """The demo programme, if it is there."""
    return programmes.found(db, NAME)


def build(db: Connection, today: date, peppers: Peppers, count: int = GROUPS) -> Iterator[str]:
    """Build the programme with its catalogue, hubs and `count` groups; says each step as it is done."""
    scene = Scene(db, today, peppers, random.Random(2709))  # noqa: S311 (the same demo every time)
    programme = programmes.start(db, NAME)
    costs = _catalogue(db, programme, today)
    yield "catalogue"
    hubs = {district: _hub(scene, programme, district, costs) for district in ("Jashore", "Rangpur")}
    yield "hubs"
    people = _rows("people")
    for place, row in enumerate(_group_rows(count)):
        short = Names(row["short_bn"], row["short_latn"])
        rules = replace(RULES, weekday=place % 7)
        group = groups.start(db, programme, _names(row), short, row["district"], rules)
        names = [_names(people[(place * PER_GROUP + each) % len(people)]) for each in range(PER_GROUP)]
        who = _register(scene, programme, group, hubs[row["district"]], names, place)
        _passbooks(scene, who)
        _lend(scene, who)
        for agent in who:
            if agent.hub:
                _shop(scene, agent)
        yield f"group {row['short_latn']}"


def _group_rows(count: int) -> Iterator[dict[str, str]]:
    rows = _rows("groups")
    for place in range(count):
        row = rows[place % len(rows)]
        again = f" {place // len(rows) + 1}" if place >= len(rows) else ""
        yield row | {name: row[name] + again for name in ("name_bn", "name_latn")}


def _catalogue(db: Connection, programme: Programme, today: date) -> dict[int, int]:
    """Add categories, suppliers and items; the hub's cost of each item by its id, in minor units."""
    catalogue.add_categories(
        db, programme.id, [Category(int(row["number"]), _names(row)) for row in _rows("categories")]
    )
    catalogue.add_suppliers(db, programme.id, {int(row["number"]): _names(row) for row in _rows("suppliers")})
    rows = _rows("items")
    catalogue.add_items(db, programme.id, [_item(row) for row in rows])
    items = [(catalogue.by_code(db, programme.id, int(row["code"]), today), row) for row in rows]
    return {item.id: _minor(row["cost"]) for item, row in items}


def _item(row: dict[str, str]) -> NewItem:
    numbers = int(row["code"]), int(row["category"]), int(row["supplier"])
    return NewItem(*numbers, _names(row), _minor(row["price"]), _minor(row["retail"]))


def _hub(scene: Scene, programme: Programme, district: str, costs: dict[int, int]) -> Book:
    bangla = {"Jashore": "যশোর ডিপো", "Rangpur": "রংপুর ডিপো"}[district]
    hub = programmes.open_hub(scene.db, programme, Names(bangla, f"{district} depot", f"{district} depot"))
    pieces = dict.fromkeys(costs, 1000) | dict(zip(list(costs)[-2:], FEW, strict=True))
    goods = [Move(item, pieces[item], cost * pieces[item]) for item, cost in costs.items() if pieces[item]]
    begun = scene.today - timedelta(weeks=WEEKS + 4)
    stock.open_with(scene.db, [hub], goods, scene.origin(begun))
    journal.set_ceiling(scene.db, scene.origin(begun), hub, LIMIT)
    return hub


def _register(
    scene: Scene, programme: Programme, group: Group, hub: Book, names: list[Names], place: int
) -> list[Member]:
    """The members of a group: every fourth is a sales agent; three lead it."""
    shared = pins.hashed(scene.peppers, CROWD_PIN)
    who = []
    for each, name in enumerate(names):
        number = place * PER_GROUP + each
        who.append(
            Registration(
                code=str(1001 + number),
                names=name,
                pin_hash=shared,
                group=group.id,
                hub=hub.owner if each % 4 == 0 else None,
                role="leader" if each in (LEADERS if place else FIRST_LEADERS) else "member",
                numbers=[f"+88017110{number:05d}"],
            )
        )
    if place == 0:
        who[: len(HANDSETS)] = [_known(scene, phone, each) for phone, each in zip(HANDSETS, who, strict=False)]
    ids = members.register(scene.db, programme.id, who)
    return [members.get(scene.db, member) for member in ids]


def _known(scene: Scene, phone: Handset, each: Registration) -> Registration:
    """One of the three that everybody knows, with the PIN and the words of her handset."""
    language, digits = _SPEAK[phone.language]
    pin_hash = pins.hashed(scene.peppers, phone.pin)
    return replace(each, pin_hash=pin_hash, language=language, digits=digits, numbers=[phone.number])


def _passbooks(scene: Scene, who: list[Member]) -> None:
    """A share at the start and Tk 50 a week; now and then one is missed."""
    start = scene.today - timedelta(weeks=WEEKS)
    for member in who:
        savings.deposit(scene.db, member, Money(1500_00), scene.origin(start), "share")
    for week in range(1, WEEKS):
        for member in who:
            if scene.chance.random() < 0.9:
                savings.deposit(scene.db, member, Money(50_00), scene.origin(start + timedelta(weeks=week)))


_LOANS = (
    # member of the group, principal, days ago, instalments paid of four
    (1, 12_000_00, 70, 2),
    (4, 3_000_00, 100, 1),
    (5, 2_000_00, 130, 4),
    (7, 4_000_00, 5, 0),
)
"""Loans at different stages: running, overdue, repaid, new."""


def _lend(scene: Scene, who: list[Member]) -> None:
    for place, principal, ago, paid in _LOANS:
        member, on = who[place], scene.today - timedelta(days=ago)
        terms = Terms(principal, Fraction(2, 100), 4, Every(1, "month"), "declining-equal-instalment", on)
        loan = loans.disburse(scene.db, member, terms, scene.origin(on))
        for instalment in loan.instalments[:paid]:
            repayments.repay(scene.db, member, loan.id, instalment.left, scene.origin(min(instalment.due, scene.today)))


def _shop(scene: Scene, agent: Member) -> None:
    """Her shop: thirty pieces of each of ten daily things, two past orders, customers, sales of the last days."""
    begun = scene.today - timedelta(weeks=3)
    items = [catalogue.by_code(scene.db, agent.programme, code, scene.today) for code in range(101, 111)]
    goods = [Move(item.id, 30, item.price.minor * 30) for item in items]
    stock.open_with(scene.db, [agent.shop], goods, scene.origin(begun))
    for day, some in ((14, items[:3]), (7, items[:2])):
        basket = [Pick(item.id, 2, item.price.minor) for item in some]
        orders.place(scene.db, agent, basket, scene.origin(scene.today - timedelta(days=day)))
    for number, row in enumerate(_rows("customers")[:3], 1):
        sales.name_customer(scene.db, agent, number, row["name_bn"] if agent.language == "bn" else row["name_latn"])
    for day in range(10, 0, -1):
        item, customer = scene.chance.choice(items), scene.chance.choice((0, 0, 1, 2, 3))
        _sell(scene, agent, item, customer, scene.today - timedelta(days=day))


def _sell(scene: Scene, agent: Member, item: Item, customer: int, on: date) -> None:
    basket = [Pick(item.id, 1, item.retail.minor)]
    sales.record(scene.db, agent, basket, scene.origin(on), customer=customer)


def crowd(db: Connection, today: date, peppers: Peppers, first: int, last: int, pin_hash: str) -> None:
    """Add members `first` to `last` of the crowd for load tests: one handset each, able to order and to sell."""
    programme = programmes.found(db, NAME)
    if programme is None:
        raise LookupError("the demo programme comes first")
    scene = Scene(db, today, peppers, random.Random(first), f"crowd-{first}")  # noqa: S311 (the same every time)
    item = catalogue.by_code(db, programme.id, 101, today)
    goods = [Move(item.id, PLENTY, item.price.minor * PLENTY)]
    hub = _crowd_hub(scene, programme, item)
    ids = members.register(db, programme.id, [_one(number, hub, pin_hash) for number in range(first, last + 1)])
    shops = [Book(SHOP, member, programme.currency) for member in ids]
    stock.open_with(db, shops, goods, scene.origin(today))


def _crowd_hub(scene: Scene, programme: Programme, item: Item) -> Book:
    hub = programmes.open_hub(scene.db, programme, Names("লোড ডিপো", "Load depot", "Load depot"))
    much = PLENTY * CROWD_HUB
    goods = [Move(item.id, much, item.price.minor * much)]
    stock.open_with(scene.db, [hub], goods, scene.origin(scene.today))
    journal.set_ceiling(scene.db, scene.origin(scene.today), hub, item.price.minor * PLENTY)
    return hub


def _one(number: int, hub: Book, pin_hash: str) -> Registration:
    name = Names(f"সদস্য {number}", f"Member {number}")
    return Registration(
        str(1_000_000 + number), name, pin_hash, hub=hub.owner, language="en", digits="latin",
        numbers=[f"+8801{900_000_000 + number}"],
    )  # fmt: skip


def crowd_size(db: Connection) -> int:
    """How many members the crowd has."""
    low, high = 0, 10_000_000
    while low < high:
        middle = (low + high + 1) // 2
        if members.by_code(db, str(1_000_000 + middle)):
            low = middle
        else:
            high = middle - 1
    return low
