"""Reports: the figures of the books by month, their charts, files and lists; whose they are; bounded pages."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from functools import partial
from xml.etree import ElementTree

import pytest
from conftest import BOTH
from flask import Flask
from office import Browser
from office import add
from office import counted
from sqlalchemy import select

from gateway import counting
from gateway.app import create_app
from gateway.console import charts
from gateway.console.charts import Chart
from gateway.console.charts import Series
from gateway.console.pages.reports import REPORTS
from gateway.runtime import Runtime
from gateway.transaction import transaction
from ledger import activity
from ledger import breakdowns
from ledger import federation
from ledger import groups
from ledger import hubs
from ledger import indicators
from ledger import month_series
from ledger import programmes
from ledger import statements
from ledger.books import Book
from ledger.books import Origin
from ledger.books import account_table
from ledger.chart import GROUP
from ledger.indicators import DAYS_LATE
from ledger.money import Money
from ledger.savings import KINDS
from ledger.tables import Names
from locales import words

NOW = datetime.now(UTC)
PATHS = [page.route for page in REPORTS if page.give is None]
FILES = [page.route.replace("<form>", "csv") for page in REPORTS if page.give is not None]


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


@pytest.fixture
def admin(runtime: Runtime, app: Flask) -> Browser:
    counting.count(runtime, NOW)
    return Browser(app).enter(runtime, add(runtime, "admin"))


def cells(browser: Browser) -> list[list[str]]:
    """The rows of all tables of the last page."""
    body = browser.last.get_data(as_text=True) if browser.last else ""
    rows = re.findall(r'<tr role="row">(.*?)</tr>', body, re.DOTALL)
    found = [re.findall(r"<span>(.*?)</span>", row, re.DOTALL) for row in rows]
    return [[re.sub("<[^>]+>", "", cell) for cell in row] for row in found if row]


# ---- the figures ----


@BOTH
def test_every_report_before_and_after_it_is_counted(runtime: Runtime, app: Flask) -> None:
    admin = Browser(app).enter(runtime, add(runtime, "admin"))
    for after in (False, True):
        if after:
            counting.count(runtime, NOW)
        for path in PATHS + FILES:
            assert admin.get(path).status_code == 200, path
            assert admin.get(f"{path}?first=202401&last=202512").status_code == 200, path
        admin.get("/reports/at-risk")
        assert ("not counted yet" in admin.text) != after
        assert ("Counted on" in admin.text) == after


@BOTH
def test_savings_and_loans_are_those_of_the_accounts(runtime: Runtime, admin: Browser) -> None:
    admin.get("/reports/savings-and-loans")
    with runtime.database.reading() as db:
        rows = db.execute(select(account_table).where(account_table.c.book.like("group:%"))).all()
        shown = words("en").amount
        saved = -sum(row.balance for row in rows if row.code in KINDS.values())
        owed = sum(row.balance for row in rows if row.code == 1100)
        found = month_series.groups(db, [1, 2], 202601, 202612)
    newest = [row for row in cells(admin) if row[0] == cells(admin)[0][0]]
    assert [row[1] for row in newest] == [shown(Money(saved)), shown(Money(owed))]
    before = None
    for month in sorted(found):
        savings, loans = found[month]
        if before:
            assert savings.balance == before[0].balance + savings.deposited - savings.withdrawn + savings.other
            assert loans.owed == before[1].owed + loans.lent - loans.repaid - loans.written_off + loans.other
        before = savings, loans


@BOTH
def test_a_month_that_began_after_the_loans_has_what_is_at_risk_today(runtime: Runtime, admin: Browser) -> None:
    """The row of the month that runs is today's figure, and the list behind it adds up to it."""
    with runtime.database.reading() as db:
        (programme,) = programmes.every(db)
        today = programmes.day(NOW, programme.timezone)
        ids = [each.id for each in breakdowns.groups_of(db, programme.id)]
        books = [statements.of_book(Book(GROUP, group, "BDT")) for group in ids]
        risk = [indicators.at_risk(db, book, today) for book in books]
        for days in DAYS_LATE:
            before = today - timedelta(days=days)
            loans = breakdowns.late_loans(db, ids, before, (0, 0), 1000)
            assert sum(each.owed for each in loans) == sum(each[days].part for each in risk)
            paged, after = [], (0, 0)
            while some := breakdowns.late_loans(db, ids, before, after, 1):
                paged += some
                after = some[-1].group.id, some[-1].loan
            assert paged == loans
    admin.get("/reports/at-risk")
    row = cells(admin)[0]
    assert row[1] == words("en").amount(Money(sum(each[1].whole for each in risk)))
    assert row[2] == words("en").amount(Money(sum(each[1].part for each in risk)))


@BOTH
def test_active_and_idle_agents_are_all_agents(runtime: Runtime, admin: Browser) -> None:
    with runtime.database.reading() as db:
        for hub in hubs.every(db):
            on = programmes.day(NOW, hub.timezone)
            everyone, active = breakdowns.active_agents(db, hub, on)
            for days, count in active.items():
                assert everyone - count == len(activity.idle(db, hub, on, days))
    admin.get("/reports/agents")
    assert "Active in 30 days" in admin.text


def test_meetings_held_are_those_counted(runtime: Runtime, admin: Browser) -> None:
    with runtime.database.reading() as db:
        (programme,) = programmes.every(db)
        first, last = date(2020, 1, 1), date(2030, 1, 1)
        found = breakdowns.meetings_held(db, [1, 2], first, last, (0, 0), 1000)
        scope = statements.of_programme(programme.id)
        figures = indicators.figures(db, scope, first, last)
    assert len(found) == figures["meetings held"].part
    assert sum(each.there for each in found) == figures["attendance"].part
    assert sum(each.expected for each in found) == figures["attendance"].whole
    assert admin.get("/reports/meetings-held?month=202611").status_code == 200


# ---- whose they are ----


def test_an_officer_has_her_groups_and_a_keeper_her_hub(runtime: Runtime, app: Flask, admin: Browser) -> None:
    officer = Browser(app).enter(runtime, add(runtime, "officer", groups=(2,)))
    keeper = Browser(app).enter(runtime, add(runtime, "keeper", hub=1))
    with runtime.database.reading() as db:
        first, second = (each.names.bn_Latn for each in groups.these(db, [1, 2]))
    for path in ("savings-and-loans", "at-risk", "recovery", "meetings", "groups", "loans-in-arrears"):
        admin.get(f"/reports/{path}?group={second}")
        officer.get(f"/reports/{path}")
        assert cells(officer) == cells(admin), path
        officer.get(f"/reports/{path}?group={first}")
        assert "No group of yours" in officer.text
        admin.get(f"/reports/{path}?group=2")
        assert "No group of yours" not in admin.text
    for path in ("sales", "agents", "idle-agents"):
        admin.get(f"/reports/{path}?hub=1")
        keeper.get(f"/reports/{path}")
        assert cells(keeper) == cells(admin)
        assert keeper.get(f"/reports/{path}?hub=2").status_code == 404
    keeper.get("/reports")
    assert "Savings" not in keeper.text
    assert "Sales of hubs" in keeper.text


@BOTH
def test_a_node_has_the_groups_under_it(runtime: Runtime, admin: Browser) -> None:
    with transaction(runtime) as db:
        (programme,) = programmes.every(db)
        origin = partial(Origin, actor="test", channel="test", at=NOW, on=NOW.date(), codes=lambda: "")
        federations = federation.add(db, programme.id, "federation", Names("জোট", "Jot", "Jot"), origin("n1"))
        called = Names("গ্রাম", "Gram", "Gram")
        village = federation.add(db, programme.id, "village", called, origin("n2"), federations)
        federation.hang(db, groups.get(db, 2), village, origin("n3"))
    for path in ("savings-and-loans", "at-risk", "groups"):
        admin.get(f"/reports/{path}?group=2")
        of_group = cells(admin)
        for node in (federations, village):
            admin.get(f"/reports/{path}?node={node.id}")
            assert cells(admin) == of_group
        admin.get(f"/reports/{path}?node={village.id}&group=1")
        assert "No group of yours" in admin.text


def test_an_officer_without_groups_sees_nothing(runtime: Runtime, app: Flask, admin: Browser) -> None:
    officer = Browser(app).enter(runtime, add(runtime, "officer", groups=()))
    for path in ("savings-and-loans", "at-risk", "recovery", "meetings", "groups", "loans-in-arrears", "meetings-held"):
        assert officer.get(f"/reports/{path}").status_code == 200
        assert [cell for row in cells(officer) for cell in row[1:] if re.search("[1-9]", cell)] == [], path


def test_nothing_of_another_programme(runtime: Runtime, app: Flask, admin: Browser) -> None:
    with transaction(runtime) as db:
        other = programmes.start(db, "Other", currency="INR", timezone="Asia/Kolkata")
        programmes.open_hub(db, other, Names("ডিপো", "Depot", "Depot"))
    counting.count(runtime, NOW)
    stranger = Browser(app).enter(runtime, add(runtime, "admin", "stranger", programme=other.id))
    for path in PATHS:
        assert stranger.get(path).status_code == 200, path
        sums = [cell for row in cells(stranger) for cell in row[1:] if re.search("[1-9]", cell)]
        assert sums == [], path
    assert stranger.get("/reports/sales?hub=1").status_code == 404


def test_what_stands_in_the_address(admin: Browser) -> None:
    for query in (
        "recovery?first=abc",
        "recovery?last=202613",
        "recovery?node=999",
        "recovery?node=x",
        "groups?month=0",
        "groups?after=x",
        "loans-in-arrears?days=5",
        "loans-in-arrears?after=5",
        "meetings-held?after=x",
        "idle-agents?hub=x",
        "recovery/pdf",
    ):
        assert admin.get(f"/reports/{query}").status_code == 404, query
    assert admin.get("/reports/recovery?form=csv&_external=1&page=x&first=202611&last=202601").status_code == 200
    assert len(cells(admin)) == 11


# ---- bounded ----


def test_more_groups_and_months_need_no_more_statements(runtime: Runtime, admin: Browser) -> None:
    def statements_of() -> dict[str, int]:
        found = {}
        for path in PATHS:
            with counted(runtime.database) as seen:
                assert admin.get(f"{path}?first=202401&last=202611").status_code == 200
            found[path] = len(seen)
        return found

    before = statements_of()
    with transaction(runtime) as db:
        (programme,) = programmes.every(db)
        for number in range(60):
            called = Names(f"দল {number}", f"Dol {number}")
            groups.start(db, programme, called, called, "Jashore")
    assert statements_of() == before
    assert max(before.values()) <= 20, before
    admin.get("/reports/groups")
    assert len(cells(admin)) == 50
    assert "Next page" in admin.text
    link = re.search(r'href="([^"]*after=[^"]*)"', admin.last.get_data(as_text=True) if admin.last else "")
    assert link
    admin.get(link[1].replace("&amp;", "&"))
    assert len(cells(admin)) == 12


# ---- files ----


def test_a_report_as_a_file(admin: Browser) -> None:
    page = admin.get("/reports/savings-and-loans?first=202610&last=202611")
    assert page.status_code == 200
    shown = cells(admin)
    answer = admin.get("/reports/savings-and-loans/csv?first=202610&last=202611")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["Month", "2026-11", "2026-10"]
    assert len(rows[0]) == 1 + 4 + 6
    assert float(rows[1][1]) == float(shown[0][1].replace(",", ""))
    book = admin.get("/reports/at-risk/xlsx")
    assert zipfile.ZipFile(io.BytesIO(book.get_data())).testzip() is None
    assert "attachment" in book.headers["Content-Disposition"]


# ---- charts ----

SPOKEN = words("en")


def chart(*series: tuple[int | None, ...], labels: int | None = None, **more: str) -> Chart:
    count = len(series[0]) if labels is None else labels
    named = [Series(more.get("name", f"Series {at}"), values) for at, values in enumerate(series)]
    return Chart(more.get("title", "Title"), "Told", [f"Nov {at}" for at in range(count)], named, SPOKEN.number)


TICKS = {
    # low, high, unit: marks
    (0, 0, 1): [0, 1],
    (0, 3, 1): [0, 1, 2, 3],
    (0, 7, 1): [0, 2, 4, 6, 8],
    (0, 1_234_56, 100): [0, 50_000, 100_000, 150_000],
    (-3, 9, 1): [-5, 0, 5, 10],
    (-8, -2, 1): [-8, -6, -4, -2, 0],
    (40, 99, 1): [0, 20, 40, 60, 80, 100],
    (0, 98_765_432_100, 100): [0, 20_000_000_000, 40_000_000_000, 60_000_000_000, 80_000_000_000, 100_000_000_000],
}


@pytest.mark.parametrize(("asked", "marks"), TICKS.items())
def test_ticks(asked: tuple[int, int, int], marks: list[int]) -> None:
    assert charts.ticks(*asked) == marks


SERIES: dict[str, tuple[tuple[int | None, ...], ...]] = {
    "two": ((1, 5, 3), (2, 2, 8)),
    "below zero": ((-5, 3, 0), (1, -2, -9)),
    "nothing but zeros": ((0, 0, 0),),
    "one value": ((7,),),
    "gaps": ((None, 4, None, 6, 7),),
    "three": ((1, 2), (3, 4), (5, 6)),
    "lakhs": ((12_34_56_789_00,) * 36,),
}


@pytest.mark.parametrize("draw", [charts.columns, charts.lines, charts.bars])
@pytest.mark.parametrize("series", SERIES.values(), ids=SERIES)
def test_a_chart_is_drawn_inside_its_frame(draw: object, series: tuple[tuple[int | None, ...], ...]) -> None:
    assert callable(draw)
    drawn = str(draw(chart(*series), "key"))
    assert not re.search(r"style|script|<style|nan|inf", drawn.replace("stripes", ""))
    both = ElementTree.fromstring(drawn)
    caption, *pictures = both
    assert caption.text == "Title"
    assert [each.attrib["class"] for each in pictures] == ["narrow", "wide"]
    seen: set[str] = set()
    for svg in pictures:
        _, _, width, height = map(float, svg.attrib["viewBox"].split())
        assert svg.attrib["role"] == "img"
        named = [svg.find(f".//*[@id='{each}']") for each in svg.attrib["aria-labelledby"].split()]
        assert [each.tag if each is not None else "" for each in named] == ["title", "desc"]
        for each in svg.iter():
            assert each.attrib.get("id") not in seen
            seen |= {each.attrib["id"]} if "id" in each.attrib else set()
            if each.tag == "rect":
                x, y, wide, high = (float(each.attrib[name]) for name in ("x", "y", "width", "height"))
                assert 0 <= x <= x + wide <= width + 1
                assert 0 <= y <= y + high <= height
                assert wide > 0
            if each.tag == "text":
                assert 0 <= float(each.attrib["x"]) <= width
                assert float(each.attrib["font-size"]) >= 11


def test_a_chart_of_nothing_is_nothing() -> None:
    for draw in (charts.columns, charts.lines, charts.bars):
        assert draw(chart((None, None)), "key") == ""
        assert draw(chart((), labels=0), "key") == ""


def test_what_people_wrote_is_escaped() -> None:
    drawn = charts.lines(chart((1, 2), (2, 3), title='<b>&"', name="<script>alert(1)</script>"), "key")
    assert "<script" not in drawn
    assert "<b>" not in drawn
    ElementTree.fromstring(str(drawn))


def test_series_differ_by_more_than_colour() -> None:
    lines, columns = str(charts.lines(chart((1, 2), (2, 3)), "a")), str(charts.columns(chart((1, 2), (2, 3)), "a"))
    assert "<circle" in lines
    assert "<polygon" in lines
    assert "stroke-dasharray" in lines
    assert "url(#a-n-stripes)" in columns
