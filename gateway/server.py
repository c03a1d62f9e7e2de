"""The web server: gunicorn with threads; in embedded mode its one process is worker and clock as well."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from threading import Thread
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gateway import jobs
from gateway import log
from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.settings import Settings

THREADS = 8
"""Hops in work at once in one process."""


class _Log(Logger):  # type: ignore[misc]
    """Gunicorn's log through ours, with its masks; a request that it cannot read is not repeated: it may hold a PIN."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().warning("invalid request" if msg.startswith("Invalid request") else msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().exception("error handling a request", **kwargs)


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn configured by values instead of a file."""

    def __init__(self, options: dict[str, Any], load: Callable[[], Flask]) -> None:
        self._options = options
        self._load = load
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._load()


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the product until stopped."""
    run(lambda: application(settings), host, port, processes(settings))


def processes(settings: Settings) -> int:
    """How many processes serve: one with SQLite, whose one writer is in it, two with PostgreSQL."""
    return 1 if settings.embedded else 2


def run(load: Callable[[], Flask], host: str, port: int, workers: int) -> None:
    """Serve an application that each process loads for itself."""
    options = {
        "bind": f"{host}:{port}",
        "worker_class": "gthread",
        "workers": workers,
        "threads": THREADS,
        "keepalive": 30,
        "control_socket_disable": True,
        "loglevel": "warning",
        "logger_class": _Log,
    }
    _Server(options, load).run()


def application(settings: Settings) -> Flask:
    """The application of one process, on a runtime of its own; with worker and clock threads in embedded mode."""
    log.configure(settings.hidden)
    runtime = open_runtime(settings)
    if settings.embedded:
        _in_background(jobs.work, runtime)
        _in_background(jobs.clock, runtime)
    return create_app(runtime)


def _in_background(work: Callable[[Runtime, Event], None], runtime: Runtime) -> None:
    # Daemons: the outbox is the truth, so a message that is being sent when the process ends is found again.
    Thread(target=work, args=(runtime, Event()), name=work.__name__, daemon=True).start()
