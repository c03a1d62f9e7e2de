"""Whatever a provider tells us about SMS, over HTTP or its own wire: taken in one transaction, at most once each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.backend import contended
from gateway.backend import lost
from gateway.providers.contract import Inbound
from gateway.providers.contract import MissedCall
from gateway.providers.contract import OptOut
from gateway.providers.contract import Receipt
from gateway.runtime import Runtime
from gateway.sms import inbound
from gateway.sms import receipts
from gateway.transaction import transaction

News = Receipt | Inbound | OptOut | MissedCall
"""Everything that can be told."""

TRIES = 3
"""How often news that only met others at work is taken; then its provider sends it again."""


def take(runtime: Runtime, news: News, now: datetime) -> None:
    """Keep what is told and do what follows from it; then wake whoever sends the answers."""
    queued: list[int] = []
    for left in reversed(range(TRIES)):
        try:
            with transaction(runtime, now=now) as db:
                queued = _taken(db, runtime, news, now)
            break
        except Exception as error:
            if not (left and (contended(error) or lost(error))):
                raise
    if queued:
        runtime.jobs.wake(queued)


def _taken(db: Connection, runtime: Runtime, news: News, now: datetime) -> list[int]:
    match news:
        case Receipt():
            receipts.take(db, news, runtime.settings.secret_key, now)
            return []
        case OptOut():
            return inbound.opt_out(db, runtime, news, now)
        case _:
            return inbound.take(db, runtime, news, now)
