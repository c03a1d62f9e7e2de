"""USSD over bdapps: a hop is acknowledged at once, its screen is a call of ours, and nothing runs twice."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from conftest import BOTH
from conftest import SECRETS
from conftest import Templates
from flask.testing import FlaskClient
from handsets import Server
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from test_canary import places

from gateway.app import create_app
from gateway.callbacks import showing
from gateway.callbacks import ussd
from gateway.dialogues import dialogue_table
from gateway.dialogues import hop_table
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.stub import Stub
from gateway.stub.ledger import Screen
from gateway.stub.trouble import Act
from gateway.stub.trouble import Trouble
from gateway.transaction import reading
from ledger import audit
from ledger.orders import order_table
from locales.alphabet import octets

ORDER = "1 52907 1 1 2 101 3 1"
RAHIMA = "tel:8801711000001"
MASKED = "tel:AZ110PfmyuLKJ9lKZ6rWx0uGcH3tTa5ArTnMhYnpd+3l0A="
DOOR = "Ke bolchen?"
OVER = "Ei call shesh"

Post = Callable[[dict[str, Any]], tuple[int, dict[str, str]]]


class Handset:
    """A phone on Robi: it posts hops as bdapps does, and sees what the stub was told to show."""

    def __init__(self, post: Post, stub: Stub, address: str, call: str) -> None:
        self.post, self.stub, self.address, self.call = post, stub, address, call
        self.ids = count(1)
        self.seen = 0

    def hop(self, message: str, operation: str = "mo-cont", request: str = "", **more: str) -> dict[str, Any]:
        return {
            "message": message,
            "ussdOperation": operation,
            "requestId": request or f"r{next(self.ids)}",
            "sessionId": self.call,
            "encoding": "440",
            "sourceAddress": self.address,
            "applicationId": "APP_1",
            "version": "1.0",
        } | more

    def send(self, message: str, operation: str = "mo-cont", request: str = "", **more: str) -> str:
        """One hop; the screen that follows it."""
        assert self.post(self.hop(message, operation, request, **more)) == (
            200,
            {"statusCode": "S1000", "statusDetail": "Success"},
        )
        return self.next().text

    def dial(self, keys: str = "") -> str:
        shown = self.send("*213*27#", "mo-init")
        for key in keys.split():
            shown = self.send(key)
        return shown

    def screens(self) -> list[Screen]:
        return [screen for screen in self.stub.ledger.screens() if screen.call == self.call]

    def next(self) -> Screen:
        """The next screen that comes; it is waited for."""
        for _ in range(1000):
            if len(screens := self.screens()) > self.seen:
                self.seen += 1
                return screens[self.seen - 1]
            time.sleep(0.01)
        raise AssertionError("no screen came")


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    with Stub(tmp_path / "stub", trouble=Trouble(hold=6)) as stub:
        yield stub


def account(stub: Stub) -> dict[str, str]:
    return {"BDAPPS_APPLICATION_ID": "APP_1", "BDAPPS_PASSWORD": "hush", "BDAPPS_URL": stub.url}


@pytest.fixture
def robi(open_demo: Callable[..., Runtime], stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setattr(showing, "WAITS", (0.05, 0.05, 0.05))
    return open_demo(**account(stub))


def poster(client: FlaskClient, runtime: Runtime) -> Post:
    path = f"/ussd/bdapps/{runtime.settings.callback_secret}"

    def post(hop: dict[str, Any]) -> tuple[int, dict[str, str]]:
        # Buffered, so that the response is closed, as a server does after the last octet.
        reply = client.post(path, json=hop, buffered=True)
        return reply.status_code, reply.json or {"error": reply.text}

    return post


@pytest.fixture
def handset(robi: Runtime, stub: Stub) -> Callable[..., Handset]:
    client, calls = create_app(robi).test_client(), count(1)

    def ring(address: str = RAHIMA) -> Handset:
        return Handset(poster(client, robi), stub, address, f"13309293170{next(calls)}")

    return ring


def rows(runtime: Runtime, table: Any) -> int:
    with reading(runtime) as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


@BOTH
def test_an_order(robi: Runtime, handset: Callable[..., Handset]) -> None:
    before = rows(robi, order_table)
    caller = handset()
    assert caller.dial(ORDER).startswith("Order hoyeche")
    shown = caller.screens()
    assert [screen.operation for screen in shown] == ["mt-cont"] * 8 + ["mt-fin"]
    assert {screen.address for screen in shown} == {RAHIMA}
    assert all(screen.text.isascii() and octets(screen.text) <= 140 for screen in shown)
    assert rows(robi, order_table) == before + 1
    with reading(robi) as db:
        assert [each for each in audit.check(db) if not isinstance(each, int)] == []


@BOTH
def test_every_request_twice_shows_the_same_screen_again_and_runs_nothing(
    robi: Runtime, handset: Callable[..., Handset]
) -> None:
    before = rows(robi, order_table)
    caller = handset()
    assert caller.send("*213*27#", "mo-init", "d1") == caller.send("*213*27#", "mo-init", "d1")
    assert caller.send("*213*27#", "mo-init", "d2") == caller.screens()[0].text
    for place, key in enumerate(ORDER.split()):
        assert caller.send(key, request=f"k{place}") == caller.send(key, request=f"k{place}")
    assert rows(robi, order_table) == before + 1
    assert rows(robi, message_table) == 1
    assert rows(robi, hop_table) == 9


@BOTH
def test_the_same_request_many_times_at_once(robi: Runtime, handset: Callable[..., Handset]) -> None:
    before = rows(robi, order_table)
    caller = handset()
    caller.dial("1 52907 1 1 2 101 3")
    app = create_app(robi)
    last = caller.hop("1", request="last")
    with ThreadPoolExecutor(8) as pool:
        posts = [pool.submit(poster(app.test_client(), robi), last) for _ in range(12)]
        assert {post.result()[0] for post in posts} == {200}
    shown = {caller.next() for _ in range(12)}
    assert len(shown) == 1
    assert shown.pop().operation == "mt-fin"
    assert rows(robi, order_table) == before + 1


def test_an_older_request_after_a_newer_one_shows_nothing(robi: Runtime, handset: Callable[..., Handset]) -> None:
    """Its screen would take the place of the one she is on, and her next answer would go to the wrong question."""
    caller = handset()
    caller.dial("1 52907")
    status, told = caller.post(caller.hop("1", request="r2"))
    assert (status, told["statusCode"]) == (200, "S1000")
    before = len(caller.screens())
    assert caller.send("3").startswith("Sonchoy")
    robi.errands.shutdown()
    assert len(caller.screens()) == before + 1


def test_a_screen_that_did_not_get_through_is_shown_again(robi: Runtime, stub: Stub, handset: Any) -> None:
    caller = handset()
    stub.trouble.script([Act.DOWN, Act.BUSY, Act.ERROR])
    assert caller.dial().startswith(DOOR)
    acts = [message.act for message in stub.ledger.requests()]
    assert acts == ["down", "busy", "error", "take"]


def test_a_screen_that_may_be_there_is_shown_again(robi: Runtime, stub: Stub, handset: Any) -> None:
    """Twice the same page harms nobody; none at all ends the call."""
    caller = handset()
    stub.trouble.script([Act.RESET, Act.GATEWAY])
    assert caller.dial() == caller.next().text == caller.next().text


@pytest.mark.parametrize("act", [Act.REFUSE, Act.BROKE])
def test_a_refusal_is_final(robi: Runtime, stub: Stub, handset: Any, act: Act) -> None:
    caller = handset()
    stub.trouble.script([act])
    assert caller.post(caller.hop("*213*27#", "mo-init"))[0] == 200
    robi.errands.shutdown()
    assert [message.act for message in stub.ledger.requests()] == [act]


def test_what_is_tried_again_gives_way_to_a_newer_screen(
    robi: Runtime, stub: Stub, handset: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the first screen got lost, she answered it; its second try must not cover the next screen."""
    waits: list[float] = []
    caller = handset()

    def meanwhile(seconds: float) -> None:
        if not waits:
            waits.append(seconds)
            assert caller.post(caller.hop("1"))[0] == 200
            for _ in range(500):
                if len(caller.screens()) == 2:
                    break
                time.sleep(0.01)

    monkeypatch.setattr(showing, "sleep", meanwhile)
    stub.trouble.script([Act.RESET])
    caller.post(caller.hop("*213*27#", "mo-init"))
    for _ in range(500):
        if len(caller.screens()) == 2:
            break
        time.sleep(0.01)
    robi.errands.shutdown()
    assert waits
    assert [screen.text.split("\n")[0] for screen in caller.screens()] == [DOOR, "Rahima, apnar PIN din"]


def test_a_slow_provider_holds_no_hop(robi: Runtime, stub: Stub, handset: Any) -> None:
    """Every errand hangs on the provider, and hops are acknowledged all the same."""
    stub.trouble.script([Act.HANG] * 8)
    callers = [handset() for _ in range(12)]
    for caller in callers:
        assert caller.post(caller.hop("*213*27#", "mo-init"))[0] == 200
    assert rows(robi, dialogue_table) == 12
    assert {caller.next().operation for caller in callers} == {"mt-cont"}


def test_a_hidden_number_is_asked_who_she_is(handset: Callable[..., Handset]) -> None:
    caller = handset(MASKED)
    assert "code" in caller.dial()
    assert "PIN" in caller.send("1001")
    assert caller.send("52907").startswith("1 Mal order")
    assert {screen.address for screen in caller.screens()} == {MASKED}


@pytest.mark.parametrize("code", ["1001 52907", "1003 70394"])
def test_no_screen_has_a_letter_that_the_wire_has_not(handset: Callable[..., Handset], code: str) -> None:
    """Through every first menu, in romanised Bangla for one who reads Bangla, and in English."""
    for keys in ("1 1", "1 2", "1 3", "2 4", "2 6", "3 1", "3 2", "4 1", "4 2", "7 1", "7 1 2", "7 1 2 1", "7 4"):
        caller = handset(MASKED)
        caller.dial(f"{code} {keys}")
        assert all(screen.text.isascii() and octets(screen.text) <= 140 for screen in caller.screens()), keys
        assert not any("?????" in screen.text for screen in caller.screens()), keys


def test_a_hop_of_an_unknown_call_ends_politely(robi: Runtime, handset: Callable[..., Handset]) -> None:
    caller = handset()
    assert caller.send("1").startswith(OVER)
    assert caller.screens()[0].operation == "mt-fin"
    assert rows(robi, dialogue_table) == 0


def test_an_answer_after_the_end(robi: Runtime, handset: Callable[..., Handset]) -> None:
    caller = handset()
    caller.dial(ORDER)
    orders = rows(robi, order_table)
    assert caller.send("1").startswith(OVER)
    assert rows(robi, order_table) == orders


def test_our_own_fault_is_an_apology_in_latin_letters(
    robi: Runtime, handset: Callable[..., Handset], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = handset()
    caller.dial("1 52907 1 1 2 101 3")
    monkeypatch.setattr("ledger.receipts.issue", lambda *args: 1 / 0)
    apology = caller.send("1", request="broken")
    assert apology.startswith("Dukkhito")
    assert caller.screens()[-1].operation == "mt-fin"
    monkeypatch.undo()
    assert caller.send("1", request="broken") != apology

    @contextmanager
    def losing(*args: Any, **more: Any) -> Iterator[None]:
        raise OperationalError("BEGIN", None, Exception("gone"), connection_invalidated=True)
        yield

    monkeypatch.setattr(ussd, "transaction", losing)
    monkeypatch.setattr(ussd, "reading", losing)
    assert handset().dial().startswith("Dukkhito")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"requestId": 7}, 200),
        ({"vlrAddress": None}, 200),
        ({"applicationId": "APP_2"}, 400),
        ({"requestId": None}, 400),
        ({"requestId": True}, 400),
        ({"message": ["1"]}, 400),
        ({"message": {"a": 1}}, 400),
        ({"sessionId": "a b"}, 400),
        ({"more": "x" * 9000}, 413),
    ],
)
def test_fields(robi: Runtime, handset: Callable[..., Handset], changed: dict[str, Any], status: int) -> None:
    caller = handset()
    assert caller.post(caller.hop("1", "mo-init") | changed)[0] == status


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"[[1, 2]]", b"[" * 4000, b"\xff", b'{"a": "1", "a": "2"}'])
def test_a_body_that_is_no_object(robi: Runtime, body: bytes) -> None:
    path = f"/ussd/bdapps/{robi.settings.callback_secret}"
    reply = create_app(robi).test_client().post(path, data=body, content_type="application/json")
    assert reply.status_code == 400
    assert "Traceback" not in reply.text


def test_a_field_that_comes_twice(robi: Runtime, handset: Callable[..., Handset]) -> None:
    hop = json.dumps(handset().hop("1", "mo-init"))
    path = f"/ussd/bdapps/{robi.settings.callback_secret}"
    twice = hop[:-1] + ', "requestId": "r9"}'
    reply = create_app(robi).test_client().post(path, data=twice, content_type="application/json")
    assert (reply.status_code, reply.text) == (400, "requestId comes 2 times\n")


def test_without_an_account_it_is_not_served(open_demo: Callable[..., Runtime]) -> None:
    runtime = open_demo()
    for path in ("", "/events"):
        reply = create_app(runtime).test_client().post(f"/ussd/bdapps/{runtime.settings.callback_secret}{path}")
        assert reply.status_code == 404


def test_a_call_through_the_real_server(templates: Templates, tmp_path: Path, stub: Stub) -> None:
    """Gunicorn closes the response as the test client does; no PIN stays anywhere, and no log has the password."""
    templates.copy("sqlite", True, tmp_path)
    with Server(tmp_path, SECRETS | account(stub)) as server:

        def post(hop: dict[str, Any]) -> tuple[int, dict[str, str]]:
            body, kind = json.dumps(hop).encode(), {"Content-Type": "application/json;charset=utf-8"}
            request = urllib.request.Request(f"{server.url}/ussd/bdapps/{server.secret}", body, kind)
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status, json.loads(reply.read())

        caller = Handset(post, stub, RAHIMA, "1330929317043")
        caller.dial(ORDER)
        assert [screen.operation for screen in caller.screens()] == ["mt-cont"] * 8 + ["mt-fin"]
        assert places(tmp_path, "52907") == []
    log = server.log.read_text()
    assert "hush" not in log
    assert "8801711000001" not in log
