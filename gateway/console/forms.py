"""What a form carries: one field that is proof of its origin and one-time key at once, and what was typed.

The key is the id of the operation that the form starts. The proof ties it to the cookie of the visitor and to the page
that it posts to, so no other site, person or page can make one; and a form is carried out once, however often it is
sent: the same again gets the answer that the first one got.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import delete
from sqlalchemy import select
from sqlalchemy import update

from gateway.chance import draw_operation
from gateway.console.operators import Operator
from gateway.console.shape import Mistaken
from gateway.console.tables import form_table
from ledger.tables import Instant
from ledger.tables import insert_new
from locales import phrase
from locales.script import canonical

FIELD = "form"
SECRET_FIELDS = frozenset({"password", "fresh", "repeated", "code"})
"""What is never shown again."""

KEPT = timedelta(days=2)
SOME = 500

NEEDED = phrase("Fill this in.")
LONG = phrase("This is too long: {most} characters at most.")
UNREADABLE = phrase("This has characters that cannot be kept.")

_FIELD = re.compile(r"([0-9a-f-]{36})\.([0-9a-f]{64})")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_CLAIMED = select(form_table.c.location, form_table.c.operator).where(form_table.c.id == bindparam("id"))
_SETTLE = update(form_table).where(form_table.c.id == bindparam("b_id")).values(location=bindparam("b_location"))
_OLD = select(form_table.c.id).where(form_table.c.at < bindparam("before", type_=Instant)).limit(SOME)
_FORGET = delete(form_table).where(form_table.c.id.in_(_OLD))


def _proof(secret: str, cookie: str, page: str, key: str) -> str:
    return hmac.new(secret.encode(), f"console form\n{cookie}\n{page}\n{key}".encode(), "sha256").hexdigest()


def made(secret: str, cookie: str, page: str) -> str:
    """The field of a fresh form that posts to a page."""
    key = draw_operation()
    return f"{key}.{_proof(secret, cookie, page, key)}"


def key_of(secret: str, cookie: str, page: str, value: str) -> str | None:
    """The one-time key in a field that we made for this visitor and this page, or None."""
    found = _FIELD.fullmatch(value)
    if not found or not cookie:
        return None
    genuine = hmac.compare_digest(found[2], _proof(secret, cookie, page, found[1]))
    return found[1] if genuine else None


def claim(db: Connection, key: str, who: Operator, now: datetime) -> str | None:
    """Take a key: None if it is ours from here on, else where the answer of the first time led."""
    row = {"id": key, "operator": who.id, "at": now, "location": ""}
    taken = insert_new(form_table)[db.dialect.name].returning(form_table.c.id)
    if db.execute(taken, row).first() is not None:
        return None
    location: str = db.execute(_CLAIMED, {"id": key}).one().location
    return location


def settle(db: Connection, key: str, location: str) -> None:
    """Keep where the answer leads."""
    db.execute(_SETTLE, {"b_id": key, "b_location": location})


def forget(db: Connection, now: datetime) -> None:
    """Drop some of the keys whose sign-ins are long over."""
    db.execute(_FORGET, {"before": now - KEPT})


def text(typed: Mapping[str, str], name: str, most: int, *, needed: bool = True) -> str:
    """A line or lines as typed, in one spelling, without what stands around it; Mistaken if it does not do."""
    value = canonical(typed.get(name, "").strip())
    if not value and needed:
        raise Mistaken(NEEDED, name)
    if len(value) > most:
        raise Mistaken(LONG, name, most=most)
    if _CONTROL.search(value):
        raise Mistaken(UNREADABLE, name)
    return value


def readable(typed: Mapping[str, str]) -> None:
    """Mistaken for what no database keeps, in whatever field it stands."""
    for name, value in typed.items():
        if "\0" in value:
            raise Mistaken(UNREADABLE, name)


def secret(typed: Mapping[str, str], name: str) -> str:
    """A password or a code exactly as typed; Mistaken if there is none."""
    if not typed.get(name):
        raise Mistaken(NEEDED, name)
    return typed[name]


def shown_again(typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed less its secrets, and less what could not be kept."""
    return {
        name: value.replace("\0", "") for name, value in typed.items() if name not in SECRET_FIELDS and name != FIELD
    }
