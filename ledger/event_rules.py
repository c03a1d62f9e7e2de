"""The rules of events as queries (see `ground_rules`): a reversal mirrors what it undoes, in both books."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import Select
from sqlalchemy import Table
from sqlalchemy import and_
from sqlalchemy import func
from sqlalchemy import select

from ledger.books import PARTS
from ledger.books import allocation_table as allocation
from ledger.books import entry_table as entry
from ledger.books import hold_end_table as hold_end
from ledger.books import hold_table as hold
from ledger.books import line_table as line
from ledger.books import move_table as move
from ledger.ground_rules import SIGNED
from ledger.ground_rules import columns
from ledger.ground_rules import of_entry
from ledger.ground_rules import uneven
from ledger.ground_rules import within
from ledger.templates import REVERSAL

_undo, _undone = entry.alias("undo"), entry.alias("undone")
_OF_UNDONE = and_(_undone.c.book == _undo.c.book, _undone.c.number == _undo.c.reverses)


def _reversals() -> Select[Any]:
    """Reversals of nothing, of a later entry or of a reversal; and entries that are one only by half."""
    one = select(_undone.c.number).where(
        _OF_UNDONE, _undone.c.number < _undo.c.number, _undone.c.reverses.is_(None), _undone.c.kind != REVERSAL
    )
    is_one, names_one = _undo.c.kind == REVERSAL, _undo.c.reverses.is_not(None)
    wrong = (is_one | names_one) & ~(is_one & names_one & one.exists())
    return select(_undo.c.book, _undo.c.number.label("entry")).where(within(_undo), wrong)


def _mirrored(part: Table, keys: Sequence[str], sums: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    """Reversals whose rows of a table do not take back exactly what the entry they undo did."""
    names = [*("book", "entry"), *keys]
    values = [value.label(name) for name, value in sums.items()]
    undone = (
        select(part.c.book, _undo.c.number.label("entry"), *columns(part, keys), *values)
        .join(_undo, (_undo.c.book == part.c.book) & (_undo.c.reverses == part.c.entry))
        .where(within(_undo), _undo.c.reverses.is_not(None))
    )
    undo = (
        select(part.c.book, part.c.entry, *columns(part, keys), *values)
        .join(_undo, of_entry(part, _undo))
        .where(within(_undo), _undo.c.reverses.is_not(None))
    )
    both = uneven(names, list(sums), undone, undo).subquery()
    return select(both.c.book, both.c.entry).distinct()


def _still_held() -> Select[Any]:
    """Entries that were undone and still hold something."""
    ended = select(func.coalesce(func.sum(hold_end.c.amount), 0)).where(
        hold_end.c.book == hold.c.book, hold_end.c.hold == hold.c.entry
    )
    return (
        select(hold.c.book, hold.c.entry)
        .join(_undo, (_undo.c.book == hold.c.book) & (_undo.c.reverses == hold.c.entry))
        .where(within(hold), ended.scalar_subquery() != hold.c.amount)
    )


def _half_reversals() -> Select[Any]:
    """Reversals that leave the half of the event in the other book standing."""
    half, its_undo = entry.alias("half"), entry.alias("its_undo")
    undone_too = select(its_undo.c.number).where(
        its_undo.c.operation == _undo.c.operation,
        its_undo.c.book == half.c.book,
        its_undo.c.reverses == half.c.number,
    )
    return (
        select(_undo.c.book, _undo.c.number.label("entry"))
        .join(_undone, _OF_UNDONE)
        .join(half, (half.c.operation == _undone.c.operation) & (half.c.book != _undone.c.book))
        .where(within(_undo), _undo.c.reverses.is_not(None), ~undone_too.exists())
    )


EVENTS: Mapping[str, Select[Any]] = {
    "a reversal is none": _reversals(),
    "a reversal's lines are not those it takes back": _mirrored(line, ("code", "party", "amount"), {"sum": SIGNED}),
    "a reversal's goods are not those it takes back": _mirrored(
        move, ("item",), {"quantity": move.c.quantity, "value": move.c.value}
    ),
    "a reversal's allocations are not those it takes back": _mirrored(
        allocation, ("code", "party", "number", "how"), {part: allocation.c[part] for part in PARTS}
    ),
    "an entry that was undone still holds": _still_held(),
    "only one half of an event is undone": _half_reversals(),
}
"""What must be true of events, with the query for what is not."""
