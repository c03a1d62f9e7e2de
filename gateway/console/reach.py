"""Whose books somebody of the office may see: by her role and her scope."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.console.operators import Operator
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from ledger import chart
from ledger import registers
from ledger.registers import Reach

KINDS: Mapping[str, frozenset[str]] = {
    ADMIN: frozenset(registers.KINDS),
    AUDITOR: frozenset(registers.KINDS),
    OFFICER: frozenset({chart.GROUP}),
    KEEPER: frozenset({chart.HUB, chart.SHOP}),
}
"""The kinds of book that each role sees: an officer her groups', a hub keeper her hub's and its agents' shops'."""


def reach_of(who: Operator) -> Reach:
    """Whose books she may see."""
    scope = who.scope
    return Reach(who.programme, KINDS.get(who.role, frozenset()), scope.groups, scope.hub)
