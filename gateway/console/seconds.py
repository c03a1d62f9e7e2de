"""The second person: what one of the office asks for and another one must say yes to before it is done.

`KINDS` is the table: how a kind is called, which roles may say yes, and the verb that carries it out, in the
transaction of the yes. A kind without a verb cannot be asked for yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update

from gateway.console import bulk
from gateway.console import limits
from gateway.console import pin_resets
from gateway.console import undoing
from gateway.console.operators import Operator
from gateway.console.operators import Scope
from gateway.console.second import Second
from gateway.console.tables import ADMIN
from gateway.console.tables import BULK_SEND
from gateway.console.tables import EXPIRED
from gateway.console.tables import KEEPER
from gateway.console.tables import LIMIT
from gateway.console.tables import NO
from gateway.console.tables import OFFICER
from gateway.console.tables import PIN_RESET
from gateway.console.tables import REVERSAL
from gateway.console.tables import WAITING
from gateway.console.tables import YES
from gateway.console.tables import operator_table
from gateway.console.tables import second_table
from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.pins import Peppers
from ledger.tables import Instant
from ledger.tables import insert_new
from locales import Phrase
from locales import phrase

WAITS = timedelta(days=7)
MOST = 1000
"""Up to so many are counted."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: what it is called, who may say yes, and what is done then (None: nobody asks for it yet).

    The verb is given the connection, the request and the origin; a `keyed` one also the keys with which PINs are kept.
    `page` shows what it is about, by its inputs. `covers` says whether a request about several groups is of a scope;
    without it one that is of no single group and of no hub is for who works on the whole programme.
    """

    called: Phrase
    deciders: frozenset[str]
    verb: Callable[..., None] | None = None
    keyed: bool = False
    page: str = ""
    covers: Callable[[Connection, Scope, Second], bool] | None = None


KINDS: Mapping[str, Kind] = {
    REVERSAL: Kind(phrase("Undo an entry"), frozenset({ADMIN, OFFICER, KEEPER}), undoing.carry_out),
    PIN_RESET: Kind(phrase("A new PIN"), frozenset({ADMIN, OFFICER}), pin_resets.carry_out, keyed=True),
    BULK_SEND: Kind(
        phrase("Send to many"), frozenset({ADMIN, OFFICER}), bulk.send, page="broadcast", covers=bulk.covers
    ),
    LIMIT: Kind(phrase("Change a limit"), frozenset({ADMIN, KEEPER}), limits.change),
}
"""Every kind; the verbs come with the pages that ask."""

_SECOND = select(second_table, operator_table.c.display.label("asker")).join(
    operator_table, operator_table.c.id == second_table.c.asked_by
)
_ONE = _SECOND.where(second_table.c.id == bindparam("id"), second_table.c.programme == bindparam("programme"))
_OF_OPERATION = _SECOND.where(second_table.c.operation == bindparam("operation"))
_OPEN = _SECOND.where(
    second_table.c.programme == bindparam("programme"),
    second_table.c.pending == 1,
    second_table.c.until > bindparam("now", type_=Instant),
    second_table.c.id > bindparam("after"),
    second_table.c.kind.in_(bindparam("kinds", expanding=True)),
)
_PAGE = _OPEN.order_by(second_table.c.id).limit(bindparam("most"))
_PAGE_IN = (
    _OPEN.where(
        or_(
            second_table.c.group.in_(bindparam("groups", expanding=True)),
            and_(second_table.c.group.is_(None), second_table.c.kind.in_(bindparam("wide", expanding=True))),
        ),
        second_table.c.hub.is_(None),
    )
    .order_by(second_table.c.id)
    .limit(bindparam("most"))
)
_PAGE_AT = _OPEN.where(second_table.c.hub == bindparam("hub")).order_by(second_table.c.id).limit(bindparam("most"))
_LAPSE = (
    update(second_table)
    .where(
        second_table.c.programme == bindparam("b_programme"),
        second_table.c.kind == bindparam("b_kind"),
        second_table.c.subject == bindparam("b_subject"),
        second_table.c.pending == 1,
        second_table.c.until <= bindparam("now", type_=Instant),
    )
    .values(state=EXPIRED, pending=None)
)
_NEW = insert_new(second_table)
_SAME = select(func.count()).where(
    second_table.c.programme == bindparam("programme"),
    second_table.c.kind == bindparam("kind"),
    second_table.c.subject == bindparam("subject"),
    second_table.c.pending == 1,
)
_DECIDE = (
    update(second_table)
    .where(second_table.c.id == bindparam("b_id"), second_table.c.pending == 1)
    .values(
        state=bindparam("b_state"),
        pending=None,
        decided_by=bindparam("who"),
        decided_at=bindparam("now", type_=Instant),
        answer=bindparam("b_answer"),
    )
)


def _second(row: Any) -> Second:
    columns = {name: getattr(row, name) for name in Second.__slots__ if name != "inputs"}
    return Second(**columns, inputs=json.loads(row.inputs))


def ask(
    db: Connection,
    who: Operator,
    kind: str,
    subject: str,
    summary: str,
    origin: Origin,
    *,
    reason: str = "",
    group: int | None = None,
    hub: int | None = None,
    **inputs: Any,
) -> Second:
    """Ask for something; the same operation again gives the same request. Refused: a second one about its subject.

    ValueError (our mistake) for a kind without a verb: its yes would do nothing.
    """
    if KINDS[kind].verb is None:
        raise ValueError(f"nothing carries out {kind}")
    if row := db.execute(_OF_OPERATION, {"operation": origin.operation}).one_or_none():
        return _second(row)
    about: dict[str, Any] = {"programme": who.programme, "kind": kind, "subject": subject}
    db.execute(_LAPSE, {f"b_{name}": value for name, value in about.items()} | {"now": origin.at})
    if db.execute(_SAME, about).scalar_one():
        raise NotAllowed("second-pending", kind=kind)
    values = about | {
        "group": group,
        "hub": hub,
        "summary": summary,
        "reason": reason,
        "inputs": json.dumps(inputs, sort_keys=True),
        "asked_by": who.id,
        "asked_at": origin.at,
        "until": origin.at + WAITS,
        "state": WAITING,
        "pending": 1,
        "answer": "",
        "operation": origin.operation,
    }
    if db.execute(_NEW[db.dialect.name].returning(second_table.c.id), values).first() is None:
        raise NotAllowed("second-pending", kind=kind)  # somebody else asked at the same time
    return _second(db.execute(_OF_OPERATION, {"operation": origin.operation}).one())


def get(db: Connection, scope: Scope, second: int) -> Second:
    """A request of a scope; NotFound when there is none."""
    row = db.execute(_ONE, {"id": second, "programme": scope.programme}).one_or_none()
    found = _second(row) if row is not None else None
    if found is None or not _within(db, scope, found):
        raise NotFound("unknown-second", second=second)
    return found


def _within(db: Connection, scope: Scope, found: Second) -> bool:
    """Whether a request is of a scope: a hub's alone for its keeper, only what is her groups' for an officer."""
    if scope.hub is not None:
        return found.hub == scope.hub
    if scope.groups is None:
        return True
    if found.hub is not None:
        return False
    if found.group is not None:
        return found.group in scope.groups
    covers = KINDS[found.kind].covers
    return covers is not None and covers(db, scope, found)


def may_decide(who: Operator, found: Second) -> bool:
    """Whether somebody may speak to a request: her role may, and she is not who asked."""
    return who.role in KINDS[found.kind].deciders and who.id != found.asked_by


def waiting(db: Connection, scope: Scope, role: str, now: datetime, after: int = 0, most: int = MOST) -> list[Second]:
    """Up to `most` requests of a scope that wait, of the kinds that a role decides (an auditor: all), oldest first."""
    decided = [name for name, kind in KINDS.items() if role in kind.deciders] or list(KINDS)
    values = {"programme": scope.programme, "now": now, "after": after, "most": most, "kinds": decided}
    if scope.hub is not None:
        return [_second(row) for row in db.execute(_PAGE_AT, values | {"hub": scope.hub})]
    if scope.groups is None:
        return [_second(row) for row in db.execute(_PAGE, values)]
    wide = [name for name in decided if KINDS[name].covers is not None]
    return _of_groups(db, scope, values | {"groups": list(scope.groups), "wide": wide}, most)


def _of_groups(db: Connection, scope: Scope, values: Mapping[str, Any], most: int) -> list[Second]:
    """The same for an officer: what is about several groups is hers only if all of them are."""
    found, after = list[Second](), values["after"]
    while True:
        some = [_second(row) for row in db.execute(_PAGE_IN, {**values, "after": after})]
        found += [each for each in some if _within(db, scope, each)]
        if len(some) < most or len(found) >= most:
            return found[:most]
        after = some[-1].id


def decide(
    db: Connection,
    who: Operator,
    found: Second,
    yes: bool,
    reason: str,
    origin: Origin,
    peppers: Peppers | None = None,
) -> str:
    """Say yes or no; a yes carries it out in the same transaction. The state it has then.

    `peppers` for what may be a new PIN.

    Refused: by who asked or whose role does not decide it, when it is over, a no without a reason.
    """
    if not may_decide(who, found):
        raise NotAllowed("second-not-yours", second=found.id)
    if not yes and not reason:
        raise NotAllowed("reason-needed")
    if found.at(origin.at) != WAITING:
        raise NotAllowed("second-over", second=found.id)
    state = YES if yes else NO
    values = {"b_id": found.id, "b_state": state, "who": who.id, "now": origin.at, "b_answer": reason}
    if db.execute(_DECIDE, values).rowcount != 1:
        raise NotAllowed("second-over", second=found.id)
    kind = KINDS[found.kind]
    if yes and kind.verb is not None:
        kind.verb(db, found, origin, *([peppers] if kind.keyed else []))
    return state
