"""Handsets and servers for tests: a phone as the provider's wire shows it, and `somiti serve` as a process."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from flask.testing import FlaskClient

from gateway.settings import Settings


class Phone:
    """A handset as the provider's wire shows it: sends whole transcripts, remembers what it was shown."""

    def __init__(self, client: FlaskClient, settings: Settings, number: str, session: str | None) -> None:
        self.client, self.settings, self.number = client, settings, number
        self.session = session or f"ATUid_{random.getrandbits(80):020x}"
        self.answers: list[str] = []
        self.shown = ""
        self.screen = ""
        self.ended = False

    def send(self, text: str, **more: str) -> str:
        """Post one raw transcript; the body of the answer, CON or END and all."""
        form = {
            "sessionId": self.session,
            "phoneNumber": self.number,
            "networkCode": "99999",
            "serviceCode": self.settings.ussd_code,
            "text": text,
        }
        reply = self.client.post(f"/ussd/africastalking/{self.settings.callback_secret}", data=form | more)
        assert reply.status_code == 200, reply.text
        self.screen = reply.headers["at-ussd-hop-metadata"]
        return reply.text

    def dial(self, keys: str = "") -> str:
        """Dial and type answers separated by spaces; the page that is shown after the last one."""
        self._see(self.send(""))
        return self.type(keys)

    def type(self, keys: str) -> str:
        """Type more answers separated by spaces; the page that is shown after the last one."""
        for text in keys.split():
            self.answer(text)
        return self.shown

    def answer(self, text: str) -> str:
        """Type one answer, spaces and all; the page that is shown after it."""
        self.answers.append(text)
        self._see(self.send("*".join(self.answers)))
        return self.shown

    def _see(self, body: str) -> None:
        assert body[:4] in ("CON ", "END "), body
        self.shown, self.ended = body[4:], body.startswith("END ")


class Server:
    """`somiti serve` in a process of its own, on a free port; its output is kept in `log`."""

    def __init__(self, var: Path, environ: Mapping[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.secret = environ["CALLBACK_SECRET"]
        self.log = var / "server.log"
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(var), "SOMITI_VAR": str(var), **environ}

    def __enter__(self) -> Server:
        command = [str(Path(sys.executable).with_name("somiti")), "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environ, cwd=self.log.parent)
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(30)

    def _answers(self) -> bool:
        try:
            return self.get("/health")[0] == 200
        except OSError:
            return False

    def get(self, path: str) -> tuple[int, str]:
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path: str, form: Mapping[str, str]) -> tuple[int, str]:
        return self._ask(urllib.request.Request(self.url + path, urllib.parse.urlencode(form).encode()))

    def hop(self, number: str, session: str, text: str, **more: str) -> tuple[int, str]:
        form = {
            "sessionId": session,
            "phoneNumber": number,
            "networkCode": "1",
            "serviceCode": "*384*27#",
            "text": text,
        }
        return self.post(f"/ussd/africastalking/{self.secret}", form | more)

    def raw(self, request: bytes) -> bytes:
        """Send some octets that need not be a request; whatever comes back within a second."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as wire:
            wire.sendall(request)
            try:
                return wire.recv(65536)
            except TimeoutError:
                return b""

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
