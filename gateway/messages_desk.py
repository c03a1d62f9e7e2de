"""`somiti messages …`: every text with its size, what is in doubt, what it cost, how the providers stand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import click

from gateway import optouts
from gateway import outbox
from gateway import standing
from gateway.backend import JOB
from gateway.notices import template
from gateway.notices import worst
from gateway.outbox import InDoubt
from gateway.providers.contract import mask
from gateway.runtime import Runtime
from gateway.settings import Price
from gateway.sms.pricing import written
from gateway.transaction import reading
from gateway.transaction import transaction
from locales.alphabet import measure

Opened = Callable[[], AbstractContextManager[Runtime]]

LANGUAGES = {"bn": "bn", "en": "latin"}
"""The languages of SMS and the digits that make them longest."""


def command(opened: Opened) -> click.Group:
    """The commands, given how a command opens a runtime."""

    @click.group()
    def messages() -> None:
        """SMS: their texts, their price, what is in doubt."""

    messages.add_command(_catalogue(opened))
    messages.add_command(_unsure(opened))
    messages.add_command(_cost(opened))
    messages.add_command(_providers(opened))
    messages.add_command(_resume(opened))
    return messages


def _catalogue(opened: Opened) -> click.Command:
    @click.command("catalogue")
    @click.option("--language", type=click.Choice(list(LANGUAGES)), default=None, help="Only this language.")
    def catalogue(language: str | None) -> None:
        """Print every text at its worst: name, language, encoding, units, parts, and how it is registered (DLT)."""
        with opened() as runtime:
            for spoken in [language] if language else LANGUAGES:
                for sample in worst.longest(spoken, LANGUAGES[spoken]).values():
                    click.echo(_line(runtime, spoken, sample))

    return catalogue


def _line(runtime: Runtime, language: str, sample: worst.Sample) -> str:
    name, size = template(sample.text), measure(sample.written)
    row = runtime.dlt.rows.get((name, language))
    registered = ""
    if runtime.dlt.rows:
        fits = row is not None and row.matches(sample.written)
        registered = f"{row.entity} {row.header} {row.id}{'' if fits else ' (another text)'}" if row else "unregistered"
    columns = [name, language, size.encoding, f"{size.units} units", _many(size.parts, "part"), sample.purpose]
    return _row(*columns, sample.written, registered)


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _unsure(opened: Opened) -> click.Command:
    @click.command("unsure")
    @click.option("--most", default=100, show_default=True, help="How many, the newest first.")
    def unsure(most: int) -> None:
        """List the messages of which it is not known, or only inferred, whether they arrived; with all evidence."""
        with opened() as runtime, reading(runtime, patience=JOB) as db:
            listed = outbox.in_doubt(db, most)
        for each in listed:
            click.echo(_in_doubt(each))
        inferred = sum(each.evidence is not None for each in listed)
        click.echo(f"{len(listed) - inferred} in doubt, {inferred} inferred")

    return unsure


def _in_doubt(message: InDoubt) -> str:
    to = mask(message.number) if message.number else "(blanked)"
    state = message.state if message.evidence is None else f"{message.state}, inferred from report {message.evidence}"
    head = _row(str(message.message), _minute(message.changed_at), message.purpose, f"to {to}", state, message.reason)
    tried = (
        _row(f"    {each.provider}", _minute(each.started_at), each.outcome or "open", each.detail)
        for each in message.attempts
    )
    return "\n".join([head, *tried])


def _row(*columns: str) -> str:
    return "  ".join(column for column in columns if column)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _cost(opened: Opened) -> click.Command:
    @click.command("cost")
    @click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650), help="How far back.")
    def cost(days: int) -> None:
        """Add up messages, parts and price by provider and state."""
        with opened() as runtime, reading(runtime, patience=JOB) as db:
            sums = outbox.sums(db, datetime.now(UTC) - timedelta(days=days))
        for each in sums:
            price = written(Price(each.price, each.currency)) if each.currency else "no price"
            counted = f"{_many(each.messages, 'message')}  {_many(each.parts, 'part')}"
            click.echo(f"{each.provider or '(none)'}  {each.state}  {counted}  {price}")

    return cost


def _providers(opened: Opened) -> click.Command:
    @click.command("providers")
    def providers() -> None:
        """Show how each provider stands: points out of 100, and whether it is stopped."""
        now = datetime.now(UTC)
        with opened() as runtime, reading(runtime, patience=JOB) as db:
            for each in standing.read(db, list(runtime.providers), now).values():
                stopped = f"  stopped: {each.stopped_for}" if each.stopped(now) else ""
                click.echo(f"{each.provider}  {each.points} points{stopped}")
            click.echo(f"{optouts.count(db)} numbers want no SMS")

    return providers


def _resume(opened: Opened) -> click.Command:
    @click.command("resume")
    @click.argument("provider")
    def resume(provider: str) -> None:
        """Let a provider that was stopped for its account send again at once."""
        with opened() as runtime, transaction(runtime, patience=JOB) as db:
            if not standing.resume(db, provider):
                raise click.ClickException(f"no provider {provider} was ever used")
        click.echo(f"{provider} sends again.")

    return resume
