"""A transaction: what was recorded in it becomes messages in the same commit; then the sender is woken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime

from sqlalchemy import Connection

from gateway import telling
from gateway.backend import HOP
from gateway.runtime import Runtime
from ledger import facts


@contextmanager
def transaction(
    runtime: Runtime, *, tell: bool = True, now: datetime | None = None, patience: float = HOP
) -> Iterator[Connection]:
    """Commit on leaving, facts turned into messages; `tell=False` (imports, demo): facts go unheard."""
    with runtime.database.writing(patience) as db:
        facts.start(db)
        yield db
        happened = facts.collect(db)
        queued = telling.tell(db, happened, now or datetime.now(UTC)) if tell and happened else []
    if queued:
        runtime.jobs.wake(queued)


def reading(runtime: Runtime, *, patience: float = HOP) -> AbstractContextManager[Connection]:
    """One moment of the database to read from; a write in it fails."""
    return runtime.database.reading(patience)
