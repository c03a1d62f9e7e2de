"""`somiti hub` and `somiti group`: what the office does from the shell, until there is a console.

desk       how a command reads what is typed, opens a transaction and says what went wrong
sentences  the words for what the books refuse
orders money supply emi lists
           the commands of a hub: orders, money, goods
group      the commands about groups: members, rules, interest, the federation, figures
"""

from __future__ import annotations

import click

from gateway.office import emi
from gateway.office import group
from gateway.office import lists
from gateway.office import money
from gateway.office import orders
from gateway.office import supply
from gateway.office.desk import Desk
from gateway.office.desk import Opened


class _Typed(click.Group):
    """Commands that take text only: what is no UTF-8 reaches Python as halves of characters that no book can keep."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse the command line if any of it is no text."""
        if any("\ud800" <= letter <= "\udfff" for letter in "".join(args)):
            raise click.UsageError("what was typed is not UTF-8 text.", ctx)
        return super().parse_args(ctx, args)


COMMANDS = (*lists.COMMANDS, *orders.COMMANDS, *money.COMMANDS, *supply.COMMANDS, *emi.COMMANDS)


def group_command(opened: Opened) -> click.Group:
    """The command of the groups' office, given how a command opens a runtime."""

    @click.group("group", cls=_Typed, help=group.HELP)
    @click.pass_context
    def of_groups(context: click.Context) -> None:
        context.obj = Desk(opened, "group")

    for each in group.COMMANDS:
        of_groups.add_command(each)
    return of_groups


def command(opened: Opened) -> click.Group:
    """The command, given how a command opens a runtime."""

    @click.group("hub", cls=_Typed, help=HELP)
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
