"""Members come and go: numbers, roles, leaving, coming back; who changed what and when is kept for good.

Money depends on it: a code for a new PIN goes to her number, a leader approves what others ask for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import facts
from ledger import members
from ledger.books import Origin
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.journal import begin
from ledger.members import Member
from ledger.members import Registration
from ledger.members import handset_table
from ledger.members import member_table
from ledger.programmes import programme_table
from ledger.tables import AppendOnly
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata

MOST_NUMBERS = 3
"""Numbers that one member may have."""

MEMBER, LEADER = "member", "leader"
ROLES = (MEMBER, LEADER)

FIRST_CODE = 1001
"""The member code that a new installation begins with."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

change_table = Table(
    "member_change",
    metadata,
    Column("member", Id, ForeignKey("member.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("what", String(12), nullable=False),
    Column("old", String(20), nullable=False),
    Column("new", String(20), nullable=False),
    Column("actor", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("operation", String(64), nullable=False, unique=True),
    PrimaryKeyConstraint("member", "number"),
)

APPEND_ONLY = (AppendOnly("member_change", (("member", "number"), ("operation",))),)


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed of a member: `what` is "joined", "number", "first", "role" or "left"; "" is nothing.

    "first": of her numbers, the one to which SMS go.
    """

    what: str
    old: str
    new: str
    actor: str
    channel: str
    at: datetime


_LOCKED = select(member_table.c.id).where(member_table.c.id == bindparam("member")).with_for_update()
_CHANGES = (
    select(change_table).where(change_table.c.member == bindparam("member")).order_by(change_table.c.number.desc())
)
_COUNT = select(func.count()).where(change_table.c.member == bindparam("member"))
_LAST_POSITION = select(func.coalesce(func.max(handset_table.c.position), 0))
_LAST_PLACE = select(func.coalesce(func.max(handset_table.c.place), 0)).where(
    handset_table.c.member == bindparam("member")
)
_HERS = (handset_table.c.member == bindparam("whose"), handset_table.c.number == bindparam("old"))
_REPLACE = handset_table.update().where(*_HERS).values(number=bindparam("new"), position=bindparam("last"))
_REMOVE = handset_table.delete().where(*_HERS)
_FIRST_PLACE = select(func.coalesce(func.min(handset_table.c.place), 1)).where(
    handset_table.c.member == bindparam("member")
)
_PUT_FIRST = handset_table.update().where(*_HERS).values(place=bindparam("is"))
_SET_ROLE = member_table.update().where(member_table.c.id == bindparam("whose")).values(role=bindparam("is"))
_SET_LEFT = (
    member_table.update()
    .where(member_table.c.id == bindparam("whose"))
    .values(left_on=bindparam("on"), role=bindparam("is"))
)
_PROGRAMMES = select(programme_table.c.id).order_by(programme_table.c.id).with_for_update()
_BY_CODE = select(member_table.c.id).where(member_table.c.code == bindparam("code"))
_CODES = (
    select(member_table.c.code).order_by(func.length(member_table.c.code).desc(), member_table.c.code.desc()).limit(50)
)


def changes(db: Connection, member: Member) -> list[Change]:
    """What was changed of a member, newest first: her numbers, her role, that she left or came back."""
    rows = db.execute(_CHANGES, {"member": member.id})
    return [Change(row.what, row.old, row.new, row.actor, row.channel, row.changed_at) for row in rows]


def free_code(db: Connection) -> int:
    """The next member code of digits that nobody has; it stays free for this transaction."""
    db.execute(_PROGRAMMES).all()
    taken = [int(code) for code in db.execute(_CODES).scalars() if code.isdecimal()]
    return max([FIRST_CODE - 1, *taken]) + 1


def _note(db: Connection, member: int, what: str, old: str, new: str, origin: Origin) -> None:
    row = {
        "member": member,
        "number": db.execute(_COUNT, {"member": member}).scalar_one() + 1,
        "what": what,
        "old": old,
        "new": new,
        "actor": origin.actor,
        "channel": origin.channel,
        "changed_at": origin.at,
        "operation": origin.operation,
    }
    db.execute(change_table.insert(), row)


def _lock(db: Connection, member: int) -> Member:
    """A member as she is, hers alone until the transaction ends."""
    db.execute(_LOCKED, {"member": member}).all()
    return members.get(db, member)


def join(db: Connection, programme: int, who: Registration, origin: Origin) -> Member:
    """Register one member and keep who did it; the same operation again: the same member.

    Refused: a code that somebody has, also somebody who left.
    """
    inputs = {"programme": programme, "code": who.code, "names": repr(who.names), "group": who.group}
    if begin(db, origin, "member.join", **inputs) is None:
        db.execute(_PROGRAMMES).all()
        if members.by_code(db, who.code, left=True):
            raise NotAllowed("code-taken", code=who.code)
        (member,) = members.register(db, programme, [who])
        _note(db, member, "joined", "", who.code, origin)
    return members.get(db, db.execute(_BY_CODE, {"code": who.code}).scalar_one())


# Numbers


def add_number(db: Connection, member: Member, number: str, origin: Origin) -> None:
    """One more number (E.164) on which she may be called; others may have it, too. SMS go to her first one.

    Refused: a number that she has already, more than MOST_NUMBERS.
    """
    _check_number(number)
    if begin(db, origin, "number.add", member=member.id, number=number) is not None:
        return
    has = _numbers(db, member.id)
    _check_new(member.id, has, number)
    if len(has) >= MOST_NUMBERS:
        raise NotAllowed("numbers-full", most=MOST_NUMBERS)
    row: dict[str, Any] = {"number": number, "member": member.id, "position": _last(db)}
    row["place"] = db.execute(_LAST_PLACE, {"member": member.id}).scalar_one() + 1
    db.execute(handset_table.insert(), row)
    _note(db, member.id, "number", "", number, origin)
    _tell(db, member.id, has[0] if has else "", origin)


def change_number(db: Connection, member: Member, old: str, new: str, origin: Origin) -> None:
    """She has a new number (E.164) in place of an old one; those who have the old one, too, keep it.

    Refused: an old number that is not hers, a new one that is already.
    """
    _check_number(new)
    if begin(db, origin, "number.change", member=member.id, old=old, new=new) is not None:
        return
    has = _numbers(db, member.id)
    _check_hers(member.id, has, old)
    _check_new(member.id, has, new)
    db.execute(_REPLACE, {"whose": member.id, "old": old, "new": new, "last": _last(db)})
    _note(db, member.id, "number", old, new, origin)
    _tell(db, member.id, old, origin)


def remove_number(db: Connection, member: Member, number: str, origin: Origin, *, last: bool = False) -> None:
    """She has a number no more; those who have it, too, keep it.

    Refused: a number that is not hers; her last one, unless `last` says that she is to have none and to get no SMS.
    """
    if begin(db, origin, "number.remove", member=member.id, number=number, last=last) is not None:
        return
    has = _numbers(db, member.id)
    _check_hers(member.id, has, number)
    if len(has) == 1 and not last:
        raise NotAllowed("last-number", member=member.id)
    db.execute(_REMOVE, {"whose": member.id, "old": number})
    _note(db, member.id, "number", number, "", origin)
    _tell(db, member.id, number, origin)


def prefer_number(db: Connection, member: Member, number: str, origin: Origin) -> None:
    """SMS go to this one of her numbers from now on. Refused: a number that is not hers, the one they go to already."""
    if begin(db, origin, "number.prefer", member=member.id, number=number) is not None:
        return
    has = _numbers(db, member.id)
    _check_hers(member.id, has, number)
    if has[0] == number:
        raise NotAllowed("number-first", member=member.id, number=number)
    first = db.execute(_FIRST_PLACE, {"member": member.id}).scalar_one() - 1
    db.execute(_PUT_FIRST, {"whose": member.id, "old": number, "is": first})
    _note(db, member.id, "first", has[0], number, origin)
    _tell(db, member.id, has[0], origin)


def _tell(db: Connection, member: int, known: str, origin: Origin) -> None:
    """Tell her at a number that was hers before; who had none is told nowhere."""
    if known:
        facts.record(db, facts.NumberChanged(member, origin.operation[:40], known))


def _numbers(db: Connection, member: int) -> list[str]:
    _lock(db, member)
    return members.numbers(db, member)


def _last(db: Connection) -> int:
    """The last place on every list of those who share a number: nobody's key changes."""
    return int(db.execute(_LAST_POSITION).scalar_one()) + 1


def _check_number(number: str) -> None:
    if not _E164.fullmatch(number):
        raise ValueError("a number is E.164: a plus and up to 15 digits")


def _check_new(member: int, has: list[str], number: str) -> None:
    if number in has:
        raise NotAllowed("number-there", member=member, number=number)


def _check_hers(member: int, has: list[str], number: str) -> None:
    if number not in has:
        raise NotFound("unknown-number", member=member, number=number)


# Roles, leaving, coming back


def set_role(db: Connection, member: Member, role: str, origin: Origin) -> None:
    """Make her a leader of her group, or a member like others. Refused: who is in no group, a role that she has."""
    if role not in ROLES:
        raise ValueError(f"nobody is {role}")
    if begin(db, origin, "member.role", member=member.id, role=role) is not None:
        return
    known = _lock(db, member.id)
    if known.group is None:
        raise NotFound("no-group", member=member.id)
    if known.role == role:
        raise NotAllowed("role-there", member=member.id, role=role)
    db.execute(_SET_ROLE, {"whose": member.id, "is": role})
    _note(db, member.id, "role", known.role, role, origin)


def mark_left(db: Connection, member: Member, origin: Origin) -> None:
    """Mark her as gone on the programme day of the operation that paid her out, whose book is locked; records stay.

    She leads no more. Refused: who left before.
    """
    known = _lock(db, member.id)
    if known.left_on is not None:
        raise NotAllowed("has-left", member=member.id, on=known.left_on)
    db.execute(_SET_LEFT, {"whose": member.id, "on": origin.on, "is": MEMBER})
    _note(db, member.id, "left", known.role, origin.on.isoformat(), origin)


def come_back(db: Connection, member: Member, origin: Origin) -> None:
    """Who left is a member of her group again, like others, by her code and PIN. Refused: who has not left."""
    if begin(db, origin, "member.back", member=member.id) is None:
        known = _lock(db, member.id)
        if known.left_on is None:
            raise NotAllowed("has-not-left", member=member.id)
        unmark_left(db, member.id, origin)


def unmark_left(db: Connection, member: int, origin: Origin) -> None:
    """Take back that she left, if she did, as part of another operation: her leaving was reversed."""
    known = _lock(db, member)
    if known.left_on is not None:
        db.execute(_SET_LEFT, {"whose": member, "on": None, "is": MEMBER})
        _note(db, member, "left", known.left_on.isoformat(), "", origin)
