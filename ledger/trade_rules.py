"""The rules of trade as queries: orders, deliveries, sales, and what the books of a hub and an agent owe each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import FromClause
from sqlalchemy import ScalarSelect
from sqlalchemy import Select
from sqlalchemy import String
from sqlalchemy import and_
from sqlalchemy import case
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import or_
from sqlalchemy import select

from ledger.books import account_table as account
from ledger.books import book_table as book
from ledger.books import entry_table as entry
from ledger.books import hold_end_table as hold_end
from ledger.books import hold_table as hold
from ledger.books import line_table as line
from ledger.books import move_table as move
from ledger.books import stock_table as stock
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.emi import contract_table as contract
from ledger.ground_rules import NO_ENTRY
from ledger.ground_rules import SIGNED
from ledger.ground_rules import of_entry
from ledger.ground_rules import signed
from ledger.ground_rules import uneven
from ledger.ground_rules import within
from ledger.handovers import TRIES
from ledger.handovers import handover_table as handover
from ledger.orders import HELD
from ledger.orders import OPEN
from ledger.orders import order_line_table as order_line
from ledger.orders import order_step_table as order_step
from ledger.orders import order_table as order
from ledger.sales import COST
from ledger.sales import DUES
from ledger.sales import INCOME
from ledger.sales import sale_line_table as sale_line
from ledger.sales import sale_table as sale
from ledger.steps import SAME
from ledger.stock import CASH
from ledger.templates import REVERSAL
from ledger.templates import TEMPLATES
from ledger.templates import allowed

_OWED = order.c.total - order.c.prepaid


def _summed(column: ColumnElement[Any], *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(func.coalesce(func.sum(column), 0)).where(*where).scalar_subquery()


def _unordered() -> Select[Any]:
    known = select(order.c.number).where(order.c.book == hold.c.book, order.c.number == hold.c.entry)
    same = known.where(hold.c.amount == _OWED, order.c.agent == hold.c.party)
    of_order = select(entry.c.number).where(
        entry.c.book == hold.c.book, entry.c.number == hold.c.entry, entry.c.kind == "order.place"
    )
    return select(hold.c.book, hold.c.entry).where(of_order.exists(), ~same.exists())


def _unheld() -> Select[Any]:
    """Orders on credit without a hold, and orders that no entry placed."""
    held = select(hold.c.entry).where(hold.c.book == order.c.book, hold.c.entry == order.c.number)
    placed = select(entry.c.number).where(
        entry.c.book == order.c.book, entry.c.number == order.c.number, entry.c.kind == "order.place"
    )
    wrong = and_(_OWED > 0, ~held.exists()) | ~placed.exists() | (order.c.prepaid < 0) | (_OWED < 0)
    return select(order.c.book, order.c.number.label("entry")).where(wrong)


def _order_sums() -> Select[Any]:
    mine = (order_line.c.book == order.c.book, order_line.c.number == order.c.number)
    should = _summed(order_line.c.quantity * order_line.c.price, *mine)
    return select(order.c.book, order.c.number.label("entry")).where(order.c.total != should)


def _still_held() -> Select[Any]:
    """Orders that are over and hold credit, or that are not over and do not hold all of it."""
    ended = _summed(hold_end.c.amount, hold_end.c.book == order.c.book, hold_end.c.hold == order.c.number)
    should = case((order.c.state.in_(HELD), 0), else_=_OWED)
    return select(order.c.book, order.c.number.label("entry"), order.c.state).where(ended != should)


def _reserved() -> Select[Any]:
    open_lines = (
        select(order_line.c.book, order_line.c.item, NO_ENTRY, order_line.c.quantity.label("pieces"))
        .join(order, and_(order.c.book == order_line.c.book, order.c.number == order_line.c.number))
        .where(within(order_line), order.c.state.in_(OPEN))
    )
    kept = select(stock.c.book, stock.c.item, NO_ENTRY, -stock.c.reserved).where(within(stock))
    return uneven(("book", "item"), ("pieces",), open_lines, kept)


_KINDS = {
    "placed": "order.place",
    "accepted": "order.accept",
    "packed": "order.pack",
    "dispatched": "order.dispatch",
    "delivered": "order.deliver",
    "refused": "order.refuse",
    "returned": "order.return",
    "commission": "commission.earn",
    "closed": "order.close",
    "cancelled": "order.cancel",
}
"""The kind of entry that makes each step of an order."""


def _steps() -> Select[Any]:
    """Orders whose state is not that of their last step."""
    keys = (order_step.c.book, order_step.c.number)
    last = (
        select(*keys, func.max(order_step.c.entry).label("entry"))
        .where(within(order_step), order_step.c.step.not_in(SAME))
        .group_by(*keys)
        .subquery()
    )
    made = select(order_step.c.step).where(
        order_step.c.book == last.c.book, order_step.c.entry == last.c.entry, order_step.c.step == order.c.state
    )
    return (
        select(order.c.book, order.c.number.label("entry"), order.c.state)
        .outerjoin(last, and_(last.c.book == order.c.book, last.c.number == order.c.number))
        .where(within(order), ~made.exists())
    )


def _step_entries() -> Select[Any]:
    """Steps that their entry did not make."""
    kind = case(*((order_step.c.step == step, kind) for step, kind in _KINDS.items()), else_="")
    made = select(entry.c.number).where(
        entry.c.book == order_step.c.book, entry.c.number == order_step.c.entry, entry.c.kind == kind
    )
    return select(order_step.c.book, order_step.c.entry).where(~made.exists())


def _lost_steps() -> Select[Any]:
    """Entries of orders at a hub that are no step of one."""
    known = select(order_step.c.entry).where(order_step.c.book == entry.c.book, order_step.c.entry == entry.c.number)
    of_orders = [kind for kind in _KINDS.values() if kind.startswith("order.")]
    at_hub = select(book.c.id).where(book.c.id == entry.c.book, book.c.kind == HUB)
    return select(entry.c.book, entry.c.number.label("entry")).where(
        entry.c.kind.in_(of_orders), at_hub.exists(), ~known.exists()
    )


def _in_transit() -> Select[Any]:
    """Hubs whose goods in transit are not those of the orders on their way."""
    sent = and_(order_step.c.book == move.c.book, order_step.c.entry == move.c.entry, order_step.c.step == "dispatched")
    on_the_way = (
        select(move.c.book, move.c.entry, move.c.value)
        .join(order_step, sent)
        .join(order, and_(order.c.book == order_step.c.book, order.c.number == order_step.c.number))
        .where(within(move), order.c.state == "dispatched")
    )
    kept = select(account.c.book, NO_ENTRY, account.c.balance).where(within(account), account.c.code == 1215)
    return uneven(("book",), ("value",), on_the_way, kept)


def _handovers() -> Select[Any]:
    """Orders sent without a code, codes of orders that were not sent, and codes tried more often than they can be."""
    sent = select(order_step.c.book, order_step.c.number.label("entry"), literal(1).label("codes")).where(
        within(order_step), order_step.c.step == "dispatched"
    )
    # One tried too often counts twice, so that it never makes up for anything.
    drawn = case((handover.c.failures.between(0, TRIES), -1), else_=-2)
    return uneven(
        ("book", "entry"), ("codes",), sent, select(handover.c.book, handover.c.number, drawn).where(within(handover))
    )


def _shop_of(agent: ColumnElement[Any]) -> ColumnElement[str]:
    """The id of her shop's book."""
    return literal(f"{SHOP}:") + cast(agent, String)


def _arrived() -> Select[Any]:
    """Items of orders whose pieces arrived are not those that her shop got, or more than were ordered."""
    hers = entry.alias("hers")
    got = (
        select(func.coalesce(func.sum(move.c.quantity), 0))
        .select_from(
            order_step.join(entry, and_(entry.c.book == order_step.c.book, entry.c.number == order_step.c.entry))
            .join(order, and_(order.c.book == order_step.c.book, order.c.number == order_step.c.number))
            .join(hers, and_(hers.c.book == _shop_of(order.c.agent), hers.c.operation == entry.c.operation))
            .join(move, and_(move.c.book == hers.c.book, move.c.entry == hers.c.number))
        )
        .where(
            order_step.c.book == order_line.c.book,
            order_step.c.number == order_line.c.number,
            order_step.c.step == "delivered",
            move.c.item == order_line.c.item,
        )
        .scalar_subquery()
    )
    wrong = (order_line.c.arrived != got) | (order_line.c.arrived > order_line.c.quantity)
    return select(order_line.c.book, order_line.c.number.label("entry"), order_line.c.item).where(wrong)


def _delivered_cost() -> Select[Any]:
    """Orders whose goods arrived at another cost than their delivery posted."""
    posted = (
        select(line.c.book, order_step.c.number.label("entry"), (-SIGNED).label("cost"))
        .join(order_step, and_(order_step.c.book == line.c.book, order_step.c.entry == line.c.entry))
        .where(within(line), line.c.code == 5110, order_step.c.step == "delivered")
    )
    kept = select(order_line.c.book, order_line.c.number, order_line.c.cost).where(within(order_line))
    return uneven(("book", "entry"), ("cost",), posted, kept)


_BETWEEN = {HUB: (1220, 2130), SHOP: (2210, 1340)}
"""What an agent owes her hub and has paid it ahead, as each of the two books says it."""

_SHARED = sorted(
    kind
    for kind, where in TEMPLATES
    if where == HUB
    and (kind, SHOP) in TEMPLATES
    and allowed(kind, HUB) & {*_BETWEEN[HUB]}
    and allowed(kind, SHOP) & {*_BETWEEN[SHOP]}
)
"""The kinds of events that have a half in each of the two books."""


def _agent(of: FromClause, book: FromClause = book) -> ColumnElement[Any]:
    return case((book.c.kind == HUB, of.c.party), else_=book.c.owner)


def _between(of: FromClause, book: FromClause = book) -> ColumnElement[bool]:
    return or_(*(and_(book.c.kind == kind, of.c.code.in_(codes)) for kind, codes in _BETWEEN.items()))


def _halves() -> Select[Any]:
    """Entries that change what an agent owes her hub, where the half in the other book does not change it as much."""
    codes, agent = [code for some in _BETWEEN.values() for code in some], _agent(line).label("agent")
    keys = (line.c.book, line.c.entry, agent)
    mine = (
        select(*keys, func.sum(SIGNED).label("sum"))
        .join(book, book.c.id == line.c.book)
        .where(within(line), line.c.code.in_(codes), _between(line))
        .group_by(*keys)
        .subquery()
    )
    half, its_line, its_book = entry.alias("half"), line.alias("its_line"), book.alias("its_book")
    theirs = (
        select(func.coalesce(func.sum(signed(its_line)), 0))
        .select_from(half)
        .join(its_line, of_entry(its_line, half))
        .join(its_book, its_book.c.id == half.c.book)
        .where(
            half.c.operation == entry.c.operation,
            half.c.book != entry.c.book,
            _between(its_line, its_book),
            _agent(its_line, its_book) == mine.c.agent,
        )
        .scalar_subquery()
    )
    return (
        select(mine.c.book, mine.c.entry, mine.c.agent)
        .join(entry, of_entry(mine))
        .where(entry.c.kind.in_([*_SHARED, REVERSAL]), mine.c.sum + theirs != 0)
    )


def _agreement() -> Select[Any]:
    """Agents with a shop whose book says that she owes her hubs something else than their books say."""
    shop = book.alias("shop")
    balances = (
        select(_agent(account).label("agent"), account.c.balance)
        .join(book, book.c.id == account.c.book)
        .where(_between(account))
        .subquery()
    )
    return (
        select(shop.c.id.label("book"))
        .join(balances, balances.c.agent == shop.c.owner)
        .where(shop.c.kind == SHOP)
        .group_by(shop.c.id)
        .having(func.sum(balances.c.balance) != 0)
    )


def _lost_contracts() -> Select[Any]:
    known = select(contract.c.id).where(contract.c.book == account.c.book, contract.c.id == account.c.party)
    return select(account.c.book, account.c.party.label("contract")).where(account.c.code == 1230, ~known.exists())


def _sales() -> Select[Any]:
    """Sales that are not the sums that their entry posted, or not the sum of their items."""
    nothing = literal(0)

    def amount(name: str, wanted: ColumnElement[bool]) -> ColumnElement[int]:
        return case((wanted, line.c.amount), else_=0).label(name)

    posted = (
        select(
            line.c.book,
            line.c.entry,
            amount("income", line.c.code == INCOME),
            amount("cost", line.c.code == COST),
            amount("owed", and_(line.c.code == DUES, line.c.party == sale.c.customer)),
            amount("cash", line.c.code == CASH),
            nothing.label("items"),
        )
        .join(sale, and_(sale.c.book == line.c.book, sale.c.number == line.c.entry))
        .where(within(line), line.c.code.in_((INCOME, COST, DUES, CASH)))
    )
    item = sale_line.c.quantity * sale_line.c.price
    items = select(sale_line.c.book, sale_line.c.number, nothing, nothing, nothing, nothing, item)
    total, owed = -sale.c.total, -sale.c.owed
    kept = select(sale.c.book, sale.c.number, total, -sale.c.cost, owed, total - owed, total).where(within(sale))
    sums = ("income", "cost", "owed", "cash", "items")
    return uneven(("book", "entry"), sums, posted, items.where(within(sale_line)), kept)


def _sold_to() -> Select[Any]:
    """Sales of another day, or to another customer, than their entry."""
    memo = literal('{"customer": ') + cast(sale.c.customer, String) + "}"
    same = select(entry.c.number).where(
        entry.c.book == sale.c.book,
        entry.c.number == sale.c.number,
        entry.c.event_on == sale.c.event_on,
        entry.c.memo == memo,
    )
    return select(sale.c.book, sale.c.number.label("entry")).where(within(sale), ~same.exists())


def _lost_sales() -> Select[Any]:
    known = select(sale.c.number).where(sale.c.book == entry.c.book, sale.c.number == entry.c.number)
    return select(entry.c.book, entry.c.number.label("entry")).where(entry.c.kind == "sale", ~known.exists())


TRADE: Mapping[str, Select[Any]] = {
    "a hold and its order differ": _unordered(),
    "an order without its hold": _unheld(),
    "an order's total is not the sum of its lines": _order_sums(),
    "an order and what it still holds differ": _still_held(),
    "reserved goods are not those of the open orders": _reserved(),
    "an order is not in the state of its last step": _steps(),
    "a step of an order and its entry differ": _step_entries(),
    "an entry of an order that is no step of it": _lost_steps(),
    "goods in transit are not those of the orders on their way": _in_transit(),
    "an order that was sent and its delivery code differ": _handovers(),
    "what arrived of an order and what her shop got differ": _arrived(),
    "what arrived of an order and its cost differ": _delivered_cost(),
    "the hub's and the agent's half of an event differ": _halves(),
    "an item on instalments without its contract": _lost_contracts(),
    "a sale and its entry differ": _sales(),
    "a sale and its entry differ in day or customer": _sold_to(),
    "the entry of a sale without the sale": _lost_sales(),
}
"""What must be true of trade, with the query for what is not."""

ACROSS: Mapping[str, Select[Any]] = {
    "an agent and her hubs do not agree on what she owes": _agreement(),
}
"""What must be true between books: put to all of them at once, named by one."""
