"""Who is told what: every fact in both languages of SMS, at its usual size and at its worst."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from conftest import BOTH
from sqlalchemy import select

from gateway import notices
from gateway import outbox
from gateway import telling
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.notices import NOTICES
from gateway.notices import Cause
from gateway.notices import Notice
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.telling import due_at
from gateway.transaction import transaction
from ledger import facts
from ledger import groups
from ledger import members
from ledger import programmes
from ledger.facts import AnyFact
from ledger.facts import CommissionEarned
from ledger.facts import CommissionPaid
from ledger.facts import DueCollected
from ledger.facts import EmiDue
from ledger.facts import EmiLate
from ledger.facts import EmiPaid
from ledger.facts import Fact
from ledger.facts import GoodsReturned
from ledger.facts import HubPaid
from ledger.facts import HubPrepaid
from ledger.facts import HubRefunded
from ledger.facts import LoanDisbursed
from ledger.facts import LoanRepaid
from ledger.facts import MonthMade
from ledger.facts import OrderAccepted
from ledger.facts import OrderCancelled
from ledger.facts import OrderDelivered
from ledger.facts import OrderDispatched
from ledger.facts import OrderPlaced
from ledger.facts import OrderRefused
from ledger.facts import OrderStep
from ledger.facts import PinChanged
from ledger.facts import SaleRecorded
from ledger.facts import SavingReceived
from ledger.facts import Short
from ledger.facts import Told
from ledger.members import Member
from ledger.members import Registration
from ledger.money import Money
from ledger.tables import Names
from locales import words
from locales.alphabet import Encoding
from locales.alphabet import measure
from locales.script import canonical

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
NIL = Money(0)
MOST = Money(99_999_999)
CODE = "A7K2M9"


@dataclass(frozen=True)
class Village:
    """One programme with its group and members: Rahima and Salma share a phone, Moyna has her own, Jui has none."""

    group: int
    rahima: int
    salma: int
    moyna: int
    jui: int


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    return Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})


@pytest.fixture
def village(runtime: Runtime) -> Village:
    with runtime.database.writing() as db:
        programme = programmes.start(db, "WEESMS")
        group = groups.start(db, programme, Names("শাপলা মহিলা সমিতি", "Shapla"), Names("শাপলা", "Shapla"), "Jashore")
        shared, own = "+8801711000001", "+8801711000002"
        women = [("1001", "bn", [shared]), ("1002", "bn_Latn", [shared]), ("1003", "bn", [own]), ("1004", "bn", [])]
        ids = members.register(
            db,
            programme.id,
            [
                Registration(code, Names("রহিমা", "Rahima"), "x", group=group.id, language=language, numbers=numbers)
                for code, language, numbers in women
            ],
        )
    return Village(group.id, *ids)


def told(runtime: Runtime, *happened: AnyFact, now: datetime = NOW) -> list[str | None]:
    """The texts queued for what happened."""
    with transaction(runtime, now=now) as db:
        for fact in happened:
            facts.record(db, fact)
    with runtime.database.reading(60) as db:
        return list(db.execute(select(message_table.c.text).order_by(message_table.c.id)).scalars())


def change(runtime: Runtime, member: int, **columns: str) -> None:
    with runtime.database.writing() as db:
        db.execute(members.member_table.update().where(members.member_table.c.id == member).values(columns))


def usual(village: Village, member: int) -> list[AnyFact]:
    return [
        OrderPlaced(member, "AAAAAA", 4821, Money(14_400), Money(385_600)),
        SaleRecorded(member, "BBBBBB", Money(11_000), NIL),
        SaleRecorded(member, "CCCCCC", Money(11_000), Money(4_050)),
        DueCollected(member, "DDDDDD", Money(5_000), Money(27_000)),
        DueCollected(member, "EEEEEE", Money(27_000), NIL),
        SavingReceived(member, "FFFFFF", village.group, Money(5_000), Money(845_000)),
        LoanDisbursed(member, "GGGGGG", Money(1_200_000), date(2026, 12, 20)),
        LoanRepaid(member, "HHHHHH", Money(315_149), Money(611_879)),
        LoanRepaid(member, "JJJJJJ", Money(315_149), NIL),
        PinChanged(member),
    ]


BANGLA = [
    "অর্ডার হয়েছে। নম্বর 4821, মোট ১৪৪ টাকা। কোড AAAAAA",
    "নগদ বিক্রি ১১০ টাকা। কোড BBBBBB",
    "বিক্রি ১১০ টাকা, বাকিতে ৪০.৫০ টাকা। কোড CCCCCC",
    "বাকি আদায় ৫০ টাকা। আরও বাকি ২৭০ টাকা। কোড DDDDDD",
    "বাকি আদায় ২৭০ টাকা। আর কিছু বাকি নেই। কোড EEEEEE",
    "শাপলা: ৫০ টাকা জমা। মোট ৮,৪৫০ টাকা। কোড FFFFFF",
    "ঋণ পেলেন ১২,০০০ টাকা। প্রথম কিস্তি ২০ ডিসেম্বর। কোড GGGGGG",
    "কিস্তি ৩,১৫১.৪৯ টাকা জমা। ঋণ বাকি ৬,১১৮.৭৯ টাকা। কোড HHHHHH",
    "কিস্তি ৩,১৫১.৪৯ টাকা জমা। আপনার ঋণ শোধ হলো। কোড JJJJJJ",
    "রহিমা, পিন বদলানো হয়েছে। আপনি বদলাননি? দলনেত্রীকে জানান।",
]
ENGLISH = [
    "Order placed. No. 4821, total Tk 144. Code AAAAAA",
    "Cash sale Tk 110. Code BBBBBB",
    "Sale Tk 110, on credit Tk 40.50. Code CCCCCC",
    "Dues collected Tk 50. Still owed Tk 270. Code DDDDDD",
    "Dues collected Tk 270. Nothing more owed. Code EEEEEE",
    "Shapla: Tk 50 saved. Total Tk 8,450. Code FFFFFF",
    "You got a loan of Tk 12,000. First instalment 20 Dec. Code GGGGGG",
    "Instalment Tk 3,151.49 paid. Loan left Tk 6,118.79. Code HHHHHH",
    "Instalment Tk 3,151.49 paid. Your loan is repaid. Code JJJJJJ",
    "Rahima, your PIN was changed. If it was not you, tell your group leader.",
]


SOAP = Names("সাবান ১০০ গ্রাম", "Saban 100 gram", "Soap 100 g")
DUE = date(2026, 11, 25)

# What is said of the trade of an agent with her hub: the fact, in Bangla, in English, on a phone that others read.
TRADE = [
    (
        lambda who: OrderAccepted(who, "1-4821-accepted", 4821, False),
        "ডিপো আপনার অর্ডার 4821 নিয়েছে। মাল গোছানো হচ্ছে।",
        "The hub has taken your order 4821 and is getting it ready.",
        "The hub has taken your order 4821 and is getting it ready.",
    ),
    (
        lambda who: OrderDispatched(who, "1-4821-dispatched", 4821, False, "7391"),
        "অর্ডার 4821 আসছে। মাল বুঝে পেলে বাহককে এই কোড দিন: 7391",
        "Order 4821 is on its way. When the goods are right, give the carrier 7391",
        "Order 4821 is on its way. When the goods are right, give the carrier 7391",
    ),
    (
        lambda who: OrderDelivered(who, "AAAAAA", 4821, Money(24_000), (), False),
        "অর্ডার 4821: মাল পেয়েছেন, মোট ২৪০ টাকা। কোড AAAAAA",
        "Order 4821: goods received, total Tk 240. Code AAAAAA",
        "Recorded. Code AAAAAA",
    ),
    (
        lambda who: OrderDelivered(who, "BBBBBB", 4821, Money(14_400), (Short(SOAP, 5, 3),), False),
        "সাবান ১০০ গ্রাম ৫টির ৩টি পেলেন। মোট ১৪৪ টাকা। কোড BBBBBB",
        "Soap 100 g: 3 of 5 came. Total Tk 144. Code BBBBBB",
        "Recorded. Code BBBBBB",
    ),
    (
        lambda who: OrderDelivered(who, "CCCCCC", 4821, Money(14_400), (Short(SOAP, 5, 3), Short(SOAP, 1, 0)), True),
        "সাবান ১০০ গ্রাম ও আর ১ রকম কম পেলেন। মোট ১৪৪ টাকা। কোড CCCCCC",
        "Soap 100 g and 1 more came short. Total Tk 144. Code CCCCCC",
        "Recorded. Code CCCCCC",
    ),
    (
        lambda who: OrderRefused(who, "1-4821-refused", 4821, False),
        "অর্ডার 4821 ডিপোতে ফেরত গেছে। এর জন্য কিছু দিতে হবে না।",
        "Order 4821 went back to the hub. You owe nothing for it.",
        "Order 4821 went back to the hub. You owe nothing for it.",
    ),
    (
        lambda who: OrderCancelled(who, "1-4821-cancelled", 4821, True, Money(400_000)),
        "অর্ডার 4821 বাতিল হলো। আরও নিতে পারেন ৪,০০০ টাকার মাল।",
        "Order 4821 is cancelled. You can order for Tk 4,000.",
        "Order 4821 is cancelled.",
    ),
    (
        lambda who: GoodsReturned(who, "DDDDDD", Money(9_600), Money(4_800), False),
        "মাল ফেরত ৯৬ টাকা। ডিপো পাবে ৪৮ টাকা। কোড DDDDDD",
        "Goods of Tk 96 went back. You owe the hub Tk 48. Code DDDDDD",
        "Recorded. Code DDDDDD",
    ),
    (
        lambda who: HubPaid(who, "EEEEEE", Money(10_000), Money(4_400), NIL),
        "ডিপোকে দিলেন ১০০ টাকা। আরও বাকি ৪৪ টাকা। কোড EEEEEE",
        "You paid the hub Tk 100. You still owe Tk 44. Code EEEEEE",
        "Recorded. Code EEEEEE",
    ),
    (
        lambda who: HubPaid(who, "FFFFFF", Money(14_400), NIL, NIL),
        "ডিপোকে দিলেন ১৪৪ টাকা। আর কিছু বাকি নেই। কোড FFFFFF",
        "You paid the hub Tk 144. Nothing more owed. Code FFFFFF",
        "Recorded. Code FFFFFF",
    ),
    (
        lambda who: HubPaid(who, "GGGGGG", Money(20_000), NIL, Money(5_600)),
        "ডিপোকে দিলেন ২০০ টাকা। আগাম জমা ৫৬ টাকা। কোড GGGGGG",
        "You paid the hub Tk 200. Paid ahead in all Tk 56. Code GGGGGG",
        "Recorded. Code GGGGGG",
    ),
    (
        lambda who: HubPrepaid(who, "HHHHHH", Money(10_000), Money(15_600)),
        "ডিপোকে দিলেন ১০০ টাকা। আগাম জমা ১৫৬ টাকা। কোড HHHHHH",
        "You paid the hub Tk 100. Paid ahead in all Tk 156. Code HHHHHH",
        "Recorded. Code HHHHHH",
    ),
    (
        lambda who: HubRefunded(who, "JJJJJJ", Money(15_600)),
        "ডিপো আপনাকে ফেরত দিল ১৫৬ টাকা। কোড JJJJJJ",
        "The hub gave you Tk 156 back. Code JJJJJJ",
        "Recorded. Code JJJJJJ",
    ),
    (
        lambda who: CommissionEarned(who, "1-77", Money(1_440), Money(3_000)),
        "কমিশন হলো ১৪.৪০ টাকা। সব মিলিয়ে পাবেন ৩০ টাকা।",
        "You earned commission Tk 14.40. You will get Tk 30 in all.",
        "Your commission is written down.",
    ),
    (
        lambda who: CommissionPaid(who, "KKKKKK", Money(3_000), False),
        "কমিশন পেলেন ৩০ টাকা। কোড KKKKKK",
        "You got commission Tk 30. Code KKKKKK",
        "Recorded. Code KKKKKK",
    ),
    (
        lambda who: CommissionPaid(who, "LLLLLL", Money(3_000), True),
        "ডিপোর বাকি থেকে কমিশন ৩০ টাকা কাটা হলো। কোড LLLLLL",
        "Commission Tk 30 was taken off what you owe the hub. Code LLLLLL",
        "Recorded. Code LLLLLL",
    ),
    (
        lambda who: EmiPaid(who, "MMMMMM", Money(100_000), Money(250_000)),
        "কিস্তি ১,০০০ টাকা জমা। আরও বাকি ২,৫০০ টাকা। কোড MMMMMM",
        "Instalment Tk 1,000 paid. Still owed Tk 2,500. Code MMMMMM",
        "Recorded. Code MMMMMM",
    ),
    (
        lambda who: EmiPaid(who, "NNNNNN", Money(250_000), NIL),
        "কিস্তি ২,৫০০ টাকা জমা। আর কিছু বাকি নেই। কোড NNNNNN",
        "Instalment Tk 2,500 paid. Nothing more owed. Code NNNNNN",
        "Recorded. Code NNNNNN",
    ),
    (
        lambda who: EmiDue(who, "7-1-2026-11-22", Money(100_000), DUE, False),
        "রহিমা, ২৫ নভেম্বর কিস্তির দিন। দেবেন ১,০০০ টাকা।",
        "Rahima, an instalment of Tk 1,000 is due on 25 Nov.",
        "Rahima, remember 25 Nov. Dial to see what for.",
    ),
    (
        lambda who: EmiDue(who, "7-1-2026-11-25", Money(100_000), DUE, True),
        "রহিমা, আজ ২৫ নভেম্বর কিস্তির দিন। দেবেন ১,০০০ টাকা।",
        "Rahima, today, 25 Nov, an instalment of Tk 1,000 is due.",
        "Rahima, remember today, 25 Nov. Dial to see what for.",
    ),
    (
        lambda who: EmiLate(who, "7-2026-11-26", Money(200_000), DUE),
        "২৫ নভেম্বর থেকে কিস্তি বাকি ২,০০০ টাকা। ডিপোতে কথা বলুন।",
        "Instalments of Tk 2,000 are owed since 25 Nov. Talk to the hub.",
        "Rahima, please talk to the hub.",
    ),
    (
        lambda who: MonthMade(who, "2026-10", date(2026, 10, 1), Money(1_240_000), Money(186_000)),
        "অক্টোবর মাসে বিক্রি ১২,৪০০ টাকা। লাভ ১,৮৬০ টাকা।",
        "Oct: sales Tk 12,400. You made Tk 1,860.",
        "Rahima, your figures for Oct are ready. Dial and look.",
    ),
    (
        lambda who: MonthMade(who, "2026-09", date(2026, 9, 1), Money(100_000), Money(-5_000)),
        "সেপ্টেম্বর মাসে বিক্রি ১,০০০ টাকা। লোকসান ৫০ টাকা।",
        "Sep: sales Tk 1,000. You lost Tk 50.",
        "Rahima, your figures for Sep are ready. Dial and look.",
    ),
]


@BOTH
def test_what_an_agent_is_told_of_her_trade(runtime: Runtime, village: Village) -> None:
    bangla = told(runtime, *(fact(village.moyna) for fact, *_ in TRADE))
    assert bangla == [canonical(text) for _, text, _, _ in TRADE]


@pytest.mark.parametrize(("sms", "place"), [("full", 2), ("quiet", 3)])
def test_what_an_agent_is_told_of_her_trade_in_english(
    runtime: Runtime, village: Village, sms: str, place: int
) -> None:
    change(runtime, village.moyna, language="en", digits="latin", sms=sms)
    assert told(runtime, *(row[0](village.moyna) for row in TRADE)) == [row[place] for row in TRADE]


@BOTH
def test_in_bangla(runtime: Runtime, village: Village) -> None:
    assert told(runtime, *usual(village, village.moyna)) == [canonical(text) for text in BANGLA]


def test_who_dials_in_romanised_bangla_is_written_to_in_bangla(runtime: Runtime, village: Village) -> None:
    change(runtime, village.moyna, language="bn_Latn", digits="bn")
    assert told(runtime, *usual(village, village.moyna)) == [canonical(text) for text in BANGLA]


def test_in_bangla_with_latin_digits(runtime: Runtime, village: Village) -> None:
    change(runtime, village.moyna, digits="latin")
    (text,) = told(runtime, SavingReceived(village.moyna, CODE, village.group, Money(5_000), Money(845_000)))
    assert text == "শাপলা: 50 টাকা জমা। মোট 8,450 টাকা। কোড A7K2M9"


def test_in_english_the_digits_are_latin(runtime: Runtime, village: Village) -> None:
    change(runtime, village.moyna, language="en", digits="bn")
    assert told(runtime, *usual(village, village.moyna)) == ENGLISH


def test_in_english(runtime: Runtime, village: Village) -> None:
    change(runtime, village.moyna, language="en", digits="latin")
    assert told(runtime, *usual(village, village.moyna)) == ENGLISH


def test_a_shared_phone_is_told_no_sum(runtime: Runtime, village: Village) -> None:
    for member in (village.rahima, village.salma):
        told(runtime, *usual(village, member)[:-1])
    with runtime.database.reading(60) as db:
        said = set(db.execute(select(message_table.c.text)).scalars())
    assert said == {canonical(f"লেখা হয়েছে। কোড {code * 6}") for code in "ABCDEFGHJ"}


def test_who_wants_no_sums_gets_none(runtime: Runtime, village: Village) -> None:
    change(runtime, village.moyna, sms="quiet", language="en", digits="latin")
    texts = told(runtime, *usual(village, village.moyna))
    assert texts == [*(f"Recorded. Code {code * 6}" for code in "ABCDEFGHJ"), ENGLISH[-1]]


def test_who_has_no_phone_is_told_nothing(runtime: Runtime, village: Village) -> None:
    assert told(runtime, *usual(village, village.jui)) == []


@BOTH
def test_one_thing_is_told_once(runtime: Runtime, village: Village) -> None:
    paid = LoanRepaid(village.moyna, CODE, Money(1), NIL)
    changed = PinChanged(village.moyna)
    told(runtime, paid, changed)
    assert len(told(runtime, paid, changed)) == 2
    assert len(told(runtime, paid, changed, now=NOW + timedelta(minutes=1))) == 3


@BOTH
def test_the_row_says_for_whom_how_long_and_when(runtime: Runtime, village: Village) -> None:
    told(runtime, SavingReceived(village.moyna, CODE, village.group, Money(5_000), Money(845_000)))
    with runtime.database.reading(60) as db:
        row = db.execute(select(message_table)).one()
    assert (row.once_key, row.purpose) == (f"receipt:{row.programme}:{CODE}:{village.moyna}", "receipt")
    assert (row.member, row.number, row.language) == (village.moyna, "+8801711000002", "bn")
    assert (row.encoding, row.units, row.parts) == ("ucs2", 46, 1)
    assert (row.created_at, row.due_at, row.expires_at) == (NOW, NOW, NOW + timedelta(hours=24))


def test_every_fact_has_a_notice() -> None:
    known = {
        fact for fact in vars(facts).values() if isinstance(fact, type) and issubclass(fact, Fact | Told | PinChanged)
    }
    assert set(NOTICES) == known - {Fact, Told, OrderStep}


@pytest.fixture
def reported() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as logs:
        yield logs


def broken(runtime: Runtime, fact: AnyFact) -> list[tuple[object, ...]]:
    """Record a fact whose notice must fail, beside a row that must stay; the messages as they are kept."""
    with transaction(runtime, now=NOW) as db:
        programmes.start(db, "the money")
        facts.record(db, fact)
    with runtime.database.reading(60) as db:
        assert programmes.found(db, "the money") is not None
        columns = (message_table.c.text, message_table.c.state, message_table.c.reason, message_table.c.once_key)
        return [tuple(row) for row in db.execute(select(*columns))]


@BOTH
def test_a_text_that_cannot_be_rendered_undoes_nothing(
    runtime: Runtime, village: Village, reported: list[dict[str, object]]
) -> None:
    no_such_group = SavingReceived(village.moyna, CODE, 99, Money(1), Money(1))
    assert broken(runtime, no_such_group) == [(None, "dropped", "unrendered", f"receipt:1:{CODE}:{village.moyna}")]
    assert [(each["event"], each["log_level"]) for each in reported] == [("notice not rendered", "error")]


def test_a_fact_that_nobody_knows_undoes_nothing(
    runtime: Runtime, village: Village, reported: list[dict[str, object]]
) -> None:
    class Rained(Fact):
        """It did."""

    assert broken(runtime, Rained(village.moyna, CODE)) == []
    assert [(each["event"], each["log_level"]) for each in reported] == [("fact without a notice", "error")]


@BOTH
def test_what_is_rolled_back_is_not_told(runtime: Runtime, village: Village) -> None:
    def fail() -> None:
        with transaction(runtime) as db:
            facts.record(db, PinChanged(village.moyna))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert told(runtime) == []


def test_an_import_tells_nobody(runtime: Runtime, village: Village) -> None:
    with transaction(runtime, tell=False) as db:
        facts.record(db, PinChanged(village.moyna))
    assert told(runtime) == []


LONGEST = Short(Names("", ""), 999, 999)
ROOMY = {"bn": ("কপোতাক্ষ শাপ", "কপোতাক্ষ শাপলাবি"), "en": ("Kopotakkho S", "Kopotakkho S, 1k")}
"""A name and an item as long as an SMS shows them."""


def worst(member: int) -> list[AnyFact]:
    """Every wording with the largest sums, the longest month and an order number of seven digits."""
    return [
        OrderPlaced(member, CODE, 9_999_999, MOST, MOST),
        SaleRecorded(member, CODE, MOST, NIL),
        SaleRecorded(member, CODE, MOST, MOST),
        DueCollected(member, CODE, MOST, MOST),
        DueCollected(member, CODE, MOST, NIL),
        SavingReceived(member, CODE, 1, MOST, MOST),
        *(LoanDisbursed(member, CODE, MOST, date(2026, month, 28)) for month in range(1, 13)),
        LoanRepaid(member, CODE, MOST, MOST),
        LoanRepaid(member, CODE, MOST, NIL),
        PinChanged(member),
        OrderAccepted(member, "", 9_999_999, False),
        OrderDispatched(member, "", 9_999_999, False, "9999"),
        OrderDelivered(member, CODE, 9_999_999, MOST, (), False),
        OrderDelivered(member, CODE, 9_999_999, MOST, (LONGEST,), False),
        OrderDelivered(member, CODE, 9_999_999, MOST, (LONGEST,) * 10, False),
        OrderRefused(member, "", 9_999_999, False),
        OrderCancelled(member, "", 9_999_999, False, MOST),
        GoodsReturned(member, CODE, MOST, MOST, False),
        HubPaid(member, CODE, MOST, MOST, MOST),
        HubPaid(member, CODE, MOST, NIL, MOST),
        HubPaid(member, CODE, MOST, NIL, NIL),
        HubPrepaid(member, CODE, MOST, MOST),
        HubRefunded(member, CODE, MOST),
        CommissionEarned(member, "", MOST, MOST),
        CommissionPaid(member, CODE, MOST, False),
        CommissionPaid(member, CODE, MOST, True),
        EmiPaid(member, CODE, MOST, MOST),
        EmiPaid(member, CODE, MOST, NIL),
        *(EmiDue(member, "", MOST, date(2026, month, 28), today) for month in range(1, 13) for today in (False, True)),
        *(EmiLate(member, "", MOST, date(2026, month, 28)) for month in range(1, 13)),
        *(MonthMade(member, "", date(2026, month, 1), MOST, made) for month in range(1, 13) for made in (MOST, -MOST)),
    ]


def renderings(language: str, digits: str) -> Iterator[tuple[Notice, str]]:
    """Every notice in full and quiet, with a group and a member of twelve units, an item of sixteen."""
    speaker = words(language, digits, domain="sms")
    for fact in worst(1):
        for notice in NOTICES[type(fact)](fact, NOW):
            longest, item = ROOMY[language]
            values = {**notice.values, "group": longest, "name": longest, "item": item}
            yield notice, speaker.say(notice.text, **values)
            yield notice, speaker.say(notice.quiet, **values)


def test_the_worst_case_covers_the_whole_table() -> None:
    said = {
        text for fact in worst(1) for notice in NOTICES[type(fact)](fact, NOW) for text in (notice.text, notice.quiet)
    }
    assert {type(fact) for fact in worst(1)} == set(NOTICES)
    assert said == set(extracted())


@pytest.mark.parametrize("digits", ["bn", "latin"])
def test_in_bangla_every_sms_is_one_part_of_70_units_at_its_worst(digits: str) -> None:
    sizes = {text: measure(text) for _, text in renderings("bn", digits)}
    assert {text: size.units for text, size in sizes.items() if size.parts > 1 or size.units > 70} == {}
    assert {text for text in sizes if "৳" in text or "…" in text or text != canonical(text)} == set()


def test_in_english_every_sms_is_one_part_of_gsm_at_its_worst() -> None:
    sizes = {text: measure(text) for _, text in renderings("en", "latin")}
    assert {text for text, size in sizes.items() if size.parts > 1 or size.encoding is not Encoding.GSM7} == set()


def test_a_quiet_text_holds_no_sum() -> None:
    for fact in worst(1):
        for notice in NOTICES[type(fact)](fact, NOW):
            assert set(re.findall(r"{(\w+)", notice.quiet)) <= {"code", "name", "number", "delivery", "day", "month"}


def extracted() -> list[str]:
    """The texts marked in notices.py."""
    source = Path(notices.__file__)
    return [str(message) for _, message, _, _ in extract_from_file("python", source, keywords={"phrase": None})]


@pytest.mark.parametrize("language", ["bn", "en"])
def test_the_catalogue_has_every_text_and_no_other(language: str) -> None:
    path = Path(__file__).parents[1] / "locales" / language / "LC_MESSAGES" / "sms.po"
    with path.open("rb") as file:
        catalogue = {str(message.id): message.string for message in read_po(file) if message.id and not message.fuzzy}
    assert set(catalogue) == set(extracted())
    assert [text for text, translation in catalogue.items() if not translation] == []


DHAKA = ZoneInfo("Asia/Dhaka")


@pytest.mark.parametrize(
    ("now", "goes"),
    [
        ("2026-11-22 08:00", "2026-11-22 08:00"),
        ("2026-11-22 20:59", "2026-11-22 20:59"),
        ("2026-11-22 21:00", "2026-11-23 08:00"),
        ("2026-11-22 23:59", "2026-11-23 08:00"),
        ("2026-11-23 00:00", "2026-11-23 08:00"),
        ("2026-11-23 07:59", "2026-11-23 08:00"),
        ("2026-12-31 22:00", "2027-01-01 08:00"),
    ],
)
def test_the_clock_wakes_nobody_at_night(now: str, goes: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=DHAKA).astimezone(UTC)
    assert due_at(at, Cause.CLOCK, "Asia/Dhaka").astimezone(DHAKA) == datetime.fromisoformat(goes).replace(tzinfo=DHAKA)
    assert due_at(at, Cause.OWN_CALL, "Asia/Dhaka") == at


def test_a_receipt_for_her_own_call_goes_at_night_too(runtime: Runtime, village: Village) -> None:
    night = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    told(runtime, PinChanged(village.moyna), now=night)
    with runtime.database.reading(60) as db:
        assert len(outbox.due(db, night, 10)) == 1


def test_a_notice_of_the_clock_waits_for_the_morning(runtime: Runtime, village: Village) -> None:
    night = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    (notice,) = NOTICES[PinChanged](PinChanged(village.moyna), night)
    with runtime.database.writing() as db:
        member: Member = members.get(db, village.moyna)
        draft = telling._draft(db, replace(notice, cause=Cause.CLOCK), night)
    assert draft is not None
    assert draft.due_at.astimezone(ZoneInfo(member.timezone)).isoformat() == "2026-11-23T08:00:00+06:00"
