"""The menu as a picture: a tree of screens, each with how often it was shown, how many left there, how long it took.

Inline SVG with presentation attributes and classes only. A picture is of one part of the menu; the table beside it says
the same in words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup
from markupsafe import escape

from gateway.past_calls import Use
from menus import graph
from menus.dialogue import HOME
from menus.screens import SCREENS

DOOR = "door"
"""The part before the main menu."""

INDENT, ROW, WIDE, BAR = 28, 46, 230, 120
"""Pixels: how far a screen stands in from the one before, its row, its box, the longest bar of seconds."""

SLOW = 30
"""Seconds that fill the bar: what a network gives for one answer."""

MANY, SOME = 0.25, 0.1
"""Which part of those who saw a screen left there, for it to be coloured."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A screen in the tree: how deep, the key that leads to it, its row and that of the screen before."""

    screen: str
    key: str
    depth: int
    row: int
    parent: int | None


@cache
def _ways() -> Mapping[str, Sequence[tuple[str, str]]]:
    """For each screen where its keys lead, each screen once."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for screen, key, to in graph.edges():
        found[screen].setdefault(to, key)
    return {screen: [(key, to) for to, key in some.items()] for screen, some in found.items()}


@cache
def parts() -> tuple[str, ...]:
    """The parts of the menu: the door, then the first screen behind each key of the main menu."""
    return (DOOR, *(to for _, to in _ways()[HOME]))


@cache
def tree(part: str) -> tuple[Branch, ...]:
    """The screens of a part in the order in which they are drawn, each under the first that leads to it."""
    roots = [*graph.ENTRANCES, HOME] if part == DOOR else [part]
    elsewhere = set(parts()) | {HOME}
    depth_of, below = _nearest([each for each in roots if each != HOME], elsewhere)
    made: list[Branch] = []

    def draw(screen: str, key: str, parent: int | None) -> None:
        row = len(made)
        made.append(Branch(screen, key, depth_of.get(screen, 0), row, parent))
        for next_key, to in below.get(screen, ()):
            draw(to, next_key, row)

    for root in dict.fromkeys(roots):
        if root not in {each.screen for each in made}:
            draw(root, "", None)
    return tuple(made)


def _nearest(roots: Sequence[str], elsewhere: set[str]) -> tuple[dict[str, int], dict[str, list[tuple[str, str]]]]:
    """Each screen's depth and those under it, by the shortest way from the roots; other parts are not gone into."""
    depth, below = dict.fromkeys(roots, 0), defaultdict(list)
    waiting = list(roots)
    while waiting:
        screen = waiting.pop(0)
        for key, to in _ways().get(screen, ()):
            if to not in depth and to not in elsewhere:
                depth[to] = depth[screen] + 1
                below[screen].append((key, to))
                waiting.append(to)
    return depth, below


NOTHING = Use(0, 0, None)


def unseen() -> list[str]:
    """Screens that stand in no part's tree: what only a refusal leads to."""
    drawn = {each.screen for part in parts() for each in tree(part)}
    return sorted(set(SCREENS) - drawn)


def picture(part: str, uses: Mapping[str, Use], titled: str, told: Callable[[Use], str]) -> Markup:
    """The tree of a part as SVG; `titled` is its title, `told` says the figures of a screen in words."""
    rows = tree(part)
    width = max(each.depth for each in rows) * INDENT + WIDE + 4
    height = len(rows) * ROW
    inside = Markup("").join(_drawn(rows, uses, told))
    return Markup(
        '<svg class="menu" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" '
        'viewBox="0 0 {} {}">{}</svg>'
    ).format(titled, width, height, width, height, inside)


def _drawn(rows: Sequence[Branch], uses: Mapping[str, Use], told: Callable[[Use], str]) -> Iterator[Markup]:
    for each in rows:
        if each.parent is not None:
            yield _line(rows[each.parent], each)
    for each in rows:
        yield _box(each, uses.get(each.screen, NOTHING), told)


def _line(parent: Branch, child: Branch) -> Markup:
    x, y = parent.depth * INDENT + 10, child.row * ROW + ROW // 2 - 3
    way = f"M{x} {parent.row * ROW + ROW - 6}V{y}H{child.depth * INDENT + 2}"
    return Markup('<path d="{}" fill="none" stroke="currentColor" stroke-opacity="0.45"/>').format(way)


def _box(each: Branch, use: Use, told: Callable[[Use], str]) -> Markup:
    x, y = each.depth * INDENT + 2, each.row * ROW + 1
    key = f"{each.key} " if each.key not in ("", "…", "#") else ""
    bar = min((use.median or 0) / SLOW, 1) * BAR
    return Markup(
        '<g><rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="4" stroke="currentColor" stroke-opacity="0.45"/>'
        '<text x="{}" y="{}" fill="currentColor" font-size="13">{}{}</text>'
        '<text x="{}" y="{}" fill="currentColor" font-size="11">{}</text>'
        '<rect x="{}" y="{}" width="{:.0f}" height="3" fill="currentColor" fill-opacity="0.7"/></g>'
    ).format(
        shade(use), x, y, WIDE - 4, ROW - 7, x + 6, y + 14, key, escape(each.screen), x + 6, y + 27, told(use),
        x + 6, y + ROW - 13, bar,
    )  # fmt: skip


def shade(use: Use) -> str:
    """How a screen is coloured: by the part of those who saw it that left there."""
    if not use.shown:
        return "unused"
    return "many" if use.share >= MANY else "some" if use.share >= SOME else "few"
