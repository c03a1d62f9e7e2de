"""The group's members: a new PIN for one, one who leaves, the share-out; a leader begins it, two others decide."""

from __future__ import annotations

from functools import partial

from ledger import accounts
from ledger import decisions
from ledger import savings
from ledger import shareout
from ledger.members import Member
from ledger.templates import PLACES
from locales import phrase
from menus import answers
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screens.asked import ASK
from menus.screens.asked import HER_CODE
from menus.screens.asked import NOBODY
from menus.screens.asked import TWO_OTHERS
from menus.screens.asked import her_name
from menus.screens.asked import member_by_code
from menus.screens.asked import to_asked
from menus.screens.asked import whom


def _to(screen: str, turn: Turn, member: Member) -> Taken:
    return turn.dialogue.go(screen, whom=member.id)


def _name(turn: Turn) -> Values:
    return {"name": her_name(turn)}


def _ask_pin(turn: Turn) -> Dialogue:
    asked = decisions.ask_pin_reset(turn.db, turn.member, whom(turn), turn.origin())
    return to_asked(turn, asked, "asked.others")


def _may_leave(turn: Turn, member: Member) -> Taken:
    """What keeps her is said before anything is asked."""
    for obstacle in savings.obstacles(turn.db, member):
        raise obstacle
    return turn.dialogue.go("people.leave.confirm", whom=member.id)


def _leaving(turn: Turn) -> Values:
    hers = whom(turn)
    return {"name": her_name(turn), "sum": decisions.all_hers(turn.db, turn.member.group_book, hers.id)}


def _ask_leave(turn: Turn) -> Dialogue:
    asked = decisions.ask_leave(turn.db, turn.member, whom(turn), turn.origin())
    return to_asked(turn, asked, "asked.others")


def _proposed(turn: Turn) -> Values:
    book = turn.member.group_book
    found = shareout.proposal(turn.db, book, turn.today)
    return {
        "profit": found.surplus if found.surplus.minor > 0 else None,
        "lost": -found.surplus if found.surplus.minor < 0 else None,
        "payout": found.payout,
        "cash": accounts.balance(turn.db, book, PLACES["cash"]),
    }


def _ask_share_out(turn: Turn) -> Dialogue:
    return to_asked(turn, decisions.ask_share_out(turn.db, turn.member, turn.origin()), "asked.others")


SCREENS: dict[str, Screen] = {
    "people": Choice(
        title=[phrase("Members")],
        options=[
            Option("1", phrase("New PIN"), "people.pin"),
            Option("2", phrase("A member leaves"), "people.leave"),
            Option("3", phrase("Share-out"), "people.share"),
        ],
    ),
    "people.pin": Ask(
        prompt=HER_CODE,
        says=(answers.DIGITS_ONLY, NOBODY),
        parse=member_by_code,
        then=partial(_to, "people.pin.confirm"),
        exits=("people.pin.confirm",),
    ),
    "people.pin.confirm": Confirm(
        title=[phrase("A new PIN for {name}"), TWO_OTHERS],
        values=_name,
        shortens=("name",),
        yes=ASK,
        act=_ask_pin,
        exits=("asked.others",),
    ),
    "people.leave": Ask(
        prompt=HER_CODE,
        says=(answers.DIGITS_ONLY, NOBODY),
        parse=member_by_code,
        then=_may_leave,
        exits=("people.leave.confirm",),
    ),
    "people.leave.confirm": Confirm(
        title=[phrase("{name} leaves, she gets {sum}")],
        values=_leaving,
        shortens=("name",),
        yes=ASK,
        act=_ask_leave,
        exits=("asked.others",),
    ),
    "people.share": Confirm(
        title=[
            phrase("Profit {profit:bare}"),
            phrase("Loss {lost:bare}"),
            phrase("To pay {payout:bare}"),
            phrase("In the box {cash:bare}"),
        ],
        values=_proposed,
        absent=(("lost",), ("profit",)),
        yes=ASK,
        act=_ask_share_out,
        exits=("asked.others",),
    ),
}
