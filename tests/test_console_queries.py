"""How much a page asks the database: as many statements for a big programme as for a small one, and never many."""

from __future__ import annotations

from datetime import date

import pytest
from conftest import settings_for
from flask import Flask
from office import Browser
from office import add
from office import counted

from bench import pages
from bench import year
from gateway import schema
from gateway.app import create_app
from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.transaction import reading

TODAY = date(2026, 11, 22)
MOST = 30
"""Statements of one page, the sign-in's own among them."""

OFF = 5
"""So many more may be asked for what is there only sometimes: another loan of hers."""


@pytest.fixture(scope="module")
def programmes(tmp_path_factory: pytest.TempPathFactory) -> list[Runtime]:
    """A small one, and one whose groups, lists and histories are longer than a page."""
    made = []
    for size in (year.Size(2, 10, 3, 3, 2), year.Size(5, 64, 14, 12, 11)):
        runtime = open_runtime(settings_for(tmp_path_factory.mktemp("year")))
        schema.migrate(runtime.database)
        for _ in year.fill(runtime, TODAY, size):
            pass
        made.append(runtime)
    return made


def counts(runtime: Runtime) -> dict[str, int]:
    app: Flask = create_app(runtime)
    browser = Browser(app).enter(runtime, add(runtime, "admin"))
    with reading(runtime) as db:
        wanted = pages.paths(year.things(db))
    browser.get("/account")
    found = {}
    for name, path in wanted.items():
        with counted(runtime.database) as statements:
            assert browser.get(path).status_code == 200, (path, browser.text)
        found[name] = len(statements)
    return found


def test_every_page_asks_as_little_of_a_big_programme(programmes: list[Runtime]) -> None:
    small, big = map(counts, programmes)
    assert small.keys() == big.keys()
    assert len(big) > 90
    assert {name: count for name, count in big.items() if count > MOST} == {}
    assert {name: (small[name], count) for name, count in big.items() if count > small[name] + OFF} == {}
