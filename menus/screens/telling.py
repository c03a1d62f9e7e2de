"""What SMS may say to her: so far whether an agent is told each month what she made."""

from __future__ import annotations

from ledger import members
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import End
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.home import sells


def _wanted(turn: Turn) -> Values:
    wanted = turn.member.month_sms
    return {"wanted": True if wanted else None, "unwanted": None if wanted else True}


def _choose(turn: Turn, key: str) -> Taken:
    if key not in ("1", "2"):
        return Mistake(answers.CHOOSE)
    members.set_month_sms(turn.db, turn.member.id, wanted=key == "1")
    return turn.dialogue.go("settings.sms.done")


SCREENS: dict[str, Screen] = {
    "settings.sms": Choice(
        title=[phrase("What SMS may say")],
        options=[Option("1", phrase("What you made each month"), "settings.sms.month", when=sells)],
    ),
    "settings.sms.month": Ask(
        title=[When("wanted", phrase("You get it now")), When("unwanted", phrase("You do not get it now"))],
        values=_wanted,
        prompt=phrase("Each month an SMS: what you made? 1 Yes 2 No"),
        says=(answers.CHOOSE,),
        absent=(("unwanted",), ("wanted",)),
        then=_choose,
        exits=("settings.sms.done",),
    ),
    "settings.sms.done": End(
        title=[
            When("wanted", phrase("Saved. You will get it on the first of the month.")),
            When("unwanted", phrase("Saved. You will not get it.")),
        ],
        values=_wanted,
        absent=(("unwanted",), ("wanted",)),
    ),
}
