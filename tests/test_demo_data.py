"""The demo data keeps its promises: counts, room on a small screen, spelling as code points, plausible prices."""

import csv
import re
import unicodedata
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[1] / "gateway" / "demo"

COLUMNS_AND_ROWS = {
    "categories": ("number name_bn name_latn name_en", 10),
    "suppliers": ("number name_latn name_bn", 32),
    "items": ("code category supplier name_bn name_latn name_en cost price retail", 140),
    "people": ("name_bn name_latn", 120),
    "groups": ("name_bn name_latn short_bn short_latn district", 40),
    "customers": ("name_bn name_latn", 12),
}

# file, column, most UTF-16 units
ROOM = [
    ("categories", "name_bn", 14),
    ("categories", "name_latn", 20),
    ("categories", "name_en", 20),
    ("suppliers", "name_bn", 24),
    ("suppliers", "name_latn", 30),
    ("items", "name_bn", 24),
    ("items", "name_latn", 30),
    ("items", "name_en", 30),
    ("people", "name_bn", 10),
    ("people", "name_latn", 12),
    ("groups", "name_bn", 24),
    ("groups", "name_latn", 30),
    ("groups", "short_bn", 12),
    ("groups", "short_latn", 12),
    ("customers", "name_bn", 12),
    ("customers", "name_latn", 12),
]

FIRST = {
    "items": ("101", "1", "1", "সাবান ১০০ গ্রাম", "Saban 100 gram", "Soap 100 g", "42.00", "48.00", "55.00"),
    "people": ("রহিমা", "Rahima", "সালমা", "Salma", "\u0986\u09df\u09c7\u09b6\u09be", "Ayesha"),
    "groups": ("শাপলা", "Shapla", "শাপলা", "Shapla", "Jashore"),
}

# Letters and signs of Bangla with its own digits; no nukta (U+09BC), no joiners, no Latin.
BANGLA = re.compile(r"[\u0981-\u0983\u0985-\u09b9\u09be-\u09ce\u09dc\u09dd\u09df\u09e6-\u09ef -]+")
# ASCII that costs one septet a character in GSM-7.
LATIN = re.compile(r"[A-Za-z0-9 &'-]+")
RECOMPOSE = {"\u09a1\u09bc": "\u09dc", "\u09a2\u09bc": "\u09dd", "\u09af\u09bc": "\u09df"}
WESTERN = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one demo file, by column."""
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(name: str, key: str) -> list[str]:
    return [row[key] for row in rows(name)]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def canonical(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    for split, whole in RECOMPOSE.items():
        text = text.replace(split, whole)
    return text


@pytest.mark.parametrize("name", COLUMNS_AND_ROWS)
def test_columns_and_rows(name: str) -> None:
    columns, count = COLUMNS_AND_ROWS[name]
    assert [list(row) for row in rows(name)] == [columns.split()] * count


@pytest.mark.parametrize(("name", "key", "room"), ROOM)
def test_every_name_is_unique_and_fits(name: str, key: str, room: int) -> None:
    texts = column(name, key)
    assert [text for text in texts if not 1 <= units(text) <= room or text != " ".join(text.split())] == []
    assert [text for text, times in Counter(map(str.casefold, texts)).items() if times > 1] == []


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, key, _ in ROOM])
def test_every_name_is_in_its_script(name: str, key: str) -> None:
    script = BANGLA if key.endswith("_bn") else LATIN
    assert [text for text in column(name, key) if not script.fullmatch(text) or text != canonical(text)] == []


@pytest.mark.parametrize("name", FIRST)
def test_the_rows_that_screens_and_guides_quote(name: str) -> None:
    cells = tuple(cell for row in rows(name) for cell in row.values())
    assert cells[: len(FIRST[name])] == FIRST[name]


@pytest.mark.parametrize(
    ("name", "key", "first"),
    [("categories", "number", 1), ("suppliers", "number", 1), ("items", "code", 101)],
)
def test_numbers_run_in_order(name: str, key: str, first: int) -> None:
    numbers = column(name, key)
    assert numbers == [str(first + i) for i in range(len(numbers))]


@pytest.mark.parametrize(("key", "parents", "least"), [("category", "categories", 8), ("supplier", "suppliers", 2)])
def test_every_category_and_supplier_has_items(key: str, parents: str, least: int) -> None:
    stocked = Counter(column("items", key))
    assert set(stocked) == set(column(parents, "number"))
    assert min(stocked.values()) >= least


def test_cost_is_below_price_and_price_below_retail() -> None:
    for row in rows("items"):
        amounts = [row["cost"], row["price"], row["retail"]]
        assert all(re.fullmatch(r"[1-9]\d*\.\d\d", amount) for amount in amounts), row
        cost, price, retail = map(Decimal, amounts)
        assert cost < price < retail, row


def test_a_name_says_the_same_number_in_both_bangla_spellings() -> None:
    for row in rows("items"):
        assert re.findall(r"\d+", row["name_bn"].translate(WESTERN)) == re.findall(r"\d+", row["name_latn"]), row


def test_districts_alternate() -> None:
    assert column("groups", "district") == ["Jashore", "Rangpur"] * 20
