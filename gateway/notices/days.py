"""What the clock tells members and leaders of a group: what falls due, meetings ahead, what waits or did not arrive."""

from __future__ import annotations

from datetime import datetime

from gateway.notices.shape import Cause
from gateway.notices.shape import Notice
from gateway.notices.shape import Notices
from gateway.notices.shape import reminder
from ledger.day_facts import ApprovalsStillWait
from ledger.day_facts import InstalmentsLate
from ledger.day_facts import LoanDue
from ledger.day_facts import MeetingAhead
from ledger.day_facts import NotReached
from locales import phrase


def _loan_due(fact: LoanDue, now: datetime) -> list[Notice]:
    if fact.today:
        text = phrase("{name}, today, {day}, a loan instalment of {amount} is due.")
        quiet = phrase("{name}, remember today, {day}. Dial to see what for.")
    else:
        text = phrase("{name}, a loan instalment of {amount} is due on {day}.")
        quiet = phrase("{name}, remember {day}. Dial to see what for.")
    return reminder(fact, "loan-due", text, quiet, amount=fact.amount, day=fact.due)


def _meeting_ahead(fact: MeetingAhead, now: datetime) -> list[Notice]:
    text, quiet = MEETING[min(fact.ahead, 2), fact.members > 0]
    values = {"day": fact.day, "at": fact.at.time(), "members": fact.members, "amount": fact.amount}
    # Once they sit together it is of no use to anybody.
    use = None if fact.ahead else fact.at - now
    return [
        Notice(fact.member, "meeting-ahead", fact.about, text, quiet, values, fact.group, Cause.CLOCK, use=use)
    ]  # fmt: skip


TODAY = phrase("Your group meets today, {at}.")
TOMORROW = phrase("Your group meets tomorrow, {at}.")
THEN = phrase("Your group meets on {day}, {at}.")
MEETING = {
    (0, True): (phrase("{group} meets today, {at}. {amount} is due from {members}."), TODAY),
    (0, False): (phrase("{group} meets today, {at}."), TODAY),
    (1, True): (phrase("{group} meets tomorrow, {at}. {amount} is due from {members}."), TOMORROW),
    (1, False): (phrase("{group} meets tomorrow, {at}."), TOMORROW),
    (2, True): (phrase("{group} meets on {day}. {amount} is due from {members}."), THEN),
    (2, False): (phrase("{group} meets on {day}, {at}."), THEN),
}
"""By how many days ahead (2 and more are one) and whether anything is due: the text, and the one without names."""


def _instalments_late(fact: InstalmentsLate, now: datetime) -> list[Notice]:
    text = phrase("{group}: {amount} is overdue from {members}. Dial and look.")
    quiet = phrase("Some instalments are overdue. Dial and look.")
    values = {"members": fact.members, "amount": fact.amount}
    return [Notice(fact.member, "overdue", fact.about, text, quiet, values, fact.group, Cause.CLOCK, use=None)]


def _approvals_still_wait(fact: ApprovalsStillWait, now: datetime) -> list[Notice]:
    text = phrase("Still waiting for your word: {count}. Dial and decide.")
    quiet = phrase("Something waits for your word. Dial and decide.")
    return reminder(fact, "approvals", text, quiet, count=fact.count)


def _not_reached(fact: NotReached, now: datetime) -> list[Notice]:
    quiet = phrase("An SMS did not reach a member of your group.")
    if fact.more:
        text = phrase("Our SMS did not reach {name} and {more} more. Please see them.")
    else:
        text = phrase("Our SMS did not reach {name}. Please see her.")
    return reminder(fact, "undelivered", text, quiet, name=fact.whose, more=fact.more)


NOTICES: Notices = {
    LoanDue: _loan_due,
    MeetingAhead: _meeting_ahead,
    InstalmentsLate: _instalments_late,
    ApprovalsStillWait: _approvals_still_wait,
    NotReached: _not_reached,
}
