"""The federation at the desk: village organisations, federations, blocks and states, and which group hangs where."""

from __future__ import annotations

from collections.abc import Iterator

import click
from sqlalchemy import Connection

from gateway.catalogue_import import the_programme
from gateway.office import desk
from gateway.office.desk import NUMBER
from gateway.office.desk import Desk
from gateway.office.desk import by_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from ledger import federation
from ledger import programmes
from ledger.federation import Node
from ledger.tables import Names
from locales.script import canonical


@click.group()
def tree() -> None:
    """What is above the groups: village organisation, federation, block, state."""


@tree.command("show")
@click.argument("node", type=NUMBER, required=False)
@click.option("--programme", help="Of which programme; needed when there are several.")
@pass_desk
def show_tree(at: Desk, node: int | None, programme: str | None) -> None:
    """Show the tree under a NODE, or all of it, with the groups, by name."""
    with at.reading() as db:
        if node is None:
            found = federation.tops(db, the_programme(db, programme).id)
        else:
            found = [federation.get(db, node)]
        for text in _branches(db, found, 0):
            click.echo(text)


def _branches(db: Connection, nodes: list[Node], depth: int) -> Iterator[str]:
    for node in nodes:
        yield f"{'  ' * depth}{node.level} {node.id}: {node.names.bn_Latn}"
        for group in federation.groups_of(db, node):
            yield f"{'  ' * (depth + 1)}group {group.id}: {group.names.bn_Latn}"
        yield from _branches(db, federation.children(db, node), depth + 1)


@tree.command()
@click.argument("level", type=click.Choice(federation.LEVELS))
@click.option("--name-bn", required=True, help="Its name in Bangla script.")
@click.option("--name-latn", required=True, help="Its name in Latin letters.")
@click.option("--name-en", default="", help="Its English name.")
@click.option("--under", type=NUMBER, help="The number of the node it hangs on, of the next level; without it, none.")
@click.option("--programme", help="Of which programme; needed when there are several.")
@by_option
@operation_option
@pass_desk
def add(
    at: Desk,
    level: str,
    name_bn: str,
    name_latn: str,
    name_en: str,
    under: int | None,
    programme: str | None,
    by: str,
    operation: str | None,
) -> None:
    """Add a node of a LEVEL."""
    names = Names(*(canonical(each) for each in (name_bn, name_latn, name_en)))
    if max(len(each) for each in (names.bn, names.bn_Latn, names.en)) > 60 or not (names.bn and names.bn_Latn):
        raise click.UsageError("a name has 1 to 60 characters.")
    op = desk.named(operation)
    with at.writing() as db:
        parent = federation.get(db, under) if under is not None else None
        of = programmes.get(db, parent.programme) if parent and not programme else the_programme(db, programme)
        made = federation.add(db, of.id, level, names, desk.origin(of.timezone, by, op), parent)
    click.echo(f"{made.level} {made.id}: {made.names.bn_Latn}")


@tree.command()
@click.argument("node", type=NUMBER)
@click.argument("under", type=NUMBER)
@by_option
@operation_option
@pass_desk
def move(at: Desk, node: int, under: int, by: str, operation: str | None) -> None:
    """Hang a NODE, with all that is under it, UNDER another one of the next level."""
    op = desk.named(operation)
    with at.writing() as db:
        moved, there = federation.get(db, node), federation.get(db, under)
        of = programmes.get(db, moved.programme)
        federation.move(db, moved, there, desk.origin(of.timezone, by, op))
    click.echo(f"{moved.names.bn_Latn} hangs on {there.names.bn_Latn}.")


@tree.command()
@click.argument("group")
@click.argument("node", type=NUMBER)
@by_option
@operation_option
@pass_desk
def hang(at: Desk, group: str, node: int, by: str, operation: str | None) -> None:
    """Hang a GROUP on a village organisation (the number of its NODE)."""
    op = desk.named(operation)
    with at.writing() as db:
        of, there = desk.the_group(db, group), federation.get(db, node)
        timezone = programmes.get(db, of.programme).timezone
        federation.hang(db, of, there, desk.origin(timezone, by, op))
    click.echo(f"{of.names.bn_Latn} hangs on {there.names.bn_Latn}.")


COMMANDS = (tree,)
