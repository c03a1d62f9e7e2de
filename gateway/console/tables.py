"""The console's tables: who works in the office, how they signed in, what they did, and what a second person must see.

Nothing here opens a door by itself: of a token only its hash is kept, of a second factor only half of what it is made
of (`totp`), of a name that was tried only its hash.
"""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy import Boolean
from sqlalchemy import CheckConstraint
from sqlalchemy import Column
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import UniqueConstraint

from ledger.tables import AppendOnly
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import metadata

ADMIN, OFFICER, KEEPER, LENDER, AUDITOR, TRAINER = "admin", "officer", "keeper", "lender", "auditor", "trainer"
ROLES = (ADMIN, OFFICER, KEEPER, LENDER, AUDITOR, TRAINER)

MONEY = frozenset({ADMIN, OFFICER, KEEPER, LENDER})
"""The roles that move money, or say who may: they need a second factor."""

REVERSAL, PIN_RESET, BULK_SEND, LIMIT = "reversal", "pin-reset", "bulk-send", "limit"
KINDS = (REVERSAL, PIN_RESET, BULK_SEND, LIMIT)
"""What one person of the office asks for and another one must say yes to."""

WAITING, YES, NO, EXPIRED = "waiting", "yes", "no", "expired"
STATES = (WAITING, YES, NO, EXPIRED)


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, values))})", name=column)


operator_table = Table(
    "operator",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False, index=True),
    Column("name", String(30), nullable=False, unique=True),
    Column("display", String(60), nullable=False),
    Column("role", String(12), nullable=False),
    Column("hub", ForeignKey("hub.id")),
    Column("language", String(8), nullable=False),
    Column("password", String(160), nullable=False),
    Column("password_until", Instant),
    Column("totp", String(80)),
    Column("totp_step", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    _one_of("role", ROLES),
    CheckConstraint(f"(hub IS NOT NULL) = (role = '{KEEPER}')", name="hub"),
)
"""`password_until`: the password was drawn for her, opens until then, and must be changed. `totp`: half of her second
factor's secret; `totp_step`: the time step of the last code that was used."""

operator_group_table = Table(
    "operator_group",
    metadata,
    Column("operator", ForeignKey("operator.id"), nullable=False),
    Column("group", Id, ForeignKey("member_group.id"), nullable=False),
    PrimaryKeyConstraint("operator", "group"),
)
"""The groups of an officer."""

sign_in_table = Table(
    "sign_in",
    metadata,
    Column("id", Id, primary_key=True),
    Column("operator", ForeignKey("operator.id"), nullable=False),
    Column("token", String(64), nullable=False, unique=True),
    Column("passed", Boolean, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("address", String(45), nullable=False),
    Column("device", String(120), nullable=False),
    Column("ended_at", Instant),
    Index(None, "operator", "seen_at"),
    Index(None, "seen_at"),
)
"""`passed`: the second factor was given, or none is needed."""

try_table = Table(
    "sign_in_try",
    metadata,
    Column("about", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("locked_until", Instant),
)

form_table = Table(
    "console_form",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("operator", ForeignKey("operator.id"), nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("location", String(200), nullable=False),
)
"""Forms that were carried out, each once, and where the answer led."""

trail_table = Table(
    "operator_act",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("operator", ForeignKey("operator.id")),
    Column("act", String(40), nullable=False),
    Column("about", String(80), nullable=False),
    Column("detail", String(400), nullable=False),
    Column("address", String(45), nullable=False),
    Index(None, "programme", "at", "id"),
)
"""Who did what: `operator` is nobody for the command line; `detail` is for people and holds no secret."""

second_table = Table(
    "second_person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme", ForeignKey("programme.id"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("group", Id, ForeignKey("member_group.id")),
    Column("hub", ForeignKey("hub.id")),
    Column("summary", String(200), nullable=False),
    Column("reason", String(160), nullable=False),
    Column("inputs", Text, nullable=False),
    Column("asked_by", ForeignKey("operator.id"), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    Column("pending", Integer),
    Column("decided_by", ForeignKey("operator.id")),
    Column("decided_at", Instant),
    Column("answer", String(160), nullable=False),
    Column("operation", String(64), nullable=False, unique=True),
    _one_of("kind", KINDS),
    _one_of("state", STATES),
    CheckConstraint(f"(pending IS NOT NULL) = (state = '{WAITING}')", name="pending"),
    CheckConstraint("pending = 1", name="one"),
    CheckConstraint("decided_by <> asked_by", name="another"),
    # One of a kind waits about a subject; those that are over have no `pending`, and so do not meet.
    UniqueConstraint("programme", "kind", "subject", "pending"),
    Index(None, "programme", "pending", "until"),
)
"""`summary` says in a sentence what is asked for, `inputs` is JSON that its kind understands."""

APPEND_ONLY = (AppendOnly("operator_act", (("id",),)),)
