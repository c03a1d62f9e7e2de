"""Messages: what was sent, sending to many, texts, the timetable."""

from __future__ import annotations

from gateway.console.shape import Page
from gateway.console.views import broadcasts
from gateway.console.views import messages
from gateway.console.views import templates
from gateway.console.views import timetable
from gateway.console.views.messages import READERS
from gateway.console.views.messages import SENDERS
from locales import phrase

MESSAGES: tuple[Page, ...] = (
    Page("messages", "/messages", phrase("Messages"), READERS, messages.every, menu=True),
    Page("message", "/messages/<int:message>", phrase("Message"), READERS, messages.one, messages.decide, acts=SENDERS),
    Page("messages-unsure", "/waits/messages-in-doubt", phrase("Messages in doubt"), READERS, messages.unsure),
    Page("messages-failed", "/waits/messages-failed", phrase("Messages that failed"), READERS, messages.failed),
    Page("broadcasts", "/broadcasts", phrase("Send to many"), READERS, broadcasts.every, menu=True),
    Page("broadcast-new", "/broadcasts/new", phrase("Write to many"), SENDERS, broadcasts.show_new, broadcasts.write),
    Page(
        "broadcast",
        "/broadcasts/<int:broadcast>",
        phrase("Sent to many"),
        READERS,
        broadcasts.one,
        broadcasts.deed,
        acts=SENDERS,
    ),
    Page("texts", "/texts", phrase("Texts"), READERS, templates.every, menu=True),
    Page("reminders", "/reminders", phrase("Reminders"), READERS, timetable.every, menu=True),
    Page("reminders-groups", "/reminders/groups", phrase("Reminders of the groups"), READERS, timetable.groups_),
    Page(
        "reminders-group",
        "/reminders/groups/<int:group>",
        phrase("Reminders of a group"),
        READERS,
        timetable.one,
        timetable.change,
        acts=SENDERS,
    ),
)
