"""What a person decides about a message in doubt: it arrived, it goes once more, it stays in doubt."""

from __future__ import annotations

from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection

from gateway import outbox
from gateway.notices.shape import REPEAT
from gateway.outbox import State
from gateway.outbox import Whole
from gateway.runtime import Runtime
from gateway.sms.policy import Again
from gateway.sms.policy import may_go_again
from ledger.errors import NotAllowed
from locales import words
from locales.alphabet import measure

OFFICE = "office"
"""The reason of a message whose state a person said."""

LEFT = "left"
"""The reason of one that a person left in doubt."""

USE = timedelta(hours=24)
"""How long what goes again is worth sending."""


def may_arrive(message: Whole) -> bool:
    """Whether somebody may say that a message arrived."""
    return message.state in (State.UNSURE, State.UNKNOWN)


def may_go(message: Whole, now: datetime) -> bool:
    """Whether a message in doubt may go once more: never a code, and a reminder only while it is of use."""
    again = may_go_again(message.purpose)
    kept = message.text is not None and message.number is not None
    useful = message.expires_at > now or again is Again.MARKED
    return message.state == State.UNSURE and kept and useful and again is not Again.NEVER


def arrived(db: Connection, message: Whole, now: datetime) -> None:
    """Somebody knows that it arrived; refused when it has moved on meanwhile."""
    _moved(outbox.close(db, message.id, State.DELIVERED, OFFICE, now), message)


def leave(db: Connection, message: Whole, now: datetime) -> None:
    """Nobody will know: it waits for no decision any more; refused when it has moved on meanwhile."""
    _moved(message.state == State.UNSURE and outbox.close(db, message.id, State.UNKNOWN, LEFT, now), message)


def again(db: Connection, runtime: Runtime, message: Whole, now: datetime) -> None:
    """Send it once more, a receipt marked as a repeat; refused when it may not go, or has moved on meanwhile."""
    if not may_go(message, now):
        raise NotAllowed("message-not-again", message=message.id)
    text = _text(runtime, message)
    size = measure(text)
    left = max(message.expires_at - now, USE) if may_go_again(message.purpose) is Again.MARKED else None
    use = left or message.expires_at - now
    _moved(outbox.send_again(db, message.id, text, (size.encoding, size.units, size.parts), use, now), message)


def _text(runtime: Runtime, message: Whole) -> str:
    """Its text as it goes again: marked where a copy would be counted twice and the register lets it."""
    plain, number = message.text or "", message.number or ""
    if may_go_again(message.purpose) is not Again.MARKED:
        return plain
    said = words(message.language, domain="sms")
    marked = said.say(REPEAT, text=plain)
    before = said.say(REPEAT, text="")
    allowed = runtime.dlt.registered(number, message.template, message.language, marked) is not None
    return marked if allowed and not plain.startswith(before.strip()) else plain


def _moved(moved: bool, message: Whole) -> None:
    if not moved:
        raise NotAllowed("message-moved", message=message.id)
