"""Loans: the list, one of them with its plan and what was posted on it, an instalment, closing one early."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import LENDER
from gateway.console.views import book_words
from gateway.console.views import looking
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import number_before
from gateway.console.views.listing import paged
from gateway.console.views.money_words import LOAN_STATES
from gateway.console.views.money_words import METHODS
from gateway.console.views.money_words import PERIODS
from gateway.console.views.money_words import PLACES
from gateway.console.views.money_words import REQUEST_STATES
from gateway.console.views.money_words import WAITING
from ledger import approvals
from ledger import asking
from ledger import groups
from ledger import lending
from ledger import loans
from ledger import members
from ledger import repayments
from ledger.groups import Group
from ledger.journal import lock
from ledger.lending import Wanted
from ledger.loans import Loan
from ledger.members import Member
from ledger.money import Money
from ledger.money import half_even
from locales.numerals import to_bangla
from locales.numerals import to_latin
from locales.script import canonical


def every(db: Connection, visit: Visit) -> Shown:
    """The loans of her scope, the newest first, by state and by group or member; those asked for, the oldest first."""
    state = visit.query.get("state", "")
    if state and state not in LOAN_STATES:
        raise Missing
    of, group, member = _of(db, visit)
    values: dict[str, Any] = {"state": state, "states": LOAN_STATES, "of": of, "group": group, "member": member}
    nobody = bool(of) and group is None and member is None
    if state == WAITING:
        rows = [] if nobody else _asked(db, visit, group, member)
        return Shown("loans_asked.html", paged(rows, lambda row: row.id) | values | {"asked": REQUEST_STATES})
    scope, only = visit.operator.scope, (group.id,) if group else None
    wanted = Wanted(
        scope.programme, only or scope.groups, visit.operator.role == LENDER, member.id if member else None, state
    )
    before = number_before(visit.query)
    rows_ = [] if nobody else lending.page(db, wanted, looking.today(db, visit), before, PAGE + 1)
    if visit.operator.role == LENDER and not rows_:
        # Who borrowed nothing of a lender is no lender's business.
        values["member"] = None
    return Shown("loans.html", paged(rows_, lambda row: row.id) | values)


def _of(db: Connection, visit: Visit) -> tuple[str, Group | None, Member | None]:
    """What was typed to look for, and the group of this name or the member with this code in her scope."""
    typed = canonical(visit.query.get("of", "").strip())[:60]
    if not typed:
        return "", None, None
    if re.fullmatch("[0-9]{1,9}", to_latin(typed)):
        her = members.by_code(db, to_latin(typed), left=True)
        mine = her if her and looking.covers(visit, her.programme, her.group) else None
        return typed, None, mine
    found = [each for each in groups.called(db, typed) if looking.covers(visit, each.programme, each.id)]
    return typed, found[0] if found else None, None


def _asked(db: Connection, visit: Visit, group: Group | None, member: Member | None) -> list[asking.Asked]:
    scope = visit.operator.scope
    if visit.operator.role == LENDER:
        return []
    of = (group.id,) if group else scope.groups
    states, after = (approvals.OPEN, approvals.APPROVED), number_after(visit.query)
    about = member.id if member else None
    return asking.page(db, scope.programme, of, (approvals.LOAN,), states, visit.now, after, PAGE + 1, about=about)


# ---- one loan ----


def found(db: Connection, visit: Visit) -> tuple[Member, Loan]:
    """The loan in the address and whose it is; Missing unless it is in her scope."""
    whose = lending.whose(db, visit.args["loan"])
    if whose is None or not looking.covers(visit, whose.programme, whose.group):
        raise Missing
    if visit.operator.role == LENDER and not whose.lender:
        raise Missing
    member = members.get(db, whose.member)
    return member, loans.get(db, member, visit.args["loan"])


def _head(db: Connection, visit: Visit) -> dict[str, Any]:
    """What every page about a loan says first: whose it is, what is owed today and what closes it."""
    member, loan = found(db, visit)
    on = looking.today(db, visit)
    charged, _ = repayments.as_of(db, loan, on)
    return {
        "member": member,
        "loan": charged,
        "today": on,
        "due": _sum((each.left for each in charged.unpaid if each.due <= on), loan),
        "late": _sum((each.left for each in charged.overdue(on)), loan),
        "close": repayments.to_close(db, loan, on) if charged.unpaid else None,
        "accrued": _sum((each.interest_left for each in charged.unpaid), loan),
        "places": PLACES,
    }


def _sum(sums: Any, loan: Loan) -> Money:
    return Money(sum(each.minor for each in sums), loan.book.currency)


def one(db: Connection, visit: Visit) -> Shown:
    """A loan: what is owed today, its plan, and what was posted on it, the newest first."""
    head = _head(db, visit)
    before = number_before(visit.query)
    posted = lending.posted(db, head["loan"], before, PAGE + 1)
    terms = head["loan"].terms
    values = head | {
        "posted": paged(posted, lambda row: row.number),
        "method": METHODS[terms.method],
        "rate": _rate(visit, terms.rate),
        "per": PERIODS[terms.per],
        "entries": book_words.KINDS,
        "written_off": loans.written_off(db, head["loan"]),
    }
    return Shown("loan.html", values)


def _rate(visit: Visit, rate: Fraction) -> str:
    """A rate as per cent, in her numerals."""
    whole, rest = divmod(half_even(rate * 10_000), 100)
    said = f"{whole}.{rest:02}".rstrip("0").rstrip(".")
    return to_bangla(said) if visit.words.language == "bn" else said


# ---- an instalment ----


def _split(db: Connection, loan: Loan, amount: Money, visit: Visit) -> dict[str, Money]:
    """What a payment today would go to: interest, principal, fines; `over` is more than the loan takes."""
    on = looking.today(db, visit)
    charged, _ = repayments.as_of(db, loan, on)
    parts, over = repayments.allocate(charged, amount.minor, on)
    sums = repayments.sums_of(parts) | {"over": over}
    return {"sum": amount} | {name: Money(minor, loan.book.currency) for name, minor in sums.items()}


def show_repay(db: Connection, visit: Visit) -> Shown:
    """Asks what she pays; after the look it says what the sum goes to."""
    would = looking.seen(visit)
    return Shown("loan_repay.html", _head(db, visit) | {"would": would, "shown": looking.mark(would) if would else ""})


def repay(db: Connection, visit: Visit) -> Done:
    """Take an instalment, as it was shown."""
    member, loan = found(db, visit)
    amount, money = looking.amount(visit, "sum", loan.book.currency), looking.place(visit)
    lock(db, [loan.book])
    looking.agreed(visit, _split(db, loans.get(db, member, loan.id), amount, visit), looking.mark)
    repayments.repay(db, member, loan.id, amount, visit.origin(db), money=money)
    return Done("loan", {"loan": loan.id}, "loan.repaid", f"loan {loan.id}", f"{amount} {money}", "money-taken")


# ---- closing one early ----


def show_close(db: Connection, visit: Visit) -> Shown:
    """What closes the loan today, in its parts, and what is forgiven by it."""
    head = _head(db, visit)
    parts = repayments.closing(head["loan"], head["today"])
    paid, waived = repayments.sums_of(parts), repayments.sums_of(parts, "waived")["interest"]
    currency = head["loan"].book.currency
    sums = {name: Money(minor, currency) for name, minor in paid.items()} | {"waived": Money(waived, currency)}
    return Shown("loan_close.html", head | {"parts_": sums})


def close(db: Connection, visit: Visit) -> Done:
    """Close a loan with what was shown."""
    member, loan = found(db, visit)
    money = looking.place(visit)
    lock(db, [loan.book])
    would = repayments.to_close(db, loans.get(db, member, loan.id), looking.today(db, visit))
    looking.agreed(visit, would, lambda amount: str(amount.minor))
    repayments.close_early(db, member, loan.id, visit.origin(db), money=money)
    return Done("loan", {"loan": loan.id}, "loan.closed", f"loan {loan.id}", f"{would} {money}", "loan-closed")
