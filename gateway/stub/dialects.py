"""The dialects of the HTTP providers as their servers speak them: what a request says, what is answered, what a
receipt looks like.

Written from the providers' documents, and not from our own side of the wire, which is what it is to be held against.
A token, key or password that is `wrong` is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from gateway.stub.trouble import Act

WRONG = "wrong"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

Answer = tuple[int, str, bytes]
"""Status, content type, body."""


class Wrong(Exception):
    """A request that no provider would take; `answer` is what it answers."""

    def __init__(self, answer: Answer) -> None:
        """Answer this."""
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True)
class Asked:
    """A request to send one message, or to show one page; `day` is the provider's, for keys that last a day."""

    number: str
    text: str
    sender: str = ""
    key: str = ""
    day: str = ""
    call: str = ""
    operation: str = ""


@dataclass(frozen=True)
class Receipts:
    """How a receipt is written (content type and body), and the provider's word for each state."""

    write: Callable[[Asked, str, str], tuple[str, bytes]]
    words: Mapping[str, str]


@dataclass(frozen=True)
class Dialect:
    """One address of one provider: how it is read, and how each end of it is said."""

    provider: str
    path: str
    read: Callable[[Mapping[str, str], bytes], Asked]
    taken: Callable[[Asked, str], Answer]
    refusals: Mapping[Act, Callable[[Asked], Answer]]
    receipts: Receipts | None = None
    keyed: Callable[[Asked], Answer] | None = None
    prefix: str = ""


def _said(status: int, body: object) -> Answer:
    return status, JSON, json.dumps(body).encode()


def _object(body: bytes, *names: str) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not all(said.get(name) for name in names):
        raise Wrong(_said(400, {"error": "missing parameters"}))
    return said


# Africa's Talking: a form in, one row for each receiver out.


def _at_read(headers: Mapping[str, str], body: bytes) -> Asked:
    form = dict(parse_qsl(body.decode()))
    if headers.get("apikey", WRONG) == WRONG or not form.get("username"):
        raise Wrong((401, "text/plain", b"The supplied authentication is invalid"))
    if not re.fullmatch(r"\+[0-9]{7,15}", form.get("to", "")) or not form.get("message"):
        raise Wrong((400, "text/plain", b"Must have valid recipients and a message"))
    return Asked(form["to"], form["message"], form.get("from", ""))


def _at_row(asked: Asked, code: int, status: str, message_id: str = "None") -> Answer:
    row = {
        "statusCode": code,
        "number": asked.number,
        "status": status,
        "cost": "BDT 0.3500" if message_id != "None" else "0",
        "messageId": message_id,
    }
    total = f"Sent to {int(message_id != 'None')}/1 Total Cost: {row['cost']}"
    return _said(201, {"SMSMessageData": {"Message": total, "Recipients": [row]}})


def _at_receipt(asked: Asked, message_id: str, word: str) -> tuple[str, bytes]:
    form = {"id": message_id, "status": word, "phoneNumber": asked.number, "networkCode": "47001", "retryCount": "0"}
    return FORM, urlencode(form | ({"failureReason": "UserNotReachable"} if word == "Failed" else {})).encode()


# SSL Wireless v3: JSON; HTTP 200 whatever it says.

DHAKA = ZoneInfo("Asia/Dhaka")


def _ssl_failed(code: int, why: str) -> Answer:
    return _said(200, {"status": "FAILED", "status_code": code, "error_message": why, "smsinfo": []})


def _ssl_read(headers: Mapping[str, str], body: bytes) -> Asked:
    said = _object(body, "api_token", "sid", "msisdn", "sms", "csms_id")
    if said["api_token"] == WRONG:
        raise Wrong(_ssl_failed(4001, "Unauthorized"))
    if not re.fullmatch(r"[A-Za-z0-9]{1,20}", said["csms_id"]):
        raise Wrong(_ssl_failed(4020, "Invalid CSMS ID"))
    if not re.fullmatch(r"8801[3-9][0-9]{8}", said["msisdn"]):
        raise Wrong(_ssl_failed(4025, "Invalid MSISDN"))
    if len(said["sms"]) > 1000:
        raise Wrong(_ssl_failed(4027, "SMS too long"))
    day = datetime.now(DHAKA).date().isoformat()
    return Asked(f"+{said['msisdn']}", said["sms"], said["sid"], said["csms_id"], day)


def _ssl_row(asked: Asked, status: str, reference: str = "") -> Answer:
    row = {
        "sms_status": status,
        "status_message": status.capitalize(),
        "msisdn": asked.number.removeprefix("+"),
        "sms_type": "EN" if asked.text.isascii() else "BN",
        "sms_body": asked.text,
        "csms_id": asked.key,
        "reference_id": reference,
    }
    return _said(200, {"status": "SUCCESS", "status_code": 200, "error_message": "", "smsinfo": [row]})


# bdapps: JSON; HTTP 200 whatever it says; two addresses.


def _bd_failed(code: str, why: str) -> Answer:
    return _said(200, {"version": "1.0", "statusCode": code, "statusDetail": why})


def _bd_read(headers: Mapping[str, str], body: bytes) -> Asked:
    said = _object(body, "applicationId", "password", "message", "destinationAddresses")
    if said["password"] == WRONG:
        raise Wrong(_bd_failed("E1313", "Authentication failed"))
    addresses = said["destinationAddresses"]
    if len(addresses) != 1 or not re.fullmatch(r"tel:8801[0-9]{9}", addresses[0]):
        raise Wrong(_bd_failed("E1325", "Format of the address is invalid"))
    if not said["message"].isascii():
        raise Wrong(_bd_failed("E1312", "Request is invalid"))
    return Asked(f"+{addresses[0].removeprefix('tel:')}", said["message"], said.get("sourceAddress", ""))


def _bd_taken(asked: Asked, message_id: str) -> Answer:
    row = {"address": f"tel:{asked.number.removeprefix('+')}", "messageId": f"m{message_id}", "statusCode": "S1000"}
    good = {"version": "1.0", "requestId": message_id, "statusCode": "S1000", "statusDetail": "Success"}
    return _said(200, good | {"destinationResponses": [row | {"statusDetail": "Success"}]})


def _bd_receipt(asked: Asked, message_id: str, word: str) -> tuple[str, bytes]:
    body = {
        "destinationAddress": f"tel:{asked.number.removeprefix('+')}",
        "timeStamp": f"{datetime.now(DHAKA):%Y%m%d%H%M%S}",
        "requestId": message_id,
        "deliveryStatus": word,
    }
    return JSON, json.dumps(body).encode()


def _bd_page(headers: Mapping[str, str], body: bytes) -> Asked:
    said = _object(body, "applicationId", "password", "sessionId", "ussdOperation", "destinationAddress", "message")
    if said["password"] == WRONG:
        raise Wrong(_bd_failed("E1313", "Authentication failed"))
    if said["ussdOperation"] not in ("mt-cont", "mt-fin") or not said["message"].isascii():
        raise Wrong(_bd_failed("E1312", "Request is invalid"))
    if len(said["message"]) > 182:
        raise Wrong(_bd_failed("E1334", "Message is too long"))
    return Asked(said["destinationAddress"], said["message"], call=said["sessionId"], operation=said["ussdOperation"])


def _bd_shown(asked: Asked, message_id: str) -> Answer:
    stamp = f"{datetime.now(DHAKA):%Y%m%d%H%M%S}"
    good = {"version": "1.0", "requestId": message_id, "timeStamp": stamp}
    return _said(200, good | {"statusCode": "S1000", "statusDetail": "Success"})


_BD_REFUSALS: Mapping[Act, Callable[[Asked], Answer]] = {
    Act.BUSY: lambda asked: _bd_failed("E1318", "Transactions per second exceeded"),
    Act.BROKE: lambda asked: _bd_failed("E1303", "Address is not allowed"),
    Act.REFUSE: lambda asked: _bd_failed("E1325", "Format of the address is invalid"),
}

DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        "africastalking",
        "/version1/messaging",
        _at_read,
        lambda asked, message_id: _at_row(asked, 101, "Success", message_id),
        {
            Act.BUSY: lambda asked: (429, "text/plain", b"Too many requests"),
            Act.BROKE: lambda asked: _at_row(asked, 405, "InsufficientBalance"),
            Act.REFUSE: lambda asked: _at_row(asked, 403, "InvalidPhoneNumber"),
        },
        Receipts(_at_receipt, {"sent": "Sent", "delivered": "Success", "failed": "Failed"}),
        prefix="ATXid_",
    ),
    Dialect(
        "sslwireless",
        "/api/v3/send-sms",
        _ssl_read,
        lambda asked, message_id: _ssl_row(asked, "SUCCESS", message_id),
        {
            Act.BUSY: lambda asked: _ssl_failed(4029, "Too many requests"),
            Act.BROKE: lambda asked: _ssl_failed(4030, "Quota used up"),
            Act.REFUSE: lambda asked: _ssl_row(asked, "INVALID"),
        },
        keyed=lambda asked: _ssl_failed(4023, "Duplicate CSMS ID"),
    ),
    Dialect(
        "bdapps", "/sms/send", _bd_read, _bd_taken, _BD_REFUSALS,
        Receipts(_bd_receipt, {"sent": "ACCEPTED", "delivered": "DELIVERED", "failed": "UNDELIVERABLE"}),
    ),
    Dialect("bdapps-ussd", "/ussd/send", _bd_page, _bd_shown, _BD_REFUSALS),
)  # fmt: skip
"""Every address that the stub answers at."""
