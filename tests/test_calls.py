"""Every path of the menu as a transcript, in three languages, through the real callback route.

The transcripts are in `tests/transcripts`; `SOMITI_WRITE=1` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import time_machine
from conftest import TODAY
from handsets import Phone

from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.transaction import transaction
from ledger import audit
from ledger import members
from locales import LANGUAGES
from locales.alphabet import octets
from menus.layout import ROOM

RAHIMA = "1 52907"
SALMA = "2 41863"

CALLS = [
    ("order by code", f"{RAHIMA} 1 1 2 101 3 1"),
    ("order by category, turning pages", f"{RAHIMA} 1 1 1 98 0 98 98 2 98 116 5 1"),
    ("order from the usual things", f"{RAHIMA} 1 1 3 101 2 1"),
    ("two items in one order", f"{RAHIMA} 1 1 2 101 3 2 2 113 2 1"),
    ("a quantity put right", f"{RAHIMA} 1 1 2 101 3 0 4 1"),
    ("over the credit limit", f"{RAHIMA} 1 1 2 101 900 1 1 2 1"),
    ("what cannot be ordered", f"{RAHIMA} 1 1 2 999 soap 101 0 101 many 0 1"),
    ("more than the hub has", f"{RAHIMA} 1 1 2 240 239 6 5 1"),
    ("my orders", f"{RAHIMA} 1 2 98 5 0"),
    ("cash sale", f"{RAHIMA} 2 1 101 2 1"),
    ("cash sale at another price", f"{RAHIMA} 2 1 102 1 2 1 free 45.50 1"),
    ("sale of more than there is", f"{RAHIMA} 2 1 103 99 1 0 0"),
    ("sale on credit to the usual customer", f"{RAHIMA} 2 2 101 2 1"),
    ("sale on credit to a new customer", f"{RAHIMA} 2 2 104 1 2 2 4 12345678901234 Rokeya 1"),
    ("sale on credit to a customer without a name", f"{RAHIMA} 2 2 104 1 2 2 5 1 1"),
    ("dues", f"{RAHIMA} 2 3 4 9999 3 1"),
    ("today", f"{RAHIMA} 2 4 0 00"),
    ("savings", f"{RAHIMA} 3 1 0 2"),
    ("no loan", f"{RAHIMA} 4 1 0 2"),
    ("a running loan", f"{SALMA} 4 1 0 2"),
    ("a PIN that is wrong", "1 11111 52907"),
    ("three PINs that are wrong", "1 11111 22222 33333"),
    ("another member by her code", "0 1003 70394 00"),
    ("a code that is not there", "0 9999 70394 1003 11111 1003 22222"),
    ("a new PIN", f"{RAHIMA} 7 2 52907 11111 12345 19855 00001 1234 83614 83641 83614"),
    ("the new PIN", "1 83614 7 2 11111 83614 52907"),
    ("the PIN again as it was", "1 83614 7 2 83614 52908 52908"),
    ("a language she cannot read, then one she can", "1 52908 7 1 3 0 2 5 1"),
    ("Bangla with Latin digits", "1 52908 7 1 1 1 2 3 1"),
]


def played(caller: Phone, name: str, keys: str) -> str:
    """One call as text: what was typed, what was shown."""
    lines = [f"== {name}", caller.dial()]
    for key in keys.split():
        assert not caller.ended, f"{name}: the call ended before {key}"
        lines += [f"> {key}", caller.type(key)]
        assert octets(caller.shown) <= ROOM, caller.shown
    return "\n".join([*lines, "-- end" if caller.ended else "-- open", ""])


@pytest.mark.parametrize("language", LANGUAGES)
def test_calls(runtime: Runtime, language: str) -> None:
    with transaction(runtime) as db:
        for code in ("1001", "1002"):
            member = members.by_code(db, code)
            assert member
            members.set_words(db, member.id, language=language, digits=LANGUAGES[language].digits)
    client = create_app(runtime).test_client()
    with time_machine.travel(f"{TODAY}T06:00:00+00:00", tick=False):
        calls = [(name, Phone(client, runtime.settings, "+8801711000001", None), keys) for name, keys in CALLS]
        text = "\n".join(played(caller, name, keys) for name, caller, keys in calls)
    kept = Path(__file__).parent / "transcripts" / f"{language}.txt"
    if os.environ.get("SOMITI_WRITE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
    with runtime.database.reading() as db:
        assert [found for found in audit.check(db) if not isinstance(found, int)] == []
