"""Passwords: what makes one good enough, argon2id over a peppered HMAC, and initial ones drawn by chance.

Rules: twelve characters or more, a sentence is welcome, nothing is asked of its letters; refused is what is common,
a common word with digits or signs around it, her own name, and what hardly changes from letter to letter
(OWASP ASVS 5.0, 6.2).
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError
from argon2.exceptions import VerifyMismatchError

from ledger.pins import Peppers
from locales import Phrase
from locales import phrase

LEAST, MOST = 12, 128
"""Characters."""

DRAWN_FOR = timedelta(days=3)
"""How long a drawn password opens; its owner replaces it at once."""

TOO_SHORT = phrase("A password has 12 characters or more. A sentence of four words is easy to keep.")
TOO_LONG = phrase("A password has 128 characters at most.")
TOO_COMMON = phrase("Many people use this password. Take another one.")
TOO_PLAIN = phrase("This password repeats itself. Take another one.")
HER_NAME = phrase("The password is made of your name. Take another one.")

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
# OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_room = BoundedSemaphore(2)


@cache
def common() -> frozenset[str]:
    """The passwords that everybody knows, in lower case."""
    text = Path(__file__).with_name("common.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def fault(password: str, *names: str) -> Phrase | None:
    """Why a password does not do, or None."""
    if len(password) < LEAST:
        return TOO_SHORT
    if len(password) > MOST:
        return TOO_LONG
    low = password.lower()
    if _is_common(low):
        return TOO_COMMON
    if len(set(low)) < 5 or _steps(low):
        return TOO_PLAIN
    rest = low
    for name in names:
        for word in re.split(r"\W+", name.lower()):
            rest = rest.replace(word, "") if len(word) > 2 else rest
    return HER_NAME if len(rest) < LEAST // 2 and rest != low else None


def _is_common(low: str) -> bool:
    """It is on the list, as it is, without what stands around a word, or as a word said several times."""
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", low)
    once = re.sub(r"^(.{3,})\1+$", r"\1", low)
    return bool(common() & {low, bare, once, bare.translate(_LEET)})


_LEET = str.maketrans("4301$57@", "aeolssta")


def _steps(low: str) -> bool:
    """Each character is the one before, or its neighbour: aaaaabbbbb, 123456789012, abcdefghijkl."""
    apart = [abs(ord(b) - ord(a)) for a, b in pairwise(low)]
    return sum(each in (0, 1, 9) for each in apart) >= len(apart) - 1


def draw() -> str:
    """A password drawn by chance, of about 99 bits, in four parts that can be read out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _peppered(peppers: Peppers, version: int, password: str) -> str:
    return hmac.new(peppers.keys[version], b"password:" + password.encode(), "sha256").hexdigest()


def hashed(peppers: Peppers, password: str) -> str:
    """What to store: the pepper's version and an argon2id hash with its own salt."""
    with _room:
        return f"{peppers.current}:{_hasher.hash(_peppered(peppers, peppers.current, password))}"


@cache
def nobodys(peppers: Peppers) -> str:
    """A hash that no password has, so that asking for an unknown name takes as long as for a known one."""
    return hashed(peppers, secrets.token_hex(32))


def matches(peppers: Peppers, stored: str, password: str) -> bool:
    """Whether a password is the one that was stored; takes about 30 ms and 19 MiB, at most two at once."""
    version, _, kept = stored.partition(":")
    with _room:
        try:
            return _hasher.verify(kept, _peppered(peppers, int(version), password[: MOST + 1]))
        except (VerifyMismatchError, InvalidHashError):
            return False
