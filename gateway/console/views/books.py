"""The books: which there are, the chart of one with what it holds, the accounts of a head, the lines of an account."""

from __future__ import annotations

import re
from itertools import groupby

from sqlalchemy import Connection

from gateway import books_checks
from gateway.console.reach import KINDS
from gateway.console.reach import reach_of
from gateway.console.shape import Missing
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from gateway.console.views import book_words
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from ledger import audit
from ledger import registers
from ledger.audit import Finding
from ledger.chart import CHART
from ledger.errors import NotFound
from ledger.registers import Kept
from locales.script import canonical

READERS = frozenset(KINDS)
"""Who sees books; whose, her reach says."""

UNDOERS = frozenset({ADMIN, OFFICER, KEEPER})
"""Who may ask for an entry to be undone."""

MOST_STEPS = 20_000
"""Entries and lines of a book that is checked while somebody waits; a longer one is checked from the command line."""

MOST_FOUND = 100
"""So many things that are wrong are shown."""


def the_book(db: Connection, visit: Visit) -> Kept:
    """The book in the address; Missing unless it is in her reach."""
    try:
        return registers.find(db, reach_of(visit.operator), visit.args["book"], visit.args["owner"])
    except NotFound:
        raise Missing from None


def address(kept: Kept) -> dict[str, object]:
    """What stands for a book in an address."""
    return {"book": kept.book.kind, "owner": kept.book.owner}


def headed(db: Connection, visit: Visit) -> tuple[Kept, dict[str, object]]:
    """The book in the address, and what every page of a book shows of it."""
    kept = the_book(db, visit)
    title = book_words.titled(visit.words, kept)
    return kept, {
        "kept": kept,
        "at": address(kept),
        "title": title,
        "heads": book_words.HEADS,
        "dated": visit.words.day_and_year,
    }


def every(db: Connection, visit: Visit) -> Shown:
    """The books of one kind in her reach, or those called like what she looks for."""
    reach = reach_of(visit.operator)
    kinds = [kind for kind in registers.KINDS if kind in reach.kinds]
    kind = visit.query.get("kind") or kinds[0]
    if kind not in kinds:
        raise Missing
    wanted = canonical(visit.query.get("q", "").strip())[:60]
    rows = registers.kept(db, reach, kind, wanted, number_after(visit.query), PAGE + 1)
    columns = [name for name in registers.SUMS if any(kind in CHART[code].books for code in registers.SUMS[name])]
    values = {"kinds": kinds, "chosen": kind, "wanted": wanted, "columns": columns, "books": book_words.BOOKS}
    return Shown("books.html", paged(rows, lambda row: row.book.owner) | values | {"sums": book_words.SUMS})


def one(db: Connection, visit: Visit) -> Shown:
    """The chart of a book, by what its accounts are; those that were never used only if they are asked for."""
    kept, values = headed(db, visit)
    whole = visit.query.get("all") == "1"
    totals = [each for each in registers.chart(db, kept.book) if whole or each.accounts]
    classes = [(digit, list(some)) for digit, some in groupby(totals, lambda each: each.code // 1000)]
    told = {"classes": classes, "class_names": book_words.CLASSES, "whole": whole, "chart": CHART}
    return Shown("book.html", values | told)


def _head(visit: Visit, kept: Kept) -> int:
    code: int = visit.args["head"]
    if code not in CHART or kept.book.kind not in CHART[code].books:
        raise Missing
    return code


def accounts(db: Connection, visit: Visit) -> Shown:
    """The accounts of one head: whose each is and what it holds."""
    kept, values = headed(db, visit)
    code = _head(visit, kept)
    rows = registers.accounts(db, kept.book, code, number_after(visit.query), PAGE + 1)
    return Shown("book_accounts.html", values | paged(rows, lambda row: row.party) | {"code": code})


def lines(db: Connection, visit: Visit) -> Shown:
    """The lines of an account, the newest first, with what stood after each."""
    kept, values = headed(db, visit)
    code, party = _head(visit, kept), visit.args["party"]
    rows = registers.lines(db, kept.book, code, party, PAGE + 1, _before(visit))
    who = registers.whose(db, [(code, party)]).get((code, party))
    if party and who is None:
        raise Missing
    shown = paged(rows, lambda row: f"{row.number}-{row.position}")
    did = book_words.did(db, visit.words, {row.actor for row in rows})
    told = {"code": code, "party": party, "of": who, "did": did, "entry_kinds": book_words.KINDS}
    return Shown("book_lines.html", values | shown | told)


def _before(visit: Visit) -> tuple[int, int]:
    """`?after=ENTRY-PLACE`."""
    after = visit.query.get("after", f"{registers.LAST}-0")
    found = re.fullmatch(r"([0-9]{1,19})-([0-9]{1,6})", after)
    if not found or int(found[1]) > registers.LAST:
        raise Missing
    return int(found[1]), int(found[2])


def check(db: Connection, visit: Visit) -> Shown:
    """Whether everything that must be true of a book is true; looked at when she asks for it."""
    kept, values = headed(db, visit)
    extent = audit.extent(db, kept.book.id)
    long = extent.steps > MOST_STEPS
    found: list[Finding] | None = None
    if visit.query.get("now") == "1" and not long:
        found = [step for step in audit.check(db, kept.book.id) if isinstance(step, Finding)]
    before = books_checks.last(db, kept.book.id) or books_checks.last(db)
    told = {
        "before": before,
        "extent": extent,
        "long": long,
        "checked": found is not None,
        "found": (found or [])[:MOST_FOUND],
    }
    return Shown("book_check.html", values | told)
