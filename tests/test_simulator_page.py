"""The simulator: what it relays to the gateway, and what a person sees on its two phones."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flask
import playwright.sync_api as pw
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

import gateway.simulator
from locales import alphabet
from locales.script import canonical

CODE = "*384*27#"
PHONE = "+8801711000001"
PIN = "52907"
SECRET = "a-secret-of-the-path"
CALL = {"phone": PHONE, "session": "sim-1", "code": CODE}
FORM = {"sessionId": "sim-1", "phoneNumber": PHONE, "networkCode": "99999", "serviceCode": CODE}

# ---- what the server relays ----


@dataclass
class Gateway:
    """Stands for the provider's callback: keeps every form and gives one answer."""

    body: str = "CON 1 Order stock"
    screen: str = "home"
    status: int = 200
    forms: list[dict[str, str]] = field(default_factory=list)

    def answer(self) -> flask.Response:
        self.forms.append(flask.request.form.to_dict())
        headers = {"at-ussd-hop-metadata": self.screen}
        return flask.Response(self.body, self.status, headers, content_type="text/plain; charset=utf-8")


@pytest.fixture
def wire() -> Gateway:
    return Gateway()


@pytest.fixture
def app(wire: Gateway) -> flask.Flask:
    app = flask.Flask(__name__)
    app.extensions["somiti"] = SimpleNamespace(settings=SimpleNamespace(callback_secret=SECRET, ussd_code=CODE))
    app.register_blueprint(gateway.simulator.blueprint)
    app.post(f"/ussd/africastalking/{SECRET}", endpoint="hop")(wire.answer)
    app.post(f"/ussd/africastalking/{SECRET}/events", endpoint="events")(wire.answer)
    return app


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    return app.test_client()


def hop(client: FlaskClient, **changes: Any) -> Any:
    return client.post("/simulator/hop", json=CALL | {"text": ""} | changes)


def test_a_hop_is_the_providers_form(client: FlaskClient, wire: Gateway) -> None:
    wire.body = f"CON {(text := '1 মাল অর্ডার')}"
    answer = hop(client, text=f"1*{PIN}").get_json()
    assert wire.forms == [FORM | {"text": f"1*{PIN}"}]
    assert answer == {"text": text, "ends": False, "octets": 24, "encoding": "ucs2", "secret": False}


def test_an_end_ends_and_asks_for_nothing(client: FlaskClient, wire: Gateway) -> None:
    wire.body, wire.screen = "END Wrong PIN", "pin.end"
    answer = {"text": "Wrong PIN", "ends": True, "octets": 8, "encoding": "gsm7", "secret": False}
    assert hop(client, text="1").get_json() == answer


@pytest.mark.parametrize(
    ("secret", "screens"),
    [
        (True, "pin pin.wrong settings.pin settings.pin.new code.pin"),
        (False, "home code who pinned order.pin settings settings.language"),
    ],
)
def test_which_screens_ask_for_a_pin(client: FlaskClient, wire: Gateway, secret: bool, screens: str) -> None:
    for wire.screen in screens.split():
        assert hop(client).get_json()["secret"] is secret, wire.screen


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(status, "CON sorry", "gateway") for status in (400, 403, 404, 500)]
    + [(200, body, "malformed") for body in ("", "hello", " CON late", "CONtinue", "<html>")],
)
def test_a_gateway_in_trouble(client: FlaskClient, wire: Gateway, status: int, body: str, error: str) -> None:
    wire.status, wire.body = status, body
    answer = hop(client)
    assert (answer.status_code, answer.get_json()) == (
        400 if 400 <= status < 500 else 502,
        {"error": error, "status": status},
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("phone", ["01711000001", "+880171100000x", PHONE + "\n", None]),
        ("session", ["", "s" * 65, "a b"]),
        ("code", ["384", "", "*384*27"]),
        ("text", [1, "1\n2", "1" * 2001]),
        ("extra", ["1"]),
    ],
)
def test_strict_fields(client: FlaskClient, wire: Gateway, name: str, values: list[Any]) -> None:
    for value in values:
        answer = hop(client, **{name: value})
        expected = (400, "body" if name == "extra" else name)
        assert (answer.status_code, answer.get_json()["error"]) == expected, value
    assert hop(client, code="*123#").status_code == 404, "nobody serves this code: the gateway is not asked"
    assert wire.forms == []


@pytest.mark.parametrize("path", ["/simulator/hop", "/simulator/end"])
@pytest.mark.parametrize("data", ["", "{", "[]", '{"phone": "+8801711000001"}', '{"text": "%s"}' % ("1" * 9000)])
def test_only_whole_json_is_taken(client: FlaskClient, wire: Gateway, path: str, data: str) -> None:
    assert client.post(path, data=data, content_type="application/json").status_code == 400
    whole = json.dumps(CALL if path.endswith("end") else CALL | {"text": ""})
    for foreign in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert client.post(path, data=whole, content_type=foreign).status_code == 400
    assert wire.forms == []


def test_hanging_up_is_the_providers_end_event(client: FlaskClient, wire: Gateway) -> None:
    assert client.post("/simulator/end", json=CALL).get_json() == {"ended": True}
    [form] = wire.forms
    assert datetime.strptime(form.pop("date"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) <= datetime.now(UTC)
    counts = {"cost": "0", "durationInMillis": "0", "hopsCount": "0"}
    texts = dict.fromkeys(["hopsMetadata", "input", "lastAppResponse", "errorMessage"], "")
    assert form == FORM | counts | texts | {"status": "Incomplete"}


@pytest.mark.parametrize("status", [200, 500])
def test_a_pin_reaches_no_log(client: FlaskClient, wire: Gateway, caplog: Any, capfd: Any, status: int) -> None:
    wire.status = status
    caplog.set_level(logging.DEBUG)
    hop(client, text=f"1*{PIN}")
    hop(client, text=f"1*{PIN}\n")
    assert wire.forms[0]["text"] == f"1*{PIN}"
    assert PIN not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("query", ["%2B8801711000001", "+8801711000001"])
def test_messages(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    shown = {"text": "লেখা হয়েছে", "parts": 1, "units": 11, "encoding": "ucs2", "state": "sent"}
    row = SimpleNamespace(created_at=datetime(2026, 11, 22, 4, 30, tzinfo=UTC), **shown)
    rows = {("db", PHONE, 20): [row]}
    monkeypatch.setattr("gateway.simulator.reading", lambda runtime: nullcontext("db"))
    monkeypatch.setattr("gateway.outbox.recent", lambda db, number, limit: rows[db, number, limit])
    answer = client.get(f"/simulator/messages?phone={query}")
    assert answer.get_json() == [shown | {"at": "2026-11-22T04:30:00+00:00"}]


def test_messages_of_no_number(client: FlaskClient) -> None:
    for query in ("", "?phone=", "?phone=88017", "?phone=%2B880%25"):
        assert client.get(f"/simulator/messages{query}").status_code == 400


@pytest.mark.parametrize("path", ["/", "/simulator/static/simulator.js", "/simulator/messages"])
def test_every_answer_is_hardened(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'self'", "font-src 'self'", "frame-ancestors 'none'"} <= set(policy)


def test_the_page_is_self_contained(app: flask.Flask, client: FlaskClient) -> None:
    demo: list[dict[str, str]] = []
    app.context_processor(lambda: {"demo_handsets": demo})
    html = client.get("/").get_data(as_text=True)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://|<script>", html)
    assert "data-number" not in html, "no handsets unless the server passes them"
    demo.append({"number": PHONE, "who": "Rahima <b>", "pin": "60418", "language": "English"})
    html = client.get("/").get_data(as_text=True)
    assert html.count(f'data-number="{PHONE}" data-who="Rahima &lt;b&gt;"') == 2


def test_both_languages_say_everything() -> None:
    path = Path(gateway.simulator.__file__).parent / "static" / "words.json"
    english, bangla = json.loads(path.read_text(encoding="utf-8")).values()
    assert english.keys() == bangla.keys()
    for key, text in bangla.items():
        assert text == canonical(text)
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key]))


# ---- what a person sees ----

MEASURES = "box => [box.scrollHeight - box.clientHeight, box.scrollWidth - box.clientWidth]"
PAGES = {
    "conjuncts": "ক্ষুদ্র ঋণের কিস্তি\n১২ নভেম্বর স্ত্রী দ্ব্যর্থ\n" + "ক্ষ্ম্য" * 4,
    "nine lines": "\n".join(f"{n} ম্যামম" for n in range(1, 10)),
    "wide letters": "W" * 182,
    "ten lines": "\n".join(["A line of a menu"] * 10),
}


@pytest.fixture
def page(chromium: pw.Browser, live_server: str) -> Iterator[pw.Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(live_server)
    expect(Handset(page).screen).not_to_be_empty()  # only now does the script listen
    yield page
    context.close()


class Handset:
    """One phone of the page, used as a hand would."""

    def __init__(self, page: pw.Page, n: int = 1) -> None:
        self.station = page.locator(f'.station[data-n="{n}"]')
        self.phone = self.station.locator(".phone")
        self.number = self.station.locator(".number")
        self.screen, self.line, self.tray, self.state = map(self.part, ("text", "line", "tray", "state"))

    def part(self, name: str) -> pw.Locator:
        return self.station.locator(f'[data-part="{name}"]')

    def press(self, *keys: str) -> None:
        for key in keys:
            self.phone.locator(f'[data-key="{key}"]').click()

    def call(self, typed: str = "") -> str:
        """Type, press the green key, wait for the answer: the new screen."""
        self.press(*typed, "call")
        expect(self.phone).to_have_attribute("aria-busy", "false", timeout=10_000)
        return self.screen.inner_text()


def answer_with(page: pw.Page, **answer: Any) -> None:
    body = {"ends": False, "octets": 160, "encoding": "ucs2", "secret": False} | answer
    page.route("**/simulator/hop", lambda route: route.fulfill(json=body))


@pytest.mark.browser
def test_dialling_shows_the_first_page_and_its_size(page: pw.Page) -> None:
    phone = Handset(page)
    phone.press(*CODE)
    expect(phone.line).to_have_text(CODE)
    screen = phone.call()
    assert "\n1 " in screen
    expect(phone.state).to_have_text("In a call")
    expect(phone.part("octets")).to_have_text(f"{alphabet.octets(screen)}/160")
    expect(phone.part("encoding")).to_have_text("GSM-7" if alphabet.is_gsm(screen) else "UCS-2")


@pytest.mark.browser
def test_a_pin_is_never_on_the_page(page: pw.Page) -> None:
    phone = Handset(page)
    phone.call(CODE)
    phone.call("1")
    phone.press(*PIN)
    expect(phone.line).to_have_text("•••••")
    phone.press("clear")
    phone.call(PIN[-1])
    phone.press("1")
    expect(phone.line).to_have_text("1")
    assert PIN not in phone.station.inner_html()


@pytest.mark.browser
def test_an_order_ends_the_call_and_brings_a_message(page: pw.Page) -> None:
    phone = Handset(page)
    for answer in (CODE, "1", PIN, "1", "1", "2", "101", "3"):
        phone.call(answer)
    assert re.search(canonical("অর্ডার হয়েছে") + r"\D*\d+", canonical(phone.call("1")))
    expect(phone.line).to_have_text("Call ended")
    expect(phone.tray.locator("li").first).to_contain_text("কোড", timeout=20_000)


@pytest.mark.browser
def test_after_the_end_a_key_starts_anew_and_the_other_phone_rests(page: pw.Page) -> None:
    answer_with(page, text="ধন্যবাদ", ends=True)
    phone, other = Handset(page, 1), Handset(page, 2)
    other.press("5")
    assert phone.call() == "ধন্যবাদ"
    phone.press("7")
    expect(phone.line).to_have_text("7")
    expect(phone.state).to_have_text("Ready")
    expect(other.line).to_have_text("5")


@pytest.mark.browser
def test_the_red_key_hangs_up(page: pw.Page) -> None:
    phone = Handset(page)
    phone.call(CODE)
    with page.expect_response("**/simulator/end") as sent:
        phone.press("end")
    assert sent.value.status == 200
    assert json.loads(sent.value.request.post_data or "{}").keys() == {"phone", "session", "code"}
    expect(phone.line).to_have_text("Call ended")
    phone.press("end")
    expect(phone.screen).to_have_text(f"Press Call to dial {CODE}, or type another code.")


@pytest.mark.browser
def test_a_computers_keyboard_works(page: pw.Page) -> None:
    phone = Handset(page)
    phone.phone.focus()
    page.keyboard.type(CODE)
    page.keyboard.press("Enter")
    expect(phone.state).to_have_text("In a call")
    phone.press("1", "2")
    page.keyboard.press("Backspace")
    expect(phone.line).to_have_text("1")
    page.keyboard.press("Escape")
    expect(phone.line).to_have_text("Call ended")


@pytest.mark.browser
def test_troubles_are_said_in_a_sentence(page: pw.Page) -> None:
    phone = Handset(page)
    refusal = {"error": "gateway", "status": 403}
    assert phone.call("*123#") == f"No service answers at this code. Dial {CODE}."
    page.route("**/simulator/hop", lambda route: route.fulfill(status=502, json=refusal))
    assert phone.call() == "The gateway refused this call (error 403)."
    page.route("**/simulator/hop", lambda route: route.fulfill(status=500, body="<html>"))
    assert phone.call() == "The gateway failed at this step (error 500)."
    page.route("**/simulator/hop", lambda route: route.abort())
    assert phone.call() == "The server does not answer. See that it is running, then dial again."
    phone.number.fill("12")
    assert phone.call() == "This is not a full phone number. Write it like +8801711000001."
    phone.number.fill("০১৭১১-০০০০০৩")
    phone.number.press("Tab")
    expect(phone.number).to_have_value("+8801711000003")


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 800, 1280])
@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_a_full_page_fits_the_screen(page: pw.Page, width: int, text: str) -> None:
    assert 140 <= alphabet.octets(text) <= alphabet.USSD_OCTETS
    page.set_viewport_size({"width": width, "height": 800})
    answer_with(page, text=text)
    phone = Handset(page)
    assert phone.call() == text
    assert phone.screen.evaluate(MEASURES) == [0, 0]
    assert page.locator("html").evaluate(MEASURES)[1] == 0


@pytest.mark.browser
def test_the_page_speaks_bangla_and_loads_from_here_only(page: pw.Page, live_server: str) -> None:
    phone = Handset(page)
    complaints: list[str] = []
    hosts: set[str] = set()
    page.locator("#language").click()
    expect(phone.phone.locator('[data-key="call"]')).to_have_attribute("aria-label", "কল করুন বা পাঠান")
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "bn")
    expect(phone.station.locator("h2")).to_have_text("ফোন ১")
    font = "document.fonts.load('16px \"Noto Sans Bengali\"', 'ক').then(faces => faces.map(face => face.status))"
    assert page.evaluate(font) == ["loaded"]
    assert (complaints, hosts) == ([], {live_server.split("/")[2]})


@pytest.mark.browser
def test_messages_are_asked_for_only_while_the_page_is_seen(page: pw.Page) -> None:
    asked: list[str] = []
    page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})")
    page.wait_for_timeout(300)
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []
    page.evaluate("delete document.visibilityState")
    page.wait_for_event("request", lambda request: "/simulator/messages?" in request.url, timeout=5000)
