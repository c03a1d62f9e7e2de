"""Her group: when it meets and what she brings, what a share-out would give her, who leads it."""

from __future__ import annotations

from datetime import time

from ledger import collection
from ledger import groups
from ledger import meetings
from ledger import members
from ledger import shareout
from ledger.groups import Group
from locales import phrase
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Pages
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Values
from menus.screen import When


def _group(turn: Turn) -> Group:
    return groups.get(turn.db, turn.member.group_book.owner)


def _named(turn: Turn) -> Values:
    return {"group": _group(turn).names.written(turn.dialogue.language)}


def _next_meeting(turn: Turn) -> Values:
    group = _group(turn)
    day = meetings.next_day(turn.db, group, turn.today)
    if day is None:
        return {"none": True, "day": None, "hour": None, "sum": None}
    due = collection.proposed(turn.db, turn.member, day).total
    return {"none": None, "day": day, "hour": time.fromisoformat(group.rules.at), "sum": due or None}


def _claim(turn: Turn) -> Values:
    """Her part of a share-out today, as far as there is one; every member sees her own and what it is counted by."""
    proposed = shareout.proposal(turn.db, turn.member.group_book, turn.today)
    claim = next((each for each in proposed.claims if each.member == turn.member.id), None)
    names = ("share", "profit", "lost", "repaid", "payout", "none")
    if claim is None:
        return dict.fromkeys(names) | {"none": True}
    return dict.fromkeys(names) | {
        "share": claim.share or None,
        "profit": claim.gain if claim.gain.minor > 0 else None,
        "lost": -claim.gain if claim.gain.minor < 0 else None,
        "repaid": claim.set_off or None,
        "payout": claim.payout,
    }


def _leaders(turn: Turn) -> list[Row]:
    led = members.leaders(turn.db, turn.member.group_book.owner)
    return [Row("", {"name": each.names.written(turn.dialogue.language)}) for each in led]


SCREENS: dict[str, Screen] = {
    "group": Choice(
        title=[phrase("{group}")],
        values=_named,
        options=[
            Option("1", phrase("Next meeting"), "group.meeting"),
            Option("4", phrase("Check a receipt"), "check"),
            Option("5", phrase("Share-out"), "group.share"),
            Option("6", phrase("Our leaders"), "group.leaders"),
        ],
    ),
    "group.meeting": Pages(
        title=[
            When("none", phrase("Ask your leader for the day of the next meeting")),
            phrase("Next meeting: {day}, {hour}"),
            phrase("Bring {sum}"),
        ],
        values=_next_meeting,
        absent=(("none",), ("none", "sum"), ("day", "hour", "sum")),
    ),
    "group.share": Pages(
        title=[
            When("none", phrase("You have no share yet")),
            When("payout", phrase("If it were shared out today")),
            phrase("Your shares {share}"),
            phrase("Profit {profit}"),
            phrase("Loss {lost}"),
            phrase("For your loan {repaid}"),
            phrase("You get {payout}"),
        ],
        values=_claim,
        absent=(("none", "lost"), ("none", "profit"), ("share", "profit", "lost", "repaid", "payout")),
    ),
    "group.leaders": Pages(
        title=[phrase("They lead the group")],
        row=[phrase("{name}")],
        rows=_leaders,
    ),
}
