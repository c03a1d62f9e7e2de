"""THE table of pages: route below /console, noun, who may open it and who may post to it.

The guard and the navigation read it, and a test walks every row as every role and as nobody. A page that is not here
does not exist.
"""

from __future__ import annotations

from gateway.console.guard import CODE
from gateway.console.guard import OWN_PASSWORD
from gateway.console.guard import SET_UP
from gateway.console.shape import ANYBODY
from gateway.console.shape import EVERY_ROLE
from gateway.console.shape import HALF
from gateway.console.shape import NOBODY
from gateway.console.shape import Page
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.views import account
from gateway.console.views import entry
from gateway.console.views import home
from gateway.console.views import operators
from gateway.console.views import seconds
from gateway.console.views import trail
from locales import phrase

_OUT = frozenset({NOBODY, HALF})
_HALF = frozenset({HALF})
_ADMIN = frozenset({ADMIN})

PAGES: tuple[Page, ...] = (
    # The way in and out.
    Page("sign-in", "/sign-in", phrase("Sign in"), _OUT, entry.show_sign_in, own=entry.sign_in),
    Page(CODE, "/sign-in/code", phrase("Code"), _HALF, entry.show_code, own=entry.code, step=True),
    Page(
        SET_UP,
        "/authenticator",
        phrase("Authenticator app"),
        EVERY_ROLE | _HALF,
        entry.show_set_up,
        own=entry.set_up,
        again=True,
        step=True,
    ),
    Page(
        OWN_PASSWORD,
        "/sign-in/password",
        phrase("A password of your own"),
        _HALF,
        entry.show_password,
        entry.password,
        step=True,
    ),
    Page("sign-out", "/sign-out", phrase("Sign out"), EVERY_ROLE | _HALF, act=entry.sign_out),
    Page("language", "/language", phrase("Language"), ANYBODY, own=entry.language),
    # The day's work.
    Page("home", "/", phrase("What waits"), EVERY_ROLE, home.home, menu=True),
    Page("orders-to-pack", "/waits/orders", phrase("Orders to pack"), home.PACKERS, home.orders),
    Page("requests", "/waits/requests", phrase("Requests that wait for leaders"), home.APPROVERS, home.requests),
    Page("messages-unsure", "/waits/messages-in-doubt", phrase("Messages in doubt"), home.TELLERS, home.unsure),
    Page("messages-failed", "/waits/messages-failed", phrase("Messages that failed"), home.TELLERS, home.failed),
    Page("seconds", "/seconds", phrase("Second person"), home.DECIDERS, seconds.every, menu=True),
    Page(
        "second",
        "/seconds/<int:second>",
        phrase("Second person"),
        home.DECIDERS,
        seconds.one,
        seconds.decide,
        acts=home.DECIDERS - {AUDITOR},
    ),
    # The office itself.
    Page("operators", "/operators", phrase("Operators"), _ADMIN, operators.every, menu=True),
    Page(
        "operator-new",
        "/operators/new",
        phrase("A new operator"),
        _ADMIN,
        operators.show_new,
        operators.add,
        again=True,
    ),
    Page(
        "operator",
        "/operators/<int:operator>",
        phrase("Operator"),
        _ADMIN,
        operators.one,
        operators.deed,
        again=True,
    ),
    Page(
        "operator-change",
        "/operators/<int:operator>/change",
        phrase("Change an operator"),
        _ADMIN,
        operators.show_change,
        operators.change,
        again=True,
    ),
    Page("trail", "/trail", phrase("Audit trail"), frozenset({ADMIN, AUDITOR}), trail.every, menu=True),
    # Myself.
    Page("account", "/account", phrase("My account"), EVERY_ROLE, account.account, account.end, menu=True, again=True),
    Page(
        "password",
        "/account/password",
        phrase("Change my password"),
        EVERY_ROLE,
        entry.show_password,
        entry.password,
        again=True,
    ),
)
"""Every page, the navigation in this order."""

BY_NAME = {page.name: page for page in PAGES}
