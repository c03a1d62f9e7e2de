"""How a group's money is spoken of: states, kinds of entry, purposes, places, what speaks against a loan."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

from ledger import approvals
from ledger import lending
from ledger import meetings
from ledger.indebtedness import Finding
from locales import Phrase
from locales import Words
from locales import phrase

WAITING = "waiting"

LOAN_STATES: Mapping[str, Phrase] = {
    WAITING: phrase("waiting"),
    lending.RUNNING: phrase("running"),
    lending.BEHIND: phrase("behind"),
    lending.PAID: phrase("paid back"),
}

REQUEST_STATES: Mapping[str, Phrase] = {
    approvals.OPEN: phrase("waits for the leaders"),
    approvals.APPROVED: phrase("approved, to be carried out"),
    approvals.DONE: phrase("done"),
    approvals.REJECTED: phrase("refused"),
    approvals.EXPIRED: phrase("its time is up"),
    approvals.TAKEN_BACK: phrase("taken back"),
}

PURPOSES: Mapping[str, Phrase] = {
    "poultry": phrase("Poultry"),
    "livestock": phrase("Cows, goats"),
    "crops": phrase("Crops"),
    "trade": phrase("Trade"),
    "handicraft": phrase("Handicraft"),
    "house": phrase("House"),
    "health": phrase("Health"),
    "school": phrase("School"),
    "other": phrase("Other"),
}

PLACES: Mapping[str, Phrase] = {
    "cash": phrase("the cash box"),
    "bank": phrase("the bank"),
    "wallet": phrase("the mobile wallet"),
    "collector": phrase("the collector"),
}
"""Where money of a group lies."""

HOW: Mapping[str, Phrase] = {
    meetings.PRESENT: phrase("came"),
    meetings.LATE: phrase("came late"),
    meetings.ABSENT: phrase("did not come"),
    meetings.EXCUSED: phrase("away with leave"),
}

METHODS: Mapping[str, Phrase] = {
    "declining-equal-instalment": phrase("equal instalments, interest on what is left"),
    "declining-equal-principal": phrase("equal parts of the loan, interest on what is left"),
    "declining-fixed-principal": phrase("a fixed part of the loan, interest on what is left"),
    "flat": phrase("interest on the whole loan (flat)"),
    "passbook": phrase("by the passbook: interest by months, principal as she brings it"),
}

REQUEST_KINDS: Mapping[str, Phrase] = {
    "withdrawal": phrase("withdraw savings"),
    "loan": phrase("a loan"),
    "reversal": phrase("undo an entry"),
    "pin-reset": phrase("a new PIN"),
    "leave": phrase("leave the group"),
    "share-out": phrase("share out"),
}

PERIODS: Mapping[str, Phrase] = {
    "day": phrase("day"),
    "week": phrase("week"),
    "month": phrase("month"),
    "year": phrase("year"),
    "period": phrase("instalment"),
}
"""What a rate is for."""

REASONS: Mapping[str, Phrase] = {
    "earns-more": phrase("She earns more besides"),
    "family-helps": phrase("Her family helps"),
    "work-pays": phrase("This work will earn it"),
    "pays-well": phrase("She always pays in time"),
    "too-much": phrase("The sum is too high"),
    "box-short": phrase("Too little in the box"),
    "talk-first": phrase("Talk at the meeting first"),
    "not-right": phrase("It is not right"),
    "other": phrase("Another reason"),
    "wrong-sum": phrase("The sum is wrong"),
    "wrong-member": phrase("It is another member's"),
    "twice": phrase("Written twice"),
    "not-so": phrase("It was not so"),
}
"""What a leader says on her phone by one key; anything else was typed in the office."""

FOUND: Mapping[str, Phrase] = {
    "loan-running": phrase("She has not paid back the loan before: {left} is left. No loan until then."),
    "arrears": phrase("Instalments of {late} are overdue. No loan until they are paid."),
    "loan-above-bound": phrase("The group lends {most} at most."),
    "income-unknown": phrase("She did not say what she earns. Each yes of a leader needs a reason."),
    "instalments-above-share": phrase(
        "She would pay {monthly} a month of {income} that she earns, more than {share} per cent. "
        "Each yes of a leader needs a reason."
    ),
    "instalments-heavy": phrase(
        "She would pay {monthly} a month of {income} that she earns, more than {share} per cent."
    ),
    "loans-elsewhere": phrase("She pays {elsewhere} a month on loans elsewhere."),
}
"""What speaks against a loan, by its code."""


def reason(words: Words, said: str) -> str:
    """Why somebody said yes or no, or asked for something."""
    return words.say(REASONS[said]) if said in REASONS else said


def against(words: Words, found: Sequence[Finding], currency: str) -> list[str]:
    """What speaks against a loan, as sentences, the gravest first."""
    return [words.say(FOUND[each.code], **each.shown(currency)) for each in found]
