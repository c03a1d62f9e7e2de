"""Sheets as people send them: CSV and XLSX of every kind, broken and malicious ones, each refused in one sentence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl import load_workbook

from gateway import imports
from gateway.imports import Line
from gateway.imports import Sheet
from gateway.imports import Unreadable

COLUMNS = ("code", "name_bn", "price")
REQUIRED = ("code", "price")


def read(folder: Path, data: bytes) -> Sheet:
    path = folder / "sheet"
    path.write_bytes(data)
    return imports.read(path, COLUMNS, REQUIRED)


def said(folder: Path, data: bytes) -> str:
    """Why a file cannot be used."""
    with pytest.raises(Unreadable) as refused:
        read(folder, data)
    return str(refused.value)


def rows(sheet: Sheet) -> list[str]:
    """`2: 101 সাবান 48.50`, a fault behind a bar."""
    return [" | ".join((f"{line.number}: {' '.join(line.cells.values())}", *line.faults)) for line in sheet.lines]


def workbook(*rows: tuple[object, ...], change: Callable[[Workbook], object] = lambda book: None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(data: bytes, part: str, *changes: tuple[bytes, bytes]) -> bytes:
    """A workbook with something replaced in one of its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            for before, after in changes if name == part else ():
                assert before in content
                content = content.replace(before, after)
            new.writestr(name, content)
    return file.getvalue()


PLAIN = workbook(COLUMNS, (101, "সাবান", 48.5))
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "text",
    [
        "code,name_bn,price\n101,সাবান,48.50\n",
        "\ufeffcode,name_bn,price\r\n101,সাবান,48.50\r\n",
        "code;name_bn;price\n101;সাবান;48.50",
        "code\tname_bn\tprice\n101\tসাবান\t48.50\n",
        'Code , Name BN ,"PRICE"\n101,"সাবান"," 48.50 "\n',
        "CODE,name-bn,price\r101,সাবান,48.50\r",
        "name_bn,price,code\nসাবান,48.50,101\n",
    ],
)
def test_csv_as_spreadsheets_write_it(tmp_path: Path, text: str) -> None:
    sheet = read(tmp_path, text.encode())
    (line,) = sheet.lines
    assert (line.number, dict(line.cells)) == (2, {"code": "101", "name_bn": "সাবান", "price": "48.50"})
    assert sheet.notes == []


def test_a_row_has_the_number_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    text = '\n,,\ncode,name_bn,price\n\n101,"সা\nবান",48\n,,\n102,তেল,150\n'
    assert rows(read(tmp_path, text.encode())) == ["5: 101 সা বান 48", "7: 102 তেল 150"]


def test_text_comes_in_one_spelling(tmp_path: Path) -> None:
    """ড় as two characters, a zero-width space, a hard space, Bangla digits: digits stay as they are."""
    text = "code,name_bn,price\n১০১,\u0995\u09be\u09aa\u09a1\u09bc\u200b \u00a0\u0995\u09be,৪৮\n"
    (line,) = read(tmp_path, text.encode()).lines
    assert dict(line.cells) == {"code": "১০১", "name_bn": "\u0995\u09be\u09aa\u09dc \u0995\u09be", "price": "৪৮"}


def test_columns_are_ignored_with_a_note(tmp_path: Path) -> None:
    sheet = read(tmp_path, b"code,cost,price,,Remark\n101,42,48,,x\n")
    assert (sheet.columns, sheet.notes) == (["code", "price"], ["columns that are ignored: 'cost', 'remark'"])
    assert rows(sheet) == ["2: 101 48"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "the file is empty"),
        (b"\n ,\n", "the file is empty"),
        (b"name_bn,cost\nx,1\n", "the heading has no column code, price; it has 'name_bn', 'cost'"),
        (b"code,price,Code\n1,2,3\n", "the heading has twice: code"),
        (b"code,price\n" + "ক,1\n".encode("utf-16"), 'this is not a CSV file in UTF-8: save it as "CSV UTF-8"'),
        ("code,price\n101,48\n".encode("utf-16"), 'this is not a CSV file in UTF-8: save it as "CSV UTF-8"'),
        (b"code,price\n101,48\n102,caf\xe9\n", 'line 3 is not UTF-8 text: save the file as "CSV UTF-8"'),
        (b'code,price\n101,"48\n102,50\n', "the quotes of row 2 are wrong (unexpected end of data)"),
        (b'code,price\n"101"x,48\n', "the quotes of row 2 are wrong (',' expected after '\"')"),
        (b",".join([b"code", b"price", *[b"x"] * 99]) + b"\n", "the heading has more than 100 columns"),
        (b"code,price\n" + b"101,48\n" * 10_001, "the file has more than 10000 rows; import it in parts"),
        (b"x" * (5 * 2**20 + 1), "the file is larger than 5 MB"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "this is an old .xls workbook, or one with a password: save it as .xlsx without a password",
        ),
    ],
)
def test_what_cannot_be_used_at_all(tmp_path: Path, data: bytes, why: str) -> None:
    assert said(tmp_path, data) == why


def test_ten_thousand_rows_are_not_too_many(tmp_path: Path) -> None:
    assert len(read(tmp_path, b"code,price\n" + b"101,48\n\n" * 10_000).lines) == 10_000


def test_what_is_wrong_with_a_cell_is_said_of_its_row(tmp_path: Path) -> None:
    text = "code,name_bn,price\n101,সাবান, ছোট,48\n102,#REF!,48\n103,a\x07b,\n104\n"
    assert rows(read(tmp_path, text.encode())) == [
        "2: 101 সাবান ছোট | there are more cells than headings: is a comma or semicolon without quotes around its text?",
        "3: 102 #REF! 48 | name_bn shows the error #REF!",
        "4: 103 a\x07b  | name_bn 'a\\x07b' has a character that no phone shows",
        "5: 104  ",
    ]


def test_a_workbook(tmp_path: Path) -> None:
    """Numbers without the noise of binary fractions, a calculated one too; yes and no; rows keep their numbers."""
    data = workbook(
        ("Code", "Name bn", "Price", "remark"),
        (101, "  সাবান ", 48.1 + 0.2, "x"),
        (),
        (102.0, 5, "৪৮.৫০"),
        ("103", True, 1e21),
        change=lambda book: book.active.cell(1_048_576, 2).__setattr__("number_format", "0.00"),
    )
    sheet = read(tmp_path, data)
    assert rows(sheet) == ["2: 101 সাবান 48.3", "4: 102 5 ৪৮.৫০", "5: 103 yes 1e+21"]
    assert sheet.notes == ["columns that are ignored: 'remark'"]


def test_the_first_sheet_that_can_be_seen_is_read(tmp_path: Path) -> None:
    def hide(book: Workbook) -> None:
        book.create_sheet("Old", 0).sheet_state = "hidden"
        book.create_sheet("Notes")

    sheet = read(tmp_path, workbook(COLUMNS, (101, "সাবান", 48), change=hide))
    assert rows(sheet) == ["2: 101 সাবান 48"]
    assert sheet.notes == ["only the sheet 'Sheet' is read, not 'Old', 'Notes'"]


def test_a_formula_counts_with_the_result_that_was_stored(tmp_path: Path) -> None:
    """openpyxl stores none; a spreadsheet does. An optional cell without one is empty, a row of them is no row."""
    data = workbook(COLUMNS, (101, "=A9", "=40+8"), (102, "=A9", "=B9"), ("=A9", "=B9", "=C9"))
    computed = repacked(data, SHEET, (b"<f>40+8</f><v />", b"<f>40+8</f><v>48</v>"))
    assert rows(read(tmp_path, computed)) == [
        "2: 101  48",
        "3: 102   | price is a formula without a result: open the file in a spreadsheet and save it again",
    ]


def test_a_text_that_looks_like_a_formula_is_only_text(tmp_path: Path) -> None:
    text = 'code,name_bn,price\n101,"=HYPERLINK(""http://x"")",48\n102,+cmd|\' /C calc\'!A0,@1\n'
    assert [line.cells["name_bn"] for line in read(tmp_path, text.encode()).lines] == [
        '=HYPERLINK("http://x")',
        "+cmd|' /C calc'!A0",
    ]


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 and nothing more",
        PLAIN[:-200],
        PLAIN[: len(PLAIN) // 2],
        repacked(PLAIN, SHEET, (b"</row>", b"</raw>")),
        repacked(PLAIN, "xl/workbook.xml", (b"<sheets>", b"<sheet>")),
        repacked(PLAIN, "[Content_Types].xml", (b"spreadsheetml.sheet.main", b"wordprocessingml.main")),
        repacked(PLAIN, SHEET, (b"<worksheet", BOMB + b"<worksheet")),
        repacked(PLAIN, SHEET, (b'r="A2"', b'r="A' + b"9" * 5000 + b'"')),
        repacked(PLAIN, "xl/workbook.xml", (b'state="visible"', b'state="veryHidden"')),
    ],
)
def test_a_broken_workbook_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    assert said(tmp_path, data).startswith("the workbook is broken and cannot be read (")


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        for place in range(60):
            bomb.writestr(f"xl/media/{place}", bytes(2**20))
    assert len(file.getvalue()) < 100_000
    assert said(tmp_path, file.getvalue()) == "the workbook unpacks to more than 50 MB"


@pytest.mark.parametrize(
    "inside",
    [
        b'<row r="3">' + b"<c/>" * 300_000 + b"</row>",
        b"".join(b'<row r="%d"/>' % number for number in range(3, 1_000_100)),
        b'<row r="3"><c r="A3" t="inlineStr"><is><t>' + b"x" * 40_000 + b"</t></is></c></row>",
    ],
    ids=["a row without end", "rows without end", "a cell without end"],
)
def test_what_would_fill_the_memory_is_no_list(tmp_path: Path, inside: bytes) -> None:
    """Few octets of a file, within the limit when they are unpacked, and gigabytes when they are read."""
    data = repacked(PLAIN, SHEET, (b"</sheetData>", inside + b"</sheetData>"))
    assert said(tmp_path, data) == "the workbook has more in it than a list: copy its rows into a new one"


def test_a_part_that_is_larger_than_it_says_is_broken(tmp_path: Path) -> None:
    """The size in the directory is what is unpacked, and then the checksum does not fit."""
    data = bytearray(repacked(PLAIN, SHEET, (b"<sheetData>", b"<sheetData>" + b" " * 10**6)))
    entry = data.rindex(SHEET.encode()) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    assert "the workbook is broken" in said(tmp_path, bytes(data))


def test_rows_beyond_the_last_of_a_spreadsheet_end_nothing(tmp_path: Path) -> None:
    """A row number without end would otherwise be filled with empty rows for ever; very wide ones are cut."""
    data = workbook(COLUMNS, (101, "সাবান", 48), (102, "তেল", 150))
    far = repacked(data, SHEET, (b'r="3"', b'r="99999999999"'), (b'r="B2"', b'r="XFD2"'))
    assert rows(read(tmp_path, far)) == ["2: 101  48"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)), max_size=8), st.integers(0, 200))
def test_whatever_a_file_is_it_is_read_or_refused(tmp_path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(PLAIN)
    for place, byte in changes:
        data[place] = byte
    for some in (bytes(data[: len(data) - cut]), bytes(data[cut:])):
        with suppress(Unreadable):
            read(tmp_path, some)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_a_text_is_it_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    with suppress(Unreadable):
        sheet = read(tmp_path, b"code,name_bn,price\n" + data)
        assert all(isinstance(line, Line) and set(line.cells) == set(COLUMNS) for line in sheet.lines)


def test_what_we_send_we_can_read(tmp_path: Path) -> None:
    """The same rows as CSV and as XLSX are the same sheet."""
    table = [("code", "name_bn", "price"), ("101", "সাবান ১০০ গ্রাম", "48.50"), ("102", 'তেল, "খাঁটি"', "150")]
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table)
    assert read(tmp_path, workbook(*table)) == read(tmp_path, text.encode())
    assert load_workbook(io.BytesIO(workbook(*table))).active.max_row == 3
