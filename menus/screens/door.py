"""Who is calling? Number → short list of given names → PIN; or member code and PIN. Nothing personal before the PIN."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ledger import members
from ledger import pins
from ledger.members import Member
from ledger.pins import Verdict
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.answers import Pin
from menus.dialogue import Call
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import End
from menus.screen import Option
from menus.screen import Row
from menus.screen import Screen
from menus.screen import Taken
from menus.screen import Values
from menus.screen import When
from menus.screens.newpin import questions

TRIES = 3
"""Wrong PINs that end one dialogue."""

OTHER = phrase("Another member")


def enter(call: Call) -> Dialogue:
    """The first screen of a call: the list of who shares the number, her PIN if she is alone on it, or a code."""
    known = members.on_number(call.db, call.number)
    if not known:
        return Dialogue("code", "bn", "bn")
    first = known[0]
    if len(known) == 1:
        return Dialogue("pin", first.language, first.digits, answers={"candidate": first.id})
    return Dialogue("who", first.language, first.digits)


def _callers(turn: Turn) -> list[Row]:
    listed = members.on_number(turn.db, turn.call.number)
    return [
        Row(str(place), {"name": member.names.written(turn.dialogue.language)}, {"candidate": member.id})
        for place, member in enumerate(listed, 1)
    ]


def _named(turn: Turn) -> Values:
    return {"name": _candidate(turn).names.written(turn.dialogue.language)}


def any_pin(turn: Turn, text: str) -> Pin | Mistake:
    """A PIN of whatever length programmes have."""
    return answers.pin(text)


def wrong_pin(turn: Turn, verdict: Verdict, stop: str) -> Taken:
    """What follows a wrong PIN: another try, or the screen `stop` when this call or the PIN has none left."""
    wrong = turn.dialogue.wrong + 1
    if verdict.locked or wrong >= TRIES:
        return turn.dialogue.go(stop)
    return Mistake(answers.WRONG_PIN, {"n": min(verdict.left, TRIES - wrong)}, pin=True)


def _check(turn: Turn, pin: Pin) -> Taken:
    """Check the PIN of the candidate; right: she is in, at home, in her own words."""
    candidate = _candidate(turn)
    verdict = pins.verify(turn.db, turn.call.peppers, candidate.id, pin.digits, turn.call.now)
    if verdict.right:
        return _let_in(turn.dialogue, candidate, verdict)
    if verdict.locked:
        return turn.dialogue.go("pin.locked", until=verdict.until.isoformat() if verdict.until else None)
    return wrong_pin(turn, verdict, "pin.end")


def _check_code(turn: Turn, pin: Pin) -> Taken:
    """Check member code and PIN together: wrong code, wrong PIN and locked give one text and cost the same time."""
    candidate, peppers = turn.answers["candidate"], turn.call.peppers
    verdict = pins.verify(turn.db, peppers, candidate, pin.digits, turn.call.now) if candidate else None
    if verdict is None or verdict.locked:
        pins.pretend(peppers, pin.digits)
    elif verdict.right:
        return _let_in(turn.dialogue, members.get(turn.db, candidate), verdict)
    wrong = turn.dialogue.wrong + 1
    if wrong >= TRIES:
        return turn.dialogue.go("code.end")
    asked = turn.dialogue.back()
    return replace(asked, wrong=wrong, answers={**asked.answers, "again": True})


def _find(turn: Turn, code: int) -> Taken:
    """Keep whose code it is, or that it is nobody's; never what was typed, which may be a PIN at the wrong place."""
    member = members.by_code(turn.db, str(code))
    return turn.dialogue.go("code.pin", candidate=member.id if member else None)


def _let_in(dialogue: Dialogue, member: Member, verdict: Verdict) -> Dialogue:
    """In her own words: home, or, with the code of a reset, to choosing a PIN; until then she is not in."""
    spoken = replace(dialogue, language=member.language, digits=member.digits)
    return spoken.go("reset.new") if verdict.once else replace(spoken, member=member.id).home()


def _candidate(turn: Turn) -> Member:
    return members.get(turn.db, turn.answers["candidate"])


def _code(turn: Turn, text: str) -> int | Mistake:
    return answers.code(text)


def _sorry(turn: Turn) -> Values:
    return {"again": turn.answers.get("again")}


def _until(turn: Turn) -> Values:
    """How long it is locked, rounded up to minutes or hours; or that only a reset helps."""
    until = turn.answers.get("until")
    if until is None:
        return {"minutes": None, "hours": None, "reset": True}
    minutes = -(-int((datetime.fromisoformat(until) - turn.call.now).total_seconds()) // 60)
    hours = -(-minutes // 60) if minutes > 60 else None
    return {"minutes": None if hours else max(minutes, 1), "hours": hours, "reset": None}


SCREENS: dict[str, Screen] = {
    "who": Choice(
        title=[phrase("Who is calling?")],
        row=[phrase("{name}")],
        rows=_callers,
        then="pin",
        options=[Option("0", OTHER, "code")],
        open=True,
        back=None,
    ),
    "pin": Ask(
        prompt=phrase("{name}, enter your PIN"),
        again=phrase("Enter your PIN"),
        says=(answers.PIN_DIGITS, answers.WRONG_PIN),
        values=_named,
        parse=any_pin,
        then=_check,
        exits=("home", "reset.new", "pin.end", "pin.locked"),
        open=True,
        back=OTHER,
        zero="code",
    ),
    "pin.end": End(title=[phrase("Wrong PIN three times. Dial again, or ask your leader.")], open=True),
    "pin.locked": End(
        title=[
            When("reset", phrase("Too many wrong PINs. Ask your leaders for a new PIN.")),
            phrase("Too many wrong PINs. Try again in {minutes} minutes."),
            phrase("Too many wrong PINs. Try again in {hours} hours."),
        ],
        values=_until,
        absent=(("minutes", "hours"), ("reset", "hours"), ("reset", "minutes")),
        open=True,
    ),
    "code": Ask(
        title=[When("again", answers.WRONG_CODE)],
        prompt=phrase("Type your member code"),
        says=(answers.DIGITS_ONLY,),
        values=_sorry,
        absent=((), ("again",)),
        parse=_code,
        then=_find,
        exits=("code.pin",),
        open=True,
    ),
    "code.pin": Ask(
        prompt=phrase("Enter your PIN"),
        says=(answers.PIN_DIGITS,),
        parse=any_pin,
        then=_check_code,
        exits=("home", "reset.new", "code", "code.end"),
        open=True,
    ),
    "code.end": End(title=[phrase("Code or PIN is wrong. Dial again, or ask your leader.")], open=True),
    **questions("reset", _candidate, title=(phrase("This code works only now. Choose your own PIN."),), open=True),
}
