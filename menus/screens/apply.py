"""Asking for a loan: how much and how long, for what, what she earns; what it costs stands there before she asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger import applications
from ledger import approvals
from ledger import groups
from ledger.applications import Assessment
from ledger.applications import Wish
from ledger.groups import Rules
from ledger.indebtedness import OVERRIDE
from ledger.indebtedness import WARN
from ledger.indebtedness import Finding
from ledger.indebtedness import worst
from ledger.money import Money
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.asked import to_asked
from menus.screens.withdraw import not_twice

PURPOSES: Mapping[str, str] = {
    "poultry": phrase("Poultry"),
    "livestock": phrase("Cows, goats"),
    "crops": phrase("Crops"),
    "trade": phrase("Trade"),
    "handicraft": phrase("Handicraft"),
    "house": phrase("House"),
    "health": phrase("Health"),
    "school": phrase("School"),
    "other": phrase("Other"),
}
"""What a loan is for, as the screens say it."""

MOST = 999_999
"""Whole taka that may be typed for a loan or an income."""

_NO_PURPOSE = next(number for number, code in applications.PURPOSES.items() if code == "other")


def enter(turn: Turn) -> Dialogue:
    """To the question how much, unless she asked for a loan already."""
    not_twice(turn, approvals.LOAN)
    return turn.dialogue.go("apply")


def _rules(turn: Turn) -> Rules:
    return groups.rules(turn.db, turn.member.group_book.owner)


@dataclass(frozen=True, slots=True)
class _Bound:
    """What may be typed for a number, and what is said of another one."""

    least: int
    most: int
    wrong: str = answers.SUM_ONLY


_LENT, _MONTHLY = _Bound(1, MOST), _Bound(0, MOST)


def _some(text: str, *bounds: _Bound) -> list[int] | Mistake:
    """One or more numbers, each in its bounds; the later ones may be left to be asked for."""
    found = answers.numbers(text)
    if isinstance(found, Mistake):
        return found
    if len(found) > len(bounds):
        return Mistake(answers.DIGITS_ONLY)
    for each, bound in zip(found, bounds, strict=False):
        if not bound.least <= each <= bound.most:
            return Mistake(bound.wrong, {"least": bound.least, "most": bound.most})
    return found


# How much, for how long


def _how_much(turn: Turn, text: str) -> list[int] | Mistake:
    return _some(text, _LENT, _Bound(1, _rules(turn).most_instalments, answers.NUMBERS_ONLY))


def _how_long(turn: Turn, text: str) -> int | Mistake:
    return answers.number(text, 1, _rules(turn).most_instalments)


def _sum_known(turn: Turn, found: list[int]) -> Taken:
    if len(found) == 1:
        return turn.dialogue.go("apply.times", sum=found[0] * 100)
    return _both_known(turn, found[0] * 100, found[1])


def _both_known(turn: Turn, principal: int, instalments: int) -> Taken:
    """What blocks her is known by now; she need not be asked what else it takes."""
    wish = Wish(principal, instalments, _NO_PURPOSE)
    found = applications.assess(turn.db, turn.member, wish, turn.today)
    to = "apply.blocked" if found.blocked else "apply.purpose"
    return turn.dialogue.go(to, sum=principal, times=instalments)


def _bound(turn: Turn) -> Values:
    bound = _rules(turn).most_loan
    return {"bound": Money(bound, turn.member.currency) if bound else None}


def _times(turn: Turn) -> Values:
    return {"sum": _sum(turn), "least": 1, "most": _rules(turn).most_instalments}


# What she bears


def _bears(turn: Turn, text: str) -> list[int] | Mistake:
    return _some(text, _MONTHLY, _MONTHLY)


def _earns(turn: Turn, text: str) -> list[int] | Mistake:
    return _some(text, _MONTHLY)


def _bears_known(turn: Turn, found: list[int]) -> Taken:
    if len(found) == 1:
        return turn.dialogue.go("apply.income", elsewhere=found[0] * 100)
    return _all_known(turn, found[0] * 100, found[1] * 100)


def _all_known(turn: Turn, elsewhere: int, income: int) -> Taken:
    """To what it costs; what speaks against it comes first."""
    known = turn.dialogue.go("apply.confirm", elsewhere=elsewhere, income=income)
    found = _assess(Turn(known, turn.call))
    if not _warning(found):
        return known
    return turn.dialogue.go("apply.warned", elsewhere=elsewhere, income=income)


def _sum(turn: Turn) -> Money:
    return Money(turn.answers["sum"], turn.member.currency)


def _wish(turn: Turn) -> Wish:
    known = turn.answers
    purpose = known.get("purpose", _NO_PURPOSE)
    return Wish(known["sum"], known["times"], purpose, known.get("elsewhere", 0), known.get("income", 0))


def _assess(turn: Turn) -> Assessment:
    return applications.assess(turn.db, turn.member, _wish(turn), turn.today)


def _warning(found: Assessment) -> Finding | None:
    return worst(found.findings, OVERRIDE, WARN)


WARNED = {
    "income-unknown": "unsaid",
    "instalments-above-share": "beyond",
    "instalments-heavy": "heavy",
    "loans-elsewhere": "others",
}
"""The lines of a warning, by its code."""


def _warned(turn: Turn) -> Values:
    found = _assess(turn)
    against = _warning(found)
    values: dict[str, object] = dict.fromkeys(WARNED.values())
    if against:
        values[WARNED[against.code]] = True
    income = Money(turn.answers["income"], turn.member.currency)
    return values | {"monthly": found.monthly, "income": income}


BLOCKS = {"loan-running": "owes", "arrears": "late", "loan-above-bound": "bound"}
"""The lines of what blocks a loan, by its code; each shows one sum."""


def _blocked(turn: Turn) -> Values:
    values: dict[str, object] = dict.fromkeys(BLOCKS.values())
    if block := _assess(turn).blocked:
        (values[BLOCKS[block.code]],) = block.shown(turn.member.currency).values()
    return values


def _costs(turn: Turn) -> Values:
    first = _assess(turn).first
    instalment = Money(first.sum, turn.member.currency)
    return {"sum": _sum(turn), "times": turn.answers["times"], "instalment": instalment, "day": first.due}


def _apply(turn: Turn) -> Dialogue:
    made = applications.apply(turn.db, turn.member, _wish(turn), turn.origin())
    if made.blocked:
        return turn.dialogue.go("apply.no")
    asked = approvals.pending(turn.db, made.group, approvals.LOAN, made.member)
    if asked is None:
        raise RuntimeError(f"application {made.id} began nothing")
    return to_asked(turn, asked)


def _tell_her(turn: Turn) -> Dialogue:
    """Keep that she asked and could not have it; she is told by SMS. What blocked her may be gone by now."""
    if not _assess(turn).blocked:
        return turn.dialogue.go("apply.purpose")
    return _apply(turn)


def _for(number: int) -> Option:
    return Option(str(number), PURPOSES[applications.PURPOSES[number]], "apply.bears", {"purpose": number})


SCREENS: dict[str, Screen] = {
    "apply": Ask(
        title=[phrase("A loan of at most {bound}")],
        values=_bound,
        absent=((), ("bound",)),
        prompt=phrase("How much, in how many monthly instalments? Like 5000 12"),
        says=(answers.DIGITS_ONLY, answers.SUM_ONLY, answers.NUMBERS_ONLY),
        parse=_how_much,
        then=_sum_known,
        exits=("apply.times", "apply.purpose", "apply.blocked"),
    ),
    "apply.times": Ask(
        title=[phrase("Loan {sum}")],
        values=_times,
        prompt=phrase("In how many months do you pay it back? ({least} to {most})"),
        says=(answers.NUMBERS_ONLY,),
        parse=_how_long,
        then=lambda turn, times: _both_known(turn, turn.answers["sum"], times),
        exits=("apply.purpose", "apply.blocked"),
    ),
    "apply.blocked": Confirm(
        title=[
            phrase("The loan before is not paid back: {owes}. Pay it back, then ask again."),
            phrase("Instalments are overdue: {late}. Pay them, then ask again."),
            phrase("The group lends {bound} at most"),
        ],
        values=_blocked,
        absent=(("late", "bound"), ("owes", "bound"), ("owes", "late")),
        yes=phrase("Send me this by SMS"),
        act=_tell_her,
        exits=("apply.no", "apply.purpose"),
    ),
    "apply.no": End(title=[phrase("No loan now. The SMS says why.")]),
    "apply.purpose": Choice(
        title=[phrase("What is it for?")],
        options=[_for(number) for number in applications.PURPOSES],
    ),
    "apply.bears": Ask(
        prompt=phrase("A month: instalments on other loans, and what you earn? Like 000 8000"),
        again=phrase("Instalments and income a month? Like 000 8000"),
        says=(answers.DIGITS_ONLY, answers.SUM_ONLY),
        parse=_bears,
        then=_bears_known,
        exits=("apply.income", "apply.warned", "apply.confirm"),
    ),
    "apply.income": Ask(
        prompt=phrase("What do you earn a month? (not sure: 000)"),
        says=(answers.DIGITS_ONLY, answers.SUM_ONLY),
        parse=_earns,
        then=lambda turn, found: _all_known(turn, turn.answers["elsewhere"], found[0] * 100),
        exits=("apply.warned", "apply.confirm"),
    ),
    "apply.warned": Choice(
        title=[
            When("unsaid", phrase("Without your income a yes takes the leaders a reason.")),
            When("beyond", phrase("{monthly:bare} a month of {income:bare} is too much. A yes takes a reason.")),
            When("heavy", phrase("{monthly:bare} a month of {income:bare} is much. Think it over.")),
            When("others", phrase("With your other loans {monthly:bare} a month. Think it over.")),
        ],
        values=_warned,
        absent=tuple(tuple(each for each in WARNED.values() if each != one) for one in WARNED.values()),
        options=[Option("1", phrase("Go on"), "apply.confirm"), Option("2", phrase("Take less"), "apply")],
    ),
    "apply.confirm": Confirm(
        title=[
            phrase("Loan {sum:bare} in {times} instalments"),
            phrase("{instalment:bare} a month from {day}"),
        ],
        values=_costs,
        yes=phrase("I want this loan"),
        act=_apply,
        exits=("asked", "apply.no"),
    ),
}
