"""The export, judged by the tools it is for: beancount takes it, hledger where there is one; their sums are ours."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import account as beancount_account
from beancount.core import data
from beancount.core import realization
from conftest import BOTH
from conftest import Templates
from ledger_world import World
from ledger_world import findings
from ledger_world import open_world
from ledger_world import refusal
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import text as sql

from gateway.runtime import Runtime
from ledger import export
from ledger import journal
from ledger import loans
from ledger import orders
from ledger import repayments
from ledger import reversals
from ledger import sales
from ledger import savings
from ledger import statements
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.chart import CHART
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.templates import draft

SOMITI = Path(sys.executable).with_name("somiti")
LENDER = Book("lender", 1, "BDT")
FOREVER = date(2099, 1, 1)
FLAT = Terms(400_00, Fraction(2, 100), 2, Every(1, "month"), "flat", date(2026, 1, 10), per="month")


def rich(db: Connection, codes: Callable[[], str]) -> World:
    """Books of all four kinds with entries that come late, are undone, post nothing, or end in a difference."""
    world = open_world(db, codes)
    group, shop = world.ayesha.group_book, world.rahima.shop
    rows: tuple[tuple[int, str, Book, dict[str, Any], dict[str, Any]], ...] = (
        (2, "social-fund.in", group, {"paid": taka(30)}, {}),
        (9, "money.move", group, {"moved": taka(200)}, {"source": "cash", "target": "bank"}),
        (3, "linkage.in", group, {"borrowed": taka(1000.01)}, {}),
        (4, "linkage.repay", group, {"principal": taka(100), "interest": taka(0.99)}, {}),
        (8, "money.counted", group, {"missing": taka(0.07)}, {}),
        (5, "fine.charge", group, {"fine": {world.ayesha.id: 5_00, world.salma.id: 3_33}}, {}),
        (6, "fine.pay", group, {"fine": taka(2)}, {"member": world.salma.id}),
        (7, "saving.interest", group, {"compulsory": {world.ayesha.id: 1_01, world.salma.id: 1}}, {}),
        (1, "grant.in", group, {"given": taka(77.77)}, {"money": "wallet"}),
    )
    savings.deposit(db, world.ayesha, taka(900), at(world, 5))
    for day, kind, book, sums, more in rows:
        journal.enter(db, at(world, day), draft(kind, book, sums, **more))
    savings.deposit(db, world.salma, taka(10), at(world, 4), "voluntary", money="collector")
    wrong = savings.deposit(db, world.salma, taka(300), at(world, 6), "share")
    undo(db, world, wrong)
    loan = loans.disburse(db, world.salma, FLAT, at(world, 10))
    repayments.repay(db, world.salma, loan.id, taka(150.5), at(world, 20), fine=taka(6))
    repayments.write_off(db, world.salma, loan.id, "flood", at(world, 28))
    journal.enter(db, at(world, 1), draft("stock.open", shop, {"cash": taka(20)}))
    world.stock(db, shop, (world.soap, 7, 333_33))
    sales.name_customer(db, world.rahima, 1, "Mina")
    sales.record(db, world.rahima, world.basket("2 soap @ 60"), at(world, 20), customer=1)
    sales.record(db, world.rahima, world.basket("1 soap @ 55.5"), at(world, 19))
    orders.place(db, world.rahima, world.basket("2 soap"), at(world, 21))
    savings.deposit(db, world.ayesha, taka(1_000), at(world, 2), book=LENDER, money="bank")
    loans.disburse(db, world.ayesha, replace(FLAT, principal=700_00), at(world, 10), book=LENDER, money="bank")
    return world


def at(world: World, day: int) -> Origin:
    """A day of January 2026."""
    return replace(world.origin(on=date(2026, 1, day)), actor="officer")


def undo(db: Connection, world: World, entry: Entry) -> None:
    reversals.reverse(db, entry.book, entry.number, "twice", replace(at(world, 7), actor="other"))


def ours(db: Connection, only: str | None = None) -> dict[str, int]:
    """The balance of each account (minor units) by its name in the export."""
    books = [only] if only else db.execute(sql("SELECT id FROM book")).scalars().all()
    sums = {}
    for name in books:
        kind, _, owner = name.partition(":")
        of = Book(kind, int(owner), "BDT")
        for row in statements.trial_balance_by_party(db, statements.of_book(of), FOREVER):
            sums[export.account_name(of, row.code, row.party)] = row.debit.minor - row.credit.minor
    return sums


def loaded(text: str) -> list[Any]:
    """What beancount makes of it; any word of complaint fails."""
    entries, errors, _ = loader.load_string(text)
    assert [error.message for error in errors] == []
    return entries


def beancounts(entries: list[Any]) -> dict[str, int]:
    """Beancount's own trial balance, in minor units, without accounts that are nil."""
    sums = {}
    for account in realization.iter_children(realization.realize(entries)):
        for position in account.balance:
            sums[account.account] = int(position.units.number * 100)
            assert position.units.number * 100 == sums[account.account]
    return sums


def exported(db: Connection, form: str, only: str | None = None) -> str:
    return "".join(export.text(db, form, only))


@pytest.mark.parametrize("code", CHART)
def test_every_account_has_a_name_that_both_tools_take(code: int) -> None:
    head = CHART[code]
    category = {"1": "Assets", "2": "Liabilities", "3": "Equity", "4": "Income", "5": "Expenses"}[str(code)[0]]
    for kind in head.books:
        name = export.account_name(Book(kind, 17, "BDT"), code, 42 if head.per else 0)
        assert beancount_account.is_valid(name)
        assert name.startswith(f"{category}:{kind.title()}-17:{code}-")
        assert name.endswith("-42") == bool(head.per)
        assert " " not in name


def test_names_as_the_guide_shows_them() -> None:
    group = Book("group", 1, "BDT")
    assert export.account_name(group, 1010, 0) == "Assets:Group-1:1010-Cash-box"
    assert export.account_name(group, 1100, 7) == "Assets:Group-1:1100-Member-loan-principal:Loan-7"
    assert export.account_name(Book("shop", 3, "BDT"), 3320, 0) == "Equity:Shop-3:3320-Drawings"


@BOTH
def test_beancount_loads_it_and_its_trial_balance_is_ours(db: Connection, codes: Callable[[], str]) -> None:
    rich(db, codes)
    entries = loaded(exported(db, "beancount"))
    assert beancounts(entries) == ours(db)
    assert len(ours(db)) > 25
    posted = [each for each in entries if isinstance(each, data.Transaction)]
    rows = db.execute(sql("SELECT book, number, operation, kind, event_on, reverses FROM entry")).all()
    assert sorted(
        (each.meta["book"], each.meta["number"], each.meta["operation"], each.narration, str(each.date),
         each.meta.get("reverses"))
        for each in posted
    ) == sorted(
        (row.book, row.number, row.operation, row.kind, str(row.event_on), row.reverses) for row in rows
    )  # fmt: skip
    assert findings(db) == []


@BOTH
def test_one_book_alone(db: Connection, codes: Callable[[], str]) -> None:
    world = rich(db, codes)
    for book in (world.ayesha.group_book, world.rahima.shop, world.hub, LENDER):
        entries = loaded(exported(db, "beancount", book.id))
        assert beancounts(entries) == ours(db, book.id) != {}
        assert {each.meta["book"] for each in entries if isinstance(each, data.Transaction)} == {book.id}


@BOTH
def test_no_such_book_and_no_entries(db: Connection, codes: Callable[[], str]) -> None:
    for form in export.FORMS:
        assert refusal(db, lambda form=form: exported(db, form, "group:99")) == "unknown-book book=group:99"
    assert [exported(db, form).count("\n") for form in export.FORMS] == [0, 0, 1]
    world = open_world(db, codes)
    journal.lock(db, [world.rahima.shop])
    assert loaded(exported(db, "beancount", world.rahima.shop.id)) == []
    assert exported(db, "csv", world.rahima.shop.id).count("\n") == 1


@BOTH
def test_the_demo_programme(runtime: Runtime) -> None:
    with runtime.database.reading(60) as db:
        assert beancounts(loaded(exported(db, "beancount"))) == ours(db)
        sums, _ = in_csv(exported(db, "csv"))
        assert sums == ours(db)


def test_the_journals_to_the_letter(db: Connection, codes: Callable[[], str]) -> None:
    """One deposit, late in the books, and its reversal: the whole of the three files."""
    world = open_world(db, codes)
    first = savings.deposit(db, world.ayesha, taka(50.5), replace(at(world, 9), operation="nine"))
    reversals.reverse(db, first.book, 1, "no", replace(at(world, 8), actor="other", operation="eight"))
    group, member = first.book, world.ayesha.id
    cash, saved = (
        f"Assets:Group-{world.group.id}:1010-Cash-box",
        (f"Liabilities:Group-{world.group.id}:2010-Compulsory-savings:Member-{member}"),
    )
    assert (
        exported(db, "hledger", group)
        == f"""\
commodity 1000.00 BDT
account {cash}
account {saved}

2026-01-09 * (1) saving.deposit
    ; book: {group}
    ; number: 1
    ; operation: nine
    {saved}  -50.50 BDT
    {cash}  50.50 BDT

2026-01-08 * (2) reversal
    ; book: {group}
    ; number: 2
    ; operation: eight
    ; reverses: 1
    {saved}  50.50 BDT
    {cash}  -50.50 BDT
"""
    )
    assert (
        exported(db, "beancount", group)
        == f"""\
option "operating_currency" "BDT"
2026-01-08 open {cash} BDT
2026-01-08 open {saved} BDT

2026-01-09 * "saving.deposit"
  book: "{group}"
  number: 1
  operation: "nine"
  {saved}  -50.50 BDT
  {cash}  50.50 BDT

2026-01-08 * "reversal"
  book: "{group}"
  number: 2
  operation: "eight"
  reverses: 1
  {saved}  50.50 BDT
  {cash}  -50.50 BDT
"""
    )
    assert (
        exported(db, "csv", group).replace("\r\n", "\n")
        == f"""\
book,entry,day,kind,operation,actor,channel,reverses,code,account,party,debit,credit,currency
{group},1,2026-01-09,saving.deposit,nine,officer,ussd,,2010,Compulsory savings,{member},,50.50,BDT
{group},1,2026-01-09,saving.deposit,nine,officer,ussd,,1010,Cash box,,50.50,,BDT
{group},2,2026-01-08,reversal,eight,other,ussd,1,2010,Compulsory savings,{member},50.50,,BDT
{group},2,2026-01-08,reversal,eight,other,ussd,1,1010,Cash box,,,50.50,BDT
"""
    )


# Text that others choose, and what a file of each kind must make of it.
HOSTILE = [
    "=HYPERLINK(1)",
    "+8801711000001",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    'a "quoted" \\ word',
    "two\nlines",
    "2026-01-01 open Assets:Stolen",
    "a;b, c:d",
    "সমিতি",
    "\x00\x1b[31m\u2028",
]


def hostile(db: Connection, codes: Callable[[], str]) -> World:
    world = open_world(db, codes)
    for name in HOSTILE:
        where = replace(at(world, 9), operation=name.replace("\x00", "")[:64], actor=name.replace("\x00", ""))
        savings.deposit(db, world.ayesha, taka(1), where)
    return world


@BOTH
def test_text_of_others_stays_text(db: Connection, codes: Callable[[], str]) -> None:
    world = hostile(db, codes)
    book = world.ayesha.group_book.id
    entries = loaded(exported(db, "beancount", book))
    assert beancounts(entries) == ours(db, book)
    told = [each.meta["operation"] for each in entries if isinstance(each, data.Transaction)]
    plain = ["".join(c if c.isprintable() else " " for c in name.replace("\x00", "")) for name in HOSTILE]
    assert told == plain
    sums, rows = in_csv(exported(db, "csv", book))
    assert sums == ours(db, book)
    assert not [
        cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    ]
    kept = [row["operation"] for row in rows[::2]]
    assert kept == [
        "'" + name if name[0] in "=+-@\t\r\n" else name for name in (each.replace("\x00", "") for each in HOSTILE)
    ]
    assert [row["operation"] for row in rows] == [row["actor"] for row in rows]


def in_csv(text: str) -> tuple[dict[str, int], list[dict[str, str]]]:
    """Balance of each account by what the rows of a CSV file say, and the rows."""
    rows, sums = list(csv.DictReader(io.StringIO(text, newline=""))), Counter[str]()
    for row in rows:
        kind, _, owner = row["book"].partition(":")
        name = export.account_name(Book(kind, int(owner), "BDT"), int(row["code"]), int(row["party"] or 0))
        for side, sign in (("debit", 1), ("credit", -1)):
            whole, _, cents = row[side].partition(".")
            assert not row[side] or (whole.isdigit() and len(cents) == 2)
            sums[name] += sign * int(whole + cents or 0)
    return {name: sum_ for name, sum_ in sums.items() if sum_}, rows


@BOTH
def test_the_csv_adds_up_to_the_books(db: Connection, codes: Callable[[], str]) -> None:
    rich(db, codes)
    sums, rows = in_csv(exported(db, "csv"))
    assert sums == ours(db)
    assert len(rows) == db.execute(sql("SELECT count(*) FROM line")).scalar()
    assert {row["account"] for row in rows} >= {"Cash box", "Customer dues", "Inventory", "Write-off"}


def hledger(text: str, *arguments: str) -> str:
    tool = shutil.which("hledger")
    if tool is None:
        pytest.skip("THERE IS NO hledger HERE: its journal is not checked; apt-get install hledger")
    done = subprocess.run(
        [tool, "-f", "-", *arguments], input=text, capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8"}
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@BOTH
@pytest.mark.parametrize("world", [rich, hostile])
def test_hledger_checks_it_and_its_trial_balance_is_ours(
    db: Connection, codes: Callable[[], str], world: Callable[..., World]
) -> None:
    world(db, codes)
    journal_ = exported(db, "hledger")
    hledger(journal_, "check", "--strict")
    listed = csv.reader(io.StringIO(hledger(journal_, "balance", "--flat", "--no-total", "-O", "csv")))
    sums = {
        name: int(amount.replace(",", "").removesuffix(" BDT").replace(".", ""))
        for name, amount in listed
        if name != "account"
    }
    assert sums == ours(db)


@BOTH
def test_lines_come_while_the_book_is_read(db: Connection, codes: Callable[[], str]) -> None:
    """Nothing is gathered first: a text that is left unread after some lines has made no more than those."""
    world = rich(db, codes)
    for form in export.FORMS:
        lines = export.text(db, form, world.ayesha.group_book.id)
        assert isinstance(lines, Iterator)
        assert next(lines).endswith("\n")
        lines.close()


def somiti(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "HOME": str(var), "SOMITI_VAR": str(var), "LC_ALL": "C"}
    return subprocess.run(
        [SOMITI, "export", *arguments],
        capture_output=True,
        encoding="utf-8",
        env=given,
        cwd=var,
        timeout=110,
        check=False,
    )


def test_the_command(templates: Templates, tmp_path: Path) -> None:
    """As an operator types it; wrong words get one clear line."""
    templates.copy("sqlite", True, tmp_path)
    whole = somiti(tmp_path, "beancount")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert len(beancounts(loaded(whole.stdout))) > 50
    one = somiti(tmp_path, "csv", "--book", "group:1")
    assert {row["book"] for row in in_csv(one.stdout)[1]} == {"group:1"}
    assert somiti(tmp_path, "hledger", "--book", "group:1").stdout.startswith("commodity 1000.00 BDT\naccount Assets:")
    for arguments, said in (
        (["csv", "--book", "group:99"], "there is no book group:99"),
        (["xls"], "'xls' is not one of"),
        ([], "Missing argument"),
    ):
        refused = somiti(tmp_path, *arguments)
        assert refused.returncode != 0
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
        assert refused.stdout == ""


def test_the_command_before_there_are_books(tmp_path: Path) -> None:
    refused = somiti(tmp_path, "csv")
    assert refused.returncode == 1
    assert "there are no books yet" in refused.stderr
