"""Africa's Talking: USSD by its callback contract, SMS through its SDK (africastalking 2.0.3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import phonenumbers
import requests
from africastalking.SMS import SMSService
from urllib3.exceptions import MaxRetryError

from gateway.log import masked
from gateway.providers.contract import Answer
from gateway.providers.contract import BadCallback
from gateway.providers.contract import Ended
from gateway.providers.contract import Form
from gateway.providers.contract import Hop
from gateway.providers.contract import Outcome
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent

NAME = "africastalking"
TIMEOUT = (3, 9)
"""Seconds to connect and to wait for the answer."""

TEXT_LIMIT = 2000
TRAIL_LIMIT = 1000
COST_LIMIT = 24
HOP_NAME_LIMIT = 99

_SESSION = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_CODE = re.compile(r"\*[0-9*]{1,30}#?")
_NETWORK = re.compile(r"[A-Za-z0-9]{0,12}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_COUNT = re.compile(r"[0-9]{1,10}")
_STATUS = re.compile(r"Success|Incomplete|Failed")


class AfricasTalkingUssd:
    """The USSD wire: a form in, `CON …` or `END …` out."""

    name = NAME

    def read_hop(self, form: Form) -> Hop:
        """Read one hop: every field once, `networkCode` may be missing, unknown ones are ignored."""
        text = _field(form, "text")
        if len(text) > TEXT_LIMIT:
            raise BadCallback(f"text is longer than {TEXT_LIMIT} characters")
        if any(unicodedata.category(character) == "Cc" for character in text):
            raise BadCallback("text holds a control character")
        return Hop(NAME, *_who(form), text=text, network=_shaped(form, "networkCode", _NETWORK, ""))

    def read_end(self, form: Form) -> Ended:
        """Read the end of a dialogue; `input` and `lastAppResponse` (a PIN, a balance) are not even looked at."""
        return Ended(
            NAME,
            *_who(form),
            network=_shaped(form, "networkCode", _NETWORK, ""),
            status=_shaped(form, "status", _STATUS),
            milliseconds=int(_shaped(form, "durationInMillis", _COUNT, "0")),
            hops=int(_shaped(form, "hopsCount", _COUNT, "0")),
            trail=_plain(form, "hopsMetadata", TRAIL_LIMIT),
            cost=_plain(form, "cost", COST_LIMIT),
        )

    def write_reply(self, text: str, ends: bool, screen: str) -> Answer:
        """200 with CON or END before the text; the screen's name goes into the provider's own statistics."""
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "at-ussd-hop-metadata": screen.replace("|", "/")[:HOP_NAME_LIMIT],
        }
        return HTTPStatus.OK, headers, f"{'END' if ends else 'CON'} {text}".encode()


def _who(form: Form) -> tuple[str, str, str]:
    return _shaped(form, "sessionId", _SESSION), _phone(form), _shaped(form, "serviceCode", _CODE)


def _field(form: Form, name: str, otherwise: str | None = None) -> str:
    values = form.get(name, ())
    if len(values) > 1:
        raise BadCallback(f"{name} comes {len(values)} times")
    if values:
        return values[0]
    if otherwise is None:
        raise BadCallback(f"{name} is missing")
    return otherwise


def _shaped(form: Form, name: str, shape: re.Pattern[str], otherwise: str | None = None) -> str:
    value = _field(form, name, otherwise)
    # An optional field may come empty as well as not at all.
    if value == "" and otherwise is not None:
        return otherwise
    if not shape.fullmatch(value):
        raise BadCallback(f"{name} is not well formed")
    return value


def _plain(form: Form, name: str, limit: int) -> str:
    """An optional field for statistics: cut rather than refused."""
    return "".join(character for character in _field(form, name, "")[:limit] if character.isprintable())


def _phone(form: Form) -> str:
    phone = _field(form, "phoneNumber")
    # A + that was not escaped on its way is decoded as a space.
    healed = f"+{phone[1:]}" if phone.startswith(" ") else phone
    if not _possible(healed):
        raise BadCallback("phoneNumber is no phone number")
    return healed


@lru_cache(maxsize=4096)
def _possible(phone: str) -> bool:
    """Whether an E.164 number can exist: its country code is assigned and its length fits there."""
    if not _PHONE.fullmatch(phone):
        return False
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return False


@dataclass(frozen=True)
class Verdict:
    """What a status of the provider means for a message."""

    outcome: Outcome
    account: bool = False


ACCEPTED = Verdict(Outcome.ACCEPTED)
PERMANENT = Verdict(Outcome.PERMANENT)
TRANSIENT = Verdict(Outcome.TRANSIENT)
AMBIGUOUS = Verdict(Outcome.AMBIGUOUS)
# Not the message's fault: it waits while a person mends the account.
ACCOUNT = Verdict(Outcome.TRANSIENT, account=True)

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

HTTP: Mapping[int, Verdict] = {
    HTTPStatus.UNAUTHORIZED: ACCOUNT,
    HTTPStatus.PAYMENT_REQUIRED: ACCOUNT,
    HTTPStatus.FORBIDDEN: ACCOUNT,
    HTTPStatus.NOT_FOUND: ACCOUNT,
    HTTPStatus.REQUEST_TIMEOUT: TRANSIENT,
    HTTPStatus.TOO_MANY_REQUESTS: TRANSIENT,
    # Whoever answers for the provider gave up waiting for it: the provider may have the message.
    HTTPStatus.GATEWAY_TIMEOUT: AMBIGUOUS,
}
"""An HTTP status with a meaning of its own; for the others see `_HTTP_CLASS`."""

_HTTP_CLASS = {3: ACCOUNT, 4: PERMANENT, 5: TRANSIENT}


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
        base_url: str | None = None,
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        """Speak for one account; `base_url` (ending in /version1) is another server's."""
        self._service = _Service(username, api_key)
        self._sender = sender
        self._timeout = timeout
        if base_url is not None:
            self._service._baseUrl = base_url

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        """Send one message; `sender` "" is the account's own; the key has no place on this wire."""
        if not _possible(number):
            raise SendError("InvalidPhoneNumber", Outcome.PERMANENT, "refused before sending")
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
        try:
            answer = requests.request(
                method, url, headers=dict(headers), data=dict(data), timeout=timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise _unanswered(error) from error
        if not 200 <= answer.status_code < 300:
            raise _refused(answer)
        try:
            return answer.json()
        except ValueError as error:
            raise _garbled("no JSON") from error


def _unanswered(error: requests.RequestException) -> SendError:
    # urllib3 gives up with MaxRetryError only while connecting; after that the request may have been read.
    connected = not (error.args and isinstance(error.args[0], MaxRetryError))
    return SendError(
        type(error).__name__,
        Outcome.AMBIGUOUS if connected else Outcome.TRANSIENT,
        "no answer" if connected else "not connected",
    )


def _refused(answer: requests.Response) -> SendError:
    verdict = HTTP.get(answer.status_code) or _HTTP_CLASS.get(answer.status_code // 100, AMBIGUOUS)
    return SendError(
        f"http-{answer.status_code}",
        verdict.outcome,
        masked(answer.text[:100]).strip(),
        account=verdict.account,
    )


def _garbled(detail: str) -> SendError:
    # The answer was a 2xx: whatever it tried to say, the message is probably on its way.
    return SendError("garbled", Outcome.AMBIGUOUS, detail)


def _sent(answer: Any) -> Sent:
    """Read a 2xx answer to one recipient."""
    try:
        said = answer["SMSMessageData"]
        recipients = said["Recipients"]
        if not recipients:
            raise _not_taken(str(said["Message"]), "no recipient taken")
        status, message_id = int(recipients[0]["statusCode"]), recipients[0].get("messageId")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _garbled("another JSON than documented") from error
    if status not in STATUSES:
        raise _garbled(f"status {status}")
    name, verdict = STATUSES[status]
    if verdict is not ACCEPTED:
        raise SendError(name, verdict.outcome, f"status {status}", account=verdict.account)
    return Sent(_id(message_id), str(recipients[0].get("cost") or ""))


def _not_taken(message: str, detail: str) -> SendError:
    # A refusal of the whole request names itself in Message; else that is a sentence ("Sent to 0/1 …").
    verdict = _REFUSALS.get(message, PERMANENT)
    code = message if message in _REFUSALS else "NoRecipient"
    return SendError(code, verdict.outcome, detail, account=verdict.account)


def _id(message_id: object) -> str:
    # Failures carry the text "None", and every one of them the same.
    return "" if message_id in (None, "None") else str(message_id)
