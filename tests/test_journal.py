"""The journal: balances, limits, holds, operations and the chain, on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace

import ledger_world
import pytest
from conftest import BOTH
from conftest import NIGHTLY
from ledger_world import at_once
from ledger_world import balances
from ledger_world import everything
from ledger_world import open_world
from ledger_world import origin
from ledger_world import post
from ledger_world import refusal
from sqlalchemy import Connection
from sqlalchemy import select

from gateway.backend import Database
from ledger import accounts
from ledger import facts
from ledger import journal
from ledger.books import GENESIS
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Hold
from ledger.books import HoldEnd
from ledger.books import Line
from ledger.books import Move
from ledger.books import credit
from ledger.books import debit
from ledger.books import entry_table
from ledger.books import line_table
from ledger.errors import Conflict

GROUP = Book("group", 1, "BDT")
OTHER = Book("group", 2, "BDT")
HUB = Book("hub", 1, "BDT")
SHOP = Book("shop", 1, "BDT")
AGENT = 7
MANY = 500 if NIGHTLY else 50
MADE_UP = re.compile("its owner or currency|no entry of the kind|does not touch")


def findings(db: Connection) -> list[str]:
    """What the audit finds, but for the books and the kinds of entries that only the tests here have."""
    return [each for each in ledger_world.findings(db) if not MADE_UP.search(each)]


def saving(amount: int, book: Book = GROUP) -> Draft:
    return Draft(book, "saving.deposit", (debit(1010, amount), credit(2010, amount, 3)))


@BOTH
def test_a_passbook_adds_up_line_by_line(db: Connection) -> None:
    for lines in (
        (debit(1010, 25_00), credit(2010, 25_00, 3)),
        (debit(1010, 500_00), credit(2050, 500_00)),
        (debit(1120, 40_00, 9), credit(4020, 40_00)),
        (debit(1010, 11_00), credit(4030, 1_00), credit(1120, 10_00, 9)),
    ):
        post(db, Draft(GROUP, "entry", lines))
    assert balances(db, GROUP, "1010", "1120.9", "2010.3", "2050", "4020") == (
        "1010: 536.00, 1120.9: 30.00, 2010.3: 25.00, 2050: 500.00, 4020: 40.00"
    )
    assert balances(db, OTHER, "1010", "2010.3") == "1010: 0.00, 2010.3: 0.00"
    rows = db.execute(select(line_table).order_by(line_table.c.entry, line_table.c.position))
    assert [f"{row.entry} {row.code} {row.side} {row.amount / 100:g} = {row.balance / 100:g}" for row in rows] == [
        "1 1010 D 25 = 25",
        "1 2010 C 25 = -25",
        "2 1010 D 500 = 525",
        "2 2050 C 500 = -500",
        "3 1120 D 40 = 40",
        "3 4020 C 40 = -40",
        "4 1010 D 11 = 536",
        "4 4030 C 1 = -1",
        "4 1120 C 10 = 30",
    ]
    assert findings(db) == []


def lines(*some: Line) -> Draft:
    return Draft(GROUP, "entry", some)


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        (lines(debit(1010, 100)), "does not balance"),
        (lines(debit(1010, 100), credit(2040, 99)), "does not balance"),
        (lines(debit(1310, 100), credit(4210, 100)), "does not belong"),
        (lines(debit(9999, 100), credit(9999, 100)), "does not belong"),
        (lines(debit(1010, 100), credit(2010, 100)), "does not belong"),
        (lines(debit(1010, 100, 3), credit(2040, 100)), "does not belong"),
        (lines(debit(1010, 0), credit(2040, 0)), "does not belong"),
        (lines(debit(1010, -100), credit(2040, -100)), "does not belong"),
        (Draft(HUB, "order", hold=Hold(1220, AGENT, 0)), "does not belong"),
        (Draft(HUB, "order", hold=Hold(1220, 0, 100)), "does not belong"),
        (Draft(GROUP, "order", hold=Hold(1220, AGENT, 100)), "does not belong"),
        (Draft(SHOP, "open", (debit(1320, 100), credit(3310, 100))), "goods and their value differ"),
        (Draft(SHOP, "open", (debit(1320, 100), credit(3310, 100)), moves=[Move(1, 5, 99)]), "goods and their value"),
        (Draft(GROUP, "open", moves=[Move(1, 5, 100)]), "goods and their value"),
        (Draft(replace(GROUP, currency="INR"), "entry", saving(100).lines), "currency"),
        (Draft(HUB, "end", ends=[HoldEnd(1, "voided", 0)]), "ends once"),
        (Draft(HUB, "end", ends=[HoldEnd(1, "settled", 5), HoldEnd(1, "settled", 5)]), "ends once"),
    ],
)
def test_a_draft_that_is_our_own_mistake(db: Connection, draft: Draft, why: str) -> None:
    post(db, saving(100))
    before = everything(db)
    with pytest.raises(ValueError, match=why), db.begin_nested():
        post(db, draft)
    assert everything(db) == before


@BOTH
@pytest.mark.parametrize(
    ("book", "draft", "said"),
    [
        (GROUP, lines(debit(2010, 60, 3), credit(1010, 60)), "done"),
        (GROUP, lines(debit(2010, 101, 3), credit(1010, 101)), "account-short account=2010 missing=BDT 0.01"),
        (GROUP, lines(debit(2010, 1, 4), credit(1010, 1)), "account-short account=2010 missing=BDT 0.01"),
        (GROUP, lines(debit(5030, 130), credit(1010, 130)), "account-short account=1010 missing=BDT 0.30"),
        (GROUP, lines(debit(1010, 5), credit(1100, 5, 1)), "account-short account=1100 missing=BDT 0.05"),
        (GROUP, lines(debit(3030, 5), credit(4040, 5)), "done"),
        (SHOP, Draft(SHOP, "use", (debit(3320, 5), credit(1320, 5)), moves=[Move(1, -1, -5)]), "account-short"),
        (SHOP, Draft(SHOP, "lost", moves=[Move(1, -1, 0)]), "stock-short item=1"),
    ],
)
def test_what_may_not_go_below_zero(db: Connection, book: Book, draft: Draft, said: str) -> None:
    post(db, saving(100))
    before = everything(db)
    assert refusal(db, lambda: post(db, draft)).startswith(said)
    if said != "done":
        assert everything(db) == before
    assert findings(db) == []


@BOTH
def test_what_is_held_is_not_spent(db: Connection) -> None:
    post(db, saving(100))
    post(db, Draft(GROUP, "ask", hold=Hold(2010, 3, 70)))
    for draft, said in (
        (lines(debit(2010, 31, 3), credit(1010, 31)), "account-short account=2010 missing=BDT 0.01"),
        (Draft(GROUP, "ask", hold=Hold(2010, 3, 31)), "account-short account=2010 missing=BDT 0.01"),
        (lines(debit(2010, 30, 3), credit(1010, 30)), "done"),
        (Draft(GROUP, "pay", (debit(2010, 70, 3), credit(1010, 70)), ends=[HoldEnd(2, "settled", 70)]), "done"),
    ):
        assert refusal(db, lambda draft=draft: post(db, draft)) == said
    assert balances(db, GROUP, "1010", "2010.3") == "1010: 0.00, 2010.3: 0.00"
    assert findings(db) == []


def test_within_one_entry_the_order_of_lines_does_not_matter(db: Connection) -> None:
    post(db, lines(credit(1010, 100), debit(1010, 150), credit(2040, 50)))
    assert balances(db, GROUP, "1010", "2040") == "1010: 0.50, 2040: 0.50"
    assert findings(db) == []


# Credit: a script of steps on one agent's receivable. `hold 60` and `sell 60` take credit, `end 4 60 settled` ends
# (a part of) the hold of entry 4, `deliver 4 60` settles it and posts the receivable in one entry.


def limit(db: Connection, amount: str) -> None:
    journal.set_ceiling(db, origin(), HUB, int(amount))


def own_limit(db: Connection, amount: str) -> None:
    journal.set_ceiling(db, origin(), HUB, int(amount), 1220, AGENT)


def hold(db: Connection, amount: str) -> None:
    post(db, Draft(HUB, "order", hold=Hold(1220, AGENT, int(amount))))


def sell(db: Connection, amount: str) -> None:
    post(db, Draft(HUB, "delivery", (debit(1220, int(amount), AGENT), credit(4110, int(amount)))))


def pay(db: Connection, amount: str) -> None:
    post(db, Draft(HUB, "pay", (debit(1030, int(amount)), credit(1220, int(amount), AGENT))))


def end(db: Connection, number: str, amount: str, how: str) -> None:
    post(db, Draft(HUB, "end", ends=[HoldEnd(int(number), how, int(amount))]))


def deliver(db: Connection, number: str, amount: str) -> None:
    both = (debit(1220, int(amount), AGENT), credit(4110, int(amount)))
    post(db, Draft(HUB, "delivery", both, ends=[HoldEnd(int(number), "settled", int(amount))]))


VERBS = {verb.__name__: verb for verb in (limit, own_limit, hold, sell, pay, end, deliver)}
CREDIT = {
    "no limit is no credit": """
        hold 1                 credit-limit left=BDT 0.00
    """,
    "posted and held together": """
        limit 100              100
        hold 60                40
        sell 30                10
        hold 11                credit-limit left=BDT 0.10
        sell 11                credit-limit left=BDT 0.10
        pay 20                 30
        hold 30                0
        hold 1                 credit-limit left=BDT 0.00
    """,
    "a hold is settled in parts, the rest voided": """
        limit 100              100
        hold 60                40
        deliver 2 40           40
        end 2 21 voided        hold-ended hold=2
        end 2 20 voided        60
        end 2 1 expired        hold-ended hold=2
        deliver 2 1            hold-ended hold=2
        pay 40                 100
    """,
    "a hold that is not there cannot end": """
        limit 100              100
        end 9 1 voided         unknown-hold hold=9
        hold 60                40
        end 2 60 voided        100
    """,
    "a hold that is settled without a posting frees credit": """
        limit 100              100
        hold 100               0
        end 2 100 settled      100
    """,
    "her own limit goes before the hub's": """
        limit 100              100
        own_limit 300          300
        hold 250               50
        own_limit 0            0
        limit 900              0
        end 3 250 voided       0
        hold 1                 credit-limit left=BDT 0.00
    """,
    "a lower limit does not stop what was promised under the old one": """
        limit 100              100
        hold 60                40
        limit 50               0
        hold 1                 credit-limit left=BDT 0.00
        deliver 2 60           0
        pay 20                 10
    """,
}


@BOTH
@pytest.mark.parametrize("script", CREDIT.values(), ids=CREDIT)
def test_credit(db: Connection, script: str) -> None:
    for step in script.strip().splitlines():
        did, said = (part.strip() for part in step.strip().split("  ", 1))
        verb, *values = did.split()
        answer = refusal(db, lambda verb=verb, values=values: VERBS[verb](db, *values))
        left = accounts.credit_left(db, HUB, 1220, AGENT).minor
        assert (did, str(left) if answer == "done" else answer) == (did, said)
    assert findings(db) == []


def test_a_book_that_never_was_gives_no_credit(db: Connection) -> None:
    assert accounts.credit_left(db, HUB, 1220, AGENT).minor == 0


@BOTH
def test_the_same_operation_again_is_the_same_operation(db: Connection) -> None:
    one = origin(operation="one")
    assert journal.begin(db, one, "saving", member=3, amount=100) is None
    (entry,) = journal.post(db, one, saving(100))
    for _ in range(2):
        assert journal.begin(db, origin(operation="one"), "saving", amount=100, member=3) == [entry]
    for kind, inputs in (("saving", {"member": 3, "amount": 101}), ("saving", {"member": 3}), ("loan", {})):
        with pytest.raises(Conflict, match="operation-reused"):
            journal.begin(db, one, kind, **inputs)


@BOTH
def test_a_hundred_of_one_operation_at_once_make_one_entry(database: Database) -> None:
    def save(db: Connection, number: int) -> Entry:
        (entry,) = journal.enter(db, origin(operation="the same"), saving(100))
        return entry

    (entry,) = set(at_once(database, 100, save))
    assert (entry.book, entry.number) == (GROUP.id, 1)
    with database.reading(60) as db:
        assert balances(db, GROUP, "1010", "2010.3") == "1010: 1.00, 2010.3: 1.00"
        assert findings(db) == []


@BOTH
def test_as_many_transfers_back_as_forth_end_where_they_began(database: Database) -> None:
    def give(book: Book) -> Draft:
        return Draft(book, "give", (debit(3030, 7), credit(1010, 7)))

    def take(book: Book) -> Draft:
        return Draft(book, "take", (debit(1010, 7), credit(3030, 7)))

    def transfer(db: Connection, number: int) -> None:
        # one half of them names the books the other way round
        post(db, *((give(GROUP), take(OTHER)) if number % 2 else (give(OTHER), take(GROUP))))

    with database.writing(60) as db:
        post(db, saving(10_000), saving(10_000, OTHER))
    assert at_once(database, 2 * MANY, transfer) == [None] * 2 * MANY
    with database.reading(60) as db:
        assert balances(db, GROUP, "1010", "3030") == "1010: 100.00, 3030: 0.00"
        assert balances(db, OTHER, "1010", "3030") == "1010: 100.00, 3030: 0.00"
        assert [each.entries for each in db.execute(select(journal.book_table))] == [2 * MANY + 1] * 2
        assert findings(db) == []


@BOTH
def test_each_book_has_its_own_numbers_and_chain(db: Connection) -> None:
    written = [
        *post(db, saving(1)),
        *post(db, saving(2, OTHER), saving(2)),
        *post(db, saving(3, OTHER)),
    ]
    assert [f"{each.book} {each.number}" for each in written] == ["group:1 1", "group:2 1", "group:1 2", "group:2 2"]
    for book in (GROUP, OTHER):
        hashes = [each.hash for each in written if each.book == book.id]
        kept = db.execute(select(entry_table).where(entry_table.c.book == book.id).order_by(entry_table.c.number)).all()
        assert [row.hash for row in kept] == hashes
        assert [row.previous for row in kept] == [GENESIS, *hashes[:-1]]
        head = select(journal.book_table.c.head).where(journal.book_table.c.id == book.id)
        assert db.execute(head).scalar_one() == hashes[-1]


def test_the_hash_is_made_of_these_fields_for_ever(db: Connection) -> None:
    draft = Draft(GROUP, "saving.deposit", saving(100).lines, memo={"বই": 1})
    (entry,) = post(db, draft, operation="one")
    content = [
        *("group:1", "1", "one", "saving.deposit", "2026-11-22", "1001", "ussd", "None", '{"বই": 1}', "0" * 64),
        "2026-11-22T06:00:00.000000Z",
        [[1010, 0, "D", 100, 100], [2010, 3, "C", 100, -100]],
        *([], [], [], []),
    ]
    assert entry.hash == hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


@BOTH
def test_what_is_refused_leaves_no_trace(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    before, told = everything(db), list(db.info["facts"])
    for draft in (
        lines(debit(2010, 6, 3), credit(1010, 6)),
        Draft(world.hub, "order", hold=Hold(1220, 99, 10**9)),
        Draft(Book("shop", 99, "BDT"), "lost", moves=[Move(world.soap.id, -1, 0)]),
    ):

        def half_sound(draft: Draft = draft) -> None:
            post(db, saving(5))
            facts.record(db, facts.PinChanged(1))
            post(db, draft)

        assert refusal(db, half_sound) != "done"
        assert everything(db) == before
        assert db.info["facts"] == told
