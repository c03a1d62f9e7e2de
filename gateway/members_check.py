"""The rows of a sheet of new members become members, or the number of the row and the reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

from gateway.imports import Line
from gateway.imports import Said
from gateway.imports import shown
from gateway.joining import LANGUAGES
from gateway.joining import ROOM
from gateway.joining import too_long
from ledger.groups import Group
from ledger.members import Member
from ledger.membership import MEMBER
from ledger.membership import ROLES
from ledger.tables import Names
from locales.numerals import to_latin
from locales.phones import e164

REQUIRED = ("name_bn", "name_latn")
OPTIONAL = ("group", "number", "code", "role", "language")
"""An empty cell is: the group that was chosen, no number, the next free code, a member like others, Bangla."""

MOST_ROWS = 2000
"""Rows of one sheet: what is checked is carried from page to page."""

_CODE = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of a row."""

    row: int
    text: Said


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A row that makes somebody a member; `code` "" is the next free one, `number` "" is none."""

    row: int
    group: int
    names: Names
    number: str
    code: str
    role: str
    language: str


@dataclass(frozen=True)
class Known:
    """What a sheet is held against: groups by their names, members by their codes, namesakes in a group.

    `group` is the one that was chosen for rows that name none. `find` finds a member by her code, also one who left;
    `namesakes` the members of a group with some names, each with her numbers.
    """

    group: Group | None
    programme: int
    timezone: str
    group_called: Callable[[str], Group | None]
    find: Callable[[str], Member | None]
    namesakes: Callable[[int, Names], Sequence[tuple[Member, Sequence[str]]]]


@dataclass
class Checked:
    """What a sheet says: who would be new, what of it is there already, what is bad. In order of rows."""

    new: list[Newcomer] = field(default_factory=list)
    there: list[Finding] = field(default_factory=list)
    bad: list[Finding] = field(default_factory=list)


def check(lines: Sequence[Line], known: Known) -> Checked:
    """Check all rows against each other and against who is a member."""
    checked = Checked()
    codes, people = dict[str, int](), dict[tuple[int, Names, str], int]()
    for line in lines:
        one(line, known, checked)
        if checked.new and checked.new[-1].row == line.number:
            _compare(checked, codes, people)
    return checked


def one(line: Line, known: Known, checked: Checked) -> None:
    """Check one row by itself: it becomes a newcomer, is there already, or is bad."""
    cells = {name: to_latin(cell) for name, cell in line.cells.items()}
    bad: list[Said] = [each if isinstance(each, Said) else Said("{said}", said=each) for each in line.faults]
    group = _group(line, known, bad)
    names = _names(line, bad)
    number = _number(line, known.timezone, bad)
    code = cells.get("code", "")
    if code and not _CODE.fullmatch(code):
        bad.append(Said("code {typed} is no member's code: digits only", typed=shown(line.cells["code"])))
    role = _choice(line, "role", ROLES, MEMBER, bad)
    language = _choice(line, "language", tuple(LANGUAGES), "bn", bad)
    if not bad and group is not None:
        wanted = Newcomer(line.number, group.id, names, number, code, role, language)
        if there := _there(wanted, known, bad):
            checked.there.append(Finding(line.number, there))
        elif not bad:
            checked.new.append(wanted)
    checked.bad += [Finding(line.number, text) for text in bad]


def _group(line: Line, known: Known, bad: list[Said]) -> Group | None:
    said = line.cells.get("group", "")
    if not said:
        if known.group is None:
            bad.append(Said("group is empty, and none was chosen for the whole sheet"))
        return known.group
    found = known.group_called(said)
    if found is None:
        bad.append(Said("no group, or more than one, is called {typed}", typed=shown(said)))
    return found


def _names(line: Line, bad: list[Said]) -> Names:
    for column, most in ROOM.items():
        text = line.cells.get(column, "")
        if not text:
            bad.append(Said("{column} is empty", column=column))
        elif has := too_long(column, text):
            bad.append(
                Said(
                    "{column} {typed} has {has} characters, at most {most} fit: a given name",
                    column=column,
                    typed=shown(text),
                    has=str(has),
                    most=str(most),
                )
            )
    return Names(line.cells.get("name_bn", ""), line.cells.get("name_latn", ""))


def _number(line: Line, timezone: str, bad: list[Said]) -> str:
    typed = line.cells.get("number", "")
    number = e164(typed, timezone) if typed else ""
    if number is None:
        bad.append(Said("number {typed} is no phone number: type it as +8801711000001", typed=shown(typed)))
    return number or ""


def _choice(line: Line, column: str, choices: Sequence[str], usual: str, bad: list[Said]) -> str:
    typed = line.cells.get(column, "")
    found: Mapping[str, str] = {each.casefold(): each for each in choices}
    if typed and typed.casefold() not in found:
        among = ", ".join(choices)
        bad.append(Said("{column} {typed} is none of {choices}", column=column, typed=shown(typed), choices=among))
    return found.get(typed.casefold(), usual)


def _there(wanted: Newcomer, known: Known, bad: list[Said]) -> Said | None:
    """What says that she is a member already; a code that is somebody else's is bad."""
    if wanted.code:
        found = known.find(wanted.code)
        if found is None:
            return None
        if found.programme == known.programme and found.names == wanted.names and found.group == wanted.group:
            return Said("{name} {code} is a member already", name=found.names.bn_Latn, code=found.code)
        bad.append(Said("somebody has the code {code} already, or had it", code=wanted.code))
        return None
    for who, numbers in known.namesakes(wanted.group, wanted.names):
        if not wanted.number or wanted.number in numbers:
            return Said("{name} {code} is a member already", name=who.names.bn_Latn, code=who.code)
    return None


def _compare(checked: Checked, codes: dict[str, int], people: dict[tuple[int, Names, str], int]) -> None:
    """Hold the last newcomer against the rows before hers."""
    last = checked.new[-1]
    key = (last.group, last.names, last.number)
    before = (codes.get(last.code) if last.code else None) or (people.get(key) if not last.code else None)
    if before is not None:
        checked.new.pop()
        checked.bad.append(Finding(last.row, Said("the same as row {before}", before=str(before))))
        return
    if last.code:
        codes[last.code] = last.row
    people[key] = last.row
