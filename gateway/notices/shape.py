"""What a notice is: who is told, in which words, why now and how long it is worth sending."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

from ledger.facts import AnyFact
from ledger.facts import Fact
from ledger.facts import Told
from locales import phrase

RECEIPT_USE = timedelta(hours=24)
"""How long a receipt is worth sending."""

# A phone that others read too gets no sum and no balance.
RECORDED = phrase("Recorded. Code {code}")

REPEAT = phrase("Repeat: {text}")
"""What is sent again because nobody knows whether it arrived; it may come twice."""


def template(text: str) -> str:
    """The name of a text: what it is registered under, and other for every other wording."""
    return b32encode(sha256(text.encode()).digest()).decode()[:6]


class Cause(Enum):
    """Why somebody is told now."""

    OWN_CALL = "her own call, just now"
    OTHERS = "somebody else did something for her"
    CLOCK = "a day has come"

    @classmethod
    def by(cls, own: bool) -> Cause:
        """Whether she did it herself."""
        return cls.OWN_CALL if own else cls.OTHERS


@dataclass(frozen=True)
class Word:
    """A value that is itself said in the words of the receiver."""

    phrase: str


@dataclass(frozen=True)
class Notice:
    """One thing to tell one member, once for purpose and subject; `{group}` is the short name of `group`.

    Without a `use` it is worth sending until the evening of the day it goes. A value may be a `Word`.
    It goes to her first number, or to the `number` named.
    """

    member: int
    purpose: str
    subject: str
    text: str
    quiet: str
    values: Mapping[str, object]
    group: int | None = None
    cause: Cause = Cause.OWN_CALL
    use: timedelta | None = RECEIPT_USE
    number: str = ""


def receipt(
    fact: Fact, text: str, *, group: int | None = None, cause: Cause = Cause.OWN_CALL, **values: object
) -> list[Notice]:
    """The receipt of what moved her money or goods; on a phone that others read too only that it was written."""
    return [Notice(fact.member, "receipt", fact.code, text, RECORDED, {"code": fact.code, **values}, group, cause)]


def reminder(
    fact: Told, purpose: str, text: str, quiet: str, *, use: timedelta | None = None, **values: object
) -> list[Notice]:
    """What a day brings, told by the clock."""
    return [Notice(fact.member, purpose, fact.about, text, quiet, values, cause=Cause.CLOCK, use=use)]


Notices = Mapping[type[AnyFact], Callable[[Any, datetime], Iterable[Notice]]]
"""What is said of facts, by their type; the moment is that in which they happened."""
