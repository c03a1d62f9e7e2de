"""Members and groups in the console: finding, registering, numbers, roles, leaving, PINs, rules, sheets."""

from __future__ import annotations

import ast
import html
import re
from datetime import UTC
from datetime import datetime
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from conftest import BOTH
from flask import Flask
from ledger_world import findings
from office import Browser
from office import add
from office import counted
from openpyxl import Workbook
from sqlalchemy import select

from gateway import cutoff_check
from gateway import imports
from gateway import members_check
from gateway.app import create_app
from gateway.backend import JOB
from gateway.console.sheet_words import SENTENCES
from gateway.console.tables import operator_group_table
from gateway.console.tables import operator_table
from gateway.console.tables import trail_table
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.tasks import importing
from gateway.tasks import life
from gateway.tasks import running
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import approvals
from ledger import federation
from ledger import groups
from ledger import loans
from ledger import members
from ledger import membership
from ledger import pins
from ledger import programmes
from ledger import savings
from ledger.books import Origin
from ledger.members import Member
from ledger.members import Registration
from ledger.members import handset_table
from ledger.members import member_table
from ledger.orders import order_table
from ledger.tables import Names

NOW = datetime.now(UTC)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


@pytest.fixture
def admin(runtime: Runtime, app: Flask) -> Browser:
    return Browser(app).enter(runtime, add(runtime, "admin"))


@pytest.fixture
def officer(runtime: Runtime, app: Flask) -> Browser:
    """Of the first group."""
    return Browser(app).enter(runtime, add(runtime, "officer"))


def of_code(runtime: Runtime, code: str) -> Member:
    with reading(runtime) as db:
        found = members.by_code(db, code, left=True)
    assert found
    return found


def sound(runtime: Runtime) -> None:
    """The books are as they must be."""
    with reading(runtime, patience=JOB) as db:
        assert findings(db) == []


def by(operation: str) -> Origin:
    """A change that somebody else made."""
    return Origin(operation, "office:x", "office", NOW, NOW.date(), str)


def acts(runtime: Runtime) -> list[tuple[str, str, str]]:
    with reading(runtime) as db:
        rows = db.execute(select(trail_table.c.act, trail_table.c.about, trail_table.c.detail).order_by("at")).all()
    return [tuple(row) for row in rows]


def crowd(runtime: Runtime, how_many: int, *, group: int = 1, name: str = "Nila", first: int = 7000) -> None:
    with transaction(runtime, tell=False) as db:
        members.register(
            db,
            1,
            [Registration(f"{first + i}", Names("নীলা", f"{name} {i:02}"), "x", group, None) for i in range(how_many)],
        )


# ---- finding ----


_ORDERS = select(order_table.c.number, member_table.c.group).join(
    member_table, member_table.c.id == order_table.c.agent
)


def found(browser: Browser, said: str) -> list[str]:
    browser.get("/members", query_string={"find": said})
    shown = browser.last.get_data(as_text=True)
    return re.findall(r'<td[^>]*data-label="Code"[^>]*><span>(\d+)', shown)


@BOTH
def test_finding_by_name_number_and_code(admin: Browser) -> None:
    for said, codes in {
        "Rahima": ["1001"],
        "rahi": ["1001"],
        "HIMA": ["1001"],
        "রহিমা": ["1001"],
        "রহি": ["1001"],
        "1001": ["1001"],
        "১০০১": ["1001"],
        "01711000001": ["1001", "1002"],
        "+880 1711-000002": ["1003"],
        "০১৭১১০০০০০১": ["1001", "1002"],
        "%": [],
        "_ahima": [],
        "nobody at all": [],
        "Rahima\x01": ["1001"],
        "x" * 5000: [],
        "999999": [],
    }.items():
        assert found(admin, said)[: len(codes) or 1] == codes, said
    assert found(admin, "Shapla") == []
    assert "Shapla , Jashore" in admin.text, "a group"
    assert found(admin, "3") == []
    assert "Order 3" in admin.text, "an order"


def test_who_finds_whom(runtime: Runtime, app: Flask, admin: Browser, officer: Browser) -> None:
    with reading(runtime) as db:
        orders = {(each.number, each.group) for each in db.execute(_ORDERS)}
    assert {group for _, group in orders} == {1, 2}
    for number in {number for number, _ in orders}:
        found(admin, f"{number}")
        found(officer, f"{number}")
        shown = [who.text.count(f"Order {number}") for who in (admin, officer)]
        assert shown == [sum((number, group) in orders for group in groups) for groups in ((1, 2), (1,))], number
    keeper = Browser(app).enter(runtime, add(runtime, "keeper"))
    auditor = Browser(app).enter(runtime, add(runtime, "auditor"))
    with reading(runtime) as db:
        second = members.of_group(db, 2)[0]
        agents = [each.code for each in members.of_group(db, 1) if each.hub == 1]
    assert found(officer, second.code) == []
    assert officer.get(f"/members/{second.id}").status_code == 404
    assert "Tista" not in (officer.get("/groups"), officer.text)[1]
    assert officer.get("/groups/2").status_code == 404
    assert found(admin, second.code) == [second.code]
    assert "1001" in agents
    assert found(keeper, "1001") == ["1001"]
    assert found(keeper, "1003") == [], "no agent"
    assert keeper.get("/members/3").status_code == 404
    assert keeper.get("/members/1").status_code == 200
    assert "Can still order on credit" in keeper.text
    assert "Compulsory savings" not in keeper.text, "what her group has of hers is not his to see"
    assert keeper.get("/groups/1").status_code == 403
    assert auditor.get("/members/3").status_code == 200
    assert "+8801711000002" not in auditor.text
    assert "…002" in auditor.text
    assert "+8801711000002" in (officer.get("/members/3"), officer.text)[1]


def test_another_programme_is_nowhere(runtime: Runtime, app: Flask, admin: Browser) -> None:
    with transaction(runtime, tell=False) as db:
        other = programmes.start(db, "Other")
        group = groups.start(db, other, Names("অন্য", "Onno"), Names("অন্য", "Onno"), "Khulna")
        (member,) = members.register(db, other.id, [Registration("9001", Names("রহিমা", "Rahima"), "x", group.id)])
    assert found(admin, "Rahima") == ["1001"]
    assert found(admin, "9001") == []
    for path in ("", "/numbers", "/change", "/leave", "/pin"):
        assert admin.get(f"/members/{member}{path}").status_code == 404, path
    for path in ("", "/rules", "/place"):
        assert admin.get(f"/groups/{group.id}{path}").status_code == 404, path
    assert "No group of yours" in join(admin, group="Onno")


def test_what_is_of_another_group_or_hub_is_not_written_either(runtime: Runtime, app: Flask, officer: Browser) -> None:
    with reading(runtime) as db:
        other = members.of_group(db, 2)[0]
        agent = next(each for each in members.of_group(db, 2) if each.hub is not None)
    before = everything(runtime)
    for page, said in {
        "numbers": {"deed": "add", "number": "01911000001"},
        "change": {"role": "leader", "language": "en"},
        "leave": {"deed": "ask"},
        "pin": {"reason": "x"},
    }.items():
        field = officer.field(f"/members/1/{page}")
        assert officer.post(f"/members/{other.id}/{page}", {"form": field, **said}).status_code == 404, page
    assert officer.post("/groups/2/rules", {"form": officer.field("/groups/1/rules"), **RULES}).status_code == 404
    keeper = Browser(app).enter(runtime, add(runtime, "keeper"))
    assert keeper.get(f"/members/{agent.id}").status_code == 404, "an agent of another hub"
    assert everything(runtime) == before


def everything(runtime: Runtime) -> list[Any]:
    with reading(runtime) as db:
        return [db.execute(select(table).order_by(*table.primary_key)).all() for table in (member_table, handset_table)]


def test_a_list_is_by_name_and_a_page_at_a_time(runtime: Runtime, admin: Browser) -> None:
    crowd(runtime, 60)
    first, rows = [], None
    path = "/members"
    while path:
        shown = admin.get(path).get_data(as_text=True)
        rows = re.findall(r'data-label="Name"><a href="/console/members/(\d+)"', shown)
        assert 0 < len(rows) <= 50
        first += rows
        next_ = re.search(r'class="pager"><a class="button" href="([^"]+)"', shown)
        path = next_[1] if next_ else ""
    assert len(first) == len(set(first))
    with reading(runtime) as db:
        assert len(first) == len(db.execute(select(member_table.c.id)).all())
    assert len(found(admin, "Nila")) == 50
    assert "There are more" in admin.text
    for path in ("/members?after=x", "/groups?after=1", "/members?after=-a", "/members?after=1-%00"):
        assert admin.get(path).status_code == 404, path


def test_a_page_costs_the_same_for_one_and_for_sixty(runtime: Runtime, admin: Browser) -> None:
    counts = []
    for _ in range(2):
        with counted(runtime.database) as seen:
            admin.get("/members")
            admin.get("/members?find=nil")
            admin.get("/groups/1")
            admin.get("/groups")
        counts.append(len(seen))
        crowd(runtime, 45, first=7000 + 100 * len(counts))
        with transaction(runtime, tell=False) as db:
            programme = programmes.get(db, 1)
            for i in range(30):
                groups.start(db, programme, Names("নীল", f"Nil {i}"), Names("নীল", f"Nil {i}"), "Bogura")
        if len(counts) == 1:
            admin.get("/members")
    assert counts[0] == counts[1]


# ---- a new member ----

NEW = {"name_bn": "কমলা", "name_latn": "Komola", "role": "member", "language": "bn"}


@BOTH
def test_registering(runtime: Runtime, officer: Browser) -> None:
    form = {"form": officer.field("/members/new", "/members/new"), "group": "শাপলা", "number": "০১৮১১-০০০০০৯", **NEW}
    answer = officer.post("/members/new", form)
    assert answer.status_code == 200
    code, pin = re.search(r"Code (\d+) PIN (\d+)", officer.text).groups()
    made = of_code(runtime, code)
    assert (made.names, made.group, made.role, made.hub) == (Names("কমলা", "Komola"), 1, "member", None)
    with transaction(runtime) as db:
        assert members.numbers(db, made.id) == ["+8801811000009"]
        assert pins.verify(db, runtime.peppers, made.id, pin, NOW).right
        assert [each.what for each in membership.changes(db, made)] == ["joined"]
    again = officer.post("/members/new", form)
    assert again.headers["Location"] == f"/console/members/{made.id}?said=done-before"
    assert pin not in (officer.get(f"/members/{made.id}"), officer.text)[1]
    assert acts(runtime)[-1] == ("member.joined", code, "group:1")
    assert pin not in str(acts(runtime))
    sound(runtime)


def join(browser: Browser, **said: str) -> str:
    form = {"form": browser.field("/members/new", "/members/new"), "group": "1", **NEW, **said}
    status = browser.post("/members/new", form).status_code
    return browser.text if status in (409, 422) else f"{status}"


def test_what_keeps_somebody_from_being_registered(runtime: Runtime, officer: Browser) -> None:
    for said, why in (
        ({"group": "2"}, "No group of yours"),
        ({"group": "Tista"}, "No group of yours"),
        ({"group": ""}, "Fill this in"),
        ({"name_bn": ""}, "Fill this in"),
        ({"name_latn": "Komola of the very long name by the river"}, "The screens of phones"),
        ({"number": "12"}, "That is no phone number"),
        ({"code": "12a"}, "digits only"),
        ({"code": "1001"}, "Somebody has the code 1001"),
        ({"role": "queen"}, "Choose one"),
        ({"language": "fr"}, "Choose one"),
        ({"hub": "1"}, "Choose a hub"),
    ):
        assert why in join(officer, **said), said
        assert 'value="Komola' in officer.last.get_data(as_text=True), "what was typed stays"
    with reading(runtime) as db:
        assert len(members.of_group(db, 1)) == 10
    assert join(officer, code="৪৪৪৪") == "200"
    assert of_code(runtime, "4444").names.bn_Latn == "Komola"


def test_an_administrator_makes_an_agent(runtime: Runtime, admin: Browser) -> None:
    assert join(admin, hub="1", code="4545") == "200"
    assert of_code(runtime, "4545").hub == 1


# ---- numbers ----


@BOTH
def test_numbers(runtime: Runtime, officer: Browser) -> None:
    path, numbers = "/members/1/numbers", lambda: _numbers(runtime, 1)
    assert numbers() == ["+8801711000001"]
    form = {"form": officer.field(path), "deed": "add", "number": "01911 000 001"}
    for _ in range(2):
        assert officer.post(path, form).headers["Location"] == "/console/members/1/numbers?said=saved"
    assert numbers() == ["+8801711000001", "+8801911000001"]
    assert officer.send(path, deed="first", which="+8801911000001").status_code == 303
    assert numbers() == ["+8801911000001", "+8801711000001"]
    assert (
        "SMS go to +8801911000001 already"
        in (officer.send(path, deed="first", which="+8801911000001"), officer.text)[1]
    )
    assert officer.send(path, deed="remove", which="+8801711000001").status_code == 303
    assert "only number" in (officer.send(path, deed="remove", which="+8801911000001"), officer.text)[1]
    assert "has not the number" in (officer.send(path, deed="remove", which="+8801711000001"), officer.text)[1]
    assert "no phone number" in (officer.send(path, deed="add", number="0"), officer.text)[1]
    assert officer.send(path, deed="stir").status_code == 422
    assert officer.send(path, deed="remove", which="+8801911000001", last="yes").status_code == 303
    assert numbers() == []
    assert [(act, detail) for act, _, detail in acts(runtime)] == [
        ("member.number", said) for said in ("+ …001", "1. …001", "- …001", "- …001")
    ]
    shown = (officer.get("/members/1"), officer.text)[1]
    assert "SMS go to another number +8801711000001 +8801911000001" in shown
    with reading(runtime) as db:
        told = db.execute(select(message_table.c.id)).all()
    assert len(told) >= 4, "she is told at a number that was hers before"
    sound(runtime)


def _numbers(runtime: Runtime, member: int) -> list[str]:
    with reading(runtime) as db:
        return members.numbers(db, member)


# ---- role, language, leaving ----


@BOTH
def test_role_and_language(runtime: Runtime, officer: Browser) -> None:
    before = of_code(runtime, "1001")
    role = "member" if before.role == "leader" else "leader"
    assert officer.send("/members/1/change", role=role, language="en").status_code == 303
    after = of_code(runtime, "1001")
    assert (after.role, after.language, after.digits) == (role, "en", "latin")
    assert "as it was" in (officer.send("/members/1/change", role=role, language="en"), officer.text)[1]
    assert officer.send("/members/1/change", role="queen", language="en").status_code == 422
    assert acts(runtime) == [("member.changed", "1001", f"{before.role} {before.language} -> {role} en")]
    sound(runtime)


@BOTH
def test_leaving_is_asked_for_and_who_left_comes_back(runtime: Runtime, officer: Browser) -> None:
    with reading(runtime) as db:
        who = next(each for each in members.of_group(db, 1) if not members_owe(db, each))
    path = f"/members/{who.id}/leave"
    assert "would pay her" in (officer.get(path), officer.text)[1]
    assert officer.send(path, deed="ask").headers["Location"].endswith("said=leave-asked")
    assert "waits for the leaders already" in (officer.get(path), officer.text)[1]
    with reading(runtime) as db:
        (asked,) = approvals.of_member(db, who.id)
        assert (asked.kind, asked.started_by) == ("leave", "officer:officer")
    assert "leave the group" in (officer.get(f"/members/{who.id}"), officer.text)[1]
    with transaction(runtime) as db:
        db.execute(member_table.update().where(member_table.c.id == who.id).values(left_on=NOW.date()))
    assert "She left her group" in (officer.get(f"/members/{who.id}"), officer.text)[1]
    assert officer.send(path, deed="back").headers["Location"].endswith("said=member-back")
    assert of_code(runtime, who.code).group == 1


def members_owe(db: Any, who: Member) -> bool:
    return any(True for _ in savings.obstacles(db, who))


def test_who_owes_cannot_leave(runtime: Runtime, officer: Browser) -> None:
    with reading(runtime) as db:
        who = next(each for each in members.of_group(db, 1) if members_owe(db, each))
    path = f"/members/{who.id}/leave"
    assert "is not paid back" in (officer.get(path), officer.text)[1]
    field = officer.field("/members/1/leave")
    assert officer.post(path, {"form": field, "deed": "ask"}).status_code == 409
    assert "is not paid back" in officer.text


# ---- a new PIN ----


@BOTH
def test_a_new_pin_takes_two(runtime: Runtime, app: Flask, admin: Browser, officer: Browser) -> None:
    before = _pin_hash(runtime, 3)
    assert officer.send("/members/3/pin", reason="").status_code == 422
    assert officer.send("/members/3/pin", reason="she came with her passbook").status_code == 303
    assert "waits already" in (officer.send("/members/3/pin", reason="again"), officer.text)[1]
    assert _pin_hash(runtime, 3) == before, "nothing yet"
    assert officer.get("/seconds/1").status_code == 200
    assert "What do you say?" not in officer.text, "not her own"
    admin.get("/seconds/1")
    assert "Ayesha 1003, …002" in admin.text
    with transaction(runtime) as db:
        membership.add_number(db, members.get(db, 3), "+8801911000003", by("add"))
        membership.prefer_number(db, members.get(db, 3), "+8801911000003", by("prefer"))
    assert "Her number has changed" in (admin.send("/seconds/1", answer="yes"), admin.text)[1]
    assert _pin_hash(runtime, 3) == before, "the code would go elsewhere"
    with transaction(runtime) as db:
        membership.prefer_number(db, members.get(db, 3), "+8801711000002", by("prefer again"))
    assert admin.send("/seconds/1", answer="yes").headers["Location"].endswith("second-yes")
    assert _pin_hash(runtime, 3) != before
    with reading(runtime) as db:
        sent = db.execute(select(message_table).order_by(message_table.c.id.desc())).first()
    assert (sent.member, sent.number) == (3, "+8801711000002")
    assert [act for act, _, _ in acts(runtime)] == ["pin.asked", "second.yes"]
    sound(runtime)


def test_no_new_pin_for_who_has_no_number(runtime: Runtime, admin: Browser) -> None:
    with transaction(runtime, tell=False) as db:
        (who,) = members.register(db, 1, [Registration("8000", Names("ক", "K"), "x", 1)])
    assert "Add one first" in (admin.get(f"/members/{who}/pin"), admin.text)[1]
    field = admin.field("/members/3/pin")
    assert admin.post(f"/members/{who}/pin", {"form": field, "reason": "x"}).status_code == 422


def _pin_hash(runtime: Runtime, member: int) -> str:
    with reading(runtime) as db:
        return str(db.execute(select(member_table.c.pin_hash).where(member_table.c.id == member)).scalar_one())


# ---- groups ----


def test_a_group_and_its_figures(officer: Browser) -> None:
    assert officer.get("/groups/1").status_code == 200
    for said in (
        "Shapla",
        "Rahima",
        "1001",
        "In the cash box Tk",
        "Savings of members Tk",
        "Monday, 10 am",
        "nothing yet",
    ):
        assert said in officer.text, said
    assert officer.get("/groups?find=sha").status_code == 200
    assert "Shapla 1 Jashore 10 3" in officer.text


@BOTH
def test_a_new_group(runtime: Runtime, admin: Browser) -> None:
    said = {"name_bn": "নতুন", "name_latn": "Notun", "short_bn": "নতুন", "short_latn": "Notun", "district": "Bogura"}
    form = {"form": admin.field("/groups/new"), **said}
    for _ in range(2):
        assert admin.post("/groups/new", form).headers["Location"] == "/console/groups/3?said=group-added"
    assert "called so already" in (admin.send("/groups/new", **said), admin.text)[1]
    assert "called so already" in (admin.send("/groups/new", **said | {"name_latn": "Other"}), admin.text)[1]
    assert "12 characters at most" in (admin.send("/groups/new", **said | {"short_latn": "a" * 13}), admin.text)[1]
    assert (admin.get("/groups/3").status_code, admin.get("/groups").status_code) == (200, 200)
    assert "Notun 3 Bogura 0 0" in admin.text
    assert acts(runtime) == [("group.added", "Notun", "group:3")]


RULES = {
    "weekday": "1", "at": "১৬:৩০", "weeks": "2", "saving": "৬০", "social": "5.50", "absent_fine": "0", "late_fine": "",
    "first": "loan", "rest": "loan", "loan_rate": "2.5", "loan_method": "flat", "loan_unit": "100",
    "most_instalments": "12", "most_loan": "20,000", "income_share": "40", "approval_days": "3", "payout_days": "9",
    "remind-loan-3": "yes", "remind-approvals": "yes",
}  # fmt: skip


@BOTH
def test_other_rules(runtime: Runtime, officer: Browser) -> None:
    path = "/groups/1/rules"
    assert officer.send(path, **RULES).headers["Location"] == "/console/groups/1?said=saved"
    with reading(runtime) as db:
        rules = groups.rules(db, 1)
    assert rules == groups.Rules(
        60_00, 5_50, 0, 0, "loan", "loan", "1/40", "flat", 100_00, 12, 20_000_00, 40, 3, 9, 1, "16:30", 2,
        ("loan-3", "approvals"),
    )  # fmt: skip
    shown = (officer.get("/groups/1"), officer.text)[1]
    for said in ("Tuesday, 4:30 pm; next on", "Tk 60", "2.5 %", "3 days before an instalment", "equal instalments"):
        assert said in shown, said
    assert officer.send(path, **RULES).status_code == 303, "the same again is no other entry"
    for field, typed in (
        ("saving", "-1"), ("saving", "much"), ("weeks", "0"), ("at", "25:00"), ("loan_rate", "x"), ("weekday", "8"),
        ("loan_method", "x"), ("income_share", "101"), ("loan_unit", "7"), ("most_instalments", ""),
    ):  # fmt: skip
        answer = officer.send(path, **RULES | {field: typed})
        assert answer.status_code == 422, (field, typed)
        assert re.search(rf'name="{field}"[^>]*aria-invalid', answer.get_data(as_text=True)), field
    with reading(runtime) as db:
        assert groups.rules(db, 1) == rules
    sound(runtime)


@BOTH
def test_where_a_group_hangs(runtime: Runtime, admin: Browser) -> None:
    assert "no village organisation yet" in (admin.get("/groups/1/place"), admin.text)[1]
    with transaction(runtime) as db:
        names = Names("পাড়া", "Para", "Para")
        node = federation.add(db, 1, "village", names, Origin("n", "x", "x", NOW, NOW.date(), str))
    assert admin.send("/groups/1/place", node="77").status_code == 422
    assert admin.send("/groups/1/place", node=str(node.id)).status_code == 303
    assert "village organisation Para" in (admin.get("/groups/1"), admin.text)[1]
    assert acts(runtime)[-1] == ("group.hung", "Shapla", "Para")


# ---- many members by a sheet ----

SHEET = """name_bn,name_latn,group,number,code,role
জবা,Joba,Shapla,01811000001,,leader
বেলি,Beli,1,01811000002,,
টগর,Togor,,,8888,
রহিমা,Rahima,Shapla,01711000001,,
"""


def sheet(text: str, name: str = "members.csv") -> tuple[BytesIO, str]:
    return BytesIO(text.encode()), name


def look(browser: Browser, path: str, text: str, **said: str) -> str:
    """Send a sheet to be looked at; what the page says."""
    browser.post(path, {"form": browser.field(path, path), "file": sheet(text), "step": "look", **said})
    return browser.text


def hidden(browser: Browser) -> dict[str, str]:
    """What travels with the form."""
    shown = browser.last.get_data(as_text=True)
    found = re.findall(r'<input type="hidden" name="(form|rows|name|shown)" value="([^"]*)"', shown, re.DOTALL)
    return {name: html.unescape(value) for name, value in found}


def work(runtime: Runtime) -> None:
    while running.some(runtime, Event()):
        pass


@BOTH
def test_an_import_is_looked_at_and_then_runs_as_a_task(runtime: Runtime, officer: Browser) -> None:
    with reading(runtime) as db:
        before = len(members.of_group(db, 1))
    said = look(officer, "/members/import", SHEET, group="Shapla")
    assert "Row 5: Rahima 1001 is a member already" in said
    assert "3 of 4 rows" in said
    with reading(runtime) as db:
        assert len(members.of_group(db, 1)) == before, "a look writes nothing"
    form = {**hidden(officer), "group": "Shapla", "step": "write"}
    for _ in range(2):
        assert officer.post("/members/import", form).headers["Location"] == "/console/tasks/1?said=task-started"
    assert "0 of 4" in (officer.get("/tasks/1"), officer.text)[1]
    work(runtime)
    shown = (officer.get("/tasks/1"), officer.text)[1]
    assert "4 of 4" in shown
    assert "Row 5: Rahima 1001 is a member already" in shown
    with reading(runtime) as db:
        new = {each.names.bn_Latn: each for each in members.of_group(db, 1)[before:]}
        assert {name: (who.role, members.numbers(db, who.id)) for name, who in new.items()} == {
            "Joba": ("leader", ["+8801811000001"]),
            "Beli": ("member", ["+8801811000002"]),
            "Togor": ("member", []),
        }
        assert new["Togor"].code == "8888"
        assert [each.actor for each in membership.changes(db, new["Joba"])] == ["officer:officer"]
        assert db.execute(select(message_table.c.id)).all() == []
    assert "Nobody in this sheet is new" in look(officer, "/members/import", SHEET, group="1")
    assert acts(runtime) == [("members.import", "import 1", "3 of 4")]
    sound(runtime)


@BOTH
def test_an_import_goes_on_where_it_stopped(runtime: Runtime, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"নাম,Nam {i},01811{i:06}\n" for i in range(1, 8))
    look(admin, "/members/import", "name_bn,name_latn,number\n" + rows, group="2", codes="yes")
    admin.post("/members/import", {**hidden(admin), "group": "2", "codes": "yes", "step": "write"})
    monkeypatch.setattr(importing, "ROWS", 3)
    with reading(runtime) as db:
        before = len(members.of_group(db, 2))
    stop = Event()
    step = running.STEPS["import"]

    def once(*what: Any) -> Any:
        stop.set()
        return step(*what)

    monkeypatch.setitem(running.STEPS, "import", once)
    running.some(runtime, stop)
    with transaction(runtime) as db:
        assert len(members.of_group(db, 2)) == before + 3
        db.execute(life.task_table.update().values(held_until=NOW))
    work(runtime)
    with transaction(runtime) as db:
        assert len(members.of_group(db, 2)) == before + 7
        task = life.get(db, 1, 1)
        assert (task.state, task.done, task.total, list(task.told)) == ("done", 7, 7, [])
        assert len(db.execute(select(message_table.c.id)).all()) == 7, "a code for each"


def test_what_is_wrong_with_a_sheet_of_members(runtime: Runtime, officer: Browser) -> None:
    head = "name_bn,name_latn,group,number,code,role,language\n"
    for row, why in (
        ("জবা,Joba,Tista,,,,", "Row 2: no group, or more than one, is called 'Tista'"),
        ("জবা,Joba,,,,,", "Row 2: group is empty"),
        (",Joba,1,,,,", "Row 2: name_bn is empty"),
        ("জবা,Joba of the very long name by the river,1,,,,", "characters, at most"),
        ("জবা,Joba,1,12,,,", "Row 2: number '12' is no phone number"),
        ("জবা,Joba,1,,x,,", "Row 2: code 'x' is no member's code"),
        ("জবা,Joba,1,,1001,,", "Row 2: somebody has the code 1001"),
        ("জবা,Joba,1,,,queen,", "Row 2: role 'queen' is none of member, leader"),
        ("জবা,Joba,1,,,,fr", "Row 2: language 'fr' is none of"),
        ("জবা,Joba,1,,,,\n\nজবা,Joba,1,,,,", "Row 4: the same as row 2"),
    ):
        said = look(officer, "/members/import", head + row)
        assert why in said, (row, said)
        assert "Mend the sheet" in said
        assert officer.last.status_code == 200
        form = {**hidden(officer), "step": "write"}
        assert "shown" not in form
        assert officer.post("/members/import", form).status_code == 200, "and it cannot be written"
    for text, why in (
        ("", "the file is empty"),
        ("name_bn,name_latn\n", "nothing under the heading"),
        ("name\nx\n", "the heading has no column name_bn, name_latn"),
        ("PK\x03\x04 broken", "the workbook is broken"),
    ):
        assert why in look(officer, "/members/import", text), text
        assert officer.last.status_code == 422
    with reading(runtime) as db:
        assert db.execute(select(life.task_table.c.id)).all() == []


def test_what_was_shown_is_compared(runtime: Runtime, officer: Browser) -> None:
    look(officer, "/members/import", SHEET, group="Shapla")
    form = {**hidden(officer), "group": "Shapla", "step": "write"}
    with transaction(runtime, tell=False) as db:
        members.register(db, 1, [Registration("6000", Names("জবা", "Joba"), "x", 1)])
        members.register(db, 1, [Registration("6001", Names("টগর", "Togor"), "x", 1)])
        members.register(db, 1, [Registration("8888", Names("টগর", "Togor"), "x", 1)])
    answer = officer.post("/members/import", form)
    assert answer.status_code == 200, "it is looked at again"
    assert "Togor 8888 is a member already" in officer.text


def test_rows_of_a_workbook_and_of_a_big_sheet(officer: Browser) -> None:
    book = Workbook()
    for row in (["name_bn", "name_latn", "group", "number"], ["জবা", "Joba", "Shapla", 1811000001]):
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    file.seek(0)
    form = {"form": officer.field("/members/import", "/members/import"), "file": (file, "m.xlsx"), "step": "look"}
    officer.post("/members/import", form)
    assert "1 of 1 rows" in officer.text
    assert "+8801811000001" in officer.text
    rows = "".join(f"নাম,Nam {i},1\n" for i in range(2001))
    assert "At most 2,000 rows" in look(officer, "/members/import", "name_bn,name_latn,group\n" + rows)


# ---- an old group's books ----

OLD = """code,name_bn,name_latn,number,role,compulsory,voluntary,loan,instalments,next_due
,জবা,Joba,01811000001,leader,500,20.50,1000,5,2026-12-01
,বেলি,Beli,,,300,,,,
"""


@pytest.fixture
def old(runtime: Runtime) -> int:
    """A group that has no books yet, of which the officer is."""
    with transaction(runtime, tell=False) as db:
        names = Names("পুরনো", "Purono")
        group = groups.start(db, programmes.get(db, 1), names, names, "Bogura")
        (officer,) = db.execute(select(operator_table.c.id).where(operator_table.c.name == "officer")).scalars()
        db.execute(operator_group_table.insert(), {"operator": officer, "group": group.id})
    return group.id


CUT = {"on": "2026-11-01", "language": "bn", "cash": "১০০"}


@BOTH
def test_old_books_are_looked_at_and_then_taken_over(runtime: Runtime, officer: Browser, old: int) -> None:
    path = f"/groups/{old}/cutoff"
    assert "Take over its old books" in (officer.get(f"/groups/{old}"), officer.text)[1]
    said = look(officer, path, OLD, **CUT)
    for each in (
        "differs by Tk 279.50",
        "Compulsory savings Tk 800",
        "Beli has no number",
        "Joba, new",
        "Tk 20.50",
        "a loan of Tk 1,000, in 5 parts",
    ):
        assert each in said, each
    assert "shown" not in hidden(officer), "not before the difference is agreed to"
    officer.post(path, {**hidden(officer), **CUT, "equity": "279.50", "step": "look"})
    form = {**hidden(officer), **CUT, "equity": "279.50", "step": "write"}
    assert "What would be posted" in officer.text
    officer.post(path, form)
    assert officer.last.status_code == 200
    assert "The old books are taken over" in officer.text
    codes = re.findall(r"(Joba|Beli) (\d{4}) (\d{5})", officer.text)
    assert [name for name, _, _ in codes] == ["Joba", "Beli"]
    again = officer.post(path, form)
    assert again.headers["Location"] == f"/console/groups/{old}?said=done-before"
    with transaction(runtime) as db:
        joba = members.by_code(db, codes[0][1])
        assert pins.verify(db, runtime.peppers, joba.id, codes[0][2], NOW).right
        assert savings.hers(db, joba)["voluntary"].minor == 20_50
        (loan,) = loans.running(db, joba)
        assert (loan.left.minor, len(loan.instalments)) == (1000_00, 5)
        assert db.execute(select(message_table.c.id)).all() == []
    assert "has begun" in (officer.get(path), officer.text)[1]
    assert "Lent to members Tk 1,000" in (officer.get(f"/groups/{old}"), officer.text)[1]
    assert acts(runtime)[-1][0] == "group.cutoff"
    sound(runtime)


def test_what_is_wrong_with_old_books(runtime: Runtime, officer: Browser, old: int) -> None:
    path = f"/groups/{old}/cutoff"
    for said, why in (
        ({"on": "2027-01-01"}, "is yet to come"),
        ({"on": "yesterday"}, "2026-11-22"),
        ({"cash": "much"}, "Type a sum"),
        ({"equity": "x"}, "Type a sum"),
        ({"equity": "5"}, "The paper says Tk 5 as the group's own, the rows come to Tk 279.50"),
        ({"language": "fr"}, "Choose one"),
    ):
        assert why in look(officer, path, OLD, **CUT | said), said
    for row, why in (
        ("1001,,,,,5,,,,", "Row 2: 1001 is not a member of this group"),
        (",জবা,Joba,,,much,,,,", "Row 2: compulsory 'much' is not a sum"),
        (",জবা,,,,5,,,,", "Row 2: a new member needs name_latn"),
        (",জবা,Joba,,,5,,10,,", "instalments"),
    ):
        assert why in look(officer, path, OLD.splitlines()[0] + "\n" + row, **CUT), row
        assert "shown" not in hidden(officer)
    assert officer.get("/groups/1/cutoff").status_code == 200
    assert "has begun with entry" in officer.text
    with reading(runtime) as db:
        assert members.of_group(db, old) == []


# ---- words of sheets ----


def test_every_sentence_about_a_sheet_is_translated() -> None:
    """Each template of `Said` and of `Unreadable` stands in the table, and the table has no other."""
    used = set()
    for module in (imports, members_check, cutoff_check, importing):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Said", "Unreadable"):
                (first, *_) = node.args
                if isinstance(first, ast.Constant):
                    used.add(first.value)
    assert used == SENTENCES
