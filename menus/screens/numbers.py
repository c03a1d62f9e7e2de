"""Her phone numbers: one more from which she can dial, and one taken away; SMS go to the first."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers import PhoneNumberFormat

from ledger import members
from ledger import membership
from ledger.errors import NotAllowed
from locales import phrase
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values

COUNTRIES = {"BDT": "BD", "INR": "IN"}
"""The country of a programme (ISO 3166), by its currency."""

NO_NUMBER = phrase("That is no mobile number")


def _country(turn: Turn) -> str:
    return COUNTRIES[turn.member.currency]


def _read(turn: Turn, text: str) -> str | Mistake:
    """A mobile number of the programme's country as E.164."""
    try:
        number = phonenumbers.parse(text, _country(turn))
    except NumberParseException:
        return Mistake(NO_NUMBER)
    mobile = phonenumbers.number_type(number) in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )
    if not mobile or not phonenumbers.is_valid_number_for_region(number, _country(turn)):
        return Mistake(NO_NUMBER)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def local(turn: Turn, number: str) -> str:
    """A number as it is dialled in the programme's country; one from abroad as it is."""
    parsed = phonenumbers.parse(number, None)
    if phonenumbers.region_code_for_number(parsed) != _country(turn):
        return number
    return "".join(filter(str.isdigit, phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)))


def _hers(turn: Turn) -> list[str]:
    return members.numbers(turn.db, turn.member.id)


def _listed(turn: Turn) -> list[Row]:
    return [Row("", {"phone": local(turn, number)}) for number in _hers(turn)]


def _keyed(turn: Turn) -> list[Row]:
    return [
        Row(str(key), {"phone": local(turn, number)}, {"number": number}) for key, number in enumerate(_hers(turn), 1)
    ]


def _typed(turn: Turn, number: str) -> Taken:
    """One that she has, or one too many, is refused before she confirms it."""
    hers = _hers(turn)
    if number in hers:
        raise NotAllowed("number-there", number=number)
    if len(hers) >= membership.MOST_NUMBERS:
        raise NotAllowed("numbers-full", most=membership.MOST_NUMBERS)
    return turn.dialogue.go("numbers.add.confirm", number=number)


def _one(turn: Turn) -> Values:
    rest = [number for number in _hers(turn) if number != turn.answers["number"]]
    return {"phone": local(turn, turn.answers["number"]), "contact": local(turn, rest[0]) if rest else None}


def _add(turn: Turn) -> Dialogue:
    membership.add_number(turn.db, turn.member, turn.answers["number"], turn.origin())
    return turn.dialogue.go("numbers.done")


def _take_away(turn: Turn) -> Dialogue:
    membership.remove_number(turn.db, turn.member, turn.answers["number"], turn.origin())
    return turn.dialogue.go("numbers.done")


SCREENS: dict[str, Screen] = {
    "numbers": Choice(
        title=[phrase("Your numbers. SMS go to the first.")],
        row=[phrase("{phone}")],
        rows=_listed,
        empty=phrase("You have no number"),
        options=[
            Option("1", phrase("Another number"), "numbers.add"),
            Option("2", phrase("Take one away"), "numbers.away"),
        ],
    ),
    "numbers.add": Ask(
        prompt=phrase("Type the number, like 01712345678"),
        says=(NO_NUMBER,),
        parse=_read,
        then=_typed,
        exits=("numbers.add.confirm",),
    ),
    "numbers.add.confirm": Confirm(
        title=[phrase("{phone}"), phrase("You can dial from it too, with your PIN")],
        values=_one,
        yes=phrase("It is mine"),
        act=_add,
        exits=("numbers.done",),
    ),
    "numbers.away": Choice(
        title=[phrase("Which one is yours no more?")],
        row=[phrase("{phone}")],
        rows=_keyed,
        then="numbers.away.confirm",
        empty=phrase("You have no number"),
    ),
    "numbers.away.confirm": Confirm(
        title=[phrase("{phone} is yours no more"), phrase("SMS go to {contact}")],
        values=_one,
        absent=((), ("contact",)),
        yes=phrase("Take it away"),
        act=_take_away,
        exits=("numbers.done",),
    ),
    "numbers.done": End(
        title=[phrase("Your numbers now:"), phrase("{phones}")],
        values=lambda turn: {"phones": "\n".join(local(turn, number) for number in _hers(turn)) or None},
        absent=((), ("phones",)),
    ),
}
