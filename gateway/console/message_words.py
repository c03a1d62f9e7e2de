"""How messages are called: their states, why they are in them, what they are for, what came of an attempt."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.outbox import State
from gateway.providers.contract import Outcome
from gateway.sms import broadcasts
from gateway.sms.settling import LEFT
from gateway.sms.settling import OFFICE
from locales import Phrase
from locales import phrase

STATES: Mapping[str, Phrase] = {
    State.QUEUED: phrase("waits to be sent"),
    State.SENDING: phrase("is being sent"),
    State.UNSURE: phrase("nobody knows whether it was sent"),
    State.ACCEPTED: phrase("taken by the provider"),
    State.SENT: phrase("sent"),
    State.BUFFERED: phrase("waits for her phone"),
    State.UNKNOWN: phrase("no word whether it arrived"),
    State.FAILED: phrase("did not arrive"),
    State.EXPIRED: phrase("her phone could not be reached in time"),
    State.DELIVERED: phrase("arrived"),
    State.DROPPED: phrase("was not sent"),
}
"""Every state of a message."""

REASONS: Mapping[str, Phrase] = {
    "opted-out": phrase("she wants no SMS"),
    "expired": phrase("too late to be of use"),
    "night": phrase("it would have come at night"),
    "key-expired": phrase("a copy could have come twice"),
    "no-route": phrase("no provider sends to this number"),
    "dlt-mismatch": phrase("the text is not registered"),
    "unrendered": phrase("the text could not be written"),
    "repeat": phrase("goes once more"),
    "silence": phrase("the provider fell silent"),
    "lease-ran-out": phrase("the sending broke off"),
    "our-error": phrase("a fault of ours"),
    OFFICE: phrase("the office says so"),
    LEFT: phrase("the office left it so"),
    broadcasts.STOPPED: phrase("the sending was stopped"),
}
"""Our own reasons; what is not here is a provider's word, and shown as it is."""

PURPOSES: Mapping[str, Phrase] = {
    "receipt": phrase("receipt"),
    "order": phrase("an order"),
    "commission": phrase("commission"),
    "meeting": phrase("a meeting is closed"),
    "approval": phrase("a request is decided"),
    "loan": phrase("an answer about a loan"),
    "pin": phrase("PIN"),
    "handover": phrase("the code for goods on their way"),
    "number": phrase("another number"),
    "answer": phrase("an answer to her SMS"),
    "loan-due": phrase("an instalment of a loan is due"),
    "emi-due": phrase("an instalment of goods is due"),
    "emi-late": phrase("an instalment of goods is overdue"),
    "month": phrase("what she made in the month"),
    "meeting-ahead": phrase("a meeting comes"),
    "overdue": phrase("what is overdue in the group"),
    "approvals": phrase("requests that still wait"),
    "undelivered": phrase("whom an SMS did not reach"),
    broadcasts.PURPOSE: phrase("sent to many"),
}
"""What a message is for."""

OUTCOMES: Mapping[str, Phrase] = {
    "": phrase("no answer yet"),
    Outcome.ACCEPTED: phrase("taken"),
    Outcome.PERMANENT: phrase("refused for good"),
    Outcome.TRANSIENT: phrase("not taken, try again"),
    Outcome.AMBIGUOUS: phrase("no clear answer: it may have been sent"),
}
"""What came of an attempt."""
