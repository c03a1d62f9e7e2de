"""Whether a message may go now, and by which provider: looked at each time before it is sent.

STOP, the night and the registration of its text come first. What may have been sent stays with the provider that
honours its key; else one of those that carry it is drawn by weight, and one in trouble is drawn less often.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

from sqlalchemy import Connection

from gateway import optouts
from gateway import standing
from gateway.outbox import Waiting
from gateway.providers.contract import SmsProvider
from gateway.runtime import Runtime
from gateway.standing import Standing
from gateway.telling import by_day
from gateway.telling import morning

LOOK_AGAIN = timedelta(minutes=1)
"""How long a message waits when every provider that carries it is stopped."""


@dataclass(frozen=True)
class Going:
    """It goes by this provider, under this sender name ("" is the account's own)."""

    provider: SmsProvider
    sender: str = ""


@dataclass(frozen=True)
class Later:
    """It waits until then."""

    until: datetime


@dataclass(frozen=True)
class Never:
    """It goes no more, and why; `alarm` when that is a fault of ours."""

    why: str
    alarm: bool = False


def choose(db: Connection, runtime: Runtime, waiting: Waiting, now: datetime, draw: float) -> Going | Later | Never:
    """What is to be done with a message whose time has come; `draw` is a number from 0 up to 1."""
    if optouts.stopped(db, waiting.number):
        return Never("opted-out")
    if _asleep(waiting, now):
        wakes = morning(now, waiting.timezone)
        return Later(wakes) if wakes < waiting.expires_at else Never("night")
    registered = runtime.dlt.registered(waiting.number, waiting.template, waiting.language, waiting.text)
    if registered is None:
        return Never("dlt-mismatch", alarm=True)
    chosen = _bound(runtime, waiting, now) if waiting.bound_to else _carriers(runtime, waiting)
    if isinstance(chosen, Never):
        return chosen
    found = standing.read(db, [each.name for each in chosen], now)
    able = [each for each in chosen if not found[each.name].stopped(now)]
    if not able:
        return Later(now + LOOK_AGAIN)
    return Going(_drawn(able, found, draw), registered)


def _asleep(waiting: Waiting, now: datetime) -> bool:
    if not waiting.timezone or by_day(now, waiting.timezone):
        return False
    return waiting.wakes_until is None or now > waiting.wakes_until


def _bound(runtime: Runtime, waiting: Waiting, now: datetime) -> Sequence[SmsProvider] | Never:
    """The one provider that knows the key, as long as it honours it."""
    provider = runtime.providers.get(waiting.bound_to)
    if provider is None or waiting.bound_until is None or now >= waiting.bound_until:
        return Never("key-expired")
    return [provider]


def _carriers(runtime: Runtime, waiting: Waiting) -> Sequence[SmsProvider] | Never:
    carriers = [each for each in runtime.providers.values() if each.carries(waiting.number, waiting.text)]
    return carriers or Never("no-route", alarm=True)


def _drawn(able: Sequence[SmsProvider], found: Mapping[str, Standing], draw: float) -> SmsProvider:
    # One without any points is drawn only where all are.
    weights = [found[each.name].points for each in able]
    if not any(weights):
        weights = [1] * len(able)
    left = draw * sum(weights)
    for provider, weight in zip(able, weights, strict=True):
        left -= weight
        if left < 0:
            return provider
    return able[-1]
