"""Africa's Talking: USSD by its callback contract, SMS through its SDK (africastalking 2.0.3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from africastalking.SMS import SMSService

from gateway.providers.contract import Answer
from gateway.providers.contract import BadCallback
from gateway.providers.contract import Ended
from gateway.providers.contract import Form
from gateway.providers.contract import Hop
from gateway.providers.contract import Inbound
from gateway.providers.contract import MissedCall
from gateway.providers.contract import OptOut
from gateway.providers.contract import Receipt
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent
from gateway.providers.wire import ACCEPTED
from gateway.providers.wire import ACCOUNT
from gateway.providers.wire import PERMANENT
from gateway.providers.wire import TIMEOUT
from gateway.providers.wire import TRANSIENT
from gateway.providers.wire import Verdict
from gateway.providers.wire import answered
from gateway.providers.wire import field
from gateway.providers.wire import garbled
from gateway.providers.wire import judged
from gateway.providers.wire import phone
from gateway.providers.wire import plain
from gateway.providers.wire import possible
from gateway.providers.wire import shaped
from gateway.providers.wire import told
from gateway.providers.wire import unsendable
from locales.alphabet import USSD_OCTETS

NAME = "africastalking"
TEXT_LIMIT = 2000
TRAIL_LIMIT = 1000
COST_LIMIT = 24
HOP_NAME_LIMIT = 99
REASON_LIMIT = 60
TO_LIMIT = 24

_SESSION = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_CODE = re.compile(r"\*[0-9*]{1,30}#?")
_NETWORK = re.compile(r"[A-Za-z0-9]{0,12}")
_COUNT = re.compile(r"[0-9]{1,10}")
_STATUS = re.compile(r"Success|Incomplete|Failed")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_WORD = re.compile(r"[A-Za-z _-]{1,40}")
_NOT_LETTERS = re.compile(r"[^a-z]")


class AfricasTalkingUssd:
    """The USSD wire: a form in, `CON …` or `END …` out."""

    name = NAME
    room = USSD_OCTETS
    latin = False

    def read_hop(self, form: Form) -> Hop:
        """Read one hop: every field once, `networkCode` may be missing, unknown ones are ignored."""
        text = field(form, "text")
        if len(text) > TEXT_LIMIT:
            raise BadCallback(f"text is longer than {TEXT_LIMIT} characters")
        if any(unicodedata.category(character) == "Cc" for character in text):
            raise BadCallback("text holds a control character")
        return Hop(NAME, *_who(form), text=text, network=shaped(form, "networkCode", _NETWORK, ""))

    def read_end(self, form: Form) -> Ended:
        """Read the end of a dialogue; `input` and `lastAppResponse` (a PIN, a balance) are not even looked at."""
        return Ended(
            NAME,
            *_who(form),
            network=shaped(form, "networkCode", _NETWORK, ""),
            status=shaped(form, "status", _STATUS),
            milliseconds=int(shaped(form, "durationInMillis", _COUNT, "0")),
            hops=int(shaped(form, "hopsCount", _COUNT, "0")),
            trail=plain(form, "hopsMetadata", TRAIL_LIMIT),
            cost=plain(form, "cost", COST_LIMIT),
        )

    def write_reply(self, text: str, ends: bool, screen: str) -> Answer:
        """200 with CON or END before the text; the screen's name goes into the provider's own statistics."""
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "at-ussd-hop-metadata": screen.replace("|", "/")[:HOP_NAME_LIMIT],
        }
        return HTTPStatus.OK, headers, f"{'END' if ends else 'CON'} {text}".encode()


def _who(form: Form) -> tuple[str, str, str]:
    return shaped(form, "sessionId", _SESSION), phone(form, "phoneNumber"), shaped(form, "serviceCode", _CODE)


STATUSES: Mapping[int, tuple[str, Verdict]] = {
    100: ("Processed", ACCEPTED),
    101: ("Sent", ACCEPTED),
    102: ("Queued", ACCEPTED),
    401: ("RiskHold", PERMANENT),
    402: ("InvalidSenderId", ACCOUNT),
    403: ("InvalidPhoneNumber", PERMANENT),
    404: ("UnsupportedNumberType", PERMANENT),
    405: ("InsufficientBalance", ACCOUNT),
    406: ("UserInBlacklist", PERMANENT),
    407: ("CouldNotRoute", PERMANENT),
    409: ("DoNotDisturbRejection", PERMANENT),
    500: ("InternalServerError", TRANSIENT),
    501: ("GatewayError", TRANSIENT),
    502: ("RejectedByGateway", PERMANENT),
}
"""The status of one recipient in a 2xx answer: its name and what it means."""

_REFUSALS = {name: verdict for name, verdict in STATUSES.values() if verdict is not ACCEPTED}


class AfricasTalkingSms:
    """The SMS wire; it honours no key, so an ambiguous send must not be repeated by itself."""

    name = NAME
    honours_key = False

    def __init__(
        self,
        username: str,
        api_key: str,
        sender: str = "",
        *,
        base_url: str = "",
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        """Speak for one account; `base_url` (ending in /version1) is another server's."""
        self._service = _Service(username, api_key)
        self._sender = sender
        self._timeout = timeout
        if base_url:
            self._service._baseUrl = base_url

    def key_until(self, first: datetime) -> datetime:
        """At once: the key has no place on this wire."""
        return first

    def carries(self, number: str, text: str) -> bool:
        """Any text, to any number that can exist."""
        return possible(number)

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        """Send one message; `sender` "" is the account's own."""
        if not self.carries(number, text):
            raise unsendable("InvalidPhoneNumber")
        return _sent(self._service.send(text, [number], sender or self._sender or None, timeout=self._timeout))


class _Service(SMSService):  # type: ignore[misc]  # the SDK has no types
    """The SDK's service, but a failure keeps its status and says whether the request can have arrived."""

    def _make_request(
        self,
        url: str,
        method: str,
        headers: Mapping[str, str],
        data: Mapping[str, Any],
        params: None,
        callback: None = None,
        timeout: tuple[float, float] = TIMEOUT,
    ) -> Any:
        return told(answered(method, url, headers=dict(headers), data=dict(data), timeout=timeout))


def _sent(answer: Any) -> Sent:
    """Read a 2xx answer to one recipient."""
    try:
        said = answer["SMSMessageData"]
        recipients = said["Recipients"]
        if not recipients:
            raise _not_taken(str(said["Message"]), "no recipient taken")
        status, message_id = int(recipients[0]["statusCode"]), recipients[0].get("messageId")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise garbled("another JSON than documented") from error
    if status not in STATUSES:
        raise garbled(f"status {status}")
    name, verdict = STATUSES[status]
    if verdict is not ACCEPTED:
        raise judged(name, verdict, f"status {status}")
    return Sent(_id(message_id), str(recipients[0].get("cost") or ""))


def _not_taken(message: str, detail: str) -> SendError:
    # A refusal of the whole request names itself in Message; else that is a sentence ("Sent to 0/1 …").
    verdict = _REFUSALS.get(message, PERMANENT)
    code = message if message in _REFUSALS else "NoRecipient"
    return judged(code, verdict, detail)


def _id(message_id: object) -> str:
    # Failures carry the text "None", and every one of them the same.
    return "" if message_id in (None, "None") else str(message_id)


WORDS: Mapping[str, str] = {
    "sent": "sent",
    "submitted": "sent",
    "buffered": "buffered",
    "success": "delivered",
    "rejected": "failed",
    "failed": "failed",
    "absentsubscriber": "failed",
    "expired": "expired",
}
"""The status of a receipt, its small letters only (it is written in several ways), and the state that it tells."""


class AfricasTalkingCallbacks:
    """Receipts, inbound SMS and opt-outs: forms."""

    name = NAME

    def read_receipt(self, form: Form) -> Receipt:
        """Read a receipt; a status that is not documented has the status ""."""
        word = shaped(form, "status", _WORD)
        status = WORDS.get(_NOT_LETTERS.sub("", word.lower()), "")
        reason = plain(form, "failureReason", REASON_LIMIT)
        return Receipt(NAME, shaped(form, "id", _ID), phone(form, "phoneNumber"), status, word, reason)

    def read_inbound(self, form: Form) -> Inbound:
        """Read an SMS from a phone; its text is cut, not refused."""
        text = field(form, "text")[:TEXT_LIMIT]
        to, network = plain(form, "to", TO_LIMIT), shaped(form, "networkCode", _NETWORK, "")
        return Inbound(NAME, shaped(form, "id", _ID), phone(form, "from"), to, text, network)

    def read_optout(self, form: Form) -> OptOut:
        """Read that a number opted out of a sender name."""
        return OptOut(NAME, phone(form, "phoneNumber"), plain(form, "senderId", TO_LIMIT))

    def read_missed_call(self, form: Form) -> MissedCall:
        """Read that a phone rings our voice number."""
        return MissedCall(NAME, shaped(form, "sessionId", _SESSION), phone(form, "callerNumber"))

    def write_taken(self) -> Answer:
        """200 is all that it looks at."""
        return HTTPStatus.OK, {}, b""

    def write_rejected(self) -> Answer:
        """Hang up without taking the call."""
        body = b'<?xml version="1.0" encoding="UTF-8"?><Response><Reject/></Response>'
        return HTTPStatus.OK, {"Content-Type": "application/xml"}, body
