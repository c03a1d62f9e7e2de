"""Her settings: language and digits, chosen by whether she can read them; a new PIN, typed twice."""

from __future__ import annotations

from dataclasses import replace

from ledger import members
from ledger import pins
from locales import LANGUAGES
from locales import phrase
from menus import answers
from menus.answers import Mistake
from menus.answers import Pin
from menus.dialogue import Dialogue
from menus.dialogue import Turn
from menus.kinds import Ask
from menus.kinds import Choice
from menus.kinds import End
from menus.screen import Option
from menus.screen import Screen
from menus.screen import Taken
from menus.screens.door import any_pin
from menus.screens.door import wrong_pin
from menus.screens.home import sells
from menus.screens.newpin import questions


def _script(turn: Turn) -> bool:
    """Whether the wire can show Bangla script."""
    return not turn.call.latin


def _read(turn: Turn, key: str) -> Taken:
    """She could read it: keep the language, with its usual digits where there is nothing to choose."""
    if key != "1":
        return Mistake(answers.CHOOSE)
    language = turn.answers["trying"]
    if language == "bn":
        return turn.dialogue.go("settings.digits")
    return _speak(turn, language, LANGUAGES[language].digits)


def _digits(turn: Turn, key: str) -> Taken:
    chosen = {"1": "bn", "2": "latin"}.get(key)
    return _speak(turn, turn.answers["trying"], chosen) if chosen else Mistake(answers.CHOOSE)


def _speak(turn: Turn, language: str, digits: str) -> Dialogue:
    members.set_words(turn.db, turn.member.id, language=language, digits=digits)
    return replace(turn.dialogue, language=language, digits=digits).home()


def _check(turn: Turn, pin: Pin) -> Taken:
    verdict = pins.verify(turn.db, turn.call.peppers, turn.member.id, pin.digits, turn.call.now)
    if verdict.right:
        return turn.dialogue.go("settings.pin.new")
    return wrong_pin(turn, verdict, "settings.pin.stop")


SCREENS: dict[str, Screen] = {
    "settings": Choice(
        title=[phrase("Settings")],
        options=[
            Option("1", phrase("Language and digits"), "settings.language"),
            Option("2", phrase("PIN"), "settings.pin"),
            Option("3", phrase("Numbers"), "numbers"),
            Option("4", phrase("What SMS may say"), "settings.sms", when=sells),
        ],
    ),
    "settings.language": Choice(
        options=[
            Option("1", "বাংলা", "settings.read", {"trying": "bn"}, when=_script),
            Option("2", "Bangla", "settings.read", {"trying": "bn_Latn"}),
            Option("3", "English", "settings.read", {"trying": "en"}),
        ],
    ),
    "settings.read": Ask(
        prompt=phrase("Can you read this? 1 Yes"),
        says=(answers.CHOOSE,),
        then=_read,
        exits=("home", "settings.digits"),
    ),
    "settings.digits": Ask(
        prompt=phrase("Which digits? 1) ১২৩ 2) 123"),
        says=(answers.CHOOSE,),
        then=_digits,
        exits=("home",),
    ),
    "settings.pin": Ask(
        prompt=phrase("Enter your current PIN"),
        says=(answers.PIN_DIGITS, answers.WRONG_PIN),
        parse=any_pin,
        then=_check,
        exits=("settings.pin.new", "settings.pin.stop"),
    ),
    **questions("settings.pin", lambda turn: turn.member),
    "settings.pin.stop": End(title=[phrase("Wrong PIN. Your PIN was not changed.")]),
}
