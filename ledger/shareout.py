"""Share-out at the end of a cycle: a proposal, then four entries: books closed, shared, loans set off, paid.

Shared is the surplus, by share value; without shares by the average compulsory savings. The social fund stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import timedelta
from fractions import Fraction

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import case
from sqlalchemy import func
from sqlalchemy import select

from ledger import accounts
from ledger import loans
from ledger import members
from ledger import receipts
from ledger.books import PAID
from ledger.books import WAIVED
from ledger.books import Allocation
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import entry_table
from ledger.books import instalment_table
from ledger.books import line_table
from ledger.chart import CHART
from ledger.chart import CREDIT
from ledger.chart import GROUP
from ledger.chart import natural
from ledger.errors import NotAllowed
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.loans import PRINCIPAL
from ledger.loans import Loan
from ledger.loans import loan_table
from ledger.members import Member
from ledger.money import Money
from ledger.money import apportion
from ledger.money import half_even
from ledger.money import total
from ledger.repayments import accrued
from ledger.repayments import closing
from ledger.schedules import PASSBOOK
from ledger.templates import PLACES
from ledger.templates import TEMPLATES
from ledger.templates import draft

FINES, SAVINGS, SHARES, PAYABLE, SURPLUS = 1120, 2010, 2030, 2080, 3010

_ROW = TEMPLATES["share-out.close", GROUP]
_CLOSED = {name: int(code) for code, name in (*_ROW.debit, *_ROW.credit) if name}
"""The accounts that a cycle ends, by the names of their sums: income, costs and opening equity."""

_STANDING = select(account_table.c.code, account_table.c.party, account_table.c.balance).where(
    account_table.c.book == bindparam("book"), account_table.c.balance != 0
)
_CHANGES = (
    select(
        line_table.c.party,
        entry_table.c.event_on,
        func.sum(case((line_table.c.side == CREDIT, line_table.c.amount), else_=-line_table.c.amount)).label("change"),
    )
    .join(entry_table, (entry_table.c.book == line_table.c.book) & (entry_table.c.number == line_table.c.entry))
    .where(
        line_table.c.book == bindparam("book"),
        line_table.c.code == SAVINGS,
        entry_table.c.event_on <= bindparam("on"),
    )
    .group_by(line_table.c.party, entry_table.c.event_on)
)
_reversal = entry_table.alias("reversal")
_LAST_SHARED = select(func.max(entry_table.c.event_on)).where(
    entry_table.c.book == bindparam("book"),
    entry_table.c.kind == "share-out.share",
    entry_table.c.event_on <= bindparam("on"),
    ~select(_reversal.c.number)
    .where(_reversal.c.book == entry_table.c.book, _reversal.c.reverses == entry_table.c.number)
    .exists(),
)
_BEGUN = select(func.min(entry_table.c.event_on)).where(entry_table.c.book == bindparam("book"))
_LENT = (
    select(loan_table.c.member, func.sum(account_table.c.balance).label("left"))
    .join(account_table, (account_table.c.book == loan_table.c.book) & (account_table.c.party == loan_table.c.id))
    .where(loan_table.c.book == bindparam("book"), account_table.c.code == PRINCIPAL)
    .group_by(loan_table.c.member)
)
_OPEN = (
    select(loan_table.c.id, loan_table.c.member)
    .join(
        instalment_table,
        (instalment_table.c.book == loan_table.c.book) & (instalment_table.c.party == loan_table.c.id),
    )
    .where(
        loan_table.c.book == bindparam("book"),
        instalment_table.c.code == PRINCIPAL,
        (instalment_table.c.principal > instalment_table.c.principal_cleared)
        | (instalment_table.c.interest > instalment_table.c.interest_cleared),
    )
    .distinct()
    .order_by(loan_table.c.id)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one member gets: her key, her shares back, her part of the gain (a loss: below zero), her loans set off.

    `payable` is shares and gain together with what an earlier share-out still owes her.
    """

    member: int
    key: Money
    share: Money
    gain: Money
    payable: Money
    set_off: Money

    @property
    def payout(self) -> Money:
        """What she is paid in cash."""
        return self.payable - self.set_off


@dataclass(frozen=True, slots=True)
class Proposal:
    """A share-out as it would be on a day: the surplus and, by member id, who gets what; `by` "share" or "average"."""

    on: date
    surplus: Money
    by: str
    claims: tuple[Claim, ...]

    @property
    def payout(self) -> Money:
        """The cash that is needed for it."""
        return total((each.payout for each in self.claims), self.surplus.currency)


def proposal(db: Connection, book: Book, on: date) -> Proposal:
    """What a share-out on a day would give to whom; nothing is posted. It holds before and after each of its steps."""
    has = _standing(db, book)
    weights = has.get(SHARES) or _savings_days(db, book, on, has.get(SAVINGS, {}))
    days = 1 if SHARES in has else _cycle(db, book, on)[1]
    surplus = sum(_worth(code, has) for code in (SURPLUS, *_CLOSED.values()))
    gains = apportion(surplus, weights) if any(weights.values()) else {}
    lent = {row.member: int(row.left) for row in db.execute(_LENT, {"book": book.id})}
    claims = []
    for member in sorted(weights.keys() | has.get(PAYABLE, {}).keys()):
        share, gain = has.get(SHARES, {}).get(member, 0), gains.get(member, 0)
        payable = share + gain + has.get(PAYABLE, {}).get(member, 0)
        set_off = max(0, min(payable, lent.get(member, 0)))
        key = half_even(Fraction(weights.get(member, 0), days))
        claims.append(Claim(member, *(Money(sum, book.currency) for sum in (key, share, gain, payable, set_off))))
    return Proposal(on, Money(surplus, book.currency), "share" if SHARES in has else "average", tuple(claims))


def _standing(db: Connection, book: Book) -> dict[int, dict[int, int]]:
    """The balances of a book from their normal side, by code and party, without those that are nothing."""
    has: dict[int, dict[int, int]] = {}
    for row in db.execute(_STANDING, {"book": book.id}):
        has.setdefault(row.code, {})[row.party] = natural(row.code, row.balance)
    return has


def _worth(code: int, has: Mapping[int, Mapping[int, int]]) -> int:
    """What an account adds to the surplus, or takes from it."""
    amount = sum(has.get(code, {}).values())
    return amount if CHART[code].side == CREDIT else -amount


def _cycle(db: Connection, book: Book, on: date) -> tuple[date, int]:
    """The first day of the cycle and its days up to `on`, both included.

    It begins on the day after the last share-out, without one on the day of the book's first entry.
    """
    last = db.execute(_LAST_SHARED, {"book": book.id, "on": on}).scalar()
    begun = last + timedelta(days=1) if last else db.execute(_BEGUN, {"book": book.id}).scalar()
    first = min(begun or on, on)
    return first, (on - first).days + 1


def _savings_days(db: Connection, book: Book, on: date, savers: Mapping[int, int]) -> dict[int, int]:
    """Poisha-days: the sum of each saver's compulsory savings at the end of every programme day of the cycle.

    Divided by the days of the cycle it is her average. Every change counts from its programme day, whenever it was
    written down. Who has no compulsory savings left is not among the savers.
    """
    first, _ = _cycle(db, book, on)
    days = dict.fromkeys(savers, 0)
    for row in db.execute(_CHANGES, {"book": book.id, "on": on}):
        if row.party in days:
            days[row.party] += int(row.change) * ((on - max(row.event_on, first)).days + 1)
    return {member: max(0, amount) for member, amount in days.items()}


def _open_loans(db: Connection, book: Book) -> Iterator[Loan]:
    for row in db.execute(_OPEN, {"book": book.id}).all():
        yield loans.get(db, members.get(db, row.member), row.id)


def _ready(db: Connection, book: Book, on: date) -> Proposal:
    """The proposal of a book that is ready for it; refused while anything is open, each with its own code."""
    for loan in _open_loans(db, book):
        if interest := _interest_due(db, loan, on):
            raise NotAllowed("interest-open", loan=loan.id, interest=Money(interest, book.currency))
    has = _standing(db, book)
    for member, owes in sorted(has.get(FINES, {}).items()):
        raise NotAllowed("fines-open", member=member, owes=Money(owes, book.currency))
    if carried := accounts.balance(db, book, PLACES["collector"]):
        raise NotAllowed("collector-open", carried=carried)
    found = proposal(db, book, on)
    if found.surplus and not found.claims:
        raise NotAllowed("nobody-to-share", surplus=found.surplus)
    if any(each.payable.minor < 0 for each in found.claims):
        shares = total((each.share for each in found.claims), book.currency)
        raise Shortfall("loss-above-shares", loss=-found.surplus, shares=shares)
    if found.payout > (cash := accounts.balance(db, book, PLACES["cash"])):
        raise Shortfall("cash-short", missing=found.payout - cash)
    return found


def _interest_due(db: Connection, loan: Loan, on: date) -> int:
    """Interest that should be paid by a day; by the passbook rule all that was charged, and what has accrued since."""
    passbook = loan.terms.method == PASSBOOK
    due = sum(each.interest_left.minor for each in loan.unpaid if passbook or each.due <= on)
    return due + sum(each.interest for each in accrued(db, loan, on))


def close(db: Connection, book: Book, origin: Origin) -> Entry:
    """End the cycle: income, costs and opening equity become surplus (a loss: below zero)."""
    if (done := begin(db, origin, "share-out.close", book=book.id)) is not None:
        return done[0]
    lock(db, [book])
    _ready(db, book, origin.on)
    has = _standing(db, book)
    sums = {name: sum(has.get(code, {}).values()) for name, code in _CLOSED.items()}
    if not any(sums.values()):
        raise NotAllowed("nothing-to-close")
    return post(db, origin, draft("share-out.close", book, sums))[0]


def share(db: Connection, book: Book, origin: Origin) -> Entry:
    """Turn the shares and the surplus into what is payable to each member, as `proposal` says; the books are closed."""
    if (done := begin(db, origin, "share-out.share", book=book.id)) is not None:
        return done[0]
    lock(db, [book])
    found = _ready(db, book, origin.on)
    if _standing(db, book).keys() & set(_CLOSED.values()):
        raise NotAllowed("close-first")
    sums = {
        "share": {each.member: each.share.minor for each in found.claims},
        "payable": {each.member: (each.share + each.gain).minor for each in found.claims},
    }
    if not any(amount for some in sums.values() for amount in some.values()):
        raise NotAllowed("nothing-to-share")
    memo = {"by": found.by, "surplus": found.surplus.minor}
    return post(db, origin, draft("share-out.share", book, sums, memo=memo))[0]


def set_off(db: Connection, book: Book, origin: Origin) -> Entry:
    """Clear the principal of members' loans with what is payable to them: oldest loan and instalment first.

    Where that clears a loan, the interest of periods not yet begun is waived as on an early close.
    """
    if (done := begin(db, origin, "share-out.set-off", book=book.id)) is not None:
        return done[0]
    lock(db, [book])
    payable = _standing(db, book).get(PAYABLE, {})
    used, cleared = dict.fromkeys(payable, 0), dict[int, int]()
    allocations: list[Allocation] = []
    for loan in _open_loans(db, book):
        amount = min(loan.left.minor, payable.get(loan.member, 0) - used.get(loan.member, 0))
        if amount:
            used[loan.member] += amount
            cleared[loan.id] = amount
            allocations += [*accrued(db, loan, origin.on), *_set_off(loan, amount, origin.on)]
    if not cleared:
        raise NotAllowed("nothing-to-set-off")
    sums = {"payable": used, "principal": cleared}
    return post(db, origin, draft("share-out.set-off", book, sums, allocations=allocations))[0]


def _set_off(loan: Loan, amount: int, on: date) -> Iterator[Allocation]:
    whole = amount == loan.left.minor
    for each in loan.unpaid:
        some = min(amount, each.principal_left.minor)
        amount -= some
        if some:
            yield Allocation(PRINCIPAL, loan.id, each.number, PAID, principal=some)
    if whole:
        yield from (each for each in closing(loan, on) if each.how == WAIVED)


def pay(db: Connection, member: Member, origin: Origin, *, money: str = "cash") -> Entry:
    """Pay a member all that is payable to her; refused while it should first clear a loan of hers."""
    if (done := begin(db, origin, "share-out.pay", member=member.id, money=money)) is not None:
        return done[0]
    book = member.group_book
    lock(db, [book])
    payable = accounts.balance(db, book, PAYABLE, member.id)
    if not payable:
        raise NotAllowed("nothing-payable")
    for loan in _open_loans(db, book):
        if loan.member == member.id and loan.left:
            raise NotAllowed("set-off-first", loan=loan.id)
    memo = {"member": member.id}
    of = draft("share-out.pay", book, {"payable": payable}, member=member.id, money=money, memo=memo)
    (entry,) = post(db, origin, of)
    receipts.issue(db, origin, member.programme, entry, "share-out.pay", payable)
    return entry
