"""Entries: one with everything that hangs on it, the day book, the trial balance, and asking for an undoing."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from gateway.console import seconds
from gateway.console.forms import text
from gateway.console.reach import reach_of
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import REVERSAL
from gateway.console.views import book_words
from gateway.console.views.books import headed
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from gateway.console.views.looking import today
from gateway.console.views.typed import as_day
from ledger import entries
from ledger import facts
from ledger import members
from ledger import registers
from ledger import reversals
from ledger import statements
from ledger.books import Book
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.entries import Whole
from ledger.errors import LedgerError
from ledger.errors import NotFound
from ledger.money import total
from ledger.registers import Kept
from locales import phrase

TO_UNDO = phrase("{book}, entry {number} of {day}: {kind}, {sum}")
CANNOT = phrase("This entry cannot be undone.")


def _whole(db: Connection, kept: Kept, number: int) -> Whole:
    try:
        return entries.whole(db, kept.book, number)
    except NotFound:
        raise Missing from None


def _told(db: Connection, visit: Visit, found: Whole) -> dict[str, Any]:
    """What a page needs to show an entry in words."""
    touched = set(entries.accounts_of(found.lines))
    touched |= {(each.code, each.party) for each in found.reserved}
    touched |= {(each.code, each.party) for each in found.cleared}
    return {
        "entry": found,
        "whose": registers.whose(db, touched),
        "did": book_words.did(db, visit.words, {found.actor}),
        "entry_kinds": book_words.KINDS,
        "channels": book_words.CHANNELS,
        "holds": book_words.HOLDS,
        "ways": book_words.WAYS,
        "why": str(found.memo.get("reason", "")),
        "otherwise": book_words.OTHERWISE,
    }


def _seen(db: Connection, visit: Visit, found: Whole) -> list[tuple[Kept, int]]:
    """The entries of the same event in other books, as far as they are in her reach."""
    reach, seen = reach_of(visit.operator), []
    for book, number in found.also:
        try:
            seen.append((registers.find(db, reach, book.kind, book.owner), number))
        except NotFound:
            continue
    return seen


def one(db: Connection, visit: Visit) -> Shown:
    """An entry: its lines, goods, what it reserved, instalments, receipts, who made it, what undid it."""
    kept, values = headed(db, visit)
    found = _whole(db, kept, visit.args["entry"])
    also = [(book_words.titled(visit.words, each), each.book, number) for each, number in _seen(db, visit, found)]
    against = reversals.against(db, kept.book.id, found.number)
    return Shown("entry.html", values | _told(db, visit, found) | {"also": also, "against": against})


# The day book and the trial balance.


def the_day(visit: Visit, otherwise: Callable[[], date]) -> date:
    """`?on=2026-11-22`, or another day; Missing for what is none."""
    said = visit.query.get("on", "")
    found = as_day(said) if said else otherwise()
    if found is None:
        raise Missing
    return found


def day(db: Connection, visit: Visit) -> Shown:
    """The entries of a day, each with its lines; the last day that has any, unless another one is asked for."""
    kept, values = headed(db, visit)
    on = the_day(visit, lambda: entries.newest_day(db, kept.book) or today(db, visit))
    rows = entries.of_day(db, kept.book, on, number_after(visit.query), PAGE + 1)
    before, after = entries.around(db, kept.book, on)
    shown = paged(rows, lambda row: row.number)
    touched = {key for row in shown["rows"] for key in entries.accounts_of(row.lines)}
    told = {
        "on": on,
        "before": before,
        "after": after,
        "whose": registers.whose(db, touched),
        "did": book_words.did(db, visit.words, {row.actor for row in rows}),
        "entry_kinds": book_words.KINDS,
    }
    return Shown("book_day.html", values | shown | told)


def trial(db: Connection, visit: Visit) -> Shown:
    """What every head held at the end of a day; both sides add up alike."""
    kept, values = headed(db, visit)
    on = the_day(visit, lambda: today(db, visit))
    rows = statements.trial_balance(db, statements.of_book(kept.book), on)
    debit, credit = (total((getattr(row, side) for row in rows), kept.book.currency) for side in ("debit", "credit"))
    return Shown("book_trial.html", values | {"rows": rows, "on": on, "debit": debit, "credit": credit})


# Asking for an undoing.


def show_undo(db: Connection, visit: Visit) -> Shown:
    """What would be undone, in each of its books, and what speaks against it."""
    kept, values = headed(db, visit)
    found = _whole(db, kept, visit.args["entry"])
    halves = [(values["title"], found)]
    halves += [
        (book_words.titled(visit.words, each), _whole(db, each, number)) for each, number in _seen(db, visit, found)
    ]
    touched = {key for _, half in halves for key in entries.accounts_of(half.lines)}
    against = reversals.against(db, kept.book.id, found.number)
    told = {"halves": halves, "hidden": len(found.also) + 1 - len(halves), "against": against}
    return Shown("entry_undo.html", values | _told(db, visit, found) | told | {"whose": registers.whose(db, touched)})


class _Tried(Exception):
    """The undoing would be carried out."""


def ask_undo(db: Connection, visit: Visit) -> Done:
    """Ask another person to have an entry undone; refused at once if the books would refuse it."""
    kept, values = headed(db, visit)
    found = _whole(db, kept, visit.args["entry"])
    reason = text(visit.typed, "reason", 160)
    _try(db, visit, kept.book, found.number, reason)
    words = visit.words
    summary = words.say(
        TO_UNDO,
        book=values["title"],
        number=found.number,
        day=found.on,
        kind=words.say(book_words.KINDS[found.kind]),
        sum=found.sum,
    )
    inputs: Mapping[str, Any] = {"book": kept.book.id, "number": found.number}
    whose = {"group": _group(kept.book), "hub": _hub(db, kept.book)}
    subject = f"{kept.book.id} {found.number}"
    asked = seconds.ask(
        db, visit.operator, REVERSAL, subject, summary, visit.origin(db), reason=reason, **whose, **inputs
    )
    return Done("second", {"second": asked.id}, "undo.asked", subject, reason, said="second-asked")


def _try(db: Connection, visit: Visit, book: Book, number: int, reason: str) -> None:
    """Refused as the undoing itself would be by somebody who did not make the entry; nothing is written."""
    origin = visit.origin(db).part("tried")
    another = type(origin)(origin.operation, "officer:", origin.channel, origin.at, origin.on, origin.codes)
    try:
        with facts.attempt(db):
            reversals.reverse(db, book.id, number, reason, another)
            raise _Tried
    except _Tried:
        return
    except LedgerError as error:
        if error.code == "undo-otherwise":
            raise Mistaken(book_words.OTHERWISE.get(str(error.values["verb"]), CANNOT), status=409) from None
        raise


def _group(book: Book) -> int | None:
    """The group whose officers may see the request."""
    return book.owner if book.kind == GROUP else None


def _hub(db: Connection, book: Book) -> int | None:
    """The hub whose keeper may see the request."""
    if book.kind == SHOP:
        return members.get(db, book.owner).hub
    return book.owner if book.kind == HUB else None
