"""Somebody becomes a member at the office: names that screens have room for, a code, a PIN drawn by chance."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import cast

from ledger import pins
from ledger.members import Registration
from ledger.pins import Peppers
from ledger.programmes import Programme
from ledger.tables import Names
from locales.script import units
from menus import graph

LANGUAGES = {"bn": "bn", "bn_Latn": "latin", "en": "latin"}
"""The languages of new members, and the digits that go with each."""

_NAME = cast("Mapping[str, str]", graph.WORST["name"])
"""The longest names that the lint of the menu has found room for, by script."""

ROOM: Mapping[str, int] = {"name_bn": units(_NAME["bn"]), "name_latn": units(_NAME["latin"])}
"""Characters of a given name, as phones count them."""


def too_long(column: str, name: str) -> int | None:
    """How many characters a given name has, if the screens have no room for it."""
    has = units(name)
    return has if has > ROOM[column] else None


def registration(
    peppers: Peppers,
    programme: Programme,
    code: str,
    names: Names,
    numbers: Sequence[str],
    *,
    group: int | None,
    hub: int | None = None,
    role: str = "member",
    language: str = "bn",
) -> tuple[Registration, str]:
    """What to register, and the PIN that was drawn for her: it is shown once and kept nowhere."""
    pin = pins.draw(programme.pin_length, numbers)
    hashed = pins.hashed(peppers, pin)
    digits = LANGUAGES[language]
    return Registration(code, names, hashed, group, hub, role, language, digits, numbers=tuple(numbers)), pin
