"""Bangla digits (U+09E6–U+09EF) and ASCII digits, one for one; Babel itself never prints Bangla digits."""

LATIN = "0123456789"
BANGLA = "০১২৩৪৫৬৭৮৯"

_TO_BANGLA = str.maketrans(LATIN, BANGLA)
_TO_LATIN = str.maketrans(BANGLA, LATIN)


def to_bangla(text: str) -> str:
    """The same text with every ASCII digit as a Bangla digit, and nothing else changed."""
    return text.translate(_TO_BANGLA)


def to_latin(text: str) -> str:
    """The same text with every Bangla digit as an ASCII digit, and nothing else changed."""
    return text.translate(_TO_LATIN)
