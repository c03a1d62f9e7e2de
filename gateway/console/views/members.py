"""A member: who she is, how she stands, what was changed; her numbers, role and language, leaving, a new PIN."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from gateway.console import seconds
from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import AUDITOR
from gateway.console.tables import PIN_RESET
from gateway.console.views.looking import known
from gateway.console.views.looking import unchanged
from gateway.console.views.money_words import REQUEST_KINDS
from gateway.console.views.search import the_member
from gateway.console.views.typed import choice
from gateway.console.views.typed import phone
from gateway.joining import LANGUAGES
from gateway.providers.contract import mask
from ledger import agents
from ledger import approvals
from ledger import decisions
from ledger import hubs
from ledger import loans
from ledger import members
from ledger import membership
from ledger import orders
from ledger import programmes
from ledger import savings
from ledger.approvals import Approval
from ledger.errors import NotAllowed
from ledger.loans import Loan
from ledger.members import Member
from ledger.membership import ROLES
from ledger.money import Money
from ledger.money import total
from ledger.people import Listed
from ledger.tables import Names
from locales import Phrase
from locales import phrase

LAST = 5
"""Lines of savings that the page shows."""
MOST_CHANGES = 20

KINDS: Mapping[str, Phrase] = {
    "compulsory": phrase("Compulsory savings"),
    "voluntary": phrase("Voluntary savings"),
    "share": phrase("Shares"),
    "overpaid": phrase("Overpaid"),
    "payable": phrase("Share-out not yet paid to her"),
}
MEMBER_ROLES: Mapping[str, Phrase] = {"member": phrase("member"), "leader": phrase("leader")}
SPOKEN: Mapping[str, Phrase] = {
    "bn": phrase("Bangla"),
    "bn_Latn": phrase("Bangla in Latin letters"),
    "en": phrase("English"),
}
CHANGES: Mapping[str, Phrase] = {
    "joined": phrase("Joined"),
    "number": phrase("Number"),
    "first": phrase("SMS go to another number"),
    "role": phrase("Role"),
    "left": phrase("Left"),
}
STATES: Mapping[str, Phrase] = {
    approvals.OPEN: phrase("waits for the leaders"),
    approvals.APPROVED: phrase("approved, waits to be paid out"),
    approvals.EXPIRED: phrase("its time is up"),
}
NO_NUMBER = phrase("She has no number to which a code could go. Add one first.")
NOTHING_NEW = phrase("That is as it was.")
NO_LEADER = phrase("Her group has no other leader in whose name this could be asked for.")


@dataclass(frozen=True, slots=True)
class Stand:
    """How an agent stands with her hub."""

    hub: Names
    owes: Money
    left: Money
    deposit: Money


@dataclass(frozen=True, slots=True)
class Owed:
    """A loan that runs: what of its principal is owed, its next instalment, how many are overdue."""

    loan: Loan
    next: loans.Instalment
    late: int


def numbers_shown(visit: Visit, numbers: list[str]) -> list[str]:
    """Phone numbers whole, or, for who only reads, their last digits."""
    return [mask(each) for each in numbers] if visit.operator.role == AUDITOR else numbers


def one(db: Connection, visit: Visit) -> Shown:
    """Who she is and how she stands."""
    listed = the_member(db, visit)
    who = members.get(db, listed.id)
    # A hub keeper works with an agent's goods; what her group has of hers is not his to see.
    money = visit.operator.scope.hub is None
    values: dict[str, Any] = {
        "listed": listed,
        "member": who,
        "numbers": numbers_shown(visit, members.numbers(db, who.id)),
        "role": MEMBER_ROLES[who.role],
        "spoken": SPOKEN[who.language],
        "money": money,
        "stand": _stand(db, who),
        "changes": _changes(db, visit, who),
    }
    return Shown("member.html", values | (_money(db, visit, who) if money else {}))


def _money(db: Connection, visit: Visit, who: Member) -> dict[str, Any]:
    """Her savings, loans and requests."""
    today = programmes.day(visit.now, who.timezone)
    sums = savings.hers(db, who) if who.group is not None else {}
    return {
        "savings": [(KINDS[kind], amount) for kind, amount in sums.items() if amount or kind == "compulsory"],
        "last": savings.last(db, who, LAST) if who.group is not None else [],
        "loans": [Owed(each, each.unpaid[0], len(each.overdue(today))) for each in loans.running(db, who)],
        "requests": [_request(each, visit) for each in approvals.of_member(db, who.id)],
    }


def _stand(db: Connection, who: Member) -> Stand | None:
    if who.hub is None:
        return None
    hub = hubs.get(db, who.hub)
    return Stand(hub.names, agents.owes(db, who), orders.credit_left(db, who), agents.deposit(db, who))


def _request(found: Approval, visit: Visit) -> tuple[Approval, Phrase, Phrase]:
    return found, REQUEST_KINDS[found.kind], STATES[found.at(visit.now)]


def _changes(db: Connection, visit: Visit, who: Member) -> list[tuple[membership.Change, Phrase, str, str]]:
    """What was changed of her, newest first, with the words that are shown before and after it."""
    found = membership.changes(db, who)[:MOST_CHANGES]
    return [(each, CHANGES[each.what], _said(visit, each, each.old), _said(visit, each, each.new)) for each in found]


def _said(visit: Visit, change: membership.Change, value: str) -> str:
    if value in MEMBER_ROLES:
        return visit.words.say(MEMBER_ROLES[value])
    if change.what in ("number", "first") and value:
        return numbers_shown(visit, [value])[0]
    return value


def _back(found: Listed, act: str, detail: str, said: str = "saved", page: str = "member") -> Done:
    return Done(page, {"member": found.id}, act, found.code, detail, said=said)


# ---- numbers ----


def show_numbers(db: Connection, visit: Visit) -> Shown:
    """Her numbers, each with what can be done about it, and a form for one more."""
    found = the_member(db, visit)
    has = members.numbers(db, found.id)
    return Shown("member_numbers.html", {"listed": found, "numbers": has, "most": membership.MOST_NUMBERS})


def _add(db: Connection, visit: Visit, who: Member) -> str:
    number = phone(visit.typed, "number", who.timezone)
    membership.add_number(db, who, number, visit.origin(db))
    return f"+ {mask(number)}"


def _remove(db: Connection, visit: Visit, who: Member) -> str:
    number = text(visit.typed, "which", 20)
    last = visit.typed.get("last") == "yes"
    membership.remove_number(db, who, number, visit.origin(db), last=last)
    return f"- {mask(number)}"


def _first(db: Connection, visit: Visit, who: Member) -> str:
    number = text(visit.typed, "which", 20)
    membership.prefer_number(db, who, number, visit.origin(db))
    return f"1. {mask(number)}"


NUMBER_DEEDS: Mapping[str, Callable[[Connection, Visit, Member], str]] = {
    "add": _add,
    "remove": _remove,
    "first": _first,
}
"""What can be done about her numbers; each gives what the trail keeps of it."""


def numbers(db: Connection, visit: Visit) -> Done:
    """Do one of `NUMBER_DEEDS`; she is told at a number that was hers before."""
    found = the_member(db, visit)
    do = NUMBER_DEEDS[choice(visit.typed, "deed", NUMBER_DEEDS)]
    detail = do(db, visit, members.get(db, found.id))
    return _back(found, "member.number", detail, page="member-numbers")


# ---- role and language ----


def show_change(db: Connection, visit: Visit) -> Shown:
    """Her role in the group and the language of her screens."""
    found = the_member(db, visit)
    who = members.get(db, found.id)
    now = {"role": who.role, "language": who.language}
    values = {"listed": found, "member": who, "values": {**now, **visit.typed}, "roles": MEMBER_ROLES, "spoken": SPOKEN}
    return Shown("member_change.html", values | {"known": known(now)})


def change(db: Connection, visit: Visit) -> Done:
    """Give her another role, another language, or both."""
    found = the_member(db, visit)
    who = members.get(db, found.id)
    unchanged(visit, {"role": who.role, "language": who.language})
    language = choice(visit.typed, "language", LANGUAGES)
    role = choice(visit.typed, "role", ROLES) if who.group is not None else who.role
    if (role, language) == (who.role, who.language):
        raise Mistaken(NOTHING_NEW, "language")
    if role != who.role:
        membership.set_role(db, who, role, visit.origin(db))
    if language != who.language:
        members.set_words(db, who.id, language=language, digits=LANGUAGES[language])
    return _back(found, "member.changed", f"{who.role} {who.language} -> {role} {language}")


# ---- leaving and coming back ----


def show_leave(db: Connection, visit: Visit) -> Shown:
    """What keeps her from leaving, and what she would be paid."""
    found = the_member(db, visit)
    who = members.get(db, found.id)
    values: dict[str, Any] = {"listed": found, "member": who}
    if who.group is not None:
        sums = savings.hers(db, who)
        waiting = approvals.pending(db, who.group, approvals.LEAVE, who.id)
        values |= {
            "obstacles": list(savings.obstacles(db, who)),
            "savings": [(KINDS[kind], amount) for kind, amount in sums.items() if amount],
            "paid": total(sums.values(), who.currency),
            "waiting": waiting is not None and waiting.at(visit.now) != approvals.EXPIRED,
        }
    return Shown("member_leave.html", values)


def leave(db: Connection, visit: Visit) -> Done:
    """Ask her leaders that she leave; or let who left come back."""
    found = the_member(db, visit)
    who = members.get(db, found.id)
    if choice(visit.typed, "deed", ("ask", "back")) == "back":
        membership.come_back(db, who, visit.origin(db))
        return _back(found, "member.back", "", "member-back")
    leaders = [each for each in members.leaders(db, who.group_book.owner) if each.id != who.id]
    if not leaders:
        raise Mistaken(NO_LEADER)
    asked = decisions.ask_leave(db, leaders[0], who, visit.origin(db))
    return _back(found, "member.leave", str(asked.id), "leave-asked")


# ---- a new PIN ----


def show_pin(db: Connection, visit: Visit) -> Shown:
    """Where the code of a new PIN would go, and a form to ask for it."""
    found = the_member(db, visit)
    reached = members.contact(db, found.id)
    number = numbers_shown(visit, [reached.number])[0] if reached else ""
    return Shown("member_pin.html", {"listed": found, "number": number, "shared": bool(reached and reached.shared)})


def pin(db: Connection, visit: Visit) -> Done:
    """Ask a second person for a new PIN; refused for who could not be told its code."""
    found = the_member(db, visit)
    reached = members.contact(db, found.id)
    if reached is None:
        raise Mistaken(NO_NUMBER)
    who = members.get(db, found.id)
    if who.left_on is not None and who.hub is None:
        raise NotAllowed("has-left", member=who.id, on=who.left_on)
    reason = text(visit.typed, "reason", 160)
    summary = f"{who.names.bn_Latn} {who.code}, {mask(reached.number)}"
    more: dict[str, Any] = {"reason": reason, "group": found.group, "member": who.id, "number": reached.number}
    seconds.ask(db, visit.operator, PIN_RESET, who.code, summary, visit.origin(db), **more)
    return _back(found, "pin.asked", reason, "second-asked")
