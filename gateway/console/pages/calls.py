"""Calls: the menu as it is used, dialogues, the simulator."""

from __future__ import annotations

from gateway.console.shape import Page

CALLS: tuple[Page, ...] = ()
