"""SMS callbacks: receipts, SMS from phones, opt-outs, missed calls; taken once, whatever is sent again."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime

from flask import Blueprint
from flask import Response
from flask import abort

from gateway.callbacks import posted
from gateway.providers import CALLBACKS
from gateway.providers.contract import Answer
from gateway.providers.contract import SmsCallbacks
from gateway.sms import incoming
from gateway.sms.incoming import News

blueprint = Blueprint("sms", __name__, url_prefix="/sms/<provider>/<secret>")


def _reader(provider: str, secret: str) -> SmsCallbacks:
    """The reader of a genuine callback; 404 for everybody else."""
    posted.genuine(secret)
    if provider not in CALLBACKS:
        abort(404)
    return CALLBACKS[provider](posted.runtime().settings)


def _taken(news: News, answer: Answer) -> Response:
    incoming.take(posted.runtime(), news, datetime.now(UTC))
    status, headers, body = answer
    return Response(body, status, headers)


@blueprint.post("/receipt")
def receipt(provider: str, secret: str) -> Response:
    """Take what became of a message; also one that is not ours, so that it is not sent again."""
    reader = _reader(provider, secret)
    return _taken(reader.read_receipt(posted.form()), reader.write_taken())


@blueprint.post("/inbound")
def inbound(provider: str, secret: str) -> Response:
    """Take an SMS from a phone."""
    reader = _reader(provider, secret)
    return _taken(reader.read_inbound(posted.form()), reader.write_taken())


@blueprint.post("/optout")
def optout(provider: str, secret: str) -> Response:
    """Take that a number wants no more SMS."""
    reader = _reader(provider, secret)
    return _taken(reader.read_optout(posted.form()), reader.write_taken())


@blueprint.post("/missed-call")
def missed_call(provider: str, secret: str) -> Response:
    """Reject a call, which costs the caller nothing, and answer it by an SMS."""
    reader = _reader(provider, secret)
    return _taken(reader.read_missed_call(posted.form()), reader.write_rejected())
