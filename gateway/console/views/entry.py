"""The way in and out: name and password, the code, its set-up, a password of one's own; and the language.

A try is committed before it is looked at, and hashing happens outside every transaction: on SQLite there is one
writer, and calls wait for it.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil

import structlog
from sqlalchemy import Connection

from gateway.console import forms
from gateway.console import operators
from gateway.console import passwords
from gateway.console import signins
from gateway.console import totp
from gateway.console import trail
from gateway.console import tries
from gateway.console.guard import next_step
from gateway.console.operators import Operator
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.words import LANGUAGES
from gateway.transaction import transaction
from locales import phrase
from locales import phrases

log = structlog.get_logger(__name__)

WRONG = phrase("Name or password is wrong.")
LATE = phrase("This password was drawn for you, and its time is up. Ask an administrator for another one.")
PAUSE = phrases("Too many tries. Wait for one minute.", "Too many tries. Wait for {n} minutes.")
WRONG_CODE = phrase("This code is wrong, or was used already. Wait for the next one.")
WRONG_PASSWORD = phrase("This is not your password.")
NOT_THE_SAME = phrase("The two are not the same.")
THE_DRAWN_ONE = phrase("Take another password than the one that was drawn for you.")


def show_sign_in(db: Connection, visit: Visit) -> Shown:
    """Asks for name and password."""
    return Shown("sign_in.html")


def sign_in(visit: Visit) -> Done:
    """Let somebody in as far as her password goes."""
    name, password = forms.text(visit.typed, "name", 60), forms.secret(visit.typed, "password")
    with transaction(visit.runtime) as db:
        pause = tries.count(db, tries.of_address(visit.address), tries.ADDRESS, visit.now)
        pause = pause or tries.count(db, tries.of_operator(name), tries.OPERATOR, visit.now)
        who = operators.named(db, name)
    _stop(pause, visit.now)
    peppers = visit.runtime.peppers
    right = passwords.matches(peppers, who.password if who else passwords.nobodys(peppers), password)
    with transaction(visit.runtime) as db:
        fault = _fault(who, right, visit.now)
        if who is not None and fault is None:
            return _begun(db, visit, who)
        if who is not None and fault is not None:
            trail.note(db, who.programme, who, fault, visit.now, address=visit.address)
    log.warning("sign-in refused", why=fault, known=who is not None, address=visit.address)
    raise Mistaken(LATE if fault == "sign-in.stale" else WRONG)


def _fault(who: Operator | None, right: bool, now: datetime) -> str | None:
    """What speaks against it, as the trail calls it."""
    if who is None or not right:
        return "sign-in.wrong"
    if who.disabled_at is not None:
        return "sign-in.disabled"
    return "sign-in.stale" if who.password_until is not None and who.password_until <= now else None


def _begun(db: Connection, visit: Visit, who: Operator) -> Done:
    passed = not who.moves_money and who.totp is None
    token = signins.begin(db, who, passed, visit.address, visit.device, visit.now)
    tries.take_back(db, tries.of_address(visit.address))
    if passed:
        _in(db, visit, who)
    for old in (tries.forget, signins.forget, forms.forget):
        old(db, visit.now)
    return Done("home", token=token)


def _in(db: Connection, visit: Visit, who: Operator) -> None:
    tries.clear(db, tries.of_operator(who.name))
    trail.note(db, who.programme, who, "sign-in", visit.now, address=visit.address)


def _stop(pause: datetime | None, now: datetime) -> None:
    if pause is not None:
        log.warning("tries paused", until=pause.isoformat())
        raise Mistaken(PAUSE, status=429, n=max(1, ceil((pause - now).total_seconds() / 60)))


def _counted(visit: Visit) -> None:
    """Count a try of who is known already; Mistaken during a pause."""
    with transaction(visit.runtime) as db:
        pause = tries.count(db, tries.of_operator(visit.operator.name), tries.OPERATOR, visit.now)
    _stop(pause, visit.now)


def _noted(visit: Visit, act: str) -> None:
    with transaction(visit.runtime) as db:
        trail.note(db, visit.operator.programme, visit.operator, act, visit.now, address=visit.address)


def confirm(visit: Visit) -> None:
    """Her password once more, before something that matters; Mistaken if it is not hers."""
    password = forms.secret(visit.typed, "password")
    _counted(visit)
    if not passwords.matches(visit.runtime.peppers, visit.operator.password, password):
        _noted(visit, "again.wrong")
        raise Mistaken(WRONG_PASSWORD, "password")
    with transaction(visit.runtime) as db:
        tries.clear(db, tries.of_operator(visit.operator.name))


def show_code(db: Connection, visit: Visit) -> Shown:
    """Asks for the code of the authenticator app."""
    return Shown("code.html")


def code(visit: Visit) -> Done:
    """The second factor: each code is good once."""
    typed, who = forms.secret(visit.typed, "code"), visit.operator
    _counted(visit)
    step = totp.step_of(visit.runtime.peppers, who.totp or "", typed, visit.now, who.totp_step)
    with transaction(visit.runtime) as db:
        if step is not None and operators.use_step(db, who, step):
            _in(db, visit, who)
            return Done("home", token=signins.renew(db, visit.signed_in))
    _noted(visit, "code.wrong")
    raise Mistaken(WRONG_CODE, "code")


def _new_half(visit: Visit) -> str:
    """The factor that is being set up: the same from the page to its form, another one in every sign-in."""
    return totp.half(visit.runtime.peppers, visit.signed_in.seed)


def show_set_up(db: Connection, visit: Visit) -> Shown:
    """A QR code for the app, the same as text, and a form for the first code."""
    peppers, half = visit.runtime.peppers, _new_half(visit)
    address = totp.address(peppers, half, visit.operator.name)
    spoken = totp.secret(peppers, half)
    parts = " ".join(spoken[at : at + 4] for at in range(0, len(spoken), 4))
    values = {"address": address, "picture": totp.picture(address), "secret": parts}
    return Shown("set_up.html", values | {"again": next_step(visit.operator, visit.signed_in) is None})


def set_up(visit: Visit) -> Done:
    """Take a new second factor into use, once its first code is right; her other sign-ins end."""
    typed, who, half = forms.secret(visit.typed, "code"), visit.operator, _new_half(visit)
    _counted(visit)
    step = totp.step_of(visit.runtime.peppers, half, typed, visit.now, 0)
    if step is None:
        _noted(visit, "code.wrong")
        raise Mistaken(WRONG_CODE, "code")
    with transaction(visit.runtime) as db:
        operators.set_totp(db, who, half, step)
        signins.end_others(db, who, visit.signed_in, visit.now)
        trail.note(db, who.programme, who, "totp.set", visit.now, address=visit.address)
        if not visit.signed_in.passed:
            _in(db, visit, who)
        token = signins.renew(db, visit.signed_in)
    return Done("home" if next_step(who, visit.signed_in) else "account", said="totp-set", token=token)


def show_password(db: Connection, visit: Visit) -> Shown:
    """Asks for a password of her own; for the one before, unless it was given a moment ago."""
    return Shown("password.html", {"again": next_step(visit.operator, visit.signed_in) is None})


def password(db: Connection, visit: Visit) -> Done:
    """Take a password that she chose; her other sign-ins end, this one gets another token."""
    fresh, who = forms.secret(visit.typed, "fresh"), visit.operator
    if fault := passwords.fault(fresh, who.name, who.display):
        raise Mistaken(fault, "fresh")
    if fresh != visit.typed.get("repeated", ""):
        raise Mistaken(NOT_THE_SAME, "repeated")
    if who.password_until is not None and passwords.matches(visit.runtime.peppers, who.password, fresh):
        raise Mistaken(THE_DRAWN_ONE, "fresh")
    operators.set_password(db, visit.runtime.peppers, who, fresh)
    signins.end_others(db, who, visit.signed_in, visit.now)
    token = signins.renew(db, visit.signed_in)
    page = "home" if who.password_until is not None else "account"
    return Done(page, act="password.changed", said="password-changed", token=token)


def sign_out(db: Connection, visit: Visit) -> Done:
    """End this sign-in."""
    signins.end(db, visit.operator, visit.signed_in.id, visit.now)
    return Done("sign-in", act="sign-out", said="signed-out", token="")


def language(visit: Visit) -> Done:
    """Speak another language, and go back to the page where that was asked for."""
    chosen = visit.typed.get("language", "")
    if chosen not in LANGUAGES:
        return Done("home")
    if visit.who is not None:
        with transaction(visit.runtime) as db:
            operators.speak(db, visit.who, chosen)
    return Done("home", language=chosen, back=visit.typed.get("back", ""))
