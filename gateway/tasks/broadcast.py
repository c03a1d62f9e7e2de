"""A step of a broadcast: some of its audience are written their message, each phone once."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway import outbox
from gateway.notices import template
from gateway.outbox import Draft
from gateway.runtime import Runtime
from gateway.sms import audience
from gateway.sms import broadcasts
from gateway.sms.audience import Receiver
from gateway.sms.broadcasts import Broadcast
from gateway.tasks.life import Stepped
from gateway.tasks.life import Task
from ledger import programmes
from locales.alphabet import measure

KIND = "broadcast"

SOME = 50
"""Members that one step looks at."""


def step(runtime: Runtime, db: Connection, task: Task, now: datetime) -> Stepped:
    """Write the messages of the next members; who has no number, wants no SMS or had it on her phone gets none."""
    of = broadcasts.locked(db, task.programme, task.inputs["broadcast"])
    if of.state == broadcasts.STOPPED:
        return Stepped(None, 0)
    found = audience.some(db, of.audience, int(task.after or 0), SOME)
    timezone = programmes.get(db, of.programme).timezone
    due = broadcasts.due(of, timezone, now)
    for each, number in _to_write(db, runtime, of, found):
        outbox.queue(db, _draft(of, each, number, timezone, due), now)
    return Stepped(str(found[-1].member) if len(found) == SOME else None, len(found))


def _to_write(
    db: Connection, runtime: Runtime, of: Broadcast, found: Sequence[Receiver]
) -> Iterator[tuple[Receiver, str]]:
    wanting = [(each, each.number) for each in found if each.number is not None and not each.stopped]
    had = outbox.reached(db, of.messages(), [number for _, number in wanting]) if wanting else set()
    for each, number in wanting:
        if number not in had and broadcasts.header(runtime.dlt, of, each.language, number) is not None:
            had.add(number)
            yield each, number


def _draft(of: Broadcast, to: Receiver, number: str, timezone: str, due: datetime) -> Draft:
    text = of.text(to.language)
    size = measure(text)
    return Draft(
        once_key=of.once_key(to.member),
        purpose=broadcasts.PURPOSE,
        programme=of.programme,
        member=to.member,
        number=number,
        language=of.spoken(to.language),
        text=text,
        encoding=size.encoding,
        units=size.units,
        parts=size.parts,
        due_at=due,
        expires_at=broadcasts.until(of, due),
        template=template(text),
        timezone=timezone,
    )
