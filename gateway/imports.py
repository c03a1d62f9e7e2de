"""Sheets that people send, CSV or XLSX, as rows of plain text, each with its number in the sheet.

Nothing is believed of a file, its suffix neither: it may be of any size, broken, or made to do harm. Text comes out in
its canonical spelling, white space as single blanks.
"""

from __future__ import annotations

import csv
import unicodedata
import warnings
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import IO
from typing import Self
from xml.parsers.expat import ExpatError
from xml.parsers.expat import ParserCreate
from zipfile import ZipFile

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from locales.script import canonical

MOST_BYTES = 5 * 2**20
MOST_ROWS = 10_000
"""Rows under the heading that have anything in them."""
MOST_COLUMNS = 100
MOST_UNPACKED = 50 * 2**20
"""Octets of all parts of a workbook; a few kilobytes can be packed so that they fill any memory."""

MOST_MARKS = 1_000_000
_MOST_IN_ROW, _MOST_IN_CELL = 16_384, 32_767
"""Elements of all parts of a workbook; and of one row and characters of one cell, as many as a spreadsheet has."""

_LAST_ROW = 100_000
"""The last row that is looked at: a workbook may claim a million, with nothing in them, and that takes minutes."""
_NOTHING = (None,) * (MOST_COLUMNS + 1)

_ZIPPED, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"}
_UNSHOWN = {"Cc", "Cs", "Co"}
"""Unicode categories that no phone shows: controls, halves of surrogates, private use."""


class Said(str):
    """A sentence about a file: the English text, with the template and the values that other languages need."""

    template: str
    values: Mapping[str, str]

    def __new__(cls, template: str, /, **values: str) -> Self:
        """The sentence of a template."""
        made = super().__new__(cls, template.format(**values))
        made.template, made.values = template, values
        return made


class Unreadable(Exception):
    """The file as a whole cannot be used; `said` says why and, where it helps, what to do."""

    def __init__(self, template: str, /, **values: str) -> None:
        """Why, as a template and its values."""
        self.said = Said(template, **values)
        super().__init__(self.said)


@dataclass(frozen=True)
class Line:
    """One row: its number as a spreadsheet counts, its cells by column ("" where empty), what is wrong already."""

    number: int
    cells: Mapping[str, str]
    faults: Sequence[str] = ()


@dataclass(frozen=True)
class Sheet:
    """The rows under the heading that have anything in them, and what a person should be told of the file."""

    columns: Sequence[str]
    lines: Sequence[Line]
    notes: Sequence[str]


# A cell as text; None for a formula whose result is empty or was not stored.
_Row = tuple[int, list[str | None]]

Unpacked = tuple[list[_Row], list[str]]
"""The rows of a file that have anything in them, its heading the first of them, and notes on the file."""


def read(path: Path, columns: Collection[str], required: Collection[str]) -> Sheet:
    """Read a sheet whose heading has at least the `required` columns, in any order; what is not in `columns` is left.

    Unreadable for a file that is no such sheet, is broken or goes beyond the limits.
    """
    with path.open("rb") as file:
        return parsed(file.read(MOST_BYTES + 1), columns, required)


def parsed(data: bytes, columns: Collection[str], required: Collection[str]) -> Sheet:
    """The same, of a file's octets; of a larger file no more than the limit and one need be read."""
    return headed(unpacked(data), columns, required)


def unpacked(data: bytes) -> Unpacked:
    """The rows of a file, whatever is in them: the part of reading it that takes long. Unreadable as above."""
    if len(data) > MOST_BYTES:
        raise Unreadable("the file is larger than {most} MB", most=f"{MOST_BYTES // 2**20}")
    return _rows(data)


def headed(file: Unpacked, columns: Collection[str], required: Collection[str]) -> Sheet:
    """A sheet of rows with these columns, some of them required. Unreadable as above."""
    rows, notes = file
    if not rows:
        raise Unreadable("the file is empty")
    (_, cells), *below = rows
    heading = [_heading(cell or "") for cell in cells]
    if len(heading) > MOST_COLUMNS:
        raise Unreadable("the heading has more than {most} columns", most=f"{MOST_COLUMNS}")
    if len(below) > MOST_ROWS:
        raise Unreadable("the file has more than {most} rows; import it in parts", most=f"{MOST_ROWS}")
    notes = [*notes, *_check_heading(heading, columns, required)]
    there = [name for name in heading if name in columns]
    return Sheet(there, [_line(row, heading, columns, required) for row in below], notes)


def as_csv(sheet: Sheet) -> str:
    """The rows of a sheet under their heading, each at its number, so that what is said of a row keeps it."""
    out, at = StringIO(), 1
    write = csv.writer(out, lineterminator="\n")
    write.writerow(sheet.columns)
    for line in sheet.lines:
        out.write("\n" * min(line.number - 1 - at, _LAST_ROW))
        write.writerow([line.cells[name] for name in sheet.columns])
        at = line.number
    return out.getvalue()


def _rows(data: bytes) -> Unpacked:
    """The rows that have anything in them, one more than may be, and notes."""
    if data.startswith(_OLD):
        raise Unreadable("this is an old .xls workbook, or one with a password: save it as .xlsx without a password")
    return _workbook(data) if data.startswith(_ZIPPED) else (list(_some(_csv_rows(_csv_text(data)))), [])


def _some(rows: Iterator[_Row]) -> Iterator[_Row]:
    """Enough rows to see that they are too many."""
    return islice(((number, cells) for number, cells in rows if any(cells)), MOST_ROWS + 2)


def _heading(text: str) -> str:
    """A heading without the difference of case and of blanks, hyphens and underlines."""
    return "_".join(text.casefold().replace("-", " ").replace("_", " ").split())


def _check_heading(heading: Sequence[str], columns: Collection[str], required: Collection[str]) -> list[str]:
    """Notes on columns that are ignored; Unreadable when one is missing or there twice."""
    missing = [name for name in required if name not in heading]
    if missing:
        names = ", ".join(missing)
        raise Unreadable("the heading has no column {missing}; it has {there}", missing=names, there=_quoted(heading))
    twice = [name for name in columns if heading.count(name) > 1]
    if twice:
        raise Unreadable("the heading has twice: {columns}", columns=", ".join(twice))
    ignored = [name for name in heading if name and name not in columns]
    return [Said("columns that are ignored: {columns}", columns=_quoted(ignored))] if ignored else []


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(shown(name) for name in names if name)


def shown(text: str, most: int = 40) -> str:
    """Text of a file in quotes, short, and harmless on a terminal."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def _line(row: _Row, heading: Sequence[str], columns: Collection[str], required: Collection[str]) -> Line:
    number, values = row
    faults: list[str] = []
    if any(values[len(heading) :]):
        faults.append(
            Said("there are more cells than headings: is a comma or semicolon without quotes around its text?")
        )
    cells = dict.fromkeys((name for name in heading if name in columns), "")
    for name, value in zip(heading, values, strict=False):
        if name in columns:
            cells[name] = value or ""
            faults += _cell_faults(name, value, name in required)
    return Line(number, cells, faults)


def _cell_faults(name: str, value: str | None, required: bool) -> Iterator[Said]:
    if value is None:
        if required:
            yield Said(
                "{column} is a formula without a result: open the file in a spreadsheet and save it again", column=name
            )
    elif value in _ERRORS:
        yield Said("{column} shows the error {error}", column=name, error=value)
    elif any(unicodedata.category(c) in _UNSHOWN for c in value):
        yield Said("{column} {typed} has a character that no phone shows", column=name, typed=shown(value))


def _clean(text: str) -> str:
    return " ".join(canonical(text).split())


# CSV


def _csv_text(data: bytes) -> str:
    if data.startswith(_WIDE) or b"\0" in data:
        raise Unreadable('this is not a CSV file in UTF-8: save it as "CSV UTF-8"')
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable('line {line} is not UTF-8 text: save the file as "CSV UTF-8"', line=f"{line}") from None


def _csv_rows(text: str) -> Iterator[_Row]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, [_clean(cell) for cell in cells]
    except csv.Error as error:
        raise Unreadable("the quotes of row {row} are wrong ({error})", row=f"{number + 1}", error=f"{error}") from None


def _delimiter(text: str) -> str:
    """What parts the heading into most columns; a spreadsheet writes semicolons where a comma is the decimal point."""
    first = next((line for line in text.splitlines() if line.strip(",;\t ")), "")
    return max(",;\t", key=first.count)


# XLSX


def _workbook(data: bytes) -> Unpacked:
    """The first sheet that is not hidden; other sheets are named in a note."""
    try:
        with warnings.catch_warnings():
            # openpyxl tells of styles and extensions that it leaves out.
            warnings.simplefilter("ignore")
            _check_size(data)
            # Once with what the formulas gave when the workbook was saved, once with the formulas.
            values, formulas = (
                load_workbook(BytesIO(data), read_only=True, data_only=data_only, keep_links=False)
                for data_only in (True, False)
            )
            sheet = next(sheet for sheet in values.worksheets if sheet.sheet_state == "visible")
            others = [each.title for each in values.worksheets if each.title != sheet.title]
            rows = list(_some(_sheet_rows(sheet, formulas[sheet.title])))
    except Unreadable:
        raise
    except Exception as error:
        # A broken workbook fails in as many ways as the library has lines.
        raise Unreadable("the workbook is broken and cannot be read ({error})", error=type(error).__name__) from error
    first = shown(sheet.title)
    notes: list[str] = (
        [Said("only the sheet {sheet} is read, not {others}", sheet=first, others=_quoted(others))] if others else []
    )
    return rows, notes


def _check_size(data: bytes) -> None:
    """Look at what the parts say of their size; unpacking stops there, whatever is in them. Then count their marks."""
    with ZipFile(BytesIO(data)) as file:
        if sum(part.file_size for part in file.infolist()) > MOST_UNPACKED:
            raise Unreadable("the workbook unpacks to more than {most} MB", most=f"{MOST_UNPACKED // 2**20}")
        count = _Marks()
        for part in file.infolist():
            with file.open(part) as opened:
                count.read(opened)


class _Marks:
    """Counts the elements of parts without keeping any: an empty cell takes 4 octets of a part, 500 once it is read."""

    def __init__(self) -> None:
        self._all = self._in_row = 0

    def read(self, part: IO[bytes]) -> None:
        """Unreadable when it is too much; what is no XML has none."""
        parser = ParserCreate()
        parser.StartElementHandler = self._begins
        with suppress(ExpatError):
            parser.ParseFile(part)

    def _begins(self, name: str, _: object) -> None:
        self._all += 1
        self._in_row = 0 if name.endswith("row") else self._in_row + 1
        if self._all > MOST_MARKS or (name.rpartition(":")[2] == "c" and self._in_row > 4 * _MOST_IN_ROW):
            raise Unreadable("the workbook has more in it than a list: copy its rows into a new one")


def _sheet_rows(values: Worksheet, formulas: Worksheet) -> Iterator[_Row]:
    both = zip(_cells(values), _cells(formulas), strict=False)
    for number, (row, typed) in enumerate(both, 1):
        if row != _NOTHING:
            cells = [_text(value, source) for value, source in zip(row, typed, strict=True)]
            while cells and cells[-1] == "":
                cells.pop()
            yield number, cells


def _cells(sheet: Worksheet) -> Iterator[tuple[object, ...]]:
    return sheet.iter_rows(max_row=_LAST_ROW, max_col=MOST_COLUMNS + 1, values_only=True)


def _text(value: object, source: object) -> str | None:
    """A cell as a person would have typed it."""
    if value is None:
        return "" if source is None else None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # As many digits as a spreadsheet shows: a calculated 48.3 is stored as 48.300000000000004.
        return f"{value:.15g}"
    if isinstance(value, str) and len(value) > _MOST_IN_CELL:
        raise Unreadable("the workbook has more in it than a list: copy its rows into a new one")
    return value.isoformat() if isinstance(value, datetime) else _clean(str(value))
