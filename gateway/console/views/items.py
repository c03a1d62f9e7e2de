"""The catalogue: its items by category, one of them with its prices, a price from a day on, what it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from gateway.catalogue_check import CODES
from gateway.catalogue_check import OPTIONAL
from gateway.catalogue_check import REQUIRED
from gateway.catalogue_check import ROOM
from gateway.catalogue_check import plain
from gateway.console import sheets
from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Download
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.goods import her_hubs
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from gateway.console.views.looking import agreed
from gateway.console.views.looking import amount
from gateway.console.views.looking import day
from gateway.console.views.looking import known as one_word
from gateway.console.views.looking import seen
from gateway.console.views.looking import today
from gateway.console.views.looking import unchanged
from gateway.console.views.typed import count
from ledger import catalogue
from ledger import hubs
from ledger import listings
from ledger import programmes
from ledger.catalogue import Item
from ledger.catalogue import NewItem
from ledger.errors import NotFound
from ledger.listings import Listing
from ledger.money import Money
from ledger.tables import Names
from locales import phrase
from locales.numerals import to_latin
from locales.script import units
from menus.graph import PRICE

MOST_PRICES = 20
"""Prices of an item that its page shows."""

OVER = phrase("That day is over; today is {today}.")
DEAR = phrase("That is more than the screens of phones have room for: {most} at most.")
SAME = phrase("Nothing of it is different.")
LONG = phrase("This is too long: the screens of phones have room for {most} characters.")
CHOOSE = phrase("Choose one.")
TAKEN = phrase("The code {code} is another item's.")


def every(db: Connection, visit: Visit) -> Shown:
    """The items of her programme by code, of one category or of all, with today's prices."""
    programme, on = visit.operator.programme, today(db, visit)
    known = {each.number: each.names for each in catalogue.categories(db, programme)}
    said, code = visit.query.get("category", ""), to_latin(visit.query.get("code", "").strip())
    if not re.fullmatch("[0-9]{0,9}", code) or (said and said not in map(str, known)):
        raise Missing
    category = int(said) if said else None
    if code:
        rows = _coded(db, programme, int(code), on)
    else:
        rows = catalogue.some(db, programme, on, category=category, after=number_after(visit.query), most=PAGE + 1)
    values = {"categories": known, "category": category, "code": code}
    return Shown("items.html", paged(rows, lambda row: row.code) | values)


def _coded(db: Connection, programme: int, code: int, on: date) -> list[Item]:
    try:
        return [catalogue.by_code(db, programme, code, on, unsold=True)]
    except NotFound:
        return []


def file(db: Connection, visit: Visit) -> Download:
    """The whole catalogue, in the columns in which a list is taken in."""
    kind = visit.query.get("kind", sheets.CSV)
    if kind not in sheets.KINDS:
        raise Missing
    on = today(db, visit)
    known = listings.listing(db, visit.operator.programme, on)
    return sheets.download(f"catalogue-{on}", kind, HEADING, _rows(known))


HEADING = (*REQUIRED, *OPTIONAL)


def _rows(known: Listing) -> Iterator[tuple[object, ...]]:
    for item in known.items.values():
        category, supplier = known.categories[item.category], known.suppliers[item.supplier]
        cells: dict[str, object] = {
            "code": item.code,
            "category": item.category,
            "supplier": item.supplier,
            "name_bn": item.names.bn,
            "name_latn": item.names.bn_Latn,
            "name_en": item.names.en,
            "category_bn": category.bn,
            "category_latn": category.bn_Latn,
            "category_en": category.en,
            "supplier_bn": supplier.bn,
            "supplier_latn": supplier.bn_Latn,
            "price": plain(item.price),
            "retail": plain(item.retail),
            "active": "yes" if item.active else "no",
        }
        yield tuple(cells[name] for name in HEADING)


# ---- one item ----


@dataclass(frozen=True, slots=True)
class _Known:
    """An item of the address: as it is on a day, and the catalogue around it."""

    item: NewItem
    listing: Listing
    on: date
    currency: str

    def money(self, minor: int) -> Money:
        """Minor units of its programme's currency."""
        return Money(minor, self.currency)


def _known(db: Connection, visit: Visit, on: date | None = None) -> _Known:
    programme = programmes.get(db, visit.operator.programme)
    on = on or programmes.day(visit.now, programme.timezone)
    listing = listings.listing(db, programme.id, on)
    if visit.args["code"] not in listing.items:
        raise Missing
    return _Known(listing.items[visit.args["code"]], listing, on, programme.currency)


def one(db: Connection, visit: Visit) -> Shown:
    """An item: what it is, its prices that were and will be, what of it her hubs have."""
    known = _known(db, visit)
    item = catalogue.by_code(db, visit.operator.programme, known.item.code, known.on, unsold=True)
    hers = her_hubs(db, visit)
    values = {
        "item": item,
        "category": known.listing.categories[item.category],
        "supplier": known.listing.suppliers[known.item.supplier],
        "prices": catalogue.prices(db, item.id, MOST_PRICES),
        "on": known.on,
        "hubs": hers,
        "having": hubs.having(db, hers, item.id),
    }
    return Shown("item.html", values)


@dataclass(frozen=True, slots=True)
class Priced:
    """A price that is to be entered: from which day, what it is then, what it would have been."""

    from_on: date
    price: Money
    retail: Money
    before: Money
    before_retail: Money

    @property
    def mark(self) -> str:
        """What of it was shown, to be compared."""
        sums = (self.price, self.retail, self.before, self.before_retail)
        return f"{self.from_on} {' '.join(str(each.minor) for each in sums)}"

    @property
    def odd(self) -> bool:
        """Whether it is possible, but more often a slip: a jump to the double or the half."""
        return not self.before.minor < 2 * self.price.minor < 4 * self.before.minor


def show_price(db: Connection, visit: Visit) -> Shown:
    """The form of a price from a day on."""
    known = _known(db, visit)
    values = {"item": known.item, "on": known.on, "would": seen(visit)}
    values |= {"price": plain(known.item.price), "retail": plain(known.item.retail)}
    return Shown("item_price.html", values)


def enter_price(db: Connection, visit: Visit) -> Done:
    """Enter a price from today or a later day on."""
    now = _known(db, visit).on
    on = day(visit.typed.get("from", ""), "from")
    if on < now:
        raise Mistaken(OVER, "from", today=now)
    listings.hold(db, visit.operator.programme)
    known = _known(db, visit, on)
    price, retail = (_price(visit, field, known.currency) for field in ("price", "retail"))
    before, before_retail = known.money(known.item.price), known.money(known.item.retail)
    if on == now and (price, retail) == (before, before_retail):
        raise Mistaken(SAME)
    would = Priced(on, price, retail, before, before_retail)
    agreed(visit, would, lambda each: each.mark)
    item = replace(known.item, price=price.minor, retail=retail.minor)
    listings.revise(db, visit.operator.programme, Listing({}, {}, {item.code: item}), on, visit.now)
    detail = f"{on}: {plain(price.minor)} {plain(retail.minor)}"
    return Done("item", {"code": item.code}, "item.priced", f"item {item.code}", detail, said="price-entered")


def _price(visit: Visit, field: str, currency: str) -> Money:
    found = amount(visit, field, currency)
    if found.minor > PRICE.minor:
        raise Mistaken(DEAR, field, most=Money(PRICE.minor, currency))
    return found


# ---- what it is ----


def _form(db: Connection, visit: Visit, known: _Known | None, listing: Listing) -> Shown:
    typed = dict(visit.typed)
    if not typed and known:
        item = known.item
        typed = {"name_bn": item.names.bn, "name_latn": item.names.bn_Latn, "name_en": item.names.en}
        typed |= {
            "category": f"{item.category}",
            "supplier": f"{item.supplier}",
            "active": "yes" if item.active else "",
        }
    elif not typed:
        typed = {"active": "yes"}
    values = {"values": typed, "item": known.item if known else None, "known": one_word(known.item) if known else ""}
    return Shown("item_form.html", values | {"categories": listing.categories, "suppliers": listing.suppliers})


def show_change(db: Connection, visit: Visit) -> Shown:
    """The form of what an item is, filled."""
    known = _known(db, visit)
    return _form(db, visit, known, known.listing)


def show_new(db: Connection, visit: Visit) -> Shown:
    """The form of an item, empty."""
    return _form(db, visit, None, listings.listing(db, visit.operator.programme, today(db, visit)))


def _described(visit: Visit, listing: Listing) -> tuple[Names, int, int, bool]:
    """What was typed: names, category, supplier, whether it is sold."""
    said = [text(visit.typed, f"name_{script}", 60, needed=script != "en") for script in ROOM["name"]]
    for value, (script, most) in zip(said, ROOM["name"].items(), strict=True):
        if units(value) > most:
            raise Mistaken(LONG, f"name_{script}", most=most)
    category, supplier = visit.typed.get("category", ""), visit.typed.get("supplier", "")
    if category not in map(str, listing.categories):
        raise Mistaken(CHOOSE, "category")
    if supplier not in map(str, listing.suppliers):
        raise Mistaken(CHOOSE, "supplier")
    return Names(*said), int(category), int(supplier), visit.typed.get("active") == "yes"


def change(db: Connection, visit: Visit) -> Done:
    """Call an item otherwise, move it, end its sale or begin it again; at once, and its code stays its own."""
    listings.hold(db, visit.operator.programme)
    known = _known(db, visit)
    unchanged(visit, known.item)
    names, category, supplier, active = _described(visit, known.listing)
    old = known.item
    item = replace(old, names=names, category=category, supplier=supplier, active=active)
    if item == old:
        raise Mistaken(SAME)
    listings.revise(db, visit.operator.programme, Listing({}, {}, {item.code: item}), known.on, visit.now)
    detail = f"{old.names.bn_Latn} -> {names.bn_Latn}" if names != old.names else names.bn_Latn
    return Done("item", {"code": item.code}, "item.changed", f"item {item.code}", detail, said="item-changed")


def add(db: Connection, visit: Visit) -> Done:
    """Add an item with a code of its own and its first price."""
    programme, on = programmes.get(db, visit.operator.programme), today(db, visit)
    listings.hold(db, programme.id)
    listing = listings.listing(db, programme.id, on)
    code = count(visit.typed, "code", *CODES)
    if code in listing.items:
        raise Mistaken(TAKEN, "code", code=f"{code}")
    names, category, supplier, active = _described(visit, listing)
    price, retail = (_price(visit, field, programme.currency) for field in ("price", "retail"))
    item = NewItem(code, category, supplier, names, price.minor, retail.minor, active)
    listings.revise(db, programme.id, Listing({}, {}, {code: item}), on, visit.now)
    return Done("item", {"code": code}, "item.added", f"item {code}", names.bn_Latn, said="item-added")
