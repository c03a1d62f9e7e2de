"""Calls: the menu as it is used, dialogues, the simulator."""

from __future__ import annotations

from gateway.console.shape import Page
from gateway.console.views import calls
from locales import phrase

CALLS: tuple[Page, ...] = (
    Page("menu", "/calls", phrase("The menu in use"), calls.LOOKERS, calls.menu, menu=True),
    Page("calls", "/calls/list", phrase("Calls"), calls.READERS, calls.every, menu=True),
    Page("call", "/calls/<int:call>", phrase("A call"), calls.READERS, calls.one),
    Page("call-running", "/calls/running/<int:running>", phrase("A call"), calls.READERS, calls.recent),
)
