"""One answer in, one page out. The engine reads no clock, no chance and no setting: the call brings them."""

from __future__ import annotations

from dataclasses import replace

from ledger import facts
from ledger.errors import LedgerError
from locales import phrase
from locales import words
from menus import answers
from menus.answers import Mistake
from menus.dialogue import Call
from menus.dialogue import Dialogue
from menus.dialogue import Reply
from menus.dialogue import Turn
from menus.refusals import refusal
from menus.screen import BACK_KEY
from menus.screen import HOME_KEY
from menus.screen import MORE_KEY
from menus.screen import Scene
from menus.screen import Screen
from menus.screen import draw
from menus.screens import SCREENS
from menus.screens.door import enter

BEFORE_FIRST = -1
"""The page of a dialogue that was shown a mistake over a list of several pages."""

SORRY = phrase("Sorry, that did not work. Nothing was written, no money taken. Please dial again later.")
"""Our fault; what the hop did was rolled back."""

LOOK = phrase("Sorry, the line broke. Dial again and look whether it was written.")
"""The connection went away in the middle of a commit."""

GONE = phrase("This call is over. Please dial again.")
"""A request that belongs to no running call; nothing is done."""


def begin(call: Call) -> tuple[Dialogue, Reply]:
    """Open a dialogue for a number that dialled, and show its first screen."""
    return _show(enter(call), call)


def advance(dialogue: Dialogue, answer: str, call: Call) -> tuple[Dialogue, Reply]:
    """Take one answer and show what follows. An answer with `*` in it is refused in place.

    A refusal of the books undoes all that the answer did, and is told on the screen.
    """
    text = answers.typed(answer)
    if "*" in answer:
        return _show(dialogue, call, Mistake(answers.ONE_ANSWER))
    if text == HOME_KEY:
        return _show(dialogue.home() if dialogue.member else replace(enter(call), wrong=dialogue.wrong), call)
    if text == MORE_KEY and dialogue.page + 1 < len(_pages(Turn(dialogue, call))):
        return _show(replace(dialogue, page=dialogue.page + 1), call)
    if text == BACK_KEY and (earlier := _back(dialogue)):
        return _show(earlier, call)
    try:
        taken = _take(dialogue, text, call)
    except LedgerError as error:
        return _refuse(dialogue, error, call)
    if isinstance(taken, Mistake):
        stays = replace(dialogue, page=0, wrong=dialogue.wrong + taken.pin)
        return _show(stays, call, taken)
    return _show(taken, call)


def gone(dialogue: Dialogue | None, call: Call) -> Reply:
    """The polite END for what continues no running call, in the words of the call or of the number's first member."""
    return _last_word(GONE, "gone", (dialogue or enter(call)).on(call))


def sorry(call: Call | None, unknown: bool = False, *, latin: bool = False) -> Reply:
    """The apology for a fault of ours, in the words of the number's first member, else in Bangla.

    `unknown`: whether the hop was written is not known, so nothing is promised. `latin` is for when there is no call
    to tell it.
    """
    spoken = enter(call).on(call) if call else Dialogue("sorry", "bn_Latn" if latin else "bn", "latin")
    return _last_word(LOOK if unknown else SORRY, "sorry", spoken)


def _last_word(said: str, name: str, dialogue: Dialogue) -> Reply:
    return Reply(words(dialogue.language, dialogue.digits).say(said), True, name)


def _back(dialogue: Dialogue) -> Dialogue | None:
    """The page or screen before; None where `0` is an answer like any other."""
    screen = SCREENS[dialogue.screen]
    if dialogue.page > 0:
        return replace(dialogue, page=dialogue.page - 1)
    if any(key == BACK_KEY and to != screen.zero for key, to in screen.targets()):
        return None
    if dialogue.trail:
        return dialogue.back()
    return dialogue.go(screen.zero) if screen.zero else None


def _take(dialogue: Dialogue, text: str, call: Call) -> Dialogue | Mistake:
    screen = SCREENS[dialogue.screen]
    if not screen.acts:
        return screen.take(Turn(dialogue, call), text)
    with facts.attempt(call.db):
        return screen.take(Turn(dialogue, call), text)


def _refuse(dialogue: Dialogue, error: LedgerError, call: Call) -> tuple[Dialogue, Reply]:
    """Tell a refusal: above the same question, or, where something was confirmed, on a screen with a way on."""
    turn, screen = Turn(dialogue, call), SCREENS[dialogue.screen]
    reason = refusal(turn.words, error)
    if not screen.acts:
        return _show(replace(dialogue, page=0), call, reason)
    option = getattr(screen, "refused", None)
    label, to = (option.label, option.to) if option else ("", "")
    # The way on leads to the item that was refused, which need not be the last one she chose.
    about = {"item": error.values["item"]} if "item" in error.values else {}
    return _show(dialogue.go("refused", reason=reason, label=label, to=to, **about), call)


def _scene(turn: Turn, mistake: Mistake | str = "") -> Scene:
    said = turn.words.say(mistake.phrase, **mistake.values) if isinstance(mistake, Mistake) else mistake
    return _screen(turn).gather(turn, said)


def _screen(turn: Turn) -> Screen:
    screen = SCREENS[turn.dialogue.screen]
    if not screen.open and turn.dialogue.member is None:
        raise RuntimeError(f"{turn.dialogue.screen} was reached without a PIN")
    return screen


def _pages(turn: Turn, mistake: Mistake | str = "") -> list[str]:
    return draw(_screen(turn), turn.words, _scene(turn, mistake), turn.call.room)


def _show(dialogue: Dialogue, call: Call, mistake: Mistake | str = "") -> tuple[Dialogue, Reply]:
    """The page of the screen she is on now; a confirm screen gets the operation id it will post under."""
    dialogue, screen = dialogue.on(call), SCREENS[dialogue.screen]
    if screen.acts and dialogue.operation is None:
        dialogue = replace(dialogue, operation=call.operations())
    made = _pages(Turn(dialogue, call), mistake)
    page = min(max(dialogue.page, 0), len(made) - 1)
    reply = Reply(made[page], screen.ends, dialogue.screen)
    # A sentence may push rows off the first page: `98` then shows that page whole, so that none is passed over.
    return replace(dialogue, page=BEFORE_FIRST if mistake and len(made) > 1 else page), reply
