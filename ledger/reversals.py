"""Reversal: the only way to correct what was posted, by entries with the same accounts and sums and sides swapped.

An event in two books is undone in both. Per loan, contract, stock item and fines of a member the last in goes
first out, so that instalments and average costs come back to what they were.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select
from sqlalchemy import true

from ledger import accounts
from ledger import facts
from ledger import meetings
from ledger import members
from ledger import membership
from ledger import receipts
from ledger.books import Allocation
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import HoldEnd
from ledger.books import Line
from ledger.books import Move
from ledger.books import Origin
from ledger.books import allocation_table
from ledger.books import book_table
from ledger.books import entry_table
from ledger.books import hold_table
from ledger.books import line_table
from ledger.books import move_table
from ledger.chart import CREDIT
from ledger.chart import DEBIT
from ledger.chart import GROUP
from ledger.chart import SHOP
from ledger.errors import LedgerError
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.meetings import Meeting
from ledger.members import Member
from ledger.templates import REVERSAL
from ledger.templates import undone_by

FINES = 1120

_EVENT = (
    select(
        entry_table,
        book_table.c.kind.label("book_kind"),
        book_table.c.owner,
        book_table.c.currency,
    )
    .join(book_table, book_table.c.id == entry_table.c.book)
    .where(
        entry_table.c.operation
        == select(entry_table.c.operation)
        .where(entry_table.c.book == bindparam("book"), entry_table.c.number == bindparam("number"))
        .scalar_subquery()
    )
    .order_by(entry_table.c.book)
)
_REVERSED = select(entry_table.c.number).where(
    entry_table.c.book == bindparam("book"), entry_table.c.reverses == bindparam("number")
)


def reverse(db: Connection, book: str, number: int, reason: str, origin: Origin) -> list[Entry]:
    """Undo entry `number` of a book, and the other half of its event; one entry for each, in book-id order.

    Refused: an entry that is not there, one reversed before or that itself reverses; a kind that another verb undoes
    (`undo-otherwise`, with its name); one made by the same person, unless in her own shop on the same day or in the
    meeting that she records and that is still open; one that a later entry of the same loan, contract, item or fines
    builds on (`reverse-first`, naming that entry).
    """
    if (done := begin(db, origin, REVERSAL, book=book, number=number, reason=reason)) is not None:
        return done
    event = db.execute(_EVENT, {"book": book, "number": number}).all()
    if not event:
        raise NotFound("unknown-entry", book=book, entry=number)
    lock(db, [_book(row) for row in event])
    for row in event:
        _check(db, row, origin)
    for row in event:
        # Who got back what her group paid her has not left it.
        if row.kind == "member.leave":
            membership.unmark_left(db, json.loads(row.memo)["member"], origin)
    entries = post(db, origin, *(_draft(db, row, reason) for row in event))
    for row, entry in zip(event, entries, strict=True):
        _tell(db, row, event, entry, origin)
    return entries


def _tell(db: Connection, row: Any, event: Sequence[Any], entry: Entry, origin: Origin) -> None:
    """Whoever got a receipt gets one for its undoing: the owner of the shop, else the member that the entry names."""
    undone = receipts.of_entry(db, Entry(row.book, row.number, row.hash))
    owner = next((each.owner for each in event if each.book_kind == SHOP), json.loads(row.memo).get("member"))
    if undone is None or owner is None:
        return
    code = receipts.issue(db, origin, members.get(db, owner).programme, entry, REVERSAL, undone.amount)
    own = members.herself(origin, owner)
    facts.record(db, facts.Undone(owner, code, undone.code, undone.amount, own))


def call_again(db: Connection, meeting: Meeting, member: Member, reason: str, origin: Origin) -> list[Entry]:
    """Take back what a member brought to an open meeting and how she came: she is called again. Refused as `reverse`.

    Nothing to take back but how she came, or what two leaders undid before, leaves no entry.
    """
    meetings.check_lasts(meeting, origin.on)
    book = member.group_book
    # First the book, as everybody else does who takes or closes; and nobody writes between the look and the deed.
    lock(db, [book])
    found = meetings.attendance_of(db, meeting, member)
    meetings.unmark(db, meeting, member)
    if found is None or found.entry is None or _undone(db, book.id, found.entry):
        return []
    return reverse(db, book.id, found.entry, reason, replace(origin, on=meeting.held_on))


def _book(row: Any) -> Book:
    return Book(row.book_kind, row.owner, row.currency)


def against(db: Connection, book: str, number: int) -> LedgerError | None:
    """What speaks against undoing an entry, whoever does it, as far as a look without a lock tells; None: nothing."""
    event = db.execute(_EVENT, {"book": book, "number": number}).all()
    if not event:
        return NotFound("unknown-entry", book=book, entry=number)
    return next((found for row in event if (found := _over(db, row) or _built_on(db, row))), None)


def _check(db: Connection, row: Any, origin: Origin) -> None:
    if over := _over(db, row):
        raise over
    if row.actor == origin.actor and not _own(db, row, origin):
        raise NotAllowed("own-entry", book=row.book, entry=row.number)
    if built_on := _built_on(db, row):
        raise built_on


def _over(db: Connection, row: Any) -> LedgerError | None:
    if row.reverses is not None or _undone(db, row.book, row.number):
        return LedgerError("already-reversed", book=row.book, entry=row.number)
    verb = undone_by(row.kind, row.book_kind)
    return NotAllowed("undo-otherwise", entry=row.number, kind=row.kind, verb=verb) if verb else None


def _built_on(db: Connection, row: Any) -> LedgerError | None:
    later = _dependant(db, row)
    return NotAllowed("reverse-first", book=row.book, entry=later) if later else None


def _undone(db: Connection, book: str, number: int) -> bool:
    return db.execute(_REVERSED, {"book": book, "number": number}).first() is not None


def _own(db: Connection, row: Any, origin: Origin) -> bool:
    """Whether who made an entry may undo it alone: today in her own shop, or in the open meeting that she records."""
    if row.book_kind == SHOP:
        return bool(row.event_on == origin.on) and members.herself(origin, row.owner)
    meeting = meetings.under_way(db, row.owner) if row.book_kind == GROUP and row.kind == "collection" else None
    since_opened = meeting is not None and row.created_at >= meeting.opened_at
    return since_opened and members.herself(origin, meeting.recorder if meeting else 0)


_later, _undo = entry_table.alias("later"), entry_table.alias("undo")
_DEPENDANTS = [
    select(_later.c.number)
    .join(after, (after.c.book == _later.c.book) & (after.c.entry == _later.c.number))
    .join(mine, (mine.c.book == after.c.book) & (mine.c.entry == bindparam("number")))
    .where(
        _later.c.book == bindparam("book"),
        _later.c.number > bindparam("number"),
        *(after.c[name] == mine.c[name] for name in keys),
        after.c.code == only if only else true(),
        # What was undone since, and the entry that undid it, leave everything as it was.
        _later.c.reverses.is_(None),
        ~select(_undo.c.number).where(_undo.c.book == _later.c.book, _undo.c.reverses == _later.c.number).exists(),
    )
    .order_by(_later.c.number.desc())
    .limit(1)
    for table, keys, only in (
        (allocation_table, ("code", "party"), None),
        (move_table, ("item",), None),
        # The fines of a member: those on instalments and the others lie on one account.
        (line_table, ("code", "party"), FINES),
    )
    for after, mine in [(table.alias("after"), table.alias("mine"))]
]


def _dependant(db: Connection, row: Any) -> int:
    """The last entry that must be undone before this one, or 0."""
    key = {"book": row.book, "number": row.number}
    return max((number for some in _DEPENDANTS for number in db.execute(some, key).scalars()), default=0)


def _rows(db: Connection, table: Any, row: Any) -> Sequence[Any]:
    mine = (table.c.book == row.book, table.c.entry == row.number)
    return db.execute(select(table).where(*mine).order_by(*table.primary_key)).all()


def _draft(db: Connection, row: Any, reason: str) -> Draft:
    """The entry that undoes this one."""
    lines = [
        Line(each.code, each.party, CREDIT if each.side == DEBIT else DEBIT, each.amount)
        for each in _rows(db, line_table, row)
    ]
    book = _book(row)
    held = [accounts.held(db, book, each.entry) for each in _rows(db, hold_table, row)]
    return Draft(
        book,
        REVERSAL,
        lines,
        ends=[HoldEnd(row.number, "voided", left) for left in held if left],
        moves=[Move(each.item, -each.quantity, -each.value) for each in _rows(db, move_table, row)],
        allocations=[
            Allocation(each.code, each.party, each.number, each.how, -each.principal, -each.interest, -each.fine)
            for each in _rows(db, allocation_table, row)
        ],
        memo={"reason": reason, "kind": row.kind},
        reverses=row.number,
    )
