"""The office itself: who works in it, and what was done."""

from __future__ import annotations

from gateway.console.shape import Page
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.views import operations
from gateway.console.views import operators
from gateway.console.views import trail
from locales import phrase

_ADMIN = frozenset({ADMIN})
_READERS = frozenset({ADMIN, AUDITOR})

OFFICE: tuple[Page, ...] = (
    Page("operators", "/operators", phrase("Operators"), _READERS, operators.every, menu=True),
    Page(
        "operator-new",
        "/operators/new",
        phrase("A new operator"),
        _ADMIN,
        operators.show_new,
        operators.add,
        again=True,
    ),
    Page(
        "operator",
        "/operators/<int:operator>",
        phrase("Operator"),
        _READERS,
        operators.one,
        operators.deed,
        acts=_ADMIN,
        again=True,
    ),
    Page(
        "operator-change",
        "/operators/<int:operator>/change",
        phrase("Change an operator"),
        _ADMIN,
        operators.show_change,
        operators.change,
        again=True,
    ),
    Page(
        "operations",
        "/operations",
        phrase("Operations"),
        operations.READERS,
        operations.show,
        operations.resume,
        acts=_ADMIN,
        menu=True,
    ),
    Page("trail", "/trail", phrase("Audit trail"), _READERS, trail.every, menu=True),
)
