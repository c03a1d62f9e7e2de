"""An import of new members: some rows of the sheet in each step, each row held against who is a member by then.

A row that was bad, or is a member already, is told and left; all others are registered. A member's PIN is drawn and
told to nobody: where that was wished for, a code with which she chooses one goes to her number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway import imports
from gateway.chance import draw_code
from gateway.imports import Said
from gateway.joining import registration
from gateway.members_check import OPTIONAL
from gateway.members_check import REQUIRED
from gateway.members_check import Finding
from gateway.members_check import Newcomer
from gateway.members_check import check
from gateway.members_roll import known
from gateway.runtime import Runtime
from gateway.tasks import life
from gateway.tasks.life import Stepped
from gateway.tasks.life import Task
from ledger import facts
from ledger import membership
from ledger import pins
from ledger import programmes
from ledger.books import Origin
from ledger.errors import LedgerError
from ledger.programmes import Programme

KIND = "import"

ROWS = 20
"""Rows of a step: a writer that is not in the way of calls for long."""

COLUMNS = (*REQUIRED, *OPTIONAL)


def step(runtime: Runtime, db: Connection, task: Task, now: datetime) -> Stepped:
    """The next rows; `inputs`: who began it (`by`), her `groups` (null: all), the `group` chosen, `codes` by SMS."""
    programme = programmes.get(db, task.programme)
    lines = imports.parsed(life.sheet(db, task), COLUMNS, REQUIRED).lines
    begin = int(task.after or 0)
    some = lines[begin : begin + ROWS]
    groups = task.inputs["groups"]
    scope = None if groups is None else tuple(groups)
    checked = check(some, known(db, programme, scope, task.inputs["group"], some))
    told = [*checked.there, *checked.bad]
    for each in checked.new:
        told += _take_in(runtime, db, task, programme, each, now)
    end = begin + len(some)
    after = str(end) if end < len(lines) else None
    return Stepped(after, len(some), [written(each) for each in sorted(told, key=lambda each: each.row)])


def _take_in(
    runtime: Runtime, db: Connection, task: Task, programme: Programme, each: Newcomer, now: datetime
) -> Sequence[Finding]:
    """Make the one of a row a member; what the books refuse is told."""
    operation = f"{task.operation}:{each.row}"
    on = programmes.day(now, programme.timezone)
    origin = Origin(operation, f"officer:{task.inputs['by']}", "console", now, on, draw_code)
    code = each.code or str(membership.free_code(db))
    numbers = [each.number] if each.number else []
    more: dict[str, Any] = {"group": each.group, "role": each.role, "language": each.language}
    who, _ = registration(runtime.peppers, programme, code, each.names, numbers, **more)
    try:
        with facts.attempt(db):
            made = membership.join(db, programme.id, who, origin)
    except LedgerError:
        return [Finding(each.row, Said("somebody has the code {code} already, or had it", code=code))]
    if task.inputs["codes"] and numbers:
        pins.reset(db, runtime.peppers, made.id, now)
    return []


def written(found: Finding) -> dict[str, Any]:
    """A finding as a task keeps it: the template and the values, for any language."""
    return {"row": found.row, "said": found.text.template, "values": dict(found.text.values)}
