"""The rules of approvals as queries over all books (see `ground_rules`): nobody decided alone, or for herself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import Select
from sqlalchemy import String
from sqlalchemy import cast
from sqlalchemy import func
from sqlalchemy import literal
from sqlalchemy import or_
from sqlalchemy import select

from ledger.approvals import APPROVED
from ledger.approvals import DONE
from ledger.approvals import OPEN
from ledger.approvals import REJECTED
from ledger.approvals import WITHDRAWAL
from ledger.approvals import approval_table as approval
from ledger.books import hold_end_table as hold_end
from ledger.books import hold_table as hold
from ledger.chart import GROUP
from ledger.voices import voice_table as voice

_BOOK = literal(f"{GROUP}:") + cast(approval.c.group, String)
_ROW = (_BOOK.label("book"), approval.c.id.label("approval"))
_HELD_BY = (hold.c.book == _BOOK, cast(hold.c.entry, String) == approval.c.subject)


def _spoken(*what: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(voice.c.who).where(voice.c.approval == approval.c.id, *what).exists()


def _unlike_its_voices() -> Select[Any]:
    """Approved or done without the last yes, rejected without a no, and open with either."""
    agreed, refused = _spoken(voice.c.yes, voice.c.needed == 0), _spoken(~voice.c.yes)
    wrong = or_(
        approval.c.state.in_((APPROVED, DONE)) & (~agreed | refused),
        (approval.c.state == REJECTED) & ~refused,
        (approval.c.state == OPEN) & (agreed | refused),
    )
    return select(*_ROW, approval.c.state).where(wrong)


def _for_themselves() -> Select[Any]:
    """Voices of who asked, of whom it is about, of the maker of an entry."""
    barred = (approval.c.started_by, literal("member:") + cast(approval.c.about, String), approval.c.maker)
    return (
        select(*_ROW, voice.c.who)
        .join(voice, voice.c.approval == approval.c.id)
        .where(or_(*(voice.c.who == b for b in barred)))
    )


def _still_held() -> Select[Any]:
    """Withdrawals that are over and still hold something."""
    ended = select(func.coalesce(func.sum(hold_end.c.amount), 0)).where(
        hold_end.c.book == hold.c.book, hold_end.c.hold == hold.c.entry
    )
    return (
        select(*_ROW, hold.c.entry)
        .join(hold, (_HELD_BY[0]) & (_HELD_BY[1]))
        .where(approval.c.kind == WITHDRAWAL, approval.c.pending.is_(None), ended.scalar_subquery() != hold.c.amount)
    )


def _paid_unasked() -> Select[Any]:
    """Withdrawals that were paid and not as one that two leaders had approved."""
    paid = select(hold_end.c.entry).where(
        hold_end.c.book == _BOOK, cast(hold_end.c.hold, String) == approval.c.subject, hold_end.c.how == "settled"
    )
    return select(*_ROW, approval.c.state).where(
        approval.c.kind == WITHDRAWAL, (approval.c.state == DONE) != paid.exists()
    )


APPROVALS: Mapping[str, Select[Any]] = {
    "a request does not stand as its leaders said": _unlike_its_voices(),
    "somebody decided what she may not": _for_themselves(),
    "a request that is over still holds savings": _still_held(),
    "savings were paid and their request was not, or the other way round": _paid_unasked(),
}
"""What must be true of requests, with the query for what is not."""
