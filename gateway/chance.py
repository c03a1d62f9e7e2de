"""Chance: the system's source of it, given to what is pure: codes of receipts, ids of operations."""

from __future__ import annotations

import secrets

from uuid_utils import uuid7

from ledger import receipts


def draw_code() -> str:
    """A receipt code: five characters and the one that checks them."""
    return receipts.completed("".join(secrets.choice(receipts.LETTERS) for _ in range(5)))


def draw_operation() -> str:
    """An operation id that nothing else has."""
    return str(uuid7())
