"""Applications: a member asks her group for a loan, the check of what she can bear, and what it will cost her.

What she asked for, what she said she earns and owes elsewhere, and what was found stay as they were. One that was not
blocked starts an approval; its terms are those of the day she asked, counted from the day the loan is paid out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Date
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import approvals
from ledger import emi
from ledger import facts
from ledger import groups
from ledger import loans
from ledger.approvals import Wanted
from ledger.books import Origin
from ledger.emi import Contract
from ledger.errors import NotAllowed
from ledger.errors import NotFound
from ledger.groups import Rules
from ledger.indebtedness import BLOCK
from ledger.indebtedness import OVERRIDE
from ledger.indebtedness import WARN
from ledger.indebtedness import Case
from ledger.indebtedness import Finding
from ledger.indebtedness import findings
from ledger.indebtedness import worst
from ledger.journal import begin
from ledger.journal import lock
from ledger.loans import Instalment
from ledger.loans import Loan
from ledger.members import Member
from ledger.money import Money
from ledger.money import half_even
from ledger.schedules import PASSBOOK
from ledger.schedules import PER_YEAR
from ledger.schedules import Every
from ledger.schedules import Planned
from ledger.schedules import Terms
from ledger.schedules import monthly as monthly_rate
from ledger.schedules import read
from ledger.schedules import schedule
from ledger.schedules import written
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import Minor
from ledger.tables import metadata

PURPOSES = {
    1: "poultry", 2: "livestock", 3: "crops", 4: "trade", 5: "handicraft", 6: "house", 7: "health", 8: "school",
    9: "other",
}  # fmt: skip
"""What a loan is for, by the number that is typed."""

application_table = Table(
    "application",
    metadata,
    Column("id", Id, primary_key=True),
    Column("group", Id, ForeignKey("member_group.id"), nullable=False),
    Column("member", Id, ForeignKey("member.id"), nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("purpose", String(12), nullable=False),
    Column("elsewhere", Minor, nullable=False),
    Column("income", Minor, nullable=False),
    Column("terms", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("operation", String(64), nullable=False, unique=True),
    Column("loan", Id, ForeignKey("loan.id")),
    Index(None, "member"),
    Index(None, "group"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member asks for, in minor units: so much, in so many instalments, for a purpose (a number of PURPOSES).

    `elsewhere` is what she pays a month on loans that the books do not know, `income` what she earns a month (0: she
    did not say).
    """

    principal: int
    instalments: int
    purpose: int
    elsewhere: int = 0
    income: int = 0


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a loan would be: its plan, what she would pay in a month on everything, and what stands against it."""

    terms: Terms
    plan: tuple[Planned, ...]
    monthly: Money
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Planned:
        """The first instalment, to be shown before she confirms."""
        return self.plan[0]

    @property
    def blocked(self) -> Finding | None:
        """Why she can not have it, if so."""
        return worst(self.findings, BLOCK)


@dataclass(frozen=True, slots=True)
class Application:
    """An application: the `cycle`-th loan of a member of a group, what it is for, its terms, what was found.

    `loan` is the loan it became. One that was `blocked` went no further.
    """

    id: int
    group: int
    member: int
    cycle: int
    purpose: str
    elsewhere: int
    income: int
    terms: Terms
    findings: tuple[Finding, ...]
    asked_on: date
    loan: int | None

    @property
    def blocked(self) -> Finding | None:
        """Why she can not have it, if so."""
        return worst(self.findings, BLOCK)


_ONE = select(application_table).where(application_table.c.id == bindparam("id"))
_OF_OPERATION = select(application_table).where(application_table.c.operation == bindparam("operation"))
_BECAME = application_table.update().where(application_table.c.id == bindparam("b_id")).values(loan=bindparam("b_loan"))


def terms(rules: Rules, wish: Wish, on: date) -> Terms:
    """The terms of a loan by a group's rules, paid out on a day: one instalment a month."""
    rate, every = Fraction(rules.loan_rate), Every(1, "month")
    return Terms(
        wish.principal, rate, wish.instalments, every, rules.loan_method, on, per="month", unit=rules.loan_unit
    )


def assess(db: Connection, member: Member, wish: Wish, on: date) -> Assessment:
    """What a loan would be and what stands against it; nothing is written.

    Refused: more instalments than the group allows, and a sum too small for so many. ValueError for no purpose.
    """
    _check(rules := groups.rules(db, member.group_book.owner), wish)
    agreed = terms(rules, wish, on)
    plan = _plan(agreed)
    case = _case(db, member, agreed, plan, rules, elsewhere=wish.elsewhere, income=wish.income)
    return Assessment(agreed, plan, Money(case.monthly, member.currency), tuple(findings(case)))


def _check(rules: Rules, wish: Wish) -> None:
    if (
        wish.purpose not in PURPOSES
        or min(wish.elsewhere, wish.income) < 0
        or min(wish.principal, wish.instalments) < 1
    ):
        raise ValueError(f"{wish} is no wish")
    if wish.instalments > rules.most_instalments:
        raise NotAllowed("too-many-instalments", most=rules.most_instalments)


def _plan(agreed: Terms) -> tuple[Planned, ...]:
    """Where rounding leaves no schedule, the loan is too small for its instalments."""
    try:
        return tuple(schedule(agreed))
    except ValueError:
        raise NotAllowed("loan-too-small-for-instalments", instalments=agreed.instalments) from None


def _case(
    db: Connection, member: Member, agreed: Terms, plan: Sequence[Planned], rules: Rules, *, elsewhere: int, income: int
) -> Case:
    lent, on = loans.running(db, member), agreed.disbursed
    running: list[Loan | Contract] = [*lent, *emi.of_member(db, member)]
    return Case(
        principal=agreed.principal,
        instalment=_monthly(agreed, agreed.principal, max(each.sum for each in plan)),
        running=sum(_monthly(each.terms, _owed(each.unpaid), _largest(each.unpaid)) for each in running),
        elsewhere=elsewhere,
        income=income,
        unpaid=sum(_owed(each.unpaid) for each in lent if each.book == member.group_book),
        late=sum(_owed(each.overdue(on)) for each in running),
        most=rules.most_loan,
        share=rules.income_share,
    )


def _owed(unpaid: Sequence[Instalment]) -> int:
    return sum(each.left.minor for each in unpaid)


def _largest(unpaid: Sequence[Instalment]) -> int:
    """The largest instalment to come; number 0 is paid down once, not month by month."""
    return max(((each.principal + each.interest).minor for each in unpaid if each.number), default=0)


def _monthly(agreed: Terms, owed: int, largest: int) -> int:
    """What a loan takes in a month: its largest instalment; by the passbook rule an even part and interest."""
    if agreed.method == PASSBOOK:
        return half_even(Fraction(owed, agreed.instalments) + owed * monthly_rate(agreed))
    return half_even(Fraction(largest * PER_YEAR[agreed.every.unit], 12 * agreed.every.count))


def apply(db: Connection, member: Member, wish: Wish, origin: Origin) -> Application:
    """Ask for a loan; the same operation again gives the same application.

    One that is blocked is kept and told to her, and starts nothing. Any other starts an approval; what speaks against
    it is told to her too, and where an override is needed each leader's yes takes a reason.
    """
    if begin(db, origin, "loan.apply", member=member.id, wish=asdict(wish)) is not None:
        return _read(db.execute(_OF_OPERATION, {"operation": origin.operation}).one())
    lock(db, [member.group_book])
    found = assess(db, member, wish, origin.on)
    made = _write(db, member, wish, found, origin)
    if not found.blocked:
        amount, reasoned = Money(wish.principal, member.currency), worst(found.findings, OVERRIDE) is not None
        wanted = Wanted(approvals.LOAN, member.id, str(made.id), amount, reasoned=reasoned)
        approvals.start(db, member.group_book, wanted, origin)
    _tell(db, made, member.currency)
    return made


def _write(db: Connection, member: Member, wish: Wish, found: Assessment, origin: Origin) -> Application:
    row = {
        "group": member.group,
        "member": member.id,
        "cycle": loans.next_cycle(db, member.group_book, member),
        "purpose": PURPOSES[wish.purpose],
        "elsewhere": wish.elsewhere,
        "income": wish.income,
        "terms": written(found.terms),
        "findings": json.dumps([asdict(each) for each in found.findings]),
        "asked_on": origin.on,
        "asked_at": origin.at,
        "operation": origin.operation,
    }
    return _read(db.execute(application_table.insert().values(row).returning(*application_table.c)).one())


def _tell(db: Connection, made: Application, currency: str) -> None:
    """One SMS for the gravest; one a day for the same block, however often she tries."""
    amount, about = Money(made.terms.principal, currency), f"application {made.id}"
    if block := made.blocked:
        today = f"{block.code} {made.asked_on}"
        facts.record(db, facts.LoanRefused(made.member, today, amount, block.code, block.shown(currency)))
    elif found := worst(made.findings, OVERRIDE, WARN):
        facts.record(db, facts.LoanWarned(made.member, about, amount, found.code, found.shown(currency)))


def get(db: Connection, application: int) -> Application:
    """An application by its id; NotFound when there is none."""
    row = db.execute(_ONE, {"id": application}).one_or_none()
    if row is None:
        raise NotFound("unknown-application", application=application)
    return _read(row)


def _read(row: Any) -> Application:
    found = tuple(Finding(**each) for each in json.loads(row.findings))
    return Application(
        row.id, row.group, row.member, row.cycle, row.purpose, row.elsewhere, row.income, read(row.terms), found,
        row.asked_on, row.loan,
    )  # fmt: skip


def pay(db: Connection, member: Member, application: int, origin: Origin, *, money: str = "cash") -> Loan:
    """Pay out the loan that was asked for, as agreed, counted from today; refused if something blocks it by now."""
    made = get(db, application)
    agreed, rules = replace(made.terms, disbursed=origin.on), groups.rules(db, made.group)
    case = _case(db, member, agreed, _plan(agreed), rules, elsewhere=made.elsewhere, income=made.income)
    if block := worst(findings(case), BLOCK):
        raise NotAllowed(block.code, member=member.id, **block.shown(member.currency))
    loan = loans.disburse(db, member, agreed, origin, money=money)
    db.execute(_BECAME, {"b_id": made.id, "b_loan": loan.id})
    return loan
