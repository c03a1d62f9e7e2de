"""What becomes of a loan: repaid, closed early, waived in part, rescheduled, written off, recovered.

Each verb works out allocations to the instalments under the book's lock; lines and instalments are posted together.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import facts
from ledger import loans
from ledger import receipts
from ledger.books import CHARGED
from ledger.books import PAID
from ledger.books import WAIVED
from ledger.books import WRITTEN_OFF
from ledger.books import Allocation
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import allocation_table
from ledger.books import entry_table
from ledger.errors import NotAllowed
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.loans import PRINCIPAL
from ledger.loans import Instalment
from ledger.loans import Loan
from ledger.loans import Scheduled
from ledger.members import Member
from ledger.money import Money
from ledger.money import total
from ledger.schedules import PASSBOOK
from ledger.schedules import Planned
from ledger.schedules import Terms
from ledger.schedules import early_close
from ledger.schedules import monthly
from ledger.schedules import passbook_interest
from ledger.schedules import written
from ledger.templates import Sum
from ledger.templates import draft

_reversal = entry_table.alias("reversal")
_LAST_VISITS = (
    select(allocation_table.c.party, func.max(entry_table.c.event_on).label("on"))
    .join_from(
        entry_table,
        allocation_table,
        (allocation_table.c.book == entry_table.c.book) & (allocation_table.c.entry == entry_table.c.number),
    )
    .where(
        allocation_table.c.book.in_(bindparam("books", expanding=True)),
        allocation_table.c.code == PRINCIPAL,
        allocation_table.c.party.in_(bindparam("loans", expanding=True)),
        entry_table.c.reverses.is_(None),
        # A fine is charged without her being there.
        (allocation_table.c.principal != 0) | (allocation_table.c.interest != 0),
        ~select(_reversal.c.number)
        .where(_reversal.c.book == entry_table.c.book, _reversal.c.reverses == entry_table.c.number)
        .exists(),
    )
    .group_by(allocation_table.c.party)
)


def allocate(loan: Scheduled, amount: int, on: date) -> tuple[list[Allocation], int]:
    """Share a payment (minor units) out among the instalments in the loan's order; what is left over is overpaid.

    Oldest first: in each instalment fine, then interest, then principal. Interest first: before that, all interest
    that is due on the day. A payment beyond what is due runs ahead into later instalments.
    """
    if amount < 0:
        raise ValueError("nobody pays less than nothing")
    paid = {each.number: dict.fromkeys(("fine", "interest", "principal"), 0) for each in loan.unpaid}
    for number, part, owed in _claims(loan, on):
        some = min(amount, owed - paid[number][part])
        paid[number][part] += some
        amount -= some
    return [_allocation(loan, number, PAID, **parts) for number, parts in paid.items() if any(parts.values())], amount


def _claims(loan: Scheduled, on: date) -> Iterator[tuple[int, str, int]]:
    """What a payment clears, one part of an instalment after the other; a part may come twice, it is cleared once."""
    if loan.terms.order == "interest-first":
        for each in loan.unpaid:
            if each.due <= on:
                yield each.number, "interest", each.interest_left.minor
    for each in loan.unpaid:
        yield each.number, "fine", each.fine_left.minor
        yield each.number, "interest", each.interest_left.minor
        yield each.number, "principal", each.principal_left.minor


def _allocation(
    loan: Scheduled, number: int, how: str, *, principal: int = 0, interest: int = 0, fine: int = 0
) -> Allocation:
    return Allocation(loan.code, loan.id, number, how, principal, interest, fine)


def sums_of(allocations: Iterable[Allocation], how: str = PAID) -> dict[str, int]:
    """Principal, interest and fines of the allocations of one kind."""
    some = [each for each in allocations if each.how == how]
    return {part: sum(getattr(each, part) for each in some) for part in ("principal", "interest", "fine")}


def accrued(db: Connection, loan: Loan, on: date) -> list[Allocation]:
    """What a passbook loan has to be charged up to a day: a month's interest for each month since the last visit."""
    if loan.terms.method != PASSBOOK or not loan.left:
        return []
    interest = interest_since(loan.terms, loan.left.minor, last_visits(db, {loan.id: loan.book.id}).get(loan.id), on)
    return [_allocation(loan, 1, CHARGED, interest=interest)] if interest else []


def last_visits(db: Connection, loans: Mapping[int, str]) -> dict[int, date]:
    """When something was last charged or paid on each of some loans; they are given with their books."""
    books = sorted(set(loans.values()))
    return {row.party: row.on for row in db.execute(_LAST_VISITS, {"books": books, "loans": list(loans)})}


def interest_since(terms: Terms, left: int, last: date | None, on: date) -> int:
    """The interest of a passbook loan with so much principal left from the last visit to a day, in minor units."""
    last = last or terms.disbursed
    return passbook_interest(left, monthly(terms), last, max(on, last), terms.unit)


def _charged(loan: Loan, charges: Sequence[Allocation]) -> Loan:
    """The loan as it will be once it is charged."""
    more = {each.number: Money(each.interest, loan.book.currency) for each in charges}
    parts = (
        replace(each, interest=each.interest + more[each.number]) if each.number in more else each
        for each in loan.instalments
    )
    return replace(loan, instalments=tuple(parts))


def as_of(db: Connection, loan: Loan, on: date) -> tuple[Loan, list[Allocation]]:
    """The loan with what has to be charged up to a day, and these charges."""
    charges = accrued(db, loan, on)
    return _charged(loan, charges), charges


def _locked(db: Connection, member: Member, loan: int, on: date) -> tuple[Loan, list[Allocation]]:
    """The same, read once the book is locked."""
    lock(db, [loans.get(db, member, loan).book])
    return as_of(db, loans.get(db, member, loan), on)


def _open(db: Connection, member: Member, loan: int, on: date) -> tuple[Loan, list[Allocation]]:
    """The same, of a loan that is not closed."""
    found = _locked(db, member, loan, on)
    if not found[0].unpaid:
        raise NotAllowed("loan-closed", loan=loan)
    return found


def _post(
    db: Connection,
    origin: Origin,
    kind: str,
    loan: Loan,
    sums: Mapping[str, Any],
    allocations: Sequence[Allocation],
    money: str = "cash",
    memo: Mapping[str, str | int] | None = None,
) -> Entry:
    memo = {"loan": loan.id, "member": loan.member} | dict(memo or {})
    parties = {"loan": loan.id, "member": loan.member}
    (entry,) = post(
        db, origin, draft(kind, loan.book, sums, money=money, allocations=allocations, memo=memo, **parties)
    )
    return entry


def repay(
    db: Connection,
    member: Member,
    loan: int,
    amount: Money,
    origin: Origin,
    *,
    fine: Money | None = None,
    money: str = "cash",
) -> Entry:
    """Take a payment on a loan; it runs ahead into later instalments, beyond the whole loan it is overpaid.

    `fine` is the part of it that pays a fine charged in this moment.
    """
    charged = fine or Money(0, member.currency)
    inputs = {"member": member.id, "loan": loan, "amount": amount.minor, "fine": charged.minor, "money": money}
    if (done := begin(db, origin, "loan.repay", **inputs)) is not None:
        return done[0]
    if charged and charged > amount:
        raise Shortfall("fine-above-payment", fine=charged)
    before, charges = _locked(db, member, loan, origin.on)
    parts, over = allocate(before, (amount - charged).minor, origin.on)
    sums = sums_of(parts) | {"charged": charged.minor, "over": over}
    entry = _post(db, origin, "loan.repay", before, sums, charges + parts, money)
    _tell_repaid(db, member, before, amount, parts, entry, origin)
    return entry


def _tell_repaid(
    db: Connection, member: Member, loan: Loan, amount: Money, parts: Sequence[Allocation], entry: Entry, origin: Origin
) -> None:
    receipt = receipts.issue(db, origin, member.programme, entry, "loan.repay", amount)
    left = loan.left - Money(sums_of(parts)["principal"], loan.book.currency)
    facts.record(db, facts.LoanRepaid(member.id, receipt, amount, left))


def closing(loan: Scheduled, on: date) -> list[Allocation]:
    """What closes a loan on a day: fines, all principal and the interest of the period begun; the rest is waived.

    The loan's rebate says how much of the later interest is forgiven.
    """
    planned = [
        Planned(each.number, each.due, each.principal.minor, each.interest.minor, 0)
        for each in loan.instalments
        if each.number
    ]
    cleared = sum(each.interest_cleared.minor for each in loan.instalments)
    _, interest = early_close(planned, on, 0, cleared, loan.terms.rebate, loan.terms.unit)
    parts = []
    for each in loan.unpaid:
        now = min(interest, each.interest_left.minor)
        interest -= now
        paid = {"principal": each.principal_left.minor, "interest": now, "fine": each.fine_left.minor}
        parts.append(_allocation(loan, each.number, PAID, **paid))
        if each.interest_left.minor > now:
            parts.append(_allocation(loan, each.number, WAIVED, interest=each.interest_left.minor - now))
    return [each for each in parts if each.principal or each.interest or each.fine]


def to_close(db: Connection, loan: Loan, on: date) -> Money:
    """What a member must pay to close a loan on a day."""
    parts = closing(as_of(db, loan, on)[0], on)
    return Money(sum(sums_of(parts).values()), loan.book.currency)


def close_early(db: Connection, member: Member, loan: int, origin: Origin, *, money: str = "cash") -> Entry:
    """Take what closes a loan today (`to_close`); the interest of periods not yet begun is waived as agreed."""
    if (done := begin(db, origin, "loan.close-early", member=member.id, loan=loan, money=money)) is not None:
        return done[0]
    before, charges = _open(db, member, loan, origin.on)
    parts = closing(before, origin.on)
    sums = sums_of(parts)
    entry = _post(db, origin, "loan.close-early", before, sums, charges + parts, money)
    paid = Money(sum(sums.values()), before.book.currency)
    receipt = receipts.issue(db, origin, member.programme, entry, "loan.close-early", paid)
    facts.record(db, facts.LoanRepaid(member.id, receipt, paid, Money(0, before.book.currency)))
    return entry


def reschedule(db: Connection, member: Member, loan: int, terms: Terms, origin: Origin, *, money: str = "cash") -> Loan:
    """Pay a loan off with a new one; what the new one lends beyond that is paid out. Again: the same new loan.

    Refused when the new loan is smaller than what closes the old one (Shortfall, with what is missing).
    """
    agreed = written(terms)
    inputs = {"member": member.id, "loan": loan, "terms": agreed, "money": money}
    if begin(db, origin, "loan.reschedule", **inputs) is not None:
        return loans.of_operation(db, member, origin.operation)
    old, charges = _open(db, member, loan, origin.on)
    parts, book = closing(old, origin.on), old.book
    sums, lent = sums_of(parts), Money(terms.principal, book.currency)
    if (missing := sum(sums.values()) - lent.minor) > 0:
        raise Shortfall("loan-too-small", missing=Money(missing, book.currency))
    new, plan = loans.open_account(db, book, member, terms, origin)
    both: dict[str, Sum] = {"lent": {new: lent.minor}, "settled": {loan: sums["principal"]}}
    both |= {"interest": sums["interest"], "fine": {member.id: sums["fine"]}}
    memo: dict[str, str | int] = {"loan": new, "settles": loan, "terms": agreed}
    entry = _post(db, origin, "loan.reschedule", old, both, [*charges, *parts, *plan], money, memo)
    loans.tell_disbursed(db, member, lent, plan, entry, "loan.reschedule", origin)
    return loans.get(db, member, new)


def waive(
    db: Connection,
    member: Member,
    loan: int,
    reason: str,
    origin: Origin,
    *,
    interest: Money | None = None,
    fine: Money | None = None,
) -> Entry:
    """Forgive interest or fines of a loan, those of the oldest instalments first; more than is left is a Shortfall."""
    wanted = {"interest": interest.minor if interest else 0, "fine": fine.minor if fine else 0}
    if (done := begin(db, origin, "loan.waive", member=member.id, loan=loan, reason=reason, **wanted)) is not None:
        return done[0]
    before, charges = _locked(db, member, loan, origin.on)
    parts = [part for name, amount in wanted.items() for part in _forgiven(before, name, amount)]
    sums, allocations = {"fine": wanted["fine"]}, [*charges, *_merged(parts)]
    return _post(db, origin, "loan.waive", before, sums, allocations, memo={"reason": reason})


def _forgiven(loan: Loan, part: str, amount: int) -> Iterator[Allocation]:
    for each in loan.unpaid:
        some = min(amount, getattr(each, f"{part}_left").minor)
        amount -= some
        if some:
            yield _allocation(loan, each.number, WAIVED, **{part: some})
    if amount:
        raise Shortfall("owes-less", owes=_left(loan, part))


def _left(loan: Loan, part: str) -> Money:
    return total((getattr(each, f"{part}_left") for each in loan.unpaid), loan.book.currency)


def _merged(parts: Iterable[Allocation]) -> list[Allocation]:
    """One allocation for each instalment and way, where fines and interest were worked out apart."""
    together: dict[int, Allocation] = {}
    for each in parts:
        before = together.get(each.number, replace(each, interest=0, fine=0))
        together[each.number] = replace(before, interest=before.interest + each.interest, fine=before.fine + each.fine)
    return list(together.values())


def write_off(db: Connection, member: Member, loan: int, reason: str, origin: Origin) -> Entry:
    """Give a loan up: its principal becomes a loss, its unpaid instalments are closed as written off."""
    if (done := begin(db, origin, "loan.write-off", member=member.id, loan=loan, reason=reason)) is not None:
        return done[0]
    before, charges = _open(db, member, loan, origin.on)
    parts = [_given_up(before, each) for each in before.unpaid]
    sums = sums_of(parts, WRITTEN_OFF)
    del sums["interest"]
    return _post(db, origin, "loan.write-off", before, sums, charges + parts, memo={"reason": reason})


def _given_up(loan: Loan, each: Instalment) -> Allocation:
    left = {"principal": each.principal_left.minor, "interest": each.interest_left.minor, "fine": each.fine_left.minor}
    return _allocation(loan, each.number, WRITTEN_OFF, **left)


def recover(db: Connection, member: Member, loan: int, amount: Money, origin: Origin, *, money: str = "cash") -> Entry:
    """Take money on a loan that was written off: a gain; a loan that was not is refused."""
    inputs = {"member": member.id, "loan": loan, "amount": amount.minor, "money": money}
    if (done := begin(db, origin, "loan.recover", **inputs)) is not None:
        return done[0]
    before, _ = _locked(db, member, loan, origin.on)
    if not loans.written_off(db, before):
        raise NotAllowed("not-written-off", loan=loan)
    entry = _post(db, origin, "loan.recover", before, {"paid": amount}, (), money)
    receipts.issue(db, origin, member.programme, entry, "loan.recover", amount)
    return entry
