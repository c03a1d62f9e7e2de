"""The walk through the entries of some books: the chain, and what can only be told entry by entry, in their order.

It holds one entry and its parts at a time, and of a book with credit limits what each of its accounts uses.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Table
from sqlalchemy import select

from ledger.books import GENESIS
from ledger.books import entry_table as entry
from ledger.chain import PARTS
from ledger.chain import link
from ledger.chain import ordered
from ledger.chart import CHART
from ledger.chart import DEBIT
from ledger.ground_rules import of_entry
from ledger.ground_rules import within
from ledger.templates import REVERSAL
from ledger.templates import TEMPLATES
from ledger.templates import allowed

STREAMED = {"yield_per": 1000}
"""How rows are fetched, however many there are."""

Fault = tuple[str, int, str]
"""The book, the entry (0: the book as a whole), and what is wrong."""
Limits = dict[tuple[str, int, int], tuple[int, int]]
"""By book, code and party (both 0: the book's default) the credit limit in force and the entry that set it."""

_Row = Mapping[Any, Any]
_Parts = Sequence[Sequence[_Row]]

_ENTRIES = select(entry).where(within(entry)).order_by(entry.c.book, entry.c.number)
_EASTERNMOST = timedelta(hours=14)
"""No place on earth is further ahead of UTC."""


def _rows(table: Table) -> Any:
    # Only those of an entry, so that both come in one order, whatever order the database gives to names of books.
    return select(table).join(entry, of_entry(table)).where(within(entry)).order_by(entry.c.book, entry.c.number)


_OF_ENTRIES = [_rows(table) for table, _, _ in PARTS]


class _Stream:
    """The rows of one table in the order of the entries, handed out entry by entry."""

    def __init__(self, db: Connection, wanted: Any, span: Mapping[str, str]) -> None:
        self.rows = iter(db.execute(wanted, span, execution_options=STREAMED).mappings())
        self.ahead = next(self.rows, None)

    def of(self, book: str, number: int) -> list[_Row]:
        found: list[_Row] = []
        while self.ahead is not None and self.ahead["entry"] == number and self.ahead["book"] == book:
            found.append(self.ahead)
            self.ahead = next(self.rows, None)
        return found


def walk(db: Connection, span: Mapping[str, str], limits: Limits) -> Iterator[Fault | int]:
    """Follow the chain of each book from `first` to `last`: gives faults and, now and then, how many entries it took.

    Leaves in `limits` what the entries of these books say.
    """
    codes = {key: allowed(*key) for key in TEMPLATES}
    book, done = _Book(span["first"], codes, limits), 0
    try:
        for row, parts in _entries(db, span):
            if row["book"] != book.id:
                book = _Book(row["book"], codes, limits)
            for what in book.take(row, parts):
                yield book.id, row["number"], what
            done += 1
            if done % 1000 == 0:
                yield done
    except (TypeError, ValueError):
        # SQLite keeps what the type of a column does not allow.
        yield book.id, book.number, "the next entry cannot be read, and no later one was walked"
    yield done


def _entries(db: Connection, span: Mapping[str, str]) -> Iterator[tuple[_Row, _Parts]]:
    """Each entry with its parts, in the order in which they are hashed."""
    parts = [_Stream(db, wanted, span) for wanted in _OF_ENTRIES]
    for row in db.execute(_ENTRIES, span, execution_options=STREAMED).mappings():
        yield row, ordered([each.of(row["book"], row["number"]) for each in parts])


class _Book:
    """One book while its entries go by: where its chain is, and what its limited accounts use."""

    def __init__(self, book: str, codes: Mapping[tuple[str, str], frozenset[int]], limits: Limits) -> None:
        self.id, self.kind = book, book.partition(":")[0]
        self.number, self.head = 0, GENESIS
        self.codes, self.credit = codes, _Credit(book, limits)

    def take(self, row: _Row, parts: _Parts) -> Iterator[str]:
        """What is wrong with the next entry."""
        if row["number"] != self.number + 1:
            yield f"entries are missing before it, the last one is {self.number}"
        if row["previous"] != self.head or link(row, parts) != row["hash"]:
            yield "the chain is broken here: the entry is not what was posted"
        self.number, self.head = row["number"], row["hash"]
        if row["event_on"] > (row["created_at"] + _EASTERNMOST).date():
            yield "it was entered before the day on which it happened"
        yield from self._misplaced(row["kind"], parts[0], parts[1])
        yield from self.credit.take(row, parts)

    def _misplaced(self, kind: str, lines: Sequence[_Row], holds: Sequence[_Row]) -> Iterator[str]:
        """Kinds that its book does not have, accounts that its template or its book does not have."""
        codes = self.codes.get((kind, self.kind))
        if codes is None and kind != REVERSAL:
            yield f"there is no entry of the kind {kind} in such a book"
        for row in (*lines, *holds):
            head = CHART.get(row["code"])
            if head is None or self.kind not in head.books or bool(head.per) != bool(row["party"]):
                yield f"its book has no such account (code {row['code']}, party {row['party']})"
        if codes is not None and (other := {row["code"] for row in lines} - codes):
            yield f"{kind} does not touch such accounts (code {', '.join(map(str, sorted(other)))})"


_LIMITED = frozenset(code for code, head in CHART.items() if head.limited)


class _Credit:
    """The limited accounts of one book while its entries go by: what they use, and their holds that are open."""

    def __init__(self, book: str, limits: Limits) -> None:
        self.book, self.limits = book, limits
        self.used: Counter[tuple[int, int]] = Counter()
        self.holds: dict[int, list[int]] = {}

    def take(self, row: _Row, parts: _Parts) -> Iterator[str]:
        """What the next entry does that its limits do not allow: nothing may rise above the one in force."""
        if row["kind"] == "limit.set":
            yield from self._set(row)
        for account, change in self._changes(row["number"], *parts[:3]).items():
            self.used[account] += change
            limit, _ = self.limits.get((self.book, *account)) or self.limits.get((self.book, 0, 0)) or (0, 0)
            if change > 0 and self.used[account] > limit:
                yield f"it goes above the credit limit (code {account[0]}, party {account[1]})"

    def _set(self, row: _Row) -> Iterator[str]:
        try:
            memo = json.loads(row["memo"])
            self.limits[self.book, memo["code"], memo["party"]] = (int(memo["limit"]), row["number"])
        except (ValueError, LookupError, TypeError):
            yield "an entry about a credit limit cannot be read"

    def _changes(
        self, number: int, lines: Sequence[_Row], holds: Sequence[_Row], ends: Sequence[_Row]
    ) -> Counter[tuple[int, int]]:
        changes: Counter[tuple[int, int]] = Counter()
        for end in ends:
            if held := self.holds.get(end["hold"]):
                changes[held[0], held[1]] -= end["amount"]
                held[2] -= end["amount"]
                if held[2] <= 0:
                    del self.holds[end["hold"]]
        for line in lines:
            if line["code"] in _LIMITED:
                changes[line["code"], line["party"]] += line["amount"] if line["side"] == DEBIT else -line["amount"]
        for hold in holds:
            if hold["code"] in _LIMITED:
                changes[hold["code"], hold["party"]] += hold["amount"]
                self.holds[number] = [hold["code"], hold["party"], hold["amount"]]
        return changes
