"""Operations: the page, `/health` and `/metrics` say how the installation does, to whom it concerns."""

from __future__ import annotations

import os
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from threading import Event
from threading import Thread

import pytest
from click.testing import CliRunner
from conftest import BOTH
from conftest import settings_for
from flask import Flask
from office import Browser
from office import add
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete
from sqlalchemy import update

from gateway import books_checks
from gateway import jobs
from gateway import metrics
from gateway import operations
from gateway import standing
from gateway.app import create_app
from gateway.cli import main
from gateway.console import forms
from gateway.jobs import lease_table
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.transaction import reading
from gateway.transaction import transaction
from ledger.audit import Extent

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime)


def message(runtime: Runtime, state: str, due_at: datetime, key: str = "") -> None:
    row = {
        "once_key": f"test {state} {key}", "purpose": "test", "programme": 1, "member": None,
        "number": "+8801711000001", "language": "en", "template": "", "text": "text", "encoding": "gsm7",
        "units": 4, "parts": 1,
        "state": state, "reason": "", "provider": "", "provider_id": "", "cost": "", "price": 0,
        "currency": "", "attempts": 0, "repeats": 0, "bound_to": "", "timezone": "", "due_at": due_at,
        "expires_at": due_at + timedelta(days=1), "created_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    with runtime.database.writing() as db:
        db.execute(delete(message_table).where(message_table.c.once_key == row["once_key"]))
        db.execute(message_table.insert(), row)


def told(app: Flask, path: str = "/health", **more: object) -> tuple[int, list[str]]:
    answer = app.test_client().get(path, **more)
    return answer.status_code, answer.get_data(as_text=True).splitlines()


# ---- health ----


@BOTH
def test_health_says_what_is_late(runtime: Runtime, app: Flask) -> None:
    assert told(app) == (200, ["ok", "database: ok", "oldest due message: none", "last tick: never"])
    message(runtime, "queued", NOW - MINUTE)
    status, lines = told(app)
    assert (status, lines[0]) == (200, "ok")
    message(runtime, "queued", NOW - 20 * MINUTE)
    assert told(app)[0] == 503
    message(runtime, "queued", NOW + 20 * MINUTE)
    with runtime.database.writing() as db:
        jobs.take_lease(db, "forget", NOW - 5 * MINUTE, timedelta(seconds=jobs.TIMETABLE["forget"]))
    assert told(app)[0] == 200
    with runtime.database.writing() as db:
        db.execute(update(lease_table).values(until=NOW - 16 * MINUTE))
    status, lines = told(app)
    assert (status, lines[0], lines[-1]) == (503, "not ok", "late: forget")


def test_health_without_a_database_is_bad_and_tells_nothing_of_it(
    runtime: Runtime, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("postgresql://secret@host")

    monkeypatch.setattr(operations, "look", broken)
    assert told(app) == (503, ["not ok", "database: does not answer"])


# ---- metrics ----


@BOTH
def test_the_metrics_are_prometheus_text(runtime: Runtime, app: Flask) -> None:
    message(runtime, "queued", NOW - MINUTE)
    with transaction(runtime) as db:
        standing.stop(db, "simulator", "no money", NOW)
        books_checks.note(db, None, Extent(10, 20), 3, NOW)
        jobs.take_lease(db, "forget", NOW, MINUTE)
    answer = app.test_client().get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }
    assert samples["somiti_messages_waiting",] == samples["somiti_messages_due",] == 1
    assert samples["somiti_message_oldest_due_seconds",] >= 60
    assert samples["somiti_provider_points", "simulator"] == 100
    assert samples["somiti_provider_stopped", "simulator"] == 1
    assert samples["somiti_books_wrong",] == 3
    assert samples["somiti_database_bytes",] > 100_000
    assert ("somiti_tick_age_seconds", "forget") in samples
    assert all(name[0].startswith("somiti_") for name in samples)


@pytest.mark.parametrize(
    ("token", "proxies", "authorization", "address", "forwarded", "may"),
    [
        ("", 0, "", "127.0.0.1", False, True),
        ("", 0, "", "::1", False, True),
        ("", 0, "", "10.0.0.7", False, False),
        ("", 0, "", None, False, False),
        ("", 0, "", "127.0.0.1", True, False),
        ("", 1, "", "127.0.0.1", False, False),
        ("hush", 0, "", "127.0.0.1", False, False),
        ("hush", 1, "Bearer hush", "10.0.0.7", True, True),
        ("hush", 0, "bearer hush", "10.0.0.7", False, True),
        ("hush", 0, "Bearer hushh", "10.0.0.7", False, False),
        ("hush", 0, "Basic hush", "10.0.0.7", False, False),
        ("hush", 0, "Bearer হাশ", "10.0.0.7", False, False),
    ],
)
def test_who_may_read_the_metrics(
    token: str, proxies: int, authorization: str, address: str | None, forwarded: bool, may: bool, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, METRICS_TOKEN=token, PROXIES=str(proxies))
    assert metrics.may_ask(settings, authorization, address, forwarded) is may


def test_metrics_are_refused_to_others(runtime: Runtime, app: Flask) -> None:
    assert told(app, "/metrics", environ_base={"REMOTE_ADDR": "10.0.0.7"}) == (403, ["403 Forbidden"])
    assert told(app, "/metrics", headers={"X-Forwarded-For": "127.0.0.1"})[0] == 403


def test_the_token_is_no_secret_that_shows(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, METRICS_TOKEN="hush-hush")
    assert "hush-hush" not in repr(settings)
    assert "hush-hush" in settings.hidden
    assert Settings.metrics_token == ""


# ---- the page ----


@BOTH
def test_the_page_says_how_everything_does(runtime: Runtime, app: Flask) -> None:
    browser = Browser(app).enter(runtime, add(runtime, "auditor"))
    browser.get("/operations")
    for said in (
        "Nothing is late.", "In the queue 0", "The oldest that is due none", "simulator 100 sends", "never yet",
        "none: nothing is sent", "not set up", "run somiti check-books",
    ):  # fmt: skip
        assert said in browser.text, said
    message(runtime, "queued", NOW - 20 * MINUTE)
    message(runtime, "delivered", NOW)
    jobs._seen(runtime, datetime.now(UTC))
    with transaction(runtime) as db:
        jobs.take_lease(db, "blank", NOW, timedelta(hours=1))
        books_checks.note(db, None, Extent(1234, 5678), 0, NOW)
    browser.get("/operations")
    for said in (
        "more than a quarter of an hour",
        "In the queue 1",
        "delivered 1",
        str(os.getpid()),
        "1,234 entries, all sound",
    ):
        assert said in browser.text, said


@BOTH
def test_an_administrator_lets_a_stopped_provider_send_again(runtime: Runtime, app: Flask) -> None:
    admin, auditor = add(runtime, "admin"), add(runtime, "auditor")
    browser, reader = Browser(app).enter(runtime, admin), Browser(app).enter(runtime, auditor)
    field = forms.made(runtime.settings.secret_key, browser.cookie, "operations")
    assert browser.post("/operations", {"form": field, "provider": "simulator"}).status_code == 422, "it sends"
    with transaction(runtime) as db:
        standing.stop(db, "simulator", "no money", NOW)
    assert "stopped until" in (reader.get("/operations"), reader.text)[1]
    assert "send again" not in reader.text
    assert browser.send("/operations", provider="simulator").headers["Location"] == "/console/operations?said=resumed"
    with reading(runtime) as db:
        assert not standing.read(db, ["simulator"], NOW)["simulator"].stopped(NOW)
    assert "Let a provider send again simulator" in (browser.get("/trail"), browser.text)[1]


def test_a_worker_is_seen_and_forgotten(runtime: Runtime) -> None:
    stop = Event()
    thread = Thread(target=jobs.work, args=(runtime, stop))
    thread.start()
    for _ in range(500):
        with reading(runtime) as db:
            seen = operations.look(db, runtime, datetime.now(UTC)).workers
        if seen:
            break
        stop.wait(0.02)
    stop.set()
    thread.join()
    assert [each.rpartition(":")[2] for each in seen] == [str(os.getpid())]
    with reading(runtime) as db:
        assert operations.look(db, runtime, datetime.now(UTC) + timedelta(minutes=10)).workers == []


def test_the_age_of_the_newest_backup(tmp_path: Path) -> None:
    assert operations.newest_file(tmp_path / "nothing") is None
    assert operations.newest_file(tmp_path) is None
    for name, age in (("monday", 3), ("tuesday", 2)):
        (tmp_path / name).write_text("x")
        at = (NOW - timedelta(days=age)).timestamp()
        os.utime(tmp_path / name, (at, at))
    (tmp_path / "folder").mkdir()
    for place in (tmp_path, tmp_path / "tuesday"):
        found = operations.newest_file(place)
        assert found is not None
        assert abs(found - (NOW - timedelta(days=2))) < MINUTE


def test_a_check_of_the_books_is_remembered(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMITI_VAR", str(runtime.settings.var))
    monkeypatch.setenv("DATABASE_URL", runtime.settings.database_url)
    assert CliRunner().invoke(main, ["check-books", "--book", "group:1"]).exit_code == 0
    with reading(runtime) as db:
        one = books_checks.last(db, "group:1")
        assert one is not None
        assert (one.wrong, one.entries) == (0, 194)
        assert books_checks.last(db) is None
    assert CliRunner().invoke(main, ["check-books"]).exit_code == 0
    with reading(runtime) as db:
        every = books_checks.last(db)
        assert every is not None
        assert every.entries > one.entries
