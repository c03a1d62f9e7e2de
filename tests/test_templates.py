"""The journal templates: every row is sound, and `draft` makes of it what ledger.md prints."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from ledger_world import taka

import ledger
from ledger.books import Book
from ledger.books import Line
from ledger.books import Move
from ledger.chart import CHART
from ledger.chart import STOCK
from ledger.templates import PLACES
from ledger.templates import TEMPLATES
from ledger.templates import Template
from ledger.templates import allowed
from ledger.templates import draft

LEDGER = Path(ledger.__file__).parent
WORDS = {"money", "source", "target"}


@pytest.mark.parametrize("row", TEMPLATES.values(), ids=lambda row: f"{row.kind}-{row.book}")
def test_a_row_is_sound(row: Template) -> None:
    legs = [*row.debit, *row.credit]
    for where, _ in legs:
        assert where in WORDS or row.book in CHART[int(where)].books, f"{where} is not in the books of a {row.book}"
    assert sum(not name for _, name in legs) <= 1, "one leg takes the rest"
    assert not (row.debit or row.credit) or (row.debit and row.credit)
    if any(where == str(STOCK.get(row.book)) for where, _ in legs):
        assert {name for where, name in legs if where == str(STOCK[row.book])} <= {"goods", ""}


def test_an_entry_is_undone_by_a_verb_that_is_there() -> None:
    for row in TEMPLATES.values():
        module, _, verb = row.undone.partition(".")
        if verb:
            assert f"def {verb}(" in (LEDGER / f"{module}.py").read_text(), row.undone


def test_every_kind_of_entry_has_its_verb() -> None:
    text = "".join(file.read_text() for file in LEDGER.glob("*.py") if file.name != "templates.py")
    kinds = {kind for kind, _ in TEMPLATES}
    assert {kind for kind in kinds if f'"{kind}"' not in text} == set(), "kinds that no verb posts"


@pytest.mark.parametrize("file", sorted(LEDGER.glob("*.py")), ids=lambda file: file.name)
def test_no_verb_builds_lines_by_hand(file: Path) -> None:
    if file.name in ("books.py", "templates.py", "reversals.py"):
        return
    called = {
        node.func.id
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"debit", "credit", "Line"}


GROUP, SHOP, HUB = Book("group", 1, "BDT"), Book("shop", 7, "BDT"), Book("hub", 1, "BDT")

# kind, book, sums and the rest -> lines
DRAFTS: list[tuple[str, Book, dict[str, Any], dict[str, Any], str]] = [
    ("saving.deposit", GROUP, {"compulsory": taka(50)}, {"member": 3}, "Cr 2010.3 50, Dr 1010 50"),
    (
        "saving.deposit",
        GROUP,
        {"voluntary": taka(5), "share": taka(10)},
        {"member": 3, "money": "collector"},
        "Cr 2020.3 5, Cr 2030.3 10, Dr 1040 15",
    ),
    (
        "loan.repay",
        GROUP,
        {"fine": 200, "charged": 0, "interest": 2400, "principal": 30000, "over": 0},
        {"loan": 9, "member": 3},
        "Cr 1120.3 2, Cr 4010 24, Cr 1100.9 300, Dr 1010 326",
    ),
    ("money.move", GROUP, {"moved": taka(7)}, {"source": "cash", "target": "bank"}, "Cr 1010 7, Dr 1020 7"),
    ("money.counted", GROUP, {"missing": taka(3)}, {}, "Cr 1010 3, Dr 5060 3"),
    ("money.counted", GROUP, {"found": taka(3)}, {}, "Dr 1010 3, Cr 5060 3"),
    (
        "cut-off",
        GROUP,
        {"cash": 1000, "loans": {4: 500}, "compulsory": {3: 900, 5: 900}},
        {},
        "Dr 1010 10, Dr 1100.4 5, Cr 2010.3 9, Cr 2010.5 9, Dr 3030 3",
    ),
    (
        "sale",
        SHOP,
        {"cash": 5500},
        {"moves": [Move(1, -1, -4200)], "customer": 0},
        "Dr 1310 55, Dr 5210 42, Cr 1320 42, Cr 4210 55",
    ),
    (
        "sale",
        SHOP,
        {"cash": 2000, "owed": 3500},
        {"moves": [Move(1, -1, -4200)], "customer": 2},
        "Dr 1310 20, Dr 1330.2 35, Dr 5210 42, Cr 1320 42, Cr 4210 55",
    ),
    ("loan.waive", GROUP, {"fine": 0}, {"allocations": ["some"], "member": 3}, ""),
    ("order.place", HUB, {}, {}, ""),
]


def shown(line: Line) -> str:
    party = f".{line.party}" if line.party else ""
    return f"{'Dr' if line.side == 'D' else 'Cr'} {line.code}{party} {line.amount / 100:g}"


@pytest.mark.parametrize(("kind", "book", "sums", "more", "lines"), DRAFTS)
def test_lines(kind: str, book: Book, sums: dict[str, Any], more: dict[str, Any], lines: str) -> None:
    made = draft(kind, book, sums, **more)
    assert ", ".join(shown(line) for line in made.lines) == lines
    assert sum(line.signed for line in made.lines) == 0
    assert {line.code for line in made.lines} <= allowed(kind, book.kind)


@pytest.mark.parametrize(
    ("kind", "book", "sums", "more", "why"),
    [
        ("saving.deposit", GROUP, {"compulsary": taka(50)}, {"member": 3}, "no sum compulsary"),
        ("saving.deposit", GROUP, {"compulsory": taka(-50)}, {"member": 3}, "does not go"),
        ("saving.deposit", GROUP, {"compulsory": -50}, {"member": 3}, "below zero"),
        ("saving.deposit", GROUP, {"compulsory": taka(0)}, {"member": 3}, "of nothing"),
        ("saving.deposit", Book("group", 1, "INR"), {"compulsory": taka(50)}, {"member": 3}, "does not go"),
        ("loan.waive", GROUP, {}, {}, "of nothing"),
        ("meeting.cost", GROUP, {"spent": taka(1)}, {"money": "pocket"}, "does not lie in pocket"),
    ],
)
def test_our_own_mistakes(kind: str, book: Book, sums: dict[str, Any], more: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        draft(kind, book, sums, **more)


@pytest.mark.parametrize(("kind", "book"), [("no such kind", GROUP), ("sale", GROUP), ("saving.deposit", SHOP)])
def test_a_kind_that_the_table_does_not_have(kind: str, book: Book) -> None:
    with pytest.raises(KeyError):
        draft(kind, book, {})


def test_the_places_of_money_are_accounts() -> None:
    assert {CHART[code].name for code in PLACES.values()} == {
        "Bank", "Cash box", "Collector in transit", "Mobile-money wallet",
    }  # fmt: skip
