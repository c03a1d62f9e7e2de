"""USSD dialogues, exactly once: the same hop again gets the reply it got, and nothing runs twice.

A wire gives all inputs of a call joined by `*` and no id of a hop: there a hop is known by its transcript, and what is
new is the transcript less the one answered last. Or it gives the last input and an id: there a hop is known by its id.
Transcripts hold PINs: only keyed hashes of them, and of ids, are kept.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import Select
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import UniqueConstraint
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import text as sql

from gateway.providers.contract import Ended
from gateway.providers.contract import Hop
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata
from menus import engine
from menus.dialogue import Call
from menus.dialogue import Dialogue
from menus.dialogue import Reply

KEPT = timedelta(minutes=15)
"""How long after the end of a call its replies, which may show a balance, are kept for a late copy of a hop."""

REMEMBERED = timedelta(hours=24)
"""How long it is remembered that a hop was answered."""

LAPSED = timedelta(minutes=30)
"""Silence after which a call whose end nobody told is over."""

BATCH = 5000
"""Calls that one round forgets: SQLite has one writer, and calls are waiting for it."""

BLANKED = 200
"""Calls that one round blanks: before that they are looked at, which takes longer than to drop them."""

dialogue_table = Table(
    "dialogue",
    metadata,
    Column("id", Id, primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("session", String(128), nullable=False),
    Column("number", String(20), nullable=False, index=True),
    Column("code", String(40), nullable=False),
    Column("dialled", String(40), nullable=False),
    Column("state", Text),
    Column("length", Integer, nullable=False),
    Column("transcript", String(64), nullable=False),
    Column("hops", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("ended_at", Instant, index=True),
    Column("status", String(12)),
    UniqueConstraint("provider", "session"),
)

hop_table = Table(
    "hop",
    metadata,
    Column("dialogue", Id, ForeignKey("dialogue.id"), nullable=False),
    Column("transcript", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("screen", String(40), nullable=False),
    Column("reply", Text),
    Column("ends", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("dialogue", "transcript"),
)

_OPEN = sql(
    "INSERT INTO dialogue (provider, session, number, code, dialled, length, transcript, hops, started_at, last_at) "
    "VALUES (:provider, :session, :number, :code, :dialled, 0, '', 0, :now, :now) ON CONFLICT DO NOTHING"
).bindparams(bindparam("now", type_=Instant))
_LOOK = select(dialogue_table).where(
    dialogue_table.c.provider == bindparam("provider"), dialogue_table.c.session == bindparam("session")
)
_FIND = _LOOK.with_for_update()
_KEPT = select(hop_table.c.reply, hop_table.c.ends, hop_table.c.screen).where(
    hop_table.c.dialogue == bindparam("dialogue"), hop_table.c.transcript == bindparam("transcript")
)
_KEEP = (
    dialogue_table.update()
    .where(dialogue_table.c.id == bindparam("b_id"))
    .values(
        state=bindparam("state"),
        length=bindparam("length"),
        transcript=bindparam("transcript"),
        hops=bindparam("hops"),
        last_at=bindparam("last_at"),
        ended_at=bindparam("ended_at"),
    )
)
_END = (
    dialogue_table.update()
    .where(
        dialogue_table.c.provider == bindparam("b_provider"),
        dialogue_table.c.session == bindparam("b_session"),
        dialogue_table.c.number == bindparam("b_number"),
    )
    .values(
        ended_at=func.coalesce(dialogue_table.c.ended_at, bindparam("now", type_=Instant)), status=bindparam("status")
    )
)

_LAST = select(func.max(dialogue_table.c.last_at)).where(
    dialogue_table.c.number == bindparam("number"), dialogue_table.c.last_at >= bindparam("since")
)


Keep = Callable[[Connection, Sequence[int]], None]
"""What looks at calls before nothing is left of them."""


class Mismatch(Exception):
    """A sessionId that belongs to another number or code; nothing is done."""


@dataclass(frozen=True)
class _Transcript:
    """All inputs of a call so far, as the wire has them less the dialled code; it never shows itself."""

    text: str
    secret: bytes
    session: str

    def __repr__(self) -> str:
        return f"_Transcript({len(self.text)} characters)"

    def mark(self, length: int | None = None) -> str:
        """The keyed hash of its first `length` characters, or of all."""
        part = self.text if length is None else self.text[:length]
        return hmac.new(self.secret, f"{self.session}\n{part}".encode(), "sha256").hexdigest()

    def after(self, length: int, mark: str) -> str | None:
        """What is new after the transcript answered last; None when this one does not continue it."""
        if length == 0:
            return self.text or None
        if self.text[length : length + 1] != "*" or not hmac.compare_digest(self.mark(length), mark):
            return None
        return self.text[length + 1 :]


@dataclass(frozen=True)
class _Request:
    """The last input of a call, with the id that its wire gave it; it never shows itself."""

    id: str
    text: str
    secret: bytes
    session: str

    def __repr__(self) -> str:
        return f"_Request({self.id})"

    def mark(self) -> str:
        """The keyed hash of its id, which no transcript can have: no session holds a line break."""
        return hmac.new(self.secret, f"\n{self.session}\n{self.id}".encode(), "sha256").hexdigest()

    def after(self, length: int, mark: str) -> str | None:
        """What is new: the wire brings nothing else."""
        return self.text


def answer(hop: Hop, call: Call, secret: str) -> Reply:
    """The reply to a hop: kept if it was answered before, else one step of the conversation, kept with it.

    Anything that continues no running call gets a polite END and changes nothing. Raises Mismatch.
    """
    dialled = "" if hop.request or hop.text not in _spellings(hop.code) else hop.text
    key = {"provider": hop.provider, "session": hop.session}
    if dialled or not (hop.text or hop.request):
        opening = {"number": hop.phone, "code": hop.code, "dialled": dialled, "now": call.now}
        call.db.execute(_OPEN, key | opening)
    row = call.db.execute(_FIND, key).one_or_none()
    if row is None:
        return _gone(call)
    if (row.number, row.code) != (hop.phone, hop.code):
        raise Mismatch
    said = _said(hop, row, secret)
    kept = call.db.execute(_KEPT, {"dialogue": row.id, "transcript": said.mark()}).one_or_none()
    if kept:
        return _gone(call, row.state) if kept.reply is None else Reply(kept.reply, kept.ends, kept.screen)
    return _step(row, said, call)


def shown(hop: Hop, reply: Reply, db: Connection, secret: str) -> Reply | None:
    """What the handset of a hop should show: the kept reply, else `reply`; None when a newer hop was answered since.

    For a wire whose screens are calls of ours: one that comes late must not take the place of the next.
    """
    row = db.execute(_LOOK, {"provider": hop.provider, "session": hop.session}).one_or_none()
    if row is None:
        return reply
    mark = _said(hop, row, secret).mark()
    kept = db.execute(_KEPT, {"dialogue": row.id, "transcript": mark}).one_or_none()
    if kept is None or kept.reply is None:
        return reply
    return Reply(kept.reply, kept.ends, kept.screen) if hmac.compare_digest(mark, row.transcript) else None


def _said(hop: Hop, row: Any, secret: str) -> _Transcript | _Request:
    """What is known of a hop, in the way of its wire."""
    if hop.request:
        return _Request(hop.request, hop.text, secret.encode(), hop.session)
    return _Transcript(_without(row.dialled, hop.text), secret.encode(), hop.session)


def _step(row: Any, said: _Transcript | _Request, call: Call) -> Reply:
    """One new step: the first screen for a fresh call, else what is new in the hop, taken by the engine."""
    if row.hops == 0:
        dialogue, reply = engine.begin(call)
    else:
        new = said.after(row.length, row.transcript)
        if new is None or row.ended_at or row.state is None:
            return _gone(call, row.state)
        dialogue, reply = engine.advance(Dialogue.from_json(row.state), new, call)
    _keep(row, said, dialogue, reply, call)
    return reply


def _keep(row: Any, said: _Transcript | _Request, dialogue: Dialogue, reply: Reply, call: Call) -> None:
    mark = said.mark()
    call.db.execute(
        _KEEP,
        {
            "b_id": row.id,
            "state": dialogue.to_json(),
            "length": len(said.text),
            "transcript": mark,
            "hops": row.hops + 1,
            "last_at": call.now,
            "ended_at": call.now if reply.ends else None,
        },
    )
    step = {"dialogue": row.id, "transcript": mark, "position": row.hops, "screen": reply.screen}
    call.db.execute(hop_table.insert(), step | {"reply": reply.text, "ends": reply.ends, "at": call.now})


def _gone(call: Call, state: str | None = None) -> Reply:
    """A polite END in the words of the call, or of who the number belongs to."""
    return engine.gone(Dialogue.from_json(state) if state else None, call)


def _spellings(code: str) -> set[str]:
    """How the dialled code itself may come as the text of the first hop."""
    bare = code.strip("*#")
    return {f"*{bare}#", f"*{bare}", f"{bare}#", bare}


def _without(dialled: str, text: str) -> str:
    """The transcript without the dialled code, where the wire began with it."""
    return text.removeprefix(dialled).removeprefix("*") if dialled and text.startswith(dialled) else text


def last_call(db: Connection, number: str, since: datetime) -> datetime | None:
    """When a phone was last used for a call, if it was since then."""
    return db.execute(_LAST, {"number": number, "since": since}).scalar()


def end(db: Connection, ended: Ended, now: datetime) -> bool:
    """The provider says that a call is over; whether it is one of ours."""
    values = {"b_provider": ended.provider, "b_session": ended.session, "b_number": ended.phone}
    return db.execute(_END, values | {"now": now, "status": ended.status}).rowcount > 0


def forget(db: Connection, now: datetime, keep: Keep | None = None) -> int:
    """Close calls that fell silent, blank what ended some time ago, drop what ended a day ago; so many at a time.

    How many were blanked: fewer than `BLANKED` if no more are to be. `keep` is given those before, each once.
    """
    silent = _some(dialogue_table.c.ended_at.is_(None), dialogue_table.c.last_at <= now - LAPSED)
    mine = dialogue_table.c.id.in_(silent)
    db.execute(dialogue_table.update().where(mine).values(ended_at=dialogue_table.c.last_at, status="Lapsed"))
    stale = _ids(db, dialogue_table.c.ended_at <= now - KEPT, dialogue_table.c.state.is_not(None), most=BLANKED)
    if keep is not None:
        keep(db, stale)
    db.execute(hop_table.update().where(hop_table.c.dialogue.in_(stale)).values(reply=None))
    db.execute(dialogue_table.update().where(dialogue_table.c.id.in_(stale)).values(state=None))
    old = _ids(db, dialogue_table.c.ended_at <= now - REMEMBERED, dialogue_table.c.state.is_(None))
    db.execute(hop_table.delete().where(hop_table.c.dialogue.in_(old)))
    db.execute(dialogue_table.delete().where(dialogue_table.c.id.in_(old)))
    return len(stale)


def _some(*where: ColumnElement[bool], most: int = BATCH) -> Select[Any]:
    return select(dialogue_table.c.id).where(*where).limit(most)


def _ids(db: Connection, *where: ColumnElement[bool], most: int = BATCH) -> list[int]:
    return list(db.execute(_some(*where, most=most)).scalars())
