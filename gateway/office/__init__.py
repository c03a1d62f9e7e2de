"""`somiti hub`: what the people of a hub do from the shell, until there is a console: orders, money, goods, lists.

desk       how a command reads what is typed, opens a transaction and says what went wrong
sentences  the words for what the books refuse
orders money supply emi lists
           the commands
"""

from __future__ import annotations

import click

from gateway.office import emi
from gateway.office import lists
from gateway.office import money
from gateway.office import orders
from gateway.office import supply
from gateway.office.desk import Desk
from gateway.office.desk import Opened

COMMANDS = (*lists.COMMANDS, *orders.COMMANDS, *money.COMMANDS, *supply.COMMANDS, *emi.COMMANDS)


def command(opened: Opened) -> click.Group:
    """The command, given how a command opens a runtime."""

    @click.group("hub", help=HELP)
    @click.pass_context
    def hub(context: click.Context) -> None:
        context.obj = Desk(opened)

    for each in COMMANDS:
        hub.add_command(each)
    return hub


HELP = """What the people of a hub do: see orders through, take goods in and money, print lists.

Sums are typed as 48 or 48.50, goods as CODE:PIECES. --by says who does it and stays in the books. What was done once is
not done twice: a step of an order is known by the order, goods by their bill; a payment gets an operation id, which
is printed first and can be given again with --operation when nobody knows whether it was done.
"""
