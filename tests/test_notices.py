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
from gateway import optouts
from gateway import telling
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.dialogues import dialogue_table
from gateway.notices import NOTICES
from gateway.notices import Cause
from gateway.notices import Word
from gateway.notices import answers
from gateway.notices import group
from gateway.notices import template
from gateway.notices import worst
from gateway.notices.shape import RECORDED
from gateway.notices.shape import REPEAT
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.sms.policy import AGAIN
from gateway.transaction import transaction
from ledger import day_facts
from ledger import facts
from ledger import groups
from ledger import members
from ledger import programmes
from ledger.facts import AnyFact
from ledger.facts import ApprovalWaits
from ledger.facts import Collected
from ledger.facts import CommissionEarned
from ledger.facts import CommissionPaid
from ledger.facts import DueCollected
from ledger.facts import EmiDue
from ledger.facts import EmiLate
from ledger.facts import EmiOpened
from ledger.facts import EmiPaid
from ledger.facts import Fact
from ledger.facts import GoodsBought
from ledger.facts import GoodsReturned
from ledger.facts import GoodsTaken
from ledger.facts import HubPaid
from ledger.facts import HubPrepaid
from ledger.facts import HubRefunded
from ledger.facts import LoanDisbursed
from ledger.facts import LoanFound
from ledger.facts import LoanRefused
from ledger.facts import LoanRepaid
from ledger.facts import LoanWarned
from ledger.facts import MeetingClosed
from ledger.facts import MonthMade
from ledger.facts import NumberChanged
from ledger.facts import OrderAccepted
from ledger.facts import OrderCancelled
from ledger.facts import OrderDelivered
from ledger.facts import OrderDispatched
from ledger.facts import OrderPlaced
from ledger.facts import OrderRefused
from ledger.facts import OrderStep
from ledger.facts import PaidOut
from ledger.facts import PinChanged
from ledger.facts import PinResetCode
from ledger.facts import Request
from ledger.facts import RequestApproved
from ledger.facts import RequestExpired
from ledger.facts import RequestRefused
from ledger.facts import SaleRecorded
from ledger.facts import SavingReceived
from ledger.facts import Short
from ledger.facts import Told
from ledger.facts import Undone
from ledger.members import Registration
from ledger.money import Money
from ledger.tables import Names
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
        lambda who: EmiOpened(who, "PPPPPP", SOAP, Money(350_000)),
        "কিস্তিতে সাবান ১০০ গ্রাম। মোট দেবেন ৩,৫০০ টাকা। কোড PPPPPP",
        "Soap 100 g on instalments, Tk 3,500 to pay in all. Code PPPPPP",
        "Recorded. Code PPPPPP",
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
    (
        lambda who: GoodsTaken(who, "QQQQQQ", Money(4_800), False),
        "নিজের জন্য নিলেন ৪৮ টাকা দামের মাল। কোড QQQQQQ",
        "Goods of Tk 48 taken for yourself. Code QQQQQQ",
        "Recorded. Code QQQQQQ",
    ),
    (
        lambda who: GoodsTaken(who, "RRRRRR", Money(4_800), True),
        "নষ্ট বা হারানো মাল ৪৮ টাকা। কোড RRRRRR",
        "Goods of Tk 48 lost. Code RRRRRR",
        "Recorded. Code RRRRRR",
    ),
    (
        lambda who: GoodsBought(who, "SSSSSS", Money(15_000)),
        "মাল কিনলেন ১৫০ টাকা দিয়ে। কোড SSSSSS",
        "Goods bought for Tk 150. Code SSSSSS",
        "Recorded. Code SSSSSS",
    ),
    (
        lambda who: Undone(who, "TTTTTT", "SSSSSS", Money(15_000), True),
        "রসিদ SSSSSS বাতিল হলো, ১৫০ টাকা। কোড TTTTTT",
        "Undone: receipt SSSSSS of Tk 150. Code TTTTTT",
        "Recorded. Code TTTTTT",
    ),
]


FINDINGS = {"monthly": Money(250_000), "income": Money(400_000)}

# The same for her group: savings and loans at the meeting, what is asked for and decided.
GROUP = [
    (
        lambda who: Collected(who, "AAAAAB", 1, Money(5_500), Money(5_000), NIL, NIL, Money(500)),
        "শাপলা: ৫৫ টাকা জমা। কোড AAAAAB",
        "Shapla: Tk 55 received. Code AAAAAB",
        "Recorded. Code AAAAAB",
    ),
    (
        lambda who: Collected(who, "AAAAAC", 1, Money(111_500), Money(5_000), Money(105_000), Money(1_000), NIL),
        "শাপলা: ১,১১৫ জমা, কিস্তি ১,০৫০। কোড AAAAAC",
        "Shapla: 1,115 received, instalment 1,050. Code AAAAAC",
        "Recorded. Code AAAAAC",
    ),
    (
        lambda who: MeetingClosed(who, "1-7", 1, Money(420_000), Money(15_000), 2, NIL, "3fa9c21e"),
        "সভা শেষ। জমা ৪,২০০, বাকি ১৫০, আসেননি ২। 3fa9c21e",
        "Meeting closed. In 4,200, unpaid 150, 2 absent. 3fa9c21e",
        "Meeting closed, 2 absent. 3fa9c21e",
    ),
    (
        lambda who: MeetingClosed(who, "1-8", 1, Money(420_000), Money(15_000), 2, Money(-5_000), "3fa9c21e"),
        "জমা ৪,২০০, বাকি ১৫০, বাক্সে কম ৫০। 3fa9c21e",
        "In 4,200, unpaid 150, box short by 50. 3fa9c21e",
        "Meeting closed, 2 absent. 3fa9c21e",
    ),
    (
        lambda who: ApprovalWaits(who, "1 waits", "withdrawal", Money(50_000), Names("সালমা", "Salma")),
        "সালমা: টাকা তোলা ৫০০ টাকা। ডায়াল করে মত দিন।",
        "Salma: withdrawal Tk 500. Dial and decide.",
        "Something waits for your word. Dial and decide.",
    ),
    (
        lambda who: RequestApproved(who, "1 approved", "loan", Money(500_000)),
        "ঋণ ৫,০০০ টাকা: মঞ্জুর। দলনেত্রীর কাছ থেকে নিন।",
        "loan Tk 5,000: approved. Fetch it from your leader.",
        "A request was approved. Dial and look.",
    ),
    (
        lambda who: RequestRefused(who, "1 rejected", "withdrawal", Money(50_000), "no cash"),
        "টাকা তোলা: নামঞ্জুর। দলনেত্রীর সাথে কথা বলুন।",
        "withdrawal: not approved. Talk to your leaders.",
        "A request was not approved. Talk to your leaders.",
    ),
    (
        lambda who: RequestExpired(who, "2 expired", "pin-reset", NIL),
        "নতুন পিন: সময় শেষ। আবার আবেদন করুন।",
        "new PIN: the time is over. Ask again.",
        "The time of a request is over. Ask again.",
    ),
    (
        lambda who: LoanWarned(who, "3", Money(500_000), "instalments-above-share", FINDINGS),
        "মাসে কিস্তি ২,৫০০, আয় ৪,০০০। দলনেত্রী ভেবে দেখবেন।",
        "Instalments 2,500, income 4,000 a month. Leaders decide.",
        "About what you asked for: dial and look.",
    ),
    (
        lambda who: LoanRefused(who, "4", Money(500_000), "loan-running", {"left": Money(120_000)}),
        "আগের ঋণ শোধ হলে নতুন ঋণ পাবেন। বাকি ১,২০০ টাকা।",
        "A new loan comes after the old one. Tk 1,200 is left.",
        "About what you asked for: dial and look.",
    ),
    (
        lambda who: PaidOut(who, "AAAAAD", "share-out", Money(212_000)),
        "ভাগ-বণ্টনে ২,১২০ টাকা পেলেন। কোড AAAAAD",
        "Your part of the share-out: Tk 2,120. Code AAAAAD",
        "Recorded. Code AAAAAD",
    ),
    (
        lambda who: NumberChanged(who, "6", "+8801911000003"),
        "রহিমা, ফোন নম্বর বদলানো হয়েছে। আপনি বদলাননি? দলনেত্রীকে জানান।",
        "Rahima, your phone numbers were changed. If it was not you, tell your group leader.",
        "Rahima, your phone numbers were changed. If it was not you, tell your group leader.",
    ),
    (
        lambda who: PinResetCode(who, "5", "482913"),
        "রহিমা, কোড 482913। ডায়াল করে পিনের জায়গায় দিন, নতুন পিন বাছুন।",
        "Rahima, code 482913. Dial, type it as your PIN, then choose a new PIN.",
        "Rahima, code 482913. Dial, type it as your PIN, then choose a new PIN.",
    ),
]


@BOTH
def test_what_she_is_told(runtime: Runtime, village: Village) -> None:
    bangla = told(runtime, *(fact(village.moyna) for fact, *_ in (*TRADE, *GROUP)))
    assert bangla == [canonical(text) for _, text, _, _ in (*TRADE, *GROUP)]


@pytest.mark.parametrize(("sms", "place"), [("full", 2), ("quiet", 3)])
def test_what_she_is_told_in_english(runtime: Runtime, village: Village, sms: str, place: int) -> None:
    change(runtime, village.moyna, language="en", digits="latin", sms=sms)
    rows = (*TRADE, *GROUP)
    assert told(runtime, *(row[0](village.moyna) for row in rows)) == [row[place] for row in rows]


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
        fact
        for fact in (vars(facts) | vars(day_facts)).values()
        if isinstance(fact, type) and issubclass(fact, Fact | Told | PinChanged)
    }
    assert set(NOTICES) == known - {Fact, Told, OrderStep, Request, LoanFound}


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


def test_the_worst_case_covers_the_whole_table() -> None:
    made = list(worst.notices())
    said = {text for notice in made for text in (notice.text, notice.quiet)}
    said |= {value.phrase for notice in made for value in notice.values.values() if isinstance(value, Word)}
    said |= {*worst.ANSWERS, *answers.KINDS.values(), answers.OTHER, REPEAT}
    assert {type(fact) for fact in worst.worst(1)} == set(NOTICES)
    assert said == set(extracted())


@pytest.mark.parametrize("digits", ["bn", "latin"])
def test_in_bangla_every_sms_is_one_part_of_70_units_at_its_worst(digits: str) -> None:
    sizes = {each.written: measure(each.written) for each in worst.samples("bn", digits)}
    assert {text: size.units for text, size in sizes.items() if size.parts > 1 or size.units > 70} == {}
    assert {text for text in sizes if "৳" in text or "…" in text or text != canonical(text)} == set()


def test_in_english_every_sms_is_one_part_of_gsm_at_its_worst() -> None:
    sizes = {each.written: measure(each.written) for each in worst.samples("en", "latin")}
    assert {text for text, size in sizes.items() if size.parts > 1 or size.encoding is not Encoding.GSM7} == set()


@pytest.mark.parametrize(("language", "digits"), [("bn", "bn"), ("en", "latin")])
def test_every_text_has_a_name_and_a_longest_form(language: str, digits: str) -> None:
    found = worst.longest(language, digits)
    kinds = {*answers.KINDS.values(), answers.OTHER} | set(group.WHAT.values())
    assert set(found) == set(extracted()) - kinds
    assert len({template(text) for text in found}) == len(found)
    assert {text for text, each in found.items() if measure(each.written).parts > 1} <= {REPEAT}
    assert measure(found[REPEAT].written).parts <= 2


def test_every_purpose_says_whether_it_may_go_again() -> None:
    assert {notice.purpose for notice in worst.notices()} | {"answer", "broadcast"} == set(AGAIN)


def test_a_quiet_text_holds_no_sum() -> None:
    for notice in worst.notices():
        allowed = {"code", "name", "number", "delivery", "day", "month", "absent", "head", "at"}
        assert set(re.findall(r"{(\w+)", notice.quiet)) <= allowed


def extracted() -> list[str]:
    """The texts marked in the notices."""
    sources = sorted(Path(notices.__file__).parent.glob("*.py"))
    found = (extract_from_file("python", source, keywords={"phrase": None}) for source in sources)
    return [str(message) for some in found for _, message, _, _ in some]


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
def test_the_clock_wakes_nobody_at_night(runtime: Runtime, village: Village, now: str, goes: str) -> None:
    assert goes_at(runtime, village, Cause.CLOCK, dhaka(now)) == (dhaka(goes), None)


MINUTE = timedelta(minutes=1)


@BOTH
@pytest.mark.parametrize(
    ("now", "called", "goes", "awake_until"),
    [
        # By day nothing is asked.
        ("2026-11-22 20:49", None, "2026-11-22 20:49", None),
        # It may not get away before night falls.
        ("2026-11-22 20:51", None, "2026-11-22 20:51", None),
        ("2026-11-22 20:51", 1, "2026-11-22 20:51", "2026-11-22 21:00"),
        # At night only for a call from the phone itself, and not long after it.
        ("2026-11-22 23:00", 0, "2026-11-22 23:00", "2026-11-22 23:10"),
        ("2026-11-22 23:00", 9, "2026-11-22 23:00", "2026-11-22 23:01"),
        ("2026-11-22 23:00", 11, "2026-11-23 08:00", None),
        ("2026-11-22 23:00", None, "2026-11-23 08:00", None),
    ],
)
def test_at_night_only_her_own_call_wakes_her_phone(
    runtime: Runtime, village: Village, now: str, called: int | None, goes: str, awake_until: str | None
) -> None:
    if called is not None:
        calls(runtime, "+8801711000002", dhaka(now) - called * MINUTE)
    calls(runtime, "+8801711000001", dhaka(now))
    assert goes_at(runtime, village, Cause.OWN_CALL, dhaka(now)) == (
        dhaka(goes),
        dhaka(awake_until) if awake_until else None,
    )
    assert goes_at(runtime, village, Cause.OTHERS, dhaka(now))[1] is None


def dhaka(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=DHAKA).astimezone(UTC)


def calls(runtime: Runtime, number: str, at: datetime) -> None:
    """A call from a number, last heard of at some moment."""
    values = {"provider": "africastalking", "session": number, "number": number, "code": "*384*27#", "dialled": ""}
    values |= {"length": 0, "transcript": "", "hops": 1, "started_at": at - MINUTE, "last_at": at}
    with runtime.database.writing() as db:
        db.execute(dialogue_table.insert().values(values))


def goes_at(runtime: Runtime, village: Village, cause: Cause, now: datetime) -> tuple[datetime, datetime | None]:
    """When a notice to Moyna is due, and until when it may go at night."""
    (notice,) = NOTICES[PinChanged](PinChanged(village.moyna), now)
    with runtime.database.writing() as db:
        draft = telling._draft(db, replace(notice, cause=cause), now)
    assert draft is not None
    assert draft.timezone == "Asia/Dhaka"
    return draft.due_at, draft.wakes_until


@BOTH
def test_who_said_stop_is_told_nothing_and_it_is_written_down(runtime: Runtime, village: Village) -> None:
    with runtime.database.writing() as db:
        optouts.stop(db, "+8801711000002", "keyword", NOW)
    told(runtime, PinChanged(village.moyna), PinChanged(village.rahima))
    with runtime.database.reading(60) as db:
        rows = db.execute(select(message_table.c.number, message_table.c.state, message_table.c.reason)).all()
    assert sorted(map(tuple, rows)) == [
        ("+8801711000001", "queued", ""),
        ("+8801711000002", "dropped", "opted-out"),
    ]


def test_the_row_names_the_text_that_was_said(runtime: Runtime, village: Village) -> None:
    told(runtime, *(DueCollected(who, CODE, Money(100), NIL) for who in (village.moyna, village.rahima)))
    with runtime.database.reading(60) as db:
        names = list(db.execute(select(message_table.c.template).order_by(message_table.c.id)).scalars())
    assert names == [template("Dues collected {amount}. Nothing more owed. Code {code}"), template(RECORDED)]
