"""Members whom an SMS did not reach, so that somebody can walk there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from gateway.outbox import message_table
from gateway.outbox.tables import LOST

PURPOSE = "undelivered"
"""What says so itself; who does not get that is not reported in turn."""

_UNREACHED = (
    select(message_table.c.member)
    .distinct()
    .where(
        LOST,
        message_table.c.changed_at > bindparam("since"),
        message_table.c.changed_at <= bindparam("until"),
        message_table.c.programme == bindparam("programme"),
        message_table.c.member > bindparam("after"),
        message_table.c.purpose != PURPOSE,
    )
    .order_by(message_table.c.member)
    .limit(bindparam("most"))
)


def unreached(db: Connection, programme: int, since: datetime, until: datetime, after: int, most: int) -> list[int]:
    """Up to `most` members of a programme to whom an SMS was lost in some time, by id, after the last page's."""
    values = {"programme": programme, "since": since, "until": until, "after": after, "most": most}
    return list(db.execute(_UNREACHED, values).scalars())
