"""Savings of a member: put in, asked for and paid out, interest on them, and everything when she leaves."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import select

from ledger import accounts
from ledger import facts
from ledger import loans
from ledger import members
from ledger import membership
from ledger import receipts
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Hold
from ledger.books import HoldEnd
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import entry_table
from ledger.books import hold_end_table
from ledger.books import hold_table
from ledger.chart import GROUP
from ledger.chart import natural
from ledger.errors import LedgerError
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.fines import FINES
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.members import member_table
from ledger.money import Money
from ledger.money import half_even
from ledger.money import total
from ledger.templates import draft

KINDS = {"compulsory": 2010, "voluntary": 2020, "share": 2030}
"""What a member can save towards, with its account."""
OTHER = {"overpaid": 2070, "payable": 2080}
"""What else her group may have of hers: overpayments, and what a share-out has not paid her yet."""


def deposit(
    db: Connection,
    member: Member,
    amount: Money,
    origin: Origin,
    kind: str = "compulsory",
    *,
    book: Book | None = None,
    money: str = "cash",
) -> Entry:
    """Take a deposit for her group, or (compulsory savings only) for the lender whose book it is.

    `money` is where it lies: cash, bank, wallet, or with the collector.
    """
    book = book or member.group_book
    inputs = {"book": book.id, "member": member.id, "amount": amount.minor, "kind": kind, "money": money}
    if (done := begin(db, origin, "saving.deposit", **inputs)) is not None:
        return done[0]
    of = draft("saving.deposit", book, {kind: amount}, member=member.id, money=money, memo={"member": member.id})
    (entry,) = post(db, origin, of)
    receipt = receipts.issue(db, origin, member.programme, entry, "saving.deposit", amount)
    if book.kind == GROUP:
        facts.record(db, facts.SavingReceived(member.id, receipt, book.owner, amount, balance(db, member)))
    return entry


def balance(db: Connection, member: Member) -> Money:
    """All a member has saved in her group, shares included."""
    book = member.group_book
    return total((accounts.balance(db, book, code, member.id) for code in KINDS.values()), book.currency)


def last(db: Connection, member: Member, most: int) -> list[accounts.Posted]:
    """The newest movements of a member's savings, newest first."""
    return accounts.last_lines(db, member.group_book, list(KINDS.values()), member.id, most)


@dataclass(frozen=True, slots=True)
class Request:
    """A member's request for some of her voluntary savings: the entry that holds it, its day, the sum still held."""

    number: int
    on: date
    amount: Money


_REQUESTS = (
    select(
        hold_table.c.entry,
        entry_table.c.event_on,
        (hold_table.c.amount - func.coalesce(func.sum(hold_end_table.c.amount), 0)).label("left"),
    )
    .join(entry_table, (entry_table.c.book == hold_table.c.book) & (entry_table.c.number == hold_table.c.entry))
    .outerjoin(
        hold_end_table, (hold_end_table.c.book == hold_table.c.book) & (hold_end_table.c.hold == hold_table.c.entry)
    )
    .where(
        hold_table.c.book == bindparam("book"),
        hold_table.c.code == KINDS["voluntary"],
        hold_table.c.party == bindparam("member"),
    )
    .group_by(hold_table.c.entry, hold_table.c.amount, entry_table.c.event_on)
    .order_by(hold_table.c.entry)
)


def _all_requests(db: Connection, member: Member) -> list[Request]:
    """Every request she ever made; one that has ended holds nothing."""
    book = member.group_book
    rows = db.execute(_REQUESTS, {"book": book.id, "member": member.id})
    return [Request(row.entry, row.event_on, Money(int(row.left), book.currency)) for row in rows]


def requests(db: Connection, member: Member) -> list[Request]:
    """A member's requests that were neither paid nor refused, oldest first."""
    return [each for each in _all_requests(db, member) if each.amount]


def free(db: Connection, member: Member) -> Money:
    """The voluntary savings a member can ask for: what she has less what she has asked for already."""
    has = accounts.balance(db, member.group_book, KINDS["voluntary"], member.id)
    return has - total((each.amount for each in requests(db, member)), has.currency)


def ask(db: Connection, member: Member, amount: Money, origin: Origin) -> Entry:
    """Ask for voluntary savings: they are held until `withdraw` pays them or `refuse` gives them free.

    The number of the entry is that of the request. More than is free is a Shortfall.
    """
    if (done := begin(db, origin, "saving.ask", member=member.id, amount=amount.minor)) is not None:
        return done[0]
    book = member.group_book
    lock(db, [book])
    if amount > (left := free(db, member)):
        raise Shortfall("savings-short", left=left)
    held = Hold(KINDS["voluntary"], member.id, amount.minor)
    (entry,) = post(db, origin, draft("saving.ask", book, hold=held, memo={"member": member.id}))
    return entry


def withdraw(db: Connection, member: Member, request: int, origin: Origin, *, money: str = "cash") -> Entry:
    """Pay what a member asked for, whole; Shortfall when the box has less. A request that has ended is refused."""
    inputs = {"member": member.id, "request": request, "money": money}
    if (done := begin(db, origin, "saving.withdraw", **inputs)) is not None:
        return done[0]
    held = _open(db, member, request)
    ends = [HoldEnd(request, "settled", held.minor)]
    memo = {"member": member.id, "request": request}
    of = draft(
        "saving.withdraw", member.group_book, {"paid": held}, member=member.id, money=money, ends=ends, memo=memo
    )
    (entry,) = post(db, origin, of)
    receipts.issue(db, origin, member.programme, entry, "saving.withdraw", held)
    return entry


def refuse(db: Connection, member: Member, request: int, origin: Origin, *, how: str = "voided") -> Entry:
    """Let a request go unpaid, "voided" or "expired": what it held is free again."""
    if (done := begin(db, origin, "saving.refuse", member=member.id, request=request, how=how)) is not None:
        return done[0]
    if how not in ("voided", "expired"):
        raise ValueError(f"a request that is not paid is voided or expires, not {how}")
    ends = [HoldEnd(request, how, _open(db, member, request).minor)]
    memo = {"member": member.id, "request": request}
    (entry,) = post(db, origin, draft("saving.refuse", member.group_book, ends=ends, memo=memo))
    return entry


def _open(db: Connection, member: Member, request: int) -> Money:
    """What a request holds, read once the book is locked."""
    lock(db, [member.group_book])
    for each in _all_requests(db, member):
        if each.number == request and each.amount:
            return each.amount
        if each.number == request:
            raise LedgerError("hold-ended", hold=request)
    raise NotFound("unknown-hold", hold=request)


def interest_on(savings: Money, yearly: Fraction, *, months: int = 0, days: int = 0) -> Money:
    """Interest on savings at a rate for a year of 12 months or 365 days, rounded half-even to the minor unit."""
    return Money(half_even(savings.minor * yearly * (Fraction(months, 12) + Fraction(days, 365))), savings.currency)


def interest(db: Connection, book: Book, sums: Mapping[int, Money], origin: Origin, kind: str = "compulsory") -> Entry:
    """Add interest to the savings of one member of a group or of many: what each gets, by her id."""
    shares = {member: amount.minor for member, amount in sums.items()}
    inputs = {"book": book.id, "shares": sorted(shares.items()), "kind": kind}
    if (done := begin(db, origin, "saving.interest", **inputs)) is not None:
        return done[0]
    for member in shares:
        if members.get(db, member).group != book.owner:
            raise NotAllowed("not-in-group", member=member)
    if {each.currency for each in sums.values()} - {book.currency}:
        raise ValueError(f"interest in a book of {book.currency} is paid in it")
    (entry,) = post(db, origin, draft("saving.interest", book, {kind: shares}))
    return entry


_SAVERS = (
    select(account_table.c.party, account_table.c.balance)
    .join(member_table, member_table.c.id == account_table.c.party)
    .where(
        account_table.c.book == bindparam("book"),
        account_table.c.code == bindparam("code"),
        account_table.c.balance != 0,
        member_table.c.group == bindparam("group"),
        members.IN_GROUP,
    )
    .order_by(account_table.c.party)
)


def interest_due(
    db: Connection, book: Book, yearly: Fraction, months: int, kind: str = "compulsory"
) -> dict[int, Money]:
    """What interest at a yearly rate for some months would give each member of a group on what she has, by her id."""
    values = {"book": book.id, "code": KINDS[kind], "group": book.owner}
    has = {row.party: Money(natural(KINDS[kind], row.balance), book.currency) for row in db.execute(_SAVERS, values)}
    gains = {member: interest_on(savings, yearly, months=months) for member, savings in has.items()}
    return {member: gain for member, gain in gains.items() if gain}


def interest_for_all(
    db: Connection, book: Book, yearly: Fraction, months: int, origin: Origin, kind: str = "compulsory"
) -> Entry:
    """Add to the savings of every member of a group what `interest_due` says. Refused when that is nothing."""
    inputs = {"book": book.id, "yearly": str(yearly), "months": months, "kind": kind}
    if (done := begin(db, origin, "saving.interest", **inputs)) is not None:
        return done[0]
    lock(db, [book])
    sums = interest_due(db, book, yearly, months, kind)
    if not sums:
        raise NotAllowed("no-interest")
    memo = {"yearly": str(yearly), "months": months}
    gains = {kind: {member: gain.minor for member, gain in sums.items()}}
    return post(db, origin, draft("saving.interest", book, gains, memo=memo))[0]


def refund(
    db: Connection, member: Member, amount: Money, origin: Origin, *, book: Book | None = None, money: str = "cash"
) -> Entry:
    """Give an overpayment back, by her group or the lender whose book it is; more than was overpaid is a Shortfall."""
    book = book or member.group_book
    inputs = {"book": book.id, "member": member.id, "amount": amount.minor, "money": money}
    if (done := begin(db, origin, "overpayment.refund", **inputs)) is not None:
        return done[0]
    lock(db, [book])
    if amount > (left := accounts.balance(db, book, OTHER["overpaid"], member.id)):
        raise Shortfall("overpaid-less", left=left)
    memo = {"member": member.id}
    of = draft("overpayment.refund", book, {"paid": amount}, member=member.id, money=money, memo=memo)
    (entry,) = post(db, origin, of)
    receipts.issue(db, origin, member.programme, entry, "overpayment.refund", amount)
    return entry


def leave(db: Connection, member: Member, origin: Origin, *, money: str = "cash") -> Entry:
    """Pay a member who leaves all that her group has of hers, and mark her as gone; her records stay.

    Who has nothing there leaves an entry without lines. Refused while she has a loan of the group or of a lender,
    fines, or asks for savings, naming the first of them; and when she left before.
    """
    if (done := begin(db, origin, "member.leave", member=member.id, money=money)) is not None:
        return done[0]
    book = member.group_book
    lock(db, [book])
    for obstacle in obstacles(db, member):
        raise obstacle
    membership.mark_left(db, member, origin)
    sums = hers(db, member)
    paid, memo = total(sums.values(), book.currency), {"member": member.id}
    if not paid:
        return post(db, origin, Draft(book, "member.leave", memo=memo))[0]
    (entry,) = post(db, origin, draft("member.leave", book, sums, member=member.id, money=money, memo=memo))
    receipts.issue(db, origin, member.programme, entry, "member.leave", paid)
    return entry


def hers(db: Connection, member: Member) -> dict[str, Money]:
    """What her group has of a member and pays her when she leaves, by the names of KINDS and OTHER."""
    book = member.group_book
    return {name: accounts.balance(db, book, code, member.id) for name, code in (KINDS | OTHER).items()}


def obstacles(db: Connection, member: Member) -> Iterator[NotAllowed]:
    """What keeps a member from leaving, each as the refusal that `leave` would be: loans, fines, requests."""
    for loan in loans.running(db, member):
        yield NotAllowed("loan-open", loan=loan.id)
    if owes := accounts.balance(db, member.group_book, FINES, member.id):
        yield NotAllowed("fines-open", member=member.id, owes=owes)
    for each in requests(db, member):
        yield NotAllowed("request-open", request=each.number)
