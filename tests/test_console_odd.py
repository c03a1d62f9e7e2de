"""What nobody types: odd words in the addresses and forms of every page are answered, never by an error of ours."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser
from typing import Any

import dialled
import pytest
from conftest import BOTH
from console_table import path as path_of
from flask import Flask
from group_money import money_of_group
from office import PASSWORD
from office import Browser
from office import add
from office import answer_of
from test_console_pages import begun
from test_console_pages import sent

from gateway.app import create_app
from gateway.console import forms
from gateway.console.pages import PAGES
from gateway.runtime import Runtime

ODD = (
    "", " ", "-", "-1", "0", "-0", "+1", "1.5", "1e9", "NaN", "Infinity", "0.001", "0x10", "1_000",
    "00000000000000000001", "999999999", "2147483648", "999999999999999999", "9223372036854775807",
    "9223372036854775808", "9" * 40, "9" * 5000, "১", "১২৩৪৫৬৭৮৯০১২৩৪৫৬৭৮", "১,২৩৪.৫৬৭", "²", "Ⅷ", "٣",
    "2026-11", "2026-13", "0000-00", "0001-01", "9999-12", "2026-11-31", "0001-01-01", "9999-12-31", "0000-00-00",
    "২০২৬-১১-২২", "2026-11-22T25:61", "23:59", "99:99", "\x00", "a\x00b", "1\x00", "\x1b[31m", "\r\nSet-Cookie: a=b",
    "%", "_", "%_%", "\\", "'; --", '"', "<b>x</b>", "{who}", "{}", "{0.__class__}", "[]", "[[", "null", "true",
    '{"1": 2}', "[1, 2]", "1,2,,3", "1 2", "=1+1", "../../x", "..%2f", "//example.org", "hub:1-", "hub:1-1", "group:1",
    "1-1", "0-0", "9999999999999999-1", "9999999999999999-" + "f" * 36, "🙂", "\u202e", "\u200d", "ক" * 300, "x" * 6000,
    "bn", "csv", "all", "yes", "1;1", "1:1", "1/1",
)  # fmt: skip
"""Words that fit some field in part, or none."""

NAMES = ("after", "said", "kind", "state", "group", "hub", "first", "last", "on", "day", "days", "month", "q", "of")
"""What addresses carry on many pages; what a page itself has comes to it."""

SOME, TIMES = 4, 3
"""Odd words for each page's address, and clicks on each form, one on what the other answered."""

PLAIN = ("1", "", "2026-11-22", "100", "abc", "01711000001")
"""What else is typed, so that a click comes further than to its first field."""


class Fields(HTMLParser):
    """The fields of the forms of a page that post, with what stands in them; the names in its addresses."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.names: set[str] = set(NAMES)
        self._posts, self._select = False, ""
        self.feed(shown)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        name = got.get("name", "")
        if tag == "form":
            self._posts = got.get("method") == "post"
        elif tag == "option" and self._select:
            self.fields[self._select] = self.fields[self._select] or got.get("value", "")
        elif name and not self._posts:
            self.names.add(name)
        elif name and (got.get("type") not in ("radio", "checkbox") or name not in self.fields or "checked" in got):
            self.fields[name] = got.get("value", "")
            self._select = name if tag == "select" else ""
        self.names |= set(re.findall(r"[?&](\w+)=", got.get("href", "")))


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def things(runtime: Runtime, app: Flask) -> dict[str, object]:
    """What stands in the routes, all of it with something on its page."""
    asker = add(runtime, "officer", "asker")
    Browser(app).enter(runtime, asker).send("/members/1/pin", reason="She forgot it")
    given = {"second": 1, "operator": add(runtime, "trainer", "somebody").id, "task": begun(runtime, asker).id}
    given |= money_of_group(runtime) | dialled.things(runtime)  # type: ignore[operator]
    sent(runtime, asker)
    return dict(given)


@BOTH
def test_odd_words_in_an_address_are_no_fault_of_ours(runtime: Runtime, app: Flask) -> None:
    given, chance, wrong = things(runtime, app), random.Random(7), list[Any]()
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    for page in (each for each in PAGES if "admin" in each.who and (each.show or each.give)):
        path = path_of(page, **given)
        names = sorted(Fields(browser.get(path).get_data(as_text=True)).names if page.show else NAMES)
        asked = [({chance.choice(names): chance.choice(ODD)}, path) for _ in range(SOME)]
        for name in re.findall(r"<(?:int:)?(\w+)>", page.route):
            odd = chance.choice((0, 2**31, 2**63 - 1, 2**63, "%00", "x%00y", "%F0%9F%99%82"))
            asked.append(({}, path_of(page, **given | {name: odd})))
        for query, where in asked:
            status = browser.get(where, query_string=query).status_code
            wrong += [(where, query, status)] if status >= 500 else []
    assert wrong == []


@BOTH
def test_odd_words_in_a_form_are_no_fault_of_ours(runtime: Runtime, app: Flask) -> None:
    """Each form as it is shown, some of its fields changed; then the form that came back, and once more."""
    given, chance, wrong = things(runtime, app), random.Random(7), list[Any]()
    who = add(runtime, "admin")
    for page in (each for each in PAGES if "admin" in each.may_post and each.name != "sign-out"):
        browser, path = Browser(app).enter(runtime, who), path_of(page, **given)
        shown = browser.get(path).get_data(as_text=True) if page.show else ""
        for _ in range(TIMES):
            fields = {name: value or chance.choice(PLAIN) for name, value in Fields(shown).fields.items()}
            changed = {name: chance.choice(ODD) for name in fields if chance.random() < 1.5 / len(fields)}
            proof = {"form": forms.made(runtime.settings.secret_key, browser.cookie, page.name), "password": PASSWORD}
            status = browser.post(path, fields | changed | proof).status_code
            wrong += [(path, fields | changed, status)] if status >= 500 else []
            shown = answer_of(browser).get_data(as_text=True)
            if 'name="form"' not in shown:
                break
    assert wrong == []


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/code", "/authenticator"])
def test_odd_words_at_the_door_are_no_fault_of_ours(runtime: Runtime, app: Flask, path: str) -> None:
    who = add(runtime, "officer", factor="code" in path)
    for odd in random.Random(7).sample(ODD, 12):
        browser = Browser(app)
        if path != "/sign-in":
            browser.enter(runtime, who, passed=False)
        answer = browser.send(path, name=odd, password=odd, code=odd)
        assert answer.status_code in (422, 429), (path, odd)
