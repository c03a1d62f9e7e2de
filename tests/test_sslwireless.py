"""SSL Wireless: recorded requests and answers. HTTP says 200 to everything; its own codes say what happened."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from test_africastalking import Stub
from test_africastalking import answering

from gateway.providers.contract import Outcome
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent
from gateway.providers.sslwireless import STATUSES
from gateway.providers.sslwireless import SslWireless
from gateway.providers.sslwireless import csms_id

KEY = "receipt:1:A7K2M9:1001"


def row(status: str = "SUCCESS", reference: object = "5da6f0aa0f1ab73000") -> dict[str, object]:
    return {
        "sms_status": status,
        "status_message": status.capitalize(),
        "msisdn": "8801711000001",
        "sms_type": "BN",
        "sms_body": "…",
        "csms_id": csms_id(KEY),
        "reference_id": reference,
    }


def told(code: object = 200, *rows: object, why: str = "") -> dict[str, object]:
    word = "SUCCESS" if code == 200 else "FAILED"
    return {"status": word, "status_code": code, "error_message": why, "smsinfo": list(rows)}


@pytest.fixture
def stub() -> Iterator[Stub]:
    running = Stub()
    running.script = answering(told(200, row()), 200)
    yield running
    running.close()


@pytest.fixture
def provider(stub: Stub) -> SslWireless:
    return SslWireless("token", "SOMITIBN", url=f"http://127.0.0.1:{stub.server.server_port}", timeout=(0.5, 0.5))


def send(provider: SslWireless, text: str = "শাপলা: ৫০ টাকা জমা।", number: str = "+8801711000001") -> Sent:
    return provider.send(number, text, "", KEY)


def refusal(provider: SslWireless, *arguments: str) -> SendError:
    with pytest.raises(SendError) as refused:
        send(provider, *arguments)
    return refused.value


def test_what_is_posted(stub: Stub, provider: SslWireless, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[str] = []
    monkeypatch.setattr("test_africastalking.parse_qsl", lambda body: bodies.append(body) or [])
    assert send(provider) == Sent("5da6f0aa0f1ab73000")
    ((path, headers, _),) = stub.posts
    assert (path, headers["Content-Type"]) == ("/api/v3/send-sms", "application/json")
    assert json.loads(bodies[0]) == {
        "api_token": "token",
        "sid": "SOMITIBN",
        "msisdn": "8801711000001",
        "sms": "শাপলা: ৫০ টাকা জমা।",
        "csms_id": csms_id(KEY),
    }


def test_a_key_is_20_letters_and_digits_and_always_the_same() -> None:
    keys = [f"receipt:1:{n}:1001" for n in range(1000)]
    made = {csms_id(key) for key in keys}
    assert len(made) == 1000
    assert all(re.fullmatch("[A-Za-z0-9]{20}", each) for each in made)
    assert csms_id(KEY) == "TJMDBTSIS57OJHO765BS"


@pytest.mark.parametrize(
    ("answer", "provider_id"),
    [
        (told(200, row()), "5da6f0aa0f1ab73000"),
        (told("200", row()), "5da6f0aa0f1ab73000"),
        (told(200, row("DUPLICATE")), "5da6f0aa0f1ab73000"),
        (told(200, row("DUPLICATE", "")), ""),
        (told(4023), ""),
        (told(4023, row("DUPLICATE", "5da6")), "5da6"),
        (told(200, row(reference=None)), ""),
        (told(200, row(reference="a b")), ""),
    ],
)
def test_what_was_taken_already_is_accepted(
    stub: Stub, provider: SslWireless, answer: object, provider_id: str
) -> None:
    stub.script = answering(answer, 200)
    assert send(provider) == Sent(provider_id)


@pytest.mark.parametrize(
    ("answer", "code", "outcome", "account"),
    [
        (told(4001, why="Unauthorized"), "Unauthorized", "transient", True),
        (told(4002), "InvalidSid", "transient", True),
        (told(4003), "AddressNotAllowed", "transient", True),
        (told(4020), "InvalidCsmsId", "permanent", False),
        (told(4025), "InvalidMsisdn", "permanent", False),
        (told(4026), "BlockedMsisdn", "permanent", False),
        (told(4027), "TooLong", "permanent", False),
        (told(4029), "TooFast", "transient", False),
        (told(4030), "QuotaUsedUp", "transient", True),
        (told(4031), "TooMany", "transient", False),
        (told(5000), "InternalError", "ambiguous", False),
        (told(200, row("INVALID")), "InvalidMsisdn", "permanent", False),
        (told(200), "garbled", "ambiguous", False),
        (told(200, row("QUEUED")), "garbled", "ambiguous", False),
        (told(200, "row"), "garbled", "ambiguous", False),
        (told(4999), "garbled", "ambiguous", False),
        (told(None), "garbled", "ambiguous", False),
        ([], "garbled", "ambiguous", False),
        ("{", "garbled", "ambiguous", False),
        ({"status": "SUCCESS"}, "garbled", "ambiguous", False),
    ],
)
def test_http_200_can_be_a_failure(
    stub: Stub, provider: SslWireless, answer: object, code: str, outcome: str, account: bool
) -> None:
    stub.script = answering(answer, 200)
    error = refusal(provider)
    assert (error.code, error.outcome, error.account) == (code, outcome, account)
    assert len(stub.posts) == 1


def test_every_documented_status_has_a_row() -> None:
    assert sorted(STATUSES) == [
        200, 4001, 4002, 4003, 4020, 4023, 4025, 4026, 4027, 4029, 4030, 4031, 5000,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number", "code"),
    [
        ("x" * 1001, "+8801711000001", "TooLong"),
        ("x", "+919830000001", "InvalidMsisdn"),
        ("x", "+254711082000", "InvalidMsisdn"),
    ],
)
def test_what_it_cannot_take_is_not_posted(
    stub: Stub, provider: SslWireless, text: str, number: str, code: str
) -> None:
    error = refusal(provider, text, number)
    assert (error.code, error.outcome, stub.posts) == (code, Outcome.PERMANENT, [])


def test_trouble_tells_no_number(stub: Stub, provider: SslWireless) -> None:
    stub.script = answering(told(4026, why="8801711000001 is blocked"), 200)
    assert str(refusal(provider)) == "BlockedMsisdn (permanent): status 4026: …001 is blocked"
