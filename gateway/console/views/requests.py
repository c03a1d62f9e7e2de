"""A request of a group: what is asked, who said what, the word of an officer where she may say one, handing it over."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views import book_words
from gateway.console.views import looking
from gateway.console.views import typed
from gateway.console.views.listing import MOST
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from gateway.console.views.money_words import PLACES
from gateway.console.views.money_words import PURPOSES
from gateway.console.views.money_words import REQUEST_KINDS
from gateway.console.views.money_words import REQUEST_STATES
from gateway.console.views.money_words import against
from gateway.console.views.money_words import reason
from ledger import applications
from ledger import approvals
from ledger import asking
from ledger import corrections
from ledger import decisions
from ledger import groups
from ledger import members
from ledger import payouts
from ledger import savings
from ledger import shareout
from ledger import voices
from ledger.approvals import Approval
from ledger.errors import NotFound
from ledger.members import Member
from ledger.money import Money
from ledger.voices import VOICES
from locales import phrase

ANSWERS = {"yes": phrase("Yes"), "no": phrase("No")}
WHY_NOT = phrase("Say why not.")
WHY_YES = phrase("This yes needs a reason: something speaks against the loan.")
NO_LEADER = phrase("Choose who hands the money over.")


Which = tuple[tuple[str, ...], tuple[str, ...]]

WAITING: Which = (tuple(REQUEST_KINDS), (approvals.OPEN,))
TO_PAY: Which = (tuple(payouts.PAYS), (approvals.APPROVED,))
"""Kinds and states of the requests that wait for a group's leaders, and of those that wait for their cash."""


def count(db: Connection, visit: Visit, which: Which) -> int:
    """How many of her scope wait so, `MOST` at most."""
    scope = visit.operator.scope
    return asking.count(db, scope.programme, scope.groups, *which, visit.now, MOST)


def _page(db: Connection, visit: Visit, which: Which) -> dict[str, Any]:
    scope, after = visit.operator.scope, number_after(visit.query)
    rows = asking.page(db, scope.programme, scope.groups, *which, visit.now, after, PAGE + 1)
    return paged(rows, lambda row: row.id) | {"kinds": REQUEST_KINDS}


def waiting(db: Connection, visit: Visit) -> Shown:
    """The requests that wait for the leaders of her groups, the oldest first."""
    return Shown("requests.html", _page(db, visit, WAITING))


def found(db: Connection, visit: Visit) -> Approval:
    """The request in the address; Missing unless its group is in her scope."""
    try:
        asked = approvals.get(db, visit.args["request"])
    except NotFound:
        raise Missing from None
    if not looking.covers(visit, groups.get(db, asked.group).programme, asked.group):
        raise Missing
    return asked


def one(db: Connection, visit: Visit) -> Shown:
    """A request with all that one must know to decide it, what was said to it, and a form for who may speak."""
    asked = found(db, visit)
    said = voices.of(db, asked.id)
    leaders = approvals.approvers(db, asked)
    who = actor(visit)
    values = {
        "request": asked,
        "group": groups.get(db, asked.group),
        "member": members.get(db, asked.about) if asked.about else None,
        "kind": REQUEST_KINDS[asked.kind],
        "state": REQUEST_STATES[asked.at(visit.now)],
        "open": asked.at(visit.now) == approvals.OPEN,
        "to_pay": asked.at(visit.now) == approvals.APPROVED and asked.kind in payouts.PAYS,
        "may": len(leaders) < VOICES and not bars(asked, who) and who not in {each.who for each in said},
        "leaders": [each.names for each in leaders],
        "enough": len(leaders) >= VOICES,
        "voices": said,
        "answers": ANSWERS,
        "reasons": partial(reason, visit.words),
        "did": book_words.did(db, visit.words, {asked.started_by, *(each.who for each in said)}),
        **MORE[asked.kind](db, visit, asked),
    }
    return Shown("request.html", values)


def actor(visit: Visit) -> str:
    """How the books call her when she speaks to a request."""
    return f"officer:{visit.operator.name}"


def bars(asked: Approval, who: str) -> bool:
    """Whether she asked for it, or made what it is about: then others decide."""
    return bool(approvals.barred(asked) & {who, f"office:{who.partition(':')[2]}"})


# ---- what is asked, by kind ----


def _loan(db: Connection, visit: Visit, asked: Approval) -> dict[str, Any]:
    made = applications.get(db, int(asked.subject))
    currency = asked.amount.currency
    sums = {"income": Money(made.income, currency), "elsewhere": Money(made.elsewhere, currency)}
    facts = {"times": made.terms.instalments, "purpose": PURPOSES[made.purpose], "cycle": made.cycle, "loan": made.loan}
    return facts | sums | {"against": against(visit.words, made.findings, currency)}


def _withdrawal(db: Connection, visit: Visit, asked: Approval) -> dict[str, Any]:
    return {"free": savings.free(db, members.get(db, asked.about)) if _here(db, asked) else None}


def _here(db: Connection, asked: Approval) -> bool:
    """Whether whom it is about is still in the group."""
    return members.get(db, asked.about).group == asked.group


def _reversal(db: Connection, visit: Visit, asked: Approval) -> dict[str, Any]:
    entry = corrections.get(db, asked.book, int(asked.subject))
    return {"undoes": entry, "entry": book_words.KINDS[entry.kind]}


def _nothing(db: Connection, visit: Visit, asked: Approval) -> dict[str, Any]:
    return {}


def _leave(db: Connection, visit: Visit, asked: Approval) -> dict[str, Any]:
    return {"hers": decisions.all_hers(db, asked.book, asked.about)}


def _share_out(db: Connection, visit: Visit, asked: Approval) -> dict[str, Any]:
    if not asked.pending:
        return {"claims": []}
    proposed = shareout.proposal(db, asked.book, looking.today(db, visit))
    called = {each.id: each for each in members.of_group(db, asked.group, left=True)}
    claims = [(called[each.member], each) for each in proposed.claims if each.member in called]
    return {"claims": claims, "surplus": proposed.surplus, "payout": proposed.payout}


MORE: Mapping[str, Callable[[Connection, Visit, Approval], dict[str, Any]]] = {
    approvals.WITHDRAWAL: _withdrawal,
    approvals.LOAN: _loan,
    approvals.REVERSAL: _reversal,
    approvals.PIN_RESET: _nothing,
    approvals.LEAVE: _leave,
    approvals.SHARE_OUT: _share_out,
}
"""What a request of each kind shows beside who asks."""


# ---- her word ----


ACTS = {"yes": "request.yes", "no": "request.no"}
"""What the trail notes, by her answer."""


def decide(db: Connection, visit: Visit) -> Done:
    """Say yes or no as an officer; the last yes carries out what needs no cash."""
    asked = found(db, visit)
    answer = typed.choice(visit.typed, "answer", ACTS)
    why = text(visit.typed, "reason", 160, needed=False)
    if not why and (answer == "no" or asked.wanted.reasoned):
        raise Mistaken(WHY_NOT if answer == "no" else WHY_YES, "reason")
    name, where, peppers = visit.operator.name, visit.origin(db), visit.runtime.peppers
    outcome = decisions.officer_decides(db, name, asked.id, answer == "yes", where, reason=why, peppers=peppers)
    said = "request-no" if answer == "no" else "request-yes" if outcome.needed else "request-approved"
    return Done("request", {"request": asked.id}, ACTS[answer], f"request {asked.id} {asked.kind}", why, said)


# ---- handing over ----


def to_pay(db: Connection, visit: Visit) -> Shown:
    """What was approved in her scope and waits for its cash, the oldest first."""
    return Shown("requests_to_pay.html", _page(db, visit, TO_PAY))


def _to_pay(db: Connection, visit: Visit) -> tuple[Approval, Money, dict[str, Member]]:
    """A request that waits for its cash, the sum of today, and the leaders who may hand it over, by their ids."""
    asked = found(db, visit)
    if asked.kind not in payouts.PAYS or asked.at(visit.now) != approvals.APPROVED:
        raise Missing
    sum_ = decisions.all_hers(db, asked.book, asked.about) if asked.kind == approvals.LEAVE else asked.amount
    return asked, sum_, {str(each.id): each for each in members.leaders(db, asked.group) if each.id != asked.about}


def show_pay(db: Connection, visit: Visit) -> Shown:
    """To whom so much is handed over, by which leader, out of what."""
    asked, sum_, hands = _to_pay(db, visit)
    values = {"request": asked, "sum": sum_, "hands": hands, "kind": REQUEST_KINDS[asked.kind], "places": PLACES}
    more = MORE[asked.kind](db, visit, asked)
    return Shown("request_pay.html", values | more | {"member": members.get(db, asked.about)})


def pay(db: Connection, visit: Visit) -> Done:
    """Write down that the money was handed over: by a leader, or where there is no other one by her."""
    approvals.locked(db, found(db, visit).id)
    asked, sum_, hands = _to_pay(db, visit)
    money = looking.place(visit)
    if visit.typed.get("shown") != str(sum_.minor):
        raise looking.Look(None)
    where = visit.origin(db)
    if hands:
        leader = hands.get(visit.typed.get("leader", ""))
        if leader is None:
            raise Mistaken(NO_LEADER, "leader")
        payouts.pay_out(db, leader, asked.id, where, money=money)
    else:
        payouts.officer_pays_out(db, visit.operator.name, asked.id, where, money=money)
    about, detail = f"request {asked.id} {asked.kind}", f"{sum_} {money}"
    return Done("request", {"request": asked.id}, "request.paid", about, detail, "paid-out")
