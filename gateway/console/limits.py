"""What is done when a second person agrees to another credit limit of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import Protocol

from sqlalchemy import Connection

from ledger import journal
from ledger import members
from ledger import orders
from ledger.books import Origin


class Asked(Protocol):
    """What was asked for: `member`, and her `limit` in minor units."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The inputs of the request."""


def change(db: Connection, asked: Asked, origin: Origin) -> None:
    """Let an agent owe her hub up to the limit that was asked for."""
    agent = members.get(db, asked.inputs["member"])
    journal.set_ceiling(db, origin, agent.hub_book, asked.inputs["limit"], orders.RECEIVABLE, agent.id)
