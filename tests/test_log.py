"""What a log line shows, and what it must never show."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.log import configure
from gateway.log import masked

SECRET = "callback-secret-of-forty-three-characters_-0"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure([SECRET], stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+8801711000001", "+…001"),
        ("from +8801711000001 to +254711082000.", "from +…001 to +…000."),
        ("phone=%2B8801711000001&x=1", "phone=+…001&x=1"),
        ("phoneNumber=8801711000001", "phoneNumber=…001"),
        ("'01711000001'", "'…001'"),
        ("tel:8801711000001", "tel:…001"),
        ("2026-11-22T06:00:00.123456Z took 1.23456789012 s", "2026-11-22T06:00:00.123456Z took 1.23456789012 s"),
        ("0197f3a2b4c07def8a9b0c1d2e3f4a5b", "0197f3a2b4c07def8a9b0c1d2e3f4a5b"),
        ("order 4821, message 1234567", "order 4821, message 1234567"),
        (f"POST /ussd/africastalking/{SECRET}/events", "POST /ussd/africastalking/***/events"),
    ],
)
def test_the_masks(text: str, shown: str) -> None:
    assert masked(text, [SECRET]) == shown


def test_a_line_is_json_when_nobody_watches(stream: io.StringIO) -> None:
    structlog.get_logger("gateway.test").info("sms sent", to="+8801711000001", text="লেখা হয়েছে", message=7)
    said = json.loads(stream.getvalue())
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "event": "sms sent",
        "level": "info",
        "logger": "gateway.test",
        "to": "+…001",
        "text": "লেখা হয়েছে",
        "message": 7,
    }


def test_the_lines_of_libraries_go_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("urllib3").warning("Retrying %s for %s", f"/ussd/x/{SECRET}", "+8801711000001")
    said = json.loads(stream.getvalue())
    assert (said["event"], said["level"], said["logger"]) == ("Retrying /ussd/x/*** for +…001", "warning", "urllib3")


def test_a_traceback_is_masked(stream: io.StringIO) -> None:
    try:
        raise ValueError(f"+8801711000001 {SECRET}")
    except ValueError:
        structlog.get_logger().exception("broke")
        logging.getLogger("x").exception("broke too")
    assert "ValueError: +…001 ***" in stream.getvalue()
    assert "8801711000001" not in stream.getvalue()
    assert SECRET not in stream.getvalue()
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["broke", "broke too"]


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_a_traceback_shows_no_variables(stream: io.StringIO, kind: type[io.StringIO]) -> None:
    seen = kind()
    configure(stream=seen)

    def check(pin: str) -> None:
        raise ValueError(len(pin))

    try:
        check("".join(["529", "07"]))
    except ValueError:
        structlog.get_logger().exception("broke")
        logging.getLogger("x").exception("broke too")
    assert seen.getvalue().count("ValueError: 5") == 2
    assert "52907" not in seen.getvalue()


def test_a_secret_is_hidden_escaped_as_well(stream: io.StringIO) -> None:
    configure(["a+b/c=", SECRET], stream=stream)
    structlog.get_logger().info("x", path="/ussd/a%2Bb%2Fc%3D", raw="a+b/c=")
    assert json.loads(stream.getvalue())["path"] == "/ussd/***"
    assert json.loads(stream.getvalue())["raw"] == "***"


def test_a_logger_made_before_follows_a_later_configuration(stream: io.StringIO) -> None:
    early = structlog.get_logger("early")
    early.info("one")
    later = Terminal()
    configure(stream=later, level=logging.WARNING)
    early.info("not told")
    early.warning("two", to="+8801711000001")
    assert stream.getvalue().count("\n") == 1
    assert "two" in later.getvalue()
    assert "+…001" in later.getvalue()
    assert "not told" not in later.getvalue()
