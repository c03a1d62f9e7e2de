"""The office of the tests: operators of every role on the demo programme, and a browser without a window for each."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from gateway.backend import Database
from gateway.console import operators
from gateway.console import signins
from gateway.console import totp
from gateway.console.operators import Operator
from gateway.console.operators import Wanted
from gateway.console.tables import KEEPER
from gateway.console.tables import MONEY
from gateway.console.tables import OFFICER
from gateway.console.tables import ROLES
from gateway.runtime import Runtime
from gateway.transaction import transaction

PASSWORD = "four quiet ducks swim"
ALREADY = datetime(2026, 1, 1, tzinfo=UTC)


def add(
    runtime: Runtime,
    role: str,
    name: str = "",
    *,
    programme: int = 1,
    hub: int = 1,
    groups: tuple[int, ...] = (1,),
    factor: bool | None = None,
    language: str = "en",
) -> Operator:
    """An operator with `PASSWORD` and, if her role asks for one, a second factor."""
    name = name or role
    scope = {"hub": hub if role == KEEPER else None, "groups": groups if role == OFFICER else ()}
    wanted = Wanted(programme, name.title(), role, language, **scope)
    with transaction(runtime) as db:
        made, _ = operators.add(db, runtime.peppers, name, wanted, datetime.now(UTC))
        operators.set_password(db, runtime.peppers, made, PASSWORD)
        if role in MONEY if factor is None else factor:
            operators.set_totp(db, made, totp.half(runtime.peppers), 0)
    return by_name(runtime, name)


def by_name(runtime: Runtime, name: str) -> Operator:
    with transaction(runtime) as db:
        found = operators.named(db, name)
    assert found
    return found


def current_code(runtime: Runtime, who: Operator, steps: int = 0) -> str:
    """What her app shows, or will show so many steps later."""
    secret = totp.secret(runtime.peppers, who.totp or "")
    return pyotp.TOTP(secret).at(datetime.now(UTC) + steps * timedelta(seconds=30))


@dataclass
class Browser:
    """What a person does in a browser: opens a page, fills the form on it, sends it."""

    app: Flask
    client: FlaskClient = field(init=False)
    last: TestResponse | None = None
    base: str = "http://127.0.0.1"

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str, **more: object) -> TestResponse:
        self.last = self._ask(self.client.get, path, **more)
        return self.last

    def post(self, path: str, form: Mapping[str, str], **more: object) -> TestResponse:
        self.last = self._ask(self.client.post, path, data=form, **more)
        return self.last

    def _ask(self, ask: Callable[..., TestResponse], path: str, **more: object) -> TestResponse:
        headers = {"Accept-Language": "en", **more.pop("headers", {})}
        return ask(self._path(path), base_url=self.base, headers=headers, buffered=True, **more)

    def _path(self, path: str) -> str:
        return path if path.startswith("/console") else f"/console{path}"

    def field(self, path: str, action: str = "") -> str:
        """The one-time field of the form on a page that posts to it, or to another page."""
        shown = self.get(path).get_data(as_text=True)
        return field_of(shown, action and self._path(action))

    def send(self, path: str, **form: str) -> TestResponse:
        """Open a page and send its own form."""
        return self.post(path, {"form": self.field(path), **form})

    def sign_in(self, runtime: Runtime, who: Operator) -> Browser:
        """Give the password, and the code if there is one."""
        self.send("/sign-in", name=who.name, password=PASSWORD)
        if who.totp:
            answer = self.send("/sign-in/code", code=current_code(runtime, who))
        assert answer_of(self).status_code == 303, self.text
        if who.totp:
            assert answer.headers["Location"] == "/console/", self.text
        return self

    def enter(self, runtime: Runtime, who: Operator, *, passed: bool = True) -> Browser:
        """Be signed in at once, as after all steps, or half."""
        with transaction(runtime) as db:
            token = signins.begin(db, who, passed, "127.0.0.1", "test", datetime.now(UTC))
        self.client.set_cookie("somiti", token, domain="127.0.0.1")
        return self

    @property
    def cookie(self) -> str:
        """The token of the visitor."""
        kept = self.client.get_cookie("somiti", domain="127.0.0.1")
        assert kept
        return kept.value

    @property
    def text(self) -> str:
        """What the last page says, without its marks."""
        body = self.last.get_data(as_text=True) if self.last else ""
        main = re.search(r"<main.*?</main>", body, re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main[0] if main else body)).split())


def answer_of(browser: Browser) -> TestResponse:
    assert browser.last
    return browser.last


def field_of(shown: str, action: str = "") -> str:
    form = rf'<form[^>]*action="{re.escape(action)}"' if action else r'<form method="post">'
    found = re.search(form + r'.*?name="form" value="([^"]+)"', shown, re.DOTALL)
    assert found, shown[-2000:]
    return found[1]


def everybody(runtime: Runtime) -> dict[str, Operator]:
    """One operator of each role."""
    return {role: add(runtime, role) for role in ROLES}


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are run meanwhile, on either pool."""
    seen: list[str] = []

    def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    # On PostgreSQL both are one engine.
    engines = [database._reader] + [database._writer] * (database.dialect == "sqlite")
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
