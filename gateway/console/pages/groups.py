"""A group's money: meetings, requests, loans."""

from __future__ import annotations

from gateway.console.shape import Page

GROUPS: tuple[Page, ...] = ()
