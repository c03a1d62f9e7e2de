"""The processes of the fault test: the product's own commands, forked, with its waits made short.

Run as a script it reads `{"command": [...], "environ": {...}, "log": FILE}` a line, forks a process that is this
command of `somiti` in a process group of its own, and prints its id; so the modules are loaded once. All of them end
with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import time
from datetime import timedelta

from gateway import backend
from gateway import cli
from gateway import jobs
from gateway import standing
from gateway import telling
from gateway.outbox import sending
from gateway.providers import PROVIDERS
from gateway.providers.contract import SmsProvider
from gateway.settings import Settings
from gateway.sms import choice
from gateway.sms import delivery
from gateway.sms import later
from gateway.sms import receipts

SECOND = timedelta(seconds=1)
TIMEOUT = (0.5, 0.6)
"""Seconds to connect and to read, of 3 and 9."""

LEASE = 2 * SECOND
"""Of 60: still longer than an attempt can take."""

REPORT_WAIT = 5 * SECOND
"""Of 30 minutes: still longer than a lease and a late receipt together."""


def hurry() -> None:
    """Make every wait short, in the same order as they are, and every hour daytime."""
    sending.LEASE = LEASE
    later.REPORT_WAIT = receipts.REPORT_WAIT = REPORT_WAIT
    delivery.BACKOFF = tuple(SECOND * part for part in (0.2, 0.4, 0.8, 1.0))
    delivery.SETTLE_WAITS = (0.2, 0.3, 0.4)
    choice.LOOK_AGAIN = SECOND * 0.5
    standing.STOP = SECOND
    backend.SWEEP, backend.REDIS_SWEEP, backend.SILENCE = 0.2, 0.5, 0.5
    jobs.TIMETABLE, jobs.LOOK = {"later": 1}, 0.2
    telling.QUIET_UNTIL, telling.QUIET_FROM = time.min, time.max
    for name, build in list(PROVIDERS.items()):
        PROVIDERS[name] = _impatient(build)  # type: ignore[index]


def _impatient(build: Callable[[Settings], SmsProvider]) -> Callable[[Settings], SmsProvider]:
    def built(settings: Settings) -> SmsProvider:
        provider = build(settings)
        if hasattr(provider, "_timeout"):
            provider._timeout = TIMEOUT
        return provider

    return built


def _become(command: Sequence[str], environ: Mapping[str, str], log: str) -> None:
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    quiet, kept = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for ours, theirs in ((quiet, 0), (kept, 1), (kept, 2)):
        os.dup2(ours, theirs)
    os.environ.clear()
    os.environ.update(environ)
    cli.main(args=list(command), prog_name="somiti")


def main() -> None:
    hurry()
    # Nobody waits for them: they are looked for by their ids.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            try:
                _become(**order)
            finally:
                os._exit(1)
        os.write(1, f"{child}\n".encode())


if __name__ == "__main__":
    main()
