"""An entry that is wrong: a leader says whose and why; two others decide, then a reversal undoes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ledger import corrections
from ledger import decisions
from ledger.errors import NotAllowed
from ledger.errors import Shortfall
from ledger.members import Member
from ledger.money import Money
from ledger.templates import PLACES
from locales import phrase
from menus import answers
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screens.asked import ASK
from menus.screens.asked import HER_CODE
from menus.screens.asked import NOBODY
from menus.screens.asked import entry_word
from menus.screens.asked import her_name
from menus.screens.asked import member_by_code
from menus.screens.asked import to_asked
from menus.screens.asked import whom

MOST = 5
"""How many entries of hers can be put right from here."""

WRONG: Mapping[str, str] = {
    "wrong-sum": phrase("The sum is wrong"),
    "wrong-member": phrase("It is another member's"),
    "twice": phrase("Written twice"),
    "not-so": phrase("It was not so"),
}
"""What can be wrong with an entry; its reversal keeps the code."""


def _entries(turn: Turn) -> list[Row]:
    """Each key carries what it shows, so that what she saw is what is asked."""
    return [
        Row(
            str(key),
            {"day": each.on, "entry": entry_word(turn, each.kind), "sum": each.sum},
            {"entry": each.number, "kind": each.kind, "on": each.on.isoformat(), "worth": each.sum.minor},
        )
        for key, each in enumerate(corrections.last(turn.db, whom(turn), MOST), 1)
    ]


def _hers(turn: Turn, member: Member) -> Taken:
    return turn.dialogue.go("correct.entry", whom=member.id)


def _one(turn: Turn) -> Values:
    kept = turn.answers
    return {
        "name": her_name(turn),
        "entry": entry_word(turn, kept["kind"]),
        "sum": Money(kept["worth"], turn.member.currency),
        "day": date.fromisoformat(kept["on"]),
        "wrong": turn.words.say(WRONG[kept["because"]]),
    }


def _ask(turn: Turn) -> Dialogue:
    kept = turn.answers
    try:
        asked = decisions.ask_reversal(turn.db, turn.member, whom(turn), kept["entry"], kept["because"], turn.origin())
    except NotAllowed as refused:
        if refused.code != "reverse-first":
            raise
        raise NotAllowed("later-first") from refused
    except Shortfall as short:
        if short.values.get("account") != PLACES["collector"]:
            raise
        raise NotAllowed("carried-on") from short
    return to_asked(turn, asked, "asked.others")


SCREENS: dict[str, Screen] = {
    "correct": Ask(
        prompt=HER_CODE,
        says=(answers.DIGITS_ONLY, NOBODY),
        parse=member_by_code,
        then=_hers,
        exits=("correct.entry",),
    ),
    "correct.entry": Choice(
        title=[phrase("{name}: what was written wrongly?")],
        values=lambda turn: {"name": her_name(turn)},
        row=[phrase("{day} {entry} {sum:bare}")],
        rows=_entries,
        then="correct.why",
        empty=phrase("Nothing of hers can be put right"),
    ),
    "correct.why": Choice(
        title=[phrase("What is wrong?")],
        options=[
            Option(str(key), label, "correct.confirm", {"because": code})
            for key, (code, label) in enumerate(WRONG.items(), 1)
        ],
    ),
    "correct.confirm": Confirm(
        title=[phrase("{name}, {day}"), phrase("{entry} {sum:bare}"), phrase("{wrong}")],
        values=_one,
        shortens=("name",),
        yes=ASK,
        act=_ask,
        exits=("asked.others",),
    ),
}
