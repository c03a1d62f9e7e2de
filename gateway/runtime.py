"""The runtime: what one process needs, opened once and passed on first; there are no app-wide globals."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from dataclasses import field
from functools import cached_property

import structlog

from gateway import dlt
from gateway.backend import Database
from gateway.backend import Jobs
from gateway.backend import open_database
from gateway.backend import open_jobs
from gateway.providers import PROVIDERS
from gateway.providers import ussd_wires
from gateway.providers.contract import SmsProvider
from gateway.providers.contract import UssdProvider
from gateway.settings import STRONG
from gateway.settings import Settings
from ledger.pins import Peppers

ERRANDS = 8
"""Calls of ours that show a screen, at work at once: a slow provider must not hold the threads that answer hops."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Settings, database, bell, SMS providers in the order of SMS_PROVIDERS, USSD wires by name, register of texts."""

    settings: Settings
    database: Database
    jobs: Jobs
    providers: Mapping[str, SmsProvider]
    ussd: Mapping[str, UssdProvider] = field(default_factory=dict)
    dlt: dlt.Register = field(default_factory=dlt.Register)

    @cached_property
    def peppers(self) -> Peppers:
        """The PIN keys of this installation."""
        return Peppers({1: self.settings.pin_pepper.encode()})

    @cached_property
    def errands(self) -> ThreadPoolExecutor:
        """What is done for a hop after its answer."""
        return ThreadPoolExecutor(ERRANDS, thread_name_prefix="errand")

    def close(self) -> None:
        """Give the connections back, after the last errand."""
        if "errands" in self.__dict__:
            self.errands.shutdown()
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
        ussd_wires(settings),
        dlt.load(settings.dlt_file),
    )
