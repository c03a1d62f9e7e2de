"""Every SMS at its worst: the largest sums, the longest month, names as long as an SMS shows them.

What is longest here is what the tests hold to one part, and what `somiti messages catalogue` shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime

from gateway.notices import NOTICES
from gateway.notices import answers
from gateway.notices import group
from gateway.notices.shape import REPEAT
from gateway.notices.shape import Notice
from gateway.notices.shape import Word
from ledger.approvals import KINDS
from ledger.day_facts import ApprovalsStillWait
from ledger.day_facts import InstalmentsLate
from ledger.day_facts import LoanDue
from ledger.day_facts import MeetingAhead
from ledger.day_facts import NotReached
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
from ledger.facts import GoodsBought
from ledger.facts import GoodsReturned
from ledger.facts import GoodsTaken
from ledger.facts import HubPaid
from ledger.facts import HubPrepaid
from ledger.facts import HubRefunded
from ledger.facts import LoanDisbursed
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
from ledger.facts import PaidOut
from ledger.facts import PinChanged
from ledger.facts import PinResetCode
from ledger.facts import RequestApproved
from ledger.facts import RequestExpired
from ledger.facts import RequestRefused
from ledger.facts import SaleRecorded
from ledger.facts import SavingReceived
from ledger.facts import Short
from ledger.facts import Undone
from ledger.money import Money
from ledger.tables import Names
from locales import words
from locales.script import units

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
"""The hour that is longest to say."""
NIL = Money(0)
MOST = Money(99_999_999)
CODE = "A7K2M9"

LONGEST = Short(Names("", ""), 999, 999)
ROOMY = {"bn": ("কপোতাক্ষ শাপ", "কপোতাক্ষ শাপলাবি"), "en": ("Kopotakkho S", "Kopotakkho S, 1k")}
"""A name and an item as long as an SMS shows them."""


FINDING = dict.fromkeys(("left", "late", "most", "monthly", "income", "elsewhere"), MOST)


def worst(member: int) -> list[AnyFact]:
    """Every wording with the largest sums, the longest month and an order number of seven digits."""
    return [*_of_trade(member), *_of_group(member)]


def _of_trade(member: int) -> list[AnyFact]:
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
        NumberChanged(member, "", "+8801711000001"),
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
        EmiOpened(member, CODE, Names("", ""), MOST),
        EmiPaid(member, CODE, MOST, MOST),
        EmiPaid(member, CODE, MOST, NIL),
        *(EmiDue(member, "", MOST, date(2026, month, 28), today) for month in range(1, 13) for today in (False, True)),
        *(EmiLate(member, "", MOST, date(2026, month, 28)) for month in range(1, 13)),
        *(MonthMade(member, "", date(2026, month, 1), MOST, made) for month in range(1, 13) for made in (MOST, -MOST)),
        GoodsTaken(member, CODE, MOST, False),
        GoodsTaken(member, CODE, MOST, True),
        GoodsBought(member, CODE, MOST),
        Undone(member, CODE, CODE, MOST, True),
    ]


def _of_group(member: int) -> list[AnyFact]:
    return [
        *(Collected(member, CODE, 1, MOST, NIL, loan, fine, NIL) for loan in (MOST, NIL) for fine in (MOST, NIL)),
        *(MeetingClosed(member, "", 1, MOST, MOST, 100, off, "3fa9c21e") for off in (MOST, -MOST, NIL)),
        *(PaidOut(member, CODE, kind, MOST) for kind in ("withdrawal", "leave", "share-out")),
        *(made(member, "", kind, MOST) for kind in KINDS for made in (RequestApproved, RequestExpired)),
        *(RequestRefused(member, "", kind, MOST, "") for kind in KINDS),
        *(
            ApprovalWaits(member, "", kind, amount, whose)
            for kind in KINDS
            for amount in (MOST, NIL)
            for whose in (Names("", ""), None)
        ),
        *(made(member, "", MOST, code, FINDING) for code in group.FOUND for made in (LoanRefused, LoanWarned)),
        PinResetCode(member, "", "482913"),
        *(LoanDue(member, "", MOST, date(2026, month, 28), today) for month in range(1, 13) for today in (False, True)),
        *(
            MeetingAhead(member, "", 1, ahead, date(2026, month, 28), NOON, members, MOST)
            for ahead in range(3)
            for month in range(1, 13)
            for members in (999, 0)
        ),
        InstalmentsLate(member, "", 1, 999, MOST),
        ApprovalsStillWait(member, "", 999),
        *(NotReached(member, "", Names("", ""), more) for more in (0, 99)),
    ]


ANSWERS: Mapping[str, Mapping[str, object]] = {
    answers.BALANCE: {"dial": "*38412*2712*345678#"},
    answers.HELP: {"dial": "*38412*2712*345678#"},
    answers.RANG: {"dial": "*38412*2712*345678#"},
    answers.STARTED: {},
    answers.NO_SUCH_CODE: {},
    answers.TOO_MANY_CODES: {},
    answers.FOUND: {"code": CODE, "amount": MOST, "day": date(2026, 9, 28)},
    answers.UNDONE: {"code": CODE, "amount": MOST, "day": date(2026, 9, 28)},
}
"""What is answered to an SMS, with the longest short code, the largest sum and the longest day."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One text at its worst: what it is for, the text as it is marked, and as it is written."""

    purpose: str
    text: str
    written: str


def notices() -> Iterator[Notice]:
    """Every notice at its worst."""
    for fact in worst(1):
        yield from NOTICES[type(fact)](fact, NOW)


def samples(language: str, digits: str) -> Iterator[Sample]:
    """Every text at its worst, in full and quiet; a group and a member of twelve units, an item of sixteen."""
    speaker = words(language, digits, domain="sms")
    longest, item = ROOMY[language]
    for notice in notices():
        values = {**notice.values, "group": longest, "name": longest, "item": item}
        values = {name: speaker.say(it.phrase) if isinstance(it, Word) else it for name, it in values.items()}
        for text in dict.fromkeys((notice.text, notice.quiet)):
            yield Sample(notice.purpose, text, speaker.say(text, **values))
    kinds = [speaker.say(kind) for kind in (*answers.KINDS.values(), answers.OTHER)]
    for text, known in ANSWERS.items():
        for kind in kinds if "{what}" in text else [""]:
            yield Sample("answer", text, speaker.say(text, **known, what=kind, place=longest))


def longest(language: str, digits: str) -> Mapping[str, Sample]:
    """Every text once, in its longest form; last the mark of a repeat around the longest receipt."""
    found: dict[str, Sample] = {}
    for sample in samples(language, digits):
        if sample.text not in found or units(sample.written) > units(found[sample.text].written):
            found[sample.text] = sample
    receipt = max((each for each in found.values() if each.purpose == "receipt"), key=lambda each: units(each.written))
    repeated = words(language, digits, domain="sms").say(REPEAT, text=receipt.written)
    return {**found, REPEAT: Sample(receipt.purpose, REPEAT, repeated)}
