"""What every SMS provider promises, one table for all: each speaks to the provider stub over a real socket."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import settings_for

from gateway.providers import PROVIDERS
from gateway.providers.africastalking import AfricasTalkingSms
from gateway.providers.bdapps import BdappsSms
from gateway.providers.contract import Outcome
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent
from gateway.providers.contract import SmsProvider
from gateway.providers.sslwireless import SslWireless
from gateway.stub import Stub
from gateway.stub.trouble import TAKING
from gateway.stub.trouble import Act
from gateway.stub.trouble import Trouble

RAHIMA = "+8801711000001"
HELLO = "Shapla: Tk 50 saved. Total Tk 8,450."
BRIEF = (0.5, 0.5)
"""Seconds of patience: the stub holds a line for longer."""


def _at(stub: Stub, password: str = "key", url: str = "") -> SmsProvider:
    return AfricasTalkingSms("sandbox", password, base_url=f"{url or stub.url}/version1", timeout=BRIEF)


def _ssl(stub: Stub, password: str = "key", url: str = "") -> SmsProvider:
    return SslWireless(password, "SOMITI", url=url or stub.url, timeout=BRIEF)


def _bdapps(stub: Stub, password: str = "key", url: str = "") -> SmsProvider:
    return BdappsSms("APP_1", password, url=url or stub.url, timeout=BRIEF)


def _smpp(stub: Stub, password: str = "key", url: str = "") -> SmsProvider:
    from gateway.providers.smpp import Smpp

    address = url.removeprefix("http://") or stub.smpp_address
    return Smpp(f"smpp://somiti:{password}@{address}", timeout=BRIEF)


EXTRA = pytest.mark.skipif(
    importlib.util.find_spec("smpplib") is None, reason="SMPP IS NOT TESTED: pip install 'somiti[smpp]'"
)
MAKERS = {"africastalking": _at, "sslwireless": _ssl, "bdapps": _bdapps, "smpp": _smpp}
WIRES = [pytest.param(name, marks=EXTRA if name == "smpp" else ()) for name in MAKERS]
SETTINGS = {
    "africastalking": {"AT_USERNAME": "sandbox", "AT_API_KEY": "key", "AT_URL": "{http}"},
    "sslwireless": {"SSLWIRELESS_TOKEN": "key", "SSLWIRELESS_SID": "SOMITI", "SSLWIRELESS_URL": "{http}"},
    "bdapps": {"BDAPPS_APPLICATION_ID": "APP_1", "BDAPPS_PASSWORD": "key", "BDAPPS_URL": "{http}/"},
    "smpp": {"SMPP_URL": "smpp://somiti:key@{smpp}"},
}


@dataclass
class Wire:
    """One provider and the stub that it speaks to."""

    name: str
    stub: Stub
    make: Callable[..., SmsProvider]
    provider: SmsProvider

    def send(self, text: str = HELLO, number: str = RAHIMA, sender: str = "", key: str = "receipt:1:A7:1001") -> Sent:
        return self.provider.send(number, text, sender, key)

    def refusal(self, *arguments: str, **more: str) -> SendError:
        with pytest.raises(SendError) as refused:
            self.send(*arguments, **more)
        return refused.value

    def taken(self) -> list[str]:
        return [message.text for message in self.stub.ledger.taken()]


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    with Stub(tmp_path, trouble=Trouble(hold=1.5)) as stub:
        yield stub


@pytest.fixture
def wire(request: Any, stub: Stub) -> Iterator[Wire]:
    made: list[SmsProvider] = []

    def make(*arguments: str, **more: str) -> SmsProvider:
        made.append(MAKERS[request.param](stub, *arguments, **more))
        return made[-1]

    yield Wire(request.param, stub, make, make())
    for each in made:
        if hasattr(each, "close"):
            each.close()


ALL = pytest.mark.parametrize("wire", WIRES, indirect=True)


def test_every_provider_has_its_row() -> None:
    assert set(MAKERS) == set(SETTINGS) == set(PROVIDERS) - {"simulator"}


@ALL
def test_its_name_is_the_one_in_the_table(wire: Wire, tmp_path: Path) -> None:
    places = {"http": wire.stub.url, "smpp": wire.stub.smpp_address}
    given = {name: value.format(**places) for name, value in SETTINGS[wire.name].items()}
    made = PROVIDERS[wire.name](settings_for(tmp_path, SMS_PROVIDERS=wire.name, **given))
    assert made.name == wire.provider.name == wire.name
    made.send(RAHIMA, HELLO, "", "key")
    if hasattr(made, "close"):
        made.close()
    assert wire.taken() == [HELLO]


@ALL
def test_what_is_taken_has_the_id_of_the_provider(wire: Wire) -> None:
    sent = wire.send()
    (message,) = wire.stub.ledger.taken()
    assert (message.provider, message.number, message.text) == (wire.name, RAHIMA, HELLO)
    assert sent.provider_id == message.id != ""
    assert sent.status == "accepted"


AMBIGUOUS, TRANSIENT, PERMANENT = Outcome.AMBIGUOUS, Outcome.TRANSIENT, Outcome.PERMANENT
ENDS = {
    Act.TAKE: None,
    Act.CHARSET: None,
    Act.HANG: (AMBIGUOUS, False),
    Act.LOSE: (AMBIGUOUS, False),
    Act.SLOW: (AMBIGUOUS, False),
    Act.RESET: (AMBIGUOUS, False),
    Act.GATEWAY: (AMBIGUOUS, False),
    Act.GARBLE: (AMBIGUOUS, False),
    Act.ERROR: (TRANSIENT, False),
    Act.DOWN: (TRANSIENT, False),
    Act.BUSY: (TRANSIENT, False),
    Act.BROKE: (TRANSIENT, True),
    Act.REFUSE: (PERMANENT, False),
}
"""What the provider says of a send to which the stub does this; None: sent. The second: it is our account."""


def test_every_trouble_has_its_row() -> None:
    assert set(ENDS) == set(Act)


@ALL
@pytest.mark.parametrize("act", Act)
def test_trouble(wire: Wire, act: Act) -> None:
    """The outcome is never kinder than the truth: what may be on its way is not called unsent. Then all is well."""
    wire.stub.trouble.script([act])
    if ENDS[act] is None:
        wire.send()
    else:
        error = wire.refusal()
        assert (error.outcome, error.account) == ENDS[act]
        assert (error.outcome is AMBIGUOUS) or act not in TAKING
        assert RAHIMA.removeprefix("+") not in str(error)
    assert wire.taken() == [HELLO] * (act in TAKING)
    assert len(wire.stub.ledger.requests()) == 1
    wire.send("and again", key="another")
    assert wire.taken()[-1] == "and again"


@ALL
def test_the_same_key_twice_is_one_message_only_where_the_key_is_honoured(wire: Wire) -> None:
    for _ in range(3):
        wire.send()
    assert len(wire.taken()) == (1 if wire.provider.honours_key else 3)
    now = datetime.now(UTC)
    assert (wire.provider.key_until(now) > now) == wire.provider.honours_key


@ALL
@pytest.mark.parametrize("act", [act for act in Act if act in TAKING and ENDS[act]])
def test_what_may_be_on_its_way_goes_again_without_harm_where_the_key_is_honoured(wire: Wire, act: Act) -> None:
    wire.stub.trouble.script([act])
    wire.refusal()
    wire.send()
    assert len(wire.taken()) == (1 if wire.provider.honours_key else 2)


TEXTS = [
    "শাপলা: ৫০ টাকা জমা। মোট ৮,৪৫০ টাকা। কোড A7K2M9",
    "{a}~[b] \\ | ^ €",
    "a `quoted` word",
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¡ÄÖÑÜ§¿äöñüà",
    "x" * 160,
    "x" * 159 + "{",
    "x" * 400,
    "{" * 200,
    "শাপলা সমিতি " * 20,
    "😀" * 40,
    "line\nbreak & <b>",
]


@ALL
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_arrives_as_it_was_or_is_not_posted(wire: Wire, text: str) -> None:
    if wire.provider.carries(RAHIMA, text):
        wire.send(text)
        assert wire.taken() == [text]
    else:
        assert wire.refusal(text).outcome is PERMANENT
        assert wire.stub.ledger.requests() == []


@ALL
@pytest.mark.parametrize(
    "number",
    [
        "",
        "all",
        "tel:all",
        "+88",
        "01711000001",
        "8801711000001",
        f"{RAHIMA},{RAHIMA}",
        f"{RAHIMA}\n",
        "+9991711000001",
    ],
)
def test_a_number_that_cannot_be_is_not_posted(wire: Wire, number: str) -> None:
    assert not wire.provider.carries(number, HELLO)
    assert wire.refusal(number=number).outcome is PERMANENT
    assert wire.stub.ledger.requests() == []


@ALL
def test_a_sender_of_one_message(wire: Wire) -> None:
    wire.send(sender="SHAPLA")
    assert [message.sender for message in wire.stub.ledger.taken()] == ["SHAPLA"]


@ALL
def test_a_wrong_password_is_our_account(wire: Wire) -> None:
    wire.provider = wire.make("wrong")
    error = wire.refusal()
    assert (error.outcome, error.account) == (TRANSIENT, True)
    assert "wrong" not in str(error)


@ALL
def test_nobody_listens(wire: Wire) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        wire.provider = wire.make(url=f"http://127.0.0.1:{reserved.getsockname()[1]}")
        error = wire.refusal()
    assert (error.outcome, error.detail) == (TRANSIENT, "not connected")


@ALL
def test_nobody_answers_the_door(wire: Wire) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        wire.provider = wire.make(url=f"http://127.0.0.1:{full.getsockname()[1]}")
        assert wire.refusal().outcome is TRANSIENT
        for each in waiting:
            each.close()


@ALL
def test_no_such_host(wire: Wire) -> None:
    wire.provider = wire.make(url="http://no-such-host.invalid")
    assert (wire.refusal().outcome, wire.refusal().detail) == (TRANSIENT, "not connected")


def test_the_key_of_ssl_wireless_ends_at_midnight_in_dhaka(stub: Stub) -> None:
    provider = _ssl(stub)
    for first, until in [
        ("2026-11-22T00:00:00+06:00", "2026-11-23T00:00:00+06:00"),
        ("2026-11-22T23:59:59+06:00", "2026-11-23T00:00:00+06:00"),
        ("2026-11-22T17:59:59+00:00", "2026-11-23T00:00:00+06:00"),
        ("2026-11-22T18:00:00+00:00", "2026-11-24T00:00:00+06:00"),
    ]:
        assert provider.key_until(datetime.fromisoformat(first)) == datetime.fromisoformat(until), first
    assert provider.key_until(datetime.now(UTC)) - datetime.now(UTC) <= timedelta(days=1)
