"""Receipts of the stub: genuine, twice, late, out of order, before the answer, and forged ones."""

from __future__ import annotations

import heapq
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from itertools import count
from threading import Condition
from threading import Thread
from time import monotonic

from gateway.stub.ledger import Ledger
from gateway.stub.ledger import Report
from gateway.stub.trouble import Kind
from gateway.stub.trouble import Trouble

SOON = 0.05
"""Seconds from the answer to the first receipt, and between two."""

FORGED_ID = "forged-0000"
OTHER = "+8801999999999"
"""The number in a forged receipt for an id that was given."""

AGAIN = 1.0
TRIES = 5

PLANS: dict[Kind, tuple[str, ...]] = {
    Kind.ONCE: ("sent", "delivered"),
    Kind.NEVER: (),
    Kind.FAILED: ("sent", "failed"),
    Kind.TWICE: ("sent", "sent", "delivered", "delivered"),
    Kind.LATE: ("sent", "delivered"),
    Kind.EARLY: ("sent", "delivered"),
    Kind.REORDERED: ("delivered", "sent"),
    Kind.FORGED: ("sent", "delivered"),
}
"""What is reported of a message, in order."""

Post = Callable[[str, str | None, str | None], str]
"""Posts one receipt: the state, another id, another number; the status of the answer to it."""


@dataclass(frozen=True)
class _Due:
    """One receipt that is to be posted: the state, and what is forged in it."""

    provider: str
    message_id: str
    kind: Kind
    post: Post
    state: str
    forged_id: str | None = None
    forged_number: str | None = None
    tried: int = 0


class Reporter:
    """One thread that posts receipts when they are due, trying again what was not answered with 2xx."""

    def __init__(self, ledger: Ledger, trouble: Trouble) -> None:
        """Nothing waits yet."""
        self._ledger, self._trouble = ledger, trouble
        self._waiting: list[tuple[float, int, _Due]] = []
        self._turn = count()
        self._changed = Condition()
        self._open = True
        self._thread = Thread(target=self._work, name="stub-reports", daemon=True)
        self._thread.start()

    def report(self, provider: str, message_id: str, kind: Kind, post: Post) -> None:
        """Report a message that was taken; EARLY receipts are posted before this returns."""
        told = [_Due(provider, message_id, kind, post, state) for state in PLANS[kind]]
        if kind is Kind.FORGED:
            lies = _Due(provider, message_id, kind, post, "delivered")
            told = [replace(lies, forged_id=FORGED_ID), replace(lies, forged_number=OTHER), *told]
        if kind is Kind.EARLY:
            for each in told:
                self._post(each)
            return
        wait = self._trouble.late if kind is Kind.LATE else SOON
        for place, each in enumerate(told):
            self._later(each, wait + place * SOON)

    def close(self) -> None:
        """Stop; what still waits is not posted."""
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join()

    def _later(self, due: _Due, wait: float) -> None:
        with self._changed:
            heapq.heappush(self._waiting, (monotonic() + wait, next(self._turn), due))
            self._changed.notify()

    def _post(self, due: _Due) -> None:
        answer = due.post(due.state, due.forged_id, due.forged_number)
        told = Report(due.provider, due.forged_id or due.message_id, due.state, due.kind, answer)
        self._ledger.reported(told)
        if not answer.startswith("2") and due.tried < TRIES - 1:
            self._later(replace(due, tried=due.tried + 1), AGAIN)

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._open and (not self._waiting or self._waiting[0][0] > monotonic()):
                    self._changed.wait(max(0, self._waiting[0][0] - monotonic()) if self._waiting else None)
                if not self._open:
                    return
                due = heapq.heappop(self._waiting)[2]
            self._post(due)


def over_http(url: str, content_type: str, body: bytes) -> str:
    """Post one callback; the status of the answer, or the name of what went wrong."""
    request = urllib.request.Request(url, body, {"Content-Type": content_type})  # noqa: S310 (the operator's URL)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return str(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return str(refused.code)
    except OSError as error:
        return type(error).__name__
