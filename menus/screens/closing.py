"""The end of a meeting: the box is counted, a difference is shown, and only what was shown is written."""

from __future__ import annotations

from ledger import collection
from ledger import facts
from ledger import treasury
from ledger.errors import NotAllowed
from ledger.money import Money
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Confirm
from menus.kinds import End
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screens.meeting import GO_ON
from menus.screens.meeting import recorded
from menus.screens.meeting import the_roll

EMPTY = "000"
"""What is typed for an empty cash box: `0` and `00` are ways out."""


def _waiting(turn: Turn) -> Values:
    return {"waiting": sum(each.how is None for each in the_roll(turn)) or None}


def _counted(turn: Turn, text: str) -> Money | Mistake:
    return Money(0, turn.member.currency) if text == EMPTY else answers.amount(text, turn.member.currency)


def _keep_count(turn: Turn, counted: Money) -> Taken:
    return _to_close(turn, counted)


def _to_close(turn: Turn, counted: Money) -> Dialogue:
    """To the last look, with the difference that it will show."""
    off = treasury.difference(turn.db, turn.member.group_book, counted).minor
    return turn.dialogue.go("meeting.close", counted=counted.minor, off=off)


def _count(turn: Turn) -> Money:
    return Money(turn.answers["counted"], turn.member.currency)


def _closing(turn: Turn) -> Values:
    found = collection.at_end(turn.db, recorded(turn), turn.member.group_book, _count(turn))
    return {
        "counted": _count(turn),
        "missing": -found.off if found.off.minor < 0 else None,
        "over": found.off if found.off.minor > 0 else None,
        "absent": found.absent,
    }


def _close(turn: Turn) -> Dialogue:
    """Close it; if money moved since the box was counted, show the difference that there is now instead."""
    shown = Money(turn.answers["off"], turn.member.currency)
    try:
        with facts.attempt(turn.db):
            entry = collection.close(turn.db, recorded(turn), turn.member, _count(turn), turn.origin(), shown=shown)
    except NotAllowed as refused:
        if refused.code != "difference-changed":
            raise
        return _to_close(turn, _count(turn))
    return turn.dialogue.go("meeting.closed", head=entry.hash[:8])


def _closed(turn: Turn) -> Values:
    collected = collection.collected(turn.db, recorded(turn), turn.member.group_book)
    return {"head": turn.answers["head"], "collected": collected}


SCREENS: dict[str, Screen] = {
    "meeting.count": Ask(
        title=[phrase("{waiting} were not called")],
        values=_waiting,
        absent=((), ("waiting",)),
        prompt=phrase("Count the cash box. How much is in it? (empty: 000)"),
        says=(answers.SUM_ONLY,),
        parse=_counted,
        then=_keep_count,
        exits=("meeting.close",),
    ),
    "meeting.close": Confirm(
        title=[
            phrase("In the box {counted:bare}"),
            phrase("Too little by {missing:bare}"),
            phrase("Too much by {over:bare}"),
            phrase("{absent} did not come"),
        ],
        values=_closing,
        absent=(("missing",), ("over",), ("missing", "over")),
        yes=phrase("Close it"),
        act=_close,
        options=[Option("2", phrase("Count again"), "meeting.count")],
        refused=Option("1", GO_ON, "leader"),
        exits=("meeting.closed", "meeting.close"),
    ),
    "meeting.closed": End(
        title=[
            phrase("The meeting is closed. {head}"),
            phrase("Collected {collected}"),
            phrase("The leaders get an SMS."),
        ],
        values=_closed,
    ),
}
