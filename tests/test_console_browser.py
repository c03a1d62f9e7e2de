"""The console in a real Chromium: signing in with a code in both languages, every page at two widths, axe-core.

The pictures stay in pytest's folder, or in the folder that SOMITI_PICTURES names.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import playwright.sync_api as pw
import pyotp
import pytest
from conftest import SECRETS
from conftest import Templates
from conftest import settings_for
from handsets import Server
from playwright.sync_api import expect
from sqlalchemy import insert
from sqlalchemy import select

from gateway.console import operators
from gateway.console import seconds
from gateway.console.operators import Wanted
from gateway.console.tables import second_table
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.transaction import transaction
from ledger import approvals
from ledger.books import Book
from ledger.books import Origin
from ledger.chart import GROUP
from ledger.members import member_table
from ledger.money import Money
from locales import words

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
AXE = (Path(__file__).parent / "data" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (360, 1280)
OWN = "green tea at five"

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@dataclass
class Office:
    """A served copy of the demo programme with an administrator who never signed in, and some work waiting."""

    server: Server
    runtime: Runtime
    pictures: Path
    drawn: dict[str, str]

    def say(self, language: str, text: str, **values: object) -> str:
        return words(language, domain="console").say(text, **values)


@pytest.fixture(scope="module")
def chromium() -> Iterator[pw.Browser]:
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM HERE: the console's pages were NOT tested (apt-get install -y chromium)")
    with pw.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def office(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    var = tmp_path_factory.mktemp("console")
    url = templates.copy("sqlite", True, var)
    runtime = open_runtime(settings_for(var, DATABASE_URL=url))
    pictures = Path(os.environ.get("SOMITI_PICTURES") or tmp_path_factory.mktemp("pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for language, display in (("bn", "শিরিন আক্তার"), ("en", "Shirin Akter")):
        with transaction(runtime) as db:
            wanted = Wanted(1, display, "admin", language)
            _, drawn[language] = operators.add(db, runtime.peppers, f"shirin-{language}", wanted, datetime.now(UTC))
    _give_work(runtime)
    with Server(var, SECRETS) as server:
        yield Office(server, runtime, pictures, drawn)
    runtime.close()


def _give_work(runtime: Runtime) -> None:
    """A request, a message in doubt, one that failed, something for a second person, and operators of other roles."""
    now = datetime.now(UTC)

    def origin(name: str) -> Origin:
        return Origin(name, "officer:test", "console", now, now.date(), lambda: "")

    with transaction(runtime, tell=False) as db:
        member = db.execute(select(member_table.c.id).where(member_table.c.group == 1)).scalars().first()
        money = Money(50_000, "BDT")
        approvals.start(db, Book(GROUP, 1, "BDT"), approvals.Wanted("withdrawal", member, "", money), origin("asked"))
        for state in ("unsure", "failed"):
            db.execute(insert(message_table), _message(state, member, now))
        officer, _ = operators.add(
            db, runtime.peppers, "nasima", Wanted(1, "নাসিমা", "officer", "bn", groups=(1, 2)), now
        )
        operators.add(db, runtime.peppers, "rafiq", Wanted(1, "Rafiq", "keeper", "en", hub=1), now)
        row = {"programme": 1, "kind": "pin-reset", "subject": "1002", "group": 1, "inputs": "{}", "state": "waiting"}
        more = {"summary": "সালমা 1002", "reason": "ভুলে গেছেন", "asked_by": officer.id, "pending": 1, "answer": ""}
        times = {"asked_at": now, "until": now + seconds.WAITS, "operation": "asked once"}
        db.execute(second_table.insert(), row | more | times)


def _message(state: str, member: int | None, at: datetime) -> dict[str, Any]:
    return {
        "once_key": f"test {state}", "purpose": "test", "programme": 1, "member": member, "number": None,
        "language": "bn", "template": "", "text": "কিস্তি ৫০০ টাকা, ২৪ নভেম্বর। কোড A7K2M9", "encoding": "ucs2",
        "units": 38, "parts": 1, "state": state, "reason": "no-answer", "provider": "simulator", "provider_id": "",
        "cost": "", "price": 0, "currency": "", "attempts": 2, "repeats": 0, "bound_to": "", "timezone": "",
        "due_at": at, "expires_at": at, "created_at": at, "changed_at": at,
    }  # fmt: skip


class Eyes:
    """Looks at every page that is opened: its pictures, its width, axe-core, what the browser complains of, hosts."""

    def __init__(self, office: Office, context: pw.BrowserContext, language: str) -> None:
        self.office, self.language = office, language
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda message: self._complain(message.text))
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def _complain(self, text: str) -> None:
        # A refused form is an answer with its own status, and Chromium says so.
        if "status of 4" not in text:
            self.complaints.append(text)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.office.server.url}/console{path}")

    def look(self, name: str) -> None:
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.screenshot(
                path=self.office.pictures / f"{name}-{self.language}-{width}.png", full_page=True, animations="disabled"
            )
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, f"{name} is wider than {width}"
            assert self.faults() == [], f"{name} at {width}"

    def faults(self) -> list[str]:
        """What axe-core finds, put into the page past the policy that would keep it out."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("language", ["bn", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_door_in_either_colours(office: Office, chromium: pw.Browser, language: str, dark: bool) -> None:
    context = chromium.new_context(locale=language, color_scheme="dark" if dark else "light")
    eyes = Eyes(office, context, f"{language}-{'dark' if dark else 'light'}")
    eyes.go("/")
    expect(eyes.page).to_have_url(re.compile("/console/sign-in$"))
    expect(eyes.page.locator("html")).to_have_attribute("lang", language)
    eyes.look("sign-in")
    eyes.page.get_by_label(office.say(language, "Name")).fill("nobody")
    eyes.page.get_by_label(office.say(language, "Password")).fill("not a password")
    eyes.page.keyboard.press("Enter")
    expect(eyes.page.get_by_role("alert")).to_have_text(office.say(language, "Name or password is wrong."))
    eyes.look("sign-in-wrong")
    assert (eyes.complaints, eyes.hosts) == ([], {office.server.url.split("/")[2]})
    context.close()


@pytest.mark.parametrize("language", ["bn", pytest.param("en", marks=pytest.mark.nightly)])
def test_signing_in_for_the_first_time_and_every_page(office: Office, chromium: pw.Browser, language: str) -> None:
    """From the drawn password over the app's first code to a password of her own; then each page; then out and in."""
    context = chromium.new_context(locale="en" if language == "bn" else "bn")
    eyes = Eyes(office, context, language)
    page, say = eyes.page, office.say
    eyes.go("/sign-in")
    page.get_by_role("button", name="বাংলা" if language == "bn" else "English").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    _give_name(eyes, office.drawn[language])
    secret = _set_the_app_up(eyes)
    eyes.look("own-password")
    page.get_by_label(say(language, "The password from now on")).fill(OWN)
    page.get_by_label(say(language, "The same again")).fill(OWN)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(say(language, "What waits"))
    expect(page.get_by_role("status")).to_be_visible()
    eyes.look("home")
    font = "document.fonts.load('16px \"Noto Sans Bengali\"', 'ক').then(faces => faces.map(face => face.status))"
    assert page.evaluate(font) == ["loaded"]
    _every_page(eyes)
    page.get_by_role("button", name=say(language, "Sign out")).click()
    expect(page).to_have_url(re.compile("/console/sign-in"))
    _give_name(eyes, OWN)
    expect(page.locator("h1")).to_have_text(say(language, "Code"))
    eyes.look("code")
    page.locator("#code").fill(pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30)))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(say(language, "What waits"))
    assert (eyes.complaints, eyes.hosts) == ([], {office.server.url.split("/")[2]})
    context.close()


def _give_name(eyes: Eyes, password: str) -> None:
    eyes.page.get_by_label(eyes.office.say(eyes.language, "Name")).fill(f"shirin-{eyes.language}")
    eyes.page.get_by_label(eyes.office.say(eyes.language, "Password")).fill(password)
    eyes.page.keyboard.press("Enter")


def _set_the_app_up(eyes: Eyes) -> str:
    """What she does with her phone: the key under the picture, its code; returns the key."""
    page = eyes.page
    expect(page.locator(".picture svg")).to_be_visible()
    eyes.look("set-up")
    page.locator("summary").click()
    secret = page.locator("details code").inner_text().replace(" ", "")
    page.locator("#code").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/console/sign-in/password$"))
    return secret


def _every_page(eyes: Eyes) -> None:
    """Every page of an administrator, with work on it."""
    for name, path in (
        ("orders", "/waits/orders"),
        ("requests", "/waits/requests"),
        ("messages-in-doubt", "/waits/messages-in-doubt"),
        ("messages-failed", "/waits/messages-failed"),
        ("seconds", "/seconds"),
        ("second", "/seconds/1"),
        ("operators", "/operators"),
        ("operator-new", "/operators/new"),
        ("operator", "/operators/3"),
        ("operator-change", "/operators/3/change"),
        ("trail", "/trail"),
        ("account", "/account"),
        ("password", "/account/password"),
        ("authenticator", "/authenticator"),
        ("nowhere", "/nowhere"),
    ):
        eyes.go(path)
        eyes.look(name)


def test_by_keyboard_alone(office: Office, chromium: pw.Browser) -> None:
    """The first key leads past the header; what has the focus can be seen; a form is sent by Enter."""
    context = chromium.new_context(locale="en")
    eyes = Eyes(office, context, "en")
    eyes.go("/nowhere")
    eyes.page.evaluate("document.activeElement.blur()")
    eyes.page.keyboard.press("Tab")
    eyes.page.keyboard.press("Shift+Tab")
    eyes.page.locator(".skip").focus()
    expect(eyes.page.locator(".skip")).to_be_in_viewport()
    eyes.page.keyboard.press("Enter")
    expect(eyes.page.locator("main")).to_be_focused()
    eyes.page.locator("#name").focus()
    assert eyes.page.locator("#name").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    context.close()
