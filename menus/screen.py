"""What a screen is: a value that says what it shows, what it asks, and where each answer leads.

A screen can `gather` (read what it shows from the books), lay out a `sheet` (pure: words and values in, lines
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
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.layout import Sheet
from menus.layout import pages

HOME_KEY, BACK_KEY, MORE_KEY = "00", "0", "98"
"""The keys that mean the same on every screen."""

BACK = phrase("Back")
MORE = phrase("More")

Values = Mapping[str, object]
Read = Callable[[Turn], Values]
Taken = Dialogue | Mistake


@dataclass(frozen=True)
class Row:
    """One row of a list: the key that picks it, the values it shows, the answers it gives, where else it leads.

    A row without a key is only read. `leads` says what follows where that is more than to go on.
    """

    key: str
    values: Values
    answers: Mapping[str, Any] = field(default_factory=dict)
    to: str = ""
    leads: Callable[[Turn], Taken] | None = None

    def follow(self, turn: Turn, then: str) -> Taken:
        """What the row leads to; `then` is where the rows of its list lead."""
        return self.leads(turn) if self.leads else turn.dialogue.go(self.to or then, **self.answers)


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
    """A fixed key: its label, where it leads, which answers it gives, and who sees it.

    Where what follows depends on the books, `leads` says it; `to` is then the screen that is usually next.
    """

    key: str
    label: str
    to: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    when: Callable[[Turn], bool] = always
    leads: Callable[[Turn], Taken] | None = None

    def follow(self, turn: Turn) -> Taken:
        """What the key leads to."""
        return self.leads(turn) if self.leads else turn.dialogue.go(self.to, **self.answers)


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
            yield BACK_KEY, self.zero

    def said(self) -> Iterator[Line]:
        """All lines and labels of the screen."""
        yield from self.title
        if self.back:
            yield self.back


def draw(screen: Screen, words: Words, scene: Scene, room: int) -> list[str]:
    """The pages of a scene, each of at most `room` octets; names that may give way are shortened to save a page."""
    sheet = screen.sheet(words, scene)
    if screen.acts and scene.mistake and octets(sheet.whole) > room:
        # Nothing may push aside what `1` would post: she sees the same page again.
        scene = replace(scene, mistake="")
        sheet = screen.sheet(words, scene)
    for name in screen.shortens if len(scene.rows) <= 1 else ():
        over = octets(sheet.whole) - room
        if over > 0:
            scene = _shortened(name, scene, over)
            sheet = screen.sheet(words, scene)
    return pages(sheet, key_line(words, MORE_KEY, MORE), room)


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


SHORTEST = 5
"""Units of a name that stay when it is shortened."""
