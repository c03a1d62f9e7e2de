"""SMPP 3.4 to an operator's message centre, through smpplib: an extra, `pip install somiti[smpp]`.

Two connections: one sends, bound while it is used; one receives, in a thread of its own, since receipts and inbound
SMS come over the wire. The library's own split is not used: it writes ` as §, and cuts pairs and clusters.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from hashlib import sha256
from select import select
from threading import Event
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import unquote
from urllib.parse import urlsplit

from smpplib import consts
from smpplib import smpp
from smpplib.client import Client

from gateway.providers.contract import Inbound
from gateway.providers.contract import Outcome
from gateway.providers.contract import Receipt
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent
from gateway.providers.wire import ACCOUNT
from gateway.providers.wire import PERMANENT
from gateway.providers.wire import TRANSIENT
from gateway.providers.wire import Verdict
from gateway.providers.wire import judged
from gateway.providers.wire import possible
from gateway.providers.wire import unsendable
from locales.alphabet import GSM_BASIC
from locales.alphabet import GSM_ESCAPED
from locales.alphabet import is_gsm
from locales.alphabet import parts

NAME = "smpp"
PORT = 2775
TIMEOUT = (2, 6)
"""Seconds for each step of getting a connection, and for the answers to all parts of one message."""

IDLE = 5.0
"""Seconds after which a kept connection is asked whether it is still there: a send must not find out."""

AGAIN = 5.0
"""Seconds before a lost receiving connection is made anew."""

# A byte string that begins like this is one part of several: header length, concatenation, its length, then
# reference, number of parts, this part (TS 23.040 §9.2.3.24.1).
HEADER = b"\x05\x00\x03"
UCS2 = 8

# TS 23.038: the basic table without its escape (1B), and the codes of the extension table.
_CODES = {character: bytes([code + (code >= 0x1B)]) for code, character in enumerate(GSM_BASIC)}
_CODES |= {character: bytes([0x1B, code]) for character, code in zip(GSM_ESCAPED, b"\n\x14()/<=>@e", strict=True)}
_LETTERS = {code: character for character, code in _CODES.items()}

STATUSES: Mapping[int, Verdict] = {
    consts.SMPP_ESME_RINVBNDSTS: TRANSIENT,
    consts.SMPP_ESME_RALYBND: TRANSIENT,
    consts.SMPP_ESME_RSYSERR: TRANSIENT,
    consts.SMPP_ESME_RINVSRCADR: ACCOUNT,
    consts.SMPP_ESME_RBINDFAIL: ACCOUNT,
    consts.SMPP_ESME_RINVPASWD: ACCOUNT,
    consts.SMPP_ESME_RINVSYSID: ACCOUNT,
    consts.SMPP_ESME_RMSGQFUL: TRANSIENT,
    consts.SMPP_ESME_RSUBMITFAIL: TRANSIENT,
    consts.SMPP_ESME_RTHROTTLED: TRANSIENT,
    consts.SMPP_ESME_RX_T_APPN: TRANSIENT,
}
"""What a command_status means; every other one refuses this message."""

WORDS: Mapping[str, str] = {
    "ENROUTE": "sent",
    "ACCEPTD": "sent",
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
}
"""The `stat` of a receipt and the state that it tells; UNKNOWN tells none."""

_RECEIPT = 0x04
_HEADED = 0x40
_ID = re.compile(r"\bid:([^ ]{1,64})")
_STAT = re.compile(r"\bstat:([A-Z]{1,12})")
_REASON = re.compile(r"\berr:([0-9A-Za-z]{1,8})")

# It logs whole messages and the password at lower levels.
logging.getLogger("smpplib").setLevel(logging.WARNING)


@dataclass(frozen=True, repr=False)
class _Account:
    host: str
    port: int
    system_id: str
    password: str
    tls: bool


class _Client(Client):  # type: ignore[misc]  # the library has no types
    """The library's client, but over TLS it looks at the name in the certificate."""

    def _create_socket(self) -> Any:
        plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        plain.settimeout(self.timeout)
        return self._ssl_context.wrap_socket(plain, server_hostname=self.host) if self._ssl_context else plain


class Smpp:
    """The SMS wire; it honours no key. One message at a time goes over its connection."""

    name = NAME
    honours_key = False

    def __init__(self, url: str, sender: str = "", *, timeout: tuple[float, float] = TIMEOUT) -> None:
        """Speak for the account of `smpp://system_id:password@host:port`, or smpps:// over TLS."""
        address = urlsplit(url)
        self._account = _Account(
            address.hostname or "",
            address.port or PORT,
            unquote(address.username or ""),
            unquote(address.password or ""),
            address.scheme == "smpps",
        )
        self._sender = sender
        self._timeout = timeout
        self._lock = Lock()
        self._client: Client | None = None
        self._used = 0.0

    def key_until(self, first: datetime) -> datetime:
        """At once: the key has no place on this wire."""
        return first

    def carries(self, number: str, text: str) -> bool:
        """Any text, to any number that can exist."""
        return possible(number)

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        """Send one message, in parts where it is long; the receipt is asked for the last part, whose id it has."""
        if not self.carries(number, text):
            raise unsendable("InvalidPhoneNumber")
        coding, pieces = pieces_of(text, key)
        with self._lock:
            client = self._bound()
            deadline, told = monotonic() + self._timeout[1], ""
            for place, piece in enumerate(pieces, 1):
                last = place == len(pieces)
                message = _addressed(number, sender or self._sender) | {
                    "data_coding": coding,
                    "esm_class": _HEADED if len(pieces) > 1 else 0,
                    "short_message": piece,
                    "registered_delivery": int(last),
                }
                told = self._submitted(client, message, deadline, first=place == 1)
            self._used = monotonic()
        return Sent(told)

    def listen(self, stop: Event, take: Callable[[Receipt | Inbound], None]) -> None:
        """Take receipts and inbound SMS until `stop`; one is acknowledged when `take` has returned."""
        while not stop.is_set():
            try:
                client = self._connected("bind_receiver")
            except SendError as error:
                logging.getLogger(__name__).warning("no receiving connection: %s", error)
            else:
                self._receive(client, stop, take)
                _leave(client)
            stop.wait(AGAIN)

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._drop()

    def _bound(self) -> Client:
        """The sending connection, made anew when it is not there any more."""
        if self._client is not None and monotonic() - self._used > IDLE:
            try:
                self._client._socket.settimeout(self._timeout[0])
                self._client.send_pdu(smpp.make_pdu("enquire_link", client=self._client))
                _awaited(self._client, "enquire_link_resp", None, monotonic() + self._timeout[0])
            except Exception:
                self._drop()
        if self._client is None:
            self._client = self._connected("bind_transmitter")
        return self._client

    def _connected(self, command: str) -> Client:
        client = _Client(
            self._account.host,
            self._account.port,
            timeout=self._timeout[0],
            logger_name="smpplib",
            ssl_context=ssl.create_default_context() if self._account.tls else None,
            allow_unknown_opt_params=True,
        )
        try:
            client.connect()
            bind = smpp.make_pdu(
                command, client=client, system_id=self._account.system_id, password=self._account.password
            )
            client.send_pdu(bind)
            answer = _awaited(client, f"{command}_resp", bind.sequence, monotonic() + self._timeout[0])
        except Exception as error:
            _leave(client)
            raise SendError(type(error).__name__, Outcome.TRANSIENT, "not connected") from error
        if answer.status:
            _leave(client)
            # Whatever the bind is refused for, no message is at fault.
            raise judged(f"smpp-{answer.status:#x}", STATUSES.get(answer.status, ACCOUNT), "bind refused")
        return client

    def _submitted(self, client: Client, message: Mapping[str, Any], deadline: float, *, first: bool) -> str:
        """Submit one part; its id. Once the first part is taken, no trouble is a clean one any more."""
        try:
            asked = client.send_message(**message)
            answer = _awaited(client, "submit_sm_resp", asked.sequence, deadline)
        except Exception as error:
            self._drop()
            raise SendError(type(error).__name__, Outcome.AMBIGUOUS, "no answer") from error
        if answer.status:
            code, verdict = f"smpp-{answer.status:#x}", STATUSES.get(answer.status, PERMANENT)
            raise judged(code, verdict) if first else SendError(code, Outcome.AMBIGUOUS, "not all parts were taken")
        return _text(answer.message_id)

    def _receive(self, client: Client, stop: Event, take: Callable[[Receipt | Inbound], None]) -> None:
        try:
            while not stop.is_set():
                # Waiting here, not in the library: a time-out in the middle of a message would lose the border.
                if not select([client._socket], [], [], 1.0)[0]:
                    continue
                pdu = client.read_pdu()
                if pdu.command == "deliver_sm" and (news := read_deliver(pdu)):
                    take(news)
                _acknowledge(client, pdu)
        except Exception as error:
            logging.getLogger(__name__).warning("receiving connection lost: %s", type(error).__name__)

    def _drop(self) -> None:
        if self._client is not None:
            _leave(self._client)
            self._client = None


def pieces_of(text: str, key: str) -> tuple[int, list[bytes]]:
    """The data coding of a text and its parts as octets, with a header where there are several.

    The reference in the header comes from the key, so that parts of two attempts fit together on the handset.
    """
    cut = parts(text)
    gsm = is_gsm(text)
    bodies = [b"".join(_CODES[each] for each in part) if gsm else part.encode("utf-16-be") for part in cut]
    if len(bodies) > 1:
        head = HEADER + bytes([sha256(key.encode()).digest()[0], len(bodies)])
        bodies = [head + bytes([place]) + body for place, body in enumerate(bodies, 1)]
    return (0 if gsm else UCS2), bodies


def read_deliver(pdu: Any) -> Receipt | Inbound | None:
    """What a deliver_sm tells: a receipt or an SMS from a phone; None for what cannot be read."""
    number = f"+{_text(pdu.source_addr).removeprefix('+')}"
    body, to = pdu.short_message or b"", _text(pdu.destination_addr)
    if not possible(number):
        return None
    if pdu.esm_class & _RECEIPT:
        text = body.decode("latin-1")
        named, stat, reason = _ID.search(text), _STAT.search(text), _REASON.search(text)
        if not named or not stat:
            return None
        return Receipt(NAME, named[1], number, WORDS.get(stat[1], ""), stat[1], reason[1] if reason else "")
    if pdu.esm_class & _HEADED:
        body = body[body[0] + 1 :]
    text = body.decode("utf-16-be", "replace") if pdu.data_coding == UCS2 else _decoded(body)
    # The wire gives it no id. One that is delivered again for want of an answer comes at once.
    minute = f"{datetime.now(UTC):%Y%m%d%H%M}"
    same = sha256(f"{number}\n{to}\n{minute}\n".encode() + body).hexdigest()[:32]
    return Inbound(NAME, same, number, to, text, "")


def _addressed(number: str, sender: str) -> dict[str, Any]:
    digits = sender.removeprefix("+").isdecimal()
    return {
        "source_addr_ton": consts.SMPP_TON_UNK if digits or not sender else consts.SMPP_TON_ALNUM,
        "source_addr_npi": consts.SMPP_NPI_ISDN if digits else consts.SMPP_NPI_UNK,
        "source_addr": sender.removeprefix("+"),
        "dest_addr_ton": consts.SMPP_TON_INTL,
        "dest_addr_npi": consts.SMPP_NPI_ISDN,
        "destination_addr": number.removeprefix("+"),
    }


def _awaited(client: Client, command: str, sequence: int | None, deadline: float) -> Any:
    """The answer to one command; what comes in between is answered, too."""
    while True:
        client._socket.settimeout(max(deadline - monotonic(), 0.01))
        pdu = client.read_pdu()
        if pdu.command in (command, "generic_nack") and sequence in (None, pdu.sequence):
            return pdu
        _acknowledge(client, pdu)


def _acknowledge(client: Client, pdu: Any) -> None:
    if pdu.command in ("enquire_link", "deliver_sm", "unbind"):
        answer = smpp.make_pdu(f"{pdu.command}_resp", client=client)
        answer.sequence = pdu.sequence
        client.send_pdu(answer)


def _leave(client: Client) -> None:
    """Close a connection, in whatever state it is."""
    line, client._socket = client._socket, None
    if line is not None:
        line.close()


def _text(octets: bytes | str | None) -> str:
    return octets.decode("ascii", "replace") if isinstance(octets, bytes) else octets or ""


def _decoded(septets: bytes) -> str:
    codes = re.findall(rb"\x1b?.", septets, re.DOTALL)
    return "".join(_LETTERS.get(code, "?") for code in codes)
