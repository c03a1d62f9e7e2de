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
    "second-asked": phrase("It is asked for. Another person says yes or no."),
    "leave-asked": phrase("It is asked for. The leaders of her group say yes or no on their phones."),
    "member-back": phrase("She is a member again."),
    "group-added": phrase("The group has begun. Its rules are the usual ones: look at them."),
    "message.arrived": phrase("It counts as arrived."),
    "message.again": phrase("It goes once more."),
    "message.left": phrase("It is left as it is and waits for nobody any more."),
    "broadcast.asked": phrase("It is asked for. Another person says yes or no."),
    "broadcast.held": phrase("Paused. What the providers have already comes still."),
    "broadcast.let-go": phrase("It goes on."),
    "broadcast.stopped": phrase("Stopped. What the providers have already comes still."),
    "asked": phrase("It is asked for. The leaders of her group say yes or no."),
    "money-taken": phrase("The money is written. She gets an SMS."),
    "loan-closed": phrase("The loan is closed. She gets an SMS."),
    "emi-sold": phrase("It is sold on instalments. She gets an SMS."),
    "emi-closed": phrase("It is paid off. She gets an SMS."),
    "request-yes": phrase("Your yes is written. The leaders' word is still needed."),
    "request-approved": phrase("Your yes is written. It is approved."),
    "request-no": phrase("Your no is written. Whom it concerns is told."),
    "paid-out": phrase("It is written that the money was handed over."),
    "fine-charged": phrase("The fine is charged."),
    "fine-waived": phrase("The fine is forgiven."),
    "sheet-written": phrase("The sheet is written and the meeting is closed."),
    "resumed": phrase("It may send again."),
    "second-yes": phrase("You said yes. It is done."),
    "second-no": phrase("You said no. Nothing was done."),
    "order-accepted": phrase("The order is accepted. The agent is told."),
    "order-packed": phrase("The order is packed."),
    "order-dispatched": phrase("The order is on its way. The agent is sent her code."),
    "order-closed": phrase("The order is closed."),
    "order-cancelled": phrase("The order is cancelled. The agent is told."),
    "order-delivered": phrase("The order is delivered."),
    "order-refused": phrase("The order was sent back."),
    "code-wrong": phrase("That was not the code of the order."),
    "goods-back": phrase("The goods are back in the hub."),
    "goods-in": phrase("The goods are in."),
    "goods-lost": phrase("The loss is written."),
    "supplier-paid": phrase("The supplier is paid."),
    "claim-met": phrase("The claim is made good."),
    "claim-refused": phrase("The loss is written."),
    "agent-money": phrase("It is written."),
    "limit-asked": phrase("It is asked for. Another person says yes or no."),
    "price-entered": phrase("The price is entered."),
    "item-changed": phrase("The item is changed."),
    "item-added": phrase("The item is in the catalogue."),
    "catalogue-read": phrase("The list is in the catalogue."),
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
    "approval-over": phrase("That was decided already, or its time is up."),
    "own-request": phrase("You asked for it: somebody else decides."),
    "for-yourself": phrase("Nobody decides about herself, or hands money to herself."),
    "leaders-decide": phrase("Two leaders of the group may decide this: they do."),
    "leaders-pay": phrase("A leader of the group hands it over."),
    "said-already": phrase("You have spoken to it already."),
    "not-approved": phrase("That is not approved yet."),
    "loan-running": phrase("She has not paid back the loan before: {left} is left. No loan until then."),
    "arrears": phrase("Instalments of {late} are overdue. No loan until they are paid."),
    "loan-above-bound": phrase("The group lends {most} at most."),
    "too-many-instalments": phrase("The group allows {most} instalments at most."),
    "loan-too-small-for-instalments": phrase("The loan is too small for {instalments} instalments."),
    "savings-short": phrase("Only {left} of her voluntary savings is free."),
    "meeting-open": phrase("Meeting {meeting} of this group is still open. It comes first."),
    "meeting-too-early": phrase("The group met on {last} already: a meeting is later than the one before."),
    "meeting-closed": phrase("This meeting is closed already."),
    "called-already": phrase("Somebody on this sheet was called meanwhile. Open it again."),
    "day-to-come": phrase("{day} has not come yet."),
    "proposal-changed": phrase("Something was posted since the share-out was proposed. It has to be asked for again."),
    "difference-changed": phrase("Money moved meanwhile. Look at it again."),
    "hold-ended": phrase("This request for savings has ended already."),
    "nothing-payable": phrase("No share-out left anything to be paid to her."),
    "set-off-first": phrase("Loan {loan} is to be set off against it first."),
    "interest-open": phrase("Loan {loan} has {interest} of interest that is due. It comes first."),
    "collector-open": phrase("The collector still carries {carried}. It comes into the box first."),
    "nobody-to-share": phrase("There is nobody among whom it could be shared."),
    "loss-above-shares": phrase("The loss of {loss} is more than all shares."),
    "cash-short": phrase("The cash box has too little: {missing} is missing."),
    "nothing-to-share": phrase("There is nothing to be shared out."),
    "contract-closed": phrase("It is paid off."),
    "second-not-yours": phrase("Another person decides this: you asked for it, or it is not for your role."),
    "second-over": phrase("That was decided already, or its time is up."),
    "second-pending": phrase("One like it waits already. It comes first."),
    "reason-needed": phrase("Say why not."),
    "already-reversed": phrase("That entry was undone before, or undoes another one."),
    "own-entry": phrase("Who made an entry does not say yes to its undoing."),
    "reverse-first": phrase("Entry {entry} of the book {book} builds on it, and must be undone first."),
    "period-closed": phrase("The books of {book} are closed for the days before {day}."),
    "unknown-entry": phrase("There is no such entry."),
    "message-moved": phrase("It has moved on meanwhile. Look at it again."),
    "message-not-again": phrase("It cannot be sent again."),
    "broadcast-moved": phrase("It stands otherwise by now. Look at it again."),
    "broadcast-grown": phrase("Many more people would get it than when it was asked for. It must be asked for again."),
    "code-taken": phrase("Somebody has the code {code} already, or had it."),
    "number-there": phrase("She has the number {number} already."),
    "number-changed": phrase("Her number has changed since this was asked for. Say no, and let it be asked for anew."),
    "number-first": phrase("SMS go to {number} already."),
    "numbers-full": phrase("She has {most} numbers already. Remove one first."),
    "last-number": phrase("That is her only number. Say that she is to have none, if that is so."),
    "unknown-number": phrase("She has not the number {number} any more."),
    "no-number": phrase("She has no number to which a code could go. Add one first."),
    "role-there": phrase("She has this role already."),
    "no-group": phrase("She is in no group."),
    "has-left": phrase("She left her group on {on}."),
    "has-not-left": phrase("She has not left her group."),
    "loan-open": phrase("Loan {loan} is not paid back."),
    "fines-open": phrase("She owes fines of {owes}."),
    "request-open": phrase("A request of hers for savings is open."),
    "approval-pending": phrase("One like it waits already. It comes first."),
    "not-a-leader": phrase("Her group has no other leader in whose name this could be asked for."),
    "not-in-group": phrase("She is not a member of this group."),
    "other-programme": phrase("That is in another programme."),
    "book-begun": phrase("The book of this group has begun with entry {entry}: its old books cannot be taken over."),
    "order-state": phrase("The order has moved on meanwhile. Open it again."),
    "not-on-hand": phrase("The hub has only {pieces} free pieces of it."),
    "stock-left": phrase("The hub has only {pieces} free pieces of it."),
    "pieces-differ": phrase("{ordered} pieces were sent, and {told} are accounted for."),
    "delivered-less": phrase("Of one of the items only {pieces} can come back."),
    "deposit-left": phrase("Only {left} of what she paid ahead is free."),
    "commission-left": phrase("Only {left} of commission is not paid yet."),
    "owes-less": phrase("Only {owes} is owed."),
    "account-short": phrase("There is not enough money for this: {missing} are missing."),
    "credit-limit": phrase("That is above the limit: {left} is left of it."),
    "no-delivery-code": phrase("This order was never sent, so it has no code."),
}
"""What the books, or a second person's table, refuse: by the code of the LedgerError."""

ERRORS: Mapping[int, Phrase] = {
    400: phrase("The request cannot be read."),
    403: phrase("This page is not for your role."),
    404: phrase("There is no such page, or it is not yours to see."),
    413: phrase("That is too much at once."),
    500: phrase("That was our fault. Nothing was changed."),
    503: phrase("Too much is going on just now. Nothing was changed. Try again in a moment."),
}
STALE = phrase(
    "This form is too old, or it does not come from here. Open the page again. If that does not help: "
    "cookies must be allowed, and the address begins with https://."
)
"""What a page says that cannot be shown, by its HTTP status; and of a form that is not ours."""

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
