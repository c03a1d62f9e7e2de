"""The console's words: its languages, what is said after a click, how roles and states are called, moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import KEEPER
from gateway.console.tables import LENDER
from gateway.console.tables import OFFICER
from gateway.console.tables import TRAINER
from ledger.errors import LedgerError
from locales import Phrase
from locales import Words
from locales import phrase
from locales import words
from locales.numerals import to_bangla

LANGUAGES: Mapping[str, str] = {"bn": "বাংলা", "en": "English"}
"""The languages of the console, each as its own speakers call it."""

ROLE_NAMES: Mapping[str, Phrase] = {
    ADMIN: phrase("administrator"),
    OFFICER: phrase("officer"),
    KEEPER: phrase("hub keeper"),
    LENDER: phrase("lender"),
    AUDITOR: phrase("auditor"),
    TRAINER: phrase("trainer"),
}

SAID: Mapping[str, Phrase] = {
    "signed-out": phrase("You are signed out."),
    "password-changed": phrase("Your password is changed. All your other sign-ins have ended."),
    "totp-set": phrase("The authenticator app is set up."),
    "ended": phrase("Ended."),
    "saved": phrase("Saved."),
    "disabled": phrase("Disabled. All sign-ins of this person have ended."),
    "enabled": phrase("This person can sign in again."),
    "totp-reset": phrase("Reset. The app is set up anew at the next sign-in."),
    "task-started": phrase("It has begun. This page shows how far it is; it goes on if you leave."),
    "task-stopped": phrase("Stopped. What was done stays."),
    "task-over": phrase("It was over already."),
    "done-before": phrase("That was done already. What was shown then is not shown again."),
    "second-yes": phrase("You said yes. It is done."),
    "second-no": phrase("You said no. Nothing was done."),
}
"""What is said on the page that follows a click."""

TASK_KINDS: Mapping[str, Phrase] = {
    "import": phrase("Import of members"),
    "broadcast": phrase("Sending to many"),
}

TASK_STATES: Mapping[str, Phrase] = {
    "running": phrase("at work"),
    "done": phrase("finished"),
    "stopped": phrase("was stopped"),
    "failed": phrase("given up"),
}

REFUSALS: Mapping[str, Phrase] = {
    "second-not-yours": phrase("Another person decides this: you asked for it, or it is not for your role."),
    "second-over": phrase("That was decided already, or its time is up."),
    "second-pending": phrase("One like it waits already. It comes first."),
    "reason-needed": phrase("Say why not."),
}
"""What the books, or a second person's table, refuse: by the code of the LedgerError."""

OTHER = phrase("That cannot be done now. Nothing was written. ({code})")


def spoken(language: str) -> Words:
    """The console's words in a language."""
    return words(language, domain="console")


def refusal(said: Words, error: LedgerError) -> str:
    """The sentence for a refusal."""
    known = REFUSALS.get(error.code)
    return said.say(known, **error.values) if known else said.say(OTHER, code=error.code)


def moment(said: Words, at: datetime, timezone: str) -> str:
    """Day, year, hour and minute where the programme is: 22 Nov 2026, 14:05."""
    local = at.astimezone(ZoneInfo(timezone))
    clock = f"{local:%H:%M}"
    return f"{said.day_and_year(local.date())}, {to_bangla(clock) if said.language == 'bn' else clock}"
