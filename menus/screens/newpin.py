"""A new PIN, typed twice: the two questions that settings and the door ask, and what is too easy to guess."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import partial

from ledger import members
from ledger import pins
from ledger.members import Member
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.answers import Pin
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import End
from menus.screen import BACK
from menus.screen import Line
from menus.screen import Screen
from menus.screen import Taken

TOO_EASY = {
    "repeat": phrase("Too easy: all digits are the same"),
    "run": phrase("Too easy: digits in a row"),
    "year": phrase("Too easy: it looks like a year"),
    "phone": phrase("Too easy: the end of your number"),
}
NOT_THE_SAME = phrase("The two are not the same")

Whose = Callable[[Turn], Member]
"""Whose PIN it is."""


def questions(name: str, whose: Whose, *, title: tuple[Line, ...] = (), open: bool = False) -> dict[str, Screen]:
    """The screens `name`.new, .again and .done; `open` where she has not come in yet, and has nowhere to go back to."""
    return {
        f"{name}.new": Ask(
            title=title,
            prompt=phrase("Enter a new PIN"),
            says=(answers.PIN_DIGITS, *TOO_EASY.values()),
            parse=partial(_new, whose),
            then=partial(_remember, whose, f"{name}.again"),
            exits=(f"{name}.again",),
            open=open,
            back=None if open else BACK,
        ),
        f"{name}.again": Ask(
            prompt=phrase("Enter the new PIN again"),
            says=(answers.PIN_DIGITS, NOT_THE_SAME),
            parse=lambda turn, text: answers.pin(text, whose(turn).pin_length),
            then=partial(_change, whose, f"{name}.done"),
            exits=(f"{name}.done",),
            open=open,
        ),
        f"{name}.done": End(title=[phrase("Your new PIN is saved. Tell it to nobody.")], open=open),
    }


def _new(whose: Whose, turn: Turn, text: str) -> Pin | Mistake:
    member = whose(turn)
    pin = answers.pin(text, member.pin_length)
    if isinstance(pin, Mistake):
        return pin
    weak = pins.weakness(pin.digits, members.numbers(turn.db, member.id))
    return Mistake(TOO_EASY[weak]) if weak else pin


def _mark(whose: Whose, turn: Turn, pin: Pin) -> str:
    return pins.fingerprint(turn.call.peppers, whose(turn).id, pin.digits)


def _remember(whose: Whose, again: str, turn: Turn, pin: Pin) -> Taken:
    return turn.dialogue.go(again, mark=_mark(whose, turn, pin))


def _change(whose: Whose, done: str, turn: Turn, pin: Pin) -> Taken:
    if not hmac.compare_digest(_mark(whose, turn, pin), turn.answers["mark"]):
        return Mistake(NOT_THE_SAME)
    pins.change(turn.db, turn.call.peppers, whose(turn).id, pin.digits)
    return turn.dialogue.go(done)
