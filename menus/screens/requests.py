"""Her requests that wait for the leaders or for their money: what stands where, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ledger import approvals
from ledger import decisions
from ledger.approvals import Approval
from ledger.money import Money
from locales import phrase
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.kinds import Pages
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Values
from menus.screens.asked import ASKED_FOR
from menus.screens.asked import last_day
from menus.screens.asked import name_of
from menus.screens.asked import said

STAGES: Mapping[str, str] = {
    approvals.OPEN: phrase("waiting"),
    approvals.APPROVED: phrase("approved"),
}
"""How far a request is, as she says it."""

REQUESTS = phrase("Requests")


def _hers(turn: Turn, found: Approval) -> bool:
    """Whether she may take it back: what is hers, whoever asked, and what she asked for."""
    own = found.about == turn.member.id and found.kind in decisions.HERS
    return own or found.started_by == approvals.actor_of(turn.member.id)


def _other(turn: Turn, found: Approval) -> str | None:
    """The name of whom it is about, if that is not herself."""
    return name_of(turn, found.about) if found.about not in (0, turn.member.id) else None


def _mine(turn: Turn) -> list[Row]:
    """Loans under Loans, all others under Savings."""
    found = [each for each in decisions.mine(turn.db, turn.member) if each.at(turn.call.now) in STAGES]
    shown = [each for each in found if (each.kind == approvals.LOAN) == turn.answers["loans"]]
    return [_row(turn, str(key), each) for key, each in enumerate(shown, 1)]


def _row(turn: Turn, key: str, found: Approval) -> Row:
    name, stage = _other(turn, found), turn.words.say(STAGES[found.state])
    values = {"request": said(turn, found.kind, name, found.amount), "stage": stage}
    kept = {
        "approval": found.id,
        "kind": found.kind,
        "worth": found.amount.minor,
        "about": name,
        "state": found.state,
        "until": last_day(turn, found).isoformat(),
    }
    return Row(key, values, kept, to="request.back" if _hers(turn, found) else "request.see")


def _one(turn: Turn) -> Values:
    kept = turn.answers
    worth = Money(kept["worth"], turn.member.currency)
    return {
        "kind": turn.words.say(ASKED_FOR[kept["kind"]]),
        "sum": worth or None,
        "matter": None if worth else turn.words.say(ASKED_FOR[kept["kind"]]),
        "name": kept["about"],
        "stage": turn.words.say(STAGES[kept["state"]]),
        "day": date.fromisoformat(kept["until"]),
    }


def _take_back(turn: Turn) -> Dialogue:
    decisions.take_back(turn.db, turn.member, turn.answers["approval"], turn.origin())
    return turn.dialogue.go("request.taken")


def requests(key: str, *, loans: bool) -> Option:
    """The key that leads to her requests: for loans, or all others."""
    return Option(key, REQUESTS, "requests", {"loans": loans})


ONE = (
    phrase("{kind} {sum:bare}"),
    phrase("{matter}"),
    phrase("{name}"),
    phrase("{stage}, until {day}"),
)
_CASES = (("matter", "name"), ("matter",), ("kind", "sum"))

SCREENS: dict[str, Screen] = {
    "requests": Choice(
        row=[phrase("{request}: {stage}")],
        rows=_mine,
        then="request.back",
        exits=("request.see",),
        empty=phrase("You have asked for nothing"),
    ),
    "request.see": Pages(title=ONE, values=_one, absent=_CASES),
    "request.back": Confirm(
        title=ONE,
        values=_one,
        absent=_CASES,
        shortens=("name",),
        yes=phrase("Take the request back"),
        act=_take_back,
        exits=("request.taken",),
    ),
    "request.taken": End(title=[phrase("The request is taken back. All is as it was before.")]),
}
