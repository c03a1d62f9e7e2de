"""Her savings back: how much she can have, how much she wants; two leaders decide."""

from __future__ import annotations

from ledger import approvals
from ledger import decisions
from ledger import savings
from ledger.errors import NotAllowed
from ledger.errors import Shortfall
from ledger.money import Money
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Confirm
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screens.asked import ASK
from menus.screens.asked import to_asked


def not_twice(turn: Turn, kind: str) -> None:
    """Refuse a second request of a kind at once, before she types anything."""
    for each in decisions.mine(turn.db, turn.member):
        about_her = (each.kind, each.about) == (kind, turn.member.id)
        if about_her and each.at(turn.call.now) != approvals.EXPIRED:
            raise NotAllowed("approval-pending", approval=each.id, kind=kind)


def enter(turn: Turn) -> Dialogue:
    """To the question how much, if there is anything to withdraw."""
    not_twice(turn, approvals.WITHDRAWAL)
    _check(turn, Money(1, turn.member.currency))
    return turn.dialogue.go("withdraw")


def _check(turn: Turn, amount: Money) -> None:
    if amount > (left := savings.free(turn.db, turn.member)):
        raise Shortfall("savings-short", left=left)


def _then(turn: Turn, amount: Money) -> Taken:
    _check(turn, amount)
    return turn.dialogue.go("withdraw.confirm", sum=amount.minor)


def _sum(turn: Turn) -> Money:
    return Money(turn.answers["sum"], turn.member.currency)


def _free(turn: Turn) -> Values:
    return {"left": savings.free(turn.db, turn.member)}


def _wanted(turn: Turn) -> Values:
    return {"sum": _sum(turn)}


def _ask(turn: Turn) -> Dialogue:
    return to_asked(turn, decisions.ask_withdrawal(turn.db, turn.member, _sum(turn), turn.origin()))


def _typed(turn: Turn, text: str) -> Money | Mistake:
    return answers.amount(text, turn.member.currency)


SCREENS: dict[str, Screen] = {
    "withdraw": Ask(
        title=[phrase("You can withdraw {left}")],
        values=_free,
        prompt=phrase("How much do you want?"),
        says=(answers.SUM_ONLY,),
        parse=_typed,
        then=_then,
        exits=("withdraw.confirm",),
    ),
    "withdraw.confirm": Confirm(
        title=[phrase("Withdraw {sum}"), phrase("Two leaders must say yes")],
        values=_wanted,
        yes=ASK,
        act=_ask,
        exits=("asked",),
    ),
}
