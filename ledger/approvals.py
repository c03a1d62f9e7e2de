"""Requests that a group's leaders must approve: begun, pending one of a kind for a member, ended.

A request waits for its voices (`voices`), what they approved waits to be carried out, each for as long as the group's
rules say. What follows from it is known above (`decisions`).
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Boolean
from sqlalchemy import CheckConstraint
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import UniqueConstraint
from sqlalchemy import bindparam
from sqlalchemy import or_
from sqlalchemy import select

from ledger import facts
from ledger import groups
from ledger import members
from ledger.books import Book
from ledger.books import Origin
from ledger.chart import GROUP
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.journal import lock
from ledger.members import Member
from ledger.money import Money
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import Minor
from ledger.tables import metadata

WITHDRAWAL, LOAN, REVERSAL = "withdrawal", "loan", "reversal"
PIN_RESET, LEAVE, SHARE_OUT = "pin-reset", "leave", "share-out"
KINDS = (WITHDRAWAL, LOAN, REVERSAL, PIN_RESET, LEAVE, SHARE_OUT)

OPEN, APPROVED = "open", "approved"
DONE, REJECTED, EXPIRED, TAKEN_BACK = "done", "rejected", "expired", "taken-back"
STATES = (OPEN, APPROVED, DONE, REJECTED, EXPIRED, TAKEN_BACK)
"""Open: it waits for voices. Approved: it waits to be carried out. The others are its ends."""


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, values))})", name=column)


approval_table = Table(
    "approval",
    metadata,
    Column("id", Id, primary_key=True),
    Column("group", Id, ForeignKey("member_group.id"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("about", BigInteger, nullable=False),
    Column("subject", String(64), nullable=False),
    Column("amount", Minor, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reason", String(160), nullable=False),
    Column("reasoned", Boolean, nullable=False),
    Column("maker", String(40), nullable=False),
    Column("started_by", String(40), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    Column("pending", Integer),
    Column("operation", String(64), nullable=False, unique=True),
    _one_of("kind", KINDS),
    _one_of("state", STATES),
    CheckConstraint(f"(pending IS NOT NULL) = (state IN ('{OPEN}', '{APPROVED}'))", name="pending"),
    CheckConstraint("pending = 1", name="one"),
    # One of a kind is pending for a member; those that are over have no `pending`, and so do not meet.
    UniqueConstraint("group", "kind", "about", "pending"),
    Index(None, "about"),
    Index(None, "pending", "until"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: its kind, the member it is about (0: the whole group), a subject that its kind understands.

    `maker` is one more person (an actor) who may not say yes; `reasoned`: every yes needs a reason.
    """

    kind: str
    about: int
    subject: str
    amount: Money
    reason: str = ""
    maker: str = ""
    reasoned: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """A request as it stands; `until` is when it expires, as long as it is open or approved."""

    id: int
    group: int
    wanted: Wanted
    started_by: str
    started_at: datetime
    until: datetime
    state: str

    @property
    def kind(self) -> str:
        """What it is for, one of `KINDS`."""
        return self.wanted.kind

    @property
    def about(self) -> int:
        """The member it is about, 0 for the whole group."""
        return self.wanted.about

    @property
    def subject(self) -> str:
        """What its kind keeps by it: the number of a hold, an application, an entry …"""
        return self.wanted.subject

    @property
    def amount(self) -> Money:
        """The sum it is about."""
        return self.wanted.amount

    @property
    def book(self) -> Book:
        """The book of its group."""
        return Book(GROUP, self.group, self.amount.currency)

    @property
    def pending(self) -> bool:
        """Whether it waits for voices or to be carried out, in time or not."""
        return self.state in (OPEN, APPROVED)

    def at(self, now: datetime) -> str:
        """Its state at a moment: one whose time is up has expired, whether that was written down or not."""
        return EXPIRED if self.pending and self.until <= now else self.state


_ONE = select(approval_table).where(approval_table.c.id == bindparam("id"))
_OF_OPERATION = select(approval_table).where(approval_table.c.operation == bindparam("operation"))
_PENDING = approval_table.select().where(approval_table.c.pending == 1).order_by(approval_table.c.id)
_IN_GROUP = _PENDING.where(approval_table.c.group == bindparam("group"))
_OPEN_IN = _PENDING.where(
    approval_table.c.group.in_(bindparam("groups", expanding=True)),
    approval_table.c.state == OPEN,
    approval_table.c.until > bindparam("now"),
)
_OF_KIND = _IN_GROUP.where(approval_table.c.kind == bindparam("kind"), approval_table.c.about == bindparam("about"))
_OF_MEMBER = _PENDING.where(
    or_(approval_table.c.about == bindparam("member"), approval_table.c.started_by == bindparam("actor"))
)
_LATE = (
    approval_table.select()
    .where(approval_table.c.pending == 1, approval_table.c.until <= bindparam("now"))
    .order_by(approval_table.c.until, approval_table.c.id)
    .limit(bindparam("most"))
)
_CHANGE = (
    approval_table.update()
    .where(approval_table.c.id == bindparam("b_id"))
    .values(state=bindparam("b_state"), pending=bindparam("b_pending"), until=bindparam("b_until"))
)


def _approval(row: Any) -> Approval:
    amount = Money(row.amount, row.currency)
    wanted = Wanted(row.kind, row.about, row.subject, amount, row.reason, row.maker, row.reasoned)
    return Approval(row.id, row.group, wanted, row.started_by, row.started_at, row.until, row.state)


def actor_of(member: int) -> str:
    """A member as whoever did something."""
    return f"member:{member}"


def get(db: Connection, approval: int) -> Approval:
    """A request by its id; NotFound when there is none."""
    row = db.execute(_ONE, {"id": approval}).one_or_none()
    if row is None:
        raise NotFound("unknown-approval", approval=approval)
    return _approval(row)


def of_operation(db: Connection, operation: str) -> Approval:
    """The request that an operation started."""
    return _approval(db.execute(_OF_OPERATION, {"operation": operation}).one())


def locked(db: Connection, approval: int) -> Approval:
    """A request as it stands once the book of its group is locked: nobody else speaks to it until we are done."""
    lock(db, [get(db, approval).book])
    return get(db, approval)


def in_group(db: Connection, group: int) -> list[Approval]:
    """The requests of a group that wait for voices or to be carried out, oldest first."""
    return [_approval(row) for row in db.execute(_IN_GROUP, {"group": group})]


def waiting(db: Connection, groups: Sequence[int], now: datetime) -> list[Approval]:
    """The requests of some groups that wait for voices and are in time, oldest first."""
    return [_approval(row) for row in db.execute(_OPEN_IN, {"groups": list(groups), "now": now})]


def of_member(db: Connection, member: int) -> list[Approval]:
    """The same of one member: about her, or asked for by her."""
    return [_approval(row) for row in db.execute(_OF_MEMBER, {"member": member, "actor": actor_of(member)})]


def pending(db: Connection, group: int, kind: str, about: int) -> Approval | None:
    """The one request of a kind that may be pending about a member."""
    row = db.execute(_OF_KIND, {"group": group, "kind": kind, "about": about}).one_or_none()
    return _approval(row) if row else None


def late(db: Connection, now: datetime, most: int) -> list[Approval]:
    """Requests whose time is up and that nobody has ended, the oldest first."""
    return [_approval(row) for row in db.execute(_LATE, {"now": now, "most": most})]


def approvers(db: Connection, found: Approval) -> list[Member]:
    """The leaders who may speak to a request."""
    no = barred(found)
    return [leader for leader in members.leaders(db, found.group) if actor_of(leader.id) not in no]


def barred(found: Approval) -> set[str]:
    """Who may not speak to a request: its starter, whom it is about, the maker of the entry that it is about."""
    return {found.started_by, actor_of(found.about), found.wanted.maker}


def start(db: Connection, book: Book, wanted: Wanted, origin: Origin) -> Approval:
    """Begin a request in a group's book and tell the leaders who may speak to it; the caller claimed the operation.

    Refused: a second one of its kind about the same member, while the first is pending.
    """
    lock(db, [book])
    if known := pending(db, book.owner, wanted.kind, wanted.about):
        if known.at(origin.at) != EXPIRED:
            raise NotAllowed("approval-pending", approval=known.id, kind=known.kind)
        expire(db, known)
    rules = groups.rules(db, book.owner)
    row = {
        "group": book.owner,
        **{name: getattr(wanted, name) for name in wanted.__slots__},
        "amount": wanted.amount.minor,
        "currency": wanted.amount.currency,
        "started_by": origin.actor,
        "started_at": origin.at,
        "until": origin.at + timedelta(days=rules.approval_days),
        "state": OPEN,
        "pending": 1,
        "operation": origin.operation,
    }
    db.execute(approval_table.insert(), row)
    made = of_operation(db, origin.operation)
    whose = members.get(db, made.about).names if made.about else None
    for leader in approvers(db, made):
        facts.record(db, facts.ApprovalWaits(leader.id, f"approval {made.id} waits", made.kind, made.amount, whose))
    return made


def end(db: Connection, found: Approval, state: str) -> None:
    """Take a request to another state."""
    pending_ = 1 if state in (OPEN, APPROVED) else None
    db.execute(_CHANGE, {"b_id": found.id, "b_state": state, "b_pending": pending_, "b_until": found.until})


def expire(db: Connection, found: Approval) -> None:
    """End a request whose time is up, and say so."""
    end(db, found, EXPIRED)
    tell(db, found, facts.RequestExpired, EXPIRED)


def tell(db: Connection, found: Approval, fact: type[facts.Request], state: str, **more: str) -> None:
    """Tell whom a request is about and who asked for it what became of it; `state` makes it one thing, told once."""
    for member in _concerned(found):
        # Who gets a code for a new PIN learns by it that she was heard.
        if not (state == APPROVED and found.kind == PIN_RESET and member == found.about):
            facts.record(db, fact(member, f"approval {found.id} {state}", found.kind, found.amount, **more))


def _concerned(found: Approval) -> Iterator[int]:
    """Whom it is about, and who asked for it."""
    if found.about:
        yield found.about
    who, _, number = found.started_by.partition(":")
    if who == "member" and int(number) != found.about:
        yield int(number)
