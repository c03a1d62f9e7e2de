"""Eyes: a real Chromium that looks at every page it opens, and people of the office in it, signed in.

The pictures stay in pytest's folder, or in the folder that SOMITI_PICTURES names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from functools import cache
from pathlib import Path

import playwright.sync_api as pw
import pytest
from conftest import NIGHTLY
from conftest import SECRETS
from conftest import settings_for
from handsets import Server

from gateway.console import signins
from gateway.console.operators import Operator
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.transaction import transaction
from locales import words

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (360, 1280)


@contextmanager
def chromium() -> Iterator[pw.Browser]:
    """A browser; the test is skipped loudly where there is none."""
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM HERE: the pages were NOT looked at (apt-get install -y chromium)")
    with pw.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@cache
def _axe() -> str:
    return (Path(__file__).parent / "data" / "axe.min.js").read_text(encoding="utf-8")


@dataclass
class Office:
    """A served copy of the demo programme, and where its pictures go."""

    server: Server
    runtime: Runtime
    pictures: Path
    drawn: dict[str, str] = field(default_factory=dict)
    """Passwords that were drawn, by whatever the test calls them."""

    def say(self, language: str, text: str, **values: object) -> str:
        """A text of the console."""
        return words(language, domain="console").say(text, **values)

    def enter(self, browser: pw.Browser, who: Operator) -> Eyes:
        """A browser of hers in which she is signed in."""
        with transaction(self.runtime) as db:
            token = signins.begin(db, who, True, "127.0.0.1", "test", datetime.now(UTC))
        context = browser.new_context()
        context.add_cookies([{"name": "somiti", "value": token, "url": self.server.url}])
        return Eyes(self, context, who.language)


@contextmanager
def served(var: Path, url: str, pictures: Path) -> Iterator[Office]:
    """A runtime on a database beside the server that serves it."""
    runtime = open_runtime(settings_for(var, DATABASE_URL=url))
    folder = Path(os.environ.get("SOMITI_PICTURES") or pictures)
    folder.mkdir(parents=True, exist_ok=True)
    with Server(var, SECRETS) as server:
        yield Office(server, runtime, folder)
    runtime.close()


class Eyes:
    """Looks at every page that is opened: its pictures, its width, axe-core, what the browser complains of, hosts."""

    def __init__(self, office: Office, context: pw.BrowserContext, language: str) -> None:
        self.office, self.context, self.language = office, context, language
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

    def say(self, text: str, **values: object) -> str:
        """A text as this visitor reads it."""
        return self.office.say(self.language, text, **values)

    def go(self, path: str) -> None:
        """Open a page of the console."""
        self.page.goto(f"{self.office.server.url}/console{path}")

    def look(self, name: str) -> None:
        """Its picture at both widths; it is never wider than the screen; axe-core finds nothing, nightly at both."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.screenshot(
                path=self.office.pictures / f"{name}-{self.language}-{width}.png", full_page=True, animations="disabled"
            )
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, f"{name} is wider than {width}"
            if width == WIDTHS[0] or NIGHTLY:
                assert self.faults() == [], f"{name} at {width}"

    def faults(self) -> list[str]:
        """What axe-core finds, put into the page past the policy that would keep it out."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_axe())
        found = self.page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]

    def close(self) -> None:
        """Close the browser's window; nothing was complained of, and nothing came from elsewhere."""
        self.context.close()
        assert (self.complaints, self.hosts) == ([], {self.office.server.url.split("/")[2]})
