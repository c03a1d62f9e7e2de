"""The meeting on the leader's phone: members are called one after the other, one key each; then the box is counted.

What is written stands in the books at once, so a call that breaks off goes on where it was: at the first member who
was not called. `0` goes to the member before, where what was written can be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping

from ledger import collection
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import repayments
from ledger import reversals
from ledger.collection import Split
from ledger.errors import NotAllowed
from ledger.groups import get as group_of
from ledger.loans import Loan
from ledger.meetings import ABSENT
from ledger.meetings import EXCUSED
from ledger.meetings import LATE
from ledger.meetings import PRESENT
from ledger.meetings import Called
from ledger.meetings import Meeting
from ledger.members import Member
from ledger.money import Money
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.screen import BACK
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values

CAME: Mapping[str, str] = {
    PRESENT: phrase("came"),
    LATE: phrase("came late"),
    ABSENT: phrase("did not come"),
    EXCUSED: phrase("away with leave"),
}
"""How a member came, as the screens say it."""

PARTS = (
    phrase("Savings {saving:bare}"),
    phrase("Instalment {instalment:bare}"),
    phrase("Fine {fine:bare}"),
    phrase("Fund {social:bare}"),
)
_PART = ("saving", "instalment", "fine", "social")
ONE_PART = tuple(tuple(each for each in _PART if each != part) for part in _PART)
"""What is absent where only one of the parts is there."""


def _newest(turn: Turn) -> Meeting | None:
    return next(iter(meetings.newest(turn.db, turn.member.group_book.owner, 1)), None)


def is_open(turn: Turn) -> bool:
    """Whether her group has a meeting that is open."""
    found = _newest(turn)
    return found is not None and found.open


def recorded(turn: Turn) -> Meeting:
    """The newest meeting of her group."""
    found = _newest(turn)
    if found is None:
        raise RuntimeError(f"{turn.dialogue.screen} needs a meeting")
    return found


def the_roll(turn: Turn) -> list[Called]:
    """Who is called at it, in order."""
    return meetings.roll(turn.db, recorded(turn))


def called_member(turn: Turn) -> Member:
    """The member whose turn it is."""
    return members.get(turn.db, turn.answers["called"])


def _called(turn: Turn) -> Called:
    for each in the_roll(turn):
        if each.member == turn.answers["called"]:
            return each
    raise NotAllowed("has-left", member=turn.answers["called"])


def _name(turn: Turn, called: Called) -> str:
    return called.names.written(turn.dialogue.language)


# Which member is next


def enter(turn: Turn) -> Dialogue:
    """To the first member who was not called yet; without an open meeting to the question whether to open one.

    One that somebody forgot to close shows its day first.
    """
    found = _newest(turn)
    if found and found.open:
        return _next(turn, 0) if meetings.lasts(found, turn.today) else turn.dialogue.go("meeting")
    if found and found.held_on >= turn.today:
        raise NotAllowed("meeting-too-early", last=found.held_on)
    return turn.dialogue.go("meeting.open")


def _next(turn: Turn, place: int) -> Dialogue:
    """To the next member after a place who was not called; round again for those put off; then to the end."""
    waiting = [each for each in the_roll(turn) if each.how is None]
    for each in [*(each for each in waiting if each.place > place), *waiting]:
        return call_up(turn, each.member)
    return turn.dialogue.go("meeting").under("leader")


def call_up(turn: Turn, member: int, how: str = PRESENT) -> Dialogue:
    """To a member, with the sum that her screen will show, so that what is accepted is what was seen."""
    due = collection.proposed(turn.db, members.get(turn.db, member), recorded(turn).held_on).total.minor
    return turn.dialogue.go("meeting.member", called=member, due=due, how=how).under("leader")


def _before(turn: Turn) -> Taken:
    """To the member called before this one; from the first one back to the menu."""
    place = _called(turn).place
    for each in reversed([each for each in the_roll(turn) if each.place < place and each.how is not None]):
        return turn.dialogue.go("meeting.called", called=each.member).under("leader")
    return turn.dialogue.go("meeting").under("leader")


# What she brings


def parts(split: Split) -> list[Row]:
    """The parts of a sum that there are, one row each, to be said with `PARTS`."""
    saved = split.compulsory + split.voluntary
    sums = dict(zip(_PART, (saved, split.instalments, split.fine, split.social), strict=True))
    return [Row("", dict.fromkeys(_PART) | {name: amount}) for name, amount in sums.items() if amount]


def _proposed(turn: Turn) -> Split:
    return collection.proposed(turn.db, called_member(turn), recorded(turn).held_on)


def _typed(turn: Turn) -> Split:
    return collection.split(turn.db, called_member(turn), _sum(turn), recorded(turn).held_on)


def _sum(turn: Turn) -> Money:
    return Money(turn.answers["sum"], turn.member.currency)


def _who(turn: Turn) -> Values:
    called = _called(turn)
    due = Money(turn.answers["due"], turn.member.currency)
    return {"number": called.place, "name": _name(turn, called), "sum": due}


def _who_typed(turn: Turn) -> Values:
    return {**_who(turn), "sum": _sum(turn)}


def _accept(turn: Turn) -> Dialogue:
    """Take what is due of her; if that changed since it was shown, show it again instead."""
    due = _proposed(turn).total
    if due.minor != turn.answers["due"]:
        return call_up(turn, turn.answers["called"], turn.answers["how"])
    return _took(turn, due)


def _took(turn: Turn, amount: Money) -> Dialogue:
    meeting, how = recorded(turn), turn.answers["how"]
    if amount:
        collection.collect(turn.db, meeting, called_member(turn), amount, turn.origin(), how=how)
        return _next(turn, _called(turn).place)
    return _mark(turn, how)


def _mark(turn: Turn, how: str) -> Dialogue:
    place = _called(turn).place
    meetings.mark(turn.db, recorded(turn), called_member(turn), how)
    return _next(turn, place)


def _another(turn: Turn, text: str) -> Taken:
    amount = answers.amount(text, turn.member.currency)
    return amount if isinstance(amount, Mistake) else turn.dialogue.go("meeting.split", sum=amount.minor)


def her_loan(turn: Turn) -> Loan | None:
    """Her oldest loan of the group."""
    member = called_member(turn)
    return next((loan for loan in loans.running(turn.db, member) if loan.book == member.group_book), None)


def to_payoff(turn: Turn) -> Dialogue:
    """To what closes her loan on the day of the meeting, with the sum that will be shown."""
    loan = her_loan(turn)
    if loan is None:
        raise NotAllowed("loan-closed")
    close = repayments.to_close(turn.db, loan, recorded(turn).held_on)
    return turn.dialogue.go("meeting.payoff", loan=loan.id, close=close.minor)


# Taking back


def _written(turn: Turn) -> Values:
    called = _called(turn)
    amount = collection.paid(turn.db, turn.member.group_book, called.entry) if called.entry else None
    return {"name": _name(turn, called), "how": turn.words.say(CAME[called.how or ABSENT]), "sum": amount}


def _call_again(turn: Turn) -> Dialogue:
    reversals.call_again(turn.db, recorded(turn), called_member(turn), "written wrongly at the meeting", turn.origin())
    return call_up(turn, turn.answers["called"])


# Opening and closing


def _to_open(turn: Turn) -> Values:
    return {"day": turn.today, "called": meetings.expected(turn.db, turn.member.group_book.owner)}


def _open(turn: Turn) -> Dialogue:
    group = group_of(turn.db, turn.member.group_book.owner)
    meetings.open_next(turn.db, group, turn.member, turn.origin())
    return _next(turn, 0)


def _so_far(turn: Turn) -> Values:
    roll, meeting = the_roll(turn), recorded(turn)
    done = sum(each.how is not None for each in roll)
    collected = collection.collected(turn.db, meeting, turn.member.group_book)
    day = None if meetings.lasts(meeting, turn.today) else meeting.held_on
    return {"day": day, "called": done, "all": len(roll), "collected": collected}


def _some_left(turn: Turn) -> bool:
    return any(each.how is None for each in the_roll(turn))


def _borrows(turn: Turn) -> bool:
    return her_loan(turn) is not None


def _some_called(turn: Turn) -> bool:
    return any(each.how is not None for each in the_roll(turn))


def _last(turn: Turn) -> Dialogue:
    *_, last = (each for each in the_roll(turn) if each.how is not None)
    return turn.dialogue.go("meeting.called", called=last.member)


GO_ON = phrase("Go on")

SCREENS: dict[str, Screen] = {
    "meeting": Choice(
        title=[
            phrase("Meeting of {day} is not closed"),
            phrase("{called} of {all} called"),
            phrase("Collected {collected}"),
        ],
        values=_so_far,
        absent=((), ("day",)),
        options=[
            Option("1", GO_ON, "meeting.member", when=_some_left, leads=lambda turn: _next(turn, 0)),
            Option("2", phrase("Close the meeting"), "meeting.count"),
            Option("3", phrase("The last one again"), "meeting.called", when=_some_called, leads=_last),
        ],
    ),
    "meeting.open": Confirm(
        title=[phrase("Meeting on {day}, {called} members")],
        values=_to_open,
        yes=phrase("Open the meeting"),
        act=_open,
        exits=("meeting.member",),
    ),
    "meeting.member": Confirm(
        title=[phrase("{number} {name} {sum:bare}")],
        values=_who,
        row=PARTS,
        rows=lambda turn: parts(_proposed(turn)),
        absent=ONE_PART,
        yes=phrase("Received"),
        act=_accept,
        other=_another,
        options=[
            Option("2", phrase("Did not come"), "meeting.member", leads=lambda turn: _mark(turn, ABSENT)),
            Option("3", phrase("Other"), "meeting.other"),
            Option("0", BACK, "meeting.called", leads=_before),
        ],
        refused=Option("1", GO_ON, "meeting"),
        exits=("meeting.member", "meeting.split", "meeting"),
        back=None,
    ),
    "meeting.split": Confirm(
        title=[phrase("{number} {name} {sum:bare}")],
        values=_who_typed,
        row=PARTS,
        rows=lambda turn: parts(_typed(turn)),
        absent=ONE_PART,
        yes=phrase("Received"),
        act=lambda turn: _took(turn, _sum(turn)),
        other=_another,
        refused=Option("1", GO_ON, "meeting"),
        exits=("meeting.member", "meeting"),
    ),
    "meeting.other": Choice(
        title=[phrase("{number} {name} {sum:bare}")],
        values=_who,
        options=[
            Option("1", phrase("Came, pays nothing"), "meeting.member", leads=lambda turn: _mark(turn, PRESENT)),
            Option(
                "2",
                phrase("Came late"),
                "meeting.member",
                leads=lambda turn: call_up(turn, turn.answers["called"], LATE),
            ),
            Option("3", phrase("Away with leave"), "meeting.member", leads=lambda turn: _mark(turn, EXCUSED)),
            Option("4", phrase("Later"), "meeting.member", leads=lambda turn: _next(turn, _called(turn).place)),
            Option("5", phrase("Pays her loan off"), "meeting.payoff", when=_borrows, leads=to_payoff),
        ],
    ),
    "meeting.called": Choice(
        title=[phrase("{name}: {how}"), phrase("{sum}")],
        values=_written,
        absent=((), ("sum",)),
        options=[
            Option("1", GO_ON, "meeting.member", leads=enter),
            Option("2", phrase("Take it back"), "meeting.back"),
            Option("3", phrase("The one before"), "meeting.called", leads=_before),
        ],
    ),
    "meeting.back": Confirm(
        title=[phrase("{name}: {how}"), phrase("{sum}")],
        values=_written,
        absent=((), ("sum",)),
        yes=phrase("Take it back"),
        act=_call_again,
        refused=Option("1", GO_ON, "meeting"),
        exits=("meeting.member",),
    ),
}
