"""Operations: how the installation does, and letting a stopped provider send again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from gateway import operations
from gateway import outbox
from gateway import standing
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.outbox import State
from locales import Phrase
from locales import phrase

READERS = frozenset({ADMIN, AUDITOR})

STATES: Mapping[str, Phrase] = {
    State.QUEUED: phrase("waiting"),
    State.SENDING: phrase("being sent"),
    State.UNSURE: phrase("in doubt"),
    State.ACCEPTED: phrase("taken by the provider"),
    State.SENT: phrase("on its way"),
    State.BUFFERED: phrase("waits for the phone"),
    State.UNKNOWN: phrase("nobody knows"),
    State.FAILED: phrase("failed"),
    State.EXPIRED: phrase("the phone could not be reached in time"),
    State.DELIVERED: phrase("delivered"),
    State.DROPPED: phrase("not sent"),
}
"""The states of a message, in the order in which it goes through them."""

JOBS: Mapping[str, Phrase] = {
    "forget": phrase("forgets calls that are over"),
    "later": phrase("sends what had to wait"),
    "blank": phrase("blanks old messages"),
    "lapse": phrase("ends requests whose time is up"),
    "remind": phrase("reminds"),
    "count": phrase("counts the figures of the months"),
}
"""What the clock does; a job without words is shown by its name."""

CHOOSE = phrase("Choose a provider that is stopped.")

MEGA = 1_000_000


def show(db: Connection, visit: Visit) -> Shown:
    """Queue, providers, clock, workers, tasks, database, backup, the last check of the books."""
    seen = operations.look(db, visit.runtime, visit.now)
    counted = outbox.by_state(db, visit.operator.programme, visit.now - timedelta(days=1))
    values = {
        "seen": seen,
        "now": visit.now,
        "states": [(said, counted[state]) for state, said in STATES.items() if state in counted],
        "jobs": JOBS,
        "mega": -(-seen.octets // MEGA),
        "stopped": [each.provider for each in seen.providers if each.stopped(visit.now)],
        "overdue": seen.overdue(visit.now),
        "late": {tick.job for tick in seen.late(visit.now)},
    }
    return Shown("operations.html", values)


def resume(db: Connection, visit: Visit) -> Done:
    """Let a stopped provider send again at once."""
    name = visit.typed.get("provider", "")
    known = standing.read(db, visit.runtime.settings.sms_providers, visit.now)
    if name not in known or not known[name].stopped(visit.now):
        raise Mistaken(CHOOSE, "provider")
    standing.resume(db, name)
    return Done("operations", act="provider.resumed", about=name, said="resumed")
