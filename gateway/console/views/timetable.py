"""Reminders: what the clock tells and when, how its last round went, and of what each group is reminded."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from datetime import time
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway import rounds
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.listing import PAGE
from gateway.console.views.listing import number_after
from gateway.console.views.listing import paged
from gateway.console.views.looking import the_group
from gateway.console.views.typed import CHOOSE
from gateway.rounds import Trip
from gateway.sms.timetable import TIMETABLE
from ledger import groups
from ledger import programmes
from ledger.groups import REMINDERS
from ledger.groups import USUAL
from ledger.groups import Group
from locales import Phrase
from locales import Words
from locales import phrase

LINES: Mapping[str, tuple[Phrase, Phrase]] = {
    "groups": (
        phrase("Instalments, meetings, what is overdue, requests that wait"),
        phrase("as each group wants it"),
    ),
    "loans-lent": (phrase("Instalments of loans from a lender"), phrase("as each group wants it")),
    "emi-due": (phrase("Instalments of goods"), phrase("3 days and 1 day before, and on the day")),
    "emi-late": (phrase("Overdue instalments of goods"), phrase("1, 8, 15 and 22 days late")),
    "month": (phrase("What an agent made in the month"), phrase("on the first, to who asked for it")),
    "undelivered": (phrase("Whom an SMS did not reach, to the leaders"), phrase("if the group wants it")),
}
"""The lines of the timetable: what they tell, and on which days."""

TOLD: Mapping[str, Phrase] = {
    "loan": phrase("Members: an instalment of a loan is due"),
    "meeting": phrase("Leaders: the meeting comes"),
    "overdue": phrase("Leaders: what is overdue"),
    "approvals": phrase("Leaders: requests still wait"),
    "undelivered": phrase("Leaders: whom an SMS did not reach"),
}
"""What a group may be reminded of."""

DAYS_BEFORE: Mapping[int, Phrase] = {
    0: phrase("on the day"),
    1: phrase("1 day before"),
}
BEFORE = phrase("{days} days before")
AFTER_ONE = phrase("1 day after the meeting's weekday")
AFTER = phrase("{days} days after the meeting's weekday")
YES = phrase("yes")

DEEDS = ("save", "usual", "none")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timetable in a programme: what and when, the next time, the last round."""

    what: Phrase
    days: Phrase
    hours: str
    next: datetime
    last: Trip | None


def every(db: Connection, visit: Visit) -> Shown:
    """The timetable of her programme."""
    programme = programmes.get(db, visit.operator.programme)
    trips = rounds.every(db)
    rows = [
        Line(
            *LINES[line.name],
            ", ".join(visit.words.hour(time(hour)) for hour in line.hours),
            _next(line.hours, visit.now, programme.timezone),
            trips.get((line.name, programme.id)),
        )
        for line in TIMETABLE
    ]
    return Shown("reminders.html", {"rows": rows})


def _next(hours: Sequence[int], now: datetime, timezone: str) -> datetime:
    """When a line that goes at these hours of a timezone goes next."""
    local = now.astimezone(ZoneInfo(timezone))
    moments = (
        datetime.combine(local.date() + timedelta(days=ahead), time(hour), local.tzinfo)
        for ahead in (0, 1)
        for hour in hours
    )
    return min(each for each in moments if each > local)


# ---- groups ----


def said(words: Words, each: str) -> str:
    """One reminder of a group in words: on which day, or that there is one."""
    what, _, day = each.partition("-")
    if not day:
        return words.say(YES)
    if what == "overdue":
        return words.say(AFTER_ONE) if day == "1" else words.say(AFTER, days=int(day))
    return words.say(DAYS_BEFORE[int(day)]) if int(day) in DAYS_BEFORE else words.say(BEFORE, days=int(day))


def _told(words: Words, group: Group) -> dict[str, str]:
    """What a group is reminded of, and on which days."""
    found = {}
    for name in REMINDERS:
        of = [each for each in group.rules.reminders if each.partition("-")[0] == name]
        if of:
            found[name] = ", ".join(said(words, each) for each in of)
    return found


def groups_(db: Connection, visit: Visit) -> Shown:
    """The groups of her scope, and of what each is reminded."""
    scope, after = visit.operator.scope, number_after(visit.query)
    if scope.groups is None:
        found = groups.some(db, scope.programme, after, PAGE + 1)
    else:
        found = groups.these(db, [each for each in sorted(scope.groups) if each > after][: PAGE + 1])
    rows = [(each, _told(visit.words, each)) for each in found]
    return Shown("reminders_groups.html", paged(rows, lambda row: row[0].id) | {"told": TOLD})


def one(db: Connection, visit: Visit) -> Shown:
    """Of what a group is reminded, as a form."""
    found = the_group(db, visit)
    chosen = [each for each in _choices() if each in visit.typed] if visit.typed else list(found.rules.reminders)
    choices = {
        name: [(each, said(visit.words, each)) for each in _choices() if each.partition("-")[0] == name]
        for name in REMINDERS
    }
    return Shown("reminders_group.html", {"group": found, "choices": choices, "chosen": chosen, "told": TOLD})


def _choices() -> list[str]:
    """Every reminder that a rule may say, in order; of days before the nearest last."""
    return [
        f"{name}-{day}" if days else name
        for name, days in REMINDERS.items()
        for day in (sorted(days, reverse=name != "overdue") or ("",))
    ]


def change(db: Connection, visit: Visit) -> Done:
    """Change of what a group is reminded: as chosen, as usual, or of nothing."""
    found, deed = the_group(db, visit), visit.typed.get("deed", "")
    if deed not in DEEDS:
        raise Mistaken(CHOOSE, "deed")
    chosen = {"usual": USUAL, "none": (), "save": tuple(each for each in _choices() if each in visit.typed)}[deed]
    if chosen != found.rules.reminders:
        currency = programmes.get(db, found.programme).currency
        groups.set_rules(db, found, replace(found.rules, reminders=chosen), currency, visit.origin(db))
    detail = " ".join(chosen) or "-"
    return Done("reminders-group", {"group": found.id}, "reminders.changed", f"group {found.id}", detail, said="saved")
