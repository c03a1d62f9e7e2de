"""A PIN that was forgotten: the code of a reset leads to choosing a PIN and to nothing else, in three languages.

The transcripts are in `tests/transcripts`; `SOMITI_WRITE=1` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from conftest import BOTH
from conftest import TODAY
from handsets import Phone
from sqlalchemy import select
from test_calls import played

from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.transaction import transaction
from ledger import members
from ledger import pins
from ledger.members import member_table
from locales import LANGUAGES

CODE = "482915"
NOON = datetime(TODAY.year, TODAY.month, TODAY.day, 6, tzinfo=UTC)

CALLS = [
    ("the PIN she forgot", "1 52907"),
    ("the code of the reset, and no way round", f"1 {CODE} 0 {CODE} 00 1 {CODE} 7 98"),
    ("by her member code, and the line breaks", f"0 1001 {CODE} 83614"),
    ("her own PIN", f"1 {CODE} 1234 12345 00001 83614 83641 83614"),
    ("the code is spent", f"1 {CODE} 83614"),
]


def forget(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, *, language: str = "bn") -> int:
    """Two leaders have given Rahima a new PIN at noon; its code."""
    monkeypatch.setattr(pins, "draw", lambda length, numbers: CODE)
    with transaction(runtime, tell=False) as db:
        rahima = members.by_code(db, "1001")
        assert rahima
        members.set_words(db, rahima.id, language=language, digits=LANGUAGES[language].digits)
        pins.reset(db, runtime.peppers, rahima.id, NOON)
    return rahima.id


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.mark.parametrize("language", LANGUAGES)
def test_calls(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    forget(runtime, monkeypatch, language=language)
    client = create_app(runtime).test_client()
    calls = [(name, Phone(client, runtime.settings, "+8801711000001", None), keys) for name, keys in CALLS]
    text = "\n".join(played(caller, name, keys) for name, caller, keys in calls)
    kept = Path(__file__).parent / "transcripts" / f"reset.{language}.txt"
    if os.environ.get("SOMITI_WRITE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@BOTH
def test_the_code_alone_opens_nothing(runtime: Runtime, phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever she types instead of a PIN: no screen behind the door, and the stored hash stays."""
    rahima = forget(runtime, monkeypatch)
    stored = select(member_table.c.pin_hash).where(member_table.c.id == rahima)
    with runtime.database.reading() as db:
        before = db.execute(stored).scalar_one()
    for way in (f"1 {CODE}", f"0 1001 {CODE}"):
        for keys in ("0", "00", "98", "1", "3 1", "7 2", "83614 0", "83614 00", "83614 1"):
            caller = phone()
            caller.dial(f"{way} {keys}")
            assert caller.screen in ("reset.new", "reset.again", "pin", "code", "code.pin", "who"), keys
    with runtime.database.reading() as db:
        assert db.execute(stored).scalar_one() == before


@BOTH
def test_after_a_day_it_is_a_wrong_pin(runtime: Runtime, phone, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(runtime, monkeypatch)
    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        caller = phone()
        assert "পিন মেলেনি" in caller.dial(f"1 {CODE}")
        assert caller.screen == "pin"
