"""The rules of the house that a machine can check beyond the layers: routes, Procfile, sizes, words, settings."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from conftest import BOTH
from sqlalchemy import CheckConstraint

from gateway import schema
from gateway.app import PUBLIC
from gateway.app import create_app
from gateway.backend import Database
from ledger.tables import metadata
from locales import CATALOGUES
from locales.script import canonical

ROOT = Path(__file__).parent.parent
PACKAGES = ("ledger", "locales", "menus", "gateway")
SOURCES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
WRITTEN = sorted(
    str(path.relative_to(ROOT))
    for folder in (*PACKAGES, "docs", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".po", ".csv", ".html", ".md", ".txt"}
)
"""The files with words for people."""


def functions() -> list[tuple[str, int]]:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                doc = 0 if ast.get_docstring(node) is None else node.body[0].end_lineno - node.body[0].lineno + 1
                found.append((f"{path.name}:{node.name}", node.end_lineno - node.lineno + 1 - doc))
    return found


def test_functions_are_short() -> None:
    sizes = functions()
    assert statistics.median(size for _, size in sizes) <= 8
    assert [name for name, size in sizes if size > 60] == []


@pytest.mark.parametrize(
    "package", ["ledger", "gateway", "gateway/console", "gateway/outbox", "gateway/sms", "gateway/tasks"]
)
def test_a_package_says_what_is_in_it(package: str) -> None:
    folder = ROOT / package
    told = re.findall(r"\w+", ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or "")
    modules = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert modules - {"__init__", *told} == set()


def test_files_are_short() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert [str(path) for path, size in sizes.items() if size > 400] == []


def test_every_module_says_what_it_promises() -> None:
    assert [str(path) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"os\.environ|getenv", {"gateway/settings.py"}),
        (r"^\s*(import|from) (redis|rq)\b", {"gateway/backend.py"}),
        (r"\"(sqlite|postgresql)\"", {"gateway/backend.py", "gateway/settings.py", "ledger/tables.py",
                                      "ledger/writing.py"}),
        (r"^\s*(import|from) flask\b", {"gateway/app.py", "gateway/server.py", "gateway/callbacks/posted.py",
                                          "gateway/callbacks/sms.py", "gateway/callbacks/ussd.py",
                                          "gateway/console/browser.py", "gateway/console/web.py",
                                          "gateway/simulator/__init__.py"}),
        (r"\bfloat\(|: float\b.*(amount|minor|price)", set()),
        (r"\bsession\b(?!Id)", {"gateway/providers/contract.py", "gateway/providers/africastalking.py",
                                   "gateway/providers/bdapps.py", "gateway/dialogues.py", "gateway/handset.py",
                                   "gateway/simulator/__init__.py"}),
    ],
)  # fmt: skip
def test_one_place_for_each_thing(pattern: str, allowed: set[str]) -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(re.search(pattern, line) for line in path.read_text(encoding="utf-8").splitlines())
    }
    assert found <= allowed


def test_every_route_is_guarded_or_listed(runtime) -> None:
    """Callbacks carry the secret, the simulator is its own gate, the console has a table; the rest is on a list."""
    app = create_app(runtime)
    for rule in app.url_map.iter_rules():
        guarded = "<secret>" in rule.rule or rule.endpoint.startswith(("simulator.", "console."))
        assert guarded or rule.endpoint in PUBLIC, rule


def test_the_simulator_is_served_only_where_it_may(open_demo) -> None:
    real = {"SMS_PROVIDERS": "africastalking", "AT_USERNAME": "sandbox", "AT_API_KEY": "key"}
    for more, status in (({}, 200), (real, 404), (real | {"SIMULATOR": "1"}, 200), ({"SIMULATOR": "0"}, 404)):
        assert create_app(open_demo(**more)).test_client().get("/").status_code == status, more


def test_every_line_of_the_procfile_runs() -> None:
    for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines():
        command, *arguments = shlex.split(line.split(":", 1)[1])
        tool = shutil.which(command, path=str(Path(sys.executable).parent))
        assert tool, command
        if command == "somiti":
            subprocess.run([tool, *arguments, "--help"], check=True, capture_output=True)


@BOTH
def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.writing(60) as db:
        context = MigrationContext.configure(db, opts={"target_metadata": metadata})
        assert compare_metadata(context, metadata) == []


def test_checks_stand_on_tables() -> None:
    """Alembic passes over a CHECK that stands on a column; the migrations would not have it."""
    columns = [column for table in schema.METADATA.sorted_tables for column in table.columns]
    assert [str(column) for column in columns if any(isinstance(c, CheckConstraint) for c in column.constraints)] == []


@BOTH
def test_migrating_twice_changes_nothing(database: Database) -> None:
    schema.migrate(database)
    schema.migrate(database)
    assert not schema.is_new(database)


def extracted(package: str) -> set[str]:
    """Every text marked in a package, plural forms with it."""
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        keywords = {"phrase": None, "phrases": (1, 2)}
        for _, message, _, _ in extract_from_file("python", path, keywords=keywords):
            found.add(message[0] if isinstance(message, tuple) else message)
    return found


@pytest.mark.parametrize("language", ["bn", "bn_Latn"])
def test_every_text_of_the_screens_is_translated(language: str) -> None:
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open(encoding="utf-8") as file:
        catalogue = read_po(file)
    said = {
        message.id[0] if isinstance(message.id, tuple) else message.id: message for message in catalogue if message.id
    }
    assert extracted("menus") == set(said)
    for message in said.values():
        texts = message.string if isinstance(message.string, tuple) else [message.string]
        assert all(texts), message.id
        assert not message.fuzzy, message.id
        if language == "bn_Latn":
            assert all(text.isascii() or "১২৩" in text for text in texts), message.id


@pytest.mark.parametrize("path", [*WRITTEN, "README.md", "CHANGELOG.md"])
def test_bangla_is_written_in_one_way(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert "".join(c for c in text if unicodedata.name(c, "").startswith("BENGALI")) == "".join(
        c for c in canonical(text) if unicodedata.name(c, "").startswith("BENGALI")
    )
