"""Messages: what was sent, sending to many, texts, the timetable."""

from __future__ import annotations

from gateway.console.shape import Page

MESSAGES: tuple[Page, ...] = ()
