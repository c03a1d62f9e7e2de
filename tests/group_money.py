"""Money of group 1 of the demo programme, for the tests of the console: loans, requests, and clicks looked at."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from fractions import Fraction

from ledger_world import findings
from office import Browser
from office import answer_of
from office import field_of
from sqlalchemy import Connection
from sqlalchemy import update

from gateway.backend import JOB
from gateway.chance import draw_code
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import approvals
from ledger import decisions
from ledger import emi
from ledger import groups
from ledger import hubs
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import programmes
from ledger import savings
from ledger import stock
from ledger import treasury
from ledger.books import Book
from ledger.books import Origin
from ledger.chart import LENDER
from ledger.members import Member
from ledger.members import member_table
from ledger.money import Money
from ledger.schedules import Every
from ledger.schedules import Terms


def origin(operation: str, who: str = "office:test") -> Origin:
    """An operation of this moment, on the programme's day."""
    at = datetime.now(UTC)
    return Origin(operation, who, "test", at, programmes.day(at, "Asia/Dhaka"), draw_code)


def today() -> date:
    return origin("").on


def taka(amount: float) -> Money:
    return Money(round(amount * 100), "BDT")


def one(db: Connection, code: str) -> Member:
    """The member with a code."""
    found = members.by_code(db, code)
    assert found
    return found


def lend(db: Connection, member: Member, principal: float, times: int, on: date) -> int:
    """A loan of the lender, whose capital comes with it; its number."""
    book, there = Book(LENDER, 1, "BDT"), replace(origin(f"capital {member.id}"), on=on)
    treasury.take_capital(db, book, taka(principal), there)
    terms = Terms(
        taka(principal).minor, Fraction(2, 100), times, Every(1, "month"), "declining-equal-instalment", on, per="month"
    )
    return loans.disburse(db, member, terms, replace(there, operation=f"lend {member.id}"), book=book).id


def agree(db: Connection, request: int) -> None:
    """Leaders of the group say yes, as many as are needed."""
    for leader in approvals.approvers(db, approvals.get(db, request)):
        where = origin(f"{request} {leader.id}", f"member:{leader.id}")
        if not decisions.decide(db, leader, request, True, where, reason="she can").needed:
            return


def approved(db: Connection, member: Member, amount: float) -> int:
    """A withdrawal that two leaders approved; its number."""
    savings.deposit(db, member, taka(amount), origin(f"save {member.id}"), "voluntary")
    asked = decisions.ask_withdrawal(db, member, taka(amount), origin(f"want {member.id}", f"member:{member.id}"))
    agree(db, asked.id)
    return asked.id


def sold(db: Connection, member: Member, hub: int = 1) -> int:
    """One piece of an item that the hub has, on four instalments; the number of the contract."""
    book = hubs.get(db, hub).book
    item = next(each.item for each in stock.on_hand(db, book, today()) if each.quantity)
    terms = Terms(400_00, Fraction(0), 4, Every(1, "month"), "flat", today())
    return emi.open_contract(db, book, member, item.id, taka(100), terms, origin(f"sell {member.id}")).id


def money_of_group(runtime: Runtime) -> dict[str, object]:
    """What stands in the routes of a group's money, in group 1."""
    with transaction(runtime, tell=False) as db:
        group = groups.get(db, 1)
        who = members.of_group(db, 1)
        meeting = meetings.open_next(db, group, members.leaders(db, 1)[0], origin("open"))
        plain = [each for each in who if each.role == "member"]
        return {
            "loan": lend(db, plain[0], 5000, 5, today()),
            "meeting": meeting.number,
            "request": approved(db, plain[1], 200),
            "contract": sold(db, plain[2]),
        }


def audited(runtime: Runtime) -> list[str]:
    """What the audit of the books finds wrong."""
    with reading(runtime, patience=JOB) as db:
        return findings(db)


def lead(db: Connection, *codes: str) -> None:
    """Only these lead in group 1."""
    db.execute(update(member_table).where(member_table.c.group == 1).values(role="member"))
    db.execute(update(member_table).where(member_table.c.code.in_(codes)).values(role="leader"))


# ---- a click that is looked at first ----


def look(browser: Browser, path: str, **typed: str) -> str:
    """Fill a form in and look at what it would do; what the page says then."""
    browser.post(path, {"form": browser.field(path), "step": "look", **typed})
    assert answer_of(browser).status_code == 200, browser.text
    assert "Nothing is written yet" in browser.text
    return browser.text


def agreed(browser: Browser) -> dict[str, str]:
    """What the page that was looked at sends to have it written."""
    page = answer_of(browser).get_data(as_text=True)
    shown = re.search(r'name="shown" value="([^"]*)"', page)
    assert shown, browser.text
    return {"form": field_of(page), "shown": html.unescape(shown[1]), "step": "write"}


def write(browser: Browser, path: str, **typed: str) -> str:
    """Look at it, then have it written: where that leads."""
    look(browser, path, **typed)
    browser.post(path, agreed(browser) | typed)
    assert answer_of(browser).status_code == 303, browser.text
    return answer_of(browser).headers["Location"].removeprefix("/console")
