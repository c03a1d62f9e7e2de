"""The second factor: six digits of an authenticator app (TOTP, RFC 6238), each good once.

The secret is not kept. It is made of a random half in the operator's row and the installation's pepper, which is
outside the database: who reads the database alone makes no codes.
"""

from __future__ import annotations

import base64
import hmac
import io
import re
import secrets
from datetime import datetime

import pyotp
import segno

from ledger.pins import Peppers
from locales.numerals import to_latin

STEP = 30
"""Seconds that a code is shown."""

ISSUER = "Somiti"
_CODE = re.compile(r"[0-9]{6}")


def half(peppers: Peppers, seed: str = "") -> str:
    """What to keep of a factor that is being set up; the same for the same seed, drawn by chance without one."""
    return f"{peppers.current}:{seed or secrets.token_hex(20)}"


def secret(peppers: Peppers, kept: str) -> str:
    """The secret that an authenticator app knows, in base32: 160 bits."""
    version, _, seed = kept.partition(":")
    made = hmac.new(peppers.keys[int(version)], f"totp:{seed}".encode(), "sha256").digest()
    return base64.b32encode(made[:20]).decode()


def step_of(peppers: Peppers, kept: str, code: str, now: datetime, after: int) -> int | None:
    """The time step whose code this is, one before or after `now` allowed; None if it is none, or not after `after`."""
    typed = to_latin(re.sub(r"\s", "", code))
    if not _CODE.fullmatch(typed):
        return None
    factor, current = pyotp.TOTP(secret(peppers, kept)), int(now.timestamp()) // STEP
    for step in (current, current - 1, current + 1):
        if step > after and hmac.compare_digest(factor.at(step * STEP), typed):
            return step
    return None


def address(peppers: Peppers, kept: str, name: str) -> str:
    """The otpauth:// text that an authenticator app reads."""
    return str(pyotp.TOTP(secret(peppers, kept)).provisioning_uri(name=name, issuer_name=ISSUER))


def picture(text: str) -> str:
    """A QR code as an SVG element without style and script, black on white whatever the page's colours are."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=False, nl=False, omitsize=True, border=4, light="#fff", svgclass="qr"
    )
    return out.getvalue().decode()
