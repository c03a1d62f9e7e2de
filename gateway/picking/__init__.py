"""Picking lists: what a hub gets from each supplier for the orders it has accepted, as a page to print or as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2 import FileSystemLoader
from jinja2 import StrictUndefined

from ledger.export import cell
from ledger.hubs import Hub
from ledger.hubs import Wanted
from ledger.tables import Names
from locales import words

COLUMNS = (
    "supplier", "supplier_name", "item", "item_name", "pieces", "order", "agent", "agent_name", "state",
)  # fmt: skip

_PAGE = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
).get_template("list.html")


@dataclass(frozen=True)
class Line:
    """An item on the page: pieces to be got, pieces that stand ready, and of which orders they are."""

    code: int
    names: Names
    open: int
    ready: int
    orders: tuple[Wanted, ...]


def html(hub: Hub, wanted: Iterable[Wanted], on: date) -> Iterator[str]:
    """A page of A4, in Bangla, a sheet for each supplier; in pieces, with one item in memory at a time."""
    said = words("bn")
    yield from _PAGE.generate(hub=hub, on=said.day_and_year(on), sheets=sheets(wanted), n=said.number)


def sheets(wanted: Iterable[Wanted]) -> Iterator[tuple[int, Names, Iterator[Line]]]:
    """Each supplier's number, names and items, in the order of the lines; read them before the next sheet."""
    for number, lines in groupby(wanted, lambda each: (each.supplier, each.supplier_names)):
        yield *number, _items(lines)


def _items(wanted: Iterable[Wanted]) -> Iterator[Line]:
    for (code, name), some in groupby(wanted, lambda each: (each.item, each.item_names)):
        orders = tuple(some)
        ready = sum(each.pieces for each in orders if each.packed)
        yield Line(code, name, sum(each.pieces for each in orders) - ready, ready, orders)


class _Echo:
    """A file for `csv.writer` that hands each row back."""

    def write(self, row: str) -> str:
        return row


def sheet(hub: Hub, wanted: Iterable[Wanted], on: date) -> Iterator[str]:
    """The same as CSV, a row for each item of each order; a spreadsheet shows it and never calculates."""
    write: Callable[[Any], Any] = csv.writer(_Echo(), lineterminator="\r\n").writerow
    # Without this mark a spreadsheet takes Bangla for Latin letters.
    yield "\ufeff" + write(COLUMNS)
    for each in wanted:
        yield write([
            each.supplier, cell(each.supplier_names.bn), each.item, cell(each.item_names.bn), each.pieces,
            each.order, cell(each.agent), cell(each.agent_names.bn), "packed" if each.packed else "accepted",
        ])  # fmt: skip


FORMS: Mapping[str, Callable[[Hub, Iterable[Wanted], date], Iterator[str]]] = {"html": html, "csv": sheet}
"""Every form of a picking list by its name."""
