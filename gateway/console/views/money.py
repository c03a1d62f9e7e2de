"""A member's money in her group: what she has and owes, money taken between meetings, savings asked for, fines."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views import book_words
from gateway.console.views import looking
from gateway.console.views import typed
from gateway.console.views.money_words import PLACES
from gateway.console.views.money_words import REQUEST_KINDS
from gateway.console.views.money_words import REQUEST_STATES
from ledger import approvals
from ledger import collection
from ledger import corrections
from ledger import decisions
from ledger import fines
from ledger import groups
from ledger import loans
from ledger import members
from ledger import payouts
from ledger import repayments
from ledger import savings
from ledger.collection import Split
from ledger.journal import lock
from ledger.members import Member
from ledger.money import Money
from locales import phrase

NEWEST = 15
"""Entries that are shown of a member."""


def one(db: Connection, visit: Visit) -> Shown:
    """What a member has and owes in her group, what she asked for, the newest entries about her."""
    member = looking.the_member(db, visit)
    running = loans.running(db, member)
    values = {
        "member": member,
        "group": groups.get(db, member.group_book.owner),
        "has": savings.hers(db, member),
        "free": savings.free(db, member),
        "fines": fines.owed(db, member),
        "running": running,
        "due": collection.proposed(db, member, looking.today(db, visit)),
        "today": looking.today(db, visit),
        "asked": [each for each in approvals.of_member(db, member.id) if each.group == member.group],
        "newest": corrections.last(db, member, NEWEST),
        "entries": book_words.KINDS,
        "kinds": REQUEST_KINDS,
        "states": REQUEST_STATES,
    }
    return Shown("money.html", values)


# ---- money taken between meetings ----


def _parts(split: Split) -> dict[str, Money]:
    """What a sum goes to."""
    currency = split.total.currency
    paid = {name: Money(minor, currency) for name, minor in repayments.sums_of(split.allocations).items()}
    sums = {"compulsory": split.compulsory, "voluntary": split.voluntary, "social": split.social}
    return {"sum": split.total} | sums | paid | {"fine": split.fine + paid["fine"]}


def show_take(db: Connection, visit: Visit) -> Shown:
    """Asks what she pays; after the look it says what the sum goes to."""
    member, would = looking.the_member(db, visit), looking.seen(visit)
    due = collection.proposed(db, member, looking.today(db, visit))
    values = {"member": member, "due": _parts(due), "places": PLACES, "would": would}
    return Shown("money_take.html", values | {"shown": looking.mark(would) if would else ""})


def take(db: Connection, visit: Visit) -> Done:
    """Take money between meetings, shared out by the rules of her group as it was shown."""
    member = looking.the_member(db, visit)
    amount, money = looking.amount(visit, "sum", member.currency), looking.place(visit)
    lock(db, [member.group_book])
    looking.agreed(visit, _parts(collection.split(db, member, amount, looking.today(db, visit))), looking.mark)
    collection.take(db, member, amount, visit.origin(db), money=money)
    return _done(member, "money.taken", "money-taken", f"{amount} {money}")


def _done(member: Member, act: str, said: str, detail: str) -> Done:
    return Done("money", {"member": member.id}, act, about=f"member {member.code}", detail=detail, said=said)


# ---- savings asked for ----


def show_withdraw(db: Connection, visit: Visit) -> Shown:
    """Asks how much of her voluntary savings she wants."""
    member = looking.the_member(db, visit)
    waits = approvals.pending(db, member.group_book.owner, approvals.WITHDRAWAL, member.id)
    values: dict[str, Any] = {"member": member, "free": savings.free(db, member), "pending": waits}
    return Shown("money_withdraw.html", values)


def withdraw(db: Connection, visit: Visit) -> Done:
    """Ask for voluntary savings in her name; the leaders decide, and it is held until then."""
    member = looking.the_member(db, visit)
    amount = looking.amount(visit, "sum", member.currency)
    asked = decisions.ask_withdrawal(db, member, amount, visit.origin(db))
    to = {"request": asked.id}
    return Done("request", to, "withdrawal.asked", f"member {member.code}", str(amount), "asked")


# ---- what a share-out gave her ----


def _hands(db: Connection, member: Member) -> dict[str, Member]:
    """Who may hand it over, by their ids: a leader of the group, not to herself."""
    return {str(each.id): each for each in members.leaders(db, member.group_book.owner) if each.id != member.id}


def show_share(db: Connection, visit: Visit) -> Shown:
    """What a share-out left to be handed over to her, and by which leader."""
    member = looking.the_member(db, visit)
    owed = savings.hers(db, member)["payable"]
    return Shown("money_share.html", {"member": member, "sum": owed, "hands": _hands(db, member), "places": PLACES})


def share(db: Connection, visit: Visit) -> Done:
    """Write down that a leader handed it over."""
    member, money = looking.the_member(db, visit), looking.place(visit)
    hands = _hands(db, member)
    leader = hands[typed.choice(visit.typed, "leader", hands)]
    paid = payouts.pay_share(db, leader, member, visit.origin(db), money=money)
    return _done(member, "share.paid", "paid-out", f"{paid.amount} {money}")


# ---- fines ----


def show_fine(db: Connection, visit: Visit) -> Shown:
    """What she owes of fines, and forms to charge one or to forgive some."""
    member = looking.the_member(db, visit)
    return Shown("money_fine.html", {"member": member, "fines": fines.owed(db, member), "deeds": DEEDS})


DEEDS = {"charge": phrase("She is charged a fine"), "waive": phrase("A fine is forgiven")}
FINES = {"charge": ("fine.charged", "fine-charged"), "waive": ("fine.waived", "fine-waived")}
"""What can be done, with the trail's word for it and what is said then."""


def fine(db: Connection, visit: Visit) -> Done:
    """Charge a fine, or forgive fines that are not those of a loan."""
    member, what = looking.the_member(db, visit), typed.choice(visit.typed, "what", FINES)
    amount, reason = looking.amount(visit, "sum", member.currency), text(visit.typed, "reason", 160)
    verb = fines.charge if what == "charge" else fines.waive
    verb(db, member, amount, reason, visit.origin(db))
    return _done(member, *FINES[what], f"{amount} {reason}")
