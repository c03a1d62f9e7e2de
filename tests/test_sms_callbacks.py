"""What providers post about SMS, as it comes over HTTP: receipts, keywords, opt-outs, missed calls; and who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

import pytest
from conftest import BOTH
from conftest import SECRETS
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from gateway import optouts
from gateway import outbox
from gateway.app import create_app
from gateway.outbox import Draft
from gateway.outbox import Settlement
from gateway.outbox import State
from gateway.outbox import message_table
from gateway.providers.contract import Inbound
from gateway.providers.contract import Outcome
from gateway.runtime import Runtime
from gateway.sms import inbound
from gateway.sms import incoming
from gateway.sms import keywords
from gateway.sms.inbound import inbound_table
from gateway.sms.keywords import Keyword
from gateway.sms.receipts import report_table
from gateway.transaction import transaction
from ledger import groups
from ledger import programmes
from ledger import receipts
from ledger.books import entry_table
from ledger.receipts import receipt_table
from locales.script import canonical

SECRET = SECRETS["CALLBACK_SECRET"]
SHARED, AYESHA, STRANGER = "+8801711000001", "+8801711000002", "+8801799999999"
"""Rahima's and Salma's phone, who read Bangla; Ayesha's, who reads English; nobody's that we know."""

RECEIPT = {"id": "ATXid_1", "status": "Success", "phoneNumber": SHARED, "networkCode": "47001", "retryCount": "0"}
INBOUND = {"date": "2026-11-22 06:00:00", "from": SHARED, "id": "in-1", "linkId": "", "text": "HELP", "to": "16327"}
OPTOUT = {"senderId": "SOMITI", "phoneNumber": SHARED}
RING = {"sessionId": "ATVId_1", "isActive": "1", "direction": "Inbound", "callerNumber": SHARED}
PAGES = {"receipt": RECEIPT, "inbound": INBOUND, "optout": OPTOUT, "missed-call": RING}

DIAL = "*384*27#"
HELP_BN = canonical(f"{DIAL} ডায়াল করুন। এসএমএসে: জমা, কোড, বন্ধ, চালু।")
BAL_BN = canonical(f"{DIAL} ডায়াল করে পিন দিন, তারপর সঞ্চয়: জমা দেখবেন।")
RANG_BN = canonical(f"মিসড কল পেয়েছি। {DIAL} ডায়াল করুন।")
STARTED_BN = canonical("আবার এসএমএস পাবেন। না চাইলে লিখুন: বন্ধ")
NONE_BN = canonical("এই কোডের কোনো রসিদ নেই। অক্ষরগুলো আবার দেখুন।")
MANY_BN = canonical("অনেকবার ভুল কোড হয়েছে। এক ঘণ্টা পরে চেষ্টা করুন।")


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return create_app(runtime).test_client()


def post(client: FlaskClient, page: str, form: dict[str, str] | None = None, **change: str) -> TestResponse:
    return client.post(f"/sms/africastalking/{SECRET}/{page}", data=(form or PAGES[page]) | change)


def texts(runtime: Runtime, number: str = SHARED) -> list[str | None]:
    with runtime.database.reading() as db:
        shown = outbox.recent(db, number, 50)
    return [each.text for each in reversed(shown)]


def rows(runtime: Runtime, table: Any) -> list[Any]:
    with runtime.database.reading() as db:
        return list(db.execute(select(table)))


# Who may, and what is taken.


@BOTH
@pytest.mark.parametrize("page", PAGES)
def test_what_is_documented_is_taken(client: FlaskClient, page: str) -> None:
    assert post(client, page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "path",
    [
        f"/sms/africastalking/{SECRET[:-1]}/",
        f"/sms/africastalking/{SECRET}x/",
        "/sms/africastalking/x/",
        "/sms/africastalking/%E0%A6%95/",
        f"/sms/nobody/{SECRET}/",
        f"/sms/sslwireless/{SECRET}/",
    ],
)
def test_without_the_secret_there_is_no_such_page(client: FlaskClient, path: str, page: str) -> None:
    assert client.post(path + page, data=PAGES[page]).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_it_is_posted(client: FlaskClient, page: str) -> None:
    assert client.get(f"/sms/africastalking/{SECRET}/{page}").status_code == 405


@pytest.mark.parametrize("page", PAGES)
def test_more_than_eight_kilobytes_are_refused_unread(client: FlaskClient, page: str) -> None:
    assert post(client, page, note="x" * 9000).status_code == 413


@pytest.mark.parametrize(
    ("page", "change"),
    [
        ("receipt", {"id": ""}),
        ("receipt", {"id": "x" * 200}),
        ("receipt", {"id": "a b"}),
        ("receipt", {"status": ""}),
        ("receipt", {"status": "<script>"}),
        ("receipt", {"phoneNumber": "01711000001"}),
        ("receipt", {"phoneNumber": ""}),
        ("inbound", {"from": "nobody"}),
        ("inbound", {"id": ""}),
        ("optout", {"phoneNumber": "x"}),
        ("missed-call", {"callerNumber": "anonymous"}),
        ("missed-call", {"sessionId": "a b"}),
    ],
)
def test_what_no_provider_sends_is_malformed(
    client: FlaskClient, runtime: Runtime, page: str, change: dict[str, str]
) -> None:
    assert post(client, page, **change).status_code == 400
    for name in change:
        missing = {key: value for key, value in PAGES[page].items() if key != name}
        twice = [*PAGES[page].items(), (name, PAGES[page][name])]
        assert post(client, page, missing).status_code == 400
        body = "&".join(f"{key}={value.replace('+', '%2B')}" for key, value in twice)
        url, kind = f"/sms/africastalking/{SECRET}/{page}", "application/x-www-form-urlencoded"
        assert client.post(url, data=body, content_type=kind).status_code == 400
    assert [rows(runtime, table) for table in (report_table, inbound_table)] == [[], []]


@BOTH
def test_a_receipt_is_applied_once(client: FlaskClient, runtime: Runtime) -> None:
    now = datetime.now(UTC)
    use = timedelta(hours=1)
    draft = Draft("k", "receipt", 1, None, SHARED, "bn", "x", "gsm7", 1, 1, now, now + use)
    with runtime.database.writing() as db:
        message = outbox.queue(db, draft, now)
        claim = outbox.claim(db, message or 0, "africastalking", now)
        assert claim is not None
        outbox.settle(db, claim.attempt, Settlement(Outcome.ACCEPTED, State.ACCEPTED, provider_id="ATXid_1"), now)
    wrong = [{"phoneNumber": AYESHA}, {"id": "ATXid_2"}]
    for change in wrong:
        assert post(client, "receipt", **change).status_code == 200
    assert [row.state for row in rows(runtime, message_table)] == ["accepted"]
    for status in ("Sent", "Success", "Success", "Sent", "Rejected"):
        assert post(client, "receipt", status=status).status_code == 200
    assert [row.state for row in rows(runtime, message_table)] == ["delivered"]
    assert len(rows(runtime, report_table)) == len(wrong) + 3


def test_a_receipt_of_bdapps_is_json(open_demo: Callable[..., Runtime]) -> None:
    account = {"BDAPPS_APPLICATION_ID": "APP_1", "BDAPPS_PASSWORD": "secret"}
    runtime = open_demo(**account)
    told = {"requestId": "42", "destinationAddress": "tel:8801711000001", "deliveryStatus": "DELIVERED"}
    url = f"/sms/bdapps/{SECRET}/receipt"
    client = create_app(runtime).test_client()
    taken = client.post(url, json=told)
    assert (taken.status_code, taken.get_json()["statusCode"]) == (200, "S1000")
    assert client.post(url, json=told | {"requestId": "a b"}).status_code == 400
    assert client.post(f"/sms/bdapps/{SECRET}/missed-call", json=told).status_code == 400
    assert len(rows(runtime, report_table)) == 1


# Keywords.


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("BAL", (Keyword.BALANCE, "")),
        ("bal", (Keyword.BALANCE, "")),
        (" Bal. ", (Keyword.BALANCE, "")),
        ("জমা", (Keyword.BALANCE, "")),
        ("জমা?", (Keyword.BALANCE, "")),
        ("HELP", (Keyword.HELP, "")),
        ("সাহায্য", (Keyword.HELP, "")),
        ("STOP", (Keyword.STOP, "")),
        ("stop sending me these", (Keyword.STOP, "SENDINGMETHESE")),
        ("বন্ধ", (Keyword.STOP, "")),
        ("START", (Keyword.START, "")),
        ("চালু", (Keyword.START, "")),
        ("start a loan for me", None),
        ("CODE A7K2M9", (Keyword.CODE, "A7K2M9")),
        ("code a7k 2m9", (Keyword.CODE, "A7K2M9")),
        ("কোড A৭K২M৯", (Keyword.CODE, "A7K2M9")),
        ("CODE:A7K2M9", (Keyword.CODE, "A7K2M9")),
        ("CODE", (Keyword.CODE, "")),
        ("", None),
        ("   ", None),
        ("hello", None),
        ("52907", None),
        ("\x00\ud83d", None),
    ],
)
def test_keywords_are_understood_in_either_script(text: str, read: tuple[Keyword, str] | None) -> None:
    assert keywords.read(canonical(text)) == read


def test_a_code_alone_is_asked_for() -> None:
    code = receipts.completed("A7K2M")
    assert keywords.read(code.lower()) == (Keyword.CODE, code)
    assert keywords.read(f"{code} please") is None


def test_every_keyword_is_spelt_as_it_is_compared() -> None:
    assert [word for word in keywords.SPELT if canonical(word).lower() != word] == []
    assert set(Keyword) == set(keywords.SPELT.values())


@BOTH
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("BAL", BAL_BN),
        ("জমা", BAL_BN),
        ("HELP", HELP_BN),
        ("START", STARTED_BN),
        ("CODE A7K2MA", NONE_BN),
        ("CODE", NONE_BN),
        ("good morning", HELP_BN),
        ("STOP", None),
    ],
)
def test_a_keyword_is_answered_once(client: FlaskClient, runtime: Runtime, text: str, answer: str | None) -> None:
    for _ in range(3):
        assert post(client, "inbound", text=text).status_code == 200
    assert texts(runtime) == ([answer] if answer else [])


def test_it_is_answered_in_the_words_of_the_phone(client: FlaskClient, runtime: Runtime) -> None:
    post(client, "inbound", **{"from": AYESHA, "text": "BAL"})
    assert texts(runtime, AYESHA) == [f"Dial {DIAL}, enter your PIN, choose savings: there is your balance."]


@pytest.mark.parametrize(
    ("text", "answered"), [("HELP", True), ("BAL", True), ("good morning", False), ("STOP", False)]
)
def test_a_stranger_is_answered_only_what_she_asked_for(
    client: FlaskClient, runtime: Runtime, text: str, answered: bool
) -> None:
    post(client, "inbound", **{"from": STRANGER, "text": text})
    assert len(texts(runtime, STRANGER)) == answered
    assert all(row.programme is None and row.member is None for row in rows(runtime, message_table))


def test_no_keyword_tells_a_sum_that_is_hers(client: FlaskClient, runtime: Runtime) -> None:
    """Whatever is sent, no figure comes back but the short code: the sender can be forged."""
    for number, text in enumerate(("BAL", "BAL 52907", "জমা ৫২৯০৭", "BALANCE PLEASE", "HELP 1001", "52907")):
        post(client, "inbound", id=f"in-{number}", text=text)
    answers = texts(runtime)
    assert len(answers) == 6
    assert set(answers) == {BAL_BN, HELP_BN}


def test_of_an_sms_only_the_keyword_is_kept(client: FlaskClient, runtime: Runtime) -> None:
    post(client, "inbound", text="BAL 52907")
    (kept,) = rows(runtime, inbound_table)
    assert (kept.keyword, kept.provider_id) == ("balance", "in-1")
    assert "52907" not in repr(kept)
    assert SHARED[1:] not in repr(kept)


@BOTH
def test_stop_and_start(client: FlaskClient, runtime: Runtime) -> None:
    steps = [
        ("STOP", True, 0),
        ("HELP", True, 1),
        ("STOP", True, 1),
        ("START", False, 2),
        ("HELP", False, 3),
        ("বন্ধ", True, 3),
        ("চালু", False, 4),
    ]
    for number, (text, stopped, messages) in enumerate(steps):
        post(client, "inbound", id=f"in-{number}", text=text)
        with runtime.database.reading() as db:
            assert (optouts.stopped(db, SHARED), len(outbox.recent(db, SHARED))) == (stopped, messages), text
    states = [(row.state, row.reason) for row in rows(runtime, message_table)]
    assert states == [("dropped", "opted-out"), ("queued", ""), ("queued", ""), ("queued", "")]


def test_a_copy_of_stop_that_comes_after_start_stops_nothing(client: FlaskClient, runtime: Runtime) -> None:
    for number, text in ((1, "STOP"), (2, "START"), (1, "STOP")):
        post(client, "inbound", id=f"in-{number}", text=text)
    with runtime.database.reading() as db:
        assert not optouts.stopped(db, SHARED)


def test_an_optout_of_the_provider_is_ours(client: FlaskClient, runtime: Runtime) -> None:
    for _ in range(2):
        post(client, "optout")
    with runtime.database.reading() as db:
        assert (optouts.stopped(db, SHARED), optouts.stopped(db, AYESHA), optouts.count(db)) == (True, False, 1)
    assert texts(runtime) == []


def test_a_number_gets_ten_answers_an_hour(client: FlaskClient, runtime: Runtime) -> None:
    for number in range(14):
        post(client, "inbound", id=f"in-{number}", text="HELP")
    post(client, "inbound", **{"id": "other", "from": AYESHA, "text": "HELP"})
    assert (len(texts(runtime)), len(texts(runtime, AYESHA))) == (inbound.ANSWERS, 1)
    post(client, "inbound", id="last", text="STOP")
    with runtime.database.reading() as db:
        assert optouts.stopped(db, SHARED)


def test_an_answer_wakes_whoever_just_wrote_and_nobody_later(runtime: Runtime) -> None:
    night = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    incoming.take(runtime, Inbound("africastalking", "1", SHARED, "16327", "HELP", ""), night)
    (row,) = rows(runtime, message_table)
    assert (row.due_at, row.timezone) == (night, "Asia/Dhaka")
    assert (row.wakes_until, row.expires_at) == (night + timedelta(minutes=10), night + timedelta(hours=1))
    assert (row.purpose, row.parts, row.encoding) == ("answer", 1, "ucs2")


def test_to_a_hidden_number_nothing_is_sent(runtime: Runtime) -> None:
    news = Inbound("bdapps", "1", "tel:0123456789abcdef", "21213", "HELP", "")
    incoming.take(runtime, news, datetime.now(UTC))
    assert (rows(runtime, message_table), len(rows(runtime, inbound_table))) == ([], 1)


def test_what_came_in_is_forgotten_in_time(runtime: Runtime) -> None:
    now = datetime.now(UTC)
    incoming.take(runtime, Inbound("africastalking", "1", SHARED, "16327", "HELP", ""), now)
    for before, left in ((now - timedelta(seconds=1), 1), (now, 0)):
        with runtime.database.writing() as db:
            inbound.forget(db, before)
        assert len(rows(runtime, inbound_table)) == left


# CODE.


def a_receipt(runtime: Runtime, kind: str) -> Any:
    with runtime.database.reading() as db:
        undone = select(entry_table.c.reverses).where(
            entry_table.c.book == receipt_table.c.book, entry_table.c.reverses == receipt_table.c.entry
        )
        match = receipt_table.c.kind == kind, ~undone.exists()
        return db.execute(select(receipt_table).where(*match).limit(1)).one()


@BOTH
def test_code_reads_out_the_true_record(client: FlaskClient, runtime: Runtime) -> None:
    saved, sold = a_receipt(runtime, "saving.deposit"), a_receipt(runtime, "sale")
    post(client, "inbound", **{"from": AYESHA, "id": "1", "text": f"CODE {saved.code}"})
    post(client, "inbound", **{"from": AYESHA, "id": "2", "text": sold.code.lower()})
    said = texts(runtime, AYESHA)
    assert [str(text).split(" ")[:2] for text in said] == [[f"{saved.code}:", "savings"], [f"{sold.code}:", "sale"]]
    assert all("2026" in str(text) for text in said)


def test_code_names_kind_sum_day_and_group(client: FlaskClient, runtime: Runtime) -> None:
    saved = a_receipt(runtime, "saving.deposit")
    with runtime.database.reading() as db:
        short = groups.get(db, int(saved.book.partition(":")[2])).short
    post(client, "inbound", text=f"কোড {saved.code}")
    post(client, "inbound", **{"from": STRANGER, "id": "2", "text": f"CODE {saved.code}"})
    (said,), (strangers,) = texts(runtime), texts(runtime, STRANGER)
    assert said == strangers
    assert str(said).startswith(canonical(f"{saved.code}: সঞ্চয় "))
    assert str(said).endswith(f", {short.bn}")


def test_another_programme_s_receipt_is_none_of_hers(client: FlaskClient, runtime: Runtime) -> None:
    saved = a_receipt(runtime, "saving.deposit")
    with transaction(runtime, tell=False) as db:
        other = programmes.start(db, "Another")
        code = receipts.completed("22222")
        copied = {**saved._mapping, "programme": other.id, "code": code}
        db.execute(receipt_table.insert(), copied)
    post(client, "inbound", text=f"CODE {code}")
    post(client, "inbound", **{"from": STRANGER, "id": "2", "text": f"CODE {code}"})
    assert texts(runtime) == [NONE_BN]
    assert str(texts(runtime, STRANGER)[0]).startswith(code)


@BOTH
def test_after_five_wrong_codes_no_code_is_looked_at(client: FlaskClient, runtime: Runtime) -> None:
    saved = a_receipt(runtime, "saving.deposit")
    wrong = [f"CODE {receipts.completed(f'ZZZZ{letter}')}" for letter in "ABCDE"]
    asked = [*wrong[:2], f"CODE {saved.code}", *wrong[2:], f"CODE {saved.code}", f"CODE {saved.code}"]
    for number, text in enumerate(asked):
        post(client, "inbound", id=f"in-{number}", text=text)
    said = texts(runtime)
    assert [said[n] == NONE_BN for n in range(8)] == [True, True, False, True, True, True, False, False]
    assert said[6:] == [MANY_BN, MANY_BN]
    post(client, "inbound", **{"id": "other", "from": AYESHA, "text": f"CODE {saved.code}"})
    assert str(texts(runtime, AYESHA)[0]).startswith(saved.code)


# Missed calls.


@BOTH
def test_a_missed_call_costs_nothing_and_is_answered_by_an_sms(client: FlaskClient, runtime: Runtime) -> None:
    answer = post(client, "missed-call")
    assert answer.get_data(as_text=True).endswith("<Response><Reject/></Response>")
    assert answer.mimetype == "application/xml"
    # The end of the same call is told, too.
    post(client, "missed-call", isActive="0")
    assert texts(runtime) == [RANG_BN]
    post(client, "missed-call", sessionId="ATVId_2")
    assert texts(runtime) == [RANG_BN] * 2


def test_a_call_and_an_sms_may_have_the_same_id(client: FlaskClient, runtime: Runtime) -> None:
    post(client, "missed-call", sessionId="in-1")
    post(client, "inbound")
    assert texts(runtime) == [RANG_BN, HELP_BN]


def test_who_wants_no_sms_may_ring_in_vain(client: FlaskClient, runtime: Runtime) -> None:
    post(client, "inbound", text="STOP")
    post(client, "missed-call")
    assert [(row.state, row.reason) for row in rows(runtime, message_table)] == [("dropped", "opted-out")]
