"""What people type into forms, read: sums, numbers, phones, names; Mistaken by the field that does not do."""

from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Mapping
from datetime import date

from gateway.console.forms import text
from gateway.console.shape import Mistaken
from gateway.joining import ROOM
from gateway.joining import too_long
from ledger.tables import Names
from locales import phrase
from locales.numerals import to_latin
from locales.phones import e164

CHOOSE = phrase("Choose one.")
NO_SUM = phrase("Type a sum as 48 or 48.50.")
NO_COUNT = phrase("Type a number from {least} to {most}.")
NO_PHONE = phrase("That is no phone number: type it as 01711000001.")
LONG_NAME = phrase("The screens of phones have room for {most} characters of a name; this one has {has}.")

_GROUPED = re.compile(r"(-?[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3})((?:\.[0-9]{1,2})?)")
_DAY = re.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_SUM = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")


def digits(typed: Mapping[str, str], field: str) -> str:
    """A sum as typed in Latin digits, without the commas between thousands and lakhs; any other comma stays."""
    said = to_latin(text(typed, field, 16, needed=False))
    grouped = _GROUPED.fullmatch(said)
    return grouped[1].replace(",", "") + grouped[2] if grouped else said


def minor(typed: Mapping[str, str], field: str) -> int:
    """A sum in minor units, in either numerals; nothing typed is nothing."""
    found = _SUM.fullmatch(digits(typed, field) or "0")
    if not found:
        raise Mistaken(NO_SUM, field)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def as_day(said: str) -> date | None:
    """A day of this century as 2026-11-22, in either numerals; None for anything else."""
    said = to_latin(said.strip())
    try:
        return date.fromisoformat(said) if _DAY.fullmatch(said) else None
    except ValueError:
        return None


def count(typed: Mapping[str, str], field: str, least: int, most: int) -> int:
    """A whole number within bounds, in either numerals."""
    said = to_latin(text(typed, field, 12))
    if not re.fullmatch("[0-9]{1,9}", said) or not least <= int(said) <= most:
        raise Mistaken(NO_COUNT, field, least=least, most=most)
    return int(said)


def choice(typed: Mapping[str, str], field: str, among: Collection[str]) -> str:
    """One of some words."""
    said = typed.get(field, "")
    if said not in among:
        raise Mistaken(CHOOSE, field)
    return said


def phone(typed: Mapping[str, str], field: str, timezone: str, *, needed: bool = True) -> str:
    """A mobile number as E.164; with `needed` false, nothing typed is "" ."""
    said = text(typed, field, 24, needed=needed)
    number = e164(said, timezone) if said else ""
    if number is None:
        raise Mistaken(NO_PHONE, field)
    return number


def given_name(typed: Mapping[str, str]) -> Names:
    """A given name in both scripts, as long as the screens of phones have room for."""
    said = {field: " ".join(text(typed, field, 60).split()) for field in ROOM}
    for field, name in said.items():
        if has := too_long(field, name):
            raise Mistaken(LONG_NAME, field, most=ROOM[field], has=has)
    return Names(said["name_bn"], said["name_latn"])
