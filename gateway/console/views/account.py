"""My account: what I am, where I am signed in, and ending that."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from gateway.console import signins
from gateway.console.shape import Done
from gateway.console.shape import Mistaken
from gateway.console.shape import Shown
from gateway.console.shape import Visit
from gateway.console.views.operators import scope_shown
from locales import phrase

CHOOSE = phrase("Choose what is to end.")


def account(db: Connection, visit: Visit) -> Shown:
    """Her name, role and scope, her second factor, her sign-ins."""
    rows = signins.open_ones(db, visit.operator, visit.now)
    return Shown("account.html", {"rows": rows, "this": visit.signed_in.id, "scope": scope_shown(db, visit.operator)})


def end(db: Connection, visit: Visit) -> Done:
    """End one of her sign-ins, or all but this one."""
    which = visit.typed.get("which", "")
    if which == "others":
        signins.end_others(db, visit.operator, visit.signed_in, visit.now)
    elif not _ended(db, visit, which):
        raise Mistaken(CHOOSE, "which")
    return Done("account", act="sign-in.ended", about=which, said="ended")


def _ended(db: Connection, visit: Visit, which: str) -> bool:
    """End another sign-in of hers by its number."""
    if not re.fullmatch("[0-9]{1,18}", which) or int(which) == visit.signed_in.id:
        return False
    return signins.end(db, visit.operator, int(which), visit.now)
