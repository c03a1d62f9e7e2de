"""The group's books on the leader's phone: her keys; each leads to screens of its own file."""

from __future__ import annotations

from locales import phrase
from menus.kinds import Choice
from menus.screen import Option
from menus.screen import Screen
from menus.screens import meeting

SCREENS: dict[str, Screen] = {
    "leader": Choice(
        exits=("meeting.open",),
        options=[
            Option("1", phrase("Meeting"), "meeting.member", leads=meeting.enter),
            Option("2", phrase("Who is behind"), "leader.due"),
            Option("3", phrase("Approve"), "approve"),
            Option("4", phrase("End the meeting"), "meeting.count", when=meeting.is_open),
            Option("5", phrase("Between meetings"), "collector"),
            Option("6", phrase("Pay out"), "pay"),
            Option("7", phrase("Put an entry right"), "correct"),
            Option("8", phrase("Members"), "people"),
        ],
    ),
}
