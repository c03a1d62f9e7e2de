"""The books: accounts, entries, passbooks, what they are checked by."""

from __future__ import annotations

from gateway.console.shape import Page

BOOKS: tuple[Page, ...] = ()
