"""Scripted trouble: what the stub does to a request, and how it reports a message that it took.

A script comes first, act by act. After it, chance decides by weights; the dice of a request depend on the seed, the
message and how often it came, and on nothing else, so that a run can be made again whatever its threads do.
"""

from __future__ import annotations

from collections import Counter
from collections import deque
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from threading import Lock
from typing import TypeVar

E = TypeVar("E", bound=StrEnum)
Share = Fraction | float


class Act(StrEnum):
    """What is done to one request."""

    TAKE = "take"
    """Takes it and says so."""
    SLOW = "slow"
    """Takes it and says so late, after `hold`."""
    HANG = "hang"
    """Takes it and never answers."""
    LOSE = "lose"
    """Neither takes it nor answers."""
    RESET = "reset"
    """Takes it and cuts the line."""
    GATEWAY = "gateway"
    """Takes it, and something in front of it answers 504."""
    GARBLE = "garble"
    """Takes it and answers what nobody can read."""
    CHARSET = "charset"
    """Takes it and says so with a character set in the content type."""
    ERROR = "error"
    """Answers 500; does not take it."""
    DOWN = "down"
    """Answers 503; does not take it."""
    BUSY = "busy"
    """Says in its own words that it is too much; does not take it."""
    BROKE = "broke"
    """Says that the account is no good; does not take it."""
    REFUSE = "refuse"
    """Says that the number is no good; does not take it."""


TAKING = frozenset({Act.TAKE, Act.SLOW, Act.HANG, Act.RESET, Act.GATEWAY, Act.GARBLE, Act.CHARSET})
"""The acts after which the message is on its way, whatever the answer says."""


class Kind(StrEnum):
    """How a message that was taken is reported."""

    ONCE = "once"
    """Sent, then delivered."""
    NEVER = "never"
    """Not at all."""
    FAILED = "failed"
    """As not delivered."""
    TWICE = "twice"
    """Every receipt two times."""
    LATE = "late"
    """After `late` seconds."""
    EARLY = "early"
    """Before the answer to the request."""
    REORDERED = "reordered"
    """Delivered first, then sent."""
    FORGED = "forged"
    """Beside the genuine receipts, one with an id that was never given, and one for another number."""


@dataclass
class Trouble:
    """What to do; a weight is a share of 1, and what is left over is `take` and `once`. Times are seconds."""

    acts: Mapping[Act, Share] = field(default_factory=dict)
    kinds: Mapping[Kind, Share] = field(default_factory=dict)
    seed: int = 0
    latency: float = 0.0
    hold: float = 15.0
    late: float = 5.0
    _script: deque[Act] = field(default_factory=deque)
    _reports: deque[Kind] = field(default_factory=deque)
    _seen: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def script(self, acts: Iterable[Act] = (), kinds: Iterable[Kind] = ()) -> None:
        """Do these to the next requests, and report so the next messages that are taken."""
        with self._lock:
            self._script.extend(acts)
            self._reports.extend(kinds)

    def act(self, about: str) -> Act:
        """What to do to a request about this."""
        with self._lock:
            if self._script:
                return self._script.popleft()
            self._seen[about] += 1
            turn = self._seen[about]
        return _drawn(self.acts, Act.TAKE, f"{self.seed} act {turn} {about}")

    def kind(self, about: str) -> Kind:
        """How to report a message about this."""
        with self._lock:
            if self._reports:
                return self._reports.popleft()
        return _drawn(self.kinds, Kind.ONCE, f"{self.seed} report {about}")


def weights(names: type[E], text: str) -> dict[E, Share]:
    """The weights in `hang=0.1,down=0.05`; ValueError says what is wrong with them."""
    found: dict[E, Share] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, share = part.partition("=")
        found[names(name)] = Fraction(share)
    if any(share < 0 for share in found.values()) or sum(found.values()) > 1:
        raise ValueError("the shares are more than 1 together")
    return found


def _drawn(shares: Mapping[E, Share], otherwise: E, about: str) -> E:
    dice: Share = Fraction(int.from_bytes(sha256(about.encode()).digest()[:8], "big"), 2**64)
    for each, share in shares.items():
        dice -= share
        if dice < 0:
            return each
    return otherwise
