"""Meetings and a member's money in the console: the sheet entered from paper, money between meetings, fines."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import BOTH
from flask import Flask
from group_money import agree
from group_money import agreed
from group_money import audited
from group_money import look
from group_money import one
from group_money import origin
from group_money import taka
from group_money import today
from group_money import write
from office import Browser
from office import add
from office import answer_of
from office import counted

from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import accounts
from ledger import approvals
from ledger import collection
from ledger import decisions
from ledger import fines
from ledger import groups
from ledger import groups_due
from ledger import lending
from ledger import meetings
from ledger import members
from ledger import repayments
from ledger import savings
from ledger.books import Book
from ledger.chart import GROUP
from ledger.lending import Wanted
from ledger.members import Registration
from ledger.tables import Names

BOOK = Book(GROUP, 1, "BDT")
SHEET = "/groups/1/sheet"
NASRIN, MINOTI, LEADER = "1009", "1010", "1003"


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


@pytest.fixture
def officer(runtime: Runtime, app: Flask) -> Browser:
    """Of the first group."""
    return Browser(app).enter(runtime, add(runtime, "officer"))


def her(runtime: Runtime, code: str) -> members.Member:
    with reading(runtime) as db:
        return one(db, code)


def filled(runtime: Runtime, **changed: str) -> dict[str, str]:
    """A sheet on which everybody came and brought 55, but for `n1009="absent 0"`; Ayesha wrote it."""
    with reading(runtime) as db:
        people = members.of_group(db, 1)
    sheet = {"recorder": str(next(each.id for each in people if each.code == LEADER))}
    for each in people:
        how, _, brought = changed.get(f"n{each.code}", "present 55").partition(" ")
        sheet |= {f"how-{each.id}": how, f"sum-{each.id}": brought}
    return sheet


def box(runtime: Runtime) -> int:
    """Whole poisha that the books say are in the cash box."""
    with reading(runtime) as db:
        return accounts.balance(db, BOOK, 1010).minor


# ---- the sheet ----


@BOTH
def test_a_sheet_is_entered_after_the_meeting(runtime: Runtime, app: Flask, officer: Browser) -> None:
    on, before = today() - timedelta(days=2), box(runtime)
    sheet = filled(runtime, n1009="absent 0", n1010="late ৬০.৫", n1008="excused 0") | {"day": str(on)}
    sheet["counted"] = f"{(before + 7 * 5500 + 6050 - 300) / 100:.2f}"
    said = look(officer, SHEET, **sheet)
    assert "Collected Tk 445.50" in said
    assert "Did not come 1" in said
    assert "The cash box has Tk 3 less than the books say" in said
    assert officer.get("/groups/1/meetings/1").status_code == 404, "nothing was written"
    look(officer, SHEET, **sheet)
    form = agreed(officer) | sheet
    assert officer.post(SHEET, form).headers["Location"] == "/console/groups/1/meetings/1?said=sheet-written"
    assert officer.post(SHEET, form).headers["Location"] == "/console/groups/1/meetings/1?said=sheet-written", "twice"
    officer.get("/groups/1/meetings/1")
    assert "came: 7, came late: 1, did not come: 1, away with leave: 1" in officer.text
    assert "Collected Tk 445.50" in officer.text
    assert re.search(r"Nasrin 1009 did not come [A-Z]", officer.text + " Z")
    assert "Minoti 1010 came late 55.50 5 60.50" in officer.text
    with reading(runtime) as db:
        meeting = meetings.get(db, 1, 1)
        assert (meeting.held_on, meeting.since, meeting.open) == (on, on - timedelta(days=1), False)
        assert fines.owed(db, one(db, NASRIN)) == taka(10)
        assert accounts.balance(db, BOOK, 1010).minor == before + 7 * 5500 + 6050 - 300
    assert "2026" in (officer.get("/groups/1/meetings"), officer.text)[1]
    assert audited(runtime) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"recorder": ""}, "Choose who wrote the sheet"),
        ({"counted": ""}, "Write what was counted"),
        ({"counted": "much"}, "Type a sum as 48 or 48.50"),
        ({"day": "yesterday"}, "Write a day as"),
        ({"day": "2099-01-01"}, "has not come yet"),
        ({"sum-9": "5x"}, "Type a sum as 48 or 48.50"),
        ({"how-9": "asleep"}, "Choose one"),
    ],
)
def test_a_sheet_that_does_not_do_is_kept(
    runtime: Runtime, app: Flask, officer: Browser, changed: dict[str, str], said: str
) -> None:
    sheet = filled(runtime, n1010="late 77") | {"day": str(today()), "counted": "100"} | changed
    assert officer.send(SHEET, **sheet).status_code in (409, 422)
    assert said in officer.text
    page = answer_of(officer).get_data(as_text=True)
    assert 'name="sum-10" value="77"' in page
    assert re.search(r'name="how-10".*?<option value="late" selected>', page)


def test_only_what_was_shown_is_written(runtime: Runtime, app: Flask, officer: Browser) -> None:
    """Money comes into the box between the look and the click: it is looked at again."""
    sheet = filled(runtime) | {"day": str(today()), "counted": "500"}
    look(officer, SHEET, **sheet)
    form = agreed(officer) | sheet
    with transaction(runtime, tell=False) as db:
        collection.take(db, one(db, NASRIN), taka(5), origin("meanwhile"), money="cash")
    assert officer.post(SHEET, form).status_code == 200
    assert "Nothing is written yet" in officer.text
    assert officer.post(SHEET, agreed(officer) | sheet).status_code == 303
    # A second sheet of the same day, and one of a day before it.
    assert officer.send(SHEET, **sheet).status_code == 409
    assert "later than the one before" in officer.text
    assert audited(runtime) == []


@BOTH
def test_a_meeting_that_a_phone_began_is_gone_on_with(runtime: Runtime, app: Flask, officer: Browser) -> None:
    with transaction(runtime, tell=False) as db:
        ayesha, on = one(db, LEADER), today() - timedelta(days=9)
        there = replace(origin("open"), on=on)
        meeting = meetings.open_next(db, groups.get(db, 1), ayesha, there)
        collection.collect(db, meeting, one(db, NASRIN), taka(40), replace(there, operation="forty"))
    assert "Fill in the rest and close it" in (officer.get("/groups/1/meetings/1"), officer.text)[1]
    assert f'name="how-{her(runtime, NASRIN).id}"' not in officer.get(SHEET).get_data(as_text=True)
    assert "stands fast" in officer.text
    sheet = filled(runtime, n1009="absent 900") | {"day": "2000-01-01", "counted": "9999"}
    assert "Collected Tk 535" in look(officer, SHEET, **sheet)
    assert write(officer, SHEET, **sheet) == "/groups/1/meetings/1?said=sheet-written"
    assert "Collected Tk 535" in (officer.get("/groups/1/meetings/1"), officer.text)[1]
    assert audited(runtime) == []


def test_the_blank_sheet_says_what_is_due(runtime: Runtime, app: Flask, officer: Browser) -> None:
    with transaction(runtime, tell=False) as db:
        fines.charge(db, one(db, NASRIN), taka(12), "late", origin("fine"))
        expected = {each.code: collection.proposed(db, each, today()).total for each in members.of_group(db, 1)}
        due = groups_due.owed(db, BOOK, today())
    page = (officer.get(f"{SHEET}/print"), officer.text)[1]
    assert "1009 Nasrin 50 5 12 67" in page
    assert due[her(runtime, NASRIN).id].fines == taka(12)
    assert expected[NASRIN] == taka(67)
    whole = sum(each.minor for each in expected.values()) / 100
    assert f"{whole:,.2f}".removesuffix(".00") in page
    assert officer.get(f"{SHEET}/print?day=2027-01-05").status_code == 200
    assert "5 Jan 2027" in officer.text
    assert officer.get(f"{SHEET}/print?day=someday").status_code == 200


def test_a_large_sheet(runtime: Runtime, app: Flask, officer: Browser) -> None:
    """86 members: as many statements to show it as for 10, and a page that a slow line can carry."""

    def asked() -> int:
        officer.get(SHEET)
        with counted(runtime.database) as seen:
            assert officer.get(SHEET).status_code == 200
        return len(seen)

    few = asked()
    with transaction(runtime, tell=False) as db:
        who = [Registration(str(5000 + each), Names("নাম", "Nam"), "x", 1) for each in range(76)]
        members.register(db, 1, who)
    assert asked() == few
    assert len(answer_of(officer).get_data()) < 100_000
    sheet = filled(runtime) | {"day": str(today()), "counted": "100"}
    assert write(officer, SHEET, **sheet) == "/groups/1/meetings/1?said=sheet-written"
    assert audited(runtime) == []


# ---- a member's money ----


@BOTH
def test_money_between_meetings(runtime: Runtime, app: Flask, officer: Browser) -> None:
    nasrin = her(runtime, NASRIN)
    with reading(runtime) as db:
        before = savings.hers(db, nasrin)
    path = f"/members/{nasrin.id}/take"
    said = look(officer, path, sum="১০০", money="collector")
    assert "Compulsory savings Tk 50 Voluntary savings Tk 45 Social fund Tk 5 In all Tk 100" in said
    assert write(officer, path, sum="100", money="collector") == f"/members/{nasrin.id}/money?said=money-taken"
    assert "Voluntary savings Tk" in (officer.get(f"/members/{nasrin.id}/money"), officer.text)[1]
    with reading(runtime) as db:
        after = savings.hers(db, nasrin)
        assert (after["compulsory"] - before["compulsory"], after["voluntary"]) == (taka(50), taka(45))
        assert accounts.balance(db, BOOK, 1040) == taka(100)
    for typed in ({"sum": "0"}, {"sum": "1.234"}, {"sum": "9", "money": "shoe"}):
        assert officer.send(path, **{"money": "cash"} | typed).status_code == 422, typed
    # Savings are asked for in her name, and held.
    path = f"/members/{nasrin.id}/withdraw"
    assert officer.send(path, sum="46").status_code == 409
    assert "Only Tk 45 of her voluntary savings is free" in officer.text
    assert officer.send(path, sum="40").headers["Location"] == "/console/requests/1?said=asked"
    assert officer.send(path, sum="1").status_code == 409
    assert "One like it waits already" in officer.text
    assert "free of it: Tk 5" in (officer.get(f"/members/{nasrin.id}/money"), officer.text)[1]
    with reading(runtime) as db:
        assert approvals.get(db, 1).started_by == "officer:officer"
    assert audited(runtime) == []


def test_fines_are_charged_and_forgiven(runtime: Runtime, app: Flask, officer: Browser) -> None:
    minoti = her(runtime, MINOTI)
    path, there = f"/members/{minoti.id}/fine", f"/console/members/{minoti.id}/money"
    form = {"form": officer.field(path), "what": "charge", "sum": "20", "reason": "came without her book"}
    for _ in ("once", "a double click"):
        assert officer.post(path, form).headers["Location"] == f"{there}?said=fine-charged"
    assert officer.send(path, what="waive", sum="25", reason="ill").status_code == 409
    assert "Only Tk 20 is owed" in officer.text
    assert officer.send(path, what="waive", sum="5", reason="ill").headers["Location"] == f"{there}?said=fine-waived"
    assert "Fines, beside those of loans Tk 15" in (officer.get(path), officer.text)[1]
    for typed in ({"what": ""}, {"reason": ""}, {"sum": ""}):
        sent = {"what": "charge", "sum": "5", "reason": "why"} | typed
        assert officer.send(path, **sent).status_code == 422, typed
    with reading(runtime) as db:
        assert fines.owed(db, one(db, MINOTI)) == taka(15)
    assert audited(runtime) == []


def test_what_a_share_out_gave_her_is_handed_over(runtime: Runtime, app: Flask, officer: Browser) -> None:
    nasrin = her(runtime, NASRIN)
    path = f"/members/{nasrin.id}/share"
    assert "No share-out left anything" in (officer.get(path), officer.text)[1]
    with transaction(runtime, tell=False) as db:
        leader = one(db, LEADER)
        for each in lending.page(db, Wanted(1, (1,), state=lending.RUNNING), today(), 2**62, 9):
            repayments.close_early(db, members.get(db, each.member), each.id, origin(f"close {each.id}", "member:2"))
        agree(db, decisions.ask_share_out(db, leader, origin("share", f"member:{leader.id}")).id)
        owed = savings.hers(db, nasrin)["payable"]
    assert owed
    assert "Hand over her share" in (officer.get(f"/members/{nasrin.id}/money"), officer.text)[1]
    assert officer.send(path, money="cash").status_code == 422
    form = {"form": officer.field(path), "money": "cash", "leader": str(leader.id)}
    assert officer.post(path, form).status_code == 303, officer.text
    with reading(runtime) as db:
        assert not savings.hers(db, nasrin)["payable"]
    assert audited(runtime) == []
