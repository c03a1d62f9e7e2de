"""The texts: every SMS that is ever written, at its longest, with its parts and how it is registered in India."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.console.message_words import PURPOSES
from gateway.console.shape import Missing
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.dlt import Register
from gateway.notices import template
from gateway.notices import worst
from gateway.notices.worst import Sample
from locales.alphabet import Encoding
from locales.alphabet import measure

DIGITS = {"bn": "bn", "en": "latin"}
"""The languages of SMS and the digits that make them longest."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text at its longest: its name, what it is for, its length in septets or 16-bit units, its registration.

    `fits` is whether the registered text is this one; without a register `header` is empty.
    """

    name: str
    purpose: str
    written: str
    septets: bool
    units: int
    parts: int
    header: str
    registered: str
    fits: bool


def every(db: Connection, visit: Visit) -> Shown:
    """All texts of one language, by what they are for."""
    language = visit.query.get("language", "bn" if visit.words.language == "bn" else "en")
    if language not in DIGITS:
        raise Missing
    register = visit.runtime.dlt
    rows = [_text(register, language, each) for each in worst.longest(language, DIGITS[language]).values()]
    rows.sort(key=lambda row: list(PURPOSES).index(row.purpose))
    values = {"rows": rows, "purposes": PURPOSES, "chosen": language, "spoken": list(DIGITS)}
    return Shown("texts.html", values | {"register": bool(register.rows)})


def _text(register: Register, language: str, sample: Sample) -> Text:
    name, size = template(sample.text), measure(sample.written)
    row = register.rows.get((name, language))
    return Text(
        name,
        sample.purpose,
        sample.written,
        size.encoding is Encoding.GSM7,
        size.units,
        size.parts,
        row.header if row else "",
        row.id if row else "",
        row is not None and row.matches(sample.written),
    )
