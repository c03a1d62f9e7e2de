"""Telling: the notices of what happened become messages in the same transaction, each for its phone and its hour.

A notice never undoes what it tells: what cannot be rendered is stored without a text, and an error is logged.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from datetime import datetime
from datetime import time
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway import dialogues
from gateway import optouts
from gateway import outbox
from gateway.notices import NOTICES
from gateway.notices import Cause
from gateway.notices import Notice
from gateway.notices import Word
from gateway.notices import template
from gateway.outbox import Draft
from ledger import groups
from ledger import members
from ledger.facts import AnyFact
from ledger.members import Member
from ledger.tables import Names
from locales import Words
from locales import sms_language
from locales import words
from locales.alphabet import measure
from locales.script import shorten

log = structlog.get_logger(__name__)

QUIET_FROM = time(21)
QUIET_UNTIL = time(8)
"""No SMS between these, in the programme's timezone."""

AWAKE = timedelta(minutes=10)
"""How long after her own call somebody may be sent at night what it caused."""

ROOM = {"name": 12, "item": 16}
"""Units of a given name and of an item's name in an SMS: a worst-case text must stay one part."""


def tell(db: Connection, happened: Iterable[AnyFact], now: datetime) -> list[int]:
    """Queue the notices of what happened, in the same transaction; the ids of the new messages."""
    queued = [_queued(db, notice, now) for fact in happened for notice in _notices(fact, now)]
    return [message for message in queued if message is not None]


def by_day(now: datetime, timezone: str) -> bool:
    """Whether somebody may be woken now, in a timezone."""
    return QUIET_UNTIL <= now.astimezone(ZoneInfo(timezone)).time() < QUIET_FROM


def morning(now: datetime, timezone: str) -> datetime:
    """The next 08:00 in a timezone."""
    local = now.astimezone(ZoneInfo(timezone))
    day = local.date() + timedelta(days=1) if local.time() >= QUIET_UNTIL else local.date()
    return datetime.combine(day, QUIET_UNTIL, local.tzinfo).astimezone(UTC)


def _awake_until(db: Connection, cause: Cause, number: str, now: datetime, timezone: str) -> datetime | None:
    """Until when a message may go at night: for a while after a call from the very phone that it goes to."""
    if cause is not Cause.OWN_CALL or (by_day(now, timezone) and by_day(now + AWAKE, timezone)):
        return None
    called = dialogues.last_call(db, number, now - AWAKE)
    return called + AWAKE if called else None


def _evening(of: datetime, timezone: str) -> datetime:
    """The end of the day in a timezone, as far as anybody may be woken."""
    local = of.astimezone(ZoneInfo(timezone))
    return datetime.combine(local.date(), QUIET_FROM, local.tzinfo).astimezone(UTC)


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
    number = notice.number or (contact.number if contact else "")
    if not number:
        return None
    member = members.get(db, notice.member)
    quiet = contact is None or contact.shared or member.sms == "quiet"
    text = _text(db, notice, member, quiet=quiet)
    size = measure(text) if text is not None else None
    awake = _awake_until(db, notice.cause, number, now, member.timezone)
    due = now if awake or by_day(now, member.timezone) else morning(now, member.timezone)
    return Draft(
        once_key=f"{notice.purpose}:{member.programme}:{notice.subject}:{member.id}",
        purpose=notice.purpose,
        programme=member.programme,
        member=member.id,
        number=number,
        language=sms_language(member.language),
        text=text,
        encoding=size.encoding if size else "",
        units=size.units if size else 0,
        parts=size.parts if size else 0,
        due_at=due,
        expires_at=now + notice.use if notice.use else _evening(due, member.timezone),
        template=template(notice.quiet if quiet else notice.text),
        timezone=member.timezone,
        wakes_until=awake,
        dropped="opted-out" if optouts.stopped(db, number) else "",
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
    # One Bangla digit would turn an English SMS to 16-bit units, and so into two.
    said = words(language, member.digits if language == "bn" else "latin", domain="sms")
    values = {key: _said(said, key, value) for key, value in {"name": member.names, **notice.values}.items()}
    if notice.group is not None and not quiet:
        values["group"] = groups.get(db, notice.group).short.written(language)
    return said.say(notice.quiet if quiet else notice.text, **values)


def _said(said: Words, key: str, value: object) -> object:
    """A value as the text needs it: a name in the room it has, a word in the receiver's own."""
    if isinstance(value, Names):
        return shorten(value.written(said.language), ROOM[key])
    return said.say(value.phrase) if isinstance(value, Word) else value
