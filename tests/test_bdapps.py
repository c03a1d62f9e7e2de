"""bdapps' wires: recorded JSON in, both ways, and what its statusCodes mean whatever HTTP says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from test_africastalking import Stub
from test_africastalking import answering

from gateway.providers.bdapps import BdappsCallbacks
from gateway.providers.bdapps import BdappsSms
from gateway.providers.bdapps import BdappsUssd
from gateway.providers.bdapps import ascii_only
from gateway.providers.contract import AsynchronousUssd
from gateway.providers.contract import BadCallback
from gateway.providers.contract import Hop
from gateway.providers.contract import Inbound
from gateway.providers.contract import OptOut
from gateway.providers.contract import Outcome
from gateway.providers.contract import Receipt
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent

MASKED = "tel:AZ110PfmyuLKJ9lKZ6rWx0uGcH3tTa5ArTnMhYnpd+3l0A="
HOP = {
    "message": "52907",
    "ussdOperation": "mo-cont",
    "requestId": "91611221000001",
    "sessionId": "1330929317043",
    "encoding": "440",
    "sourceAddress": "tel:8801811000001",
    "applicationId": "APP_003117",
    "version": "1.0",
}
GOOD = {"statusCode": "S1000", "statusDetail": "Success", "requestId": "101", "version": "1.0"}


def form(fields: dict[str, str | None]) -> dict[str, list[str]]:
    return {name: [value] for name, value in fields.items() if value is not None}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    running = Stub()
    running.script = answering(GOOD, 200)
    # What was posted is JSON: keep it as the one field.
    monkeypatch.setattr("test_africastalking.parse_qsl", lambda body: list(json.loads(body).items()))
    yield running
    running.close()


@pytest.fixture
def url(stub: Stub) -> str:
    return f"http://127.0.0.1:{stub.server.server_port}"


@pytest.fixture
def ussd(url: str) -> BdappsUssd:
    return BdappsUssd("APP_003117", "hush", "*213*27#", url=url, timeout=(0.5, 0.5))


@pytest.fixture
def sms(url: str) -> BdappsSms:
    return BdappsSms("APP_003117", "hush", url=url, timeout=(0.5, 0.5))


def test_a_hop_is_the_last_input_with_an_id(ussd: BdappsUssd) -> None:
    hop = ussd.read_hop(form(HOP))
    assert (hop.provider, hop.session, hop.phone) == ("bdapps", "1330929317043", "+8801811000001")
    assert (hop.code, hop.text, hop.request, hop.address) == (
        "*213*27#",
        "52907",
        "91611221000001",
        "tel:8801811000001",
    )
    assert "52907" not in repr(hop)
    assert "8801811" not in repr(hop)


def test_every_dial_of_a_session_is_one_hop(ussd: BdappsUssd) -> None:
    dials = [HOP | {"ussdOperation": "mo-init", "message": said, "requestId": said} for said in ("27", "213")]
    hops = [ussd.read_hop(form(dial)) for dial in dials]
    assert [(hop.text, hop.request) for hop in hops] == [("", "")] * 2


@pytest.mark.parametrize("address", ["tel:8801811000001", "tel: 8801811000001", "tel:+8801811000001", "8801811000001"])
def test_a_number_in_its_spellings(ussd: BdappsUssd, address: str) -> None:
    hop = ussd.read_hop(form(HOP | {"sourceAddress": address}))
    assert (hop.phone, hop.address) == ("+8801811000001", address)


def test_a_hidden_number_names_a_handset_and_leads_to_nobody(ussd: BdappsUssd) -> None:
    hop, same = (ussd.read_hop(form(HOP | {"sourceAddress": MASKED})) for _ in range(2))
    other = ussd.read_hop(form(HOP | {"sourceAddress": f"{MASKED}x"}))
    assert hop.phone == same.phone != other.phone
    assert (hop.phone[:4], len(hop.phone), hop.address) == ("tel:", 20, MASKED)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"applicationId": "APP_1"}, "applicationId is not ours"),
        ({"applicationId": None}, "applicationId is missing"),
        ({"ussdOperation": "mt-cont"}, "ussdOperation is not well formed"),
        ({"requestId": None}, "requestId is missing"),
        ({"requestId": ""}, "requestId is not well formed"),
        ({"sessionId": "a\nb"}, "sessionId is not well formed"),
        ({"sourceAddress": "tel:all"}, "sourceAddress is no address"),
        ({"sourceAddress": "Rahima"}, "sourceAddress is no address"),
        ({"sourceAddress": None}, "sourceAddress is missing"),
        ({"message": "1" * 183}, "message is longer than 182 characters"),
        ({"message": "1\x00"}, "message holds a control character"),
    ],
)
def test_a_hop_that_it_does_not_send(ussd: BdappsUssd, fields: dict[str, str | None], told: str) -> None:
    with pytest.raises(BadCallback) as refused:
        ussd.read_hop(form(HOP | fields))
    assert str(refused.value) == told


def test_the_answer_to_a_hop_shows_nothing(ussd: BdappsUssd) -> None:
    status, headers, body = ussd.write_reply("Tk 8,450", True, "savings")
    assert (status, headers) == (200, {"Content-Type": "application/json"})
    assert json.loads(body) == {"statusCode": "S1000", "statusDetail": "Success"}
    assert isinstance(ussd, AsynchronousUssd)


@pytest.mark.parametrize(("ends", "operation"), [(False, "mt-cont"), (True, "mt-fin")])
def test_a_screen_is_a_call_of_ours(stub: Stub, ussd: BdappsUssd, ends: bool, operation: str) -> None:
    hop = ussd.read_hop(form(HOP | {"sourceAddress": MASKED}))
    ussd.show(hop, "Who?\n1 Rahima", ends)
    ((path, _, fields),) = stub.posts
    assert path == "/ussd/send"
    assert fields == {
        "applicationId": "APP_003117",
        "password": "hush",
        "version": "1.0",
        "message": "Who?\n1 Rahima",
        "sessionId": "1330929317043",
        "ussdOperation": operation,
        "destinationAddress": MASKED,
        "encoding": "440",
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tk 8,450", "Tk 8,450"),
        ("Which digits? 1) ১২৩ 2) 123", "Which digits? 1) 123 2) 123"),
        ("café à 3", "cafe a 3"),
        ("৳50 – 3", "Tk 50 ? 3"),
        ("রহিমা", "???"),
    ],
)
def test_everything_on_the_wire_is_ascii(text: str, shown: str) -> None:
    assert ascii_only(text) == shown


def test_an_sms_as_it_is_posted(stub: Stub, sms: BdappsSms) -> None:
    assert sms.send("+8801811000001", "Shapla: Tk 50", "77000", "key") == Sent("101")
    ((path, _, fields),) = stub.posts
    assert path == "/sms/send"
    assert fields == {
        "applicationId": "APP_003117",
        "password": "hush",
        "version": "1.0",
        "message": "Shapla: Tk 50",
        "destinationAddresses": ["tel:8801811000001"],
        "sourceAddress": "77000",
        "encoding": "0",
        "deliveryStatusRequest": "1",
    }


@pytest.mark.parametrize(
    ("number", "text", "code"),
    [
        ("tel:all", "x", "InvalidAddress"),
        ("+919830000001", "x", "InvalidAddress"),
        ("+8801811000001", "জমা", "NotAscii"),
    ],
)
def test_what_it_cannot_take_is_not_posted(stub: Stub, sms: BdappsSms, number: str, text: str, code: str) -> None:
    assert not sms.carries(number, text)
    with pytest.raises(SendError) as refused:
        sms.send(number, text, "", "key")
    assert (refused.value.code, refused.value.outcome, stub.posts) == (code, Outcome.PERMANENT, [])


def status(code: object, *rows: object) -> dict[str, object]:
    return {"statusCode": code, "statusDetail": "8801811000001 is not good", "destinationResponses": list(rows)}


@pytest.mark.parametrize(
    ("answer", "code", "outcome", "account"),
    [
        *((status(f"E{n}"), f"E{n}", "transient", False) for n in (
            1316, 1318, 1319, 1332, 1341, 1360, 1363, 1364, 1600, 1601, 1602, 1603)),
        *((status(f"E{n}"), f"E{n}", "transient", True) for n in (1301, 1303, 1309, 1311, 1313, 1315, 1331)),
        (status("E1325"), "E1325", "permanent", False),
        (status("E1342"), "E1342", "permanent", False),
        (status("S1000", {"statusCode": "E1325"}), "E1325", "permanent", False),
        (status("S1000", {"statusCode": "E1318"}), "E1318", "transient", False),
        (status("S1000", {"address": "tel:8801811000001"}), "garbled", "ambiguous", False),
        (status("S1000", "row"), "garbled", "ambiguous", False),
        (status("P1003"), "garbled", "ambiguous", False),
        (status("OK"), "garbled", "ambiguous", False),
        (status(None), "garbled", "ambiguous", False),
        ({}, "garbled", "ambiguous", False),
        ([], "garbled", "ambiguous", False),
        ("<html>", "garbled", "ambiguous", False),
    ],
)  # fmt: skip
def test_http_200_can_be_a_failure(
    stub: Stub, sms: BdappsSms, ussd: BdappsUssd, answer: object, code: str, outcome: str, account: bool
) -> None:
    stub.script = answering(answer, 200)
    for act in (
        lambda: sms.send("+8801811000001", "x", "", "key"),
        lambda: ussd.show(ussd.read_hop(form(HOP)), "x", False),
    ):
        with pytest.raises(SendError) as refused:
            act()
        assert (refused.value.code, refused.value.outcome, refused.value.account) == (code, outcome, account)
        assert "8801811" not in str(refused.value)


def test_without_a_request_id_the_row_has_one(stub: Stub, sms: BdappsSms) -> None:
    row = {"statusCode": "S1000", "messageId": "m7"}
    stub.script = answering({"statusCode": "S1000", "destinationResponses": [row]}, 200)
    assert sms.send("+8801811000001", "x", "", "key") == Sent("m7")


CALLBACKS = BdappsCallbacks("APP_003117")
REPORT = {"destinationAddress": "tel:8801811000001", "timeStamp": "20261122100000", "requestId": "101"}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("ACCEPTED", "sent"), ("ACCEPTD", "sent"), ("ENROUTE", "sent"), ("DELIVERED", "delivered"),
        ("DELIVRD", "delivered"), ("Delivered", "delivered"), ("UNDELIVERABLE", "failed"), ("REJECTED", "failed"),
        ("DELETED", "failed"), ("EXPIRED", "expired"), ("UNKNOWN", ""),
    ],
)  # fmt: skip
def test_a_receipt(word: str, state: str) -> None:
    told = CALLBACKS.read_receipt(form(REPORT | {"deliveryStatus": word}))
    assert told == Receipt("bdapps", "101", "+8801811000001", state, word, "")
    assert "8801811" not in repr(told)


def test_an_sms_from_a_phone() -> None:
    fields = {"applicationId": "APP_003117", "sourceAddress": "tel:8801811000001", "message": "BAL", "requestId": "7"}
    told = CALLBACKS.read_inbound(form(fields))
    assert told == Inbound("bdapps", "7", "+8801811000001", "", "BAL", "")
    assert "BAL" not in repr(told)
    with pytest.raises(BadCallback):
        CALLBACKS.read_inbound(form(fields | {"applicationId": "APP_1"}))


def test_leaving_is_an_opt_out() -> None:
    fields = {"applicationId": "APP_003117", "subscriberId": "tel:8801811000001", "status": "UNREGISTERED."}
    assert CALLBACKS.read_optout(form(fields)) == OptOut("bdapps", "+8801811000001", "APP_003117")
    with pytest.raises(BadCallback):
        CALLBACKS.read_optout(form(fields | {"status": "REGISTERED"}))


def test_a_hop_of_another_wire_has_no_address() -> None:
    assert Hop("africastalking", "s", "+8801811000001", "*1#", "", "").address == ""
