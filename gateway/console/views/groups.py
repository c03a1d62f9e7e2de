"""Groups: the list, one with its members, figures and rules; a new one, other rules, where it hangs."""

from __future__ import annotations

from datetime import time
from typing import Any

from sqlalchemy import Connection

from gateway.console.forms import text
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.tables import ADMIN
from gateway.console.tables import AUDITOR
from gateway.console.tables import OFFICER
from gateway.console.views.listing import PAGE
from gateway.console.views.looking import known
from gateway.console.views.looking import unchanged
from gateway.console.views.members import MEMBER_ROLES
from gateway.console.views.rules import DAYS
from gateway.console.views.rules import LABELS
from gateway.console.views.rules import as_typed
from gateway.console.views.rules import chosen
from gateway.console.views.rules import form_values
from gateway.console.views.rules import told
from gateway.console.views.search import asked
from gateway.console.views.search import name_after
from gateway.console.views.search import name_key
from gateway.console.views.search import the_group
from gateway.console.views.search import within
from gateway.console.views.typed import choice
from ledger import accounts
from ledger import cutoff
from ledger import federation
from ledger import groups
from ledger import meetings
from ledger import members
from ledger import people
from ledger import programmes
from ledger.books import Book
from ledger.chart import GROUP
from ledger.journal import lock
from ledger.money import Money
from ledger.people import Size
from ledger.tables import Names
from locales import phrase

READERS = frozenset({ADMIN, OFFICER, AUDITOR})
WRITERS = frozenset({ADMIN, OFFICER})

NAME_THERE = phrase("A group of this programme is called so already.")
MOST_PLACES = 500
"""Village organisations that a form offers."""

FIGURES = (
    (phrase("In the cash box"), (1010,)),
    (phrase("At the bank"), (1020,)),
    (phrase("In the wallet"), (1030,)),
    (phrase("Savings of members"), (2010, 2020, 2030)),
    (phrase("Lent to members"), (1100,)),
    (phrase("Fines owed"), (1120,)),
    (phrase("Social fund"), (2040,)),
    (phrase("Borrowed by the group"), (2050,)),
)
"""What the page of a group shows of its book: the words, and the account heads that are added up."""

LEVELS = {
    "village": phrase("village organisation"),
    "federation": phrase("federation"),
    "block": phrase("block"),
    "state": phrase("state"),
}


def every(db: Connection, visit: Visit) -> Shown:
    """The groups that she may see, by name, or those that are called so."""
    said = asked(visit)
    if said:
        found, after = people.groups_called(db, within(visit), said, PAGE + 1), ""
    else:
        found = people.groups_by_name(db, within(visit), name_after(visit), PAGE + 1)
        after = name_key(found[PAGE - 1]) if len(found) > PAGE else ""
    shown = found[:PAGE]
    sizes = people.sizes(db, [each.id for each in shown])
    rows = [(each, sizes.get(each.id, Size(0, 0)), DAYS[each.rules.weekday]) for each in shown]
    return Shown("groups.html", {"rows": rows, "next": after, "find": said, "more": bool(said) and len(found) > PAGE})


def one(db: Connection, visit: Visit) -> Shown:
    """A group: who is in it, when it meets, what it has and owes, what it agreed on, where it hangs."""
    group = the_group(db, visit)
    programme = programmes.get(db, group.programme)
    book = Book(GROUP, group.id, programme.currency)
    held, everybody = accounts.heads(db, book), members.of_group(db, group.id, left=True)
    nothing = Money(0, programme.currency)
    values: dict[str, Any] = {
        "group": group,
        "members": [(each, MEMBER_ROLES[each.role]) for each in everybody if each.left_on is None],
        "left": [each for each in everybody if each.left_on is not None],
        "figures": [(said, sum((held.get(code, nothing) for code in codes), nothing)) for said, codes in FIGURES],
        "begun": cutoff.begun(db, book) is not None,
        "weekday": DAYS[group.rules.weekday],
        "hour": visit.words.hour(time.fromisoformat(group.rules.at)),
        "meeting": meetings.next_day(db, group, programmes.day(visit.now, programme.timezone)),
        "above": [(each, LEVELS[each.level]) for each in federation.place(db, group.id)],
        "rules": told(visit.words, group.rules, programme.currency),
    }
    return Shown("group.html", values)


# ---- a new one ----


def show_new(db: Connection, visit: Visit) -> Shown:
    """An empty form."""
    return Shown("group_new.html", {"values": visit.typed})


def add(db: Connection, visit: Visit) -> Done:
    """Begin a group; its rules are the usual ones, and its book begins with its first entry."""
    typed = visit.typed
    said = {name: " ".join(text(typed, name, 60).split()) for name in ("name_bn", "name_latn")}
    short = {name: " ".join(text(typed, name, 12).split()) for name in ("short_bn", "short_latn")}
    district = text(typed, "district", 40)
    programme = programmes.get(db, visit.operator.programme)
    for field, name in said.items():
        if any(each.programme == programme.id for each in groups.called(db, name)):
            raise Mistaken(NAME_THERE, field)
    names, shorter = Names(*said.values()), Names(*short.values())
    made = groups.start(db, programme, names, shorter, district)
    return Done("group", {"group": made.id}, "group.added", made.names.bn_Latn, f"group:{made.id}", said="group-added")


# ---- its rules ----


def show_rules(db: Connection, visit: Visit) -> Shown:
    """The rules as they are, to be changed."""
    group = the_group(db, visit)
    before = as_typed(group.rules)
    values = {"group": group, "values": visit.typed or before, "labels": LABELS, "known": known(before)}
    return Shown("group_rules.html", values | form_values())


def set_rules(db: Connection, visit: Visit) -> Done:
    """Change the rules, as an entry of the group's book."""
    group = the_group(db, visit)
    currency = programmes.get(db, group.programme).currency
    lock(db, [Book(GROUP, group.id, currency)])
    group = the_group(db, visit)
    unchanged(visit, as_typed(group.rules))
    wanted = chosen(visit.typed, group.rules)
    before, after = as_typed(group.rules), as_typed(wanted)
    changed = [f"{name} {before.get(name)} -> {value}" for name, value in after.items() if value != before.get(name)]
    gone = [f"{name} -" for name in before if name not in after]
    if changed or gone:
        groups.set_rules(db, group, wanted, currency, visit.origin(db))
    detail = ", ".join([*changed, *gone])
    return Done("group", {"group": group.id}, "group.rules", group.names.bn_Latn, detail, said="saved")


# ---- where it hangs ----


def show_place(db: Connection, visit: Visit) -> Shown:
    """The village organisations of the programme, one of which the group hangs on."""
    group = the_group(db, visit)
    above = federation.place(db, group.id)
    places = federation.of_level(db, group.programme, federation.LEVELS[0], MOST_PLACES)
    now = visit.typed.get("node", str(above[0].id) if above else "")
    return Shown("group_place.html", {"group": group, "places": places, "now": now})


def hang(db: Connection, visit: Visit) -> Done:
    """Hang the group on another village organisation."""
    group = the_group(db, visit)
    places = {str(each.id): each for each in federation.of_level(db, group.programme, "village", MOST_PLACES)}
    node = places[choice(visit.typed, "node", places)]
    federation.hang(db, group, node, visit.origin(db))
    return Done("group", {"group": group.id}, "group.hung", group.names.bn_Latn, node.names.bn_Latn, said="saved")
