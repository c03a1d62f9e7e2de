"""Reminders: what has its day is told once, however often the clock comes by and however many clocks there are.

Each line of the timetable goes its round through a programme at its hours, page by page, and remembers how far it
came. A round that is not through by the next one, or by the evening, is given up: what is late is never made up for in
a burst.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from datetime import time
from datetime import timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import structlog

from gateway import rounds
from gateway.backend import JOB
from gateway.rounds import Trip
from gateway.runtime import Runtime
from gateway.sms.timetable import TIMETABLE
from gateway.sms.timetable import Line
from gateway.sms.timetable import Moment
from gateway.sms.timetable import Page
from gateway.telling import by_day
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import facts
from ledger import programmes
from ledger.programmes import Programme

log = structlog.get_logger(__name__)

SPELL = timedelta(seconds=50)
"""How long the clock works at it before it looks after other things; it goes on where it stopped."""

SOME = 50
"""How much is told in one transaction; on SQLite nobody else writes meanwhile."""

OFTEN = timedelta(seconds=10)
"""Between two lines in the log about a long round."""


def remind(runtime: Runtime, now: datetime, spell: timedelta = SPELL) -> None:
    """Go on with the rounds that are for now, in every programme where nobody sleeps, for about so long."""
    until = monotonic() + spell.total_seconds()
    with reading(runtime, patience=JOB) as db:
        awake = [each for each in programmes.every(db) if by_day(now, each.timezone)]
        known = rounds.every(db)
    for programme in awake:
        for line in TIMETABLE:
            if monotonic() >= until:
                return
            try:
                _go(runtime, line, programme, known.get((line.name, programme.id)), now, until)
            except Exception:
                # One line in trouble must not keep the others.
                log.exception("round failed", line=line.name, programme=programme.name)


def _opening(line: Line, programme: Programme, now: datetime) -> datetime | None:
    """When the round that is for now should begin, if there is one yet today."""
    local = now.astimezone(ZoneInfo(programme.timezone))
    hours = [hour for hour in line.hours if hour <= local.hour]
    return datetime.combine(local.date(), time(hours[-1]), local.tzinfo).astimezone(UTC) if hours else None


def _go(runtime: Runtime, line: Line, programme: Programme, known: Trip | None, now: datetime, until: float) -> None:
    opening = _opening(line, programme, now)
    if opening is None:
        return
    trip = known
    if known is None or known.began_at < opening:
        with transaction(runtime, now=now, patience=JOB) as db:
            trip = rounds.begin(db, line.name, programme.id, known, now)
    said = monotonic()
    while trip is not None and not trip.finished and monotonic() < until:
        with reading(runtime, patience=JOB) as db:
            page = line.find(db, Moment(now, programme, trip.whole_since), trip.after)
        trip = _tell(runtime, trip, page, now)
        if trip is not None and (trip.finished or monotonic() - said >= OFTEN.total_seconds()):
            said = monotonic()
            log.info(
                "reminding", line=line.name, programme=programme.name, seen=trip.seen, told=trip.told,
                finished=trip.finished,
            )  # fmt: skip


def _tell(runtime: Runtime, trip: Trip, page: Page, now: datetime) -> Trip | None:
    """Tell a page, and take the step in the same transaction as its last part; None where another clock was faster.

    Who falls in between tells the page again; each message has its once-key.
    """
    *parts, last = _parts(page.told)
    for part in parts:
        with transaction(runtime, now=now, patience=JOB) as db:
            for fact in part:
                facts.record(db, fact)
    with transaction(runtime, now=now, patience=JOB) as db:
        gone = rounds.step(db, trip, page.after, seen=page.seen, told=len(page.told))
        for fact in last if gone else ():
            facts.record(db, fact)
    return gone


def _parts(told: Sequence[facts.Told]) -> Iterator[Sequence[facts.Told]]:
    """The page in parts for one transaction each; one part at least."""
    yield from (told[start : start + SOME] for start in range(0, max(1, len(told)), SOME))
