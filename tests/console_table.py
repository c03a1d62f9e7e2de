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
    "orders-to-pack": ("admin keeper auditor", ""),
    "requests": ("admin officer auditor", ""),
    "messages-unsure": ("admin officer auditor", ""),
    "messages-failed": ("admin officer auditor", ""),
    "seconds": ("admin officer keeper auditor", ""),
    "second": ("admin officer keeper auditor", "admin officer keeper"),
    "tasks": ("admin officer auditor", ""),
    "task": ("admin officer auditor", "admin officer"),
    # ---- people ----
    # ---- groups ----
    # ---- goods ----
    # ---- messages ----
    # ---- books ----
    # ---- reports ----
    # ---- calls ----
    # ---- office ----
    "operators": ("admin", ""),
    "operator-new": ("admin", "admin"),
    "operator": ("admin", "admin"),
    "operator-change": ("admin", "admin"),
    "trail": ("admin auditor", ""),
    # ---- mine ----
    "account": (EVERYBODY, EVERYBODY),
    "password": (EVERYBODY, EVERYBODY),
}
"""`half` gave her password and has the code before her: of the steps only that one is open to her."""

THINGS: dict[str, object] = {
    # what stands in a route: one that there is in the demo programme of the tests
}


def path(page: Page, **things: object) -> str:
    """The address of a page, with things of the demo programme, or those that are given."""
    values = THINGS | things
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda found: str(values[found[1]]), page.route)
