"""What a provider is to us: a translator between its wire and these few values; no rows, no Flask."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

Form = Mapping[str, Sequence[str]]
"""A posted form with every value of every field, as `request.form.to_dict(flat=False)` gives it."""

Answer = tuple[int, Mapping[str, str], bytes]
"""What to answer over HTTP: status, headers, body."""


def mask(number: str) -> str:
    """A phone number for a log: its last three digits."""
    return f"…{number[-3:]}"


class BadCallback(ValueError):
    """A callback that its provider would not have sent; says what is wrong and repeats nothing of it."""


@dataclass(frozen=True, repr=False)
class Hop:
    """One request of a USSD dialogue; `text` is all input so far, as the wire has it, and may hold a PIN."""

    provider: str
    session: str
    phone: str
    code: str
    text: str
    network: str

    def __repr__(self) -> str:
        """What may be logged: no text, and of the number only its end."""
        return f"Hop({self.provider} {self.session} {mask(self.phone)} {self.code} text[{len(self.text)}])"


@dataclass(frozen=True, repr=False)
class Ended:
    """The end of a USSD dialogue as its provider saw it, without what she typed or read."""

    provider: str
    session: str
    phone: str
    code: str
    network: str
    status: str
    milliseconds: int
    hops: int
    trail: str
    cost: str

    def __repr__(self) -> str:
        """What may be logged: of the number only its end."""
        return f"Ended({self.provider} {self.session} {mask(self.phone)} {self.status} after {self.hops} hops)"


class Outcome(StrEnum):
    """What one attempt to send came to; after `ambiguous` nobody knows whether the message is on its way."""

    ACCEPTED = "accepted"
    PERMANENT = "permanent"
    TRANSIENT = "transient"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Sent:
    """The provider took the message: its id for it, the cost in its words, the state reached (accepted …)."""

    provider_id: str
    cost: str = ""
    status: str = "accepted"


class SendError(Exception):
    """The provider did not, or may not, have taken the message; `account`: it is our balance or key."""

    def __init__(self, code: str, outcome: Outcome, detail: str = "", *, account: bool = False) -> None:
        """Say what came of it: a short stable code, the outcome, a detail for the operator."""
        super().__init__(code, outcome, detail)
        self.code = code
        self.outcome = outcome
        self.detail = detail
        self.account = account

    def __str__(self) -> str:
        """Code and detail on one line, for a log."""
        return f"{self.code} ({self.outcome}): {self.detail}" if self.detail else f"{self.code} ({self.outcome})"


class UssdProvider(Protocol):
    """The USSD wire of one provider: pure translation."""

    @property
    def name(self) -> str:
        """Its name in the callback path."""

    def read_hop(self, form: Form) -> Hop:
        """Read one hop; BadCallback when it is not what the provider documents."""

    def read_end(self, form: Form) -> Ended:
        """Read the event that ends a dialogue; BadCallback when it is not what the provider documents."""

    def write_reply(self, text: str, ends: bool, screen: str) -> Answer:
        """The answer that shows `text` and waits, or ends the dialogue; `screen` is for statistics."""


class SmsProvider(Protocol):
    """The SMS wire of one provider: one HTTP call a message."""

    @property
    def name(self) -> str:
        """Its name in SMS_PROVIDERS."""

    @property
    def honours_key(self) -> bool:
        """Whether a second send with the same key is no second message: then an ambiguous one is repeated."""

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        """Send to an E.164 number within 12 s, `sender` "" = the default; SendError tells what else came."""
