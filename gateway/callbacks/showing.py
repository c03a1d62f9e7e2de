"""Screens of an asynchronous wire: after the hop was committed and acknowledged, a call of ours shows its page.

It runs outside every transaction. A page that did not get through is shown again a few times; before every time the
books of the dialogue are asked whether it is still the one to show. What dies with the process is only a page: the
hop is kept, and when its request comes again, or she dials again, nothing runs twice.
"""

from __future__ import annotations

from time import sleep

import structlog

from gateway import dialogues
from gateway.providers.contract import AsynchronousUssd
from gateway.providers.contract import Hop
from gateway.providers.contract import Outcome
from gateway.providers.contract import SendError
from gateway.runtime import Runtime
from gateway.transaction import reading
from menus.dialogue import Reply

log = structlog.get_logger(__name__)

WAITS = (0.2, 1.0, 3.0)
"""Seconds before each further try: after that the network has given her up."""


def show(runtime: Runtime, wire: AsynchronousUssd, hop: Hop, reply: Reply) -> None:
    """Show the page of a hop, trying again what may not have arrived; never raises."""
    try:
        for wait in (*WAITS, None):
            page = _now(runtime, hop, reply)
            if page is None or _shown(wire, hop, page, last=wait is None) or wait is None:
                return
            sleep(wait)
    except Exception:
        log.exception("screen not shown", hop=repr(hop))


def _now(runtime: Runtime, hop: Hop, reply: Reply) -> Reply | None:
    with reading(runtime) as db:
        return dialogues.shown(hop, reply, db, runtime.settings.secret_key)


def _shown(wire: AsynchronousUssd, hop: Hop, page: Reply, *, last: bool) -> bool:
    """Whether there is nothing more to do: it was taken, or refused for good."""
    try:
        wire.show(hop, page.text, page.ends)
    except SendError as error:
        final = last or error.outcome is Outcome.PERMANENT or error.account
        tell = log.error if final else log.warning
        tell("screen not taken", hop=repr(hop), why=str(error), again=not final)
        return final
    return True
