"""SSL Wireless (Bangladesh), Push SMS API v3: JSON; the one provider here that honours a key of ours."""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Mapping
from datetime import datetime
from datetime import time
from datetime import timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from gateway.providers.contract import Sent
from gateway.providers.wire import ACCEPTED
from gateway.providers.wire import ACCOUNT
from gateway.providers.wire import AMBIGUOUS
from gateway.providers.wire import BANGLADESH
from gateway.providers.wire import PERMANENT
from gateway.providers.wire import TIMEOUT
from gateway.providers.wire import TRANSIENT
from gateway.providers.wire import Verdict
from gateway.providers.wire import answered
from gateway.providers.wire import garbled
from gateway.providers.wire import judged
from gateway.providers.wire import possible
from gateway.providers.wire import told
from gateway.providers.wire import unsendable

NAME = "sslwireless"
URL = "https://smsplus.sslwireless.com"
LONGEST = 1000
"""Characters of one SMS."""

KEY_LENGTH = 20
DHAKA = ZoneInfo("Asia/Dhaka")
"""The provider's calendar: a key is unique within one day of it."""

_REFERENCE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")

STATUSES: Mapping[int, tuple[str, Verdict]] = {
    200: ("Success", ACCEPTED),
    4001: ("Unauthorized", ACCOUNT),
    4002: ("InvalidSid", ACCOUNT),
    4003: ("AddressNotAllowed", ACCOUNT),
    4020: ("InvalidCsmsId", PERMANENT),
    4023: ("DuplicateCsmsId", ACCEPTED),
    4025: ("InvalidMsisdn", PERMANENT),
    4026: ("BlockedMsisdn", PERMANENT),
    4027: ("TooLong", PERMANENT),
    4029: ("TooFast", TRANSIENT),
    4030: ("QuotaUsedUp", ACCOUNT),
    4031: ("TooMany", TRANSIENT),
    # It fell over somewhere after reading the request; with the key, asking again is harmless.
    5000: ("InternalError", AMBIGUOUS),
}
"""The status_code of an answer, which comes with HTTP 200 whatever it says: its name and what it means."""

ROWS: Mapping[str, tuple[str, Verdict]] = {
    "SUCCESS": ("Success", ACCEPTED),
    "DUPLICATE": ("DuplicateCsmsId", ACCEPTED),
    "INVALID": ("InvalidMsisdn", PERMANENT),
}
"""The sms_status of one message in an answer that is a success as a whole."""


def csms_id(key: str) -> str:
    """The provider's key for a key of ours: 20 letters and digits, 100 bits, the same for every attempt."""
    return b32encode(sha256(key.encode()).digest()).decode()[:KEY_LENGTH]


class SslWireless:
    """The SMS wire: a message whose key was used before on the same day is told as a duplicate, and not sent."""

    name = NAME
    honours_key = True

    def __init__(self, token: str, sid: str, *, url: str = "", timeout: tuple[float, float] = TIMEOUT) -> None:
        """Speak for one account and one masking (`sid`); `url` is the address that the provider gave."""
        self._token = token
        self._sid = sid
        self._url = f"{(url or URL).rstrip('/')}/api/v3/send-sms"
        self._timeout = timeout

    def key_until(self, first: datetime) -> datetime:
        """Midnight in Dhaka: the day after, the same key is a second message."""
        return datetime.combine(first.astimezone(DHAKA).date() + timedelta(days=1), time(0), DHAKA)

    def carries(self, number: str, text: str) -> bool:
        """Up to 1000 characters, to Bangladesh."""
        return number.startswith(BANGLADESH) and possible(number) and len(text) <= LONGEST

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        """Send one message; `sender` "" is the account's own masking."""
        if not self.carries(number, text):
            raise unsendable("TooLong" if len(text) > LONGEST else "InvalidMsisdn")
        asked = {
            "api_token": self._token,
            "sid": sender or self._sid,
            "msisdn": number.removeprefix("+"),
            "sms": text,
            "csms_id": csms_id(key),
        }
        return _sent(told(answered("POST", self._url, json=asked, timeout=self._timeout)))


def _sent(answer: Any) -> Sent:
    """Read the answer to one message: as a whole, then its row."""
    try:
        status, reason = int(answer["status_code"]), str(answer.get("error_message") or "")
        rows = [(str(row["sms_status"]), str(row.get("reference_id") or "")) for row in answer.get("smsinfo") or ()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise garbled("another JSON than documented") from error
    if status not in STATUSES:
        raise garbled(f"status {status}")
    name, verdict = STATUSES[status]
    if verdict is not ACCEPTED:
        raise judged(name, verdict, f"status {status}: {reason}")
    if not rows:
        # A duplicate needs no row: it was answered in full when it came first.
        if name == "Success":
            raise garbled("a success without a row")
        return Sent("")
    word, reference = rows[0]
    if word not in ROWS:
        raise garbled("an sms_status that is not documented")
    name, verdict = ROWS[word]
    if verdict is not ACCEPTED:
        raise judged(name, verdict, f"sms_status {word}")
    return Sent(reference if _REFERENCE.fullmatch(reference) else "")
