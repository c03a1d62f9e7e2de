"""Calls that were made: by one of the demonstration's phones, running, over, or over for so long that they are kept."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime
from datetime import timedelta

from sqlalchemy import select

from gateway import dialogues
from gateway import handset
from gateway import past_calls
from gateway.dialogues import dialogue_table
from gateway.past_calls import past_call_table
from gateway.runtime import Runtime
from gateway.transaction import reading

RAHIMA, AYESHA = "+8801711000001", "+8801711000002"


def dial(runtime: Runtime, keys: str = "1 52907 3 1", number: str = RAHIMA) -> int:
    """Make a call with these keys: its number while it is known as a whole."""
    handset.dial(runtime, runtime.settings.ussd_code, number, iter(keys.split()), lambda _: None)
    with reading(runtime) as db:
        found = (
            select(dialogue_table.c.id).where(dialogue_table.c.number == number).order_by(dialogue_table.c.id.desc())
        )
        return int(db.execute(found).scalars().first() or 0)


def pass_time(runtime: Runtime, minutes: int = 50) -> int:
    """What the clock does some minutes later: the number of the newest call that is kept."""
    with runtime.database.writing() as db:
        dialogues.forget(db, datetime.now(UTC) + timedelta(minutes=minutes), past_calls.keep)
        found = select(past_call_table.c.id).order_by(past_call_table.c.id.desc())
        return int(db.execute(found).scalars().first() or 0)


def things(runtime: Runtime) -> dict[str, object]:
    """What stands in the routes of calls: one that is kept, and one that runs."""
    dial(runtime)
    call = pass_time(runtime)
    return {"call": call, "running": dial(runtime, "1", AYESHA)}
