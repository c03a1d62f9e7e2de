"""What a text costs: septets or UTF-16 units (3GPP TS 23.038), octets of USSD, parts of SMS (TS 23.040)."""

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from locales.script import clusters
from locales.script import units as units

# A USSD string is 160 octets (TS 24.080): 182 septets, or 80 units when one character is outside GSM-7.
USSD_OCTETS = 160
USSD_SEPTETS = 182
USSD_UNITS = 80

# An SMS is 140 octets (TS 23.040 §9.2.3.24); each part of a longer one gives 6 of them to its header.
SMS_SEPTETS = 160
SMS_PART_SEPTETS = 153
SMS_UNITS = 70
SMS_PART_UNITS = 67

# TS 23.038 §6.2.1 in the order of its codes, 16 a line; the escape (1B) is no character and is left out.
GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
# §6.2.1.1, the extension table: each is sent as an escape and a code, so it costs two septets.
GSM_ESCAPED = "\f^{}\\[~]|€"

_GSM = re.compile(f"[{re.escape(GSM_BASIC + GSM_ESCAPED)}]*")
_ESCAPED = re.compile(f"[{re.escape(GSM_ESCAPED)}]")


class Encoding(StrEnum):
    """How a text travels: packed septets, or 16-bit units as soon as one character is outside GSM-7."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Segmented:
    """The size of one SMS: encoding, length in septets (GSM7) or UTF-16 units (UCS2), number of parts."""

    encoding: Encoding
    units: int
    parts: int


def is_gsm(text: str) -> bool:
    """Whether all of `text` is in the GSM 7-bit default alphabet or its extension; ` ৳ … are not."""
    return _GSM.fullmatch(text) is not None


def septets(text: str) -> int:
    """The septets of a GSM-7 text, ^ { } \\ [ ~ ] | € and form feed costing two; ValueError if not GSM-7."""
    if not is_gsm(text):
        raise ValueError("not a GSM-7 text: count its units")
    return _septets(text)


def octets(text: str) -> int:
    """The octets of a USSD page: 7/8 of its septets, rounded up, if it is all GSM-7, else two a unit."""
    return -(-_septets(text) * 7 // 8) if is_gsm(text) else 2 * units(text)


def measure(text: str) -> Segmented:
    """The encoding, length and number of parts of `text` as an SMS."""
    if is_gsm(text):
        return Segmented(Encoding.GSM7, _septets(text), len(parts(text)))
    return Segmented(Encoding.UCS2, units(text), len(parts(text)))


def parts(text: str) -> list[str]:
    """`text` cut into SMS parts that join to it: one of 160 septets or 70 units, or several of 153 or 67.

    No escape or surrogate pair straddles a border; nor does a grapheme cluster, unless longer than a part.
    """
    if is_gsm(text):
        return _split(text, _septets, SMS_SEPTETS, SMS_PART_SEPTETS)
    return _split(text, units, SMS_UNITS, SMS_PART_UNITS)


def _septets(text: str) -> int:
    return len(text) + len(_ESCAPED.findall(text))


def _split(text: str, size: Callable[[str], int], alone: int, each: int) -> list[str]:
    if size(text) <= alone:
        return [text]
    return list(_fill(_pieces(text, size, each), size, each))


def _pieces(text: str, size: Callable[[str], int], room: int) -> Iterator[str]:
    for cluster in clusters(text):
        if size(cluster) <= room:
            yield cluster
        else:
            yield from cluster


def _fill(pieces: Iterable[str], size: Callable[[str], int], room: int) -> Iterator[str]:
    part, used = "", 0
    for piece in pieces:
        needed = size(piece)
        if used + needed > room:
            yield part
            part, used = "", 0
        part, used = part + piece, used + needed
    yield part
