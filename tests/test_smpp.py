"""SMPP: the octets of a message, receipts and SMS from phones over a bound connection, lines that break."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from gateway.providers.contract import Inbound
from gateway.providers.contract import Outcome
from gateway.providers.contract import Receipt
from gateway.providers.contract import SendError
from gateway.settings import SettingsError
from gateway.settings import load
from gateway.stub import Stub
from gateway.stub.trouble import Act
from gateway.stub.trouble import Kind
from gateway.stub.trouble import Trouble
from locales.alphabet import measure

if TYPE_CHECKING:
    from gateway.providers.smpp import Smpp

extra = pytest.mark.skipif(
    importlib.util.find_spec("smpplib") is None, reason="SMPP IS NOT TESTED: pip install 'somiti[smpp]'"
)
RAHIMA = "+8801711000001"
KEY = "receipt:1:A7K2M9:1001"
LONG = "শাপলা সমিতির সভা কাল সকাল দশটায়। " * 4


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    with Stub(tmp_path, trouble=Trouble(hold=1.5)) as stub:
        yield stub


@pytest.fixture
def provider(stub: Stub) -> Iterator[Smpp]:
    from gateway.providers.smpp import Smpp

    provider = Smpp(f"smpp://somiti:key@{stub.smpp_address}", "SHAPLA", timeout=(0.5, 0.5))
    yield provider
    provider.close()


def wait_until(done: object) -> None:
    for _ in range(1000):
        if done():  # type: ignore[operator]
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


@extra
@pytest.mark.parametrize(
    ("text", "coding", "octets"),
    [
        ("Tk 50", 0, [b"Tk 50"]),
        ("@£\n_", 0, [b"\x00\x01\x0a\x11"]),
        ("{€}", 0, [b"\x1b\x28\x1b\x65\x1b\x29"]),
        ("àÇ", 0, [b"\x7f\x09"]),
        ("জমা", 8, ["জমা".encode("utf-16-be")]),
        ("a`b", 8, ["a`b".encode("utf-16-be")]),
    ],
)
def test_one_part(text: str, coding: int, octets: list[bytes]) -> None:
    from gateway.providers.smpp import pieces_of

    assert pieces_of(text, KEY) == (coding, octets)


@extra
@pytest.mark.parametrize("text", ["x" * 161, "{" * 153, "x" * 152 + "{" + "y" * 20, LONG, "😀" * 40])
def test_several_parts(text: str) -> None:
    """Each begins with 05 00 03, one reference, how many and which; no pair is cut, and none is too long."""
    from gateway.providers.smpp import pieces_of

    coding, pieces = pieces_of(text, KEY)
    assert len(pieces) == measure(text).parts > 1
    assert [piece[:3] for piece in pieces] == [b"\x05\x00\x03"] * len(pieces)
    assert len({piece[3] for piece in pieces}) == 1
    assert [(piece[4], piece[5]) for piece in pieces] == [(len(pieces), n) for n in range(1, len(pieces) + 1)]
    assert all(len(piece) <= (140 if coding else 6 + 153) for piece in pieces)
    if coding:
        assert "".join(piece[6:].decode("utf-16-be") for piece in pieces) == text
    else:
        assert not any(piece.endswith(b"\x1b") for piece in pieces)
    assert pieces_of(text, KEY) == (coding, pieces)


@extra
def test_many_messages_go_over_one_connection(stub: Stub, provider: Smpp) -> None:
    sent = [provider.send(RAHIMA, f"{n}", "", f"{n}") for n in range(20)]
    assert [message.id for message in stub.ledger.taken()] == [each.provider_id for each in sent]
    assert {message.sender for message in stub.ledger.taken()} == {"SHAPLA"}


@extra
def test_a_message_centre_that_came_back(stub: Stub, provider: Smpp, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a pause the connection is asked first: a send does not find out that it is gone."""
    monkeypatch.setattr("gateway.providers.smpp.IDLE", 0.0)
    provider.send(RAHIMA, "one", "", "1")
    for line in list(stub.centre._lines):
        line.connection.close()
    provider.send(RAHIMA, "two", "", "2")
    assert [message.text for message in stub.ledger.taken()] == ["one", "two"]


@extra
def test_a_long_message_has_one_receipt(stub: Stub, provider: Smpp) -> None:
    news: list[object] = []
    stop = Event()
    listener = Thread(target=provider.listen, args=(stop, news.append))
    listener.start()
    wait_until(lambda: any(line.receives for line in stub.centre._lines))
    sent = provider.send(RAHIMA, LONG, "", KEY)
    wait_until(lambda: len(news) == 2)
    stop.set()
    listener.join()
    assert news == [
        Receipt("smpp", sent.provider_id, RAHIMA, "sent", "ACCEPTD", "000"),
        Receipt("smpp", sent.provider_id, RAHIMA, "delivered", "DELIVRD", "000"),
    ]


@extra
def test_receipts_of_every_kind_and_an_sms_from_a_phone(
    stub: Stub, provider: Smpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.providers.smpp.AGAIN", 0.05)
    news: list[Receipt | Inbound] = []
    stop, fell = Event(), Event()

    def take(each: Receipt | Inbound) -> None:
        if not fell.is_set():
            fell.set()
            raise ZeroDivisionError("our own bug: it is not acknowledged, and comes again over a new connection")
        news.append(each)

    listener = Thread(target=provider.listen, args=(stop, take))
    listener.start()
    for kind, states in {
        Kind.FAILED: ["sent", "failed"],
        Kind.TWICE: ["sent", "sent", "delivered", "delivered"],
        Kind.REORDERED: ["delivered", "sent"],
        Kind.FORGED: ["delivered", "delivered", "sent", "delivered"],
    }.items():
        wait_until(lambda: any(line.receives for line in stub.centre._lines))
        news.clear()
        stub.trouble.script(kinds=[kind])
        provider.send(RAHIMA, kind, "", kind)
        wait_until(lambda states=states: len(news) >= len(states))
        told = [each.status for each in news if isinstance(each, Receipt)]
        # What came again came after the others.
        assert (sorted(told) if kind is Kind.FAILED else told) == (sorted(states) if kind is Kind.FAILED else states)
    wait_until(lambda: stub.centre.deliver(RAHIMA, "2727", "জমা") and isinstance(news[-1], Inbound))
    stop.set()
    listener.join()
    sms = news[-1]
    assert isinstance(sms, Inbound)
    assert (sms.phone, sms.to, sms.text, len(sms.provider_id)) == (RAHIMA, "2727", "জমা", 32)


@extra
def test_a_part_that_is_refused_leaves_nobody_sure(stub: Stub, provider: Smpp) -> None:
    stub.trouble.script([Act.REFUSE])
    with pytest.raises(SendError) as refused:
        provider.send(RAHIMA, LONG, "", KEY)
    assert (refused.value.outcome, refused.value.detail) == (Outcome.AMBIGUOUS, "not all parts were taken")


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError) as refused:
        load({"SOMITI_VAR": str(tmp_path), "SMS_PROVIDERS": "smpp", "SMPP_URL": "smpp://a:b@h"})
    assert str(refused.value) == "SMS_PROVIDERS names smpp, which is an extra: pip install 'somiti[smpp]'"
