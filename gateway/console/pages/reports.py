"""Reports: figures with their definitions, pictures and rows."""

from __future__ import annotations

from gateway.console.shape import Page

REPORTS: tuple[Page, ...] = ()
