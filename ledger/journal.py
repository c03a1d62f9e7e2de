"""The journal: `post` is the only writer of money and goods.

Posting, in one transaction: claim the operation, lock the books in id order, apply holds and lines, check the
limits, write entry, lines, goods, balances and the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select

from ledger import totals
from ledger import writing
from ledger.books import GENESIS
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Hold
from ledger.books import HoldEnd
from ledger.books import Line
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import allocation_table
from ledger.books import book_table
from ledger.books import entry_table
from ledger.books import hold_end_table
from ledger.books import hold_table
from ledger.books import move_table
from ledger.books import operation_table
from ledger.chain import PARTS
from ledger.chain import link
from ledger.chain import ordered
from ledger.chart import CHART
from ledger.chart import STOCK
from ledger.chart import natural
from ledger.errors import Conflict
from ledger.errors import LedgerError
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.money import Money
from ledger.tables import insert_new
from ledger.writing import Key
from ledger.writing import Row

_NEW_BOOK = insert_new(book_table)
_OPERATION = select(operation_table.c.kind, operation_table.c.digest).where(operation_table.c.id == bindparam("id"))
_POSTED = (
    select(entry_table.c.book, entry_table.c.number, entry_table.c.hash)
    .where(entry_table.c.operation == bindparam("operation"))
    .order_by(entry_table.c.book)
)
_OPEN_HOLD = select(hold_table).where(hold_table.c.book == bindparam("book"), hold_table.c.entry == bindparam("entry"))
_ENDED = select(hold_end_table.c.amount).where(
    hold_end_table.c.book == bindparam("book"), hold_end_table.c.hold == bindparam("hold")
)
_encode = json.JSONEncoder(sort_keys=True, default=str).encode


def begin(db: Connection, origin: Origin, kind: str, /, **inputs: Any) -> list[Entry] | None:
    """Claim the operation id for these inputs: None when it is new, else the entries that it posted the first time.

    The same id for something else is a `Conflict`. Two at once: the second waits for the first.
    """
    digest = hashlib.sha256(_encode([kind, inputs]).encode()).hexdigest()
    row = {"id": origin.operation, "kind": kind, "digest": digest, "created_at": origin.at}
    if writing.claim(db, row):
        return None
    known = db.execute(_OPERATION, {"id": origin.operation}).one()
    if (known.kind, known.digest) != (kind, digest):
        raise Conflict("operation-reused", operation=origin.operation)
    return [Entry(*row) for row in db.execute(_POSTED, {"operation": origin.operation})]


def enter(db: Connection, origin: Origin, *drafts: Draft) -> list[Entry]:
    """Claim the operation for exactly these drafts and post them; the same again gives the entries of the first time.

    For what is known before the books are locked; a verb that must look into them first calls `begin` by itself.
    """
    done = begin(db, origin, drafts[0].kind, drafts=[repr(draft) for draft in drafts])
    return post(db, origin, *drafts) if done is None else done


@dataclass(slots=True)
class _State:
    """A balance and what is pending on it, while a posting is worked out; `before` is both together at its start."""

    balance: int = 0
    pending: int = 0
    ceiling: int | None = None
    before: int = 0

    @property
    def used(self) -> int:
        """Posted and pending together."""
        return self.balance + self.pending


def post(db: Connection, origin: Origin, *drafts: Draft) -> list[Entry]:
    """Write one entry for each draft, in order: lock the books, check the limits, lines, balances, chain.

    Raises ValueError for a draft that does not balance or does not belong (our bug), Shortfall for an account that
    would go below zero or over its credit limit, `period-closed` for a day before a closed one. The caller has
    claimed the operation with `begin`.
    """
    for draft in drafts:
        _check_shape(draft)
    books = lock(db, [draft.book for draft in drafts])
    _check_open(books, origin)
    ends = [(draft, end, _held(db, draft, end)) for draft in drafts for end in draft.ends]
    states = _states(db, drafts, [(draft.book.id, held.code, held.party) for draft, _, held in ends])
    rows: dict[Table, list[Row]] = {table: [] for table in (entry_table, *(table for table, _, _ in PARTS))}
    written = []
    for draft in drafts:
        _apply_holds(states, draft, [(end, held) for of, end, held in ends if of is draft])
        balances = [_apply_line(states, draft.book, line) for line in draft.lines]
        written.append(_add(rows, origin, draft, balances, books[draft.book.id]))
        _check_limits(states, draft, books)
    _write(db, rows, states, books)
    return written


def _check_shape(draft: Draft) -> None:
    if sum(line.signed for line in draft.lines) != 0:
        raise ValueError(f"{draft.kind} in {draft.book.id} does not balance")
    for part in (*draft.lines, *((draft.hold,) if draft.hold else ())):
        head = CHART.get(part.code)
        known = head is not None and draft.book.kind in head.books and bool(head.per) == bool(part.party)
        if not known or part.amount <= 0:
            raise ValueError(f"{draft.kind} in {draft.book.id}: {part} does not belong there")
    ways = {(end.hold, end.how) for end in draft.ends}
    if any(end.amount <= 0 for end in draft.ends) or len(ways) < len(draft.ends):
        raise ValueError(f"{draft.kind} in {draft.book.id}: a hold ends once in an entry each way, by a sum")
    stock = sum(line.signed for line in draft.lines if line.code == STOCK.get(draft.book.kind))
    if stock != sum(move.value for move in draft.moves):
        raise ValueError(f"{draft.kind} in {draft.book.id}: goods and their value differ")


def lock(db: Connection, books: Iterable[Book]) -> dict[str, Row]:
    """Lock books in id order, opening those that are new; their rows by id, to be written back by `post`."""
    wanted = {book.id: book for book in books}
    ids = sorted(wanted)
    rows = writing.locked(db, ids)
    if len(rows) < len(ids):
        fresh = [_row(wanted[name]) | {"id": name, "entries": 0, "head": GENESIS} for name in ids]
        db.execute(_NEW_BOOK[db.dialect.name], fresh)
        rows = writing.locked(db, ids)
    if other := [row["id"] for row in rows if row["currency"] != wanted[row["id"]].currency]:
        raise ValueError(f"{', '.join(other)}: a book keeps its currency")
    return {row["id"]: row for row in rows}


def _check_open(books: Mapping[str, Row], origin: Origin) -> None:
    """Nothing is dated back before the last day that was closed."""
    for book in books.values():
        closed = book["closed_on"]
        if closed and origin.on < date.fromisoformat(closed):
            raise LedgerError("period-closed", book=book["id"], day=date.fromisoformat(closed))


def _held(db: Connection, draft: Draft, end: HoldEnd) -> Hold:
    """The hold that `end` ends; ending more of it than is open, in one way or several, is refused."""
    book, ending = draft.book.id, sum(each.amount for each in draft.ends if each.hold == end.hold)
    row = db.execute(_OPEN_HOLD, {"book": book, "entry": end.hold}).one_or_none()
    if row is None:
        raise NotFound("unknown-hold", hold=end.hold)
    ended = sum(db.execute(_ENDED, {"book": book, "hold": end.hold}).scalars())
    if ended + ending > row.amount:
        raise LedgerError("hold-ended", hold=end.hold)
    return Hold(row.code, row.party, row.amount)


def _states(db: Connection, drafts: Sequence[Draft], more: Iterable[Key]) -> dict[Key, _State]:
    keys: set[Key] = set(more)
    for draft in drafts:
        parts = (*draft.lines, *((draft.hold,) if draft.hold else ()))
        keys.update((draft.book.id, part.code, part.party) for part in parts)
    states = {key: _State() for key in keys}
    for key, (balance, pending, ceiling) in writing.accounts(db, sorted(keys)).items():
        states[key] = _State(balance, pending, ceiling, before=balance + pending)
    return states


def _apply_holds(states: dict[Key, _State], draft: Draft, ends: Sequence[tuple[HoldEnd, Hold]]) -> None:
    for end, held in ends:
        states[draft.book.id, held.code, held.party].pending -= end.amount
    if draft.hold:
        states[draft.book.id, draft.hold.code, draft.hold.party].pending += draft.hold.amount


def _apply_line(states: dict[Key, _State], book: Book, line: Line) -> int:
    state = states[book.id, line.code, line.party]
    state.balance += line.signed
    return state.balance


def _check_limits(states: dict[Key, _State], draft: Draft, books: Mapping[str, Any]) -> None:
    """No guarded account below zero or below what is held on it; no limited one above its ceiling, holds included."""
    currency = draft.book.currency
    for part in (*draft.lines, *((draft.hold,) if draft.hold else ())):
        state = states[draft.book.id, part.code, part.party]
        head = CHART[part.code]
        spendable = natural(part.code, state.balance) - (0 if head.limited else state.pending)
        if head.guarded and spendable < 0:
            raise Shortfall("account-short", account=part.code, missing=Money(-spendable, currency))
        ceiling = state.ceiling if state.ceiling is not None else books[draft.book.id]["ceiling"]
        if head.limited and state.used > max(state.before, ceiling or 0):
            raise Shortfall("credit-limit", left=Money(max((ceiling or 0) - state.before, 0), currency))


def _add(rows: dict[Table, list[Row]], origin: Origin, draft: Draft, balances: Sequence[int], book: Row) -> Entry:
    """Number and chain one entry, and keep its rows; the book's row moves on to it."""
    number = book["entries"] + 1
    key = {"book": draft.book.id, "entry": number}
    parts = ordered(
        [
            [_row(line) | key | {"position": n, "balance": balances[n]} for n, line in enumerate(draft.lines)],
            [_row(draft.hold) | key] if draft.hold else [],
            [_row(end) | key for end in draft.ends],
            [_row(move) | key for move in draft.moves],
            [_row(allocation) | key for allocation in draft.allocations],
        ]
    )
    entry = {
        "book": draft.book.id,
        "number": number,
        "operation": origin.operation,
        "kind": draft.kind,
        "event_on": origin.on,
        "created_at": origin.at.astimezone(UTC),
        "actor": origin.actor,
        "channel": origin.channel,
        "reverses": draft.reverses,
        "memo": _memo(dict(draft.memo)),
        "previous": book["head"],
    }
    entry["hash"] = link(entry, parts)
    book["entries"], book["head"] = number, entry["hash"]
    for kept, some in zip(rows.values(), [[entry], *parts], strict=True):
        kept += some
    return Entry(draft.book.id, number, entry["hash"])


_memo = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def _row(part: Any) -> Row:
    return {name: getattr(part, name) for name in part.__slots__}


def _write(db: Connection, rows: dict[Table, list[Row]], states: dict[Key, _State], books: dict[str, Row]) -> None:
    """Write all rows, then what follows from goods and instalments."""
    balances = [
        {"book": book, "code": code, "party": party, "balance": state.balance, "pending": state.pending}
        for (book, code, party), state in states.items()
    ]
    writing.write(db, {**rows, account_table: balances, book_table: list(books.values())})
    if moves := rows[move_table]:
        totals.move_goods(db, moves)
    if allocations := rows[allocation_table]:
        totals.allocate(db, allocations)


def close_period(db: Connection, book: Book, day: date) -> None:
    """Close a book up to a programme day: from then on entries of the days before it are refused (`period-closed`)."""
    db.execute(book_table.update().where(book_table.c.id == book.id).values(closed_on=day.isoformat()))


def set_ceiling(db: Connection, origin: Origin, book: Book, amount: int, code: int = 0, party: int = 0) -> None:
    """Set a credit limit (minor units) as an entry of its own: of one account, or (code 0) the book's default."""
    if begin(db, origin, "limit.set", book=book.id, code=code, party=party, amount=amount) is not None:
        return
    (entry,) = post(db, origin, Draft(book, "limit.set", memo={"code": code, "party": party, "limit": amount}))
    if not code:
        db.execute(book_table.update().where(book_table.c.id == entry.book).values(ceiling=amount))
        return
    known = {"book": entry.book, "code": code, "party": party}
    match = [account_table.c[name] == value for name, value in known.items()]
    if db.execute(account_table.update().where(*match).values(ceiling=amount)).rowcount == 0:
        db.execute(account_table.insert().values(known | {"balance": 0, "pending": 0, "ceiling": amount}))
