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

import click

from gateway.catalogue_check import Finding
from gateway.catalogue_check import plain
from gateway.imports import Line
from gateway.imports import Said
from gateway.imports import shown
from gateway.joining import ROOM
from gateway.joining import too_long
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
            self.bad.append(
                Said(
                    "{column} {typed} is not a sum: type it as 48 or 48.50",
                    column=column,
                    typed=shown(self.typed[column]),
                )
            )
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
        typed = shown(self.typed.get(column, ""))
        self.bad.append(Said("{column} {typed} is not a day: type it as 2026-12-10", column=column, typed=typed))
        return None

    def count(self, column: str) -> int:
        """A number of instalments."""
        text = self.cells.get(column, "")
        if text.isdecimal() and 1 <= int(text[:9]) <= MOST:
            return int(text)
        typed = shown(self.typed.get(column, ""))
        self.bad.append(
            Said("{column} {typed} is not a number from 1 to {most}", column=column, typed=typed, most=f"{MOST}")
        )
        return 0

    def rate(self, usual: str) -> tuple[Fraction, str] | None:
        """A rate with its time, a month's where none is said; `usual` for an empty cell."""
        if not self.has("rate"):
            return Fraction(usual), "month"
        if found := _RATE.fullmatch(self.cells["rate"]):
            return Fraction(found[1].replace(",", ".")) / 100, found[2] or "month"
        typed = shown(self.typed["rate"])
        self.bad.append(Said("rate {typed} is not a rate: type it as text, as 2%/month or 24%/year", typed=typed))
        return None

    def every(self) -> Every | None:
        """The time between instalments."""
        if not self.has("every"):
            return Every(1, "month")
        try:
            return read_every(self.cells["every"])
        except click.BadParameter:
            typed = shown(self.typed["every"])
            self.bad.append(Said("every {typed} is not a time: type it as 1month, 2weeks or 15days", typed=typed))
            return None

    def choice(self, column: str, choices: Sequence[str], usual: str) -> str:
        """One of some words."""
        text = self.cells.get(column, "").casefold() or usual
        if text not in choices:
            typed, among = shown(self.typed[column]), ", ".join(choices)
            self.bad.append(Said("{column} {typed} is none of {choices}", column=column, typed=typed, choices=among))
            return usual
        return text

    def names(self) -> Names:
        """Her given name in both scripts, as long as the screens have room for."""
        said = self.typed.get("name_bn", ""), self.typed.get("name_latn", "")
        for (column, room), text in zip(ROOM.items(), said, strict=True):
            if has := too_long(column, text):
                self.bad.append(
                    Said(
                        "{column} {typed} has {has} characters, at most {most} fit: a given name",
                        column=column,
                        typed=shown(text),
                        has=f"{has}",
                        most=f"{room}",
                    )
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
                row.bad.append(Said("{code} is in row {row} already", code=word, row=f"{seen[word]}"))
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
        row.bad.append(Said("{code} has its sum under amount, and nothing else", code=word))
    elif word == EQUITY:
        checked.equity = row.sum("amount", below=True)
    else:
        checked.pooled[word] = row.sum("amount")


def _take_person(checked: Checked, row: _Row, known: Known, seen: dict[str, int]) -> None:
    if row.has("amount"):
        row.bad.append(Said("amount is for {codes}", codes=", ".join((*POOLED, EQUITY))))
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
        code = row.cells["code"]
        row.bad.append(
            Said(
                "{code} is in row {row} already: a further row of hers names another loan only",
                code=code,
                row=f"{before}",
            )
        )
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
        typed = shown(row.typed["code"])
        row.bad.append(Said("code {typed} is no member code, and none of {special}", typed=typed, special=special))
        return None
    found = known.find(code) if code else None
    number = _number(row, known.timezone)
    if found is None:
        return _new(row, code, names, number)
    if found.left_on is not None:
        row.bad.append(Said("{code} has left her group", code=code))
    elif found.group != known.group.id:
        row.bad.append(Said("{code} is not a member of this group", code=code))
    elif any(said and said != kept for said, kept in zip(_pair(names), _pair(found.names), strict=True)):
        row.warnings.append(Said("{code} stays {bn} ({latn})", code=code, bn=found.names.bn, latn=found.names.bn_Latn))
    for column in ("number", "role"):
        if row.has(column):
            row.warnings.append(Said("{column} of {code} stays as it is", column=column, code=code))
    return found


def _pair(names: Names) -> tuple[str, str]:
    return names.bn, names.bn_Latn


def _new(row: _Row, code: str, names: Names, number: str | None) -> NewMember:
    for column, text in (("name_bn", names.bn), ("name_latn", names.bn_Latn)):
        if not text:
            unknown = Said("nobody has the code {code}; a new member needs {column}", code=code, column=column)
            row.bad.append(unknown if code else Said("a new member needs {column}", column=column))
    if not number and not row.has("number"):
        row.warnings.append(Said("{name} has no number: no SMS reaches her", name=names.bn_Latn or code))
    return NewMember(code, names, number, row.choice("role", ROLES, ROLES[0]))


def _number(row: _Row, timezone: str) -> str | None:
    if not row.has("number"):
        return None
    number = e164(row.cells["number"], timezone)
    if number is None:
        typed = shown(row.typed["number"])
        row.bad.append(Said("number {typed} is no phone number: type it as +8801711000001", typed=typed))
    return number


def _loan(row: _Row, known: Known) -> OldLoan | None:
    """The loan of a row; None when there is none, or it is bad."""
    rules, bad = known.group.rules, len(row.bad)
    principal, interest = row.sum("loan"), row.sum("interest_due")
    if not principal:
        for column in LOAN[1:]:
            if row.has(column) and len(row.bad) == bad:
                row.bad.append(Said("{column} {typed} without a loan", column=column, typed=shown(row.typed[column])))
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
        row.bad.append(Said("the loan: {error}", error=f"{error}"))
        return None
    late = sum(each.due < known.on for each in plan)
    paper = row.sum("instalment")
    if paper and paper != plan[0].sum and method != PASSBOOK:
        of = {"paper": plain(paper), "computed": plain(plan[0].sum), "method": method}
        row.warnings.append(Said("instalment {paper} is {computed} by {method} at this rate", **of))
    if interest and late and method != PASSBOOK:
        of = {"interest": plain(interest), "late": f"{late}"}
        row.warnings.append(
            Said("interest_due {interest} comes on top of the interest of {late} late instalments", **of)
        )
    return OldLoan(terms, interest)


def _compare(people: Sequence[Person], total: _Row) -> None:
    """The paper's own totals against the sums of the rows."""
    sums = {name: sum(getattr(each.standing, name) for each in people) for name in BALANCES}
    owed = [loan for each in people for loan in each.standing.loans]
    sums |= {"loan": sum(each.terms.principal for each in owed), "interest_due": sum(each.interest for each in owed)}
    for column, amount in sums.items():
        said = total.sum(column)
        if total.has(column) and said != amount:
            of = {"column": column, "said": plain(said), "amount": plain(amount)}
            total.bad.append(Said("{column} is {said}, but the rows come to {amount}", **of))
