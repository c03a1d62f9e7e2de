"""The menu as a whole: the lint is silent, pages fit and lose nothing, and no keys whatever break a call."""

from __future__ import annotations

import random
import re

import pytest
from conftest import NIGHTLY
from handsets import Phone
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from gateway.app import create_app
from ledger import audit
from locales import LANGUAGES
from locales.alphabet import octets
from menus import answers
from menus import graph
from menus.answers import Mistake
from menus.answers import Pin
from menus.dialogue import Dialogue
from menus.layout import ROOM
from menus.layout import Sheet
from menus.layout import pages
from menus.screens import SCREENS


def test_the_lint_is_silent() -> None:
    assert list(map(str, graph.lint())) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_fits_its_room(name: str, language: str) -> None:
    drawn = list(graph.measure(name, language))
    assert drawn
    assert max(each.octets for each in drawn) <= ROOM


def test_the_lint_finds_what_is_wrong(monkeypatch) -> None:
    """A longer text, an unknown value and a lost screen are each named."""
    from locales import phrase
    from menus.kinds import Ask
    from menus.kinds import End

    monkeypatch.setitem(SCREENS, "order.code", Ask(prompt=phrase("Word " * 60)))
    monkeypatch.setitem(SCREENS, "nowhere", End(title=[phrase("{unheard}")]))
    found = "\n".join(map(str, graph.lint()))
    assert "order.code [bn]: 5 pages where one must do" in found
    assert "nowhere: no call can reach it" in found
    assert "nowhere [en]: no worst case is known for 'unheard'" in found


def test_the_graph_shows_every_screen() -> None:
    for name in SCREENS:
        assert f'"{name}"' in graph.mermaid()
        assert f'"{name}"' in graph.dot()


def test_numbers_are_those_of_the_printed_card() -> None:
    """The contract with the printed card: a key may become free, but never mean something else."""
    card = {
        "home": "1 order 2 sale 3 savings 4 loan 5 group 7 settings 8 leader",
        "order": "1 order.new 2 order.list 3 came 4 cancel",
        "order.new": "1 order.categories 2 order.code 3 order.usual 4 order.basket 5 order.change",
        "order.change": "1 order.quantity 1 order.pieces 2 order.without 3 order.pay",
        "order.pay": "1 order.basket 2 order.ahead",
        "order.one": "1 came.order 2 cancel.confirm",
        "came.order": "1 came.all 2 came.short 3 came.none 4 order.one",
        "came.rest": "1 came.part 2 came.part 3 came.short 4 came.took",
        "sale": "1 sale.item 2 sale.item 3 due 4 sale.today 5 sale.undo 6 goods 7 customers",
        "sale.change": "1 sale.price 2 credit.customer 3 sale.item 4 sale.place 5 credit.part 6 sale.less",
        "sale.today": "1 sale.week 2 sale.month 3 sale.hub",
        "customer": "1 sale.item 2 due.amount 3 customer.last",
        "goods.item": "1 goods.out 2 goods.out 3 goods.out 4 goods.buy",
        "savings": "1 savings.balance 2 savings.last 3 withdraw 4 requests",
        "loan": "1 loan.balance 2 loan.schedule 3 apply 4 emi 5 requests",
        "settings": "1 settings.language 2 settings.pin 3 numbers 4 settings.sms",
        "leader": ("1 meeting.member 2 leader.due 3 approve 4 meeting.count 5 collector 6 pay 7 correct 8 people"),
        "people": "1 people.pin 2 people.leave 3 people.share",
        "collector": "1 collector.code 2 collector.hand",
        "approve.one": "1 approve.yes 2 approve.not",
    }
    for name, keys in card.items():
        assert " ".join(f"{option.key} {option.to}" for option in SCREENS[name].options) == keys


TEXT = st.text(st.sampled_from("abc de কখগ ক্ষ্ম্য ড়া ^{}[] 0123456789\u09be\u09cd"), max_size=60)


@settings(max_examples=500 if NIGHTLY else 100, deadline=None)
@given(
    st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=12), st.lists(TEXT.filter(lambda key: len(key) < 9), max_size=2)
)
def test_pages_fit_and_give_the_text_back(head: list[str], rows: list[str], keys: list[str]) -> None:
    sheet = Sheet(head, rows, keys)
    made = pages(sheet, "98 More")
    assert all(octets(page) <= ROOM for page in made)
    if len(made) == 1:
        return
    ending = "\n".join(["", *keys])
    bodies = [page.removesuffix(f"{ending}\n98 More") for page in made[:-1]]
    bodies.append(made[-1].removesuffix(ending))
    given_back = re.sub(r"\s", "", "".join(bodies))
    assert given_back == re.sub(r"\s", "", "".join([*head, *rows]))


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("3", 3), ("৩", 3), (" 3# ", 3), ("999", 999), ("0", None), ("1000", None), ("-3", None), ("3.5", None),
        ("abc", None), ("", None), ("३", None), ("9" * 30, None), ("0003", 3),
    ],
)  # fmt: skip
def test_a_quantity(typed: str, value: int | None) -> None:
    taken = answers.number(answers.typed(typed))
    assert isinstance(taken, Mistake) if value is None else taken == value


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("101", [101]), ("101 3 105 2", [101, 3, 105, 2]), ("১০১ ৩, ১০৫ ২", [101, 3, 105, 2]), ("101x3", [101, 3]),
        ("101X3 105×2#", [101, 3, 105, 2]), ("101.3.105.2.", [101, 3, 105, 2]), ("101p3w105+2", [101, 3, 105, 2]),
        ("101/3;105:2", [101, 3, 105, 2]), ("101#3#105#2#", [101, 3, 105, 2]), ("soap 3", None), ("101 three", None),
        ("", None), (" , ", None), ("101 1234567890", None),
    ],
)  # fmt: skip
def test_numbers(typed: str, values: list[int] | None) -> None:
    taken = answers.numbers(answers.typed(typed))
    assert isinstance(taken, Mistake) if values is None else taken == values


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("50", 5000), ("50.5", 5050), ("50.05", 5005), ("৫০.৫০", 5050), ("50,50", 5050), ("0.01", 1), ("0", None),
        ("0.00", None), ("50.505", None), ("-5", None), ("5 0", None), ("50.", None), (".5", None), ("99999999", None),
    ],
)  # fmt: skip
def test_an_amount(typed: str, minor: int | None) -> None:
    taken = answers.amount(answers.typed(typed), "BDT")
    assert isinstance(taken, Mistake) if minor is None else taken.minor == minor


@pytest.mark.parametrize(
    ("typed", "length", "right"),
    [("0123", None, True), ("০১২৩", 4, True), ("123456", None, True), ("123", None, False), ("1234567", None, False),
     ("12a4", None, False), ("1234", 5, False), ("", None, False)],
)  # fmt: skip
def test_a_pin(typed: str, length: int | None, right: bool) -> None:
    taken = answers.pin(answers.typed(typed), length)
    assert isinstance(taken, Pin) == right
    assert "123" not in repr(taken)
    assert "123" not in f"{taken}"


def test_a_dialogue_goes_to_json_and_back() -> None:
    dialogue = Dialogue("who", "bn", "bn").go("pin", candidate=1).go("home").go("order.code", basket=[[1, 2, 3]])
    assert Dialogue.from_json(dialogue.to_json()) == dialogue
    assert dialogue.back().back().back() == Dialogue("who", "bn", "bn")
    assert dialogue.home().trail == ()


KEYS = ["0", "00", "98", "1", "2", "3", "4", "5", "6", "7", "101", "102", "999",
        "101 3 105 2", "102x1", "", "*", "1*2", "abc", "-1", "52907",
        "৩", "50", "0.01", "99999999999", "' OR 1=1 --", "<b>", "ক্ষ", "\u200b", "#", "1#"]  # fmt: skip


@pytest.mark.parametrize("seed", range(200 if NIGHTLY else 12))
def test_no_keys_break_a_call(runtime, seed: int) -> None:
    """Random keys of all kinds: always a page in its room, no apology, sentences only where they are declared."""
    chance = random.Random(seed)
    client = create_app(runtime).test_client()
    for _ in range(6):
        caller = Phone(client, runtime.settings, "+8801711000001", None)
        caller.dial("1 52907")
        for _ in range(25):
            if caller.ended:
                break
            caller.answers.append(chance.choice(KEYS))
            caller._see(caller.send("*".join(caller.answers)))
            assert caller.screen not in ("sorry", "gone"), (seed, caller.answers)
            assert 0 < octets(caller.shown) <= ROOM, (seed, caller.answers)
    with runtime.database.reading() as db:
        assert [found for found in audit.check(db) if not isinstance(found, int)] == []
