"""Orders at the desk: accept, pack, dispatch, deliver by the agent's code, refuse, cancel, take back, close."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping

import click
from sqlalchemy import Connection

from gateway.office import desk
from gateway.office.desk import NUMBER
from gateway.office.desk import Desk
from gateway.office.desk import Goods
from gateway.office.desk import by_option
from gateway.office.desk import hub_option
from gateway.office.desk import operation_option
from gateway.office.desk import pass_desk
from ledger import catalogue
from ledger import deliveries
from ledger import handovers
from ledger import orders
from ledger import steps
from ledger.books import Book
from ledger.books import Entry
from ledger.books import Origin
from ledger.deliveries import BACK
from ledger.deliveries import CLAIMED
from ledger.deliveries import LOST
from ledger.deliveries import Missing
from ledger.errors import LedgerError
from ledger.handovers import Tried
from ledger.hubs import Hub
from locales.numerals import to_latin

PIECES = Goods("CODE:PIECES")
CLAIM = Goods("CODE:PIECES:SUPPLIER")

Verb = Callable[[Connection, Book, int, Origin], Entry]


def _step(name: str, verb: Verb, done: str, help_: str) -> click.Command:
    """A command that takes one step of an order and asks nothing more."""

    @click.command(name, help=help_)
    @click.argument("order", type=NUMBER)
    @hub_option
    @by_option
    @pass_desk
    def taking(at: Desk, order: int, number: int | None, by: str) -> None:
        with at.writing() as db:
            hub = desk.the_hub(db, number)
            verb(db, hub.book, order, _origin(hub, order, name, by))
        click.echo(f"Order {order} is {done}.")

    return taking


def _origin(hub: Hub, order: int, step: str, by: str) -> Origin:
    """A step of an order is taken once, so the order names it."""
    return desk.origin(hub.timezone, by, f"{hub.id}-{order}-{step}")


@click.command()
@click.argument("order", type=NUMBER)
@hub_option
@click.option("--reason", default="", help="Why, for the books.")
@by_option
@pass_desk
def cancel(at: Desk, order: int, number: int | None, reason: str, by: str) -> None:
    """Give up an ORDER that is not dispatched: its goods and her credit are free again."""
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        steps.cancel(db, hub.book, order, _origin(hub, order, "cancel", by), reason=reason)
    click.echo(f"Order {order} is cancelled.")


_lost = click.option("--lost", multiple=True, type=PIECES, help="Pieces that nobody makes good.")
_claimed = click.option(
    "--claimed", multiple=True, type=CLAIM, help="Pieces that a supplier or carrier has to make good."
)


@click.command()
@click.argument("order", type=NUMBER)
@hub_option
@click.option("--code", help="The code that the agent gave to who brought the goods.")
@click.option("--without-code", "reason", help="How else it is known that she has them.")
@click.option("--back", multiple=True, type=PIECES, help="Pieces that came back.")
@_lost
@_claimed
@by_option
@pass_desk
def deliver(
    at: Desk,
    order: int,
    number: int | None,
    code: str | None,
    reason: str | None,
    back: tuple[tuple[int, int], ...],
    lost: tuple[tuple[int, int], ...],
    claimed: tuple[tuple[int, int, int], ...],
    by: str,
) -> None:
    """The goods of an ORDER were handed over: all of them, but for what --back, --lost and --claimed say."""
    if (code is None) == (reason is None) or reason == "":
        raise click.UsageError("say --code, or --without-code with how it is known that she has the goods.")
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        tried = (
            handovers.check(db, hub.book, order, to_latin(code.strip()))
            if code is not None
            else Tried(right=True, left=0)
        )
        if tried.right:
            sent = _sent(db, hub, order)
            missing = _missing(db, hub, sent, {BACK: back, LOST: lost}, claimed)
            arrived, where = _arrived(sent, missing), _origin(hub, order, "deliver", by)
            deliveries.deliver(db, hub.book, order, arrived, where, missing=missing, proof=reason or "code")
    # What was counted against the code is kept; only then is it said.
    if not tried.right:
        raise click.ClickException(_wrong(tried.left))
    click.echo(f"Order {order} is delivered.")


def _wrong(left: int) -> str:
    if left:
        return f"That is not the code of this order; {left} more {'try' if left == 1 else 'tries'}."
    return "Too many wrong codes: ask the agent herself, and say with --without-code how you know."


class _Sent:
    """The goods of an order: pieces by item id, and the ids by item code."""

    def __init__(self, pieces: Mapping[int, int], ids: Mapping[int, int]) -> None:
        self.pieces, self.ids = pieces, ids

    def item(self, code: int) -> int:
        """The id of an item of the order; one that is not in it is refused."""
        if code not in self.ids:
            raise LedgerError("not-ordered", item=f"{code}")
        return self.ids[code]


def _sent(db: Connection, hub: Hub, number: int) -> _Sent:
    pieces = {line.item: line.quantity for line in orders.lines(db, orders.get(db, hub.book, number))}
    items = catalogue.by_ids(db, list(pieces), desk.today(hub.timezone))
    return _Sent(pieces, {item.code: item.id for item in items.values()})


def _missing(
    db: Connection,
    hub: Hub,
    sent: _Sent,
    told: Mapping[str, Iterable[tuple[int, int]]],
    claimed: Iterable[tuple[int, int, int]],
) -> list[Missing]:
    """What became of pieces that did not arrive; as typed, so in item codes and numbers of suppliers."""
    found = [Missing(sent.item(code), pieces, how) for how, some in told.items() for code, pieces in some if pieces]
    return found + [
        Missing(sent.item(code), pieces, CLAIMED, desk.the_supplier(db, hub, supplier))
        for code, pieces, supplier in claimed
        if pieces
    ]


def _arrived(sent: _Sent, missing: Iterable[Missing]) -> dict[int, int]:
    left = dict(sent.pieces)
    for each in missing:
        left[each.item] -= each.pieces
    for item, pieces in left.items():
        if pieces < 0:
            told = sent.pieces[item] - pieces
            raise LedgerError("pieces-differ", item=item, ordered=sent.pieces[item], told=told)
    return left


@click.command()
@click.argument("order", type=NUMBER)
@hub_option
@_lost
@_claimed
@by_option
@pass_desk
def refuse(
    at: Desk,
    order: int,
    number: int | None,
    lost: tuple[tuple[int, int], ...],
    claimed: tuple[tuple[int, int, int], ...],
    by: str,
) -> None:
    """Nothing of an ORDER was taken at the door: all comes back, but for what --lost and --claimed say."""
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        missing = _missing(db, hub, _sent(db, hub, order), {LOST: lost}, claimed)
        deliveries.refuse(db, hub.book, order, _origin(hub, order, "refuse", by), missing=missing)
    click.echo(f"Order {order} is refused.")


@click.command("return")
@click.argument("order", type=NUMBER)
@click.argument("goods", nargs=-1, required=True, type=PIECES)
@hub_option
@by_option
@operation_option
@pass_desk
def take_back(
    at: Desk, order: int, goods: tuple[tuple[int, int], ...], number: int | None, by: str, operation: str | None
) -> None:
    """Unsold GOODS of a delivered ORDER come back, at what she paid for them."""
    name = desk.named(operation)
    with at.writing() as db:
        hub = desk.the_hub(db, number)
        sent = _sent(db, hub, order)
        pieces: dict[int, int] = {}
        for code, some in goods:
            pieces[sent.item(code)] = pieces.get(sent.item(code), 0) + some
        if not all(pieces.values()):
            raise click.UsageError("goods come back by the piece.")
        deliveries.take_back(db, hub.book, order, pieces, desk.origin(hub.timezone, by, name))
    click.echo(f"{sum(pieces.values())} pieces of order {order} came back.")


COMMANDS = (
    _step("accept", steps.accept, "accepted", "The hub will serve an ORDER."),
    _step("pack", steps.pack, "packed", "The goods of an ORDER stand ready."),
    _step("dispatch", deliveries.dispatch, "on its way", "Send the goods of an ORDER; the agent is told her code."),
    deliver,
    refuse,
    cancel,
    take_back,
    _step("close", steps.close, "closed", "Nothing more comes of a delivered ORDER: no goods of it come back."),
)
