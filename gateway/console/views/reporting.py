"""What reports have in common: which months, groups or hubs were chosen, tables with charts, the same as a file.

A report is built once, as values; it is shown as a page and given as a file from the same values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection

from gateway.console import sheets
from gateway.console.shape import Download
from gateway.console.shape import Missing
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import KEEPER
from gateway.console.tables import OFFICER
from gateway.console.views.goods import chosen
from gateway.console.views.goods import her_hubs
from ledger import breakdowns
from ledger import months
from ledger import programmes
from ledger.breakdowns import Place
from ledger.federation import Node
from ledger.hubs import Hub
from ledger.indicators import Figure
from ledger.money import Money
from ledger.money import half_even
from ledger.programmes import Programme
from locales import Phrase
from locales import Words
from locales import phrase
from locales.numerals import to_bangla
from locales.numerals import to_latin
from locales.script import canonical

OF_GROUPS = frozenset({ADMIN, OFFICER, AUDITOR})
OF_HUBS = frozenset({ADMIN, KEEPER, AUDITOR})
OF_ALL = frozenset({ADMIN, AUDITOR})
"""Who reads reports about groups, about hubs, about what belongs to neither."""

CHOICES = frozenset({"first", "last", "month", "days", "node", "group", "hub"})
"""What stands in the address of a report."""

USUAL, MOST = 12, 36
"""Months that a report has unless others are chosen, and at most."""

SUM, COUNT, SHARE, EACH, DAY, TEXT = "sum", "count", "share", "each", "day", "text"
"""What a column holds: Money, a number, a Figure as per cent, a Figure as so many for each one, a day, a text."""

UNITS: Mapping[str, Phrase] = {"BDT": phrase("Sums are in taka."), "INR": phrase("Sums are in rupees.")}

NO_GROUP = phrase("No group of yours, or more than one, is called so. Type its name, or its number.")
MONTH = phrase("Month")

LEVELS: Mapping[str, Phrase] = {
    "village": phrase("village organisation"),
    "federation": phrase("federation"),
    "block": phrase("block"),
    "state": phrase("state"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which months were chosen (202611), and whose day it is."""

    first: int
    last: int
    today: date
    programme: Programme

    @property
    def months(self) -> list[int]:
        """Each of them."""
        return months.between(self.first, self.last)

    @property
    def choice(self) -> list[int]:
        """Those that can be chosen, the newest first."""
        this = months.month_of(self.today)
        return months.between(months.after(this, 1 - MOST), this)[::-1]

    def money(self, minor: int) -> Money:
        """A sum of the programme."""
        return Money(minor, self.programme.currency)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which groups a report is about: all of hers, those under a node, or one; `typed` is what was looked for."""

    groups: Sequence[Place]
    nodes: Sequence[Node]
    node: int | None = None
    typed: str = ""
    problem: Phrase | None = None

    @property
    def ids(self) -> list[int]:
        """Their numbers."""
        return [each.id for each in self.groups]

    @property
    def query(self) -> dict[str, Any]:
        """What stands in an address for the same choice."""
        return {name: value for name, value in (("node", self.node), ("group", self.typed)) if value}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it is called, and what it holds."""

    label: Phrase
    unit: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what it is called on the page and in a file, its values, and the page behind it with its arguments."""

    label: str
    values: Sequence[Any]
    key: object = None
    page: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A table with the charts that show it; `first` is the heading of the rows' names."""

    heading: Phrase
    columns: Sequence[Column]
    rows: Sequence[Row]
    charts: Sequence[Markup] = ()
    first: Phrase = MONTH
    next: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report: what was asked for, its tables, what its figures mean, until when it is counted, the pages behind it.

    `hubs` and `hub` are there where a hub can be chosen, `chosen` where groups can. `period`: whether
    "months", one "month" or "days" (of `choices`, `days` now) can be chosen. `sheet`: it can be kept as a file.
    """

    asked: Asked
    parts: Sequence[Part]
    meanings: Sequence[tuple[Phrase, Phrase]]
    chosen: Chosen | None = None
    hubs: Sequence[Hub] = ()
    hub: int | None = None
    as_of: datetime | None = None
    links: Sequence[tuple[str, Phrase, Mapping[str, Any]]] = ()
    notes: Sequence[tuple[Phrase, Mapping[str, Any]]] = ()
    period: str = "months"
    choices: Sequence[int] = ()
    days: int = 0
    sheet: bool = True


Build = Callable[[Connection, Visit], Report]


# ---- what was asked for ----


def asked(db: Connection, visit: Visit, usual: int = USUAL) -> Asked:
    """The months in the address, from the earlier to the later one; the last `usual` ones if there are none."""
    programme = programmes.get(db, visit.operator.programme)
    today = programmes.day(visit.now, programme.timezone)
    this = months.month_of(today)
    last = _month(visit, "last", this)
    first = _month(visit, "first", months.after(last, 1 - usual))
    first, last = min(first, last), max(first, last)
    return Asked(max(first, months.after(last, 1 - MOST)), last, today, programme)


def month_in(visit: Visit, name: str, otherwise: int) -> int:
    """A month in the address as 202611; Missing for what is none."""
    return _month(visit, name, otherwise)


def _month(visit: Visit, name: str, otherwise: int) -> int:
    typed = visit.query.get(name, "")
    if not typed:
        return otherwise
    if not re.fullmatch("20[0-9]{2}(0[1-9]|1[0-2])", typed):
        raise Missing
    return int(typed)


def groups_chosen(db: Connection, visit: Visit) -> Chosen:
    """Hers of the groups under the node, or the group, in the address; Missing for a node that there is not."""
    scope, node = visit.operator.scope, _node(visit)
    nodes = breakdowns.nodes_of(db, scope.programme)
    if node is not None and node not in {each.id for each in nodes}:
        raise Missing
    found = breakdowns.groups_of(db, scope.programme, node)
    mine = [each for each in found if scope.groups is None or each.id in scope.groups]
    typed = canonical(visit.query.get("group", "").strip())[:60]
    if not typed:
        return Chosen(mine, nodes, node)
    named = [each for each in mine if _called(each, typed)]
    return Chosen(named if len(named) == 1 else [], nodes, node, typed, None if len(named) == 1 else NO_GROUP)


def _node(visit: Visit) -> int | None:
    typed = visit.query.get("node", "")
    if typed and not re.fullmatch("[0-9]{1,9}", typed):
        raise Missing
    return int(typed) if typed else None


def _called(place: Place, typed: str) -> bool:
    return typed.casefold() in (place.names.bn.casefold(), place.names.bn_Latn.casefold()) or to_latin(typed) == str(
        place.id
    )


def hubs_chosen(db: Connection, visit: Visit) -> tuple[list[Hub], int | None]:
    """The hubs that are hers, and which of them is in the address (None: all); Missing for another one."""
    mine_ = her_hubs(db, visit)
    hub = chosen(visit, mine_)
    return mine_, hub.id if hub else None


# ---- writing ----


def month_said(words: Words, month: int, *, year: bool = True) -> str:
    """Nov 2026, নভেম্বর ২০২৬; or the month alone."""
    day = months.first_day(month)
    return f"{words.month(day)} {digits(words, str(day.year))}" if year else words.month(day)


def digits(words: Words, text: str) -> str:
    """A text with its digits as the language writes them."""
    return to_bangla(text) if words.language == "bn" else text


def tenths(figure: Figure) -> int | None:
    """A share in tenths of a per cent, None where there is no whole."""
    return None if figure.share is None else half_even(figure.share * 1000)


def percent(words: Words, value: int) -> str:
    """Tenths of a per cent as people read them: 93.4%."""
    sign = "-" if value < 0 else ""
    return digits(words, f"{sign}{abs(value) // 10}.{abs(value) % 10}%")


def written(words: Words, unit: str, value: Any) -> str:
    """A value of a column as it stands on the page; what there is not is a dash."""
    if value is None or (isinstance(value, Figure) and value.share is None):
        return "–"
    if unit == SUM:
        return words.amount(value)
    if unit == COUNT:
        return words.number(value)
    if unit == SHARE:
        return percent(words, tenths(value) or 0)
    if unit == EACH:
        each = half_even((value.share or Fraction(0)) * 10)
        return digits(words, f"{each // 10}.{each % 10}")
    return words.day_and_year(value) if unit == DAY else str(value)


def _plain(unit: str, value: Any) -> object:
    """A value as it stands in a file: sums and shares are numbers."""
    if isinstance(value, Figure):
        scale = 1000 if unit == SHARE else 10
        return None if value.share is None else Decimal(half_even(value.share * scale)).scaleb(-1)
    return value


def show(build: Build, db: Connection, visit: Visit) -> Shown:
    """A report as a page."""
    report, words = build(db, visit), visit.words
    summed = any(column.unit == SUM for part in report.parts for column in part.columns)
    values = {
        "report": report,
        "unit": UNITS[report.asked.programme.currency] if summed else "",
        "cell_of": lambda column, value: written(words, column.unit, value),
        "figure_units": (SUM, COUNT, SHARE, EACH),
        "month_said": lambda month: month_said(words, month),
        "levels": LEVELS,
        "query": {name: value for name, value in visit.query.items() if name in CHOICES},
        "kinds": sheets.KINDS,
    }
    return Shown("report.html", values)


def give(name: str, build: Build, db: Connection, visit: Visit) -> Download:
    """A report as a file of the kind in the address: its tables side by side if their rows are the same."""
    if visit.args["form"] not in sheets.KINDS:
        raise Missing
    report, say = build(db, visit), visit.words.say
    parts = report.parts
    if any([row.label for row in part.rows] != [row.label for row in parts[0].rows] for part in parts):
        parts = parts[:1]
    columns = [(part, column) for part in parts for column in part.columns]
    heading = [say(parts[0].first), *(_headed(visit, report, part, column) for part, column in columns)]
    rows = []
    for at, row in enumerate(parts[0].rows):
        values = [
            _plain(column.unit, value)
            for part in parts
            for column, value in zip(part.columns, part.rows[at].values, strict=True)
        ]
        rows.append([row.label if row.key is None else row.key, *values])
    return sheets.download(name, visit.args["form"], heading, rows)


def _headed(visit: Visit, report: Report, part: Part, column: Column) -> str:
    said = visit.words.say(column.label)
    if len(report.parts) > 1:
        said = f"{visit.words.say(part.heading)}: {said}"
    return f"{said} (%)" if column.unit == SHARE else said
