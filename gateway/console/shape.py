"""What a page, a visit and an answer are. No web here: a view is a function of a transaction and a visit."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.chance import draw_code
from gateway.console.operators import Operator
from gateway.console.signins import SignIn
from gateway.console.tables import ROLES
from gateway.imports import Unpacked
from gateway.imports import Unreadable
from gateway.runtime import Runtime
from ledger import programmes
from ledger.books import Origin
from locales import Phrase
from locales import Words

NOBODY, HALF = "nobody", "half"
"""Who is not signed in; who gave her password and has a step before her: a code, its set-up, a password of her own."""

EVERY_ROLE = frozenset(ROLES)
ANYBODY = EVERY_ROLE | {NOBODY, HALF}


class Mistaken(Exception):
    """What was typed does not do: a phrase, its values, and the field that it is about. Nothing was written."""

    def __init__(self, said: Phrase, field: str = "", /, *, status: int = 422, **values: object) -> None:
        """`status` is the answer's HTTP status."""
        super().__init__(said)
        self.said, self.field, self.status, self.values = said, field, status, values


class Missing(Exception):
    """There is no such thing, or it is out of her scope: one answer for both."""


@dataclass(frozen=True)
class Sheet:
    """A file that somebody sent: how she calls it, and its rows, or why it has none; read before any transaction."""

    name: str
    rows: Unpacked | Unreadable


@dataclass(frozen=True)
class Visit:
    """One request: by whom, with what in the address, and on a click its one-time key, which is the operation's id.

    `args` are what the route names: numbers, or words where it says so. `sheets` are the files that came with a form,
    by its field. `problem` is set where a form is shown again, with what was typed less its secrets.
    """

    runtime: Runtime
    now: datetime
    words: Words
    address: str
    device: str = ""
    cookie: str = ""
    who: Operator | None = None
    sign_in: SignIn | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    problem: Mistaken | None = None
    key: str = ""

    @property
    def operator(self) -> Operator:
        """Who is signed in; the guard has seen to it that there is one."""
        assert self.who is not None  # noqa: S101 (a page that nobody may open has no visitor without a name)
        return self.who

    @property
    def signed_in(self) -> SignIn:
        """Her sign-in."""
        assert self.sign_in is not None  # noqa: S101 (see above)
        return self.sign_in

    def origin(self, db: Connection) -> Origin:
        """Where the ledger's operation of this click comes from: the form's key is its id."""
        timezone = programmes.get(db, self.operator.programme).timezone
        on = programmes.day(self.now, timezone)
        return Origin(self.key, f"officer:{self.operator.name}", "console", self.now, on, draw_code)


@dataclass(frozen=True)
class Shown:
    """A page to be rendered: the name of its template and what that needs."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """A click that was carried out: what goes into the trail, and where the person goes next.

    `said` is a key of `words.SAID`, told there. `token` is the cookie from now on (empty: none, None: as it was).
    `shown` is what is shown at once, once, instead of going anywhere: a secret that was drawn. Without an `act` it is
    nothing for the trail.
    """

    page: str
    args: Mapping[str, Any] = field(default_factory=dict)
    act: str = ""
    about: str = ""
    detail: str = ""
    said: str = ""
    token: str | None = None
    language: str = ""
    back: str = ""
    shown: Shown | None = None


@dataclass(frozen=True)
class Download:
    """A file to keep: what it is called, its media type, and its octets, made while the transaction is open."""

    name: str
    mimetype: str
    pieces: Iterable[bytes]


Show = Callable[[Connection, Visit], Shown]
Give = Callable[[Connection, Visit], Download]
Act = Callable[[Connection, Visit], Done]
Own = Callable[[Visit], Done]


@dataclass(frozen=True)
class Page:
    """One row of the table of pages: route below /console, its noun, and who may open it.

    `acts` may post to it, the same as `who` unless said. `act` runs in the click's transaction; `own` opens its own
    (a wrong password must count although nothing else is written). `menu`: it stands in the navigation. `again`: to
    post, one's password is asked for. `step`: it is a step that a half sign-in may have before it. `give`: it is a file
    to keep, not a page. `room`: octets that a click on it may carry. `slow`: to show it may take as long as a job.
    """

    name: str
    route: str
    noun: Phrase
    who: frozenset[str]
    show: Show | None = None
    act: Act | None = None
    own: Own | None = None
    acts: frozenset[str] | None = None
    menu: bool = False
    again: bool = False
    step: bool = False
    give: Give | None = None
    room: int = 64 * 1024
    slow: bool = False

    @property
    def may_post(self) -> frozenset[str]:
        """Who may post to it."""
        if self.act is None and self.own is None:
            return frozenset()
        return self.who if self.acts is None else self.acts


@dataclass(frozen=True)
class Section:
    """A part of the navigation: its noun and its pages."""

    noun: Phrase
    pages: tuple[Page, ...]

    def menu(self, stands: str) -> list[Page]:
        """Those of its pages in the menu that a visitor may open."""
        return [page for page in self.pages if page.menu and stands in page.who]
