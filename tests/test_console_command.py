"""`somiti operator …`: the first administrator on a machine where nothing is yet, and what follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from click.testing import Result
from office import Browser
from office import add
from office import by_name
from sqlalchemy import select

from gateway.app import create_app
from gateway.console import command
from gateway.console.tables import trail_table
from gateway.runtime import Runtime
from gateway.transaction import reading
from ledger import groups

Run = Callable[..., Result]


@pytest.fixture
def run(runtime: Runtime) -> Run:
    @contextmanager
    def opened() -> Iterator[Runtime]:
        yield runtime

    return lambda *typed: CliRunner().invoke(command.command(opened), typed)


def test_the_first_administrator_signs_in(runtime: Runtime, run: Run) -> None:
    added = run("add", "shirin", "--display", "শিরিন", "--language", "en")
    assert added.exit_code == 0, added.output
    drawn = re.fullmatch(r"shirin \(admin\)  password (\S+)", added.stdout.strip())[1]
    browser = Browser(create_app(runtime))
    browser.send("/sign-in", name="shirin", password=drawn)
    assert browser.get("/").headers["Location"] == "/console/authenticator"
    assert "shirin            admin     no totp   drawn password  শিরিন" in run("list").stdout


def test_scopes(runtime: Runtime, run: Run) -> None:
    with reading(runtime) as db:
        name = groups.get(db, 1).names.bn_Latn
    assert run("add", "nasima", "--role", "officer", "--group", name).exit_code == 0
    assert run("add", "rafiq", "--role", "keeper", "--hub", "2").exit_code == 0
    assert by_name(runtime, "nasima").groups == (1,)
    assert by_name(runtime, "rafiq").hub == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["add", "Shirin"], "a-z 0-9"),
        (["add", "x"], "a-z 0-9"),
        (["add", "trainer"], "called trainer already"),
        (["add", "rafiq", "--role", "keeper"], "needs it"),
        (["add", "rafiq", "--hub", "1"], "belongs to --role keeper"),
        (["add", "rafiq", "--role", "keeper", "--hub", "77"], "no hub 77"),
        (["add", "nasima", "--role", "officer"], "needs one"),
        (["add", "nasima", "--role", "officer", "--group", "No such"], "No group, or more than one, is called No such"),
        (["add", "shirin", "--programme", "Another"], "say which programme"),
        (["disable", "nobody"], "no operator is called nobody"),
        (["reset-password", "nobody"], "no operator is called nobody"),
        (["reset-totp", "nobody"], "no operator is called nobody"),
    ],
)
def test_bad_arguments_get_one_clear_line(runtime: Runtime, run: Run, typed: list[str], said: str) -> None:
    add(runtime, "trainer")
    refused = run(*typed)
    assert refused.exit_code != 0
    assert said in refused.output


def test_what_the_command_line_does_ends_sign_ins_and_is_noted(runtime: Runtime, run: Run) -> None:
    who = add(runtime, "admin")
    app = create_app(runtime)
    for typed in (["reset-password", "admin"], ["reset-totp", "admin"], ["disable", "admin"]):
        browser = Browser(app).enter(runtime, by_name(runtime, "admin"))
        assert run(*typed).exit_code == 0
        assert browser.get("/").headers["Location"] == "/console/sign-in", typed
    assert run("disable", "admin", "--back").exit_code == 0
    found = by_name(runtime, "admin")
    assert (found.disabled_at, found.totp, found.password == who.password) == (None, None, False)
    with reading(runtime) as db:
        rows = db.execute(select(trail_table.c.operator, trail_table.c.act).order_by(trail_table.c.at)).all()
    assert [tuple(row) for row in rows] == [
        (None, "password.reset"),
        (None, "totp.reset"),
        (None, "operator.disabled"),
        (None, "operator.enabled"),
    ]
