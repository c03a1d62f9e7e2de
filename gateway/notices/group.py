"""What a member and her leaders are told of their group: savings, loans, meetings, requests, PINs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from datetime import timedelta

from gateway.notices.shape import Cause
from gateway.notices.shape import Notice
from gateway.notices.shape import Notices
from gateway.notices.shape import Word
from gateway.notices.shape import receipt
from ledger.facts import ApprovalWaits
from ledger.facts import Collected
from ledger.facts import LoanDisbursed
from ledger.facts import LoanFound
from ledger.facts import LoanRefused
from ledger.facts import LoanRepaid
from ledger.facts import LoanWarned
from ledger.facts import MeetingClosed
from ledger.facts import NumberChanged
from ledger.facts import PaidOut
from ledger.facts import PinChanged
from ledger.facts import PinResetCode
from ledger.facts import Request
from ledger.facts import RequestApproved
from ledger.facts import RequestExpired
from ledger.facts import RequestRefused
from ledger.facts import SavingReceived
from ledger.facts import Told
from locales import phrase

NUMBER_CHANGED = phrase("{name}, your phone numbers were changed. If it was not you, tell your group leader.")
PIN_CHANGED = phrase("{name}, your PIN was changed. If it was not you, tell your group leader.")


def _saving_received(fact: SavingReceived, now: datetime) -> list[Notice]:
    text = phrase("{group}: {amount} saved. Total {balance}. Code {code}")
    return receipt(fact, text, group=fact.group, amount=fact.amount, balance=fact.balance)


def _loan_disbursed(fact: LoanDisbursed, now: datetime) -> list[Notice]:
    text = phrase("You got a loan of {amount}. First instalment {day}. Code {code}")
    return receipt(fact, text, amount=fact.amount, day=fact.first_due)


def _loan_repaid(fact: LoanRepaid, now: datetime) -> list[Notice]:
    if fact.left:
        text = phrase("Instalment {amount} paid. Loan left {left}. Code {code}")
        return receipt(fact, text, amount=fact.amount, left=fact.left)
    return receipt(fact, phrase("Instalment {amount} paid. Your loan is repaid. Code {code}"), amount=fact.amount)


def _number_changed(fact: NumberChanged, now: datetime) -> list[Notice]:
    return [replace(_told(fact, "number", NUMBER_CHANGED, NUMBER_CHANGED, CODE_USE, {}), number=fact.number)]


def _pin_changed(fact: PinChanged, now: datetime) -> list[Notice]:
    return [Notice(fact.member, "pin", now.isoformat(), PIN_CHANGED, PIN_CHANGED, {})]


MEETING_USE = timedelta(hours=24)
"""How long the sums of a meeting are worth telling."""

REQUEST_USE = timedelta(hours=72)
"""How long it is worth telling that something waits, or what became of it."""

CODE_USE = timedelta(hours=24)
"""How long a code for a new PIN opens."""

WHAT: Mapping[str, str] = {
    "withdrawal": phrase("withdrawal"),
    "loan": phrase("loan"),
    "reversal": phrase("correction"),
    "pin-reset": phrase("new PIN"),
    "leave": phrase("leaving the group"),
    "share-out": phrase("share-out"),
}
"""What leaders decide about, as an SMS says it."""

LOOK = phrase("About what you asked for: dial and look.")

FOUND: Mapping[str, str] = {
    "loan-running": phrase("A new loan comes after the old one. {left} is left."),
    "arrears": phrase("First pay what is overdue: {late}."),
    "loan-above-bound": phrase("The group lends up to {most}."),
    "income-unknown": phrase("What do you earn? Your leaders will ask before they decide."),
    "instalments-above-share": phrase("Instalments {monthly:bare}, income {income:bare} a month. Leaders decide."),
    "instalments-heavy": phrase("Instalments {monthly:bare} a month, income {income:bare}. Think before you borrow."),
    "loans-elsewhere": phrase("You pay {elsewhere} a month elsewhere. Think before you borrow."),
}
"""What stands against a loan, by the code of the finding."""

PAID_OUT: Mapping[str, str] = {
    "withdrawal": phrase("You got {amount} of your savings. Code {code}"),
    "leave": phrase("You left the group with {amount}. Code {code}"),
    "share-out": phrase("Your part of the share-out: {amount}. Code {code}"),
}


def _collected(fact: Collected, now: datetime) -> list[Notice]:
    if fact.instalments:
        text = phrase("{group}: {amount:bare} received, instalment {instalments:bare}. Code {code}")
    elif fact.fines:
        text = phrase("{group}: {amount:bare} received, fine {fines:bare}. Code {code}")
    else:
        text = phrase("{group}: {amount} received. Code {code}")
    sums = {"amount": fact.amount, "instalments": fact.instalments, "fines": fact.fines}
    return receipt(fact, text, group=fact.group, cause=Cause.OTHERS, **sums)


def _meeting_closed(fact: MeetingClosed, now: datetime) -> list[Notice]:
    quiet = phrase("Meeting closed, {absent} absent. {head}")
    if fact.off.minor < 0:
        text = phrase("In {collected:bare}, unpaid {unpaid:bare}, box short by {off:bare}. {head}")
    elif fact.off:
        text = phrase("In {collected:bare}, unpaid {unpaid:bare}, box over by {off:bare}. {head}")
    else:
        text = phrase("Meeting closed. In {collected:bare}, unpaid {unpaid:bare}, {absent} absent. {head}")
    off = -fact.off if fact.off.minor < 0 else fact.off
    values = {"collected": fact.collected, "unpaid": fact.unpaid, "off": off, "absent": fact.absent, "head": fact.head}
    return [_told(fact, "meeting", text, quiet, MEETING_USE, values)]


def _paid_out(fact: PaidOut, now: datetime) -> list[Notice]:
    return receipt(fact, PAID_OUT[fact.kind], cause=Cause.OTHERS, amount=fact.amount)


def _approval_waits(fact: ApprovalWaits, now: datetime) -> list[Notice]:
    quiet = phrase("Something waits for your word. Dial and decide.")
    if fact.whose is None:
        text = phrase("{what} {amount}. Dial and decide.")
    elif fact.amount:
        text = phrase("{name}: {what} {amount}. Dial and decide.")
    else:
        text = phrase("{name}: {what}. Dial and decide.")
    return [_told(fact, "approval", text, quiet, REQUEST_USE, _request(fact) | {"name": fact.whose})]


def _request_approved(fact: RequestApproved, now: datetime) -> list[Notice]:
    quiet = phrase("A request was approved. Dial and look.")
    if fact.kind in ("withdrawal", "loan", "leave"):
        text = phrase("{what} {amount}: approved. Fetch it from your leader.")
    else:
        text = phrase("{what}: approved.")
    return [_told(fact, "approval", text, quiet, REQUEST_USE, _request(fact))]


def _request_refused(fact: RequestRefused, now: datetime) -> list[Notice]:
    quiet = phrase("A request was not approved. Talk to your leaders.")
    text = phrase("{what}: not approved. Talk to your leaders.")
    return [_told(fact, "approval", text, quiet, REQUEST_USE, _request(fact))]


def _request_expired(fact: RequestExpired, now: datetime) -> list[Notice]:
    quiet = phrase("The time of a request is over. Ask again.")
    text = phrase("{what}: the time is over. Ask again.")
    return [_told(fact, "approval", text, quiet, REQUEST_USE, _request(fact))]


def _request(fact: Request) -> dict[str, object]:
    return {"what": Word(WHAT[fact.kind]), "amount": fact.amount}


def _loan_found(fact: LoanFound, now: datetime) -> list[Notice]:
    return [_told(fact, "loan", FOUND[fact.code], LOOK, REQUEST_USE, fact.values, Cause.OWN_CALL)]


def _pin_reset(fact: PinResetCode, now: datetime) -> list[Notice]:
    text = phrase("{name}, code {code}. Dial, type it as your PIN, then choose a new PIN.")
    return [_told(fact, "pin", text, text, CODE_USE, {"code": fact.code})]


def _told(
    fact: Told,
    purpose: str,
    text: str,
    quiet: str,
    use: timedelta,
    values: Mapping[str, object],
    cause: Cause = Cause.OTHERS,
) -> Notice:
    return Notice(fact.member, purpose, fact.about, text, quiet, values, cause=cause, use=use)


NOTICES: Notices = {
    SavingReceived: _saving_received,
    LoanDisbursed: _loan_disbursed,
    LoanRepaid: _loan_repaid,
    PinChanged: _pin_changed,
    NumberChanged: _number_changed,
    Collected: _collected,
    MeetingClosed: _meeting_closed,
    PaidOut: _paid_out,
    ApprovalWaits: _approval_waits,
    RequestApproved: _request_approved,
    RequestRefused: _request_refused,
    RequestExpired: _request_expired,
    LoanRefused: _loan_found,
    LoanWarned: _loan_found,
    PinResetCode: _pin_reset,
}
