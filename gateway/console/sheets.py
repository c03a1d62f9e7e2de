"""Tables to keep: a list of the console as CSV or as a workbook, safe against formulas.

A cell is a text, a number, a day, a moment, a yes or no, a sum, or nothing (None). A sum is a number of whole units
with two decimals: 1234.50. A moment is written as it is in its own zone. Rows are made while the file is written, so a
list of any length takes the same memory.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from decimal import Decimal
from itertools import chain
from itertools import islice
from numbers import Number
from tempfile import TemporaryFile
from typing import Any

from xlsxwriter import Workbook

from gateway.console.shape import Download
from ledger.export import cell
from ledger.money import Money

CSV, XLSX = "csv", "xlsx"
KINDS = (CSV, XLSX)

MIMETYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

MOST_ROWS, MOST_TEXT = 1_000_000, 32_767
"""What a sheet of a workbook and a cell hold: further rows stand on a further sheet, a longer text is cut."""

_PIECE = 64 * 1024
_FORMATS = {
    date: {"num_format": "yyyy-mm-dd"},
    datetime: {"num_format": "yyyy-mm-dd hh:mm"},
    Money: {"num_format": "#,##0.00"},
}


def download(name: str, kind: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Download:
    """A table as a file called `name` and its kind, of KINDS; ValueError (our mistake) for another kind."""
    make = {CSV: _csv, XLSX: _xlsx}.get(kind)
    if make is None:
        raise ValueError(f"no such kind of table: {kind}")
    return Download(f"{name}.{kind}", MIMETYPES[kind], make(heading, rows))


class _Echo:
    """A file for `csv.writer` that hands each row back."""

    def write(self, row: str) -> str:
        return row


def _csv(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    # Without the mark at its head a spreadsheet takes Bangla for some other script.
    yield codecs.BOM_UTF8
    write: Callable[[Any], str] = csv.writer(_Echo(), lineterminator="\r\n").writerow
    yield write([cell(each) for each in heading]).encode()
    for row in rows:
        yield write([_as_text(each) for each in row]).encode()


def _as_text(value: object) -> object:
    """What stands in a CSV: a text that begins like a formula gets an apostrophe, a number below zero does not."""
    match value:
        case str():
            return cell(value)
        case Money():
            return str(_decimal(value))
        case bool():
            return int(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
    return value


def _decimal(value: Money) -> Decimal:
    return Decimal(value.minor).scaleb(-2)


def _xlsx(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    with TemporaryFile() as file:
        # Each row goes to the disk as it is written.
        with Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
            formats = {kind: book.add_format(how) for kind, how in _FORMATS.items()}
            rest = iter(rows)
            while True:
                _sheet(book.add_worksheet(), heading, islice(rest, MOST_ROWS), formats)
                if (more := next(rest, None)) is None:
                    break
                rest = chain([more], rest)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _sheet(sheet: Any, heading: Sequence[str], rows: Iterable[Sequence[object]], formats: dict[type, Any]) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(heading) - 1, 0), 16)
    for at, row in enumerate(chain([heading], rows)):
        for column, value in enumerate(row):
            _write(sheet, at, column, value, formats)


def _write(sheet: Any, row: int, column: int, value: object, formats: dict[type, Any]) -> None:
    match value:
        case None:
            return
        case Money():
            sheet.write_number(row, column, _decimal(value), formats[Money])
        case datetime():
            sheet.write_datetime(row, column, value.replace(tzinfo=None), formats[datetime])
        case date():
            sheet.write_datetime(row, column, value, formats[date])
        case bool():
            sheet.write_boolean(row, column, value)
        case Number():
            sheet.write_number(row, column, value)
        case _:
            sheet.write_string(row, column, str(value)[:MOST_TEXT])
