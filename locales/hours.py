"""The hour of a day as it is said: সকাল ১০টা, sokal 10ta, 10 am."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import time

_BEGIN = (4, 6, 12, 15, 18, 20)
"""The hours at which a part of the day begins; before the first one it is still night."""

_PARTS: Mapping[str, Sequence[str]] = {
    "bn": ("রাত", "ভোর", "সকাল", "দুপুর", "বিকাল", "সন্ধ্যা", "রাত"),
    "bn_Latn": ("rat", "bhor", "sokal", "dupur", "bikal", "sondhya", "rat"),
}
_O_CLOCK = {"bn": "টা", "bn_Latn": "ta"}


def spoken(at: time, language: str) -> str:
    """An hour of the day in Latin digits, on a clock of twelve, with minutes only where there are some."""
    figure = f"{at.hour % 12 or 12}" + (f":{at.minute:02d}" if at.minute else "")
    if language not in _PARTS:
        return f"{figure} {'am' if at.hour < 12 else 'pm'}"
    part = _PARTS[language][bisect(_BEGIN, at.hour)]
    return f"{part} {figure}{'' if at.minute else _O_CLOCK[language]}"
