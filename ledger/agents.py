"""What an agent and her hub settle in money: she pays what she owes, pays ahead, gets back what she paid ahead.

Each is one event in two books: what she owes (1220 and 2210) and what she has paid ahead (2130 and 1340) move alike.
What her shop's cash does not hold she pays out of her own purse: that is capital.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from ledger import accounts
from ledger import facts
from ledger import members
from ledger import receipts
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Origin
from ledger.errors import Shortfall
from ledger.journal import begin
from ledger.journal import lock
from ledger.journal import post
from ledger.members import Member
from ledger.money import Money
from ledger.orders import DEPOSIT
from ledger.orders import RECEIVABLE
from ledger.orders import deposit_left
from ledger.stock import CASH
from ledger.templates import draft


def pay(db: Connection, agent: Member, amount: Money, origin: Origin, *, hub: Book | None = None) -> Entry:
    """An agent pays her hub (or another one that she still owes): up to what she owes, the rest is paid ahead."""
    book = hub or agent.hub_book
    if (done := begin(db, origin, "agent.pay", agent=agent.id, hub=book.id, amount=amount.minor)) is not None:
        return done[0]
    lock(db, [book, agent.shop])
    owed = accounts.up_to(db, book, RECEIVABLE, amount.minor, agent.id)
    split = {"owed": owed, "ahead": amount.minor - owed}
    cash = accounts.up_to(db, agent.shop, CASH, amount.minor)
    return both(
        db,
        origin,
        draft("agent.pay", book, split, agent=agent.id, memo={"agent": agent.id}),
        draft("agent.pay", agent.shop, split | {"cash": cash}, memo={"hub": book.owner}),
        amount,
        lambda code: _paid(db, book, agent, code, amount),
    )


def _paid(db: Connection, hub: Book, agent: Member, code: str, amount: Money) -> facts.HubPaid:
    owes, ahead = (accounts.balance(db, hub, head, agent.id) for head in (RECEIVABLE, DEPOSIT))
    return facts.HubPaid(agent.id, code, amount, owes, ahead)


def prepay(db: Connection, agent: Member, amount: Money, origin: Origin) -> Entry:
    """An agent pays her hub ahead, also when she owes it something: for an order that is to be prepaid."""
    book = agent.hub_book
    if (done := begin(db, origin, "order.prepay", agent=agent.id, hub=book.id, amount=amount.minor)) is not None:
        return done[0]
    lock(db, [book, agent.shop])
    cash = accounts.up_to(db, agent.shop, CASH, amount.minor)
    return both(
        db,
        origin,
        draft("order.prepay", book, {"ahead": amount}, agent=agent.id, memo={"agent": agent.id}),
        draft("order.prepay", agent.shop, {"ahead": amount, "cash": cash}, memo={"hub": book.owner}),
        amount,
        lambda code: facts.HubPrepaid(agent.id, code, amount, deposit(db, agent)),
    )


def refund(db: Connection, agent: Member, amount: Money, origin: Origin, *, hub: Book | None = None) -> Entry:
    """The hub gives back what she paid ahead and no open order counts on; more is a Shortfall with what there is."""
    book = hub or agent.hub_book
    if (done := begin(db, origin, "agent.refund", agent=agent.id, hub=book.id, amount=amount.minor)) is not None:
        return done[0]
    lock(db, [book, agent.shop])
    if (left := deposit_left(db, book, agent.id)) < amount:
        raise Shortfall("deposit-left", left=left)
    return both(
        db,
        origin,
        draft("agent.refund", book, {"paid": amount}, agent=agent.id, memo={"agent": agent.id}),
        draft("agent.refund", agent.shop, {"paid": amount}, memo={"hub": book.owner}),
        amount,
        lambda code: facts.HubRefunded(agent.id, code, amount),
    )


def both(
    db: Connection, origin: Origin, at_hub: Draft, in_shop: Draft, amount: Money, fact: Callable[[str], facts.Fact]
) -> Entry:
    """Post the two halves of an event of `amount`, give its receipt and tell the fact of its code; the hub's entry."""
    entry, _ = post(db, origin, at_hub, in_shop)
    programme = members.get(db, in_shop.book.owner).programme
    facts.record(db, fact(receipts.issue(db, origin, programme, entry, at_hub.kind, amount)))
    return entry


def owes(db: Connection, agent: Member) -> Money:
    """What an agent owes her hub for goods delivered."""
    return accounts.balance(db, agent.hub_book, RECEIVABLE, agent.id)


def deposit(db: Connection, agent: Member) -> Money:
    """What an agent has paid her hub ahead, orders that count on it included."""
    return accounts.balance(db, agent.hub_book, DEPOSIT, agent.id)
