"""The console's pages: who may open which, whose scope, what waits, operators, the second person, the trail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import dialled
import pytest
from babel.messages.extract import extract
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from conftest import BOTH
from console_table import OF_ROLE
from console_table import TABLE
from console_table import path as path_of
from flask import Flask
from group_money import money_of_group
from jinja2.ext import babel_extract
from office import PASSWORD
from office import Browser
from office import add
from office import answer_of
from office import by_name
from office import counted
from office import everybody
from sqlalchemy import Connection
from sqlalchemy import insert
from sqlalchemy import select

import gateway.console
from gateway.app import create_app
from gateway.console import forms
from gateway.console import operators
from gateway.console import seconds
from gateway.console import trail
from gateway.console.operators import Operator
from gateway.console.pages import PAGES
from gateway.console.second import Second
from gateway.console.seconds import KINDS
from gateway.console.seconds import Kind
from gateway.console.shape import Page
from gateway.console.tables import LIMIT
from gateway.console.tables import PIN_RESET
from gateway.console.tables import REVERSAL
from gateway.console.tables import ROLES
from gateway.console.tables import trail_table
from gateway.console.views import home
from gateway.console.views import listing
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.sms import broadcasts
from gateway.sms.audience import MEMBERS
from gateway.sms.audience import Audience
from gateway.tasks import life
from gateway.tasks.life import Task
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import approvals
from ledger import groups
from ledger import programmes
from ledger.approvals import Wanted
from ledger.books import Book
from ledger.books import Origin
from ledger.chart import GROUP
from ledger.errors import NotAllowed
from ledger.members import member_table
from ledger.money import Money
from locales import CATALOGUES
from locales.script import canonical

NOW = datetime.now(UTC)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def origin(operation: str, at: datetime = NOW) -> Origin:
    return Origin(operation, "officer:test", "console", at, at.date(), lambda: "")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kinds that can be carried out: what was, as the second person said yes."""
    done: list[str] = []

    def verb(db: Connection, found: Second, origin: Origin) -> None:
        if found.subject == "refused":
            raise NotAllowed("operation-reused", operation=origin.operation)
        done.append(f"{found.kind} {found.subject} {found.inputs}")

    for name, kind in list(KINDS.items()):
        monkeypatch.setitem(KINDS, name, Kind(kind.called, kind.deciders, verb))  # type: ignore[index]
    return done


def ask(runtime: Runtime, who: Operator, kind: str = REVERSAL, subject: str = "entry", **more: object) -> Second:
    with transaction(runtime) as db:
        return seconds.ask(db, who, kind, subject, f"About {subject}", origin(f"ask {kind} {subject}"), **more)


def begun(runtime: Runtime, who: Operator) -> Task:
    with transaction(runtime) as db:
        return life.start(db, who.programme, who.id, "import", "list.csv", 3, origin(f"begin {who.name}"))


def sent(runtime: Runtime, who: Operator) -> None:
    """Message 1 to a member of group 1, and broadcast 1 to that group."""
    with transaction(runtime, tell=False) as db:
        troubled(db, 1, "unsure", member=3)
        broadcasts.write(db, who.id, {"bn": "কাল সভা"}, Audience(1, MEMBERS, (1,)), origin("written"))


# ---- the table ----


@pytest.mark.parametrize("role", [*ROLES, "half", "nobody"])
def test_every_page_as_every_role_and_as_nobody(runtime: Runtime, app: Flask, done: list[str], role: str) -> None:
    people = everybody(runtime)
    whose = {"hub": 1} if role == "keeper" else {"group": 1}
    request = ask(runtime, add(runtime, "officer", "asker"), **whose)
    task = begun(runtime, people["officer"])
    sent(runtime, people["admin"])
    money = money_of_group(runtime) | dialled.things(runtime)
    assert {page.name for page in PAGES} == set(TABLE)
    for page in PAGES:
        may_open, may_post = (who.split() for who in TABLE[page.name])
        things = (
            OF_ROLE.get(role, {}) | money | {"second": request.id, "operator": people["lender"].id, "task": task.id}
        )
        path = path_of(page, **things)
        opened, posted = (_visitor(runtime, app, people, role) for _ in range(2))
        answer = opened.get(path)
        assert _verdict(opened) == (_open(page.name) if role in may_open else _shut(page.name, role)), page.name
        cookie = getattr(posted, "cookie", "")
        field = forms.made(runtime.settings.secret_key, cookie, page.name)
        answer = posted.post(path, {"form": field})
        if role in may_post:
            assert answer.status_code in (200, 303, 409, 422), (page.name, posted.text)
            assert page.name in ("sign-out", "language") or _verdict(posted) != _shut(page.name, role, posts=True)
        else:
            assert _verdict(posted) == _shut(page.name, role, posts=True), page.name


def _visitor(runtime: Runtime, app: Flask, people: dict[str, Operator], role: str) -> Browser:
    browser = Browser(app)
    if role == "nobody":
        browser.get("/sign-in")
    else:
        who = people["admin"] if role == "half" else people[role]
        browser.enter(runtime, who, passed=role != "half")
    return browser


def _verdict(browser: Browser) -> str:
    answer = answer_of(browser)
    return answer.headers.get("Location", "").removeprefix("/console") or str(answer.status_code)


def _open(page: str) -> str:
    return "200"


def _shut(page: str, role: str, *, posts: bool = False) -> str:
    """Where somebody goes who may not: to the door, to the step before her, home, or nowhere."""
    if page in ("sign-out", "language") and not posts and (role != "nobody" or page == "language"):
        return "404"
    if role == "nobody":
        return "/sign-in"
    if role == "half":
        return "403" if posts and TABLE[page][1] == "" and page != "password-first" else "/sign-in/code"
    return "/" if page in ("sign-in", "code", "password-first") else "403"


def test_what_is_not_in_the_table_is_nowhere(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    for path in (
        "/nothing",
        "/operators/0",
        "/operators/x",
        "/seconds/77",
        "/operators/99/change",
    ):
        assert browser.get(path).status_code == 404, path
        assert "no such page" in browser.text
    assert Browser(app).get("/nothing").headers["Location"] == "/console/sign-in"
    for path in ("/orders?after=x", "/trail?after=1-2", "/seconds?after=-1", "/waits/messages-failed?after=9"):
        assert browser.get(path).status_code == 404, path


def test_a_refused_page_is_noted(runtime: Runtime, app: Flask) -> None:
    Browser(app).enter(runtime, add(runtime, "trainer")).get("/operators")
    with reading(runtime) as db:
        row = db.execute(select(trail_table)).one()
    assert (row.act, row.about, row.address) == ("refused", "operators", "127.0.0.1")


def test_the_menu_shows_what_may_be_opened(runtime: Runtime, app: Flask) -> None:
    """By its sections somebody comes to every page of the menu that her role may open, and to no other."""
    for role, who in everybody(runtime).items():
        browser = Browser(app).enter(runtime, who)
        sections = _links(browser, "/")
        shown = {link for section in sections for link in [section, *_links(browser, section)]}
        assert shown == {page.route for page in PAGES if page.menu and role in TABLE[page.name][0]}, role
        assert {browser.get(link).status_code for link in shown} == {200}


def _links(browser: Browser, path: str) -> list[str]:
    header = browser.get(path).get_data(as_text=True).split("<main")[0]
    return re.findall(r'<li><a href="/console([^"]+)"', header)


# ---- what waits, and whose ----


def troubled(db: Connection, number: int, state: str, *, member: int | None, programme: int = 1, days: int = 0) -> None:
    at = datetime.now(UTC) - timedelta(days=days, seconds=number)
    row = {
        "once_key": f"test {number}", "purpose": "test", "programme": programme, "member": member, "number": None,
        "language": "en", "template": "", "text": f"text {number} <b>", "encoding": "gsm7", "units": 6, "parts": 1,
        "state": state, "reason": "no-answer", "provider": "simulator", "provider_id": "", "cost": "", "price": 0,
        "currency": "", "attempts": 1, "repeats": 0, "bound_to": "", "timezone": "", "due_at": at, "expires_at": at,
        "created_at": at, "changed_at": at,
    }  # fmt: skip
    db.execute(insert(message_table), row)


def request_of(db: Connection, group: int, about: int, at: datetime = NOW) -> None:
    book = Book(GROUP, group, "BDT")
    wanted = Wanted("withdrawal", about, "", Money(50_000, "BDT"))
    approvals.start(db, book, wanted, origin(f"request {about}", at))


@contextmanager
def other_programme(runtime: Runtime) -> Iterator[int]:
    with transaction(runtime, tell=False) as db:
        programme = programmes.start(db, "Another")
        yield programme.id


@BOTH
def test_each_sees_what_waits_in_her_scope(runtime: Runtime, app: Flask) -> None:
    """Groups 1 and 2, hubs 1 and 2, and another programme with a message, an order-less hub and a group of its own."""
    with transaction(runtime, tell=False) as db:
        first, second = (
            db.execute(select(member_table.c.id).where(member_table.c.group == group)).scalars().first()
            for group in (1, 2)
        )
        for group, about in ((1, first), (2, second)):
            request_of(db, group, about)
        troubled(db, 1, "unsure", member=first)
        troubled(db, 2, "unsure", member=second)
        troubled(db, 3, "failed", member=second)
        troubled(db, 4, "expired", member=first, days=31)
        troubled(db, 5, "unknown", member=None)
        troubled(db, 6, "failed", member=None, programme=2)
        troubled(db, 7, "delivered", member=first)
    shown = {}
    for name, role, scope in (
        ("admin", "admin", {}),
        ("one", "officer", {"groups": (1,)}),
        ("two", "officer", {"groups": (2,)}),
        ("both", "officer", {"groups": (1, 2)}),
        ("hub1", "keeper", {"hub": 1}),
        ("hub2", "keeper", {"hub": 2}),
        ("auditor", "auditor", {}),
        ("lender", "lender", {}),
    ):
        browser = Browser(app).enter(runtime, add(runtime, role, name, **scope))
        counts = re.findall(r'<a href="/console/([^"]+)"><b>(\d+)</b>', browser.get("/").get_data(as_text=True))
        shown[name] = " ".join(f"{path.rpartition('/')[2]}:{count}" for path, count in counts)
        for path, count in counts:
            rows = browser.get(f"/{path}").get_data(as_text=True).count('<tr role="row">')
            assert path == "operations" or max(rows - 1, 0) == int(count), (name, path)
    hub1, hub2 = (int(shown[name].split()[0].partition(":")[2]) for name in ("hub1", "hub2"))
    assert hub1 > 0
    all_of_it = "seconds:0 requests:2 to-pay:0 messages-in-doubt:2 messages-failed:2 operations:0"
    assert shown == {
        "admin": f"orders:{hub1 + hub2} {all_of_it}",
        "one": "seconds:0 requests:1 to-pay:0 messages-in-doubt:1 messages-failed:0",
        "two": "seconds:0 requests:1 to-pay:0 messages-in-doubt:1 messages-failed:1",
        "both": "seconds:0 requests:2 to-pay:0 messages-in-doubt:2 messages-failed:1",
        "hub1": f"orders:{hub1} seconds:0",
        "hub2": f"orders:{hub2} seconds:0",
        "auditor": f"orders:{hub1 + hub2} {all_of_it}",
        "lender": "",
    }


def test_nothing_of_another_programme(runtime: Runtime, app: Flask, done: list[str]) -> None:
    with other_programme(runtime) as programme:
        pass
    theirs = add(runtime, "admin", "theirs", programme=programme)
    mine = add(runtime, "admin")
    request = ask(runtime, add(runtime, "officer", "asker"))
    browser = Browser(app).enter(runtime, theirs)
    browser.get("/")
    assert browser.text == (
        "What waits Name, phone number, member's code or order's number Find 0 Orders to pack "
        "0 Waiting for a second person 0 Requests that wait for a group's leaders "
        "0 Approved money that is to be handed over 0 Messages in doubt 0 Messages that failed, 30 days "
        "0 Wrong in the books, by the last check of all"
    )
    for page, path in (
        ("operator", f"/operators/{mine.id}"),
        ("operator-change", f"/operators/{mine.id}/change"),
        ("second", f"/seconds/{request.id}"),
    ):
        assert browser.get(path).status_code == 404, path
        field = forms.made(runtime.settings.secret_key, browser.cookie, page)
        typed = {"password": PASSWORD, "deed": "disable", "display": "x", "role": "admin", "answer": "no"}
        assert browser.post(path, typed | {"form": field}).status_code == 404, path
    assert "Admin" not in (browser.get("/operators"), browser.text)[1].replace("administrator", "")
    assert "Theirs" in browser.text
    hub = browser.send("/operators/new", name="x1", display="X", role="keeper", hub="1", password=PASSWORD)
    assert hub.status_code == 422, "a hub of another programme"
    group = browser.send("/operators/new", name="x1", display="X", role="officer", groups="Shapla", password=PASSWORD)
    assert group.status_code == 422, "a group of another programme"
    assert by_name(runtime, "admin").disabled_at is None
    assert done == []


def names_something(page: Page) -> bool:
    """Whether a route names a thing of a programme; the form of a file is none."""
    return bool(re.search(r"<(?!form>)", page.route))


def test_no_page_of_another_programme_opens_and_none_can_be_posted_to(runtime: Runtime, app: Flask) -> None:
    """Every route with something in it, as an administrator of another programme: it is not there."""
    mine = everybody(runtime)
    given = {"second": ask_reset(runtime, mine["officer"]).id, "operator": mine["lender"].id}
    given |= money_of_group(runtime) | dialled.things(runtime) | {"task": begun(runtime, mine["officer"]).id}
    sent(runtime, mine["admin"])
    with other_programme(runtime) as programme:
        pass
    browser = Browser(app).enter(runtime, add(runtime, "admin", "theirs", programme=programme))
    named = {"Rahima", "Salma", "Shapla", "Tista", "Jashore", "Nasima"}
    for page in PAGES:
        if "admin" not in page.who:
            continue
        path = path_of(page, **given)
        if not names_something(page):
            if page.show or page.give:
                answer = browser.get(path)
                assert answer.status_code == 200, (page.name, browser.text)
                assert not named & set(re.findall(r"\w+", browser.text)), page.name
            continue
        if page.show or page.give:
            assert browser.get(path).status_code == 404, page.name
        if page.may_post:
            field = forms.made(runtime.settings.secret_key, browser.cookie, page.name)
            assert browser.post(path, {"form": field, "password": PASSWORD}).status_code == 404, page.name


def test_an_officer_opens_nothing_of_another_group(runtime: Runtime, app: Flask) -> None:
    """What is of group 1 is not there for an officer of group 2, nor what is of hub 1 for a keeper of hub 2."""
    mine = everybody(runtime)
    given = {"second": ask_reset(runtime, mine["officer"]).id, "operator": mine["lender"].id}
    given |= money_of_group(runtime) | dialled.things(runtime) | {"task": begun(runtime, mine["officer"]).id}
    sent(runtime, mine["admin"])
    others = [add(runtime, "officer", "two", groups=(2,)), add(runtime, "keeper", "hub2", hub=2)]
    for who in others:
        browser = Browser(app).enter(runtime, who)
        for page in PAGES:
            if who.role in page.who and names_something(page) and page.name not in OF_ALL:
                shown = browser.get(path_of(page, **given)).status_code if page.show or page.give else 404
                assert shown == 404, (who.name, page.name)


OF_ALL = frozenset({"item"})
"""Pages whose route names something that is the whole programme's: an item, a supplier, its books."""


def ask_reset(runtime: Runtime, who: Operator) -> Second:
    with transaction(runtime) as db:
        return seconds.ask(db, who, PIN_RESET, "1002", "About 1002", origin("ask 1002"), group=1)


def test_an_officer_sees_no_request_of_another_group(runtime: Runtime, app: Flask, done: list[str]) -> None:
    other = ask(runtime, add(runtime, "admin"), PIN_RESET, "1002", group=2)
    browser = Browser(app).enter(runtime, add(runtime, "officer", groups=(1,)))
    assert browser.get(f"/seconds/{other.id}").status_code == 404
    assert "About 1002" not in (browser.get("/seconds"), browser.text)[1]
    mine = Browser(app).enter(runtime, add(runtime, "officer", "two", groups=(2,)))
    assert "About 1002" in (mine.get("/seconds"), mine.text)[1]


@BOTH
def test_long_lists_come_in_pages(runtime: Runtime, app: Flask, done: list[str]) -> None:
    """Three lists of 120 rows: no row twice, none left out, and as many statements as for one row."""
    who = add(runtime, "officer", "asker", groups=(1, 2))
    admin = add(runtime, "admin")
    with transaction(runtime, tell=False) as db:
        members = list(db.execute(select(member_table.c.id).where(member_table.c.group == 1)).scalars())
        for number in range(120):
            troubled(db, number, "failed", member=members[0])
            trail.note(db, 1, who, "sign-in", NOW, about=f"row {number}")
            seconds.ask(db, who, LIMIT, f"s{number}", f"row {number}.", origin(f"ask {number}"))
    browser = Browser(app).enter(runtime, admin)
    for path, pattern, total in (
        ("/waits/messages-failed", r"text (\d+) ", 120),
        ("/trail", r"row (\d+)<", 120),
        ("/seconds", r"row (\d+)\.", 120),
    ):
        found, next_, pages = [], path, 0
        while next_:
            with counted(runtime.database) as statements:
                shown = browser.get(next_).get_data(as_text=True)
            assert len([each for each in statements if "FROM " in each]) <= 4, statements
            found += re.findall(pattern, shown)
            link = re.search(r'class="pager"><a class="button" href="([^"]+)"', shown)
            next_, pages = link[1] if link else "", pages + 1
        assert (len(found), len(set(found)), pages) == (total, total, 3), path
    assert listing.PAGE == 50


def test_counts_stop_somewhere(runtime: Runtime, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "MOST", 2)
    assert "<b>2 or more</b> <span>Orders to pack" in Browser(app).enter(runtime, add(runtime, "admin")).get("/").text


# ---- operators ----


def test_an_administrator_lets_people_in_and_keeps_them_out(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    shapla, other = _two_groups(runtime)
    typed = {"name": "Tania", "display": "তানিয়া", "role": "officer", "password": PASSWORD}
    assert "An officer needs groups" in (browser.send("/operators/new", **typed), browser.text)[1]
    assert "No group" in (browser.send("/operators/new", **typed, groups=f"{shapla}\nNo such"), browser.text)[1]
    browser.send("/operators/new", **typed, groups=f"{shapla}\n{other}\n{shapla}")
    tania = by_name(runtime, "tania")
    assert (tania.role, tania.groups, tania.display, tania.totp) == ("officer", (1, 2), canonical("তানিয়া"), None)
    assert "Somebody has this name" in (browser.send("/operators/new", **typed, groups=shapla), browser.text)[1]
    shown = browser.send(f"/operators/{tania.id}", deed="password", password=PASSWORD).get_data(as_text=True)
    drawn = re.search(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", shown)[0]
    hers = Browser(app)
    hers.send("/sign-in", name="tania", password=drawn)
    assert hers.get("/").headers["Location"] == "/console/authenticator"
    change = {"display": "Tania", "role": "keeper", "hub": "2", "password": PASSWORD}
    browser.send(f"/operators/{tania.id}/change", **change)
    assert (by_name(runtime, "tania").hub, by_name(runtime, "tania").groups) == (2, ())
    browser.send(f"/operators/{tania.id}", deed="disable", password=PASSWORD)
    assert hers.get("/").headers["Location"] == "/console/sign-in"
    assert "disabled" in (browser.get("/operators"), browser.text)[1]
    browser.send(f"/operators/{tania.id}", deed="enable", password=PASSWORD)
    browser.send(f"/operators/{tania.id}", deed="totp", password=PASSWORD)
    assert "Nobody" not in browser.text
    seen = (browser.get("/trail"), browser.text)[1]
    for said in (
        "Added an operator tania",
        "Reset a password tania",
        "Changed an operator tania · officer group:1 group:2 -> keeper hub:2",
        "Disabled an operator tania",
        "Let an operator in again tania",
        "Reset an authenticator app tania",
    ):
        assert said in seen
    assert drawn not in seen


def _two_groups(runtime: Runtime) -> list[str]:
    with reading(runtime) as db:
        return [each.names.bn_Latn for each in groups.these(db, [1, 2])]


@pytest.mark.parametrize("deed", ["disable", "password", "totp", "end", "enable", "", "x"])
def test_not_for_oneself_and_nothing_without_a_choice(runtime: Runtime, app: Flask, deed: str) -> None:
    who = add(runtime, "admin")
    browser = Browser(app).enter(runtime, who)
    field = forms.made(runtime.settings.secret_key, browser.cookie, "operator")
    answer = browser.post(f"/operators/{who.id}", {"form": field, "deed": deed, "password": PASSWORD})
    assert answer.status_code == 422
    change = {"display": "Me", "role": "trainer", "password": PASSWORD}
    assert browser.send(f"/operators/{who.id}/change", **change).status_code == 422
    assert by_name(runtime, "admin") == who


def test_what_matters_asks_for_the_password_again(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    other = add(runtime, "trainer")
    for path, typed in (
        (f"/operators/{other.id}", {"deed": "disable"}),
        (f"/operators/{other.id}/change", {"display": "X", "role": "trainer"}),
        ("/operators/new", {"name": "x1", "display": "X", "role": "trainer"}),
        ("/account/password", {"fresh": "green tea at five", "repeated": "green tea at five"}),
        ("/authenticator", {"code": "123456"}),
    ):
        for password in ({}, {"password": "not my password"}):
            assert browser.send(path, **typed, **password).status_code in (422, 429), path
    assert by_name(runtime, "trainer") == other


def test_names_are_escaped(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    nasty = '<img src=x onerror="alert(1)">'
    browser.send("/operators/new", name="x1", display=nasty, role="trainer", password=PASSWORD)
    for path in ("/operators", "/operators/2", "/operators/2/change", "/trail"):
        assert "<img" not in browser.get(path).get_data(as_text=True)


# ---- the second person ----


@BOTH
def test_a_second_person_decides(runtime: Runtime, app: Flask, done: list[str]) -> None:
    asker, admin = add(runtime, "officer", groups=(1,)), add(runtime, "admin")
    request = ask(runtime, asker, REVERSAL, "group:1 7", reason="counted twice", group=1, entry=7)
    path = f"/seconds/{request.id}"
    own = Browser(app).enter(runtime, asker)
    assert 'name="answer"' not in own.get(path).get_data(as_text=True)
    field = forms.made(runtime.settings.secret_key, own.cookie, "second")
    assert own.post(path, {"form": field, "answer": "yes"}).status_code == 409
    assert "you asked for it" in own.text
    browser = Browser(app).enter(runtime, admin)
    assert browser.send(path).status_code == 422
    assert browser.send(path, answer="no").status_code == 409
    assert "Say why not" in browser.text
    typed = {"form": browser.field(path), "answer": "yes"}
    assert browser.post(path, typed).headers["Location"] == "/console/seconds?said=second-yes"
    assert browser.post(path, typed).headers["Location"] == "/console/seconds?said=second-yes", "a double click"
    assert done == ["reversal group:1 7 {'entry': 7}"]
    assert "decided already" in (browser.get(path), browser.text)[1]
    assert "Said yes as the second person" in (browser.get("/trail"), browser.text)[1]


def test_what_is_refused_while_it_is_carried_out_stays_open(runtime: Runtime, app: Flask, done: list[str]) -> None:
    request = ask(runtime, add(runtime, "officer"), subject="refused")
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    assert browser.send(f"/seconds/{request.id}", answer="yes").status_code == 409
    assert "Nothing was written. (operation-reused)" in browser.text
    assert browser.send(f"/seconds/{request.id}", answer="no", reason="not so").status_code == 303


@BOTH
def test_rules_of_the_second_person(runtime: Runtime, done: list[str]) -> None:
    asker, admin, keeper = add(runtime, "officer"), add(runtime, "admin"), add(runtime, "keeper")

    def tried(who: Operator, found: Second, yes: bool = True, reason: str = "", at: datetime = NOW) -> str:
        try:
            with transaction(runtime) as db:
                return seconds.decide(db, who, found, yes, reason, origin("decide", at))
        except NotAllowed as error:
            return error.code

    first = ask(runtime, asker, PIN_RESET, "1002")
    assert ask(runtime, asker, PIN_RESET, "1002") == first, "the same operation again"
    with pytest.raises(NotAllowed, match="second-pending"), transaction(runtime) as db:
        seconds.ask(db, admin, PIN_RESET, "1002", "again", origin("another"))
    assert tried(asker, first) == "second-not-yours"
    assert tried(keeper, first) == "second-not-yours", "not for her role"
    assert tried(admin, first, at=NOW + seconds.WAITS) == "second-over"
    assert tried(admin, first, False) == "reason-needed"
    assert tried(admin, first) == "yes"
    assert tried(admin, first) == "second-over", "as it was read before"
    late = NOW + seconds.WAITS
    second = ask(runtime, asker, PIN_RESET, "1003")
    with transaction(runtime) as db:
        assert seconds.waiting(db, admin.scope, "admin", late) == []
        third = seconds.ask(db, asker, PIN_RESET, "1003", "once more", origin("later", late))
        assert seconds.get(db, admin.scope, second.id).state == "expired"
        assert [each.id for each in seconds.waiting(db, admin.scope, "admin", late)] == [third.id]
        assert seconds.waiting(db, keeper.scope, "keeper", late) == []
        assert len(seconds.waiting(db, admin.scope, "auditor", late)) == 1
    assert done == ["pin-reset 1002 {}"]


def test_nothing_can_be_asked_for_that_nobody_carries_out(runtime: Runtime) -> None:
    who = add(runtime, "officer")
    for kind in [name for name, each in KINDS.items() if each.verb is None]:
        with pytest.raises(ValueError, match="nothing carries out"):
            ask(runtime, who, kind)


# ---- words ----

HERE = Path(gateway.console.__file__).parent


def extracted() -> set[str]:
    found = set()
    for path in HERE.rglob("*.py"):
        for _, message, _, _ in extract_from_file("python", path, keywords={"phrase": None, "phrases": (1, 2)}):
            found.add(message[0] if isinstance(message, tuple) else message)
    for path in HERE.rglob("*.html"):
        with path.open("rb") as file:
            found |= {message for _, message, _, _ in extract(babel_extract, file, keywords={"say": None})}
    return found


def test_every_text_of_the_console_is_translated() -> None:
    with (CATALOGUES / "bn" / "LC_MESSAGES" / "console.po").open(encoding="utf-8") as file:
        said = {each.id[0] if isinstance(each.id, tuple) else each.id: each for each in read_po(file) if each.id}
    assert extracted() == set(said)
    for each in said.values():
        assert all(each.string if isinstance(each.string, tuple) else [each.string]), each.id
        assert not each.fuzzy, each.id


@pytest.mark.parametrize("language", ["bn", "en"])
def test_every_page_speaks_both_languages(runtime: Runtime, app: Flask, language: str) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin", language=language))
    for page in PAGES:
        if "admin" in page.who and "<" not in page.route and page.show:
            shown = browser.get(page.route).get_data(as_text=True)
            assert f'<html lang="{language}">' in shown
            title = re.search("<title>(.*?) ·", shown)[1]
            assert bool(re.search("[ঀ-৿]", title)) is (language == "bn"), page.name


def test_acts_that_are_noted_have_words(runtime: Runtime) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in HERE.rglob("*.py"))
    for act in trail.ACTS:
        assert f'"{act}"' in source.replace("trail.py", "") or act.startswith("second."), act
    with transaction(runtime) as db, pytest.raises(ValueError, match="no words"):
        trail.note(db, 1, None, "unheard", NOW)


def test_who_did_it_and_what_about_are_said_in_words(runtime: Runtime, app: Flask) -> None:
    admin = add(runtime, "admin", language="bn")
    with transaction(runtime) as db:
        for about in ("hub 1 order 4", "request 5 withdrawal", "loan-due 7", "Somebody 3"):
            trail.note(db, 1, admin, "order.accepted", NOW, about=about)
    browser = Browser(app).enter(runtime, admin)
    seen = (browser.get("/trail"), browser.text)[1]
    for said in ("ডিপো 1 অর্ডার 4", "আবেদন 5 সঞ্চয় তোলা", "ঋণের কিস্তির দিন 7", "Somebody 3"):
        assert canonical(said) in seen, said
    steps = (browser.get("/orders/1/3"), browser.text)[1]
    assert canonical("দেখানোর নমুনা") in steps
    assert "demo" not in steps


def test_a_scope_fits_its_role() -> None:
    for role, scope in (("keeper", {}), ("admin", {"hub": 1}), ("trainer", {"groups": (1,)}), ("cook", {})):
        with pytest.raises(ValueError, match=r"hub|groups"):
            operators.Wanted(1, "X", role, "en", **scope)
