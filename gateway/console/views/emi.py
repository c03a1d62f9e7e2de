"""Goods on instalments: the contracts of a hub, one with its plan, selling an item so, a payment, closing one early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from typing import Any

from click import ClickException
from sqlalchemy import Connection

from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import KEEPER
from gateway.console.views import looking
from gateway.console.views import typed
from gateway.console.views.goods import her_hubs
from gateway.console.views.lend import rows_of
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_before
from gateway.console.views.listing import paged
from gateway.console.views.money_words import LOAN_STATES
from gateway.loan_schedule import read_rate
from ledger import catalogue
from ledger import contracts
from ledger import emi
from ledger import members
from ledger import repayments
from ledger.catalogue import Item
from ledger.emi import Contract
from ledger.errors import NotFound
from ledger.hubs import Hub
from ledger.journal import lock
from ledger.members import Member
from ledger.money import Money
from ledger.schedules import Every
from ledger.schedules import Planned
from ledger.schedules import Terms
from ledger.schedules import schedule
from locales import Phrase
from locales import phrase
from locales.numerals import to_latin

READERS, WRITERS = frozenset({ADMIN, KEEPER, AUDITOR}), frozenset({ADMIN, KEEPER})
"""Who sees what was sold on instalments, and who sells and takes payments."""

WAYS = ("flat", "declining-equal-instalment", "declining-equal-principal")
METHODS: Mapping[str, Phrase] = {
    "flat": phrase("service charge on the whole price"),
    "declining-equal-instalment": phrase("equal instalments, service charge on what is left"),
    "declining-equal-principal": phrase("equal parts of the price, service charge on what is left"),
    "declining-fixed-principal": phrase("fixed parts of the price, service charge on what is left"),
}
"""How goods are paid off; the first three are offered."""

MOST_TIMES = 120

NO_MEMBER = phrase("No member has this code.")
NO_ITEM = phrase("No item that is sold has this code.")
NO_RATE = phrase("Write the service charge as 0%/month, 2%/month or 24%/year.")
DOWN_ABOVE = phrase("The down payment is less than the price.")
NO_PLAN = phrase("There is no plan for that: the instalments would be too small, or too many.")


def every(db: Connection, visit: Visit) -> Shown:
    """The contracts of her hub, or of all, the newest first, by state."""
    state, scope = visit.query.get("state", ""), visit.operator.scope
    if state and state not in contracts.STATES:
        raise Missing
    before = number_before(visit.query)
    rows = contracts.page(db, scope.programme, scope.hub, state, looking.today(db, visit), before, PAGE + 1)
    states = {each: LOAN_STATES[each] for each in contracts.STATES}
    return Shown("emi_list.html", paged(rows, lambda row: row.id) | {"state": state, "states": states})


def _found(db: Connection, visit: Visit) -> Contract:
    """The contract in the address; Missing unless it is with a hub of her scope."""
    hub = contracts.hub_of(db, visit.args["contract"])
    for each in her_hubs(db, visit):
        if each.id == hub:
            return emi.get(db, each.book, visit.args["contract"])
    raise Missing


def _head(db: Connection, visit: Visit) -> dict[str, Any]:
    """What every page about a contract says first."""
    contract, on = _found(db, visit), looking.today(db, visit)
    return {
        "contract": contract,
        "member": members.get(db, contract.member),
        "item": catalogue.by_ids(db, [contract.item], on)[contract.item],
        "today": on,
        "due": contract.due(on),
        "close": emi.to_close(contract, on) if contract.unpaid else None,
    }


def one(db: Connection, visit: Visit) -> Shown:
    """A contract with its plan."""
    head = _head(db, visit)
    return Shown("emi.html", head | {"method": METHODS[head["contract"].terms.method]})


# ---- a payment ----


def _split(contract: Contract, amount: Money, visit: Visit, db: Connection) -> dict[str, Money]:
    """What a payment today would go to; `over` is more than is left."""
    parts, over = repayments.allocate(contract, amount.minor, looking.today(db, visit))
    sums = repayments.sums_of(parts)
    named = {"sum": amount.minor, "interest": sums["interest"], "principal": sums["principal"], "over": over}
    return {name: Money(minor, contract.book.currency) for name, minor in named.items()}


def show_pay(db: Connection, visit: Visit) -> Shown:
    """Asks what she pays; after the look it says what the sum goes to."""
    would = looking.seen(visit)
    return Shown("emi_pay.html", _head(db, visit) | {"would": would, "shown": looking.mark(would) if would else ""})


def pay(db: Connection, visit: Visit) -> Done:
    """Take a payment, as it was shown."""
    contract = _found(db, visit)
    amount = looking.amount(visit, "sum", contract.book.currency)
    lock(db, [contract.book])
    looking.agreed(visit, _split(_found(db, visit), amount, visit, db), looking.mark)
    emi.pay(db, contract.book, contract.id, amount, visit.origin(db))
    return _done(contract, "emi.paid", "money-taken", str(amount))


def _done(contract: Contract, act: str, said: str, detail: str) -> Done:
    return Done("emi", {"contract": contract.id}, act, f"instalments {contract.id}", detail, said)


# ---- closing one early ----


def show_close(db: Connection, visit: Visit) -> Shown:
    """What closes it today, in its parts, and what is forgiven by it."""
    head = _head(db, visit)
    parts = repayments.closing(head["contract"], head["today"])
    paid, waived = repayments.sums_of(parts), repayments.sums_of(parts, "waived")["interest"]
    sums = {"principal": paid["principal"], "interest": paid["interest"], "waived": waived}
    currency = head["contract"].book.currency
    return Shown("emi_close.html", head | {"sums": {name: Money(minor, currency) for name, minor in sums.items()}})


def close(db: Connection, visit: Visit) -> Done:
    """Close a contract with what was shown."""
    contract = _found(db, visit)
    lock(db, [contract.book])
    would = emi.to_close(_found(db, visit), looking.today(db, visit))
    looking.agreed(visit, would, lambda amount: str(amount.minor))
    emi.close_early(db, contract.book, contract.id, visit.origin(db))
    return _done(contract, "emi.closed", "emi-closed", str(would))


# ---- selling ----


@dataclass(frozen=True, slots=True)
class Offer:
    """What is sold to whom, and how it is paid: the down payment today, the rest by a plan."""

    hub: Hub
    member: Member
    item: Item
    price: Money
    down: Money
    terms: Terms
    plan: tuple[Planned, ...]


def show_sell(db: Connection, visit: Visit) -> Shown:
    """Asks for whom, which item and how it is paid; after the look it says what that comes to."""
    would: Offer | None = looking.seen(visit)
    values: dict[str, Any] = {
        "hubs": {each.id: each.names for each in her_hubs(db, visit)},
        "methods": {way: METHODS[way] for way in WAYS},
        "would": would,
    }
    if would is not None:
        values |= {"plan": rows_of(would.plan, would.price.currency), "shown": offer_mark(would)}
    return Shown("emi_sell.html", values)


def offer_mark(offer: Offer) -> str:
    """An offer as one word, to be compared."""
    of = (offer.hub.id, offer.member.id, offer.item.id, offer.price.minor, offer.down.minor)
    plan = [(each.due, each.principal, each.interest) for each in offer.plan]
    return sha256(f"{of} {plan}".encode()).hexdigest()


def sell(db: Connection, visit: Visit) -> Done:
    """Sell one piece of an item on instalments, as it was shown."""
    offer = _offer(db, visit)
    looking.agreed(visit, offer, offer_mark)
    where = visit.origin(db)
    made = emi.open_contract(db, offer.hub.book, offer.member, offer.item.id, offer.down, offer.terms, where)
    return _done(made, "emi.sold", "emi-sold", f"{offer.member.code} {offer.item.code} {offer.price}")


def _offer(db: Connection, visit: Visit) -> Offer:
    """What was typed; Mistaken by the field that does not do."""
    hubs = {str(each.id): each for each in her_hubs(db, visit)}
    hub = hubs[typed.choice(visit.typed, "hub", hubs)]
    member = members.by_code(db, to_latin(visit.typed.get("member", "").strip())[:9])
    if member is None or member.programme != hub.programme:
        raise Mistaken(NO_MEMBER, "member")
    item = _item(db, hub, visit)
    price = looking.amount(visit, "price", hub.currency, 0) or item.retail
    down = looking.amount(visit, "down", hub.currency, 0)
    if down >= price:
        raise Mistaken(DOWN_ABOVE, "down")
    times, way = typed.count(visit.typed, "times", 1, MOST_TIMES), typed.choice(visit.typed, "method", WAYS)
    rate, per = _rate(visit.typed.get("rate", ""))
    on = looking.today(db, visit)
    terms = Terms((price - down).minor, rate, times, Every(1, "month"), way, on, per=per, unit=100)
    return Offer(hub, member, item, price, down, terms, _plan(terms))


def _item(db: Connection, hub: Hub, visit: Visit) -> Item:
    code = typed.count(visit.typed, "item", 1, 999_999)
    try:
        return catalogue.by_code(db, hub.programme, code, looking.today(db, visit))
    except NotFound:
        raise Mistaken(NO_ITEM, "item") from None


def _rate(said: str) -> tuple[Fraction, str]:
    try:
        return read_rate(to_latin(said.strip()))
    except ClickException:
        raise Mistaken(NO_RATE, "rate") from None


def _plan(terms: Terms) -> tuple[Planned, ...]:
    try:
        return tuple(schedule(terms))
    except ValueError:
        raise Mistaken(NO_PLAN, "times") from None
