"""`somiti import cutoff`: every reason why a row is bad, what a dry run tells, posted whole or not at all."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from click.testing import Result
from conftest import BOTH
from conftest import settings_for
from ledger_world import World
from ledger_world import balances
from ledger_world import everything
from ledger_world import findings
from ledger_world import open_world
from ledger_world import taka
from openpyxl import Workbook

from gateway import cutoff_import
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.cli import main
from gateway.cutoff_check import OPTIONAL
from gateway.cutoff_check import POOLED
from gateway.cutoff_check import REQUIRED
from gateway.cutoff_check import Known
from gateway.cutoff_check import NewMember
from gateway.cutoff_check import check
from gateway.imports import Line
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.settings import load
from gateway.transaction import transaction
from ledger import groups
from ledger import loans
from ledger import members
from ledger import pins
from ledger import reversals
from ledger import savings
from ledger.cutoff import OldLoan
from ledger.cutoff import Standing
from ledger.groups import Group
from ledger.groups import Rules
from ledger.members import Member
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.tables import Names

HEADING = REQUIRED + OPTIONAL
ON = date(2026, 11, 20)

# The rows alone, against a group of two and a woman of another group.

GROUP = Group(7, 1, "Jashore", Names("শাপলা", "Shapla"), Names("শাপলা", "Shapla"), Rules())
AYESHA = Member(
    3, 1, 7, None, "1003", Names("আয়েশা", "Ayesha"), "member", "bn", "bn", "full", False, "BDT", "Asia/Dhaka", 5
)
WOMEN = {
    "1003": AYESHA,
    "1004": replace(AYESHA, id=4, code="1004", group=None, left_on=date(2026, 1, 1)),
    "2001": replace(AYESHA, id=9, code="2001", group=8),
}
KNOWN = Known(GROUP, "Asia/Dhaka", ON, WOMEN.get)
LOAN = {"loan": "300", "instalments": "3", "next_due": "2026-12-10"}
NEW = {"code": "", "name_bn": "মিনা", "name_latn": "Mina", "number": "01711000009"}


def told(*rows: dict[str, str]) -> tuple[list[str], list[str]]:
    """What is bad, and what is a warning, in rows of Ayesha that differ so."""
    lines = [Line(place, dict.fromkeys(HEADING, "") | {"code": "1003"} | row) for place, row in enumerate(rows, 2)]
    checked = check(lines, KNOWN)
    return [str(each) for each in checked.bad], [str(each) for each in checked.warnings]


BAD = [
    ({"code": "ten"}, "code 'ten' is no member code, and none of cash, bank, wallet, social, borrowed, equity, total"),
    ({"code": "1004"}, "1004 has left her group"),
    ({"code": "2001"}, "2001 is not a member of this group"),
    ({"code": "1099", "name_bn": "মিনা"}, "nobody has the code 1099; a new member needs name_latn"),
    ({"code": "", "name_latn": "Mina"}, "a new member needs name_bn"),
    (
        {**NEW, "name_latn": "Mosammat Mina"},
        "name_latn 'Mosammat Mina' has 13 characters, at most 12 fit: a given name",
    ),
    ({**NEW, "number": "12"}, "number '12' is no phone number: type it as +8801711000001"),
    ({**NEW, "role": "queen"}, "role 'queen' is none of member, leader"),
    ({"compulsory": "4S"}, "compulsory '4S' is not a sum: type it as 48 or 48.50"),
    ({"compulsory": "1,250"}, "compulsory '1,250' is not a sum: type it as 48 or 48.50"),
    ({"share": "-5"}, "share '-5' is not a sum: type it as 48 or 48.50"),
    ({"amount": "5"}, "amount is for cash, bank, wallet, social, borrowed, equity"),
    ({"code": "cash"}, "cash has its sum under amount, and nothing else"),
    ({"code": "bank", "amount": "5", "compulsory": "5"}, "bank has its sum under amount, and nothing else"),
    ({"code": "Wallet", "amount": "-5"}, "amount '-5' is not a sum: type it as 48 or 48.50"),
    ({"instalments": "3"}, "instalments '3' without a loan"),
    ({"interest_due": "3"}, "interest_due '3' without a loan"),
    ({**LOAN, "instalments": ""}, "instalments '' is not a number from 1 to 1000"),
    ({**LOAN, "instalments": "2.5"}, "instalments '2.5' is not a number from 1 to 1000"),
    ({**LOAN, "next_due": "10/12/2026"}, "next_due '10/12/2026' is not a day: type it as 2026-12-10"),
    ({**LOAN, "next_due": "2026-02-30"}, "next_due '2026-02-30' is not a day: type it as 2026-12-10"),
    ({**LOAN, "rate": "0.02"}, "rate '0.02' is not a rate: type it as text, as 2%/month or 24%/year"),
    ({**LOAN, "every": "soon"}, "every 'soon' is not a time: type it as 1month, 2weeks or 15days"),
    ({**LOAN, "method": "gift"}, "method 'gift' is none of"),
    ({**LOAN, "loan": "0.02"}, "the loan: "),
]


@pytest.mark.parametrize(("row", "reason"), BAD)
def test_a_bad_row_has_its_number_and_the_reason(row: dict[str, str], reason: str) -> None:
    bad, _ = told({"code": "cash", "amount": "10"}, row) if row.get("code") != "cash" else told({**NEW}, row)
    assert len(bad) == 1
    assert bad[0].startswith(f"row 3: {reason}")


WARNED = [
    ({"name_bn": "আশা"}, "1003 stays আয়েশা (Ayesha)"),
    ({"number": "01711000009"}, "number of 1003 stays as it is"),
    ({**NEW, "number": ""}, "Mina has no number: no SMS reaches her"),
    ({**LOAN, "instalment": "100"}, "instalment 100.00 is 104.00 by declining-equal-instalment at this rate"),
    (
        {**LOAN, "next_due": "2026-10-10", "interest_due": "6"},
        "interest_due 6.00 comes on top of the interest of 2 late instalments",
    ),
]


@pytest.mark.parametrize(("row", "warning"), WARNED)
def test_a_warning_stops_nothing(row: dict[str, str], warning: str) -> None:
    assert told(row) == ([], [f"row 2: {warning}"])


def test_rows_against_each_other_and_the_papers_own_totals() -> None:
    bad, _ = told(
        {"compulsory": "100", **LOAN},
        {"compulsory": "5"},
        {"code": "cash", "amount": "5"},
        {"code": "cash", "amount": "6"},
        {"code": "total", "compulsory": "110", "voluntary": "0", "loan": "300"},
        {**NEW, "code": "1010"},
        {**NEW, "code": "1010"},
    )
    assert bad == [
        "row 3: 1003 is in row 2 already: a further row of hers names another loan only",
        "row 5: cash is in row 4 already",
        "row 8: 1010 is in row 7 already: a further row of hers names another loan only",
        "row 6: compulsory is 110.00, but the rows come to 100.00",
    ]


def test_what_the_rows_ask_for() -> None:
    """Either numerals; dates of a workbook; a second loan of one woman; what a group's rules say where nothing is."""
    empty = dict.fromkeys(HEADING, "")
    rows = [
        {"code": "১০০৩", "compulsory": "১০০.৫", "fines": "5", **LOAN, "next_due": "2026-10-10T00:00:00"},
        {"code": "1003", "loan": "500", "next_due": "2027-06-10", "method": "passbook", "interest_due": "10"},
        {**NEW, "share": "200", "overpaid": "1,5", "role": "leader"},
        {**NEW, "code": "1050", **LOAN, "rate": "24% / year", "every": "2weeks", "method": "flat"},
        {"code": "Bank", "amount": "2000"},
        {"code": "equity", "amount": "-12.5"},
    ]
    checked = check([Line(place, empty | row) for place, row in enumerate(rows, 2)], KNOWN)
    assert checked.bad == []
    month, rate = Every(1, "month"), Fraction(2, 100)
    first = Terms(
        300_00, rate, 3, month, "declining-equal-instalment", date(2026, 9, 10), date(2026, 10, 10), per="month",
        unit=100,
    )  # fmt: skip
    booked = Terms(500_00, rate, 1, month, PASSBOOK, date(2026, 10, 1), date(2027, 6, 10), per="month", unit=100)
    flat = Terms(
        300_00, Fraction(24, 100), 3, Every(2, "week"), "flat", date(2026, 11, 26), date(2026, 12, 10), per="year",
        unit=100,
    )  # fmt: skip
    mina = NewMember("", Names("মিনা", "Mina"), "+8801711000009", "leader")
    assert [(each.row, each.who, each.standing) for each in checked.people] == [
        (2, AYESHA, Standing(3, compulsory=100_50, fines=5_00, loans=(OldLoan(first), OldLoan(booked, 10_00)))),
        (4, mina, Standing(0, share=200_00, overpaid=1_50)),
        (5, replace(mina, code="1050", role="member"), Standing(0, loans=(OldLoan(flat),))),
    ]
    assert (checked.pooled, checked.equity) == ({"bank": 2_000_00}, -12_50)


# The command.


@pytest.fixture
def office(database: Database, codes: Callable[[], str], tmp_path: Path) -> Iterator[tuple[Runtime, World]]:
    """The world's group, whose book has not begun; in the end the books are sound."""
    with time_machine.travel(datetime(2026, 11, 22, 6, tzinfo=UTC)):
        runtime = Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})
        with transaction(runtime, tell=False, patience=60) as db:
            world = open_world(db, codes)
            groups.set_rules(db, world.group, replace(world.group.rules, saving=20_00), "BDT", world.origin())
        yield runtime, world
        with database.reading(60) as db:
            assert findings(db) == []


def run(runtime: Runtime, *arguments: object) -> Result:
    return CliRunner().invoke(cutoff_import.command(lambda: nullcontext(runtime)), list(map(str, arguments)))


def kept(runtime: Runtime) -> dict[str, list[str]]:
    with runtime.database.reading(60) as db:
        return everything(db)


def as_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEADING, restval="", delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


PAPER: list[dict[str, str]] = [
    {"code": "1001", "compulsory": "600", "share": "200", "overpaid": "1.50"},
    {"code": "1002", "voluntary": "90", "loan": "500", "next_due": "2027-08-10", "method": "passbook",
     "interest_due": "10"},
    {"code": "1003", "compulsory": "400", "fines": "15", "loan": "300", "instalments": "3", "next_due": "2026-10-10",
     "rate": "2%/month", "method": "declining-equal-principal", "interest_due": "6"},
    {**NEW, "compulsory": "100", "role": "leader"},
    {"code": "cash", "amount": "120"},
    {"code": "bank", "amount": "2000"},
    {"code": "wallet", "amount": "5"},
    {"code": "social", "amount": "70"},
    {"code": "borrowed", "amount": "1000"},
    {"code": "total", "compulsory": "1100", "loan": "800"},
]  # fmt: skip
TOLD = [
    "new leader a free code Mina, +8801711000009",
    "owned 2940.00: cash 120.00, bank 2000.00, wallet 5.00, loans 800.00, fines 15.00",
    "owed 2461.50: social 70.00, borrowed 1000.00, compulsory 1100.00, voluntary 90.00, share 200.00, overpaid 1.50",
    "equity 478.50: what is owned less what is owed",
]
LOANS = [
    "loan of 1002 Salma: 500.00 in 1, first 500.00 on 2027-08-10, interest due 10.00",
    "loan of 1003 Ayesha: 300.00 in 3, first 106.00 on 2026-10-10, last 2026-12-10, interest due 6.00",
]
WARNING = "warning: row 4: interest_due 6.00 comes on top of the interest of 2 late instalments"


@BOTH
def test_a_dry_run_tells_what_the_run_then_posts(office: tuple[Runtime, World], tmp_path: Path) -> None:
    runtime, world = office
    sheet, before = as_csv(tmp_path / "sheet.csv", PAPER), kept(runtime)
    arguments = (sheet, "--group", "Shapla", "--on", "2026-11-20")
    dry = run(runtime, *arguments, "--dry-run")
    said = [WARNING, *LOANS, *TOLD]
    assert dry.exit_code == 0, dry.output
    assert dry.output.splitlines() == [*said, "Dry run: nothing was posted."]
    assert kept(runtime) == before
    done = run(runtime, *arguments, "--by", "Mina", "--equity", "478.50")
    assert done.exit_code == 0, done.output
    *repeated, secret, end = done.output.splitlines()
    assert (repeated, end) == (said, "Posted: entry 2 of Shapla, 4 members on 2026-11-20.")
    found = re.fullmatch(r"Mina 1004: PIN (\d{5})", secret)
    assert found
    with runtime.database.writing(60) as db:
        mina = members.by_code(db, "1004")
        assert (mina.role, mina.group, members.numbers(db, mina.id)) == ("leader", world.group.id, ["+8801711000009"])
        assert pins.verify(db, runtime.peppers, mina.id, found[1], datetime.now(UTC)).right
        shown = [f"2010.{world.rahima.id}", f"1120.{world.ayesha.id}", f"2010.{mina.id}", "3030"]
        assert [each.partition(": ")[2] for each in balances(db, mina.group_book, *shown).split(", ")] == [
            "600.00", "15.00", "100.00", "478.50",
        ]  # fmt: skip
        assert savings.last(db, mina, 1)[0].on == ON
        (lent,) = loans.running(db, world.ayesha)
        assert [(each.number, each.left) for each in lent.unpaid] == [
            (0, taka(6)), (1, taka(106)), (2, taka(104)), (3, taka(102)),
        ]  # fmt: skip
    again = run(runtime, *arguments, "--by", "Mina")
    assert (again.exit_code, again.stderr) == (
        1,
        "Error: the book of Shapla has begun: entry 2; nothing was posted\n",
    )


@BOTH
def test_a_sheet_that_was_wrong_is_reversed_and_the_right_one_posted(
    office: tuple[Runtime, World], tmp_path: Path
) -> None:
    runtime, world = office
    few = [{"code": "1001", "compulsory": "100"}, {"code": "cash", "amount": "100"}]
    sheet = as_csv(tmp_path / "sheet.csv", few)
    arguments = (sheet, "--group", world.group.id, "--on", "2026-11-20", "--by", "Mina")
    assert "equity 0.00" in run(runtime, *arguments).output
    with transaction(runtime, tell=False, patience=60) as db:
        undo = replace(world.origin(), actor="office:Karim")
        reversals.reverse(db, world.rahima.group_book.id, 2, "the wrong sheet", undo)
    assert run(runtime, *arguments).output.splitlines()[-1] == "Posted: entry 4 of Shapla, 1 members on 2026-11-20."


@BOTH
def test_any_bad_row_and_nothing_is_posted(office: tuple[Runtime, World], tmp_path: Path) -> None:
    runtime, _ = office
    rows = [dict(row) for row in PAPER]
    rows[0]["share"], rows[3]["number"], rows[-1]["compulsory"] = "many", "12", "1000"
    sheet, before = as_csv(tmp_path / "sheet.csv", rows), kept(runtime)
    for more in (["--dry-run"], ["--by", "Mina"]):
        refused = run(runtime, sheet, "--group", "Shapla", "--on", "2026-11-20", *more)
        assert refused.exit_code == 1
        assert [line for line in refused.stdout.splitlines() if not line.startswith("warning")] == [
            "row 2: share 'many' is not a sum: type it as 48 or 48.50",
            "row 5: number '12' is no phone number: type it as +8801711000001",
            "row 11: compulsory is 1000.00, but the rows come to 1100.00",
        ]
        assert refused.stderr == "Error: 3 of 10 rows are bad; nothing was posted\n"
    assert kept(runtime) == before


@BOTH
def test_the_difference_must_be_the_papers(office: tuple[Runtime, World], tmp_path: Path) -> None:
    """Without a word of the paper it must be nothing; said twice it must be the same."""
    runtime, _ = office
    sheet, before = as_csv(tmp_path / "sheet.csv", PAPER), kept(runtime)
    more = as_csv(tmp_path / "more.csv", [*PAPER, {"code": "equity", "amount": "478"}])
    for file, said, code, refusal in (
        (sheet, [], 1, "owned and owed differ by 478.50; if the paper says the same, say --equity 478.50; nothing was"
         " posted"),
        (sheet, ["--equity", "-478.50"], 1, "the paper says equity -478.50, the rows come to 478.50: they differ by"
         " 957.00; nothing was posted"),
        (more, [], 1, "the paper says equity 478.00, the rows come to 478.50: they differ by 0.50; nothing was posted"),
        (more, ["--equity", "478.50"], 2, "the sheet says equity 478.00, --equity says 478.50"),
        (sheet, ["--bank", "1"], 2, "bank is in the sheet and after --bank: say it once"),
    ):  # fmt: skip
        refused = run(runtime, file, "--group", "Shapla", "--on", "2026-11-20", "--by", "Mina", *said)
        assert (refused.exit_code, refused.stderr) == (code, f"Error: {refusal}\n")
    assert kept(runtime) == before


@BOTH
def test_a_whole_group_from_a_workbook(office: tuple[Runtime, World], tmp_path: Path) -> None:
    """86 women who are all new, in a workbook with dates and numbers in its cells; the box is said by options."""
    runtime, world = office
    with transaction(runtime, tell=False, patience=60) as db:
        groups.start(db, world.programme, Names("জবা", "Joba"), Names("জবা", "Joba"), "Rangpur")
    book = Workbook()
    book.active.append(["Code", "Name BN", "Name latn", "Number", "Compulsory", "Loan", "Instalments", "Next due"])
    for n in range(86):
        loan = [1_000, 10, date(2026, 12, 10)] if n % 2 else [None, None, None]
        book.active.append([None, f"নাম{n}", f"Nam{n}", 1711000100 + n, 250.5, *loan])
    path = tmp_path / "sheet.xlsx"
    book.save(path)
    arguments = (path, "--group", "Joba", "--on", "2026-11-22", "--by", "Mina", "--cash", "543", "--language", "en")
    done = run(runtime, *arguments, "--bank", "1000", "--borrowed", "23000")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "Posted: entry 1 of Joba, 86 members on 2026-11-22."
    assert len(re.findall(r"^Nam\d+ \d+: PIN \d{5}$", done.output, re.MULTILINE)) == 86
    with runtime.database.reading(60) as db:
        listed = members.of_group(db, 2)
        assert [each.code for each in listed] == [f"{code}" for code in range(1004, 1090)]
        assert members.numbers(db, listed[0].id) == ["+8801711000100"]
        assert {(each.language, each.digits) for each in listed} == {("en", "latin")}
        assert balances(db, listed[0].group_book, "1010", "2050", "3030") == "1010: 543.00, 2050: 23000.00, 3030: 0.00"


@BOTH
def test_what_is_asked_for_wrongly_is_one_sentence(office: tuple[Runtime, World], tmp_path: Path) -> None:
    runtime, _ = office
    good = as_csv(tmp_path / "sheet.csv", PAPER)
    (tmp_path / "empty.csv").write_text("code,compulsory\n")
    (tmp_path / "other.csv").write_text("code,name\n1,2\n")
    for arguments, code, said in (
        ((good, "--group", "Joba", "--on", "2026-11-20"), 1, "no group is called Joba"),
        ((good, "--group", "77", "--on", "2026-11-20"), 1, "There is no group 77."),
        ((good, "--group", "Shapla", "--on", "2026-11-23"), 2, "--on: 2026-11-23 is yet to come"),
        ((good, "--group", "Shapla", "--on", "soon"), 2, "does not match the format"),
        ((good, "--group", "Shapla"), 2, "Missing option '--on'"),
        ((tmp_path / "empty.csv", "--group", "Shapla", "--on", "2026-11-20"), 2, "there is nothing under the heading"),
        ((tmp_path / "other.csv", "--group", "Shapla", "--on", "2026-11-20"), 2, "has no column compulsory"),
    ):
        refused = run(runtime, *arguments, "--dry-run")
        assert refused.exit_code == code, refused.output
        assert said in refused.stderr
    unsigned = run(runtime, good, "--group", "Shapla", "--on", "2026-11-20")
    assert (unsigned.exit_code, unsigned.stderr.splitlines()[-1]) == (
        2,
        "Error: say --by: who does it stays in the books.",
    )


def test_where_there_is_nothing_yet(tmp_path: Path) -> None:
    runtime = open_runtime(settings_for(tmp_path))
    sheet = as_csv(tmp_path / "sheet.csv", PAPER)
    refused = run(runtime, sheet, "--group", "1", "--on", "2026-11-20", "--dry-run")
    assert refused.stderr == "Error: there is no group yet: run `somiti migrate`\n"
    runtime.close()


def test_it_is_a_command_of_somiti_and_the_guide_names_every_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMITI_VAR", str(tmp_path))
    shown = CliRunner().invoke(main, ["import", "cutoff", "--help"])
    assert shown.exit_code == 0
    assert [column for column in HEADING if column not in shown.output] == []
    guide = (Path(__file__).parents[1] / "docs" / "import.md").read_text(encoding="utf-8")
    assert [column for column in (*HEADING, *POOLED, "equity", "total") if f"`{column}`" not in guide] == []


@BOTH
def test_the_guides_example_works(office: tuple[Runtime, World], tmp_path: Path) -> None:
    runtime, _ = office
    guide = (Path(__file__).parents[1] / "docs" / "import.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^    code,name_bn.*?(?=\n\n)", guide, re.MULTILINE | re.DOTALL)
    path = tmp_path / "example.csv"
    path.write_text("\n".join(line.strip() for line in example.splitlines()), encoding="utf-8")
    done = run(runtime, path, "--group", "Shapla", "--on", "2026-11-20", "--by", "Mina")
    assert done.exit_code == 0, done.output
    for line in re.findall(r"^    ((?:owned|owed|equity) .*)$", guide, re.MULTILINE):
        assert line in done.output
