"""The books: accounts, entries, passbooks, what they are checked by."""

from __future__ import annotations

from gateway.console.shape import Page
from gateway.console.views import book_files
from gateway.console.views import books
from gateway.console.views import entries
from gateway.console.views import passbooks
from locales import phrase

_BOOK = "/books/<book>/<int:owner>"

BOOKS: tuple[Page, ...] = (
    Page("books", "/books", phrase("Books"), books.READERS, books.every, menu=True),
    Page("book", _BOOK, phrase("A book"), books.READERS, books.one),
    Page("book-accounts", f"{_BOOK}/accounts/<int:head>", phrase("Accounts of a head"), books.READERS, books.accounts),
    Page("book-lines", f"{_BOOK}/accounts/<int:head>/<int:party>", phrase("An account"), books.READERS, books.lines),
    Page("book-day", f"{_BOOK}/day", phrase("Day book"), books.READERS, entries.day),
    Page("book-trial", f"{_BOOK}/trial-balance", phrase("Trial balance"), books.READERS, entries.trial),
    Page("book-check", f"{_BOOK}/check", phrase("Check of a book"), books.READERS, books.check, slow=True),
    Page("book-file", f"{_BOOK}/files/<what>/<form>", phrase("A file to keep"), books.READERS, give=book_files.give),
    Page("entry", f"{_BOOK}/<int:entry>", phrase("An entry"), books.READERS, entries.one),
    Page(
        "entry-undo",
        f"{_BOOK}/<int:entry>/undo",
        phrase("Undo an entry"),
        books.UNDOERS,
        entries.show_undo,
        entries.ask_undo,
    ),
    Page("passbook", "/members/<int:member>/passbook", phrase("Passbook"), passbooks.READERS, passbooks.passbook),
)
