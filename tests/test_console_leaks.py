"""What nobody of the office may read or decide although she may open the page: codes, numbers, others' requests."""

from __future__ import annotations

import io
from datetime import UTC
from datetime import datetime
from typing import Any

import pytest
from conftest import BOTH
from flask import Flask
from ledger_world import findings
from office import Browser
from office import add
from office import answer_of
from test_console_messages import message
from test_console_odd import Fields

from gateway.app import create_app
from gateway.console import forms
from gateway.console import seconds
from gateway.console.tables import BULK_SEND
from gateway.console.tables import REVERSAL
from gateway.notices import worst
from gateway.runtime import Runtime
from gateway.sms import broadcasts
from gateway.sms.audience import MEMBERS
from gateway.sms.audience import Audience
from gateway.sms.policy import CODES
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger.books import Origin
from ledger.facts import OrderDispatched
from ledger.facts import PinResetCode

NOW = datetime.now(UTC)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def enter(runtime: Runtime, app: Flask, role: str, name: str = "", **scope: Any) -> Browser:
    return Browser(app).enter(runtime, add(runtime, role, name, **scope))


def origin(operation: str) -> Origin:
    return Origin(operation, "officer:test", "console", NOW, NOW.date(), lambda: "")


# ---- codes that prove something ----


def test_what_carries_a_proving_code_is_told_apart() -> None:
    code = {PinResetCode: "482913", OrderDispatched: "9999"}
    shown = {each.purpose for each in worst.samples("en", "latin") if any(one in each.written for one in code.values())}
    assert shown >= CODES


@pytest.mark.parametrize("role", ["admin", "officer", "auditor"])
@pytest.mark.parametrize("purpose", sorted(CODES))
def test_nobody_reads_a_code_in_the_messages(runtime: Runtime, app: Flask, role: str, purpose: str) -> None:
    made = [message(runtime, purpose=purpose, text="code 482913", state=state) for state in ("unsure", "failed")]
    browser = enter(runtime, app, role)
    paths = [f"/messages/{each}" for each in made]
    for path in ("/messages", "/waits/messages-in-doubt", "/waits/messages-failed", *paths):
        assert "482913" not in browser.get(path).get_data(as_text=True), path
        assert "a code that only she reads" in browser.text, path


def test_an_auditor_reads_the_end_of_an_agents_number(runtime: Runtime, app: Flask) -> None:
    for role, whole in (("keeper", True), ("auditor", False)):
        assert ("+8801711000001" in enter(runtime, app, role).get("/agents/1").get_data(as_text=True)) is whole, role


# ---- requests that are not hers ----


def asked(runtime: Runtime, *groups: int | None) -> int:
    """A sending to some groups (None: to all) that an administrator asked for; the number of the request."""
    who = add(runtime, "admin", "asker")
    with transaction(runtime, tell=False) as db:
        of = Audience(1, MEMBERS, None if None in groups else tuple(each for each in groups if each))
        sending = broadcasts.write(db, who.id, {"bn": "কাল সভা"}, of, origin("written"))
        more = {"group": of.groups[0] if of.groups and len(of.groups) == 1 else None, "broadcast": sending.id}
        found = seconds.ask(db, who, BULK_SEND, "broadcast", "To many", origin("asked"), **more)
        broadcasts.asked(db, sending, found.id, 7)
    return found.id


@BOTH
@pytest.mark.parametrize(("groups", "hers"), [((1,), True), ((1, 2), False), ((None,), False), ((2,), False)])
def test_an_officer_decides_only_what_is_all_hers(
    runtime: Runtime, app: Flask, groups: tuple[int | None, ...], hers: bool
) -> None:
    """Neither a yes nor a no to a sending that goes to other groups, too; nor does she see it."""
    number = asked(runtime, *groups)
    officer = enter(runtime, app, "officer", groups=(1,))
    assert ("To many" in (officer.get("/seconds"), officer.text)[1]) is hers
    assert f"{int(hers)} Waiting for a second person" in (officer.get("/"), officer.text)[1]
    assert officer.get(f"/seconds/{number}").status_code == (200 if hers else 404)
    field = forms.made(runtime.settings.secret_key, officer.cookie, "second")
    answer = officer.post(f"/seconds/{number}", {"form": field, "answer": "no", "reason": "I say no"})
    assert answer.status_code == (303 if hers else 404)
    both = enter(runtime, app, "officer", "both", groups=(1, 2))
    if groups == (1, 2):
        assert "To many" in (both.get("/seconds"), both.text)[1]
        assert both.get(f"/seconds/{number}").status_code == 200


def test_no_officer_sees_the_undoing_of_a_book_that_is_no_groups(runtime: Runtime, app: Flask) -> None:
    who = add(runtime, "admin")
    with transaction(runtime, tell=False) as db:
        inputs = {"book": "lender:1", "number": 1}
        seconds.ask(db, who, REVERSAL, "lender:1 1", "Lent by the lender", origin("undo"), **inputs)
    officer, keeper = enter(runtime, app, "officer"), enter(runtime, app, "keeper")
    for browser in (officer, keeper):
        assert "Lent by" not in (browser.get("/seconds"), browser.text)[1]
        assert browser.get("/seconds/1").status_code == 404
    auditor = enter(runtime, app, "auditor")
    assert "Lent by" in (auditor.get("/seconds"), auditor.text)[1]


def test_long_lists_of_requests_leave_none_out(runtime: Runtime, app: Flask) -> None:
    """What an officer does not see of a page is made up for out of the next one."""
    who = add(runtime, "admin", "asker")
    with transaction(runtime, tell=False) as db:
        theirs = broadcasts.write(db, who.id, {"bn": "কাল সভা"}, Audience(1, MEMBERS, (1, 2)), origin("written"))
        for each in range(130):
            more: dict[str, Any] = {"group": 1 if each % 2 else None, "broadcast": theirs.id}
            seconds.ask(db, who, BULK_SEND, f"b{each}", f"row {each}.", origin(f"ask {each}"), **more)
    officer = add(runtime, "officer")
    with reading(runtime) as db:
        found = seconds.waiting(db, officer.scope, officer.role, NOW, 0, 51)
        rest = seconds.waiting(db, officer.scope, officer.role, NOW, found[-1].id, 51)
    assert [each.summary for each in [*found, *rest]] == [f"row {each}." for each in range(130) if each % 2]


# ---- files ----


def upload(browser: Browser, path: str, data: bytes, name: str, **form: str) -> Any:
    field = browser.field(path, path)
    sent = {"form": field, "group": "1", "file": (io.BytesIO(data), name), **form}
    return browser.post(path, sent, content_type="multipart/form-data")


@BOTH
@pytest.mark.parametrize("name", ["a\x00b.csv", "../../etc/passwd", "x" * 300 + ".csv", "=cmd.csv", "তালিকা\u202e.csv"])
def test_the_name_of_a_file_is_kept_as_a_name(runtime: Runtime, app: Flask, name: str) -> None:
    browser, path = enter(runtime, app, "admin"), "/members/import"
    shown = upload(browser, path, "name_bn,name_latn\nরিনা,Rina\n".encode(), name).get_data(as_text=True)
    assert answer_of(browser).status_code == 200, browser.text

    assert browser.post(path, Fields(shown).fields | {"step": "write"}).status_code == 303, browser.text
    with reading(runtime) as db:
        assert findings(db) == []
