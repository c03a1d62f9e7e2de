"""The benches: they run whole, and they see what they are there to see."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from conftest import BOTH
from sqlalchemy import select

from bench import Tally
from bench import hops
from bench import messages
from bench import pages
from bench import postings
from gateway.backend import open_database
from ledger.books import account_table
from ledger.books import book_table
from ledger.books import entry_table
from ledger.books import line_table

HOPS = Path(hops.__file__)
POSTINGS = Path(postings.__file__)
MESSAGES = Path(messages.__file__)
PAGES = Path(pages.__file__)

ONE_QUICK = pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)])
"""A whole bench on each database takes long; the quick suite runs it on one."""


def test_a_short_run_finds_nothing_wrong_and_leaves_nothing_behind(tmp_path):
    size = ["--members", "7", "--calls", "10", "--clients", "2", "--seconds", "6"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    run = subprocess.run(
        [sys.executable, HOPS, *size], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for said in ("bare Flask", "Somiti", "ratio", "order.done", "hops/s", "wrong"):
        assert said in run.stdout
    assert "0 lost, 0 doubled, 0 unsure. The books are sound" in " ".join(run.stdout.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.nightly
def test_a_short_run_of_pages_opens_every_one(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    run = subprocess.run(
        [sys.executable, PAGES, "--quick"], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=110
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for said in ("account", "reports", "members", "200"):
        assert said in run.stdout
    assert not list(tmp_path.iterdir())


def test_only_an_empty_database_will_do(tmp_path, runtime):
    run = subprocess.run(
        [sys.executable, HOPS, "--database", runtime.settings.database_url], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1
    assert "must be empty" in run.stderr


class Scripted:
    """A wire whose other end says what the test wants: the right page, unless it is told otherwise."""

    said: list[tuple[str, str, str]]

    def __init__(self, port, path):
        self.sent = []

    def send(self, form):
        self.sent.append(form)

    def read(self):
        return self.said.pop(0)

    def close(self):
        pass


def told(monkeypatch, *said, twice=0.0):
    monkeypatch.setattr(Scripted, "said", [*said], raising=False)
    monkeypatch.setattr(hops, "Wire", Scripted)
    monkeypatch.setattr(hops, "CALLS", (hops.Call("1", "pin sale.done", posts="sale"),))
    return hops.Calls(0, "/", 1, 1, time.monotonic() + 60, 5, twice=twice).run(0)


PIN, DONE = ("200", "pin", "CON Enter your PIN"), ("200", "sale.done", "END Recorded.")
AGENT = "+8801900000001"


def test_a_call_that_ends_well(monkeypatch):
    tally = told(monkeypatch, PIN, DONE)
    assert (tally.calls, tally.hops, tally.posted) == (1, 2, Counter({(AGENT, "sale"): 1}))
    assert not tally.errors + tally.wrong + tally.unsure


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (("500", "sale.done", "END Recorded."), "errors"),
        (("200", "sale.done", "Recorded."), "errors"),
        (("200", "sale.done", "END " + "x" * 183), "errors"),
        (("200", "sale.done", "CON Recorded."), "wrong"),
        (("200", "refused", "END Recorded."), "wrong"),
    ],
)
def test_a_wrong_reply_is_counted_and_its_posting_is_unsure(monkeypatch, answer, kind):
    tally = told(monkeypatch, PIN, answer)
    assert [getattr(tally, name).total() for name in ("errors", "wrong")] == [kind == "errors", kind == "wrong"]
    assert tally.unsure == Counter({(AGENT, "sale"): 1})
    assert not tally.posted
    assert tally.calls == 0


def test_another_reply_to_a_copy_is_wrong(monkeypatch):
    assert told(monkeypatch, PIN, PIN, DONE, DONE, twice=1).copies == 2
    tally = told(monkeypatch, PIN, PIN, DONE, ("200", "sale.done", "END Recorded twice."), twice=1)
    assert tally.wrong.total() == 1
    assert tally.unsure.total() == 1


def test_what_is_lost_or_doubled_is_counted_for_each_caller():
    results = hops.Results(whole=Tally(posted=Counter(a=2, b=2), unsure=Counter(c=1)))
    hops.compare(results, Counter(a=1, b=3, c=1))
    assert (results.lost, results.doubled) == (1, 1)


@ONE_QUICK
def test_a_short_run_of_messages_is_taken_once(tmp_path, dialect):
    run = subprocess.run(
        [sys.executable, MESSAGES, "--quick", "--on", dialect],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    said = " ".join(run.stdout.split())
    for part in (f"{dialect}", "1 worker", "ratio", "Every message was taken once."):
        assert part in said
    assert not list(tmp_path.iterdir())


@ONE_QUICK
def test_a_short_run_of_postings_leaves_sound_books(tmp_path, dialect):
    run = subprocess.run(
        [sys.executable, POSTINGS, "--quick", "--on", dialect],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    said = " ".join(run.stdout.split())
    for part in (f"{dialect}, 1 book, 1 client ", f"{dialect}, 5 books, 2 clients ", "ratio", "All books are sound."):
        assert part in said
    assert not list(tmp_path.iterdir())


@BOTH
def test_the_raw_driver_writes_what_the_product_writes(tmp_path, dialect):
    """The same rows to the last hash, so that the ratio compares the same work."""
    savings, found = list(islice(postings.some("one", 3), 40)), []
    with postings.databases(tmp_path, (dialect,)) as urls:
        for key, url in urls.items():
            postings.fill(key, url, savings[:10])
            poster = postings.DRIVERS[key](url)
            for saving in savings[10:]:
                poster.post(saving)
            poster.close()
            assert postings.faults(url, 40) == []
            assert postings.faults(url, 41) == ["41 postings were counted, 40 entries are there"]
            found.append(rows(url))
    assert found[0] == found[1]


def rows(url):
    database = open_database(url)
    with database.reading(60) as db:
        tables = (book_table, entry_table, line_table, account_table)
        found = {table.name: sorted(map(repr, db.execute(select(table)))) for table in tables}
    database.dispose()
    return found
