"""What was heard of one message: the delivery reports of its attempts, and those that may be its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import exists
from sqlalchemy import select

from gateway.outbox import Tried
from gateway.outbox import attempt_table
from gateway.sms.receipts import mark
from gateway.sms.receipts import report_table
from ledger.tables import Instant

LATE = timedelta(days=3)
"""How long after the last attempt a report that has nobody's id may still be this message's."""

MOST = 50


@dataclass(frozen=True, slots=True)
class Heard:
    """A delivery report as it came; `own` is one with the id of an attempt, else it only names the same phone."""

    id: int
    received_at: datetime
    provider: str
    provider_id: str
    status: str
    word: str
    reason: str
    own: bool


_COLUMNS = [report_table.c[name] for name in Heard.__slots__ if name != "own"]
_OWN = (
    select(*_COLUMNS)
    .where(report_table.c.provider_id.in_(bindparam("ids", expanding=True)))
    .order_by(report_table.c.received_at, report_table.c.id)
    .limit(MOST)
)
_MAYBE = (
    select(*_COLUMNS)
    .where(
        report_table.c.who == bindparam("who"),
        report_table.c.received_at >= bindparam("since", type_=Instant),
        report_table.c.received_at <= bindparam("until", type_=Instant),
        ~exists()
        .where(attempt_table.c.provider_id == report_table.c.provider_id)
        .where(attempt_table.c.provider == report_table.c.provider),
    )
    .order_by(report_table.c.received_at, report_table.c.id)
    .limit(MOST)
)


def heard(db: Connection, attempts: Sequence[Tried], number: str | None, secret: str) -> list[Heard]:
    """The reports of a message's attempts, then those about its phone that are nobody's; none without the number."""
    ids = {(each.provider_id, each.provider) for each in attempts if each.provider_id}
    own = db.execute(_OWN, {"ids": sorted({id_ for id_, _ in ids})}).all() if ids else []
    found = [Heard(**row._mapping, own=True) for row in own if (row.provider_id, row.provider) in ids]
    if number is None or not attempts:
        return found
    since, until = attempts[0].started_at, attempts[-1].started_at + LATE
    maybe = db.execute(_MAYBE, {"who": mark(secret, number), "since": since, "until": until})
    return found + [Heard(**row._mapping, own=False) for row in maybe]
