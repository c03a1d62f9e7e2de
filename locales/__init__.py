"""The words: every text a person reads, in her language and digits; the English texts are the message ids.

A leaf: it knows no books, no menu and no wire. Mark a text where it is written, say it where it is read:

    ASK = phrase("How many? Price {price}")
    TRIES = phrases("One try left.", "{n} tries left.")
    words("bn").say(ASK, price=Money(4800, "BDT"))

Each value is rendered by its type: an int, a date, an amount of money; a str (code, phone, name) as it is.
Extract with `pybabel extract -k phrase -k phrases:1,2`.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time
from functools import cache
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from string import Formatter
from typing import Any
from typing import Literal
from typing import Protocol

from babel import Locale
from babel.numbers import parse_pattern
from babel.support import Translations

from locales.hours import spoken
from locales.numerals import to_bangla
from locales.script import canonical

CATALOGUES = Path(__file__).parent
SOURCE = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """How a language is written: catalogue folder, Babel locale and months, digits, sums; SMS language."""

    catalogue: str
    locale: str
    months: Literal["wide", "abbreviated"]
    digits: str
    money: Mapping[str, str]
    sms: str


# Babel reads "bn_Latn" as bn and gettext falls back to bn's catalogue, so nothing is derived from the name.
# SMS in romanised Bangla are barred in Bangladesh: bn_Latn is for USSD only.
LANGUAGES: Mapping[str, Language] = {
    "bn": Language("bn", "bn", "wide", "bn", {"BDT": "{} টাকা", "INR": "{} টাকা"}, "bn"),
    "bn_Latn": Language("bn_Latn", "en", "abbreviated", "latin", {"BDT": "{} taka", "INR": "{} taka"}, "bn"),
    "en": Language("en", "en", "abbreviated", "latin", {"BDT": "Tk {}", "INR": "Rs {}"}, "en"),
}

DIGITS: Mapping[str, Callable[[str], str]] = {"bn": to_bangla, "latin": str}

# As Bangla Academy and the newspapers spell them; Unicode's list has the older spelling.
SPELT = {"জানুয়ারী": "জানুয়ারি", "ফেব্রুয়ারী": "ফেব্রুয়ারি"}

# 9,99,999: the grouping of Bangladesh and India in all three languages.
_LAKH = parse_pattern("#,##,##0")
_ENGLISH = Locale("en")


class Amount(Protocol):
    """A sum of money: whole minor units (100 to a taka or a rupee) and the currency's ISO 4217 code."""

    @property
    def minor(self) -> int:
        """The sum in poisha or paisa."""

    @property
    def currency(self) -> str:
        """BDT or INR."""


@dataclass(frozen=True, slots=True)
class Plural:
    """A phrase with two English forms; the value `n` it is said with chooses the form of each language."""

    one: str
    many: str


Phrase = str | Plural


def phrase(text: str) -> str:
    """The text itself, marked for extraction."""
    return text


def phrases(one: str, many: str) -> Plural:
    """Both forms of a counted text, marked for extraction; say it with the count as `n`."""
    return Plural(one, many)


def sms_language(language: str) -> str:
    """The language in which a speaker of `language` is sent SMS: bn_Latn gets bn, the others their own."""
    return LANGUAGES[language].sms


class Words:
    """One language with one kind of digits; immutable, so that all threads share it."""

    def __init__(self, language: str, catalogue: NullTranslations, digits: str | None = None) -> None:
        written = LANGUAGES[language]
        self.language = language
        self._catalogue = catalogue
        self._digits = DIGITS[digits or written.digits]
        self._money = written.money
        months = Locale.parse(written.locale).months["format"][written.months]
        # Babel's data is NFC: its জানুয়ারী has the য় in two units.
        self._months = {month: SPELT.get(spelt := canonical(name), spelt) for month, name in months.items()}

    def say(self, phrase: Phrase, /, **values: object) -> str:
        """`phrase` translated, values in place; KeyError if one is missing, TypeError if one has no words."""
        said = []
        for literal, name, form in _template(self._translated(phrase, values)):
            said.append(literal)
            if name is not None:
                value = values[name]
                said.append(FORMS[_kind(value), form](self, value))
        return "".join(said)

    def number(self, count: int) -> str:
        """A whole number with lakh grouping: 12,34,567."""
        return self._digits(_grouped(count))

    def money(self, value: Amount) -> str:
        """A sum with its currency: Tk 6,118.79, ১৪৪ টাকা, 144 taka; the minus sign stands before everything."""
        shown = self._money[value.currency].format(_figure(abs(value.minor)))
        return self._digits(f"-{shown}" if value.minor < 0 else shown)

    def amount(self, value: Amount) -> str:
        """A sum without its currency: 144 when it is whole, else both decimals, 6,118.79."""
        return self._digits(_figure(value.minor))

    def day(self, day: date) -> str:
        """Day and month: 12 Nov, ১২ নভেম্বর."""
        return self._digits(f"{day.day} {self._months[day.month]}")

    def day_and_year(self, day: date) -> str:
        """Day, month and year: 12 Nov 2026, ১২ নভেম্বর ২০২৬."""
        return self._digits(f"{day.day} {self._months[day.month]} {day.year}")

    def month(self, day: date) -> str:
        """The month alone: Nov, নভেম্বর."""
        return self._months[day.month]

    def hour(self, at: time) -> str:
        """An hour of the day: 10 am, সকাল ১০টা."""
        return self._digits(spoken(at, self.language))

    def _translated(self, phrase: Phrase, values: Mapping[str, Any]) -> str:
        if isinstance(phrase, Plural):
            return self._catalogue.ngettext(phrase.one, phrase.many, values["n"])
        # The id "" is the catalogue's own header.
        return self._catalogue.gettext(phrase) if phrase else ""


# What a placeholder may ask of each kind of value: `{price}`, `{price:bare}`, `{due:year}`, `{first:month}`.
FORMS: Mapping[tuple[str, str], Callable[[Words, Any], str]] = {
    ("text", ""): lambda words, text: str(text),
    ("number", ""): Words.number,
    ("money", ""): Words.money,
    ("money", "bare"): Words.amount,
    ("day", ""): Words.day,
    ("day", "year"): Words.day_and_year,
    ("day", "month"): Words.month,
    ("hour", ""): Words.hour,
}


@cache
def words(language: str, digits: str | None = None, domain: str = "messages") -> Words:
    """The words of a language of LANGUAGES, in its usual digits unless "bn" or "latin" ones are asked for."""
    return Words(language, _catalogue(LANGUAGES[language].catalogue, domain), digits)


def _catalogue(folder: str, domain: str) -> NullTranslations:
    path = CATALOGUES / folder / "LC_MESSAGES" / f"{domain}.mo"
    if path.exists():
        with path.open("rb") as compiled:
            return Translations(compiled, domain)
    if folder == SOURCE:
        return NullTranslations()
    raise FileNotFoundError(f"{path} is missing: run ./dev setup, which compiles the catalogues")


@lru_cache(maxsize=4096)
def _template(text: str) -> tuple[tuple[str, str | None, str], ...]:
    # A translator's keyboard may have typed ড় in two units.
    parsed = Formatter().parse(canonical(text))
    return tuple((literal, name, form or "") for literal, name, form, _ in parsed)


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, int) and not isinstance(value, bool):
        return "number"
    # A moment has no day until somebody has chosen the timezone.
    if isinstance(value, date) and not isinstance(value, datetime):
        return "day"
    if isinstance(value, time):
        return "hour"
    if hasattr(value, "minor") and hasattr(value, "currency"):
        return "money"
    raise TypeError(f"no words for a {type(value).__name__}")


@lru_cache(maxsize=4096)
def _grouped(count: int) -> str:
    return str(_LAKH.apply(count, _ENGLISH))


def _figure(minor: int) -> str:
    whole, rest = divmod(abs(minor), 100)
    figure = f"{_grouped(whole)}.{rest:02}" if rest else _grouped(whole)
    return f"-{figure}" if minor < 0 else figure
