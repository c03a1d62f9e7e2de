"""Charts as SVG inside the page, of presentation attributes and classes: the policy allows no style or script there.

Every chart is drawn twice, for a narrow and for a wide page, so that its letters are as large as the page's small print
on both; the style sheet shows one of them. Series differ by shape and pattern as well as by colour. Values are whole
numbers (minor units, tenths of a per cent, counts); None is a gap. What is drawn stands as a table under the chart.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil

from markupsafe import Markup
from markupsafe import escape

NARROW, WIDE = 336, 720
"""Widths in units of the picture, which are pixels on a phone of 360 and on a desktop."""

LETTER = 12
"""Height of the letters."""

ADVANCE = 7.8
"""A letter is about so wide, a Bangla one with its signs too."""

TICKS = 5
"""At most so many steps on the axis of values."""

DASHES = ("", "7 4", "2 4", "10 3 2 3")


@dataclass(frozen=True, slots=True)
class Series:
    """What a legend calls it, and a value for each label."""

    name: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart to be: `title` and `told` for who cannot see it, `labels` along it, up to four series of as many values.

    `shown` writes a value on the axis; `unit` is the smallest step of the axis.
    """

    title: str
    told: str
    labels: Sequence[str]
    series: Sequence[Series]
    shown: Callable[[int], str]
    unit: int = 1

    @property
    def values(self) -> list[int]:
        """Every value there is."""
        return [value for each in self.series for value in each.values if value is not None]


def ticks(low: int, high: int, unit: int = 1, most: int = TICKS) -> list[int]:
    """Round values for an axis from at most `low` and 0 to at least `high` and 0, `most` steps of 1, 2 or 5 tens."""
    low, high = min(low, 0), max(high, 0)
    steps = (unit * part * 10**power for power in count() for part in (1, 2, 5))
    step = next(each for each in steps if ceil(high / each) - low // each <= most)
    return [step * each for each in range(low // step, max(ceil(high / step), low // step + 1) + 1)]


# ---- marks ----


def tag(name: str, content: str = "", /, **attributes: object) -> Markup:
    """An element: `class_` is its class, other names have a dash for an underline; numbers with one decimal."""
    said = [
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _number(value))
        for key, value in attributes.items()
        if value != ""
    ]
    return Markup("<{}{}>{}</{}>").format(name, _joined(said), escape(content), name)


def _number(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def _text(x: float, y: float, said: str, anchor: str = "start", class_: str = "") -> Markup:
    return tag("text", said, x=x, y=y, text_anchor=anchor, font_size=LETTER, class_=class_)


def _long(said: str) -> float:
    return len(said) * ADVANCE


def _joined(parts: Sequence[Markup]) -> Markup:
    return Markup("").join(parts)


def _marker(number: int, x: float, y: float) -> Markup:
    """A disc, a square, a triangle, a diamond."""
    class_ = f"mark-{number}"
    if number == 0:
        return tag("circle", cx=x, cy=y, r=4, class_=class_)
    shapes = ((-3.5, -3.5, 3.5, -3.5, 3.5, 3.5, -3.5, 3.5), (0, -5, 5, 4, -5, 4), (0, -5, 5, 0, 0, 5, -5, 0))
    shape = shapes[number - 1]
    points = " ".join(f"{x + shape[at]:.1f},{y + shape[at + 1]:.1f}" for at in range(0, len(shape), 2))
    return tag("polygon", points=points, class_=class_)


def _hatched(key: str) -> Markup:
    """Stripes for the second series of columns."""
    stripe = tag("path", d="M0 0V6", stroke_width=3.5, class_="line-1")
    size = {"width": 6, "height": 6, "patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
    return tag("defs", tag("pattern", stripe, id=f"{key}-stripes", **size))


def _block(number: int, key: str, **place: float) -> Markup:
    """A piece of a column: full, striped or empty with an edge."""
    fill = {"fill": f"url(#{key}-stripes)"} if number == 1 else {}
    return tag("rect", **place, **fill, class_=f"block-{number}")


# ---- the frame ----


@dataclass(frozen=True)
class _Frame:
    """Where things are: the plot's edges, and which values stand at its bottom and top."""

    chart: Chart
    key: str
    width: int
    marks: Sequence[int]
    lined: bool

    @property
    def left(self) -> float:
        return max(_long(self.chart.shown(mark)) for mark in self.marks) + 8

    @property
    def right(self) -> float:
        return self.width - 6

    @property
    def rows(self) -> list[list[int]]:
        """The series as they stand in the legend, row by row."""
        if len(self.chart.series) < 2:
            return []
        rows: list[list[int]] = [[]]
        room = 1.0 * self.width
        for number, each in enumerate(self.chart.series):
            needs = _long(each.name) + 40
            if needs > room and rows[-1]:
                rows.append([])
                room = 1.0 * self.width
            rows[-1].append(number)
            room -= needs
        return rows

    @property
    def top(self) -> float:
        return 20.0 * len(self.rows) + 10

    @property
    def bottom(self) -> float:
        return self.top + (170 if self.width == NARROW else 220)

    @property
    def slot(self) -> float:
        return (self.right - self.left) / max(len(self.chart.labels), 1)

    def x(self, at: int) -> float:
        """The middle of a label's place."""
        return self.left + (at + 0.5) * self.slot

    def y(self, value: int) -> float:
        low, high = self.marks[0], self.marks[-1]
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)


def _legend(frame: _Frame) -> Iterator[Markup]:
    for row, numbers in enumerate(frame.rows):
        x, y = 0.0, 14 + 20.0 * row
        for number in numbers:
            if frame.lined:
                yield tag(
                    "path", d=f"M{x:.1f} {y - 4:.1f}h24", stroke_dasharray=DASHES[number], class_=f"line-{number}"
                )
                yield _marker(number, x + 12, y - 4)
            else:
                yield _block(number, frame.key, x=x + 6, y=y - 10, width=12, height=12)
            name = frame.chart.series[number].name
            yield _text(x + 29, y, name)
            x += _long(name) + 40


def _axes(frame: _Frame) -> Iterator[Markup]:
    for mark in frame.marks:
        y = frame.y(mark)
        yield tag("path", d=f"M{frame.left:.1f} {y:.1f}H{frame.right:.1f}", class_="axis" if mark == 0 else "grid")
        yield _text(frame.left - 6, y + 4, frame.chart.shown(mark), "end", "soft")
    labels = frame.chart.labels
    widest = max((_long(label) for label in labels), default=0) + 8
    every = max(ceil(widest / frame.slot), 1)
    for at in range(len(labels) - 1, -1, -every):
        half = _long(labels[at]) / 2
        x = min(max(frame.x(at), half), frame.width - half)
        yield _text(x, frame.bottom + 18, labels[at], "middle", "soft")


def _svg(chart: Chart, key: str, width: int, height: float, drawn: Markup) -> Markup:
    about = tag("title", chart.title, id=f"{key}-title") + tag("desc", chart.told or chart.title, id=f"{key}-told")
    named = {"aria_labelledby": f"{key}-title {key}-told"}
    shape = "narrow" if width == NARROW else "wide"
    return tag("svg", about + drawn, viewBox=f"0 0 {width} {ceil(height)}", role="img", class_=shape, **named)


def _twice(chart: Chart, key: str, draw: Callable[[Chart, str, int], Markup]) -> Markup:
    if not chart.values:
        return Markup("")
    both = [draw(chart, f"{key}-{name}", width) for name, width in (("n", NARROW), ("w", WIDE))]
    return tag("figure", _joined([tag("figcaption", chart.title), *both]), class_="chart")


def _plotted(chart: Chart, key: str, width: int, *, lined: bool) -> Markup:
    frame = _Frame(chart, key, width, ticks(min(chart.values), max(chart.values), chart.unit), lined)
    inside = _polylines(frame) if lined else _blocks(frame)
    drawn = _joined([*_legend(frame), *_axes(frame), *inside])
    return _svg(chart, key, width, frame.bottom + 26, drawn if lined else _hatched(key) + drawn)


# ---- columns ----


def columns(chart: Chart, key: str) -> Markup:
    """Columns side by side for each label, of up to three series, also below zero; nothing without values.

    `key` is unlike that of every other chart of the page.
    """
    return _twice(chart, key, lambda *args: _plotted(*args, lined=False))


def _blocks(frame: _Frame) -> Iterator[Markup]:
    each = frame.slot * 0.8 / len(frame.chart.series)
    for number, series in enumerate(frame.chart.series):
        for at, value in enumerate(series.values):
            if value:
                x = frame.left + at * frame.slot + frame.slot * 0.1 + number * each
                top, bottom = sorted((frame.y(value), frame.y(0)))
                place = {"x": x + 0.5, "y": top, "width": max(each - 1, 1.0), "height": bottom - top}
                yield _block(number, frame.key, **place)


# ---- lines ----


def lines(chart: Chart, key: str) -> Markup:
    """A line with marks for each of up to four series; a value between two gaps is a mark; nothing without values."""
    return _twice(chart, key, lambda *args: _plotted(*args, lined=True))


def _polylines(frame: _Frame) -> Iterator[Markup]:
    for number, series in enumerate(frame.chart.series):
        for run in _runs(series.values):
            points = " ".join(f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in run)
            yield tag("polyline", points=points, stroke_dasharray=DASHES[number], class_=f"line-{number}")
            yield from (_marker(number, frame.x(at), frame.y(value)) for at, value in run)


def _runs(values: Sequence[int | None]) -> Iterator[list[tuple[int, int]]]:
    """The places and values between gaps."""
    run: list[tuple[int, int]] = []
    for at, value in enumerate(values):
        if value is not None:
            run.append((at, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


# ---- bars ----


def bars(chart: Chart, key: str) -> Markup:
    """Bars that lie under their label and value, of one series, none below zero; nothing without values."""
    return _twice(chart, key, _lying)


def _lying(chart: Chart, key: str, width: int) -> Markup:
    values = chart.series[0].values
    most = max(*chart.values, 1)
    drawn = []
    for at, (label, value) in enumerate(zip(chart.labels, values, strict=True)):
        y = 40.0 * at
        drawn += [_text(0, y + 14, label), _text(width, y + 14, chart.shown(value or 0), "end")]
        drawn.append(tag("path", d=f"M0 {y + 33:.1f}H{width}", class_="grid"))
        if value and value > 0:
            drawn.append(_block(0, key, x=0.0, y=y + 20, width=max(width * value / most, 1.0), height=13.0))
    return _svg(chart, key, width, 40.0 * len(values), _joined(drawn))
