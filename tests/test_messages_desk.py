"""`somiti messages …` as an operator runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import SECRETS
from test_choice import HEAD
from test_delivery import ACCOUNT
from test_delivery import AMBIGUOUS
from test_delivery import Stub
from test_outbox import DRAFT

from gateway import outbox
from gateway.cli import main
from gateway.notices import template
from gateway.notices import worst
from gateway.providers.contract import Receipt
from gateway.runtime import Runtime
from gateway.settings import Price
from gateway.sms import delivery
from gateway.sms import incoming
from gateway.sms.pricing import Estimate
from gateway.sms.pricing import estimate
from gateway.sms.pricing import written

Run = Callable[..., str]


@pytest.fixture
def run(runtime: Runtime) -> Run:
    """Runs a command on the demo programme's database; what it printed."""
    environment = {
        "SOMITI_VAR": str(runtime.settings.var),
        "DATABASE_URL": runtime.settings.database_url,
        **SECRETS,
    }

    def running(line: str, exits: int = 0, **more: str) -> str:
        done = CliRunner().invoke(main, ["messages", *line.split()], env={**environment, **more})
        assert done.exit_code == exits, done.output
        return done.output

    return running


def test_the_catalogue_shows_every_text_at_its_worst(run: Run) -> None:
    lines = run("catalogue").splitlines()
    assert len(lines) == 2 * len(worst.longest("bn", "bn"))
    assert len({tuple(line.split("  ")[:2]) for line in lines}) == len(lines)
    said = [line for line in lines if line.endswith("  receipt  Cash sale Tk 9,99,999.99. Code A7K2M9")]
    assert [line.split("  ")[1:5] for line in said] == [["en", "gsm7", "37 units", "1 part"]]
    assert run("catalogue --language en").splitlines() == [line for line in lines if line.split("  ")[1] == "en"]


def test_the_catalogue_shows_how_a_text_is_registered(run: Run, tmp_path: Path) -> None:
    samples = worst.longest("en", "latin")
    fits, differs = list(samples.values())[:2]
    rows = [
        f'{template(fits.text)},en,1101,SOMITI,1107,"{fits.written.replace("A7K2M9", "{#var#}")}"',
        f"{template(differs.text)},en,1101,SOMITI,1108,another text",
    ]
    path = tmp_path / "dlt.csv"
    path.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    lines = run("catalogue --language en", DLT_FILE=str(path)).splitlines()
    assert [line.rsplit("  ", 1)[1] for line in lines[:3]] == [
        "1101 SOMITI 1107",
        "1101 SOMITI 1108 (another text)",
        "unregistered",
    ]
    assert "DLT_FILE" in run("catalogue", exits=2, DLT_FILE=str(tmp_path / "none.csv"))


def test_what_is_in_doubt_and_what_it_cost(run: Run, runtime: Runtime) -> None:
    now = datetime.now(UTC)
    use = now.replace(year=now.year + 1)
    stub = Stub([AMBIGUOUS])
    prices = replace(runtime.settings, sms_prices={"stub": Price(3_500, "BDT")})
    sending = replace(runtime, providers={"stub": stub}, settings=prices)
    with runtime.database.writing() as db:
        ids = [outbox.queue(db, replace(DRAFT, once_key=key, due_at=now, expires_at=use, parts=2), now) for key in "ab"]
    for message in ids:
        delivery.deliver(sending, message or 0, now)
    first, second, last = run("unsure").splitlines()
    assert first.startswith(f"{ids[0]}  ")
    assert first.endswith("  receipt  to …001  unsure  ReadTimeout")
    assert second.endswith("  ambiguous  ReadTimeout (ambiguous): no answer")
    assert last == "1 in doubt, 0 inferred"
    assert run("cost").splitlines() == [
        "stub  accepted  1 message  2 parts  BDT 0.70",
        "stub  unsure  1 message  2 parts  BDT 0.70",
    ]
    incoming.take(runtime, Receipt("stub", "orphan-1", DRAFT.number or "", "delivered", "Success", ""), now)
    first, second, last = run("unsure").splitlines()
    assert first.endswith("  receipt  to …001  delivered, inferred from report 1")
    assert second.endswith("  ambiguous  ReadTimeout (ambiguous): no answer")
    assert last == "0 in doubt, 1 inferred"


def test_how_the_providers_stand(run: Run, runtime: Runtime) -> None:
    assert run("providers").splitlines() == ["simulator  100 points", "0 numbers want no SMS"]
    assert "no provider simulator was ever used" in run("resume simulator", exits=1)
    now = datetime.now(UTC)
    with runtime.database.writing() as db:
        message = outbox.queue(db, replace(DRAFT, due_at=now, expires_at=now.replace(year=now.year + 1)), now)
    broke = Stub([ACCOUNT], name="simulator")
    delivery.deliver(replace(runtime, providers={"simulator": broke}), message or 0, now)
    assert run("providers").splitlines()[0] == "simulator  100 points  stopped: InsufficientBalance"
    assert run("resume simulator") == "simulator sends again.\n"
    assert run("providers").splitlines()[0] == "simulator  100 points"


@pytest.mark.parametrize(
    ("texts", "messages", "parts", "price"),
    [
        ([], 0, 0, "BDT 0"),
        (["x"], 1, 1, "BDT 0.35"),
        (["x" * 160, "x" * 161], 2, 3, "BDT 1.05"),
        (["ক" * 70, "ক" * 71, "ক" * 135], 3, 6, "BDT 2.10"),
        (["x"] * 10_000, 10_000, 10_000, "BDT 3,500.00"),
    ],
)
def test_what_a_broadcast_would_cost(texts: list[str], messages: int, parts: int, price: str) -> None:
    found = estimate(texts, {"sslwireless": Price(3_500, "BDT")})
    assert found == Estimate(messages, parts, {"sslwireless": Price(3_500 * parts, "BDT")})
    assert written(found.prices["sslwireless"]) == price
