"""Where a message can be, and every move there is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a message is; `expired` is the provider's word, `dropped` ours, with a reason."""

    QUEUED = "queued"
    SENDING = "sending"
    UNSURE = "unsure"
    ACCEPTED = "accepted"
    SENT = "sent"
    BUFFERED = "buffered"
    UNKNOWN = "unknown"
    FAILED = "failed"
    EXPIRED = "expired"
    DELIVERED = "delivered"
    DROPPED = "dropped"


# A message that the provider took only goes up, and a delivery outranks whatever was said before it.
_SURE = frozenset({State.FAILED, State.EXPIRED, State.DELIVERED})
ON_ITS_WAY = frozenset({State.ACCEPTED, State.SENT, State.BUFFERED})
"""Taken, and nothing final said: after a long silence such a message is `unknown`."""

ARRIVED = ON_ITS_WAY | {State.DELIVERED}
"""Where a message is once its provider took it: any attempt may say so, and only the latest anything else."""

NEXT: Mapping[State, frozenset[State]] = {
    # Word of an earlier attempt may come while the message waits for the next one, or after we gave it up. What waits
    # though it may have been sent is unsure again when it will not go.
    State.QUEUED: ARRIVED | {State.SENDING, State.UNSURE, State.DROPPED},
    State.SENDING: ARRIVED | _SURE | {State.QUEUED, State.UNSURE, State.DROPPED},
    State.UNSURE: ARRIVED | _SURE | {State.QUEUED, State.UNKNOWN, State.DROPPED},
    State.ACCEPTED: _SURE | {State.SENT, State.BUFFERED, State.UNKNOWN},
    State.SENT: _SURE | {State.BUFFERED, State.UNKNOWN},
    State.BUFFERED: _SURE | {State.UNKNOWN},
    State.UNKNOWN: _SURE,
    State.FAILED: frozenset({State.DELIVERED}),
    State.EXPIRED: frozenset({State.DELIVERED}),
    State.DROPPED: ARRIVED,
    State.DELIVERED: frozenset(),
}
"""Every move there is; until the provider took it a message may go back, from `unsure` only by policy or a person.

A person may also leave one in doubt: then it is `unknown` for good."""

SOURCES: Mapping[State, list[State]] = {to: [state for state in State if to in NEXT[state]] for to in State}
"""The same table read backwards: from where a message may come."""
