"""The console's orders and agents: an order from placed to closed by clicks, money of agents, limits by two people."""

from __future__ import annotations

import html
import re
from datetime import UTC
from datetime import datetime
from functools import partial

import pytest
from conftest import BOTH
from conftest import TODAY
from console_table import TABLE
from flask import Flask
from ledger_world import findings
from ledger_world import taka
from office import Browser
from office import add
from office import answer_of
from office import counted
from sqlalchemy import select
from test_console_pages import other_programme

from gateway.app import create_app
from gateway.backend import JOB
from gateway.console import forms
from gateway.console.pages import BY_NAME
from gateway.console.trail import trail_table
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import agents
from ledger import catalogue
from ledger import handovers
from ledger import hubs
from ledger import members
from ledger import orders
from ledger.books import Origin
from ledger.handovers import handover_table
from ledger.orders import Pick
from ledger.receipts import LETTERS
from ledger.receipts import completed

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)

HUB = 1
"""The demo's first hub, whose agent 1 has placed the orders 3 and 4."""


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def keeper(runtime: Runtime, app: Flask, name: str = "keeper", hub: int = HUB) -> Browser:
    return Browser(app).enter(runtime, add(runtime, "keeper", name, hub=hub))


def raw(browser: Browser) -> str:
    return answer_of(browser).get_data(as_text=True)


def shown(browser: Browser) -> str:
    """What the form says it has shown."""
    found = re.search(r'name="shown" value="([^"]*)"', raw(browser))
    return html.unescape(found[1]) if found else ""


def fields(browser: Browser, pattern: str) -> dict[str, str]:
    return dict(re.findall(rf'name="({pattern})" value="([^"]*)"', raw(browser)))


def order(runtime: Runtime, number: int = 3) -> orders.Order:
    with reading(runtime) as db:
        return orders.get(db, hubs.get(db, HUB).book, number)


def acts(runtime: Runtime) -> list[str]:
    with reading(runtime) as db:
        return list(db.execute(select(trail_table.c.act).order_by(trail_table.c.at)).scalars())


def code_of(runtime: Runtime, number: int = 3) -> str:
    with reading(runtime) as db:
        return handovers.code(db, orders.get(db, hubs.get(db, HUB).book, number)) or ""


def audited(runtime: Runtime) -> list[str]:
    with reading(runtime, patience=JOB) as db:
        return findings(db)


def steps(browser: Browser, number: int, *deeds: str) -> None:
    for deed in deeds:
        assert browser.send(f"/orders/{HUB}/{number}", deed=deed).status_code == 303, browser.text


def hand_over(browser: Browser, number: int = 3, **typed: str) -> int:
    """Fill the form of a delivery, look at it, and write it."""
    path = f"/orders/{HUB}/{number}/deliver"
    browser.get(path)
    filled = fields(browser, r"arrived-\d+") | typed
    browser.send(path, **filled, step="look", shown="")
    return browser.send(path, **filled, step="write", shown=shown(browser)).status_code


# ---- orders ----


@BOTH
def test_an_order_from_placed_to_closed(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    browser.get(f"/orders/{HUB}/3")
    assert "Order 3, placed" in browser.text
    assert "Rahima 1001" in browser.text
    for deed, state in (("accept", "accepted"), ("pack", "packed"), ("dispatch", "dispatched")):
        steps(browser, 3, deed)
        assert order(runtime).state == state
    path = f"/orders/{HUB}/3/deliver"
    browser.get(path)
    assert "She buys for Tk 290 She owes more Tk 290" in browser.text
    filled = fields(browser, r"arrived-\d+") | {"step": "write", "shown": shown(browser), "proof": "code"}
    assert browser.send(path, **filled, delivery="").status_code == 422
    code = code_of(runtime)
    wrong = f"{(int(code) + 1) % 10_000:04d}"
    assert browser.send(path, **filled, delivery=wrong).status_code == 200
    assert "It can be tried so many times more: 4." in browser.text
    assert wrong in raw(browser), "what was typed stays"
    assert browser.send(path, **filled, delivery=code).headers["Location"].endswith("/orders/1/3?said=order-delivered")
    with reading(runtime) as db:
        agent = members.get(db, order(runtime).agent)
        assert agents.owes(db, agent) == taka(290)
    steps(browser, 3, "close")
    assert order(runtime).state == "closed"
    assert acts(runtime) == [
        "order.accepted",
        "order.packed",
        "order.dispatched",
        "order.code-wrong",
        "order.delivered",
        "order.closed",
    ]
    assert audited(runtime) == []


@BOTH
def test_a_delivery_in_part(runtime: Runtime, app: Flask) -> None:
    """Of three items one arrives, one comes back, one is half lost and half claimed from its carrier."""
    browser = keeper(runtime, app)
    steps(browser, 3, "dispatch")
    path = f"/orders/{HUB}/3/deliver"
    filled = {"arrived-101": "2", "arrived-102": "0", "arrived-103": "১"}
    filled |= {"fate-102": "back", "fate-103": "claimed", "proof": "note", "note": "She said so on the phone"}
    everything = (browser.get(path), shown(browser))[1]
    browser.send(path, **filled, step="write", shown=everything)
    assert "Choose who has to make it good" in browser.text
    filled["supplier"] = "2"
    assert browser.send(path, **filled, step="write", shown=everything).status_code == 200
    assert "Nothing is written yet" in browser.text
    assert "She buys for Tk 166" in browser.text
    assert order(runtime).state == "dispatched"
    assert browser.send(path, **filled, step="write", shown=shown(browser)).status_code == 303, browser.text
    with reading(runtime) as db:
        agent = members.get(db, order(runtime).agent)
        assert agents.owes(db, agent) == taka(166)
        lines = {line.item: line.arrived for line in orders.lines(db, order(runtime))}
    assert sorted(lines.values()) == [0, 1, 2]
    browser.get(f"/suppliers?hub={HUB}")
    assert "Jhilmili Soap Tk 0 Tk 62" in browser.text
    assert audited(runtime) == []


def test_what_a_delivery_does_not_take(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    steps(browser, 3, "dispatch")
    path = f"/orders/{HUB}/3/deliver"
    mark = (browser.get(path), shown(browser))[1]
    good = fields(browser, r"arrived-\d+")
    for typed, said in (
        ({}, "Choose how it is known"),
        ({"proof": "note"}, "Write how you know"),
        ({"proof": "code"}, "Type the four digits"),
        ({"proof": "note", "note": "x", "arrived-101": "3"}, "Of 101 only 2 pieces were sent."),
        ({"proof": "note", "note": "x", "arrived-101": "-1"}, "a whole number"),
        ({"proof": "note", "note": "x", "arrived-101": "two"}, "a whole number"),
    ):
        answer = browser.send(path, **(good | typed), step="write", shown=mark)
        assert (answer.status_code, said in browser.text) == (422, True), browser.text
    assert order(runtime).state == "dispatched"


@BOTH
def test_five_wrong_codes_and_then_a_note(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    steps(browser, 3, "dispatch")
    code = code_of(runtime)
    wrong = f"{(int(code) + 1) % 10_000:04d}"
    for _ in range(5):
        assert hand_over(browser, proof="code", delivery=wrong) == 200
    assert "Too many wrong codes" in browser.text
    assert hand_over(browser, proof="code", delivery=code) == 200, "not even the right one"
    assert hand_over(browser, proof="note", note="Her neighbour and she came by") == 303
    assert audited(runtime) == []


@BOTH
def test_an_order_that_nobody_takes_is_sent_back(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    steps(browser, 3, "accept", "dispatch")
    nothing = {"arrived-101": "0", "arrived-102": "0", "arrived-103": "0"}
    assert hand_over(browser, **nothing, **{"fate-101": "lost"}) == 303, browser.text
    assert order(runtime).state == "refused"
    assert audited(runtime) == []


@BOTH
def test_goods_come_back(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    steps(browser, 3, "dispatch")
    assert hand_over(browser, proof="code", delivery=code_of(runtime)) == 303
    path = f"/orders/{HUB}/3/return"
    assert browser.send(path, step="look").status_code == 422
    assert browser.send(path, **{"back-101": "9"}, step="look").status_code == 422
    browser.send(path, **{"back-101": "1"}, step="look")
    assert "Goods for Tk 48 come back" in browser.text
    assert browser.send(path, **{"back-101": "2"}, step="write", shown=shown(browser)).status_code == 200, (
        "other pieces"
    )
    assert "Goods for Tk 96 come back" in browser.text
    assert browser.send(path, **{"back-101": "2"}, step="write", shown=shown(browser)).status_code == 303
    with reading(runtime) as db:
        assert agents.owes(db, members.get(db, order(runtime).agent)) == taka(290 - 96)
    assert audited(runtime) == []


@BOTH
def test_an_order_is_cancelled_with_a_reason(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    assert browser.send(f"/orders/{HUB}/3", deed="cancel").status_code == 422
    assert browser.send(f"/orders/{HUB}/3", deed="eat").status_code == 422
    typed = {"form": browser.field(f"/orders/{HUB}/3"), "deed": "cancel", "reason": "She is away"}
    for _ in range(2):
        assert browser.post(f"/orders/{HUB}/3", typed).headers["Location"].endswith("said=order-cancelled")
    assert acts(runtime) == ["order.cancelled"]
    field = forms.made(runtime.settings.secret_key, browser.cookie, "order")
    assert browser.post(f"/orders/{HUB}/3", {"form": field, "deed": "accept"}).status_code == 409
    assert "has moved on meanwhile" in browser.text
    assert audited(runtime) == []


def test_orders_by_state_hub_and_number(runtime: Runtime, app: Flask) -> None:
    admin = Browser(app).enter(runtime, add(runtime, "admin"))

    def listed(path: str) -> list[tuple[str, str]]:
        admin.get(path)
        return re.findall(r'href="/console/orders/(\d+)/(\d+)"', raw(admin))

    steps(admin, 3, "accept")
    steps(admin, 4, "dispatch")
    assert len(listed("/orders")) == 11
    assert listed("/orders?hub=1")[0] == ("1", "3")
    assert listed("/orders?state=dispatched") == [("1", "4")]
    assert listed("/orders?state=all")[:2] == [("2", "8"), ("2", "7")]
    assert listed("/orders?number=3") == [("1", "3"), ("2", "3")]
    assert listed("/orders?number=৩&hub=2") == [("2", "3")]
    assert listed("/orders?number=99") == []
    assert "hx-get" in (admin.get("/orders"), raw(admin))[1]
    for path in ("/orders?state=x", "/orders?hub=9", "/orders?hub=x", "/orders?number=x", "/orders?after=x"):
        assert admin.get(path).status_code == 404, path


@BOTH
def test_many_orders_come_in_pages(runtime: Runtime, app: Flask) -> None:
    """Of 60 more orders none is twice and none left out, and a page asks as much as one of a single order."""
    with transaction(runtime, tell=False, patience=JOB) as db:
        agent = members.get(db, 1)
        item = catalogue.by_code(db, 1, 102, TODAY)
        for number in range(60):
            where = Origin(f"o{number}", "test", "test", NOW, TODAY, partial(code_number, number))
            orders.place(db, agent, [Pick(item.id, 1, item.price.minor)], where)
    browser = keeper(runtime, app)
    asked = set()
    for path in ("/orders?state=packed", "/orders", "/orders?state=all"):
        found, next_ = [], path
        while next_:
            with counted(runtime.database) as statements:
                browser.get(next_)
            asked.add((path, len([each for each in statements if "FROM " in each])))
            found += re.findall(r'href="/console/orders/1/(\d+)"', raw(browser))
            link = re.search(r'class="pager"><a class="button" href="([^"]+)"', raw(browser))
            next_ = html.unescape(link[1]) if link else ""
        assert len(found) == len(set(found)) == (0 if "packed" in path else 66)
    # One for each state: packed, placed and accepted, none in particular.
    assert sorted(many - 5 for _, many in asked) == [0, 0, 1], asked


def code_number(number: int) -> str:
    """A receipt code of its own for each number."""
    return completed("".join(LETTERS[number // 20**place % 20] for place in range(5)))


def test_what_is_to_be_picked(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    assert "Nothing is to be picked" in (browser.get("/orders/picking"), browser.text)[1]
    steps(browser, 3, "accept")
    steps(browser, 5, "accept", "pack")
    browser.get("/orders/picking")
    assert "1. Bhoirobtir Sabanghor" in browser.text
    assert "101 Soap 100 g 2 ready: 2 3 Rahima × 2; 5 Fatema × 2 (ready)" in browser.text
    assert "101 Soap" not in (browser.get("/orders/picking?supplier=2"), browser.text)[1]
    rows = browser.get("/orders/picking.csv?supplier=1").get_data(as_text=True).splitlines()
    assert len(rows) == 5
    for path in ("/orders/picking?supplier=99", "/orders/picking?hub=2", "/orders/picking.csv?hub=2"):
        assert browser.get(path).status_code == 404


# ---- scopes ----

ABOUT = (
    "order", "order-deliver", "order-return", "agent", "agent-money", "agent-limit", "goods-in", "goods-lost",
    "supplier",
)  # fmt: skip
"""The pages about something of one hub."""


def test_nothing_of_another_hub_group_or_programme(runtime: Runtime, app: Flask) -> None:
    with other_programme(runtime) as programme:
        pass
    steps(keeper(runtime, app), 3, "dispatch")
    visitors = {
        "keeper": add(runtime, "keeper", "hub2", hub=2),
        "officer": add(runtime, "officer", "tista", groups=(2,)),
        "admin": add(runtime, "admin", "theirs", programme=programme),
    }
    things = {"hub": 1, "number": 3, "agent": 1, "supplier": 1}
    for role, who in visitors.items():
        browser = Browser(app).enter(runtime, who)
        for name in ABOUT:
            path = re.sub(r"<int:(\w+)>", lambda found: str(things[found[1]]), BY_NAME[name].route)
            if role in TABLE[name][0]:
                assert browser.get(path).status_code == 404, (role, path)
            if role in TABLE[name][1]:
                field = forms.made(runtime.settings.secret_key, browser.cookie, name)
                typed = {"form": field, "deed": "pay", "sum": "5", "limit": "5", "reason": "x", "step": "write"}
                assert browser.post(path, typed).status_code == 404, (role, path)
        for path in ("/orders?state=all&number=3", "/agents?code=1001"):
            browser.get(path)
            assert "/orders/1/3" not in raw(browser), (role, path)
            assert '/agents/1"' not in raw(browser), (role, path)
    assert order(runtime).state == "dispatched"
    mine = Browser(app).enter(runtime, add(runtime, "officer", "shapla", groups=(1,)))
    assert mine.get("/orders/1/3").status_code == 200
    assert "<button>Accept" not in raw(mine)
    assert set(re.findall(r"/agents/(\d+)", (mine.get("/agents"), raw(mine))[1])) == {"1", "5", "9"}
    assert len(re.findall(r"/orders/1/\d+", (mine.get("/orders?state=all"), raw(mine))[1])) == 6


def test_a_keeper_never_reads_what_was_handed_out(runtime: Runtime, app: Flask) -> None:
    """The delivery code is for the agent's eyes alone: on no page of the order."""
    browser = keeper(runtime, app)
    steps(browser, 3, "dispatch")
    with transaction(runtime, tell=False) as db:
        db.execute(handover_table.update().values(code="7391"))
    for path in ("/orders/1/3", "/orders/1/3/deliver", "/agents/1", "/trail"):
        browser.get(path)
        assert "7391" not in raw(browser)
