"""Cash for what was approved: a leader gives it into the member's hand, never into her own; then it is written."""

from __future__ import annotations

from ledger import members
from ledger import payouts
from ledger.errors import Shortfall
from ledger.money import Money
from ledger.templates import PLACES
from locales import phrase
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Values
from menus.screens.asked import ASKED_FOR
from menus.screens.asked import her_name
from menus.screens.asked import said

CASH = PLACES["cash"]


def _list(turn: Turn) -> list[Row]:
    """All but what is for herself."""
    found = payouts.to_pay(turn.db, turn.member.group_book, turn.call.now)
    others = [each for each in found if each.member != turn.member.id]
    return [_row(turn, str(key), each) for key, each in enumerate(others, 1)]


def _row(turn: Turn, key: str, pay: payouts.ToPay) -> Row:
    name = pay.names.written(turn.dialogue.language)
    kept = {"approval": pay.approval, "kind": pay.kind, "whom": pay.member, "worth": pay.amount.minor}
    return Row(key, {"request": said(turn, pay.kind, name, pay.amount)}, kept)


def _worth(turn: Turn) -> Money:
    return Money(turn.answers["worth"], turn.member.currency)


def _one(turn: Turn) -> Values:
    name, worth = her_name(turn), _worth(turn)
    kind = turn.words.say(ASKED_FOR[turn.answers["kind"]])
    return {
        "name": name if worth else None,
        "sum": worth,
        "leaver": None if worth else name,
        "kind": kind if worth else None,
    }


def _pay(turn: Turn) -> Dialogue:
    """Written once the cash is in her hand; where the box has less, the missing sum is said."""
    try:
        paid = _hand_over(turn)
    except Shortfall as short:
        if short.values.get("account") != CASH:
            raise
        raise Shortfall("cash-short", **short.values) from short
    return turn.dialogue.go("pay.done", worth=paid.amount.minor)


def _hand_over(turn: Turn) -> payouts.Payment:
    if turn.answers["approval"]:
        return payouts.pay_out(turn.db, turn.member, turn.answers["approval"], turn.origin())
    member = members.get(turn.db, turn.answers["whom"])
    return payouts.pay_share(turn.db, turn.member, member, turn.origin())


SCREENS: dict[str, Screen] = {
    "pay": Choice(
        row=[phrase("{request}")],
        rows=_list,
        then="pay.confirm",
        empty=phrase("Nobody waits for money"),
    ),
    "pay.confirm": Confirm(
        title=[
            phrase("{kind}"),
            phrase("Give {name} {sum} in cash"),
            phrase("{leaver} leaves, and there is nothing to give"),
        ],
        values=_one,
        absent=(("leaver",), ("name", "sum", "kind")),
        shortens=("name", "leaver"),
        yes=phrase("It is done"),
        act=_pay,
        exits=("pay.done",),
    ),
    "pay.done": End(
        title=[phrase("Recorded: {name} got {sum}"), phrase("Recorded: {leaver} has left")],
        values=_one,
        absent=(("leaver",), ("name", "sum")),
    ),
}
