"""The guard: whether a visitor may open a page, or post to it, by the table of pages alone."""

from __future__ import annotations

from enum import Enum

from gateway.console.operators import Operator
from gateway.console.shape import HALF
from gateway.console.shape import NOBODY
from gateway.console.shape import Page
from gateway.console.signins import SignIn

CODE, SET_UP, OWN_PASSWORD = "code", "set-up", "password-first"
"""The steps that may be before somebody who gave her password."""


class Verdict(Enum):
    """What becomes of a request."""

    OPEN = "open"
    SIGN_IN = "sign in first"
    STEP = "the next step first"
    HOME = "she is in already"
    REFUSED = "refused"


def next_step(who: Operator, sign_in: SignIn) -> str | None:
    """The page of the step that is before somebody who gave her password; None: she is in."""
    if not sign_in.passed:
        return CODE if who.totp else SET_UP
    if who.moves_money and not who.totp:
        return SET_UP
    return OWN_PASSWORD if who.password_until is not None else None


def standing(who: Operator | None, sign_in: SignIn | None) -> str:
    """A visitor as the table of pages knows her: a role, `HALF` or `NOBODY`."""
    if who is None or sign_in is None:
        return NOBODY
    return HALF if next_step(who, sign_in) else who.role


def verdict(page: Page, who: Operator | None, sign_in: SignIn | None, *, posts: bool) -> Verdict:
    """What the table says about a visitor and a page."""
    stands = standing(who, sign_in)
    if posts and not page.may_post and stands != NOBODY:
        return Verdict.REFUSED
    if stands in (page.may_post if posts else page.who):
        step = who is not None and sign_in is not None and next_step(who, sign_in)
        # Half in, only the step that is before her is open: not the set-up of a new factor instead of the old one.
        return Verdict.STEP if step and page.step and page.name != step else Verdict.OPEN
    if stands == NOBODY:
        return Verdict.SIGN_IN
    if stands == HALF:
        return Verdict.STEP
    return Verdict.HOME if page.who <= {NOBODY, HALF} else Verdict.REFUSED
