"""The hash chain of a book: what of an entry is hashed, in which order, for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import TypeVar

from sqlalchemy import Table

from ledger.books import allocation_table
from ledger.books import hold_end_table
from ledger.books import hold_table
from ledger.books import line_table
from ledger.books import move_table

_ENTRY = ("book", "number", "operation", "kind", "event_on", "actor", "channel", "reverses", "memo", "previous")

PARTS: tuple[tuple[Table, tuple[str, ...], tuple[str, ...]], ...] = (
    (line_table, ("position",), ("code", "party", "side", "amount", "balance")),
    (hold_table, (), ("code", "party", "amount")),
    (hold_end_table, ("hold", "how"), ("hold", "how", "amount")),
    (move_table, ("item",), ("item", "quantity", "value")),
    (
        allocation_table,
        ("code", "party", "number", "how"),
        ("code", "party", "number", "how", "due", "principal", "interest", "fine"),
    ),
)
"""The tables whose rows belong to an entry: what orders the rows of one entry, and what of each is hashed."""

_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
_Row = TypeVar("_Row", bound=Mapping[Any, Any])


def ordered(parts: Sequence[Sequence[_Row]]) -> list[list[_Row]]:
    """The rows of one entry, table by table as in PARTS, in the order in which they are hashed."""
    return [
        sorted(rows, key=lambda row, by=by: tuple(row[name] for name in by))  # type: ignore[misc]
        for (_, by, _), rows in zip(PARTS, parts, strict=True)
    ]


def link(entry: Mapping[Any, Any], parts: Sequence[Sequence[Mapping[Any, Any]]]) -> str:
    """The hash of an entry: SHA-256 over its fields, the rows of its parts (ordered), and the hash before it."""
    content: list[Any] = [str(entry[name]) for name in _ENTRY]
    content.append(entry["created_at"].replace(tzinfo=None).isoformat(timespec="microseconds") + "Z")
    content += [
        [[row[name] for name in names] for row in rows] for (_, _, names), rows in zip(PARTS, parts, strict=True)
    ]
    return hashlib.sha256(_json(content).encode()).hexdigest()
