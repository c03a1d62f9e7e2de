"""Delivery reports: what a provider says became of a message, kept as it came and applied forward only.

A report counts for a message on the id that we hold and the same number. One that comes before the answer to the send
is matched when that is settled. After an ambiguous send we never learn the id: then a report with an id that nobody has
settles the one message to that number that may be meant. Reports are append-only and outlive the numbers, so of a
number they keep a keyed hash.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import Index
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import UniqueConstraint
from sqlalchemy import bindparam
from sqlalchemy import exists
from sqlalchemy import select

from gateway import outbox
from gateway.outbox import State
from gateway.outbox import attempt_table
from gateway.outbox import message_table
from gateway.providers.contract import Receipt
from gateway.sms.policy import REPORT_WAIT
from ledger.tables import AppendOnly
from ledger.tables import Id
from ledger.tables import Instant
from ledger.tables import insert_new
from ledger.tables import metadata

log = structlog.get_logger(__name__)

report_table = Table(
    "delivery_report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("provider", String(24), nullable=False),
    Column("provider_id", String(100), nullable=False),
    Column("who", String(32), nullable=False),
    Column("status", String(12), nullable=False),
    Column("word", String(40), nullable=False),
    Column("reason", String(60), nullable=False),
    Column("received_at", Instant, nullable=False),
    UniqueConstraint("provider_id", "provider", "who", "word", "reason"),
    Index(None, "who", "received_at"),
)

APPEND_ONLY = (AppendOnly("delivery_report", (("provider_id", "provider", "who", "word", "reason"),)),)

_KEPT = [column for column in report_table.c if column.name != "id"]
_SAME = [report_table.c[name] == bindparam(name) for name in ("provider_id", "provider", "who", "word", "reason")]
_NEW = select(*(bindparam(column.name, type_=column.type) for column in _KEPT)).where(~exists().where(*_SAME))
_STORE = {
    dialect: insert.from_select([column.name for column in _KEPT], _NEW).returning(report_table.c.id)
    for dialect, insert in insert_new(report_table).items()
}
_OF_ID = (
    select(report_table)
    .where(
        report_table.c.provider_id == bindparam("provider_id"),
        report_table.c.provider == bindparam("provider"),
        report_table.c.who == bindparam("who"),
        report_table.c.status != "",
    )
    .order_by(report_table.c.id)
)
_ORPHANS = (
    select(report_table)
    .where(
        report_table.c.who == bindparam("who"),
        report_table.c.received_at >= bindparam("since"),
        report_table.c.provider == bindparam("provider"),
        report_table.c.status != "",
        ~exists()
        .where(attempt_table.c.provider_id == report_table.c.provider_id)
        .where(attempt_table.c.provider == report_table.c.provider),
    )
    .order_by(report_table.c.id)
)
_ATTEMPT = (
    select(attempt_table, message_table.c.number.label("phone"))
    .join(message_table, message_table.c.id == attempt_table.c.message)
    .where(attempt_table.c.id == bindparam("attempt"))
)


def mark(secret: str, number: str) -> str:
    """The keyed hash by which a number is known where the number itself is not kept."""
    return hmac.new(secret.encode(), number.encode(), "sha256").hexdigest()[:32]


def take(db: Connection, receipt: Receipt, secret: str, now: datetime) -> bool:
    """Keep a report and apply it where it is certain whose it is; False for one that came before."""
    report = _stored(db, receipt, secret, now)
    if report is None:
        return False
    if not receipt.status:
        log.warning("a receipt says what is not documented", receipt=repr(receipt))
        return True
    # First the lock, then the id: a settlement under way may be about to write it.
    doubts = outbox.without_id(db, receipt.provider, receipt.phone, now - REPORT_WAIT)
    held = outbox.held(db, receipt.provider, receipt.provider_id)
    if held is None:
        _infer(db, doubts, report, receipt.provider_id, [(receipt.status, receipt.reason)], now)
    elif held.number is None or not hmac.compare_digest(held.number, receipt.phone):
        log.warning("a receipt for another number", receipt=repr(receipt), message=held.message)
    else:
        outbox.report(db, held, State(receipt.status), receipt.reason, now)
    return True


def catch_up(db: Connection, attempt: int, secret: str, now: datetime) -> None:
    """After an attempt was settled: apply what came before the settlement, by its id or, without one, by the number."""
    row = db.execute(_ATTEMPT, {"attempt": attempt}).one()
    if row.phone is None:
        return
    who = mark(secret, row.phone)
    if not row.provider_id:
        _look_back(db, row, who, now)
        return
    early = db.execute(_OF_ID, {"provider": row.provider, "provider_id": row.provider_id, "who": who}).all()
    if early and (held := outbox.held(db, row.provider, row.provider_id)):
        for report in early:
            outbox.report(db, held, State(report.status), report.reason, now)


def _look_back(db: Connection, attempt: Any, who: str, now: datetime) -> None:
    """Infer from reports that came since the attempt began and that nobody has, if they are all of one id."""
    orphans = db.execute(_ORPHANS, {"who": who, "provider": attempt.provider, "since": attempt.started_at}).all()
    if len({report.provider_id for report in orphans}) != 1:
        return
    doubts = outbox.without_id(db, attempt.provider, attempt.phone, now - REPORT_WAIT)
    told = [(report.status, report.reason) for report in orphans]
    _infer(db, doubts, orphans[-1].id, orphans[-1].provider_id, told, now)


def _infer(
    db: Connection,
    doubts: Sequence[outbox.Doubt],
    report: int,
    provider_id: str,
    told: Sequence[tuple[str, str]],
    now: datetime,
) -> None:
    """Settle the one message that can be meant; one that is being sent right now waits for its own answer."""
    if len(doubts) != 1 or doubts[0].state is State.SENDING:
        return
    for status, reason in told:
        if outbox.infer(db, doubts[0], State(status), reason, report, provider_id, now):
            log.info("inferred from a receipt", message=doubts[0].message, state=status, report=report)


def _stored(db: Connection, receipt: Receipt, secret: str, now: datetime) -> int | None:
    values = {
        "provider": receipt.provider,
        "provider_id": receipt.provider_id[:100],
        "who": mark(secret, receipt.phone),
        "status": receipt.status,
        "word": receipt.word[:40],
        "reason": receipt.reason[:60],
        "received_at": now,
    }
    return db.execute(_STORE[db.dialect.name], values).scalar_one_or_none()
