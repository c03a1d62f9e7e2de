"""What the books say about a day: balances, passbook, day book, trial balance, also where entries came late."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from datetime import timedelta
from fractions import Fraction

import pytest
from conftest import BOTH
from ledger_world import World
from ledger_world import findings
from ledger_world import open_world
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select

from ledger import groups
from ledger import journal
from ledger import loans
from ledger import members
from ledger import passbooks
from ledger import programmes
from ledger import repayments
from ledger import reversals
from ledger import sales
from ledger import savings
from ledger import statements
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Move
from ledger.books import Origin
from ledger.books import entry_table
from ledger.books import line_table
from ledger.chart import natural
from ledger.members import Registration
from ledger.money import Money
from ledger.schedules import PASSBOOK
from ledger.schedules import Every
from ledger.schedules import Terms
from ledger.statements import Balance
from ledger.tables import Names
from ledger.templates import draft

LENDER = Book("lender", 1, "BDT")
VILLAGE = Terms(500_00, Fraction(2, 100), 12, Every(1, "month"), PASSBOOK, date(2025, 8, 10), per="month")


def on(day: str) -> date:
    """`03-05` is in 2026, else the day in full."""
    return date.fromisoformat(day if len(day) > 5 else f"2026-{day}")


def at(world: World, day: str) -> Origin:
    """An operation of some day, by somebody who is no member."""
    return replace(world.origin(on=on(day)), actor="officer")


def undo(db: Connection, world: World, entry: Entry, day: str) -> Entry:
    return reversals.reverse(db, entry.book, entry.number, "wrong sum", replace(at(world, day), actor="other"))[0]


def post(
    db: Connection, world: World, day: str, kind: str, book: Book, sums: dict[str, object], **more: object
) -> Entry:
    (entry,) = journal.enter(db, at(world, day), draft(kind, book, sums, **more))
    return entry


def shown(sums: Sequence[Money]) -> str:
    return " ".join(f"{each.minor / 100:g}" for each in sums)


def columns(rows: Sequence[Balance]) -> dict[int, str]:
    """Code: debit | credit, and that both columns add up alike."""
    assert sum(row.debit.minor for row in rows) == sum(row.credit.minor for row in rows)
    return {row.code: f"{row.debit.minor / 100:g} | {row.credit.minor / 100:g}" for row in rows}


@BOTH
def test_a_balance_on_a_day_goes_by_the_day_it_happened(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    ayesha = world.ayesha
    savings.deposit(db, ayesha, taka(100), at(world, "01-10"))
    wrong = savings.deposit(db, ayesha, taka(50), at(world, "03-01"))
    savings.deposit(db, ayesha, taka(30), at(world, "02-01"))
    undo(db, world, wrong, "03-05")
    savings.deposit(db, ayesha, taka(5), at(world, "01-10"), "share")
    book = ayesha.group_book
    for day, compulsory, shares, cash in (
        ("2025-12-31", 0, 0, 0),
        ("01-09", 0, 0, 0),
        ("01-10", 100, 5, 105),
        ("01-31", 100, 5, 105),
        ("02-01", 130, 5, 135),
        ("03-01", 180, 5, 185),
        ("03-04", 180, 5, 185),
        ("03-05", 130, 5, 135),
        ("2099-01-01", 130, 5, 135),
    ):
        sums = [
            statements.balance(db, book, code, party, on(day))
            for code, party in ((2010, ayesha.id), (2030, ayesha.id), (1010, 0), (2020, ayesha.id))
        ]
        assert shown(sums) == f"{compulsory} {shares} {cash} 0", day
    assert statements.balance(db, Book("group", 99, "BDT"), 1010, 0, on("03-05")) == taka(0)
    assert findings(db) == []


@BOTH
def test_every_account_on_every_day_is_the_sum_of_its_lines(db: Connection, codes: Callable[[], str]) -> None:
    """Entries in any order of days, some of them reversed: the readers agree with plain addition."""
    world, chance = open_world(db, codes), random.Random(11)
    book, days = world.ayesha.group_book, [on("01-01") + timedelta(days=each) for each in range(12)]
    for _ in range(40):
        who = chance.choice((world.ayesha, world.salma, world.rahima))
        day = chance.choice(days).isoformat()
        entry = savings.deposit(
            db, who, taka(chance.randint(1, 90)), at(world, day), chance.choice(list(savings.KINDS))
        )
        if chance.random() < 0.2:
            undo(db, world, entry, chance.choice(days).isoformat())
    rows = db.execute(
        select(entry_table.c.event_on, line_table).join(
            entry_table, (entry_table.c.book == line_table.c.book) & (entry_table.c.number == line_table.c.entry)
        )
    ).all()
    for day in (days[0] - timedelta(days=1), *days):
        by_hand: Counter[tuple[int, int]] = Counter()
        for row in rows:
            if row.book == book.id and row.event_on <= day:
                by_hand[row.code, row.party] += row.amount if row.side == "D" else -row.amount
        for (code, party), sum_ in by_hand.items():
            assert statements.balance(db, book, code, party, day).minor == natural(code, sum_)
        listed = {
            (row.code, row.party): row.debit.minor - row.credit.minor
            for row in statements.trial_balance_by_party(db, statements.of_book(book), day)
        }
        assert listed == {key: sum_ for key, sum_ in by_hand.items() if sum_}
    assert findings(db) == []


def mixed(db: Connection, codes: Callable[[], str]) -> World:
    """A group that saves and lends, a shop that sells on credit, a lender who lends, and another programme."""
    world = open_world(db, codes)
    group, shop = world.ayesha.group_book, world.rahima.shop
    savings.deposit(db, world.ayesha, taka(900), at(world, "01-05"))
    savings.deposit(db, world.salma, taka(300), at(world, "01-05"), "share")
    flat = Terms(400_00, Fraction(2, 100), 2, Every(1, "month"), "flat", on("01-10"), per="month")
    loan = loans.disburse(db, world.salma, flat, at(world, "01-10"))
    repayments.repay(db, world.salma, loan.id, taka(208), at(world, "02-10"))
    post(db, world, "02-15", "meeting.cost", group, {"spent": taka(10)})
    post(db, world, "02-20", "money.move", group, {"moved": taka(500)}, source="cash", target="bank")
    journal.enter(
        db, at(world, "01-01"), draft("stock.open", shop, {"cash": taka(20)}, moves=[Move(world.soap.id, 10, 480_00)])
    )
    sales.name_customer(db, world.rahima, 1, "Mina")
    sales.record(db, world.rahima, world.basket("2 soap @ 60"), at(world, "01-20"), customer=1)
    savings.deposit(db, world.ayesha, taka(1_000), at(world, "01-02"), book=LENDER, money="bank")
    loans.disburse(db, world.ayesha, replace(flat, principal=700_00), at(world, "01-10"), book=LENDER, money="bank")
    abroad = programmes.start(db, "Kudumbam", currency="INR", timezone="Asia/Kolkata")
    sakhi = groups.start(db, abroad, Names("সখী", "Sakhi"), Names("সখী", "Sakhi"), "Wayanad")
    who = members.register(db, abroad.id, [Registration("9001", Names("লীলা", "Leela"), "no PIN", sakhi.id)])
    savings.deposit(db, members.get(db, who[0]), Money(77_00, "INR"), at(world, "01-05"))
    return world


@BOTH
def test_the_trial_balance_of_a_book(db: Connection, codes: Callable[[], str]) -> None:
    world = mixed(db, codes)
    group, shop = (statements.of_book(book) for book in (world.ayesha.group_book, world.rahima.shop))
    assert columns(statements.trial_balance(db, group, on("01-10"))) == {
        1010: "800 | 0",
        1100: "400 | 0",
        2010: "0 | 900",
        2030: "0 | 300",
    }
    assert columns(statements.trial_balance(db, group, on("12-31"))) == {
        1010: "498 | 0",
        1020: "500 | 0",
        1100: "200 | 0",
        2010: "0 | 900",
        2030: "0 | 300",
        4010: "0 | 8",
        5030: "10 | 0",
    }
    assert columns(statements.trial_balance(db, shop, on("12-31"))) == {
        1310: "20 | 0",
        1320: "384 | 0",
        1330: "120 | 0",
        3310: "0 | 500",
        4210: "0 | 120",
        5210: "96 | 0",
    }
    assert statements.trial_balance(db, group, on("2025-12-31")) == []
    assert statements.trial_balance(db, statements.of_book(Book("group", 99, "BDT")), on("12-31")) == []
    assert findings(db) == []


@BOTH
def test_the_trial_balance_of_a_programme(db: Connection, codes: Callable[[], str]) -> None:
    """Its groups, hubs, shops and lenders add up; the other programme's group is not there."""
    world = mixed(db, codes)
    programme = statements.of_programme(world.programme.id)
    assert columns(statements.trial_balance(db, programme, on("12-31"))) == {
        1010: "498 | 0",
        1020: "800 | 0",
        1100: "900 | 0",
        1210: "7400 | 0",
        1310: "20 | 0",
        1320: "384 | 0",
        1330: "120 | 0",
        2010: "0 | 1900",
        2030: "0 | 300",
        3030: "0 | 7400",
        3310: "0 | 500",
        4010: "0 | 8",
        4210: "0 | 120",
        5030: "10 | 0",
        5210: "96 | 0",
    }
    assert columns(statements.trial_balance(db, programme, on("01-04"))) == {
        1020: "1000 | 0",
        1310: "20 | 0",
        1320: "480 | 0",
        2010: "0 | 1000",
        3310: "0 | 500",
    }
    listed = list(statements.trial_balance_by_party(db, programme, on("12-31")))
    assert [(row.book, row.code, row.party) for row in listed] == sorted(
        (row.book, row.code, row.party) for row in listed
    )
    assert {row.book for row in listed} == {
        world.ayesha.group_book.id,
        world.hub.id,
        world.rahima.shop.id,
        LENDER.id,
    }
    heads: Counter[int] = Counter()
    for row in listed:
        heads[row.code] += row.debit.minor - row.credit.minor
    for row in statements.trial_balance(db, programme, on("12-31")):
        assert heads[row.code] == row.debit.minor - row.credit.minor


@BOTH
def test_a_head_that_stands_on_both_sides_shows_both(db: Connection, codes: Callable[[], str]) -> None:
    """One group began with more than it owed, the other with less: neither hides the other."""
    world = open_world(db, codes)
    other = groups.start(db, world.programme, Names("জবা", "Joba"), Names("জবা", "Joba"), "Jashore")
    rich, poor = world.ayesha.group_book, Book("group", other.id, "BDT")
    post(db, world, "01-01", "cut-off", rich, {"cash": taka(100)})
    post(db, world, "01-01", "cut-off", poor, {"borrowed": taka(40)})
    rows = columns(statements.trial_balance(db, statements.of_programme(world.programme.id), on("01-01")))
    assert rows == {1010: "100 | 0", 2050: "0 | 40", 3030: "40 | 100"}


def passbook(db: Connection, world: World, **more: object) -> list[str]:
    """Day, kind: saved, lent, repaid, interest, fine, given up -> savings, owed, fines, due to her."""
    rows = passbooks.passbook(db, world.ayesha, **{"most": 100, **more})  # type: ignore[arg-type]
    return [
        f"{row.number} {row.on:%m-%d} {row.kind}: "
        + shown((row.saved, row.lent, row.repaid, row.interest, row.fine, row.given_up))
        + " -> "
        + shown((row.savings, row.owed, row.fines, row.due_to_her))
        for row in rows
    ]


@BOTH
def test_the_passbook_of_the_design(db: Connection, codes: Callable[[], str]) -> None:
    """She saves 25 a month from March and borrows 500 in August: section 5 to the taka."""
    world = open_world(db, codes)
    ayesha = world.ayesha
    savings.deposit(db, world.salma, taka(1_000), at(world, "2025-03-10"))
    for month in range(3, 9):
        savings.deposit(db, ayesha, taka(25), at(world, f"2025-{month:02d}-10"))
    loan = loans.disburse(db, ayesha, VILLAGE, at(world, "2025-08-10"))
    for day, saved, paid in (
        ("2025-09-10", 25, 110),
        ("2025-10-10", 0, 108),
        ("2025-11-10", 50, 6),
        ("2025-12-10", 25, 206),
        ("2026-02-10", 50, 104),
    ):
        if saved:
            savings.deposit(db, ayesha, taka(saved), at(world, day))
        repayments.repay(db, ayesha, loan.id, taka(paid), at(world, day))
    assert passbook(db, world)[5:] == [
        "7 08-10 saving.deposit: 25 0 0 0 0 0 -> 150 0 0 0",
        "8 08-10 loan.disburse: 0 500 0 0 0 0 -> 150 500 0 0",
        "9 09-10 saving.deposit: 25 0 0 0 0 0 -> 175 500 0 0",
        "10 09-10 loan.repay: 0 0 100 10 0 0 -> 175 400 0 0",
        "11 10-10 loan.repay: 0 0 100 8 0 0 -> 175 300 0 0",
        "12 11-10 saving.deposit: 50 0 0 0 0 0 -> 225 300 0 0",
        "13 11-10 loan.repay: 0 0 0 6 0 0 -> 225 300 0 0",
        "14 12-10 saving.deposit: 25 0 0 0 0 0 -> 250 300 0 0",
        "15 12-10 loan.repay: 0 0 200 6 0 0 -> 250 100 0 0",
        "16 02-10 saving.deposit: 50 0 0 0 0 0 -> 300 100 0 0",
        "17 02-10 loan.repay: 0 0 100 4 0 0 -> 300 0 0 0",
    ]
    assert findings(db) == []


@BOTH
def test_a_passbook_with_everything_in_it(db: Connection, codes: Callable[[], str]) -> None:
    """Fines charged, forgiven, paid later and at once; overpaid; reversed; given up. Entries of others are not hers."""
    world = open_world(db, codes)
    ayesha, salma, group = world.ayesha, world.salma, world.ayesha.group_book
    flat = Terms(200_00, Fraction(2, 100), 2, Every(1, "month"), "flat", on("01-10"), per="month")
    savings.deposit(db, salma, taka(1_000), at(world, "01-01"))
    cut = {"fines": {ayesha.id: 7_00}, "compulsory": {ayesha.id: 60_00, salma.id: 40_00}, "cash": 100_00}
    post(db, world, "01-02", "cut-off", group, cut)
    post(db, world, "01-03", "fine.charge", group, {"fine": {ayesha.id: 5_00, salma.id: 5_00}})
    post(db, world, "01-04", "fine.pay", group, {"fine": taka(4)}, member=ayesha.id)
    post(db, world, "01-04", "fine.waive", group, {"fine": taka(3)}, member=ayesha.id)
    post(db, world, "01-05", "saving.interest", group, {"compulsory": {ayesha.id: 1_50, salma.id: 2_00}})
    loan = loans.disburse(db, ayesha, flat, at(world, "01-10"))
    paid = repayments.repay(db, ayesha, loan.id, taka(110), at(world, "02-12"), fine=taka(6))
    undo(db, world, paid, "02-13")
    repayments.repay(db, ayesha, loan.id, taka(104), at(world, "02-10"))
    repayments.write_off(db, ayesha, loan.id, "flood", at(world, "06-01"))
    second = loans.disburse(db, ayesha, replace(flat, disbursed=on("06-10")), at(world, "06-10"))
    repayments.repay(db, ayesha, second.id, taka(210), at(world, "06-11"))
    post(db, world, "06-12", "overpayment.refund", group, {"paid": taka(2)}, member=ayesha.id)
    whole = [
        "2 01-02 cut-off: 60 0 0 0 0 0 -> 60 0 7 0",
        "3 01-03 fine.charge: 0 0 0 0 0 0 -> 60 0 12 0",
        "4 01-04 fine.pay: 0 0 0 0 4 0 -> 60 0 8 0",
        "5 01-04 fine.waive: 0 0 0 0 0 0 -> 60 0 5 0",
        "6 01-05 saving.interest: 1.5 0 0 0 0 0 -> 61.5 0 5 0",
        "7 01-10 loan.disburse: 0 200 0 0 0 0 -> 61.5 200 5 0",
        "8 02-12 loan.repay: 0 0 100 4 6 0 -> 61.5 100 5 0",
        "9 02-13 reversal: 0 0 -100 -4 -6 0 -> 61.5 200 5 0",
        "10 02-10 loan.repay: 0 0 100 4 0 0 -> 61.5 100 5 0",
        "11 06-01 loan.write-off: 0 0 0 0 0 100 -> 61.5 0 5 0",
        "12 06-10 loan.disburse: 0 200 0 0 0 0 -> 61.5 200 5 0",
        "13 06-11 loan.repay: 0 0 200 8 0 0 -> 61.5 0 5 2",
        "14 06-12 overpayment.refund: 0 0 0 0 0 0 -> 61.5 0 5 0",
    ]
    assert passbook(db, world) == whole
    for most in (1, 2, 5):
        pages, after = [], 0
        while page := passbook(db, world, most=most, after=after):
            pages += page
            after = int(page[-1].split()[0])
        assert pages == whole
    assert passbook(db, world, book=LENDER) == []
    assert findings(db) == []


@BOTH
def test_the_day_book(db: Connection, codes: Callable[[], str]) -> None:
    """By day and then by number; an entry that posts nothing is there too."""
    world = open_world(db, codes)
    group = world.ayesha.group_book
    savings.deposit(db, world.ayesha, taka(50), at(world, "01-02"))
    wrong = savings.deposit(db, world.salma, taka(20), at(world, "01-03"), "share")
    savings.deposit(db, world.ayesha, taka(30), at(world, "01-01"))
    where = at(world, "01-03")
    journal.begin(db, where, "money.counted")
    journal.post(db, where, Draft(group, "money.counted"))
    undo(db, world, wrong, "01-04")
    ayesha, salma = world.ayesha.id, world.salma.id

    def told(first: str, last: str) -> list[str]:
        return [
            f"{each.on:%m-%d} {each.number} {each.kind}"
            + "".join(f", {leg.code}.{leg.party} {shown((leg.debit, leg.credit))}" for leg in each.lines)
            for each in statements.day_book(db, group, on(first), on(last))
        ]

    whole = [
        f"01-01 3 saving.deposit, 2010.{ayesha} 0 30, 1010.0 30 0",
        f"01-02 1 saving.deposit, 2010.{ayesha} 0 50, 1010.0 50 0",
        f"01-03 2 saving.deposit, 2030.{salma} 0 20, 1010.0 20 0",
        "01-03 4 money.counted",
        f"01-04 5 reversal, 2030.{salma} 20 0, 1010.0 0 20",
    ]
    assert told("01-01", "01-04") == whole
    assert told("01-03", "01-03") == whole[2:4]
    assert told("02-01", "02-28") == []
    assert [each.reverses for each in statements.day_book(db, group, on("01-04"), on("01-04"))] == [wrong.number]
    assert [each.number for each in statements.entries(db, group.id)] == [1, 2, 3, 4, 5]
    assert len(list(statements.entries(db))) == 7
    assert list(statements.entries(db, "group:99")) == []
    assert findings(db) == []


@pytest.mark.parametrize("day", ["2025-01-01", "2099-01-01"])
def test_books_in_which_nothing_happened(db: Connection, day: str) -> None:
    empty = Book("group", 1, "BDT")
    for scope in (statements.of_book(empty), statements.of_programme(1)):
        assert statements.trial_balance(db, scope, on(day)) == []
        assert list(statements.trial_balance_by_party(db, scope, on(day))) == []
    assert list(statements.day_book(db, empty, on(day), on(day))) == []
