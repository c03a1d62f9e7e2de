"""The books in the console: whose they are, accounts and entries, days, passbooks, files, the undoing of an entry."""

from __future__ import annotations

import io
import re
from datetime import UTC
from datetime import date
from datetime import datetime
from pathlib import Path

import pytest
from conftest import BOTH
from flask import Flask
from ledger_world import findings
from office import Browser
from office import add
from office import counted
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy import text

from gateway.app import create_app
from gateway.chance import draw_code
from gateway.console import forms
from gateway.console.tables import trail_table
from gateway.console.views import book_words
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import entries
from ledger import members
from ledger import programmes
from ledger import savings
from ledger import treasury
from ledger.books import Book
from ledger.books import Origin
from ledger.books import entry_table
from ledger.chart import GROUP
from ledger.money import Money
from ledger.templates import REVERSAL
from ledger.templates import TEMPLATES

NOW = datetime.now(UTC)
SHAPLA = Book(GROUP, 1, "BDT")


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def origin(operation: str, actor: str = "officer:somebody") -> Origin:
    return Origin(operation, actor, "console", NOW, NOW.date(), draw_code)


def saved(runtime: Runtime, minor: int = 50_000, *, member: int = 3, actor: str = "officer:somebody") -> int:
    """A member saves in the first group: the number of the entry."""
    with transaction(runtime) as db:
        who = members.get(db, member)
        operation = f"save {member} {minor} {actor}"
        return savings.deposit(db, who, Money(minor), origin(operation, actor), "voluntary").number


def last(runtime: Runtime, book: str = "group:1") -> int:
    with reading(runtime) as db:
        found = select(entry_table.c.number).where(entry_table.c.book == book).order_by(entry_table.c.number.desc())
        return int(db.execute(found).scalars().first() or 0)


# ---- what there is ----


@BOTH
def test_the_books_from_the_list_down_to_an_entry(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    browser.get("/books")
    assert "Shapla Tk 11,841.85 Tk 12,390.92 Tk 23,650" in browser.text
    assert "Rahima 1001" in (browser.get("/books?kind=shop"), browser.text)[1]
    browser.get("/books/group/1")
    assert "1010 Cash box Tk 11,841.85" in browser.text
    assert "2040" not in browser.text
    assert "2040 Social fund" in (browser.get("/books/group/1?all=1"), browser.text)[1]
    assert "Rahima 1001 Tk 800" in (browser.get("/books/group/1/accounts/2010"), browser.text)[1]
    browser.get("/books/group/1/accounts/1010/0")
    assert browser.text.index("Nov 2026 194 loan paid out Tk 4,000 Tk 11,841.85") > 0
    shown = browser.get("/books/group/1/193").get_data(as_text=True)
    for said in ("Entry 193: instalment", "1100 Loans to members: Khadija 3", "Tk 514.95", "Receipt code", "paid"):
        assert said in browser.text, said
    assert "/console/books/group/1/accounts/1100/3" in shown
    assert "101 Soap 100 g 1,000 Tk 42,000" in (browser.get("/books/hub/1/1"), browser.text)[1]
    assert "reserved Tk 150" in (browser.get("/books/hub/1/8"), browser.text)[1]


def test_books_are_found_by_name_and_code(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    for query, found in (
        ("kind=group&q=shap", 1),
        ("kind=group&q=শাপ", 1),
        ("kind=shop&q=1001", 1),
        ("kind=hub&q=DEPOT", 2),
        ("kind=group&q=%25", 0),
        ("kind=group&q=nobody", 0),
    ):
        rows = browser.get(f"/books?{query}").get_data(as_text=True).count('<tr role="row">')
        assert max(rows - 1, 0) == found, query


def test_each_sees_the_books_of_her_scope(runtime: Runtime, app: Flask) -> None:
    with transaction(runtime, tell=False) as db:
        other = programmes.start(db, "Another")
    paths = ("/books/group/1", "/books/group/2", "/books/hub/1", "/books/hub/2", "/books/shop/1", "/books/lender/1")
    seen = {}
    for name, role, scope in (
        ("admin", "admin", {}),
        ("one", "officer", {"groups": (1,)}),
        ("two", "officer", {"groups": (2,)}),
        ("hub1", "keeper", {"hub": 1}),
        ("hub2", "keeper", {"hub": 2}),
        ("auditor", "auditor", {}),
        ("theirs", "admin", {"programme": other.id}),
    ):
        browser = Browser(app).enter(runtime, add(runtime, role, name, **scope))
        seen[name] = [path[7:] for path in paths if browser.get(path).status_code == 200]
        for path in ("/books/group/1", "/books/hub/1"):
            more = ("/1", "/1/undo", "/day", "/trial-balance", "/check", "/accounts/1010", "/files/entries/csv")
            if path[7:] not in seen[name]:
                assert {browser.get(path + each).status_code for each in more} <= {403, 404}, (name, path)
                field = forms.made(runtime.settings.secret_key, browser.cookie, "entry-undo")
                answer = browser.post(f"{path}/1/undo", {"form": field, "reason": "x"})
                assert answer.status_code in (403, 404), (name, path)
    shops = [f"shop/{each}" for each in (1,)]
    assert seen == {
        "admin": ["group/1", "group/2", "hub/1", "hub/2", *shops],
        "one": ["group/1"],
        "two": ["group/2"],
        "hub1": ["hub/1", *shops],
        "hub2": ["hub/2"],
        "auditor": ["group/1", "group/2", "hub/1", "hub/2", *shops],
        "theirs": [],
    }


def test_what_is_no_book_is_nowhere(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    for path in (
        "/books?kind=nothing",
        "/books?after=x",
        "/books/nothing/1",
        "/books/group/99",
        "/books/group/0",
        "/books/group/1/9999",
        "/books/group/1/9999/undo",
        "/books/group/1/accounts/1210",
        "/books/group/1/accounts/7",
        "/books/group/1/accounts/2010/99999",
        "/books/group/1/accounts/1010/0?after=x",
        "/books/group/1/accounts/1010/0?after=99999999999999999999-0",
        "/books/group/1/day?on=2026-13-01",
        "/books/group/1/trial-balance?on=x",
        "/books/group/1/files/entries/ods",
        "/books/group/1/files/secrets/csv",
        "/books/group/1/files/day-book/hledger",
        "/books/group/1/files/day-book/csv?first=x",
        "/books/group/1/files/day-book/csv?last=0001-01-05",
        "/books/group/1/day?on=9999-12-31",
        "/members/99999/passbook",
        "/members/1/passbook?on=x",
    ):
        assert browser.get(path).status_code == 404, path


def test_an_account_of_many_lines_comes_in_pages(runtime: Runtime, app: Flask) -> None:
    """No line twice, none left out, and as many statements for a full page as for a short one."""
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    with reading(runtime) as db:
        lines = db.execute(text("SELECT count(*) FROM line WHERE book = 'group:1' AND code = 1010")).scalar_one()
    found, next_, asked = [], "/books/group/1/accounts/1010/0", set()
    while next_:
        with counted(runtime.database) as statements:
            shown = browser.get(next_).get_data(as_text=True)
        asked.add(len([each for each in statements if "FROM " in each]))
        found += re.findall(r'books/group/1/(\d+)">', shown)
        link = re.search(r'class="pager"><a class="button" href="([^"]+)"', shown)
        next_ = link[1].replace("&amp;", "&") if link else ""
    assert len(found) == lines
    assert found == sorted(found, key=int, reverse=True)
    assert len(asked) == 1
    assert max(asked) <= 8


def test_pages_ask_little(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    for path, most in (
        ("/books", 6),
        ("/books?kind=shop", 6),
        ("/books/group/1", 6),
        ("/books/group/1/accounts/2010", 7),
        ("/books/group/1/day", 10),
        ("/books/group/1/trial-balance", 7),
        ("/books/group/1/193", 19),
        ("/members/3/passbook", 14),
    ):
        with counted(runtime.database) as statements:
            assert browser.get(path).status_code == 200
        asked = [each for each in statements if "FROM " in each]
        assert len(asked) <= most, (path, len(asked), asked)


# ---- days ----


def test_the_day_book_opens_on_the_last_day_and_leads_to_others(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "auditor"))
    shown = browser.get("/books/group/1/day").get_data(as_text=True)
    assert "17 Nov 2026" in browser.text
    assert "1100 Loans to members: Jamila 4 Tk 4,000" in browser.text
    back = re.search(r'href="(/console/books/group/1/day\?on=[^"]+)"', shown)
    assert back
    assert "15 Nov 2026" in (browser.get(back[1]), browser.text)[1]
    assert "Nothing was entered for this day" in (browser.get("/books/group/1/day?on=2001-01-01"), browser.text)[1]


def test_the_trial_balance_comes_to_the_same_on_every_day(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "auditor"))
    for on in ("2026-11-22", "2026-11-16", "2026-09-30", "2026-08-01"):
        browser.get(f"/books/group/1/trial-balance?on={on}")
        assert "Both sides come to the same" in browser.text, on
    assert (
        "Nothing was entered up to this day"
        in (browser.get("/books/hub/1/trial-balance?on=2001-01-01"), browser.text)[1]
    )


@BOTH
def test_a_book_is_checked_while_she_waits(runtime: Runtime, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "auditor"))
    assert "Check it now" in (browser.get("/books/group/1/check"), browser.text)[1]
    assert "This book is sound" in (browser.get("/books/group/1/check?now=1"), browser.text)[1]
    with runtime.database.writing(5) as db:
        db.execute(text("UPDATE account SET balance = balance + 1 WHERE book = 'group:1' AND code = 1010"))
    assert "Something is wrong in this book" in (browser.get("/books/group/1/check?now=1"), browser.text)[1]
    assert "1010" in browser.text
    assert "This book is sound" in (browser.get("/books/group/2/check?now=1"), browser.text)[1]
    monkeypatch.setattr("gateway.console.views.books.MOST_STEPS", 10)
    browser.get("/books/group/1/check?now=1")
    assert "somiti check-books --book group:1" in browser.text


# ---- passbook ----


def test_a_passbook_says_what_she_did_and_what_stood_then(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "officer", groups=(1,)))
    browser.get("/members/6/passbook?on=2026-01-01")
    assert "Passbook: Khadija 1006" in browser.text
    assert "15 Nov 2026 instalment" in browser.text
    assert "Tk 514.95 Tk 10.30" in browser.text
    assert (
        "Nothing was entered for her since then" in (browser.get("/members/6/passbook?on=2026-11-22"), browser.text)[1]
    )
    other = Browser(app).enter(runtime, add(runtime, "officer", "two", groups=(2,)))
    assert other.get("/members/6/passbook").status_code == 404


def test_a_long_passbook_comes_in_pages(runtime: Runtime, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    whole = re.findall(r'books/group/1/(\d+)"', browser.get("/members/6/passbook").get_data(as_text=True))
    monkeypatch.setattr("gateway.console.views.passbooks.MOST", 4)
    found, next_ = [], "/members/6/passbook"
    while next_:
        shown = browser.get(next_).get_data(as_text=True)
        found += re.findall(r'books/group/1/(\d+)"', shown)
        link = re.search(r'class="pager"><a class="button" href="([^"]+)"', shown)
        next_ = link[1] if link else ""
    assert found == whole
    assert len(found) > 8


# ---- files ----


def test_the_books_can_be_kept_as_files(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "auditor"))
    csv = browser.get("/books/group/1/files/trial-balance/csv?last=2026-11-22")
    assert "filename=trial-balance-group-1-2026-11-22.csv" in csv.headers["Content-Disposition"]
    lines = csv.get_data().decode("utf-8-sig").splitlines()
    assert lines[:2] == ["Code,Account,Debit,Credit", "1010,Cash box,11841.85,"]
    day_book = browser.get("/books/group/1/files/day-book/csv?first=2026-11-17&last=2026-11-17").get_data(as_text=True)
    assert "2026-11-17,194,loan paid out,demo,,1100,Loans to members,4,4000.00," in day_book
    sheet = load_workbook(io.BytesIO(browser.get("/books/group/1/files/entries/xlsx").get_data())).active
    assert sheet.max_row > 390
    debit, credit = (sum(cell.value or 0 for cell in sheet[letter][1:]) for letter in "IJ")
    assert round(debit, 2) == round(credit, 2) > 0
    journal = browser.get("/books/group/1/files/entries/hledger")
    assert "Assets:Group-1:1010-Cash-box" in journal.get_data(as_text=True)
    assert "entries-group-1.journal" in journal.headers["Content-Disposition"]


def test_every_kind_of_entry_has_its_words() -> None:
    assert set(book_words.KINDS) == {kind for kind, _ in TEMPLATES} | {REVERSAL}


# ---- undoing ----


@BOTH
def test_an_entry_is_undone_by_two_people(runtime: Runtime, app: Flask) -> None:
    number = saved(runtime)
    asker, admin = add(runtime, "officer", groups=(1,)), add(runtime, "admin")
    hers = Browser(app).enter(runtime, asker)
    path = f"/books/group/1/{number}"
    assert "Have it undone" in (hers.get(path), hers.text)[1]
    hers.get(f"{path}/undo")
    assert "1010 Cash box Tk 500" in hers.text
    assert "2020 Voluntary savings: Ayesha 1003 Tk 500" in hers.text
    assert hers.send(f"{path}/undo", reason=" ").status_code == 422
    typed = {"form": hers.field(f"{path}/undo"), "reason": "counted twice"}
    location = hers.post(f"{path}/undo", typed).headers["Location"]
    assert hers.post(f"{path}/undo", typed).headers["Location"] == location, "a double click"
    assert last(runtime) == number, "nothing is entered before the yes"
    hers.get(location)
    assert f"Group Shapla, entry {number}" in hers.text
    assert "counted twice" in hers.text
    assert hers.send(f"{path}/undo", reason="again").status_code == 409
    assert "One like it waits already" in hers.text
    other = Browser(app).enter(runtime, admin)
    request = location.partition("?")[0]
    assert other.send(request, answer="yes").headers["Location"] == "/console/seconds?said=second-yes"
    with reading(runtime, patience=60) as db:
        undone = entries.whole(db, SHAPLA, number + 1)
        assert (undone.kind, undone.reverses, undone.actor) == ("reversal", number, "officer:admin")
        assert undone.memo["reason"] == "counted twice"
        assert findings(db) == []
        acts = list(db.execute(select(trail_table.c.act).order_by(trail_table.c.at)).scalars())
    assert acts == ["undo.asked", "second.yes"]
    assert "It was undone" in (hers.get(path), hers.text)[1]
    assert "Have it undone" not in hers.text
    assert "neither can be undone" in (hers.get(f"{path}/undo"), hers.text)[1]
    assert f"undone by {number + 1}" in (hers.get("/books/group/1/day"), hers.text)[1]


def test_what_cannot_be_undone_says_why(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    assert "cancelling the order" in (browser.get("/books/hub/1/8"), browser.text)[1]
    assert "cancelling the order" in (browser.get("/books/hub/1/8/undo"), browser.text)[1]
    with reading(runtime) as db:
        repaid = [number for number in range(150, 193) if entries.whole(db, SHAPLA, number).cleared]
    browser.get(f"/books/group/1/{repaid[0]}")
    assert "builds on it" in browser.text
    for path in ("/books/hub/1/8/undo", f"/books/group/1/{repaid[0]}/undo", "/books/group/1/9999/undo"):
        field = forms.made(runtime.settings.secret_key, browser.cookie, "entry-undo")
        assert browser.post(path, {"form": field, "reason": "x"}).status_code in (404, 409), path
    auditor = Browser(app).enter(runtime, add(runtime, "auditor"))
    assert "Have it undone" not in (auditor.get("/books/group/1/193"), auditor.text)[1]
    assert auditor.get("/books/group/1/193/undo").status_code == 403


@BOTH
def test_what_the_books_would_refuse_is_refused_before_anybody_is_asked(runtime: Runtime, app: Flask) -> None:
    """The saved money has left the cash box since; nothing waits for a second person, nothing is entered."""
    number = saved(runtime)
    with transaction(runtime) as db:
        treasury.spend(db, SHAPLA, Money(1_200_000), "a tent", origin("spent"))
    before = last(runtime)
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    assert browser.send(f"/books/group/1/{number}/undo", reason="counted twice").status_code == 409
    assert last(runtime) == before
    assert "Nothing waits" in (browser.get("/seconds"), browser.text)[1] or "Group Shapla" not in browser.text
    with reading(runtime, patience=60) as db:
        assert findings(db) == []


@BOTH
def test_who_made_it_and_who_does_not_see_it_cannot_say_yes(runtime: Runtime, app: Flask) -> None:
    maker, keeper = add(runtime, "officer", "maker", groups=(1,)), add(runtime, "keeper")
    number = saved(runtime, actor="officer:maker")
    asker = Browser(app).enter(runtime, add(runtime, "admin"))
    location = asker.send(f"/books/group/1/{number}/undo", reason="counted twice").headers["Location"]
    request = location.partition("?")[0]
    made = Browser(app).enter(runtime, maker)
    assert made.send(request, answer="yes").status_code == 409
    assert "Who made an entry" in made.text
    kept = Browser(app).enter(runtime, keeper)
    assert kept.get(request).status_code == 404
    assert last(runtime) == number
    second = Browser(app).enter(runtime, add(runtime, "officer", "second", groups=(1,)))
    assert second.send(request, answer="yes").status_code == 303
    with reading(runtime, patience=60) as db:
        assert findings(db) == []


def test_bangla_all_through(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin", language="bn"))
    for path in ("/books", "/books/group/1", "/books/group/1/193", "/books/group/1/day", "/members/6/passbook"):
        assert browser.get(path).status_code == 200
        assert "শাপলা" in browser.text or "নগদ" in browser.text, path


def test_the_day_of_the_demo(runtime: Runtime) -> None:
    """What the other tests rest on."""
    with reading(runtime) as db:
        assert entries.newest_day(db, SHAPLA) == date(2026, 11, 17)
    assert Path(__file__).name == "test_console_books.py"
