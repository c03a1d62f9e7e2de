"""What a provider is to us: a translator between its wire and these few values; no rows, no Flask."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Event
from typing import Protocol
from typing import runtime_checkable

Form = Mapping[str, Sequence[str]]
"""What was posted, every value of every field: a form, or a flat JSON object, whose values count as fields."""

Answer = tuple[int, Mapping[str, str], bytes]
"""What to answer over HTTP: status, headers, body."""


def mask(number: str) -> str:
    """A phone number for a log: its last three digits."""
    return f"…{number[-3:]}"


class BadCallback(ValueError):
    """A callback that its provider would not have sent; says what is wrong and repeats nothing of it."""


@dataclass(frozen=True, repr=False)
class Hop:
    """One request of a USSD dialogue; `text` may hold a PIN.

    Without a `request`, `text` is all input so far, as the wire has it, and "" is a dial. A wire that gives each hop
    an id of its own puts it into `request`; then `text` is the last input alone. `phone` is in E.164, or `tel:…` and
    16 hex digits where the provider hides the number: it names the handset, and nobody can be rung by it. `address`
    is where an asynchronous wire sends the screen.
    """

    provider: str
    session: str
    phone: str
    code: str
    text: str
    network: str
    request: str = ""
    address: str = ""

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


@dataclass(frozen=True, repr=False)
class Receipt:
    """What a provider says became of a message; the same one may come twice, late, out of order, or be forged.

    `status` is sent, buffered, delivered, failed or expired, "" for a word that is not documented; `word` is the
    provider's own, `reason` its reason for a failure.
    """

    provider: str
    provider_id: str
    phone: str
    status: str
    word: str
    reason: str

    def __repr__(self) -> str:
        """What may be logged: of the number only its end."""
        return f"Receipt({self.provider} {self.provider_id} {mask(self.phone)} {self.word} {self.reason})"


@dataclass(frozen=True, repr=False)
class Inbound:
    """An SMS from a phone; its sender can be forged. `provider_id` is the provider's for it, `to` our short code."""

    provider: str
    provider_id: str
    phone: str
    to: str
    text: str
    network: str

    def __repr__(self) -> str:
        """What may be logged: no text, and of the number only its end."""
        return f"Inbound({self.provider} {self.provider_id} {mask(self.phone)} text[{len(self.text)}])"


@dataclass(frozen=True, repr=False)
class OptOut:
    """A number that wants no more SMS from one sender name of ours, as it told its provider."""

    provider: str
    phone: str
    sender: str

    def __repr__(self) -> str:
        """What may be logged: of the number only its end."""
        return f"OptOut({self.provider} {mask(self.phone)} {self.sender})"


@dataclass(frozen=True, repr=False)
class MissedCall:
    """A phone that rang us and was not answered; its number can be forged. `provider_id` is the provider's for it."""

    provider: str
    provider_id: str
    phone: str

    def __repr__(self) -> str:
        """What may be logged: of the number only its end."""
        return f"MissedCall({self.provider} {self.provider_id} {mask(self.phone)})"


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

    @property
    def room(self) -> int:
        """The octets of a page."""

    @property
    def latin(self) -> bool:
        """Whether it carries ASCII only, so that Bangla is written in Latin letters."""

    def read_hop(self, form: Form) -> Hop:
        """Read one hop; BadCallback when it is not what the provider documents."""

    def read_end(self, form: Form) -> Ended:
        """Read the event that ends a dialogue; BadCallback when it is not what the provider documents."""

    def write_reply(self, text: str, ends: bool, screen: str) -> Answer:
        """The answer that shows `text` and waits, or ends the dialogue; `screen` is for statistics."""


@runtime_checkable
class AsynchronousUssd(UssdProvider, Protocol):
    """A USSD wire whose answer only acknowledges the hop: `write_reply` shows nothing, the screen is a call of ours."""

    def show(self, hop: Hop, text: str, ends: bool) -> None:
        """Show `text` on the handset of a hop, once more if it is there already; SendError when it may not be there."""


class SmsProvider(Protocol):
    """The SMS wire of one provider: one HTTP call a message."""

    @property
    def name(self) -> str:
        """Its name in SMS_PROVIDERS."""

    @property
    def honours_key(self) -> bool:
        """Whether a second send with the same key is no second message: then an ambiguous one is repeated."""

    def key_until(self, first: datetime) -> datetime:
        """Until when a key used at `first` is honoured: later, the same key is a second message."""

    def carries(self, number: str, text: str) -> bool:
        """Whether this wire can take this text to this number: `send` would refuse anything else unsent."""

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        """Send to an E.164 number within 12 s, `sender` "" = the default; SendError tells what else came."""


@runtime_checkable
class ListeningProvider(Protocol):
    """A provider that tells receipts and inbound SMS over its own wire, not by callbacks."""

    def listen(self, stop: Event, take: Callable[[Receipt | Inbound], None]) -> None:
        """Take what is told until `stop`; it is acknowledged when `take` has returned."""


class SmsCallbacks(Protocol):
    """What a provider tells us about SMS, over HTTP; BadCallback for what it would not have sent."""

    @property
    def name(self) -> str:
        """Its name in the callback path."""

    def read_receipt(self, form: Form) -> Receipt:
        """Read what became of a message."""

    def read_inbound(self, form: Form) -> Inbound:
        """Read an SMS from a phone."""

    def read_optout(self, form: Form) -> OptOut:
        """Read that a number wants no more SMS."""

    def read_missed_call(self, form: Form) -> MissedCall:
        """Read that a phone rings."""

    def write_taken(self) -> Answer:
        """The answer to a callback that was taken, so that it is not sent again."""

    def write_rejected(self) -> Answer:
        """The answer to a call: it is not taken, and so costs the caller nothing."""
