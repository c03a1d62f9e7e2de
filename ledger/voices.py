"""Who has spoken to a request: two leaders must say yes, neither who asked nor who gains; one no ends it.

Where fewer than two leaders may speak, an officer of the programme must say yes beside those there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import UniqueConstraint
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import approvals
from ledger import facts
from ledger import groups
from ledger.approvals import APPROVED
from ledger.approvals import OPEN
from ledger.approvals import REJECTED
from ledger.approvals import Approval
from ledger.approvals import actor_of
from ledger.approvals import approvers
from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.tables import AppendOnly
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata

VOICES = 2
"""Leaders who must say yes."""


voice_table = Table(
    "voice",
    metadata,
    Column("approval", Id, ForeignKey("approval.id"), nullable=False),
    Column("who", String(40), nullable=False),
    Column("yes", Boolean, nullable=False),
    Column("reason", String(160), nullable=False),
    Column("needed", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("operation", String(64), nullable=False),
    PrimaryKeyConstraint("approval", "who"),
    UniqueConstraint("operation"),
)

APPEND_ONLY = (AppendOnly("voice", (("approval", "who"), ("operation",))),)


@dataclass(frozen=True, slots=True)
class Voice:
    """What one person (an actor: `member:12`, `officer:Mina`) said to a request, and when."""

    who: str
    yes: bool
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a voice made of a request: its state after it, and how many more must say yes."""

    state: str
    needed: int


_VOICES = (
    select(voice_table)
    .where(voice_table.c.approval == bindparam("approval"))
    .order_by(voice_table.c.at, voice_table.c.who)
)
_SPOKEN = select(voice_table.c.approval, voice_table.c.who).where(
    voice_table.c.approval.in_(bindparam("approvals", expanding=True))
)
_SAID = select(voice_table.c.yes, voice_table.c.needed).where(voice_table.c.operation == bindparam("operation"))


def of(db: Connection, approval: int) -> list[Voice]:
    """Who has spoken to a request so far."""
    rows = db.execute(_VOICES, {"approval": approval})
    return [Voice(row.who, row.yes, row.reason, row.at) for row in rows]


def spoken(db: Connection, approvals: Sequence[int]) -> set[tuple[int, str]]:
    """Which request, of some, each person has spoken to."""
    return {(row.approval, row.who) for row in db.execute(_SPOKEN, {"approvals": list(approvals)})}


def speak(db: Connection, found: Approval, who: str, yes: bool, reason: str, origin: Origin) -> Outcome:
    """Take the word of a leader (`member:12`) or an officer (`officer:Mina`) on a locked request.

    One no rejects it, the last yes that it needs approves it.

    Refused, each with its code: a request that is over, the starter, whom it is about, the maker, who is no leader of
    the group, an officer while two leaders may speak, who has spoken already, a yes without the reason it needs.
    """
    _check(db, found, who, yes, reason, origin.at)
    needed = _needed(db, found, who) if yes else 0
    said = {"approval": found.id, "who": who, "yes": yes, "reason": reason, "needed": needed}
    db.execute(voice_table.insert(), said | {"at": origin.at, "operation": origin.operation})
    if not yes:
        approvals.end(db, found, REJECTED)
        approvals.tell(db, found, facts.RequestRefused, REJECTED, reason=reason)
    elif not needed:
        kept = timedelta(days=groups.rules(db, found.group).payout_days)
        approvals.end(db, replace(found, until=origin.at + kept), APPROVED)
        approvals.tell(db, found, facts.RequestApproved, APPROVED)
    return _outcome(yes, needed)


def said(db: Connection, operation: str) -> Outcome:
    """What the voice of an operation made of its request then."""
    row = db.execute(_SAID, {"operation": operation}).one()
    return _outcome(row.yes, row.needed)


def _outcome(yes: bool, needed: int) -> Outcome:
    return Outcome(REJECTED if not yes else OPEN if needed else APPROVED, needed)


def _check(db: Connection, found: Approval, who: str, yes: bool, reason: str, now: datetime) -> None:
    if (state := found.at(now)) != OPEN:
        raise NotAllowed("approval-over", approval=found.id, state=state)
    barred = {found.started_by: "own-request", actor_of(found.about): "for-yourself", found.wanted.maker: "own-entry"}
    # Whoever did it at the desk (`office:Mina`) is the officer who would decide.
    for each in (who, f"office:{who.partition(':')[2]}" if _is_officer(who) else who):
        if each in barred:
            raise NotAllowed(barred[each], approval=found.id)
    leaders = {actor_of(leader.id) for leader in approvers(db, found)}
    if _is_officer(who) and len(leaders) >= VOICES:
        raise NotAllowed("leaders-decide", approval=found.id)
    if not _is_officer(who) and who not in leaders:
        raise NotAllowed("not-a-leader", group=found.group)
    if who in {voice.who for voice in of(db, found.id)}:
        raise NotAllowed("said-already", approval=found.id)
    if yes and found.wanted.reasoned and not reason:
        raise NotAllowed("reason-needed", approval=found.id)


def _is_officer(who: str) -> bool:
    return who.startswith("officer:")


def _needed(db: Connection, found: Approval, *more: str) -> int:
    """How many must still say yes: two leaders; where fewer may, all of them and an officer beside them."""
    agreed = [*more, *(voice.who for voice in of(db, found.id))]
    officers = sum(map(_is_officer, agreed))
    leaders = len(approvers(db, found))
    missing = max(0, min(VOICES, leaders) - (len(agreed) - officers))
    return missing + (leaders < VOICES and not officers)
