"""Suppliers: what a hub owes each and claims from him; he is paid, makes a claim good, or will not."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.goods import NO_HUB
from gateway.console.views.goods import hub_of
from gateway.console.views.goods import one_hub
from gateway.console.views.looking import agreed
from gateway.console.views.looking import amount
from gateway.console.views.looking import seen
from ledger import suppliers
from ledger.books import Entry
from ledger.books import Origin
from ledger.hubs import Hub
from ledger.money import Money
from ledger.suppliers import Standing
from locales import Phrase
from locales import phrase

Verb = Callable[[Connection, Hub, int, Money, str, Origin], Entry]

CHOOSE = phrase("Choose one.")
WHY = phrase("Say why: it is written into the books.")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something about a supplier by a sum: its verb, its words, its line of the trail, whether it needs a reason."""

    verb: Verb
    called: Phrase
    act: str
    said: str
    reason: bool = False


DEEDS: Mapping[str, Deed] = {
    "pay": Deed(
        lambda db, hub, who, sum_, _, origin: suppliers.pay(db, hub.book, who, sum_, origin),
        phrase("The hub pays him out of its wallet"),
        "supplier.paid",
        "supplier-paid",
    ),
    "deduct": Deed(
        lambda db, hub, who, sum_, _, origin: suppliers.claim_met(db, hub.book, who, origin, deducted=sum_),
        phrase("He makes a claim good: taken off what the hub owes him"),
        "claim.deducted",
        "claim-met",
    ),
    "repay": Deed(
        lambda db, hub, who, sum_, _, origin: suppliers.claim_met(db, hub.book, who, origin, paid=sum_),
        phrase("He makes a claim good: paid into the hub's wallet"),
        "claim.paid",
        "claim-met",
    ),
    "lose": Deed(
        lambda db, hub, who, sum_, why, origin: suppliers.claim_refused(db, hub.book, who, sum_, why, origin),
        phrase("He will not make a claim good: it is lost"),
        "claim.refused",
        "claim-refused",
        reason=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Would:
    """What would be written: which deed, of what sum."""

    called: Phrase
    sum: Money
    mark: str


def every(db: Connection, visit: Visit) -> Shown:
    """How a hub stands with each supplier."""
    mine, hub = one_hub(db, visit)
    if hub is None:
        return NO_HUB
    return Shown("suppliers.html", {"hubs": mine, "hub": hub, "rows": suppliers.standings(db, hub.book)})


def _found(db: Connection, visit: Visit) -> tuple[Hub, Standing]:
    hub = hub_of(db, visit, visit.args["hub"])
    found = [each for each in suppliers.standings(db, hub.book) if each.supplier == visit.args["supplier"]]
    if not found:
        raise Missing
    return hub, found[0]


def one(db: Connection, visit: Visit) -> Shown:
    """How a hub stands with a supplier, and what can be done."""
    hub, standing = _found(db, visit)
    deeds = {name: deed.called for name, deed in DEEDS.items()}
    values = {"hub": hub, "standing": standing, "deeds": deeds, "would": seen(visit)}
    return Shown("supplier.html", values)


def deed(db: Connection, visit: Visit) -> Done:
    """Do one of `DEEDS`, once its sum was looked at."""
    hub, standing = _found(db, visit)
    name = visit.typed.get("deed", "")
    if name not in DEEDS:
        raise Mistaken(CHOOSE, "deed")
    do, sum_ = DEEDS[name], amount(visit, "sum", hub.currency)
    reason = text(visit.typed, "reason", 160, needed=False)
    if do.reason and not reason:
        raise Mistaken(WHY, "reason")
    agreed(visit, Would(do.called, sum_, f"{name} {sum_.minor}"), lambda would: would.mark)
    do.verb(db, hub, standing.supplier, sum_, reason, visit.origin(db))
    about = f"hub {hub.id} {standing.names.bn_Latn}"
    detail = " ".join([visit.words.say(phrase("{sum}"), sum=sum_), reason]).strip()
    return Done("supplier", {"hub": hub.id, "supplier": standing.supplier}, do.act, about, detail, said=do.said)
