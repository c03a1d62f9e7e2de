"""Delivery: one message from the outbox to its provider, by claim, send and settle.

The provider is called between two transactions, never in one. Whatever dies in between leaves an open attempt
behind, which the sweep closes as ambiguous when its lease has run out.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from datetime import timedelta
from threading import Event
from time import monotonic

import structlog

from gateway import outbox
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

log = structlog.get_logger(__name__)

Dice = Callable[[], float]
"""A source of numbers from 0 up to 1."""

BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 3600, 7200))
"""The longest wait after each attempt that did not send; the last one repeats."""

BATCH = 100
SETTLE_TRIES = 3


def backoff(attempts: int, dice: Dice) -> timedelta:
    """How long to wait after that many attempts: anything up to the longest wait, to spread them out."""
    return BACKOFF[min(attempts, len(BACKOFF)) - 1] * dice()


def deliver(runtime: Runtime, message: int, now: datetime, dice: Dice = random.random) -> None:
    """Make one attempt at a message, if it is due and nobody else's; what the provider does never raises."""
    provider = _choice(runtime)
    with runtime.database.writing(JOB) as db:
        claim = outbox.claim(db, message, provider.name, now)
    if claim is None:
        return
    began = monotonic()
    result = _sent(provider, claim)
    _settle(runtime, claim, result, now + timedelta(seconds=monotonic() - began), dice)


def sweep(
    runtime: Runtime,
    now: datetime,
    limit: int = BATCH,
    *,
    stop: Event | None = None,
    dice: Dice = random.random,
) -> int:
    """Send what is due, needing no doorbell; how many messages were due. Leaves early when `stop` is set."""
    began = monotonic()
    with runtime.database.reading(JOB) as db:
        lapsed, due = outbox.lapsed(db, now, limit), outbox.due(db, now, limit)
    for tried in lapsed:
        _settle(runtime, tried, SendError("lease-ran-out", Outcome.AMBIGUOUS), now, dice)
    if due:
        with runtime.database.writing(JOB) as db:
            outbox.expire(db, now)
    for message in due:
        if stop is not None and stop.is_set():
            break
        deliver(runtime, message, now + timedelta(seconds=monotonic() - began), dice)
    return len(due)


def decide(result: Sent | SendError, tried: Try, now: datetime, dice: Dice, *, honours_key: bool) -> Settlement:
    """Where a message goes after an attempt: back only if it was not sent, or a second send is harmless."""
    if isinstance(result, Sent):
        return Settlement(Outcome.ACCEPTED, State(result.status), provider_id=result.provider_id, cost=result.cost)
    closed = Settlement(result.outcome, State.FAILED, reason=result.code, detail=str(result))
    if result.outcome is Outcome.PERMANENT:
        return closed
    again = now + backoff(tried.attempts, dice)
    useful = again < tried.expires_at
    if result.outcome is Outcome.AMBIGUOUS and not (honours_key and useful):
        return replace(closed, state=State.UNSURE)
    if not useful:
        return replace(closed, state=State.DROPPED, reason="expired")
    return replace(closed, state=State.QUEUED, due_at=again)


def _choice(runtime: Runtime) -> SmsProvider:
    return next(iter(runtime.providers.values()))


def _sent(provider: SmsProvider, claim: Claim) -> Sent | SendError:
    """Call the provider, with no transaction open; every failure comes back as a value."""
    try:
        return provider.send(claim.number, claim.text, "", claim.once_key)
    except SendError as error:
        tell = log.error if error.account else log.warning
        tell("sms not sent", message=claim.message, to=mask(claim.number), why=str(error))
        return error
    except Exception as error:  # our own bug may have struck after the provider took the message
        log.exception("sms send broke", message=claim.message, to=mask(claim.number), provider=provider.name)
        return SendError(type(error).__name__, Outcome.AMBIGUOUS, "our own error")


def _settle(runtime: Runtime, tried: Try, result: Sent | SendError, now: datetime, dice: Dice) -> None:
    provider = runtime.providers.get(tried.provider)
    honours_key = provider is not None and provider.honours_key
    settlement = decide(result, tried, now, dice, honours_key=honours_key)
    for left in reversed(range(SETTLE_TRIES)):
        try:
            with runtime.database.writing(JOB) as db:
                outbox.settle(db, tried.attempt, settlement, now)
            return
        except Exception as error:
            # What is not settled becomes ambiguous: worth another try.
            if not (left and contended(error)):
                raise
