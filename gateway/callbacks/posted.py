"""What every callback begins with: whether it is genuine, and what was posted.

The wires are not signed, so the last part of the path is a secret; a wrong one looks like any page that is not there.
"""

from __future__ import annotations

import hmac
import json
from typing import Any
from typing import cast

from flask import abort
from flask import current_app
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from gateway.providers.contract import BadCallback
from gateway.providers.contract import Form
from gateway.runtime import Runtime

LARGEST = 8 * 1024
"""Octets of a callback's body; more is refused unread."""


def runtime() -> Runtime:
    """The runtime that the app was made with."""
    return cast(Runtime, current_app.extensions["somiti"])


def genuine(secret: str) -> None:
    """404 for whoever does not know the secret of the path."""
    if not hmac.compare_digest(secret.encode(), runtime().settings.callback_secret.encode()):
        abort(404)


def form() -> Form:
    """The posted fields, whole: a body that broke off is no callback, for its last answer may be half a PIN.

    A JSON object of texts and whole numbers counts as a form.
    """
    request.max_content_length = LARGEST
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        raise
    except Exception:
        raise BadCallback("the body cannot be read") from None
    if len(body) < (request.content_length or 0):
        raise BadCallback("the body broke off")
    return _fields(body) if request.is_json else request.form.to_dict(flat=False)


def _fields(body: bytes) -> Form:
    try:
        pairs = json.loads(body, object_pairs_hook=lambda pairs: pairs)
    except (ValueError, RecursionError):
        raise BadCallback("the body is no JSON") from None
    # An object is a list of pairs here, so that a field that comes twice is seen.
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple) for pair in pairs):
        raise BadCallback("the body is no object")
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(_text(name, value))
    return fields


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadCallback(f"{name[:40]} is no text")
    return str(value)
