"""What is left of a call when its texts are gone: the names of its screens with the seconds on each, and how it ended.

No text, no answer and no PIN is in here. A call is kept for two weeks; what is counted by day and screen, without
anybody's name, for a year. Both are made outside the calls, when `dialogues.forget` blanks what ended a while ago.
"""

from __future__ import annotations

import json
from collections import Counter
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import text as sql

from gateway.dialogues import dialogue_table
from gateway.dialogues import hop_table
from ledger import programmes
from ledger.members import handset_table
from ledger.members import member_table
from ledger.programmes import programme_table
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import Names
from ledger.tables import metadata
from ledger.tables import names

KEPT = timedelta(days=14)
"""How long a single call is kept."""

COUNTED = timedelta(days=365)
"""How long the counts of a day are kept."""

SOME = 2000
"""Calls that one round drops."""

LEFT, OVER = 0, -1
"""Instead of seconds: she hung up there, or fell silent; the call ended with this screen."""

STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60, 90, 180)
"""Seconds on a screen are counted up to these."""

past_call_table = Table(
    "past_call",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("member", Id, ForeignKey("member.id")),
    Column("provider", String(20), nullable=False),
    Column("number", String(20), nullable=False),
    Column("started_at", Instant, nullable=False, index=True),
    Column("seconds", Integer, nullable=False),
    Column("screen", String(40), nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("status", String(12), nullable=False),
    Column("path", Text, nullable=False),
    Index(None, "programme", "id"),
)
"""`screen` is the last one, `ended` whether the call ended with it, `path` JSON: [name, seconds], the last without."""

screen_use_table = Table(
    "screen_use",
    metadata,
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("on", Date, nullable=False),
    Column("screen", String(40), nullable=False),
    Column("took", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    PrimaryKeyConstraint("programme", "on", "screen", "took"),
)
"""How often a screen was shown on a day, by how long somebody stayed: one of STEPS, LEFT or OVER."""


@dataclass(frozen=True, slots=True)
class Screened:
    """One screen of a call: its name, and the seconds until the answer to it (None: there was none)."""

    screen: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that is over: whose phone (None: nobody's that we know), how long, its screens, how it ended."""

    id: int
    member: int | None
    names: Names | None
    code: str | None
    number: str
    provider: str
    started_at: datetime
    seconds: int
    screen: str
    ended: bool
    status: str
    path: tuple[Screened, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """How a screen was used in some days: shown so often, left there, median seconds until an answer (None: none)."""

    shown: int
    left: int
    median: int | None

    @property
    def share(self) -> float:
        """Which part of those who saw it left there."""
        return self.left / self.shown if self.shown else 0.0


_ids: Any = bindparam("ids", expanding=True)
_CALLS = select(dialogue_table).where(dialogue_table.c.id.in_(_ids)).order_by(dialogue_table.c.id)
_HOPS = (
    select(hop_table.c.dialogue, hop_table.c.screen, hop_table.c.ends, hop_table.c.at)
    .where(hop_table.c.dialogue.in_(_ids))
    .order_by(hop_table.c.dialogue, hop_table.c.position)
)
_PEOPLE = select(member_table.c.id, member_table.c.programme).where(member_table.c.id.in_(_ids))
_PHONES = (
    select(handset_table.c.number, member_table.c.id, member_table.c.programme)
    .join(member_table, member_table.c.id == handset_table.c.member)
    .where(handset_table.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(handset_table.c.position.desc())
)
_PROGRAMMES = select(programme_table.c.id, programme_table.c.timezone)
# One statement on either database.
_COUNT = sql(
    'INSERT INTO screen_use (programme, "on", screen, took, times) VALUES (:programme, :on, :screen, :took, :times) '
    'ON CONFLICT (programme, "on", screen, took) DO UPDATE SET times = screen_use.times + excluded.times'
).bindparams(bindparam("on", type_=Date))


def screens(hops: Sequence[Any], over_at: datetime | None) -> tuple[Screened, ...]:
    """The screens of a call out of its hops; `over_at`: when the provider said that it was over, if it did."""
    path = [Screened(one.screen, _seconds(one.at, two.at)) for one, two in pairwise(hops)]
    return (*path, Screened(hops[-1].screen, _seconds(hops[-1].at, over_at) if over_at else None)) if hops else ()


def _seconds(since: datetime, until: datetime) -> float:
    return max(round((until - since).total_seconds(), 1), 0.0)


def keep(db: Connection, calls: Sequence[int]) -> None:
    """Keep what may be kept of these calls, which are over, and count their screens; once for each call."""
    if not calls:
        return
    rows = db.execute(_CALLS, {"ids": list(calls)}).all()
    hops: dict[int, list[Any]] = defaultdict(list)
    for hop in db.execute(_HOPS, {"ids": list(calls)}):
        hops[hop.dialogue].append(hop)
    zones = {row.id: row.timezone for row in db.execute(_PROGRAMMES)}
    whose = _whose(db, rows, list(zones))
    made = [_past(row, hops[row.id], *whose[row.id]) for row in rows if row.id in whose and hops[row.id]]
    if made:
        db.execute(past_call_table.insert(), made)
        db.execute(_COUNT, _counts(made, zones))


def _whose(db: Connection, rows: Sequence[Any], known: Sequence[int]) -> dict[int, tuple[int, int | None]]:
    """The programme and the member of each call: who gave her PIN, else the first on the number.

    A number that is nobody's is counted where there is one programme only.
    """
    proved = {row.id: json.loads(row.state)["member"] for row in rows if row.state}
    people = {
        row.id: row.programme
        for row in db.execute(_PEOPLE, {"ids": sorted({each for each in proved.values() if each})})
    }
    phones = {row.number: (row.programme, row.id) for row in db.execute(_PHONES, {"numbers": [r.number for r in rows]})}
    found: dict[int, tuple[int, int | None]] = {}
    for row in rows:
        member = proved.get(row.id)
        if member in people:
            found[row.id] = people[member], member
        elif row.number in phones:
            found[row.id] = phones[row.number]
        elif len(known) == 1:
            found[row.id] = known[0], None
    return found


def _past(row: Any, hops: Sequence[Any], programme: int, member: int | None) -> dict[str, Any]:
    last = hops[-1]
    # One that fell silent was never told to be over: how long somebody looked at its last screen is not known.
    told = None if last.ends or row.status == "Lapsed" else row.ended_at
    return {
        "programme": programme,
        "member": member,
        "provider": row.provider,
        "number": row.number,
        "started_at": row.started_at,
        "seconds": int((row.last_at - row.started_at).total_seconds()),
        "screen": last.screen,
        "ended": last.ends,
        "status": row.status or "",
        "path": json.dumps([[each.screen, each.seconds] for each in screens(hops, told)]),
    }


def _counts(made: Sequence[Mapping[str, Any]], zones: Mapping[int, str]) -> list[dict[str, Any]]:
    counted: Counter[tuple[int, date, str, int]] = Counter()
    for call in made:
        on = programmes.day(call["started_at"], zones[call["programme"]])
        *path, last = json.loads(call["path"])
        for screen, seconds in path:
            counted[call["programme"], on, screen, _step(seconds)] += 1
        counted[call["programme"], on, last[0], OVER if call["ended"] else LEFT] += 1
    return [
        {"programme": programme, "on": on, "screen": screen, "took": took, "times": times}
        for (programme, on, screen, took), times in sorted(counted.items())
    ]


def _step(seconds: float) -> int:
    return next((step for step in STEPS if seconds <= step), STEPS[-1])


_OLD = (
    select(past_call_table.c.id).where(past_call_table.c.started_at <= bindparam("before", type_=Instant)).limit(SOME)
)
_FORGET = past_call_table.delete().where(past_call_table.c.id.in_(_OLD))
_UNCOUNT = screen_use_table.delete().where(screen_use_table.c.on < bindparam("first", type_=Date))


def forget(db: Connection, now: datetime) -> None:
    """Drop some of the calls that were kept long enough, and the counts of days that are long past."""
    db.execute(_FORGET, {"before": now - KEPT})
    db.execute(_UNCOUNT, {"first": (now - COUNTED).date()})


# What people look at.

_SHOWN = (
    select(past_call_table, member_table.c.name_bn, member_table.c.name_latn, member_table.c.code)
    .outerjoin(member_table, member_table.c.id == past_call_table.c.member)
    .where(past_call_table.c.programme == bindparam("programme"))
)
_in_groups = member_table.c.group.in_(bindparam("groups", expanding=True))
_BEFORE = (
    _SHOWN.where(past_call_table.c.id < bindparam("before"))
    .order_by(past_call_table.c.id.desc())
    .limit(bindparam("most"))
)
_PAGES = {False: _BEFORE, True: _BEFORE.where(_in_groups)}
_BY_ID = _SHOWN.where(past_call_table.c.id == bindparam("id"))
_BY_IDS = {False: _BY_ID, True: _BY_ID.where(_in_groups)}
_USES = (
    select(screen_use_table.c.screen, screen_use_table.c.took, func.sum(screen_use_table.c.times).label("times"))
    .where(
        screen_use_table.c.programme == bindparam("programme"),
        screen_use_table.c.on.between(bindparam("first", type_=Date), bindparam("last", type_=Date)),
    )
    .group_by(screen_use_table.c.screen, screen_use_table.c.took)
)


def _call(row: Any) -> PastCall:
    path = tuple(Screened(*each) for each in json.loads(row.path))
    known = names(row) if row.code else None
    return PastCall(
        row.id, row.member, known, row.code, row.number, row.provider, row.started_at, row.seconds, row.screen,
        row.ended, row.status, path,
    )  # fmt: skip


def _values(programme: int, groups: Sequence[int] | None) -> dict[str, Any]:
    return {"programme": programme} | ({} if groups is None else {"groups": list(groups)})


def page(db: Connection, programme: int, groups: Sequence[int] | None, before: int, most: int) -> list[PastCall]:
    """Up to `most` calls of a programme, or of members of some groups, the newest first, before one."""
    values = _values(programme, groups) | {"before": before, "most": most}
    return [_call(row) for row in db.execute(_PAGES[groups is not None], values)]


def get(db: Connection, programme: int, groups: Sequence[int] | None, call: int) -> PastCall | None:
    """One call, if it is kept and theirs."""
    values = _values(programme, groups) | {"id": call}
    row = db.execute(_BY_IDS[groups is not None], values).one_or_none()
    return _call(row) if row else None


def uses(db: Connection, programme: int, first: date, last: date) -> dict[str, Use]:
    """How each screen was used in some days (both ends included)."""
    times: dict[str, Counter[int]] = defaultdict(Counter)
    for row in db.execute(_USES, {"programme": programme, "first": first, "last": last}):
        times[row.screen][row.took] = int(row.times)
    return {screen: Use(some.total(), some[LEFT], _median(some)) for screen, some in times.items()}


def _median(some: Mapping[int, int]) -> int | None:
    """The middle one of the seconds, as the step that it lies under."""
    answered = sorted((took, count) for took, count in some.items() if took > 0)
    return _middle(answered)


def _middle(answered: Iterable[tuple[int, int]]) -> int | None:
    rows = list(answered)
    half, passed = sum(count for _, count in rows) / 2, 0
    for took, count in rows:
        passed += count
        if passed >= half:
            return took
    return None
