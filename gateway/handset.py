"""A handset in the terminal: dials through the same callback route as the provider, inside this process."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from collections.abc import Iterator

from gateway.app import create_app
from gateway.runtime import Runtime
from locales.alphabet import octets
from menus.layout import ROOM


class Refused(Exception):
    """The callback did not take the request; the text says why."""


def dial(runtime: Runtime, code: str, phone: str, typed: Iterator[str], show: Callable[[str], None]) -> bool:
    """Make one call: show each screen with its octets, type the answers; whether the call came to its END."""
    client = create_app(runtime).test_client()
    path = f"/ussd/africastalking/{runtime.settings.callback_secret}"
    form = {
        "sessionId": secrets.token_hex(12),
        "phoneNumber": phone,
        "networkCode": "",
        "serviceCode": code,
        "text": "",
    }
    answered: list[str] = []
    while True:
        reply = client.post(path, data=form | {"text": "*".join(answered)})
        if reply.status_code != 200:
            raise Refused(f"{reply.status_code}: {reply.text.strip()}")
        ends, text = reply.text.startswith("END "), reply.text[4:]
        show(f"{text}\n-- {octets(text)}/{ROOM} octets{', END' if ends else ''}\n")
        answer = None if ends else next(typed, None)
        if answer is None:
            return ends
        answered.append(answer)
