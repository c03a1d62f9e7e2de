"""Logs: one line an event on stderr, for people on a terminal, else JSON; without phone numbers and secrets.

Ours (structlog) and every library's (logging) go through the same processors, and the masks work on the
finished line, so that a traceback or a library's own message is masked as well.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import TextIO
from urllib.parse import quote

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict
from structlog.typing import Processor

HIDDEN = "***"

# +8801711000001, %2B8801711000001 (in a URL), 8801711000001, 01711000001: 10 digits or more, or 8 after a plus.
# A figure after a point is no number, nor are digits inside a word: uuids, hashes.
_NUMBER = re.compile(r"(?<![0-9A-Za-z.])(?:(\+|%2B)[0-9]{5,12}|[0-9]{7,12})([0-9]{3})(?![0-9A-Za-z])")


def masked(text: str, hidden: Iterable[str] = ()) -> str:
    """The text with phone numbers cut to their last three digits (+…001) and each of `hidden` as ***."""
    for secret in hidden:
        text = text.replace(secret, HIDDEN)
    return _NUMBER.sub(lambda found: f"{'+' if found[1] else ''}…{found[2]}", text)


def configure(hidden: Iterable[str] = (), stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Set up logging for the process, replacing what was there; `hidden` are texts that must never show."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[ProcessorFormatter.remove_processors_meta, *_rendering(stream), _masking(hidden)],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # Its lines about each start's migrations say nothing when there is nothing to migrate.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # A logger made at import must follow a later call, made when the settings have told the secrets.
        cache_logger_on_first_use=False,
    )


def _rendering(stream: TextIO) -> list[Processor]:
    if stream.isatty():
        # Prettier tracebacks print local variables, and one of them may be a PIN.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("event"),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=repr),
    ]


def _masking(hidden: Iterable[str]) -> Callable[[Any, str, EventDict], str]:
    # Longest first, so that a secret that contains another one is not left in pieces.
    texts = sorted({form for text in hidden if text for form in (text, quote(text, safe=""))}, key=len, reverse=True)

    def mask(_logger: Any, _method: str, line: Any) -> str:
        return masked(str(line), texts)

    return mask
