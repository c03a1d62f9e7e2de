"""The rows of a catalogue's sheet become items, or the number of the row and the reason, in plain words, why not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import cast

from gateway.imports import Line
from gateway.imports import shown
from ledger.catalogue import NewItem
from ledger.listings import Listing
from ledger.money import Money
from ledger.tables import Names
from locales.alphabet import is_gsm
from locales.numerals import to_latin
from locales.script import units
from menus import answers
from menus import graph

REQUIRED = ("code", "name_bn", "name_latn", "category", "supplier", "price", "retail")
OPTIONAL = (
    "name_en", "category_bn", "category_latn", "category_en", "supplier_bn", "supplier_latn", "active",
)  # fmt: skip
"""An empty cell of these leaves what is there."""

CODES, CATEGORIES, SUPPLIERS = (100, 999_999), (1, 97), (1, 9999)
"""Bounds of the numbers. Codes and categories are keys on the screens: 0 and 98 mean something else there."""

_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "হ্যাঁ": True, "না": False}

_NUMBER = re.compile("[0-9]{1,9}")
_NOTHING = re.compile("0+(?:[.,]0+)?")
_BANGLA = re.compile("[\u0985-\u09b9\u09dc-\u09df]")

# What a word processor makes of plain signs; one of them would halve a Latin screen.
_PLAIN = str.maketrans("‘’“”–—", "''\"\"--")


def _room(placeholder: str, script: str) -> int:
    """The longest name that the lint of the menu has found room for."""
    return units(cast("Mapping[str, str]", graph.WORST[placeholder])[script])


def _rooms(placeholder: str) -> dict[str, int]:
    return {"bn": _room(placeholder, "bn"), "latn": _room(placeholder, "latin"), "en": _room(placeholder, "latin")}


ROOM: Mapping[str, Mapping[str, int]] = {
    "name": _rooms("item"),
    "category": _rooms("category"),
    # On no screen: as long as its columns.
    "supplier": {"bn": 60, "latn": 60},
}
"""The most characters of a name, by what it names and its script."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, or should be looked at, in a row of the sheet."""

    row: int
    text: str

    def __str__(self) -> str:
        """`row 7: price '4S' is not a sum`."""
        return f"row {self.row}: {self.text}"


@dataclass
class Checked:
    """What a sheet asks for, complete items; if there is anything bad, not all of it. Findings are in order of rows."""

    wanted: Listing
    bad: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


class _Row:
    """One row while it is read: it collects what is wrong with it."""

    def __init__(self, line: Line) -> None:
        self.number, self.cells = line.number, line.cells
        self.bad, self.warnings = list(line.faults), list[str]()

    def integer(self, column: str, bounds: tuple[int, int]) -> int:
        """A whole number within bounds, in either numerals; 0 when it is not."""
        text, (least, most) = self.cells[column], bounds
        value = _integer(text)
        if least <= value <= most:
            return value
        if text:
            self.bad.append(f"{column} {shown(text)} is not a number from {least} to {most}")
        else:
            self.lacks(column)
        return 0

    def sum(self, column: str, currency: str) -> int:
        """A sum above zero in minor units; 0 when it is not. Bounded by what a screen has room for."""
        text = to_latin(self.cells[column])
        value = answers.amount(text, currency)
        if isinstance(value, Money) and value.minor <= graph.PRICE.minor:
            return value.minor
        if text:
            self.bad.append(_not_a_sum(column, self.cells[column], isinstance(value, Money)))
        else:
            self.lacks(column)
        return 0

    def lacks(self, column: str) -> None:
        """An empty cell is bad, unless it has been said why there is nothing in it."""
        if not any(reason.startswith(f"{column} ") for reason in self.bad):
            self.bad.append(f"{column} is empty")

    def names(self, what: str) -> dict[str, str]:
        """The names in its cells by script, those that are empty left out."""
        found = {}
        for script, room in ROOM[what].items():
            text = self.cells.get(f"{what}_{script}", "")
            if text:
                found[script] = text if script == "bn" else text.translate(_PLAIN)
                self._look_at(f"{what}_{script}", script, found[script], room)
        return found

    def _look_at(self, column: str, script: str, text: str, room: int) -> None:
        if units(text) > room:
            self.bad.append(f"{column} {shown(text)} has {units(text)} characters, at most {room} fit")
        if script == "bn" and not _BANGLA.search(text):
            self.warnings.append(f"{column} {shown(text)} is not in Bangla script (typed with an old font?)")
        if script != "bn" and not is_gsm(text):
            self.warnings.append(f"{column} {shown(text)} has letters that halve the room of a screen and an SMS")

    def active(self, known: NewItem | None) -> bool:
        """Whether it is sold; an empty cell leaves that as it is."""
        text = self.cells.get("active", "")
        if not text:
            if known and not known.active:
                self.warnings.append(f"{known.code} is no longer sold; yes under active would bring it back")
            return known.active if known else True
        if to_latin(text.casefold()) not in _WORDS:
            self.bad.append(f"active {shown(text)} is not yes or no")
        return _WORDS.get(to_latin(text.casefold()), True)


def _integer(text: str) -> int:
    """A number in either numerals; -1 for anything else."""
    digits = to_latin(text)
    return int(digits) if _NUMBER.fullmatch(digits) else -1


def _not_a_sum(column: str, text: str, too_large: bool) -> str:
    if _NOTHING.fullmatch(to_latin(text)):
        return f"{column} is zero"
    if too_large:
        return f"{column} {shown(text)} is more than the screens have room for ({graph.PRICE})"
    return f"{column} {shown(text)} is not a sum: type it as 48 or 48.50"


class _Groups:
    """Categories or suppliers: what all rows together say of their names, over what is known."""

    def __init__(self, what: str, bounds: tuple[int, int], known: Mapping[int, Names]) -> None:
        self.what, self.bounds, self.known = what, bounds, known
        self.said: dict[int, dict[str, tuple[str, int]]] = defaultdict(dict)
        self.used: dict[int, Names] = {}

    def hear(self, row: _Row) -> None:
        """Remember what a row says; another name than in a row before is a fault."""
        number = _integer(row.cells[self.what])
        for script, text in row.names(self.what).items():
            before, where = self.said[number].setdefault(script, (text, row.number))
            # Rows without a number speak of nothing in common.
            if before != text and number >= 0:
                called = f"{self.what} {number} is called {shown(text)} here"
                row.bad.append(f"{called} and {shown(before)} in row {where}")

    def take(self, row: _Row) -> int:
        """The number in a row, its names known or given somewhere in the sheet."""
        number = row.integer(self.what, self.bounds)
        if not number:
            return 0
        names = _merged({script: text for script, (text, _) in self.said[number].items()}, self.known.get(number))
        if names.bn and names.bn_Latn:
            self.used[number] = names
        else:
            row.bad.append(f"{self.what} {number} is unknown: name it in {self.what}_bn and {self.what}_latn")
        return number


def _merged(said: Mapping[str, str], known: Names | None) -> Names:
    old = known or Names("", "")
    return Names(said.get("bn", old.bn), said.get("latn", old.bn_Latn), said.get("en", old.en))


def check(lines: Sequence[Line], known: Listing, currency: str, step: Callable[[], object]) -> Checked:
    """Check all rows against each other and a programme's catalogue; `step` is called once for each."""
    rows = [_Row(line) for line in lines]
    categories = _Groups("category", CATEGORIES, known.categories)
    suppliers = _Groups("supplier", SUPPLIERS, known.suppliers)
    for row in rows:
        categories.hear(row)
        suppliers.hear(row)
    seen: dict[int, int] = {}
    items: dict[int, NewItem] = {}
    for row in rows:
        item = _item(row, known, categories, suppliers, currency)
        if item.code in seen:
            row.bad.append(f"code {item.code} is in row {seen[item.code]} already")
        elif item.code:
            seen[item.code] = row.number
            items[item.code] = item
        step()
    _compare_names(known, items, {row.number: row for row in rows}, seen)
    return Checked(
        Listing(categories.used, suppliers.used, items),
        [Finding(row.number, text) for row in rows for text in row.bad],
        [Finding(row.number, text) for row in rows for text in row.warnings],
    )


def _item(row: _Row, known: Listing, categories: _Groups, suppliers: _Groups, currency: str) -> NewItem:
    """The item of a row; of a bad row it is not to be used."""
    code = row.integer("code", CODES)
    old = known.items.get(code)
    said = row.names("name")
    for column in ("name_bn", "name_latn"):
        if not row.cells[column]:
            row.lacks(column)
    numbers = code, categories.take(row), suppliers.take(row)
    prices = row.sum("price", currency), row.sum("retail", currency)
    item = NewItem(*numbers, _merged(said, old.names if old else None), *prices, row.active(old))
    if old:
        row.bad += _taken(old, item)
        if old.names.en and "en" not in said and _renamed(old, item):
            row.warnings.append(f"name_en stays {shown(old.names.en)}")
    if all(prices):
        row.warnings += _odd_prices(old, item)
    return item


def _taken(old: NewItem, new: NewItem) -> Iterator[str]:
    """A code is printed on cards: an item may be renamed or moved, but its code never becomes another item's."""
    moved = (old.category, old.supplier) != (new.category, new.supplier)
    if moved and _renamed(old, new):
        yield (
            f"code {old.code} is taken by {old.names.bn_Latn} (category {old.category}, supplier {old.supplier}): "
            "give another item a code of its own"
        )


def _renamed(old: NewItem, new: NewItem) -> bool:
    """Whether neither of the names that every item has is the same."""
    pairs = (old.names.bn, new.names.bn), (old.names.bn_Latn, new.names.bn_Latn)
    return all(before.casefold() != after.casefold() for before, after in pairs)


def _spelled(names: Names) -> set[str]:
    return {name.casefold() for name in (names.bn, names.bn_Latn, names.en) if name}


def _odd_prices(old: NewItem | None, new: NewItem) -> Iterator[str]:
    """Prices that are possible, but more often a slip."""
    if new.retail < new.price:
        yield f"retail {plain(new.retail)} is below the hub's price {plain(new.price)}"
    for name in ("price", "retail"):
        before, after = getattr(old or new, name), getattr(new, name)
        if after >= 2 * before or before >= 2 * after:
            yield f"{name} goes from {plain(before)} to {plain(after)}"


def plain(minor: int) -> str:
    """A sum in minor units as a sheet has it: 48.00."""
    return f"{minor // 100}.{minor % 100:02d}"


def _compare_names(
    known: Listing, items: Mapping[int, NewItem], rows: Mapping[int, _Row], seen: Mapping[int, int]
) -> None:
    """Warn of a name that another code has, too: in a list nobody could tell them apart."""
    there = [item for code, item in known.items.items() if code not in items and item.active]
    owners: dict[str, int] = {}
    for item in (*there, *items.values()):
        for name in sorted(_spelled(item.names)):
            owner = owners.setdefault(name, item.code)
            if owner != item.code and item.code in seen:
                rows[seen[item.code]].warnings.append(f"code {owner} has the name {shown(name)}, too")
