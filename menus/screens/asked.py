"""What is asked of the leaders, as every screen says it; and the last words after something was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ledger import approvals
from ledger import members
from ledger import programmes
from ledger.approvals import Approval
from ledger.members import Member
from ledger.money import Money
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import End
from menus.screen import Screen
from menus.screen import Values

ASKED_FOR: Mapping[str, str] = {
    approvals.WITHDRAWAL: phrase("Withdrawal"),
    approvals.LOAN: phrase("Loan"),
    approvals.REVERSAL: phrase("Correction"),
    approvals.PIN_RESET: phrase("New PIN"),
    approvals.LEAVE: phrase("Leaving"),
    approvals.SHARE_OUT: phrase("Share-out"),
}
"""The kinds of request, as the screens say them."""

ENTRIES: Mapping[str, str] = {
    "collection": phrase("Money in"),
    "saving.deposit": phrase("Savings"),
    "saving.withdraw": phrase("Withdrawal"),
    "loan.disburse": phrase("Loan"),
    "loan.repay": phrase("Instalment"),
    "loan.close-early": phrase("Loan closed"),
    "fine.charge": phrase("Fine"),
    "fine.pay": phrase("Fine paid"),
    "fine.waive": phrase("Fine forgiven"),
    "overpayment.refund": phrase("Money back"),
}
"""The kinds of entry that may be put right, as the screens say them."""

ENTRY = phrase("Entry")
"""Any other entry."""

ASK = phrase("Ask for it")
TWO_OTHERS = phrase("Two other leaders must say yes")
HER_CODE = phrase("Type her member code")
NOBODY = phrase("No member of your group has this code")

_SAID = {
    (False, False): phrase("{kind}"),
    (False, True): phrase("{kind} {sum:bare}"),
    (True, False): phrase("{name}: {kind}"),
    (True, True): phrase("{name}: {kind} {sum:bare}"),
}


def said(turn: Turn, kind: str, name: str | None, amount: Money) -> str:
    """A request in one line: whose it is (None: her own, or the group's), what, and the sum if there is one."""
    line = _SAID[name is not None, bool(amount)]
    return turn.words.say(line, kind=turn.words.say(ASKED_FOR[kind]), name=name, sum=amount)


def entry_word(turn: Turn, kind: str) -> str:
    """A kind of entry in her words."""
    return turn.words.say(ENTRIES.get(kind, ENTRY))


def name_of(turn: Turn, member: int) -> str:
    """A member's name in her words."""
    return members.get(turn.db, member).names.written(turn.dialogue.language)


def last_day(turn: Turn, found: Approval) -> date:
    """The programme day on which a request, or what was approved, runs out."""
    return programmes.day(found.until, turn.member.timezone)


def member_by_code(turn: Turn, text: str) -> Member | Mistake:
    """A member of the caller's group by the code that was typed."""
    code = answers.code(text)
    if isinstance(code, Mistake):
        return code
    found = members.by_code(turn.db, str(code))
    return found if found and found.group == turn.member.group else Mistake(NOBODY)


def whom(turn: Turn) -> Member:
    """The member whose code was typed."""
    return members.get(turn.db, turn.answers["whom"])


def her_name(turn: Turn) -> str:
    """Her name."""
    return whom(turn).names.written(turn.dialogue.language)


def to_asked(turn: Turn, found: Approval, screen: str = "asked") -> Dialogue:
    """To the last words after something was asked for."""
    return turn.dialogue.go(screen, asked=found.amount.minor, until=last_day(turn, found).isoformat())


def _asked(turn: Turn) -> Values:
    return {
        "sum": Money(turn.answers["asked"], turn.member.currency),
        "day": date.fromisoformat(turn.answers["until"]),
    }


SCREENS: dict[str, Screen] = {
    "asked": End(
        title=[phrase("You asked for {sum}"), phrase("Your leaders decide by {day}. You get an SMS.")],
        values=_asked,
    ),
    "asked.others": End(
        title=[phrase("It is asked. The other leaders decide by {day}.")],
        values=_asked,
    ),
}
