"""`/metrics`, for Prometheus, and `/health`, for whoever only asks whether all is well.

Nothing is counted in a process: each answer is a look at the database, so any number of workers say the same, and the
library needs none of its files between processes.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from gateway.operations import Operations
from gateway.settings import Settings

MIMETYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Look(Collector):
    """The samples of one look, made when they are asked for."""

    def __init__(self, seen: Operations, now: datetime) -> None:
        self._seen, self._now = seen, now

    def collect(self) -> Iterator[Metric]:
        seen = self._seen
        yield _one("messages_waiting", "Messages in the queue.", seen.queue.waiting)
        yield _one("messages_due", "Messages in the queue whose time has come.", seen.queue.due)
        yield _one(
            "message_oldest_due_seconds", "Since when the oldest due message waits.", self._age(seen.queue.oldest)
        )
        yield self._providers()
        yield self._stopped()
        yield self._ticks()
        yield _one("workers", "Workers that said within three minutes that they work.", len(seen.workers))
        yield _by("tasks_running", "Tasks that run, by kind.", "kind", seen.tasks)
        yield _one("database_bytes", "Octets that the database takes.", seen.octets)
        if seen.backup_at is not None:
            yield _one("backup_age_seconds", "Age of the newest file of the backup.", self._age(seen.backup_at))
        if seen.checked is not None:
            yield _one("books_check_age_seconds", "Since the last check of all books.", self._age(seen.checked.at))
            yield _one("books_wrong", "Things that the last check of all books found wrong.", seen.checked.wrong)

    def _age(self, at: datetime | None) -> float:
        return max((self._now - at).total_seconds(), 0.0) if at else 0.0

    def _providers(self) -> Metric:
        points = {each.provider: each.points for each in self._seen.providers}
        return _by("provider_points", "How a provider stands: 100 is without trouble.", "provider", points)

    def _stopped(self) -> Metric:
        stopped = {each.provider: int(each.stopped(self._now)) for each in self._seen.providers}
        return _by("provider_stopped", "1 while nothing is sent to a provider.", "provider", stopped)

    def _ticks(self) -> Metric:
        ages = {tick.job: self._age(tick.at) for tick in self._seen.ticks if tick.at}
        return _by("tick_age_seconds", "Since a job of the clock last began.", "job", ages)


def _one(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"somiti_{name}", said, value=value)


def _by(name: str, said: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"somiti_{name}", said, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def text(seen: Operations, now: datetime) -> bytes:
    """A look in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Look(seen, now))
    return generate_latest(registry)


def may_ask(settings: Settings, authorization: str, address: str | None, forwarded: bool) -> bool:
    """Whether somebody may read the metrics: who has the token; without one, who asks from this machine itself.

    Behind a proxy everybody's address is this machine's: there a token is needed.
    """
    if settings.metrics_token:
        kind, _, token = authorization.partition(" ")
        given = token.strip().encode()
        return kind.lower() == "bearer" and hmac.compare_digest(given, settings.metrics_token.encode())
    return not settings.proxies and not forwarded and address in ("127.0.0.1", "::1")


def health(seen: Operations, now: datetime) -> tuple[int, str]:
    """A status and some plain lines: 503 when a message is overdue or the clock is late."""
    well = not seen.overdue(now) and not seen.late(now)
    lines = [
        "ok" if well else "not ok",
        "database: ok",
        f"oldest due message: {_ago(seen.queue.oldest, now, 'none')}",
        f"last tick: {_ago(seen.last_tick, now, 'never')}",
        *(f"late: {tick.job}" for tick in seen.late(now)),
    ]
    return 200 if well else 503, "\n".join(lines) + "\n"


NO_DATABASE = "not ok\ndatabase: does not answer\n"


def _ago(at: datetime | None, now: datetime, otherwise: str) -> str:
    return f"{max(int((now - at).total_seconds()), 0)} s ago" if at else otherwise
