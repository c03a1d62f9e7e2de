"""A new PIN, carried out when the second person said yes: a code that opens for a day goes to her number by SMS."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.console.second import Second
from ledger import members
from ledger import pins
from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.pins import Peppers


def carry_out(db: Connection, asked: Second, origin: Origin, peppers: Peppers) -> None:
    """Put a code in place of her PIN; refused when it would not go to the number that it was asked for."""
    member = int(asked.inputs["member"])
    reached = members.contact(db, member)
    if reached is None:
        raise NotFound("no-number", member=member)
    if reached.number != asked.inputs["number"]:
        raise NotAllowed("number-changed", member=member)
    pins.reset(db, peppers, member, origin.at)
