"""Members and groups: who they are, joining, their numbers and roles."""

from __future__ import annotations

from gateway.console.shape import Page

PEOPLE: tuple[Page, ...] = ()
