"""The runtime: what one process needs, opened once and passed on first; there are no app-wide globals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import structlog

from gateway.backend import Database
from gateway.backend import Jobs
from gateway.backend import open_database
from gateway.backend import open_jobs
from gateway.providers import PROVIDERS
from gateway.providers.contract import SmsProvider
from gateway.settings import STRONG
from gateway.settings import Settings
from ledger.pins import Peppers

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Settings, database, bell and the SMS providers in the order of SMS_PROVIDERS."""

    settings: Settings
    database: Database
    jobs: Jobs
    providers: Mapping[str, SmsProvider]

    @cached_property
    def peppers(self) -> Peppers:
        """The PIN keys of this installation."""
        return Peppers({1: self.settings.pin_pepper.encode()})

    def close(self) -> None:
        """Give the connections back."""
        self.database.dispose()


def open_runtime(settings: Settings) -> Runtime:
    """Open what the settings describe; warns of weak secrets, connects to nothing yet."""
    for name in settings.weak_secrets:
        log.warning("short secret", name=name, advice=f"give it {STRONG} characters or more")
    return Runtime(
        settings,
        open_database(settings.database_url),
        open_jobs(settings),
        {name: PROVIDERS[name](settings) for name in settings.sms_providers},
    )
