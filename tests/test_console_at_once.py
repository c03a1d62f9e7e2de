"""Clicks that meet: one form twice at once, two people's at once, a yes with a no; what was shown is what is posted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
import time_machine
from conftest import BOTH
from flask import Flask
from group_money import agree
from group_money import agreed
from group_money import audited
from group_money import lend
from group_money import look
from group_money import one
from group_money import origin
from group_money import taka
from group_money import today
from group_money import write
from office import Browser
from office import add
from office import answer_of
from office import field_of
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import text
from test_console_messages import ask
from test_console_messages import say
from test_console_messages import sent
from test_console_messages import write as write_to_many

from gateway.app import create_app
from gateway.console.views import agents as agents_page
from gateway.console.views import loans as loans_page
from gateway.console.views import stock as stock_page
from gateway.runtime import Runtime
from gateway.sms import audience
from gateway.sms import broadcasts
from gateway.sms import delivery
from gateway.tasks import running
from gateway.tasks.life import task_table
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import agents
from ledger import approvals
from ledger import catalogue
from ledger import decisions
from ledger import deliveries
from ledger import fines
from ledger import hubs
from ledger import listings
from ledger import members
from ledger import orders
from ledger import repayments
from ledger import savings
from ledger import steps
from ledger import stock
from ledger import suppliers
from ledger.books import entry_table
from ledger.listings import Listing

NASRIN, MINOTI = "1009", "1010"
POSTGRESQL = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
"""On SQLite there is one writer: nothing comes between what a click reads and what it writes."""


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


@pytest.fixture
def officer(runtime: Runtime, app: Flask) -> Browser:
    return Browser(app).enter(runtime, add(runtime, "officer"))


def her(runtime: Runtime, code: str = NASRIN) -> members.Member:
    with reading(runtime) as db:
        return one(db, code)


def count(runtime: Runtime, kind: str) -> int:
    with reading(runtime) as db:
        return int(db.execute(select(func.count()).where(entry_table.c.kind == kind)).scalar_one())


def at_once(app: Flask, clicks: Sequence[tuple[str, str, dict[str, str]]]) -> list[int]:
    """Clicks (cookie, path, form) of several windows at the same time; the status of each."""

    def click(one: tuple[str, str, dict[str, str]]) -> int:
        cookie, path, form = one
        window = Browser(app)
        window.client.set_cookie("somiti", cookie, domain="127.0.0.1")
        while (status := window.post(path, form).status_code) == 503:
            pass
        return status

    with ThreadPoolExecutor(len(clicks)) as threads:
        return list(threads.map(click, clicks))


@contextmanager
def just_before(
    place: Any, monkeypatch: pytest.MonkeyPatch, runtime: Runtime, do: Callable[[Any], object], verb: str = "lock"
) -> Iterator[None]:
    """While a click waits to lock a book, somebody else does something in it."""
    done: list[bool] = []
    lock = getattr(place, verb)

    def slower(db: Any, books: Any) -> Any:
        if not done:
            done.append(True)
            with transaction(runtime, tell=False) as other:
                do(other)
        return lock(db, books)

    with monkeypatch.context() as patched:
        patched.setattr(place, verb, slower)
        yield
    assert done


# ---- the same form, and two people's ----


@BOTH
def test_a_form_sent_many_times_at_once_is_carried_out_once(runtime: Runtime, app: Flask, officer: Browser) -> None:
    member = her(runtime)
    path = f"/members/{member.id}/fine"
    form = {"form": officer.field(path), "what": "charge", "sum": "25", "reason": "late"}
    assert at_once(app, [(officer.cookie, path, form)] * 6) == [303] * 6
    with reading(runtime) as db:
        assert fines.owed(db, member) == taka(25)
    assert audited(runtime) == []


@BOTH
def test_two_ask_to_have_an_entry_undone_and_one_says_yes_while_another_says_no(runtime: Runtime, app: Flask) -> None:
    member = her(runtime)
    with transaction(runtime, tell=False) as db:
        entry = savings.deposit(db, member, taka(70), origin("deposit"), "voluntary")
    people = [Browser(app).enter(runtime, add(runtime, "admin", f"admin{each}")) for each in range(4)]
    path = f"/books/group/1/{entry.number}/undo"
    asked = [(each.cookie, path, {"form": each.field(path), "reason": "twice"}) for each in people[:2]]
    assert sorted(at_once(app, asked)) == [303, 409]
    answers = ("yes", "no", "yes", "no")
    forms = []
    for each, answer in zip(people, answers, strict=True):
        shown = each.get("/seconds/1").get_data(as_text=True)
        if re.search('name="form" value="[^"]+"[^§]*name="answer"', shown):
            form = {"form": field_of(shown), "answer": answer, "reason": "so it is"}
            forms.append((each.cookie, "/seconds/1", form))
    assert len(forms) == 3, "not who asked"
    late = {"form": people[0].field(path), "reason": "again"}
    said = at_once(app, forms)
    assert sorted(said) == [303, 409, 409]
    won = forms[said.index(303)][2]["answer"]
    assert count(runtime, "reversal") == (won == "yes")
    assert audited(runtime) == []
    if won == "yes":
        assert (people[0].post(path, late).status_code, count(runtime, "reversal")) == (409, 1), "undone once"


@POSTGRESQL
def test_an_instalment_is_posted_as_it_was_shown_or_looked_at_again(
    runtime: Runtime, officer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = her(runtime)
    with transaction(runtime, tell=False) as db:
        loan = lend(db, member, 5000, 5, today() - timedelta(days=60))
    before = count(runtime, "loan.repay")
    path, typed = f"/loans/{loan}/repay", {"sum": "900", "money": "cash"}
    look(officer, path, **typed)
    form = agreed(officer) | typed

    def pays(db: Any) -> None:
        repayments.repay(db, member, loan, taka(1000), origin("other"))

    with just_before(loans_page, monkeypatch, runtime, pays):
        assert officer.post(path, form).status_code == 200, officer.text
    assert "Nothing is written yet" in officer.text
    assert count(runtime, "loan.repay") == before + 1

    officer.get(f"/loans/{loan}/close")
    shown = re.search(r'name="shown" value="([^"]+)"', answer_of(officer).get_data(as_text=True))
    if shown is None:
        look(officer, f"/loans/{loan}/close", money="cash")
        form = agreed(officer) | {"money": "cash"}
    else:
        page = answer_of(officer).get_data(as_text=True)
        form = {"form": field_of(page), "shown": shown[1], "step": "write", "money": "cash"}

    def pays_more(db: Any) -> None:
        repayments.repay(db, member, loan, taka(300), origin("third"))

    with just_before(loans_page, monkeypatch, runtime, pays_more):
        assert officer.post(f"/loans/{loan}/close", form).status_code == 200, officer.text
    assert (count(runtime, "loan.repay"), count(runtime, "loan.close-early")) == (before + 2, 0)
    assert audited(runtime) == []


@POSTGRESQL
def test_who_leaves_is_handed_over_what_was_shown(
    runtime: Runtime, officer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = her(runtime)
    with transaction(runtime, tell=False) as db:
        savings.deposit(db, member, taka(50), origin("before"), "voluntary")
        leaders = [each for each in members.leaders(db, 1) if each.id != member.id]
        asked = decisions.ask_leave(db, leaders[0], member, origin("leave", f"member:{leaders[0].id}"))
        agree(db, asked.id)
    path = f"/requests/{asked.id}/pay"
    shown = officer.get(path).get_data(as_text=True)
    said = re.search(r'name="shown" value="([^"]+)"', shown)
    assert said
    form = {"form": field_of(shown), "shown": said[1], "leader": str(leaders[0].id), "money": "cash"}

    def saves(db: Any) -> None:
        savings.deposit(db, member, taka(10), origin("meanwhile"), "voluntary")

    with just_before(approvals, monkeypatch, runtime, saves, "locked"):
        assert officer.post(path, form).status_code == 200, officer.text
    assert her(runtime).left_on is None
    assert audited(runtime) == []


@POSTGRESQL
def test_goods_and_money_of_a_hub_are_posted_as_shown(
    runtime: Runtime, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Browser(app).enter(runtime, add(runtime, "keeper"))
    with reading(runtime) as db:
        hub = hubs.get(db, 1)
        has = next(each for each in stock.on_hand(db, hub.book, today()) if each.quantity > 20)
        agent = members.get(db, 1)
    typed = {"code": str(has.item.code), "pieces": "3", "reason": "wet"}
    look(keeper, "/stock/1/lost", **typed)

    def dearer(db: Any) -> None:
        supplier = next(iter(catalogue.supplier_ids(db, hub.programme).values()))
        line = suppliers.Received(has.item.id, 50, 50 * 999_99, 0)
        suppliers.goods_in(db, hub.book, supplier, [line], origin("bill"), bill="x1")

    with just_before(stock_page, monkeypatch, runtime, dearer):
        assert keeper.post("/stock/1/lost", agreed(keeper) | typed).status_code == 200, keeper.text
    assert count(runtime, "goods.lost") == 0

    with transaction(runtime, tell=False) as db:
        number = orders.recent(db, agent, 5)[0].number
        for step in (steps.accept, steps.pack, deliveries.dispatch):
            step(db, hub.book, number, origin(step.__name__))
        came = {line.item: line.quantity for line in orders.lines(db, orders.get(db, hub.book, number))}
        deliveries.deliver(db, hub.book, number, came, origin("came"), proof="seen")
        assert agents.owes(db, agent) > taka(100)
    typed, before = {"deed": "pay", "sum": "100"}, count(runtime, "agent.pay")
    look(keeper, "/agents/1/money", **typed)

    def pays(db: Any) -> None:
        agents.pay(db, agent, agents.owes(db, agent) + taka(1), origin("pays"))

    with just_before(agents_page, monkeypatch, runtime, pays):
        assert keeper.post("/agents/1/money", agreed(keeper) | typed).status_code == 200, keeper.text
    assert count(runtime, "agent.pay") == before + 2, "hers, in both books"
    assert audited(runtime) == []


# ---- what was shown ----


@BOTH
def test_a_sheet_changed_after_the_look_is_looked_at_again(runtime: Runtime, officer: Browser) -> None:
    """Two lines swapped come to the same sums, and are something else."""
    with reading(runtime) as db:
        people = members.of_group(db, 1)
        leader = members.leaders(db, 1)[0]
    sheet = {"recorder": str(leader.id), "counted": "0", "day": str(today())}
    for each in people:
        sheet |= {f"how-{each.id}": "present", f"sum-{each.id}": "55"}
    first, second = people[0].id, people[1].id
    sheet |= {f"sum-{first}": "60", f"sum-{second}": "70"}
    path = "/groups/1/sheet"
    look(officer, path, **sheet)
    form = agreed(officer)
    swapped = sheet | {f"sum-{first}": "70", f"sum-{second}": "60"}
    assert officer.post(path, form | swapped).status_code == 200
    assert "Nothing is written yet" in officer.text
    assert officer.post(path, agreed(officer) | swapped).status_code == 303
    assert audited(runtime) == []


@pytest.mark.parametrize(
    ("said", "minor"),
    [
        ("1,234.50", 123450), ("1,23,456", 12345600), ("১,২৩,৪৫৬.৫", 12345650), ("48.5", 4850),
        ("12,345,678", 1234567800),
        ("48,50", None), ("1,5", None), ("48,500,", None), ("1.234", None), ("-5", None), ("0", None), ("", None),
        ("1,234,5", None), ("1e3", None), ("1 000", None), ("0.001", None), ("99999999999", None),
    ],
)  # fmt: skip
def test_a_comma_stands_between_thousands_and_nowhere_else(
    runtime: Runtime, officer: Browser, said: str, minor: int | None
) -> None:
    member = her(runtime)
    path = f"/members/{member.id}/fine"
    answer = officer.send(path, what="charge", sum=said, reason="late")
    assert answer.status_code == (422 if minor is None else 303), officer.text
    with reading(runtime) as db:
        assert fines.owed(db, member).minor == (minor or 0)


def test_goods_on_instalments_by_another_plan_are_looked_at_again(runtime: Runtime, app: Flask) -> None:
    keeper = Browser(app).enter(runtime, add(runtime, "keeper"))
    with reading(runtime) as db:
        has = next(each for each in stock.on_hand(db, hubs.get(db, 1).book, today()) if each.quantity)
    typed = {"hub": "1", "member": NASRIN, "item": str(has.item.code), "price": "1000", "down": "0", "times": "3",
             "method": "flat", "rate": "0%/month"}  # fmt: skip
    look(keeper, "/instalments/new", **typed)
    form = agreed(keeper)
    other = typed | {"rate": "0.02%/month"}
    assert keeper.post("/instalments/new", form | other).status_code == 200, "only the last sum is another"
    assert count(runtime, "emi.open") == 0


@BOTH
def test_what_somebody_else_changed_is_not_undone_unseen(runtime: Runtime, app: Flask) -> None:
    people = [Browser(app).enter(runtime, add(runtime, "admin", name)) for name in ("tania", "mina")]
    pattern = r'<(?:input|select)[^>]*name="([^"]+)"'

    def form_of(browser: Browser, path: str) -> dict[str, str]:
        page = browser.get(path).get_data(as_text=True)
        known = re.search(r'name="known" value="([^"]+)"', page)
        assert known
        assert re.search(pattern, page)
        return {"form": field_of(page), "known": known[1]}

    member = her(runtime)
    path = f"/members/{member.id}/change"
    mine, hers = (form_of(each, path) for each in people)
    assert people[0].post(path, mine | {"role": "leader", "language": "bn"}).status_code == 303
    assert people[1].post(path, hers | {"role": "member", "language": "en"}).status_code == 409
    assert "Somebody changed this meanwhile" in people[1].text
    assert (her(runtime).role, her(runtime).language) == ("leader", "bn")
    page = answer_of(people[1]).get_data(as_text=True)
    known = re.search(r'name="known" value="([^"]+)"', page)
    assert known
    again = {"form": field_of(page), "known": known[1], "role": "leader", "language": "en"}
    assert people[1].post(path, again).status_code == 303, "she has seen it"
    assert (her(runtime).role, her(runtime).language) == ("leader", "en")


# ---- sending to many ----


def test_what_is_held_for_too_long_goes_no_more(runtime: Runtime, app: Flask) -> None:
    browser, admin = (Browser(app).enter(runtime, add(runtime, role)) for role in ("officer", "admin"))
    path = write_to_many(browser)
    ask(browser, path)
    say(admin)
    browser.send(path, deed="hold")
    running.some(runtime, Event())
    later = datetime.now(UTC) + broadcasts.HOLD
    for days in (0, 1, 2):
        delivery.sweep(runtime, later + timedelta(days=days, seconds=1))
    assert {state for _, _, state in sent(runtime)} == {"dropped"}


@POSTGRESQL
def test_a_stop_while_its_messages_are_being_written(
    runtime: Runtime, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop waits for the step, the step never for the stop; what the step wrote is given up."""
    browser, admin = (Browser(app).enter(runtime, add(runtime, role)) for role in ("officer", "admin"))
    path = write_to_many(browser)
    ask(browser, path)
    say(admin)
    form, some, stops = {"form": browser.field(path), "deed": "stop"}, audience.some, []
    waits = text("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")

    with ThreadPoolExecutor(1) as threads:

        def looking(*what: Any) -> Any:
            stops.append(threads.submit(browser.post, path, form))
            until = time.monotonic() + 1
            with runtime.database.reading() as db:
                while not db.execute(waits).first() and time.monotonic() < until:
                    db.execute(text("select pg_stat_clear_snapshot()"))
            return some(*what)

        monkeypatch.setattr(audience, "some", looking)
        running.some(runtime, Event())
        assert stops[0].result().status_code == 303, browser.text
    assert {state for _, _, state in sent(runtime)} == {"dropped"}
    with reading(runtime) as db:
        assert set(db.execute(select(task_table.c.tries)).scalars()) == {0}, "nobody was in the way"


# ---- midnight ----


def test_after_midnight_in_dhaka_it_is_the_next_day(runtime: Runtime, app: Flask) -> None:
    night = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    with time_machine.travel(night, tick=False):
        keeper = Browser(app).enter(runtime, add(runtime, "keeper"))
        with transaction(runtime, tell=False) as db:
            on = today()
            known = listings.listing(db, 1, on)
            new = replace(next(iter(known.items.values())), code=199_999)
            listings.revise(db, 1, Listing({}, {}, {new.code: new}), on, night)
            hub, item = hubs.get(db, 1), catalogue.by_code(db, 1, new.code, on)
            supplier = next(iter(catalogue.supplier_ids(db, 1).values()))
            line = suppliers.Received(item.id, 9, 9_00, 0)
            suppliers.goods_in(db, hub.book, supplier, [line], origin("bill"), bill="x1")
            agent = members.get(db, 1)
            placed = orders.place(db, agent, [orders.Pick(item.id, 1, item.price.minor)], origin("order", "member:1"))
        assert keeper.get(f"/orders/1/{placed.number}").status_code == 200
        officer = Browser(app).enter(runtime, add(runtime, "officer"))
        member = her(runtime)
        write(officer, f"/members/{member.id}/take", sum="50", money="cash")
    with reading(runtime) as db:
        last = select(entry_table.c.event_on).where(entry_table.c.channel == "console")
        assert {str(day) for day in db.execute(last).scalars()} == {"2026-11-23"}
    assert audited(runtime) == []
