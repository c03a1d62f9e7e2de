"""Africa's Talking's two wires: recorded forms and answers, and its SDK speaking to a real server on a socket."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs
from urllib.parse import parse_qsl

import pytest

from gateway.providers.africastalking import STATUSES
from gateway.providers.africastalking import AfricasTalkingCallbacks
from gateway.providers.africastalking import AfricasTalkingSms
from gateway.providers.africastalking import AfricasTalkingUssd
from gateway.providers.contract import BadCallback
from gateway.providers.contract import Inbound
from gateway.providers.contract import OptOut
from gateway.providers.contract import Outcome
from gateway.providers.contract import Receipt
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent

WIRE = AfricasTalkingUssd()
DIAL = "sessionId=ATUid_1&phoneNumber=%2B8801711000001&networkCode=47001&serviceCode=*384*27%23&text="
END = (
    "date=2026-11-22+10%3A15%3A01&sessionId=ATUid_1&serviceCode=*384*27%23&networkCode=47001"
    "&phoneNumber=%2B8801711000001&status=Success&cost=BDT+1.2000&durationInMillis=41250&hopsCount=7"
    "&hopsMetadata=who%7Cpin%7Chome&input=1*52907*3*1&lastAppResponse=END+Tk+8%2C450&errorMessage="
)


def form(body: str) -> dict[str, list[str]]:
    """The posted body as the web framework hands it over."""
    return parse_qs(body, keep_blank_values=True, strict_parsing=True)


def changed(body: str, **fields: str | None) -> dict[str, list[str]]:
    """The form of a body with some fields replaced, or left out."""
    pairs = dict(parse_qsl(body, keep_blank_values=True)) | fields
    return {name: [value] for name, value in pairs.items() if value is not None}


def test_a_dial() -> None:
    hop = WIRE.read_hop(form(DIAL))
    assert (hop.provider, hop.session, hop.phone) == ("africastalking", "ATUid_1", "+8801711000001")
    assert (hop.code, hop.text, hop.network) == ("*384*27#", "", "47001")


@pytest.mark.parametrize(
    "text", ["1", "1*52907*3*1", "1**2", "1*2#", "*384*27#", "0123", "১*৫২৯০৭", "1*রহিমা", "a b", "1*" * 1000]
)
def test_a_text_is_left_as_it_is(text: str) -> None:
    assert WIRE.read_hop(changed(DIAL, text=text)).text == text


@pytest.mark.parametrize(
    ("phone", "read"),
    [("+8801711000001", "+8801711000001"), (" 8801711000001", "+8801711000001"), ("+254711082000", "+254711082000")],
)
def test_a_plus_that_was_decoded_as_a_space_is_healed(phone: str, read: str) -> None:
    assert WIRE.read_hop(changed(DIAL, phoneNumber=phone)).phone == read


@pytest.mark.parametrize("network", ["", None, "99999", "Safaricom"])
def test_the_network_may_be_missing(network: str | None) -> None:
    assert WIRE.read_hop(changed(DIAL, networkCode=network)).network == (network or "")


def test_unknown_fields_are_ignored() -> None:
    assert WIRE.read_hop(form(DIAL + "&new=1&new=2")) == WIRE.read_hop(form(DIAL))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": None}, "text is missing"),
        ({"sessionId": None}, "sessionId is missing"),
        ({"phoneNumber": None}, "phoneNumber is missing"),
        ({"serviceCode": None}, "serviceCode is missing"),
        ({"sessionId": ""}, "sessionId is not well formed"),
        ({"sessionId": "x" * 129}, "sessionId is not well formed"),
        ({"sessionId": "a/b"}, "sessionId is not well formed"),
        ({"sessionId": "a\n"}, "sessionId is not well formed"),
        ({"phoneNumber": ""}, "phoneNumber is no phone number"),
        ({"phoneNumber": "8801711000001"}, "phoneNumber is no phone number"),
        ({"phoneNumber": "+88017"}, "phoneNumber is no phone number"),
        ({"phoneNumber": "+8801711000001999"}, "phoneNumber is no phone number"),
        ({"phoneNumber": "+9991711000001"}, "phoneNumber is no phone number"),
        ({"phoneNumber": "+880১৭১১০০০০০১"}, "phoneNumber is no phone number"),
        ({"phoneNumber": "  8801711000001"}, "phoneNumber is no phone number"),
        ({"serviceCode": "384"}, "serviceCode is not well formed"),
        ({"serviceCode": "*384*27#x"}, "serviceCode is not well formed"),
        ({"networkCode": "47 001"}, "networkCode is not well formed"),
        ({"text": "1" * 2001}, "text is longer than 2000 characters"),
        ({"text": "1\n2"}, "text holds a control character"),
        ({"text": "1\x00"}, "text holds a control character"),
        ({"text": "1\x85"}, "text holds a control character"),
    ],
)
def test_a_hop_that_no_provider_sends(fields: dict[str, str | None], told: str) -> None:
    with pytest.raises(BadCallback) as refused:
        WIRE.read_hop(changed(DIAL, **fields))
    assert str(refused.value) == told


@pytest.mark.parametrize("name", ["sessionId", "phoneNumber", "serviceCode", "text", "networkCode"])
def test_a_field_that_comes_twice(name: str) -> None:
    twice = form(DIAL)
    twice[name] = twice[name] * 2
    with pytest.raises(BadCallback, match=f"{name} comes 2 times"):
        WIRE.read_hop(twice)


def test_a_hop_shows_neither_text_nor_number() -> None:
    hop = WIRE.read_hop(changed(DIAL, text="1*52907"))
    assert repr(hop) == "Hop(africastalking ATUid_1 …001 *384*27# text[7])"
    assert str(hop) == repr(hop)


def test_the_end_of_a_dialogue_leaves_out_what_she_typed_and_read() -> None:
    ended = WIRE.read_end(form(END))
    assert (ended.session, ended.phone, ended.code) == ("ATUid_1", "+8801711000001", "*384*27#")
    assert (ended.status, ended.milliseconds, ended.hops) == ("Success", 41250, 7)
    assert (ended.trail, ended.cost) == ("who|pin|home", "BDT 1.2000")
    kept = " ".join(map(str, vars(ended).values()))
    assert "52907" not in kept
    assert "8,450" not in kept
    assert repr(ended) == "Ended(africastalking ATUid_1 …001 Success after 7 hops)"


def test_an_end_needs_only_who_and_how() -> None:
    fields = dict.fromkeys(["date", "cost", "durationInMillis", "hopsCount", "hopsMetadata", "input"])
    ended = WIRE.read_end(changed(END, **fields, status="Failed"))
    assert (ended.status, ended.milliseconds, ended.hops, ended.trail, ended.cost) == ("Failed", 0, 0, "", "")


@pytest.mark.parametrize(
    "fields", [{"status": "Fine"}, {"status": None}, {"hopsCount": "-1"}, {"durationInMillis": "1e9"}]
)
def test_an_end_that_no_provider_sends(fields: dict[str, str | None]) -> None:
    with pytest.raises(BadCallback):
        WIRE.read_end(changed(END, **fields))


@pytest.mark.parametrize(
    ("text", "ends", "screen", "body", "name"),
    [
        ("Who?\n1 Rahima", False, "who", "CON Who?\n1 Rahima", "who"),
        ("কে বলছেন?", False, "who", "CON কে বলছেন?", "who"),
        ("Bye", True, "end", "END Bye", "end"),
        ("x", True, "a|b" + "c" * 200, "END x", "a/b" + "c" * 96),
    ],
)
def test_a_reply(text: str, ends: bool, screen: str, body: str, name: str) -> None:
    status, headers, sent = WIRE.write_reply(text, ends, screen)
    assert (status, sent.decode()) == (200, body)
    assert headers == {"Content-Type": "text/plain; charset=utf-8", "at-ussd-hop-metadata": name}


CALLBACKS = AfricasTalkingCallbacks()
RECEIPT = "id=ATXid_1&phoneNumber=%2B8801711000001&networkCode=47001&retryCount=0&status=Success"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Sent", "sent"), ("Submitted", "sent"), ("Buffered", "buffered"), ("Success", "delivered"),
        ("Rejected", "failed"), ("Failed", "failed"), ("AbsentSubscriber", "failed"), ("Expired", "expired"),
        ("SUCCESS", "delivered"), ("absent_subscriber", "failed"), ("Absent Subscriber", "failed"), ("Parked", ""),
    ],
)  # fmt: skip
def test_a_receipt(word: str, state: str) -> None:
    told = CALLBACKS.read_receipt(changed(RECEIPT, status=word, failureReason="UserNotReachable"))
    assert told == Receipt("africastalking", "ATXid_1", "+8801711000001", state, word, "UserNotReachable")
    assert "8801711" not in repr(told)


@pytest.mark.parametrize(
    "fields", [{"id": None}, {"id": "a b"}, {"status": None}, {"status": "1"}, {"phoneNumber": "1"}, {"id": "x" * 101}]
)
def test_a_receipt_that_no_provider_sends(fields: dict[str, str | None]) -> None:
    with pytest.raises(BadCallback):
        CALLBACKS.read_receipt(changed(RECEIPT, **fields))


def test_an_sms_from_a_phone() -> None:
    fields = "date=x&from=+8801711000001&id=7&linkId=l&text=%E0%A6%9C%E0%A6%AE%E0%A6%BE&to=2727&cost=0&networkCode=1"
    told = CALLBACKS.read_inbound(form(fields))
    assert told == Inbound("africastalking", "7", "+8801711000001", "2727", "জমা", "1")
    assert "জমা" not in repr(told)


def test_an_opt_out() -> None:
    told = CALLBACKS.read_optout(form("senderId=SHAPLA&phoneNumber=%2B8801711000001"))
    assert told == OptOut("africastalking", "+8801711000001", "SHAPLA")
    assert CALLBACKS.write_taken() == (200, {}, b"")


Script = Callable[[BaseHTTPRequestHandler], None]


class Stub:
    """A server that speaks the provider's wire: it keeps what it was posted and answers as the script says."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.script: Script = answering(accepted())
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                stub.posts.append((self.path, dict(self.headers), dict(parse_qsl(body))))
                stub.script(self)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/version1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def answering(body: object, status: int = 201, content_type: str = "application/json", wait: float = 0) -> Script:
    def answer(request: BaseHTTPRequestHandler) -> None:
        time.sleep(wait)
        payload = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", content_type)
        request.send_header("Content-Length", str(len(payload)))
        request.end_headers()
        request.wfile.write(payload)

    return answer


def resetting(before: bytes = b"") -> Script:
    """Take the request, send `before`, then cut the line with a reset instead of an orderly end."""

    def reset(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(before)
        request.wfile.flush()
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()
        request.close_connection = True

    return reset


def accepted(status: object = 101, message_id: object = "ATXid_1", **more: object) -> dict[str, object]:
    recipient = {
        "statusCode": status,
        "number": "+8801711000001",
        "status": "Success",
        "cost": "BDT 0.3500",
        "messageId": message_id,
    }
    return {"SMSMessageData": {"Message": "Sent to 1/1 Total Cost: BDT 0.3500", "Recipients": [recipient | more]}}


def nobody(message: str) -> dict[str, object]:
    return {"SMSMessageData": {"Message": message, "Recipients": []}}


@pytest.fixture
def stub() -> Iterator[Stub]:
    running = Stub()
    yield running
    running.close()


@pytest.fixture
def provider(stub: Stub) -> AfricasTalkingSms:
    return AfricasTalkingSms("sandbox", "atsk_key", "SOMITI", base_url=stub.url, timeout=(0.5, 0.5))


def send(provider: AfricasTalkingSms, number: str = "+8801711000001", sender: str = "") -> Sent:
    return provider.send(number, "শাপলা: ৫০ টাকা জমা।", sender, "receipt:1:A7K2M9:1001")


def refusal(provider: AfricasTalkingSms) -> SendError:
    with pytest.raises(SendError) as refused:
        send(provider)
    return refused.value


def test_what_is_posted(stub: Stub, provider: AfricasTalkingSms) -> None:
    send(provider)
    ((path, headers, fields),) = stub.posts
    assert path == "/version1/messaging"
    assert (headers["apiKey"], headers["Accept"]) == ("atsk_key", "application/json")
    assert fields == {
        "username": "sandbox",
        "to": "+8801711000001",
        "message": "শাপলা: ৫০ টাকা জমা।",
        "bulkSMSMode": "1",
        "from": "SOMITI",
    }


@pytest.mark.parametrize(("own", "given", "posted"), [("", "", None), ("", "X", "X"), ("SOMITI", "X", "X")])
def test_who_it_is_from(stub: Stub, own: str, given: str, posted: str | None) -> None:
    send(AfricasTalkingSms("sandbox", "atsk_key", own, base_url=stub.url), sender=given)
    assert stub.posts[0][2].get("from") == posted


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "text/plain", ""])
@pytest.mark.parametrize("status", [100, 101, 102, "101"])
def test_accepted_whatever_the_content_type(
    stub: Stub, provider: AfricasTalkingSms, content_type: str, status: object
) -> None:
    stub.script = answering(accepted(status), content_type=content_type)
    assert send(provider) == Sent("ATXid_1", "BDT 0.3500", "accepted")


@pytest.mark.parametrize("message_id", ["None", None, ""])
def test_accepted_without_an_id(stub: Stub, provider: AfricasTalkingSms, message_id: object) -> None:
    stub.script = answering(accepted(message_id=message_id))
    assert send(provider).provider_id == ""


@pytest.mark.parametrize(
    ("status", "code", "outcome", "account"),
    [
        (401, "RiskHold", "permanent", False),
        (402, "InvalidSenderId", "transient", True),
        (403, "InvalidPhoneNumber", "permanent", False),
        (404, "UnsupportedNumberType", "permanent", False),
        (405, "InsufficientBalance", "transient", True),
        (406, "UserInBlacklist", "permanent", False),
        (407, "CouldNotRoute", "permanent", False),
        (409, "DoNotDisturbRejection", "permanent", False),
        (500, "InternalServerError", "transient", False),
        (501, "GatewayError", "transient", False),
        (502, "RejectedByGateway", "permanent", False),
    ],
)
def test_a_recipient_that_was_refused(
    stub: Stub, provider: AfricasTalkingSms, status: int, code: str, outcome: str, account: bool
) -> None:
    stub.script = answering(accepted(status, message_id="None"))
    error = refusal(provider)
    assert (error.code, error.outcome, error.account) == (code, outcome, account)


def test_every_documented_status_has_a_row() -> None:
    assert sorted(STATUSES) == [100, 101, 102, 401, 402, 403, 404, 405, 406, 407, 409, 500, 501, 502]


@pytest.mark.parametrize(
    ("script", "code", "outcome", "account"),
    [
        (answering("The supplied authentication is invalid", 401, "text/plain"), "http-401", "transient", True),
        (answering("", 403), "http-403", "transient", True),
        (answering("", 302), "http-302", "transient", True),
        (answering("Must have valid recipients", 400), "http-400", "permanent", False),
        (answering("", 429), "http-429", "transient", False),
        (answering("", 500), "http-500", "transient", False),
        (answering("<h1>Bad gateway</h1>", 502, "text/html"), "http-502", "transient", False),
        (answering("", 503), "http-503", "transient", False),
        (answering("", 504), "http-504", "ambiguous", False),
        (answering(nobody("InvalidSenderId")), "InvalidSenderId", "transient", True),
        (answering(nobody("InsufficientBalance")), "InsufficientBalance", "transient", True),
        (answering(nobody("Sent to 0/1 Total Cost: 0")), "NoRecipient", "permanent", False),
        (answering(nobody("Sent")), "NoRecipient", "permanent", False),
        (answering(accepted(999)), "garbled", "ambiguous", False),
        (answering(accepted("soon")), "garbled", "ambiguous", False),
        (answering("{"), "garbled", "ambiguous", False),
        (answering("OK", content_type="text/plain"), "garbled", "ambiguous", False),
        (answering([]), "garbled", "ambiguous", False),
        (answering({"SMSMessageData": None}), "garbled", "ambiguous", False),
        (answering({"SMSMessageData": {"Message": "", "Recipients": ["+880"]}}), "garbled", "ambiguous", False),
        (answering({"SMSMessageData": {"Message": "", "Recipients": {"a": 1}}}), "garbled", "ambiguous", False),
        (answering(accepted(), wait=1), "ReadTimeout", "ambiguous", False),
        (resetting(), "ConnectionError", "ambiguous", False),
        (resetting(b"HTTP/1.1 201 Created\r\nContent-Le"), "ConnectionError", "ambiguous", False),
        (
            resetting(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"),
            "ChunkedEncodingError",
            "ambiguous",
            False,
        ),
    ],
)
def test_trouble(
    stub: Stub, provider: AfricasTalkingSms, script: Script, code: str, outcome: str, account: bool
) -> None:
    stub.script = script
    error = refusal(provider)
    assert (error.code, error.outcome, error.account) == (code, outcome, account)
    assert len(stub.posts) == 1


def test_nobody_listens() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        provider = AfricasTalkingSms("u", "k", base_url=f"http://127.0.0.1:{reserved.getsockname()[1]}")
        error = refusal(provider)
    assert (error.code, error.outcome, error.detail) == ("ConnectionError", Outcome.TRANSIENT, "not connected")


def test_nobody_answers_the_door() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        error = refusal(AfricasTalkingSms("u", "k", base_url=f"http://127.0.0.1:{address[1]}", timeout=(0.3, 0.3)))
        for each in waiting:
            each.close()
    assert (error.code, error.outcome) == ("ConnectTimeout", Outcome.TRANSIENT)


def test_no_such_host() -> None:
    error = refusal(AfricasTalkingSms("u", "k", base_url="http://no-such-host.invalid"))
    assert (error.outcome, error.detail) == (Outcome.TRANSIENT, "not connected")


def test_a_server_that_speaks_no_tls() -> None:
    stub = Stub()
    error = refusal(AfricasTalkingSms("u", "k", base_url=stub.url.replace("http:", "https:"), timeout=(1, 1)))
    stub.close()
    assert (error.code, error.outcome) == ("SSLError", Outcome.TRANSIENT)
    assert stub.posts == []


@pytest.mark.parametrize("number", ["01711000001", "+88", "tel:all", "", "+8801711000001,+8801711000002"])
def test_a_number_that_cannot_be_is_not_posted(stub: Stub, provider: AfricasTalkingSms, number: str) -> None:
    with pytest.raises(SendError) as refused:
        send(provider, number)
    assert (refused.value.code, refused.value.outcome) == ("InvalidPhoneNumber", Outcome.PERMANENT)
    assert stub.posts == []


def test_trouble_tells_neither_number_nor_key(stub: Stub, provider: AfricasTalkingSms) -> None:
    stub.script = answering("no route to +8801711000001", 400)
    assert str(refusal(provider)) == "http-400 (permanent): no route to +…001"


def test_two_accounts_do_not_mix(stub: Stub) -> None:
    one, other = (AfricasTalkingSms(name, f"key-{name}", base_url=stub.url) for name in ("one", "other"))
    send(one)
    send(other)
    assert [(headers["apiKey"], fields["username"]) for _, headers, fields in stub.posts] == [
        ("key-one", "one"),
        ("key-other", "other"),
    ]
