"""The words that an SMS to our short code may begin with, in Bangla or in Latin letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from ledger.receipts import well_formed
from locales.numerals import to_latin
from locales.script import canonical


class Keyword(StrEnum):
    """What somebody wants."""

    BALANCE = "balance"
    HELP = "help"
    STOP = "stop"
    START = "start"
    CODE = "code"


SPELT: Mapping[str, Keyword] = {
    "bal": Keyword.BALANCE,
    "balance": Keyword.BALANCE,
    "joma": Keyword.BALANCE,
    "জমা": Keyword.BALANCE,
    "ব্যালেন্স": Keyword.BALANCE,
    "help": Keyword.HELP,
    "সাহায্য": Keyword.HELP,
    "stop": Keyword.STOP,
    "stopall": Keyword.STOP,
    "unsubscribe": Keyword.STOP,
    "bondho": Keyword.STOP,
    "বন্ধ": Keyword.STOP,
    "start": Keyword.START,
    "chalu": Keyword.START,
    "চালু": Keyword.START,
    "শুরু": Keyword.START,
    "code": Keyword.CODE,
    "rosid": Keyword.CODE,
    "কোড": Keyword.CODE,
    "রসিদ": Keyword.CODE,
}
"""Every spelling that is understood; the first word of an SMS."""

_WORD = re.compile(r"[^\s.,;:!?#*\"'()<>।]+")


def read(text: str) -> tuple[Keyword, str] | None:
    """The keyword that a text begins with and the rest, closed up and in capitals; None when it begins with none.

    A receipt code alone is asked for as well as one after CODE.
    """
    first, *others = _WORD.findall(to_latin(canonical(text)).lower()) or [""]
    rest = "".join(others).upper()
    if well_formed(first.upper()) and not others:
        return Keyword.CODE, first.upper()
    keyword = SPELT.get(first)
    # A sentence that happens to begin so begins nothing.
    return (keyword, rest) if keyword and not (keyword is Keyword.START and rest) else None
