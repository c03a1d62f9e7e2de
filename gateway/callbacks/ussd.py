"""USSD callbacks: one hop in, one page out; and the event that ends a call.

The wire is not signed, so the last part of the path is a secret; a wrong one looks like any page that is not there.
"""

from __future__ import annotations

import hmac
from datetime import UTC
from datetime import datetime
from time import monotonic
from typing import cast

import structlog
from flask import Blueprint
from flask import Response
from flask import abort
from flask import current_app
from flask import request
from sqlalchemy import Connection
from werkzeug.exceptions import RequestEntityTooLarge

from gateway import dialogues
from gateway.backend import HOP
from gateway.backend import contended
from gateway.backend import lost
from gateway.chance import draw_code
from gateway.chance import draw_operation
from gateway.providers import USSD
from gateway.providers.contract import BadCallback
from gateway.providers.contract import Form
from gateway.providers.contract import Hop
from gateway.providers.contract import UssdProvider
from gateway.runtime import Runtime
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger.pins import Peppers
from menus import engine
from menus.dialogue import Call
from menus.dialogue import Reply
from menus.layout import ROOM

log = structlog.get_logger(__name__)

LARGEST = 8 * 1024
"""Octets of a callback's body; more is refused unread."""

TRIES = 3
"""How often a hop that only met others at work is tried, within the patience of one hop."""

LEAST = 0.1
"""Seconds that even the last try may wait."""

blueprint = Blueprint("ussd", __name__, url_prefix="/ussd/<provider>/<secret>")


def call_for(db: Connection, number: str, peppers: Peppers) -> Call:
    """What a hop is given from the outside world: the time, the room, PIN keys, sources of codes and ids."""
    return Call(db, number, datetime.now(UTC), ROOM, peppers, draw_code, draw_operation)


def _runtime() -> Runtime:
    return cast(Runtime, current_app.extensions["somiti"])


def _wire(provider: str, secret: str) -> UssdProvider:
    """The wire of a genuine callback; 404 for everybody else."""
    genuine = hmac.compare_digest(secret.encode(), _runtime().settings.callback_secret.encode())
    if not genuine or provider not in USSD:
        abort(404)
    return USSD[provider]


def _form() -> Form:
    """The posted form, whole: a body that broke off is no hop, for its last answer may be half a PIN."""
    request.max_content_length = LARGEST
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        raise
    except Exception:
        raise BadCallback("the body cannot be read") from None
    if len(body) < (request.content_length or 0):
        raise BadCallback("the body broke off")
    return request.form.to_dict(flat=False)


@blueprint.post("")
def hop(provider: str, secret: str) -> Response:
    """Answer one hop: 200 with a page whatever happens to us; 400 for what no provider sends."""
    wire = _wire(provider, secret)
    asked = wire.read_hop(_form())
    if asked.code != _runtime().settings.ussd_code:
        raise BadCallback("serviceCode is not ours")
    reply = _answered(_runtime(), asked)
    status, headers, body = wire.write_reply(reply.text, reply.ends, reply.screen)
    return Response(body, status, headers)


def _answered(runtime: Runtime, asked: Hop) -> Reply:
    """The reply to a hop; our own faults become an apology, and nothing of the hop is kept.

    A hop that met others at work, or lost its connection, is tried again: it is answered once all the same.
    """
    deadline = monotonic() + HOP
    unknown = False
    for left in reversed(range(TRIES)):
        try:
            with transaction(runtime, patience=max(deadline - monotonic(), LEAST)) as db:
                return dialogues.answer(asked, call_for(db, asked.phone, runtime.peppers), runtime.settings.secret_key)
        except dialogues.Mismatch:
            raise BadCallback("sessionId belongs to another caller") from None
        except Exception as error:
            unknown = unknown or lost(error)
            if not left or not (contended(error) or lost(error)):
                log.exception("hop failed", hop=repr(asked))
                break
    return _sorry(runtime, asked, unknown)


def _sorry(runtime: Runtime, asked: Hop, unknown: bool) -> Reply:
    try:
        with reading(runtime) as db:
            return engine.sorry(call_for(db, asked.phone, runtime.peppers), unknown)
    except Exception:
        log.exception("no words for an apology", hop=repr(asked))
        return engine.sorry(None, unknown)


@blueprint.post("/events")
def events(provider: str, secret: str) -> Response:
    """Note the end of a call; 200 also for one that is not ours, so that it is not sent again."""
    ended = _wire(provider, secret).read_end(_form())
    with transaction(_runtime()) as db:
        known = dialogues.end(db, ended, datetime.now(UTC))
    if not known:
        log.info("end of an unknown call", ended=repr(ended))
    return Response(status=200)
