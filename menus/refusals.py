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

OVER = phrase("That was decided already")

ASKED: dict[str, Phrase] = {
    "approval-pending": phrase("One like it waits already. It comes first."),
    "approval-over": OVER,
    "hold-ended": OVER,
    "unknown-approval": OVER,
    "not-approved": phrase("It is not approved yet"),
    "own-request": phrase("You asked for it yourself. Others decide."),
    "for-yourself": phrase("It is for yourself. Others do it."),
    "own-writing": phrase("You wrote it yourself. Others decide."),
    "not-a-leader": phrase("Only leaders of the group can do that"),
    "said-already": phrase("You have said it already"),
    "reason-needed": phrase("A yes needs a reason here"),
    "not-her-entry": phrase("That entry is not hers"),
    "unknown-entry": phrase("That entry is not hers"),
    "later-first": phrase("More was written on it since. That comes first."),
    "savings-short": phrase("You can withdraw {left} at most"),
    "cash-short": phrase("The box has too little: {missing} are missing"),
    "nothing-carried": phrase("Nothing is outside the box"),
    "carried-on": phrase("That money is in the box already"),
    "nothing-payable": phrase("That was paid already"),
}
"""What is refused of what members ask and leaders decide and pay out."""

BORROWED: dict[str, Phrase] = {
    "too-many-instalments": phrase("At most {most} instalments"),
    "loan-too-small-for-instalments": phrase("Too small for so many instalments. Take fewer."),
    "loan-running": phrase("The loan before is not paid back: {left}"),
    "arrears": phrase("Instalments are overdue: {late}. They come first."),
    "loan-above-bound": phrase("The group does not lend so much"),
    "set-off-first": phrase("The loan comes first"),
}
"""What is refused of a loan."""

PEOPLE: dict[str, Phrase] = {
    "not-in-group": phrase("She is not in your group"),
    "has-left": phrase("She has left the group"),
    "no-number": phrase("She has no phone number for the code"),
    "loan-open": phrase("A loan is not paid back. It comes first."),
    "fines-open": phrase("Fines are not paid: {owes}. They come first."),
    "request-open": phrase("She has asked for savings. That comes first."),
    "number-there": phrase("You have this number already"),
    "numbers-full": phrase("At most {most} numbers"),
    "unknown-number": phrase("You do not have this number"),
    "last-number": phrase("It is your last number. Add another one first."),
}
"""What is refused about members and their numbers."""

SHARED_OUT: dict[str, Phrase] = {
    "proposal-changed": phrase("The sums have changed. Ask anew."),
    "interest-open": phrase("Interest on a loan is not paid: {interest}. It comes first."),
    "collector-open": phrase("{carried} are not in the box yet. They come first."),
    "loss-above-shares": phrase("The loss is greater than the shares"),
    "nobody-to-share": phrase("There is nothing to share out"),
    "nothing-to-share": phrase("There is nothing to share out"),
    "close-first": phrase("The sums have changed. Ask anew."),
}
"""What is refused at the end of a cycle."""

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
    "loan-closed": phrase("The loan is paid off already"),
    "called-already": phrase("She was called already"),
    "meeting-open": phrase("A meeting is open already"),
    "meeting-closed": phrase("The meeting is closed"),
    "meeting-old": phrase("The meeting of {day} takes no more money. Close it."),
    "meeting-too-early": phrase("There was a meeting today"),
    "period-closed": phrase("The meeting of {day} is closed. Nothing goes before it."),
    "cash-spent": phrase("That cash was spent. It cannot be undone."),
    "too-many-codes": phrase("Too many wrong codes. Try again in an hour."),
    **ASKED,
    **BORROWED,
    **PEOPLE,
    **SHARED_OUT,
}
"""Every refusal that a caller can meet."""

NOTHING_LEFT: dict[str, Phrase] = {
    "stock-left": OUT_OF_STOCK,
    "deposit-left": phrase("You paid nothing ahead"),
    "not-on-hand": NONE_ON_HAND,
    "savings-short": phrase("You have no savings beyond those that are due. Nothing can be withdrawn."),
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
