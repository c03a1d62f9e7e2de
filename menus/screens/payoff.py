"""Paying a loan off at the meeting: what closes it today, the interest of periods not yet begun forgiven as agreed."""

from __future__ import annotations

from dataclasses import replace

from ledger import loans
from ledger import meetings
from ledger import repayments
from ledger.journal import lock
from ledger.money import Money
from locales import phrase
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Confirm
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Values
from menus.screens.meeting import GO_ON
from menus.screens.meeting import call_up
from menus.screens.meeting import called_member
from menus.screens.meeting import recorded
from menus.screens.meeting import to_payoff


def _values(turn: Turn) -> Values:
    close = Money(turn.answers["close"], turn.member.currency)
    return {"name": called_member(turn).names.written(turn.dialogue.language), "close": close}


def _close(turn: Turn) -> Dialogue:
    """Take what closes it, on the day of the meeting; then the rest of what she brings is asked for.

    If that changed since it was shown, show it again instead.
    """
    member, meeting = called_member(turn), recorded(turn)
    lock(turn.db, [member.group_book])
    meetings.hold_open(turn.db, meeting)
    meetings.check_lasts(meeting, turn.today)
    loan = loans.get(turn.db, member, turn.answers["loan"])
    if repayments.to_close(turn.db, loan, meeting.held_on).minor != turn.answers["close"]:
        return to_payoff(turn)
    repayments.close_early(turn.db, member, loan.id, replace(turn.origin(), on=meeting.held_on))
    return call_up(turn, member.id, turn.answers["how"])


SCREENS: dict[str, Screen] = {
    "meeting.payoff": Confirm(
        title=[phrase("{name}"), phrase("All of the loan: {close}")],
        values=_values,
        yes=phrase("Received"),
        act=_close,
        refused=Option("1", GO_ON, "meeting"),
        exits=("meeting.member", "meeting.payoff"),
    ),
}
