"""What waits for a leader's word: who asks, for what, what speaks against it, who has spoken; her yes or no.

She sees of a member what she decides about, and nothing else. Reasons are kept as short codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ledger import applications
from ledger import approvals
from ledger import corrections
from ledger import decisions
from ledger.approvals import Approval
from ledger.decisions import Waiting
from ledger.errors import NotAllowed
from ledger.indebtedness import Finding
from ledger.money import Money
from ledger.voices import Outcome
from locales import phrase
from locales import phrases
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Choice
from menus.kinds import Confirm
from menus.kinds import End
from menus.screen import Line
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.apply import PURPOSES
from menus.screens.asked import ASKED_FOR
from menus.screens.asked import entry_word
from menus.screens.asked import name_of
from menus.screens.asked import said
from menus.screens.correct import WRONG

STILL_YES: Mapping[str, str] = {
    "earns-more": phrase("She earns more besides"),
    "family-helps": phrase("Her family helps"),
    "work-pays": phrase("This work will earn it"),
    "pays-well": phrase("She always pays in time"),
}
"""Why a leader says yes to a loan that may be too much for a member."""

WHY_NOT: Mapping[str, str] = {
    "too-much": phrase("The sum is too high"),
    "box-short": phrase("Too little in the box"),
    "talk-first": phrase("Talk at the meeting first"),
    "not-right": phrase("It is not right"),
    "other": phrase("Another reason"),
}
"""Why a leader says no."""

FOUND: Mapping[str, Line] = {
    "income-unknown": When("unsaid", phrase("She did not say what she earns")),
    "instalments-above-share": When("beyond", phrase("{monthly:bare} of {income:bare} a month: too much")),
    "instalments-heavy": When("heavy", phrase("{monthly:bare} of {income:bare} a month: much")),
    "loans-elsewhere": phrase("Other loans: {elsewhere} a month"),
}
"""What speaks against a loan, as the leaders read it."""

_FLAGS = {"income-unknown": "unsaid", "instalments-above-share": "beyond", "instalments-heavy": "heavy"}
_NOTED = ("unsaid", "beyond", "heavy", "monthly", "income", "elsewhere", "asker", "voice")


def _name(turn: Turn, waiting: Waiting) -> str | None:
    return waiting.names.written(turn.dialogue.language) if waiting.names else None


def _list(turn: Turn) -> list[Row]:
    return [
        Row(
            str(key),
            {"request": said(turn, each.approval.kind, _name(turn, each), each.approval.amount)},
            {"approval": each.approval.id},
        )
        for key, each in enumerate(decisions.waiting(turn.db, turn.member, turn.call.now), 1)
    ]


def _one(turn: Turn) -> Waiting | None:
    """The request she looks at; None when it was decided meanwhile."""
    return decisions.look(turn.db, turn.member, turn.answers["approval"], turn.call.now)


_HEAD = ("gone", "name", "code", "kind", "sum", "matter", "purpose", "times", "entry", "day", "because")


def _head(turn: Turn) -> Values:
    values: dict[str, object] = dict.fromkeys(_HEAD)
    found = _one(turn)
    if found is None:
        return values | {"gone": True}
    asked, word = found.approval, turn.words.say(ASKED_FOR[found.approval.kind])
    values |= {"name": _name(turn, found), "code": found.code if found.names else None}
    values |= {"kind": word, "sum": asked.amount} if asked.amount else {"matter": word}
    if asked.kind == approvals.LOAN:
        values |= _loan(turn, int(asked.subject))
    if asked.kind == approvals.REVERSAL:
        values |= _entry(turn, asked)
    return values


def _entry(turn: Turn, asked: Approval) -> Values:
    """What a reversal would undo, and why; an officer says why in words of his own."""
    entry, why = corrections.get(turn.db, asked.book, int(asked.subject)), asked.wanted.reason
    because = turn.words.say(WRONG[why]) if why in WRONG else why
    return {"entry": entry_word(turn, entry.kind), "day": entry.on, "because": because}


def _loan(turn: Turn, application: int) -> Values:
    made = applications.get(turn.db, application)
    purpose, times = turn.words.say(PURPOSES[made.purpose]), made.terms.instalments
    return {"purpose": purpose, "times": times}


def _noted(turn: Turn) -> list[Row]:
    """What speaks against it, who began it for somebody else, who said yes."""
    found = _one(turn)
    if found is None:
        return []
    noted: list[dict[str, object]] = [_against(turn, each) for each in found.findings]
    if found.approval.started_by != approvals.actor_of(found.approval.about):
        noted.append({"asker": _who(turn, found.approval.started_by)})
    noted += [{"voice": _who(turn, each.who)} for each in found.voices if each.yes]
    return [Row("", dict.fromkeys(_NOTED) | each) for each in noted]


def _against(turn: Turn, finding: Finding) -> dict[str, object]:
    flag = {_FLAGS[finding.code]: True} if finding.code in _FLAGS else {}
    shown = {name: each for name, each in finding.shown(turn.member.currency).items() if isinstance(each, Money)}
    return {**flag, **shown}


def _who(turn: Turn, actor: str) -> str:
    """A member by her name in the words of the screen, an officer by his."""
    kind, _, name = actor.partition(":")
    return name_of(turn, int(name)) if kind == "member" else name


# Her word


def _yes(turn: Turn) -> Taken:
    found = _one(turn)
    reasoned = found is not None and found.approval.wanted.reasoned
    return turn.dialogue.go("approve.why" if reasoned else "approve.yes", because="")


def _short(turn: Turn) -> Values:
    """What is to be confirmed, in two lines, and her reason."""
    why = {**STILL_YES, **WHY_NOT}.get(turn.answers["because"])
    return {**_head(turn), "because": turn.words.say(why) if why else None}


def _say(turn: Turn, yes: bool) -> Dialogue:
    try:
        outcome = decisions.decide(
            turn.db,
            turn.member,
            turn.answers["approval"],
            yes,
            turn.origin(),
            reason=turn.answers["because"],
            peppers=turn.call.peppers,
        )
    except NotAllowed as refused:
        raise NotAllowed(OWN.get(refused.code, refused.code), **refused.values) from refused
    return turn.dialogue.go("approve.done", state=outcome.state, needed=outcome.needed)


OWN = {"own-entry": "own-writing", "reverse-first": "later-first"}
"""Refusals that say something else to an agent in her own shop."""


def _done(turn: Turn) -> Values:
    outcome = Outcome(turn.answers["state"], turn.answers["needed"])
    return {
        "n": outcome.needed or None,
        "granted": outcome.state == approvals.APPROVED or None,
        "finished": outcome.state == approvals.DONE or None,
        "rejected": outcome.state == approvals.REJECTED or None,
    }


def _reasons(words: Mapping[str, str], to: str) -> list[Option]:
    return [Option(str(key), label, to, {"because": code}) for key, (code, label) in enumerate(words.items(), 1)]


WHAT = (phrase("{kind} {sum}"), phrase("{matter}"))
GONE = When("gone", phrase("That was decided already"))

_WITHOUT_SUM = ("kind", "sum", "purpose", "times")

_CONFIRM = Confirm(
    title=[GONE, phrase("{name}"), *WHAT, phrase("{because}")],
    values=_short,
    absent=(("gone", "matter"), ("gone", "kind", "sum"), ("name", "kind", "sum", "matter", "because")),
    shortens=("name",),
    exits=("approve.done",),
)

SCREENS: dict[str, Screen] = {
    "approve": Choice(
        row=[phrase("{request}")],
        rows=_list,
        then="approve.one",
        empty=phrase("Nothing waits for your word"),
    ),
    "approve.one": Choice(
        title=[
            GONE,
            phrase("{name}, {code}"),
            *WHAT,
            phrase("For: {purpose}"),
            phrase("Instalments: {times}"),
            phrase("{day} {entry}: {because}"),
        ],
        values=_head,
        row=[*FOUND.values(), phrase("Asked by {asker}"), phrase("{voice} said yes")],
        rows=_noted,
        absent=(("gone", "matter", "entry"), ("gone", "name", *_WITHOUT_SUM, "entry"), ("gone", "purpose", "times")),
        options=[
            Option("1", phrase("Approve"), "approve.yes", leads=_yes),
            Option("2", phrase("Refuse"), "approve.not"),
        ],
        exits=("approve.why",),
    ),
    "approve.why": Choice(
        title=[phrase("It is much for her. Why yes?")],
        options=_reasons(STILL_YES, "approve.yes"),
    ),
    "approve.not": Choice(title=[phrase("Why not?")], options=_reasons(WHY_NOT, "approve.no")),
    "approve.yes": replace(_CONFIRM, yes=phrase("Approve"), act=lambda turn: _say(turn, True)),
    "approve.no": replace(_CONFIRM, yes=phrase("Refuse"), act=lambda turn: _say(turn, False)),
    "approve.done": End(
        title=[
            phrases("Your yes is written. {n} more must say yes.", "Your yes is written. {n} more must say yes."),
            When("granted", phrase("Approved. The money can be given.")),
            When("finished", phrase("Approved and done.")),
            When("rejected", phrase("Refused. She is told by SMS.")),
        ],
        values=_done,
        absent=(
            ("granted", "finished", "rejected"),
            ("n", "finished", "rejected"),
            ("n", "granted", "rejected"),
            ("n", "granted", "finished"),
        ),
    ),
}
