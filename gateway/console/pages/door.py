"""The way in and out, and what everybody has of her own."""

from __future__ import annotations

from gateway.console.guard import CODE
from gateway.console.guard import OWN_PASSWORD
from gateway.console.guard import SET_UP
from gateway.console.shape import ANYBODY
from gateway.console.shape import EVERY_ROLE
from gateway.console.shape import HALF
from gateway.console.shape import NOBODY
from gateway.console.shape import Page
from gateway.console.views import account
from gateway.console.views import entry
from locales import phrase

_OUT = frozenset({NOBODY, HALF})
_HALF = frozenset({HALF})

DOOR: tuple[Page, ...] = (
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
)

MINE: tuple[Page, ...] = (
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
