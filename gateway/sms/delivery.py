"""Delivery: one message from the outbox to its provider, by claim, send and settle.

The provider is called between two transactions, never in one. Whatever dies in between leaves an open attempt
behind, which the sweep closes as ambiguous when its lease has run out.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from datetime import timedelta
from enum import Enum
from threading import Event
from time import monotonic

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from gateway import optouts
from gateway import outbox
from gateway import standing
from gateway.backend import JOB
from gateway.backend import contended
from gateway.outbox import Claim
from gateway.outbox import Settlement
from gateway.outbox import State
from gateway.outbox import Try
from gateway.providers.contract import Outcome
from gateway.providers.contract import SendError
from gateway.providers.contract import Sent
from gateway.providers.contract import SmsProvider
from gateway.providers.contract import mask
from gateway.runtime import Runtime
from gateway.settings import Price
from gateway.sms import receipts
from gateway.sms.choice import Going
from gateway.sms.choice import Later
from gateway.sms.choice import Never
from gateway.sms.choice import choose
from gateway.sms.policy import Again
from gateway.sms.policy import may_go_again

log = structlog.get_logger(__name__)

Dice = Callable[[], float]
"""A source of numbers from 0 up to 1."""

Pause = Callable[[float], None]
"""Waits so many seconds."""

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 3600, 7200))
"""The longest wait after each attempt that did not send; the last one repeats."""

BATCH = 100
SETTLE_WAITS = (1.0, 4.0, 15.0)
"""Seconds before each further try to write down an answer while the database is away: in all less than a lease."""

UNPRICED = Price(0, "")

LEASE_RAN_OUT = "lease-ran-out"
OUR_ERROR = "our-error"
_OURS = (LEASE_RAN_OUT, OUR_ERROR)
"""Trouble that is no provider's."""


class Done(Enum):
    """What one look at a message came to."""

    TRIED = "an attempt was made"
    LEFT = "not now, not any more, or another's"
    BUSY = "its provider has no turn left"


@dataclass(frozen=True)
class _Turn:
    """A claimed message, the provider and the sender name it goes by, and how long to wait for its turn there."""

    claim: Claim
    going: Going
    wait: timedelta


class _Busy(Exception):
    """No turn: the claim is taken back with its transaction."""


def backoff(attempts: int, dice: Dice) -> timedelta:
    """How long to wait after that many attempts: anything up to the longest wait, to spread them out."""
    return BACKOFF[min(attempts, len(BACKOFF)) - 1] * dice()


def deliver(
    runtime: Runtime, message: int, now: datetime, dice: Dice = random.random, pause: Pause = time.sleep
) -> Done:
    """Make one attempt at a message, if it may go and is nobody else's; what the provider does never raises."""
    try:
        with runtime.database.writing(JOB) as db:
            turn = _claimed(db, runtime, message, now, dice)
    except _Busy:
        return Done.BUSY
    if turn is None:
        return Done.LEFT
    began = monotonic()
    if turn.wait:
        pause(turn.wait.total_seconds())
    result = _sent(turn.going, turn.claim)
    _settle(runtime, turn.claim, result, now + timedelta(seconds=monotonic() - began), dice)
    return Done.TRIED


def sweep(
    runtime: Runtime,
    now: datetime,
    limit: int = BATCH,
    *,
    stop: Event | None = None,
    dice: Dice = random.random,
    pause: Pause = time.sleep,
) -> int:
    """Send what is due, needing no doorbell; how many messages were looked after.

    Leaves early when `stop` is set, or when a provider has no turn left.
    """
    began, seen = monotonic(), 0
    with runtime.database.reading(JOB) as db:
        lapsed, due = outbox.lapsed(db, now, limit), outbox.due(db, now, limit)
    for open_one in lapsed:
        _settle(runtime, open_one, SendError(LEASE_RAN_OUT, Outcome.AMBIGUOUS), now, dice)
    if due:
        with runtime.database.writing(JOB) as db:
            outbox.expire(db, now)
    for message in due:
        if stop is not None and stop.is_set():
            break
        if deliver(runtime, message, now + timedelta(seconds=monotonic() - began), dice, pause) is Done.BUSY:
            break
        seen += 1
    return seen


def decide(result: Sent | SendError, tried: Try, now: datetime, dice: Dice, *, key_until: datetime) -> Settlement:
    """Where a message goes after an attempt: back only if it was not sent, or a second send is harmless.

    Until `key_until` the provider takes the same key for the same message.
    """
    if isinstance(result, Sent):
        return Settlement(Outcome.ACCEPTED, State(result.status), provider_id=result.provider_id, cost=result.cost)
    closed = Settlement(result.outcome, State.FAILED, reason=result.code, detail=str(result))
    if result.outcome is Outcome.PERMANENT:
        return closed
    # What an account in trouble kept may go at once by another provider.
    again = now if result.account else now + backoff(tried.attempts, dice)
    useful = again < tried.expires_at
    if result.outcome is Outcome.AMBIGUOUS:
        return _ambiguous(replace(closed, state=State.UNSURE), tried, again if useful else None, key_until)
    if not useful:
        gone = State.UNSURE if tried.doubtful else State.DROPPED
        return replace(closed, state=gone, reason="expired")
    return replace(closed, state=State.QUEUED, due_at=again, bound_until=tried.bound_until)


def _ambiguous(unsure: Settlement, tried: Try, again: datetime | None, key_until: datetime) -> Settlement:
    if again is None:
        return unsure
    if again < key_until:
        return replace(unsure, state=State.QUEUED, due_at=again, bound_until=min(key_until, tried.expires_at))
    if may_go_again(tried.purpose) is Again.ONCE and not tried.repeats:
        return replace(unsure, state=State.QUEUED, due_at=again, again=True)
    return unsure


def _claimed(db: Connection, runtime: Runtime, message: int, now: datetime, dice: Dice) -> _Turn | None:
    """Take a message and a turn at the provider that it goes by, or put it off, or give it up."""
    waiting = outbox.waiting(db, message, now)
    if waiting is None:
        return None
    chosen = choose(db, runtime, waiting, now, dice())
    if isinstance(chosen, Later):
        outbox.postpone(db, message, chosen.until)
        return None
    if isinstance(chosen, Never):
        state = outbox.give_up(db, message, chosen.why, now)
        tell = log.error if chosen.alarm else log.info
        tell("sms not to be sent", message=message, to=mask(waiting.number), why=chosen.why, state=state)
        return None
    name = chosen.provider.name
    price = runtime.settings.sms_prices.get(name, UNPRICED)
    claim = outbox.claim(db, message, name, now, price=price.amount, currency=price.currency)
    if claim is None:
        return None
    rate = runtime.settings.sms_rates.get(name)
    wait = standing.turn(db, name, rate, now) if rate else timedelta()
    if wait is None:
        raise _Busy
    return _Turn(claim, chosen, wait)


def _sent(going: Going, claim: Claim) -> Sent | SendError:
    """Call the provider, with no transaction open; every failure comes back as a value."""
    try:
        return going.provider.send(claim.number, claim.text, going.sender, claim.key)
    except SendError as error:
        tell = log.error if error.account else log.warning
        tell("sms not sent", message=claim.message, to=mask(claim.number), provider=claim.provider, why=str(error))
        return error
    except Exception as error:  # our own bug may have struck after the provider took the message
        log.exception("sms send broke", message=claim.message, to=mask(claim.number), provider=claim.provider)
        return SendError(OUR_ERROR, Outcome.AMBIGUOUS, type(error).__name__)


def _settle(runtime: Runtime, tried: Try, result: Sent | SendError, now: datetime, dice: Dice) -> None:
    settlement = decide(result, tried, now, dice, key_until=_key_until(runtime.providers.get(tried.provider), tried))
    for wait in (*SETTLE_WAITS, None):
        try:
            with runtime.database.writing(JOB) as db:
                outbox.settle(db, tried.attempt, settlement, now)
                _learn(db, runtime, tried, result, now)
            return
        except Exception as error:
            # What is not settled becomes ambiguous: worth another try. Done twice, it is done once.
            away = isinstance(error, OperationalError) and not contended(error)
            if wait is None or not (away or contended(error)):
                raise
            if away:
                time.sleep(wait)


def _key_until(provider: SmsProvider | None, tried: Try) -> datetime:
    """Until when the key of this attempt is honoured: that of the first one that may have sent it counts."""
    if provider is None:
        return tried.started_at
    return tried.bound_until or provider.key_until(tried.started_at)


def _learn(db: Connection, runtime: Runtime, tried: Try, result: Sent | SendError, now: datetime) -> None:
    """What else an attempt tells: receipts that were quicker, how the provider stands, who wants no SMS."""
    if isinstance(result, Sent) or result.outcome is Outcome.AMBIGUOUS:
        receipts.catch_up(db, tried.attempt, runtime.settings.secret_key, now)
    if isinstance(result, Sent) or result.code in _OURS:
        return
    if result.account:
        standing.stop(db, tried.provider, result.code, now)
        log.error("provider stopped: its account needs a person", provider=tried.provider, why=result.code)
    elif result.outcome is not Outcome.PERMANENT:
        standing.trouble(db, tried.provider, now)
    elif result.code in optouts.BLACKLISTED and isinstance(tried, Claim):
        optouts.stop(db, tried.number, f"{tried.provider} {result.code}", now)
