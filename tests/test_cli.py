"""The `somiti` command, as an operator types it: real processes, real files."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SECRETS
from conftest import Templates

SOMITI = Path(sys.executable).with_name("somiti")


def somiti(var: Path, *arguments: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "HOME": str(var), "SOMITI_VAR": str(var), "PYTHONUTF8": "1", **environ}
    return subprocess.run(
        [SOMITI, *arguments], input=typed, capture_output=True, text=True, env=given, cwd=var, timeout=110, check=False
    )


@pytest.fixture
def var(templates: Templates, tmp_path: Path) -> Path:
    """A var folder with the demo programme, its secrets those of the tests."""
    templates.copy("sqlite", True, tmp_path)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, value in SECRETS.items():
        (secrets / name.lower()).write_text(value)
    return tmp_path


def test_dial_on_a_machine_where_nothing_is_yet(tmp_path: Path) -> None:
    """One command: secrets are made, the schema, the demo programme; then the call ends in an order number."""
    keys = "1 52907 1 1 2 101 3 1"
    dialled = somiti(tmp_path, "dial", "*384*27#", "--phone", "+8801711000001", "--keys", keys)
    assert dialled.returncode == 0, dialled.stderr
    assert "অর্ডার হয়েছে। নং " in dialled.stdout
    assert "-- 120/160 octets, END" in dialled.stdout
    assert dialled.stdout.rstrip().endswith("octets, END")
    for name in ("secret_key", "pin_pepper", "callback_secret"):
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600
    checked = somiti(tmp_path, "check-books")
    assert checked.returncode == 0
    assert "The books are sound" in checked.stdout


def test_an_interactive_phone(var: Path) -> None:
    dialled = somiti(var, "dial", "*384*27#", "--phone", "+8801711000002", typed="70394\n3\n1\n")
    assert "Ayesha, enter your PIN" in dialled.stdout
    assert "Your savings" in dialled.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dial", "*999#", "--phone", "+8801711000001"], "serviceCode is not ours"),
        (["dial", "*384*27#", "--phone", "rahima"], "phoneNumber"),
        (["dial", "*384*27#"], "--phone"),
        (["check-books", "--book"], "--book"),
        (["menu", "paint"], "paint"),
        (["demo", "--members", "-1"], "--members"),
        (["serve", "--port", "high"], "--port"),
    ],
)
def test_bad_arguments_get_one_clear_line(var: Path, arguments: list[str], said: str) -> None:
    refused = somiti(var, *arguments)
    assert refused.returncode != 0
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_missing_settings_are_all_named(tmp_path: Path) -> None:
    refused = somiti(
        tmp_path, "migrate", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", SMS_PROVIDERS="africastalking"
    )
    assert refused.returncode == 2
    for name in ("SECRET_KEY", "PIN_PEPPER", "CALLBACK_SECRET", "AT_USERNAME", "AT_API_KEY"):
        assert name in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_menu_commands(tmp_path: Path) -> None:
    linted = somiti(tmp_path, "menu", "lint")
    assert linted.returncode == 0
    assert "order by code: 8 stages" in linted.stdout
    assert somiti(tmp_path, "menu", "graph").stdout.startswith("flowchart LR")
    assert somiti(tmp_path, "menu", "graph", "--format", "dot").stdout.startswith("digraph")


def test_the_demo_grows_by_members_who_can_order_and_sell(var: Path) -> None:
    assert somiti(var, "demo", "--members", "3").returncode == 0
    grown = somiti(var, "demo", "--members", "1500")
    assert "1500 members" in grown.stdout, grown.stderr
    for phone in ("+8801900000001", "+8801900000003", "+8801900001500"):
        for keys, said in (("52907 1 1 2 101 3 1", "Order placed"), ("52907 2 1 101 2 1", "Recorded. Cash Tk 110")):
            assert said in somiti(var, "dial", "*384*27#", "--phone", phone, "--keys", keys).stdout
    assert somiti(var, "check-books").returncode == 0


def test_a_first_start_that_was_broken_off_still_ends_in_the_demo(tmp_path: Path) -> None:
    assert somiti(tmp_path, "migrate").returncode == 0
    dialled = somiti(tmp_path, "dial", "*384*27#", "--phone", "+8801711000001", "--keys", "1 52907")
    assert "1 মাল অর্ডার" in dialled.stdout


def test_a_new_pin_by_the_operator(var: Path) -> None:
    """The old PIN is no more, the new one is shown once and opens; a code that nobody has is said so."""
    reset = somiti(var, "reset-pin", "1001")
    assert reset.returncode == 0
    assert "Rahima 1001: " in reset.stdout
    pin = reset.stdout.split()[-1]
    for typed, screen in (("52907", "পিন মেলেনি"), (pin, "1 মাল অর্ডার")):
        dialled = somiti(var, "dial", "*384*27#", "--phone", "+8801711000001", "--keys", f"1 {typed}")
        assert screen in dialled.stdout
    assert "no member has the code 77" in somiti(var, "reset-pin", "77").stderr


def test_tampering_is_named_by_book_and_entry(var: Path) -> None:
    """Raw SQL is refused; where the triggers are dropped first, check-books says which entry of which book."""
    db = sqlite3.connect(var / "somiti.db")
    change = "UPDATE line SET amount = amount + 100 WHERE book = 'group:1' AND entry = 7"
    with pytest.raises(sqlite3.IntegrityError, match="line is append-only"):
        db.execute(change)
    db.execute("DROP TRIGGER line_no_update")
    db.execute(change)
    db.commit()
    db.close()
    found = somiti(var, "check-books")
    assert found.returncode == 1
    assert "group:1 entry 7: the chain is broken here" in found.stdout
    assert "group:1 entry 7: a running balance is not the one before plus the line (code 1010)" in found.stdout
    assert "6 things are wrong" in found.stderr
    assert somiti(var, "check-books", "--book", "group:2").returncode == 0
