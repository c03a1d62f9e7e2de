"""A year of a big programme: what the console's pages are measured on.

Groups of 86 save every week and meet, ten members of each have a loan, three are sales agents who order and sell,
and each member gets a message now and then. All of it goes through the ledger's own
journal, savings without receipts. The same seed gives the same year.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import text

from gateway import demo
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.transaction import transaction
from ledger import agents
from ledger import catalogue
from ledger import deliveries
from ledger import groups
from ledger import hubs
from ledger import journal
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import orders
from ledger import pins
from ledger import receipts
from ledger import repayments
from ledger import sales
from ledger import steps
from ledger import stock
from ledger import suppliers
from ledger.books import Move
from ledger.books import Origin
from ledger.books import entry_table
from ledger.catalogue import Item
from ledger.groups import Group
from ledger.meetings import attendance_table
from ledger.members import Member
from ledger.members import Registration
from ledger.money import Money
from ledger.orders import Pick
from ledger.programmes import Programme
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.suppliers import Received
from ledger.tables import Names
from ledger.templates import draft

WEEK = timedelta(weeks=1)
ABSENT = 0.12
MESSAGES_EACH = 8
FIRST_CODE = 10_000
PIN = "52907"
EVERYDAY = range(101, 111)

_STATES = ("delivered",) * 17 + ("failed", "expired", "unknown")
_PROVIDERS = ("africastalking", "sslwireless", "bdapps")


@dataclass(frozen=True)
class Size:
    """How big it is: groups, members of each, weeks that have passed."""

    groups: int = 350
    each: int = 86
    weeks: int = 52
    borrowers: int = 10
    agents: int = 3


@dataclass
class Year:
    """What the year is made with."""

    runtime: Runtime
    today: date
    size: Size
    chance: random.Random = field(default_factory=lambda: random.Random(1984))
    step: int = 0

    def origin(self, on: date, hour: int = 10) -> Origin:
        """An operation of the year, on some day."""
        self.step += 1
        at = datetime.combine(on, time(hour), UTC)
        return Origin(f"year-{self.step}", "bench", "bench", at, on, self.code)

    def code(self) -> str:
        """A receipt code."""
        return receipts.completed("".join(self.chance.choices(receipts.LETTERS, k=5)))


def fill(runtime: Runtime, today: date, size: Size) -> Iterator[str]:
    """Fill a database that is migrated and empty; says each step."""
    year = Year(runtime, today, size)
    with transaction(runtime, tell=False, patience=60) as db:
        yield from demo.build(db, today, runtime.peppers)
        programme = demo.found(db)
        assert programme is not None
        _stock_up(db, year, programme)
        found = _groups(db, year, programme)
    yield f"{len(found)} groups"
    for number, group in enumerate(found, 1):
        with transaction(runtime, tell=False, patience=60) as db:
            _group(db, year, programme, group, number)
        if number % 10 == 0:
            yield f"group {number}"
    with transaction(runtime, tell=False, patience=60) as db:
        db.execute(text("ANALYZE"))


def _stock_up(db: Connection, year: Year, programme: Programme) -> None:
    """Enough of everyday things at each hub for a year."""
    start = year.today - (year.size.weeks + 1) * WEEK
    items = [catalogue.by_code(db, programme.id, code, year.today) for code in EVERYDAY]
    supplier = suppliers.standings(db, hubs.every(db)[0].book)[0].supplier
    for hub in hubs.every(db):
        for item in items:
            pieces = 20 * year.size.groups * year.size.agents
            goods = [Received(item.id, pieces, item.price.minor * pieces // 2)]
            suppliers.goods_in(db, hub.book, supplier, goods, year.origin(start))


def _groups(db: Connection, year: Year, programme: Programme) -> list[Group]:
    names = [Names(f"{bn} দল {n}", f"{latn} Dol {n}") for n in range(1, 100) for bn, latn in _FLOWERS]
    rules = demo.RULES
    begun = []
    for place in range(year.size.groups):
        weekly = replace(rules, weekday=place % 7)
        begun.append(groups.start(db, programme, names[place], names[place], "Jashore", weekly))
    return begun


_FLOWERS = (("শাপলা", "Shapla"), ("কাজল", "Kajol"), ("দোয়েল", "Doyel"), ("পদ্ম", "Podmo"), ("বকুল", "Bokul"))


def _group(db: Connection, year: Year, programme: Programme, group: Group, number: int) -> None:
    """The year of one group, all of it in one transaction."""
    who = _register(db, year, programme, group, number)
    _save(db, year, group, who)
    for place in range(year.size.borrowers):
        _borrow(db, year, who[place + 5], place)
    for agent in who[1 : 1 + year.size.agents]:
        _trade(db, year, programme, agent)
    _message(db, year, who)


def _register(db: Connection, year: Year, programme: Programme, group: Group, number: int) -> list[Member]:
    shared = pins.hashed(year.runtime.peppers, PIN) if number == 1 else _HASHES[0]
    _HASHES[:] = [shared]
    hub = hubs.every(db)[number % 2].id
    first = FIRST_CODE + number * 100
    wanted = [
        Registration(
            code=str(first + each),
            names=_names(number, each),
            pin_hash=shared,
            group=group.id,
            hub=hub if 1 <= each <= year.size.agents else None,
            role="leader" if each < 3 else "member",
            numbers=[f"+88018{first + each:08d}"],
        )
        for each in range(year.size.each)
    ]
    members.register(db, programme.id, wanted)
    return members.of_group(db, group.id)


_HASHES: list[str] = []

_FIRST = (("রহিমা", "Rahima"), ("সালমা", "Salma"), ("ফাতেমা", "Fatema"), ("নাসিমা", "Nasima"), ("শিরিন", "Shirin"),
          ("জাহানারা", "Jahanara"), ("মমতাজ", "Momtaz"), ("রোকেয়া", "Rokeya"), ("আয়েশা", "Ayesha"))  # fmt: skip
_LAST = (("খাতুন", "Khatun"), ("বেগম", "Begum"), ("আক্তার", "Akter"), ("বিবি", "Bibi"), ("রানী", "Rani"),
         ("পারভীন", "Parvin"), ("সুলতানা", "Sultana"))  # fmt: skip


def _names(number: int, each: int) -> Names:
    """One of 63 names: in a village many are called alike."""
    (bn, latn), (last_bn, last) = _FIRST[(number + each) % len(_FIRST)], _LAST[each % len(_LAST)]
    return Names(f"{bn} {last_bn}", f"{latn} {last}")


def _save(db: Connection, year: Year, group: Group, who: Sequence[Member]) -> None:
    """A share of each at the beginning; then each week a meeting with its roll, and who came saves."""
    start = year.today - (year.size.weeks + 1) * WEEK
    for each in who:
        sums = {"share": Money(1500_00, each.currency)}
        of = draft("saving.deposit", each.group_book, sums, member=each.id, memo={"member": each.id})
        journal.enter(db, year.origin(start), of)
    for week in range(year.size.weeks, 0, -1):
        on = year.today - week * WEEK
        meeting = meetings.open_next(db, group, who[0], year.origin(on))
        came = [each for each in who if year.chance.random() >= ABSENT]
        here = {each.id for each in came}
        key: dict[str, Any] = {"group": group.id, "meeting": meeting.number, "entry": None}
        rows = [key | {"member": each.id, "how": "present" if each.id in here else "absent"} for each in who]
        db.execute(attendance_table.insert(), rows)
        sums = {"compulsory": Money(50_00, who[0].currency)}
        for each in came:
            of = draft("saving.deposit", each.group_book, sums, member=each.id, memo={"member": each.id})
            journal.enter(db, year.origin(on), of)
        meetings.end(db, meeting, year.origin(on, 12))


def _borrow(db: Connection, year: Year, member: Member, place: int) -> None:
    """Twelve instalments; some pay each, some fall behind, some began lately."""
    weeks = year.size.weeks
    on = year.today - (weeks - 4 * (place % 6)) * WEEK
    terms = Terms(3_000_00 + 500_00 * place, Fraction(2, 100), 12, Every(1, "month"), "declining-equal-instalment", on)
    loan = loans.disburse(db, member, terms, year.origin(on))
    due = [each for each in loan.instalments if each.due <= year.today]
    for each in due[: len(due) - (place % 4 == 3) * 2]:
        repayments.repay(db, member, loan.id, each.left, year.origin(each.due))


def _trade(db: Connection, year: Year, programme: Programme, agent: Member) -> None:
    """A shop with ten things; a sale a week; an order a month, all but the last two delivered."""
    start = year.today - year.size.weeks * WEEK
    items = [catalogue.by_code(db, programme.id, code, year.today) for code in EVERYDAY]
    goods = [Move(item.id, 500, item.price.minor * 500) for item in items]
    stock.open_with(db, [agent.shop], goods, year.origin(start))
    for week in range(year.size.weeks):
        item = year.chance.choice(items)
        on = start + week * WEEK + timedelta(days=1)
        basket = [Pick(item.id, year.chance.randint(1, 4), item.retail.minor)]
        sales.record(db, agent, basket, year.origin(on), channel=year.chance.choice(("doorstep", "k-shop")))
    for month in range(0, year.size.weeks, 4):
        _order(db, year, agent, items, start + month * WEEK, month + 8 < year.size.weeks)


def _order(db: Connection, year: Year, agent: Member, items: Sequence[Item], on: date, whole: bool) -> None:
    basket = [Pick(item.id, 1, item.price.minor) for item in year.chance.sample(list(items), 3)]
    hub = agent.hub_book
    order = orders.place(db, agent, basket, year.origin(on))
    if whole:
        steps.accept(db, hub, order.number, year.origin(on))
        steps.pack(db, hub, order.number, year.origin(on))
        deliveries.dispatch(db, hub, order.number, year.origin(on))
        arrived = {line.item: line.quantity for line in orders.lines(db, order)}
        deliveries.deliver(db, hub, order.number, arrived, year.origin(on))
        agents.pay(db, agent, order.total, year.origin(on + timedelta(days=7)))


def _message(db: Connection, year: Year, who: Sequence[Member]) -> None:
    rows = []
    for number, member in ((each, member) for member in who for each in range(MESSAGES_EACH)):
        at = datetime.combine(year.today - timedelta(days=45 * number + member.id % 45), time(9), UTC)
        rows.append(
            {
                "once_key": f"year {member.id} {number}", "purpose": "reminder", "programme": member.programme,
                "member": member.id, "number": None, "language": "bn", "template": "", "text": None,
                "encoding": "ucs2", "units": 100, "parts": 2, "state": year.chance.choice(_STATES), "reason": "",
                "provider": year.chance.choice(_PROVIDERS), "provider_id": f"y{member.id}-{number}", "cost": "0.50",
                "price": 50, "currency": "BDT", "attempts": 1, "repeats": 0, "bound_to": "", "timezone": "",
                "due_at": at, "expires_at": at, "created_at": at, "changed_at": at,
            }
        )  # fmt: skip
    db.execute(insert(message_table), rows)


def things(db: Connection) -> dict[str, object]:
    """What stands in the routes of the console's pages: things of the last group but one, which has a whole year."""
    found = groups.every(db, _programme(db).id)[-2]
    who = members.of_group(db, found.id)
    borrower, agent = who[5], who[1]
    book = borrower.group_book
    last = db.execute(_LAST_ENTRY, {"book": book.id}).scalar_one()
    order = orders.recent(db, agent, 1)[0]
    message = db.execute(_LAST_MESSAGE, {"member": borrower.id}).scalar_one()
    return {
        "group": found.id, "member": borrower.id, "agent": agent.id, "loan": loans.running(db, borrower)[0].id,
        "meeting": meetings.newest(db, found.id, 1)[0].number, "hub": order.hub.owner, "number": order.number,
        "code": EVERYDAY[0], "supplier": 1, "message": message, "book": book.kind, "owner": book.owner, "entry": last,
        "head": 2010, "party": borrower.id, "what": "trial-balance", "form": "csv",
    }  # fmt: skip


_LAST_ENTRY = select(func.max(entry_table.c.number)).where(entry_table.c.book == bindparam("book"))
_LAST_MESSAGE = select(func.max(message_table.c.id)).where(message_table.c.member == bindparam("member"))


def _programme(db: Connection) -> Programme:
    found = demo.found(db)
    assert found is not None
    return found
