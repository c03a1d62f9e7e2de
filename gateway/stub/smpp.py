"""The stub's SMPP side: a message centre that speaks enough of SMPP 3.4, written from its specification.

Parts of a long message become one message in the ledger when the last of them has come; receipts go to whoever is
bound to receive.
"""

from __future__ import annotations

import secrets
import socket
import socketserver
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from threading import Event
from threading import Lock
from threading import Thread

from gateway.stub.ledger import Ledger
from gateway.stub.ledger import Message
from gateway.stub.reports import Post
from gateway.stub.reports import Reporter
from gateway.stub.trouble import TAKING
from gateway.stub.trouble import Act
from gateway.stub.trouble import Kind
from gateway.stub.trouble import Trouble

NACK, RECEIVER, TRANSMITTER, SUBMIT, DELIVER, UNBIND, TRANSCEIVER, ENQUIRE = 0, 1, 2, 4, 5, 6, 9, 21
RESPONSE = 0x80000000
HEADED = 0x40
RECEIPT = 0x04
UCS2 = 8

STATUSES: Mapping[Act, int] = {
    Act.ERROR: 0x08,
    Act.DOWN: 0x14,
    Act.BUSY: 0x58,
    Act.BROKE: 0x0A,
    Act.REFUSE: 0x0B,
}
"""The command_status of a refusal: system error, queue full, throttled, source address, destination address."""

ANSWERS = 300
"""Looks, 10 ms apart, for the answer to what was delivered."""

WORDS = {"sent": "ACCEPTD", "delivered": "DELIVRD", "failed": "UNDELIV"}

_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|",
            0x65: "€"}  # fmt: skip


@dataclass
class Line:
    """One bound connection and the parts that came over it."""

    connection: socket.socket
    writing: Lock = field(default_factory=Lock)
    receives: bool = False
    answered: set[int] = field(default_factory=set)
    parts: dict[tuple[str, int], dict[int, bytes]] = field(default_factory=dict)

    def say(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        """Send one PDU."""
        with self.writing:
            self.connection.sendall(struct.pack(">IIII", 16 + len(body), command, status, sequence) + body)


class Centre:
    """An SMPP server on a port of this machine; 0 takes any free one."""

    def __init__(
        self, port: int, ledger: Ledger, trouble: Trouble, reporter: Reporter, host: str = "127.0.0.1"
    ) -> None:
        """Open it."""
        self._ledger, self._trouble, self._reporter = ledger, trouble, reporter
        self._closing = Event()
        self._lines: list[Line] = []
        self._sequence = 0
        self._lock = Lock()
        self._server = _Server((host, port), self)
        self.port = int(self._server.server_address[1])
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="stub-smpp", daemon=True)

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving and cut every line."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        for line in list(self._lines):
            line.connection.close()
        self._thread.join()

    def serve(self, connection: socket.socket) -> None:
        """Serve one connection until it ends."""
        line = Line(connection)
        self._lines.append(line)
        try:
            while (head := _exactly(connection, 16)) and not self._closing.is_set():
                length, command, _, sequence = struct.unpack(">IIII", head)
                body = _exactly(connection, length - 16) if length > 16 else b""
                if not self._obey(line, command, sequence, body):
                    return
        except OSError:
            pass
        finally:
            self._lines.remove(line)

    def deliver(self, number: str, to: str, text: str) -> bool:
        """Send an SMS from a phone to whoever receives."""
        return self._deliver(number, to, b"", text.encode("utf-16-be"), UCS2) == "200"

    def _obey(self, line: Line, command: int, sequence: int, body: bytes) -> bool:
        """Do one command; whether the line goes on."""
        if command in (RECEIVER, TRANSMITTER, TRANSCEIVER):
            _, password, _ = body.split(b"\0", 2)
            line.receives = command != TRANSMITTER and password != b"wrong"
            line.say(command | RESPONSE, 0x0E if password == b"wrong" else 0, sequence, b"stub\0")
            return True
        if command == SUBMIT:
            return self._submit(line, sequence, body)
        if command == DELIVER | RESPONSE:
            line.answered.add(sequence)
        if command in (ENQUIRE, UNBIND):
            line.say(command | RESPONSE, 0, sequence)
        elif not command & RESPONSE:
            line.say(NACK | RESPONSE, 0x03, sequence)
        return command != UNBIND

    def _submit(self, line: Line, sequence: int, body: bytes) -> bool:
        sender, number, esm, coding, wanted, octets = _read_submit(body)
        if esm & HEADED:
            reference, total, place = octets[3:6]
            held = line.parts.setdefault((number, reference), {})
            held[place] = octets[6:]
            if len(held) < total:
                part_id = secrets.token_hex(8)
                line.say(SUBMIT | RESPONSE, 0, sequence, f"{part_id}\0".encode())
                if wanted:
                    self._reporter.report("smpp", part_id, Kind.ONCE, self._post(number, sender, part_id))
                return True
            octets = b"".join(held[each] for each in sorted(held))
            del line.parts[number, reference]
        text = _read_text(octets, coding)
        self._closing.wait(self._trouble.latency)
        act = self._trouble.act(f"smpp {number} {text}")
        message_id = secrets.token_hex(8) if act in TAKING else ""
        self._ledger.asked(Message("smpp", number, text, sender, "", act, message_id))
        if message_id and wanted:
            kind = self._trouble.kind(f"smpp {number} {text}")
            self._reporter.report("smpp", message_id, kind, self._post(number, sender, message_id))
        return self._end(line, sequence, act, message_id)

    def _end(self, line: Line, sequence: int, act: Act, message_id: str) -> bool:
        if act in (Act.HANG, Act.LOSE, Act.SLOW):
            self._closing.wait(self._trouble.hold)
        if act in (Act.HANG, Act.LOSE, Act.RESET, Act.GATEWAY, Act.GARBLE):
            linger = struct.pack("ii", 1, 0)
            line.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        line.say(SUBMIT | RESPONSE, STATUSES.get(act, 0), sequence, f"{message_id}\0".encode() if message_id else b"")
        return True

    def _post(self, number: str, sender: str, message_id: str) -> Post:
        def post(state: str, forged_id: str | None, forged_number: str | None) -> str:
            text = f"id:{forged_id or message_id} sub:001 dlvrd:001 submit date:2611221000 done date:2611221001"
            told = f"{text} stat:{WORDS[state]} err:{'001' if state == 'failed' else '000'} text:"
            return self._deliver(forged_number or number, sender, bytes([RECEIPT]), told.encode(), 0)

        return post

    def _deliver(self, number: str, to: str, esm: bytes, octets: bytes, coding: int) -> str:
        source, destination = number.removeprefix("+").encode(), to.encode()
        head = b"\0\x01\x01" + source + b"\0\x00\x00" + destination + b"\0" + (esm or b"\0") + b"\0\0\0\0\0\0"
        body = head + bytes([coding, 0, len(octets)]) + octets
        with self._lock:
            self._sequence += 1
            sequence = self._sequence
        for line in [line for line in self._lines if line.receives]:
            try:
                line.say(DELIVER, 0, sequence, body)
            except OSError:
                continue
            for _ in range(ANSWERS):
                if sequence in line.answered:
                    return "200"
                if line not in self._lines or self._closing.wait(0.01):
                    break
        return "nobody received it"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], centre: Centre) -> None:
        self.centre = centre
        super().__init__(address, _Connection)


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.centre.serve(self.request)


def _exactly(connection: socket.socket, size: int) -> bytes:
    """So many octets, or none when the line ended."""
    got = b""
    while len(got) < size:
        more = connection.recv(size - len(got))
        if not more:
            return b""
        got += more
    return got


def _read_submit(body: bytes) -> tuple[str, str, int, int, bool, bytes]:
    """Sender, number, esm_class, data_coding, whether a receipt is wanted, the message as octets."""
    _service, rest = body.split(b"\0", 1)
    sender, rest = rest[2:].split(b"\0", 1)
    number, rest = rest[2:].split(b"\0", 1)
    esm, (_schedule, _validity, rest) = rest[0], rest[3:].split(b"\0", 2)
    wanted, coding, length = rest[0], rest[2], rest[4]
    return sender.decode(), f"+{number.decode()}", esm, coding, bool(wanted & 1), rest[5 : 5 + length]


def _read_text(octets: bytes, coding: int) -> str:
    if coding == UCS2:
        return octets.decode("utf-16-be")
    letters, codes = [], iter(octets)
    for code in codes:
        letters.append(_ESCAPED.get(next(codes, 0), "?") if code == 0x1B else _GSM[code])
    return "".join(letters)
