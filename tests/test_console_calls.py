"""Calls in the console: how the menu is used, what is kept of a call and what is not, whose calls somebody sees."""

from __future__ import annotations

import json
import re
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
from conftest import BOTH
from dialled import AYESHA
from dialled import RAHIMA
from dialled import dial
from dialled import pass_time
from flask import Flask
from office import Browser
from office import add
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy import update

from gateway import dialogues
from gateway import past_calls
from gateway.app import create_app
from gateway.console import menu_picture
from gateway.dialogues import dialogue_table
from gateway.dialogues import hop_table
from gateway.past_calls import Use
from gateway.past_calls import past_call_table
from gateway.past_calls import screen_use_table
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import programmes
from menus.screens import SCREENS

NOW = datetime.now(UTC)
KEYS = "1 52907 3 1"
TODAY = (NOW + timedelta(hours=6)).date()


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def uses(runtime: Runtime, programme: int = 1) -> dict[str, Use]:
    with reading(runtime) as db:
        return past_calls.uses(db, programme, TODAY - timedelta(days=1), TODAY)


# ---- what is kept ----


@BOTH
def test_of_a_call_the_names_of_its_screens_are_kept_and_nothing_else(runtime: Runtime) -> None:
    dial(runtime, KEYS)
    pass_time(runtime)
    with reading(runtime) as db:
        row = db.execute(select(past_call_table)).one()
        whole = json.dumps([str(value) for value in row])
        rest = db.execute(
            select(func.count()).select_from(hop_table).where(hop_table.c.reply.is_not(None))
        ).scalar_one()
    path = json.loads(row.path)
    assert [screen for screen, _ in path] == ["who", "pin", "home", "savings", "savings.balance"]
    assert all(seconds >= 0 for _, seconds in path[:-1])
    assert (row.member, row.number, row.screen, row.programme) == (1, RAHIMA, "savings.balance", 1)
    assert "52907" not in whole
    assert rest == 0


@BOTH
def test_each_call_is_kept_and_counted_once(runtime: Runtime) -> None:
    for _ in range(3):
        dial(runtime, KEYS)
    for minutes in (50, 51, 60 * 25):
        pass_time(runtime, minutes)
    dial(runtime, "1")
    pass_time(runtime)
    with reading(runtime) as db:
        assert db.execute(select(func.count()).select_from(past_call_table)).scalar_one() == 4
    used = uses(runtime)
    assert (used["who"].shown, used["pin"].shown, used["home"].shown) == (4, 4, 3)
    assert (used["pin"].left, used["savings.balance"].left) == (1, 3)
    assert used["pin"].median == 1
    assert used["savings.balance"].median is None


def test_a_call_of_no_known_number_is_the_only_programmes(runtime: Runtime) -> None:
    dial(runtime, "", "+8801999999999")
    pass_time(runtime)
    with reading(runtime) as db:
        assert db.execute(select(past_call_table.c.member, past_call_table.c.programme)).one() == (None, 1)
    with transaction(runtime, tell=False) as db:
        programmes.start(db, "Another")
    dial(runtime, "", "+8801999999998")
    pass_time(runtime)
    with reading(runtime) as db:
        assert db.execute(select(func.count()).select_from(past_call_table)).scalar_one() == 1


def test_seconds_are_counted_by_steps_and_the_middle_one_is_told(runtime: Runtime) -> None:
    with runtime.database.writing() as db:
        for took, times in ((2, 3), (5, 4), (40, 2), (0, 1)):
            row = {"programme": 1, "on": TODAY, "screen": "pin", "took": took, "times": times}
            db.execute(screen_use_table.insert(), row)
    assert uses(runtime)["pin"] == Use(10, 1, 5)


@BOTH
def test_what_was_kept_long_enough_is_dropped(runtime: Runtime) -> None:
    dial(runtime, KEYS)
    pass_time(runtime)
    for days, calls, counts in ((13, 1, True), (15, 0, True), (367, 0, False)):
        with runtime.database.writing() as db:
            past_calls.forget(db, NOW + timedelta(days=days))
            assert db.execute(select(func.count()).select_from(past_call_table)).scalar_one() == calls, days
            assert bool(db.execute(select(func.count()).select_from(screen_use_table)).scalar_one()) is counts, days


# ---- who sees what ----


def test_calls_are_seen_by_scope(runtime: Runtime, app: Flask) -> None:
    dial(runtime, KEYS)
    call = pass_time(runtime)
    running = dial(runtime, "1", AYESHA)
    with transaction(runtime, tell=False) as db:
        other = programmes.start(db, "Another")
    seen = {}
    for name, role, scope in (
        ("admin", "admin", {}),
        ("one", "officer", {"groups": (1,)}),
        ("two", "officer", {"groups": (2,)}),
        ("auditor", "auditor", {}),
        ("theirs", "admin", {"programme": other.id}),
    ):
        browser = Browser(app).enter(runtime, add(runtime, role, name, **scope))
        listed = browser.get("/calls/list").get_data(as_text=True).count("/console/calls/")
        paths = (f"/calls/{call}", f"/calls/running/{running}")
        seen[name] = [browser.get(path).status_code for path in paths] + [listed - 3]
    assert seen == {
        "admin": [200, 200, 2],
        "one": [200, 200, 2],
        "two": [404, 404, 0],
        "auditor": [200, 200, 2],
        "theirs": [404, 404, 0],
    }
    trainer = Browser(app).enter(runtime, add(runtime, "trainer"))
    assert trainer.get("/calls").status_code == 200
    assert trainer.get("/calls/list").status_code == 403
    assert "Rahima" not in (trainer.get("/calls"), trainer.text)[1]


def test_texts_are_shown_of_a_demonstration_only(runtime: Runtime, app: Flask) -> None:
    running = dial(runtime, KEYS)
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    browser.get(f"/calls/running/{running}")
    assert "savings.balance" in browser.text
    assert "২,৩০০" in browser.text
    assert "52907" not in browser.text
    with runtime.database.writing() as db:
        db.execute(text("UPDATE programme SET name = 'A real one'"))
    browser.get(f"/calls/running/{running}")
    assert "savings.balance" in browser.text
    assert "২,৩০০" not in browser.text
    assert "is hers" in browser.text
    with runtime.database.writing() as db:
        db.execute(text("UPDATE programme SET name = 'Demo'"))
        db.execute(update(dialogue_table).values(number="+8801711000009"))
        db.execute(text("UPDATE handset SET number = '+8801711000009' WHERE number = '+8801711000001'"))
    assert "২,৩০০" not in (browser.get(f"/calls/running/{running}"), browser.text)[1]


def test_a_call_screen_by_screen(runtime: Runtime, app: Flask) -> None:
    dial(runtime, KEYS)
    call = pass_time(runtime)
    browser = Browser(app).enter(runtime, add(runtime, "officer", groups=(1,)))
    browser.get(f"/calls/{call}")
    assert re.search(r"who \d+\.\d pin \d+\.\d home \d+\.\d savings \d+\.\d savings\.balance", browser.text), (
        browser.text
    )
    assert "fell silent" in browser.text
    for path in ("/calls/99", "/calls/running/99", "/calls/list?after=x", "/calls?part=x", "/calls?days=8"):
        assert browser.get(path).status_code == 404, path


def test_many_calls_come_in_pages(runtime: Runtime, app: Flask) -> None:
    dial(runtime, KEYS)
    pass_time(runtime)
    with runtime.database.writing() as db:
        row = dict(db.execute(select(past_call_table)).one()._mapping)
        del row["id"]
        db.execute(past_call_table.insert(), [row] * 119)
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    found, next_ = [], "/calls/list"
    while next_:
        shown = browser.get(next_).get_data(as_text=True)
        found += re.findall(r'/console/calls/(\d+)"', shown)
        link = re.search(r'class="pager"><a class="button" href="([^"]+)"', shown)
        next_ = link[1] if link else ""
    assert len(found) == len(set(found)) == 120


# ---- the menu ----


def test_every_screen_has_its_place_in_a_picture(runtime: Runtime, app: Flask) -> None:
    drawn = {each.screen for part in menu_picture.parts() for each in menu_picture.tree(part)}
    assert drawn | set(menu_picture.unseen()) == set(SCREENS)
    assert menu_picture.unseen() == ["refused"]
    from gateway.console.views.calls import PARTS

    assert tuple(PARTS) == menu_picture.parts()


def test_the_menu_shows_where_callers_leave(runtime: Runtime, app: Flask) -> None:
    for keys in (KEYS, "1", "1", "1"):
        dial(runtime, keys)
    pass_time(runtime)
    browser = Browser(app).enter(runtime, add(runtime, "trainer"))
    shown = browser.get("/calls?part=door&days=1").get_data(as_text=True)
    if "shown 4, left 3" not in browser.text:
        shown = browser.get("/calls?part=door&days=7").get_data(as_text=True)
    assert "shown 4, left 3, 1 s" in browser.text
    assert "pin 4 3 75% 1" in browser.text
    assert 'class="many"' in shown
    assert "style=" not in shown
    assert "savings" in (browser.get("/calls?part=savings"), browser.text)[1]
    assert "flowchart LR" in browser.text


def test_how_many_are_in_a_call(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    assert "In a call now: 0" in (browser.get("/calls"), browser.text)[1]
    dial(runtime, "1")
    dial(runtime, "", AYESHA)
    assert "In a call now: 2" in (browser.get("/calls"), browser.text)[1]
    with runtime.database.writing() as db:
        dialogues.forget(db, datetime.now(UTC) + timedelta(minutes=31))
    assert "In a call now: 0" in (browser.get("/calls"), browser.text)[1]
