"""Bangla as a reader sees it: one spelling, whole clusters, names shortened to a room."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales.script import canonical
from locales.script import clusters
from locales.script import shorten
from locales.script import units

# Escapes where an editor or a reader could not tell the two spellings apart.
SPELLINGS = [
    ("Soap 100 g", "Soap 100 g"),
    ("\u09ac\u09be\u09a1\u09bc\u09bf", "\u09ac\u09be\u09dc\u09bf"),
    ("\u0986\u09b7\u09be\u09a2\u09bc", "\u0986\u09b7\u09be\u09dd"),
    ("\u09b8\u09ae\u09af\u09bc", "\u09b8\u09ae\u09df"),
    ("\u09b8\u09ae\u09df", "\u09b8\u09ae\u09df"),
    ("\u0995\u09c7\u09be", "\u0995\u09cb"),
    ("\u0995\u09c7\u09d7", "\u0995\u09cc"),
    ("\u09af\u09cd\u09bc", "\u09df\u09cd"),
    ("\u09ac\u09bc", "\u09ac\u09bc"),
    ("cafe\u0301", "caf\u00e9"),
]

JOINERS = [
    ("\u09b0\u200d\u09cd\u09af\u09be\u09ac", "\u09b0\u200d\u09cd\u09af\u09be\u09ac"),
    ("\u0995\u09cd\u200c\u09b7", "\u0995\u09cd\u200c\u09b7"),
    ("\u0989\u09a4\u09cd\u200d\u09b8\u09ac", "\u0989\u09ce\u09b8\u09ac"),
    ("\u09b9\u09a0\u09be\u09a4\u09cd\u200d", "\u09b9\u09a0\u09be\u09ce"),
    ("\u0995\u200d", "\u0995"),
    ("\u200c\u0995 \u200d \u0996\u200c\u200d\n", "\u0995  \u0996\n"),
    ("\u0995\u200c\u200d\u200c\u0996", "\u0995\u200c\u0996"),
    ("1\u200d2", "12"),
    ("\ufeff\u200b\u0995\u00ad\u2060\u0996\u200e\u200f\u202a\u202e\u2066\u2069", "\u0995\u0996"),
    ("\u0995\u09c7\u200b\u09be", "\u0995\u09cb"),
]

CLUSTERS = [
    ("", []),
    ("ab", ["a", "b"]),
    ("কিস্তি", ["কি", "স্তি"]),
    ("স্ত্রী", ["স্ত্রী"]),
    ("ক্ষমা", ["ক্ষ", "মা"]),
    ("র\u200d্যাব", ["র\u200d্যা", "ব"]),
    ("ঋণ ২", ["ঋ", "ণ", " ", "২"]),
    ("👩\u200d🌾🇧🇩", ["👩\u200d🌾", "🇧🇩"]),
]

SHORTENED = [
    ("Soap 100 g", 10, "Soap 100 g"),
    ("Soap 100 g", 9, "Soap 10.."),
    ("Soap 100 g", 7, "Soap.."),
    ("সাবান ১০০ গ্রাম", 15, "সাবান ১০০ গ্রাম"),
    ("সাবান ১০০ গ্রাম", 14, "সাবান ১০০…"),
    ("সাবান ১০০ গ্রাম", 6, "সাবান…"),
    ("সাবান ১০০ গ্রাম", 5, "সাবা…"),
    ("স্ত্রী শিক্ষা", 6, "…"),
    ("👍👍👍", 5, "👍.."),
    ("Soap", 3, "S.."),
    ("Soap", 2, ".."),
    ("Soap", 1, "."),
    ("Soap", 0, ""),
    ("Soap", -1, ""),
    ("", 0, ""),
]

bangla = st.text(st.characters(min_codepoint=0x980, max_codepoint=0x9FF, categories=["L", "M", "N"]))
mixed = st.text(
    st.sampled_from("কড়ডঢযয়ত়্ািেোৌৎ১ aé=<1.।👍\u0301\u0338\u0334\u200b\u200c\u200d\u00ad\ufeff") | st.characters()
)
names = st.text("কডত়্ািেৌ ১ab c👍\u200d।", max_size=40)


@pytest.mark.parametrize(("typed", "kept"), SPELLINGS + JOINERS)
def test_one_spelling_is_kept(typed: str, kept: str) -> None:
    assert canonical(typed) == kept


@given(mixed)
def test_canonical_twice_is_canonical_once(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


@given(mixed)
def test_spellings_of_one_text_have_one_canonical_form(text: str) -> None:
    assert canonical(normalize("NFC", text)) == canonical(normalize("NFD", text)) == canonical(text)


@given(bangla)
def test_bangla_never_grows(text: str) -> None:
    assert units(canonical(text)) <= units(text)


@pytest.mark.parametrize(("text", "whole"), CLUSTERS)
def test_clusters_are_what_a_reader_counts(text: str, whole: list[str]) -> None:
    assert clusters(text) == whole


@pytest.mark.parametrize(("text", "count"), [("", 0), ("ab", 2), ("স্ত্রী", 6), ("👍", 2), ("\ud83d", 1)])
def test_units_are_those_of_utf_16(text: str, count: int) -> None:
    assert units(text) == count


@pytest.mark.parametrize(("name", "room", "shown"), SHORTENED)
def test_a_name_is_shortened_to_the_room(name: str, room: int, shown: str) -> None:
    assert shorten(name, room) == shown


@given(names, st.integers(min_value=0, max_value=30))
def test_a_shortened_name_fits_and_is_a_beginning(name: str, room: int) -> None:
    shown = shorten(name, room)
    assert units(shown) <= room
    kept = clusters(shown.rstrip("…."))
    assert shown == name or kept == clusters(name)[: len(kept)]


@given(names)
def test_a_name_that_fits_is_left_alone(name: str) -> None:
    assert shorten(name, units(name)) == name
