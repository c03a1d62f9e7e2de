"""What phones send us: keywords and missed calls, each answered by one SMS at most.

The sender can be forged: a keyword reads what is no secret, or STOP and START; it moves no money and shows no balance.
Of a text only its keyword is kept, for it may hold a PIN; of the number only a keyed hash.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

import structlog
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Index
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import UniqueConstraint
from sqlalchemy import bindparam
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import select

from gateway import optouts
from gateway import outbox
from gateway.notices import answers
from gateway.notices import template
from gateway.outbox import Draft
from gateway.providers.contract import Inbound
from gateway.providers.contract import MissedCall
from gateway.providers.contract import OptOut
from gateway.runtime import Runtime
from gateway.sms import keywords
from gateway.sms.keywords import Keyword
from gateway.sms.receipts import mark
from gateway.telling import AWAKE
from gateway.telling import ROOM
from ledger import checking
from ledger import members
from ledger.errors import NotAllowed
from ledger.members import Member
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import insert_new
from ledger.tables import metadata
from locales import Words
from locales import sms_language
from locales import words
from locales.alphabet import measure
from locales.script import shorten

log = structlog.get_logger(__name__)

ANSWERS = 10
"""Answers that one number gets in an hour: its sender may be somebody who wants to annoy its owner."""

WITHIN = timedelta(hours=1)
USE = timedelta(hours=1)
"""How long an answer is worth sending."""

RANG = "missed-call"

inbound_table = Table(
    "inbound",
    metadata,
    Column("id", Id, primary_key=True),
    Column("provider", String(24), nullable=False),
    Column("provider_id", String(128), nullable=False),
    Column("who", String(32), nullable=False),
    Column("keyword", String(16), nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
    UniqueConstraint("provider", "provider_id"),
    Index(None, "who", "received_at"),
)

_STORE = {dialect: insert.returning(inbound_table.c.id) for dialect, insert in insert_new(inbound_table).items()}
_LATELY = select(func.count()).where(
    inbound_table.c.who == bindparam("who"), inbound_table.c.received_at > bindparam("since")
)
_FORGET = delete(inbound_table).where(inbound_table.c.received_at <= bindparam("before"))


@dataclass(frozen=True)
class _Asked:
    """One SMS or call: who it is from as far as we know, what it wants, and in whose words to answer."""

    db: Connection
    runtime: Runtime
    id: int
    number: str
    rest: str
    member: Member | None
    now: datetime

    @property
    def words(self) -> Words:
        language = sms_language(self.member.language) if self.member else "bn"
        digits = self.member.digits if self.member and language == "bn" else None
        return words(language, digits, domain="sms")

    @property
    def dial(self) -> dict[str, object]:
        return {"dial": self.runtime.settings.ussd_code}

    def said(self, text: str, **values: object) -> tuple[str, str]:
        return text, self.words.say(text, **values)


Answer = tuple[str, str] | None
"""The text that is said, as it is marked and as it is written; None for no answer."""


def take(db: Connection, runtime: Runtime, news: Inbound | MissedCall, now: datetime) -> list[int]:
    """Do what an SMS or a call asks for, once however often it is told; the ids of the messages that answer it."""
    read = (Keyword.HELP, "") if isinstance(news, MissedCall) else keywords.read(news.text)
    keyword, rest = read or ("", "")
    who = mark(runtime.settings.secret_key, news.phone)
    told = _stored(db, news, who, RANG if isinstance(news, MissedCall) else keyword, now)
    if told is None:
        return []
    on_number = members.on_number(db, news.phone)
    asked = _Asked(db, runtime, told, news.phone, rest, on_number[0] if on_number else None, now)
    if keyword is Keyword.STOP:
        optouts.stop(db, news.phone, "keyword", now)
        return []
    if keyword is Keyword.START:
        optouts.start(db, news.phone)
    if db.execute(_LATELY, {"who": who, "since": now - WITHIN}).scalar_one() > ANSWERS:
        log.warning("too many SMS from one number", inbound=repr(news))
        return []
    answer = _rang(asked) if isinstance(news, MissedCall) else _ANSWERS[keyword](asked)
    queued = _queue(asked, *answer) if answer else None
    return [queued] if queued is not None else []


def opt_out(db: Connection, runtime: Runtime, news: OptOut, now: datetime) -> list[int]:
    """Put a number on the list of those who want no SMS, as its provider says; nobody is answered."""
    optouts.stop(db, news.phone, news.provider, now)
    return []


def forget(db: Connection, before: datetime) -> None:
    """Drop what came in before then: it would not come again."""
    db.execute(_FORGET, {"before": before})


def _stored(db: Connection, news: Inbound | MissedCall, who: str, keyword: str, now: datetime) -> int | None:
    values = {
        "provider": news.provider,
        # Calls and SMS are numbered apart.
        "provider_id": f"call {news.provider_id}" if isinstance(news, MissedCall) else news.provider_id,
        "who": who,
        "keyword": keyword,
        "received_at": now,
    }
    return db.execute(_STORE[db.dialect.name], values).scalar_one_or_none()


def _rang(asked: _Asked) -> Answer:
    return asked.said(answers.RANG, **asked.dial)


def _balance(asked: _Asked) -> Answer:
    return asked.said(answers.BALANCE, **asked.dial)


def _help(asked: _Asked) -> Answer:
    return asked.said(answers.HELP, **asked.dial)


def _started(asked: _Asked) -> Answer:
    return asked.said(answers.STARTED)


def _unknown(asked: _Asked) -> Answer:
    # A stranger's machine may answer our answer, and so on for ever.
    return _help(asked) if asked.member else None


def _code(asked: _Asked) -> Answer:
    try:
        found = checking.check(asked.db, asked.number, checking.typed(asked.rest), asked.now)
    except NotAllowed:
        return asked.said(answers.TOO_MANY_CODES)
    if found is None:
        return asked.said(answers.NO_SUCH_CODE)
    what = asked.words.say(answers.KINDS.get(found.kind, answers.OTHER))
    known = {"code": found.code, "what": what, "amount": found.amount, "day": found.on}
    if found.undone:
        return asked.said(answers.UNDONE, **known)
    place = shorten(found.place.written(asked.words.language), ROOM["name"])
    return asked.said(answers.FOUND, **known, place=place)


_ANSWERS: Mapping[str, Callable[[_Asked], Answer]] = {
    Keyword.BALANCE: _balance,
    Keyword.HELP: _help,
    Keyword.START: _started,
    Keyword.CODE: _code,
    "": _unknown,
}


def _queue(asked: _Asked, text: str, written: str) -> int | None:
    """Queue an answer to the number that asked; at night, too, for whoever just wrote is awake."""
    if not asked.number.startswith("+"):
        # The network hides the number: nothing can be sent to it.
        return None
    size, member = measure(written), asked.member
    draft = Draft(
        once_key=f"answer:{asked.id}",
        purpose="answer",
        programme=member.programme if member else None,
        member=member.id if member else None,
        number=asked.number,
        language=asked.words.language,
        text=written,
        encoding=size.encoding,
        units=size.units,
        parts=size.parts,
        due_at=asked.now,
        expires_at=asked.now + USE,
        template=template(text),
        timezone=member.timezone if member else "Asia/Dhaka",
        wakes_until=asked.now + AWAKE,
        dropped="opted-out" if optouts.stopped(asked.db, asked.number) else "",
    )
    return outbox.queue(asked.db, draft, asked.now)
