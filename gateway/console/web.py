"""The console's web: dispatch by the table of pages, rendering, files, errors.

A page is read in one transaction that cannot write. A click is: guard, proof of origin, for what matters the password
once more, then one transaction with the one-time key, the verb and its note in the trail; then 303.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO
from typing import Any
from typing import cast

import structlog
from flask import Blueprint
from flask import Response
from flask import current_app
from flask import make_response
from flask import render_template
from flask import request
from flask import send_file
from flask import url_for
from markupsafe import Markup
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from gateway import imports
from gateway.backend import HOP
from gateway.backend import JOB
from gateway.backend import contended
from gateway.console import browser
from gateway.console import forms
from gateway.console import guard
from gateway.console import signins
from gateway.console import trail
from gateway.console import words
from gateway.console.guard import Verdict
from gateway.console.pages import BY_NAME
from gateway.console.pages import PAGES
from gateway.console.pages import SECTIONS
from gateway.console.shape import HALF
from gateway.console.shape import Done
from gateway.console.shape import Give
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Page
from gateway.console.shape import Sheet
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.entry import confirm
from gateway.imports import Unreadable
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import programmes
from ledger.errors import LedgerError
from locales import Phrase

log = structlog.get_logger(__name__)

STATIC = Path(__file__).parent / "static"
VERSIONS = {
    path.relative_to(STATIC).as_posix(): sha256(path.read_bytes()).hexdigest()[:12]
    for path in STATIC.rglob("*")
    if path.is_file()
}
"""What is asked for with its version may be kept by the browser for good."""

MOST_ID = 2**63 - 1
"""The largest number that a row can have; nor has a row a text with a NUL in it."""

KEPT_IN_MEMORY = 2**20
"""Octets of a file to be sent; what is more waits on the disk."""

_BACK = re.compile(r"/console/[A-Za-z0-9/_-]*")

blueprint = Blueprint(
    "console",
    __name__,
    url_prefix="/console",
    static_folder="static",
    static_url_path="/static",
    template_folder="templates",
)


class Foreign(Exception):
    """A click whose form we did not make for this visitor."""


# ---- a request ----


def runtime() -> Runtime:
    """The runtime that the app was made with."""
    return cast("Runtime", current_app.extensions["somiti"])


def visit_of(args: Mapping[str, Any]) -> Visit:
    """Who asks for what; an unknown cookie is nobody's."""
    now, token = datetime.now(UTC), request.cookies.get(browser.cookie_name(browser.COOKIE), "")[:128]
    with reading(runtime()) as db:
        found = signins.find(db, token, now)
    sign_in, who = found or (None, None)
    return Visit(
        runtime(),
        now,
        words.spoken(who.language if who else browser.language()),
        browser.address(runtime().settings.proxies),
        browser.device(),
        token or signins.fresh_token(),
        who,
        sign_in,
        args,
        request.args.to_dict(),
    )


def answer(page: Page, **args: Any) -> Response:
    """One request for one page of the table."""
    # A click that carries more than a form is refused before it is read.
    request.max_content_length = page.room
    said = [*args.values(), *request.args.values()]
    if any(each > MOST_ID if isinstance(each, int) else "\0" in each for each in said):
        return nowhere()
    posts = request.method == "POST"
    visit = visit_of(args)
    decided = guard.verdict(page, visit.who, visit.sign_in, posts=posts)
    if decided is not Verdict.OPEN:
        return _elsewhere(page, visit, decided)
    if not polls():
        _see(visit)
    try:
        return _post(page, visit) if posts else _get(page, visit)
    except Missing:
        return _error(visit, 404)


def _see(visit: Visit) -> None:
    """Write down, once a minute, that she is there; a page is not refused because somebody else is writing."""
    if visit.sign_in is None or not visit.sign_in.stale(visit.now):
        return
    try:
        with transaction(visit.runtime) as db:
            signins.seen(db, visit.sign_in, visit.now)
    except Exception as error:
        if not contended(error):
            raise


def polls() -> bool:
    """Whether the browser asks by itself, for what changes on an open page: that is no sign that anybody is there."""
    return request.headers.get("HX-Request") == "true"


def _elsewhere(page: Page, visit: Visit, decided: Verdict) -> Response:
    if polls():
        # The page is loaded again as a whole, and so leads where she has to go.
        return Response(status=204, headers={"HX-Refresh": "true"})
    if decided is Verdict.SIGN_IN:
        return _go(url_for("console.sign-in"))
    if decided is Verdict.HOME:
        return _go(url_for("console.home"))
    if decided is Verdict.STEP:
        step = guard.next_step(visit.operator, visit.signed_in)
        return _go(url_for(f"console.{step}"))
    with transaction(visit.runtime) as db:
        trail.note(
            db, visit.operator.programme, visit.operator, "refused", visit.now, about=page.name, address=visit.address
        )
    return _error(visit, 403)


def _get(page: Page, visit: Visit) -> Response:
    if page.give is not None:
        return _given(page.give, visit)
    if page.show is None:
        raise Missing
    with reading(visit.runtime, patience=JOB if page.slow else HOP) as db:
        shown = page.show(db, visit)
        timezone = _timezone(db, visit)
    return _rendered(page, visit, shown, timezone)


def _given(give: Give, visit: Visit) -> Response:
    """A file, made whole while its moment of the database is open, then sent piece by piece."""
    kept = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 (it is closed when it has been sent)
    try:
        with reading(visit.runtime, patience=JOB) as db:
            made = give(db, visit)
            kept.writelines(made.pieces)
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    return send_file(cast("IO[bytes]", kept), made.mimetype, as_attachment=True, download_name=made.name)


def _timezone(db: Any, visit: Visit) -> str:
    return programmes.get(db, visit.who.programme).timezone if visit.who else "Asia/Dhaka"


# ---- a click ----


def _post(page: Page, visit: Visit) -> Response:
    typed = request.form.to_dict()
    key = forms.key_of(_secret(), visit.cookie, page.name, typed.get(forms.FIELD, ""))
    if key is None or not browser.from_here():
        log.warning("foreign form", page=page.name, origin=request.headers.get("Origin", ""))
        raise Foreign
    sheets = {name: _sheet(each) for name, each in request.files.items() if each.filename}
    visit = replace(visit, typed=typed, key=key, sheets=sheets)
    try:
        forms.readable(typed)
        if page.again and guard.standing(visit.who, visit.sign_in) != HALF:
            confirm(visit)
        return _carried_out(page, visit)
    except Mistaken as mistake:
        return _again(page, visit, mistake)
    except LedgerError as error:
        said = words.refusal(visit.words, error)
        return _again(page, visit, Mistaken(said.replace("{", "{{").replace("}", "}}"), status=409))


def _sheet(sent: FileStorage) -> Sheet:
    """A file with its rows: reading one may take long, and nobody waits for it here."""
    try:
        return Sheet(sent.filename or "", imports.unpacked(sent.read()))
    except Unreadable as error:
        return Sheet(sent.filename or "", error)


def _secret() -> str:
    return runtime().settings.secret_key


def _carried_out(page: Page, visit: Visit) -> Response:
    if page.own is not None:
        return _done(page, visit, page.own(visit))
    if page.act is None:
        raise Missing
    with transaction(visit.runtime) as db:
        before = forms.claim(db, visit.key, visit.operator, visit.now)
        if before is not None:
            return _go(before or url_for("console.home"))
        done = page.act(db, visit)
        if done.act:
            who = visit.operator
            about = {"about": done.about, "detail": done.detail, "address": visit.address}
            trail.note(db, who.programme, who, done.act, visit.now, **about)
        forms.settle(db, visit.key, _location(done))
        timezone = _timezone(db, visit)
    return _rendered(page, visit, done.shown, timezone) if done.shown else _done(page, visit, done)


def _location(done: Done) -> str:
    if _BACK.fullmatch(done.back):
        return done.back
    values: dict[str, Any] = {**done.args, **({"said": done.said} if done.said else {})}
    return url_for(f"console.{done.page}", **values)


def _done(page: Page, visit: Visit, done: Done) -> Response:
    response = _go(_location(done))
    if done.token is not None:
        browser.set_cookie(response, browser.COOKIE, done.token)
    if done.language:
        browser.set_cookie(response, browser.LANGUAGE, done.language, max_age=365 * 86400)
    return response


def _again(page: Page, visit: Visit, mistake: Mistaken) -> Response:
    """The page once more, with what was typed and what is wrong with it."""
    visit = replace(visit, typed=forms.shown_again(visit.typed), problem=mistake)
    if page.show is None:
        return _error(visit, mistake.status)
    with reading(visit.runtime) as db:
        shown = page.show(db, visit)
        timezone = _timezone(db, visit)
    return _rendered(page, visit, shown, timezone, mistake.status)


# ---- an answer ----


def _go(location: str) -> Response:
    response = Response(status=303)
    response.headers["Location"] = location
    return response


def _rendered(page: Page | None, visit: Visit, shown: Shown, timezone: str, status: int = 200) -> Response:
    html = render_template(f"console/{shown.template}", **_layout(page, visit, timezone), **shown.values)
    response = make_response(html, status)
    if request.cookies.get(browser.cookie_name(browser.COOKIE)) != visit.cookie:
        # A form needs a cookie that it can be tied to, also before anybody is signed in.
        browser.set_cookie(response, browser.COOKIE, visit.cookie)
    return response


def _layout(page: Page | None, visit: Visit, timezone: str) -> dict[str, Any]:
    """What every template may use."""
    stands = guard.standing(visit.who, visit.sign_in)
    said = words.SAID.get(visit.query.get("said", ""))
    return {
        "page": page,
        "sections": [(each, menu) for each in SECTIONS if (menu := each.menu(stands))],
        "who": visit.who,
        "stands": stands,
        "language": visit.words.language,
        "languages": words.LANGUAGES,
        "roles_said": words.ROLE_NAMES,
        "say": visit.words.say,
        "name_of": lambda names: names.written(visit.words.language),
        "moment": lambda at: words.moment(visit.words, at, timezone),
        "opens": lambda name: stands in BY_NAME[name].who,
        "posts": lambda name: stands in BY_NAME[name].may_post,
        "url": lambda name, **args: url_for(f"console.{name}", **args),
        "form_field": lambda name: forms.made(_secret(), visit.cookie, name),
        "static": lambda name: url_for("console.static", filename=name, v=VERSIONS[name]),
        "here": request.full_path.rstrip("?"),
        "said": said,
        "typed": visit.typed,
        "problem": visit.problem,
        "back": request.path if page is not None and page.show is not None else url_for("console.home"),
        "Markup": Markup,
    }


def _error(visit: Visit, status: int, said: Phrase | None = None) -> Response:
    """A page that says in plain words what went wrong."""
    status = status if status in words.ERRORS else 400
    text = visit.words.say(said or words.ERRORS[status])
    return _rendered(None, visit, Shown("error.html", {"text": text, "status": status}), "UTC", status)


def _stranger() -> Visit:
    """A visitor for an error page that must not need the database."""
    cookie = request.cookies.get(browser.cookie_name(browser.COOKIE), "")[:128] or signins.fresh_token()
    return Visit(runtime(), datetime.now(UTC), words.spoken(browser.language()), "", "", cookie)


@blueprint.errorhandler(Foreign)
def foreign(error: Foreign) -> Response:
    """403 for a form that is not ours."""
    return _error(_stranger(), 403, words.STALE)


@blueprint.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    """What Werkzeug refuses, in our words."""
    return _error(_stranger(), error.code or 400)


@blueprint.errorhandler(Exception)
def our_fault(error: Exception) -> Response:
    """503 when others were busy, else 500: nothing was written."""
    if contended(error):
        return _error(_stranger(), 503)
    log.exception("page failed", route=request.url_rule.rule if request.url_rule else "")
    return _error(_stranger(), 500)


@blueprint.after_request
def harden(response: Response) -> Response:
    """Everything from this server only, no script and no style in the page, in no frame and in no cache."""
    response.headers.update(browser.HEADERS)
    if not browser.on_this_machine():
        response.headers["Strict-Transport-Security"] = browser.SAFE_TRANSPORT
    if request.endpoint != "console.static":
        response.headers["Cache-Control"] = "no-store"
    elif request.args.get("v"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "public, max-age=604800"
    return response


def nowhere(path: str = "") -> Response:
    """What is not in the table: nobody is sent to sign in, everybody else is told that there is no such page."""
    visit = visit_of({})
    return _error(visit, 404) if visit.who else _go(url_for("console.sign-in"))


for _page in PAGES:
    blueprint.add_url_rule(_page.route, _page.name, partial(answer, _page), methods=["GET", "POST"])
blueprint.add_url_rule("/<path:path>", "nowhere", nowhere, methods=["GET", "POST"])
