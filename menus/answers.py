"""What people type: either numerals, a stray `#` or space; it becomes a value or a Mistake, never an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

from ledger.money import Money
from locales import Phrase
from locales import numerals
from locales import phrase
from locales import phrases
from locales.script import canonical
from locales.script import units

LONGEST = 160
"""Characters of an answer that are looked at: ten items of an order, each with its pieces, are 80."""

ONE_ANSWER = phrase("Answer one question at a time, without *")
CHOOSE = phrase("There is no such key here")
NUMBERS_ONLY = phrase("Numbers only ({least} to {most})")
DIGITS_ONLY = phrase("Digits only")
SUM_ONLY = phrase("Type a sum, like 50 or 50.50")
PIN_DIGITS = phrase("The PIN has {digits} digits")
NAME_ONLY = phrase("Type a name of up to 12 letters")
WRONG_PIN = phrases("Wrong PIN. {n} try left.", "Wrong PIN. {n} tries left.")
WRONG_CODE = phrase("Code or PIN is wrong")

_NUMBER = re.compile("[0-9]{1,9}")
# What a keypad can put between two numbers without changing to letters (`#` is on every one), and what people write.
_BETWEEN = " .,;:/x×+pw#-"
_NUMBERS = re.compile(f"[0-9]{{1,9}}(?:[{_BETWEEN}]+[0-9]{{1,9}})*")
_SUM = re.compile("([0-9]{1,7})(?:[.,]([0-9]{1,2}))?")
_PIN = re.compile("[0-9]{4,6}")


@dataclass(frozen=True)
class Mistake:
    """What was typed cannot be taken: the sentence that says so and its values; `pin` for a wrong PIN, which counts."""

    phrase: Phrase
    values: Mapping[str, object] = field(default_factory=dict)
    pin: bool = False


class Pin:
    """A PIN as typed. It shows itself as dots, is never serialised, and leaves only towards its check."""

    __slots__ = ("digits",)

    def __init__(self, digits: str) -> None:
        """Hold the digits for the length of one hop."""
        self.digits = digits

    def __repr__(self) -> str:
        """Dots, however it is printed."""
        return "Pin(•••••)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        """Refuse to be pickled."""
        raise TypeError("a PIN is not to be stored")


def typed(text: str) -> str:
    """An answer as it was meant: Latin digits, no white space around it, no trailing `#`."""
    return numerals.to_latin(text[:LONGEST]).strip().removesuffix("#").strip()


def number(text: str, least: int = 1, most: int = 999) -> int | Mistake:
    """A whole number in bounds."""
    if _NUMBER.fullmatch(text) and least <= int(text) <= most:
        return int(text)
    return Mistake(NUMBERS_ONLY, {"least": least, "most": most})


def numbers(text: str) -> list[int] | Mistake:
    """One or more whole numbers, whatever stands between them: `101 3 105 2`, `101x3, 105x2`, `101p3p105p2`."""
    said = text.lower().strip(_BETWEEN)
    return [int(each) for each in re.findall("[0-9]+", said)] if _NUMBERS.fullmatch(said) else Mistake(DIGITS_ONLY)


def code(text: str) -> int | Mistake:
    """A code of digits, as an item or a member has."""
    return int(text) if _NUMBER.fullmatch(text) else Mistake(DIGITS_ONLY)


def amount(text: str, currency: str) -> Money | Mistake:
    """A sum above zero with at most two decimals, after a point or a comma."""
    found = _SUM.fullmatch(text)
    minor = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    return Money(minor, currency) if minor else Mistake(SUM_ONLY)


def pin(text: str, length: int | None = None) -> Pin | Mistake:
    """A PIN of 4 to 6 digits, or of exactly `length`."""
    if _PIN.fullmatch(text) and length in (None, len(text)):
        return Pin(text)
    return Mistake(PIN_DIGITS, {"digits": length or "4-6"})


def name(text: str) -> str | Mistake:
    """A name of up to 12 letters, in one canonical spelling."""
    said = canonical(text)
    return said if 0 < units(said) <= 12 and any(c.isalpha() for c in said) else Mistake(NAME_ONLY)
