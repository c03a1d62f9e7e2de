"""The console in a real Chromium: signing in with a code in both languages, every page at two widths, axe-core."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

import playwright.sync_api as pw
import pyotp
import pytest
from conftest import Templates
from eyes import Eyes
from eyes import Office
from eyes import served
from group_money import money_of_group
from office import add
from playwright.sync_api import expect
from sqlalchemy import insert
from sqlalchemy import select

from gateway.console import operators
from gateway.console import seconds
from gateway.console.operators import Wanted
from gateway.console.tables import second_table
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.sms import broadcasts
from gateway.sms.audience import MEMBERS
from gateway.sms.audience import Audience
from gateway.transaction import transaction
from ledger import approvals
from ledger import deliveries
from ledger import steps
from ledger.books import Book
from ledger.books import Origin
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.members import member_table
from ledger.money import Money

OWN = "green tea at five"

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def office(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The demo programme with administrators who never signed in, and some work waiting."""
    var = tmp_path_factory.mktemp("console")
    with served(var, templates.copy("sqlite", True, var), tmp_path_factory.mktemp("pictures")) as office:
        for language, display in (("bn", "শিরিন আক্তার"), ("en", "Shirin Akter")):
            with transaction(office.runtime) as db:
                wanted = Wanted(1, display, "admin", language)
                _, drawn = operators.add(db, office.runtime.peppers, f"shirin-{language}", wanted, datetime.now(UTC))
            office.drawn[language] = drawn
        _give_work(office.runtime)
        money_of_group(office.runtime)
        yield office


def _give_work(runtime: Runtime) -> None:
    """A request, a message in doubt, one that failed, something for a second person, and operators of other roles."""
    now = datetime.now(UTC)

    def origin(name: str) -> Origin:
        return Origin(name, "officer:test", "console", now, now.date(), lambda: "")

    with transaction(runtime, tell=False) as db:
        member = db.execute(select(member_table.c.id).where(member_table.c.group == 1)).scalars().first()
        money = Money(50_000, "BDT")
        approvals.start(db, Book(GROUP, 1, "BDT"), approvals.Wanted("withdrawal", member, "", money), origin("asked"))
        for state in ("unsure", "failed"):
            db.execute(insert(message_table), _message(state, member, now))
        hub = Book(HUB, 1, "BDT")
        steps.accept(db, hub, 4, origin("accepted"))
        deliveries.dispatch(db, hub, 5, origin("sent"))
        officer, _ = operators.add(
            db, runtime.peppers, "nasima", Wanted(1, "নাসিমা", "officer", "bn", groups=(1, 2)), now
        )
        operators.add(db, runtime.peppers, "rafiq", Wanted(1, "Rafiq", "keeper", "en", hub=1), now)
        broadcasts.write(db, officer.id, {"bn": "কাল সকালে সভা"}, Audience(1, MEMBERS, (1,)), origin("written"))
        row = {"programme": 1, "kind": "pin-reset", "subject": "1002", "group": 1, "inputs": "{}", "state": "waiting"}
        more = {"summary": "সালমা 1002", "reason": "ভুলে গেছেন", "asked_by": officer.id, "pending": 1, "answer": ""}
        times = {"asked_at": now, "until": now + seconds.WAITS, "operation": "asked once"}
        db.execute(second_table.insert(), row | more | times)


def _message(state: str, member: int | None, at: datetime) -> dict[str, Any]:
    return {
        "once_key": f"test {state}", "purpose": "test", "programme": 1, "member": member, "number": None,
        "language": "bn", "template": "", "text": "কিস্তি ৫০০ টাকা, ২৪ নভেম্বর। কোড A7K2M9", "encoding": "ucs2",
        "units": 38, "parts": 1, "state": state, "reason": "no-answer", "provider": "simulator", "provider_id": "",
        "cost": "", "price": 0, "currency": "", "attempts": 2, "repeats": 0, "bound_to": "", "timezone": "",
        "due_at": at, "expires_at": at, "created_at": at, "changed_at": at,
    }  # fmt: skip


@pytest.mark.parametrize("language", ["bn", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_door_in_either_colours(office: Office, chromium: pw.Browser, language: str, dark: bool) -> None:
    context = chromium.new_context(locale=language, color_scheme="dark" if dark else "light")
    eyes = Eyes(office, context, f"{language}-{'dark' if dark else 'light'}")
    eyes.go("/")
    expect(eyes.page).to_have_url(re.compile("/console/sign-in$"))
    expect(eyes.page.locator("html")).to_have_attribute("lang", language)
    eyes.look("sign-in")
    eyes.page.get_by_label(office.say(language, "Name")).fill("nobody")
    eyes.page.get_by_label(office.say(language, "Password")).fill("not a password")
    eyes.page.keyboard.press("Enter")
    expect(eyes.page.get_by_role("alert")).to_have_text(office.say(language, "Name or password is wrong."))
    eyes.look("sign-in-wrong")
    eyes.close()


@pytest.mark.parametrize("language", ["bn", pytest.param("en", marks=pytest.mark.nightly)])
def test_signing_in_for_the_first_time(office: Office, chromium: pw.Browser, language: str) -> None:
    """From the drawn password over the app's first code to a password of her own; then out and in."""
    context = chromium.new_context(locale="en" if language == "bn" else "bn")
    eyes = Eyes(office, context, language)
    page, say = eyes.page, office.say
    eyes.go("/sign-in")
    page.get_by_role("button", name="বাংলা" if language == "bn" else "English").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    _give_name(eyes, office.drawn[language])
    secret = _set_the_app_up(eyes)
    eyes.look("own-password")
    page.get_by_label(say(language, "The password from now on")).fill(OWN)
    page.get_by_label(say(language, "The same again")).fill(OWN)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(say(language, "What waits"))
    expect(page.get_by_role("status")).to_be_visible()
    eyes.look("home")
    font = "document.fonts.load('16px \"Noto Sans Bengali\"', 'ক').then(faces => faces.map(face => face.status))"
    assert page.evaluate(font) == ["loaded"]
    page.get_by_role("button", name=say(language, "Sign out")).click()
    expect(page).to_have_url(re.compile("/console/sign-in"))
    _give_name(eyes, OWN)
    expect(page.locator("h1")).to_have_text(say(language, "Code"))
    eyes.look("code")
    page.locator("#code").fill(pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30)))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(say(language, "What waits"))
    eyes.close()


def _give_name(eyes: Eyes, password: str) -> None:
    eyes.page.get_by_label(eyes.office.say(eyes.language, "Name")).fill(f"shirin-{eyes.language}")
    eyes.page.get_by_label(eyes.office.say(eyes.language, "Password")).fill(password)
    eyes.page.keyboard.press("Enter")


def _set_the_app_up(eyes: Eyes) -> str:
    """What she does with her phone: the key under the picture, its code; returns the key."""
    page = eyes.page
    expect(page.locator(".picture svg")).to_be_visible()
    eyes.look("set-up")
    page.locator("summary").click()
    secret = page.locator("details code").inner_text().replace(" ", "")
    page.locator("#code").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/console/sign-in/password$"))
    return secret


EVERY = (
    ("orders", "/orders"),
    ("requests", "/requests"),
    ("messages-in-doubt", "/waits/messages-in-doubt"),
    ("messages-failed", "/waits/messages-failed"),
    ("messages", "/messages"),
    ("message", "/messages/1"),
    ("broadcasts", "/broadcasts"),
    ("broadcast-new", "/broadcasts/new"),
    ("broadcast", "/broadcasts/1"),
    ("texts", "/texts"),
    ("reminders", "/reminders"),
    ("reminders-groups", "/reminders/groups"),
    ("reminders-group", "/reminders/groups/1"),
    ("books", "/books"),
    ("books-of-shops", "/books?kind=shop"),
    ("book", "/books/group/1"),
    ("book-accounts", "/books/group/1/accounts/2010"),
    ("book-lines", "/books/group/1/accounts/1010/0"),
    ("book-day", "/books/group/1/day"),
    ("book-trial", "/books/group/1/trial-balance"),
    ("book-check", "/books/group/1/check?now=1"),
    ("entry", "/books/group/1/193"),
    ("entry-of-goods", "/books/hub/1/1"),
    ("entry-undo", "/books/group/1/194/undo"),
    ("passbook", "/members/6/passbook"),
    ("calls", "/calls/list"),
    ("menu", "/calls"),
    ("operations", "/operations"),
    ("seconds", "/seconds"),
    ("second", "/seconds/1"),
    ("members", "/members"),
    ("members-found", "/members?find=ma"),
    ("member", "/members/1"),
    ("member-new", "/members/new?group=1"),
    ("member-numbers", "/members/1/numbers"),
    ("member-change", "/members/1/change"),
    ("member-leave", "/members/1/leave"),
    ("member-pin", "/members/1/pin"),
    ("members-import", "/members/import"),
    ("groups", "/groups"),
    ("group", "/groups/1"),
    ("group-new", "/groups/new"),
    ("group-rules", "/groups/1/rules"),
    ("group-place", "/groups/1/place"),
    ("group-cutoff", "/groups/1/cutoff"),
    ("loans", "/loans"),
    ("loan", "/loans/2"),
    ("loan-repay", "/loans/2/repay"),
    ("loan-close", "/loans/2/close"),
    ("loan-apply", "/members/2/loan"),
    ("loan-plan", "/loans/plan?sum=12000&rate=2%25/month&times=6&every=1month&method=flat&disbursed=2026-11-22"),
    ("request", "/requests/2"),
    ("request-pay", "/requests/2/pay"),
    ("to-pay", "/requests/to-pay"),
    ("meetings", "/meetings"),
    ("group-meetings", "/groups/1/meetings"),
    ("meeting", "/groups/1/meetings/1"),
    ("sheet", "/groups/1/sheet"),
    ("sheet-print", "/groups/1/sheet/print"),
    ("member-money", "/members/2/money"),
    ("money-take", "/members/2/take"),
    ("money-withdraw", "/members/2/withdraw"),
    ("money-fine", "/members/2/fine"),
    ("money-share", "/members/2/share"),
    ("emi-list", "/instalments"),
    ("emi", "/instalments/1"),
    ("emi-pay", "/instalments/1/pay"),
    ("emi-close", "/instalments/1/close"),
    ("emi-sell", "/instalments/new"),
    ("order", "/orders/1/3"),
    ("order-deliver", "/orders/1/5/deliver"),
    ("picking", "/orders/picking"),
    ("items", "/items"),
    ("item", "/items/101"),
    ("item-price", "/items/101/price"),
    ("item-change", "/items/101/change"),
    ("item-new", "/items/new"),
    ("price-list", "/items/list"),
    ("stock", "/stock"),
    ("stock-low", "/stock?low=1"),
    ("goods-in", "/stock/1/goods-in?supplier=1"),
    ("goods-lost", "/stock/1/lost"),
    ("suppliers", "/suppliers"),
    ("supplier", "/suppliers/1/1"),
    ("agents", "/agents"),
    ("agent", "/agents/1"),
    ("agent-money", "/agents/1/money"),
    ("agent-limit", "/agents/1/limit"),
    ("operators", "/operators"),
    ("operator-new", "/operators/new"),
    ("operator", "/operators/3"),
    ("operator-change", "/operators/3/change"),
    ("reports", "/reports"),
    ("report-sales", "/reports/sales"),
    ("report-money", "/reports/savings-and-loans"),
    ("report-risk", "/reports/at-risk"),
    ("report-recovery", "/reports/recovery"),
    ("report-meetings", "/reports/meetings"),
    ("report-messages", "/reports/messages"),
    ("report-agents", "/reports/agents"),
    ("report-groups", "/reports/groups"),
    ("report-late", "/reports/loans-in-arrears"),
    ("report-held", "/reports/meetings-held"),
    ("report-idle", "/reports/idle-agents"),
    ("trail", "/trail"),
    ("account", "/account"),
    ("password", "/account/password"),
    ("authenticator", "/authenticator"),
    ("nowhere", "/nowhere"),
)
"""Every page of an administrator, with work on it."""

PARTS = 4


@pytest.mark.parametrize("language", ["bn", pytest.param("en", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page(office: Office, chromium: pw.Browser, language: str, part: int) -> None:
    eyes = office.enter(chromium, add(office.runtime, "admin", f"mina-{language}-{part}", language=language))
    for name, path in EVERY[part::PARTS]:
        eyes.go(path)
        eyes.look(name)
    eyes.close()


def test_by_keyboard_alone(office: Office, chromium: pw.Browser) -> None:
    """The first key leads past the header; what has the focus can be seen; a form is sent by Enter."""
    context = chromium.new_context(locale="en")
    eyes = Eyes(office, context, "en")
    eyes.go("/nowhere")
    eyes.page.evaluate("document.activeElement.blur()")
    eyes.page.keyboard.press("Tab")
    eyes.page.keyboard.press("Shift+Tab")
    eyes.page.locator(".skip").focus()
    expect(eyes.page.locator(".skip")).to_be_in_viewport()
    eyes.page.keyboard.press("Enter")
    expect(eyes.page.locator("main")).to_be_focused()
    eyes.page.locator("#name").focus()
    assert eyes.page.locator("#name").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    context.close()


def test_on_paper_stands_only_what_is_read(office: Office, chromium: pw.Browser) -> None:
    """Menus, filters and keys stay on the screen; a table is a table again."""
    eyes = office.enter(chromium, add(office.runtime, "admin", "printer"))
    eyes.page.emulate_media(media="print")
    for path in ("/members/6/passbook", "/reports/loans-in-arrears", "/loans/2", "/orders", "/groups/1"):
        eyes.go(path)
        expect(eyes.page.locator("h1")).to_be_visible()
        for each in eyes.page.locator("nav, form, .tabs, button, .button").all():
            expect(each).to_be_hidden()
    eyes.close()
