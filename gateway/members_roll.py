"""What a sheet of new members is held against, read from the books as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection

from gateway.imports import Line
from gateway.members_check import Known
from ledger import groups
from ledger import members
from ledger.groups import Group
from ledger.members import Member
from ledger.programmes import Programme
from ledger.tables import Names
from locales.numerals import to_latin

_NUMBER = re.compile("[0-9]{1,9}")


def known(
    db: Connection, programme: Programme, scope: tuple[int, ...] | None, group: int | None, lines: Sequence[Line]
) -> Known:
    """The groups of a programme, or only those of a scope, and who is in them; `group` is for rows that name none.

    Two statements for each group that the rows name, one for all codes.
    """
    every = {each.id: each for each in groups.every(db, programme.id) if scope is None or each.id in scope}

    @cache
    def called(said: str) -> Group | None:
        number = to_latin(said)
        if _NUMBER.fullmatch(number):
            return every.get(int(number))
        wanted = said.casefold()
        found = [each for each in every.values() if wanted in _called(each)]
        return found[0] if len(found) == 1 else None

    @cache
    def roll(of: int) -> dict[Names, list[tuple[Member, list[str]]]]:
        everybody, named = members.of_group(db, of), dict[Names, list[tuple[Member, list[str]]]]()
        reached = members.numbers_of(db, [each.id for each in everybody])
        for each in everybody:
            named.setdefault(each.names, []).append((each, reached.get(each.id, [])))
        return named

    def namesakes(of: int, names: Names) -> list[tuple[Member, list[str]]]:
        return roll(of).get(names, [])

    chosen = every.get(group) if group is not None else None
    codes = members.by_codes(db, [to_latin(each.cells.get("code", ""))[:12] for each in lines])
    return Known(chosen, programme.id, programme.timezone, called, codes.get, namesakes)


def _called(group: Group) -> set[str]:
    """What a group is called, whole or short, in either script."""
    return {text.casefold() for each in (group.names, group.short) for text in (each.bn, each.bn_Latn)}
