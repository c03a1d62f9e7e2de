"""A dialogue: where one caller's USSD call stands. A value that every step makes anew, to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import date
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from ledger import members
from ledger import programmes
from ledger.books import Origin
from ledger.members import Member
from ledger.pins import Peppers
from locales import Words
from locales import words

HOME = "home"

DEEPEST = 12
"""How many screens can be gone back through."""


@dataclass(frozen=True)
class Place:
    """A screen as it was left: its answers and its page, to come back to."""

    screen: str
    answers: Mapping[str, Any]
    page: int


@dataclass(frozen=True)
class Dialogue:
    """One caller's call: the screen she is on, what she has answered, who she is once her PIN was right.

    `operation` is the id under which the next confirmed action posts: made when a confirm screen is first shown,
    gone as soon as an answer changes. Answers are plain JSON values and never a PIN. `wrong` counts wrong PINs of
    this call, wherever they were typed.
    """

    screen: str
    language: str
    digits: str
    member: int | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    page: int = 0
    trail: tuple[Place, ...] = ()
    operation: str | None = None
    wrong: int = 0

    def go(self, screen: str, **answers: Any) -> Dialogue:
        """On to another screen with more answers; the way back remembers this one."""
        trail = (*self.trail, Place(self.screen, self.answers, self.page))[-DEEPEST:]
        known = {**self.answers, **answers}
        operation = None if answers else self.operation
        return replace(self, screen=screen, answers=known, page=0, trail=trail, operation=operation)

    def back(self) -> Dialogue:
        """To the screen before, as it was left; from the first one there is no way back."""
        if not self.trail:
            return self
        place = self.trail[-1]
        return replace(
            self,
            screen=place.screen,
            answers=place.answers,
            page=place.page,
            trail=self.trail[:-1],
            operation=None,
        )

    def cut(self, screen: str) -> Dialogue:
        """Here, with a way back that ends before the last time on `screen`: what was passed since is not met again."""
        passed = [place.screen for place in self.trail]
        if screen not in passed:
            return self
        return replace(self, trail=self.trail[: len(passed) - 1 - passed[::-1].index(screen)])

    def under(self, screen: str) -> Dialogue:
        """Here, with a way back that leads to the last time on `screen`, if she was there."""
        passed = [place.screen for place in self.trail]
        if screen not in passed:
            return self
        return replace(self, trail=self.trail[: len(passed) - passed[::-1].index(screen)])

    def home(self) -> Dialogue:
        """To the main menu, with nothing answered yet."""
        return replace(self, screen=HOME, answers={}, page=0, trail=(), operation=None)

    def on(self, call: Call) -> Dialogue:
        """Here, in letters and digits that the wire of this call can show."""
        return replace(self, language=call.script(self.language), digits="latin") if call.latin else self

    def to_json(self) -> str:
        """The dialogue as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Dialogue:
        """The dialogue out of its JSON."""
        values = json.loads(text)
        values["trail"] = tuple(Place(**place) for place in values["trail"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes to the handset: the page, whether the call ends with it, and the name of its screen."""

    text: str
    ends: bool
    screen: str


@dataclass(frozen=True)
class Call:
    """All that the outside world gives to a hop; the conversation itself reads no clock, chance or setting.

    `number` is the caller's in E.164, `room` the octets of a page, `now` aware; `codes` draws receipt codes and
    `operations` operation ids. `latin`: the wire carries ASCII only.
    """

    db: Connection
    number: str
    now: datetime
    room: int
    peppers: Peppers
    codes: Callable[[], str]
    operations: Callable[[], str]
    channel: str = "ussd"
    latin: bool = False

    def script(self, language: str) -> str:
        """The language itself, or Bangla in Latin letters where the wire has no others."""
        return "bn_Latn" if self.latin and language == "bn" else language


@dataclass(frozen=True)
class Turn:
    """One hop's dialogue and call together: what every screen is given."""

    dialogue: Dialogue
    call: Call

    @property
    def db(self) -> Connection:
        """The connection inside the hop's transaction."""
        return self.call.db

    @property
    def answers(self) -> Mapping[str, Any]:
        """What she has answered so far."""
        return self.dialogue.answers

    @cached_property
    def member(self) -> Member:
        """The member whose PIN was right; asking before that is a bug."""
        if self.dialogue.member is None:
            raise RuntimeError(f"{self.dialogue.screen} needs a member")
        return members.get(self.db, self.dialogue.member)

    @property
    def words(self) -> Words:
        """The words of this dialogue; a language she is trying out comes first."""
        trying = self.answers.get("trying")
        return words(self.call.script(trying)) if trying else words(self.dialogue.language, self.dialogue.digits)

    @property
    def today(self) -> date:
        """The programme's day."""
        return programmes.day(self.call.now, self.member.timezone)

    def origin(self) -> Origin:
        """Where a confirmed action comes from; it needs the operation id of its confirm screen."""
        if self.dialogue.operation is None:
            raise RuntimeError(f"{self.dialogue.screen} confirms without an operation id")
        actor = f"member:{self.member.id}"
        at = self.call.now
        return Origin(self.dialogue.operation, actor, self.call.channel, at, self.today, self.call.codes)
