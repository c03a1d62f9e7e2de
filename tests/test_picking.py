"""Picking lists: an order splits by supplier; a page that prints by itself, and CSV that calculates nothing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import playwright.sync_api as pw
import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import World
from ledger_world import findings
from ledger_world import open_world
from sqlalchemy import Connection
from trade_scripts import Trade

from gateway import picking
from ledger import catalogue
from ledger import hubs
from ledger import members
from ledger.catalogue import NewItem
from ledger.catalogue import item_table
from ledger.errors import NotFound
from ledger.tables import Names
from locales.script import canonical

LONGEST = "ক্ষুদ্র ঋণের কিস্তি সাবান"


def two_suppliers(db: Connection, codes: Callable[[], str]) -> World:
    """The lamp is from a second supplier, whose name and whose lamp's a spreadsheet would take for formulas."""
    world = open_world(db, codes)
    catalogue.add_suppliers(db, world.programme.id, {2: Names("=আলো", "=Alo")})
    alo = catalogue.supplier_ids(db, world.programme.id)[2]
    changed = {"supplier": alo, "name_bn": "+বাতি <b>"}
    db.execute(item_table.update().where(item_table.c.id == world.lamp.id).values(changed))
    return world


def orders_taken(db: Connection, world: World) -> list[int]:
    """One order in each state from the soap's and the lamp's suppliers; their numbers."""
    trade = Trade(db, world)
    trade.run("""
        order 3 soap, 1 lamp        1
        salma order 2 soap, 1 oil   2
        order 5 soap                3
        salma order 7 soap          4
        order 1 oil                 5
        accept 1
        accept 2
        pack 2
        accept 4
        dispatch 4
        accept 5
        cancel 5
    """)
    return trade.numbers


@BOTH
def test_accepted_and_packed_orders_are_picked_by_supplier_and_item(db: Connection, codes: Callable[[], str]) -> None:
    world = two_suppliers(db, codes)
    first, second, *_ = orders_taken(db, world)
    hub = hubs.get(db, world.hub.owner)
    told = [
        (each.supplier, each.item, each.order, each.agent, each.pieces, each.packed) for each in hubs.to_pick(db, hub)
    ]
    assert told == [
        (1, 101, first, "1001", 3, False),
        (1, 101, second, "1002", 2, True),
        (1, 102, second, "1002", 1, True),
        (2, 103, first, "1001", 1, False),
    ]
    assert [each.order for each in hubs.to_pick(db, hub, 2)] == [first]
    assert list(hubs.to_pick(db, hub, 3)) == []
    assert findings(db) == []


@BOTH
def test_the_orders_of_a_hub(db: Connection, codes: Callable[[], str]) -> None:
    world = two_suppliers(db, codes)
    numbers = orders_taken(db, world)
    (hub,) = hubs.every(db)
    assert hub == hubs.get(db, world.hub.owner)
    assert hub.book == world.hub
    listed = [(each.order.number, each.order.state, each.code) for each in hubs.orders_of(db, hub)]
    states = ["accepted", "packed", "placed", "dispatched", "cancelled"]
    assert listed == list(zip(numbers, states, ["1001", "1002", "1001", "1002", "1001"], strict=True))
    chosen = [each.order.number for each in hubs.orders_of(db, hub, ["placed", "packed"])]
    assert chosen == [numbers[1], numbers[2]]
    with pytest.raises(NotFound, match="unknown-hub hub=99"):
        hubs.get(db, 99)


class Page(HTMLParser):
    """The tables of a page as text, what it points to, and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.headings: list[str] = []
        self.outside: list[str] = []
        self.into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outside += [str(value) for name, value in attrs if name in {"src", "href", "action", "style"}]
        if tag in {"script", "link", "img", "iframe"}:
            self.outside.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.into = self.rows[-1]
        if tag in {"h1", "h2"}:
            self.headings.append("")
            self.into = self.headings

    def handle_data(self, data: str) -> None:
        if self.into and data.strip():
            self.into[-1] = f"{self.into[-1]} {data.strip()}".strip()

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "h1", "h2"}:
            self.into = None


@BOTH
def test_the_page_has_a_sheet_for_each_supplier(db: Connection, codes: Callable[[], str]) -> None:
    world = two_suppliers(db, codes)
    first, second, *_ = orders_taken(db, world)
    hub = hubs.get(db, world.hub.owner)
    text = "".join(picking.html(hub, hubs.to_pick(db, hub), DAY))
    page = Page(text)
    assert page.headings == ["মাল গোছানোর তালিকা", "1. মিল", "2. =আলো"]
    heading = ["মাল", "কয়টি", "অর্ডার", "✓"]
    assert page.rows == [
        [canonical(each) for each in row]
        for row in (
            heading,
            ["101 সাবান", "৩ তৈরি ২", f"{first} রহিমা × ৩ {second} সালমা × ২ (তৈরি)", ""],
            ["102 তেল", "০ তৈরি ১", f"{second} সালমা × ১ (তৈরি)", ""],
            heading,
            ["103 +বাতি <b>", "১", f"{first} রহিমা × ১", ""],
        )
    ]
    assert "২২ নভেম্বর ২০২৬" in text
    assert page.outside == []
    assert "url(" not in text
    assert "@page" in text


def test_a_page_without_orders(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    hub = hubs.get(db, world.hub.owner)
    page = "".join(picking.html(hub, [], DAY))
    assert canonical("ডিপো, ২২ নভেম্বর ২০২৬: গোছানোর মতো কোনো অর্ডার নেই।") in page
    assert list(csv.reader(io.StringIO("".join(picking.sheet(hub, [], DAY)).lstrip("\ufeff")))) == [
        list(picking.COLUMNS)
    ]


@BOTH
def test_csv_calculates_nothing(db: Connection, codes: Callable[[], str]) -> None:
    world = two_suppliers(db, codes)
    first, second, *_ = orders_taken(db, world)
    hub = hubs.get(db, world.hub.owner)
    text = "".join(picking.sheet(hub, hubs.to_pick(db, hub), DAY))
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == text.count("\n") == 5
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows == [
        list(picking.COLUMNS),
        ["1", "মিল", "101", "সাবান", "3", str(first), "1001", "রহিমা", "accepted"],
        ["1", "মিল", "101", "সাবান", "2", str(second), "1002", "সালমা", "packed"],
        ["1", "মিল", "102", "তেল", "1", str(second), "1002", "সালমা", "packed"],
        ["2", "'=আলো", "103", "'+বাতি <b>", "1", str(first), "1001", "রহিমা", "accepted"],
    ]
    assert not [value for row in rows for value in row if re.match(r"[=+\-@\t\r]", value)]


@pytest.mark.browser
def test_nothing_is_cut_off_on_a_phone_a_screen_and_paper(
    db: Connection, codes: Callable[[], str], tmp_path: Path, chromium: pw.Browser
) -> None:
    world = two_suppliers(db, codes)
    new = [NewItem(200 + n, 1, 1, Names(LONGEST, "Long", "Long"), 9_99, 11_00) for n in range(30)]
    catalogue.add_items(db, world.programme.id, new)
    items = [catalogue.by_code(db, world.programme.id, each.code, DAY) for each in new]
    agent = members.get(db, world.rahima.id)
    names = Names(LONGEST, "Long")
    wanted = [
        hubs.Wanted(1, names, item.code, item.names, 9_999_999, agent.code, names, 999, order % 2 == 1)
        for item in items
        for order in range(4)
    ]
    path = tmp_path / "list.html"
    path.write_text("".join(picking.html(hubs.get(db, world.hub.owner), wanted, DAY)), encoding="utf-8")
    asked: list[str] = []
    context = chromium.new_context()
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    for media, width in (("screen", 360), ("screen", 1280), ("print", 703)):
        page.emulate_media(media=media)
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (media, width)
        cells = page.evaluate("[...document.querySelectorAll('td, th')].filter(e => e.scrollWidth > e.clientWidth)")
        assert cells == [], (media, width)
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    context.close()
    assert asked == [path.as_uri()]
