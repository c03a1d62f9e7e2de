"""Reminders of a group by the clock: loans, meetings, what is overdue, what waits, what did not arrive; each once."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from conftest import BOTH
from ledger_world import findings
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import event
from sqlalchemy import select
from village import Village
from village import open_village

from gateway import outbox
from gateway import rounds
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.outbox import Draft
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.sms import reminders
from gateway.sms import timetable
from gateway.sms.groups_told import LINES
from gateway.sms.timetable import TIMETABLE
from gateway.sms.unreached import PURPOSE
from gateway.transaction import transaction
from ledger import approvals
from ledger import collection
from ledger import facts
from ledger import fines
from ledger import groups
from ledger import groups_due
from ledger import journal
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import repayments
from ledger.approvals import Wanted
from ledger.books import Book
from ledger.chart import LENDER
from ledger.groups import Group
from ledger.groups import Rules
from ledger.loans import Loan
from ledger.members import Member
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.tables import Names
from ledger.templates import draft
from ledger.voices import voice_table

DHAKA = ZoneInfo("Asia/Dhaka")
LENT = date(2026, 11, 22)
"""A Sunday."""
MEETS = {"weekday": 1, "at": "10:00", "saving": 50_00, "social": 5_00}
"""On Tuesdays."""


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    return Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})


@pytest.fixture
def village(runtime: Runtime, codes: Callable[[], str]) -> Iterator[Village]:
    """All speak English; Rahima and Salma share a phone, the others have one each. In the end the books are sound."""
    with transaction(runtime, tell=False, patience=60) as db:
        village = open_village(db, codes)
        db.execute(members.member_table.update().values(language="en", digits="latin"))
        village.rules(db, **MEETS)
        facts.collect(db)
    yield village
    with runtime.database.reading(60) as db:
        assert findings(db) == []


def at(day: str, hour: int = 9, minute: int = 0) -> datetime:
    """A moment in Dhaka."""
    on = date.fromisoformat(day)
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=DHAKA).astimezone(UTC)


def told(runtime: Runtime) -> list[str]:
    """`bina Shapla meets today, 10 am.`: everything queued so far; the shared phone is Rahima's."""
    with runtime.database.reading(60) as db:
        rows = db.execute(
            select(members.member_table.c.name_latn, message_table.c.text)
            .join(members.member_table, members.member_table.c.id == message_table.c.member)
            .order_by(message_table.c.id)
        )
        return [f"{row.name_latn}: {row.text}" for row in rows]


def said(runtime: Runtime, *when: datetime) -> list[str]:
    """What is queued by the clock at some moments."""
    before = len(told(runtime))
    for now in when:
        reminders.remind(runtime, now)
    return told(runtime)[before:]


def act(runtime: Runtime, do: Callable[[Connection], object]) -> None:
    with transaction(runtime, tell=False, patience=60) as db:
        do(db)


def lend(db: Connection, village: Village, who: Member, taka_: int = 1_200, **of: object) -> Loan:
    """Four months at 2 % a month from a Sunday on: Tk 312 or so on 22 December, 22 January …"""
    terms = Terms(taka_ * 100, Fraction(2, 100), 4, Every(1, "month"), "declining-equal-instalment", LENT, unit=100)
    return loans.disburse(db, who, replace(terms, **of), village.by("officer:Mina", on=LENT))  # type: ignore[arg-type]


SOON = "Ayesha: Ayesha, a loan instalment of Tk 315 is due on 22 Dec."
TODAY = "Ayesha: Ayesha, today, 22 Dec, a loan instalment of Tk 315 is due."


def meets(text: str) -> list[str]:
    return [f"Rahima: Your group meets {text}.", *(f"{who}: Shapla meets {text}." for who in ("Bina", "Champa"))]


def sums(text: str, due: str) -> list[str]:
    return [meets(text)[0], *(f"{line} {due}." for line in meets(text)[1:])]


LATE = [
    "Rahima: Some instalments are overdue. Dial and look.",
    "Bina: Shapla: Tk 315 is overdue from 1. Dial and look.",
    "Champa: Shapla: Tk 315 is overdue from 1. Dial and look.",
]

# The day, and what is told on it: Ayesha owes an instalment on Tuesday 22 December, and there are five members.
PLAN = [
    ("2026-12-13", []),
    ("2026-12-14", sums("tomorrow, 10 am", "Tk 275 is due from 5")),
    ("2026-12-15", sums("today, 10 am", "Tk 275 is due from 5")),
    ("2026-12-16", []),
    ("2026-12-19", [SOON]),
    ("2026-12-20", []),
    ("2026-12-21", [SOON, *sums("tomorrow, 10 am", "Tk 590 is due from 5")]),
    ("2026-12-22", [TODAY, *sums("today, 10 am", "Tk 590 is due from 5")]),
    ("2026-12-23", LATE),
    ("2026-12-24", []),
    ("2026-12-28", sums("tomorrow, 10 am", "Tk 590 is due from 5")),
    ("2026-12-30", LATE),
]


@BOTH
def test_a_group_is_reminded_on_its_days(runtime: Runtime, village: Village) -> None:
    act(runtime, lambda db: lend(db, village, village.ayesha))
    for day, wanted in PLAN:
        assert said(runtime, at(day, 8), at(day, 8, 30), at(day, 20)) == wanted, day


@BOTH
def test_what_is_over_is_not_told(runtime: Runtime, village: Village) -> None:
    """She repays after the first reminder; who owes nothing falls out of every sum."""

    def repay(db: Connection) -> None:
        (loan,) = loans.running(db, village.ayesha)
        repayments.close_early(db, village.ayesha, loan.id, village.by("officer:Mina", on=date(2026, 12, 20)))

    act(runtime, lambda db: lend(db, village, village.ayesha))
    assert said(runtime, at("2026-12-19")) == [SOON]
    act(runtime, repay)
    assert said(runtime, at("2026-12-21")) == sums("tomorrow, 10 am", "Tk 275 is due from 5")
    assert said(runtime, at("2026-12-22"), at("2026-12-23")) == sums("today, 10 am", "Tk 275 is due from 5")


def test_a_day_of_downtime_is_not_made_up_for(runtime: Runtime, village: Village) -> None:
    """T-3 and the day before were missed: the day itself is told as always, and the clock comes at noon."""
    act(runtime, lambda db: lend(db, village, village.ayesha))
    assert said(runtime, at("2026-12-18")) == []
    assert said(runtime, at("2026-12-22", 12)) == [TODAY], "the meeting is over"
    assert said(runtime, at("2026-12-22", 12), at("2026-12-24")) == []


def test_nobody_is_woken_and_a_meeting_at_dawn_is_told_the_day_before(runtime: Runtime, village: Village) -> None:
    act(runtime, lambda db: village.rules(db, at="07:30"))
    assert said(runtime, at("2026-12-13", 21), at("2026-12-14", 0), at("2026-12-14", 7, 59)) == []
    assert said(runtime, at("2026-12-14", 8)) == sums("tomorrow, 7:30 am", "Tk 275 is due from 5")
    assert said(runtime, at("2026-12-15", 8)) == []


def test_a_reminder_of_a_meeting_is_of_no_use_once_it_begins(runtime: Runtime, village: Village) -> None:
    said(runtime, at("2026-12-14"), at("2026-12-15", 8))
    with runtime.database.reading(60) as db:
        rows = db.execute(select(message_table.c.expires_at).order_by(message_table.c.id)).scalars().all()
    assert rows == [at("2026-12-14", 21)] * 3 + [at("2026-12-15", 10)] * 3


@BOTH
def test_a_group_that_moves_its_meeting(runtime: Runtime, village: Village) -> None:
    assert said(runtime, at("2026-12-14")) == sums("tomorrow, 10 am", "Tk 275 is due from 5")
    act(runtime, lambda db: village.rules(db, weekday=3, at="15:30"))
    assert said(runtime, at("2026-12-15")) == []
    assert said(runtime, at("2026-12-16")) == sums("tomorrow, 3:30 pm", "Tk 275 is due from 5")
    # It meets a day early; the next one is a week later.
    act(runtime, lambda db: meet(db, village, date(2026, 12, 16)))
    assert said(runtime, at("2026-12-17")) == sums("today, 3:30 pm", "Tk 275 is due from 5")


def meet(db: Connection, village: Village, day: date) -> None:
    origin = village.by(village.bina, on=day)
    group = groups.get(db, village.book.owner)
    meeting = meetings.open_next(db, group, village.bina, origin)
    collection.close(db, meeting, village.bina, taka(0), village.by(village.bina, on=day))


def test_who_met_today_already_is_not_told_of_it(runtime: Runtime, village: Village) -> None:
    act(runtime, lambda db: village.rules(db, saving=0, social=0))
    act(runtime, lambda db: meet(db, village, date(2026, 12, 15)))
    assert said(runtime, at("2026-12-15")) == []
    assert said(runtime, at("2026-12-21")) == meets("tomorrow, 10 am"), "nothing is due"


@pytest.mark.parametrize(
    ("wanted", "days"),
    [
        ((), {}),
        (("loan-2",), {"2026-12-20": [SOON]}),
        (("meeting-4", "overdue-2"), {"2026-12-18": 3, "2026-12-24": LATE}),
        (("overdue-1",), {"2026-12-23": LATE}),
        (("approvals", "undelivered"), {}),
    ],
)
def test_a_group_chooses_its_reminders(runtime: Runtime, village: Village, wanted: tuple[str, ...], days) -> None:
    act(runtime, lambda db: lend(db, village, village.ayesha))
    act(runtime, lambda db: village.rules(db, reminders=wanted))
    for day in range(18, 25):
        found = said(runtime, at(f"2026-12-{day}"))
        expected = days.get(f"2026-12-{day}", [])
        assert (len(found) if isinstance(expected, int) else found) == expected, day


def test_rules_from_before_are_read_and_wrong_ones_refused(runtime: Runtime, village: Village) -> None:
    old = '{"absent_fine": 1000, "saving": 5000}'
    act(runtime, lambda db: db.execute(groups.group_table.update().values(rules=old)))
    with runtime.database.reading(60) as db:
        rules = groups.rules(db, village.book.owner)
    assert (rules.saving, rules.reminders) == (50_00, groups.USUAL)
    for wrong in ("loan", "loan-8", "overdue-0", "approvals-1", "rain-1"):
        with pytest.raises(ValueError, match="no such reminders"):
            act(runtime, lambda db, wrong=wrong: village.rules(db, reminders=(wrong,)))


@BOTH
def test_leaders_without_a_phone_and_who_left(runtime: Runtime, village: Village) -> None:
    def change(db: Connection) -> None:
        village.without_number(db, village.bina)
        lend(db, village, village.salma)
        gone = members.member_table.update().where(members.member_table.c.id == village.champa.id)
        db.execute(gone.values(left_on=date(2026, 12, 1), role="leader"))

    act(runtime, change)
    # Champa left: four are to come, and nobody tells her.
    assert said(runtime, at("2026-12-14")) == ["Rahima: Your group meets tomorrow, 10 am."]
    assert said(runtime, at("2026-12-19")) == ["Salma: Salma, remember 22 Dec. Dial to see what for."]


@BOTH
def test_a_group_without_leaders_or_members_is_passed_over(runtime: Runtime, village: Village) -> None:
    act(runtime, lambda db: village.lead(db))
    assert said(runtime, at("2026-12-14"), at("2026-12-15"), at("2026-12-23")) == []


@BOTH
def test_what_is_owed_to_a_lender_is_told_the_same(runtime: Runtime, village: Village) -> None:
    bank = Book(LENDER, 1, "BDT")

    def lent(db: Connection) -> None:
        journal.enter(db, village.by("officer:Mina"), draft("capital.in", bank, {"paid": 10_000_00}, money="cash"))
        terms = Terms(1_200_00, Fraction(2, 100), 4, Every(1, "month"), "declining-equal-instalment", LENT, unit=100)
        loans.disburse(db, village.ayesha, terms, village.by("officer:Mina", on=LENT), book=bank)

    act(runtime, lent)
    assert said(runtime, at("2026-12-19")) == [SOON]
    assert said(runtime, at("2026-12-22", 11)) == [TODAY]
    act(runtime, lambda db: village.rules(db, reminders=()))
    assert said(runtime, at("2027-01-22")) == []


# Requests that wait


def ask(db: Connection, village: Village, day: str) -> None:
    wanted = Wanted("withdrawal", village.ayesha.id, "1", taka(100))
    journal.begin(db, (where := village.by(village.ayesha, at=at(day, 12))), "savings.ask")
    approvals.start(db, village.book, wanted, where)


STILL = "Still waiting for your word: 1. Dial and decide."


@BOTH
def test_what_waits_is_told_three_times(runtime: Runtime, village: Village) -> None:
    """Rahima's phone is read by Salma, too; Bina has said yes; nobody is asked on the day itself, or after three."""
    act(runtime, lambda db: village.rules(db, weekday=None))
    act(runtime, lambda db: ask(db, village, "2026-12-01"))
    assert said(runtime, at("2026-12-01", 13)) == []
    quiet = "Rahima: Something waits for your word. Dial and decide."
    assert said(runtime, at("2026-12-02")) == [quiet, f"Bina: {STILL}", f"Champa: {STILL}"]
    with transaction(runtime, tell=False, patience=60) as db:
        (waiting,) = approvals.in_group(db, village.book.owner)
        voice = {"approval": waiting.id, "who": f"member:{village.bina.id}", "yes": True, "reason": "", "needed": 1}
        db.execute(voice_table.insert(), voice | {"at": at("2026-12-02", 15), "operation": "yes"})
    for day in ("2026-12-03", "2026-12-04"):
        assert said(runtime, at(day), at(day, 18)) == [quiet, f"Champa: {STILL}"]
    assert said(runtime, at("2026-12-05"), at("2026-12-06")) == []
    act(runtime, lambda db: approvals.end(db, waiting, "taken-back"))


# Messages that did not arrive


def lost(runtime: Runtime, village: Village, who: Member, state: str, when: datetime, purpose: str = "receipt") -> None:
    draft = Draft(
        f"{purpose} {when} {who.id}", purpose, who.programme, who.id, "+8801711999999", "en", "x", "gsm7", 1, 1,
        when, when + timedelta(days=1),
    )  # fmt: skip
    with runtime.database.writing(60) as db:
        message = outbox.queue(db, draft, when)
        db.execute(
            message_table.update().where(message_table.c.id == message).values(state=state, changed_at=when, text=None)
        )


def only(lines: list[str]) -> list[str]:
    return [line for line in lines if "SMS" in line]


@BOTH
def test_who_was_not_reached_is_seen(runtime: Runtime, village: Village) -> None:
    act(runtime, lambda db: village.rules(db, weekday=None))
    told_of = "Our SMS did not reach Ayesha. Please see her."
    lost(runtime, village, village.ayesha, "failed", at("2026-12-01", 7))
    lost(runtime, village, village.ayesha, "unknown", at("2026-12-01", 7, 30))
    lost(runtime, village, village.nila, "delivered", at("2026-12-01", 7))
    lost(runtime, village, village.nila, "failed", at("2026-11-28", 7))
    quiet = "Rahima: An SMS did not reach a member of your group."
    assert only(said(runtime, at("2026-12-01"), at("2026-12-01", 10))) == [
        quiet, f"Bina: {told_of}", f"Champa: {told_of}",
    ]  # fmt: skip
    # Once in a week, at whatever hour; a leader is not told of herself, nor of what told her so.
    lost(runtime, village, village.ayesha, "expired", at("2026-12-01", 11))
    lost(runtime, village, village.champa, "failed", at("2026-12-01", 11))
    lost(runtime, village, village.bina, "failed", at("2026-12-01", 11), purpose="undelivered")
    found = only(said(runtime, at("2026-12-01", 12)))
    assert found == [quiet, "Bina: Our SMS did not reach Champa. Please see her."]
    assert only(said(runtime, at("2026-12-01", 16), at("2026-12-02"), at("2026-12-02", 12))) == []
    lost(runtime, village, village.ayesha, "failed", at("2026-12-08", 9))
    assert len(only(said(runtime, at("2026-12-08", 12)))) == 3


def test_of_many_the_last_sms_counts_the_others(runtime: Runtime, village: Village) -> None:
    act(runtime, lambda db: village.rules(db, weekday=None))
    for who in (village.rahima, village.salma, village.ayesha, village.champa, village.bina):
        lost(runtime, village, who, "failed", at("2026-12-01", 7))
    assert (
        only(said(runtime, at("2026-12-01")))[-1] == "Champa: Our SMS did not reach Ayesha and 2 more. Please see them."
    )
    # After a long time without a clock only the last two days are worth walking for.
    lost(runtime, village, village.salma, "failed", at("2026-12-20", 9))
    assert only(said(runtime, at("2026-12-24"))) == []


# The sums of a roll-up, and rounds


@BOTH
def test_a_roll_up_is_the_sum_of_what_is_proposed_to_each(runtime: Runtime, village: Village) -> None:
    days = [LENT + timedelta(days=each) for each in (0, 20, 30, 31, 45, 61, 100, 150)]

    def busy(db: Connection) -> None:
        lend(db, village, village.ayesha)
        second = lend(db, village, village.salma, 500, method=PASSBOOK, instalments=2)
        fines.charge(db, village.ayesha, taka(7), "late", village.by("officer:Mina"), loan=1)
        fines.charge(db, village.champa, taka(3), "late", village.by("officer:Mina"))
        fines.charge(db, village.ayesha, taka(2), "late", village.by("officer:Mina"))
        repayments.repay(db, village.salma, second.id, taka(60), village.by("officer:Mina", on=days[3]))

    act(runtime, busy)
    for changed in ({}, {"saving": 0, "social": 0}):
        act(runtime, lambda db, changed=changed: village.rules(db, **changed))
        with runtime.database.reading(60) as db:
            group = groups.get(db, village.book.owner)
            for day in days:
                each = [collection.proposed(db, who, day).total for who in members.of_group(db, group.id)]
                due = groups_due.to_bring(db, {group.id: group}, {group.id: village.book}, day)[group.id]
                wanted = (sum(1 for amount in each if amount), sum(amount.minor for amount in each))
                assert (due.members, due.amount.minor) == wanted, day


def many(runtime: Runtime, village: Village, count: int) -> list[Group]:
    """Groups that meet on Tuesdays, each with a leader who has a phone and a loan."""
    made = []
    with transaction(runtime, tell=False, patience=60) as db:
        for place in range(count):
            group = groups.start(
                db, village.world.programme, Names("ক", f"G{place}"), Names("ক", f"G{place}"), "Jashore",
                Rules(**MEETS),
            )  # fmt: skip
            who = members.Registration(
                f"5{place:03d}", Names("ক", f"L{place}"), "1:x", group.id, role="leader", language="en",
                digits="latin", numbers=[f"+880181{place:07d}"],
            )  # fmt: skip
            members.register(db, village.world.programme.id, [who])
            made.append(group)
    return made


@BOTH
def test_page_by_page_with_few_statements_and_a_line_in_the_log(
    runtime: Runtime, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(runtime, village, 23)
    wanted = {f"L{place}: G{place} meets tomorrow, 10 am. Tk 55 is due from 1." for place in range(23)}
    monkeypatch.setattr(timetable, "GROUPS", 5)
    asked = []
    event.listen(runtime.database._reader, "before_cursor_execute", lambda *of: asked.append(of[2]))
    with structlog.testing.capture_logs() as logs:
        found = said(runtime, at("2026-12-14"))
    assert {line for line in found if line.startswith("L")} == wanted
    assert len(found) == 23 + 3
    lines = [each for each in logs if each["line"] == "groups"]
    assert [(each["event"], each["seen"], each["told"], each["finished"]) for each in lines] == [
        ("reminding", 25, 26, True)
    ]
    if runtime.database.dialect == "sqlite":
        pages = [each for each in asked if "FROM member_group" in each and "LIMIT" in each]
        assert len(pages) == 6
        assert len(asked) <= 10 * len(pages) + 20


@BOTH
def test_a_round_goes_on_where_it_stopped(runtime: Runtime, village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock has time for one page at a time, and dies after telling half of one."""
    many(runtime, village, 8)
    monkeypatch.setattr(timetable, "GROUPS", 2)
    monkeypatch.setattr(reminders, "SOME", 1)
    monkeypatch.setattr(reminders, "TIMETABLE", TIMETABLE[:1])
    step, calls = rounds.step, []

    def dying(*of, **more):  # type: ignore[no-untyped-def]
        calls.append(of)
        if len(calls) in (2, 4):
            raise RuntimeError("killed")
        return step(*of, **more)

    monkeypatch.setattr(rounds, "step", dying)
    everything: list[str] = []
    for minute in range(12):
        everything += said(runtime, at("2026-12-14", 8, minute))
    assert len(everything) == len(set(everything)) == 8 + 3
    assert said(runtime, at("2026-12-14", 9)) == []


def test_of_two_clocks_in_one_round_the_slower_one_leaves_it(runtime: Runtime, village: Village) -> None:
    with runtime.database.writing(60) as db:
        first = rounds.begin(db, "groups", 1, None, at("2026-12-14"))
        assert first is not None
        assert rounds.begin(db, "groups", 1, None, at("2026-12-14")) is None
        gone = rounds.step(db, first, (7, 3), seen=2, told=1)
        assert gone is not None
        assert (gone.after, gone.seen, gone.told) == ((7, 3), 2, 1)
        assert rounds.step(db, first, (7, 3), seen=2, told=1) is None
        last = rounds.step(db, gone, None, seen=1, told=0)
        assert last is not None
        assert rounds.step(db, last, None, seen=1, told=0) is None
        again = rounds.begin(db, "groups", 1, last, at("2026-12-15"))
        assert again is not None
        assert rounds.begin(db, "groups", 1, last, at("2026-12-15")) is None
        assert (again.whole_since, again.after, again.seen) == (at("2026-12-14"), (), 0)
        given_up = rounds.begin(db, "groups", 1, again, at("2026-12-16"))
        assert given_up is not None
        assert given_up.whole_since == at("2026-12-14")
        assert rounds.every(db) == {("groups", 1): given_up}


def test_one_line_in_trouble_does_not_keep_the_others(
    runtime: Runtime, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_of: object) -> None:
        raise RuntimeError("no")

    lines = (replace(TIMETABLE[0], name="broken", find=broken), *TIMETABLE)
    monkeypatch.setattr(reminders, "TIMETABLE", lines)
    with structlog.testing.capture_logs() as logs:
        assert len(said(runtime, at("2026-12-14"))) == 3
    assert [each["line"] for each in logs if each["event"] == "round failed"] == ["broken"]


def test_the_table_says_what_a_group_may_choose() -> None:
    assert {*LINES, PURPOSE} == set(groups.REMINDERS)
    assert set(groups.USUAL) <= groups.KNOWN
