"""A leader's month: the clock walked through 31 days in Dhaka and in Kolkata; what is sent, and nothing else.

The transcripts are in `tests/transcripts`; `SOMITI_WRITE=1` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from fractions import Fraction
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from conftest import BOTH
from ledger_world import findings
from sqlalchemy import Connection
from sqlalchemy import select

from gateway import jobs
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.transaction import transaction
from ledger import accounts
from ledger import collection
from ledger import decisions
from ledger import groups
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import programmes
from ledger import savings
from ledger.books import Origin
from ledger.groups import Rules
from ledger.members import Member
from ledger.members import Registration
from ledger.money import Money
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.tables import Names

FIRST = date(2026, 12, 1)
"""A Tuesday; the month has 31 days."""

DOWN = 14
"""No clock runs on this day, the one before a meeting and an instalment."""

CASH = 1010
HOURS = (0, 6, 7, 8, 9, 12, 15, 16, 20, 21, 23)

PEOPLE = (
    # name, role, her own phone or the one that she shares, SMS
    ("রহিমা", "Rahima", "leader", 1),
    ("বীণা", "Bina", "leader", 2),
    ("চম্পা", "Champa", "leader", 3),
    ("সালমা", "Salma", "member", 3),
    ("আয়েশা", "Ayesha", "member", 4),
    ("জুঁই", "Jui", "leader", 0),
)
"""Champa and Salma share a phone; Jui leads too and has none."""


@dataclass
class Place:
    """A group in one programme: Shapla in Dhaka meets on Tuesdays at ten, Podmo in Kolkata at half past three."""

    runtime: Runtime
    codes: Callable[[], str]
    timezone: str
    group: int
    women: Mapping[str, Member]
    step: int = 0

    def by(self, who: str, at: datetime) -> Origin:
        self.step += 1
        actor = f"member:{self.women[who].id}"
        day = programmes.day(at, self.timezone)
        return Origin(f"{self.timezone}-{self.step}", actor, "ussd", at, day, self.codes)

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        on = datetime.combine(FIRST + timedelta(days=day - 1), time(hour, minute), ZoneInfo(self.timezone))
        return on.astimezone(UTC)

    def money(self, whole: int) -> Money:
        return Money(whole * 100, next(iter(self.women.values())).currency)


def open_place(runtime: Runtime, codes: Callable[[], str], language: str, timezone: str, currency: str) -> Place:
    """Members with savings and two loans of four months: Salma's falls due on the 15th, Ayesha's on the 22nd."""
    name, at = {"Asia/Dhaka": (Names("শাপলা", "Shapla"), "10:00"), "Asia/Kolkata": (Names("পদ্ম", "Podmo"), "15:30")}[
        timezone
    ]
    prefix = {"Asia/Dhaka": 1, "Asia/Kolkata": 2}[timezone]
    rules = Rules(saving=50_00, social=5_00, absent_fine=10_00, weekday=1, at=at)
    with transaction(runtime, tell=False, patience=60) as db:
        programme = programmes.start(db, timezone, timezone=timezone, currency=currency)
        group = groups.start(db, programme, name, name, "Jashore", rules)
        digits = "bn" if language == "bn" else "latin"
        who = [
            Registration(
                f"{prefix}00{place}", Names(bangla, latin), "1:x", group.id, role=role, language=language,
                digits=digits, numbers=[f"+88017{prefix}000000{phone}"] if phone else [],
            )
            for place, (bangla, latin, role, phone) in enumerate(PEOPLE, 1)
        ]  # fmt: skip
        ids = members.register(db, programme.id, who)
        women = {latin: members.get(db, each) for (_, latin, _, _), each in zip(PEOPLE, ids, strict=True)}
        place = Place(runtime, codes, timezone, group.id, women)
        begun = place.at(-20, 10)
        for each in women.values():
            savings.deposit(db, each, place.money(1_000), place.by("Bina", begun), "voluntary")
        for each, lent in (("Salma", 15), ("Ayesha", 22)):
            on = date(2026, 11, lent)
            terms = Terms(1_200_00, Fraction(2, 100), 4, Every(1, "month"), "declining-equal-instalment", on, unit=100)
            loans.disburse(db, women[each], terms, place.by("Bina", datetime(2026, 11, lent, 6, tzinfo=UTC)))
    return place


def meet(db: Connection, place: Place, now: datetime, brings: Mapping[str, int]) -> None:
    """A meeting at which each brings so much; who is not named is absent."""
    group = groups.get(db, place.group)
    rahima = place.women["Rahima"]
    meeting = meetings.open_next(db, group, rahima, place.by("Rahima", now))
    for name, amount in brings.items():
        collection.collect(db, meeting, place.women[name], place.money(amount), place.by("Rahima", now))
    counted = accounts.balance(db, rahima.group_book, CASH, 0)
    collection.close(db, meeting, rahima, counted, place.by("Rahima", now))


def ask(db: Connection, place: Place, now: datetime) -> None:
    """Ayesha wants some of her savings."""
    decisions.ask_withdrawal(db, place.women["Ayesha"], place.money(300), place.by("Ayesha", now))


def say_yes(db: Connection, place: Place, now: datetime, who: str) -> None:
    (waiting,) = decisions.waiting(db, place.women[who], now)
    decisions.decide(db, place.women[who], waiting.approval.id, True, place.by(who, now))


def lose(db: Connection, place: Place, now: datetime) -> None:
    """The last SMS to Ayesha did not arrive."""
    ayesha = place.women["Ayesha"].id
    last = db.execute(
        select(message_table.c.id).where(message_table.c.member == ayesha).order_by(message_table.c.id.desc()).limit(1)
    ).scalar_one()
    db.execute(message_table.update().where(message_table.c.id == last).values(state="failed", changed_at=now))


def move(db: Connection, place: Place, now: datetime) -> None:
    """From now on they meet on Saturdays."""
    group = groups.get(db, place.group)
    currency = place.women["Rahima"].currency
    groups.set_rules(db, group, replace(group.rules, weekday=5), currency, place.by("Rahima", now))


ALL = dict.fromkeys(("Rahima", "Bina", "Champa", "Salma", "Ayesha", "Jui"), 55)

# Day and hour, and what happens then.
HAPPENS = [
    (1, 16, lambda db, place, now: meet(db, place, now, ALL)),
    (3, 12, ask),
    (5, 16, lambda db, place, now: say_yes(db, place, now, "Bina")),
    (7, 12, lambda db, place, now: say_yes(db, place, now, "Rahima")),
    (8, 16, lambda db, place, now: meet(db, place, now, {name: 55 for name in ALL if name != "Champa"})),
    (11, 11, lose),
    (15, 16, lambda db, place, now: meet(db, place, now, ALL | {"Salma": 370, "Champa": 65})),
    (22, 16, lambda db, place, now: meet(db, place, now, ALL)),
    (24, 12, move),
]


def ticks(places: list[Place]) -> Iterator[tuple[datetime, None, None]]:
    """When the clock comes by, at several hours of every day in each programme, but for the day on which it is down."""
    for day in range(1, 32):
        for hour, minute in product(HOURS, (0, 30)) if day != DOWN else ():
            for now in {place.at(day, hour, minute) for place in places}:
                yield now, None, None


def transcript(runtime: Runtime) -> str:
    """A line for each message, by day: when it goes and when it is of no use, where, to whom, in which words."""
    lines, day = [], None
    with runtime.database.reading(60) as db:
        rows = db.execute(
            select(message_table, members.member_table.c.name_latn)
            .join(members.member_table, members.member_table.c.id == message_table.c.member)
            .order_by(message_table.c.due_at, message_table.c.programme, message_table.c.member, message_table.c.id)
        ).all()
    for row in rows:
        goes, until = (each.astimezone(ZoneInfo(row.timezone)) for each in (row.due_at, row.expires_at))
        if goes.date() != day:
            day = goes.date()
            lines += ["", f"{day:%A %d %B}"]
        where = row.timezone.removeprefix("Asia/")
        lines.append(f"  {goes:%H:%M} until {until:%d %H:%M}  {where:<8}{row.name_latn:<7} {row.text}")
    return "\n".join(lines[1:]) + "\n"


@BOTH
@pytest.mark.parametrize("language", ["bn", "en"])
def test_a_month(database: Database, codes: Callable[[], str], tmp_path: Path, language: str) -> None:
    runtime = Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})
    places = [
        open_place(runtime, codes, language, timezone, currency)
        for timezone, currency in (("Asia/Dhaka", "BDT"), ("Asia/Kolkata", "INR"))
    ]
    happens = [(place.at(day, hour, 10), place, act) for day, hour, act in HAPPENS for place in places]
    for now, place, act in sorted([*happens, *ticks(places)], key=lambda each: each[0]):
        with time_machine.travel(now, tick=False):
            if place is None:
                jobs.JOBS["remind"](runtime)
                continue
            with transaction(runtime, now=now, patience=60) as db:
                act(db, place, now)
    text = transcript(runtime)
    kept = Path(__file__).parent / "transcripts" / f"month.{language}.txt"
    if os.environ.get("SOMITI_WRITE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
    with runtime.database.reading(60) as db:
        assert findings(db) == []
