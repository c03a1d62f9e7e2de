"""The books as files to keep: day book, trial balance, entries; as CSV, as a workbook, as a journal of hledger."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import date
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from gateway.console import sheets
from gateway.console.shape import Download
from gateway.console.shape import Missing
from gateway.console.shape import Visit
from gateway.console.views import book_words
from gateway.console.views.books import the_book
from gateway.console.views.looking import today
from gateway.console.views.typed import as_day
from ledger import export
from ledger import statements
from ledger.books import Book
from ledger.money import Money
from ledger.registers import Kept
from ledger.statements import Recorded
from locales import Phrase
from locales import Words
from locales import phrase

DAY_BOOK, TRIAL_BALANCE, ENTRIES = "day-book", "trial-balance", "entries"
HLEDGER = "hledger"

MONTH = timedelta(days=30)

ENTRY_COLUMNS = (
    phrase("Day"), phrase("Entry"), phrase("What"), phrase("By"), phrase("Undoes entry"), phrase("Code"),
    phrase("Account"), phrase("Party"), phrase("Debit"), phrase("Credit"),
)  # fmt: skip
TRIAL_COLUMNS = (phrase("Code"), phrase("Account"), phrase("Debit"), phrase("Credit"))

Make = Callable[[Connection, Visit, Kept, str], Download]


def _dates(db: Connection, visit: Visit) -> tuple[date, date]:
    """`?first=…&last=…`: by default the last thirty days; Missing for what are no days."""
    said = visit.query
    last = as_day(said["last"]) if said.get("last") else today(db, visit)
    first = as_day(said["first"]) if said.get("first") else last and last - MONTH
    if first is None or last is None:
        raise Missing
    return first, last


def _name(what: str, book: Book, *days: date) -> str:
    return "-".join([what, book.kind, str(book.owner), *map(str, days)])


def _heading(said: Words, columns: Iterable[Phrase]) -> list[str]:
    return [said.say(each) for each in columns]


def _rows(said: Words, some: Iterable[Recorded]) -> Iterator[list[object]]:
    """A line of the table for each line of each entry."""
    for each in some:
        kind = said.say(book_words.KINDS[each.kind])
        head = [each.on, each.number, kind, each.actor, each.reverses]
        for leg in each.lines:
            account = [leg.code, said.say(book_words.HEADS[leg.code]), leg.party or None]
            yield [*head, *account, *_sums(leg.debit, leg.credit)]


def _sums(*sides: Money) -> list[Money | None]:
    return [each or None for each in sides]


def _day_book(db: Connection, visit: Visit, kept: Kept, form: str) -> Download:
    first, last = _dates(db, visit)
    rows = _rows(visit.words, statements.day_book(db, kept.book, first, last))
    name = _name(DAY_BOOK, kept.book, first, last)
    return sheets.download(name, form, _heading(visit.words, ENTRY_COLUMNS), rows)


def _trial_balance(db: Connection, visit: Visit, kept: Kept, form: str) -> Download:
    _, on = _dates(db, visit)
    some = statements.trial_balance(db, statements.of_book(kept.book), on)
    said = visit.words
    rows = [[each.code, said.say(book_words.HEADS[each.code]), *_sums(each.debit, each.credit)] for each in some]
    return sheets.download(_name(TRIAL_BALANCE, kept.book, on), form, _heading(said, TRIAL_COLUMNS), rows)


def _entries(db: Connection, visit: Visit, kept: Kept, form: str) -> Download:
    name = _name(ENTRIES, kept.book)
    if form == HLEDGER:
        lines = (each.encode() for each in export.text(db, HLEDGER, kept.book.id))
        return Download(f"{name}.journal", "text/plain; charset=utf-8", lines)
    rows = _rows(visit.words, statements.entries(db, kept.book.id))
    return sheets.download(name, form, _heading(visit.words, ENTRY_COLUMNS), rows)


FILES: Mapping[str, tuple[Make, tuple[str, ...]]] = {
    DAY_BOOK: (_day_book, sheets.KINDS),
    TRIAL_BALANCE: (_trial_balance, sheets.KINDS),
    ENTRIES: (_entries, (*sheets.KINDS, HLEDGER)),
}
"""What can be kept of a book, and in which forms."""


def give(db: Connection, visit: Visit) -> Download:
    """One of `FILES` of the book in the address; Missing for another one, or another form."""
    kept = the_book(db, visit)
    make, forms = FILES.get(visit.args["what"], (None, ()))
    form: Any = visit.args["form"]
    if make is None or form not in forms:
        raise Missing
    return make(db, visit, kept, form)
