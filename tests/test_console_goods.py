"""The console's catalogue, stock and suppliers: prices from a day on, a list in a sheet, a bill, a loss, a claim."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from io import BytesIO

import pytest
from conftest import BOTH
from flask import Flask
from ledger_world import taka
from office import Browser
from office import add
from office import counted
from office import field_of
from test_console_pages import other_programme
from test_console_trade import app
from test_console_trade import audited
from test_console_trade import keeper
from test_console_trade import raw
from test_console_trade import shown

from gateway.console.views import imports
from gateway.console.views import items
from gateway.runtime import Runtime
from gateway.transaction import reading
from ledger import catalogue
from ledger import hubs
from ledger import programmes
from ledger import stock
from ledger import suppliers
from ledger.catalogue import Item
from ledger.suppliers import Standing

__all__ = ["app"]

ITEMS = 140
"""Items of the demo's catalogue."""


def now() -> date:
    return programmes.day(datetime.now(UTC), "Asia/Dhaka")


def item(runtime: Runtime, code: int, on: date | None = None) -> Item:
    with reading(runtime) as db:
        return catalogue.by_code(db, 1, code, on or now(), unsold=True)


def office(runtime: Runtime, app: Flask) -> Browser:
    return Browser(app).enter(runtime, add(runtime, "admin"))


# ---- catalogue ----


def test_the_catalogue_by_category_and_code(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)

    def listed(path: str) -> list[str]:
        browser.get(path)
        return re.findall(r'href="/console/items/(\d+)"', raw(browser))

    found, next_ = [], "/items"
    while next_:
        with counted(runtime.database) as statements:
            found += listed(next_)
        assert len([each for each in statements if "FROM " in each]) <= 6
        link = re.search(r'class="pager"><a class="button" href="([^"]+)"', raw(browser))
        next_ = link[1] if link else ""
    assert len(found) == len(set(found)) == ITEMS
    assert set(listed("/items?category=2")) < set(found)
    assert listed("/items?code=১০১") == ["101"]
    assert listed("/items?code=7") == []
    assert "A new item" not in browser.text, "a keeper reads"
    for path in ("/items?category=99", "/items?code=x", "/items?after=x", "/items/7", "/items/file?kind=pdf"):
        assert browser.get(path).status_code == 404, path
    browser.get("/items/101")
    assert "101 Soap 100 g Price Tk 48 Usual retail price Tk 55" in browser.text
    assert "Jashore depot 1,000 988" in browser.text
    assert "Rangpur" not in browser.text


@BOTH
def test_a_price_from_a_day_on(runtime: Runtime, app: Flask) -> None:
    browser, later = office(runtime, app), now() + timedelta(days=7)
    path = "/items/101/price"
    for typed, said in (
        ({"price": "0", "retail": "55", "from": f"{later}"}, "as 48 or 48.50"),
        ({"price": "x", "retail": "55", "from": f"{later}"}, "as 48 or 48.50"),
        ({"price": "50", "retail": "999999", "from": f"{later}"}, "have room for"),
        ({"price": "50", "retail": "60", "from": "soon"}, "as 2026-11-22"),
        ({"price": "50", "retail": "60", "from": f"{now() - timedelta(days=1)}"}, "That day is over"),
        ({"price": "48", "retail": "55", "from": f"{now()}"}, "Nothing of it is different"),
    ):
        assert browser.send(path, **typed, step="write").status_code == 422
        assert said in browser.text, browser.text
    typed = {"price": "৫০.৫০", "retail": "45", "from": f"{later}"}
    assert browser.send(path, **typed, step="write", shown="of another page").status_code == 200
    assert "Tk 50.50 instead of Tk 48, retail Tk 45 instead of Tk 55." in browser.text
    assert "below the hub's price" in browser.text
    assert browser.send(path, **typed, step="write", shown=shown(browser)).status_code == 303
    assert item(runtime, 101).price == taka(48)
    assert (item(runtime, 101, later).price.minor, item(runtime, 101, later).retail) == (5050, taka(45))
    browser.get("/items/101")
    assert "is still to come" in browser.text
    assert "Entered a price Item 101" in (browser.get("/trail"), browser.text)[1]


@BOTH
def test_what_an_item_is(runtime: Runtime, app: Flask) -> None:
    browser = office(runtime, app)
    described = {"name_bn": "সাবান", "name_latn": "Saban", "name_en": "Soap", "category": "1", "supplier": "2"}
    assert browser.send("/items/101/change", **described).status_code == 303
    found = item(runtime, 101)
    assert (found.names.bn, found.names.en, found.active, found.price) == ("সাবান", "Soap", False, taka(48))
    assert browser.send("/items/101/change", **described).status_code == 422
    for field, typed, said in (
        ("name_bn", "", "Fill this in"),
        ("name_latn", "S" * 60, "room for"),
        ("category", "99", "Choose one"),
        ("supplier", "", "Choose one"),
    ):
        assert browser.send("/items/101/change", **(described | {field: typed})).status_code == 422
        assert said in browser.text
    fresh = described | {"price": "10", "retail": "12", "active": "yes"}
    for code, said in (("101", "another item"), ("7", "number from 100"), ("x", "number from 100")):
        assert browser.send("/items/new", **fresh, code=code).status_code == 422
        assert said in browser.text
    assert browser.send("/items/new", **fresh, code="990").status_code == 303
    assert (item(runtime, 990).price, item(runtime, 990).active) == (taka(10), True)


def sheet_of(browser: Browser) -> list[list[str]]:
    text = browser.get("/items/file").get_data(as_text=True)
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))


def as_file(rows: list[list[str]], name: str = "list.csv") -> tuple[BytesIO, str]:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return BytesIO(out.getvalue().encode()), name


def upload(browser: Browser, file: tuple[BytesIO, str] | None, **typed: str) -> int:
    page = browser.get("/items/list").get_data(as_text=True)
    field = field_of(page.replace(' enctype="multipart/form-data"', ""))
    form = {"form": field, "from": f"{now()}", "step": "look", **typed}
    return browser.post("/items/list", form | ({"file": file} if file else {})).status_code


@BOTH
def test_a_price_list_is_looked_at_and_then_written(runtime: Runtime, app: Flask) -> None:
    """The list that the catalogue gives out changes nothing; with a new price and an item less it does."""
    browser = office(runtime, app)
    rows = sheet_of(browser)
    assert rows[0] == list(items.HEADING)
    assert len(rows) == ITEMS + 1
    assert upload(browser, as_file(rows)) == 200
    assert f"{ITEMS} unchanged" in browser.text
    assert shown(browser) == "", "nothing to write"
    price, active = rows[0].index("price"), rows[0].index("active")
    rows[1][price] = "49.50"
    rows[2][active] = "no"
    assert upload(browser, as_file(rows)) == 200
    assert "changed 101 Saban 100 gram: price 48.00 → 49.50" in browser.text
    assert f"1 changed, 1 discontinued, {ITEMS - 2} unchanged" in browser.text
    assert item(runtime, 101).price == taka(48)
    kept = re.search(r'name="rows" value="([^"]*)"', raw(browser), re.DOTALL)
    assert kept
    again = {"rows": html.unescape(kept[1])}
    assert upload(browser, None, **again, step="write", shown="something else") == 200, "not what was shown"
    assert upload(browser, None, **again, step="write", shown=shown(browser)) == 303, browser.text
    assert item(runtime, 101).price.minor == 4950
    assert not item(runtime, 102).active
    assert "Took in a price list" in (browser.get("/trail"), browser.text)[1]


def test_a_list_that_cannot_be_read(runtime: Runtime, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = office(runtime, app)
    rows = sheet_of(browser)
    bad = [rows[0], ["101", *rows[1][1:5], "4S", *rows[1][6:]], rows[2]]
    assert upload(browser, as_file(bad)) == 200
    assert "row 2: price '4S' is not a sum" in browser.text
    assert shown(browser) == ""
    for file, said in (
        (None, "Choose a file"),
        ((BytesIO(b""), "a.csv"), "the file is empty"),
        ((BytesIO(b"a,b\n1,2"), "a.csv"), "has no column"),
        ((BytesIO(b"PK\x03\x04nothing"), "a.xlsx"), "cannot be read"),
        (as_file(rows[:1]), "nothing under the heading"),
    ):
        assert upload(browser, file) == 422, said
        assert said in browser.text, browser.text
    assert upload(browser, as_file(rows), **{"from": "2026-01-01"}) == 422
    monkeypatch.setattr(imports, "MOST_OCTETS", 1000)
    assert upload(browser, as_file(rows)) == 422
    assert "too long" in browser.text


# ---- stock ----


@BOTH
def test_what_a_hub_has_and_what_is_low(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    browser.get("/stock")
    assert "101 Soap 100 g 1,000 12 988" in browser.text
    with counted(runtime.database) as statements:
        browser.get("/stock?low=1")
    assert len([each for each in statements if "FROM " in each]) <= 6
    assert len(re.findall(r'href="/console/items/\d+"', raw(browser))) == 1, "of the last two items one is gone"
    found, next_ = [], "/stock"
    while next_:
        browser.get(next_)
        found += re.findall(r'href="/console/items/(\d+)"', raw(browser))
        link = re.search(r'class="pager"><a class="button" href="([^"]+)"', raw(browser))
        next_ = link[1].replace("&amp;", "&") if link else ""
    assert len(found) == len(set(found)) == ITEMS


@BOTH
def test_goods_in_with_a_bill(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    path = "/stock/1/goods-in?supplier=1"
    bill = {
        "bill": "B-77",
        "pieces-101": "১০",
        "cost-101": "420",
        "pieces-102": "3",
        "short-102": "1",
        "cost-102": "96",
    }
    for typed, said in (
        ({"bill": ""}, "Fill this in"),
        ({"bill": "no blanks"}, "no blanks"),
        ({"cost-101": ""}, "whole line of 101"),
        ({"pieces-101": ""}, "how many pieces came"),
        ({"pieces-101": "x"}, "whole number"),
        ({"cost-101": "free"}, "as 48 or 48.50"),
    ):
        assert browser.send(path, **(bill | typed), step="look").status_code == 422
        assert said in browser.text, browser.text
    assert browser.send(path, bill="B-77", step="look").status_code == 422
    assert browser.send(path, **bill, step="look").status_code == 200
    assert "Bill B-77 Pieces that came 13 The hub owes him more Tk 516 Of it claimed from him Tk 24" in browser.text
    assert browser.send(path, **bill, step="write", shown=shown(browser)).status_code == 303
    with reading(runtime) as db:
        hub = hubs.get(db, 1)
        assert stock.free(db, hub.book, [item(runtime, 101).id]) == {item(runtime, 101).id: 998}
        standing = suppliers.standings(db, hub.book)[0]
        assert (standing.owed, standing.claimed) == (taka(516), taka(24))
    for typed in (bill, bill | {"cost-101": "421"}):
        browser.send(path, **typed, step="look")
        assert browser.send(path, **typed, step="write", shown=shown(browser)).status_code == 422
        assert "in the books already" in browser.text
    assert audited(runtime) == []
    assert browser.get("/stock/1/goods-in?supplier=99").status_code == 404


@BOTH
def test_goods_lost(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    loss = {"code": "101", "pieces": "2", "reason": "Wet in the rain"}
    for typed, status, said in (
        ({"code": "7"}, 422, "No item has the code 7"),
        ({"pieces": "0"}, 422, "how many pieces"),
        ({"pieces": "989"}, 409, "only 988 free pieces"),
        ({"reason": ""}, 422, "Say why"),
    ):
        assert browser.send("/stock/1/lost", **(loss | typed), step="look").status_code == status
        assert said in browser.text, browser.text
    browser.send("/stock/1/lost", **loss, step="look")
    assert "2 pieces of 101 Soap 100 g are gone: a loss of Tk 84." in browser.text
    assert browser.send("/stock/1/lost", **loss, step="write", shown=shown(browser)).status_code == 303
    browser.get("/stock")
    assert "101 Soap 100 g 998 12 986" in browser.text
    assert audited(runtime) == []


@BOTH
def test_a_supplier_is_paid_and_makes_a_claim_good(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    path, bill = "/stock/1/goods-in?supplier=1", {"bill": "9", "pieces-101": "9", "short-101": "1", "cost-101": "420"}
    browser.send(path, **bill, step="look")
    browser.send(path, **bill, step="write", shown=shown(browser))

    def write(deed: str, sum_: str, reason: str = "") -> int:
        typed = {"deed": deed, "sum": sum_, "reason": reason}
        browser.send("/suppliers/1/1", **typed, step="look")
        return browser.send("/suppliers/1/1", **typed, step="write", shown=shown(browser)).status_code

    for deed, sum_, reason, status in (
        ("pay", "421", "", 409),
        ("deduct", "20", "", 303),
        ("repay", "10", "", 303),
        ("repay", "13", "", 409),
        ("lose", "5", "", 422),
        ("lose", "5", "He says it was all there", 303),
        ("eat", "5", "", 422),
    ):
        assert write(deed, sum_, reason) == status, (deed, browser.text)
    with reading(runtime) as db:
        (first, *_) = suppliers.standings(db, hubs.get(db, 1).book)
    assert first == Standing(1, first.names, taka(400), taka(7))
    assert write("pay", "400") in (303, 409), "as far as the wallet goes"
    assert audited(runtime) == []


def test_goods_of_another_programme(runtime: Runtime, app: Flask) -> None:
    with other_programme(runtime) as programme:
        pass
    theirs = Browser(app).enter(runtime, add(runtime, "admin", "theirs", programme=programme))
    for path in ("/stock", "/suppliers", "/orders/picking"):
        assert "There is no hub yet." in (theirs.get(path), theirs.text)[1], path
    for path in ("/items/101", "/items/101/price", "/items/101/change", "/stock?hub=1", "/suppliers?hub=1"):
        assert theirs.get(path).status_code == 404, path
    assert theirs.get("/orders/picking.csv").get_data() == b""
    assert "There is no such item" in (theirs.get("/items?code=101"), theirs.text)[1]
    assert theirs.get("/items/file").get_data(as_text=True).count("\n") == 1
