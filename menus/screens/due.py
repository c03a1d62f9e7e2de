"""Who is behind with instalments, for the leader who will talk to her; the longest list first by name, never by sum."""

from __future__ import annotations

from ledger import collection
from ledger import members
from locales import phrase
from menus.dialogue import Turn
from menus.kinds import Pages
from menus.screen import Row
from menus.screen import Screen


def _behind(turn: Turn) -> list[Row]:
    owed = collection.overdue(turn.db, turn.member.group_book, turn.today)
    hers = members.of_group(turn.db, turn.member.group_book.owner)
    return [
        Row("", {"name": each.names.written(turn.dialogue.language), "sum": owed[each.id]})
        for each in hers
        if each.id in owed
    ]


SCREENS: dict[str, Screen] = {
    "leader.due": Pages(
        title=[phrase("Instalments to be paid")],
        row=[phrase("{name}: {sum}")],
        rows=_behind,
        empty=phrase("Nobody is behind"),
    ),
}
