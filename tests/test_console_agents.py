"""The console's agents: what they owe, their money, limits that two people change, who has been idle."""

from __future__ import annotations

import re
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from conftest import BOTH
from flask import Flask
from ledger_world import taka
from office import Browser
from office import add
from office import counted
from test_console_trade import app
from test_console_trade import audited
from test_console_trade import code_of
from test_console_trade import hand_over
from test_console_trade import keeper
from test_console_trade import raw
from test_console_trade import shown
from test_console_trade import steps

from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import commissions
from ledger import members
from ledger import orders
from ledger import shops
from ledger.sales import sale_table

__all__ = ["app"]


@BOTH
def test_money_of_an_agent(runtime: Runtime, app: Flask) -> None:
    browser = keeper(runtime, app)
    steps(browser, 3, "dispatch")
    hand_over(browser, proof="code", delivery=code_of(runtime))

    def write(deed: str, sum_: str) -> int:
        browser.send("/agents/1/money", deed=deed, sum=sum_, step="look")
        return browser.send("/agents/1/money", deed=deed, sum=sum_, step="write", shown=shown(browser)).status_code

    assert browser.send("/agents/1/money", deed="pay", sum="300", step="look").status_code == 200
    assert "Tk 290 of it clear what she owes, Tk 10 are paid ahead." in browser.text
    for deed, sum_, status in (
        ("pay", "৩০০", 303),
        ("prepay", "50.50", 303),
        ("refund", "61", 409),
        ("refund", "60.50", 303),
        ("earn", "20", 303),
        ("set-off", "5", 409),
        ("commission", "15", 303),
        ("commission", "6", 409),
        ("pay", "0", 422),
        ("pay", "-4", 422),
        ("pay", "4.555", 422),
        ("lend", "5", 422),
    ):
        assert write(deed, sum_) == status, (deed, browser.text)
    with reading(runtime) as db:
        agent = members.get(db, 1)
        assert shops.standing(db, agent) == shops.Standing(
            taka(0), taka(0), orders.credit_left(db, agent), commissions.unpaid(db, agent.hub_book, 1)
        )
        assert commissions.unpaid(db, agent.hub_book, 1) == taka(5)
    browser.get("/agents/1")
    assert "Commission not paid yet Tk 5" in browser.text
    assert audited(runtime) == []


@BOTH
def test_two_people_change_a_limit(runtime: Runtime, app: Flask) -> None:
    """The keeper asks, her own second click is refused, the keeper of another hub sees nothing, an admin says yes."""
    browser, other = keeper(runtime, app), keeper(runtime, app, "other", 2)
    admin = Browser(app).enter(runtime, add(runtime, "admin"))
    for typed, said in (
        ({"limit": "30000"}, "Say why"),
        ({"reason": "x"}, "Type a sum"),
        ({"limit": "20000", "reason": "x"}, "her limit already"),
        ({"limit": "x", "reason": "x"}, "as 48 or 48.50"),
    ):
        assert browser.send("/agents/1/limit", **typed).status_code == 422
        assert said in browser.text
    assert browser.send("/agents/1/limit", limit="30,000", reason="She sells well").status_code == 303
    assert browser.send("/agents/1/limit", limit="40000", reason="More").status_code == 409
    assert "One like it waits already" in browser.text
    asked = "Credit limit of Rahima 1001: Tk 30,000 instead of Tk 20,000"
    assert asked in (browser.get("/seconds"), browser.text)[1]
    assert asked not in (other.get("/seconds"), other.text)[1]
    assert other.get("/seconds/1").status_code == 404
    assert "Limit Tk 20,000" in (admin.get("/agents/1"), admin.text)[1]
    assert admin.send("/seconds/1", answer="yes").status_code == 303
    assert "Limit Tk 30,000" in (admin.get("/agents/1"), admin.text)[1]
    assert audited(runtime) == []


def test_agents_are_listed(runtime: Runtime, app: Flask) -> None:
    admin = Browser(app).enter(runtime, add(runtime, "admin"))

    def listed(path: str) -> list[str]:
        admin.get(path)
        return re.findall(r'href="/console/agents/(\d+)"', raw(admin))

    assert listed("/agents") == ["1", "5", "9", "11", "15", "19"]
    assert listed("/agents?hub=2") == ["11", "15", "19"]
    assert listed("/agents?code=১০০৫") == ["5"]
    assert listed("/agents?code=1002") == [], "a member who sells nothing"
    assert listed("/agents?after=11") == ["15", "19"]
    with counted(runtime.database) as statements:
        admin.get("/agents")
    assert len([each for each in statements if "FROM " in each]) <= 6
    admin.get("/agents/1")
    for said in ("Rahima 1001", "Group Shapla", "Phone +8801711000001", "Limit Tk 20,000", "Made in all"):
        assert said in admin.text


def test_idle_agents(runtime: Runtime, app: Flask) -> None:
    """Who neither ordered nor sold for 30 days; officers see those of their groups."""
    browser = keeper(runtime, app)
    with transaction(runtime, tell=False) as db:
        long_ago = datetime.now(UTC) - timedelta(days=31)
        db.execute(orders.order_table.update().values(placed_at=long_ago))
        db.execute(sale_table.update().where(sale_table.c.book != "shop:5").values(event_on=long_ago.date()))
        db.execute(sale_table.update().where(sale_table.c.book == "shop:5").values(event_on=datetime.now(UTC).date()))
    assert re.findall(r"/agents/(\d+)", (browser.get("/agents?idle=1"), raw(browser))[1]) == ["1", "9"]
    officer = Browser(app).enter(runtime, add(runtime, "officer", groups=(2,)))
    assert re.findall(r"/agents/(\d+)", (officer.get("/agents?idle=1"), raw(officer))[1]) == ["11", "15", "19"]
