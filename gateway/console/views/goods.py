"""What the pages of goods have in common: whose hubs somebody works on, and sums and pieces as they are typed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import Connection

from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from ledger import catalogue
from ledger import hubs
from ledger import members
from ledger.errors import NotFound
from ledger.hubs import Hub
from ledger.members import Member
from locales import phrase
from locales.numerals import to_latin

READERS = frozenset({ADMIN, KEEPER, AUDITOR})
"""Who sees the goods of hubs."""

FOLLOWERS = READERS | {OFFICER}
"""Who sees orders and agents: an officer those of her groups."""

DOERS = frozenset({ADMIN, KEEPER})
"""Who works on them."""

MOST_PIECES = 1_000_000

PIECES_ONLY = phrase("Type how many pieces, a whole number.")
NO_SUCH_ITEM = phrase("No item has the code {code}.")

_NUMBER = re.compile("[0-9]{1,9}")


def her_hubs(db: Connection, visit: Visit) -> list[Hub]:
    """The hubs that she works on."""
    scope = visit.operator.scope
    return [each for each in hubs.every(db) if each.programme == scope.programme and scope.hub in (None, each.id)]


def hub_of(db: Connection, visit: Visit, number: int) -> Hub:
    """A hub of hers; any other one is Missing."""
    found = [each for each in her_hubs(db, visit) if each.id == number]
    if not found:
        raise Missing
    return found[0]


def chosen(visit: Visit, mine_: list[Hub]) -> Hub | None:
    """The hub that the address asks for, `?hub=2`; None when it asks for none."""
    said = visit.query.get("hub", "")
    if not said:
        return None
    found = [each for each in mine_ if str(each.id) == said]
    if not found:
        raise Missing
    return found[0]


NO_HUB = Shown("no_hub.html")
"""What is shown of the goods of hubs where there is no hub."""


def one_hub(db: Connection, visit: Visit) -> tuple[list[Hub], Hub | None]:
    """Her hubs, and the one that the address asks for, else the first; None where there is no hub."""
    mine_ = her_hubs(db, visit)
    return mine_, chosen(visit, mine_) or (mine_[0] if mine_ else None)


def agent_of(db: Connection, visit: Visit, member: int) -> Member:
    """An agent whom she may see: of her hub, of her groups; any other member is Missing."""
    scope = visit.operator.scope
    try:
        found = members.get(db, member)
    except NotFound:
        raise Missing from None
    theirs = found.programme != scope.programme or found.hub is None
    if theirs or scope.hub not in (None, found.hub) or (scope.groups is not None and found.group not in scope.groups):
        raise Missing
    return found


def typed_pieces(typed: Mapping[str, str], field: str) -> int:
    """Pieces in either numerals; an empty field is none. Mistaken for anything else."""
    said = to_latin(typed.get(field, "").strip())
    if said and (not _NUMBER.fullmatch(said) or int(said) > MOST_PIECES):
        raise Mistaken(PIECES_ONLY, field)
    return int(said or 0)


def typed_item(db: Connection, visit: Visit, field: str) -> catalogue.Item:
    """The item whose code was typed, also one no longer sold; Mistaken when there is none."""
    said = to_latin(visit.typed.get(field, "").strip())
    on = visit.origin(db).on
    try:
        if _NUMBER.fullmatch(said):
            return catalogue.by_code(db, visit.operator.programme, int(said), on, unsold=True)
    except NotFound:
        pass
    raise Mistaken(NO_SUCH_ITEM, field, code=said[:12])
