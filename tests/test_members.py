"""Members: who may be calling from a number, and where a member is told things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import BOTH
from ledger_world import open_world
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ledger import groups
from ledger import members
from ledger import programmes
from ledger.errors import NotFound
from ledger.members import Contact
from ledger.members import Registration
from ledger.tables import Names

SHARED, OWN = "+8801711000001", "+8801711000002"


@BOTH
def test_a_shared_number_lists_its_members_in_order(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    later = [Registration(code, Names("ক", "K"), "1:x", numbers=[SHARED]) for code in ("0999", "2000")]
    members.register(db, world.programme.id, later)
    assert [each.code for each in members.on_number(db, SHARED)] == ["1001", "1002", "0999", "2000"]
    assert [each.code for each in members.on_number(db, OWN)] == ["1003"]
    assert members.on_number(db, "+8801711999999") == []


@BOTH
def test_where_a_member_is_told_things(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    two = Registration("2001", Names("ক", "K"), "1:x", numbers=["+8801999000000", "+8801311000000"])
    none = Registration("2002", Names("খ", "Kh"), "1:x")
    ids = members.register(db, world.programme.id, [two, none])
    assert members.contact(db, world.rahima.id) == Contact(SHARED, shared=True)
    assert members.contact(db, world.salma.id) == Contact(SHARED, shared=True)
    assert members.contact(db, world.ayesha.id) == Contact(OWN, shared=False)
    assert members.contact(db, ids[0]) == Contact("+8801999000000", shared=False), "the first one given"
    assert members.numbers(db, ids[0]) == ["+8801999000000", "+8801311000000"]
    assert members.contact(db, ids[1]) is None


@BOTH
def test_a_member_and_her_books(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    rahima = members.by_code(db, "1001")
    assert rahima == world.rahima == members.get(db, world.rahima.id)
    assert (rahima.currency, rahima.timezone, rahima.pin_length) == ("BDT", "Asia/Dhaka", 5)
    assert rahima.shop.id == f"shop:{rahima.id}"
    assert rahima.hub_book == world.hub
    assert rahima.group_book.id == f"group:{world.group.id}"
    assert members.by_code(db, "9999") is None
    for act in (
        lambda: members.get(db, 10**9),
        lambda: world.ayesha.hub_book,
        lambda: replace(rahima, group=None).group_book,
        lambda: groups.get(db, 10**9),
        lambda: programmes.get(db, 10**9),
    ):
        with pytest.raises(NotFound):
            act()


@BOTH
def test_a_member_code_is_given_once(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    with pytest.raises(IntegrityError), db.begin_nested():
        members.register(db, world.programme.id, [Registration("1001", Names("ক", "K"), "1:x")])


def test_she_chooses_her_words(db: Connection, codes: Callable[[], str]) -> None:
    rahima = open_world(db, codes).rahima
    members.set_words(db, rahima.id, language="bn_Latn", digits="latin")
    assert members.get(db, rahima.id) == replace(rahima, language="bn_Latn", digits="latin")


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (Names("সাবান", "Saban", "Soap"), ["সাবান", "Saban", "Soap"]),
        (Names("রহিমা", "Rahima"), ["রহিমা", "Rahima", "Rahima"]),
    ],
)
def test_a_name_in_three_scripts(names: Names, written: list[str]) -> None:
    assert [names.written(language) for language in ("bn", "bn_Latn", "en")] == written


@BOTH
def test_programme_and_group(db: Connection, codes: Callable[[], str]) -> None:
    world = open_world(db, codes)
    assert programmes.found(db, "Somiti") == world.programme
    assert programmes.found(db, "Nobody") is None
    assert groups.get(db, world.group.id).short.bn == "শাপলা"
