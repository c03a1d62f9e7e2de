"""The simulator page: two keypad phones in a browser that speak to the gateway as a provider would.

It plays the operator's part: an answer becomes the very form that Africa's Talking would post, relayed inside
the process to the same callback route. It lets whoever opens it dial as any number and read any number's SMS,
so `app.py` registers it for demonstration and training only. A caller's answers hold her PIN: nothing here
logs, stores or prints them.

`app.py` may offer the template `demo_handsets`, a list of {number, who, pin, language}, through a context
processor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Final
from typing import cast
from urllib.parse import quote

from flask import Blueprint
from flask import Response
from flask import current_app
from flask import jsonify
from flask import render_template
from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.test import Client
from werkzeug.test import TestResponse

from gateway import outbox
from gateway.transaction import reading
from locales import alphabet

if TYPE_CHECKING:
    from gateway.runtime import Runtime

BODY_LIMIT: Final = 8 * 1024
MESSAGES: Final = 20
NETWORK: Final = "99999"  # Africa's Talking's own code for its simulator
SHAPES: Final = {
    "phone": re.compile(r"\+[1-9][0-9]{7,14}"),
    "session": re.compile(r"[0-9A-Za-z_-]{1,64}"),
    "code": re.compile(r"\*[0-9*]{1,30}#"),
    "text": re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{0,2000}"),
}
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; font-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

blueprint = Blueprint(
    "simulator",
    __name__,
    static_folder="static",
    static_url_path="/simulator/static",
    template_folder="templates",
)
WORDS: Final = json.loads((Path(__file__).parent / "static" / "words.json").read_text(encoding="utf-8"))


class Refused(Exception):
    """A request of the page that cannot be relayed; `code` is the key of a sentence in `words.json`."""

    def __init__(self, code: str, status: int = 400, gateway: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.gateway = gateway


@blueprint.errorhandler(Refused)
def refused(error: Refused) -> ResponseReturnValue:
    """Say why as JSON, and with which status the gateway itself answered, if it did."""
    return jsonify(error=error.code, status=error.gateway or error.status), error.status


@blueprint.after_request
def harden(response: Response) -> Response:
    """Let the page load from this server only, never in a frame, and keep no answer in any cache."""
    response.headers.update(HEADERS)
    if request.endpoint != "simulator.static":
        response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/")
def page() -> str:
    """The page with the two phones."""
    return render_template("simulator/page.html", code=runtime().settings.ussd_code, words=WORDS["en"])


@blueprint.post("/simulator/hop")
def hop() -> ResponseReturnValue:
    """Relay one step of a call and answer what the handset shows: {text, ends, octets, encoding, secret}."""
    form = fields("phone", "session", "text", "code")
    if form["code"] != runtime().settings.ussd_code:
        raise Refused("code", 404)
    answer = relay("", called(form) | {"text": form["text"]})
    kind, _, text = answer.get_data(as_text=True).partition(" ")
    if kind not in {"CON", "END"}:
        raise Refused("malformed", 502, answer.status_code)
    return jsonify(
        text=text,
        ends=kind == "END",
        octets=alphabet.octets(text),
        encoding="gsm7" if alphabet.is_gsm(text) else "ucs2",
        secret=kind == "CON" and asks_pin(answer.headers.get("at-ussd-hop-metadata", "")),
    )


@blueprint.post("/simulator/end")
def end() -> ResponseReturnValue:
    """Tell the gateway that the caller hung up; the event's `input` stays empty: it would hold her PIN."""
    form = fields("phone", "session", "code")
    relay("/events", called(form) | ended())
    return jsonify(ended=True)


@blueprint.get("/simulator/messages")
def messages() -> ResponseReturnValue:
    """The last SMS of one number, newest first: [{at, text, parts, units, encoding, state}]."""
    number = request.args.get("phone", "").replace(" ", "+", 1)  # a bare + in a query arrives as a space
    if not SHAPES["phone"].fullmatch(number):
        raise Refused("phone")
    with reading(runtime()) as db:
        rows = outbox.recent(db, number, limit=MESSAGES)
    return jsonify([message(row) for row in rows])


def message(row: outbox.Message) -> dict[str, object]:
    """One SMS as the tray shows it."""
    return {
        "at": row.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "text": row.text,
        "parts": row.parts,
        "units": row.units,
        "encoding": row.encoding,
        "state": row.state,
    }


def asks_pin(screen: str) -> bool:
    """Whether the screen of this name asks for a PIN, so that the handset must hide what is typed."""
    return screen in {"pin", "code.pin"} or screen.startswith(("pin.", "settings.pin"))


def fields(*names: str) -> dict[str, str]:
    """The body: exactly these fields, each of its shape, in JSON, which a foreign page's form cannot post."""
    size = request.content_length
    if request.mimetype != "application/json" or size is None or size > BODY_LIMIT:
        raise Refused("body")
    try:
        body = request.get_json(silent=True, cache=False)
    except RecursionError:
        raise Refused("body") from None
    if not isinstance(body, dict) or body.keys() != set(names):
        raise Refused("body")
    for name, value in body.items():
        if not isinstance(value, str) or not SHAPES[name].fullmatch(value):
            raise Refused(name)
    return body


def called(form: Mapping[str, str]) -> dict[str, str]:
    """The part of the provider's form that every step of one call repeats."""
    return {
        "sessionId": form["session"],
        "phoneNumber": form["phone"],
        "networkCode": NETWORK,
        "serviceCode": form["code"],
    }


def ended() -> dict[str, str]:
    """The rest of the provider's end event for a call that its caller dropped."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "status": "Incomplete",
        "cost": "0",
        "durationInMillis": "0",
        "hopsCount": "0",
        "hopsMetadata": "",
        "input": "",
        "lastAppResponse": "",
        "errorMessage": "",
    }


def relay(path: str, form: Mapping[str, str]) -> TestResponse:
    """Post a form to the provider's callback inside this process, or raise `Refused` when it is not taken."""
    secret = quote(runtime().settings.callback_secret, safe="")
    client = Client(current_app.wsgi_app, use_cookies=False)
    answer = client.post(
        f"/ussd/africastalking/{secret}{path}",
        base_url=request.host_url,
        data=form,
        buffered=True,
        environ_overrides={"REMOTE_ADDR": request.remote_addr or "127.0.0.1"},
    )
    if answer.status_code >= 400:
        # What the gateway calls the caller's mistake is so here; only its own troubles are a bad gateway.
        raise Refused("gateway", 400 if answer.status_code < 500 else 502, answer.status_code)
    return answer


def runtime() -> Runtime:
    """The runtime that the app was made with."""
    return cast("Runtime", current_app.extensions["somiti"])
