"""The rows of a cut-off sheet become what each member has and owes, or the number of the row and the reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import cast

import click

from gateway.catalogue_check import Finding
from gateway.catalogue_check import plain
from gateway.imports import Line
from gateway.imports import shown
from gateway.loan_schedule import read_every
from ledger.cutoff import OldLoan
from ledger.cutoff import Standing
from ledger.groups import Group
from ledger.members import Member
from ledger.membership import ROLES
from ledger.schedules import METHODS
from ledger.schedules import MOST
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.schedules import schedule
from ledger.tables import Names
from locales.numerals import to_latin
from locales.phones import e164
from locales.script import units
from menus import graph

REQUIRED = ("code", "compulsory")
BALANCES = ("compulsory", "voluntary", "share", "overpaid", "fines")
LOAN = ("loan", "instalments", "next_due", "rate", "interest_due", "instalment", "every", "method")
OPTIONAL = ("name_bn", "name_latn", "number", "role", *BALANCES[1:], *LOAN, "amount")
"""An empty cell is nothing: no sum, no loan, what the group's rules say."""

POOLED = ("cash", "bank", "wallet", "social", "borrowed")
"""What the group has and owes as a whole: a row with this word as its code and the sum under `amount`."""
EQUITY, TOTAL = "equity", "total"
"""Rows of the paper sheet to check against: the group's own, under `amount`; the sum of each column."""

WAYS = tuple(name for name in (*METHODS, PASSBOOK) if name != "declining-fixed-principal")

_NAME = cast("Mapping[str, str]", graph.WORST["name"])
"""The longest names that the lint of the menu has found room for, by script."""

_SUM = re.compile(r"(-?)([0-9]{1,9})(?:[.,]([0-9]{1,2}))?")
_CODE = re.compile("[0-9]{1,9}")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00:00)?")
_RATE = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,6})?)\s*%(?:\s*/\s*(day|week|month|year))?")


@dataclass(frozen=True, slots=True)
class NewMember:
    """Somebody whom the sheet makes a member: her code ("" for the next free one), names, number (E.164) and role."""

    code: str
    names: Names
    number: str | None
    role: str


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the sheet: a member there is, or a new one, and how she stands; her id in `standing` is then 0."""

    row: int
    who: Member | NewMember
    standing: Standing


@dataclass(frozen=True)
class Known:
    """What a sheet is held against: the group and its timezone, the day, and how a member is found by her code."""

    group: Group
    timezone: str
    on: date
    find: Callable[[str], Member | None]


@dataclass
class Checked:
    """What a sheet says; if there is anything bad, not all of it. Findings are in order of rows."""

    people: list[Person] = field(default_factory=list)
    pooled: dict[str, int] = field(default_factory=dict)
    equity: int | None = None
    bad: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


class _Row:
    """One row while it is read: it collects what is wrong with it."""

    def __init__(self, line: Line) -> None:
        self.number = line.number
        self.cells = {name: to_latin(cell) for name, cell in line.cells.items()}
        self.typed = line.cells
        self.bad, self.warnings = list(line.faults), list[str]()

    def has(self, column: str) -> bool:
        """Whether there is anything in a cell."""
        return bool(self.cells.get(column))

    def sum(self, column: str, *, below: bool = False) -> int:
        """A sum in minor units, 0 for an empty cell; with `below` it may be below zero."""
        text = self.cells.get(column, "")
        found = _SUM.fullmatch(text)
        if not text:
            return 0
        if not found or (found[1] and not below):
            self.bad.append(f"{column} {shown(self.typed[column])} is not a sum: type it as 48 or 48.50")
            return 0
        minor = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
        return -minor if found[1] else minor

    def day(self, column: str) -> date | None:
        """A day as 2026-12-10, or a date cell of a spreadsheet."""
        found = _DAY.fullmatch(self.cells.get(column, ""))
        try:
            if found:
                return date.fromisoformat(found[1])
        except ValueError:
            pass
        self.bad.append(f"{column} {shown(self.typed.get(column, ''))} is not a day: type it as 2026-12-10")
        return None

    def count(self, column: str) -> int:
        """A number of instalments."""
        text = self.cells.get(column, "")
        if text.isdecimal() and 1 <= int(text[:9]) <= MOST:
            return int(text)
        self.bad.append(f"{column} {shown(self.typed.get(column, ''))} is not a number from 1 to {MOST}")
        return 0

    def rate(self, usual: str) -> tuple[Fraction, str] | None:
        """A rate with its time, a month's where none is said; `usual` for an empty cell."""
        if not self.has("rate"):
            return Fraction(usual), "month"
        if found := _RATE.fullmatch(self.cells["rate"]):
            return Fraction(found[1].replace(",", ".")) / 100, found[2] or "month"
        self.bad.append(f"rate {shown(self.typed['rate'])} is not a rate: type it as text, as 2%/month or 24%/year")
        return None

    def every(self) -> Every | None:
        """The time between instalments."""
        if not self.has("every"):
            return Every(1, "month")
        try:
            return read_every(self.cells["every"])
        except click.BadParameter:
            self.bad.append(f"every {shown(self.typed['every'])} is not a time: type it as 1month, 2weeks or 15days")
            return None

    def choice(self, column: str, choices: Sequence[str], usual: str) -> str:
        """One of some words."""
        text = self.cells.get(column, "").casefold() or usual
        if text not in choices:
            self.bad.append(f"{column} {shown(self.typed[column])} is none of {', '.join(choices)}")
            return usual
        return text

    def names(self) -> Names:
        """Her given name in both scripts, as long as the screens have room for."""
        said = self.typed.get("name_bn", ""), self.typed.get("name_latn", "")
        for column, script, text in (("name_bn", "bn", said[0]), ("name_latn", "latin", said[1])):
            room = units(_NAME[script])
            if units(text) > room:
                self.bad.append(
                    f"{column} {shown(text)} has {units(text)} characters, at most {room} fit: a given name"
                )
        return Names(*said)


def check(lines: Sequence[Line], known: Known) -> Checked:
    """Check all rows against each other, the group and the paper's own totals."""
    checked, seen = Checked(), dict[str, int]()
    total: _Row | None = None
    for line in lines:
        row = _Row(line)
        word = row.cells["code"].casefold()
        if word in (*POOLED, EQUITY, TOTAL):
            if word in seen:
                row.bad.append(f"{word} is in row {seen[word]} already")
            seen.setdefault(word, row.number)
            total = row if word == TOTAL else total
            if word != TOTAL:
                _take_special(checked, row, word)
        else:
            _take_person(checked, row, known, seen)
        if row is not total:
            _keep(checked, row)
    if total:
        _compare(checked.people, total)
        _keep(checked, total)
    return checked


def _keep(checked: Checked, row: _Row) -> None:
    checked.bad += [Finding(row.number, text) for text in row.bad]
    checked.warnings += [Finding(row.number, text) for text in row.warnings]


def _take_special(checked: Checked, row: _Row, word: str) -> None:
    others = [name for name in (*BALANCES, *LOAN) if row.has(name)]
    if others or not row.has("amount"):
        row.bad.append(f"{word} has its sum under amount, and nothing else")
    elif word == EQUITY:
        checked.equity = row.sum("amount", below=True)
    else:
        checked.pooled[word] = row.sum("amount")


def _take_person(checked: Checked, row: _Row, known: Known, seen: dict[str, int]) -> None:
    if row.has("amount"):
        row.bad.append(f"amount is for {', '.join(POOLED)}, {EQUITY}")
    sums = {name: row.sum(name) for name in BALANCES}
    loan = _loan(row, known)
    code = row.cells["code"]
    if code and code in seen:
        _take_another_loan(checked, row, seen[code], sums, loan)
        return
    who = _who(row, known)
    standing = Standing(who.id if isinstance(who, Member) else 0, **sums, loans=(loan,) if loan else ())
    if code:
        seen[code] = row.number
    if who:
        checked.people.append(Person(row.number, who, standing))


def _take_another_loan(checked: Checked, row: _Row, before: int, sums: Mapping[str, int], loan: OldLoan | None) -> None:
    """A further row of a member names another loan of hers and nothing else."""
    if any(sums.values()) or not loan:
        row.bad.append(f"{row.cells['code']} is in row {before} already: a further row of hers names another loan only")
        return
    for place, each in enumerate(checked.people):
        if each.row == before:
            standing = replace(each.standing, loans=(*each.standing.loans, loan))
            checked.people[place] = replace(each, standing=standing)


def _who(row: _Row, known: Known) -> Member | NewMember | None:
    """The member a row is about: one of the group, or a new one; None when that cannot be said."""
    code, names = row.cells["code"], row.names()
    if code and not _CODE.fullmatch(code):
        special = ", ".join((*POOLED, EQUITY, TOTAL))
        row.bad.append(f"code {shown(row.typed['code'])} is no member code, and none of {special}")
        return None
    found = known.find(code) if code else None
    number = _number(row, known.timezone)
    if found is None:
        return _new(row, code, names, number)
    if found.left_on is not None:
        row.bad.append(f"{code} ({found.names.bn_Latn}) has left her group")
    elif found.group != known.group.id:
        row.bad.append(f"{code} ({found.names.bn_Latn}) is not a member of this group")
    elif any(said and said != kept for said, kept in zip(_pair(names), _pair(found.names), strict=True)):
        row.warnings.append(f"{code} stays {found.names.bn} ({found.names.bn_Latn})")
    for column in ("number", "role"):
        if row.has(column):
            row.warnings.append(f"{column} of {code} stays as it is: `somiti group` changes it")
    return found


def _pair(names: Names) -> tuple[str, str]:
    return names.bn, names.bn_Latn


def _new(row: _Row, code: str, names: Names, number: str | None) -> NewMember:
    who = f"nobody has the code {code}; " if code else ""
    for column, text in (("name_bn", names.bn), ("name_latn", names.bn_Latn)):
        if not text:
            row.bad.append(f"{who}a new member needs {column}")
    if not number and not row.has("number"):
        row.warnings.append(f"{names.bn_Latn or code} has no number: no SMS reaches her")
    return NewMember(code, names, number, row.choice("role", ROLES, ROLES[0]))


def _number(row: _Row, timezone: str) -> str | None:
    if not row.has("number"):
        return None
    number = e164(row.cells["number"], timezone)
    if number is None:
        row.bad.append(f"number {shown(row.typed['number'])} is no phone number: type it as +8801711000001")
    return number


def _loan(row: _Row, known: Known) -> OldLoan | None:
    """The loan of a row; None when there is none, or it is bad."""
    rules, bad = known.group.rules, len(row.bad)
    principal, interest = row.sum("loan"), row.sum("interest_due")
    if not principal:
        for column in LOAN[1:]:
            if row.has(column) and len(row.bad) == bad:
                row.bad.append(f"{column} {shown(row.typed[column])} without a loan")
        return None
    method = row.choice("method", WAYS, rules.loan_method)
    count = 1 if method == PASSBOOK else row.count("instalments")
    due, rate, every = row.day("next_due"), row.rate(rules.loan_rate), row.every()
    if due is None or rate is None or every is None or len(row.bad) > bad:
        return None
    begun = min(due.replace(day=1), known.on.replace(day=1)) if method == PASSBOOK else due
    start = every.after(begun, -1)
    terms = Terms(principal, rate[0], count, every, method, start, due, per=rate[1], unit=rules.loan_unit)
    try:
        plan = schedule(terms)
    except ValueError as error:
        row.bad.append(f"the loan: {error}")
        return None
    late = sum(each.due < known.on for each in plan)
    paper = row.sum("instalment")
    if paper and paper != plan[0].sum and method != PASSBOOK:
        row.warnings.append(f"instalment {plain(paper)} is {plain(plan[0].sum)} by {method} at this rate")
    if interest and late and method != PASSBOOK:
        row.warnings.append(f"interest_due {plain(interest)} comes on top of the interest of {late} late instalments")
    return OldLoan(terms, interest)


def _compare(people: Sequence[Person], total: _Row) -> None:
    """The paper's own totals against the sums of the rows."""
    sums = {name: sum(getattr(each.standing, name) for each in people) for name in BALANCES}
    owed = [loan for each in people for loan in each.standing.loans]
    sums |= {"loan": sum(each.terms.principal for each in owed), "interest_due": sum(each.interest for each in owed)}
    for column, amount in sums.items():
        said = total.sum(column)
        if total.has(column) and said != amount:
            total.bad.append(f"{column} is {plain(said)}, but the rows come to {plain(amount)}")
