"""All tables of all layers in one metadata, and making them so in a database."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from gateway import dialogues
from gateway import jobs
from gateway import outbox
from gateway.backend import JOB
from gateway.backend import Database
from ledger import books
from ledger import catalogue
from ledger import emi
from ledger import groups
from ledger import handovers
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import orders
from ledger import programmes
from ledger import receipts
from ledger import sales
from ledger.tables import metadata

OWNERS = (
    books, programmes, groups, members, receipts, catalogue, orders, sales, loans, emi, meetings, handovers,
    outbox, dialogues, jobs,
)  # fmt: skip
"""The modules that own tables; importing them fills the metadata."""

APPEND_ONLY = (*books.APPEND_ONLY, *receipts.APPEND_ONLY, *catalogue.APPEND_ONLY, *orders.APPEND_ONLY, *emi.APPEND_ONLY)
"""The tables that triggers keep from every change."""

METADATA = metadata


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(database: Database) -> None:
    """Bring a database to the newest schema; two at once do it one after the other."""
    config = _config()
    with database.writing(JOB) as db:
        config.attributes["connection"] = db
        command.upgrade(config, "head")


def is_new(database: Database) -> bool:
    """Whether a database has no schema yet."""
    with database.reading(JOB) as db:
        return not inspect(db).has_table("alembic_version")
