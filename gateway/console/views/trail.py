"""The trail of what everybody of the office did."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import Connection

from gateway.console import trail
from gateway.console.message_words import PURPOSES
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import moment_before
from gateway.console.views.listing import moment_key
from gateway.console.views.listing import paged
from gateway.console.views.money_words import REQUEST_KINDS
from locales import Phrase
from locales import Words
from locales import phrase

NOUNS: Mapping[str, Phrase] = {
    "agent": phrase("Agent"),
    "bill": phrase("Bill"),
    "broadcast": phrase("Sent to many"),
    "entry": phrase("Entry"),
    "group": phrase("Group"),
    "hub": phrase("Hub"),
    "import": phrase("Import of members"),
    "instalments": phrase("Goods on instalments"),
    "item": phrase("Item"),
    "loan": phrase("Loan"),
    "meeting": phrase("Meeting"),
    "member": phrase("Member"),
    "order": phrase("Order"),
    "request": phrase("Request"),
    "supplier": phrase("Supplier"),
}
"""What the trail calls the things that have a number."""

_NUMBERED, _KIND = re.compile(r"\b([a-z-]+)[ :](?=[0-9])"), re.compile(r"^(request [0-9]+ )([a-z-]+)$")


def every(db: Connection, visit: Visit) -> Shown:
    """The trail of her programme, the newest first."""
    before = moment_before(visit.query, "[0-9a-f-]{36}")
    rows = trail.page(db, visit.operator.programme, before, PAGE + 1)
    values = {"acts": trail.ACTS, "about": lambda kept: _about(visit.words, kept)}
    return Shown("trail.html", paged(rows, lambda row: moment_key(row.at, row.id)) | values)


def _about(words: Words, kept: str) -> str:
    """What an act was about in the reader's words: the trail keeps nouns and numbers as `hub 1 order 4`."""
    known = {**NOUNS, **PURPOSES}
    kind = _KIND.match(kept)
    if kind and kind[2] in REQUEST_KINDS:
        kept = kind[1] + words.say(REQUEST_KINDS[kind[2]])
    return _NUMBERED.sub(lambda found: f"{words.say(known[found[1]])} " if found[1] in known else found[0], kept)
