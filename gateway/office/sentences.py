"""What the books refuse, as one sentence for the people of a hub, or of the groups' office."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from ledger import catalogue
from ledger.chart import CHART
from ledger.errors import LedgerError
from ledger.money import Money
from locales import words

SAID = {
    "account-short": "There is too little in {account}: {missing} is missing.",
    "approval-over": "Request {approval} is {state}: nobody can speak to it any more.",
    "book-begun": "The books of this group have begun with entry {entry}: an old group joins before that.",
    "code-taken": "Somebody has the code {code} already, or had it.",
    "commission-left": "She has earned only {left} that she has not got yet.",
    "contract-closed": "Contract {contract} is paid off.",
    "credit-limit": "That is more than her credit limit: {left} is left of it.",
    "delivered-less": "Of item {item} only {pieces} can come back from this order.",
    "deposit-left": "Only {left} of what she paid ahead is not counted on by an order.",
    "fines-open": "She owes fines of {owes}.",
    "for-yourself": "Request {approval} is for who speaks to it.",
    "has-left": "She left on {on}.",
    "has-not-left": "She has not left.",
    "last-number": "That is her only number: say --last if she is to have none, and to get no SMS.",
    "leaders-decide": "Two leaders of the group may say yes to request {approval}: they decide.",
    "leaders-pay": "A leader of the group hands over what request {approval} is for.",
    "loan-open": "Loan {loan} is not paid back.",
    "name-there": "Node {node} beside it has this name already.",
    "no-delivery-code": "Order {order} was never dispatched, so it has no code.",
    "no-group": "She is in no group.",
    "no-interest": "There are no savings of this kind that bear interest.",
    "not-a-leader": "Only leaders of the group and officers speak to a request.",
    "not-approved": "Request {approval} is not approved yet.",
    "no-hub": "She is no sales agent: no hub serves her.",
    "not-in-group": "She is not a member of this group.",
    "not-on-hand": "There are only {pieces} free pieces of item {item}.",
    "not-ordered": "Item {item} is not in this order.",
    "nothing-arrived": "Nothing of order {order} arrived: that is `refuse`.",
    "number-first": "SMS go to {number} already.",
    "number-there": "She has the number {number} already.",
    "numbers-full": "She has {most} numbers already: change one, or remove one.",
    "operation-reused": "The operation {operation} was something else the first time; nothing was done.",
    "order-state": "Order {order} is {state}: this step does not follow.",
    "other-programme": "That is in another programme.",
    "owes-less": "Only {owes} is owed.",
    "own-entry": "Who made an entry does not speak to its reversal.",
    "own-request": "Who made a request does not speak to it.",
    "period-closed": "The books of {book} are closed for the days before {day}.",
    "pieces-differ": "Of item {item} {ordered} were sent, and {told} are accounted for.",
    "prepaid-above-order": "The order comes to {total} only.",
    "price-changed": "The price of item {item} is {price} now.",
    "proposal-changed": "Something was posted since the share-out was proposed: it has to be asked for again.",
    "reason-needed": "Request {approval} needs a reason for a yes: say --reason.",
    "request-open": "Her request {request} for savings is not paid or refused yet.",
    "role-there": "She is a {role} already.",
    "said-already": "She has spoken to request {approval} already.",
    "stock-left": "There are only {pieces} free pieces of item {item}.",
    "unknown-approval": "There is no request {approval}.",
    "unknown-contract": "This hub has no contract {contract}.",
    "unknown-group": "There is no group {group}.",
    "unknown-hub": "There is no hub {hub}.",
    "unknown-item": "No item that is sold has the code {code}.",
    "unknown-member": "The programme of this hub has no member {member}.",
    "unknown-node": "There is no node {node}.",
    "unknown-number": "She has no number {number}.",
    "unknown-order": "There is no order {order} here.",
    "unknown-supplier": "There is no supplier {supplier}.",
    "wrong-level": "That does not hang together: village organisation, federation, block, state, each on the next.",
}
"""Every refusal that a command can meet."""


def sentence(db: Connection, error: LedgerError) -> str:
    """What a refusal means; one without a sentence says its code."""
    said = SAID.get(error.code)
    return (
        said.format(**{name: _shown(db, name, value) for name, value in error.values.items()}) if said else str(error)
    )


def _shown(db: Connection, name: str, value: object) -> str:
    if isinstance(value, Money):
        return words("en").money(value)
    if name == "account" and isinstance(value, int):
        return CHART[value].name.lower()
    # Of an item its name is said and no price, whatever the day.
    if name == "item" and isinstance(value, int) and (known := catalogue.by_ids(db, [value], date.max).get(value)):
        return f"{known.code} ({known.names.written('en')})"
    return str(value)
