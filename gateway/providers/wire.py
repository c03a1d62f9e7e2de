"""What the wires have in common: fields of a callback read strictly, one call made, what an HTTP answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import phonenumbers
import requests
from urllib3.exceptions import MaxRetryError

from gateway.log import masked
from gateway.providers.contract import BadCallback
from gateway.providers.contract import Form
from gateway.providers.contract import Outcome
from gateway.providers.contract import SendError

TIMEOUT = (3, 9)
"""Seconds to connect and to wait for the answer."""

BANGLADESH = "+880"

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


# What a provider posts to us.


def field(form: Form, name: str, otherwise: str | None = None) -> str:
    """A field that may come once; BadCallback when it is missing and there is no `otherwise`."""
    values = form.get(name, ())
    if len(values) > 1:
        raise BadCallback(f"{name} comes {len(values)} times")
    if values:
        return values[0]
    if otherwise is None:
        raise BadCallback(f"{name} is missing")
    return otherwise


def shaped(form: Form, name: str, shape: re.Pattern[str], otherwise: str | None = None) -> str:
    """A field of a shape; BadCallback when it has another."""
    value = field(form, name, otherwise)
    # An optional field may come empty as well as not at all.
    if value == "" and otherwise is not None:
        return otherwise
    if not shape.fullmatch(value):
        raise BadCallback(f"{name} is not well formed")
    return value


def plain(form: Form, name: str, limit: int) -> str:
    """An optional field for statistics: cut rather than refused."""
    return "".join(character for character in field(form, name, "")[:limit] if character.isprintable())


def phone(form: Form, name: str) -> str:
    """A phone number in E.164."""
    number = field(form, name)
    # A + that was not escaped on its way is decoded as a space.
    healed = f"+{number[1:]}" if number.startswith(" ") else number
    if not possible(healed):
        raise BadCallback(f"{name} is no phone number")
    return healed


@lru_cache(maxsize=4096)
def possible(number: str) -> bool:
    """Whether an E.164 number can exist: its country code is assigned and its length fits there."""
    if not _PHONE.fullmatch(number):
        return False
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


# What a provider answers to us.


@dataclass(frozen=True)
class Verdict:
    """What a status of a provider means for a message."""

    outcome: Outcome
    account: bool = False


ACCEPTED = Verdict(Outcome.ACCEPTED)
PERMANENT = Verdict(Outcome.PERMANENT)
TRANSIENT = Verdict(Outcome.TRANSIENT)
AMBIGUOUS = Verdict(Outcome.AMBIGUOUS)
# Not the message's fault: it waits while a person mends the account.
ACCOUNT = Verdict(Outcome.TRANSIENT, account=True)

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


def answered(method: str, url: str, *, timeout: tuple[float, float] = TIMEOUT, **more: Any) -> requests.Response:
    """Make one call and return its 2xx answer; every other end of it is a SendError that says what it means.

    No redirect is followed, no connection kept: one that its server closed would make every send ambiguous.
    """
    try:
        answer = requests.request(method, url, timeout=timeout, allow_redirects=False, **more)
    except requests.RequestException as error:
        raise _unanswered(error) from error
    if not 200 <= answer.status_code < 300:
        raise _refused(answer)
    return answer


def told(answer: requests.Response) -> Any:
    """The JSON of a 2xx answer."""
    try:
        return answer.json()
    except ValueError as error:
        raise garbled("no JSON") from error


def judged(code: str, verdict: Verdict, detail: str = "") -> SendError:
    """The error that a verdict of a provider makes; of numbers in its own words only the ends are kept."""
    return SendError(code, verdict.outcome, masked(detail[:100]).strip(), account=verdict.account)


def garbled(detail: str) -> SendError:
    """The error for a 2xx answer that is not as documented: whatever it tried to say, the message may be on its way."""
    return SendError("garbled", Outcome.AMBIGUOUS, detail)


def unsendable(code: str) -> SendError:
    """The error for what this wire cannot take; it was not posted."""
    return SendError(code, Outcome.PERMANENT, "refused before sending")


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
    return judged(f"http-{answer.status_code}", verdict, answer.text)
