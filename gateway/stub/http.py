"""The stub's HTTP side: a threaded server that reads a dialect, notes the request, does what the trouble says."""

from __future__ import annotations

import secrets
import socket
import struct
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from threading import Event
from threading import Lock
from threading import Thread

from gateway.stub.dialects import DIALECTS
from gateway.stub.dialects import Answer
from gateway.stub.dialects import Asked
from gateway.stub.dialects import Dialect
from gateway.stub.dialects import Receipts
from gateway.stub.dialects import Wrong
from gateway.stub.ledger import Ledger
from gateway.stub.ledger import Message
from gateway.stub.ledger import Screen
from gateway.stub.reports import Post
from gateway.stub.reports import Reporter
from gateway.stub.reports import over_http
from gateway.stub.trouble import TAKING
from gateway.stub.trouble import Act
from gateway.stub.trouble import Trouble

LARGEST = 64 * 1024

_FAULTS: dict[Act, Answer] = {
    Act.ERROR: (500, "text/html", b"<h1>Internal server error</h1>"),
    Act.DOWN: (503, "text/html", b"<h1>Service unavailable</h1>"),
    Act.GATEWAY: (504, "text/html", b"<h1>Gateway time-out</h1>"),
    Act.GARBLE: (200, "text/html", b"<html>Thank you</html>"),
}


class Door:
    """An HTTP server on a port of this machine; 0 takes any free one."""

    def __init__(
        self, port: int, ledger: Ledger, trouble: Trouble, reporter: Reporter, callback: str, host: str = "127.0.0.1"
    ) -> None:
        """Open it; `callback` is where receipts go, with {provider} in it, or ""."""
        self._ledger, self._trouble, self._reporter, self._callback = ledger, trouble, reporter, callback
        self._dialects = {dialect.path: dialect for dialect in DIALECTS}
        self._keys = Lock()
        self._closing = Event()
        self._server = _Server((host, port), self)
        self.port = int(self._server.server_port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="stub-http", daemon=True)

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: _Request) -> None:
        """Read one request, note it, and do to it what the trouble says."""
        dialect = self._dialects.get(request.path)
        if dialect is None:
            request.say((404, "text/plain", b"no such address\n"))
            return
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.rfile.read(min(int(headers.get("content-length", "0")), LARGEST))
        try:
            asked = dialect.read(headers, body)
        except Wrong as wrong:
            request.say(wrong.answer)
            return
        self._closing.wait(self._trouble.latency)
        self._do(request, dialect, asked, self._trouble.act(f"{dialect.provider} {asked.number} {asked.text}"))

    def _do(self, request: _Request, dialect: Dialect, asked: Asked, act: Act) -> None:
        message_id = dialect.prefix + secrets.token_hex(12) if act in TAKING else ""
        if message_id and not self._taken(dialect, asked, act, message_id):
            # Only where a key is honoured: it was taken before, and is not taken again.
            self._end(request, act, dialect.keyed(asked) if dialect.keyed else _FAULTS[Act.ERROR])
            return
        if not message_id:
            self._note(dialect, asked, act, "")
        self._end(request, act, self._words(dialect, asked, act, message_id))

    def _words(self, dialect: Dialect, asked: Asked, act: Act, message_id: str) -> Answer:
        if act in _FAULTS:
            return _FAULTS[act]
        if act in dialect.refusals:
            return dialect.refusals[act](asked)
        return dialect.taken(asked, message_id)

    def _taken(self, dialect: Dialect, asked: Asked, act: Act, message_id: str) -> bool:
        """Take a message, unless its key was used; its receipts go their way."""
        with self._keys:
            if asked.key and self._ledger.taken_before(dialect.provider, asked.key, asked.day):
                self._note(dialect, asked, f"{act} again", "")
                return False
            self._note(dialect, asked, act, message_id)
        if asked.call:
            self._ledger.shown(Screen(asked.call, asked.number, asked.operation, asked.text))
        if self._callback and dialect.receipts:
            kind = self._trouble.kind(f"{dialect.provider} {asked.number} {asked.text}")
            post = self._post(dialect.provider, dialect.receipts, asked, message_id)
            self._reporter.report(dialect.provider, message_id, kind, post)
        return True

    def _note(self, dialect: Dialect, asked: Asked, act: str, message_id: str) -> None:
        message = Message(dialect.provider, asked.number, asked.text, asked.sender, asked.key, act, message_id)
        self._ledger.asked(message, asked.day)

    def _post(self, provider: str, receipts: Receipts, asked: Asked, message_id: str) -> Post:
        url = f"{self._callback.replace('{provider}', provider)}/receipt"

        def post(state: str, forged_id: str | None, forged_number: str | None) -> str:
            about = asked if forged_number is None else Asked(forged_number, asked.text)
            return over_http(url, *receipts.write(about, forged_id or message_id, receipts.words[state]))

        return post

    def _end(self, request: _Request, act: Act, answer: Answer) -> None:
        if act in (Act.HANG, Act.LOSE):
            self._closing.wait(self._trouble.hold)
            request.close_connection = True
        elif act is Act.RESET:
            request.cut()
        else:
            if act is Act.SLOW:
                self._closing.wait(self._trouble.hold)
            status, content_type, body = answer
            request.say((status, f"{content_type}; charset=utf-8" if act is Act.CHARSET else content_type, body))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], door: Door) -> None:
        self.door = door
        super().__init__(address, _Request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients of a fault test die in the middle of everything."""


class _Request(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def do_POST(self) -> None:
        self.server.door.answer(self)

    def do_GET(self) -> None:
        self.say((200, "text/plain", b"ok\n") if self.path == "/health" else (404, "text/plain", b""))

    def say(self, answer: Answer) -> None:
        status, content_type, body = answer
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        """End the line with a reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the ledger says it."""
