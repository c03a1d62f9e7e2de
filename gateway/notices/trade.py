"""What an agent is told of her trade: orders, her hub, instalments of goods, sales, her month."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from datetime import timedelta

from gateway.notices.shape import Cause
from gateway.notices.shape import Notice
from gateway.notices.shape import Notices
from gateway.notices.shape import receipt
from gateway.notices.shape import reminder
from ledger.facts import CommissionEarned
from ledger.facts import CommissionPaid
from ledger.facts import DueCollected
from ledger.facts import EmiDue
from ledger.facts import EmiLate
from ledger.facts import EmiOpened
from ledger.facts import EmiPaid
from ledger.facts import GoodsBought
from ledger.facts import GoodsReturned
from ledger.facts import GoodsTaken
from ledger.facts import HubPaid
from ledger.facts import HubPrepaid
from ledger.facts import HubRefunded
from ledger.facts import MonthMade
from ledger.facts import OrderAccepted
from ledger.facts import OrderCancelled
from ledger.facts import OrderDelivered
from ledger.facts import OrderDispatched
from ledger.facts import OrderPlaced
from ledger.facts import OrderRefused
from ledger.facts import OrderStep
from ledger.facts import SaleRecorded
from ledger.facts import Undone
from locales import phrase

ORDER_USE = timedelta(hours=72)
"""How long the news of an order is: a delivery code is needed until the goods come."""

MONTH_USE = timedelta(hours=48)
"""How long the figures of a month are."""


def _step(fact: OrderStep, text: str, quiet: str = "", **values: object) -> list[Notice]:
    # The number is what she and the hub call the order: always in the digits of the keys.
    known, cause = {"number": str(fact.number), **values}, Cause.by(fact.own)
    return [Notice(fact.member, "order", fact.about, text, quiet or text, known, cause=cause, use=ORDER_USE)]


def _order_placed(fact: OrderPlaced, now: datetime) -> list[Notice]:
    text = phrase("Order placed. No. {number}, total {total}. Code {code}")
    return receipt(fact, text, number=str(fact.number), total=fact.total)


def _order_accepted(fact: OrderAccepted, now: datetime) -> list[Notice]:
    return _step(fact, phrase("The hub has taken your order {number} and is getting it ready."))


def _order_dispatched(fact: OrderDispatched, now: datetime) -> list[Notice]:
    text = phrase("Order {number} is on its way. When the goods are right, give the carrier {delivery}")
    # For its code, which proves that she has the goods, it is told apart from other words about an order.
    return [replace(each, purpose="handover") for each in _step(fact, text, delivery=fact.delivery)]


def _order_delivered(fact: OrderDelivered, now: datetime) -> list[Notice]:
    cause = Cause.by(fact.own)
    if not fact.short:
        text = phrase("Order {number}: goods received, total {total}. Code {code}")
        return receipt(fact, text, cause=cause, number=str(fact.number), total=fact.total)
    first, *others = fact.short
    if others:
        text = phrase("{item} and {more} more came short. Total {total}. Code {code}")
        return receipt(fact, text, cause=cause, item=first.item, more=len(others), total=fact.total)
    text = phrase("{item}: {arrived} of {ordered} came. Total {total}. Code {code}")
    pieces = {"arrived": first.arrived, "ordered": first.ordered}
    return receipt(fact, text, cause=cause, item=first.item, total=fact.total, **pieces)


def _order_refused(fact: OrderRefused, now: datetime) -> list[Notice]:
    return _step(fact, phrase("Order {number} went back to the hub. You owe nothing for it."))


def _order_cancelled(fact: OrderCancelled, now: datetime) -> list[Notice]:
    text = phrase("Order {number} is cancelled. You can order for {left}.")
    return _step(fact, text, phrase("Order {number} is cancelled."), left=fact.left)


def _goods_returned(fact: GoodsReturned, now: datetime) -> list[Notice]:
    text = phrase("Goods of {amount} went back. You owe the hub {owes}. Code {code}")
    return receipt(fact, text, cause=Cause.by(fact.own), amount=fact.amount, owes=fact.owes)


def _hub_paid(fact: HubPaid, now: datetime) -> list[Notice]:
    if fact.owes:
        text = phrase("You paid the hub {amount}. You still owe {owes}. Code {code}")
        return receipt(fact, text, cause=Cause.OTHERS, amount=fact.amount, owes=fact.owes)
    if fact.ahead:
        return _paid_ahead(fact)
    text = phrase("You paid the hub {amount}. Nothing more owed. Code {code}")
    return receipt(fact, text, cause=Cause.OTHERS, amount=fact.amount)


def _paid_ahead(fact: HubPaid | HubPrepaid, now: datetime | None = None) -> list[Notice]:
    text = phrase("You paid the hub {amount}. Paid ahead in all {ahead}. Code {code}")
    return receipt(fact, text, cause=Cause.OTHERS, amount=fact.amount, ahead=fact.ahead)


def _hub_refunded(fact: HubRefunded, now: datetime) -> list[Notice]:
    text = phrase("The hub gave you {amount} back. Code {code}")
    return receipt(fact, text, cause=Cause.OTHERS, amount=fact.amount)


def _commission_earned(fact: CommissionEarned, now: datetime) -> list[Notice]:
    text = phrase("You earned commission {amount}. You will get {unpaid} in all.")
    quiet = phrase("Your commission is written down.")
    values = {"amount": fact.amount, "unpaid": fact.unpaid}
    return [Notice(fact.member, "commission", fact.about, text, quiet, values, cause=Cause.OTHERS)]


def _commission_paid(fact: CommissionPaid, now: datetime) -> list[Notice]:
    if fact.set_off:
        text = phrase("Commission {amount} was taken off what you owe the hub. Code {code}")
    else:
        text = phrase("You got commission {amount}. Code {code}")
    return receipt(fact, text, cause=Cause.OTHERS, amount=fact.amount)


def _emi_paid(fact: EmiPaid, now: datetime) -> list[Notice]:
    if fact.left:
        text = phrase("Instalment {amount} paid. Still owed {left}. Code {code}")
        return receipt(fact, text, cause=Cause.OTHERS, amount=fact.amount, left=fact.left)
    text = phrase("Instalment {amount} paid. Nothing more owed. Code {code}")
    return receipt(fact, text, cause=Cause.OTHERS, amount=fact.amount)


def _emi_opened(fact: EmiOpened, now: datetime) -> list[Notice]:
    text = phrase("{item} on instalments, {left} to pay in all. Code {code}")
    return receipt(fact, text, cause=Cause.OTHERS, item=fact.item, left=fact.left)


def _goods_taken(fact: GoodsTaken, now: datetime) -> list[Notice]:
    if fact.lost:
        return receipt(fact, phrase("Goods of {amount} lost. Code {code}"), amount=fact.amount)
    return receipt(fact, phrase("Goods of {amount} taken for yourself. Code {code}"), amount=fact.amount)


def _goods_bought(fact: GoodsBought, now: datetime) -> list[Notice]:
    return receipt(fact, phrase("Goods bought for {amount}. Code {code}"), amount=fact.amount)


def _undone(fact: Undone, now: datetime) -> list[Notice]:
    text = phrase("Undone: receipt {undone} of {amount}. Code {code}")
    return receipt(fact, text, cause=Cause.by(fact.own), undone=fact.undone, amount=fact.amount)


def _emi_due(fact: EmiDue, now: datetime) -> list[Notice]:
    if fact.today:
        text = phrase("{name}, today, {day}, an instalment of {amount} is due.")
        quiet = phrase("{name}, remember today, {day}. Dial to see what for.")
    else:
        text = phrase("{name}, an instalment of {amount} is due on {day}.")
        quiet = phrase("{name}, remember {day}. Dial to see what for.")
    return reminder(fact, "emi-due", text, quiet, amount=fact.amount, day=fact.due)


def _emi_late(fact: EmiLate, now: datetime) -> list[Notice]:
    text = phrase("Instalments of {amount} are owed since {day}. Talk to the hub.")
    quiet = phrase("{name}, please talk to the hub.")
    return reminder(fact, "emi-late", text, quiet, amount=fact.amount, day=fact.since)


def _month_made(fact: MonthMade, now: datetime) -> list[Notice]:
    quiet = phrase("{name}, your figures for {month:month} are ready. Dial and look.")
    known = {"month": fact.first, "sales": fact.sales}
    if fact.made.minor < 0:
        text = phrase("{month:month}: sales {sales}. You lost {lost}.")
        return reminder(fact, "month", text, quiet, use=MONTH_USE, lost=-fact.made, **known)
    text = phrase("{month:month}: sales {sales}. You made {made}.")
    return reminder(fact, "month", text, quiet, use=MONTH_USE, made=fact.made, **known)


def _sale_recorded(fact: SaleRecorded, now: datetime) -> list[Notice]:
    if fact.owed:
        return receipt(fact, phrase("Sale {total}, on credit {owed}. Code {code}"), total=fact.total, owed=fact.owed)
    return receipt(fact, phrase("Cash sale {total}. Code {code}"), total=fact.total)


def _due_collected(fact: DueCollected, now: datetime) -> list[Notice]:
    if fact.left:
        text = phrase("Dues collected {amount}. Still owed {left}. Code {code}")
        return receipt(fact, text, amount=fact.amount, left=fact.left)
    return receipt(fact, phrase("Dues collected {amount}. Nothing more owed. Code {code}"), amount=fact.amount)


NOTICES: Notices = {
    OrderPlaced: _order_placed,
    OrderAccepted: _order_accepted,
    OrderDispatched: _order_dispatched,
    OrderDelivered: _order_delivered,
    OrderRefused: _order_refused,
    OrderCancelled: _order_cancelled,
    GoodsReturned: _goods_returned,
    HubPaid: _hub_paid,
    HubPrepaid: _paid_ahead,
    HubRefunded: _hub_refunded,
    CommissionEarned: _commission_earned,
    CommissionPaid: _commission_paid,
    EmiOpened: _emi_opened,
    EmiPaid: _emi_paid,
    EmiDue: _emi_due,
    EmiLate: _emi_late,
    MonthMade: _month_made,
    SaleRecorded: _sale_recorded,
    DueCollected: _due_collected,
    GoodsTaken: _goods_taken,
    GoodsBought: _goods_bought,
    Undone: _undone,
}
