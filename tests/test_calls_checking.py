"""A receipt checked on the phone: what is read out, what is no receipt, and when it is enough."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import BOTH
from handsets import Phone
from sqlalchemy import select

from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.transaction import transaction
from ledger import audit
from ledger import groups
from ledger import members
from ledger import receipts
from ledger.money import Money
from ledger.receipts import receipt_table
from locales import LANGUAGES
from locales import words
from locales.alphabet import octets
from menus.layout import ROOM
from menus.screens.checking import KINDS

NUMBER, PIN = "+8801711000002", "70394"
WRONG = [receipts.completed(f"ZZZZ{letter}") for letter in "ABCDE"]

SAID = {
    "bn": ("রসিদ যাচাই", "রসিদের কোড লিখুন", "রসিদ {} ঠিক আছে", "এই কোডের কোনো রসিদ নেই", "সঞ্চয়"),
    "bn_Latn": ("Rosid jachai", "Rosider code likhun", "Rosid {} thik ache", "Ei coder kono rosid nei", "Sonchoy"),
    "en": (
        "Check a receipt",
        "Type the code of the receipt",
        "Receipt {} is genuine",
        "No receipt has this code",
        "Savings",
    ),
}
"""The key, the question, what is genuine, what is none, what it was for."""


@pytest.fixture
def saved(runtime: Runtime) -> receipts.Receipt:
    """A receipt of the demo programme for savings."""
    with runtime.database.reading() as db:
        row = db.execute(select(receipt_table).where(receipt_table.c.kind == "saving.deposit").limit(1)).one()
    return receipts.Receipt(row.code, row.kind, Money(row.amount, row.currency), row.event_on)


def caller(runtime: Runtime, language: str) -> Phone:
    with transaction(runtime) as db:
        member = members.by_code(db, "1003")
        assert member
        members.set_words(db, member.id, language=language, digits=LANGUAGES[language].digits)
    return Phone(create_app(runtime).test_client(), runtime.settings, NUMBER, None)


def typed(phone: Phone, *keys: str) -> list[str]:
    shown = []
    for key in keys:
        shown.append(phone.type(key))
        assert octets(phone.shown) <= ROOM
    return shown


@pytest.mark.parametrize("language", SAID)
def test_a_receipt_on_the_phone(runtime: Runtime, saved: receipts.Receipt, language: str) -> None:
    phone, said = caller(runtime, language), words(language)
    key, question, genuine, none, kind = SAID[language]
    phone.dial()
    _, menu, asked, wrong, found = typed(phone, PIN, "5", "4", WRONG[0], saved.code.lower())
    assert f"4 {key}" in menu.splitlines()
    assert asked.splitlines()[0] == question
    assert wrong.splitlines()[:2] == [none, question]
    with runtime.database.reading() as db:
        name = groups.every(db, 1)
    lines = found.splitlines()
    assert lines[:3] == [genuine.format(saved.code), f"{kind} {said.money(saved.amount)}", said.day_and_year(saved.on)]
    assert lines[3] in {group.short.written(language) for group in name}
    # Back to the question, where a second code may be typed.
    assert typed(phone, "0")[0].splitlines()[0] == question


@BOTH
def test_five_wrong_codes_are_enough(runtime: Runtime, saved: receipts.Receipt) -> None:
    phone = caller(runtime, "en")
    phone.dial()
    *_, asked, one, two, three, four, five, then = typed(phone, PIN, "5", "4", *WRONG, saved.code)
    assert asked.startswith("Type the code")
    assert all(each.startswith("No receipt has this code") for each in (one, two, three, four, five))
    assert then.startswith("Too many wrong codes. Try again in an hour.")
    again = caller(runtime, "en")
    again.dial()
    assert typed(again, PIN, "5", "4", saved.code)[-1].startswith("Too many wrong codes.")
    with runtime.database.reading() as db:
        assert [found for found in audit.check(db) if not isinstance(found, int)] == []


def test_every_kind_of_receipt_has_a_word(phone: Callable[..., Phone], runtime: Runtime) -> None:
    with runtime.database.reading() as db:
        kinds = set(db.execute(select(receipt_table.c.kind).distinct()).scalars())
    assert kinds <= set(KINDS)
