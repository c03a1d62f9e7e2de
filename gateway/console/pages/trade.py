"""Goods: orders, catalogue, stock, agents."""

from __future__ import annotations

from gateway.console.shape import Page

TRADE: tuple[Page, ...] = ()
