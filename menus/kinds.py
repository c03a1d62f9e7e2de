"""The few kinds of screen. A screen is a value: what it says, what it asks, and where each answer leads.

Each kind can `gather` (read what it shows from the books), lay out a `sheet` (pure: words and values in, lines
out) and `take` an answer. A line whose value is None is left out, so one screen covers its cases.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any

from locales import Phrase
from locales import Plural
from locales import Words
from locales import phrase
from locales import script
from locales.alphabet import is_gsm
from locales.alphabet import octets
from locales.alphabet import units
from menus.answers import CHOOSE
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.layout import Sheet
from menus.layout import pages

BACK = phrase("Back")
MORE = phrase("More")

Values = Mapping[str, object]
Read = Callable[[Turn], Values]
Taken = Dialogue | Mistake


@dataclass(frozen=True)
class Row:
    """One row of a list: the key that picks it, the values it shows, the answers it gives, where else it leads."""

    key: str
    values: Values
    answers: Mapping[str, Any] = field(default_factory=dict)
    to: str = ""


Rows = Callable[[Turn], Sequence[Row]]


def nothing(turn: Turn) -> Values:
    """No values."""
    return {}


def no_rows(turn: Turn) -> Sequence[Row]:
    """No rows."""
    return ()


def always(turn: Turn) -> bool:
    """Shown to everybody."""
    return True


@dataclass(frozen=True)
class When:
    """A line that is said only when one of the values is there, though it does not show it."""

    value: str
    said: Phrase


Line = Phrase | When


def placeholders(line: Line) -> set[str]:
    """The names of the values that a line needs."""
    if isinstance(line, When):
        return {line.value, *placeholders(line.said)}
    said = line.many if isinstance(line, Plural) else line
    return {name for _, name, _, _ in string.Formatter().parse(said) if name}


def lines(words: Words, said: Sequence[Line], values: Values) -> list[str]:
    """Lines in the caller's words; one of which a value is None is left out."""
    shown = []
    for line in said:
        needed = {name: values[name] for name in placeholders(line)}
        if all(value is not None for value in needed.values()):
            shown.append(words.say(line.said if isinstance(line, When) else line, **needed))
    return shown


def key_line(words: Words, key: str, label: str) -> str:
    """`1 Order stock`: the key in Latin digits, then what it does."""
    return f"{key} {words.say(label)}"


@dataclass(frozen=True)
class Option:
    """A fixed key: its label, where it leads, which answers it gives, and who sees it."""

    key: str
    label: str
    to: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    when: Callable[[Turn], bool] = always


@dataclass(frozen=True)
class Scene:
    """What a screen shows now: values and rows from the books, the keys this caller sees, what was wrong before."""

    values: Values
    rows: Sequence[Row] = ()
    options: Sequence[Option] = ()
    back: str | None = None
    mistake: str = ""


@dataclass(frozen=True)
class Screen:
    """What all kinds share: the lines at the top, the values they show, and whether it is `open` before a PIN.

    `shortens` names the values whose full form stood on the screen before: they give way when a page is too full.
    `0` goes back; where nothing is to go back to it leads to `zero`, if that is named. `absent` lists the cases of
    the lint: each names the values that are None together. `exits` names the screens that a function leads to,
    where the kind cannot tell by itself.
    """

    title: Sequence[Line] = ()
    values: Read = nothing
    absent: Sequence[Sequence[str]] = ((),)
    exits: Sequence[str] = ()
    open: bool = False
    back: str | None = BACK
    zero: str = ""
    shortens: Sequence[str] = ()

    acts = False
    ends = False

    def gather(self, turn: Turn, mistake: str = "") -> Scene:
        """Read from the books what the screen shows to this caller."""
        back = self.back if turn.dialogue.trail or self.zero else None
        return Scene(self.values(turn), self.rows_for(turn), self.options_for(turn), back, mistake)

    def rows_for(self, turn: Turn) -> Sequence[Row]:
        """The rows that this caller sees."""
        return ()

    def options_for(self, turn: Turn) -> Sequence[Option]:
        """The fixed keys that this caller sees."""
        return ()

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """Lay the scene out in words; its mistake, if there is one, is said first. Pure."""
        raise NotImplementedError

    def take(self, turn: Turn, text: str) -> Taken:
        """What an answer leads to: another dialogue, or a Mistake that stays here."""
        raise NotImplementedError

    def targets(self) -> Iterator[tuple[str, str]]:
        """All (key, screen) this screen leads to, for the graph."""
        yield from (("…", name) for name in self.exits)
        if self.zero:
            yield "0", self.zero

    def said(self) -> Iterator[Line]:
        """All lines and labels of the screen."""
        yield from self.title
        if self.back:
            yield self.back


def draw(screen: Screen, words: Words, scene: Scene, room: int) -> list[str]:
    """The pages of a scene, each of at most `room` octets; names that may give way are shortened to save a page."""
    sheet = screen.sheet(words, scene)
    for name in screen.shortens if len(scene.rows) <= 1 else ():
        over = octets(sheet.whole) - room
        if over > 0:
            scene = _shortened(name, scene, over)
            sheet = screen.sheet(words, scene)
    return pages(sheet, key_line(words, "98", MORE), room)


def _shortened(name: str, scene: Scene, over: int) -> Scene:
    def cut(values: Values) -> Values:
        long = str(values[name]) if name in values else ""
        return {**values, name: script.shorten(long, _room_for(long, over))} if long else values

    rows = [replace(row, values=cut(row.values)) for row in scene.rows]
    return replace(scene, values=cut(scene.values), rows=rows)


def _room_for(name: str, over: int) -> int:
    """Units left for a name when `over` octets must go; some of it stays whatever happens."""
    gone = -(-over * 8 // 7) if is_gsm(name) else -(-over // 2)
    return max(units(name) - gone, SHORTEST)


SHORTEST = 6
"""Units of a name that stay when it is shortened."""


def _back(words: Words, scene: Scene) -> list[str]:
    return [key_line(words, "0", scene.back)] if scene.back else []


def _mistake(scene: Scene) -> list[str]:
    return [scene.mistake] if scene.mistake else []


def _options(words: Words, options: Sequence[Option]) -> list[str]:
    return [key_line(words, option.key, option.label) for option in options]


def _row_lines(words: Words, said: Sequence[Line], rows: Sequence[Row]) -> list[str]:
    return ["\n".join(lines(words, said, row.values)) for row in rows]


@dataclass(frozen=True)
class Choice(Screen):
    """A menu: fixed keys, and rows from the books of which one is picked by its key and leads to `then`."""

    options: Sequence[Option] = ()
    row: Sequence[Line] = ()
    rows: Rows = no_rows
    then: str = ""
    empty: str = ""

    def rows_for(self, turn: Turn) -> Sequence[Row]:
        """The rows that this caller sees."""
        return self.rows(turn)

    def options_for(self, turn: Turn) -> Sequence[Option]:
        """The fixed keys that this caller sees."""
        return [option for option in self.options if option.when(turn)]

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """The mistake, the title, then a line for each key."""
        head = [*_mistake(scene), *lines(words, self.title, scene.values)]
        keys = [row.key for row in scene.rows]
        listed = [f"{key} {line}" for key, line in zip(keys, _row_lines(words, self.row, scene.rows), strict=True)]
        if self.empty and not scene.rows:
            listed = [words.say(self.empty)]
        return Sheet(head, [*listed, *_options(words, scene.options)], _back(words, scene))

    def take(self, turn: Turn, text: str) -> Taken:
        """The fixed key or the row that was typed."""
        for option in self.options_for(turn):
            if option.key == text:
                return turn.dialogue.go(option.to, **option.answers)
        for row in self.rows(turn):
            if row.key == text:
                return turn.dialogue.go(row.to or self.then, **row.answers)
        return Mistake(CHOOSE)

    def targets(self) -> Iterator[tuple[str, str]]:
        """The fixed keys and where a row leads."""
        yield from ((option.key, option.to) for option in self.options)
        if self.then:
            yield "#", self.then
        yield from super().targets()

    def said(self) -> Iterator[Line]:
        """Title, labels, row and what an empty list says."""
        yield from super().said()
        yield from (*(option.label for option in self.options), *self.row, self.empty)


@dataclass(frozen=True)
class Ask(Screen):
    """A question: `parse` makes a value of the answer, `then` says where it leads.

    A mistake takes the title's place, and `again`, a shorter question, the prompt's. `says` lists the sentences
    that can stand there, for the lint.
    """

    prompt: Phrase = ""
    again: Phrase = ""
    says: Sequence[Phrase] = ()
    parse: Callable[[Turn, str], Any] = lambda turn, text: text
    then: Callable[[Turn, Any], Taken] = lambda turn, value: turn.dialogue

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """Title or mistake, then the question."""
        head = _mistake(scene) or lines(words, self.title, scene.values)
        prompt = self.again if scene.mistake and self.again else self.prompt
        return Sheet(head, lines(words, [prompt], scene.values), _back(words, scene))

    def take(self, turn: Turn, text: str) -> Taken:
        """Parse, then go on."""
        value = self.parse(turn, text)
        return value if isinstance(value, Mistake) else self.then(turn, value)

    def said(self) -> Iterator[Line]:
        """Title and question."""
        yield from super().said()
        yield from (self.prompt, self.again)


@dataclass(frozen=True)
class Confirm(Screen):
    """The last look before something is posted: `1` does it, other keys change it.

    `act` posts under the dialogue's operation id and gives the dialogue after it. `refused` is the way on that is
    offered when the books refuse.
    """

    yes: str = ""
    act: Callable[[Turn], Dialogue] = lambda turn: turn.dialogue
    options: Sequence[Option] = ()
    refused: Option | None = None
    row: Sequence[Line] = ()
    rows: Rows = no_rows

    acts = True

    def rows_for(self, turn: Turn) -> Sequence[Row]:
        """What is to be confirmed, line by line."""
        return self.rows(turn)

    def options_for(self, turn: Turn) -> Sequence[Option]:
        """The keys that change it."""
        return self.options

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """What it is, then the keys on every page."""
        listed = [*_row_lines(words, self.row, scene.rows), *lines(words, self.title, scene.values)]
        keys = [key_line(words, "1", self.yes), *_options(words, scene.options), *_back(words, scene)]
        return Sheet(_mistake(scene), listed, keys)

    def take(self, turn: Turn, text: str) -> Taken:
        """Do it, or go and change it."""
        if text == "1":
            return self.act(turn)
        for option in self.options:
            if option.key == text:
                return turn.dialogue.go(option.to, **option.answers)
        return Mistake(CHOOSE)

    def targets(self) -> Iterator[tuple[str, str]]:
        """Where the keys lead; `1` leads to the exits."""
        yield from ((option.key, option.to) for option in self.options)
        if self.refused:
            yield "refused", self.refused.to
        yield from (("1", name) for name in self.exits)

    def said(self) -> Iterator[Line]:
        """Rows, title and labels."""
        yield from super().said()
        yield from (*self.row, self.yes, *(option.label for option in self.options))
        if self.refused:
            yield self.refused.label


@dataclass(frozen=True)
class Pages(Screen):
    """Something to read: lines and rows over as many pages as they need."""

    row: Sequence[Line] = ()
    rows: Rows = no_rows
    empty: str = ""

    def rows_for(self, turn: Turn) -> Sequence[Row]:
        """The rows to read."""
        return self.rows(turn)

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """The title, then each row's lines together."""
        head = [*_mistake(scene), *lines(words, self.title, scene.values)]
        listed = _row_lines(words, self.row, scene.rows)
        if self.empty and not scene.rows:
            listed = [words.say(self.empty)]
        return Sheet(head, listed, _back(words, scene))

    def take(self, turn: Turn, text: str) -> Taken:
        """There is nothing to choose but the ways out."""
        return Mistake(CHOOSE)

    def said(self) -> Iterator[Line]:
        """Title, rows and what an empty list says."""
        yield from super().said()
        yield from (*self.row, self.empty)


@dataclass(frozen=True)
class End(Screen):
    """The last word of a call."""

    back: str | None = None

    ends = True

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """The lines, nothing to type."""
        return Sheet(lines(words, self.title, scene.values))

    def take(self, turn: Turn, text: str) -> Taken:
        """Nothing follows an END."""
        return turn.dialogue


@dataclass(frozen=True)
class Refused(Screen):
    """What the books refused and why, and the one way on that the confirm screen offers."""

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """The reason, already in words, then the way on."""
        return Sheet([str(scene.values["reason"])], _options(words, scene.options), _back(words, scene))

    def options_for(self, turn: Turn) -> Sequence[Option]:
        """The way on, if there is one."""
        label, to = turn.answers["label"], turn.answers["to"]
        return [Option("1", label, to)] if to else []

    def take(self, turn: Turn, text: str) -> Taken:
        """Take the way on."""
        for option in self.options_for(turn):
            if option.key == text:
                return turn.dialogue.go(option.to)
        return Mistake(CHOOSE)
