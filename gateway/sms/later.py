"""What time alone does to messages: silence becomes `unknown`, an unsure receipt goes once more, old texts go."""

from __future__ import annotations

from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection

from gateway import outbox
from gateway.backend import JOB
from gateway.notices.shape import REPEAT
from gateway.outbox import Unsure
from gateway.runtime import Runtime
from gateway.sms.policy import MARKED
from gateway.sms.policy import REPORT_WAIT
from locales import words
from locales.alphabet import measure

SILENCE = timedelta(hours=72)
"""How long a message may be on its way without a word; then nobody knows, and it is never shown as failed."""

BATCH = 1000
"""Messages in one transaction: on SQLite nobody else writes meanwhile."""


def pass_time(runtime: Runtime, now: datetime) -> None:
    """Let silence speak, and send once more what waited for a delivery report in vain."""
    while _fall_silent(runtime, now) == BATCH:
        pass
    while _repeat(runtime, now) == BATCH:
        pass


def _fall_silent(runtime: Runtime, now: datetime) -> int:
    with runtime.database.writing(JOB) as db:
        return outbox.fall_silent(db, now - SILENCE, now, BATCH)


def _repeat(runtime: Runtime, now: datetime) -> int:
    with runtime.database.writing(JOB) as db:
        unsure = outbox.unsure(db, MARKED, now - REPORT_WAIT, now, BATCH)
        queued = [each.message for each in unsure if _repeated(db, runtime, each, now)]
    if queued:
        runtime.jobs.wake(queued)
    return len(queued)


def _repeated(db: Connection, runtime: Runtime, unsure: Unsure, now: datetime) -> bool:
    text = words(unsure.language, domain="sms").say(REPEAT, text=unsure.text)
    if runtime.dlt.registered(unsure.number, unsure.template, unsure.language, text) is None:
        # Where only registered texts may go, one with a mark may not.
        return False
    size = measure(text)
    return outbox.repeat(db, unsure.message, text, (size.encoding, size.units, size.parts), now)


def blank(runtime: Runtime, now: datetime) -> int:
    """Blank the text and the number of messages as old as the settings say; their counts and costs stay. How many."""
    before, blanked = now - timedelta(days=runtime.settings.sms_keep_days), 0
    while True:
        with runtime.database.writing(JOB) as db:
            some = outbox.blank(db, before, BATCH)
        blanked += some
        if some < BATCH:
            return blanked
