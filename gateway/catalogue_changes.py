"""What a price list would change in a catalogue, told in lines, and what of it becomes of each item."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from gateway.catalogue_check import plain
from gateway.imports import shown
from ledger import listings
from ledger.catalogue import NewItem
from ledger.listings import DESCRIPTION
from ledger.listings import PRICES
from ledger.listings import Listing
from ledger.listings import differing
from ledger.tables import Names


def without_missing(known: Listing, wanted: Listing) -> Listing:
    """The same, and everything that it does not name is no longer sold."""
    return replace(wanted, items={**_ended(known, wanted), **wanted.items})


def _ended(known: Listing, wanted: Listing) -> dict[int, NewItem]:
    """What is sold and not named, as it would be if it were no longer sold."""
    return {
        code: replace(item, active=False)
        for code, item in known.items.items()
        if item.active and code not in wanted.items
    }


def told(known: Listing, wanted: Listing, on: date) -> Iterator[str]:
    """What would change, a line for each category, supplier and item."""
    for what, old, new in (
        ("category", known.categories, wanted.categories),
        ("supplier", known.suppliers, wanted.suppliers),
    ):
        yield from _told_names(what, old, new)
    for code, item in sorted(wanted.items.items()):
        kind = fate(known, item)
        if kind == "new":
            yield f"new {code} {item.names.bn_Latn}: {plain(item.price)}, retail {plain(item.retail)}"
        elif kind != "unchanged":
            yield f"{kind} {code} {item.names.bn_Latn}: " + ", ".join(_differences(known.items[code], item, on))


def _told_names(what: str, known: Mapping[int, Names], wanted: Mapping[int, Names]) -> Iterator[str]:
    for number, names in sorted(wanted.items()):
        if number not in known:
            yield f"new {what} {number} {names.bn_Latn}"
        elif names != known[number]:
            yield f"changed {what} {number} {names.bn_Latn}: " + ", ".join(_renamed(f"{what}_", known[number], names))


def fate(known: Listing, item: NewItem) -> str:
    """What becomes of an item: new, changed, discontinued or unchanged."""
    old = known.items.get(item.code)
    if old is None:
        return "new"
    if old.active and not item.active:
        return "discontinued"
    return "unchanged" if old == item else "changed"


def _differences(old: NewItem, new: NewItem, on: date) -> Iterator[str]:
    prices = [
        f"{name} {plain(getattr(old, name))} → {plain(getattr(new, name))}" for name in differing(old, new, PRICES)
    ]
    if prices:
        yield f"{', '.join(prices)} from {on}"
    for name in differing(old, new, DESCRIPTION):
        if name == "names":
            yield from _renamed("name_", old.names, new.names)
        elif name == "active":
            yield "sold again" if new.active else "no longer sold"
        else:
            yield f"{name} {getattr(old, name)} → {getattr(new, name)}"


def _renamed(prefix: str, old: Names, new: Names) -> Iterator[str]:
    for script, before, after in (("bn", old.bn, new.bn), ("latn", old.bn_Latn, new.bn_Latn), ("en", old.en, new.en)):
        if before != after:
            yield f"{prefix}{script} {shown(before)} → {shown(after)}"


def planned(db: Connection, programme: int, wanted: Listing, on: date) -> Iterator[str]:
    """Of the items in the list, the other prices that will replace these on a later day."""
    last = {(each.code, each.from_on): each for each in listings.planned(db, programme, on)}
    for (code, from_on), each in last.items():
        item = wanted.items.get(code)
        if item and (item.price, item.retail) != (each.price, each.retail):
            prices = f"{plain(each.price)}, retail {plain(each.retail)}"
            yield f"note: {code} keeps the prices planned from {from_on}: {prices}"


def summary(known: Listing, wanted: Listing) -> str:
    """`3 new, 5 changed, 1 discontinued, 125 unchanged`, and how many are sold and not in the list."""
    fates = [fate(known, item) for item in wanted.items.values()]
    counts = ", ".join(f"{fates.count(kind)} {kind}" for kind in ("new", "changed", "discontinued", "unchanged"))
    left = len(_ended(known, wanted))
    return f"{counts}" + (f"; {left} not in the file stay as they are" if left else "")
