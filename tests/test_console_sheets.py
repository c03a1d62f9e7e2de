"""Tables to keep: what a spreadsheet reads in them, and that nothing in them is calculated."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from gateway.console import sheets
from ledger.money import Money

HEADING = ("নাম", "=sum")
ROWS = (
    ("শিরিন", Money(123450), date(2026, 3, 1), datetime(2026, 3, 1, 14, 5, 59, tzinfo=UTC), 7, True, None),
    ("=1+1", Money(-5), None, None, -7, False, Decimal("0.25")),
    ("+880171", "-x", "@x", "\tx", " x", "http://x", ""),
)


def octets(kind: str) -> bytes:
    made = sheets.download("book", kind, HEADING, iter(ROWS))
    assert made.name == f"book.{kind}"
    return b"".join(made.pieces)


def test_a_csv_says_what_it_is_and_holds_no_formula() -> None:
    data = octets("csv")
    assert data.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) == [
        ["নাম", "'=sum"],
        ["শিরিন", "1234.50", "2026-03-01", "2026-03-01 14:05", "7", "1", ""],
        ["'=1+1", "-0.05", "", "", "-7", "0", "0.25"],
        ["'+880171", "'-x", "'@x", "'\tx", " x", "http://x", ""],
    ]


def test_a_workbook_has_numbers_as_numbers_days_as_days_and_texts_as_texts() -> None:
    sheet = load_workbook(io.BytesIO(octets("xlsx"))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:2] == HEADING
    assert rows[1][2:4] == tuple(datetime.fromisoformat(each) for each in ("2026-03-01", "2026-03-01 14:05:59"))
    assert rows[1][:2] + rows[1][4:] == ("শিরিন", 1234.5, 7, True, None)
    assert rows[2] == ("=1+1", -0.05, None, None, -7, False, 0.25)
    assert rows[3][:6] == ROWS[2][:6]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)


def test_what_one_sheet_cannot_hold_stands_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    book = load_workbook(io.BytesIO(octets("xlsx")))
    assert [[row[0].value for row in sheet.iter_rows()] for sheet in book] == [
        ["নাম", "শিরিন", "=1+1"],
        ["নাম", "+880171"],
    ]


def test_another_kind_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="ods"):
        sheets.download("book", "ods", HEADING, ROWS)
