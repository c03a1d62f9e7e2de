"""Messages: those of her scope, one with all that is known of it, and what she decides about one in doubt."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from datetime import datetime
from datetime import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway import outbox
from gateway.console.message_words import OUTCOMES
from gateway.console.message_words import PURPOSES
from gateway.console.message_words import REASONS
from gateway.console.message_words import STATES
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import OFFICER
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import moment_before
from gateway.console.views.listing import moment_key
from gateway.console.views.listing import paged
from gateway.console.views.looking import NO_DAY
from gateway.console.views.typed import CHOOSE
from gateway.console.views.typed import as_day
from gateway.outbox import State
from gateway.outbox import Wanted
from gateway.outbox import Whole
from gateway.outbox import troubled
from gateway.providers.contract import mask
from gateway.runtime import Runtime
from gateway.settings import Price
from gateway.sms import evidence
from gateway.sms import settling
from gateway.sms.policy import CODES
from gateway.sms.pricing import written
from ledger import members
from ledger import programmes
from locales import phrase
from locales.numerals import to_latin

READERS = frozenset({ADMIN, OFFICER, AUDITOR})
SENDERS = frozenset({ADMIN, OFFICER})
"""Who reads messages, and who may send."""

BACK = timedelta(days=31)
"""How far back the list goes; what is older is found by its day or its member."""

EVER = timedelta(days=3650)

WORDS = {"states": STATES, "reasons": REASONS, "purposes": PURPOSES, "outcomes": OUTCOMES, "codes": CODES}

NO_MEMBER = phrase("No member has this code.")


def priced(price: int, currency: str) -> str:
    """What a message cost; nothing where no price is known."""
    return written(Price(price, currency)) if currency else ""


# ---- lists ----


def every(db: Connection, visit: Visit) -> Shown:
    """The messages of her scope, the newest first, of the last weeks or of one day or member."""
    before = moment_before(visit.query, "[0-9]{1,18}")
    asked = {name: visit.query.get(name, "").strip() for name in ("state", "purpose", "provider", "day", "member")}
    wanted, wrong = _wanted(db, visit, asked)
    after = (before[0], int(before[1])) if before else None
    rows = outbox.page(db, wanted, after, PAGE + 1) if wanted else []
    more = {"asked": asked, "wrong": wrong, "providers": list(visit.runtime.providers), "priced": priced}
    return Shown("messages.html", paged(rows, lambda row: moment_key(row.created_at, row.id)) | WORDS | more)


def _wanted(db: Connection, visit: Visit, asked: Mapping[str, str]) -> tuple[Wanted | None, str]:
    """What the query asks for; or None, and what is wrong with it."""
    scope = visit.operator.scope
    if asked["state"] not in ("", *STATES) or asked["purpose"] not in ("", *PURPOSES) or len(asked["provider"]) > 24:
        raise Missing
    member = None
    if asked["member"]:
        found = members.by_code(db, to_latin(asked["member"])[:12], left=True)
        if found is None or found.programme != scope.programme:
            return None, NO_MEMBER
        member = found.id
    try:
        since, until = _span(db, visit, asked["day"], BACK if member is None else EVER)
    except ValueError:
        return None, NO_DAY
    return Wanted(
        scope.programme, scope.groups, since, until, asked["state"], asked["purpose"], asked["provider"], member
    ), ""  # fmt: skip


def _span(db: Connection, visit: Visit, day: str, back: timedelta) -> tuple[datetime, datetime]:
    """A day of the programme, or the time up to now; ValueError for what is no day."""
    if not day:
        return visit.now - back, visit.now + timedelta(minutes=1)
    on = as_day(day)
    if on is None:
        raise ValueError(day)
    timezone = ZoneInfo(programmes.get(db, visit.operator.programme).timezone)
    begins = datetime.combine(on, time(), timezone)
    return begins, begins + timedelta(days=1)


def _troubled(db: Connection, visit: Visit, which: str) -> Shown:
    before = moment_before(visit.query, "[0-9]{1,18}")
    after = (before[0], int(before[1])) if before else None
    scope = visit.operator.scope
    rows = troubled.page(db, scope.programme, scope.groups, which, visit.now, after, PAGE + 1)
    return Shown("messages_troubled.html", paged(rows, lambda row: moment_key(row.changed_at, row.id)) | WORDS)


def unsure(db: Connection, visit: Visit) -> Shown:
    """The messages of which nobody knows whether they arrived."""
    return _troubled(db, visit, troubled.UNSURE)


def failed(db: Connection, visit: Visit) -> Shown:
    """The messages of the last days that did not arrive."""
    return _troubled(db, visit, troubled.FAILED)


# ---- one ----


def _found(db: Connection, visit: Visit) -> Whole:
    """The message in the address; Missing unless it is for a member of her scope."""
    scope = visit.operator.scope
    found = outbox.whole(db, scope.programme, visit.args["message"])
    if found is None or (scope.groups is not None and found.group not in scope.groups):
        raise Missing
    return found


def one(db: Connection, visit: Visit) -> Shown:
    """A message, its attempts, what was heard of it, and the decision about it where it is in doubt."""
    found = _found(db, visit)
    tried = outbox.attempts(db, found.id)
    heard = evidence.heard(db, tried, found.number, visit.runtime.settings.secret_key)
    sees = visit.operator.role in SENDERS
    values = {
        "message": found,
        "number": (found.number if sees else mask(found.number)) if found.number else "",
        "tried": tried,
        "heard": heard,
        "price": priced(found.price, found.currency),
        "may_arrive": settling.may_arrive(found),
        "may_go": settling.may_go(found, visit.now),
        "may_leave": found.state == State.UNSURE,
        "moves": found.state not in (State.DELIVERED, State.DROPPED, State.FAILED, State.EXPIRED, State.UNKNOWN),
    }
    return Shown("message.html", values | WORDS)


def _arrived(db: Connection, runtime: Runtime, message: Whole, now: datetime) -> None:
    settling.arrived(db, message, now)


def _leave(db: Connection, runtime: Runtime, message: Whole, now: datetime) -> None:
    settling.leave(db, message, now)


DEEDS: Mapping[str, tuple[Callable[[Connection, Runtime, Whole, datetime], None], str]] = {
    "arrived": (_arrived, "message.arrived"),
    "again": (settling.again, "message.again"),
    "leave": (_leave, "message.left"),
}
"""What somebody decides about a message in doubt, and how the trail calls it."""


def decide(db: Connection, visit: Visit) -> Done:
    """Carry out one of `DEEDS`."""
    found, chosen = _found(db, visit), DEEDS.get(visit.typed.get("deed", ""))
    if chosen is None:
        raise Mistaken(CHOOSE, "deed")
    do, act = chosen
    do(db, visit.runtime, found, visit.now)
    args: dict[str, Any] = {"message": found.id}
    return Done("message", args, act, f"{found.purpose} {found.id}", found.code, said=act)
