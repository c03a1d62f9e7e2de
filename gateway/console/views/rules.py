"""What a group agreed on, as a form: how each rule is asked for, shown, and read again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gateway.console.forms import text
from gateway.console.shape import Mistaken
from gateway.console.views.typed import choice
from gateway.console.views.typed import count
from gateway.console.views.typed import minor
from gateway.loan_schedule import UNITS
from ledger.groups import KNOWN
from ledger.groups import REMINDERS
from ledger.groups import Rules
from ledger.money import Money
from ledger.schedules import METHODS
from ledger.schedules import PASSBOOK
from locales import Phrase
from locales import Words
from locales import phrase
from locales import phrases
from locales.numerals import to_bangla
from locales.numerals import to_latin

DAYS: Mapping[int | None, Phrase] = {
    None: phrase("no fixed day"),
    0: phrase("Monday"),
    1: phrase("Tuesday"),
    2: phrase("Wednesday"),
    3: phrase("Thursday"),
    4: phrase("Friday"),
    5: phrase("Saturday"),
    6: phrase("Sunday"),
}
LABELS: Mapping[str, Phrase] = {
    "weekday": phrase("Day of the meetings"),
    "at": phrase("Hour of the meetings"),
    "weeks": phrase("Weeks from one meeting to the next"),
    "saving": phrase("Savings due of each member at each meeting"),
    "social": phrase("For the social fund, of each at each meeting"),
    "absent_fine": phrase("Fine for who does not come"),
    "late_fine": phrase("Fine for an instalment that its meeting did not bring"),
    "first": phrase("A sum that is not what was due clears first"),
    "rest": phrase("What is left of it becomes"),
    "loan_rate": phrase("Interest on loans, per cent a month"),
    "loan_method": phrase("How loans are paid back"),
    "loan_unit": phrase("Instalments are rounded to"),
    "most_instalments": phrase("Most instalments of a loan"),
    "most_loan": phrase("Largest loan (0: no bound)"),
    "income_share": phrase("Per cent of her income that instalments may take"),
    "approval_days": phrase("Days that a request waits for approval"),
    "payout_days": phrase("Days that an approved sum waits to be fetched"),
    "reminders": phrase("SMS that remind"),
}
FIRST: Mapping[str, Phrase] = {"saving": phrase("savings"), "loan": phrase("the loan")}
REST: Mapping[str, Phrase] = {"voluntary": phrase("voluntary savings"), "loan": phrase("paid on the loan")}
WAYS: Mapping[str, Phrase] = {
    "declining-equal-instalment": phrase("equal instalments, interest on what is left"),
    "declining-equal-principal": phrase("equal parts of the loan, interest on what is left"),
    "declining-fixed-principal": phrase("fixed parts of the loan, interest on what is left"),
    "flat": phrase("equal instalments, interest on the whole loan"),
    PASSBOOK: phrase("as she can, interest by the passbook"),
}
UNIT_NAMES: Mapping[str, Phrase] = {
    "0.01": phrase("one poisha"),
    "1": phrase("whole taka"),
    "100": phrase("hundreds of taka"),
}
REMIND: Mapping[str, Phrase] = {
    "loan": phrases("{n} day before an instalment", "{n} days before an instalment"),
    "meeting": phrases("{n} day before a meeting", "{n} days before a meeting"),
    "overdue": phrases(
        "{n} day after the meeting, of what is overdue", "{n} days after the meeting, of what is overdue"
    ),
    "approvals": phrase("leaders, of requests that wait"),
    "undelivered": phrase("leaders, of SMS that did not arrive"),
}
SAME_DAY: Mapping[str, Phrase] = {
    "loan": phrase("on the day of an instalment"),
    "meeting": phrase("on the day of a meeting"),
}
NO_BOUND = phrase("no bound")
BAD_RATE = phrase("Type per cent a month as 2 or 2.5.")
BAD_HOUR = phrase("Type an hour as 10:00.")

SUMS = ("saving", "social", "absent_fine", "late_fine", "most_loan")
COUNTS = {
    "weeks": (1, 52),
    "most_instalments": (1, 1000),
    "income_share": (1, 100),
    "approval_days": (1, 365),
    "payout_days": (1, 365),
}
CHOICES: Mapping[str, Mapping[str, Phrase]] = {
    "first": FIRST,
    "rest": REST,
    "loan_method": {name: WAYS[name] for name in (*METHODS, PASSBOOK)},
    "loan_unit": {name: UNIT_NAMES[name] for name in UNITS},
    "weekday": {"none" if day is None else str(day): said for day, said in DAYS.items()},
}
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)\s*%?")
_HOUR = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


def form_values() -> dict[str, Any]:
    """What the form is made of: which rules are sums, counts and choices, and each reminder with its words."""
    return {"sums": SUMS, "counts": COUNTS, "choices": CHOICES, "reminders": _reminders(KNOWN)}


def _reminders(known: Any) -> list[tuple[str, Phrase, int]]:
    """Reminders in the order of the table, each with its words and its days."""
    every = [
        (f"{name}-{day}", REMIND[name] if day else SAME_DAY[name], day)
        for name, days in REMINDERS.items()
        for day in days
    ]
    every += [(name, REMIND[name], 0) for name, days in REMINDERS.items() if not days]
    return [each for each in every if each[0] in known]


def as_typed(rules: Rules) -> dict[str, str]:
    """Rules as somebody would have typed them into the form."""
    said = {name: _decimal(Fraction(getattr(rules, name), 100)) for name in SUMS}
    said |= {name: str(getattr(rules, name)) for name in (*COUNTS, "first", "rest", "loan_method", "at")}
    said |= {"loan_rate": _decimal(Fraction(rules.loan_rate) * 100)}
    said |= {"loan_unit": next((name for name, unit in UNITS.items() if unit == rules.loan_unit), "1")}
    said |= {"weekday": "none" if rules.weekday is None else str(rules.weekday)}
    return said | {f"remind-{name}": "yes" for name in rules.reminders}


def _decimal(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / value.denominator:.4f}".rstrip("0").rstrip(".")


def chosen(typed: Mapping[str, str], known: Rules) -> Rules:
    """The rules that a form says; Mistaken by the field that does not do."""
    said: dict[str, Any] = {name: minor(typed, name) for name in SUMS}
    said |= {name: count(typed, name, *bounds) for name, bounds in COUNTS.items()}
    said |= {name: choice(typed, name, CHOICES[name]) for name in ("first", "rest", "loan_method")}
    said["loan_unit"] = UNITS[choice(typed, "loan_unit", UNITS)]
    weekday = choice(typed, "weekday", CHOICES["weekday"])
    said["weekday"] = None if weekday == "none" else int(weekday)
    rate = _PERCENT.fullmatch(to_latin(text(typed, "loan_rate", 10)))
    if not rate:
        raise Mistaken(BAD_RATE, "loan_rate")
    hour = to_latin(text(typed, "at", 5))
    if not _HOUR.fullmatch(hour):
        raise Mistaken(BAD_HOUR, "at")
    reminders = tuple(name for name, _, _ in _reminders(KNOWN) if typed.get(f"remind-{name}") == "yes")
    return replace(known, **said, loan_rate=str(Fraction(rate[1]) / 100), at=hour, reminders=reminders)


def told(words: Words, rules: Rules, currency: str) -> list[tuple[Phrase, list[str]]]:
    """Each rule with its words, in the order of the form, as people read it."""
    typed = as_typed(rules)
    return [(said, _told(words, name, rules, typed, currency)) for name, said in LABELS.items()]


def _told(words: Words, name: str, rules: Rules, typed: Mapping[str, str], currency: str) -> list[str]:
    if name == "most_loan" and not rules.most_loan:
        return [words.say(NO_BOUND)]
    if name in SUMS:
        return [words.money(Money(getattr(rules, name), currency))]
    if name in CHOICES:
        return [words.say(CHOICES[name][typed[name]])]
    if name == "reminders":
        return [words.say(said, n=day) for _, said, day in _reminders(rules.reminders)]
    if name in COUNTS:
        return [words.number(getattr(rules, name))]
    if name == "at":
        return [words.hour(time.fromisoformat(rules.at))]
    rate = f"{typed[name]} %"
    return [to_bangla(rate) if words.language == "bn" else rate]
