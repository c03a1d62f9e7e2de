"""Days in the office, in a real Chromium and in both languages: from the phone to the books and back.

An order from the simulator to delivery, a loan from application to first instalment, sending to many, undoing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import playwright.sync_api as pw
import pytest
from conftest import Templates
from eyes import Eyes
from eyes import Office
from eyes import served
from ledger_world import findings
from office import add
from playwright.sync_api import expect
from sqlalchemy import bindparam
from sqlalchemy import select

from gateway.outbox import message_table
from gateway.transaction import reading
from ledger import agents
from ledger import loans
from ledger import members
from ledger import savings
from ledger.books import line_table
from ledger.members import Member
from ledger.money import Money
from ledger.orders import order_table
from locales.script import canonical

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SPOKEN = ("bn", pytest.param("en", marks=pytest.mark.nightly))
LEADERS = {"1003": ("+8801711000002", "70394"), "1004": ("+8801711000003", "52907")}
"""Two who lead the first group: their phones and PINs."""


@pytest.fixture
def office(templates: Templates, tmp_path: Path) -> Iterator[Office]:
    with served(tmp_path, templates.copy("sqlite", True, tmp_path), tmp_path / "pictures") as office:
        yield office
        with reading(office.runtime) as db:
            assert findings(db) == []


@pytest.fixture
def shirin(office: Office, chromium: pw.Browser, request: pytest.FixtureRequest) -> Iterator[Eyes]:
    """The administrator, in her browser."""
    language = request.node.callspec.params["language"]
    eyes = office.enter(chromium, add(office.runtime, "admin", "shirin", language=language))
    yield eyes
    eyes.close()


@pytest.fixture
def nasima(office: Office, chromium: pw.Browser, request: pytest.FixtureRequest) -> Iterator[Eyes]:
    """Another administrator: the second person."""
    language = request.node.callspec.params["language"]
    eyes = office.enter(chromium, add(office.runtime, "admin", "nasima", language=language))
    yield eyes
    eyes.close()


def her(office: Office, code: str) -> Member:
    with reading(office.runtime) as db:
        found = members.by_code(db, code)
    assert found
    return found


def texts(office: Office, code: str) -> list[str]:
    """What was sent to a member, the newest first."""
    of = message_table.c.member == her(office, code).id
    with reading(office.runtime) as db:
        rows = db.execute(select(message_table.c.text).where(of).order_by(message_table.c.id.desc())).scalars()
        return [canonical(text) for text in rows if text]


def press(eyes: Eyes, name: str, value: str) -> None:
    """The button of a form by what it sends."""
    eyes.page.locator(f'button[name="{name}"][value="{value}"]').first.click()


def told(eyes: Eyes, text: str) -> None:
    expect(eyes.page.get_by_role("status")).to_have_text(eyes.say(text))


def dial(office: Office, number: str, keys: str) -> str:
    """Call from a phone, key by key; the last screen."""
    typed: list[str] = []
    session = f"story-{number[1:]}"
    status, shown = office.server.hop(number, session, "")
    for key in keys.split():
        typed.append(key)
        status, shown = office.server.hop(number, session, "*".join(typed))
        assert status == 200, shown
    return shown


@pytest.mark.parametrize("language", SPOKEN)
def test_an_order_from_the_phone_to_delivery(office: Office, chromium: pw.Browser, shirin: Eyes, language: str) -> None:
    """She orders on the simulator's phone; the office packs and sends; the carrier brings her code; she owes for it."""
    hand = chromium.new_context().new_page()
    hand.goto(office.server.url)
    phone = hand.locator('.station[data-n="1"]')
    expect(phone.locator('[data-part="text"]')).not_to_be_empty()
    shirin.go("/orders")
    waiting = shirin.page.locator("table tbody tr").count()
    for typed in ("*384*27#", "1", "52907", "1", "1", "2", "101", "3", "1"):
        for key in typed:
            phone.locator(f'[data-key="{key}"]').click()
        phone.locator('[data-key="call"]').click()
        expect(phone.locator(".phone")).to_have_attribute("aria-busy", "false", timeout=10_000)
    number = re.search(r"\d+", canonical(phone.locator('[data-part="text"]').inner_text()))
    assert number
    hand.context.close()
    # It is there without her doing anything.
    expect(shirin.page.locator("table tbody tr")).to_have_count(waiting + 1, timeout=30_000)
    order = _newest_order(office)
    shirin.go(f"/orders/1/{order}")
    for deed, said in (("accept", "order-accepted"), ("pack", "order-packed"), ("dispatch", "order-dispatched")):
        form = shirin.page.locator("form", has=shirin.page.locator(f'input[name="deed"][value="{deed}"]'))
        form.locator("button").click()
        expect(shirin.page.get_by_role("status")).to_be_visible(), said
    shirin.look("story-order-on-its-way")
    code = next(found[0] for text in texts(office, "1001") if (found := re.search(r"\b[0-9]{4}\b", text)))
    shirin.go(f"/orders/1/{order}/deliver")
    shirin.page.locator("#delivery").fill("0000" if code != "0000" else "1111")
    press(shirin, "step", "write")
    expect(shirin.page.locator("#wrong")).to_be_visible()
    shirin.page.locator("#delivery").fill(code)
    shirin.look("story-delivery")
    press(shirin, "step", "write")
    expect(shirin.page).to_have_url(re.compile(rf"/orders/1/{order}\?said="))
    shirin.look("story-order-delivered")
    with reading(office.runtime) as db:
        assert agents.owes(db, her(office, "1001")).minor == 3 * 48_00


def _newest_order(office: Office) -> int:
    with reading(office.runtime) as db:
        numbers = select(order_table.c.number).where(order_table.c.book == "hub:1")
        return max(db.execute(numbers).scalars())


@pytest.mark.parametrize("language", SPOKEN)
def test_a_loan_from_application_to_first_instalment(office: Office, shirin: Eyes, language: str) -> None:
    """The office asks for her, two leaders say yes on their phones, the money is handed over, she pays the first."""
    member = her(office, "1001")
    page = shirin.page
    shirin.go(f"/members/{member.id}/loan")
    page.locator("#sum").fill("২,০০০" if language == "bn" else "2,000")
    page.locator("#times").fill("4")
    page.locator("#purpose").select_option(index=1)
    page.locator("#income").fill("9000")
    press(shirin, "step", "look")
    shirin.look("story-loan-looked-at")
    press(shirin, "step", "write")
    expect(page).to_have_url(re.compile(r"/requests/\d+\?said="))
    shirin.look("story-loan-asked-for")
    request = int(re.search(r"/requests/(\d+)", page.url)[1])
    for number, pin in LEADERS.values():
        shown = dial(office, number, f"{pin} 8 3 1 1 1")
        assert shown.startswith("END"), shown
    shirin.go(f"/requests/{request}/pay")
    page.locator("#leader").select_option(index=1)
    shirin.look("story-loan-paid-out")
    page.locator("main form button").click()
    expect(page.get_by_role("status")).to_be_visible()
    with reading(office.runtime) as db:
        (loan,) = loans.running(db, member)
    shirin.go(f"/loans/{loan.id}/repay")
    first = loan.instalments[0].left
    page.locator("#sum").fill(f"{first.minor / 100:.2f}")
    press(shirin, "step", "look")
    shirin.look("story-instalment")
    press(shirin, "step", "write")
    expect(page).to_have_url(re.compile(rf"/loans/{loan.id}\?said="))
    shirin.look("story-loan-running")
    with reading(office.runtime) as db:
        (loan,) = loans.running(db, member)
        assert loan.instalments[0].left.minor == 0
        assert loan.instalments[1].left.minor > 0


@pytest.mark.parametrize("language", SPOKEN)
def test_sending_to_many(office: Office, shirin: Eyes, nasima: Eyes, language: str) -> None:
    """Written, its parts and price seen, a second person's yes; then it goes to each phone once."""
    page = shirin.page
    shirin.go("/broadcasts/new")
    page.locator("#text_bn").fill(canonical("শুক্রবার বেলা ৩টায় মেলা। সবাই আসবেন।"))
    page.locator("#text_en").fill("Fair on Friday at 3. Please come.")
    page.locator("input[name=kind]").first.check()
    page.locator("main form button").last.click()
    expect(page).to_have_url(re.compile(r"/broadcasts/\d+"))
    shirin.look("story-broadcast-before")
    page.locator("#reason").fill("fair")
    page.locator("button", has_text=shirin.say("Ask a second person to say yes")).click()
    expect(page.get_by_role("status")).to_be_visible()
    _say_yes(nasima, "story-broadcast-second")
    shirin.go(re.search(r"/console(/broadcasts/\d+)", page.url)[1])
    expect(page.locator("#progress table tbody tr").last).to_be_visible(timeout=30_000)
    expect(page.locator("#bar")).to_have_js_property("position", 1, timeout=30_000)
    shirin.look("story-broadcast-after")
    with reading(office.runtime) as db:
        keys = db.execute(
            select(message_table.c.member, message_table.c.text).where(message_table.c.purpose == "broadcast")
        ).all()
    assert len(keys) > 5
    assert len({member for member, _ in keys}) == len(keys), "each once"


def _say_yes(eyes: Eyes, name: str) -> None:
    """The second person opens what waits, reads it and says yes."""
    eyes.go("/seconds")
    eyes.page.locator("main tbody a").first.click()
    eyes.page.locator("#yes").check()
    eyes.look(name)
    eyes.page.locator("main form button").click()
    told(eyes, "You said yes. It is done.")


_LAST_DEPOSIT = (
    select(line_table.c.entry, line_table.c.amount)
    .where(line_table.c.book == "group:1", line_table.c.code == 2010, line_table.c.party == bindparam("party"))
    .order_by(line_table.c.entry.desc())
    .limit(1)
)


@pytest.mark.parametrize("language", SPOKEN)
def test_an_entry_is_undone_when_a_second_person_says_yes(
    office: Office, shirin: Eyes, nasima: Eyes, language: str
) -> None:
    """A deposit that was never made: asked for with a reason, seen by another one, undone by a mirrored entry."""
    member = her(office, "1005")
    with reading(office.runtime) as db:
        before = savings.balance(db, member)
        entry = db.execute(_LAST_DEPOSIT, {"party": member.id}).one()
    page = shirin.page
    shirin.go(f"/books/group/1/{entry.entry}/undo")
    shirin.look("story-undo")
    page.locator("#reason").fill("she did not come")
    page.locator("main form button").click()
    expect(page.get_by_role("status")).to_be_visible()
    _say_yes(nasima, "story-undo-second")
    shirin.go(f"/books/group/1/{entry.entry}")
    shirin.look("story-undone")
    with reading(office.runtime) as db:
        assert savings.balance(db, member) == before - Money(entry.amount, "BDT")
