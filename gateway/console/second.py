"""A request to a second person, as its row; `seconds` has its verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.console.tables import EXPIRED
from gateway.console.tables import WAITING


@dataclass(frozen=True, slots=True)
class Second:
    """A request as it stands; `inputs` are what its verb needs, `asker` is how who asked is called."""

    id: int
    programme: int
    kind: str
    subject: str
    group: int | None
    hub: int | None
    summary: str
    reason: str
    inputs: Mapping[str, Any]
    asked_by: int
    asked_at: datetime
    until: datetime
    state: str
    asker: str

    def at(self, now: datetime) -> str:
        """Its state at a moment: one whose time is up has expired."""
        return EXPIRED if self.state == WAITING and self.until <= now else self.state
