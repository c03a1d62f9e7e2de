"""Money between meetings: what a member gives a leader who carries it, and what he puts into the box."""

from __future__ import annotations

from ledger import accounts
from ledger import collection
from ledger import treasury
from ledger.collection import Split
from ledger.errors import NotAllowed
from ledger.members import Member
from ledger.money import Money
from ledger.templates import PLACES
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screens.asked import HER_CODE
from menus.screens.asked import NOBODY
from menus.screens.asked import her_name
from menus.screens.asked import member_by_code
from menus.screens.asked import whom
from menus.screens.meeting import GO_ON
from menus.screens.meeting import ONE_PART
from menus.screens.meeting import PARTS
from menus.screens.meeting import parts


def _in(turn: Turn, place: str) -> Money:
    return accounts.balance(turn.db, turn.member.group_book, PLACES[place])


def _carried(turn: Turn) -> Values:
    return {"carried": _in(turn, "collector")}


def _from(turn: Turn, member: Member) -> Taken:
    """What is due of her is proposed; where nothing is, the sum is asked for."""
    due = collection.proposed(turn.db, member, turn.today).total
    to = "collector.take" if due else "collector.sum"
    return turn.dialogue.go(to, whom=member.id, sum=due.minor)


def _sum(turn: Turn) -> Money:
    return Money(turn.answers["sum"], turn.member.currency)


def _typed(turn: Turn, text: str) -> Money | Mistake:
    return answers.amount(text, turn.member.currency)


def _to_confirm(turn: Turn, amount: Money) -> Taken:
    return turn.dialogue.go("collector.take", sum=amount.minor)


def _another(turn: Turn, text: str) -> Taken:
    amount = _typed(turn, text)
    return amount if isinstance(amount, Mistake) else _to_confirm(turn, amount)


def _split(turn: Turn) -> Split:
    return collection.split(turn.db, whom(turn), _sum(turn), turn.today)


def _who(turn: Turn) -> Values:
    return {"name": her_name(turn), "sum": _sum(turn)}


def _take(turn: Turn) -> Dialogue:
    collection.take(turn.db, whom(turn), _sum(turn), turn.origin(), money="collector")
    return turn.dialogue.go("collector.taken")


def _taken(turn: Turn) -> Values:
    return {**_who(turn), **_carried(turn)}


# Into the box


def _bring(turn: Turn) -> Dialogue:
    carried = _in(turn, "collector")
    if not carried:
        raise NotAllowed("nothing-carried")
    return turn.dialogue.go("collector.hand", sum=carried.minor)


def _hand_in(turn: Turn) -> Dialogue:
    treasury.hand_in(turn.db, turn.member.group_book, _sum(turn), turn.origin())
    return turn.dialogue.go("collector.handed")


SCREENS: dict[str, Screen] = {
    "collector": Choice(
        title=[phrase("Not in the box yet: {carried}")],
        values=_carried,
        options=[
            Option("1", phrase("Take money"), "collector.code"),
            Option("2", phrase("Put it into the box"), "collector.hand", leads=_bring),
        ],
    ),
    "collector.code": Ask(
        prompt=HER_CODE,
        says=(answers.DIGITS_ONLY, NOBODY),
        parse=member_by_code,
        then=_from,
        exits=("collector.take", "collector.sum"),
    ),
    "collector.sum": Ask(
        title=[phrase("{name} owes nothing today")],
        values=lambda turn: {"name": her_name(turn)},
        prompt=phrase("How much does she give?"),
        says=(answers.SUM_ONLY,),
        parse=_typed,
        then=_to_confirm,
        exits=("collector.take",),
    ),
    "collector.take": Confirm(
        title=[phrase("{name}: {sum}")],
        values=_who,
        row=PARTS,
        rows=lambda turn: parts(_split(turn)),
        absent=ONE_PART,
        yes=phrase("Received"),
        act=_take,
        other=_another,
        refused=Option("1", GO_ON, "collector"),
        exits=("collector.taken", "collector.take"),
    ),
    "collector.taken": End(
        title=[phrase("Recorded: {name} {sum}"), phrase("Not in the box yet: {carried}")],
        values=_taken,
    ),
    "collector.hand": Confirm(
        title=[phrase("Count it: {sum}"), phrase("All of it goes into the box")],
        values=lambda turn: {"sum": _sum(turn)},
        yes=phrase("It is in the box"),
        act=_hand_in,
        exits=("collector.handed",),
    ),
    "collector.handed": End(
        title=[phrase("Recorded. In the box now {cash}")],
        values=lambda turn: {"cash": _in(turn, "cash")},
    ),
}
