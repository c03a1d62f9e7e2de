"""A checked cut-off sheet becomes what is posted: the whole, its difference held against the paper's, the posting."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace

from sqlalchemy import Connection

from gateway.cutoff_check import Checked
from gateway.cutoff_check import NewMember
from gateway.cutoff_check import Person
from gateway.joining import registration
from ledger import cutoff
from ledger import members
from ledger import membership
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.groups import Group
from ledger.members import Registration
from ledger.pins import Peppers
from ledger.programmes import Programme
from ledger.tables import Names


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Somebody whom a sheet made a member, and her PIN: it is shown once and kept nowhere."""

    names: Names
    code: str
    pin: str


def wanted(book: Book, checked: Checked, pooled: Mapping[str, int]) -> cutoff.Sheet:
    """What is to be posted; `pooled` are the sums of the group as a whole that the sheet has no row for."""
    standings = tuple(each.standing for each in checked.people)
    return cutoff.Sheet(book, **{**checked.pooled, **pooled}, members=standings)


def differs(sheet: cutoff.Sheet, said: int | None) -> int:
    """By how much owned less owed is not what the paper says (None: it says nothing, so nothing is left), in minor."""
    return cutoff.balance_of(sheet).minor - (said or 0)


def post(
    db: Connection,
    peppers: Peppers,
    group: Group,
    programme: Programme,
    people: Sequence[Person],
    sheet: cutoff.Sheet,
    language: str,
    origin: Origin,
) -> tuple[Entry, list[Enrolled]]:
    """Register who is new and post the sheet on the day of the origin; refused as `cutoff.join` refuses."""
    new = [(place, each.who) for place, each in enumerate(people) if isinstance(each.who, NewMember)]
    made, enrolled = _registrations(db, peppers, group, programme, [who for _, who in new], language)
    standings = list(sheet.members)
    for (place, _), member in zip(new, members.register(db, programme.id, made) if made else [], strict=True):
        standings[place] = replace(standings[place], member=member)
    entry = cutoff.join(db, replace(sheet, members=tuple(standings)), origin)
    return entry, enrolled


def _registrations(
    db: Connection, peppers: Peppers, group: Group, programme: Programme, new: Sequence[NewMember], language: str
) -> tuple[list[Registration], list[Enrolled]]:
    """What to register, and the code and PIN of each."""
    made, enrolled = [], []
    given = [int(each.code) for each in new if each.code]
    free = max(membership.free_code(db), *(code + 1 for code in given), 0) if new else 0
    for each in new:
        code = each.code or f"{free}"
        free += not each.code
        numbers = [each.number] if each.number else []
        who, pin = registration(
            peppers, programme, code, each.names, numbers, group=group.id, role=each.role, language=language
        )
        made.append(who)
        enrolled.append(Enrolled(each.names, code, pin))
    return made, enrolled
