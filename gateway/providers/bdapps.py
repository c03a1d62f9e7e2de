"""bdapps (Robi, Bangladesh): SMS and USSD by JSON. ASCII only; a caller's number may be hidden.

USSD is asynchronous: what we answer only acknowledges the hop, and the screen is a call of ours. An HTTP 200 says
nothing: what became of a request stands in its statusCode.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from http import HTTPStatus
from typing import Any

from gateway.providers.contract import Answer
from gateway.providers.contract import BadCallback
from gateway.providers.contract import Ended
from gateway.providers.contract import Form
from gateway.providers.contract import Hop
from gateway.providers.contract import Inbound
from gateway.providers.contract import MissedCall
from gateway.providers.contract import OptOut
from gateway.providers.contract import Receipt
from gateway.providers.contract import Sent
from gateway.providers.wire import ACCEPTED
from gateway.providers.wire import ACCOUNT
from gateway.providers.wire import BANGLADESH
from gateway.providers.wire import PERMANENT
from gateway.providers.wire import TIMEOUT
from gateway.providers.wire import TRANSIENT
from gateway.providers.wire import Verdict
from gateway.providers.wire import answered
from gateway.providers.wire import field
from gateway.providers.wire import garbled
from gateway.providers.wire import judged
from gateway.providers.wire import plain
from gateway.providers.wire import possible
from gateway.providers.wire import shaped
from gateway.providers.wire import told
from gateway.providers.wire import unsendable
from locales.numerals import to_latin

NAME = "bdapps"
URL = "https://developer.bdapps.com"
VERSION = "1.0"
ROOM = 140
"""Octets of a page: 160 characters."""

PATIENCE = (2, 4)
"""Seconds to connect and to wait when a screen is shown: a caller is waiting, too."""

TEXT_ENCODING = "0"
USSD_ENCODING = "440"
TEXT_LIMIT = 182
SMS_LIMIT = 2000
WORD_LIMIT = 40
TO_LIMIT = 24

_SESSION = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_OPERATION = re.compile(r"mo-init|mo-cont")
_MASKED = re.compile(r"tel:[A-Za-z0-9+/=%_.~-]{1,200}")
_APPLICATION = re.compile(r"[A-Za-z0-9_]{1,40}")
_STATUS = re.compile(r"[SPE][0-9]{4}")
_WORD = re.compile(r"[A-Za-z _-]{1,40}")
_NOT_LETTERS = re.compile(r"[^a-z]")

_ACCOUNT = ("E1301", "E1302", "E1303", "E1309", "E1311", "E1313", "E1315", "E1331")
_TRANSIENT = (
    "E1316", "E1318", "E1319", "E1332", "E1341", "E1360", "E1363", "E1364", "E1600", "E1601", "E1602", "E1603",
)  # fmt: skip
STATUSES: Mapping[str, Verdict] = {
    "S1000": ACCEPTED,
    **dict.fromkeys(_ACCOUNT, ACCOUNT),
    **dict.fromkeys(_TRANSIENT, TRANSIENT),
}
"""What a statusCode means; every other one that begins with E is a refusal of this message."""

WORDS: Mapping[str, str] = {
    "accepted": "sent",
    "acceptd": "sent",
    "enroute": "sent",
    "delivered": "delivered",
    "delivrd": "delivered",
    "undeliverable": "failed",
    "undeliv": "failed",
    "rejected": "failed",
    "rejectd": "failed",
    "deleted": "failed",
    "expired": "expired",
}
"""The deliveryStatus of a receipt, in its long and short forms, and the state that it tells."""

_TAKEN = json.dumps({"statusCode": "S1000", "statusDetail": "Success"}).encode()
_ACKNOWLEDGED: Answer = (HTTPStatus.OK, {"Content-Type": "application/json"}, _TAKEN)


class BdappsUssd:
    """The USSD wire: the last input and an id of its own come with each hop, a screen goes out by a call of ours."""

    name = NAME
    room = ROOM
    latin = True

    def __init__(
        self, application: str, password: str, code: str, *, url: str = "", timeout: tuple[float, float] = PATIENCE
    ) -> None:
        """Speak for one application; the wire does not repeat the short code that leads to it, so it is `code`."""
        self._account = {"applicationId": application, "password": password, "version": VERSION}
        self._application = application
        self._code = code
        self._url = f"{(url or URL).rstrip('/')}/ussd/send"
        self._timeout = timeout

    def read_hop(self, form: Form) -> Hop:
        """Read one hop. Every dial of a session is the same hop; a later one is known by its requestId."""
        _ours(form, self._application)
        opens = shaped(form, "ussdOperation", _OPERATION) == "mo-init"
        address, request = field(form, "sourceAddress"), shaped(form, "requestId", _ID)
        return Hop(
            NAME,
            shaped(form, "sessionId", _SESSION),
            _caller(address, "sourceAddress"),
            self._code,
            # The message of a dial is what was dialled.
            text="" if opens else _typed(form),
            network="",
            request="" if opens else request,
            address=address,
        )

    def read_end(self, form: Form) -> Ended:
        """Refuse: this wire tells no end, a call that falls silent is over."""
        raise BadCallback("bdapps tells no end of a call")

    def write_reply(self, text: str, ends: bool, screen: str) -> Answer:
        """The acknowledgement; it shows nothing."""
        return _ACKNOWLEDGED

    def show(self, hop: Hop, text: str, ends: bool) -> None:
        """Show a page on the handset of a hop, in ASCII."""
        page = {
            "message": ascii_only(text),
            "sessionId": hop.session,
            "ussdOperation": "mt-fin" if ends else "mt-cont",
            "destinationAddress": hop.address,
            "encoding": USSD_ENCODING,
        }
        _answer(told(answered("POST", self._url, json=self._account | page, timeout=self._timeout)))


class BdappsSms:
    """The SMS wire; it honours no key."""

    name = NAME
    honours_key = False

    def __init__(
        self,
        application: str,
        password: str,
        sender: str = "",
        *,
        url: str = "",
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        """Speak for one application; `sender` is its number as the receivers see it, where it has several."""
        self._account = {"applicationId": application, "password": password, "version": VERSION}
        self._sender = sender
        self._url = f"{(url or URL).rstrip('/')}/sms/send"
        self._timeout = timeout

    def key_until(self, first: datetime) -> datetime:
        """At once: the key has no place on this wire."""
        return first

    def carries(self, number: str, text: str) -> bool:
        """ASCII, to a number in Bangladesh: never to everybody (`tel:all`)."""
        return number.startswith(BANGLADESH) and possible(number) and text.isascii()

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        """Send one message and ask for its receipt."""
        if not self.carries(number, text):
            raise unsendable("InvalidAddress" if text.isascii() else "NotAscii")
        message = {
            "message": text,
            "destinationAddresses": [f"tel:{number.removeprefix('+')}"],
            "encoding": TEXT_ENCODING,
            "deliveryStatusRequest": "1",
        }
        if source := sender or self._sender:
            message["sourceAddress"] = source
        return _answer(told(answered("POST", self._url, json=self._account | message, timeout=self._timeout)))


class BdappsCallbacks:
    """Receipts and inbound SMS: flat JSON objects."""

    name = NAME

    def __init__(self, application: str) -> None:
        """Read what is meant for one application."""
        self._application = application

    def read_receipt(self, form: Form) -> Receipt:
        """Read a receipt; a status that is not documented has the status ""."""
        word = shaped(form, "deliveryStatus", _WORD)
        status = WORDS.get(_NOT_LETTERS.sub("", word.lower()), "")
        number = _caller(field(form, "destinationAddress"), "destinationAddress")
        return Receipt(NAME, shaped(form, "requestId", _ID), number, status, word, "")

    def read_inbound(self, form: Form) -> Inbound:
        """Read an SMS from a phone; its text is cut, not refused."""
        _ours(form, self._application)
        number = _caller(field(form, "sourceAddress"), "sourceAddress")
        text, to = field(form, "message")[:SMS_LIMIT], plain(form, "destinationAddress", TO_LIMIT)
        return Inbound(NAME, shaped(form, "requestId", _ID), number, to, text, "")

    def read_optout(self, form: Form) -> OptOut:
        """Read that a subscriber left; any other change of a subscription is none of ours."""
        _ours(form, self._application)
        if plain(form, "status", WORD_LIMIT).rstrip(".").upper() != "UNREGISTERED":
            raise BadCallback("status is no opt-out")
        return OptOut(NAME, _caller(field(form, "subscriberId"), "subscriberId"), self._application)

    def read_missed_call(self, form: Form) -> MissedCall:
        """Refuse: there are no calls on this wire."""
        raise BadCallback("bdapps tells no calls")

    def write_taken(self) -> Answer:
        """What the provider wants to read."""
        return _ACKNOWLEDGED

    def write_rejected(self) -> Answer:
        """As for everything else."""
        return _ACKNOWLEDGED


def ascii_only(text: str) -> str:
    """The text in ASCII: digits in their Latin form, letters without accents, ? for what has no like."""
    plainer = unicodedata.normalize("NFKD", to_latin(text).replace("৳", "Tk "))
    letters = (character for character in plainer if not unicodedata.category(character).startswith("M"))
    return "".join(character if character.isascii() else "?" for character in letters)


def _ours(form: Form, application: str) -> None:
    if not compare_digest(shaped(form, "applicationId", _APPLICATION), application):
        raise BadCallback("applicationId is not ours")


def _typed(form: Form) -> str:
    text = field(form, "message", "")
    if len(text) > TEXT_LIMIT:
        raise BadCallback(f"message is longer than {TEXT_LIMIT} characters")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise BadCallback("message holds a control character")
    return text


def _caller(address: str, name: str) -> str:
    """The number in an address, or a name for the handset where the number is hidden.

    The hidden form is hashed to what fits the place of a number; it leads to nobody.
    """
    number = f"+{address.removeprefix('tel:').strip().removeprefix('+')}"
    if possible(number):
        return number
    if not _MASKED.fullmatch(address) or address == "tel:all":
        raise BadCallback(f"{name} is no address")
    return f"tel:{sha256(address.encode()).hexdigest()[:16]}"


def _answer(answer: Any) -> Sent:
    """Read a 2xx answer: its statusCode, then that of its one receiver, where it has one."""
    try:
        codes = [(str(answer["statusCode"]), str(answer.get("statusDetail") or ""))]
        rows = answer.get("destinationResponses") or ()
        codes += [(str(row["statusCode"]), str(row.get("statusDetail") or "")) for row in rows]
        message_id = answer.get("requestId") or next((row.get("messageId") for row in rows), None)
    except (KeyError, TypeError, AttributeError) as error:
        raise garbled("another JSON than documented") from error
    for code, detail in codes:
        verdict = STATUSES.get(code, PERMANENT)
        if not _STATUS.fullmatch(code) or (code not in STATUSES and not code.startswith("E")):
            raise garbled("a statusCode that is not documented")
        if verdict is not ACCEPTED:
            raise judged(code, verdict, detail)
    return Sent(str(message_id or ""))
