"""The undoing of an entry, carried out when the second person said yes."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.console import operators
from gateway.console.reach import reach_of
from gateway.console.second import Second
from ledger import registers
from ledger import reversals
from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.errors import NotFound


def carry_out(db: Connection, asked: Second, origin: Origin) -> None:
    """Undo the entry `number` of `book`, and the other half of its event.

    Refused to who does not see its book, and as `reverse` says.
    """
    kind, _, owner = str(asked.inputs["book"]).partition(":")
    decider = operators.named(db, origin.actor.removeprefix("officer:"))
    try:
        book = registers.find(db, reach_of(decider), kind, int(owner)).book if decider else None
    except NotFound:
        book = None
    if book is None:
        raise NotAllowed("second-not-yours", second=asked.id)
    reversals.reverse(db, book.id, int(asked.inputs["number"]), asked.reason, origin)
