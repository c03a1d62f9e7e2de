"""Who may open and post to each page of the console, written by hand; and what stands for the numbers in a route."""

from __future__ import annotations

import re

from gateway.console.shape import Page

EVERYBODY = "admin officer keeper lender auditor trainer"

TABLE = {
    # page: who may open it, who may post to it
    # ---- the door ----
    "sign-in": ("nobody half", "nobody half"),
    "code": ("half", "half"),
    "set-up": (EVERYBODY, EVERYBODY),
    "password-first": ("", ""),
    "sign-out": ("", f"{EVERYBODY} half"),
    "language": ("", f"{EVERYBODY} half nobody"),
    # ---- work ----
    "home": (EVERYBODY, ""),
    "requests": ("admin officer auditor", ""),
    "seconds": ("admin officer keeper auditor", ""),
    "second": ("admin officer keeper auditor", "admin officer keeper"),
    "tasks": ("admin officer auditor", ""),
    "task": ("admin officer auditor", "admin officer"),
    # ---- people ----
    "members": ("admin officer keeper auditor", ""),
    "groups": ("admin officer auditor", ""),
    "member-new": ("admin officer", "admin officer"),
    "members-import": ("admin officer", "admin officer"),
    "member": ("admin officer keeper auditor", ""),
    "member-numbers": ("admin officer", "admin officer"),
    "member-change": ("admin officer", "admin officer"),
    "member-leave": ("admin officer", "admin officer"),
    "member-pin": ("admin officer", "admin officer"),
    "group-new": ("admin", "admin"),
    "group": ("admin officer auditor", ""),
    "group-rules": ("admin officer", "admin officer"),
    "group-cutoff": ("admin officer", "admin officer"),
    "group-place": ("admin", "admin"),
    # ---- groups ----
    "loans": ("admin officer auditor lender", ""),
    "meetings": ("admin officer auditor", ""),
    "to-pay": ("admin officer auditor", ""),
    "loan-plan": ("admin officer auditor lender", ""),
    "loan": ("admin officer auditor lender", ""),
    "loan-repay": ("admin officer", "admin officer"),
    "loan-close": ("admin officer", "admin officer"),
    "loan-apply": ("admin officer", "admin officer"),
    "request": ("admin officer auditor", "admin officer"),
    "request-pay": ("admin officer", "admin officer"),
    "group-meetings": ("admin officer auditor", ""),
    "meeting": ("admin officer auditor", ""),
    "sheet-print": ("admin officer auditor", ""),
    "sheet": ("admin officer", "admin officer"),
    "money": ("admin officer auditor", ""),
    "money-take": ("admin officer", "admin officer"),
    "money-withdraw": ("admin officer", "admin officer"),
    "money-fine": ("admin officer", "admin officer"),
    "money-share": ("admin officer", "admin officer"),
    "emi-list": ("admin keeper auditor", ""),
    "emi-sell": ("admin keeper", "admin keeper"),
    "emi": ("admin keeper auditor", ""),
    "emi-pay": ("admin keeper", "admin keeper"),
    "emi-close": ("admin keeper", "admin keeper"),
    # ---- goods ----
    "orders": ("admin officer keeper auditor", ""),
    "picking": ("admin keeper auditor", ""),
    "picking-csv": ("admin keeper auditor", ""),
    "order": ("admin officer keeper auditor", "admin keeper"),
    "order-deliver": ("admin keeper", "admin keeper"),
    "order-return": ("admin keeper", "admin keeper"),
    "items": ("admin officer keeper auditor", ""),
    "items-file": ("admin officer keeper auditor", ""),
    "item-new": ("admin", "admin"),
    "price-list": ("admin", "admin"),
    "item": ("admin officer keeper auditor", ""),
    "item-price": ("admin", "admin"),
    "item-change": ("admin", "admin"),
    "stock": ("admin keeper auditor", ""),
    "goods-in": ("admin keeper", "admin keeper"),
    "goods-lost": ("admin keeper", "admin keeper"),
    "suppliers": ("admin keeper auditor", ""),
    "supplier": ("admin keeper auditor", "admin keeper"),
    "agents": ("admin officer keeper auditor", ""),
    "agent": ("admin officer keeper auditor", ""),
    "agent-money": ("admin keeper", "admin keeper"),
    "agent-limit": ("admin keeper", "admin keeper"),
    # ---- messages ----
    "messages": ("admin officer auditor", ""),
    "message": ("admin officer auditor", "admin officer"),
    "messages-unsure": ("admin officer auditor", ""),
    "messages-failed": ("admin officer auditor", ""),
    "broadcasts": ("admin officer auditor", ""),
    "broadcast-new": ("admin officer", "admin officer"),
    "broadcast": ("admin officer auditor", "admin officer"),
    "texts": ("admin officer auditor", ""),
    "reminders": ("admin officer auditor", ""),
    "reminders-groups": ("admin officer auditor", ""),
    "reminders-group": ("admin officer auditor", "admin officer"),
    # ---- books ----
    "books": ("admin officer keeper auditor", ""),
    "book": ("admin officer keeper auditor", ""),
    "book-accounts": ("admin officer keeper auditor", ""),
    "book-lines": ("admin officer keeper auditor", ""),
    "book-day": ("admin officer keeper auditor", ""),
    "book-trial": ("admin officer keeper auditor", ""),
    "book-check": ("admin officer keeper auditor", ""),
    "book-file": ("admin officer keeper auditor", ""),
    "entry": ("admin officer keeper auditor", ""),
    "entry-undo": ("admin officer keeper", "admin officer keeper"),
    "passbook": ("admin officer auditor", ""),
    # ---- reports ----
    "reports": ("admin officer keeper auditor", ""),
    "report-sales": ("admin keeper auditor", ""),
    "report-sales-sheet": ("admin keeper auditor", ""),
    "report-money": ("admin officer auditor", ""),
    "report-money-sheet": ("admin officer auditor", ""),
    "report-risk": ("admin officer auditor", ""),
    "report-risk-sheet": ("admin officer auditor", ""),
    "report-recovery": ("admin officer auditor", ""),
    "report-recovery-sheet": ("admin officer auditor", ""),
    "report-meetings": ("admin officer auditor", ""),
    "report-meetings-sheet": ("admin officer auditor", ""),
    "report-messages": ("admin auditor", ""),
    "report-messages-sheet": ("admin auditor", ""),
    "report-agents": ("admin keeper auditor", ""),
    "report-agents-sheet": ("admin keeper auditor", ""),
    "report-groups": ("admin officer auditor", ""),
    "report-groups-sheet": ("admin officer auditor", ""),
    "report-late": ("admin officer auditor", ""),
    "report-late-sheet": ("admin officer auditor", ""),
    "report-held": ("admin officer auditor", ""),
    "report-held-sheet": ("admin officer auditor", ""),
    "report-idle": ("admin keeper auditor", ""),
    "report-idle-sheet": ("admin keeper auditor", ""),
    # ---- calls ----
    "menu": ("admin officer auditor trainer", ""),
    "calls": ("admin officer auditor", ""),
    "call": ("admin officer auditor", ""),
    "call-running": ("admin officer auditor", ""),
    # ---- office ----
    "operators": ("admin auditor", ""),
    "operator-new": ("admin", "admin"),
    "operator": ("admin auditor", "admin"),
    "operator-change": ("admin", "admin"),
    "operations": ("admin auditor", "admin"),
    "trail": ("admin auditor", ""),
    # ---- mine ----
    "account": (EVERYBODY, EVERYBODY),
    "password": (EVERYBODY, EVERYBODY),
}
"""`half` gave her password and has the code before her: of the steps only that one is open to her."""

THINGS: dict[str, object] = {
    # what stands in a route: one that there is in the demo programme of the tests
    "member": 1,
    "group": 1,
    "hub": 1,
    "number": 3,
    "code": 101,
    "supplier": 1,
    "agent": 1,
    "message": 1,
    "broadcast": 1,
    "book": "group",
    "owner": 1,
    "entry": 194,
    "head": 2010,
    "party": 1,
    "what": "trial-balance",
    "form": "csv",
}

OF_ROLE: dict[str, dict[str, object]] = {"keeper": {"book": "hub", "entry": 8, "head": 1220}}
"""What stands there for a role that sees none of those."""


def path(page: Page, **things: object) -> str:
    """The address of a page, with things of the demo programme, or those that are given."""
    values = THINGS | things
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda found: str(values[found[1]]), page.route)
