"""What the desk looks at: the orders, one order, what is to be picked, and who has been idle."""

from __future__ import annotations

import sys

import click
from sqlalchemy import Connection

from gateway import picking
from gateway.office import desk
from gateway.office.desk import NUMBER
from gateway.office.desk import Desk
from gateway.office.desk import hub_option
from gateway.office.desk import pass_desk
from ledger import activity
from ledger import catalogue
from ledger import hubs
from ledger import members
from ledger import orders
from ledger import programmes
from ledger import steps
from ledger.hubs import Hub
from ledger.money import Money
from ledger.orders import Order

STATES = ("placed", "accepted", "packed", "dispatched", "delivered", "closed", "refused", "cancelled")


@click.command("orders")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these; may be repeated.")
@hub_option
@pass_desk
def list_orders(at: Desk, states: tuple[str, ...], number: int | None) -> None:
    """List the orders, oldest first."""
    with at.reading() as db:
        hub = desk.the_hub(db, number)
        for each in hubs.orders_of(db, hub, states):
            order, day = each.order, programmes.day(each.order.placed_at, hub.timezone)
            click.echo(
                f"{order.number:>7}  {day}  {order.state:<10}  {each.code:>6} {each.names.bn_Latn}  "
                f"{desk.taka(order.total)}"
            )


@click.command("order")
@click.argument("order", type=NUMBER)
@hub_option
@pass_desk
def show_order(at: Desk, order: int, number: int | None) -> None:
    """Show what an ORDER is of and what became of it."""
    with at.reading() as db:
        hub = desk.the_hub(db, number)
        found = orders.get(db, hub.book, order)
        who = members.get(db, found.agent)
        click.echo(f"Order {order}: {who.names.bn_Latn} {who.code}, {desk.taka(found.total)}, {found.state}")
        if found.prepaid:
            click.echo(f"Prepaid: {desk.taka(found.prepaid)}")
        _show_lines(db, hub, found)
        for step in steps.steps(db, found):
            click.echo(f"{programmes.day(step.at, hub.timezone)}  {step.step} by {step.actor}")


def _show_lines(db: Connection, hub: Hub, order: Order) -> None:
    lines = orders.lines(db, order)
    items = catalogue.by_ids(db, [line.item for line in lines], desk.today(hub.timezone))
    for line in lines:
        item, price = items[line.item], Money(line.price, order.hub.currency)
        arrived = f", {line.arrived} arrived" if order.state in ("delivered", "closed") else ""
        click.echo(f"{item.code:>7}  {item.names.written('en')}: {line.quantity} x {desk.taka(price)}{arrived}")


@click.command("picking-list")
@click.option("--supplier", type=NUMBER, help="Only what this supplier (his number) brings.")
@click.option("--format", "form", type=click.Choice(list(picking.FORMS)), default="html", show_default=True)
@hub_option
@pass_desk
def picking_list(at: Desk, supplier: int | None, form: str, number: int | None) -> None:
    """Print what is to be picked for the accepted orders, by supplier: a page for the printer, or CSV."""
    # Bytes: the file is UTF-8 and the same on every terminal.
    out = sys.stdout.buffer
    with at.reading() as db:
        hub = desk.the_hub(db, number)
        if supplier is not None:
            desk.the_supplier(db, hub, supplier)
        wanted = hubs.to_pick(db, hub, supplier)
        out.writelines(text.encode() for text in picking.FORMS[form](hub, wanted, desk.today(hub.timezone)))
    out.flush()


@click.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650), help="So many days, today's last.")
@hub_option
@pass_desk
def inactive(at: Desk, days: int, number: int | None) -> None:
    """List the agents without an order or a sale in so many days, and the day of their last; of all hubs or of one."""
    with at.reading() as db:
        found = hubs.every(db) if number is None else [desk.the_hub(db, number)]
        told = sum(_list_idle(db, hub, days) for hub in found)
    click.echo(f"{told} without an order or a sale in {days} days.", err=True)


def _list_idle(db: Connection, hub: Hub, days: int) -> int:
    on, after, told = desk.today(hub.timezone), 0, 0
    while page := activity.idle(db, hub, on, days, after=after):
        for each in page:
            contact = members.contact(db, each.member)
            click.echo(
                f"{each.code:>6}  {each.names.bn_Latn}  {contact.number if contact else 'no phone'}  "
                f"last {each.last or 'never'}"
            )
        after, told = page[-1].member, told + len(page)
    return told


COMMANDS = (list_orders, show_order, picking_list, inactive)
