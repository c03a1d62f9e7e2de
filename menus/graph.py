"""The menu as a graph, and its lint: every screen in every language with the longest names and the largest sums."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import time

from ledger.money import Money
from locales import LANGUAGES
from locales import Words
from locales import words
from locales.alphabet import octets
from menus import answers
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import Refused
from menus.layout import ROOM
from menus.refusals import NOTHING_LEFT
from menus.refusals import OTHER
from menus.refusals import REFUSALS
from menus.screen import Option
from menus.screen import Row
from menus.screen import Scene
from menus.screen import Screen
from menus.screen import draw
from menus.screen import placeholders
from menus.screens import SCREENS

ENTRANCES = ("who", "pin", "code")
"""The screens on which a call begins."""

SUM = Money(99_999_999)
"""9,99,999.99: the largest sum that a screen must have room for."""

PRICE = Money(9_999_999)
"""99,999.99: the dearest single piece."""

_DAY = date(2026, 9, 29)
_NAME = {"bn": "সুচিত্রালেখা", "latin": "Suchitralekh"}
_ITEM = {"bn": "ব্লিচিং পাউডার ৫০০ গ্রাম", "latin": "Strengthened bleaching pwd 500 g"}

WORST: Mapping[str, object] = {
    "name": _NAME,
    "customer": _NAME,
    "item": _ITEM,
    "category": {"bn": "নারীর স্বাস্থ্য", "latin": "Women's health items"},
    "price": PRICE, "sum": SUM, "total": SUM, "left": SUM, "balance": SUM, "owes": SUM, "owed": SUM,
    "rest": SUM,
    "cash": SUM, "sales": SUM, "profit": SUM, "dues": SUM,
    "quantity": 999, "pieces": 9999, "n": 9, "number": 99, "least": 1, "most": 999,
    "digits": "4-6", "order": "99999999", "state": {"bn": "অপেক্ষায়", "latin": "on its way"},
    "day": _DAY, "minutes": 60, "hours": 24, "lines": 10, "clear": True,
    "code": "99999999", "reset": True, "again": True,
    "worth": SUM, "paid": SUM, "cost": SUM, "lost": SUM, "earned": SUM, "made": SUM, "ahead": SUM, "close": SUM,
    "came": 999, "whole": True, "unsold": True, "unknown": True, "few": True, "repriced": True, "full": True,
    "some": True,
    "since": _DAY, "none": True, "plain": True, "sale": True, "wanted": True, "unwanted": True,
    "why": {"bn": "চুরি/হারানো", "latin": "Broken or spoilt"}, "about": _ITEM, "thing": _ITEM,
    "undone": SUM, "first": True, "more": True,
    "saving": SUM, "instalment": SUM, "fine": SUM, "social": SUM, "collected": SUM, "counted": SUM, "missing": SUM,
    "over": SUM, "called": 100, "all": 100, "waiting": 100, "absent": 100, "head": "3fa9c21e",
    "group": {"bn": "শাপলা মহিলা সমিতি", "latin": "Shapla mohila somiti"}, "hour": time(10, 30),
    "share": SUM, "repaid": SUM, "payout": SUM,
    "how": {"bn": "ছুটি নিয়েছেন", "latin": "away with leave"},
    "what": {"bn": "মাল নষ্ট/চুরি", "latin": "Bought elsewhere"},
    "monthly": SUM, "income": SUM, "elsewhere": SUM, "late": SUM, "bound": SUM, "interest": SUM, "carried": SUM,
    "times": 99, "kind": {"bn": "সমিতি ছাড়া", "latin": "Somiti chara"},
    "matter": {"bn": "ভুল ঠিক করা", "latin": "Bhul thik kora"},
    "request": {"bn": "সুচিত্রালেখা: ভুল ঠিক করা ৯,৯৯,৯৯৯.৯৯", "latin": "Suchitralekh: Bhul thik kora 9,99,999.99"},
    "entry": {"bn": "জরিমানা শোধ", "latin": "Jorimana shodh"},
    "wrong": {"bn": "অন্য সদস্যের", "latin": "It is another member's"},
    "stage": {"bn": "অপেক্ষায়", "latin": "opekkhay"}, "purpose": {"bn": "হাঁস-মুরগি", "latin": "Handicraft"},
    "because": {"bn": "পরিবার সাহায্য করে", "latin": "Poribar sahajjo kore"}, "leaver": _NAME, "asker": _NAME,
    "voice": _NAME, "phone": "01712345678", "contact": "01712345678",
    "phones": "01712345678\n01812345678\n01912345678",
    "unsaid": True, "beyond": True, "heavy": True, "others": True, "gone": True, "granted": True, "finished": True,
    "rejected": True,
    "place": {"bn": "কে-শপ", "latin": "doorstep"}, "where": {"bn": "বাড়ি বাড়ি", "latin": "bari bari"},
}  # fmt: skip
"""The largest value of every placeholder; a placeholder that is not here fails the lint."""

ROWS = 12
"""Rows of a worst-case list."""

READ = 5
"""Rows that are read before an answer: the items of a larger order, the members of a large household."""

DIALOGUE_SECONDS, IDLE_SECONDS, STAGES = 90, 30, 8
"""What a network gives one call: seconds in all, seconds for one answer, answers."""

TASKS: Mapping[str, Sequence[tuple[str, str]]] = {
    "order by code": (
        ("who", "1"), ("pin", "52907"), ("home", "1"), ("order", "1"), ("order.new", "2"), ("order.code", "101"),
        ("order.quantity", "3"), ("order.confirm", "1"),
    ),
    "five items by code": (
        ("who", "1"), ("pin", "52907"), ("home", "1"), ("order", "1"), ("order.new", "2"),
        ("order.code", "101 3 102 2 103 1 104 5 105 2"), ("order.basket", "1"),
    ),
    "five items of the usual ones": (
        ("who", "1"), ("pin", "52907"), ("home", "1"), ("order", "1"), ("order.new", "3"),
        ("order.usual", "1"), ("order.basket", "1"),
    ),
    "the last order again": (
        ("who", "1"), ("pin", "52907"), ("home", "1"), ("order", "1"), ("order.new", "4"), ("order.basket", "1"),
    ),
    "goods came": (
        ("who", "1"), ("pin", "52907"), ("home", "1"), ("order", "3"), ("came.order", "1"), ("came.all", "1"),
    ),
    "goods came in part": (
        ("who", "1"), ("pin", "52907"), ("home", "1"), ("order", "3"), ("came.order", "2"), ("came.short", "101 2"),
        ("came.rest", "1"), ("came.part", "1"),
    ),
    "cash sale": (
        ("who", "1"), ("pin", "52907"), ("home", "2"), ("sale", "1"), ("sale.item", "101"), ("sale.quantity", "2"),
        ("sale.confirm", "1"),
    ),
    "credit sale": (
        ("who", "1"), ("pin", "52907"), ("home", "2"), ("sale", "2"), ("sale.item", "101"), ("sale.quantity", "2"),
        ("credit.confirm", "1"),
    ),
    "credit sale to one of her customers": (
        ("who", "1"), ("pin", "52907"), ("home", "2"), ("sale", "7"), ("customers", "3"), ("customer", "1"),
        ("sale.item", "101 2"), ("credit.confirm", "1"),
    ),
    "sale of three items": (
        ("who", "1"), ("pin", "52907"), ("home", "2"), ("sale", "1"), ("sale.item", "101 2 102 1 105 3"),
        ("sale.confirm", "1"),
    ),
    "undo the last one": (
        ("who", "1"), ("pin", "52907"), ("home", "2"), ("sale", "5"), ("sale.undo", "1"), ("sale.undo.confirm", "1"),
    ),
    "own use": (
        ("who", "1"), ("pin", "52907"), ("home", "2"), ("sale", "6"), ("goods", "101"), ("goods.item", "1"),
        ("goods.out", "2"), ("goods.out.confirm", "1"),
    ),
    "savings balance": (("who", "1"), ("pin", "52907"), ("home", "3"), ("savings", "1")),
    "withdraw": (
        ("who", "1"), ("pin", "52907"), ("home", "3"), ("savings", "3"), ("withdraw", "500"),
        ("withdraw.confirm", "1"),
    ),
    "apply for a loan": (
        ("who", "1"), ("pin", "52907"), ("home", "4"), ("loan", "3"), ("apply", "5000 12"), ("apply.purpose", "1"),
        ("apply.bears", "000 8000"), ("apply.confirm", "1"),
    ),
    "approve": (
        ("who", "1"), ("pin", "52907"), ("home", "8"), ("leader", "3"), ("approve", "1"), ("approve.one", "1"),
        ("approve.yes", "1"),
    ),
    "pay out": (
        ("who", "1"), ("pin", "52907"), ("home", "8"), ("leader", "6"), ("pay", "1"), ("pay.confirm", "1"),
    ),
    "money between meetings": (
        ("who", "1"), ("pin", "52907"), ("home", "8"), ("leader", "5"), ("collector", "1"),
        ("collector.code", "1002"), ("collector.take", "1"),
    ),
    "put an entry right": (
        ("who", "1"), ("pin", "52907"), ("home", "8"), ("leader", "7"), ("correct", "1002"), ("correct.entry", "1"),
        ("correct.why", "1"), ("correct.confirm", "1"),
    ),
    "loan balance": (("who", "1"), ("pin", "52907"), ("home", "4"), ("loan", "1")),
}  # fmt: skip
"""The printed key sequences, as the screen on which each answer is typed."""

_NETWORK, _CHARACTER, _KEY = 2.0, 0.06, 0.8
"""Seconds: one round trip, reading one character, pressing one key; estimates, meant to be on the slow side."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the lint found, on which screen and in which language (empty: in all)."""

    screen: str
    language: str
    what: str

    def __str__(self) -> str:
        """`order.confirm [bn]: 172 octets`."""
        return f"{self.screen} [{self.language}]: {self.what}" if self.language else f"{self.screen}: {self.what}"


@dataclass(frozen=True, slots=True)
class Measure:
    """A screen as the lint drew it: its first page, how many pages there are, the octets of the fullest."""

    screen: str
    language: str
    text: str
    pages: int
    octets: int


def edges() -> Iterator[tuple[str, str, str]]:
    """Every (screen, key, screen) of the menu."""
    for name, screen in SCREENS.items():
        for key, to in screen.targets():
            yield name, key, to


def mermaid() -> str:
    """The menu as a Mermaid flowchart."""
    return "\n".join(["flowchart LR", *(f'    {a}["{a}"] -->|"{key}"| {b}["{b}"]' for a, key, b in edges())])


def dot() -> str:
    """The menu as a Graphviz digraph."""
    return "\n".join(["digraph menu {", *(f'  "{a}" -> "{b}" [label="{key}"];' for a, key, b in edges()), "}"])


def reachable() -> set[str]:
    """Every screen that some call can reach; a refusal can follow every confirm."""
    found, waiting = set(), [*ENTRANCES, "refused"]
    leads = {name: {to for _, to in screen.targets()} for name, screen in SCREENS.items()}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(leads[name])
    return found


def measure(name: str, language: str) -> Iterator[Measure]:
    """Draw a screen with the worst values, in each of its cases."""
    screen, said = SCREENS[name], words(language)
    for absent in screen.absent:
        for mistake in ("", *_mistakes(said, screen)):
            for count in _row_counts(screen):
                made = draw(screen, said, _scene(said, screen, absent, mistake, count), ROOM)
                yield Measure(name, language, made[0], len(made), max(octets(page) for page in made))


def lint() -> Iterator[Fault]:
    """Everything that is wrong with the menu: room, dead ends, unknown values, tasks that take too long."""
    for name in sorted(set(SCREENS) - reachable()):
        yield Fault(name, "", "no call can reach it")
    for name, screen in SCREENS.items():
        if not screen.ends and not screen.back and not list(screen.targets()):
            yield Fault(name, "", "a dead end")
        for language in LANGUAGES:
            yield from _room(name, screen, language)
    for task in TASKS:
        for language in LANGUAGES:
            yield from _time(task, language)


def seconds(task: str, language: str) -> list[float]:
    """The estimated seconds of each answer of a task: the network, reading the screen, typing."""
    return [
        _NETWORK + _CHARACTER * len(_to_read(name, language)) + _KEY * (len(keys) + 1) for name, keys in TASKS[task]
    ]


def _to_read(name: str, language: str) -> str:
    """The fullest first page of a screen, lists and baskets of some rows: what is read before an answer."""
    screen, said = SCREENS[name], words(language)
    count = READ if getattr(screen, "row", ()) else 0
    made = (draw(screen, said, _scene(said, screen, absent, "", count), ROOM)[0] for absent in screen.absent)
    return max(made, key=len)


def _room(name: str, screen: Screen, language: str) -> Iterator[Fault]:
    """No page over the room; what must be seen at once is on one page."""
    try:
        for drawn in measure(name, language):
            if drawn.octets > ROOM:
                yield Fault(name, language, f"{drawn.octets} octets: {drawn.text!r}")
            if drawn.pages > 1 and not _may_turn(screen):
                yield Fault(name, language, f"{drawn.pages} pages where one must do: {drawn.text!r}")
    except KeyError as unknown:
        yield Fault(name, language, f"no worst case is known for {unknown}")


def _may_turn(screen: Screen) -> bool:
    """Lists, and menus with a sentence above them, may be turned; questions, confirms and last words may not."""
    return isinstance(screen, Choice) or (not isinstance(screen, Ask | Confirm | Refused) and not screen.ends)


def _time(task: str, language: str) -> Iterator[Fault]:
    each = seconds(task, language)
    if sum(each) > DIALOGUE_SECONDS or len(each) > STAGES:
        yield Fault(task, language, f"{len(each)} stages, {sum(each):.0f} s")
    if max(each) > IDLE_SECONDS:
        yield Fault(task, language, f"{max(each):.0f} s for one answer")


def _worst(said: Words, needed: set[str], absent: Sequence[str]) -> dict[str, object]:
    script = "bn" if said.language == "bn" else "latin"
    found = {}
    for name in needed:
        value = WORST[name]
        found[name] = None if name in absent else value[script] if isinstance(value, dict) else value
    return found


def _mistakes(said: Words, screen: Screen) -> Iterator[str]:
    """Every sentence that can stand above a question."""
    says = {Ask: (answers.ONE_ANSWER, *getattr(screen, "says", ())), Confirm: (answers.ONE_ANSWER, answers.CHOOSE)}
    for mistake in says.get(type(screen), ()):
        yield said.say(mistake, **_worst(said, placeholders(mistake), ()))


def _row_counts(screen: Screen) -> Sequence[int]:
    """How many rows are drawn: one item to confirm must fit one page, a list may go on over many."""
    if isinstance(screen, Confirm):
        return (1,) if screen.row else (0,)
    return (0, ROWS) if getattr(screen, "row", ()) else (0,)


def _scene(said: Words, screen: Screen, absent: Sequence[str], mistake: str, count: int) -> Scene:
    needed = {name for line in screen.said() if line for name in placeholders(line)}
    values = _worst(said, needed, absent)
    rows = [Row(str(100 + place), values) for place in range(1, count + 1)]
    options = getattr(screen, "options", ())
    if isinstance(screen, Refused):
        reasons = (*REFUSALS.values(), *NOTHING_LEFT.values(), OTHER)
        longest = max((said.say(each, **_worst(said, placeholders(each), ())) for each in reasons), key=octets)
        values, options = {"reason": longest}, [_longest_way_on(said)]
    return Scene(values, rows, options, screen.back, mistake)


def _longest_way_on(said: Words) -> Option:
    ways = [screen.refused for screen in SCREENS.values() if isinstance(screen, Confirm) and screen.refused]
    return max(ways, key=lambda option: octets(said.say(option.label)))


def summary() -> Iterator[str]:
    """One line a language: screens, the fullest page; then one line a task with its stages and seconds."""
    for language in LANGUAGES:
        drawn = [each for name in SCREENS for each in measure(name, language)]
        fullest = max(drawn, key=lambda each: each.octets)
        yield f"{language}: {len(SCREENS)} screens, at most {fullest.octets}/{ROOM} octets ({fullest.screen})"
    for task in TASKS:
        each = {language: seconds(task, language) for language in LANGUAGES}
        slowest = max(each, key=lambda language: sum(each[language]))
        yield f"{task}: {len(each[slowest])} stages, {sum(each[slowest]):.0f} s ({slowest})"
