"""Collection: what a member is to bring to her group's meeting, how a sum is shared out, and the meeting's end.

What one member brings is one entry with one receipt, whatever it pays: savings, social fund, fines, instalments.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select

from ledger import facts
from ledger import fines
from ledger import groups
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import receipts
from ledger import repayments
from ledger import treasury
from ledger.books import CHARGED
from ledger.books import Allocation
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import entry_table
from ledger.books import instalment_table
from ledger.books import line_table
from ledger.chart import DEBIT
from ledger.errors import NotAllowed
from ledger.groups import Rules
from ledger.journal import begin
from ledger.journal import close_period
from ledger.journal import lock
from ledger.journal import post
from ledger.loans import PRINCIPAL
from ledger.loans import Loan
from ledger.loans import loan_table
from ledger.meetings import ABSENT
from ledger.meetings import PRESENT
from ledger.meetings import Meeting
from ledger.meetings import attendance_table
from ledger.members import IN_GROUP
from ledger.members import Member
from ledger.members import member_table
from ledger.money import Money
from ledger.money import total
from ledger.schedules import PASSBOOK
from ledger.templates import PLACES
from ledger.templates import draft

SAVINGS, SHARED = 2010, 2040


@dataclass(frozen=True, slots=True)
class Split:
    """A sum shared out: compulsory and voluntary savings, social fund, fines beside the loans', and loans.

    `instalments` is what goes to loans, their fines included; `allocations` charge and clear their instalments.
    """

    compulsory: Money
    voluntary: Money
    social: Money
    fine: Money
    instalments: Money
    allocations: tuple[Allocation, ...]

    @property
    def total(self) -> Money:
        """The whole sum."""
        parts = (self.compulsory, self.voluntary, self.social, self.fine, self.instalments)
        return total(parts, self.compulsory.currency)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A loan as it stands on the day: what it has to be charged, what is due of it and the most that it takes."""

    loan: Loan
    charges: list[Allocation]
    due: int
    most: int


def proposed(db: Connection, member: Member, on: date) -> Split:
    """What is due of a member on a programme day: savings and social fund by the rules, fines, instalments."""
    return _shared(db, member, None, on)


def split(db: Connection, member: Member, amount: Money, on: date) -> Split:
    """How a sum is shared out by the rules of her group: what is due first, then what they say of the rest."""
    return _shared(db, member, amount.minor, on)


def _shared(db: Connection, member: Member, amount: int | None, on: date) -> Split:
    rules, owed = groups.get(db, member.group_book.owner).rules, fines.owed(db, member).minor
    claims = [_claim(db, loan, on) for loan in loans.running(db, member) if loan.book == member.group_book]
    due = {"saving": rules.saving, "social": rules.social, "fine": owed}
    due |= {f"loan {claim.loan.id}": claim.due for claim in claims}
    left = sum(due.values()) if amount is None else amount
    given = dict.fromkeys((*due, "voluntary"), 0)
    for name, most in _in_order(rules, due, claims):
        some = max(0, min(left, most - given[name]))
        given[name] += some
        left -= some
    given["voluntary"] += left
    return _split(member, given, claims, on)


def _in_order(rules: Rules, due: dict[str, int], claims: Sequence[_Claim]) -> Iterator[tuple[str, int]]:
    """What a sum goes to, one after the other, and the most that each takes; a loan may come a second time."""
    to_loans = [f"loan {claim.loan.id}" for claim in claims]
    savings = ["saving", "social"]
    for name in (*savings, "fine", *to_loans) if rules.first == "saving" else ("fine", *to_loans, *savings):
        yield name, due[name]
    for name, claim in zip(to_loans, claims, strict=True):
        # By the passbook rule she pays as much principal as she brings; other loans run ahead if the rules say so.
        if rules.rest == "loan" or claim.loan.terms.method == PASSBOOK:
            yield name, claim.most


def _claim(db: Connection, loan: Loan, on: date) -> _Claim:
    charged, charges = repayments.as_of(db, loan, on)
    due = sum(each.left.minor for each in charged.unpaid if each.due <= on)
    if loan.terms.method == PASSBOOK:
        due = sum((each.interest_left + each.fine_left).minor for each in charged.unpaid)
    return _Claim(charged, charges, due, sum(each.left.minor for each in charged.unpaid))


def _split(member: Member, given: dict[str, int], claims: Sequence[_Claim], on: date) -> Split:
    allocations: list[Allocation] = []
    for claim in claims:
        if amount := given[f"loan {claim.loan.id}"]:
            allocations += [*claim.charges, *repayments.allocate(claim.loan, amount, on)[0]]
    to_loans = sum(amount for name, amount in given.items() if name.startswith("loan "))
    sums = (given["saving"], given["voluntary"], given["social"], given["fine"], to_loans)
    saved, more, social, fine, instalments = (Money(amount, member.currency) for amount in sums)
    return Split(saved, more, social, fine, instalments, tuple(allocations))


def collect(
    db: Connection, meeting: Meeting, member: Member, amount: Money, origin: Origin, *, how: str = PRESENT
) -> Entry:
    """Take what a member brought to an open meeting, on the meeting's day; she is marked as having come `how`.

    Refused: a closed meeting, one that is long over (`meeting-old`), a member of another group or one that was called
    already (`called-already`).
    """
    of = {"group": meeting.group, "meeting": meeting.number, "how": how}
    if (done := begin(db, origin, "collection", **of, member=member.id, amount=amount.minor)) is not None:
        return done[0]
    lock(db, [member.group_book])
    meetings.hold_open(db, meeting)
    meetings.check_lasts(meeting, origin.on)
    if member.id in meetings.attendance(db, meeting):
        raise NotAllowed("called-already", member=member.id)
    there = replace(origin, on=meeting.held_on)
    entry = _take(db, member, amount, there, {"meeting": meeting.number}, "cash")
    meetings.mark(db, meeting, member, how, entry=entry.number)
    return entry


def take(db: Connection, member: Member, amount: Money, origin: Origin, *, money: str = "collector") -> Entry:
    """Take what a member pays between meetings, to the collector or where `money` says."""
    if (done := begin(db, origin, "collection", member=member.id, amount=amount.minor, money=money)) is not None:
        return done[0]
    lock(db, [member.group_book])
    return _take(db, member, amount, origin, {}, money)


def _take(db: Connection, member: Member, amount: Money, origin: Origin, memo: dict[str, int], money: str) -> Entry:
    shared = split(db, member, amount, origin.on)
    paid = repayments.sums_of(shared.allocations)
    principal: dict[int, int] = {}
    for each in shared.allocations:
        if each.how != CHARGED:
            principal[each.party] = principal.get(each.party, 0) + each.principal
    sums: dict[str, Any] = {"compulsory": shared.compulsory, "voluntary": shared.voluntary, "social": shared.social}
    sums |= {"fine": shared.fine.minor + paid["fine"], "interest": paid["interest"], "principal": principal}
    of = {"member": member.id, "money": money, "allocations": shared.allocations, "memo": memo | {"member": member.id}}
    (entry,) = post(db, origin, draft("collection", member.group_book, sums, **of))
    code = receipts.issue(db, origin, member.programme, entry, "collection", amount)
    saved = shared.compulsory + shared.voluntary
    parts = (saved, shared.instalments, shared.fine, shared.social)
    facts.record(db, facts.Collected(member.id, code, member.group_book.owner, amount, *parts))
    return entry


def pay_off(db: Connection, meeting: Meeting, member: Member, loan: int, shown: Money, origin: Origin) -> Entry:
    """Take at an open meeting what closes a loan on its day (`repayments.to_close`), which is the sum she was `shown`.

    Refused: as `collect`; another sum by now (`sum-changed`).
    """
    if begin(db, origin, "meeting.pay-off", member=member.id, loan=loan, sum=shown.minor) is not None:
        return repayments.close_early(db, member, loan, origin.part("close"))
    lock(db, [member.group_book])
    meetings.hold_open(db, meeting)
    meetings.check_lasts(meeting, origin.on)
    if repayments.to_close(db, loans.get(db, member, loan), meeting.held_on) != shown:
        raise NotAllowed("sum-changed", loan=loan)
    return repayments.close_early(db, member, loan, replace(origin, on=meeting.held_on).part("close"))


def paid(db: Connection, book: Book, entry: int) -> Money:
    """What an entry took in: its debits."""
    return Money(int(db.execute(_PAID, {"book": book.id, "entry": entry}).scalar() or 0), book.currency)


# The end of a meeting


@dataclass(frozen=True, slots=True)
class Closing:
    """A meeting at its end: collected in it, still unpaid of what was due, how many were absent, and fines charged.

    `off` is what was counted in the cash box less what the books say.
    """

    collected: Money
    unpaid: Money
    absent: int
    fined: Money
    off: Money


_PAID = select(func.sum(line_table.c.amount)).where(
    line_table.c.book == bindparam("book"), line_table.c.entry == bindparam("entry"), line_table.c.side == DEBIT
)
_AT = (attendance_table.c.group == bindparam("group"), attendance_table.c.meeting == bindparam("meeting"))
_IN_BOOK = line_table.c.book == bindparam("book")
_undo = entry_table.alias("undo")
_UNDONE = (
    select(_undo.c.number)
    .where(_undo.c.book == line_table.c.book, _undo.c.reverses == line_table.c.entry)
    .correlate(line_table)
    .exists()
)
_COLLECTED = (
    select(func.coalesce(func.sum(line_table.c.amount), 0))
    .join(entry_table, (entry_table.c.book == line_table.c.book) & (entry_table.c.number == line_table.c.entry))
    .where(
        _IN_BOOK,
        line_table.c.code == PLACES["cash"],
        line_table.c.side == DEBIT,
        entry_table.c.kind.in_(("collection", "loan.close-early")),
        entry_table.c.event_on == bindparam("on"),
        entry_table.c.created_at >= bindparam("opened"),
        ~_UNDONE,
    )
)
_saved = (
    select(line_table.c.party, func.sum(line_table.c.amount).label("amount"))
    .join(attendance_table, attendance_table.c.entry == line_table.c.entry)
    .where(_IN_BOOK, line_table.c.code == SAVINGS, *_AT, ~_UNDONE)
    .group_by(line_table.c.party)
    .subquery()
)
_missed: ColumnElement[int] = bindparam("saving") - func.coalesce(_saved.c.amount, 0)
_NOT_SAVED = (
    select(func.coalesce(func.sum(case((_missed > 0, _missed), else_=0)), 0))
    .select_from(member_table)
    .outerjoin(_saved, _saved.c.party == member_table.c.id)
    .where(member_table.c.group == bindparam("group"), IN_GROUP)
)
_unpaid = (
    instalment_table.c.principal
    - instalment_table.c.principal_cleared
    + instalment_table.c.interest
    - instalment_table.c.interest_cleared
)
_DUE = (
    select(
        loan_table.c.member,
        loan_table.c.id,
        instalment_table.c.number,
        instalment_table.c.fine,
        _unpaid.label("left"),
    )
    .join(
        loan_table,
        (loan_table.c.book == instalment_table.c.book) & (loan_table.c.id == instalment_table.c.party),
    )
    .where(
        instalment_table.c.book == bindparam("book"),
        instalment_table.c.code == PRINCIPAL,
        instalment_table.c.due <= bindparam("on"),
        _unpaid > 0,
    )
    .order_by(loan_table.c.id, instalment_table.c.number)
)


def overdue(db: Connection, book: Book, on: date) -> dict[int, Money]:
    """What members should have paid on loans of a book by a day and did not, by member id; fines are not in it."""
    owed: dict[int, Money] = {}
    for row in db.execute(_DUE, {"book": book.id, "on": on}):
        owed[row.member] = owed.get(row.member, Money(0, book.currency)) + Money(int(row.left), book.currency)
    return owed


def collected(db: Connection, meeting: Meeting, book: Book) -> Money:
    """What came into the cash box at a meeting, so far or in all, less what was taken back."""
    of = {"book": book.id, "on": meeting.held_on, "opened": meeting.opened_at}
    return Money(int(db.execute(_COLLECTED, of).scalar_one()), book.currency)


def at_end(db: Connection, meeting: Meeting, book: Book, counted: Money) -> Closing:
    """What closing a meeting now would say and charge; who was not called counts as absent."""
    rules, absent = groups.get(db, meeting.group).rules, len(_absent(db, meeting))
    due = db.execute(_DUE, {"book": book.id, "on": meeting.held_on}).all()
    fined = absent * rules.absent_fine + sum(not row.fine for row in due) * rules.late_fine
    of = {"book": book.id, "group": meeting.group, "meeting": meeting.number}
    unpaid = int(db.execute(_NOT_SAVED, of | {"saving": rules.saving}).scalar_one()) + sum(row.left for row in due)
    unpaid_, fined_ = (Money(int(amount), book.currency) for amount in (unpaid, fined))
    return Closing(collected(db, meeting, book), unpaid_, absent, fined_, treasury.difference(db, book, counted))


def _absent(db: Connection, meeting: Meeting) -> list[int]:
    """Who did not come or was not called; who has left the group since is not among them, and pays no fine."""
    here = {each.id for each in members.of_group(db, meeting.group)}
    return [each.member for each in meetings.roll(db, meeting) if each.how in (None, ABSENT) and each.member in here]


def close(
    db: Connection, meeting: Meeting, leader: Member, counted: Money, origin: Origin, *, shown: Money | None = None
) -> Entry:
    """Close a meeting: write down what was counted in the cash box, charge the fines of the group's rules, tell.

    The period up to its day is closed with it. Its leaders are told what was collected, what is unpaid, who was
    absent and the first digits of the chain's head. The same operation again: the same entry. Refused: a meeting
    that is closed; a difference other than the one that was `shown` (`difference-changed`).
    """
    of = {"group": meeting.group, "meeting": meeting.number, "counted": counted.minor}
    if (done := begin(db, origin, "meeting.close", **of)) is not None:
        return done[0]
    book = leader.group_book
    lock(db, [book])
    meetings.hold_open(db, meeting)
    there = replace(origin, on=meeting.held_on)
    closing = at_end(db, meeting, book, counted)
    if shown is not None and closing.off != shown:
        raise NotAllowed("difference-changed", off=closing.off)
    meetings.end(db, meeting, origin)
    treasury.count(db, book, counted, there.part("count"))
    entry = _charge(db, meeting, book, closing, there)
    close_period(db, book, meeting.held_on)
    for each in members.leaders(db, meeting.group):
        sums = (closing.collected, closing.unpaid, closing.absent, closing.off)
        about = f"{meeting.group}-{meeting.number}"
        facts.record(db, facts.MeetingClosed(each.id, about, meeting.group, *sums, entry.hash[:8]))
    return entry


def _charge(db: Connection, meeting: Meeting, book: Book, closing: Closing, origin: Origin) -> Entry:
    """One entry for all fines that the meeting brought: of who was absent, and on instalments that were not paid."""
    rules = groups.get(db, meeting.group).rules
    charged: dict[int, int] = {}
    allocations = []
    if rules.absent_fine:
        charged |= dict.fromkeys(_absent(db, meeting), rules.absent_fine)
    for row in db.execute(_DUE, {"book": book.id, "on": meeting.held_on}).all() if rules.late_fine else ():
        if not row.fine:
            charged[row.member] = charged.get(row.member, 0) + rules.late_fine
            allocations.append(Allocation(PRINCIPAL, row.id, row.number, CHARGED, fine=rules.late_fine))
    memo = {
        "meeting": meeting.number,
        "collected": closing.collected.minor,
        "unpaid": closing.unpaid.minor,
        "absent": closing.absent,
    }
    if not charged:
        return post(db, origin, Draft(book, "meeting.close", memo=memo))[0]
    of = draft("meeting.close", book, {"fine": charged}, allocations=allocations, memo=memo)
    return post(db, origin, of)[0]
