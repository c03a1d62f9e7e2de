"""The console's door: passwords, codes, sign-ins and their limits, tries, cookies, headers, foreign clicks."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
import time_machine
from conftest import BOTH
from flask import Flask
from office import PASSWORD
from office import Browser
from office import add
from office import answer_of
from office import by_name
from office import current_code
from office import field_of
from sqlalchemy import select

from gateway.app import create_app
from gateway.backend import TooSlow
from gateway.console import browser as browser_
from gateway.console import operators
from gateway.console import passwords
from gateway.console import signins
from gateway.console import totp
from gateway.console import tries
from gateway.console import web
from gateway.console.operators import Wanted
from gateway.console.pages import BY_NAME
from gateway.console.pages import PAGES
from gateway.console.tables import sign_in_table
from gateway.console.tables import trail_table
from gateway.console.tables import try_table
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def acts(runtime: Runtime) -> list[str]:
    with reading(runtime) as db:
        return list(db.execute(select(trail_table.c.act).order_by(trail_table.c.at, trail_table.c.id)).scalars())


def where(browser: Browser) -> str:
    answer = answer_of(browser)
    return f"{answer.status_code} {answer.headers.get('Location', '')}".strip()


# ---- the way in ----


@BOTH
def test_name_password_and_code_open_the_door(runtime: Runtime, browser: Browser) -> None:
    who = add(runtime, "admin")
    browser.send("/sign-in", name=" ADMIN ", password=PASSWORD)
    assert where(browser) == "303 /console/"
    half = browser.cookie
    assert browser.get("/").headers["Location"] == "/console/sign-in/code"
    assert acts(runtime) == []
    browser.send("/sign-in/code", code=f" {current_code(runtime, who)[:3]} {current_code(runtime, who)[3:]}")
    assert where(browser) == "303 /console/"
    assert "What waits" in (browser.get("/"), browser.text)[1]
    assert browser.cookie != half, "another token with every step"
    assert acts(runtime) == ["sign-in"]


@BOTH
def test_a_code_is_good_once(runtime: Runtime, app: Flask) -> None:
    who = add(runtime, "admin")
    code = current_code(runtime, who)
    first, second = Browser(app), Browser(app)
    for browser in (first, second):
        browser.send("/sign-in", name="admin", password=PASSWORD)
    first.send("/sign-in/code", code=code)
    assert where(first) == "303 /console/"
    assert second.send("/sign-in/code", code=code).status_code == 422
    assert "used already" in second.text
    assert second.send("/sign-in/code", code=current_code(runtime, who, 1)).status_code == 303, "the next one opens"
    assert acts(runtime) == ["sign-in", "code.wrong", "sign-in"]


def test_a_role_without_money_needs_no_code_and_may_have_one(runtime: Runtime, browser: Browser) -> None:
    add(runtime, "trainer")
    browser.send("/sign-in", name="trainer", password=PASSWORD)
    assert browser.get("/").status_code == 200
    add(runtime, "auditor", factor=True)
    other = Browser(browser.app)
    other.send("/sign-in", name="auditor", password=PASSWORD)
    assert other.get("/").headers["Location"] == "/console/sign-in/code"


def test_who_moves_money_sets_a_code_up_first(runtime: Runtime, browser: Browser) -> None:
    add(runtime, "officer", factor=False)
    browser.send("/sign-in", name="officer", password=PASSWORD)
    assert browser.get("/").headers["Location"] == "/console/authenticator"
    shown = browser.get("/authenticator").get_data(as_text=True)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", shown)[1].replace(" ", "")
    assert f"secret={secret}" in shown
    assert "<svg" in shown
    assert " style=" not in shown
    assert browser.send("/authenticator", code="000000").status_code == 422
    code = totp.pyotp.TOTP(secret).now()
    assert browser.send("/authenticator", code=code).status_code == 303
    assert browser.get("/").status_code == 200
    assert acts(runtime) == ["code.wrong", "totp.set", "sign-in"]
    assert secret not in repr(by_name(runtime, "officer")), "the database alone makes no codes"


def test_a_drawn_password_opens_for_three_days_and_is_replaced(runtime: Runtime, app: Flask) -> None:
    with transaction(runtime) as db:
        wanted = Wanted(1, "Tania", "trainer", "en")
        _, drawn = operators.add(db, runtime.peppers, "tania", wanted, datetime.now(UTC))
    browser = Browser(app)
    browser.send("/sign-in", name="tania", password=drawn)
    assert browser.get("/").headers["Location"] == "/console/sign-in/password"
    for fresh, repeated, said in (
        ("short", "short", "12 characters or more"),
        (drawn, drawn, "another password than the one"),
        ("green tea at five", "green tea at six", "not the same"),
    ):
        assert browser.send("/sign-in/password", fresh=fresh, repeated=repeated).status_code == 422
        assert said in browser.text
        assert fresh not in browser.text
    browser.send("/sign-in/password", fresh="green tea at five", repeated="green tea at five")
    assert browser.get("/").status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        with transaction(runtime) as db:
            late = operators.add(db, runtime.peppers, "late", wanted, datetime.now(UTC) - timedelta(days=3))[1]
        other = Browser(app)
        other.send("/sign-in", name="late", password=late)
        assert "its time is up" in other.text


def test_nobody_learns_which_names_there_are(runtime: Runtime, app: Flask) -> None:
    who = add(runtime, "trainer")
    gone = add(runtime, "trainer", "gone")
    with transaction(runtime) as db:
        operators.disable(db, gone, NOON)
    said = set()
    for name, password in (("trainer", "not her password"), ("nobody", PASSWORD), ("gone", PASSWORD)):
        browser = Browser(app)
        assert browser.send("/sign-in", name=name, password=password).status_code == 422
        said.add(browser.text.replace(name, ""))
    assert len(said) == 1
    assert who.password not in "".join(said)


# ---- limits ----


@pytest.mark.parametrize(
    ("after", "seen", "open_"),
    [
        (timedelta(minutes=29), None, True),
        (timedelta(minutes=30), None, False),
        (timedelta(hours=11, minutes=59), timedelta(minutes=20), True),
        (timedelta(hours=12), timedelta(minutes=20), False),
    ],
)
def test_a_sign_in_ends_by_itself(
    runtime: Runtime, app: Flask, after: timedelta, seen: timedelta | None, open_: bool
) -> None:
    """After half an hour of nothing, and after twelve hours of anything."""
    who = add(runtime, "trainer")
    with time_machine.travel(NOON, tick=False) as clock:
        browser = Browser(app).enter(runtime, who)
        while seen and datetime.now(UTC) + seen < NOON + after:
            clock.shift(seen)
            assert browser.get("/").status_code == 200
        clock.move_to(NOON + after)
        assert browser.get("/").status_code == (200 if open_ else 303)


def test_between_password_and_code_are_ten_minutes(runtime: Runtime, app: Flask) -> None:
    who = add(runtime, "admin")
    with time_machine.travel(NOON, tick=False) as clock:
        browser = Browser(app).enter(runtime, who, passed=False)
        assert browser.get("/sign-in/code").status_code == 200
        clock.shift(timedelta(minutes=10))
        assert browser.get("/sign-in/code").headers["Location"] == "/console/sign-in"


def test_sign_ins_are_seen_and_ended(runtime: Runtime, app: Flask) -> None:
    who = add(runtime, "trainer")
    here, there, third = (Browser(app).enter(runtime, who) for _ in range(3))
    number = re.findall(r'name="which" value="(\d+)"', here.get("/account").get_data(as_text=True))[0]
    assert here.send("/account", which=number, password="not hers at all").status_code == 422
    assert there.get("/").status_code == third.get("/").status_code == 200
    assert here.send("/account", which=number, password=PASSWORD).status_code == 303
    assert sorted(each.get("/").status_code for each in (there, third)) == [200, 303]
    here.send("/account", which="others", password=PASSWORD)
    assert [each.get("/").status_code for each in (here, there, third)] == [200, 303, 303]
    mine = here.field("/account", "/sign-out")
    assert here.post("/sign-out", {"form": mine}).headers["Location"] == "/console/sign-in?said=signed-out"
    assert here.get("/").status_code == 303
    assert acts(runtime) == ["again.wrong", "sign-in.ended", "sign-in.ended", "sign-out"]


def test_nobody_ends_the_sign_in_of_another(runtime: Runtime, app: Flask) -> None:
    mine = Browser(app).enter(runtime, add(runtime, "trainer"))
    hers = Browser(app).enter(runtime, add(runtime, "auditor"))
    with reading(runtime) as db:
        number = db.execute(select(sign_in_table.c.id).order_by(sign_in_table.c.id.desc())).scalars().first()
    Browser(app).enter(runtime, by_name(runtime, "trainer"))
    assert mine.send("/account", which=str(number), password=PASSWORD).status_code == 422
    assert hers.get("/").status_code == 200


def test_another_password_ends_all_other_sign_ins(runtime: Runtime, app: Flask) -> None:
    who = add(runtime, "trainer")
    here, there = (Browser(app).enter(runtime, who) for _ in range(2))
    old = here.cookie
    typed = {"password": PASSWORD, "fresh": "green tea at five", "repeated": "green tea at five"}
    assert here.send("/account/password", **typed).headers["Location"] == "/console/account?said=password-changed"
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 303)
    stolen = Browser(app)
    stolen.client.set_cookie("somiti", old, domain="127.0.0.1")
    assert stolen.get("/").status_code == 303


def test_a_disabled_operator_is_out_at_once(runtime: Runtime, app: Flask) -> None:
    who = add(runtime, "trainer")
    browser = Browser(app).enter(runtime, who)
    with transaction(runtime) as db:
        operators.disable(db, who, datetime.now(UTC))
    assert browser.get("/").status_code == 303


# ---- tries ----


@BOTH
def test_pauses_after_wrong_passwords_double(runtime: Runtime, app: Flask) -> None:
    add(runtime, "trainer")
    said = []
    with time_machine.travel(NOON, tick=False) as clock:
        browser = Browser(app)
        for wait in (0, 0, 0, 0, 0, 0, 60, 0, 60, 60):
            clock.shift(wait)
            browser.send("/sign-in", name="trainer", password="wrong wrong wrong")
            said.append(
                browser.text.split(".")[0].removeprefix("Sign in ") if browser.last.status_code == 429 else "no"
            )
        assert said == ["no"] * 5 + [
            "Too many tries", "no", "Too many tries", "Too many tries", "no",
        ]  # fmt: skip
        browser.send("/sign-in", name="trainer", password=PASSWORD)
        assert answer_of(browser).status_code == 429, "the right one does not help during a pause"
        clock.shift(timedelta(minutes=4))
        browser.send("/sign-in", name="trainer", password=PASSWORD)
        assert answer_of(browser).status_code == 303
    with reading(runtime) as db:
        left = db.execute(select(try_table.c.about).where(try_table.c.about.like("o:%"))).all()
    assert left == [], "who is in begins anew"


def test_a_known_password_does_not_make_codes_guessable(runtime: Runtime, app: Flask) -> None:
    """Giving the right password in between clears nothing: only the code does."""
    add(runtime, "admin")
    codes = []
    with time_machine.travel(NOON, tick=False):
        for _ in range(8):
            browser = Browser(app)
            browser.send("/sign-in", name="admin", password=PASSWORD)
            if answer_of(browser).status_code == 303:
                codes.append(browser.send("/sign-in/code", code="123456").status_code)
    assert codes == [422, 422, 429]


def test_one_address_cannot_try_many_names(runtime: Runtime, app: Flask) -> None:
    add(runtime, "trainer")
    with time_machine.travel(NOON, tick=False):
        browser = Browser(app)
        form = {"form": browser.field("/sign-in"), "password": "wrong wrong wrong"}
        for number in range(tries.ADDRESS.free):
            assert browser.post("/sign-in", form | {"name": f"name{number}"}).status_code == 422
        assert browser.post("/sign-in", form | {"name": "trainer", "password": PASSWORD}).status_code == 429
        other = browser.post(
            "/sign-in", form | {"name": "trainer", "password": PASSWORD}, environ_overrides={"REMOTE_ADDR": "10.0.0.9"}
        )
        assert other.status_code == 303


@BOTH
def test_many_tries_at_once_are_all_counted(runtime: Runtime, app: Flask) -> None:
    def one(_: int) -> bool:
        with runtime.database.writing(60) as db:
            return tries.count(db, tries.of_operator("admin"), tries.OPERATOR, NOON) is None

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(24))) == tries.OPERATOR.free


def test_a_typed_name_is_kept_as_a_hash_only(runtime: Runtime, browser: Browser) -> None:
    browser.send("/sign-in", name="my secret password", password="x")
    with reading(runtime) as db:
        assert "secret" not in repr(db.execute(select(try_table)).all())


# ---- passwords and codes ----


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("four quiet ducks swim", None),
        ("চারটি হাঁস পানিতে ভাসে", None),
        ("xK4-ttp-9Qz-ww", None),
        ("a" * 11, passwords.TOO_SHORT),
        ("x1" * 70, passwords.TOO_LONG),
        ("password1234", passwords.TOO_COMMON),
        ("P4ssw0rd!2026", passwords.TOO_COMMON),
        ("qwertyqwerty", passwords.TOO_COMMON),
        ("bangladesh1971", passwords.TOO_COMMON),
        ("123456789012", passwords.TOO_COMMON),
        ("1qaz2wsx3edc4rfv", passwords.TOO_COMMON),
        ("abcdefghijklm", passwords.TOO_PLAIN),
        ("aabbccaabbcc", passwords.TOO_PLAIN),
        ("Tania-akter-26", passwords.HER_NAME),
    ],
)
def test_which_passwords_do(password: str, fault: str | None) -> None:
    assert passwords.fault(password, "tania", "Tania Akter") == fault


def test_the_list_of_common_passwords_is_there() -> None:
    assert len(passwords.common()) > 3000
    assert {"password", "123456", "somiti", "password1234"} <= passwords.common()


def test_a_drawn_password_does(runtime: Runtime) -> None:
    drawn = [passwords.draw() for _ in range(50)]
    assert len(set(drawn)) == 50
    assert {passwords.fault(each) for each in drawn} == {None}
    stored = passwords.hashed(runtime.peppers, drawn[0])
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in stored
    assert passwords.matches(runtime.peppers, stored, drawn[0])
    assert not passwords.matches(runtime.peppers, stored, drawn[1])


def test_codes_of_one_step_before_and_after_open(runtime: Runtime) -> None:
    kept = totp.half(runtime.peppers, "seed")
    factor = totp.pyotp.TOTP(totp.secret(runtime.peppers, kept))
    step = int(NOON.timestamp()) // 30
    opens = {
        away: totp.step_of(runtime.peppers, kept, factor.at(NOON + timedelta(seconds=30 * away)), NOON, 0)
        for away in (-2, -1, 0, 1, 2)
    }
    assert opens == {-2: None, -1: step - 1, 0: step, 1: step + 1, 2: None}
    assert totp.step_of(runtime.peppers, kept, factor.at(NOON), NOON, step) is None, "used"
    bangla = "".join("০১২৩৪৫৬৭৮৯"[int(digit)] for digit in factor.at(NOON))
    assert totp.step_of(runtime.peppers, kept, bangla, NOON, 0) == step
    for typed in ("", "12345", "1234567", "abcdef"):
        assert totp.step_of(runtime.peppers, kept, typed, NOON, 0) is None


# ---- cookies and headers ----


@pytest.mark.parametrize(
    ("base", "name", "secure"),
    [
        ("http://127.0.0.1:8000", "somiti", False),
        ("http://localhost:8000", "somiti", False),
        ("https://somiti.example", "__Host-somiti", True),
        ("http://somiti.example", "__Host-somiti", True),
        ("https://127.0.0.1", "__Host-somiti", True),
    ],
)
def test_cookies(app: Flask, base: str, name: str, secure: bool) -> None:
    answer = app.test_client().get("/console/sign-in", base_url=base)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    assert set(cookie.split("; ")[1:]) == {"HttpOnly", "Path=/", "SameSite=Lax"} | ({"Secure"} if secure else set())
    assert ("Strict-Transport-Security" in answer.headers) is secure


@pytest.mark.parametrize("path", ["/sign-in", "/", "/nothing", "/static/console.css", "/language"])
def test_every_answer_is_hardened(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert {name: answer.headers.get(name) for name in browser_.HEADERS} == browser_.HEADERS
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {each for each in policy.split("; ") if each.split()[0] in ("script-src", "connect-src")} == {
        "script-src 'self'",
        "connect-src 'self'",
    }
    assert policy.startswith("default-src 'none'")
    if path.startswith("/static"):
        assert "max-age=604800" in answer.headers["Cache-Control"]
    else:
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_first_page_is_light_and_from_here(browser: Browser) -> None:
    page = browser.get("/sign-in").get_data(as_text=True)
    linked = re.findall(r'(?:href|src)="(/console/static[^"]+)"', page)
    css = browser.get(linked[1]).get_data(as_text=True)
    fonts = [f"/console/static/{each}" for each in re.findall(r'url\("([^"]+)"\)', css)]
    assert len(fonts) == 2
    sizes = [len(browser.get(each).data) for each in (*linked, *fonts)]
    assert len(page.encode()) + sum(sizes) < 100_000
    assert browser.get(linked[1]).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not re.search(r"https?://|<script|<style|\sstyle=|\son[a-z]+=|javascript:", page + css)


# ---- foreign and double clicks ----

POSTING = [page for page in PAGES if page.may_post]


@pytest.mark.parametrize("page", POSTING, ids=lambda page: page.name)
def test_a_click_from_elsewhere_does_nothing(runtime: Runtime, app: Flask, page) -> None:
    """No field, one of another page, of another visitor, torn, or sent by another site's page: all refused."""
    role = sorted(page.may_post)[0]
    browser = Browser(app)
    if role in ("half", "nobody"):
        browser.enter(runtime, add(runtime, "admin"), passed=False)
    else:
        browser.enter(runtime, add(runtime, role))
    secret, cookie = runtime.settings.secret_key, browser.cookie
    path = re.sub("<[^>]+>", "1", page.route)
    genuine = web.forms.made(secret, cookie, page.name)
    other = next(each.name for each in PAGES if each is not page)
    for field, headers in (
        ("", {}),
        ("torn" + genuine, {}),
        (genuine.replace(genuine[:8], "00000000"), {}),
        (web.forms.made(secret, cookie, other), {}),
        (web.forms.made(secret, "another cookie", page.name), {}),
        (web.forms.made("another secret", cookie, page.name), {}),
        (genuine, {"Origin": "https://elsewhere.example"}),
        (genuine, {"Origin": "null"}),
        (genuine, {"Sec-Fetch-Site": "cross-site"}),
        (genuine, {"Sec-Fetch-Site": "same-site"}),
    ):
        answer = browser.post(path, {"form": field, "language": "bn", "deed": "disable"}, headers=headers)
        if page.step and page.name != "code" and role == "half":
            assert answer.headers["Location"] == "/console/sign-in/code"
        else:
            assert answer.status_code == 403, (field, headers)
            assert "does not come from here" in browser.text or "এখান থেকে আসেনি" in browser.text
    assert acts(runtime) == []


@BOTH
def test_a_double_click_acts_once(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    typed = {"name": "tania", "display": "Tania", "role": "trainer", "password": PASSWORD}
    typed["form"] = browser.field("/operators/new")
    first = browser.post("/operators/new", typed)
    assert first.status_code == 200
    drawn = re.search(r'class="drawn">([^<]+)<', first.get_data(as_text=True))[1]
    second = browser.post("/operators/new", typed)
    assert second.headers["Location"] == "/console/operators/2?said=done-before"
    assert "not shown again" in (browser.get(second.headers["Location"]), browser.text)[1]
    assert drawn not in browser.text
    assert acts(runtime) == ["operator.added"]


@BOTH
def test_two_clicks_at_the_same_time_act_once(runtime: Runtime, app: Flask) -> None:
    who = add(runtime, "admin")
    other = add(runtime, "trainer", "tania")
    browser = Browser(app).enter(runtime, who)
    field, cookie = browser.field(f"/operators/{other.id}"), browser.cookie
    typed = {"form": field, "deed": "disable", "password": PASSWORD}

    def click(_: int) -> int:
        hand = Browser(app)
        hand.client.set_cookie("somiti", cookie, domain="127.0.0.1")
        return hand.post(f"/operators/{other.id}", typed).status_code

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(click, range(4)))
    assert answers == [303] * 4
    assert acts(runtime) == ["operator.disabled"]


def test_a_click_that_was_mistaken_may_be_put_right(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    typed = {"name": "9", "display": "Tania", "role": "trainer", "password": PASSWORD}
    answer = browser.send("/operators/new", **typed)
    assert answer.status_code == 422
    again = answer.get_data(as_text=True)
    assert 'value="Tania"' in again
    assert PASSWORD not in again
    assert browser.post("/operators/new", typed | {"name": "tania", "form": field_of(again)}).status_code == 200


def test_too_much_at_once(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    typed = {"form": browser.field("/operators/new"), "display": "x" * 70_000}
    assert browser.post("/operators/new", typed).status_code == 413


def test_our_own_fault_is_told_in_plain_words(
    runtime: Runtime, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(signins, "find", broken)
    answer = browser.get("/sign-in", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "Nothing was changed" in browser.text
    assert "secret" not in answer.get_data(as_text=True)


def test_behind_proxies_of_ours_the_visitors_address_is_known(open_demo: Callable[..., Runtime]) -> None:
    for proxies, address in (("0", "127.0.0.1"), ("1", "203.0.113.9"), ("2", "198.51.100.4"), ("3", "127.0.0.1")):
        app = create_app(open_demo(PROXIES=proxies))
        headers = {"X-Forwarded-For": "198.51.100.4, 203.0.113.9"}
        with app.test_request_context("/console/", headers=headers, environ_base={"REMOTE_ADDR": "127.0.0.1"}):
            assert browser_.address(int(proxies)) == address


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Linux; Android 13; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
         "Chrome, Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Windows"),
        ("curl/8", ""),
        ("<script>", ""),
    ],
)  # fmt: skip
def test_a_device_as_its_owner_calls_it(app: Flask, agent: str, device: str) -> None:
    with app.test_request_context("/console/", headers={"User-Agent": agent}):
        assert browser_.device() == device


# ---- languages ----


def test_the_language_is_asked_of_the_browser_then_of_her(runtime: Runtime, app: Flask) -> None:
    for wanted, lang in (("", "bn"), ("en-GB,en;q=0.9", "en"), ("bn-BD,en;q=0.5", "bn"), ("fr", "bn")):
        shown = Browser(app).get("/sign-in", headers={"Accept-Language": wanted}).get_data(as_text=True)
        assert f'<html lang="{lang}">' in shown, wanted
    browser = Browser(app)
    field = browser.field("/sign-in", "/language")
    answer = browser.post("/language", {"form": field, "language": "en", "back": "/console/sign-in"})
    assert answer.headers["Location"] == "/console/sign-in"
    assert 'lang="en"' in browser.get("/sign-in").get_data(as_text=True)
    browser.enter(runtime, add(runtime, "trainer", language="en"))
    field = browser.field("/account", "/language")
    browser.post("/language", {"form": field, "language": "bn", "back": "/console/account"})
    assert by_name(runtime, "trainer").language == "bn"
    assert "আমার হিসাব" in (browser.get("/account"), browser.text)[1]


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/console/../x", "/\\evil", "", "/"])
def test_the_way_back_stays_here(browser: Browser, back: str) -> None:
    field = browser.field("/sign-in", "/language")
    answer = browser.post("/language", {"form": field, "language": "en", "back": back})
    assert answer.headers["Location"] == "/console/"


def test_names_of_steps_are_pages() -> None:
    assert {page.name for page in PAGES if page.step} == {"code", "set-up", "password-first"}
    assert set(BY_NAME) == {page.name for page in PAGES}
    assert len({page.route for page in PAGES}) == len(PAGES)


def test_a_page_is_shown_while_somebody_else_writes(
    runtime: Runtime, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only that she was there is not written down."""

    def busy(*_: object) -> None:
        raise TooSlow

    browser = Browser(app).enter(runtime, add(runtime, "trainer"))
    monkeypatch.setattr(signins, "seen", busy)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        assert browser.get("/").status_code == 200
    monkeypatch.setattr(signins, "find", busy)
    assert browser.get("/").status_code == 503
    assert "Try again in a moment" in browser.text
