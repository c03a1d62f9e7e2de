"""What may go again when nobody knows whether it was sent, by what it is for.

A provider that honours our key is asked again by itself; this is for all others. What stays unsure is listed for a
person with its evidence: no silent copy, no silent loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum


class Again(Enum):
    """How often an unsure message may go again."""

    NEVER = "never"
    ONCE = "once more, at once"
    MARKED = "once more, marked as a repeat, when no delivery report has come"


REPORT_WAIT = timedelta(minutes=30)
"""How long a delivery report is waited for: the time in which one may be matched by its number alone."""

AGAIN: Mapping[str, Again] = {
    # Two copies of a code are two chances to read it over her shoulder; she can have another one, or ask on the phone.
    "pin": Again.NEVER,
    "number": Again.ONCE,
    "handover": Again.NEVER,
    "order": Again.NEVER,
    "answer": Again.NEVER,
    # She would count money twice: the copy says that it is one.
    "receipt": Again.MARKED,
    "meeting": Again.MARKED,
    "commission": Again.MARKED,
    # Twice is a nuisance, not at all is worse.
    "approval": Again.ONCE,
    "loan": Again.ONCE,
    "emi-due": Again.ONCE,
    "emi-late": Again.ONCE,
    "month": Again.ONCE,
    "loan-due": Again.ONCE,
    "meeting-ahead": Again.ONCE,
    "overdue": Again.ONCE,
    "approvals": Again.ONCE,
    "undelivered": Again.ONCE,
    "broadcast": Again.ONCE,
}
"""By purpose; what is not in it goes never again by itself."""

CODES = frozenset({"pin", "handover"})
"""By purpose: what carries a code that proves who she is, or that she has her goods. Nobody but her reads it."""

MARKED = tuple(purpose for purpose, again in AGAIN.items() if again is Again.MARKED)


def may_go_again(purpose: str) -> Again:
    """The policy for a purpose."""
    return AGAIN.get(purpose, Again.NEVER)
