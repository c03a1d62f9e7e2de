"""What lists have in common: where a page of one begins, and whether there is a next one."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import TypeVar

from gateway.console.shape import Missing

Row = TypeVar("Row")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PAGE = 50
"""Rows of a list."""

LAST = 2**62
"""More than any number of a row."""

MOST = 1000
"""Up to so many are counted of what waits."""


def number_after(query: Mapping[str, str]) -> int:
    """`?after=12`; nothing is the first page, anything else is Missing."""
    after = query.get("after", "0")
    if not re.fullmatch(r"[0-9]{1,18}", after):
        raise Missing
    return int(after)


def number_before(query: Mapping[str, str]) -> int:
    """The same of a list with the newest first: nothing is the first page, and every number is below `LAST`."""
    return number_after(query) or LAST


def order_after(query: Mapping[str, str]) -> tuple[str, int]:
    """`?after=hub:1-12`."""
    after = query.get("after", "")
    if not after:
        return "", 0
    found = re.fullmatch(r"(hub:[0-9]{1,9})-([0-9]{1,18})", after)
    if not found:
        raise Missing
    return found[1], int(found[2])


def moment_before(query: Mapping[str, str], key: str) -> tuple[datetime, str] | None:
    """`?after=MICROSECONDS-KEY`, where the key fits the pattern `key`."""
    after = query.get("after", "")
    if not after:
        return None
    found = re.fullmatch(rf"([0-9]{{1,16}})-({key})", after)
    if not found:
        raise Missing
    return _EPOCH + timedelta(microseconds=int(found[1])), found[2]


def moment_key(at: datetime, key: object) -> str:
    """What stands in the address for the page after a row."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}-{key}"


def paged(rows: Sequence[Row], key: Callable[[Row], object]) -> dict[str, Any]:
    """`rows` of this page and `next`, what comes after it, of one row more than a page."""
    shown = list(rows[:PAGE])
    return {"rows": shown, "next": str(key(shown[-1])) if len(rows) > PAGE else ""}
