"""Sign-ins: who is signed in, from where and since when, kept on the server; the cookie is a random token.

A sign-in ends after `IDLE` without a page, after `WHOLE` in any case, when she ends it, and when an administrator
disables her or resets what she signs in with. Each step that gives her more gives her a new token.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import delete
from sqlalchemy import select
from sqlalchemy import update

from gateway.console.operators import Operator
from gateway.console.operators import get
from gateway.console.tables import sign_in_table
from ledger.tables import Instant

IDLE = timedelta(minutes=30)
WHOLE = timedelta(hours=12)
HALF_WAY = timedelta(minutes=10)
"""How long somebody may take between her password and her code."""

SEEN_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=90)
SOME = 500
LISTED = 20


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in; `passed`: nothing but perhaps a password of her own is missing. `seed` tells it from all others."""

    id: int
    operator: int
    passed: bool
    opened_at: datetime
    seen_at: datetime
    address: str
    device: str
    seed: str

    def over(self, now: datetime) -> bool:
        """Whether its time is up."""
        whole = WHOLE if self.passed else HALF_WAY
        return now >= self.opened_at + whole or now >= self.seen_at + IDLE

    def stale(self, now: datetime) -> bool:
        """Whether it is time to write down that she is there."""
        return now >= self.seen_at + SEEN_EVERY


_open = sign_in_table.c.ended_at.is_(None)
_FIND = select(sign_in_table).where(sign_in_table.c.token == bindparam("token"), _open)
_LISTED = (
    select(sign_in_table)
    .where(
        sign_in_table.c.operator == bindparam("operator"),
        _open,
        sign_in_table.c.seen_at > bindparam("idle", type_=Instant),
        sign_in_table.c.opened_at > bindparam("whole", type_=Instant),
    )
    .order_by(sign_in_table.c.seen_at.desc(), sign_in_table.c.id)
    .limit(LISTED)
)
_this = sign_in_table.c.id == bindparam("b_id")
_SEEN = update(sign_in_table).where(_this).values(seen_at=bindparam("now", type_=Instant))
_PASS = update(sign_in_table).where(_this, _open).values(token=bindparam("b_token"), passed=True)
_END = update(sign_in_table).where(_open).values(ended_at=bindparam("now", type_=Instant))
_END_ONE = _END.where(_this, sign_in_table.c.operator == bindparam("b_operator"))
_END_OTHERS = _END.where(sign_in_table.c.id != bindparam("b_id"), sign_in_table.c.operator == bindparam("b_operator"))
_OLD = select(sign_in_table.c.id).where(sign_in_table.c.seen_at < bindparam("before", type_=Instant)).limit(SOME)
_FORGET = delete(sign_in_table).where(sign_in_table.c.id.in_(_OLD))


def fresh_token() -> str:
    """A token of 256 bits."""
    return secrets.token_urlsafe(32)


def _kept(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _sign_in(row: Any) -> SignIn:
    # The token's hash is no secret to who owns it, and tells one sign-in, and one step of it, from all others.
    columns = {name: getattr(row, name) for name in SignIn.__slots__ if name != "seed"}
    return SignIn(**columns, seed=sha256(f"seed:{row.token}".encode()).hexdigest()[:40])


def find(db: Connection, token: str, now: datetime) -> tuple[SignIn, Operator] | None:
    """The sign-in of a token and whose it is, if it goes on."""
    row = db.execute(_FIND, {"token": _kept(token)}).one_or_none() if token else None
    if row is None or (found := _sign_in(row)).over(now):
        return None
    who = get(db, found.operator)
    return (found, who) if who is not None and who.disabled_at is None else None


def begin(db: Connection, operator: Operator, passed: bool, address: str, device: str, now: datetime) -> str:
    """Begin a sign-in; its token, which is kept nowhere."""
    token = fresh_token()
    row = {
        "operator": operator.id,
        "token": _kept(token),
        "passed": passed,
        "opened_at": now,
        "seen_at": now,
        "address": address[:45],
        "device": device[:120],
    }
    db.execute(sign_in_table.insert(), row)
    return token


def renew(db: Connection, sign_in: SignIn) -> str:
    """Give a sign-in that was passed another token; the one before opens nothing."""
    token = fresh_token()
    db.execute(_PASS, {"b_id": sign_in.id, "b_token": _kept(token)})
    return token


def seen(db: Connection, sign_in: SignIn, now: datetime) -> None:
    """Write down that she is there."""
    db.execute(_SEEN, {"b_id": sign_in.id, "now": now})


def open_ones(db: Connection, operator: Operator, now: datetime) -> list[SignIn]:
    """Her sign-ins that go on, the last used first."""
    values = {"operator": operator.id, "idle": now - IDLE, "whole": now - WHOLE}
    return [_sign_in(row) for row in db.execute(_LISTED, values)]


def end(db: Connection, operator: Operator, sign_in: int, now: datetime) -> bool:
    """End one of her sign-ins; whether it is hers and went on."""
    return db.execute(_END_ONE, {"b_id": sign_in, "b_operator": operator.id, "now": now}).rowcount == 1


def end_others(db: Connection, operator: Operator, sign_in: SignIn, now: datetime) -> int:
    """End all her sign-ins but this one; how many."""
    return db.execute(_END_OTHERS, {"b_id": sign_in.id, "b_operator": operator.id, "now": now}).rowcount


def forget(db: Connection, now: datetime) -> None:
    """Drop some of the sign-ins that nobody used for long."""
    db.execute(_FORGET, {"before": now - KEPT})
