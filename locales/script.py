"""Bangla text as a reader sees it: one canonical spelling, cut only between grapheme clusters (UAX #29)."""

from itertools import accumulate
from unicodedata import normalize

import regex

# Before Unicode 4.1 khanda ta was typed as ta, hasanta, joiner; some keyboards still do.
_KHANDA_TA = ("\u09a4\u09cd\u200d", "\u09ce")
# NFC splits ড় ঢ় য় (Unicode's composition exclusions), which costs a unit each on a page of 80.
_RECOMPOSED = (
    ("\u09a1\u09bc", "\u09dc"),
    ("\u09a2\u09bc", "\u09dd"),
    ("\u09af\u09bc", "\u09df"),
)

# Soft hyphen, zero-width space, word joiner, byte order mark, direction marks: pasted along, seen by nobody.
_INVISIBLE = str.maketrans(
    "", "", "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)

# A joiner (ZWNJ, ZWJ) chooses between two forms of a conjunct: only between letters does it mean anything.
_LOOSE_JOINERS = regex.compile(r"(?<![\p{L}\p{M}])[\u200c\u200d]+|[\u200c\u200d]+(?![\p{L}\p{M}\u200c\u200d])")

_CLUSTER = regex.compile(r"\X")
_BANGLA = regex.compile(r"\p{Bengali}")


def canonical(text: str) -> str:
    """The one spelling to store, compare and send: NFC but ড় ঢ় য় whole, joiners only between letters."""
    if text.isascii():
        return text
    text = text.translate(_INVISIBLE).replace(*_KHANDA_TA)
    text = normalize("NFC", _LOOSE_JOINERS.sub("", text))
    for split, whole in _RECOMPOSED:
        text = text.replace(split, whole)
    return text


def clusters(text: str) -> list[str]:
    """What a reader calls characters: the extended grapheme clusters of `text`; a Bangla conjunct is one."""
    return _CLUSTER.findall(text)


def units(text: str) -> int:
    """The length of `text` in UTF-16 units: one each, two for a character beyond U+FFFF."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, room: int) -> str:
    """`text` if it fits `room` UTF-16 units, else its first clusters and `…` in Bangla, `..` elsewhere."""
    if units(text) <= room:
        return text
    # `…` is not GSM-7: in a Latin name it would turn the whole page to UCS-2 and halve its room.
    mark = "…" if _BANGLA.search(text) else ".."
    return (_beginning(text, room - len(mark)).rstrip() + mark)[: max(room, 0)]


def _beginning(text: str, room: int) -> str:
    fitting = [start for start in accumulate(clusters(text)) if units(start) <= room]
    return fitting[-1] if fitting else ""
