"""Whose a group's money is in the console, and how much of the database its lists ask for."""

from __future__ import annotations

import re

import pytest
from conftest import BOTH
from flask import Flask
from group_money import approved
from group_money import lend
from group_money import one
from group_money import origin
from group_money import taka
from group_money import today
from office import Browser
from office import add
from office import answer_of
from office import counted

from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import decisions
from ledger import groups
from ledger import members
from ledger import programmes
from ledger import savings
from ledger.members import Registration
from ledger.tables import Names

NASRIN, ROKEYA = "1009", "1012"
"""A member of group 1 and one of group 2."""


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def enter(runtime: Runtime, app: Flask, role: str, name: str = "", **scope: object) -> Browser:
    return Browser(app).enter(runtime, add(runtime, role, name, **scope))


def her(runtime: Runtime, code: str) -> members.Member:
    with reading(runtime) as db:
        return one(db, code)


# ---- whose ----


@BOTH
def test_what_is_not_hers_is_not_there(runtime: Runtime, app: Flask) -> None:
    """Officers of group 1 and 2, a lender, another programme: pages and clicks."""
    with transaction(runtime, tell=False) as db:
        lenders = lend(db, one(db, NASRIN), 4000, 4, today())
        request = approved(db, one(db, NASRIN), 100)
        programme = programmes.start(db, "Another")
        there = groups.start(db, programme, Names("দূর", "Dur"), Names("দূর", "Dur"), "Far")
        far = members.register(db, programme.id, [Registration("9001", Names("মায়া", "Maya"), "x", there.id)])[0]
    ours = [
        *(f"/loans/{lenders}{more}" for more in ("", "/repay", "/close")),
        *(f"/loans/1{more}" for more in ("", "/repay", "/close")),
        *(f"/requests/{request}{more}" for more in ("", "/pay")),
        *(f"/members/{her(runtime, NASRIN).id}/{more}" for more in ("loan", "money", "take", "withdraw", "fine")),
        "/groups/1/meetings",
        "/groups/1/sheet",
        "/groups/1/sheet/print",
    ]
    far_away = [
        f"/members/{far}/money",
        f"/members/{far}/loan",
        f"/groups/{there.id}/sheet",
        f"/groups/{there.id}/meetings",
    ]
    own, other, admin = (
        enter(runtime, app, "officer", "own", groups=(1,)),
        enter(runtime, app, "officer", "other", groups=(2,)),
        enter(runtime, app, "admin"),
    )
    for path in ours:
        assert (own.get(path).status_code, other.get(path).status_code) == (200, 404), path
        if "/sheet/print" not in path and path.rsplit("/", 1)[1] not in ("1", "money", "meetings", str(lenders)):
            field = own.field(path)
            assert own.post(path, {"form": field}).status_code in (200, 422), path
            field = other.field(
                path.replace("/1/", "/2/") if "/groups/" in path else _twin(runtime, path, lenders, request)
            )
            assert other.post(path, {"form": field}).status_code == 404, path
    for path in far_away:
        assert (admin.get(path).status_code, own.get(path).status_code) == (404, 404), path
    lender = enter(runtime, app, "lender")
    assert (lender.get(f"/loans/{lenders}").status_code, lender.get("/loans/1").status_code) == (200, 404)
    assert set(re.findall(r"/loans/(\d+)", lender.get("/loans").get_data(as_text=True))) == {str(lenders)}
    assert "/members/" not in lender.get(f"/loans/{lenders}").get_data(as_text=True)
    assert "No loan is asked for" in (lender.get("/loans?state=waiting"), lender.text)[1]
    assert set(re.findall(r"/loans/(\d+)", other.get("/loans").get_data(as_text=True))) == {"5", "6", "7", "8"}
    assert str(lenders) in re.findall(r"/loans/(\d+)", own.get("/loans").get_data(as_text=True))
    assert "No group is called" in (other.get("/loans?of=Shapla"), other.text)[1]


def _twin(runtime: Runtime, path: str, loan: int, request: int) -> str:
    """The same page about something of group 2, whose form somebody of group 2 may have."""
    if path.startswith("/groups/"):
        return path.replace("/1/", "/2/")
    if path.startswith("/members/"):
        return f"/members/{her(runtime, ROKEYA).id}/{path.rsplit('/', 1)[1]}"
    if path.startswith("/requests/"):
        with transaction(runtime, tell=False) as db:
            rokeya, leaders = one(db, ROKEYA), members.leaders(db, 2)
            savings.deposit(db, rokeya, taka(20), origin("twin saves"), "voluntary")
            asked = decisions.ask_withdrawal(db, rokeya, taka(20), origin("twin", "member:1"))
            for each in leaders[:2]:
                decisions.decide(db, each, asked.id, True, origin(f"twin {each.id}", f"member:{each.id}"))
        return f"/requests/{asked.id}/pay"
    return re.sub(rf"/loans/({loan}|1)\b", "/loans/5", path)


# ---- how much is asked of the database ----


def test_lists_ask_the_same_for_many(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "admin")
    few = _asked(runtime, browser)
    with transaction(runtime, tell=False) as db:
        who = [Registration(str(5000 + each), Names("নাম", "Nam"), "x", 1, numbers=[]) for each in range(60)]
        for place, member in enumerate(members.register(db, 1, who)):
            found = members.get(db, member)
            lend(db, found, 100, 2, today())
            savings.deposit(db, found, taka(20), origin(f"saves {place}"), "voluntary")
            decisions.ask_withdrawal(db, found, taka(20), origin(f"asks {place}"))
    assert _asked(runtime, browser) == few
    browser.get("/loans")
    assert "Next page" in browser.text
    more = re.search(r'href="/console(/loans\?after=[^"]+)"', answer_of(browser).get_data(as_text=True))
    assert more
    assert len(re.findall(r'<tr role="row">', browser.get(more[1].replace("&amp;", "&")).get_data(as_text=True))) > 10


def _asked(runtime: Runtime, browser: Browser) -> dict[str, int]:
    asked = {}
    for path in ("/loans", "/loans?state=behind", "/loans?state=waiting", "/requests/to-pay", "/loans/1", "/meetings"):
        browser.get(path)
        with counted(runtime.database) as seen:
            assert browser.get(path).status_code == 200
        asked[path] = len([each for each in seen if "FROM " in each])
    return asked
