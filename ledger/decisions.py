"""What the members of a group may ask for, and what follows when its leaders have spoken: the table of kinds and verbs.

Asking holds a sum at most; it moves nothing. A reversal, a new PIN and a share-out are carried out by the last yes
(`AT_ONCE`). Withdrawals, loans and who leaves wait until a leader hands the cash over (`payouts`). A loan is asked for
by `applications.apply`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import accounts
from ledger import applications
from ledger import approvals
from ledger import facts
from ledger import groups
from ledger import members
from ledger import pins
from ledger import programmes
from ledger import reversals
from ledger import savings
from ledger import shareout
from ledger import voices
from ledger.approvals import Approval
from ledger.approvals import Wanted
from ledger.approvals import actor_of
from ledger.books import Book
from ledger.books import Origin
from ledger.books import entry_table
from ledger.books import line_table
from ledger.chart import CHART
from ledger.chart import DEBIT
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.indebtedness import Finding
from ledger.journal import begin
from ledger.journal import lock
from ledger.loans import loan_table
from ledger.members import Member
from ledger.money import Money
from ledger.money import total
from ledger.pins import Peppers
from ledger.shareout import Proposal
from ledger.tables import Names
from ledger.voices import Outcome
from ledger.voices import Voice

HERS = (approvals.WITHDRAWAL, approvals.LOAN, approvals.LEAVE)
"""What a member may take back herself, whoever asked for it."""

_ENTRY = select(entry_table.c.kind, entry_table.c.actor, entry_table.c.memo).where(
    entry_table.c.book == bindparam("book"), entry_table.c.number == bindparam("number")
)
_LINES = select(line_table.c.code, line_table.c.party, line_table.c.side, line_table.c.amount).where(
    line_table.c.book == bindparam("book"), line_table.c.entry == bindparam("number")
)
_BORROWERS = select(loan_table.c.member).where(loan_table.c.id.in_(bindparam("loans", expanding=True)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request as a leader sees it who may decide it: whose it is (None: the whole group's), what speaks against it.

    `undoes` is the kind of the entry that a reversal would undo.
    """

    approval: Approval
    names: Names | None
    code: str
    findings: tuple[Finding, ...]
    voices: tuple[Voice, ...]
    undoes: str


def ask_withdrawal(db: Connection, member: Member, amount: Money, origin: Origin) -> Approval:
    """Ask for voluntary savings: they are held until they are paid out or the request ends."""
    if begin(db, origin, "withdrawal.ask", member=member.id, amount=amount.minor) is not None:
        return approvals.of_operation(db, origin.operation)
    book = member.group_book
    _only_one(db, book, approvals.WITHDRAWAL, member.id, origin)
    held = savings.ask(db, member, amount, origin.part("hold"))
    return approvals.start(db, book, Wanted(approvals.WITHDRAWAL, member.id, str(held.number), amount), origin)


def ask_reversal(
    db: Connection, leader: Member, member: Member | None, number: int, reason: str, origin: Origin
) -> Approval:
    """Ask that entry `number` of the group's book be undone; refused at once where `reversals.reverse` would refuse.

    The request is about the one member whom the entry concerns, else about the whole group; naming somebody else is
    refused, so that nobody decides about her own entry.
    """
    whose, book = member.id if member else 0, leader.group_book
    inputs = {"leader": leader.id, "member": whose, "number": number, "reason": reason}
    if begin(db, origin, "reversal.ask", **inputs) is not None:
        return approvals.of_operation(db, origin.operation)
    _check_leads(db, leader)
    found = db.execute(_ENTRY, {"book": book.id, "number": number}).one_or_none()
    if found is None:
        raise NotFound("unknown-entry", book=book.id, entry=number)
    lines = db.execute(_LINES, {"book": book.id, "number": number}).all()
    concerned = _concerned(db, found.memo, lines)
    about = next(iter(concerned)) if len(concerned) == 1 else 0
    if whose and whose != about:
        raise NotAllowed("not-her-entry", entry=number, member=whose)
    # In nobody's name: the maker may ask for it, and only not decide.
    _rehearse(db, lambda: reversals.reverse(db, book.id, number, reason, replace(origin.part("try"), actor="")))
    amount = Money(sum(line.amount for line in lines if line.side == DEBIT), book.currency)
    wanted = Wanted(approvals.REVERSAL, about, str(number), amount, reason, maker=found.actor)
    return approvals.start(db, book, wanted, origin)


def _concerned(db: Connection, memo: str, lines: Any) -> set[int]:
    """The members on whose accounts and loans an entry stands, or whom its memo names."""
    parties = {per: {line.party for line in lines if CHART[line.code].per == per} for per in ("member", "loan")}
    borrowers = set(db.execute(_BORROWERS, {"loans": list(parties["loan"])}).scalars())
    named = json.loads(memo).get("member")
    return parties["member"] | borrowers | ({int(named)} if named else set())


def ask_pin_reset(db: Connection, leader: Member, member: Member, origin: Origin) -> Approval:
    """Ask for a new PIN for a member; refused for who has no number to which its code could go."""
    if begin(db, origin, "pin-reset.ask", leader=leader.id, member=member.id) is not None:
        return approvals.of_operation(db, origin.operation)
    _check_leads(db, leader, member)
    if members.contact(db, member.id) is None:
        raise NotFound("no-number", member=member.id)
    nothing = Money(0, member.currency)
    return approvals.start(db, leader.group_book, Wanted(approvals.PIN_RESET, member.id, "", nothing), origin)


def ask_leave(db: Connection, leader: Member, member: Member, origin: Origin) -> Approval:
    """Ask that a member leave; refused at once while she has a loan, fines or a request open (`savings.leave`)."""
    if begin(db, origin, "leave.ask", leader=leader.id, member=member.id) is not None:
        return approvals.of_operation(db, origin.operation)
    _check_leads(db, leader, member)
    # What the box lacks today it may have on the day on which she is paid.
    with suppress(Shortfall):
        _rehearse(db, lambda: savings.leave(db, member, origin.part("try")))
    book = leader.group_book
    return approvals.start(db, book, Wanted(approvals.LEAVE, member.id, "", all_hers(db, book, member.id)), origin)


def all_hers(db: Connection, book: Book, member: int) -> Money:
    """All that a group has of a member's: what she is paid when she leaves."""
    codes = (savings.KINDS | savings.OTHER).values()
    return total((accounts.balance(db, book, code, member) for code in codes), book.currency)


def ask_share_out(db: Connection, leader: Member, origin: Origin) -> Approval:
    """Ask for the share-out as it is proposed today; refused at once where it could not be posted."""
    if begin(db, origin, "share-out.ask", leader=leader.id) is not None:
        return approvals.of_operation(db, origin.operation)
    _check_leads(db, leader)
    book = leader.group_book
    lock(db, [book])
    proposed = shareout.proposal(db, book, origin.on)
    _rehearse(db, lambda: _share_out(db, book, origin.part("try")))
    return approvals.start(db, book, Wanted(approvals.SHARE_OUT, 0, _digest(proposed), proposed.payout), origin)


def _digest(proposed: Proposal) -> str:
    """Who gets what, as one mark: another sum for anybody gives another one."""
    claims = [(each.member, each.payable.minor, each.set_off.minor) for each in proposed.claims]
    return hashlib.sha256(repr((proposed.surplus.minor, claims)).encode()).hexdigest()


def _check_leads(db: Connection, leader: Member, member: Member | None = None) -> None:
    if leader.id not in {each.id for each in members.leaders(db, leader.group_book.owner)}:
        raise NotAllowed("not-a-leader", group=leader.group)
    if member and member.group != leader.group:
        raise NotAllowed("not-in-group", member=member.id, group=leader.group)


def _only_one(db: Connection, book: Book, kind: str, about: int, origin: Origin) -> None:
    """Refuse a second request; one whose time is up makes room, and gives back what it held."""
    lock(db, [book])
    known = approvals.pending(db, book.owner, kind, about)
    if known and known.at(origin.at) != approvals.EXPIRED:
        raise NotAllowed("approval-pending", approval=known.id, kind=kind)
    if known:
        _expire(db, known, origin)


class _Rehearsed(Exception):
    """It can be done."""


def _rehearse(db: Connection, act: Callable[[], object]) -> None:
    """Try something and take it back: what the books would refuse is refused now."""
    with suppress(_Rehearsed), facts.attempt(db):
        act()
        raise _Rehearsed


def mine(db: Connection, member: Member) -> list[Approval]:
    """A member's requests, and those about her, that wait for voices or to be carried out; oldest first."""
    return approvals.of_member(db, member.id)


def waiting(db: Connection, leader: Member, now: datetime) -> list[Waiting]:
    """What a leader may decide now, oldest first."""
    found = approvals.in_group(db, leader.group_book.owner)
    return [_waiting(db, each) for each in _to_decide(db, found, leader, now)]


def look(db: Connection, leader: Member, approval: int, now: datetime) -> Waiting | None:
    """The same of one request; None where she may not decide it, or not any more."""
    found = approvals.get(db, approval)
    return next((_waiting(db, each) for each in _to_decide(db, [found], leader, now)), None)


def _to_decide(db: Connection, found: Sequence[Approval], leader: Member, now: datetime) -> list[Approval]:
    """Those of some requests that a leader may speak to; so many statements, however many they are."""
    me, leads = actor_of(leader.id), {each.id for each in members.leaders(db, leader.group_book.owner)}
    hers = [each for each in found if leader.id in leads and each.group == leader.group]
    asked = [each for each in hers if each.at(now) == approvals.OPEN and me not in approvals.barred(each)]
    spoken = voices.spoken(db, [each.id for each in asked])
    return [each for each in asked if (each.id, me) not in spoken]


def _waiting(db: Connection, found: Approval) -> Waiting:
    whose = members.get(db, found.about) if found.about else None
    against: tuple[Finding, ...] = ()
    undoes = ""
    if found.kind == approvals.LOAN:
        against = applications.get(db, int(found.subject)).findings
    if found.kind == approvals.REVERSAL:
        undoes = db.execute(_ENTRY, {"book": found.book.id, "number": int(found.subject)}).one().kind
    names, code = (whose.names, whose.code) if whose else (None, "")
    return Waiting(found, names, code, against, tuple(voices.of(db, found.id)), undoes)


def decide(
    db: Connection,
    leader: Member,
    approval: int,
    yes: bool,
    origin: Origin,
    *,
    reason: str = "",
    peppers: Peppers | None = None,
) -> Outcome:
    """Take a leader's word on a request of her group, and do what follows (refusals: `voices.speak`).

    The last yes carries out what needs no cash; where the books refuse that, the yes was not said. `peppers` for what
    may be a PIN reset.
    """
    if approvals.get(db, approval).group != leader.group:
        raise NotFound("unknown-approval", approval=approval)
    return _decide(db, actor_of(leader.id), approval, yes, origin, reason, peppers)


def officer_decides(
    db: Connection,
    name: str,
    approval: int,
    yes: bool,
    origin: Origin,
    *,
    reason: str = "",
    peppers: Peppers | None = None,
) -> Outcome:
    """The same by an officer of the programme, where fewer than two leaders may decide."""
    return _decide(db, f"officer:{name}", approval, yes, origin, reason, peppers)


def _decide(
    db: Connection, who: str, approval: int, yes: bool, origin: Origin, reason: str, peppers: Peppers | None
) -> Outcome:
    inputs = {"approval": approval, "who": who, "yes": yes, "reason": reason}
    if begin(db, origin, "approval.decide", **inputs) is not None:
        return _final(approvals.get(db, approval), voices.said(db, origin.operation))
    found = approvals.locked(db, approval)
    outcome = voices.speak(db, found, who, yes, reason, origin)
    if outcome.state == approvals.REJECTED:
        _release(db, found, "voided", origin)
    if outcome.state == approvals.APPROVED and found.kind in AT_ONCE:
        AT_ONCE[found.kind](db, found, origin.part("do"), peppers)
        approvals.end(db, found, approvals.DONE)
    return _final(found, outcome)


def _final(found: Approval, outcome: Outcome) -> Outcome:
    done = outcome.state == approvals.APPROVED and found.kind in AT_ONCE
    return replace(outcome, state=approvals.DONE) if done else outcome


def _reverse(db: Connection, found: Approval, origin: Origin, peppers: Peppers | None) -> None:
    reversals.reverse(db, found.book.id, int(found.subject), found.wanted.reason, origin)


def _reset_pin(db: Connection, found: Approval, origin: Origin, peppers: Peppers | None) -> None:
    if peppers is None:
        raise ValueError("a new PIN needs the peppers")
    pins.reset(db, peppers, found.about, origin.at)


def _share_out_as_proposed(db: Connection, found: Approval, origin: Origin, peppers: Peppers | None) -> None:
    if _digest(shareout.proposal(db, found.book, origin.on)) != found.subject:
        raise NotAllowed("proposal-changed", approval=found.id)
    _share_out(db, found.book, origin)


def _share_out(db: Connection, book: Book, origin: Origin) -> None:
    """Close, share and set off; a cycle may have nothing to close, and no loans to set off."""
    _unless("nothing-to-close", db, lambda: shareout.close(db, book, origin.part("close")))
    shareout.share(db, book, origin.part("share"))
    _unless("nothing-to-set-off", db, lambda: shareout.set_off(db, book, origin.part("set-off")))


def _unless(code: str, db: Connection, act: Callable[[], object]) -> None:
    try:
        with facts.attempt(db):
            act()
    except NotAllowed as refused:
        if refused.code != code:
            raise


AT_ONCE: Mapping[str, Callable[[Connection, Approval, Origin, Peppers | None], None]] = {
    approvals.REVERSAL: _reverse,
    approvals.PIN_RESET: _reset_pin,
    approvals.SHARE_OUT: _share_out_as_proposed,
}
"""What the last yes carries out by itself, by kind."""


def take_back(db: Connection, member: Member, approval: int, origin: Origin) -> Approval:
    """Take back what a member asked for, or what was asked for her, before it is carried out."""
    if begin(db, origin, "approval.take-back", member=member.id, approval=approval) is not None:
        return approvals.get(db, approval)
    found = approvals.locked(db, approval)
    hers = found.about == member.id and found.kind in HERS
    if not hers and found.started_by != actor_of(member.id):
        raise NotFound("unknown-approval", approval=approval)
    if (state := found.at(origin.at)) not in (approvals.OPEN, approvals.APPROVED):
        raise NotAllowed("approval-over", approval=approval, state=state)
    approvals.end(db, found, approvals.TAKEN_BACK)
    _release(db, found, "voided", origin)
    return approvals.get(db, approval)


def expire(db: Connection, now: datetime, most: int) -> int:
    """End up to `most` requests whose time is up, the oldest first; how many there were."""
    found = approvals.late(db, now, most)
    if not found:
        return 0
    lock(db, [each.book for each in found])
    # Somebody may have been quicker than the lock.
    late = [each for each in (approvals.get(db, old.id) for old in found) if each.pending and each.until <= now]
    for each in late:
        timezone = programmes.get(db, groups.get(db, each.group).programme).timezone
        day = programmes.day(now, timezone)
        _expire(db, each, Origin(f"approval-{each.id}", "clock", "clock", now, day, str))
    return len(late)


def _expire(db: Connection, found: Approval, origin: Origin) -> None:
    approvals.expire(db, found)
    _release(db, found, "expired", origin)


def _release(db: Connection, found: Approval, how: str, origin: Origin) -> None:
    """Give back what a request held, unless somebody has ended the hold before."""
    if found.kind == approvals.WITHDRAWAL and accounts.held(db, found.book, int(found.subject)):
        savings.refuse(db, members.get(db, found.about), int(found.subject), origin.part(how), how=how)
