"""The shape of the books: books, accounts, entries, lines, holds, goods moved; their tables and their values.

A stored balance is debits less credits in minor units, so that the accounts of a book add up to zero; readers
turn it to the account's normal side. An entry carries everything that happened at once in one book: lines, holds
taken, holds ended, goods moved, instalments charged and cleared. Its hash covers all of that and the hash before it.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import date
from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy import CheckConstraint
from sqlalchemy import Column
from sqlalchemy import Date
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import UniqueConstraint

from ledger.chart import CREDIT
from ledger.chart import DEBIT
from ledger.tables import AppendOnly
from ledger.tables import Instant
from ledger.tables import Minor
from ledger.tables import metadata

PARTS = ("principal", "interest", "fine")
"""What an instalment is made of."""

book_table = Table(
    "book",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("head", String(64), nullable=False),
    Column("ceiling", Minor),
    Column("closed_on", String(10)),
)

account_table = Table(
    "account",
    metadata,
    Column("book", String(40), nullable=False),
    Column("code", Integer, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("balance", Minor, nullable=False),
    Column("pending", Minor, nullable=False),
    Column("ceiling", Minor),
    PrimaryKeyConstraint("book", "code", "party"),
    ForeignKeyConstraint(["book"], ["book.id"]),
)

operation_table = Table(
    "operation",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

entry_table = Table(
    "entry",
    metadata,
    Column("book", String(40), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("operation", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("event_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("reverses", BigInteger),
    Column("memo", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("book", "number"),
    # The operation first: all its entries are looked for when it comes again.
    UniqueConstraint("operation", "book"),
    UniqueConstraint("book", "reverses"),
    ForeignKeyConstraint(["book"], ["book.id"]),
    ForeignKeyConstraint(["operation"], ["operation.id"]),
    Index(None, "book", "event_on"),
)

line_table = Table(
    "line",
    metadata,
    Column("book", String(40), nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("code", Integer, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("side", String(1), nullable=False),
    Column("amount", Minor, nullable=False),
    Column("balance", Minor, nullable=False),
    CheckConstraint("side IN ('D', 'C')", name="side"),
    CheckConstraint("amount > 0", name="amount"),
    PrimaryKeyConstraint("book", "entry", "position"),
    ForeignKeyConstraint(["book", "entry"], ["entry.book", "entry.number"]),
    Index(None, "book", "code", "party", "entry"),
)

hold_table = Table(
    "hold",
    metadata,
    Column("book", String(40), nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("code", Integer, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("amount", Minor, nullable=False),
    CheckConstraint("amount > 0", name="amount"),
    PrimaryKeyConstraint("book", "entry"),
    ForeignKeyConstraint(["book", "entry"], ["entry.book", "entry.number"]),
    Index(None, "book", "code", "party"),
)

hold_end_table = Table(
    "hold_end",
    metadata,
    Column("book", String(40), nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("hold", BigInteger, nullable=False),
    Column("how", String(8), nullable=False),
    Column("amount", Minor, nullable=False),
    CheckConstraint("how IN ('settled', 'voided', 'expired')", name="how"),
    CheckConstraint("amount > 0", name="amount"),
    PrimaryKeyConstraint("book", "entry", "hold", "how"),
    ForeignKeyConstraint(["book", "entry"], ["entry.book", "entry.number"]),
    ForeignKeyConstraint(["book", "hold"], ["hold.book", "hold.entry"]),
    Index(None, "book", "hold"),
)

move_table = Table(
    "move",
    metadata,
    Column("book", String(40), nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("item", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("value", Minor, nullable=False),
    PrimaryKeyConstraint("book", "entry", "item"),
    ForeignKeyConstraint(["book", "entry"], ["entry.book", "entry.number"]),
)

stock_table = Table(
    "stock",
    metadata,
    Column("book", String(40), nullable=False),
    Column("item", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("value", Minor, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    PrimaryKeyConstraint("book", "item"),
    ForeignKeyConstraint(["book"], ["book.id"]),
)

allocation_table = Table(
    "allocation",
    metadata,
    Column("book", String(40), nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("code", Integer, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("how", String(12), nullable=False),
    Column("due", Date),
    Column("principal", Minor, nullable=False),
    Column("interest", Minor, nullable=False),
    Column("fine", Minor, nullable=False),
    CheckConstraint("how IN ('charged', 'paid', 'waived', 'written-off')", name="how"),
    PrimaryKeyConstraint("book", "entry", "code", "party", "number", "how"),
    ForeignKeyConstraint(["book", "entry"], ["entry.book", "entry.number"]),
    Index(None, "book", "code", "party", "entry"),
)

instalment_table = Table(
    "instalment",
    metadata,
    Column("book", String(40), nullable=False),
    Column("code", Integer, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("due", Date, nullable=False),
    *(Column(f"{part}{end}", Minor, nullable=False) for end in ("", "_cleared") for part in PARTS),
    *(CheckConstraint(f"{part} >= 0 AND {part}_cleared BETWEEN 0 AND {part}", name=part) for part in PARTS),
    PrimaryKeyConstraint("book", "code", "party", "number"),
    ForeignKeyConstraint(["book"], ["book.id"]),
    Index(None, "book", "due"),
)

APPEND_ONLY = (
    AppendOnly("operation", (("id",),)),
    AppendOnly("entry", (("book", "number"), ("operation", "book"), ("book", "reverses"))),
    AppendOnly("line", (("book", "entry", "position"),)),
    AppendOnly("hold", (("book", "entry"),)),
    AppendOnly("hold_end", (("book", "entry", "hold", "how"),)),
    AppendOnly("move", (("book", "entry", "item"),)),
    AppendOnly("allocation", (("book", "entry", "code", "party", "number", "how"),)),
)

GENESIS = "0" * 64
"""The hash before the first entry of a book."""


@dataclass(frozen=True, slots=True)
class Book:
    """The accounts of one group, hub, lender or agent's shop; the unit of locking and of the hash chain."""

    kind: str
    owner: int
    currency: str

    @property
    def id(self) -> str:
        """The book's name in every row, as `shop:17`."""
        return f"{self.kind}:{self.owner}"


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry: `amount` minor units (> 0) to an account of the book."""

    code: int
    party: int
    side: str
    amount: int

    @property
    def signed(self) -> int:
        """Debit positive, credit negative."""
        return self.amount if self.side == DEBIT else -self.amount


@dataclass(frozen=True, slots=True)
class Hold:
    """A sum reserved on an account until it is settled, voided or expires.

    On a limited account it is a rise to come, on any other a fall: what is held there can not be spent.
    """

    code: int
    party: int
    amount: int


@dataclass(frozen=True, slots=True)
class HoldEnd:
    """The end of (a part of) the hold that entry number `hold` took: settled, voided or expired."""

    hold: int
    how: str
    amount: int


@dataclass(frozen=True, slots=True)
class Move:
    """Goods that came (quantity > 0) or went (< 0) with the cost that came or went with them."""

    item: int
    quantity: int
    value: int


CHARGED, PAID, WAIVED, WRITTEN_OFF = "charged", "paid", "waived", "written-off"
"""How an allocation changes an instalment: it makes it larger, or clears (a part of) it."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """What an entry does to instalment `number` of the account `code`.`party`, in minor units.

    A charge with a due day is a new instalment. Only a reversal has sums below zero.
    """

    code: int
    party: int
    number: int
    how: str
    principal: int = 0
    interest: int = 0
    fine: int = 0
    due: date | None = None


@dataclass(frozen=True)
class Draft:
    """One entry to be: its kind, what it posts in one book, and a memo of plain values for its readers."""

    book: Book
    kind: str
    lines: Sequence[Line] = ()
    hold: Hold | None = None
    ends: Sequence[HoldEnd] = ()
    moves: Sequence[Move] = ()
    allocations: Sequence[Allocation] = ()
    memo: Mapping[str, str | int] = field(default_factory=dict)
    reverses: int | None = None


@dataclass(frozen=True)
class Origin:
    """Where an operation comes from: its id, who, over which channel, when (UTC), on which programme day.

    `codes` draws receipt codes; the books themselves hold no source of chance.
    """

    operation: str
    actor: str
    channel: str
    at: datetime
    on: date
    codes: Callable[[], str]

    def part(self, name: str) -> Origin:
        """The origin of one step of an operation, which is an operation of its own: `…/hold`."""
        return replace(self, operation=f"{self.operation}/{name}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One posted event of a book: its number in the book and the book's head hash after it."""

    book: str
    number: int
    hash: str


def debit(code: int, amount: int, party: int = 0) -> Line:
    """A debit of `amount` minor units."""
    return Line(code, party, DEBIT, amount)


def credit(code: int, amount: int, party: int = 0) -> Line:
    """A credit of `amount` minor units."""
    return Line(code, party, CREDIT, amount)
