"""The WSGI application, for any server: `gunicorn wsgi:app`. Settings come from the environment."""

from __future__ import annotations

from gateway.server import application
from gateway.settings import load

app = application(load())
