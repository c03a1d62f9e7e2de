"""The provider stub itself: a ledger that outlives a kill, dice that can be thrown again, receipts of every kind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.providers.africastalking import AfricasTalkingCallbacks
from gateway.providers.africastalking import AfricasTalkingSms
from gateway.providers.bdapps import BdappsCallbacks
from gateway.providers.bdapps import BdappsSms
from gateway.providers.contract import Receipt
from gateway.providers.contract import SendError
from gateway.stub import FILE
from gateway.stub import Stub
from gateway.stub.ledger import Ledger
from gateway.stub.reports import FORGED_ID
from gateway.stub.reports import OTHER
from gateway.stub.trouble import Act
from gateway.stub.trouble import Kind
from gateway.stub.trouble import Trouble
from gateway.stub.trouble import weights

RAHIMA = "+8801811000001"


class Ours:
    """Our side of the callbacks: it reads what comes as the gateway would, and answers with `status`."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.statuses: list[int] = []
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                _, _, provider, secret, what = self.path.split("/")
                assert (secret, what) == ("secret", "receipt")
                if self.headers["Content-Type"] == "application/json":
                    form = {name: [value] for name, value in json.loads(body).items()}
                else:
                    form = parse_qs(body)
                ours.receipts.append(READERS[provider].read_receipt(form))
                self.send_response(ours.statuses.pop(0) if ours.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.callback = f"http://127.0.0.1:{self.server.server_port}/sms/{{provider}}/secret"


READERS = {"africastalking": AfricasTalkingCallbacks(), "bdapps": BdappsCallbacks("APP_1")}
MAKERS: dict[str, Callable[[Stub], AfricasTalkingSms | BdappsSms]] = {
    "africastalking": lambda stub: AfricasTalkingSms("sandbox", "key", base_url=f"{stub.url}/version1"),
    "bdapps": lambda stub: BdappsSms("APP_1", "key", url=stub.url),
}


@pytest.fixture
def ours() -> Iterator[Ours]:
    ours = Ours()
    yield ours
    ours.server.shutdown()
    ours.server.server_close()


@pytest.fixture
def stub(tmp_path: Path, ours: Ours) -> Iterator[Stub]:
    with Stub(tmp_path, trouble=Trouble(late=0.3), callback=ours.callback) as stub:
        yield stub


def wait_for(ours: Ours, number: int) -> None:
    for _ in range(1000):
        if len(ours.receipts) >= number:
            return
        time.sleep(0.01)
    raise AssertionError(ours.receipts)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    ("kind", "states"),
    [
        (Kind.ONCE, ["sent", "delivered"]),
        (Kind.FAILED, ["sent", "failed"]),
        (Kind.TWICE, ["sent", "sent", "delivered", "delivered"]),
        (Kind.LATE, ["sent", "delivered"]),
        (Kind.REORDERED, ["delivered", "sent"]),
    ],
)
def test_receipts_are_read_by_the_provider(stub: Stub, ours: Ours, name: str, kind: Kind, states: list[str]) -> None:
    stub.trouble.script(kinds=[kind])
    sent = MAKERS[name](stub).send(RAHIMA, "hello", "", "key")
    wait_for(ours, len(states))
    assert [receipt.status for receipt in ours.receipts] == states
    assert {(receipt.provider, receipt.provider_id, receipt.phone) for receipt in ours.receipts} == {
        (name, sent.provider_id, RAHIMA)
    }
    assert len(stub.ledger.reports()) in (len(states), len(states) - 1)


@pytest.mark.parametrize("name", MAKERS)
def test_an_early_receipt_is_there_before_the_answer(stub: Stub, ours: Ours, name: str) -> None:
    stub.trouble.script(kinds=[Kind.EARLY])
    sent = MAKERS[name](stub).send(RAHIMA, "hello", "", "key")
    assert [receipt.provider_id for receipt in ours.receipts] == [sent.provider_id] * 2


@pytest.mark.parametrize("name", MAKERS)
def test_a_forged_receipt(stub: Stub, ours: Ours, name: str) -> None:
    stub.trouble.script(kinds=[Kind.FORGED])
    sent = MAKERS[name](stub).send(RAHIMA, "hello", "", "key")
    wait_for(ours, 4)
    assert [(receipt.provider_id, receipt.phone, receipt.status) for receipt in ours.receipts] == [
        (FORGED_ID, RAHIMA, "delivered"),
        (sent.provider_id, OTHER, "delivered"),
        (sent.provider_id, RAHIMA, "sent"),
        (sent.provider_id, RAHIMA, "delivered"),
    ]


def test_a_receipt_that_was_not_taken_comes_again(stub: Stub, ours: Ours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.stub.reports.AGAIN", 0.05)
    ours.statuses = [500, 404]
    MAKERS["bdapps"](stub).send(RAHIMA, "hello", "", "key")
    wait_for(ours, 4)
    for _ in range(500):
        if len(stub.ledger.reports()) == 4:
            break
        time.sleep(0.01)
    assert sorted(report.answer for report in stub.ledger.reports()) == ["200", "200", "404", "500"]


def test_never_is_never(stub: Stub, ours: Ours) -> None:
    stub.trouble.script(kinds=[Kind.NEVER, Kind.ONCE])
    MAKERS["bdapps"](stub).send(RAHIMA, "not reported", "", "1")
    sent = MAKERS["bdapps"](stub).send(RAHIMA, "reported", "", "2")
    wait_for(ours, 2)
    assert {receipt.provider_id for receipt in ours.receipts} == {sent.provider_id}


def test_what_was_lost_has_no_receipt(stub: Stub, ours: Ours) -> None:
    stub.trouble.script([Act.DOWN, Act.REFUSE])
    for _ in range(2):
        with pytest.raises(SendError):
            MAKERS["africastalking"](stub).send(RAHIMA, "hello", "", "key")
    MAKERS["africastalking"](stub).send(RAHIMA, "hello", "", "key")
    wait_for(ours, 2)
    assert len({receipt.provider_id for receipt in ours.receipts}) == 1


def test_the_dice_fall_the_same_way_whatever_the_order() -> None:
    names = [f"bdapps {RAHIMA} {n}" for n in range(500)]

    def thrown(seed: int, order: list[str]) -> dict[str, list[Act]]:
        trouble = Trouble({Act.HANG: 0.2, Act.DOWN: 0.3}, seed=seed)
        return {name: [trouble.act(name) for _ in range(3)] for name in order}

    once = thrown(7, names)
    assert once == thrown(7, names[::-1])
    assert once != thrown(8, names)
    shares = [sum(act is each for acts in once.values() for act in acts) / 1500 for each in (Act.HANG, Act.DOWN)]
    assert shares == pytest.approx([0.2, 0.3], abs=0.05)


@pytest.mark.parametrize(
    ("text", "read"),
    [("", {}), ("hang=0.25", {Act.HANG: 0.25}), ("hang=1/8, down=.5,", {Act.HANG: 0.125, Act.DOWN: 0.5})],
)
def test_shares(text: str, read: dict[Act, float]) -> None:
    assert weights(Act, text) == read


@pytest.mark.parametrize("text", ["explode=0.1", "hang", "hang=much", "hang=0.6,down=0.6", "hang=-1"])
def test_bad_shares_are_told(text: str) -> None:
    result = CliRunner().invoke(main, ["provider-stub", "--trouble", text])
    assert result.exit_code == 2
    assert "there are take, slow, hang" in result.output


def test_an_address_that_is_none(stub: Stub) -> None:
    with socket.create_connection(("127.0.0.1", int(stub.url.rsplit(":", 1)[1])), timeout=5) as line:
        line.sendall(b"POST /other HTTP/1.0\r\n\r\n")
        assert b" 404 " in line.recv(100)


def started(var: Path, *options: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """`somiti provider-stub` as a process, and the settings that it prints."""
    command = [str(Path(sys.executable).with_name("somiti")), "provider-stub", "--port", "0", "--var", str(var)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout
    printed = process.stdout.readline() + process.stdout.readline()
    return process, dict(re.findall(r"(\w+)=(\S+)", printed))


def test_the_ledger_outlives_a_kill(tmp_path: Path) -> None:
    """The process is killed while it holds a line open; what it took is known, and the next one goes on."""
    process, settings = started(tmp_path, "--trouble", "hang=1", "--hold", "60")
    assert urllib.request.urlopen(f"{settings['AT_URL']}/health", timeout=10).read() == b"ok\n"
    provider = AfricasTalkingSms("u", "k", base_url=f"{settings['AT_URL']}/version1", timeout=(5, 0.5))
    with pytest.raises(SendError):
        provider.send(RAHIMA, "on its way", "", "key")
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.stdout.close()
    process, settings = started(tmp_path)
    AfricasTalkingSms("u", "k", base_url=f"{settings['AT_URL']}/version1").send(RAHIMA, "and another", "", "key")
    process.terminate()
    assert process.wait(30) == 0
    process.stdout.close()
    ledger = Ledger(tmp_path / FILE)
    assert [(message.text, message.act) for message in ledger.taken()] == [
        ("on its way", "hang"),
        ("and another", "take"),
    ]
    ledger.close()
