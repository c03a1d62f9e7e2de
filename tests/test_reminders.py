"""Reminders by the clock: each due thing once, by day, for that day only; the month to those who asked; who is idle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from threading import Barrier
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from conftest import BOTH
from ledger_world import World
from ledger_world import findings
from ledger_world import open_world
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select

from gateway import jobs
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.sms import reminders
from gateway.sms import timetable
from gateway.transaction import transaction
from ledger import activity
from ledger import emi
from ledger import hubs
from ledger import members
from ledger import orders
from ledger import programmes
from ledger import sales
from ledger import stock
from ledger.activity import Idle
from ledger.books import Move
from ledger.members import Registration
from ledger.members import member_table
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.tables import Names
from locales.script import canonical

DHAKA = ZoneInfo("Asia/Dhaka")
SOLD = date(2026, 11, 22)
TERMS = Terms(600_00, Fraction(2, 100), 3, Every(1, "month"), "flat", SOLD)
"""Tk 600 in three months, each with Tk 12 service charge: 212 on 22 December, 22 January and 22 February."""


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    return Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})


@pytest.fixture
def world(runtime: Runtime, codes: Callable[[], str]) -> World:
    """Ayesha bought the lamp for Tk 800 and has paid Tk 200; she reads English on a phone of her own."""
    with transaction(runtime, tell=False, patience=60) as db:
        world = open_world(db, codes)
        speak(db, world.ayesha.id, language="en", digits="latin")
        contract = emi.open_contract(db, world.hub, world.ayesha, world.lamp.id, taka(200), TERMS, world.origin("lamp"))
        emi.pay(db, world.hub, contract.id, taka(200), world.origin())
    return world


def speak(db: Connection, member: int, **columns: object) -> None:
    db.execute(member_table.update().where(member_table.c.id == member).values(columns))


def at(day: date | str, hour: int = 10, minute: int = 0) -> datetime:
    """A moment in Dhaka."""
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=DHAKA).astimezone(UTC)


def told(runtime: Runtime) -> list[str | None]:
    """All texts queued so far."""
    with runtime.database.reading(60) as db:
        return list(db.execute(select(message_table.c.text).order_by(message_table.c.id)).scalars())


def said(runtime: Runtime, *when: datetime) -> list[str | None]:
    """What is queued by the clock at some moments."""
    before = len(told(runtime))
    for now in when:
        reminders.remind(runtime, now)
    return told(runtime)[before:]


DUE = "Ayesha, an instalment of Tk 212 is due on 22 Dec."

# The day, and what is told on it.
PLAN = [
    ("2026-12-18", []),
    ("2026-12-19", [DUE]),
    ("2026-12-20", []),
    ("2026-12-21", [DUE]),
    ("2026-12-22", ["Ayesha, today, 22 Dec, an instalment of Tk 212 is due."]),
    ("2026-12-23", ["Instalments of Tk 212 are owed since 22 Dec. Talk to the hub."]),
    ("2026-12-24", []),
    ("2026-12-30", ["Instalments of Tk 212 are owed since 22 Dec. Talk to the hub."]),
    ("2027-01-06", ["Instalments of Tk 212 are owed since 22 Dec. Talk to the hub."]),
    ("2027-01-13", ["Instalments of Tk 212 are owed since 22 Dec. Talk to the hub."]),
    ("2027-01-20", []),
    ("2027-01-22", ["Ayesha, today, 22 Jan, an instalment of Tk 212 is due."]),
    # Of two that are owed only the older one is counted from.
    ("2027-01-23", []),
    ("2027-05-01", []),
]


@BOTH
def test_an_instalment_is_told_three_days_before_and_on_the_day_and_when_it_is_late(
    runtime: Runtime, world: World
) -> None:
    for day, wanted in PLAN:
        assert said(runtime, at(day)) == wanted, day
    with runtime.database.reading(60) as db:
        assert findings(db) == []


@BOTH
def test_however_often_the_clock_comes_by_each_thing_is_told_once(runtime: Runtime, world: World) -> None:
    assert said(runtime, *(at("2026-12-22", hour, minute) for hour in range(24) for minute in (0, 30))) == PLAN[4][1]


@BOTH
def test_of_two_clocks_at_once_each_thing_is_told_once(runtime: Runtime, world: World) -> None:
    together = Barrier(3)

    def tick() -> None:
        together.wait()
        reminders.remind(runtime, at("2026-12-22"))

    threads = [Thread(target=tick) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told(runtime) == PLAN[4][1]


def test_nobody_is_woken(runtime: Runtime, world: World) -> None:
    night = [at("2026-12-21", 21), at("2026-12-21", 23, 59), at("2026-12-22", 0), at("2026-12-22", 7, 59)]
    assert said(runtime, *night) == []
    assert said(runtime, at("2026-12-22", 8)) == PLAN[4][1]


def test_a_clock_that_stood_still_does_not_make_up_for_it(runtime: Runtime, world: World) -> None:
    assert said(runtime, at("2027-01-01")) == []


def test_a_reminder_is_worth_sending_until_the_evening(runtime: Runtime, world: World) -> None:
    said(runtime, at("2026-12-22", 8, 15))
    with runtime.database.reading(60) as db:
        row = db.execute(select(message_table)).one()
    assert (row.purpose, row.due_at, row.expires_at) == ("emi-due", at("2026-12-22", 8, 15), at("2026-12-22", 21))


@BOTH
def test_what_was_paid_meanwhile_is_not_told(runtime: Runtime, world: World) -> None:
    with transaction(runtime, tell=False, patience=60) as db:
        emi.pay(db, world.hub, 1, taka(112), world.origin())
    assert said(runtime, at("2026-12-22")) == ["Ayesha, today, 22 Dec, an instalment of Tk 100 is due."]
    with transaction(runtime, tell=False, patience=60) as db:
        emi.pay(db, world.hub, 1, taka(312), world.origin())
    assert said(runtime, at("2026-12-23"), at("2027-01-22"), at("2027-01-23")) == []


@BOTH
def test_what_is_late_is_told_with_all_that_is_owed(runtime: Runtime, world: World) -> None:
    with transaction(runtime, tell=False, patience=60) as db:
        emi.pay(db, world.hub, 1, taka(212), world.origin())
    late = ["Instalments of Tk 212 are owed since 22 Jan. Talk to the hub."]
    assert said(runtime, at("2027-01-23")) == late
    assert said(runtime, at("2027-02-06")) == late
    assert said(runtime, at("2027-02-13")) == late
    assert said(runtime, at("2027-02-22")) == ["Ayesha, today, 22 Feb, an instalment of Tk 212 is due."]


def test_on_a_phone_that_others_read_there_is_no_sum(runtime: Runtime, world: World) -> None:
    with transaction(runtime, tell=False, patience=60) as db:
        speak(db, world.ayesha.id, sms="quiet")
    assert said(runtime, *(at(day) for day, _ in PLAN[:6])) == [
        "Ayesha, remember 22 Dec. Dial to see what for.",
        "Ayesha, remember 22 Dec. Dial to see what for.",
        "Ayesha, remember today, 22 Dec. Dial to see what for.",
        "Ayesha, please talk to the hub.",
    ]


@BOTH
def test_many_are_told_page_by_page(runtime: Runtime, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetable, "PAGE", 2)
    with transaction(runtime, tell=False, patience=60) as db:
        stock.open_with(db, [world.hub], [Move(world.soap.id, 10, 420_00)], world.origin())
        who = [Registration(f"20{n}", Names("ক", f"A{n}"), "1:x", language="en", numbers=[f"+88{n}"]) for n in range(5)]
        for member in members.register(db, world.programme.id, who):
            for _ in range(2):
                buyer = members.get(db, member)
                emi.open_contract(db, world.hub, buyer, world.soap.id, taka(0), TERMS, world.origin())
    today = {f"A{n}, today, 22 Dec, an instalment of Tk 212 is due." for n in range(5)}
    texts = said(runtime, at("2026-12-22"), at("2026-12-22", 11))
    assert len(texts) == 11
    assert set(texts) == today | set(PLAN[4][1])
    assert len(said(runtime, at("2026-12-23"))) == 11


@BOTH
def test_a_programme_has_its_own_day(runtime: Runtime, world: World) -> None:
    """At 20:30 in Dhaka it is 10:30 of the same day in New York; at 08:30 it is night there."""
    with transaction(runtime, tell=False, patience=60) as db:
        away = programmes.start(db, "Away", timezone="America/New_York")
        hub = programmes.open_hub(db, away, Names("ডিপো", "Depot", "Depot"))
        (far,) = members.register(
            db, away.id, [Registration("3001", Names("ক", "Far"), "1:x", language="en", numbers=["+1"])]
        )
        stock.open_with(db, [hub], [Move(world.soap.id, 1, 42_00)], world.origin())
        emi.open_contract(db, hub, members.get(db, far), world.soap.id, taka(0), TERMS, world.origin())
    assert said(runtime, at("2026-12-22", 8, 30)) == PLAN[4][1]
    assert said(runtime, at("2026-12-22", 20, 30)) == ["Far, today, 22 Dec, an instalment of Tk 212 is due."]


def sell(db: Connection, world: World, pieces: int, price: float, on: date) -> None:
    basket = world.basket(f"{pieces} soap @ {price}")
    sales.record(db, world.rahima, basket, world.origin(on=on))


@pytest.fixture
def seller(runtime: Runtime, world: World) -> World:
    """Rahima, who has a phone of her own, sold soap that cost her Tk 48 in October, November and December."""
    with transaction(runtime, tell=False, patience=60) as db:
        speak(db, world.rahima.id, language="en", digits="latin")
        db.execute(members.handset_table.delete().where(members.handset_table.c.member == world.salma.id))
        stock.open_with(db, [world.rahima.shop], [Move(world.soap.id, 20, 960_00)], world.origin())
        for pieces, price, on in ((2, 58, "10-31"), (3, 58, "11-01"), (4, 60, "11-30"), (5, 40, "12-31")):
            sell(db, world, pieces, price, date.fromisoformat(f"2026-{on}"))
    return world


MONTHS = [
    ("2026-11-01", ["Oct: sales Tk 116. You made Tk 20."]),
    ("2026-11-30", []),
    ("2026-12-01", ["Nov: sales Tk 414. You made Tk 78."]),
    ("2026-12-02", []),
    ("2027-01-01", ["Dec: sales Tk 200. You lost Tk 40."]),
    ("2027-02-01", []),
]


@BOTH
def test_who_asked_is_told_on_the_first_what_she_made(runtime: Runtime, seller: World) -> None:
    assert said(runtime, at("2026-10-01")) == [], "nobody asked"
    with transaction(runtime, patience=60) as db:
        members.set_month_sms(db, seller.rahima.id, wanted=True)
        members.set_month_sms(db, seller.salma.id, wanted=True)
        assert members.get(db, seller.rahima.id).month_sms
        speak(db, seller.ayesha.id, sms="quiet")
    for day, wanted in MONTHS:
        heard = [text for text in said(runtime, at(day, 9), at(day, 20)) if not text.startswith("Ayesha")]
        assert heard == wanted, day


def test_a_clock_that_stood_still_on_the_first_tells_it_on_the_second_and_never_later(
    runtime: Runtime, seller: World
) -> None:
    with transaction(runtime, patience=60) as db:
        members.set_month_sms(db, seller.rahima.id, wanted=True)
    assert said(runtime, at("2026-12-02"), at("2026-12-02", 12)) == MONTHS[2][1]
    assert said(runtime, at("2027-01-03")) == []
    with runtime.database.reading(60) as db:
        row = db.execute(select(message_table).where(message_table.c.purpose == "month")).one()
    assert row.expires_at == at("2026-12-04")


def test_the_month_on_a_phone_that_others_read(runtime: Runtime, seller: World) -> None:
    with transaction(runtime, patience=60) as db:
        members.set_month_sms(db, seller.rahima.id, wanted=True)
        speak(db, seller.rahima.id, sms="quiet", language="bn", digits="bn")
    assert said(runtime, at("2026-12-01")) == [canonical("রহিমা, নভেম্বর মাসের হিসাব তৈরি। ডায়াল করে দেখুন।")]


def test_the_clock_does_it(runtime: Runtime, world: World) -> None:
    assert "remind" in jobs.TIMETABLE
    assert jobs.tick(runtime, "remind", at("2026-12-22"))


NOON = at(SOLD, 12)

# Days since her last order, since her last sale (None: never), and within how many days she is idle.
IDLE = [
    (None, None, 1, True),
    (None, None, 400, True),
    (0, None, 1, False),
    (29, None, 30, False),
    (30, None, 30, True),
    (None, 29, 30, False),
    (None, 30, 30, True),
    (40, 29, 30, False),
    (29, 40, 30, False),
    (40, 31, 30, True),
    (31, 40, 30, True),
]


@BOTH
@pytest.mark.parametrize(("ordered", "sold", "days", "expected"), IDLE)
def test_who_did_not_order_or_sell(
    db: Connection, codes: Callable[[], str], ordered: int | None, sold: int | None, days: int, expected: bool
) -> None:
    world = open_world(db, codes)
    hub = hubs.get(db, world.hub.owner)
    if ordered is not None:
        then = NOON - timedelta(days=ordered)
        orders.place(db, world.rahima, world.basket("1 soap"), world.origin(at=then, on=SOLD - timedelta(days=ordered)))
    if sold is not None:
        world.stock(db, world.rahima.shop, (world.soap, 5, 240_00))
        sell(db, world, 1, 58, SOLD - timedelta(days=sold))
    last = min((each for each in (ordered, sold) if each is not None), default=None)
    rahima = Idle(world.rahima.id, "1001", world.rahima.names, None if last is None else SOLD - timedelta(days=last))
    salma = Idle(world.salma.id, "1002", world.salma.names, None)
    assert activity.idle(db, hub, SOLD, days) == [rahima, salma] if expected else [salma]
    assert activity.idle(db, hub, SOLD, days, after=world.rahima.id) == [salma]
    assert activity.idle(db, hub, SOLD, days, most=1) == [rahima if expected else salma]
    assert activity.idle(db, replace(hub, id=10**9), SOLD, days) == []
    assert findings(db) == []


def test_a_day_begins_at_midnight_in_the_programme(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    hub = hubs.get(db, world.hub.owner)
    orders.place(db, world.rahima, world.basket("1 soap"), world.origin(at=at("2026-11-21", 0, 0)))
    assert [each.code for each in activity.idle(db, hub, SOLD, 2)] == ["1002"]
    assert [each.last for each in activity.idle(db, hub, SOLD, 1)] == [date(2026, 11, 21), None]
