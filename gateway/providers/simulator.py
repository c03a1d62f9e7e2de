"""The simulator: takes every SMS and delivers it at once, to nobody; its page reads the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from datetime import datetime

import uuid_utils

from gateway.providers.contract import Sent


@dataclass(frozen=True)
class Simulator:
    """An SMS provider without a network; it sends nothing, so a repeated send doubles nothing."""

    name: str = "simulator"
    honours_key: bool = True

    def key_until(self, first: datetime) -> datetime:
        """For ever."""
        return datetime.max.replace(tzinfo=UTC)

    def carries(self, number: str, text: str) -> bool:
        """Anything."""
        return True

    def send(self, number: str, text: str, sender: str, key: str) -> Sent:
        """Deliver at once, free of charge."""
        return Sent(provider_id=uuid_utils.uuid7().hex, cost="", status="delivered")
