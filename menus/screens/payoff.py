"""Paying a loan off at the meeting: what closes it today, the interest of periods not yet begun forgiven as agreed."""

from __future__ import annotations

from ledger import collection
from ledger import facts
from ledger.errors import NotAllowed
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
    member, shown = called_member(turn), Money(turn.answers["close"], turn.member.currency)
    try:
        with facts.attempt(turn.db):
            collection.pay_off(turn.db, recorded(turn), member, turn.answers["loan"], shown, turn.origin())
    except NotAllowed as refused:
        if refused.code != "sum-changed":
            raise
        return to_payoff(turn)
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
