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
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Table
from sqlalchemy import bindparam
from sqlalchemy import select
from sqlalchemy import tuple_
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from ledger.books import GENESIS
from ledger.books import Book
from ledger.books import Draft
from ledger.books import Entry
from ledger.books import Hold
from ledger.books import HoldEnd
from ledger.books import Line
from ledger.books import Origin
from ledger.books import account_table
from ledger.books import book_table
from ledger.books import entry_table
from ledger.books import hold_end_table
from ledger.books import hold_table
from ledger.books import line_table
from ledger.books import move_table
from ledger.books import operation_table
from ledger.books import stock_table
from ledger.chart import CHART
from ledger.chart import STOCK
from ledger.chart import natural
from ledger.errors import Conflict
from ledger.errors import LedgerError
from ledger.errors import NotFound
from ledger.errors import Shortfall
from ledger.money import Money


def _insert_new(table: Table) -> Any:
    """INSERT that leaves an existing row alone; SQLite and PostgreSQL spell it the same."""
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing(),
    }


_NEW_OPERATION = {name: insert.returning(operation_table.c.id) for name, insert in _insert_new(operation_table).items()}
_NEW_BOOK = _insert_new(book_table)
_OPERATION = select(operation_table.c.kind, operation_table.c.digest).where(operation_table.c.id == bindparam("id"))
_LOCK_BOOKS = (
    select(book_table)
    .where(book_table.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(book_table.c.id)
    .with_for_update()
)
_ACCOUNTS = select(account_table).where(
    tuple_(account_table.c.book, account_table.c.code, account_table.c.party).in_(bindparam("keys", expanding=True))
)
_OPEN_HOLD = select(hold_table).where(hold_table.c.book == bindparam("book"), hold_table.c.entry == bindparam("entry"))
_ENDED = select(hold_end_table.c.amount).where(
    hold_end_table.c.book == bindparam("book"), hold_end_table.c.hold == bindparam("hold")
)
_CHANGE_ACCOUNT = (
    account_table.update()
    .where(
        account_table.c.book == bindparam("b_book"),
        account_table.c.code == bindparam("b_code"),
        account_table.c.party == bindparam("b_party"),
    )
    .values(balance=bindparam("balance"), pending=bindparam("pending"))
)
_CHANGE_BOOK = (
    book_table.update()
    .where(book_table.c.id == bindparam("b_id"))
    .values(entries=bindparam("entries"), head=bindparam("head"))
)


def begin(db: Connection, origin: Origin, kind: str, /, **inputs: Any) -> bool:
    """Claim the operation id for these inputs: True when it is new, False when the same was done before.

    The same id for something else is a `Conflict`. Two at once: the second waits for the first.
    """
    digest = hashlib.sha256(json.dumps([kind, inputs], sort_keys=True, default=str).encode()).hexdigest()
    row = {"id": origin.operation, "kind": kind, "digest": digest, "created_at": origin.at}
    # Looked up first: on SQLite the trigger that keeps REPLACE off meets a second INSERT before ON CONFLICT does.
    known = db.execute(_OPERATION, {"id": origin.operation}).one_or_none()
    if known is None:
        if db.execute(_NEW_OPERATION[db.dialect.name], row).first():
            return True
        known = db.execute(_OPERATION, {"id": origin.operation}).one()
    if (known.kind, known.digest) != (kind, digest):
        raise Conflict("operation-reused", operation=origin.operation)
    return False


@dataclass
class _State:
    """A balance and what is pending on it, while a posting is worked out; `before` is both together at its start."""

    balance: int = 0
    pending: int = 0
    ceiling: int | None = None
    before: int = 0
    known: bool = False

    @property
    def used(self) -> int:
        """Posted and pending together."""
        return self.balance + self.pending


_Key = tuple[str, int, int]


def post(db: Connection, origin: Origin, *drafts: Draft) -> list[Entry]:
    """Write one entry for each draft, in order: lock the books, check the limits, lines, balances, chain.

    Raises ValueError for a draft that does not balance or does not belong (our bug), Shortfall for an account
    that would go below zero or over its credit limit. The caller has claimed the operation with `begin`.
    """
    for draft in drafts:
        _check_shape(draft)
    books = lock(db, [draft.book for draft in drafts])
    ends = [(draft, end, _held(db, draft.book.id, end)) for draft in drafts for end in draft.ends]
    states = _states(db, drafts, [(draft.book.id, held.code, held.party) for draft, _, held in ends])
    rows = _Rows()
    written = []
    for draft in drafts:
        _apply_holds(states, draft, [(end, held) for of, end, held in ends if of is draft])
        balances = [_apply_line(states, draft.book, line) for line in draft.lines]
        written.append(rows.add(origin, draft, balances, books[draft.book.id]))
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
    stock = sum(line.signed for line in draft.lines if line.code == STOCK.get(draft.book.kind))
    if stock != sum(move.value for move in draft.moves):
        raise ValueError(f"{draft.kind} in {draft.book.id}: goods and their value differ")


def lock(db: Connection, books: Iterable[Book]) -> dict[str, dict[str, Any]]:
    """Lock books in id order, opening those that are new; their rows by id, to be written back by `post`."""
    wanted = {book.id: book for book in books}
    params = {"ids": sorted(wanted)}
    rows = {row.id: dict(row._mapping) for row in db.execute(_LOCK_BOOKS, params)}
    if missing := [wanted[name] for name in sorted(wanted) if name not in rows]:
        fresh = [asdict(book) | {"id": book.id, "entries": 0, "head": GENESIS, "ceiling": None} for book in missing]
        db.execute(_NEW_BOOK[db.dialect.name], fresh)
        rows = {row.id: dict(row._mapping) for row in db.execute(_LOCK_BOOKS, params)}
    if other := [name for name, row in rows.items() if row["currency"] != wanted[name].currency]:
        raise ValueError(f"{', '.join(other)}: a book keeps its currency")
    return rows


def _held(db: Connection, book: str, end: HoldEnd) -> Hold:
    """The hold that `end` ends; ending more of it than is open is refused."""
    row = db.execute(_OPEN_HOLD, {"book": book, "entry": end.hold}).one_or_none()
    if row is None:
        raise NotFound("unknown-hold", hold=end.hold)
    ended = sum(db.execute(_ENDED, {"book": book, "hold": end.hold}).scalars())
    if ended + end.amount > row.amount:
        raise LedgerError("hold-ended", hold=end.hold)
    return Hold(row.code, row.party, row.amount)


def _states(db: Connection, drafts: Sequence[Draft], more: Iterable[_Key]) -> dict[_Key, _State]:
    keys: set[_Key] = set(more)
    for draft in drafts:
        parts = (*draft.lines, *((draft.hold,) if draft.hold else ()))
        keys.update((draft.book.id, part.code, part.party) for part in parts)
    states = {key: _State() for key in keys}
    wanted = sorted(keys)
    for start in range(0, len(wanted), 300):
        for row in db.execute(_ACCOUNTS, {"keys": wanted[start : start + 300]}):
            before = row.balance + row.pending
            states[row.book, row.code, row.party] = _State(row.balance, row.pending, row.ceiling, before, known=True)
    return states


def _apply_holds(states: dict[_Key, _State], draft: Draft, ends: Sequence[tuple[HoldEnd, Hold]]) -> None:
    for end, held in ends:
        states[draft.book.id, held.code, held.party].pending -= end.amount
    if draft.hold:
        states[draft.book.id, draft.hold.code, draft.hold.party].pending += draft.hold.amount


def _apply_line(states: dict[_Key, _State], book: Book, line: Line) -> int:
    state = states[book.id, line.code, line.party]
    state.balance += line.signed
    return state.balance


def _check_limits(states: dict[_Key, _State], draft: Draft, books: Mapping[str, Any]) -> None:
    """No guarded account below zero; no limited account raised above its ceiling, holds included."""
    currency = draft.book.currency
    for part in (*draft.lines, *((draft.hold,) if draft.hold else ())):
        state = states[draft.book.id, part.code, part.party]
        head = CHART[part.code]
        if head.guarded and natural(part.code, state.balance) < 0:
            missing = Money(-natural(part.code, state.balance), currency)
            raise Shortfall("account-short", account=part.code, missing=missing)
        ceiling = state.ceiling if state.ceiling is not None else books[draft.book.id]["ceiling"]
        if head.limited and state.used > max(state.before, ceiling or 0):
            raise Shortfall("credit-limit", left=Money(max((ceiling or 0) - state.before, 0), currency))


@dataclass
class _Rows:
    """The rows of one posting, gathered to be inserted table by table."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    holds: list[dict[str, Any]] = field(default_factory=list)
    ends: list[dict[str, Any]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)

    def add(self, origin: Origin, draft: Draft, balances: Sequence[int], book: dict[str, Any]) -> Entry:
        """Number, chain and keep one entry; the book's row moves on to it."""
        book["entries"] += 1
        key = {"book": draft.book.id, "entry": book["entries"]}
        lines = [asdict(line) | {"position": n, "balance": balances[n]} for n, line in enumerate(draft.lines)]
        holds = [asdict(draft.hold)] if draft.hold else []
        # In the order in which the audit will read them back.
        ends = [asdict(end) for end in sorted(draft.ends, key=lambda end: end.hold)]
        moves = [asdict(move) for move in sorted(draft.moves, key=lambda move: move.item)]
        entry = {
            "book": draft.book.id,
            "number": book["entries"],
            "operation": origin.operation,
            "kind": draft.kind,
            "event_on": origin.on,
            "created_at": origin.at.astimezone(UTC),
            "actor": origin.actor,
            "channel": origin.channel,
            "reverses": draft.reverses,
            "memo": json.dumps(dict(draft.memo), sort_keys=True, ensure_ascii=False),
            "previous": book["head"],
        }
        entry["hash"] = book["head"] = chain(entry, lines, holds, ends, moves)
        self.entries.append(entry)
        for kept, rows in ((self.lines, lines), (self.holds, holds), (self.ends, ends), (self.moves, moves)):
            kept.extend(row | key for row in rows)
        return Entry(draft.book.id, book["entries"], book["head"])


_ENTRY_FIELDS = (
    "book",
    "number",
    "operation",
    "kind",
    "event_on",
    "actor",
    "channel",
    "reverses",
    "memo",
    "previous",
)
_PART_FIELDS = (
    ("code", "party", "side", "amount", "balance"),
    ("code", "party", "amount"),
    ("hold", "how", "amount"),
    ("item", "quantity", "value"),
)


def chain(entry: Mapping[Any, Any], *parts: Sequence[Mapping[Any, Any]]) -> str:
    """The hash of an entry: SHA-256 over its fields, lines, holds, hold ends and moves, and the hash before it."""
    content: list[Any] = [str(entry[name]) for name in _ENTRY_FIELDS]
    content.append(entry["created_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    content += [
        [[row[name] for name in names] for row in rows] for names, rows in zip(_PART_FIELDS, parts, strict=True)
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


_MOVE_STOCK = (
    stock_table.update()
    .where(stock_table.c.book == bindparam("b_book"), stock_table.c.item == bindparam("b_item"))
    .values(quantity=stock_table.c.quantity + bindparam("moved"), value=stock_table.c.value + bindparam("cost"))
)
_SHORT_STOCK = select(stock_table.c.item, stock_table.c.quantity).where(
    stock_table.c.book == bindparam("book"),
    stock_table.c.item.in_(bindparam("items", expanding=True)),
    (stock_table.c.quantity < 0) | (stock_table.c.value < 0),
)
_NEW_STOCK = _insert_new(stock_table)


def _move_goods(db: Connection, moves: Sequence[Mapping[str, Any]]) -> None:
    """Carry goods and their cost in and out of the stock rows; more out than there is is a Shortfall."""
    fresh = [{"book": m["book"], "item": m["item"], "quantity": 0, "value": 0, "reserved": 0} for m in moves]
    db.execute(_NEW_STOCK[db.dialect.name], fresh)
    rows = [{"b_book": m["book"], "b_item": m["item"], "moved": m["quantity"], "cost": m["value"]} for m in moves]
    db.execute(_MOVE_STOCK, rows)
    out: dict[str, list[int]] = {}
    for move in moves:
        if move["quantity"] < 0:
            out.setdefault(move["book"], []).append(move["item"])
    for book, items in out.items():
        short = db.execute(_SHORT_STOCK, {"book": book, "items": items}).first()
        if short:
            raise Shortfall("stock-short", item=short.item)


def _write(db: Connection, rows: _Rows, states: dict[_Key, _State], books: dict[str, dict[str, Any]]) -> None:
    """Insert all rows table by table, then the balances and the heads."""
    for table, some in (
        (entry_table, rows.entries),
        (line_table, rows.lines),
        (hold_table, rows.holds),
        (hold_end_table, rows.ends),
        (move_table, rows.moves),
    ):
        if some:
            db.execute(table.insert(), some)
    if rows.moves:
        _move_goods(db, rows.moves)
    new = [
        {"book": key[0], "code": key[1], "party": key[2], "balance": state.balance, "pending": state.pending}
        for key, state in states.items()
        if not state.known
    ]
    old = [
        {
            "b_book": key[0],
            "b_code": key[1],
            "b_party": key[2],
            "balance": state.balance,
            "pending": state.pending,
        }
        for key, state in states.items()
        if state.known
    ]
    if new:
        db.execute(account_table.insert(), new)
    if old:
        db.execute(_CHANGE_ACCOUNT, old)
    db.execute(
        _CHANGE_BOOK,
        [{"b_id": name, "entries": row["entries"], "head": row["head"]} for name, row in books.items()],
    )


def set_ceiling(db: Connection, origin: Origin, book: Book, amount: int, code: int = 0, party: int = 0) -> None:
    """Set a credit limit (minor units) as an entry of its own: of one account, or (code 0) the book's default."""
    if not begin(db, origin, "limit.set", book=book.id, code=code, party=party, amount=amount):
        return
    (entry,) = post(db, origin, Draft(book, "limit.set", memo={"code": code, "party": party, "limit": amount}))
    if not code:
        db.execute(book_table.update().where(book_table.c.id == entry.book).values(ceiling=amount))
        return
    known = {"book": entry.book, "code": code, "party": party}
    match = [account_table.c[name] == value for name, value in known.items()]
    if db.execute(account_table.update().where(*match).values(ceiling=amount)).rowcount == 0:
        db.execute(account_table.insert().values(known | {"balance": 0, "pending": 0, "ceiling": amount}))
