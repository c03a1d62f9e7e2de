"""Sums, indicators and messages by month: what is kept against a slow count of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta

from conftest import BOTH
from ledger_world import NOON
from ledger_world import World
from ledger_world import findings
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import select
from test_indicators import FLAT
from test_indicators import START
from test_indicators import Story
from test_indicators import at
from test_outbox import DRAFT

from gateway import counting
from gateway import outbox
from gateway.outbox import by_month
from gateway.outbox import message_table
from gateway.runtime import Runtime
from ledger import indicators
from ledger import meetings
from ledger import month_figures
from ledger import months
from ledger import programmes
from ledger import reversals
from ledger import sales
from ledger import savings
from ledger import statements
from ledger.chart import CHART
from ledger.chart import CREDIT
from ledger.chart import DEBIT
from ledger.chart import GROUP
from ledger.chart import HUB
from ledger.chart import SHOP
from ledger.months import Moved

TODAY = date(2026, 5, 20)
EVERY = sorted(CHART)


def slowly(
    db: Connection, kind: str, owners: Sequence[int], shops: Callable[[int], int]
) -> dict[tuple[object, ...], int]:
    """Each line of each entry, one after the other; a reversal counts for the kind it undoes, the other way round."""
    kinds = {}
    sums: Counter[tuple[object, ...]] = Counter()
    for each in statements.entries(db):
        kinds[each.book.id, each.number] = each.kind
        owner = shops(each.book.owner) if each.book.kind == SHOP else each.book.owner
        if each.book.kind != kind or owner not in owners:
            continue
        undoes = each.reverses is not None
        month = each.on.year * 100 + each.on.month
        for leg in each.lines:
            key = (month, leg.code, kinds[each.book.id, each.reverses] if undoes else each.kind)
            sums[(*key, CREDIT if undoes else DEBIT)] += -leg.debit.minor if undoes else leg.debit.minor
            sums[(*key, DEBIT if undoes else CREDIT)] += -leg.credit.minor if undoes else leg.credit.minor
    return {key: value for key, value in sums.items() if value}


def quickly(rows: list[Moved]) -> dict[tuple[object, ...], int]:
    sums: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        sums[row.month, row.code, row.kind, DEBIT] += row.debit
        sums[row.month, row.code, row.kind, CREDIT] += row.credit
    return {key: value for key, value in sums.items() if value}


def a_spring(db: Connection, codes: Callable[[], str]) -> World:
    """Savings, loans, a reversal in a later month, sales of both agents, goods of the hub."""
    story = Story(db, codes, "ayesha", "salma", terms=replace(FLAT, principal=600_00))
    story.do(
        """
        02-10 ayesha pay 162
        03-12 ayesha pay 162
        03-13 salma pay 200
        04-02 salma undo pay
        """
    )
    world = story.world
    wrong = savings.deposit(db, world.salma, taka(70), at(world, "02-27", "1002"))
    reversals.reverse(db, wrong.book, wrong.number, "wrong", at(world, "03-01", "other"))
    savings.deposit(db, world.ayesha, taka(30), at(world, "04-30"), "voluntary")
    for agent, day in ((world.rahima, "03-05"), (world.salma, "04-06")):
        world.stock(db, agent.shop, (world.soap, 10, 420_00))
        pick = world.basket("2 soap @ 60")
        sales.record(db, agent, pick, at(world, day))
    return world


def check(db: Connection, world: World) -> None:
    for kind, owner in ((GROUP, world.group.id), (HUB, world.hub.owner), (SHOP, world.hub.owner)):
        found = quickly(months.moved(db, kind, [owner], EVERY, 202601, 202612))
        assert found == slowly(db, kind, [owner], lambda _: world.hub.owner)
        assert found, kind


@BOTH
def test_the_sums_are_those_of_the_books_however_far_they_are_counted(db: Connection, codes: Callable[[], str]) -> None:
    world = a_spring(db, codes)
    check(db, world)
    rounds = 0
    while months.catch_up(db, 3):
        check(db, world)
        rounds += 1
    assert rounds > 3
    savings.deposit(db, world.ayesha, taka(5), at(world, "02-01"))
    check(db, world)
    assert (months.catch_up(db, 100), months.catch_up(db, 100)) == (1, 0)
    check(db, world)
    assert months.moved(db, GROUP, [999], EVERY, 202601, 202612) == []
    assert {row.month for row in months.moved(db, GROUP, [world.group.id], EVERY, 202602, 202603)} == {202602, 202603}
    assert findings(db) == []


def count_figures(db: Connection, world: World, today: date, now: datetime) -> int:
    found = month_figures.stale(db, world.programme.id, today, 10)
    for each in found:
        month_figures.keep(db, each, month_figures.work_out(db, each, today), today, now)
    assert month_figures.stale(db, world.programme.id, today, 10) == []
    return len(found)


def check_figures(db: Connection, world: World, today: date, first: int = 202601) -> None:
    kept = month_figures.by_month(db, [world.group.id], 202501, 202712)
    assert sorted(kept) == months.between(first, months.month_of(today))
    for month, figures in kept.items():
        last = min(months.first_day(months.after(month)) - timedelta(days=1), today)
        scope = statements.of_book(world.ayesha.group_book)
        assert figures == indicators.figures(db, scope, months.first_day(month), last)
        assert month_figures.of_month(db, [world.group.id], month) == {world.group.id: figures}


@BOTH
def test_the_indicators_kept_are_those_of_the_books(db: Connection, codes: Callable[[], str]) -> None:
    world = a_spring(db, codes)
    now = NOON
    assert count_figures(db, world, TODAY, now) == 1
    check_figures(db, world, TODAY)
    assert month_figures.counted(db, [world.group.id, 999]) == month_figures.Counted(1, 0, now)

    # An entry that reaches back; a day that passes, into the next month; a meeting closed without an entry.
    savings.deposit(db, world.ayesha, taka(5), at(world, "02-01"))
    assert count_figures(db, world, TODAY, now) == 1
    check_figures(db, world, TODAY)
    later = date(2026, 6, 2)
    assert count_figures(db, world, later, now) == 1
    check_figures(db, world, later)
    held = world.origin(on=later, at=now + timedelta(seconds=1))
    meeting = meetings.open_next(db, world.group, world.rahima, held)
    meetings.mark(db, meeting, world.rahima, "present")
    assert count_figures(db, world, later, now) == 0
    meetings.end(db, meeting, held)
    assert count_figures(db, world, later, now + timedelta(minutes=1)) == 1
    check_figures(db, world, later)
    assert month_figures.by_month(db, [world.group.id], 202606, 202606)[202606]["attendance"].part == 1
    assert findings(db) == []


def test_months_go_over_the_year() -> None:
    assert months.between(202611, 202702) == [202611, 202612, 202701, 202702]
    assert (months.after(202612), months.after(202601, -1), months.after(202611, 14)) == (202701, 202512, 202801)
    assert (months.month_of(START), months.first_day(202612)) == (202601, date(2026, 12, 1))


MOMENTS = ("2026-08-31T17:59", "2026-08-31T18:00", "2026-10-01T00:00", "2026-11-22T06:00")
"""In Dhaka it is six hours later: the first is August's, the second September's."""


@BOTH
def test_messages_by_month_as_the_programme_counts_months(runtime: Runtime) -> None:
    with runtime.database.writing(10) as db:
        (programme,) = programmes.every(db)
        db.execute(message_table.delete())
        for number, moment in enumerate(MOMENTS):
            at_ = datetime.fromisoformat(moment).replace(tzinfo=UTC)
            draft = replace(DRAFT, once_key=f"m{number}", programme=programme.id, due_at=at_, parts=2)
            outbox.queue(db, draft, at_)
    counting.count(runtime, NOON)
    assert shown(runtime, programme.id) == {202608: 1, 202609: 1, 202610: 1, 202611: 1}
    with runtime.database.writing(10) as db:
        db.execute(message_table.update().values(state="delivered", provider="simulator", price=700, currency="BDT"))
    counting.count(runtime, NOON)
    with runtime.database.reading() as db:
        rows = by_month.kept(db, programme.id, 202608, 202611)
        assert {row.month: (row.state, row.parts, row.price) for row in rows} == {
            # It was final when it was counted.
            202608: ("queued", 2, 0),
            **dict.fromkeys((202609, 202610, 202611), ("delivered", 2, 700)),
        }
        assert by_month.as_of(db, programme.id, 202608, 202611) == NOON
        assert by_month.as_of(db, 999, 202608, 202611) is None


def shown(runtime: Runtime, programme: int) -> dict[int, int]:
    with runtime.database.reading() as db:
        return {row.month: row.messages for row in by_month.kept(db, programme, 202601, 202612)}


@BOTH
def test_the_clock_counts_everything(runtime: Runtime) -> None:
    """What the demo programme has is counted in one go, and there is nothing left to do."""
    counting.count(runtime, NOON)
    with runtime.database.writing(10) as db:
        assert months.catch_up(db, 10) == 0
        (programme,) = programmes.every(db)
        assert month_figures.stale(db, programme.id, programmes.day(NOON, programme.timezone), 10) == []
        assert db.execute(select(months.month_sum_table)).first() is not None


@BOTH
def test_what_is_thrown_away_is_counted_again(runtime: Runtime) -> None:
    tables = (
        months.month_sum_table,
        months.month_counted_table,
        month_figures.month_figures_table,
        month_figures.figures_counted_table,
        by_month.message_month_table,
        by_month.message_counted_table,
    )

    def kept() -> list[list[str]]:
        with runtime.database.reading() as db:
            return [sorted(repr(tuple(row)) for row in db.execute(select(table))) for table in tables]

    counting.count(runtime, NOON)
    before = kept()
    with runtime.database.writing(10) as db:
        for table in tables:
            db.execute(table.delete())
    counting.count(runtime, NOON)
    assert kept() == before
