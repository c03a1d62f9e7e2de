"""What the books refuse, as one sentence for the people of a hub."""

from __future__ import annotations

from sqlalchemy import Connection

from ledger import catalogue
from ledger.chart import CHART
from ledger.errors import LedgerError
from ledger.money import Money
from locales import words

SAID = {
    "account-short": "There is too little in {account}: {missing} is missing.",
    "commission-left": "She has earned only {left} that she has not got yet.",
    "contract-closed": "Contract {contract} is paid off.",
    "credit-limit": "That is more than her credit limit: {left} is left of it.",
    "delivered-less": "Of item {item} only {pieces} can come back from this order.",
    "deposit-left": "Only {left} of what she paid ahead is not counted on by an order.",
    "no-delivery-code": "Order {order} was never dispatched, so it has no code.",
    "no-group": "She is in no group.",
    "no-hub": "She is no sales agent: no hub serves her.",
    "not-on-hand": "There are only {pieces} free pieces of item {item}.",
    "not-ordered": "Item {item} is not in this order.",
    "nothing-arrived": "Nothing of order {order} arrived: that is `refuse`.",
    "operation-reused": "The operation {operation} was something else the first time; nothing was done.",
    "order-state": "Order {order} is {state}: this step does not follow.",
    "owes-less": "Only {owes} is owed.",
    "pieces-differ": "Of item {item} {ordered} were sent, and {told} are accounted for.",
    "prepaid-above-order": "The order comes to {total} only.",
    "price-changed": "The price of item {item} is {price} now.",
    "stock-left": "There are only {pieces} free pieces of item {item}.",
    "unknown-contract": "This hub has no contract {contract}.",
    "unknown-hub": "There is no hub {hub}.",
    "unknown-item": "No item that is sold has the code {code}.",
    "unknown-order": "There is no order {order} here.",
    "unknown-supplier": "There is no supplier {supplier}.",
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
    if name == "item" and isinstance(value, int) and (known := catalogue.by_ids(db, [value]).get(value)):
        return f"{known.code} ({known.names.written('en')})"
    return str(value)
