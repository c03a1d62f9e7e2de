"""Sending to many: writing it, choosing to whom, what it would be, asking for a second person's yes, its progress."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from gateway import outbox
from gateway.console import bulk
from gateway.console import seconds
from gateway.console.forms import text
from gateway.console.message_words import STATES as MESSAGE_STATES
from gateway.console.shape import Done
from gateway.console.shape import Missing
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import BULK_SEND
from gateway.console.tables import EXPIRED
from gateway.console.tables import NO
from gateway.console.tables import OFFICER
from gateway.console.tables import WAITING
from gateway.console.views.goods import her_hubs
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_before
from gateway.console.views.listing import paged
from gateway.console.views.messages import SENDERS
from gateway.console.views.messages import priced
from gateway.console.views.operators import group_ids
from gateway.console.views.typed import CHOOSE
from gateway.outbox import Counted
from gateway.outbox import State
from gateway.sms import audience
from gateway.sms import broadcasts
from gateway.sms.audience import AGENTS
from gateway.sms.audience import LEADERS
from gateway.sms.audience import MEMBERS
from gateway.sms.audience import Audience
from gateway.sms.broadcasts import ASKED
from gateway.sms.broadcasts import DRAFT
from gateway.sms.broadcasts import GOING
from gateway.sms.broadcasts import HELD
from gateway.sms.broadcasts import STOPPED
from gateway.sms.broadcasts import Broadcast
from gateway.sms.broadcasts import Plan
from gateway.sms.pricing import written
from gateway.tasks import life
from gateway.tasks.life import Task
from ledger import groups
from ledger import programmes
from ledger.errors import NotFound
from locales import Phrase
from locales import phrase
from locales.alphabet import measure

MOST_TEXT = 600
MOST_PARTS = 4
"""The longest text of a broadcast."""

_BANGLA = re.compile("[\u0985-\u09b9]")

KINDS: Mapping[str, Phrase] = {
    MEMBERS: phrase("all members"),
    LEADERS: phrase("the leaders"),
    AGENTS: phrase("the sales agents"),
}
"""To whom it may go."""

LANGUAGES: Mapping[str, Phrase] = {
    "bn": phrase("who read SMS in Bangla"),
    "en": phrase("who read SMS in English"),
}

STATES: Mapping[str, Phrase] = {
    DRAFT: phrase("written, not asked for"),
    ASKED: phrase("waits for a second person"),
    GOING: phrase("is being sent"),
    HELD: phrase("paused"),
    STOPPED: phrase("stopped"),
    "refused": phrase("a second person said no"),
    "lapsed": phrase("nobody said yes in time"),
    "done": phrase("sent"),
}
"""How a broadcast stands; the last three follow from who was asked, and from its messages."""

NO_TEXT = phrase("Write a text in Bangla, in English, or in both.")
NOT_BANGLA = phrase("Write Bangla in Bangla letters: an SMS in Bangla may not be in Latin letters.")
LONG_TEXT = phrase("This is {parts} SMS parts long: {most} at most.")
NOT_YOURS = phrase("You may send to members of your own groups only.")
NOBODY = phrase("Nobody would get it.")
CHANGED = phrase("It is {messages} messages and {parts} parts now. Look at it again.")
SUMMARY = phrase("{messages} messages, {parts} parts, at most {price}: {text}")
SUMMARY_FREE = phrase("{messages} messages, {parts} parts: {text}")


@dataclass(frozen=True, slots=True)
class Row:
    """A broadcast in the list: how it begins, how it stands."""

    id: int
    called: str
    state: Phrase
    created_at: Any


def every(db: Connection, visit: Visit) -> Shown:
    """The broadcasts of her programme, an officer's own ones, the newest first."""
    who = visit.operator
    mine = who.id if who.role == OFFICER else None
    found = broadcasts.page(db, who.programme, mine, number_before(visit.query), PAGE + 1)
    rows = [Row(each.id, bulk.called(each), STATES[each.state], each.created_at) for each in found]
    return Shown("broadcasts.html", paged(rows, lambda row: row.id))


# ---- writing one ----


def show_new(db: Connection, visit: Visit) -> Shown:
    """An empty form, or one filled like an earlier broadcast, or with what was typed."""
    typed = dict(visit.typed)
    if not typed and re.fullmatch("[0-9]{1,18}", visit.query.get("like", "")):
        typed = _like(db, _of(db, visit, int(visit.query["like"])))
    values = {"values": typed, "kinds": KINDS, "languages_of_sms": LANGUAGES, "hubs": her_hubs(db, visit)}
    return Shown("broadcast_new.html", values | {"own": visit.operator.role == OFFICER, "most": MOST_TEXT})


def _like(db: Connection, of: Broadcast) -> dict[str, str]:
    who = of.audience
    names = [each.names.bn_Latn for each in groups.these(db, who.groups or ())]
    return {
        "text_bn": of.text_bn,
        "text_en": of.text_en,
        "kind": who.kind,
        "groups": "\n".join(names),
        "hub": str(who.hubs[0]) if len(who.hubs) == 1 else "",
        "language": who.language,
    }


def write(db: Connection, visit: Visit) -> Done:
    """Keep it as it was written; nothing is sent yet."""
    texts = {language: _text(visit, f"text_{language}") for language in audience.SPOKEN}
    if not any(texts.values()):
        raise Mistaken(NO_TEXT, "text_bn")
    if texts["bn"] and not _BANGLA.search(texts["bn"]):
        raise Mistaken(NOT_BANGLA, "text_bn")
    made = broadcasts.write(db, visit.operator.id, texts, _audience(db, visit), visit.origin(db))
    return Done("broadcast", {"broadcast": made.id}, "broadcast.written", f"broadcast {made.id}", bulk.called(made))


def _text(visit: Visit, field: str) -> str:
    value = text(visit.typed, field, MOST_TEXT, needed=False).replace("\r\n", "\n")
    if value and (parts := measure(value).parts) > MOST_PARTS:
        raise Mistaken(LONG_TEXT, field, parts=parts, most=MOST_PARTS)
    return value


def _audience(db: Connection, visit: Visit) -> Audience:
    scope, typed = visit.operator.scope, visit.typed
    kind, language = typed.get("kind", ""), typed.get("language", "")
    if kind not in KINDS:
        raise Mistaken(CHOOSE, "kind")
    if language not in ("", *LANGUAGES):
        raise Mistaken(CHOOSE, "language")
    chosen = scope.groups
    if named := text(typed, "groups", 20_000, needed=False):
        chosen = group_ids(db, scope.programme, named.splitlines())
        if scope.groups is not None and not set(chosen) <= set(scope.groups):
            raise Mistaken(NOT_YOURS, "groups")
    of_hubs: tuple[int, ...] = ()
    if kind == AGENTS:
        mine = {str(each.id): each.id for each in her_hubs(db, visit)}
        if typed.get("hub", "") not in ("", *mine):
            raise Mistaken(CHOOSE, "hub")
        of_hubs = (mine[typed["hub"]],) if typed.get("hub") else tuple(mine.values())
        if not of_hubs:
            raise Mistaken(NOBODY, "hub")
    return Audience(scope.programme, kind, chosen, of_hubs, language)


# ---- one ----


def _of(db: Connection, visit: Visit, broadcast: int) -> Broadcast:
    """A broadcast; Missing unless all whom it is for are of her scope."""
    found = broadcasts.find(db, visit.operator.programme, broadcast)
    if found is None or not bulk.within(visit.operator.scope, found):
        raise Missing
    return found


def _plan(db: Connection, visit: Visit, of: Broadcast) -> Plan:
    prices = visit.runtime.settings.sms_prices
    carried = {name: prices[name] for name in visit.runtime.providers if name in prices}
    return broadcasts.plan(db, of, visit.runtime.dlt, carried)


def one(db: Connection, visit: Visit) -> Shown:
    """What it says and to whom; before it goes, what it would be; after that, how far it is."""
    of = _of(db, visit, visit.args["broadcast"])
    values: dict[str, Any] = {
        "of": of,
        "kinds": KINDS,
        "languages_of_sms": LANGUAGES,
        "written": written,
        "priced": priced,
    }
    values |= {"groups": groups.these(db, of.audience.groups or ()), "all_groups": of.audience.groups is None}
    values["hubs"] = [each for each in her_hubs(db, visit) if each.id in of.audience.hubs]
    if of.task is None:
        return Shown("broadcast.html", values | _before(db, visit, of))
    return Shown("broadcast.html", values | _after(db, visit, of, life.get(db, of.programme, of.task)))


def _before(db: Connection, visit: Visit, of: Broadcast) -> dict[str, Any]:
    found = _plan(db, visit, of)
    state, waits_at = of.state, None
    if of.second is not None:
        state, waits_at = _asked_state(db, visit, of.second)
    return {
        "plan": found,
        "shown": _mark(found),
        "second": waits_at,
        "state": STATES[state],
        "open": state,
        "may_ask": state == DRAFT and visit.operator.role in SENDERS,
    }


def _asked_state(db: Connection, visit: Visit, second: int) -> tuple[str, int | None]:
    """How the question for it stands, and the question itself while it is open."""
    try:
        found = seconds.get(db, visit.operator.scope, second)
    except NotFound:
        return ASKED, None
    state = found.at(visit.now)
    return {NO: "refused", EXPIRED: "lapsed"}.get(state, ASKED), second if state == WAITING else None


def _mark(found: Plan) -> str:
    return f"{found.messages} {found.parts}"


def _after(db: Connection, visit: Visit, of: Broadcast, task: Task) -> dict[str, Any]:
    running = task.state == life.RUNNING
    rows = outbox.counted(db, of.messages(None if running else task.changed_at))
    waiting = sum(row.messages for row in rows if row.state in (State.QUEUED, State.SENDING))
    over = not running and not waiting and of.state == GOING
    state = ("done" if task.state == life.DONE else STOPPED) if over else of.state
    return {
        "task": task,
        "rows": rows,
        "total": _total(rows),
        "waiting": waiting,
        "message_states": MESSAGE_STATES,
        "state": STATES[state],
        "open": state,
        "moves": state in (GOING, HELD),
        "may_steer": state in (GOING, HELD) and visit.operator.role in SENDERS,
    }


def _total(rows: Sequence[Counted]) -> Counted:
    messages, parts, price = (sum(getattr(row, name) for row in rows) for name in ("messages", "parts", "price"))
    return Counted("", messages, parts, price, max((row.currency for row in rows), default=""))


# ---- what is done about one ----


def _ask(db: Connection, visit: Visit, of: Broadcast) -> str:
    """Ask for a second person's yes, if it is what was shown."""
    found = _plan(db, visit, of)
    if not found.messages:
        raise Mistaken(NOBODY)
    if visit.typed.get("shown") != _mark(found):
        raise Mistaken(CHANGED, messages=found.messages, parts=found.parts)
    reason = text(visit.typed, "reason", 160, needed=False)
    sums = {"messages": found.messages, "parts": found.parts, "text": bulk.called(of)}
    said = visit.words.say(SUMMARY, price=written(found.most), **sums) if found.most else ""
    summary = said or visit.words.say(SUMMARY_FREE, **sums)
    of_groups = of.audience.groups
    group = of_groups[0] if of_groups is not None and len(of_groups) == 1 else None
    second = seconds.ask(
        db, visit.operator, BULK_SEND, f"broadcast {of.id}", summary[:200], visit.origin(db), reason=reason,
        group=group, broadcast=of.id,
    )  # fmt: skip
    broadcasts.asked(db, of, second.id, found.messages)
    return "broadcast.asked"


def _hold(db: Connection, visit: Visit, of: Broadcast) -> str:
    broadcasts.hold(db, of, visit.now)
    return "broadcast.held"


def _go(db: Connection, visit: Visit, of: Broadcast) -> str:
    broadcasts.let_go(db, of, programmes.get(db, of.programme).timezone, visit.now)
    return "broadcast.let-go"


def _stop(db: Connection, visit: Visit, of: Broadcast) -> str:
    """Give up its messages that wait, then stop what writes them: in the order in which that holds them, too."""
    broadcasts.stop(db, of, visit.now)
    if of.task is not None:
        life.stop(db, life.get(db, of.programme, of.task), visit.now)
    return "broadcast.stopped"


DEEDS: Mapping[str, Callable[[Connection, Visit, Broadcast], str]] = {
    "ask": _ask,
    "hold": _hold,
    "go": _go,
    "stop": _stop,
}
"""What can be done about a broadcast; each gives what the trail calls it."""


def deed(db: Connection, visit: Visit) -> Done:
    """Do one of `DEEDS`."""
    of, do = _of(db, visit, visit.args["broadcast"]), DEEDS.get(visit.typed.get("deed", ""))
    if do is None:
        raise Mistaken(CHOOSE, "deed")
    act = do(db, visit, of)
    return Done("broadcast", {"broadcast": of.id}, act, f"broadcast {of.id}", bulk.called(of), said=act)
