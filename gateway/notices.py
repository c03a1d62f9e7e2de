"""Notices: who is told of what happened, and in which words; one function a fact, one table.

A notice never undoes what it tells: what cannot be rendered is stored without a text, and an error is logged.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import time
from datetime import timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway import outbox
from gateway.outbox import Draft
from ledger import groups
from ledger import members
from ledger.facts import AnyFact
from ledger.facts import DueCollected
from ledger.facts import Fact
from ledger.facts import LoanDisbursed
from ledger.facts import LoanRepaid
from ledger.facts import OrderPlaced
from ledger.facts import PinChanged
from ledger.facts import SaleRecorded
from ledger.facts import SavingReceived
from ledger.members import Member
from locales import phrase
from locales import sms_language
from locales import words
from locales.alphabet import measure
from locales.script import shorten

log = structlog.get_logger(__name__)

RECEIPT_USE = timedelta(hours=24)
"""How long a receipt is worth sending."""

QUIET_FROM = time(21)
QUIET_UNTIL = time(8)
"""No SMS between these, in the programme's timezone."""

# A phone that others read too gets no sum and no balance.
RECORDED = phrase("Recorded. Code {code}")
PIN_CHANGED = phrase("{name}, your PIN was changed. If it was not you, tell your group leader.")


LONGEST_NAME = 12
"""Units of a given name in an SMS: a worst-case text must stay one part."""


class Cause(Enum):
    """Why somebody is told now."""

    OWN_CALL = "her own call, just now"
    CLOCK = "a day has come"


@dataclass(frozen=True)
class Notice:
    """One thing to tell one member, once for purpose and subject; `{group}` is the short name of `group`."""

    member: int
    purpose: str
    subject: str
    text: str
    quiet: str
    values: Mapping[str, object]
    group: int | None = None
    cause: Cause = Cause.OWN_CALL
    use: timedelta = RECEIPT_USE


def _receipt(fact: Fact, text: str, *, group: int | None = None, **values: object) -> list[Notice]:
    return [Notice(fact.member, "receipt", fact.code, text, RECORDED, {"code": fact.code, **values}, group)]


def _order_placed(fact: OrderPlaced, now: datetime) -> list[Notice]:
    text = phrase("Order placed. No. {number}, total {total}. Code {code}")
    # The number is what she tells the hub: always in the digits of the keys.
    return _receipt(fact, text, number=str(fact.number), total=fact.total)


def _sale_recorded(fact: SaleRecorded, now: datetime) -> list[Notice]:
    if fact.owed:
        return _receipt(fact, phrase("Sale {total}, on credit {owed}. Code {code}"), total=fact.total, owed=fact.owed)
    return _receipt(fact, phrase("Cash sale {total}. Code {code}"), total=fact.total)


def _due_collected(fact: DueCollected, now: datetime) -> list[Notice]:
    if fact.left:
        text = phrase("Dues collected {amount}. Still owed {left}. Code {code}")
        return _receipt(fact, text, amount=fact.amount, left=fact.left)
    return _receipt(fact, phrase("Dues collected {amount}. Nothing more owed. Code {code}"), amount=fact.amount)


def _saving_received(fact: SavingReceived, now: datetime) -> list[Notice]:
    text = phrase("{group}: {amount} saved. Total {balance}. Code {code}")
    return _receipt(fact, text, group=fact.group, amount=fact.amount, balance=fact.balance)


def _loan_disbursed(fact: LoanDisbursed, now: datetime) -> list[Notice]:
    text = phrase("You got a loan of {amount}. First instalment {day}. Code {code}")
    return _receipt(fact, text, amount=fact.amount, day=fact.first_due)


def _loan_repaid(fact: LoanRepaid, now: datetime) -> list[Notice]:
    if fact.left:
        text = phrase("Instalment {amount} paid. Loan left {left}. Code {code}")
        return _receipt(fact, text, amount=fact.amount, left=fact.left)
    return _receipt(fact, phrase("Instalment {amount} paid. Your loan is repaid. Code {code}"), amount=fact.amount)


def _pin_changed(fact: PinChanged, now: datetime) -> list[Notice]:
    return [Notice(fact.member, "pin", now.isoformat(), PIN_CHANGED, PIN_CHANGED, {})]


NOTICES: Mapping[type[AnyFact], Callable[[Any, datetime], Iterable[Notice]]] = {
    OrderPlaced: _order_placed,
    SaleRecorded: _sale_recorded,
    DueCollected: _due_collected,
    SavingReceived: _saving_received,
    LoanDisbursed: _loan_disbursed,
    LoanRepaid: _loan_repaid,
    PinChanged: _pin_changed,
}
"""Every fact and what is said of it."""


def tell(db: Connection, happened: Iterable[AnyFact], now: datetime) -> list[int]:
    """Queue the notices of what happened, in the same transaction; the ids of the new messages."""
    queued = [_queued(db, notice, now) for fact in happened for notice in _notices(fact, now)]
    return [message for message in queued if message is not None]


def due_at(now: datetime, cause: Cause, timezone: str) -> datetime:
    """When a message may go: at once by day or for her own call, else at 08:00 in the timezone."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    if cause is Cause.OWN_CALL or QUIET_UNTIL <= local.time() < QUIET_FROM:
        return now
    day = local.date() + timedelta(days=1) if local.time() >= QUIET_FROM else local.date()
    return datetime.combine(day, QUIET_UNTIL, zone).astimezone(UTC)


def _notices(fact: AnyFact, now: datetime) -> Iterable[Notice]:
    try:
        return NOTICES[type(fact)](fact, now)
    except Exception:
        log.exception("fact without a notice", fact=type(fact).__name__, member=fact.member)
        return ()


def _queued(db: Connection, notice: Notice, now: datetime) -> int | None:
    try:
        draft = _draft(db, notice, now)
    except SQLAlchemyError:
        # The transaction itself is in trouble: nothing in it may be believed.
        raise
    except Exception:
        log.exception("notice lost", purpose=notice.purpose, member=notice.member)
        return None
    return outbox.queue(db, draft, now) if draft else None


def _draft(db: Connection, notice: Notice, now: datetime) -> Draft | None:
    contact = members.contact(db, notice.member)
    if contact is None:
        return None
    member = members.get(db, notice.member)
    text = _text(db, notice, member, quiet=contact.shared or member.sms == "quiet")
    size = measure(text) if text is not None else None
    return Draft(
        once_key=f"{notice.purpose}:{member.programme}:{notice.subject}:{member.id}",
        purpose=notice.purpose,
        programme=member.programme,
        member=member.id,
        number=contact.number,
        language=sms_language(member.language),
        text=text,
        encoding=size.encoding if size else "",
        units=size.units if size else 0,
        parts=size.parts if size else 0,
        due_at=due_at(now, notice.cause, member.timezone),
        expires_at=now + notice.use,
    )


def _text(db: Connection, notice: Notice, member: Member, *, quiet: bool) -> str | None:
    try:
        return render(db, notice, member, quiet=quiet)
    except SQLAlchemyError:
        raise
    except Exception:
        log.exception("notice not rendered", purpose=notice.purpose, member=notice.member)
        return None


def render(db: Connection, notice: Notice, member: Member, *, quiet: bool) -> str:
    """The SMS in the member's language and digits; what can be missing (a group, a value, a word) raises."""
    language = sms_language(member.language)
    values = {"name": shorten(member.names.written(language), LONGEST_NAME), **notice.values}
    if notice.group is not None and not quiet:
        values["group"] = groups.get(db, notice.group).short.written(language)
    # One Bangla digit would turn an English SMS to 16-bit units, and so into two.
    digits = member.digits if language == "bn" else "latin"
    return words(language, digits, domain="sms").say(notice.quiet if quiet else notice.text, **values)
