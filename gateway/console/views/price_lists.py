"""A price list in a sheet: read, told line by line what it would change, and written whole when that was looked at.

The rows travel with the form in between, as CSV, and are checked anew when they come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection

from gateway.catalogue_changes import planned
from gateway.catalogue_changes import summary
from gateway.catalogue_changes import told
from gateway.catalogue_changes import without_missing
from gateway.catalogue_check import OPTIONAL
from gateway.catalogue_check import REQUIRED
from gateway.catalogue_check import check
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.sheet_words import said
from gateway.console.views.imports import the_sheet
from gateway.console.views.looking import Look
from gateway.console.views.looking import agreed
from gateway.console.views.looking import day
from gateway.console.views.looking import seen
from gateway.console.views.looking import today
from gateway.imports import MOST_ROWS
from ledger import listings
from ledger import programmes
from ledger.listings import Listing
from locales import phrase

MOST_SHOWN = 500
"""Lines that are shown of what is wrong, and of what would change."""

OVER = phrase("That day is over; today is {today}.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sheet asks for: its rows as CSV, what is wrong or odd, what would change from which day on."""

    rows: str
    on: date
    discontinue: bool
    bad: Sequence[str]
    warnings: Sequence[str]
    changes: Sequence[str]
    summary: str
    listing: Listing

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared."""
        return sha256("\n".join((f"{self.on}", *self.changes, self.summary)).encode()).hexdigest()


def show(db: Connection, visit: Visit) -> Shown:
    """The form: a file, and from which day on; and what the file before would change."""
    return Shown("price_list.html", {"on": today(db, visit), "would": seen(visit), "most": MOST_SHOWN})


def take_in(db: Connection, visit: Visit) -> Done:
    """Say what a list would change; when that was seen, write it."""
    would = _wanted(db, visit)
    if would.bad:
        raise Look(would)
    agreed(visit, would, lambda each: each.mark)
    listings.revise(db, visit.operator.programme, would.listing, would.on, visit.now)
    return Done("items", {}, "catalogue.read", f"{would.on}", would.summary, said="catalogue-read")


def _wanted(db: Connection, visit: Visit) -> Wanted:
    now = today(db, visit)
    on = day(visit.typed.get("from", ""), "from")
    if on < now:
        raise Mistaken(OVER, "from", today=now)
    sheet, rows = the_sheet(visit, REQUIRED + OPTIONAL, REQUIRED, MOST_ROWS)
    programme = programmes.get(db, visit.operator.programme)
    listings.hold(db, programme.id)
    known = listings.listing(db, programme.id, on)
    checked = check(sheet.lines, known, programme.currency, lambda: None)
    discontinue = visit.typed.get("discontinue") == "yes"
    wanted = without_missing(known, checked.wanted) if discontinue else checked.wanted
    changes = [] if checked.bad else [*told(known, wanted, on), *planned(db, programme.id, wanted, on)]
    return Wanted(
        rows,
        on,
        discontinue,
        [str(each) for each in checked.bad],
        [*(said(visit.words, each) for each in sheet.notes), *(str(each) for each in checked.warnings)],
        changes,
        summary(known, wanted),
        wanted,
    )
