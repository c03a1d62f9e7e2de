"""Many new members by a sheet: read and told row by row first, then imported by a task, some rows at a time.

The rows travel with the form in between, as CSV, and are held against the books anew when they come back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from gateway import imports
from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.sheet_words import of_row
from gateway.console.sheet_words import said
from gateway.console.views.looking import Look
from gateway.console.views.looking import agreed
from gateway.console.views.looking import seen
from gateway.console.views.search import NO_GROUP
from gateway.console.views.search import group_called
from gateway.console.views.search import within
from gateway.imports import Sheet
from gateway.imports import Unreadable
from gateway.members_check import MOST_ROWS
from gateway.members_check import REQUIRED
from gateway.members_check import Checked
from gateway.members_check import check
from gateway.members_roll import known
from gateway.tasks import importing
from gateway.tasks import life
from ledger import groups
from ledger import programmes
from ledger.groups import Group
from locales import phrase
from locales.script import canonical

ROOM = 6 * 2**20
"""Octets of a click with a file."""

MOST_OCTETS = 400_000
"""Octets of rows that travel with a form."""

MOST_SHOWN = 200
"""Lines that are shown of what is wrong, of who is there and of who would be new."""

NO_FILE = phrase("Choose a file.")
NOT_READ = phrase("The file cannot be read: {why}")
LONG_LIST = phrase("The list is too long for this page. Take it in parts.")
EMPTY = phrase("There is nothing under the heading.")
MANY_ROWS = phrase("At most {most} rows at a time. Take it in parts.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sheet of new members would do: its name, its rows as CSV, what is to be said of it, who would be new."""

    name: str
    rows: str
    lines: int
    group: Group | None
    notes: list[str]
    bad: list[str]
    there: list[str]
    checked: Checked
    groups: dict[int, Group]

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared."""
        return sha256(repr(self.checked.new).encode()).hexdigest()


def the_sheet(visit: Visit, columns: Collection[str], required: Collection[str], most: int) -> tuple[Sheet, str]:
    """The file that came, else the rows that came with the form; and its rows as CSV. Mistaken for what is no sheet."""
    sent = visit.sheets.get("file")
    data = visit.typed.get("rows", "").encode()
    if not sent and not data:
        raise Mistaken(NO_FILE, "file")
    try:
        rows_sent = sent.rows if sent else imports.unpacked(data)
        if isinstance(rows_sent, Unreadable):
            raise rows_sent
        sheet = imports.headed(rows_sent, columns, required)
    except Unreadable as error:
        raise Mistaken(NOT_READ, "file", why=said(visit.words, error.said)) from None
    if not sheet.lines:
        raise Mistaken(EMPTY, "file")
    if len(sheet.lines) > most:
        raise Mistaken(MANY_ROWS, "file", most=most)
    rows = imports.as_csv(sheet)
    if len(rows.encode()) > MOST_OCTETS:
        raise Mistaken(LONG_LIST, "file")
    return sheet, rows


def show_members(db: Connection, visit: Visit) -> Shown:
    """The form: a file, and the group of rows that name none; and what the file before would do."""
    return Shown("members_import.html", {"would": seen(visit), "most": MOST_SHOWN})


def members(db: Connection, visit: Visit) -> Done:
    """Say what a sheet would do; when that was seen, begin the task that does it."""
    would = _wanted(db, visit)
    if would.bad or not would.checked.new:
        raise Look(would)
    agreed(visit, would, lambda each: each.mark)
    who, scope = visit.operator, within(visit).groups
    more: dict[str, Any] = {
        "by": who.name,
        "groups": None if scope is None else list(scope),
        "group": would.group.id if would.group else None,
        "codes": visit.typed.get("codes") == "yes",
    }
    about = " ".join(filter(None, (would.name, would.group.names.bn_Latn if would.group else "")))
    octets, origin = would.rows.encode(), visit.origin(db)
    made = life.start(db, who.programme, who.id, importing.KIND, about, would.lines, origin, sheet=octets, **more)
    detail = f"{len(would.checked.new)} of {would.lines}"
    return Done("task", {"task": made.id}, "members.import", f"import {made.id}", detail, said="task-started")


def _plain(name: str) -> str:
    """The name of a file as it may be kept and shown: what no name has is left out."""
    return "".join(each for each in canonical(name) if each.isprintable())[:40]


def _wanted(db: Connection, visit: Visit) -> Wanted:
    asked = text(visit.typed, "group", 60, needed=False)
    group = group_called(db, visit, asked) if asked else None
    if asked and group is None:
        raise Mistaken(NO_GROUP, "group")
    sheet, rows = the_sheet(visit, importing.COLUMNS, REQUIRED, MOST_ROWS)
    ours = within(visit)
    programme = programmes.get(db, ours.programme)
    checked = check(sheet.lines, known(db, programme, ours.groups, group.id if group else None, sheet.lines))
    spoken = visit.words
    sent = visit.sheets.get("file")
    return Wanted(
        _plain(sent.name if sent else visit.typed.get("name", "")),
        rows,
        len(sheet.lines),
        group,
        [said(spoken, each) for each in sheet.notes],
        [of_row(spoken, each.row, each.text) for each in checked.bad],
        [of_row(spoken, each.row, each.text) for each in checked.there],
        checked,
        {each.id: each for each in groups.these(db, sorted({new.group for new in checked.new}))},
    )
