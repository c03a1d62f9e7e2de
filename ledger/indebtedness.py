"""Whether a loan is more than a member can bear: pure rules, from what is known of her to findings.

A finding blocks (she can not have it), needs an override (a leader's yes takes a reason), or only warns. The bound on
instalments is that of the RBI's Regulatory Framework for Microfinance Loans (2022): half of the income of a household.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

from ledger.money import Money

BLOCK, OVERRIDE, WARN = "block", "override", "warn"
"""How grave a finding is, the gravest first."""

HEAVY = 30
"""Per cent of an income that instalments may take before anybody is warned."""

PER_CENT = "share"
"""The one value of a finding that is no sum."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands against a loan: how grave it is, a code, and the values its words need, sums in minor units."""

    severity: str
    code: str
    values: Mapping[str, int] = field(default_factory=dict)

    def shown(self, currency: str) -> dict[str, Money | int]:
        """Its values with the sums as money."""
        return {name: some if name == PER_CENT else Money(some, currency) for name, some in self.values.items()}


@dataclass(frozen=True, slots=True)
class Case:
    """What is known when a member asks for a loan, in minor units; instalments are those of a month.

    `principal` and `instalment` are the new loan's, `running` instalments of hers that the books know, `elsewhere` and
    `income` what she says. `unpaid` is left of a loan of her group, `late` overdue on anything. `most` bounds a loan
    (0: nothing does), `share` is the per cent of her income that all instalments together may take.
    """

    principal: int
    instalment: int
    running: int = 0
    elsewhere: int = 0
    income: int = 0
    unpaid: int = 0
    late: int = 0
    most: int = 0
    share: int = 50

    @property
    def monthly(self) -> int:
        """All that she would pay in a month."""
        return self.instalment + self.running + self.elsewhere


def findings(case: Case) -> list[Finding]:
    """All that stands against a loan, the gravest first."""
    return [*_blocks(case), *_overrides(case), *_warnings(case)]


def _blocks(case: Case) -> Iterator[Finding]:
    if case.unpaid:
        yield Finding(BLOCK, "loan-running", {"left": case.unpaid})
    if case.late:
        yield Finding(BLOCK, "arrears", {"late": case.late})
    if case.most and case.principal > case.most:
        yield Finding(BLOCK, "loan-above-bound", {"most": case.most})


def _overrides(case: Case) -> Iterator[Finding]:
    if not case.income:
        yield Finding(OVERRIDE, "income-unknown")
    elif _above(case, case.share):
        yield _burden(OVERRIDE, "instalments-above-share", case, case.share)


def _warnings(case: Case) -> Iterator[Finding]:
    if case.income and _above(case, HEAVY) and not _above(case, case.share):
        yield _burden(WARN, "instalments-heavy", case, HEAVY)
    if case.elsewhere:
        yield Finding(WARN, "loans-elsewhere", {"elsewhere": case.elsewhere})


def _above(case: Case, share: int) -> bool:
    return case.monthly * 100 > case.income * share


def _burden(severity: str, code: str, case: Case, share: int) -> Finding:
    return Finding(severity, code, {"monthly": case.monthly, "income": case.income, PER_CENT: share})


def worst(found: Sequence[Finding], *severities: str) -> Finding | None:
    """The gravest of some findings that has one of these severities."""
    return next((each for each in found if each.severity in severities), None)
