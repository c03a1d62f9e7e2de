"""A hop is answered exactly once, whatever the wire does: every pitfall of the provider's contract."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
from conftest import BOTH
from conftest import SECRETS
from handsets import Phone
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from gateway import dialogues
from gateway.app import create_app
from gateway.callbacks import ussd
from gateway.dialogues import dialogue_table
from gateway.dialogues import hop_table
from gateway.outbox import message_table
from gateway.transaction import reading
from ledger import audit
from ledger.orders import order_table

ORDER = "1 52907 1 1 2 101 3 1"
GONE = "END এই কল শেষ। আবার ডায়াল করুন।"


def count(runtime, table) -> int:
    with reading(runtime) as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


def transcripts(keys: str) -> list[str]:
    answers = keys.split()
    return ["*".join(answers[:n]) for n in range(len(answers) + 1)]


@BOTH
def test_every_hop_twice_makes_one_order(runtime, phone):
    before = count(runtime, order_table)
    caller = phone()
    for text in transcripts(ORDER):
        assert caller.send(text) == caller.send(text)
    assert count(runtime, order_table) == before + 1
    assert count(runtime, message_table) == 1


@BOTH
def test_fifty_at_once_make_one_order_and_one_screen(runtime):
    """Every hop fifty times at once, on as many connections as there are."""
    before = count(runtime, order_table)
    client = create_app(runtime)
    callers = [Phone(client.test_client(), runtime.settings, "+8801711000001", "ATUid_fifty") for _ in range(50)]
    with ThreadPoolExecutor(16) as pool:
        for text in transcripts(ORDER):
            shown = set(pool.map(lambda caller, said=text: caller.send(said), callers))
            assert len(shown) == 1, text
    assert shown.pop().startswith("END অর্ডার হয়েছে")
    assert count(runtime, order_table) == before + 1
    with reading(runtime) as db:
        assert [each for each in audit.check(db) if not isinstance(each, int)] == []


def test_an_older_hop_after_a_newer_one_gets_its_own_reply(runtime, phone):
    caller, shown = phone(), {}
    for text in transcripts(ORDER):
        shown[text] = caller.send(text)
        for older, reply in shown.items():
            assert caller.send(older) == reply


def test_a_copy_after_the_end_gets_the_same_and_does_nothing(runtime, phone):
    caller = phone()
    caller.dial(ORDER)
    orders = count(runtime, order_table)
    assert caller.send("*".join(ORDER.split())) == f"END {caller.shown}"
    assert caller.send("*".join(ORDER.split()) + "*1") == GONE
    assert count(runtime, order_table) == orders


def test_a_redial_with_a_new_session_starts_at_the_door(phone):
    first = phone()
    assert "কোড" in first.dial("1 52907 1 1 2")
    assert phone().dial() == "কে বলছেন?\n1 রহিমা\n2 সালমা\n0 অন্য সদস্য"


@pytest.mark.parametrize(
    ("sent", "shows"),
    [
        # a star inside an answer, and a delivery that skipped a hop, are one answer with a star in it
        (["", "1", "1*529*07"], "* ছাড়া একটি উত্তর দিন"),
        (["", "1*52907"], "* ছাড়া একটি উত্তর দিন"),
        (["", "1", "1*52907", "1*52907*"], "নিচের একটি নম্বর দিন"),
        (["", "1", "1*52907", "1*52907*", "1*52907**3"], "সঞ্চয়\n1 মোট জমা"),
        (["", "1#", "1#*52907#", "1#*52907#*3#"], "সঞ্চয়\n1 মোট জমা"),
        (["", "১", "১*৫২৯০৭", "১*৫২৯০৭*৩"], "সঞ্চয়\n1 মোট জমা"),
        (["", " 1 ", " 1 * 52907", " 1 * 52907*3 "], "সঞ্চয়\n1 মোট জমা"),
        # the dialled code in the text, kept by the wire or dropped by it
        (["*384*27#", "*384*27#*1", "*384*27#*1*52907"], "1 মাল অর্ডার"),
        (["*384*27#", "1", "1*52907"], "1 মাল অর্ডার"),
        (["384*27", "384*27*1", "384*27*1*52907"], "1 মাল অর্ডার"),
        # a transcript that branches off, or an old one never answered, changes nothing
        (["", "1", "2"], GONE[4:]),
        (["", "1", "12"], GONE[4:]),
        (["", "1", "1*52907", "1*41863"], GONE[4:]),
        (["1*52907"], GONE[4:]),
    ],
)
def test_what_the_wire_may_send(phone, sent, shows):
    caller = phone()
    for text in sent:
        shown = caller.send(text)
    assert shows in shown


def test_a_branch_leaves_the_live_call_alone(phone):
    caller = phone()
    caller.dial("1 52907")
    assert caller.send("2") == GONE
    assert "সঞ্চয়" in caller.type("3")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"sessionId": None}, 400),
        ({"phoneNumber": None}, 400),
        ({"serviceCode": None}, 400),
        ({"text": None}, 400),
        ({"phoneNumber": "+88017"}, 400),
        ({"phoneNumber": "rahima"}, 400),
        ({"sessionId": "a b"}, 400),
        ({"serviceCode": "*999#"}, 400),
        ({"text": "1\x00"}, 400),
        ({"text": "1" * 2001}, 400),
        ({"text": ["", "1"]}, 400),
        ({"sessionId": ["a", "b"]}, 400),
        ({"more": "x" * 9000}, 413),
        ({"phoneNumber": " 8801711000001"}, 200),
        ({"networkCode": None}, 200),
        ({"something": "new"}, 200),
        ({"text": "��"}, 200),
    ],
)
def test_fields(runtime, wrong, status):
    form = {
        "sessionId": "ATUid_fields",
        "phoneNumber": "+8801711000001",
        "networkCode": "1",
        "serviceCode": "*384*27#",
        "text": "",
    } | wrong
    client = create_app(runtime).test_client()
    path = f"/ussd/africastalking/{runtime.settings.callback_secret}"
    reply = client.post(path, data={name: value for name, value in form.items() if value is not None})
    assert reply.status_code == status
    assert "Traceback" not in reply.text
    assert reply.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ussd/africastalking/wrong", 404),
        ("/ussd/africastalking/wrong/events", 404),
        ("/ussd/africastalking/", 404),
        ("/ussd/nobody/{secret}", 404),
        ("/ussd/africastalking/{secret}/other", 404),
        ("/ussd/africastalking/গোপন", 404),
        ("/ussd/africastalking/{secret}/events", 400),
    ],
)
def test_a_forged_path_is_a_page_that_is_not_there(runtime, path, status):
    client = create_app(runtime).test_client()
    reply = client.post(path.format(secret=runtime.settings.callback_secret), data={"text": ""})
    assert reply.status_code == status


def test_a_session_belongs_to_its_number(runtime, phone):
    caller = phone()
    caller.dial("1")
    client = create_app(runtime).test_client()
    form = {"sessionId": caller.session, "phoneNumber": "+8801711000002", "serviceCode": "*384*27#", "text": "1*52907"}
    path = f"/ussd/africastalking/{runtime.settings.callback_secret}"
    assert client.post(path, data=form).status_code == 400
    assert "1 মাল অর্ডার" in caller.type("52907")


def end_event(runtime, caller: Phone, **more: str) -> int:
    form = {
        "date": "2026-11-22 10:00:00",
        "sessionId": caller.session,
        "serviceCode": "*384*27#",
        "networkCode": "1",
        "phoneNumber": caller.number,
        "status": "Incomplete",
        "cost": "0",
        "durationInMillis": "9000",
        "hopsCount": "3",
        "hopsMetadata": "who|pin|home",
        "input": "1*52907",
        "lastAppResponse": "CON",
        "errorMessage": "",
    } | more
    client = create_app(runtime).test_client()
    return client.post(f"/ussd/africastalking/{runtime.settings.callback_secret}/events", data=form).status_code


def test_the_end_event_ends_the_call(runtime, phone):
    caller = phone()
    caller.dial("1 52907 3 1")
    last = caller.send("1*52907*3*1")
    assert end_event(runtime, caller) == 200
    assert end_event(runtime, caller) == 200
    assert caller.send("1*52907*3*1") == last
    assert caller.send("1*52907*3*1*0") == GONE


def test_an_end_event_of_an_unknown_call_is_taken(runtime, phone):
    assert end_event(runtime, phone()) == 200


@BOTH
def test_replies_are_blanked_hashes_dropped(runtime, phone):
    caller = phone()
    caller.dial(ORDER)
    whole = "*".join(ORDER.split())
    ended = datetime.now(UTC)

    def forget(after: timedelta) -> None:
        with runtime.database.writing() as db:
            dialogues.forget(db, ended + after)

    forget(timedelta(minutes=14))
    assert caller.send(whole).startswith("END অর্ডার হয়েছে")
    forget(timedelta(minutes=16))
    assert caller.send(whole) == GONE
    assert caller.send("") == GONE
    with reading(runtime) as db:
        assert set(db.execute(select(hop_table.c.reply)).scalars()) == {None}
        assert set(db.execute(select(dialogue_table.c.state)).scalars()) == {None}
    forget(timedelta(hours=25))
    assert count(runtime, hop_table) == count(runtime, dialogue_table) == 0
    assert caller.send(whole) == GONE


def test_a_call_that_fell_silent_is_over(runtime, phone):
    caller = phone()
    caller.dial("1 52907")
    with runtime.database.writing() as db:
        dialogues.forget(db, datetime.now(UTC) + timedelta(minutes=31))
    assert caller.send("1*52907*3") == GONE


def test_our_own_fault_is_an_apology_and_nothing_is_kept(runtime, phone, monkeypatch):
    """The books fail in the middle of an order: no row of the hop stays, and the same hop can be tried again."""
    caller = phone()
    caller.dial("1 52907 1 1 2 101 3")
    before = {table: count(runtime, table) for table in (order_table, hop_table, message_table)}
    monkeypatch.setattr("ledger.receipts.issue", lambda *args: 1 / 0)
    assert caller.type("1").startswith("দুঃখিত, এখন হলো না।")
    assert before == {table: count(runtime, table) for table in before}
    monkeypatch.undo()
    assert caller.send("*".join(caller.answers)).startswith("END অর্ডার হয়েছে")


def test_a_body_that_broke_off_is_no_hop(live_server, templates):
    """The last answer of half a body could be half a PIN, and would be counted as a wrong one."""
    host, port = live_server.removeprefix("http://").split(":")
    body = "sessionId=half&phoneNumber=%2B8801711000001&networkCode=1&serviceCode=*384*27%23&text="
    path = f"/ussd/africastalking/{SECRETS['CALLBACK_SECRET']}"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(f"{head}Content-Length: {len(body) + 1}\r\n\r\n{body}".encode())
        wire.shutdown(socket.SHUT_WR)
        assert b" 400 " in wire.recv(65536).split(b"\r\n")[0]


def test_a_connection_lost_in_the_commit_is_looked_up_again(runtime, phone, monkeypatch):
    """The order was committed, the answer to COMMIT got lost: the hop is asked again and finds its reply."""
    caller = phone()
    caller.dial("1 52907 1 1 2 101 3")
    real, lost = ussd.transaction, []

    @contextmanager
    def losing(*args, **more):
        with real(*args, **more) as db:
            yield db
        if not lost:
            lost.append(True)
            raise OperationalError("COMMIT", None, Exception("gone"), connection_invalidated=True)

    monkeypatch.setattr(ussd, "transaction", losing)
    before = count(runtime, order_table)
    assert "অর্ডার হয়েছে" in caller.type("1")
    assert lost
    assert count(runtime, order_table) == before + 1


def test_a_connection_that_stays_lost_promises_nothing(runtime, phone, monkeypatch):
    caller = phone()
    caller.dial("1 52907 1 1 2 101 3")

    @contextmanager
    def losing(*args, **more):
        raise OperationalError("COMMIT", None, Exception("gone"), connection_invalidated=True)
        yield

    monkeypatch.setattr(ussd, "transaction", losing)
    assert caller.type("1").startswith("দুঃখিত, লাইন কেটে গেছে। আবার ডায়াল করে দেখুন")


def test_a_busy_database_is_an_apology(open_demo):
    """Somebody else holds the only write lock for longer than a hop may wait."""
    runtime, other = open_demo(), open_demo()
    caller = Phone(create_app(runtime).test_client(), runtime.settings, "+8801711000001", None)
    with other.database.writing(60):
        assert caller.send("").startswith("END দুঃখিত")
    assert caller.send("").startswith("CON কে বলছেন?")
