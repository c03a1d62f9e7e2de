"""The undoing of an entry, carried out when the second person said yes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import Protocol

from sqlalchemy import Connection

from gateway.console import operators
from gateway.console.reach import reach_of
from ledger import registers
from ledger import reversals
from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.errors import NotFound


class Asked(Protocol):
    """What is needed of a request: its number, why, and what it was asked with."""

    @property
    def id(self) -> int:
        """The request's number."""

    @property
    def reason(self) -> str:
        """Why the entry is to be undone."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """`book` and `number` of the entry."""


def carry_out(db: Connection, found: Asked, origin: Origin) -> None:
    """Undo the entry, and the other half of its event; refused to who does not see its book, and as `reverse` says."""
    kind, _, owner = str(found.inputs["book"]).partition(":")
    decider = operators.named(db, origin.actor.removeprefix("officer:"))
    try:
        book = registers.find(db, reach_of(decider), kind, int(owner)).book if decider else None
    except NotFound:
        book = None
    if book is None:
        raise NotAllowed("second-not-yours", second=found.id)
    reversals.reverse(db, book.id, int(found.inputs["number"]), found.reason, origin)
