"""Figures about groups and programmes against sums made by hand: at risk, recovery, on time, meetings, savings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from conftest import BOTH
from ledger_world import World
from ledger_world import findings
from ledger_world import open_world
from ledger_world import taka
from sqlalchemy import Connection

from ledger import fines
from ledger import groups
from ledger import indicators
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import programmes
from ledger import repayments
from ledger import reversals
from ledger import savings
from ledger import statements
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.indicators import Figure
from ledger.loans import Loan
from ledger.members import Member
from ledger.members import Registration
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.tables import Names

START = date(2026, 1, 10)
FLAT = Terms(1_200_00, Fraction(2, 100), 4, Every(1, "month"), "flat", START, per="month")
"""Four instalments of 300 and 24 interest on the 10th of February, March, April and May."""
LENDER = Book("lender", 1, "BDT")


def on(day: str) -> date:
    return date.fromisoformat(f"2026-{day}")


def at(world: World, day: str, actor: str = "officer") -> Origin:
    return replace(world.origin(on=on(day)), actor=actor)


def shown(figure: Figure) -> str:
    """Sums in taka."""
    return f"{figure.part / 100:g}/{figure.whole / 100:g}"


class Story:
    """Loans of the members; a step is a day, who and what: `02-10 ayesha pay 324`."""

    def __init__(self, db: Connection, codes: Callable[[], str], *borrowers: str, terms: Terms = FLAT) -> None:
        self.db, self.world = db, open_world(db, codes)
        savings.deposit(db, self.world.rahima, taka(9_000), at(self.world, "01-01"))
        self.loans: dict[str, Loan] = {who: self.lend(who, terms) for who in borrowers}
        self.entries: dict[str, Entry] = {}
        self.group = statements.of_book(self.world.ayesha.group_book)
        self.programme = statements.of_programme(self.world.programme.id)

    def who(self, name: str) -> Member:
        return getattr(self.world, name)  # type: ignore[no-any-return]

    def lend(self, name: str, terms: Terms) -> Loan:
        where = self.world.origin(on=terms.disbursed)
        return loans.disburse(self.db, self.who(name), terms, replace(where, actor="officer"))

    def do(self, steps: str) -> None:
        for step in filter(None, map(str.strip, steps.splitlines())):
            day, name, verb, *values = step.split()
            self.entries[f"{name} {verb}"] = getattr(self, verb)(name, *values, day)

    def pay(self, name: str, amount: str, day: str) -> Entry:
        args = (self.db, self.who(name), self.loans[name].id, taka(float(amount)), at(self.world, day))
        return repayments.repay(*args)

    def close(self, name: str, day: str) -> Entry:
        return repayments.close_early(self.db, self.who(name), self.loans[name].id, at(self.world, day))

    def write_off(self, name: str, day: str) -> Entry:
        return repayments.write_off(self.db, self.who(name), self.loans[name].id, "flood", at(self.world, day))

    def waive(self, name: str, interest: str, day: str) -> Entry:
        given = {"interest": taka(float(interest))}
        args = (self.db, self.who(name), self.loans[name].id, "flood", at(self.world, day))
        return repayments.waive(*args, **given)

    def fine(self, name: str, amount: str, day: str) -> Entry:
        """On the first instalment."""
        args = (self.db, self.who(name), taka(float(amount)), "late", at(self.world, day))
        return fines.charge(*args, loan=self.loans[name].id, instalment=1)

    def undo(self, name: str, verb: str, day: str) -> Entry:
        entry = self.entries[f"{name} {verb}"]
        return reversals.reverse(self.db, entry.book, entry.number, "wrong", at(self.world, day, "other"))[0]

    def at_risk(self, day: str, scope: Any = None) -> str:
        """Owed: what of it is on loans more than 1, 30, 60, 90 days late."""
        figures = indicators.at_risk(self.db, scope or self.group, on(day))
        (owed,) = {each.whole for each in figures.values()}
        return f"{owed / 100:g}: " + " ".join(f"{figures[days].part / 100:g}" for days in (1, 30, 60, 90))


AT_RISK = {
    "she stops after the first instalment, her friend pays": (
        """
        02-10 ayesha pay 324
        02-10 salma pay 324
        03-10 salma pay 324
        04-10 salma pay 324
        05-10 salma pay 324
        """,
        {
            "01-09": "0: 0 0 0 0",
            "01-10": "2400: 0 0 0 0",
            "02-10": "1800: 0 0 0 0",
            "03-10": "1500: 0 0 0 0",
            "03-11": "1500: 0 0 0 0",
            "03-12": "1500: 900 0 0 0",
            "04-09": "1500: 900 0 0 0",
            "04-10": "1200: 900 900 0 0",
            "05-09": "1200: 900 900 0 0",
            "05-10": "900: 900 900 900 0",
            "06-08": "900: 900 900 900 0",
            "06-09": "900: 900 900 900 900",
        },
    ),
    "written off, that undone, and a payment found in a drawer": (
        """
        02-10 ayesha pay 324
        02-10 salma pay 1296
        06-15 ayesha write_off
        06-20 ayesha undo write_off
        03-10 ayesha pay 324
        """,
        {
            "02-10": "900: 0 0 0 0",
            "03-12": "600: 0 0 0 0",
            "04-11": "600: 0 0 0 0",
            "04-12": "600: 600 0 0 0",
            "06-14": "600: 600 600 600 0",
            "06-15": "0: 0 0 0 0",
            "06-20": "600: 600 600 600 0",
            "07-09": "600: 600 600 600 0",
            "07-10": "600: 600 600 600 600",
        },
    ),
    "a part is late, so the whole loan is at risk; a fine alone is not": (
        """
        02-10 ayesha pay 10
        02-20 ayesha pay 304
        03-10 ayesha pay 334
        03-15 ayesha fine 20
        04-20 ayesha pay 314
        """,
        {
            "02-11": "1200: 0 0 0 0",
            "02-12": "1200: 1200 0 0 0",
            "02-20": "910: 910 0 0 0",
            "03-10": "600: 0 0 0 0",
            "03-20": "600: 0 0 0 0",
            "04-12": "600: 600 0 0 0",
            "04-20": "330: 330 0 0 0",
        },
    ),
    "closed early, undone, closed again": (
        """
        02-10 ayesha pay 324
        02-20 ayesha close
        04-20 ayesha undo close
        06-01 ayesha close
        """,
        {
            "02-19": "900: 0 0 0 0",
            "02-20": "0: 0 0 0 0",
            "04-19": "0: 0 0 0 0",
            "04-20": "900: 900 900 0 0",
            "06-01": "0: 0 0 0 0",
        },
    ),
}


@BOTH
@pytest.mark.parametrize("told", AT_RISK, ids=AT_RISK)
def test_portfolio_at_risk_on_any_day(db: Connection, codes: Callable[[], str], told: str) -> None:
    steps, days = AT_RISK[told]
    story = Story(db, codes, *dict.fromkeys(step.split()[1] for step in steps.split("\n") if step.strip()))
    story.do(steps)
    assert {day: story.at_risk(day) for day in days} == days
    assert {day: story.at_risk(day, story.programme) for day in days} == days
    assert findings(db) == []


@BOTH
def test_an_instalment_of_interest_alone_can_be_late(db: Connection, codes: Callable[[], str]) -> None:
    """The first one pays no principal: it is grace."""
    story = Story(db, codes, "ayesha", terms=replace(FLAT, grace=1))
    assert (story.at_risk("02-11"), story.at_risk("02-12")) == ("1200: 0 0 0 0", "1200: 1200 0 0 0")
    story.do("02-20 ayesha pay 24")
    assert story.at_risk("02-20") == "1200: 0 0 0 0"


@BOTH
def test_nothing_lent_is_no_portfolio(db: Connection, codes: Callable[[], str]) -> None:
    story = Story(db, codes)
    assert story.at_risk("06-01") == "0: 0 0 0 0"
    assert indicators.at_risk(db, story.group, on("06-01"))[30].share is None


VILLAGE = Terms(500_00, Fraction(2, 100), 2, Every(1, "month"), PASSBOOK, date(2026, 1, 5), per="month")

# What she does; then for some days: paid/due, and how many of how many instalments in time.
FALLEN_DUE = {
    "on the day, a day early, a day late": (
        FLAT,
        """
        02-10 ayesha pay 324
        03-09 ayesha pay 324
        04-10 ayesha pay 324
        05-11 ayesha pay 324
        """,
        {
            "01-01 02-09": "0/0 0/0",
            "02-10 02-10": "324/324 1/1",
            "02-01 02-28": "324/324 1/1",
            "03-01 03-31": "324/324 1/1",
            "05-01 05-10": "0/324 0/1",
            "05-01 05-31": "324/324 0/1",
            "01-01 12-31": "1296/1296 3/4",
        },
    ),
    "in part and late": (
        FLAT,
        """
        02-10 ayesha pay 324
        03-15 ayesha pay 100
        """,
        {
            "03-01 03-14": "0/324 0/1",
            "03-01 03-31": "100/324 0/1",
            "04-01 04-30": "0/324 0/1",
            "02-01 04-30": "424/972 1/3",
        },
    ),
    "in advance: it counts when it falls due": (
        FLAT,
        "02-10 ayesha pay 700",
        {
            "02-01 02-28": "324/324 1/1",
            "03-01 03-31": "324/324 1/1",
            "04-01 04-30": "52/324 0/1",
            "02-01 04-30": "700/972 2/3",
        },
    ),
    "closed early: the interest that is forgiven never fell due": (
        FLAT,
        """
        02-10 ayesha pay 324
        03-01 ayesha close
        """,
        {"03-01 03-31": "324/324 1/1", "04-01 04-30": "300/300 1/1", "02-01 05-31": "1248/1248 4/4"},
    ),
    "closed late": (
        FLAT,
        "04-20 ayesha close",
        {"02-01 04-19": "0/972 0/3", "02-01 04-30": "972/972 0/3", "05-01 05-31": "324/324 1/1"},
    ),
    "given up: what was due by then stays due": (
        FLAT,
        "04-01 ayesha write_off",
        {"03-01 03-31": "0/324 0/1", "04-01 04-30": "0/0 0/0", "01-01 12-31": "0/648 0/2"},
    ),
    "given up on the very day": (
        FLAT,
        "04-10 ayesha write_off",
        {"04-01 04-30": "0/324 0/1", "05-01 05-31": "0/0 0/0"},
    ),
    "given up, and that undone": (
        FLAT,
        """
        04-01 ayesha write_off
        05-20 ayesha undo write_off
        """,
        {"04-01 04-30": "0/0 0/0", "04-01 05-19": "0/0 0/0", "04-01 05-31": "0/648 0/2"},
    ),
    "interest forgiven after its day and before it": (
        FLAT,
        """
        02-10 ayesha pay 324
        03-20 ayesha waive 48
        03-25 ayesha pay 300
        """,
        {"03-01 03-31": "300/324 0/1", "04-01 04-30": "0/300 0/1", "05-01 05-31": "0/324 0/1"},
    ),
    "a payment undone soon": (
        FLAT,
        """
        02-10 ayesha pay 324
        02-15 ayesha undo pay
        """,
        {"02-01 02-14": "324/324 1/1", "02-01 02-28": "0/324 0/1"},
    ),
    "a payment undone later": (
        FLAT,
        """
        02-10 ayesha pay 324
        03-05 ayesha undo pay
        """,
        {"02-01 02-28": "324/324 1/1", "02-01 03-31": "0/648 0/2"},
    ),
    "a payment corrected for its own day": (
        FLAT,
        """
        02-10 ayesha pay 300
        02-15 ayesha undo pay
        02-10 ayesha pay 324
        """,
        {"02-01 02-28": "324/324 1/1"},
    ),
    "by the passbook rule": (
        VILLAGE,
        """
        02-05 ayesha pay 110
        03-05 ayesha pay 408
        """,
        {"02-01 02-28": "0/0 0/0", "03-01 03-31": "518/518 1/1"},
    ),
}


@BOTH
@pytest.mark.parametrize("told", FALLEN_DUE, ids=FALLEN_DUE)
def test_recovery_and_repayment_in_time(db: Connection, codes: Callable[[], str], told: str) -> None:
    terms, steps, periods = FALLEN_DUE[told]
    story = Story(db, codes, "ayesha", terms=terms)
    story.do(steps)
    for scope in (story.group, story.programme):
        found = {}
        for period in periods:
            first, last = map(on, period.split())
            in_time = indicators.on_time(db, scope, first, last)
            recovered = indicators.recovery(db, scope, first, last)
            found[period] = f"{shown(recovered)} {in_time.part}/{in_time.whole}"
        assert found == periods
    assert findings(db) == []


@BOTH
def test_a_lender_counts_for_the_programme_and_not_for_the_group(db: Connection, codes: Callable[[], str]) -> None:
    story = Story(db, codes, "ayesha")
    world = story.world
    savings.deposit(db, world.salma, taka(5_000), at(world, "01-01"), book=LENDER, money="bank")
    loans.disburse(db, world.salma, replace(FLAT, principal=400_00), at(world, "01-10"), book=LENDER, money="bank")
    story.do("02-10 ayesha pay 324")
    days = on("02-01"), on("02-28")
    for scope, recovered, in_time, at_risk in (
        (story.group, "324/324", Figure(1, 1), "900: 0 0 0 0"),
        (statements.of_book(LENDER), "0/108", Figure(0, 1), "400: 400 0 0 0"),
        (story.programme, "324/432", Figure(1, 2), "1300: 400 0 0 0"),
        (statements.of_programme(world.programme.id + 1), "0/0", Figure(0, 0), "0: 0 0 0 0"),
    ):
        assert shown(indicators.recovery(db, scope, *days)) == recovered
        assert indicators.on_time(db, scope, *days) == in_time
        assert story.at_risk("02-28", scope) == at_risk
    assert indicators.recovery(db, story.programme, *days).share == Fraction(3, 4)
    assert indicators.recovery(db, story.programme, on("07-01"), on("07-31")).share is None


MEETINGS = {
    "01-10": {"rahima": "present", "salma": "present"},
    "01-17": {"rahima": "present", "salma": "late", "ayesha": "present"},
    "01-24": {"rahima": "present", "salma": "absent"},
}
DEPOSITS = """
01-09 salma 50 compulsory
01-10 rahima 50 compulsory
01-12 salma 50 compulsory
01-17 rahima 10 voluntary
01-17 ayesha 20 compulsory
01-17 ayesha 30 compulsory
01-20 ayesha 100 share
01-24 rahima 50 compulsory
01-24 salma 50 compulsory
"""


def meet(db: Connection, world: World) -> Entry:
    """Hold the meetings and open a fourth; take the deposits: the last of them."""
    for day, came in MEETINGS.items():
        held = meetings.open_next(db, world.group, world.rahima, at(world, day))
        for name, how in came.items():
            meetings.mark(db, held, getattr(world, name), how)
        meetings.end(db, held, at(world, day))
    held = meetings.open_next(db, world.group, world.rahima, at(world, "01-31"))
    meetings.mark(db, held, world.rahima, "present")
    for day, name, amount, kind in map(str.split, DEPOSITS.strip().splitlines()):
        entry = savings.deposit(db, getattr(world, name), taka(float(amount)), at(world, day), kind)
    return entry


def met(db: Connection, scope: Any, first: str, last: str) -> str:
    """Meetings held/groups, came/expected, saved/expected."""
    named = {each.name: each.of for each in indicators.INDICATORS}
    figures = [
        named[name](db, scope, on(first), on(last)) for name in ("meetings held", "attendance", "savings regularity")
    ]
    return ", ".join(f"{each.part}/{each.whole}" for each in figures)


@BOTH
def test_meetings_attendance_and_savings(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    wrong = meet(db, world)
    group = statements.of_book(world.ayesha.group_book)
    for first, last, figures in (
        ("01-01", "01-31", "3/1, 6/9, 7/9"),
        ("01-10", "01-10", "1/1, 2/3, 1/3"),
        ("01-11", "01-23", "1/1, 3/3, 3/3"),
        ("01-11", "01-24", "2/1, 4/6, 6/6"),
        ("02-01", "02-28", "0/1, 0/0, 0/0"),
    ):
        assert met(db, group, first, last) == figures, (first, last)
    reversals.reverse(db, wrong.book, wrong.number, "another's", at(world, "01-25", "other"))
    assert met(db, group, "01-01", "01-31") == "3/1, 6/9, 6/9"
    assert met(db, group, "01-11", "01-24") == "2/1, 4/6, 6/6"
    savings.deposit(db, world.ayesha, taka(5), at(world, "01-10"))
    assert met(db, group, "01-10", "01-10") == "1/1, 2/3, 2/3"
    assert findings(db) == []


@BOTH
def test_meetings_of_a_programme(db: Connection, codes: Callable[[], str]) -> None:
    """Two groups add up; a group of another programme is not there."""
    world = open_world(db, codes)
    meet(db, world)
    abroad = programmes.start(db, "Kudumbam")
    for programme, code in ((world.programme, "2001"), (abroad, "9001")):
        joba = groups.start(db, programme, Names("জবা", "Joba"), Names("জবা", "Joba"), "Jashore")
        listed = [Registration(code, Names("মিনা", "Mina"), "no PIN", joba.id)]
        mina = members.get(db, members.register(db, programme.id, listed)[0])
        held = meetings.open_next(db, joba, mina, at(world, "01-12"))
        meetings.mark(db, held, mina, "late")
        meetings.end(db, held, at(world, "01-12"))
    for programme, figures in ((world.programme.id, "4/2, 7/10, 7/10"), (abroad.id, "1/1, 1/1, 0/1")):
        assert met(db, statements.of_programme(programme), "01-01", "01-31") == figures
    assert findings(db) == []


@BOTH
def test_every_indicator_has_its_meaning_and_works_on_nothing(db: Connection) -> None:
    names = [each.name for each in indicators.INDICATORS]
    assert names == [
        "meetings held",
        "attendance",
        "savings regularity",
        "on-time repayment",
        "recovery",
        "at risk, 1 day",
        "at risk, 30 days",
        "at risk, 60 days",
        "at risk, 90 days",
    ]
    for each in indicators.INDICATORS:
        assert each.meaning.endswith(".")
        for scope in (statements.of_book(Book("group", 1, "BDT")), statements.of_programme(1)):
            figure = each.of(db, scope, on("01-01"), on("12-31"))
            assert (figure, figure.share) == (Figure(0, 0), None)


@BOTH
def test_the_table_gives_what_the_readers_give(db: Connection, codes: Callable[[], str]) -> None:
    story = Story(db, codes, "ayesha")
    story.do("02-10 ayesha pay 324")
    named = {each.name: each.of(db, story.group, on("02-01"), on("03-31")) for each in indicators.INDICATORS}
    assert shown(named["recovery"]) == "324/648"
    assert named["on-time repayment"] == Figure(1, 2)
    late = [shown(named[f"at risk, {days}"]) for days in ("1 day", "30 days", "60 days", "90 days")]
    assert late == ["900/900", "0/900", "0/900", "0/900"]
