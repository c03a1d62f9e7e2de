"""Filling the tables that reports read: sums of months, indicators of months, messages of months; by the clock.

Whatever was left undone is done the next time, and nothing is counted twice: the tables say themselves how far they go.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from datetime import datetime
from time import monotonic
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.backend import JOB
from gateway.outbox import by_month
from gateway.runtime import Runtime
from ledger import month_figures
from ledger import months
from ledger import programmes
from ledger.programmes import Programme

ENTRIES = 2_000
"""Entries that are counted in one transaction, so that calls need not wait long for it."""

GROUPS = 10
"""Groups that are looked for in one go."""

LONG = 15.0
"""Seconds after which a round begins nothing more: the clock has other things to start, too."""


def count(runtime: Runtime, now: datetime, most: float = LONG) -> None:
    """Count what is not counted yet, some in a transaction, for so many seconds; the rest waits for the next time."""
    until = monotonic() + most
    count_sums(runtime, until)
    with runtime.database.reading(JOB) as db:
        every = programmes.every(db)
    for programme in every:
        count_messages(runtime, programme, now)
        count_figures(runtime, programme, now, until)


def count_sums(runtime: Runtime, until: float) -> None:
    """Catch the sums of the months up with the books."""
    done = ENTRIES
    while done and monotonic() < until:
        with runtime.database.writing(JOB) as db:
            done = months.catch_up(db, ENTRIES)


def count_figures(runtime: Runtime, programme: Programme, now: datetime, until: float) -> None:
    """Work out the indicators of groups whose months may have changed: read first, then written in a short moment."""
    today = programmes.day(now, programme.timezone)
    while monotonic() < until:
        with runtime.database.reading(JOB) as db:
            found = month_figures.stale(db, programme.id, today, GROUPS)
            rows = [month_figures.work_out(db, each, today) for each in found]
        if found:
            with runtime.database.writing(JOB) as db:
                for each, worked_out in zip(found, rows, strict=True):
                    month_figures.keep(db, each, worked_out, today, now)
        if len(found) < GROUPS:
            return


def count_messages(runtime: Runtime, programme: Programme, now: datetime) -> None:
    """Count the messages of the months that may still change, or were never counted."""
    today = programmes.day(now, programme.timezone)
    with runtime.database.reading(JOB) as db:
        todo = list(_uncounted(db, programme, today))
    for month in todo:
        with runtime.database.reading(JOB) as db:
            rows = by_month.tally(db, programme.id, month, *_moments(month, programme.timezone))
        with runtime.database.writing(JOB) as db:
            by_month.keep(db, programme.id, month, rows, now)


def _uncounted(db: Connection, programme: Programme, today: date) -> Iterator[int]:
    last = months.month_of(today)
    oldest = by_month.oldest(db, programme.id)
    if oldest is None:
        return
    counted, changing = by_month.counted(db, programme.id), months.after(last, -by_month.FINAL)
    for month in months.between(months.month_of(programmes.day(oldest, programme.timezone)), last):
        if month >= changing or month not in counted:
            yield month


def _moments(month: int, timezone: str) -> tuple[datetime, datetime]:
    """The first moment of a month, and the first after it."""
    zone = ZoneInfo(timezone)
    first, until = (
        datetime.combine(months.first_day(each), datetime.min.time(), zone) for each in (month, months.after(month))
    )
    return first, until
