"""Sending to many: what is written, whom it is for, what it would cost; then asked for, sent, held, stopped.

A broadcast is written down whole before anybody says yes to it and never changes after. Each message has the once-key
`broadcast:ID:MEMBER`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import select

from gateway import outbox
from gateway.dlt import Register
from gateway.notices import template
from gateway.outbox import Together
from gateway.settings import Price
from gateway.sms import audience
from gateway.sms.audience import Audience
from gateway.sms.audience import Share
from gateway.telling import by_day
from gateway.telling import morning
from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata
from locales.alphabet import measure

PURPOSE = "broadcast"

DRAFT, ASKED, GOING, HELD, STOPPED = "draft", "asked", "going", "held", "stopped"
STATES = (DRAFT, ASKED, GOING, HELD, STOPPED)

USE = timedelta(hours=24)
"""How long after its hour a message of a broadcast is worth sending."""

HOLD = timedelta(days=30)
"""How long a broadcast may be held; then what waits of it is past its use."""

LONGEST = timedelta(days=60)
"""How long after its beginning a broadcast's messages are looked for."""

GROWTH = 10
"""Per cent by which the receivers may have become more between the question and the yes."""

broadcast_table = Table(
    "broadcast",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("operator", ForeignKey("operator.id"), nullable=False),
    Column("text_bn", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("asked_for", Integer, nullable=False),
    Column("second", Id),
    Column("task", Id),
    Column("began_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("operation", String(64), nullable=False, unique=True),
    CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),
    Index(None, "programme", "id"),
)
"""`audience` is JSON; `asked_for` how many messages it was asked for; `second` and `task` who says yes, who sends."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it stands; a text that is empty is not sent, its readers get the other one."""

    id: int
    programme: int
    operator: int
    text_bn: str
    text_en: str
    audience: Audience
    state: str
    asked_for: int
    second: int | None
    task: int | None
    began_at: datetime | None
    created_at: datetime

    def text(self, language: str) -> str:
        """What a reader of a language is sent."""
        mine, other = (self.text_en, self.text_bn) if language == "en" else (self.text_bn, self.text_en)
        return mine or other

    def spoken(self, language: str) -> str:
        """The language of what a reader of a language is sent."""
        mine = self.text_en if language == "en" else self.text_bn
        return language if mine else ("bn" if language == "en" else "en")

    def once_key(self, member: int) -> str:
        """What keeps anybody from getting it twice."""
        return f"{PURPOSE}:{self.id}:{member}"

    def messages(self, until: datetime | None = None) -> Together:
        """Its messages, as far as they were written until then."""
        since = self.began_at or self.created_at
        return Together(self.programme, self.once_key(0)[:-1], since, until or since + LONGEST)


@dataclass(frozen=True, slots=True)
class Line:
    """What goes in one language: how many messages, of how many parts each, and its text."""

    language: str
    text: str
    messages: int
    encoding: str
    units: int
    parts: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a broadcast would be if it went now: its lines, who is left out and why, the price by each provider."""

    lines: Sequence[Line]
    numberless: int
    stopped: int
    shared: int
    unregistered: int
    prices: Mapping[str, Price]

    @property
    def messages(self) -> int:
        """How many messages."""
        return sum(each.messages for each in self.lines)

    @property
    def parts(self) -> int:
        """How many parts in all."""
        return sum(each.messages * each.parts for each in self.lines)

    @property
    def everybody(self) -> int:
        """How many people are looked at, with those who are left out."""
        return self.messages + self.numberless + self.stopped + self.shared + self.unregistered

    @property
    def most(self) -> Price | None:
        """What it costs if all of it goes by the dearest provider; None where no price is known."""
        return max(self.prices.values(), key=lambda each: each.amount, default=None)


_COLUMNS = [broadcast_table.c[name] for name in Broadcast.__slots__]
_ONE = select(*_COLUMNS).where(
    broadcast_table.c.id == bindparam("id"), broadcast_table.c.programme == bindparam("programme")
)
_LOCKED = _ONE.with_for_update()
_OF_OPERATION = select(*_COLUMNS).where(broadcast_table.c.operation == bindparam("operation"))
_EVERY = (
    select(*_COLUMNS)
    .where(broadcast_table.c.programme == bindparam("programme"), broadcast_table.c.id < bindparam("before"))
    .order_by(broadcast_table.c.id.desc())
    .limit(bindparam("most"))
)
_OF_OPERATOR = _EVERY.where(broadcast_table.c.operator == bindparam("operator"))
_MOVE = broadcast_table.update().where(
    broadcast_table.c.id == bindparam("b_id"), broadcast_table.c.state.in_(bindparam("b_from", expanding=True))
)


def _broadcast(row: Any) -> Broadcast:
    values = dict(row._mapping)
    return Broadcast(**values | {"audience": audience.from_kept(json.loads(row.audience))})


def write(db: Connection, operator: int, texts: Mapping[str, str], who: Audience, origin: Origin) -> Broadcast:
    """Write a broadcast down, its texts by language; the same operation again gives the same one."""
    if row := db.execute(_OF_OPERATION, {"operation": origin.operation}).one_or_none():
        return _broadcast(row)
    values = {
        "programme": who.programme,
        "operator": operator,
        "text_bn": texts.get("bn", ""),
        "text_en": texts.get("en", ""),
        "audience": json.dumps(who.as_kept(), sort_keys=True),
        "state": DRAFT,
        "asked_for": 0,
        "created_at": origin.at,
        "operation": origin.operation,
    }
    db.execute(broadcast_table.insert(), values)
    return _broadcast(db.execute(_OF_OPERATION, {"operation": origin.operation}).one())


def find(db: Connection, programme: int, broadcast: int) -> Broadcast | None:
    """A broadcast of a programme, if there is one."""
    row = db.execute(_ONE, {"id": broadcast, "programme": programme}).one_or_none()
    return _broadcast(row) if row else None


def locked(db: Connection, programme: int, broadcast: int) -> Broadcast:
    """A broadcast that stays as it is until this transaction ends."""
    return _broadcast(db.execute(_LOCKED, {"id": broadcast, "programme": programme}).one())


def page(db: Connection, programme: int, operator: int | None, before: int, most: int) -> list[Broadcast]:
    """Up to `most` broadcasts of a programme, or of one of its operators, the newest first, before one of them."""
    values = {"programme": programme, "before": before, "most": most}
    if operator is None:
        return [_broadcast(row) for row in db.execute(_EVERY, values)]
    return [_broadcast(row) for row in db.execute(_OF_OPERATOR, values | {"operator": operator})]


def plan(db: Connection, of: Broadcast, register: Register, prices: Mapping[str, Price]) -> Plan:
    """What it would be if it went now."""
    found = audience.shares(db, of.audience)
    barred = sum(each.goes for each in found if each.goes and _barred(of, each, register))
    goes: dict[str, int] = {}
    for each in found:
        if not _barred(of, each, register):
            language = of.spoken(each.language)
            goes[language] = goes.get(language, 0) + each.goes
    lines = [_line(language, of.text(language), count) for language, count in sorted(goes.items()) if count]
    parts = sum(each.messages * each.parts for each in lines)
    return Plan(
        lines,
        sum(each.numberless for each in found),
        sum(each.stopped for each in found),
        sum(each.shared for each in found),
        barred,
        {name: Price(each.amount * parts, each.currency) for name, each in prices.items()},
    )


def _barred(of: Broadcast, share: Share, register: Register) -> bool:
    """Whether the text may not go to numbers in India, because it is not registered there."""
    return share.india and header(register, of, share.language, "+91") is None


def header(register: Register, of: Broadcast, language: str, number: str) -> str | None:
    """Under which header what a reader of a language is sent may go to a number; None: it may not."""
    text = of.text(language)
    return register.registered(number, template(text), of.spoken(language), text)


def _line(language: str, text: str, messages: int) -> Line:
    size = measure(text)
    return Line(language, text, messages, size.encoding, size.units, size.parts)


def asked(db: Connection, of: Broadcast, second: int, messages: int) -> None:
    """It was asked for, for so many messages; refused when it was before."""
    _move(db, of, (DRAFT,), state=ASKED, second=second, asked_for=messages)


def begun(db: Connection, of: Broadcast, task: int, now: datetime) -> None:
    """Somebody said yes; refused when it went before."""
    _move(db, of, (ASKED,), state=GOING, task=task, began_at=now)


def grown(of: Broadcast, messages: int) -> bool:
    """Whether many more would get it than when it was asked for."""
    return messages * 100 > of.asked_for * (100 + GROWTH)


def hold(db: Connection, of: Broadcast, now: datetime) -> None:
    """Send no more of it until somebody lets it go on; refused when it does not go."""
    _move(db, of, (GOING,), state=HELD)
    outbox.put_off(db, of.messages(), now + HOLD, timedelta())


def let_go(db: Connection, of: Broadcast, timezone: str, now: datetime) -> None:
    """Let what is held go on, by day; refused when it is not held."""
    _move(db, of, (HELD,), state=GOING)
    outbox.put_off(db, of.messages(), wakes(timezone, now), USE)


def due(of: Broadcast, timezone: str, now: datetime) -> datetime:
    """When a message of it may go that is written now; `of` as it is locked."""
    return now + HOLD if of.state == HELD else wakes(timezone, now)


def until(of: Broadcast, due: datetime) -> datetime:
    """Until when a message of it that may go at `due` is worth sending: one that is held is past its use by then."""
    return due if of.state == HELD else due + USE


def wakes(timezone: str, now: datetime) -> datetime:
    """Now, or the next morning where it is night."""
    return now if by_day(now, timezone) else morning(now, timezone)


def stop(db: Connection, of: Broadcast, now: datetime) -> int:
    """Send no more of it for good: how many messages still waited; refused when it does not go."""
    _move(db, of, (GOING, HELD), state=STOPPED)
    return outbox.give_up_all(db, of.messages(), STOPPED, now)


def _move(db: Connection, of: Broadcast, from_: Sequence[str], **to: Any) -> None:
    if db.execute(_MOVE.values(to), {"b_id": of.id, "b_from": list(from_)}).rowcount != 1:
        raise NotAllowed("broadcast-moved", broadcast=of.id)
