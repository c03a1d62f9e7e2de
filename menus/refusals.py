"""The words for what the books refuse: one phrase for each code of a LedgerError."""

from __future__ import annotations

from ledger.errors import LedgerError
from locales import Phrase
from locales import Words
from locales import phrase
from menus.screen import placeholders

OUT_OF_STOCK = phrase("The hub has none left of it")
STOCK_LEFT = phrase("The hub has only {pieces} left")
ON_HAND_LEFT = phrase("You have only {pieces}")
OWES_LESS = phrase("She owes only {owes}")
UNKNOWN_ITEM = phrase("No item has this code")

REFUSALS: dict[str, Phrase] = {
    "credit-limit": phrase("Over your credit limit. You can take up to {left}"),
    "stock-left": STOCK_LEFT,
    "not-on-hand": ON_HAND_LEFT,
    "unknown-item": UNKNOWN_ITEM,
    "price-changed": phrase("The price is {price} now"),
    "owes-less": OWES_LESS,
    "unknown-customer": phrase("You have no customer {customer}"),
    "customer-taken": phrase("Number {customer} is another customer's now"),
    "account-short": phrase("There is not enough money for this"),
}
"""Every refusal that a caller can meet."""

NOTHING_LEFT: dict[str, Phrase] = {
    "stock-left": OUT_OF_STOCK,
    "credit-limit": phrase("Your credit is used up. Pay the hub first."),
}
"""What is said instead where nothing at all is left."""

OTHER = phrase("That cannot be done now. Nothing was written.")


def refusal(words: Words, error: LedgerError) -> str:
    """The sentence for a refusal, in the caller's words; it says what she can do where the books know it."""
    said = REFUSALS.get(error.code, OTHER)
    if not error.values.get("pieces", error.values.get("left", True)):
        said = NOTHING_LEFT.get(error.code, said)
    needed = placeholders(said)
    shown = {name: str(value) if name == "customer" else value for name, value in error.values.items()}
    return words.say(said, **{name: shown[name] for name in needed})
