"""USSD callbacks: one hop in, one page out; and the event that ends a call."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime
from time import monotonic

import structlog
from flask import Blueprint
from flask import Response
from flask import abort
from sqlalchemy import Connection

from gateway import dialogues
from gateway.backend import HOP
from gateway.backend import contended
from gateway.backend import lost
from gateway.callbacks import posted
from gateway.callbacks import showing
from gateway.chance import draw_code
from gateway.chance import draw_operation
from gateway.providers.contract import AsynchronousUssd
from gateway.providers.contract import BadCallback
from gateway.providers.contract import Hop
from gateway.providers.contract import UssdProvider
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from menus import engine
from menus.dialogue import Call
from menus.dialogue import Reply

log = structlog.get_logger(__name__)

TRIES = 3
"""How often a hop that only met others at work is tried, within the patience of one hop."""

LEAST = 0.1
"""Seconds that even the last try may wait."""

blueprint = Blueprint("ussd", __name__, url_prefix="/ussd/<provider>/<secret>")


def call_for(db: Connection, runtime: Runtime, wire: UssdProvider, number: str) -> Call:
    """What a hop is given from the outside world: the time, the room, PIN keys, sources of codes and ids."""
    now = datetime.now(UTC)
    return Call(db, number, now, wire.room, runtime.peppers, draw_code, draw_operation, latin=wire.latin)


def _wire(provider: str, secret: str) -> UssdProvider:
    """The wire of a genuine callback; 404 for everybody else."""
    posted.genuine(secret)
    return posted.runtime().ussd.get(provider) or abort(404)


@blueprint.post("")
def hop(provider: str, secret: str) -> Response:
    """Answer one hop: 200 with a page, or an acknowledgement, whatever happens to us; 400 for what no provider sends.

    On an asynchronous wire the page is shown after the acknowledgement went out.
    """
    wire, runtime = _wire(provider, secret), posted.runtime()
    asked = wire.read_hop(posted.form())
    if asked.code != runtime.settings.ussd_code:
        raise BadCallback("serviceCode is not ours")
    reply = _answered(runtime, wire, asked)
    status, headers, body = wire.write_reply(reply.text, reply.ends, reply.screen)
    response = Response(body, status, headers)
    if isinstance(wire, AsynchronousUssd):
        response.call_on_close(lambda: runtime.errands.submit(showing.show, runtime, wire, asked, reply))
    return response


def _answered(runtime: Runtime, wire: UssdProvider, asked: Hop) -> Reply:
    """The reply to a hop; our own faults become an apology, and nothing of the hop is kept.

    A hop that met others at work, or lost its connection, is tried again: it is answered once all the same.
    """
    deadline = monotonic() + HOP
    unknown = False
    for left in reversed(range(TRIES)):
        try:
            with transaction(runtime, patience=max(deadline - monotonic(), LEAST)) as db:
                call = call_for(db, runtime, wire, asked.phone)
                return dialogues.answer(asked, call, runtime.settings.secret_key)
        except dialogues.Mismatch:
            raise BadCallback("sessionId belongs to another caller") from None
        except Exception as error:
            unknown = unknown or lost(error)
            if not left or not (contended(error) or lost(error)):
                log.exception("hop failed", hop=repr(asked))
                break
    return _sorry(runtime, wire, asked, unknown)


def _sorry(runtime: Runtime, wire: UssdProvider, asked: Hop, unknown: bool) -> Reply:
    try:
        with reading(runtime) as db:
            return engine.sorry(call_for(db, runtime, wire, asked.phone), unknown)
    except Exception:
        log.exception("no words for an apology", hop=repr(asked))
        return engine.sorry(None, unknown, latin=wire.latin)


@blueprint.post("/events")
def events(provider: str, secret: str) -> Response:
    """Note the end of a call; 200 also for one that is not ours, so that it is not sent again."""
    ended = _wire(provider, secret).read_end(posted.form())
    with transaction(posted.runtime()) as db:
        known = dialogues.end(db, ended, datetime.now(UTC))
    if not known:
        log.info("end of an unknown call", ended=repr(ended))
    return Response(status=200)
