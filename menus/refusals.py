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
NONE_ON_HAND = phrase("You have none of it")
ABOVE_SALE = phrase("The sale is only {total}")
OWES_LESS = phrase("She owes only {owes}")
UNKNOWN_ITEM = phrase("No item has this code")

ORDER_STATES: dict[str, Phrase] = {
    "placed": phrase("waiting"),
    "accepted": phrase("accepted"),
    "packed": phrase("packed"),
    "dispatched": phrase("on the way"),
    "delivered": phrase("delivered"),
    "closed": phrase("closed"),
    "cancelled": phrase("cancelled"),
    "refused": phrase("sent back"),
}
"""The states of an order as she would say them."""

REFUSALS: dict[str, Phrase] = {
    "credit-limit": phrase("Over your credit limit. You can take up to {left}"),
    "stock-left": STOCK_LEFT,
    "not-on-hand": ON_HAND_LEFT,
    "unknown-item": UNKNOWN_ITEM,
    "price-changed": phrase("The price is {price} now"),
    "deposit-left": phrase("You have paid only {left} ahead"),
    "order-state": phrase("Order {order} is {state} already"),
    "owes-less": OWES_LESS,
    "unknown-customer": phrase("You have no customer {customer}"),
    "customer-taken": phrase("Number {customer} is another customer's now"),
    "account-short": phrase("There is not enough money for this"),
    "paid-above-sale": ABOVE_SALE,
    "already-reversed": phrase("That was undone before"),
    "own-entry": phrase("Only what is of today can be undone"),
    "reverse-first": phrase("More was written of these goods. Undo that first."),
    "paid-since": phrase("She has paid for it. Undo her payment first."),
    "cash-spent": phrase("That cash was spent. It cannot be undone."),
}
"""Every refusal that a caller can meet."""

NOTHING_LEFT: dict[str, Phrase] = {
    "stock-left": OUT_OF_STOCK,
    "deposit-left": phrase("You paid nothing ahead"),
    "not-on-hand": NONE_ON_HAND,
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
    return words.say(said, **{name: _shown(words, name, error.values[name]) for name in needed})


def _shown(words: Words, name: str, value: object) -> object:
    """A value as she reads it: a number that is a name in the digits of the keys, a state in her words."""
    if name in ("customer", "order"):
        return str(value)
    return words.say(ORDER_STATES[str(value)]) if name == "state" else value
