"""All tables of all layers in one metadata, and making them so in a database."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from gateway import books_checks
from gateway import dialogues
from gateway import jobs
from gateway import optouts
from gateway import outbox
from gateway import past_calls
from gateway import rounds
from gateway import standing
from gateway.backend import JOB
from gateway.backend import Database
from gateway.console import tables as console
from gateway.outbox import by_month
from gateway.sms import broadcasts
from gateway.sms import inbound
from gateway.sms import receipts as reports
from gateway.tasks import life as tasks
from ledger import applications
from ledger import approvals
from ledger import books
from ledger import catalogue
from ledger import checking
from ledger import emi
from ledger import federation
from ledger import groups
from ledger import handovers
from ledger import loans
from ledger import meetings
from ledger import members
from ledger import membership
from ledger import month_figures
from ledger import months
from ledger import orders
from ledger import programmes
from ledger import receipts
from ledger import sales
from ledger import voices
from ledger.tables import metadata

OWNERS = (
    books, programmes, groups, federation, members, membership, receipts, catalogue, orders, sales, loans, emi,
    meetings, approvals, voices, applications, handovers, checking, outbox, reports, inbound, broadcasts,
    optouts, standing, rounds, tasks, dialogues, past_calls, books_checks, jobs, console, months,
    month_figures, by_month,
)  # fmt: skip
"""The modules that own tables; importing them fills the metadata."""

APPEND_ONLY = (
    *books.APPEND_ONLY, *membership.APPEND_ONLY, *receipts.APPEND_ONLY, *catalogue.APPEND_ONLY, *orders.APPEND_ONLY,
    *emi.APPEND_ONLY, *voices.APPEND_ONLY, *reports.APPEND_ONLY, *console.APPEND_ONLY,
)  # fmt: skip
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
