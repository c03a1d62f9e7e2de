"""The stub's own ledger: what it was asked, what it took, what it reported; a SQLite file that outlives it.

Every line is on disk before the answer goes out, so that after any crash on our side this file tells what a provider
would know. It may be read by another process while the stub runs.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    n INTEGER PRIMARY KEY, at TEXT NOT NULL, provider TEXT NOT NULL, number TEXT NOT NULL, text TEXT NOT NULL,
    sender TEXT NOT NULL, key TEXT NOT NULL, day TEXT NOT NULL, act TEXT NOT NULL, id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS request_key ON request (provider, key, day) WHERE key <> '' AND id <> '';
CREATE TABLE IF NOT EXISTS screen (
    n INTEGER PRIMARY KEY, at TEXT NOT NULL, call TEXT NOT NULL, address TEXT NOT NULL, operation TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS report (
    n INTEGER PRIMARY KEY, at TEXT NOT NULL, provider TEXT NOT NULL, id TEXT NOT NULL, word TEXT NOT NULL,
    kind TEXT NOT NULL, answer TEXT NOT NULL
);
"""
_REQUEST = (
    "INSERT INTO request (at, provider, number, text, sender, key, day, act, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SCREEN = "INSERT INTO screen (at, call, address, operation, text) VALUES (?, ?, ?, ?, ?)"
_REPORT = "INSERT INTO report (at, provider, id, word, kind, answer) VALUES (?, ?, ?, ?, ?, ?)"
_TAKEN = "SELECT provider, number, text, sender, key, act, id FROM request WHERE id <> '' ORDER BY n"
_ASKED = "SELECT provider, number, text, sender, key, act, id FROM request ORDER BY n"
_SAME = "SELECT id FROM request WHERE provider = ? AND key = ? AND day = ? AND key <> '' AND id <> ''"
_SCREENS = "SELECT call, address, operation, text FROM screen ORDER BY n"
_REPORTS = "SELECT provider, id, word, kind, answer FROM report ORDER BY n"


@dataclass(frozen=True)
class Message:
    """One request to send a message; `id` is the provider's for it, "" when it was not taken."""

    provider: str
    number: str
    text: str
    sender: str
    key: str
    act: str
    id: str


@dataclass(frozen=True)
class Screen:
    """One page that was shown on a handset; `operation` is mt-cont or mt-fin."""

    call: str
    address: str
    operation: str
    text: str


@dataclass(frozen=True)
class Report:
    """One receipt that was posted, why (`kind`), and the status of the answer to it."""

    provider: str
    id: str
    word: str
    kind: str
    answer: str


class Ledger:
    """The file; any number of threads may write to it."""

    def __init__(self, file: Path) -> None:
        """Open it, made when it is not there."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10)
        # What one process has written survives its death; a power cut is no case here.
        for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"):
            self._db.execute(line).close()
        self._db.executescript(_SCHEMA).close()

    def asked(self, message: Message, day: str = "") -> None:
        """Note a request; `day` is the provider's day on which its key is unique."""
        self._write(_REQUEST, message.provider, message.number, message.text, message.sender, message.key, day,
                    message.act, message.id)  # fmt: skip

    def taken_before(self, provider: str, key: str, day: str) -> str | None:
        """The id of a message that was taken with this key on this day."""
        rows = self._read(_SAME, provider, key, day)
        return rows[0][0] if rows else None

    def shown(self, screen: Screen) -> None:
        """Note a page."""
        self._write(_SCREEN, screen.call, screen.address, screen.operation, screen.text)

    def reported(self, report: Report) -> None:
        """Note a receipt that was posted."""
        self._write(_REPORT, report.provider, report.id, report.word, report.kind, report.answer)

    def taken(self) -> list[Message]:
        """Every message that was taken, in order: the same one twice is two."""
        return [Message(*row) for row in self._read(_TAKEN)]

    def requests(self) -> list[Message]:
        """Every request that could be read, in order."""
        return [Message(*row) for row in self._read(_ASKED)]

    def screens(self) -> list[Screen]:
        """Every page, in order."""
        return [Screen(*row) for row in self._read(_SCREENS)]

    def reports(self) -> list[Report]:
        """Every receipt, in order."""
        return [Report(*row) for row in self._read(_REPORTS)]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _write(self, statement: str, *values: str) -> None:
        with self._lock:
            self._db.execute(statement, (datetime.now(UTC).isoformat(), *values)).close()

    def _read(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock, closing(self._db.execute(statement, values)) as found:
            return found.fetchall()
