"""`somiti import catalogue`: every reason why a row is bad, what a dry run tells, written whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC
from datetime import date
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from click.testing import Result
from conftest import BOTH
from conftest import settings_for
from handsets import Phone
from ledger_world import everything
from ledger_world import findings
from openpyxl import Workbook

from gateway import catalogue_import
from gateway import demo
from gateway.catalogue_check import OPTIONAL
from gateway.catalogue_check import REQUIRED
from gateway.catalogue_check import ROOM
from gateway.catalogue_check import check
from gateway.cli import main
from gateway.imports import Line
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger import catalogue
from ledger import listings
from ledger import programmes
from ledger.catalogue import NewItem
from ledger.listings import Listing
from ledger.tables import Names

NOON = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
HEADING = REQUIRED + OPTIONAL
ITEMS = Path(demo.__file__).parent / "items.csv"


# The rows alone, against a catalogue of two items.

KNOWN = Listing(
    {1: Names("সাবান", "Saban", "Soap"), 2: Names("তেল", "Tel")},
    {1: Names("মিল", "Mill"), 2: Names("কল", "Kol")},
    {
        101: NewItem(101, 1, 1, Names("সাবান ১০০ গ্রাম", "Saban 100 gram", "Soap 100 g"), 48_00, 55_00),
        102: NewItem(102, 2, 2, Names("তেল ১ লিটার", "Tel 1 liter"), 150_00, 170_00, active=False),
    },
)
GOOD = {
    "code": "103", "name_bn": "বাতি", "name_latn": "Bati", "category": "1", "supplier": "1", "price": "700",
    "retail": "800",
}  # fmt: skip


def told(*rows: dict[str, str]) -> tuple[list[str], list[str]]:
    """What is bad, and what is a warning, in rows that differ so from a good one."""
    lines = [Line(place, dict.fromkeys(HEADING, "") | GOOD | row) for place, row in enumerate(rows, 2)]
    checked = check(lines, KNOWN, "BDT", lambda: None)
    return [str(each) for each in checked.bad], [str(each) for each in checked.warnings]


def test_a_good_row() -> None:
    assert told({}) == ([], [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"code": ""}, "code is empty"),
        ({"code": "1O3"}, "code '1O3' is not a number from 100 to 999999"),
        ({"code": "98"}, "code '98' is not a number from 100 to 999999"),
        ({"code": "1000000"}, "code '1000000' is not a number from 100 to 999999"),
        ({"code": "103.5"}, "code '103.5' is not a number from 100 to 999999"),
        ({"code": "-103"}, "code '-103' is not a number from 100 to 999999"),
        ({"name_bn": ""}, "name_bn is empty"),
        ({"name_latn": ""}, "name_latn is empty"),
        ({"name_bn": "ক" * 25}, f"name_bn '{'ক' * 25}' has 25 characters, at most 24 fit"),
        ({"name_latn": "B" * 33}, f"name_latn '{'B' * 33}' has 33 characters, at most 32 fit"),
        ({"name_en": "B" * 50}, f"name_en '{'B' * 39}…' has 50 characters, at most 32 fit"),
        ({"category": "none"}, "category 'none' is not a number from 1 to 97"),
        ({"category": "98"}, "category '98' is not a number from 1 to 97"),
        ({"category": "3"}, "category 3 is unknown: name it in category_bn and category_latn"),
        (
            {"category": "3", "category_bn": "বাতি"},
            "category 3 is unknown: name it in category_bn and category_latn",
        ),
        ({"category_latn": "S" * 21}, f"category_latn '{'S' * 21}' has 21 characters, at most 20 fit"),
        ({"supplier": ""}, "supplier is empty"),
        ({"supplier": "10000"}, "supplier '10000' is not a number from 1 to 9999"),
        ({"supplier": "9"}, "supplier 9 is unknown: name it in supplier_bn and supplier_latn"),
        ({"supplier_bn": "ক" * 61}, f"supplier_bn '{'ক' * 39}…' has 61 characters, at most 60 fit"),
        ({"price": ""}, "price is empty"),
        ({"price": "4S"}, "price '4S' is not a sum: type it as 48 or 48.50"),
        ({"price": "-48"}, "price '-48' is not a sum: type it as 48 or 48.50"),
        ({"price": "48.505"}, "price '48.505' is not a sum: type it as 48 or 48.50"),
        ({"price": "1,250"}, "price '1,250' is not a sum: type it as 48 or 48.50"),
        ({"price": "Tk 48"}, "price 'Tk 48' is not a sum: type it as 48 or 48.50"),
        ({"price": "=40+8"}, "price '=40+8' is not a sum: type it as 48 or 48.50"),
        ({"price": "99999999"}, "price '99999999' is not a sum: type it as 48 or 48.50"),
        ({"price": "0"}, "price is zero"),
        ({"price": "০.০০"}, "price is zero"),
        ({"retail": "0,0"}, "retail is zero"),
        ({"retail": "100000"}, "retail '100000' is more than the screens have room for (BDT 99999.99)"),
        ({"active": "maybe"}, "active 'maybe' is not yes or no"),
        (
            {"code": "101", "category": "2"},
            "code 101 is taken by Saban 100 gram (category 1, supplier 1): give another item a code of its own",
        ),
    ],
)
def test_a_bad_row_has_its_number_and_the_reason(row: dict[str, str], reason: str) -> None:
    assert told({"code": "110"}, row)[0] == [f"row 3: {reason}"]


@pytest.mark.parametrize(
    ("row", "warning"),
    [
        ({"name_bn": "mvevb"}, "name_bn 'mvevb' is not in Bangla script (typed with an old font?)"),
        ({"name_latn": "বাতি ২"}, "name_latn 'বাতি ২' has letters that halve the room of a screen and an SMS"),
        ({"retail": "600"}, "retail 600.00 is below the hub's price 700.00"),
        ({"name_latn": "SABAN 100 GRAM"}, "code 101 has the name 'saban 100 gram', too"),
        ({"code": "101"}, "name_en stays 'Soap 100 g'"),
        ({**GOOD, "code": "101", "price": "480", "retail": "500"}, "price goes from 48.00 to 480.00"),
        ({**GOOD, "code": "101", "price": "24", "retail": "50"}, "price goes from 48.00 to 24.00"),
        (
            {"code": "102", "name_latn": "Tel 1 liter", "category": "2", "supplier": "2", "price": "150.5",
             "retail": "170"},
            "102 is no longer sold; yes under active would bring it back",
        ),
    ],
)  # fmt: skip
def test_a_warning_stops_nothing(row: dict[str, str], warning: str) -> None:
    bad, warnings = told(row)
    assert bad == []
    assert f"row 2: {warning}" in warnings


def test_rows_against_each_other() -> None:
    """A code twice; a new category named once and otherwise; a row with several reasons has them all."""
    named = {"category": "5", "category_bn": "মাঠ", "category_latn": "Math"}
    bad, warnings = told(
        {"code": "১১১", "category": "5"},
        {"code": "112", **named},
        {"code": "0112", "name_bn": "বাতি ২", "name_latn": "Bati 2"},
        {"code": "113", **named, "category_latn": "Maath", "price": "", "retail": "x"},
        {"code": "114", "name_bn": "বাতি ৩", "name_latn": "Bati 3", "category": "5"},
    )
    assert bad == [
        "row 4: code 112 is in row 3 already",
        "row 5: category 5 is called 'Maath' here and 'Math' in row 3",
        "row 5: price is empty",
        "row 5: retail 'x' is not a sum: type it as 48 or 48.50",
    ]
    assert warnings == [
        "row 3: code 111 has the name 'bati', too",
        "row 3: code 111 has the name 'বাতি', too",
        "row 5: code 111 has the name 'bati', too",
        "row 5: code 111 has the name 'বাতি', too",
    ]


def test_rows_without_a_number_name_nothing_in_common() -> None:
    bad, _ = told(
        {"code": "111", "category": "", "category_bn": "মাঠ", "category_latn": "Math"},
        {"code": "112", "category": "x", "category_bn": "ঘাট", "category_latn": "Ghat"},
    )
    assert bad == ["row 2: category is empty", "row 3: category 'x' is not a number from 1 to 97"]


def test_what_the_rows_ask_for() -> None:
    """Either numerals, comma or point; empty cells leave what is there; the plain signs of GSM for typeset ones."""
    empty = dict.fromkeys(HEADING, "")
    rows = [
        {"code": "১০১", "name_bn": "সাবান ১০০ গ্রাম", "name_latn": "Women’s soap", "category": "১", "supplier": "2",
         "price": "৪৯.৫", "retail": "55,25", "active": "না", "supplier_latn": "Kol 2"},
        {**GOOD, "category": "7", "category_bn": "মাঠ", "category_latn": "Math", "active": "TRUE"},
    ]  # fmt: skip
    checked = check([Line(place, empty | row) for place, row in enumerate(rows, 2)], KNOWN, "BDT", lambda: None)
    assert checked.bad == []
    assert checked.wanted == Listing(
        {1: Names("সাবান", "Saban", "Soap"), 7: Names("মাঠ", "Math")},
        {1: Names("মিল", "Mill"), 2: Names("কল", "Kol 2")},
        {
            101: NewItem(101, 1, 2, Names("সাবান ১০০ গ্রাম", "Women's soap", "Soap 100 g"), 49_50, 55_25, active=False),
            103: NewItem(103, 7, 1, Names("বাতি", "Bati"), 700_00, 800_00),
        },
    )


# The command, on the demo programme.


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOON):
        yield


def run(runtime: Runtime, *arguments: object) -> Result:
    command = catalogue_import.command(lambda: nullcontext(runtime))
    return CliRunner().invoke(command, ["catalogue", *map(str, arguments)])


def demo_rows() -> list[dict[str, str]]:
    with ITEMS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEADING, restval="", extrasaction="ignore", delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


def as_xlsx(path: Path, rows: list[dict[str, object]]) -> Path:
    book = Workbook()
    book.active.append(HEADING)
    for row in rows:
        book.active.append([row.get(column) for column in HEADING])
    book.save(path)
    return path


def kept(runtime: Runtime) -> dict[str, list[str]]:
    with reading(runtime) as db:
        return everything(db)


def listed(runtime: Runtime, name: str, on: date = TODAY) -> Listing:
    with reading(runtime) as db:
        return listings.listing(db, programmes.found(db, name).id, on)


@BOTH
def test_the_demos_own_list_changes_nothing(runtime: Runtime) -> None:
    before = kept(runtime)
    done = run(runtime, ITEMS)
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [
            "note: columns that are ignored: 'cost'",
            "0 new, 0 changed, 0 discontinued, 140 unchanged",
            "There was nothing to write.",
        ],
    )
    assert kept(runtime) == before


CHANGES = [
    "changed category 2 Health: category_latn 'Shastho' → 'Health', category_en 'Health' → 'Health & care'",
    "new category 11 Math",
    "changed supplier 1 Mill: supplier_latn 'Bhoirobtir Sabanghor' → 'Mill'",
    "new supplier 33 Chashi",
    "changed 101 Saban 100 gram: price 48.00 → 50.00, retail 55.00 → 58.00 from 2026-11-22",
    "changed 102 Gura saban: category 1 → 2, name_latn 'Kapor kachar saban' → 'Gura saban',"
    " name_en 'Laundry soap' → 'Powder'",
    "discontinued 103 Gura saban 500 gram: no longer sold",
    "new 241 Bij: 10.00, retail 12.50",
]


def changed_rows() -> list[dict[str, str]]:
    rows = demo_rows()
    rows[0] |= {"price": "৫০", "retail": "58.00", "supplier_latn": "Mill"}
    rows[1] |= {"name_latn": "Gura saban", "name_en": "Powder", "category": "2"}
    rows[1] |= {"category_latn": "Health", "category_en": "Health & care"}
    rows[2] |= {"active": "no"}
    new = {"code": "241", "name_bn": "বীজ", "name_latn": "Bij", "category": "11", "supplier": "33"}
    groups = {"category_bn": "মাঠ", "category_latn": "Math", "supplier_bn": "চাষি", "supplier_latn": "Chashi"}
    return [*rows[:-2], {**new, **groups, "price": "10", "retail": "12,5"}]


@BOTH
def test_a_dry_run_tells_what_the_run_then_does(runtime: Runtime, tmp_path: Path) -> None:
    sheet = as_csv(tmp_path / "list.csv", changed_rows())
    before = kept(runtime)
    dry = run(runtime, sheet, "--dry-run")
    *changes, summary, end = dry.output.splitlines()
    assert dry.exit_code == 0, dry.output
    assert changes == CHANGES
    assert summary == "1 new, 2 changed, 1 discontinued, 135 unchanged; 2 not in the file stay as they are"
    assert end == "Dry run: nothing was written."
    assert kept(runtime) == before
    done = run(runtime, sheet)
    assert done.output.splitlines() == [*changes, summary, "Written; the prices hold from 2026-11-22."]
    after = kept(runtime)
    assert len(after["price"]) == 1
    again = run(runtime, sheet)
    assert "There was nothing to write." in again.output
    assert "warning: row 4: 103 is no longer sold" not in again.output
    assert kept(runtime) == after
    with reading(runtime) as db:
        soap = catalogue.by_code(db, programmes.found(db, demo.NAME).id, 101, TODAY)
        assert (soap.price.minor, soap.retail.minor) == (50_00, 58_00)
        assert findings(db) == []


@BOTH
def test_any_bad_row_and_nothing_is_written(runtime: Runtime, tmp_path: Path) -> None:
    rows = changed_rows()
    rows[4]["price"], rows[5]["code"], rows[6]["name_bn"] = "free", "101", ""
    rows[6]["retail"] = "0"
    before = kept(runtime)
    sheet = as_csv(tmp_path / "list.csv", rows)
    for more in ([], ["--dry-run"]):
        refused = run(runtime, sheet, *more)
        assert refused.exit_code == 1
        assert [line for line in refused.stdout.splitlines() if not line.startswith("warning")] == [
            "row 6: price 'free' is not a sum: type it as 48 or 48.50",
            "row 7: code 101 is taken by Saban 100 gram (category 1, supplier 1): give another item a code of its own",
            "row 7: code 101 is in row 2 already",
            "row 8: name_bn is empty",
            "row 8: retail is zero",
        ]
        assert refused.stderr == "Error: 3 of 139 rows are bad; nothing was written\n"
    assert kept(runtime) == before


def programme_rows(items: int = 134, suppliers: int = 32) -> list[dict[str, object]]:
    """A whole programme's list, its categories and suppliers named where they come first."""
    rows: list[dict[str, object]] = []
    for place in range(items):
        category, supplier = place % 9 + 1, place % suppliers + 1
        row: dict[str, object] = {"code": 101 + place, "category": category, "supplier": supplier}
        row |= {"name_bn": f"পণ্য {place}", "name_latn": f"Ponno {place}", "name_en": f"Product {place}"}
        row |= {"price": 10 + place * 0.5, "retail": f"{12 + place}.50"}
        if place < suppliers:
            row |= {"category_bn": f"ভাগ {category}", "category_latn": f"Bhag {category}"}
            row |= {"supplier_bn": f"কারখানা {supplier}", "supplier_latn": f"Karkhana {supplier}"}
        rows.append(row)
    return rows


@BOTH
def test_a_whole_programme_from_a_workbook(runtime: Runtime, tmp_path: Path) -> None:
    """134 products of 32 suppliers into an empty catalogue; then December's list, the same with other prices."""
    with transaction(runtime) as db:
        programmes.start(db, "Second")
    choose = ("--programme", "Second")
    done = run(runtime, as_xlsx(tmp_path / "list.xlsx", programme_rows()), *choose)
    assert done.exit_code == 0, done.output
    assert "134 new, 0 changed, 0 discontinued, 0 unchanged" in done.output
    now = listed(runtime, "Second")
    assert (len(now.categories), len(now.suppliers), len(now.items)) == (9, 32, 134)
    assert now.items[102] == NewItem(102, 2, 2, Names("পণ্য 1", "Ponno 1", "Product 1"), 10_50, 13_50)

    december = [{**row, "price": 11 + row["price"] if place else row["price"]} for place, row in
                enumerate(programme_rows())]  # fmt: skip
    sheet = as_xlsx(tmp_path / "december.xlsx", december)
    done = run(runtime, sheet, *choose, "--from", "2026-12-01")
    assert "changed 102 Ponno 1: price 10.50 → 21.50 from 2026-12-01" in done.output
    assert "0 new, 133 changed, 0 discontinued, 1 unchanged" in done.output
    assert listed(runtime, "Second", date(2026, 11, 30)) == now
    assert listed(runtime, "Second", date(2026, 12, 1)).items[102].price == 21_50

    early = run(runtime, tmp_path / "list.xlsx", *choose, "--dry-run")
    assert "note: 102 keeps the prices planned from 2026-12-01: 21.50, retail 13.50" in early.output
    assert "note: 101 " not in early.output
    after = kept(runtime)
    assert "There was nothing to write." in run(runtime, sheet, *choose, "--from", "2026-12-01").output
    assert kept(runtime) == after


@BOTH
def test_what_is_missing_ends_only_when_asked_for(runtime: Runtime, tmp_path: Path) -> None:
    """It comes back with yes; its past stays. Without yes a sheet that names it only warns."""
    few = as_csv(tmp_path / "few.csv", demo_rows()[:-1])
    assert "139 unchanged; 1 not in the file stay as they are" in run(runtime, few).output
    ended = run(runtime, few, "--discontinue-missing")
    assert "0 changed, 1 discontinued, 139 unchanged\n" in ended.output
    last = int(demo_rows()[-1]["code"])
    assert f"discontinued {last} " in ended.output
    assert not listed(runtime, demo.NAME).items[last].active
    assert "There was nothing to write." in run(runtime, few, "--discontinue-missing").output
    again = run(runtime, ITEMS)
    assert f"warning: row 141: {last} is no longer sold; yes under active would bring it back" in again.output
    assert not listed(runtime, demo.NAME).items[last].active
    back = as_csv(tmp_path / "back.csv", [row | {"active": "হ্যাঁ"} for row in demo_rows()])
    assert ": sold again\n" in run(runtime, back).output
    assert listed(runtime, demo.NAME).items[last].active


@BOTH
def test_the_largest_sheet(runtime: Runtime, tmp_path: Path) -> None:
    with transaction(runtime) as db:
        programmes.start(db, "Second")
    sheet = as_csv(tmp_path / "list.csv", [{k: str(v) for k, v in row.items()} for row in programme_rows(10_000)])
    done = run(runtime, sheet, "--programme", "Second")
    assert done.exit_code == 0, done.output[-500:]
    assert "10000 new" in done.output
    assert "10000 unchanged" in run(runtime, sheet, "--programme", "Second", "--dry-run").output


def test_what_is_asked_for_wrongly_is_one_sentence(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text(",".join(REQUIRED))
    (tmp_path / "photo.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    for arguments, said in (
        ((ITEMS, "--programme", "None"), "no programme is called 'None'; there are: Somiti demo"),
        ((ITEMS, "--from", "2026-11-21"), "--from: 2026-11-21 is over; today is 2026-11-22"),
        ((ITEMS, "--from", "soon"), "'soon' does not match the format"),
        ((tmp_path / "none.csv",), "does not exist"),
        ((tmp_path,), "is a directory"),
        ((tmp_path / "empty.csv",), "empty.csv: there is nothing under the heading"),
        ((tmp_path / "photo.csv",), 'photo.csv: this is not a CSV file in UTF-8: save it as "CSV UTF-8"'),
    ):
        refused = run(runtime, *arguments)
        assert refused.exit_code == 2, refused.output
        assert said in refused.stderr
    with transaction(runtime) as db:
        programmes.start(db, "Second")
    refused = run(runtime, ITEMS)
    assert (refused.exit_code, refused.stderr) == (2, "Error: --programme: one of Second, Somiti demo\n")


def test_today_is_the_programmes_own(runtime: Runtime, tmp_path: Path) -> None:
    """At 18:05 UTC it is the next day in Dhaka: a list for that day holds at once."""
    rows = demo_rows()
    rows[0]["price"] = "50"
    with time_machine.travel(datetime(2026, 11, 22, 18, 5, tzinfo=UTC)):
        sheet = as_csv(tmp_path / "list.csv", rows)
        assert "is over" in run(runtime, sheet, "--from", "2026-11-22").stderr
        assert "price 48.00 → 50.00 from 2026-11-23" in run(runtime, sheet).output


def test_where_there_is_nothing_yet(tmp_path: Path) -> None:
    runtime = open_runtime(settings_for(tmp_path))
    assert run(runtime, ITEMS).stderr == "Error: there is no catalogue yet: run `somiti migrate`\n"
    runtime.close()


def test_it_is_a_command_of_somiti(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMITI_VAR", str(tmp_path))
    shown = CliRunner().invoke(main, ["import", "catalogue", "--help"])
    assert shown.exit_code == 0
    assert [column for column in HEADING if column not in shown.output] == []


def test_a_new_price_is_on_the_phone(runtime: Runtime, phone: Callable[..., Phone], tmp_path: Path) -> None:
    rows = demo_rows()
    rows[0]["price"] = "49"
    assert run(runtime, as_csv(tmp_path / "list.csv", rows)).exit_code == 0
    assert "৪৯" in phone().dial("1 52907 1 1 2 101")


def test_the_limits_are_those_that_the_guide_tells() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "import.md").read_text(encoding="utf-8")
    name, category = ROOM["name"], ROOM["category"]
    said = " ".join(guide.split())
    assert f"an item's {name['bn']} characters in Bangla script and {name['latn']} in Latin letters" in said
    assert f"a category's {category['bn']} and {category['latn']}" in said
    assert [column for column in HEADING if f"`{column}`" not in guide] == []
