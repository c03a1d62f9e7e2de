"""`somiti check-books`: what it prints and how it ends; its bar on a terminal leaves what it prints alone."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result
from conftest import BOTH
from conftest import SECRETS
from conftest import Templates
from conftest import settings_for

from gateway.check_books import command
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from ledger import audit

Check = Callable[..., Result]

UNGUARDED = {"sqlite": "DROP TRIGGER line_no_update", "postgresql": "ALTER TABLE line DISABLE TRIGGER line_no_change"}
WRONG = [
    {"book": "shop:1", "entry": 4, "what": "the chain is broken here: the entry is not what was posted"},
    {"book": "shop:1", "entry": 4, "what": "debits and credits differ"},
    {"book": "shop:1", "entry": 4, "what": "a running balance is not the one before plus the line (code 1310)"},
    {"book": "shop:1", "entry": 4, "what": "an account's balance is not the sum of its lines (code 1310, party 0)"},
    {"book": "shop:1", "entry": 4, "what": "a sale and its entry differ"},
]


@pytest.fixture
def check(runtime: Runtime) -> Check:
    def checking(*arguments: str) -> Result:
        return CliRunner().invoke(command(lambda: nullcontext(runtime)), arguments)

    return checking


def tamper(runtime: Runtime) -> None:
    with runtime.database.writing(60) as db:
        db.exec_driver_sql(UNGUARDED[runtime.database.dialect])
        db.exec_driver_sql("UPDATE line SET amount = amount + 1 WHERE book = 'shop:1' AND entry = 4 AND position = 0")


@BOTH
def test_sound_books(check: Check, runtime: Runtime) -> None:
    with runtime.database.reading(60) as db:
        size = audit.extent(db)
    said = check()
    assert (said.exit_code, said.stdout) == (0, f"The books are sound: {size.entries} entries, {size.lines} lines.\n")
    said = check("--json")
    assert said.exit_code == 0
    assert json.loads(said.stdout) == {"sound": True, "entries": size.entries, "lines": size.lines, "findings": []}
    assert check("--book", "shop:1").stdout == "The books are sound: 11 entries, 42 lines.\n"
    assert json.loads(check("--book", "shop:1", "--json").stdout)["entries"] == 11


@BOTH
def test_what_is_wrong_is_printed_and_ends_with_1(check: Check, runtime: Runtime) -> None:
    tamper(runtime)
    said = check()
    assert said.exit_code == 1
    assert said.stdout.splitlines() == [f"{each['book']} entry {each['entry']}: {each['what']}" for each in WRONG]
    assert said.stderr.splitlines()[-1] == "Error: 5 things are wrong in the books"
    said = check("--json")
    assert said.exit_code == 1
    found = json.loads(said.stdout)
    assert found["findings"] == WRONG
    assert not found["sound"]
    assert check("--book", "shop:1").exit_code == 1
    assert check("--book", "shop:5").exit_code == 0


@BOTH
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_book_that_is_not_there_is_not_called_sound(check: Check, more: list[str]) -> None:
    for book in ("shop:99", "shop", ""):
        said = check("--book", book, *more)
        assert (said.exit_code, said.stdout) == (2, "")
        assert said.stderr == f"Error: there is no book {book}\n"


def test_without_any_books(tmp_path: Path) -> None:
    runtime = open_runtime(settings_for(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'empty.db'}"))
    said = CliRunner().invoke(command(lambda: nullcontext(runtime)), ["--json"])
    runtime.close()
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr == "Error: there are no books yet: run `somiti migrate`\n"


def test_the_bar_is_on_the_terminal_and_the_findings_in_the_file(templates: Templates, tmp_path: Path) -> None:
    templates.copy("sqlite", True, tmp_path)
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "SOMITI_VAR": str(tmp_path), **SECRETS}
    ours, its = pty.openpty()
    shown: list[bytes] = []
    reader = Thread(target=lambda: shown.extend(_read(ours)))
    reader.start()
    somiti = [str(Path(sys.executable).with_name("somiti")), "check-books", "--json"]
    done = subprocess.run(somiti, stdout=subprocess.PIPE, stderr=its, env=environ, check=False, timeout=100)
    os.close(its)
    reader.join()
    os.close(ours)
    assert json.loads(done.stdout)["sound"]
    assert b"checking" in b"".join(shown)
    assert b"100%" in b"".join(shown)


def _read(terminal: int) -> Any:
    """What comes on a terminal until its other end is closed."""
    while True:
        try:
            some = os.read(terminal, 1024)
        except OSError:
            return
        if not some:
            return
        yield some
