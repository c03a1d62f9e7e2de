"""The trail of what everybody of the office did."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.console import trail
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.listing import moment_before
from gateway.console.views.listing import moment_key
from gateway.console.views.listing import paged
from gateway.console.waits import PAGE


def every(db: Connection, visit: Visit) -> Shown:
    """The trail of her programme, the newest first."""
    before = moment_before(visit.query, "[0-9a-f-]{36}")
    rows = trail.page(db, visit.operator.programme, before, PAGE + 1)
    return Shown("trail.html", paged(rows, lambda row: moment_key(row.at, row.id)) | {"acts": trail.ACTS})
