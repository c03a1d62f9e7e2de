"""The browser: what a request says of itself, cookies, and the headers that every answer has."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from flask import Response
from flask import request

from gateway.console.words import LANGUAGES

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
        "form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: with it a browser posts from Origin null, which is refused here.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SAFE_TRANSPORT = "max-age=31536000; includeSubDomains"
COOKIE, LANGUAGE = "somiti", "somiti-language"

# In the order in which they are looked for: most browsers also claim to be the next ones.
BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "UCBrowser": "UC Browser",
            "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}  # fmt: skip
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS",
           "Linux": "Linux"}  # fmt: skip
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?")


def on_this_machine() -> bool:
    """Whether the browser speaks plain HTTP to its own machine: there `Secure` cookies would not come back."""
    return request.scheme == "http" and _LOOPBACK.fullmatch(request.host) is not None


def cookie_name(name: str) -> str:
    """`__Host-`: the cookie is this host's alone, on every path, over TLS only."""
    return name if on_this_machine() else f"__Host-{name}"


def address(proxies: int) -> str:
    """Where the request comes from: what the outermost of our own proxies says, so many of which are trusted."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    said = hops[-proxies] if 0 < proxies <= len(hops) else request.remote_addr or ""
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return request.remote_addr or ""


def device() -> str:
    """The browser and its system as its owner would call them, `Firefox, Windows`: enough to know one's own again."""
    said = request.headers.get("User-Agent", "")
    named = (next((name for mark, name in marks.items() if mark in said), "") for marks in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, named))


def language() -> str:
    """The language that the visitor chose, else the first one of her browser that we speak."""
    asked = [
        request.cookies.get(cookie_name(LANGUAGE), ""),
        *(each[:2].lower() for each in request.accept_languages.values()),
    ]
    return next((each for each in asked if each in LANGUAGES), "bn")


def from_here() -> bool:
    """Whether the browser says that the click is of our own page; an old one says nothing."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "same-origin")
    return site == "same-origin" and (origin is None or urlsplit(origin).netloc == request.host)


def set_cookie(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    """Give the browser a cookie, or with no value take it away."""
    # Not Strict: a link in a mail would arrive without the cookie, and the door's own one would take its place.
    kind = {"path": "/", "secure": not on_this_machine(), "httponly": True, "samesite": "Lax"}
    if value:
        response.set_cookie(cookie_name(name), value, max_age=max_age, **kind)  # type: ignore[arg-type]
    else:
        response.delete_cookie(cookie_name(name), **kind)  # type: ignore[arg-type]
