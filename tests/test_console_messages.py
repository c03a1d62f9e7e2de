"""The console's messages: lists and their scopes, one in doubt and its end, sending to many, texts, reminders."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from conftest import BOTH
from flask import Flask
from ledger_world import findings
from office import Browser
from office import add
from office import answer_of
from office import counted
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import update

from gateway import dlt
from gateway import optouts
from gateway import rounds
from gateway.app import create_app
from gateway.console.message_words import OUTCOMES
from gateway.console.message_words import PURPOSES
from gateway.console.message_words import STATES
from gateway.console.tables import trail_table
from gateway.console.views import timetable
from gateway.notices import worst
from gateway.outbox import State
from gateway.outbox import attempt_table
from gateway.outbox import message_table
from gateway.providers.contract import Outcome
from gateway.runtime import Runtime
from gateway.settings import Price
from gateway.sms import broadcasts
from gateway.sms import delivery
from gateway.sms import policy
from gateway.sms.receipts import mark
from gateway.sms.receipts import report_table
from gateway.sms.timetable import TIMETABLE
from gateway.tasks import broadcast
from gateway.tasks import life
from gateway.tasks import running
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import groups
from ledger import programmes
from ledger.members import handset_table
from ledger.members import member_table

NOW = datetime.now(UTC)
PHONE = "+8801711000001"
NUMBERS = itertools.count()
BANGLA = "কাল সকাল ১০টায় সভা"


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def message(runtime: Runtime, **more: Any) -> int:
    """A message to member 1 of group 1, in doubt unless it is said otherwise."""
    at = more.pop("at", NOW - timedelta(minutes=5))
    row = {
        "purpose": "receipt", "programme": 1, "member": 1, "number": PHONE, "language": "bn",
        "template": "", "text": "Received Tk 500. Code A7K2M9", "encoding": "gsm7", "units": 28, "parts": 1,
        "state": "unsure", "reason": "timeout", "provider": "simulator", "provider_id": "", "cost": "", "price": 3500,
        "currency": "BDT", "attempts": 1, "repeats": 0, "bound_to": "", "timezone": "", "due_at": at,
        "expires_at": at + timedelta(hours=24), "created_at": at, "changed_at": at, "once_key": f"test {next(NUMBERS)}",
    }  # fmt: skip
    with transaction(runtime, tell=False) as db:
        made = db.execute(insert(message_table).returning(message_table.c.id), row | more).scalar_one()
        tried = {"message": made, "number": 1, "provider": "simulator", "started_at": at, "finished_at": at}
        more_tried = {"outcome": "ambiguous", "provider_id": "", "detail": "read timed out"}
        db.execute(insert(attempt_table), tried | more_tried)
    return int(made)


def heard(runtime: Runtime, provider_id: str, word: str, number: str = PHONE) -> None:
    row = {
        "provider": "simulator", "provider_id": provider_id, "who": mark(runtime.settings.secret_key, number),
        "status": "delivered", "word": word, "reason": "", "received_at": NOW,
    }  # fmt: skip
    with transaction(runtime) as db:
        db.execute(insert(report_table), row)


def row_of(runtime: Runtime, message: int) -> Mapping[str, Any]:
    with reading(runtime) as db:
        return dict(db.execute(select(message_table).where(message_table.c.id == message)).one()._mapping)


def trail(runtime: Runtime) -> list[tuple[str, str]]:
    with reading(runtime) as db:
        return [(row.act, row.about) for row in db.execute(select(trail_table).order_by(trail_table.c.at))]


def enter(runtime: Runtime, app: Flask, role: str, name: str = "", **scope: Any) -> Browser:
    return Browser(app).enter(runtime, add(runtime, role, name, **scope))


def rows(browser: Browser, path: str) -> int:
    return max(browser.get(path).get_data(as_text=True).count('<tr role="row">') - 1, 0)


def test_everything_that_can_be_shown_has_words() -> None:
    assert set(STATES) == set(State)
    assert set(PURPOSES) >= {each.purpose for each in worst.samples("en", "latin")} | set(policy.AGAIN)
    assert set(OUTCOMES) == {"", *Outcome}
    assert set(timetable.LINES) == {line.name for line in TIMETABLE}
    assert set(timetable.TOLD) == set(groups.REMINDERS)


# ---- lists ----


@BOTH
def test_the_list_and_what_is_asked_of_it(runtime: Runtime, app: Flask) -> None:
    message(runtime)
    message(runtime, state="delivered", reason="", purpose="broadcast", member=2)
    message(runtime, state="failed", reason="no-route", provider="other", at=NOW - timedelta(days=3))
    message(runtime, state="sent", at=NOW - timedelta(days=40), text=None, number=None)
    message(runtime, state="sent", member=None)
    message(runtime, state="sent", member=None, programme=None)
    admin = enter(runtime, app, "admin")
    day = f"{NOW - timedelta(days=3):%Y-%m-%d}"
    for query, count in (
        ("", 4), ("state=unsure", 1), ("purpose=broadcast", 1), ("provider=other", 1), ("member=1001", 3),
        ("member=১০০১", 3), ("member=1001&state=sent", 1), (f"day={day}&state=failed", 1), ("state=dropped", 0),
    ):  # fmt: skip
        assert rows(admin, f"/messages?{query}") == count, query
    assert "did not arrive (no provider sends to this number)" in (admin.get("/messages"), admin.text)[1]
    assert "BDT 0.35" in admin.text
    for query, said in (("member=99999", "No member has this code."), ("day=2026-13-01", "Write a day")):
        assert said in (admin.get(f"/messages?{query}"), admin.text)[1], query
    for query in ("state=x", "purpose=x", "after=1", f"provider={'x' * 30}"):
        assert admin.get(f"/messages?{query}").status_code == 404, query


@BOTH
def test_messages_of_her_groups_only(runtime: Runtime, app: Flask) -> None:
    """Groups 1 and 2: the members 1 and one of group 2; a message to nobody of theirs; another programme."""
    with transaction(runtime, tell=False) as db:
        other = db.execute(select(member_table.c.id).where(member_table.c.group == 2)).scalars().first()
        programme = programmes.start(db, "Another").id
    ids = [message(runtime), message(runtime, member=other), message(runtime, member=None)]
    ids.append(message(runtime, member=None, programme=programme))
    people = {
        "admin": (enter(runtime, app, "admin"), [200, 200, 200, 404]),
        "one": (enter(runtime, app, "officer", "one", groups=(1,)), [200, 404, 404, 404]),
        "two": (enter(runtime, app, "officer", "two", groups=(2,)), [404, 200, 404, 404]),
        "auditor": (enter(runtime, app, "auditor"), [200, 200, 200, 404]),
        "theirs": (enter(runtime, app, "admin", "theirs", programme=programme), [404, 404, 404, 200]),
    }
    for name, (browser, answers) in people.items():
        assert [browser.get(f"/messages/{each}").status_code for each in ids] == answers, name
        assert rows(browser, "/messages") == answers.count(200), name
        if name != "auditor":
            field = browser.field(f"/messages/{ids[answers.index(200)]}")
            refused = ids[answers.index(404)]
            assert browser.post(f"/messages/{refused}", {"form": field, "deed": "arrived"}).status_code == 404, name
    assert {row_of(runtime, each)["state"] for each in ids} == {"unsure"}


def test_who_may_see_a_number(runtime: Runtime, app: Flask) -> None:
    there, gone = message(runtime), message(runtime, number=None, text=None)
    for role, shown in (("admin", PHONE), ("officer", PHONE), ("auditor", "…001")):
        browser = enter(runtime, app, role)
        browser.get(f"/messages/{there}")
        assert (shown in browser.text, PHONE in browser.text) == (True, shown == PHONE), role
    assert "Number no longer kept" in (browser.get(f"/messages/{gone}"), browser.text)[1]


@BOTH
def test_lists_ask_as_much_for_one_row_as_for_many(runtime: Runtime, app: Flask) -> None:
    admin = enter(runtime, app, "admin")
    officer = enter(runtime, app, "officer", groups=(1, 2))
    asked: dict[str, set[int]] = {}
    for many in (1, 60):
        for number in range(many):
            message(runtime, once_key=f"row {many} {number}", at=NOW - timedelta(minutes=number))
        for who, browser in (("admin", admin), ("officer", officer)):
            for path in ("/messages", "/messages?state=unsure&member=1001", "/messages/1", "/reminders/groups"):
                with counted(runtime.database) as statements:
                    browser.get(path)
                asked.setdefault(f"{who} {path}", set()).add(len([each for each in statements if "FROM " in each]))
    assert {len(each) for each in asked.values()} == {1}, asked
    assert max(map(max, asked.values())) <= 7, asked
    found, next_ = 0, "/messages"
    while next_:
        shown = admin.get(next_).get_data(as_text=True)
        found += shown.count('<tr role="row">') - 1
        link = re.search(r'class="pager"><a class="button" href="([^"]+)"', shown)
        next_ = link[1].replace("&amp;", "&") if link else ""
    assert found == 61


# ---- one in doubt ----


@BOTH
def test_a_message_in_doubt_with_its_evidence(runtime: Runtime, app: Flask) -> None:
    """What was sent when, what the provider answered, what was heard: of its own attempt and of nobody's."""
    doubtful = message(runtime)
    heard(runtime, "late-1", "Success")
    heard(runtime, "late-2", "Success", "+8801711000009")
    browser = enter(runtime, app, "officer")
    browser.get(f"/messages/{doubtful}")
    for said in (
        "State nobody knows whether it was sent (timeout)",
        "no clear answer: it may have been sent read timed out",
        "late-1 names her phone and may be this message's",
        "It arrived It did not: send it again Nobody will know: leave it",
    ):
        assert said in browser.text, said
    assert "late-2" not in browser.text
    with transaction(runtime) as db:
        db.execute(update(attempt_table).values(provider_id="late-1"))
    assert "late-1 this message's" in (browser.get(f"/messages/{doubtful}"), browser.text)[1]


@BOTH
@pytest.mark.parametrize(
    ("deed", "state", "reason", "said"),
    [
        ("arrived", "delivered", "office", "It counts as arrived."),
        ("again", "queued", "repeat", "It goes once more."),
        ("leave", "unknown", "left", "It is left as it is"),
    ],
)
def test_one_click_ends_the_doubt(runtime: Runtime, app: Flask, deed: str, state: str, reason: str, said: str) -> None:
    doubtful = message(runtime)
    browser = enter(runtime, app, "officer")
    form = {"form": browser.field(f"/messages/{doubtful}"), "deed": deed}
    for _ in range(2):  # a double click does it once
        location = browser.post(f"/messages/{doubtful}", form).headers["Location"]
        assert said in (browser.get(location), browser.text)[1]
    row = row_of(runtime, doubtful)
    assert (row["state"], row["reason"], row["repeats"]) == (state, reason, int(deed == "again"))
    assert trail(runtime) == [({"leave": "message.left"}.get(deed, f"message.{deed}"), f"receipt {doubtful}")]
    again = {"form": browser.field(f"/messages/{message(runtime)}"), "deed": deed}
    assert browser.post(f"/messages/{doubtful}", again).status_code == 409
    assert row_of(runtime, doubtful) == row


def test_what_goes_again_says_so_and_what_was_a_code_does_not_go(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "admin")
    old = NOW - timedelta(days=2)
    for purpose, at, goes in (
        ("receipt", NOW, "পুনরায়"),
        ("receipt", old, "পুনরায়"),
        ("emi-due", NOW, "Received"),
        ("emi-due", old, ""),
        ("pin", NOW, ""),
        ("order", NOW, ""),
    ):
        doubtful = message(runtime, purpose=purpose, at=at)
        browser.get(f"/messages/{doubtful}")
        assert ("send it again" in browser.text) == bool(goes), (purpose, at)
        answer = browser.send(f"/messages/{doubtful}", deed="again")
        row = row_of(runtime, doubtful)
        assert answer.status_code == (303 if goes else 409), browser.text
        assert row["state"] == ("queued" if goes else "unsure")
        if goes:
            assert row["text"].startswith(goes)
            assert row["expires_at"] > datetime.now(UTC)
    assert browser.send(f"/messages/{doubtful}", deed="nonsense").status_code == 422


def test_an_auditor_changes_nothing(runtime: Runtime, app: Flask) -> None:
    doubtful = message(runtime)
    browser = enter(runtime, app, "auditor")
    assert "It arrived" not in (browser.get(f"/messages/{doubtful}"), browser.text)[1]
    for path in ("/broadcasts", "/texts", "/reminders", "/reminders/groups", "/reminders/groups/1"):
        assert browser.get(path).status_code == 200, path
    assert browser.get("/broadcasts/new").status_code == 403


# ---- sending to many ----


def write(browser: Browser, **form: str) -> str:
    """Write to many; the path of what was written."""
    answer = browser.send("/broadcasts/new", **{"text_bn": BANGLA, "kind": "members", **form})
    assert answer.status_code == 303, browser.text
    return re.sub(r"\?.*", "", answer.headers["Location"])


def ask(browser: Browser, path: str) -> None:
    shown = browser.get(path).get_data(as_text=True)
    shown_sums = re.search(r'name="shown" value="([^"]+)"', shown)
    assert shown_sums, browser.text
    answer = browser.send(path, deed="ask", shown=shown_sums[1], reason="the road is closed")
    assert answer.status_code == 303, browser.text


def say(browser: Browser, answer: str = "yes") -> int:
    """The second person's answer to what waits; the status."""
    link = re.search(r'href="/console(/seconds/\d+)"', browser.get("/seconds").get_data(as_text=True))
    assert link, browser.text
    return browser.send(link[1], answer=answer, reason="because").status_code


def sent(runtime: Runtime) -> list[tuple[int, str, str]]:
    """What was written: member, language, state."""
    with reading(runtime) as db:
        found = select(message_table).where(message_table.c.purpose == "broadcast").order_by(message_table.c.member)
        return [(row.member, row.language, row.state) for row in db.execute(found)]


def work(runtime: Runtime) -> None:
    while running.some(runtime, Event()):
        pass


@BOTH
def test_to_many_from_the_text_to_the_phones(runtime: Runtime, app: Flask) -> None:
    """Of ten members of a group one has no number, one wants no SMS, two share a phone; one reads English."""
    with transaction(runtime, tell=False) as db:
        optouts.stop(db, "+8801711000003", "STOP", NOW)
        db.execute(handset_table.delete().where(handset_table.c.member == 5))
    runtime.settings.__dict__["sms_prices"] = {"simulator": Price(3500, "BDT"), "other": Price(9000, "BDT")}
    browser = enter(runtime, app, "officer", groups=(1,))
    path = write(browser, text_en="Meeting tomorrow at 10 am")
    browser.get(path)
    for said in (
        "written, not asked for", f"{BANGLA} 6 18 1 6", "Meeting tomorrow at 10 am 1 25 1 1", "Messages 7 Parts 7",
        "Price by simulator BDT 2.45", "Price at most BDT 2.45", "Left out: no number 1", "Left out: want no SMS 1",
        "Left out: share a phone with somebody who gets it 1", "Groups Shapla",
    ):  # fmt: skip
        assert said in browser.text, (said, browser.text)
    ask(browser, path)
    assert "waits for a second person" in (browser.get(path), browser.text)[1]
    assert "Another person decides this" in (browser.get("/seconds/1"), browser.text)[1]
    work(runtime)
    assert sent(runtime) == []
    admin = enter(runtime, app, "admin")
    assert "7 messages, 7 parts, at most BDT 2.45" in (admin.get("/seconds"), admin.text)[1]
    assert BANGLA in (admin.get("/broadcasts/1"), admin.text)[1]
    assert say(admin) == 303, admin.text
    work(runtime)
    work(runtime)
    assert sent(runtime) == [(1, "bn", "queued"), (3, "en", "queued"), *((each, "bn", "queued") for each in _rest(5))]
    browser.get(path)
    assert "People looked at: 10 of 10" in browser.text
    assert "waits to be sent 7 7" in browser.text
    with transaction(runtime, tell=False) as db:
        db.execute(update(message_table).values(state="delivered"))
        assert findings(db) == []
    assert "State sent" in (browser.get(path), browser.text)[1]
    assert [act for act, _ in trail(runtime)] == ["broadcast.written", "broadcast.asked", "second.yes"]


def _rest(count: int) -> range:
    return range(6, 6 + count)


@BOTH
def test_nobody_gets_it_twice_though_a_step_is_done_again(runtime: Runtime, app: Flask) -> None:
    admin = enter(runtime, app, "admin")
    ask(admin, write(admin))
    some = enter(runtime, app, "officer", groups=(1, 2))
    assert "Nothing waits" in (some.get("/seconds"), some.text)[1], "who has some groups does not decide for all"
    assert say(enter(runtime, app, "admin", "other")) == 303
    for _ in range(2):
        with transaction(runtime) as db:
            task = life.get(db, 1, 1)
            broadcast.step(runtime, db, task, datetime.now(UTC))
    work(runtime)
    members = [member for member, _, _ in sent(runtime)]
    with reading(runtime) as db:
        numbers = list(db.execute(select(message_table.c.number)).scalars())
    assert (len(members), len(set(members)), len(set(numbers))) == (19, 19, 19)


def test_pause_go_on_and_stop(runtime: Runtime, app: Flask) -> None:
    browser, admin = enter(runtime, app, "officer"), enter(runtime, app, "admin")
    path = write(browser)
    for deed in ("hold", "go", "stop"):
        assert browser.send(path, deed=deed).status_code == 409, deed
    ask(browser, path)
    say(admin)
    browser.send(path, deed="hold")
    work(runtime)
    held = {state for _, _, state in sent(runtime)}
    assert (held, waiting(runtime)) == ({"queued"}, 0), "what is written while it is held waits"
    assert "State paused" in (browser.get(path), browser.text)[1]
    browser.send(path, deed="go")
    assert waiting(runtime, days=1) == 9
    late = browser.field(path)
    browser.send(path, deed="stop")
    assert {state for _, _, state in sent(runtime)} == {"dropped"}
    assert "was not sent 9" in (browser.get(path), browser.text)[1]
    assert browser.post(path, {"form": late, "deed": "go"}).status_code == 409
    acts = ["written", "asked", "held", "let-go", "stopped"]
    assert [act for act, _ in trail(runtime) if "second" not in act] == [f"broadcast.{act}" for act in acts]


def waiting(runtime: Runtime, days: int = 0) -> int:
    """How many messages may go now, or until the next morning."""
    with reading(runtime) as db:
        until = datetime.now(UTC) + timedelta(days=days)
        found = select(message_table.c.id).where(message_table.c.due_at <= until, message_table.c.state == "queued")
        return len(db.execute(found).all())


def test_who_says_stop_meanwhile_gets_nothing(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "officer")
    path = write(browser)
    ask(browser, path)
    say(enter(runtime, app, "admin"))
    work(runtime)
    with transaction(runtime, tell=False) as db:
        optouts.stop(db, PHONE, "STOP", NOW)
        due = db.execute(select(message_table.c.due_at)).scalars().first()
    delivery.sweep(runtime, due + timedelta(seconds=1))
    with reading(runtime) as db:
        states = dict(db.execute(select(message_table.c.member, message_table.c.state)).all())
    assert (states.pop(1), State.QUEUED in states.values()) == ("dropped", False)
    assert "State sent" in (browser.get(path), browser.text)[1]


def test_stopped_before_its_messages_are_written(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "officer")
    path = write(browser)
    ask(browser, path)
    say(enter(runtime, app, "admin"))
    browser.send(path, deed="stop")
    work(runtime)
    assert (sent(runtime), "State stopped" in (browser.get(path), browser.text)[1]) == ([], True)


def test_stopped_on_the_page_of_long_tasks(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "officer")
    path = write(browser)
    ask(browser, path)
    say(enter(runtime, app, "admin"))
    assert browser.send("/tasks/1").status_code == 303
    work(runtime)
    assert (sent(runtime), "State stopped" in (browser.get(path), browser.text)[1]) == ([], True)


def test_at_night_it_waits_for_the_morning(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "officer")
    ask(browser, write(browser))
    say(enter(runtime, app, "admin"))
    night = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # 02:00 in Dhaka
    with transaction(runtime, tell=False) as db:
        broadcast.step(runtime, db, life.get(db, 1, 1), night)
        found = set(db.execute(select(message_table.c.due_at, message_table.c.timezone)).all())
    assert found == {(datetime(2026, 11, 23, 2, 0, tzinfo=UTC), "Asia/Dhaka")}


def test_a_no_and_what_grew_meanwhile(runtime: Runtime, app: Flask) -> None:
    browser, admin = enter(runtime, app, "officer"), enter(runtime, app, "admin")
    path = write(browser, kind="leaders")
    ask(browser, path)
    assert say(admin, "no") == 303
    assert "a second person said no" in (browser.get(path), browser.text)[1]
    like = browser.get(f"/broadcasts/new?like={path.rpartition('/')[2]}").get_data(as_text=True)
    assert BANGLA in like
    assert "Shapla" in like
    path = write(browser, kind="leaders")
    browser.get(path)
    with transaction(runtime, tell=False) as db:
        db.execute(update(member_table).where(member_table.c.group == 1).values(role="leader"))
    answer = browser.send(path, deed="ask", shown="3 3")
    assert (answer.status_code, "It is 9 messages and 9 parts now." in browser.text) == (422, True)
    ask(browser, path)
    with transaction(runtime, tell=False) as db:
        db.execute(handset_table.delete().where(handset_table.c.member == 1))
    with transaction(runtime, tell=False) as db:
        db.execute(update(broadcasts.broadcast_table).values(asked_for=5))
    assert (say(admin), "Many more people" in admin.text) == (409, True)
    assert sent(runtime) == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"text_bn": ""}, "Write a text in Bangla, in English, or in both."),
        ({"text_bn": "kal sobha"}, "Write Bangla in Bangla letters"),
        ({"text_bn": "ক" * 300}, "This is 5 SMS parts long: 4 at most."),
        ({"text_bn": "ক" * 601}, "600 characters at most"),
        ({"kind": "everybody"}, "Choose one."),
        ({"language": "fr"}, "Choose one."),
        ({"groups": "Tista"}, "You may send to members of your own groups only."),
        ({"groups": "Nowhere"}, "No group, or more than one, is called Nowhere."),
        ({"kind": "agents", "hub": "77"}, "Choose one."),
    ],
)
def test_what_does_not_do_stays_in_the_form(runtime: Runtime, app: Flask, form: dict[str, str], said: str) -> None:
    browser = enter(runtime, app, "officer")
    typed = {"text_bn": BANGLA, "text_en": "Typed before", "kind": "members", **form}
    if said.startswith("Write a text"):
        typed["text_en"] = ""
    answer = browser.send("/broadcasts/new", **typed)
    assert (answer.status_code, said in browser.text) == (422, True), browser.text
    assert typed["text_en"] in answer.get_data(as_text=True)
    assert trail(runtime) == []


@BOTH
def test_whom_it_may_be_for(runtime: Runtime, app: Flask) -> None:
    admin, officer = enter(runtime, app, "admin"), enter(runtime, app, "officer", groups=(2,))
    for browser, form, count in (
        (admin, {}, 19),
        (admin, {"groups": "Shapla\nTista"}, 19),
        (admin, {"language": "en"}, 1),
        (admin, {"kind": "leaders"}, 6),
        (admin, {"kind": "agents"}, 6),
        (admin, {"kind": "agents", "hub": "2"}, 3),
        (admin, {"kind": "agents", "hub": "2", "groups": "Shapla"}, 0),
        (officer, {}, 10),
        (officer, {"kind": "agents"}, 3),
    ):
        path = write(browser, **form)
        assert f"Messages {count} Parts" in (browser.get(path), browser.text)[1], form
    assert (
        "Nobody would get it."
        in (browser.send(write(officer, language="en"), deed="ask", shown="0 0"), officer.text)[1]
    )
    assert officer.get("/broadcasts/1").status_code == 404
    assert rows(officer, "/broadcasts") == 3
    assert rows(admin, "/broadcasts") == 10
    assert officer.post("/broadcasts/1", {"form": officer.field("/broadcasts/8"), "deed": "ask"}).status_code == 404


def test_to_india_only_what_is_registered(runtime: Runtime, app: Flask) -> None:
    """A text that the register does not have goes to nobody there, and the page says so."""
    with transaction(runtime, tell=False) as db:
        db.execute(update(handset_table).where(handset_table.c.member == 4).values(number="+919800000001"))
    register = dlt.Register({("AAAAAA", "bn"): dlt.Registered("e", "h", "1", "another text")})
    with_register = replace(runtime, dlt=register)
    browser = enter(runtime, create_app(with_register), "officer")
    path = write(browser)
    assert "Left out: the text is not registered in India 1" in (browser.get(path), browser.text)[1]
    ask(browser, path)
    say(enter(runtime, create_app(with_register), "admin"))
    work(with_register)
    assert 4 not in [member for member, _, _ in sent(runtime)]
    assert "unregistered" not in (browser.get("/texts"), browser.text)[1]


# ---- texts and reminders ----


def test_every_text_in_both_languages(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "admin")
    for language, digits in (("bn", "bn"), ("en", "latin")):
        samples = worst.longest(language, digits).values()
        assert rows(browser, f"/texts?language={language}") == len(samples)
        for each in samples:
            assert " ".join(each.written.split()) in browser.text, each.text
    assert browser.get("/texts?language=fr").status_code == 404


def test_the_timetable_and_its_last_rounds(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "officer")
    assert rows(browser, "/reminders") == len(TIMETABLE)
    assert browser.text.count("never yet") == len(TIMETABLE)
    with transaction(runtime, tell=False) as db:
        trip = rounds.begin(db, "groups", 1, None, NOW)
        assert trip
        rounds.step(db, trip, None, seen=2, told=7)
        rounds.begin(db, "month", 1, None, NOW)
    browser.get("/reminders")
    assert re.search(r"to its end 2 7 Instalments of loans from a lender", browser.text), browser.text
    assert "not at its end 0 0" in browser.text
    assert timetable._next((8, 12, 16), datetime(2026, 11, 22, 3, tzinfo=UTC), "Asia/Dhaka") == datetime(
        2026, 11, 22, 6, tzinfo=UTC
    )
    assert timetable._next((8,), datetime(2026, 11, 22, 2, tzinfo=UTC), "Asia/Dhaka") == datetime(
        2026, 11, 23, 2, tzinfo=UTC
    )


@BOTH
def test_of_what_a_group_is_reminded(runtime: Runtime, app: Flask) -> None:
    browser = enter(runtime, app, "officer")
    assert rows(browser, "/reminders/groups") == 1, "hers only"
    assert browser.get("/reminders/groups/2").status_code == 404
    for form, reminders in (
        ({"deed": "none"}, ()),
        ({"deed": "save", "loan-2": "on", "approvals": "on", "x": "on"}, ("loan-2", "approvals")),
        ({"deed": "usual"}, groups.USUAL),
    ):
        assert browser.send("/reminders/groups/1", **form).status_code == 303
        with reading(runtime) as db:
            assert groups.rules(db, 1).reminders == reminders
    assert "on the day" in (browser.get("/reminders/groups"), browser.text)[1]
    assert browser.send("/reminders/groups/1", deed="x").status_code == 422
    field = browser.field("/reminders/groups/1")
    assert browser.post("/reminders/groups/2", {"form": field, "deed": "none"}).status_code == 404
    assert answer_of(browser).status_code == 404
    assert trail(runtime) == [("reminders.changed", "group 1")] * 3
    with reading(runtime) as db:
        assert findings(db) == []
