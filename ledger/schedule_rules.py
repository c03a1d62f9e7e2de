"""The rules of instalments as queries (see `ground_rules`): what was charged, cleared and is left to be paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import FromClause
from sqlalchemy import Select
from sqlalchemy import case
from sqlalchemy import literal
from sqlalchemy import select

from ledger.books import CHARGED
from ledger.books import PAID
from ledger.books import PARTS
from ledger.books import account_table as account
from ledger.books import allocation_table as allocation
from ledger.books import entry_table as entry
from ledger.books import instalment_table as instalment
from ledger.books import line_table as line
from ledger.ground_rules import ACCOUNT
from ledger.ground_rules import NO_ENTRY
from ledger.ground_rules import SIGNED
from ledger.ground_rules import columns
from ledger.ground_rules import of_entry
from ledger.ground_rules import same
from ledger.ground_rules import uneven
from ledger.ground_rules import within
from ledger.templates import REVERSAL

_SCHEDULED = (1100, 1230)
"""Accounts that are paid by instalments."""
_INTEREST = (4010, 4130)
"""What their interest is received as."""
_INSTALMENT = ("book", "code", "party", "number")


def _unpaid() -> Select[Any]:
    """Accounts that are not the principal still to be paid of their instalments."""
    left = (instalment.c.principal_cleared - instalment.c.principal).label("sum")
    owed = select(*columns(account, ACCOUNT), NO_ENTRY, account.c.balance.label("sum"))
    return uneven(
        ACCOUNT,
        ("sum",),
        owed.where(within(account), account.c.code.in_(_SCHEDULED)),
        select(*columns(instalment, ACCOUNT), NO_ENTRY, left).where(within(instalment)),
    )


def _instalments() -> Select[Any]:
    """Instalments that are not what their allocations make them, in any part; also those that nothing made."""
    names = [part + end for end in ("", "_cleared") for part in PARTS]
    charged = allocation.c.how == CHARGED
    made = [case((charged, allocation.c[part]), else_=0).label(part) for part in PARTS]
    made += [case((charged, 0), else_=allocation.c[part]).label(f"{part}_cleared") for part in PARTS]
    opened = case((allocation.c.due.is_not(None), 1), else_=0).label("opened")
    some = select(*columns(allocation, _INSTALMENT), allocation.c.entry, *made, opened).where(within(allocation))
    kept = select(*columns(instalment, _INSTALMENT), NO_ENTRY, *(-instalment.c[name] for name in names), literal(-1))
    return uneven(_INSTALMENT, [*names, "opened"], some, kept.where(within(instalment)))


def _due() -> Select[Any]:
    """Instalments that fall due on another day than the entry that charged them said."""
    other = allocation.c.due.is_not(None) & (allocation.c.due != instalment.c.due)
    key = [*columns(instalment, _INSTALMENT), allocation.c.entry]
    return select(*key).join(allocation, same(allocation, instalment, _INSTALMENT)).where(within(instalment), other)


def _allocations() -> Select[Any]:
    """Entries whose lines on scheduled accounts are not the principal that they charge less what they clear."""
    keys = ("book", "entry", "code", "party")
    change = case((allocation.c.how == CHARGED, allocation.c.principal), else_=-allocation.c.principal).label("sum")
    lines = select(*columns(line, keys), -SIGNED).where(within(line), line.c.code.in_(_SCHEDULED))
    return uneven(keys, ("sum",), select(*columns(allocation, keys), change).where(within(allocation)), lines)


def _interest() -> Select[Any]:
    """Entries that receive other interest than they allocate as paid."""
    keys, allocated = ("book", "entry"), (allocation.c.book == line.c.book) & (allocation.c.entry == line.c.entry)
    paid = select(*columns(allocation, keys), allocation.c.interest.label("sum"))
    got = select(*columns(line, keys), SIGNED).where(within(line), line.c.code.in_(_INTEREST))
    return uneven(
        keys,
        ("sum",),
        paid.where(within(allocation), allocation.c.how == PAID),
        got.where(select(allocation.c.number).where(allocated).exists()),
    )


def _fines() -> Select[Any]:
    """Entries about instalments whose lines on the fines she owes are not the fines they charge less what they clear.

    An old group brings fines along that have no instalment, a collection and the end of a meeting are about all her
    fines at once, and a reversal mirrors whatever it undoes.
    """
    keys = ("book", "entry")
    change = case((allocation.c.how == CHARGED, allocation.c.fine), else_=-allocation.c.fine).label("sum")
    allocated = select(*columns(allocation, keys), change).where(within(allocation), _of_kinds(allocation))
    lines = select(*columns(line, keys), -SIGNED).where(within(line), line.c.code == 1120, _of_kinds(line))
    about = select(allocation.c.number).where(allocation.c.book == line.c.book, allocation.c.entry == line.c.entry)
    return uneven(keys, ("sum",), allocated, lines.where(about.exists()))


def _of_kinds(part: FromClause) -> ColumnElement[bool]:
    own = entry.c.kind.not_in(("cut-off", "collection", "meeting.close", REVERSAL))
    return select(entry.c.number).where(of_entry(part), own).exists()


SCHEDULES: Mapping[str, Select[Any]] = {
    "an account and its unpaid instalments differ": _unpaid(),
    "an instalment is not the sum of what was charged and cleared": _instalments(),
    "an instalment is due on another day than was agreed": _due(),
    "an entry and what it allocates to instalments differ": _allocations(),
    "an entry and the interest it clears differ": _interest(),
    "an entry and the fines it clears differ": _fines(),
}
"""What must be true of instalments, with the query for what is not."""
