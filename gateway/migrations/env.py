"""Alembic's entry: run the migrations on the connection that `gateway.schema` opened."""

from __future__ import annotations

from alembic import context

from gateway.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
