"""Goods on instalments in the console: sold, paid, closed early; whose hub, what is refused."""

from __future__ import annotations

import re

import pytest
from conftest import BOTH
from flask import Flask
from group_money import agreed
from group_money import audited
from group_money import look
from group_money import one
from group_money import sold
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
from ledger import emi
from ledger import hubs
from ledger import stock


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


@pytest.fixture
def keeper(runtime: Runtime, app: Flask) -> Browser:
    """Of the first hub."""
    return Browser(app).enter(runtime, add(runtime, "keeper", hub=1))


def an_item(runtime: Runtime) -> str:
    """The code of something that the first hub has."""
    with reading(runtime) as db:
        found = next(each for each in stock.on_hand(db, hubs.get(db, 1).book, today()) if each.quantity)
    return str(found.item.code)


NEW = "/instalments/new"
HOW = {"hub": "1", "member": "১০০৯", "price": "1300", "down": "100", "times": "4", "rate": "2%/month", "method": "flat"}


@BOTH
def test_an_item_is_sold_on_instalments_and_paid(runtime: Runtime, app: Flask, keeper: Browser) -> None:
    how = HOW | {"item": an_item(runtime)}
    said = look(keeper, NEW, **how)
    assert "Nasrin , 1009" in said or "Nasrin, 1009" in said
    assert "Down payment, owed today Tk 100 First instalment Tk 324" in said
    assert write(keeper, NEW, **how) == "/instalments/1?said=emi-sold"
    assert "Left in all Tk 1,396" in (keeper.get("/instalments/1"), keeper.text)[1]
    assert "down payment" in keeper.text
    said = look(keeper, "/instalments/1/pay", sum="424")
    assert "Service charge Tk 24 Price Tk 400 In all Tk 424" in said
    assert write(keeper, "/instalments/1/pay", sum="424") == "/instalments/1?said=money-taken"
    assert "More than is left: it cannot be taken" in look(keeper, "/instalments/1/pay", sum="5000")
    assert keeper.post("/instalments/1/pay", agreed(keeper) | {"sum": "5000"}).status_code == 409
    assert "Only Tk 972 is owed" in keeper.text
    with reading(runtime) as db:
        contract = emi.get(db, hubs.get(db, 1).book, 1)
        assert (contract.left, contract.member) == (taka(972), one(db, "1009").id)
    keeper.get("/instalments/1/close")
    form = agreed(keeper)
    assert keeper.post("/instalments/1/close", form | {"shown": "5"}).status_code == 200
    assert "Nothing is written yet" in keeper.text
    for _ in ("once", "a double click"):
        assert keeper.post("/instalments/1/close", form).headers["Location"] == "/console/instalments/1?said=emi-closed"
    assert "It is paid off" in (keeper.get("/instalments/1/close"), keeper.text)[1]
    assert "paid off" in (keeper.get("/instalments?state=paid"), keeper.text)[1]
    assert audited(runtime) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"hub": "2"}, "Choose one"),
        ({"member": "77"}, "No member has this code"),
        ({"item": "999999"}, "No item that is sold has this code"),
        ({"price": "x"}, "Type a sum"),
        ({"down": "1300"}, "The down payment is less"),
        ({"times": "0"}, "Type a number"),
        ({"rate": "dear"}, "Write the service charge as"),
        ({"method": "passbook"}, "Choose one"),
        ({"price": "101", "times": "100"}, "There is no plan for that"),
    ],
)
def test_a_sale_that_does_not_do(
    runtime: Runtime, app: Flask, keeper: Browser, typed: dict[str, str], said: str
) -> None:
    how = HOW | {"item": an_item(runtime)} | typed
    assert keeper.send(NEW, **how).status_code == 422
    assert said in keeper.text
    assert f'value="{how["price"]}"' in answer_of(keeper).get_data(as_text=True)


@BOTH
def test_contracts_are_of_a_hub(runtime: Runtime, app: Flask, keeper: Browser) -> None:
    with transaction(runtime, tell=False) as db:
        contract = sold(db, one(db, "1009"))
    other = Browser(app).enter(runtime, add(runtime, "keeper", "other", hub=2))
    admin = Browser(app).enter(runtime, add(runtime, "admin"))
    auditor = Browser(app).enter(runtime, add(runtime, "auditor"))
    for more in ("", "/pay", "/close"):
        path = f"/instalments/{contract}{more}"
        asked = (keeper, admin, other, auditor)
        shown = 200 if not more else 403
        assert [each.get(path).status_code for each in asked] == [200, 200, 404, shown], path
    for browser, most in ((keeper, 1), (admin, 1), (other, 0)):
        for query in ("", "?state=running"):
            rows = re.findall(r"/instalments/(\d+)", browser.get(f"/instalments{query}").get_data(as_text=True))
            assert len(rows) == most
        assert "Nothing of the kind" in (browser.get("/instalments?state=behind"), browser.text)[1]
    for path in ("/instalments?state=waiting", "/instalments?after=x", "/instalments/99"):
        assert admin.get(path).status_code == 404, path


def test_the_list_asks_the_same_for_many(runtime: Runtime, app: Flask, keeper: Browser) -> None:
    def asked() -> int:
        keeper.get("/instalments")
        with counted(runtime.database) as seen:
            assert keeper.get("/instalments").status_code == 200
        return len(seen)

    with transaction(runtime, tell=False) as db:
        sold(db, one(db, "1009"))
        few_of = [one(db, str(1001 + each)) for each in range(9)]
    few = asked()
    with transaction(runtime, tell=False) as db:
        for each in few_of:
            if each.code != "1009":
                sold(db, each)
    assert asked() == few
