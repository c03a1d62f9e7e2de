"""The few kinds of screen: a choice, a question, a confirmation, pages to read, the end, and a refusal."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from locales import Phrase
from locales import Words
from menus.answers import CHOOSE
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.layout import Sheet
from menus.screen import BACK_KEY
from menus.screen import Line
from menus.screen import Option
from menus.screen import Row
from menus.screen import Rows
from menus.screen import Scene
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import key_line
from menus.screen import lines
from menus.screen import no_rows


def _back(words: Words, scene: Scene) -> list[str]:
    return [key_line(words, BACK_KEY, scene.back)] if scene.back else []


def _mistake(scene: Scene) -> list[str]:
    return [scene.mistake] if scene.mistake else []


def _options(words: Words, options: Sequence[Option]) -> list[str]:
    return [key_line(words, option.key, option.label) for option in options]


def _row_lines(words: Words, said: Sequence[Line], rows: Sequence[Row]) -> list[str]:
    return ["\n".join(lines(words, said, row.values)) for row in rows]


def _no_such_key(turn: Turn, text: str) -> Taken:
    return Mistake(CHOOSE)


@dataclass(frozen=True)
class Choice(Screen):
    """A menu: fixed keys, and rows from the books of which one is picked by its key and leads to `then`.

    `other` takes what is neither: a code that stands in no row.
    """

    options: Sequence[Option] = ()
    row: Sequence[Line] = ()
    rows: Rows = no_rows
    then: str = ""
    empty: str = ""
    other: Callable[[Turn, str], Taken] = _no_such_key

    def rows_for(self, turn: Turn) -> Sequence[Row]:
        """The rows that this caller sees."""
        return self.rows(turn)

    def options_for(self, turn: Turn) -> Sequence[Option]:
        """The fixed keys that this caller sees."""
        return [option for option in self.options if option.when(turn)]

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """The mistake, the title, then a line for each key."""
        head = [*_mistake(scene), *lines(words, self.title, scene.values)]
        said = zip(scene.rows, _row_lines(words, self.row, scene.rows), strict=True)
        listed = [f"{row.key} {line}".strip() for row, line in said]
        if self.empty and not scene.rows:
            listed = [words.say(self.empty)]
        return Sheet(head, [*listed, *_options(words, scene.options)], _back(words, scene))

    def take(self, turn: Turn, text: str) -> Taken:
        """The fixed key or the row that was typed."""
        for option in self.options_for(turn):
            if option.key == text:
                return option.follow(turn)
        for row in self.rows(turn):
            if row.key and row.key == text:
                return row.follow(turn, self.then)
        return self.other(turn, text)

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
    offered when the books refuse. `other` takes what is no key, to change what is confirmed.
    """

    yes: str = ""
    act: Callable[[Turn], Dialogue] = lambda turn: turn.dialogue
    options: Sequence[Option] = ()
    refused: Option | None = None
    row: Sequence[Line] = ()
    rows: Rows = no_rows
    other: Callable[[Turn, str], Taken] = _no_such_key

    acts = True

    def rows_for(self, turn: Turn) -> Sequence[Row]:
        """What is to be confirmed, line by line."""
        return self.rows(turn)

    def options_for(self, turn: Turn) -> Sequence[Option]:
        """The keys that change it."""
        return self.options

    def sheet(self, words: Words, scene: Scene) -> Sheet:
        """What it is, then the keys on every page."""
        listed = [*lines(words, self.title, scene.values), *_row_lines(words, self.row, scene.rows)]
        keys = [key_line(words, "1", self.yes), *_options(words, scene.options), *_back(words, scene)]
        return Sheet(_mistake(scene), listed, keys)

    def take(self, turn: Turn, text: str) -> Taken:
        """Do it, or go and change it."""
        if text == "1":
            return self.act(turn)
        for option in self.options:
            if option.key == text:
                return option.follow(turn)
        return self.other(turn, text)

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
        if self.empty and not scene.rows:
            return Sheet(_mistake(scene), [words.say(self.empty)], _back(words, scene))
        head = [*_mistake(scene), *lines(words, self.title, scene.values)]
        return Sheet(head, _row_lines(words, self.row, scene.rows), _back(words, scene))

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
