"""Selling as transcripts, in three languages: sales, dues, goods, what she made, undoing, her phone on instalments.

The transcripts are in `tests/transcripts`; `SOMITI_WRITE=1` writes them anew, to be read before they are kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
import time_machine
from conftest import TODAY
from handsets import Phone
from sqlalchemy import Connection
from sqlalchemy import func
from sqlalchemy import select
from test_calls import RAHIMA
from test_calls import SALMA
from test_calls import played

from gateway import demo
from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.transaction import transaction
from ledger import agents
from ledger import audit
from ledger import catalogue
from ledger import commissions
from ledger import emi
from ledger import members
from ledger.books import Origin
from ledger.books import entry_table
from ledger.members import Member
from ledger.money import Money
from ledger.schedules import Every
from ledger.schedules import Terms
from locales import LANGUAGES

AYESHA = "0 1003 70394"

CALLS = [
    ("nothing of today to undo", f"{RAHIMA} 2 5 1 0"),
    ("several items at once", f"{RAHIMA} 2 1 101x2,105x1 1"),
    ("codes with pieces that cannot be", f"{RAHIMA} 2 1 101x2,105 101x99 240x1 101x2,999x1 101x0 soap 0"),
    ("another item too, its price, and the first one left out", f"{RAHIMA} 2 1 101 2 2 3 105 1 2 1 2 60 2 6 1 1"),
    ("at the fair", f"{RAHIMA} 2 1 101 1 2 4 3 1"),
    ("the place stays until she says otherwise", f"{RAHIMA} 2 1 101 1 2 4 9 1 1"),
    ("two items on credit at the K-shop", f"{RAHIMA} 2 2 101x1,106x2 2 4 2 1"),
    ("part paid now", f"{RAHIMA} 2 2 101 2 2 5 500 half 50 1"),
    ("the sale becomes less than what was paid of it", f"{RAHIMA} 2 2 107 2 2 5 60 2 1 20 1"),
    ("back at the doorstep", f"{RAHIMA} 2 1 109 1 2 4 1 1"),
    ("undo the last one", f"{RAHIMA} 2 5 1 1"),
    ("what was done later with the same goods comes first", f"{RAHIMA} 2 5 3 1 0 0 2 1"),
    ("undo a sale of several items", f"{RAHIMA} 2 5 2 98 1"),
    ("a due, part by part", f"{RAHIMA} 2 3 1 98 20 1"),
    ("undo that", f"{RAHIMA} 2 5 1 1"),
    ("more than she has: bought elsewhere, then sold", f"{RAHIMA} 2 1 103 99 1 99 2 80 3000 1 1 99 1"),
    ("an item she never had", f"{RAHIMA} 2 1 240 2 none 5 free 600 1 1 5 1"),
    ("an item that nobody has", f"{RAHIMA} 2 1 999 0"),
    ("my goods", f"{RAHIMA} 2 6 98 98 999 soap 120 0"),
    ("some for herself", f"{RAHIMA} 2 6 101 1 99 2 1"),
    ("broken", f"{RAHIMA} 2 6 104 2 3 1"),
    ("stolen", f"{RAHIMA} 2 6 104 3 1 1"),
    ("bought elsewhere", f"{RAHIMA} 2 6 236 4 2 17001 1"),
    ("undo what was written of goods", f"{RAHIMA} 2 5 2 0 3 0 1 1"),
    ("today and this week", f"{RAHIMA} 2 4 98 1 98 98"),
    ("this month", f"{RAHIMA} 2 4 2 98 98"),
    ("with the hub", f"{RAHIMA} 2 4 3 98 1"),
    ("my customers", f"{RAHIMA} 2 7 1 3 98 0 9"),
    ("on credit to one of them", f"{RAHIMA} 2 7 3 1 101x2 1"),
    ("a due from one of them", f"{RAHIMA} 2 7 2 2 185 1"),
    ("one of them owes nothing", f"{RAHIMA} 2 7 2 2 0"),
    ("what she made, each month by SMS", f"{RAHIMA} 7 4 1 3 1"),
    ("no such SMS any more", f"{RAHIMA} 7 4 1 2"),
    ("a phone on instalments", f"{RAHIMA} 4 4 98 1 98"),
    ("an instalment that was not paid, and a second item", f"{SALMA} 4 4 98 2 1"),
    ("nothing on instalments", f"{AYESHA} 4 4 1 0"),
]


def origin(scene: demo.Scene, on: date) -> Origin:
    return replace(scene.origin(on), actor="staff:test")


def prepare(runtime: Runtime, db: Connection, language: str) -> None:
    """Rahima owes and has paid her hub something and got commission; she and Salma pay off phones, Salma a charger."""
    women = [found for code in ("1001", "1002", "1003") if (found := members.by_code(db, code))]
    for woman in women:
        members.set_words(db, woman.id, language=language, digits=LANGUAGES[language].digits)
    rahima, salma, _ = women
    scene = demo.Scene(db, TODAY, runtime.peppers, demo.random.Random(5), "calls")
    agents.prepay(db, rahima, Money(200_00), origin(scene, TODAY))
    commissions.earn(db, rahima, Money(120_00), origin(scene, TODAY))
    commissions.pay(db, rahima, Money(45_00), origin(scene, TODAY))
    sold(scene, rahima, rahima, 236, 100, 2_000_00)
    sold(scene, rahima, salma, 235, 70, 240_00)
    sold(scene, rahima, salma, 237, 1, 55_00)


def sold(scene: demo.Scene, agent: Member, buyer: Member, code: int, ago: int, down: int) -> None:
    """An item of the hub on three instalments with a service charge; the down payment is paid, nothing else."""
    on = TODAY - timedelta(days=ago)
    item = catalogue.by_code(scene.db, buyer.programme, code, on)
    terms = Terms(item.price.minor - down, Fraction(2, 100), 6, Every(1, "month"), "flat", on)
    contract = emi.open_contract(scene.db, agent.hub_book, buyer, item.id, Money(down), terms, origin(scene, on))
    paid = [each.left for each in contract.instalments[: 4 if buyer is agent else 1]]
    emi.pay(scene.db, agent.hub_book, contract.id, sum(paid[1:], paid[0]), origin(scene, on))


@pytest.mark.parametrize("language", LANGUAGES)
def test_calls(runtime: Runtime, language: str) -> None:
    with transaction(runtime) as db:
        prepare(runtime, db, language)
    client = create_app(runtime).test_client()
    with time_machine.travel(f"{TODAY}T06:00:00+00:00", tick=False):
        calls = [(name, Phone(client, runtime.settings, "+8801711000001", None), keys) for name, keys in CALLS]
        text = "\n".join(played(caller, name, keys) for name, caller, keys in calls)
    kept = Path(__file__).parent / "transcripts" / f"sales.{language}.txt"
    if os.environ.get("SOMITI_WRITE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
    with runtime.database.reading(60) as db:
        assert [found for found in audit.check(db) if not isinstance(found, int)] == []


NOON = f"{TODAY}T06:00:00+00:00"
LATE = f"{TODAY}T17:59:00+00:00"
"""A minute before midnight in Dhaka."""


@pytest.fixture
def ring(runtime: Runtime) -> Callable[[], Phone]:
    """Phones on which Rahima is in, with English screens."""
    with transaction(runtime) as db:
        rahima = members.by_code(db, "1001")
        assert rahima
        members.set_words(db, rahima.id, language="en", digits="latin")
    client = create_app(runtime).test_client()

    def dialled() -> Phone:
        caller = Phone(client, runtime.settings, "+8801711000001", None)
        caller.dial(RAHIMA)
        return caller

    return dialled


def entries(runtime: Runtime) -> int:
    """How many entries there are; the books are sound."""
    with runtime.database.reading(60) as db:
        assert [found for found in audit.check(db) if not isinstance(found, int)] == []
        return db.execute(select(func.count()).select_from(entry_table)).scalar_one()


@time_machine.travel(NOON, tick=False)
def test_the_last_pieces_are_sold_once(runtime: Runtime, ring: Callable[[], Phone]) -> None:
    """Two phones at the last look: one sells, the other is told what is left and may change the quantity."""
    one, other = ring(), ring()
    for caller, pieces in ((one, 20), (other, 29)):
        caller.type(f"2 1 101 {pieces}")
    assert one.type("1").startswith("Recorded. Cash Tk 1,100")
    assert other.type("1") == "You have only 9\n1 Change quantity\n0 Back"
    assert other.type("1 10") == "Soap 100 g\nYou have only 9\n1 Change quantity\n2 I bought some elsewhere\n0 Back"
    assert other.type("1 9 1").startswith("Recorded. Cash Tk 495\nSoap 100 g: 0 left")
    assert ring().type("2 1 101") == "Soap 100 g\nYou have none of it\n2 I bought some elsewhere\n0 Back"
    entries(runtime)


@time_machine.travel(NOON, tick=False)
def test_the_same_keys_twice_post_once(runtime: Runtime, ring: Callable[[], Phone]) -> None:
    for keys in ("2 1 101x2,105x1 1", "2 2 101 2 2 5 50 1", "2 6 104 2 3 1", "2 6 236 4 1 8000 1", "2 5 1 1"):
        caller = ring()
        caller.type(keys)
        before = entries(runtime)
        assert caller.send("*".join(caller.answers))[4:] == caller.shown
        assert entries(runtime) == before


@time_machine.travel(NOON, tick=False)
def test_what_was_undone_on_another_phone(runtime: Runtime, ring: Callable[[], Phone]) -> None:
    ring().type("2 1 101 2 1")
    one, other = ring(), ring()
    for caller in (one, other):
        assert caller.type("2 5 1").startswith("Undo this sale?\nSoap 100 g\n2 x 55 = 110")
    assert one.type("1") == "Undone: Sale Tk 110. All is as it was before."
    assert other.type("1") == "That was undone before\n0 Back"
    assert other.type("0").startswith("Undo this sale?\nSoap 100 g\n2 x 55 = 110")
    assert other.type("0") == "Which of today?\nYou wrote nothing today that can be undone\n0 Back"
    entries(runtime)


def test_what_is_no_longer_of_today(runtime: Runtime, ring: Callable[[], Phone]) -> None:
    with time_machine.travel(LATE, tick=False) as clock:
        ring().type("2 1 101 2 1")
        caller = ring()
        caller.type("2 5 1")
        clock.shift(120)
        assert caller.type("1") == "Only what is of today can be undone\n0 Back"
        assert caller.type("0 0") == "Which of today?\nYou wrote nothing today that can be undone\n0 Back"
    entries(runtime)


@time_machine.travel(NOON, tick=False)
def test_what_was_paid_or_spent_since(runtime: Runtime, ring: Callable[[], Phone]) -> None:
    """A sale on credit that was paid for, a sale in cash that was spent: each is refused with what to do."""
    ring().type("2 2 109 1 2 2 4 Rokeya 1")
    ring().type("2 3 4 10 1")
    assert ring().type("2 5 2 1") == "She has paid for it. Undo her payment first.\n0 Back"
    assert ring().type("2 5 1 1").startswith("Undone: Due paid Tk 10.")
    assert ring().type("2 5 1 1").startswith("Undone: Sale Tk 210.")
    ring().type("2 1 101 1 1")
    ring().type("2 6 236 4 1 8000 1")
    assert ring().type("2 5 2 1") == "That cash was spent. It cannot be undone.\n0 Back"
    entries(runtime)


@time_machine.travel(NOON, tick=False)
def test_a_sale_has_at_most_ten_items(runtime: Runtime, ring: Callable[[], Phone]) -> None:
    full = ",".join(f"{code}x1" for code in range(101, 111))
    ring().type("2 6 120 4 5 100 1")
    said = "At most 10 items in one sale"
    assert ring().type(f"2 1 {full},120x1").startswith(said)
    caller = ring()
    assert caller.type(f"2 1 {full}").startswith("Cash\nTotal Tk ")
    assert caller.type("2 3 120 1").startswith(said)
    assert caller.type("0 120x1").startswith(said)
    assert caller.type("101x2").startswith("Cash\nTotal Tk ")
    assert caller.type("1").startswith("Recorded. Cash Tk ")
    entries(runtime)


@time_machine.travel(NOON, tick=False)
def test_the_way_back(runtime: Runtime, ring: Callable[[], Phone]) -> None:
    """Back from the last look leads to the quantity as it was before the change, never to a purchase that is done."""
    caller = ring()
    caller.type("2 1 101 2 2 1 60")
    assert caller.type("0").startswith("Soap 100 g\nPrice Tk 55\nHow many sold?")
    assert caller.type("2").startswith("Cash\nSoap 100 g\n2 x 55 = Tk 110")
    caller = ring()
    assert caller.type("2 1 101 40 2 20 800 1").startswith("Recorded. Soap 100 g: you have 49")
    assert caller.type("0").startswith("Soap 100 g\nPrice Tk 55\nHow many sold?")
    assert caller.type("0").startswith("Which item? Type its code\n101 Soap 100 g: 49")
    caller = ring()
    assert caller.type("2 2 101 2 2 2 2").startswith("Customer 2: on credit Tk 110")
    assert caller.type("2 5 100").startswith("Customer 2: on credit Tk 10")
    assert caller.type("2 1 70").startswith("Customer 2: on credit Tk 40\nSoap 100 g\n2 x 70 = 140")
    entries(runtime)
