"""The web application: callbacks, console, and the simulator where it is allowed. Errors are told in one clear line."""

from __future__ import annotations

import time
from datetime import UTC
from datetime import datetime

import structlog
from flask import Flask
from flask import Response
from flask import g
from flask import request
from werkzeug.exceptions import HTTPException

from gateway import demo
from gateway import metrics
from gateway import operations
from gateway import simulator
from gateway.callbacks import sms
from gateway.callbacks import ussd
from gateway.console import web as console
from gateway.providers.contract import BadCallback
from gateway.runtime import Runtime
from gateway.transaction import reading

log = structlog.get_logger(__name__)

PUBLIC = frozenset({"health", "metrics"})
"""Endpoints that anybody may ask; the others check who asks (the console by its table) or are the simulator's.

Of `metrics` the figures are only for who has their token, or asks from this machine.
"""


def create_app(runtime: Runtime) -> Flask:
    """The application around an open runtime."""
    app = Flask(__name__, static_folder=None)
    app.extensions["somiti"] = runtime
    app.register_blueprint(ussd.blueprint)
    app.register_blueprint(sms.blueprint)
    app.register_blueprint(console.blueprint)
    if runtime.settings.simulator:
        app.register_blueprint(simulator.blueprint)
        app.context_processor(lambda: _demo_handsets(runtime))
    app.add_url_rule("/health", "health", lambda: _health(runtime))
    app.add_url_rule("/metrics", "metrics", lambda: _metrics(runtime))
    app.register_error_handler(BadCallback, _bad_callback)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(Exception, _our_fault)
    app.before_request(_start_watch)
    app.after_request(_log_request)
    return app


def _health(runtime: Runtime) -> Response:
    """200 when the database answers and nothing is late, else 503; plain lines, and no secrets in them."""
    now = datetime.now(UTC)
    try:
        with reading(runtime) as db:
            status, lines = metrics.health(operations.look(db, runtime, now), now)
    except Exception as error:
        log.warning("no health", error=type(error).__name__)
        status, lines = 503, metrics.NO_DATABASE
    return Response(lines, status, mimetype="text/plain")


def _metrics(runtime: Runtime) -> Response:
    """The figures of the installation, for who may read them."""
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))
    given = request.headers.get("Authorization", "")
    if not metrics.may_ask(runtime.settings, given, request.remote_addr, forwarded):
        return Response("403 Forbidden\n", 403, mimetype="text/plain")
    now = datetime.now(UTC)
    with reading(runtime) as db:
        figures = metrics.text(operations.look(db, runtime, now), now)
    return Response(figures, content_type=metrics.MIMETYPE)


def _demo_handsets(runtime: Runtime) -> dict[str, object]:
    """The phones and PINs of the demo programme for the simulator's page, where that programme is loaded."""
    if request.blueprint != simulator.blueprint.name:
        return {}
    with reading(runtime) as db:
        return {"demo_handsets": demo.HANDSETS if demo.found(db) else ()}


def _bad_callback(error: BadCallback) -> Response:
    log.warning("bad callback", route=_route(), reason=str(error))
    return Response(f"{error}\n", 400, mimetype="text/plain")


def _plain(error: HTTPException) -> Response:
    return Response(f"{error.code} {error.name}\n", error.code, mimetype="text/plain")


def _our_fault(error: Exception) -> Response:
    log.exception("request failed", route=_route())
    return Response("500 Our fault; nothing was changed.\n", 500, mimetype="text/plain")


def _route() -> str:
    """The route's pattern, never the path: the path of a callback holds the secret."""
    return request.url_rule.rule if request.url_rule else "(no route)"


def _start_watch() -> None:
    g.started = time.perf_counter()


def _log_request(response: Response) -> Response:
    milliseconds = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
    log.info("request", method=request.method, route=_route(), status=response.status_code, ms=milliseconds)
    return response
