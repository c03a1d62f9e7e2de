"""The sheet of a meeting entered whole, and what the office reads of loans and requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import pytest
from conftest import BOTH
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import balances
from ledger_world import findings
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from village import Village
from village import open_village

from ledger import approvals
from ledger import asking
from ledger import decisions
from ledger import groups
from ledger import groups_due
from ledger import lending
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import reversals
from ledger import sheets
from ledger.lending import Wanted
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.sheets import Mark

YESTERDAY = DAY - timedelta(days=1)

LAST = 2**62
"""Above every number."""


def marks(village: Village, **said: str) -> list[Mark]:
    """`ayesha="present 60"`."""
    lines = {name: line.split() for name, line in said.items()}
    return [Mark(getattr(village, name), how, taka(float(sum))) for name, (how, sum) in lines.items()]


def write(
    db: Connection, village: Village, lines: list[Mark], *, on: object = YESTERDAY, counted: float = 2_960
) -> str:
    group = groups.get(db, village.book.owner)
    where = village.by("officer:Mina")
    meeting, closing = sheets.write(db, group, on, village.rahima, lines, taka(2_960), where)
    return f"{meeting.number} {closing.collected} {closing.absent} {closing.off}"


@BOTH
def test_a_whole_sheet(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    village.rules(db, saving=50_00, social=10_00, absent_fine=5_00)
    lines = marks(village, ayesha="present 60", salma="late 100", rahima="excused 0")
    assert write(db, village, lines) == "1 BDT 160.00 2 BDT 0.00"
    meeting = meetings.get(db, village.book.owner, 1)
    assert (meeting.held_on, meeting.open, meeting.recorder) == (YESTERDAY, False, village.rahima.id)
    came = {each.names.bn_Latn: each.how for each in meetings.roll(db, meeting)}
    assert came == {"Rahima": "excused", "Salma": "late", "Ayesha": "present", "Bina": "absent", "Champa": "absent"}
    parts = {str(each.total): str(each.saved) for each in sheets.brought(db, meeting, village.book).values()}
    assert parts == {"BDT 60.00": "BDT 50.00", "BDT 100.00": "BDT 90.00"}
    assert balances(db, village.book, "1010", "2040", f"1120.{village.bina.id}") == "1010: 2960.00, 2040: 20.00, " + (
        f"1120.{village.bina.id}: 5.00"
    )
    owed = groups_due.owed(db, village.book, DAY)
    assert {member: str(each.fines) for member, each in owed.items()} == {
        village.bina.id: "BDT 5.00",
        village.champa.id: "BDT 5.00",
    }
    assert findings(db) == []


@BOTH
def test_a_sheet_that_is_refused_leaves_nothing(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    lines = marks(village, ayesha="present 60")
    for lines_, on, said in (
        (lines, DAY + timedelta(days=1), "day-to-come"),
        ([*lines, *marks(village, nila="present 1")], YESTERDAY, "not-in-group"),
    ):
        assert refusal(db, lambda: write(db, village, lines_, on=on)).startswith(said)  # noqa: B023 (called at once)
        assert meetings.newest(db, village.book.owner, 1) == []
    with pytest.raises(ValueError, match="one line"):
        write(db, village, [*lines, *lines])
    meetings.open_next(db, groups.get(db, village.book.owner), village.rahima, village.by(village.rahima))
    assert refusal(db, lambda: write(db, village, lines)) == "meeting-open meeting=1"
    assert write(db, village, lines, on=DAY) == "1 BDT 60.00 4 BDT 100.00"
    assert refusal(db, lambda: write(db, village, lines, on=DAY)).startswith("meeting-too-early")
    assert [each.number for each in meetings.before(db, village.book.owner, 9, 5)] == [1]
    assert meetings.before(db, village.book.owner, 1, 5) == []
    assert findings(db) == []


@BOTH
def test_loans_and_requests_as_the_office_reads_them(db: Connection, codes: Callable[[], str]) -> None:
    village = open_village(db, codes)
    programme = village.world.programme.id
    on = DAY - timedelta(days=40)
    terms = Terms(900_00, Fraction(0), 3, Every(1, "month"), "declining-equal-principal", on)
    late = loans.disburse(db, village.ayesha, terms, village.by("officer:Mina", on=on))
    undone = loans.disburse(db, village.salma, terms, village.by("member:1", on=on))
    entry = lending.posted(db, undone, LAST, 9)[0]
    reversals.reverse(db, village.book.id, entry.number, "wrong", village.by("officer:Mina"))

    def listed(**wanted: object) -> list[str]:
        rows = lending.page(db, Wanted(programme, **wanted), DAY, LAST, 9)  # type: ignore[arg-type]
        return [f"{each.id} {each.left} {each.late} since {each.late_since} next {each.next_due}" for each in rows]

    first, second, _ = (each.due for each in late.instalments)
    shown = [f"{late.id} BDT 900.00 BDT 300.00 since {first} next {second}"]
    assert listed() == listed(state="running") == listed(state="behind") == shown, "what was undone is no loan"
    assert listed(groups=(village.book.owner,), member=village.ayesha.id) == shown
    assert listed(groups=(village.nila.group,)) == listed(state="paid") == listed(lenders=True) == []
    whose = lending.whose(db, late.id)
    assert whose
    assert (whose.member, whose.group, whose.lender) == (village.ayesha.id, village.book.owner, False)
    assert lending.whose(db, 99) is None
    assert [each.kind for each in lending.posted(db, undone, LAST, 9)] == ["reversal", "loan.disburse"]
    assert lending.posted(db, undone, LAST, 9)[0].charged == taka(-900)

    asked = decisions.ask_withdrawal(db, village.salma, taka(20), village.by(village.salma))
    for about, states, found in (
        (None, (approvals.OPEN,), [asked.id]),
        (village.salma.id, (approvals.OPEN, approvals.APPROVED), [asked.id]),
        (village.ayesha.id, (approvals.OPEN,), []),
        (None, (approvals.APPROVED,), []),
    ):
        rows = asking.page(db, programme, None, approvals.KINDS, states, NOON, 0, 9, about=about)
        assert [each.id for each in rows] == found
    assert asking.page(db, programme, (village.nila.group or 0,), approvals.KINDS, (approvals.OPEN,), NOON, 0, 9) == []
    assert members.get(db, asked.about).names.bn_Latn == "Salma"
    assert findings(db) == []
