"""What a day brings to the members and leaders of a group, as facts: told by the clock, moved by nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from datetime import datetime

from ledger.facts import Told
from ledger.money import Money
from ledger.tables import Names


@dataclass(frozen=True)
class LoanDue(Told):
    """An instalment of a loan falls due on a day, `today` or soon."""

    amount: Money
    due: date
    today: bool


@dataclass(frozen=True)
class MeetingAhead(Told):
    """A leader's group meets in so many days, at a moment that is `at` on the `day` there; so many `members` owe it.

    `amount` is all that is due then: savings, social fund, fines and instalments.
    """

    group: int
    ahead: int
    day: date
    at: datetime
    members: int
    amount: Money


@dataclass(frozen=True)
class InstalmentsLate(Told):
    """So many members of a leader's group owe `amount` that should have been paid before."""

    group: int
    members: int
    amount: Money


@dataclass(frozen=True)
class ApprovalsStillWait(Told):
    """So many requests still wait for a leader's word."""

    count: int


@dataclass(frozen=True)
class NotReached(Told):
    """An SMS to a member of a leader's group did not arrive; nor did those to so many `more` members."""

    whose: Names
    more: int
