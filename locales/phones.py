"""Phone numbers as people of a country write them, made E.164: +8801711000001 of 01711-000001, 1711000001 and so on."""

from __future__ import annotations

from functools import cache

import phonenumbers
from babel.core import get_global

from locales.numerals import to_latin


def e164(text: str, timezone: str) -> str | None:
    """A mobile number in E.164, None for what is none; without a country code it is of the country of the timezone.

    Either numerals, with or without the leading zero, which a spreadsheet loses. Only its length is checked: the lists
    of numbers in use are always older than the newest ones.
    """
    try:
        found = phonenumbers.parse(to_latin(text), country(timezone))
    except phonenumbers.NumberParseException:
        return None
    mobile = phonenumbers.is_possible_number_for_type(found, phonenumbers.PhoneNumberType.MOBILE)
    if found.extension or not mobile:
        return None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


@cache
def country(timezone: str) -> str | None:
    """The country (ISO 3166) that a timezone (IANA) is of; None for one that is of no country."""
    known = get_global("zone_aliases").get(timezone, timezone)
    found = get_global("zone_territories").get(known)
    return found if found and len(found) == 2 and found.isalpha() else None
