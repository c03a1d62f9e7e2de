"""Sales agents: what each owes and when she was last active; one of them, her money, another limit for her."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.console import seconds
from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import LIMIT
from gateway.console.views.goods import agent_of
from gateway.console.views.goods import chosen
from gateway.console.views.goods import her_hubs
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from gateway.console.views.looking import agreed
from gateway.console.views.looking import amount
from gateway.console.views.looking import seen
from gateway.console.views.looking import today
from gateway.console.views.members import numbers_shown
from gateway.console.views.orders import STATES
from ledger import activity
from ledger import agents
from ledger import commissions
from ledger import groups
from ledger import members
from ledger import orders
from ledger import programmes
from ledger import shops
from ledger.activity import Seller
from ledger.books import Entry
from ledger.books import Origin
from ledger.hubs import Hub
from ledger.journal import lock
from ledger.members import Member
from ledger.money import Money
from locales import Phrase
from locales import phrase
from locales.numerals import to_latin

IDLE = 30
"""An agent without an order or a sale in so many days is idle."""

RECENT = 10
"""Orders on her page."""

CHOOSE = phrase("Choose one.")
WHY = phrase("Say why: another person decides it.")
SAME = phrase("That is her limit already.")
CHOOSE_SUM = phrase("Type a sum; 0 for no credit at all.")


def every(db: Connection, visit: Visit) -> Shown:
    """The agents of her scope: of a hub or of all, only the idle ones, or the one with a code."""
    hubs = her_hubs(db, visit)
    only, idle = chosen(visit, hubs), visit.query.get("idle", "") == "1"
    code = to_latin(visit.query.get("code", "").strip())[:12]
    ids = [each.id for each in ([only] if only else hubs)]
    if code:
        rows = _coded(db, visit, ids, code)
    else:
        scope = visit.operator.scope
        since = _since(visit, hubs[0].timezone) if idle and hubs else None
        after = number_after(visit.query)
        rows = activity.sellers(db, ids, groups=scope.groups, idle_since=since, after=after, most=PAGE + 1)
    on = today(db, visit)
    values = {"hubs": {each.id: each for each in hubs}, "hub": only, "idle": idle, "days": IDLE, "code": code, "on": on}
    return Shown("agents.html", paged(rows, lambda row: row.member) | values)


def _since(visit: Visit, timezone: str) -> datetime:
    """The beginning of the first of the days that count."""
    first = programmes.day(visit.now, timezone) - timedelta(days=IDLE - 1)
    return datetime.combine(first, time(), ZoneInfo(timezone))


def _coded(db: Connection, visit: Visit, hubs: list[int], code: str) -> list[Seller]:
    found = members.by_code(db, code, left=True)
    if found is None:
        return []
    try:
        agent_of(db, visit, found.id)
    except Missing:
        return []
    seller = activity.seller(db, hubs, found.id)
    return [seller] if seller else []


# ---- one agent ----


def _found(db: Connection, visit: Visit) -> tuple[Member, Hub, Seller]:
    agent = agent_of(db, visit, visit.args["agent"])
    hub = next(each for each in her_hubs(db, visit) if each.id == agent.hub)
    seller = activity.seller(db, [hub.id], agent.id)
    if seller is None:
        raise Missing
    return agent, hub, seller


def one(db: Connection, visit: Visit) -> Shown:
    """How an agent stands with her hub, her newest orders, what her shop made this month and the month before."""
    agent, hub, seller = _found(db, visit)
    on = programmes.day(visit.now, agent.timezone)
    contact = members.contact(db, agent.id)
    values = {
        "agent": agent,
        "hub": hub,
        "seller": seller,
        "idle": (on - seller.last).days if seller.last else None,
        "standing": shops.standing(db, agent),
        "group": groups.get(db, agent.group) if agent.group else None,
        "number": numbers_shown(visit, [contact.number])[0] if contact else "",
        "orders": orders.recent(db, agent, RECENT),
        "states": STATES,
        "months": [(first, shops.results(db, agent, first, last)) for first, last in _months(on)],
    }
    return Shown("agent.html", values)


def _months(on: date) -> list[tuple[date, date]]:
    """This month until today, and the month before."""
    first = on.replace(day=1)
    before = first - timedelta(days=1)
    return [(first, on), (before.replace(day=1), before)]


# ---- her money ----

Verb = Callable[[Connection, Member, Money, Origin], Entry]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something between an agent and her hub by a sum: its verb, its words, its line of the trail."""

    verb: Verb
    called: Phrase
    act: str


DEEDS: Mapping[str, Deed] = {
    "pay": Deed(agents.pay, phrase("She pays: what she owes first, the rest is paid ahead"), "agent.paid"),
    "prepay": Deed(agents.prepay, phrase("She pays ahead, for an order to come"), "agent.prepaid"),
    "refund": Deed(agents.refund, phrase("The hub gives back what she paid ahead"), "agent.refunded"),
    "earn": Deed(commissions.earn, phrase("She has earned commission"), "commission.earned"),
    "commission": Deed(commissions.pay, phrase("The hub pays commission out to her"), "commission.paid"),
    "set-off": Deed(commissions.set_off, phrase("Commission is taken off what she owes"), "commission.set-off"),
}


@dataclass(frozen=True, slots=True)
class Would:
    """What would be written: which deed, of what sum; of a payment, how much of it clears what she owes."""

    called: Phrase
    sum: Money
    clears: Money | None
    mark: str

    @property
    def ahead(self) -> Money | None:
        """What of a payment is paid ahead."""
        return self.sum - self.clears if self.clears is not None else None


def show_money(db: Connection, visit: Visit) -> Shown:
    """How she stands, and the form of a sum that goes from or to her."""
    agent, hub, _ = _found(db, visit)
    values = {
        "agent": agent,
        "hub": hub,
        "standing": shops.standing(db, agent),
        "deeds": {name: deed.called for name, deed in DEEDS.items()},
    }
    return Shown("agent_money.html", values | {"would": seen(visit)})


def money(db: Connection, visit: Visit) -> Done:
    """Do one of `DEEDS`, once its sum was looked at."""
    agent, hub, _ = _found(db, visit)
    lock(db, [hub.book])
    seller = _found(db, visit)[2]
    name = visit.typed.get("deed", "")
    if name not in DEEDS:
        raise Mistaken(CHOOSE, "deed")
    do, sum_ = DEEDS[name], amount(visit, "sum", agent.currency)
    clears = min(sum_, max(seller.owes, Money(0, agent.currency))) if name == "pay" else None
    would = Would(do.called, sum_, clears, f"{name} {sum_.minor} {clears.minor if clears else ''}")
    agreed(visit, would, lambda each: each.mark)
    do.verb(db, agent, sum_, visit.origin(db))
    detail = visit.words.say(phrase("{sum}"), sum=sum_)
    return Done("agent", {"agent": agent.id}, do.act, f"agent {agent.code}", detail, said="agent-money")


# ---- her limit ----


def show_limit(db: Connection, visit: Visit) -> Shown:
    """Her limit, and the form that asks for another one."""
    agent, hub, seller = _found(db, visit)
    return Shown("agent_limit.html", {"agent": agent, "hub": hub, "seller": seller})


def ask_limit(db: Connection, visit: Visit) -> Done:
    """Ask for another limit: somebody else decides it."""
    agent, hub, seller = _found(db, visit)
    limit = amount(visit, "limit", agent.currency, least=0)
    if not visit.typed.get("limit", "").strip():
        raise Mistaken(CHOOSE_SUM, "limit")
    reason = text(visit.typed, "reason", 160, needed=False)
    if not reason:
        raise Mistaken(WHY, "reason")
    if limit == seller.limit:
        raise Mistaken(SAME, "limit")
    name = agent.names.written(visit.words.language)
    summary = visit.words.say(
        phrase("Credit limit of {name} {code}: {limit} instead of {before}"),
        name=name,
        code=agent.code,
        limit=limit,
        before=seller.limit,
    )
    more = {"group": agent.group, "hub": hub.id, "member": agent.id, "limit": limit.minor}
    seconds.ask(db, visit.operator, LIMIT, f"agent {agent.code}", summary, visit.origin(db), reason=reason, **more)
    return Done("agent", {"agent": agent.id}, "limit.asked", f"agent {agent.code}", summary, said="limit-asked")
