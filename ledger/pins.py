"""PINs: argon2id over a peppered HMAC, the rules for a new one, and the counter that locks.

A five-digit space is protected by the pepper, which is kept outside the database, and by the lock, not by the
cost of the hash: a check takes about 3 ms and at most four run at once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from functools import cache
from itertools import pairwise
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import facts
from ledger.members import HERE
from ledger.members import member_table

LOCKS_AT = 5
"""Wrong PINs in a row that lock for 30 minutes; each further one doubles it."""

RESET_AT = 10
"""Wrong PINs in a row after which only a reset helps."""

ONCE_DIGITS = 6
ONCE_USE = timedelta(hours=24)
"""A code in place of a forgotten PIN: its digits, and how long it opens."""

_hasher = PasswordHasher(time_cost=1, memory_cost=2048, parallelism=1)
_room = BoundedSemaphore(4)


@dataclass(frozen=True, eq=False)
class Peppers:
    """The secret keys of the HMAC by version; new hashes take the `current` one."""

    keys: Mapping[int, bytes]
    current: int = 1

    def __repr__(self) -> str:
        """Only the version: a pepper is shown nowhere."""
        return f"Peppers(current={self.current})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a PIN check found: right or not; if not, tries left before the lock, or until when it is locked.

    `locked` with `until` None means that only a reset by two leaders helps. `once`: what was right is the code of a
    reset; she is let in to choose a PIN, and to nothing else.
    """

    right: bool
    left: int = 0
    locked: bool = False
    until: datetime | None = None
    once: bool = False


def _peppered(peppers: Peppers, version: int, pin: str) -> str:
    return hmac.new(peppers.keys[version], pin.encode(), "sha256").hexdigest()


def hashed(peppers: Peppers, pin: str) -> str:
    """What to store for a PIN: the pepper's version and an argon2id hash with its own salt."""
    with _room:
        return f"{peppers.current}:{_hasher.hash(_peppered(peppers, peppers.current, pin))}"


def fingerprint(peppers: Peppers, member: int, pin: str) -> str:
    """A keyed mark of a new PIN, to compare it with its repetition without keeping it."""
    return hmac.new(peppers.keys[peppers.current], f"new:{member}:{pin}".encode(), "sha256").hexdigest()


def matches(peppers: Peppers, stored: str, pin: str) -> bool:
    """Whether a PIN is the one that was stored."""
    version, _, kept = stored.partition(":")
    with _room:
        try:
            return _hasher.verify(kept, _peppered(peppers, int(version), pin))
        except VerifyMismatchError:
            return False


def _lock_for(failures: int) -> timedelta:
    return timedelta(minutes=30 * 2 ** (failures - LOCKS_AT))


_TRY = (
    member_table.update()
    .where(
        member_table.c.id == bindparam("b_id"),
        HERE,
        member_table.c.pin_failures < RESET_AT,
        (member_table.c.pin_locked_until.is_(None)) | (member_table.c.pin_locked_until <= bindparam("now")),
    )
    .values(pin_failures=member_table.c.pin_failures + 1)
    .returning(member_table.c.pin_failures, member_table.c.pin_hash, member_table.c.pin_once_until)
)
_SETTLE = (
    member_table.update()
    .where(member_table.c.id == bindparam("b_id"))
    .values(pin_failures=bindparam("failures"), pin_locked_until=bindparam("until"))
)
_LOCK = select(member_table.c.pin_failures, member_table.c.pin_locked_until).where(
    member_table.c.id == bindparam("b_id")
)


def verify(db: Connection, peppers: Peppers, member: int, pin: str, now: datetime) -> Verdict:
    """Check a PIN and keep the count; a locked member's PIN is not looked at, nor that of who has left.

    The failure is counted by one UPDATE (which locks the row) before the check and taken back after a right one,
    all in the caller's transaction, so that parallel calls cannot try more often than one after another.
    """
    tried = db.execute(_TRY, {"b_id": member, "now": now}).one_or_none()
    if tried is None:
        return _locked(db, member)
    once = tried.pin_once_until
    if matches(peppers, tried.pin_hash, pin) and (once is None or now < once):
        db.execute(_SETTLE, {"b_id": member, "failures": 0, "until": None})
        return Verdict(right=True, once=once is not None)
    if tried.pin_failures < LOCKS_AT:
        return Verdict(right=False, left=LOCKS_AT - tried.pin_failures)
    until = now + _lock_for(tried.pin_failures)
    db.execute(_SETTLE, {"b_id": member, "failures": tried.pin_failures, "until": until})
    return _locked(db, member)


def _locked(db: Connection, member: int) -> Verdict:
    row = db.execute(_LOCK, {"b_id": member}).one()
    until = None if row.pin_failures >= RESET_AT else row.pin_locked_until
    return Verdict(right=False, locked=True, until=until)


def pretend(peppers: Peppers, pin: str) -> None:
    """Check a PIN against nobody's, where none is to be checked: it costs the same time."""
    matches(peppers, _nobody(peppers), pin)


@cache
def _nobody(peppers: Peppers) -> str:
    return hashed(peppers, "")


def weakness(pin: str, numbers: Sequence[str]) -> str | None:
    """Why a new PIN is too easy to guess: "repeat", "run", "year" or "phone"; None when it is not."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps == {0}:
        return "repeat"
    if steps in ({1}, {9}):
        return "run"
    if any(1940 <= int(part) <= 2029 for part in (pin[:4], pin[-4:])):
        return "year"
    return "phone" if any(number.endswith(pin) for number in numbers) else None


def draw(length: int, numbers: Sequence[str]) -> str:
    """A PIN drawn by the system's source of chance that is not too easy."""
    pin = "".join(secrets.choice("0123456789") for _ in range(length))
    return draw(length, numbers) if weakness(pin, numbers) else pin


_STORE = (
    member_table.update()
    .where(member_table.c.id == bindparam("b_id"))
    .values(pin_hash=bindparam("stored"), pin_failures=0, pin_locked_until=None, pin_once_until=bindparam("once_until"))
)


def change(db: Connection, peppers: Peppers, member: int, pin: str) -> None:
    """Store a new PIN, which its owner typed twice; the count starts anew."""
    db.execute(_STORE, {"b_id": member, "stored": hashed(peppers, pin), "once_until": None})
    facts.record(db, facts.PinChanged(member))


def reset(db: Connection, peppers: Peppers, member: int, now: datetime) -> None:
    """Put a code in place of a PIN that was forgotten: it opens for a day, until she has chosen a PIN of her own.

    The code itself leaves as a fact only, for the SMS to her number; what is stored is its hash.
    """
    code = draw(ONCE_DIGITS, ())
    db.execute(_STORE, {"b_id": member, "stored": hashed(peppers, code), "once_until": now + ONCE_USE})
    facts.record(db, facts.PinResetCode(member, f"reset {now.isoformat()}", code))
