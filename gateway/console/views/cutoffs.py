"""An old group joins: the sheet of what it and its members have and owe on a day, looked at, then posted whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from gateway import cutoff_posting as posting
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.sheet_words import of_row
from gateway.console.sheet_words import said
from gateway.console.views.imports import MOST_SHOWN
from gateway.console.views.imports import the_sheet
from gateway.console.views.looking import Look
from gateway.console.views.looking import agreed
from gateway.console.views.looking import day
from gateway.console.views.looking import seen
from gateway.console.views.members import SPOKEN
from gateway.console.views.search import the_group
from gateway.console.views.typed import NO_SUM
from gateway.console.views.typed import choice
from gateway.console.views.typed import digits
from gateway.console.views.typed import minor
from gateway.cutoff_check import OPTIONAL
from gateway.cutoff_check import POOLED
from gateway.cutoff_check import REQUIRED
from gateway.cutoff_check import Checked
from gateway.cutoff_check import Known
from gateway.cutoff_check import Person
from gateway.cutoff_check import check
from gateway.joining import LANGUAGES
from ledger import cutoff
from ledger import members
from ledger import programmes
from ledger.books import Book
from ledger.chart import GROUP
from ledger.errors import NotAllowed
from ledger.groups import Group
from ledger.money import Money
from ledger.programmes import Programme
from ledger.schedules import schedule
from locales import Phrase
from locales import phrase

MOST_ROWS = 300
"""Rows of one group's sheet."""

YET_TO_COME = phrase("{on} is yet to come.")
TWICE = phrase("The sheet says {code} already: say it once.")
UNSAID = phrase(
    "What the group has and owes differs by {by}. If the paper says the same, type it as the group's own; "
    "else mend the sheet."
)
DIFFERS = phrase("The paper says {said} as the group's own, the rows come to {by}. Nothing is written.")

SUMS: dict[str, Phrase] = {
    "cash": phrase("In the cash box"),
    "bank": phrase("At the bank"),
    "wallet": phrase("In the wallet"),
    "loans": phrase("Lent to members"),
    "fines": phrase("Fines owed"),
    "compulsory": phrase("Compulsory savings"),
    "voluntary": phrase("Voluntary savings"),
    "share": phrase("Shares"),
    "overpaid": phrase("Overpaid"),
    "social": phrase("Social fund"),
    "borrowed": phrase("Borrowed by the group"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sheet asks for: its rows as CSV, what is wrong or odd, who has what, the sums of the whole."""

    rows: str
    on: date
    notes: list[str]
    bad: list[str]
    people: list[Person]
    sheet: cutoff.Sheet
    fault: Mistaken | None

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared."""
        return sha256(f"{self.on} {self.sheet!r} {[each.who for each in self.people]!r}".encode()).hexdigest()

    @property
    def sums(self) -> list[tuple[Phrase, Money]]:
        """What the group has, then what it owes, each with its words; nothing of what is nothing."""
        sums = cutoff.totals(self.sheet)
        return [(words, sums[name]) for name, words in SUMS.items() if sums[name]]

    @property
    def own(self) -> Money:
        """What the group has less what it owes."""
        return cutoff.balance_of(self.sheet)

    def standing(self, person: Person) -> list[tuple[Phrase, Money]]:
        """What somebody has and owes beside her loans, as far as it is anything."""
        names = ("compulsory", "voluntary", "share", "overpaid", "fines")
        currency, hers = self.sheet.book.currency, person.standing
        sums = [(SUMS[name], Money(getattr(hers, name), currency)) for name in names]
        return [each for each in sums if each[1]]

    def loans(self, person: Person) -> list[dict[str, object]]:
        """Her loans: what is left, in how many instalments, the first one and its day, interest due beside it."""
        currency, plans = self.sheet.book.currency, [(loan, schedule(loan.terms)) for loan in person.standing.loans]
        return [
            {
                "sum": Money(loan.terms.principal, currency),
                "n": len(plan),
                "first": Money(plan[0].sum, currency),
                "on": plan[0].due,
                "interest": Money(loan.interest, currency),
            }
            for loan, plan in plans
        ]


def show(db: Connection, visit: Visit) -> Shown:
    """The form: a file, its day, the sums of the whole; and what the file before would post."""
    group = the_group(db, visit)
    programme = programmes.get(db, group.programme)
    values: dict[str, Any] = {
        "group": group,
        "would": seen(visit),
        "begun": cutoff.begun(db, _book(group, programme)),
        "today": programmes.day(visit.now, programme.timezone),
        "pooled": {name: SUMS[name] for name in POOLED},
        "spoken": SPOKEN,
        "most": MOST_SHOWN,
    }
    return Shown("group_cutoff.html", values)


def _book(group: Group, programme: Programme) -> Book:
    return Book(GROUP, group.id, programme.currency)


def take_over(db: Connection, visit: Visit) -> Done:
    """Say what would be posted; when that was seen, register who is new and post it whole."""
    group = the_group(db, visit)
    programme = programmes.get(db, group.programme)
    book = _book(group, programme)
    if (entry := cutoff.begun(db, book)) is not None:
        raise NotAllowed("book-begun", book=book.id, entry=entry)
    language = choice(visit.typed, "language", LANGUAGES)
    would = _wanted(db, visit, group, programme)
    if would.bad or would.fault:
        raise Look(would)
    agreed(visit, would, lambda each: each.mark)
    origin = replace(visit.origin(db), on=would.on)
    peppers = visit.runtime.peppers
    entry_, enrolled = posting.post(db, peppers, group, programme, would.people, would.sheet, language, origin)
    shown = Shown("group_taken_over.html", {"group": group, "enrolled": enrolled, "number": entry_.number})
    detail = f"entry {entry_.number}, {len(would.people)} members on {would.on}"
    about = {"group": group.id}
    return Done("group", about, "group.cutoff", group.names.bn_Latn, detail, said="done-before", shown=shown)


def _wanted(db: Connection, visit: Visit, group: Group, programme: Programme) -> Wanted:
    on = day(visit.typed.get("on", ""), "on")
    if on > programmes.day(visit.now, programme.timezone):
        raise Mistaken(YET_TO_COME, "on", on=on)
    sheet, rows = the_sheet(visit, REQUIRED + OPTIONAL, REQUIRED, MOST_ROWS)
    find = partial(members.by_code, db, left=True)
    checked = check(sheet.lines, Known(group, programme.timezone, on, find))
    pooled = _pooled(visit, checked)
    whole = posting.wanted(_book(group, programme), checked, pooled)
    fault = None if checked.bad else _fault(visit, checked, whole)
    spoken = visit.words
    notes = [said(spoken, each) for each in sheet.notes]
    notes += [of_row(spoken, each.row, each.text) for each in checked.warnings]
    bad = [of_row(spoken, each.row, each.text) for each in checked.bad]
    return Wanted(rows, on, notes, bad, checked.people, whole, fault)


def _pooled(visit: Visit, checked: Checked) -> dict[str, int]:
    """The sums of the whole that were typed into the form."""
    typed = {name: minor(visit.typed, name) for name in POOLED if visit.typed.get(name, "").strip()}
    for name in typed:
        if name in checked.pooled:
            raise Mistaken(TWICE, name, code=name)
    return typed


def _fault(visit: Visit, checked: Checked, whole: cutoff.Sheet) -> Mistaken | None:
    """What speaks against the difference: it must be what the paper says, or nothing."""
    typed = _equity(visit)
    if typed is not None and checked.equity is not None:
        raise Mistaken(TWICE, "equity", code="equity")
    paper = typed if typed is not None else checked.equity
    if not posting.differs(whole, paper):
        return None
    own, currency = cutoff.balance_of(whole), whole.book.currency
    if paper is None:
        return Mistaken(UNSAID, "equity", by=own)
    return Mistaken(DIFFERS, "equity", said=Money(paper, currency), by=own)


def _equity(visit: Visit) -> int | None:
    """The group's own by the paper, as typed; below zero as -5."""
    typed = digits(visit.typed, "equity")
    found = re.fullmatch(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,2}))?", typed)
    if typed and not found:
        raise Mistaken(NO_SUM, "equity")
    if not found:
        return None
    amount = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    return -amount if found[1] else amount
