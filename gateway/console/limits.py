"""What is done when a second person agrees to another credit limit of an agent."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.console.second import Second
from ledger import journal
from ledger import members
from ledger import orders
from ledger.books import Origin


def change(db: Connection, asked: Second, origin: Origin) -> None:
    """Let the agent `member` owe her hub up to `limit` minor units."""
    agent = members.get(db, asked.inputs["member"])
    journal.set_ceiling(db, origin, agent.hub_book, asked.inputs["limit"], orders.RECEIVABLE, agent.id)
