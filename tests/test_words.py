"""What is said in each language: translation, plurals, numbers, money and days."""

from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.numbers import format_decimal
from babel.support import Translations
from hypothesis import given
from hypothesis import strategies as st

import locales
from locales import LANGUAGES
from locales import Phrase
from locales import Words
from locales import phrase
from locales import phrases
from locales import sms_language
from locales import words
from locales.numerals import to_latin
from locales.script import canonical


@dataclass(frozen=True)
class Sum:
    """Stands for ledger.money.Money, which this leaf does not know."""

    minor: int
    currency: str = "BDT"


BALANCE = phrase("Your savings {total}")
LEFT = phrases("{n} try left", "{n} tries left")
BANGLA: dict[str | tuple[str, str], str | tuple[str, str]] = {
    BALANCE: "আপনার মোট সঞ্চয় {total}",
    (LEFT.one, LEFT.many): ("আর {n} বার", "আর {n} বার পারবেন"),
    # As a translator's keyboard may type it: the letter in two units.
    "Paid": "\u09a6\u09c7\u0993\u09af\u09bc\u09be",
}


def compiled() -> BytesIO:
    """A Bangla catalogue in the .mo format, with the header that every .mo has."""
    catalogue = Catalog(locale="bn")
    for source, said in BANGLA.items():
        catalogue.add(source, said)
    file = BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return file


def spoken(language: str, digits: str | None = None) -> Words:
    """The words of a language, translated in Bangla only."""
    return Words(language, Translations(compiled()) if language == "bn" else NullTranslations(), digits)


SAID: list[tuple[str, Phrase, dict[str, object], str]] = [
    ("en", BALANCE, {"total": Sum(845_000)}, "Your savings Tk 8,450"),
    ("bn", BALANCE, {"total": Sum(845_000)}, "আপনার মোট সঞ্চয় ৮,৪৫০ টাকা"),
    ("bn_Latn", BALANCE, {"total": Sum(845_000)}, "Your savings 8,450 taka"),
    ("en", LEFT, {"n": 1}, "1 try left"),
    ("en", LEFT, {"n": 2}, "2 tries left"),
    ("bn", LEFT, {"n": 1}, "আর ১ বার"),
    ("bn", LEFT, {"n": 2}, "আর ২ বার পারবেন"),
    ("bn", "Paid", {}, "\u09a6\u09c7\u0993\u09df\u09be"),
    ("bn", "Not translated {n}", {"n": 4}, "Not translated ৪"),
    ("bn", "", {}, ""),
    (
        "bn",
        "1 {name} {code} {phone}",
        {"name": "রহিমা", "code": "A7K2M9", "phone": "01711000000"},
        "1 রহিমা A7K2M9 01711000000",
    ),
    ("bn", "{price:bare}র মধ্যে {price}", {"price": Sum(385_600)}, "৩,৮৫৬র মধ্যে ৩,৮৫৬ টাকা"),
    ("en", "Next: {due}, {due:year}", {"due": date(2026, 11, 20)}, "Next: 20 Nov, 20 Nov 2026"),
    ("bn", "{due} {due:year}", {"due": date(2026, 11, 20)}, "২০ নভেম্বর ২০ নভেম্বর ২০২৬"),
    ("en", "{{1}} {phrase}", {"phrase": "kept"}, "{1} kept"),
]

WRONG: list[tuple[Phrase, dict[str, object], type[Exception]]] = [
    ("{price}", {}, KeyError),
    ("{}", {"price": 1}, KeyError),
    ("{price.minor}", {"price": Sum(1)}, KeyError),
    ("{price:long}", {"price": Sum(1)}, KeyError),
    ("{name:bare}", {"name": "A"}, KeyError),
    ("{price}", {"price": Sum(1, "USD")}, KeyError),
    (LEFT, {}, KeyError),
    ("{price}", {"price": None}, TypeError),
    ("{price}", {"price": 1.5}, TypeError),
    ("{price}", {"price": True}, TypeError),
    ("{price}", {"price": datetime(2026, 11, 20, tzinfo=UTC)}, TypeError),
]

MONEY = [
    (Sum(0), "Tk 0", "০ টাকা", "0 taka"),
    (Sum(5), "Tk 0.05", "০.০৫ টাকা", "0.05 taka"),
    (Sum(611_879), "Tk 6,118.79", "৬,১১৮.৭৯ টাকা", "6,118.79 taka"),
    (Sum(611_870), "Tk 6,118.70", "৬,১১৮.৭০ টাকা", "6,118.70 taka"),
    (Sum(14_400, "INR"), "Rs 144", "১৪৪ টাকা", "144 taka"),
    (Sum(99_999_999), "Tk 9,99,999.99", "৯,৯৯,৯৯৯.৯৯ টাকা", "9,99,999.99 taka"),
    (Sum(-500), "-Tk 5", "-৫ টাকা", "-5 taka"),
    (Sum(-5, "INR"), "-Rs 0.05", "-০.০৫ টাকা", "-0.05 taka"),
]

NUMBERS = [
    (0, "0", "০"),
    (999, "999", "৯৯৯"),
    (1240, "1,240", "১,২৪০"),
    (1234567, "12,34,567", "১২,৩৪,৫৬৭"),
    (-100000, "-1,00,000", "-১,০০,০০০"),
]


@pytest.mark.parametrize(("language", "source", "values", "said"), SAID)
def test_said(language: str, source: Phrase, values: dict[str, object], said: str) -> None:
    assert spoken(language).say(source, **values) == canonical(said)


@pytest.mark.parametrize(("source", "values", "error"), WRONG)
def test_a_value_that_cannot_be_said_is_a_bug(
    source: Phrase, values: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        spoken("en").say(source, **values)


@pytest.mark.parametrize(("value", "en", "bn", "bn_latn"), MONEY)
def test_money(value: Sum, en: str, bn: str, bn_latn: str) -> None:
    assert [spoken(language).money(value) for language in ("en", "bn", "bn_Latn")] == [en, bn, bn_latn]


@pytest.mark.parametrize(("value", "en", "bn"), NUMBERS)
def test_numbers(value: int, en: str, bn: str) -> None:
    assert [spoken(language).number(value) for language in ("en", "bn", "bn_Latn")] == [en, bn, en]


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_an_amount_is_grouped_as_babel_groups_it_for_india_and_bangladesh(minor: int) -> None:
    expected = format_decimal(f"{minor}e-2", "#,##,##0.00", "en_IN").removesuffix(".00")
    assert spoken("en").amount(Sum(minor)) == expected
    assert to_latin(spoken("bn").amount(Sum(minor))) == expected


def test_numbers_are_written_with_the_symbols_of_both_locales() -> None:
    symbols = [Locale.parse(name).number_symbols["latn"] for name in ("bn", "en_IN")]
    assert [(signs["group"], signs["decimal"], signs["minusSign"]) for signs in symbols] == [(",", ".", "-")] * 2


@pytest.mark.parametrize(
    ("language", "digits", "said"),
    [
        ("bn", "latin", "3 144 টাকা 2 জানুয়ারি"),
        ("bn", "bn", "৩ ১৪৪ টাকা ২ জানুয়ারি"),
        ("bn_Latn", None, "3 144 taka 2 Jan"),
        ("bn_Latn", "bn", "৩ ১৪৪ taka ২ Jan"),
        ("en", None, "3 Tk 144 2 Jan"),
    ],
)
def test_digits_are_the_members_choice(language: str, digits: str | None, said: str) -> None:
    values = {"n": 3, "price": Sum(14_400), "day": date(2026, 1, 2)}
    assert spoken(language, digits).say("{n} {price} {day}", **values) == canonical(said)


@pytest.mark.parametrize("month", range(1, 13))
def test_the_name_of_a_month_is_short_or_canonical(month: int) -> None:
    day = date(2026, month, 9)
    assert canonical(spoken("bn").day(day)) == spoken("bn").day(day)
    assert spoken("bn_Latn").day(day) == spoken("en").day(day) == f"9 {day:%b}"


@pytest.mark.parametrize(("language", "sent"), [("bn", "bn"), ("bn_Latn", "bn"), ("en", "en")])
def test_romanised_bangla_is_never_sent_as_sms(language: str, sent: str) -> None:
    assert sms_language(language) == sent
    assert set(LANGUAGES) == {"bn", "bn_Latn", "en"}


def test_a_marked_text_is_its_own_id() -> None:
    assert phrase("Back") == "Back"
    assert (LEFT.one, LEFT.many) == ("{n} try left", "{n} tries left")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of catalogues in the place of ours."""
    monkeypatch.setattr(locales, "CATALOGUES", tmp_path)
    words.cache_clear()
    return tmp_path


def store(folder: Path, name: str, domain: str) -> None:
    """Puts the Bangla catalogue where a language's would be."""
    home = folder / name / "LC_MESSAGES"
    home.mkdir(parents=True)
    (home / f"{domain}.mo").write_bytes(compiled().read())


def test_each_language_and_domain_has_its_own_catalogue(folder: Path) -> None:
    store(folder, "bn", "sms")
    assert words("bn", domain="sms").say(BALANCE, total="0") == canonical("আপনার মোট সঞ্চয় 0")
    assert words("bn", domain="sms") is words("bn", domain="sms")
    with pytest.raises(FileNotFoundError, match="dev setup"):
        words("bn")


def test_romanised_bangla_never_falls_back_to_the_bangla_catalogue(folder: Path) -> None:
    store(folder, "bn", "messages")
    with pytest.raises(FileNotFoundError, match=r"bn_Latn.LC_MESSAGES.messages\.mo is missing"):
        words("bn_Latn")


def test_english_needs_no_catalogue(folder: Path) -> None:
    assert words("en").say(BALANCE, total=Sum(100)) == "Your savings Tk 1"


def test_an_unknown_language_or_kind_of_digits_is_a_bug() -> None:
    with pytest.raises(KeyError):
        words("hi")
    with pytest.raises(KeyError):
        words("en", "deva")
