"""Check a receipt: the code on it is typed, and the true record behind it is read out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ledger import checking
from ledger.checking import Checked
from ledger.money import Money
from locales import phrase
from menus.answers import Mistake
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Pages
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.asked import ENTRIES
from menus.screens.asked import ENTRY
from menus.screens.undo import WHAT

NO_SUCH_CODE = phrase("No receipt has this code")

_ORDER, _COMMISSION, _INSTALMENT = phrase("Order"), phrase("Commission"), phrase("Instalment")

KINDS: Mapping[str, str] = {
    **ENTRIES,
    **WHAT,
    "loan.fee": phrase("Loan fee"),
    "loan.recover": phrase("Loan closed"),
    "member.leave": phrase("Leaving"),
    "share-out.pay": phrase("Share-out"),
    "order.place": _ORDER,
    "order.deliver": phrase("Goods came"),
    "order.prepay": phrase("Paid to the hub"),
    "agent.pay": phrase("Paid to the hub"),
    "agent.refund": phrase("Money back"),
    "commission.pay": _COMMISSION,
    "commission.set-off": _COMMISSION,
    "emi.pay": _INSTALMENT,
    "emi.close-early": _INSTALMENT,
    "reversal": phrase("Correction"),
}
"""What a receipt is for, by the kind of its entry, as the screens say it."""


def _look_up(turn: Turn, text: str) -> Checked | Mistake:
    code, within = checking.typed(text), [turn.member.programme]
    found = checking.check(turn.db, turn.call.number, code, turn.call.now, within=within)
    return found or Mistake(NO_SUCH_CODE)


def _shown(turn: Turn, found: Checked) -> Taken:
    return turn.dialogue.go(
        "check.shown",
        code=found.code,
        kind=found.kind,
        minor=found.amount.minor,
        currency=found.amount.currency,
        on=found.on.isoformat(),
        place=found.place.written(turn.dialogue.language),
        undone=found.undone,
    )


def _record(turn: Turn) -> Values:
    said = turn.answers
    return {
        "code": said["code"],
        "plain": None if said["undone"] else True,
        "gone": True if said["undone"] else None,
        "what": turn.words.say(KINDS.get(said["kind"], ENTRY)),
        "sum": Money(said["minor"], said["currency"]),
        "day": date.fromisoformat(said["on"]),
        "group": said["place"],
    }


SCREENS: dict[str, Screen] = {
    "check": Ask(
        prompt=phrase("Type the code of the receipt"),
        says=(NO_SUCH_CODE,),
        parse=_look_up,
        then=_shown,
        exits=("check.shown",),
    ),
    "check.shown": Pages(
        title=[
            When("plain", phrase("Receipt {code} is genuine")),
            When("gone", phrase("Receipt {code} was undone")),
            phrase("{what} {sum}"),
            phrase("{day:year}"),
            phrase("{group}"),
        ],
        values=_record,
        absent=(("gone",), ("plain",)),
    ),
}
