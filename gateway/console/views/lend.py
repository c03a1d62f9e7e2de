"""A loan before it is one: what she asks for, what it costs, what speaks against it; and a plan for anybody's terms."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from click import ClickException
from sqlalchemy import Connection

from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views import looking
from gateway.console.views import typed
from gateway.console.views.money_words import METHODS
from gateway.console.views.money_words import PURPOSES
from gateway.console.views.money_words import against
from gateway.loan_schedule import read_every
from gateway.loan_schedule import read_rate
from ledger import applications
from ledger import approvals
from ledger import emi
from ledger import groups
from ledger import loans
from ledger.applications import Assessment
from ledger.applications import Wish
from ledger.journal import lock
from ledger.members import Member
from ledger.money import Money
from ledger.schedules import METHODS as PLANNED
from ledger.schedules import MOST
from ledger.schedules import Terms
from ledger.schedules import schedule
from locales import phrase
from locales.numerals import to_latin

UNREADABLE = phrase("A plan needs a sum, a rate as 2%/month, a number of instalments and a time as 1month or 15days.")
IMPOSSIBLE = phrase("There is no plan for that: the instalments would be too small for the loan, or too many.")

_NUMBERS = {code: number for number, code in applications.PURPOSES.items()}


def _wish(visit: Visit, member: Member) -> Wish:
    """What was typed; Mistaken by the field that does not do."""
    principal = looking.amount(visit, "sum", member.currency)
    instalments = typed.count(visit.typed, "times", 1, MOST)
    purpose = _NUMBERS[typed.choice(visit.typed, "purpose", _NUMBERS)]
    elsewhere, income = (looking.amount(visit, name, member.currency, 0) for name in ("elsewhere", "income"))
    return Wish(principal.minor, instalments, purpose, elsewhere.minor, income.minor)


def show_apply(db: Connection, visit: Visit) -> Shown:
    """Asks what she wants, beside what she owes; after the look it says what that costs and what speaks against it."""
    member = looking.the_member(db, visit)
    would: Assessment | None = looking.seen(visit)
    values: dict[str, Any] = {
        "member": member,
        "group": groups.get(db, member.group_book.owner),
        "running": loans.running(db, member),
        "contracts": emi.of_member(db, member),
        "today": looking.today(db, visit),
        "purposes": PURPOSES,
        "pending": approvals.pending(db, member.group_book.owner, approvals.LOAN, member.id),
        "would": would,
    }
    if would is not None:
        values |= {
            "against": against(visit.words, would.findings, member.currency),
            "plan": rows_of(would.plan, member.currency),
            "principal": Money(would.terms.principal, member.currency),
            "shown": mark(would),
        }
    return Shown("loan_apply.html", values)


def mark(would: Assessment) -> str:
    """What a loan would be as one word, to be compared."""
    codes = "-".join(each.code for each in would.findings)
    return f"{would.terms.principal}-{would.terms.instalments}-{would.monthly.minor}-{would.first.sum}-{codes}"


def apply(db: Connection, visit: Visit) -> Done:
    """Ask for the loan that was shown; it waits for the leaders then. One that something blocks is only looked at."""
    member = looking.the_member(db, visit)
    wish = _wish(visit, member)
    lock(db, [member.group_book])
    would = applications.assess(db, member, wish, looking.today(db, visit))
    looking.agreed(visit, would, mark)
    if would.blocked:
        raise looking.Look(would)
    made = applications.apply(db, member, wish, visit.origin(db))
    asked = approvals.pending(db, made.group, approvals.LOAN, member.id)
    if asked is None:
        raise RuntimeError(f"application {made.id} began nothing")
    to = {"request": asked.id}
    return Done("request", to, "loan.asked", f"member {member.code}", str(asked.amount), said="asked")


# ---- a plan ----


def rows_of(plan: Any, currency: str) -> list[dict[str, Any]]:
    """The instalments of a plan with their sums as money."""
    parts = ("principal", "interest", "sum", "balance")
    return [
        {"number": each.number, "due": each.due} | {name: Money(getattr(each, name), currency) for name in parts}
        for each in plan
    ]


def plan(db: Connection, visit: Visit) -> Shown:
    """The plan of any loan, by the arithmetic of the books; nothing is kept."""
    on, currency = looking.today(db, visit), looking.programme(db, visit).currency
    asked = {"rate": "2%/month", "every": "1month", "method": "declining-equal-instalment", "disbursed": str(on)}
    asked |= {name: text[:40] for name, text in visit.query.items()}
    rows, problem = _planned(asked, currency) if "sum" in visit.query else ([], "")
    totals = {
        name: Money(sum(each[name].minor for each in rows), currency) for name in ("principal", "interest", "sum")
    }
    methods = {name: METHODS[name] for name in PLANNED if name != "declining-fixed-principal"}
    return Shown(
        "loan_plan.html", {"asked": asked, "rows": rows, "totals": totals, "wrong": problem, "methods": methods}
    )


def _planned(asked: Mapping[str, str], currency: str) -> tuple[list[dict[str, Any]], str]:
    try:
        terms = _terms(asked)
    except (ClickException, Mistaken, ValueError):
        return [], UNREADABLE
    if terms.method not in PLANNED:
        raise Missing
    try:
        return rows_of(schedule(terms), currency), ""
    except ValueError:
        return [], IMPOSSIBLE


def _terms(asked: Mapping[str, str]) -> Terms:
    rate, per = read_rate(to_latin(asked["rate"]))
    every, principal = read_every(to_latin(asked["every"])), typed.minor(asked, "sum")
    times, method = int(to_latin(asked.get("times", ""))), asked["method"]
    disbursed = looking.day(asked["disbursed"], "disbursed")
    return Terms(principal, Fraction(rate), times, every, method, disbursed, per=per, unit=100)
