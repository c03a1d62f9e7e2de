"""A group's loans and requests in the console: asked for, decided, handed over, paid back; what is refused."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from conftest import BOTH
from flask import Flask
from group_money import agree
from group_money import agreed
from group_money import approved
from group_money import audited
from group_money import lead
from group_money import lend
from group_money import look
from group_money import one
from group_money import origin
from group_money import taka
from group_money import today
from group_money import write
from office import Browser
from office import add
from office import answer_of
from sqlalchemy import select

from gateway.app import create_app
from gateway.console.tables import trail_table
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import approvals
from ledger import decisions
from ledger import loans
from ledger import members
from ledger import repayments
from ledger import savings

NASRIN, MINOTI, FATEMA, SALMA = "1009", "1010", "1005", "1002"
"""Members of group 1: two without a loan, one who is behind with hers, one whose loan runs."""
SHAHANA, ROKEYA = "1011", "1012"
"""A leader and a member of group 2."""


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def enter(runtime: Runtime, app: Flask, role: str, name: str = "", **scope: object) -> Browser:
    return Browser(app).enter(runtime, add(runtime, role, name, **scope))


def her(runtime: Runtime, code: str) -> members.Member:
    with reading(runtime) as db:
        return one(db, code)


def noted(runtime: Runtime) -> list[tuple[str, str, str]]:
    """The trail without the days."""
    with reading(runtime) as db:
        rows = db.execute(select(trail_table).order_by(trail_table.c.at)).all()
    return [(row.act, row.about, row.detail) for row in rows]


WISH = {"sum": "6,000", "times": "6", "purpose": "poultry", "elsewhere": "", "income": "৮০০০"}
FIRST = "1,071"
"""An equal instalment of 6,000 at 2 per cent a month in 6 months, rounded to whole taka."""


@BOTH
def test_a_loan_from_asking_to_the_first_instalment(runtime: Runtime, app: Flask) -> None:
    browser, nasrin = enter(runtime, app, "admin"), her(runtime, NASRIN)
    path = f"/members/{nasrin.id}/loan"
    said = look(browser, path, **WISH)
    assert "Nothing speaks against it" in said
    assert f"First instalment Tk {FIRST}" in said
    assert browser.text.count(f"Tk {FIRST}") >= 6, "the whole plan"
    to = write(browser, path, **WISH)
    assert to == "/requests/1?said=asked"
    assert "It is asked for" in (browser.get(to), browser.text)[1]
    assert "Poultry" in browser.text
    assert "Two leaders of the group decide this" in browser.text
    assert "Nasrin" in (browser.get("/loans?state=waiting"), browser.text)[1]
    assert "Shapla" in (browser.get("/requests"), browser.text)[1]
    with transaction(runtime) as db:
        agree(db, 1)
        leader = members.leaders(db, 1)[0]
    assert "Nasrin" in (browser.get("/requests/to-pay"), browser.text)[1]
    form = {"form": browser.field("/requests/1/pay"), "shown": "600000", "money": "cash", "leader": str(leader.id)}
    assert browser.post("/requests/1/pay", form).headers["Location"] == "/console/requests/1?said=paid-out"
    assert browser.post("/requests/1/pay", form).headers["Location"] == "/console/requests/1?said=paid-out", "twice"
    browser.get("/requests/1")
    loan = int(re.search(r"/loans/(\d+)", answer_of(browser).get_data(as_text=True))[1])
    assert f"Tk {FIRST}" in (browser.get(f"/loans/{loan}"), browser.text)[1]
    assert browser.text.count("to come") == 6
    # Half of the first instalment, and so the interest first.
    said = look(browser, f"/loans/{loan}/repay", sum="500", money="cash")
    assert "Interest Tk 120 Principal Tk 380 In all Tk 500" in said
    to = write(browser, f"/loans/{loan}/repay", sum="500", money="cash")
    assert to == f"/loans/{loan}?said=money-taken"
    assert "Principal left Tk 5,620" in (browser.get(to), browser.text)[1]
    with reading(runtime) as db:
        found = loans.get(db, nasrin, loan)
    assert (found.left, found.principal) == (taka(5620), taka(6000))
    assert noted(runtime) == [
        ("loan.asked", "member 1009", "BDT 6000.00"),
        ("request.paid", "request 1 loan", "BDT 6000.00 cash"),
        ("loan.repaid", f"loan {loan}", "BDT 500.00 cash"),
    ]
    assert audited(runtime) == []


def test_what_speaks_against_a_loan(runtime: Runtime, app: Flask) -> None:
    browser, salma = enter(runtime, app, "admin"), her(runtime, SALMA)
    path = f"/members/{salma.id}/loan"
    said = look(browser, path, **WISH)
    assert "No loan until then" in said
    assert "Loan 1" in said, "what she owes already"
    assert 'value="write"' not in answer_of(browser).get_data(as_text=True)
    with pytest.raises(AssertionError):
        agreed(browser)
    # Nor by a form that was made up: what blocks her is only looked at.
    made_up = {"form": browser.field(path), "step": "write", "shown": "600000", **WISH}
    assert browser.post(path, made_up).status_code == 200
    with reading(runtime) as db:
        assert approvals.in_group(db, 1) == []
    path = f"/members/{her(runtime, NASRIN).id}/loan"
    assert "She did not say what she earns" in look(browser, path, **WISH | {"income": ""})
    assert "more than 50 per cent. Each yes" in look(browser, path, **WISH | {"income": "2000"})
    assert "She pays Tk 300 a month on loans elsewhere" in look(browser, path, **WISH | {"elsewhere": "300"})
    to = write(browser, path, **WISH | {"income": "2000"})
    assert "more than 50 per cent" in (browser.get(to), browser.text)[1]
    # What was typed differently after the look is looked at again.
    path = f"/members/{her(runtime, MINOTI).id}/loan"
    look(browser, path, **WISH)
    assert browser.post(path, agreed(browser) | WISH | {"sum": "7000"}).status_code == 200
    assert "Nothing is written yet" in browser.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"sum": "many"}, "Type a sum as 48 or 48.50"),
        ({"sum": "0"}, "Type a sum as 48 or 48.50"),
        ({"times": "0"}, "Type a number from 1"),
        ({"times": "25"}, "The group allows 24 instalments at most"),
        ({"sum": "3", "times": "24"}, "The loan is too small for 24 instalments"),
        ({"purpose": "war"}, "Choose one"),
    ],
)
def test_a_wish_that_does_not_do(runtime: Runtime, app: Flask, typed: dict[str, str], said: str) -> None:
    browser, path = enter(runtime, app, "admin"), f"/members/{her(runtime, NASRIN).id}/loan"
    answer = browser.send(path, **WISH | typed)
    assert answer.status_code in (409, 422)
    assert said in browser.text
    assert all(
        f'value="{value}"' in answer.get_data(as_text=True) for value in (WISH | typed).values() if value != "war"
    )


@BOTH
def test_an_officer_speaks_where_leaders_are_few(runtime: Runtime, app: Flask) -> None:
    asker, other = enter(runtime, app, "officer", "asker"), enter(runtime, app, "officer", "other")
    to = write(asker, f"/members/{her(runtime, NASRIN).id}/loan", **WISH | {"income": ""})
    path = to.partition("?")[0]
    assert "Two leaders of the group decide" in (other.get(path), other.text)[1]
    form = {"answer": "yes", "reason": "she sells eggs", "form": ""}
    with transaction(runtime) as db:
        lead(db, "1003")
    with reading(runtime) as db:
        leader = one(db, "1003")
    assert "somebody else decides" in (asker.get(path), asker.text)[1]
    field = other.field(path)
    assert other.post(path, form | {"form": field, "reason": ""}).status_code == 422
    assert "This yes needs a reason" in other.text
    assert other.send(path, answer="no").status_code == 422
    assert "Say why not" in other.text
    assert other.send(path).status_code == 422
    sent = form | {"form": other.field(path)}
    assert other.post(path, sent).headers["Location"] == f"/console{path}?said=request-yes"
    assert other.post(path, sent).headers["Location"] == f"/console{path}?said=request-yes", "a double click"
    assert "she sells eggs" in (other.get(path), other.text)[1]
    assert 'name="answer"' not in answer_of(other).get_data(as_text=True), "she has spoken"
    with transaction(runtime) as db:
        decisions.decide(db, leader, 1, True, origin("word", f"member:{leader.id}"), reason="pays-well")
    assert "She always pays in time" in (other.get(path), other.text)[1], "a leader's reason in words"
    # The only leader hands it over; a form for nobody, or for another sum, writes nothing.
    pay = {"shown": "600000", "money": "cash"}
    assert other.send(f"{path}/pay", **pay).status_code == 422
    assert "Choose who hands the money over" in other.text
    assert other.send(f"{path}/pay", **pay | {"shown": "1", "leader": str(leader.id)}).status_code == 200
    assert other.send(f"{path}/pay", **pay | {"leader": str(leader.id)}).status_code == 303
    assert other.get(f"{path}/pay").status_code == 404
    assert audited(runtime) == []


def test_refusals_of_the_books_are_sentences(runtime: Runtime, app: Flask) -> None:
    """With forms kept from before it was decided otherwise."""
    asker, other = enter(runtime, app, "officer", "asker"), enter(runtime, app, "officer", "other")
    with transaction(runtime) as db:
        lead(db, "1003")
    to = write(asker, f"/members/{her(runtime, NASRIN).id}/loan", **WISH)
    path = to.partition("?")[0]
    kept = {"form": other.field(path), "answer": "yes", "reason": "yes"}
    late = {"form": other.field(path), "answer": "yes", "reason": "yes"}
    with transaction(runtime) as db:
        lead(db, "1003", "1004")
    assert other.post(path, kept).status_code == 409
    assert "Two leaders of the group may decide this" in other.text
    with transaction(runtime) as db:
        lead(db, "1003")
    assert other.send(path, answer="no", reason="not now").headers["Location"] == f"/console{path}?said=request-no"
    assert other.post(path, late).status_code == 409
    assert "decided already" in other.text
    assert "not now" in (asker.get(path), asker.text)[1]


@BOTH
def test_she_hands_it_over_where_nobody_else_can(runtime: Runtime, app: Flask) -> None:
    browser, ayesha = enter(runtime, app, "officer"), her(runtime, "1003")
    with transaction(runtime) as db:
        request = approved(db, one(db, "1003"), 150)
        lead(db, "1003")
    path = f"/requests/{request}/pay"
    assert "no other leader: you hand it over" in (browser.get(path), browser.text)[1]
    assert browser.send(path, shown="15000", money="cash").status_code == 303, browser.text
    with reading(runtime) as db:
        assert savings.hers(db, ayesha)["voluntary"] == taka(0)
    assert audited(runtime) == []


def test_a_request_of_each_kind_is_read(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "auditor")
    with transaction(runtime, tell=False) as db:
        leader, nasrin, minoti = members.leaders(db, 1)[0], one(db, NASRIN), one(db, MINOTI)
        by = f"member:{leader.id}"
        # Nobody shares out while interest is due.
        repayments.close_early(db, one(db, FATEMA), 2, origin("interest", "member:2"))
        saved = savings.deposit(db, nasrin, taka(90), origin("saved", "member:2"), "voluntary")
        decisions.ask_withdrawal(db, nasrin, taka(40), origin("kind 1", by))
        decisions.ask_pin_reset(db, leader, nasrin, origin("kind 2", by))
        decisions.ask_leave(db, leader, minoti, origin("kind 3", by))
        decisions.ask_share_out(db, leader, origin("kind 4", by))
        other = savings.deposit(db, minoti, taka(10), origin("also", "member:2"), "voluntary")
        decisions.ask_reversal(db, leader, minoti, other.number, "twice", origin("kind 5", by))
    assert saved.number < other.number
    for number, said in enumerate(
        ("free Tk 50", "a new PIN", "All that the group has of hers", "Cash that it needs", "Written twice"), 1
    ):
        assert browser.get(f"/requests/{number}").status_code == 200
        assert said in browser.text, browser.text
        assert 'name="answer"' not in answer_of(browser).get_data(as_text=True)


# ---- loans ----


@BOTH
def test_closing_a_loan_early(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "officer")
    with transaction(runtime, tell=False) as db:
        nasrin = one(db, NASRIN)
        loan = lend(db, nasrin, 5000, 5, today() - timedelta(days=3))
    path = f"/loans/{loan}/close"
    browser.get(path)
    assert "Principal Tk 5,000 Interest Tk 100 She pays in all Tk 5,100 Interest that is forgiven" in browser.text
    early = agreed(browser) | {"money": "cash"}
    assert browser.send(f"/loans/{loan}/repay", sum="50", money="cash", step="look").status_code == 200
    assert browser.post(path, early | {"shown": "1"}).status_code == 200, "not what was shown"
    assert "Nothing is written yet" in browser.text
    assert browser.post(path, early).headers["Location"] == f"/console/loans/{loan}?said=loan-closed"
    assert "paid back" in (browser.get(f"/loans/{loan}"), browser.text)[1]
    assert "This loan is paid back" in (browser.get(path), browser.text)[1]
    stale = {"form": browser.field("/loans/1/close"), "shown": "0", "money": "cash", "step": "write"}
    assert browser.post(path, stale).status_code == 409
    assert "This loan is paid back" in browser.text
    assert audited(runtime) == []


def test_what_is_paid_above_the_loan_is_shown(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "admin")
    with transaction(runtime, tell=False) as db:
        loan = lend(db, one(db, NASRIN), 1000, 2, today())
    said = look(browser, f"/loans/{loan}/repay", sum="1500", money="bank")
    assert "Paid too much, kept for her Tk 4" in said
    for typed in ({"sum": ""}, {"sum": "-5"}, {"sum": "5", "money": "purse"}):
        assert browser.send(f"/loans/{loan}/repay", **{"money": "cash"} | typed).status_code == 422


@BOTH
def test_loans_are_listed_by_state_group_and_member(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "admin")
    with transaction(runtime, tell=False) as db:
        loan = lend(db, one(db, NASRIN), 3000, 3, today() - timedelta(days=65))
    shown = {
        query: re.findall(r"/loans/(\d+)", browser.get(f"/loans?{query}").get_data(as_text=True))
        for query in ("", "of=1009", "of=Tista", "of=১০০৯&state=running", "of=1009&state=paid", "state=paid", "of=none")
    }
    mine = str(loan)
    assert shown[""][0] == mine
    assert len(shown[""]) == 9
    assert (shown["of=1009"], shown["of=১০০৯&state=running"], shown["of=1009&state=paid"]) == ([mine], [mine], [])
    assert len(shown["of=Tista"]) == 4
    assert shown["state=paid"] == ["7", "3"]
    assert shown["of=none"] == []
    assert mine in re.findall(r"/loans/(\d+)", browser.get("/loans?state=behind").get_data(as_text=True))
    assert f"Loan {loan} of Nasrin" in (browser.get(f"/loans/{loan}"), browser.text)[1]
    assert browser.text.count("overdue") >= 2
    for path in ("/loans?state=sold", "/loans?after=x", "/loans/77", "/loans/x", "/requests/77"):
        assert browser.get(path).status_code == 404, path


def test_the_plan_of_any_loan(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "lender")
    asked = "/loans/plan?sum=12000&rate=2%25/month&times=6&every=1month&method=flat&disbursed=2026-11-22"
    assert "Tk 2,000 Tk 240 Tk 2,240 Tk 10,000" in (browser.get(asked), browser.text)[1]
    assert "Total Tk 12,000 Tk 1,440 Tk 13,440" in browser.text
    for bad in ("sum=12000", "rate=2%25/month", "times=6", "every=1month", "disbursed=2026-11-22"):
        name = bad.partition("=")[0]
        assert "A plan needs" in (browser.get(asked.replace(bad, f"{name}=x")), browser.text)[1]
    assert "There is no plan" in (browser.get(asked.replace("times=6", "times=5000")), browser.text)[1]
    assert browser.get(asked.replace("flat", "magic")).status_code == 404
