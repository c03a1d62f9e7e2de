"""Text fitted to the room: pages of at most so many octets, cut at line, word and cluster borders.

A page is the head (on the first page only), some rows, and the keys, which every page repeats.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

from locales.alphabet import USSD_OCTETS
from locales.alphabet import octets
from locales.script import clusters

ROOM = USSD_OCTETS
"""Octets of a page where the wire claims none for itself."""


@dataclass(frozen=True)
class Sheet:
    """What a screen wants to say: lines said once, rows that may be spread over pages, keys on every page."""

    head: Sequence[str] = ()
    rows: Sequence[str] = ()
    keys: Sequence[str] = ()

    @property
    def whole(self) -> str:
        """Everything on one page."""
        return _join(self.head, self.rows, self.keys)


def pages(sheet: Sheet, more: str, room: int = ROOM) -> list[str]:
    """Cut a sheet into pages of at most `room` octets; `more` is the line that leads to the next one.

    Rows move whole to the next page; a row longer than a page is cut at words, then at grapheme clusters.
    ValueError when the keys alone leave no room for anything.
    """
    if octets(sheet.whole) <= room:
        return [sheet.whole]
    keys = (*sheet.keys, more)
    waiting = [*sheet.head, *sheet.rows]
    made = []
    while waiting:
        if octets(_join(waiting, sheet.keys)) <= room:
            made.append(_join(waiting, sheet.keys))
            break
        taken = _fitting(waiting, keys, room)
        if not taken:
            first, rest = _cut(waiting[0], keys, room)
            taken, waiting = [first], [first, rest, *waiting[1:]]
        made.append(_join(taken, keys))
        waiting = waiting[len(taken) :]
    return made


def _join(*parts: Sequence[str]) -> str:
    return "\n".join(line for part in parts for line in part)


def _fitting(lines: Sequence[str], keys: Sequence[str], room: int) -> list[str]:
    taken: list[str] = []
    for line in lines:
        if octets(_join([*taken, line], keys)) > room:
            break
        taken.append(line)
    return taken


def _cut(line: str, keys: Sequence[str], room: int) -> tuple[str, str]:
    """The longest beginning of a line that fits a page, at a word's end if there is one, and the rest."""
    fits = ""
    for candidate in _beginnings(line):
        if octets(_join([candidate], keys)) > room:
            break
        fits = candidate
    if not fits:
        raise ValueError("the keys leave no room")
    word = fits.rfind(" ") if line[len(fits) : len(fits) + 1] not in ("", " ") else -1
    end = word if word > 0 else len(fits)
    return line[:end], line[end:].removeprefix(" ")


def _beginnings(line: str) -> Iterator[str]:
    length = 0
    for cluster in clusters(line):
        length += len(cluster)
        yield line[:length]
