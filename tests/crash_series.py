"""A series of operations by a seed, and the process of the crash test that is killed at some point of it.

Run as a script it reads `url seed point` a line and forks a process for each, which prints what it has done until it
kills itself; so the modules are loaded once.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from conftest import settings_for
from ledger_world import DAY
from ledger_world import NOON
from ledger_world import TAKA
from ledger_world import origin
from ledger_world import taka
from sqlalchemy import Connection
from sqlalchemy import bindparam
from sqlalchemy import event
from sqlalchemy import select

from gateway.runtime import Runtime
from gateway.runtime import open_runtime
from gateway.transaction import transaction
from ledger import agents
from ledger import catalogue
from ledger import deliveries
from ledger import fines
from ledger import loans
from ledger import members
from ledger import orders
from ledger import receipts
from ledger import repayments
from ledger import reversals
from ledger import sales
from ledger import savings
from ledger import treasury
from ledger.books import Origin
from ledger.books import entry_table
from ledger.errors import LedgerError
from ledger.errors import NotFound
from ledger.members import Member
from ledger.orders import Pick
from ledger.schedules import Every
from ledger.schedules import Terms

LENGTH = 10
"""Operations in a series."""

_ENTRY = (
    select(entry_table.c.book, entry_table.c.number)
    .where(entry_table.c.operation == bindparam("operation"))
    .order_by(entry_table.c.book)
)


@dataclass(frozen=True)
class Step:
    """An operation to be: its id, its verb with what it is about, and how it is done."""

    operation: str
    says: str
    who: str
    act: Callable[[Connection, Origin], object]

    @property
    def verb(self) -> str:
        return self.says.split()[0]


Before = list[Step]
Act = Callable[[Connection, Origin], object]


def _member(db: Connection, code: str) -> Member:
    found = members.by_code(db, code)
    assert found
    return found


def _picks(db: Connection, agent: Member, pieces: int, code: int) -> list[Pick]:
    item = catalogue.by_code(db, agent.programme, code, DAY)
    return [Pick(item.id, pieces, item.price.minor)]


def _done(db: Connection, before: Step) -> tuple[str, int]:
    """The entry of an earlier operation, in the first of its books; refused when that was refused."""
    row = db.execute(_ENTRY, {"operation": before.operation}).first()
    if row is None:
        raise NotFound("not-done", operation=before.operation)
    return row.book, row.number


def save(chance: Random, _before: Before, who: str) -> Act:
    amount, kind = chance.randint(100, 900) * TAKA, chance.choice(["compulsory", "voluntary", "share"])
    return lambda db, origin: savings.deposit(db, _member(db, who), taka(amount / TAKA), origin, kind)


def lend(chance: Random, _before: Before, who: str) -> Act:
    terms = Terms(chance.randint(50, 200) * TAKA, Fraction(2, 100), 3, Every(1, "month"), "flat", date(2026, 11, 22))
    return lambda db, origin: loans.disburse(db, _member(db, who), terms, origin)


def repay(chance: Random, before: Before, _who: str) -> Act | None:
    lent = [step for step in before if step.verb == "lend"]
    if not lent:
        return None
    step, amount = chance.choice(lent), chance.randint(10, 200)

    def act(db: Connection, origin: Origin) -> object:
        _done(db, step)
        member = _member(db, step.who)
        loan = loans.of_operation(db, member, step.operation)
        return repayments.repay(db, member, loan.id, taka(amount), origin)

    return act


def fine(chance: Random, _before: Before, who: str) -> Act:
    amount = chance.randint(1, 20)
    return lambda db, origin: fines.charge(db, _member(db, who), taka(amount), "late", origin)


def bank(chance: Random, _before: Before, who: str) -> Act:
    amount = chance.randint(1, 50)
    return lambda db, origin: treasury.move(db, _member(db, who).group_book, taka(amount), "cash", "bank", origin)


def sell(chance: Random, _before: Before, who: str) -> Act:
    pieces, customer = chance.randint(1, 2), chance.randint(0, 1)

    def act(db: Connection, origin: Origin) -> object:
        agent = _member(db, who)
        return sales.record(db, agent, _picks(db, agent, pieces, 101), origin, customer=customer)

    return act


def collect(chance: Random, _before: Before, who: str) -> Act:
    amount = chance.randint(1, 60)
    return lambda db, origin: sales.collect(db, _member(db, who), 1, taka(amount), origin)


def order(chance: Random, _before: Before, who: str) -> Act:
    pieces, code = chance.randint(1, 9), chance.choice([101, 102])

    def act(db: Connection, origin: Origin) -> object:
        agent = _member(db, who)
        return orders.place(db, agent, _picks(db, agent, pieces, code), origin)

    return act


def dispatch(chance: Random, before: Before, _who: str) -> Act | None:
    placed = [step for step in before if step.verb == "order"]
    if not placed:
        return None
    step = chance.choice(placed)

    def act(db: Connection, origin: Origin) -> object:
        _, number = _done(db, step)
        return deliveries.dispatch(db, _member(db, step.who).hub_book, number, origin)

    return act


def pay(chance: Random, _before: Before, who: str) -> Act:
    """In two books."""
    verb, amount = chance.choice([agents.pay, agents.prepay]), chance.randint(1, 300)
    return lambda db, origin: verb(db, _member(db, who), taka(amount), origin)


def undo(chance: Random, before: Before, _who: str) -> Act | None:
    """In one book or in two."""
    done = [step for step in before if step.verb in ("save", "pay", "repay", "fine")]
    if not done:
        return None
    step = chance.choice(done)
    return lambda db, origin: reversals.reverse(db, *_done(db, step), "wrong", origin)


VERBS = (save, lend, repay, fine, bank, sell, collect, order, dispatch, pay, undo)
AGENTS = ("1001", "1002")


def series(seed: str) -> list[Step]:
    """The operations of a seed; some are refused, each time alike."""
    chance, steps = Random(seed), list[Step]()
    wanted = [save, lend, pay]
    while len(steps) < LENGTH:
        verb = wanted.pop(0) if wanted else chance.choice(VERBS)
        who = chance.choice(AGENTS)
        act = verb(chance, steps, who)
        if act:
            steps.append(Step(f"{seed}-{len(steps)}", f"{verb.__name__} by {who}", who, act))
    return steps


def _origin(step: Step, nth: int) -> Origin:
    chance = Random(step.operation)
    codes = lambda: receipts.completed("".join(chance.choices(receipts.LETTERS, k=5)))  # noqa: E731 (a source of codes)
    return origin(codes, step.operation, at=NOON + timedelta(minutes=nth))


def run(runtime: Runtime, steps: list[Step], *, but: Collection[Step] = ()) -> Iterator[Step]:
    """Do them one after the other, `but` some, each in its transaction; gives each that is committed, or refused."""
    for nth, step in enumerate(steps):
        if step in but:
            continue
        at = _origin(step, nth)
        # Nobody undoes what he entered himself.
        mine = at if step.verb != "undo" else Origin(at.operation, "1003", at.channel, at.at, at.on, at.codes)
        try:
            with transaction(runtime, now=mine.at, patience=60) as db:
                step.act(db, mine)
        except LedgerError:
            pass
        yield step


def watch(runtime: Runtime, passing: Callable[[str], None]) -> None:
    """Have all points told between which a process may die: around each statement and each COMMIT."""
    engine = runtime.database._writer

    def before(_db: Any, _cursor: Any, statement: str, *_: Any) -> None:
        passing(f"before {' '.join(statement.split())[:60]}")

    def after(_db: Any, _cursor: Any, statement: str, *_: Any) -> None:
        passing(f"after {' '.join(statement.split())[:60]}")

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    commit = engine.dialect.do_commit

    def committing(connection: Any) -> None:
        passing("before COMMIT")
        commit(connection)
        passing(COMMITTED)

    engine.dialect.do_commit = committing  # type: ignore[method-assign]


COMMITTED = "after COMMIT"


def opened(url: str) -> Runtime:
    """A runtime as that of a process of its own."""
    return open_runtime(settings_for(Path(tempfile.gettempdir()), DATABASE_URL=url))


def _die_at(point: int) -> Callable[[str], None]:
    left = point

    def passing(_what: str) -> None:
        nonlocal left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    return passing


def _child(url: str, seed: str, point: int) -> None:
    runtime = opened(url)
    watch(runtime, _die_at(point))
    for step in run(runtime, series(seed)):
        os.write(1, f"{step.operation}\n".encode())


def main() -> None:
    for line in sys.stdin:
        url, seed, point = line.split()
        child = os.fork()
        if not child:
            _child(url, seed, int(point))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        os.write(1, f"end {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
